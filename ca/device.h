/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_DEVICE_H
#define BM_CA_DEVICE_H

#include "ca/authority.h"

/*
 * What operators decide of a device (design, section 5), and in which states:
 *
 *     expected ─► born ─► active      with its certificates
 *         └────────┴────────┴───► suspended ─► back to what it was
 *     all of these ─► revoked         its certificates with it, for ever
 *     all of these, and revoked ─► retired
 *     expected, born, active ─► transferred       (transfer.h)
 *
 * A device that is revoked or has retired never comes back, and its name is
 * never another's. One that is with another organisation may come back by a
 * transfer, and by nothing else.
 */
enum ca_device_verb {
    CA_DEVICE_SUSPEND,
    CA_DEVICE_RESUME,
    CA_DEVICE_RENEW,
    CA_DEVICE_DESCRIBE,
    CA_DEVICE_REVOKE,
    CA_DEVICE_RETIRE,
    CA_DEVICE_ACTS
};

/* BM_E_CA_DEVICE: not in the state that it is in. */
BM_MUST_CHECK bm_status ca_check_device_act(const struct store_device *device,
                                            enum ca_device_verb verb,
                                            struct ca_refusal *why);

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
 * Its end. Revoke: all its certificates that are not yet are revoked for
 * `reason`, the manufacturer's identity among them where it is ours. Retire:
 * for cessationOfOperation; what it was known by stays its own.
 *
 * BM_E_NOT_FOUND, BM_E_CA_DEVICE as above; BM_E_CA_REASON: no reason for it.
 */
struct ca_device_end {
    uint32_t organisation;
    const char *name;
    bool retire;
    uint8_t reason; /* enum bm_crl_reason, unless it retires */
};
BM_MUST_CHECK bm_status ca_device_end(struct ca *ca,
                                      const struct ca_actor *actor,
                                      const struct ca_device_end *e,
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
