/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/tree.h"

#include <stdlib.h>

#include "tests/harness/bm_test.h"
#include "tests/harness/hex.h"
#include "tests/harness/test_crypto.h"

/*
 * The reference: RFC 6962 2.1 word by word, over the hashes of the leaves,
 * and every node that is full, as a source would have it.
 */
#define LEAVES 300

static const struct bm_crypto *crypto;
static uint8_t leaf[LEAVES][CA_TREE_HASH];
static uint8_t root[LEAVES + 1][CA_TREE_HASH];
static uint8_t full[9][LEAVES][CA_TREE_HASH]; /* by level and index */

/* "k is the largest power of two smaller than n" */
static size_t split(size_t n)
{
    size_t k = 1;

    while (2 * k < n) {
        k *= 2;
    }
    return k;
}

/* RFC 6962 2.1: MTH(D[from:to]). */
/* NOLINTNEXTLINE(misc-no-recursion): it is how the RFC defines it */
static void mth(size_t from, size_t to, uint8_t out[CA_TREE_HASH])
{
    uint8_t message[1 + 2 * CA_TREE_HASH] = { 0x01 };
    size_t k;

    if (to == from) {
        CHECK_STATUS(crypto->hash(crypto->self, BM_HASH_SHA256,
                                  (struct bm_bytes){ NULL, 0 }, out),
                     BM_OK);
        return;
    }
    if (to - from == 1) {
        memcpy(out, leaf[from], CA_TREE_HASH);
        return;
    }
    k = split(to - from);
    mth(from, from + k, message + 1);
    mth(from + k, to, message + 1 + CA_TREE_HASH);
    CHECK_STATUS(
        crypto->hash(crypto->self, BM_HASH_SHA256, BM_ARRAY(message), out),
        BM_OK);
}

static bm_status node(void *arg, unsigned level, uint64_t index,
                      uint8_t hash[CA_TREE_HASH])
{
    size_t size = *(const size_t *)arg;
    size_t from = (size_t)index << level;
    size_t to = from + ((size_t)1 << level);

    /* Only full subtrees of the tree are asked for. */
    if (to > size) {
        return BM_E_NOT_FOUND;
    }
    memcpy(hash, full[level][index], CA_TREE_HASH);
    return BM_OK;
}

static struct ca_tree_head head_of(size_t size)
{
    struct ca_tree_head head = { .tree = 1, .size = size };

    memcpy(head.root, root[size], sizeof head.root);
    return head;
}

static void leaves_are_made(void)
{
    for (size_t i = 0; i < LEAVES; i++) {
        uint8_t entry[CA_TREE_HASH] = { (uint8_t)i, (uint8_t)(i >> 8) };

        CHECK_STATUS(ca_tree_leaf(crypto, entry, leaf[i]), BM_OK);
    }
    for (size_t n = 0; n <= LEAVES; n++) {
        mth(0, n, root[n]);
    }
    for (unsigned level = 0; level <= 8; level++) {
        for (size_t i = 0; (i + 1) << level <= LEAVES; i++) {
            mth(i << level, (i + 1) << level, full[level][i]);
        }
    }
}

/*
 * The tree of the RFC 6962 test data that every log implementation shares:
 * eight entries, and the roots over the first n of them.
 */
