/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/journal_internal.h"

#include <stdio.h>
#include <string.h>

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
    return (kind >= CA_JOURNAL_CERT && kind <= CA_JOURNAL_CHECKPOINT) ||
           (kind >= JOURNAL_HEAD && kind <= JOURNAL_CARRIED_CHECKPOINT);
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
    if (!kind_is_known(entry->kind) || entry->serial_n > SERIAL_MAX) {
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
        !is_zero(in + AT_ZERO, AT_CHAIN - AT_ZERO)) {
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

/* The highest number counts, whatever the order. */
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
        memcpy(memory->crl[i].key, entry->key, sizeof entry->key);
        memory->crl[i].number = 0;
        memory->keys++;
    }
    if (entry->number > memory->crl[i].number) {
        memory->crl[i].number = entry->number;
    }
    return BM_OK;
}

bm_status journal_remember(struct journal_memory *memory,
                           const struct ca_journal_entry *entry)
{
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
    default:
        return BM_OK;
    }
}
