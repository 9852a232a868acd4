/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_OPERATOR_H
#define BM_CA_OPERATOR_H

#include "ca/issue.h"

/*
 * Operators: people and programs that administer. There are no passwords: an
 * operator is a certificate of the operations CA that is on record here as an
 * operator's, with roles (what, authority.h) and a scope (where). Roles and
 * scope are not in the certificate, so that they can change.
 *
 * A renewal is born pending, as a device's is: the first use of the new
 * certificate confirms it and revokes the old one, which works until then.
 *
 * There is always an administrator of the whole instance who is enabled and
 * whose certificate is good: acts that would end the last one are refused with
 * BM_E_CA_LAST. Whoever has the instance's directory can make one when all
 * certificates have expired: the command line does it as the authority.
 */

/* Who was authenticated. Not to be copied: `actor` views `name`. */
struct ca_operator {
    struct store_operator row;
    char name[STORE_ACTOR_MAX]; /* "operator:first" */
    struct ca_actor actor;
    int64_t not_after; /* of the certificate shown */
};

/*
 * Who shows the certificate `der`, whose key he has proved to hold? Same
 * octets as one that was issued here, so that no path is left to be verified;
 * good, within its time, an operator's who is not disabled. `mode` is "api",
 * "direct", and outlives `op`. A renewal that is seen for the first time is
 * confirmed by this (not where the authority was opened for reading, which
 * takes it as it is).
 *
 * BM_E_CA_FORBIDDEN: no operator's, or disabled; BM_E_CA_STATUS,
 * BM_E_CA_FORK: see ca_seen(). Takes its own transactions.
 */
BM_MUST_CHECK bm_status ca_operator_authenticate(struct ca *ca,
                                                 struct bm_bytes der,
                                                 const char *mode, int64_t now,
                                                 struct ca_operator *op,
                                                 struct ca_refusal *why);

struct ca_operator_order {
    const char *id; /* a-z, 0-9, '.', '-', '_'; unique for ever */
    unsigned roles;
    struct store_scope scope; /* organisation and ecosystem: not both */
    const struct bm_csr *csr;
    bool proven; /* its signature has been verified by whom we trust */
};

/*
 * Create an operator: a certificate of profile `operator` for the key of the
 * CSR, with the operator's id as its name, whatever the CSR asks for. Asked
 * again with the same key, roles and scope it gives the same certificate.
 *
 * Nobody can give more than he has: BM_E_CA_FORBIDDEN for a scope beyond the
 * actor's. BM_E_EXISTS; BM_E_ARGUMENT: id or roles; BM_E_NOT_FOUND: no such
 * organisation or ecosystem. Returns result->status.
 */
BM_MUST_CHECK bm_status
ca_operator_create(struct ca *ca, const struct ca_actor *actor,
                   const struct ca_operator_order *order, int64_t now,
                   struct ca_issue_result *result);

/*
 * A new certificate, for a new key, of the operator who was authenticated
 * with his current one. Asked again with the same key before it was used it
 * gives the same one; with another key, that one takes its place.
 */
BM_MUST_CHECK bm_status ca_operator_renew(struct ca *ca,
                                          const struct ca_operator *op,
                                          const struct bm_csr *csr, bool proven,
                                          int64_t now,
                                          struct ca_issue_result *result);

/*
 * Disable or enable. BM_E_NOT_FOUND, also for an operator whose scope is
 * beyond the actor's; BM_E_CA_OPERATOR: is so already; BM_E_CA_LAST.
 */
BM_MUST_CHECK bm_status ca_operator_disable(struct ca *ca,
                                            const struct ca_actor *actor,
                                            const char *id, bool disable,
                                            int64_t now,
                                            struct ca_refusal *why);

/* Is the operator within the scope of the actor: may he see him? For lists,
 * which store->operator_list() walks. In a transaction. */
BM_MUST_CHECK bm_status ca_operator_is_within(struct ca *ca,
                                              const struct ca_actor *actor,
                                              const struct store_operator *row,
                                              bool *yes);

/* What the ledger says of an operator: "auditor of organisation 3". At most
 * CA_OPERATOR_TEXT with a NUL. */
#define CA_OPERATOR_TEXT 192
void ca_operator_words(const struct store_operator *row,
                       char words[CA_OPERATOR_TEXT]);

/* The same of a scope alone: "instance", "organisation 3", "ecosystem 1". */
void ca_scope_words(const struct store_scope *scope, char words[32]);

#endif
