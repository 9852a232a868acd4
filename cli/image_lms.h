/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_IMAGE_LMS_H
#define BM_CLI_IMAGE_LMS_H

#include "cli/unlock.h"
#include "keys/lms.h"
#include "ports/mbedtls/lms/lms.h"

/*
 * The second signature of images and key sets: LMS keys of an instance, named
 * "lms:NAME" (keys/lms.h). Opening one takes seconds: all its one-time keys are
 * computed.
 *
 * Functions print what is wrong and return an exit code of cmd.h.
 */
struct image_lms {
    const char *path; /* "birthmark image sign", for messages */
    const char *uri;
    uint8_t key[BM_LMS_KEY_SIZE]; /* the public key */

    /* Private. */
    struct unlock u;
    struct bm_kek *kek;
    char dir[FILES_PATH_MAX];
    struct bm_lms_signer *signer; /* NULL: not open */
};

/* Is it the URI of such a key? */
bool image_lms_is(const char *uri);

/* Make a key; `l->key` is its public half. */
int image_lms_make(struct image_lms *l, const char *path, const char *dir,
                   const char *uri);

/* Open one that is there. Release with image_lms_close() in any case. */
int image_lms_open(struct image_lms *l, const char *path, const char *dir,
                   const char *uri);
void image_lms_close(struct image_lms *l); /* again is fine */

/* Use up a one-time key, sign, and verify what came out. Says so when there
 * are few left. */
int image_lms_sign(struct image_lms *l, const uint8_t digest[32],
                   uint8_t signature[BM_LMS_SIGNATURE_SIZE]);

/*
 * The public key as a SubjectPublicKeyInfo (RFC 9802 3): id-alg-hss-lms-hashsig
 * over an HSS key of one level, 1 | LMS public key.
 */
#define IMAGE_LMS_SPKI_SIZE 80u
void image_lms_spki_put(struct bm_wr *w, const uint8_t key[BM_LMS_KEY_SIZE]);
bm_status image_lms_spki_parse(struct bm_bytes der,
                               uint8_t key[BM_LMS_KEY_SIZE]);

/* That of a file, PEM "PUBLIC KEY". */
int image_lms_read(const char *path, const char *file,
                   uint8_t key[BM_LMS_KEY_SIZE]);

#endif
