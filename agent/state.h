/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_STATE_H
#define BM_AGENT_STATE_H

#include "agent/anchors.h"
#include "agent/file_flash.h"
#include "agent/keystore.h"
#include "agent/settings.h"
#include "device/identity.h"

/*
 * What an agent knows and keeps: the folder of its state, opened, with all of
 * device/ on top of it.
 *
 *     STATE/flash           the log: identity, clock, trust, vault
 *     STATE/keys/           key files, where keys are in files
 *     STATE/vault.sealed    the secret of the vault (sealed.h)
 *     STATE/run.lock        held by a service
 *
 * It is open while something is done, and closed while an agent waits: so
 * commands work beside a service that runs.
 */
enum state_how {
    STATE_WORK, /* alone; makes the folder if there is none */
    STATE_LOOK, /* a copy: nothing is changed, nobody is waited for */
    STATE_SIGN  /* the same, by somebody who is the device: its keys sign */
};

/* Roots and bundles of a host may be larger than those of a microcontroller:
 * a deny list of some thousand serial numbers. */
#define STATE_TRUST_ROOM 65536

/* DER of the chain of one place. */
#define STATE_CHAIN_ROOM 16384

struct state {
    const struct settings *settings;
    enum state_how how;
    uint32_t opened; /* as state_boot() counts */
    struct bm_crypto *crypto;
    struct file_flash flash;
    struct bm_log log;
    struct keystore keys;
    struct bm_identity identity;
    struct bm_clock clock;
    struct bm_trust trust;
    struct anchors anchors; /* pinned */
    struct bm_trust_work work;
    uint8_t room[STATE_TRUST_ROOM];
    uint8_t learned[BM_TRUST_LEARNED_MAX * BM_TRUST_LEARNED_SIZE];
};

struct state_config {
    const struct settings *settings;
    enum state_how how;
    unsigned wait_ms; /* for another process that works on it */
    /* The clock of the state that a service closed, and its `opened`; NULL: the
     * first. A time that is told too far ahead has to be told again. */
    const struct bm_clock *clock;
    uint32_t opened;
};

/*
 * Open; on BM_OK the caller owns `*state`, otherwise it is NULL, and `what` is
 * the file or part that the status is about.
 *
 * BM_E_BUSY: another process works on it. BM_E_NOT_FOUND, to look: there is
 * none yet.
 */
#define STATE_WHAT_MAX 512
BM_MUST_CHECK bm_status state_open(struct state **state,
                                   const struct state_config *config,
                                   char what[STATE_WHAT_MAX]);

void state_close(struct state *state); /* NULL is fine */

/*
 * Make the folder of the state, if there is none. BM_E_AGENT_USER when it is
 * another user's: root would leave files there that its owner cannot open.
 */
BM_MUST_CHECK bm_status state_make_dir(const struct settings *settings);

/* STATE/NAME as a path; BM_E_LIMIT. */
BM_MUST_CHECK bm_status state_path(const struct settings *settings,
                                   const char *name, char path[STATE_WHAT_MAX]);

/*
 * The uptime of device/: seconds since the state was opened (by a service: for
 * the first time), sleep included.
 */
uint32_t state_uptime(const struct state *state);

/* Seconds since the machine started, for what outlives an opened state. */
uint32_t state_boot(void);

/*
 * What time it is for what needs no proof, as when to renew: the later of the
 * last known good time and, where the kernel's clock is kept by a time server,
 * that clock.
 */
int64_t state_time(const struct state *state);

/* The certificate of a place into `der`, parsed; BM_E_END: it has none. */
BM_MUST_CHECK bm_status state_cert(const struct state *state,
                                   enum bm_identity_place place, uint8_t *der,
                                   size_t cap, struct bm_cert *cert);

/* Anchors, as services are told of them: pinned, and learned ones that are not
 * taken back. Views into `state`. */
#define STATE_ANCHORS_MAX BM_TRUST_ANCHORS_MAX
size_t state_anchors(const struct state *state,
                     struct bm_bytes certs[STATE_ANCHORS_MAX]);

/* All certificates of a place into `room`: views into `certs`. */
BM_MUST_CHECK bm_status
state_chain(const struct state *state, enum bm_identity_place place,
            uint8_t room[STATE_CHAIN_ROOM],
            struct bm_bytes certs[BM_IDENTITY_CERTS_MAX], size_t *n);

#endif
