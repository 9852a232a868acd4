/* SPDX-License-Identifier: Apache-2.0 */
#include "core/path.h"

#include "core/test/path_maker.h"

/*
 * The rules, one by one, on the chain Root, Sub, Leaf. How paths are found
 * in a pool is path_search_test.c, policies are policy_test.c.
 */

#define ROOT .subject = "Root", .issuer = "Root", .key = 1, .signer = 1
#define SUB  .subject = "Sub", .issuer = "Root", .key = 2, .signer = 1
#define LEAF .subject = "Leaf", .issuer = "Sub", .key = 3, .signer = 2
#define CA   .ca = true

enum culprit {
    NOBODY,
    THE_LEAF,
    THE_SUB,
    THE_ROOT
};

struct row {
    const char *why;
    struct spec root;
    struct spec sub;
    struct spec leaf;
    unsigned flags;
    enum bm_path_validity validity;
    const char *purpose; /* "s" serverAuth, or NULL */
    uint16_t key_usage;
    unsigned depth;
    bm_status want;
    enum culprit culprit;
};

static struct bm_cert root;
static struct bm_cert sub;
static struct bm_cert leaf;
static struct bm_path path;

/* A configuration for the chain as it was made. */
static struct bm_path_config chain_config(void)
{
    return (struct bm_path_config){ .crypto = &maker_crypto,
                                    .anchors = &root,
                                    .anchors_n = 1,
                                    .pool = &sub,
                                    .pool_n = 1,
                                    .time = MAKER_NOW };
}

static void make_chain(const struct spec *r, const struct spec *s,
                       const struct spec *l)
{
    maker_reset();
    make(&root, r);
    make(&sub, s);
    make(&leaf, l);
}

static const struct bm_cert *who(enum culprit culprit)
{
    static const struct bm_cert *const certs[] = { NULL, &leaf, &sub, &root };

    return certs[culprit];
}

/* A place that is told lies in the certificate that is told. */
static void check_place(bm_status rc)
{
    const uint8_t *at = bm_path_fault_at(&path.fault);

    if (at != NULL) {
        CHECK(bm_diag_offset(&(struct bm_diag){ rc, BM_OK, at },
                             path.fault.cert->der.p,
                             path.fault.cert->der.n) != SIZE_MAX);
    } else {
        CHECK(rc == BM_OK);
    }
}

static void decide(const struct row *row)
{
    struct bm_path_config config = chain_config();
    bm_status rc;

    make_chain(&row->root, &row->sub, &row->leaf);
    config.flags = row->flags;
    config.validity = row->validity;
    config.key_usage = row->key_usage;
    config.depth = row->depth;
    if (row->purpose != NULL) {
        config.purpose = BM_LIT(BM_OID_KP_SERVER_AUTH);
    }
    rc = bm_path_find(&path, &config, &leaf);
    if (rc != row->want || path.fault.cert != who(row->culprit)) {
        printf("# %s\n", row->why);
    }
    CHECK_STATUS(rc, row->want);
    CHECK_STATUS(path.fault.status, row->want);
    CHECK(path.fault.cert == who(row->culprit));
    CHECK(path.n == (rc == BM_OK ? 2 : 0));
    CHECK(path.anchor == (rc == BM_OK ? &root : NULL));
    CHECK(maker_verified <= 2);
    check_place(rc);
}

#define DECIDE(rows)                                               \
    do {                                                           \
        for (size_t i = 0; i < sizeof(rows) / sizeof *(rows); i++) \
            decide(&(rows)[i]);                                    \
    } while (0)

static void a_good_chain_is_found_from_leaf_to_anchor(void)
{
    static const struct row row = {
        "plain", { ROOT, CA }, { SUB, CA }, { LEAF }, .want = BM_OK
    };

    decide(&row);
    CHECK(path.step[0].cert == &leaf);
    CHECK(path.step[1].cert == &sub);
    CHECK(maker_verified == 2);
}

