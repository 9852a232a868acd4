/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "policy/table.h"

#define SYSCTL "# sysctl "

#define WORD                     \
    "abcdefghijklmnopqrstuvwxyz" \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* As long as the kernel lets an interface's name be, and a table's to match. */
#define NAME_MAX_N 15

/* ---- What cannot be said */

static bool is_name(const char *s, const char *octets)
{
    size_t n = strlen(s);

    return n != 0 && n <= NAME_MAX_N && strspn(s, octets) == n;
}

static bm_status good_names(const struct policy_nft_config *config)
{
    if (!is_name(config->table, WORD)) {
        return BM_E_ARGUMENT;
    }
    for (size_t i = 0; config->devices[i] != NULL; i++) {
        if (!is_name(config->devices[i], WORD ".-@:")) {
            return BM_E_ARGUMENT;
        }
    }
    return BM_OK;
}

static bm_status refuse(const struct policy_rule *rule, const char *what,
                        struct config_error *error)
{
    if (error != NULL) {
        memset(error, 0, sizeof *error);
        error->status = BM_E_POLICY_NFT;
        error->line = rule->line;
        error->column = rule->column;
        (void)snprintf(error->words, sizeof error->words,
                       "rule \"%s\": %s; approximate: true does without",
                       rule->name, what);
    }
    return BM_E_POLICY_NFT;
}

/*
 * With a queue, all that is of IP can. Without one, approximately: without
 * threshold and filter, one bucket per table.
 */
static bm_status can_be_said(const struct policy *policy,
                             const struct policy_nft_config *config,
                             struct config_error *error)
{
    for (size_t i = 0; i < policy->n && !policy->approximate; i++) {
        const struct policy_rule *r = &policy->rules[i];

        if (r->threshold.high != 0 && config->queue == 0) {
            return refuse(r, "nftables has no thresholds", error);
        }
        if (r->modbus != NULL && config->queue == 0) {
            return refuse(r, "nftables cannot look into Modbus", error);
        }
        if (r->threshold.high != 0 && nft_is_other(r)) {
            return refuse(r, "thresholds are of IP alone in nftables", error);
        }
        if (r->rate.count != 0 && nft_is_ip(r) && nft_is_other(r)) {
            return refuse(r, "nftables has no rate over IP and others", error);
        }
    }
    return BM_OK;
}

/* ---- Head */

static void put_sysctls(const struct nft *w)
{
    static const struct {
        const char *name;
        enum policy_timeout timeout;
    } times[] = {
        { "tcp_timeout_syn_sent", POLICY_ASKED },
        { "tcp_timeout_syn_recv", POLICY_ANSWERED },
        { "tcp_timeout_established", POLICY_OPEN },
        { "tcp_timeout_fin_wait", POLICY_ONE },
        { "tcp_timeout_close_wait", POLICY_HALF },
        { "tcp_timeout_last_ack", POLICY_TWO },
        { "tcp_timeout_time_wait", POLICY_DONE },
        { "udp_timeout", POLICY_UDP },
        { "udp_timeout_stream", POLICY_UDP },
        { "icmp_timeout", POLICY_ICMP },
        { "icmpv6_timeout", POLICY_ICMP },
    };

    fputs(SYSCTL "net.netfilter.nf_conntrack_tcp_loose=0\n" SYSCTL
                 "net.netfilter.nf_conntrack_tcp_be_liberal=1\n" SYSCTL
                 "net.netfilter.nf_conntrack_tcp_ignore_invalid_rst=1\n" SYSCTL
                 "net.netfilter.nf_conntrack_tcp_max_retrans=255\n" SYSCTL
                 "net.netfilter.nf_conntrack_tcp_timeout_close=0\n" SYSCTL
                 "net.netfilter.nf_conntrack_checksum=0\n" SYSCTL
                 "net.ipv4.fwmark_reflect=1\n" SYSCTL
                 "net.ipv6.fwmark_reflect=1\n",
          w->f);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        fprintf(w->f, SYSCTL "net.netfilter.nf_conntrack_%s=%u\n",
                times[i].name, (unsigned)w->policy->timeouts[times[i].timeout]);
    }
}

