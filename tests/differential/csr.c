/* SPDX-License-Identifier: Apache-2.0 */
#include "core/csr.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "tests/differential/diff.h"
#include "tests/differential/same.h"

struct csr_object {
    X509_REQ *req;
    STACK_OF(X509_EXTENSION) * exts; /* NULL if none are requested */
};

static bm_status ours(struct bm_bytes der, struct bm_diag *diag, void *view)
{
    struct bm_csr *csr = view;

    BM_TRY(bm_csr_parse(der, diag, csr));
    return ours_has_usable_key(&csr->key) ? BM_OK : BM_E_KEY_POINT;
}

static void release(void *object)
{
    struct csr_object *o = object;

    if (o != NULL) {
        sk_X509_EXTENSION_pop_free(o->exts, X509_EXTENSION_free);
        X509_REQ_free(o->req);
        OPENSSL_free(o);
    }
}

/* Is extensionRequest there, and an extension inside that is read? */
static bool reads_request(struct csr_object *o, struct diff_why *why)
{
    if (X509_REQ_get_attr_by_NID(o->req, NID_ext_req, -1) < 0) {
        return true;
    }
    o->exts = X509_REQ_get_extensions(o->req);
    if (o->exts == NULL) {
        *why = openssl_reason("extensionRequest");
        return false;
    }
    return openssl_reads_exts(o->exts, why);
}

static void *theirs(struct bm_bytes der, struct diff_why *why)
{
    const uint8_t *p = der.p;
    struct csr_object *o = OPENSSL_zalloc(sizeof *o);

    if (o == NULL) {
        return NULL;
    }
    o->req = d2i_X509_REQ(NULL, &p, (long)der.n);
    if (o->req == NULL) {
        *why = openssl_reason("-");
    } else if (p != der.p + der.n) {
        *why = (struct diff_why){ "trailing", "-" };
    } else if (openssl_reads_key(X509_REQ_get_X509_PUBKEY(o->req), why) &&
               reads_request(o, why)) {
        ERR_clear_error();
        return o;
    }
    ERR_clear_error();
    release(o);
    return NULL;
}

static bool same_key(const struct bm_csr *c, X509_REQ *req)
{
    uint8_t *der = NULL;
    int n = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(req), &der);
    bool same = n > 0 && (size_t)n == c->key.der.n &&
                memcmp(der, c->key.der.p, c->key.der.n) == 0;

    OPENSSL_free(der);
    return same;
}

/* The challenge as characters; OpenSSL holds them as they stood. */
static bool same_challenge(const struct bm_csr *c, X509_REQ *req)
{
    int i = X509_REQ_get_attr_by_NID(req, NID_pkcs9_challengePassword, -1);
    ASN1_TYPE *value;

    if (i < 0) {
        return c->challenge.n == 0;
    }
    value = X509_ATTRIBUTE_get0_type(X509_REQ_get_attr(req, i), 0);
    return value != NULL && same_string(c->challenge, value->value.asn1_string);
}

static const char *compare(const void *view, void *object)
{
    const struct bm_csr *c = view;
    const struct csr_object *o = object;
    const ASN1_BIT_STRING *sig = NULL;
    const X509_ALGOR *alg = NULL;
    const char *field;

    if (!same_name(c->subject, X509_REQ_get_subject_name(o->req))) {
        return "subject";
    }
    if (!same_key(c, o->req)) {
        return "key";
    }
    X509_REQ_get0_signature(o->req, &sig, &alg);
    if (!same_string(c->signature, sig)) {
        return "signature";
    }
    if (!same_challenge(c, o->req)) {
        return "challenge";
    }
    field = same_exts(&c->ext, o->exts);
    if (field != NULL) {
        return field;
    }
    return NULL;
}

const struct diff_kind diff_csr = {
    .name = "csr",
    .ours = ours,
    .view_size = sizeof(struct bm_csr),
    .theirs = theirs,
    .release = release,
    .compare = compare,
};