static const struct row time_rows[] = {
    { .why = "leaf not yet",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .not_before = MAKER_NOW + 1 },
      .want = BM_E_PATH_NOT_YET,
      .culprit = THE_LEAF },
    { .why = "leaf from now on",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .not_before = MAKER_NOW } },
    { .why = "leaf just expired",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .not_after = MAKER_NOW - 1 },
      .want = BM_E_PATH_EXPIRED,
      .culprit = THE_LEAF },
    { .why = "leaf's last second",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .not_after = MAKER_NOW } },
    { .why = "leaf without expiry",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .not_after = BM_TIME_NEVER } },
    { .why = "intermediate not yet",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .not_before = MAKER_NOW + 1 },
      .leaf = { LEAF },
      .want = BM_E_PATH_NOT_YET,
      .culprit = THE_SUB },
    { .why = "intermediate expired",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .not_after = MAKER_NOW - 1 },
      .leaf = { LEAF },
      .want = BM_E_PATH_EXPIRED,
      .culprit = THE_SUB },
    { .why = "anchor expired",
      .root = { ROOT, CA, .not_after = MAKER_NOW - 1 },
      .sub = { SUB, CA },
      .leaf = { LEAF },
      .want = BM_E_PATH_EXPIRED,
      .culprit = THE_ROOT },
    { .why = "anchor's time does not matter",
      .root = { ROOT, CA, .not_after = MAKER_NOW - 1 },
      .sub = { SUB, CA },
      .leaf = { LEAF },
      .flags = BM_PATH_ANCHOR_ANY_TIME },
};

static void validity_is_checked_at_the_time_given(void)
{
    DECIDE(time_rows);
}

#define AT_LEAST .validity = BM_PATH_AT_LEAST

static const struct row bound_rows[] = {
    { .why = "all valid",
      AT_LEAST,
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF } },
    { .why = "a lower bound does not prove that a leaf is not valid yet",
      AT_LEAST,
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .not_before = MAKER_NOW + MAKER_YEAR } },
    { .why = "nor that an issuer is not",
      AT_LEAST,
      .root = { ROOT, CA },
      .sub = { SUB, CA, .not_before = MAKER_NOW + MAKER_YEAR },
      .leaf = { LEAF } },
    { .why = "it proves that a leaf has expired",
      AT_LEAST,
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .not_after = MAKER_NOW - 1 },
      .want = BM_E_PATH_EXPIRED,
      .culprit = THE_LEAF },
    { .why = "and that an issuer has",
      AT_LEAST,
      .root = { ROOT, CA },
      .sub = { SUB, CA, .not_after = MAKER_NOW - 1 },
      .leaf = { LEAF },
      .want = BM_E_PATH_EXPIRED,
      .culprit = THE_SUB },
    { .why = "when the leaf begins, its issuer has ended",
      AT_LEAST,
      .root = { ROOT, CA },
      .sub = { SUB, CA, .not_after = MAKER_NOW + 1 },
      .leaf = { LEAF, .not_before = MAKER_NOW + 2 },
      .want = BM_E_PATH_EXPIRED,
      .culprit = THE_SUB },
    { .why = "they meet in one second",
      AT_LEAST,
      .root = { ROOT, CA },
      .sub = { SUB, CA, .not_after = MAKER_NOW + 2 },
      .leaf = { LEAF, .not_before = MAKER_NOW + 2 } },
    { .why = "when the anchor begins, the leaf has ended",
      AT_LEAST,
      .root = { ROOT, CA, .not_before = MAKER_NOW + 3 },
      .sub = { SUB, CA },
      .leaf = { LEAF, .not_after = MAKER_NOW + 2 },
      .want = BM_E_PATH_EXPIRED,
      .culprit = THE_ROOT },
    { .why = "the anchor's time does not matter",
      AT_LEAST,
      .flags = BM_PATH_ANCHOR_ANY_TIME,
      .root = { ROOT, CA, .not_before = MAKER_NOW + 3 },
      .sub = { SUB, CA },
      .leaf = { LEAF, .not_after = MAKER_NOW + 2 } },
    { .why = "no date matters",
      .validity = BM_PATH_ANY_TIME,
      .root = { ROOT, CA, .not_after = MAKER_NOW - 1 },
      .sub = { SUB, CA, .not_before = MAKER_NOW + 2 },
      .leaf = { LEAF, .not_after = MAKER_NOW - 1 } },
};

