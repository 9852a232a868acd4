/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_VAULT_H
#define BM_DEVICE_VAULT_H

#include "core/crypto.h"
#include "device/log.h"

/*
 * Named records, sealed by AEAD under a key per record that is derived from a
 * secret of the device, kept in its log.
 */

/* What protects the secret, as status says it. */
enum bm_vault_secret {
    BM_VAULT_PLAINTEXT, /* it lies in the same flash: plaintext-equivalent */
    BM_VAULT_OPAQUE,    /* behind PSA: secure world, secure element */
    BM_VAULT_TPM        /* sealed to a TPM */
};

/* What is noticed when an older image of the flash is put back. */
enum bm_vault_rollback {
    BM_VAULT_ROLLBACK_NONE,    /* nothing: there is no counter outside */
    BM_VAULT_ROLLBACK_PARTIAL, /* changes of single records */
    BM_VAULT_ROLLBACK_HARDWARE /* all of it, by a monotonic counter */
};

/* The device's secret, as a port hands it in. */
struct bm_secret {
    void *self;
    enum bm_vault_secret kind;
    /* 32 octets that follow from the secret and `label`, and from nothing
     * else: HKDF-Expand (RFC 5869 2.3), here or inside the element. */
    bm_status (*derive)(void *self, struct bm_bytes label, uint8_t out[32]);
};

/* A counter outside of the flash that only goes up, or NULL. */
struct bm_counter {
    void *self;
    bm_status (*read)(void *self, uint64_t *value);
    bm_status (*increment)(void *self);
};

/* Octets. */
#define BM_VAULT_NAME_MAX 32

struct bm_vault_config {
    struct bm_log *log;
    const struct bm_crypto *crypto;
    const struct bm_secret *secret;
    const struct bm_counter *counter;
};

struct bm_vault {
    struct bm_vault_config config;
    /* Private. */
    uint8_t boot[8]; /* fresh at each open: half of every nonce */
    uint32_t writes; /* since then: the other half */
    uint64_t head;
    uint8_t digest[32];
};

/* BM_E_VAULT_ROLLBACK: an older image was put back. */
BM_MUST_CHECK bm_status bm_vault_open(struct bm_vault *v,
                                      const struct bm_vault_config *config);
enum bm_vault_rollback bm_vault_rollback(const struct bm_vault *v);

BM_MUST_CHECK bm_status bm_vault_put(struct bm_vault *v, const char *name,
                                     struct bm_bytes value);
/* BM_E_NOT_FOUND, BM_E_VAULT_SEAL, BM_E_BUFFER with `*n`. */
BM_MUST_CHECK bm_status bm_vault_get(struct bm_vault *v, const char *name,
                                     uint8_t *out, size_t cap, size_t *n);
BM_MUST_CHECK bm_status bm_vault_delete(struct bm_vault *v, const char *name);
/* The names, one after another: start with *cursor = 0. BM_E_END. */
BM_MUST_CHECK bm_status bm_vault_next(struct bm_vault *v, uint32_t *cursor,
                                      char name[BM_VAULT_NAME_MAX + 1]);
/* All of it is gone from the flash. */
BM_MUST_CHECK bm_status bm_vault_wipe(struct bm_vault *v);

#endif
