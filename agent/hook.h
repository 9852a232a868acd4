/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_HOOK_H
#define BM_AGENT_HOOK_H

#include <signal.h>

#include "agent/settings.h"

/*
 * Commands of the owner, after an identity has changed: a list of words, no
 * shell. They run as the agent does, with nothing on standard input, what they
 * print going where the agent's events go, and this environment alone:
 *
 *     PATH=/usr/sbin:/usr/bin:/sbin:/bin
 *     BM_EVENT=renewed       or enrolled
 *     BM_DEVICE=...          the name of the device, if it has one
 *     BM_SERIAL=...          of the certificate, hexadecimal
 *     BM_NOT_AFTER=...       its end, RFC 3339
 *
 * One that is not done in time is killed, with all that it started. One that
 * fails is tried again; what it was told about has happened all the same.
 */
struct hook_news {
    const char *event;
    const char *device;
    const char *serial;
    const char *not_after;
    /* Set by a signal: a hook that runs is killed, no other begun. Or NULL. */
    const volatile sig_atomic_t *stop;
};

/* BM_E_AGENT_HOOK when it failed each time; events tell how. Blocks. */
BM_MUST_CHECK bm_status hook_run(const struct settings_hook *hook,
                                 const struct hook_news *news);

#endif
