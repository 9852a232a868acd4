/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms.h"
#include "core/oid.h"

#include <string.h>

/* Certificates of one name in one message: more is an attack on our time. */
#define CANDIDATES_MAX 4

struct candidate {
    struct bm_cert *cert;
    bm_status rc; /* of the last one tried */
    unsigned tries;
};

bool bm_cms_signer_is(const struct bm_cms_signer *signer,
                      const struct bm_cert *cert)
{
    if (signer->key_id.n != 0) {
        return bm_exts_has(&cert->ext, BM_EXT_SKI) &&
               bm_bytes_equal(bm_exts_ski(&cert->ext), signer->key_id);
    }
    return bm_bytes_equal(signer->serial, cert->serial) &&
           bm_name_equal(signer->issuer, cert->issuer);
}

/* Exactly one of: content inside, content given, digest given. */
static bm_status find_content(const struct bm_cms *cms,
                              const struct bm_cms_verify_config *config,
                              struct bm_bytes *content)
{
    bool given = config->content.p != NULL;
    bool digested = config->digest.n != 0;

    if (cms->has_content + given + digested != 1) {
        return BM_E_CMS_DETACHED;
    }
    *content = cms->has_content ? cms->content : config->content;
    return BM_OK;
}

/* RFC 5652 11.2 MUST: messageDigest is the digest of the content. */
static bm_status check_digest(const struct bm_cms_signer *signer,
                              const struct bm_cms_verify_config *config,
                              struct bm_bytes content)
{
    const struct bm_crypto *crypto = config->crypto;
    struct bm_bytes digest = config->digest;
    uint8_t made[BM_HASH_MAX];

    if (digest.n == 0) {
        BM_TRY(crypto->hash(crypto->self, signer->hash, content, made));
        digest = (struct bm_bytes){ made, bm_hash_len(signer->hash) };
    } else if (config->digest_hash != signer->hash ||
               digest.n != bm_hash_len(signer->hash)) {
        return BM_E_CMS_DETACHED;
    }
    return bm_bytes_equal(signer->digest, digest) ? BM_OK : BM_E_CMS_DIGEST;
}

/* What was signed instead of the IMPLICIT [0]: RFC 5652 5.4. */
static const uint8_t set_of = BM_DER_SET;

/* The digest of the attributes, as two pieces. */
static bm_status hash_attrs(const struct bm_crypto *crypto, enum bm_hash hash,
                            struct bm_bytes attrs, uint8_t *out)
{
    bm_status rc = BM_E_INTERNAL;
    struct bm_hash_state state;

    state.hash = BM_HASH_NONE;
    rc = crypto->hash_begin(crypto->self, &state, hash);
    if (rc != BM_OK) {
        goto out;
    }
    rc = crypto->hash_more(crypto->self, &state,
                           (struct bm_bytes){ &set_of, 1 });
    if (rc != BM_OK) {
        goto out;
    }
    rc = crypto->hash_more(crypto->self, &state,
                           (struct bm_bytes){ attrs.p + 1, attrs.n - 1 });
    if (rc != BM_OK) {
        goto out;
    }
    return crypto->hash_end(crypto->self, &state, out);

out:
    (void)crypto->hash_end(crypto->self, &state, NULL);
    return rc;
}

static bm_status verify_attrs(const struct bm_cms_signer *signer,
                              const struct bm_cms_verify_config *config,
                              const struct bm_spki *key)
{
    const struct bm_crypto *crypto = config->crypto;
    struct bm_bytes attrs = signer->signed_attrs;
    uint8_t digest[BM_HASH_MAX];

    if (bm_sig_alg_hash(signer->sig_alg) != BM_HASH_NONE) {
        BM_TRY(hash_attrs(crypto, signer->hash, attrs, digest));
        return crypto->verify_hash(
            crypto->self, key, signer->sig_alg,
            (struct bm_bytes){ digest, bm_hash_len(signer->hash) },
            signer->signature);
    }
    if (config->scratch_n < attrs.n) {
        return BM_E_BUFFER;
    }
    memcpy(config->scratch, attrs.p, attrs.n);
    config->scratch[0] = set_of;
    return crypto->verify(crypto->self, key, signer->sig_alg,
                          (struct bm_bytes){ config->scratch, attrs.n },
                          signer->signature);
}

