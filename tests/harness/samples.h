/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_HARNESS_SAMPLES_H
#define BM_TESTS_HARNESS_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Sample files, embedded in the test program: a microcontroller has no file
 * system. The build makes one row of each core/test/samples/KIND/NAME.EXT;
 * rows are sorted by kind, then name. Test code only.
 */
struct bm_sample {
    const char *kind; /* the folder: "cert", "csr", ... */
    const char *name; /* the file's name without its last extension */
    const uint8_t *p; /* its bytes, as they are in the file */
    size_t n;
};

extern const struct bm_sample bm_samples[];
extern const size_t bm_samples_n;

#endif
