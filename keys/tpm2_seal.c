/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sealed secrets: TPM 2.0 Part 1, 27 (objects); Part 3, 12.1
 * (TPM2_Create), 12.7 (TPM2_Unseal).
 */
#include "keys/tpm2_seal.h"

#include <string.h>
#include <tss2/tss2_mu.h>

#include "keys/tpm2_internal.h"

struct sealing {
    TPM2B_AUTH owner;
    struct tpm2_parent parent;
    ESYS_TR object;
    TPM2B_PUBLIC *public;
    TPM2B_PRIVATE *private;
    TPM2B_PUBLIC public_in;
    TPM2B_PRIVATE private_in;
    TPM2B_SENSITIVE_CREATE secret; /* to be sealed */
    TPM2B_SENSITIVE_DATA *opened;
};

/* Bound to this TPM; opened by whoever can use it. */
static const TPM2B_PUBLIC template = {
    .publicArea = {
        .type = TPM2_ALG_KEYEDHASH,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                            TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA,
        .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL,
    },
};

bm_status tpm2_owner_begin(struct tpm2_link *link, const TPM2B_AUTH *owner,
                           ESYS_TR *session)
{
    BM_TRY(tpm2_session_get(link, session));
    return tpm2_link_status(
        link, Esys_TR_SetAuth(link->esys, ESYS_TR_RH_OWNER, owner));
}

static bm_status create(struct tpm2_link *link, struct sealing *s,
                        ESYS_TR session)
{
    static const TPM2B_DATA no_info;
    static const TPML_PCR_SELECTION no_pcr;
    TPM2B_CREATION_DATA *data = NULL;
    TPM2B_DIGEST *hash = NULL;
    TPMT_TK_CREATION *ticket = NULL;
    bm_status rc;

    rc = tpm2_link_status(link,
                          Esys_Create(link->esys, s->parent.tr, session,
                                      ESYS_TR_NONE, ESYS_TR_NONE, &s->secret,
                                      &template, &no_info, &no_pcr, &s->private,
                                      &s->public, &data, &hash, &ticket));
    Esys_Free(data);
    Esys_Free(hash);
    Esys_Free(ticket);
    return rc;
}

/* What a TPM says to an object that is damaged, or another's (Part 3, 12.2). */
static bool is_foreign(TSS2_RC rc)
{
    TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

    if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_TPM_RC_LAYER) {
        return false;
    }
    /* Of format 1, about a parameter. */
    return (rc & 0x0c0) == 0x0c0;
}

static bm_status load(struct tpm2_link *link, struct sealing *s,
                      ESYS_TR session)
{
    TSS2_RC rc =
        Esys_Load(link->esys, s->parent.tr, session, ESYS_TR_NONE, ESYS_TR_NONE,
                  &s->private_in, &s->public_in, &s->object);

    if (rc != TSS2_RC_SUCCESS) {
        s->object = ESYS_TR_NONE;
    }
    return is_foreign(rc) ? BM_E_KEYS_FILE : tpm2_link_status(link, rc);
}

static void free_outputs(struct sealing *s)
{
    Esys_Free(s->public);
    Esys_Free(s->private);
    if (s->opened != NULL) {
        bm_wipe(s->opened, sizeof *s->opened);
    }
    Esys_Free(s->opened);
    s->public = NULL;
    s->private = NULL;
    s->opened = NULL;
}

static bm_status seal(struct tpm2_link *link, struct sealing *s)
{
    ESYS_TR session = ESYS_TR_NONE;

    BM_TRY(tpm2_owner_begin(link, &s->owner, &session));
    BM_TRY(tpm2_parent_get(link, ESYS_TR_RH_OWNER, session, &s->parent));
    return create(link, s, session);
}

static bm_status unseal(struct tpm2_link *link, struct sealing *s)
{
    ESYS_TR session = ESYS_TR_NONE;

    BM_TRY(tpm2_owner_begin(link, &s->owner, &session));
    BM_TRY(tpm2_parent_get(link, ESYS_TR_RH_OWNER, session, &s->parent));
    BM_TRY(load(link, s, session));
    tpm2_parent_put(link, &s->parent);
    return tpm2_link_status(link, Esys_Unseal(link->esys, s->object, session,
                                              ESYS_TR_NONE, ESYS_TR_NONE,
                                              &s->opened));
}

static bm_status run(struct tpm2_link *link, struct sealing *s,
                     bm_status (*work)(struct tpm2_link *, struct sealing *))
{
    bm_status rc;

    s->parent = (struct tpm2_parent){ ESYS_TR_NONE, false };
    s->object = ESYS_TR_NONE;
    free_outputs(s);
    rc = tpm2_flush_prepare(link);
    if (rc == BM_OK) {
        rc = work(link, s);
    }
    tpm2_flush(link, &s->object);
    tpm2_parent_put(link, &s->parent);
    return tpm2_flush_done(link, rc);
}

