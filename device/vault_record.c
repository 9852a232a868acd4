/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/vault_internal.h"

#define VERSION    1
#define NONCE_SIZE 12

static const char label[] = "birthmark vault 1";

enum vault_kind vault_kind(const uint8_t *head)
{
    return (enum vault_kind)(head[0] & 15);
}

uint64_t vault_number(const uint8_t sequence[8])
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++) {
        v = v << 8 | sequence[i];
    }
    return v;
}

static void put_int(uint8_t *p, uint64_t v, int n)
{
    while (n-- > 0) {
        p[n] = (uint8_t)v;
        v >>= 8;
    }
}

/* Is this the head of a record of ours, at this place and of this size? A
 * value has a name; the others have neither. */
static bool is_head(const uint8_t *head, uint32_t key, size_t size)
{
    uint32_t slot = (uint32_t)head[2] << 8 | head[3];
    size_t least = VAULT_HEAD_SIZE + (size_t)head[1] + BM_AEAD_TAG_SIZE;
    enum vault_kind kind = vault_kind(head);

    if (head[0] >> 4 != VERSION || BM_LOG_KEY(BM_LOG_VAULT, slot) != key ||
        head[1] > BM_VAULT_NAME_MAX || size < least) {
        return false;
    }
    return kind == VAULT_VALUE
               ? head[1] != 0
               : kind <= VAULT_WIPED && head[1] == 0 && size == least;
}

bm_status vault_next(const struct bm_vault *v, struct vault_item *item)
{
    const struct bm_log *log = v->config.log;
    uint32_t key = item->key;
    struct bm_wr w;
    bm_status rc;

    BM_TRY(bm_log_next(log, &key, false, &item->size));
    if (key >> 24 != BM_LOG_VAULT) {
        return BM_E_END;
    }
    item->key = key;
    bm_wr_init(&w, item->head, sizeof item->head);
    rc = bm_log_get_part(log, key, 0, &w, &item->size);
    if (rc == BM_E_LOG_READ ||
        (rc == BM_OK &&
         (w.len < VAULT_HEAD_SIZE || !is_head(item->head, key, item->size)))) {
        return BM_E_VAULT_SEAL;
    }
    return rc;
}

/* Take a record into account. */
static bm_status see(const struct bm_vault *v, const struct vault_item *item,
                     struct vault_scan *scan, struct bm_hash_state *state)
{
    const struct bm_crypto *crypto = v->config.crypto;
    struct bm_bytes head = { item->head, VAULT_HEAD_SIZE + item->head[1] };

    if (scan->newest == VAULT_FIRST ||
        memcmp(item->head + VAULT_SEQUENCE_AT, scan->sequence, 8) > 0) {
        scan->newest = item->key;
        memcpy(scan->sequence, item->head + VAULT_SEQUENCE_AT, 8);
    }
    if (vault_kind(item->head) != VAULT_VALUE) {
        scan->mark = item->key;
        return BM_OK;
    }
    if (bm_bytes_are(scan->name, item->head + VAULT_HEAD_SIZE, item->head[1])) {
        scan->there = true;
        scan->place = item->key;
    }
    return item->key == scan->except
               ? BM_OK
               : crypto->hash_more(crypto->self, state, head);
}

bm_status vault_scan(const struct bm_vault *v, struct vault_scan *scan)
{
    const struct bm_crypto *crypto = v->config.crypto;
    struct vault_item item = { .key = VAULT_FIRST };
    struct bm_hash_state state;
    uint32_t empty = VAULT_FIRST + 1;
    bm_status rc = crypto->hash_begin(crypto->self, &state, BM_HASH_SHA256);

    scan->newest = VAULT_FIRST;
    while (rc == BM_OK) {
        rc = vault_next(v, &item);
        if (rc == BM_OK) {
            rc = see(v, &item, scan, &state);
        } else if (rc == BM_E_VAULT_SEAL) {
            scan->damaged = true;
            rc = BM_OK;
        }
        scan->items += rc == BM_OK ? 1 : 0;
        empty += item.key == empty ? 1 : 0;
    }
    if (!scan->there) {
        scan->place = scan->mark != 0 ? scan->mark : empty;
    }
    if (rc != BM_E_END) {
        (void)crypto->hash_end(crypto->self, &state, NULL);
        return rc;
    }
    return crypto->hash_end(crypto->self, &state, scan->digest);
}

