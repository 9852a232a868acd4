/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What every provider of core/crypto.h must do without a key pair: hashes,
 * HMAC, HKDF, AEAD, randomness. Signatures are in signature_test.c.
 */
#include "tests/harness/bm_test.h"
#include "tests/harness/hex.h"
#include "tests/harness/test_crypto.h"

static const struct bm_crypto *c;

/*
 * Any provider may say that it lacks an algorithm, except for the one of each
 * kind that a device cannot do without.
 */
static bool lacks(bm_status rc, bool required)
{
    return rc == BM_E_CRYPTO_UNSUPPORTED && !required;
}

/* FIPS 180-4, the examples of NIST's "abc" */
static const struct {
    enum bm_hash hash;
    const char *want;
} hashes[] = {
    { BM_HASH_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
    { BM_HASH_SHA256, "ba7816bf8f01cfea414140de5dae2223"
                      "b00361a396177a9cb410ff61f20015ad" },
    { BM_HASH_SHA384, "cb00753f45a35e8bb5a03d699ac65007"
                      "272c32ab0eded1631a8b605a43ff5bed"
                      "8086072ba1e7cc2358baeca134c825a7" },
    { BM_HASH_SHA512, "ddaf35a193617abacc417349ae204131"
                      "12e6fa4e89a97ea20a9eeee64b55d39a"
                      "2192992a274fc1a836ba3c23a3feebbd"
                      "454d4423643ce80e2a9ac94fa54ca49f" },
};

static void hashes_are_those_of_fips_180_4(void)
{
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        uint8_t want_buf[BM_HASH_MAX];
        uint8_t got[BM_HASH_MAX];
        struct bm_bytes want =
            bm_hex(hashes[i].want, want_buf, sizeof want_buf);
        bm_status rc = c->hash(c->self, hashes[i].hash, BM_LIT("abc"), got);

        if (lacks(rc, hashes[i].hash == BM_HASH_SHA256)) {
            continue;
        }
        CHECK_STATUS(rc, BM_OK);
        CHECK_BYTES(got, bm_hash_len(hashes[i].hash), want.p, want.n);
    }
}

static void the_empty_message_has_a_hash(void)
{
    uint8_t want_buf[BM_HASH_MAX];
    uint8_t got[BM_HASH_MAX];
    struct bm_bytes want = bm_hex("e3b0c44298fc1c149afbf4c8996fb924"
                                  "27ae41e4649b934ca495991b7852b855",
                                  want_buf, sizeof want_buf);

    CHECK_STATUS(c->hash(c->self, BM_HASH_SHA256, (struct bm_bytes){ 0 }, got),
                 BM_OK);
    CHECK_BYTES(got, 32, want.p, want.n);
}

static void no_hash_is_no_algorithm(void)
{
    struct bm_hash_state s = { .hash = BM_HASH_SHA256 };
    uint8_t out[BM_HASH_MAX];

    CHECK_STATUS(c->hash(c->self, BM_HASH_NONE, BM_LIT("abc"), out),
                 BM_E_CRYPTO_UNSUPPORTED);
    CHECK_STATUS(c->hash_begin(c->self, &s, BM_HASH_NONE),
                 BM_E_CRYPTO_UNSUPPORTED);
    CHECK(s.hash == BM_HASH_NONE);
    CHECK_STATUS(
        c->hmac(c->self, BM_HASH_NONE, BM_LIT("key"), BM_LIT("abc"), out),
        BM_E_CRYPTO_UNSUPPORTED);
}

