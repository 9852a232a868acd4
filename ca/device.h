/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_DEVICE_H
#define BM_CA_DEVICE_H

#include "ca/authority.h"

/*
 * What operators decide of a device (design, section 5): it is suspended and
 * resumed, and asked to renew early. `born` and `active` come with its
 * certificates.
 */

struct ca_device_act {
    uint32_t organisation;
    const char *name;
    bool suspend; /* or resume */
};

/*
 * Suspend: nothing is issued to the device, its owner's certificates go on
 * hold, and none of its certificates authenticates it (ca_seen()). The
 * manufacturer's identity is not put on hold: it says who made the device,
 * which stays true. Resume: back to what it was; lifts the holds of the
 * suspension, and no others.
 *
 * BM_E_NOT_FOUND, also outside of the actor's scope; BM_E_CA_DEVICE when the
 * state of the device forbids it.
 */
BM_MUST_CHECK bm_status ca_device_change(struct ca *ca,
                                         const struct ca_actor *actor,
                                         const struct ca_device_act *a,
                                         int64_t now, struct ca_refusal *why);

/*
 * Ask a device to renew before its time: what it has by now may be renewed from
 * now on, and renewal hints say so. Asking again counts from then. Which of
 * `a` it is to be, and no more; BM_E_NOT_FOUND, BM_E_CA_DEVICE as above.
 */
BM_MUST_CHECK bm_status ca_device_renew(struct ca *ca,
                                        const struct ca_actor *actor,
                                        const struct ca_device_act *a,
                                        int64_t now, struct ca_refusal *why);

/* It was never asked. */
#define CA_NOT_ASKED INT64_MIN

/* "expected", "born", ...; "unknown" for a number that is none. */
const char *ca_device_state_name(enum store_device_state state);

#endif
