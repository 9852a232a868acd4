/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/links.h"

#include <stdlib.h>
#include <string.h>

#include "tests/harness/bm_test.h"

static const char eth[] = "eth0";
static const char wlan[] = "wlan0";

static void links_are_the_same_by_name_and_by_number(void)
{
    const struct links a = { .there = { eth, wlan }, .index = { 2, 3 } };
    struct links b = a;

    CHECK(links_same(&a, &b));
    b.index[1] = 4; /* it went, and another came under its name */
    CHECK(!links_same(&a, &b));
    b = a;
    b.there[1] = NULL;
    CHECK(!links_same(&a, &b) && !links_same(&b, &a));
    b = a;
    b.subnets.address = 1;
    CHECK(links_same(&a, &b));
}

static void subnets_are_the_same_only_if_all_are(void)
{
    const struct links a = { .subnets = {
                                 .address = 0x0a000000,
                                 .mask = 0xff000000,
                                 .six = { { { 0xfd000000 }, { 0xffffffff } } },
                                 .six_n = 1 } };
    struct links b = a;

    CHECK(links_same_subnets(&a, &b));
    b.subnets.mask = 0xffff0000;
    CHECK(!links_same_subnets(&a, &b));
    b = a;
    b.subnets.six_n = 0;
    CHECK(!links_same_subnets(&a, &b));
    b = a;
    b.subnets.six[0].address[3] = 1;
    CHECK(!links_same_subnets(&a, &b));
}

static void what_is_not_there_has_no_place(void)
{
    static const char *const names[] = { "no-such-link", "lo", NULL };
    struct links links;

    CHECK_STATUS(links_read(names, &links), BM_OK);
    CHECK(links.there[0] == names[1] && links.there[1] == NULL);
    CHECK(links.index[0] != 0);
}

static void all_links_are_listed_but_lo(void)
{
    char *all = links_all();

    CHECK(all != NULL && strstr(all, "\"lo\"") == NULL);
    CHECK(all != NULL && (all[0] == '\0' || all[0] == '"'));
    free(all);
}

int main(void)
{
    RUN(links_are_the_same_by_name_and_by_number);
    RUN(subnets_are_the_same_only_if_all_are);
    RUN(what_is_not_there_has_no_place);
    RUN(all_links_are_listed_but_lo);
    return bm_test_done();
}
