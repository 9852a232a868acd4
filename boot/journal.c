/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/journal.h"

#include <string.h>

#include "boot/crc.h"

/* A record as it is in flash, with what fills its last unit. */
struct record {
    uint32_t sequence;
    uint32_t crc;
    uint8_t state[BM_JOURNAL_RECORD_MAX + BM_FLASH_UNIT_MAX - 8];
};
#define HEAD 8u
_Static_assert(sizeof(struct record) % BM_FLASH_UNIT_MAX == 0,
               "the largest record is made of whole units");

/* A read that fails once is no lost record yet. */
#define READS 3

bool bm_journal_later(uint32_t a, uint32_t b)
{
    uint32_t ahead = a - b;

    return ahead != 0 && ahead < 0x80000000u;
}

static uint32_t record_size(const struct bm_journal *j)
{
    uint32_t mask = j->flash->unit - 1;

    return (HEAD + j->size + mask) & ~mask;
}

/* Its size goes into the CRC, so that a state of another kind is none. */
static uint32_t record_crc(const struct bm_journal *j, const struct record *r)
{
    uint32_t crc = bm_crc32(j->size, &r->sequence, sizeof r->sequence);

    return bm_crc32(crc, r->state, j->size);
}

static bool is_blank(const struct record *r, uint32_t n)
{
    const uint8_t *octets = (const uint8_t *)r;
    uint8_t all = 0xff;

    for (uint32_t i = 0; i < n; i++) {
        all &= octets[i];
    }
    return all == 0xff;
}

/* BM_OK: a whole record; BM_E_END: never written; BM_E_NOT_FOUND: neither. */
static bm_status read_record(const struct bm_journal *j, uint32_t at,
                             struct record *r)
{
    const struct bm_flash *flash = j->flash;
    uint32_t n = record_size(j);
    bm_status rc = BM_OK;

    for (int i = 0; i < READS; i++) {
        rc = flash->read(flash->self, at, (uint8_t *)r, n);
        if (rc != BM_E_FLASH_READ) {
            break;
        }
    }
    if (rc != BM_OK) {
        return rc == BM_E_FLASH_READ ? BM_E_NOT_FOUND : rc;
    }
    if (is_blank(r, n)) {
        return BM_E_END;
    }
    return r->sequence != 0 && r->crc == record_crc(j, r) ? BM_OK
                                                          : BM_E_NOT_FOUND;
}

/* The place after the one at `at`, or 0 where the sector is full. */
static uint32_t after(const struct bm_journal *j, uint32_t at)
{
    uint32_t n = record_size(j);

    return at % j->flash->sector + 2 * n <= j->flash->sector ? at + n : 0;
}

/* Look for the newest record in the sector at `base`, and for what a cut left
 * behind it. */
static bm_status look_into(struct bm_journal *j, uint32_t base, void *state)
{
    uint32_t n = record_size(j);
    bool here = false;
    struct record r;

    for (uint32_t at = base; at + n <= base + j->flash->sector; at += n) {
        bm_status rc = read_record(j, at, &r);

        if (rc == BM_E_END) {
            continue;
        }
        if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
            return rc;
        }
        if (rc == BM_OK &&
            (j->sequence == 0 || bm_journal_later(r.sequence, j->sequence))) {
            j->sequence = r.sequence;
            j->at = at;
            memcpy(state, r.state, j->size);
            here = true;
        }
        if (here) {
            j->last = j->sequence + (at - j->at) / n;
            j->next = after(j, at);
        }
    }
    return BM_OK;
}

bm_status bm_journal_open(struct bm_journal *journal,
                          const struct bm_flash *flash, void *state,
                          uint32_t size)
{
    *journal = (struct bm_journal){ .flash = flash, .size = size };
    if (size > BM_JOURNAL_RECORD_MAX || flash->sectors < 2 ||
        record_size(journal) > flash->sector) {
        return BM_E_ARGUMENT;
    }
    memset(state, 0, size);
    for (uint32_t i = 0; i < flash->sectors; i++) {
        BM_TRY(look_into(journal, i * flash->sector, state));
    }
    return journal->sequence != 0 ? BM_OK : BM_E_NOT_FOUND;
}

/* Where the next record goes; the sector after the newest record's is erased
 * when that one is full. */
static bm_status make_room(const struct bm_journal *j, uint32_t *at)
{
    const struct bm_flash *flash = j->flash;

    *at = j->next;
    if (*at != 0) {
        return BM_OK;
    }
    if (j->sequence != 0) {
        *at = (j->at / flash->sector + 1) % flash->sectors * flash->sector;
    }
    return flash->erase(flash->self, *at);
}

bm_status bm_journal_put(struct bm_journal *journal, const void *state)
{
    const struct bm_flash *flash = journal->flash;
    uint32_t at;
    struct record r;

    BM_TRY(make_room(journal, &at));
    journal->next = after(journal, at);
    if (++journal->last == 0) {
        journal->last = 1;
    }
    memset(&r, 0xff, sizeof r);
    r.sequence = journal->last;
    memcpy(r.state, state, journal->size);
    r.crc = record_crc(journal, &r);
    BM_TRY(flash->program(
        flash->self, at,
        (struct bm_bytes){ (const uint8_t *)&r, record_size(journal) }));
    if (read_record(journal, at, &r) != BM_OK ||
        memcmp(r.state, state, journal->size) != 0) {
        return BM_E_FLASH_VERIFY;
    }
    journal->sequence = r.sequence;
    journal->at = at;
    return BM_OK;
}
