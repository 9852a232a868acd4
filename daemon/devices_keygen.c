/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "core/cms.h"
#include "core/oid.h"
#include "daemon/devices_internal.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_envelope.h"

/*
 * serverkeygen (RFC 7030 4.4): for devices that cannot make a key. The key
 * lives here from its making to its sending, is wiped, and is kept nowhere:
 * a reply that got lost cannot be had again.
 */

/* PrivateKeyInfo of the keys that we make, and more. */
#define KEY_MAX 512

/* Octets of a SignedData beside its content and certificate. */
#define SIGNED_EXTRA 1024

/* ... and of an EnvelopedData beside its content and the names that the
 * recipient's certificate has. */
#define ENVELOPE_EXTRA 2048

/*
 * The type of the key in the request, if it is one that costs nothing to make;
 * else P-256. RSA would hold up the other clients of this process for a
 * second, at a stranger's wish.
 */
static enum bm_key_type type_like(enum bm_key_type theirs)
{
    return theirs == BM_KEY_P384 || theirs == BM_KEY_ED25519 ? theirs
                                                             : BM_KEY_P256;
}

bm_status devices_keygen_make(struct devices_waiting *w,
                              const struct bm_csr *theirs, struct bm_wr *csr,
                              struct ca_refusal *why)
{
    struct bm_csr_config config = { .subject = theirs->subject };
    uint8_t *room = malloc(theirs->attributes.n + 1);
    struct bm_wr attributes;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        goto out;
    }
    bm_wr_init(&attributes, room, theirs->attributes.n + 1);
    est_keygen_put_attributes(&attributes, theirs);
    config.attributes = bm_wr_bytes(&attributes);
    rc = bm_openssl_signer_generate(type_like(theirs->key.type), 0, &w->made);
    if (rc == BM_OK) {
        rc = bm_csr_build(&config, w->made, csr);
    }
out:
    free(room);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

/* PKCS #8 of the key, appended. */
static bm_status put_pkcs8(const struct bm_signer *made, struct bm_wr *w)
{
    EVP_PKEY *pkey = bm_openssl_signer_pkey(made);
    PKCS8_PRIV_KEY_INFO *info = pkey == NULL ? NULL : EVP_PKEY2PKCS8(pkey);
    unsigned char *der = NULL;
    int n = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);

    if (n > 0) {
        bm_wr_put(w, (struct bm_bytes){ der, (size_t)n });
        OPENSSL_clear_free(der, (size_t)n);
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    return n > 0 ? BM_OK : BM_E_CRYPTO;
}

/* RFC 5958 2: AsymmetricKeyPackage ::= SEQUENCE OF OneAsymmetricKey */
static bm_status put_package(const struct bm_signer *made, struct bm_wr *w)
{
    size_t m = bm_der_open(w, BM_DER_SEQUENCE);
    size_t n;

    BM_TRY(put_pkcs8(made, w));
    bm_der_close(w, m);
    return bm_wr_finish(w, &n);
}

/* Drop ContentInfo: contents of a type are what it holds (RFC 5652 3). */
static bm_status take_signed_data(struct bm_bytes cms, struct bm_bytes *inside)
{
    struct bm_bytes oid;
    struct bm_der content;
    struct bm_der d;

    BM_TRY(bm_der_open_whole(cms, BM_DER_SEQUENCE, NULL, &d));
    BM_TRY(bm_der_take_oid(&d, &oid));
    BM_TRY(bm_der_enter(&d, BM_DER_CONSTRUCTED(0), &content));
    return bm_der_take_element(&content, BM_DER_SEQUENCE, inside);
}

/*
 * RFC 7030 4.4.2: the key is inside a SignedData by who made it. We sign with
 * the key of the TLS server, which the client knows.
 */
static bm_status put_signed(const struct devices *d, struct bm_bytes package,
                            struct bm_wr *w)
{
    struct bm_cert cert;
    struct bm_cms_sign_config config = {
        .crypto = d->crypto,
        .signer = d->signer,
        .cert = &cert,
        .content_type = BM_LIT(BM_OID_KEY_PACKAGE),
        .content = package,
        .certs = d->chain,
        .signing_time = BM_CMS_NO_TIME,
    };

    struct bm_bytes first;
    struct bm_der der;

    if (d->signer == NULL) {
        return BM_E_INTERNAL;
    }
    bm_der_init(&der, d->chain, NULL);
    BM_TRY(bm_der_take_element(&der, BM_DER_SEQUENCE, &first));
    BM_TRY(bm_cert_parse(first, BM_STRICT, NULL, &cert));
    return bm_cms_sign(&config, w);
}

/* EnvelopedData around the SignedData, for one recipient. */
static bm_status envelope(const struct devices_waiting *w,
                          struct bm_bytes content, uint8_t **out, size_t *n)
{
    const struct bm_openssl_envelope e = {
        .recipient = http_peer_cert(w->request),
        .content_type = BM_LIT(BM_OID_CMS_SIGNED),
        .content = content,
        .bits = w->keygen.cipher == EST_CIPHER_AES128_CBC ? 128 : 256,
    };
    size_t room_n = content.n + e.recipient.n + ENVELOPE_EXTRA;
    uint8_t *room = malloc(room_n);
    struct bm_wr sealed;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        goto out;
    }
    bm_wr_init(&sealed, room, room_n);
    rc =
        e.recipient.n == 0 ? BM_E_CRYPTO : bm_openssl_put_envelope(&e, &sealed);
    if (rc == BM_OK) {
        rc = bm_wr_finish(&sealed, n);
    }
    if (rc == BM_OK) {
        *out = room;
        room = NULL;
    }
out:
    free(room);
    return rc;
}

static bm_status wrap_enveloped(const struct devices_waiting *w, uint8_t **out,
                                size_t *n)
{
    const struct devices *d = w->devices;
    size_t room_n = KEY_MAX + SIGNED_EXTRA + d->chain.n + KEY_MAX;
    uint8_t *room = malloc(room_n);
    struct bm_bytes inside;
    struct bm_wr package;
    struct bm_wr cms;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        goto out;
    }
    bm_wr_init(&package, room, KEY_MAX);
    bm_wr_init(&cms, room + KEY_MAX, room_n - KEY_MAX);
    rc = put_package(w->made, &package);
    if (rc == BM_OK) {
        rc = put_signed(d, bm_wr_bytes(&package), &cms);
    }
    if (rc == BM_OK) {
        rc = take_signed_data(bm_wr_bytes(&cms), &inside);
    }
    if (rc == BM_OK) {
        rc = envelope(w, inside, out, n);
    }
    bm_wipe(room, room_n);
out:
    free(room);
    return rc;
}

static bm_status wrap_plain(const struct devices_waiting *w, uint8_t **out,
                            size_t *n)
{
    uint8_t *room = malloc(KEY_MAX);
    struct bm_wr key;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        goto out;
    }
    bm_wr_init(&key, room, KEY_MAX);
    rc = put_pkcs8(w->made, &key);
    if (rc == BM_OK) {
        rc = bm_wr_finish(&key, n);
    }
    if (rc != BM_OK) {
        bm_wipe(room, KEY_MAX);
        goto out;
    }
    *out = room;
    room = NULL;
out:
    free(room);
    return rc;
}

bm_status devices_keygen_wrap(const struct devices_waiting *w, uint8_t **key,
                              size_t *n)
{
    *key = NULL;
    *n = 0;
    return w->keygen.enveloped ? wrap_enveloped(w, key, n)
                               : wrap_plain(w, key, n);
}
