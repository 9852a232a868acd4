/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memmem */
#include "daemon/http_parse.h"
#include "daemon/test/http_world.h"

/* ---- Tests */

static void a_request_is_answered_and_the_connection_kept(void)
{
    struct http_config config = defaults();
    char answer[2048];
    int fd;

    begin(&config);
    fd = dial();
    for (int i = 0; i < 3; i++) {
        PUT(fd, "GET /a/b?c=d&e HTTP/1.1\r\nHost: a\r\n\r\n");
        one(fd, answer);
        CHECK(status_of(answer) == 200);
        CHECK(ends_with(answer, "hello"));
        CHECK(strcmp(w.seen, "/a/b?c=d&e") == 0);
        CHECK(strstr(answer, "Content-Length: 5\r\n") != NULL);
        CHECK(strstr(answer, "Server: birthmark\r\n") != NULL);
        CHECK(strstr(answer, "\r\nDate: ") != NULL);
        CHECK(strstr(answer, "Connection") == NULL);
    }
    CHECK(value(METRICS_ACCEPTED) == 1 && value(METRICS_REQUESTS) == 3);
    CHECK(value(METRICS_CONNECTIONS) == 1);
    (void)close(fd);
    end();
}

/* Head and body of each request, as it may come; what it is taken for. */
static const struct {
    const char *request;
    int status;
    size_t body;
} requests[] = {
    { "GET / HTTP/1.0\r\n\r\n", 200, 0 },
    { "\r\n\r\nGET / HTTP/1.0\r\n\r\n", 200, 0 },
    { "HEAD / HTTP/1.0\r\n\r\n", 200, 0 },
    { "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", 200, 3 },
    { "GET http://h/p?q HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 200,
      0 },
    { "POST / HTTP/1.1\r\nHost: h\r\nConnection: a, Close\r\n"
      "Transfer-Encoding: Chunked\r\n\r\n"
      "3\r\nabc\r\n00A ;x=\"y\"\r\n0123456789\r\n0\r\nT: x\r\n\r\n",
      200, 13 },
    /* Who is it for, and where does it end? */
    { "GET / HTTP/1.1\r\n\r\n", 400, 0 },
    { "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400, 0 },
    { "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
      "Content-Length: 1\r\n\r\nx",
      400, 0 },
    { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400, 0 },
    { "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
      0 },
    { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n"
      "\r\n",
      501, 0 },
    { "POST / HTTP/1.0\r\nContent-Length: +3\r\n\r\nabc", 400, 0 },
    { "POST / HTTP/1.0\r\nContent-Length: 3, 3\r\n\r\nabc", 400, 0 },
    { "POST / HTTP/1.0\r\nContent-Length:\r\n\r\n", 400, 0 },
    { "POST / HTTP/1.0\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400,
      0 },
    { "POST / HTTP/1.0\r\nContent-Length : 3\r\n\r\nabc", 400, 0 },
    { "GET / HTTP/1.0\r\nA: b\r\n c\r\n\r\n", 400, 0 },
    { "GET / HTTP/1.0\nA: b\n\n", 400, 0 },
    { "GET / HTTP/1.0\r\nA: b\n\r\n", 400, 0 },
    { "GET / HTTP/1.0\r\nA: b\rc\r\n\r\n", 400, 0 },
    { "GET / HTTP/1.0\r\nA: b\x01\r\n\r\n", 400, 0 },
    { "GET / HTTP/1.0\r\nA\r\n\r\n", 400, 0 },
    { "GET / HTTP/1.0\r\n: b\r\n\r\n", 400, 0 },
    /* Request lines. */
    { "GET /\r\n\r\n", 400, 0 },
    { "GET  / HTTP/1.0\r\n\r\n", 400, 0 },
    { "GET / HTTP/1.0 \r\n\r\n", 400, 0 },
    { "GET / http/1.0\r\n\r\n", 400, 0 },
    { "GET / HTTP/1.10\r\n\r\n", 400, 0 },
    { "GET / HTTP/2.0\r\n\r\n", 505, 0 },
    { "GET x HTTP/1.0\r\n\r\n", 400, 0 },
    { "GET /#x HTTP/1.0\r\n\r\n", 400, 0 },
    { "GET /\x80 HTTP/1.0\r\n\r\n", 400, 0 },
    { "OPTIONS * HTTP/1.0\r\n\r\n", 501, 0 },
    { "CONNECT a:1 HTTP/1.0\r\n\r\n", 501, 0 },
    { "get / HTTP/1.0\r\n\r\n", 501, 0 },
    { "G(T / HTTP/1.0\r\n\r\n", 400, 0 },
    /* Chunks. */
    { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "\r\n",
      400, 0 },
    { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\nabc\n0\n\n",
      400, 0 },
    { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabcd\r\n0\r\n\r\n",
      400, 0 },
    { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0x3\r\nabc\r\n0\r\n\r\n",
      400, 0 },
    { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "-1\r\n\r\n",
      400, 0 },
    { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "fffffffffffffffff\r\n",
      413, 0 },
    { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "ffff\r\n",
      413, 0 },
    /* More than we take. */
    { "POST / HTTP/1.0\r\nContent-Length: 10001\r\n\r\n", 413, 0 },
    { "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
      "Content-Length: 10001\r\n\r\n",
      413, 0 },
    { "POST / HTTP/1.1\r\nHost: a\r\nExpect: a pony\r\n\r\n", 417, 0 },
};

/* RFC 9112 3.2: without Host; RFC 9112 5.1: blanks before a colon. */
static void requests_get_the_answer_that_they_deserve(void)
{
    struct http_config config = defaults();
    char answer[2048];

    begin(&config);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        int fd = dial();
        unsigned calls = w.calls;

        put(fd, requests[i].request, strlen(requests[i].request));
        (void)drain(fd, answer, sizeof(answer));
        if (status_of(answer) != requests[i].status ||
            (requests[i].status == 200 && w.body_n != requests[i].body)) {
            printf("# case %zu: %s\n# got: %s\n", i, requests[i].request,
                   answer);
            CHECK(!"as the table says");
        }
        /* What is refused has not been served. */
        CHECK(w.calls == calls + (requests[i].status == 200));
        CHECK(strstr(answer, "Connection: close\r\n") != NULL);
    }
    end();
}

