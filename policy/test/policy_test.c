/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "tests/harness/bm_test.h"

#define HEAD        "policy: p\nversion: 2\nfloor: 1\nflows: 8\nsources: 4\n"
#define RULE(words) HEAD "rules:\n- {name: r, " words "}\n"

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

/* Read what is well-formed; the caller frees. */
static struct policy *read(const char *text)
{
    struct policy *policy = NULL;
    struct config_error error;

    CHECK_STATUS(policy_parse(view(text), &policy, &error), BM_OK);
    if (policy == NULL) {
        printf("# %u:%u: %s\n# in: %.300s\n", error.line, error.column,
               error.words, text);
    }
    return policy;
}

/* ---- What is refused */

static const struct {
    const char *text;
    const char *words; /* "LINE:COLUMN: words" begins so */
} refused[] = {
    { "policy: p\n", "1:1: \"version\" is missing" },
    { "policy: p\nversion: 1\nfloor: 2\n", "3:8: floor is above version" },
    { "policy: p\nversion: 0\nfloor: 0\n", "2:10: version must be 1 to" },
    { "policy: p\nversion: 1\nfloor: 1\nrule: []\n",
      "4:1: unknown key \"rule\"; did you mean \"rules\"?" },
    { HEAD "timeouts: {udp: 0s}\n", "6:17: udp must be 1 to 65535 seconds" },
    { HEAD "timeouts: {opn: 1s}\n", "6:12: unknown key \"opn\"" },
    { HEAD "rules: {}\n", "6:8: rules must be a sequence" },
    { HEAD "groups: []\n", "6:9: groups must be a mapping" },
    { HEAD "groups: {any: [10.0.0.1]}\n", "6:15: a group is named by" },
    { HEAD "groups: {a: []}\n", "6:13: group a must be a sequence" },
    { HEAD "groups: {a: [10.0.0.1, b]}\n", "6:24: \"b\" is no address" },
    { HEAD "groups: {a: [10.0.0.1, \"02:00:00:00:00:01\"]}\n",
      "6:24: group a mixes" },
    { HEAD "builtin: [telnet]\n", "6:11: unknown service \"telnet\"" },
    { HEAD "builtin: [{name: dhcp, peer: 10.0.0.1}]\n",
      "6:30: peer is not a matter of the service dhcp" },
    { HEAD "builtin: [arp, arp]\n",
      "6:16: rule arp-in is there already, in line 6" },
    { RULE("direction: in, verdict: allow"),
      "7:3: a rule has either protocol or ethernet" },
    { RULE("direction: in, verdict: allow, protocol: tcp, ethernet: 5"),
      "7:3: a rule has either protocol or ethernet" },
    { RULE("direction: up, verdict: allow, protocol: tcp"),
      "7:24: direction must be in, out, or [in, out]" },
    { RULE("direction: [in, in], verdict: allow, protocol: tcp"),
      "7:24: direction must be" },
    { RULE("direction: in, verdict: alow, protocol: tcp"),
      "7:37: unknown verdict \"alow\"; did you mean \"allow\"?" },
    { RULE("direction: in, verdict: allow, protocol: [tcp, igmp]"),
      "7:60: unknown protocol \"igmp\"" },
    { RULE("direction: in, verdict: allow, protocol: 256"),
      "7:54: unknown protocol \"256\"" },
    { RULE("direction: in, verdict: allow, protocol: tcp, port: 65536"),
      "7:65: \"65536\" is no number up to 65535" },
    { RULE("direction: in, verdict: allow, protocol: tcp, port: 9-7"),
      "7:65: \"9-7\" is no number" },
    { RULE("direction: in, verdict: allow, protocol: tcp, port: 010"),
      "7:65: \"010\" is no number" },
    { RULE("direction: in, verdict: allow, protocol: tcp, port: []"),
      "7:65: port must be a value or a sequence of values" },
    { RULE("direction: in, verdict: allow, protocol: ip, port: 1"),
      "7:64: port is of TCP and UDP" },
    { RULE("direction: in, verdict: allow, protocol: tcp, kind: request"),
      "7:65: kind is of ARP" },
    { RULE("direction: in, verdict: allow, protocol: icmp, kind: 3/256"),
      "7:66: \"3/256\" is no kind of ICMP" },
    { RULE("direction: in, verdict: allow, protocol: arp, kind: [1]"),
      "7:66: \"1\" is no kind of ARP" },
    { RULE("direction: in, verdict: allow, protocol: tcp, peer: 10.0.0.1/8"),
      "7:65: \"10.0.0.1/8\" is no address" },
    { RULE("direction: in, verdict: allow, protocol: tcp, peer: [any]"),
      "7:66: \"any\" is no address" },
    { RULE("direction: in, verdict: allow, protocol: icmp, peer: fd00::1"),
      "7:3: no frame can be what this rule says" },
    { RULE("direction: in, verdict: allow, ethernet: [0x800]"),
      "7:54: IPv4 (0x0800), ARP" },
    { RULE("direction: in, verdict: allow, ethernet: 5, peer: subnet"),
      "7:54: such frames have no port" },
    { RULE("direction: out, verdict: allow, protocol: tcp, "
           "mac: \"02:00:00:00:00:01\""),
      "7:65: mac is of frames that come in" },
    { RULE("direction: in, verdict: reset, protocol: udp"),
      "7:3: reset is of TCP that comes in" },
    { RULE("direction: out, verdict: reset, protocol: tcp"),
      "7:3: reset is of TCP that comes in" },
    { RULE("direction: in, verdict: allow, protocol: [tcp, icmp]"),
      "7:3: some protocols of this rule have flows" },
    { RULE("direction: in, verdict: allow, protocol: 47, flows: true"),
      "7:65: flows are of TCP, UDP" },
    { RULE("direction: in, verdict: drop, protocol: tcp, flows: true"),
      "7:65: flows are of TCP, UDP" },
    { RULE("direction: in, verdict: allow, protocol: 47, connections: 2"),
      "7:3: \"connections\" is of a rule with flows" },
    { RULE("direction: in, verdict: allow, protocol: tcp, "
           "rate: {packets: 1/s}"),
      "7:65: \"burst\" is missing" },
    { RULE("direction: in, verdict: allow, protocol: tcp, rate: {burst: 1}"),
      "7:65: a rate is of either packets or connections" },
    { RULE("direction: in, verdict: allow, protocol: tcp, "
           "rate: {packets: 1/d, burst: 1}"),
      "7:65: \"1/d\" is no rate" },
    { RULE("direction: in, verdict: allow, protocol: tcp, "
           "rate: {packets: 1/h, burst: 1}"),
      "7:65: a rate is one frame in 65 seconds at least" },
    { RULE("direction: in, verdict: allow, protocol: any, "
           "rate: {packets: 1/s, burst: 1, per: source}"),
      "7:65: \"per: source\" is of frames that have a peer" },
    { RULE("direction: in, verdict: drop, protocol: tcp, "
           "rate: {packets: 1/s, burst: 1}"),
      "7:64: a rate is of what passes" },
    { RULE("direction: in, verdict: allow, protocol: 47, "
           "rate: {connections: 1/s, burst: 1}"),
      "7:64: a rate of connections is of a rule with flows" },
    { RULE("direction: in, verdict: allow, protocol: tcp, "
           "threshold: {high: 1/s, low: 2/s}"),
      "7:70: high and low are rates" },
    { RULE("direction: in, verdict: allow, protocol: tcp, modes: []"),
      "7:66: a rule is in one mode at least" },
    { RULE("direction: in, verdict: allow, protocol: tcp, log: sample"),
      "7:3: \"log: sample\" and \"sample: N\" go together" },
    { RULE("direction: in, verdict: allow, protocol: udp, "
           "modbus: {mode: active, allow: []}"),
      "7:67: Modbus is looked into on flows of TCP alone" },
    { RULE("direction: in, verdict: allow, protocol: tcp, "
           "modbus: {mode: active, allow: [{functions: [0, 3]}]}"),
      "7:102: functions are 1 to 127" },
    { HEAD "rules:\n- {name: R, direction: in, verdict: drop, "
           "protocol: tcp}\n",
      "7:10: a rule is named by at most 31" },
    { "policy: p\nversion: 1\nfloor: 1\nbuiltin: [dns]\n",
      "1:1: \"flows\" is missing" },
};

