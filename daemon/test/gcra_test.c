/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/gcra.h"
#include "tests/harness/bm_test.h"

static struct gcra *make(size_t keys, double rate, double burst)
{
    const struct gcra_config config = {
        .keys = keys,
        .rate = rate,
        .burst = burst,
        .secret = { 1, 2, 3 },
    };
    struct gcra *g = NULL;

    CHECK_STATUS(gcra_new(&config, &g), BM_OK);
    return g;
}

static const struct bm_bytes alice = { (const uint8_t *)"alice", 5 };
static const struct bm_bytes bob = { (const uint8_t *)"bob", 3 };

static void a_burst_passes_at_once_and_no_more(void)
{
    struct gcra *g = make(16, 2, 5);
    uint64_t now = 1000000000;

    for (int i = 0; i < 5; i++) {
        CHECK(gcra_look(g, alice, now) == 0);
        CHECK(gcra_take(g, alice, now) == 0);
    }
    CHECK(gcra_look(g, alice, now) == 1);
    CHECK(gcra_take(g, alice, now) == 1);
    CHECK(gcra_take(g, bob, now) == 0); /* has a row of its own */
    CHECK(gcra_take(g, alice, now + 499999) == 1);
    CHECK(gcra_take(g, alice, now + 500000) == 0);
    CHECK(gcra_take(g, alice, now + 500000) == 1);
    gcra_free(g);
}

static void the_long_run_is_the_rate(void)
{
    static const double rates[] = { 0.01, 1, 7, 1000, 3000000 };

    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct gcra *g = make(16, rates[i], 10);
        double seconds = 100000 / rates[i]; /* so many would be in order */
        uint64_t step = (uint64_t)(seconds * 1e6 / 400000) + 1;
        uint64_t now = 5;
        double passed = 0;

        for (int j = 0; j < 400000; j++, now += step) {
            passed += gcra_take(g, alice, now) == 0;
        }
        /* At 3 million a second a microsecond is the grain. */
        CHECK(passed <= (double)(now - 5) * rates[i] / 1e6 + 11);
        CHECK(passed >= 90000 || step == 1);
        gcra_free(g);
    }
}

static void the_wait_is_long_enough(void)
{
    struct gcra *g = make(16, 0.3, 2);
    uint64_t now = 77;
    unsigned wait;

    while ((wait = gcra_take(g, alice, now)) == 0) {
    }
    CHECK(wait == 4); /* 3.33 s */
    CHECK(gcra_take(g, alice, now + (uint64_t)(wait - 1) * 1000000) != 0);
    CHECK(gcra_take(g, alice, now + (uint64_t)wait * 1000000) == 0);
    gcra_free(g);
}

static void what_is_given_back_can_be_taken_again(void)
{
    struct gcra *g = make(16, 1, 3);
    uint64_t now = 1000;

    for (int i = 0; i < 1000; i++) {
        CHECK(gcra_take(g, alice, now) == 0);
        gcra_give(g, alice, now);
    }
    /* Nobody saves up more than a burst. */
    gcra_give(g, alice, now);
    gcra_give(g, bob, now);
    for (int i = 0; i < 3; i++) {
        CHECK(gcra_take(g, alice, now) == 0);
        CHECK(gcra_take(g, bob, now) == 0);
    }
    CHECK(gcra_take(g, alice, now) == 1);
    CHECK(gcra_take(g, bob, now) == 1);
    gcra_free(g);
}

/* A flood of keys that come once does not wash away one that is over its
 * limit: each is nearer to being unlimited than that one. */
static void a_full_table_keeps_who_is_furthest_over(void)
{
    struct gcra *g = make(64, 1, 10);
    uint64_t now = 1000;
    unsigned refused = 0;

    while (gcra_take(g, alice, now) == 0) {
    }
    for (uint32_t i = 0; i < 100000; i++) {
        const struct bm_bytes key = { (const uint8_t *)&i, sizeof(i) };

        /* Nobody is refused for standing in a full row. */
        refused += gcra_take(g, key, now) != 0;
    }
    CHECK(refused == 0);
    CHECK(gcra_take(g, alice, now) != 0);
    gcra_free(g);
}

static void nonsense_is_refused(void)
{
    static const struct gcra_config configs[] = {
        { .keys = 0, .rate = 1, .burst = 1 },
        { .keys = 1, .rate = 0, .burst = 1 },
        { .keys = 1, .rate = -1, .burst = 1 },
        { .keys = 1, .rate = 1, .burst = 0.5 },
        { .keys = 1, .rate = 1e-9, .burst = 10 },
        { .keys = SIZE_MAX, .rate = 1, .burst = 1 },
    };

    for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
        struct gcra *g;

        CHECK_STATUS(gcra_new(&configs[i], &g), BM_E_ARGUMENT);
        CHECK(g == NULL);
    }
}

static void no_table_is_no_limit(void)
{
    CHECK(gcra_take(NULL, alice, 1) == 0);
    CHECK(gcra_look(NULL, alice, 1) == 0);
    gcra_give(NULL, alice, 1);
    gcra_free(NULL);
}

int main(void)
{
    RUN(a_burst_passes_at_once_and_no_more);
    RUN(the_long_run_is_the_rate);
    RUN(the_wait_is_long_enough);
    RUN(what_is_given_back_can_be_taken_again);
    RUN(a_full_table_keeps_who_is_furthest_over);
    RUN(nonsense_is_refused);
    RUN(no_table_is_no_limit);
    return bm_test_done();
}
