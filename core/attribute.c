/* SPDX-License-Identifier: Apache-2.0 */
#include "core/attribute.h"

/*
 * RFC 2986 4.1, RFC 5652 5.3
 *
 *   Attribute ::= SEQUENCE {
 *       type    OBJECT IDENTIFIER,
 *       values  SET SIZE (1..MAX) OF ANY DEFINED BY type }
 */
static bm_status take(struct bm_der *d, struct bm_attribute *attribute)
{
    struct bm_der inside;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &inside));
    BM_TRY(bm_der_take_oid(&inside, &attribute->type));
    BM_TRY(bm_der_take(&inside, BM_DER_SET, &attribute->values));
    return bm_der_end(&inside);
}

bool bm_attribute_next(struct bm_bytes *list, struct bm_attribute *attribute)
{
    struct bm_der d;

    bm_der_init(&d, *list, NULL);
    if (take(&d, attribute) != BM_OK) {
        return false;
    }
    *list = (struct bm_bytes){ d.p, bm_der_left(&d) };
    return true;
}

bool bm_attribute_find(struct bm_bytes list, struct bm_bytes type,
                       struct bm_attribute *attribute)
{
    while (bm_attribute_next(&list, attribute)) {
        if (bm_bytes_equal(attribute->type, type)) {
            return true;
        }
    }
    return false;
}

bm_status bm_attribute_take(struct bm_der *d, struct bm_attribute *attribute)
{
    struct bm_attribute got;
    struct bm_der rest = *d;
    struct bm_der values;

    BM_TRY(take(&rest, &got));
    bm_der_init(&values, got.values, d->diag);
    BM_TRY(bm_der_check_set(&values));
    *attribute = got;
    *d = rest;
    return BM_OK;
}

bm_status bm_attribute_once(const struct bm_der *d, struct bm_bytes list,
                            const struct bm_attribute *attribute,
                            bm_status duplicate)
{
    struct bm_attribute first;
    unsigned n = 0;

    while (n++ < BM_ATTRIBUTES_MAX && bm_attribute_next(&list, &first)) {
        if (first.type.p == attribute->type.p) {
            return BM_OK; /* found itself */
        }
        if (bm_bytes_equal(first.type, attribute->type)) {
            return bm_der_fail_at(d, attribute->type.p, duplicate);
        }
    }
    return bm_der_fail_at(d, attribute->type.p, BM_E_LIMIT);
}
