/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_SET_H
#define BM_POLICY_SET_H

#include "core/bytes.h"

/*
 * Sets of values of a field: numbers of up to 128 bits, which is an address of
 * IPv6, as sorted ranges that neither touch nor overlap. A set without ranges
 * stands for no condition at all: an empty set does not occur in a rule.
 */

struct policy_value {
    uint64_t high;
    uint64_t low;
};

struct policy_range {
    struct policy_value first; /* both included */
    struct policy_value last;
};

struct policy_set {
    struct policy_range *ranges;
    size_t n;
};

/* A number as a value. */
struct policy_value policy_value(uint64_t low);

/* Big-endian octets, 16 at most, as a value. */
struct policy_value policy_value_octets(const uint8_t *p, size_t n);

/* Below, equal or above zero. */
int policy_value_order(struct policy_value a, struct policy_value b);

/* The value behind it; that behind the last one is zero. */
struct policy_value policy_value_next(struct policy_value v);
struct policy_value policy_value_before(struct policy_value v);

/* The largest value of so many bits, 1..128. */
struct policy_value policy_value_max(unsigned bits);

/* Sort and join `ranges`: what is left of them begins at the same place. */
size_t policy_ranges_join(struct policy_range *ranges, size_t n);

/* Is the value in it? A set without ranges has every value. */
bool policy_set_has(const struct policy_set *set, struct policy_value v);

bool policy_set_equal(const struct policy_set *a, const struct policy_set *b);

/* ---- Words
 *
 * Addresses and the like as people write them, into a range. False: it is not
 * one; `*range` is then of no use.
 */

/* "7", "0x88cc", "7-9": numbers up to `max`. */
bool policy_range_number(const char *text, uint64_t max,
                         struct policy_range *range);

/* "192.0.2.1", "192.0.2.0/24", "192.0.2.1-192.0.2.9". Bits behind a prefix
 * must be zero: what is meant by others nobody knows. */
bool policy_range_ipv4(const char *text, struct policy_range *range);
bool policy_range_ipv6(const char *text, struct policy_range *range);

/* "02:00:00:00:00:01", or with a prefix: "02:00:00:00:00:00/24". */
bool policy_range_mac(const char *text, struct policy_range *range);

/*
 * Write a value as an address or number of this many bits: 32, 48, 128, others
 * as a number. As snprintf() does, at most POLICY_VALUE_TEXT.
 */
#define POLICY_VALUE_TEXT 48
void policy_value_text(struct policy_value v, unsigned bits,
                       char out[POLICY_VALUE_TEXT]);

#endif
