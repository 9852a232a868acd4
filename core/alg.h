/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_ALG_H
#define BM_CORE_ALG_H

#include "core/der.h"

/*
 * AlgorithmIdentifier and SubjectPublicKeyInfo (RFC 5280 4.1.1.2, 4.1.2.7).
 *
 * What is known is checked to the last octet, parameters included. What is
 * not known parses as BM_KEY_UNKNOWN or BM_SIG_UNKNOWN, so that a foreign
 * certificate can be shown; nothing that decides trust accepts those.
 */

enum bm_hash {
    BM_HASH_NONE,
    BM_HASH_SHA1, /* identifiers only (SKI, CertID); never a signature */
    BM_HASH_SHA256,
    BM_HASH_SHA384,
    BM_HASH_SHA512
};

#define BM_HASH_MAX 64 /* octets of the longest hash */

/* Length in octets; 0 for BM_HASH_NONE. */
size_t bm_hash_len(enum bm_hash hash);

enum bm_key_type {
    BM_KEY_UNKNOWN,
    BM_KEY_P256,
    BM_KEY_P384,
    BM_KEY_ED25519,
    BM_KEY_RSA,
    BM_KEY_MLDSA44,
    BM_KEY_MLDSA65,
    BM_KEY_MLDSA87
};

/* RFC 8017: 2048 bits is what is still safe, 4096 what a signer can bear. */
#define BM_RSA_BITS_MIN 2048
#define BM_RSA_BITS_MAX 8192 /* a verifier's work is bounded, but wider */

/* A public key; views into the parsed buffer. */
struct bm_spki {
    struct bm_bytes der;   /* SubjectPublicKeyInfo, with header */
    struct bm_bytes alg;   /* its AlgorithmIdentifier, with header */
    struct bm_bytes key;   /* contents of the BIT STRING: the SEC 1 point,
                            the raw Ed25519 or ML-DSA key, or RSAPublicKey;
                            what a key identifier is the hash of */
    struct bm_bytes rsa_n; /* BM_KEY_RSA only: modulus without leading zero */
    struct bm_bytes rsa_e; /* BM_KEY_RSA only: exponent, likewise */
    enum bm_key_type type;
};

/*
 * Take a SubjectPublicKeyInfo. EC points must be uncompressed (RFC 5480 2.2)
 * and of the curve's length; whether a point lies on its curve is for the
 * cryptographic provider. RSA keys of any size parse: see bm_spki_weak().
 */
BM_MUST_CHECK bm_status bm_spki_take(struct bm_der *d, struct bm_spki *key);

/* The same for a whole buffer; on error `*key` is zero. */
BM_MUST_CHECK bm_status bm_spki_parse(struct bm_bytes der, struct bm_diag *diag,
                                      struct bm_spki *key);

/* Size in bits as people name keys: 256, 384, 2048..., 0 when unknown. */
unsigned bm_spki_bits(const struct bm_spki *key);

/*
 * BM_E_PATH_WEAK for RSA outside the bounds above, or an even exponent;
 * BM_E_KEY_UNSUPPORTED for BM_KEY_UNKNOWN.
 */
BM_MUST_CHECK bm_status bm_spki_weak(const struct bm_spki *key);

/*
 * Write a SubjectPublicKeyInfo around raw key octets (`key` as in struct
 * bm_spki). Not for BM_KEY_UNKNOWN (writes nothing).
 */
void bm_spki_put(struct bm_wr *w, enum bm_key_type type, struct bm_bytes key);

enum bm_sig_alg {
    BM_SIG_UNKNOWN,
    BM_SIG_ECDSA_SHA256,
    BM_SIG_ECDSA_SHA384,
    BM_SIG_ECDSA_SHA512,
    BM_SIG_ED25519,
    BM_SIG_RSA_SHA256, /* PKCS#1 v1.5 */
    BM_SIG_RSA_SHA384,
    BM_SIG_RSA_SHA512,
    BM_SIG_RSA_PSS_SHA256, /* MGF1 with the same hash, salt of its length */
    BM_SIG_RSA_PSS_SHA384,
    BM_SIG_RSA_PSS_SHA512,
    BM_SIG_MLDSA44,
    BM_SIG_MLDSA65,
    BM_SIG_MLDSA87
};

/*
 * Take a signature AlgorithmIdentifier. `*der` is all of it, with header;
 * `*alg` is BM_SIG_UNKNOWN for what we do not know (SHA-1 and MD5 included).
 */
BM_MUST_CHECK bm_status bm_sig_alg_take(struct bm_der *d, struct bm_bytes *der,
                                        enum bm_sig_alg *alg);

/* Write the AlgorithmIdentifier. Not for BM_SIG_UNKNOWN (writes nothing). */
void bm_sig_alg_put(struct bm_wr *w, enum bm_sig_alg alg);

/* The hash inside; BM_HASH_NONE for Ed25519 and ML-DSA. */
enum bm_hash bm_sig_alg_hash(enum bm_sig_alg alg);

/* Does this algorithm go with a key of that type? */
bool bm_sig_alg_fits(enum bm_sig_alg alg, enum bm_key_type type);

/* The usual algorithm of a key: P-256 with SHA-256, P-384 with SHA-384... */
enum bm_sig_alg bm_sig_alg_for(enum bm_key_type type);

/*
 * A digest AlgorithmIdentifier, parameters absent or NULL (RFC 5754 2).
 * `*hash` is BM_HASH_NONE for what we do not know.
 */
BM_MUST_CHECK bm_status bm_hash_alg_take(struct bm_der *d, enum bm_hash *hash);
void bm_hash_alg_put(struct bm_wr *w, enum bm_hash hash);

/* For programs that print (alg_text.c): "ECDSA P-256", "ecdsa-with-SHA256" */
const char *bm_key_type_name(enum bm_key_type type);
const char *bm_sig_alg_name(enum bm_sig_alg alg);
const char *bm_hash_name(enum bm_hash hash);

#endif
