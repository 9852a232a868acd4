/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alg.h"

#include "core/oid.h"

#define OID_EC_PUBLIC_KEY "\x2a\x86\x48\xce\x3d\x02\x01"
#define OID_P256          "\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define OID_P384          "\x2b\x81\x04\x00\x22"
#define OID_RSA           "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define OID_MGF1          "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
#define OID_RSA_PSS       "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"

/* What may follow the OID in an AlgorithmIdentifier. */
enum params {
    PARAMS_ANY,          /* of an algorithm that we do not know */
    PARAMS_ABSENT,       /* RFC 5758 3.2, RFC 8410 3, RFC 9881 2 */
    PARAMS_NULL,         /* RFC 3279 2.3.1 */
    PARAMS_NULL_OR_NONE, /* written NULL, read both: RFC 4055 5, RFC 5754 2 */
    PARAMS_CURVE,        /* RFC 5480 2.1.1 */
    PARAMS_PSS           /* RFC 4055 3.1 */
};

#define OID_MAX 9 /* octets of the longest OID in the tables below */

struct oid {
    uint8_t n;
    uint8_t p[OID_MAX];
};
#define OID(literal)                 \
    {                                \
        sizeof(literal) - 1, literal \
    }

/* By enum bm_hash - 1. */
static const struct {
    struct oid oid;
    uint8_t len;
} hashes[] = {
    { OID(BM_OID_SHA1), 20 },
    { OID(BM_OID_SHA256), 32 },
    { OID(BM_OID_SHA384), 48 },
    { OID(BM_OID_SHA512), 64 },
};

/* By enum bm_key_type - 1. */
static const struct key_row {
    struct oid oid;
    uint8_t params;
    uint8_t sig;   /* the usual signature algorithm of such a key */
    uint16_t size; /* octets of the public key; 0 where that varies */
} keys[] = {
    { OID(OID_EC_PUBLIC_KEY), PARAMS_CURVE, BM_SIG_ECDSA_SHA256, 65 },
    { OID(OID_EC_PUBLIC_KEY), PARAMS_CURVE, BM_SIG_ECDSA_SHA384, 97 },
    { OID("\x2b\x65\x70"), PARAMS_ABSENT, BM_SIG_ED25519, 32 },
    { OID(OID_RSA), PARAMS_NULL, BM_SIG_RSA_SHA256, 0 },
    { OID("\x60\x86\x48\x01\x65\x03\x04\x03\x11"), PARAMS_ABSENT,
      BM_SIG_MLDSA44, 1312 },
    { OID("\x60\x86\x48\x01\x65\x03\x04\x03\x12"), PARAMS_ABSENT,
      BM_SIG_MLDSA65, 1952 },
    { OID("\x60\x86\x48\x01\x65\x03\x04\x03\x13"), PARAMS_ABSENT,
      BM_SIG_MLDSA87, 2592 },
};

/* By enum bm_sig_alg - 1. The PSS rows differ in their parameters only. */
static const struct sig_row {
    struct oid oid;
    uint8_t params;
    uint8_t hash;
    uint8_t key; /* BM_KEY_P256 stands for any elliptic curve */
} sigs[] = {
    { OID("\x2a\x86\x48\xce\x3d\x04\x03\x02"), PARAMS_ABSENT, BM_HASH_SHA256,
      BM_KEY_P256 },
    { OID("\x2a\x86\x48\xce\x3d\x04\x03\x03"), PARAMS_ABSENT, BM_HASH_SHA384,
      BM_KEY_P256 },
    { OID("\x2a\x86\x48\xce\x3d\x04\x03\x04"), PARAMS_ABSENT, BM_HASH_SHA512,
      BM_KEY_P256 },
    { OID("\x2b\x65\x70"), PARAMS_ABSENT, BM_HASH_NONE, BM_KEY_ED25519 },
    { OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), PARAMS_NULL_OR_NONE,
      BM_HASH_SHA256, BM_KEY_RSA },
    { OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"), PARAMS_NULL_OR_NONE,
      BM_HASH_SHA384, BM_KEY_RSA },
    { OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"), PARAMS_NULL_OR_NONE,
      BM_HASH_SHA512, BM_KEY_RSA },
    { OID(OID_RSA_PSS), PARAMS_PSS, BM_HASH_SHA256, BM_KEY_RSA },
    { OID(OID_RSA_PSS), PARAMS_PSS, BM_HASH_SHA384, BM_KEY_RSA },
    { OID(OID_RSA_PSS), PARAMS_PSS, BM_HASH_SHA512, BM_KEY_RSA },
    { OID("\x60\x86\x48\x01\x65\x03\x04\x03\x11"), PARAMS_ABSENT, BM_HASH_NONE,
      BM_KEY_MLDSA44 },
    { OID("\x60\x86\x48\x01\x65\x03\x04\x03\x12"), PARAMS_ABSENT, BM_HASH_NONE,
      BM_KEY_MLDSA65 },
    { OID("\x60\x86\x48\x01\x65\x03\x04\x03\x13"), PARAMS_ABSENT, BM_HASH_NONE,
      BM_KEY_MLDSA87 },
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

