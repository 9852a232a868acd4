/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/tpm.h"

#include <string.h>

/* TPM 2.0 Part 2, 6.3: TPM_ALG_ID. */
enum {
    ALG_RSA = 0x0001,
    ALG_SHA256 = 0x000b,
    ALG_SHA384 = 0x000c,
    ALG_NULL = 0x0010,
    ALG_RSASSA = 0x0014,
    ALG_ECDSA = 0x0018,
    ALG_ECC = 0x0023
};

/* 6.4: TPM_ECC_CURVE. */
#define CURVE_P256 0x0003
#define CURVE_P384 0x0004

/* 6.2: what begins with it was made by a TPM; no key that is restricted signs
 * anything else that does. */
#define GENERATED 0xff544347u

/* 6.9: TPM_ST. */
#define ST_CERTIFY  0x8017
#define ST_CREATION 0x801a

/* 12.2.3.5: what an exponent of 0 stands for. */
#define EXPONENT_USUAL 65537u

#define POINT_MAX (1 + 2 * 48)

/* ---- Reading: big-endian, and each string behind its length (10.4) */

static bm_status take(struct bm_bytes *in, size_t n, struct bm_bytes *out)
{
    if (in->n < n) {
        return BM_E_ATTEST;
    }
    *out = (struct bm_bytes){ in->p, n };
    in->p += n;
    in->n -= n;
    return BM_OK;
}

static bm_status take_u16(struct bm_bytes *in, uint16_t *value)
{
    struct bm_bytes b;

    BM_TRY(take(in, 2, &b));
    *value = (uint16_t)(b.p[0] << 8 | b.p[1]);
    return BM_OK;
}

static bm_status take_u32(struct bm_bytes *in, uint32_t *value)
{
    struct bm_bytes b;

    BM_TRY(take(in, 4, &b));
    *value = (uint32_t)b.p[0] << 24 | (uint32_t)b.p[1] << 16 |
             (uint32_t)b.p[2] << 8 | b.p[3];
    return BM_OK;
}

static bm_status take_sized(struct bm_bytes *in, struct bm_bytes *out)
{
    uint16_t n = 0;

    BM_TRY(take_u16(in, &n));
    return take(in, n, out);
}

static bm_status expect(struct bm_bytes *in, uint16_t value)
{
    uint16_t found = 0;

    BM_TRY(take_u16(in, &found));
    return found == value ? BM_OK : BM_E_KEY_UNSUPPORTED;
}

static bm_status take_hash(struct bm_bytes *in, enum bm_hash *hash)
{
    uint16_t alg = 0;

    BM_TRY(take_u16(in, &alg));
    switch (alg) {
    case ALG_SHA256:
        *hash = BM_HASH_SHA256;
        return BM_OK;
    case ALG_SHA384:
        *hash = BM_HASH_SHA384;
        return BM_OK;
    default:
        return BM_E_KEY_UNSUPPORTED;
    }
}

/* TPM_ALG_NULL, or a scheme that goes with keys of this kind (11.2.1). */
static bm_status take_scheme(struct bm_bytes *in, bool rsa,
                             enum bm_sig_alg *alg)
{
    uint16_t scheme = 0;
    enum bm_hash hash = BM_HASH_NONE;

    *alg = BM_SIG_UNKNOWN;
    BM_TRY(take_u16(in, &scheme));
    if (scheme == ALG_NULL) {
        return BM_OK;
    }
    if (scheme != (rsa ? ALG_RSASSA : ALG_ECDSA)) {
        return BM_E_KEY_UNSUPPORTED;
    }
    BM_TRY(take_hash(in, &hash));
    if (rsa) {
        *alg = hash == BM_HASH_SHA256 ? BM_SIG_RSA_SHA256 : BM_SIG_RSA_SHA384;
    } else {
        *alg =
            hash == BM_HASH_SHA256 ? BM_SIG_ECDSA_SHA256 : BM_SIG_ECDSA_SHA384;
    }
    return BM_OK;
}

/* ---- Public areas */

