/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TPM 2.0 Part 2, 12.2: public areas; 11.3: signatures.
 */
#include <string.h>

#include "keys/tpm2_internal.h"

#define P256_OCTETS 32
#define P384_OCTETS 48
#define POINT_MAX   (1 + 2 * P384_OCTETS)

/* TPM 2.0 Part 2, 12.2.3.5: what an exponent of 0 stands for. */
#define RSA_EXPONENT_USUAL 65537u

/* Beyond, no TPM has a key, and struct tpm2_key no room. */
#define RSA_BITS_MAX 4096

const TPM2B_PUBLIC tpm2_srk_template = {
    .publicArea = {
        .type = TPM2_ALG_ECC,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                            TPMA_OBJECT_SENSITIVEDATAORIGIN |
                            TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
                            TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
        .parameters.eccDetail = {
            .symmetric = { .algorithm = TPM2_ALG_AES,
                           .keyBits = { .aes = 128 },
                           .mode = { .aes = TPM2_ALG_CFB } },
            .scheme = { .scheme = TPM2_ALG_NULL },
            .curveID = TPM2_ECC_NIST_P256,
            .kdf = { .scheme = TPM2_ALG_NULL },
        },
        /* EK Credential Profile B.3.4: as long as a coordinate, and zero. */
        .unique.ecc = { .x = { .size = P256_OCTETS },
                        .y = { .size = P256_OCTETS } },
    },
};

static void ecc_template(TPMT_PUBLIC *area, TPMI_ECC_CURVE curve)
{
    TPMS_ECC_PARMS *ecc = &area->parameters.eccDetail;

    area->type = TPM2_ALG_ECC;
    ecc->symmetric.algorithm = TPM2_ALG_NULL;
    ecc->scheme.scheme = TPM2_ALG_NULL;
    ecc->curveID = curve;
    ecc->kdf.scheme = TPM2_ALG_NULL;
}

static void rsa_template(TPMT_PUBLIC *area, unsigned bits)
{
    TPMS_RSA_PARMS *rsa = &area->parameters.rsaDetail;

    area->type = TPM2_ALG_RSA;
    rsa->symmetric.algorithm = TPM2_ALG_NULL;
    rsa->scheme.scheme = TPM2_ALG_NULL;
    rsa->keyBits = (TPMI_RSA_KEY_BITS)bits;
    rsa->exponent = 0;
}

bm_status tpm2_key_template(const struct bm_key_spec *spec,
                            const TPM2B_AUTH *auth, TPM2B_PUBLIC *out)
{
    TPMT_PUBLIC *area = &out->publicArea;

    memset(out, 0, sizeof *out);
    area->nameAlg = TPM2_ALG_SHA256;
    area->objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                             TPMA_OBJECT_SENSITIVEDATAORIGIN |
                             TPMA_OBJECT_USERWITHAUTH |
                             TPMA_OBJECT_SIGN_ENCRYPT;
    if (auth->size == 0 || auth->size >= BM_KEY_TPM2_AUTH_LONG) {
        area->objectAttributes |= TPMA_OBJECT_NODA;
    }
    switch (spec->type) {
    case BM_KEY_P256:
        ecc_template(area, TPM2_ECC_NIST_P256);
        return BM_OK;
    case BM_KEY_P384:
        ecc_template(area, TPM2_ECC_NIST_P384);
        return BM_OK;
    case BM_KEY_RSA:
        if (spec->rsa_bits < BM_RSA_BITS_MIN || spec->rsa_bits > RSA_BITS_MAX) {
            return BM_E_ARGUMENT;
        }
        rsa_template(area, spec->rsa_bits);
        return BM_OK;
    default:
        return BM_E_KEY_UNSUPPORTED;
    }
}

/* A scheme of the key must be the one that we would ask for. */
static bool is_scheme_good(TPMI_ALG_SIG_SCHEME scheme, TPMI_ALG_HASH hash,
                           const TPMT_SIG_SCHEME *ours)
{
    return scheme == TPM2_ALG_NULL ||
           (scheme == ours->scheme && hash == ours->details.any.hashAlg);
}

static bm_status ecc_use(const TPMS_ECC_PARMS *ecc, struct tpm2_use *use)
{
    use->scheme.scheme = TPM2_ALG_ECDSA;
    switch (ecc->curveID) {
    case TPM2_ECC_NIST_P256:
        use->alg = BM_SIG_ECDSA_SHA256;
        use->scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
        break;
    case TPM2_ECC_NIST_P384:
        use->alg = BM_SIG_ECDSA_SHA384;
        use->scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA384;
        break;
    default:
        return BM_E_KEY_UNSUPPORTED;
    }
    return is_scheme_good(ecc->scheme.scheme,
                          ecc->scheme.details.anySig.hashAlg, &use->scheme)
               ? BM_OK
               : BM_E_KEY_UNSUPPORTED;
}

