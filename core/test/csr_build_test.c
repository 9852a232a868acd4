/* SPDX-License-Identifier: Apache-2.0 */
#include "core/csr.h"
#include "core/oid.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

#define CSR_MAX 1024 /* RSA on top of everything below */

static const char subject[] = "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03"
                              "\x0c\x01x";
static const char extension[] = "\x30\x0c\x06\x03\x55\x1d\x13\x01\x01\xff"
                                "\x04\x02\x30\x00";
/* unstructuredName, an attribute that sorts before the others */
static const char attribute[] = "\x30\x10\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
                                "\x09\x02\x31\x03\x16\x01u";

static const struct bm_csr_config everything = {
    .subject = BM_LIT_INIT(subject),
    .extensions = BM_LIT_INIT(extension),
    .challenge = BM_LIT_INIT("dGxzLXVuaXF1ZQ=="),
    .attributes = BM_LIT_INIT(attribute),
};

/* RFC 5280 4.1.1, RFC 2986 4.2: what is signed, and with what. */
static void what_is_built_parses_and_proves_possession(void)
{
    uint8_t buf[CSR_MAX];
    unsigned n = 0;

    for (enum bm_key_type type = BM_KEY_P256; type <= BM_KEY_RSA; type++) {
        const struct bm_signer *signer = bm_test_signer(type);
        struct bm_csr csr;
        struct bm_wr w;

        if (signer == NULL) {
            continue;
        }
        bm_wr_init(&w, buf, sizeof buf);
        CHECK_STATUS(bm_csr_build(&everything, signer, &w), BM_OK);
        CHECK_STATUS(bm_csr_parse(bm_wr_bytes(&w), NULL, &csr), BM_OK);
        CHECK_STATUS(bm_csr_verify(&csr, bm_test_crypto()), BM_OK);
        CHECK(csr.key.type == type && csr.sig_alg == signer->alg);
        CHECK_BYTES(csr.subject.p, csr.subject.n, subject, sizeof subject - 1);
        CHECK_BYTES(csr.ext.all.p, csr.ext.all.n, extension,
                    sizeof extension - 1);
        CHECK_BYTES(csr.challenge.p, csr.challenge.n, "dGxzLXVuaXF1ZQ==", 16);
        n++;
    }
    CHECK(n >= 1);
}

/* X.690 11.6, whatever order the parts were given in. */
static void attributes_are_written_sorted(void)
{
    struct bm_bytes expected[3] = { BM_LIT(BM_OID_P9_CHALLENGE),
                                    BM_LIT(BM_OID_P9_EXTENSIONS),
                                    BM_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09"
                                           "\x02") };
    static const uint8_t order[3] = { 2, 1, 0 }; /* by length, here */
    struct bm_attribute a;
    uint8_t buf[CSR_MAX];
    struct bm_csr csr;
    struct bm_der d;
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_csr_build(&everything, bm_test_signer(BM_KEY_P256), &w),
                 BM_OK);
    CHECK_STATUS(bm_csr_parse(bm_wr_bytes(&w), NULL, &csr), BM_OK);
    bm_der_init(&d, csr.attributes, NULL);
    CHECK_STATUS(bm_der_check_set(&d), BM_OK);
    for (size_t i = 0; i < 3; i++) {
        CHECK(bm_attribute_next(&csr.attributes, &a));
        CHECK(bm_bytes_equal(a.type, expected[order[i]]));
    }
}

/* RFC 2986 4.1: attributes are not OPTIONAL. */
static void an_empty_request_still_has_its_attributes_tag(void)
{
    struct bm_csr_config config = { .subject = BM_LIT("\x30\x00") };
    uint8_t buf[CSR_MAX];
    struct bm_csr csr;
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_csr_build(&config, bm_test_signer(BM_KEY_P256), &w), BM_OK);
    CHECK_STATUS(bm_csr_parse(bm_wr_bytes(&w), NULL, &csr), BM_OK);
    CHECK(csr.attributes.n == 0);
    CHECK_BYTES(csr.tbs.p + csr.tbs.n - 2, 2, "\xa0\x00", 2);
}

/* A writer in use: what was there before stays, and stays in front. */
static void a_request_is_appended(void)
{
    uint8_t buf[CSR_MAX];
    struct bm_csr csr;
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    bm_wr_str(&w, "before");
    CHECK_STATUS(bm_csr_build(&everything, bm_test_signer(BM_KEY_P256), &w),
                 BM_OK);
    CHECK_BYTES(buf, 6, "before", 6);
    CHECK_STATUS(
        bm_csr_parse((struct bm_bytes){ buf + 6, w.len - 6 }, NULL, &csr),
        BM_OK);
    CHECK_STATUS(bm_csr_verify(&csr, bm_test_crypto()), BM_OK);
}

