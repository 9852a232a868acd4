/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/image_file.h"
#include "cli/policy_file.h"
#include "cli/safe.h"
#include "policy/explain.h"
#include "policy/frame.h"
#include "policy/pcap.h"

enum {
    OPTION_JSON = 1,
    OPTION_MODE,
    OPTION_PCAP,
    OPTION_MAC,
    OPTION_SUBNET
};

static const struct cmd_option options[] = {
    { "--json", NULL, "print one JSON object for each packet", OPTION_JSON },
    { "--mode", "MODE", "normal (default), lockdown or repair", OPTION_MODE },
    { "--pcap", "FILE", "the packets of a capture, one after another",
      OPTION_PCAP },
    { "--mac", "ADDRESS", "whose capture it is: what comes from it goes out",
      OPTION_MAC },
    { "--subnet", "CIDR", "a subnet of the device; repeat as needed",
      OPTION_SUBNET },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark policy explain", "[OPTION]... FILE PACKET... | --pcap FILE",
    "Say what becomes of a packet under a policy, which rule decides and why,\n"
    "and which others have to do with it. A packet is told in words:\n"
    "\n"
    "  in tcp port=443 peer=10.0.0.5\n"
    "  out icmpv6 kind=echo-request peer=fd00::1\n"
    "\n"
    "as birthmark-policy(1) describes, or comes from a capture.\n",
    options
};

struct given {
    bool json;
    const char *mode;
    const char *pcap;
    const char *mac;
    struct args_many subnet;
};

static const struct args_row rows[] = {
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { OPTION_MODE, ARGS_TEXT, offsetof(struct given, mode), false },
    { OPTION_PCAP, ARGS_TEXT, offsetof(struct given, pcap), false },
    { OPTION_MAC, ARGS_TEXT, offsetof(struct given, mac), false },
    { OPTION_SUBNET, ARGS_MANY, offsetof(struct given, subnet), false },
    { 0, ARGS_FLAG, 0, false },
};

/* More words than a packet has. */
#define WORDS_MAX 32

struct run {
    const struct policy *policy;
    struct policy_judge *judge;
    enum policy_mode mode;
    bool json;
    struct bm_fw_subnets subnets;
    uint8_t mac[6];
};

/* One packet, judged. */
struct told {
    struct policy_judgement judgement;
    struct policy_explanation why;
    char words[POLICY_FRAME_WORDS];
};

/* ---- Text */

static void print_text(const struct told *t)
{
    const struct policy_judgement *j = &t->judgement;

    safe_print_str(stdout, t->words);
    printf("\n  %s: %s", policy_verdict_name(j->verdict),
           policy_reason_words(j->reason));
    if (j->rule != NULL) {
        printf(" (%s, line %u)", j->rule->name, j->rule->line);
    }
    putchar('\n');
    for (size_t i = 0; i < t->why.n; i++) {
        const struct policy_match *m = &t->why.matches[i];

        printf("  %s, line %u: %s", m->rule->name, m->rule->line,
               policy_part_words(m->part));
        if (m->part == POLICY_PART_NEARLY) {
            printf(" %s", policy_field_name(m->field));
        }
        if (m->rule->builtin != NULL) {
            printf(" (built-in service %s)", m->rule->builtin);
        }
        putchar('\n');
    }
}

/* ---- JSON */

static json_t *match_tree(struct tree *t, const struct policy_match *m)
{
    static const char *const parts[] = { "decides", "lower", "same", "mode",
                                         "nearly" };
    json_t *o = tree_object(t);

    tree_set(t, o, "rule", tree_str(t, m->rule->name));
    tree_set(t, o, "line", tree_int(t, m->rule->line));
    tree_set(t, o, "part", tree_str(t, parts[m->part]));
    if (m->part == POLICY_PART_NEARLY) {
        tree_set(t, o, "field", tree_str(t, policy_field_name(m->field)));
    }
    if (m->rule->builtin != NULL) {
        tree_set(t, o, "builtin", tree_str(t, m->rule->builtin));
    }
    return o;
}

static int print_json(const struct told *told)
{
    const struct policy_judgement *j = &told->judgement;
    struct tree t = { false };
    json_t *o = tree_object(&t);
    json_t *rules = tree_array(&t);

    tree_set(&t, o, "packet", tree_str(&t, told->words));
    tree_set(&t, o, "verdict", tree_str(&t, policy_verdict_name(j->verdict)));
    tree_set(&t, o, "reason", tree_str(&t, policy_reason_name(j->reason)));
    if (j->rule != NULL) {
        tree_set(&t, o, "rule", tree_str(&t, j->rule->name));
    }
    for (size_t i = 0; i < told->why.n; i++) {
        tree_append(&t, rules, match_tree(&t, &told->why.matches[i]));
    }
    tree_set(&t, o, "rules", rules);
    return policy_print_json(&t, o);
}

/* ---- A packet */

static int explain(struct run *run, enum bm_fw_direction direction,
                   struct bm_bytes head, size_t length, uint64_t now)
{
    struct bm_fw_packet packet;
    struct policy_facts facts;
    struct told t;
    int rc = CMD_OK;
    bool good = bm_fw_packet_parse(&packet, direction, head, length,
                                   &run->subnets) == BM_FW_BY_RULE;

