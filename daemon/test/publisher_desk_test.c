/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/publisher_desk.h"

#include <stdlib.h>

#include "core/base64.h"
#include "protocols/status/request.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

#define NOW      INT64_C(2000000000)
#define LIFETIME 3600
#define OURS     0x11 /* octets of the issuer's hashes */
#define FOREIGN  0x22

/* The world around a desk: who asked, what was asked for and answered. */
#define ASKED_MAX    1024
#define ANSWERED_MAX 4096
static struct {
    struct desk *desk;
    struct metrics_page metrics;
    int64_t now;
    uint64_t now_us;
    bool is_deaf; /* there is no status signer */
    size_t asked;
    struct {
        uint32_t tag;
        size_t n;
        uint8_t der[2048];
    } ask[ASKED_MAX];
    size_t answered;
    struct {
        uintptr_t ticket;
        enum desk_reply_kind kind;
        int64_t age;
        enum bm_ocsp_response_status status;
        enum bm_ocsp_cert_status cert;
        uint8_t serial;
        bool nonce;
        bool caching;
    } answer[ANSWERED_MAX];
} world;

static bool knows(void *arg, const struct bm_ocsp_certid *id)
{
    (void)arg;
    return id->name_hash.p[0] == OURS;
}

static bm_status ask(void *arg, uint32_t tag, struct bm_bytes request)
{
    (void)arg;
    if (world.is_deaf) {
        return BM_E_NOT_FOUND;
    }
    if (world.asked == ASKED_MAX || request.n > sizeof world.ask[0].der) {
        abort();
    }
    world.ask[world.asked].tag = tag;
    world.ask[world.asked].n = request.n;
    memcpy(world.ask[world.asked].der, request.p, request.n);
    world.asked++;
    return BM_OK;
}

static void answer(void *arg, void *ticket, const struct desk_reply *reply)
{
    struct bm_ocsp_response r;
    struct bm_ocsp_single single = { .status = BM_OCSP_NO_ANSWER };

    (void)arg;
    if (world.answered == ANSWERED_MAX) {
        abort();
    }
    CHECK_STATUS(bm_ocsp_response_parse(reply->response, NULL, &r), BM_OK);
    (void)bm_ocsp_single_next(&r.list, &single);
    world.answer[world.answered].ticket = (uintptr_t)ticket;
    world.answer[world.answered].kind = reply->kind;
    world.answer[world.answered].age = reply->age;
    world.answer[world.answered].status = r.status;
    world.answer[world.answered].cert = single.status;
    world.answer[world.answered].serial =
        single.status == BM_OCSP_NO_ANSWER ? 0 : single.id.serial.p[0];
    world.answer[world.answered].nonce = r.nonce.n != 0;
    world.answer[world.answered].caching = reply->caching != NULL;
    world.answered++;
}

static void open_world(struct budget_rate address, struct budget_rate all)
{
    struct desk_config config = { .crypto = bm_test_crypto(),
                                  .octets = 1 << 20,
                                  .budget = { address, all },
                                  .metrics = &world.metrics,
                                  .knows = knows,
                                  .ask = ask,
                                  .answer = answer };

    memset(&world, 0, sizeof world);
    world.now = NOW;
    world.now_us = 1;
    CHECK_STATUS(desk_new(&config, &world.desk), BM_OK);
    if (world.desk == NULL) {
        abort();
    }
}

/* Budgets that play no part. */
static void open_wide(void)
{
    open_world((struct budget_rate){ 1000, 1000 },
               (struct budget_rate){ 10000, 10000 });
}

static void pass(int64_t seconds)
{
    world.now += seconds;
    world.now_us += (uint64_t)seconds * 1000000;
}

/* ---- Messages */

/* CertID by SHA-1, whose hashes all consist of one octet. */
static void put_certid(struct bm_wr *w, uint8_t issuer, uint8_t serial)
{
    static const uint8_t alg[] = { 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
                                   0x03, 0x02, 0x1a, 0x05, 0x00 };
    uint8_t hash[20];
    size_t mark = bm_der_open(w, BM_DER_SEQUENCE);

    memset(hash, issuer, sizeof hash);
    bm_wr_put(w, BM_ARRAY(alg));
    bm_der_put(w, BM_DER_OCTET_STRING, BM_ARRAY(hash));
    bm_der_put(w, BM_DER_OCTET_STRING, BM_ARRAY(hash));
    bm_der_put(w, BM_DER_INTEGER, (struct bm_bytes){ &serial, 1 });
    bm_der_close(w, mark);
}

