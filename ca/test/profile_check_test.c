/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/test/profile_forge.h"

/*
 * The check at the end, rule by rule: a certificate that the profile makes is
 * taken apart, changed in one thing, put together again, and the check must
 * name the rule. Nothing here is made by the filling but the original.
 */

static const char rich[] =
    "profile: rich\n"
    "about: one of everything\n"
    "ca: issuing\n"
    "by: [token]\n"
    "device: { identity: owner, class: mcu, from: [serialNumber] }\n"
    "keys: [p256]\n"
    "subject:\n"
    "  - { attribute: O, from: issuer }\n"
    "  - { attribute: OU, fixed: Devices }\n"
    "  - { attribute: serialNumber, from: device, template: \"D-{device}\" }\n"
    "  - { attribute: CN, from: request, pattern: \"[a-z]{1,8}\" }\n"
    "  - { attribute: title, from: request, optional: true }\n"
    "validity: { for: 90d, nested: true, backdate: 5m }\n"
    "basic_constraints: { ca: false }\n"
    "key_usage: [digitalSignature, nonRepudiation]\n"
    "extended_key_usage: { purposes: [clientAuth, 1.3.6.1.4.1.45605.1] }\n"
    "subject_alt_name:\n"
    "  names:\n"
    "    - { kind: hardwareModuleName, from: device, type: 1.2.3.4 }\n"
    "    - { kind: dns, from: request, pattern: \"[a-z]+\\\\.example\", "
    "max: 2 }\n"
    "    - { kind: uri, fixed: \"urn:example\" }\n"
    "    - { kind: ip, from: request, within: [10.0.0.0/8], optional: true }\n"
    "subject_key_id: sha1\n"
    "authority_key_id: true\n"
    "policies: [ { oid: 1.2.3 } ]\n"
    "crl: true\n"
    "ocsp: true\n"
    "ca_issuers: true\n"
    "ocsp_nocheck: true\n"
    "extensions:\n"
    "  - { oid: 1.3.6.1.5.5.7.1.24, critical: false, "
    "value: { sequence: [ { integer: 5 } ] } }\n";

static struct ca_profile *profile;
static uint8_t good_octets[4096];
static struct bm_bytes good;

/* ---- Changes: each row is one */

struct mutation {
    /* What is changed: the first of these that is set. */
    void (*change)(struct forged *f);
    const char *subject; /* RFC 4514 */
    const char *issuer;
    struct bm_bytes drop; /* extensions, by their OID */
    struct bm_bytes flip; /* its criticality */
    struct bm_bytes add;  /* with `value` */
    struct bm_bytes ext;  /* gets `value` */
    struct {
        const char *serial; /* of the hardware module */
        const char *dns[3];
        const char *uri;
        const char *ip;
    } san;
    struct {
        const char *ocsp;
        const char *issuers;
        struct bm_bytes more;
    } aia;
    struct bm_bytes value;
    /* How it is refused. */
    bm_status status;
    const char *words; /* how they begin */
};

static void set_san(struct forged *f, const struct mutation *m)
{
    uint8_t buf[512];
    struct bm_hardware_module_name hw = { BM_LIT("\x2a\x03\x04"), { NULL, 0 } };
    struct bm_wr w;
    size_t list;

    bm_wr_init(&w, buf, sizeof buf);
    list = bm_der_open(&w, BM_DER_SEQUENCE);
    if (m->san.serial != NULL) {
        hw.serial = world_view(m->san.serial);
        bm_general_name_put_hardware(&w, &hw);
    }
    for (size_t i = 0; i < 3 && m->san.dns[i] != NULL; i++) {
        bm_general_name_put(&w, BM_GN_DNS, world_view(m->san.dns[i]));
    }
    if (m->san.uri != NULL) {
        bm_general_name_put(&w, BM_GN_URI, world_view(m->san.uri));
    }
    if (m->san.ip != NULL) {
        bm_general_name_put(&w, BM_GN_IP, world_view(m->san.ip));
    }
    bm_der_close(&w, list);
    find(f, BM_LIT(BM_OID_CE_SAN))->value = keep(f, bm_wr_bytes(&w));
}

