/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_OID_H
#define BM_CORE_OID_H

#include "core/bytes.h"

/*
 * Object identifiers, as the contents octets of their DER encoding.
 *
 * Code compares with bm_oid_is(x, BM_OID_...), which costs a device only the
 * literals it names. The table of names for printing is in oid_text.c.
 */

/* id-ce: 2.5.29.n in three octets, the last of which tells them apart. */
#define BM_OID_CE_SDA           "\x55\x1d\x09"
#define BM_OID_CE_SKI           "\x55\x1d\x0e"
#define BM_OID_CE_KEY_USAGE     "\x55\x1d\x0f"
#define BM_OID_CE_SAN           "\x55\x1d\x11"
#define BM_OID_CE_IAN           "\x55\x1d\x12"
#define BM_OID_CE_BASIC         "\x55\x1d\x13"
#define BM_OID_CE_CRL_NUMBER    "\x55\x1d\x14"
#define BM_OID_CE_REASON        "\x55\x1d\x15"
#define BM_OID_CE_INVALIDITY    "\x55\x1d\x18"
#define BM_OID_CE_DELTA_CRL     "\x55\x1d\x1b"
#define BM_OID_CE_IDP           "\x55\x1d\x1c"
#define BM_OID_CE_CERT_ISSUER   "\x55\x1d\x1d"
#define BM_OID_CE_NAME_CONSTR   "\x55\x1d\x1e"
#define BM_OID_CE_CRL_DP        "\x55\x1d\x1f"
#define BM_OID_CE_POLICIES      "\x55\x1d\x20"
#define BM_OID_CE_MAPPINGS      "\x55\x1d\x21"
#define BM_OID_CE_AKI           "\x55\x1d\x23"
#define BM_OID_CE_POLICY_CONSTR "\x55\x1d\x24"
#define BM_OID_CE_EKU           "\x55\x1d\x25"
#define BM_OID_CE_FRESHEST      "\x55\x1d\x2e"
#define BM_OID_CE_INHIBIT_ANY   "\x55\x1d\x36"
#define BM_OID_ANY_POLICY       "\x55\x1d\x20\x00"
#define BM_OID_ANY_EKU          "\x55\x1d\x25\x00"

/* id-pe, id-kp, id-ad, id-on: 1.3.6.1.5.5.7.{1,3,48,8} */
#define BM_OID_PE_AIA           "\x2b\x06\x01\x05\x05\x07\x01\x01"
#define BM_OID_PE_SIA           "\x2b\x06\x01\x05\x05\x07\x01\x0b"
#define BM_OID_PE_TLS_FEATURE   "\x2b\x06\x01\x05\x05\x07\x01\x18"
#define BM_OID_KP_SERVER_AUTH   "\x2b\x06\x01\x05\x05\x07\x03\x01"
#define BM_OID_KP_CLIENT_AUTH   "\x2b\x06\x01\x05\x05\x07\x03\x02"
#define BM_OID_KP_CODE_SIGNING  "\x2b\x06\x01\x05\x05\x07\x03\x03"
#define BM_OID_KP_EMAIL         "\x2b\x06\x01\x05\x05\x07\x03\x04"
#define BM_OID_KP_TIME_STAMPING "\x2b\x06\x01\x05\x05\x07\x03\x08"
#define BM_OID_KP_OCSP_SIGNING  "\x2b\x06\x01\x05\x05\x07\x03\x09"
#define BM_OID_KP_CMC_RA        "\x2b\x06\x01\x05\x05\x07\x03\x1c"
#define BM_OID_AD_OCSP          "\x2b\x06\x01\x05\x05\x07\x30\x01"
#define BM_OID_AD_CA_ISSUERS    "\x2b\x06\x01\x05\x05\x07\x30\x02"
#define BM_OID_ON_PERMANENT_ID  "\x2b\x06\x01\x05\x05\x07\x08\x03"
#define BM_OID_ON_HARDWARE      "\x2b\x06\x01\x05\x05\x07\x08\x04"
#define BM_OID_OCSP_BASIC       "\x2b\x06\x01\x05\x05\x07\x30\x01\x01"
#define BM_OID_OCSP_NONCE       "\x2b\x06\x01\x05\x05\x07\x30\x01\x02"
#define BM_OID_OCSP_NOCHECK     "\x2b\x06\x01\x05\x05\x07\x30\x01\x05"
#define BM_OID_OCSP_EXT_REVOKED "\x2b\x06\x01\x05\x05\x07\x30\x01\x09"

/* Attribute types: 2.5.4.n and others */
#define BM_OID_AT_CN         "\x55\x04\x03"
#define BM_OID_AT_SERIAL     "\x55\x04\x05"
#define BM_OID_AT_C          "\x55\x04\x06"
#define BM_OID_AT_L          "\x55\x04\x07"
#define BM_OID_AT_ST         "\x55\x04\x08"
#define BM_OID_AT_O          "\x55\x04\x0a"
#define BM_OID_AT_OU         "\x55\x04\x0b"
#define BM_OID_AT_DC         "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"
#define BM_OID_AT_EMAIL      "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"
#define BM_OID_AT_MATTER_VID "\x2b\x06\x01\x04\x01\x82\xa2\x7c\x02\x01"
#define BM_OID_AT_MATTER_PID "\x2b\x06\x01\x04\x01\x82\xa2\x7c\x02\x02"

