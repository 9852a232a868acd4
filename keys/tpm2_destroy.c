/* SPDX-License-Identifier: Apache-2.0 */

/* Keys taken away from where they lie: TPM 2.0 Part 3, 28.5
 * (TPM2_EvictControl). What has no handle any more is nowhere. */
#include <string.h>

#include "keys/tpm2_internal.h"

bool tpm2_is_ours(TPM2_HANDLE handle)
{
    return handle <= TPM2_OWNER_LAST && handle != TPM2_SRK_HANDLE;
}

bm_status tpm2_is_taken(struct tpm2_link *link, TPM2_HANDLE handle, bool *taken)
{
    struct tpm2_handles there = { 0, { 0 } };

    BM_TRY(tpm2_flush_list(link, handle, &there));
    *taken = there.n != 0 && there.handle[0] == handle;
    return BM_OK;
}

bm_status tpm2_get_name(struct tpm2_link *link, ESYS_TR tr, TPM2B_NAME *name)
{
    TPM2B_NAME *got = NULL;
    bm_status rc;

    rc = tpm2_link_status(link, Esys_TR_GetName(link->esys, tr, &got));
    if (rc == BM_OK) {
        *name = *got;
    }
    Esys_Free(got);
    return rc;
}

/* Nobody else's: a key that has the name of ours is ours. */
static bm_status check_name(struct tpm2_link *link, ESYS_TR tr,
                            const TPM2B_NAME *name)
{
    TPM2B_NAME other;

    if (name == NULL) {
        return BM_OK;
    }
    BM_TRY(tpm2_get_name(link, tr, &other));
    return other.size == name->size &&
                   memcmp(other.name, name->name, name->size) == 0
               ? BM_OK
               : BM_E_KEY_MISMATCH;
}

bm_status tpm2_remove(struct tpm2_link *link, const struct tpm2_removal *r)
{
    ESYS_TR session = ESYS_TR_PASSWORD;
    ESYS_TR tr = ESYS_TR_NONE;
    ESYS_TR gone = ESYS_TR_NONE;
    bm_status rc;

    if (r->owner->size != 0) {
        BM_TRY(tpm2_session_get(link, &session));
    }
    BM_TRY(tpm2_link_status(
        link, Esys_TR_SetAuth(link->esys, ESYS_TR_RH_OWNER, r->owner)));
    BM_TRY(tpm2_link_status(
        link, Esys_TR_FromTPMPublic(link->esys, r->handle, ESYS_TR_NONE,
                                    ESYS_TR_NONE, ESYS_TR_NONE, &tr)));
    rc = check_name(link, tr, r->name);
    if (rc == BM_OK) {
        rc = tpm2_link_status(
            link,
            Esys_EvictControl(link->esys, ESYS_TR_RH_OWNER, tr, session,
                              ESYS_TR_NONE, ESYS_TR_NONE, r->handle, &gone));
    }
    (void)Esys_TR_Close(link->esys, &tr);
    return rc;
}

/* Whether it went is asked of the TPM, not concluded from an answer. */
static bm_status run_destroy(struct tpm2_link *link, void *arg)
{
    const struct tpm2_removal *r = arg;
    bool taken;

    BM_TRY(tpm2_is_taken(link, r->handle, &taken));
    if (!taken) {
        return BM_OK;
    }
    BM_TRY(tpm2_remove(link, r));
    BM_TRY(tpm2_is_taken(link, r->handle, &taken));
    return taken ? BM_E_KEYS_TOKEN : BM_OK;
}

bm_status tpm2_destroy(void *self, const char *rest)
{
    const struct tpm2_provider *p = self;
    struct tpm2_key *key = NULL;
    TPM2B_AUTH owner = { .size = 0 };
    bm_status rc;

    BM_TRY(tpm2_key_new(p, rest, &key));
    rc = tpm2_is_ours(key->handle) ? tpm2_auth_read(p->owner_auth_file, &owner)
                                   : BM_E_KEYS_URI;
    if (rc == BM_OK) {
        struct tpm2_removal removal = { key->handle, &owner, NULL };
        const struct tpm2_work work = { run_destroy, &removal, true };

        rc = tpm2_link_do(key->link, &work);
    }
    bm_wipe(&owner, sizeof owner);
    tpm2_key_free(key);
    return rc;
}
