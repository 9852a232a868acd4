/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ocsp.h"

#include "core/ocsp_internal.h"
#include "core/oid.h"

/*
 * RFC 6960 4.1.1
 *
 *   CertID ::= SEQUENCE {
 *       hashAlgorithm   AlgorithmIdentifier,
 *       issuerNameHash  OCTET STRING, -- Hash of issuer's DN
 *       issuerKeyHash   OCTET STRING, -- Hash of issuer's public key
 *       serialNumber    CertificateSerialNumber }
 */
static bm_status read_certid(struct bm_der *in, struct bm_ocsp_certid *id)
{
    struct bm_der d;
    size_t n;

    BM_TRY(bm_der_enter(in, BM_DER_SEQUENCE, &d));
    BM_TRY(bm_hash_alg_take(&d, &id->hash));
    BM_TRY(bm_der_take(&d, BM_DER_OCTET_STRING, &id->name_hash));
    BM_TRY(bm_der_take(&d, BM_DER_OCTET_STRING, &id->key_hash));
    BM_TRY(bm_der_take_integer(&d, BM_DER_INTEGER, &id->serial));
    n = bm_hash_len(id->hash);
    if (n != 0 && (id->name_hash.n != n || id->key_hash.n != n)) {
        return bm_der_fail(in, BM_E_OCSP_CERTID);
    }
    return bm_der_end(&d);
}

bm_status bm_ocsp_certid_take(struct bm_der *d, struct bm_ocsp_certid *id)
{
    const uint8_t *start = d->p;

    *id = (struct bm_ocsp_certid){ 0 };
    BM_TRY(bm_der_within(d, BM_E_OCSP_CERTID, read_certid(d, id)));
    id->der = (struct bm_bytes){ start, (size_t)(d->p - start) };
    return BM_OK;
}

static bm_status put_hash(struct bm_wr *w, const struct bm_crypto *crypto,
                          enum bm_hash hash, struct bm_bytes of)
{
    uint8_t digest[BM_HASH_MAX];

    BM_TRY(crypto->hash(crypto->self, hash, of, digest));
    bm_der_put(w, BM_DER_OCTET_STRING,
               (struct bm_bytes){ digest, bm_hash_len(hash) });
    return BM_OK;
}

bm_status bm_ocsp_certid_put(struct bm_wr *w, const struct bm_crypto *crypto,
                             enum bm_hash hash,
                             const struct bm_ocsp_target *target)
{
    size_t seq = bm_der_open(w, BM_DER_SEQUENCE);

    if (hash == BM_HASH_NONE || target->serial.n == 0) {
        return BM_E_ARGUMENT;
    }
    bm_hash_alg_put(w, hash);
    BM_TRY(put_hash(w, crypto, hash, target->issuer));
    BM_TRY(put_hash(w, crypto, hash, target->issuer_key->key));
    bm_der_put(w, BM_DER_INTEGER, target->serial);
    bm_der_close(w, seq);
    return BM_OK;
}

static bm_status match_hash(const struct bm_crypto *crypto, enum bm_hash hash,
                            struct bm_bytes of, struct bm_bytes want)
{
    uint8_t digest[BM_HASH_MAX];

    BM_TRY(crypto->hash(crypto->self, hash, of, digest));
    return bm_bytes_equal((struct bm_bytes){ digest, bm_hash_len(hash) }, want)
               ? BM_OK
               : BM_E_OCSP_MISSING;
}

bm_status bm_ocsp_certid_match(const struct bm_ocsp_certid *id,
                               const struct bm_crypto *crypto,
                               const struct bm_ocsp_target *target)
{
    if (id->hash == BM_HASH_NONE ||
        !bm_bytes_equal(id->serial, target->serial)) {
        return BM_E_OCSP_MISSING;
    }
    BM_TRY(match_hash(crypto, id->hash, target->issuer, id->name_hash));
    return match_hash(crypto, id->hash, target->issuer_key->key, id->key_hash);
}

