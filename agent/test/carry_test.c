/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/carry.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/bm_test.h"

/* ---- A session that takes and gives a few octets at a time */

#define MUCH 50000

struct bm_tls_session {
    struct net net;
    int far;     /* of the connection; one octet waits in it always */
    size_t step; /* octets at a time */
    bool again;  /* every second call */
    bool turn_up;
    bool turn_down;
    size_t speaks_at; /* octets that it wants to have heard before */
    size_t ends_at;   /* and before it ends */
    bm_status end;
    uint8_t heard[MUCH];
    size_t heard_n;
    const uint8_t *says;
    size_t says_n;
};

static bm_status tls_write(struct bm_tls_session *s, struct bm_bytes octets,
                           size_t *n)
{
    s->turn_up = !s->turn_up;
    s->net.full = s->again && s->turn_up;
    if (s->net.full) {
        return BM_E_TLS_AGAIN;
    }
    *n = octets.n < s->step ? octets.n : s->step;
    CHECK(s->heard_n + *n <= sizeof s->heard);
    memcpy(s->heard + s->heard_n, octets.p, *n);
    s->heard_n += *n;
    return BM_OK;
}

static bm_status tls_read(struct bm_tls_session *s, uint8_t *to, size_t cap,
                          size_t *n)
{
    s->turn_down = !s->turn_down;
    if ((s->again && s->turn_down) || s->heard_n < s->speaks_at) {
        return BM_E_TLS_AGAIN;
    }
    if (s->says_n == 0) {
        return s->heard_n < s->ends_at ? BM_E_TLS_AGAIN : s->end;
    }
    *n = s->says_n < s->step ? s->says_n : s->step;
    *n = *n < cap ? *n : cap;
    memcpy(to, s->says, *n);
    s->says += *n;
    s->says_n -= *n;
    return BM_OK;
}

static const struct bm_tls tls = { .write = tls_write, .read = tls_read };

/* ---- The two ends */

static struct carry carry;
static struct bm_tls_session session;
static uint8_t sample[MUCH];
static FILE *out;

static void begin(size_t step, bool again)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 ||
        write(ends[1], "x", 1) != 1) {
        exit(1);
    }
    for (size_t i = 0; i < sizeof sample; i++) {
        sample[i] = (uint8_t)(i * 7 + i / 251);
    }
    session = (struct bm_tls_session){
        .far = ends[1], .step = step, .again = again, .end = BM_E_TLS_CLOSED
    };
    session.net.fd = ends[0];
    carry =
        (struct carry){ .tls = &tls, .session = &session, .net = &session.net };
}

/* What is read first: a file, whose end is there from the beginning. */
static void give(const void *octets, size_t n)
{
    FILE *in = tmpfile();

    out = tmpfile();
    if (in == NULL || out == NULL) {
        exit(1);
    }
    CHECK(fwrite(octets, 1, n, in) == n && fflush(in) == 0);
    rewind(in);
    carry.in = dup(fileno(in));
    carry.out = fileno(out);
    (void)fclose(in);
}

static void finish(void)
{
    (void)close(session.net.fd);
    (void)close(session.far);
    (void)close(carry.in);
    if (out != NULL) {
        (void)fclose(out);
    }
    out = NULL;
}

static bool came_out(const uint8_t *octets, size_t n)
{
    static uint8_t got[MUCH + 1];

    rewind(out);
    return fread(got, 1, sizeof got, out) == n && memcmp(got, octets, n) == 0;
}

/* ---- */

static void all_goes_both_ways_however_little_moves_at_a_time(void)
{
    static const struct {
        size_t step;
        bool again;
    } rows[] = { { MUCH, false }, { MUCH, true }, { 977, true }, { 3, false } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(rows[i].step, rows[i].again);
        give(sample, sizeof sample);
        session.says = sample;
        session.says_n = sizeof sample;
        session.ends_at = sizeof sample;
        CHECK_STATUS(carry_all(&carry), BM_OK);
        CHECK(session.heard_n == sizeof sample &&
              memcmp(session.heard, sample, sizeof sample) == 0);
        CHECK(came_out(sample, sizeof sample));
        finish();
    }
}

static void an_answer_comes_after_the_end_of_the_input(void)
{
    begin(100, true);
    give("ask", 3);
    session.speaks_at = 3;
    session.says = (const uint8_t *)"answer";
    session.says_n = 6;
    CHECK_STATUS(carry_all(&carry), BM_OK);
    CHECK(session.heard_n == 3 && came_out((const uint8_t *)"answer", 6));
    finish();
}

/* What the server ended is over, though more could be sent. */
static void the_end_is_the_servers(void)
{
    int ends[2];

    begin(100, false);
    give("", 0);
    CHECK(pipe(ends) == 0); /* nothing comes, and no end either */
    (void)close(carry.in);
    carry.in = ends[0];
    session.says = (const uint8_t *)"bye";
    session.says_n = 3;
    CHECK_STATUS(carry_all(&carry), BM_OK);
    CHECK(came_out((const uint8_t *)"bye", 3));
    (void)close(ends[1]);
    finish();
}

static void where_nobody_reads_all_is_sent_and_then_it_is_over(void)
{
    int ends[2];

    begin(100, true);
    give(sample, 5000);
    CHECK(pipe(ends) == 0);
    (void)close(ends[0]);
    carry.out = ends[1];
    session.says = sample;
    session.says_n = 1000;
    session.ends_at = SIZE_MAX; /* it never ends */
    CHECK_STATUS(carry_all(&carry), BM_OK);
    CHECK(session.heard_n == 5000);
    (void)close(ends[1]);
    finish();
}

static void a_session_that_breaks_is_told(void)
{
    begin(100, false);
    give("ask", 3);
    session.ends_at = 3;
    session.end = BM_E_TLS_TRUNCATED;
    CHECK_STATUS(carry_all(&carry), BM_E_TLS_TRUNCATED);
    finish();
}

static void an_input_that_cannot_be_read_is_told(void)
{
    begin(100, false);
    give("", 0);
    (void)close(carry.in);
    carry.in = open("/", O_RDONLY | O_DIRECTORY);
    session.ends_at = 1;
    CHECK_STATUS(carry_all(&carry), BM_E_IO);
    finish();
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    RUN(all_goes_both_ways_however_little_moves_at_a_time);
    RUN(an_answer_comes_after_the_end_of_the_input);
    RUN(the_end_is_the_servers);
    RUN(where_nobody_reads_all_is_sent_and_then_it_is_over);
    RUN(a_session_that_breaks_is_told);
    RUN(an_input_that_cannot_be_read_is_told);
    return bm_test_done();
}
