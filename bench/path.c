/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A chain of three: root, intermediate, leaf, all P-256. The limit is the two
 * bare verifications that it takes (the root is an anchor).
 */
#include <openssl/evp.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "core/oid.h"
#include "core/path.h"
#include "core/tbs.h"
#include "ports/openssl/openssl.h"

#define NOW INT64_C(1700000000)

struct chain {
    struct bm_crypto *crypto;
    struct bm_signer *keys[3];
    uint8_t der[3][800];
    size_t n[3];
    struct bm_cert certs[3];

    EVP_PKEY_CTX *verify;
    uint8_t digest[32];
    uint8_t signature[80];
    size_t signature_n;
    X509 *x[3];
    X509_STORE *store;
    STACK_OF(X509) * untrusted;
};

static struct bm_bytes name_of(size_t i, uint8_t *buf, size_t cap)
{
    static const char *const names[] = { "CN=Root,O=Example,C=DE",
                                         "CN=Issuing CA,O=Example,C=DE",
                                         "CN=Device,O=Example,C=DE" };
    struct bm_wr w;
    size_t bad;

    bm_wr_init(&w, buf, cap);
    bench_must(bm_name_from_text((struct bm_bytes){ (const uint8_t *)names[i],
                                                    i == 0   ? 22
                                                    : i == 1 ? 28
                                                             : 24 },
                                 &w, &bad) == BM_OK,
               "name");
    return bm_wr_bytes(&w);
}

static void make_cert(struct chain *c, size_t i)
{
    const struct bm_signer *issuer = c->keys[i == 0 ? 0 : i - 1];
    uint8_t names[2][100];
    uint8_t exts[200];
    uint8_t memory[600];
    struct bm_tbs_template t;
    struct bm_tbs_ext ext[2] = { { .kind = BM_TBS_FIXED },
                                 { .kind = BM_TBS_FIXED } };
    struct bm_tbs_config config = { .sig_alg = BM_SIG_ECDSA_SHA256,
                                    .exts = ext,
                                    .exts_n = 2 };
    struct bm_tbs_values v = { .serial = BM_LIT("\x01"),
                               .not_before = NOW - 1000,
                               .not_after = NOW + 100000000 };
    struct bm_wr w;
    size_t cut;

    bm_wr_init(&w, exts, sizeof exts);
    bm_ext_put_basic(&w, i < 2, BM_PATH_LEN_NONE);
    cut = w.len;
    bm_ext_put_key_usage(&w,
                         i < 2 ? BM_KU_KEY_CERT_SIGN : BM_KU_DIGITAL_SIGNATURE);
    ext[0].fixed = (struct bm_bytes){ exts, cut };
    ext[1].fixed = (struct bm_bytes){ exts + cut, w.len - cut };
    config.issuer = name_of(i == 0 ? 0 : i - 1, names[0], sizeof names[0]);
    v.subject = name_of(i, names[1], sizeof names[1]);
    v.spki = c->keys[i]->key.der;
    bm_wr_init(&w, c->der[i], sizeof c->der[i]);
    bench_must(bm_tbs_compile(&config, memory, sizeof memory, &t) == BM_OK &&
                   bm_cert_build(&t, &v, issuer, &w) == BM_OK &&
                   bm_wr_finish(&w, &c->n[i]) == BM_OK,
               "chain");
}

static void make_theirs(struct chain *c)
{
    c->store = X509_STORE_new();
    c->untrusted = sk_X509_new_null();
    for (size_t i = 0; i < 3; i++) {
        const uint8_t *p = c->der[i];

        c->x[i] = d2i_X509(NULL, &p, (long)c->n[i]);
        bench_must(c->x[i] != NULL, "d2i_X509");
    }
    bench_must(X509_STORE_add_cert(c->store, c->x[0]) == 1 &&
                   sk_X509_push(c->untrusted, c->x[1]) > 0,
               "store");
}

