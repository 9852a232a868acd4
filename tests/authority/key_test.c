/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "ca/bad_keys.h"
#include "ports/openssl/openssl.h"
#include "tests/authority/world.h"
#include "tests/harness/test_crypto.h"

/* Whose a public key is, and which ones are nobody's. */

static void a_key_belongs_to_one_device_for_ever(void)
{
    struct world w;
    struct issued first;
    struct issued out;
    struct request q;
    struct ca_issue_request r = { .actor = &neighbour,
                                  .by = CA_BY_OPERATOR,
                                  .profile = SUSPEND,
                                  .csr = &q.csr };
    const struct bm_signer *key = world_key();

    world_open(&w);
    CHECK_STATUS(by_operator(&w, SUSPEND, "SN-1", key, &first), BM_OK);
    /* Of another device, be it new or there, under any profile, ... */
    CHECK_STATUS(by_operator(&w, SUSPEND, "SN-2", key, &out),
                 BM_E_CA_KEY_OWNED);
    CHECK(world_device(&w, 1, "SN-2").id == 0);
    CHECK_STATUS(by_operator(&w, SEVERAL, "SN-3", world_key(), &out), BM_OK);
    CHECK_STATUS(by_operator(&w, SEVERAL, "SN-3", key, &out),
                 BM_E_CA_KEY_OWNED);
    CHECK(out.why.words[0] != '\0');
    /* ... of none, ... */
    request_server(&q, key, "a.example");
    r.profile = SERVER;
    r.actor = &admin;
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_CA_KEY_OWNED);
    /* ... of another organisation, which learns nothing, ... */
    r.actor = &neighbour;
    request_make(&q, key, "SN-1", NULL);
    r.profile = SUSPEND;
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_CA_KEY_OWNED);
    CHECK(out.why.words[0] == '\0');
    /* ... and though the certificate has ended. */
    CHECK_STATUS(world_revoke(&w, &first, BM_REASON_KEY_COMPROMISE), BM_OK);
    CHECK_STATUS(by_operator(&w, SUSPEND, "SN-2", key, &out),
                 BM_E_CA_KEY_OWNED);
    w.now += 1000 * DAY;
    CHECK_STATUS(by_operator(&w, SUSPEND, "SN-2", key, &out),
                 BM_E_CA_KEY_OWNED);
    CHECK(world_sound(&w));
    world_close(&w);
}

static void both_sides_learn_of_a_misused_key(void)
{
    struct world w;
    struct issued out;
    struct request q;
    struct ca_issue_request r = { .actor = &neighbour,
                                  .by = CA_BY_OPERATOR,
                                  .profile = SUSPEND,
                                  .csr = &q.csr };
    const struct bm_signer *key = world_key();

    world_open(&w);
    CHECK_STATUS(by_operator(&w, SUSPEND, "SN-1", key, &out), BM_OK);
    request_make(&q, key, "SN-1", NULL);
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_CA_KEY_OWNED);
    CHECK(world_events(&w, 1, "key-misuse") == 1);
    CHECK(world_events(&w, 2, "key-misuse") == 1);
    world_close(&w);
}

static void the_same_device_may_have_its_key_again_where_profiles_say_so(void)
{
    static const struct {
        const char *first;
        const char *then;
        bm_status want;
    } rows[] = {
        { SUSPEND, SUSPEND, BM_E_CA_KEY_REUSED }, /* no same_key_renewal */
        { SEVERAL, SEVERAL, BM_OK },
        { LDEVID, SEVERAL, BM_OK }, /* key_sharing names it */
        { SUSPEND, SEVERAL, BM_E_CA_KEY_REUSED },
        { SEVERAL, LDEVID, BM_E_CA_KEY_REUSED },
        { IDEVID, LDEVID, BM_E_CA_KEY_REUSED },
        { LDEVID, IDEVID, BM_E_CA_KEY_REUSED },
    };
    struct world w;
    struct issued out;

    world_open(&w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct bm_signer *key = world_key();
        char name[16];

        (void)snprintf(name, sizeof name, "SN-%zu", i);
        CHECK_STATUS(by_operator(&w, rows[i].first, name, key, &out), BM_OK);
        w.now += CA_REPEAT + 1; /* before, it would be the same request */
        CHECK_STATUS(by_operator(&w, rows[i].then, name, key, &out),
                     rows[i].want);
    }
    CHECK(world_events(&w, 0, "key-misuse") == 0);
    world_close(&w);
}

