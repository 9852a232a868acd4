/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_FILE_H
#define BM_KEYS_FILE_H

#include "keys/kek.h"

/*
 * Provider "file": private keys as sealed files of one folder.
 *
 * "file:issuing.key" is the file issuing.key in the folder that the provider
 * was given; a name is one to BM_KEY_FILE_NAME_MAX letters, digits, '.', '_'
 * and '-', does not begin with '.' or '-', and ends with ".key". Anything
 * else is BM_E_KEYS_URI, so a name never leaves its folder.
 *
 * A file holds the public key in clear and the private one, PKCS#8, sealed
 * under the key-encryption key together with the file's name and public key:
 * a file that was renamed, or whose public half was exchanged, does not open.
 * docs/keys.md has the format.
 *
 * Keys: P-256, P-384, Ed25519, RSA of 2048 to 4096 bits, and ML-DSA where the
 * port has it.
 */
#define BM_KEY_FILE_NAME_MAX 64

/* RSA beyond is slower than anybody wants to wait for (docs/keys.md). */
#define BM_KEY_FILE_RSA_BITS_MAX 4096

/* The largest is ML-DSA-87 with 10 KB as text. */
#define BM_KEY_FILE_MAX 16384

struct bm_key_file_config {
    struct bm_key_tools tools;
    const char *dir;          /* exists; kept open until the provider goes */
    const struct bm_kek *kek; /* borrowed; NULL: all is BM_E_KEYS_LOCKED */
};

/*
 * Make a provider. On BM_OK the caller owns `*provider` and releases it with
 * bm_key_file_free(); on error it is NULL. Keys that it opened may live
 * longer than it does.
 *
 * Its open() returns BM_E_NOT_FOUND, BM_E_KEYS_MODE (group or others may read
 * the file, or another user owns it), BM_E_KEYS_VERSION, BM_E_KEYS_FILE
 * (damaged, renamed, sealed by another instance, a symbolic link).
 *
 * Its generate() never overwrites: BM_E_EXISTS. What a crash left behind is
 * a file that no name reaches, removed by the next generate().
 */
BM_MUST_CHECK bm_status bm_key_file_new(const struct bm_key_file_config *config,
                                        struct bm_key_provider **provider);

/* NULL is fine. */
void bm_key_file_free(struct bm_key_provider *provider);

/*
 * Seal a key that was made elsewhere: PKCS#8 (RFC 5958), not encrypted, in
 * DER or as the one PEM block "PRIVATE KEY". It has to sign what its public
 * half verifies. BM_E_EXISTS; BM_E_KEY_UNSUPPORTED, BM_E_PATH_WEAK;
 * BM_E_KEYS_FILE when it is no such key. `name` is "issuing.key".
 */
BM_MUST_CHECK bm_status bm_key_file_import(struct bm_key_provider *provider,
                                           const char *name,
                                           struct bm_bytes pkcs8);

/*
 * Write the private key to `pem`, in clear: PKCS#8 as a block "PRIVATE KEY".
 * For tests and for leaving. The caller wipes the buffer.
 */
BM_MUST_CHECK bm_status bm_key_file_export(struct bm_key_provider *provider,
                                           const char *name, struct bm_wr *pem);

/*
 * Write the SubjectPublicKeyInfo to `spki`; needs no unlocked provider.
 * Nothing vouches for it: whoever can write the file can change it.
 */
BM_MUST_CHECK bm_status bm_key_file_public(struct bm_key_provider *provider,
                                           const char *name,
                                           struct bm_wr *spki);

/* BM_E_KEYS_URI unless `name` may be the name of a key file. */
BM_MUST_CHECK bm_status bm_key_file_name(const char *name);

/* A file as it was read; views into `room`. */
struct bm_key_sealed {
    struct bm_spki key;
    struct bm_bytes nonce;
    struct bm_bytes sealed;
};

/* BM_E_KEYS_FILE, BM_E_KEYS_VERSION; on error `*sealed` is zero. */
BM_MUST_CHECK bm_status bm_key_file_parse(struct bm_bytes text,
                                          uint8_t room[BM_KEY_FILE_MAX],
                                          struct bm_key_sealed *sealed);

#endif
