/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The filter of a segment: a blocked Bloom filter. All bits of an entry are in
 * one cache line, so that a test costs one miss.
 */
#include "store/index_internal.h"

/* Bits per entry: small runs are many and their filters cheap, large runs are
 * few; so a wrong "maybe" is made rarer where that costs least. */
#define BITS_MAX 16
#define BITS_MIN 8

/* 9 bits of the hash choose one of 512; 7 times 9 fit into 64. */
#define PROBES_MAX 7

#define BLOCK_BITS (8 * INDEX_BLOCK)

uint32_t index_filter_blocks(const struct index *ix, uint32_t level,
                             uint32_t entries)
{
    uint64_t all = ix->entries + ix->recent_n + 1;
    uint64_t bits =
        2 * level >= BITS_MAX - BITS_MIN ? BITS_MIN : BITS_MAX - 2 * level;
    uint64_t size = entries * bits;
    uint64_t share = ix->params.memory / all * 8 * entries +
                     ix->params.memory % all * 8 * entries / all;

    if (size > share) {
        size = share;
    }
    return (uint32_t)((size + BLOCK_BITS / 2) / BLOCK_BITS);
}

/* The order of a segment is that of `hi`, so the mixture must not be. */
static uint64_t mix(const struct index_entry *entry)
{
    uint64_t x = entry->hi ^ (entry->lo * UINT64_C(0x9e3779b97f4a7c15));

    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    return x;
}

static uint8_t *block_of(const struct index_filter *filter, uint64_t mixed)
{
    uint64_t i = ((mixed >> 32) * filter->blocks) >> 32;

    return filter->octets + i * INDEX_BLOCK;
}

/* ln 2 = 9/13 of the bits per entry is the best number of probes. */
uint32_t index_filter_probes(uint32_t blocks, uint32_t entries)
{
    uint64_t n =
        (uint64_t)blocks * BLOCK_BITS * 9 / 13 / (entries == 0 ? 1 : entries);

    return n < 1 ? 1 : n > PROBES_MAX ? PROBES_MAX : (uint32_t)n;
}

static uint64_t bits_of(uint64_t mixed)
{
    return mixed * UINT64_C(0xff51afd7ed558ccd);
}

void index_filter_add(const struct index_filter *filter,
                      const struct index_entry *entry)
{
    uint64_t mixed = mix(entry);
    uint64_t bits = bits_of(mixed);
    uint8_t *block;

    if (filter->blocks == 0) {
        return;
    }
    block = block_of(filter, mixed);
    for (uint32_t i = 0; i < filter->probes; i++, bits >>= 9) {
        block[(bits & 511) / 8] |= (uint8_t)(1U << (bits & 7));
    }
}

bool index_filter_test(const struct index_filter *filter,
                       const struct index_entry *entry)
{
    uint64_t mixed = mix(entry);
    uint64_t bits = bits_of(mixed);
    const uint8_t *block;

    if (filter->blocks == 0) {
        return true;
    }
    block = block_of(filter, mixed);
    for (uint32_t i = 0; i < filter->probes; i++, bits >>= 9) {
        if ((block[(bits & 511) / 8] & (1U << (bits & 7))) == 0) {
            return false;
        }
    }
    return true;
}

void index_filter_prefetch(const struct index_filter *filter,
                           const struct index_entry *entry)
{
    if (filter->blocks != 0) {
        __builtin_prefetch(block_of(filter, mix(entry)));
    }
}
