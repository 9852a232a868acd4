/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "protocols/admin/admin.h"
#include "tests/harness/bm_test.h"

/* A request, and what becomes of it. */
struct row {
    const char *method;
    const char *path;
    const char *query;
    const char *type;
    const char *body;
    const char *want; /* "createToken {...}", or the detail of a problem */
    unsigned status;  /* 0: routed */
};

#define JSON "application/json"
#define A64  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct row rows[] = {
    { "GET", "/api/v1/whoami", NULL, NULL, "", "whoAmI {}", 0 },
    { "GET", "/api/v1/cas/issuing", "", NULL, "", "showCA {\"ca\":\"issuing\"}",
      0 },
    { "GET", "/api/v1/devices/a%2Fb%20c", "", NULL, "",
      "showDevice {\"device\":\"a/b c\"}", 0 },
    { "GET", "/api/v1/devices/a+b", "", NULL, "",
      "showDevice {\"device\":\"a+b\"}", 0 },
    { "GET", "/api/v1/devices/%C3%BC", "", NULL, "",
      "showDevice {\"device\":\"\xc3\xbc\"}", 0 },
    { "GET", "/api/v1/certificates",
      "limit=7&newest=true&device=a+b%2b&status=valid&"
      "expires_before=2031-02-03T04:05:06Z",
      NULL, "",
      "listCertificates {\"limit\":7,\"newest\":true,\"device\":\"a b+\","
      "\"status\":\"valid\",\"expires_before\":\"2031-02-03T04:05:06Z\"}",
      0 },
    { "POST", "/api/v1/tokens", NULL, JSON,
      "{\"profile\":\"p\",\"device\":\"d\"}",
      "createToken {\"profile\":\"p\",\"device\":\"d\"}", 0 },
    { "POST", "/api/v1/tokens", NULL, "Application/JSON; charset=UTF-8",
      "{\"profile\":\"p\",\"device\":\"d\"}",
      "createToken {\"profile\":\"p\",\"device\":\"d\"}", 0 },
    { "POST", "/api/v1/certificates/00ab/revocation", NULL, NULL, "",
      "revokeCertificate {\"serial\":\"00ab\"}", 0 },
    { "POST", "/api/v1/certificates/AB/revocation", NULL, JSON,
      "{\"reason\":\"keyCompromise\"}",
      "revokeCertificate {\"serial\":\"AB\",\"reason\":\"keyCompromise\"}", 0 },
    { "POST", "/api/v1/crls", NULL, JSON, "{\"crl\":\"MAA=\"}",
      "loadCRL {\"crl\":\"MAA=\"}", 0 },

    { "POST", "/api/v1/blobs", "sha256=ab&size=9", "application/octet-stream",
      "{\"at\":1}", "putBlob {\"sha256\":\"ab\",\"size\":9}", 0 },
    { "POST", "/api/v1/uploads", "sha256=ab&size=9&at=4", NULL, "",
      "putUpload {\"sha256\":\"ab\",\"size\":9,\"at\":4}", 0 },

    { "GET", "/", NULL, NULL, "", "the API begins", 404 },
    { "GET", "", NULL, NULL, "", "the API begins", 404 },
    { "GET", "/api/v1", NULL, NULL, "", "the API begins", 404 },
    { "GET", "/api/v12/whoami", NULL, NULL, "", "the API begins", 404 },
    { "GET", "/api/v1/", NULL, NULL, "", "nothing is there", 404 },
    { "GET", "/api/v1/whoami/", NULL, NULL, "", "nothing is there", 404 },
    { "GET", "/api/v1//whoami", NULL, NULL, "", "nothing is there", 404 },
    { "GET", "/api/v1/who%61mi", NULL, NULL, "", "nothing is there", 404 },
    { "GET", "/api/v1/cas/", NULL, NULL, "", "nothing is there", 404 },
    { "GET", "/api/v1/cas//crl", NULL, NULL, "", "nothing is there", 404 },
    { "GET", "/api/v1/devices/a/b", NULL, NULL, "", "nothing is there", 404 },
    { "DELETE", "/api/v1/tokens", NULL, NULL, "", "this takes POST, GET", 405 },
    { "get", "/api/v1/whoami", NULL, NULL, "", "this takes GET", 405 },
    { "HEAD", "/api/v1/whoami", NULL, NULL, "", "this takes GET", 405 },

    { "GET", "/api/v1/devices/%", NULL, NULL, "", "device is not well", 400 },
    { "GET", "/api/v1/devices/%4", NULL, NULL, "", "device is not well", 400 },
    { "GET", "/api/v1/devices/%0g", NULL, NULL, "", "device is not well", 400 },
    { "GET", "/api/v1/devices/%00", NULL, NULL, "", "device is not well", 400 },
    { "GET", "/api/v1/devices/%0a", NULL, NULL, "", "device has control", 400 },
    { "GET", "/api/v1/devices/%ff", NULL, NULL, "", "device is not UTF-8",
      400 },
    { "GET", "/api/v1/cas/" A64, NULL, NULL, "", "ca is longer than 63", 400 },
    { "GET", "/api/v1/certificates/xyz", NULL, NULL, "", "serial is no serial",
      400 },
    { "GET", "/api/v1/whoami", "a=b", NULL, "", "query: a is unknown", 400 },
    { "GET", "/api/v1/whoami", "=", NULL, "", "query:  is unknown", 400 },
    { "GET", "/api/v1/tokens", "limit", NULL, "", "query: limit has no value",
      400 },
    { "GET", "/api/v1/tokens", "limit=", NULL, "", "limit is not a number",
      400 },
    { "GET", "/api/v1/tokens", "limit=-1", NULL, "", "limit is not a number",
      400 },
    { "GET", "/api/v1/tokens", "limit=0", NULL, "", "limit is outside of 1 to",
      400 },
    { "GET", "/api/v1/tokens", "limit=1001", NULL, "",
      "limit is outside of 1 to 1000", 400 },
    { "GET", "/api/v1/tokens", "limit=99999999999999999999", NULL, "",
      "limit is not a number", 400 },
    { "GET", "/api/v1/tokens", "limit=1&limit=1", NULL, "",
      "query: limit is there twice", 400 },
    { "GET", "/api/v1/tokens", "after=", NULL, "", "after is empty", 400 },
    { "GET", "/api/v1/tokens", "&", NULL, "", "query:  is unknown", 400 },
    { "GET", "/api/v1/devices", "state=dead", NULL, "",
      "state is none of expected born", 400 },
    { "GET", "/api/v1/certificates", "newest=1", NULL, "",
      "newest is neither true nor false", 400 },
    { "GET", "/api/v1/certificates", "expires_before=2031-02-30T00:00:00Z",
      NULL, "", "expires_before is no time", 400 },

    { "POST", "/api/v1/tokens", NULL, NULL, "{}", "a body is application/json",
      415 },
    { "POST", "/api/v1/tokens", NULL, "text/json", "{}", "a body is", 415 },
    { "POST", "/api/v1/tokens", NULL, JSON "; charset=latin1", "{}",
      "a body is", 415 },
    { "POST", "/api/v1/tokens", NULL, JSON "x", "{}", "a body is", 415 },
    { "POST", "/api/v1/tokens", NULL, JSON, "", "profile is missing", 400 },
    { "POST", "/api/v1/tokens", NULL, JSON, "{}", "profile is missing", 400 },
    { "POST", "/api/v1/tokens", NULL, JSON, "[]", "body: not an object", 400 },
    { "POST", "/api/v1/tokens", NULL, JSON, "1", "body, line 1", 400 },
    { "POST", "/api/v1/tokens", NULL, JSON, "{} x", "body, line 1", 400 },
    { "POST", "/api/v1/tokens", NULL, JSON, "{\"profile\":\"p\"",
      "body, line 1", 400 },
    { "POST", "/api/v1/tokens", NULL, JSON,
      "{\"profile\":\"p\",\"profile\":\"p\",\"device\":\"d\"}", "body, line 1",
      400 },
    { "POST", "/api/v1/tokens", NULL, JSON,
      "{\"profile\":\"p\",\"device\":\"d\",\"x\":1}", "body: x is unknown",
      400 },
    { "POST", "/api/v1/tokens", NULL, JSON, "{\"profile\":1,\"device\":\"d\"}",
      "profile is not a string", 400 },
    { "POST", "/api/v1/tokens", NULL, JSON,
      "{\"profile\":null,\"device\":\"d\"}", "profile is not a string", 400 },
    { "POST", "/api/v1/tokens", NULL, JSON, "{\"profile\":\"\"}",
      "profile is empty", 400 },
    { "POST", "/api/v1/tokens", NULL, JSON,
      "{\"profile\":\"p\",\"device\":\"a\\u0000b\"}", "body, line 1", 400 },
    { "POST", "/api/v1/tokens", NULL, JSON,
      "{\"profile\":\"p\",\"device\":\"a\\u001bb\"}",
      "device has control characters", 400 },
    { "POST", "/api/v1/tokens", NULL, JSON,
      "{\"profile\":\"p\",\"device\":\"\xff\"}", "body, line 1", 400 },
    { "POST", "/api/v1/tokens", "profile=p", JSON, "{\"device\":\"d\"}",
      "query: profile is unknown", 400 },
    /* What the path says is not for the body to say. */
    { "POST", "/api/v1/certificates/ab/revocation", NULL, JSON,
      "{\"serial\":\"cd\"}", "body: serial is unknown", 400 },
    { "POST", "/api/v1/cas/issuing/crl", NULL, JSON, "{\"ca\":\"root\"}",
      "body: ca is unknown", 400 },
    /* Octets are neither JSON nor in it. */
    { "POST", "/api/v1/blobs", "sha256=ab&size=9", JSON, "{}",
      "this body is application/octet-stream", 415 },
    { "POST", "/api/v1/blobs", "sha256=ab&size=9", NULL, "x",
      "this body is application/octet-stream", 415 },
    { "POST", "/api/v1/blobs", "sha256=ab&size=9&octets=MAA", NULL, "",
      "query: octets is unknown", 400 },
    { "POST", "/api/v1/blobs", "sha256=ab", "application/octet-stream", "x",
      "size is missing", 400 },
    { "POST", "/api/v1/tokens", NULL, "application/octet-stream", "{}",
      "a body is application/json", 415 },
    { "GET", "/api/v1/whoami", NULL, JSON, "{\"a\":1}", "body: a is unknown",
      400 },
    { "POST", "/api/v1/crls", NULL, JSON, "{\"crl\":\"%\"}",
      "crl is neither a PEM block nor base64", 400 },
    { "POST", "/api/v1/crls", NULL, JSON, "{\"crl\":\"\"}",
      "crl is neither a PEM block nor base64", 400 },
    { "POST", "/api/v1/crls", NULL, JSON,
      "{\"crl\":\"-----BEGIN X-----\\nMAA=\\n-----END X-----\\n"
      "-----BEGIN X-----\\nMAA=\\n-----END X-----\\n\"}",
      "crl has more than one PEM block", 400 },
};

