/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_BUNDLE_H
#define BM_CA_BUNDLE_H

#include "ca/authority.h"
#include "core/bundle.h"

/*
 * The authority's trust bundle (docs/trust-bundle.md): its roots, the
 * certificates that lead from one of them to another, and for each CA what it
 * has revoked. It is for devices that fetch no lists: lists say the same of
 * more certificates.
 *
 * A CA that has revoked more than fits is not named, the one with the most
 * first: nobody takes the absence of half a list for a whole one, and asks a
 * list instead.
 *
 * Versions are never used twice: each is in the signer's journal before its
 * signature is made, and in the ledger; a store that is restored from a
 * backup passes over as many as it does of lists.
 */

/* Octets of a message: WIRE_OBJECT_MAX, so that rooms can pass it on. */
#define CA_BUNDLE_MAX 65536

/* What a deny list may take beside certificates, at most (settings). */
#define CA_BUNDLE_DENY_MAX 32768

/* The last one that was made. */
struct ca_bundle_last {
    uint64_t version;
    int64_t issued;
    int64_t next_update;
    struct bm_bytes message; /* a view into the store */
    uint8_t said[32];        /* SHA-256 of what it says, version and dates
                                apart */
};
/* In a transaction. BM_E_NOT_FOUND: there is none. */
BM_MUST_CHECK bm_status ca_bundle_last(const struct store *store,
                                       struct ca_bundle_last *last);

/*
 * In a transaction: the last version that was, or may have been, used; 0. Of
 * CA_JOURNAL_BUNDLE, and of CA_JOURNAL_MANIFEST (delivery.h).
 */
BM_MUST_CHECK bm_status ca_version_floor(const struct store *store,
                                         enum ca_journal_kind kind,
                                         uint64_t *version);

/* Is one to be made: does the last no longer say what is so, and when has it
 * lived half of its life? Takes a read transaction. */
struct ca_bundle_state {
    bool changed;
    int64_t due;
    int64_t next_update; /* 0: there is none */
};
BM_MUST_CHECK bm_status ca_bundle_look(struct ca *ca, int64_t now,
                                       struct ca_bundle_state *state);

/*
 * Make one, and put it on record. The message is appended to `message` (of
 * CA_BUNDLE_MAX). BM_E_CA_UNAVAILABLE: nobody signs bundles here, or there is
 * no root; BM_E_LIMIT: there are too many certificates.
 */
BM_MUST_CHECK bm_status ca_bundle_make(struct ca *ca,
                                       const struct ca_actor *actor,
                                       int64_t now, struct bm_wr *message,
                                       struct ca_refusal *why);

/*
 * Whose certificate signs bundles, and where its key is: the authority's to
 * know, of which no table has a row. ca_bundle_signer_get() is for any
 * transaction, gives views into the store, and BM_E_NOT_FOUND.
 */
struct ca_bundle_signer {
    struct bm_bytes key_uri;
    struct bm_bytes cert; /* DER */
    struct bm_bytes ca;   /* id of its issuer */
};
BM_MUST_CHECK bm_status ca_bundle_signer_get(const struct store *store,
                                             struct ca_bundle_signer *signer);
BM_MUST_CHECK bm_status
ca_bundle_signer_put(struct ca *ca, const struct ca_bundle_signer *signer,
                     int64_t now, struct ca_refusal *why);

#endif