static void a_lower_bound_proves_expiry_and_nothing_else(void)
{
    DECIDE(bound_rows);
}

static const struct row ca_rows[] = {
    { .why = "no basicConstraints",
      .root = { ROOT, CA },
      .sub = { SUB, .quirks = MAKER_NO_BC },
      .leaf = { LEAF },
      .want = BM_E_PATH_CA,
      .culprit = THE_SUB },
    { .why = "cA false",
      .root = { ROOT, CA },
      .sub = { SUB },
      .leaf = { LEAF },
      .want = BM_E_PATH_CA,
      .culprit = THE_SUB },
    { .why = "version 1",
      .root = { ROOT, CA },
      .sub = { SUB, .quirks = MAKER_VERSION_1 },
      .leaf = { LEAF },
      .want = BM_E_PATH_VERSION,
      .culprit = THE_SUB },
    { .why = "no keyCertSign",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .key_usage = BM_KU_CRL_SIGN },
      .leaf = { LEAF },
      .want = BM_E_PATH_KEY_USAGE,
      .culprit = THE_SUB },
    { .why = "no keyUsage at all allows any",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .key_usage = MAKER_NO_KEY_USAGE },
      .leaf = { LEAF } },
    { .why = "pathLen 0 in the intermediate",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .path_len = 1 },
      .leaf = { LEAF } },
    { .why = "pathLen 0 in the anchor",
      .root = { ROOT, CA, .path_len = 1 },
      .sub = { SUB, CA },
      .leaf = { LEAF },
      .want = BM_E_PATH_LEN,
      .culprit = THE_ROOT },
    { .why = "pathLen 1 in the anchor",
      .root = { ROOT, CA, .path_len = 2 },
      .sub = { SUB, CA },
      .leaf = { LEAF } },
    { .why = "the last certificate may be a CA",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .path_len = 1 },
      .leaf = { LEAF, CA } },
    { .why = "two certificates allowed",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF },
      .depth = 2 },
    { .why = "one certificate allowed",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF },
      .depth = 1,
      .want = BM_E_PATH_DEPTH,
      .culprit = THE_SUB },
};

static void issuers_are_cas_that_may_sign_and_go_that_deep(void)
{
    DECIDE(ca_rows);
}

static const struct row extension_rows[] = {
    { .why = "unknown critical, leaf",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .quirks = MAKER_UNKNOWN_CRITICAL },
      .want = BM_E_PATH_CRITICAL,
      .culprit = THE_LEAF },
    { .why = "unknown critical, intermediate",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .quirks = MAKER_UNKNOWN_CRITICAL },
      .leaf = { LEAF },
      .want = BM_E_PATH_CRITICAL,
      .culprit = THE_SUB },
    { .why = "unknown critical, anchor",
      .root = { ROOT, CA, .quirks = MAKER_UNKNOWN_CRITICAL },
      .sub = { SUB, CA },
      .leaf = { LEAF },
      .want = BM_E_PATH_CRITICAL,
      .culprit = THE_ROOT },
    { .why = "known, critical, not acted on",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .quirks = MAKER_CRITICAL_TLS_FEATURE },
      .want = BM_E_PATH_CRITICAL,
      .culprit = THE_LEAF },
    { .why = "unknown, not critical",
      .root = { ROOT, CA, .quirks = MAKER_UNKNOWN_NOT_CRITICAL },
      .sub = { SUB, CA, .quirks = MAKER_UNKNOWN_NOT_CRITICAL },
      .leaf = { LEAF, .quirks = MAKER_UNKNOWN_NOT_CRITICAL } },
    { .why = "leaf lacks a bit of keyUsage",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF },
      .key_usage = BM_KU_DIGITAL_SIGNATURE | BM_KU_KEY_AGREEMENT,
      .want = BM_E_PATH_KEY_USAGE,
      .culprit = THE_LEAF },
    { .why = "leaf has more keyUsage than needed",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .key_usage = 0x1f },
      .key_usage = BM_KU_DIGITAL_SIGNATURE | BM_KU_KEY_AGREEMENT },
    { .why = "leaf without keyUsage",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .key_usage = MAKER_NO_KEY_USAGE },
      .key_usage = BM_KU_DIGITAL_SIGNATURE },
};