/* The key of a record: of its name, so that one tells nothing of another. */
static bm_status derive(const struct bm_vault *v, struct bm_bytes name,
                        uint8_t key[32])
{
    const struct bm_secret *secret = v->config.secret;
    uint8_t buf[sizeof label + BM_VAULT_NAME_MAX];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, buf, sizeof buf);
    bm_wr_put(&w, (struct bm_bytes){ (const uint8_t *)label, sizeof label });
    bm_wr_put(&w, name);
    BM_TRY(bm_wr_finish(&w, &n));
    return secret->derive(secret->self, bm_wr_bytes(&w), key);
}

/* Open or seal what stands in the work memory behind `before` octets. */
static bm_status apply(const struct bm_vault *v, size_t before, size_t n,
                       bool seal)
{
    const struct bm_crypto *crypto = v->config.crypto;
    uint8_t *work = v->config.work;
    struct bm_bytes in = { work + before, n };
    uint8_t key[32];
    struct bm_aead_config aead = { .alg = BM_AEAD_AES256_GCM,
                                   .key = BM_ARRAY(key),
                                   .nonce = { work + VAULT_NONCE_AT,
                                              NONCE_SIZE },
                                   .aad = { work, before } };
    bm_status rc =
        derive(v, (struct bm_bytes){ work + VAULT_HEAD_SIZE, work[1] }, key);

    if (rc == BM_OK) {
        rc = seal ? crypto->seal(crypto->self, &aead, in, work + before)
                  : crypto->open(crypto->self, &aead, in, work + before);
    }
    bm_wipe(key, sizeof key);
    return rc;
}

bm_status vault_unseal(const struct bm_vault *v, uint32_t key,
                       struct bm_bytes *value)
{
    uint8_t *work = v->config.work;
    size_t before;
    size_t size;
    bm_status rc;

    BM_TRY(bm_log_get(v->config.log, key, work, v->config.work_size, &size));
    if (size < VAULT_HEAD_SIZE || !is_head(work, key, size)) {
        return BM_E_VAULT_SEAL;
    }
    before = VAULT_HEAD_SIZE + (size_t)work[1];
    rc = apply(v, before, size - before, false);
    *value =
        (struct bm_bytes){ work + before, size - before - BM_AEAD_TAG_SIZE };
    return rc == BM_E_AEAD ? BM_E_VAULT_SEAL : rc;
}

/*
 * The half that is random since the vault was opened keeps nonces apart that
 * two copies of one flash would use; the other half counts attempts, not
 * records, as one that failed may be in the flash all the same.
 */
static bm_status make_nonce(struct bm_vault *v, uint8_t nonce[NONCE_SIZE])
{
    const struct bm_crypto *crypto = v->config.crypto;

    if (v->writes == UINT32_MAX) {
        return BM_E_LIMIT;
    }
    if (v->writes == 0) {
        BM_TRY(crypto->random(crypto->self, v->boot, sizeof v->boot));
    }
    memcpy(nonce, v->boot, sizeof v->boot);
    put_int(nonce + sizeof v->boot, v->writes++, 4);
    return BM_OK;
}

/* What the record is to say of all others. A wipe leaves none. */
static bm_status make_digest(const struct bm_vault *v,
                             const struct vault_draft *draft, uint8_t *digest)
{
    const struct bm_crypto *crypto = v->config.crypto;
    struct vault_scan scan = { .except = draft->key };

    if (draft->kind == VAULT_WIPED) {
        return crypto->hash(crypto->self, BM_HASH_SHA256, scan.name, digest);
    }
    BM_TRY(vault_scan(v, &scan));
    memcpy(digest, scan.digest, sizeof scan.digest);
    return BM_OK;
}

bm_status vault_seal(struct bm_vault *v, const struct vault_draft *draft)
{
    uint8_t *work = v->config.work;
    size_t before = VAULT_HEAD_SIZE + draft->name.n;
    size_t size = before + draft->value.n + BM_AEAD_TAG_SIZE;

    if (size > v->config.work_size) {
        return BM_E_BUFFER;
    }
    work[0] = (uint8_t)(VERSION << 4 | (int)draft->kind);
    work[1] = (uint8_t)draft->name.n;
    put_int(work + 2, draft->key & 0xffff, 2);
    BM_TRY(make_nonce(v, work + VAULT_NONCE_AT));
    put_int(work + VAULT_SEQUENCE_AT, draft->sequence, 8);
    BM_TRY(make_digest(v, draft, work + VAULT_DIGEST_AT));
    if (draft->name.n != 0) {
        memcpy(work + VAULT_HEAD_SIZE, draft->name.p, draft->name.n);
    }
    if (draft->value.n != 0) {
        memmove(work + before, draft->value.p, draft->value.n);
    }
    BM_TRY(apply(v, before, draft->value.n, true));
    return bm_log_put(v->config.log, draft->key,
                      (struct bm_bytes){ work, size });
}
