/* SPDX-License-Identifier: Apache-2.0 */

/* The manifest of a device: what the assignments say, signed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/bundle.h"
#include "ca/delivery.h"
#include "ca/internal.h"
#include "ca/policy.h"
#include "ca/release.h"

#define BUNDLE_PATH "/device/v1/bundle"
#define BLOB_PATH   "/device/v1/blob/"
#define PATH_ROOM   (sizeof BLOB_PATH + 2 * STORE_HASH_SIZE)

/* Of each kind one, of firmware one for each image, and the bundle. */
#define ITEMS_MAX (CA_RELEASE_ITEMS_MAX + 1)

/* A manifest that is being made. */
struct making {
    const struct ca *ca;
    const struct store_device *device;
    uint32_t list; /* its trust list, whose series is the manifest's, too */
    char series[BM_BUNDLE_NAME_MAX + 1];
    struct ca_refusal *why;
    int64_t now;
    uint32_t mode; /* enum bm_manifest_mode plus 1; 0: nobody said so far */
    struct store_item rows[ITEMS_MAX]; /* id 0: the bundle */
    uint64_t by[ITEMS_MAX];            /* assignments */
    char paths[ITEMS_MAX][PATH_ROOM];
    struct bm_manifest_item items[ITEMS_MAX];
    size_t n;
    uint64_t assignment; /* at which the walk is */
    uint8_t room[BM_MANIFEST_SIZE_MAX];
    struct bm_wr content;
    struct store_manifest row; /* of it, as it will be */
};

/* ---- What it says */

/*
 * Is the device among so many of a hundred? Which number it has depends on the
 * release, so that not the same ones go first each time.
 */
static bm_status is_in(const struct making *m, const struct store_assigned *a,
                       bool *in)
{
    const struct bm_crypto *crypto = m->ca->c.crypto;
    uint8_t room[STORE_ID_MAX + STORE_NAME_MAX + 1];
    uint8_t hash[BM_HASH_MAX];
    uint64_t number = 0;
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, room, sizeof room);
    bm_wr_str(&w, a->release);
    bm_wr_u8(&w, 0);
    bm_wr_str(&w, m->device->name);
    BM_TRY(bm_wr_finish(&w, &n));
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&w), hash));
    for (size_t i = 0; i < 8; i++) {
        number = number << 8 | hash[i];
    }
    *in = number % 100 < a->assignment.percent;
    return BM_OK;
}

static bm_status take_item(void *arg, const void *visited)
{
    const struct store_item *row = visited;
    struct making *m = arg;

    for (size_t i = 0; i < m->n; i++) {
        if (m->rows[i].kind == row->kind && m->rows[i].image == row->image) {
            return BM_OK; /* a narrower one, or a later, has decided */
        }
    }
    if (m->n == CA_RELEASE_ITEMS_MAX) {
        return BM_E_STORE_CORRUPT;
    }
    m->by[m->n] = m->assignment;
    m->rows[m->n++] = *row;
    return BM_OK;
}

static bm_status take_assigned(void *arg, const void *visited)
{
    const struct store_assigned *a = visited;
    struct making *m = arg;
    const struct store *s = m->ca->c.store;
    struct store_visit visit = { m, take_item };
    bool in;

    BM_TRY(is_in(m, a, &in));
    if (!in) {
        return BM_OK;
    }
    m->mode = m->mode == 0 ? a->mode : m->mode;
    m->assignment = a->assignment.id;
    return s->item_list(s->self, a->assignment.release, &visit);
}

static struct bm_manifest_item blob_item(const struct store_item *row,
                                         char path[PATH_ROOM])
{
    static const unsigned kinds[] = {
        [STORE_ITEM_FIRMWARE] = BM_MANIFEST_FIRMWARE,
        [STORE_ITEM_KEYSET] = BM_MANIFEST_KEY_SET,
        [STORE_ITEM_POLICY] = BM_MANIFEST_POLICY,
    };
    char digits[2 * STORE_HASH_SIZE + 1];

    ca_hex(BM_ARRAY(row->hash), digits, sizeof digits);
    (void)snprintf(path, PATH_ROOM, BLOB_PATH "%s", digits);
    return (struct bm_manifest_item){ .kind = kinds[row->kind],
                                      .image = row->image,
                                      .path = ca_text(path),
                                      .sha256 = BM_ARRAY(row->hash),
                                      .size = (uint32_t)row->size,
                                      .version = ca_text(row->version) };
}

