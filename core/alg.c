/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alg.h"

#include "core/alg_rows.h"

#include <string.h>

/* What of an algorithm is no part of its identifier. */
static const struct {
    uint8_t hash;
    uint8_t key; /* BM_KEY_P256 stands for any elliptic curve */
} sigs[] = {
    [BM_SIG_UNKNOWN] = { BM_HASH_NONE, BM_KEY_UNKNOWN },
    [BM_SIG_ECDSA_SHA256] = { BM_HASH_SHA256, BM_KEY_P256 },
    [BM_SIG_ECDSA_SHA384] = { BM_HASH_SHA384, BM_KEY_P256 },
    [BM_SIG_ECDSA_SHA512] = { BM_HASH_SHA512, BM_KEY_P256 },
    [BM_SIG_ED25519] = { BM_HASH_NONE, BM_KEY_ED25519 },
    [BM_SIG_RSA_SHA256] = { BM_HASH_SHA256, BM_KEY_RSA },
    [BM_SIG_RSA_SHA384] = { BM_HASH_SHA384, BM_KEY_RSA },
    [BM_SIG_RSA_SHA512] = { BM_HASH_SHA512, BM_KEY_RSA },
    [BM_SIG_RSA_PSS_SHA256] = { BM_HASH_SHA256, BM_KEY_RSA },
    [BM_SIG_RSA_PSS_SHA384] = { BM_HASH_SHA384, BM_KEY_RSA },
    [BM_SIG_RSA_PSS_SHA512] = { BM_HASH_SHA512, BM_KEY_RSA },
    [BM_SIG_MLDSA44] = { BM_HASH_NONE, BM_KEY_MLDSA44 },
    [BM_SIG_MLDSA65] = { BM_HASH_NONE, BM_KEY_MLDSA65 },
    [BM_SIG_MLDSA87] = { BM_HASH_NONE, BM_KEY_MLDSA87 },
};

static const struct {
    uint16_t size; /* octets of the public key; 0 where that varies */
    uint8_t sig;   /* the usual algorithm */
} keys[] = {
    [BM_KEY_UNKNOWN] = { 0, BM_SIG_UNKNOWN },
    [BM_KEY_P256] = { 1 + 2 * 32, BM_SIG_ECDSA_SHA256 }, /* 04, x, y */
    [BM_KEY_P384] = { 1 + 2 * 48, BM_SIG_ECDSA_SHA384 },
    [BM_KEY_ED25519] = { 32, BM_SIG_ED25519 },
    [BM_KEY_RSA] = { 0, BM_SIG_RSA_SHA256 },
    [BM_KEY_MLDSA44] = { 1312, BM_SIG_MLDSA44 }, /* FIPS 204 table 2 */
    [BM_KEY_MLDSA65] = { 1952, BM_SIG_MLDSA65 },
    [BM_KEY_MLDSA87] = { 2592, BM_SIG_MLDSA87 },
};

static const uint8_t hash_lens[] = { 0, 20, 32, 48, 64 };

size_t bm_hash_len(enum bm_hash hash)
{
    return hash_lens[hash];
}

/* An AlgorithmIdentifier, taken apart. */
struct alg {
    struct bm_bytes der; /* with header */
    struct bm_bytes oid;
    struct bm_bytes params; /* with header; empty if absent */
};

/*
 * RFC 5280 4.1.1.2
 *
 *   AlgorithmIdentifier ::= SEQUENCE {
 *       algorithm   OBJECT IDENTIFIER,
 *       parameters  ANY DEFINED BY algorithm OPTIONAL }
 */
static bm_status take_fields(struct bm_der *d, struct alg *alg)
{
    const uint8_t *start = d->p;
    struct bm_bytes body;
    struct bm_der in;
    uint8_t tag;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &in));
    alg->der = (struct bm_bytes){ start, (size_t)(d->p - start) };
    BM_TRY(bm_der_take_oid(&in, &alg->oid));
    alg->params = (struct bm_bytes){ in.p, bm_der_left(&in) };
    if (alg->params.n != 0) {
        BM_TRY(bm_der_take_any(&in, &tag, &body));
    }
    return bm_der_end(&in);
}

/*
 * Are these the `known` parameters? RFC 4055 2.1, 5 and RFC 5754 2: NULL may
 * be missing, but not in keys (RFC 4055 1.2).
 */
static bool same_params(struct bm_bytes params, struct bm_bytes known,
                        bool in_key)
{
    return bm_bytes_equal(params, known) ||
           (params.n == 0 && !in_key && known.n == 2);
}

