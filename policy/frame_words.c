/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/frame.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/internal.h"

/* From facts to words; policy_frame_parse() reads them. */

struct line {
    char *words;
    size_t n;
};

static void say(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct line *line, const char *format, ...)
{
    size_t room = POLICY_FRAME_WORDS - line->n;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(line->words + line->n, room, format, args);
    va_end(args);
    line->n += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static void say_kind(struct line *line, enum policy_kinds kinds, uint64_t port)
{
    const char *name = policy_kind_name(kinds, (uint16_t)port);
    struct policy_range range;

    if (name != NULL && policy_kind_parse(kinds, name, &range) &&
        range.first.low == port) {
        say(line, " kind=%s", name);
    } else {
        say(line, " kind=%" PRIu64 "/%" PRIu64, port >> 8, port & 0xff);
    }
}

static void say_protocol(struct line *line, const struct policy_facts *f)
{
    uint64_t proto = f->at[POLICY_PROTO].low;
    bool six = f->kind == POLICY_IPV6;
    uint64_t port = f->at[POLICY_PORT].low;

    if (!f->has[POLICY_PORT]) {
        say(line, " %s proto=%" PRIu64, six ? "ipv6" : "ipv4", proto);
    } else if (!f->has[POLICY_SPORT]) {
        say(line, " %s", six ? "icmpv6" : "icmp");
        say_kind(line, six ? POLICY_KINDS_ICMPV6 : POLICY_KINDS_ICMP, port);
    } else {
        say(line, " %s port=%" PRIu64 " sport=%" PRIu64,
            proto == POLICY_PROTO_TCP ? "tcp" : "udp", port,
            f->at[POLICY_SPORT].low);
    }
}

static void say_address(struct line *line, const char *key,
                        struct policy_value value, unsigned bits)
{
    char text[POLICY_VALUE_TEXT];

    policy_value_text(value, bits, text);
    say(line, " %s=%s", key, text);
}

void policy_facts_words(const struct policy_facts *f,
                        char words[POLICY_FRAME_WORDS])
{
    struct line line = { words, 0 };

    say(&line, "%s", policy_direction_name(f->direction));
    switch (f->kind) {
    case POLICY_OTHER:
        say(&line, " ethernet type=0x%04" PRIx64, f->at[POLICY_TYPE].low);
        break;
    case POLICY_ARP:
        say(&line, " arp");
        say_kind(&line, POLICY_KINDS_ARP, f->at[POLICY_PORT].low);
        say_address(&line, "peer", f->at[POLICY_PEER4], 32);
        break;
    case POLICY_IPV4:
        say_protocol(&line, f);
        say_address(&line, "peer", f->at[POLICY_PEER4], 32);
        break;
    case POLICY_IPV6:
        say_protocol(&line, f);
        say_address(&line, "peer", f->at[POLICY_PEER6], 128);
        break;
    }
    if (f->has[POLICY_SUBNET]) {
        say(&line, " subnet=%s", f->at[POLICY_SUBNET].low != 0 ? "yes" : "no");
    }
    if (f->has[POLICY_MAC]) {
        say_address(&line, "mac", f->at[POLICY_MAC], 48);
    }
}

/* ---- Witnesses */

static enum policy_kind kind_of(uint64_t type)
{
    switch (type) {
    case POLICY_TYPE_ARP:
        return POLICY_ARP;
    case POLICY_TYPE_IPV4:
        return POLICY_IPV4;
    case POLICY_TYPE_IPV6:
        return POLICY_IPV6;
    default:
        return POLICY_OTHER;
    }
}

/* Which fields such a frame has. */
static void tell_fields(struct policy_facts *f)
{
    uint64_t proto = f->at[POLICY_PROTO].low;
    bool four = f->kind == POLICY_IPV4;
    bool ip = four || f->kind == POLICY_IPV6;
    bool ports = ip && (proto == POLICY_PROTO_TCP || proto == POLICY_PROTO_UDP);

    f->has[POLICY_TYPE] = true;
    f->has[POLICY_PROTO] = ip;
    f->has[POLICY_PORT] =
        ports || f->kind == POLICY_ARP ||
        (ip && proto == (four ? POLICY_PROTO_ICMP : POLICY_PROTO_ICMPV6));
    f->has[POLICY_SPORT] = ports;
    f->has[POLICY_SUBNET] = f->kind != POLICY_OTHER;
    f->has[POLICY_PEER4] = four || f->kind == POLICY_ARP;
    f->has[POLICY_PEER6] = f->kind == POLICY_IPV6;
    f->has[POLICY_MAC] = f->direction == POLICY_IN;
}

/*
 * What reads better than the first value there is, if both rules still hold:
 * a protocol that is nobody's extension header (RFC 3692), addresses for
 * documentation.
 */
static void prefer(const struct policy_conflict *c, struct policy_facts *f)
{
    static const struct {
        enum policy_field field;
        struct policy_value value;
    } better[] = {
        { POLICY_PROTO, { 0, 253 } },
        { POLICY_PORT, { 0, 1 } },
        { POLICY_SPORT, { 0, 40000 } },
        { POLICY_PEER4, { 0, 0xc0000201 } },
        { POLICY_PEER6, { UINT64_C(0x20010db800000000), 1 } },
        { POLICY_MAC, { 0, UINT64_C(0x020000000001) } },
    };

    for (size_t i = 0; i < sizeof better / sizeof better[0]; i++) {
        struct policy_facts with = *f;

        with.at[better[i].field] = better[i].value;
        tell_fields(&with);
        if (policy_rule_holds(c->a, &with) && policy_rule_holds(c->b, &with)) {
            *f = with;
        }
    }
}

void policy_frame_witness(const struct policy_conflict *conflict,
                          char words[POLICY_FRAME_WORDS])
{
    struct policy_facts f = { .direction = conflict->a->direction };

    memcpy(f.at, conflict->at, sizeof f.at);
    f.kind = kind_of(f.at[POLICY_TYPE].low);
    tell_fields(&f);
    prefer(conflict, &f);
    policy_facts_words(&f, words);
}
