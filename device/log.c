/* SPDX-License-Identifier: Apache-2.0 */
#include "device/log_internal.h"

/* The oldest sector that counts: all but the spare one do, once filled. */
static uint32_t oldest(const struct bm_log *log)
{
    uint32_t kept = log->flash->sectors - 1;

    return log->sequence > kept ? log->sequence - kept + 1 : 1;
}

/* A walk over all that counts. */
static void walk_all(const struct bm_log *log, struct log_walk *w)
{
    log_walk(log, w, oldest(log));
    w->newest = log->sequence;
}

/* The newest record of a key, a deletion included. BM_E_NOT_FOUND. */
static bm_status find(const struct bm_log *log, uint32_t key,
                      struct log_record *r)
{
    struct log_walk w;
    struct log_record each;
    bm_status found = BM_E_NOT_FOUND;
    bm_status rc;

    walk_all(log, &w);
    while ((rc = log_walk_next(log, &w, &each)) == BM_OK) {
        if (each.key == key) {
            *r = each;
            found = BM_OK;
        }
    }
    return rc == BM_E_END ? found : rc;
}

/*
 * The next record of the walk that a get of its key would find; deletions
 * are none. BM_E_END.
 */
static bm_status next_live(const struct bm_log *log, struct log_walk *w,
                           struct log_record *r)
{
    struct log_record newest;

    for (;;) {
        BM_TRY(log_walk_next(log, w, r));
        if (r->kind == LOG_DELETED) {
            continue;
        }
        BM_TRY(find(log, r->key, &newest));
        if (newest.sequence == r->sequence && newest.at == r->at) {
            return BM_OK;
        }
    }
}

/* What a record takes of a sector. */
static uint32_t cost(const struct bm_log *log, uint32_t n)
{
    return log_slot_size(log) + log_padded(log, n);
}

/* What records can take of a sector. One slot is kept for a deletion. */
static uint32_t capacity(const struct bm_log *log)
{
    return log->flash->sector - log_first(log) - log_gap(log) -
           log_slot_size(log);
}

/* Does a record fit into the sector that is being filled? */
static bool fits(const struct bm_log *log, enum log_kind kind, uint32_t n)
{
    uint32_t kept = kind == LOG_DELETED ? 0 : log_slot_size(log);

    return log->top + cost(log, n) + kept + log_gap(log) <= log->bottom;
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

    log_walk(log, &w, s);
    while ((rc = next_live(log, &w, &r)) == BM_OK) {
        struct log_source source = { NULL, r.sequence, r.offset };

        rc = log_value_read(log, &r, 0, NULL, NULL);
        if (rc == BM_E_LOG_READ) {
            r.kind = LOG_LOST;
            r.n = 0;
        } else if (rc != BM_OK) {
            return rc;
        }
        if (fits(to, r.kind, r.n)) {
            BM_TRY(log_append(to, &r, &source));
        } else if (to != log) {
            return BM_E_INTERNAL; /* it was in a sector of the same size */
        }
    }
    return rc == BM_E_END ? BM_OK : rc;
}

/*
 * Erase the spare sector, bring what is of value in the oldest over, and let
 * the mark make it the newest, whereby the oldest is the spare. Until then
 * nothing has happened; so the sector that is being filled takes nothing
 * more, lest it be older than a mark that failed and is there all the same.
 */
