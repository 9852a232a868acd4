/* SPDX-License-Identifier: Apache-2.0 */
#include "device/log_internal.h"

#include <string.h>

/* "BMl" and the version of the format. */
static const uint8_t magic[4] = { 'B', 'M', 'l', 1 };

uint32_t log_padded(const struct bm_log *log, uint32_t n)
{
    uint32_t mask = log->flash->unit - 1;

    return (n + mask) & ~mask;
}

uint32_t log_base(const struct bm_log *log, uint32_t sequence)
{
    return sequence % log->flash->sectors * log->flash->sector;
}

uint32_t log_first(const struct bm_log *log)
{
    return 2 * log_padded(log, LOG_MARK_SIZE);
}

uint32_t log_slot_size(const struct bm_log *log)
{
    return log_padded(log, LOG_HEAD_SIZE) + log_padded(log, LOG_COMMIT_SIZE);
}

uint32_t log_gap(const struct bm_log *log)
{
    return log_padded(log, LOG_HEAD_SIZE);
}

/* CRC-32 of IEEE 802.3, four bits at a time: 64 octets of table. */
uint32_t log_crc(uint32_t crc, const uint8_t *p, size_t n)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };

    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static void put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static bm_status read_at(const struct bm_log *log, uint32_t sequence,
                         uint32_t offset, uint8_t *out, size_t n)
{
    const struct bm_flash *flash = log->flash;

    return flash->read(flash->self, log_base(log, sequence) + offset, out, n);
}

/* Program `n` octets from octet `i` of the source on; what is left of the last
 * unit stays erased. */
static bm_status program_at(const struct bm_log *log, uint32_t offset,
                            const struct log_source *source, uint32_t i,
                            uint32_t n)
{
    const struct bm_flash *flash = log->flash;
    uint8_t whole[LOG_CHUNK];
    bm_status rc = BM_OK;

    memset(whole, 0xff, sizeof whole);
    if (source->p != NULL) {
        memcpy(whole, source->p + i, n);
    } else {
        rc = read_at(log, source->sequence, source->offset + i, whole, n);
    }
    if (rc == BM_OK) {
        rc = flash->program(flash->self,
                            log_base(log, log->sequence) + offset + i,
                            (struct bm_bytes){ whole, log_padded(log, n) });
    }
    bm_wipe(whole, sizeof whole);
    return rc;
}

/*
 * Mark: magic, sequence number, octets of a sector, unit less one and number
 * of sectors, CRC.
 */
static void make_mark(const struct bm_log *log, uint32_t sequence, uint8_t *m)
{
    memcpy(m, magic, sizeof magic);
    put32(m + 4, sequence);
    put32(m + 8, log->flash->sector | (log->flash->unit - 1) << 24);
    put32(m + 12, log->flash->sectors);
    put32(m + 16, log_crc(0, m, 16));
}

/* Look at a copy of a mark: BM_E_NOT_FOUND, or BM_E_LOG_FORMAT for one of
 * another geometry. */
static bm_status read_mark(const struct bm_log *log, uint32_t index,
                           uint32_t copy, uint32_t *sequence)
{
    uint8_t m[LOG_MARK_SIZE];
    uint8_t ours[LOG_MARK_SIZE];
    bm_status rc =
        read_at(log, index, copy * log_padded(log, sizeof m), m, sizeof m);

    if (rc != BM_OK) {
        return rc == BM_E_FLASH_READ ? BM_E_NOT_FOUND : rc;
    }
    if (memcmp(m, magic, sizeof magic) != 0 ||
        get32(m + 16) != log_crc(0, m, 16)) {
        return BM_E_NOT_FOUND;
    }
    *sequence = get32(m + 4);
    make_mark(log, *sequence, ours);
    return *sequence % log->flash->sectors == index &&
                   memcmp(m, ours, sizeof m) == 0
               ? BM_OK
               : BM_E_LOG_FORMAT;
}

bm_status log_mark_find(struct bm_log *log, bool *other)
{
    *other = false;
    log->sequence = 0;
    for (uint32_t i = 0; i < 2 * log->flash->sectors; i++) {
        uint32_t s = 0;
        bm_status rc = read_mark(log, i / 2, i % 2, &s);

        if (rc == BM_OK && s > log->sequence) {
            log->sequence = s;
        } else if (rc == BM_E_LOG_FORMAT) {
            *other = true;
        } else if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
            return rc;
        }
    }
    return BM_OK;
}

