/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_STATUS_H
#define BM_CORE_STATUS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The one error vocabulary of the project.
 *
 * The high byte is the layer, the low byte the reason, so a number printed
 * by a device with no strings still says where to look. Values are part of
 * the ABI and of the logs: append within a layer, never renumber.
 *
 * Each refusal names the clause that decides it. Devices carry only the
 * numbers; bm_status_clause() and bm_status_text() live in status.c, which
 * only programs that print link.
 *
 *   X(name, value, clause, text)
 */
#define BM_STATUS_LIST(X) \
    BM_STATUS_GENERIC(X)  \
    BM_STATUS_DER(X)      \
    BM_STATUS_TEXT(X)     \
    BM_STATUS_TIME(X)     \
    BM_STATUS_CBOR(X)     \
    BM_STATUS_NAME(X)     \
    BM_STATUS_KEY(X)      \
    BM_STATUS_CERT(X)     \
    BM_STATUS_EXT(X)      \
    BM_STATUS_CSR(X)      \
    BM_STATUS_CRL(X)      \
    BM_STATUS_OCSP(X)     \
    BM_STATUS_CMS(X)      \
    BM_STATUS_PATH(X)     \
    BM_STATUS_CRYPTO(X)   \
    BM_STATUS_FLASH(X)    \
    BM_STATUS_HOST(X)     \
    BM_STATUS_KEYS(X)     \
    BM_STATUS_CONFIG(X)   \
    BM_STATUS_PROFILE(X)  \
    BM_STATUS_STORE(X)    \
    BM_STATUS_CA(X)       \
    BM_STATUS_LEDGER(X)   \
    BM_STATUS_EST(X)      \
    BM_STATUS_CEREMONY(X) \
    BM_STATUS_LOG(X)      \
    BM_STATUS_IDENTITY(X) \
    BM_STATUS_HTTP(X)     \
    BM_STATUS_ENROL(X)    \
    BM_STATUS_TRUST(X)    \
    BM_STATUS_VAULT(X)    \
    BM_STATUS_TLS(X)      \
    BM_STATUS_ENTROPY(X)  \
    BM_STATUS_ATTEST(X)   \
    BM_STATUS_AGENT(X)    \
    BM_STATUS_IMAGE(X)    \
    BM_STATUS_BOOT(X)     \
    BM_STATUS_KEYSET(X)   \
    BM_STATUS_RECOVERY(X) \
    BM_STATUS_LMS(X)

#define BM_STATUS_GENERIC(X)                                      \
    X(OK, 0x0000, "", "success")                                  \
    X(E_INTERNAL, 0x0001, "", "internal error")                   \
    X(E_ARGUMENT, 0x0002, "", "invalid argument")                 \
    X(E_BUFFER, 0x0003, "", "output buffer too small")            \
    X(E_LIMIT, 0x0004, "", "more than this implementation takes") \
    X(E_END, 0x0005, "", "no more elements")

#define BM_STATUS_DER(X)                                                       \
    X(E_DER_TRUNCATED, 0x0101, "X.690 8.1.3", "element runs past the end")     \
    X(E_DER_TAG, 0x0102, "X.690 8.1.2", "unexpected tag")                      \
    X(E_DER_LENGTH, 0x0103, "X.690 10.1", "length is not in shortest form")    \
    X(E_DER_TRAILING, 0x0104, "X.690 8.1", "bytes after the last element")     \
    X(E_DER_INTEGER, 0x0105, "X.690 8.3", "malformed or out-of-range INTEGER") \
    X(E_DER_BOOLEAN, 0x0106, "X.690 11.1", "BOOLEAN is not 00 or ff")          \
    X(E_DER_BITS, 0x0107, "X.690 11.2", "malformed BIT STRING")                \
    X(E_DER_OID, 0x0108, "X.690 8.19", "malformed OBJECT IDENTIFIER")          \
    X(E_DER_DEFAULT, 0x0109, "X.690 11.5", "DEFAULT value is encoded")         \
    X(E_DER_SET_ORDER, 0x010a, "X.690 11.6", "SET OF is not sorted")           \
    X(E_DER_EMPTY, 0x010b, "X.680 51.5", "SIZE (1..MAX) but nothing inside")   \
    X(E_DER_STRING, 0x010c, "X.680 41", "character outside the string type")   \
    X(E_DER_NULL, 0x010d, "X.690 8.8", "NULL with contents")

#define BM_STATUS_TEXT(X)                                                 \
    X(E_BASE64, 0x0201, "RFC 4648 3", "malformed base64")                 \
    X(E_PEM_BEGIN, 0x0202, "RFC 7468 2", "no BEGIN line")                 \
    X(E_PEM_LABEL, 0x0203, "RFC 7468 2", "malformed or mismatched label") \
    X(E_PEM_END, 0x0204, "RFC 7468 2", "no END line")

#define BM_STATUS_TIME(X)                                           \
    X(E_TIME_FORM, 0x0301, "RFC 5280 4.1.2.5", "malformed time")    \
    X(E_TIME_TYPE, 0x0302, "RFC 5280 4.1.2.5",                      \
      "UTCTime to be used through 2049, GeneralizedTime from 2050") \
    X(E_TIME_RANGE, 0x0303, "RFC 5280 4.1.2.5", "no such date or time")

#define BM_STATUS_CBOR(X)                                                \
    X(E_CBOR_TRUNCATED, 0x0401, "RFC 8949 3", "item runs past the end")  \
    X(E_CBOR_TYPE, 0x0402, "RFC 8949 3.1", "unexpected major type")      \
    X(E_CBOR_SHORTEST, 0x0403, "RFC 8949 4.2.1", "not in shortest form") \
    X(E_CBOR_ORDER, 0x0404, "RFC 8949 4.2.1", "map keys not in order")   \
    X(E_CBOR_INDEFINITE, 0x0405, "RFC 8949 4.2.1", "indefinite length")  \
    X(E_CBOR_TRAILING, 0x0406, "RFC 8949 1.2", "bytes after the item")   \
    X(E_CBOR_UTF8, 0x0407, "RFC 8949 3.1", "text string is not UTF-8")   \
    X(E_CBOR_SIMPLE, 0x0408, "RFC 8949 3.3", "simple value not allowed") \
    X(E_CBOR_DEPTH, 0x0409, "RFC 8949 10", "nested too deep")            \
    X(E_CBOR_HEAD, 0x040a, "RFC 8949 3", "reserved additional information")

