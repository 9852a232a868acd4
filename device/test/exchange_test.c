/* SPDX-License-Identifier: Apache-2.0 */
#include "device/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/bm_test.h"

/* One exchange as a job: the test is who drives it. */
static struct bm_exchange x;
static struct bm_exchange_config config;
static struct bm_trust trust;
static uint8_t room[BM_EXCHANGE_HEAD_MAX];
static struct bm_job job;
static char sent[2048];
static size_t sent_n;

static struct {
    uint8_t octets[64];
    size_t n;
    unsigned heads;
    unsigned status;
    bm_status at_head, at_body; /* what the sink says */
} got;

static bm_status take_head(void *self, const struct bm_exchange *from)
{
    CHECK(self == &got && from == &x && x.reply.head);
    got.heads++;
    got.status = x.reply.status;
    return got.at_head;
}

static bm_status take_body(void *self, struct bm_bytes octets)
{
    CHECK(self == &got && got.heads == 1);
    CHECK(octets.n <= sizeof got.octets - got.n);
    memcpy(got.octets + got.n, octets.p, octets.n);
    got.n += octets.n;
    return got.at_body;
}

static const struct bm_exchange_sink sink = { &got, take_head, take_body };

static void begin(const struct bm_exchange_request *request)
{
    memset(&got, 0, sizeof got);
    sent_n = 0;
    config = (struct bm_exchange_config){ .trust = &trust,
                                          .use = BM_TRUST_CLOUD,
                                          .host = "cloud.example",
                                          .port = 8443,
                                          .room = room,
                                          .room_n = sizeof room };
    bm_exchange_init(&x, &config);
    CHECK_STATUS(bm_exchange_start(&x, request, &sink, 10), BM_OK);
    bm_exchange_as_job(&x, &job);
    CHECK(job.use == BM_TRUST_CLOUD && job.port == 8443);
}

static struct bm_job_ask ask(uint32_t uptime)
{
    struct bm_job_ask a;

    job.calls->next(job.self, uptime, &a);
    return a;
}

/* Connect and send, a few octets at a time, until an answer is wanted. */
static void send_all(void)
{
    struct bm_job_ask a = ask(10);

    if (a.want == BM_JOB_CONNECT) {
        job.calls->connected(job.self, (struct bm_bytes){ NULL, 0 }, false);
    }
    while ((a = ask(10)).want == BM_JOB_SEND) {
        size_t n = a.octets.n < 7 ? a.octets.n : 7;

        CHECK(n != 0 && sent_n + n < sizeof sent);
        memcpy(sent + sent_n, a.octets.p, n);
        sent_n += n;
        job.calls->sent(job.self, n);
    }
    CHECK(a.want == BM_JOB_RECEIVE);
    sent[sent_n] = '\0';
}

static void receive(const char *text)
{
    job.calls->received(
        job.self, (struct bm_bytes){ (const uint8_t *)text, strlen(text) });
}

static const struct bm_exchange_request get = { .method = "GET",
                                                .path = BM_LIT_INIT("/a?b") };

static void a_request_says_what_it_is_given(void)
{
    static const struct {
        struct bm_exchange_request request;
        const char *want;
    } rows[] = {
        { { .method = "GET", .path = BM_LIT_INIT("/a?b") },
          "GET /a?b HTTP/1.1\r\nHost: cloud.example:8443\r\n\r\n" },
        { { .method = "POST",
            .path = BM_LIT_INIT("/r"),
            .type = "application/json",
            .body = BM_LIT_INIT("{\"t\":21.5}") },
          "POST /r HTTP/1.1\r\nHost: cloud.example:8443\r\n"
          "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n"
          "{\"t\":21.5}" },
        { { .method = "POST", .path = BM_LIT_INIT("/r"), .type = "text/plain" },
          "POST /r HTTP/1.1\r\nHost: cloud.example:8443\r\n"
          "Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n" },
        { { .method = "GET",
            .path = BM_LIT_INIT("/m"),
            .unless = BM_LIT_INIT("\"7\""),
            .lines = "Accept: */*\r\n" },
          "GET /m HTTP/1.1\r\nHost: cloud.example:8443\r\n"
          "If-None-Match: \"7\"\r\nAccept: */*\r\n\r\n" },
        { { .method = "GET",
            .path = BM_LIT_INIT("/m"),
            .from = 4294967295u,
            .same = BM_LIT_INIT("\"x\"") },
          "GET /m HTTP/1.1\r\nHost: cloud.example:8443\r\n"
          "Range: bytes=4294967295-\r\nIf-Range: \"x\"\r\n\r\n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(&rows[i].request);
        send_all();
        CHECK_BYTES((const uint8_t *)sent, sent_n,
                    (const uint8_t *)rows[i].want, strlen(rows[i].want));
    }
}

static void an_answer_is_handed_on_and_the_connection_closed(void)
{
    begin(&get);
    send_all();
    receive("HTTP/1.1 103 Early\r\nETag: \"early\"\r\n\r\n"
            "HTTP/1.1 206 Part\r\nETag: \"abc\"\r\n");
    CHECK_STATUS(bm_exchange_over(&x), BM_E_TLS_AGAIN);
    receive("Content-Range: bytes 5-7/8\r\nContent-Length: 3\r\n\r\nxyz");
    CHECK_STATUS(bm_exchange_over(&x), BM_OK);
    CHECK(got.heads == 1 && got.status == 206 && got.n == 3);
    CHECK_BYTES(x.etag, x.etag_n, "\"abc\"", 5);
    CHECK(x.range.there && x.range.first == 5 && x.range.last == 7 &&
          x.range.total == 8);
    CHECK(ask(11).want == BM_JOB_CLOSE);
    CHECK(ask(11).want == BM_JOB_DONE);
    CHECK(ask(11).want == BM_JOB_DONE);
}

static void a_range_is_read_or_is_none(void)
{
    static const struct {
        const char *value;
        bool there;
    } rows[] = {
        { "bytes 0-0/1", true },      { "bytes 0-99/100", true },
        { "bytes 0-100/100", false }, { "bytes 5-4/100", false },
        { "bytes 0-9/*", false },     { "bytes */100", false },
        { "items 0-9/10", false },    { "bytes=0-9/10", false },
        { "bytes 0-9/10 ", true },    { "bytes  0-9/10", false },
        { "bytes 0-9", false },       { "bytes", false },
        { "bytes -9/10", false },     { "bytes 0-/10", false },
        { "bytes 0-9/", false },      { "bytes 0-9/99999999999", false },
        { "bytes 0x0-9/10", false },
    };
    char head[200];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(&get);
        send_all();
        (void)snprintf(head, sizeof head,
                       "HTTP/1.1 206 P\r\nContent-Range: %s\r\n"
                       "Content-Length: 0\r\n\r\n",
                       rows[i].value);
        receive(head);
        CHECK_STATUS(bm_exchange_over(&x), BM_OK);
        if (x.range.there != rows[i].there) {
            printf("# %s\n", rows[i].value);
        }
        CHECK(x.range.there == rows[i].there);
    }
}

