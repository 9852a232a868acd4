/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/journal_internal.h"

#include <stdio.h>
#include <string.h>

#include "store/store.h"

/* Where the members of an entry are; numbers are big-endian. */
#define AT_KIND     0
#define AT_SERIAL_N 1 /* and two octets of zero */
#define AT_TREE     4 /* or a list */
#define AT_TIME     8
#define AT_NUMBER   16
#define AT_KEY      24
#define AT_SERIAL   32 /* zero behind its end */
#define AT_HASH     52
#define AT_ZERO     84 /* to the chain */
#define AT_CHAIN    96

#define SERIAL_MAX 20

/* Of lists, in place of a serial number: two numbers of eight octets. */
#define PAIR 16

void journal_name(uint64_t segment, char name[JOURNAL_NAME_MAX])
{
    (void)snprintf(name, JOURNAL_NAME_MAX, "%08llu.journal",
                   (unsigned long long)(segment % 100000000));
}

static void put_number(uint8_t *out, size_t n, uint64_t value)
{
    while (n-- > 0) {
        out[n] = (uint8_t)value;
        value >>= 8;
    }
}

static uint64_t get_number(const uint8_t *in, size_t n)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n; i++) {
        value = value << 8 | in[i];
    }
    return value;
}

static bm_status next_chain(const struct bm_crypto *crypto,
                            const uint8_t entry[CA_JOURNAL_ENTRY],
                            const uint8_t before[CA_TREE_HASH],
                            uint8_t chain[CA_TREE_HASH])
{
    uint8_t message[CA_TREE_HASH + AT_CHAIN];

    memcpy(message, before, CA_TREE_HASH);
    memcpy(message + CA_TREE_HASH, entry, AT_CHAIN);
    return crypto->hash(crypto->self, BM_HASH_SHA256, BM_ARRAY(message), chain);
}

static bool kind_is_known(unsigned kind)
{
    return (kind >= CA_JOURNAL_CERT && kind <= CA_JOURNAL_MANIFEST) ||
           (kind >= JOURNAL_HEAD && kind <= JOURNAL_CARRIED_MANIFEST);
}

/* Of which kinds is the one number a list, and not a tree? */
static bool has_list(enum ca_journal_kind kind)
{
    return kind == CA_JOURNAL_CERT || kind == CA_JOURNAL_CRL;
}

bm_status journal_put(const struct bm_crypto *crypto,
                      const struct ca_journal_entry *entry,
                      uint8_t chain[CA_TREE_HASH],
                      uint8_t out[CA_JOURNAL_ENTRY])
{
    /* A list has no serial number. */
    if (!kind_is_known(entry->kind) || entry->serial_n > SERIAL_MAX ||
        (entry->kind == CA_JOURNAL_CRL && entry->serial_n != 0)) {
        return BM_E_ARGUMENT;
    }
    memset(out, 0, CA_JOURNAL_ENTRY);
    out[AT_KIND] = (uint8_t)entry->kind;
    out[AT_SERIAL_N] = entry->serial_n;
    put_number(out + AT_TREE, 4,
               has_list(entry->kind) ? entry->list : entry->tree);
    put_number(out + AT_TIME, 8, (uint64_t)entry->time);
    put_number(out + AT_NUMBER, 8, entry->number);
    memcpy(out + AT_KEY, entry->key, sizeof entry->key);
    memcpy(out + AT_SERIAL, entry->serial, entry->serial_n);
    if (entry->kind == CA_JOURNAL_CRL && entry->dated) {
        out[AT_SERIAL_N] = PAIR;
        put_number(out + AT_SERIAL, 8, (uint64_t)entry->this_update);
        put_number(out + AT_SERIAL + 8, 8, entry->base);
    }
    memcpy(out + AT_HASH, entry->hash, sizeof entry->hash);
    BM_TRY(next_chain(crypto, out, chain, out + AT_CHAIN));
    memcpy(chain, out + AT_CHAIN, CA_TREE_HASH);
    return BM_OK;
}

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

bm_status journal_parse(const struct bm_crypto *crypto,
                        const uint8_t in[CA_JOURNAL_ENTRY],
                        uint8_t chain[CA_TREE_HASH],
                        struct ca_journal_entry *entry)
{
    struct ca_journal_entry e = { 0 };
    uint8_t hash[CA_TREE_HASH];

    memset(entry, 0, sizeof *entry);
    if (!kind_is_known(in[AT_KIND]) || in[AT_SERIAL_N] > SERIAL_MAX ||
        !is_zero(in + AT_SERIAL_N + 1, AT_TREE - AT_SERIAL_N - 1) ||
        !is_zero(in + AT_SERIAL + in[AT_SERIAL_N],
                 SERIAL_MAX - in[AT_SERIAL_N]) ||
        !is_zero(in + AT_ZERO, AT_CHAIN - AT_ZERO) ||
        (in[AT_KIND] == CA_JOURNAL_CRL && in[AT_SERIAL_N] != 0 &&
         in[AT_SERIAL_N] != PAIR)) {
        return BM_E_LEDGER_JOURNAL;
    }
    e.kind = (enum ca_journal_kind)in[AT_KIND];
    e.serial_n = in[AT_SERIAL_N];
    *(has_list(e.kind) ? &e.list : &e.tree) =
        (uint32_t)get_number(in + AT_TREE, 4);
    e.time = (int64_t)get_number(in + AT_TIME, 8);
    e.number = get_number(in + AT_NUMBER, 8);
    memcpy(e.key, in + AT_KEY, sizeof e.key);
    memcpy(e.serial, in + AT_SERIAL, e.serial_n);
    if (e.kind == CA_JOURNAL_CRL && e.serial_n == PAIR) {
        e.dated = true;
        e.this_update = (int64_t)get_number(in + AT_SERIAL, 8);
        e.base = get_number(in + AT_SERIAL + 8, 8);
        memset(e.serial, 0, sizeof e.serial);
        e.serial_n = 0;
    }
    memcpy(e.hash, in + AT_HASH, sizeof e.hash);
    /* The head of a segment says itself what came before it. */
    BM_TRY(
        next_chain(crypto, in, e.kind == JOURNAL_HEAD ? e.hash : chain, hash));
    if (memcmp(hash, in + AT_CHAIN, sizeof hash) != 0) {
        return BM_E_LEDGER_JOURNAL;
    }
    memcpy(chain, hash, sizeof hash);
    *entry = e;
    return BM_OK;
}

