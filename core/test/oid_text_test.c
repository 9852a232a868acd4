/* SPDX-License-Identifier: Apache-2.0 */
#include "core/oid.h"

#include "tests/harness/bm_test.h"

static struct bm_bytes str(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* Everything that oid.h names must have a name to print. */
static const struct {
    struct {
        const char *p;
        size_t n;
    } oid;
    const char *name;
} known[] = {
#define ROW(oid, name)                   \
    {                                    \
        { (oid), sizeof(oid) - 1 }, name \
    }
    ROW(BM_OID_CE_SDA, "subjectDirectoryAttributes"),
    ROW(BM_OID_CE_SKI, "subjectKeyIdentifier"),
    ROW(BM_OID_CE_KEY_USAGE, "keyUsage"),
    ROW(BM_OID_CE_SAN, "subjectAltName"),
    ROW(BM_OID_CE_IAN, "issuerAltName"),
    ROW(BM_OID_CE_BASIC, "basicConstraints"),
    ROW(BM_OID_CE_CRL_NUMBER, "cRLNumber"),
    ROW(BM_OID_CE_REASON, "reasonCode"),
    ROW(BM_OID_CE_INVALIDITY, "invalidityDate"),
    ROW(BM_OID_CE_DELTA_CRL, "deltaCRLIndicator"),
    ROW(BM_OID_CE_IDP, "issuingDistributionPoint"),
    ROW(BM_OID_CE_CERT_ISSUER, "certificateIssuer"),
    ROW(BM_OID_CE_NAME_CONSTR, "nameConstraints"),
    ROW(BM_OID_CE_CRL_DP, "cRLDistributionPoints"),
    ROW(BM_OID_CE_POLICIES, "certificatePolicies"),
    ROW(BM_OID_CE_MAPPINGS, "policyMappings"),
    ROW(BM_OID_CE_AKI, "authorityKeyIdentifier"),
    ROW(BM_OID_CE_POLICY_CONSTR, "policyConstraints"),
    ROW(BM_OID_CE_EKU, "extKeyUsage"),
    ROW(BM_OID_CE_FRESHEST, "freshestCRL"),
    ROW(BM_OID_CE_INHIBIT_ANY, "inhibitAnyPolicy"),
    ROW(BM_OID_ANY_POLICY, "anyPolicy"),
    ROW(BM_OID_ANY_EKU, "anyExtendedKeyUsage"),
    ROW(BM_OID_PE_AIA, "authorityInfoAccess"),
    ROW(BM_OID_PE_SIA, "subjectInfoAccess"),
    ROW(BM_OID_PE_TLS_FEATURE, "tlsFeature"),
    ROW(BM_OID_KP_SERVER_AUTH, "serverAuth"),
    ROW(BM_OID_KP_CLIENT_AUTH, "clientAuth"),
    ROW(BM_OID_KP_CODE_SIGNING, "codeSigning"),
    ROW(BM_OID_KP_EMAIL, "emailProtection"),
    ROW(BM_OID_KP_TIME_STAMPING, "timeStamping"),
    ROW(BM_OID_KP_OCSP_SIGNING, "OCSPSigning"),
    ROW(BM_OID_KP_CMC_RA, "cmcRA"),
    ROW(BM_OID_AD_OCSP, "ocsp"),
    ROW(BM_OID_AD_CA_ISSUERS, "caIssuers"),
    ROW(BM_OID_ON_PERMANENT_ID, "permanentIdentifier"),
    ROW(BM_OID_ON_HARDWARE, "hardwareModuleName"),
    ROW(BM_OID_OCSP_BASIC, "ocspBasic"),
    ROW(BM_OID_OCSP_NONCE, "ocspNonce"),
    ROW(BM_OID_OCSP_NOCHECK, "ocspNoCheck"),
    ROW(BM_OID_OCSP_EXT_REVOKED, "ocspExtendedRevoke"),
    ROW(BM_OID_AT_CN, "CN"),
    ROW(BM_OID_AT_SERIAL, "serialNumber"),
    ROW(BM_OID_AT_C, "C"),
    ROW(BM_OID_AT_L, "L"),
    ROW(BM_OID_AT_ST, "ST"),
    ROW(BM_OID_AT_O, "O"),
    ROW(BM_OID_AT_OU, "OU"),
    ROW(BM_OID_AT_DC, "DC"),
    ROW(BM_OID_AT_EMAIL, "emailAddress"),
    ROW(BM_OID_AT_MATTER_VID, "matter-vid"),
    ROW(BM_OID_AT_MATTER_PID, "matter-pid"),
    ROW(BM_OID_P9_CONTENT_TYPE, "contentType"),
    ROW(BM_OID_P9_DIGEST, "messageDigest"),
    ROW(BM_OID_P9_SIGNING_TIME, "signingTime"),
    ROW(BM_OID_P9_CHALLENGE, "challengePassword"),
    ROW(BM_OID_P9_EXTENSIONS, "extensionRequest"),
    ROW(BM_OID_CMS_DATA, "data"),
    ROW(BM_OID_CMS_SIGNED, "signedData"),
    ROW(BM_OID_P9_CAPABILITIES, "smimeCapabilities"),
    ROW(BM_OID_AA_DECRYPT_KEY, "decryptKeyID"),
    ROW(BM_OID_AA_ASYMM_DECRYPT_KEY, "asymmDecryptKeyID"),
    ROW(BM_OID_AA_CSR_TEMPLATE, "certificationRequestInfoTemplate"),
    ROW(BM_OID_AA_EXT_TEMPLATE, "extensionReqTemplate"),
    ROW(BM_OID_KEY_PACKAGE, "asymmetricKeyPackage"),
    ROW(BM_OID_AES128_CBC, "aes128-CBC"),
    ROW(BM_OID_AES256_CBC, "aes256-CBC"),
    ROW(BM_OID_SHA1, "SHA-1"),
    ROW(BM_OID_SHA256, "SHA-256"),
    ROW(BM_OID_SHA384, "SHA-384"),
    ROW(BM_OID_SHA512, "SHA-512"),
    /* From the specifications of others, octets computed elsewhere */
    ROW("\x2b\x06\x01\x04\x01\x82\xa2\x7c\x01\x05", "matter-fabric-id"),
    ROW("\x2b\x06\x01\x04\x01\x82\xde\x7c\x01\x06", "ocfIdentity"),
    ROW("\x2b\x06\x01\x04\x01\x83\x91\x56\x01\x00", "ocfCompliance"),
    ROW("\x2b\x06\x01\x04\x01\x82\xe4\x25\x01", "wisunFanDevice"),
    ROW("\x67\x81\x05\x08\x01", "tcgEKCertificate"),
    ROW("\x67\x81\x05\x01\x02", "tcgTpm20"),
    ROW("\x67\x81\x05\x0b\x01\x01", "tcgVerifiedTPMResidency"),
    ROW("\x67\x81\x05\x05\x04\x64\x0c", "tcgDiceEca"),
    ROW("\x2a\x86\x48\xce\x56\x08\x01", "IECUserRoles"),
    ROW("\x2b\x06\x01\x05\x05\x07\x01\x22", "nfTypes"),
    ROW("\x60\x86\x48\x01\x65\x03\x04\x03\x12", "ML-DSA-65"),
    ROW("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x11", "HSS-LMS"),
    ROW("\x2a\x86\x48\xce\x3d\x03\x01\x07", "secp256r1"),
    ROW("\x2b\x81\x04\x00\x22", "secp384r1"),
    ROW("\x2b\x65\x70", "Ed25519"),
#undef ROW
};

/* Those of RFC 5280 4.2.1 and 4.2.2 among them. */
static void each_identifier_we_use_has_a_name(void)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct bm_bytes oid = { (const uint8_t *)known[i].oid.p,
                                known[i].oid.n };
        const char *name = bm_oid_name(oid);

        bm_check(name != NULL && strcmp(name, known[i].name) == 0,
                 known[i].name, __FILE__, __LINE__);
    }
}