#define BM_STATUS_NAME(X)                                                     \
    X(E_NAME, 0x0501, "RFC 5280 4.1.2.4", "malformed Name")                   \
    X(E_NAME_STRING, 0x0502, "RFC 5280 4.1.2.4", "malformed attribute value") \
    X(E_NAME_TEXT, 0x0503, "RFC 4514 3", "malformed name string")             \
    X(E_NAME_ATTRIBUTE, 0x0504, "RFC 4514 2.3", "unknown attribute type")     \
    X(E_GN_FORM, 0x0505, "RFC 5280 4.2.1.6", "malformed GeneralName")         \
    X(E_GN_IP, 0x0506, "RFC 5280 4.2.1.6", "iPAddress is not 4 or 16 octets") \
    X(E_GN_DNS, 0x0507, "RFC 5280 4.2.1.6", "malformed dNSName")              \
    X(E_GN_EMAIL, 0x0508, "RFC 5280 4.2.1.6", "malformed rfc822Name")         \
    X(E_GN_URI, 0x0509, "RFC 5280 4.2.1.6", "malformed URI")                  \
    X(E_GN_HARDWARE, 0x050a, "RFC 4108 5", "malformed hardwareModuleName")    \
    X(E_GN_PERMANENT, 0x050b, "RFC 4043 2", "malformed permanentIdentifier")  \
    X(E_GN_OTHER, 0x050c, "RFC 5280 4.2.1.6", "malformed otherName")          \
    X(E_NAME_MATTER, 0x050d, "Matter 6.1.1",                                  \
      "VID or PID is not four upper-case hexadecimal digits")

#define BM_STATUS_KEY(X)                                                    \
    X(E_SPKI, 0x0601, "RFC 5280 4.1.2.7", "malformed SubjectPublicKeyInfo") \
    X(E_ALG, 0x0602, "RFC 5280 4.1.1.2", "malformed AlgorithmIdentifier")   \
    X(E_ALG_PARAMS, 0x0603, "RFC 3279, 5758, 8410, 9881",                   \
      "parameters not as the algorithm demands")                            \
    X(E_KEY_POINT, 0x0604, "RFC 5480 2.2", "malformed EC point")            \
    X(E_KEY_RSA, 0x0605, "RFC 8017 A.1.1", "malformed RSA key")             \
    X(E_KEY_SIZE, 0x0606, "RFC 8410 4, RFC 9881 4", "key of wrong size")    \
    X(E_KEY_UNSUPPORTED, 0x0607, "RFC 5280 4.1.2.7",                        \
      "public key algorithm not supported")                                 \
    X(E_ALG_UNSUPPORTED, 0x0608, "RFC 5280 4.1.1.2",                        \
      "signature algorithm not supported")                                  \
    X(E_KEY_MISMATCH, 0x0609, "RFC 5280 6.1.3",                             \
      "signature algorithm does not fit the key")                           \
    X(E_KEY_CLOSE, 0x060a, "FIPS 186-5 A.1.3",                              \
      "RSA key of primes that are too close")

#define BM_STATUS_CERT(X)                                                  \
    X(E_CERT, 0x0701, "RFC 5280 4.1", "malformed Certificate")             \
    X(E_CERT_VERSION, 0x0702, "RFC 5280 4.1.2.1",                          \
      "version does not fit the fields present")                           \
    X(E_CERT_SERIAL, 0x0703, "RFC 5280 4.1.2.2",                           \
      "serial number not positive or over 20 octets")                      \
    X(E_CERT_ALG_MISMATCH, 0x0704, "RFC 5280 4.1.1.2",                     \
      "signatureAlgorithm differs from tbsCertificate.signature")          \
    X(E_CERT_ISSUER_EMPTY, 0x0705, "RFC 5280 4.1.2.4", "issuer is empty")  \
    X(E_CERT_VALIDITY, 0x0706, "RFC 5280 4.1.2.5",                         \
      "notAfter is before notBefore, or malformed validity")               \
    X(E_CERT_SUBJECT_EMPTY, 0x0707, "RFC 5280 4.1.2.6",                    \
      "empty subject without critical subjectAltName")                     \
    X(E_CERT_UNIQUE_ID, 0x0708, "RFC 5280 4.1.2.8", "malformed unique ID") \
    X(E_CERT_SIGNATURE, 0x0709, "RFC 5280 4.1.1.3",                        \
      "malformed signatureValue")                                          \
    X(E_TEMPLATE, 0x070a, "", "template and its values do not fit")

#define BM_STATUS_EXT(X)                                                       \
    X(E_EXT, 0x0801, "RFC 5280 4.2", "malformed extension")                    \
    X(E_EXT_DUPLICATE, 0x0802, "RFC 5280 4.2", "extension occurs twice")       \
    X(E_EXT_AKI, 0x0803, "RFC 5280 4.2.1.1",                                   \
      "malformed authorityKeyIdentifier")                                      \
    X(E_EXT_SKI, 0x0804, "RFC 5280 4.2.1.2", "malformed subjectKeyIdentifier") \
    X(E_EXT_KU, 0x0805, "RFC 5280 4.2.1.3", "malformed or empty keyUsage")     \
    X(E_EXT_POLICIES, 0x0806, "RFC 5280 4.2.1.4",                              \
      "malformed certificatePolicies")                                         \
    X(E_EXT_MAPPINGS, 0x0807, "RFC 5280 4.2.1.5", "malformed policyMappings")  \
    X(E_EXT_SAN, 0x0808, "RFC 5280 4.2.1.6", "malformed subjectAltName")       \
    X(E_EXT_IAN, 0x0809, "RFC 5280 4.2.1.7", "malformed issuerAltName")        \
    X(E_EXT_SDA, 0x080a, "RFC 5280 4.2.1.8",                                   \
      "malformed subjectDirectoryAttributes")                                  \
    X(E_EXT_BC, 0x080b, "RFC 5280 4.2.1.9", "malformed basicConstraints")      \
    X(E_EXT_NC, 0x080c, "RFC 5280 4.2.1.10", "malformed nameConstraints")      \
    X(E_EXT_PC, 0x080d, "RFC 5280 4.2.1.11", "malformed policyConstraints")    \
    X(E_EXT_EKU, 0x080e, "RFC 5280 4.2.1.12", "malformed extKeyUsage")         \
    X(E_EXT_CDP, 0x080f, "RFC 5280 4.2.1.13",                                  \
      "malformed cRLDistributionPoints")                                       \
    X(E_EXT_IAP, 0x0810, "RFC 5280 4.2.1.14", "malformed inhibitAnyPolicy")    \
    X(E_EXT_FRESHEST, 0x0811, "RFC 5280 4.2.1.15", "malformed freshestCRL")    \
    X(E_EXT_AIA, 0x0812, "RFC 5280 4.2.2.1", "malformed authorityInfoAccess")  \
    X(E_EXT_SIA, 0x0813, "RFC 5280 4.2.2.2", "malformed subjectInfoAccess")    \
    X(E_EXT_NOCHECK, 0x0814, "RFC 6960 4.2.2.2.1", "malformed ocsp-nocheck")   \
    X(E_EXT_PATHLEN, 0x0815, "RFC 5280 4.2.1.9",                               \
      "pathLenConstraint without cA and keyCertSign")                          \
    X(E_EXT_CERTSIGN, 0x0816, "RFC 5280 4.2.1.3",                              \
      "keyCertSign asserted but cA is not")                                    \
    X(E_EXT_CRITICAL, 0x0817, "RFC 5280 4.2",                                  \
      "criticality not as the extension demands")                              \
    X(E_EXT_TLSFEATURE, 0x0818, "RFC 7633 4.1", "malformed TLS feature")       \
    X(E_EXT_POLICY_TWICE, 0x0819, "RFC 5280 4.2.1.4", "policy occurs twice")   \
    X(E_EXT_NC_CA, 0x081a, "RFC 5280 4.2.1.10",                                \
      "nameConstraints in a certificate that is not a CA's")

