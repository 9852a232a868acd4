/* SPDX-License-Identifier: Apache-2.0 */
#include "core/csr.h"
#include "core/oid.h"
#include "core/test/damage.h"
#include "tests/harness/test_crypto.h"

static const struct {
    const char *name;
    enum bm_key_type key;
    enum bm_sig_alg sig_alg;
    const char *challenge;
    uint32_t extensions; /* 1 << BM_EXT_... */
    uint8_t attributes;
    bool proves; /* possession can be verified */
} good[] = {
    { "challenge-bmp", BM_KEY_P256, BM_SIG_ECDSA_SHA256, NULL, 0, 1, true },
    { "challenge-teletex", BM_KEY_P256, BM_SIG_ECDSA_SHA256, "\xe4", 0, 1,
      true },
    { "challenge-utf8-255-letters", BM_KEY_P256, BM_SIG_ECDSA_SHA256, NULL, 0,
      1, true },
    { "ed25519", BM_KEY_ED25519, BM_SIG_ED25519, "", 0, 0, true },
    { "empty-subject", BM_KEY_P256, BM_SIG_ECDSA_SHA256, "", 0, 0, true },
    { "no-attributes-at-all", BM_KEY_P256, BM_SIG_ECDSA_SHA256, "", 0, 0,
      true },
    { "p256-extensions", BM_KEY_P256, BM_SIG_ECDSA_SHA256, "",
      1u << BM_EXT_SAN | 1u << BM_EXT_KEY_USAGE | 1u << BM_EXT_EKU, 1, true },
    { "p256-plain", BM_KEY_P256, BM_SIG_ECDSA_SHA256, "", 0, 0, true },
    { "p384-challenge", BM_KEY_P384, BM_SIG_ECDSA_SHA384, "dGxzLXVuaXF1ZQ==", 0,
      2, true },
    { "rsa2048", BM_KEY_RSA, BM_SIG_RSA_SHA256, "", 0, 0, true },
    { "rsa2048-pss", BM_KEY_RSA, BM_SIG_RSA_PSS_SHA256, "", 0, 0, true },
    { "rsa2048-sha1", BM_KEY_RSA, BM_SIG_UNKNOWN, "", 0, 0, false },
    { "sorted", BM_KEY_P256, BM_SIG_ECDSA_SHA256, "secret", 1u << BM_EXT_SAN, 2,
      true },
    { "unknown-with-two-values", BM_KEY_P256, BM_SIG_ECDSA_SHA256, "", 0, 1,
      true },
    { "unsorted", BM_KEY_P256, BM_SIG_ECDSA_SHA256, "secret", 1u << BM_EXT_SAN,
      2, true },
};
#define GOOD_N (sizeof good / sizeof good[0])

static bm_status parse(const char *name, struct bm_csr *csr)
{
    return bm_csr_parse(bm_sample("csr", name), NULL, csr);
}

static unsigned count_attributes(const struct bm_csr *csr)
{
    struct bm_bytes rest = csr->attributes;
    struct bm_attribute a;
    unsigned n = 0;

    while (bm_attribute_next(&rest, &a)) {
        n++;
    }
    CHECK(rest.n == 0);
    return n;
}

static void requests_of_every_kind_are_taken_apart(void)
{
    struct bm_csr csr;

    for (size_t i = 0; i < GOOD_N; i++) {
        CHECK_STATUS(parse(good[i].name, &csr), BM_OK);
        CHECK(csr.key.type == good[i].key);
        CHECK(csr.sig_alg == good[i].sig_alg);
        CHECK((csr.ext.present & good[i].extensions) == good[i].extensions);
        CHECK((csr.ext.present == 0) == (good[i].extensions == 0));
        CHECK(count_attributes(&csr) == good[i].attributes);
        if (good[i].challenge != NULL) {
            CHECK_BYTES(csr.challenge.p, csr.challenge.n, good[i].challenge,
                        strlen(good[i].challenge));
        }
    }
}

static void no_sample_is_forgotten(void)
{
    size_t n = 0;

    for (size_t i = 0; i < bm_samples_n; i++) {
        n += strcmp(bm_samples[i].kind, "csr") == 0;
    }
    CHECK(n == GOOD_N);
}

/* RFC 2985 5.4.1: 255 characters, however many octets they take. */
static void a_challenge_password_is_counted_in_characters(void)
{
    struct bm_csr csr;

    CHECK_STATUS(parse("challenge-utf8-255-letters", &csr), BM_OK);
    CHECK(csr.challenge.n == 2 * BM_CSR_CHALLENGE_MAX);
    CHECK_STATUS(parse("challenge-bmp", &csr), BM_OK);
    CHECK_BYTES(csr.challenge.p, csr.challenge.n, "\0a\0b", 4);
}

/* RFC 2986 4.1 keeps [0] even when empty; real requests do not. */
static void a_request_without_attributes_may_leave_out_the_tag(void)
{
    struct bm_csr csr;

    CHECK_STATUS(parse("no-attributes-at-all", &csr), BM_OK);
    CHECK(csr.attributes.n == 0);
    CHECK(csr.tbs.p + csr.tbs.n == csr.key.der.p + csr.key.der.n);
}

