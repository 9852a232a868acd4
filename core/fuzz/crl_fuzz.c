/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crl.h"

#include <stdlib.h>

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Anything accepted must be made of views that lie inside the input. */
static void must_be_inside(struct bm_bytes outer, struct bm_bytes inner)
{
    must(inner.n == 0 || (inner.p >= outer.p && inner.n <= outer.n &&
                          (size_t)(inner.p - outer.p) <= outer.n - inner.n));
}

static void must_walk(const struct bm_crl *crl)
{
    struct bm_bytes rest = crl->entries;
    struct bm_crl_entry entry;

    while (bm_crl_entry_next(&rest, &entry)) {
        must_be_inside(crl->entries, entry.serial);
        must_be_inside(crl->entries, entry.cert_issuer);
        must(bm_crl_reason_valid(entry.reason));
        must(crl->head.version == 2 || entry.extensions.n == 0);
        must(entry.reason != BM_REASON_REMOVE || crl->ext.base.n != 0);
        must(entry.cert_issuer.n == 0 || crl->ext.idp.indirect);
    }
    must(rest.n == 0);
}

static bm_status yes(void *self, const struct bm_spki *key, enum bm_sig_alg alg,
                     struct bm_bytes message, struct bm_bytes signature)
{
    (void)self;
    (void)key;
    (void)alg;
    (void)message;
    (void)signature;
    return BM_OK;
}

/* A certificate of the list's own issuer whose point is that of its IDP. */
static void must_answer(const struct bm_crl *crl, struct bm_bytes serial)
{
    static const struct bm_crypto crypto = { .verify = yes };
    static const struct bm_spki key;
    struct bm_crl_trust trust = { &crypto, &key, crl->head.this_update };
    struct bm_crl_query query = {
        crl->head.issuer, serial, { NULL, 0 }, crl->ext.idp.only_ca_certs
    };
    struct bm_crl_answer answer;
    bm_status rc = bm_crl_find(crl, &trust, &query, &answer);

    must((rc == BM_OK) == (answer.state != BM_CRL_UNDETERMINED));
    must(answer.state != BM_CRL_GOOD || answer.reasons == BM_CRL_REASONS_ALL);
    must(rc != BM_OK || crl->ext.unknown_critical.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    struct bm_bytes entries;
    struct bm_crl_entry entry;
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_crl crl;
    bm_status rc = bm_crl_parse(in, &diag, &crl);

    if (rc != BM_OK) {
        must(diag.status == rc && diag.within != BM_OK);
        must(bm_diag_offset(&diag, data, size) != SIZE_MAX);
        must(crl.der.n == 0 && crl.tbs.n == 0 && crl.entries.n == 0);
        return 0;
    }
    must_be_inside(in, crl.tbs);
    must_be_inside(crl.tbs, crl.head.issuer);
    must_be_inside(crl.tbs, crl.entries);
    must_be_inside(crl.tbs, crl.ext.common.all);
    must_be_inside(in, crl.signature);
    must_walk(&crl);
    must_answer(&crl, BM_LIT("\1"));
    entries = crl.entries;
    if (bm_crl_entry_next(&entries, &entry)) {
        must_answer(&crl, entry.serial);
    }
    return 0;
}
