/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_DELIVERY_H
#define BM_CA_DELIVERY_H

#include "ca/authority.h"
#include "core/event.h"
#include "core/manifest.h"

/*
 * Delivery to devices (docs/delivery.md): the manifest of each, whom a blob is
 * for, and what devices say. Whether the device is who it says, and good, has
 * been found out before.
 *
 * All manifests of an authority draw their versions from one sequence: so they
 * go up for each device, none is used twice, and the signer, which remembers
 * one number, can see to that. Each is in its journal; the ledger has the
 * releases and assignments that it follows from (release.h).
 */

/* Whom a certificate of ours is for, as devices are delivered to.
 * BM_E_NOT_FOUND: not ours; BM_E_CA_DEVICE: of no device, or of one that is
 * revoked or retired. A suspended one is told its mode, and heard; who gives it
 * anything else looks at its state. Takes a read transaction. */
BM_MUST_CHECK bm_status ca_delivery_device(struct ca *ca, struct bm_bytes cert,
                                           struct store_device *device,
                                           struct ca_refusal *why);

/*
 * What the device is to have: the last manifest, or a new one where it no
 * longer says what is so, or half of its life is over. Of one that is suspended
 * that is repair only, and the bundle: whatever was assigned waits. Appended to
 * `message`, of BM_MANIFEST_SIZE_MAX. One that is due, and cannot be signed
 * now, is given as it is while it is good.
 *
 * BM_E_NOT_FOUND: nothing was ever assigned, and the mode is normal;
 * BM_E_CA_UNAVAILABLE, and others that say so: it cannot be signed now;
 * BM_E_LIMIT: the name of the device is too long for one.
 */
BM_MUST_CHECK bm_status ca_manifest_get(struct ca *ca,
                                        const struct store_device *device,
                                        int64_t now, struct bm_wr *message,
                                        uint64_t *version,
                                        struct ca_refusal *why);

/* Is it for devices of this one's organisation? BM_E_NOT_FOUND. Takes a read
 * transaction. */
BM_MUST_CHECK bm_status ca_blob_allowed(struct ca *ca,
                                        const struct store_device *device,
                                        const uint8_t hash[STORE_HASH_SIZE]);

/*
 * Put on record what a device says (core/event.h): as its own claims, and
 * those alone that are newer than all before. BM_E_EVENT, BM_E_CBOR_...:
 * malformed, or a number that is above `now` + CA_EVENT_NUMBER_SLACK, and
 * nothing is kept.
 *
 * Numbers begin at the time in seconds, and go up by one. One that is far above
 * it, from a device gone wrong, would silence that device for ever: what it
 * says later, set up anew, is below. The slack is 136 years, in seconds or in
 * events: more than any device is wrong by, or has to say.
 */
#define CA_EVENT_NUMBER_SLACK (INT64_C(1) << 32)
BM_MUST_CHECK bm_status ca_events_take(struct ca *ca,
                                       const struct store_device *device,
                                       struct bm_bytes body, int64_t now,
                                       struct ca_refusal *why);

#endif
