/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms.h"

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

/* A parsed set can be walked to its end. */
static void must_walk(struct bm_bytes set)
{
    struct bm_bytes rest = set;
    struct bm_bytes element;

    while (bm_cms_next(&rest, &element)) {
        must_be_inside(set, element);
    }
}

/* What we parse we can write, and get the same certificates back. */
static void must_round_trip(const struct bm_cms *cms, size_t size)
{
    uint8_t *buf = malloc(size);
    struct bm_cms again;
    struct bm_wr w;

    bm_wr_init(&w, buf, size);
    if (buf == NULL || bm_cms_put_certs(&w, cms->certs, cms->crls) != BM_OK ||
        bm_cms_parse_certs(bm_wr_bytes(&w), NULL, &again) != BM_OK ||
        again.certs.n != cms->certs.n || again.crls.n != cms->crls.n) {
        abort();
    }
    free(buf);
}

/* A parsed message has signers that can be read, to the last one. */
static void must_have_signers(const struct bm_cms *cms)
{
    struct bm_bytes rest = cms->signers;
    struct bm_cms_signer s;

    while (bm_cms_signer_next(&rest, &s)) {
        must_be_inside(cms->signers, s.issuer);
        must_be_inside(cms->signers, s.serial);
        must_be_inside(cms->signers, s.key_id);
        must_be_inside(cms->signers, s.signed_attrs);
        must_be_inside(s.signed_attrs, s.attributes);
        must_be_inside(s.attributes, s.content_type);
        must_be_inside(s.attributes, s.digest);
        must_be_inside(cms->signers, s.unsigned_attrs);
        must_be_inside(cms->signers, s.signature);
        if (s.signed_attrs.n != 0 &&
            (s.digest.n == 0 ||
             !bm_bytes_equal(s.content_type, cms->content_type))) {
            abort();
        }
    }
    if (rest.n != 0) {
        abort();
    }
}

static void must_be_zero(const struct bm_cms *cms)
{
    static const struct bm_cms zero;

    if (memcmp(cms, &zero, sizeof zero) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    struct bm_cms certs;
    struct bm_cms cms;

    if (bm_cms_parse(in, NULL, &cms) != BM_OK) {
        must_be_zero(&cms);
    } else {
        must_be_inside(in, cms.content);
        must_be_inside(in, cms.signers);
        must_have_signers(&cms);
    }
    if (bm_cms_parse_certs(in, NULL, &certs) != BM_OK) {
        must_be_zero(&certs);
        return 0;
    }
    must_be_inside(in, certs.certs);
    must_be_inside(in, certs.crls);
    must_walk(certs.certs);
    must_walk(certs.crls);
    must_round_trip(&certs, size);
    if (cms.certs.p != certs.certs.p) {
        abort(); /* certs-only is a special case of the other */
    }
    return 0;
}
