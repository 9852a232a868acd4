/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "device/tls_port.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet says which version. Whatever is taken lies in the message,
 * one behind the other, and nothing is taken from one that is malformed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes certs[BM_TLS_CERTS_MAX];
    const uint8_t *at = data;
    size_t n = 1;
    bm_status rc;

    if (size == 0) {
        return 0;
    }
    rc = bm_tls_certs_take((struct bm_bytes){ data + 1, size - 1 },
                           (data[0] & 1) != 0, certs, &n);
    if ((rc != BM_OK && n != 0) || n > BM_TLS_CERTS_MAX) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        if (certs[i].n == 0 || certs[i].p <= at ||
            certs[i].p + certs[i].n > data + size) {
            abort();
        }
        at = certs[i].p + certs[i].n - 1;
    }
    return 0;
}