static void an_unknown_identifier_has_none(void)
{
    CHECK(bm_oid_name(BM_LIT("\x2a\x03\x04")) == NULL);
    CHECK(bm_oid_name(BM_LIT("\x55\x1d")) == NULL);
    CHECK(bm_oid_name(BM_LIT("\x55\x1d\x0f\x01")) == NULL);
    CHECK(bm_oid_name(BM_LIT("")) == NULL);
    CHECK(bm_oid_attribute_name(BM_LIT(BM_OID_CE_SAN)) == NULL);
    CHECK(bm_oid_attribute_name(BM_LIT(BM_OID_AT_CN)) != NULL);
}

/* Contents octets and the one dotted form. */
static const struct {
    const char *dotted;
    const char *der;
    uint8_t n;
} pairs[] = {
    { "0.0", "\x00", 1 },
    { "0.39", "\x27", 1 },
    { "1.0", "\x28", 1 },
    { "1.39", "\x4f", 1 },
    { "2.0", "\x50", 1 },
    { "2.39", "\x77", 1 },
    { "2.40", "\x78", 1 },
    { "2.47", "\x7f", 1 },
    { "2.48", "\x81\x00", 2 },
    { "2.999.3", "\x88\x37\x03", 3 }, /* X.690 8.19.5 */
    { "1.2.840.113549", "\x2a\x86\x48\x86\xf7\x0d", 6 },
    { "1.2.127", "\x2a\x7f", 2 },
    { "1.2.128", "\x2a\x81\x00", 3 },
    { "1.2.268435455", "\x2a\xff\xff\xff\x7f", 5 },
    { "1.2.268435456", "\x2a\x81\x80\x80\x80\x00", 6 },
    { "1.2.4294967296", "\x2a\x90\x80\x80\x80\x00", 6 },
    { "1.2.18446744073709551615",
      "\x2a\x81\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11 },
    { "1.2.18446744073709551616",
      "\x2a\x82\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11 },
    /* X.667: the UUID f81d4fae-7dec-11d0-a765-00a0c91e6bf6 */
    { "2.25.329800735698586629295641978511506172918",
      "\x69\x83\xf0\x9d\xa7\xeb\xcf\xde\xe0\xc7\xa1\xa7\xb2\xc0\x94\x8c\xc8"
      "\xf9\xd7\x76",
      20 },
    /* 2^140 - 1, and as the second arc 80 less */
    { "1.2.1393796574908163946345982392040522594123775",
      "\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
      "\xff\xff\xff\x7f",
      21 },
    { "2.1393796574908163946345982392040522594123695",
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
      "\xff\xff\x7f",
      20 },
};

static void dotted_form_and_octets_agree_both_ways(void)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        uint8_t buf[64];
        struct bm_wr w;

        bm_wr_init(&w, buf, sizeof buf);
        bm_oid_put_dotted(
            &w, (struct bm_bytes){ (const uint8_t *)pairs[i].der, pairs[i].n });
        CHECK_BYTES(buf, w.len, pairs[i].dotted, strlen(pairs[i].dotted));
        bm_wr_init(&w, buf, sizeof buf);
        CHECK_STATUS(bm_oid_from_dotted(str(pairs[i].dotted), &w), BM_OK);
        CHECK_BYTES(buf, w.len, pairs[i].der, pairs[i].n);
    }
}

