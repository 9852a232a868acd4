/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <string.h>

/* Longer words are not compared: no key is as long. */
#define LENGTH_MAX 32

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/*
 * How many letters to add, drop, change, or swap with the next: the optimal
 * string alignment distance, with the last three rows of its matrix.
 */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][LENGTH_MAX + 1];
    size_t n = strlen(b);
    size_t i = 0;

    if (n > LENGTH_MAX || strlen(a) > LENGTH_MAX) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= n; j++) {
        rows[0][j] = j;
    }
    for (; a[i] != '\0'; i++) {
        const size_t *before = rows[(i + 2) % 3];
        const size_t *last = rows[i % 3];
        size_t *row = rows[(i + 1) % 3];

        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            row[j + 1] = min3(last[j + 1] + 1, row[j] + 1,
                              last[j] + (a[i] == b[j] ? 0 : 1));
            if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] &&
                before[j - 1] + 1 < row[j + 1]) {
                row[j + 1] = before[j - 1] + 1;
            }
        }
    }
    return rows[i % 3][n];
}

bool config_is_nearer(const char *word, const char *name, size_t *least)
{
    size_t d = distance(word, name);

    if (d >= *least) {
        return false;
    }
    *least = d;
    return true;
}