static void set_aia(struct forged *f, const struct mutation *m)
{
    const char *const url[2] = { m->aia.ocsp, m->aia.issuers };
    const struct bm_bytes method[2] = { BM_LIT(BM_OID_AD_OCSP),
                                        BM_LIT(BM_OID_AD_CA_ISSUERS) };
    uint8_t buf[512];
    struct bm_wr w;
    size_t list;

    bm_wr_init(&w, buf, sizeof buf);
    list = bm_der_open(&w, BM_DER_SEQUENCE);
    for (size_t i = 0; i < 2; i++) {
        size_t one;

        if (url[i] == NULL) {
            continue;
        }
        one = bm_der_open(&w, BM_DER_SEQUENCE);
        bm_der_put_oid(&w, method[i]);
        bm_general_name_put(&w, BM_GN_URI, world_view(url[i]));
        bm_der_close(&w, one);
    }
    bm_wr_put(&w, m->aia.more);
    bm_der_close(&w, list);
    find(f, BM_LIT(BM_OID_PE_AIA))->value = keep(f, bm_wr_bytes(&w));
}

static void apply(const struct mutation *m, struct forged *f)
{
    if (m->change != NULL) {
        m->change(f);
    } else if (m->subject != NULL) {
        set_name(f, &f->subject, m->subject);
    } else if (m->issuer != NULL) {
        set_name(f, &f->issuer, m->issuer);
    } else if (m->drop.n != 0) {
        *find(f, m->drop) = f->ext[f->ext_n - 1];
        f->ext_n--;
    } else if (m->flip.n != 0) {
        find(f, m->flip)->critical = !find(f, m->flip)->critical;
    } else if (m->add.n != 0) {
        f->ext[f->ext_n++] = (struct bm_ext){ m->add, m->value, false };
    } else if (m->ext.n != 0) {
        find(f, m->ext)->value = m->value;
    } else if (m->san.serial != NULL || m->san.dns[0] != NULL) {
        set_san(f, m);
    } else {
        set_aia(f, m);
    }
}

static void version_1(struct forged *f)
{
    f->version = 0;
    f->ext_n = 0;
}

static void serial_of_15_octets(struct forged *f)
{
    f->serial.n--;
}

static void serial_of_17_octets(struct forged *f)
{
    f->serial = BM_LIT("\x01"
                       "2345678901234567");
}

static void serial_with_a_leading_zero(struct forged *f)
{
    f->serial = BM_LIT("\x00\x80"
                       "23456789012345");
}

static void other_algorithm(struct forged *f)
{
    f->sig_alg = BM_SIG_ECDSA_SHA384;
}

static void a_second_too_long(struct forged *f)
{
    f->not_after = f->not_before + 90 * 86400 + 300 + 1;
}

static void before_the_issuer(struct forged *f)
{
    f->not_before = world.ca.not_before - 1;
    f->not_after = f->not_before + 86400;
}

static void after_the_issuer(struct forged *f)
{
    f->not_after = world.ca.not_after + 1;
    f->not_before = f->not_after - 86400;
}

static void cn_in_another_string_type(struct forged *f)
{
    uint8_t *p;

    set_name(f, &f->subject,
             "CN=sensor,serialNumber=D-SN-1,OU=Devices,O=Example");
    p = f->room + f->used - 8;
    CHECK(p[0] == BM_DER_UTF8_STRING && p[1] == 6);
    p[0] = BM_DER_TELETEX_STRING;
}

static void ou_in_another_string_type(struct forged *f)
{
    static const char ou[] = "\x0c\x07"
                             "Devices";
    size_t i = 0;

    set_name(f, &f->subject,
             "CN=sensor,serialNumber=D-SN-1,OU=Devices,O=Example");
    while (memcmp(f->room + i, ou, sizeof ou - 1) != 0) {
        i++;
    }
    f->room[i] = BM_DER_PRINTABLE_STRING;
}

