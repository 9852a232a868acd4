/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/bundle.h"

#include "core/bundle_internal.h"
#include "core/cbor_map.h"

/* Serial numbers of one issuer: a bundle for a large reader; see the format. */
#define SERIALS_MAX 65536

int bm_bundle_order(struct bm_bytes a, struct bm_bytes b)
{
    if (a.n != b.n) {
        return a.n < b.n ? -1 : 1;
    }
    return a.n == 0 ? 0 : memcmp(a.p, b.p, a.n);
}

/* bstr .size (min..max), greater than `*last`, which it becomes. */
static bm_status take_octets(struct bm_cbor *c, size_t min, size_t max,
                             struct bm_bytes *last)
{
    struct bm_cbor at = *c;
    struct bm_bytes octets;

    BM_TRY(bm_cbor_take_bytes(c, &octets));
    if (octets.n < min || octets.n > max ||
        (last->p != NULL && bm_bundle_order(*last, octets) >= 0)) {
        return bm_cbor_fail(&at, BM_E_TRUST_BUNDLE);
    }
    *last = octets;
    return BM_OK;
}

static bm_status take_keyhash(struct bm_cbor *c, struct bm_bytes *last)
{
    return take_octets(c, BM_BUNDLE_KEY_SIZE, BM_BUNDLE_KEY_SIZE, last);
}

static bm_status take_serials(struct bm_cbor *c, struct bm_bytes *serials)
{
    struct bm_bytes last = { NULL, 0 };
    size_t n = 0;

    BM_TRY(bm_cbor_take_array(c, &n));
    if (n > SERIALS_MAX) {
        return bm_cbor_fail(c, BM_E_LIMIT);
    }
    serials->p = c->p;
    for (; n > 0; n--) {
        BM_TRY(take_octets(c, 1, BM_BUNDLE_SERIAL_MAX, &last));
    }
    serials->n = (size_t)(c->p - serials->p);
    return BM_OK;
}

/* issuer = [ keyhash, [ * serial ] ] */
static bm_status take_issuer(struct bm_cbor *c, struct bm_bytes *last,
                             struct bm_bytes *serials)
{
    struct bm_cbor at = *c;
    size_t n = 0;

    BM_TRY(bm_cbor_take_array(c, &n));
    if (n != 2) {
        return bm_cbor_fail(&at, BM_E_TRUST_BUNDLE);
    }
    BM_TRY(take_keyhash(c, last));
    return take_serials(c, serials);
}

static bm_status take_anchor(struct bm_cbor *c, struct bm_bundle_anchor *a)
{
    uint64_t status = BM_BUNDLE_ACTIVE;
    uint64_t uses = BM_BUNDLE_USES;
    struct bm_cbor_map m;

    BM_TRY(bm_cbor_map_open(&m, c, BM_E_TRUST_BUNDLE, BM_E_TRUST_FORMAT));
    BM_TRY(bm_cbor_map_need(&m, ANCHOR_CERT));
    BM_TRY(bm_cbor_take_bytes(c, &a->cert));
    if (bm_cbor_map_has(&m, ANCHOR_STATUS)) {
        BM_TRY(bm_cbor_take_uint(c, &status));
    }
    if (bm_cbor_map_has(&m, ANCHOR_USES)) {
        BM_TRY(bm_cbor_take_uint(c, &uses));
    }
    /* A status of later versions stays one that is not known */
    a->status = status > UINT16_MAX ? UINT16_MAX : (unsigned)status;
    a->uses = (unsigned)(uses & UINT16_MAX);
    return bm_cbor_map_close(&m);
}

enum list {
    LIST_ANCHORS,
    LIST_CROSS,
    LIST_ISSUERS,
    LIST_KEYS
};

/* One item of the list; `last` is what the one before it was ordered by. */
static bm_status take_item(struct bm_cbor *c, enum list kind,
                           struct bm_bytes *last)
{
    struct bm_bundle_anchor anchor;
    struct bm_bytes skipped;

    switch (kind) {
    case LIST_ANCHORS:
        return take_anchor(c, &anchor);
    case LIST_CROSS:
        return bm_cbor_take_bytes(c, &skipped);
    case LIST_ISSUERS:
        return take_issuer(c, last, &skipped);
    default:
        return take_keyhash(c, last);
    }
}

static bm_status take_list(struct bm_cbor *c, enum list kind,
                           struct bm_bytes *items)
{
    struct bm_bytes last = { NULL, 0 };
    size_t n = 0;

    BM_TRY(bm_cbor_take_array(c, &n));
    if (n > BM_BUNDLE_ITEMS_MAX) {
        return bm_cbor_fail(c, BM_E_LIMIT);
    }
    items->p = c->p;
    for (; n > 0; n--) {
        BM_TRY(take_item(c, kind, &last));
    }
    items->n = (size_t)(c->p - items->p);
    return BM_OK;
}

