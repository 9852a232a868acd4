/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/set.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Values */

struct policy_value policy_value(uint64_t low)
{
    return (struct policy_value){ 0, low };
}

struct policy_value policy_value_octets(const uint8_t *p, size_t n)
{
    struct policy_value v = { 0, 0 };

    for (size_t i = 0; i < n; i++) {
        v.high = v.high << 8 | v.low >> 56;
        v.low = v.low << 8 | p[i];
    }
    return v;
}

int policy_value_order(struct policy_value a, struct policy_value b)
{
    if (a.high != b.high) {
        return a.high < b.high ? -1 : 1;
    }
    return a.low < b.low ? -1 : a.low > b.low;
}

struct policy_value policy_value_next(struct policy_value v)
{
    v.low++;
    v.high += v.low == 0 ? 1 : 0;
    return v;
}

struct policy_value policy_value_before(struct policy_value v)
{
    v.high -= v.low == 0 ? 1 : 0;
    v.low--;
    return v;
}

struct policy_value policy_value_max(unsigned bits)
{
    struct policy_value v = { 0, UINT64_MAX };

    if (bits <= 64) {
        v.low >>= 64 - bits;
        return v;
    }
    v.high = UINT64_MAX >> (128 - bits);
    return v;
}

/* ---- Sets */

static int order_ranges(const void *a, const void *b)
{
    const struct policy_range *x = a;
    const struct policy_range *y = b;

    return policy_value_order(x->first, y->first);
}

/* Does `next` begin within `range`, or right behind it? */
static bool touches(const struct policy_range *range,
                    const struct policy_range *next)
{
    return policy_value_order(next->first, range->last) <= 0 ||
           policy_value_order(next->first, policy_value_next(range->last)) == 0;
}

size_t policy_ranges_join(struct policy_range *ranges, size_t n)
{
    size_t kept = 0;

    if (n == 0) {
        return 0;
    }
    qsort(ranges, n, sizeof *ranges, order_ranges);
    for (size_t i = 1; i < n; i++) {
        if (!touches(&ranges[kept], &ranges[i])) {
            ranges[++kept] = ranges[i];
        } else if (policy_value_order(ranges[i].last, ranges[kept].last) > 0) {
            ranges[kept].last = ranges[i].last;
        }
    }
    return kept + 1;
}

bool policy_set_has(const struct policy_set *set, struct policy_value v)
{
    for (size_t i = 0; i < set->n; i++) {
        if (policy_value_order(set->ranges[i].first, v) <= 0 &&
            policy_value_order(v, set->ranges[i].last) <= 0) {
            return true;
        }
    }
    return set->n == 0;
}

bool policy_set_equal(const struct policy_set *a, const struct policy_set *b)
{
    for (size_t i = 0; a->n == b->n && i < a->n; i++) {
        if (policy_value_order(a->ranges[i].first, b->ranges[i].first) != 0 ||
            policy_value_order(a->ranges[i].last, b->ranges[i].last) != 0) {
            return false;
        }
    }
    return a->n == b->n;
}

/* ---- Words */

/* The longest of them: two addresses of IPv6 and what stands between. */
#define WORD_MAX 96

static bool take_number(const char *text, uint64_t max, struct policy_value *v)
{
    bool hex = text[0] == '0' && text[1] == 'x';
    const char *digits = hex ? "0123456789abcdefABCDEF" : "0123456789";
    const char *p = text + (hex ? 2 : 0);
    size_t n = strspn(p, digits);
    unsigned long long number;

    /* No leading zeros: 010 is eight to some. */
    if (n == 0 || n > 15 || p[n] != '\0' || (!hex && n > 1 && *p == '0')) {
        return false;
    }
    number = strtoull(p, NULL, hex ? 16 : 10);
    *v = policy_value(number);
    return number <= max;
}

/* Cut "A-B" in two; B is NULL without. False: longer than anything. */
static bool cut(const char *text, char at, char first[WORD_MAX],
                const char **second)
{
    const char *cut = strchr(text, at);
    size_t n = cut != NULL ? (size_t)(cut - text) : strlen(text);

    if (n >= WORD_MAX) {
        return false;
    }
    memcpy(first, text, n);
    first[n] = '\0';
    *second = cut != NULL ? cut + 1 : NULL;
    return true;
}