static void pieces_hash_like_the_whole(void)
{
    uint8_t message[200];
    uint8_t want[BM_HASH_MAX];
    uint8_t got[BM_HASH_MAX];

    for (size_t i = 0; i < sizeof message; i++) {
        message[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        enum bm_hash h = hashes[i].hash;

        if (c->hash(c->self, h, BM_ARRAY(message), want) != BM_OK) {
            continue;
        }
        for (size_t cut = 0; cut <= sizeof message; cut++) {
            struct bm_bytes head = { message, cut };
            struct bm_bytes tail = { message + cut, sizeof message - cut };
            struct bm_hash_state s;

            CHECK_STATUS(c->hash_begin(c->self, &s, h), BM_OK);
            CHECK_STATUS(c->hash_more(c->self, &s, head), BM_OK);
            CHECK_STATUS(c->hash_more(c->self, &s, tail), BM_OK);
            CHECK_STATUS(c->hash_end(c->self, &s, got), BM_OK);
            CHECK_BYTES(got, bm_hash_len(h), want, bm_hash_len(h));
        }
    }
}

static void many_hashes_run_at_once(void)
{
    struct bm_hash_state s[9];
    uint8_t want[BM_HASH_MAX];
    uint8_t got[BM_HASH_MAX];

    for (uint8_t i = 0; i < 9; i++) {
        CHECK_STATUS(c->hash_begin(c->self, &s[i], BM_HASH_SHA256), BM_OK);
    }
    for (uint8_t i = 0; i < 9; i++) {
        CHECK_STATUS(c->hash_more(c->self, &s[i], (struct bm_bytes){ &i, 1 }),
                     BM_OK);
    }
    for (uint8_t i = 0; i < 9; i++) {
        CHECK_STATUS(
            c->hash(c->self, BM_HASH_SHA256, (struct bm_bytes){ &i, 1 }, want),
            BM_OK);
        CHECK_STATUS(c->hash_end(c->self, &s[i], got), BM_OK);
        CHECK_BYTES(got, 32, want, 32);
    }
}

static void a_hash_may_be_abandoned(void)
{
    struct bm_hash_state s;
    uint8_t out[BM_HASH_MAX];

    CHECK_STATUS(c->hash_begin(c->self, &s, BM_HASH_SHA256), BM_OK);
    CHECK_STATUS(c->hash_more(c->self, &s, BM_LIT("abc")), BM_OK);
    CHECK_STATUS(c->hash_end(c->self, &s, NULL), BM_OK);
    CHECK(s.hash == BM_HASH_NONE);
    CHECK_STATUS(c->hash_end(c->self, &s, NULL), BM_OK);
    CHECK_STATUS(c->hash_end(c->self, &s, out), BM_E_ARGUMENT);
    CHECK_STATUS(c->hash_more(c->self, &s, BM_LIT("abc")), BM_E_ARGUMENT);
}

#define TEN(x) x x x x x x x x x x

/* RFC 4231 4.2, 4.3, 4.4, 4.7; the empty key and message; 4.7 again */
static const struct {
    enum bm_hash hash;
    const char *key;
    const char *message;
    const char *want;
} macs[] = {
    { BM_HASH_SHA256, TEN("0b0b"), "4869205468657265",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { BM_HASH_SHA256, "4a656665",
      "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { BM_HASH_SHA256, TEN("aaaa"), TEN("dddddddddd"),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
    { BM_HASH_SHA256, TEN("aaaaaaaaaaaaaaaaaaaaaaaaaa") "aa",
      "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65"
      "204b6579202d2048617368204b6579204669727374",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
    { BM_HASH_SHA256, "", "",
      "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
    { BM_HASH_SHA512, TEN("aaaaaaaaaaaaaaaaaaaaaaaaaa") "aa",
      "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65"
      "204b6579202d2048617368204b6579204669727374",
      "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
      "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598" },
};

static void macs_are_those_of_rfc_4231(void)
{
    for (size_t i = 0; i < sizeof macs / sizeof macs[0]; i++) {
        uint8_t key[160];
        uint8_t message[160];
        uint8_t want_buf[BM_HASH_MAX];
        uint8_t got[BM_HASH_MAX];
        struct bm_bytes want = bm_hex(macs[i].want, want_buf, sizeof want_buf);
        bm_status rc =
            c->hmac(c->self, macs[i].hash, bm_hex(macs[i].key, key, sizeof key),
                    bm_hex(macs[i].message, message, sizeof message), got);

        if (lacks(rc, macs[i].hash == BM_HASH_SHA256)) {
            continue;
        }
        CHECK_STATUS(rc, BM_OK);
        CHECK_BYTES(got, want.n, want.p, want.n);
    }
}

static void keys_around_a_block_are_all_taken(void)
{
    uint8_t key[140];
    uint8_t seen[140][4];

    memset(key, 7, sizeof key);
    for (size_t n = 1; n < sizeof key; n++) {
        uint8_t mac[BM_HASH_MAX];

        CHECK_STATUS(c->hmac(c->self, BM_HASH_SHA256,
                             (struct bm_bytes){ key, n }, BM_LIT("m"), mac),
                     BM_OK);
        memcpy(seen[n], mac, sizeof seen[n]);
        CHECK(n == 1 || memcmp(seen[n], seen[n - 1], sizeof seen[n]) != 0);
    }
}

/* RFC 5869 A.1, A.2, A.3 */
static const struct {
    const char *salt;
    const char *secret;
    const char *info;
    const char *want;
} derivations[] = {
    { "000102030405060708090a0b0c", TEN("0b0b") "0b0b", "f0f1f2f3f4f5f6f7f8f9",
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
      "34007208d5b887185865" },
    { "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
      "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
      "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
      "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
      "404142434445464748494a4b4c4d4e4f",
      "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
      "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
      "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
      "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
      "cc30c58179ec3e87c14c01d5c1f3434f1d87" },
    { "", TEN("0b0b") "0b0b", "",
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
      "9d201395faa4b61a96c8" },
};

static void derived_keys_are_those_of_rfc_5869(void)
{
    for (size_t i = 0; i < sizeof derivations / sizeof derivations[0]; i++) {
        uint8_t salt[80];
        uint8_t secret[80];
        uint8_t info[80];
        uint8_t want_buf[82];
        uint8_t got[82];
        struct bm_bytes want =
            bm_hex(derivations[i].want, want_buf, sizeof want_buf);
        const struct bm_hkdf_config config = {
            .hash = BM_HASH_SHA256,
            .salt = bm_hex(derivations[i].salt, salt, sizeof salt),
            .secret = bm_hex(derivations[i].secret, secret, sizeof secret),
            .info = bm_hex(derivations[i].info, info, sizeof info),
        };

        CHECK_STATUS(c->hkdf(c->self, &config, got, want.n), BM_OK);
        CHECK_BYTES(got, want.n, want.p, want.n);
    }
}

/* RFC 5869 2.3: L <= 255 * HashLen */
static void derived_keys_have_a_longest_length(void)
{
    static uint8_t out[255 * 32 + 1];
    struct bm_hkdf_config config = {
        .hash = BM_HASH_SHA256,
        .secret = BM_LIT("secret"),
    };

    CHECK_STATUS(c->hkdf(c->self, &config, out, sizeof out - 1), BM_OK);
    CHECK_STATUS(c->hkdf(c->self, &config, out, sizeof out), BM_E_ARGUMENT);
    CHECK_STATUS(c->hkdf(c->self, &config, out, 0), BM_E_ARGUMENT);
    config.secret.n = 0;
    CHECK_STATUS(c->hkdf(c->self, &config, out, 32), BM_E_ARGUMENT);
    config.hash = BM_HASH_NONE;
    CHECK_STATUS(c->hkdf(c->self, &config, out, 32), BM_E_CRYPTO_UNSUPPORTED);
}

#define GCM_KEY "feffe9928665731c6d6a8f9467308308"
#define GCM_PLAIN                                                      \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" \
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define GCM_AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"

/* The GCM specification's test cases 1, 4 and 16; RFC 8439 2.8.2 */
static const struct {
    enum bm_aead alg;
    const char *key;
    const char *nonce;
    const char *aad;
    const char *plain;
    const char *sealed;
} aeads[] = {
    { BM_AEAD_AES128_GCM, "00000000000000000000000000000000",
      "000000000000000000000000", "", "", "58e2fccefa7e3061367f1d57a4e7455a" },
    { BM_AEAD_AES128_GCM, GCM_KEY, "cafebabefacedbaddecaf888", GCM_AAD,
      GCM_PLAIN,
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
      "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
      "5bc94fbc3221a5db94fae95ae7121a47" },
    { BM_AEAD_AES256_GCM, GCM_KEY GCM_KEY, "cafebabefacedbaddecaf888", GCM_AAD,
      GCM_PLAIN,
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
      "76fc6ece0f4e1768cddf8853bb2d551b" },
    { BM_AEAD_CHACHA20_POLY1305,
      "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
      "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
      "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
      "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
      "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
      "637265656e20776f756c642062652069742e",
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
      "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
      "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
      "3ff4def08e4b7a9de576d26586cec64b6116"
      "1ae10b594f09e26a7e902ecbd0600691" },
};

#define SEALED_MAX 160

/* One row, decoded. The views point into the struct. */
struct aead_case {
    struct bm_aead_config config;
    struct bm_bytes plain;
    struct bm_bytes sealed;
    uint8_t key[32];
    uint8_t nonce[12];
    uint8_t aad[32];
    uint8_t plain_buf[SEALED_MAX];
    uint8_t sealed_buf[SEALED_MAX];
};

/* False where the provider lacks the algorithm. */
static bool decode(size_t i, struct aead_case *a)
{
    uint8_t out[SEALED_MAX];
    bm_status rc;

    a->config.alg = aeads[i].alg;
    a->config.key = bm_hex(aeads[i].key, a->key, sizeof a->key);
    a->config.nonce = bm_hex(aeads[i].nonce, a->nonce, sizeof a->nonce);
    a->config.aad = bm_hex(aeads[i].aad, a->aad, sizeof a->aad);
    a->plain = bm_hex(aeads[i].plain, a->plain_buf, SEALED_MAX);
    a->sealed = bm_hex(aeads[i].sealed, a->sealed_buf, SEALED_MAX);
    rc = c->seal(c->self, &a->config, a->plain, out);
    if (lacks(rc, a->config.alg != BM_AEAD_CHACHA20_POLY1305)) {
        CHECK_STATUS(c->open(c->self, &a->config, a->sealed, out), rc);
        return false;
    }
    CHECK_STATUS(rc, BM_OK);
    return true;
}

#define AEADS (sizeof aeads / sizeof aeads[0])

static void sealing_gives_the_published_octets_and_opens(void)
{
    for (size_t i = 0; i < AEADS; i++) {
        struct aead_case a;
        uint8_t out[SEALED_MAX];

        if (!decode(i, &a)) {
            continue;
        }
        CHECK_STATUS(c->seal(c->self, &a.config, a.plain, out), BM_OK);
        CHECK_BYTES(out, a.sealed.n, a.sealed.p, a.sealed.n);
        CHECK_STATUS(c->open(c->self, &a.config, a.sealed, out), BM_OK);
        CHECK_BYTES(out, a.plain.n, a.plain.p, a.plain.n);
    }
}

static void sealing_and_opening_work_in_place(void)
{
    for (size_t i = 0; i < AEADS; i++) {
        struct aead_case a;
        uint8_t buf[SEALED_MAX];

        if (!decode(i, &a)) {
            continue;
        }
        memcpy(buf, a.plain.p, a.plain.n);
        CHECK_STATUS(c->seal(c->self, &a.config,
                             (struct bm_bytes){ buf, a.plain.n }, buf),
                     BM_OK);
        CHECK_BYTES(buf, a.sealed.n, a.sealed.p, a.sealed.n);
        CHECK_STATUS(c->open(c->self, &a.config,
                             (struct bm_bytes){ buf, a.sealed.n }, buf),
                     BM_OK);
        CHECK_BYTES(buf, a.plain.n, a.plain.p, a.plain.n);
    }
}

static void refused_and_zeroed(const struct bm_aead_config *config,
                               struct bm_bytes sealed)
{
    uint8_t out[SEALED_MAX];
    size_t n = sealed.n - BM_AEAD_TAG_SIZE;
    uint8_t any = 0;

    memset(out, 0xee, sizeof out);
    CHECK_STATUS(c->open(c->self, config, sealed, out), BM_E_AEAD);
    for (size_t i = 0; i < n; i++) {
        any |= out[i];
    }
    CHECK(any == 0);
    CHECK(out[n] == 0xee); /* and nothing beyond */
}

static void no_flipped_bit_opens(void)
{
    for (size_t i = 0; i < AEADS; i++) {
        struct aead_case a;

        if (!decode(i, &a)) {
            continue;
        }
        for (size_t bit = 0; bit < 8 * a.sealed.n; bit++) {
            a.sealed_buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
            refused_and_zeroed(&a.config, a.sealed);
            a.sealed_buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t bit = 0; bit < 8 * a.config.aad.n; bit++) {
            a.aad[bit / 8] ^= (uint8_t)(1u << bit % 8);
            refused_and_zeroed(&a.config, a.sealed);
            a.aad[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        a.key[0] ^= 1;
        refused_and_zeroed(&a.config, a.sealed);
        a.key[0] ^= 1;
        a.nonce[0] ^= 1;
        refused_and_zeroed(&a.config, a.sealed);
    }
}

static void no_prefix_opens(void)
{
    for (size_t i = 0; i < AEADS; i++) {
        struct aead_case a;
        uint8_t out[SEALED_MAX];

        if (!decode(i, &a)) {
            continue;
        }
        for (size_t n = 0; n < a.sealed.n; n++) {
            CHECK_STATUS(c->open(c->self, &a.config,
                                 (struct bm_bytes){ a.sealed.p, n }, out),
                         BM_E_AEAD);
        }
    }
}

static void keys_and_nonces_have_one_length(void)
{
    struct aead_case a;
    uint8_t out[SEALED_MAX];

    if (!decode(1, &a)) {
        return;
    }
    a.config.nonce.n--;
    CHECK_STATUS(c->seal(c->self, &a.config, a.plain, out), BM_E_ARGUMENT);
    CHECK_STATUS(c->open(c->self, &a.config, a.sealed, out), BM_E_ARGUMENT);
    a.config.nonce.n++;
    a.config.key.n--;
    CHECK_STATUS(c->seal(c->self, &a.config, a.plain, out), BM_E_ARGUMENT);
    a.config.key.n++;
    a.config.alg = BM_AEAD_AES256_GCM;
    CHECK_STATUS(c->open(c->self, &a.config, a.sealed, out), BM_E_ARGUMENT);
    a.config.alg = (enum bm_aead)99;
    CHECK_STATUS(c->seal(c->self, &a.config, a.plain, out),
                 BM_E_CRYPTO_UNSUPPORTED);
}

static void random_octets_differ_and_stay_within(void)
{
    uint8_t a[34] = { 0 };
    uint8_t b[34] = { 0 };

    CHECK_STATUS(c->random(c->self, a + 1, 32), BM_OK);
    CHECK_STATUS(c->random(c->self, b + 1, 32), BM_OK);
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK(a[0] == 0 && a[33] == 0);
    CHECK_STATUS(c->random(c->self, a, 0), BM_OK);
    CHECK(a[0] == 0);
}

int main(void)
{
    c = bm_test_crypto();
    RUN(hashes_are_those_of_fips_180_4);
    RUN(the_empty_message_has_a_hash);
    RUN(no_hash_is_no_algorithm);
    RUN(pieces_hash_like_the_whole);
    RUN(many_hashes_run_at_once);
    RUN(a_hash_may_be_abandoned);
    RUN(macs_are_those_of_rfc_4231);
    RUN(keys_around_a_block_are_all_taken);
    RUN(derived_keys_are_those_of_rfc_5869);
    RUN(derived_keys_have_a_longest_length);
    RUN(sealing_gives_the_published_octets_and_opens);
    RUN(sealing_and_opening_work_in_place);
    RUN(no_flipped_bit_opens);
    RUN(no_prefix_opens);
    RUN(keys_and_nonces_have_one_length);
    RUN(random_octets_differ_and_stay_within);
    return bm_test_done();
}