/* A key that is shared with two profiles must be allowed by each. */
static void a_key_with_two_owners_of_one_device_asks_both(void)
{
    struct world w;
    struct issued out;
    const struct bm_signer *key = world_key();

    world_open(&w);
    CHECK_STATUS(by_operator(&w, LDEVID, "SN-1", key, &out), BM_OK);
    CHECK_STATUS(by_operator(&w, SEVERAL, "SN-1", key, &out), BM_OK);
    CHECK_STATUS(by_operator(&w, LDEVID, "SN-1", key, &out),
                 BM_E_CA_KEY_REUSED);
    CHECK_STATUS(by_operator(&w, SEVERAL, "SN-1", key, &out), BM_OK);
    world_close(&w);
}

static void a_key_on_the_list_gets_no_certificate(void)
{
    struct world w;
    struct issued out;
    struct ca_bad_keys *list;
    struct world_print before;
    struct world_print after;

    world_open(&w);
    must(ca_bad_keys_parse(
             (struct bm_bytes){ (const uint8_t *)ca_bad_keys_shipped,
                                strlen(ca_bad_keys_shipped) },
             "bad-keys.txt", &list, NULL) == BM_OK,
         "list");
    w.bad_keys = list;
    must(world_reopen(&w) == BM_OK, "reopen");
    before = world_print(&w);
    for (size_t i = 0; i < BM_TEST_P256_KEYS; i++) {
        CHECK_STATUS(by_operator(&w, IDEVID, "SN-1",
                                 bm_test_signer_nth(BM_KEY_P256, i), &out),
                     BM_E_CA_KEY_BAD);
    }
    CHECK_STATUS(
        by_operator(&w, IDEVID, "SN-1", bm_test_signer(BM_KEY_P384), &out),
        BM_E_CA_KEY_BAD);
    CHECK_STATUS(
        by_operator(&w, IDEVID, "SN-1", bm_test_signer(BM_KEY_ED25519), &out),
        BM_E_CA_KEY_BAD);
    after = world_print(&w);
    CHECK(prints_equal(&before, &after));
    CHECK_STATUS(by_operator(&w, IDEVID, "SN-1", world_key(), &out), BM_OK);
    world_close(&w);
    ca_bad_keys_free(list);
}

/* An RSA key out of two numbers, prime or not; p * q is the modulus. */
static struct bm_signer *made[8];
static size_t made_n;

static const struct bm_signer *rsa_of(const BIGNUM *p, const BIGNUM *q)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *modulus = BN_new();
    BIGNUM *e = BN_new();
    BIGNUM *d = BN_new();
    BIGNUM *phi = BN_new();
    BIGNUM *p1 = BN_dup(p);
    BIGNUM *q1 = BN_dup(q);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params;
    EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;

    must(made_n < 8 && BN_mul(modulus, p, q, ctx) == 1 &&
             BN_set_word(e, 65537) && BN_sub_word(p1, 1) &&
             BN_sub_word(q1, 1) && BN_mul(phi, p1, q1, ctx) &&
             BN_mod_inverse(d, e, phi, ctx) &&
             OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, modulus) &&
             OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) &&
             OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_D, d),
         "rsa");
    params = OSSL_PARAM_BLD_to_param(bld);
    must(EVP_PKEY_fromdata_init(pctx) == 1 &&
             EVP_PKEY_fromdata(pctx, &pkey, EVP_PKEY_KEYPAIR, params) == 1 &&
             bm_openssl_signer_from_pkey(pkey, &made[made_n]) == BM_OK,
         "rsa key");
    EVP_PKEY_free(pkey);
    EVP_PKEY_CTX_free(pctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    BN_free(modulus);
    BN_free(e);
    BN_free(d);
    BN_free(phi);
    BN_free(p1);
    BN_free(q1);
    BN_CTX_free(ctx);
    return made[made_n++];
}

static BIGNUM *prime(int bits)
{
    BIGNUM *p = BN_new();

    must(p != NULL && BN_generate_prime_ex(p, bits, 0, NULL, NULL, NULL) == 1,
         "prime");
    return p;
}

static bm_status ask_rsa(struct world *w, const struct bm_signer *key,
                         struct issued *out)
{
    struct request q;
    struct ca_issue_request r = {
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = SERVER, .csr = &q.csr
    };

    request_server(&q, key, "rsa.example");
    return world_issue(w, &r, out);
}

static void a_modulus_with_a_small_factor_is_refused(void)
{
    struct world w;
    struct issued out;
    BIGNUM *p = BN_new();
    BIGNUM *q = prime(2040);

    world_open(&w);
    must(BN_set_word(p, 251) == 1, "251");
    CHECK_STATUS(ask_rsa(&w, rsa_of(p, q), &out), BM_E_CA_KEY_BAD);
    BN_free(p);
    BN_free(q);
    world_close(&w);
}

