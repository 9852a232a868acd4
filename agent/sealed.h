/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_SEALED_H
#define BM_AGENT_SEALED_H

#include "agent/state.h"
#include "device/vault.h"

/*
 * The vault of an agent: device/vault.h on the log of its state, and the
 * secret that it is sealed under. That lies in STATE/vault.secret, beside what
 * it protects: who copies the folder can read the vault, and status says so.
 */
#define SEALED_SECRET_FILE "vault.secret"
#define SEALED_SECRET_SIZE 32

struct sealed {
    struct bm_vault vault;
    struct bm_secret secret;
    const struct bm_crypto *crypto;
    uint8_t key[SEALED_SECRET_SIZE];
    uint8_t work[BM_VAULT_WORK_SIZE(BM_VAULT_VALUE_MAX)];
};

/*
 * Open the vault of an opened state; the first time to work its secret is
 * made. BM_E_NOT_FOUND, to look: there is no vault yet. Errors as of
 * bm_vault_open(); on error `*s` is wiped.
 */
BM_MUST_CHECK bm_status sealed_open(struct sealed *s, struct state *state);
void sealed_close(struct sealed *s);

/* "plaintext-equivalent", "opaque", "tpm"; "none", "partial", "hardware". */
const char *sealed_secret_word(const struct sealed *s);
const char *sealed_rollback_word(const struct sealed *s);

#endif