static void *open_chain(void)
{
    struct chain *c = calloc(1, sizeof *c);
    EVP_PKEY_CTX *sign;

    bench_must(c != NULL && bm_openssl_new(&c->crypto) == BM_OK, "provider");
    for (size_t i = 0; i < 3; i++) {
        bench_must(bm_openssl_signer_generate(BM_KEY_P256, 0, &c->keys[i]) ==
                       BM_OK,
                   "key");
    }
    for (size_t i = 0; i < 3; i++) {
        make_cert(c, i);
    }
    make_theirs(c);
    c->verify = EVP_PKEY_CTX_new_from_pkey(
        NULL, bm_openssl_signer_pkey(c->keys[0]), NULL);
    sign = EVP_PKEY_CTX_new_from_pkey(NULL, bm_openssl_signer_pkey(c->keys[0]),
                                      NULL);
    c->signature_n = sizeof c->signature;
    bench_must(EVP_PKEY_verify_init(c->verify) == 1 &&
                   EVP_PKEY_sign_init(sign) == 1 &&
                   EVP_PKEY_sign(sign, c->signature, &c->signature_n, c->digest,
                                 sizeof c->digest) == 1,
               "contexts");
    EVP_PKEY_CTX_free(sign);
    return c;
}

static void close_chain(void *context)
{
    struct chain *c = context;

    for (size_t i = 0; i < 3; i++) {
        X509_free(c->x[i]);
        bm_openssl_signer_free(c->keys[i]);
    }
    sk_X509_free(c->untrusted);
    X509_STORE_free(c->store);
    EVP_PKEY_CTX_free(c->verify);
    bm_openssl_free(c->crypto);
    free(c);
}

static void raw(void *context)
{
    struct chain *c = context;

    for (int i = 0; i < 2; i++) {
        bench_must(EVP_PKEY_verify(c->verify, c->signature, c->signature_n,
                                   c->digest, sizeof c->digest) == 1,
                   "verify");
    }
}

/* From octets: all three are read each time. */
static void ours(void *context)
{
    struct chain *c = context;
    struct bm_path path;
    const struct bm_path_config config = {
        .crypto = c->crypto,
        .anchors = &c->certs[0],
        .anchors_n = 1,
        .pool = &c->certs[1],
        .pool_n = 1,
        .time = NOW,
    };

    for (size_t i = 0; i < 3; i++) {
        bench_must(bm_cert_parse((struct bm_bytes){ c->der[i], c->n[i] },
                                 BM_STRICT, NULL, &c->certs[i]) == BM_OK,
                   "parse");
    }
    bench_must(bm_path_find(&path, &config, &c->certs[2]) == BM_OK, "path");
}

/* OpenSSL's is spared the reading of root and intermediate. */
static void theirs(void *context)
{
    struct chain *c = context;
    const uint8_t *p = c->der[2];
    X509 *leaf = d2i_X509(NULL, &p, (long)c->n[2]);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();

    bench_must(X509_STORE_CTX_init(ctx, c->store, leaf, c->untrusted) == 1,
               "X509_STORE_CTX_init");
    X509_STORE_CTX_set_time(ctx, 0, (time_t)NOW);
    bench_must(X509_verify_cert(ctx) == 1, "X509_verify_cert");
    X509_STORE_CTX_free(ctx);
    X509_free(leaf);
}

void bench_path(void)
{
    static const struct bench_op ops[] = {
        { "raw", open_chain, raw, close_chain, 50 },
        { "ours", open_chain, ours, close_chain, 50 },
        { "X509_verify_cert", open_chain, theirs, close_chain, 20 },
    };
    double ns[3];

    bench_measure(ops, 3, 1, ns);
    bench_head("validate a chain of three", "us");
    bench_limit("limit: two EVP_PKEY_verify", ns[0] / 1e3);
    bench_row("bm_cert_parse of three and bm_path_find", ns[1] / 1e3,
              ns[0] / ns[1], 0.85);
    bench_note("d2i_X509 of the leaf and X509_verify_cert", ns[2] / 1e3,
               ns[0] / 1e3);
}
