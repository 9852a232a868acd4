/* SPDX-License-Identifier: Apache-2.0 */
#include "core/policy.h"

#include "core/test/policy_chain.h"

/*
 * The tree as RFC 5280 6.1 draws it, to compare with. Policies are bits 0 to
 * 3; ANY is anyPolicy.
 */
#define ANY       4
#define NODES_MAX 600

struct node {
    uint8_t valid;
    uint8_t expected; /* set of bits */
    uint8_t depth;
    int16_t parent;
    bool live;
};

struct tree {
    struct node node[NODES_MAX];
    size_t n;
};

static struct tree tree;

static void grow(int parent, uint8_t depth, uint8_t valid, uint8_t expected)
{
    CHECK(tree.n < NODES_MAX);
    tree.node[tree.n++] = (struct node){ .valid = valid,
                                         .expected = expected,
                                         .depth = depth,
                                         .parent = (int16_t)parent,
                                         .live = true };
}

static bool has_child(size_t parent, int valid)
{
    for (size_t i = 0; i < tree.n; i++) {
        const struct node *c = &tree.node[i];

        if (c->live && c->parent == (int)parent &&
            (valid < 0 || c->valid == valid)) {
            return true;
        }
    }
    return false;
}

/* Delete nodes above `depth` without children, and children of the deleted. */
static void prune(uint8_t depth)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < tree.n; i++) {
            struct node *node = &tree.node[i];
            bool orphan = node->parent >= 0 && !tree.node[node->parent].live;

            if (node->live &&
                (orphan || (node->depth < depth && !has_child(i, -1)))) {
                node->live = false;
                changed = true;
            }
        }
    }
}

static bool is_empty(void)
{
    return !tree.node[0].live;
}

static unsigned listed(const char *policies_of)
{
    unsigned set = 0;

    for (; policies_of != NULL && *policies_of != '\0'; policies_of++) {
        set |= 1u << (*policies_of == '*' ? ANY : *policies_of - '1');
    }
    return set;
}

/* 6.1.3 (d)(1) */
static void tree_assert(uint8_t depth, uint8_t p)
{
    size_t n = tree.n;
    bool matched = false;

    for (size_t i = 0; i < n; i++) {
        const struct node *node = &tree.node[i];

        if (node->live && node->depth + 1 == depth &&
            (node->expected >> p & 1) != 0) {
            grow((int)i, depth, p, (uint8_t)(1u << p));
            matched = true;
        }
    }
    for (size_t i = 0; i < n && !matched; i++) {
        const struct node *node = &tree.node[i];

        if (node->live && node->depth + 1 == depth && node->valid == ANY) {
            grow((int)i, depth, p, (uint8_t)(1u << p));
        }
    }
}

/* 6.1.3 (d)(2) */
static void tree_assert_any(uint8_t depth)
{
    size_t n = tree.n;

    for (size_t i = 0; i < n; i++) {
        struct node node = tree.node[i];

        for (uint8_t p = 0; p <= ANY; p++) {
            if (node.live && node.depth + 1 == depth &&
                (node.expected >> p & 1) != 0 && !has_child(i, p)) {
                grow((int)i, depth, p, (uint8_t)(1u << p));
            }
        }
    }
}

/* 6.1.4 (b) for one policy of the issuer's domain */
static void tree_map(uint8_t depth, uint8_t from, unsigned to, bool allowed)
{
    bool matched = false;
    size_t n = tree.n;

    for (size_t i = 0; i < n; i++) {
        struct node *node = &tree.node[i];

        if (node->live && node->depth == depth && node->valid == from) {
            node->expected = (uint8_t)to;
            node->live = allowed;
            matched = true;
        }
    }
    for (size_t i = 0; i < n && allowed && !matched; i++) {
        const struct node *node = &tree.node[i];

        if (node->live && node->depth == depth && node->valid == ANY) {
            grow(node->parent, depth, from, (uint8_t)to);
        }
    }
}

static void tree_mappings(uint8_t depth, const char *mappings, bool allowed)
{
    for (uint8_t from = 0; from < ANY; from++) {
        unsigned to = 0;

        for (const char *m = mappings; m != NULL && *m != '\0'; m += 2) {
            to |= m[0] == '1' + from ? 1u << (m[1] - '1') : 0;
        }
        if (to != 0) {
            tree_map(depth, from, to, allowed);
        }
    }
    prune(depth);
}

static bool is_below_any(const struct node *node)
{
    return node->live && node->parent >= 0 &&
           tree.node[node->parent].valid == ANY;
}

