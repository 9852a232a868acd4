/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alg.h"

#include "tests/harness/bm_test.h"

/* Read what the writer writes: for each algorithm there is one encoding. */
static void every_signature_algorithm_is_read_as_it_is_written(void)
{
    for (unsigned i = BM_SIG_ECDSA_SHA256; i <= BM_SIG_MLDSA87; i++) {
        enum bm_sig_alg alg;
        struct bm_bytes der;
        uint8_t buf[80];
        struct bm_wr w;
        struct bm_der d;

        bm_wr_init(&w, buf, sizeof buf);
        bm_sig_alg_put(&w, (enum bm_sig_alg)i);
        bm_der_init(&d, bm_wr_bytes(&w), NULL);
        CHECK_STATUS(bm_sig_alg_take(&d, &der, &alg), BM_OK);
        CHECK(alg == (enum bm_sig_alg)i);
        CHECK(bm_der_left(&d) == 0 && der.p == buf && der.n == w.len);
    }
}

#define SHA2(n)      "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" n
#define HASH(n)      "\x30\x0b" SHA2(n)
#define HASH_NULL(n) "\x30\x0d" SHA2(n) "\x05\x00"
#define MGF1         "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
#define PSS          "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
#define RSA_SHA256   "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"
#define ECDSA_SHA256 "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define SALT(n)      "\xa2\x03\x02\x01" n
#define PSS_NULL(hash, mgf, salt) \
    "\xa0\x0f" HASH_NULL(hash) "\xa1\x1c\x30\x1a" MGF1 HASH_NULL(mgf) SALT(salt)
#define PSS_NONE(hash, salt) \
    "\xa0\x0d" HASH(hash) "\xa1\x1a\x30\x18" MGF1 HASH(hash) SALT(salt)

static const struct {
    struct bm_bytes der;
    bm_status status;
    enum bm_sig_alg alg;
} sig_algs[] = {
    /* RFC 4055 5: NULL, but absent MUST be accepted */
    { BM_LIT_INIT("\x30\x0d" RSA_SHA256 "\x05\x00"), BM_OK, BM_SIG_RSA_SHA256 },
    { BM_LIT_INIT("\x30\x0b" RSA_SHA256), BM_OK, BM_SIG_RSA_SHA256 },
    { BM_LIT_INIT("\x30\x0d" RSA_SHA256 "\x30\x00"), BM_E_ALG_PARAMS, 0 },
    { BM_LIT_INIT("\x30\x0f" RSA_SHA256 "\x05\x00\x05\x00"), BM_E_DER_TRAILING,
      0 },
    /* RFC 5758 3.2, RFC 8410 3, RFC 9881 2: absent */
    { BM_LIT_INIT("\x30\x0c" ECDSA_SHA256 "\x05\x00"), BM_E_ALG_PARAMS, 0 },
    { BM_LIT_INIT("\x30\x07\x06\x03\x2b\x65\x70\x05\x00"), BM_E_ALG_PARAMS, 0 },
    { BM_LIT_INIT("\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11"
                  "\x05\x00"),
      BM_E_ALG_PARAMS, 0 },
    /* RFC 4055 2.1: hashes with NULL or without */
    { BM_LIT_INIT("\x30\x3d" PSS "\x30\x30" PSS_NONE("\x01", "\x20")), BM_OK,
      BM_SIG_RSA_PSS_SHA256 },
    { BM_LIT_INIT("\x30\x41" PSS "\x30\x34" PSS_NULL("\x03", "\x03", "\x40")),
      BM_OK, BM_SIG_RSA_PSS_SHA512 },
    /* another salt, another hash for the mask, all defaults, a trailer */
    { BM_LIT_INIT("\x30\x41" PSS "\x30\x34" PSS_NULL("\x01", "\x01", "\x21")),
      BM_OK, BM_SIG_UNKNOWN },
    { BM_LIT_INIT("\x30\x41" PSS "\x30\x34" PSS_NULL("\x01", "\x02", "\x20")),
      BM_OK, BM_SIG_UNKNOWN },
    { BM_LIT_INIT("\x30\x0d" PSS "\x30\x00"), BM_OK, BM_SIG_UNKNOWN },
    /* RFC 4055 3.1: MUST be RSASSA-PSS-params, and present */
    { BM_LIT_INIT("\x30\x0b" PSS), BM_E_ALG_PARAMS, 0 },
    { BM_LIT_INIT("\x30\x0d" PSS "\x05\x00"), BM_E_ALG_PARAMS, 0 },
    { BM_LIT_INIT("\x30\x46" PSS "\x30\x39" PSS_NULL(
          "\x01", "\x01", "\x20") "\xa3\x03\x02\x01\x01"),
      BM_OK, BM_SIG_UNKNOWN },
    /* what we do not know: sha1WithRSAEncryption, some OID with anything */
    { BM_LIT_INIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"
                  "\x05\x00"),
      BM_OK, BM_SIG_UNKNOWN },
    { BM_LIT_INIT("\x30\x06\x06\x02\x2a\x03\x30\x00"), BM_OK, BM_SIG_UNKNOWN },
    { BM_LIT_INIT("\x30\x04\x06\x02\x2a\x03"), BM_OK, BM_SIG_UNKNOWN },
    { BM_LIT_INIT("\x30\x08\x06\x02\x2a\x03\x05\x00\x05\x00"),
      BM_E_DER_TRAILING, 0 },
    { BM_LIT_INIT("\x30\x00"), BM_E_DER_TRUNCATED, 0 },
    { BM_LIT_INIT("\x30\x02\x05\x00"), BM_E_DER_TAG, 0 },
};