#define BM_STATUS_CSR(X)                                                 \
    X(E_CSR, 0x0901, "RFC 2986 4.2", "malformed CertificationRequest")   \
    X(E_CSR_VERSION, 0x0902, "RFC 2986 4.1", "version is not v1")        \
    X(E_CSR_ATTRIBUTES, 0x0903, "RFC 2986 4.1", "malformed attributes")  \
    X(E_CSR_DUPLICATE, 0x0904, "RFC 2986 4.1", "attribute occurs twice") \
    X(E_CSR_EXTENSIONS, 0x0905, "RFC 2985 5.4.2",                        \
      "malformed extensionRequest")                                      \
    X(E_CSR_CHALLENGE, 0x0906, "RFC 2985 5.4.1",                         \
      "malformed challengePassword")                                     \
    X(E_CSR_SIGNATURE, 0x0907, "RFC 2986 4.2", "proof of possession failed")

#define BM_STATUS_CRL(X)                                                      \
    X(E_CRL, 0x0a01, "RFC 5280 5.1", "malformed CertificateList")             \
    X(E_CRL_VERSION, 0x0a02, "RFC 5280 5.1.2.1",                              \
      "version does not fit the fields present")                              \
    X(E_CRL_ALG_MISMATCH, 0x0a03, "RFC 5280 5.1.1.2",                         \
      "signatureAlgorithm differs from tbsCertList.signature")                \
    X(E_CRL_ISSUER, 0x0a04, "RFC 5280 5.1.2.3", "malformed or empty issuer")  \
    X(E_CRL_UPDATE, 0x0a05, "RFC 5280 5.1.2.5",                               \
      "malformed thisUpdate or nextUpdate, or out of order")                  \
    X(E_CRL_REVOKED_EMPTY, 0x0a06, "RFC 5280 5.1.2.6",                        \
      "revokedCertificates present but empty")                                \
    X(E_CRL_ENTRY, 0x0a07, "RFC 5280 5.1.2.6", "malformed CRL entry")         \
    X(E_CRL_REASON, 0x0a08, "RFC 5280 5.3.1", "malformed reasonCode")         \
    X(E_CRL_INVALIDITY, 0x0a09, "RFC 5280 5.3.2", "malformed invalidityDate") \
    X(E_CRL_CERT_ISSUER, 0x0a0a, "RFC 5280 5.3.3",                            \
      "malformed certificateIssuer")                                          \
    X(E_CRL_NUMBER, 0x0a0b, "RFC 5280 5.2.3", "malformed cRLNumber")          \
    X(E_CRL_DELTA, 0x0a0c, "RFC 5280 5.2.4", "malformed deltaCRLIndicator")   \
    X(E_CRL_IDP, 0x0a0d, "RFC 5280 5.2.5",                                    \
      "malformed issuingDistributionPoint")                                   \
    X(E_CRL_CRITICAL, 0x0a0e, "RFC 5280 5.2", "unknown critical extension")   \
    X(E_CRL_SIGNATURE, 0x0a0f, "RFC 5280 6.3.3", "CRL signature is wrong")    \
    X(E_CRL_STATE, 0x0a10, "", "CRL stream used out of order")                \
    X(E_CRL_TIME, 0x0a11, "RFC 5280 6.3.3 (a)",                               \
      "thisUpdate or nextUpdate does not cover the time")                     \
    X(E_CRL_SCOPE, 0x0a12, "RFC 5280 6.3.3 (b)",                              \
      "CRL is not about this certificate")                                    \
    X(E_CRL_BASE, 0x0a13, "RFC 5280 6.3.3 (c)",                               \
      "delta CRL does not fit the complete CRL")                              \
    X(E_CRL_CHANGED, 0x0a14, "", "entries differ from one pass to the next")  \
    X(E_CRL_MEMORY, 0x0a15, "",                                               \
      "signer needs all of the CRL in memory, which is too small")

#define BM_STATUS_OCSP(X)                                                      \
    X(E_OCSP_REQUEST, 0x0b01, "RFC 6960 4.1.1", "malformed OCSPRequest")       \
    X(E_OCSP_RESPONSE, 0x0b02, "RFC 6960 4.2.1", "malformed OCSPResponse")     \
    X(E_OCSP_VERSION, 0x0b03, "RFC 6960 4.1.1", "version is not v1")           \
    X(E_OCSP_CERTID, 0x0b04, "RFC 6960 4.1.1", "malformed CertID")             \
    X(E_OCSP_NONCE, 0x0b05, "RFC 9654 2.1", "nonce is not 1 to 128 octets")    \
    X(E_OCSP_STATUS, 0x0b06, "RFC 6960 4.2.1",                                 \
      "malformed responseStatus, or one without the bytes it needs")           \
    X(E_OCSP_TYPE, 0x0b07, "RFC 6960 4.2.1", "response type is not basic")     \
    X(E_OCSP_BASIC, 0x0b08, "RFC 6960 4.2.1", "malformed BasicOCSPResponse")   \
    X(E_OCSP_SINGLE, 0x0b09, "RFC 6960 4.2.1", "malformed SingleResponse")     \
    X(E_OCSP_CRITICAL, 0x0b0a, "RFC 6960 4.4", "unknown critical extension")   \
    X(E_OCSP_SIGNER, 0x0b0b, "RFC 6960 4.2.2.2",                               \
      "signer is not the CA nor delegated by it")                              \
    X(E_OCSP_SIGNATURE, 0x0b0c, "RFC 6960 3.2", "response signature is wrong") \
    X(E_OCSP_TIME, 0x0b0d, "RFC 6960 3.2",                                     \
      "thisUpdate or nextUpdate does not cover the time")                      \
    X(E_OCSP_MISSING, 0x0b0e, "RFC 6960 3.2", "no answer for this CertID")

