/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_STATE_H
#define BM_BOOT_STATE_H

#include "boot/boot.h"
#include "boot/keyset_start.h"
#include "boot/request.h"

/*
 * What the bootloader remembers from start to start, and what the parts of a
 * start share. For boot/ alone; docs/boot.md has the layout and the states.
 */

enum bm_boot_phase {
    BM_PHASE_IDLE,   /* what runs is confirmed */
    BM_PHASE_MOVING, /* between two blocks, or at the end of them */
    BM_PHASE_TRIAL,  /* what runs was started, and is to be confirmed */
    BM_PHASES
};

/* An image and what it changes places with. Index 0 is what goes from slot 0
 * to slot 1, index 1 what comes to slot 0. */
struct bm_boot_part {
    uint32_t size[2]; /* octets, TLVs included; 0: nothing that is worth it */
    uint8_t name[2][BM_REQUEST_NAME];
};

/*
 * A record of boot->journal: numbers as the CPU has them. All zeros is the
 * state of a device at its first start. In place (XIP) nothing moves, and of
 * part[0] the names are used: 0 is confirmed and in slot `image`, 1 is on trial
 * in slot `stage` or has failed.
 */
struct bm_boot_state {
    uint8_t phase;  /* enum bm_boot_phase */
    uint8_t event;  /* MOVING: enum bm_boot_event that it comes to */
    uint8_t images; /* MOVING, TRIAL: bit i, image i takes part */
    uint8_t keyset; /* which place counts: 0 or 1 */
    /* MOVING: what comes next. */
    uint8_t image;
    uint8_t stage; /* of a block: to scratch, to slot 1, to slot 0 */
    uint16_t block;
    uint32_t consumed; /* the last request that was read */
    struct bm_boot_part part[BM_BOOT_IMAGES];
};

/* A start that is going on. */
struct bm_start {
    const struct bm_boot *boot;
    struct bm_boot_result *result;
    struct bm_journal journal;
    struct bm_boot_state state;
    struct bm_request request; /* that is to be read now; flags 0: none */
    uint32_t sequence;         /* of it, or of the last one */
    struct bm_keyset_now keyset;
};

/* Which image, in which slot: in a register, for a store may be skipped. */
#define BM_WHICH(image, slot) ((unsigned)(image) << 1 | (unsigned)(slot))

/* Verify an image with boot->ring: its counter is not below the device's, and
 * it runs where it may. What is to run is asked for the verdict, too, and that
 * for the slot it is about: bm_verdict_yes_of(). */
BM_MUST_CHECK bm_status bm_start_verify(const struct bm_boot *boot,
                                        unsigned which, struct bm_image *image,
                                        struct bm_verdict *verdict);

/* Read the state and the request. */
BM_MUST_CHECK bm_status bm_start_begin(struct bm_start *start,
                                       const struct bm_boot *boot,
                                       struct bm_boot_result *result);

/* Fill in the result for the slot in result->slot. Whatever is not BM_OK says
 * no. */
BM_MUST_CHECK bm_status bm_start_end(struct bm_start *start, bm_status rc);

/* Make start->state durable. */
BM_MUST_CHECK bm_status bm_start_put(struct bm_start *start);

/* The request is done with, whatever it came to. */
BM_MUST_CHECK bm_status bm_start_consume(struct bm_start *start);

/* Read the keys that count. */
BM_MUST_CHECK bm_status bm_start_keys(struct bm_start *start);

/* Take a key set, if one is asked for; the images of `slot` are confirmed. */
BM_MUST_CHECK bm_status bm_start_keyset(struct bm_start *start, unsigned slot);

/* An update, or a key set, is not taken. */
void bm_start_refuse(struct bm_start *start, bm_status why);

/* Does the request confirm the images that are on trial? */
bool bm_start_confirms(const struct bm_start *start);

/* A place in flash. */
struct bm_boot_range {
    const struct bm_flash *flash;
    uint32_t at;
};

/*
 * Erase the sectors from `to` on and copy `n` octets there, up to a unit more
 * of 0xff; each chunk is read back. Sectors are whole chunks, and `to` is the
 * start of one: `n` fits, which is the caller's to check.
 */
#define BM_BOOT_CHUNK 128u
BM_MUST_CHECK bm_status bm_start_copy(struct bm_verify_work *work,
                                      const struct bm_boot_range *from,
                                      const struct bm_boot_range *to,
                                      uint32_t n);

/* Go on with moving what start->state says, to the end. */
BM_MUST_CHECK bm_status bm_start_move(struct bm_start *start);

/* Whether areas fit each other so that images can be moved. */
BM_MUST_CHECK bm_status bm_start_shapes(const struct bm_boot *boot);

/*
 * Would what comes to be if the images of `set` come from slot 1 be right?
 * Each verifies, and is the one that `names` says (BM_REQUEST_NAME octets for
 * each image of the device) where that is not NULL; the other images verify
 * where they are. Then start->state has what moving needs, but for phase and
 * event, and `*lossy` says that there is no way back, as something in slot 0
 * does not verify. BM_E_BOOT_DEPENDENCY is the last of the reasons against it:
 * start->state is ready then, too, for who goes back to what had been.
 */
BM_MUST_CHECK bm_status bm_start_plan(struct bm_start *start, unsigned set,
                                      const uint8_t *names, bool *lossy);

/* Which images' slot 1 ends with a trailer of MCUboot's tools. */
unsigned bm_start_trailers(const struct bm_boot *boot, bool *permanent);

/* Erase the sectors where the trailers of the images in `set` are, or were. */
BM_MUST_CHECK bm_status bm_start_trailers_drop(const struct bm_boot *boot,
                                               unsigned set);

#endif
