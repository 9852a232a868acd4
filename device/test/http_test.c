/* SPDX-License-Identifier: Apache-2.0 */
#include "device/http.h"
#include "tests/harness/bm_test.h"

#define BODY_MAX 512

/* What a response came to. */
struct result {
    bm_status status;
    bool done;
    struct bm_http h;
    uint8_t body[BODY_MAX];
    size_t body_n;
    size_t left; /* octets behind the response */
};

static void read_on(struct result *r, struct bm_bytes in)
{
    struct bm_bytes body;

    while (in.n != 0 && !r->h.done && r->status == BM_OK) {
        r->status = bm_http_read(&r->h, &in, &body);
        if (r->status == BM_OK && r->body_n + body.n <= BODY_MAX &&
            body.n != 0) {
            memcpy(r->body + r->body_n, body.p, body.n);
            r->body_n += body.n;
        }
    }
    r->left += in.n;
}

/* Read `in` in pieces of `step` octets; then the connection ends. */
static void respond(struct result *r, struct bm_bytes in, size_t step)
{
    *r = (struct result){ .status = BM_OK };
    bm_http_init(&r->h);
    for (size_t at = 0; at < in.n; at += step) {
        size_t n = in.n - at < step ? in.n - at : step;

        read_on(r, (struct bm_bytes){ in.p + at, n });
    }
    if (r->status == BM_OK) {
        r->status = bm_http_end(&r->h);
    }
    r->done = r->h.done;
}

static bool same(const struct result *a, const struct result *b)
{
    return a->status == b->status && a->done == b->done &&
           a->h.head == b->h.head && a->h.status == b->h.status &&
           a->h.close == b->h.close && a->h.retry_after == b->h.retry_after &&
           strcmp(a->h.type, b->h.type) == 0 &&
           bm_bytes_equal(a->h.location, b->h.location) &&
           a->h.renewal.start == b->h.renewal.start && a->body_n == b->body_n &&
           memcmp(a->body, b->body, a->body_n) == 0;
}

#define OK200   "HTTP/1.1 200 OK\r\n"
#define LEN(n)  "Content-Length: " n "\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"

