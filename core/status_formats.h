/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_STATUS_FORMATS_H
#define BM_CORE_STATUS_FORMATS_H

/* Of status.h: what is wrong with octets that were read, and with what they are
 * read and checked by. */

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

#define BM_STATUS_CMS(X)                                                       \
    X(E_CMS, 0x0c01, "RFC 5652 3", "malformed ContentInfo")                    \
    X(E_CMS_TYPE, 0x0c02, "RFC 5652 5.1", "content is not SignedData")         \
    X(E_CMS_SIGNED_DATA, 0x0c03, "RFC 5652 5.1", "malformed SignedData")       \
    X(E_CMS_VERSION, 0x0c04, "RFC 5652 5.1",                                   \
      "version does not fit the fields present")                               \
    X(E_CMS_CERTS_ONLY, 0x0c05, "RFC 7030 4.1.3", "not a certs-only message")  \
    X(E_CMS_SIGNER_INFO, 0x0c06, "RFC 5652 5.3", "malformed SignerInfo")       \
    X(E_CMS_ATTRS, 0x0c07, "RFC 5652 5.3", "malformed or missing attributes")  \
    X(E_CMS_CONTENT_TYPE, 0x0c08, "RFC 5652 11.1",                             \
      "contentType attribute differs from eContentType")                       \
    X(E_CMS_DIGEST, 0x0c09, "RFC 5652 11.2",                                   \
      "messageDigest attribute differs from the content")                      \
    X(E_CMS_SIGNER, 0x0c0a, "RFC 5652 5.3", "signer certificate not found")    \
    X(E_CMS_SIGNATURE, 0x0c0b, "RFC 5652 5.6", "signature is wrong")           \
    X(E_CMS_DETACHED, 0x0c0c, "RFC 5652 5.2",                                  \
      "content missing, or given twice")                                       \
    X(E_CMS_ALG, 0x0c0d, "RFC 5754 3, RFC 8419 3, RFC 9882 3",                 \
      "digest algorithm does not go with the signature algorithm")             \
    X(E_CMS_DUPLICATE, 0x0c0e, "RFC 5652 11", "signed attribute occurs twice") \
    X(E_CMS_FORM, 0x0c0f, "",                                                  \
      "not of the content type, or the form, that is asked for")

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
    X(E_RANDOM, 0x0e05, "", "no randomness available")                   \
    X(E_ELEMENT, 0x0e06, "", "secure element does not do as asked")      \
    X(E_ELEMENT_BUSY, 0x0e07, "", "secure element is busy")              \
    X(E_ELEMENT_ANSWER, 0x0e08, "",                                      \
      "secure element gave what its key cannot have made")

#define BM_STATUS_FLASH(X)                                                   \
    X(E_FLASH_RANGE, 0x0f01, "", "outside of the flash")                     \
    X(E_FLASH_ALIGN, 0x0f02, "", "not a whole sector or unit of the flash")  \
    X(E_FLASH_BITS, 0x0f03, "", "programming would set a bit that is clear") \
    X(E_FLASH_POWER, 0x0f04, "", "flash has no power")                       \
    X(E_FLASH_READ, 0x0f05, "", "flash cannot be read here")                 \
    X(E_FLASH_VERIFY, 0x0f06, "", "flash did not take what was programmed")

#endif
