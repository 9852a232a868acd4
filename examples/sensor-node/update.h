/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_UPDATE_H
#define NODE_UPDATE_H

#include "examples/sensor-node/outbound.h"

/*
 * Delivery (docs/delivery.md): firmware into slot 1, a key set into the
 * candidate's place, a trust bundle into trust. What the bootloader has to
 * decide is asked of it in its mailbox; what was asked is remembered in the
 * log, so that the start after it knows what the bootloader's answer is about.
 *
 * An image on trial confirms itself when the owner's server has answered it
 * over mutual TLS: then it can be updated again, whatever else it cannot. If it
 * does not come to that in UPDATE_TRIAL seconds, it restarts, and is taken
 * back.
 */
extern const struct outbound_work update_work;

#define UPDATE_TRIAL 600

/* Open the queue of events, before anything else wants to tell one. */
BM_MUST_CHECK bm_status update_open(struct node *n);

/* Tell what the bootloader said of what was asked, and that we started. */
BM_MUST_CHECK bm_status update_look(struct node *n);

/* The owner's server has answered under our identity. */
void update_proven(struct node *n);

/* Time goes on: a trial that comes to nothing ends. */
void update_poll(struct node *n);

/* Queue an event; what cannot be queued is told on the console alone. */
void update_event(struct node *n, const struct bm_event *event);

#endif