/* Responses, and what is read from them. */
static const struct {
    const char *text;
    const char *body;
    bm_status status;
    uint16_t code;
    bool close;
} rows[] = {
    /* By length. */
    { OK200 LEN("5") "\r\nhello", "hello", BM_OK, 200, false },
    { OK200 LEN("0") "\r\n", "", BM_OK, 200, false },
    { OK200 LEN("5") LEN("5") "\r\nhello", "hello", BM_OK, 200, false },
    { OK200 LEN("5") "\r\nhell", "hell", BM_E_HTTP_LENGTH, 200, false },
    { OK200 LEN("5") "\r\nhello, HTTP", "hello", BM_OK, 200, false },
    { OK200 LEN("5") "Connection: keep-alive, Close\r\n\r\nhello", "hello",
      BM_OK, 200, true },
    { OK200 LEN("5") "CONNECTION: clos\r\n\r\nhello", "hello", BM_OK, 200,
      false },
    /* Until the end of the connection. */
    { OK200 "\r\nhello", "hello", BM_OK, 200, true },
    { "HTTP/1.0 200 OK\r\n" LEN("5") "\r\nhello", "hello", BM_OK, 200, true },
    /* Chunks, extensions, trailers. */
    { OK200 CHUNKED "\r\n5\r\nhello\r\n0\r\n\r\n", "hello", BM_OK, 200, false },
    { OK200 CHUNKED "\r\n2;a=b\r\nhe\r\n003 ; c=\"d\"\r\nllo\r\n0;e\r\n"
                    "X-Digest: 1\r\nY: 2\r\n\r\n",
      "hello", BM_OK, 200, false },
    { OK200 CHUNKED "\r\nA\r\n0123456789\r\nb\r\nabcdefghijk\r\n0\r\n\r\n",
      "0123456789abcdefghijk", BM_OK, 200, false },
    { OK200 CHUNKED "\r\n5\r\nhello\r\n", "hello", BM_E_HTTP_LENGTH, 200,
      false },
    { OK200 CHUNKED "\r\n5\r\nhello\r\n0\r\n", "hello", BM_E_HTTP_LENGTH, 200,
      false },
    { OK200 CHUNKED "\r\n5\r\nhelloX0\r\n\r\n", "hello", BM_E_HTTP_CHUNK, 200,
      false },
    { OK200 CHUNKED "\r\n5\r\nhello\rX0\r\n\r\n", "hello", BM_E_HTTP_CHUNK, 200,
      false },
    { OK200 CHUNKED "\r\n\r\nhello", "", BM_E_HTTP_CHUNK, 200, false },
    { OK200 CHUNKED "\r\n-5\r\nhello", "", BM_E_HTTP_CHUNK, 200, false },
    { OK200 CHUNKED "\r\n0x5\r\nhello", "", BM_E_HTTP_CHUNK, 200, false },
    { OK200 CHUNKED "\r\n5\nhello\r\n0\r\n\r\n", "", BM_E_HTTP_CHUNK, 200,
      false },
    { OK200 CHUNKED "\r\n5;a\nhello\r\n0\r\n\r\n", "", BM_E_HTTP_CHUNK, 200,
      false },
    { OK200 CHUNKED "\r\n5\rXhello", "", BM_E_HTTP_CHUNK, 200, false },
    { OK200 CHUNKED "\r\n000000005\r\nhello", "", BM_E_HTTP_CHUNK, 200, false },
    { OK200 CHUNKED "\r\nffffffff\r\nhello", "hello", BM_E_HTTP_LENGTH, 200,
      false },
    /* No body at all, whatever is said about one. */
    { "HTTP/1.1 204 No Content\r\n\r\n", "", BM_OK, 204, false },
    { "HTTP/1.1 204 No Content\r\n" LEN("5") "\r\nhello", "", BM_OK, 204,
      true },
    { "HTTP/1.1 304 Not Modified\r\n" CHUNKED "\r\n", "", BM_OK, 304, true },
    /* Interim responses are passed over, and their headers with them. */
    { "HTTP/1.1 100 Continue\r\n\r\n" OK200 LEN("5") "\r\nhello", "hello",
      BM_OK, 200, false },
    { "HTTP/1.1 103 Early Hints\r\n" LEN(
          "9") "Connection: close\r\n\r\n"
               "HTTP/1.1 102 Processing\r\n\r\n" OK200 LEN("5") "\r\nhello",
      "hello", BM_OK, 200, false },
    { "HTTP/1.1 101 Switching Protocols\r\n\r\n", "", BM_E_HTTP_SYNTAX, 0,
      false },
    /* What can be read in two ways is not read at all. */
    { OK200 LEN("5") LEN("6") "\r\nhello", "", BM_E_HTTP_AMBIGUOUS, 200,
      false },
    { OK200 LEN("5, 5") "\r\nhello", "", BM_E_HTTP_AMBIGUOUS, 200, false },
    { OK200 LEN("+5") "\r\nhello", "", BM_E_HTTP_AMBIGUOUS, 200, false },
    { OK200 LEN("") "\r\nhello", "", BM_E_HTTP_AMBIGUOUS, 200, false },
    { OK200 LEN("0x5") "\r\nhello", "", BM_E_HTTP_AMBIGUOUS, 200, false },
    { OK200 LEN("4294967301") "\r\nhello", "", BM_E_HTTP_AMBIGUOUS, 200,
      false },
    { OK200 LEN("5") CHUNKED "\r\n0\r\n\r\n", "", BM_E_HTTP_AMBIGUOUS, 200,
      false },
    { OK200 CHUNKED LEN("0") "\r\n0\r\n\r\n", "", BM_E_HTTP_AMBIGUOUS, 200,
      false },
    { "HTTP/1.0 200 OK\r\n" CHUNKED "\r\n0\r\n\r\n", "", BM_E_HTTP_AMBIGUOUS,
      200, true },
    { OK200 CHUNKED CHUNKED "\r\n0\r\n\r\n", "", BM_E_HTTP_CODING, 200, false },
    { OK200 "Transfer-Encoding: gzip, chunked\r\n\r\n", "", BM_E_HTTP_CODING,
      200, false },
    { OK200 "Transfer-Encoding: identity\r\n\r\n", "", BM_E_HTTP_CODING, 200,
      false },
    { OK200 "Content-Length : 5\r\n\r\nhello", "", BM_E_HTTP_SYNTAX, 200,
      false },
    { OK200 "X: 1\r\n Content-Length: 5\r\n\r\nhello", "", BM_E_HTTP_SYNTAX,
      200, false },
    /* RFC 9112 2.2: a CR that ends no line. */
    { OK200 "X: 1\rContent-Length: 5\r\n\r\nhello", "", BM_E_HTTP_SYNTAX, 200,
      false },
    { OK200 "Content-Length\r\n\r\n", "", BM_E_HTTP_SYNTAX, 200, false },
    { OK200 ": 5\r\n\r\n", "", BM_E_HTTP_SYNTAX, 200, false },
    { OK200 "Location: /a\r\nLocation: /b\r\n\r\n", "", BM_E_HTTP_SYNTAX, 200,
      false },
    /* Status lines. */
    { "HTTP/1.1 200\r\n" LEN("0") "\r\n", "", BM_OK, 200, false },
    { "HTTP/1.1 200 \r\n" LEN("0") "\r\n", "", BM_OK, 200, false },
    { "HTTP/1.9 599 \xc3\xa4\r\n" LEN("0") "\r\n", "", BM_OK, 599, false },
    { "HTTP/1.1 200 OK\n"
      "Content-Length: 5\n\nhello",
      "hello", BM_OK, 200, false },
    { "HTTP/2.0 200 OK\r\n\r\n", "", BM_E_HTTP_SYNTAX, 0, false },
    { "HTTP/1.1 20 OK\r\n\r\n", "", BM_E_HTTP_SYNTAX, 0, false },
    { "HTTP/1.1 2000 OK\r\n\r\n", "", BM_E_HTTP_SYNTAX, 0, false },
    { "HTTP/1.1 099 OK\r\n\r\n", "", BM_E_HTTP_SYNTAX, 0, false },
    { "HTTP/1.1  200 OK\r\n\r\n", "", BM_E_HTTP_SYNTAX, 0, false },
    { "\r\nHTTP/1.1 200 OK\r\n\r\n", "", BM_E_HTTP_SYNTAX, 0, false },
    { "SSH-2.0-OpenSSH\r\n", "", BM_E_HTTP_SYNTAX, 0, false },
    { "", "", BM_E_HTTP_LENGTH, 0, false },
};
#define ROWS (sizeof rows / sizeof rows[0])