/*
 * RFC 5480 2.1.1, RFC 4055 3.1: curves that we do not know have a name too,
 * and RSASSA-PSS more parameters than we use. Those are not malformed.
 */
static bool other_params(struct bm_bytes params, struct bm_bytes known)
{
    return params.n != 0 && known.n > 2 && params.p[0] == known.p[0];
}

/*
 * Find the place of `alg` in `ids`, 0 if it has the OID of none there. An OID
 * of one with other parameters is an error.
 */
static bm_status find(const struct bm_der *d, const struct alg *alg,
                      const uint8_t *ids, unsigned *found)
{
    bool in_key = ids == bm_key_ids;
    bool bad = false;

    for (unsigned i = 1; ids[0] != 0; i++) {
        size_t oid_n = ids[3];
        const uint8_t *oid = ids + 4;
        struct bm_bytes params = { oid + oid_n, ids[1] - oid_n - 2 };

        ids = params.p + params.n;
        if (!bm_bytes_are(alg->oid, oid, oid_n)) {
            continue;
        }
        if (same_params(alg->params, params, in_key)) {
            *found = i;
            return BM_OK;
        }
        bad = !other_params(alg->params, params);
    }
    *found = 0;
    return bad ? bm_der_fail_at(d, alg->params.p, BM_E_ALG_PARAMS) : BM_OK;
}

static bm_status take_alg(struct bm_der *d, const uint8_t *ids, struct alg *alg,
                          unsigned *found)
{
    const uint8_t *start = d->p;
    bm_status rc = bm_der_within(d, BM_E_ALG, take_fields(d, alg));

    if (rc == BM_OK) {
        rc = find(d, alg, ids, found);
    }
    if (rc != BM_OK) {
        d->p = start;
    }
    return rc;
}

bm_status bm_hash_alg_take(struct bm_der *d, enum bm_hash *hash)
{
    struct alg alg = { 0 };
    unsigned found;

    BM_TRY(take_alg(d, bm_hash_ids, &alg, &found));
    *hash = (enum bm_hash)found;
    return BM_OK;
}

/*
 * RSASSA-PSS has one encoding that we accept for each hash, or two since NULL
 * may be missing (RFC 4055 2.1). bm_sig_ids has those with NULL; the others
 * differ in three octets: last arc of the hash, again in MGF1, salt length.
 */
static enum bm_sig_alg find_pss(struct bm_bytes der)
{
    uint8_t id[sizeof bm_pss_without_null];

    memcpy(id, bm_pss_without_null, sizeof id);
    for (uint8_t n = 1; n <= 3; n++) {
        id[29] = n;
        id[57] = n;
        id[62] = (uint8_t)(16 * (n + 1));
        if (bm_bytes_are(der, id, sizeof id)) {
            return (enum bm_sig_alg)(BM_SIG_RSA_PSS_SHA256 - 1 + n);
        }
    }
    return BM_SIG_UNKNOWN;
}

bm_status bm_sig_alg_take(struct bm_der *d, struct bm_bytes *der,
                          enum bm_sig_alg *alg)
{
    struct alg got = { 0 };
    unsigned found;

    BM_TRY(take_alg(d, bm_sig_ids, &got, &found));
    *alg = found != 0 ? (enum bm_sig_alg)found : find_pss(got.der);
    *der = got.der;
    return BM_OK;
}

/* A positive INTEGER; `*magnitude` without the leading zero. */
static bm_status take_positive(struct bm_der *d, struct bm_bytes *magnitude)
{
    const uint8_t *start = d->p;
    struct bm_bytes v;

    BM_TRY(bm_der_take_integer(d, BM_DER_INTEGER, &v));
    if (v.p[0] >= 0x80 || (v.p[0] == 0 && v.n == 1)) {
        return bm_der_fail_at(d, start, BM_E_KEY_RSA);
    }
    if (v.p[0] == 0) {
        v.p++;
        v.n--;
    }
    *magnitude = v;
    return BM_OK;
}

/*
 * RFC 8017 A.1.1
 *
 *   RSAPublicKey ::= SEQUENCE {
 *       modulus         INTEGER,  -- n
 *       publicExponent  INTEGER } -- e
 */
