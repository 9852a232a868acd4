/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_IDENTITY_H
#define BM_DEVICE_IDENTITY_H

#include "device/keystore.h"
#include "device/log.h"

/*
 * Who the device is. Three places:
 *
 *   IDevID    given at birth, never written again (IEEE 802.1AR)
 *   current   the operational identity of its owner (LDevID)
 *   pending   its successor, from the birth of its key to the proof
 *
 * A change of identity is a walk through these calls, each durable before it
 * returns; a power cut anywhere leaves one complete generation, and the next
 * bm_identity_open() says where the walk goes on:
 *
 *   begin    the key of the pending place is made     (nothing was sent yet)
 *   install  the certificate came, and is of that key
 *   commit   it was proven by an authenticated request: one record flips, and
 *            the old key is destroyed
 */
enum bm_identity_place {
    BM_IDENTITY_IDEVID,
    BM_IDENTITY_CURRENT,
    BM_IDENTITY_PENDING,
    BM_IDENTITY_PLACES
};

enum bm_identity_state {
    BM_IDENTITY_EMPTY,
    BM_IDENTITY_KEY,  /* a key, its certificate is still to come */
    BM_IDENTITY_CERT, /* key and certificate */
};

/* Certificates of one place: its own, and the chain towards the anchor. */
#define BM_IDENTITY_CERTS_MAX 4

struct bm_identity {
    struct bm_log *log;
    const struct bm_keystore *keys;
    /* Private: the commit record. */
    uint8_t slot[BM_IDENTITY_PLACES];
    uint8_t state[BM_IDENTITY_PLACES];
    uint8_t certs[BM_IDENTITY_PLACES];
    uint32_t generation;
};

/* Read the commit record and destroy the keys that it does not name. */
BM_MUST_CHECK bm_status bm_identity_open(struct bm_identity *id,
                                         struct bm_log *log,
                                         const struct bm_keystore *keys);

enum bm_identity_state bm_identity_state(const struct bm_identity *id,
                                         enum bm_identity_place place);

/* The key of a place; closed by bm_identity_close(). BM_E_IDENTITY_STATE. */
BM_MUST_CHECK bm_status bm_identity_signer(const struct bm_identity *id,
                                           enum bm_identity_place place,
                                           const struct bm_signer **signer);
void bm_identity_close(const struct bm_identity *id,
                       enum bm_identity_place place);

/* Certificate `i` of a place, DER, into `out`; 0 is its own. BM_E_END. */
BM_MUST_CHECK bm_status bm_identity_cert(const struct bm_identity *id,
                                         enum bm_identity_place place, size_t i,
                                         uint8_t *out, size_t cap, size_t *n);

/*
 * Make the key of an empty place: IDEVID, once in a life, or PENDING.
 * BM_E_IDENTITY_STATE when the place is not empty.
 */
BM_MUST_CHECK bm_status bm_identity_begin(struct bm_identity *id,
                                          enum bm_identity_place place);

/*
 * Keep the certificate for a place that has a key, and its chain (`certs[0]`
 * is its own). BM_E_IDENTITY_KEY when it is not of that key. Chains and
 * dates are trust.h's to judge, before.
 */
BM_MUST_CHECK bm_status bm_identity_install(struct bm_identity *id,
                                            enum bm_identity_place place,
                                            const struct bm_bytes *certs,
                                            size_t n);

/* Pending becomes current, then the old key is destroyed. */
BM_MUST_CHECK bm_status bm_identity_commit(struct bm_identity *id);

/* Give the pending place up: record first, then the key. */
BM_MUST_CHECK bm_status bm_identity_abandon(struct bm_identity *id);

/* Factory reset: current and pending are gone; the IDevID stays. */
BM_MUST_CHECK bm_status bm_identity_reset(struct bm_identity *id);

#endif
