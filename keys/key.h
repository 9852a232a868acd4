/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_KEY_H
#define BM_KEYS_KEY_H

#include "core/crypto.h"

/*
 * Where private keys live.
 *
 * A key is named by a URI ("file:issuing.key", later "pkcs11:...",
 * "tpm2:..."); its scheme says which provider holds it. CA keys and device
 * keys use this interface. An open key is a struct bm_signer (core/crypto.h)
 * that somebody owns: it knows its public half, signs messages, and says by
 * a sign_hash that is NULL when it cannot take a hash instead.
 *
 * A key serves one thread at a time. Signing may block: on a token, for
 * seconds.
 */

/* Longest URI, with its NUL. */
#define BM_KEY_URI_MAX 256

struct bm_key {
    void *self;
    const struct bm_signer *signer; /* lives as long as the key */

    /* Append words for people: "file issuing.key, encrypted". */
    void (*describe)(void *self, struct bm_wr *words);

    void (*close)(void *self); /* releases the struct, too */
};

/* NULL is fine. */
void bm_key_close(struct bm_key *key);

/* What to make. */
struct bm_key_spec {
    enum bm_key_type type;
    unsigned rsa_bits; /* BM_KEY_RSA only */
};

/*
 * One kind of place. The rest of a URI, behind "scheme:", is the provider's
 * to understand. Both functions hand over the key on BM_OK and leave `*key`
 * NULL otherwise.
 */
struct bm_key_provider {
    const char *scheme; /* "file" */
    void *self;

    /* BM_E_NOT_FOUND, BM_E_KEYS_... */
    bm_status (*open)(void *self, const char *rest, struct bm_key **key);

    /*
     * Make a new key there, durable before this returns. BM_E_EXISTS when
     * there is one already: a key is never overwritten.
     */
    bm_status (*generate)(void *self, const char *rest,
                          const struct bm_key_spec *spec, struct bm_key **key);
};

/* The providers of a program, dispatched on by scheme. Ends with NULL. */
struct bm_keys {
    const struct bm_key_provider *const *providers;
};

/* BM_E_KEYS_URI when no provider has the scheme. */
BM_MUST_CHECK bm_status bm_key_open(const struct bm_keys *keys, const char *uri,
                                    struct bm_key **key);
BM_MUST_CHECK bm_status bm_key_generate(const struct bm_keys *keys,
                                        const char *uri,
                                        const struct bm_key_spec *spec,
                                        struct bm_key **key);

#endif
