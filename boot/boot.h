/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_BOOT_H
#define BM_BOOT_BOOT_H

#include "boot/journal.h"
#include "boot/keyset.h"
#include "boot/verify.h"

/*
 * Which image runs. The bootloader is what a port makes of this: it describes
 * its flash in a struct bm_boot, calls one of the two strategies, locks what is
 * to be locked, and jumps.
 *
 * What holds at every instant, whatever the power does:
 *  - an image runs only if it was verified in this start, and its security
 *    counter is not below the device's;
 *  - while there was one image that does, there is one after any cut;
 *  - a new image that is not confirmed by the application gives way to the one
 *    before it at the next start, if that is still in slot 1; a confirmed one
 *    never does. A cut between the record of the trial and the jump is such a
 *    start, too: the image goes back without having run;
 *  - the bootloader writes slots, scratch, journal, key sets and counters; the
 *    application writes its slot 1, its requests and a candidate key set. What
 *    the application, or a tool, wrote is a request, read once (request.h),
 *    never state;
 *  - the bootloader never writes itself.
 *
 * Swap: the image runs from slot 0; an update is put into slot 1, and the two
 * change places, block by block, over a scratch range. Each step writes where
 * nothing is that is still needed, and can be done again: the journal says
 * which step is the next one. A block is a sector of the slot with the larger
 * ones, and whole sectors of the other slot and of scratch.
 *
 * Execution in place (XIP): each slot has an image that was linked for its
 * address (ROM_FIXED). Nothing is moved; of the slots that verify, the newest
 * one runs that is not on trial for the second time.
 */

#define BM_BOOT_IMAGES 2 /* that are updated together, at most */

/* Of them, what this bootloader has room for; what is in flash has the same
 * form everywhere. */
#ifndef BM_BOOT_IMAGES_MOST
#define BM_BOOT_IMAGES_MOST BM_BOOT_IMAGES
#endif

struct bm_boot_slot {
    struct bm_flash flash;
    /* Where the CPU sees the slot that an image in here runs from: this one,
     * or slot 0 of a swap. ROM_FIXED images must be made for it. */
    uint32_t address;
    /* Nothing but this bootloader changes that slot between check and run, so
     * that code may execute in place, of any image. Otherwise images are
     * RAM_LOAD, and made for addresses that do not overlap: one is copied after
     * another, image 0 last. */
    bool internal;
};

/* Values that only grow. Fuses, a secure element, or counter.h. */
enum bm_boot_counter {
    BM_COUNTER_EPOCH,
    BM_COUNTER_IMAGE /* and image 1, ... */
};
struct bm_boot_counters {
    void *self;
    bm_status (*read)(void *self, unsigned counter, uint32_t *value);
    /* Durable when it returns BM_OK; a smaller or equal value changes
     * nothing and is BM_OK. */
    bm_status (*raise)(void *self, unsigned counter, uint32_t value);
};

/* The life of the part, as its fuses say; words far apart, for a fault. */
enum bm_lifecycle {
    BM_LIFECYCLE_OPEN = 0x3c5a9669,        /* development: debug, no lock */
    BM_LIFECYCLE_PROVISIONED = 0x5a96693c, /* roots are fixed; debug works */
    BM_LIFECYCLE_CLOSED = 0x69963c5a       /* in the field: debug is locked */
};

struct bm_boot {
    const struct bm_crypto *crypto;
    /* As in struct bm_verify: NULL where no set demands LMS. */
    bm_status (*lms)(const uint8_t key[56], struct bm_bytes digest,
                     struct bm_bytes signature);
    unsigned images; /* 1 to BM_BOOT_IMAGES; image 0 is the one that runs */
    struct bm_boot_slot slot[BM_BOOT_IMAGES_MOST][2];
    struct bm_flash journal; /* of the bootloader */
    struct bm_flash mailbox; /* of the application: request.h */
#if !BM_BOOT_FIXED
    struct bm_flash scratch; /* a block, or several that are used in turn */
    struct bm_flash keyset[2];
    struct bm_flash candidate; /* a key set that the application brings */
    const struct bm_roots *roots;
#endif
    struct bm_boot_counters counters;
    struct bm_ring *ring; /* RAM: the keys that count, once they are read */
    uint8_t *ram;         /* where RAM_LOAD images run, or NULL */
    uint32_t ram_address;
    uint32_t ram_size;
    struct bm_verify_work *work;
    /* Swap: told of each image that was verified to run, image 0 last; with
     * NULL before the first of them, and again whenever that begins anew. Or
     * NULL: nobody wants to know. bm_handover_measured() is one. */
    void (*measured)(void *self, unsigned number, const struct bm_image *image);
    void *measured_self;
};

/* What the start came to, for the application and for a log; told once. */
enum bm_boot_event {
    BM_BOOT_NORMAL,
    BM_BOOT_TRIAL,     /* first start of a new image, to be confirmed */
    BM_BOOT_CONFIRMED, /* ... it was: this is the first start after that */
    BM_BOOT_REVERTED,  /* the trial was not confirmed: the image before it */
    BM_BOOT_REFUSED,   /* an update was asked for and is not acceptable */
    BM_BOOT_FALLBACK   /* what was in slot 0 did not verify: slot 1's runs */
};

struct bm_boot_result {
    struct bm_verdict verdict;
    struct bm_image image; /* views of boot->work */
    unsigned slot;
    uint32_t address; /* of the vector table that is to run */
    enum bm_boot_event event;
    /* Why an update or a key set was not taken, or why a trial could not end:
     * beside any event, or BM_OK. */
    bm_status refusal;
    uint32_t epoch;    /* of the key set that counts */
    uint32_t consumed; /* the last request that was read: request.h */
};

/*
 * Decide, and move what is to be moved. BM_OK and a verdict of yes: jump to
 * result->address. Anything else: nothing may run; enter recovery.
 * BM_E_FLASH_POWER (a test) and other errors of flash are handed on; calling
 * again, after a reset or at once, goes on where it stopped.
 */
BM_MUST_CHECK bm_status bm_boot_swap(const struct bm_boot *boot,
                                     struct bm_boot_result *result);
BM_MUST_CHECK bm_status bm_boot_xip(const struct bm_boot *boot,
                                    struct bm_boot_result *result);

/*
 * The same with keys that are fixed in the bootloader: boot->ring has them, and
 * is not changed. For parts where every octet counts: no key is ever revoked.
 */
BM_MUST_CHECK bm_status bm_boot_xip_fixed(const struct bm_boot *boot,
                                          struct bm_boot_result *result);

#endif