static void what_is_wrong_is_refused_where_it_stands(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct policy *policy;
        struct config_error e;
        char got[CONFIG_WORDS_MAX + 32];
        bm_status rc = policy_parse(view(refused[i].text), &policy, &e);

        CHECK(rc != BM_OK && policy == NULL && e.status == rc);
        snprintf(got, sizeof got, "%u:%u: %s", e.line, e.column, e.words);
        if (strncmp(got, refused[i].words, strlen(refused[i].words)) != 0) {
            printf("# in: %s# got %s, want %s\n", refused[i].text, got,
                   refused[i].words);
            CHECK(!"the error is another one");
        }
        CHECK(policy_parse(view(refused[i].text), &policy, NULL) == rc);
        policy_free(policy);
    }
}

/* ---- What is read */

static bool one(const struct policy_set *set, uint64_t first, uint64_t last)
{
    return set->n == 1 && set->ranges[0].first.low == first &&
           set->ranges[0].last.low == last;
}

static void a_rule_becomes_boxes_of_one_kind(void)
{
    struct policy *p =
        read(HEAD "groups:\n  both: [10.0.0.0/8, \"fd00::/8\", 10.1.0.0/16]\n"
                  "rules:\n- name: web\n  direction: in\n  protocol: tcp\n"
                  "  port: [443, 80-81, 82]\n  peer: [both, subnet]\n"
                  "  verdict: allow\n");
    const struct policy_rule *r = &p->rules[0];

    CHECK(p->n == 1 && r->boxes_n == 4 && r->flows);
    CHECK(r->line == 9 && strcmp(r->name, "web") == 0);
    CHECK(r->boxes[0].kind == POLICY_IPV4 && r->boxes[2].kind == POLICY_IPV6);
    CHECK(one(&r->boxes[0].set[POLICY_SUBNET], 1, 1));
    CHECK(one(&r->boxes[1].set[POLICY_PEER4], 0x0a000000, 0x0affffff));
    CHECK(r->boxes[1].set[POLICY_SUBNET].n == 0);
    CHECK(r->boxes[3].set[POLICY_PEER6].n == 1);
    CHECK(r->boxes[3].set[POLICY_PEER4].n == 0);
    CHECK(one(&r->boxes[3].set[POLICY_TYPE], 0x86dd, 0x86dd));
    CHECK(one(&r->boxes[3].set[POLICY_PROTO], 6, 6));
    CHECK(r->boxes[0].set[POLICY_PORT].n == 2);
    CHECK(r->boxes[0].set[POLICY_PORT].ranges[0].last.low == 82);
    policy_free(p);
}

