/* SPDX-License-Identifier: Apache-2.0 */
#include "device/log_internal.h"

/* The oldest sector that counts: all but the spare one do, once filled. */
static uint32_t oldest(const struct bm_log *log)
{
    uint32_t kept = log->flash->sectors - 1;

    return log->sequence > kept ? log->sequence - kept + 1 : 1;
}

/* Of the records with the least key that is not below `key`, the newest; a
 * deletion is one. BM_E_END. r->doubt: there may be a newer one of `key`. */
static bm_status seek(const struct bm_log *log, uint32_t key,
                      struct log_record *r)
{
    struct log_walk w;
    struct log_record each;
    bm_status found = BM_E_END;
    bm_status rc;

    w.doubt = false;
    log_walk(log, &w, oldest(log), log->sequence);
    while ((rc = log_walk_next(log, &w, &each)) == BM_OK) {
        if (each.key >= key && (found != BM_OK || each.key <= r->key)) {
            *r = each;
            found = BM_OK;
        }
        if (each.key == key) {
            w.doubt = false;
        }
    }
    r->doubt = w.doubt;
    return rc == BM_E_END ? found : rc;
}

/* The record of a key. BM_E_NOT_FOUND; BM_E_LOG_READ: perhaps not. */
static bm_status find(const struct bm_log *log, uint32_t key,
                      struct log_record *r)
{
    bm_status rc = seek(log, key, r);

    if (rc == BM_E_END ||
        (rc == BM_OK && (r->key != key || r->kind == LOG_DELETED))) {
        rc = r->doubt ? BM_E_LOG_READ : BM_E_NOT_FOUND;
    }
    return rc;
}

/* The next record of the walk that a get of its key would find. BM_E_END. */
static bm_status next_live(const struct bm_log *log, struct log_walk *w,
                           struct log_record *r)
{
    struct log_record newest;

    do {
        BM_TRY(log_walk_next(log, w, r));
        BM_TRY(seek(log, r->key, &newest));
    } while (r->kind == LOG_DELETED || newest.at != r->at);
    return BM_OK;
}

/* What a record takes of a sector. */
static uint32_t cost(const struct bm_log *log, uint32_t n)
{
    return log->slot + log_padded(log, n);
}

/*
 * What records can take of a sector, beside two marks: one slot is kept for a
 * deletion, and the half of one stays erased, so that a walk which cannot
 * read the last slot still stops before the values.
 */
static uint32_t capacity(const struct bm_log *log)
{
    return log->flash->sector - 3 * log->slot - log->slot / 2;
}

/* Does a record fit into the sector that is being filled? */
static bool fits(const struct bm_log *log, enum log_kind kind, uint32_t n)
{
    uint32_t kept = kind == LOG_DELETED ? 0 : log->slot;

    return log->top + cost(log, n) + kept + log->slot / 2 <= log->bottom;
}

/*
 * Copy records of sector `s` that are of value to where `to` is filled, as
 * far as they fit; those already copied are of no value any more.
 */
static bm_status gather(const struct bm_log *log, uint32_t s, struct bm_log *to)
{
    struct log_walk w;
    struct log_record r;
    bm_status rc;

    log_walk(log, &w, s, s);
    while ((rc = next_live(log, &w, &r)) == BM_OK) {
        rc = log_value_read(log, &r, NULL, 0, NULL);
        if (rc == BM_E_LOG_READ) {
            r.kind = LOG_LOST;
            r.n = 0;
        } else if (rc != BM_OK) {
            return rc;
        }
        if (fits(to, r.kind, r.n)) {
            BM_TRY(log_append(to, &r, NULL));
        } else if (to != log) {
            return BM_E_INTERNAL; /* it was in a sector of the same size */
        }
    }
    return rc == BM_E_END ? BM_OK : rc;
}

/*
 * Let the rest of the sector take what it can from the oldest one, since large
 * values would leave holes otherwise. Then erase the spare sector, bring over
 * what is left in the oldest, and let the mark make it the newest, whereby the
 * oldest is the spare. Until the mark nothing has happened; so the sector that
 * was being filled takes nothing more, lest it be older than a mark that
 * failed and is there all the same.
 */
