/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/test/devices_world.h"

/* ---- The issuer comes and goes */

static void before_the_issuer_is_there_clients_are_told_to_come_again(void)
{
    const struct answer *a;

    open_house(false);
    a = get("/.well-known/est/cacerts");
    CHECK(a->status == 503 && has_header(a, "Retry-After: 2"));
    CHECK(get("/healthz")->status == 503);
    close_house();
}

static void requests_outlive_the_issuer(void)
{
    struct wire_enrolled answer = granted();
    uint8_t first[4096];
    struct link_frame frame;
    size_t n;
    int fd;

    open_house(true);
    fd = post("simpleenroll", PKCS10 BASIC, plain_csr());
    frame = issuer_get(WIRE_ENROL);
    n = frame.body.n;
    memcpy(first, frame.body.p, n);
    issuer_die();
    CHECK(get("/healthz")->status == 503);
    CHECK(get("/.well-known/est/cacerts")->status == 200);
    issuer_start(true);
    frame = issuer_get(WIRE_ENROL);
    CHECK_BYTES(frame.body.p, frame.body.n, first, n);
    issuer_answer(frame.tag, &answer);
    CHECK(client_get(fd)->status == 200);
    close_house();
}

static void a_request_that_came_without_an_issuer_waits_for_one(void)
{
    struct wire_enrolled answer = granted();
    time_t end = now() + DEADLINE;
    int fd;

    open_house(true);
    issuer_die();
    fd = post("simpleenroll", PKCS10 BASIC, plain_csr());
    while (w.devices->waiting == 0 && now() < end) {
        step();
    }
    issuer_start(true);
    issuer_answer(issuer_get(WIRE_ENROL).tag, &answer);
    CHECK(client_get(fd)->status == 200);
    close_house();
}

static void a_full_queue_says_when_to_come_again(void)
{
    struct wire_enrolled answer = granted();
    struct link_frame frame[QUEUE];
    const struct answer *a;
    int fd[QUEUE];

    open_house(true);
    for (size_t i = 0; i < QUEUE; i++) {
        fd[i] = post("simpleenroll", PKCS10 BASIC, plain_csr());
        frame[i] = issuer_get(WIRE_ENROL);
    }
    a = client_get(post("simpleenroll", PKCS10 BASIC, plain_csr()));
    CHECK(a->status == 503 && has_header(a, "Retry-After: 2"));
    /* Answers in whatever order find whom they are for. */
    for (size_t i = QUEUE; i-- > 0;) {
        issuer_answer(frame[i].tag, &answer);
        CHECK(client_get(fd[i])->status == 200);
    }
    CHECK(enrol("simpleenroll", &answer)->status == 200);
    close_house();
}

static void who_waits_too_long_is_told_so_and_a_late_answer_harms_nobody(void)
{
    struct wire_enrolled answer = granted();
    struct link_frame frame;
    const struct answer *a;
    int fd;

    open_house(true);
    fd = post("simpleenroll", PKCS10 BASIC, plain_csr());
    frame = issuer_get(WIRE_ENROL);
    devices_tick(w.devices, room_now() + DEVICES_PATIENCE + 1);
    a = client_get(fd);
    CHECK(a->status == 503 && has_header(a, "Retry-After: 2"));
    issuer_answer(frame.tag, &answer);
    CHECK(enrol("simpleenroll", &answer)->status == 200);
    CHECK(w.devices->issuer != NULL);
    close_house();
}

static void an_answer_that_is_malformed_ends_the_link_alone(void)
{
    struct wire_enrolled answer = granted();
    time_t end = now() + DEADLINE;
    struct link_frame frame;
    int fd;

    open_house(true);
    fd = post("simpleenroll", PKCS10 BASIC, plain_csr());
    frame = issuer_get(WIRE_ENROL);
    issuer_put(WIRE_ENROL, frame.tag, BM_LIT("nonsense"));
    while (w.devices->issuer != NULL && now() < end) {
        step();
    }
    CHECK(w.devices->issuer == NULL);
    close(w.issuer);
    issuer_start(true);
    issuer_answer(issuer_get(WIRE_ENROL).tag, &answer);
    CHECK(client_get(fd)->status == 200);
    close_house();
}

static void a_malformed_catalogue_changes_nothing(void)
{
    time_t end = now() + DEADLINE;

    open_house(true);
    issuer_put(WIRE_CATALOGUE, 0, BM_LIT("nonsense"));
    while (w.devices->issuer != NULL && now() < end) {
        step();
    }
    CHECK(get("/.well-known/est/cacerts")->status == 200);
    close_house();
}

static void who_shows_bad_tokens_again_and_again_is_kept_waiting(void)
{
    struct wire_enrolled no = { .http = 401, .words = BM_LIT("no\n") };
    struct bm_bytes csr = plain_csr();
    int status = 401;
    int tries = 0;
    int fd;

    open_house(true);
    fd = client_open();
    while (status == 401 && tries < 1000) {
        post_on(fd, "simpleenroll", PKCS10 BASIC, csr);
        issuer_answer(issuer_get(WIRE_ENROL).tag, &no);
        status = client_read(fd)->status;
        tries++;
    }
    CHECK(status == 429 && tries > 10);
    close(fd);
    close_house();
}

static void on_stopped(void *arg)
{
    *(bool *)arg = true;
}

/* What was accepted is answered, and the last word is "close". */
static void who_waits_is_answered_before_the_listener_stops(void)
{
    struct wire_enrolled answer = granted();
    time_t end = now() + DEADLINE;
    struct link_frame frame;
    const struct answer *a;
    bool stopped = false;
    int fd;

    open_house(true);
    fd = post("simpleenroll", PKCS10 BASIC, plain_csr());
    frame = issuer_get(WIRE_ENROL);
    http_stop(w.devices->http, on_stopped, &stopped);
    step();
    CHECK(!stopped);
    issuer_answer(frame.tag, &answer);
    a = client_get(fd);
    CHECK(a->status == 200 && has_header(a, "Connection: close"));
    while (!stopped && now() < end) {
        step();
    }
    CHECK(stopped);
    close_house();
}

/* A client that went away while it waited. */
static void who_is_gone_gets_nothing_and_holds_up_nobody(void)
{
    struct wire_enrolled answer = granted();
    struct link_frame frame;

    open_house(true);
    close(post("simpleenroll", PKCS10 BASIC, plain_csr()));
    frame = issuer_get(WIRE_ENROL);
    for (int i = 0; i < 20; i++) {
        step();
    }
    issuer_answer(frame.tag, &answer);
    CHECK(enrol("simpleenroll", &answer)->status == 200);
    CHECK(w.devices->waiting == 0);
    close_house();
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    RUN(before_the_issuer_is_there_clients_are_told_to_come_again);
    RUN(requests_outlive_the_issuer);
    RUN(a_request_that_came_without_an_issuer_waits_for_one);
    RUN(a_full_queue_says_when_to_come_again);
    RUN(who_waits_too_long_is_told_so_and_a_late_answer_harms_nobody);
    RUN(an_answer_that_is_malformed_ends_the_link_alone);
    RUN(a_malformed_catalogue_changes_nothing);
    RUN(who_shows_bad_tokens_again_and_again_is_kept_waiting);
    RUN(who_waits_is_answered_before_the_listener_stops);
    RUN(who_is_gone_gets_nothing_and_holds_up_nobody);
    return bm_test_done();
}
