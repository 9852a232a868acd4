/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_ATTEST_H
#define BM_AGENT_ATTEST_H

#include <signal.h>

#include "agent/state.h"
#include "device/enrol.h"

/*
 * Show the server that the key which is about to be certified was made in this
 * machine's TPM (docs/attestation.md): claim, challenge, answer, with the
 * identity or secret that the certificate will be asked for with.
 */
struct attest_config {
    struct state *state; /* opened for work */
    enum bm_enrol_job job;
    struct bm_bytes token; /* one-time secret, or empty */
    const volatile sig_atomic_t *stop;
};

/*
 * Makes the key first, if there is none yet. BM_OK: the server is convinced.
 * BM_E_ATTEST: it is not, or does not do such a thing; BM_E_KEYS_...,
 * BM_E_NOT_FOUND (no certificate of an endorsement key): the TPM's.
 */
BM_MUST_CHECK bm_status attest_key(const struct attest_config *config);

#endif
