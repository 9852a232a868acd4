/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TPM 2.0 Part 3: 12.5 (TPM2_ActivateCredential) shows that the attestation key
 * is in the TPM of an endorsement key; 18.2 (TPM2_Certify), that a key is in
 * the TPM of the attestation key.
 */
#include "keys/tpm2_attest.h"

#include <string.h>
#include <tss2/tss2_mu.h>

#include "keys/tpm2_internal.h"

struct attesting {
    const struct bm_key_tpm2_attest *c;
    struct tpm2_key *key;
    TPM2B_AUTH endorsement;
    ESYS_TR session; /* that authorises the endorsement hierarchy */
    struct tpm2_primary ek;
    struct tpm2_primary ak;
    ESYS_TR policy;

    /* Of a claim. */
    uint8_t cert[BM_ATTEST_CERT_MAX];
    size_t cert_n;
    uint8_t key_area[BM_ATTEST_PUBLIC_MAX];
    size_t key_area_n;
    uint8_t ak_area[BM_ATTEST_PUBLIC_MAX];
    size_t ak_area_n;

    /* Of an answer. */
    struct bm_attest_challenge challenge;
    TPM2B_DIGEST *secret;
    TPM2B_ATTEST *statement;
    TPMT_SIGNATURE *signature;
};

/* What authorises the endorsement hierarchy. */
static bm_status begin(struct tpm2_link *link, struct attesting *a, bool salted)
{
    a->ek.tr = ESYS_TR_NONE;
    a->ak.tr = ESYS_TR_NONE;
    a->policy = ESYS_TR_NONE;
    a->session = ESYS_TR_PASSWORD;
    BM_TRY(tpm2_flush_prepare(link));
    if (salted || a->endorsement.size != 0) {
        BM_TRY(tpm2_session_get(link, &a->session));
    }
    return tpm2_link_status(
        link,
        Esys_TR_SetAuth(link->esys, ESYS_TR_RH_ENDORSEMENT, &a->endorsement));
}

static bm_status end(struct tpm2_link *link, struct attesting *a, bm_status rc)
{
    tpm2_flush(link, &a->policy);
    tpm2_flush(link, &a->ek.tr);
    tpm2_flush(link, &a->ak.tr);
    return tpm2_flush_done(link, rc);
}

/* ---- Claims */

static bm_status marshal(const TPMT_PUBLIC *area,
                         uint8_t out[BM_ATTEST_PUBLIC_MAX], size_t *n)
{
    *n = 0;
    return tpm2_status(
        Tss2_MU_TPMT_PUBLIC_Marshal(area, out, BM_ATTEST_PUBLIC_MAX, n), NULL);
}

static bm_status read_key(struct tpm2_link *link, struct attesting *a)
{
    TPM2B_PUBLIC *public = NULL;
    TPM2B_NAME *name = NULL;
    bm_status rc;

    BM_TRY(tpm2_key_attach(link, a->key));
    rc = tpm2_link_status(link,
                          Esys_ReadPublic(link->esys, a->key->tr, ESYS_TR_NONE,
                                          ESYS_TR_NONE, ESYS_TR_NONE, &public,
                                          &name, NULL));
    if (rc == BM_OK) {
        rc = marshal(&public->publicArea, a->key_area, &a->key_area_n);
    }
    Esys_Free(public);
    Esys_Free(name);
    return rc;
}

static bm_status claim(struct tpm2_link *link, struct attesting *a)
{
    BM_TRY(read_key(link, a));
    if (a->c->ek_cert.n == 0) {
        BM_TRY(tpm2_ek_cert(link, a->cert, &a->cert_n));
    }
    BM_TRY(tpm2_ak_get(link, a->session, &a->ak));
    return marshal(&a->ak.area, a->ak_area, &a->ak_area_n);
}

static bm_status run_claim(struct tpm2_link *link, void *arg)
{
    struct attesting *a = arg;
    bm_status rc = begin(link, a, false);

    if (rc == BM_OK) {
        rc = claim(link, a);
    }
    return end(link, a, rc);
}

