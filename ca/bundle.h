/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_BUNDLE_H
#define BM_CA_BUNDLE_H

#include "ca/authority.h"
#include "core/bundle.h"

/*
 * Trust bundles (docs/trust-bundle.md): the roots of the authority, the
 * certificates that lead from one of them to another, and for each CA what it
 * has revoked. They are for devices that fetch no lists: lists say the same of
 * more certificates.
 *
 * There is one for each ecosystem, its trust list: what the instance has, and
 * the cross-certificates and CAs of members that are the ecosystem's own. It
 * has the number of its ecosystem, and a series of its own, by which a device
 * of one ecosystem refuses the list of another. Ecosystems from before there
 * were such lists share the first one's.
 *
 * A CA that has revoked more than fits is not named, the one with the most
 * first: nobody takes the absence of half a list for a whole one, and asks a
 * list instead.
 *
 * Versions are never used twice, by whatever list: each is in the signer's
 * journal before its signature is made, and in the ledger; a store that is
 * restored from a backup passes over as many as it does of lists.
 */

/* Octets of a message: WIRE_OBJECT_MAX, so that rooms can pass it on. */
#define CA_BUNDLE_MAX 65536

/* What a deny list may take beside certificates, at most (settings). */
#define CA_BUNDLE_DENY_MAX 32768

/* The list of the ecosystem that `init` made: the store counts from 1. */
#define CA_BUNDLE_FIRST 1

/*
 * In any transaction: the list of the ecosystem, or of that of the
 * organisation; of neither, the first one. BM_E_NOT_FOUND. And: that with the
 * least number above `*list`; BM_E_END, and 0.
 */
BM_MUST_CHECK bm_status ca_bundle_list_of(const struct store *store,
                                          const struct store_scope *scope,
                                          uint32_t *list);
BM_MUST_CHECK bm_status ca_bundle_list_next(const struct store *store,
                                            uint32_t *list);

/*
 * The series of a list: that of the instance, `base`, for the first one, else
 * with "/" and its number behind it (where that is too long, `base` is cut).
 * And back: whose series this is, 0 when it is none of this instance.
 */
void ca_bundle_series(const char *base, uint32_t list,
                      char series[BM_BUNDLE_NAME_MAX + 1]);
uint32_t ca_bundle_list_named(const char *base, struct bm_bytes series);

/* The last one of a list that was made. */
struct ca_bundle_last {
    uint64_t version;
    int64_t issued;
    int64_t next_update;
    struct bm_bytes message; /* a view into the store */
    uint8_t said[32];        /* SHA-256 of what it says, version and dates
                                apart */
};
/* In a transaction. BM_E_NOT_FOUND: there is none. */
BM_MUST_CHECK bm_status ca_bundle_last(const struct store *store, uint32_t list,
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
BM_MUST_CHECK bm_status ca_bundle_look(struct ca *ca, uint32_t list,
                                       int64_t now,
                                       struct ca_bundle_state *state);

/*
 * Make one, and put it on record. The message is appended to `message` (of
 * CA_BUNDLE_MAX). BM_E_CA_FORBIDDEN, too: the actor is of an organisation, or
 * of an ecosystem with another list; BM_E_CA_UNAVAILABLE: nobody signs bundles
 * here, or there is no root; BM_E_LIMIT: there are too many certificates.
 */
BM_MUST_CHECK bm_status ca_bundle_make(struct ca *ca,
                                       const struct ca_actor *actor,
                                       uint32_t list, int64_t now,
                                       struct bm_wr *message,
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