bool policy_range_number(const char *text, uint64_t max,
                         struct policy_range *range)
{
    char first[WORD_MAX];
    const char *last;

    if (!cut(text, '-', first, &last) ||
        !take_number(first, max, &range->first) ||
        !take_number(last != NULL ? last : first, max, &range->last)) {
        return false;
    }
    return policy_value_order(range->first, range->last) <= 0;
}

/* Make a range of all that begins as `v` does; the rest of it is zero. */
static bool widen(struct policy_value v, const char *prefix, unsigned bits,
                  struct policy_range *range)
{
    struct policy_value n;
    struct policy_value rest;

    *range = (struct policy_range){ v, v };
    if (prefix == NULL) {
        return true;
    }
    if (!take_number(prefix, bits, &n) || strchr(prefix, 'x') != NULL) {
        return false;
    }
    if (n.low == bits) {
        return true;
    }
    rest = policy_value_max(bits - (unsigned)n.low);
    range->last.high |= rest.high;
    range->last.low |= rest.low;
    return (v.high & rest.high) == 0 && (v.low & rest.low) == 0;
}

static bool take_address(const char *text, int family, struct policy_value *v)
{
    uint8_t octets[16];

    if (inet_pton(family, text, octets) != 1) {
        return false;
    }
    *v = policy_value_octets(octets, family == AF_INET ? 4 : 16);
    return true;
}

static bool take_addresses(const char *text, int family, unsigned bits,
                           struct policy_range *range)
{
    char first[WORD_MAX];
    const char *rest;
    struct policy_value v;

    if (strchr(text, '-') != NULL) {
        return cut(text, '-', first, &rest) &&
               take_address(first, family, &range->first) &&
               take_address(rest, family, &range->last) &&
               policy_value_order(range->first, range->last) <= 0;
    }
    return cut(text, '/', first, &rest) && take_address(first, family, &v) &&
           widen(v, rest, bits, range);
}

bool policy_range_ipv4(const char *text, struct policy_range *range)
{
    return take_addresses(text, AF_INET, 32, range);
}

bool policy_range_ipv6(const char *text, struct policy_range *range)
{
    return take_addresses(text, AF_INET6, 128, range);
}

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at;

    c = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

bool policy_range_mac(const char *text, struct policy_range *range)
{
    char first[WORD_MAX];
    const char *prefix;
    uint8_t octets[6];

    if (!cut(text, '/', first, &prefix) || strlen(first) != 17) {
        return false;
    }
    for (size_t i = 0; i < 6; i++) {
        int high = hex(first[3 * i]);
        int low = hex(first[3 * i + 1]);

        if (high < 0 || low < 0 || (i < 5 && first[3 * i + 2] != ':')) {
            return false;
        }
        octets[i] = (uint8_t)(high << 4 | low);
    }
    return widen(policy_value_octets(octets, 6), prefix, 48, range);
}

static void put_octets(struct policy_value v, uint8_t *p, size_t n)
{
    while (n-- != 0) {
        p[n] = (uint8_t)v.low;
        v.low = v.low >> 8 | v.high << 56;
        v.high >>= 8;
    }
}

void policy_value_text(struct policy_value v, unsigned bits,
                       char out[POLICY_VALUE_TEXT])
{
    uint8_t p[16];

    if (bits == 32 || bits == 128) {
        put_octets(v, p, bits / 8);
        (void)inet_ntop(bits == 32 ? AF_INET : AF_INET6, p, out,
                        POLICY_VALUE_TEXT);
    } else if (bits == 48) {
        put_octets(v, p, 6);
        (void)snprintf(out, POLICY_VALUE_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x",
                       p[0], p[1], p[2], p[3], p[4], p[5]);
    } else {
        (void)snprintf(out, POLICY_VALUE_TEXT, "%" PRIu64, v.low);
    }
}