#define BM_STATUS_CMS(X)                                                      \
    X(E_CMS, 0x0c01, "RFC 5652 3", "malformed ContentInfo")                   \
    X(E_CMS_TYPE, 0x0c02, "RFC 5652 5.1", "content is not SignedData")        \
    X(E_CMS_SIGNED_DATA, 0x0c03, "RFC 5652 5.1", "malformed SignedData")      \
    X(E_CMS_VERSION, 0x0c04, "RFC 5652 5.1",                                  \
      "version does not fit the fields present")                              \
    X(E_CMS_CERTS_ONLY, 0x0c05, "RFC 7030 4.1.3", "not a certs-only message") \
    X(E_CMS_SIGNER_INFO, 0x0c06, "RFC 5652 5.3", "malformed SignerInfo")      \
    X(E_CMS_ATTRS, 0x0c07, "RFC 5652 5.3", "malformed or missing attributes") \
    X(E_CMS_CONTENT_TYPE, 0x0c08, "RFC 5652 11.1",                            \
      "contentType attribute differs from eContentType")                      \
    X(E_CMS_DIGEST, 0x0c09, "RFC 5652 11.2",                                  \
      "messageDigest attribute differs from the content")                     \
    X(E_CMS_SIGNER, 0x0c0a, "RFC 5652 5.3", "signer certificate not found")   \
    X(E_CMS_SIGNATURE, 0x0c0b, "RFC 5652 5.6", "signature is wrong")          \
    X(E_CMS_DETACHED, 0x0c0c, "RFC 5652 5.2",                                 \
      "content missing, or given twice")                                      \
    X(E_CMS_ALG, 0x0c0d, "RFC 5754 3, RFC 8419 3, RFC 9882 3",                \
      "digest algorithm does not go with the signature algorithm")            \
    X(E_CMS_DUPLICATE, 0x0c0e, "RFC 5652 11", "signed attribute occurs twice")

#define BM_STATUS_PATH(X)                                                     \
    X(E_PATH_NO_ISSUER, 0x0d01, "RFC 5280 6.1", "no path to an anchor")       \
    X(E_PATH_DEPTH, 0x0d02, "RFC 5280 6.1", "path longer than allowed")       \
    X(E_PATH_WORK, 0x0d03, "RFC 5280 6.1", "work limit reached")              \
    X(E_PATH_SIGNATURE, 0x0d04, "RFC 5280 6.1.3 (a)(1)",                      \
      "signature does not verify")                                            \
    X(E_PATH_NOT_YET, 0x0d05, "RFC 5280 6.1.3 (a)(2)", "not yet valid")       \
    X(E_PATH_EXPIRED, 0x0d06, "RFC 5280 6.1.3 (a)(2)", "expired")             \
    X(E_PATH_REVOKED, 0x0d07, "RFC 5280 6.1.3 (a)(3)", "revoked")             \
    X(E_PATH_STATUS_UNKNOWN, 0x0d08, "RFC 5280 6.1.3 (a)(3)",                 \
      "revocation status could not be determined")                            \
    X(E_PATH_NAME_CHAIN, 0x0d09, "RFC 5280 6.1.3 (a)(4)",                     \
      "issuer name is not the subject of the issuing certificate")            \
    X(E_PATH_NC_PERMITTED, 0x0d0a, "RFC 5280 6.1.3 (b)",                      \
      "name is in no permitted subtree")                                      \
    X(E_PATH_NC_EXCLUDED, 0x0d0b, "RFC 5280 6.1.3 (c)",                       \
      "name is in an excluded subtree")                                       \
    X(E_PATH_NC_FORM, 0x0d0c, "RFC 5280 4.2.1.10",                            \
      "constraint on a name form that cannot be checked")                     \
    X(E_PATH_POLICY, 0x0d0d, "RFC 5280 6.1.3 (f)", "no acceptable policy")    \
    X(E_PATH_CA, 0x0d0e, "RFC 5280 6.1.4 (k)", "issuer is not a CA")          \
    X(E_PATH_LEN, 0x0d0f, "RFC 5280 6.1.4 (l)", "pathLenConstraint exceeded") \
    X(E_PATH_KEY_USAGE, 0x0d10, "RFC 5280 6.1.4 (n)",                         \
      "keyUsage does not allow this use")                                     \
    X(E_PATH_CRITICAL, 0x0d11, "RFC 5280 6.1.4 (o)",                          \
      "unknown critical extension")                                           \
    X(E_PATH_EKU, 0x0d12, "RFC 5280 4.2.1.12",                                \
      "extKeyUsage does not allow this purpose")                              \
    X(E_PATH_MAPPING, 0x0d13, "RFC 5280 6.1.4 (a)", "mapping of anyPolicy")   \
    X(E_PATH_VERSION, 0x0d14, "RFC 5280 6.1.4 (k)", "CA is not version 3")    \
    X(E_PATH_WEAK, 0x0d15, "NIST SP 800-131A 3", "algorithm or key too weak") \
    X(E_PATH_HOST, 0x0d16, "RFC 9525 6", "no subjectAltName matches")         \
    X(E_PATH_PROFILE, 0x0d17, "RFC 5280 4.2",                                 \
      "extension missing, or not where or as critical as it must be")

#define BM_STATUS_CRYPTO(X)                                              \
    X(E_SIGNATURE, 0x0e01, "", "signature does not verify")              \
    X(E_CRYPTO, 0x0e02, "", "cryptographic provider failed")             \
    X(E_CRYPTO_UNSUPPORTED, 0x0e03, "", "provider lacks this algorithm") \
    X(E_AEAD, 0x0e04, "", "authentication tag does not match")           \
    X(E_RANDOM, 0x0e05, "", "no randomness available")

#define BM_STATUS_FLASH(X)                                                   \
    X(E_FLASH_RANGE, 0x0f01, "", "outside of the flash")                     \
    X(E_FLASH_ALIGN, 0x0f02, "", "not a whole sector or unit of the flash")  \
    X(E_FLASH_BITS, 0x0f03, "", "programming would set a bit that is clear") \
    X(E_FLASH_POWER, 0x0f04, "", "flash has no power")                       \
    X(E_FLASH_READ, 0x0f05, "", "flash cannot be read here")                 \
    X(E_FLASH_VERIFY, 0x0f06, "", "flash did not take what was programmed")