static bm_status rotate(struct bm_log *log)
{
    const struct bm_flash *flash = log->flash;
    uint32_t base = log_base(log, log->sequence + 1);
    uint32_t s = log->sequence < flash->sectors - 1 ? 0 : oldest(log);
    struct bm_log next = *log;

    if (s != 0 && s != log->sequence) {
        BM_TRY(gather(log, s, log));
    }
    log->bottom = log->top;
    next.sequence++;
    next.top = base + 2 * log->slot;
    next.bottom = base + flash->sector;
    BM_TRY(flash->erase(flash->self, base));
    if (s != 0) {
        BM_TRY(gather(log, s, &next));
    }
    BM_TRY(log_mark_put(&next, 0));
    *log = next;
    return log_mark_put(log, 1);
}

/* Is it known without trying that no turn makes room? */
static bm_status check_full(const struct bm_log *log, uint32_t n)
{
    uint32_t left = (log->flash->sectors - 1) * capacity(log);
    struct log_walk w;
    struct log_record r;
    bm_status rc;

    log_walk(log, &w, oldest(log), log->sequence);
    while ((rc = next_live(log, &w, &r)) == BM_OK) {
        left -= cost(log, r.n);
    }
    if (rc != BM_E_END) {
        return rc;
    }
    return cost(log, n) > left ? BM_E_LOG_FULL : BM_OK;
}

/* Rotate until a record fits, at most once around. */
static bm_status make_room(struct bm_log *log, enum log_kind kind, uint32_t n)
{
    if (!fits(log, kind, n) && kind != LOG_DELETED) {
        BM_TRY(check_full(log, n));
    }
    for (uint32_t i = 0; !fits(log, kind, n); i++) {
        if (i == log->flash->sectors) {
            return BM_E_LOG_FULL;
        }
        BM_TRY(rotate(log));
    }
    return BM_OK;
}

/* Do all units from `at` to `end` of the flash read as erased? */
static bool is_blank(const struct bm_log *log, uint32_t at, uint32_t end)
{
    const struct bm_flash *flash = log->flash;

    for (; at < end; at += flash->unit) {
        uint8_t unit[BM_FLASH_UNIT_MAX];

        if (flash->read(flash->self, at, unit, flash->unit) != BM_OK) {
            return false;
        }
        for (uint32_t i = 0; i < flash->unit; i++) {
            if (unit[i] != 0xff) {
                return false;
            }
        }
    }
    return true;
}

/*
 * No sector is ours. Nothing but the first one (which has index 1) was ever
 * touched where a log was just to be begun and the power went; anything else
 * is somebody's.
 */
static bm_status begin(struct bm_log *log)
{
    for (uint32_t i = 0; i < log->flash->sectors; i++) {
        uint32_t base = log_base(log, i);

        if (i != 1 && !is_blank(log, base, base + log->flash->sector)) {
            return BM_E_LOG_FORMAT;
        }
    }
    return rotate(log);
}

static bm_status init(struct bm_log *log, const struct bm_flash *flash)
{
    uint32_t unit = flash->unit;

    if (unit - 1 >= BM_FLASH_UNIT_MAX || (unit & (unit - 1)) != 0 ||
        flash->sector < BM_FLASH_SECTOR_MIN ||
        flash->sector > BM_FLASH_SECTOR_MAX ||
        flash->sector % (unit > 8 ? 2 * unit : 16) != 0 ||
        flash->sector < 16 * unit || flash->sectors < 2 ||
        flash->sectors > UINT32_MAX / flash->sector) {
        return BM_E_ARGUMENT;
    }
    *log = (struct bm_log){ .flash = flash };
    log->slot = 2 * log_padded(log, LOG_ENTRY_SIZE / 2);
    return BM_OK;
}

/*
 * Where the newest sector goes on: nowhere, after a slot that was torn, where
 * the rest of it is not erased, and under a mark without its copy: once that
 * could not be read either, all that was put here would be gone.
 */
static bm_status find_end(struct bm_log *log)
{
    struct log_walk w;
    struct log_record r;
    bm_status rc;

    log_walk(log, &w, log->sequence, log->sequence);
    do {
        rc = log_walk_next(log, &w, &r);
    } while (rc == BM_OK);
    log->top = w.at;
    log->bottom = w.bottom;
    if (w.torn || !log_mark_is_double(log) || !is_blank(log, w.at, w.bottom)) {
        log->bottom = w.at;
    }
    return rc == BM_E_END ? BM_OK : rc;
}

