/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_UNLOCK_H
#define BM_KEYS_UNLOCK_H

#include "core/crypto.h"

/*
 * The unlock secret: 256 random bits that open the key-encryption key of an
 * instance (kek.h). Here is how it is written down and where it is read from;
 * it never comes by command line or environment.
 *
 * It is text that can be printed, put into a safe, and typed again:
 *
 *     birthmark unlock secret 1
 *     6f1c 0b5e 8d2a 9944 17e3 c0aa 52bb 0f6d
 *     91d4 3e7c a05b 66f8 2c19 d7e0 4b83 95fa
 *     check 3ad0 71c2
 *
 * The check is the start of SHA-256("birthmark/unlock/v1" || secret), so that
 * a slip of the fingers is told apart from the secret of another instance.
 * When it is read, any amount of white space is as good as any other, and
 * letters may be of either case.
 */
#define BM_UNLOCK_SIZE 32

/* Room for the text as it is written. */
#define BM_UNLOCK_TEXT_MAX 192

/* White space of a file that somebody has edited included. */
#define BM_UNLOCK_READ_MAX 1024

/* The caller wipes the buffer. */
BM_MUST_CHECK bm_status bm_unlock_put(const struct bm_crypto *crypto,
                                      const uint8_t secret[BM_UNLOCK_SIZE],
                                      struct bm_wr *text);

/*
 * BM_E_KEYS_TYPO when it is not such a text, or its check does not match;
 * BM_E_KEYS_VERSION when it is one of a later version. `secret` is zero then.
 */
BM_MUST_CHECK bm_status bm_unlock_parse(const struct bm_crypto *crypto,
                                        struct bm_bytes text,
                                        uint8_t secret[BM_UNLOCK_SIZE]);

/*
 * Make a secret and write it to a new file, mode 0400, durable before this
 * returns. BM_E_EXISTS when there is a file; on error there is none, and
 * `secret` is zero.
 */
BM_MUST_CHECK bm_status bm_unlock_create(const struct bm_crypto *crypto,
                                         const char *path,
                                         uint8_t secret[BM_UNLOCK_SIZE]);

/* Where a secret is. */
enum bm_unlock_kind {
    BM_UNLOCK_FILE,       /* a file that only its owner can read */
    BM_UNLOCK_FD,         /* an inherited descriptor, read once and closed */
    BM_UNLOCK_CREDENTIAL, /* systemd's LoadCredential=birthmark-unlock:... */
    BM_UNLOCK_SHARES      /* shares.h: of a folder, or asked for */
};

struct bm_unlock_source {
    enum bm_unlock_kind kind;
    const char *path; /* BM_UNLOCK_FILE; BM_UNLOCK_SHARES: the folder, or NULL;
                         borrowed */
    int fd;           /* BM_UNLOCK_FD */
};

/*
 * Read what a configuration says: "file" (then the path is `usual`),
 * "file:PATH", "fd:N", "systemd-credential", "shares:DIR", "shares".
 * BM_E_KEYS_SOURCE.
 * The result borrows from both strings.
 */
BM_MUST_CHECK bm_status bm_unlock_source_parse(const char *text,
                                               const char *usual,
                                               struct bm_unlock_source *source);

/*
 * Read the secret; blocks as long as a descriptor does. On error `secret` is
 * zero:
 *
 *   BM_E_KEYS_LOCKED  nothing is there
 *   BM_E_KEYS_MODE    group or others may read it, or another user owns it
 *   BM_E_KEYS_TYPO    and the others of bm_unlock_parse()
 *   BM_E_KEYS_FILE    not a regular file, or a symbolic link
 *   BM_E_KEYS_SHARES  shares that would have to be asked for; shares_read.h
 *                     can, and says more about those of a folder
 */
BM_MUST_CHECK bm_status bm_unlock_read(const struct bm_crypto *crypto,
                                       const struct bm_unlock_source *source,
                                       uint8_t secret[BM_UNLOCK_SIZE]);

#endif
