/* SPDX-License-Identifier: Apache-2.0 */
#include "core/test/ocsp_samples.h"

/* What openssl was told to ask, and what was put together by hand. */
static const struct {
    const char *name;
    size_t ids;
    size_t nonce;
    bool is_signed;
    bool critical;
    bool requestor;
} requests[] = {
    { "request-plain", 1, 0, false, false, false },
    { "request-three", 3, 16, false, false, false },
    { "request-signed", 1, 16, true, false, true },
    { "request-nonce-128", 1, 128, false, false, false },
    { "request-service-locator", 1, 0, false, false, false },
    { "request-unknown-critical", 1, 0, false, true, false },
    { "request-sha512-and-unknown-hash", 2, 0, false, false, false },
    { "request-requestor", 1, 0, false, false, true },
};

static size_t count(const struct bm_ocsp_request *request)
{
    struct bm_bytes rest = request->list;
    struct bm_ocsp_certid id;
    size_t n = 0;

    while (bm_ocsp_request_next(&rest, &id)) {
        CHECK(damage_inside(request->list, id.der));
        CHECK(damage_inside(id.der, id.name_hash));
        CHECK(damage_inside(id.der, id.key_hash));
        CHECK(damage_inside(id.der, id.serial));
        n++;
    }
    CHECK(rest.n == 0);
    return n;
}

static void requests_ask_what_their_makers_meant(void)
{
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct bm_ocsp_request request;

        CHECK_STATUS(bm_ocsp_request_parse(bm_sample("ocsp", requests[i].name),
                                           NULL, &request),
                     BM_OK);
        CHECK(count(&request) == requests[i].ids);
        CHECK(request.nonce.n == requests[i].nonce);
        CHECK(request.is_signed == requests[i].is_signed);
        CHECK((request.certs.n != 0) == requests[i].is_signed);
        CHECK((request.unknown_critical.n != 0) == requests[i].critical);
        CHECK((request.requestor.n != 0) == requests[i].requestor);
    }
}

/* RFC 6960 4.1.1: openssl hashed names and keys, we find them again. */
static void certids_of_openssl_are_matched(void)
{
    static const struct {
        const char *serial;
        size_t n;
        enum bm_hash hash;
    } want[] = {
        { "\7", 1, BM_HASH_SHA1 },
        { "\0\x80", 2, BM_HASH_SHA256 },
        { "\2", 1, BM_HASH_SHA1 },
    };
    const struct bm_crypto *crypto = bm_test_crypto();
    struct bm_ocsp_request request;
    struct bm_ocsp_certid id;

    CHECK_STATUS(bm_ocsp_request_parse(bm_sample("ocsp", "request-three"), NULL,
                                       &request),
                 BM_OK);
    for (size_t i = 0; i < 3; i++) {
        struct bm_ocsp_target target = ocsp_target(
            (struct bm_bytes){ (const uint8_t *)want[i].serial, want[i].n });

        CHECK(bm_ocsp_request_next(&request.list, &id));
        CHECK(id.hash == want[i].hash);
        if (id.hash == BM_HASH_SHA1 && !ocsp_have_sha1()) {
            CHECK_STATUS(bm_ocsp_certid_match(&id, crypto, &target),
                         BM_E_CRYPTO_UNSUPPORTED);
            continue;
        }
        CHECK_STATUS(bm_ocsp_certid_match(&id, crypto, &target), BM_OK);
        target.serial = BM_LIT("\x55");
        CHECK_STATUS(bm_ocsp_certid_match(&id, crypto, &target),
                     BM_E_OCSP_MISSING);
        target.serial = id.serial;
        target.issuer = BM_LIT("\x30\x00");
        CHECK_STATUS(bm_ocsp_certid_match(&id, crypto, &target),
                     BM_E_OCSP_MISSING);
        target.issuer = OCSP_TEST_CA;
        target.issuer_key = &bm_test_signer_nth(BM_KEY_P256, 1)->key;
        CHECK_STATUS(bm_ocsp_certid_match(&id, crypto, &target),
                     BM_E_OCSP_MISSING);
    }
}

static void an_unknown_hash_matches_nothing(void)
{
    struct bm_ocsp_target target = ocsp_target(BM_LIT("\7"));
    struct bm_ocsp_request request;
    struct bm_ocsp_certid id;

    CHECK_STATUS(bm_ocsp_request_parse(
                     bm_sample("ocsp", "request-sha512-and-unknown-hash"), NULL,
                     &request),
                 BM_OK);
    CHECK(bm_ocsp_request_next(&request.list, &id));
    CHECK(id.hash == BM_HASH_SHA512);
    CHECK(bm_ocsp_request_next(&request.list, &id));
    CHECK(id.hash == BM_HASH_NONE && bm_bytes_equal(id.serial, BM_LIT("\7")));
    CHECK_STATUS(bm_ocsp_certid_match(&id, bm_test_crypto(), &target),
                 BM_E_OCSP_MISSING);
}

static bm_status parse_bad(struct bm_bytes der, struct bm_diag *diag)
{
    static const struct bm_ocsp_request zero;
    struct bm_ocsp_request request;
    bm_status rc = bm_ocsp_request_parse(der, diag, &request);

    CHECK(memcmp(&request, &zero, sizeof zero) == 0);
    return rc;
}

