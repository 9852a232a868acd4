/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations fail in turn (linked with --wrap): a desk is there or is not, and
 * each ticket is given back once, whatever there is to answer with.
 */
#include <stdlib.h>

#include "daemon/publisher_desk.h"
#include "tests/harness/samples.h"
#include "tests/harness/test_crypto.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);

static long countdown = -1; /* allocations until one fails; below 0: none */

static bool fails(void)
{
    return countdown >= 0 && countdown-- == 0;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

static uint32_t asked_tag;
static unsigned answers[8]; /* per ticket */
static struct metrics_page metrics;

static bool knows(void *arg, const struct bm_ocsp_certid *id)
{
    (void)arg;
    (void)id;
    return true;
}

static bm_status ask(void *arg, uint32_t tag, struct bm_bytes request)
{
    (void)arg;
    (void)request;
    asked_tag = tag;
    return BM_OK;
}

static void answer(void *arg, void *ticket, const struct desk_reply *reply)
{
    (void)arg;
    CHECK(reply->response.n != 0);
    answers[(uintptr_t)ticket]++;
}

static bm_status open_desk(struct desk **desk)
{
    struct desk_config config = { .crypto = bm_test_crypto(),
                                  .octets = 1 << 20,
                                  .budget = { { 10, 10 }, { 10, 10 } },
                                  .metrics = &metrics,
                                  .knows = knows,
                                  .ask = ask,
                                  .answer = answer };

    return desk_new(&config, desk);
}

static void a_desk_is_there_or_is_not(void)
{
    struct desk *desk;
    bm_status rc = BM_E_MEMORY;
    long n;

    for (n = 0; rc != BM_OK && n < 100; n++) {
        countdown = n;
        rc = open_desk(&desk);
        countdown = -1;
        CHECK(rc == BM_OK || rc == BM_E_MEMORY);
        CHECK((rc == BM_OK) == (desk != NULL));
    }
    CHECK(n > 4 && n < 100);
    desk_free(desk);
}

/* Two ask the same, one with a nonce; then comes what no answer can be. */
static void serve(struct desk *desk)
{
    static const uint8_t error[] = { 0x30, 3, 0x0a, 1, 6 };
    struct desk_client client = { .address = "192.0.2.1",
                                  .how = CACHE_POST,
                                  .text = bm_sample("ocsp", "request-plain"),
                                  .now = 2000000000,
                                  .now_us = 1 };

    client.ticket = (void *)(uintptr_t)1;
    desk_take(desk, &client);
    client.ticket = (void *)(uintptr_t)2;
    desk_take(desk, &client);
    desk_answered(desk, asked_tag, BM_ARRAY(error), client.now, 1);
    client.ticket = (void *)(uintptr_t)3;
    client.text = bm_sample("ocsp", "request-nonce-128");
    desk_take(desk, &client);
    desk_lost(desk, client.now);
}

static void each_ticket_is_given_back_once(void)
{
    struct desk *desk = NULL;

    for (long n = 0; n < 10; n++) {
        CHECK_STATUS(open_desk(&desk), BM_OK);
        memset(answers, 0, sizeof answers);
        countdown = n;
        serve(desk);
        CHECK(n > 2 || countdown < 0); /* there was one to fail */
        countdown = -1;
        CHECK(answers[1] == 1 && answers[2] == 1 && answers[3] == 1);
        CHECK(desk_waiting(desk) == 0);
        desk_free(desk);
    }
}

int main(void)
{
    RUN(a_desk_is_there_or_is_not);
    RUN(each_ticket_is_given_back_once);
    return bm_test_done();
}
