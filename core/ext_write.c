/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ext.h"
#include "core/oid.h"

/*
 * RFC 5280 4.1
 *
 *   Extension ::= SEQUENCE {
 *       extnID     OBJECT IDENTIFIER,
 *       critical   BOOLEAN DEFAULT FALSE,
 *       extnValue  OCTET STRING }
 */
struct bm_ext_mark bm_ext_open(struct bm_wr *w, struct bm_bytes oid,
                               bool critical)
{
    struct bm_ext_mark mark;

    mark.extension = bm_der_open(w, BM_DER_SEQUENCE);
    bm_der_put_oid(w, oid);
    if (critical) {
        bm_der_put_bool(w, true);
    }
    mark.value = bm_der_open(w, BM_DER_OCTET_STRING);
    return mark;
}

void bm_ext_close(struct bm_wr *w, const struct bm_ext_mark *mark)
{
    bm_der_close(w, mark->value);
    bm_der_close(w, mark->extension);
}

void bm_ext_put_basic(struct bm_wr *w, bool ca, int path_len)
{
    struct bm_ext_mark m = bm_ext_open(w, BM_LIT(BM_OID_CE_BASIC), true);
    size_t seq = bm_der_open(w, BM_DER_SEQUENCE);

    if (ca) {
        bm_der_put_bool(w, true); /* DEFAULT FALSE: never written */
    }
    if (ca && path_len >= 0) {
        bm_der_put_u32(w, (uint32_t)path_len);
    }
    bm_der_close(w, seq);
    bm_ext_close(w, &m);
}

void bm_ext_put_key_usage(struct bm_wr *w, uint16_t flags)
{
    struct bm_ext_mark m = bm_ext_open(w, BM_LIT(BM_OID_CE_KEY_USAGE), true);

    bm_der_put_flags(w, BM_DER_BIT_STRING, flags);
    bm_ext_close(w, &m);
}

void bm_ext_put_ski(struct bm_wr *w, struct bm_bytes key_id)
{
    struct bm_ext_mark m = bm_ext_open(w, BM_LIT(BM_OID_CE_SKI), false);

    bm_der_put(w, BM_DER_OCTET_STRING, key_id);
    bm_ext_close(w, &m);
}

void bm_ext_put_aki(struct bm_wr *w, struct bm_bytes key_id)
{
    struct bm_ext_mark m = bm_ext_open(w, BM_LIT(BM_OID_CE_AKI), false);
    size_t seq = bm_der_open(w, BM_DER_SEQUENCE);

    bm_der_put(w, BM_DER_CONTEXT(0), key_id);
    bm_der_close(w, seq);
    bm_ext_close(w, &m);
}