/* PKCS#9 attributes and CMS content types: 1.2.840.113549.1.{9,7} */
#define BM_OID_P9_CONTENT_TYPE "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"
#define BM_OID_P9_DIGEST       "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"
#define BM_OID_P9_SIGNING_TIME "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05"
#define BM_OID_P9_CHALLENGE    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07"
#define BM_OID_P9_EXTENSIONS   "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"
#define BM_OID_P9_CAPABILITIES "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0f"
#define BM_OID_CMS_DATA        "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define BM_OID_CMS_SIGNED      "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"

/* id-aa: 1.2.840.113549.1.9.16.2 */
#define BM_OID_AA_DECRYPT_KEY "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x25"
#define BM_OID_AA_ASYMM_DECRYPT_KEY \
    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x36"
#define BM_OID_AA_CSR_TEMPLATE "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x3d"
#define BM_OID_AA_EXT_TEMPLATE "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x3e"

/* Content encryption: 2.16.840.1.101.3.4.1 */
#define BM_OID_AES128_CBC "\x60\x86\x48\x01\x65\x03\x04\x01\x02"
#define BM_OID_AES256_CBC "\x60\x86\x48\x01\x65\x03\x04\x01\x2a"

/* AsymmetricKeyPackage, RFC 5958: 2.16.840.1.101.2.1.2.78.5 */
#define BM_OID_KEY_PACKAGE "\x60\x86\x48\x01\x65\x02\x01\x02\x4e\x05"

/* Digests */
#define BM_OID_SHA1   "\x2b\x0e\x03\x02\x1a"
#define BM_OID_SHA256 "\x60\x86\x48\x01\x65\x03\x04\x02\x01"
#define BM_OID_SHA384 "\x60\x86\x48\x01\x65\x03\x04\x02\x02"
#define BM_OID_SHA512 "\x60\x86\x48\x01\x65\x03\x04\x02\x03"

/*
 * Our own arc, without a registrar (X.667 7): a random UUID under 2.25.
 *
 *     2.25.43662891130725046516998155922503964190
 *         .1  purposes, for extKeyUsage      .1  signs trust bundles
 *                                            .2  signs policies of firewalls
 *         .2  CMS content types              .1  a trust bundle
 *                                            .2  a delivery manifest
 *                                            .3  a policy of firewalls
 *                                            .4  the list of a batch
 */
#define BM_OID_BIRTHMARK                                           \
    "\x69\xc1\xd9\x95\xaf\xa4\xeb\xaa\xb6\xb5\xb4\xa0\x94\xde\x8d" \
    "\x94\xf4\xac\x1e"
#define BM_OID_KP_BUNDLE   BM_OID_BIRTHMARK "\x01\x01"
#define BM_OID_KP_POLICY   BM_OID_BIRTHMARK "\x01\x02"
#define BM_OID_CT_BUNDLE   BM_OID_BIRTHMARK "\x02\x01"
#define BM_OID_CT_MANIFEST BM_OID_BIRTHMARK "\x02\x02"
#define BM_OID_CT_POLICY   BM_OID_BIRTHMARK "\x02\x03"
#define BM_OID_CT_BATCH    BM_OID_BIRTHMARK "\x02\x04"

/* Does `oid` equal the literal? */
#define bm_oid_is(oid, literal) \
    bm_bytes_are((oid), (literal), sizeof(literal) - 1)

/*
 * For programs that print (oid_text.c).
 *
 * The registered short name ("CN", "serverAuth", "subjectAltName"), or NULL.
 */
const char *bm_oid_name(struct bm_bytes oid);

/* The same for attribute types alone: a keyword of RFC 4514, or NULL. */
const char *bm_oid_attribute_name(struct bm_bytes oid);

/*
 * Widest arc that is printed and read. UUIDs under 2.25 (X.667) have 128
 * bits; nothing wider is in use.
 */
#define BM_OID_ARC_BITS_MAX 140

/* Octets that hold the dotted form of every name in our table. */
#define BM_OID_DOTTED_MAX 64

/*
 * Write the dotted form "2.5.29.15". Malformed contents, and those with an
 * arc that is too wide, write nothing: never a part of an identifier.
 */
void bm_oid_put_dotted(struct bm_wr *w, struct bm_bytes oid);

/*
 * Read the dotted form into contents octets. BM_E_DER_OID if it is not one
 * (one form: no leading zeros, spaces, or empty arcs), BM_E_LIMIT if an arc is
 * too wide. On error nothing has been written.
 */
BM_MUST_CHECK bm_status bm_oid_from_dotted(struct bm_bytes text,
                                           struct bm_wr *w);

/*
 * Read an attribute type: a keyword in whatever case ("CN", "emailaddress")
 * or the dotted form. BM_E_NAME_ATTRIBUTE for an unknown keyword; otherwise as
 * bm_oid_from_dotted().
 */
BM_MUST_CHECK bm_status bm_oid_from_attribute(struct bm_bytes text,
                                              struct bm_wr *w);

#endif
