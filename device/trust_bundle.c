/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/oid.h"
#include "core/signed.h"
#include "device/number.h"
#include "device/trust_internal.h"

/*
 * Taking a trust bundle, keeping it, and finding it again.
 *
 * In the log a bundle lies as a head record and chunks, in one of two banks. A
 * new one is written into the bank that is not in use; then the head flips, in
 * one record. A power cut before that leaves the old one, and after it the new
 * one. The head also holds the version below which there is no way back, even
 * when the bundle itself should be lost.
 */

/*
 * head = bank (1), size (4), version (8), SHA-256 of the content (32), name
 * (the rest, 1 to 64); big end first. It is the content that a version stands
 * for: the message around it has octets that nobody signs.
 */
enum {
    HEAD_SIZE = 1,
    HEAD_VERSION = 5,
    HEAD_DIGEST = 13,
    HEAD_NAME = 45,
    HEAD_MAX = HEAD_NAME + BM_BUNDLE_NAME_MAX
};

#define BANKS 2

_Static_assert(1 + BM_SIGNED_CERTS_MAX + BM_TRUST_ANCHORS_MAX <= BM_TRUST_CERTS,
               "a signer, its pool and the anchors fit");

bm_status bm_trust_signer(const struct bm_trust *trust, struct bm_bytes purpose,
                          struct bm_bytes certs, int64_t issued,
                          const uint32_t *uptime)
{
    struct bm_trust_work *work = trust->config.work;
    struct bm_cert *signer = &work->cert[0];
    struct bm_cert *pool = signer + 1;
    size_t pool_n = bm_trust_pool(certs, pool, BM_SIGNED_CERTS_MAX);
    struct bm_trust_check check = {
        .trust = trust,
        .anchors = pool + pool_n,
        .anchors_n =
            bm_trust_anchors(trust, BM_TRUST_OWN_ANCHORS, pool + pool_n),
        .now = uptime != NULL ? bm_clock_now(trust->config.clock, *uptime) : 0,
    };
    const struct bm_revocation asked = { &check, bm_trust_revoked };
    const struct bm_path_config config = {
        .crypto = trust->config.crypto,
        .anchors = check.anchors,
        .anchors_n = check.anchors_n,
        .pool = pool,
        .pool_n = pool_n,
        .time = check.now > issued ? check.now : issued,
        .validity = uptime != NULL ? BM_PATH_AT_LEAST : BM_PATH_ANY_TIME,
        .flags = BM_PATH_NEED_EKU,
        .purpose = purpose,
        .key_usage = BM_KU_DIGITAL_SIGNATURE,
        .revocation = uptime != NULL ? &asked : NULL,
    };

    BM_TRY(bm_signed_purpose(signer, purpose));
    return bm_path_find(&work->path, &config, signer);
}

/* Do the certificates of the bundle fit beside those that we have? One that is
 * listed and ours already needs no second place. */
static bm_status check_room(const struct bm_trust *trust,
                            const struct bm_bundle *bundle)
{
    struct bm_cert *have = trust->config.work->cert;
    size_t have_n = bm_trust_anchors(trust, BM_TRUST_OWN_ANCHORS, have);
    size_t own = trust->config.anchors_n + trust->learned;
    struct bm_bytes list = bundle->anchors;
    struct bm_bundle_anchor anchor;
    struct bm_bytes der;
    size_t n = 0;

    while (bm_bundle_anchor_next(&list, &anchor)) {
        n += anchor.status == BM_BUNDLE_ACTIVE &&
             !bm_trust_has_der(have, have_n, anchor.cert);
    }
    if (own + n > BM_TRUST_ANCHORS_MAX) {
        return BM_E_TRUST_SIZE;
    }
    list = bundle->cross;
    n = 0;
    while (bm_bundle_cross_next(&list, &der)) {
        n++;
    }
    return n <= BM_TRUST_CROSS_MAX ? BM_OK : BM_E_TRUST_SIZE;
}

/* Is it of our series, and not older than what we had? */
static bm_status check_version(const struct bm_trust *trust,
                               const struct bm_bundle *bundle,
                               const uint8_t *digest)
{
    if (trust->series_n != 0 &&
        !bm_bytes_are(bundle->name, trust->series, trust->series_n)) {
        return BM_E_TRUST_SERIES;
    }
    if (bundle->version < trust->floor ||
        (bundle->version == trust->floor &&
         memcmp(trust->digest, digest, sizeof trust->digest) != 0)) {
        return BM_E_TRUST_ROLLBACK;
    }
    return BM_OK;
}

