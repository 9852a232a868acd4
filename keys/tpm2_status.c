/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TPM 2.0 Part 2, 6.6: response codes. A code of format 1 says which handle,
 * session or parameter it is about; of format 0, a warning is what may be
 * better next time, and an error is not.
 */
#include "keys/tpm2_internal.h"

#define FORMAT_1      0x080u
#define FORMAT_1_CODE 0x0bfu
#define PARAMETER     0x040u
#define SESSION       0x800u /* if not PARAMETER */
#define FORMAT_0_CODE 0x97fu

static bm_status of_library(TSS2_RC rc, bool *lost)
{
    TSS2_RC base = rc & ~TSS2_RC_LAYER_MASK;

    if (base == TSS2_BASE_RC_MEMORY) {
        return BM_E_MEMORY;
    }
    /* What is behind a lost answer nobody knows: begin anew. */
    *lost = true;
    return base == TSS2_BASE_RC_IO_ERROR || base == TSS2_BASE_RC_NO_CONNECTION
               ? BM_E_KEYS_GONE
               : BM_E_KEYS_TOKEN;
}

static bm_status of_format_1(TSS2_RC rc, bool *lost)
{
    /* A session that the TPM does not know, or forgot over a reset. */
    if ((rc & PARAMETER) == 0 && (rc & SESSION) != 0) {
        switch (rc & FORMAT_1_CODE) {
        case TPM2_RC_HANDLE:
        case TPM2_RC_VALUE:
        case TPM2_RC_NONCE:
            *lost = true;
            return BM_E_KEYS_GONE;
        default:
            break;
        }
    }
    switch (rc & FORMAT_1_CODE) {
    case TPM2_RC_AUTH_FAIL:
    case TPM2_RC_BAD_AUTH:
        return BM_E_KEYS_PIN;
    case TPM2_RC_HANDLE:
        return BM_E_NOT_FOUND;
    case TPM2_RC_ASYMMETRIC:
    case TPM2_RC_CURVE:
    case TPM2_RC_KEY_SIZE:
    case TPM2_RC_SCHEME:
    case TPM2_RC_VALUE:
        return BM_E_KEY_UNSUPPORTED;
    case TPM2_RC_RANGE:
        return BM_E_KEYS_URI;
    default:
        return BM_E_KEYS_TOKEN;
    }
}

static bm_status of_format_0(TSS2_RC rc, bool *lost)
{
    switch (rc & FORMAT_0_CODE) {
    case TPM2_RC_NV_DEFINED:
        return BM_E_EXISTS;
    case TPM2_RC_NV_SPACE:
        return BM_E_FULL;
    case TPM2_RC_LOCKOUT:
        return BM_E_KEYS_LOCKOUT;
    case TPM2_RC_INITIALIZE: /* it waits for its TPM2_Startup() */
        *lost = true;
        return BM_E_KEYS_GONE;
    case TPM2_RC_RETRY:
    case TPM2_RC_YIELDED:
    case TPM2_RC_TESTING:
    case TPM2_RC_NV_RATE:
    case TPM2_RC_NV_UNAVAILABLE:
    case TPM2_RC_MEMORY:
    case TPM2_RC_OBJECT_MEMORY:
    case TPM2_RC_OBJECT_HANDLES:
    case TPM2_RC_SESSION_MEMORY:
    case TPM2_RC_SESSION_HANDLES:
        return BM_E_KEYS_BUSY;
    default:
        break;
    }
    /* TPM_RC_REFERENCE_H0 to _S6: something of ours is not loaded. */
    if ((rc & FORMAT_0_CODE) >= TPM2_RC_REFERENCE_H0 &&
        (rc & FORMAT_0_CODE) <= TPM2_RC_REFERENCE_S6) {
        *lost = true;
        return BM_E_KEYS_GONE;
    }
    return BM_E_KEYS_TOKEN;
}

bm_status tpm2_status(TSS2_RC rc, bool *lost)
{
    TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;
    bool ignored = false;

    if (lost == NULL) {
        lost = &ignored;
    }
    if (rc == TSS2_RC_SUCCESS) {
        return BM_OK;
    }
    if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_TPM_RC_LAYER) {
        return of_library(rc, lost);
    }
    return (rc & FORMAT_1) != 0 ? of_format_1(rc, lost) : of_format_0(rc, lost);
}
