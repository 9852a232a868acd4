/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crl.h"

#include "core/test/crl_views.h"
#include "tests/harness/test_crypto.h"

#define JANUARY_2031  INT64_C(1924992000)
#define FEBRUARY_2031 INT64_C(1927670400)

/* What the samples say, as their makers meant it. */
static const struct {
    const char *name;
    size_t entries;
    enum bm_sig_alg alg;
    uint8_t version;
    uint8_t number; /* 0: none */
    uint8_t base;
    bool idp;
    bool critical;
} lists[] = {
    { "openssl-empty", 0, BM_SIG_ECDSA_SHA256, 2, 42, 0, false, false },
    { "openssl-reasons", 7, BM_SIG_ECDSA_SHA256, 2, 42, 0, false, false },
    { "openssl-version-1", 1, BM_SIG_ECDSA_SHA256, 1, 0, 0, false, false },
    { "openssl-ed25519", 7, BM_SIG_ED25519, 2, 42, 0, false, false },
    { "openssl-rsa", 7, BM_SIG_RSA_SHA256, 2, 42, 0, false, false },
    { "openssl-shard", 7, BM_SIG_ECDSA_SHA256, 2, 42, 0, true, false },
    { "openssl-delta", 7, BM_SIG_ECDSA_SHA256, 2, 42, 40, false, false },
    { "gnutls", 1, BM_SIG_ECDSA_SHA256, 2, 77, 0, false, false },
    { "indirect", 4, BM_SIG_ECDSA_SHA256, 2, 5, 0, true, false },
    { "delta", 3, BM_SIG_ECDSA_SHA256, 2, 5, 4, false, false },
    { "no-next-update", 1, BM_SIG_ECDSA_SHA256, 2, 5, 0, false, false },
    { "next-update-2050", 1, BM_SIG_ECDSA_SHA256, 2, 5, 0, false, false },
    { "serial-negative-zero-long", 3, BM_SIG_ECDSA_SHA256, 2, 5, 0, false,
      false },
    { "unknown-critical", 1, BM_SIG_ECDSA_SHA256, 2, 5, 0, false, true },
    { "unknown-critical-in-entry", 1, BM_SIG_ECDSA_SHA256, 2, 5, 0, false,
      false },
    { "unknown", 1, BM_SIG_ECDSA_SHA256, 2, 5, 0, false, false },
    { "idp-relative-name", 0, BM_SIG_ECDSA_SHA256, 2, 5, 0, true, false },
    { "unknown-algorithm", 1, BM_SIG_UNKNOWN, 2, 5, 0, false, false },
};

static uint8_t small_number(struct bm_bytes number)
{
    CHECK(number.n <= 1);
    return number.n == 0 ? 0 : number.p[0];
}

/* RFC 5280 5.1 */
static void lists_say_what_their_makers_meant(void)
{
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct bm_crl crl;

        CHECK_STATUS(bm_crl_parse(crl_sample_bytes(lists[i].name), NULL, &crl),
                     BM_OK);
        CHECK(crl_check_views(&crl) == lists[i].entries);
        CHECK(crl.head.sig_alg == lists[i].alg);
        CHECK(crl.head.version == lists[i].version);
        CHECK(small_number(crl.ext.number) == lists[i].number);
        CHECK(small_number(crl.ext.base) == lists[i].base);
        CHECK(crl.ext.has_idp == lists[i].idp);
        CHECK((crl.ext.unknown_critical.n != 0) == lists[i].critical);
    }
}

static void every_good_sample_is_in_the_table(void)
{
    size_t n = 0;

    for (size_t i = 0; i < bm_samples_n; i++) {
        n += strcmp(bm_samples[i].kind, "crl") == 0;
    }
    CHECK(n == sizeof lists / sizeof lists[0]);
}

/* RFC 5280 5.1.2.4 to 5.1.2.5 */
static void updates_are_read_in_both_types(void)
{
    struct bm_crl crl;

    CHECK_STATUS(bm_crl_parse(crl_sample_bytes("openssl-empty"), NULL, &crl),
                 BM_OK);
    CHECK(crl.head.this_update == JANUARY_2031);
    CHECK(crl.head.has_next_update && crl.head.next_update == FEBRUARY_2031);
    CHECK_STATUS(bm_crl_parse(crl_sample_bytes("next-update-2050"), NULL, &crl),
                 BM_OK);
    CHECK(crl.head.next_update == BM_TIME_2050);
    CHECK_STATUS(bm_crl_parse(crl_sample_bytes("no-next-update"), NULL, &crl),
                 BM_OK);
    CHECK(!crl.head.has_next_update);
}

/* RFC 5280 5.3.1, 5.3.2; openssl sorts by serial number */
static void entries_carry_reason_and_invalidity(void)
{
    static const struct {
        uint8_t serial; /* last octet */
        uint8_t reason;
        bool invalid;
    } want[] = {
        { 0x01, BM_REASON_UNSPECIFIED, false },
        { 0x02, BM_REASON_KEY_COMPROMISE, false },
        { 0x03, BM_REASON_CA_COMPROMISE, false },
        { 0x04, BM_REASON_KEY_COMPROMISE, true },
        { 0x7f, BM_REASON_SUPERSEDED, false },
        { 0x80, BM_REASON_HOLD, false },
        { 0x90, BM_REASON_UNSPECIFIED, false },
    };
    struct bm_crl_entry entry;
    struct bm_crl crl;
    struct bm_bytes rest;

    CHECK_STATUS(bm_crl_parse(crl_sample_bytes("openssl-reasons"), NULL, &crl),
                 BM_OK);
    rest = crl.entries;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        CHECK(bm_crl_entry_next(&rest, &entry));
        CHECK(entry.serial.p[entry.serial.n - 1] == want[i].serial);
        CHECK(entry.reason == want[i].reason);
        CHECK(entry.has_invalid_since == want[i].invalid);
        CHECK(entry.cert_issuer.n == 0);
    }
    CHECK(!bm_crl_entry_next(&rest, &entry));
}

