/* SPDX-License-Identifier: Apache-2.0 */
#include "core/bundle.h"
#include "core/bundle_internal.h"
#include "core/oid.h"

/* Put a byte string that must come after `*last`, which it becomes. */
static bm_status put_ordered(struct bm_wr *w, struct bm_bytes octets,
                             size_t max, struct bm_bytes *last)
{
    if (octets.n == 0 || octets.n > max ||
        (last->p != NULL && bm_bundle_order(*last, octets) >= 0)) {
        return BM_E_ARGUMENT;
    }
    *last = octets;
    bm_cbor_put_bytes(w, octets);
    return BM_OK;
}

static bm_status put_key(struct bm_wr *w, struct bm_bytes key,
                         struct bm_bytes *last)
{
    return key.n == BM_BUNDLE_KEY_SIZE
               ? put_ordered(w, key, BM_BUNDLE_KEY_SIZE, last)
               : BM_E_ARGUMENT;
}

static bm_status put_issuers(struct bm_wr *w,
                             const struct bm_bundle_config *config)
{
    struct bm_bytes last = { NULL, 0 };

    bm_cbor_put_array(w, config->issuers_n);
    for (size_t i = 0; i < config->issuers_n; i++) {
        const struct bm_bundle_denied *d = &config->issuers[i];
        struct bm_bytes serial = { NULL, 0 };

        bm_cbor_put_array(w, 2);
        BM_TRY(put_key(w, d->key, &last));
        bm_cbor_put_array(w, d->serials_n);
        for (size_t k = 0; k < d->serials_n; k++) {
            BM_TRY(
                put_ordered(w, d->serials[k], BM_BUNDLE_SERIAL_MAX, &serial));
        }
    }
    return BM_OK;
}

static bm_status put_keys(struct bm_wr *w,
                          const struct bm_bundle_config *config)
{
    struct bm_bytes last = { NULL, 0 };

    bm_cbor_put_array(w, config->keys_n);
    for (size_t i = 0; i < config->keys_n; i++) {
        BM_TRY(put_key(w, config->keys[i], &last));
    }
    return BM_OK;
}

/* Keys 8 and 9, and what both together may take. */
static bm_status put_denied(struct bm_wr *w,
                            const struct bm_bundle_config *config)
{
    size_t max = config->deny_max != 0 ? config->deny_max : BM_BUNDLE_DENY_MAX;
    size_t start = w->len;

    if (config->issuers != NULL) {
        bm_cbor_put_uint(w, BUNDLE_ISSUERS);
        BM_TRY(put_issuers(w, config));
    }
    if (config->keys_n != 0) {
        bm_cbor_put_uint(w, BUNDLE_KEYS);
        BM_TRY(put_keys(w, config));
    }
    return w->len - start <= max ? BM_OK : BM_E_LIMIT;
}

static void put_anchor(struct bm_wr *w, const struct bm_bundle_anchor *a)
{
    bm_cbor_put_map(w, 1u + (a->status != 0) + (a->uses != 0));
    bm_cbor_put_uint(w, ANCHOR_CERT);
    bm_cbor_put_bytes(w, a->cert);
    if (a->status != 0) {
        bm_cbor_put_uint(w, ANCHOR_STATUS);
        bm_cbor_put_uint(w, a->status);
    }
    if (a->uses != 0) {
        bm_cbor_put_uint(w, ANCHOR_USES);
        bm_cbor_put_uint(w, a->uses);
    }
}

static void put_certs(struct bm_wr *w, const struct bm_bundle_config *config)
{
    bm_cbor_put_uint(w, BUNDLE_ANCHORS);
    bm_cbor_put_array(w, config->anchors_n);
    for (size_t i = 0; i < config->anchors_n; i++) {
        put_anchor(w, &config->anchors[i]);
    }
    bm_cbor_put_uint(w, BUNDLE_CROSS);
    bm_cbor_put_array(w, config->cross_n);
    for (size_t i = 0; i < config->cross_n; i++) {
        bm_cbor_put_bytes(w, config->cross[i]);
    }
}

static void put_head(struct bm_wr *w, const struct bm_bundle_config *config)
{
    bm_cbor_put_map(w, 7u + (config->issuers != NULL) + (config->keys_n != 0));
    bm_cbor_put_uint(w, BUNDLE_FORMAT);
    bm_cbor_put_uint(w, BM_BUNDLE_FORMAT);
    bm_cbor_put_uint(w, BUNDLE_NAME);
    bm_cbor_put_text(w, config->name);
    bm_cbor_put_uint(w, BUNDLE_VERSION);
    bm_cbor_put_uint(w, config->version);
    bm_cbor_put_uint(w, BUNDLE_ISSUED);
    bm_cbor_put_int(w, config->issued);
    bm_cbor_put_uint(w, BUNDLE_NEXT);
    bm_cbor_put_int(w, config->next_update);
}

static bm_status put(const struct bm_bundle_config *config, struct bm_wr *w)
{
    size_t start = w->len;
    struct bm_bundle check;

    if (config->anchors_n > BM_BUNDLE_ITEMS_MAX ||
        config->cross_n > BM_BUNDLE_ITEMS_MAX ||
        config->issuers_n > BM_BUNDLE_ITEMS_MAX ||
        config->keys_n > BM_BUNDLE_ITEMS_MAX) {
        return BM_E_LIMIT;
    }
    put_head(w, config);
    put_certs(w, config);
    BM_TRY(put_denied(w, config));
    if (w->len > w->cap) {
        return BM_E_BUFFER;
    }
    /* Whatever a reader refuses, and was not seen above */
    return bm_bundle_parse((struct bm_bytes){ w->buf + start, w->len - start },
                           NULL, &check) == BM_OK
               ? BM_OK
               : BM_E_ARGUMENT;
}

bm_status bm_bundle_put(const struct bm_bundle_config *config, struct bm_wr *w)
{
    size_t start = w->len;
    bm_status rc = put(config, w);

    if (rc != BM_OK) {
        w->len = start;
    }
    return rc;
}

bool bm_bundle_is_small(const struct bm_bundle *bundle, size_t n)
{
    struct bm_bytes list = bundle->anchors;
    struct bm_bundle_anchor anchor;
    struct bm_bytes der;
    size_t anchors = 0;
    size_t cross = 0;

    while (bm_bundle_anchor_next(&list, &anchor)) {
        anchors += anchor.status == BM_BUNDLE_ACTIVE;
    }
    list = bundle->cross;
    while (bm_bundle_cross_next(&list, &der)) {
        cross++;
    }
    return n <= BM_BUNDLE_SMALL_SIZE && anchors <= BM_BUNDLE_SMALL_ANCHORS &&
           cross <= BM_BUNDLE_SMALL_CROSS;
}

bm_status bm_bundle_sign(const struct bm_signed_by *by, struct bm_bytes content,
                         struct bm_wr *w)
{
    struct bm_bundle bundle;

    BM_TRY(bm_bundle_parse(content, NULL, &bundle));
    BM_TRY(bm_bundle_signer_check(by->cert));
    return bm_signed_put(by, BM_LIT(BM_OID_CT_BUNDLE), content, bundle.issued,
                         w);
}
