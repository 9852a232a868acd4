/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/status/request.h"

#include "core/base64.h"
#include "core/test/damage.h"
#include "tests/harness/samples.h"
#include "tests/harness/test_crypto.h"

static uint8_t out[STATUS_REQUEST_MAX];
static char text[STATUS_GET_MAX + 64];

static const char *base64_of(struct bm_bytes der)
{
    struct bm_wr w;
    size_t n = 0;

    bm_wr_init(&w, (uint8_t *)text, sizeof text - 1);
    bm_base64_put(&w, der, 0);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
    text[n] = '\0';
    return text;
}

/* RFC 6960 A.1.1; the octets are fb ef ff 3e, in base64 "++//Pg==". */
static void a_path_is_read_as_clients_write_it(void)
{
    static const char *const good[] = {
        "%2B%2B%2F%2FPg%3D%3D", /* as it should be */
        "/%2b%2b%2f%2fPg%3d%3d",
        "++//Pg==",
        "/++//Pg==",
        "///++//Pg==",
        "++//Pg",
        "++//Pg=",
        "/%2B+/%2FPg%3D=",
        "%2b%2b%2f%2f%50%67",
    };
    static const char *const bad[] = {
        "++//P",    "++//Pg===", "--__Pg==", "++//Pg==x", "++ //Pg==",
        "++//Ph==", "++//%",     "++//%2",   "++//%2g",   "++//%zz",
        "%00",      "++//Pg%0a", "%2Fx==%",  "====",      "++//Pg==?"
    };
    struct bm_bytes der;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK_STATUS(status_get_decode(good[i], out, &der), BM_OK);
        CHECK_BYTES(der.p, der.n, "\xfb\xef\xff\x3e", 4);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(status_get_decode(bad[i], out, &der), BM_E_BASE64);
        CHECK(der.n == 0);
    }
    CHECK_STATUS(status_get_decode("", out, &der), BM_OK);
    CHECK(der.n == 0);
}

static void a_path_is_bounded(void)
{
    static uint8_t big[STATUS_REQUEST_MAX + 1];
    struct bm_bytes der;

    big[0] = 0x30;
    (void)base64_of((struct bm_bytes){ big, STATUS_REQUEST_MAX });
    CHECK_STATUS(status_get_decode(text, out, &der), BM_OK);
    CHECK(der.n == STATUS_REQUEST_MAX);
    (void)base64_of((struct bm_bytes){ big, STATUS_REQUEST_MAX + 1 });
    CHECK_STATUS(status_get_decode(text, out, &der), BM_E_LIMIT);
    memset(text, '/', 8);
    memset(text + 8, 'M', sizeof text - 9);
    text[sizeof text - 1] = '\0';
    CHECK_STATUS(status_get_decode(text, out, &der), BM_E_LIMIT);
    CHECK(der.n == 0);
}

/* RFC 6960 A.1.1: "POST": Content-Type "application/ocsp-request" */
static void the_content_type_may_have_parameters(void)
{
    static const struct {
        const char *type;
        bool is;
    } rows[] = {
        { "application/ocsp-request", true },
        { "Application/OCSP-Request", true },
        { "application/ocsp-request;charset=utf-8", true },
        { "application/ocsp-request ; x=y", true },
        { "application/ocsp-request ", true },
        { "application/ocsp-requests", false },
        { "application/ocsp-response", false },
        { "application/ocsp-request x", false },
        { "", false },
        { NULL, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(status_is_request_type(rows[i].type) == rows[i].is);
    }
}

static const struct {
    const char *name;
    enum status_kind kind;
    size_t n;
} requests[] = {
    { "request-plain", STATUS_SHARED, 1 },
    { "request-three", STATUS_SEVERAL, 3 },
    { "request-signed", STATUS_OWN, 1 }, /* RFC 9919 3.1.2 */
    { "request-nonce-128", STATUS_OWN, 1 },
    { "request-service-locator", STATUS_SHARED, 1 },
    { "request-sha512-and-unknown-hash", STATUS_SEVERAL, 2 },
    { "request-requestor", STATUS_SHARED, 1 },
};

static void who_may_have_the_same_answer_is_seen(void)
{
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct bm_bytes der = bm_sample("ocsp", requests[i].name);
        struct status_request r;

        CHECK_STATUS(status_request_parse(der, &r), BM_OK);
        CHECK(r.kind == requests[i].kind && r.n == requests[i].n);
        CHECK(damage_inside(der, r.id.der));
        CHECK(damage_inside(der, r.list));
    }
}

static void an_unknown_critical_extension_is_refused(void)
{
    static const struct status_request zero;
    struct status_request r;

    CHECK_STATUS(
        status_request_parse(bm_sample("ocsp", "request-unknown-critical"), &r),
        BM_E_OCSP_CRITICAL);
    CHECK(memcmp(&r, &zero, sizeof r) == 0);
}

/* Whatever stood around a CertID, one request stands for all that have it. */
static void the_plain_request_has_the_certid_alone(void)
{
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct status_request r;
        struct status_request again;
        uint8_t buf[512];
        struct bm_wr w;
        size_t n;

        CHECK_STATUS(
            status_request_parse(bm_sample("ocsp", requests[i].name), &r),
            BM_OK);
        bm_wr_init(&w, buf, sizeof buf);
        status_request_put(&w, &r.id);
        CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
        CHECK_STATUS(status_request_parse(bm_wr_bytes(&w), &again), BM_OK);
        CHECK(again.kind == STATUS_SHARED);
        CHECK_BYTES(again.id.der.p, again.id.der.n, r.id.der.p, r.id.der.n);
        if (i == 0) { /* what openssl wrote has nothing else in it, too */
            struct bm_bytes der = bm_sample("ocsp", "request-plain");

            CHECK_BYTES(buf, n, der.p, der.n);
        }
    }
}