/* 12.2.3.5: TPMS_RSA_PARMS, and the modulus. */
static bm_status take_rsa(struct bm_bytes *in, struct ca_tpm_key *key)
{
    uint16_t bits = 0;

    BM_TRY(expect(in, ALG_NULL)); /* symmetric: it signs */
    BM_TRY(take_scheme(in, true, &key->scheme));
    BM_TRY(take_u16(in, &bits));
    BM_TRY(take_u32(in, &key->exponent));
    BM_TRY(take_sized(in, &key->modulus));
    key->type = BM_KEY_RSA;
    if (bits != 2048 && bits != 3072 && bits != 4096) {
        return BM_E_KEY_UNSUPPORTED;
    }
    return key->modulus.n == bits / 8 && (key->modulus.p[0] & 0x80) != 0
               ? BM_OK
               : BM_E_ATTEST;
}

/* 12.2.3.6: TPMS_ECC_PARMS, and the point. */
static bm_status take_ecc(struct bm_bytes *in, struct ca_tpm_key *key)
{
    uint16_t curve = 0;

    BM_TRY(expect(in, ALG_NULL));
    BM_TRY(take_scheme(in, false, &key->scheme));
    BM_TRY(take_u16(in, &curve));
    BM_TRY(expect(in, ALG_NULL)); /* kdf */
    BM_TRY(take_sized(in, &key->x));
    BM_TRY(take_sized(in, &key->y));
    if (curve != CURVE_P256 && curve != CURVE_P384) {
        return BM_E_KEY_UNSUPPORTED;
    }
    key->type = curve == CURVE_P256 ? BM_KEY_P256 : BM_KEY_P384;
    return BM_OK;
}

static bm_status take_key(struct bm_bytes in, struct ca_tpm_key *key)
{
    uint16_t type = 0;
    struct bm_bytes policy;

    key->area = in;
    BM_TRY(take_u16(&in, &type));
    BM_TRY(take_hash(&in, &key->name_alg));
    BM_TRY(take_u32(&in, &key->attributes));
    BM_TRY(take_sized(&in, &policy));
    switch (type) {
    case ALG_RSA:
        BM_TRY(take_rsa(&in, key));
        break;
    case ALG_ECC:
        BM_TRY(take_ecc(&in, key));
        break;
    default:
        return BM_E_KEY_UNSUPPORTED;
    }
    return in.n == 0 ? BM_OK : BM_E_ATTEST;
}

bm_status ca_tpm_key_parse(struct bm_bytes in, struct ca_tpm_key *key)
{
    bm_status rc;

    memset(key, 0, sizeof *key);
    rc = take_key(in, key);
    if (rc != BM_OK) {
        memset(key, 0, sizeof *key);
    }
    return rc;
}

/* A number in `n` octets; a TPM may leave out or add leading zeros. */
static bm_status put_padded(struct bm_wr *w, struct bm_bytes number, size_t n)
{
    while (number.n > n && number.p[0] == 0) {
        number.p++;
        number.n--;
    }
    if (number.n > n) {
        return BM_E_ATTEST;
    }
    for (size_t i = number.n; i < n; i++) {
        bm_wr_u8(w, 0);
    }
    bm_wr_put(w, number);
    return BM_OK;
}

static bm_status put_ecc(struct bm_wr *w, const struct ca_tpm_key *key)
{
    size_t octets = key->type == BM_KEY_P256 ? 32 : 48;
    uint8_t room[POINT_MAX];
    struct bm_wr point;

    bm_wr_init(&point, room, sizeof room);
    bm_wr_u8(&point, 4); /* SEC 1 2.3.3: not compressed */
    BM_TRY(put_padded(&point, key->x, octets));
    BM_TRY(put_padded(&point, key->y, octets));
    bm_spki_put(w, key->type, bm_wr_bytes(&point));
    return BM_OK;
}

/* RFC 8017 A.1.1: RSAPublicKey */
static bm_status put_rsa(struct bm_wr *w, const struct ca_tpm_key *key)
{
    uint8_t room[CA_TPM_SPKI_MAX];
    struct bm_wr rsa;
    size_t mark;
    size_t n;

    bm_wr_init(&rsa, room, sizeof room);
    mark = bm_der_open(&rsa, BM_DER_SEQUENCE);
    bm_der_put_unsigned(&rsa, key->modulus);
    bm_der_put_u32(&rsa, key->exponent == 0 ? EXPONENT_USUAL : key->exponent);
    bm_der_close(&rsa, mark);
    BM_TRY(bm_wr_finish(&rsa, &n));
    bm_spki_put(w, BM_KEY_RSA, bm_wr_bytes(&rsa));
    return BM_OK;
}

