/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_FAKE_KEYS_H
#define BM_DEVICE_TEST_FAKE_KEYS_H

#include <string.h>

#include "device/keystore.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/*
 * Keys and cryptography of which a simulated microcontroller makes a hundred
 * in a blink: a signature is the hash of the key and the message, in the shape
 * of an ECDSA signature. Hashes and random numbers are real ones. `real_keys`
 * takes real ones for the numbers below BM_TEST_P256_KEYS.
 */
#define FAKE_KEYS 16

static bool real_keys;
static uint8_t fake_spki[FAKE_KEYS][91];
static struct bm_signer fake_signers[FAKE_KEYS];
static struct bm_crypto fake_crypto;

/* SEQUENCE { INTEGER, INTEGER } of 32 octets that are positive. */
static inline bm_status fake_signature(struct bm_bytes key,
                                       struct bm_bytes message, struct bm_wr *w)
{
    const struct bm_crypto *c = bm_test_crypto();
    uint8_t both[64];
    uint8_t digest[32];
    size_t m;

    BM_TRY(c->hash(c->self, BM_HASH_SHA256, key, both));
    BM_TRY(c->hash(c->self, BM_HASH_SHA256, message, both + 32));
    BM_TRY(c->hash(c->self, BM_HASH_SHA256, BM_ARRAY(both), digest));
    digest[0] = 0x40;
    m = bm_der_open(w, BM_DER_SEQUENCE);
    bm_der_put(w, BM_DER_INTEGER, BM_ARRAY(digest));
    bm_der_put(w, BM_DER_INTEGER, BM_ARRAY(digest));
    bm_der_close(w, m);
    return BM_OK;
}

static inline bm_status fake_sign(void *self, struct bm_bytes message,
                                  struct bm_wr *sig)
{
    const struct bm_signer *s = self;

    return fake_signature(s->key.key, message, sig);
}

static inline bm_status fake_verify(void *self, const struct bm_spki *key,
                                    enum bm_sig_alg alg,
                                    struct bm_bytes message,
                                    struct bm_bytes signature)
{
    uint8_t room[80];
    struct bm_wr w;

    (void)self;
    (void)alg;
    bm_wr_init(&w, room, sizeof room);
    BM_TRY(fake_signature(key->key, message, &w));
    return bm_bytes_equal(bm_wr_bytes(&w), signature) ? BM_OK : BM_E_SIGNATURE;
}

static inline const struct bm_signer *fake_signer(int number)
{
    struct bm_signer *s = &fake_signers[number];
    const struct bm_signer *real = bm_test_signer_nth(BM_KEY_P256, 0);

    if (real_keys && number < BM_TEST_P256_KEYS) {
        return bm_test_signer_nth(BM_KEY_P256, (size_t)number);
    }
    memcpy(fake_spki[number], real->key.der.p, sizeof fake_spki[number]);
    fake_spki[number][90] ^= (uint8_t)(number + 1);
    *s = (struct bm_signer){ .self = s,
                             .alg = BM_SIG_ECDSA_SHA256,
                             .sign = fake_sign };
    CHECK_STATUS(bm_spki_parse(BM_ARRAY(fake_spki[number]), NULL, &s->key),
                 BM_OK);
    return s;
}

static inline const struct bm_crypto *fake_crypto_get(void)
{
    fake_crypto = *bm_test_crypto();
    if (!real_keys) {
        fake_crypto.verify = fake_verify;
    }
    return &fake_crypto;
}

/* ---- A keystore: slots hold numbers of such keys. It is not in the log, as
 * in a secure element, and every key is a new one. */

static struct {
    struct bm_keystore keystore;
    int slot[BM_KEY_SLOT_B + 1]; /* number of the key, plus 1 */
    int made;
    unsigned open;
    bm_status fault; /* of generate() */
} fake_store;

static inline bm_status fake_generate(void *self, enum bm_key_slot slot)
{
    (void)self;
    if (fake_store.fault != BM_OK) {
        return fake_store.fault;
    }
    if (fake_store.slot[slot] != 0) {
        return BM_E_EXISTS;
    }
    /* 0 to 8, so as never to meet the keys of a CA; 0 to 2 real ones. */
    fake_store.slot[slot] = fake_store.made++ % (real_keys ? 3 : 9) + 1;
    return BM_OK;
}

static inline bm_status fake_open(void *self, enum bm_key_slot slot,
                                  const struct bm_signer **signer)
{
    (void)self;
    if (fake_store.slot[slot] == 0) {
        return BM_E_NOT_FOUND;
    }
    fake_store.open |= 1u << slot;
    *signer = fake_signer(fake_store.slot[slot] - 1);
    return BM_OK;
}

static inline void fake_close(void *self, enum bm_key_slot slot)
{
    (void)self;
    fake_store.open &= ~(1u << slot);
}

static inline bm_status fake_destroy(void *self, enum bm_key_slot slot)
{
    fake_close(self, slot);
    fake_store.slot[slot] = 0;
    return BM_OK;
}

static inline void fake_store_init(void)
{
    memset(&fake_store, 0, sizeof fake_store);
    fake_store.keystore =
        (struct bm_keystore){ NULL,      BM_KEY_PLACE_OPAQUE, fake_generate,
                              fake_open, fake_close,          fake_destroy };
}

#endif
