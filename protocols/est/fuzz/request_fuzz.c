/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/oid.h"
#include "protocols/est/est.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_inside(struct bm_bytes outer, struct bm_bytes inner)
{
    if (inner.n != 0 && (inner.p < outer.p || inner.n > outer.n ||
                         (size_t)(inner.p - outer.p) > outer.n - inner.n)) {
        abort();
    }
}

/* A binding never fits two connections; attributes that we pass on are a
 * checked list without the ones that were for us. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t one[12] = { 1 };
    static const uint8_t two[12] = { 2 };
    struct bm_bytes in = { data, size };
    struct est_keygen keygen;
    struct bm_attribute a;
    struct bm_csr csr;
    struct bm_wr w;
    uint8_t *out;

    if (bm_csr_parse(in, NULL, &csr) != BM_OK) {
        return 0;
    }
    if (est_binding_check(&csr, BM_ARRAY(one), true, NULL) == BM_OK &&
        est_binding_check(&csr, BM_ARRAY(two), true, NULL) == BM_OK) {
        abort();
    }
    if (est_keygen_parse(&csr, &keygen, NULL) == BM_OK) {
        must_be_inside(in, keygen.recipient);
    }
    out = malloc(size);
    if (out == NULL) {
        abort();
    }
    bm_wr_init(&w, out, size);
    est_keygen_put_attributes(&w, &csr);
    if (bm_attribute_find(bm_wr_bytes(&w), BM_LIT(BM_OID_P9_CHALLENGE), &a)) {
        abort();
    }
    free(out);
    return 0;
}
