/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_VAULT_H
#define BM_DEVICE_VAULT_H

#include "core/crypto.h"
#include "device/log.h"

/*
 * Named records, sealed by AEAD (AES-256-GCM) under a key per record that is
 * derived from a secret of the device, kept in its log.
 *
 * Each change of the vault has a sequence number, and the newest record binds
 * all others: a hash over the whole set is authenticated with it. So a record
 * that was put back, left out or brought over from another time is found when
 * the vault is opened and before anything is written. What that cannot find
 * is a whole older image, which was right in its time: only a counter outside
 * of the flash can, and bm_vault_rollback() says what there is.
 *
 * A nonce is the sequence number and octets that are random for each record, so
 * it does not come again where a restored image counts from the same number.
 *
 * Names, sizes and the order of changes are in the clear; values are not. One
 * thread at a time. Each call reads all records once or twice, and takes what
 * that takes of the log. docs/device-storage.md has the format.
 */

/* What protects the secret, as status says it. */
enum bm_vault_secret {
    BM_VAULT_PLAINTEXT, /* it lies in the same flash: plaintext-equivalent */
    BM_VAULT_OPAQUE,    /* behind PSA: secure world, secure element */
    BM_VAULT_TPM        /* sealed to a TPM */
};

/*
 * What is noticed when older contents of the flash are put back. Without a
 * counter, an older image that is put back whole is never noticed.
 *
 *              secret in the same flash   secret protected
 *   no counter NONE                       PARTIAL: single records, mixtures
 *   a counter  PARTIAL: whole images too, HARDWARE: all of it
 *              but not forged ones
 */
enum bm_vault_rollback {
    BM_VAULT_ROLLBACK_NONE,
    BM_VAULT_ROLLBACK_PARTIAL,
    BM_VAULT_ROLLBACK_HARDWARE
};

/* The device's secret, as a port hands it in. */
struct bm_secret {
    void *self;
    enum bm_vault_secret kind;
    /* 32 octets that follow from the secret and `label`, and from nothing
     * else: HKDF-Expand (RFC 5869 2.3), here or inside the element. */
    bm_status (*derive)(void *self, struct bm_bytes label, uint8_t out[32]);
};

/*
 * A counter outside of the flash that only goes up, by one, from any value.
 * Each change of the vault is one increment: mind how many it can take.
 */
struct bm_counter {
    void *self;
    bm_status (*read)(void *self, uint64_t *value);
    bm_status (*increment)(void *self);
};

/* Octets. */
#define BM_VAULT_NAME_MAX 32
/* Less where the log takes less: bm_log_value_max() - BM_VAULT_OVERHEAD. */
#define BM_VAULT_VALUE_MAX 1536
/* What sealing adds to a value, at most. */
#define BM_VAULT_OVERHEAD (50 + BM_VAULT_NAME_MAX + BM_AEAD_TAG_SIZE)
/* Work memory for values of up to `n` octets. */
#define BM_VAULT_WORK_SIZE(n) ((n) + BM_VAULT_OVERHEAD)

struct bm_vault_config {
    struct bm_log *log;
    const struct bm_crypto *crypto;
    const struct bm_secret *secret;
    const struct bm_counter *counter; /* or NULL */
    /* Used during a call and wiped at its end, so it can be shared with
     * others. Longer records than it holds are BM_E_BUFFER. */
    uint8_t *work;
    size_t work_size; /* at least BM_VAULT_WORK_SIZE(0) */
};

struct bm_vault {
    struct bm_vault_config config;
    /* Private. */
    bm_status state;    /* BM_OK, or why all calls are refused */
    uint64_t head;      /* sequence number of the newest record, */
    uint32_t head_key;  /* where it is, */
    bool counted;       /* the counter stands there, */
    uint8_t digest[32]; /* and what it says of all others */
};

/*
 * Check the whole set, and finish what a power cut left. An empty log is an
 * empty vault, unless the counter says that there has been one.
 *
 * BM_E_BUFFER: the work memory does not hold the newest record.
 * BM_E_VAULT_ROLLBACK: something older was put back, or records are missing
 * or damaged; BM_E_VAULT_SEAL: the newest record was not sealed under this
 * secret. Either way nothing was changed, and all calls are refused with the
 * same status, except bm_vault_accept() and bm_vault_wipe().
 */
BM_MUST_CHECK bm_status bm_vault_open(struct bm_vault *v,
                                      const struct bm_vault_config *config);
enum bm_vault_rollback bm_vault_rollback(const struct bm_vault *v);

/*
 * Durable and atomic when this returns BM_OK. BM_E_ARGUMENT for a name that
 * is empty or too long, BM_E_LIMIT for a value that is too long, BM_E_LOG_FULL.
 * The value must not lie in the work memory.
 * An error of the counter's comes after the record was written: the new value
 * is in, and the next call or open counts it. So does one of removing the mark
 * of an earlier deletion.
 */
BM_MUST_CHECK bm_status bm_vault_put(struct bm_vault *v, const char *name,
                                     struct bm_bytes value);

/* BM_E_NOT_FOUND, BM_E_VAULT_SEAL, BM_E_BUFFER with `*n`, or with 0 where it is
 * the work memory that does not hold it. On error `out` is as it was. */
BM_MUST_CHECK bm_status bm_vault_get(struct bm_vault *v, const char *name,
                                     uint8_t *out, size_t cap, size_t *n);

/* A name that is not there is BM_OK. bm_log_scrub() removes the octets. */
BM_MUST_CHECK bm_status bm_vault_delete(struct bm_vault *v, const char *name);

/* The names, one after another: start with *cursor = 0. BM_E_END. */
BM_MUST_CHECK bm_status bm_vault_next(struct bm_vault *v, uint32_t *cursor,
                                      char name[BM_VAULT_NAME_MAX + 1]);

/*
 * All of it is gone from the flash; also the way to begin a vault on a
 * counter that has been used. One empty record stays, which tells the wiped
 * vault from an older one. Once begun, it is finished by the next open.
 */
BM_MUST_CHECK bm_status bm_vault_wipe(struct bm_vault *v);

/*
 * After BM_E_VAULT_ROLLBACK: take what is there as it is, from now on. Each
 * record in it was sealed by this device, but may be older than another, and
 * what is damaged is dropped. For the owner to decide, never for a program.
 */
BM_MUST_CHECK bm_status bm_vault_accept(struct bm_vault *v);

#endif
