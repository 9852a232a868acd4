/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/number.h"
#include "device/vault_internal.h"

/* What a key is derived from, its NUL and the name of the record. */
static const char label[] = "birthmark vault 1";

/* Is this the head of a record of ours, of this size? A value has a name; the
 * others have neither. */
static bool is_head(const uint8_t *head, size_t size)
{
    size_t least = VAULT_HEAD_SIZE + (size_t)head[1] + BM_AEAD_TAG_SIZE;

    if (size < VAULT_HEAD_SIZE || head[1] > BM_VAULT_NAME_MAX || size < least) {
        return false;
    }
    if (head[0] == VAULT_VALUE) {
        return head[1] != 0;
    }
    return (head[0] == VAULT_MARK || head[0] == VAULT_WIPED) &&
           size == VAULT_HEAD_SIZE + BM_AEAD_TAG_SIZE;
}

bm_status vault_next(const struct bm_vault *v, struct vault_item *item)
{
    const struct bm_log *log = v->config.log;
    uint32_t key = item->key;
    bm_status rc;

    BM_TRY(bm_log_next(log, &key, false, &item->size));
    if (key >> 24 != BM_LOG_VAULT) {
        return BM_E_END;
    }
    item->key = key;
    rc = bm_log_get_part(log, key, item->head, sizeof item->head, &item->size);
    if (rc == BM_E_LOG_READ ||
        (rc == BM_OK && !is_head(item->head, item->size))) {
        return BM_E_VAULT_SEAL;
    }
    return rc;
}

/* Take a record into account. */
static void see(const struct vault_item *item, const char *name,
                struct vault_scan *scan)
{
    const uint8_t *head = item->head;

    if (memcmp(head + VAULT_SEQUENCE_AT, scan->sequence, 8) > 0) {
        scan->newest = item->key;
        memcpy(scan->sequence, head + VAULT_SEQUENCE_AT, 8);
    }
    if (head[0] != VAULT_VALUE) {
        scan->mark = item->key;
    } else if (head[1] == strlen(name) &&
               memcmp(head + VAULT_HEAD_SIZE, name, head[1]) == 0) {
        scan->there = true;
        scan->place = item->key;
    }
}

bm_status vault_scan(const struct bm_vault *v, const char *name,
                     uint32_t except, struct vault_scan *scan)
{
    const struct bm_crypto *crypto = v->config.crypto;
    struct vault_item item = { .key = VAULT_FIRST };
    struct bm_hash_state state;
    bm_status rc = crypto->hash_begin(crypto->self, &state, BM_HASH_SHA256);
    bm_status end;

    *scan =
        (struct vault_scan){ .newest = VAULT_FIRST, .place = VAULT_FIRST + 1 };
    while (rc == BM_OK) {
        rc = vault_next(v, &item);
        if (!scan->there && item.key == scan->place) {
            scan->place++;
        }
        if (rc == BM_E_VAULT_SEAL) {
            scan->damaged = true;
            rc = BM_OK;
        } else if (rc == BM_OK) {
            see(&item, name, scan);
            if (item.head[0] == VAULT_VALUE && item.key != except) {
                rc = crypto->hash_more(
                    crypto->self, &state,
                    (struct bm_bytes){ item.head,
                                       VAULT_HEAD_SIZE + item.head[1] });
            }
        }
    }
    end = crypto->hash_end(crypto->self, &state,
                           rc == BM_E_END ? scan->digest : NULL);
    return rc == BM_E_END ? end : rc;
}

/* The key of the record in the work memory: of its name, so that one tells
 * nothing of another. */
static bm_status derive(const struct bm_vault *v, uint8_t key[32])
{
    const struct bm_secret *secret = v->config.secret;
    const uint8_t *work = v->config.work;
    uint8_t buf[sizeof label + BM_VAULT_NAME_MAX];
    struct bm_bytes info = { buf, sizeof label + work[1] };

    memcpy(buf, label, sizeof label);
    memcpy(buf + sizeof label, work + VAULT_HEAD_SIZE, work[1]);
    return secret->derive(secret->self, info, key);
}