_Static_assert(ROWS(hashes) == BM_HASH_SHA512, "a row for each hash");
_Static_assert(ROWS(keys) == BM_KEY_MLDSA87, "a row for each key type");
_Static_assert(ROWS(sigs) == BM_SIG_MLDSA87, "a row for each algorithm");

/*
 * Find `oid` in a table whose `n` rows of `size` octets begin with a struct
 * oid. Returns the row's number counted from 1, or 0: the enum value.
 */
static unsigned find(const void *table, size_t size, size_t n,
                     struct bm_bytes oid)
{
    const struct oid *row = table;

    for (unsigned i = 1; i <= n; i++) {
        if (bm_bytes_equal((struct bm_bytes){ row->p, row->n }, oid)) {
            return i;
        }
        row = (const struct oid *)((const uint8_t *)row + size);
    }
    return 0;
}

#define FIND(table, oid) find((table), sizeof((table)[0]), ROWS(table), (oid))

/*
 * RFC 5280 4.1.1.2
 *
 *   AlgorithmIdentifier ::= SEQUENCE {
 *       algorithm   OBJECT IDENTIFIER,
 *       parameters  ANY DEFINED BY algorithm OPTIONAL }
 *
 * `*params` is left before the parameters.
 */
static bm_status take_alg(struct bm_der *d, struct bm_bytes *oid,
                          struct bm_der *params)
{
    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, params));
    return bm_der_take_oid(params, oid);
}

/* The parameters of all but PARAMS_CURVE and PARAMS_PSS. */
static bm_status check_params(struct bm_der *params, uint8_t kind)
{
    uint8_t tag;
    struct bm_bytes body;

    if (kind == PARAMS_NULL ||
        (kind == PARAMS_NULL_OR_NONE && bm_der_left(params) != 0)) {
        BM_TRY(bm_der_take_null(params));
    }
    if (kind == PARAMS_ANY && bm_der_left(params) != 0) {
        BM_TRY(bm_der_take_any(params, &tag, &body));
    }
    return bm_der_end(params);
}

size_t bm_hash_len(enum bm_hash hash)
{
    return hash == BM_HASH_NONE ? 0 : hashes[hash - 1].len;
}

bm_status bm_hash_alg_take(struct bm_der *d, enum bm_hash *hash)
{
    struct bm_der rest = *d;
    struct bm_der params;
    struct bm_bytes oid;
    unsigned found;

    BM_TRY(bm_der_within(d, BM_E_ALG, take_alg(&rest, &oid, &params)));
    found = FIND(hashes, oid);
    BM_TRY(bm_der_within(
        d, BM_E_ALG_PARAMS,
        check_params(&params, found == 0 ? PARAMS_ANY : PARAMS_NULL_OR_NONE)));
    *hash = (enum bm_hash)found;
    *d = rest;
    return BM_OK;
}

/* RFC 4055 2.2: MGF1 with its hash; `*hash` is NONE if it is another. */
static bm_status take_mgf(struct bm_der *d, enum bm_hash *hash)
{
    struct bm_der params;
    struct bm_bytes oid;

    BM_TRY(take_alg(d, &oid, &params));
    if (!bm_oid_is(oid, OID_MGF1)) {
        *hash = BM_HASH_NONE;
        return check_params(&params, PARAMS_ANY);
    }
    BM_TRY(bm_hash_alg_take(&params, hash));
    return bm_der_end(&params);
}

/* Both hashes are DEFAULT SHA-1, which DER therefore never writes. */
static bm_status take_pss_hash(struct bm_der *seq, uint8_t tag,
                               bm_status (*take)(struct bm_der *,
                                                 enum bm_hash *),
                               enum bm_hash *hash)
{
    struct bm_der in;