bm_status log_mark_put(const struct bm_log *log, uint32_t copy)
{
    uint8_t mark[LOG_MARK_SIZE];
    struct log_source source = { .p = mark };
    uint32_t sequence;

    make_mark(log, log->sequence, mark);
    BM_TRY(program_at(log, copy * log_padded(log, sizeof mark), &source, 0,
                      sizeof mark));
    return read_mark(log, log->sequence % log->flash->sectors, copy,
                     &sequence) == BM_OK
               ? BM_OK
               : BM_E_FLASH_VERIFY;
}

/*
 * Head: key, kind and size, distance of the value from the end of the sector,
 * CRC. The CRC begins with the sequence number of the sector, so that nothing
 * that was there before can be taken for a slot.
 */
static uint32_t seed(uint32_t sequence)
{
    uint8_t s[4];

    put32(s, sequence);
    return log_crc(0, s, sizeof s);
}

static void make_head(const struct bm_log *log, const struct log_record *r,
                      uint8_t h[LOG_HEAD_SIZE])
{
    uint32_t distance = log->flash->sector - r->offset;

    put32(h, r->key);
    put32(h + 4, (uint32_t)r->kind << 28 | r->n << 16 | distance);
    put32(h + 8, log_crc(seed(r->sequence), h, 8));
}

static bool parse_head(const struct bm_log *log, const uint8_t *h,
                       struct log_record *r)
{
    uint32_t word = get32(h + 4);
    uint32_t distance = word & 0xffff;
    uint8_t same[LOG_HEAD_SIZE];

    r->key = get32(h);
    r->kind = (enum log_kind)(word >> 28);
    r->n = word >> 16 & 0xfff;
    r->offset = log->flash->sector - distance;
    make_head(log, r, same);
    return memcmp(h, same, sizeof same) == 0 && r->kind >= LOG_VALUE &&
           r->kind <= LOG_LOST && r->n <= distance &&
           r->at + log_slot_size(log) + distance <= log->flash->sector;
}

/* Commit: CRC of the value, and a CRC of that and of the head. */
static uint32_t commit_crc(const uint8_t *h, const uint8_t *c)
{
    return log_crc(get32(h + 8), c, 4);
}

static bool is_erased(const uint8_t *p, size_t n)
{
    uint8_t all = 0xff;

    for (size_t i = 0; i < n; i++) {
        all &= p[i];
    }
    return all == 0xff;
}

/* The slot at r->at of sector r->sequence. */
static enum log_slot read_slot(const struct bm_log *log, struct log_record *r,
                               bm_status *rc)
{
    uint8_t h[LOG_HEAD_SIZE];
    uint8_t c[LOG_COMMIT_SIZE];

    *rc = read_at(log, r->sequence, r->at, h, sizeof h);
    if (*rc != BM_OK) {
        return *rc == BM_E_FLASH_READ ? LOG_SLOT_BAD : LOG_SLOT_FAILED;
    }
    if (is_erased(h, sizeof h)) {
        return LOG_SLOT_END;
    }
    if (!parse_head(log, h, r)) {
        return LOG_SLOT_BAD;
    }
    *rc = read_at(log, r->sequence, r->at + log_padded(log, sizeof h), c,
                  sizeof c);
    if (*rc != BM_OK) {
        return *rc == BM_E_FLASH_READ ? LOG_SLOT_OPEN : LOG_SLOT_FAILED;
    }
    r->crc = get32(c);
    return get32(c + 4) == commit_crc(h, c) ? LOG_SLOT_DONE : LOG_SLOT_OPEN;
}

void log_walk(const struct bm_log *log, struct log_walk *w, uint32_t sequence)
{
    *w = (struct log_walk){ .sequence = sequence,
                            .newest = sequence,
                            .at = log_first(log),
                            .bottom = log->flash->sector,
                            .last = LOG_SLOT_DONE };
}

enum log_slot log_walk_slot(const struct bm_log *log, struct log_walk *w,
                            struct log_record *r)
{
    enum log_slot slot;
    bm_status rc;

    *r = (struct log_record){ .sequence = w->sequence, .at = w->at };
    if (w->at + log_gap(log) > w->bottom) {
        return LOG_SLOT_END;
    }
    slot = read_slot(log, r, &rc);
    if (slot <= LOG_SLOT_END) {
        w->rc = slot == LOG_SLOT_FAILED ? rc : BM_OK;
        return slot;
    }
    if (slot >= LOG_SLOT_OPEN && r->offset < w->bottom) {
        w->bottom = r->offset;
    }
    w->at += log_slot_size(log);
    w->last = slot;
    return slot;
}