bm_status ca_tpm_key_put_spki(struct bm_wr *w, const struct ca_tpm_key *key)
{
    return key->type == BM_KEY_RSA ? put_rsa(w, key) : put_ecc(w, key);
}

bm_status ca_tpm_key_name(const struct bm_crypto *crypto,
                          const struct ca_tpm_key *key,
                          uint8_t name[CA_TPM_NAME_MAX], size_t *n)
{
    name[0] = 0;
    name[1] = key->name_alg == BM_HASH_SHA256 ? ALG_SHA256 : ALG_SHA384;
    *n = 2 + bm_hash_len(key->name_alg);
    return crypto->hash(crypto->self, key->name_alg, key->area, name + 2);
}

/* ---- Statements */

/* clockInfo (10.11.1): clock, resetCount, restartCount, safe; and the
 * firmware's version. What they say is for people who debug TPMs. */
#define CLOCK_SIZE    (8 + 4 + 4 + 1)
#define FIRMWARE_SIZE 8

static bm_status take_statement(struct bm_bytes in,
                                struct ca_tpm_statement *statement)
{
    uint32_t magic = 0;
    uint16_t type = 0;
    struct bm_bytes passed;

    BM_TRY(take_u32(&in, &magic));
    BM_TRY(take_u16(&in, &type));
    if (magic != GENERATED || (type != ST_CERTIFY && type != ST_CREATION)) {
        return BM_E_ATTEST;
    }
    BM_TRY(take_sized(&in, &passed)); /* qualifiedSigner */
    BM_TRY(take_sized(&in, &statement->nonce));
    BM_TRY(take(&in, CLOCK_SIZE + FIRMWARE_SIZE, &passed));
    BM_TRY(take_sized(&in, &statement->name));
    /* qualifiedName (10.12.3), or creationHash (10.12.7) */
    BM_TRY(take_sized(&in, &passed));
    return in.n == 0 ? BM_OK : BM_E_ATTEST;
}

bm_status ca_tpm_statement_parse(struct bm_bytes in,
                                 struct ca_tpm_statement *statement)
{
    bm_status rc;

    memset(statement, 0, sizeof *statement);
    rc = take_statement(in, statement);
    if (rc != BM_OK) {
        memset(statement, 0, sizeof *statement);
    }
    return rc;
}

/* ---- Signatures */

/* RFC 3279 2.2.3: Ecdsa-Sig-Value */
static bm_status put_ecdsa(struct bm_wr *w, struct bm_bytes *in)
{
    struct bm_bytes r;
    struct bm_bytes s;
    size_t mark;

    BM_TRY(take_sized(in, &r));
    BM_TRY(take_sized(in, &s));
    mark = bm_der_open(w, BM_DER_SEQUENCE);
    bm_der_put_unsigned(w, r);
    bm_der_put_unsigned(w, s);
    bm_der_close(w, mark);
    return BM_OK;
}

static bm_status put_rsassa(struct bm_wr *w, struct bm_bytes *in,
                            const struct ca_tpm_key *key)
{
    struct bm_bytes s;

    BM_TRY(take_sized(in, &s));
    return put_padded(w, s, key->modulus.n);
}

bm_status ca_tpm_put_signature(struct bm_wr *w, struct bm_bytes in,
                               const struct ca_tpm_key *key,
                               enum bm_sig_alg *alg)
{
    bool rsa = key->type == BM_KEY_RSA;

    if (take_scheme(&in, rsa, alg) != BM_OK || *alg == BM_SIG_UNKNOWN) {
        *alg = BM_SIG_UNKNOWN;
        return BM_E_ATTEST;
    }
    BM_TRY(rsa ? put_rsassa(w, &in, key) : put_ecdsa(w, &in));
    return in.n == 0 ? BM_OK : BM_E_ATTEST;
}
