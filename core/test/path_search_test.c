/* SPDX-License-Identifier: Apache-2.0 */
#include "core/path.h"

#include "core/test/path_pool.h"

/*
 * How a path is found: several candidates, cross-certificates, loops, limits.
 */

static void the_leaf_of_an_anchor_needs_no_pool(void)
{
    struct bm_path_config config = begin(NULL, 0);

    make_leaf("Root", 1);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(path.n == 1 && path.step[0].cert == &leaf);
    CHECK(path.anchor == &anchors[0]);
    config.anchors_n = 0;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_NO_ISSUER);
}

static void a_failure_leaves_no_path(void)
{
    const struct spec cas[] = { ca("Sub", 2, "Root", 9) };
    struct bm_path_config config = begin(cas, 1);

    make_leaf("Sub", 2);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_SIGNATURE);
    CHECK(path.n == 0 && path.anchor == NULL);
    CHECK(path.fault.cert == &pool[0]);
    CHECK(bm_path_fault_at(&path.fault) == pool[0].signature.p);
}

/*
 * A bridge: two roots, each cross-certified by the bridge and certifying it,
 * and a loop between the bridge and itself renewed.
 */
static const struct spec bridge[] = {
    { .subject = "Bridge",
      .issuer = "Root",
      .key = 10,
      .signer = 1,
      .ca = true },
    { .subject = "Root",
      .issuer = "Bridge",
      .key = 1,
      .signer = 10,
      .ca = true },
    { .subject = "Far",
      .issuer = "Bridge",
      .key = 20,
      .signer = 10,
      .ca = true },
    { .subject = "Bridge",
      .issuer = "Far",
      .key = 10,
      .signer = 20,
      .ca = true },
    { .subject = "Sub", .issuer = "Far", .key = 21, .signer = 20, .ca = true },
};
#define BRIDGE_N (sizeof bridge / sizeof bridge[0])

static void swap(uint8_t *a, uint8_t *b)
{
    uint8_t c = *a;

    *a = *b;
    *b = c;
}

/* The next permutation in lexicographic order; false after the last. */
static bool next_permutation(uint8_t *order, size_t n)
{
    size_t i = n - 1;
    size_t j = n - 1;

    while (i > 0 && order[i - 1] >= order[i]) {
        i--;
    }
    if (i == 0) {
        return false;
    }
    while (order[j] <= order[i - 1]) {
        j--;
    }
    swap(&order[i - 1], &order[j]);
    for (j = n - 1; i < j; i++, j--) {
        swap(&order[i], &order[j]);
    }
    return true;
}

/* Every order of `cas` in the pool gives this status. */
static void every_order_says(const struct spec *cas, size_t n, bm_status want)
{
    uint8_t order[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    unsigned orders = 0;

    do {
        struct spec shuffled[8];
        struct bm_path_config config;

        for (size_t i = 0; i < n; i++) {
            shuffled[i] = cas[order[i]];
        }
        config = begin(shuffled, n);
        make_leaf("Sub", 21);
        CHECK_STATUS(bm_path_find(&path, &config, &leaf), want);
        orders++;
    } while (next_permutation(order, n));
    CHECK(orders == 120);
}

static void a_path_over_a_bridge_is_found_in_any_order(void)
{
    every_order_says(bridge, BRIDGE_N, BM_OK);
    CHECK(path.n == 4); /* Leaf, Sub, Far, Bridge */
}

/* Break one certificate at a time: same verdict, same reason, any order. */
static void a_broken_bridge_gives_the_same_reason_in_any_order(void)
{
    struct spec cas[BRIDGE_N];

    memcpy(cas, bridge, sizeof cas);
    cas[0].signer = 9;
    every_order_says(cas, BRIDGE_N, BM_E_PATH_SIGNATURE);
    cas[0].signer = 1;
    cas[0].path_len = 2;
    every_order_says(cas, BRIDGE_N, BM_E_PATH_LEN);
    cas[0].path_len = 0;
    cas[2].not_after = MAKER_NOW - 1;
    every_order_says(cas, BRIDGE_N, BM_E_PATH_EXPIRED);
    cas[2].not_after = 0;
    cas[4].ca = false;
    every_order_says(cas, BRIDGE_N, BM_E_PATH_CA);
}

static void the_other_of_two_certificates_of_a_ca_will_do(void)
{
    /* One CA, certified three times: expired, constrained, good. */
    struct spec cas[] = { ca("Sub", 2, "Root", 1), ca("Sub", 2, "Root", 1),
                          ca("Sub", 2, "Root", 1) };
    struct bm_path_config config;

    cas[0].not_after = MAKER_NOW - 1;
    cas[1].permitted = "dir:Nobody";
    config = begin(cas, 3);
    make_leaf("Sub", 2);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(path.step[1].cert == &pool[2]);
    CHECK(maker_verified == 2);
}

static void key_identifiers_order_but_do_not_decide(void)
{
    /* The right key comes last in the pool, and is tried first. */
    struct spec cas[] = { ca("Sub", 3, "Root", 1), ca("Sub", 4, "Root", 1),
                          ca("Sub", 2, "Root", 1) };
    struct bm_path_config config = begin(cas, 3);

    make_leaf("Sub", 2);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(maker_verified == 2);

    /* It has no identifier: it comes after the one that fits. */
    cas[2].quirks = MAKER_NO_SKI;
    config = begin(cas, 3);
    make_leaf("Sub", 2);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(path.step[1].cert == &pool[2]);
    CHECK(maker_verified == 2);

    /* The leaf's identifier is wrong: all are tried, the right one found. */
    config = begin(cas, 3);
    make(&leaf, &(struct spec){ .subject = "Leaf",
                                .issuer = "Sub",
                                .key = 99,
                                .signer = 4,
                                .aki = 3 });
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(path.step[1].cert == &pool[1]);
}

static void self_issued_intermediates_do_not_count(void)
{
    /* Sub renewed its key: the new one is signed with the old. */
    struct spec cas[] = { ca("Sub", 2, "Root", 1), ca("Sub", 3, "Sub", 2) };
    struct bm_path_config config;

    cas[0].path_len = 1;
    cas[0].excluded = "dir:Sub";
    config = begin(cas, 2);
    config.depth = 2;
    make_leaf("Sub", 3);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(path.n == 3);
}

static void pool_may_hold_the_leaf_and_the_anchor(void)
{
    struct spec cas[] = { ca("Sub", 2, "Root", 1), root_spec };
    struct bm_path_config config = begin(cas, 2);

    make_leaf("Sub", 2);
    pool[2] = leaf;
    config.pool_n = 3;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(path.n == 2);
}

/* A ladder of CAs from the anchor down to the leaf's issuer. */
static struct bm_path_config ladder(size_t n)
{
    static const char names[] = "A\0B\0C\0D\0E\0F\0G\0H\0I\0J\0K\0L\0M";
    struct spec cas[13];

    for (size_t i = 0; i < n; i++) {
        cas[i] = ca(names + 2 * i, (uint8_t)(i + 2),
                    i > 0 ? names + 2 * (i - 1) : "Root", (uint8_t)(i + 1));
    }
    return begin(cas, n);
}

static void depth_is_limited(void)
{
    struct bm_path_config config = ladder(BM_PATH_DEPTH_MAX - 1);

    make_leaf("I", BM_PATH_DEPTH_MAX);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(path.n == BM_PATH_DEPTH_MAX);

    config = ladder(BM_PATH_DEPTH_MAX);
    make_leaf("J", BM_PATH_DEPTH_MAX + 1);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_DEPTH);
    CHECK(maker_verified == 0);
}

