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

/* Levenshtein distance, one row of the matrix at a time. */
static size_t distance(const char *a, const char *b)
{
    size_t row[LENGTH_MAX + 1];
    size_t n = strlen(b);

    if (n > LENGTH_MAX || strlen(a) > LENGTH_MAX) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            size_t change = diagonal + (a[i] == b[j] ? 0 : 1);

            diagonal = row[j + 1];
            row[j + 1] = min3(row[j + 1] + 1, row[j] + 1, change);
        }
    }
    return row[n];
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
