/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ext.h"

/* Is there an extension of this type in what has been read of the list? */
static bool occurs(struct bm_bytes before, struct bm_bytes oid)
{
    struct bm_ext other;

    while (bm_ext_next(&before, &other)) {
        if (bm_bytes_equal(other.oid, oid)) {
            return true;
        }
    }
    return false;
}

/* RFC 5280 4.2: an extension of one type occurs only once. */
static bm_status check_list(struct bm_der *list)
{
    const uint8_t *first = list->p;
    struct bm_ext ext;

    if (bm_der_left(list) == 0) {
        return bm_der_fail(list, BM_E_DER_EMPTY);
    }
    for (unsigned n = 0; bm_der_left(list) != 0; n++) {
        const uint8_t *at = list->p;

        if (n == BM_EXT_MAX) {
            return bm_der_fail(list, BM_E_LIMIT);
        }
        BM_TRY(bm_ext_take(list, BM_STRICT, &ext));
        if (occurs((struct bm_bytes){ first, (size_t)(at - first) }, ext.oid)) {
            return bm_der_fail_at(list, at, BM_E_EXT_DUPLICATE);
        }
    }
    return BM_OK;
}

bm_status bm_ext_list_take(struct bm_der *d, struct bm_bytes *all)
{
    struct bm_der rest = *d;
    struct bm_der list;
    struct bm_bytes body;

    BM_TRY(bm_der_take(&rest, BM_DER_SEQUENCE, &body));
    bm_der_init(&list, body, d->diag);
    BM_TRY(bm_der_within(d, BM_E_EXT, check_list(&list)));
    *all = body;
    *d = rest;
    return BM_OK;
}
