/* SPDX-License-Identifier: Apache-2.0 */
#include "core/test/ocsp_samples.h"

#define JANUARY_2031 INT64_C(1924992000)
#define DAY          86400

static uint8_t response_room[2048];

/* The delegates' key; the CA's is number 0. */
static const struct bm_signer *delegate(void)
{
    return bm_test_signer_nth(BM_KEY_P256, 1);
}

static const struct bm_signer *ca(void)
{
    return bm_test_signer_nth(BM_KEY_P256, 0);
}

static struct bm_ocsp_check check_at(int64_t now)
{
    return (struct bm_ocsp_check){ .target = ocsp_target(BM_LIT("\7")),
                                   .now = now,
                                   .skew = 60,
                                   .max_age = DAY };
}

/* Good, from the beginning of January for a day. */
static struct bm_ocsp_single good_single(void)
{
    static uint8_t room[100];
    struct bm_ocsp_target target = ocsp_target(BM_LIT("\7"));
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(
        bm_ocsp_certid_put(&w, bm_test_crypto(), BM_HASH_SHA256, &target),
        BM_OK);
    return (struct bm_ocsp_single){ .id = { .der = bm_wr_bytes(&w) },
                                    .status = BM_OCSP_GOOD,
                                    .has_next_update = true,
                                    .this_update = JANUARY_2031,
                                    .next_update = JANUARY_2031 + DAY };
}

#define DELEGATE                                                  \
    BM_LIT("\x30\x13\x31\x11\x30\x0f\x06\x03\x55\x04\x03\x0c\x08" \
           "delegate")

/* A response about `single` alone, by the CA's name. */
static struct bm_ocsp_response_config
config_for(const struct bm_ocsp_single *single)
{
    return (struct bm_ocsp_response_config){ .by_name = OCSP_TEST_CA,
                                             .produced_at = single->this_update,
                                             .singles = single,
                                             .n = 1 };
}

/* Build it, read it, verify it. */
static bm_status answer(const struct bm_ocsp_response_config *config,
                        const struct bm_signer *signer,
                        const struct bm_ocsp_check *check,
                        struct bm_ocsp_result *result)
{
    static const struct bm_ocsp_result zero;
    struct bm_ocsp_response response;
    bm_status rc;
    struct bm_wr w;

    bm_wr_init(&w, response_room, sizeof response_room);
    CHECK_STATUS(bm_ocsp_response_build(config, bm_test_crypto(), signer, &w),
                 BM_OK);
    CHECK_STATUS(bm_ocsp_response_parse(bm_wr_bytes(&w), NULL, &response),
                 BM_OK);
    rc = bm_ocsp_verify(&response, bm_test_crypto(), check, result);
    if (rc != BM_OK) {
        CHECK(memcmp(result, &zero, sizeof zero) == 0);
    }
    return rc;
}

static void responses_of_openssl_verify(void)
{
    static const struct {
        const char *name;
        const char *serial;
        size_t n;
        enum bm_ocsp_cert_status status;
        bool by_delegate;
        bool sha1; /* in the CertID */
    } rows[] = {
        { "response-three", "\1", 1, BM_OCSP_REVOKED, true, true },
        { "response-three", "\0\x80", 2, BM_OCSP_REVOKED, true, true },
        { "response-three", "\x63", 1, BM_OCSP_UNKNOWN, true, true },
        { "response-by-key", "\7", 1, BM_OCSP_GOOD, true, false },
        { "response-by-ca", "\7", 1, BM_OCSP_GOOD, false, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_ocsp_response response;
        struct bm_ocsp_result result;
        struct bm_ocsp_check check;

        CHECK_STATUS(bm_ocsp_response_parse(bm_sample("ocsp", rows[i].name),
                                            NULL, &response),
                     BM_OK);
        check = check_at(response.produced_at + DAY);
        check.target.serial =
            (struct bm_bytes){ (const uint8_t *)rows[i].serial, rows[i].n };
        if (rows[i].sha1 && !ocsp_have_sha1()) {
            CHECK_STATUS(
                bm_ocsp_verify(&response, bm_test_crypto(), &check, &result),
                BM_E_CRYPTO_UNSUPPORTED);
            continue;
        }
        CHECK_STATUS(
            bm_ocsp_verify(&response, bm_test_crypto(), &check, &result),
            BM_OK);
        CHECK(result.single.status == rows[i].status);
        CHECK((result.delegate.n != 0) == rows[i].by_delegate);
        CHECK(result.nocheck == rows[i].by_delegate);
        check.target.serial = BM_LIT("\x44");
        CHECK_STATUS(
            bm_ocsp_verify(&response, bm_test_crypto(), &check, &result),
            BM_E_OCSP_MISSING);
    }
}

/* With extended-revoked (RFC 6960 4.4.8) each second time. */
static void what_is_answered_is_read(void)
{
    static const struct {
        enum bm_ocsp_cert_status status;
        uint8_t reason;
        bool next;
    } rows[] = {
        { BM_OCSP_GOOD, 0, true },
        { BM_OCSP_GOOD, 0, false },
        { BM_OCSP_REVOKED, 0, true },
        { BM_OCSP_REVOKED, BM_REASON_HOLD, true },
        { BM_OCSP_UNKNOWN, 0, false },
    };

    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        struct bm_ocsp_single single = good_single();
        struct bm_ocsp_response_config config = config_for(&single);
        struct bm_ocsp_check check = check_at(JANUARY_2031 + 100);
        struct bm_ocsp_result result;

        single.status = rows[i / 2].status;
        single.reason = rows[i / 2].reason;
        single.revoked_at = JANUARY_2031 - 5;
        single.has_next_update = rows[i / 2].next;
        config.extended_revoked = i % 2 != 0;
        if (i % 2 != 0 && ocsp_have_sha1()) {
            config.by_name = BM_LIT(""); /* but by its key */
        }
        CHECK_STATUS(answer(&config, ca(), &check, &result), BM_OK);
        CHECK(result.single.status == single.status);
        CHECK(result.single.reason == single.reason);
        CHECK(result.single.revoked_at ==
              (single.status == BM_OCSP_REVOKED ? JANUARY_2031 - 5 : 0));
        CHECK(result.single.has_next_update == single.has_next_update);
        CHECK(result.delegate.n == 0);
    }
}

