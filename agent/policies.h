/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_POLICIES_H
#define BM_AGENT_POLICIES_H

#include "agent/firewall/settings.h"
#include "agent/slot_flash.h"
#include "agent/state.h"
#include "device/deliver.h"
#include "firewall/slots.h"

/*
 * Policies of the firewall on this machine: which one is to be in force, by the
 * state machine that microcontrollers have (firewall/slots.h), and
 * birthmark-firewall, which puts it there.
 *
 *     STATE/policy-0, STATE/policy-1   the slots
 *     STATE/blob                       what is being fetched
 *
 * It lives as long as the service, whose state is opened and closed for each
 * round: policies_begin() hands it over.
 */
struct policies {
    struct firewall_settings settings; /* of birthmark-firewall */
    struct slot_flash slot[BM_FW_SLOTS];
    struct slot_flash blob;
    uint8_t *builtin; /* a table */
    struct bm_fw_slots_config config;
    struct bm_fw_slots slots;
    bool open;        /* the slots are */
    bool in_force;    /* what is to be is */
    unsigned mode;    /* that the manifest wants: enum bm_manifest_mode, */
    unsigned applied; /* and that is in force */
    uint32_t until;   /* uptime: the end of a trial that runs */
    /* Of this round. */
    struct state *state;
    struct bm_deliver *deliver;
};

/* Read the settings and open the files. On error it is closed, and an event
 * says why. */
BM_MUST_CHECK bm_status policies_open(struct policies *p,
                                      const struct settings *settings);
void policies_close(struct policies *p); /* a zeroed one is fine */

/* A round begins. The slots are read in the first one. */
BM_MUST_CHECK bm_status policies_begin(struct policies *p, struct state *state,
                                       struct bm_deliver *deliver);

/*
 * Put in force what is to be: begin a trial that waits, end one that is over,
 * change the mode; and queue what was counted as events. What fails is an
 * event, too.
 */
void policies_settle(struct policies *p);

/* Is there something for policies_settle() to do at once? */
bool policies_waits(const struct policies *p);

/* The server was reached: what is on trial stays. */
void policies_confirm(struct policies *p);

/* Is one on trial, in force? */
bool policies_on_trial(const struct policies *p);

/* The application's part of deliver.h; `self` is struct policies. */
bool policies_have(void *self, const struct bm_manifest_item *item);
const struct bm_flash *policies_place(void *self,
                                      const struct bm_manifest_item *item);
bm_status policies_take(void *self, const struct bm_manifest_item *item,
                        const struct bm_flash *flash);
void policies_mode(void *self, enum bm_manifest_mode mode);

#endif
