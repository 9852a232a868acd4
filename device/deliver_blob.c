/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/deliver_internal.h"

/*
 * Flash is written in whole units, sector by sector, each erased when the
 * first octet for it is there. So at any instant all before `whole` is as it
 * came, and behind it nothing is of value: after a power cut it is enough to
 * know some earlier `whole` at which a sector began.
 */

/* Octets of flash that are hashed at a time: on the stack. */
#define PIECE 128

static uint32_t step_of(const struct bm_flash *flash)
{
    uint32_t sectors = (BM_DELIVER_STEP + flash->sector - 1) / flash->sector;

    return sectors * flash->sector;
}

/* The record PROGRESS. */
static bm_status keep(struct bm_deliver *d, uint32_t whole)
{
    uint8_t record[sizeof d->blob + 4];

    memcpy(record, d->blob, sizeof d->blob);
    bm_number_put(record + sizeof d->blob, 4, whole);
    BM_TRY(bm_log_put(d->config->log, DELIVER_PROGRESS, BM_ARRAY(record)));
    d->kept = whole;
    return BM_OK;
}

/* How far the log knows this blob to be; 0 where it makes no sense. */
static uint32_t look_up(const struct bm_deliver *d)
{
    uint8_t record[sizeof d->blob + 4];
    uint32_t whole;
    size_t n = 0;

    if (bm_log_get(d->config->log, DELIVER_PROGRESS, record, sizeof record,
                   &n) != BM_OK ||
        n != sizeof record || memcmp(record, d->blob, sizeof d->blob) != 0) {
        return 0;
    }
    whole = (uint32_t)bm_number_get(record + sizeof d->blob, 4);
    return whole == d->item.size ||
                   (whole < d->item.size && whole % d->flash->sector == 0)
               ? whole
               : 0;
}

void deliver_begin_blob(struct bm_deliver *d)
{
    uint8_t blob[sizeof d->blob];

    memcpy(blob, d->item.sha256.p, sizeof blob);
    blob[sizeof blob - 1] ^= deliver_tag(&d->item);
    d->part_n = 0;
    if (memcmp(d->blob, blob, sizeof blob) != 0) {
        memcpy(d->blob, blob, sizeof blob);
        d->tries = 0;
        d->kept = look_up(d);
        d->whole = d->kept;
    }
    d->begun = d->whole;
    d->fetching = true;
}

bm_status deliver_drop_blob(struct bm_deliver *d)
{
    d->whole = 0;
    d->part_n = 0;
    d->kept = 0;
    return bm_log_delete(d->config->log, DELIVER_PROGRESS);
}

bm_status deliver_keep_blob(struct bm_deliver *d)
{
    return keep(d, d->item.size);
}

void deliver_break_blob(struct bm_deliver *d, bm_status why)
{
    d->part_n = 0;
    /* Perhaps a unit was programmed in part, or a sector erased so. */
    if ((unsigned)why >> 8 == BM_E_FLASH_RANGE >> 8) {
        d->whole -= d->whole % d->flash->sector;
    }
}

static bm_status program(struct bm_deliver *d, const uint8_t *p, uint32_t n)
{
    BM_TRY(
        d->flash->program(d->flash->self, d->whole, (struct bm_bytes){ p, n }));
    d->whole += n;
    return BM_OK;
}

/* Octets for a unit that is not full yet; the last one is padded. */
static bm_status fill_part(struct bm_deliver *d, struct bm_bytes *octets)
{
    uint32_t left = d->item.size - d->whole;
    uint32_t unit = d->flash->unit;
    uint32_t need = left < unit ? left : unit;
    size_t n = need - d->part_n;

    n = n < octets->n ? n : octets->n;
    memcpy(d->part + d->part_n, octets->p, n);
    octets->p += n;
    octets->n -= n;
    d->part_n = (uint8_t)(d->part_n + n);
    if (d->part_n < need) {
        return BM_OK;
    }
    memset(d->part + need, 0xff, unit - need);
    d->part_n = 0;
    BM_TRY(program(d, d->part, unit));
    d->whole -= unit - need;
    return BM_OK;
}

/* As many whole units as lie in the sector. */
static bm_status write_units(struct bm_deliver *d, struct bm_bytes *octets)
{
    uint32_t n = d->flash->sector - d->whole % d->flash->sector;

    n = n < octets->n ? n : (uint32_t)octets->n;
    n -= n % d->flash->unit;
    BM_TRY(program(d, octets->p, n));
    octets->p += n;
    octets->n -= n;
    return BM_OK;
}

static bm_status write_some(struct bm_deliver *d, struct bm_bytes *octets)
{
    if (d->part_n == 0 && d->whole == 0) { /* of another blob, perhaps */
        BM_TRY(bm_log_delete(d->config->log, DELIVER_PROGRESS));
        d->kept = 0;
    }
    if (d->part_n == 0 && d->whole % d->flash->sector == 0) {
        BM_TRY(d->flash->erase(d->flash->self, d->whole));
    }
    if (d->part_n != 0 || octets->n < d->flash->unit) {
        BM_TRY(fill_part(d, octets));
    } else {
        BM_TRY(write_units(d, octets));
    }
    /* What is whole to the last octet is told when it was hashed. */
    return d->whole != d->kept && d->whole != d->item.size &&
                   d->whole % step_of(d->flash) == 0
               ? keep(d, d->whole)
               : BM_OK;
}

bm_status deliver_write(struct bm_deliver *d, struct bm_bytes octets)
{
    if (octets.n > d->item.size - d->whole - d->part_n) {
        return BM_E_DELIVER_SIZE;
    }
    while (octets.n != 0) {
        BM_TRY(write_some(d, &octets));
    }
    return BM_OK;
}

static bm_status hash_all(const struct bm_crypto *crypto,
                          const struct bm_flash *flash, uint32_t n,
                          struct bm_hash_state *state)
{
    uint8_t piece[PIECE];
    uint32_t at = 0;

    while (at < n) {
        uint32_t some = n - at < PIECE ? n - at : PIECE;

        BM_TRY(flash->read(flash->self, at, piece, some));
        BM_TRY(crypto->hash_more(crypto->self, state,
                                 (struct bm_bytes){ piece, some }));
        at += some;
    }
    return BM_OK;
}

bm_status bm_deliver_hash(const struct bm_crypto *crypto,
                          const struct bm_flash *flash, uint32_t n,
                          uint8_t out[BM_MANIFEST_HASH_SIZE])
{
    struct bm_hash_state state;
    bm_status ended;
    bm_status rc;

    BM_TRY(crypto->hash_begin(crypto->self, &state, BM_HASH_SHA256));
    rc = hash_all(crypto, flash, n, &state);
    ended = crypto->hash_end(crypto->self, &state, rc == BM_OK ? out : NULL);
    return rc != BM_OK ? rc : ended;
}

bm_status deliver_check_blob(const struct bm_deliver *d)
{
    uint8_t digest[BM_MANIFEST_HASH_SIZE];

    BM_TRY(bm_deliver_hash(d->config->crypto, d->flash, d->item.size, digest));
    return memcmp(digest, d->item.sha256.p, sizeof digest) == 0
               ? BM_OK
               : BM_E_DELIVER_DIGEST;
}
