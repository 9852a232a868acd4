/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/number.h"
#include "device/vault_internal.h"

/* A call's end: what it left in the work memory is nobody's business. */
static bm_status finish(struct bm_vault *v, bm_status rc)
{
    bm_wipe(v->config.work, v->config.work_size);
    return rc;
}

static bm_status count(struct bm_vault *v)
{
    const struct bm_counter *counter = v->config.counter;

    if (!v->counted) {
        BM_TRY(counter->increment(counter->self));
        v->counted = true;
    }
    return BM_OK;
}

/* The counter stands at the newest record, or one before it. */
static bm_status check_counter(struct bm_vault *v)
{
    const struct bm_counter *counter = v->config.counter;
    uint64_t value;

    v->counted = true;
    if (counter == NULL) {
        return BM_OK;
    }
    BM_TRY(counter->read(counter->self, &value));
    v->counted = value == v->head;
    return v->head - value <= 1 ? BM_OK : BM_E_VAULT_ROLLBACK;
}

/* Delete every record but one; and remove what is left of them. */
static bm_status delete_others(struct bm_vault *v, uint32_t except, bool scrub)
{
    struct bm_log *log = v->config.log;
    struct vault_item item = { .key = VAULT_FIRST };

    for (;;) {
        bm_status rc = vault_next(v, &item);

        if (rc == BM_E_END) {
            return scrub ? bm_log_scrub(log) : BM_OK;
        }
        if (rc != BM_OK && rc != BM_E_VAULT_SEAL) {
            return rc;
        }
        if (item.key != except) {
            BM_TRY(bm_log_delete(log, item.key));
        }
    }
}

/*
 * All is gone: the record that says so says no more than its number from now
 * on. Where it cannot, the next open scrubs once more.
 */
static void end_wipe(struct bm_vault *v)
{
    const struct vault_draft draft = {
        .kind = VAULT_MARK, .key = v->head_key, .sequence = v->head, .name = ""
    };

    (void)vault_seal(v, &draft);
}

/*
 * What the vault holds, and whether it is what the newest record says, which
 * is known from now on. A wiped vault's says that nothing is to be there.
 */
static bm_status load(struct bm_vault *v)
{
    uint8_t *work = v->config.work;
    struct vault_scan scan;
    struct bm_bytes value;
    bool wiped = false;

    BM_TRY(vault_scan(v, "", 0, &scan));
    v->head = bm_number_get(scan.sequence, sizeof scan.sequence);
    v->head_key = scan.newest;
    memcpy(v->digest, scan.digest, sizeof v->digest);
    if (v->head_key != VAULT_FIRST) {
        BM_TRY(vault_unseal(v, v->head_key, &value));
        wiped = work[0] == VAULT_WIPED;
        BM_TRY(vault_scan(v, "", v->head_key, &scan));
        memcpy(v->digest, work + VAULT_DIGEST_AT, sizeof v->digest);
    }
    if (!wiped && (scan.damaged ||
                   memcmp(v->digest, scan.digest, sizeof scan.digest) != 0)) {
        return BM_E_VAULT_ROLLBACK;
    }
    BM_TRY(check_counter(v));
    if (wiped) {
        BM_TRY(delete_others(v, v->head_key, true));
        end_wipe(v);
    }
    (void)count(v); /* or before the next change */
    return BM_OK;
}

bm_status bm_vault_open(struct bm_vault *v,
                        const struct bm_vault_config *config)
{
    *v = (struct bm_vault){ .config = *config, .state = BM_E_ARGUMENT };
    if (config->work_size < BM_VAULT_WORK_SIZE(0)) {
        return BM_E_ARGUMENT;
    }
    v->state = load(v);
    return finish(v, v->state);
}

enum bm_vault_rollback bm_vault_rollback(const struct bm_vault *v)
{
    int counter = v->config.counter != NULL ? 1 : 0;
    int secret = v->config.secret->kind != BM_VAULT_PLAINTEXT ? 1 : 0;

    /* None of the two, one of them, or both. */
    return (enum bm_vault_rollback)(counter + secret);
}

/*
 * Find a name, in a vault in which everything is still as the newest record
 * says.
 */
static bm_status find(struct bm_vault *v, const char *name,
                      struct vault_scan *scan)
{
    BM_TRY(v->state);
    if (strlen(name) - 1 >= BM_VAULT_NAME_MAX) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(vault_scan(v, name, v->head_key, scan));
    if (scan->damaged || scan->newest != v->head_key ||
        bm_number_get(scan->sequence, sizeof scan->sequence) != v->head ||
        memcmp(scan->digest, v->digest, sizeof v->digest) != 0) {
        v->state = BM_E_VAULT_ROLLBACK;
    }
    return v->state;
}

/*
 * Change the vault by one record. Whether one that failed is in the flash all
 * the same is for the flash to say. An empty record that was the newest has
 * no use any more.
 */
static bm_status change(struct bm_vault *v, const struct vault_scan *scan,
                        struct vault_draft *draft)
{
    bm_status rc;