static const struct {
    const char *entry;
    const char *root;
} known[] = {
    { "", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
    { "00",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
    { "10",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
    { "2021",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
    { "3031",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
    { "40414243",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
    { "5051525354555657",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
    { "606162636465666768696a6b6c6d6e6f",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
};

static void the_roots_are_those_that_every_log_has(void)
{
    struct ca_tree_edge edge;
    uint8_t got[CA_TREE_HASH];

    ca_tree_edge_init(&edge);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint8_t message[1 + 16] = { 0x00 };
        uint8_t want[CA_TREE_HASH];
        uint8_t hash[CA_TREE_HASH];
        size_t n = bm_hex(known[i].entry, message + 1, 16).n;

        CHECK_STATUS(crypto->hash(crypto->self, BM_HASH_SHA256,
                                  (struct bm_bytes){ message, 1 + n }, hash),
                     BM_OK);
        CHECK_STATUS(ca_tree_append(crypto, &edge, hash, NULL), BM_OK);
        CHECK_STATUS(ca_tree_root(crypto, &edge, got), BM_OK);
        (void)bm_hex(known[i].root, want, sizeof want);
        CHECK_BYTES(got, sizeof got, want, sizeof want);
    }
}

/* Told of in order, each full subtree once. */
struct told {
    size_t n;
    bool wrong;
};

static bm_status tell(void *arg, unsigned level, uint64_t index,
                      const uint8_t hash[CA_TREE_HASH])
{
    struct told *told = arg;

    told->wrong |= memcmp(full[level][index], hash, CA_TREE_HASH) != 0;
    told->n++;
    return BM_OK;
}

static void the_edge_has_the_root_of_every_size(void)
{
    struct told told = { 0, false };
    const struct ca_tree_full teller = { &told, tell };
    struct ca_tree_edge edge;
    uint8_t got[CA_TREE_HASH];

    ca_tree_edge_init(&edge);
    for (size_t n = 0; n <= LEAVES; n++) {
        CHECK_STATUS(ca_tree_root(crypto, &edge, got), BM_OK);
        CHECK_BYTES(got, sizeof got, root[n], CA_TREE_HASH);
        CHECK(edge.size == n);
        if (n < LEAVES) {
            CHECK_STATUS(ca_tree_append(crypto, &edge, leaf[n], &teller),
                         BM_OK);
        }
    }
    /* 300 leaves, 150 pairs, 75 fours, ... */
    CHECK(told.n == 300 + 150 + 75 + 37 + 18 + 9 + 4 + 2 + 1);
    CHECK(!told.wrong);
}

static bm_status refuse(void *arg, unsigned level, uint64_t index,
                        const uint8_t hash[CA_TREE_HASH])
{
    (void)index;
    (void)hash;
    return level == *(const unsigned *)arg ? BM_E_STORE : BM_OK;
}

static void an_append_that_fails_leaves_the_edge_alone(void)
{
    struct ca_tree_edge edge;
    struct ca_tree_edge before;

    ca_tree_edge_init(&edge);
    for (size_t n = 0; n < 7; n++) {
        CHECK_STATUS(ca_tree_append(crypto, &edge, leaf[n], NULL), BM_OK);
    }
    before = edge;
    for (unsigned level = 0; level <= 3; level++) {
        const struct ca_tree_full refuser = { &level, refuse };

        CHECK_STATUS(ca_tree_append(crypto, &edge, leaf[7], &refuser),
                     BM_E_STORE);
        CHECK_BYTES(&edge, sizeof edge, &before, sizeof before);
    }
}

static void every_leaf_of_every_tree_is_proved(void)
{
    for (size_t size = 1; size <= LEAVES; size++) {
        const struct ca_tree_source source = { &size, node };
        struct ca_tree_head head = head_of(size);
        struct ca_tree_proof proof;

        for (size_t i = 0; i < size; i++) {
            CHECK_STATUS(ca_tree_inclusion(crypto, &source, i, size, &proof),
                         BM_OK);
            CHECK_STATUS(
                ca_tree_check_inclusion(crypto, &head, i, leaf[i], &proof),
                BM_OK);
            /* Another place, another leaf. */
            if (i + 1 < size) {
                CHECK_STATUS(ca_tree_check_inclusion(crypto, &head, i + 1,
                                                     leaf[i], &proof),
                             BM_E_LEDGER_PROOF);
                CHECK_STATUS(ca_tree_check_inclusion(crypto, &head, i,
                                                     leaf[i + 1], &proof),
                             BM_E_LEDGER_PROOF);
            }
        }
        CHECK_STATUS(ca_tree_inclusion(crypto, &source, size, size, &proof),
                     BM_E_ARGUMENT);
    }
}

static void a_changed_proof_of_inclusion_is_refused(void)
{
    static const size_t sizes[] = { 1, 2, 3, 7, 8, 9, 31, 64, 255, 256, 300 };

    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        size_t size = sizes[k];
        const struct ca_tree_source source = { &size, node };
        struct ca_tree_head head = head_of(size);
        struct ca_tree_proof proof;

        for (size_t i = 0; i < size; i++) {
            CHECK_STATUS(ca_tree_inclusion(crypto, &source, i, size, &proof),
                         BM_OK);
            for (size_t bit = 0; bit < 256 * proof.n; bit += 37) {
                proof.hash[bit / 256][bit % 256 / 8] ^= (uint8_t)(1 << bit % 8);
                CHECK_STATUS(
                    ca_tree_check_inclusion(crypto, &head, i, leaf[i], &proof),
                    BM_E_LEDGER_PROOF);
                proof.hash[bit / 256][bit % 256 / 8] ^= (uint8_t)(1 << bit % 8);
            }
            proof.n++;
            CHECK_STATUS(
                ca_tree_check_inclusion(crypto, &head, i, leaf[i], &proof),
                BM_E_LEDGER_PROOF);
            proof.n -= 2;
            CHECK_STATUS(
                ca_tree_check_inclusion(crypto, &head, i, leaf[i], &proof),
                BM_E_LEDGER_PROOF);
        }
    }
}

static void every_tree_continues_every_smaller_one(void)
{
    for (size_t size = 0; size <= LEAVES; size++) {
        const struct ca_tree_source source = { &size, node };
        struct ca_tree_head head = head_of(size);
        struct ca_tree_proof proof;

        for (size_t m = 0; m <= size; m++) {
            struct ca_tree_head old = head_of(m);

            CHECK_STATUS(ca_tree_consistency(crypto, &source, m, size, &proof),
                         BM_OK);
            CHECK_STATUS(ca_tree_check_consistency(crypto, &old, &head, &proof),
                         BM_OK);
            if (m != 0 && m != size) {
                old.root[m % 32] ^= 1;
                CHECK_STATUS(
                    ca_tree_check_consistency(crypto, &old, &head, &proof),
                    BM_E_LEDGER_PROOF);
                old.root[m % 32] ^= 1;
                head.root[m % 32] ^= 1;
                CHECK_STATUS(
                    ca_tree_check_consistency(crypto, &old, &head, &proof),
                    BM_E_LEDGER_PROOF);
                head.root[m % 32] ^= 1;
            }
        }
        CHECK_STATUS(
            ca_tree_consistency(crypto, &source, size + 1, size, &proof),
            BM_E_ARGUMENT);
    }
}

static void a_changed_proof_of_consistency_is_refused(void)
{
    static const size_t sizes[] = { 2, 3, 4, 7, 8, 65, 255, 256, 257, 300 };

    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        size_t size = sizes[k];
        const struct ca_tree_source source = { &size, node };
        struct ca_tree_head head = head_of(size);
        struct ca_tree_proof proof;

        for (size_t m = 1; m < size; m++) {
            struct ca_tree_head old = head_of(m);
            struct ca_tree_head other = head_of(m - 1);

            CHECK_STATUS(ca_tree_consistency(crypto, &source, m, size, &proof),
                         BM_OK);
            CHECK(m == 1 || ca_tree_check_consistency(crypto, &other, &head,
                                                      &proof) != BM_OK);
            for (size_t bit = 0; bit < 256 * proof.n; bit += 41) {
                proof.hash[bit / 256][bit % 256 / 8] ^= (uint8_t)(1 << bit % 8);
                CHECK_STATUS(
                    ca_tree_check_consistency(crypto, &old, &head, &proof),
                    BM_E_LEDGER_PROOF);
                proof.hash[bit / 256][bit % 256 / 8] ^= (uint8_t)(1 << bit % 8);
            }
            proof.n++;
            CHECK_STATUS(ca_tree_check_consistency(crypto, &old, &head, &proof),
                         BM_E_LEDGER_PROOF);
            proof.n -= 2;
            CHECK_STATUS(ca_tree_check_consistency(crypto, &old, &head, &proof),
                         BM_E_LEDGER_PROOF);
        }
    }
}

static void trees_of_one_size_are_consistent_if_they_are_one(void)
{
    struct ca_tree_proof proof = { 0 };
    struct ca_tree_head a = head_of(5);
    struct ca_tree_head b = head_of(5);

    CHECK_STATUS(ca_tree_check_consistency(crypto, &a, &b, &proof), BM_OK);
    b.root[0] ^= 1;
    CHECK_STATUS(ca_tree_check_consistency(crypto, &a, &b, &proof),
                 BM_E_LEDGER_PROOF);
    b = head_of(4);
    CHECK_STATUS(ca_tree_check_consistency(crypto, &a, &b, &proof),
                 BM_E_LEDGER_PROOF);
    b = head_of(5);
    b.tree = 2;
    CHECK_STATUS(ca_tree_check_consistency(crypto, &a, &b, &proof),
                 BM_E_LEDGER_PROOF);
    proof.n = 1;
    CHECK_STATUS(ca_tree_check_consistency(crypto, &a, &a, &proof),
                 BM_E_LEDGER_PROOF);
    a = head_of(0);
    b = head_of(5);
    CHECK_STATUS(ca_tree_check_consistency(crypto, &a, &b, &proof),
                 BM_E_LEDGER_PROOF);
}

/* The last index of the largest tree: paths of 64 levels. */
static bm_status any_node(void *arg, unsigned level, uint64_t index,
                          uint8_t hash[CA_TREE_HASH])
{
    (void)arg;
    memset(hash, (int)(level + index), CA_TREE_HASH);
    return BM_OK;
}

static void the_largest_trees_have_proofs_that_fit(void)
{
    static const struct {
        uint64_t index;
        uint64_t size;
    } rows[] = {
        { 0, UINT64_MAX },
        { UINT64_MAX - 1, UINT64_MAX },
        { UINT64_C(1) << 63, UINT64_MAX },
        { (UINT64_C(1) << 63) - 1, UINT64_MAX },
        { 0, UINT64_C(1) << 63 },
        { 5, (UINT64_C(1) << 63) + 1 },
    };
    const struct ca_tree_source source = { NULL, any_node };
    struct ca_tree_head head = { .tree = 1 };
    struct ca_tree_proof proof;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        head.size = rows[i].size;
        CHECK_STATUS(ca_tree_inclusion(crypto, &source, rows[i].index,
                                       rows[i].size, &proof),
                     BM_OK);
        CHECK(proof.n >= 1 && proof.n <= CA_TREE_PROOF_MAX);
        /* Of the right length, but of no tree. */
        CHECK_STATUS(ca_tree_check_inclusion(crypto, &head, rows[i].index,
                                             leaf[0], &proof),
                     BM_E_LEDGER_PROOF);
        CHECK_STATUS(ca_tree_consistency(crypto, &source, rows[i].index + 1,
                                         rows[i].size, &proof),
                     BM_OK);
        CHECK(proof.n <= CA_TREE_PROOF_MAX);
    }
}

static void an_entry_is_the_hash_of_salt_and_record(void)
{
    uint8_t salt[32];
    uint8_t message[17 + 32 + 3];
    uint8_t want[CA_TREE_HASH];
    uint8_t got[CA_TREE_HASH];
    uint8_t *huge = calloc(1, 4096);

    memset(salt, 0x5a, sizeof salt);
    memcpy(message, "birthmark/leaf/v1", 17);
    memcpy(message + 17, salt, 32);
    memcpy(message + 49, "abc", 3);
    CHECK_STATUS(
        crypto->hash(crypto->self, BM_HASH_SHA256, BM_ARRAY(message), want),
        BM_OK);
    CHECK_STATUS(ca_tree_entry(crypto, salt, BM_LIT("abc"), got), BM_OK);
    CHECK_BYTES(got, sizeof got, want, sizeof want);
    if (huge != NULL) {
        CHECK_STATUS(
            ca_tree_entry(crypto, salt, (struct bm_bytes){ huge, 4096 }, got),
            BM_E_BUFFER);
    }
    free(huge);
}

int main(void)
{
    crypto = bm_test_crypto();
    RUN(leaves_are_made);
    RUN(the_roots_are_those_that_every_log_has);
    RUN(the_edge_has_the_root_of_every_size);
    RUN(an_append_that_fails_leaves_the_edge_alone);
    RUN(every_leaf_of_every_tree_is_proved);
    RUN(a_changed_proof_of_inclusion_is_refused);
    RUN(every_tree_continues_every_smaller_one);
    RUN(a_changed_proof_of_consistency_is_refused);
    RUN(trees_of_one_size_are_consistent_if_they_are_one);
    RUN(the_largest_trees_have_proofs_that_fit);
    RUN(an_entry_is_the_hash_of_salt_and_record);
    return bm_test_done();
}
