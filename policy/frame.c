/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/frame.h"

#include <stdio.h>
#include <string.h>

#include "policy/internal.h"

/* From words to octets, by way of a struct of numbers. */

enum {
    HAS_KIND = 1 << 0,
    HAS_PORT = 1 << 1,
    HAS_SPORT = 1 << 2,
    HAS_PEER = 1 << 3,
    HAS_OWN = 1 << 4,
    HAS_ID = 1 << 5,
    HAS_FLAGS = 1 << 6,
    HAS_MAC = 1 << 7,
    HAS_SUBNET = 1 << 8,
    HAS_TYPE = 1 << 9,
    HAS_PROTO = 1 << 10
};
#define HAS_ANY_IP (HAS_PEER | HAS_OWN | HAS_SUBNET | HAS_MAC)

struct told {
    const struct form *form;
    bool six;
    unsigned has;
    uint16_t type;
    uint8_t proto;
    uint8_t flags;
    uint16_t port; /* or kind */
    uint16_t sport;
    uint16_t id;
    uint8_t peer[16];
    uint8_t own[16];
    uint8_t mac[6];
    bool subnet;
    char *why;
};

/* What may be said of a protocol, and what must be. */
static const struct form {
    const char *name;
    enum policy_kind kind;
    int proto; /* -1: told, or none */
    unsigned may;
    unsigned must;
} forms[] = {
    { "arp", POLICY_ARP, -1, HAS_KIND | HAS_ANY_IP, 0 },
    { "tcp", POLICY_IPV4, POLICY_PROTO_TCP,
      HAS_PORT | HAS_SPORT | HAS_FLAGS | HAS_ANY_IP, HAS_PORT },
    { "udp", POLICY_IPV4, POLICY_PROTO_UDP, HAS_PORT | HAS_SPORT | HAS_ANY_IP,
      HAS_PORT },
    { "icmp", POLICY_IPV4, POLICY_PROTO_ICMP, HAS_KIND | HAS_ID | HAS_ANY_IP,
      HAS_KIND },
    { "icmpv6", POLICY_IPV6, POLICY_PROTO_ICMPV6,
      HAS_KIND | HAS_ID | HAS_ANY_IP, HAS_KIND },
    { "ipv4", POLICY_IPV4, -1, HAS_PROTO | HAS_ANY_IP, HAS_PROTO },
    { "ipv6", POLICY_IPV6, -1, HAS_PROTO | HAS_ANY_IP, HAS_PROTO },
    { "ethernet", POLICY_OTHER, -1, HAS_TYPE | HAS_MAC, HAS_TYPE },
};

static bm_status fail(struct told *t, const char *format, const char *word)
{
    (void)snprintf(t->why, CONFIG_WORDS_MAX, format, word);
    return BM_E_POLICY_PACKET;
}

/* ---- Values */

static void put_octets(uint8_t *p, size_t n, struct policy_value v)
{
    while (n-- != 0) {
        p[n] = (uint8_t)v.low;
        v.low = v.low >> 8 | v.high << 56;
        v.high >>= 8;
    }
}

static bool single(const struct policy_range *range)
{
    return policy_value_order(range->first, range->last) == 0;
}

static bool take_16(const char *text, uint64_t max, uint16_t *to)
{
    struct policy_range range;

    if (!policy_range_number(text, max, &range) || !single(&range)) {
        return false;
    }
    *to = (uint16_t)range.first.low;
    return true;
}

static bool take_address(struct told *t, const char *text, uint8_t to[16])
{
    struct policy_range range;
    bool four = policy_range_ipv4(text, &range);

    if ((!four && !policy_range_ipv6(text, &range)) || !single(&range)) {
        return false;
    }
    /* TCP and UDP are of the family of their addresses. */
    if (t->form->kind == POLICY_IPV4 && !four &&
        (t->form->may & HAS_PORT) != 0 &&
        (t->has & (HAS_PEER | HAS_OWN)) == 0) {
        t->six = true;
    }
    if (four == t->six) {
        return false;
    }
    put_octets(to, four ? 4 : 16, range.first);
    return true;
}

static bool take_kind(struct told *t, const char *text)
{
    enum policy_kinds kinds = t->form->kind == POLICY_ARP ? POLICY_KINDS_ARP
                              : t->form->kind == POLICY_IPV4
                                  ? POLICY_KINDS_ICMP
                                  : POLICY_KINDS_ICMPV6;
    struct policy_range range;

    if (!policy_kind_parse(kinds, text, &range)) {
        return false;
    }
    t->port = (uint16_t)range.first.low;
    return true;
}

static bool take_flags(struct told *t, const char *text)
{
    static const struct {
        const char *name;
        uint8_t flag;
    } flags[] = { { "fin", BM_FW_FIN },
                  { "syn", BM_FW_SYN },
                  { "rst", BM_FW_RST },
                  { "ack", BM_FW_ACK },
                  { "urg", BM_FW_URG } };

    t->flags = 0;
    while (*text != '\0') {
        size_t n = strcspn(text, "+");
        uint8_t flag = 0;

        for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
            if (n == 3 && memcmp(text, flags[i].name, 3) == 0) {
                flag = flags[i].flag;
            }
        }
        if (flag == 0) {
            return false;
        }
        t->flags |= flag;
        text += text[n] == '+' ? n + 1 : n;
    }
    return t->flags != 0;
}