/* RFC 5280 5.2.5, 5.2.6, 5.2.7 */
static void a_shard_names_itself_and_its_delta(void)
{
    struct bm_general_name gn = { 0 };
    struct bm_dist_point dp = { 0 };
    struct bm_access access = { 0 };
    struct bm_bytes list;
    struct bm_crl crl;

    CHECK_STATUS(bm_crl_parse(crl_sample_bytes("openssl-shard"), NULL, &crl),
                 BM_OK);
    list = crl.ext.idp.full_name;
    CHECK(bm_general_name_next(&list, &gn));
    CHECK(bm_bytes_equal(gn.value, BM_LIT("http://c/1")));
    CHECK(crl.ext.idp.only_user_certs && !crl.ext.idp.only_ca_certs);
    CHECK(crl.ext.idp.has_reasons && crl.ext.idp.reasons == (1 << 1 | 1 << 2));
    list = bm_exts_list(&crl.ext.common, BM_EXT_FRESHEST);
    CHECK(bm_dist_point_next(&list, &dp));
    CHECK(bm_general_name_next(&dp.full_name, &gn));
    CHECK(bm_bytes_equal(gn.value, BM_LIT("http://c/d")));
    list = bm_exts_list(&crl.ext.common, BM_EXT_AIA);
    CHECK(bm_access_next(&list, &access));
    CHECK(bm_bytes_equal(access.location.value, BM_LIT("http://c/ca")));
}

static void bad_lists_are_refused_for_the_right_reason(void)
{
    size_t n = 0;

    for (size_t i = 0; i < bm_samples_n; i++) {
        const struct bm_sample *s = &bm_samples[i];
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        static const struct bm_crl zero;
        struct bm_crl crl;

        if (strcmp(s->kind, "crl-bad") != 0) {
            continue;
        }
        damage_check_bad(
            s, bm_crl_parse((struct bm_bytes){ s->p, s->n }, &diag, &crl),
            &diag);
        CHECK(memcmp(&crl, &zero, sizeof crl) == 0);
        n++;
    }
    CHECK(n >= 40);
}

static bool parses(struct bm_bytes in)
{
    static const struct bm_crl zero;
    struct bm_crl crl;

    if (bm_crl_parse(in, NULL, &crl) != BM_OK) {
        CHECK(memcmp(&crl, &zero, sizeof crl) == 0);
        return false;
    }
    (void)crl_check_views(&crl);
    return true;
}

static void damage_is_all_or_nothing(void)
{
    CHECK(damage_all("crl", parses) != 0);
    CHECK(damage_all("crl-bad", parses) != 0);
}

/* RFC 5280 6.3.3 (f), (g) */
static void only_the_issuers_key_verifies(void)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    const struct bm_signer *ca = bm_test_signer_nth(BM_KEY_P256, 0);
    const struct bm_signer *other = bm_test_signer_nth(BM_KEY_P256, 1);
    struct bm_crl crl;

    CHECK_STATUS(bm_crl_parse(crl_sample_bytes("openssl-reasons"), NULL, &crl),
                 BM_OK);
    CHECK_STATUS(bm_crl_verify(&crl, &ca->key, crypto), BM_OK);
    CHECK_STATUS(bm_crl_verify(&crl, &other->key, crypto), BM_E_CRL_SIGNATURE);
    crl.tbs.n--;
    CHECK_STATUS(bm_crl_verify(&crl, &ca->key, crypto), BM_E_CRL_SIGNATURE);
    CHECK_STATUS(
        bm_crl_parse(crl_sample_bytes("unknown-algorithm"), NULL, &crl), BM_OK);
    CHECK_STATUS(bm_crl_verify(&crl, &ca->key, crypto), BM_E_ALG_UNSUPPORTED);
    CHECK_STATUS(bm_crl_parse(crl_sample_bytes("openssl-rsa"), NULL, &crl),
                 BM_OK);
    CHECK_STATUS(bm_crl_verify(&crl, &ca->key, crypto), BM_E_KEY_MISMATCH);
}

static void reasons_have_names(void)
{
    CHECK(strcmp(bm_crl_reason_name(BM_REASON_KEY_COMPROMISE),
                 "keyCompromise") == 0);
    CHECK(strcmp(bm_crl_reason_name(BM_REASON_REMOVE), "removeFromCRL") == 0);
    CHECK(strcmp(bm_crl_reason_name(7), "unknown") == 0);
    CHECK(strcmp(bm_crl_reason_name(11), "unknown") == 0);
}

int main(void)
{
    RUN(lists_say_what_their_makers_meant);
    RUN(every_good_sample_is_in_the_table);
    RUN(updates_are_read_in_both_types);
    RUN(entries_carry_reason_and_invalidity);
    RUN(a_shard_names_itself_and_its_delta);
    RUN(bad_lists_are_refused_for_the_right_reason);
    RUN(damage_is_all_or_nothing);
    RUN(only_the_issuers_key_verifies);
    RUN(reasons_have_names);
    return bm_test_done();
}