/* RFC 6960 4.2.2.2, 4.2.2.2.1 */
static void of_two_answers_the_revocation_counts(void)
{
    for (unsigned i = 0; i < 2; i++) {
        struct bm_ocsp_single singles[2] = { good_single(), good_single() };
        struct bm_ocsp_response_config config = config_for(singles);
        struct bm_ocsp_check check = check_at(JANUARY_2031);
        struct bm_ocsp_result result;

        singles[i].status = BM_OCSP_REVOKED;
        singles[i].revoked_at = JANUARY_2031;
        config.n = 2;
        CHECK_STATUS(answer(&config, ca(), &check, &result), BM_OK);
        CHECK(result.single.status == BM_OCSP_REVOKED);
    }
}

static void only_the_ca_or_its_delegate_may_sign(void)
{
    static const struct {
        const char *cert;
        bm_status rc;
        bool nocheck;
    } rows[] = {
        { "good", BM_OK, true },
        { "good-without-nocheck", BM_OK, false },
        { "no-purpose", BM_E_OCSP_SIGNER, false },
        { "any-purpose", BM_E_OCSP_SIGNER, false },
        { "other-purpose", BM_E_OCSP_SIGNER, false },
        { "key-usage", BM_E_OCSP_SIGNER, false },
        { "unknown-critical", BM_E_OCSP_SIGNER, false },
        { "other-ca-of-that-name", BM_E_OCSP_SIGNER, false },
    };
    struct bm_ocsp_single single = good_single();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_ocsp_response_config config = config_for(&single);
        struct bm_ocsp_check check = check_at(JANUARY_2031 + 100);
        struct bm_ocsp_result result;

        config.certs = bm_sample("ocsp-cert", rows[i].cert);
        for (unsigned by_name = 0; by_name < 2; by_name++) {
            config.by_name = by_name ? DELEGATE : BM_LIT("");
            if (!by_name && !ocsp_have_sha1()) {
                continue;
            }
            bm_check_status(answer(&config, delegate(), &check, &result),
                            rows[i].rc, rows[i].cert, __FILE__, __LINE__);
            CHECK(result.nocheck == rows[i].nocheck);
            CHECK(bm_bytes_equal(result.delegate, rows[i].rc == BM_OK
                                                      ? config.certs
                                                      : BM_LIT("")));
        }
    }
}

