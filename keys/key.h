/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_KEY_H
#define BM_KEYS_KEY_H

#include "core/crypto.h"

/*
 * Where private keys live.
 *
 * A key is named by a URI ("file:issuing.key", "pkcs11:token=...",
 * "tpm2:0x81010001"); its scheme says which provider holds it. CA keys and
 * device keys use this interface. An open key is a struct bm_signer
 * (core/crypto.h) that somebody owns: it knows its public half, signs messages,
 * and says by a sign_hash that is NULL when it cannot take a hash instead.
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

    /* Would it sign now? BM_E_KEYS_GONE, BM_E_KEYS_PIN...: what signing would
     * return. Blocks as that does, for ever where a token never answers.
     * NULL: a key that is never away. */
    bm_status (*ready)(void *self);
};

/* NULL is fine. */
void bm_key_close(struct bm_key *key);

/* key->ready(), or BM_OK where there is none. */
BM_MUST_CHECK bm_status bm_key_ready(const struct bm_key *key);

/* What to make. */
struct bm_key_spec {
    enum bm_key_type type;
    unsigned rsa_bits; /* BM_KEY_RSA only */
};

/*
 * What a process must leave itself of the system when it goes on using keys
 * that it has opened, and gives up the rest (daemon/sandbox.h).
 */
enum bm_key_sandbox {
    /* Nothing: the key is in memory. */
    BM_KEY_SANDBOX_MEMORY,
    /* A PKCS#11 module: the files of its token, or a socket of its service,
     * and locks and threads of its own. */
    BM_KEY_SANDBOX_MODULE,
    /* A TPM: its device, or a socket of what stands for it. */
    BM_KEY_SANDBOX_DEVICE
};

/*
 * One kind of place. The rest of a URI, behind "scheme:", is the provider's
 * to understand. Its functions hand over the key on BM_OK and leave `*key`
 * NULL otherwise.
 */
struct bm_key_provider {
    const char *scheme; /* "file" */
    enum bm_key_sandbox sandbox;
    void *self;

    /* BM_E_NOT_FOUND, BM_E_KEYS_... */
    bm_status (*open)(void *self, const char *rest, struct bm_key **key);

    /*
     * Make a new key there, durable before this returns. BM_E_EXISTS when
     * there is one already: a key is never overwritten.
     */
    bm_status (*generate)(void *self, const char *rest,
                          const struct bm_key_spec *spec, struct bm_key **key);

    /*
     * A key whose public half is known, and which may be away at present: it
     * is not looked for until somebody signs. `spki` is copied. NULL: keys of
     * this kind are there, or are not.
     */
    bm_status (*expect)(void *self, const char *rest, struct bm_bytes spki,
                        struct bm_key **key);

    /*
     * Take a key away for ever, durable before this returns, whoever made it:
     * it is the caller who knows whose it is. BM_OK when there is none;
     * BM_E_KEYS_AMBIGUOUS and nothing done when there are two. What is open
     * of it must be closed before.
     */
    bm_status (*destroy)(void *self, const char *rest);
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

/* BM_E_KEYS_GONE where the provider expects none. */
BM_MUST_CHECK bm_status bm_key_expect(const struct bm_keys *keys,
                                      const char *uri, struct bm_bytes spki,
                                      struct bm_key **key);

/* BM_E_KEYS_URI when no provider has the scheme, or it cannot. */
BM_MUST_CHECK bm_status bm_key_destroy(const struct bm_keys *keys,
                                       const char *uri);

/* Of the provider that has the scheme; BM_E_KEYS_URI. */
BM_MUST_CHECK bm_status
bm_key_provider_of(const struct bm_keys *keys, const char *uri,
                   const struct bm_key_provider **provider);

#endif