static void another_kind_of_key(struct forged *f)
{
    f->spki = bm_test_signer(BM_KEY_P384)->key.der;
}

#define OCSP_URL   WORLD_URL "/ocsp"
#define ISSUER_URL WORLD_URL "/ca/issuing-2.crt"

#define OID(literal) BM_LIT_INIT(literal)

/* A purpose of FAN devices, as the profile has it. */
#define FAN "\x06\x09\x2b\x06\x01\x04\x01\x82\xe4\x25\x01"

static const struct mutation mutations[] = {
    /* What every certificate has */
    { .change = version_1,
      .status = BM_E_PROFILE_TBS,
      .words = "version is not 3" },
    { .change = serial_of_15_octets,
      .status = BM_E_PROFILE_TBS,
      .words = "serial number has not 16 octets" },
    { .change = serial_of_17_octets,
      .status = BM_E_PROFILE_TBS,
      .words = "serial number has not 16 octets" },
    { .change = serial_with_a_leading_zero,
      .status = BM_E_PROFILE_TBS,
      .words = "serial number has not 16 octets" },
    { .change = other_algorithm,
      .status = BM_E_PROFILE_TBS,
      .words = "signature algorithm is not the issuer's" },
    { .issuer = "CN=Another,O=Example",
      .status = BM_E_PROFILE_ISSUER,
      .words = "issuer is another one" },
    /* Equal by RFC 5280 7.1, but not what the issuer's certificate has. */
    { .issuer = "CN=EXAMPLE ISSUING CA,O=Example",
      .status = BM_E_PROFILE_ISSUER,
      .words = "issuer is another one" },
    { .change = a_second_too_long,
      .status = BM_E_PROFILE_VALIDITY,
      .words = "valid for longer than the profile allows (rich:13)" },
    { .change = before_the_issuer,
      .status = BM_E_PROFILE_VALIDITY,
      .words = "validity is not within the issuer's" },
    { .change = after_the_issuer,
      .status = BM_E_PROFILE_VALIDITY,
      .words = "validity is not within the issuer's" },
    { .change = another_kind_of_key,
      .status = BM_E_PROFILE_KEY,
      .words = "ECDSA P-384 key of 384 bits is not in the profile (rich:6)" },
    /* Subject */
    { .subject = "serialNumber=D-SN-1,OU=Devices,O=Example",
      .status = BM_E_PROFILE_SUBJECT,
      .words = "CN is missing (rich:11)" },
    { .subject = "CN=sensor,serialNumber=D-SN-1,O=Example",
      .status = BM_E_PROFILE_SUBJECT,
      .words = "OU is missing, or not at its place (rich:9)" },
    { .subject = "CN=sensor,serialNumber=D-SN-1,OU=Devices",
      .status = BM_E_PROFILE_SUBJECT,
      .words = "O is missing, or not at its place (rich:8)" },
    { .subject = "CN=sensor,OU=Devices,O=Example",
      .status = BM_E_PROFILE_SUBJECT,
      .words = "serialNumber is missing, or not at its place (rich:10)" },
    { .subject = "",
      .status = BM_E_CERT_SUBJECT_EMPTY,
      .words = "the certificate is malformed" },
    { .subject = "CN=sensor,serialNumber=D-SN-1,OU=Devices,O=X",
      .status = BM_E_PROFILE_SUBJECT,
      .words = "O \"X\" is not the issuer's (rich:8)" },
    { .subject = "CN=sensor,serialNumber=D-SN-1,OU=X,O=Example",
      .status = BM_E_PROFILE_SUBJECT,
      .words = "OU \"X\" is not the fixed value (rich:9)" },
    { .subject = "CN=Sensor,serialNumber=D-SN-1,OU=Devices,O=Example",
      .status = BM_E_PROFILE_SUBJECT,
      .words = "CN \"Sensor\" does not match its pattern (rich:11)" },
    { .subject = "CN=sensor,serialNumber=SN-1,OU=Devices,O=Example",
      .status = BM_E_PROFILE_SUBJECT,
      .words = "serialNumber \"SN-1\" is not made of a device's name" },
    { .subject = "L=x,CN=sensor,serialNumber=D-SN-1,OU=Devices,O=Example",
      .status = BM_E_PROFILE_SUBJECT,
      .words = "L \"x\" is not in the profile, or not at this place" },
    { .subject = "CN=more,CN=sensor,serialNumber=D-SN-1,OU=Devices,O=Example",
      .status = BM_E_PROFILE_SUBJECT,
      .words = "CN \"more\" is not in the profile, or not at this place" },
    { .subject = "serialNumber=D-SN-1,CN=sensor,OU=Devices,O=Example",
      .status = BM_E_PROFILE_SUBJECT,
      .words = "serialNumber is missing, or not at its place" },
    { .subject =
          "CN=sensor+title=longer,serialNumber=D-SN-1,OU=Devices,O=Example",
      .status = BM_E_PROFILE_SUBJECT,
      .words = "title \"longer\" shares its RDN with another attribute" },
    { .change = cn_in_another_string_type,
      .status = BM_E_PROFILE_SUBJECT,
      .words = "CN \"sensor\" is neither UTF8String nor PrintableString" },
    { .change = ou_in_another_string_type,
      .status = BM_E_PROFILE_SUBJECT,
      .words = "OU \"Devices\" is not the fixed value" },
    /* Basics */
    { .drop = OID(BM_OID_CE_BASIC),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "basicConstraints is missing (rich:14)" },
    { .flip = OID(BM_OID_CE_BASIC),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "basicConstraints is not critical" },
    { .ext = OID(BM_OID_CE_BASIC),
      .value = BM_LIT_INIT("\x30\x03\x01\x01\xff"),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "cA is another one" },
    { .drop = OID(BM_OID_CE_KEY_USAGE),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "keyUsage is missing (rich:15)" },
    { .flip = OID(BM_OID_CE_KEY_USAGE),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "keyUsage is not critical" },
    { .ext = OID(BM_OID_CE_KEY_USAGE),
      .value = BM_LIT_INIT("\x03\x02\x07\x80"),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "keyUsage is another one" },
    { .ext = OID(BM_OID_CE_KEY_USAGE),
      .value = BM_LIT_INIT("\x03\x02\x05\xe0"),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "keyUsage is another one" },
    { .drop = OID(BM_OID_CE_EKU),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "extKeyUsage is missing (rich:16)" },
    { .flip = OID(BM_OID_CE_EKU),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "extKeyUsage is critical" },
    { .ext = OID(BM_OID_CE_EKU),
      .value = BM_LIT_INIT("\x30\x0a\x06\x08" BM_OID_KP_CLIENT_AUTH),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "extKeyUsage lacks a purpose" },
    { .ext = OID(BM_OID_CE_EKU),
      .value = BM_LIT_INIT("\x30\x1f\x06\x08" BM_OID_KP_CLIENT_AUTH FAN
                           "\x06\x08" BM_OID_KP_SERVER_AUTH),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "extKeyUsage has a purpose that is not in the profile" },
    { .ext = OID(BM_OID_CE_EKU),
      .value = BM_LIT_INIT("\x30\x1f\x06\x08" BM_OID_KP_CLIENT_AUTH FAN
                           "\x06\x08" BM_OID_KP_CLIENT_AUTH),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "extKeyUsage has a purpose twice" },
    /* subjectAltName */
    { .drop = OID(BM_OID_CE_SAN),
      .status = BM_E_PROFILE_SAN,
      .words = "subjectAltName is missing (rich:17)" },
    { .flip = OID(BM_OID_CE_SAN),
      .status = BM_E_PROFILE_SAN,
      .words = "subjectAltName is critical" },
    { .san = { "SN-1", { NULL }, "urn:example", NULL },
      .status = BM_E_PROFILE_SAN,
      .words = "a name is missing (rich:20)" },
    { .san = { "SN-1", { "a.example", "b.com" }, "urn:example", NULL },
      .status = BM_E_PROFILE_SAN,
      .words = "dns \"b.com\" is outside the profile" },
    { .san = { "SN-1",
               { "a.example", "b.example", "c.example" },
               "urn:example",
               NULL },
      .status = BM_E_PROFILE_SAN,
      .words = "dns \"c.example\" is outside the profile" },
    { .san = { "SN-1", { "a.example" }, NULL, NULL },
      .status = BM_E_PROFILE_SAN,
      .words = "a name is missing (rich:21)" },
    { .san = { "SN-1", { "a.example" }, "urn:x", NULL },
      .status = BM_E_PROFILE_SAN,
      .words = "uri \"urn:x\" is outside the profile" },
    { .san = { NULL, { "a.example" }, "urn:example", NULL },
      .status = BM_E_PROFILE_SAN,
      .words = "a name is missing (rich:19)" },
    { .san = { "SN-1", { "a.example" }, "urn:example", "\x0b\x01\x01\x01" },
      .status = BM_E_PROFILE_SAN,
      .words = "ip \"11.1.1.1\" is outside the profile" },
    { .san = { "SN-2", { "a.example" }, "urn:example", NULL },
      .status = BM_E_PROFILE_DEVICE,
      .words = "two devices are named (rich:5)" },
    { .san = { "SN 1", { "a.example" }, "urn:example", NULL },
      .status = BM_E_PROFILE_DEVICE,
      .words = "the device's name does not match its pattern" },
    /* Key identifiers */
    { .drop = OID(BM_OID_CE_SKI),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "subjectKeyIdentifier is missing (rich:23)" },
    { .flip = OID(BM_OID_CE_SKI),
      .status = BM_E_EXT_CRITICAL,
      .words = "the certificate is malformed" },
    { .ext = OID(BM_OID_CE_SKI),
      .value = BM_LIT_INIT("\x04\x14"
                           "12345678901234567890"),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "subjectKeyIdentifier is not made of the key" },
    { .ext = OID(BM_OID_CE_SKI),
      .value = BM_LIT_INIT("\x04\x01x"),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "subjectKeyIdentifier has not 20 octets" },
    { .drop = OID(BM_OID_CE_AKI),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "authorityKeyIdentifier is missing (rich:24)" },
    { .flip = OID(BM_OID_CE_AKI),
      .status = BM_E_EXT_CRITICAL,
      .words = "the certificate is malformed" },
    { .ext = OID(BM_OID_CE_AKI),
      .value = BM_LIT_INIT("\x30\x03\x80\x01x"),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "authorityKeyIdentifier is not the issuer's" },
    { .ext = OID(BM_OID_CE_AKI),
      .value = BM_LIT_INIT("\x30\x00"),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "authorityKeyIdentifier is not a key identifier alone" },
    /* Policies */
    { .drop = OID(BM_OID_CE_POLICIES),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "certificatePolicies is missing (rich:25)" },
    { .flip = OID(BM_OID_CE_POLICIES),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "certificatePolicies is critical" },
    { .ext = OID(BM_OID_CE_POLICIES),
      .value = BM_LIT_INIT("\x30\x06\x30\x04\x06\x02\x2a\x04"),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "policies have another value" },
    /* URLs */
    { .drop = OID(BM_OID_CE_CRL_DP),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "cRLDistributionPoints is missing (rich:26)" },
    { .flip = OID(BM_OID_CE_CRL_DP),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "cRLDistributionPoints is critical" },
    { .ext = OID(BM_OID_CE_CRL_DP),
      .value = BM_LIT_INIT("\x30\x12\x30\x10\xa0\x0e\xa0\x0c\x86\x0a"
                           "http://a/b"),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "cRLDistributionPoints is not the CA's URL alone" },
    { .drop = OID(BM_OID_PE_AIA),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "authorityInfoAccess lacks an entry (rich:27)" },
    { .flip = OID(BM_OID_PE_AIA),
      .status = BM_E_EXT_CRITICAL,
      .words = "the certificate is malformed" },
    { .aia = { NULL, ISSUER_URL, { NULL, 0 } },
      .status = BM_E_PROFILE_EXTENSION,
      .words = "authorityInfoAccess lacks an entry (rich:27)" },
    { .aia = { OCSP_URL, NULL, { NULL, 0 } },
      .status = BM_E_PROFILE_EXTENSION,
      .words = "authorityInfoAccess lacks an entry (rich:28)" },
    { .aia = { "http://x/", ISSUER_URL, { NULL, 0 } },
      .status = BM_E_PROFILE_EXTENSION,
      .words = "authorityInfoAccess has another URL (rich:27)" },
    { .aia = { OCSP_URL, "http://x/", { NULL, 0 } },
      .status = BM_E_PROFILE_EXTENSION,
      .words = "authorityInfoAccess has another URL (rich:28)" },
    { .aia = { OCSP_URL, ISSUER_URL,
               BM_LIT_INIT("\x30\x15\x06\x08\x2b\x06\x01\x05\x05\x07"
                           "\x30\x03\x86\x09"
                           "http://a/") },
      .status = BM_E_PROFILE_EXTENSION,
      .words = "authorityInfoAccess has an entry that is not in the profile" },
    { .aia = { OCSP_URL, ISSUER_URL,
               BM_LIT_INIT("\x30\x27\x06\x08" BM_OID_AD_OCSP
                           "\x86\x1b" OCSP_URL) },
      .status = BM_E_PROFILE_EXTENSION,
      .words = "authorityInfoAccess has an entry twice" },
    /* Others */
    { .drop = OID(BM_OID_OCSP_NOCHECK),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "ocsp-nocheck is missing (rich:29)" },
    { .flip = OID(BM_OID_OCSP_NOCHECK),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "ocsp-nocheck is critical" },
    { .drop = OID(BM_OID_PE_TLS_FEATURE),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "tlsFeature is missing (rich:30)" },
    { .flip = OID(BM_OID_PE_TLS_FEATURE),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "tlsFeature is critical" },
    { .ext = OID(BM_OID_PE_TLS_FEATURE),
      .value = BM_LIT_INIT("\x30\x03\x02\x01\x11"),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "tlsFeature has another value" },
    { .add = OID("\x2a\x03\x04\x05"),
      .value = BM_LIT_INIT("\x05\x00"),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "1.2.3.4.5 is not in the profile" },
    { .add = OID(BM_OID_CE_IAN),
      .value = BM_LIT_INIT("\x30\x05\x82\x03"
                           "a.b"),
      .status = BM_E_PROFILE_EXTENSION,
      .words = "issuerAltName is not in the profile" },
};