struct question {
    uint8_t issuer;
    uint8_t serial;
    size_t n;      /* CertIDs, with serial numbers that count up; 0: 1 */
    uint8_t nonce; /* 0: none */
};

static struct bm_bytes request_of(const struct question *q)
{
    static uint8_t der[4096];
    static const uint8_t oid[] = { 0x2b, 6, 1, 5, 5, 7, 48, 1, 2 };
    struct bm_wr w;
    size_t n = q->n == 0 ? 1 : q->n;
    size_t mark[3];

    bm_wr_init(&w, der, sizeof der);
    for (size_t i = 0; i < 3; i++) {
        mark[i] = bm_der_open(&w, BM_DER_SEQUENCE);
    }
    for (size_t i = 0; i < n; i++) {
        size_t one = bm_der_open(&w, BM_DER_SEQUENCE);

        put_certid(&w, q->issuer, (uint8_t)(q->serial + i));
        bm_der_close(&w, one);
    }
    bm_der_close(&w, mark[2]);
    if (q->nonce != 0) {
        uint8_t value[18] = { BM_DER_OCTET_STRING, 16 };
        size_t exts[3];

        memset(value + 2, q->nonce, 16);
        exts[0] = bm_der_open(&w, BM_DER_CONSTRUCTED(2));
        exts[1] = bm_der_open(&w, BM_DER_SEQUENCE);
        exts[2] = bm_der_open(&w, BM_DER_SEQUENCE);
        bm_der_put_oid(&w, BM_ARRAY(oid));
        bm_der_put(&w, BM_DER_OCTET_STRING, BM_ARRAY(value));
        bm_der_close(&w, exts[2]);
        bm_der_close(&w, exts[1]);
        bm_der_close(&w, exts[0]);
    }
    bm_der_close(&w, mark[1]);
    bm_der_close(&w, mark[0]);
    return bm_wr_bytes(&w);
}

static void post_from(const char *address, uintptr_t ticket, struct question q)
{
    struct desk_client client = { .ticket = (void *)ticket,
                                  .address = address,
                                  .how = CACHE_POST,
                                  .text = request_of(&q),
                                  .now = world.now,
                                  .now_us = world.now_us };

    desk_take(world.desk, &client);
}

static void post(uintptr_t ticket, struct question q)
{
    post_from("192.0.2.1", ticket, q);
}

static void get(uintptr_t ticket, struct question q)
{
    char path[4096] = "/";
    struct desk_client client = { .ticket = (void *)ticket,
                                  .address = "192.0.2.2",
                                  .how = CACHE_GET,
                                  .now = world.now,
                                  .now_us = world.now_us };
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)path + 1, sizeof path - 1);
    bm_base64_put(&w, request_of(&q), 0);
    client.text = (struct bm_bytes){ (uint8_t *)path, w.len + 1 };
    desk_take(world.desk, &client);
}

/* The status signer answers its request number `i`. */
static void sign(size_t i, enum bm_ocsp_cert_status status)
{
    struct bm_ocsp_request request;
    struct bm_ocsp_single singles[64];
    struct bm_ocsp_response_config config = { .produced_at = world.now,
                                              .singles = singles };
    static uint8_t der[16384];
    struct bm_ocsp_certid id;
    struct bm_wr w;

    CHECK_STATUS(bm_ocsp_request_parse(
                     (struct bm_bytes){ world.ask[i].der, world.ask[i].n },
                     NULL, &request),
                 BM_OK);
    while (bm_ocsp_request_next(&request.list, &id)) {
        singles[config.n++] = (struct bm_ocsp_single){
            .id = id,
            .status = status,
            .has_next_update = true,
            .revoked_at = status == BM_OCSP_REVOKED ? world.now - 5 : 0,
            .this_update = world.now,
            .next_update = world.now + LIFETIME
        };
    }
    config.nonce = request.nonce;
    bm_wr_init(&w, der, sizeof der);
    CHECK_STATUS(bm_ocsp_response_build(&config, bm_test_crypto(),
                                        bm_test_signer(BM_KEY_P256), &w),
                 BM_OK);
    desk_answered(world.desk, world.ask[i].tag, bm_wr_bytes(&w), world.now,
                  world.now_us);
}

