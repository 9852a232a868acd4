/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/internal.h"

#include <stdio.h>
#include <string.h>

/* Kinds of ARP (operations), of ICMP and ICMPv6 (types, with any code). */

#define ANY_CODE   0xff
#define ICMP(type) (uint16_t)((type) << 8), (uint16_t)((type) << 8 | ANY_CODE)

static const struct kind {
    const char *name;
    enum policy_kinds kinds;
    uint16_t first;
    uint16_t last;
} names[] = {
    { "request", POLICY_KINDS_ARP, 1, 1 },
    { "reply", POLICY_KINDS_ARP, 2, 2 },
    /* RFC 792; of an echo the code is zero. */
    { "echo-request", POLICY_KINDS_ICMP, POLICY_ECHO4, POLICY_ECHO4 },
    { "echo-reply", POLICY_KINDS_ICMP, 0, 0 },
    { "destination-unreachable", POLICY_KINDS_ICMP, ICMP(3) },
    { "redirect", POLICY_KINDS_ICMP, ICMP(5) },
    { "router-advertisement", POLICY_KINDS_ICMP, ICMP(9) },
    { "router-solicitation", POLICY_KINDS_ICMP, ICMP(10) },
    { "time-exceeded", POLICY_KINDS_ICMP, ICMP(11) },
    { "parameter-problem", POLICY_KINDS_ICMP, ICMP(12) },
    { "timestamp-request", POLICY_KINDS_ICMP, ICMP(13) },
    { "timestamp-reply", POLICY_KINDS_ICMP, ICMP(14) },
    /* RFC 4443, RFC 4861, RFC 2710, RFC 3810. */
    { "echo-request", POLICY_KINDS_ICMPV6, POLICY_ECHO6, POLICY_ECHO6 },
    { "echo-reply", POLICY_KINDS_ICMPV6, 129 << 8, 129 << 8 },
    { "destination-unreachable", POLICY_KINDS_ICMPV6, ICMP(1) },
    { "packet-too-big", POLICY_KINDS_ICMPV6, ICMP(2) },
    { "time-exceeded", POLICY_KINDS_ICMPV6, ICMP(3) },
    { "parameter-problem", POLICY_KINDS_ICMPV6, ICMP(4) },
    { "listener-query", POLICY_KINDS_ICMPV6, ICMP(130) },
    { "listener-report", POLICY_KINDS_ICMPV6, ICMP(131) },
    { "listener-done", POLICY_KINDS_ICMPV6, ICMP(132) },
    { "router-solicitation", POLICY_KINDS_ICMPV6, ICMP(133) },
    { "router-advertisement", POLICY_KINDS_ICMPV6, ICMP(134) },
    { "neighbour-solicitation", POLICY_KINDS_ICMPV6, ICMP(135) },
    { "neighbour-advertisement", POLICY_KINDS_ICMPV6, ICMP(136) },
    { "redirect", POLICY_KINDS_ICMPV6, ICMP(137) },
    { "listener-report-2", POLICY_KINDS_ICMPV6, ICMP(143) },
};

#define NAMES (sizeof names / sizeof names[0])

const char *policy_kind_name(enum policy_kinds kinds, uint16_t port)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (names[i].kinds == kinds && names[i].first <= port &&
            port <= names[i].last) {
            return names[i].name;
        }
    }
    return NULL;
}

/* "3/4": type and code; "3": the type, with any code. */
static bool take_type(const char *text, struct policy_range *range)
{
    char type[4];
    const char *slash = strchr(text, '/');
    size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
    struct policy_range code = { { 0, 0 }, { 0, ANY_CODE } };

    if (n >= sizeof type) {
        return false;
    }
    memcpy(type, text, n);
    type[n] = '\0';
    if (!policy_range_number(type, 255, range) ||
        policy_value_order(range->first, range->last) != 0 ||
        (slash != NULL && !policy_range_number(slash + 1, 255, &code))) {
        return false;
    }
    range->first.low = range->first.low << 8 | code.first.low;
    range->last.low = range->last.low << 8 | code.last.low;
    return true;
}

bool policy_kind_parse(enum policy_kinds kinds, const char *text,
                       struct policy_range *range)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (names[i].kinds == kinds && strcmp(names[i].name, text) == 0) {
            *range = (struct policy_range){ { 0, names[i].first },
                                            { 0, names[i].last } };
            return true;
        }
    }
    return kinds != POLICY_KINDS_ARP && take_type(text, range);
}

bm_status policy_kinds_read(struct policy_reader *r,
                            const struct config_node *node,
                            enum policy_kinds kinds, struct policy_set *set)
{
    size_t n = 0;

    if (policy_items(node) == NULL) {
        return config_fail(r->error, node, BM_E_CONFIG_VALUE,
                           "kind must be a value or a sequence of values");
    }
    set->ranges =
        policy_ranges(r, node, node->kind == CONFIG_SEQUENCE ? node->n : 1);
    if (set->ranges == NULL) {
        return r->error->status;
    }
    for (const struct config_node *i = policy_items(node); i != NULL;
         i = policy_items_next(node, i)) {
        if (i->kind != CONFIG_SCALAR ||
            !policy_kind_parse(kinds, i->text, &set->ranges[n++])) {
            return config_fail(
                r->error, i, BM_E_CONFIG_VALUE, "\"%.60s\" is no kind of %s",
                i->kind == CONFIG_SCALAR ? i->text : "",
                kinds == POLICY_KINDS_ARP    ? "ARP: request or reply"
                : kinds == POLICY_KINDS_ICMP ? "ICMP, type or type/code"
                                             : "ICMPv6, type or type/code");
        }
    }
    set->n = policy_ranges_join(set->ranges, n);
    return BM_OK;
}
