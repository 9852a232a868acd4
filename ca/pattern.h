/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_PATTERN_H
#define BM_CA_PATTERN_H

#include "core/bytes.h"

/*
 * Patterns that a value must match as a whole: the part of POSIX extended
 * regular expressions that people can read.
 *
 *     abc     these characters        \.      a character that means something
 *     [a-z_]  one of these            [^/]    any but these
 *     .       any character           a|b     one or the other
 *     (abc)   a group                 ? * +   none or one, any number, one or
 *     {n} {n,} {n,m}  so many                 more of what stands before
 *
 * The text is UTF-8 and a character is a code point. Neither `.` nor [^...]
 * matches a control character, or another that is invisible. Always anchored,
 * so ^ and $ have no meaning and are refused; there are no back-references and
 * no classes by name.
 *
 * A pattern becomes an automaton of positions (Glushkov), so matching takes
 * one step per character whatever the pattern is, and no memory.
 */

/* Characters and classes once all repetitions are written out. */
#define CA_PATTERN_POSITIONS 256
#define CA_PATTERN_WORDS     (CA_PATTERN_POSITIONS / 64)

/* Ranges inside of classes, copies included. */
#define CA_PATTERN_RANGES 1024

/* Groups inside each other: bounds the parser's recursion. */
#define CA_PATTERN_DEPTH 8

struct ca_pattern_set {
    uint64_t bits[CA_PATTERN_WORDS];
};

struct ca_pattern {
    bool nullable;                    /* matches nothing at all */
    struct ca_pattern_set first;      /* where a text may begin */
    struct ca_pattern_set last;       /* where it may end */
    struct ca_pattern_set ascii[128]; /* who matches it */
    struct ca_pattern_set follow[CA_PATTERN_POSITIONS]; /* who comes next */
    /* Which ranges[] a position has; characters above 127 are looked up. */
    struct ca_pattern_class {
        uint16_t first;
        uint16_t n;
        bool negated;
    } position[CA_PATTERN_POSITIONS];
    struct ca_pattern_range {
        uint32_t low;
        uint32_t high;
    } ranges[CA_PATTERN_RANGES];
    uint16_t positions_n;
    uint16_t ranges_n;
};

/*
 * Compile. On failure BM_E_PROFILE, with `*words` saying why and `*at` the
 * octet of `text` that is to blame; `*pattern` is then of no use.
 */
BM_MUST_CHECK bm_status ca_pattern_compile(const char *text,
                                           struct ca_pattern *pattern,
                                           size_t *at, const char **words);

/* Does all of `value` match? Never if it is not UTF-8. */
bool ca_pattern_match(const struct ca_pattern *pattern, struct bm_bytes value);

#endif