static void extensions_are_obeyed(void)
{
    DECIDE(extension_rows);
}

static const struct row purpose_rows[] = {
    { .why = "none said, none asked",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF } },
    { .why = "none said",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF },
      .purpose = "s" },
    { .why = "none said, but demanded",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF },
      .purpose = "s",
      .flags = BM_PATH_NEED_EKU,
      .want = BM_E_PATH_EKU,
      .culprit = THE_LEAF },
    { .why = "demanded only if there is a purpose",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF },
      .flags = BM_PATH_NEED_EKU },
    { .why = "among others",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .eku = "cs" },
      .purpose = "s",
      .flags = BM_PATH_NEED_EKU },
    { .why = "another",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .eku = "c" },
      .purpose = "s",
      .want = BM_E_PATH_EKU,
      .culprit = THE_LEAF },
    { .why = "intermediate allows",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .eku = "s" },
      .leaf = { LEAF, .eku = "s" },
      .purpose = "s" },
    { .why = "intermediate does not allow",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .eku = "c" },
      .leaf = { LEAF, .eku = "s" },
      .purpose = "s",
      .want = BM_E_PATH_EKU,
      .culprit = THE_SUB },
    { .why = "anchor does not allow",
      .root = { ROOT, CA, .eku = "c" },
      .sub = { SUB, CA },
      .leaf = { LEAF, .eku = "s" },
      .purpose = "s",
      .want = BM_E_PATH_EKU,
      .culprit = THE_ROOT },
    { .why = "any in the leaf is none of ours",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .eku = "*" },
      .purpose = "s",
      .want = BM_E_PATH_EKU,
      .culprit = THE_LEAF },
    { .why = "any in the intermediate is none of ours",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .eku = "*" },
      .leaf = { LEAF, .eku = "s" },
      .purpose = "s",
      .want = BM_E_PATH_EKU,
      .culprit = THE_SUB },
    { .why = "any, where it is accepted",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .eku = "*" },
      .leaf = { LEAF, .eku = "*" },
      .purpose = "s",
      .flags = BM_PATH_ANY_EKU },
};

static void the_purpose_is_allowed_all_the_way_down(void)
{
    DECIDE(purpose_rows);
}

static const struct row strength_rows[] = {
    { .why = "weak leaf key",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .quirks = MAKER_RSA_1024 },
      .want = BM_E_PATH_WEAK,
      .culprit = THE_LEAF },
    { .why = "weak intermediate key",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .quirks = MAKER_RSA_1024 },
      .leaf = { LEAF, .quirks = MAKER_RSA_SIGNED },
      .want = BM_E_PATH_WEAK,
      .culprit = THE_SUB },
    { .why = "weak anchor key, bare",
      .root = { ROOT, CA, .quirks = MAKER_RSA_1024 },
      .sub = { SUB, CA, .quirks = MAKER_RSA_SIGNED },
      .leaf = { LEAF },
      .flags = BM_PATH_ANCHOR_BARE,
      .want = BM_E_PATH_WEAK,
      .culprit = THE_ROOT },
    { .why = "unknown leaf key",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .quirks = MAKER_UNKNOWN_KEY },
      .want = BM_E_KEY_UNSUPPORTED,
      .culprit = THE_LEAF },
    { .why = "leaf signed with SHA-1",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .quirks = MAKER_SHA1 },
      .want = BM_E_ALG_UNSUPPORTED,
      .culprit = THE_LEAF },
    { .why = "anchor signed with SHA-1: nobody verifies that",
      .root = { ROOT, CA, .quirks = MAKER_SHA1 },
      .sub = { SUB, CA },
      .leaf = { LEAF } },
    { .why = "algorithm of another key",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .quirks = MAKER_RSA_SIGNED },
      .want = BM_E_KEY_MISMATCH,
      .culprit = THE_LEAF },
};

