/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms_internal.h"
#include "core/oid.h"

bm_status bm_cms_put_set(struct bm_wr *w, uint8_t tag, struct bm_bytes elements)
{
    size_t m;

    if (elements.n == 0) {
        return BM_OK;
    }
    m = bm_der_open(w, tag);
    bm_wr_put(w, elements);
    return bm_der_close_set(w, m);
}

struct bm_cms_mark bm_cms_open(struct bm_wr *w, uint32_t version)
{
    struct bm_cms_mark m;

    m.info = bm_der_open(w, BM_DER_SEQUENCE);
    bm_der_put_oid(w, BM_LIT(BM_OID_CMS_SIGNED));
    m.content = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    m.signed_data = bm_der_open(w, BM_DER_SEQUENCE);
    bm_der_put_u32(w, version);
    return m;
}

void bm_cms_close(struct bm_wr *w, const struct bm_cms_mark *m)
{
    bm_der_close(w, m->signed_data);
    bm_der_close(w, m->content);
    bm_der_close(w, m->info);
}

static bm_status put_certs(struct bm_wr *w, struct bm_bytes certs,
                           struct bm_bytes crls)
{
    struct bm_cms_mark m = bm_cms_open(w, 1);
    size_t encap;

    bm_der_put_header(w, BM_DER_SET, 0); /* digestAlgorithms */
    encap = bm_der_open(w, BM_DER_SEQUENCE);
    bm_der_put_oid(w, BM_LIT(BM_OID_CMS_DATA));
    bm_der_close(w, encap);
    BM_TRY(bm_cms_put_set(w, BM_DER_CONSTRUCTED(0), certs));
    BM_TRY(bm_cms_put_set(w, BM_DER_CONSTRUCTED(1), crls));
    bm_der_put_header(w, BM_DER_SET, 0); /* signerInfos */
    bm_cms_close(w, &m);
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
