/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/counts.h"

#include <stdio.h>
#include <string.h>

#include "tests/harness/bm_test.h"

static const char text[] =
    "policy: p\nversion: 1\nfloor: 1\nflows: 8\nrules:\n"
    "- {name: web, direction: in, protocol: tcp, port: 80, verdict: allow}\n"
    "- {name: seen, direction: in, protocol: udp, port: 5, verdict: allow,"
    " log: count}\n"
    "- {name: bad, direction: in, protocol: tcp, port: 23, verdict: drop}\n"
    "- {name: lock, direction: in, protocol: tcp, port: 24, verdict: drop,"
    " modes: [lockdown]}\n";

static struct policy *policy;
static struct counts *counts;

#define COUNTER_OF(table, name, packets)                       \
    "{\"counter\": {\"family\": \"inet\", \"table\": \"" table \
    "\", \"name\": \"" name "\", \"packets\": " #packets ", \"bytes\": 0}}"
#define OURS(name, packets) COUNTER_OF("birthmark", name, packets)
#define HEAD                "{\"nftables\": [{\"metainfo\": {}}, "
#define LIST(...)           HEAD __VA_ARGS__ "]}\n"

static void begin(void)
{
    counts_free(counts);
    CHECK_STATUS(counts_new(&counts), BM_OK);
    CHECK_STATUS(counts_reserve(counts, policy), BM_OK);
    counts_begin(counts, policy, POLICY_NORMAL);
}

static void told(const char *want)
{
    uint8_t room[FIREWALL_COUNTS_MAX];
    struct bm_bytes list = { room, 0 };
    struct firewall_count c;
    char got[256] = "";
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    counts_put(counts, &w);
    CHECK_STATUS(bm_wr_finish(&w, &list.n), BM_OK);
    while (firewall_count_next(&list, &c)) {
        size_t n = strlen(got);

        (void)snprintf(got + n, sizeof got - n, "%u %s %u;", c.kind, c.name,
                       (unsigned)c.frames);
    }
    CHECK_BYTES(got, strlen(got), want, strlen(want));
}

static void read_counters(const char *json)
{
    CHECK_STATUS(counts_read(counts, json, "birthmark"), BM_OK);
}

static void what_moves_is_told_until_it_is_heard(void)
{
    begin();
    read_counters(LIST(OURS("rule-in-bad", 3)));
    told("1 in-bad 3;");
    told("1 in-bad 3;");
    read_counters(LIST(OURS("rule-in-bad", 5)));
    counts_heard(counts); /* the 3 */
    told("1 in-bad 2;");
    counts_heard(counts);
    told("");
}

static void what_a_rule_does_not_log_is_not_told_and_others_tables_neither(void)
{
    begin();
    read_counters(LIST(OURS("rule-in-web", 9) ", " COUNTER_OF(
        "theirs", "rule-in-bad", 9) ", " OURS("rule-in-lock", 9)));
    told("");
    read_counters(
        LIST(OURS("rule-in-seen", 4) ", " OURS("refused-in-web", 2) ", " OURS(
            "drop-fragment", 1) ", " OURS("drop-fragment", 2)));
    told("3 fragment 3;2 in-web 2;0 in-seen 4;");
}

static void what_the_engine_counts_is_told_beside_the_kernels(void)
{
    begin();
    counts_add(counts, "refused-in-web", 2);
    counts_add(counts, "rule-in-bad", 1);
    counts_add(counts, "rule-in-web", 5); /* which does not log */
    counts_add(counts, "drop-queue", 3);
    read_counters(LIST(OURS("rule-in-bad", 4)));
    told("3 queue 3;2 in-web 2;1 in-bad 5;");
    counts_heard(counts);
    read_counters(LIST(OURS("rule-in-bad", 4)));
    told("");
}

static void a_new_ruleset_begins_at_zero_and_loses_nothing(void)
{
    begin();
    read_counters(LIST(OURS("rule-in-bad", 7)));
    CHECK_STATUS(counts_reserve(counts, policy), BM_OK);
    counts_begin(counts, policy, POLICY_LOCKDOWN);
    /* The rule is not in this mode, what it has dropped is still to be told. */
    read_counters(LIST(OURS("rule-in-lock", 1)));
    told("1 in-bad 7;1 in-lock 1;");
    counts_heard(counts);
    CHECK_STATUS(counts_reserve(counts, policy), BM_OK);
    counts_begin(counts, policy, POLICY_NORMAL);
    read_counters(LIST(OURS("rule-in-bad", 2)));
    told("1 in-bad 2;");
}

static void more_than_a_reply_has_comes_in_turn(void)
{
    begin();
    read_counters(
        LIST(OURS("drop-default", 1) ", " OURS("drop-malformed", 1) ", " OURS(
            "drop-fragment",
            1) ", " OURS("drop-extension",
                         1) ", " OURS("drop-state",
                                      1) ", " OURS("drop-full",
                                                   1) ", " OURS("rule-in-bad",
                                                                1)));
    told("3 default 1;3 malformed 1;3 fragment 1;3 extension 1;3 state 1;"
         "3 full 1;");
    counts_heard(counts);
    read_counters(LIST(OURS("drop-default", 2) ", " OURS("rule-in-bad", 1)));
    told("1 in-bad 1;3 default 1;");
}

static void what_nftables_would_not_say_is_refused(void)
{
    static const char *const bad[] = { "", "[]", "{", "{}",
                                       "{\"nftables\": 3}" };

    begin();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_STATUS(counts_read(counts, bad[i], "birthmark"),
                     BM_E_AGENT_RULESET);
    }
    read_counters(LIST("3, {\"counter\": 3}, {\"counter\": {}}"));
    told("");
}

int main(void)
{
    CHECK_STATUS(policy_parse((struct bm_bytes){ (const uint8_t *)text,
                                                 sizeof text - 1 },
                              &policy, NULL),
                 BM_OK);
    RUN(what_moves_is_told_until_it_is_heard);
    RUN(what_a_rule_does_not_log_is_not_told_and_others_tables_neither);
    RUN(what_the_engine_counts_is_told_beside_the_kernels);
    RUN(a_new_ruleset_begins_at_zero_and_loses_nothing);
    RUN(more_than_a_reply_has_comes_in_turn);
    RUN(what_nftables_would_not_say_is_refused);
    counts_free(counts);
    policy_free(policy);
    return bm_test_done();
}
