/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_RENEWAL_H
#define BM_CA_RENEWAL_H

#include "ca/authority.h"
#include "ca/profile.h"

/*
 * When devices renew (docs/renewal.md): what each is told, and pulling many
 * forward.
 *
 * A profile says over which time a fleet renews. Each certificate has a slice
 * of that time, by its serial number, whose random octets are ours: so a fleet
 * that was born on one day is spread evenly, a device is told the same each
 * time, and nothing is kept of it. Within the slice the device chooses
 * (device/renewal.h).
 */

/* Slices of a window, and the least that one has: a device needs some time in
 * which to fail and to try again. */
#define CA_SLICES    256
#define CA_SLICE_MIN 60

/* What was asked of one device is done within an hour. */
#define CA_ASKED_WITHIN 3600

struct ca_renewal {
    int64_t from; /* its slice; both 0: such a certificate is not renewed */
    int64_t until;
    int64_t late;   /* from then on it is behind the window of all */
    uint64_t pull;  /* that brought it forward; 0: none did */
    unsigned looks; /* at its device, for pulls that say of which */
};

/* Of a certificate that was made a moment ago, which nobody can have pulled. */
void ca_renewal_usual(const struct ca *ca,
                      const struct ca_profile_policy *policy,
                      const struct store_cert *row, struct ca_renewal *r);

/* In any transaction: what the holder of `row` is told at `now`. */
BM_MUST_CHECK bm_status ca_renewal_of(struct ca *ca,
                                      const struct store_cert *row, int64_t now,
                                      struct ca_renewal *r);

/* The same by the certificate; takes a read transaction. BM_E_NOT_FOUND: it is
 * none of ours. */
BM_MUST_CHECK bm_status ca_renewal_find(struct ca *ca, struct bm_bytes der,
                                        int64_t now, struct ca_renewal *r);

/* In any transaction: may `row` be renewed before its time, because its device
 * was asked to, or it was pulled? */
BM_MUST_CHECK bm_status ca_renewal_early(struct ca *ca,
                                         const struct store_cert *row,
                                         int64_t now, bool *yes);

/* ---- Pulling forward */

/* In force of one organisation, or of all: each is looked at whenever a device
 * asks. */
#define CA_PULLS_MAX 64

/* The time over which they are spread. */
#define CA_PULL_OVER_MIN 1
#define CA_PULL_OVER_MAX (INT64_C(366) * 86400)

/* When a pull ends whose end nobody said: so long after its time. And as far
 * off as one may say. */
#define CA_PULL_ENDS     (INT64_C(366) * 86400)
#define CA_PULL_ENDS_MAX (INT64_C(100) * 366 * 86400)

/* Which, as in struct store_pull; at least one. `organisation` 0: of all that
 * the actor sees, who has to see all of them. */
struct ca_pull_order {
    uint32_t organisation;
    const char *ca; /* NULL or "": of any */
    const char *profile;
    const char *device;
    const char *model;
    const char *lot;
    const char *firmware;
    uint64_t batch; /* 0: of any */
    int64_t from;   /* 0: now */
    int64_t over;   /* seconds */
    int64_t ends;   /* 0: CA_PULL_ENDS after that */
};

/* Does it name anything? Everything is pulled when that is said, and not when
 * nothing is. */
#define CA_PULL_WORDS \
    "ca, profile, devices, model, lot, firmware, batch, organisation"
bool ca_pull_names(const struct ca_pull_order *order);

/*
 * Pull: certificates of devices that were issued until now may be renewed, and
 * their holders are told to, each in its slice of [from, from + over), unless
 * their own comes before that. `*row` is what was put.
 *
 * Whether a device is meant is looked at whenever it asks, and not before: by
 * what is on record of it then. Who was away comes when it is back, until the
 * pull ends.
 *
 * BM_E_NOT_FOUND: such an organisation, CA, profile, batch. BM_E_LIMIT:
 * CA_PULLS_MAX are in force. BM_E_ARGUMENT, BM_E_PROFILE: the pattern.
 * BM_E_CA_ATTRIBUTE: no value of a model, lot, firmware.
 */
BM_MUST_CHECK bm_status ca_pull(struct ca *ca, const struct ca_actor *actor,
                                const struct ca_pull_order *order, int64_t now,
                                struct store_pull *row, struct ca_refusal *why);

/* As if it had not been. BM_E_NOT_FOUND; BM_E_EXISTS: it is cancelled, or has
 * ended. */
BM_MUST_CHECK bm_status ca_pull_cancel(struct ca *ca,
                                       const struct ca_actor *actor,
                                       uint64_t id, int64_t now,
                                       struct ca_refusal *why);

#endif
