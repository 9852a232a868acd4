/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/differential/diff.h"

/* More than there should ever be; running out is a failure. */
#define ROWS_MAX     512
#define WORD_MAX     64
#define NOTE_MAX     128
#define SAMPLE_SHOWN 4096

/* A class of disagreement, and what is known about it. */
struct row {
    char kind[WORD_MAX];
    char direction[WORD_MAX];
    char what[WORD_MAX];
    char within[WORD_MAX];
    char why[NOTE_MAX]; /* from allowed.txt; empty if it is not there */
    unsigned long count;
    uint8_t *sample;
    size_t sample_n;
};

struct rule {
    char words[4][WORD_MAX];
    char why[NOTE_MAX];
    unsigned long used;
};

static struct row rows[ROWS_MAX];
static size_t rows_n;
static struct rule rules[ROWS_MAX];
static size_t rules_n;
static unsigned long agreed_n;
static unsigned long inputs_n;
static bool overflow;

/* The next word of `*line` into `word`; false if there is none. */
static bool take_word(char **line, char word[WORD_MAX])
{
    size_t n;

    *line += strspn(*line, " \t");
    n = strcspn(*line, " \t\n");
    if (n == 0 || n >= WORD_MAX) {
        return false;
    }
    memcpy(word, *line, n);
    word[n] = '\0';
    *line += n;
    return true;
}

static int load_line(char *line, struct rule *rule)
{
    size_t n;

    for (int i = 0; i < 4; i++) {
        if (!take_word(&line, rule->words[i])) {
            return -1;
        }
    }
    line += strspn(line, " \t");
    n = strcspn(line, "\n");
    if (n == 0 || n >= NOTE_MAX) {
        return -1; /* a disagreement without a reason is none */
    }
    memcpy(rule->why, line, n);
    rule->why[n] = '\0';
    return 0;
}

int table_load(const char *path)
{
    FILE *f = fopen(path, "r");
    char line[512];
    int number = 0;
    int rc = 0;

    if (f == NULL) {
        perror(path);
        return -1;
    }
    while (rc == 0 && fgets(line, sizeof line, f) != NULL) {
        number++;
        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        if (rules_n == ROWS_MAX || load_line(line, &rules[rules_n]) != 0) {
            fprintf(stderr, "%s:%d: not KIND DIRECTION WHAT WITHIN REASON\n",
                    path, number);
            rc = -1;
        } else {
            rules_n++;
        }
    }
    fclose(f);
    return rc;
}

static bool fits(const char *pattern, const char *word)
{
    return strcmp(pattern, "*") == 0 || strcmp(pattern, word) == 0;
}

static struct rule *find_rule(const struct row *r)
{
    for (size_t i = 0; i < rules_n; i++) {
        if (fits(rules[i].words[0], r->kind) &&
            fits(rules[i].words[1], r->direction) &&
            fits(rules[i].words[2], r->what) &&
            fits(rules[i].words[3], r->within)) {
            return &rules[i];
        }
    }
    return NULL;
}

static void set_word(char to[WORD_MAX], const char *from)
{
    snprintf(to, WORD_MAX, "%s", from);
    for (char *p = to; *p != '\0'; p++) {
        if (*p == ' ') {
            *p = '-'; /* a reason of OpenSSL's is several words */
        }
    }
}

static void keep_sample(struct row *r, struct bm_bytes sample)
{
    r->sample = malloc(sample.n == 0 ? 1 : sample.n);
    if (r->sample != NULL && sample.n != 0) {
        memcpy(r->sample, sample.p, sample.n);
        r->sample_n = sample.n;
    }
}

void table_note(const char *kind, const char *direction, const char *what,
                const char *within, struct bm_bytes sample)
{
    struct row key = { .count = 1 };
    struct rule *rule;

    set_word(key.kind, kind);
    set_word(key.direction, direction);
    set_word(key.what, what);
    set_word(key.within, within);
    for (size_t i = 0; i < rows_n; i++) {
        if (strcmp(rows[i].kind, key.kind) == 0 &&
            strcmp(rows[i].direction, key.direction) == 0 &&
            strcmp(rows[i].what, key.what) == 0 &&
            strcmp(rows[i].within, key.within) == 0) {
            rows[i].count++;
            return;
        }
    }
    if (rows_n == ROWS_MAX) {
        overflow = true;
        return;
    }
    rule = find_rule(&key);
    if (rule != NULL) {
        rule->used++;
        memcpy(key.why, rule->why, sizeof key.why);
    }
    rows[rows_n] = key;
    keep_sample(&rows[rows_n], sample);
    rows_n++;
}

void table_count(const struct diff_kind *kind, bool agreed)
{
    (void)kind;
    inputs_n++;
    agreed_n += agreed ? 1 : 0;
}

static int by_name(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    int order = strcmp(x->kind, y->kind);

    if (order == 0) {
        order = strcmp(x->direction, y->direction);
    }
    if (order == 0) {
        order = strcmp(x->what, y->what);
    }
    return order != 0 ? order : strcmp(x->within, y->within);
}

static void print_sample(const struct row *r)
{
    printf("#     sample: ");
    for (size_t i = 0; i < r->sample_n && i < SAMPLE_SHOWN; i++) {
        printf("%02x", r->sample[i]);
    }
    printf("\n");
}

void table_print(void)
{
    qsort(rows, rows_n, sizeof rows[0], by_name);
    printf("# %lu inputs, %lu on which both agree\n", inputs_n, agreed_n);
    for (size_t i = 0; i < rows_n; i++) {
        const struct row *r = &rows[i];

        printf("# %9lu  %-5s %-7s %-24s %-18s %s\n", r->count, r->kind,
               r->direction, r->what, r->within,
               r->why[0] != '\0' ? r->why : "UNEXPLAINED");
        if (r->why[0] == '\0') {
            print_sample(r);
        }
    }
    for (size_t i = 0; i < rules_n; i++) {
        if (rules[i].used == 0) {
            printf("# not met in this run: %s %s %s %s\n", rules[i].words[0],
                   rules[i].words[1], rules[i].words[2], rules[i].words[3]);
        }
    }
}

size_t table_unexplained(void)
{
    size_t n = overflow ? 1 : 0;

    for (size_t i = 0; i < rows_n; i++) {
        n += rows[i].why[0] == '\0' ? 1 : 0;
        free(rows[i].sample);
        rows[i].sample = NULL;
    }
    return n;
}
