/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Endorsement keys and attestation keys. Both are primary keys: a template and
 * the endorsement seed make the same one each time, so none is kept.
 */
#include <string.h>

#include "core/der.h"
#include "keys/tpm2_internal.h"

/* TCG EK Credential Profile 2.2.1.4: where certificates lie. */
#define NV_RSA_CERT 0x01c00002u
#define NV_ECC_CERT 0x01c0000au

/* What every TPM reads in one go: 2.2.2 of the PC Client Platform TPM Profile
 * has 512 for NV buffers at least. */
#define NV_CHUNK 512

/* TCG EK Credential Profile B.2, PolicyA: PolicySecret(TPM_RH_ENDORSEMENT). */
#define POLICY_A                \
    {                           \
        .size = 32, .buffer = { \
            0x83,               \
            0x71,               \
            0x97,               \
            0x67,               \
            0x44,               \
            0x84,               \
            0xb3,               \
            0xf8,               \
            0x1a,               \
            0x90,               \
            0xcc,               \
            0x8d,               \
            0x46,               \
            0xa5,               \
            0xd7,               \
            0x24,               \
            0xfd,               \
            0x52,               \
            0xd7,               \
            0x6e,               \
            0x06,               \
            0x52,               \
            0x0b,               \
            0x64,               \
            0xf2,               \
            0xa1,               \
            0xda,               \
            0x1b,               \
            0x33,               \
            0x14,               \
            0x69,               \
            0xaa                \
        }                       \
    }

#define EK_ATTRIBUTES                                                \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |                \
     TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY | \
     TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

#define AES_128_CFB                                                     \
    {                                                                   \
        .algorithm = TPM2_ALG_AES, .keyBits = { .aes = 128 }, .mode = { \
            .aes = TPM2_ALG_CFB                                         \
        }                                                               \
    }

/* B.3.4: template L-2. */
static const TPM2B_PUBLIC ek_ecc = {
    .publicArea = {
        .type = TPM2_ALG_ECC,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = EK_ATTRIBUTES,
        .authPolicy = POLICY_A,
        .parameters.eccDetail = { .symmetric = AES_128_CFB,
                                  .scheme = { .scheme = TPM2_ALG_NULL },
                                  .curveID = TPM2_ECC_NIST_P256,
                                  .kdf = { .scheme = TPM2_ALG_NULL } },
        .unique.ecc = { .x = { .size = 32 }, .y = { .size = 32 } },
    },
};

/* B.3.3: template L-1. */
static const TPM2B_PUBLIC ek_rsa = {
    .publicArea = {
        .type = TPM2_ALG_RSA,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = EK_ATTRIBUTES,
        .authPolicy = POLICY_A,
        .parameters.rsaDetail = { .symmetric = AES_128_CFB,
                                  .scheme = { .scheme = TPM2_ALG_NULL },
                                  .keyBits = 2048,
                                  .exponent = 0 },
        .unique.rsa = { .size = 256 },
    },
};

#define AK_ATTRIBUTES                                             \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |             \
     TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH | \
     TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT)

/* Ours: `unique` is what makes it another key than that of others who make
 * one of the same template (Part 1, 27). */
static const TPM2B_PUBLIC ak = {
    .publicArea = {
        .type = TPM2_ALG_ECC,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = AK_ATTRIBUTES,
        .parameters.eccDetail = {
            .symmetric = { .algorithm = TPM2_ALG_NULL },
            .scheme = { .scheme = TPM2_ALG_ECDSA,
                        .details.ecdsa.hashAlg = TPM2_ALG_SHA256 },
            .curveID = TPM2_ECC_NIST_P256,
            .kdf = { .scheme = TPM2_ALG_NULL } },
        .unique.ecc = { .x = { .size = 32, .buffer = "birthmark/ak" },
                        .y = { .size = 32 } },
    },
};

static bm_status make_primary(struct tpm2_link *link, ESYS_TR session,
                              const TPM2B_PUBLIC *template,
                              struct tpm2_primary *made)
{
    static const TPM2B_SENSITIVE_CREATE no_secret;
    static const TPM2B_DATA no_info;
    static const TPML_PCR_SELECTION no_pcr;
    TPM2B_PUBLIC *public = NULL;
    TPM2B_CREATION_DATA *data = NULL;
    TPM2B_DIGEST *hash = NULL;
    TPMT_TK_CREATION *ticket = NULL;
    bm_status rc;

