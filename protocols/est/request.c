/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/base64.h"
#include "core/oid.h"
#include "protocols/est/est.h"

/* ---- Channel binding */

/* RFC 7030 3.5: tls-unique has 12 octets, an exporter 32; base64 of more than
 * this is over the 255 characters that challengePassword holds. */
#define BINDING_MAX 189

/* Base64 of the binding, as challengePassword must have it. */
static bool binding_is(struct bm_bytes binding, struct bm_bytes challenge)
{
    uint8_t text[BM_CSR_CHALLENGE_MAX + 1];
    struct bm_wr w;

    if (binding.n > BINDING_MAX) {
        return false;
    }
    bm_wr_init(&w, text, sizeof text);
    bm_base64_put(&w, binding, 0);
    return bm_bytes_equal_secret(bm_wr_bytes(&w), challenge);
}

bm_status est_binding_check(const struct bm_csr *csr, struct bm_bytes binding,
                            bool required, struct ca_refusal *why)
{
    struct bm_attribute a;

    if (!bm_attribute_find(csr->attributes, BM_LIT(BM_OID_P9_CHALLENGE), &a)) {
        /* RFC 7030 3.5: the server MAY refuse a request without. */
        return required ? ca_refuse(why, BM_E_EST_BINDING,
                                    "challengePassword is missing, and this "
                                    "label wants channel binding")
                        : BM_OK;
    }
    if (binding.n == 0) {
        return ca_refuse(why, BM_E_EST_BINDING,
                         "challengePassword is there, but this connection has "
                         "nothing to bind to (TLS 1.2 without extended master "
                         "secret?)");
    }
    /* RFC 7030 3.5 MUST: verify it where it is present. */
    if (!binding_is(binding, csr->challenge)) {
        return ca_refuse(why, BM_E_EST_BINDING,
                         "challengePassword is not of this connection; usual "
                         "causes: a proxy that ends TLS between client and "
                         "server, a request made for an earlier connection, "
                         "or a challengePassword meant for another CA");
    }
    return BM_OK;
}

/* ---- serverkeygen */

/* The one value of an attribute: an OCTET STRING. */
static bm_status one_octet_string(const struct bm_attribute *a,
                                  struct bm_bytes *value)
{
    struct bm_der d;

    bm_der_init(&d, a->values, NULL);
    BM_TRY(bm_der_take(&d, BM_DER_OCTET_STRING, value));
    return bm_der_end(&d);
}

/* RFC 8551 2.5.2: SMIMECapability ::= SEQUENCE { capabilityID, parameters } */
static bm_status take_capability(struct bm_der *d, struct bm_bytes *oid)
{
    struct bm_der inside;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &inside));
    return bm_der_take_oid(&inside, oid);
}

/* The best cipher of SMIMECapabilities that we have. */
static bm_status find_cipher(const struct bm_attribute *a,
                             enum est_cipher *cipher)
{
    struct bm_bytes oid;
    struct bm_der list;
    struct bm_der d;
    bool found = false;

    bm_der_init(&list, a->values, NULL);
    BM_TRY(bm_der_enter(&list, BM_DER_SEQUENCE, &d));
    BM_TRY(bm_der_end(&list));
    while (bm_der_left(&d) != 0) {
        BM_TRY(take_capability(&d, &oid));
        if (bm_oid_is(oid, BM_OID_AES256_CBC)) {
            *cipher = EST_CIPHER_AES256_CBC;
            found = true;
        } else if (bm_oid_is(oid, BM_OID_AES128_CBC) && !found) {
            *cipher = EST_CIPHER_AES128_CBC;
            found = true;
        }
    }
    return found ? BM_OK : BM_E_CRYPTO_UNSUPPORTED;
}

static bm_status take_keygen(const struct bm_csr *csr,
                             struct est_keygen *keygen, struct ca_refusal *why)
{
    struct bm_attribute a;

