/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/bad_keys.h"

#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void a_list_has_a_hash_per_line(void)
{
    static const struct {
        const char *text;
        size_t n;
    } rows[] = {
        { "", 0 },
        { "\n\n", 0 },
        { "# nothing", 0 },
        { HASH, 1 },
        { HASH "\n", 1 },
        { HASH "\r\n", 1 },
        { HASH " what it is\n# why\n\n" HASH " and again\n", 2 },
        { "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF\n",
          1 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ca_bad_keys *keys;

        CHECK_STATUS(ca_bad_keys_parse(text(rows[i].text), "x", &keys, NULL),
                     BM_OK);
        CHECK(ca_bad_keys_count(keys) == rows[i].n);
        ca_bad_keys_free(keys);
    }
    ca_bad_keys_free(NULL);
}

static void what_is_no_list_is_refused_with_its_line(void)
{
    static const struct {
        const char *text;
        const char *words;
    } rows[] = {
        { "x", "list:1:1: not 64 hexadecimal digits" },
        { HASH "0\n", "list:1:1: not 64 hexadecimal digits" },
        { HASH "\n" HASH "\n\n " HASH, "list:4:1: not 64 hexadecimal digits" },
        { HASH "\nabc", "list:2:1: not 64 hexadecimal digits" },
        { HASH "#x", "list:1:1: not 64 hexadecimal digits" },
        { HASH "\r" HASH, "list:1:1: not 64 hexadecimal digits" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ca_bad_keys *keys;
        struct ca_refusal why = { BM_OK, "" };

        CHECK_STATUS(ca_bad_keys_parse(text(rows[i].text), "list", &keys, &why),
                     BM_E_CONFIG_VALUE);
        CHECK(keys == NULL);
        CHECK(strcmp(why.words, rows[i].words) == 0);
    }
}

static void every_prefix_of_a_list_is_read_or_refused(void)
{
    static const char list[] = "# x\n" HASH " what\n" HASH "\n";

    for (size_t n = 0; n < sizeof list; n++) {
        struct ca_bad_keys *keys;
        bm_status rc = ca_bad_keys_parse(
            (struct bm_bytes){ (const uint8_t *)list, n }, "x", &keys, NULL);

        CHECK((rc == BM_OK) == (keys != NULL));
        ca_bad_keys_free(keys);
    }
}

/* Every hash is found wherever it stands, and no other. */
static void a_listed_key_is_bad(void)
{
    char list[40 * 66 + 1] = "";
    struct ca_bad_keys *keys;
    const struct bm_spki *key = &bm_test_signer(BM_KEY_P256)->key;
    size_t at = 0;

    for (unsigned i = 0; i < 40; i++) {
        /* Not in order. */
        at +=
            (size_t)snprintf(list + at, sizeof list - at, "%02x", i * 37 & 255);
        for (int k = 0; k < 31; k++) {
            at += (size_t)snprintf(list + at, sizeof list - at, "%02x", i);
        }
        at += (size_t)snprintf(list + at, sizeof list - at, "\n");
    }
    CHECK_STATUS(ca_bad_keys_parse(text(list), "x", &keys, NULL), BM_OK);
    for (unsigned i = 0; i < 40; i++) {
        struct ca_refusal why = { BM_OK, "" };
        uint8_t hash[32];

        memset(hash, (int)i, sizeof hash);
        hash[0] = (uint8_t)(i * 37 & 255);
        CHECK_STATUS(ca_check_bad_key(keys, key, hash, &why), BM_E_CA_KEY_BAD);
        CHECK(why.words[0] != '\0');
        hash[31] ^= 1;
        CHECK_STATUS(ca_check_bad_key(keys, key, hash, NULL), BM_OK);
    }
    ca_bad_keys_free(keys);
}

static void the_list_that_ships_is_one(void)
{
    struct ca_bad_keys *keys;
    const struct bm_crypto *crypto = bm_test_crypto();
    const struct bm_spki *key = &bm_test_signer(BM_KEY_P256)->key;
    uint8_t hash[BM_HASH_MAX];

    CHECK_STATUS(ca_bad_keys_parse(text(ca_bad_keys_shipped), "x", &keys, NULL),
                 BM_OK);
    CHECK(ca_bad_keys_count(keys) >= 40);
    CHECK_STATUS(crypto->hash(crypto->self, BM_HASH_SHA256, key->der, hash),
                 BM_OK);
    CHECK_STATUS(ca_check_bad_key(keys, key, hash, NULL), BM_E_CA_KEY_BAD);
    CHECK_STATUS(ca_check_bad_key(NULL, key, hash, NULL), BM_OK);
    ca_bad_keys_free(keys);
}

/* ---- Rules */

static const uint8_t no_hash[32];

static bm_status check_modulus(const uint8_t *n, size_t len)
{
    struct bm_spki key = { .type = BM_KEY_RSA };

    key.rsa_n = (struct bm_bytes){ n, len };
    return ca_check_bad_key(NULL, &key, no_hash, NULL);
}

/* n times m, plus a; big-endian. */
static void multiply(uint8_t *n, size_t len, unsigned m, unsigned a)
{
    for (size_t i = len; i > 0; i--) {
        a += n[i - 1] * m;
        n[i - 1] = (uint8_t)a;
        a >>= 8;
    }
}

static void an_honest_modulus_passes(void)
{
    const struct bm_spki *key = &bm_test_signer(BM_KEY_RSA)->key;

    CHECK_STATUS(check_modulus(key->rsa_n.p, key->rsa_n.n), BM_OK);
}

static void a_small_factor_is_found(void)
{
    static const unsigned primes[] = { 3, 5, 7, 11, 251, 509, 991, 997 };
    uint8_t n[256];
    const struct bm_spki *key = &bm_test_signer(BM_KEY_RSA)->key;

    for (size_t i = 0; i < sizeof primes / sizeof primes[0]; i++) {
        memset(n, 0, sizeof n);
        memcpy(n + 2, key->rsa_n.p, 254);
        n[255] |= 1;
        multiply(n, sizeof n, primes[i], 0);
        CHECK_STATUS(check_modulus(n, sizeof n), BM_E_CA_KEY_BAD);
    }
    memcpy(n, key->rsa_n.p, sizeof n);
    n[255] &= 0xfe; /* 2 */
    CHECK_STATUS(check_modulus(n, sizeof n), BM_E_CA_KEY_BAD);
}

/* Powers of 65537 are powers of 65537 modulo every prime: the simplest
 * numbers with the fingerprint of CVE-2017-15361. */
static void the_fingerprint_of_roca_is_found(void)
{
    uint8_t n[260] = { 0 };
    unsigned found = 0;

    n[259] = 1;
    for (unsigned power = 1; power < 129; power++) {
        uint8_t shifted[260];

        /* n * 65537 = n * 65536 + n */
        memset(shifted, 0, sizeof shifted);
        memcpy(shifted, n + 2, sizeof n - 2);
        for (size_t i = sizeof n, carry = 0; i > 0; i--) {
            carry += (size_t)n[i - 1] + shifted[i - 1];
            n[i - 1] = (uint8_t)carry;
            carry >>= 8;
        }
        found += check_modulus(n, sizeof n) == BM_E_CA_KEY_BAD;
    }
    CHECK(found == 128);
}

/* SEC 2: the private keys 1 and -1 are on every list in everybody's head. */
static void the_generator_is_nobodys_key(void)
{
    static const enum bm_key_type types[] = { BM_KEY_P256, BM_KEY_P384 };
    static const uint8_t generator[2][49] = {
        { 0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc,
          0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
          0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96 },
        { 0x04, 0xaa, 0x87, 0xca, 0x22, 0xbe, 0x8b, 0x05, 0x37, 0x8e,
          0xb1, 0xc7, 0x1e, 0xf3, 0x20, 0xad, 0x74, 0x6e, 0x1d, 0x3b,
          0x62, 0x8b, 0xa7, 0x9b, 0x98, 0x59, 0xf7, 0x41, 0xe0, 0x82,
          0x54, 0x2a, 0x38, 0x55, 0x02, 0xf2, 0x5d, 0xbf, 0x55, 0x29,
          0x6c, 0x3a, 0x54, 0x5e, 0x38, 0x72, 0x76, 0x0a, 0xb7 },
    };

    for (size_t i = 0; i < 2; i++) {
        uint8_t point[97] = { 0 };
        struct bm_spki key = { .type = types[i] };

        /* Whatever y is: there are but two, for 1 and for -1. */
        memcpy(point, generator[i], 49);
        if (i == 0) {
            memset(point + 33, 0x55, sizeof point - 33);
        }
        key.key = (struct bm_bytes){ point, i == 0 ? 65 : 97 };
        CHECK_STATUS(ca_check_bad_key(NULL, &key, no_hash, NULL),
                     BM_E_CA_KEY_BAD);
        point[5] ^= 1;
        CHECK_STATUS(ca_check_bad_key(NULL, &key, no_hash, NULL), BM_OK);
    }
}

/* All of them, computed as 8 multiples of points by the order of the base
 * point; and encodings of the same that are not reduced. */
static void a_point_of_small_order_is_nobodys_key(void)
{
    static const uint8_t y[][32] = {
        { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
          0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
          0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 },
        { 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
          0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
          0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 },
        { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
          0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
          0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
        { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
          0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
          0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
        { 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
        { 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
        { 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
    };

    for (size_t i = 0; i < sizeof y / sizeof y[0]; i++) {
        uint8_t point[32];
        struct bm_spki key = { .type = BM_KEY_ED25519,
                               .key = { point, sizeof point } };

        memcpy(point, y[i], sizeof point);
        for (unsigned sign = 0; sign < 2; sign++) {
            point[31] ^= 0x80;
            CHECK_STATUS(ca_check_bad_key(NULL, &key, no_hash, NULL),
                         BM_E_CA_KEY_BAD);
        }
        for (size_t at = 0; at < sizeof point; at++) {
            point[at] ^= 0x10;
            CHECK_STATUS(ca_check_bad_key(NULL, &key, no_hash, NULL), BM_OK);
            point[at] ^= 0x10;
        }
    }
}

int main(void)
{
    RUN(a_list_has_a_hash_per_line);
    RUN(what_is_no_list_is_refused_with_its_line);
    RUN(every_prefix_of_a_list_is_read_or_refused);
    RUN(a_listed_key_is_bad);
    RUN(the_list_that_ships_is_one);
    RUN(an_honest_modulus_passes);
    RUN(a_small_factor_is_found);
    RUN(the_fingerprint_of_roca_is_found);
    RUN(the_generator_is_nobodys_key);
    RUN(a_point_of_small_order_is_nobodys_key);
    return bm_test_done();
}