/* From here on mostly of hosts. */
#define BM_STATUS_HOST(X)                                                   \
    X(E_MEMORY, 0x1001, "", "out of memory")                                \
    X(E_IO, 0x1002, "", "reading or writing failed")                        \
    X(E_NOT_FOUND, 0x1003, "", "there is no such thing")                    \
    X(E_EXISTS, 0x1004, "", "exists already, and is not overwritten")       \
    X(E_BUSY, 0x1005, "", "in use by another process")                      \
    X(E_FULL, 0x1006, "", "no space left on the device")                    \
    X(E_ARCHIVE, 0x1007, "", "archive is damaged or not one of ours")       \
    X(E_ARCHIVE_VERSION, 0x1008, "", "archive was made by a newer version") \
    X(E_SANDBOX, 0x1009, "", "sandbox cannot be entered")

#define BM_STATUS_KEYS(X)                                                      \
    X(E_KEYS_URI, 0x1101, "RFC 7512 2", "key URI is not understood")           \
    X(E_KEYS_LOCKED, 0x1102, "", "keys are locked: no unlock secret")          \
    X(E_KEYS_SECRET, 0x1103, "", "unlock secret is wrong")                     \
    X(E_KEYS_FILE, 0x1104, "", "key file is damaged or not one of ours")       \
    X(E_KEYS_MODE, 0x1105, "", "secret may be read by others")                 \
    X(E_KEYS_GONE, 0x1106, "", "key is not there at present")                  \
    X(E_KEYS_TYPO, 0x1107, "", "unlock secret is mistyped or cut short")       \
    X(E_KEYS_VERSION, 0x1108, "", "made by a newer version")                   \
    X(E_KEYS_SOURCE, 0x1109, "", "unlock source is not understood")            \
    X(E_KEYS_SHARES, 0x110a, "",                                               \
      "nobody can be asked for shares here: take shares:DIR or fd:N")          \
    X(E_KEYS_PIN, 0x110b, "", "token takes no PIN, or not this one")           \
    X(E_KEYS_AMBIGUOUS, 0x110c, "RFC 7512 2.3",                                \
      "key URI matches more than one")                                         \
    X(E_KEYS_MODULE, 0x110d, "", "module of the token cannot be used")         \
    X(E_KEYS_TOKEN, 0x110e, "", "token failed, or its answer is wrong")        \
    X(E_KEYS_LOCKOUT, 0x110f, "", "token takes no authorisation for a time")   \
    X(E_KEYS_BUSY, 0x1110, "", "token is busy")                                \
    X(E_KEYS_SHARE_TYPO, 0x1111, "", "share is mistyped or cut short")         \
    X(E_KEYS_SHARE_NAME, 0x1112, "", "name cannot stand on a share")           \
    X(E_KEYS_SHARE_TWICE, 0x1113, "", "same share a second time")              \
    X(E_KEYS_SHARE_FALSE, 0x1114, "",                                          \
      "a share is false: forged, or of a broken copy")                         \
    X(E_KEYS_SHARES_COUNT, 0x1115, "", "2 to 16 shares, any 2 to all of them") \
    X(E_KEYS_SHARES_FEW, 0x1116, "", "too few shares")                         \
    X(E_KEYS_SHARES_MIXED, 0x1117, "", "share belongs to another set")

#define BM_STATUS_CONFIG(X)                                                \
    X(E_CONFIG_SYNTAX, 0x1201, "YAML 1.1", "not well-formed YAML")         \
    X(E_CONFIG_KEY, 0x1202, "", "unknown key")                             \
    X(E_CONFIG_TWICE, 0x1203, "YAML 1.1 3.2.1.1", "key occurs twice")      \
    X(E_CONFIG_MISSING, 0x1204, "", "key is missing")                      \
    X(E_CONFIG_VALUE, 0x1205, "", "value is not allowed here")             \
    X(E_CONFIG_ALIAS, 0x1206, "", "anchors, aliases and tags are refused") \
    X(E_CONFIG_DEPTH, 0x1207, "", "nested too deep or too large")

#define BM_STATUS_PROFILE(X)                                                \
    X(E_PROFILE, 0x1301, "", "profile is not valid")                        \
    X(E_PROFILE_ISSUER, 0x1302, "", "profile does not fit its issuing CA")  \
    X(E_PROFILE_SUBJECT, 0x1303, "", "subject is outside the profile")      \
    X(E_PROFILE_SAN, 0x1304, "RFC 5280 4.2.1.6",                            \
      "subjectAltName is outside the profile")                              \
    X(E_PROFILE_KEY, 0x1305, "", "key is outside the profile")              \
    X(E_PROFILE_EXTENSION, 0x1306, "", "extension is outside the profile")  \
    X(E_PROFILE_VALIDITY, 0x1307, "RFC 5280 4.1.2.5",                       \
      "validity is outside the profile")                                    \
    X(E_PROFILE_DEVICE, 0x1308, "",                                         \
      "device has no name that the profile needs")                          \
    X(E_PROFILE_TBS, 0x1309, "", "certificate would not match its profile") \
    X(E_PROFILE_REQUESTER, 0x130a, "", "requester may not have this profile")

#define BM_STATUS_STORE(X)                                              \
    X(E_STORE, 0x1401, "", "store failed")                              \
    X(E_STORE_CORRUPT, 0x1402, "", "store is damaged")                  \
    X(E_STORE_VERSION, 0x1403, "", "store was made by a newer version") \
    X(E_STORE_CONFLICT, 0x1404, "", "row exists already")               \
    X(E_STORE_SCOPE, 0x1405, "", "belongs to another organisation")     \
    X(E_STORE_STATE, 0x1406, "", "store is not in such a transaction")

