/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TPM 2.0 Part 1, 19.6: the session key comes from a salt that is encrypted
 * to the storage root key. So who reads the bus learns neither the value that
 * authorises a key, which only enters an HMAC, nor that of a new key, which
 * goes encrypted. Nothing here tells the storage root key from that of
 * somebody who sits on the bus and talks: see docs/keys.md.
 */
#include "keys/tpm2_internal.h"

static const TPMT_SYM_DEF aes128_cfb = { .algorithm = TPM2_ALG_AES,
                                         .keyBits = { .aes = 128 },
                                         .mode = { .aes = TPM2_ALG_CFB } };

static bm_status make_parent(struct tpm2_link *link, ESYS_TR hierarchy,
                             ESYS_TR session, ESYS_TR *tr)
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
        link, Esys_CreatePrimary(link->esys, hierarchy, session, ESYS_TR_NONE,
                                 ESYS_TR_NONE, &no_secret, &tpm2_srk_template,
                                 &no_info, &no_pcr, tr, &public, &data, &hash,
                                 &ticket));
    Esys_Free(public);
    Esys_Free(data);
    Esys_Free(hash);
    Esys_Free(ticket);
    return rc;
}

bm_status tpm2_parent_get(struct tpm2_link *link, ESYS_TR hierarchy,
                          ESYS_TR session, struct tpm2_parent *parent)
{
    struct tpm2_handles there = { 0, { 0 } };

    *parent = (struct tpm2_parent){ ESYS_TR_NONE, false };
    BM_TRY(tpm2_flush_list(link, TPM2_SRK_HANDLE, &there));
    if (there.n == 0 || there.handle[0] != TPM2_SRK_HANDLE) {
        BM_TRY(make_parent(link, hierarchy, session, &parent->tr));
        parent->is_transient = true;
        return BM_OK;
    }
    return tpm2_link_status(
        link, Esys_TR_FromTPMPublic(link->esys, TPM2_SRK_HANDLE, ESYS_TR_NONE,
                                    ESYS_TR_NONE, ESYS_TR_NONE, &parent->tr));
}

void tpm2_parent_put(struct tpm2_link *link, struct tpm2_parent *parent)
{
    if (parent->is_transient) {
        tpm2_flush(link, &parent->tr);
    } else if (parent->tr != ESYS_TR_NONE) {
        (void)Esys_TR_Close(link->esys, &parent->tr);
    }
    *parent = (struct tpm2_parent){ ESYS_TR_NONE, false };
}

static bm_status start(struct tpm2_link *link, ESYS_TR salt)
{
    const TPMA_SESSION flags = TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT |
                               TPMA_SESSION_CONTINUESESSION;
    bm_status rc;

    rc = tpm2_link_status(
        link,
        Esys_StartAuthSession(link->esys, salt, ESYS_TR_NONE, ESYS_TR_NONE,
                              ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_HMAC,
                              &aes128_cfb, TPM2_ALG_SHA256, &link->session));
    if (rc != BM_OK) {
        link->session = ESYS_TR_NONE;
        return rc;
    }
    return tpm2_link_status(link, Esys_TRSess_SetAttributes(
                                      link->esys, link->session, flags, 0xff));
}

bm_status tpm2_session_get(struct tpm2_link *link, ESYS_TR *session)
{
    bool was_prepared = link->unsure;
    struct tpm2_parent parent;
    bm_status rc;

    *session = link->session;
    if (link->session != ESYS_TR_NONE) {
        return BM_OK;
    }
    if (!was_prepared) {
        BM_TRY(tpm2_flush_prepare(link));
    }
    /* Keys of the null hierarchy take no authorisation, and no room. */
    rc = tpm2_parent_get(link, ESYS_TR_RH_NULL, ESYS_TR_PASSWORD, &parent);
    if (rc == BM_OK) {
        rc = start(link, parent.tr);
    }
    tpm2_parent_put(link, &parent);
    *session = link->session;
    return was_prepared ? rc : tpm2_flush_done(link, rc);
}
