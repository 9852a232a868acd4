/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/keyset_start.h"

#include <string.h>

#include "boot/harden.h"
#include "boot/request.h"

/* A key set, and what it takes to be one that counts. */
struct place {
    const struct bm_flash *flash;
    enum bm_keyset_road road;
    uint32_t least[2];
};

static bm_status verify_set(const struct bm_boot *boot,
                            const struct place *place, struct bm_ring *ring,
                            struct bm_keyset *set)
{
    const struct bm_verify v = { .crypto = boot->crypto,
                                 .flash = place->flash,
                                 .least = { place->least[0], place->least[1] },
                                 .work = boot->work };

    return bm_keyset_verify(&v, boot->roots, place->road, ring, set);
}

/*
 * What is in a place came there through the commit below, so it is asked for
 * any of the signatures that had been good then.
 */
bm_status bm_keyset_load(const struct bm_boot *boot, struct bm_ring *ring,
                         struct bm_keyset_now *now)
{
    const struct bm_boot_counters *counters = &boot->counters;
    struct place place = { .road = BM_KEYSET_RECOVERY };
    struct bm_keyset set;
    bm_status rc = BM_E_INTERNAL;

    ring->n = 0;
    for (unsigned i = 0; i < 2; i++) {
        BM_TRY(
            counters->read(counters->self, BM_COUNTER_EPOCH, &place.least[i]));
    }
    for (unsigned i = 0; i < 2; i++) {
        place.flash = &boot->keyset[now->place ^ i];
        rc = verify_set(boot, &place, ring, &set);
        if (rc == BM_OK) {
            now->place ^= i;
            now->epoch = set.epoch;
            break;
        }
    }
    return rc;
}

/* Does an image verify under a ring, if it is to run at that address? */
static bm_status verify_slot(const struct bm_boot *boot,
                             const struct bm_ring *ring,
                             const struct bm_flash *flash, uint32_t address)
{
    const struct bm_verify v = { .crypto = boot->crypto,
                                 .ring = ring,
                                 .flash = flash,
                                 .address = address,
                                 .ram = boot->ram,
                                 .ram_address = boot->ram_address,
                                 .ram_size = boot->ram_size,
                                 .work = boot->work };
    struct bm_verdict verdict;
    struct bm_image image;

    return bm_verify_image(&v, &image, &verdict);
}

static bm_status verify_running(const struct bm_boot *boot,
                                const struct bm_ring *ring, unsigned slot)
{
    for (unsigned i = 0; i < boot->images; i++) {
        const struct bm_boot_slot *s = &boot->slot[i][slot];

        if (verify_slot(boot, ring, &s->flash, s->address) != BM_OK) {
            return BM_E_KEYSET_RUNNING;
        }
    }
    return BM_OK;
}

/* Octets of an image alone, in pieces that lie in one sector each; a sector is
 * erased before its first. */
static bm_status copy(const struct bm_flash *from, const struct bm_flash *to,
                      uint32_t size, struct bm_verify_work *work)
{
    uint32_t n;

    if (size > to->sector * to->sectors) {
        return BM_E_IMAGE_SIZE;
    }
    for (uint32_t at = 0; at < size; at += n) {
        n = to->sector - at % to->sector;
        if (at % to->sector == 0) {
            BM_TRY(to->erase(to->self, at));
        }
        if (n > sizeof work->piece) {
            n = sizeof work->piece;
        }
        if (n > size - at) {
            n = size - at;
        }
        memset(work->piece, 0xff, sizeof work->piece); /* up to a unit */
        BM_TRY(from->read(from->self, at, work->piece, n));
        n = (n + to->unit - 1) & ~(to->unit - 1);
        BM_TRY(to->program(to->self, at, (struct bm_bytes){ work->piece, n }));
    }
    return BM_OK;
}

static bm_status take(const struct bm_boot *boot,
                      const struct bm_keyset_offer *offer, struct bm_ring *ring,
                      struct bm_keyset_now *now)
{
    /* The field has to bring a newer one; EPOCH_MAX keeps this from wrapping */
    uint32_t least = now->epoch + (offer->road == BM_KEYSET_FIELD);
    struct place place = { &boot->candidate, offer->road, { least, least } };
    unsigned other = now->place ^ 1;
    struct bm_keyset set;
    struct bm_keyset written;

    BM_TRY(verify_set(boot, &place, ring, &set));
    if (offer->name != NULL &&
        memcmp(set.digest, offer->name, BM_REQUEST_NAME) != 0) {
        return BM_E_BOOT_REQUEST;
    }
    if (offer->road == BM_KEYSET_FIELD) {
        BM_TRY(verify_running(boot, ring, offer->slot));
    }
    place.flash = &boot->keyset[other];
    BM_TRY(copy(&boot->candidate, place.flash, set.size, boot->work));
    BM_TRY(verify_set(boot, &place, ring, &written));
    /* Had the candidate changed in between, what is there was not asked
     * whether the image that runs verifies under it. */
    if (memcmp(set.digest, written.digest, sizeof set.digest) != 0) {
        return BM_E_FLASH_VERIFY;
    }
    *now = (struct bm_keyset_now){ other, set.epoch };
    return BM_OK;
}

bm_status bm_keyset_accept(const struct bm_boot *boot,
                           const struct bm_keyset_offer *offer,
                           struct bm_ring *ring, struct bm_keyset_now *now)
{
    bm_status rc = take(boot, offer, ring, now);

    if (rc != BM_OK && bm_keyset_load(boot, ring, now) != BM_OK) {
        ring->n = 0;
    }
    return rc;
}

/*
 * What is in the other slot waits to run from the address of this one (swap),
 * or from its own (XIP); which is asked for when it is to run.
 */
static bm_status verify_waiting(const struct bm_boot *boot,
                                const struct bm_ring *ring,
                                const struct bm_boot_slot *waiting,
                                const struct bm_boot_slot *running)
{
    bm_status rc = verify_slot(boot, ring, &waiting->flash, running->address);

    if (rc == BM_E_BOOT_ADDRESS) {
        rc = verify_slot(boot, ring, &waiting->flash, waiting->address);
    }
    return rc;
}

/* An image that does not verify any more is no image any more, so that nothing
 * is decided by what its header says. What reads as none may be an erase that
 * was cut, and is erased again. */
static bm_status invalidate(const struct bm_boot *boot,
                            const struct bm_ring *ring, unsigned slot)
{
    for (unsigned i = 0; i < boot->images; i++) {
        const struct bm_boot_slot *s = boot->slot[i];
        const struct bm_flash *flash = &s[slot ^ 1].flash;
        bm_status rc = verify_waiting(boot, ring, &s[slot ^ 1], &s[slot]);

        if (rc != BM_OK) {
            BM_TRY(flash->erase(flash->self, 0));
        }
    }
    return BM_OK;
}

bm_status bm_keyset_settle(const struct bm_boot *boot,
                           const struct bm_ring *ring,
                           const struct bm_keyset_now *now, unsigned slot)
{
    const struct bm_boot_counters *counters = &boot->counters;
    uint32_t epoch;

    BM_TRY(counters->read(counters->self, BM_COUNTER_EPOCH, &epoch));
    if (epoch >= now->epoch) {
        return BM_OK;
    }
    BM_TRY(verify_running(boot, ring, slot));
    BM_TRY(invalidate(boot, ring, slot));
    return counters->raise(counters->self, BM_COUNTER_EPOCH, now->epoch);
}
