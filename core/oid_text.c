/* SPDX-License-Identifier: Apache-2.0 */
#include "core/oid.h"

#include <string.h>

/* Dotted, so that a reader can check them against a registry. */
struct name {
    const char *dotted;
    const char *name;
};

/* Attribute types: RFC 4514 3, X.520, RFC 4519, RFC 2985. */
static const struct name attributes[] = {
    { "2.5.4.3", "CN" },
    { "2.5.4.4", "surname" },
    { "2.5.4.5", "serialNumber" },
    { "2.5.4.6", "C" },
    { "2.5.4.7", "L" },
    { "2.5.4.8", "ST" },
    { "2.5.4.9", "STREET" },
    { "2.5.4.10", "O" },
    { "2.5.4.11", "OU" },
    { "2.5.4.12", "title" },
    { "2.5.4.13", "description" },
    { "2.5.4.15", "businessCategory" },
    { "2.5.4.17", "postalCode" },
    { "2.5.4.41", "name" },
    { "2.5.4.42", "givenName" },
    { "2.5.4.43", "initials" },
    { "2.5.4.44", "generationQualifier" },
    { "2.5.4.45", "x500UniqueIdentifier" },
    { "2.5.4.46", "dnQualifier" },
    { "2.5.4.65", "pseudonym" },
    { "2.5.4.97", "organizationIdentifier" },
    { "0.9.2342.19200300.100.1.1", "UID" },
    { "0.9.2342.19200300.100.1.25", "DC" },
    { "1.2.840.113549.1.9.1", "emailAddress" },
    { "1.2.840.113549.1.9.2", "unstructuredName" },
    { "1.2.840.113549.1.9.8", "unstructuredAddress" },
    { "1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL" },
    { "1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST" },
    { "1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC" },
    /* Matter 6.5.6 and 6.1.1 */
    { "1.3.6.1.4.1.37244.1.1", "matter-node-id" },
    { "1.3.6.1.4.1.37244.1.2", "matter-firmware-signing-id" },
    { "1.3.6.1.4.1.37244.1.3", "matter-icac-id" },
    { "1.3.6.1.4.1.37244.1.4", "matter-rcac-id" },
    { "1.3.6.1.4.1.37244.1.5", "matter-fabric-id" },
    { "1.3.6.1.4.1.37244.1.6", "matter-noc-cat" },
    { "1.3.6.1.4.1.37244.1.7", "matter-vvs-id" },
    { "1.3.6.1.4.1.37244.2.1", "matter-vid" },
    { "1.3.6.1.4.1.37244.2.2", "matter-pid" },
    /* TCG EK credential profile */
    { "2.23.133.2.1", "tpmManufacturer" },
    { "2.23.133.2.2", "tpmModel" },
    { "2.23.133.2.3", "tpmVersion" },
};