static void any_is_every_frame_in_four_boxes(void)
{
    struct policy *p =
        read(RULE("direction: [in, out], protocol: any, verdict: drop"));

    CHECK(p->n == 2 && p->rules[0].boxes_n == 4);
    CHECK(strcmp(p->rules[0].name, "r-in") == 0);
    CHECK(strcmp(p->rules[1].name, "r-out") == 0);
    CHECK(p->rules[1].direction == POLICY_OUT);
    for (uint64_t type = 0; type <= 0xffff; type++) {
        unsigned has = 0;

        for (size_t i = 0; i < 4; i++) {
            has += policy_set_has(&p->rules[0].boxes[i].set[POLICY_TYPE],
                                  policy_value(type))
                       ? 1
                       : 0;
        }
        if (has != 1) {
            CHECK(!"a type is in exactly one box");
            break;
        }
    }
    policy_free(p);
}

static void what_is_not_said_has_its_default(void)
{
    struct policy *p = read(
        HEAD "rules:\n"
             "- {name: a, direction: in, protocol: udp, verdict: allow}\n"
             "- {name: b, direction: in, protocol: icmp, verdict: allow}\n"
             "- {name: c, direction: out, protocol: icmpv6,\n"
             "   kind: echo-request, verdict: observe}\n"
             "- {name: d, direction: in, protocol: tcp, verdict: reset}\n");

    CHECK(p->n == 4);
    CHECK(p->rules[0].flows && !p->rules[1].flows);
    CHECK(p->rules[2].flows && !p->rules[3].flows);
    CHECK(p->rules[0].modes == 1u << POLICY_NORMAL);
    CHECK(p->rules[0].log == POLICY_LOG_NONE);
    CHECK(p->rules[2].log == POLICY_LOG_COUNT);
    CHECK(p->rules[0].priority == 0 && p->rules[0].cap == 0);
    CHECK(p->timeouts[POLICY_OPEN] == 7200 && p->timeouts[POLICY_DONE] == 30);
    policy_free(p);
}

