/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/oid.h"
#include "device/deliver_internal.h"

/* The record STATE. */
enum {
    STATE_VERSION = 0,
    STATE_DIGEST = 8,
    STATE_MODE = 40,
    STATE_SETTLED = 41,
    STATE_MAX = STATE_SETTLED + BM_MANIFEST_ITEMS_MAX * BM_DELIVER_NAME
};

bm_status deliver_put_state(const struct bm_deliver *d)
{
    size_t n = (size_t)d->settled_n * BM_DELIVER_NAME;
    uint8_t record[STATE_MAX];

    bm_number_put(record + STATE_VERSION, 8, d->version);
    memcpy(record + STATE_DIGEST, d->digest, sizeof d->digest);
    record[STATE_MODE] = (uint8_t)(d->mode << 1 | d->complete);
    memcpy(record + STATE_SETTLED, d->settled, n);
    return bm_log_put(d->config->log, DELIVER_STATE,
                      (struct bm_bytes){ record, STATE_SETTLED + n });
}

bm_status deliver_load_state(struct bm_deliver *d)
{
    uint8_t record[STATE_MAX];
    size_t n = 0;
    bm_status rc =
        bm_log_get(d->config->log, DELIVER_STATE, record, sizeof record, &n);

    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    if (rc == BM_E_BUFFER ||
        (rc == BM_OK &&
         (n < STATE_SETTLED || (n - STATE_SETTLED) % BM_DELIVER_NAME != 0 ||
          record[STATE_MODE] >> 1 > BM_MANIFEST_REPAIR))) {
        return BM_E_LOG_READ;
    }
    BM_TRY(rc);
    d->version = bm_number_get(record + STATE_VERSION, 8);
    memcpy(d->digest, record + STATE_DIGEST, sizeof d->digest);
    d->mode = record[STATE_MODE] >> 1;
    d->complete = (record[STATE_MODE] & 1) != 0;
    d->settled_n = (uint8_t)((n - STATE_SETTLED) / BM_DELIVER_NAME);
    memcpy(d->settled, record + STATE_SETTLED, n - STATE_SETTLED);
    return BM_OK;
}

/* Octets of a hash in a name; the tag follows. */
#define HASH_PART (BM_DELIVER_NAME - 1)

static bool is_name(const uint8_t *name, const uint8_t *sha256, uint8_t tag)
{
    return memcmp(name, sha256, HASH_PART) == 0 &&
           (name[HASH_PART] == tag || name[HASH_PART] == DELIVER_TAG_ANY ||
            tag == DELIVER_TAG_ANY);
}

bool deliver_is_settled(const struct bm_deliver *d, const uint8_t *sha256,
                        uint8_t tag)
{
    size_t i = 0;

    while (i < d->settled_n && !is_name(d->settled[i], sha256, tag)) {
        i++;
    }
    return i < d->settled_n;
}

/* Where there is no place, the first goes: it is of an earlier manifest. */
bm_status deliver_settle(struct bm_deliver *d, const uint8_t *sha256,
                         uint8_t tag)
{
    if (!deliver_is_settled(d, sha256, tag)) {
        if (d->settled_n == BM_MANIFEST_ITEMS_MAX) {
            d->settled_n--;
            memmove(d->settled[0], d->settled[1],
                    (size_t)d->settled_n * BM_DELIVER_NAME);
        }
        memcpy(d->settled[d->settled_n], sha256, HASH_PART);
        d->settled[d->settled_n++][HASH_PART] = tag;
    }
    return deliver_put_state(d);
}

/* What does not stand in this manifest is not settled any more: but one for
 * repair only tells a suspended device of nothing that it will be told of when
 * it is resumed. */
static void prune(struct bm_deliver *d, const struct bm_manifest *m)
{
    struct bm_manifest_item item;
    uint8_t kept = 0;

    if (m->mode == BM_MANIFEST_REPAIR) {
        return;
    }
    for (uint8_t i = 0; i < d->settled_n; i++) {
        struct bm_bytes list = m->items;
        bool there = false;

        while (!there && bm_manifest_next(&list, &item)) {
            there = is_name(d->settled[i], item.sha256.p, deliver_tag(&item));
        }
        if (there) {
            memmove(d->settled[kept++], d->settled[i], BM_DELIVER_NAME);
        }
    }
    d->settled_n = kept;
}

/* Is it for us, of our series, of today, and not older than what we had? */
static bm_status check(const struct bm_deliver *d, const struct bm_manifest *m,
                       const uint8_t *digest)
{
    const struct bm_deliver_config *c = d->config;
    const struct bm_trust *trust = c->trust;

    if (trust->series_n != 0 &&
        !bm_bytes_are(m->series, trust->series, trust->series_n)) {
        return BM_E_MANIFEST_SERIES;
    }
    if (!bm_bytes_are(m->device, c->device, strlen(c->device))) {
        return BM_E_MANIFEST_DEVICE;
    }
    if (m->version < d->version ||
        (m->version == d->version &&
         memcmp(digest, d->digest, sizeof d->digest) != 0)) {
        return BM_E_MANIFEST_ROLLBACK;
    }
    return c->clock != NULL && bm_clock_now(c->clock, d->at) > m->next_update
               ? BM_E_MANIFEST_STALE
               : BM_OK;
}

static void learn_time(const struct bm_deliver *d, int64_t issued)
{
    bm_status kept;

    if (d->config->clock != NULL && !d->exchange.expired) {
        kept = bm_clock_learn(d->config->clock, BM_CLOCK_STATUS, issued,
                              d->rounds, d->at);
        (void)kept; /* until the next start in any case */
    }
}

static bm_status judge(struct bm_deliver *d, struct bm_manifest *m,
                       uint8_t *digest)
{
    const struct bm_deliver_config *c = d->config;
    struct bm_bytes message = { deliver_room(d), d->room_n };
    struct bm_bytes certs;

    BM_TRY(bm_manifest_open(message, c->crypto, &c->trust->config.work->cert[0],
                            &certs, m));
    BM_TRY(bm_trust_signer(c->trust, BM_LIT(BM_OID_KP_BUNDLE), certs, m->issued,
                           &d->at));
    BM_TRY(
        c->crypto->hash(c->crypto->self, BM_HASH_SHA256, m->content, digest));
    return check(d, m, digest);
}

bm_status deliver_take_manifest(struct bm_deliver *d)
{
    uint8_t digest[sizeof d->digest];
    struct bm_manifest m;

    d->manifest = (struct bm_manifest){ 0 };
    BM_TRY(judge(d, &m, digest));
    if (m.version != d->version) {
        d->complete = false;
        d->left = 0;
        d->told = 0;
        prune(d, &m);
    }
    d->version = m.version;
    d->mode = (uint8_t)m.mode;
    memcpy(d->digest, digest, sizeof d->digest);
    BM_TRY(deliver_put_state(d));
    learn_time(d, m.issued);
    d->manifest = m;
    return BM_OK;
}
