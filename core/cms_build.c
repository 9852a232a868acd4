/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms_internal.h"
#include "core/oid.h"

/* A SET OF under `tag` from ready-made elements; nothing if there are none. */
static bm_status put_set(struct bm_wr *w, uint8_t tag, struct bm_bytes elements)
{
    size_t m;

    if (elements.n == 0) {
        return BM_OK;
    }
    m = bm_der_open(w, tag);
    bm_wr_put(w, elements);
    return bm_der_close_set(w, m);
}

struct message_mark {
    size_t info;
    size_t content;
    size_t signed_data;
};

/* ContentInfo and SignedData up to and including its version. */
static struct message_mark open_message(struct bm_wr *w, uint32_t version)
{
    struct message_mark m;

    m.info = bm_der_open(w, BM_DER_SEQUENCE);
    bm_der_put_oid(w, BM_LIT(BM_OID_CMS_SIGNED));
    m.content = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    m.signed_data = bm_der_open(w, BM_DER_SEQUENCE);
    bm_der_put_u32(w, version);
    return m;
}

static void close_message(struct bm_wr *w, const struct message_mark *m)
{
    bm_der_close(w, m->signed_data);
    bm_der_close(w, m->content);
    bm_der_close(w, m->info);
}

static bm_status put_certs(struct bm_wr *w, struct bm_bytes certs,
                           struct bm_bytes crls)
{
    struct message_mark m = open_message(w, 1);
    size_t encap;

    bm_der_put_header(w, BM_DER_SET, 0); /* digestAlgorithms */
    encap = bm_der_open(w, BM_DER_SEQUENCE);
    bm_der_put_oid(w, BM_LIT(BM_OID_CMS_DATA));
    bm_der_close(w, encap);
    BM_TRY(put_set(w, BM_DER_CONSTRUCTED(0), certs));
    BM_TRY(put_set(w, BM_DER_CONSTRUCTED(1), crls));
    bm_der_put_header(w, BM_DER_SET, 0); /* signerInfos */
    close_message(w, &m);
    return BM_OK;
}

bm_status bm_cms_put_certs(struct bm_wr *w, struct bm_bytes certs,
                           struct bm_bytes crls)
{
    size_t start = w->len;
    bm_status rc;

    if (certs.n == 0) {
        return BM_E_ARGUMENT;
    }
    rc = put_certs(w, certs, crls);
    if (rc != BM_OK) {
        w->len = start;
    }
    return rc;
}
