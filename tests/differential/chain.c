/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Verdicts on chains: root (the anchor), issuing CA, leaf. Certificates that
 * the two do not both read are not looked at here, see cert.c. Alterations
 * are made in what is signed, and then signed: a wrong signature would hide
 * everything else.
 */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "core/tbs.h"
#include "tests/differential/diff.h"
#include "tests/differential/same.h"
#include "tests/harness/test_crypto.h"

#define CERTS    3
#define CERT_MAX 4096

static bool split(struct bm_bytes der, struct bm_bytes certs[CERTS])
{
    struct bm_der d;

    bm_der_init(&d, der, NULL);
    for (size_t i = 0; i < CERTS; i++) {
        if (bm_der_take_element(&d, BM_DER_SEQUENCE, &certs[i]) != BM_OK) {
            return false;
        }
    }
    return bm_der_end(&d) == BM_OK;
}

static bm_status ours(struct bm_bytes der, struct bm_diag *diag, void *view)
{
    struct bm_bytes parts[CERTS];
    struct bm_cert certs[CERTS];
    struct bm_path path;
    const struct bm_path_config config = {
        .crypto = bm_test_crypto(),
        .anchors = &certs[0],
        .anchors_n = 1,
        .pool = &certs[1],
        .pool_n = 1,
        .time = CHAIN_TIME,
        .flags = BM_PATH_PROFILE,
    };

    (void)view;
    if (!split(der, parts)) {
        return BM_E_ARGUMENT;
    }
    for (size_t i = 0; i < CERTS; i++) {
        BM_TRY(bm_cert_parse(parts[i], BM_STRICT, diag, &certs[i]));
    }
    return bm_path_find(&path, &config, &certs[2]);
}

static X509 *read_one(struct bm_bytes der)
{
    const uint8_t *p = der.p;

    return d2i_X509(NULL, &p, (long)der.n);
}

static int verify(X509 *const x[CERTS])
{
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int error = X509_V_ERR_UNSPECIFIED;

    if (X509_STORE_add_cert(store, x[0]) == 1 &&
        sk_X509_push(untrusted, x[1]) > 0 &&
        X509_STORE_CTX_init(ctx, store, x[2], untrusted) == 1) {
        X509_STORE_CTX_set_time(ctx, 0, (time_t)CHAIN_TIME);
        X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT |
                                          X509_V_FLAG_POLICY_CHECK);
        error = X509_verify_cert(ctx) == 1 ? X509_V_OK
                                           : X509_STORE_CTX_get_error(ctx);
        if (error == X509_V_OK && X509_STORE_CTX_get_num_untrusted(ctx) < 1) {
            error = X509_V_ERR_UNSPECIFIED;
        }
    }
    X509_STORE_CTX_free(ctx);
    sk_X509_free(untrusted);
    X509_STORE_free(store);
    return error;
}

/*
 * "No issuer" has many reasons: the first pair that OpenSSL does not take for
 * issuer and issued says which.
 */
static const char *where(X509 *const x[CERTS], int error)
{
    if (error != X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY) {
        return "-";
    }
    for (size_t i = 1; i < CERTS; i++) {
        int reason = X509_check_issued(x[i - 1], x[i]);

        if (reason != X509_V_OK) {
            return X509_verify_cert_error_string(reason);
        }
    }
    return "-";
}

/* A chain that verified leaves nothing behind to compare. */
static void *theirs(struct bm_bytes der, struct diff_why *why)
{
    static int good;
    struct bm_bytes parts[CERTS];
    X509 *x[CERTS] = { NULL, NULL, NULL };
    int error = X509_V_ERR_UNSPECIFIED;

    *why = (struct diff_why){ "not read", "-" };
    if (split(der, parts)) {
        for (size_t i = 0; i < CERTS; i++) {
            x[i] = read_one(parts[i]);
        }
        if (x[0] != NULL && x[1] != NULL && x[2] != NULL) {
            error = verify(x);
            *why = (struct diff_why){ X509_verify_cert_error_string(error),
                                      where(x, error) };
        }
    }
    for (size_t i = 0; i < CERTS; i++) {
        X509_free(x[i]);
    }
    ERR_clear_error();
    return error == X509_V_OK ? &good : NULL;
}

static void release(void *object)
{
    (void)object;
}

static const char *compare(const void *view, void *object)
{
    (void)view;
    (void)object;
    return NULL;
}

const struct diff_kind diff_chain = {
    .name = "chain",
    .ours = ours,
    .view_size = 0,
    .theirs = theirs,
    .release = release,
    .compare = compare,
};

/* The chain whose certificate `altered` is being changed. */
static struct bm_bytes current[CERTS];
static size_t altered;

static bool both_read(struct bm_bytes der)
{
    struct diff_why why;
    struct bm_cert cert;
    void *object = diff_cert.theirs(der, &why);
    bool both =
        object != NULL && bm_cert_parse(der, BM_STRICT, NULL, &cert) == BM_OK;

    diff_cert.release(object);
    return both;
}

static void judge_chain(const struct bm_bytes certs[CERTS])
{
    static uint8_t buf[CERTS * CERT_MAX];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, buf, sizeof buf);
    for (size_t i = 0; i < CERTS; i++) {
        if (!both_read(certs[i])) {
            return;
        }
        bm_wr_put(&w, certs[i]);
    }
    if (bm_wr_finish(&w, &n) == BM_OK) {
        (void)diff_judge(&diff_chain, bm_wr_bytes(&w));
    }
}

/* What `mutate.c` calls with a changed tbsCertificate: sign it, then judge. */
static void sign_and_judge(const struct diff_kind *kind, struct bm_bytes tbs)
{
    const struct bm_signer *issuer =
        bm_test_signer_nth(BM_KEY_P256, altered == 0 ? 0 : altered - 1);
    struct bm_bytes certs[CERTS];
    uint8_t cert[CERT_MAX];
    uint8_t sig[100];
    struct bm_wr sw;
    struct bm_wr w;

    (void)kind;
    if (tbs.n > CERT_MAX - 200) {
        return;
    }
    bm_wr_init(&sw, sig, sizeof sig);
    if (issuer->sign(issuer->self, tbs, &sw) != BM_OK) {
        return;
    }
    bm_wr_init(&w, cert, sizeof cert);
    bm_cert_assemble(&w, tbs, BM_SIG_ECDSA_SHA256, bm_wr_bytes(&sw));
    memcpy(certs, current, sizeof certs);
    certs[altered] = bm_wr_bytes(&w);
    judge_chain(certs);
}

void chain_run(unsigned long n, unsigned changes)
{
    for (unsigned long i = 0; i < n; i++) {
        for (size_t k = 0; k < CERTS; k++) {
            current[k] = make_chain_cert(k);
        }
        judge_chain(current);
        for (altered = 0; i % 8 == 0 && altered < CERTS; altered++) {
            struct bm_cert cert;

            if (bm_cert_parse(current[altered], BM_STRICT, NULL, &cert) ==
                BM_OK) {
                mutate_some(&diff_chain, cert.tbs, changes, sign_and_judge);
            }
        }
        for (size_t k = 0; k < CERTS; k++) {
            make_free(current[k]);
        }
    }
}
