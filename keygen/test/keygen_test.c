/* SPDX-License-Identifier: Apache-2.0 */
#include "keygen/keygen.h"

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "core/csr.h"
#include "keygen/worker.h"
#include "ports/openssl/openssl_sealed.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

static uint8_t room[KEYGEN_ANSWER_MAX];
static uint8_t order_room[KEYGEN_ORDER_MAX];

/* A recipient: his key, and a certificate that is no more than its bearer. */
static EVP_PKEY *his_key;
static uint8_t cert_der[4096];
static size_t cert_n;

static void make_recipient(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *name;
    unsigned char *p = cert_der;
    int n;

    CHECK(key != NULL && cert != NULL);
    EVP_PKEY_free(his_key);
    his_key = key;
    name = X509_get_subject_name(cert);
    CHECK(X509_set_version(cert, 2) == 1 &&
          ASN1_INTEGER_set(X509_get_serialNumber(cert), 7) == 1 &&
          X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                     (const unsigned char *)"to", -1, -1,
                                     0) == 1 &&
          X509_set_issuer_name(cert, name) == 1 &&
          X509_gmtime_adj(X509_getm_notBefore(cert), 0) != NULL &&
          X509_gmtime_adj(X509_getm_notAfter(cert), 3600) != NULL &&
          X509_set_pubkey(cert, key) == 1 &&
          X509_sign(cert, key,
                    EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256()) > 0);
    n = i2d_X509(cert, &p);
    CHECK(n > 0 && (size_t)n <= sizeof cert_der);
    cert_n = (size_t)n;
    X509_free(cert);
}

static struct bm_bytes order_of(enum bm_key_type type, unsigned n)
{
    const struct keygen_order order = {
        .type = type, .by = KEYGEN_RECIPIENT, .n = n, .to = { cert_der, cert_n }
    };
    struct bm_wr w;

    bm_wr_init(&w, order_room, sizeof order_room);
    keygen_order_put(&w, &order);
    return bm_wr_bytes(&w);
}

static EVP_PKEY *open_key(struct bm_bytes key)
{
    const unsigned char *p = key.p;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)key.n);
    BIO *out = BIO_new(BIO_s_mem());
    EVP_PKEY *opened = NULL;

    CHECK(cms != NULL && out != NULL &&
          CMS_decrypt(cms, his_key, NULL, NULL, out, CMS_BINARY) == 1);
    if (cms != NULL && out != NULL) {
        opened = d2i_PrivateKey_bio(out, NULL);
    }
    BIO_free(out);
    CMS_ContentInfo_free(cms);
    return opened;
}

/* The request is for the key, and shows that whoever made it had it. */
static void check_pair(const struct keygen_pair *pair, enum bm_key_type type)
{
    EVP_PKEY *opened = open_key(pair->key);
    unsigned char *spki = NULL;
    struct bm_csr csr;
    int n = opened == NULL ? 0 : i2d_PUBKEY(opened, &spki);

    CHECK_STATUS(bm_csr_parse(pair->csr, NULL, &csr), BM_OK);
    CHECK(csr.key.type == type);
    CHECK_STATUS(bm_csr_verify(&csr, bm_test_crypto()), BM_OK);
    CHECK(n > 0);
    CHECK_BYTES(csr.key.der.p, csr.key.der.n, spki, (size_t)n);
    OPENSSL_free(spki);
    EVP_PKEY_free(opened);
}

static void check_pairs(struct bm_bytes in, enum bm_key_type type, unsigned n)
{
    struct keygen_pair pair;
    struct keygen_pair before = { .csr = { NULL, 0 } };

    for (unsigned i = 0; i < n; i++) {
        CHECK_STATUS(keygen_pair_next(&in, &pair), BM_OK);
        check_pair(&pair, type);
        CHECK(!bm_bytes_equal(pair.csr, before.csr));
        before = pair;
    }
    CHECK_STATUS(keygen_pair_next(&in, &pair), BM_E_END);
}