static const char *const families[] = { "netdev", "inet" };

/* Both of a name are replaced at once. */
static void put_head(const struct nft *w)
{
    put_sysctls(w);
    fprintf(w->f, "# policy %s, version %" PRIu32 ", mode %s\n",
            w->policy->name, w->policy->version,
            policy_mode_name(w->config->mode));
    for (size_t i = 0; i < 2; i++) {
        fprintf(w->f, "table %s %s { }\ndelete table %s %s\n", families[i],
                w->config->table, families[i], w->config->table);
    }
}

/* ---- In both tables */

static unsigned prefix(const uint32_t *mask, unsigned words)
{
    unsigned n = 0;

    while (n < 32 * words && (mask[n / 32] >> (31 - n % 32) & 1) != 0) {
        n++;
    }
    return n;
}

static void put_subnet4(FILE *f, const struct bm_fw_subnets *s)
{
    fprintf(f, "{ %u.%u.%u.%u/%u }", s->address >> 24, s->address >> 16 & 0xff,
            s->address >> 8 & 0xff, s->address & 0xff, prefix(&s->mask, 1));
}

static void put_subnet6(FILE *f, const struct bm_fw_subnets *s)
{
    fputs("{ fe80::/64", f);
    for (unsigned i = 0; s != NULL && i < s->six_n; i++) {
        fputs(", ", f);
        for (unsigned j = 0; j < 8; j++) {
            fprintf(f, "%s%x", j == 0 ? "" : ":",
                    s->six[i].address[j / 2] >> (j % 2 == 0 ? 16 : 0) & 0xffff);
        }
        fprintf(f, "/%u", prefix(s->six[i].mask, 4));
    }
    fputs(" }", f);
}

static void put_subnets(const struct nft *w)
{
    const struct bm_fw_subnets *s = w->config->subnets;

    fputs(" set subnet4 { type ipv4_addr; flags interval;", w->f);
    if (s != NULL && s->mask != 0) {
        fputs(" elements = ", w->f);
        put_subnet4(w->f, s);
        fputc(';', w->f);
    }
    fputs(" }\n set subnet6 { type ipv6_addr; flags interval; auto-merge;"
          " elements = ",
          w->f);
    put_subnet6(w->f, s);
    fputs("; }\n", w->f);
}

static void put_drops(const struct nft *w)
{
    static const char *const reasons[] = { "default",   "malformed", "fragment",
                                           "extension", "state",     "rate",
                                           "cap",       "full" };

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        fprintf(w->f,
                " counter drop-%s { }\n"
                " chain drop-%s {\n  counter name \"drop-%s\" drop\n }\n",
                reasons[i], reasons[i], reasons[i]);
    }
}

static void put_rules_of(struct nft *w, const struct nft_search_config *c)
{
    w->no_memory = w->no_memory || !nft_search(w, c);
}

/* A chain for each protocol of IP, and one that chooses. */
static void put_rules_of_ip(struct nft *w, enum policy_direction direction,
                            enum policy_kind kind)
{
    const char *d = policy_direction_name(direction);
    char v = kind == POLICY_IPV6 ? '6' : '4';
    unsigned icmp =
        kind == POLICY_IPV6 ? POLICY_PROTO_ICMPV6 : POLICY_PROTO_ICMP;
    const struct {
        const char *name;
        unsigned proto;
    } parts[] = { { "tcp", POLICY_PROTO_TCP },
                  { "udp", POLICY_PROTO_UDP },
                  { "icmp", icmp },
                  { "rest", 0 } };

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "%s%c-%s", d, v, parts[i].name);
        put_rules_of(w, &(struct nft_search_config){ name, direction, kind,
                                                     parts[i].proto });
    }
    fprintf(w->f,
            " chain %s%c {\n"
            "  meta l4proto vmap { 6: goto %s%c-tcp, 17: goto %s%c-udp,"
            " %u: goto %s%c-icmp }\n"
            "  goto %s%c-rest\n"
            " }\n",
            d, v, d, v, d, v, icmp, d, v, d, v);
}

