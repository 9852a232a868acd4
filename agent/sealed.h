/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_SEALED_H
#define BM_AGENT_SEALED_H

#include "agent/state.h"
#include "device/vault.h"
#include "keys/tpm2_seal.h"

/*
 * The vault of an agent: device/vault.h on the log of its state, and the
 * secret that it is sealed under:
 *
 *     STATE/vault.sealed   sealed to a TPM, which alone opens it
 *     STATE/vault.secret   in clear, beside what it protects: who copies the
 *                          folder can read the vault, and status says so
 *
 * The first time the settings decide which; from then on it is what it is.
 * With a counter of the TPM (settings.vault.counter), an older copy of the
 * whole folder that is put back is noticed, too.
 */
#define SEALED_SECRET_SIZE BM_KEY_TPM2_SECRET_SIZE

struct sealed {
    struct bm_vault vault;
    struct bm_secret secret;
    struct bm_counter counter;
    const struct bm_crypto *crypto;
    const struct bm_key_provider *tpm; /* NULL: none is used */
    uint32_t index;                    /* of the counter; 0: none */
    bool made;                         /* the counter is new */
    bool look;                         /* at a copy: nothing is counted */
    uint8_t key[SEALED_SECRET_SIZE];
    uint8_t work[BM_VAULT_WORK_SIZE(BM_VAULT_VALUE_MAX)];
};

/*
 * Open the vault of an opened state; the first time to work its secret is
 * made. BM_E_NOT_FOUND, to look: there is no vault yet. BM_E_KEYS_...: the
 * TPM does not open it. Errors as of bm_vault_open(); on error `*s` is wiped.
 */
BM_MUST_CHECK bm_status sealed_open(struct sealed *s, struct state *state);
void sealed_close(struct sealed *s);

/* "plaintext-equivalent", "opaque", "tpm"; "none", "partial", "hardware". */
const char *sealed_secret_word(const struct sealed *s);
const char *sealed_rollback_word(const struct sealed *s);

#endif
