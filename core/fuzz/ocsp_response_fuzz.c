/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ocsp.h"

#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void must_be_inside(struct bm_bytes outer, struct bm_bytes inner)
{
    must(inner.n == 0 || (inner.p >= outer.p && inner.n <= outer.n &&
                          (size_t)(inner.p - outer.p) <= outer.n - inner.n));
}

static bm_status hash(void *self, enum bm_hash alg, struct bm_bytes message,
                      uint8_t *out)
{
    (void)self;
    memset(out, message.n != 0 ? message.p[0] : 0, bm_hash_len(alg));
    return BM_OK;
}

/* No signature is right, so nothing may ever be believed. */
static bm_status no(void *self, const struct bm_spki *key, enum bm_sig_alg alg,
                    struct bm_bytes message, struct bm_bytes signature)
{
    (void)self;
    (void)key;
    (void)alg;
    (void)message;
    (void)signature;
    return BM_E_SIGNATURE;
}

static void must_not_verify(const struct bm_ocsp_response *response,
                            const struct bm_ocsp_single *single)
{
    static const struct bm_crypto crypto = { .hash = hash, .verify = no };
    struct bm_spki key = { .type = BM_KEY_P256 };
    struct bm_ocsp_check check = { .now = single->this_update };
    struct bm_ocsp_result result;

    key.key = single->id.key_hash;
    check.target.issuer = single->id.name_hash;
    check.target.issuer_key = &key;
    check.target.serial = single->id.serial;
    must(bm_ocsp_verify(response, &crypto, &check, &result) != BM_OK);
    must(result.single.status == BM_OCSP_NO_ANSWER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_ocsp_response response;
    struct bm_ocsp_single single;
    struct bm_bytes rest;
    bm_status rc = bm_ocsp_response_parse(in, &diag, &response);

    if (rc != BM_OK) {
        must(diag.status == rc && diag.within != BM_OK);
        must(bm_diag_offset(&diag, data, size) != SIZE_MAX);
        must(response.tbs.n == 0 && response.list.n == 0);
        return 0;
    }
    must((response.status == BM_OCSP_SUCCESSFUL) == (response.list.n != 0));
    must_be_inside(in, response.tbs);
    must_be_inside(response.tbs, response.list);
    must_be_inside(response.extensions, response.nonce);
    must_be_inside(in, response.signature);
    must_be_inside(in, response.certs);
    for (rest = response.list; bm_ocsp_single_next(&rest, &single);) {
        must_be_inside(response.list, single.id.der);
        must(single.status != BM_OCSP_NO_ANSWER);
        must(single.has_next_update || single.next_update == 0);
        must_not_verify(&response, &single);
    }
    must(rest.n == 0);
    return 0;
}