    *hash = BM_HASH_SHA1;
    if (!bm_der_at(seq, tag)) {
        return BM_OK;
    }
    BM_TRY(bm_der_enter(seq, tag, &in));
    BM_TRY(take(&in, hash));
    if (*hash == BM_HASH_SHA1) {
        return bm_der_fail(seq, BM_E_DER_DEFAULT);
    }
    return bm_der_end(&in);
}

#define PSS_SALT_DEFAULT 20

static bm_status take_pss_salt(struct bm_der *seq, uint32_t *salt)
{
    struct bm_der in;

    *salt = PSS_SALT_DEFAULT;
    if (!bm_der_at(seq, BM_DER_CONSTRUCTED(2))) {
        return BM_OK;
    }
    BM_TRY(bm_der_enter(seq, BM_DER_CONSTRUCTED(2), &in));
    BM_TRY(bm_der_take_u32(&in, salt));
    if (*salt == PSS_SALT_DEFAULT) {
        return bm_der_fail(seq, BM_E_DER_DEFAULT);
    }
    return bm_der_end(&in);
}

/*
 * RFC 4055 3.1
 *
 *   RSASSA-PSS-params ::= SEQUENCE {
 *       hashAlgorithm     [0] HashAlgorithm DEFAULT sha1Identifier,
 *       maskGenAlgorithm  [1] MaskGenAlgorithm DEFAULT mgf1SHA1Identifier,
 *       saltLength        [2] INTEGER DEFAULT 20,
 *       trailerField      [3] INTEGER DEFAULT 1 }
 *
 * The trailer is always 1, so in DER it is never there.
 */
static bm_status take_pss(struct bm_der *params, enum bm_sig_alg *alg)
{
    struct bm_der seq;
    enum bm_hash hash;
    enum bm_hash mgf_hash;
    uint32_t salt;

    BM_TRY(bm_der_enter(params, BM_DER_SEQUENCE, &seq));
    BM_TRY(take_pss_hash(&seq, BM_DER_CONSTRUCTED(0), bm_hash_alg_take, &hash));
    BM_TRY(take_pss_hash(&seq, BM_DER_CONSTRUCTED(1), take_mgf, &mgf_hash));
    BM_TRY(take_pss_salt(&seq, &salt));
    BM_TRY(bm_der_end(&seq));
    *alg = BM_SIG_UNKNOWN;
    if (hash >= BM_HASH_SHA256 && hash == mgf_hash &&
        salt == bm_hash_len(hash)) {
        *alg =
            (enum bm_sig_alg)(BM_SIG_RSA_PSS_SHA256 + (hash - BM_HASH_SHA256));
    }
    return bm_der_end(params);
}

bm_status bm_sig_alg_take(struct bm_der *d, struct bm_bytes *der,
                          enum bm_sig_alg *alg)
{
    struct bm_der rest = *d;
    struct bm_der params;
    struct bm_bytes oid;
    enum bm_sig_alg found;
    uint8_t kind = PARAMS_ANY;
    bm_status rc;

    BM_TRY(bm_der_within(d, BM_E_ALG, take_alg(&rest, &oid, &params)));
    found = (enum bm_sig_alg)FIND(sigs, oid);
    if (found != BM_SIG_UNKNOWN) {
        kind = sigs[found - 1].params;
    }
    rc = kind == PARAMS_PSS ? take_pss(&params, &found)
                            : check_params(&params, kind);
    BM_TRY(bm_der_within(d, BM_E_ALG_PARAMS, rc));
    *alg = found;
    *der = (struct bm_bytes){ d->p, (size_t)(rest.p - d->p) };
    *d = rest;
    return BM_OK;
}

/*
 * RFC 5480 2.1.1: the curve has a name; implicitCurve and specifiedCurve are
 * not to be used.
 */
static bm_status take_curve(struct bm_der *params, enum bm_key_type *type)
{
    struct bm_bytes curve;

    BM_TRY(bm_der_take_oid(params, &curve));
    *type = bm_oid_is(curve, OID_P256)   ? BM_KEY_P256
            : bm_oid_is(curve, OID_P384) ? BM_KEY_P384
                                         : BM_KEY_UNKNOWN;
    return bm_der_end(params);
}

static bm_status take_key_alg(struct bm_der *d, struct bm_spki *key)
{
    const uint8_t *start = d->p;
    struct bm_der params;
    struct bm_bytes oid = { 0 };
    uint8_t kind = PARAMS_ANY;
    bm_status rc;

    BM_TRY(bm_der_within(d, BM_E_ALG, take_alg(d, &oid, &params)));
    key->alg = (struct bm_bytes){ start, (size_t)(d->p - start) };
    key->type = (enum bm_key_type)FIND(keys, oid);
    if (key->type != BM_KEY_UNKNOWN) {
        kind = keys[key->type - 1].params;
    }
    rc = kind == PARAMS_CURVE ? take_curve(&params, &key->type)
                              : check_params(&params, kind);
    return bm_der_within(d, BM_E_ALG_PARAMS, rc);
}