static void each_key_is_the_recipients_and_that_of_its_request(void)
{
    static const enum bm_key_type types[] = { BM_KEY_P256, BM_KEY_P384,
                                              BM_KEY_ED25519 };
    static const char *const curves[] = { "P-256", "P-384" };

    for (size_t i = 0; i < 3; i++) {
        struct bm_wr w;

        make_recipient(i < 2 ? EVP_EC_gen(curves[i])
                             : EVP_RSA_gen((unsigned)2048));
        bm_wr_init(&w, room, sizeof room);
        CHECK_STATUS(keygen_serve(order_of(types[i], 3), NULL, &w), BM_OK);
        check_pairs(bm_wr_bytes(&w), types[i], 3);
    }
}

static void what_cannot_be_encrypted_to_gets_no_key(void)
{
    struct bm_wr w;

    make_recipient(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    bm_wr_init(&w, room, sizeof room);
    CHECK(his_key == NULL || keygen_serve(order_of(BM_KEY_P256, 1), NULL, &w) ==
                                 BM_E_BATCH_RECIPIENT);
    cert_der[0] ^= 1;
    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(keygen_serve(order_of(BM_KEY_P256, 1), NULL, &w),
                 BM_E_BATCH_RECIPIENT);
}

/* ---- Under a secret */

static const char secret_text[] = "abcdefghijklmnopqrstuvwxyz234567";

static struct bm_bytes secret_order(struct bm_bytes to)
{
    const struct keygen_order order = {
        .type = BM_KEY_P384, .by = KEYGEN_SECRET, .n = 2, .to = to
    };
    struct bm_wr w;

    bm_wr_init(&w, order_room, sizeof order_room);
    keygen_order_put(&w, &order);
    return bm_wr_bytes(&w);
}

static void check_secret_pairs(struct bm_bytes in)
{
    const struct bm_bytes secret = { (const uint8_t *)secret_text,
                                     KEYGEN_SECRET_SIZE };
    struct keygen_pair pair;
    struct bm_csr other;
    struct bm_csr csr;

    CHECK_STATUS(keygen_pair_next(&in, &pair), BM_OK);
    CHECK_STATUS(bm_csr_parse(pair.csr, NULL, &other), BM_OK);
    CHECK_STATUS(keygen_pair_next(&in, &pair), BM_OK);
    CHECK_STATUS(bm_csr_parse(pair.csr, NULL, &csr), BM_OK);
    CHECK_STATUS(bm_openssl_check_sealed(pair.key, secret, csr.key.der), BM_OK);
    CHECK_STATUS(bm_openssl_check_sealed(pair.key, secret, other.key.der),
                 BM_E_KEY_MISMATCH);
    CHECK_STATUS(
        bm_openssl_check_sealed(
            pair.key, BM_LIT("abcdefghijklmnopqrstuvwxyz234566"), csr.key.der),
        BM_E_CRYPTO);
    CHECK_STATUS(keygen_pair_next(&in, &pair), BM_E_END);
}

/* A sealed secret, and behind it the batch that it is asked for. */
struct sealed {
    uint8_t octets[KEYGEN_SEALED_SIZE + 4];
};

static const uint8_t batch_7[4] = { 0, 0, 0, 7 };
static const uint8_t batch_8[4] = { 0, 0, 0, 8 };

static void seal_for(const struct keygen_seal *seal, const char *text,
                     const uint8_t batch[4], struct sealed *out)
{
    struct keygen_secret secret;

    CHECK_STATUS(keygen_secret_new(seal, &secret), BM_OK);
    if (text != NULL) {
        memcpy(secret.text, text, KEYGEN_SECRET_MAX);
    }
    CHECK_STATUS(keygen_secret_seal(bm_test_crypto(), &secret,
                                    (struct bm_bytes){ batch, 4 }, out->octets),
                 BM_OK);
    memcpy(out->octets + KEYGEN_SEALED_SIZE, batch, 4);
}

static bm_status open_for(const struct keygen_seal *seal,
                          const struct sealed *sealed, const uint8_t *batch,
                          char text[KEYGEN_SECRET_MAX])
{
    return keygen_secret_open(
        seal, (struct bm_bytes){ sealed->octets, KEYGEN_SEALED_SIZE },
        (struct bm_bytes){ batch, 4 }, text);
}

static void a_key_opens_with_the_secret_of_its_batch_alone(void)
{
    struct keygen_seal seal = { .crypto = bm_test_crypto() };
    struct sealed sealed;
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(
        keygen_serve(secret_order(BM_LIT("abcdefghijklmnopqrstuvwxyz234567")),
                     NULL, &w),
        BM_OK);
    check_secret_pairs(bm_wr_bytes(&w));
    seal_for(&seal, secret_text, batch_7, &sealed);
    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(keygen_serve(secret_order(BM_ARRAY(sealed.octets)), &seal, &w),
                 BM_OK);
    check_secret_pairs(bm_wr_bytes(&w));
}

static void a_secret_of_one_batch_makes_no_key_of_another(void)
{
    struct keygen_seal seal = { .crypto = bm_test_crypto() };
    struct sealed mine;
    struct sealed theirs;
    struct sealed mixed;
    char opened[KEYGEN_SECRET_MAX];
    struct bm_wr w;

    seal_for(&seal, secret_text, batch_7, &mine);
    seal_for(&seal, NULL, batch_8, &theirs);
    CHECK_STATUS(open_for(&seal, &mine, batch_7, opened), BM_OK);
    CHECK(strcmp(opened, secret_text) == 0);
    CHECK_STATUS(open_for(&seal, &mine, batch_8, opened), BM_E_BATCH_SECRET);
    CHECK(opened[0] == '\0');
    /* Nor does a key that is wrapped open what another one sealed. */
    mixed = theirs;
    memcpy(mixed.octets + KEYGEN_WRAPPED_SIZE,
           mine.octets + KEYGEN_WRAPPED_SIZE,
           KEYGEN_SEALED_SIZE - KEYGEN_WRAPPED_SIZE);
    CHECK_STATUS(open_for(&seal, &mixed, batch_7, opened), BM_E_BATCH_SECRET);
    CHECK_STATUS(open_for(&seal, &mixed, batch_8, opened), BM_E_BATCH_SECRET);
    memcpy(mine.octets + KEYGEN_SEALED_SIZE, batch_8, sizeof batch_8);
    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(keygen_serve(secret_order(BM_ARRAY(mine.octets)), &seal, &w),
                 BM_E_BATCH_SECRET);
    CHECK(w.len == 0);
}

static void a_secret_that_was_sealed_elsewhere_makes_no_key(void)
{
    struct keygen_seal seal = { .crypto = bm_test_crypto() };
    struct sealed sealed;
    char opened[KEYGEN_SECRET_MAX];
    struct bm_wr w;

    seal_for(&seal, secret_text, batch_7, &sealed);
    for (size_t i = 0; i < sizeof sealed.octets; i++) {
        sealed.octets[i] ^= 1;
        CHECK_STATUS(open_for(&seal, &sealed,
                              sealed.octets + KEYGEN_SEALED_SIZE, opened),
                     BM_E_BATCH_SECRET);
        CHECK(opened[0] == '\0');
        sealed.octets[i] ^= 1;
    }
    seal.key[0] ^= 1;
    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(keygen_serve(secret_order(BM_ARRAY(sealed.octets)), &seal, &w),
                 BM_E_BATCH_SECRET);
    /* Not sealed where it should be, and the other way; and no secret. */
    CHECK_STATUS(
        keygen_serve(secret_order(BM_LIT("abcdefghijklmnopqrstuvwxyz234567")),
                     &seal, &w),
        BM_E_BATCH_SECRET);
    CHECK_STATUS(keygen_serve(secret_order(BM_ARRAY(sealed.octets)), NULL, &w),
                 BM_E_BATCH_SECRET);
    CHECK_STATUS(keygen_serve(secret_order(BM_LIT("abc")), NULL, &w),
                 BM_E_BATCH_SECRET);
    CHECK(w.len == 0);
}

static void each_secret_is_another_and_has_all_of_its_letters(void)
{
    char all[32 + 1] = "";
    char last[KEYGEN_SECRET_MAX] = "";
    char one[KEYGEN_SECRET_MAX];
    size_t n = 0;

    for (int i = 0; i < 200; i++) {
        CHECK_STATUS(keygen_secret_make(bm_test_crypto(), one), BM_OK);
        CHECK(strlen(one) == KEYGEN_SECRET_SIZE && strcmp(one, last) != 0);
        for (size_t k = 0; one[k] != '\0'; k++) {
            if (strchr(all, one[k]) == NULL && n < 32) {
                all[n++] = one[k];
            }
        }
        memcpy(last, one, sizeof last);
    }
    CHECK(n == 32);
}

static void what_is_no_order_is_refused(void)
{
    static const uint8_t bad[][6] = {
        { 0, KEYGEN_SECRET, 0, 1, 0x30, 0 },          /* no type */
        { BM_KEY_RSA, KEYGEN_SECRET, 0, 1, 0x30, 0 }, /* a slow one */
        { BM_KEY_P256, KEYGEN_SECRET, 0, 0, 0x30, 0 },
        { BM_KEY_P256, KEYGEN_SECRET, 1, 1, 0x30, 0 }, /* 257 */
        { BM_KEY_P256, 0, 0, 1, 0x30, 0 },             /* for nobody */
        { BM_KEY_P256, 3, 0, 1, 0x30, 0 },
    };
    struct keygen_order order;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(keygen_order_get(BM_ARRAY(bad[i]), &order), BM_E_ARGUMENT);
        CHECK(order.n == 0 && order.to.p == NULL);
    }
    CHECK_STATUS(keygen_order_get(
                     (struct bm_bytes){ bad[2], KEYGEN_ORDER_HEAD }, &order),
                 BM_E_ARGUMENT);
}

