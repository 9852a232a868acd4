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

/*
 * 1: for a bootloader that is bm_boot_xip_fixed() alone (boot.h). There is no
 * code for key sets then (v->ring is never NULL), nor for RAM_LOAD, which is
 * BM_E_BOOT_ADDRESS.
 */
#ifndef BM_BOOT_FIXED
#define BM_BOOT_FIXED 0
#endif

#define BM_VERDICT_YES 0x5ac3a96du
struct bm_verdict {
    volatile uint32_t yes; /* BM_VERDICT_YES, and */
    volatile uint32_t no;  /* its complement, or the answer is no */
    /* Where what was verified begins to run: the payload, in place or in RAM.
     * Not said by anybody else, so a yes for one image starts no other. */
    volatile uint32_t address;
    /* Where it was read from, so that it is known what the yes is about. */
    const struct bm_flash *volatile flash;
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
    uint32_t required; /* enum bm_boot_algorithm, or'ed; P-256 is always one */
    unsigned n;
    struct bm_boot_key keys[BM_BOOT_KEYS];
};

/* Who may sign key sets: SHA-256 of what their PUBKEY TLV holds, which is a
 * SubjectPublicKeyInfo and, where LMS is demanded, the LMS public key. */
struct bm_signers {
    uint32_t required; /* as above */
    unsigned n;        /* of the ids, from the first */
    const uint8_t (*ids)[32];
};

/* The RAM that verifying an image takes; header and TLVs stay in it, and
 * `struct bm_image` has views of it. */
struct bm_verify_work {
    uint8_t header[BM_IMAGE_HEADER_SIZE];
    uint8_t tlvs[BM_IMAGE_TLVS_MAX];
    uint32_t tlvs_size;
    uint8_t piece[256];
    uint8_t digest[BM_IMAGE_DIGEST_SIZE];
    uint8_t id[32];
    struct bm_hash_state hash;
};

struct bm_verify {
    const struct bm_crypto *crypto;
    /* LMS signatures (RFC 8554), which are none of X.509 and so not of
     * core/crypto.h: BM_OK or BM_E_SIGNATURE. ports/mbedtls/lms has one; with
     * NULL, who demands LMS gets BM_E_IMAGE_ALGORITHM. */
    bm_status (*lms)(const uint8_t key[56], struct bm_bytes digest,
                     struct bm_bytes signature);
    /* One of the two: */
    const struct bm_ring *ring;       /* firmware: keys named by KEYHASH */
    const struct bm_signers *signers; /* a key set: the key is in PUBKEY */
    const struct bm_flash *flash;     /* the slot */
    uint32_t address; /* where it runs from: what ROM_FIXED has to name */
    /* The security counter (a key set: the epoch) is not below; read twice by
     * the caller, as each is used in one of two passes. */
    uint32_t least[2];
    uint8_t *ram; /* where the payload of RAM_LOAD images and of key sets is
                     copied to, or NULL */
    uint32_t ram_address; /* where the CPU sees it; not for key sets */
    uint32_t ram_size;
    struct bm_verify_work *work;
};

/*
 * Verify the image at the start of v->flash. BM_OK and a verdict of yes, or why
 * not and a verdict of no. `*image` is what was read, as far as it was.
 *
 * Firmware (v->ring): not flagged non-bootable; with RAM_LOAD the payload is
 * copied to where it runs, as MCUboot has it, which is header_size behind
 * load_address (it has to fit in between ram_address and ram_address +
 * ram_size, or BM_E_BOOT_ADDRESS), and hashed there; with
 * ROM_FIXED it must be made for v->address, or BM_E_BOOT_ADDRESS. Whether a
 * slot may be executed in place is the caller's to know.
 *
 * A key set (v->signers): flagged non-bootable; the payload is copied to the
 * start of v->ram and hashed there (BM_E_IMAGE_SIZE where it does not fit).
 *
 * TLVs that name a key and signatures come in pairs, key first. Pairs of keys
 * that do not count are skipped; signatures of a key that counts must verify,
 * and one such key has to have made all that are demanded. An LMS signature
 * that is not demanded is not looked at, so that what a set demands can grow.
 * The counter of an image without one is 0; below `least`:
 * BM_E_BOOT_DOWNGRADE.
 * BM_E_BOOT_FAULT: the two passes do not agree.
 */
BM_MUST_CHECK bm_status bm_verify_image(const struct bm_verify *v,
                                        struct bm_image *image,
                                        struct bm_verdict *verdict);

#endif
