/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/log_internal.h"

uint32_t log_padded(const struct bm_log *log, uint32_t n)
{
    uint32_t mask = log->flash->unit - 1;

    return (n + mask) & ~mask;
}

uint32_t log_base(const struct bm_log *log, uint32_t sequence)
{
    return sequence % log->flash->sectors * log->flash->sector;
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

static bm_status read_at(const struct bm_log *log, uint32_t at, uint8_t *out,
                         size_t n)
{
    return log->flash->read(log->flash->self, at, out, n);
}

/* Program `n` octets of `p`, or of the flash at `from` if that is NULL; what
 * is left of the last unit stays erased. */
static bm_status program_at(const struct bm_log *log, uint32_t at,
                            const uint8_t *p, uint32_t from, uint32_t n)
{
    const struct bm_flash *flash = log->flash;
    uint8_t whole[LOG_CHUNK];
    struct bm_bytes data = { whole, log_padded(log, n) };
    bm_status rc;

    memset(whole, 0xff, sizeof whole);
    if (p != NULL) {
        memcpy(whole, p, n);
    } else {
        BM_TRY(read_at(log, from, whole, n));
    }
    rc = flash->program(flash->self, at, data);
    bm_wipe(whole, sizeof whole);
    return rc;
}

/*
 * Key; 4 bits of kind, 12 of the size, 16 of the distance of the value from
 * the end of the sector; CRC of the value; CRC of the sequence number of the
 * sector and of these, so that nothing that was there before counts.
 */
static uint32_t entry_crc(uint32_t sequence, const uint8_t e[LOG_ENTRY_SIZE])
{
    uint8_t s[4];

    put32(s, sequence);
    return log_crc(log_crc(0, s, sizeof s), e, 12);
}

static uint32_t sector_end(const struct bm_log *log, uint32_t at)
{
    return at - at % log->flash->sector + log->flash->sector;
}

static bool parse_entry(const struct bm_log *log,
                        const uint8_t e[LOG_ENTRY_SIZE], struct log_record *r)
{
    uint32_t word = get32(e + 4);
    uint32_t distance = word & 0xffff;
    uint32_t end = sector_end(log, r->at);

    r->key = get32(e);
    r->kind = (enum log_kind)(word >> 28);
    r->n = word >> 16 & 0xfff;
    r->value = end - distance;
    r->crc = get32(e + 8);
    return get32(e + 12) ==
               entry_crc(r->sequence == 0 ? r->key : r->sequence, e) &&
           r->n <= distance && r->at + log->slot + distance <= end;
}

/* Of a slot that cannot be read whole, what its first half says: LOG_LOST and
 * the key. */
static bm_status read_half(const struct bm_log *log, struct log_record *r)
{
    uint8_t e[8];

    if (read_at(log, r->at, e, sizeof e) == BM_OK && e[4] >> 4 <= LOG_LOST) {
        r->key = get32(e);
        r->kind = LOG_LOST;
    }
    return BM_E_LOG_READ;
}

/* The slot at r->at of sector r->sequence. BM_E_END if it is erased,
 * BM_E_LOG_READ if it is torn or cannot be read; kind 0 where nothing that it
 * says can be believed. */
static bm_status read_slot(const struct bm_log *log, struct log_record *r)
{
    uint8_t e[2 * BM_FLASH_UNIT_MAX];
    uint8_t all = 0xff;
    bm_status rc;

    r->kind = LOG_NONE;
    /* What is passed over is gone at the next turn: it gets more chances. */
    for (int i = 0; i < 3; i++) {
        rc = read_at(log, r->at, e, log->slot);
        if (rc != BM_E_FLASH_READ) {
            break;
        }
    }
    if (rc != BM_OK) {
        return rc == BM_E_FLASH_READ ? read_half(log, r) : rc;
    }
    memmove(e + 8, e + log->slot / 2, 8);
    for (size_t i = 0; i < LOG_ENTRY_SIZE; i++) {
        all &= e[i];
    }
    if (all == 0xff) {
        return BM_E_END;
    }
    if (!parse_entry(log, e, r)) {
        r->kind = LOG_NONE;
        return BM_E_LOG_READ;
    }
    return BM_OK;
}

/* In place of the CRC of a value, a mark has one of the geometry. */
static uint32_t geometry(const struct bm_log *log)
{
    uint8_t g[12];

    put32(g, log->flash->sector);
    put32(g + 4, log->flash->sectors);
    put32(g + 8, log->flash->unit);
    return log_crc(0, g, sizeof g);
}

bm_status log_mark_find(struct bm_log *log)
{
    const struct bm_flash *flash = log->flash;
    bm_status found = BM_OK;

    for (uint32_t i = 0; i < 2 * flash->sectors; i++) {
        struct log_record r = { .at =
                                    i / 2 * flash->sector + i % 2 * log->slot };
        bm_status rc = read_slot(log, &r);

        if (rc == BM_OK && r.kind == LOG_MARK) {
            if (r.crc != geometry(log) || r.key % flash->sectors != i / 2) {
                found = BM_E_LOG_FORMAT;
            } else if (r.key > log->sequence) {
                log->sequence = r.key;
            }
        } else if (rc != BM_OK && rc != BM_E_END && rc != BM_E_LOG_READ) {
            return rc;
        }
    }
    return log->sequence != 0 ? BM_OK : found;
}

bool log_mark_is_double(const struct bm_log *log)
{
    struct log_record r = { .sequence = log->sequence,
                            .at = log_base(log, log->sequence) };
    bool first = read_slot(log, &r) == BM_OK;

    r.at += log->slot;
    return read_slot(log, &r) == BM_OK && first;
}

void log_walk(const struct bm_log *log, struct log_walk *w, uint32_t oldest,
              uint32_t newest)
{
    uint32_t base = log_base(log, oldest);

    w->sequence = oldest;
    w->newest = newest;
    w->at = base + 2 * log->slot;
    w->bottom = base + log->flash->sector;
    w->torn = false;
}

/* The slot where the walk is. */
static bm_status look(const struct bm_log *log, const struct log_walk *w,
                      struct log_record *r)
{
    *r = (struct log_record){ .sequence = w->sequence, .at = w->at };
    return w->at + log->slot <= w->bottom ? read_slot(log, r) : BM_E_END;
}

bm_status log_walk_next(const struct bm_log *log, struct log_walk *w,
                        struct log_record *r)
{
    for (;;) {
        struct log_record after;
        bm_status rc = look(log, w, r);

        if (rc == BM_E_END && w->sequence != w->newest) {
            log_walk(log, w, w->sequence + 1, w->newest);
            continue;
        }
        if (rc != BM_OK && rc != BM_E_LOG_READ) {
            return rc;
        }
        w->at += log->slot;
        w->torn = rc != BM_OK;
        if (rc == BM_OK) {
            w->bottom = r->value;
            return rc;
        }
        if (look(log, w, &after) == BM_E_END) {
            continue;
        }
        if (r->kind == LOG_LOST) {
            return BM_OK;
        }
        w->doubt = true;
    }
}

static uint32_t chunk_size(const struct log_record *r, uint32_t i)
{
    return r->n - i < LOG_CHUNK ? r->n - i : LOG_CHUNK;
}

bm_status log_value_read(const struct bm_log *log, const struct log_record *r,
                         uint8_t *out, size_t cap, const uint8_t *same)
{
    uint8_t chunk[LOG_CHUNK];
    uint32_t crc = 0;
    bm_status rc = BM_OK;

    for (uint32_t i = 0; i < r->n; i += LOG_CHUNK) {
        uint32_t n = chunk_size(r, i);

        rc = read_at(log, r->value + i, chunk, n);
        if (rc != BM_OK) {
            break;
        }
        if (same != NULL && memcmp(same + i, chunk, n) != 0) {
            rc = BM_E_NOT_FOUND;
            break;
        }
        crc = log_crc(crc, chunk, n);
        if (i < cap) {
            memcpy(out + i, chunk, n < cap - i ? n : cap - i);
        }
    }
    bm_wipe(chunk, sizeof chunk);
    if (rc == BM_E_FLASH_READ ||
        (rc == BM_OK && (r->kind != LOG_VALUE || crc != r->crc))) {
        rc = BM_E_LOG_READ;
    }
    return rc;
}

/* What was programmed is read again before it counts. */
static bm_status put_record(const struct bm_log *log, struct log_record *r,
                            const uint8_t *p, uint32_t from)
{
    uint8_t e[LOG_ENTRY_SIZE];

    put32(e, r->key);
    put32(e + 4, (uint32_t)r->kind << 28 | r->n << 16 |
                     (sector_end(log, r->at) - r->value));
    put32(e + 8, r->crc);
    put32(e + 12, entry_crc(r->sequence, e));
    BM_TRY(program_at(log, r->at, e, 0, 8));
    for (uint32_t i = 0; i < r->n; i += LOG_CHUNK) {
        BM_TRY(program_at(log, r->value + i, p == NULL ? NULL : p + i, from + i,
                          chunk_size(r, i)));
    }
    if (r->kind == LOG_VALUE &&
        log_value_read(log, r, NULL, 0, NULL) != BM_OK) {
        return BM_E_FLASH_VERIFY;
    }
    BM_TRY(program_at(log, r->at + log->slot / 2, e + 8, 0, 8));
    return read_slot(log, r) == BM_OK ? BM_OK : BM_E_FLASH_VERIFY;
}

bm_status log_append(struct bm_log *log, struct log_record *r, const uint8_t *p)
{
    uint32_t from = r->value;
    bm_status rc;

    r->sequence = log->sequence;
    r->at = log->top;
    r->value = log->bottom - log_padded(log, r->n);
    log->top += log->slot;
    log->bottom = r->value;
    rc = put_record(log, r, p, from);
    if (rc != BM_OK) {
        log->bottom = log->top;
    }
    return rc;
}

bm_status log_mark_put(const struct bm_log *log, uint32_t copy)
{
    uint32_t base = log_base(log, log->sequence);
    struct log_record r = { .sequence = log->sequence,
                            .at = base + copy * log->slot,
                            .key = log->sequence,
                            .kind = LOG_MARK,
                            .value = base + log->flash->sector,
                            .crc = geometry(log) };

    return put_record(log, &r, NULL, 0);
}
