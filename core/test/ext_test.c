/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ext.h"

#include "core/cert.h"
#include "core/oid.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/samples.h"

/* Extensions of a sample certificate; zero if it is missing. */
static const struct bm_exts *exts(const char *name)
{
    static struct bm_cert cert;

    memset(&cert, 0, sizeof cert);
    for (size_t i = 0; i < bm_samples_n; i++) {
        const struct bm_sample *s = &bm_samples[i];

        if (strcmp(s->kind, "cert") == 0 && strcmp(s->name, name) == 0) {
            CHECK_STATUS(bm_cert_parse((struct bm_bytes){ s->p, s->n },
                                       BM_TOLERATE_EXPLICIT_FALSE, NULL, &cert),
                         BM_OK);
        }
    }
    CHECK(cert.version == 3);
    return &cert.ext;
}

static bool is_text(struct bm_bytes s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static const struct {
    const char *name;
    uint16_t usage;
    bool ca;
    int path_len;
    uint32_t critical;
} summaries[] = {
    { "root-p256", BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN, true, BM_PATH_LEN_NONE,
      1u << BM_EXT_KEY_USAGE | 1u << BM_EXT_BASIC_CONSTRAINTS },
    { "root-p384", BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN, true, 3,
      1u << BM_EXT_KEY_USAGE | 1u << BM_EXT_BASIC_CONSTRAINTS },
    { "cross-p384", BM_KU_KEY_CERT_SIGN, true, BM_PATH_LEN_MAX, /* 300 */
      1u << BM_EXT_KEY_USAGE | 1u << BM_EXT_BASIC_CONSTRAINTS |
          1u << BM_EXT_POLICY_CONSTRAINTS },
    { "root-p521", 0, true, BM_PATH_LEN_NONE, 1u << BM_EXT_BASIC_CONSTRAINTS },
    { "matter-dac", BM_KU_DIGITAL_SIGNATURE, false, BM_PATH_LEN_NONE,
      1u << BM_EXT_KEY_USAGE | 1u << BM_EXT_BASIC_CONSTRAINTS },
    { "dist-points",
      BM_KU_DIGITAL_SIGNATURE | BM_KU_CONTENT_COMMITMENT |
          BM_KU_KEY_ENCIPHERMENT | BM_KU_DATA_ENCIPHERMENT |
          BM_KU_KEY_AGREEMENT | BM_KU_ENCIPHER_ONLY | BM_KU_DECIPHER_ONLY,
      false, BM_PATH_LEN_NONE, 1u << BM_EXT_KEY_USAGE },
    { "names", BM_KU_DIGITAL_SIGNATURE, false, BM_PATH_LEN_NONE, 0 },
    { "ek-explicit-false", BM_KU_KEY_AGREEMENT, false, BM_PATH_LEN_NONE,
      1u << BM_EXT_KEY_USAGE | 1u << BM_EXT_BASIC_CONSTRAINTS |
          1u << BM_EXT_SAN },
    { "wisun-idevid", BM_KU_DIGITAL_SIGNATURE | BM_KU_KEY_AGREEMENT, false,
      BM_PATH_LEN_NONE, 1u << BM_EXT_KEY_USAGE | 1u << BM_EXT_SAN },
};

static void the_summary_is_what_the_extensions_say(void)
{
    for (size_t i = 0; i < sizeof summaries / sizeof summaries[0]; i++) {
        const struct bm_exts *e = exts(summaries[i].name);

        CHECK(e->key_usage == summaries[i].usage);
        CHECK(e->ca == summaries[i].ca);
        CHECK(e->path_len == summaries[i].path_len);
        CHECK(e->critical == summaries[i].critical);
    }
}

static void unknown_extensions_are_kept(void)
{
    const struct bm_exts *e = exts("code-signing");
    struct bm_bytes all = e->all;
    unsigned unknown = 0;
    struct bm_ext ext;

    CHECK(bm_bytes_equal(e->unknown_critical,
                         BM_LIT("\x2b\x06\x01\x04\x01\x01\x0b")));
    CHECK(bm_exts_is_critical(e, BM_EXT_EKU));
    while (bm_ext_next(&all, &ext)) {
        if (bm_oid_is(ext.oid, "\x2b\x06\x01\x04\x01\x01\x0b")) {
            CHECK(ext.critical && bm_bytes_equal(ext.value, BM_LIT("\5\0")));
            unknown++;
        } else if (bm_oid_is(ext.oid, "\x2b\x06\x01\x04\x01\x01\x0a")) {
            CHECK(!ext.critical && ext.value.n == 23);
            unknown++;
        }
    }
    CHECK(all.n == 0 && unknown == 2);
}

static void purposes_are_looked_up(void)
{
    const struct bm_exts *e = exts("tls-server");

    CHECK(bm_exts_allow_eku(e, BM_LIT(BM_OID_KP_SERVER_AUTH), false));
    CHECK(bm_exts_allow_eku(e, BM_LIT(BM_OID_KP_CLIENT_AUTH), false));
    CHECK(!bm_exts_allow_eku(e, BM_LIT(BM_OID_KP_CODE_SIGNING), true));
    CHECK(bm_exts_has(e, BM_EXT_TLS_FEATURE));
    e = exts("client-ed25519");
    CHECK(!bm_exts_allow_eku(e, BM_LIT(BM_OID_KP_SERVER_AUTH), false));
    CHECK(bm_exts_allow_eku(e, BM_LIT(BM_OID_KP_SERVER_AUTH), true));
    e = exts("root-p256");
    CHECK(!bm_exts_allow_eku(e, BM_LIT(BM_OID_KP_SERVER_AUTH), true));
    CHECK(bm_exts_has(exts("ocsp-responder"), BM_EXT_OCSP_NOCHECK));
}

static void key_identifiers_are_there_or_empty(void)
{
    struct bm_general_name gn;
    const struct bm_exts *e = exts("root-p384");
    struct bm_bytes ski = bm_exts_ski(e);
    struct bm_aki aki;

    bm_exts_aki(e, &aki);
    CHECK(ski.n == 20 && bm_bytes_equal(ski, aki.key_id));
    CHECK(aki.serial.n != 0 && bm_general_name_next(&aki.issuer, &gn));
    CHECK(gn.kind == BM_GN_DIRECTORY && aki.issuer.n == 0);
    e = exts("permanent-id");
    bm_exts_aki(e, &aki);
    CHECK(bm_exts_ski(e).n == 0 && aki.key_id.n == 0 && aki.serial.n == 0);
}

static void policies_and_what_constrains_them(void)
{
    const struct bm_exts *e = exts("ca-policies");
    struct bm_bytes list = bm_exts_list(e, BM_EXT_POLICIES);
    struct bm_policy_constraints pc;
    struct bm_policy_mapping mapping;
    struct bm_policy policy;

    CHECK(bm_policy_next(&list, &policy) && policy.qualifiers.n == 0);
    CHECK(bm_policy_next(&list, &policy));
    CHECK(bm_oid_is(policy.id, BM_OID_ANY_POLICY));
    CHECK(bm_policy_next(&list, &policy) && policy.qualifiers.n != 0);
    CHECK(!bm_policy_next(&list, &policy) && list.n == 0);
    list = bm_exts_list(e, BM_EXT_MAPPINGS);
    CHECK(bm_policy_mapping_next(&list, &mapping));
    CHECK(bm_policy_mapping_next(&list, &mapping));
    CHECK(bm_oid_is(mapping.issuer_domain, "\x2b\x06\x01\x04\x01\x01\x03"));
    CHECK(bm_oid_is(mapping.subject_domain, "\x2b\x06\x01\x04\x01\x01\x04"));
    CHECK(!bm_policy_mapping_next(&list, &mapping));
    bm_exts_policy_constraints(e, &pc);
    CHECK(pc.require_explicit == 0 && pc.inhibit_mapping == 2);
    CHECK(bm_exts_inhibit_any(e) == 1);

    e = exts("cross-p384");
    bm_exts_policy_constraints(e, &pc);
    CHECK(pc.require_explicit == -1 && pc.inhibit_mapping == 0);
    CHECK(bm_exts_inhibit_any(e) == -1);
    bm_exts_policy_constraints(exts("root-p256"), &pc);
    CHECK(pc.require_explicit == -1 && pc.inhibit_mapping == -1);
}

static const enum bm_gn_kind permitted[] = {
    BM_GN_DNS, BM_GN_EMAIL, BM_GN_EMAIL, BM_GN_EMAIL,     BM_GN_IP,
    BM_GN_IP,  BM_GN_URI,   BM_GN_RID,   BM_GN_DIRECTORY,
};

static void name_constraints_of_every_kind_are_walked(void)
{
    struct bm_name_constraints nc;
    struct bm_general_name base;
    unsigned kinds = 0;
    unsigned want = 0;
    unsigned n = 0;

    bm_exts_name_constraints(exts("ca-constrained"), &nc);
    while (bm_subtree_next(&nc.permitted, &base)) {
        kinds |= 1u << base.kind;
        n++;
    }
    for (size_t i = 0; i < sizeof permitted / sizeof permitted[0]; i++) {
        want |= 1u << permitted[i];
    }
    CHECK(n == sizeof permitted / sizeof permitted[0] && kinds == want);
    CHECK(bm_subtree_next(&nc.excluded, &base));
    CHECK(base.kind == BM_GN_DNS && is_text(base.value, "bad.example.com"));
    CHECK(bm_subtree_next(&nc.excluded, &base));
    CHECK(base.kind == BM_GN_IP && base.value.n == 8);
    CHECK(!bm_subtree_next(&nc.excluded, &base) && nc.excluded.n == 0);
    bm_exts_name_constraints(exts("root-p256"), &nc);
    CHECK(nc.permitted.n == 0 && nc.excluded.n == 0);
}

static void distribution_points_come_in_three_shapes(void)
{
    const struct bm_exts *e = exts("dist-points");
    struct bm_bytes list = bm_exts_list(e, BM_EXT_CRL_DP);
    struct bm_general_name gn;
    struct bm_dist_point dp;

    CHECK(bm_dist_point_next(&list, &dp));
    CHECK(dp.has_reasons && dp.reasons == (1 << 1 | 1 << 2));
    CHECK(bm_general_name_next(&dp.full_name, &gn));
    CHECK(is_text(gn.value, "http://crl.example.com/1.crl"));
    CHECK(dp.crl_issuer.n != 0);
    CHECK(bm_dist_point_next(&list, &dp));
    CHECK(dp.full_name.n == 0 && dp.relative_name.n != 0 && !dp.has_reasons);
    CHECK(bm_dist_point_next(&list, &dp));
    CHECK(dp.full_name.n == 0 && dp.relative_name.n == 0);
    CHECK(dp.crl_issuer.n != 0);
    CHECK(!bm_dist_point_next(&list, &dp) && list.n == 0);
    list = bm_exts_list(e, BM_EXT_FRESHEST);
    CHECK(bm_dist_point_next(&list, &dp) && dp.full_name.n != 0);
}

static void places_of_access_are_walked(void)
{
    const struct bm_exts *e = exts("tls-server");
    struct bm_bytes list = bm_exts_list(e, BM_EXT_AIA);
    struct bm_access access;

    CHECK(bm_access_next(&list, &access));
    CHECK(bm_oid_is(access.method, BM_OID_AD_OCSP));
    CHECK(is_text(access.location.value, "http://ocsp.example.com/"));
    CHECK(bm_access_next(&list, &access));
    CHECK(bm_oid_is(access.method, BM_OID_AD_CA_ISSUERS));
    CHECK(!bm_access_next(&list, &access));
    list = bm_exts_list(exts("names"), BM_EXT_SIA);
    CHECK(bm_access_next(&list, &access));
    CHECK(bm_access_next(&list, &access));
    CHECK(access.location.kind == BM_GN_DIRECTORY);
}

/* Written by bm_ext_open() and read by bm_exts_take(), at the limit. */
static void thirty_two_unknown_extensions_are_the_limit(void)
{
    uint8_t buf[16 * (BM_EXT_MAX + 1)];
    struct bm_exts e;
    struct bm_der d;
    struct bm_wr w;

    for (unsigned n = BM_EXT_MAX; n <= BM_EXT_MAX + 1; n++) {
        size_t seq;

        bm_wr_init(&w, buf, sizeof buf);
        seq = bm_der_open(&w, BM_DER_SEQUENCE);
        for (unsigned i = 0; i < n; i++) {
            uint8_t oid[] = { 0x2a, (uint8_t)i };
            struct bm_ext_mark m = bm_ext_open(&w, BM_ARRAY(oid), i == 7);

            bm_ext_close(&w, &m);
        }
        bm_der_close(&w, seq);
        bm_der_init(&d, bm_wr_bytes(&w), NULL);
        CHECK_STATUS(bm_exts_take(&d, BM_STRICT, &e),
                     n == BM_EXT_MAX ? BM_OK : BM_E_LIMIT);
        CHECK((d.p == d.end) == (n == BM_EXT_MAX));
        CHECK((e.unknown_critical.n == 2) == (n == BM_EXT_MAX));
    }
}

/* Known extensions are told by all of their identifier. */
static void what_ends_like_a_known_identifier_is_unknown(void)
{
    static const struct bm_bytes oids[] = {
        BM_LIT_INIT("\x2a\x1d\x11"),
        BM_LIT_INIT("\x55\x04\x11"),
        BM_LIT_INIT("\x55\x1d\x11\x01"),
        BM_LIT_INIT("\x2b\x06\x01\x05\x05\x07\x02\x01"),
        BM_LIT_INIT("\x2a\x06\x01\x05\x05\x07\x01\x01"),
        BM_LIT_INIT("\x2b\x06\x01\x05\x05\x07\x01\x01\x01")
    };

    for (size_t i = 0; i < sizeof oids / sizeof oids[0]; i++) {
        uint8_t buf[40];
        struct bm_ext_mark m;
        struct bm_exts e;
        struct bm_der d;
        struct bm_wr w;
        size_t all;

        bm_wr_init(&w, buf, sizeof buf);
        all = bm_der_open(&w, BM_DER_SEQUENCE);
        m = bm_ext_open(&w, oids[i], true);
        bm_ext_close(&w, &m);
        bm_der_close(&w, all);
        bm_der_init(&d, bm_wr_bytes(&w), NULL);
        CHECK_STATUS(bm_exts_take(&d, BM_STRICT, &e), BM_OK);
        CHECK(e.present == 0 && bm_bytes_equal(e.unknown_critical, oids[i]));
    }
}

/* Each path that is tried goes through all of them: path.h bounds its work. */
static void thirty_two_policy_mappings_are_the_limit(void)
{
    uint8_t buf[10 * (BM_EXT_MAX + 1) + 30];

    for (unsigned n = BM_EXT_MAX; n <= BM_EXT_MAX + 1; n++) {
        struct bm_ext_mark m;
        struct bm_exts e;
        struct bm_der d;
        struct bm_wr w;
        size_t list;
        size_t all;

        bm_wr_init(&w, buf, sizeof buf);
        all = bm_der_open(&w, BM_DER_SEQUENCE);
        m = bm_ext_open(&w, BM_LIT(BM_OID_CE_MAPPINGS), true);
        list = bm_der_open(&w, BM_DER_SEQUENCE);
        for (unsigned i = 0; i < n; i++) {
            bm_wr_put(&w, BM_LIT("\x30\x08\x06\x02\x2a\x03\x06\x02\x2a\x04"));
        }
        bm_der_close(&w, list);
        bm_ext_close(&w, &m);
        bm_der_close(&w, all);
        bm_der_init(&d, bm_wr_bytes(&w), NULL);
        CHECK_STATUS(bm_exts_take(&d, BM_STRICT, &e),
                     n == BM_EXT_MAX ? BM_OK : BM_E_LIMIT);
    }
}

/* A request may ask for what a certificate may not say: the profile decides */
static void rules_between_extensions_are_left_to_the_certificate(void)
{
    struct bm_exts e;
    struct bm_der d;

    bm_der_init(&d,
                BM_LIT("\x30\x0d\x30\x0b\x06\x03\x55\x1d\x0f\x04\x04"
                       "\x03\x02\x02\x04"),
                NULL);
    CHECK_STATUS(bm_exts_take(&d, BM_STRICT, &e), BM_OK);
    CHECK(e.key_usage == BM_KU_KEY_CERT_SIGN && !e.ca);
    CHECK(e.path_len == BM_PATH_LEN_NONE);
}

int main(void)
{
    RUN(the_summary_is_what_the_extensions_say);
    RUN(unknown_extensions_are_kept);
    RUN(purposes_are_looked_up);
    RUN(key_identifiers_are_there_or_empty);
    RUN(policies_and_what_constrains_them);
    RUN(name_constraints_of_every_kind_are_walked);
    RUN(distribution_points_come_in_three_shapes);
    RUN(places_of_access_are_walked);
    RUN(thirty_two_unknown_extensions_are_the_limit);
    RUN(what_ends_like_a_known_identifier_is_unknown);
    RUN(thirty_two_policy_mappings_are_the_limit);
    RUN(rules_between_extensions_are_left_to_the_certificate);
    return bm_test_done();
}
