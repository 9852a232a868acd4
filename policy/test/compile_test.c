/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/compile.h"

#include "policy/frame.h"
#include "policy/test/generate.h"
#include "tests/harness/bm_test.h"

#define HEAD "policy: p\nversion: 2\nfloor: 1\nflows: 8\nsources: 4\n"

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

static struct policy *read(const char *text)
{
    struct policy *policy = NULL;
    struct config_error e;

    CHECK_STATUS(policy_parse(view(text), &policy, &e), BM_OK);
    if (policy == NULL) {
        printf("# %u:%u: %s\n# in: %.2000s\n", e.line, e.column, e.words, text);
        exit(1);
    }
    return policy;
}

static bm_status compile(const char *text, struct policy_compiled *c,
                         struct config_error *e)
{
    struct policy *policy = read(text);
    bm_status rc = policy_compile(policy, c, NULL, e);

    policy_free(policy);
    return rc;
}

/* ---- Against the reference */

#define POLICIES 300
#define PACKETS  2000

struct sums {
    unsigned long compared;
    unsigned long decided;
    unsigned long overlaps;
    unsigned long most_probes;
};

static bool same(const struct policy *policy, const struct bm_fw_table *table,
                 enum policy_mode mode, const struct bm_fw_packet *packet)
{
    struct policy_facts facts;
    const struct policy_rule *rule;
    unsigned found = bm_fw_table_find(table, (enum bm_fw_mode)mode, packet);

    policy_facts_of(packet, &facts);
    rule = policy_decide(policy, mode, &facts);
    if (rule == NULL) {
        return found == BM_FW_NO_RULE;
    }
    return found == (unsigned)(rule - policy->rules);
}

static bool compare(const struct policy *policy,
                    const struct policy_compiled *compiled, struct dice *dice,
                    struct sums *sums)
{
    static struct borders borders;
    struct bm_fw_table table;

    CHECK_STATUS(bm_fw_table_open(
                     &table, (struct bm_bytes){ compiled->table, compiled->n }),
                 BM_OK);
    borders_of(&borders, policy);
    for (unsigned i = 0; i < PACKETS; i++) {
        enum policy_mode mode = (enum policy_mode)dice_throw(dice, 3);
        struct bm_fw_packet packet;
        unsigned probes;

        generate_packet(&borders, dice, &packet);
        probes = bm_fw_table_probes(&table, (enum bm_fw_mode)mode, &packet);
        sums->compared++;
        sums->decided += bm_fw_table_find(&table, (enum bm_fw_mode)mode,
                                          &packet) != BM_FW_NO_RULE
                             ? 1
                             : 0;
        sums->most_probes =
            probes > sums->most_probes ? probes : sums->most_probes;
        if (!same(policy, &table, mode, &packet) || probes > compiled->probes) {
            return false;
        }
    }
    return true;
}

/* The witness is a frame about which the two rules say different things. */
static bool is_witness(const struct policy_conflict *c)
{
    char words[POLICY_FRAME_WORDS];
    char why[CONFIG_WORDS_MAX] = "";
    struct policy_frame frame;
    struct bm_fw_packet packet;
    struct policy_facts facts;
    enum bm_fw_reason shape;

    policy_frame_witness(c, words);
    if (policy_frame_parse(words, &frame, why) != BM_OK) {
        printf("# %s: %s\n", words, why);
        return false;
    }
    shape = bm_fw_packet_parse(&packet, frame.direction,
                               (struct bm_bytes){ frame.octets, frame.n },
                               frame.n, &frame.subnets);
    policy_facts_of(&packet, &facts);
    /* Of IPv6 some protocols are none, and fe80::/64 is never outside. */
    if (shape == BM_FW_EXTENSION || shape == BM_FW_FRAGMENT ||
        (packet.peer[0] == 0xfe800000 && packet.peer[1] == 0)) {
        return true;
    }
    return shape == BM_FW_BY_RULE && c->a->priority == c->b->priority &&
           !policy_same_effect(c->a, c->b) && policy_rule_holds(c->a, &facts) &&
           policy_rule_holds(c->b, &facts);
}