static struct admin_http http_of(const struct row *row)
{
    return (struct admin_http){
        .method = row->method,
        .path = row->path,
        .query = row->query,
        .content_type = row->type,
        .body = { (const uint8_t *)row->body, strlen(row->body) },
    };
}

static void check_routed(const struct row *row, unsigned operation,
                         const json_t *params)
{
    char *json = json_dumps(params, JSON_COMPACT);
    char is[512] = "";

    if (json != NULL && operation < admin_operations_n) {
        (void)snprintf(is, sizeof is, "%s %s", admin_operations[operation].id,
                       json);
    }
    if (strcmp(is, row->want) != 0) {
        printf("# %s %s: %s\n", row->method, row->path, is);
    }
    CHECK(strcmp(is, row->want) == 0);
    free(json);
}

static void check_refused(const struct row *row,
                          const struct admin_problem *problem)
{
    bool same = problem->status == row->status &&
                strncmp(problem->detail, row->want, strlen(row->want)) == 0;

    if (!same) {
        printf("# %s %s?%s %s: %u %s\n", row->method, row->path,
               row->query != NULL ? row->query : "", row->body, problem->status,
               problem->detail);
    }
    CHECK(same && problem->title[0] != '\0');
}

static void requests_are_routed_or_refused_by_name(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct admin_http http = http_of(&rows[i]);
        struct admin_problem problem;
        unsigned operation = UINT32_MAX;
        json_t *params;
        char allow[64];
        bm_status rc = admin_route(&http, &operation, &params, allow, &problem);

        CHECK((rc == BM_OK) == (rows[i].status == 0));
        CHECK((rc == BM_OK) == (params != NULL));
        CHECK((allow[0] != '\0') == (rows[i].status == 405));
        if (rc == BM_OK && rows[i].status == 0) {
            check_routed(&rows[i], operation, params);
        } else {
            check_refused(&rows[i], &problem);
        }
        json_decref(params);
    }
}

