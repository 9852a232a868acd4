/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_KEYSET_START_H
#define BM_BOOT_KEYSET_START_H

#include "boot/boot.h"
#include "boot/request.h"

/*
 * Key sets inside a start: which one counts, and how a new one comes to.
 *
 * The commit of a new set, in an order in which each step can be done again
 * after a cut, and the device boots in between (docs/key-set.md):
 *
 *   1. the candidate verifies under a root, and its epoch is newer;
 *   2. the images that run are confirmed, and verify under it;
 *   3. it is written to the place that does not count, read back and
 *      verified there;                               bm_keyset_accept()
 *   4. the journal says that this place counts;      the caller
 *   5. an image in the other slot that does not verify under it is erased;
 *   6. the epoch is raised.                          bm_keyset_settle()
 *
 * A cut before 4 leaves the old set, and the request can be made again. After
 * 4, a set newer than the counter is what says that 5 and 6 are to be done:
 * a start takes sets of the counter's epoch and of newer ones, never of older
 * ones, and finishes.
 *
 * All three verify images, and so overwrite boot->work and what a RAM_LOAD
 * image had in boot->ram: the image that is to run is verified after them.
 * On BM_E_FLASH_POWER and other errors of flash, call again.
 */

struct bm_keyset_now {
    unsigned place; /* of boot->keyset; 0 on a device with no journal yet */
    uint32_t epoch;
    uint8_t name[BM_REQUEST_NAME]; /* of its digest, as requests name sets */
};

/*
 * At each start: read the set that counts into boot->ring. now->place is what
 * the journal says; if nothing can be read there that is signed and not below
 * the counter of epochs, the other place is tried, and now->place changes. On
 * error now->epoch is 0, and nothing may run: recovery has to bring a set.
 */
BM_MUST_CHECK bm_status bm_keyset_load(const struct bm_boot *boot,
                                       struct bm_keyset_now *now);

/* A set that is offered in boot->candidate. */
struct bm_keyset_offer {
    enum bm_keyset_road road;
    const uint8_t *name; /* BM_REQUEST_NAME octets, or NULL: any set */
    unsigned slot;       /* whose images run; all of them are confirmed */
};

/*
 * Steps 1 to 3. BM_OK: the ring and `*now` are those of the new set, and the
 * caller writes now->place into the journal before anything else. Otherwise
 * nothing changed but the place that does not count, and the ring and `*now`
 * are what bm_keyset_load() reads. A set that counts already, by its name, is
 * BM_OK at once.
 *
 * From the field an epoch must be newer. Through recovery it may be the
 * current one, the rescue key may have signed it, and step 2 is left out: what
 * is there may be what recovery is to mend. It is not below the counter, even
 * where no set counts.
 */
BM_MUST_CHECK bm_status bm_keyset_accept(const struct bm_boot *boot,
                                         const struct bm_keyset_offer *offer,
                                         struct bm_keyset_now *now);

/*
 * Steps 5 and 6, if the set that counts is newer than the counter: otherwise
 * this reads the counter and no more. To be called at each start whose images
 * in `slot` are confirmed, never on trial: there is no way back after it.
 * BM_E_KEYSET_RUNNING and nothing done if they do not verify.
 */
BM_MUST_CHECK bm_status bm_keyset_settle(const struct bm_boot *boot,
                                         const struct bm_keyset_now *now,
                                         unsigned slot);

#endif
