/* SPDX-License-Identifier: Apache-2.0 */
#include "core/path.h"

#include "core/test/path_pool.h"

/*
 * What the caller decides: anchors of all kinds, the model of validity,
 * revocation, the provider of cryptography.
 */

/* What each flag takes back, and what it does not. */
static void an_anchor_is_held_to_its_certificate_unless_told_otherwise(void)
{
    static const struct {
        struct spec anchor;
        bm_status strict;
        bm_status any_time;
    } rows[] = {
        { { .path_len = 0, .not_after = MAKER_NOW - 1, .ca = true },
          BM_E_PATH_EXPIRED,
          BM_OK },
        { { .not_before = MAKER_NOW + 1, .ca = true },
          BM_E_PATH_NOT_YET,
          BM_OK },
        { { .ca = false }, BM_E_PATH_CA, BM_E_PATH_CA },
        { { .quirks = MAKER_VERSION_1 }, BM_E_PATH_VERSION, BM_E_PATH_VERSION },
        { { .ca = true, .path_len = 1 }, BM_E_PATH_LEN, BM_E_PATH_LEN },
        { { .ca = true, .key_usage = BM_KU_CRL_SIGN },
          BM_E_PATH_KEY_USAGE,
          BM_E_PATH_KEY_USAGE },
        { { .ca = true, .excluded = "dir:Leaf" },
          BM_E_PATH_NC_EXCLUDED,
          BM_E_PATH_NC_EXCLUDED },
        { { .ca = true, .eku = "c" }, BM_E_PATH_EKU, BM_E_PATH_EKU },
        { { .ca = true, .quirks = MAKER_UNKNOWN_CRITICAL },
          BM_E_PATH_CRITICAL,
          BM_E_PATH_CRITICAL },
        { { .ca = true, .require_explicit = 1 },
          BM_E_PATH_POLICY,
          BM_E_PATH_POLICY },
    };
    const struct spec cas[] = { ca("Sub", 2, "Root", 1) };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_path_config config = begin(cas, 1);
        struct spec anchor = rows[i].anchor;

        anchor.subject = anchor.issuer = "Root";
        anchor.key = anchor.signer = 1;
        make(&anchors[0], &anchor);
        make_leaf("Sub", 2);
        config.purpose = BM_LIT(BM_OID_KP_SERVER_AUTH);
        CHECK_STATUS(bm_path_find(&path, &config, &leaf), rows[i].strict);
        config.flags = BM_PATH_ANCHOR_ANY_TIME;
        CHECK_STATUS(bm_path_find(&path, &config, &leaf), rows[i].any_time);
        config.flags = BM_PATH_ANCHOR_BARE;
        CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    }
}

static void an_anchor_may_be_a_name_and_a_key(void)
{
    const struct spec cas[] = { ca("Sub", 2, "Root", 1) };
    struct bm_path_config config = begin(cas, 1);
    struct bm_cert bare;

    make_leaf("Sub", 2);
    bm_anchor_init(&bare, anchors[0].subject, &anchors[0].key);
    config.anchors = &bare;
    config.flags = BM_PATH_PROFILE;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(path.anchor == &bare);

    bare.ext.path_len = 0;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_LEN);
    bare.ext.path_len = BM_PATH_LEN_NONE;
    bare.not_after = MAKER_NOW - 1;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_EXPIRED);
    bare.not_after = BM_TIME_NEVER;

    make(&pool[1], &(struct spec){ .subject = "x",
                                   .issuer = "x",
                                   .ca = true,
                                   .permitted = "dir:Sub" });
    bare.ext.value[BM_EXT_NAME_CONSTRAINTS] =
        pool[1].ext.value[BM_EXT_NAME_CONSTRAINTS];
    bare.ext.present = 1u << BM_EXT_NAME_CONSTRAINTS;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_NC_PERMITTED);
}

static void the_second_anchor_counts_as_much_as_the_first(void)
{
    const struct spec cas[] = { ca("Sub", 2, "Other", 7) };
    const struct spec other = ca("Other", 7, "Other", 7);
    struct bm_path_config config = begin(cas, 1);

    make(&anchors[1], &other);
    make_leaf("Sub", 2);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_NO_ISSUER);
    config.anchors_n = 2;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(path.anchor == &anchors[1]);
}

/* Matter: a device outlives its CA. */
static void what_was_valid_when_issued_stays_valid_in_that_model(void)
{
    struct spec cas[] = { ca("Sub", 2, "Root", 1) };
    struct spec device = { .subject = "Leaf",
                           .issuer = "Sub",
                           .key = 99,
                           .signer = 2,
                           .not_after = BM_TIME_NEVER };
    struct bm_path_config config;

    cas[0].not_after = MAKER_NOW - 1;
    config = begin(cas, 1);
    make(&leaf, &device);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_EXPIRED);
    config.validity = BM_PATH_AT_ISSUANCE;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);

    /* but not if the CA had expired, or had not begun, at that time */
    device.not_before = MAKER_NOW;
    make(&leaf, &device);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_EXPIRED);
    device.not_before = MAKER_START - 1;
    make(&leaf, &device);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_NOT_YET);

    /* the leaf itself is looked at today */
    device.not_before = 0;
    device.not_after = MAKER_NOW - 1;
    make(&leaf, &device);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_EXPIRED);
    config.time = leaf.not_before;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
}

/* Revocation by subject: one letter of it, and what is said of it. */
struct listed {
    const struct bm_cert *cert;
    bm_status says;
    unsigned asked;
};

static bm_status look_up(void *self, const struct bm_cert *cert,
                         const struct bm_cert *issuer)
{
    struct listed *listed = self;

    CHECK(bm_name_equal(cert->issuer, issuer->subject));
    CHECK(cert->signature.p[0] == issuer->key.key.p[0]);
    listed->asked++;
    return cert == listed->cert ? listed->says : BM_OK;
}