static void parameters_are_those_of_the_algorithm(void)
{
    for (size_t i = 0; i < sizeof sig_algs / sizeof sig_algs[0]; i++) {
        struct bm_bytes der = { NULL, 0 };
        enum bm_sig_alg alg = BM_SIG_UNKNOWN;
        struct bm_der d;

        bm_der_init(&d, sig_algs[i].der, NULL);
        CHECK_STATUS(bm_sig_alg_take(&d, &der, &alg), sig_algs[i].status);
        CHECK(alg == sig_algs[i].alg);
        CHECK(d.p == (sig_algs[i].status == BM_OK ? d.end : sig_algs[i].der.p));
    }
}

static const struct {
    struct bm_bytes der;
    bm_status status;
    enum bm_hash hash;
} hashes[] = {
    { BM_LIT_INIT("\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a"), BM_OK,
      BM_HASH_SHA1 },
    { BM_LIT_INIT("\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00"), BM_OK,
      BM_HASH_SHA1 },
    { BM_LIT_INIT(HASH("\x01")), BM_OK, BM_HASH_SHA256 },
    { BM_LIT_INIT(HASH_NULL("\x02")), BM_OK, BM_HASH_SHA384 },
    { BM_LIT_INIT(HASH("\x03")), BM_OK, BM_HASH_SHA512 },
    { BM_LIT_INIT(HASH("\x04")), BM_OK, BM_HASH_NONE },
    { BM_LIT_INIT("\x30\x0d" SHA2("\x01") "\x30\x00"), BM_E_ALG_PARAMS, 0 },
};

/* RFC 5754 2: parameters absent or NULL */
static void a_hash_has_no_parameters_or_null(void)
{
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        enum bm_hash hash = BM_HASH_NONE;
        struct bm_der d;

        bm_der_init(&d, hashes[i].der, NULL);
        CHECK_STATUS(bm_hash_alg_take(&d, &hash), hashes[i].status);
        CHECK(hash == hashes[i].hash);
    }
    CHECK(bm_hash_len(BM_HASH_NONE) == 0 && bm_hash_len(BM_HASH_SHA1) == 20);
    CHECK(bm_hash_len(BM_HASH_SHA256) == 32);
    CHECK(bm_hash_len(BM_HASH_SHA384) == 48);
    CHECK(bm_hash_len(BM_HASH_SHA512) == BM_HASH_MAX);
}