static void a_delegate_must_be_there_and_valid(void)
{
    const struct bm_signer *other = bm_test_signer_nth(BM_KEY_P256, 2);
    struct bm_ocsp_single single = good_single();
    struct bm_ocsp_response_config config = config_for(&single);
    struct bm_ocsp_check check = check_at(JANUARY_2031 + 100);
    struct bm_ocsp_result result;

    config.by_name = DELEGATE;
    CHECK_STATUS(answer(&config, delegate(), &check, &result),
                 BM_E_OCSP_SIGNER); /* no certificate at all */
    config.certs = bm_sample("ocsp-cert", "good");
    CHECK_STATUS(answer(&config, other, &check, &result),
                 BM_E_OCSP_SIGNATURE); /* another key under that name */
    config.by_name = BM_LIT("\x30\x00");
    CHECK_STATUS(answer(&config, delegate(), &check, &result),
                 BM_E_OCSP_SIGNER); /* another name over that key */
    config.by_name = DELEGATE;
    single.this_update = BM_TIME_2050 + 20 * INT64_C(365) * DAY;
    single.next_update = single.this_update + DAY;
    check.now = single.this_update;
    CHECK_STATUS(answer(&config, delegate(), &check, &result),
                 BM_E_OCSP_SIGNER); /* its certificate has expired */
    single.this_update = INT64_C(946684800);
    single.next_update = single.this_update + DAY;
    check.now = single.this_update;
    CHECK_STATUS(answer(&config, delegate(), &check, &result),
                 BM_E_OCSP_SIGNER); /* or is not valid yet */
}

static void the_right_one_of_several_certificates_is_found(void)
{
    static uint8_t certs[2048];
    struct bm_ocsp_single single = good_single();
    struct bm_ocsp_response_config config = config_for(&single);
    struct bm_ocsp_check check = check_at(JANUARY_2031 + 100);
    struct bm_bytes good = bm_sample("ocsp-cert", "good");
    struct bm_ocsp_result result;
    struct bm_wr w;

    bm_wr_init(&w, certs, sizeof certs);
    bm_wr_put(&w, BM_LIT("\x30\x00")); /* not a certificate at all */
    bm_wr_put(&w, bm_sample("ocsp-cert", "no-purpose"));
    bm_wr_put(&w, good);
    bm_wr_put(&w, bm_sample("ocsp-cert", "other-purpose"));
    config.certs = bm_wr_bytes(&w);
    config.by_name = DELEGATE;
    CHECK_STATUS(answer(&config, delegate(), &check, &result), BM_OK);
    CHECK(bm_bytes_equal(result.delegate, good) && result.nocheck);
}

/* RFC 6960 4.2.1: the name by key is a SHA-1, which small devices lack. */
static bm_status no_sha1(void *self, enum bm_hash hash, struct bm_bytes message,
                         uint8_t *out)
{
    const struct bm_crypto *crypto = bm_test_crypto();

    (void)self;
    return hash == BM_HASH_SHA1
               ? BM_E_CRYPTO_UNSUPPORTED
               : crypto->hash(crypto->self, hash, message, out);
}

static void without_sha1_the_signature_finds_the_signer(void)
{
    static const char *const names[] = { "response-by-ca", "response-by-key" };
    struct bm_crypto crypto = *bm_test_crypto();

    crypto.hash = no_sha1;
    for (size_t i = 0; i < 2; i++) {
        struct bm_ocsp_response response;
        struct bm_ocsp_result result;
        struct bm_ocsp_check check;

        CHECK_STATUS(bm_ocsp_response_parse(bm_sample("ocsp", names[i]), NULL,
                                            &response),
                     BM_OK);
        CHECK(response.responder_key.n != 0);
        check = check_at(response.produced_at);
        CHECK_STATUS(bm_ocsp_verify(&response, &crypto, &check, &result),
                     BM_OK);
        CHECK((result.delegate.n != 0) == (i == 1));
        response.signature.n--;
        CHECK_STATUS(bm_ocsp_verify(&response, &crypto, &check, &result),
                     BM_E_OCSP_SIGNATURE);
    }
}

static unsigned verifications;

/* As if the CA had an RSA key: the first key tried is the CA's. */
static bm_status first_does_not_fit(void *self, const struct bm_spki *key,
                                    enum bm_sig_alg alg,
                                    struct bm_bytes message,
                                    struct bm_bytes signature)
{
    const struct bm_crypto *crypto = bm_test_crypto();

    (void)self;
    return verifications++ == 0
               ? BM_E_KEY_MISMATCH
               : crypto->verify(crypto->self, key, alg, message, signature);
}

static void a_delegates_key_may_be_of_another_kind_than_the_cas(void)
{
    struct bm_crypto crypto = *bm_test_crypto();
    struct bm_ocsp_response response;
    struct bm_ocsp_result result;
    struct bm_ocsp_check check;

    crypto.hash = no_sha1;
    crypto.verify = first_does_not_fit;
    CHECK_STATUS(bm_ocsp_response_parse(bm_sample("ocsp", "response-by-key"),
                                        NULL, &response),
                 BM_OK);
    check = check_at(response.produced_at);
    verifications = 0;
    CHECK_STATUS(bm_ocsp_verify(&response, &crypto, &check, &result), BM_OK);
    CHECK(result.delegate.n != 0);
    response.certs.n = 0;
    verifications = 0;
    CHECK_STATUS(bm_ocsp_verify(&response, &crypto, &check, &result),
                 BM_E_KEY_MISMATCH);
}