/* ---- Where frames enter and leave */

static void put_hook(const struct nft *w, const char *name, const char *hook)
{
    if (w->config->devices[0] == NULL) { /* a chain that nothing leads to */
        fprintf(w->f, " chain %s {\n", name);
        return;
    }
    fprintf(w->f, " chain %s { type filter hook %s devices = {", name, hook);
    for (size_t i = 0; w->config->devices[i] != NULL; i++) {
        fprintf(w->f, "%s \"%s\"", i == 0 ? "" : ",", w->config->devices[i]);
    }
    fputs(" } priority 0; policy drop;\n", w->f);
}

/* `length`: what meta length says of an ARP of 28 octets. */
static void put_arp(struct nft *w, enum policy_direction direction,
                    unsigned length)
{
    const char *d = policy_direction_name(direction);
    char name[16];

    (void)snprintf(name, sizeof name, "%s-arp-rules", d);
    put_rules_of(w,
                 &(struct nft_search_config){ name, direction, POLICY_ARP, 0 });
    fprintf(w->f,
            " chain %s-arp {\n"
            "  meta length < %u goto drop-malformed\n"
            "  arp htype != 1 goto drop-malformed\n"
            "  arp ptype != 0x0800 goto drop-malformed\n"
            "  arp hlen != 6 goto drop-malformed\n"
            "  arp plen != 4 goto drop-malformed\n"
            "  arp operation != { 1, 2 } goto drop-malformed\n"
            "  goto %s-arp-rules\n"
            " }\n",
            d, length, d);
    (void)snprintf(name, sizeof name, "%s-other", d);
    put_rules_of(
        w, &(struct nft_search_config){ name, direction, POLICY_OTHER, 0 });
}

static bool in_netdev(const struct policy_rule *r)
{
    return nft_is_other(r) || r->direction == POLICY_OUT;
}

static void put_rules(const struct nft *w, bool netdev)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct policy_rule *r = &w->policy->rules[w->order[i]];

        if (netdev ? in_netdev(r) : nft_is_ip(r)) {
            nft_rule_objects(w, w->order[i], netdev);
            nft_rule_chain(w, w->order[i], netdev);
        }
    }
}

static void put_netdev(struct nft *w)
{
    fprintf(w->f, "table netdev %s {\n", w->config->table);
    put_subnets(w);
    put_drops(w);
    nft_shape_4(w, "return");
    nft_shape_6(w, "return");
    put_rules(w, true);
    put_rules_of_ip(w, POLICY_OUT, POLICY_IPV4);
    put_rules_of_ip(w, POLICY_OUT, POLICY_IPV6);
    put_arp(w, POLICY_IN, 28);
    put_arp(w, POLICY_OUT, 42);
    put_hook(w, "in", "ingress");
    fputs("  ether type ip ip hdrlength != 5 goto drop-malformed\n"
          "  ether type ip ip frag-off & 0x3fff != 0 goto drop-fragment\n"
          "  ether type { ip, ip6 } accept\n"
          "  ether type arp goto in-arp\n"
          "  goto in-other\n"
          " }\n",
          w->f);
    put_hook(w, "out", "egress");
    fprintf(w->f,
            "  ether type ip jump shape4\n"
            "  ether type ip6 jump shape6\n"
            "  ether type { ip, ip6 } meta mark & 0x%08" PRIx32 " != 0 accept\n"
            "  ether type ip goto out4\n"
            "  ether type ip6 goto out6\n"
            "  ether type arp goto out-arp\n"
            "  goto out-other\n"
            " }\n"
            "}\n",
            NFT_JUDGED);
}

