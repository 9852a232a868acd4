/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/openssl_index.h"

#include <stdlib.h>
#include <string.h>

/*
 * Each line that is taken moves on, has a serial number that is one, and a
 * reason only where it is revoked.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bm_bytes text = { data, n };
    struct openssl_index_entry e;
    size_t before = n + 1;

    while (openssl_index_next(&text, &e) == BM_OK) {
        size_t digits = strlen(e.serial);

        if (text.n >= before || digits == 0 ||
            strspn(e.serial, "0123456789ABCDEFabcdef") != digits ||
            (!e.revoked && (e.reason != 0 || e.revoked_at != 0))) {
            abort();
        }
        before = text.n;
    }
    return 0;
}