/*
 * A slot that was torn is the last of its sector, since nothing is appended
 * after one. So a commit that is missing before another slot is there was
 * made once, and the flash has lost it.
 */
static bool is_damaged(const struct bm_log *log, const struct log_walk *w)
{
    struct log_walk after = *w;
    struct log_record r;

    return log_walk_slot(log, &after, &r) > LOG_SLOT_END;
}

bm_status log_walk_next(const struct bm_log *log, struct log_walk *w,
                        struct log_record *r)
{
    for (;;) {
        enum log_slot slot = log_walk_slot(log, w, r);

        if (slot == LOG_SLOT_FAILED) {
            return w->rc;
        }
        if (slot == LOG_SLOT_DONE) {
            return BM_OK;
        }
        if (slot == LOG_SLOT_OPEN && is_damaged(log, w)) {
            r->kind = LOG_LOST;
            return BM_OK;
        }
        if (slot == LOG_SLOT_END) {
            uint32_t newest = w->newest;

            if (w->sequence == newest) {
                return BM_E_END;
            }
            log_walk(log, w, w->sequence + 1);
            w->newest = newest;
        }
    }
}

bm_status log_value_read(const struct bm_log *log, const struct log_record *r,
                         uint32_t at, struct bm_wr *out, const uint8_t *same)
{
    uint8_t chunk[LOG_CHUNK];
    uint32_t crc = 0;
    bm_status rc = r->kind == LOG_VALUE ? BM_OK : BM_E_FLASH_READ;

    for (uint32_t i = 0; i < r->n && rc == BM_OK; i += LOG_CHUNK) {
        uint32_t n = r->n - i < LOG_CHUNK ? r->n - i : LOG_CHUNK;

        rc = read_at(log, r->sequence, r->offset + i, chunk, n);
        crc = log_crc(crc, chunk, n);
        if (same != NULL && memcmp(same + i, chunk, n) != 0) {
            rc = BM_E_NOT_FOUND;
        }
        for (uint32_t j = 0; out != NULL && j < n; j++) {
            if (i + j >= at && out->len < out->cap) {
                out->buf[out->len++] = chunk[j];
            }
        }
    }
    bm_wipe(chunk, sizeof chunk);
    if (rc == BM_E_FLASH_READ || (rc == BM_OK && crc != r->crc)) {
        rc = BM_E_LOG_READ;
    }
    return rc;
}

/* What was programmed is read again before it counts. */
static bm_status put_record(const struct bm_log *log, struct log_record *r,
                            const struct log_source *source)
{
    uint8_t h[LOG_HEAD_SIZE];
    uint8_t c[LOG_COMMIT_SIZE];
    struct log_source head = { .p = h };
    struct log_source commit = { .p = c };
    uint32_t crc = r->crc;
    bm_status rc;

    make_head(log, r, h);
    put32(c, crc);
    put32(c + 4, commit_crc(h, c));
    BM_TRY(program_at(log, r->at, &head, 0, sizeof h));
    for (uint32_t i = 0; i < r->n; i += LOG_CHUNK) {
        BM_TRY(program_at(log, r->offset, source, i,
                          r->n - i < LOG_CHUNK ? r->n - i : LOG_CHUNK));
    }
    if (r->kind == LOG_VALUE &&
        log_value_read(log, r, 0, NULL, NULL) != BM_OK) {
        return BM_E_FLASH_VERIFY;
    }
    BM_TRY(program_at(log, r->at + log_padded(log, sizeof h), &commit, 0,
                      sizeof c));
    return read_slot(log, r, &rc) == LOG_SLOT_DONE && r->crc == crc
               ? BM_OK
               : BM_E_FLASH_VERIFY;
}

bm_status log_append(struct bm_log *log, const struct log_record *r,
                     const struct log_source *source)
{
    struct log_record to = *r;
    bm_status rc;

    to.sequence = log->sequence;
    to.at = log->top;
    to.offset = log->bottom - log_padded(log, r->n);
    log->top += log_slot_size(log);
    log->bottom = to.offset;
    rc = put_record(log, &to, source);
    if (rc != BM_OK) {
        log->bottom = log->top;
    }
    return rc;
}
