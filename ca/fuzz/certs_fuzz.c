/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/manufacturer.h"
#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A chain as a client sends it: what is taken is all of it, one certificate
 * behind the other, and no more than fit. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    struct bm_cert certs[CA_SHOWN_CERTS];
    const uint8_t *at = data;
    size_t n = 0;

    if (ca_certs_parse(in, CA_SHOWN_CERTS, certs, &n) != BM_OK) {
        must(n <= CA_SHOWN_CERTS);
        return 0;
    }
    must(n <= CA_SHOWN_CERTS);
    for (size_t i = 0; i < n; i++) {
        must(certs[i].der.p == at);
        must_be_inside(in, certs[i].subject);
        at += certs[i].der.n;
    }
    must(at == data + size);
    return 0;
}
