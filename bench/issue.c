/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One certificate: read the request, check its proof of possession, fill the
 * template, sign, write. The limit is what OpenSSL's P-256 itself takes for
 * that: one bare verification and one bare signature, on contexts that are
 * ready, with nothing around them.
 */
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "core/csr.h"
#include "core/oid.h"
#include "core/tbs.h"
#include "ports/openssl/openssl.h"

#define CERT_MAX    1024
#define REQUEST_MAX 1024
#define DAY         INT64_C(86400)

struct issue {
    struct bm_crypto *crypto;
    struct bm_signer *ca;
    struct bm_tbs_template template;
    uint8_t memory[1024];
    uint8_t request[REQUEST_MAX];
    size_t request_n;
    uint8_t cert[CERT_MAX];

    X509_NAME *issuer; /* for OpenSSL's own way */
};

static struct bm_bytes name(const char *text, uint8_t *buf, size_t cap)
{
    struct bm_wr w;
    size_t bad;

    bm_wr_init(&w, buf, cap);
    bench_must(bm_name_from_text(
                   (struct bm_bytes){ (const uint8_t *)text, strlen(text) }, &w,
                   &bad) == BM_OK,
               "name");
    return bm_wr_bytes(&w);
}

/* What a device asks for: its name and its serial number as otherName. */
static void make_request(struct issue *i)
{
    static const struct bm_hardware_module_name hw = {
        { (const uint8_t *)"\x2b\x06\x01\x04\x01\x83\xb2\x03", 8 },
        { (const uint8_t *)"0123456789", 10 },
    };
    struct bm_signer *device;
    struct bm_csr_config config = { .subject = { NULL, 0 } };
    uint8_t subject[200];
    uint8_t exts[200];
    struct bm_ext_mark mark;
    struct bm_wr w;
    size_t m;

    bench_must(bm_openssl_signer_generate(BM_KEY_P256, 0, &device) == BM_OK,
               "key");
    bm_wr_init(&w, exts, sizeof exts);
    mark = bm_ext_open(&w, BM_LIT(BM_OID_CE_SAN), false);
    m = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_general_name_put_hardware(&w, &hw);
    bm_der_close(&w, m);
    bm_ext_close(&w, &mark);
    config.extensions = bm_wr_bytes(&w);
    config.subject = name("serialNumber=0123456789,CN=Sensor,O=Example GmbH",
                          subject, sizeof subject);
    bm_wr_init(&w, i->request, sizeof i->request);
    bench_must(bm_csr_build(&config, device, &w) == BM_OK &&
                   bm_wr_finish(&w, &i->request_n) == BM_OK,
               "request");
    bm_openssl_signer_free(device);
}

/* RFC 5280 and 802.1AR want these of a device's certificate. */
static void make_template(struct issue *i)
{
    uint8_t buf[400];
    uint8_t ca_name[200];
    struct bm_wr w;
    size_t cuts[5];
    struct bm_tbs_ext exts[6] = { 0 };
    struct bm_tbs_config config = { .sig_alg = BM_SIG_ECDSA_SHA256 };

    bm_wr_init(&w, buf, sizeof buf);
    cuts[0] = w.len;
    bm_ext_put_basic(&w, false, BM_PATH_LEN_NONE);
    cuts[1] = w.len;
    bm_ext_put_key_usage(&w, BM_KU_DIGITAL_SIGNATURE);
    cuts[2] = w.len;
    bm_ext_put_aki(&w, BM_LIT("0123456789abcdefghij"));
    cuts[3] = w.len;
    for (size_t k = 0; k < 3; k++) {
        exts[k].kind = BM_TBS_FIXED;
        exts[k].fixed =
            (struct bm_bytes){ buf + cuts[k], cuts[k + 1] - cuts[k] };
    }
    exts[3].kind = BM_TBS_SKI;
    exts[4].kind = BM_TBS_HOLE;
    exts[4].oid = BM_LIT(BM_OID_CE_SAN);
    config.issuer =
        name("CN=Device CA 1,O=Example GmbH,C=DE", ca_name, sizeof ca_name);
    config.exts = exts;
    config.exts_n = 5;
    bench_must(bm_tbs_compile(&config, i->memory, sizeof i->memory,
                              &i->template) == BM_OK,
               "template");
}

static void make_issuer(struct issue *i)
{
    i->issuer = X509_NAME_new();
    bench_must(X509_NAME_add_entry_by_txt(i->issuer, "CN", MBSTRING_ASC,
                                          (const uint8_t *)"Device CA 1", -1,
                                          -1, 0) == 1,
               "issuer");
}

static void *open_issue(void)
{
    struct issue *i = calloc(1, sizeof *i);

    bench_must(i != NULL && bm_openssl_new(&i->crypto) == BM_OK &&
                   bm_openssl_signer_generate(BM_KEY_P256, 0, &i->ca) == BM_OK,
               "provider");
    make_request(i);
    make_template(i);
    make_issuer(i);
    return i;
}

static void close_issue(void *context)
{
    struct issue *i = context;

    X509_NAME_free(i->issuer);
    bm_openssl_signer_free(i->ca);
    bm_openssl_free(i->crypto);
    free(i);
}

