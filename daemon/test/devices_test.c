/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/test/devices_world.h"

/* ---- Documents */

/* RFC 7030 4.1.2, 4.1.3: without authentication, certs-only. */
static void ca_certificates_are_for_everybody(void)
{
    struct bm_bytes want = bm_sample("cert", "root-p256");
    const struct answer *a;
    struct bm_bytes found;

    open_house(true);
    a = get("/.well-known/est/cacerts");
    CHECK(a->status == 200);
    CHECK(has_header(a, "Content-Type: " EST_TYPE_CERTS));
    CHECK(strstr(a->all, "Content-Transfer-Encoding") == NULL);
    found = certs_in(a->body, strlen(a->body));
    CHECK_BYTES(found.p, found.n, want.p, want.n);
    a = get("/.well-known/est/old/cacerts");
    CHECK(a->status == 200);
    CHECK(has_header(a, "Content-Transfer-Encoding: base64"));
    CHECK(strchr(a->body, '\n') - a->body == 64);
    close_house();
}

/* RFC 7030 4.5, 4.5.2: for everybody; 204 where there are none. RFC 8951 4 */
static void csrattrs_are_those_of_the_label(void)
{
    const struct answer *a;

    open_house(true);
    a = get("/.well-known/est/csrattrs");
    CHECK(a->status == 200 && strcmp(a->body, "MAA=\n") == 0);
    CHECK(has_header(a, "Content-Type: application/csrattrs"));
    CHECK(get("/.well-known/est/ldevid/csrattrs")->status == 200);
    a = get("/.well-known/est/old/csrattrs");
    CHECK(a->status == 204);
    CHECK(strstr(a->all, "Content-Length") == NULL); /* RFC 9110 8.6 */
    close_house();
}

/* RFC 7030 4.3: 501 for fullcmc. */
static void what_is_not_served_is_said(void)
{
    static const struct {
        const char *path;
        int status;
    } rows[] = {
        { "/", 404 },
        { "/.well-known/est", 404 },
        { "/.well-known/est/nobody/cacerts", 404 },
        { "/.well-known/est/cacerts/cacerts", 404 },
        { "/.well-known/est/simpleenroll", 405 },
        { "/.well-known/est/fullcmc", 501 },
        { "/api/v1/certificates", 404 },
        { "/healthz", 200 },
    };
    const struct answer *a;

    open_house(true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(get(rows[i].path)->status == rows[i].status);
    }
    CHECK(has_header(get("/.well-known/est/simpleenroll"), "Allow: POST"));
    a = client_get(post("cacerts", PKCS10, plain_csr()));
    CHECK(a->status == 405 && has_header(a, "Allow: GET, HEAD"));
    close_house();
}

static const struct answer *post_api(const char *name)
{
    char head[256];
    int fd = client_open();

    (void)snprintf(head, sizeof head,
                   "POST /device/v1/%s HTTP/1.1\r\nHost: x\r\n"
                   "Content-Length: 0\r\n\r\n",
                   name);
    client_send(fd, head, (struct bm_bytes){ (const uint8_t *)head, 0 });
    return client_get(fd);
}

/* What it says of certificates is shown by tests/est: here there is no TLS. */
static void a_device_must_be_somebody_to_ask_about_itself(void)
{
    const struct answer *a;

    open_house(true);
    a = get("/device/v1/status");
    CHECK(a->status == 403 && strstr(a->body, "certificate") != NULL);
    CHECK(get("/device/v1/renewal")->status == 403);
    CHECK(get("/device/v1/time?nonce=0011223344556677")->status == 403);
    CHECK(has_header(post_api("status"), "Allow: GET, HEAD"));
    CHECK(get("/device/v1/")->status == 404);
    CHECK(get("/device/v1/firmware")->status == 404);
    CHECK(get("/device/v1")->status == 404);
    close_house();
}

/* ---- Enrolment */

/* RFC 7030 4.2.1, 4.2.3 */
static void a_device_enrols_with_its_token(void)
{
    struct wire_enrolled answer = granted();
    struct wire_enrol m = { 0 };
    struct link_frame frame;
    const struct answer *a;
    struct bm_bytes csr = plain_csr();
    struct bm_bytes found;
    int fd;

    open_house(true);
    fd = post("simpleenroll", PKCS10 BASIC, csr);
    frame = issuer_get(WIRE_ENROL);
    CHECK_STATUS(wire_enrol_get(frame.body, &m), BM_OK);
    CHECK(m.op == WIRE_ENROLL && m.label.n == 0 && m.cert.n == 0);
    CHECK(bm_bytes_equal(m.user, text("SN-1")));
    CHECK(bm_bytes_equal(m.token, text("s3cr3t")));
    CHECK(bm_bytes_equal(m.csr, csr));
    issuer_answer(frame.tag, &answer);
    a = client_get(fd);
    CHECK(a->status == 200);
    CHECK(has_header(a, "Content-Type: " EST_TYPE_CERTS));
    CHECK(has_header(a, "Birthmark-Renewal: start=2026-01-02T03:04:05Z, "
                        "end=2026-02-01T00:00:00Z"));
    found = certs_in(a->body, strlen(a->body));
    CHECK_BYTES(found.p, found.n, answer.cert.p, answer.cert.n);
    close_house();
}