bm_status bm_ocsp_version_take(struct bm_der *d)
{
    struct bm_der start = *d;
    struct bm_der inside;
    uint32_t version;

    if (!bm_der_at(d, BM_DER_CONSTRUCTED(0))) {
        return BM_OK;
    }
    BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(0), &inside));
    BM_TRY(bm_der_take_u32(&inside, &version));
    BM_TRY(bm_der_end(&inside));
    /* X.690 11.5: a DEFAULT value is not encoded */
    return bm_der_fail(&start,
                       version == 0 ? BM_E_DER_DEFAULT : BM_E_OCSP_VERSION);
}

/* RFC 9654 2.1: Nonce ::= OCTET STRING (SIZE (1..128)), inside extnValue */
static bm_status take_nonce(struct bm_der *d, struct bm_bytes *nonce)
{
    struct bm_der start = *d;

    BM_TRY(bm_der_take(d, BM_DER_OCTET_STRING, nonce));
    if (nonce->n < BM_OCSP_NONCE_MIN || nonce->n > BM_OCSP_NONCE_MAX) {
        return bm_der_fail(&start, BM_E_OCSP_NONCE);
    }
    return bm_der_end(d);
}

static bm_status read_ext(const struct bm_der *in, const struct bm_ext *ext,
                          struct bm_ocsp_exts *exts)
{
    struct bm_der d;

    bm_der_init(&d, ext->value, in->diag);
    if (bm_oid_is(ext->oid, BM_OID_OCSP_NONCE)) {
        return bm_der_within(in, BM_E_OCSP_NONCE, take_nonce(&d, &exts->nonce));
    }
    if (bm_oid_is(ext->oid, BM_OID_OCSP_EXT_REVOKED)) {
        exts->extended_revoked = true; /* RFC 6960 4.4.8: value is NULL */
        BM_TRY(bm_der_take_null(&d));
        return bm_der_end(&d);
    }
    if (ext->critical && exts->unknown_critical.n == 0) {
        exts->unknown_critical = ext->oid;
    }
    return BM_OK;
}

bm_status bm_ocsp_exts_take(struct bm_der *d, uint8_t tag,
                            struct bm_ocsp_exts *exts)
{
    struct bm_der inside;
    struct bm_bytes list;
    struct bm_ext ext;

    *exts = (struct bm_ocsp_exts){ 0 };
    if (!bm_der_at(d, tag)) {
        return BM_OK;
    }
    BM_TRY(bm_der_enter(d, tag, &inside));
    BM_TRY(bm_ext_list_take(&inside, &exts->all));
    list = exts->all;
    while (bm_ext_next(&list, &ext)) {
        BM_TRY(read_ext(d, &ext, exts));
    }
    return bm_der_end(&inside);
}

void bm_ocsp_nonce_put(struct bm_wr *w, struct bm_bytes nonce)
{
    struct bm_ext_mark m = bm_ext_open(w, BM_LIT(BM_OID_OCSP_NONCE), false);

    bm_der_put(w, BM_DER_OCTET_STRING, nonce);
    bm_ext_close(w, &m);
}

/* certs [0] EXPLICIT SEQUENCE OF Certificate: opened by whoever needs them */
static bm_status take_certs(struct bm_der *d, struct bm_bytes *certs)
{
    struct bm_der inside;
    struct bm_der list;
    struct bm_bytes cert;

    BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(0), &inside));
    BM_TRY(bm_der_enter(&inside, BM_DER_SEQUENCE, &list));
    BM_TRY(bm_der_end(&inside));
    *certs = (struct bm_bytes){ list.p, bm_der_left(&list) };
    for (unsigned n = 0; bm_der_left(&list) != 0; n++) {
        if (n == BM_OCSP_CERTS_MAX) {
            return bm_der_fail(&list, BM_E_LIMIT);
        }
        BM_TRY(bm_der_take_element(&list, BM_DER_SEQUENCE, &cert));
    }
    return BM_OK;
}

bm_status bm_ocsp_signed_take(struct bm_der *d, struct bm_ocsp_signed *s)
{
    *s = (struct bm_ocsp_signed){ 0 };
    BM_TRY(bm_sig_alg_take(d, &s->sig_alg_id, &s->sig_alg));
    BM_TRY(bm_der_take_octet_bits(d, &s->signature));
    if (bm_der_left(d) != 0) {
        BM_TRY(take_certs(d, &s->certs));
    }
    return bm_der_end(d);
}
