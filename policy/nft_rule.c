/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_internal.h"

#include <inttypes.h>

/*
 * What a rule does with the frames that it decides about: a chain, to which
 * all of its conditions lead.
 */

bool nft_is_ip(const struct policy_rule *rule)
{
    for (size_t i = 0; i < rule->boxes_n; i++) {
        if (rule->boxes[i].kind == POLICY_IPV4 ||
            rule->boxes[i].kind == POLICY_IPV6) {
            return true;
        }
    }
    return false;
}

bool nft_is_other(const struct policy_rule *rule)
{
    for (size_t i = 0; i < rule->boxes_n; i++) {
        if (rule->boxes[i].kind == POLICY_ARP ||
            rule->boxes[i].kind == POLICY_OTHER) {
            return true;
        }
    }
    return false;
}

void nft_rule_name(const struct nft *w, size_t rule)
{
    const struct policy_rule *r = &w->policy->rules[rule];

    fprintf(w->f, "%s-%s", policy_direction_name(r->direction), r->name);
}

static void put_rate(const struct nft *w, const struct policy_rate *rate)
{
    fprintf(w->f, "%" PRIu32 "/%s burst %u packets", rate->count,
            rate->period == 1    ? "second"
            : rate->period == 60 ? "minute"
                                 : "hour",
            (unsigned)rate->burst);
}

/* How long it takes a bucket to be full again, in whole seconds. */
static uint32_t full_again(const struct policy_rate *rate)
{
    uint64_t seconds =
        ((uint64_t)rate->burst * rate->period + rate->count - 1) / rate->count;

    return seconds == 0 ? 1 : (uint32_t)seconds;
}

struct peers {
    const char *family; /* to choose it by */
    const char *type;
    const char *key[POLICY_DIRECTIONS];
    char letter;
};

static const struct peers peers[] = {
    { "meta nfproto ipv4", "ipv4_addr", { "ip saddr", "ip daddr" }, '4' },
    { "meta nfproto ipv6", "ipv6_addr", { "ip6 saddr", "ip6 daddr" }, '6' },
    { "ether type arp", "ipv4_addr", { "arp saddr ip", "arp daddr ip" }, 'a' },
};

/* Which of `peers` occur in a table. */
static void range_of_peers(bool netdev, size_t *first, size_t *last)
{
    *first = netdev ? 2 : 0;
    *last = netdev ? 2 : 1;
}

void nft_rule_objects(const struct nft *w, size_t rule, bool netdev)
{
    const struct policy_rule *r = &w->policy->rules[rule];
    size_t first;
    size_t last;

    fputs(" counter rule-", w->f);
    nft_rule_name(w, rule);
    fputs(" { }\n counter refused-", w->f);
    nft_rule_name(w, rule);
    fputs(" { }\n", w->f);
    range_of_peers(netdev, &first, &last);
    for (size_t i = first; r->rate.count != 0 && r->rate.per_source &&
                           !nft_is_queued(w, r) && i <= last;
         i++) {
        fputs(" set sources-", w->f);
        nft_rule_name(w, rule);
        fprintf(w->f, "-%c { type %s; size %u; flags dynamic,timeout; }\n",
                peers[i].letter, peers[i].type,
                w->policy->sources != 0 ? (unsigned)w->policy->sources : 1u);
    }
}

/* Whom a limit of this rule refuses is counted for it and by reason. */
static void put_refusal(const struct nft *w, size_t rule, const char *reason)
{
    fputs(" counter name \"refused-", w->f);
    nft_rule_name(w, rule);
    fprintf(w->f, "\" goto %s\n", reason);
}

/*
 * One bucket of each source. Who has a place in the set takes from its own, or
 * is refused; the others, for whom there was no place, share one.
 */
static void put_sources(const struct nft *w, size_t rule, const struct peers *p)
{
    const struct policy_rule *r = &w->policy->rules[rule];
    const char *key = p->key[r->direction];

    fprintf(w->f, "  %s update @sources-", p->family);
    nft_rule_name(w, rule);
    fprintf(w->f, "-%c { %s timeout %" PRIu32 "s limit rate over ", p->letter,
            key, full_again(&r->rate));
    put_rate(w, &r->rate);
    fputs(" }", w->f);
    put_refusal(w, rule, "drop-rate");
    fprintf(w->f, "  %s %s != @sources-", p->family, key);
    nft_rule_name(w, rule);
    fprintf(w->f, "-%c limit rate over ", p->letter);
    put_rate(w, &r->rate);
    put_refusal(w, rule, "drop-rate");
}