static void each_rule_finds_what_breaks_it(void)
{
    static uint8_t buf[4096];

    for (size_t i = 0; i < sizeof mutations / sizeof mutations[0]; i++) {
        struct ca_refusal why = { .status = BM_OK };
        struct forged f;
        struct bm_cert cert;
        struct bm_bytes tbs;
        bm_status rc;

        take_apart(good, &f);
        CHECK(f.ext_n == 11);
        tbs = put_together(&f, buf);
        CHECK(bm_bytes_equal(tbs, good));
        apply(&mutations[i], &f);
        tbs = put_together(&f, buf);
        rc = ca_profile_check(profile, tbs, &cert, &why);
        if (rc != mutations[i].status || why.status != rc ||
            strncmp(why.words, mutations[i].words,
                    strlen(mutations[i].words)) != 0) {
            printf("# %lu: got 0x%04x %s, want %s\n", (unsigned long)i,
                   (unsigned)rc, why.words, mutations[i].words);
            CHECK(!"another rule, or none");
        }
        CHECK(cert.der.p == NULL && cert.subject.p == NULL);
    }
}

static void make_good(void)
{
    static const char *const names[] = { "a.example", NULL };
    struct ca_refusal why = { .status = BM_OK };
    struct ca_profile_request request;
    uint8_t exts[256];
    uint8_t buf[4096];
    struct bm_csr csr;
    struct bm_cert cert;
    struct bm_ext_mark mark;
    struct bm_wr w;
    size_t m;

    bm_wr_init(&w, exts, sizeof exts);
    mark = bm_ext_open(&w, BM_LIT(BM_OID_CE_SAN), false);
    m = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_general_name_put(&w, BM_GN_DNS, world_view(names[0]));
    bm_der_close(&w, m);
    bm_ext_close(&w, &mark);
    world_csr("CN=sensor,serialNumber=SN-1", bm_wr_bytes(&w),
              bm_test_signer_nth(BM_KEY_P256, 2), buf, &csr);
    request = world_request(&csr);
    profile = world_parse(world_view(rich), "rich");
    CHECK_STATUS(world_bind(profile, &world.ca, &why), BM_OK);
    bm_wr_init(&w, good_octets, sizeof good_octets);
    CHECK_STATUS(ca_profile_fill(profile, &request, &w, &why), BM_OK);
    good = bm_wr_bytes(&w);
    CHECK_STATUS(ca_profile_check(profile, good, &cert, &why), BM_OK);
    if (why.status != BM_OK) {
        printf("# %s\n", why.words);
    }
}

