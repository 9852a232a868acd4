/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_CRYPTO_H
#define BM_CORE_CRYPTO_H

#include "core/alg.h"

/*
 * The one door to cryptography. No primitive lives in this project: a
 * provider under ports/ (OpenSSL on hosts, PSA on devices) fills in this
 * struct of functions, and everything else calls through it.
 *
 * A provider instance belongs to one thread at a time (it keeps contexts);
 * make one per thread. What a provider cannot do returns
 * BM_E_CRYPTO_UNSUPPORTED, never a wrong answer.
 */

/* Room for a running hash of any provider; contents are the provider's. */
#define BM_HASH_STATE_SIZE 256
struct bm_hash_state {
    union {
        uint64_t align;
        void *pointer;
        uint8_t room[BM_HASH_STATE_SIZE];
    } u;
    enum bm_hash hash; /* BM_HASH_NONE when not running */
};

#define BM_SIGNATURE_MAX 4640 /* ML-DSA-87: 4627, rounded up */
#define BM_AEAD_TAG_SIZE 16

enum bm_aead {
    BM_AEAD_AES128_GCM,
    BM_AEAD_AES256_GCM,
    BM_AEAD_CHACHA20_POLY1305
};

/* One AEAD operation; the same for both directions. */
struct bm_aead_config {
    enum bm_aead alg;
    struct bm_bytes key;   /* 16 or 32 octets, as the algorithm says */
    struct bm_bytes nonce; /* 12 octets, never twice under one key */
    struct bm_bytes aad;   /* authenticated, not encrypted */
};

struct bm_hkdf_config {
    enum bm_hash hash;
    struct bm_bytes salt; /* may be empty */
    struct bm_bytes secret;
    struct bm_bytes info; /* may be empty */
};

struct bm_crypto {
    void *self; /* the provider's, passed back untouched */

    /* Hash of one message; `out` holds bm_hash_len(hash) octets. */
    bm_status (*hash)(void *self, enum bm_hash hash, struct bm_bytes message,
                      uint8_t *out);

    /*
     * Hash in pieces. hash_end() writes the digest when `out` is not NULL
     * and releases the state in any case, so an abandoned hash is ended with
     * NULL. Ending a state that is not running does nothing.
     */
    bm_status (*hash_begin)(void *self, struct bm_hash_state *state,
                            enum bm_hash hash);
    bm_status (*hash_more)(void *self, struct bm_hash_state *state,
                           struct bm_bytes data);
    bm_status (*hash_end)(void *self, struct bm_hash_state *state,
                          uint8_t *out);

    /*
     * Verify a signature over a message. BM_E_SIGNATURE when it is wrong
     * (a malformed signature and a point off the curve included),
     * BM_E_KEY_MISMATCH when algorithm and key do not fit.
     */
    bm_status (*verify)(void *self, const struct bm_spki *key,
                        enum bm_sig_alg alg, struct bm_bytes message,
                        struct bm_bytes signature);

    /*
     * The same over the hash of the message (bm_sig_alg_hash(alg)); not for
     * Ed25519 and ML-DSA.
     */
    bm_status (*verify_hash)(void *self, const struct bm_spki *key,
                             enum bm_sig_alg alg, struct bm_bytes digest,
                             struct bm_bytes signature);

    /* Is the key usable: point on the curve, modulus plausible? */
    bm_status (*check_key)(void *self, const struct bm_spki *key);

    /* Cryptographic random octets, all `n` or BM_E_RANDOM. */
    bm_status (*random)(void *self, uint8_t *out, size_t n);

    /* RFC 2104; `out` holds bm_hash_len(hash) octets. */
    bm_status (*hmac)(void *self, enum bm_hash hash, struct bm_bytes key,
                      struct bm_bytes message, uint8_t *out);

    /*
     * RFC 5869, extract then expand; `n` from 1 to 255 hash lengths, and a
     * secret that is not empty, or BM_E_ARGUMENT.
     */
    bm_status (*hkdf)(void *self, const struct bm_hkdf_config *config,
                      uint8_t *out, size_t n);

    /*
     * seal: `out` holds plain.n + BM_AEAD_TAG_SIZE octets, tag last.
     * open: `out` holds sealed.n - BM_AEAD_TAG_SIZE; BM_E_AEAD and a zeroed
     * `out` when the tag is wrong. `out` may be the input's own memory.
     */
    bm_status (*seal)(void *self, const struct bm_aead_config *config,
                      struct bm_bytes plain, uint8_t *out);
    bm_status (*open)(void *self, const struct bm_aead_config *config,
                      struct bm_bytes sealed, uint8_t *out);
};

/*
 * A private key, as far as the formats need one: it signs, and it knows its
 * public half. Whoever opened the key (keys/, a port, a test) owns it.
 */
struct bm_signer {
    void *self;
    enum bm_sig_alg alg;
    struct bm_spki key; /* its public key; views owned by the provider */

    /* Sign a message; appends the signature (DER for ECDSA) to `sig`. */
    bm_status (*sign)(void *self, struct bm_bytes message, struct bm_wr *sig);

    /*
     * Sign the hash of a message (bm_sig_alg_hash(alg)). NULL when the key
     * cannot take one: Ed25519, ML-DSA, and HSMs that hash themselves.
     */
    bm_status (*sign_hash)(void *self, struct bm_bytes digest,
                           struct bm_wr *sig);
};

/*
 * Sign `tbs`, which may lie in `w`'s own buffer, and append what follows it
 * in everything that is signed: the AlgorithmIdentifier and the signature as
 * a BIT STRING (RFC 5280 4.1.1, RFC 2986 4.2). Signs nothing when `*w` has
 * overflowed; on error `*w` is of no use.
 */
BM_MUST_CHECK bm_status bm_signer_put(const struct bm_signer *signer,
                                      struct bm_bytes tbs, struct bm_wr *w);

/*
 * subjectKeyIdentifier methods: RFC 5280 4.2.1.2 (1), the SHA-1 of the key
 * bits, 20 octets; RFC 7093 2 method 1, the leftmost 20 octets of their
 * SHA-256.
 */
enum bm_ski_method {
    BM_SKI_SHA1,
    BM_SKI_RFC7093
};
#define BM_SKI_SIZE 20
BM_MUST_CHECK bm_status bm_ski_make(const struct bm_crypto *crypto,
                                    enum bm_ski_method method,
                                    const struct bm_spki *key,
                                    uint8_t ski[BM_SKI_SIZE]);

#endif
