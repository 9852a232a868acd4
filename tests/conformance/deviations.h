/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_CONFORMANCE_DEVIATIONS_H
#define BM_TESTS_CONFORMANCE_DEVIATIONS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The cases of a third-party suite in which we decide otherwise, and why.
 *
 * A text file: on each line the id of a case, a space, the reason; empty
 * lines and lines that begin with '#' do not count. The list is exact: an
 * unlisted deviation is a failure, and so is a listed one that is none.
 */
#define DEVIATIONS_MAX 128
#define DEVIATION_LINE 512

struct deviation {
    char id[DEVIATION_LINE];
    const char *reason; /* in `id`, behind its NUL */
    bool seen;
};

struct deviations {
    struct deviation list[DEVIATIONS_MAX];
    size_t n;
    size_t cases;
    size_t agreed;
};

/* False when the file cannot be read or a line has no reason. */
bool deviations_load(struct deviations *d, const char *path);

/*
 * Count one case. True if it is as it should be: agreed and unlisted, or
 * deviating and listed. Otherwise prints what is wrong; `got` says what was
 * decided, for the reader of the log.
 */
bool deviations_case(struct deviations *d, const char *id, bool agreed,
                     const char *got);

/* Print the score. False if a listed case did not occur at all. */
bool deviations_done(const struct deviations *d, const char *suite);

#endif