static void check_answer(size_t i, uintptr_t ticket, enum desk_reply_kind kind,
                         enum bm_ocsp_cert_status cert)
{
    CHECK(i < world.answered);
    CHECK(world.answer[i].ticket == ticket);
    CHECK(world.answer[i].kind == kind);
    CHECK(world.answer[i].cert == cert);
    CHECK(world.answer[i].caching == (kind == DESK_KEPT));
}

static void check_error(size_t i, uintptr_t ticket,
                        enum bm_ocsp_response_status status)
{
    check_answer(i, ticket, DESK_ERROR, BM_OCSP_NO_ANSWER);
    CHECK(world.answer[i].status == status);
}

static void close_world(size_t waiting)
{
    CHECK(desk_waiting(world.desk) == waiting);
    desk_free(world.desk);
}

/* ---- Tests */

static void an_answer_is_asked_for_once_and_kept(void)
{
    open_wide();
    post(1, (struct question){ OURS, 7, 0, 0 });
    CHECK(world.asked == 1 && world.answered == 0);
    sign(0, BM_OCSP_GOOD);
    check_answer(0, 1, DESK_KEPT, BM_OCSP_GOOD);
    post(2, (struct question){ OURS, 7, 0, 0 });
    get(3, (struct question){ OURS, 7, 0, 0 });
    get(4, (struct question){ OURS, 7, 0, 0 });
    CHECK(world.asked == 1 && world.answered == 4);
    for (size_t i = 0; i < 4; i++) {
        check_answer(i, i + 1, DESK_KEPT, BM_OCSP_GOOD);
        CHECK(world.answer[i].age == DESK_KEEP && world.answer[i].serial == 7);
    }
    CHECK(metrics_get(&world.metrics, METRICS_OCSP_CACHED) == 3);
    post(5, (struct question){ OURS, 8, 0, 0 }); /* another one */
    CHECK(world.asked == 2);
    sign(1, BM_OCSP_REVOKED);
    check_answer(4, 5, DESK_KEPT, BM_OCSP_REVOKED);
    close_world(0);
}

static void many_who_wait_for_the_same_cause_one_request(void)
{
    open_wide();
    for (uintptr_t i = 1; i <= 100; i++) {
        (i % 2 == 0 ? post : get)(i, (struct question){ OURS, 7, 0, 0 });
    }
    CHECK(world.asked == 1 && world.answered == 0);
    CHECK(desk_waiting(world.desk) == 100);
    sign(0, BM_OCSP_GOOD);
    CHECK(world.answered == 100);
    for (size_t i = 0; i < 100; i++) {
        CHECK(world.answer[i].kind == DESK_KEPT);
    }
    sign(0, BM_OCSP_GOOD); /* again: nobody waits any more */
    CHECK(world.answered == 100);
    close_world(0);
}

static void a_revocation_is_seen_within_the_bound(void)
{
    open_wide();
    post(1, (struct question){ OURS, 7, 0, 0 });
    sign(0, BM_OCSP_GOOD);
    pass(DESK_KEEP - 1);
    post(2, (struct question){ OURS, 7, 0, 0 });
    check_answer(1, 2, DESK_KEPT, BM_OCSP_GOOD);
    CHECK(world.answer[1].age == 1); /* HTTP caches have the same bound */
    pass(1);
    post(3, (struct question){ OURS, 7, 0, 0 });
    CHECK(world.asked == 2 && world.answered == 2);
    sign(1, BM_OCSP_REVOKED);
    check_answer(2, 3, DESK_KEPT, BM_OCSP_REVOKED);
    post(4, (struct question){ OURS, 7, 0, 0 });
    check_answer(3, 4, DESK_KEPT, BM_OCSP_REVOKED);
    close_world(0);
}