static bool take_mac(struct told *t, const char *text)
{
    struct policy_range range;

    if (!policy_range_mac(text, &range) || !single(&range)) {
        return false;
    }
    put_octets(t->mac, 6, range.first);
    return true;
}

static bool take_subnet(struct told *t, const char *text)
{
    t->subnet = strcmp(text, "yes") == 0;
    return t->subnet || strcmp(text, "no") == 0;
}

static bool take_value(struct told *t, unsigned key, const char *text)
{
    uint16_t n = 0;

    switch (key) {
    case HAS_KIND:
        return take_kind(t, text);
    case HAS_PORT:
        return take_16(text, 0xffff, &t->port);
    case HAS_SPORT:
        return take_16(text, 0xffff, &t->sport);
    case HAS_PEER:
        return take_address(t, text, t->peer);
    case HAS_OWN:
        return take_address(t, text, t->own);
    case HAS_ID:
        return take_16(text, 0xffff, &t->id);
    case HAS_FLAGS:
        return take_flags(t, text);
    case HAS_MAC:
        return take_mac(t, text);
    case HAS_SUBNET:
        return take_subnet(t, text);
    case HAS_TYPE:
        return take_16(text, 0xffff, &t->type);
    default:
        if (!take_16(text, 255, &n)) {
            return false;
        }
        t->proto = (uint8_t)n;
        return true;
    }
}

/* ---- Words */

static const struct {
    const char *name;
    unsigned bit;
} keys[] = {
    { "kind", HAS_KIND },   { "port", HAS_PORT },   { "sport", HAS_SPORT },
    { "peer", HAS_PEER },   { "own", HAS_OWN },     { "id", HAS_ID },
    { "flags", HAS_FLAGS }, { "mac", HAS_MAC },     { "subnet", HAS_SUBNET },
    { "type", HAS_TYPE },   { "proto", HAS_PROTO },
};

/* "key=value", which is cut in two. */
static bm_status take_pair(struct told *t, char *word)
{
    char *value = strchr(word, '=');
    unsigned key = 0;

    if (value == NULL) {
        return fail(t, "\"%.60s\" is no key=value", word);
    }
    *value++ = '\0';
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        key = strcmp(keys[i].name, word) == 0 ? keys[i].bit : key;
    }
    if ((key & t->form->may) == 0) {
        return fail(t, "such a packet has no %.60s", word);
    }
    if ((key & t->has) != 0) {
        return fail(t, "%s is told twice", word);
    }
    if (!take_value(t, key, value)) {
        return fail(t, "\"%.60s\" is no value here", value);
    }
    t->has |= key;
    return BM_OK;
}

static bm_status take_form(struct told *t, const char *word)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(forms[i].name, word) == 0) {
            t->form = &forms[i];
            t->six = forms[i].kind == POLICY_IPV6;
            return BM_OK;
        }
    }
    return fail(t,
                "\"%.60s\" is none of arp, tcp, udp, icmp, icmpv6, ipv4, ipv6, "
                "ethernet",
                word);
}

static bm_status take_words(struct told *t, char *line,
                            struct policy_frame *frame)
{
    char *rest;
    char *word = strtok_r(line, " ", &rest);

    if (word == NULL || (strcmp(word, "in") != 0 && strcmp(word, "out") != 0)) {
        return fail(t, "a packet begins with %s", "in or out");
    }
    frame->direction = strcmp(word, "in") == 0 ? BM_FW_IN : BM_FW_OUT;
    word = strtok_r(NULL, " ", &rest);
    BM_TRY(take_form(t, word != NULL ? word : ""));
    while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
        BM_TRY(take_pair(t, word));
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if ((keys[i].bit & t->form->must & ~t->has) != 0) {
            return fail(t, "%s is missing", keys[i].name);
        }
    }
    return BM_OK;
}

/* What stands for nothing in particular: addresses for documentation. */
static void fill_in(struct told *t)
{
    static const uint8_t peer_6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 1 };
    static const uint8_t own_6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 2 };
    static const uint8_t peer_4[16] = { 192, 0, 2, 1 };
    static const uint8_t own_4[16] = { 192, 0, 2, 2 };
    static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

    if ((t->has & HAS_PEER) == 0) {
        memcpy(t->peer, t->six ? peer_6 : peer_4, 16);
    }
    if ((t->has & HAS_OWN) == 0) {
        memcpy(t->own, t->six ? own_6 : own_4, 16);
    }
    if ((t->has & HAS_MAC) == 0) {
        memcpy(t->mac, mac, sizeof mac);
    }
    if ((t->has & HAS_SPORT) == 0) {
        t->sport = 40000;
    }
    if ((t->has & HAS_FLAGS) == 0) {
        t->flags = BM_FW_SYN;
    }
    if (t->form->kind == POLICY_ARP && (t->has & HAS_KIND) == 0) {
        t->port = 1;
    }
    if (t->form->proto >= 0) {
        t->proto = (uint8_t)t->form->proto;
    }
}

