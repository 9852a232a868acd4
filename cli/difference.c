/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The longest common subsequence of lines, by the table of its lengths: texts
 * are profiles, which have tens of lines, and the table has a limit.
 */
#include "cli/difference.h"

#include <stdlib.h>
#include <string.h>

#include "cli/safe.h"

#define CONTEXT 3

/* Entries of the table: 16 MiB of them. */
#define TABLE_MAX ((size_t)4 << 20)

struct lines {
    struct bm_bytes *line;
    size_t n;
};

static bm_status split(struct bm_bytes text, struct lines *lines)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == '\n' ? 1 : 0;
    }
    lines->n = 0;
    lines->line = calloc(n + 1, sizeof *lines->line);
    if (lines->line == NULL) {
        return BM_E_MEMORY;
    }
    while (text.n != 0) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t length = end != NULL ? (size_t)(end - text.p) : text.n;

        lines->line[lines->n++] = (struct bm_bytes){ text.p, length };
        length += end != NULL ? 1 : 0;
        text.p += length;
        text.n -= length;
    }
    return BM_OK;
}

/* What happens to lines: kept, dropped or new, in order. */
struct step {
    char what; /* ' ', '-', '+' */
    size_t a;  /* index of the line, in the text that has it */
    size_t b;
};

struct script {
    struct step *step;
    size_t n;
};

static void add(struct script *s, char what, size_t a, size_t b)
{
    s->step[s->n++] = (struct step){ what, a, b };
}

/* table[i * (m + 1) + j]: of what is behind line i of a and j of b. */
static uint32_t *make_table(const struct lines *a, const struct lines *b)
{
    size_t width = b->n + 1;
    uint32_t *table;

    if (a->n + 1 > TABLE_MAX / width) {
        return NULL;
    }
    table = calloc((a->n + 1) * width, sizeof *table);
    for (size_t i = a->n; table != NULL && i-- > 0;) {
        for (size_t j = b->n; j-- > 0;) {
            uint32_t down = table[(i + 1) * width + j];
            uint32_t right = table[i * width + j + 1];

            table[i * width + j] = bm_bytes_equal(a->line[i], b->line[j])
                                       ? table[(i + 1) * width + j + 1] + 1
                                       : (down > right ? down : right);
        }
    }
    return table;
}

/* Without a table: all of one, then all of the other. */
static void compare(const struct lines *a, const struct lines *b,
                    const uint32_t *table, struct script *s)
{
    size_t width = b->n + 1;
    size_t i = 0;
    size_t j = 0;

    while (i < a->n || j < b->n) {
        bool both = i < a->n && j < b->n;

        if (both && table != NULL && bm_bytes_equal(a->line[i], b->line[j])) {
            add(s, ' ', i++, j++);
        } else if (i < a->n &&
                   (j == b->n || table == NULL ||
                    table[(i + 1) * width + j] >= table[i * width + j + 1])) {
            add(s, '-', i++, j);
        } else {
            add(s, '+', i, j++);
        }
    }
}

/* Where the hunk that begins at `from` ends: behind its last change and the
 * lines around. */
static size_t end_of(const struct script *s, size_t from)
{
    size_t last = from;

    for (size_t i = from; i < s->n && i <= last + 2 * CONTEXT + 1; i++) {
        last = s->step[i].what != ' ' ? i : last;
    }
    return last + CONTEXT + 1 < s->n ? last + CONTEXT + 1 : s->n;
}

static void print_hunk(FILE *to, const struct lines *a, const struct lines *b,
                       const struct step *step, size_t n)
{
    size_t olds = 0;
    size_t news = 0;

    for (size_t i = 0; i < n; i++) {
        olds += step[i].what != '+' ? 1 : 0;
        news += step[i].what != '-' ? 1 : 0;
    }
    fprintf(to, "@@ -%zu,%zu +%zu,%zu @@\n", step->a + (olds != 0 ? 1 : 0),
            olds, step->b + (news != 0 ? 1 : 0), news);
    for (size_t i = 0; i < n; i++) {
        fputc(step[i].what, to);
        safe_print(to, step[i].what == '+' ? b->line[step[i].b]
                                           : a->line[step[i].a]);
        fputc('\n', to);
    }
}

static void print(FILE *to, const struct lines *a, const struct lines *b,
                  const struct script *s)
{
    size_t done = 0;

    for (size_t i = 0; i < s->n; i++) {
        size_t from;
        size_t end;

        if (s->step[i].what == ' ') {
            continue;
        }
        from = i > done + CONTEXT ? i - CONTEXT : done;
        end = end_of(s, i);
        print_hunk(to, a, b, s->step + from, end - from);
        done = end;
        i = end - 1;
    }
}

bm_status difference_print(FILE *to, struct bm_bytes before,
                           struct bm_bytes after)
{
    struct lines a = { NULL, 0 };
    struct lines b = { NULL, 0 };
    struct script script = { NULL, 0 };
    uint32_t *table = NULL;
    bm_status rc = split(before, &a);

    if (rc == BM_OK) {
        rc = split(after, &b);
    }
    if (rc != BM_OK) {
        goto out;
    }
    rc = BM_E_MEMORY;
    script.step = calloc(a.n + b.n + 1, sizeof *script.step);
    if (script.step == NULL) {
        goto out;
    }
    table = make_table(&a, &b);
    compare(&a, &b, table, &script);
    print(to, &a, &b, &script);
    rc = BM_OK;

out:
    free(table);
    free(script.step);
    free(a.line);
    free(b.line);
    return rc;
}