static const struct name others[] = {
    /* id-ce: RFC 5280 4.2.1, 5.2, 5.3 */
    { "2.5.29.9", "subjectDirectoryAttributes" },
    { "2.5.29.14", "subjectKeyIdentifier" },
    { "2.5.29.15", "keyUsage" },
    { "2.5.29.16", "privateKeyUsagePeriod" },
    { "2.5.29.17", "subjectAltName" },
    { "2.5.29.18", "issuerAltName" },
    { "2.5.29.19", "basicConstraints" },
    { "2.5.29.20", "cRLNumber" },
    { "2.5.29.21", "reasonCode" },
    { "2.5.29.24", "invalidityDate" },
    { "2.5.29.27", "deltaCRLIndicator" },
    { "2.5.29.28", "issuingDistributionPoint" },
    { "2.5.29.29", "certificateIssuer" },
    { "2.5.29.30", "nameConstraints" },
    { "2.5.29.31", "cRLDistributionPoints" },
    { "2.5.29.32", "certificatePolicies" },
    { "2.5.29.32.0", "anyPolicy" },
    { "2.5.29.33", "policyMappings" },
    { "2.5.29.35", "authorityKeyIdentifier" },
    { "2.5.29.36", "policyConstraints" },
    { "2.5.29.37", "extKeyUsage" },
    { "2.5.29.37.0", "anyExtendedKeyUsage" },
    { "2.5.29.46", "freshestCRL" },
    { "2.5.29.54", "inhibitAnyPolicy" },
    /* id-pkix: RFC 5280 4.2.2, 6960, 7633, 9310 */
    { "1.3.6.1.5.5.7.1.1", "authorityInfoAccess" },
    { "1.3.6.1.5.5.7.1.11", "subjectInfoAccess" },
    { "1.3.6.1.5.5.7.1.24", "tlsFeature" },
    { "1.3.6.1.5.5.7.1.34", "nfTypes" },
    { "1.3.6.1.5.5.7.2.1", "cps" },
    { "1.3.6.1.5.5.7.2.2", "unotice" },
    { "1.3.6.1.5.5.7.3.1", "serverAuth" },
    { "1.3.6.1.5.5.7.3.2", "clientAuth" },
    { "1.3.6.1.5.5.7.3.3", "codeSigning" },
    { "1.3.6.1.5.5.7.3.4", "emailProtection" },
    { "1.3.6.1.5.5.7.3.8", "timeStamping" },
    { "1.3.6.1.5.5.7.3.9", "OCSPSigning" },
    { "1.3.6.1.5.5.7.3.27", "cmcCA" },
    { "1.3.6.1.5.5.7.3.28", "cmcRA" },
    /* Our own: oid.h */
    { "2.25.43662891130725046516998155922503964190.1.1", "bundleSigning" },
    { "2.25.43662891130725046516998155922503964190.1.2", "policySigning" },
    { "2.25.43662891130725046516998155922503964190.2.1", "trustBundle" },
    { "2.25.43662891130725046516998155922503964190.2.2", "deliveryManifest" },
    { "2.25.43662891130725046516998155922503964190.2.3", "firewallPolicy" },
    { "1.3.6.1.5.5.7.8.3", "permanentIdentifier" },
    { "1.3.6.1.5.5.7.8.4", "hardwareModuleName" },
    { "1.3.6.1.5.5.7.48.1", "ocsp" },
    { "1.3.6.1.5.5.7.48.1.1", "ocspBasic" },
    { "1.3.6.1.5.5.7.48.1.2", "ocspNonce" },
    { "1.3.6.1.5.5.7.48.1.5", "ocspNoCheck" },
    { "1.3.6.1.5.5.7.48.1.9", "ocspExtendedRevoke" },
    { "1.3.6.1.5.5.7.48.2", "caIssuers" },
    { "1.3.6.1.5.5.7.48.5", "caRepository" },
    /* PKCS #9 attributes and CMS: RFC 2985, 5652, 9908 */
    { "1.2.840.113549.1.7.1", "data" },
    { "1.2.840.113549.1.7.2", "signedData" },
    { "1.2.840.113549.1.7.3", "envelopedData" },
    { "1.2.840.113549.1.9.3", "contentType" },
    { "1.2.840.113549.1.9.4", "messageDigest" },
    { "1.2.840.113549.1.9.5", "signingTime" },
    { "1.2.840.113549.1.9.7", "challengePassword" },
    { "1.2.840.113549.1.9.14", "extensionRequest" },
    { "1.2.840.113549.1.9.15", "smimeCapabilities" },
    { "1.2.840.113549.1.9.16.2.37", "decryptKeyID" },
    { "1.2.840.113549.1.9.16.2.54", "asymmDecryptKeyID" },
    { "1.2.840.113549.1.9.16.2.61", "certificationRequestInfoTemplate" },
    { "1.2.840.113549.1.9.16.2.62", "extensionReqTemplate" },
    { "2.16.840.1.101.2.1.2.78.5", "asymmetricKeyPackage" },
    { "2.16.840.1.101.3.4.1.2", "aes128-CBC" },
    { "2.16.840.1.101.3.4.1.42", "aes256-CBC" },
    /* Digests */
    { "1.3.14.3.2.26", "SHA-1" },
    { "2.16.840.1.101.3.4.2.1", "SHA-256" },
    { "2.16.840.1.101.3.4.2.2", "SHA-384" },
    { "2.16.840.1.101.3.4.2.3", "SHA-512" },
    /* Keys, curves, signatures: RFC 3279, 4055, 5480, 5758, 8410, 9802, 9881 */
    { "1.2.840.10045.2.1", "ecPublicKey" },
    { "1.2.840.10045.3.1.7", "secp256r1" },
    { "1.3.132.0.34", "secp384r1" },
    { "1.3.132.0.35", "secp521r1" },
    { "1.3.101.110", "X25519" },
    { "1.3.101.111", "X448" },
    { "1.3.101.112", "Ed25519" },
    { "1.3.101.113", "Ed448" },
    { "1.2.840.113549.1.1.1", "rsaEncryption" },
    { "1.2.840.113549.1.1.4", "md5WithRSAEncryption" },
    { "1.2.840.113549.1.1.5", "sha1WithRSAEncryption" },
    { "1.2.840.113549.1.1.8", "mgf1" },
    { "1.2.840.113549.1.1.10", "rsassaPss" },
    { "1.2.840.113549.1.1.11", "sha256WithRSAEncryption" },
    { "1.2.840.113549.1.1.12", "sha384WithRSAEncryption" },
    { "1.2.840.113549.1.1.13", "sha512WithRSAEncryption" },
    { "1.2.840.10045.4.1", "ecdsa-with-SHA1" },
    { "1.2.840.10045.4.3.2", "ecdsa-with-SHA256" },
    { "1.2.840.10045.4.3.3", "ecdsa-with-SHA384" },
    { "1.2.840.10045.4.3.4", "ecdsa-with-SHA512" },
    { "2.16.840.1.101.3.4.3.17", "ML-DSA-44" },
    { "2.16.840.1.101.3.4.3.18", "ML-DSA-65" },
    { "2.16.840.1.101.3.4.3.19", "ML-DSA-87" },
    { "2.16.840.1.101.3.4.3.20", "SLH-DSA-SHA2-128s" },
    { "2.16.840.1.101.3.4.3.21", "SLH-DSA-SHA2-128f" },
    { "2.16.840.1.101.3.4.3.22", "SLH-DSA-SHA2-192s" },
    { "2.16.840.1.101.3.4.3.23", "SLH-DSA-SHA2-192f" },
    { "2.16.840.1.101.3.4.3.24", "SLH-DSA-SHA2-256s" },
    { "2.16.840.1.101.3.4.3.25", "SLH-DSA-SHA2-256f" },
    { "2.16.840.1.101.3.4.3.26", "SLH-DSA-SHAKE-128s" },
    { "2.16.840.1.101.3.4.3.27", "SLH-DSA-SHAKE-128f" },
    { "2.16.840.1.101.3.4.3.28", "SLH-DSA-SHAKE-192s" },
    { "2.16.840.1.101.3.4.3.29", "SLH-DSA-SHAKE-192f" },
    { "2.16.840.1.101.3.4.3.30", "SLH-DSA-SHAKE-256s" },
    { "2.16.840.1.101.3.4.3.31", "SLH-DSA-SHAKE-256f" },
    { "1.2.840.113549.1.9.16.3.17", "HSS-LMS" },
    { "1.3.6.1.5.5.7.6.34", "XMSS" },
    { "1.3.6.1.5.5.7.6.35", "XMSS-MT" },
    /* OCF */
    { "1.3.6.1.4.1.44924.1.6", "ocfIdentity" },
    { "1.3.6.1.4.1.44924.1.7", "ocfRole" },
    { "1.3.6.1.4.1.51414.0.0.1.0", "ocfProfileBaseline" },
    { "1.3.6.1.4.1.51414.0.0.2.0", "ocfProfileBlack" },
    { "1.3.6.1.4.1.51414.0.0.3.0", "ocfProfileBlue" },
    { "1.3.6.1.4.1.51414.0.0.4.0", "ocfProfilePurple" },
    { "1.3.6.1.4.1.51414.1.0", "ocfCompliance" },
    { "1.3.6.1.4.1.51414.1.1", "ocfSecurityClaims" },
    { "1.3.6.1.4.1.51414.1.1.0", "ocfClaimSecureBoot" },
    { "1.3.6.1.4.1.51414.1.1.1", "ocfClaimHardwareStorage" },
    { "1.3.6.1.4.1.51414.1.2", "ocfCPLAttributes" },
    /* Wi-SUN FAN */
    { "1.3.6.1.4.1.45605.1", "wisunFanDevice" },
    /* TCG: TPM and DICE */
    { "2.23.133.1.0", "tcgTpm12" },
    { "2.23.133.1.2", "tcgTpm20" },
    { "2.23.133.2.16", "tPMSpecification" },
    { "2.23.133.5.4.1", "tcgDiceTcbInfo" },
    { "2.23.133.5.4.4", "tcgDiceUeid" },
    { "2.23.133.5.4.5", "tcgDiceMultiTcbInfo" },
    { "2.23.133.5.4.100.6", "tcgDiceIdentityInit" },
    { "2.23.133.5.4.100.7", "tcgDiceIdentityLoc" },
    { "2.23.133.5.4.100.8", "tcgDiceAttestInit" },
    { "2.23.133.5.4.100.9", "tcgDiceAttestLoc" },
    { "2.23.133.5.4.100.10", "tcgDiceAssertInit" },
    { "2.23.133.5.4.100.11", "tcgDiceAssertLoc" },
    { "2.23.133.5.4.100.12", "tcgDiceEca" },
    { "2.23.133.8.1", "tcgEKCertificate" },
    { "2.23.133.8.2", "tcgPlatformCertificate" },
    { "2.23.133.8.3", "tcgAIKCertificate" },
    { "2.23.133.11.1.1", "tcgVerifiedTPMResidency" },
    { "2.23.133.11.1.2", "tcgVerifiedTPMFixed" },
    { "2.23.133.11.1.3", "tcgVerifiedTPMRestricted" },
    /* IEC 62351-8, and what certificates of the public web carry */
    { "1.2.840.10070.8.1", "IECUserRoles" },
    { "1.3.6.1.4.1.11129.2.4.2", "signedCertificateTimestamps" },
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/*
 * An arc: a number of up to BM_OID_ARC_BITS_MAX bits, in limbs of 28 bits,
 * the least first. A limb is four groups of the encoding (X.690 8.19.2), and
 * ten times a limb still fits in 32 bits.
 */
#define LIMB_BITS 28
#define LIMB_MAX  ((UINT32_C(1) << LIMB_BITS) - 1)
#define LIMBS     (BM_OID_ARC_BITS_MAX / LIMB_BITS)

struct arc {
    uint32_t limb[LIMBS];
};

/* arc = arc * factor + add; false if that is too wide. factor <= 128. */
static bool arc_step(struct arc *arc, uint32_t factor, uint32_t add)
{
    uint64_t carry = add;

    for (size_t i = 0; i < LIMBS; i++) {
        carry += (uint64_t)arc->limb[i] * factor;
        arc->limb[i] = (uint32_t)carry & LIMB_MAX;
        carry >>= LIMB_BITS;
    }
    return carry == 0;
}

/* arc = arc / divisor; returns the remainder. */
static uint32_t arc_divide(struct arc *arc, uint32_t divisor)
{
    uint64_t rest = 0;

    for (size_t i = LIMBS; i-- > 0;) {
        rest = rest << LIMB_BITS | arc->limb[i];
        arc->limb[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint32_t)rest;
}

static bool arc_is_zero(const struct arc *arc)
{
    uint32_t all = 0;

    for (size_t i = 0; i < LIMBS; i++) {
        all |= arc->limb[i];
    }
    return all == 0;
}

static bool is_below(const struct arc *arc, uint32_t n)
{
    struct arc high = *arc;

    high.limb[0] = 0;
    return arc_is_zero(&high) && arc->limb[0] < n;
}

/* If the arc is at least `n`, take that off. */
static bool arc_take_off(struct arc *arc, uint32_t n)
{
    if (is_below(arc, n)) {
        return false;
    }
    for (size_t i = 0; n != 0; i++) {
        bool borrow = arc->limb[i] < n;

        arc->limb[i] = (arc->limb[i] - n) & LIMB_MAX;
        n = borrow ? 1 : 0;
    }
    return true;
}

/* Write in base `base` (10 or 128) from the highest digit: at most these. */
#define DIGITS_MAX (BM_OID_ARC_BITS_MAX / 3)

static size_t arc_digits(struct arc arc, uint32_t base,
                         uint8_t digits[DIGITS_MAX])
{
    size_t at = DIGITS_MAX;

    do {
        at--;
        digits[at] = (uint8_t)arc_divide(&arc, base);
    } while (!arc_is_zero(&arc));
    return at;
}

static void put_decimal(struct bm_wr *w, const struct arc *arc)
{
    uint8_t digits[DIGITS_MAX];

    for (size_t i = arc_digits(*arc, 10, digits); i < DIGITS_MAX; i++) {
        bm_wr_u8(w, (uint8_t)('0' + digits[i]));
    }
}

static void put_groups(struct bm_wr *w, const struct arc *arc)
{
    uint8_t digits[DIGITS_MAX];

    for (size_t i = arc_digits(*arc, 128, digits); i < DIGITS_MAX; i++) {
        bm_wr_u8(w, (uint8_t)(digits[i] | (i + 1 < DIGITS_MAX ? 0x80 : 0)));
    }
}

/* X.690 8.19.2: take an arc from the front of `*in`. */
static bool take_groups(struct bm_bytes *in, struct arc *arc)
{
    uint8_t octet;

    *arc = (struct arc){ { 0 } };
    if (in->n == 0 || *in->p == 0x80) {
        return false;
    }
    do {
        if (in->n == 0) {
            return false;
        }
        octet = *in->p++;
        in->n--;
        if (!arc_step(arc, 128, octet & 0x7f)) {
            return false;
        }
    } while (octet >= 0x80);
    return true;
}

/* X.690 8.19.4: the first two arcs are one number, 40 * first + second. */
static uint8_t split_first(struct arc *arc)
{
    uint8_t first = 0;

    while (first < 2 && arc_take_off(arc, 40)) {
        first++;
    }
    return first;
}

static bool put_all_arcs(struct bm_wr *w, struct bm_bytes oid)
{
    struct arc arc;

    if (!take_groups(&oid, &arc)) {
        return false;
    }
    bm_wr_u8(w, (uint8_t)('0' + split_first(&arc)));
    bm_wr_u8(w, '.');
    put_decimal(w, &arc);
    while (oid.n != 0) {
        if (!take_groups(&oid, &arc)) {
            return false;
        }
        bm_wr_u8(w, '.');
        put_decimal(w, &arc);
    }
    return true;
}

void bm_oid_put_dotted(struct bm_wr *w, struct bm_bytes oid)
{
    size_t start = w->len;

    if (!put_all_arcs(w, oid)) {
        w->len = start;
    }
}

/* Take decimal digits, with the dot that follows unless it is the end. */
static bm_status take_decimal(struct bm_bytes *text, struct arc *arc)
{
    size_t n = 0;

    *arc = (struct arc){ { 0 } };
    while (n < text->n && text->p[n] >= '0' && text->p[n] <= '9') {
        if (!arc_step(arc, 10, text->p[n] - (uint32_t)'0')) {
            return BM_E_LIMIT;
        }
        n++;
    }
    if (n == 0 || (n > 1 && text->p[0] == '0')) {
        return BM_E_DER_OID;
    }
    if (n < text->n) {
        if (text->p[n] != '.' || n + 1 == text->n) {
            return BM_E_DER_OID;
        }
        n++;
    }
    text->p += n;
    text->n -= n;
    return BM_OK;
}

static bm_status put_encoded(struct bm_bytes text, struct bm_wr *w)
{
    struct arc first;
    struct arc arc;
    uint32_t root;

    BM_TRY(take_decimal(&text, &first));
    root = first.limb[0];
    BM_TRY(take_decimal(&text, &arc)); /* there are at least two */
    if (!is_below(&first, 3) || (root < 2 && !is_below(&arc, 40))) {
        return BM_E_DER_OID;
    }
    if (!arc_step(&arc, 1, 40 * root)) {
        return BM_E_LIMIT;
    }
    put_groups(w, &arc);
    while (text.n != 0) {
        BM_TRY(take_decimal(&text, &arc));
        put_groups(w, &arc);
    }
    return BM_OK;
}

bm_status bm_oid_from_dotted(struct bm_bytes text, struct bm_wr *w)
{
    size_t start = w->len;
    bm_status rc = put_encoded(text, w);

    if (rc != BM_OK) {
        w->len = start;
    }
    return rc;
}

static const char *find_name(struct bm_bytes oid, const struct name *table,
                             size_t n)
{
    uint8_t buf[BM_OID_DOTTED_MAX];
    struct bm_bytes dotted;
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    bm_oid_put_dotted(&w, oid);
    dotted = bm_wr_bytes(&w);
    for (size_t i = 0; i < n; i++) {
        if (strlen(table[i].dotted) == dotted.n &&
            memcmp(table[i].dotted, buf, dotted.n) == 0) {
            return table[i].name;
        }
    }
    return NULL;
}

const char *bm_oid_attribute_name(struct bm_bytes oid)
{
    return find_name(oid, attributes, COUNT(attributes));
}

const char *bm_oid_name(struct bm_bytes oid)
{
    const char *name = bm_oid_attribute_name(oid);

    return name != NULL ? name : find_name(oid, others, COUNT(others));
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool is_keyword(struct bm_bytes text, const char *keyword)
{
    if (text.n != strlen(keyword)) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        if (lower(text.p[i]) != lower((uint8_t)keyword[i])) {
            return false;
        }
    }
    return true;
}

bm_status bm_oid_from_attribute(struct bm_bytes text, struct bm_wr *w)
{
    if (text.n != 0 && text.p[0] >= '0' && text.p[0] <= '9') {
        return bm_oid_from_dotted(text, w);
    }
    for (size_t i = 0; i < COUNT(attributes); i++) {
        if (is_keyword(text, attributes[i].name)) {
            const char *dotted = attributes[i].dotted;

            return bm_oid_from_dotted(
                (struct bm_bytes){ (const uint8_t *)dotted, strlen(dotted) },
                w);
        }
    }
    return BM_E_NAME_ATTRIBUTE;
}