/* 6.1.5 (g)(iii) */
static void tree_intersect(uint8_t depth, unsigned set)
{
    unsigned have = 0;
    size_t n = tree.n;

    for (size_t i = 0; i < n; i++) {
        struct node *node = &tree.node[i];

        if (is_below_any(node) && node->valid != ANY) {
            have |= 1u << node->valid;
            node->live = (set >> node->valid & 1) != 0;
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct node *node = &tree.node[i];

        if (node->live && node->depth == depth && node->valid == ANY) {
            for (uint8_t p = 0; p < ANY; p++) {
                if ((set & ~have) >> p & 1) {
                    grow(node->parent, depth, p, (uint8_t)(1u << p));
                }
            }
            node->live = false;
        }
    }
    prune(depth);
}

static uint32_t down(uint32_t n, bool by_one)
{
    return n > 0 && by_one ? n - 1 : n;
}

static uint32_t at_most(uint32_t n, uint8_t plus_one)
{
    return plus_one != 0 && plus_one - 1u < n ? plus_one - 1u : n;
}

/* The verdict of RFC 5280 6.1.2 to 6.1.5, policies only. */
static bool tree_accepts(const struct link *links, size_t n, unsigned set,
                         const struct bm_policy_demand *demand)
{
    uint32_t explicit_policy = demand->explicit_policy ? 0 : (uint32_t)n + 1;
    uint32_t mapping = demand->inhibit_mapping ? 0 : (uint32_t)n + 1;
    uint32_t any = demand->inhibit_any ? 0 : (uint32_t)n + 1;

    tree.n = 0;
    grow(-1, 0, ANY, 1u << ANY);
    for (uint8_t i = 1; i <= n; i++) {
        const struct link *l = &links[i - 1];
        bool last = i == n;
        bool counts = !l->self_issued || last;

        for (uint8_t p = 0; p < ANY && !is_empty(); p++) {
            if ((listed(l->policies) >> p & 1) != 0) {
                tree_assert(i, p);
            }
        }
        if ((listed(l->policies) >> ANY & 1) != 0 && (any > 0 || !counts)) {
            tree_assert_any(i);
        }
        tree.node[0].live = tree.node[0].live && l->policies != NULL;
        prune(i);
        if (explicit_policy == 0 && is_empty()) {
            return false;
        }
        if (!last) {
            tree_mappings(i, l->mappings, mapping > 0);
            explicit_policy =
                at_most(down(explicit_policy, counts), l->require_explicit);
            mapping = at_most(down(mapping, counts), l->inhibit_mapping);
            any = at_most(down(any, counts), l->inhibit_any);
        } else {
            explicit_policy = down(explicit_policy, true);
            if (l->require_explicit == 1) {
                explicit_policy = 0;
            }
        }
    }
    if (set != 0) {
        tree_intersect((uint8_t)n, set);
    }
    return explicit_policy > 0 || !is_empty();
}

/* Is policy `p` in the user-constrained-policy-set? */
static bool tree_has(uint8_t depth, uint8_t p)
{
    for (size_t i = 0; i < tree.n; i++) {
        const struct node *node = &tree.node[i];

        if ((is_below_any(node) && node->valid == p) ||
            (node->live && node->depth == depth && node->valid == ANY)) {
            return true;
        }
    }
    return false;
}

static uint32_t dice_state;

static uint32_t dice(uint32_t sides)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 17;
    dice_state ^= dice_state << 5;
    return (dice_state >> 8) % sides;
}

static void random_link(struct link *l, char room[16], bool is_leaf)
{
    char *p = room;

    *l = (struct link){ .policies = NULL };
    if (dice(8) != 0) {
        l->policies = p;
        for (char c = '1'; c <= '4'; c++) {
            if (dice(2) != 0) {
                *p++ = c;
            }
        }
        if (dice(3) == 0 || p == room) {
            *p++ = '*';
        }
        *p++ = '\0';
    }
    if (!is_leaf && dice(3) == 0) {
        char from = (char)('1' + dice(3));

        l->mappings = p;
        *p++ = from;
        *p++ = (char)('1' + dice(4));
        if (dice(2) != 0) {
            *p++ = (char)(from + 1);
            *p++ = (char)('1' + dice(4));
        }
        *p = '\0';
    }
    l->require_explicit = (uint8_t)(dice(6) == 0 ? 1 + dice(3) : 0);
    l->inhibit_mapping = (uint8_t)(dice(8) == 0 ? 1 + dice(3) : 0);
    l->inhibit_any = (uint8_t)(dice(8) == 0 ? 1 + dice(3) : 0);
    l->self_issued = dice(6) == 0;
}

/* Ten thousand chains; a small machine has time for a tenth of them. */
#if defined(__linux__)
#define CHAINS 10000
#else
#define CHAINS 1000
#endif

static void pairs_decide_as_the_tree_does(void)
{
    char room[LINKS_MAX][16];
    struct link links[LINKS_MAX];
    unsigned accepted = 0;

    dice_state = 20260101;
    for (unsigned round = 0; round < CHAINS; round++) {
        size_t n = 1 + dice(LINKS_MAX);
        unsigned set = dice(2) != 0 ? dice(16) : 0;
        struct bm_bytes wanted[4];
        struct bm_policy_demand demand = {
            .set = wanted,
            .explicit_policy = dice(2) != 0,
            .inhibit_mapping = dice(8) == 0,
            .inhibit_any = dice(8) == 0,
        };
        bool want;

        for (size_t i = 0; i < n; i++) {
            random_link(&links[i], room[i], i + 1 == n);
        }
        for (unsigned p = 0; p < ANY; p++) {
            if ((set >> p & 1) != 0) {
                wanted[demand.set_n++] = maker_policy((char)('1' + p));
            }
        }
        want = tree_accepts(links, n, set, &demand);
        CHECK_STATUS(run_chain(links, n, &demand),
                     want ? BM_OK : BM_E_PATH_POLICY);
        accepted += want;
        for (uint8_t p = 0; p < ANY && want; p++) {
            if (set == 0 || (set >> p & 1) != 0) {
                CHECK(
                    bm_policies_has(&policies, maker_policy((char)('1' + p))) ==
                    tree_has((uint8_t)n, p));
            }
        }
    }
    CHECK(accepted > CHAINS / 10 && accepted < CHAINS - CHAINS / 10);
}

int main(void)
{
    RUN(pairs_decide_as_the_tree_does);
    return bm_test_done();
}