/* Where a chunk lies in the message; empty behind its end. */
static struct bm_bytes chunk_of(const struct bm_trust *trust,
                                struct bm_bytes message, size_t i)
{
    size_t size = bm_log_value_max(trust->config.log);
    size_t at = i * size;
    size_t left = at < message.n ? message.n - at : 0;

    return (struct bm_bytes){ left != 0 ? message.p + at : message.p,
                              left < size ? left : size };
}

/* Delete what lies in a bank; what cannot be deleted now is next time. */
static void clear_bank(const struct bm_trust *trust, uint32_t bank)
{
    uint32_t key = TRUST_CHUNK(bank, 0);
    bool first = true;
    size_t n = 0;

    while (bm_log_next(trust->config.log, &key, first, &n) == BM_OK &&
           key < TRUST_CHUNK(bank + 1, 0)) {
        if (bm_log_delete(trust->config.log, key) != BM_OK) {
            return;
        }
        first = false;
    }
}

static bm_status put_head(const struct bm_trust *trust,
                          const struct bm_bundle *bundle, size_t size,
                          uint32_t bank, const uint8_t *digest)
{
    uint8_t room[HEAD_MAX];
    struct bm_wr w;

    room[0] = (uint8_t)bank;
    bm_number_put(room + HEAD_SIZE, 4, size);
    bm_number_put(room + HEAD_VERSION, 8, bundle->version);
    bm_wr_init(&w, room, sizeof room);
    w.len = HEAD_DIGEST;
    bm_wr_put(&w, (struct bm_bytes){ digest, sizeof trust->digest });
    bm_wr_put(&w, bundle->name);
    return bm_log_put(trust->config.log, TRUST_HEAD, bm_wr_bytes(&w));
}

/* Write chunks, then the head that names them. */
static bm_status store(const struct bm_trust *trust, struct bm_bytes message,
                       const struct bm_bundle *bundle, uint32_t bank,
                       const uint8_t *digest)
{
    struct bm_bytes chunk;
    bm_status rc = BM_OK;

    clear_bank(trust, bank);
    for (uint32_t i = 0; rc == BM_OK; i++) {
        chunk = chunk_of(trust, message, i);
        if (chunk.n == 0) {
            break;
        }
        rc = bm_log_put(trust->config.log, TRUST_CHUNK(bank, i), chunk);
    }
    if (rc == BM_OK) {
        rc = put_head(trust, bundle, message.n, bank, digest);
    }
    if (rc != BM_OK) {
        clear_bank(trust, bank);
    }
    return rc;
}

/* Put it into force: a copy in the room, whose views are read again. */
static bm_status adopt(struct bm_trust *trust, size_t n)
{
    struct bm_bytes message = { trust->config.room, n };
    struct bm_cms cms;

    trust->bundle_n = n;
    BM_TRY(bm_cms_parse(message, NULL, &cms));
    return bm_bundle_parse(cms.content, NULL, &trust->bundle);
}

static void remember(struct bm_trust *trust, const struct bm_bundle *bundle,
                     uint32_t bank, const uint8_t *digest)
{
    trust->floor = bundle->version;
    memcpy(trust->digest, digest, sizeof trust->digest);
    memcpy(trust->series, bundle->name.p, bundle->name.n);
    trust->series_n = (uint8_t)bundle->name.n;
    trust->bank = (uint8_t)bank;
}

static bm_status digest_of(const struct bm_trust *trust,
                           struct bm_bytes content, uint8_t *digest)
{
    const struct bm_crypto *crypto = trust->config.crypto;

    return crypto->hash(crypto->self, BM_HASH_SHA256, content, digest);
}

static bool is_in_room(const struct bm_trust *trust, struct bm_bytes message)
{
    uintptr_t room = (uintptr_t)trust->config.room;
    uintptr_t at = (uintptr_t)message.p;

    return at < room + trust->config.room_n && room < at + message.n;
}

/* All that can be said against it, before anything changes. */
static bm_status check_bundle(const struct bm_trust *trust,
                              struct bm_bytes message, uint32_t uptime,
                              uint8_t *digest, struct bm_bundle *bundle)
{
    struct bm_bytes certs;

    if (message.n > trust->config.room_n) {
        return BM_E_TRUST_SIZE;
    }
    if (is_in_room(trust, message)) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(bm_bundle_open(message, trust->config.crypto,
                          &trust->config.work->cert[0], &certs, bundle));
    BM_TRY(bm_trust_signer(trust, BM_LIT(BM_OID_KP_BUNDLE), certs,
                           bundle->issued, &uptime));
    BM_TRY(digest_of(trust, bundle->content, digest));
    BM_TRY(check_version(trust, bundle, digest));
    return check_room(trust, bundle);
}