/* Every size of buffer up to one that is surely large enough. */
static void too_small_a_buffer_is_an_error_and_nothing_else(void)
{
    uint8_t buf[512];
    size_t fits = 0;

    for (size_t cap = 0; cap <= sizeof buf; cap += cap < 200 ? 7 : 1) {
        struct bm_wr w;
        bm_status rc;

        memset(buf, 0x5a, sizeof buf);
        bm_wr_init(&w, buf, cap);
        rc = bm_csr_build(&everything, bm_test_signer(BM_KEY_P256), &w);
        if (rc == BM_OK) {
            CHECK(w.len <= cap);
            fits++;
        } else {
            CHECK_STATUS(rc, BM_E_BUFFER);
            CHECK(w.len == 0);
        }
        for (size_t i = cap; i < sizeof buf; i++) {
            CHECK(buf[i] == 0x5a);
        }
    }
    CHECK(fits > 50);
}

static const struct {
    const char *challenge;
    uint8_t tag;
    bm_status want;
} challenges[] = {
    { "plain", BM_DER_PRINTABLE_STRING, BM_OK },
    { "a@b", BM_DER_UTF8_STRING, BM_OK },
    { "\xc3\xa4", BM_DER_UTF8_STRING, BM_OK },
    { "\xff", 0, BM_E_DER_STRING },
};

static void a_challenge_is_written_in_the_simplest_type(void)
{
    struct bm_csr_config config = { .subject = BM_LIT(subject) };
    uint8_t buf[CSR_MAX];
    struct bm_csr csr;
    struct bm_wr w;

    for (size_t i = 0; i < sizeof challenges / sizeof challenges[0]; i++) {
        config.challenge.p = (const uint8_t *)challenges[i].challenge;
        config.challenge.n = strlen(challenges[i].challenge);
        bm_wr_init(&w, buf, sizeof buf);
        CHECK_STATUS(bm_csr_build(&config, bm_test_signer(BM_KEY_P256), &w),
                     challenges[i].want);
        if (challenges[i].want == BM_OK) {
            CHECK_STATUS(bm_csr_parse(bm_wr_bytes(&w), NULL, &csr), BM_OK);
            CHECK(csr.challenge.p[-2] == challenges[i].tag);
        } else {
            CHECK(w.len == 0);
        }
    }
}

/* RFC 2985 5.4.1 */
static void a_challenge_has_at_most_255_octets(void)
{
    struct bm_csr_config config = { .subject = BM_LIT(subject) };
    uint8_t buf[CSR_MAX];
    uint8_t challenge[BM_CSR_CHALLENGE_MAX + 1];
    struct bm_csr csr;
    struct bm_wr w;

    memset(challenge, 'c', sizeof challenge);
    config.challenge = (struct bm_bytes){ challenge, sizeof challenge - 1 };
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_csr_build(&config, bm_test_signer(BM_KEY_P256), &w), BM_OK);
    CHECK_STATUS(bm_csr_parse(bm_wr_bytes(&w), NULL, &csr), BM_OK);
    config.challenge.n++;
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_csr_build(&config, bm_test_signer(BM_KEY_P256), &w),
                 BM_E_CSR_CHALLENGE);
}

static void nonsense_is_refused_before_anything_is_signed(void)
{
    struct bm_csr_config config = everything;
    uint8_t buf[CSR_MAX];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    config.subject.n = 0;
    CHECK_STATUS(bm_csr_build(&config, bm_test_signer(BM_KEY_P256), &w),
                 BM_E_ARGUMENT);
    config = everything;
    config.attributes.n--;
    CHECK_STATUS(bm_csr_build(&config, bm_test_signer(BM_KEY_P256), &w),
                 BM_E_ARGUMENT);
    CHECK(w.len == 0);
}

static bm_status broken_sign(void *self, struct bm_bytes message,
                             struct bm_wr *sig)
{
    (void)self;
    (void)message;
    bm_wr_u8(sig, 0);
    return BM_E_CRYPTO;
}

static void a_signer_that_fails_fails_the_request(void)
{
    struct bm_signer broken = *bm_test_signer(BM_KEY_P256);
    uint8_t buf[CSR_MAX];
    struct bm_wr w;

    broken.sign = broken_sign;
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_csr_build(&everything, &broken, &w), BM_E_CRYPTO);
    CHECK(w.len == 0);
}

int main(void)
{
    RUN(what_is_built_parses_and_proves_possession);
    RUN(attributes_are_written_sorted);
    RUN(an_empty_request_still_has_its_attributes_tag);
    RUN(a_request_is_appended);
    RUN(too_small_a_buffer_is_an_error_and_nothing_else);
    RUN(a_challenge_is_written_in_the_simplest_type);
    RUN(a_challenge_has_at_most_255_octets);
    RUN(nonsense_is_refused_before_anything_is_signed);
    RUN(a_signer_that_fails_fails_the_request);
    return bm_test_done();
}
