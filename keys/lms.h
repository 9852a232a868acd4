/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_LMS_H
#define BM_KEYS_LMS_H

#include "keys/kek.h"

/*
 * Keys for LMS signatures (RFC 8554), as two files of the folder of keys:
 *
 *     NAME.lms       the secret, sealed under the key-encryption key
 *     NAME.lms-used  which one-time keys are used up, a line for each
 *
 * A one-time key that signs two messages gives the whole key away. So its index
 * is taken before it signs: a line is appended and synced, and what is taken is
 * never given back, whatever becomes of the signature (NIST SP 800-208 9.2).
 *
 * The second file must never be older than it was: it is in no backup, and it
 * names itself (its inode, its birth, and the machine). A copy, or what was
 * restored, is not itself, and a key without it has no memory: such a key is
 * retired (BM_E_LMS_RETIRED) for ever. A whole file system that is set back is
 * not noticed: docs/signing.md.
 *
 * Only the files are here: ports/mbedtls/lms computes.
 */

#define BM_LMS_SECRET_SIZE 48u /* identifier, seed */
#define BM_LMS_PUBLIC_SIZE 56u /* RFC 8554 5.3 */
#define BM_LMS_INDEXES     1024u

/* Where it says: make another key, and a key set with it. */
#define BM_LMS_WARN (BM_LMS_INDEXES * 9 / 10)

struct bm_lms_place {
    const struct bm_crypto *crypto;
    const struct bm_kek *kek;
    const char *dir;  /* "INSTANCE/keys" */
    const char *name; /* as a name in bm_key_file_name(), without ".lms" */
};

/* Both files, durable; BM_E_EXISTS where there is one of them. */
BM_MUST_CHECK bm_status bm_lms_make(const struct bm_lms_place *place,
                                    const uint8_t secret[BM_LMS_SECRET_SIZE],
                                    const uint8_t public[BM_LMS_PUBLIC_SIZE]);

/* The secret, which the caller wipes. BM_E_NOT_FOUND, BM_E_KEYS_FILE. */
BM_MUST_CHECK bm_status bm_lms_open(const struct bm_lms_place *place,
                                    uint8_t secret[BM_LMS_SECRET_SIZE],
                                    uint8_t public[BM_LMS_PUBLIC_SIZE]);

/*
 * Take an index for a signature over `digest`: nobody else has it or will have
 * it. BM_E_LMS_SPENT: there are no more; BM_E_LMS_RETIRED; BM_E_LMS_STATE: it
 * could not be made durable, and may be lost.
 */
BM_MUST_CHECK bm_status bm_lms_take(const struct bm_lms_place *place,
                                    const uint8_t public[BM_LMS_PUBLIC_SIZE],
                                    const uint8_t digest[32], uint32_t *index);

/* How many are used. Takes none. */
BM_MUST_CHECK bm_status bm_lms_used(const struct bm_lms_place *place,
                                    const uint8_t public[BM_LMS_PUBLIC_SIZE],
                                    uint32_t *used);

/* A sealed key; views into `room`. */
#define BM_LMS_FILE_MAX 512
struct bm_lms_file {
    struct bm_bytes public; /* BM_LMS_PUBLIC_SIZE */
    struct bm_bytes nonce;
    struct bm_bytes sealed;
};
BM_MUST_CHECK bm_status bm_lms_file_parse(struct bm_bytes text,
                                          uint8_t room[BM_LMS_FILE_MAX],
                                          struct bm_lms_file *file);

#endif
