/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain.h"

#include <string.h>

#include "policy/expect.h"
#include "policy/frame.h"
#include "policy/pcap.h"
#include "tests/harness/bm_test.h"

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

static const char text[] =
    "policy: p\nversion: 1\nfloor: 1\nflows: 4\nrules:\n"
    "- {name: web, direction: in, protocol: tcp, port: [80, 443],\n"
    "   peer: 10.0.0.0/8, verdict: allow, priority: 1}\n"
    "- {name: all, direction: in, protocol: tcp, verdict: reset}\n"
    "- {name: also, direction: in, protocol: tcp, port: 443, verdict: reset}\n"
    "- {name: late, direction: in, protocol: ip, verdict: allow,\n"
    "   modes: [repair]}\n"
    "- {name: ping, direction: out, protocol: icmp, kind: echo-request,\n"
    "   verdict: allow}\n";

static struct policy *read(void)
{
    struct policy *policy = NULL;

    CHECK_STATUS(policy_parse(view(text), &policy, NULL), BM_OK);
    return policy;
}

static void every_rule_with_a_part_is_told(void)
{
    static const struct {
        const char *name;
        enum policy_part part;
    } want[] = { { "web", POLICY_PART_DECIDES },
                 { "all", POLICY_PART_LOWER },
                 { "also", POLICY_PART_LOWER },
                 { "late", POLICY_PART_MODE } };
    struct policy *policy = read();
    char why[CONFIG_WORDS_MAX];
    struct policy_frame frame;
    struct bm_fw_packet packet;
    struct policy_facts facts;
    struct policy_explanation e;

    CHECK_STATUS(
        policy_frame_parse("in tcp port=443 peer=10.0.0.9", &frame, why),
        BM_OK);
    CHECK(bm_fw_packet_parse(&packet, frame.direction,
                             (struct bm_bytes){ frame.octets, frame.n },
                             frame.n, &frame.subnets) == BM_FW_BY_RULE);
    policy_facts_of(&packet, &facts);
    CHECK_STATUS(policy_explain(policy, POLICY_NORMAL, &facts, &e), BM_OK);
    CHECK(e.n == 4);
    for (size_t i = 0; i < e.n; i++) {
        CHECK(strcmp(e.matches[i].rule->name, want[i].name) == 0);
        CHECK(e.matches[i].part == want[i].part);
    }
    policy_explanation_wipe(&e);

    /* Another peer: now "all" decides, "also" says the same, "web" is near. */
    facts.at[POLICY_PEER4] = policy_value(1);
    CHECK_STATUS(policy_explain(policy, POLICY_NORMAL, &facts, &e), BM_OK);
    CHECK(e.n == 4 && e.matches[1].part == POLICY_PART_SAME);
    CHECK(e.matches[3].part == POLICY_PART_NEARLY &&
          e.matches[3].field == POLICY_PEER4);
    policy_explanation_wipe(&e);
    policy_free(policy);
}

/* ---- Expectations */

static const struct {
    const char *text;
    bm_status status;
    const char *words;
} expectations[] = {
    { "expect:\n- {packet: in tcp port=80 peer=10.0.0.1, verdict: allow, "
      "rule: web, reason: rule}\n",
      BM_OK, "" },
    { "expect:\n- {packet: in tcp port=80 peer=11.0.0.1, verdict: allow}\n",
      BM_E_POLICY_EXPECT, "it is reset, for the reason rule, by rule all" },
    { "expect:\n- {packet: in udp port=80, verdict: drop, rule: web}\n",
      BM_E_POLICY_EXPECT, "it is drop, for the reason default, by rule none" },
    { "expect:\n- {packet: in udp port=80, verdict: drop, reason: default}\n",
      BM_OK, "" },
    { "expect:\n- {packet: in udp port=80, verdict: allow, mode: repair}\n",
      BM_OK, "" },
    { "expect:\n"
      "- before: [out icmp kind=echo-request id=7 peer=10.0.0.1]\n"
      "  packet: in icmp kind=echo-reply id=7 peer=10.0.0.1\n"
      "  verdict: allow\n  reason: flow\n",
      BM_OK, "" },
    { "expect:\n"
      "- before: [out icmp kind=echo-request id=7 peer=10.0.0.1]\n"
      "  packet: in icmp kind=echo-reply id=7 peer=10.0.0.1\n"
      "  verdict: drop\n  reason: default\n  after: 10s\n",
      BM_OK, "" },
};

static void expectations_are_met_or_not(void)
{
    struct policy *policy = read();

    for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++) {
        struct policy_expectations e;
        char words[CONFIG_WORDS_MAX];

        CHECK_STATUS(policy_expect_parse(view(expectations[i].text), &e, NULL),
                     BM_OK);
        CHECK(e.n == 1 && e.items[0].line == 2);
        CHECK_STATUS(policy_expect_check(policy, &e.items[0], words),
                     expectations[i].status);
        CHECK(strcmp(words, expectations[i].words) == 0);
        policy_expect_wipe(&e);
    }
    policy_free(policy);
}