bm_status bm_log_open(struct bm_log *log, const struct bm_flash *flash)
{
    BM_TRY(init(log, flash));
    BM_TRY(log_mark_find(log));
    return log->sequence == 0 ? begin(log) : find_end(log);
}

/*
 * A log that is there is overtaken: the new sector's number is so high that
 * no slot in the others can be read with theirs. So there is always either
 * the old log or the new one.
 */
bm_status bm_log_format(struct bm_log *log, const struct bm_flash *flash)
{
    bm_status rc;

    BM_TRY(init(log, flash));
    rc = log_mark_find(log);
    if (rc != BM_OK && rc != BM_E_LOG_FORMAT) {
        return rc;
    }
    if (log->sequence != 0) {
        log->sequence += 2 * flash->sectors;
    }
    BM_TRY(rotate(log));
    for (uint32_t i = 1; i < flash->sectors; i++) {
        BM_TRY(flash->erase(flash->self, log_base(log, log->sequence + i)));
    }
    return BM_OK;
}

size_t bm_log_value_max(const struct bm_log *log)
{
    uint32_t room = capacity(log);

    /* Of two sectors one is spare: the other holds the old and the new. */
    if (log->flash->sectors == 2) {
        room /= 2;
    }
    room = (room - log->slot) & ~(log->flash->unit - 1);
    return room < BM_LOG_VALUE_MAX ? room : BM_LOG_VALUE_MAX;
}

bm_status bm_log_get(const struct bm_log *log, uint32_t key, uint8_t *out,
                     size_t cap, size_t *n)
{
    BM_TRY(bm_log_get_part(log, key, out, cap, n));
    return *n > cap ? BM_E_BUFFER : BM_OK;
}

bm_status bm_log_get_part(const struct bm_log *log, uint32_t key, uint8_t *out,
                          size_t cap, size_t *size)
{
    struct log_record r;
    bm_status rc;

    *size = 0;
    BM_TRY(find(log, key, &r));
    rc = log_value_read(log, &r, out, cap, NULL);
    if (rc == BM_OK) {
        *size = r.n;
    } else {
        bm_wipe(out, cap);
    }
    return rc;
}

/* Append a record of this key, in a sector that has room for it. */
static bm_status append(struct bm_log *log, struct log_record *r,
                        const uint8_t *p)
{
    BM_TRY(make_room(log, r->kind, r->n));
    return log_append(log, r, p);
}

bm_status bm_log_put(struct bm_log *log, uint32_t key, struct bm_bytes value)
{
    struct log_record r;
    bm_status rc;

    if (value.n > bm_log_value_max(log)) {
        return BM_E_LIMIT;
    }
    rc = find(log, key, &r);
    if (rc == BM_OK) {
        rc = r.n == value.n ? log_value_read(log, &r, NULL, 0, value.p)
                            : BM_E_NOT_FOUND;
    }
    if (rc != BM_E_NOT_FOUND && rc != BM_E_LOG_READ) {
        return rc;
    }
    r = (struct log_record){ .key = key,
                             .kind = LOG_VALUE,
                             .n = (uint32_t)value.n,
                             .crc = log_crc(0, value.p, value.n) };
    return append(log, &r, value.p);
}

bm_status bm_log_delete(struct bm_log *log, uint32_t key)
{
    struct log_record r;
    bm_status rc = find(log, key, &r);

    if (rc != BM_OK && rc != BM_E_LOG_READ) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    r = (struct log_record){ .key = key, .kind = LOG_DELETED };
    return append(log, &r, NULL);
}

bm_status bm_log_next(const struct bm_log *log, uint32_t *key, bool first,
                      size_t *n)
{
    struct log_record r = { .key = *key };

    *n = 0;
    do {
        if (!first && r.key == UINT32_MAX) {
            return BM_E_END;
        }
        BM_TRY(seek(log, first ? r.key : r.key + 1, &r));
        first = false;
    } while (r.kind == LOG_DELETED);
    *key = r.key;
    *n = r.n;
    return BM_OK;
}

/* Once around: then each sector was erased since, but the spare one. */
bm_status bm_log_scrub(struct bm_log *log)
{
    for (uint32_t i = 1; i < log->flash->sectors; i++) {
        BM_TRY(rotate(log));
    }
    return log->flash->erase(log->flash->self,
                             log_base(log, log->sequence + 1));
}