static bm_status run_seal(struct tpm2_link *link, void *arg)
{
    return run(link, arg, seal);
}

static bm_status run_unseal(struct tpm2_link *link, void *arg)
{
    return run(link, arg, unseal);
}

bm_status tpm2_provider_do(const struct bm_key_provider *provider,
                           const struct tpm2_work *work)
{
    const struct tpm2_provider *p = provider->self;
    struct tpm2_link *link = NULL;
    bm_status rc = tpm2_tcti_load(p->tcti);

    if (rc == BM_OK) {
        rc = tpm2_link_get(p->tcti, &link);
    }
    if (rc == BM_OK) {
        rc = tpm2_link_do(link, work);
    }
    tpm2_link_put(link);
    return rc;
}

static bm_status do_it(const struct bm_key_provider *provider,
                       struct sealing *s,
                       bm_status (*run_it)(struct tpm2_link *, void *))
{
    const struct tpm2_provider *p = provider->self;
    const struct tpm2_work work = { run_it, s, true };

    BM_TRY(tpm2_auth_read(p->owner_auth_file, &s->owner));
    return tpm2_provider_do(provider, &work);
}

static bm_status put_sealed(const TPM2B_PUBLIC *public,
                            const TPM2B_PRIVATE *private, struct bm_wr *out)
{
    uint8_t room[BM_KEY_TPM2_SEALED_MAX];
    size_t n = 0;

    BM_TRY(tpm2_status(
        Tss2_MU_TPM2B_PUBLIC_Marshal(public, room, sizeof room, &n), NULL));
    BM_TRY(tpm2_status(
        Tss2_MU_TPM2B_PRIVATE_Marshal(private, room, sizeof room, &n), NULL));
    bm_wr_put(out, (struct bm_bytes){ room, n });
    return BM_OK;
}

/* The library takes sizes that do not fit: it has to be what it would write. */
static bm_status take_sealed(struct bm_bytes in, struct sealing *s)
{
    uint8_t room[BM_KEY_TPM2_SEALED_MAX];
    struct bm_wr w;
    size_t n = 0;

    if (in.n > BM_KEY_TPM2_SEALED_MAX ||
        Tss2_MU_TPM2B_PUBLIC_Unmarshal(in.p, in.n, &n, &s->public_in) !=
            TSS2_RC_SUCCESS ||
        Tss2_MU_TPM2B_PRIVATE_Unmarshal(in.p, in.n, &n, &s->private_in) !=
            TSS2_RC_SUCCESS) {
        return BM_E_KEYS_FILE;
    }
    bm_wr_init(&w, room, sizeof room);
    return put_sealed(&s->public_in, &s->private_in, &w) == BM_OK &&
                   bm_bytes_equal(bm_wr_bytes(&w), in)
               ? BM_OK
               : BM_E_KEYS_FILE;
}

bm_status bm_key_tpm2_seal(const struct bm_key_provider *provider,
                           const uint8_t secret[BM_KEY_TPM2_SECRET_SIZE],
                           struct bm_wr *sealed)
{
    struct sealing s;
    bm_status rc;

    memset(&s, 0, sizeof s);
    s.secret.sensitive.data.size = BM_KEY_TPM2_SECRET_SIZE;
    memcpy(s.secret.sensitive.data.buffer, secret, BM_KEY_TPM2_SECRET_SIZE);
    rc = do_it(provider, &s, run_seal);
    if (rc == BM_OK) {
        rc = put_sealed(s.public, s.private, sealed);
    }
    free_outputs(&s);
    bm_wipe(&s, sizeof s);
    return rc;
}

bm_status bm_key_tpm2_unseal(const struct bm_key_provider *provider,
                             struct bm_bytes sealed,
                             uint8_t secret[BM_KEY_TPM2_SECRET_SIZE])
{
    struct sealing s;
    bm_status rc;

    memset(&s, 0, sizeof s);
    memset(secret, 0, BM_KEY_TPM2_SECRET_SIZE);
    rc = take_sealed(sealed, &s);
    if (rc == BM_OK) {
        rc = do_it(provider, &s, run_unseal);
    }
    if (rc == BM_OK && s.opened->size != BM_KEY_TPM2_SECRET_SIZE) {
        rc = BM_E_KEYS_FILE;
    }
    if (rc == BM_OK) {
        memcpy(secret, s.opened->buffer, BM_KEY_TPM2_SECRET_SIZE);
    }
    free_outputs(&s);
    bm_wipe(&s, sizeof s);
    return rc;
}