bm_status bm_trust_take_bundle(struct bm_trust *trust, struct bm_bytes message,
                               uint32_t connection, uint32_t uptime)
{
    uint32_t bank = trust->bank ^ 1u;
    uint8_t digest[sizeof trust->digest];
    struct bm_bundle bundle;

    BM_TRY(check_bundle(trust, message, uptime, digest, &bundle));
    if (bundle.version != trust->bundle.version) {
        uint32_t old = trust->bank;

        if (trust->config.log != NULL) {
            BM_TRY(store(trust, message, &bundle, bank, digest));
        }
        remember(trust, &bundle, bank, digest);
        memcpy(trust->config.room, message.p, message.n);
        BM_TRY(adopt(trust, message.n));
        if (trust->config.log != NULL) {
            clear_bank(trust, old);
        }
    }
    bm_trust_tell_clock(trust, bundle.issued, connection, uptime);
    return BM_OK;
}

/* Read the chunks of a bank into the room. */
static bm_status load_chunks(const struct bm_trust *trust, uint32_t bank,
                             size_t size)
{
    size_t at = 0;

    for (uint32_t i = 0; at < size; i++) {
        size_t n = 0;

        BM_TRY(bm_log_get(trust->config.log, TRUST_CHUNK(bank, i),
                          trust->config.room + at, size - at, &n));
        if (n == 0) {
            return BM_E_TRUST_BUNDLE;
        }
        at += n;
    }
    return BM_OK;
}

/* What the head names must be there, whole, and verify as it did then. */
static bm_status load_message(struct bm_trust *trust, size_t size)
{
    struct bm_bytes message = { trust->config.room, size };
    uint8_t digest[sizeof trust->digest];
    struct bm_bundle bundle;
    struct bm_bytes certs;

    BM_TRY(load_chunks(trust, trust->bank, size));
    BM_TRY(bm_bundle_open(message, trust->config.crypto,
                          &trust->config.work->cert[0], &certs, &bundle));
    BM_TRY(bm_trust_signer(trust, BM_LIT(BM_OID_KP_BUNDLE), certs,
                           bundle.issued, NULL));
    BM_TRY(digest_of(trust, bundle.content, digest));
    if (bundle.version != trust->floor ||
        memcmp(digest, trust->digest, sizeof digest) != 0) {
        return BM_E_TRUST_BUNDLE;
    }
    return adopt(trust, size);
}

/* A head that makes no sense, or is of another series, counts as none. */
static bool read_head(struct bm_trust *trust, const uint8_t *head, size_t n,
                      size_t *size)
{
    struct bm_bytes name = { head + HEAD_NAME, n - HEAD_NAME };

    if (n <= HEAD_NAME || head[0] >= BANKS ||
        (trust->series_n != 0 &&
         !bm_bytes_are(name, trust->series, trust->series_n))) {
        return false;
    }
    *size = (size_t)bm_number_get(head + HEAD_SIZE, 4);
    trust->bank = head[0];
    trust->floor = bm_number_get(head + HEAD_VERSION, 8);
    memcpy(trust->digest, head + HEAD_DIGEST, sizeof trust->digest);
    memcpy(trust->series, name.p, name.n);
    trust->series_n = (uint8_t)name.n;
    return true;
}

bm_status bm_trust_load_bundle(struct bm_trust *trust)
{
    uint8_t head[HEAD_MAX];
    size_t size = 0;
    size_t n = 0;
    bm_status rc;

    if (trust->config.log == NULL || trust->config.room == NULL) {
        return BM_OK;
    }
    rc = bm_log_get(trust->config.log, TRUST_HEAD, head, sizeof head, &n);
    if (rc == BM_E_NOT_FOUND || rc == BM_E_BUFFER || rc == BM_E_LOG_READ) {
        return BM_OK; /* what the flash has lost must not lock the device up */
    }
    BM_TRY(rc);
    if (read_head(trust, head, n, &size) && size <= trust->config.room_n &&
        load_message(trust, size) != BM_OK) {
        trust->bundle = (struct bm_bundle){ 0 };
        trust->bundle_n = 0;
    }
    return BM_OK;
}