/* A positive INTEGER; `*magnitude` without the leading zero. */
static bm_status take_positive(struct bm_der *d, struct bm_bytes *magnitude)
{
    const uint8_t *start = d->p;
    struct bm_bytes v;

    BM_TRY(bm_der_take_integer(d, BM_DER_INTEGER, &v));
    if (v.p[0] == 0) {
        v.p++;
        v.n--;
    } else if (v.p[0] >= 0x80) {
        v.n = 0;
    }
    if (v.n == 0) {
        return bm_der_fail_at(d, start, BM_E_KEY_RSA);
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
static bm_status parse_rsa(const struct bm_der *d, struct bm_spki *key)
{
    struct bm_der in;
    struct bm_der seq;

    bm_der_init(&in, key->key, d->diag);
    BM_TRY(bm_der_enter(&in, BM_DER_SEQUENCE, &seq));
    BM_TRY(bm_der_end(&in));
    BM_TRY(take_positive(&seq, &key->rsa_n));
    BM_TRY(take_positive(&seq, &key->rsa_e));
    return bm_der_end(&seq);
}

static bm_status check_key(const struct bm_der *d, struct bm_spki *key)
{
    size_t size;

    if (key->type == BM_KEY_UNKNOWN) {
        return BM_OK;
    }
    if (key->type == BM_KEY_RSA) {
        return bm_der_within(d, BM_E_KEY_RSA, parse_rsa(d, key));
    }
    size = keys[key->type - 1].size;
    if (key->type > BM_KEY_P384) {
        return key->key.n == size
                   ? BM_OK
                   : bm_der_fail_at(d, key->key.p, BM_E_KEY_SIZE);
    }
    /* SEC 1 2.3.3: 04, x, y */
    if (key->key.n != size || key->key.p[0] != 0x04) {
        return bm_der_fail_at(d, key->key.p, BM_E_KEY_POINT);
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

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &in));
    key->der = (struct bm_bytes){ start, (size_t)(d->p - start) };
    BM_TRY(take_key_alg(&in, key));
    BM_TRY(bm_der_take_octet_bits(&in, &key->key));
    BM_TRY(bm_der_end(&in));
    return check_key(d, key);
}

bm_status bm_spki_take(struct bm_der *d, struct bm_spki *key)
{
    struct bm_der rest = *d;
    bm_status rc;

    *key = (struct bm_spki){ 0 };
    rc = bm_der_within(d, BM_E_SPKI, take_spki(&rest, key));
    if (rc == BM_OK) {
        *d = rest;
    } else {
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
    size_t octets;
    unsigned bits;

    if (key->type == BM_KEY_UNKNOWN) {
        return 0;
    }
    octets = keys[key->type - 1].size;
    if (key->type <= BM_KEY_P384) {
        octets /= 2; /* one coordinate */
    }
    if (key->type != BM_KEY_RSA) {
        return (unsigned)octets * 8;
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
        return BM_OK;
    }
    /* RFC 8017 3.1: e is odd and at least 3 */
    if (bits < BM_RSA_BITS_MIN || bits > BM_RSA_BITS_MAX ||
        (key->rsa_e.p[key->rsa_e.n - 1] & 1) == 0 ||
        bm_bytes_equal(key->rsa_e, BM_LIT("\x01"))) {
        return BM_E_PATH_WEAK;
    }
    return BM_OK;
}

enum bm_hash bm_sig_alg_hash(enum bm_sig_alg alg)
{
    return alg == BM_SIG_UNKNOWN ? BM_HASH_NONE
                                 : (enum bm_hash)sigs[alg - 1].hash;
}

bool bm_sig_alg_fits(enum bm_sig_alg alg, enum bm_key_type type)
{
    enum bm_key_type family = type == BM_KEY_P384 ? BM_KEY_P256 : type;

    return alg != BM_SIG_UNKNOWN && sigs[alg - 1].key == family;
}

enum bm_sig_alg bm_sig_alg_for(enum bm_key_type type)
{
    return type == BM_KEY_UNKNOWN ? BM_SIG_UNKNOWN
                                  : (enum bm_sig_alg)keys[type - 1].sig;
}