static const struct {
    enum bm_key_type type;
    size_t size;
    unsigned bits;
    enum bm_sig_alg sig;
    bm_status wrong; /* when the size is not this */
} keys[] = {
    { BM_KEY_P256, 65, 256, BM_SIG_ECDSA_SHA256, BM_E_KEY_POINT },
    { BM_KEY_P384, 97, 384, BM_SIG_ECDSA_SHA384, BM_E_KEY_POINT },
    { BM_KEY_ED25519, 32, 256, BM_SIG_ED25519, BM_E_KEY_SIZE },
    { BM_KEY_MLDSA44, 1312, 8 * 1312, BM_SIG_MLDSA44, BM_E_KEY_SIZE },
    { BM_KEY_MLDSA65, 1952, 8 * 1952, BM_SIG_MLDSA65, BM_E_KEY_SIZE },
    { BM_KEY_MLDSA87, 2592, 8 * 2592, BM_SIG_MLDSA87, BM_E_KEY_SIZE },
};

static bm_status put_and_parse(enum bm_key_type type, size_t n,
                               struct bm_spki *key)
{
    static uint8_t octets[2600] = { 0x04 };
    static uint8_t buf[2700];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    bm_spki_put(&w, type, (struct bm_bytes){ octets, n });
    return bm_spki_parse(bm_wr_bytes(&w), NULL, key);
}

static void a_key_has_the_size_of_its_algorithm(void)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct bm_spki key;

        CHECK_STATUS(put_and_parse(keys[i].type, keys[i].size - 1, &key),
                     keys[i].wrong);
        CHECK_STATUS(put_and_parse(keys[i].type, keys[i].size + 1, &key),
                     keys[i].wrong);
        CHECK_STATUS(put_and_parse(keys[i].type, 0, &key), keys[i].wrong);
        CHECK_STATUS(put_and_parse(keys[i].type, keys[i].size, &key), BM_OK);
        CHECK(key.type == keys[i].type && key.key.n == keys[i].size);
        CHECK(bm_spki_bits(&key) == keys[i].bits);
        CHECK_STATUS(bm_spki_weak(&key), BM_OK);
        CHECK(bm_sig_alg_for(key.type) == keys[i].sig);
    }
}

/* bits of n, last octet of n's neighbour e */
static const struct {
    unsigned bits;
    struct bm_bytes e;
    bm_status weak;
} rsas[] = {
    { 2048, BM_LIT_INIT("\x01\x00\x01"), BM_OK },
    { 2048, BM_LIT_INIT("\x03"), BM_OK },
    { 2047, BM_LIT_INIT("\x01\x00\x01"), BM_E_PATH_WEAK },
    { 1024, BM_LIT_INIT("\x01\x00\x01"), BM_E_PATH_WEAK },
    { 8192, BM_LIT_INIT("\x01\x00\x01"), BM_OK },
    { 8193, BM_LIT_INIT("\x01\x00\x01"), BM_E_PATH_WEAK },
    { 2048, BM_LIT_INIT("\x01"), BM_E_PATH_WEAK },
    { 2048, BM_LIT_INIT("\x01\x00\x00"), BM_E_PATH_WEAK },
    { 1, BM_LIT_INIT("\x03"), BM_E_PATH_WEAK },
};

static void any_rsa_key_parses_but_not_every_one_is_strong(void)
{
    static uint8_t n[1 + 8192 / 8];
    static uint8_t rsa[1100];
    static uint8_t buf[1200];

    for (size_t i = 0; i < sizeof rsas / sizeof rsas[0]; i++) {
        size_t octets = (rsas[i].bits + 7) / 8;
        struct bm_spki key;
        struct bm_wr w;
        size_t seq;

        memset(n, 0xff, sizeof n);
        n[0] = (uint8_t)(0xff >> (8 * octets - rsas[i].bits));
        bm_wr_init(&w, rsa, sizeof rsa);
        seq = bm_der_open(&w, BM_DER_SEQUENCE);
        bm_der_put_unsigned(&w, (struct bm_bytes){ n, octets });
        bm_der_put_unsigned(&w, rsas[i].e);
        bm_der_close(&w, seq);
        seq = w.len;
        bm_wr_init(&w, buf, sizeof buf);
        bm_spki_put(&w, BM_KEY_RSA, (struct bm_bytes){ rsa, seq });
        CHECK_STATUS(bm_spki_parse(bm_wr_bytes(&w), NULL, &key), BM_OK);
        CHECK(bm_spki_bits(&key) == rsas[i].bits);
        CHECK(key.rsa_n.n == octets && bm_bytes_equal(key.rsa_e, rsas[i].e));
        CHECK_STATUS(bm_spki_weak(&key), rsas[i].weak);
    }
}