/* CVE-2022-26320: primes one after the other; Fermat finds them at once. */
static void a_modulus_of_close_primes_is_refused(void)
{
    struct world w;
    struct issued out;
    BIGNUM *p = prime(1024);
    BIGNUM *q = BN_dup(p);
    BN_CTX *ctx = BN_CTX_new();

    world_open(&w);
    do {
        must(BN_add_word(q, 2) == 1, "q");
    } while (BN_check_prime(q, ctx, NULL) != 1);
    CHECK_STATUS(ask_rsa(&w, rsa_of(p, q), &out), BM_E_KEY_CLOSE);
    /* As far apart as the halves of honest keys are: 2^924 at the least. */
    must(BN_copy(q, p) != NULL && BN_set_word(q, 1) == 1 &&
             BN_lshift(q, q, 924) == 1 && BN_add(q, q, p) == 1 &&
             (BN_is_odd(q) || BN_add_word(q, 1)),
         "q");
    while (BN_check_prime(q, ctx, NULL) != 1) {
        must(BN_add_word(q, 2) == 1, "q");
    }
    CHECK_STATUS(ask_rsa(&w, rsa_of(p, q), &out), BM_OK);
    BN_free(p);
    BN_free(q);
    BN_CTX_free(ctx);
    world_close(&w);
}

static void an_honest_rsa_key_is_fine(void)
{
    struct world w;
    struct issued out;

    world_open(&w);
    CHECK_STATUS(ask_rsa(&w, world_key_of(BM_KEY_RSA), &out), BM_OK);
    world_close(&w);
}

static void a_short_rsa_key_is_refused(void)
{
    struct world w;
    struct issued out;
    BIGNUM *p = prime(512);
    BIGNUM *q = prime(512);

    world_open(&w);
    CHECK_STATUS(ask_rsa(&w, rsa_of(p, q), &out), BM_E_PATH_WEAK);
    BN_free(p);
    BN_free(q);
    world_close(&w);
}

static void private_key_one_is_refused(void)
{
    static const char pem[] =
        "-----BEGIN PRIVATE KEY-----\n"
        "MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCAAAAAAAAAAAAAAAAAA\n"
        "AAAAAAAAAAAAAAAAAAAAAAAAAQ==\n"
        "-----END PRIVATE KEY-----\n";
    struct world w;
    struct issued out;
    struct bm_signer *key;

    world_open(&w);
    must(bm_openssl_signer_from_pem(
             (struct bm_bytes){ (const uint8_t *)pem, sizeof pem - 1 }, &key) ==
             BM_OK,
         "pem");
    CHECK_STATUS(by_operator(&w, IDEVID, "SN-1", key, &out), BM_E_CA_KEY_BAD);
    bm_openssl_signer_free(key);
    world_close(&w);
}

/* Of the neutral point everybody is the holder: with S = 0 and R = A any
 * message is signed, and the signature is right. */
static void a_key_that_anybody_signs_with_is_refused(void)
{
    const struct bm_signer *key = world_key_of(BM_KEY_ED25519);
    struct world w;
    struct issued out;
    struct request q;
    struct ca_issue_request r = {
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = LDEVID, .csr = &q.csr
    };
    uint8_t *point;
    uint8_t *signature;
    struct bm_bytes der;

    world_open(&w);
    request_make(&q, key, "SN-1", NULL);
    der = q.csr.der;
    point = q.der + (q.csr.key.key.p - q.der);
    signature = q.der + (q.csr.signature.p - q.der);
    memset(point, 0, 32);
    point[0] = 1;
    memset(signature, 0, 64);
    signature[0] = 1;
    must(bm_csr_parse(der, NULL, &q.csr) == BM_OK, "request");
    CHECK_STATUS(bm_csr_verify(&q.csr, world_crypto()), BM_OK);
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_CA_KEY_BAD);
    r.proven = true;
    CHECK_STATUS(world_issue(&w, &r, &out), BM_E_CA_KEY_BAD);
    world_close(&w);
}

int main(void)
{
    RUN(a_key_belongs_to_one_device_for_ever);
    RUN(both_sides_learn_of_a_misused_key);
    RUN(the_same_device_may_have_its_key_again_where_profiles_say_so);
    RUN(a_key_with_two_owners_of_one_device_asks_both);
    RUN(a_key_on_the_list_gets_no_certificate);
    RUN(a_modulus_with_a_small_factor_is_refused);
    RUN(a_modulus_of_close_primes_is_refused);
    RUN(an_honest_rsa_key_is_fine);
    RUN(a_short_rsa_key_is_refused);
    RUN(private_key_one_is_refused);
    RUN(a_key_that_anybody_signs_with_is_refused);
    while (made_n != 0) {
        bm_openssl_signer_free(made[--made_n]);
    }
    return bm_test_done();
}