    /* RFC 7030 4.4.1.1 MUST: a key that we do not have ends in an error. */
    if (bm_attribute_find(csr->attributes, BM_LIT(BM_OID_AA_DECRYPT_KEY), &a)) {
        return ca_refuse(why, BM_E_EST_KEYGEN,
                         "DecryptKeyIdentifier names a symmetric key, and "
                         "this server shares none with devices");
    }
    if (!bm_attribute_find(csr->attributes, BM_LIT(BM_OID_AA_ASYMM_DECRYPT_KEY),
                           &a)) {
        return BM_OK;
    }
    keygen->enveloped = true;
    keygen->cipher = EST_CIPHER_AES256_CBC;
    if (one_octet_string(&a, &keygen->recipient) != BM_OK ||
        keygen->recipient.n == 0) {
        return ca_refuse(why, BM_E_EST_KEYGEN,
                         "malformed AsymmetricDecryptKeyIdentifier");
    }
    /*
     * RFC 7030 4.4.1: the client MUST say what it can decrypt. One that does
     * not gets what every CMS reader has.
     */
    if (bm_attribute_find(csr->attributes, BM_LIT(BM_OID_P9_CAPABILITIES),
                          &a) &&
        find_cipher(&a, &keygen->cipher) != BM_OK) {
        return ca_refuse(why, BM_E_EST_KEYGEN,
                         "SMIMECapabilities has neither aes256-CBC nor "
                         "aes128-CBC");
    }
    return BM_OK;
}

bm_status est_keygen_parse(const struct bm_csr *csr, struct est_keygen *keygen,
                           struct ca_refusal *why)
{
    bm_status rc;

    memset(keygen, 0, sizeof *keygen);
    rc = take_keygen(csr, keygen, why);
    if (rc != BM_OK) {
        memset(keygen, 0, sizeof *keygen);
    }
    return rc;
}

void est_keygen_put_attributes(struct bm_wr *w, const struct bm_csr *csr)
{
    struct bm_bytes rest = csr->attributes;
    struct bm_bytes before = rest;
    struct bm_attribute a;

    while (bm_attribute_next(&rest, &a)) {
        if (!bm_oid_is(a.type, BM_OID_P9_CHALLENGE) &&
            !bm_oid_is(a.type, BM_OID_AA_ASYMM_DECRYPT_KEY) &&
            !bm_oid_is(a.type, BM_OID_P9_CAPABILITIES)) {
            bm_wr_put(w, (struct bm_bytes){ before.p, before.n - rest.n });
        }
        before = rest;
    }
}

/* RFC 5280 4.2.1.2 and RFC 7093 2: identifiers made of the key. */
static bool identifies_key(struct bm_bytes id, const struct bm_spki *key,
                           const struct bm_crypto *crypto)
{
    static const enum bm_ski_method methods[] = { BM_SKI_SHA1, BM_SKI_RFC7093 };
    uint8_t ski[BM_SKI_SIZE];

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (bm_ski_make(crypto, methods[i], key, ski) == BM_OK &&
            bm_bytes_equal(id, BM_ARRAY(ski))) {
            return true;
        }
    }
    return false;
}

static bool identifies(struct bm_bytes id, const struct bm_cert *cert,
                       const struct bm_crypto *crypto)
{
    struct bm_bytes ski;

    if (bm_exts_has(&cert->ext, BM_EXT_SKI)) {
        struct bm_der d;

        bm_der_init(&d, cert->ext.value[BM_EXT_SKI], NULL);
        if (bm_der_take(&d, BM_DER_OCTET_STRING, &ski) == BM_OK &&
            bm_bytes_equal(id, ski)) {
            return true;
        }
    }
    return identifies_key(id, &cert->key, crypto);
}

/*
 * RFC 7030 4.4.1.2 MUST: the key supports keyTransport or keyAgreement, or its
 * use is unrestricted.
 */
static bool may_receive(const struct bm_cert *cert)
{
    bool rsa = cert->key.type == BM_KEY_RSA;
    bool ec = cert->key.type == BM_KEY_P256 || cert->key.type == BM_KEY_P384;
    uint16_t need = rsa ? BM_KU_KEY_ENCIPHERMENT : BM_KU_KEY_AGREEMENT;

    return (rsa || ec) && (!bm_exts_has(&cert->ext, BM_EXT_KEY_USAGE) ||
                           (cert->ext.key_usage & need) != 0);
}

bm_status est_recipient_check(const struct est_keygen *keygen,
                              const struct bm_cert *cert,
                              const struct bm_crypto *crypto,
                              struct ca_refusal *why)
{
    if (!identifies(keygen->recipient, cert, crypto)) {
        /* RFC 7030 4.4.1.2 MUST: no matching key, no answer but an error. */
        return ca_refuse(why, BM_E_EST_KEYGEN,
                         "AsymmetricDecryptKeyIdentifier does not name the "
                         "key of the certificate that the client presented");
    }
    if (!may_receive(cert)) {
        return ca_refuse(why, BM_E_EST_KEYGEN,
                         "the certificate's key may neither encipher nor "
                         "agree on keys");
    }
    return BM_OK;
}
