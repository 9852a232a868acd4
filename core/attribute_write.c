/* SPDX-License-Identifier: Apache-2.0 */
#include "core/attribute.h"

struct bm_attribute_mark bm_attribute_open(struct bm_wr *w,
                                           struct bm_bytes type)
{
    struct bm_attribute_mark m;

    m.attribute = bm_der_open(w, BM_DER_SEQUENCE);
    bm_der_put_oid(w, type);
    m.values = bm_der_open(w, BM_DER_SET);
    return m;
}

void bm_attribute_close(struct bm_wr *w, const struct bm_attribute_mark *m)
{
    bm_der_close(w, m->values);
    bm_der_close(w, m->attribute);
}
