/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms_internal.h"
#include "core/oid.h"

enum bm_hash bm_cms_hash_for(enum bm_sig_alg alg)
{
    enum bm_hash inside = bm_sig_alg_hash(alg);

    /* RFC 8419 3.1; RFC 9882 3.3: SHA-512 goes with every parameter set */
    return inside != BM_HASH_NONE ? inside : BM_HASH_SHA512;
}

static void put_sid(struct bm_wr *w, const struct bm_cms_sign_config *config)
{
    const struct bm_cert *cert = config->cert;
    size_t m;

    if (config->by_key_id) {
        bm_der_put(w, BM_DER_CONTEXT(0), bm_exts_ski(&cert->ext));
        return;
    }
    m = bm_der_open(w, BM_DER_SEQUENCE);
    bm_wr_put(w, cert->issuer);
    bm_der_put(w, BM_DER_INTEGER, cert->serial);
    bm_der_close(w, m);
}

static struct bm_bytes type_of(const struct bm_cms_sign_config *config)
{
    return config->content_type.n != 0 ? config->content_type
                                       : BM_LIT(BM_OID_CMS_DATA);
}

/* The attributes that the caller adds must not repeat ours or each other. */
static bm_status check_attributes(struct bm_bytes list)
{
    struct bm_attribute a;
    struct bm_der d;

    bm_der_init(&d, list, NULL);
    while (bm_der_left(&d) != 0) {
        BM_TRY(bm_attribute_take(&d, &a));
        BM_TRY(bm_attribute_once(&d, list, &a, BM_E_CMS_DUPLICATE));
    }
    return BM_OK;
}

/*
 * RFC 5652 5.3, 5.4: SignedAttributes under the tag they are signed with;
 * `*attrs` is where they came to stand.
 */
static bm_status put_attrs(struct bm_wr *w,
                           const struct bm_cms_sign_config *config,
                           struct bm_bytes digest, struct bm_bytes *attrs)
{
    size_t start = w->len;
    size_t set = bm_der_open(w, BM_DER_SET);
    struct bm_attribute_mark m;

    m = bm_attribute_open(w, BM_LIT(BM_OID_P9_CONTENT_TYPE));
    bm_der_put_oid(w, type_of(config));
    bm_attribute_close(w, &m);
    if (config->signing_time != BM_CMS_NO_TIME) {
        m = bm_attribute_open(w, BM_LIT(BM_OID_P9_SIGNING_TIME));
        bm_time_put(w, config->signing_time);
        bm_attribute_close(w, &m);
    }
    m = bm_attribute_open(w, BM_LIT(BM_OID_P9_DIGEST));
    bm_der_put(w, BM_DER_OCTET_STRING, digest);
    bm_attribute_close(w, &m);
    bm_wr_put(w, config->attributes);
    if (w->len > w->cap) {
        return BM_E_BUFFER;
    }
    BM_TRY(check_attributes((struct bm_bytes){ w->buf + set, w->len - set }));
    BM_TRY(bm_der_close_set(w, set));
    if (w->len > w->cap) {
        return BM_E_BUFFER;
    }
    *attrs = (struct bm_bytes){ w->buf + start, w->len - start };
    return BM_OK;
}

/* The grammar stands in cms_signer.c. */
static bm_status put_signer(struct bm_wr *w,
                            const struct bm_cms_sign_config *config,
                            struct bm_bytes digest)
{
    const struct bm_signer *signer = config->signer;
    size_t info = bm_der_open(w, BM_DER_SEQUENCE);
    struct bm_bytes attrs;
    size_t octets;
    size_t at;

    bm_der_put_u32(w, config->by_key_id ? 3 : 1);
    put_sid(w, config);
    bm_hash_alg_put(w, bm_cms_hash_for(signer->alg));
    at = w->len;
    BM_TRY(put_attrs(w, config, digest, &attrs));
    bm_sig_alg_put(w, signer->alg);
    octets = bm_der_open(w, BM_DER_OCTET_STRING);
    if (w->len > w->cap) {
        return BM_E_BUFFER;
    }
    BM_TRY(signer->sign(signer->self, attrs, w));
    w->buf[at] = BM_DER_CONSTRUCTED(0); /* signed as SET OF, sent as [0] */
    bm_der_close(w, octets);
    bm_der_close(w, info);
    return BM_OK;
}

static void put_content(struct bm_wr *w,
                        const struct bm_cms_sign_config *config)
{
    size_t info = bm_der_open(w, BM_DER_SEQUENCE);
    size_t m;

    bm_der_put_oid(w, type_of(config));
    if (!config->detached) {
        m = bm_der_open(w, BM_DER_CONSTRUCTED(0));
        bm_der_put(w, BM_DER_OCTET_STRING, config->content);
        bm_der_close(w, m);
    }
    bm_der_close(w, info);
}

static bm_status put_message(struct bm_wr *w,
                             const struct bm_cms_sign_config *config,
                             struct bm_bytes digest)
{
    bool data = bm_oid_is(type_of(config), BM_OID_CMS_DATA);
    struct bm_cms_mark m = bm_cms_open(w, data && !config->by_key_id ? 1 : 3);
    size_t set = bm_der_open(w, BM_DER_SET);

    bm_hash_alg_put(w, bm_cms_hash_for(config->signer->alg));
    bm_der_close(w, set);
    put_content(w, config);
    BM_TRY(bm_cms_put_set(w, BM_DER_CONSTRUCTED(0), config->certs));
    set = bm_der_open(w, BM_DER_SET);
    BM_TRY(put_signer(w, config, digest));
    bm_der_close(w, set);
    bm_cms_close(w, &m);
    return w->len > w->cap ? BM_E_BUFFER : BM_OK;
}

/* Does the certificate speak for the key, in the way it is to be named? */
static bm_status check_cert(const struct bm_cms_sign_config *config)
{
    const struct bm_cert *cert = config->cert;

    if (cert->key.type != config->signer->key.type ||
        !bm_bytes_equal(cert->key.key, config->signer->key.key) ||
        (config->by_key_id && !bm_exts_has(&cert->ext, BM_EXT_SKI))) {
        return BM_E_ARGUMENT;
    }
    return BM_OK;
}

bm_status bm_cms_sign(const struct bm_cms_sign_config *config, struct bm_wr *w)
{
    const struct bm_crypto *crypto = config->crypto;
    enum bm_hash hash = bm_cms_hash_for(config->signer->alg);
    struct bm_bytes digest = config->digest;
    uint8_t made[BM_HASH_MAX];
    size_t start = w->len;
    bm_status rc;

    BM_TRY(check_cert(config));
    if (digest.n == 0) {
        BM_TRY(crypto->hash(crypto->self, hash, config->content, made));
        digest = (struct bm_bytes){ made, bm_hash_len(hash) };
    } else if (!config->detached || digest.n != bm_hash_len(hash)) {
        return BM_E_ARGUMENT;
    }
    rc = put_message(w, config, digest);
    if (rc != BM_OK) {
        w->len = start;
    }
    return rc;
}