static void a_pair_that_is_cut_short_is_none(void)
{
    struct bm_wr w;
    struct bm_bytes whole;

    make_recipient(EVP_EC_gen("P-256"));
    bm_wr_init(&w, room, sizeof room);
    CHECK_STATUS(keygen_serve(order_of(BM_KEY_P256, 1), NULL, &w), BM_OK);
    whole = bm_wr_bytes(&w);
    for (size_t n = 1; n < whole.n; n++) {
        struct bm_bytes in = { whole.p, n };
        struct keygen_pair pair;

        CHECK_STATUS(keygen_pair_next(&in, &pair), BM_E_ARGUMENT);
        CHECK(in.n == n && pair.csr.p == NULL);
    }
}

static void a_process_makes_them_and_ends(void)
{
    struct keygen_worker *worker;
    struct keygen_order order = { .type = BM_KEY_P256,
                                  .by = KEYGEN_RECIPIENT,
                                  .n = 5 };
    struct bm_bytes pairs;

    CHECK_STATUS(keygen_worker_start(&worker), BM_OK);
    make_recipient(EVP_EC_gen("P-256"));
    order.to = (struct bm_bytes){ cert_der, cert_n };
    CHECK_STATUS(keygen_worker_ask(worker, &order, &pairs), BM_OK);
    check_pairs(pairs, BM_KEY_P256, 5);
    order.to = BM_LIT("no certificate");
    CHECK_STATUS(keygen_worker_ask(worker, &order, &pairs),
                 BM_E_BATCH_RECIPIENT);
    order.to = (struct bm_bytes){ cert_der, cert_n };
    CHECK_STATUS(keygen_worker_ask(worker, &order, &pairs), BM_OK);
    check_pairs(pairs, BM_KEY_P256, 5);
    order = (struct keygen_order){ .type = BM_KEY_P256,
                                   .by = KEYGEN_SECRET,
                                   .n = 2,
                                   .to = BM_LIT("no secret") };
    CHECK_STATUS(keygen_worker_ask(worker, &order, &pairs), BM_E_BATCH_SECRET);
    order.to =
        (struct bm_bytes){ (const uint8_t *)secret_text, KEYGEN_SECRET_SIZE };
    CHECK_STATUS(keygen_worker_ask(worker, &order, &pairs), BM_OK);
    check_secret_pairs(pairs);
    keygen_worker_end(worker);
    keygen_worker_end(NULL);
}

int main(void)
{
    /* First: its child must find the library of cryptography unused. */
    RUN(a_process_makes_them_and_ends);
    RUN(each_key_is_the_recipients_and_that_of_its_request);
    RUN(what_cannot_be_encrypted_to_gets_no_key);
    RUN(what_is_no_order_is_refused);
    RUN(a_key_opens_with_the_secret_of_its_batch_alone);
    RUN(a_secret_of_one_batch_makes_no_key_of_another);
    RUN(a_secret_that_was_sealed_elsewhere_makes_no_key);
    RUN(each_secret_is_another_and_has_all_of_its_letters);
    RUN(a_pair_that_is_cut_short_is_none);
    EVP_PKEY_free(his_key);
    return bm_test_done();
}
