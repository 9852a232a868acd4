/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/publisher_budget.h"

#include <stdlib.h>

#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

static void addresses_of_one_net_draw_together(void)
{
    static const struct {
        const char *text;
        size_t n;
        const char *key;
    } rows[] = {
        { "192.0.2.1", 4, "\xc0\x00\x02\x01" },
        { "::ffff:192.0.2.1", 4, "\xc0\x00\x02\x01" },
        { "2001:db8::1", 8, "\x20\x01\x0d\xb8\0\0\0\0" },
        { "2001:db8::ffff:ffff:ffff:ffff", 8, "\x20\x01\x0d\xb8\0\0\0\0" },
        { "2001:db8:0:1::1", 8, "\x20\x01\x0d\xb8\0\0\0\x01" },
        { "unix", 4, "unix" },
        { "", 0, "" },
    };
    struct budget_payer payer;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        budget_payer_init(&payer, rows[i].text);
        CHECK_BYTES(payer.address, payer.n, rows[i].key, rows[i].n);
    }
}

/* What is known costs nothing; what is not costs its address and all. */
static void only_what_is_unknown_costs(void)
{
    struct budget_config config = { { 1, 3 }, { 1, 5 } };
    struct budget_payer a;
    struct budget_payer b;
    struct budget *budget;

    CHECK_STATUS(budget_new(&config, bm_test_crypto(), &budget), BM_OK);
    budget_payer_init(&a, "192.0.2.1");
    budget_payer_init(&b, "192.0.2.2");
    for (int i = 0; i < 20; i++) {
        CHECK(budget_may_ask(budget, &a, 1));
        budget_settle(budget, &a, true, 1);
    }
    for (int i = 0; i < 3; i++) {
        CHECK(budget_may_ask(budget, &a, 1));
        budget_settle(budget, &a, false, 1);
    }
    CHECK(!budget_may_ask(budget, &a, 1));
    CHECK(budget_draw(budget, &b, 2, 1)); /* five of all */
    CHECK(!budget_draw(budget, &b, 1, 1));
    CHECK(!budget_may_ask(budget, &b, 1)); /* has drawn lately */
    budget_payer_init(&a, "192.0.2.3");
    CHECK(budget_may_ask(budget, &a, 1));
    CHECK(budget_may_ask(budget, &b, 10000000)); /* ten seconds later */
    budget_free(budget);
    budget_free(NULL);
}

/* Who asks a lot at once draws for each until it is known. */
static void what_is_under_way_is_drawn_for(void)
{
    struct budget_config config = { { 1, 3 }, { 100, 100 } };
    struct budget_payer payer[4];
    struct budget *budget;

    CHECK_STATUS(budget_new(&config, bm_test_crypto(), &budget), BM_OK);
    for (size_t i = 0; i < 4; i++) {
        budget_payer_init(&payer[i], "2001:db8::1");
        CHECK(budget_may_ask(budget, &payer[i], 1) == (i < 3));
    }
    budget_settle(budget, &payer[0], true, 1);
    CHECK(budget_may_ask(budget, &payer[3], 1));
    budget_free(budget);
}

int main(void)
{
    RUN(addresses_of_one_net_draw_together);
    RUN(only_what_is_unknown_costs);
    RUN(what_is_under_way_is_drawn_for);
    return bm_test_done();
}
