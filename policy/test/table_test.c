/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/table.h"

#include <string.h>

#include "policy/compile.h"
#include "policy/nft.h"
#include "tests/harness/bm_test.h"

/*
 * What is read from a table is compiled again, and is that table, octet by
 * octet: nothing of it was lost or added. Rules that are in other modes, too,
 * are tried in a kernel (tests/firewall).
 */

#define HEAD                                                  \
    "policy: p\nversion: 9\nfloor: 3\nflows: 8\nsources: 4\n" \
    "timeouts: {open: 90s}\n"

/* So many of them are about protocols that are looked into alone. */
#define OF_PROTOCOLS 4

static const char *const texts[] = {
    HEAD,
    HEAD "builtin: [{name: arp, modes: [normal]}, {name: nd, modes: [normal]},"
         " {name: dhcp, modes: [normal]}, {name: dns, modes: [normal]}]\n",
    HEAD "rules:\n"
         "- {name: web, direction: in, protocol: tcp, port: [80, 8000-8010],"
         " peer: [10.0.0.0/8, \"fd00::/8\", subnet], verdict: allow,"
         " connections: 4, rate: {connections: 5/s, burst: 10, per: source}}\n"
         "- {name: bad, direction: in, protocol: tcp, port: 23,"
         " verdict: reset}\n"
         "- {name: ping, direction: [in, out], protocol: icmp,"
         " kind: echo-request, verdict: allow, log: sample, sample: 7}\n"
         "- {name: out, direction: out, protocol: udp, port: 53,"
         " source_port: 1024-65535, verdict: observe}\n",
    HEAD "rules:\n"
         "- {name: plc, direction: in, protocol: tcp, port: 502,"
         " verdict: allow, modbus: {mode: observe, allow: ["
         "{functions: [3, 4], addresses: 0-99},"
         " {functions: 16, addresses: [100-109, 200]}, {functions: 43}]}}\n"
         "- {name: flood, direction: in, protocol: udp, port: 9,"
         " verdict: allow, threshold: {high: 100/s, low: 50/s}}\n",
    HEAD "rules:\n"
         "- {name: other, direction: in, ethernet: [0x88cc, 1-9],"
         " mac: \"02:00:00:00:00:00/24\", verdict: observe}\n"
         "- {name: rest, direction: out, protocol: [47, 50], verdict: allow,"
         " priority: 3, rate: {packets: 90/m, burst: 3}}\n"
         "- {name: all, direction: in, protocol: any, verdict: drop,"
         " log: count, priority: -1}\n",
};

static void compile(const struct policy *policy, struct policy_compiled *to)
{
    CHECK_STATUS(policy_compile(policy, to, NULL, NULL), BM_OK);
}

static void compile_text(const char *text, struct policy_compiled *to)
{
    struct policy *policy = NULL;
    struct config_error error;

    CHECK_STATUS(
        policy_parse((struct bm_bytes){ (const uint8_t *)text, strlen(text) },
                     &policy, &error),
        BM_OK);
    compile(policy, to);
    policy_free(policy);
}

static void make_again(const struct policy_compiled *from,
                       struct policy_compiled *to)
{
    struct policy *policy;

    CHECK_STATUS(policy_from_table((struct bm_bytes){ from->table, from->n },
                                   POLICY_NORMAL, &policy),
                 BM_OK);
    compile(policy, to);
    policy_free(policy);
}

static void what_is_read_from_a_table_makes_that_table(void)
{
    for (size_t i = 0; i < OF_PROTOCOLS; i++) {
        struct policy_compiled first;
        struct policy_compiled again;

        compile_text(texts[i], &first);
        make_again(&first, &again);
        CHECK_BYTES(again.table, again.n, first.table, first.n);
        policy_compiled_wipe(&first);
        policy_compiled_wipe(&again);
    }
}

/*
 * Of rules about other protocols and types: a table says of values that no
 * frame of a class has what it says of their neighbours, and rules say nothing.
 * So the table is another one the first time, and the same from then on.
 */
static void what_is_said_of_no_frame_is_said_once(void)
{
    for (size_t i = OF_PROTOCOLS; i < sizeof texts / sizeof *texts; i++) {
        struct policy_compiled first;
        struct policy_compiled again;
        struct policy_compiled third;

        compile_text(texts[i], &first);
        make_again(&first, &again);
        make_again(&again, &third);
        CHECK_BYTES(third.table, third.n, again.table, again.n);
        policy_compiled_wipe(&first);
        policy_compiled_wipe(&again);
        policy_compiled_wipe(&third);
    }
}

static void a_mode_that_has_no_rules_lets_nothing_through(void)
{
    struct policy_compiled first;
    struct policy *policy;

    compile_text(texts[2], &first);
    CHECK_STATUS(policy_from_table((struct bm_bytes){ first.table, first.n },
                                   POLICY_LOCKDOWN, &policy),
                 BM_OK);
    CHECK(policy->n == 5);
    for (size_t i = 0; i < policy->n; i++) {
        CHECK(policy->rules[i].boxes_n == 0 && policy->rules[i].modes == 1);
    }
    policy_free(policy);
    policy_compiled_wipe(&first);
}

static void rates_are_what_the_table_has_of_them(void)
{
    struct policy_compiled first;
    struct policy *policy;
    const struct policy_rate *rate;

    compile_text(texts[2], &first);
    CHECK_STATUS(policy_from_table((struct bm_bytes){ first.table, first.n },
                                   POLICY_NORMAL, &policy),
                 BM_OK);
    rate = &policy->rules[0].rate;
    /* 5/s is 327/65536 a millisecond. */
    CHECK(rate->fill == 327 && rate->period == 3600 && rate->count == 17962);
    CHECK(rate->burst == 10 && rate->connections && rate->per_source);
    policy_free(policy);
    policy_compiled_wipe(&first);
}

static void what_is_no_table_is_no_policy(void)
{
    struct policy_compiled first;
    struct policy *policy;

    compile_text(texts[1], &first);
    for (size_t n = 0; n < first.n; n++) {
        CHECK(policy_from_table((struct bm_bytes){ first.table, n },
                                POLICY_NORMAL, &policy) != BM_OK);
        CHECK(policy == NULL);
    }
    policy_compiled_wipe(&first);
}

int main(void)
{
    RUN(what_is_read_from_a_table_makes_that_table);
    RUN(what_is_said_of_no_frame_is_said_once);
    RUN(a_mode_that_has_no_rules_lets_nothing_through);
    RUN(rates_are_what_the_table_has_of_them);
    RUN(what_is_no_table_is_no_policy);
    return bm_test_done();
}
