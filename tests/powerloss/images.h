/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_POWERLOSS_IMAGES_H
#define BM_TESTS_POWERLOSS_IMAGES_H

#include "boot/boot.h"
#include "boot/request.h"

/*
 * The images and key sets of the simulated device, really signed. They are
 * built here octet by octet, not by boot/, so that both have to agree.
 *
 * What is compared with flash is the octets that were made: an image runs as
 * it was signed, or the simulator says so.
 */

/* Who signs: the four test keys for P-256. */
enum signer {
    SIGNER_ROOT,
    SIGNER_OLD, /* revoked by the second key set */
    SIGNER_NEW,
    SIGNER_STRANGER
};

/* Images, by what they are for. Those of image number 1 end in _SECOND. */
enum image_id {
    NOTHING, /* or anything: it is no image that may run */
    FIRST,   /* what the device comes with, by the old key */
    UPDATE,  /* larger, and a higher security counter */
    SMALL,   /* of the counter of FIRST */
    STALE,   /* a counter below that of FIRST */
    FOREIGN, /* not signed by a key that counts */
    LATER,   /* a counter above that of UPDATE */
    BY_NEW,  /* as FIRST, by the key that is not revoked */
    NEEDY,   /* depends on UPDATE_SECOND */
    FIRST_SECOND,
    UPDATE_SECOND,
    SET_ONE, /* key sets: both keys */
    SET_TWO, /* a newer epoch, without the old key */
    SET_FOREIGN,
    IMAGE_IDS
};

struct image_made {
    const char *name;
    enum signer signer;
    uint32_t counter; /* or epoch */
    uint8_t number;   /* which image of the device */
    uint8_t version;  /* the major one */
    struct bm_bytes octets;
    uint8_t digest[32];
};

/* For slots of `slot` octets, which are in execution in place at `address[]`;
 * what is in them lives until the next call for other slots. */
void images_make(uint32_t slot, const uint32_t address[2]);

/* The image as it is put into `slot`: another one where it executes in place,
 * as it is made for an address. */
const struct image_made *image_get(enum image_id id, unsigned slot);

const struct bm_roots *images_roots(void);

/* Is the image's key in the set? */
bool image_trusted(enum image_id id, enum image_id set);

/* What stands behind images in slots, and must never be elsewhere. */
#define POISON 0xee

#endif
