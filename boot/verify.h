/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_VERIFY_H
#define BM_BOOT_VERIFY_H

#include "boot/image.h"
#include "core/crypto.h"
#include "device/flash.h"

/*
 * Is this image signed by who may sign it? The answer survives a fault: a
 * skipped instruction, a flipped word. It is a pair of complementary words, not
 * a bool; it is computed twice, each time with the payload read again; every
 * step adds to a counter of control flow that is compared at the end; and
 * whoever acts on it compares both words (harden.h).
 *
 * Header and TLVs are copied into RAM once. The copy is what is parsed and what
 * is hashed: no field is read from flash a second time, so nothing can change
 * between its check and its use. The payload is hashed where it will run: in
 * flash that the port calls internal, or in RAM after it was copied there.
 */

#define BM_VERDICT_YES 0x5ac3a96du
struct bm_verdict {
    volatile uint32_t yes; /* BM_VERDICT_YES, and */
    volatile uint32_t no;  /* its complement, or the answer is no */
};

/* A key that may sign: what KEYHASH names, and its halves. */
struct bm_boot_key {
    uint8_t id[32];    /* SHA-256 of the SubjectPublicKeyInfo (P-256) */
    uint8_t point[65]; /* SEC 1, uncompressed */
    uint8_t lms[56];   /* RFC 8554 5.3; used where the ring demands LMS */
};

/* Which algorithms a signature needs: all that are named. */
enum bm_boot_algorithm {
    BM_BOOT_P256 = 1,
    BM_BOOT_LMS = 2
};

#define BM_BOOT_KEYS 4
/* The keys of today. `required` comes from the key set, never from what an
 * image carries. */
struct bm_ring {
    uint32_t required; /* enum bm_boot_algorithm, or'ed */
    unsigned n;
    struct bm_boot_key keys[BM_BOOT_KEYS];
};

/* The RAM that verifying an image takes; header and TLVs stay in it, and
 * `struct bm_image` has views of it. */
struct bm_verify_work {
    uint8_t header[BM_IMAGE_HEADER_SIZE];
    uint8_t tlvs[BM_IMAGE_TLVS_MAX];
    uint8_t piece[256];
    struct bm_hash_state hash;
};

struct bm_verify {
    const struct bm_crypto *crypto;
    const struct bm_ring *ring;
    const struct bm_flash *flash; /* the slot */
    uint8_t *ram;                 /* where RAM_LOAD images go to, or NULL */
    uint32_t ram_address;
    uint32_t ram_size;
    struct bm_verify_work *work;
};

/*
 * Verify the image at the start of v->flash. BM_OK and a verdict of yes, or why
 * not and a verdict of no. `*image` is what was read, as far as it was.
 */
BM_MUST_CHECK bm_status bm_verify_image(const struct bm_verify *v,
                                        struct bm_image *image,
                                        struct bm_verdict *verdict);

#endif
