/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/keyset.h"

#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/* A ring of `n` keys that are told apart by their octets. */
static void make_ring(struct bm_ring *ring, uint32_t required, unsigned n)
{
    *ring = (struct bm_ring){ .required = required, .n = n };
    for (unsigned i = 0; i < n; i++) {
        struct bm_boot_key *key = &ring->keys[i];

        memset(key->point, (int)(0x10 + i), sizeof key->point);
        key->point[0] = 0x04;
        key->point[64] = 0x99;
        if ((required & BM_BOOT_LMS) != 0) {
            memset(key->lms, (int)(0x20 + i), sizeof key->lms);
            key->lms[55] = 0x88;
        }
    }
}

static size_t put(const struct bm_ring *ring, uint8_t *out, size_t cap)
{
    struct bm_wr w;
    size_t n = 0;

    bm_wr_init(&w, out, cap);
    CHECK_STATUS(bm_keyset_put(&w, ring), BM_OK);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
    return n;
}

/* What was put is read, from elsewhere and at the start of the ring. */
static void check_ways(uint32_t required, unsigned n)
{
    static struct bm_ring made, read, spread;
    uint8_t octets[BM_KEYSET_PAYLOAD];
    size_t len;

    make_ring(&made, required, n);
    len = put(&made, octets, sizeof octets);
    CHECK_STATUS(bm_keyset_parse(bm_test_crypto(),
                                 (struct bm_bytes){ octets, len }, &read),
                 BM_OK);
    memset(&spread, 0xee, sizeof spread);
    memcpy(&spread, octets, len);
    CHECK_STATUS(bm_keyset_parse(bm_test_crypto(),
                                 (struct bm_bytes){ (uint8_t *)&spread, len },
                                 &spread),
                 BM_OK);
    CHECK(read.n == n && read.required == required);
    CHECK(spread.n == n && spread.required == required);
    for (unsigned i = 0; i < n; i++) {
        struct bm_boot_key *a = &read.keys[i], *b = &spread.keys[i];

        CHECK_BYTES(a->point, 65, made.keys[i].point, 65);
        CHECK_BYTES(b->point, 65, made.keys[i].point, 65);
        CHECK_BYTES(a->id, 32, b->id, 32);
        if ((required & BM_BOOT_LMS) != 0) {
            CHECK_BYTES(a->lms, 56, made.keys[i].lms, 56);
            CHECK_BYTES(b->lms, 56, made.keys[i].lms, 56);
        }
    }
}

static void what_is_put_is_read_wherever_it_lies(void)
{
    for (unsigned n = 1; n <= BM_BOOT_KEYS; n++) {
        check_ways(BM_BOOT_P256, n);
        check_ways(BM_BOOT_P256 | BM_BOOT_LMS, n);
    }
}

static void an_id_is_the_hash_of_the_subject_public_key_info(void)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    const struct bm_spki *key = &bm_test_signer(BM_KEY_P256)->key;
    static struct bm_ring ring;
    uint8_t octets[BM_KEYSET_PAYLOAD];
    uint8_t id[32];
    size_t n;

    make_ring(&ring, BM_BOOT_P256, 1);
    memcpy(ring.keys[0].point, key->key.p, 65);
    n = put(&ring, octets, sizeof octets);
    CHECK(n == 68);
    CHECK_STATUS(bm_keyset_parse(crypto, (struct bm_bytes){ octets, n }, &ring),
                 BM_OK);
    CHECK_STATUS(crypto->hash(crypto->self, BM_HASH_SHA256, key->der, id),
                 BM_OK);
    CHECK_BYTES(ring.keys[0].id, 32, id, 32);
}

static void every_prefix_and_each_octet_more_is_refused(void)
{
    static struct bm_ring ring;
    uint8_t octets[BM_KEYSET_PAYLOAD + 1] = { 0 };
    size_t len;

    make_ring(&ring, BM_BOOT_P256 | BM_BOOT_LMS, 2);
    len = put(&ring, octets, sizeof octets);
    for (size_t n = 0; n <= len + 1; n++) {
        bm_status want = n == len ? BM_OK : BM_E_KEYSET;

        CHECK_STATUS(bm_keyset_parse(bm_test_crypto(),
                                     (struct bm_bytes){ octets, n }, &ring),
                     want);
        CHECK(ring.n == (want == BM_OK ? 2 : 0));
    }
}

/* Of the head each bit counts; keys may be any octets. */
static void each_bit_of_the_head_counts(void)
{
    static struct bm_ring ring;
    uint8_t octets[BM_KEYSET_PAYLOAD];
    size_t len;

    make_ring(&ring, BM_BOOT_P256, 3);
    len = put(&ring, octets, sizeof octets);
    for (unsigned bit = 0; bit < 8 * BM_KEYSET_HEAD; bit++) {
        octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_STATUS(bm_keyset_parse(bm_test_crypto(),
                                     (struct bm_bytes){ octets, len }, &ring),
                     BM_E_KEYSET);
        CHECK(ring.n == 0);
        octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void what_cannot_be_read_is_not_put(void)
{
    static const struct {
        uint32_t required;
        unsigned n;
    } cases[] = {
        { BM_BOOT_P256, 0 },     { BM_BOOT_P256, BM_BOOT_KEYS + 1 },
        { BM_BOOT_LMS, 1 },      { 0, 1 },
        { BM_BOOT_P256 | 4, 1 }, { 0x100 | BM_BOOT_P256, 1 },
    };
    static struct bm_ring ring;
    struct bm_wr w;

    bm_wr_init(&w, NULL, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_ring(&ring, BM_BOOT_P256, 1);
        ring.required = cases[i].required;
        ring.n = cases[i].n;
        CHECK_STATUS(bm_keyset_put(&w, &ring), BM_E_KEYSET);
    }
    make_ring(&ring, BM_BOOT_P256, 2);
    ring.keys[1] = ring.keys[0];
    CHECK_STATUS(bm_keyset_put(&w, &ring), BM_E_KEYSET);
    make_ring(&ring, BM_BOOT_P256, 2);
    ring.keys[1].point[0] = 0x03;
    CHECK_STATUS(bm_keyset_put(&w, &ring), BM_E_KEYSET);
    CHECK(w.len == 0);
}

int main(void)
{
    RUN(what_is_put_is_read_wherever_it_lies);
    RUN(an_id_is_the_hash_of_the_subject_public_key_info);
    RUN(every_prefix_and_each_octet_more_is_refused);
    RUN(each_bit_of_the_head_counts);
    RUN(what_cannot_be_read_is_not_put);
    return bm_test_done();
}
