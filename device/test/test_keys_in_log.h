/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_TEST_KEYS_IN_LOG_H
#define BM_DEVICE_TEST_TEST_KEYS_IN_LOG_H

#include <string.h>

#include "device/keystore.h"
#include "device/log.h"
#include "tests/harness/test_crypto.h"

/*
 * A keystore over the same log: as PSA's on a device, but a key is made by
 * taking the next of the fixed test keys, which takes no time. A record of a
 * slot says which, and is as long as a key of PSA's.
 */
#define TEST_KEY_RECORD 76

struct test_keys {
    struct bm_keystore keystore;
    struct bm_log *log;
    unsigned made;   /* keys in all: outside of the device's memory */
    unsigned spared; /* calls that go well before `fault` comes */
    bm_status fault; /* what generate() and destroy() answer then */
    uint8_t is_open; /* a bit for each slot */
};

static inline uint32_t test_key_record(enum bm_key_slot slot)
{
    return BM_LOG_KEY(BM_LOG_APPLICATION, slot);
}

static inline bm_status test_keys_fault(struct test_keys *k)
{
    if (k->fault == BM_OK) {
        return BM_OK;
    }
    if (k->spared == 0) {
        return k->fault;
    }
    k->spared--;
    return BM_OK;
}

static inline bm_status test_keys_generate(void *self, enum bm_key_slot slot)
{
    struct test_keys *k = self;
    uint8_t r[TEST_KEY_RECORD] = { 0 };
    size_t n;
    bm_status rc;

    BM_TRY(test_keys_fault(k));
    rc = bm_log_get(k->log, test_key_record(slot), r, sizeof r, &n);
    if (rc != BM_E_NOT_FOUND) {
        return rc == BM_OK ? BM_E_EXISTS : rc;
    }
    memset(r, 0xa5, sizeof r);
    r[0] = (uint8_t)(k->made % BM_TEST_P256_KEYS);
    k->made++;
    return bm_log_put(k->log, test_key_record(slot), BM_ARRAY(r));
}

static inline bm_status test_keys_open(void *self, enum bm_key_slot slot,
                                       const struct bm_signer **signer)
{
    struct test_keys *k = self;
    uint8_t r[TEST_KEY_RECORD] = { 0 };
    size_t n;

    BM_TRY(bm_log_get(k->log, test_key_record(slot), r, sizeof r, &n));
    *signer = bm_test_signer_nth(BM_KEY_P256, r[0] % BM_TEST_P256_KEYS);
    k->is_open |= (uint8_t)(1u << slot);
    return BM_OK;
}

static inline void test_keys_close(void *self, enum bm_key_slot slot)
{
    struct test_keys *k = self;

    k->is_open &= (uint8_t) ~(1u << slot);
}

static inline bm_status test_keys_destroy(void *self, enum bm_key_slot slot)
{
    struct test_keys *k = self;

    BM_TRY(test_keys_fault(k));
    test_keys_close(self, slot);
    return bm_log_delete(k->log, test_key_record(slot));
}

static inline void test_keys_init(struct test_keys *k, struct bm_log *log)
{
    *k = (struct test_keys){
        .keystore = { k, BM_KEY_PLACE_FLASH, test_keys_generate, test_keys_open,
                      test_keys_close, test_keys_destroy },
        .log = log,
    };
}

#endif