static void without_a_status_signer_what_is_kept_goes_on(void)
{
    open_wide();
    post(1, (struct question){ OURS, 7, 0, 0 });
    sign(0, BM_OCSP_GOOD);
    world.is_deaf = true;
    post(2, (struct question){ OURS, 8, 0, 0 });
    check_error(1, 2, BM_OCSP_TRY_LATER);
    post(3, (struct question){ OURS, 9, 0, 5 });
    check_error(2, 3, BM_OCSP_TRY_LATER);
    post(4, (struct question){ OURS, 7, 0, 5 }); /* a nonce */
    check_answer(3, 4, DESK_KEPT, BM_OCSP_GOOD);
    pass(LIFETIME - 1);
    post(5, (struct question){ OURS, 7, 0, 0 });
    check_answer(4, 5, DESK_KEPT, BM_OCSP_GOOD);
    CHECK(world.answer[4].age <= 0);
    pass(1); /* nextUpdate: its life is over */
    post(6, (struct question){ OURS, 7, 0, 0 });
    check_error(5, 6, BM_OCSP_TRY_LATER);
    CHECK(metrics_get(&world.metrics, METRICS_OCSP_LATER) == 3);
    close_world(0);
}

static void who_waits_is_answered_when_the_status_signer_dies(void)
{
    open_wide();
    post(1, (struct question){ OURS, 7, 0, 0 });
    sign(0, BM_OCSP_GOOD);
    pass(DESK_KEEP);
    post(2, (struct question){ OURS, 7, 0, 0 });
    post(3, (struct question){ OURS, 8, 0, 0 });
    post(4, (struct question){ OURS, 8, 0, 5 });
    CHECK(world.asked == 4 && world.answered == 1);
    desk_lost(world.desk, world.now);
    CHECK(world.answered == 4);
    check_answer(1, 2, DESK_KEPT, BM_OCSP_GOOD);
    check_error(2, 3, BM_OCSP_TRY_LATER);
    check_error(3, 4, BM_OCSP_TRY_LATER);
    close_world(0);
}

static void nobody_waits_for_ever(void)
{
    open_wide();
    post(1, (struct question){ OURS, 7, 0, 0 });
    pass(DESK_PATIENCE - 1);
    desk_tick(world.desk, world.now);
    CHECK(world.answered == 0);
    pass(1);
    desk_tick(world.desk, world.now);
    check_error(0, 1, BM_OCSP_TRY_LATER);
    sign(0, BM_OCSP_GOOD); /* too late */
    CHECK(world.answered == 1);
    post(2, (struct question){ OURS, 7, 0, 0 });
    desk_refused(world.desk, world.ask[1].tag, world.now);
    check_error(1, 2, BM_OCSP_TRY_LATER);
    desk_refused(world.desk, 0xffffffff, world.now);
    close_world(0);
}

static void a_nonce_gets_an_answer_of_its_own(void)
{
    open_wide();
    post(1, (struct question){ OURS, 7, 0, 5 });
    post(2, (struct question){ OURS, 7, 0, 6 });
    CHECK(world.asked == 2);
    sign(1, BM_OCSP_GOOD);
    sign(0, BM_OCSP_GOOD);
    check_answer(0, 2, DESK_OWN, BM_OCSP_GOOD);
    check_answer(1, 1, DESK_OWN, BM_OCSP_GOOD);
    CHECK(world.answer[0].nonce && world.answer[1].nonce);
    post(3, (struct question){ OURS, 7, 0, 0 }); /* nothing was kept */
    CHECK(world.asked == 3);
    close_world(1);
}

static void several_in_one_are_not_kept(void)
{
    open_wide();
    post(1, (struct question){ OURS, 7, 3, 0 });
    sign(0, BM_OCSP_GOOD);
    check_answer(0, 1, DESK_OWN, BM_OCSP_GOOD);
    post(2, (struct question){ OURS, 7, 3, 0 });
    CHECK(world.asked == 2);
    close_world(1);
}

