/* SPDX-License-Identifier: Apache-2.0 */
#include "core/bundle.h"
#include "core/manifest.h"
#include "core/manifest_internal.h"
#include "core/oid.h"

static void put_item(struct bm_wr *w, const struct bm_manifest_item *item)
{
    bm_cbor_put_map(w, 4u + (item->image != 0) + (item->version.n != 0));
    bm_cbor_put_uint(w, ITEM_KIND);
    bm_cbor_put_uint(w, item->kind);
    bm_cbor_put_uint(w, ITEM_PATH);
    bm_cbor_put_text(w, item->path);
    bm_cbor_put_uint(w, ITEM_HASH);
    bm_cbor_put_bytes(w, item->sha256);
    bm_cbor_put_uint(w, ITEM_SIZE);
    bm_cbor_put_uint(w, item->size);
    if (item->image != 0) {
        bm_cbor_put_uint(w, ITEM_IMAGE);
        bm_cbor_put_uint(w, item->image);
    }
    if (item->version.n != 0) {
        bm_cbor_put_uint(w, ITEM_VERSION);
        bm_cbor_put_text(w, item->version);
    }
}

static bm_status put(const struct bm_manifest_config *config, struct bm_wr *w)
{
    size_t start = w->len;
    struct bm_manifest check;

    bm_cbor_put_map(w, 8);
    bm_cbor_put_uint(w, MANIFEST_FORMAT);
    bm_cbor_put_uint(w, BM_MANIFEST_FORMAT);
    bm_cbor_put_uint(w, MANIFEST_SERIES);
    bm_cbor_put_text(w, config->series);
    bm_cbor_put_uint(w, MANIFEST_VERSION);
    bm_cbor_put_uint(w, config->version);
    bm_cbor_put_uint(w, MANIFEST_ISSUED);
    bm_cbor_put_int(w, config->issued);
    bm_cbor_put_uint(w, MANIFEST_NEXT);
    bm_cbor_put_int(w, config->next_update);
    bm_cbor_put_uint(w, MANIFEST_DEVICE);
    bm_cbor_put_text(w, config->device);
    bm_cbor_put_uint(w, MANIFEST_MODE);
    bm_cbor_put_uint(w, config->mode);
    bm_cbor_put_uint(w, MANIFEST_ITEMS);
    bm_cbor_put_array(w, config->items_n);
    for (size_t i = 0; i < config->items_n; i++) {
        put_item(w, &config->items[i]);
    }
    if (w->len > w->cap) {
        return BM_E_BUFFER;
    }
    /* Whatever a reader refuses */
    return bm_manifest_parse(
               (struct bm_bytes){ w->buf + start, w->len - start }, NULL,
               &check) == BM_OK
               ? BM_OK
               : BM_E_ARGUMENT;
}

bm_status bm_manifest_put(const struct bm_manifest_config *config,
                          struct bm_wr *w)
{
    size_t start = w->len;
    bm_status rc = put(config, w);

    if (rc != BM_OK) {
        w->len = start;
    }
    return rc;
}

bm_status bm_manifest_sign(const struct bm_signed_by *by,
                           struct bm_bytes content, struct bm_wr *w)
{
    size_t start = w->len;
    struct bm_manifest manifest;

    BM_TRY(bm_manifest_parse(content, NULL, &manifest));
    BM_TRY(bm_bundle_signer_check(by->cert));
    BM_TRY(bm_signed_put(by, BM_LIT(BM_OID_CT_MANIFEST), content,
                         manifest.issued, w));
    if (w->len - start > BM_MANIFEST_SIZE_MAX) {
        w->len = start;
        return BM_E_LIMIT;
    }
    return BM_OK;
}