/* Seal the `n` octets behind the head in the work memory, or open them. */
static bm_status apply(const struct bm_vault *v, size_t n, bool seal)
{
    const struct bm_crypto *crypto = v->config.crypto;
    uint8_t *work = v->config.work;
    uint8_t *text = work + VAULT_HEAD_SIZE + work[1];
    uint8_t key[32];
    struct bm_aead_config aead = { .alg = BM_AEAD_AES256_GCM,
                                   .key = BM_ARRAY(key),
                                   .nonce = { work + VAULT_NONCE_AT,
                                              VAULT_NONCE_SIZE },
                                   .aad = { work, (size_t)(text - work) } };
    bm_status rc = derive(v, key);

    if (rc == BM_OK) {
        rc = (seal ? crypto->seal : crypto->open)(
            crypto->self, &aead, (struct bm_bytes){ text, n }, text);
    }
    bm_wipe(key, sizeof key);
    return rc == BM_E_AEAD ? BM_E_VAULT_SEAL : rc;
}

bm_status vault_unseal(const struct bm_vault *v, uint32_t key,
                       struct bm_bytes *value)
{
    uint8_t *work = v->config.work;
    size_t n;

    BM_TRY(bm_log_get(v->config.log, key, work, v->config.work_size, &n));
    if (!is_head(work, n)) {
        return BM_E_VAULT_SEAL;
    }
    n -= VAULT_HEAD_SIZE + (size_t)work[1];
    *value = (struct bm_bytes){ work + VAULT_HEAD_SIZE + work[1],
                                n - BM_AEAD_TAG_SIZE };
    return apply(v, n, false);
}

/* What a record says of all others: a wiped vault has none. */
static bm_status make_digest(const struct bm_vault *v,
                             const struct vault_draft *draft, uint8_t *digest)
{
    const struct bm_crypto *crypto = v->config.crypto;
    struct vault_scan scan;

    if (draft->kind == VAULT_WIPED) {
        return crypto->hash(crypto->self, BM_HASH_SHA256,
                            (struct bm_bytes){ NULL, 0 }, digest);
    }
    BM_TRY(vault_scan(v, "", draft->key, &scan));
    memcpy(digest, scan.digest, sizeof scan.digest);
    return BM_OK;
}

bm_status vault_seal(const struct bm_vault *v, const struct vault_draft *draft)
{
    const struct bm_crypto *crypto = v->config.crypto;
    uint8_t *work = v->config.work;
    size_t name_n = strlen(draft->name);
    uint8_t *text = work + VAULT_HEAD_SIZE + name_n;
    struct bm_bytes whole = { work, VAULT_HEAD_SIZE + name_n + draft->value.n +
                                        BM_AEAD_TAG_SIZE };

    if (whole.n > v->config.work_size) {
        return BM_E_BUFFER;
    }
    work[0] = (uint8_t)draft->kind;
    work[1] = (uint8_t)name_n;
    bm_number_put(work + VAULT_SEQUENCE_AT, 8, draft->sequence);
    /* Drawn for each attempt, as one that failed may be in the flash all the
     * same, and two copies of one flash may come to the same number. */
    BM_TRY(crypto->random(crypto->self, work + VAULT_RANDOM_AT,
                          VAULT_RANDOM_SIZE));
    BM_TRY(make_digest(v, draft, work + VAULT_DIGEST_AT));
    memcpy(work + VAULT_HEAD_SIZE, draft->name, name_n);
    if (draft->value.n != 0) {
        memcpy(text, draft->value.p, draft->value.n);
    }
    BM_TRY(apply(v, draft->value.n, true));
    return bm_log_put(v->config.log, draft->key, whole);
}
