/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_CLAIM_H
#define BM_STORE_TEST_CONTRACT_CLAIM_H

#include "store/test/contract.h"

/*
 * Claims against the simplest thing that could hold them: an array. Hashes
 * are few, so that many are claimed again, and some are alike in their first
 * half. Transactions of all sizes, rolled back now and then; the store is
 * opened again, and another handle writes in between.
 */

#define CLAIMS_HASHES 30000
#define CLAIMS_OPS    60000
#define CLAIMS_REFS   1000000

struct claim_model {
    struct {
        uint32_t hash;
        uint32_t ref;
        uint32_t before; /* 1 + the claim of this hash before, or 0 */
    } * row;
    uint32_t *newest; /* by hash: 1 + its newest claim, or 0 */
    uint32_t n;
    uint32_t committed;
    uint64_t seed;
};

static inline uint32_t claim_random(struct claim_model *m, uint32_t below)
{
    m->seed = m->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((m->seed >> 33) % below);
}

static inline uint64_t claim_mix(uint64_t x)
{
    x = (x ^ (x >> 31)) * UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ (x >> 29);
}

/* Every fifth hash shares its first half with others; some are all zero but
 * for their end. The lowest bit of the number is the kind. */
static inline void claim_hash(uint32_t i, uint8_t hash[STORE_HASH_SIZE])
{
    uint64_t hi = i % 5 == 0 ? claim_mix(i / 1000) : claim_mix(i + 7);
    uint64_t lo = claim_mix(i + 99);

    if (i % 1000 == 1) {
        hi = 0;
    }
    memset(hash, 0, STORE_HASH_SIZE);
    for (size_t k = 0; k < 8; k++) {
        hash[k] = (uint8_t)(hi >> (56 - 8 * k));
        hash[8 + k] = (uint8_t)(lo >> (56 - 8 * k));
    }
}

static inline enum store_claim claim_kind(uint32_t hash)
{
    return hash % 2 == 0 ? STORE_CLAIM_KEY : STORE_CLAIM_IDENTIFIER;
}

static inline void claim_model_put(struct claim_model *m, struct store *s)
{
    uint8_t hash[STORE_HASH_SIZE];
    uint32_t i = claim_random(m, CLAIMS_HASHES);
    uint32_t ref = claim_random(m, CLAIMS_REFS);

    if (claim_random(m, 16) == 0) {
        i = claim_random(m, 20); /* held by hundreds */
    }
    m->row[m->n].hash = i;
    m->row[m->n].ref = ref;
    m->row[m->n].before = m->newest[i];
    m->n++;
    m->newest[i] = m->n;
    claim_hash(i, hash);
    CHECK_STATUS(s->claim_put(s->self, claim_kind(i), hash, ref), BM_OK);
}

static inline void claim_model_rollback(struct claim_model *m)
{
    while (m->n > m->committed) {
        m->n--;
        m->newest[m->row[m->n].hash] = m->row[m->n].before;
    }
}

struct claim_list {
    uint64_t before;
    uint64_t sum;
    uint32_t n;
    bool bad;
};

static inline bm_status claim_listed(void *arg, const void *row)
{
    struct claim_list *list = arg;
    uint64_t ref = *(const uint64_t *)row;

    list->bad = list->bad || (list->n > 0 && ref >= list->before);
    list->before = ref;
    list->sum += claim_mix(ref);
    list->n++;
    return BM_OK;
}

static inline int claim_rising(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return x == y ? 0 : x < y ? -1 : 1;
}

/* The same claims, once each, highest first. */
static inline void claim_compare(const struct claim_model *m, struct store *s,
                                 uint32_t i)
{
    struct claim_list list = { .n = 0 };
    const struct store_visit visit = { &list, claim_listed };
    uint8_t hash[STORE_HASH_SIZE];
    uint32_t *refs = malloc(sizeof *refs * (m->n + 1));
    uint32_t n = 0;
    uint32_t different = 0;
    uint64_t sum = 0;

    for (uint32_t k = m->newest[i]; k != 0; k = m->row[k - 1].before) {
        refs[n++] = m->row[k - 1].ref;
    }
    qsort(refs, n, sizeof *refs, claim_rising);
    for (uint32_t k = 0; k < n; k++) {
        if (k == 0 || refs[k] != refs[k - 1]) {
            sum += claim_mix(refs[k]);
            different++;
        }
    }
    free(refs);
    claim_hash(i, hash);
    CHECK_STATUS(s->claim_list(s->self, claim_kind(i), hash, &visit), BM_OK);
    CHECK(!list.bad && list.n == different && list.sum == sum);
    memset(&list, 0, sizeof list);
    CHECK_STATUS(s->claim_list(s->self, STORE_CLAIM_DEVICE, hash, &visit),
                 BM_OK);
    CHECK(list.n == 0);
}

static inline void claim_transaction(struct claim_model *m, struct store *s)
{
    uint32_t puts = 1 + claim_random(m, claim_random(m, 20) == 0 ? 2000 : 100);

    must_begin(s);
    for (uint32_t i = 0; i < puts && m->n < CLAIMS_OPS; i++) {
        claim_model_put(m, s);
        if (claim_random(m, 50) == 0) {
            claim_compare(m, s, claim_random(m, CLAIMS_HASHES));
        }
    }
    if (claim_random(m, 8) == 0) {
        s->rollback(s->self);
        claim_model_rollback(m);
    } else {
        must_commit(s);
        m->committed = m->n;
    }
    must_read(s);
    claim_compare(m, s, claim_random(m, CLAIMS_HASHES));
    if (claim_random(m, 10) == 0) {
        claim_compare(m, s, claim_random(m, 20));
    }
    s->rollback(s->self);
}

static inline void claims_are_those_of_a_simple_array(void)
{
    struct claim_model m = { .seed = 1 };
    struct store *s[2];
    uint8_t words[1000];
    struct bm_wr w;

    m.row = malloc(sizeof *m.row * CLAIMS_OPS);
    m.newest = calloc(CLAIMS_HASHES, sizeof *m.newest);
    CHECK(m.row != NULL && m.newest != NULL);
    s[0] = contract_open("claims", true);
    s[1] = contract_open("claims", false);
    while (m.n < CLAIMS_OPS && bm_test_failed == 0) {
        size_t which = claim_random(&m, 40) == 0 ? 1 : 0;

        claim_transaction(&m, s[which]);
        if (claim_random(&m, 100) == 0) {
            s[which]->close(s[which]->self);
            s[which] = contract_open("claims", false);
        }
    }
    must_read(s[1]);
    for (uint32_t i = 0; i < CLAIMS_HASHES; i++) {
        claim_compare(&m, s[1], i);
    }
    bm_wr_init(&w, words, sizeof words);
    CHECK_STATUS(s[1]->check(s[1]->self, &w), BM_OK);
    CHECK(w.len == 0);
    s[0]->close(s[0]->self);
    s[1]->close(s[1]->self);
    free(m.row);
    free(m.newest);
}

static inline void contract_claim(void)
{
    RUN(claims_are_those_of_a_simple_array);
}

#endif