static bm_status rsa_use(const TPMS_RSA_PARMS *rsa, struct tpm2_use *use)
{
    use->alg = BM_SIG_RSA_SHA256;
    use->scheme.scheme = TPM2_ALG_RSASSA;
    use->scheme.details.rsassa.hashAlg = TPM2_ALG_SHA256;
    return rsa->keyBits <= RSA_BITS_MAX &&
                   is_scheme_good(rsa->scheme.scheme,
                                  rsa->scheme.details.anySig.hashAlg,
                                  &use->scheme)
               ? BM_OK
               : BM_E_KEY_UNSUPPORTED;
}

bm_status tpm2_key_use(const TPMT_PUBLIC *area, struct tpm2_use *use)
{
    memset(use, 0, sizeof *use);
    /* Part 1, 25.1.3: a restricted key signs what the TPM has hashed only. */
    if ((area->objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT) == 0 ||
        (area->objectAttributes & TPMA_OBJECT_RESTRICTED) != 0) {
        return BM_E_KEY_UNSUPPORTED;
    }
    switch (area->type) {
    case TPM2_ALG_ECC:
        return ecc_use(&area->parameters.eccDetail, use);
    case TPM2_ALG_RSA:
        return rsa_use(&area->parameters.rsaDetail, use);
    default:
        return BM_E_KEY_UNSUPPORTED;
    }
}

/* A number in `n` octets; the TPM may leave out or add leading zeros. */
static bm_status put_padded(struct bm_wr *w, struct bm_bytes number, size_t n)
{
    while (number.n > n && number.p[0] == 0) {
        number.p++;
        number.n--;
    }
    if (number.n > n) {
        return BM_E_KEYS_TOKEN;
    }
    for (size_t i = number.n; i < n; i++) {
        bm_wr_u8(w, 0);
    }
    bm_wr_put(w, number);
    return BM_OK;
}

static struct bm_bytes coordinate(const TPM2B_ECC_PARAMETER *b)
{
    return (struct bm_bytes){ b->buffer, b->size };
}

static bm_status put_ecc(struct bm_wr *w, const TPMT_PUBLIC *area)
{
    bool p256 = area->parameters.eccDetail.curveID == TPM2_ECC_NIST_P256;
    size_t octets = p256 ? P256_OCTETS : P384_OCTETS;
    uint8_t room[POINT_MAX];
    struct bm_wr point;
    size_t n;

    bm_wr_init(&point, room, sizeof room);
    bm_wr_u8(&point, 4); /* SEC 1 2.3.3: not compressed */
    BM_TRY(put_padded(&point, coordinate(&area->unique.ecc.x), octets));
    BM_TRY(put_padded(&point, coordinate(&area->unique.ecc.y), octets));
    BM_TRY(bm_wr_finish(&point, &n));
    bm_spki_put(w, p256 ? BM_KEY_P256 : BM_KEY_P384, bm_wr_bytes(&point));
    return BM_OK;
}

/* RFC 8017 A.1.1: RSAPublicKey */
static bm_status put_rsa(struct bm_wr *w, const TPMT_PUBLIC *area)
{
    const TPM2B_PUBLIC_KEY_RSA *modulus = &area->unique.rsa;
    uint32_t exponent = area->parameters.rsaDetail.exponent;
    uint8_t room[TPM2_SPKI_MAX];
    struct bm_wr key;
    size_t mark;
    size_t n;

    bm_wr_init(&key, room, sizeof room);
    mark = bm_der_open(&key, BM_DER_SEQUENCE);
    bm_der_put_unsigned(&key,
                        (struct bm_bytes){ modulus->buffer, modulus->size });
    bm_der_put_u32(&key, exponent == 0 ? RSA_EXPONENT_USUAL : exponent);
    bm_der_close(&key, mark);
    BM_TRY(bm_wr_finish(&key, &n));
    bm_spki_put(w, BM_KEY_RSA, bm_wr_bytes(&key));
    return BM_OK;
}

bm_status tpm2_put_spki(struct bm_wr *w, const TPMT_PUBLIC *area)
{
    return area->type == TPM2_ALG_ECC ? put_ecc(w, area) : put_rsa(w, area);
}

/* RFC 3279 2.2.3: Ecdsa-Sig-Value */
static void put_ecdsa(struct bm_wr *w, const TPMS_SIGNATURE_ECC *sig)
{
    size_t mark = bm_der_open(w, BM_DER_SEQUENCE);

    bm_der_put_unsigned(w, coordinate(&sig->signatureR));
    bm_der_put_unsigned(w, coordinate(&sig->signatureS));
    bm_der_close(w, mark);
}

bm_status tpm2_put_signature(struct bm_wr *w, const struct bm_spki *key,
                             const TPMT_SIGNATURE *sig)
{
    if (key->type != BM_KEY_RSA && sig->sigAlg == TPM2_ALG_ECDSA) {
        put_ecdsa(w, &sig->signature.ecdsa);
        return BM_OK;
    }
    if (key->type == BM_KEY_RSA && sig->sigAlg == TPM2_ALG_RSASSA) {
        const TPM2B_PUBLIC_KEY_RSA *s = &sig->signature.rsassa.sig;

        return put_padded(w, (struct bm_bytes){ s->buffer, s->size },
                          key->rsa_n.n);
    }
    return BM_E_KEYS_TOKEN;
}
