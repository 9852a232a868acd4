/* SPDX-License-Identifier: Apache-2.0 */

/* Revocation lists written by OpenSSL. */
#include "tests/differential/make.h"

/* As openssl.cnf would say it. */
static const struct {
    int nid;
    const char *value;
} crl_exts[] = {
    { NID_authority_key_identifier, "keyid" },
    { NID_issuer_alt_name, "DNS:ca.example.com" },
    { NID_freshest_crl, "URI:http://example.com/delta" },
    { NID_info_access, "caIssuers;URI:http://example.com/ca" },
};

static void add_number(X509_CRL *crl, int nid, int critical)
{
    uint8_t octets[20];
    int n = 1 + (int)random_below(sizeof octets);
    ASN1_INTEGER *number;
    BIGNUM *bn;

    random_fill(octets, sizeof octets);
    octets[0] &= 0x7f;
    bn = BN_bin2bn(octets, n, NULL);
    number = BN_to_ASN1_INTEGER(bn, NULL);
    (void)X509_CRL_add1_ext_i2d(crl, nid, number, critical, 0);
    ASN1_INTEGER_free(number);
    BN_free(bn);
}

static void add_idp(X509_CRL *crl)
{
    ISSUING_DIST_POINT *idp = ISSUING_DIST_POINT_new();

    switch (random_below(3)) {
    case 0:
        idp->onlyuser = 0xff;
        break;
    case 1:
        idp->onlyCA = 0xff;
        break;
    default:
        idp->indirectCRL = 0xff;
        break;
    }
    (void)X509_CRL_add1_ext_i2d(crl, NID_issuing_distribution_point, idp, 1, 0);
    ISSUING_DIST_POINT_free(idp);
}

static void add_reason(X509_REVOKED *entry)
{
    static const int reasons[] = { 1, 2, 3, 4, 5, 6, 9, 10 };
    ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();

    (void)ASN1_ENUMERATED_set(reason, reasons[random_below(8)]);
    (void)X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0);
    ASN1_ENUMERATED_free(reason);
}

static void add_entry(X509_CRL *crl, bool v2)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)random_below(2000000000));

    (void)ASN1_INTEGER_set_uint64(serial, 1 + random_below(0x7fffffff));
    (void)X509_REVOKED_set_serialNumber(entry, serial);
    (void)X509_REVOKED_set_revocationDate(entry, when);
    if (v2 && random_one_in(2)) {
        add_reason(entry);
    }
    if (v2 && random_one_in(3)) {
        ASN1_GENERALIZEDTIME *since =
            ASN1_GENERALIZEDTIME_set(NULL, (time_t)random_below(2000000000));

        (void)X509_REVOKED_add1_ext_i2d(entry, NID_invalidity_date, since, 0,
                                        0);
        ASN1_GENERALIZEDTIME_free(since);
    }
    (void)X509_CRL_add0_revoked(crl, entry);
    ASN1_INTEGER_free(serial);
    ASN1_TIME_free(when);
}

static void add_crl_exts(X509_CRL *crl, X509 *issuer)
{
    struct ext_list list = { .exts = NULL };

    X509V3_set_ctx(&list.ctx, issuer, NULL, NULL, crl, 0);
    for (uint32_t n = random_below(3); n > 0; n--) {
        size_t i = random_below(sizeof crl_exts / sizeof crl_exts[0]);

        make_add_ext(&list, crl_exts[i].nid, crl_exts[i].value);
    }
    if (random_one_in(6)) {
        make_add_private(&list);
    }
    for (int i = 0; i < sk_X509_EXTENSION_num(list.exts); i++) {
        (void)X509_CRL_add_ext(crl, sk_X509_EXTENSION_value(list.exts, i), -1);
    }
    sk_X509_EXTENSION_pop_free(list.exts, X509_EXTENSION_free);
    add_number(crl, NID_crl_number, 0);
    if (random_one_in(4)) {
        add_number(crl, NID_delta_crl, 1);
    }
    if (random_one_in(3)) {
        add_idp(crl);
    }
}

/* For the authorityKeyIdentifier. */
static X509 *issuer_of(EVP_PKEY *key)
{
    X509 *x = X509_new();
    X509_EXTENSION *ski;
    X509V3_CTX ctx;

    (void)X509_set_pubkey(x, key);
    X509V3_set_ctx(&ctx, NULL, x, NULL, NULL, 0);
    ski = X509V3_EXT_nconf_nid(NULL, &ctx, NID_subject_key_identifier, "hash");
    (void)X509_add_ext(x, ski, -1);
    X509_EXTENSION_free(ski);
    return x;
}

struct bm_bytes make_crl(void)
{
    X509_CRL *crl = X509_CRL_new();
    X509_NAME *name = make_name();
    EVP_PKEY *signer = make_key();
    X509 *issuer = issuer_of(signer);
    ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)random_below(2000000000));
    ASN1_TIME *then = ASN1_TIME_set(NULL, (time_t)3000000000);
    bool v2 = !random_one_in(8);
    uint8_t *der = NULL;
    struct bm_bytes out;

    if (v2) { /* version 1 is not written at all */
        (void)X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    }
    (void)X509_CRL_set_issuer_name(crl, name);
    (void)X509_CRL_set1_lastUpdate(crl, now);
    (void)X509_CRL_set1_nextUpdate(crl, then);
    for (uint32_t n = random_below(5); n > 0; n--) {
        add_entry(crl, v2);
    }
    if (v2) {
        add_crl_exts(crl, issuer);
    }
    if (X509_CRL_sign(crl, signer, make_md(signer)) > 0) {
        (void)i2d_X509_CRL(crl, &der);
    }
    out = make_written(der, der == NULL ? 0 : i2d_X509_CRL(crl, NULL));
    ASN1_TIME_free(now);
    ASN1_TIME_free(then);
    X509_NAME_free(name);
    X509_free(issuer);
    X509_CRL_free(crl);
    return out;
}