static void weak_and_unknown_algorithms_are_refused(void)
{
    DECIDE(strength_rows);
}

static const struct row name_rows[] = {
    { .why = "leaf within what the intermediate permits",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .permitted = "dns:example.com" },
      .leaf = { LEAF, .san = "dns:a.example.com" } },
    { .why = "leaf outside of it",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .permitted = "dns:example.com" },
      .leaf = { LEAF, .san = "dns:example.org" },
      .want = BM_E_PATH_NC_PERMITTED,
      .culprit = THE_LEAF },
    { .why = "leaf excluded by the anchor",
      .root = { ROOT, CA, .excluded = "dns:example.com" },
      .sub = { SUB, CA },
      .leaf = { LEAF, .san = "dns:a.example.com" },
      .want = BM_E_PATH_NC_EXCLUDED,
      .culprit = THE_LEAF },
    { .why = "intermediate outside of what the anchor permits",
      .root = { ROOT, CA, .permitted = "dir:Leaf" },
      .sub = { SUB, CA },
      .leaf = { LEAF },
      .want = BM_E_PATH_NC_PERMITTED,
      .culprit = THE_SUB },
    { .why = "permitted by one CA, not by the other",
      .root = { ROOT, CA, .permitted = "dns:example.com" },
      .sub = { SUB, CA, .permitted = "dns:a.example.com" },
      .leaf = { LEAF, .san = "dns:b.example.com" },
      .want = BM_E_PATH_NC_PERMITTED,
      .culprit = THE_LEAF },
    { .why = "what cannot be checked",
      .root = { ROOT, CA, .permitted = "hw:SN-1" },
      .sub = { SUB, CA },
      .leaf = { LEAF, .san = "hw:SN-1" },
      .want = BM_E_PATH_NC_FORM,
      .culprit = THE_LEAF },
    { .why = "constraints do not bind their own CA",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .permitted = "dir:Leaf", .san = "dns:example.org" },
      .leaf = { LEAF } },
};

static void names_are_constrained_by_every_ca_above(void)
{
    DECIDE(name_rows);
}

