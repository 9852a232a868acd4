/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft.h"

#include <stdlib.h>
#include <string.h>

#include "tests/harness/bm_test.h"

/*
 * What a ruleset says is tried in a kernel (tests/firewall). Here: what is
 * refused, and what others rely on.
 */

#define HEAD "policy: p\nversion: 2\nfloor: 1\nflows: 8\nsources: 4\n"

static const char *const devices[] = { "eth0", "wlan0.1", NULL };

static struct policy *read(const char *text)
{
    struct policy *policy = NULL;
    struct config_error error;

    CHECK_STATUS(
        policy_parse((struct bm_bytes){ (const uint8_t *)text, strlen(text) },
                     &policy, &error),
        BM_OK);
    return policy;
}

static char *ruleset(const struct policy *policy,
                     const struct policy_nft_config *config, bm_status want)
{
    struct config_error error;
    char *text = NULL;

    CHECK_STATUS(policy_nft(policy, config, &text, &error), want);
    CHECK((text != NULL) == (want == BM_OK));
    if (want == BM_E_POLICY_NFT) {
        CHECK(error.line == 7 && error.column == 3);
        CHECK(strstr(error.words, "\"r\"") != NULL);
    }
    return text;
}

static const struct policy_nft_config config = { .table = "birthmark",
                                                 .devices = devices };

static const char *const inexact[] = {
    "rules:\n- {name: r, direction: in, protocol: icmp, verdict: allow,"
    " kind: 9, threshold: {high: 50/s, low: 5/s}}\n",
    "rules:\n- {name: r, direction: in, protocol: tcp, port: 502,"
    " verdict: allow, modbus: {mode: active, allow: [{functions: 3}]}}\n",
    "rules:\n- {name: r, direction: in, protocol: [arp, icmp],"
    " verdict: allow, flows: false, rate: {packets: 5/s, burst: 1}}\n",
};

static void what_nftables_cannot_do_is_refused_unless_that_is_wanted(void)
{
    for (size_t i = 0; i < sizeof inexact / sizeof *inexact; i++) {
        for (unsigned j = 0; j < 2; j++) {
            char text[512];
            struct policy *policy;

            (void)snprintf(text, sizeof text, "%s%s%s", HEAD,
                           j == 0 ? "" : "approximate: true\n", inexact[i]);
            policy = read(text);
            if (policy != NULL) {
                free(
                    ruleset(policy, &config, j == 0 ? BM_E_POLICY_NFT : BM_OK));
            }
            policy_free(policy);
        }
    }
}

/* All of it but what is not of IP. */
static void with_a_queue_the_engine_does_what_nftables_cannot(void)
{
    static const char rules[] =
        HEAD "rules:\n"
             "- {name: r, direction: in, protocol: tcp, port: 502,"
             " verdict: allow, modbus: {mode: active,"
             " allow: [{functions: 3}]}}\n"
             "- {name: s, direction: in, protocol: udp, port: 5, flows: false,"
             " verdict: allow, threshold: {high: 50/s, low: 5/s}}\n"
             "- {name: t, direction: in, protocol: udp, port: 6,"
             " verdict: allow}\n";
    static const char arp[] =
        HEAD "rules:\n- {name: r, direction: in, protocol: arp, verdict: allow,"
             " threshold: {high: 50/s, low: 5/s}}\n";
    struct policy_nft_config c = config;
    struct policy *policy = read(rules);
    char *text;

    c.queue = 4711;
    text = ruleset(policy, &c, BM_OK);
    CHECK(text != NULL && strstr(text, "  queue num 4711\n") != NULL);
    CHECK(text != NULL && strstr(text, "bypass") == NULL);
    CHECK(policy_nft_queues(policy, POLICY_NORMAL));
    CHECK(!policy_nft_queues(policy, POLICY_LOCKDOWN));
    free(text);
    c.mode = POLICY_LOCKDOWN; /* in which no such rule is */
    text = ruleset(policy, &c, BM_OK);
    CHECK(text != NULL && strstr(text, "queue num") == NULL);
    free(text);
    policy_free(policy);
    policy = read(arp);
    c.mode = POLICY_NORMAL;
    free(ruleset(policy, &c, BM_E_POLICY_NFT));
    policy_free(policy);
}

static void flows_are_known_by_a_tag_of_the_octets(void)
{
    static const uint8_t a[] = { 1, 2, 3 };
    static const uint8_t b[] = { 1, 2, 4 };
    struct policy *policy =
        read(HEAD "rules:\n- {name: t, direction: in, protocol: udp, port: 6,"
                  " verdict: allow}\n");
    struct policy_nft_config c = config;
    char *text;

    CHECK(policy_nft_tag(BM_ARRAY(a)) != policy_nft_tag(BM_ARRAY(b)));
    CHECK(policy_nft_tag(BM_ARRAY(a)) <= 0x3fff);
    c.tag = 0x1234;
    text = ruleset(policy, &c, BM_OK);
    CHECK(text != NULL && strstr(text, "ct mark set 0x48d00008 ") != NULL);
    free(text);
    policy_free(policy);
}

static void names_are_not_a_way_into_the_text(void)
{
    static const char *const bad[] = {
        "", "a b", "a;", "a{", "a\"", "a\n", "0123456789abcdef"
    };
    struct policy *policy = read(HEAD);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const one[] = { "eth0", bad[i], NULL };
        struct policy_nft_config c = config;

        c.table = bad[i];
        free(ruleset(policy, &c, BM_E_ARGUMENT));
        c = config;
        c.devices = one;
        free(ruleset(policy, &c, BM_E_ARGUMENT));
    }
    policy_free(policy);
}