/* Keys 1 to 5. */
static bm_status take_head(struct bm_cbor_map *m, struct bm_bundle *b)
{
    struct bm_cbor *c = m->c;
    uint64_t format = 0;

    BM_TRY(bm_cbor_map_need(m, BUNDLE_FORMAT));
    BM_TRY(bm_cbor_take_uint(c, &format));
    if (format != BM_BUNDLE_FORMAT) {
        return bm_cbor_fail(c, BM_E_TRUST_FORMAT);
    }
    BM_TRY(bm_cbor_map_need(m, BUNDLE_NAME));
    BM_TRY(bm_cbor_map_text(m, 1, BM_BUNDLE_NAME_MAX, &b->name));
    BM_TRY(bm_cbor_map_need(m, BUNDLE_VERSION));
    BM_TRY(bm_cbor_map_number(m, 1, UINT64_MAX, &b->version));
    BM_TRY(bm_cbor_map_need(m, BUNDLE_ISSUED));
    BM_TRY(bm_cbor_map_date(m, &b->issued));
    BM_TRY(bm_cbor_map_need(m, BUNDLE_NEXT));
    BM_TRY(bm_cbor_map_date(m, &b->next_update));
    return b->issued <= b->next_update ? BM_OK
                                       : bm_cbor_fail(c, BM_E_TRUST_BUNDLE);
}

static bm_status take_bundle(struct bm_cbor *c, struct bm_bundle *b)
{
    struct bm_cbor_map m;

    BM_TRY(bm_cbor_map_open(&m, c, BM_E_TRUST_BUNDLE, BM_E_TRUST_FORMAT));
    BM_TRY(take_head(&m, b));
    BM_TRY(bm_cbor_map_need(&m, BUNDLE_ANCHORS));
    BM_TRY(take_list(c, LIST_ANCHORS, &b->anchors));
    BM_TRY(bm_cbor_map_need(&m, BUNDLE_CROSS));
    BM_TRY(take_list(c, LIST_CROSS, &b->cross));
    b->has_issuers = bm_cbor_map_has(&m, BUNDLE_ISSUERS);
    if (b->has_issuers) {
        BM_TRY(take_list(c, LIST_ISSUERS, &b->issuers));
    }
    if (bm_cbor_map_has(&m, BUNDLE_KEYS)) {
        BM_TRY(take_list(c, LIST_KEYS, &b->keys));
    }
    BM_TRY(bm_cbor_map_close(&m));
    return bm_cbor_end(c);
}

bm_status bm_bundle_parse(struct bm_bytes content, struct bm_diag *diag,
                          struct bm_bundle *bundle)
{
    struct bm_cbor c;
    bm_status rc;

    *bundle = (struct bm_bundle){ .content = content };
    bm_cbor_init(&c, content, diag);
    rc = take_bundle(&c, bundle);
    if (rc != BM_OK) {
        *bundle = (struct bm_bundle){ 0 };
    }
    return rc;
}

/* Walks: what has been checked whole cannot fail again. */

bool bm_bundle_anchor_next(struct bm_bytes *list,
                           struct bm_bundle_anchor *anchor)
{
    struct bm_cbor c;

    bm_cbor_init(&c, *list, NULL);
    if (list->n == 0 || take_anchor(&c, anchor) != BM_OK) {
        return false;
    }
    *list = (struct bm_bytes){ c.p, bm_cbor_left(&c) };
    return true;
}

bool bm_bundle_octets_next(struct bm_bytes *list, struct bm_bytes *octets)
{
    struct bm_cbor c;

    bm_cbor_init(&c, *list, NULL);
    if (list->n == 0 || bm_cbor_take_bytes(&c, octets) != BM_OK) {
        return false;
    }
    *list = (struct bm_bytes){ c.p, bm_cbor_left(&c) };
    return true;
}

bool bm_bundle_cross_next(struct bm_bytes *list, struct bm_bytes *der)
{
    return bm_bundle_octets_next(list, der);
}

bool bm_bundle_issuer_next(struct bm_bytes *list,
                           struct bm_bundle_issuer *issuer)
{
    struct bm_cbor c;

    issuer->key = (struct bm_bytes){ NULL, 0 };
    bm_cbor_init(&c, *list, NULL);
    if (list->n == 0 ||
        take_issuer(&c, &issuer->key, &issuer->serials) != BM_OK) {
        return false;
    }
    *list = (struct bm_bytes){ c.p, bm_cbor_left(&c) };
    return true;
}

static bool list_has(struct bm_bytes list, struct bm_bytes octets)
{
    struct bm_bytes item;

    while (bm_bundle_octets_next(&list, &item)) {
        if (bm_bytes_equal(item, octets)) {
            return true;
        }
    }
    return false;
}

enum bm_bundle_word bm_bundle_ask(const struct bm_bundle *bundle,
                                  const uint8_t issuer_key[BM_BUNDLE_KEY_SIZE],
                                  struct bm_bytes serial)
{
    struct bm_bytes list = bundle->issuers;
    struct bm_bundle_issuer issuer;

    while (bm_bundle_issuer_next(&list, &issuer)) {
        if (bm_bytes_are(issuer.key, issuer_key, BM_BUNDLE_KEY_SIZE)) {
            return list_has(issuer.serials, serial) ? BM_BUNDLE_DENIED
                                                    : BM_BUNDLE_GOOD;
        }
    }
    return BM_BUNDLE_SILENT;
}

bool bm_bundle_denies_key(const struct bm_bundle *bundle,
                          const uint8_t key[BM_BUNDLE_KEY_SIZE])
{
    return list_has(bundle->keys, (struct bm_bytes){ key, BM_BUNDLE_KEY_SIZE });
}

bm_status bm_bundle_key(const struct bm_crypto *crypto,
                        const struct bm_spki *key,
                        uint8_t out[BM_BUNDLE_KEY_SIZE])
{
    return crypto->hash(crypto->self, BM_HASH_SHA256, key->der, out);
}