static const struct {
    const char *text;
    bm_status want;
} bad_text[] = {
    { "", BM_E_DER_OID },
    { "1", BM_E_DER_OID },
    { "1.", BM_E_DER_OID },
    { ".1", BM_E_DER_OID },
    { "1..2", BM_E_DER_OID },
    { "1.2.", BM_E_DER_OID },
    { "1.2 ", BM_E_DER_OID },
    { " 1.2", BM_E_DER_OID },
    { "1.2.a", BM_E_DER_OID },
    { "1,2", BM_E_DER_OID },
    { "1.-2", BM_E_DER_OID },
    { "+1.2", BM_E_DER_OID },
    { "01.2", BM_E_DER_OID },
    { "1.02", BM_E_DER_OID },
    { "1.2.00", BM_E_DER_OID },
    { "0.40", BM_E_DER_OID },
    { "1.40", BM_E_DER_OID },
    { "1.268435456", BM_E_DER_OID }, /* its lowest limb is 0 */
    { "3.1", BM_E_DER_OID },
    { "268435456.1", BM_E_DER_OID },
    { "1.2.1393796574908163946345982392040522594123776", BM_E_LIMIT },
    { "2.1393796574908163946345982392040522594123696", BM_E_LIMIT },
    { "1.2.3.99999999999999999999999999999999999999999999", BM_E_LIMIT },
};