/*
 * Of all flipped bits those pass that leave a certificate of this profile:
 * another serial number, a shorter validity, another name that matches, but
 * nothing else; in particular never another key, issuer or extension.
 */
static void every_bit_flip_is_refused_or_stays_within_the_profile(void)
{
    struct bm_cert old;
    struct bm_cert cert;
    uint8_t buf[4096];
    size_t passed = 0;

    CHECK_STATUS(bm_cert_parse_tbs(good, NULL, &old), BM_OK);
    for (size_t bit = 0; bit < 8 * good.n; bit++) {
        struct bm_bytes tbs = { buf, good.n };

        memcpy(buf, good.p, good.n);
        buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (ca_profile_check(profile, tbs, &cert, NULL) != BM_OK) {
            CHECK(cert.subject.p == NULL);
            continue;
        }
        passed++;
        CHECK(bm_bytes_equal(cert.issuer, old.issuer));
        CHECK(bm_bytes_equal(cert.key.der, old.key.der));
        CHECK(cert.not_after - cert.not_before <= 90 * 86400 + 300);
        CHECK(cert.ext.key_usage == old.ext.key_usage && !cert.ext.ca);
        for (size_t i = 0; i < BM_EXT_COUNT; i++) {
            CHECK(i == BM_EXT_SAN ||
                  bm_bytes_equal(cert.ext.value[i], old.ext.value[i]));
        }
        CHECK(cert.ext.present == old.ext.present &&
              cert.ext.critical == old.ext.critical);
    }
    CHECK(passed > 100 && passed < 8 * good.n / 8);
}

static void every_prefix_is_refused(void)
{
    for (size_t n = 0; n < good.n; n++) {
        struct ca_refusal why = { .status = BM_OK };
        struct bm_cert cert;

        CHECK(ca_profile_check(profile, (struct bm_bytes){ good.p, n }, &cert,
                               &why) != BM_OK);
        CHECK(cert.subject.p == NULL && why.status != BM_OK);
    }
}

int main(void)
{
    world_make();
    make_good();
    RUN(each_rule_finds_what_breaks_it);
    RUN(every_bit_flip_is_refused_or_stays_within_the_profile);
    RUN(every_prefix_is_refused);
    ca_profile_free(profile);
    return bm_test_done();
}
