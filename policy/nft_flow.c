/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_internal.h"

#include <inttypes.h>

/*
 * Flows, on top of conntrack. Its machine of TCP is not quite that of
 * docs/firewall.md: it lets both sides open, ignores a SYN after both FINs, and
 * keeps a connection after a RST, as long as `close` says, which is no time
 * here; before Linux 5.12 it also looks at numbers then. So what it accepts
 * goes through a machine of three bits, and what ends has no mark any more,
 * whatever conntrack thinks.
 */

static const struct {
    const char *letter;
    const char *name;
} families[] = { { "4", "ip" }, { "6", "ip6" } };

static void put_timeouts(const struct nft *w, const char *letter,
                         const char *family)
{
    const uint16_t *t = w->policy->timeouts;
    unsigned longest = 0;

    for (unsigned i = 0; i <= POLICY_DONE; i++) {
        longest = t[i] > longest ? t[i] : longest;
    }
    fprintf(w->f,
            " ct timeout tcp%s { protocol tcp; l3proto %s; policy = {"
            " syn_sent: %u, syn_sent2: %u, syn_recv: %u, established: %u,"
            " fin_wait: %u, close_wait: %u, last_ack: %u, time_wait: %u,"
            " close: 0, retrans: %u, unack: %u }; }\n",
            letter, family, t[POLICY_ASKED], t[POLICY_ASKED],
            t[POLICY_ANSWERED], t[POLICY_OPEN], t[POLICY_ONE], t[POLICY_HALF],
            t[POLICY_TWO], t[POLICY_DONE], longest, longest);
    fprintf(w->f,
            " ct timeout udp%s { protocol udp; l3proto %s; policy = {"
            " unreplied: %u, replied: %u }; }\n",
            letter, family, t[POLICY_UDP], t[POLICY_UDP]);
    /* Of what passes without making a flow nothing is to stay. */
    fprintf(w->f,
            " ct timeout gone-tcp%s { protocol tcp; l3proto %s; policy = {"
            " syn_sent: 0, syn_sent2: 0, syn_recv: 0, established: 0,"
            " fin_wait: 0, close_wait: 0, last_ack: 0, time_wait: 0,"
            " close: 0, retrans: 0, unack: 0 }; }\n"
            " ct timeout gone-udp%s { protocol udp; l3proto %s; policy = {"
            " unreplied: 0, replied: 0 }; }\n",
            letter, family, letter, family);
}

void nft_flow_objects(const struct nft *w)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        put_timeouts(w, families[i].letter, families[i].name);
    }
}

void nft_flow_times(const struct nft *w, bool flow)
{
    static const char *const protocols[] = { "tcp", "udp" };

    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        for (size_t k = 0; k < sizeof protocols / sizeof *protocols; k++) {
            fprintf(w->f,
                    "  meta nfproto ipv%s meta l4proto %s"
                    " ct timeout set \"%s%s%s\"\n",
                    families[i].letter, protocols[k], flow ? "" : "gone-",
                    protocols[k], families[i].letter);
        }
    }
}

/* A state: what conntrack accepts in it and this machine does not. */
static void put_state(const struct nft *w, const char *name, unsigned next)
{
    fprintf(w->f,
            " chain %s {\n"
            "  tcp flags & (syn|ack) == syn ct direction original accept\n"
            "  tcp flags & (syn|ack) == (syn|ack) ct direction reply accept\n"
            "  tcp flags & syn == syn return\n"
            "  tcp flags & fin == fin ct mark set ct mark & 0x%08" PRIx32
            " | %u\n"
            "  accept\n"
            " }\n",
            name, ~NFT_STATE, next);
}

static void put_machine(const struct nft *w)
{
    fprintf(w->f,
            " chain asked {\n"
            "  ct direction original tcp flags & (syn|ack) == syn accept\n"
            "  ct direction reply tcp flags & (syn|ack) == (syn|ack)"
            " ct mark set ct mark & 0x%08" PRIx32 " | %d accept\n"
            "  ct direction reply tcp flags & (syn|fin|ack) == ack accept\n"
            " }\n",
            ~NFT_STATE, NFT_OPEN);
    put_state(w, "open", NFT_ONE);
    put_state(w, "one", NFT_TWO);
    fputs(" chain two {\n"
          "  tcp flags & (syn|ack) == (syn|ack) ct direction reply accept\n"
          "  tcp flags & (syn|ack) == syn ct direction original"
          " ct mark set 0 return\n"
          "  tcp flags & syn == syn return\n"
          "  accept\n"
          " }\n",
          w->f);
}

/* Rules whose flows are over: those that are not in this mode. */
static void put_dead(const struct nft *w)
{
    bool any = false;

    for (size_t i = 0; i < w->policy->n; i++) {
        const struct policy_rule *r = &w->policy->rules[i];

        if (r->flows && (r->modes >> w->config->mode & 1) == 0) {
            fprintf(w->f, "%s0x%08" PRIx32,
                    any ? ", " : "  ct mark & 0x0003fff0 { ",
                    (uint32_t)i << NFT_RULE_AT);
            any = true;
        }
    }
    if (any) {
        fputs(" } ct mark set 0 return\n", w->f);
    }
}

void nft_flow_chains(const struct nft *w)
{
    put_machine(w);
    /* Of a flow of this policy and mode; returns what it does not accept. */
    fputs(" chain flow-of {\n", w->f);
    put_dead(w);
    fprintf(w->f,
            "  meta l4proto != tcp accept\n"
            "  tcp flags & rst == rst ct mark set 0 accept\n"
            "  ct mark & %" PRIu32 " vmap { %d: jump asked, %d: jump open,"
            " %d: jump one, %d: jump two }\n"
            " }\n",
            NFT_STATE, NFT_ASKED, NFT_OPEN, NFT_ONE, NFT_TWO);
    /* Errors that quote a packet of a flow (conntrack sees to whom they go). */
    fputs(" chain quoting {\n", w->f);
    put_dead(w);
    fputs("  meta nfproto ipv4 icmp type { 3, 11, 12 } ip length >= 56"
          " @th,64,8 0x45 accept\n"
          "  meta nfproto ipv6 icmpv6 type { 1, 2, 3, 4 } ip6 nexthdr 58"
          " ip6 length >= 56 accept\n"
          "  meta nfproto ipv6 icmpv6 type { 1, 2, 3, 4 } ip6 nexthdr 0"
          " ip6 length >= 64 accept\n"
          " }\n",
          w->f);
    fprintf(w->f, " chain place {\n  ct count over %u goto drop-full\n }\n",
            (unsigned)w->policy->flows);
    fputs(" chain opened {\n", w->f);
    nft_flow_times(w, true);
    fputs("  accept\n"
          " }\n"
          " chain passed {\n"
          "  ct state != new accept\n",
          w->f);
    nft_flow_times(w, false);
    fputs("  accept\n"
          " }\n",
          w->f);
}