/* ---- Octets */

static void put_16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put_arp(const struct told *t, struct policy_frame *frame)
{
    uint8_t *p = frame->octets + 14;
    bool in = frame->direction == BM_FW_IN;

    put_16(p, 1);
    put_16(p + 2, POLICY_TYPE_IPV4);
    p[4] = 6;
    p[5] = 4;
    put_16(p + 6, t->port);
    memcpy(p + 14, in ? t->peer : t->own, 4);
    memcpy(p + 24, in ? t->own : t->peer, 4);
    frame->n = 42;
}

/* Returns how many octets it has. */
static size_t put_inside(const struct told *t, uint8_t *p)
{
    if ((t->form->may & (HAS_PORT | HAS_KIND)) == 0) {
        return 8;
    }
    put_16(p, (t->form->may & HAS_KIND) != 0 ? t->port : t->sport);
    if (t->proto == POLICY_PROTO_TCP) {
        put_16(p + 2, t->port);
        p[12] = 5 << 4;
        p[13] = t->flags;
        return 20;
    }
    if (t->proto == POLICY_PROTO_UDP) {
        put_16(p + 2, t->port);
    }
    put_16(p + 4, t->proto == POLICY_PROTO_UDP ? 8 : t->id);
    return 8;
}

static void put_ipv4(const struct told *t, struct policy_frame *frame)
{
    uint8_t *p = frame->octets + 14;
    bool in = frame->direction == BM_FW_IN;
    size_t n = 20 + put_inside(t, p + 20);
    uint32_t sum = 0;

    p[0] = 0x45;
    put_16(p + 2, (unsigned)n);
    p[8] = 64;
    p[9] = t->proto;
    memcpy(p + 12, in ? t->peer : t->own, 4);
    memcpy(p + 16, in ? t->own : t->peer, 4);
    for (size_t i = 0; i < 20; i += 2) {
        sum += (uint32_t)p[i] << 8 | p[i + 1];
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    put_16(p + 10, ~sum & 0xffff);
    frame->n = 14 + n;
}

static void put_ipv6(const struct told *t, struct policy_frame *frame)
{
    uint8_t *p = frame->octets + 14;
    bool in = frame->direction == BM_FW_IN;
    size_t n = put_inside(t, p + 40);

    p[0] = 0x60;
    put_16(p + 4, (unsigned)n);
    p[6] = t->proto;
    p[7] = 64;
    memcpy(p + 8, in ? t->peer : t->own, 16);
    memcpy(p + 24, in ? t->own : t->peer, 16);
    frame->n = 54 + n;
}

/* The peer is in the device's subnet, which is then the peer alone. */
static void put_subnet(const struct told *t, struct bm_fw_subnets *subnets)
{
    if (!t->subnet) {
        return;
    }
    if (!t->six) {
        subnets->mask = UINT32_MAX;
        subnets->address = (uint32_t)policy_value_octets(t->peer, 4).low;
        return;
    }
    subnets->six_n = 1;
    for (size_t i = 0; i < 4; i++) {
        subnets->six[0].mask[i] = UINT32_MAX;
        subnets->six[0].address[i] =
            (uint32_t)policy_value_octets(t->peer + 4 * i, 4).low;
    }
}

static void put_frame(const struct told *t, struct policy_frame *frame)
{
    static const uint8_t own[6] = { 2, 0, 0, 0, 0, 2 };
    bool in = frame->direction == BM_FW_IN;

    memcpy(frame->octets, in ? own : t->mac, 6);
    memcpy(frame->octets + 6, in ? t->mac : own, 6);
    put_subnet(t, &frame->subnets);
    switch (t->form->kind) {
    case POLICY_ARP:
        put_16(frame->octets + 12, POLICY_TYPE_ARP);
        put_arp(t, frame);
        break;
    case POLICY_OTHER:
        put_16(frame->octets + 12, t->type);
        frame->n = 60;
        break;
    default:
        put_16(frame->octets + 12,
               t->six ? POLICY_TYPE_IPV6 : POLICY_TYPE_IPV4);
        if (t->six) {
            put_ipv6(t, frame);
        } else {
            put_ipv4(t, frame);
        }
        break;
    }
}

bm_status policy_frame_parse(const char *words, struct policy_frame *frame,
                             char why[CONFIG_WORDS_MAX])
{
    struct told t = { .why = why };
    char line[POLICY_FRAME_WORDS];
    size_t n = strlen(words);

    *frame = (struct policy_frame){ .n = 0 };
    if (n >= sizeof line) {
        return fail(&t, "more words than %s", "a packet has");
    }
    memcpy(line, words, n + 1);
    BM_TRY(take_words(&t, line, frame));
    fill_in(&t);
    put_frame(&t, frame);
    return BM_OK;
}
