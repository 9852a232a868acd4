/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_KEK_H
#define BM_KEYS_KEK_H

#include "keys/maker.h"
#include "keys/unlock.h"

/*
 * The key-encryption key of an instance, which seals its key files (file.h).
 *
 * It is random, and lies in a file of its own, sealed under what scrypt makes
 * of the unlock secret: so the secret can be changed without a key file being
 * touched. In memory it is kept out of swap and core dumps where the system
 * lets us. docs/keys.md has the format.
 *
 * One key serves one thread at a time, as its bm_crypto does.
 */
struct bm_kek;

#define BM_KEK_SIZE 32

/*
 * 64 MiB, and a tenth to a quarter of a second. The secret is random, so this
 * is a second line: it makes one that leaked in part slow to complete.
 */
#define BM_KEK_LOG_N 16
#define BM_KEK_R     8
#define BM_KEK_P     1

/*
 * What a file may ask for: a hostile one costs 256 MiB and a few seconds,
 * not the machine.
 */
#define BM_KEK_LOG_N_MIN  10
#define BM_KEK_LOG_N_MAX  20
#define BM_KEK_R_MAX      32
#define BM_KEK_P_MAX      16
#define BM_KEK_MEMORY_MAX ((uint64_t)256 << 20) /* 128 * N * r octets */
#define BM_KEK_WORK_MAX   ((uint64_t)1 << 23)   /* N * r * p */

/* A file of this kind, with room to grow. */
#define BM_KEK_FILE_MAX 1024

struct bm_kek_config {
    struct bm_key_tools tools;
    const char *path;                  /* "DIR/keys/kek" */
    const uint8_t *secret;             /* BM_UNLOCK_SIZE octets */
    const struct bm_scrypt_cost *cost; /* NULL: the usual one */
};

/*
 * Make a key and its file, durable before this returns; BM_E_EXISTS when
 * there is one. On BM_OK the caller owns `*kek`, otherwise it is NULL and no
 * file was made.
 */
BM_MUST_CHECK bm_status bm_kek_create(const struct bm_kek_config *config,
                                      struct bm_kek **kek);

/*
 * Open the file; `cost` is the file's own. Takes one scrypt.
 *
 *   BM_E_NOT_FOUND     no file
 *   BM_E_KEYS_SECRET   the file is whole, and the secret is not its own
 *   BM_E_KEYS_FILE     damaged, or not such a file
 *   BM_E_KEYS_VERSION  of a later version
 *   BM_E_KEYS_MODE     group or others may read it, or another user owns it
 *   BM_E_LIMIT         asks for more memory or work than is given
 */
BM_MUST_CHECK bm_status bm_kek_open(const struct bm_kek_config *config,
                                    struct bm_kek **kek);

/*
 * Put the key under the secret and cost of `config`, in place of the file
 * there. On error either the old or the new secret opens it (the old one,
 * unless the disk failed at the very end), so keep both until this is BM_OK.
 */
BM_MUST_CHECK bm_status bm_kek_rewrap(const struct bm_kek *kek,
                                      const struct bm_kek_config *config);

/* Wipe and release. NULL is fine. */
void bm_kek_close(struct bm_kek *kek);

/* The key itself, borrowed: for an AEAD, and for nothing else; what else there
 * is has one of its own, by bm_kek_derive(). */
struct bm_bytes bm_kek_key(const struct bm_kek *kek);

/* A key for one purpose alone, which has a name: RFC 5869. The caller wipes
 * it. */
BM_MUST_CHECK bm_status bm_kek_derive(const struct bm_kek *kek,
                                      const struct bm_crypto *crypto,
                                      struct bm_bytes purpose,
                                      uint8_t key[BM_KEK_SIZE]);

/* A file as it was read; views into `room`. */
struct bm_kek_file {
    struct bm_scrypt_cost cost; /* within the bounds above */
    struct bm_bytes salt;
    struct bm_bytes bound; /* what stands before the nonce: authenticated */
    struct bm_bytes nonce;
    struct bm_bytes sealed;
};

/* Read a file; on error `*file` is zero. Errors as of bm_kek_open(). */
BM_MUST_CHECK bm_status bm_kek_parse(const struct bm_crypto *crypto,
                                     struct bm_bytes text,
                                     uint8_t room[BM_KEK_FILE_MAX],
                                     struct bm_kek_file *file);

#endif