#define BM_STATUS_CA(X)                                                        \
    X(E_CA_KEY_OWNED, 0x1501, "", "public key belongs to another device")      \
    X(E_CA_KEY_REUSED, 0x1502, "", "profile forbids the same key again")       \
    X(E_CA_KEY_BAD, 0x1503, "NIST SP 800-57 1 5.2", "public key is known bad") \
    X(E_CA_IDENTIFIER, 0x1504, "", "identifier is taken")                      \
    X(E_CA_DEVICE, 0x1505, "", "state of the device forbids this")             \
    X(E_CA_CLOCK, 0x1506, "", "clock is behind the last commit")               \
    X(E_CA_FORK, 0x1507, "", "certificate was superseded: possible clone")     \
    X(E_CA_PENDING, 0x1508, "", "too many unconfirmed renewals")               \
    X(E_CA_WINDOW, 0x1509, "", "outside the renewal window")                   \
    X(E_CA_STATUS, 0x150a, "", "certificate is not in a state for this")       \
    X(E_CA_REASON, 0x150b, "RFC 5280 5.3.1", "reason does not apply here")     \
    X(E_CA_FORBIDDEN, 0x150c, "", "role does not allow this")                  \
    X(E_CA_TOKEN, 0x150d, "", "token is unknown, used or expired")             \
    X(E_CA_UNAVAILABLE, 0x150e, "", "CA is not active")                        \
    X(E_CA_RESTORED, 0x150f, "",                                               \
      "restored: the last published checkpoint must be shown first")           \
    X(E_CA_SIGNER, 0x1510, "", "signer refuses to sign this")                  \
    X(E_CA_RECOVER, 0x1511, "", "a commit failed: open the instance again")    \
    X(E_CA_APPROVAL, 0x1512, "", "waits for approval by a second operator")    \
    X(E_CA_REJECTED, 0x1513, "", "was rejected by an operator")                \
    X(E_CA_REQUEST, 0x1514, "", "request has been decided already")            \
    X(E_CA_OPERATOR, 0x1515, "", "operator is not in a state for this")        \
    X(E_CA_LAST, 0x1516, "", "no administrator would be left")                 \
    X(E_CA_WAITING, 0x1517, "", "too many requests wait for approval")         \
    X(E_CA_REPEATED, 0x1518, "", "request is not the one that came first")

#define BM_STATUS_LEDGER(X)                                                  \
    X(E_LEDGER_RECORD, 0x1601, "", "malformed ledger record")                \
    X(E_LEDGER_NOTE, 0x1602, "C2SP signed-note", "malformed signed note")    \
    X(E_LEDGER_CHECKPOINT, 0x1603, "C2SP tlog-checkpoint",                   \
      "malformed checkpoint")                                                \
    X(E_LEDGER_SIGNATURE, 0x1604, "C2SP signed-note",                        \
      "checkpoint is not signed by the ledger key")                          \
    X(E_LEDGER_ROOT, 0x1605, "RFC 6962 2.1", "tree head does not match")     \
    X(E_LEDGER_PROOF, 0x1606, "RFC 6962 2.1.1", "proof does not verify")     \
    X(E_LEDGER_ROLLBACK, 0x1607, "",                                         \
      "store is older than the checkpoint: rolled back")                     \
    X(E_LEDGER_FORK, 0x1608, "", "two trees from one key")                   \
    X(E_LEDGER_CHANGED, 0x1609, "", "record and store differ")               \
    X(E_LEDGER_MISSING, 0x160a, "", "record is missing")                     \
    X(E_LEDGER_UNRECORDED, 0x160b, "", "signed or stored, but not recorded") \
    X(E_LEDGER_JOURNAL, 0x160c, "", "signer's journal is damaged")           \
    X(E_LEDGER_PROOF_FILE, 0x160d, "C2SP tlog-proof", "malformed proof file")

#define BM_STATUS_EST(X)                                                     \
    X(E_EST_BODY, 0x1701, "RFC 8951 3.1", "body is not base64 of a request") \
    X(E_EST_CREDENTIALS, 0x1702, "RFC 7030 3.2.3",                           \
      "credentials are missing or malformed")                                \
    X(E_EST_BINDING, 0x1703, "RFC 7030 3.5",                                 \
      "request is not bound to this connection")                             \
    X(E_EST_KEYGEN, 0x1704, "RFC 7030 4.4.1",                                \
      "private key cannot be delivered as asked")                            \
    X(E_EST_LATER, 0x1705, "", "come again later")

#define BM_STATUS_CEREMONY(X)                                                  \
    X(E_CEREMONY_TRANSCRIPT, 0x1801, "", "malformed transcript")               \
    X(E_CEREMONY_CHAIN, 0x1802, "",                                            \
      "transcript was changed: an entry does not follow from those before")    \
    X(E_CEREMONY_SIGNATURE, 0x1803, "",                                        \
      "transcript is not signed by this root")                                 \
    X(E_CEREMONY_OPEN, 0x1804, "", "transcript does not end with a signature") \
    X(E_CEREMONY_UNKNOWN, 0x1805, "", "transcript does not mention this")      \
    X(E_CEREMONY_STEP, 0x1806, "", "ceremony file does not name this")         \
    X(E_CEREMONY_PIN, 0x1807, "", "not what the ceremony file names")          \
    X(E_CEREMONY_DONE, 0x1808, "", "has been signed already")                  \
    X(E_CEREMONY_KEY, 0x1809, "", "key is that of another CA")                 \
    X(E_CEREMONY_REHEARSAL, 0x180a, "",                                        \
      "a rehearsal and the real thing do not mix")                             \
    X(E_CEREMONY_CLOCK, 0x180b, "",                                            \
      "clock is behind what the transcript says")                              \
    X(E_CEREMONY_ROOT, 0x180c, "", "ceremony file is about another root")      \
    X(E_CEREMONY_REVOKED, 0x180d, "RFC 5280 5.3",                              \
      "list does not go on from the one before")                               \
    X(E_CEREMONY_STOPPED, 0x180e, "", "stopped before anything was signed")

/* Of devices. */
#define BM_STATUS_LOG(X)                                                \
    X(E_LOG_FORMAT, 0x1901, "", "flash holds something that is no log") \
    X(E_LOG_FULL, 0x1902, "", "no room left in the log")                \
    X(E_LOG_READ, 0x1903, "", "flash has lost this value")

#define BM_STATUS_IDENTITY(X)                                            \
    X(E_IDENTITY_STATE, 0x1a01, "", "not in this state of the identity") \
    X(E_IDENTITY_KEY, 0x1a02, "", "certificate is not of this key")      \
    X(E_IDENTITY_LOST, 0x1a03, "", "key or certificate is gone or unreadable")

#define BM_STATUS_HTTP(X)                                               \
    X(E_HTTP_SYNTAX, 0x1b01, "RFC 9112 4", "malformed HTTP response")   \
    X(E_HTTP_LENGTH, 0x1b02, "RFC 9112 6", "body is not of its length") \
    X(E_HTTP_AMBIGUOUS, 0x1b03, "RFC 9112 6.3",                         \
      "lengths of the body contradict each other")                      \
    X(E_HTTP_CODING, 0x1b04, "RFC 9112 6.1",                            \
      "transfer coding other than chunked")                             \
    X(E_HTTP_CHUNK, 0x1b05, "RFC 9112 7.1", "malformed chunk")          \
    X(E_HTTP_LIMIT, 0x1b06, "RFC 9112 2.3", "head of the response is too long")

