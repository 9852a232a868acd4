/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_VAULT_INTERNAL_H
#define BM_DEVICE_VAULT_INTERNAL_H

#include "device/vault.h"

/*
 * What vault.c and vault_record.c share: the record, as
 * docs/device-storage.md draws it.
 *
 *   0   version 1 in the high half, kind in the low one
 *   1   octets of the name
 *   2   slot: the low half of its number in the log
 *   4   nonce
 *   16  sequence number
 *   24  SHA-256 of all other records
 *   56  name, sealed value, tag
 *
 * All before the value is what the tag authenticates beside it.
 */
#define VAULT_HEAD_SIZE   56
#define VAULT_NONCE_AT    4
#define VAULT_SEQUENCE_AT 16
#define VAULT_DIGEST_AT   24

enum vault_kind {
    VAULT_VALUE = 1,
    VAULT_MARK = 2, /* nothing but the newest sequence number: after a
                       deletion, in the place of what was deleted */
    VAULT_WIPED = 3 /* the same, and whatever else is there is not */
};

/* What is known of a record without opening it. */
struct vault_item {
    uint32_t key; /* in the log */
    size_t size;
    uint8_t head[VAULT_HEAD_SIZE + BM_VAULT_NAME_MAX];
};

/* What one walk over all records finds. */
struct vault_scan {
    struct bm_bytes name; /* asked for: where is this one, */
    uint32_t except;      /* and what is the hash of all values but this? */

    uint32_t place;  /* of the name, or where it can be put */
    bool there;      /* it is there */
    uint32_t mark;   /* place of an empty record, or 0 */
    uint32_t newest; /* place of the newest record, VAULT_FIRST if none, */
    uint8_t sequence[8];
    uint32_t items; /* all there are */
    bool damaged;   /* one cannot be read, or is none of ours */
    uint8_t digest[32];
};

/* A record that is to be written. */
struct vault_draft {
    enum vault_kind kind;
    uint32_t key;
    uint64_t sequence;
    struct bm_bytes name;
    struct bm_bytes value;
};

/*
 * The record after `item->key`; begin with VAULT_FIRST. BM_E_END;
 * BM_E_VAULT_SEAL for one that is damaged or none of ours, after which it
 * goes on with the next one as well.
 */
#define VAULT_FIRST BM_LOG_KEY(BM_LOG_VAULT, 0)
bm_status vault_next(const struct bm_vault *v, struct vault_item *item);

enum vault_kind vault_kind(const uint8_t *head);

bm_status vault_scan(const struct bm_vault *v, struct vault_scan *scan);

uint64_t vault_number(const uint8_t sequence[8]);

/* Open the record at `key` in the work memory; `value` points into it. */
bm_status vault_unseal(const struct bm_vault *v, uint32_t key,
                       struct bm_bytes *value);

/* Seal a record in the work memory and put it into the log. */
bm_status vault_seal(struct bm_vault *v, const struct vault_draft *draft);

#endif
