/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/batch_key.h"

#include <openssl/pkcs12.h>
#include <string.h>

#include "core/pem.h"
#include "core/tbs.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_sealed.h"
#include "tests/harness/bm_test.h"

#define NAME  "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01s"
#define TEXT  "abcdefghijklmnopqrstuvwxyz234567"
#define OTHER "bbcdefghijklmnopqrstuvwxyz234567"

/* A key that was made for a row, and its certificate, which is no more than
 * what bears the public key. */
struct row {
    uint8_t cert[1024];
    struct bm_bytes der;
    uint8_t pem[2048];
};

static void make_cert(struct row *row, const struct bm_signer *signer)
{
    struct bm_tbs_config config = { .sig_alg = signer->alg,
                                    .issuer = BM_LIT(NAME),
                                    .subject = BM_LIT(NAME) };
    struct bm_tbs_values v = { .serial = BM_LIT("\x81"),
                               .not_after = BM_TIME_NEVER,
                               .spki = signer->key.der };
    struct bm_tbs_template t;
    uint8_t mem[128];
    struct bm_wr w;

    bm_wr_init(&w, row->cert, sizeof row->cert);
    CHECK_STATUS(bm_tbs_compile(&config, mem, sizeof mem, &t), BM_OK);
    CHECK_STATUS(bm_cert_build(&t, &v, signer, &w), BM_OK);
    row->der = bm_wr_bytes(&w);
}

static void make_row(struct row *row, const char *label)
{
    struct bm_signer *signer = NULL;
    uint8_t sealed[1024];
    struct bm_wr w;
    struct bm_wr pem;

    CHECK_STATUS(bm_openssl_signer_generate(BM_KEY_P256, 0, &signer), BM_OK);
    make_cert(row, signer);
    bm_wr_init(&w, sealed, sizeof sealed);
    CHECK_STATUS(bm_openssl_put_sealed(signer, BM_LIT(TEXT), &w), BM_OK);
    bm_wr_init(&pem, row->pem, sizeof row->pem);
    bm_pem_put(&pem, label, bm_wr_bytes(&w));
    bm_wr_u8(&pem, '\0');
    CHECK(pem.len <= pem.cap);
    bm_openssl_signer_free(signer);
}

static struct batch_key take(const struct row *row, const char *secret,
                             uint8_t room[2048])
{
    struct batch_key key = { .cert = row->der, .secret = secret, .name = "SN" };
    struct bm_wr w;

    bm_wr_init(&w, room, 2048);
    CHECK_STATUS(batch_key_take(&key, (const char *)row->pem, &w), BM_OK);
    return key;
}

static void a_key_is_that_of_its_certificate_and_opens_by_its_secret(void)
{
    static struct row row;
    static struct row another;
    uint8_t room[2048];
    struct batch_key key;

    make_row(&row, "ENCRYPTED PRIVATE KEY");
    make_row(&another, "ENCRYPTED PRIVATE KEY");
    key = take(&row, TEXT, room);
    CHECK(key.sealed);
    CHECK_STATUS(batch_key_check(&key), BM_OK);
    key.cert = another.der;
    CHECK_STATUS(batch_key_check(&key), BM_E_KEY_MISMATCH);
    key = take(&row, OTHER, room);
    CHECK_STATUS(batch_key_check(&key), BM_E_BATCH_SECRET);
    key = take(&row, "", room);
    CHECK_STATUS(batch_key_check(&key), BM_E_BATCH_SECRET);
}

static void no_secret_opens_what_is_a_recipients(void)
{
    static struct row row;
    uint8_t room[2048];
    struct batch_key key;

    make_row(&row, "CMS");
    key = take(&row, TEXT, room);
    CHECK(!key.sealed);
    CHECK_STATUS(batch_key_check(&key), BM_E_BATCH_SECRET);
}

static void what_is_no_pem_is_no_key(void)
{
    static struct row row;
    struct batch_key key = { .secret = "" };
    uint8_t room[64];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    CHECK(batch_key_take(&key, "", &w) != BM_OK);
    CHECK(batch_key_take(&key, "MIIB", &w) != BM_OK);
    make_row(&row, "ENCRYPTED PRIVATE KEY"); /* larger than the room */
    bm_wr_init(&w, room, sizeof room);
    CHECK(batch_key_take(&key, (const char *)row.pem, &w) != BM_OK);
}

static void its_pkcs12_opens_by_the_same_secret_and_no_other(void)
{
    static struct row row;
    static uint8_t out[8192];
    uint8_t room[2048];
    struct batch_key key;
    EVP_PKEY *pkey = NULL;
    X509 *cert = NULL;
    const uint8_t *p = out;
    struct bm_wr w;
    PKCS12 *p12;

    make_row(&row, "ENCRYPTED PRIVATE KEY");
    key = take(&row, TEXT, room);
    bm_wr_init(&w, out, sizeof out);
    CHECK_STATUS(batch_key_put_p12(&key, &w), BM_OK);
    p12 = d2i_PKCS12(NULL, &p, (long)w.len);
    CHECK(p12 != NULL && p == out + w.len);
    CHECK(PKCS12_verify_mac(p12, OTHER, -1) == 0);
    CHECK(PKCS12_parse(p12, TEXT, &pkey, &cert, NULL) == 1);
    CHECK(X509_check_private_key(cert, pkey) == 1);
    EVP_PKEY_free(pkey);
    X509_free(cert);
    PKCS12_free(p12);

    bm_wr_init(&w, out, 100);
    CHECK_STATUS(batch_key_put_p12(&key, &w), BM_E_BUFFER);
    CHECK(w.len == 0);
}

int main(void)
{
    RUN(a_key_is_that_of_its_certificate_and_opens_by_its_secret);
    RUN(no_secret_opens_what_is_a_recipients);
    RUN(what_is_no_pem_is_no_key);
    RUN(its_pkcs12_opens_by_the_same_secret_and_no_other);
    return bm_test_done();
}