void journal_carry(const struct ca_journal_lists *lists,
                   struct ca_journal_entry *entry)
{
    memset(entry, 0, sizeof *entry);
    entry->kind = JOURNAL_CARRIED_CRL;
    entry->number = lists->number;
    entry->time = lists->whole_update;
    for (size_t i = 0; i < CA_JOURNAL_BASES; i++) {
        put_number(entry->hash + 8 * i, 8, lists->whole[i]);
    }
    if (lists->whole[0] != 0 || lists->delta != 0) {
        entry->serial_n = PAIR;
        put_number(entry->serial, 8, lists->delta);
        put_number(entry->serial + 8, 8, lists->base);
    }
}

bool journal_lists_equal(const struct ca_journal_lists *a,
                         const struct ca_journal_lists *b)
{
    return a->number == b->number &&
           memcmp(a->whole, b->whole, sizeof a->whole) == 0 &&
           a->whole_update == b->whole_update && a->delta == b->delta &&
           a->base == b->base;
}

static void remember_carried(struct ca_journal_lists *lists,
                             const struct ca_journal_entry *entry)
{
    lists->number = entry->number;
    lists->whole_update = entry->time;
    for (size_t i = 0; i < CA_JOURNAL_BASES; i++) {
        lists->whole[i] = get_number(entry->hash + 8 * i, 8);
    }
    if (entry->serial_n == PAIR) {
        lists->delta = get_number(entry->serial, 8);
        lists->base = get_number(entry->serial + 8, 8);
    }
}

/* The highest number counts, whatever the order. Of a list that nobody dated
 * no delta counts. */
static void remember_list(struct ca_journal_lists *lists,
                          const struct ca_journal_entry *entry)
{
    if (entry->number > lists->number) {
        lists->number = entry->number;
    }
    if (!entry->dated) {
        return;
    }
    if (entry->list == STORE_LIST_DELTA) {
        lists->delta = entry->number;
        lists->base = entry->base;
    } else if (entry->list == STORE_LIST_COMPLETE) {
        memmove(lists->whole + 1, lists->whole,
                sizeof lists->whole - sizeof lists->whole[0]);
        lists->whole[0] = entry->number;
        lists->whole_update = entry->this_update;
    }
}

static bm_status remember_crl(struct journal_memory *memory,
                              const struct ca_journal_entry *entry)
{
    size_t i = 0;

    while (i < memory->keys &&
           memcmp(memory->crl[i].key, entry->key, sizeof entry->key) != 0) {
        i++;
    }
    if (i == JOURNAL_KEYS_MAX) {
        return BM_E_LIMIT;
    }
    if (i == memory->keys) {
        memset(&memory->crl[i], 0, sizeof memory->crl[i]);
        memcpy(memory->crl[i].key, entry->key, sizeof entry->key);
        memory->keys++;
    }
    if (entry->kind == CA_JOURNAL_CRL) {
        remember_list(&memory->crl[i].lists, entry);
    } else {
        remember_carried(&memory->crl[i].lists, entry);
    }
    return BM_OK;
}

static void remember_version(struct ca_journal_entry *last,
                             const struct ca_journal_entry *entry,
                             enum ca_journal_kind kind)
{
    if (entry->number > last->number) {
        *last = *entry;
        last->kind = kind;
    }
}

bm_status journal_remember(struct journal_memory *memory,
                           const struct ca_journal_entry *entry)
{
    size_t i;

    switch ((int)entry->kind) {
    case CA_JOURNAL_CRL:
    case JOURNAL_CARRIED_CRL:
        return remember_crl(memory, entry);
    case CA_JOURNAL_CHECKPOINT:
    case JOURNAL_CARRIED_CHECKPOINT:
        memory->checkpoint = *entry;
        memory->checkpoint.kind = CA_JOURNAL_CHECKPOINT;
        memory->has_checkpoint = true;
        return BM_OK;
    case CA_JOURNAL_BUNDLE:
    case CA_JOURNAL_MANIFEST:
        remember_version(&memory->versioned[entry->kind - CA_JOURNAL_BUNDLE],
                         entry, entry->kind);
        return BM_OK;
    case JOURNAL_CARRIED_BUNDLE:
    case JOURNAL_CARRIED_MANIFEST:
        i = (size_t)(entry->kind - JOURNAL_CARRIED_BUNDLE);
        remember_version(&memory->versioned[i], entry,
                         (enum ca_journal_kind)(CA_JOURNAL_BUNDLE + i));
        return BM_OK;
    default:
        return BM_OK;
    }
}