/* RFC 9919 3.2.1: without budget "a response that does not include a nonce" */
static void nonces_over_the_budget_get_what_is_kept(void)
{
    open_world((struct budget_rate){ 1, 10 }, (struct budget_rate){ 100, 100 });
    post_from("192.0.2.9", 1, (struct question){ OURS, 7, 0, 0 });
    sign(0, BM_OCSP_GOOD);
    for (uintptr_t i = 1; i <= 50; i++) {
        post(i, (struct question){ OURS, 7, 0, (uint8_t)i });
    }
    CHECK(world.asked == 1 + 10);
    for (size_t i = 1; i < world.answered; i++) {
        CHECK(world.answer[i].kind == DESK_KEPT && !world.answer[i].nonce);
    }
    CHECK(world.answered == 1 + 40);
    /* What is not kept is not signed either: later. */
    post(60, (struct question){ OURS, 8, 0, 1 });
    check_error(41, 60, BM_OCSP_TRY_LATER);
    post(61, (struct question){ OURS, 8, 2, 0 });
    check_error(42, 61, BM_OCSP_TRY_LATER);
    /* Another address, and the same one after a while. */
    post_from("192.0.2.8", 62, (struct question){ OURS, 7, 0, 1 });
    CHECK(world.asked == 12);
    pass(2);
    post(63, (struct question){ OURS, 7, 0, 99 });
    CHECK(world.asked == 13);
    close_world(12);
}

static void each_certid_of_several_counts(void)
{
    open_world((struct budget_rate){ 1, 10 }, (struct budget_rate){ 100, 100 });
    post(1, (struct question){ OURS, 1, 8, 0 });
    CHECK(world.asked == 1);
    post(2, (struct question){ OURS, 1, 8, 0 });
    CHECK(world.asked == 1);
    check_error(0, 2, BM_OCSP_TRY_LATER);
    close_world(1);
}

static void what_was_never_issued_is_not_kept_and_costs(void)
{
    open_world((struct budget_rate){ 1, 10 }, (struct budget_rate){ 100, 100 });
    for (uint8_t i = 0; i < 30; i++) {
        size_t asked = world.asked;

        post(i, (struct question){ OURS, (uint8_t)(i + 1), 0, 0 });
        if (world.asked > asked) {
            sign(asked, BM_OCSP_UNKNOWN);
        }
    }
    CHECK(world.asked == 10);
    for (size_t i = 0; i < 30; i++) {
        if (i < 10) {
            check_answer(i, i, DESK_OWN, BM_OCSP_UNKNOWN);
        } else {
            check_error(i, i, BM_OCSP_TRY_LATER);
        }
    }
    /* Others do not notice. */
    post_from("192.0.2.8", 40, (struct question){ OURS, 1, 0, 0 });
    CHECK(world.asked == 11);
    close_world(1);
}

static void what_was_issued_costs_nothing(void)
{
    open_world((struct budget_rate){ 1, 10 }, (struct budget_rate){ 100, 100 });
    for (uint8_t i = 0; i < 100; i++) {
        post(i, (struct question){ OURS, (uint8_t)(i + 1), 0, 0 });
        CHECK(world.asked == i + 1u);
        sign(i, i % 2 == 0 ? BM_OCSP_GOOD : BM_OCSP_REVOKED);
    }
    close_world(0);
}

/* All together are over their budget: who did nothing gets answers. */
static void a_flood_from_many_does_not_shut_out_others(void)
{
    char address[32];

    open_world((struct budget_rate){ 10, 10 }, (struct budget_rate){ 1, 20 });
    for (uint8_t i = 0; i < 100; i++) {
        size_t asked = world.asked;

        (void)snprintf(address, sizeof address, "198.51.100.%d", i % 25);
        post_from(address, i,
                  (struct question){ OURS, (uint8_t)(i + 1), 0, 0 });
        if (world.asked > asked) {
            sign(asked, BM_OCSP_UNKNOWN);
        }
    }
    CHECK(world.asked == 25); /* the first request of each */
    post_from("192.0.2.1", 200, (struct question){ OURS, 200, 0, 0 });
    CHECK(world.asked == 26);
    sign(25, BM_OCSP_GOOD);
    check_answer(100, 200, DESK_KEPT, BM_OCSP_GOOD);
    close_world(0);
}

