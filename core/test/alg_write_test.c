/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alg.h"
#include "tests/harness/bm_test.h"

#define PSS_HEAD "\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34"
#define MGF1     "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
#define SHA2     "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02"
#define PSS(h, salt)                                                  \
    PSS_HEAD "\xa0\x0f" SHA2 h "\x05\x00\xa1\x1c\x30\x1a" MGF1 SHA2 h \
             "\x05\x00\xa2\x03\x02\x01" salt

/* Each as OpenSSL decodes it under this name. */
static const struct {
    enum bm_sig_alg alg;
    struct bm_bytes der;
} sig_algs[] = {
    { BM_SIG_UNKNOWN, { NULL, 0 } },
    { BM_SIG_ECDSA_SHA256,
      BM_LIT_INIT("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02") },
    { BM_SIG_ECDSA_SHA384,
      BM_LIT_INIT("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03") },
    { BM_SIG_ECDSA_SHA512,
      BM_LIT_INIT("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04") },
    { BM_SIG_ED25519, BM_LIT_INIT("\x30\x05\x06\x03\x2b\x65\x70") },
    { BM_SIG_RSA_SHA256,
      BM_LIT_INIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
                  "\x01\x0b\x05\x00") },
    { BM_SIG_RSA_SHA384,
      BM_LIT_INIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
                  "\x01\x0c\x05\x00") },
    { BM_SIG_RSA_SHA512,
      BM_LIT_INIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
                  "\x01\x0d\x05\x00") },
    { BM_SIG_RSA_PSS_SHA256, BM_LIT_INIT(PSS("\x01", "\x20")) },
    { BM_SIG_RSA_PSS_SHA384, BM_LIT_INIT(PSS("\x02", "\x30")) },
    { BM_SIG_RSA_PSS_SHA512, BM_LIT_INIT(PSS("\x03", "\x40")) },
    { BM_SIG_MLDSA44,
      BM_LIT_INIT("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11") },
    { BM_SIG_MLDSA65,
      BM_LIT_INIT("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12") },
    { BM_SIG_MLDSA87,
      BM_LIT_INIT("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x13") },
};

static void each_signature_algorithm_has_one_encoding(void)
{
    uint8_t buf[80];
    struct bm_wr w;

    for (size_t i = 0; i < sizeof sig_algs / sizeof sig_algs[0]; i++) {
        bm_wr_init(&w, buf, sizeof buf);
        bm_sig_alg_put(&w, sig_algs[i].alg);
        CHECK_BYTES(buf, w.len, sig_algs[i].der.p, sig_algs[i].der.n);
    }
    bm_wr_init(&w, buf, sizeof buf);
    bm_sig_alg_put(&w, (enum bm_sig_alg)(BM_SIG_MLDSA87 + 1));
    CHECK(w.len == 0);
}

/* RFC 5754 2: absent parameters for SHA-2; so too for SHA-1 (RFC 3370 2.1) */
static const struct {
    enum bm_hash hash;
    struct bm_bytes der;
} hashes[] = {
    { BM_HASH_NONE, { NULL, 0 } },
    { BM_HASH_SHA1, BM_LIT_INIT("\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a") },
    { BM_HASH_SHA256,
      BM_LIT_INIT("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01") },
    { BM_HASH_SHA384,
      BM_LIT_INIT("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02") },
    { BM_HASH_SHA512,
      BM_LIT_INIT("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03") },
};

static void each_hash_is_written_without_parameters(void)
{
    uint8_t buf[20];
    struct bm_wr w;

    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        bm_wr_init(&w, buf, sizeof buf);
        bm_hash_alg_put(&w, hashes[i].hash);
        CHECK_BYTES(buf, w.len, hashes[i].der.p, hashes[i].der.n);
    }
}

/* What stands in front of a key of 4 octets. */
static const struct {
    enum bm_key_type type;
    struct bm_bytes der;
} keys[] = {
    { BM_KEY_UNKNOWN, { NULL, 0 } },
    { BM_KEY_P256,
      BM_LIT_INIT("\x30\x1c\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
                  "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
                  "\x03\x05\x00keys") },
    { BM_KEY_P384,
      BM_LIT_INIT("\x30\x19\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
                  "\x06\x05\x2b\x81\x04\x00\x22\x03\x05\x00keys") },
    { BM_KEY_ED25519,
      BM_LIT_INIT("\x30\x0e\x30\x05\x06\x03\x2b\x65\x70\x03\x05\x00keys") },
    { BM_KEY_RSA,
      BM_LIT_INIT("\x30\x16\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
                  "\x01\x01\x05\x00\x03\x05\x00keys") },
    { BM_KEY_MLDSA44,
      BM_LIT_INIT("\x30\x14\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03"
                  "\x04\x03\x11\x03\x05\x00keys") },
    { BM_KEY_MLDSA65,
      BM_LIT_INIT("\x30\x14\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03"
                  "\x04\x03\x12\x03\x05\x00keys") },
    { BM_KEY_MLDSA87,
      BM_LIT_INIT("\x30\x14\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03"
                  "\x04\x03\x13\x03\x05\x00keys") },
};

static void each_key_type_is_wrapped_as_its_rfc_says(void)
{
    uint8_t buf[40];
    struct bm_wr w;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        bm_wr_init(&w, buf, sizeof buf);
        bm_spki_put(&w, keys[i].type, BM_LIT("keys"));
        CHECK_BYTES(buf, w.len, keys[i].der.p, keys[i].der.n);
    }
}

int main(void)
{
    RUN(each_signature_algorithm_has_one_encoding);
    RUN(each_hash_is_written_without_parameters);
    RUN(each_key_type_is_wrapped_as_its_rfc_says);
    return bm_test_done();
}
