/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_HARNESS_SAMPLES_H
#define BM_TESTS_HARNESS_SAMPLES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/bytes.h"
#include "tests/harness/bm_test.h"

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

/* The sample `kind`/`name`, which must be there. */
static inline struct bm_bytes bm_sample(const char *kind, const char *name)
{
    for (size_t i = 0; i < bm_samples_n; i++) {
        if (strcmp(bm_samples[i].kind, kind) == 0 &&
            strcmp(bm_samples[i].name, name) == 0) {
            return (struct bm_bytes){ bm_samples[i].p, bm_samples[i].n };
        }
    }
    printf("# no sample %s/%s\n", kind, name);
    CHECK(!"sample is there");
    return (struct bm_bytes){ NULL, 0 };
}

#endif
