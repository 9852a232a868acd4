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
 * returns; a power cut anywhere leaves one complete generation, and after
 * the next bm_identity_open() bm_identity_step() says where the walk goes on:
 *
 *   begin    the key of the pending place is made     (nothing was sent yet)
 *   install  the certificate came, and is of that key
 *   commit   it was proven by an authenticated request: one record flips, and
 *            the old key is destroyed
 *
 * Keys that no record names, certificates that no record names: both are what
 * a cut left behind, and are removed at the next open.
 *
 * One thread at a time, not from interrupts. What takes long is what the
 * keystore does (a key: one scalar multiplication and more) and what the log
 * does (an erase, when it needs room; all of it in bm_log_scrub()).
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
    BM_IDENTITY_LOST  /* its record, key or certificate cannot be read, or do
                         not fit each other: see bm_identity_check() */
};

/* Certificates of one place: its own, and the chain towards the anchor. */
#define BM_IDENTITY_CERTS_MAX 4

/* The record that decides; in the log as it is here, since no other machine
 * reads it. */
struct bm_identity_head {
    uint8_t version;
    uint8_t flags;
    uint8_t place[BM_IDENTITY_PLACES]; /* see identity.c */
    uint8_t zero;
    uint16_t serial;     /* of the head: of two copies the later one counts */
    uint32_t generation; /* commits in this device's life */
};

struct bm_identity {
    struct bm_log *log;
    const struct bm_keystore *keys;
    /*
     * How the last clean-up went: BM_OK, or why keys and certificates that no
     * record names may still be there. It harms nobody's work; each call that
     * changes something tries again, and so does bm_identity_tidy().
     */
    bm_status tidy;
    struct bm_identity_head head; /* to look at `generation` */
    uint8_t lost;                 /* private: a bit for each place */
};

/*
 * Read the records, finish what a power cut left undone, and destroy the keys
 * that no record names. Current and pending are those of the last state of
 * rest, where their record cannot be read; a place is BM_IDENTITY_LOST where
 * that cannot, either. Nothing is destroyed then, nor while the log cannot read
 * a slot of which nobody knows what it held (`tidy` is BM_E_IDENTITY_LOST):
 * flash may read better the next time. Only the log itself makes this fail.
 */
BM_MUST_CHECK bm_status bm_identity_open(struct bm_identity *id,
                                         struct bm_log *log,
                                         const struct bm_keystore *keys);

enum bm_identity_state bm_identity_state(const struct bm_identity *id,
                                         enum bm_identity_place place);

/* What the operational identity needs next. */
enum bm_identity_step {
    BM_IDENTITY_REST,    /* nothing: current is there, no successor begun */
    BM_IDENTITY_FIRST,   /* begin: there is no current one, or it is lost */
    BM_IDENTITY_REQUEST, /* pending has a key: ask for its certificate, with
                            the same key as perhaps before the cut */
    BM_IDENTITY_PROVE,   /* pending has a certificate: prove it and commit */
    BM_IDENTITY_ABANDON, /* pending is lost: give it up */
    BM_IDENTITY_RESET    /* a factory reset was begun: wipe the owner's data,
                            then bm_identity_reset_done() */
};
enum bm_identity_step bm_identity_step(const struct bm_identity *id);

/*
 * The key of a place; closed by bm_identity_close(). BM_E_IDENTITY_STATE: the
 * place is empty. BM_E_IDENTITY_LOST: the key is not there. A signer of the
 * pending place is good across bm_identity_commit(), as that of current.
 */
BM_MUST_CHECK bm_status bm_identity_signer(const struct bm_identity *id,
                                           enum bm_identity_place place,
                                           const struct bm_signer **signer);
void bm_identity_close(const struct bm_identity *id,
                       enum bm_identity_place place);

/*
 * Certificate `i` of a place, DER, into `out`; 0 is its own. BM_E_END beyond
 * the last. BM_E_BUFFER: `*n` octets are needed. BM_E_IDENTITY_LOST.
 */
BM_MUST_CHECK bm_status bm_identity_cert(const struct bm_identity *id,
                                         enum bm_identity_place place, size_t i,
                                         uint8_t *out, size_t cap, size_t *n);

/*
 * Is all of a place there: its key, every certificate, and is the first one
 * of that key? `scratch` holds one certificate at a time. What is missing
 * makes the place BM_IDENTITY_LOST until the next open, and the answer
 * BM_E_IDENTITY_LOST: an event to report. A lost current one is replaced by
 * the way of a first one, under the IDevID; nothing is destroyed before its
 * successor is proven. To be called once after an open, and when a key or a
 * certificate failed in use. An empty place is BM_OK. Trouble that may pass (a
 * token that is not there, one that shows another key than it signs by) is
 * returned as it came and marks nothing.
 */
BM_MUST_CHECK bm_status bm_identity_check(struct bm_identity *id,
                                          enum bm_identity_place place,
                                          uint8_t *scratch, size_t cap);

/*
 * Make the key of an empty place: IDEVID, once in a life, or PENDING.
 * BM_E_IDENTITY_STATE when the place is not empty, or a reset is not done.
 * No key of the IDevID's slot is ever destroyed: one whose birth was cut
 * before its record was written is taken up.
 */
BM_MUST_CHECK bm_status bm_identity_begin(struct bm_identity *id,
                                          enum bm_identity_place place);

/*
 * Keep the certificate for a place that has a key, and its chain (`certs[0]`
 * is its own). BM_E_IDENTITY_KEY when it is not of that key. Chains and
 * dates are trust.h's to judge, before. The pending place takes another one
 * in exchange (the server answered twice); the IDevID's does not. Leaves the
 * place's key open. BM_E_LOG_FULL leaves all as it was.
 */
BM_MUST_CHECK bm_status bm_identity_install(struct bm_identity *id,
                                            enum bm_identity_place place,
                                            const struct bm_bytes *certs,
                                            size_t n);

/*
 * Pending becomes current, then the old key is destroyed. An error means that
 * nothing has changed in the log for certain only where it is BM_E_LOG_FULL
 * or BM_E_IDENTITY_STATE; after any other open again. Nothing was destroyed.
 */
BM_MUST_CHECK bm_status bm_identity_commit(struct bm_identity *id);

/* Give the pending place up: record first, then the key. */
BM_MUST_CHECK bm_status bm_identity_abandon(struct bm_identity *id);

/*
 * Factory reset: current and pending are gone; the IDevID stays. A cut
 * changes nothing about it: once the first record is written, every open goes
 * on with it. What else belongs to the owner (vault, trust) is for the caller
 * to wipe, also after a cut (BM_IDENTITY_RESET), and nothing new begins until
 * bm_identity_reset_done() says that this is done. Both may be repeated.
 */
BM_MUST_CHECK bm_status bm_identity_reset(struct bm_identity *id);
BM_MUST_CHECK bm_status bm_identity_reset_done(struct bm_identity *id);

/*
 * Destroy keys and remove certificates that no record names. Open, commit,
 * abandon and reset do it; this is for whoever found `tidy` not BM_OK.
 */
BM_MUST_CHECK bm_status bm_identity_tidy(struct bm_identity *id);

#endif