static struct bm_bytes text_of(size_t i)
{
    return (struct bm_bytes){ (const uint8_t *)rows[i].text,
                              strlen(rows[i].text) };
}

static void a_response_is_read_as_the_rfc_says(void)
{
    struct result r;

    for (size_t i = 0; i < ROWS; i++) {
        int before = bm_test_failed;

        respond(&r, text_of(i), SIZE_MAX);
        CHECK_STATUS(r.status, rows[i].status);
        CHECK_BYTES(r.body, r.body_n, rows[i].body, strlen(rows[i].body));
        CHECK(r.h.status == rows[i].code && r.h.close == rows[i].close);
        CHECK(r.done == (rows[i].status == BM_OK));
        if (bm_test_failed != before) {
            printf("# row %u: %s\n", (unsigned)i, rows[i].text);
        }
    }
}

static void how_octets_are_cut_changes_nothing(void)
{
    struct result whole;
    struct result cut;

    for (size_t i = 0; i < ROWS; i++) {
        respond(&whole, text_of(i), SIZE_MAX);
        for (size_t step = 1; step < text_of(i).n; step++) {
            respond(&cut, text_of(i), step);
            CHECK(same(&whole, &cut));
        }
    }
}

/* No prefix is complete that the whole does not explain: either it says that
 * something is missing, or the rest was the end of the connection's. */
static void a_prefix_is_never_taken_for_the_whole(void)
{
    struct result whole;
    struct result r;

    for (size_t i = 0; i < ROWS; i++) {
        struct bm_bytes text = text_of(i);

        respond(&whole, text, SIZE_MAX);
        for (size_t n = 0; n < text.n - whole.left && text.n != 0; n++) {
            respond(&r, (struct bm_bytes){ text.p, n }, SIZE_MAX);
            CHECK(r.status != BM_OK || r.h.close);
            CHECK(r.body_n <= whole.body_n &&
                  memcmp(r.body, whole.body, r.body_n) == 0);
        }
    }
}

static void a_flipped_bit_reads_the_same_in_whole_and_in_octets(void)
{
    struct result whole;
    struct result cut;
    uint8_t text[256];

    for (size_t i = 0; i < ROWS; i += 3) {
        struct bm_bytes t = { text, text_of(i).n };

        for (size_t bit = 0; bit < 8 * t.n; bit++) {
            memcpy(text, text_of(i).p, t.n);
            text[bit / 8] ^= (uint8_t)(1 << bit % 8);
            respond(&whole, t, SIZE_MAX);
            respond(&cut, t, 1);
            CHECK(same(&whole, &cut));
        }
    }
}

