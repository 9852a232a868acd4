/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "tests/differential/diff.h"
#include "tests/differential/same.h"

static bm_status ours(struct bm_bytes der, struct bm_diag *diag, void *view)
{
    return bm_crl_parse(der, diag, view);
}

static void release(void *object)
{
    X509_CRL_free(object);
}

static bool reads_entries(X509_CRL *crl, struct diff_why *why)
{
    STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl);

    for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
        const X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i);

        if (!openssl_reads_entry_exts(X509_REVOKED_get0_extensions(entry),
                                      why)) {
            return false;
        }
    }
    return true;
}

static void *theirs(struct bm_bytes der, struct diff_why *why)
{
    const uint8_t *p = der.p;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.n);

    if (crl == NULL) {
        *why = openssl_reason("-");
        return NULL;
    }
    if (p != der.p + der.n) {
        *why = (struct diff_why){ "trailing", "-" };
    } else if (openssl_reads_crl_exts(X509_CRL_get0_extensions(crl), why) &&
               reads_entries(crl, why)) {
        ERR_clear_error();
        return crl;
    }
    ERR_clear_error();
    X509_CRL_free(crl);
    return NULL;
}

/* The value of an extension, read by OpenSSL; freed with its own type. */
static bool same_reason(const struct bm_crl_entry *ours,
                        const X509_REVOKED *theirs)
{
    int critical;
    ASN1_ENUMERATED *reason =
        X509_REVOKED_get_ext_d2i(theirs, NID_crl_reason, &critical, NULL);
    bool same =
        ours->reason == (reason == NULL ? 0 : ASN1_ENUMERATED_get(reason));

    ASN1_ENUMERATED_free(reason);
    return same;
}

static bool same_since(const struct bm_crl_entry *ours,
                       const X509_REVOKED *theirs)
{
    int critical;
    ASN1_GENERALIZEDTIME *since =
        X509_REVOKED_get_ext_d2i(theirs, NID_invalidity_date, &critical, NULL);
    bool same = ours->has_invalid_since == (since != NULL) &&
                (since == NULL || same_time(ours->invalid_since, since));

    ASN1_GENERALIZEDTIME_free(since);
    return same;
}

static const char *same_entries(const struct bm_crl *c, X509_CRL *crl)
{
    STACK_OF(X509_REVOKED) *theirs = X509_CRL_get_REVOKED(crl);
    struct bm_bytes entries = c->entries;
    struct bm_crl_entry entry;
    int i = 0;

    while (bm_crl_entry_next(&entries, &entry)) {
        const X509_REVOKED *other = sk_X509_REVOKED_value(theirs, i++);

        if (other == NULL ||
            !same_integer(entry.serial,
                          X509_REVOKED_get0_serialNumber(other))) {
            return "entry-serial";
        }
        if (!same_time(entry.revoked_at,
                       X509_REVOKED_get0_revocationDate(other))) {
            return "entry-date";
        }
        if (!same_reason(&entry, other)) {
            return "entry-reason";
        }
        if (!same_since(&entry, other)) {
            return "entry-invalidity";
        }
        if (same_ext_list(entry.extensions,
                          X509_REVOKED_get0_extensions(other)) != NULL) {
            return "entry-extensions";
        }
    }
    return i == (theirs == NULL ? 0 : sk_X509_REVOKED_num(theirs)) ? NULL
                                                                   : "entries";
}

static bool same_number(struct bm_bytes ours, X509_CRL *crl, int nid)
{
    int critical;
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, nid, &critical, NULL);
    bool same = number == NULL ? ours.n == 0 : same_integer(ours, number);

    ASN1_INTEGER_free(number);
    return same;
}

static bool same_idp(const struct bm_crl *c, X509_CRL *crl)
{
    int critical;
    ISSUING_DIST_POINT *idp = X509_CRL_get_ext_d2i(
        crl, NID_issuing_distribution_point, &critical, NULL);
    const struct bm_crl_idp *o = &c->ext.idp;
    bool same = c->ext.has_idp == (idp != NULL);

    if (same && idp != NULL) {
        same = o->only_user_certs == (idp->onlyuser > 0) &&
               o->only_ca_certs == (idp->onlyCA > 0) &&
               o->only_attribute_certs == (idp->onlyattr > 0) &&
               o->indirect == (idp->indirectCRL > 0) &&
               o->has_reasons == (idp->onlysomereasons != NULL);
    }
    ISSUING_DIST_POINT_free(idp);
    return same;
}

static const char *same_head(const struct bm_crl *c, X509_CRL *crl)
{
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
    const ASN1_BIT_STRING *sig = NULL;
    const X509_ALGOR *alg = NULL;

    X509_CRL_get0_signature(crl, &sig, &alg);
    if (X509_CRL_get_version(crl) + 1 != c->head.version) {
        return "version";
    }
    if (!same_name(c->head.issuer, X509_CRL_get_issuer(crl))) {
        return "issuer";
    }
    if (!same_time(c->head.this_update, X509_CRL_get0_lastUpdate(crl))) {
        return "thisUpdate";
    }
    if (c->head.has_next_update != (next != NULL) ||
        (next != NULL && !same_time(c->head.next_update, next))) {
        return "nextUpdate";
    }
    return same_string(c->signature, sig) ? NULL : "signature";
}

static const char *compare(const void *view, void *object)
{
    const struct bm_crl *c = view;
    X509_CRL *crl = object;
    const char *field = same_head(c, crl);

    if (field == NULL) {
        field = same_entries(c, crl);
    }
    if (field == NULL) {
        field = same_ext_list(c->ext.common.all, X509_CRL_get0_extensions(crl));
    }
    if (field == NULL && !same_number(c->ext.number, crl, NID_crl_number)) {
        return "number";
    }
    if (field == NULL && !same_number(c->ext.base, crl, NID_delta_crl)) {
        return "base";
    }
    if (field == NULL && !same_idp(c, crl)) {
        return "idp";
    }
    return field;
}

const struct diff_kind diff_crl = {
    .name = "crl",
    .ours = ours,
    .view_size = sizeof(struct bm_crl),
    .theirs = theirs,
    .release = release,
    .compare = compare,
};