static bool check_one(struct generate *g, struct dice *dice, bool distinct,
                      struct sums *sums)
{
    struct policy *policy;
    struct policy_compiled compiled;
    struct policy_conflict conflict;
    struct config_error error;
    bm_status rc;
    bool ok;

    generate_policy(g, dice, distinct);
    policy = read(g->text);
    rc = policy_compile(policy, &compiled, &conflict, &error);
    if (rc == BM_OK) {
        ok = compare(policy, &compiled, dice, sums);
        policy_compiled_wipe(&compiled);
    } else {
        ok = !distinct && rc == BM_E_POLICY_OVERLAP && is_witness(&conflict) &&
             error.line == conflict.b->line;
        sums->overlaps++;
    }
    policy_free(policy);
    return ok;
}

static void a_table_says_what_the_rules_say(void)
{
    static struct generate g;
    struct dice dice = { 1 };
    struct sums sums = { 0 };

    for (unsigned i = 0; i < POLICIES; i++) {
        if (!check_one(&g, &dice, i % 4 != 0, &sums)) {
            printf("# policy %u:\n%s\n", i, g.text);
            CHECK(!"the table and the rules differ");
            return;
        }
    }
    printf("# %lu packets compared, %lu of a rule, %lu policies with overlaps, "
           "%lu probes at most\n",
           sums.compared, sums.decided, sums.overlaps, sums.most_probes);
    CHECK(sums.decided > sums.compared / 20);
    CHECK(sums.overlaps > POLICIES / 16 && sums.overlaps < POLICIES / 4);
}

/* ---- Contradictions */

static const struct {
    const char *rules;
    const char *words;
} contradictions[] = {
    { "- {name: a, direction: in, protocol: tcp, port: 1-10, verdict: allow}\n"
      "- {name: b, direction: in, protocol: tcp, port: 10-20, verdict: drop}\n",
      "b contradicts a of line 7, and neither has priority, in mode normal: in "
      "tcp port=10 sport=40000 peer=192.0.2.1" },
    { "- {name: a, direction: out, protocol: any, verdict: allow}\n"
      "- {name: b, direction: out, ethernet: 0x88cc, verdict: observe}\n",
      "b contradicts a of line 7, and neither has priority, in mode normal: "
      "out ethernet type=0x88cc" },
    { "- {name: a, direction: in, protocol: ip, verdict: allow,\n"
      "   modes: [repair]}\n"
      "- {name: b, direction: in, protocol: icmpv6, peer: \"fd00::/64\",\n"
      "   verdict: drop, modes: [normal, repair]}\n",
      "b contradicts a of line 7, and neither has priority, in mode repair: in "
      "icmpv6 kind=0/1 peer=fd00::" },
    { "- {name: a, direction: in, protocol: udp, verdict: allow}\n"
      "- {name: b, direction: in, protocol: udp, port: 53, verdict: allow,\n"
      "   rate: {packets: 5/s, burst: 5}}\n",
      "b contradicts a of line 7" },
};

static void rules_that_contradict_each_other_are_refused(void)
{
    for (size_t i = 0; i < sizeof contradictions / sizeof contradictions[0];
         i++) {
        char text[1024];
        struct policy_compiled c;
        struct config_error e;

        snprintf(text, sizeof text, HEAD "rules:\n%s", contradictions[i].rules);
        CHECK_STATUS(compile(text, &c, &e), BM_E_POLICY_OVERLAP);
        CHECK(c.table == NULL && e.line >= 8 && e.column == 3);
        if (strncmp(e.words, contradictions[i].words,
                    strlen(contradictions[i].words)) != 0) {
            printf("# got %s\n", e.words);
            CHECK(!"the words are others");
        }
    }
}

