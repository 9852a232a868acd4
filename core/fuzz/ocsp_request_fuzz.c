/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ocsp.h"

#include <stdlib.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted has 1 to 64 CertIDs and a nonce of at most 128 octets. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_ocsp_request request;
    struct bm_ocsp_certid id;
    struct bm_bytes rest;
    size_t n = 0;
    bm_status rc = bm_ocsp_request_parse(in, &diag, &request);

    if (rc != BM_OK) {
        must(diag.status == rc && diag.within != BM_OK);
        must(bm_diag_offset(&diag, data, size) != SIZE_MAX);
        must(request.der.n == 0 && request.list.n == 0);
        return 0;
    }
    must_be_inside(in, request.tbs);
    must_be_inside(request.tbs, request.requestor);
    must_be_inside(request.extensions, request.nonce);
    must_be_inside(in, request.signature);
    must_be_inside(in, request.certs);
    must(request.nonce.n <= BM_OCSP_NONCE_MAX);
    must(request.is_signed == (request.sig_alg_id.n != 0));
    for (rest = request.list; bm_ocsp_request_next(&rest, &id); n++) {
        size_t hash_n = bm_hash_len(id.hash);

        must_be_inside(request.list, id.der);
        must_be_inside(id.der, id.serial);
        must(id.serial.n != 0);
        must(hash_n == 0 ||
             (id.name_hash.n == hash_n && id.key_hash.n == hash_n));
    }
    must(rest.n == 0 && n >= 1 && n <= BM_OCSP_CERTIDS_MAX);
    return 0;
}