static void a_piece_has_an_end(void)
{
    size_t n = ((size_t)512 << 10) + 1;
    uint8_t *body = calloc(1, n);
    struct admin_http http = { .method = "POST",
                               .path = "/api/v1/uploads",
                               .query = "sha256=ab&size=9",
                               .content_type = "application/octet-stream" };
    struct admin_problem problem;
    unsigned operation;
    json_t *params;
    char allow[64];

    CHECK(body != NULL);
    for (size_t more = 0; more < 2; more++) {
        http.body = (struct bm_bytes){ body, n - 1 + more };
        CHECK((admin_route(&http, &operation, &params, allow, &problem) ==
               BM_OK) == (more == 0));
        CHECK((params != NULL) == (more == 0));
        json_decref(params);
    }
    CHECK(problem.status == 413);
    free(body);
}

static void a_large_body_is_refused_unread(void)
{
    uint8_t *body = calloc(1, ADMIN_BODY_MAX + 1);
    struct admin_http http = { .method = "POST",
                               .path = "/api/v1/tokens",
                               .content_type = JSON,
                               .body = { body, ADMIN_BODY_MAX + 1 } };
    struct admin_problem problem;
    unsigned operation;
    json_t *params;
    char allow[64];

    CHECK(body != NULL &&
          admin_route(&http, &operation, &params, allow, &problem) != BM_OK);
    CHECK(problem.status == 413 && params == NULL);
    free(body);
}