static void operations_labels_and_bearers_reach_the_issuer(void)
{
    struct wire_enrolled answer = granted();
    struct wire_enrol m = { 0 };
    struct link_frame frame;
    const struct answer *a;
    int fd;

    open_house(true);
    fd = post("old/simplereenroll", PKCS10 BEARER, plain_csr());
    frame = issuer_get(WIRE_ENROL);
    CHECK_STATUS(wire_enrol_get(frame.body, &m), BM_OK);
    CHECK(m.op == WIRE_REENROLL && m.user.n == 0);
    CHECK(bm_bytes_equal(m.label, text("old")));
    CHECK(bm_bytes_equal(m.token, text("s3cr3t")));
    issuer_answer(frame.tag, &answer);
    a = client_get(fd);
    CHECK(has_header(a, "Content-Transfer-Encoding: base64"));
    CHECK(certs_in(a->body, strlen(a->body)).n ==
          answer.cert.n + answer.chain.n);
    close_house();
}

/* RFC 7030 4.2.3 MUST: a 202 has a Retry-After. RFC 9110 15.5.2: a 401 says
 * how to authenticate. */
static void what_the_issuer_refuses_is_passed_on(void)
{
    static const struct {
        uint16_t http;
        uint32_t retry;
        const char *header;
    } rows[] = {
        { 202, 120, "Retry-After: 120" },
        { 202, 0, "Retry-After: 60" },
        { 400, 0, "Content-Type: " EST_TYPE_WORDS },
        { 401, 0, "WWW-Authenticate: Basic realm=\"estrealm\"" },
        { 403, 0, "Content-Type: " EST_TYPE_WORDS },
        { 409, 0, "Content-Type: " EST_TYPE_WORDS },
        { 429, 7, "Retry-After: 7" },
        { 500, 0, "Content-Type: " EST_TYPE_WORDS },
        { 503, 3, "Retry-After: 3" },
    };

    open_house(true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wire_enrolled answer = { .http = rows[i].http,
                                        .retry_after = rows[i].retry,
                                        .words = BM_LIT("why") };
        const struct answer *a = enrol("simpleenroll", &answer);

        CHECK(a->status == rows[i].http);
        CHECK(has_header(a, rows[i].header));
        CHECK(has_header(a, "Connection: close") == (rows[i].http == 403));
        CHECK(strcmp(a->body, "why\n") == 0);
    }
    close_house();
}

static void requests_that_are_wrong_do_not_reach_the_issuer(void)
{
    static const struct {
        const char *path;
        const char *headers;
        const char *challenge;
        int status;
        const char *words;
    } rows[] = {
        { "simpleenroll", PKCS10, "", 401, "neither" },
        { "simpleenroll", BASIC "Content-Type: text/plain\r\n", "", 415,
          "pkcs10" },
        { "simpleenroll", PKCS10 "Authorization: Basic x\r\n", "", 401,
          "RFC 7030 3.2.3" },
        { "simpleenroll", PKCS10 "Authorization: Digest x\r\n", "", 401,
          "RFC 7030 3.2.3" },
        /* RFC 7030 3.5: present, and not of this connection */
        { "simpleenroll", PKCS10 BASIC, "c2VjcmV0", 400, "RFC 7030 3.5" },
        { "bound/simpleenroll", PKCS10 BASIC, "", 400, "missing" },
        { "serverkeygen", PKCS10 BASIC, "", 404, "not allowed" },
        { "nobody/simpleenroll", PKCS10 BASIC, "", 404, "label" },
    };

    open_house(true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer *a = client_get(
            post(rows[i].path, rows[i].headers,
                 csr_of(rows[i].challenge, (struct bm_bytes){ NULL, 0 })));

        CHECK(a->status == rows[i].status);
        CHECK(strstr(a->body, rows[i].words) != NULL);
        CHECK(strstr(a->all, "s3cr3t") == NULL);
    }
    CHECK(w.devices->waiting == 0);
    close_house();
}

/* The body: another kind, broken, or a key that its sender does not have. */
static void possession_is_proved_before_anybody_is_asked(void)
{
    uint8_t bad[4096];
    struct bm_bytes csr = plain_csr();
    const struct answer *a;

    open_house(true);
    memcpy(bad, csr.p, csr.n);
    bad[csr.n - 1] ^= 1;
    a = client_get(
        post("simpleenroll", PKCS10 BASIC, (struct bm_bytes){ bad, csr.n }));
    CHECK(a->status == 400);
    a = client_get(post("simpleenroll", PKCS10 BASIC,
                        (struct bm_bytes){ csr.p, csr.n - 1 }));
    CHECK(a->status == 400 && strstr(a->body, "X.690") != NULL);
    a = client_get(
        post("simpleenroll", PKCS10 BASIC, bm_sample("cert", "tls-server")));
    CHECK(a->status == 400);
    CHECK(w.devices->waiting == 0);
    close_house();
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    RUN(ca_certificates_are_for_everybody);
    RUN(csrattrs_are_those_of_the_label);
    RUN(what_is_not_served_is_said);
    RUN(a_device_must_be_somebody_to_ask_about_itself);
    RUN(a_device_enrols_with_its_token);
    RUN(operations_labels_and_bearers_reach_the_issuer);
    RUN(what_the_issuer_refuses_is_passed_on);
    RUN(requests_that_are_wrong_do_not_reach_the_issuer);
    RUN(possession_is_proved_before_anybody_is_asked);
    return bm_test_done();
}
