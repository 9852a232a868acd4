/* SPDX-License-Identifier: Apache-2.0 */
#include "core/csr.h"

#include <stdlib.h>
#include <string.h>

/* Anything accepted must be made of views that lie inside the input. */
static void must_be_inside(struct bm_bytes outer, struct bm_bytes inner)
{
    if (inner.n != 0 && (inner.p < outer.p || inner.n > outer.n ||
                         (size_t)(inner.p - outer.p) > outer.n - inner.n)) {
        abort();
    }
}

/* The walks below cannot fail on a parsed request. */
static void must_walk(const struct bm_csr *csr)
{
    struct bm_bytes attributes = csr->attributes;
    struct bm_bytes all = csr->ext.all;
    struct bm_attribute a;
    struct bm_ext e;

    while (bm_attribute_next(&attributes, &a)) {
        must_be_inside(csr->attributes, a.values);
    }
    while (bm_ext_next(&all, &e)) {
        must_be_inside(csr->ext.all, e.value);
    }
    if (attributes.n != 0 || all.n != 0) {
        abort();
    }
}

/* A signer that repeats the signature it finds in the request. */
static bm_status replay(void *self, struct bm_bytes message, struct bm_wr *sig)
{
    const struct bm_csr *csr = self;

    (void)message;
    bm_wr_put(sig, csr->signature);
    return BM_OK;
}

/* Built again from its parts, a request says the same. */
static void must_rebuild(struct bm_csr *csr, size_t size)
{
    struct bm_signer signer = { csr, csr->sig_alg, csr->key, replay, NULL };
    struct bm_csr_config config = {
        csr->subject, { NULL, 0 }, { NULL, 0 }, csr->attributes
    };
    uint8_t *buf = malloc(size + 8);
    struct bm_csr again;
    struct bm_wr w;

    bm_wr_init(&w, buf, size + 8);
    if (buf == NULL || bm_csr_build(&config, &signer, &w) != BM_OK ||
        bm_csr_parse(bm_wr_bytes(&w), NULL, &again) != BM_OK ||
        again.attributes.n != csr->attributes.n ||
        !bm_bytes_equal(again.challenge, csr->challenge) ||
        !bm_bytes_equal(again.ext.all, csr->ext.all) ||
        !bm_bytes_equal(again.key.der, csr->key.der)) {
        abort();
    }
    free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bm_csr zero;
    struct bm_bytes in = { data, size };
    struct bm_csr csr;

    if (bm_csr_parse(in, NULL, &csr) != BM_OK) {
        if (memcmp(&csr, &zero, sizeof csr) != 0) {
            abort();
        }
        return 0;
    }
    must_be_inside(in, csr.tbs);
    must_be_inside(csr.tbs, csr.subject);
    must_be_inside(csr.tbs, csr.key.der);
    must_be_inside(csr.tbs, csr.attributes);
    must_be_inside(csr.attributes, csr.challenge);
    must_be_inside(in, csr.signature);
    must_walk(&csr);
    if (csr.sig_alg != BM_SIG_UNKNOWN) {
        must_rebuild(&csr, size);
    }
    return 0;
}
