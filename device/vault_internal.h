/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_VAULT_INTERNAL_H
#define BM_DEVICE_VAULT_INTERNAL_H

#include "device/vault.h"

/*
 * What vault.c and vault_record.c share: the record, as
 * docs/device-storage.md draws it.
 *
 *   0   kind, and version 1 in the high half
 *   1   octets of the name
 *   2   sequence number
 *   10  random
 *   18  SHA-256 of the heads of all other values
 *   50  name: up to here the head, which the tag authenticates, too
 *   ..  sealed value, tag
 *
 * The nonce is the low half of the sequence number and what is random.
 */
#define VAULT_HEAD_SIZE   50
#define VAULT_SEQUENCE_AT 2
#define VAULT_NONCE_AT    6
#define VAULT_NONCE_SIZE  12
#define VAULT_RANDOM_AT   10
#define VAULT_RANDOM_SIZE 8
#define VAULT_DIGEST_AT   18

enum vault_kind {
    VAULT_VALUE = 0x11,
    VAULT_MARK = 0x12, /* nothing but the newest sequence number: after a
                       deletion, in the place of what was deleted */
    VAULT_WIPED = 0x13 /* the same, and whatever else is there is not */
};

/* What is known of a record without opening it. */
struct vault_item {
    uint32_t key; /* in the log */
    size_t size;
    uint8_t head[VAULT_HEAD_SIZE + BM_VAULT_NAME_MAX];
};

/* What one walk over all records finds. */
struct vault_scan {
    uint32_t place;  /* of the name, or where it can be put */
    bool there;      /* it is there */
    uint32_t mark;   /* place of an empty record, or 0 */
    uint32_t newest; /* place of the newest record, VAULT_FIRST if none, */
    uint8_t sequence[8];
    bool damaged; /* one cannot be read, or is none of ours */
    uint8_t digest[32];
};

/* A record that is to be written. */
struct vault_draft {
    enum vault_kind kind;
    uint32_t key;
    uint64_t sequence;
    const char *name; /* "" for a record that is no value */
    struct bm_bytes value;
};

/*
 * The record after `item->key`; begin with VAULT_FIRST. BM_E_END;
 * BM_E_VAULT_SEAL for one that is damaged or none of ours, after which it
 * goes on with the next one as well.
 */
#define VAULT_FIRST BM_LOG_KEY(BM_LOG_VAULT, 0)
bm_status vault_next(const struct bm_vault *v, struct vault_item *item);

/* Where is a name, and what is the hash of all values but one? No value has
 * the name "". */
bm_status vault_scan(const struct bm_vault *v, const char *name,
                     uint32_t except, struct vault_scan *scan);

/* Open the record at `key` in the work memory; `value` points into it. */
bm_status vault_unseal(const struct bm_vault *v, uint32_t key,
                       struct bm_bytes *value);

/* Seal a record in the work memory and put it into the log. */
bm_status vault_seal(const struct bm_vault *v, const struct vault_draft *draft);

#endif