static void the_signature_must_be_right(void)
{
    struct bm_ocsp_single single = good_single();
    struct bm_ocsp_response_config config = config_for(&single);
    struct bm_ocsp_check check = check_at(JANUARY_2031 + 100);
    struct bm_ocsp_response response;
    struct bm_ocsp_result result;

    CHECK_STATUS(answer(&config, ca(), &check, &result), BM_OK);
    config.by_name = OCSP_TEST_CA; /* as if */
    CHECK_STATUS(answer(&config, delegate(), &check, &result),
                 BM_E_OCSP_SIGNATURE);
    CHECK_STATUS(bm_ocsp_response_parse(
                     bm_sample("ocsp", "response-all-fields"), NULL, &response),
                 BM_OK);
    response.sig_alg = BM_SIG_UNKNOWN;
    CHECK(bm_ocsp_verify(&response, bm_test_crypto(), &check, &result) !=
          BM_OK);
}

/* RFC 6960 3.2 (5), (6), 4.2.2.1 */
static void an_answer_holds_for_its_time(void)
{
    static const struct {
        const char *why;
        int64_t now; /* after thisUpdate */
        bool next;
        bm_status rc;
    } rows[] = {
        { "at thisUpdate", 0, true, BM_OK },
        { "before it, by less than clocks differ", -60, true, BM_OK },
        { "before it", -61, true, BM_E_OCSP_TIME },
        { "at nextUpdate", DAY, true, BM_OK },
        { "after it, by less than clocks differ", DAY + 60, true, BM_OK },
        { "after it", DAY + 61, true, BM_E_OCSP_TIME },
        { "young, without nextUpdate", DAY + 60, false, BM_OK },
        { "old, without nextUpdate", DAY + 61, false, BM_E_OCSP_TIME },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_ocsp_single single = good_single();
        struct bm_ocsp_response_config config = config_for(&single);
        struct bm_ocsp_check check = check_at(JANUARY_2031 + rows[i].now);
        struct bm_ocsp_result result;

        single.has_next_update = rows[i].next;
        bm_check_status(answer(&config, ca(), &check, &result), rows[i].rc,
                        rows[i].why, __FILE__, __LINE__);
    }
}

static void no_clock_and_no_allowance_overflows(void)
{
    static const struct {
        int64_t now;
        int64_t skew;
        int64_t max_age;
        bool next;
        bm_status rc;
    } rows[] = {
        { INT64_MAX, 60, DAY, true, BM_E_OCSP_TIME },
        { INT64_MIN, 60, DAY, true, BM_E_OCSP_TIME },
        { INT64_MIN, 60, DAY, false, BM_E_OCSP_TIME },
        { INT64_MAX, 60, DAY, false, BM_E_OCSP_TIME },
        { JANUARY_2031, INT64_MAX, DAY, true, BM_OK },
        { JANUARY_2031, INT64_MAX, INT64_MAX, false, BM_OK },
        { JANUARY_2031 + 2 * DAY, 60, INT64_MAX, false, BM_OK },
        { INT64_MIN, INT64_MAX, INT64_MAX, true, BM_E_OCSP_TIME },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_ocsp_single single = good_single();
        struct bm_ocsp_response_config config = config_for(&single);
        struct bm_ocsp_check check = check_at(rows[i].now);
        struct bm_ocsp_result result;

        single.has_next_update = rows[i].next;
        check.skew = rows[i].skew;
        check.max_age = rows[i].max_age;
        CHECK_STATUS(answer(&config, ca(), &check, &result), rows[i].rc);
    }
}

