/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/differential/same.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/time.h"
#include "tests/harness/test_crypto.h"

bool same_string(struct bm_bytes ours, const ASN1_STRING *theirs)
{
    return theirs != NULL && (size_t)ASN1_STRING_length(theirs) == ours.n &&
           (ours.n == 0 ||
            memcmp(ASN1_STRING_get0_data(theirs), ours.p, ours.n) == 0);
}

bool same_integer(struct bm_bytes ours, const ASN1_INTEGER *theirs)
{
    uint8_t der[64];
    uint8_t *p = der;
    int n = theirs == NULL ? -1 : i2d_ASN1_INTEGER(theirs, NULL);

    if (n < 2 || (size_t)n > sizeof der) {
        return false;
    }
    (void)i2d_ASN1_INTEGER(theirs, &p);
    return (size_t)n - 2 == ours.n && memcmp(der + 2, ours.p, ours.n) == 0;
}

bool same_oid(struct bm_bytes oid, const ASN1_OBJECT *theirs)
{
    return theirs != NULL && OBJ_length(theirs) == oid.n &&
           memcmp(OBJ_get0_data(theirs), oid.p, oid.n) == 0;
}

bool same_name(struct bm_bytes ours, const X509_NAME *theirs)
{
    struct bm_name_walk walk;
    struct bm_attr attr;
    int i = 0;
    int last_set = -1;

    bm_name_walk(&walk, ours);
    while (bm_name_next(&walk, &attr)) {
        X509_NAME_ENTRY *e = X509_NAME_get_entry(theirs, i++);
        const ASN1_STRING *value;

        if (e == NULL) {
            return false;
        }
        value = X509_NAME_ENTRY_get_data(e);
        if (attr.starts_rdn != (X509_NAME_ENTRY_set(e) != last_set) ||
            ASN1_STRING_type(value) != attr.tag ||
            !same_oid(attr.type, X509_NAME_ENTRY_get_object(e)) ||
            !same_string(attr.value, value)) {
            return false;
        }
        last_set = X509_NAME_ENTRY_set(e);
    }
    return i == X509_NAME_entry_count(theirs) &&
           bm_name_is_empty(ours) == (i == 0);
}

bool same_time(int64_t ours, const ASN1_TIME *theirs)
{
    struct tm tm;
    struct bm_date date;

    bm_time_to_date(ours, &date);
    return ASN1_TIME_to_tm(theirs, &tm) == 1 &&
           tm.tm_year + 1900 == date.year && tm.tm_mon + 1 == date.month &&
           tm.tm_mday == date.day && tm.tm_hour == date.hour &&
           tm.tm_min == date.minute && tm.tm_sec == date.second;
}

bool ours_has_usable_key(const struct bm_spki *key)
{
    const struct bm_crypto *c = bm_test_crypto();

    if (key->type != BM_KEY_P256 && key->type != BM_KEY_P384) {
        return true;
    }
    return c->check_key(c->self, key) == BM_OK;
}

static bool same_other(const struct bm_general_name *ours,
                       const OTHERNAME *theirs)
{
    uint8_t *der = NULL;
    int n = i2d_ASN1_TYPE(theirs->value, &der);
    bool same = n >= 0 && (size_t)n == ours->value.n &&
                memcmp(der, ours->value.p, ours->value.n) == 0 &&
                same_oid(ours->type, theirs->type_id);

    OPENSSL_free(der);
    return same;
}

bool same_general_name(const struct bm_general_name *ours,
                       const GENERAL_NAME *theirs)
{
    if (theirs->type != (int)ours->kind) {
        return false;
    }
    switch (ours->kind) {
    case BM_GN_OTHER:
        return same_other(ours, theirs->d.otherName);
    case BM_GN_EMAIL:
    case BM_GN_DNS:
    case BM_GN_URI:
        return same_string(ours->value, theirs->d.ia5);
    case BM_GN_IP:
        return same_string(ours->value, theirs->d.iPAddress);
    case BM_GN_DIRECTORY:
        return same_name(ours->value, theirs->d.directoryName);
    case BM_GN_RID:
        return same_oid(ours->value, theirs->d.registeredID);
    default:
        return true; /* carried by both, interpreted by neither */
    }
}

/* "Field=value, Type=OTHERNAME": the innermost field that was being read. */
static const char *field_of(const char *data)
{
    static char field[64];
    const char *start = strstr(data, "Type=");
    size_t n;

    if (strncmp(data, "Field=", 6) == 0 && start != NULL) {
        n = strcspn(data + 6, ",");
        snprintf(field, sizeof field, "%s.%.*s", start + 5, (int)n, data + 6);
        return field;
    }
    return NULL;
}

struct diff_why openssl_reason(const char *where)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    const char *field = NULL;
    const char *data;
    int flags;

    while (ERR_get_error_all(NULL, NULL, NULL, &data, &flags) != 0) {
        if (field == NULL && (flags & ERR_TXT_STRING) != 0) {
            field = field_of(data);
        }
    }
    return (struct diff_why){ reason != NULL ? reason : "no-reason",
                              field != NULL ? field : where };
}

/* The curves that we know. */
static bool is_our_curve(const X509_ALGOR *alg)
{
    const ASN1_OBJECT *oid = NULL;
    const void *value = NULL;
    int type = V_ASN1_UNDEF;
    int nid;

    X509_ALGOR_get0(&oid, &type, &value, alg);
    nid = type == V_ASN1_OBJECT ? OBJ_obj2nid(value) : NID_undef;
    return nid == NID_X9_62_prime256v1 || nid == NID_secp384r1;
}

bool openssl_reads_key(X509_PUBKEY *pub, struct diff_why *why)
{
    X509_ALGOR *alg = NULL;
    const ASN1_OBJECT *oid = NULL;
    int nid;

    ERR_clear_error();
    if (X509_PUBKEY_get0(pub) != NULL) {
        return true;
    }
    *why = openssl_reason("key");
    if (X509_PUBKEY_get0_param(NULL, NULL, NULL, &alg, pub) != 1) {
        return false;
    }
    X509_ALGOR_get0(&oid, NULL, NULL, alg);
    nid = OBJ_obj2nid(oid);
    return nid == NID_X9_62_id_ecPublicKey
               ? !is_our_curve(alg)
               : nid != NID_rsaEncryption && nid != NID_ED25519;
}