static void an_error_stays(void)
{
    struct bm_bytes in = BM_LIT("nonsense\r\n");
    struct bm_bytes more = BM_LIT(OK200 "\r\n");
    struct bm_bytes body;
    struct bm_http h;

    bm_http_init(&h);
    CHECK_STATUS(bm_http_read(&h, &in, &body), BM_E_HTTP_SYNTAX);
    CHECK_STATUS(bm_http_read(&h, &more, &body), BM_E_HTTP_SYNTAX);
    CHECK_STATUS(bm_http_end(&h), BM_E_HTTP_SYNTAX);
    CHECK(!h.done && body.n == 0);
}

static void read_head(struct result *r, const char *fields)
{
    char text[512];
    int n = snprintf(text, sizeof text, OK200 "%s\r\n", fields);

    CHECK(n > 0 && (size_t)n < sizeof text);
    respond(r, (struct bm_bytes){ (const uint8_t *)text, strlen(text) }, 7);
}

static void a_media_type_loses_case_and_parameters(void)
{
    static const struct {
        const char *field;
        const char *type;
    } types[] = {
        { "Content-Type: application/pkcs7-mime; smime-type=certs-only\r\n",
          "application/pkcs7-mime" },
        { "content-type:Application/PKCS7-MIME;x\r\n",
          "application/pkcs7-mime" },
        { "Content-Type:\t text/html \r\n", "text/html" },
        { "Content-Type:\r\n", "" },
        { "X-Content-Type: a/b\r\n", "" },
        { "Content-Type: application/a-type-that-is-very-long\r\n",
          "application/a-type-that-is-very" },
    };
    struct result r;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        read_head(&r, types[i].field);
        CHECK_STATUS(r.status, BM_OK);
        CHECK(strcmp(r.h.type, types[i].type) == 0);
    }
}

/* RFC 9110 10.2.3: Retry-After = HTTP-date / delay-seconds. */
static void a_retry_is_in_seconds_or_relative_to_the_servers_own_date(void)
{
#define DATE(s)  "Date: Sun, 06 Nov 1994 08:49:" s " GMT\r\n"
#define RETRY(s) "Retry-After: Sun, 06 Nov 1994 08:" s " GMT\r\n"
    static const struct {
        const char *fields;
        uint32_t after;
    } retries[] = {
        { "Retry-After: 120\r\n", 120 },
        { "Retry-After: 0\r\n", 0 },
        { "Retry-After: 999999999\r\n", 999999999 },
        { "Retry-After: 99999999999\r\n", BM_HTTP_NO_RETRY },
        { "Retry-After: -1\r\n", BM_HTTP_NO_RETRY },
        { "Retry-After: soon\r\n", BM_HTTP_NO_RETRY },
        { DATE("37") RETRY("50:07"), 30 },
        { RETRY("50:07") DATE("37"), 30 },
        { DATE("37") RETRY("49:00"), 0 },
        { RETRY("50:07"), BM_HTTP_NO_RETRY },
        { DATE("37"), BM_HTTP_NO_RETRY },
        { "Date: Sunday, 06-Nov-94 08:49:37 GMT\r\n" RETRY("50:07"),
          BM_HTTP_NO_RETRY },
        { DATE("37") "Retry-After: Sun, 31 Feb 1994 08:49:37 GMT\r\n",
          BM_HTTP_NO_RETRY },
        { DATE("37") "Retry-After: Sun, 06 Abc 1994 08:49:37 GMT\r\n",
          BM_HTTP_NO_RETRY },
        { DATE("37") "Retry-After: Wed, 06 Nov 2094 08:49:37 GMT\r\n",
          INT32_MAX },
    };
    struct result r;

    for (size_t i = 0; i < sizeof retries / sizeof retries[0]; i++) {
        read_head(&r, retries[i].fields);
        CHECK_STATUS(r.status, BM_OK);
        CHECK(r.h.retry_after == retries[i].after);
        if (r.h.retry_after != retries[i].after) {
            printf("# row %u: %lu\n", (unsigned)i,
                   (unsigned long)r.h.retry_after);
        }
    }
}

static void a_location_survives_the_lines_after_it(void)
{
    struct result r;

    read_head(&r, "Location: https://ca.example:8443/.well-known/est/x\r\n"
                  "Content-Length: 0\r\nX: y\r\n");
    CHECK_STATUS(r.status, BM_OK);
    CHECK_BYTES(r.h.location.p, r.h.location.n,
                "https://ca.example:8443/.well-known/est/x", 41);
}

