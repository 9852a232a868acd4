/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_JOB_H
#define BM_AGENT_JOB_H

#include <signal.h>

#include "agent/state.h"
#include "device/enrol.h"

/*
 * One job of device/enrol.h, over sockets and OpenSSL, until it is done, has
 * stopped, or waits for longer than its caller does. What was reached is
 * durable at each step: the same job again goes on.
 */
struct job_config {
    struct state *state; /* opened for work */
    enum bm_enrol_job job;
    /* Until when the caller waits with it: the longest wait, in seconds, that
     * is sat out here. 0: none, UINT32_MAX: all. */
    uint32_t sit_out;
    /* Set by a signal: the job is given up at the next step. Or NULL. */
    const volatile sig_atomic_t *stop;
    /* Told of each wait: how long, and why. Or NULL. */
    void (*waits)(void *self, bm_status why, uint32_t seconds);
    void *self;
};

struct job_result {
    const char *what;  /* that the status is about: the server's URL, or the
                          file of a secret */
    uint32_t seconds;  /* with BM_E_ENROL_LATER and other waits: how long the
                         job would have waited */
    bool waits;        /* it has not stopped, it would wait */
    bm_status learned; /* how taking the server's anchors went */
    size_t roots;      /* that were learned */
    unsigned http;     /* status of the last answer, or 0 */
    struct bm_renewal_window window;    /* what the server said, or zeros */
    char words[BM_ENROL_WORDS_MAX + 1]; /* what it said to people; a stranger's
                                           text */
};

/*
 * BM_OK: done. BM_E_AGENT_STOPPED: asked to. Otherwise why it stopped or
 * (result->waits) waits. BM_E_KEYS_MODE and others of fs.h: the token's
 * file cannot be used.
 */
BM_MUST_CHECK bm_status job_run(const struct job_config *config,
                                struct job_result *result);

#endif