static void two_ranges_that_differ_are_none(void)
{
    begin(&get);
    send_all();
    receive("HTTP/1.1 206 P\r\nContent-Range: bytes 0-4/10\r\n"
            "Content-Range: bytes 5-9/10\r\nContent-Length: 0\r\n\r\n");
    CHECK(!x.range.there);
    begin(&get);
    send_all();
    receive("HTTP/1.1 206 P\r\nContent-Range: bytes 0-4/10\r\n"
            "Content-Range: bytes 0-4/10\r\nContent-Length: 0\r\n\r\n");
    CHECK(x.range.there);
}

static void what_the_sink_says_ends_it(void)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz";

    for (int i = 0; i < 2; i++) {
        begin(&get);
        send_all();
        got.at_head = i == 0 ? BM_E_DELIVER_SIZE : BM_OK;
        got.at_body = BM_E_DELIVER_SIZE;
        receive(answer);
        CHECK_STATUS(bm_exchange_over(&x), BM_E_DELIVER_SIZE);
        CHECK(got.n == (i == 0 ? 0u : 3u));
        CHECK(ask(11).want == BM_JOB_CLOSE);
        CHECK(ask(11).want == BM_JOB_STOPPED);
        CHECK_STATUS(ask(11).status, BM_E_DELIVER_SIZE);
    }
}

static void the_connection_is_used_on_where_that_is_allowed(void)
{
    static const struct {
        const char *answer;
        bool again;
    } rows[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true },
        { "HTTP/1.1 204 No\r\n\r\n", true },
        { "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
          false },
        { "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false },
        { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(&get);
        send_all();
        receive(rows[i].answer);
        CHECK_STATUS(bm_exchange_over(&x), BM_OK);
        CHECK_STATUS(bm_exchange_start(&x, &get, NULL, 11), BM_OK);
        if (!rows[i].again) {
            CHECK(ask(11).want == BM_JOB_CLOSE);
            CHECK(ask(11).want == BM_JOB_CONNECT);
            job.calls->connected(job.self, (struct bm_bytes){ NULL, 0 }, true);
            CHECK(x.expired);
        }
        CHECK(ask(11).want == BM_JOB_SEND);
    }
}

static void every_cut_is_told(void)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz";

    for (size_t n = 0; n < sizeof answer - 1; n++) {
        begin(&get);
        send_all();
        if (n != 0) {
            job.calls->received(
                job.self, (struct bm_bytes){ (const uint8_t *)answer, n });
        }
        job.calls->failed(job.self, BM_E_TLS_CLOSED);
        CHECK(bm_exchange_over(&x) != BM_OK);
        CHECK(bm_exchange_over(&x) != BM_E_TLS_AGAIN);
        CHECK(ask(11).want == BM_JOB_STOPPED);
    }
    /* Without a length the orderly end is the end of the body, no other is. */
    for (int i = 0; i < 2; i++) {
        bm_status why = i == 0 ? BM_E_TLS_CLOSED : BM_E_TLS_TRUNCATED;

        begin(&get);
        send_all();
        receive("HTTP/1.1 200 OK\r\n\r\nxyz");
        job.calls->failed(job.self, why);
        CHECK_STATUS(bm_exchange_over(&x), i == 0 ? BM_OK : why);
    }
}