static void put_claim(const struct attesting *a, struct bm_wr *out)
{
    const struct bm_attest_claim m = {
        .ek_cert = a->c->ek_cert.n != 0
                       ? a->c->ek_cert
                       : (struct bm_bytes){ a->cert, a->cert_n },
        .ek_chain = a->c->ek_chain,
        .ak = { a->ak_area, a->ak_area_n },
        .key = { a->key_area, a->key_area_n },
    };

    bm_attest_put_claim(out, &m);
}

/* ---- Answers */

/* PolicyA of the endorsement key: whoever may use the hierarchy. */
static bm_status allow_ek(struct tpm2_link *link, struct attesting *a)
{
    static const TPMT_SYM_DEF no_cipher = { .algorithm = TPM2_ALG_NULL };
    TPM2B_TIMEOUT *timeout = NULL;
    TPMT_TK_AUTH *ticket = NULL;
    bm_status rc;

    rc = tpm2_link_status(
        link, Esys_StartAuthSession(link->esys, ESYS_TR_NONE, ESYS_TR_NONE,
                                    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    NULL, TPM2_SE_POLICY, &no_cipher,
                                    TPM2_ALG_SHA256, &a->policy));
    if (rc != BM_OK) {
        a->policy = ESYS_TR_NONE;
        return rc;
    }
    rc = tpm2_link_status(
        link, Esys_PolicySecret(link->esys, ESYS_TR_RH_ENDORSEMENT, a->policy,
                                a->session, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
                                NULL, NULL, 0, &timeout, &ticket));
    Esys_Free(timeout);
    Esys_Free(ticket);
    return rc;
}

/* What a TPM says to a credential that is for another one, or another AK. */
static bool is_foreign(TSS2_RC rc)
{
    if ((rc & TSS2_RC_LAYER_MASK) != TSS2_TPM_RC_LAYER &&
        (rc & TSS2_RC_LAYER_MASK) != TSS2_RESMGR_TPM_RC_LAYER) {
        return false;
    }
    rc &= ~TSS2_RC_LAYER_MASK;
    /* libtpms, when its padding comes to nothing: one that has failed would
     * not have made the keys just now. */
    if (rc == TPM2_RC_FAILURE) {
        return true;
    }
    /* Of format 1, about a parameter (Part 2, 6.6). */
    if ((rc & 0x0c0) != 0x0c0) {
        return false;
    }
    switch (rc & 0x0bf) {
    case TPM2_RC_INTEGRITY:
    case TPM2_RC_SIZE:
    case TPM2_RC_VALUE:
    case TPM2_RC_ECC_POINT:
    case TPM2_RC_INSUFFICIENT:
        return true;
    default:
        return false;
    }
}

static bm_status activate(struct tpm2_link *link, struct attesting *a)
{
    TPM2B_ID_OBJECT credential = { .size = (UINT16)a->challenge.credential.n };
    TPM2B_ENCRYPTED_SECRET seed = { .size = (UINT16)a->challenge.seed.n };
    TSS2_RC rc;

    if (a->challenge.credential.n > sizeof credential.credential ||
        a->challenge.seed.n > sizeof seed.secret) {
        return BM_E_ATTEST;
    }
    memcpy(credential.credential, a->challenge.credential.p,
           a->challenge.credential.n);
    memcpy(seed.secret, a->challenge.seed.p, a->challenge.seed.n);
    rc = Esys_ActivateCredential(link->esys, a->ak.tr, a->ek.tr, a->session,
                                 a->policy, ESYS_TR_NONE, &credential, &seed,
                                 &a->secret);
    return is_foreign(rc) ? BM_E_ATTEST_SECRET : tpm2_link_status(link, rc);
}

static bm_status certify(struct tpm2_link *link, struct attesting *a)
{
    static const TPMT_SIG_SCHEME usual = { .scheme = TPM2_ALG_NULL };
    TPM2B_DATA nonce = { .size = BM_ATTEST_NONCE_SIZE };

    memcpy(nonce.buffer, a->challenge.nonce.p, BM_ATTEST_NONCE_SIZE);
    BM_TRY(tpm2_key_attach(link, a->key));
    BM_TRY(tpm2_link_status(
        link, Esys_TR_SetAuth(link->esys, a->key->tr, &a->key->auth)));
    return tpm2_link_status(link, Esys_Certify(link->esys, a->key->tr, a->ak.tr,
                                               a->session, ESYS_TR_PASSWORD,
                                               ESYS_TR_NONE, &nonce, &usual,
                                               &a->statement, &a->signature));
}