static void only_the_dotted_form_is_read(void)
{
    for (size_t i = 0; i < sizeof bad_text / sizeof bad_text[0]; i++) {
        uint8_t buf[64] = { 0x55 };
        struct bm_wr w = { buf, sizeof buf, 1 };

        bm_check_status(bm_oid_from_dotted(str(bad_text[i].text), &w),
                        bad_text[i].want, bad_text[i].text, __FILE__, __LINE__);
        CHECK(w.len == 1 && buf[0] == 0x55);
    }
}

static void malformed_octets_write_nothing(void)
{
    static const struct {
        const char *der;
        uint8_t n;
    } bad[] = {
        { "", 0 },
        { "\x80", 1 },
        { "\x81", 1 },
        { "\x80\x01", 2 },
        { "\x2a\x80\x01", 3 },
        { "\x2a\x03\x81", 3 },
        /* 2^140 */
        { "\x2a\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
          "\x80\x80\x80\x80\x00",
          22 },
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t buf[64];
        struct bm_wr w = { buf, sizeof buf, 3 };

        bm_oid_put_dotted(
            &w, (struct bm_bytes){ (const uint8_t *)bad[i].der, bad[i].n });
        CHECK(w.len == 3);
    }
}

static void an_attribute_is_read_by_keyword_or_number(void)
{
    static const struct {
        const char *text;
        const char *oid;
    } good[] = {
        { "CN", BM_OID_AT_CN },
        { "cn", BM_OID_AT_CN },
        { "Cn", BM_OID_AT_CN },
        { "2.5.4.3", BM_OID_AT_CN },
        { "serialnumber", BM_OID_AT_SERIAL },
        { "EMAILADDRESS", BM_OID_AT_EMAIL },
        { "STREET", "\x55\x04\x09" },
        { "uid", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01" },
        { "matter-VID", BM_OID_AT_MATTER_VID },
        { "1.2.3", "\x2a\x03" },
    };
    static const char *const bad[] = { "",   "CNN",        "C N",
                                       "E=", "serverAuth", "oid.2.5.4.3" };
    uint8_t buf[32];
    struct bm_wr w;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        bm_wr_init(&w, buf, sizeof buf);
        CHECK_STATUS(bm_oid_from_attribute(str(good[i].text), &w), BM_OK);
        CHECK_BYTES(buf, w.len, good[i].oid, strlen(good[i].oid));
    }
    bm_wr_init(&w, buf, sizeof buf);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(bm_oid_from_attribute(str(bad[i]), &w),
                     BM_E_NAME_ATTRIBUTE);
    }
    CHECK_STATUS(bm_oid_from_attribute(str("2.5.4."), &w), BM_E_DER_OID);
    CHECK(w.len == 0);
}

int main(void)
{
    RUN(each_identifier_we_use_has_a_name);
    RUN(an_unknown_identifier_has_none);
    RUN(dotted_form_and_octets_agree_both_ways);
    RUN(only_the_dotted_form_is_read);
    RUN(malformed_octets_write_nothing);
    RUN(an_attribute_is_read_by_keyword_or_number);
    return bm_test_done();
}