    t.judgement = policy_judge_frame(run->judge, direction, head, length, now);
    t.why = (struct policy_explanation){ .n = 0 };
    policy_facts_of(&packet, &facts);
    policy_facts_words(&facts, t.words);
    if (!good) {
        (void)snprintf(t.words, sizeof t.words, "%s frame of %zu octets",
                       policy_direction_name(facts.direction), length);
    }
    if (good &&
        policy_explain(run->policy, run->mode, &facts, &t.why) != BM_OK) {
        return policy_file_complain(verb.path, "out of memory");
    }
    if (run->json) {
        rc = print_json(&t);
    } else {
        print_text(&t);
    }
    policy_explanation_wipe(&t.why);
    return rc;
}

static int explain_words(struct run *run, char **words, int n)
{
    char line[POLICY_FRAME_WORDS] = "";
    char why[CONFIG_WORDS_MAX];
    struct policy_frame frame;
    size_t at = 0;

    for (int i = 0; i < n; i++) {
        int m = snprintf(line + at, sizeof line - at, "%s%s", i != 0 ? " " : "",
                         words[i]);

        if (m < 0 || (size_t)m >= sizeof line - at) {
            return policy_file_complain(verb.path, "too many words");
        }
        at += (size_t)m;
    }
    if (policy_frame_parse(line, &frame, why) != BM_OK) {
        return policy_file_complain(line, why);
    }
    if (frame.subnets.mask != 0 || frame.subnets.six_n != 0) {
        run->subnets = frame.subnets;
    }
    policy_judge_set_subnets(run->judge, &run->subnets);
    return explain(run, frame.direction,
                   (struct bm_bytes){ frame.octets, frame.n }, frame.n, 0);
}

/* ---- A capture */

static int explain_frames(struct run *run, const char *name,
                          struct policy_pcap *pcap)
{
    uint64_t now = 0;
    uint64_t last = 0;
    bm_status status;
    int rc = CMD_OK;

    for (;;) {
        struct policy_pcap_frame f;
        bool out;

        status = policy_pcap_next(pcap, &f);
        if (status != BM_OK || rc != CMD_OK || ferror(stdout) != 0) {
            break;
        }
        /* Clocks are set back; the time that policies count is not. */
        now += f.time > last && last != 0 ? f.time - last : 0;
        last = f.time;
        out = f.head.n >= 12 && memcmp(f.head.p + 6, run->mac, 6) == 0;
        rc = explain(run, out ? BM_FW_OUT : BM_FW_IN, f.head, f.length, now);
    }
    return status == BM_E_POLICY_PCAP
               ? policy_file_complain(name, bm_status_text(status))
               : rc;
}

static int explain_pcap(struct run *run, const char *name)
{
    struct policy_pcap pcap;
    struct bm_bytes octets;
    uint8_t *memory = NULL;
    int rc = image_file_octets(name, &octets, &memory);

    if (rc == CMD_OK) {
        policy_judge_set_subnets(run->judge, &run->subnets);
        rc = policy_pcap_open(octets, &pcap) == BM_OK
                 ? explain_frames(run, name, &pcap)
                 : policy_file_complain(name, bm_status_text(BM_E_POLICY_PCAP));
    }
    free(memory);
    return rc;
}

/* ---- The command line */

static int take_given(struct run *run, const struct given *given, int words)
{
    int mode = policy_mode_of(given->mode);
    struct policy_range mac;

    if (mode < 0) {
        return cmd_usage_error(verb.path, "--mode: normal, lockdown or repair");
    }
    if ((given->pcap == NULL) == (words == 1)) {
        return cmd_usage_error(verb.path, "either a packet or --pcap");
    }
    if ((given->pcap == NULL) != (given->mac == NULL)) {
        return cmd_usage_error(verb.path, "--pcap and --mac go together");
    }
    if (given->mac != NULL) {
        if (strlen(given->mac) != 17 || !policy_range_mac(given->mac, &mac)) {
            return cmd_usage_error(verb.path, "--mac: no address of Ethernet");
        }
        for (unsigned i = 0; i < 6; i++) {
            run->mac[i] = (uint8_t)(mac.first.low >> (40 - 8 * i));
        }
    }
    for (size_t i = 0; i < given->subnet.n; i++) {
        if (!policy_subnet_add(&run->subnets, given->subnet.value[i])) {
            return cmd_usage_error(verb.path,
                                   "--subnet: one of IPv4, up to %d of IPv6",
                                   BM_FW_SUBNETS_6);
        }
    }
    run->json = given->json;
    run->mode = (enum policy_mode)mode;
    return CMD_OK;
}

static int explain_all(struct run *run, const struct given *given,
                       const struct args *args)
{
    int rc;

    run->judge = policy_judge_new(run->policy);
    if (run->judge == NULL) {
        return policy_file_complain(verb.path, "out of memory");
    }
    policy_judge_set_mode(run->judge, run->mode);
    rc = given->pcap != NULL
             ? explain_pcap(run, given->pcap)
             : explain_words(run, args->words + 1, args->words_n - 1);
    policy_judge_free(run->judge);
    return rc;
}

int cmd_policy_explain(int argc, char **argv)
{
    struct given given = { false };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = WORDS_MAX };
    struct run run = { .judge = NULL };
    struct policy_file f;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = take_given(&run, &given, args.words_n);
    if (rc != CMD_OK) {
        return rc;
    }
    rc = policy_file_open(&f, args.words[0]);
    if (rc == CMD_OK) {
        run.policy = f.policy;
        rc = explain_all(&run, &given, &args);
    }
    policy_file_close(&f);
    return rc;
}