    rc = tpm2_link_status(
        link, Esys_CreatePrimary(link->esys, ESYS_TR_RH_ENDORSEMENT, session,
                                 ESYS_TR_NONE, ESYS_TR_NONE, &no_secret,
                                 template, &no_info, &no_pcr, &made->tr,
                                 &public, &data, &hash, &ticket));
    if (rc == BM_OK) {
        made->area = public->publicArea;
    } else {
        made->tr = ESYS_TR_NONE;
    }
    Esys_Free(public);
    Esys_Free(data);
    Esys_Free(hash);
    Esys_Free(ticket);
    return rc;
}

bm_status tpm2_ek_get(struct tpm2_link *link, ESYS_TR session, bool rsa,
                      struct tpm2_primary *made)
{
    return make_primary(link, session, rsa ? &ek_rsa : &ek_ecc, made);
}

bm_status tpm2_ak_get(struct tpm2_link *link, ESYS_TR session,
                      struct tpm2_primary *made)
{
    return make_primary(link, session, &ak, made);
}

/* ---- The certificate */

static bm_status read_size(struct tpm2_link *link, ESYS_TR nv, size_t *n)
{
    TPM2B_NV_PUBLIC *public = NULL;
    TPM2B_NAME *name = NULL;
    bm_status rc;

    rc = tpm2_link_status(link, Esys_NV_ReadPublic(link->esys, nv, ESYS_TR_NONE,
                                                   ESYS_TR_NONE, ESYS_TR_NONE,
                                                   &public, &name));
    if (rc == BM_OK) {
        *n = public->nvPublic.dataSize;
    }
    Esys_Free(public);
    Esys_Free(name);
    return rc;
}

static bm_status read_chunk(struct tpm2_link *link, ESYS_TR nv, size_t at,
                            size_t n, uint8_t *out)
{
    TPM2B_MAX_NV_BUFFER *data = NULL;
    bm_status rc;

    rc = tpm2_link_status(
        link, Esys_NV_Read(link->esys, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                           ESYS_TR_NONE, (UINT16)n, (UINT16)at, &data));
    if (rc == BM_OK && data->size != n) {
        rc = BM_E_KEYS_TOKEN;
    }
    if (rc == BM_OK) {
        memcpy(out, data->buffer, n);
    }
    Esys_Free(data);
    return rc;
}

static bm_status read_all(struct tpm2_link *link, ESYS_TR nv,
                          uint8_t out[BM_ATTEST_CERT_MAX], size_t *n)
{
    size_t done = 0;

    BM_TRY(read_size(link, nv, n));
    if (*n > BM_ATTEST_CERT_MAX) {
        return BM_E_KEYS_TOKEN;
    }
    while (done < *n) {
        size_t now = *n - done < NV_CHUNK ? *n - done : NV_CHUNK;

        BM_TRY(read_chunk(link, nv, done, now, out + done));
        done += now;
    }
    return BM_OK;
}

/* An index may be longer than what is in it. */
static bm_status trim(const uint8_t *octets, size_t *n)
{
    struct bm_bytes cert;
    struct bm_der d;

    bm_der_init(&d, (struct bm_bytes){ octets, *n }, NULL);
    if (bm_der_take_element(&d, BM_DER_SEQUENCE, &cert) != BM_OK) {
        return BM_E_KEYS_TOKEN;
    }
    *n = cert.n;
    return BM_OK;
}

static bm_status read_index(struct tpm2_link *link, TPM2_HANDLE index,
                            uint8_t out[BM_ATTEST_CERT_MAX], size_t *n)
{
    ESYS_TR nv = ESYS_TR_NONE;
    bool there = false;
    bm_status rc;

    BM_TRY(tpm2_is_taken(link, index, &there));
    if (!there) {
        return BM_E_NOT_FOUND;
    }
    BM_TRY(tpm2_link_status(
        link, Esys_TR_FromTPMPublic(link->esys, index, ESYS_TR_NONE,
                                    ESYS_TR_NONE, ESYS_TR_NONE, &nv)));
    rc = read_all(link, nv, out, n);
    (void)Esys_TR_Close(link->esys, &nv);
    return rc == BM_OK ? trim(out, n) : rc;
}

bm_status tpm2_ek_cert(struct tpm2_link *link, uint8_t out[BM_ATTEST_CERT_MAX],
                       size_t *n)
{
    bm_status rc = read_index(link, NV_ECC_CERT, out, n);

    return rc == BM_E_NOT_FOUND ? read_index(link, NV_RSA_CERT, out, n) : rc;
}