/* X.690 11.6 sorts a SET OF; tolerated, since most writers do not. */
static void the_order_of_attributes_does_not_matter(void)
{
    struct bm_csr a;
    struct bm_csr b;

    CHECK_STATUS(parse("sorted", &a), BM_OK);
    CHECK_STATUS(parse("unsorted", &b), BM_OK);
    CHECK(bm_bytes_equal(a.challenge, b.challenge));
    CHECK(bm_bytes_equal(a.ext.all, b.ext.all));
    CHECK(!bm_bytes_equal(a.attributes, b.attributes));
}

static void unknown_attributes_are_kept(void)
{
    struct bm_attribute a;
    struct bm_csr csr;

    CHECK_STATUS(parse("unknown-with-two-values", &csr), BM_OK);
    CHECK(bm_attribute_find(csr.attributes, BM_LIT("\x2a\x03\x04"), &a));
    CHECK_BYTES(a.values.p, a.values.n, "\x02\x01\x01\x02\x01\x02", 6);
}

static void bad_requests_are_refused_with_their_reason(void)
{
    static const struct bm_csr zero;
    size_t n = 0;

    for (size_t i = 0; i < bm_samples_n; i++) {
        const struct bm_sample *s = &bm_samples[i];
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_csr csr;

        if (strcmp(s->kind, "csr-bad") == 0) {
            damage_check_bad(
                s, bm_csr_parse((struct bm_bytes){ s->p, s->n }, &diag, &csr),
                &diag);
            CHECK(memcmp(&csr, &zero, sizeof csr) == 0);
            n++;
        }
    }
    CHECK(n >= 20);
}

static bool is_whole_or_zero(struct bm_bytes in)
{
    static const struct bm_csr zero;
    struct bm_csr csr;

    if (bm_csr_parse(in, NULL, &csr) != BM_OK) {
        CHECK(memcmp(&csr, &zero, sizeof csr) == 0);
        return false;
    }
    CHECK(bm_bytes_equal(in, csr.der));
    CHECK(damage_inside(in, csr.tbs));
    CHECK(damage_inside(csr.tbs, csr.subject));
    CHECK(damage_inside(csr.tbs, csr.key.der));
    CHECK(damage_inside(csr.key.der, csr.key.key));
    CHECK(damage_inside(csr.tbs, csr.attributes));
    CHECK(damage_inside(csr.attributes, csr.challenge));
    CHECK(damage_inside(csr.attributes, csr.ext.all));
    CHECK(damage_inside(in, csr.sig_alg_id));
    CHECK(damage_inside(in, csr.signature) && csr.signature.n != 0);
    return true;
}

static void no_damage_leaves_half_a_result(void)
{
    CHECK(damage_all("csr", is_whole_or_zero) == GOOD_N);
    CHECK(damage_all("csr-bad", is_whole_or_zero) >= 20);
}

/* What this platform cannot compute it must refuse to judge. */
static bool unsupported(const struct bm_csr *csr)
{
    return bm_test_signer(csr->key.type) == NULL;
}

static void the_holder_of_the_key_is_believed(void)
{
    struct bm_csr csr;

    for (size_t i = 0; i < GOOD_N; i++) {
        CHECK_STATUS(parse(good[i].name, &csr), BM_OK);
        if (good[i].proves && !unsupported(&csr)) {
            CHECK_STATUS(bm_csr_verify(&csr, bm_test_crypto()), BM_OK);
        } else {
            CHECK(bm_csr_verify(&csr, bm_test_crypto()) != BM_OK);
        }
    }
    CHECK_STATUS(parse("rsa2048-sha1", &csr), BM_OK);
    CHECK_STATUS(bm_csr_verify(&csr, bm_test_crypto()), BM_E_ALG_UNSUPPORTED);
}

/* RFC 2986 4.2: the signature covers the info and was made by its key. */
static void anyone_else_is_not(void)
{
    struct bm_csr csr;
    struct bm_csr other;

    CHECK_STATUS(parse("p256-plain", &csr), BM_OK);
    CHECK_STATUS(parse("p256-extensions", &other), BM_OK);
    other.signature = csr.signature;
    CHECK_STATUS(bm_csr_verify(&other, bm_test_crypto()), BM_E_CSR_SIGNATURE);

    CHECK_STATUS(parse("p256-extensions", &other), BM_OK);
    other.key = bm_test_signer(BM_KEY_P256)->key;
    CHECK_STATUS(bm_csr_verify(&other, bm_test_crypto()), BM_E_CSR_SIGNATURE);

    other.key.type = BM_KEY_UNKNOWN;
    CHECK_STATUS(bm_csr_verify(&other, bm_test_crypto()), BM_E_KEY_UNSUPPORTED);

    CHECK_STATUS(parse("p256-plain", &csr), BM_OK);
    csr.sig_alg = BM_SIG_RSA_SHA256;
    CHECK_STATUS(bm_csr_verify(&csr, bm_test_crypto()), BM_E_KEY_MISMATCH);
}

int main(void)
{
    RUN(requests_of_every_kind_are_taken_apart);
    RUN(no_sample_is_forgotten);
    RUN(a_challenge_password_is_counted_in_characters);
    RUN(a_request_without_attributes_may_leave_out_the_tag);
    RUN(the_order_of_attributes_does_not_matter);
    RUN(unknown_attributes_are_kept);
    RUN(bad_requests_are_refused_with_their_reason);
    RUN(no_damage_leaves_half_a_result);
    RUN(the_holder_of_the_key_is_believed);
    RUN(anyone_else_is_not);
    return bm_test_done();
}