static void bad_requests_are_refused_for_the_right_reason(void)
{
    CHECK(ocsp_check_bad("-request-", parse_bad) >= 12);
}

static bool parses(struct bm_bytes in)
{
    static const struct bm_ocsp_request zero;
    struct bm_ocsp_request request;

    if (bm_ocsp_request_parse(in, NULL, &request) != BM_OK) {
        CHECK(memcmp(&request, &zero, sizeof zero) == 0);
        return false;
    }
    CHECK(damage_inside(in, request.tbs));
    CHECK(damage_inside(request.tbs, request.nonce));
    CHECK(damage_inside(request.tbs, request.requestor));
    CHECK(damage_inside(in, request.signature));
    CHECK(damage_inside(in, request.certs));
    CHECK(count(&request) != 0);
    return true;
}

static void damage_is_all_or_nothing(void)
{
    CHECK(damage_all("ocsp", parses) != 0);
    CHECK(damage_all("ocsp-bad", parses) != 0);
}

static void what_is_asked_is_read(void)
{
    static const enum bm_hash hashes[] = { BM_HASH_SHA1, BM_HASH_SHA256 };
    const struct bm_crypto *crypto = bm_test_crypto();
    struct bm_ocsp_target targets[] = { ocsp_target(BM_LIT("\1")),
                                        ocsp_target(BM_LIT("\0\xff")) };
    uint8_t buf[500];

    for (size_t i = 0; i < 2; i++) {
        struct bm_ocsp_request_config config = { targets, 2, hashes[i],
                                                 BM_LIT("0123456789abcdef") };
        struct bm_ocsp_request request;
        struct bm_ocsp_certid id;
        struct bm_wr w;

        if (hashes[i] == BM_HASH_SHA1 && !ocsp_have_sha1()) {
            continue;
        }
        bm_wr_init(&w, buf, sizeof buf);
        CHECK_STATUS(bm_ocsp_request_build(&config, crypto, &w), BM_OK);
        CHECK_STATUS(bm_ocsp_request_parse(bm_wr_bytes(&w), NULL, &request),
                     BM_OK);
        CHECK(bm_bytes_equal(request.nonce, config.nonce));
        for (size_t k = 0; k < 2; k++) {
            CHECK(bm_ocsp_request_next(&request.list, &id));
            CHECK(id.hash == hashes[i]);
            CHECK_STATUS(bm_ocsp_certid_match(&id, crypto, &targets[k]), BM_OK);
        }
        CHECK(request.list.n == 0);
        config.nonce.n = 0;
        bm_wr_init(&w, buf, sizeof buf);
        CHECK_STATUS(bm_ocsp_request_build(&config, crypto, &w), BM_OK);
        CHECK_STATUS(bm_ocsp_request_parse(bm_wr_bytes(&w), NULL, &request),
                     BM_OK);
        CHECK(request.nonce.n == 0 && request.extensions.n == 0);
    }
}

static void requests_that_cannot_be_asked_are_refused(void)
{
    static uint8_t nonce[BM_OCSP_NONCE_MAX + 1];
    struct bm_ocsp_target target = ocsp_target(BM_LIT("\1"));
    struct bm_ocsp_target no_serial = ocsp_target(BM_LIT(""));
    const struct {
        struct bm_ocsp_request_config config;
        size_t cap;
        bm_status rc;
    } rows[] = {
        { { &target, 1, BM_HASH_SHA256, { nonce, BM_OCSP_NONCE_MAX } },
          500,
          BM_OK },
        { { &target, 1, BM_HASH_SHA256, { nonce, sizeof nonce } },
          500,
          BM_E_ARGUMENT },
        { { &target, 0, BM_HASH_SHA256, { NULL, 0 } }, 500, BM_E_ARGUMENT },
        { { &target, BM_OCSP_CERTIDS_MAX + 1, BM_HASH_SHA256, { NULL, 0 } },
          500,
          BM_E_ARGUMENT },
        { { &target, 1, BM_HASH_NONE, { NULL, 0 } }, 500, BM_E_ARGUMENT },
        { { &no_serial, 1, BM_HASH_SHA256, { NULL, 0 } }, 500, BM_E_ARGUMENT },
        { { &target, 1, BM_HASH_SHA256, { NULL, 0 } }, 20, BM_E_BUFFER },
    };
    uint8_t buf[500];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_wr w;

        bm_wr_init(&w, buf, rows[i].cap);
        CHECK_STATUS(
            bm_ocsp_request_build(&rows[i].config, bm_test_crypto(), &w),
            rows[i].rc);
    }
}

int main(void)
{
    RUN(requests_ask_what_their_makers_meant);
    RUN(certids_of_openssl_are_matched);
    RUN(an_unknown_hash_matches_nothing);
    RUN(bad_requests_are_refused_for_the_right_reason);
    RUN(damage_is_all_or_nothing);
    RUN(what_is_asked_is_read);
    RUN(requests_that_cannot_be_asked_are_refused);
    return bm_test_done();
}