static void what_does_not_contradict_is_not_refused(void)
{
    static const char *const fine[] = {
        /* another priority, another mode, the same effect, another direction,
         * and what is hidden below a higher one */
        "- {name: a, direction: in, protocol: tcp, verdict: allow}\n"
        "- {name: b, direction: in, protocol: tcp, port: 9, verdict: drop,\n"
        "   priority: 1}\n",
        "- {name: a, direction: in, protocol: tcp, verdict: allow}\n"
        "- {name: b, direction: in, protocol: tcp, verdict: drop,\n"
        "   modes: [lockdown]}\n",
        "- {name: a, direction: in, protocol: tcp, verdict: allow}\n"
        "- {name: b, direction: in, protocol: tcp, port: 9, verdict: allow}\n",
        "- {name: a, direction: in, protocol: tcp, verdict: allow}\n"
        "- {name: b, direction: out, protocol: tcp, verdict: drop}\n",
        "- {name: a, direction: in, protocol: tcp, port: 5, verdict: allow}\n"
        "- {name: b, direction: in, protocol: tcp, port: 5, verdict: drop}\n"
        "- {name: c, direction: in, protocol: tcp, port: 1-9, verdict: drop,\n"
        "   priority: 7}\n",
    };

    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        char text[1024];
        struct policy_compiled c;

        snprintf(text, sizeof text, HEAD "rules:\n%s", fine[i]);
        CHECK_STATUS(compile(text, &c, NULL), BM_OK);
        policy_compiled_wipe(&c);
    }
}

/* ---- One table */

static void a_policy_has_one_table(void)
{
    static const char *const same_policies[] = {
        HEAD "rules:\n- {name: a, direction: in, protocol: [tcp, udp], "
             "port: [1-10], peer: [10.0.0.0/8, \"fd00::/8\"], "
             "flows: false, verdict: allow}\n",
        HEAD "groups: {g: [10.128.0.0/9, 10.0.0.0/9, \"fd00::/9\", "
             "\"fd80::/9\"]}\n"
             "rules:\n- {name: a, direction: in, protocol: [udp, tcp], "
             "port: [5-10, 1-4, 2], peer: [g], flows: false, verdict: allow}\n",
        HEAD "rules:\n- {name: a, direction: in, protocol: [17, 6], "
             "port: [1, 2-9, 10], peer: [10.0.0.0-10.255.255.255, "
             "\"fd00::/8\", \"fd12::/16\"], flows: false, verdict: allow}\n",
    };
    struct policy_compiled first;

    CHECK_STATUS(compile(same_policies[0], &first, NULL), BM_OK);
    for (size_t i = 0; i < sizeof same_policies / sizeof same_policies[0];
         i++) {
        struct policy_compiled c;

        CHECK_STATUS(compile(same_policies[i], &c, NULL), BM_OK);
        CHECK(c.n == first.n && memcmp(c.table, first.table, c.n) == 0);
        policy_compiled_wipe(&c);
    }
    policy_compiled_wipe(&first);
}

static void a_rule_that_never_decides_is_known(void)
{
    struct policy_compiled c;

    CHECK_STATUS(
        compile(HEAD
                "rules:\n"
                "- {name: a, direction: in, protocol: tcp, verdict: drop}\n"
                "- {name: b, direction: in, protocol: ip, verdict: drop,\n"
                "   priority: 5}\n",
                &c, NULL),
        BM_OK);
    CHECK(!c.decides[0] && c.decides[1]);
    policy_compiled_wipe(&c);
}

/* The narrow one decides where it holds, and the other one elsewhere. */
static void of_rules_that_do_the_same_the_first_decides(void)
{
    struct policy_compiled c;

    CHECK_STATUS(
        compile(HEAD
                "rules:\n"
                "- {name: a, direction: in, protocol: tcp, port: 443,\n"
                "   verdict: drop}\n"
                "- {name: b, direction: in, protocol: tcp, verdict: drop}\n"
                "- {name: c, direction: in, protocol: tcp, port: 80,\n"
                "   verdict: drop}\n",
                &c, NULL),
        BM_OK);
    CHECK(c.decides[0] && c.decides[1] && !c.decides[2]);
    policy_compiled_wipe(&c);
}