/* ---- IP */

static void put_base_chains(const struct nft *w)
{
    static const struct {
        const char *name;
        const char *hook;
        const char *lo;
    } hooks[POLICY_DIRECTIONS] = { { "in", "prerouting", "iif" },
                                   { "out", "output", "oif" } };

    for (size_t i = 0; i < POLICY_DIRECTIONS; i++) {
        fprintf(w->f,
                " chain %s-shape { type filter hook %s priority -450;"
                " policy accept;\n"
                "  %s \"lo\" accept\n"
                "  meta nfproto ipv4 goto shape4\n"
                "  meta nfproto ipv6 goto shape6\n"
                " }\n",
                hooks[i].name, hooks[i].hook, hooks[i].lo);
        fprintf(w->f,
                " chain %s { type filter hook %s priority -150;"
                " policy drop;\n"
                "  %s \"lo\" accept\n",
                hooks[i].name, hooks[i].hook, hooks[i].lo);
        if (i == POLICY_OUT) {
            fprintf(w->f,
                    "  meta l4proto tcp tcp flags & rst == rst"
                    " meta mark & 0x%08" PRIx32 " != 0 accept\n",
                    POLICY_NFT_RESET);
        }
        fputs("  meta l4proto udp ct state invalid goto drop-malformed\n",
              w->f);
        nft_queue_flows(w);
        fprintf(w->f,
                "  ct mark & 0x%08" PRIx32 " == 0x%08" PRIx32
                " ct state related jump quoting\n"
                "  ct mark & 0x%08" PRIx32 " == 0x%08" PRIx32
                " ct state != related jump flow-of\n"
                "  meta nfproto ipv4 goto %s4\n"
                "  meta nfproto ipv6 goto %s6\n"
                " }\n",
                ~(NFT_PART << NFT_RULE_AT | NFT_STATE), nft_mark(w, 0),
                ~(NFT_PART << NFT_RULE_AT | NFT_STATE), nft_mark(w, 0),
                hooks[i].name, hooks[i].name);
    }
}

static void put_inet(struct nft *w)
{
    fprintf(w->f, "table inet %s {\n", w->config->table);
    put_subnets(w);
    nft_flow_objects(w);
    put_drops(w);
    nft_shape_4(w, "notrack");
    nft_shape_6(w, "notrack");
    nft_flow_chains(w);
    nft_queue_chain(w);
    put_rules(w, false);
    for (unsigned d = 0; d < POLICY_DIRECTIONS; d++) {
        put_rules_of_ip(w, (enum policy_direction)d, POLICY_IPV4);
        put_rules_of_ip(w, (enum policy_direction)d, POLICY_IPV6);
    }
    put_base_chains(w);
    fprintf(w->f,
            " chain forward { type filter hook forward priority 0;"
            " policy drop; }\n"
            " chain judged { type filter hook postrouting priority 300;"
            " policy accept;\n"
            "  oif \"lo\" accept\n"
            "  meta mark set meta mark | 0x%08" PRIx32 "\n"
            " }\n"
            "}\n",
            NFT_JUDGED);
}

/* ---- All of it */

/* Rules of the mode: the highest priority first, else as they stand. */
static size_t *in_order(const struct policy *policy, enum policy_mode mode,
                        size_t *n)
{
    size_t *order = calloc(policy->n + 1, sizeof *order);

    *n = 0;
    for (size_t i = 0; order != NULL && i < policy->n; i++) {
        size_t at = *n;

        if ((policy->rules[i].modes >> mode & 1) == 0) {
            continue;
        }
        while (at != 0 && policy->rules[order[at - 1]].priority <
                              policy->rules[i].priority) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
        (*n)++;
    }
    return order;
}

bm_status policy_nft(const struct policy *policy,
                     const struct policy_nft_config *config, char **text,
                     struct config_error *error)
{
    bm_status rc = BM_E_MEMORY;
    struct nft w = { .policy = policy, .config = config };
    size_t *order = NULL;
    char *out = NULL;
    size_t n = 0;