/* The bundle is there for itself: without one there may be a manifest, too.
 * Whether it is too old, the device judges. */
static bm_status add_bundle(struct making *m)
{
    const struct bm_crypto *crypto = m->ca->c.crypto;
    struct ca_bundle_last last;
    uint8_t hash[BM_HASH_MAX];
    bm_status rc = ca_bundle_last(m->ca->c.store, m->list, &last);

    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, last.message, hash));
    memcpy(m->rows[m->n].hash, hash, STORE_HASH_SIZE);
    m->items[m->n] =
        (struct bm_manifest_item){ .kind = BM_MANIFEST_BUNDLE,
                                   .path = ca_text(BUNDLE_PATH),
                                   .sha256 = BM_ARRAY(m->rows[m->n].hash),
                                   .size = (uint32_t)last.message.n };
    m->n++;
    return BM_OK;
}

static int compare_items(const void *a, const void *b)
{
    return bm_manifest_order(a, b);
}

static bm_status put_content(struct making *m)
{
    const struct bm_manifest_config config = {
        .series = ca_text(m->series),
        .version = m->row.version,
        .issued = m->row.issued,
        .next_update = m->row.next_update,
        .device = ca_text(m->device->name),
        .mode = (enum bm_manifest_mode)(m->mode == 0 ? 0 : m->mode - 1),
        .items = m->items,
        .items_n = m->n
    };
    size_t n;

    bm_wr_init(&m->content, m->room, sizeof m->room);
    BM_TRY(bm_manifest_put(&config, &m->content));
    return bm_wr_finish(&m->content, &n);
}

/*
 * A policy whose signer is not good any more, or is lost to the store, is not
 * offered; nor is one of a wider assignment in its place, which may let in
 * more. The device keeps what it has, and is told the rest. A store that cannot
 * say for now has said nothing.
 */
static bm_status withhold(struct making *m)
{
    struct ca_refusal why = { BM_OK, "" };
    size_t i = 0;
    bm_status rc;

    while (i < m->n && m->rows[i].kind != STORE_ITEM_POLICY) {
        i++;
    }
    if (i == m->n) {
        return BM_OK;
    }
    rc = ca_policy_still(m->ca->c.store, &m->rows[i], m->now, &why);
    if (rc == BM_OK || why.status == BM_OK) {
        return rc;
    }
    m->n--;
    memmove(&m->rows[i], &m->rows[i + 1], (m->n - i) * sizeof m->rows[0]);
    memmove(&m->by[i], &m->by[i + 1], (m->n - i) * sizeof m->by[0]);
    return BM_OK;
}

/* In a read transaction: all but version and dates. */
static bm_status gather(struct making *m, bool *anything)
{
    const struct bm_crypto *crypto = m->ca->c.crypto;
    const struct store *s = m->ca->c.store;
    const struct store_scope whose = { 0, m->device->organisation };
    struct store_visit visit = { m, take_assigned };
    uint8_t hash[BM_HASH_MAX];

    BM_TRY(ca_bundle_list_of(s, &whose, &m->list));
    ca_bundle_series(m->ca->c.bundle_series, m->list, m->series);

    if (m->device->state == STORE_DEVICE_SUSPENDED) {
        m->mode = BM_MANIFEST_REPAIR + 1;
    } else {
        BM_TRY(s->assignment_of_device(s->self, m->device->organisation,
                                       m->device->id, &visit));
        BM_TRY(withhold(m));
    }
    *anything = m->n != 0 || m->mode > BM_MANIFEST_NORMAL + 1;
    if (strlen(m->device->name) > BM_MANIFEST_NAME_MAX) {
        return *anything ? ca_refuse_name(m->why, m->device->name)
                         : BM_E_NOT_FOUND;
    }
    for (size_t i = 0; i < m->n; i++) {
        m->items[i] = blob_item(&m->rows[i], m->paths[i]);
    }
    BM_TRY(add_bundle(m));
    qsort(m->items, m->n, sizeof m->items[0], compare_items);
    m->row.version = 1;
    BM_TRY(put_content(m));
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&m->content),
                        hash));
    memcpy(m->row.said, hash, sizeof m->row.said);
    return BM_OK;
}

/* ---- Making one */

static bm_status prepare(struct making *m, struct ca *ca, int64_t now,
                         struct ca_refusal *why)
{
    uint64_t floor;