/* Whatever a client sends: an operation with parameters that fit, or a
 * problem. */
static void try_body(const uint8_t *body, size_t n)
{
    struct admin_http http = { .method = "POST",
                               .path = "/api/v1/tokens",
                               .content_type = JSON,
                               .body = { body, n } };
    struct admin_problem problem;
    char words[ADMIN_WORDS_MAX];
    unsigned operation = 0;
    json_t *params;
    char allow[64];
    bm_status rc = admin_route(&http, &operation, &params, allow, &problem);

    if (rc == BM_OK) {
        CHECK(admin_check(admin_operations[operation].params, params, words));
    } else {
        CHECK(problem.status == 400 && params == NULL);
    }
    json_decref(params);
}

static void every_prefix_and_bit_flip_is_answered(void)
{
    static const char text[] = "{\"profile\":\"ldevid\",\"device\":\"SN-1\","
                               "\"expires\":\"2031-02-03T04:05:06Z\"}";
    uint8_t body[sizeof text - 1];

    for (size_t n = 1; n <= sizeof body; n++) {
        try_body((const uint8_t *)text, n);
    }
    for (size_t bit = 0; bit < 8 * sizeof body; bit++) {
        memcpy(body, text, sizeof body);
        body[bit / 8] ^= (uint8_t)(1u << bit % 8);
        try_body(body, sizeof body);
    }
}

int main(void)
{
    RUN(requests_are_routed_or_refused_by_name);
    RUN(a_piece_has_an_end);
    RUN(a_large_body_is_refused_unread);
    RUN(every_prefix_and_bit_flip_is_answered);
    return bm_test_done();
}