/* RFC 9654 2.1, RFC 9919 4.1 */
static void a_nonce_comes_back_or_does_not_but_never_another(void)
{
    static const struct {
        const char *sent;
        const char *back;
        bool required;
        bm_status rc;
        bool matches;
    } rows[] = {
        { "", "", false, BM_OK, false },
        { "abc", "abc", false, BM_OK, true },
        { "abc", "abc", true, BM_OK, true },
        { "abc", "abd", false, BM_E_OCSP_NONCE, false },
        { "abc", "abcd", false, BM_E_OCSP_NONCE, false },
        { "abc", "", false, BM_OK, false },
        { "abc", "", true, BM_E_OCSP_NONCE, false },
        { "", "abc", false, BM_OK, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_ocsp_single single = good_single();
        struct bm_ocsp_response_config config = config_for(&single);
        struct bm_ocsp_check check = check_at(JANUARY_2031 + 100);
        struct bm_ocsp_result result;

        check.nonce = (struct bm_bytes){ (const uint8_t *)rows[i].sent,
                                         strlen(rows[i].sent) };
        check.nonce_required = rows[i].required;
        config.nonce = (struct bm_bytes){ (const uint8_t *)rows[i].back,
                                          strlen(rows[i].back) };
        CHECK_STATUS(answer(&config, ca(), &check, &result), rows[i].rc);
        CHECK(result.nonce_matches == rows[i].matches);
    }
}

static void an_error_response_answers_nothing(void)
{
    struct bm_ocsp_check check = check_at(JANUARY_2031);
    struct bm_ocsp_response response;
    struct bm_ocsp_result result;
    struct bm_ocsp_response nothing = { 0 };

    CHECK_STATUS(bm_ocsp_response_parse(bm_sample("ocsp", "response-error-3"),
                                        NULL, &response),
                 BM_OK);
    CHECK_STATUS(bm_ocsp_verify(&response, bm_test_crypto(), &check, &result),
                 BM_E_OCSP_STATUS);
    CHECK_STATUS(bm_ocsp_verify(&nothing, bm_test_crypto(), &check, &result),
                 BM_E_OCSP_STATUS);
}

/* RFC 6960 4.4 */
static void unknown_critical_extensions_are_refused(void)
{
    struct bm_ocsp_single single = good_single();
    struct bm_ocsp_response_config config = config_for(&single);
    struct bm_ocsp_check check = check_at(JANUARY_2031 + 100);
    struct bm_ocsp_response response;
    struct bm_ocsp_result result;
    struct bm_wr w;

    bm_wr_init(&w, response_room, sizeof response_room);
    CHECK_STATUS(bm_ocsp_response_build(&config, bm_test_crypto(), ca(), &w),
                 BM_OK);
    CHECK_STATUS(bm_ocsp_response_parse(bm_wr_bytes(&w), NULL, &response),
                 BM_OK);
    response.unknown_critical = BM_LIT("\x2a\x03");
    CHECK_STATUS(bm_ocsp_verify(&response, bm_test_crypto(), &check, &result),
                 BM_E_OCSP_CRITICAL);
}

static void responses_that_cannot_be_given_are_refused(void)
{
    static uint8_t nonce[BM_OCSP_NONCE_MAX + 1];
    struct bm_ocsp_single single = good_single();
    struct bm_ocsp_single none = good_single();
    struct bm_ocsp_response_config good = config_for(&single);
    struct bm_ocsp_response_config bad[4] = { good, good, good, good };
    struct bm_wr w;

    none.status = BM_OCSP_NO_ANSWER;
    bad[0].n = 0;
    bad[1].n = BM_OCSP_CERTIDS_MAX + 1;
    bad[2].nonce = BM_ARRAY(nonce);
    bad[3].singles = &none;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bm_wr_init(&w, response_room, sizeof response_room);
        CHECK_STATUS(
            bm_ocsp_response_build(&bad[i], bm_test_crypto(), ca(), &w),
            BM_E_ARGUMENT);
    }
    for (size_t cap = 0; cap < 200; cap += 7) {
        bm_wr_init(&w, response_room, cap);
        CHECK_STATUS(bm_ocsp_response_build(&good, bm_test_crypto(), ca(), &w),
                     BM_E_BUFFER);
    }
}

int main(void)
{
    RUN(responses_of_openssl_verify);
    RUN(what_is_answered_is_read);
    RUN(of_two_answers_the_revocation_counts);
    RUN(only_the_ca_or_its_delegate_may_sign);
    RUN(a_delegate_must_be_there_and_valid);
    RUN(the_right_one_of_several_certificates_is_found);
    RUN(without_sha1_the_signature_finds_the_signer);
    RUN(a_delegates_key_may_be_of_another_kind_than_the_cas);
    RUN(the_signature_must_be_right);
    RUN(an_answer_holds_for_its_time);
    RUN(no_clock_and_no_allowance_overflows);
    RUN(a_nonce_comes_back_or_does_not_but_never_another);
    RUN(an_error_response_answers_nothing);
    RUN(unknown_critical_extensions_are_refused);
    RUN(responses_that_cannot_be_given_are_refused);
    return bm_test_done();
}