static const struct row profile_rows[] = {
    { .why = "conforming",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .permitted = "dns:example.com" },
      .leaf = { LEAF },
      .flags = BM_PATH_PROFILE },
    { .why = "leaf without authorityKeyIdentifier",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .quirks = MAKER_NO_AKI },
      .flags = BM_PATH_PROFILE,
      .want = BM_E_PATH_PROFILE,
      .culprit = THE_LEAF },
    { .why = "self-signed without it",
      .root = { ROOT, CA, .quirks = MAKER_NO_AKI },
      .sub = { SUB, CA },
      .leaf = { LEAF },
      .flags = BM_PATH_PROFILE },
    { .why = "leaf without subjectKeyIdentifier",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { LEAF, .quirks = MAKER_NO_SKI },
      .flags = BM_PATH_PROFILE },
    { .why = "CA without it",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .quirks = MAKER_NO_SKI },
      .leaf = { LEAF },
      .flags = BM_PATH_PROFILE,
      .want = BM_E_PATH_PROFILE,
      .culprit = THE_SUB },
    { .why = "basicConstraints not critical",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .quirks = MAKER_BC_NOT_CRITICAL },
      .leaf = { LEAF },
      .flags = BM_PATH_PROFILE,
      .want = BM_E_PATH_PROFILE,
      .culprit = THE_SUB },
    { .why = "nameConstraints not critical",
      .root = { ROOT, CA, .permitted = "dns:example.com",
                .quirks = MAKER_NC_NOT_CRITICAL },
      .sub = { SUB, CA },
      .leaf = { LEAF },
      .flags = BM_PATH_PROFILE,
      .want = BM_E_PATH_PROFILE,
      .culprit = THE_ROOT },
    { .why = "policyConstraints not critical",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .inhibit_mapping = 1, .quirks = MAKER_PC_NOT_CRITICAL },
      .leaf = { LEAF },
      .flags = BM_PATH_PROFILE,
      .want = BM_E_PATH_PROFILE,
      .culprit = THE_SUB },
    { .why = "inhibitAnyPolicy not critical",
      .root = { ROOT, CA },
      .sub = { SUB, CA, .inhibit_any = 1, .quirks = MAKER_PC_NOT_CRITICAL },
      .leaf = { LEAF },
      .flags = BM_PATH_PROFILE,
      .want = BM_E_PATH_PROFILE,
      .culprit = THE_SUB },
    { .why = "all of it, where section 6 decides",
      .root = { ROOT, CA, .permitted = "dns:example.com",
                .quirks = MAKER_NC_NOT_CRITICAL | MAKER_NO_AKI },
      .sub = { SUB, CA, .quirks = MAKER_BC_NOT_CRITICAL | MAKER_NO_SKI },
      .leaf = { LEAF, .quirks = MAKER_NO_AKI } },
};

static void the_profile_is_demanded_only_on_request(void)
{
    DECIDE(profile_rows);
}

static const struct row signature_rows[] = {
    { .why = "leaf signed by another key",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { .subject = "Leaf",
                .issuer = "Sub",
                .key = 3,
                .signer = 9,
                .aki = 2 },
      .want = BM_E_PATH_SIGNATURE,
      .culprit = THE_LEAF },
    { .why = "intermediate signed by another key",
      .root = { ROOT, CA },
      .sub = { .subject = "Sub", .issuer = "Root", .key = 2, .signer = 9, CA },
      .leaf = { LEAF },
      .want = BM_E_PATH_SIGNATURE,
      .culprit = THE_SUB },
    { .why = "names chain without regard to case",
      .root = { ROOT, CA },
      .sub = { .subject = "SUB", .issuer = "ROOT", .key = 2, .signer = 1, CA },
      .leaf = { .subject = "Leaf", .issuer = "sub", .key = 3, .signer = 2 } },
    { .why = "no issuer of that name",
      .root = { ROOT, CA },
      .sub = { SUB, CA },
      .leaf = { .subject = "Leaf", .issuer = "Nobody", .key = 3, .signer = 2 },
      .want = BM_E_PATH_NO_ISSUER,
      .culprit = THE_LEAF },
    { .why = "no anchor of that name",
      .root = { ROOT, CA },
      .sub = { .subject = "Sub", .issuer = "Other", .key = 2, .signer = 1, CA },
      .leaf = { LEAF },
      .want = BM_E_PATH_NO_ISSUER,
      .culprit = THE_SUB },
};

static void names_and_signatures_chain(void)
{
    DECIDE(signature_rows);
}

int main(void)
{
    RUN(a_good_chain_is_found_from_leaf_to_anchor);
    RUN(validity_is_checked_at_the_time_given);
    RUN(a_lower_bound_proves_expiry_and_nothing_else);
    RUN(issuers_are_cas_that_may_sign_and_go_that_deep);
    RUN(extensions_are_obeyed);
    RUN(the_purpose_is_allowed_all_the_way_down);
    RUN(weak_and_unknown_algorithms_are_refused);
    RUN(names_are_constrained_by_every_ca_above);
    RUN(the_profile_is_demanded_only_on_request);
    RUN(names_and_signatures_chain);
    return bm_test_done();
}