/* Sixty CAs of one name, sixty keys, none of which signed the leaf. */
static void signatures_are_limited(void)
{
    struct spec cas[60];
    struct bm_path_config config;

    for (size_t i = 0; i < 60; i++) {
        cas[i] = ca("Sub", (uint8_t)(i + 10), "Root", 1);
        cas[i].quirks = MAKER_NO_SKI;
    }
    config = begin(cas, 60);
    make_leaf("Sub", 9);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_WORK);
    CHECK(maker_verified == BM_PATH_SIGNATURES_MAX);
    CHECK(path.n == 0);
}

/*
 * Two anchors of one name, of which the first cannot have signed: what was
 * verified below them stays so, and what was not is verified by the second.
 */
static void a_right_signature_is_verified_once(void)
{
    const struct spec cas[] = { { .subject = "Sub",
                                  .issuer = "Root",
                                  .key = 2,
                                  .signer = 1,
                                  .ca = true,
                                  .quirks = MAKER_NO_AKI } };
    struct bm_path_config config = begin(cas, 1);
    struct spec other = root_spec;

    other.key = other.signer = 7;
    anchors[1] = anchors[0];
    make(&anchors[0], &other);
    config.anchors_n = 2;
    make_leaf("Sub", 2);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(path.anchor == &anchors[1]);
    CHECK(maker_verified == 3); /* leaf, Sub by one anchor, by the other */
    make(&anchors[1], &other);
    maker_verified = 0;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_SIGNATURE);
    CHECK(path.fault.cert == &pool[0]);
    CHECK(maker_verified == 3);
}

/* Two CAs of one name: the leaf is the first one's, the path the second's. */
static void a_right_signature_says_nothing_of_another_issuer(void)
{
    struct spec cas[] = { ca("Sub", 2, "Root", 9), ca("Sub", 3, "Root", 1) };
    struct bm_path_config config;

    cas[0].quirks = cas[1].quirks = MAKER_NO_SKI;
    config = begin(cas, 2);
    make_leaf("Sub", 2);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_SIGNATURE);
    CHECK(maker_verified == 3); /* leaf, first Sub; leaf by second Sub */
    CHECK(path.n == 0);
}

/* CAs that all bear one name, and no way out: too many ways round. */
static void steps_are_limited(void)
{
    static struct spec cas[256];
    struct bm_path_config config;

    for (size_t i = 0; i < 256; i++) {
        cas[i] = ca("Sub", (uint8_t)i, "Sub", (uint8_t)(i + 1));
    }
    config = begin(cas, 256);
    make_leaf("Sub", 9);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_WORK);
    CHECK(maker_verified == 0);
}

static void pool_and_anchors_are_limited(void)
{
    struct bm_path_config config = begin(NULL, 0);

    make_leaf("Root", 1);
    config.pool_n = BM_PATH_CERTS_MAX + 1;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_LIMIT);
    config.pool_n = 0;
    config.anchors_n = BM_PATH_CERTS_MAX + 1;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_LIMIT);
}

int main(void)
{
    RUN(the_leaf_of_an_anchor_needs_no_pool);
    RUN(a_failure_leaves_no_path);
    RUN(a_path_over_a_bridge_is_found_in_any_order);
    RUN(a_broken_bridge_gives_the_same_reason_in_any_order);
    RUN(the_other_of_two_certificates_of_a_ca_will_do);
    RUN(key_identifiers_order_but_do_not_decide);
    RUN(self_issued_intermediates_do_not_count);
    RUN(pool_may_hold_the_leaf_and_the_anchor);
    RUN(depth_is_limited);
    RUN(signatures_are_limited);
    RUN(a_right_signature_is_verified_once);
    RUN(a_right_signature_says_nothing_of_another_issuer);
    RUN(steps_are_limited);
    RUN(pool_and_anchors_are_limited);
    return bm_test_done();
}