static void heads_are_bounded_before_they_end(void)
{
    struct http_config config = defaults();
    char much[8192];
    char answer[2048];
    int fd;

    begin(&config);
    memset(much, 'a', sizeof(much));
    fd = dial();
    PUT(fd, "GET /");
    put(fd, much, sizeof(much));
    (void)drain(fd, answer, sizeof(answer));
    CHECK(status_of(answer) == 414);
    fd = dial();
    PUT(fd, "GET / HTTP/1.0\r\nA: ");
    put(fd, much, sizeof(much));
    (void)drain(fd, answer, sizeof(answer));
    CHECK(status_of(answer) == 431);
    fd = dial();
    PUT(fd, "GET / HTTP/1.0\r\n");
    for (int i = 0; i < HTTP_FIELDS_MAX + 1; i++) {
        PUT(fd, "A: b\r\n");
    }
    PUT(fd, "\r\n");
    (void)drain(fd, answer, sizeof(answer));
    CHECK(status_of(answer) == 431);
    CHECK(w.calls == 0);
    end();
}

static void octets_may_come_one_by_one(void)
{
    static const char request[] =
        "POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nabcde\r\n1\r\nz\r\n0\r\n\r\n";
    struct http_config config = defaults();
    char answer[2048];
    int fd;

    begin(&config);
    fd = dial();
    for (size_t i = 0; i + 1 < sizeof(request); i++) {
        CHECK(w.calls == 0);
        put(fd, request + i, 1);
    }
    one(fd, answer);
    CHECK(status_of(answer) == 200);
    CHECK(w.body_n == 6 && w.last == 'z');
    (void)close(fd);
    end();
}

