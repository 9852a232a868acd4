/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_REQUEST_H
#define BM_CA_REQUEST_H

#include "ca/authority.h"

/*
 * Requests that a second operator must approve: of profiles with `approval:
 * true`, by token, IDevID or operator. (A renewal with the current certificate
 * goes on with what was approved, and does not wait.)
 *
 *     asked for ─► pending ─► approved ─► issued
 *                         └► rejected (also out of approved)
 *
 * A request is put on record when it has passed every other check, and is
 * answered with BM_E_CA_APPROVAL. Whoever asked comes again (RFC 7030 4.2.3)
 * and is recognised by organisation, profile, device, public key, and the
 * subject and extensions that were seen, not by the octets of the CSR, which
 * change with channel binding: then all checks are made again, and an approved
 * one is issued. A rejected one is answered with BM_E_CA_REJECTED as long as it
 * comes with that key. A token is bound to the key by the first request.
 *
 * What an operator asked for, directly or by making the token, another one
 * decides. Rejecting is open to him, too: that is a withdrawal.
 */

/* One that is not decided, or was approved and not fetched, lapses. */
#define CA_REQUEST_LIFETIME (INT64_C(30) * 24 * 3600)

/* How many may be open: a device that loses its key again and again needs
 * help; a client that loops must not fill the store. BM_E_CA_WAITING. */
#define CA_REQUESTS_OF_DEVICE       4
#define CA_REQUESTS_OF_ORGANISATION 10000

/* Octets of a CSR that is kept for the operator to look at; BM_E_LIMIT. */
#define CA_REQUEST_CSR_MAX 16384

/*
 * Approve or reject. BM_E_NOT_FOUND, also outside of the actor's scope;
 * BM_E_CA_REQUEST: it is not in a state for this, or has lapsed;
 * BM_E_CA_FORBIDDEN: the actor asked for it himself.
 */
BM_MUST_CHECK bm_status ca_request_decide(struct ca *ca,
                                          const struct ca_actor *actor,
                                          uint64_t id, bool approve,
                                          int64_t now, struct ca_refusal *why);

/* "pending", "approved", "rejected", "issued" or "lapsed". */
const char *ca_request_state(const struct store_request *row, int64_t now);

/* By what means it was asked for: "operator", "token", "idevid". */
const char *ca_request_means(const struct store_request *row);

#endif
