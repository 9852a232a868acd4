/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_KEYSET_H
#define BM_BOOT_KEYSET_H

#include "boot/verify.h"

/*
 * Which keys may sign firmware, and how a device learns that it changed.
 *
 * A key set is itself an image (image.h): flagged non-bootable, its payload is
 * the table of keys, its security counter is the epoch, its PUBKEY TLV is the
 * key that signed it. The bootloader has the hashes of two root keys, and of a
 * rescue key; roots sign key sets and nothing else. So one format, one parser
 * and one check serve firmware and keys (docs/key-set.md):
 *
 *     payload: u8 version (1) | u8 required | u8 n | u8 0 |
 *              n x ( point: x | y, 64 octets [| LMS public key, 56 octets] )
 *
 * `required` is what every signature of firmware needs under this set (enum
 * bm_boot_algorithm); LMS public keys are there if it names LMS. A set of a
 * newer epoch revokes by leaving out. Two places hold sets, and the journal
 * says which of them counts; a new set is written into the other one
 * (keyset_start.h).
 */

#define BM_KEYSET_VERSION 1
#define BM_KEYSET_MAX     2560 /* octets of a key set, LMS and TLVs included */

#define BM_KEYSET_HEAD    4u
#define BM_KEYSET_PAYLOAD (BM_KEYSET_HEAD + BM_BOOT_KEYS * (64u + 56u))

/* What is fixed in the bootloader. An id is SHA-256 of what the PUBKEY TLV
 * holds: SubjectPublicKeyInfo (for roots that are hybrid, followed by the LMS
 * public key). */
#define BM_ROOTS       2
#define BM_ROOT_RESCUE 2 /* after the roots; all zero: there is none */
struct bm_roots {
    uint32_t required; /* enum bm_boot_algorithm, or'ed */
    uint8_t ids[BM_ROOTS + 1][32];
};

/* Who brings a key set, as how many of the ids count: the rescue key does in
 * local recovery only. */
enum bm_keyset_road {
    BM_KEYSET_FIELD = BM_ROOTS,
    BM_KEYSET_RECOVERY = BM_ROOTS + 1
};

/* What was verified, beside the keys. */
struct bm_keyset {
    uint32_t epoch;
    uint32_t size; /* octets, TLVs included */
    uint8_t digest[BM_IMAGE_DIGEST_SIZE];
};

/* The last epoch would leave none that is newer: no set may have it. */
#define BM_KEYSET_EPOCH_MAX 0xfffffffeu

/*
 * Verify the key set at the start of `v->flash` and read it into `ring`. Of
 * `v`, crypto, flash, work and `least` are used, which is the least epoch; what
 * else is in it is changed, for a copy would be the depth of a small stack.
 * BM_E_KEYSET_EPOCH below that, BM_E_KEYSET_ROOT where somebody else signed
 * it, BM_E_KEYSET where it is no key set, or why it is no image. On error
 * `*ring` has no keys, and `*set` is zero.
 */
BM_MUST_CHECK bm_status bm_keyset_verify(struct bm_verify *v,
                                         const struct bm_roots *roots,
                                         enum bm_keyset_road road,
                                         struct bm_ring *ring,
                                         struct bm_keyset *set);

/*
 * Read a payload, and hash each key for its id. The payload may lie at the
 * start of `*ring` itself: there it is verified, and spread out in place.
 * BM_E_KEYSET for another version, algorithms that are not known or no P-256
 * among them, no keys or too many, and another length. On error `*ring` has
 * no keys.
 */
BM_MUST_CHECK bm_status bm_keyset_parse(const struct bm_crypto *crypto,
                                        struct bm_bytes payload,
                                        struct bm_ring *ring);

/*
 * Append the payload of these keys; their ids are not read. BM_E_KEYSET for
 * what bm_keyset_parse() refuses and for a key that is there twice; nothing is
 * written then. For tools: no bootloader links it.
 */
BM_MUST_CHECK bm_status bm_keyset_put(struct bm_wr *w,
                                      const struct bm_ring *ring);

#endif
