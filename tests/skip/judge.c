/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/skip/judge.h"

#include <string.h>

#include "core/alg.h"
#include "tests/harness/test_crypto.h"

#define P256_SUCCESS           0u
#define P256_INVALID_PUBKEY    ((uint32_t)-2)
#define P256_INVALID_SIGNATURE ((uint32_t)-4)

#define HALF (JUDGE_SIGNATURE / 2)

/* One INTEGER (X.690 8.3): the shortest form that is not negative. */
static void put_half(struct bm_wr *w, const uint8_t half[HALF])
{
    size_t skip = 0;
    bool sign;

    while (skip < HALF - 1 && half[skip] == 0) {
        skip++;
    }
    sign = (half[skip] & 0x80) != 0;
    bm_wr_u8(w, 0x02);
    bm_wr_u8(w, (uint8_t)(HALF - skip + sign));
    if (sign) {
        bm_wr_u8(w, 0);
    }
    bm_wr_put(w, (struct bm_bytes){ half + skip, HALF - skip });
}

/* Ecdsa-Sig-Value (RFC 3279 2.2.3), which is shorter than 128 octets. */
static void put_signature(struct bm_wr *w,
                          const uint8_t signature[JUDGE_SIGNATURE])
{
    uint8_t halves[2 * (HALF + 3)];
    struct bm_wr inner;

    bm_wr_init(&inner, halves, sizeof halves);
    put_half(&inner, signature);
    put_half(&inner, signature + HALF);
    bm_wr_u8(w, 0x30);
    bm_wr_u8(w, (uint8_t)inner.len);
    bm_wr_put(w, bm_wr_bytes(&inner));
}

uint32_t judge_signature(const uint8_t signature[JUDGE_SIGNATURE],
                         const uint8_t point[JUDGE_POINT],
                         struct bm_bytes digest)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    uint8_t sec1[1 + JUDGE_POINT] = { 4 }; /* SEC 1 2.3.3: uncompressed */
    uint8_t octets[128];
    uint8_t der[128];
    struct bm_spki key;
    struct bm_wr w;

    memcpy(sec1 + 1, point, JUDGE_POINT);
    bm_wr_init(&w, octets, sizeof octets);
    bm_spki_put(&w, BM_KEY_P256, (struct bm_bytes){ sec1, sizeof sec1 });
    if (bm_spki_parse(bm_wr_bytes(&w), NULL, &key) != BM_OK ||
        crypto->check_key(crypto->self, &key) != BM_OK) {
        return P256_INVALID_PUBKEY;
    }
    bm_wr_init(&w, der, sizeof der);
    put_signature(&w, signature);
    if (crypto->verify_hash(crypto->self, &key, BM_SIG_ECDSA_SHA256, digest,
                            bm_wr_bytes(&w)) != BM_OK) {
        return P256_INVALID_SIGNATURE;
    }
    return P256_SUCCESS;
}