static bm_status rotate(struct bm_log *log)
{
    const struct bm_flash *flash = log->flash;
    struct bm_log next = { .flash = flash,
                           .sequence = log->sequence + 1,
                           .top = log_first(log),
                           .bottom = flash->sector };

    log->bottom = log->top;
    BM_TRY(flash->erase(flash->self, log_base(log, next.sequence)));
    if (log->sequence >= flash->sectors - 1) {
        BM_TRY(gather(log, oldest(log), &next));
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

    if (log->full != 0 && cost(log, n) >= log->full) {
        return BM_E_LOG_FULL;
    }
    walk_all(log, &w);
    while ((rc = next_live(log, &w, &r)) == BM_OK) {
        left -= cost(log, r.n);
    }
    if (rc != BM_E_END) {
        return rc;
    }
    return cost(log, n) > left ? BM_E_LOG_FULL : BM_OK;
}

/*
 * Rotate until a record fits, at most once around. Before each turn the rest
 * of the sector takes what it can from the oldest one: large values would
 * leave holes otherwise.
 */
static bm_status make_room(struct bm_log *log, enum log_kind kind, uint32_t n)
{
    uint32_t sectors = log->flash->sectors;

    if (fits(log, kind, n)) {
        return BM_OK;
    }
    if (kind != LOG_DELETED) {
        BM_TRY(check_full(log, n));
    }
    for (uint32_t i = 0; i < sectors; i++) {
        if (sectors > 2 && log->sequence >= sectors - 1) {
            BM_TRY(gather(log, oldest(log), log));
        }
        BM_TRY(rotate(log));
        if (fits(log, kind, n)) {
            return BM_OK;
        }
    }
    log->full = cost(log, n);
    return BM_E_LOG_FULL;
}

/* Do all units from `at` to `end` of the flash read as erased? */
static bool is_blank(const struct bm_log *log, uint32_t at, uint32_t end)
{
    const struct bm_flash *flash = log->flash;
    uint8_t all = 0xff;

    for (; at < end; at += flash->unit) {
        uint8_t unit[BM_FLASH_UNIT_MAX];

        if (flash->read(flash->self, at, unit, flash->unit) != BM_OK) {
            return false;
        }
        for (uint32_t i = 0; i < flash->unit; i++) {
            all &= unit[i];
        }
    }
    return all == 0xff;
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

    if (unit == 0 || unit > BM_FLASH_UNIT_MAX || (unit & (unit - 1)) != 0 ||
        flash->sector < BM_FLASH_SECTOR_MIN ||
        flash->sector > BM_FLASH_SECTOR_MAX || flash->sector % unit != 0 ||
        flash->sector < 16 * unit || flash->sectors < 2 ||
        flash->sectors > UINT32_MAX / flash->sector) {
        return BM_E_ARGUMENT;
    }
    *log = (struct bm_log){ .flash = flash };
    return BM_OK;
}

/*
 * Where the newest sector goes on: nowhere, after a slot that was torn, and
 * where the rest of it is not erased.
 */
static bm_status find_end(struct bm_log *log)
{
    uint32_t base = log_base(log, log->sequence);
    struct log_walk w;
    struct log_record r;

    log_walk(log, &w, log->sequence);
    while (log_walk_slot(log, &w, &r) > LOG_SLOT_END) {
    }
    log->top = w.at;
    log->bottom = w.bottom;
    if (w.last != LOG_SLOT_DONE ||
        !is_blank(log, base + log->top, base + log->bottom)) {
        log->bottom = log->top;
    }
    return w.rc;
}

bm_status bm_log_open(struct bm_log *log, const struct bm_flash *flash)
{
    bool other;

    BM_TRY(init(log, flash));
    BM_TRY(log_mark_find(log, &other));
    if (log->sequence == 0) {
        return other ? BM_E_LOG_FORMAT : begin(log);
    }
    return find_end(log);
}

/*
 * A log that is there is overtaken: the new sector's number is so high that
 * no slot in the others can be read with theirs. So there is always either
 * the old log or the new one.
 */
bm_status bm_log_format(struct bm_log *log, const struct bm_flash *flash)
{
    bool other;

    BM_TRY(init(log, flash));
    BM_TRY(log_mark_find(log, &other));
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
    uint32_t slot = log_slot_size(log);
    uint32_t room = capacity(log);

    /* Of two sectors one is spare: the other holds the old and the new. */
    if (log->flash->sectors == 2) {
        room /= 2;
    }
    room = (room - slot) & ~(log->flash->unit - 1);
    return room < BM_LOG_VALUE_MAX ? room : BM_LOG_VALUE_MAX;
}

static bm_status find_value(const struct bm_log *log, uint32_t key,
                            struct log_record *r)
{
    BM_TRY(find(log, key, r));
    if (r->kind == LOG_DELETED) {
        return BM_E_NOT_FOUND;
    }
    return r->kind == LOG_LOST ? BM_E_LOG_READ : BM_OK;
}

bm_status bm_log_get(const struct bm_log *log, uint32_t key, uint8_t *out,
                     size_t cap, size_t *n)
{
    struct bm_wr w;

    bm_wr_init(&w, out, cap);
    BM_TRY(bm_log_get_part(log, key, 0, &w, n));
    if (*n > cap) {
        bm_wipe(out, cap);
        return BM_E_BUFFER;
    }
    return BM_OK;
}

bm_status bm_log_get_part(const struct bm_log *log, uint32_t key, size_t at,
                          struct bm_wr *out, size_t *size)
{
    struct log_record r;
    size_t before = out->len;
    bm_status rc;

    *size = 0;
    BM_TRY(find_value(log, key, &r));
    rc = log_value_read(log, &r, at < r.n ? (uint32_t)at : r.n, out, NULL);
    if (rc == BM_OK) {
        *size = r.n;
    } else {
        bm_wipe(out->buf + before, out->len - before);
        out->len = before;
    }
    return rc;
}

bm_status bm_log_put(struct bm_log *log, uint32_t key, struct bm_bytes value)
{
    struct log_source source = { .p = value.p };
    struct log_record r;
    bm_status rc;

    if (value.n > bm_log_value_max(log)) {
        return BM_E_LIMIT;
    }
    rc = find(log, key, &r);
    if (rc == BM_OK) {
        rc = r.n == value.n ? log_value_read(log, &r, 0, NULL, value.p)
                            : BM_E_LOG_READ;
    }
    if (rc != BM_E_NOT_FOUND && rc != BM_E_LOG_READ) {
        return rc;
    }
    r = (struct log_record){ .key = key,
                             .kind = LOG_VALUE,
                             .n = (uint32_t)value.n,
                             .crc = log_crc(0, value.p, value.n) };
    BM_TRY(make_room(log, LOG_VALUE, r.n));
    BM_TRY(log_append(log, &r, &source));
    log->full = 0;
    return BM_OK;
}

bm_status bm_log_delete(struct bm_log *log, uint32_t key)
{
    struct log_source source = { .p = NULL };
    struct log_record r;
    bm_status rc = find_value(log, key, &r);

    if (rc != BM_OK && rc != BM_E_LOG_READ) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    r = (struct log_record){ .key = key, .kind = LOG_DELETED };
    BM_TRY(make_room(log, LOG_DELETED, 0));
    BM_TRY(log_append(log, &r, &source));
    log->full = 0;
    return BM_OK;
}

/* The least key over `from` that any record has, deleted or not. */
static bm_status next_key(const struct bm_log *log, uint32_t from, bool first,
                          uint32_t *key)
{
    struct log_walk w;
    struct log_record r;
    bm_status found = BM_E_END;
    bm_status rc;

    walk_all(log, &w);
    while ((rc = log_walk_next(log, &w, &r)) == BM_OK) {
        if ((r.key > from || (first && r.key == from)) &&
            (found != BM_OK || r.key < *key)) {
            *key = r.key;
            found = BM_OK;
        }
    }
    return rc == BM_E_END ? found : rc;
}

bm_status bm_log_next(const struct bm_log *log, uint32_t *key, bool first,
                      size_t *n)
{
    uint32_t k = *key;
    struct log_record r;

    *n = 0;
    do {
        BM_TRY(next_key(log, k, first, &k));
        BM_TRY(find(log, k, &r));
        first = false;
    } while (r.kind == LOG_DELETED);
    *key = k;
    *n = r.kind == LOG_LOST ? 0 : r.n;
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
