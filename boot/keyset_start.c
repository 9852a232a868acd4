/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/keyset_start.h"

#include <string.h>

#include "boot/state.h"

/*
 * What verifies a set: not below `least`, nor below the counter. The counter is
 * read for each of the two passes of verifying, so that no one fault makes an
 * old set pass.
 */
static bm_status begin(const struct bm_boot *boot, uint32_t least,
                       struct bm_verify *v)
{
    const struct bm_boot_counters *counters = &boot->counters;

    memset(v, 0, sizeof *v);
    v->crypto = boot->crypto;
    v->lms = boot->lms;
    v->work = boot->work;
    for (unsigned i = 0; i < 2; i++) {
        BM_TRY(counters->read(counters->self, BM_COUNTER_EPOCH, &v->least[i]));
        if (v->least[i] < least) {
            v->least[i] = least;
        }
    }
    return BM_OK;
}

static void now_is(struct bm_keyset_now *now, unsigned place,
                   const struct bm_keyset *set)
{
    now->place = place;
    now->epoch = set->epoch;
    memcpy(now->name, set->digest, sizeof now->name);
}

/*
 * What is in a place came there through the commit below, so it is asked for
 * any of the signatures that had been good then.
 */
bm_status bm_keyset_load(const struct bm_boot *boot, struct bm_keyset_now *now)
{
    struct bm_verify v;
    struct bm_keyset set;
    bm_status rc = BM_E_INTERNAL;

    boot->ring->n = 0;
    now->epoch = 0;
    BM_TRY(begin(boot, 0, &v));
    /* What could not be read once may be read the second time. */
    for (unsigned i = 0; i < 4; i++) {
        unsigned place = now->place ^ i >> 1;

        v.flash = &boot->keyset[place];
        rc = bm_keyset_verify(&v, boot->roots, BM_KEYSET_RECOVERY, boot->ring,
                              &set);
        if (rc == BM_OK) {
            now_is(now, place, &set);
            break;
        }
    }
    return rc;
}

/* An image of `slot`, under the ring. */
static bm_status verify_slot(const struct bm_boot *boot, unsigned image,
                             unsigned slot)
{
    struct bm_verdict verdict;
    struct bm_image parsed;

    return bm_start_verify(boot, BM_WHICH(image, slot), &parsed, &verdict);
}

static bm_status verify_running(const struct bm_boot *boot, unsigned slot)
{
    for (unsigned i = 0; i < boot->images; i++) {
        if (verify_slot(boot, i, slot) != BM_OK) {
            return BM_E_KEYSET_RUNNING;
        }
    }
    return BM_OK;
}

/* To the place that does not count. */
static bm_status copy(const struct bm_boot *boot, unsigned place, uint32_t size)
{
    const struct bm_boot_range from = { &boot->candidate, 0 };
    const struct bm_boot_range to = { &boot->keyset[place], 0 };

    if (size > to.flash->sector * to.flash->sectors ||
        to.flash->sector % BM_BOOT_CHUNK != 0) {
        return BM_E_BOOT_SHAPE;
    }
    return bm_start_copy(boot->work, &from, &to, size);
}

static bm_status take(const struct bm_boot *boot,
                      const struct bm_keyset_offer *offer,
                      struct bm_keyset_now *now)
{
    /* BM_KEYSET_EPOCH_MAX keeps this from wrapping. */
    uint32_t least = now->epoch + (offer->road == BM_KEYSET_FIELD);
    unsigned other = now->place ^ 1;
    struct bm_verify v;
    struct bm_keyset set;
    struct bm_keyset written;

    BM_TRY(begin(boot, least, &v));
    v.flash = &boot->candidate;
    BM_TRY(bm_keyset_verify(&v, boot->roots, offer->road, boot->ring, &set));
    if (offer->name != NULL &&
        memcmp(set.digest, offer->name, BM_REQUEST_NAME) != 0) {
        return BM_E_BOOT_REQUEST;
    }
    if (offer->road == BM_KEYSET_FIELD) {
        BM_TRY(verify_running(boot, offer->slot));
    }
    BM_TRY(copy(boot, other, set.size));
    v.flash = &boot->keyset[other];
    BM_TRY(
        bm_keyset_verify(&v, boot->roots, offer->road, boot->ring, &written));
    /* Had the candidate changed in between, what is there was not asked
     * whether the image that runs verifies under it. */
    if (memcmp(set.digest, written.digest, sizeof set.digest) != 0) {
        return BM_E_FLASH_VERIFY;
    }
    now_is(now, other, &written);
    return BM_OK;
}

bm_status bm_keyset_accept(const struct bm_boot *boot,
                           const struct bm_keyset_offer *offer,
                           struct bm_keyset_now *now)
{
    bm_status rc;

    if (offer->name != NULL &&
        memcmp(now->name, offer->name, sizeof now->name) == 0) {
        return BM_OK; /* a request that was read, but for its mark */
    }
    rc = take(boot, offer, now);
    if (rc != BM_OK) {
        (void)!bm_keyset_load(boot, now); /* or there are no keys */
    }
    return rc;
}

/* An image that does not verify any more is no image any more, so that nothing
 * is decided by what its header says. What reads as none may be an erase that
 * was cut, and is erased again. */
static void invalidate(const struct bm_boot *boot, unsigned slot)
{
    for (unsigned i = 0; i < boot->images; i++) {
        const struct bm_flash *flash = &boot->slot[i][slot ^ 1].flash;

        if (verify_slot(boot, i, slot ^ 1) != BM_OK) {
            /* A worn sector keeps nobody from running what is in `slot`. */
            (void)!flash->erase(flash->self, 0);
        }
    }
}

bm_status bm_keyset_settle(const struct bm_boot *boot,
                           const struct bm_keyset_now *now, unsigned slot)
{
    const struct bm_boot_counters *counters = &boot->counters;
    uint32_t epoch;

    BM_TRY(counters->read(counters->self, BM_COUNTER_EPOCH, &epoch));
    if (epoch >= now->epoch) {
        return BM_OK;
    }
    BM_TRY(verify_running(boot, slot));
    invalidate(boot, slot);
    return counters->raise(counters->self, BM_COUNTER_EPOCH, now->epoch);
}