static void rates_are_rounded_down(void)
{
    struct policy *p = read(
        HEAD "rules:\n"
             "- {name: a, direction: in, protocol: udp, verdict: allow,\n"
             "   connections: 3, threshold: {high: 100/s, low: 10/s},\n"
             "   rate: {connections: 1/s, burst: 5, per: source}}\n"
             "- {name: b, direction: in, protocol: 47, verdict: allow,\n"
             "   rate: {packets: 90/m, burst: 1}, log: sample, sample: 9}\n");

    CHECK(p->rules[0].rate.fill == 65 && p->rules[0].rate.per_source);
    CHECK(p->rules[0].rate.connections && p->rules[0].cap == 3);
    CHECK(p->rules[0].threshold.high == 100 && p->rules[0].threshold.low == 10);
    CHECK(p->rules[1].rate.fill == 98 && p->rules[1].sample == 9);
    CHECK(!policy_same_effect(&p->rules[0], &p->rules[1]));
    CHECK(policy_same_effect(&p->rules[0], &p->rules[0]));
    policy_free(p);
}

static void every_service_is_there_in_repair(void)
{
    struct policy *p = read(HEAD "builtin: [arp, nd, dhcp, dns, ntp,\n"
                                 "  {name: est, port: 443, peer: 10.0.0.1,\n"
                                 "   modes: [lockdown]}]\n");

    CHECK(p->n == 11);
    for (size_t i = 0; i + 1 < p->n; i++) {
        CHECK(p->rules[i].modes == (1u << POLICY_NORMAL | 1u << POLICY_REPAIR));
        CHECK(p->rules[i].line == 6 && p->rules[i].builtin != NULL);
    }
    CHECK(p->rules[10].modes == 1u << POLICY_LOCKDOWN);
    CHECK(p->rules[10].boxes_n == 1 && p->rules[10].line == 7);
    CHECK(one(&p->rules[10].boxes[0].set[POLICY_PORT], 443, 443));
    policy_free(p);
}

static void a_filter_of_modbus_is_kept(void)
{
    struct policy *p =
        read(RULE("direction: in, protocol: tcp, port: 502, verdict: allow, "
                  "modbus: {mode: observe, allow: [{functions: [3, 4], "
                  "addresses: [0-99]}, {functions: 16}]}"));
    const struct policy_modbus *m = p->rules[0].modbus;

    CHECK(m != NULL && m->n == 2 && m->observe);
    CHECK(one(&m->lines[0].functions, 3, 4));
    CHECK(one(&m->lines[0].addresses, 0, 99));
    CHECK(m->lines[1].addresses.n == 0);
    policy_free(p);
}

static void every_prefix_of_a_policy_is_read_or_refused(void)
{
    static const char text[] =
        HEAD "builtin: [arp, {name: est, port: 443}]\n"
             "groups: {g: [10.0.0.0/8]}\n"
             "rules:\n"
             "- {name: a, direction: in, protocol: udp, peer: g,\n"
             "   verdict: allow, rate: {packets: 1/s, burst: 5}}\n";

    for (size_t n = 0; n < sizeof text; n++) {
        struct policy *p;
        struct config_error e;
        bm_status rc =
            policy_parse((struct bm_bytes){ (const uint8_t *)text, n }, &p, &e);

        CHECK((rc == BM_OK) == (p != NULL) && e.status == rc);
        policy_free(p);
    }
}

int main(void)
{
    RUN(what_is_wrong_is_refused_where_it_stands);
    RUN(a_rule_becomes_boxes_of_one_kind);
    RUN(any_is_every_frame_in_four_boxes);
    RUN(what_is_not_said_has_its_default);
    RUN(rates_are_rounded_down);
    RUN(every_service_is_there_in_repair);
    RUN(a_filter_of_modbus_is_kept);
    RUN(every_prefix_of_a_policy_is_read_or_refused);
    return bm_test_done();
}
