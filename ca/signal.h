/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_SIGNAL_H
#define BM_CA_SIGNAL_H

#include "ca/authority.h"

/*
 * Signals: signs that a device was copied, or is not where it should be
 * (docs/signals.md). There is one row of each kind and device, with how often
 * it came, and when first and last: whoever makes one come again and again
 * makes a number grow, and no table. A signal says that somebody should look;
 * it decides nothing.
 */
enum ca_signal {
    CA_SIGNAL_SAME_KEY = 1, /* a key was brought that is another's */
    CA_SIGNAL_IDEVID_KEY,   /* the same, of an IDevID of a manufacturer */
    CA_SIGNAL_FORK,         /* two renewals of one certificate are in use */
    CA_SIGNAL_CLONE,        /* an IDevID has the name of another device */
    CA_SIGNAL_TWO_PLACES,   /* a certificate is used here and there in turn */
    CA_SIGNAL_BEFORE_SHIPPING, /* a device was seen that has not been shipped */
    CA_SIGNAL_ENROLMENT_LOOP   /* a device enrols again and again */
};

/* "same-key", ...; NULL behind the last: ca_signal_names[kind - 1]. */
extern const char *const ca_signal_names[];

/* The same one counts once in so many seconds, so that a stranger cannot keep
 * the disk busy: `count` is the number of minutes in which it came. */
#define CA_SIGNAL_QUIET 60

/* So many certificates of one profile in a day, or in the life of one if that
 * is shorter, are more than a device needs. */
#define CA_LOOP_CERTS 5
#define CA_LOOP_TIME  86400

struct ca_signalled {
    enum ca_signal kind;
    uint32_t organisation;
    uint64_t device;  /* 0: of none that is known */
    const char *text; /* for its organisation: no word of another one */
};

/* In a write transaction. The first of a kind and device is in the ledger, and
 * an event, unless `told` says that there is one. */
BM_MUST_CHECK bm_status ca_put_signal(struct ca *ca,
                                      const struct ca_signalled *what,
                                      bool told, int64_t now);

/*
 * Is a certificate of this device seen before the device has left its maker?
 * In any transaction: BM_E_END when there is something to write down; and, in
 * a write transaction: write it. Where nobody keeps account, nothing.
 */
BM_MUST_CHECK bm_status ca_look_shipping(struct ca *ca,
                                         const struct store_cert *row,
                                         int64_t now);
BM_MUST_CHECK bm_status ca_put_unshipped(struct ca *ca,
                                         const struct store_cert *row,
                                         int64_t now);

/* Takes a transaction: the certificate `der` is used in two places. */
BM_MUST_CHECK bm_status ca_signal_places(struct ca *ca, struct bm_bytes der,
                                         int64_t now, struct ca_refusal *why);

/* ---- Shipping */

/*
 * Say where a device is: in stock (`shipped` 0), or shipped at a time, which
 * may lie ahead. Its certificates in use before that are a signal. A device
 * that nothing was said of gives none. BM_E_NOT_FOUND.
 */
struct ca_shipping_act {
    uint32_t organisation;
    const char *name;
    int64_t shipped;
};
BM_MUST_CHECK bm_status ca_device_ship(struct ca *ca,
                                       const struct ca_actor *actor,
                                       const struct ca_shipping_act *a,
                                       int64_t now, struct ca_refusal *why);

/* In a write transaction: the same of a device that is at hand. */
BM_MUST_CHECK bm_status ca_put_shipping(struct ca *ca,
                                        const struct ca_actor *actor,
                                        const struct store_device *device,
                                        int64_t shipped, int64_t now);

/* "in stock", "shipped": as records have it. */
const char *ca_shipping_words(int64_t shipped);

#endif