    BM_TRY(ca_version_floor(ca->c.store, CA_JOURNAL_MANIFEST, &floor));
    m->row.device = m->device->id;
    m->row.organisation = m->device->organisation;
    m->row.version = floor + 1;
    m->row.issued = now;
    BM_TRY(ca_message_end(ca, now, &m->row.next_update, why));
    return put_content(m);
}

static bm_status record(struct ca *ca, void *arg, int64_t now,
                        struct bm_bytes message)
{
    const struct store *s = ca->c.store;
    struct making *m = arg;

    (void)now;
    m->row.message = message;
    BM_TRY(ca_version_used(ca, CA_JOURNAL_MANIFEST, m->row.version));
    for (size_t i = 0; i < m->n; i++) {
        const struct store_progress progress = { .assignment = m->by[i],
                                                 .item = m->rows[i].id,
                                                 .device = m->device->id,
                                                 .version = m->row.version,
                                                 .steps = STORE_STEP_OFFERED };

        if (m->rows[i].id != 0) {
            BM_TRY(s->progress_put(s->self, &progress));
        }
    }
    return s->manifest_put(s->self, &m->row);
}

/* What is there, and what is to be done about it. */
enum verdict {
    NOTHING, /* BM_E_NOT_FOUND */
    GIVE,
    GIVE_OR_MAKE, /* half of its life is over */
    MAKE
};

static bm_status judge(struct making *m, struct ca *ca, int64_t now,
                       struct bm_wr *message, enum verdict *verdict)
{
    const struct store *s = ca->c.store;
    struct store_manifest last;
    bool anything;
    bool there;
    bm_status rc;

    BM_TRY(gather(m, &anything));
    rc = s->manifest_get(s->self, m->device->id, &last);
    there = rc == BM_OK;
    if (!there && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    *verdict = !there && !anything ? NOTHING : MAKE;
    if (!there || last.next_update <= now ||
        memcmp(last.said, m->row.said, sizeof last.said) != 0) {
        return BM_OK;
    }
    *verdict = now < last.issued + (last.next_update - last.issued) / 2
                   ? GIVE
                   : GIVE_OR_MAKE;
    m->row.version = last.version;
    bm_wr_put(message, last.message);
    return message->len <= message->cap ? BM_OK : BM_E_STORE_CORRUPT;
}

static bm_status make(struct making *m, struct ca *ca, int64_t now,
                      struct bm_wr *message, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct ca_message signing = { .kind = CA_JOURNAL_MANIFEST,
                                  .arg = m,
                                  .record = record };
    bm_status rc;

    /* Nothing may be signed that ca_begin() would refuse. */
    BM_TRY(ca_begin(ca, now, why));
    s->rollback(s->self);
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = prepare(m, ca, now, why);
    s->rollback(s->self);
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    signing.content = bm_wr_bytes(&m->content);
    return ca_message_sign(ca, &signing, now, message, why);
}

static bm_status get(struct making *m, struct ca *ca, int64_t now,
                     struct bm_wr *message, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct bm_wr before = *message;
    enum verdict verdict = MAKE;
    uint64_t last;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = judge(m, ca, now, message, &verdict);
    s->rollback(s->self);
    if (rc != BM_OK || verdict == NOTHING) {
        return ca_refuse_plain(why, rc != BM_OK ? rc : BM_E_NOT_FOUND);
    }
    if (verdict == GIVE) {
        return BM_OK;
    }
    last = m->row.version;
    if (verdict == GIVE_OR_MAKE) {
        struct bm_wr good = *message;
        struct ca_refusal late = { BM_OK, "" };
        uint8_t room[BM_MANIFEST_SIZE_MAX];

        bm_wr_init(message, room, sizeof room);
        rc = make(m, ca, now, message, &late);
        good.len = rc == BM_OK ? before.len : good.len;
        if (rc == BM_OK) {
            bm_wr_put(&good, bm_wr_bytes(message));
        }
        *message = good;
        m->row.version = rc == BM_OK ? m->row.version : last;
        return BM_OK;
    }
    *message = before;
    return make(m, ca, now, message, why);
}

bm_status ca_manifest_get(struct ca *ca, const struct store_device *device,
                          int64_t now, struct bm_wr *message, uint64_t *version,
                          struct ca_refusal *why)
{
    struct making *m = calloc(1, sizeof *m);
    bm_status rc;

    *version = 0;
    if (m == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    m->ca = ca;
    m->device = device;
    m->why = why;
    m->now = now;
    rc = get(m, ca, now, message, why);
    *version = rc == BM_OK ? m->row.version : 0;
    free(m);
    return rc;
}