/*
 * Could these octets be signed attributes, as they are hashed? A signature
 * over attributes is also one over a message without attributes whose content
 * they are: whoever sees a signed message could make that other one of it.
 * RFC 5652 has no defence, but nobody's content looks like that.
 */
static bool looks_like_attrs(struct bm_bytes content)
{
    struct bm_attribute a;
    struct bm_bytes list;
    struct bm_der d;

    bm_der_init(&d, content, NULL);
    return bm_der_take(&d, BM_DER_SET, &list) == BM_OK &&
           bm_der_left(&d) == 0 &&
           bm_attribute_find(list, BM_LIT(BM_OID_P9_CONTENT_TYPE), &a);
}

/* RFC 5652 5.4: without attributes, the content is what is signed. */
static bm_status verify_content(const struct bm_cms_signer *signer,
                                const struct bm_cms_verify_config *config,
                                const struct bm_spki *key,
                                struct bm_bytes content)
{
    const struct bm_crypto *crypto = config->crypto;

    if (looks_like_attrs(content)) {
        return BM_E_CMS_ATTRS;
    }
    if (config->digest.n == 0) {
        return crypto->verify(crypto->self, key, signer->sig_alg, content,
                              signer->signature);
    }
    if (bm_sig_alg_hash(signer->sig_alg) != config->digest_hash ||
        config->digest.n != bm_hash_len(config->digest_hash)) {
        return BM_E_CMS_DETACHED; /* Ed25519 and ML-DSA sign content only */
    }
    return crypto->verify_hash(crypto->self, key, signer->sig_alg,
                               config->digest, signer->signature);
}

static bm_status verify_by(const struct bm_cert *cert,
                           const struct bm_cms_signer *signer,
                           const struct bm_cms_verify_config *config,
                           struct bm_bytes content)
{
    if (!bm_sig_alg_fits(signer->sig_alg, cert->key.type)) {
        return BM_E_KEY_MISMATCH;
    }
    return signer->signed_attrs.n != 0
               ? verify_attrs(signer, config, &cert->key)
               : verify_content(signer, config, &cert->key, content);
}

/*
 * Try the certificates that the SignerInfo names until one verifies: issuer
 * and serial number, or a key identifier, need not be unique in a message.
 * One that does not parse cannot be the signer's.
 */
static bm_status try_certs(struct bm_bytes certs,
                           const struct bm_cms_signer *signer,
                           const struct bm_cms_verify_config *config,
                           struct bm_bytes content, struct candidate *c)
{
    struct bm_bytes der;

    while (c->rc != BM_OK && bm_cms_next(&certs, &der)) {
        if (bm_cert_parse(der, BM_STRICT, NULL, c->cert) != BM_OK ||
            !bm_cms_signer_is(signer, c->cert)) {
            continue;
        }
        if (c->tries-- == 0) {
            return BM_E_LIMIT;
        }
        c->rc = verify_by(c->cert, signer, config, content);
    }
    return c->rc;
}

static bm_status verify(const struct bm_cms *cms,
                        const struct bm_cms_signer *signer,
                        const struct bm_cms_verify_config *config,
                        struct bm_cert *cert)
{
    struct candidate c = { cert, BM_E_CMS_SIGNER, CANDIDATES_MAX };
    struct bm_bytes content;
    bm_status rc;

    BM_TRY(find_content(cms, config, &content));
    if (signer->hash < BM_HASH_SHA256 || signer->sig_alg == BM_SIG_UNKNOWN) {
        return BM_E_ALG_UNSUPPORTED;
    }
    if (signer->signed_attrs.n != 0) {
        BM_TRY(check_digest(signer, config, content));
    }
    rc = try_certs(cms->certs, signer, config, content, &c);
    return rc == BM_OK || rc == BM_E_LIMIT
               ? rc
               : try_certs(config->certs, signer, config, content, &c);
}

bm_status bm_cms_verify(const struct bm_cms *cms,
                        const struct bm_cms_signer *signer,
                        const struct bm_cms_verify_config *config,
                        struct bm_cert *cert)
{
    bm_status rc = verify(cms, signer, config, cert);

    if (rc != BM_OK) {
        *cert = (struct bm_cert){ 0 };
    }
    return rc == BM_E_SIGNATURE ? BM_E_CMS_SIGNATURE : rc;
}