static void an_algorithm_goes_with_its_kind_of_key(void)
{
    CHECK(bm_sig_alg_fits(BM_SIG_ECDSA_SHA256, BM_KEY_P256));
    CHECK(bm_sig_alg_fits(BM_SIG_ECDSA_SHA256, BM_KEY_P384));
    CHECK(bm_sig_alg_fits(BM_SIG_ECDSA_SHA512, BM_KEY_P256));
    CHECK(bm_sig_alg_fits(BM_SIG_RSA_SHA256, BM_KEY_RSA));
    CHECK(bm_sig_alg_fits(BM_SIG_RSA_PSS_SHA384, BM_KEY_RSA));
    CHECK(!bm_sig_alg_fits(BM_SIG_ECDSA_SHA256, BM_KEY_RSA));
    CHECK(!bm_sig_alg_fits(BM_SIG_RSA_SHA256, BM_KEY_P256));
    CHECK(!bm_sig_alg_fits(BM_SIG_MLDSA44, BM_KEY_MLDSA65));
    CHECK(!bm_sig_alg_fits(BM_SIG_UNKNOWN, BM_KEY_UNKNOWN));
    for (unsigned type = BM_KEY_UNKNOWN; type <= BM_KEY_MLDSA87; type++) {
        CHECK(!bm_sig_alg_fits(BM_SIG_UNKNOWN, (enum bm_key_type)type));
    }
    CHECK(bm_sig_alg_hash(BM_SIG_RSA_PSS_SHA384) == BM_HASH_SHA384);
    CHECK(bm_sig_alg_hash(BM_SIG_ED25519) == BM_HASH_NONE);
}

static void an_unknown_key_is_carried(void)
{
    struct bm_spki key;

    CHECK_STATUS(bm_spki_parse(BM_LIT("\x30\x0a\x30\x04\x06\x02\x2a\x03"
                                      "\x03\x02\x00\x07"),
                               NULL, &key),
                 BM_OK);
    CHECK(key.type == BM_KEY_UNKNOWN && key.key.n == 1);
    CHECK(bm_spki_bits(&key) == 0);
    /* secp521r1 (RFC 5480 2.1.1.1): an EC key, on a curve we do not know */
    CHECK_STATUS(bm_spki_parse(BM_LIT("\x30\x16\x30\x10\x06\x07\x2a\x86\x48\xce"
                                      "\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23"
                                      "\x03\x02\x00\x07"),
                               NULL, &key),
                 BM_OK);
    CHECK(key.type == BM_KEY_UNKNOWN);
    CHECK_STATUS(bm_spki_parse(BM_LIT("\x30\x0a\x30\x04\x06\x02\x2a\x03"
                                      "\x03\x02\x00\x07\x00"),
                               NULL, &key),
                 BM_E_DER_TRAILING);
    CHECK(key.key.p == NULL);
}

int main(void)
{
    RUN(every_signature_algorithm_is_read_as_it_is_written);
    RUN(parameters_are_those_of_the_algorithm);
    RUN(a_hash_has_no_parameters_or_null);
    RUN(a_key_has_the_size_of_its_algorithm);
    RUN(any_rsa_key_parses_but_not_every_one_is_strong);
    RUN(an_algorithm_goes_with_its_kind_of_key);
    RUN(an_unknown_key_is_carried);
    return bm_test_done();
}
