/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/conformance/deviations.h"

#include <stdio.h>
#include <string.h>

static bool add_line(struct deviations *d, const char *line)
{
    struct deviation *entry = &d->list[d->n];
    char *space;

    if (line[0] == '#' || line[0] == '\n') {
        return true;
    }
    if (d->n == DEVIATIONS_MAX) {
        return false;
    }
    snprintf(entry->id, sizeof entry->id, "%s", line);
    entry->id[strcspn(entry->id, "\n")] = '\0';
    space = strchr(entry->id, ' ');
    if (space == NULL || space[1] == '\0') {
        return false;
    }
    *space = '\0';
    entry->reason = space + 1;
    entry->seen = false;
    d->n++;
    return true;
}

bool deviations_load(struct deviations *d, const char *path)
{
    FILE *f = fopen(path, "r");
    char line[DEVIATION_LINE];
    bool good = f != NULL;

    d->n = d->cases = d->agreed = 0;
    while (good && fgets(line, sizeof line, f) != NULL) {
        good = add_line(d, line);
    }
    if (!good) {
        printf("# %s: cannot be read as a list of deviations\n", path);
    }
    if (f != NULL) {
        fclose(f);
    }
    return good;
}

static struct deviation *find(struct deviations *d, const char *id)
{
    for (size_t i = 0; i < d->n; i++) {
        if (strcmp(d->list[i].id, id) == 0) {
            return &d->list[i];
        }
    }
    return NULL;
}

bool deviations_case(struct deviations *d, const char *id, bool agreed,
                     const char *got)
{
    struct deviation *listed = find(d, id);

    d->cases++;
    d->agreed += agreed;
    if (listed != NULL) {
        listed->seen = true;
    }
    if (agreed && listed != NULL) {
        printf("# %s: listed as a deviation, but is none: %s\n", id, got);
    } else if (!agreed && listed == NULL) {
        printf("# %s: deviates: %s\n", id, got);
    } else if (!agreed) {
        printf("# %s: expected deviation: %s (%s)\n", id, listed->reason, got);
    }
    return agreed == (listed == NULL);
}

bool deviations_done(const struct deviations *d, const char *suite)
{
    bool good = true;

    for (size_t i = 0; i < d->n; i++) {
        if (!d->list[i].seen) {
            printf("# %s: listed as a deviation, but no such case\n",
                   d->list[i].id);
            good = false;
        }
    }
    printf("# %s: %zu of %zu, %zu expected deviations\n", suite, d->agreed,
           d->cases, d->n);
    return good;
}
