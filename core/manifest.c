/* SPDX-License-Identifier: Apache-2.0 */
#include "core/manifest.h"

#include "core/cbor_map.h"
#include "core/manifest_internal.h"
#include "core/oid.h"

/*
 * What a request line can hold, RFC 9112 3.2.1: a fragment does not belong
 * there, and a space or line end would begin something else.
 */
static bool is_path(struct bm_bytes path)
{
    if (path.n == 0 || path.n > BM_MANIFEST_PATH_MAX || path.p[0] != '/') {
        return false;
    }
    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] <= 0x20 || path.p[i] >= 0x7f || path.p[i] == '#') {
            return false;
        }
    }
    return true;
}

static bm_status take_path(struct bm_cbor *c, struct bm_bytes *path)
{
    struct bm_cbor at = *c;

    BM_TRY(bm_cbor_take_text(c, path));
    return is_path(*path) ? BM_OK : bm_cbor_fail(&at, BM_E_MANIFEST);
}

/* Who may sign comes before what is signed. */
static unsigned rank(unsigned kind)
{
    switch (kind) {
    case BM_MANIFEST_KEY_SET:
        return 0;
    case BM_MANIFEST_BUNDLE:
        return 1;
    case BM_MANIFEST_POLICY:
        return 2;
    case BM_MANIFEST_FIRMWARE:
        return 3;
    default:
        return UNKNOWN_RANK;
    }
}

int bm_manifest_order(const struct bm_manifest_item *a,
                      const struct bm_manifest_item *b)
{
    unsigned of_a = rank(a->kind);
    unsigned of_b = rank(b->kind);

    if (of_a != of_b) {
        return of_a < of_b ? -1 : 1;
    }
    return (a->image > b->image) - (a->image < b->image);
}

static bm_status take_item(struct bm_cbor *c, struct bm_manifest_item *item)
{
    uint64_t kind = 0;
    uint64_t size = 0;
    uint64_t image = 0;
    struct bm_cbor_map m;

    *item = (struct bm_manifest_item){ 0 };
    BM_TRY(bm_cbor_map_open(&m, c, BM_E_MANIFEST, BM_E_MANIFEST_FORMAT));
    BM_TRY(bm_cbor_map_need(&m, ITEM_KIND));
    BM_TRY(bm_cbor_map_number(&m, 1, UINT16_MAX, &kind));
    BM_TRY(bm_cbor_map_need(&m, ITEM_PATH));
    BM_TRY(take_path(c, &item->path));
    BM_TRY(bm_cbor_map_need(&m, ITEM_HASH));
    BM_TRY(bm_cbor_map_octets(&m, BM_MANIFEST_HASH_SIZE, &item->sha256));
    BM_TRY(bm_cbor_map_need(&m, ITEM_SIZE));
    BM_TRY(bm_cbor_map_number(&m, 1, BM_MANIFEST_BLOB_MAX, &size));
    if (kind == BM_MANIFEST_FIRMWARE && bm_cbor_map_has(&m, ITEM_IMAGE)) {
        BM_TRY(bm_cbor_map_number(&m, 0, BM_MANIFEST_IMAGES - 1, &image));
    }
    if (bm_cbor_map_has(&m, ITEM_VERSION)) {
        BM_TRY(
            bm_cbor_map_text(&m, 0, BM_MANIFEST_VERSION_MAX, &item->version));
    }
    item->kind = (unsigned)kind;
    item->image = (unsigned)image;
    item->size = (uint32_t)size;
    return bm_cbor_map_close(&m);
}

/* Items of unknown kinds may stand anywhere, and more than once. */
static bm_status take_items(struct bm_cbor *c, struct bm_bytes *items)
{
    struct bm_manifest_item item;
    struct bm_manifest_item last = { 0 };
    bool first = true;
    size_t n = 0;

    BM_TRY(bm_cbor_take_array(c, &n));
    if (n > BM_MANIFEST_ITEMS_MAX) {
        return bm_cbor_fail(c, BM_E_LIMIT);
    }
    items->p = c->p;
    for (; n > 0; n--) {
        struct bm_cbor at = *c;

        BM_TRY(take_item(c, &item));
        if (rank(item.kind) == UNKNOWN_RANK) {
            continue;
        }
        if (!first && bm_manifest_order(&last, &item) >= 0) {
            return bm_cbor_fail(&at, BM_E_MANIFEST);
        }
        last = item;
        first = false;
    }
    items->n = (size_t)(c->p - items->p);
    return BM_OK;
}

