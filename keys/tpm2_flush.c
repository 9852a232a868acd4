/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Handles of the TPM that are ours.
 *
 * One that we know of is flushed; where that fails it is remembered, and
 * flushed over the next connection. One whose answer was lost we do not
 * know: so the handles that there are get listed before the first of ours is
 * made, and what has come on top is flushed over the next connection. Behind
 * a resource manager these lists are our own ones; without one, a process
 * that uses the TPM beside us might lose a handle by that, in the moment in
 * which an answer of ours got lost.
 */
#include <string.h>

#include "keys/tpm2_internal.h"

/* TPM 2.0 Part 2, 7.2: TPM_HT_TRANSIENT, and TPM_HT_LOADED_SESSION, which
 * shares its number with TPM_HT_HMAC_SESSION. */
#define TRANSIENT_FIRST 0x80000000u
#define SESSION_FIRST   0x02000000u

static void remember(struct tpm2_handles *list, TPM2_HANDLE handle)
{
    if (list->n < TPM2_HANDLES_MAX) {
        list->handle[list->n++] = handle;
    }
}

static bool has(const struct tpm2_handles *list, TPM2_HANDLE handle)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->handle[i] == handle) {
            return true;
        }
    }
    return false;
}

bm_status tpm2_flush_list(struct tpm2_link *link, TPM2_HANDLE first,
                          struct tpm2_handles *list)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TPMI_YES_NO more = 0;
    bm_status rc;

    rc = tpm2_link_status(
        link, Esys_GetCapability(link->esys, ESYS_TR_NONE, ESYS_TR_NONE,
                                 ESYS_TR_NONE, TPM2_CAP_HANDLES, first,
                                 TPM2_HANDLES_MAX, &more, &data));
    if (rc != BM_OK) {
        return rc;
    }
    if (data->capability != TPM2_CAP_HANDLES) {
        rc = BM_E_KEYS_TOKEN;
    }
    for (UINT32 i = 0; rc == BM_OK && i < data->data.handles.count; i++) {
        remember(list, data->data.handles.handle[i]);
    }
    Esys_Free(data);
    return rc;
}

static bm_status list_all(struct tpm2_link *link, struct tpm2_handles *list)
{
    list->n = 0;
    BM_TRY(tpm2_flush_list(link, TRANSIENT_FIRST, list));
    return tpm2_flush_list(link, SESSION_FIRST, list);
}

bm_status tpm2_flush_prepare(struct tpm2_link *link)
{
    BM_TRY(tpm2_flush_left(link));
    BM_TRY(list_all(link, &link->before));
    link->unsure = true;
    return BM_OK;
}

bm_status tpm2_flush_done(struct tpm2_link *link, bm_status rc)
{
    if (rc == BM_OK) {
        link->unsure = false;
    } else if (!link->is_lost) {
        /* If this fails, too, the next connection does it. */
        (void)!tpm2_flush_left(link);
    }
    return rc;
}

void tpm2_flush(struct tpm2_link *link, ESYS_TR *tr)
{
    TPM2_HANDLE handle = 0;

    if (*tr == ESYS_TR_NONE) {
        return;
    }
    if (Esys_TR_GetTpmHandle(link->esys, *tr, &handle) == TSS2_RC_SUCCESS &&
        (link->is_lost ||
         tpm2_link_status(link, Esys_FlushContext(link->esys, *tr)) != BM_OK)) {
        remember(&link->left, handle);
    }
    *tr = ESYS_TR_NONE;
}

/*
 * Flush a handle of which this connection knows nothing. A TPM that was
 * reset meanwhile has none, which is as good.
 */
static bm_status flush_handle(struct tpm2_link *link, TPM2_HANDLE handle)
{
    ESYS_TR tr = ESYS_TR_NONE;
    TSS2_RC rc;

    rc = Esys_TR_FromTPMPublic(link->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE,
                               ESYS_TR_NONE, &tr);
    if (rc == TSS2_RC_SUCCESS) {
        rc = Esys_FlushContext(link->esys, tr);
    }
    (void)tpm2_link_status(link, rc);
    return link->is_lost ? BM_E_KEYS_GONE : BM_OK;
}

/* Ours from before, or one that came when nobody knew; not the session that
 * is in use. */
static bool is_left(struct tpm2_link *link, TPM2_HANDLE handle)
{
    TPM2_HANDLE session = 0;

    if (link->session != ESYS_TR_NONE &&
        Esys_TR_GetTpmHandle(link->esys, link->session, &session) ==
            TSS2_RC_SUCCESS &&
        session == handle) {
        return false;
    }
    return has(&link->left, handle) ||
           (link->unsure && !has(&link->before, handle));
}

bm_status tpm2_flush_left(struct tpm2_link *link)
{
    struct tpm2_handles now;

    if (link->left.n == 0 && !link->unsure) {
        return BM_OK;
    }
    BM_TRY(list_all(link, &now));
    for (size_t i = 0; i < now.n; i++) {
        if (is_left(link, now.handle[i])) {
            BM_TRY(flush_handle(link, now.handle[i]));
        }
    }
    link->left.n = 0;
    link->unsure = false;
    return BM_OK;
}