static void revocation_is_asked_for_each_certificate_once_verified(void)
{
    const struct spec cas[] = { ca("Sub", 2, "Root", 1),
                                ca("Sub", 2, "Root", 1) };
    struct listed listed = { NULL, BM_E_PATH_REVOKED, 0 };
    const struct bm_revocation revocation = { &listed, look_up };
    struct bm_path_config config = begin(cas, 2);

    config.revocation = &revocation;
    make_leaf("Sub", 2);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(listed.asked == 2);

    listed.cert = &leaf;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_REVOKED);
    CHECK(path.fault.cert == &leaf);
    CHECK(listed.asked == 4); /* no second path for a revoked leaf */

    /* A revoked intermediate: its other certificate will do. */
    listed.cert = &pool[0];
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(path.step[1].cert == &pool[1]);
    config.pool_n = 1;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_REVOKED);
    CHECK(path.fault.cert == &pool[0]);

    /* No answer is no yes. */
    listed.says = BM_E_PATH_STATUS_UNKNOWN;
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_STATUS_UNKNOWN);

    /* Nothing is asked about what has no valid signature. */
    listed.asked = 0;
    make_leaf("Sub", 9);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_SIGNATURE);
    CHECK(listed.asked == 0);
}

/* Who has no answer about a certificate by one issuer may by another. */
static bm_status unknown_by_key_1(void *self, const struct bm_cert *cert,
                                  const struct bm_cert *issuer)
{
    (void)self;
    (void)cert;
    return issuer->key.key.p[0] == 1 ? BM_E_PATH_STATUS_UNKNOWN : BM_OK;
}

static void a_status_unknown_by_one_issuer_may_be_known_by_another(void)
{
    const struct bm_revocation revocation = { NULL, unknown_by_key_1 };
    const struct spec cas[] = { ca("Sub", 2, "Root", 1),
                                ca("Sub", 2, "Top", 3) };
    struct spec top = ca("Top", 3, "Top", 3);
    struct bm_path_config config = begin(cas, 2);

    make(&anchors[1], &top);
    config.anchors_n = 2;
    config.revocation = &revocation;
    make_leaf("Sub", 2);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(path.n == 2 && path.anchor == &anchors[1]);

    /* two keys of one CA, both of which signed the one intermediate */
    config = begin(cas, 1);
    top = ca("Root", 1, "Root", 1);
    make(&anchors[1], &top);
    config.anchors_n = 2;
    config.revocation = &revocation;
    make_leaf("Sub", 2);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_STATUS_UNKNOWN);
    CHECK(maker_verified == 3); /* leaf once, Sub by each */
}

static void mappings_of_intermediates_count_and_not_of_the_leaf(void)
{
    struct spec sub = ca("Sub", 2, "Root", 1);
    struct bm_path_config config;

    sub.policies = "1";
    sub.mappings = "12";
    config = begin(&sub, 1);
    config.policy = (struct bm_policy_demand){ .explicit_policy = true };
    make(&leaf, &(struct spec){ .subject = "Leaf",
                                .issuer = "Sub",
                                .key = 99,
                                .signer = 2,
                                .policies = "2" });
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_OK);
    CHECK(bm_policies_has(&path.policies, maker_policy('1')));
    CHECK(!bm_policies_has(&path.policies, maker_policy('2')));
    make(&leaf, &(struct spec){ .subject = "Leaf",
                                .issuer = "Sub",
                                .key = 99,
                                .signer = 2,
                                .policies = "1" });
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_PATH_POLICY);
}

static bm_status broken_verify(void *self, const struct bm_spki *key,
                               enum bm_sig_alg alg, struct bm_bytes message,
                               struct bm_bytes signature)
{
    (void)self;
    (void)key;
    (void)alg;
    (void)message;
    (void)signature;
    return BM_E_CRYPTO;
}

static void a_provider_that_fails_is_not_taken_for_a_yes(void)
{
    static const struct bm_crypto broken = { .verify = broken_verify };
    struct bm_path_config config = begin(NULL, 0);

    config.crypto = &broken;
    make_leaf("Root", 1);
    CHECK_STATUS(bm_path_find(&path, &config, &leaf), BM_E_CRYPTO);
}

/* Not even a status that means something else inside. */
static void no_status_of_the_callback_is_taken_for_a_yes(void)
{
    static const bm_status says[] = { BM_E_END, BM_E_INTERNAL, BM_E_PATH_WORK,
                                      BM_E_PATH_STATUS_UNKNOWN,
                                      BM_E_CRL_SIGNATURE };

    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        struct listed listed = { &leaf, says[i], 0 };
        const struct bm_revocation revocation = { &listed, look_up };
        struct bm_path_config config = begin(NULL, 0);

        config.revocation = &revocation;
        make_leaf("Root", 1);
        CHECK(bm_path_find(&path, &config, &leaf) != BM_OK);
        CHECK(path.n == 0 && listed.asked == 1);
    }
}

int main(void)
{
    RUN(an_anchor_is_held_to_its_certificate_unless_told_otherwise);
    RUN(an_anchor_may_be_a_name_and_a_key);
    RUN(the_second_anchor_counts_as_much_as_the_first);
    RUN(what_was_valid_when_issued_stays_valid_in_that_model);
    RUN(revocation_is_asked_for_each_certificate_once_verified);
    RUN(a_status_unknown_by_one_issuer_may_be_known_by_another);
    RUN(mappings_of_intermediates_count_and_not_of_the_leaf);
    RUN(a_provider_that_fails_is_not_taken_for_a_yes);
    RUN(no_status_of_the_callback_is_taken_for_a_yes);
    return bm_test_done();
}