    *text = NULL;
    BM_TRY(good_names(config));
    BM_TRY(can_be_said(policy, config, error));
    order = in_order(policy, config->mode, &w.n);
    w.order = order;
    w.f = open_memstream(&out, &n);
    if (order == NULL || w.f == NULL) {
        goto out;
    }
    put_head(&w);
    put_netdev(&w);
    put_inet(&w);
    if (ferror(w.f) == 0 && !w.no_memory) {
        rc = BM_OK;
    }
out:
    if (w.f != NULL && fclose(w.f) != 0) {
        rc = BM_E_MEMORY;
    }
    free(order);
    if (rc == BM_OK) {
        *text = out;
    } else {
        free(out);
    }
    return rc;
}

static bm_status check_mode(struct bm_bytes table, enum policy_mode mode)
{
    static const char *const devices[] = { NULL };
    const struct policy_nft_config config = { .table = "check",
                                              .devices = devices,
                                              .mode = mode,
                                              .queue = POLICY_NFT_QUEUE };
    struct policy *policy;
    char *text = NULL;
    bm_status rc;

    BM_TRY(policy_from_table(table, mode, &policy));
    rc = policy_nft(policy, &config, &text, NULL);
    free(text);
    policy_free(policy);
    return rc;
}

/* FNV-1a, folded. */
uint16_t policy_nft_tag(struct bm_bytes octets)
{
    uint32_t h = UINT32_C(2166136261);

    for (size_t i = 0; i < octets.n; i++) {
        h = (h ^ octets.p[i]) * UINT32_C(16777619);
    }
    return (uint16_t)((h ^ h >> 14 ^ h >> 28) & NFT_PART);
}

bm_status policy_nft_check(struct bm_bytes table)
{
    for (unsigned mode = 0; mode < POLICY_MODES; mode++) {
        BM_TRY(check_mode(table, (enum policy_mode)mode));
    }
    return BM_OK;
}

static void put_new_subnets(FILE *f, const char *table,
                            const struct bm_fw_subnets *s)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        fprintf(f, "flush set %s %s subnet4\nflush set %s %s subnet6\n",
                families[i], table, families[i], table);
        if (s->mask != 0) {
            fprintf(f, "add element %s %s subnet4 ", families[i], table);
            put_subnet4(f, s);
            fputc('\n', f);
        }
        fprintf(f, "add element %s %s subnet6 ", families[i], table);
        put_subnet6(f, s);
        fputc('\n', f);
    }
}

bm_status policy_nft_subnets(const char *table,
                             const struct bm_fw_subnets *subnets, char **text)
{
    char *out = NULL;
    size_t n = 0;
    FILE *f;

    *text = NULL;
    if (!is_name(table, WORD)) {
        return BM_E_ARGUMENT;
    }
    f = open_memstream(&out, &n);
    if (f == NULL) {
        return BM_E_MEMORY;
    }
    put_new_subnets(f, table, subnets);
    if (fclose(f) != 0) {
        free(out);
        return BM_E_MEMORY;
    }
    *text = out;
    return BM_OK;
}

bool policy_nft_sysctl(const char **at, struct bm_bytes *name,
                       struct bm_bytes *value)
{
    const char *line = *at;
    size_t n = strcspn(line, "\n");
    const char *equals = memchr(line, '=', n);

    if (strncmp(line, SYSCTL, strlen(SYSCTL)) != 0 || equals == NULL) {
        return false;
    }
    line += strlen(SYSCTL);
    *name = (struct bm_bytes){ (const uint8_t *)line, (size_t)(equals - line) };
    *value = (struct bm_bytes){ (const uint8_t *)equals + 1,
                                (size_t)(*at + n - equals - 1) };
    *at += n + (*(*at + n) == '\n');
    return true;
}
