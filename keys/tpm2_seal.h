/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_TPM2_SEAL_H
#define BM_KEYS_TPM2_SEAL_H

#include "keys/tpm2.h"

/*
 * What a TPM keeps beside keys: a secret that only this TPM opens again, and a
 * counter that only goes up. A vault's secret and what tells that an older
 * image of it was put back (device/vault.h).
 *
 * Both go to the TPM that `provider`, of bm_key_tpm2_new(), knows, and over the
 * connection of its keys. A secret crosses the bus encrypted, and answers are
 * authenticated; docs/keys.md says against whom that helps, and against whom
 * not.
 *
 * Both block, and return what the functions of keys do (tpm2.h):
 * BM_E_KEYS_GONE while the TPM is away, and it works again when it is back.
 */

/* Octets of a secret. */
#define BM_KEY_TPM2_SECRET_SIZE 32

/* Octets of a sealed one, at most: TPM2B_PUBLIC and TPM2B_PRIVATE. */
#define BM_KEY_TPM2_SEALED_MAX 512

/*
 * Append a secret, sealed under the storage root key at 0x81000001, or under
 * one made from the TCG's template where there is none, which takes the
 * owner's authorisation value each time. It is bound to this TPM and this
 * owner: clearing the TPM ends it. No PCRs: a device that was changed opens it
 * as well.
 */
BM_MUST_CHECK bm_status bm_key_tpm2_seal(
    const struct bm_key_provider *provider,
    const uint8_t secret[BM_KEY_TPM2_SECRET_SIZE], struct bm_wr *sealed);

/* BM_E_KEYS_FILE: nothing that was sealed, or not by this TPM and owner. On
 * error the secret is zero. */
BM_MUST_CHECK bm_status bm_key_tpm2_unseal(
    const struct bm_key_provider *provider, struct bm_bytes sealed,
    uint8_t secret[BM_KEY_TPM2_SECRET_SIZE]);

/*
 * A counter in non-volatile memory, named by its index: the owner's,
 * 0x01800000 to 0x01bfffff (TCG Registry of Reserved TPM 2.0 Handles 2.2.2),
 * or BM_E_KEYS_URI. Whoever reaches the TPM may count up; nobody down: one
 * that is taken away and made again goes on above all that there ever were
 * (TPM 2.0 Part 1, 37.2).
 *
 * Make it, once. BM_E_EXISTS: there is one, or something else; BM_E_FULL. When
 * the power fails in between, making it again completes it.
 */
#define BM_KEY_TPM2_COUNTER_FIRST 0x01800000u
#define BM_KEY_TPM2_COUNTER_LAST  0x01bfffffu
BM_MUST_CHECK bm_status bm_key_tpm2_counter_make(
    const struct bm_key_provider *provider, uint32_t index);

/* BM_E_NOT_FOUND: it was not made. BM_E_KEY_MISMATCH: it is no counter that
 * was made here. */
BM_MUST_CHECK bm_status bm_key_tpm2_counter_read(
    const struct bm_key_provider *provider, uint32_t index, uint64_t *value);

/*
 * By one. After BM_E_KEYS_GONE it may have been done: read it. A TPM may allow
 * one every few seconds only, and is waited for (BM_E_KEYS_BUSY beyond
 * BM_KEY_TPM2_PATIENCE).
 */
BM_MUST_CHECK bm_status bm_key_tpm2_counter_increment(
    const struct bm_key_provider *provider, uint32_t index);

#endif