static void the_window_for_renewal_is_read(void)
{
    struct result r;

    read_head(&r, "birthmark-renewal: start=2031-02-03T04:05:06Z, "
                  "end=2031-03-03T04:05:06Z\r\n");
    CHECK(r.h.renewal.start == 1927857906 && r.h.renewal.end == 1930277106);
    read_head(&r, "birthmark-renewal: start=2031-02-03T04:05:06Z\r\n");
    CHECK(r.h.renewal.start == 0 && r.h.renewal.end == 0);
}

/* OK200, `name`, a colon, `n` times x, and the end of the head. */
static void long_line(struct result *r, const char *name, size_t n)
{
    *r = (struct result){ .status = BM_OK };
    bm_http_init(&r->h);
    read_on(r, BM_LIT(OK200 LEN("0")));
    read_on(r, (struct bm_bytes){ (const uint8_t *)name, strlen(name) });
    for (size_t i = 0; i < n; i++) {
        read_on(r, BM_LIT("x"));
    }
    read_on(r, BM_LIT("\r\n\r\n"));
}

static void long_lines_are_passed_over_unless_they_matter(void)
{
    static const struct {
        const char *name;
        size_t n;
        bm_status status;
    } lines[] = {
        { "Set-Cookie: ", 4000, BM_OK },
        { "Content-Type: ", 300, BM_OK },
        { "Retry-After: ", 300, BM_OK },
        { "Transfer-Encoding: ", 300, BM_E_HTTP_LIMIT },
        { "Connection: ", 300, BM_E_HTTP_LIMIT },
        { "Location: /", 139, BM_OK },
        { "Location: /", 140, BM_E_HTTP_LIMIT },
        { "Location: /", 300, BM_E_HTTP_LIMIT },
        { "X: ", BM_HTTP_HEAD_MAX, BM_E_HTTP_LIMIT },
    };
    struct result r;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        long_line(&r, lines[i].name, lines[i].n);
        CHECK_STATUS(r.status, lines[i].status);
        CHECK(r.h.done == (lines[i].status == BM_OK));
    }
}

static void what_is_around_a_body_has_a_limit(void)
{
    static const char *const endless[] = {
        "HTTP/1.1 100 Continue\r\n\r\n",
        "X: y\r\n",
    };
    struct result r;

    for (size_t i = 0; i < 2; i++) {
        r = (struct result){ .status = BM_OK };
        bm_http_init(&r.h);
        if (i == 1) {
            read_on(&r, BM_LIT(OK200 CHUNKED "\r\n0\r\n"));
        }
        for (size_t n = 0; n <= BM_HTTP_HEAD_MAX; n += strlen(endless[i])) {
            read_on(&r, (struct bm_bytes){ (const uint8_t *)endless[i],
                                           strlen(endless[i]) });
        }
        CHECK_STATUS(r.status, BM_E_HTTP_LIMIT);
    }
}

static void a_body_of_single_octets_in_chunks_has_none(void)
{
    struct result r = { .status = BM_OK };

    bm_http_init(&r.h);
    read_on(&r, BM_LIT(OK200 CHUNKED "\r\n"));
    for (size_t n = 0; n < BM_HTTP_HEAD_MAX; n++) {
        read_on(&r, BM_LIT("1\r\nx\r\n"));
    }
    read_on(&r, BM_LIT("0\r\n\r\n"));
    CHECK_STATUS(r.status, BM_OK);
    CHECK(r.h.done);
}

int main(void)
{
    RUN(a_response_is_read_as_the_rfc_says);
    RUN(how_octets_are_cut_changes_nothing);
    RUN(a_prefix_is_never_taken_for_the_whole);
    RUN(a_flipped_bit_reads_the_same_in_whole_and_in_octets);
    RUN(an_error_stays);
    RUN(a_media_type_loses_case_and_parameters);
    RUN(a_retry_is_in_seconds_or_relative_to_the_servers_own_date);
    RUN(a_location_survives_the_lines_after_it);
    RUN(the_window_for_renewal_is_read);
    RUN(long_lines_are_passed_over_unless_they_matter);
    RUN(what_is_around_a_body_has_a_limit);
    RUN(a_body_of_single_octets_in_chunks_has_none);
    return bm_test_done();
}