/* ---- Answers */

struct answer_row {
    enum bm_ocsp_cert_status status;
    bool has_next_update;
    bool nonce;
    size_t n;
    enum bm_ocsp_cert_status want;
};

static struct bm_bytes build(const struct answer_row *row,
                             const struct bm_ocsp_certid *id)
{
    struct bm_ocsp_single singles[2] = {
        { .id = *id,
          .status = row->status,
          .has_next_update = row->has_next_update,
          .revoked_at = row->status == BM_OCSP_REVOKED ? 1900000000 : 0,
          .this_update = 2000000000,
          .next_update = row->has_next_update ? 2000003600 : 0 }
    };
    struct bm_ocsp_response_config config = { .produced_at = 2000000000,
                                              .singles = singles,
                                              .n = row->n };
    struct bm_wr w;

    singles[1] = singles[0];
    if (row->nonce) {
        config.nonce = BM_LIT("0123456789abcdef");
    }
    bm_wr_init(&w, out, sizeof out);
    CHECK_STATUS(bm_ocsp_response_build(&config, bm_test_crypto(),
                                        bm_test_signer(BM_KEY_P256), &w),
                 BM_OK);
    return bm_wr_bytes(&w);
}

static void only_what_is_for_everybody_is_shared(void)
{
    static const struct answer_row rows[] = {
        { BM_OCSP_GOOD, true, false, 1, BM_OCSP_GOOD },
        { BM_OCSP_REVOKED, true, false, 1, BM_OCSP_REVOKED },
        { BM_OCSP_UNKNOWN, true, false, 1, BM_OCSP_UNKNOWN },
        { BM_OCSP_GOOD, false, false, 1, BM_OCSP_NO_ANSWER },
        { BM_OCSP_GOOD, true, true, 1, BM_OCSP_NO_ANSWER },
        { BM_OCSP_GOOD, true, false, 2, BM_OCSP_NO_ANSWER },
    };
    struct status_request r;
    struct bm_ocsp_certid other;

    CHECK_STATUS(status_request_parse(bm_sample("ocsp", "request-plain"), &r),
                 BM_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_bytes der = build(&rows[i], &r.id);
        struct status_answer a = status_answer_of(der, &r.id);

        CHECK(a.status == rows[i].want);
        CHECK(a.this_update ==
              (rows[i].want == BM_OCSP_NO_ANSWER ? 0 : 2000000000));
        CHECK(a.next_update ==
              (rows[i].want == BM_OCSP_NO_ANSWER ? 0 : 2000003600));
        other = r.id;
        other.der.n--;
        CHECK(status_answer_of(der, &other).status == BM_OCSP_NO_ANSWER);
        for (size_t k = 0; k < der.n; k++) {
            CHECK(
                status_answer_of((struct bm_bytes){ der.p, k }, &r.id).status ==
                BM_OCSP_NO_ANSWER);
        }
    }
    CHECK(
        status_answer_of(bm_sample("ocsp", "response-error-3"), &r.id).status ==
        BM_OCSP_NO_ANSWER);
}

/* ---- Damage */

static bool parses(struct bm_bytes in)
{
    static const struct status_request zero;
    struct status_request r;

    if (status_request_parse(in, &r) != BM_OK) {
        CHECK(memcmp(&r, &zero, sizeof r) == 0);
        return false;
    }
    CHECK(damage_inside(in, r.id.der) && damage_inside(in, r.list));
    CHECK((r.kind == STATUS_SEVERAL) == (r.n > 1));
    return true;
}

static void damage_is_refused_or_parsed_whole(void)
{
    CHECK(damage_all("ocsp", parses) >= sizeof requests / sizeof requests[0]);
}

/* A path that is cut, or has another bit, is refused or is another request. */
static void a_damaged_path_is_another_request(void)
{
    struct bm_bytes plain = bm_sample("ocsp", "request-plain");
    size_t n = strlen(base64_of(plain));
    struct bm_bytes der;

    for (size_t i = 0; i < n * 8; i++) {
        text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
        if (status_get_decode(text, out, &der) == BM_OK) {
            CHECK(!bm_bytes_equal(der, plain));
        }
        text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
    }
    while (n-- > 0) {
        bool padding = text[n] == '=';

        text[n] = '\0';
        if (status_get_decode(text, out, &der) == BM_OK) {
            CHECK(bm_bytes_equal(der, plain) == padding);
        }
    }
}

int main(void)
{
    RUN(a_path_is_read_as_clients_write_it);
    RUN(a_path_is_bounded);
    RUN(the_content_type_may_have_parameters);
    RUN(who_may_have_the_same_answer_is_seen);
    RUN(an_unknown_critical_extension_is_refused);
    RUN(the_plain_request_has_the_certid_alone);
    RUN(only_what_is_for_everybody_is_shared);
    RUN(damage_is_refused_or_parsed_whole);
    RUN(a_damaged_path_is_another_request);
    return bm_test_done();
}
