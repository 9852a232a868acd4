/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_ELEMENT_TEST_STAND_IN_H
#define BM_PORTS_MBEDTLS_ELEMENT_TEST_STAND_IN_H

#include <p256-m/p256-m.h>
#include <string.h>

#include "device/log.h"
#include "ports/mbedtls/element/element.h"
#include "tests/harness/bm_test.h"

/*
 * An element that stands in for a discrete part: real keys by p256-m, kept in
 * a log, so that power cuts reach it, too. It does as it is told to misbehave.
 */
#define STAND_IN_FIRST 0x4d0u
#define STAND_IN_KEYS  4u

enum stand_in_way {
    HONEST,
    REFUSES,        /* everything, until further notice */
    STALLS,         /* refuses `spared` calls, then is well again */
    DENIES,         /* says that there is no such key */
    NO_SIGNATURE,   /* zeros */
    OLD_SIGNATURE,  /* the last one once more */
    BENT_SIGNATURE, /* one bit of it is wrong */
    SHORT_SIGNATURE,
    LONG_SIGNATURE, /* says so; there is no room for more */
    OTHER_POINT,    /* of another key */
    BENT_POINT,     /* not on the curve */
    ZERO_POINT,
    SHORT_POINT,
    LONG_POINT,
    COMPRESSED_POINT,
    SHORT_MAC,
    LONG_MAC,
    STRANGE_KIND,
    WAYS_TO_MISBEHAVE
};

struct stand_in {
    struct bm_element element;
    struct bm_log *log;
    const struct bm_crypto *crypto;
    enum stand_in_way way;
    unsigned spared;
    unsigned calls;
    uint8_t last[BM_ELEMENT_SIGNATURE_SIZE];
};

/* kind, scalar or secret, point without its first octet */
struct stand_in_key {
    uint8_t kind;
    uint8_t secret[32];
    uint8_t point[64];
};

static inline uint32_t stand_in_record(uint32_t id)
{
    return BM_LOG_KEY(BM_LOG_APPLICATION, id);
}

static inline bm_status stand_in_call(struct stand_in *s)
{
    s->calls++;
    if (s->way == STALLS && s->spared-- == 0) {
        s->way = HONEST;
    }
    return s->way == REFUSES || s->way == STALLS ? BM_E_ELEMENT
           : s->way == DENIES                    ? BM_E_NOT_FOUND
                                                 : BM_OK;
}

static inline bm_status stand_in_find(struct stand_in *s, uint32_t id,
                                      struct stand_in_key *key)
{
    size_t n;

    memset(key, 0, sizeof *key);
    BM_TRY(stand_in_call(s));
    return bm_log_get(s->log, stand_in_record(id), (uint8_t *)key, sizeof *key,
                      &n);
}

static inline bm_status stand_in_kind(void *self, uint32_t id,
                                      enum bm_element_kind *kind)
{
    struct stand_in *s = self;
    struct stand_in_key key;

    BM_TRY(stand_in_find(s, id, &key));
    *kind = s->way == STRANGE_KIND ? (enum bm_element_kind)7
                                   : (enum bm_element_kind)key.kind;
    return BM_OK;
}

static inline bm_status stand_in_generate(void *self, uint32_t id,
                                          enum bm_element_kind kind)
{
    struct stand_in *s = self;
    struct stand_in_key key;
    bm_status rc = stand_in_find(s, id, &key);

    if (rc != BM_E_NOT_FOUND || s->way == DENIES) {
        return rc == BM_OK ? BM_E_EXISTS : rc;
    }
    key.kind = (uint8_t)kind;
    if (kind == BM_ELEMENT_HMAC) {
        BM_TRY(s->crypto->random(s->crypto->self, key.secret, 32));
    } else if (p256_gen_keypair(key.secret, key.point) != P256_SUCCESS) {
        return BM_E_RANDOM;
    }
    return bm_log_put(s->log, stand_in_record(id),
                      (struct bm_bytes){ (uint8_t *)&key, sizeof key });
}

static inline bm_status stand_in_public(void *self, uint32_t id, uint8_t *out,
                                        size_t cap, size_t *n)
{
    struct stand_in *s = self;
    struct stand_in_key key;
    uint8_t scalar[32];

    BM_TRY(stand_in_find(s, id, &key));
    CHECK(cap >= BM_ELEMENT_POINT_SIZE);
    if (s->way == OTHER_POINT) {
        CHECK(p256_gen_keypair(scalar, key.point) == P256_SUCCESS);
    }
    out[0] = s->way == COMPRESSED_POINT ? 0x02 : 0x04;
    memcpy(out + 1, key.point, sizeof key.point);
    if (s->way == ZERO_POINT) {
        memset(out, 0, BM_ELEMENT_POINT_SIZE);
    }
    out[40] ^= s->way == BENT_POINT;
    *n = s->way == SHORT_POINT  ? BM_ELEMENT_POINT_SIZE - 1
         : s->way == LONG_POINT ? (size_t)100000
                                : BM_ELEMENT_POINT_SIZE;
    return BM_OK;
}

static inline bm_status stand_in_sign(void *self, uint32_t id,
                                      const uint8_t digest[32],
                                      uint8_t out[BM_ELEMENT_SIGNATURE_SIZE],
                                      size_t *n)
{
    struct stand_in *s = self;
    struct stand_in_key key;

    BM_TRY(stand_in_find(s, id, &key));
    if (s->way != OLD_SIGNATURE &&
        p256_ecdsa_sign(s->last, key.secret, digest, 32) != P256_SUCCESS) {
        return BM_E_RANDOM;
    }
    memcpy(out, s->last, sizeof s->last);
    if (s->way == NO_SIGNATURE) {
        memset(out, 0, sizeof s->last);
    }
    out[50] ^= s->way == BENT_SIGNATURE;
    *n = s->way == SHORT_SIGNATURE  ? BM_ELEMENT_SIGNATURE_SIZE - 1
         : s->way == LONG_SIGNATURE ? (size_t)100000
                                    : BM_ELEMENT_SIGNATURE_SIZE;
    return BM_OK;
}

static inline bm_status stand_in_mac(void *self, uint32_t id,
                                     struct bm_bytes message,
                                     uint8_t out[BM_ELEMENT_MAC_SIZE],
                                     size_t *n)
{
    struct stand_in *s = self;
    struct stand_in_key key;

    BM_TRY(stand_in_find(s, id, &key));
    *n = s->way == SHORT_MAC  ? BM_ELEMENT_MAC_SIZE - 1
         : s->way == LONG_MAC ? (size_t)100000
                              : BM_ELEMENT_MAC_SIZE;
    return s->crypto->hmac(s->crypto->self, BM_HASH_SHA256,
                           BM_ARRAY(key.secret), message, out);
}

static inline bm_status stand_in_destroy(void *self, uint32_t id)
{
    struct stand_in *s = self;

    BM_TRY(stand_in_call(s));
    return bm_log_delete(s->log, stand_in_record(id));
}

static inline void stand_in_init(struct stand_in *s, struct bm_log *log,
                                 const struct bm_crypto *crypto)
{
    *s = (struct stand_in){
        .element = { s, STAND_IN_FIRST, STAND_IN_KEYS, stand_in_kind,
                     stand_in_generate, stand_in_public, stand_in_sign,
                     stand_in_mac, stand_in_destroy },
        .log = log,
        .crypto = crypto,
    };
}

#endif