static void what_is_not_ours_is_not_asked_for(void)
{
    open_wide();
    post(1, (struct question){ FOREIGN, 7, 0, 0 });
    post(2, (struct question){ FOREIGN, 7, 0, 5 });
    post(3, (struct question){ FOREIGN, 7, 5, 0 });
    CHECK(world.asked == 0);
    for (size_t i = 0; i < 3; i++) {
        check_error(i, i + 1, BM_OCSP_UNAUTHORIZED);
    }
    close_world(0);
}

static void what_is_no_request_is_said_to_be_none(void)
{
    static const struct desk_client rows[] = {
        { .how = CACHE_GET, .text = BM_LIT_INIT("/%%%") },
        { .how = CACHE_GET, .text = BM_LIT_INIT("/MFEw") },
        { .how = CACHE_GET, .text = BM_LIT_INIT("") },
        { .how = CACHE_POST, .text = BM_LIT_INIT("\x30\x00") },
        { .how = CACHE_POST, .text = BM_LIT_INIT("") },
    };

    open_wide();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct desk_client client = rows[i];

        client.ticket = (void *)(i + 1);
        client.address = "192.0.2.1";
        client.now = world.now;
        desk_take(world.desk, &client);
        check_error(i, i + 1, BM_OCSP_MALFORMED_REQUEST);
    }
    close_world(0);
}

/* An error of the status signer is passed on, and costs. */
static void an_error_is_not_kept(void)
{
    static const uint8_t error[] = { 0x30, 3, 0x0a, 1, 6 };

    open_world((struct budget_rate){ 1, 2 }, (struct budget_rate){ 100, 100 });
    for (uintptr_t i = 0; i < 3; i++) {
        size_t asked = world.asked;

        post(i + 1, (struct question){ OURS, 7, 0, 0 });
        if (world.asked > asked) {
            desk_answered(world.desk, world.ask[asked].tag, BM_ARRAY(error),
                          world.now, world.now_us);
        }
    }
    CHECK(world.asked == 2);
    check_error(0, 1, BM_OCSP_UNAUTHORIZED);
    check_error(1, 2, BM_OCSP_UNAUTHORIZED);
    check_error(2, 3, BM_OCSP_TRY_LATER);
    close_world(0);
}

static void requests_under_way_are_bounded(void)
{
    size_t n;

    open_world((struct budget_rate){ 5000, 5000 },
               (struct budget_rate){ 5000, 5000 });
    for (n = 1; n <= DESK_ASKS_MAX + 50; n++) {
        post(n,
             (struct question){ OURS, (uint8_t)(n & 0x7f), 2 + (n >> 7), 0 });
    }
    CHECK(world.asked == DESK_ASKS_MAX && world.answered == 50);
    sign(3, BM_OCSP_GOOD);
    post(n, (struct question){ OURS, 1, 0, 0 });
    CHECK(world.asked == DESK_ASKS_MAX + 1);
    close_world(DESK_ASKS_MAX);
}

int main(void)
{
    RUN(an_answer_is_asked_for_once_and_kept);
    RUN(many_who_wait_for_the_same_cause_one_request);
    RUN(a_revocation_is_seen_within_the_bound);
    RUN(without_a_status_signer_what_is_kept_goes_on);
    RUN(who_waits_is_answered_when_the_status_signer_dies);
    RUN(nobody_waits_for_ever);
    RUN(a_nonce_gets_an_answer_of_its_own);
    RUN(several_in_one_are_not_kept);
    RUN(nonces_over_the_budget_get_what_is_kept);
    RUN(each_certid_of_several_counts);
    RUN(what_was_never_issued_is_not_kept_and_costs);
    RUN(what_was_issued_costs_nothing);
    RUN(a_flood_from_many_does_not_shut_out_others);
    RUN(what_is_not_ours_is_not_asked_for);
    RUN(what_is_no_request_is_said_to_be_none);
    RUN(an_error_is_not_kept);
    RUN(requests_under_way_are_bounded);
    return bm_test_done();
}