static void patience_ends_and_begins_anew_with_what_comes(void)
{
    static char piece[512];
    uint32_t now = 10;
    struct bm_job_ask a;

    begin(&get);
    CHECK(ask(10).want == BM_JOB_CONNECT);
    CHECK(ask(10 + BM_EXCHANGE_PATIENCE - 1).want == BM_JOB_CONNECT);
    CHECK(ask(10 + BM_EXCHANGE_PATIENCE).want == BM_JOB_CLOSE);
    CHECK_STATUS(bm_exchange_over(&x), BM_E_DELIVER_TIMEOUT);

    /* A body that is slow, but comes: for as long as it takes. */
    begin(&get);
    send_all();
    memset(piece, 'x', sizeof piece);
    receive("HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n");
    for (int i = 0; i < 60; i++) {
        got.n = 0;
        x.sink = NULL;
        job.calls->received(job.self,
                            (struct bm_bytes){ (uint8_t *)piece, 512 });
        now += 14;
        a = ask(now);
        CHECK(a.want == BM_JOB_RECEIVE && a.seconds <= BM_EXCHANGE_PATIENCE);
    }
    /* One that drips is left. */
    for (int i = 0; i < 20 && ask(now).want == BM_JOB_RECEIVE; i++) {
        receive("x");
        now += 14;
    }
    CHECK_STATUS(bm_exchange_over(&x), BM_E_DELIVER_TIMEOUT);
}

static void a_request_that_does_not_fit_is_said(void)
{
    begin(&get);
    config.room_n = 40;
    bm_exchange_init(&x, &config);
    CHECK_STATUS(bm_exchange_start(&x, &get, NULL, 0), BM_E_BUFFER);
    CHECK(ask(0).want == BM_JOB_STOPPED);
    config.room_n = sizeof room;
    CHECK_STATUS(bm_exchange_start(&x, &get, NULL, 0), BM_OK);
    CHECK_STATUS(bm_exchange_start(&x, &get, NULL, 0), BM_E_ARGUMENT);
}

/* Its head would not say that there is a body, and a server would take that
 * for the next request. */
static void a_request_that_says_too_little_is_refused(void)
{
    static const struct {
        struct bm_exchange_request request;
        bm_status want;
    } rows[] = {
        { { .path = BM_LIT_INIT("/r") }, BM_E_ARGUMENT },
        { { .method = "GET" }, BM_E_ARGUMENT },
        { { .method = "POST",
            .path = BM_LIT_INIT("/r"),
            .body = BM_LIT_INIT("x") },
          BM_E_ARGUMENT },
        { { .method = "POST", .path = BM_LIT_INIT("/r") }, BM_OK },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bm_exchange_init(&x, &config);
        CHECK_STATUS(bm_exchange_start(&x, &rows[i].request, NULL, 0),
                     rows[i].want);
    }
}

static void a_configuration_that_is_incomplete_is_refused(void)
{
    for (unsigned i = 0; i < 4; i++) {
        begin(&get);
        config.room = i == 0 ? NULL : room;
        config.host = i == 1 ? NULL : "cloud.example";
        config.trust = i == 2 ? NULL : &trust;
        bm_exchange_init(&x, &config);
        CHECK_STATUS(bm_exchange_start(&x, &get, NULL, 0),
                     i == 3 ? BM_OK : BM_E_ARGUMENT);
    }
}

static void what_an_answer_means_has_a_status(void)
{
    static const struct {
        unsigned http;
        bm_status want;
    } rows[] = {
        { 200, BM_E_DELIVER_ANSWER },    { 302, BM_E_DELIVER_ANSWER },
        { 401, BM_E_DELIVER_FORBIDDEN }, { 403, BM_E_DELIVER_FORBIDDEN },
        { 404, BM_E_DELIVER_NONE },      { 410, BM_E_DELIVER_NONE },
        { 416, BM_E_DELIVER_ANSWER },    { 429, BM_E_DELIVER_SERVER },
        { 500, BM_E_DELIVER_SERVER },    { 503, BM_E_DELIVER_SERVER },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_STATUS(bm_exchange_status(rows[i].http), rows[i].want);
    }
}

int main(void)
{
    RUN(a_request_says_what_it_is_given);
    RUN(an_answer_is_handed_on_and_the_connection_closed);
    RUN(a_range_is_read_or_is_none);
    RUN(two_ranges_that_differ_are_none);
    RUN(what_the_sink_says_ends_it);
    RUN(the_connection_is_used_on_where_that_is_allowed);
    RUN(every_cut_is_told);
    RUN(patience_ends_and_begins_anew_with_what_comes);
    RUN(a_request_that_does_not_fit_is_said);
    RUN(a_request_that_says_too_little_is_refused);
    RUN(a_configuration_that_is_incomplete_is_refused);
    RUN(what_an_answer_means_has_a_status);
    return bm_test_done();
}