/* Keys 1 to 5. */
static bm_status take_head(struct bm_cbor_map *m, struct bm_manifest *to)
{
    uint64_t format = 0;

    BM_TRY(bm_cbor_map_need(m, MANIFEST_FORMAT));
    BM_TRY(bm_cbor_take_uint(m->c, &format));
    if (format != BM_MANIFEST_FORMAT) {
        return bm_cbor_fail(m->c, BM_E_MANIFEST_FORMAT);
    }
    BM_TRY(bm_cbor_map_need(m, MANIFEST_SERIES));
    BM_TRY(bm_cbor_map_text(m, 1, BM_MANIFEST_NAME_MAX, &to->series));
    BM_TRY(bm_cbor_map_need(m, MANIFEST_VERSION));
    BM_TRY(bm_cbor_map_number(m, 1, UINT64_MAX, &to->version));
    BM_TRY(bm_cbor_map_need(m, MANIFEST_ISSUED));
    BM_TRY(bm_cbor_map_date(m, &to->issued));
    BM_TRY(bm_cbor_map_need(m, MANIFEST_NEXT));
    BM_TRY(bm_cbor_map_date(m, &to->next_update));
    return to->issued <= to->next_update ? BM_OK
                                         : bm_cbor_fail(m->c, BM_E_MANIFEST);
}

static bm_status take_manifest(struct bm_cbor *c, struct bm_manifest *to)
{
    uint64_t mode = 0;
    struct bm_cbor_map m;

    BM_TRY(bm_cbor_map_open(&m, c, BM_E_MANIFEST, BM_E_MANIFEST_FORMAT));
    BM_TRY(take_head(&m, to));
    BM_TRY(bm_cbor_map_need(&m, MANIFEST_DEVICE));
    BM_TRY(bm_cbor_map_text(&m, 1, BM_MANIFEST_NAME_MAX, &to->device));
    BM_TRY(bm_cbor_map_need(&m, MANIFEST_MODE));
    BM_TRY(bm_cbor_map_number(&m, 0, BM_MANIFEST_REPAIR, &mode));
    to->mode = (enum bm_manifest_mode)mode;
    BM_TRY(bm_cbor_map_need(&m, MANIFEST_ITEMS));
    BM_TRY(take_items(c, &to->items));
    BM_TRY(bm_cbor_map_close(&m));
    return bm_cbor_end(c);
}

bm_status bm_manifest_parse(struct bm_bytes content, struct bm_diag *diag,
                            struct bm_manifest *manifest)
{
    struct bm_cbor c;
    bm_status rc;

    *manifest = (struct bm_manifest){ .content = content };
    bm_cbor_init(&c, content, diag);
    rc = take_manifest(&c, manifest);
    if (rc != BM_OK) {
        *manifest = (struct bm_manifest){ 0 };
    }
    return rc;
}

bool bm_manifest_next(struct bm_bytes *items, struct bm_manifest_item *item)
{
    struct bm_cbor c;

    bm_cbor_init(&c, *items, NULL);
    if (items->n == 0 || take_item(&c, item) != BM_OK) {
        return false;
    }
    *items = (struct bm_bytes){ c.p, bm_cbor_left(&c) };
    return true;
}

bm_status bm_manifest_open(struct bm_bytes message,
                           const struct bm_crypto *crypto,
                           struct bm_cert *signer, struct bm_bytes *certs,
                           struct bm_manifest *manifest)
{
    struct bm_cms cms;
    bm_status rc;

    *signer = (struct bm_cert){ 0 };
    *certs = (struct bm_bytes){ NULL, 0 };
    *manifest = (struct bm_manifest){ 0 };
    if (message.n > BM_MANIFEST_SIZE_MAX) {
        return BM_E_LIMIT;
    }
    BM_TRY(bm_signed_open(message, BM_LIT(BM_OID_CT_MANIFEST), crypto, signer,
                          &cms));
    rc = bm_manifest_parse(cms.content, NULL, manifest);
    if (rc != BM_OK) {
        *signer = (struct bm_cert){ 0 };
        return rc;
    }
    *certs = cms.certs;
    return BM_OK;
}
