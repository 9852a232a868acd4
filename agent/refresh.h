/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_REFRESH_H
#define BM_AGENT_REFRESH_H

#include <signal.h>

#include "agent/state.h"

/*
 * What a device asks its server for beside certificates, now and then, over
 * one connection: the time, the trust bundle, when to renew. A server that
 * knows nothing of it is let alone, and nothing depends on an answer.
 */
struct refresh {
    uint32_t at;       /* as state_boot() counts: the last time */
    bool done;         /* there was one */
    unsigned failures; /* in a row */
};

/* Twice a day: the time at most so old that a bundle of some days is judged
 * rightly, and few connections of many devices. */
#define REFRESH_EVERY 43200

/* Do it if it is due and there is an identity; how long until it is due, in
 * seconds. What fails is an event. */
int64_t refresh_run(struct refresh *refresh, struct state *state,
                    const volatile sig_atomic_t *stop);

/* Ask for the time alone, now: any identity will do for that, one that has
 * expired too. */
BM_MUST_CHECK bm_status refresh_time(struct state *state,
                                     const volatile sig_atomic_t *stop);

/*
 * Read {"nonce":"HEX","time":SECONDS}, as docs/device-api.md has it. False
 * unless it is about this nonce and of this form.
 */
#define REFRESH_NONCE_SIZE 16
bool refresh_parse_time(struct bm_bytes text,
                        const uint8_t nonce[REFRESH_NONCE_SIZE], int64_t *time);

#endif
