/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/refresh.h"

#include <string.h>

#include "device/renewal.h"
#include "examples/sensor-node/board.h"
#include "examples/sensor-node/moment.h"
#include "examples/sensor-node/policy.h"
#include "examples/sensor-node/renewal.h"
#include "examples/sensor-node/say.h"
#include "examples/sensor-node/update.h"

#define TIME_PATH    "/device/v1/time?nonce="
#define RENEWAL_PATH "/device/v1/renewal"

enum step {
    TIME,
    RENEWAL
};

/* ---- Bodies, which are short */

static bm_status take_head(void *self, const struct bm_exchange *x)
{
    struct node *n = self;

    (void)x;
    n->job.refresh.body_n = 0;
    return BM_OK;
}

static bm_status take_body(void *self, struct bm_bytes octets)
{
    struct node *n = self;

    if (octets.n > sizeof n->job.refresh.body - n->job.refresh.body_n) {
        return BM_E_LIMIT;
    }
    memcpy(n->job.refresh.body + n->job.refresh.body_n, octets.p, octets.n);
    n->job.refresh.body_n += octets.n;
    return BM_OK;
}

static bm_status ask(struct node *n, const char *path)
{
    const struct bm_exchange_sink sink = { n, take_head, take_body };
    const struct bm_exchange_request request = {
        .method = "GET",
        .path = { (const uint8_t *)path, strlen(path) },
    };

    n->job.refresh.sink = sink;
    return bm_exchange_start(&n->job.refresh.exchange, &request,
                             &n->job.refresh.sink, board_uptime());
}

static bm_status ask_time(struct node *n)
{
    char path[sizeof TIME_PATH + (size_t)(2 * MOMENT_NONCE)];
    struct bm_wr w;

    BM_TRY(
        n->crypto.random(n->crypto.self, n->job.refresh.nonce, MOMENT_NONCE));
    bm_wr_init(&w, (uint8_t *)path, sizeof path - 1);
    bm_wr_str(&w, TIME_PATH);
    moment_put_nonce(&w, n->job.refresh.nonce);
    path[w.len] = '\0';
    n->job.refresh.step = TIME;
    return ask(n, path);
}

/* ---- Answers */

static bm_status take_time(struct node *n)
{
    struct bm_bytes body = { n->job.refresh.body, n->job.refresh.body_n };
    uint32_t connection = 0;
    int64_t moment;

    if (!moment_parse(body, n->job.refresh.nonce, &moment)) {
        return BM_E_HTTP_SYNTAX;
    }
    BM_TRY(n->crypto.random(n->crypto.self, (uint8_t *)&connection,
                            sizeof connection));
    return bm_clock_learn(&n->clock, BM_CLOCK_ANSWER, moment, connection,
                          board_uptime());
}

static bm_status take_renewal(struct node *n)
{
    struct bm_bytes body = { n->job.refresh.body, n->job.refresh.body_n };
    struct bm_renewal_window window;

    return bm_renewal_parse(body, &window) ? renewal_note(n, &window)
                                           : BM_E_HTTP_SYNTAX;
}

/* Nothing that moves the clock is taken of a server whose certificate has
 * expired: whoever has an old key of his could be it. */
static bm_status take_answer(struct node *n)
{
    const struct bm_exchange *x = &n->job.refresh.exchange;

    if (n->job.refresh.step == TIME) {
        n->job.refresh.answered = x->reply.status == 200 && !x->expired;
    }
    if (x->reply.status != 200 || x->expired) {
        return n->job.refresh.step == TIME ? bm_exchange_status(x->reply.status)
                                           : BM_OK;
    }
    return n->job.refresh.step == TIME ? take_time(n) : take_renewal(n);
}

/* ---- A job of two exchanges */

/* When the first is over the second begins, before the pump hears of it. */
static void next(void *self, uint32_t uptime, struct bm_job_ask *want)
{
    struct node *n = self;

    if (n->job.refresh.step == TIME &&
        bm_exchange_over(&n->job.refresh.exchange) == BM_OK) {
        n->job.refresh.rc = take_answer(n);
        n->job.refresh.step = RENEWAL;
        if (n->job.refresh.rc == BM_OK) {
            n->job.refresh.rc = ask(n, RENEWAL_PATH);
        }
    }
    bm_exchange_next(&n->job.refresh.exchange, uptime, want);
}

static void connected(void *self, struct bm_bytes binding, bool expired)
{
    struct node *n = self;

    (void)binding;
    bm_exchange_connected(&n->job.refresh.exchange, expired);
}

static void sent(void *self, size_t octets)
{
    struct node *n = self;

    bm_exchange_sent(&n->job.refresh.exchange, octets);
}

static void received(void *self, struct bm_bytes octets)
{
    struct node *n = self;

    bm_exchange_received(&n->job.refresh.exchange, octets);
}

static void failed(void *self, bm_status why)
{
    struct node *n = self;

    bm_exchange_failed(&n->job.refresh.exchange, why);
}

static const struct bm_job_calls calls = { next, connected, sent, received,
                                           failed };

static bool wanted(struct node *n)
{
    return node_has(n, BM_IDENTITY_CURRENT);
}

static bm_status begin(struct node *n)
{
    const struct settings_server *s = &n->settings.owner;

    n->job.refresh.config = (struct bm_exchange_config){
        .identity = &n->identity,
        .place = BM_IDENTITY_CURRENT,
        .trust = &n->trust,
        .use = BM_TRUST_ENROL,
        .host = s->host,
        .port = s->port,
        .room = n->job.refresh.head,
        .room_n = sizeof n->job.refresh.head,
    };
    bm_exchange_init(&n->job.refresh.exchange, &n->job.refresh.config);
    BM_TRY(ask_time(n));
    bm_exchange_as_job(&n->job.refresh.exchange, &n->asked);
    n->asked.self = n;
    n->asked.calls = &calls;
    return BM_OK;
}

static uint32_t end(struct node *n, bm_status rc)
{
    if (rc == BM_OK) {
        rc = n->job.refresh.step == RENEWAL && n->job.refresh.rc == BM_OK
                 ? take_answer(n)
                 : n->job.refresh.rc;
    }
    if (n->job.refresh.answered) {
        update_proven(n);
        policy_proven(n);
    }
    if (rc != BM_OK) {
        say_failed("refresh", rc);
        return 0;
    }
    return n->settings.refresh;
}

const struct outbound_work refresh_work = { .wanted = wanted,
                                            .begin = begin,
                                            .end = end };
