/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_CMS_H
#define BM_CORE_CMS_H

#include "core/attribute.h"
#include "core/cert.h"
#include "core/crypto.h"

/*
 * CMS SignedData (RFC 5652 5): certs-only messages, which is how EST, SCEP
 * and .p7b files carry certificates, and signed content, inside the message
 * or beside it. No enveloped data, no streaming, and DER only: a message in
 * BER (indefinite lengths, chunked content) is refused.
 *
 * One liberty: certificates, crls and signerInfos may stand in any order
 * though DER sorts a SET OF, because most servers send chains leaf first.
 * Their order means nothing. What we write is sorted.
 */

/* A SignedData, taken apart. Views into the buffer that was parsed. */
struct bm_cms {
    struct bm_bytes content_type; /* eContentType, OID contents */
    struct bm_bytes content;      /* eContent octets */
    struct bm_bytes certs;        /* contents of certificates, or empty */
    struct bm_bytes crls;         /* contents of crls, or empty */
    struct bm_bytes signers;      /* contents of signerInfos */
    uint8_t version;
    uint8_t choices_version; /* the least version that certs and crls need */
    bool has_content;        /* false: the signature is detached */
};

/*
 * Parse a certs-only message as RFC 7030 4.1.3 and RFC 5272 4.1 define it:
 * version 1, content type id-data, content absent, no signer, X.509
 * certificates only and at least one. Certificates and CRLs are not looked
 * into. On error `*cms` is all zero.
 */
BM_MUST_CHECK bm_status bm_cms_parse_certs(struct bm_bytes der,
                                           struct bm_diag *diag,
                                           struct bm_cms *cms);

/*
 * Walk cms->certs or cms->crls: `*element` is the next X.509 certificate or
 * CRL, header included; other kinds are passed over. False at the end.
 */
bool bm_cms_next(struct bm_bytes *set, struct bm_bytes *element);

/*
 * Append a certs-only message. `certs` and `crls` are DER objects one after
 * another. BM_E_ARGUMENT if they are not, or if `certs` is empty; the writer
 * is then as it was.
 */
BM_MUST_CHECK bm_status bm_cms_put_certs(struct bm_wr *w, struct bm_bytes certs,
                                         struct bm_bytes crls);

/* No signingTime attribute. */
#define BM_CMS_NO_TIME INT64_MIN

/* One SignerInfo, taken apart. Views. */
struct bm_cms_signer {
    struct bm_bytes issuer;         /* Name, with header; or empty ... */
    struct bm_bytes serial;         /* INTEGER contents; or empty ... */
    struct bm_bytes key_id;         /* ... and this says who signed */
    struct bm_bytes signed_attrs;   /* element with its [0] header, or empty:
                                       signed with 0x31 for the first octet */
    struct bm_bytes attributes;     /* contents of signed_attrs */
    struct bm_bytes unsigned_attrs; /* contents of [1], or empty */
    struct bm_bytes content_type;   /* contentType attribute, or empty */
    struct bm_bytes digest;         /* messageDigest attribute, or empty */
    struct bm_bytes sig_alg_id;     /* with header */
    struct bm_bytes signature;
    int64_t signing_time; /* or BM_CMS_NO_TIME; claimed by the signer */
    enum bm_hash hash;
    enum bm_sig_alg sig_alg; /* rsaEncryption made definite by `hash` */
    uint8_t version;
};

/*
 * Parse a SignedData of any content type, all of its SignerInfos included
 * (there may be none). Signed attributes are checked: DER order, no type
 * twice, contentType equal to eContentType, messageDigest there; and they
 * are there where RFC 5652 5.3 demands them. Unknown algorithms parse and
 * are refused by bm_cms_verify(). On error `*cms` is all zero.
 */
BM_MUST_CHECK bm_status bm_cms_parse(struct bm_bytes der, struct bm_diag *diag,
                                     struct bm_cms *cms);

/* Walk cms->signers of a parsed message: false at the end. */
bool bm_cms_signer_next(struct bm_bytes *signers, struct bm_cms_signer *signer);

/* Does the SignerInfo name this certificate? */
bool bm_cms_signer_is(const struct bm_cms_signer *signer,
                      const struct bm_cert *cert);

/* What bm_cms_verify() goes by. */
struct bm_cms_verify_config {
    const struct bm_crypto *crypto;
    struct bm_bytes certs; /* DER certificates, one after another, where the
                              signer's may be found beside cms->certs */
    /*
     * Detached signatures only: the content (`p` not NULL, even when there
     * are no octets), or its hash by the algorithm `digest_hash`.
     */
    struct bm_bytes content;
    struct bm_bytes digest;
    enum bm_hash digest_hash;
    /*
     * Memory for a copy of the signed attributes, which Ed25519 and ML-DSA
     * need in one piece (signer->signed_attrs.n octets); else unused.
     */
    uint8_t *scratch;
    size_t scratch_n;
};

/*
 * Verify one signer of `cms`: the content's digest, and the signature by a
 * certificate that the SignerInfo names (the first that verifies, should
 * there be several). `*cert` becomes that certificate; whether it is to be
 * trusted, for this purpose and at this time, is still to be found out
 * (path.h). On error `*cert` is all zero.
 *
 * BM_E_CMS_DETACHED if the content is missing, or is given though the
 * message has it. BM_E_BUFFER if `scratch` is too small. BM_E_CMS_ATTRS if a
 * signer without signed attributes signed what are themselves attributes:
 * another message, passed off as this one. Where only a digest is given, that
 * cannot be seen: ask for signed attributes there.
 */
BM_MUST_CHECK bm_status bm_cms_verify(const struct bm_cms *cms,
                                      const struct bm_cms_signer *signer,
                                      const struct bm_cms_verify_config *config,
                                      struct bm_cert *cert);

/* The hash that messageDigest is made with under this algorithm. */
enum bm_hash bm_cms_hash_for(enum bm_sig_alg alg);

/* What bm_cms_sign() is to write. */
struct bm_cms_sign_config {
    const struct bm_crypto *crypto; /* makes the content's digest */
    const struct bm_signer *signer;
    const struct bm_cert *cert;   /* the signer's; must hold its key */
    bool by_key_id;               /* name it by subjectKeyIdentifier */
    bool detached;                /* leave the content out of the message */
    struct bm_bytes content_type; /* OID contents; empty means id-data */
    struct bm_bytes content;
    struct bm_bytes digest;     /* detached only, instead of `content`: its hash
                               by bm_cms_hash_for(signer->alg) */
    struct bm_bytes certs;      /* DER certificates to carry along */
    struct bm_bytes attributes; /* further signed Attribute elements */
    int64_t signing_time;       /* or BM_CMS_NO_TIME */
};

/*
 * Append a SignedData with one signer and signed attributes. Works in the
 * writer's buffer alone; BM_E_BUFFER when that is too small. BM_E_ARGUMENT
 * if the certificate is not the signer's, or has no key identifier to name
 * it by. On error `*w` is as it was.
 */
BM_MUST_CHECK bm_status bm_cms_sign(const struct bm_cms_sign_config *config,
                                    struct bm_wr *w);

#endif
