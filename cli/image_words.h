/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_IMAGE_WORDS_H
#define BM_CLI_IMAGE_WORDS_H

#include "boot/image_put.h"

/*
 * Words of the command line for images, as imgtool reads them. False for
 * anything else; then nothing is written.
 */

/* "1", "1.2", "1.2.3" or "1.2.3+4". */
bool image_words_version(const char *text, struct bm_image_version *version);

/* Decimal without leading zeros, or hexadecimal behind 0x; up to `most`. */
bool image_words_number(const char *text, uint32_t most, uint32_t *value);

/* "(1, 1.2.3+4)(0,2.0)": one or more, and no image twice. */
#define IMAGE_DEPENDENCIES_MAX 8
bool image_words_dependencies(
    const char *text, struct bm_image_dependency list[IMAGE_DEPENDENCIES_MAX],
    size_t *n);

#endif