static const struct {
    const char *text;
    bm_status status;
    unsigned line;
    unsigned column;
} wrong[] = {
    { "{}\n", BM_E_CONFIG_MISSING, 1, 1 },
    { "expect: []\n", BM_E_CONFIG_VALUE, 1, 9 },
    { "expect:\n- {verdict: drop}\n", BM_E_CONFIG_MISSING, 2, 3 },
    { "expect:\n- {packet: in tcp, verdict: drop}\n", BM_E_POLICY_PACKET, 2,
      12 },
    { "expect:\n- {packet: in tcp port=1, verdict: drop, before: [x]}\n",
      BM_E_POLICY_PACKET, 2, 50 },
    { "expect:\n- {packet: in tcp port=1, verdict: drop, reason: x}\n",
      BM_E_CONFIG_VALUE, 2, 50 },
};

static void what_is_no_expectation_is_refused_where_it_stands(void)
{
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct policy_expectations e;
        struct config_error error;

        CHECK_STATUS(policy_expect_parse(view(wrong[i].text), &e, &error),
                     wrong[i].status);
        CHECK(error.line == wrong[i].line && error.column == wrong[i].column);
        CHECK(e.config == NULL && e.n == 0);
    }
}

/* ---- Captures */

#define GLOBAL(magic, link) magic "\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0" link
#define LITTLE              GLOBAL("\xd4\xc3\xb2\xa1", "\1\0\0\0")

static void a_capture_is_read_frame_by_frame(void)
{
    static const char file[] = LITTLE "\1\0\0\0\xd0\7\0\0\2\0\0\0\2\0\0\0"
                                      "ab"
                                      "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    struct bm_bytes whole = { (const uint8_t *)file, sizeof file - 1 };
    struct policy_pcap pcap;
    struct policy_pcap_frame frame;

    CHECK_STATUS(policy_pcap_open(whole, &pcap), BM_OK);
    CHECK_STATUS(policy_pcap_next(&pcap, &frame), BM_OK);
    CHECK(frame.time == 1002 && frame.length == 2);
    CHECK(bm_bytes_equal(frame.head, BM_LIT("ab")));
    CHECK_STATUS(policy_pcap_next(&pcap, &frame), BM_OK);
    CHECK(frame.time == 2000 && frame.length == 0);
    CHECK_STATUS(policy_pcap_next(&pcap, &frame), BM_E_END);

    for (size_t n = 0; n < whole.n; n++) {
        bm_status rc = policy_pcap_open((struct bm_bytes){ whole.p, n }, &pcap);

        while (rc == BM_OK) {
            rc = policy_pcap_next(&pcap, &frame);
        }
        /* Of a whole file; of one whole frame, or none. */
        CHECK_STATUS(rc, n == 24 || n == 42 ? BM_E_END : BM_E_POLICY_PCAP);
    }
}

static void what_is_no_capture_is_refused(void)
{
    static const char *const files[] = {
        GLOBAL("\xd4\xc3\xb2\xa2", "\1\0\0\0"),
        GLOBAL("\xd4\xc3\xb2\xa1", "\2\0\0\0"),
        GLOBAL("\xa1\xb2\xc3\xd4", "\1\0\0\0"),
    };
    static const char cut[] = LITTLE "\1\0\0\0\0\0\0\0\2\0\0\0\3\0\0\0"
                                     "ab";
    struct policy_pcap pcap;
    struct policy_pcap_frame frame;

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        CHECK_STATUS(
            policy_pcap_open((struct bm_bytes){ (const uint8_t *)files[i], 24 },
                             &pcap),
            BM_E_POLICY_PCAP);
    }
    CHECK_STATUS(policy_pcap_open(BM_LIT(cut), &pcap), BM_OK);
    CHECK_STATUS(policy_pcap_next(&pcap, &frame), BM_E_POLICY_PCAP);
    CHECK_STATUS(
        policy_pcap_open(BM_LIT("\xa1\xb2\x3c\x4d\0\2\0\4\0\0\0\0\0\0\0\0\0\0"
                                "\0\0\0\0\0\1"),
                         &pcap),
        BM_OK);
    CHECK(pcap.big && pcap.nano);
}

int main(void)
{
    RUN(every_rule_with_a_part_is_told);
    RUN(expectations_are_met_or_not);
    RUN(what_is_no_expectation_is_refused_where_it_stands);
    RUN(a_capture_is_read_frame_by_frame);
    RUN(what_is_no_capture_is_refused);
    return bm_test_done();
}