/* The EK makes room for the key, for which a TPM has no third slot. */
static bm_status answer(struct tpm2_link *link, struct attesting *a)
{
    /* A modulus is longer than a point. */
    bool rsa = a->challenge.seed.n > 128;

    BM_TRY(tpm2_ek_get(link, a->session, rsa, &a->ek));
    BM_TRY(tpm2_ak_get(link, a->session, &a->ak));
    BM_TRY(allow_ek(link, a));
    BM_TRY(activate(link, a));
    tpm2_flush(link, &a->ek.tr);
    return certify(link, a);
}

static void free_answer(struct attesting *a)
{
    if (a->secret != NULL) {
        bm_wipe(a->secret, sizeof *a->secret);
    }
    Esys_Free(a->secret);
    Esys_Free(a->statement);
    Esys_Free(a->signature);
    a->secret = NULL;
    a->statement = NULL;
    a->signature = NULL;
}

static bm_status run_answer(struct tpm2_link *link, void *arg)
{
    struct attesting *a = arg;
    bm_status rc;

    free_answer(a);
    rc = begin(link, a, true);
    if (rc == BM_OK) {
        rc = answer(link, a);
    }
    return end(link, a, rc);
}

static bm_status put_answer(const struct attesting *a, struct bm_wr *out)
{
    uint8_t signature[BM_ATTEST_SIGNATURE_MAX];
    size_t n = 0;

    BM_TRY(tpm2_status(Tss2_MU_TPMT_SIGNATURE_Marshal(a->signature, signature,
                                                      sizeof signature, &n),
                       NULL));
    bm_attest_put_answer(
        out,
        &(struct bm_attest_answer){
            .nonce = a->challenge.nonce,
            .secret = { a->secret->buffer, a->secret->size },
            .statement = { a->statement->attestationData, a->statement->size },
            .signature = { signature, n } });
    return BM_OK;
}

/* ---- Both */

static bm_status attesting_init(struct attesting *a,
                                const struct bm_key_tpm2_attest *attest)
{
    const char *file = attest->endorsement_auth_file;

    memset(a, 0, sizeof *a);
    a->c = attest;
    BM_TRY(tpm2_key_new(attest->provider->self, attest->rest, &a->key));
    BM_TRY(tpm2_auth_read(file == NULL ? "" : file, &a->endorsement));
    return tpm2_key_load(a->key);
}

static void attesting_wipe(struct attesting *a)
{
    tpm2_key_free(a->key);
    free_answer(a);
    bm_wipe(a, sizeof *a);
}

bm_status bm_key_tpm2_claim(const struct bm_key_tpm2_attest *attest,
                            struct bm_wr *claim)
{
    struct attesting a;
    const struct tpm2_work work = { run_claim, &a, true };
    bm_status rc = attesting_init(&a, attest);

    if (rc == BM_OK) {
        rc = tpm2_link_do(a.key->link, &work);
    }
    if (rc == BM_OK) {
        put_claim(&a, claim);
    }
    attesting_wipe(&a);
    return rc;
}

bm_status bm_key_tpm2_answer(const struct bm_key_tpm2_attest *attest,
                             struct bm_bytes challenge, struct bm_wr *answer)
{
    struct attesting a;
    const struct tpm2_work work = { run_answer, &a, true };
    bm_status rc = attesting_init(&a, attest);

    if (rc == BM_OK) {
        rc = bm_attest_parse_challenge(challenge, &a.challenge);
    }
    if (rc == BM_OK) {
        rc = tpm2_link_do(a.key->link, &work);
    }
    if (rc == BM_OK) {
        rc = put_answer(&a, answer);
    }
    attesting_wipe(&a);
    return rc;
}
