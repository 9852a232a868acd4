/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_DIFFERENCE_H
#define BM_CLI_DIFFERENCE_H

#include <stdio.h>

#include "core/bytes.h"

/*
 * The difference of two texts in lines, as `diff -u` prints it: what is only
 * in the first begins with '-', what is only in the second with '+', and up to
 * three lines around it with a space. Characters that act upon a terminal are
 * made visible. Nothing is printed of two that are the same.
 *
 * Texts that have little in common are printed as two: all of the first, all
 * of the second. BM_E_MEMORY.
 */
BM_MUST_CHECK bm_status difference_print(FILE *to, struct bm_bytes before,
                                         struct bm_bytes after);

#endif
