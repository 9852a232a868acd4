/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/random.h>

#include "tests/harness/test_entropy.h"

bm_status bm_test_entropy(void *self, uint8_t *out, size_t n)
{
    (void)self;
    while (n > 0) {
        ssize_t got = getrandom(out, n, 0);

        if (got <= 0) {
            return BM_E_RANDOM;
        }
        out += got;
        n -= (size_t)got;
    }
    return BM_OK;
}