    BM_TRY(count(v));
    draft->key = scan->place;
    draft->sequence = v->head + 1;
    rc = vault_seal(v, draft);
    if (rc != BM_OK) {
        v->state = load(v);
        return rc;
    }
    memcpy(v->digest, v->config.work + VAULT_DIGEST_AT, sizeof v->digest);
    v->head = draft->sequence;
    v->head_key = draft->key;
    v->counted = v->config.counter == NULL;
    if (scan->mark != 0) {
        BM_TRY(bm_log_delete(v->config.log, scan->mark));
    }
    return count(v);
}

static bm_status put(struct bm_vault *v, const char *name,
                     struct bm_bytes value)
{
    struct vault_draft draft = { .kind = VAULT_VALUE,
                                 .name = name,
                                 .value = value };
    struct vault_scan scan;

    if (value.n > BM_VAULT_VALUE_MAX) {
        return BM_E_LIMIT;
    }
    BM_TRY(find(v, name, &scan));
    return change(v, &scan, &draft);
}

bm_status bm_vault_put(struct bm_vault *v, const char *name,
                       struct bm_bytes value)
{
    return finish(v, put(v, name, value));
}

static bm_status get(struct bm_vault *v, const char *name,
                     struct bm_bytes *value)
{
    struct vault_scan scan;

    BM_TRY(find(v, name, &scan));
    if (!scan.there) {
        return BM_E_NOT_FOUND;
    }
    return vault_unseal(v, scan.place, value);
}

bm_status bm_vault_get(struct bm_vault *v, const char *name, uint8_t *out,
                       size_t cap, size_t *n)
{
    struct bm_bytes value = { NULL, 0 };
    bm_status rc = get(v, name, &value);

    *n = rc == BM_OK ? value.n : 0;
    if (*n > cap) {
        rc = BM_E_BUFFER;
    } else if (*n != 0) {
        memcpy(out, value.p, value.n);
    }
    return finish(v, rc);
}

static bm_status remove_name(struct bm_vault *v, const char *name)
{
    struct vault_draft draft = { .kind = VAULT_MARK, .name = "" };
    struct vault_scan scan;

    BM_TRY(find(v, name, &scan));
    return scan.there ? change(v, &scan, &draft) : BM_OK;
}

bm_status bm_vault_delete(struct bm_vault *v, const char *name)
{
    return finish(v, remove_name(v, name));
}

bm_status bm_vault_next(struct bm_vault *v, uint32_t *cursor,
                        char name[BM_VAULT_NAME_MAX + 1])
{
    struct vault_item item = { .key = BM_LOG_KEY(BM_LOG_VAULT, *cursor) };

    BM_TRY(v->state);
    do {
        BM_TRY(vault_next(v, &item));
    } while (item.head[0] != VAULT_VALUE);
    memcpy(name, item.head + VAULT_HEAD_SIZE, item.head[1]);
    name[item.head[1]] = 0;
    *cursor = item.key & 0xffffff;
    return BM_OK;
}

/*
 * Write an empty record as the newest, with a number that is over all others
 * and that the counter reaches by one step. `v->head` is the highest.
 */
static bm_status put_empty(struct bm_vault *v, enum vault_kind kind)
{
    const struct bm_counter *counter = v->config.counter;
    struct vault_draft draft = { .kind = kind, .name = "" };
    struct vault_scan scan;

    BM_TRY(vault_scan(v, "", 0, &scan));
    draft.key = scan.place;
    draft.sequence = bm_number_get(scan.sequence, sizeof scan.sequence);
    if (counter != NULL) {
        BM_TRY(counter->read(counter->self, &draft.sequence));
    }
    draft.sequence++;
    BM_TRY(vault_seal(v, &draft));
    v->head_key = draft.key;
    v->head = draft.sequence;
    return BM_OK;
}

/*
 * The record that says so comes first, so that a power cut after it lets the
 * next open go on; in a log without room for it everything else goes first.
 */
static bm_status wipe(struct bm_vault *v)
{
    if (v->state == BM_E_ARGUMENT) {
        return v->state;
    }
    if (put_empty(v, VAULT_WIPED) != BM_OK) {
        BM_TRY(delete_others(v, 0, false));
        BM_TRY(put_empty(v, VAULT_WIPED));
    }
    BM_TRY(delete_others(v, v->head_key, true));
    end_wipe(v);
    v->state = load(v);
    BM_TRY(v->state);
    return count(v);
}

bm_status bm_vault_wipe(struct bm_vault *v)
{
    return finish(v, wipe(v));
}

/*
 * Drop what cannot be opened under our secret; a record that is newer than
 * the counter can be was not written under this counter, so there is nothing
 * to go on with.
 */
static bm_status accept(struct bm_vault *v)
{
    struct vault_item item = { .key = VAULT_FIRST };
    struct bm_bytes value;
    bm_status rc;

    if (v->state != BM_E_VAULT_ROLLBACK && v->state != BM_E_VAULT_SEAL) {
        return v->state;
    }
    while ((rc = vault_next(v, &item)) != BM_E_END) {
        if (rc == BM_OK) {
            rc = vault_unseal(v, item.key, &value);
        }
        if (rc == BM_E_LOG_READ || rc == BM_E_VAULT_SEAL) {
            rc = bm_log_delete(v->config.log, item.key);
        }
        BM_TRY(rc);
    }
    BM_TRY(put_empty(v, VAULT_MARK));
    v->state = load(v);
    return v->state;
}

bm_status bm_vault_accept(struct bm_vault *v)
{
    return finish(v, accept(v));
}