static void settings_stand_at_the_head(void)
{
    struct policy *policy = read(HEAD "timeouts: {open: 77s}\n");
    char *text = ruleset(policy, &config, BM_OK);
    const char *at = text;
    struct bm_bytes name;
    struct bm_bytes value;
    unsigned n = 0;
    bool found = false;

    while (text != NULL && policy_nft_sysctl(&at, &name, &value)) {
        n++;
        CHECK(name.n > 4 && memcmp(name.p, "net.", 4) == 0 && value.n != 0);
        found =
            found || (name.n > 11 &&
                      memcmp(name.p + name.n - 11, "established", 11) == 0 &&
                      value.n == 2 && memcmp(value.p, "77", 2) == 0);
    }
    CHECK(n > 10 && found);
    CHECK(text != NULL && strstr(at, "# sysctl") == NULL);
    free(text);
    policy_free(policy);
}

static void the_same_policy_is_the_same_text(void)
{
    struct policy *policy = read(HEAD "builtin: [arp, nd, dhcp, dns, est]\n");
    char *a = ruleset(policy, &config, BM_OK);
    char *b = ruleset(policy, &config, BM_OK);
    struct policy_nft_config other = config;
    char *c;

    other.mode = POLICY_LOCKDOWN;
    c = ruleset(policy, &other, BM_OK);
    CHECK(a != NULL && b != NULL && strcmp(a, b) == 0);
    CHECK(a != NULL && c != NULL && strcmp(a, c) != 0);
    CHECK(a != NULL && strstr(a, "\"eth0\", \"wlan0.1\"") != NULL);
    free(a);
    free(b);
    free(c);
    policy_free(policy);
}

/* The most conditions that stand one after another: lines that lead to
 * rules. */
static size_t longest(const char *text)
{
    static const char leads[] = " goto rule-";
    const char *at = strstr(text, leads);
    const char *end = text;
    size_t most = 0;
    size_t n = 0;

    while (at != NULL) {
        /* Is it in the line behind the last one? */
        n = memchr(end + 1, '\n', (size_t)(at - end)) == NULL ? n + 1 : 1;
        most = n > most ? n : most;
        end = at + strcspn(at, "\n");
        at = strstr(end, leads);
    }
    return most;
}

/* By peers, by ports, or by the one and then by the other: however many there
 * are, few stand one after another. */
static void many_rules_are_searched_and_not_gone_through(void)
{
    static const struct {
        unsigned ports; /* that so many rules share out among them */
        size_t most;
    } rows[] = { { 1, 4 }, { 20, 4 }, { 100, 4 }, { 400, 4 } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy *policy;
        char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        CHECK(f != NULL);
        fputs(HEAD "rules:\n", f);
        for (unsigned k = 0; k < 400; k++) {
            fprintf(f,
                    "- {name: r%u, direction: in, protocol: udp, port: %u,"
                    " peer: 10.%u.%u.0/24, verdict: allow}\n",
                    k, 1000 + 2 * (k % rows[i].ports), 1 + k / 100, k % 100);
        }
        CHECK(fclose(f) == 0);
        policy = read(text);
        free(text);
        CHECK(policy != NULL);
        text = ruleset(policy, &config, BM_OK);
        CHECK(longest(text) <= rows[i].most);
        free(text);
        policy_free(policy);
    }
}

static void subnets_are_told_to_both_tables(void)
{
    static const char want[] =
        "flush set netdev t subnet4\nflush set netdev t subnet6\n"
        "add element netdev t subnet4 { 10.1.0.0/16 }\n"
        "add element netdev t subnet6 { fe80::/64, fd00:0:0:1:0:0:0:0/64 }\n"
        "flush set inet t subnet4\nflush set inet t subnet6\n"
        "add element inet t subnet4 { 10.1.0.0/16 }\n"
        "add element inet t subnet6 { fe80::/64, fd00:0:0:1:0:0:0:0/64 }\n";
    const struct bm_fw_subnets subnets = {
        .address = 0x0a010000,
        .mask = 0xffff0000,
        .six = { { { 0xfd000000, 1, 0, 0 }, { ~0u, ~0u, 0, 0 } } },
        .six_n = 1,
    };
    char *text;

    CHECK_STATUS(policy_nft_subnets("t", &subnets, &text), BM_OK);
    CHECK_BYTES(text, strlen(text), want, strlen(want));
    free(text);
    CHECK_STATUS(policy_nft_subnets("t;", &subnets, &text), BM_E_ARGUMENT);
}

static void without_interfaces_there_is_no_hook_of_frames(void)
{
    static const char *const none[] = { NULL };
    struct policy *policy = read(HEAD);
    struct policy_nft_config c = config;
    char *text;

    c.devices = none;
    text = ruleset(policy, &c, BM_OK);
    CHECK(strstr(text, "hook ingress") == NULL);
    CHECK(strstr(text, "hook prerouting") != NULL);
    free(text);
    policy_free(policy);
}

int main(void)
{
    RUN(subnets_are_told_to_both_tables);
    RUN(without_interfaces_there_is_no_hook_of_frames);
    RUN(what_nftables_cannot_do_is_refused_unless_that_is_wanted);
    RUN(with_a_queue_the_engine_does_what_nftables_cannot);
    RUN(flows_are_known_by_a_tag_of_the_octets);
    RUN(names_are_not_a_way_into_the_text);
    RUN(settings_stand_at_the_head);
    RUN(the_same_policy_is_the_same_text);
    RUN(many_rules_are_searched_and_not_gone_through);
    return bm_test_done();
}