static void bodies_may_be_awaited_with_continue(void)
{
    struct http_config config = defaults();
    char answer[2048];
    size_t n = 0;
    int fd;

    begin(&config);
    fd = dial();
    PUT(fd, "POST /c HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
            "Content-Length: 4\r\n\r\n");
    CHECK(get(fd, answer, sizeof(answer), &n));
    CHECK_BYTES(answer, n, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    PUT(fd, "abcd");
    one(fd, answer);
    CHECK(status_of(answer) == 200 && w.body_n == 4);
    (void)close(fd);
    end();
}

static void requests_may_come_before_the_answers(void)
{
    static const char request[] = "GET /p HTTP/1.1\r\nHost: a\r\n\r\n";
    struct http_config config = defaults();
    static char answers[100000];
    size_t found = 0;
    int fd;

    begin(&config);
    fd = dial();
    for (int i = 0; i < 300; i++) {
        put(fd, request, sizeof(request) - 1);
    }
    PUT(fd, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
            "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    wait_for_held();
    CHECK(w.calls == 301);
    say(w.held, "late");
    (void)drain(fd, answers, sizeof(answers));
    CHECK(w.calls == 302);
    for (const char *p = answers; (p = strstr(p, "200 OK")) != NULL; p++) {
        found++;
    }
    CHECK(found == 302);
    CHECK(strstr(answers, "late") != NULL);
    end();
}

static void an_answer_may_come_after_the_client_has_left(void)
{
    struct http_config config = defaults();
    int fd;

    begin(&config);
    fd = dial();
    PUT(fd, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for_held();
    (void)close(fd);
    for (int i = 0; i < 10; i++) {
        turn();
    }
    say(w.held, "to nobody");
    honest_is_served();
    CHECK(value(METRICS_CONNECTIONS) <= 1);
    /* And after the server itself is gone. */
    w.held = NULL;
    fd = dial();
    PUT(fd, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for_held();
    http_free(w.server);
    w.server = NULL;
    CHECK(strcmp(http_path(w.held), "/later") == 0);
    say(w.held, "to nobody");
    (void)close(fd);
    end();
}

static void long_answers_and_files_arrive_whole(void)
{
    static char answer[MUCH + 1000];
    struct http_config config = defaults();
    size_t n;

    begin(&config);
    for (int i = 0; i < 2; i++) {
        int fd = dial();
        const char *body;
        size_t want = i == 0 ? MUCH : 300 * 4096;

        if (i == 0) {
            PUT(fd, "GET /much HTTP/1.0\r\n\r\n");
        } else {
            PUT(fd, "GET /file HTTP/1.0\r\n\r\n");
        }
        n = drain(fd, answer, sizeof(answer));
        body = memmem(answer, n, "\r\n\r\n", 4);
        CHECK(body != NULL && (size_t)(answer + n - body) == want + 4);
        CHECK(answer[n - 1] == (i == 0 ? 'm' : 'f'));
    }
    end();
}

static void a_head_has_the_length_and_no_body(void)
{
    struct http_config config = defaults();
    char answer[2048];
    int fd;

    begin(&config);
    fd = dial();
    PUT(fd, "HEAD /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    (void)drain(fd, answer, sizeof(answer));
    CHECK(strstr(answer, "Content-Length: 1228800\r\n") != NULL);
    CHECK(ends_with(answer, "\r\n\r\n"));
    end();
}

static void who_is_slow_is_cut_off(void)
{
    static const struct {
        const char *first;
        int status; /* 0: closed without a word */
    } cases[] = {
        { "", 0 },
        { "G", 408 },
        { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab", 408 },
        { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200 },     /* and is idle then */
        { "GET /much HTTP/1.1\r\nHost: a\r\n\r\n", 200 }, /* does not read */
    };
    struct http_config config = defaults();
    static char answer[MUCH + 1000];
    int fds[sizeof(cases) / sizeof(cases[0])];

    config.idle = 1;
    config.request = 1;
    begin(&config);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fds[i] = dial();
        put(fds[i], cases[i].first, strlen(cases[i].first));
    }
    /* An answer of this size has minutes to be taken; so it is not awaited. */
    for (int i = 0; i < WAIT_MS && value(METRICS_CONNECTIONS) > 1; i++) {
        turn();
        (void)poll(NULL, 0, 1);
    }
    CHECK(value(METRICS_CONNECTIONS) == 1);
    CHECK(value(METRICS_TIMEOUTS) == 2);
    for (size_t i = 0; i + 1 < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t n = drain(fds[i], answer, sizeof(answer));

        CHECK(status_of(answer) == cases[i].status);
        CHECK((n == 0) == (cases[i].status == 0));
    }
    (void)close(fds[sizeof(cases) / sizeof(cases[0]) - 1]);
    end();
}

static void full_house_gives_way_to_who_comes(void)
{
    struct http_config config = defaults();
    int fds[8];
    int known;
    char answer[2048];

    config.connections_max = 8;
    begin(&config);
    known = dial();
    PUT(known, "GET /trust HTTP/1.1\r\nHost: a\r\n\r\n");
    one(known, answer);
    for (int i = 0; i < 8; i++) {
        fds[i] = dial();
    }
    CHECK(value(METRICS_CONNECTIONS) == 8);
    honest_is_served();
    /* The client that is known is still there. */
    PUT(known, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    one(known, answer);
    CHECK(status_of(answer) == 200);
    CHECK(value(METRICS_TURNED_AWAY) >= 1);
    for (int i = 0; i < 8; i++) {
        (void)close(fds[i]);
    }
    (void)close(known);
    end();
}

static void one_address_cannot_take_all(void)
{
    struct http_config config = defaults();
    int fds[20];
    char answer[2048];
    int fd;

    config.per_address_max = 5;
    begin(&config);
    for (int i = 0; i < 20; i++) {
        fds[i] = dial_from("127.0.0.2");
        PUT(fds[i], "GET ");
    }
    CHECK(value(METRICS_CONNECTIONS) == 5);
    CHECK(value(METRICS_TURNED_AWAY) == 15);
    honest_is_served();
    for (int i = 0; i < 20; i++) {
        (void)close(fds[i]);
    }
    for (int i = 0; i < WAIT_MS && value(METRICS_CONNECTIONS) != 0; i++) {
        turn();
        (void)poll(NULL, 0, 1);
    }
    fd = dial_from("127.0.0.2");
    PUT(fd, "GET / HTTP/1.0\r\n\r\n");
    (void)drain(fd, answer, sizeof(answer));
    CHECK(status_of(answer) == 200);
    end();
}

static unsigned served_of(int n, const char *request, const char *source)
{
    char answer[2048];
    unsigned served = 0;

    for (int i = 0; i < n; i++) {
        int fd = dial_from(source);

        put(fd, request, strlen(request));
        (void)drain(fd, answer, sizeof(answer));
        served += status_of(answer) == 200;
    }
    return served;
}

static void strangers_come_at_a_rate_and_clients_do_not(void)
{
    struct http_config config = defaults();

    config.accept_rate = 1; /* and ten at once */
    begin(&config);
    CHECK(served_of(60, "GET /trust HTTP/1.0\r\n\r\n", "127.0.0.2") == 60);
    CHECK(served_of(60, "GET /x HTTP/1.0\r\n\r\n", "127.0.0.2") < 60);
    CHECK(served_of(1, "GET /x HTTP/1.0\r\n\r\n", "127.0.0.3") == 1);
    end();
}

static void who_fails_often_is_turned_away(void)
{
    struct http_config config = defaults();

    config.blame_rate = 1;
    begin(&config);
    CHECK(served_of(60, "GET /blame HTTP/1.0\r\n\r\n", "127.0.0.2") < 60);
    CHECK(served_of(1, "GET /x HTTP/1.0\r\n\r\n", "127.0.0.3") == 1);
    end();
}

/* Nobody reads: what the server holds of their answers is bounded. */
static void answers_that_nobody_takes_are_bounded(void)
{
    struct http_config config = defaults();
    int fds[20];

    begin(&config);
    for (int i = 0; i < 20; i++) {
        fds[i] = dial();
        PUT(fds[i], "GET /much HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    CHECK(value(METRICS_CONNECTIONS) < 20);
    honest_is_served();
    for (int i = 0; i < 20; i++) {
        (void)close(fds[i]);
    }
    end();
}

static void stopped(void *arg)
{
    (void)arg;
    w.done = true;
}

static void a_stop_answers_what_was_accepted(void)
{
    struct http_config config = defaults();
    char answer[2048];
    int idle;
    int late;
    int half;

    begin(&config);
    idle = dial();
    PUT(idle, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    one(idle, answer);
    late = dial();
    PUT(late, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for_held();
    half = dial();
    PUT(half, "GET /half HTTP/1.1\r\nHo");
    http_stop(w.server, stopped, NULL);
    CHECK(drain(idle, answer, sizeof(answer)) == 0);
    PUT(half, "st: a\r\n\r\n");
    (void)drain(half, answer, sizeof(answer));
    CHECK(status_of(answer) == 200);
    CHECK(strstr(answer, "Connection: close\r\n") != NULL);
    CHECK(!w.done);
    say(w.held, "at last");
    (void)drain(late, answer, sizeof(answer));
    CHECK(ends_with(answer, "at last"));
    for (int i = 0; i < WAIT_MS && !w.done; i++) {
        turn();
        (void)poll(NULL, 0, 1);
    }
    CHECK(w.done);
    end();
}

int main(void)
{
    RUN(a_request_is_answered_and_the_connection_kept);
    RUN(requests_get_the_answer_that_they_deserve);
    RUN(heads_are_bounded_before_they_end);
    RUN(octets_may_come_one_by_one);
    RUN(bodies_may_be_awaited_with_continue);
    RUN(requests_may_come_before_the_answers);
    RUN(an_answer_may_come_after_the_client_has_left);
    RUN(long_answers_and_files_arrive_whole);
    RUN(a_head_has_the_length_and_no_body);
    RUN(who_is_slow_is_cut_off);
    RUN(full_house_gives_way_to_who_comes);
    RUN(one_address_cannot_take_all);
    RUN(strangers_come_at_a_rate_and_clients_do_not);
    RUN(who_fails_often_is_turned_away);
    RUN(answers_that_nobody_takes_are_bounded);
    RUN(a_stop_answers_what_was_accepted);
    return bm_test_done();
}