/* The extension that the request asks for, as it stands in there. */
static struct bm_bytes wanted_san(const struct bm_csr *csr)
{
    struct bm_bytes all = csr->ext.all;
    const uint8_t *start = all.p;
    struct bm_ext ext;

    while (bm_ext_next(&all, &ext)) {
        if (bm_oid_is(ext.oid, BM_OID_CE_SAN)) {
            return (struct bm_bytes){ start, (size_t)(all.p - start) };
        }
        start = all.p;
    }
    return (struct bm_bytes){ NULL, 0 };
}

static void ours(void *context)
{
    struct issue *i = context;
    struct bm_csr csr;
    struct bm_bytes san;
    uint8_t serial[16];
    uint8_t ski[BM_SKI_SIZE];
    struct bm_tbs_values v = { .not_before = 1700000000,
                               .not_after = 1700000000 + 3650 * DAY };
    struct bm_wr w;
    size_t n;

    bench_must(
        bm_csr_parse((struct bm_bytes){ i->request, i->request_n }, NULL,
                     &csr) == BM_OK &&
            bm_csr_verify(&csr, i->crypto) == BM_OK &&
            bm_ski_make(i->crypto, BM_SKI_SHA1, &csr.key, ski) == BM_OK &&
            i->crypto->random(i->crypto->self, serial, sizeof serial) == BM_OK,
        "request");
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
    san = wanted_san(&csr);
    v.serial = BM_ARRAY(serial);
    v.subject = csr.subject;
    v.spki = csr.key.der;
    v.key_id = BM_ARRAY(ski);
    v.ext = &san;
    v.ext_n = 1;
    bm_wr_init(&w, i->cert, sizeof i->cert);
    bench_must(bm_cert_build(&i->template, &v, i->ca, &w) == BM_OK &&
                   bm_wr_finish(&w, &n) == BM_OK,
               "certificate");
}

/* OpenSSL's objects, as a CA in a hundred lines would use them. */
static void theirs(void *context)
{
    struct issue *i = context;
    const uint8_t *p = i->request;
    X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)i->request_n);
    EVP_PKEY *key = X509_REQ_get0_pubkey(req);
    STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(req);
    X509 *x = X509_new();
    uint8_t serial[16];
    uint8_t *der = NULL;
    X509V3_CTX ctx;
    static const struct {
        int nid;
        const char *value;
    } wanted[] = { { NID_basic_constraints, "critical,CA:FALSE" },
                   { NID_key_usage, "critical,digitalSignature" },
                   { NID_subject_key_identifier, "hash" } };
    BIGNUM *bn;

    bench_must(X509_REQ_verify(req, key) == 1, "X509_REQ_verify");
    bench_must(i->crypto->random(i->crypto->self, serial, sizeof serial) ==
                   BM_OK,
               "random");
    bn = BN_bin2bn(serial, sizeof serial, NULL);
    bench_must(X509_set_version(x, X509_VERSION_3) == 1 &&
                   BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x)) != NULL &&
                   X509_set_issuer_name(x, i->issuer) == 1 &&
                   X509_set_subject_name(x, X509_REQ_get_subject_name(req)) ==
                       1 &&
                   X509_gmtime_adj(X509_getm_notBefore(x), 0) != NULL &&
                   X509_gmtime_adj(X509_getm_notAfter(x), 86400) != NULL &&
                   X509_set_pubkey(x, key) == 1,
               "X509_set");
    X509V3_set_ctx(&ctx, x, x, req, NULL, 0);
    for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++) {
        X509_EXTENSION *e =
            X509V3_EXT_nconf_nid(NULL, &ctx, wanted[k].nid, wanted[k].value);

        bench_must(X509_add_ext(x, e, -1) == 1, "extension");
        X509_EXTENSION_free(e);
    }
    for (int k = 0; k < sk_X509_EXTENSION_num(exts); k++) {
        bench_must(X509_add_ext(x, sk_X509_EXTENSION_value(exts, k), -1) == 1,
                   "extension");
    }
    bench_must(X509_sign(x, bm_openssl_signer_pkey(i->ca), EVP_sha256()) > 0 &&
                   i2d_X509(x, &der) > 0,
               "X509_sign");
    OPENSSL_free(der);
    BN_free(bn);
    sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
    X509_free(x);
    X509_REQ_free(req);
}

static const struct bench_op ops[] = {
    BENCH_RAW_VERIFY,
    BENCH_RAW_SIGN,
    { "ours", open_issue, ours, close_issue, 80 },
    { "X509_*", open_issue, theirs, close_issue, 20 },
};

void bench_issue(void)
{
    for (unsigned threads = 1; threads <= 2; threads++) {
        double ns[4];
        double limit;

        bench_measure(ops, 4, threads, ns);
        limit = ns[0] + ns[1];
        bench_head(threads == 1 ? "issue a certificate, one core"
                                : "issue a certificate, two cores",
                   "us");
        bench_limit_rows(ns);
        bench_row("request to certificate, P-256", ns[2] / 1e3, limit / ns[2],
                  0.85);
        bench_note("the same with X509_* objects", ns[3] / 1e3, limit / 1e3);
        bench_limit("thousand certificates per second of CPU time",
                    threads * 1e6 / ns[2]);
    }
}
