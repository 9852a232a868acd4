/* SPDX-License-Identifier: Apache-2.0 */
#include "core/test/ocsp_samples.h"

static struct bm_ocsp_response parsed(const char *name)
{
    struct bm_ocsp_response response;

    CHECK_STATUS(
        bm_ocsp_response_parse(bm_sample("ocsp", name), NULL, &response),
        BM_OK);
    return response;
}

/* The index of the samples says so; openssl answers in the order asked. */
static void responses_say_what_the_responder_knows(void)
{
    static const struct {
        enum bm_ocsp_cert_status status;
        uint8_t reason;
    } want[] = {
        { BM_OCSP_REVOKED, BM_REASON_UNSPECIFIED },
        { BM_OCSP_REVOKED, BM_REASON_KEY_COMPROMISE },
        { BM_OCSP_REVOKED, BM_REASON_HOLD },
        { BM_OCSP_UNKNOWN, 0 },
    };
    struct bm_ocsp_response response = parsed("response-three");
    struct bm_ocsp_single single;

    CHECK(response.status == BM_OCSP_SUCCESSFUL);
    CHECK(response.nonce.n == 16 && response.certs.n != 0);
    CHECK(response.responder_name.n != 0 && response.responder_key.n == 0);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        CHECK(bm_ocsp_single_next(&response.list, &single));
        CHECK(single.status == want[i].status);
        CHECK(single.reason == want[i].reason);
        CHECK(single.has_next_update &&
              single.next_update == single.this_update + 30 * 86400);
    }
    CHECK(response.list.n == 0);
    response = parsed("response-by-key");
    CHECK(response.responder_name.n == 0 && response.responder_key.n == 20);
    CHECK(bm_ocsp_single_next(&response.list, &single));
    CHECK(single.status == BM_OCSP_GOOD && single.id.hash == BM_HASH_SHA256);
}

/* extended-revoked among them: RFC 6960 4.4.8 */
static void every_field_is_read(void)
{
    struct bm_ocsp_response response = parsed("response-all-fields");
    struct bm_ocsp_single single;

    CHECK(response.produced_at == INT64_C(1924992000));
    CHECK(bm_bytes_equal(response.responder_name, OCSP_TEST_CA));
    CHECK(response.extended_revoked && response.nonce.n == 1);
    CHECK(bm_ocsp_single_next(&response.list, &single));
    CHECK(single.status == BM_OCSP_REVOKED && single.reason == 1);
    CHECK(single.revoked_at == INT64_C(1922313600));
    CHECK(single.next_update == INT64_C(1924992000) + 86400);
    CHECK(bm_ocsp_single_next(&response.list, &single));
    CHECK(single.status == BM_OCSP_REVOKED && single.reason == 0);
    CHECK(!single.has_next_update);
    CHECK(bm_ocsp_single_next(&response.list, &single));
    CHECK(single.status == BM_OCSP_UNKNOWN);
    CHECK(!bm_ocsp_single_next(&response.list, &single));
}

/* RFC 6960 4.2.1 */
static void errors_are_a_status_and_nothing_else(void)
{
    static const enum bm_ocsp_response_status statuses[] = {
        BM_OCSP_MALFORMED_REQUEST, BM_OCSP_INTERNAL_ERROR, BM_OCSP_TRY_LATER,
        BM_OCSP_SIG_REQUIRED,      BM_OCSP_UNAUTHORIZED,
    };
    char name[] = "response-error-0";

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct bm_bytes der;
        struct bm_ocsp_response response;
        uint8_t buf[8];
        struct bm_wr w;

        name[sizeof name - 2] = (char)('0' + statuses[i]);
        der = bm_sample("ocsp", name);
        response = parsed(name);
        CHECK(response.status == statuses[i] && response.tbs.n == 0);
        bm_wr_init(&w, buf, sizeof buf);
        bm_ocsp_error_put(&w, statuses[i]);
        CHECK_BYTES(buf, w.len, der.p, der.n);
    }
}

static bm_status parse_bad(struct bm_bytes der, struct bm_diag *diag)
{
    static const struct bm_ocsp_response zero;
    struct bm_ocsp_response response;
    bm_status rc = bm_ocsp_response_parse(der, diag, &response);

    CHECK(memcmp(&response, &zero, sizeof zero) == 0);
    return rc;
}

static void bad_responses_are_refused_for_the_right_reason(void)
{
    CHECK(ocsp_check_bad("-response-", parse_bad) >= 22);
}

static bool parses(struct bm_bytes in)
{
    static const struct bm_ocsp_response zero;
    struct bm_ocsp_response response;
    struct bm_ocsp_single single;
    struct bm_bytes rest;

    if (bm_ocsp_response_parse(in, NULL, &response) != BM_OK) {
        CHECK(memcmp(&response, &zero, sizeof zero) == 0);
        return false;
    }
    CHECK(damage_inside(in, response.tbs));
    CHECK(damage_inside(response.tbs, response.list));
    CHECK(damage_inside(response.tbs, response.nonce));
    CHECK(damage_inside(response.tbs, response.responder_name));
    CHECK(damage_inside(in, response.signature));
    CHECK(damage_inside(in, response.certs));
    CHECK((response.status == BM_OCSP_SUCCESSFUL) == (response.list.n != 0));
    for (rest = response.list; bm_ocsp_single_next(&rest, &single);) {
        CHECK(damage_inside(response.list, single.id.der));
        CHECK(single.status != BM_OCSP_NO_ANSWER);
    }
    CHECK(rest.n == 0);
    return true;
}

static void damage_is_all_or_nothing(void)
{
    CHECK(damage_all("ocsp", parses) != 0);
    CHECK(damage_all("ocsp-bad", parses) != 0);
}

int main(void)
{
    RUN(responses_say_what_the_responder_knows);
    RUN(every_field_is_read);
    RUN(errors_are_a_status_and_nothing_else);
    RUN(bad_responses_are_refused_for_the_right_reason);
    RUN(damage_is_all_or_nothing);
    return bm_test_done();
}