static bm_status parse_rsa(struct bm_diag *diag, struct bm_spki *key)
{
    struct bm_der seq;

    BM_TRY(bm_der_open_whole(key->key, BM_DER_SEQUENCE, diag, &seq));
    BM_TRY(take_positive(&seq, &key->rsa_n));
    BM_TRY(take_positive(&seq, &key->rsa_e));
    return bm_der_end(&seq);
}

/* RFC 5480 2.2: uncompressed points, so 04 first. Others have a size only. */
static bm_status check_key(const struct bm_der *d, struct bm_spki *key)
{
    bool on_curve = key->type == BM_KEY_P256 || key->type == BM_KEY_P384;

    if (key->type == BM_KEY_RSA) {
        return bm_der_within(d, BM_E_KEY_RSA, parse_rsa(d->diag, key));
    }
    if (key->type != BM_KEY_UNKNOWN && (key->key.n != keys[key->type].size ||
                                        (on_curve && key->key.p[0] != 0x04))) {
        return bm_der_fail_at(d, key->key.p,
                              on_curve ? BM_E_KEY_POINT : BM_E_KEY_SIZE);
    }
    return BM_OK;
}

/*
 * RFC 5280 4.1.2.7
 *
 *   SubjectPublicKeyInfo ::= SEQUENCE {
 *       algorithm         AlgorithmIdentifier,
 *       subjectPublicKey  BIT STRING }
 */
static bm_status take_spki(struct bm_der *d, struct bm_spki *key)
{
    const uint8_t *start = d->p;
    struct bm_der in;
    struct alg alg = { 0 };
    unsigned found;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &in));
    key->der = (struct bm_bytes){ start, (size_t)(d->p - start) };
    BM_TRY(take_alg(&in, bm_key_ids, &alg, &found));
    key->alg = alg.der;
    key->type = (enum bm_key_type)found;
    BM_TRY(bm_der_take_octet_bits(&in, &key->key));
    BM_TRY(bm_der_end(&in));
    return check_key(d, key);
}

bm_status bm_spki_take(struct bm_der *d, struct bm_spki *key)
{
    const uint8_t *start = d->p;
    bm_status rc;

    *key = (struct bm_spki){ 0 };
    rc = bm_der_within(d, BM_E_SPKI, take_spki(d, key));
    if (rc != BM_OK) {
        d->p = start;
        *key = (struct bm_spki){ 0 };
    }
    return rc;
}

bm_status bm_spki_parse(struct bm_bytes der, struct bm_diag *diag,
                        struct bm_spki *key)
{
    struct bm_der d;
    bm_status rc;

    bm_der_init(&d, der, diag);
    BM_TRY(bm_spki_take(&d, key));
    rc = bm_der_end(&d);
    if (rc != BM_OK) {
        *key = (struct bm_spki){ 0 };
    }
    return rc;
}

unsigned bm_spki_bits(const struct bm_spki *key)
{
    unsigned bits;

    if (key->type != BM_KEY_RSA) {
        /* without the 04 before coordinates, of which there are two */
        bits = keys[key->type].size * 8u;
        return bits % 16 == 8 ? bits / 2 - 4 : bits;
    }
    bits = (unsigned)key->rsa_n.n * 8;
    for (unsigned top = key->rsa_n.p[0]; top < 0x80; top <<= 1) {
        bits--;
    }
    return bits;
}

bm_status bm_spki_weak(const struct bm_spki *key)
{
    unsigned bits = bm_spki_bits(key);

    if (key->type != BM_KEY_RSA) {
        return key->type == BM_KEY_UNKNOWN ? BM_E_KEY_UNSUPPORTED : BM_OK;
    }
    /* RFC 8017 3.1: e is odd and at least 3 */
    if (bits < BM_RSA_BITS_MIN || bits > BM_RSA_BITS_MAX ||
        (key->rsa_e.p[key->rsa_e.n - 1] & 1) == 0 ||
        bm_bytes_are(key->rsa_e, "\x01", 1)) {
        return BM_E_PATH_WEAK;
    }
    return BM_OK;
}

enum bm_hash bm_sig_alg_hash(enum bm_sig_alg alg)
{
    return (enum bm_hash)sigs[alg].hash;
}

bool bm_sig_alg_fits(enum bm_sig_alg alg, enum bm_key_type type)
{
    enum bm_key_type family = type == BM_KEY_P384 ? BM_KEY_P256 : type;

    return alg != BM_SIG_UNKNOWN && sigs[alg].key == family;
}

enum bm_sig_alg bm_sig_alg_for(enum bm_key_type type)
{
    return (enum bm_sig_alg)keys[type].sig;
}