/* Prefixes by ports by source ports: more ranges than a table has. */
static void what_multiplies_too_far_is_refused(void)
{
    static char text[400000];
    size_t n = (size_t)snprintf(text, sizeof text, HEAD "rules:\n");
    struct policy_compiled c;
    struct config_error e;
    struct dice dice = { 7 };

    for (unsigned i = 0; i < 1200; i++) {
        unsigned port = dice_throw(&dice, 60000);
        unsigned sport = dice_throw(&dice, 60000);
        unsigned peer = dice_throw(&dice, 250);

        n += (size_t)snprintf(
            text + n, sizeof text - n,
            "- {name: r%u, direction: in, protocol: udp, verdict: drop, "
            "priority: %u, port: %u-%u, source_port: %u-%u, "
            "peer: 10.%u.0.0-10.%u.0.0}\n",
            i, i, port, port + 5000, sport, sport + 5000, peer, peer + 5);
    }
    CHECK_STATUS(compile(text, &c, &e), BM_E_POLICY_SIZE);
    CHECK(c.table == NULL && strstr(e.words, "multiply") != NULL);
}

/* Filters: sorted, joined, each once, whatever way they are written. */
static void filters_are_rows_of_functions_and_addresses(void)
{
    static const char text[] = HEAD
        "rules:\n"
        "- {name: a, direction: in, protocol: tcp, port: 1, verdict: allow,\n"
        "   modbus: {mode: active, allow: [\n"
        "     {functions: [3-4, 16], addresses: [0-9, 20]},\n"
        "     {functions: [5], addresses: 10-19}, {functions: 43},\n"
        "     {functions: [16], addresses: [10-19, 30-39]}]}}\n"
        "- {name: b, direction: in, protocol: tcp, port: 2, verdict: allow,\n"
        "   modbus: {mode: observe, allow: [{functions: 1-127}]}}\n"
        "- {name: c, direction: in, protocol: tcp, port: 3, verdict: allow,\n"
        "   modbus: {mode: active, allow: [{functions: [1-60, 61-127],\n"
        "     addresses: [1-65535, 0]}]}}\n"
        "- {name: d, direction: in, protocol: tcp, port: 4, verdict: "
        "allow}\n";
    static const uint8_t rows[] = {
        1,  0,  6,  0, /* head */
        3,  4,  0,  0, 9,  0, 0, 0, 3,  4,  20, 0, 20,  0,   0, 0,
        5,  5,  10, 0, 19, 0, 0, 0, 16, 16, 0,  0, 20,  0,   0, 0,
        16, 16, 30, 0, 39, 0, 0, 0, 43, 43, 0,  0, 255, 255, 0, 0,
    };
    struct policy_compiled c;
    struct bm_fw_table table;
    struct bm_fw_rule rule[4];

    CHECK_STATUS(compile(text, &c, NULL), BM_OK);
    CHECK_STATUS(bm_fw_table_open(&table, (struct bm_bytes){ c.table, c.n }),
                 BM_OK);
    for (unsigned i = 0; i < 4; i++) {
        bm_fw_table_rule(&table, i, &rule[i]);
    }
    CHECK(rule[0].filter != 0 && rule[1].filter == rule[2].filter);
    CHECK(rule[3].filter == 0);
    CHECK((rule[1].flags & BM_FW_FILTER_WATCH) != 0);
    CHECK((rule[2].flags & BM_FW_FILTER_WATCH) == 0);
    CHECK_BYTES(c.table + 4u * rule[0].filter, sizeof rows, rows, sizeof rows);
    CHECK(c.n == 4u * rule[1].filter + 12);
    policy_compiled_wipe(&c);
}

static void an_empty_policy_is_a_table(void)
{
    struct policy_compiled c;

    CHECK_STATUS(compile("policy: p\nversion: 1\nfloor: 1\n", &c, NULL), BM_OK);
    CHECK(c.n == BM_FW_HEADER_SIZE && c.probes == 0 && c.nodes == 0);
    policy_compiled_wipe(&c);
}

int main(void)
{
    RUN(a_table_says_what_the_rules_say);
    RUN(rules_that_contradict_each_other_are_refused);
    RUN(what_does_not_contradict_is_not_refused);
    RUN(a_policy_has_one_table);
    RUN(a_rule_that_never_decides_is_known);
    RUN(of_rules_that_do_the_same_the_first_decides);
    RUN(what_multiplies_too_far_is_refused);
    RUN(filters_are_rows_of_functions_and_addresses);
    RUN(an_empty_policy_is_a_table);
    return bm_test_done();
}