#define BM_STATUS_ENROL(X)                                                   \
    X(E_ENROL_REFUSED, 0x1c01, "RFC 7030 4.2.3", "server refused")           \
    X(E_ENROL_LATER, 0x1c02, "RFC 7030 4.2.3", "server asks to come later")  \
    X(E_ENROL_CREDENTIALS, 0x1c03, "RFC 7030 3.2.3",                         \
      "server does not take token or identity")                              \
    X(E_ENROL_FORBIDDEN, 0x1c04, "RFC 9110 15.5.4",                          \
      "server forbids it to this identity")                                  \
    X(E_ENROL_CONFLICT, 0x1c05, "RFC 9110 15.5.10",                          \
      "key or name belongs to somebody else")                                \
    X(E_ENROL_BUSY, 0x1c06, "RFC 9110 15.6.4", "server has no time")         \
    X(E_ENROL_SERVER, 0x1c07, "RFC 9110 15.6", "server failed")              \
    X(E_ENROL_PATH, 0x1c08, "RFC 7030 3.2.2",                                \
      "server does not know this path or label")                             \
    X(E_ENROL_TYPE, 0x1c09, "RFC 7030 3.2.4",                                \
      "answer is of another content type")                                   \
    X(E_ENROL_REDIRECT, 0x1c0a, "RFC 7030 3.2.1",                            \
      "redirected to another origin, or in circles")                         \
    X(E_ENROL_LARGE, 0x1c0b, "",                                             \
      "message is too large for the memory at hand")                         \
    X(E_ENROL_MESSAGE, 0x1c0c, "RFC 7030 4.2.3",                             \
      "answer is no certs-only message")                                     \
    X(E_ENROL_KEY, 0x1c0d, "RFC 7030 4.2.3",                                 \
      "no certificate of our key in the answer")                             \
    X(E_ENROL_CHAIN, 0x1c0e, "RFC 7030 4.1.3",                               \
      "certificate was not signed by a CA that the server names")            \
    X(E_ENROL_ATTRS, 0x1c0f, "RFC 8951 3.5", "malformed csrattrs")           \
    X(E_ENROL_KEY_TYPE, 0x1c10, "RFC 9908 3.4",                              \
      "server wants another type of key")                                    \
    X(E_ENROL_SUBJECT, 0x1c11, "RFC 7030 4.2.1", "no subject to ask for")    \
    X(E_ENROL_PROOF, 0x1c12, "", "server does not take the new certificate") \
    X(E_ENROL_EARLY, 0x1c13, "", "server wants the renewal later")           \
    X(E_ENROL_TIMEOUT, 0x1c14, "", "exchange took too long")                 \
    X(E_ENROL_BINDING, 0x1c15, "RFC 7030 3.5",                               \
      "server wants channel binding and the connection has none")            \
    X(E_ENROL_CA, 0x1c16, "RFC 5280 4.2.1.9",                                \
      "certificate for the device is one of a CA")

#define BM_STATUS_TRUST(X)                                                 \
    X(E_TRUST_DENIED, 0x1d01, "", "certificate is on the deny list")       \
    X(E_TRUST_STALE, 0x1d02, "", "what is known of revocation is too old") \
    X(E_TRUST_ROLLBACK, 0x1d03, "", "bundle is older than the one held")   \
    X(E_TRUST_BUNDLE, 0x1d04, "", "malformed trust bundle")                \
    X(E_TRUST_FORMAT, 0x1d05, "",                                          \
      "format or critical key of a trust bundle is not known")             \
    X(E_TRUST_SERIES, 0x1d06, "", "trust bundle of another series")        \
    X(E_TRUST_SIZE, 0x1d07, "", "trust bundle too large for this device")

#define BM_STATUS_VAULT(X)                                              \
    X(E_VAULT_SEAL, 0x1e01, "", "record was not sealed by this device") \
    X(E_VAULT_ROLLBACK, 0x1e02, "", "vault is older than its counter")

#define BM_STATUS_TLS(X)                                              \
    X(E_TLS_AGAIN, 0x1f01, "", "nothing to read or write at present") \
    X(E_TLS_CLOSED, 0x1f02, "", "peer has closed the connection")     \
    X(E_TLS_HANDSHAKE, 0x1f03, "", "TLS handshake failed")            \
    X(E_TLS_ALERT, 0x1f04, "", "peer refused with an alert")          \
    X(E_TLS_NO_CERT, 0x1f05, "", "peer showed no certificate")        \
    X(E_TLS_TRUNCATED, 0x1f06, "RFC 8446 6.1",                        \
      "connection ended without a close_notify")                      \
    X(E_TLS_PROOF, 0x1f07, "RFC 8446 4.4.3",                          \
      "peer does not hold the key of its certificate")                \
    X(E_TLS_SUITE, 0x1f08, "RFC 8446 4.1.1",                          \
      "no TLS version, group or algorithm in common")

#define BM_STATUS_ENTROPY(X)                        \
    X(E_ENTROPY_REPEAT, 0x2001, "SP 800-90B 4.4.1", \
      "noise source repeats itself")                \
    X(E_ENTROPY_BIAS, 0x2002, "SP 800-90B 4.4.2", "noise source is biased")

#define BM_STATUS_ATTEST(X)                                                \
    X(E_ATTEST, 0x2101, "", "malformed attestation")                       \
    X(E_ATTEST_KEY, 0x2102, "", "attestation is about another key")        \
    X(E_ATTEST_NONCE, 0x2103, "", "attestation answers no open challenge") \
    X(E_ATTEST_EK, 0x2104, "TCG EK Credential Profile 3.2",                \
      "no endorsement key certificate of a TPM")                           \
    X(E_ATTEST_SECRET, 0x2105, "TPM 2.0 Part 1, 24",                       \
      "credential was not activated by the TPM of that certificate")       \
    X(E_ATTEST_UNBOUND, 0x2106, "TPM 2.0 Part 2, 8.3",                     \
      "key is not bound to its TPM")                                       \
    X(E_ATTEST_MISSING, 0x2107, "",                                        \
      "profile demands a key that a TPM has attested")                     \
    X(E_ATTEST_OTHER, 0x2108, "", "attested by the TPM of another device") \
    X(E_ATTEST_OFF, 0x2109, "", "no endorsement key is trusted here")