static void put_limit(const struct nft *w, size_t rule, bool netdev)
{
    const struct policy_rule *r = &w->policy->rules[rule];
    size_t first;
    size_t last;

    if (r->rate.per_source) {
        range_of_peers(netdev, &first, &last);
        for (size_t i = first; i <= last; i++) {
            put_sources(w, rule, &peers[i]);
        }
        return;
    }
    fputs("  limit rate over ", w->f);
    put_rate(w, &r->rate);
    put_refusal(w, rule, "drop-rate");
}

static void put_sample(const struct nft *w, size_t rule)
{
    const struct policy_rule *r = &w->policy->rules[rule];

    if (r->log == POLICY_LOG_SAMPLE) {
        fprintf(w->f, "  numgen inc mod %u 0 log prefix \"",
                (unsigned)r->sample);
        nft_rule_name(w, rule);
        fputs(" \" group 2\n", w->f);
    }
}

/* A flow of another policy is over, however long conntrack keeps it. */
void nft_rule_openers(const struct nft *w)
{
    fprintf(w->f,
            "  meta l4proto tcp tcp flags & (fin|syn|rst|ack) != syn"
            " goto drop-state\n"
            "  meta l4proto icmp icmp type != echo-request goto drop-state\n"
            "  meta l4proto ipv6-icmp icmpv6 type != echo-request"
            " goto drop-state\n"
            "  meta l4proto != { tcp, udp, icmp, ipv6-icmp } goto drop-state\n"
            "  ct mark & 0x%08" PRIx32 " == 0x%08" PRIx32 " goto drop-state\n"
            "  ct state invalid,untracked,related goto drop-state\n",
            ~(NFT_PART << NFT_RULE_AT | NFT_STATE), nft_mark(w, 0));
}

static void put_flow(const struct nft *w, size_t rule)
{
    const struct policy_rule *r = &w->policy->rules[rule];
    uint32_t mark = nft_mark(w, rule);

    if (r->cap != 0) {
        fprintf(w->f, "  ct count over %u", (unsigned)r->cap);
        put_refusal(w, rule, "drop-cap");
    }
    fputs("  jump place\n", w->f);
    put_sample(w, rule);
    fputs("  counter name \"rule-", w->f);
    nft_rule_name(w, rule);
    fprintf(w->f,
            "\"\n"
            "  meta l4proto tcp ct mark set 0x%08" PRIx32 " goto opened\n"
            "  ct mark set 0x%08" PRIx32 " goto opened\n",
            mark | NFT_ASKED, mark);
}

static void put_verdict(const struct nft *w, size_t rule, bool netdev)
{
    const struct policy_rule *r = &w->policy->rules[rule];

    put_sample(w, rule);
    fputs("  counter name \"rule-", w->f);
    nft_rule_name(w, rule);
    switch (r->verdict) {
    case POLICY_DROP:
        fputs("\" drop\n", w->f);
        break;
    case POLICY_RESET:
        fprintf(w->f,
                "\" meta mark set 0x%08" PRIx32 "\n"
                "  meta l4proto tcp reject with tcp reset\n"
                "  drop\n",
                POLICY_NFT_RESET);
        break;
    default:
        fprintf(w->f, "\" %s\n", netdev ? "accept" : "goto passed");
    }
}

void nft_rule_chain(const struct nft *w, size_t rule, bool netdev)
{
    const struct policy_rule *r = &w->policy->rules[rule];

    fputs(" chain rule-", w->f);
    nft_rule_name(w, rule);
    fputs(" {\n", w->f);
    if (netdev && (r->flows || nft_is_queued(w, r))) {
        fputs("  goto drop-state\n }\n", w->f);
        return;
    }
    if (nft_is_queued(w, r)) {
        nft_queue_rule(w, rule);
        fputs(" }\n", w->f);
        return;
    }
    if (r->flows) {
        nft_rule_openers(w);
    }
    if (r->rate.count != 0) {
        put_limit(w, rule, netdev);
    }
    if (r->flows) {
        put_flow(w, rule);
    } else {
        put_verdict(w, rule, netdev);
    }
    fputs(" }\n", w->f);
}