#define BM_STATUS_AGENT(X)                                                    \
    X(E_AGENT_HOOK, 0x2201, "", "hook failed")                                \
    X(E_AGENT_RESOLVE, 0x2202, "", "name of the server is not resolved")      \
    X(E_AGENT_CONNECT, 0x2203, "", "no connection to the server")             \
    X(E_AGENT_TIMEOUT, 0x2204, "", "server does not answer in time")          \
    X(E_AGENT_BROKEN, 0x2205, "", "connection to the server was broken")      \
    X(E_AGENT_SLOT, 0x2206, "", "place of a key is taken by somebody else's") \
    X(E_AGENT_NONE, 0x2207, "", "no identity, and nothing to get one with")   \
    X(E_AGENT_STOPPED, 0x2208, "", "stopped when asked to")                   \
    X(E_AGENT_OWNER, 0x2209, "", "no such user or group")                     \
    X(E_AGENT_ANSWER, 0x220a, "", "answer of the server is not understood")   \
    X(E_AGENT_USER, 0x220b, "",                                               \
      "state belongs to another user: run as that one")

#define BM_STATUS_IMAGE(X)                                           \
    X(E_IMAGE_MAGIC, 0x2301, "MCUboot image.h", "no image: magic")   \
    X(E_IMAGE_HEADER, 0x2302, "MCUboot image.h",                     \
      "header is short, or overlaps what follows")                   \
    X(E_IMAGE_SIZE, 0x2303, "", "image does not fit where it is")    \
    X(E_IMAGE_FLAGS, 0x2304, "", "flags that are not supported")     \
    X(E_IMAGE_TLV, 0x2305, "MCUboot image.h", "malformed TLV area")  \
    X(E_IMAGE_TLV_TYPE, 0x2306, "",                                  \
      "TLV of unknown type, or in the wrong area")                   \
    X(E_IMAGE_TLV_TWICE, 0x2307, "", "TLV is there twice")           \
    X(E_IMAGE_TRAILING, 0x2308, "", "octets after the TLV area")     \
    X(E_IMAGE_DIGEST, 0x2309, "", "digest is not that of the image") \
    X(E_IMAGE_KEY, 0x230a, "", "not signed by a key that counts")    \
    X(E_IMAGE_SIGNATURE, 0x230b, "", "signature is wrong")           \
    X(E_IMAGE_ALGORITHM, 0x230c, "", "unsupported algorithm")        \
    X(E_IMAGE_MISSING, 0x230d, "", "a TLV that must be there is not")

#define BM_STATUS_BOOT(X)                                                      \
    X(E_BOOT_NONE, 0x2401, "", "no image that may run")                        \
    X(E_BOOT_DOWNGRADE, 0x2402, "",                                            \
      "security counter is below that of the device")                          \
    X(E_BOOT_DEPENDENCY, 0x2403, "", "another image is too old for this one")  \
    X(E_BOOT_ADDRESS, 0x2404, "", "image is made for another address")         \
    X(E_BOOT_FAULT, 0x2405, "", "control flow or a verdict does not add up")   \
    X(E_BOOT_SHAPE, 0x2406, "", "areas of flash do not fit each other")        \
    X(E_BOOT_REQUEST, 0x2407, "", "request names another image than there is") \
    X(E_BOOT_COUNTER, 0x2408, "", "counter cannot be read or raised")          \
    X(E_BOOT_HANDOVER, 0x2409, "", "no bootloader handed anything over")

#define BM_STATUS_KEYSET(X)                                                 \
    X(E_KEYSET, 0x2501, "", "malformed key set")                            \
    X(E_KEYSET_ROOT, 0x2502, "", "not signed by a root of this bootloader") \
    X(E_KEYSET_EPOCH, 0x2503, "", "epoch is not newer")                     \
    X(E_KEYSET_RUNNING, 0x2504, "",                                         \
      "the image that runs would not verify under it, or is on trial")

#define BM_STATUS_RECOVERY(X)                                    \
    X(E_RECOVERY_FRAME, 0x2601, "", "malformed frame")           \
    X(E_RECOVERY_KIND, 0x2602, "", "frame of unknown kind")      \
    X(E_RECOVERY_ORDER, 0x2603, "", "frame does not follow")     \
    X(E_RECOVERY_SIZE, 0x2604, "", "does not fit into the slot") \
    X(E_RECOVERY_TIMEOUT, 0x2605, "", "the other side went silent")

#define BM_STATUS_LMS(X)                                                      \
    X(E_LMS_SPENT, 0x2701, "SP 800-208 6", "all one-time keys are used")      \
    X(E_LMS_STATE, 0x2702, "SP 800-208 9", "state of the key cannot be kept") \
    X(E_LMS_RETIRED, 0x2703, "SP 800-208 9",                                  \
      "key was restored, or copied: it must not sign again")

typedef enum bm_status {
#define X(name, value, clause, text) BM_##name = (value),
    BM_STATUS_LIST(X)
#undef X
} bm_status;

#if defined(__GNUC__)
#define BM_MUST_CHECK __attribute__((warn_unused_result))
#else
#define BM_MUST_CHECK
#endif

/*
 * Return the status of `expr` unless it is BM_OK.
 *
 * The only control-flow macro in the project. Use it only in functions that
 * own nothing (core/, device/, boot/); a function that owns a resource uses
 * a single exit, `out:`.
 */
#define BM_TRY(expr)                \
    do {                            \
        bm_status bm_try_ = (expr); \
        if (bm_try_ != BM_OK) {     \
            return bm_try_;         \
        }                           \
    } while (0)

/*
 * Where a parser stopped and why; owned by the caller, who may pass NULL
 * wherever one is asked for. A success leaves it untouched.
 *
 * `status` is the reason, as returned. `within` is the field that was being
 * read (BM_E_EXT_BC while reading basicConstraints), or BM_OK. `at` points
 * into the input; bm_diag_offset() turns it into an offset, so it is good
 * only as long as the input is.
 *
 * A log line made of all three reads
 *   RFC 5280 4.2.1.9: malformed basicConstraints: BOOLEAN is not 00 or ff
 *   (X.690 11.1) at 417
 */
struct bm_diag {
    bm_status status;
    bm_status within;
    const uint8_t *at;
};

/* Offset of `diag->at` in the input that starts at `base`, or SIZE_MAX. */
size_t bm_diag_offset(const struct bm_diag *diag, const uint8_t *base,
                      size_t n);

/*
 * For programs that print (status.c; not linked on a device). Static
 * strings, never NULL: the clause is "" where no clause decides, and an
 * unknown number has the text "unknown status".
 */
const char *bm_status_clause(bm_status status);
const char *bm_status_text(bm_status status);
const char *bm_status_name(bm_status status); /* "BM_E_DER_TAG" */

#endif
