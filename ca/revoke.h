/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_REVOKE_H
#define BM_CA_REVOKE_H

#include "ca/authority.h"
#include "ca/lists.h"
#include "core/crl.h"

/*
 * Revocation, and how it is told: CRLs (RFC 5280 5) and OCSP (RFC 6960).
 */

struct ca_revocation {
    const char *ca;         /* id; NULL: any, the serial is unique with us */
    struct bm_bytes serial; /* INTEGER contents */
    uint8_t reason; /* enum bm_crl_reason; BM_REASON_HOLD can be released */
    int64_t invalid_since; /* invalidityDate, or 0 */
};

/*
 * Revoke, or put on hold. With BM_REASON_KEY_COMPROMISE a pending renewal is
 * revoked as well: who had the key may have asked for it. BM_E_NOT_FOUND
 * outside of the actor's scope;
 * BM_E_CA_STATUS when it is revoked already (a held one may be revoked);
 * BM_E_CA_REASON: removeFromCRL is not a reason but a release, caCompromise
 * is for CAs.
 */
BM_MUST_CHECK bm_status ca_revoke(struct ca *ca, const struct ca_actor *actor,
                                  const struct ca_revocation *revocation,
                                  int64_t now, struct ca_refusal *why);

/* Lift a hold. BM_E_CA_STATUS when there is none. */
BM_MUST_CHECK bm_status ca_release(struct ca *ca, const struct ca_actor *actor,
                                   const char *id, struct bm_bytes serial,
                                   int64_t now, struct ca_refusal *why);

/*
 * Make a list of a CA, in bounded memory, into `sink`: number one above the
 * last of any of its lists (a delta that is made at the second of a complete
 * list has the number of that), entries of expired certificates on one list
 * after their expiry and then no more. The sink's octets may be published
 * when this returns BM_OK, not before; once they are, say so, and until then
 * nothing is left out that the list before this one had.
 *
 * BM_E_NOT_FOUND: there is no such CA, no such shard, no delta. BM_E_CRL_BASE:
 * there is no complete list yet that a delta could count from; the next time
 * that one is made there is.
 */
BM_MUST_CHECK bm_status ca_crl_make(struct ca *ca, const struct ca_actor *actor,
                                    const struct ca_list *list, int64_t now,
                                    const struct bm_crl_sink *sink,
                                    struct ca_refusal *why);
BM_MUST_CHECK bm_status ca_crl_published(struct ca *ca,
                                         const struct ca_list *list,
                                         int64_t now, struct ca_refusal *why);

/*
 * How the lists of a CA are, each of them: the complete one, its shards, the
 * delta where there is one. `look` may not call the authority. Takes its own
 * read transaction.
 */
struct ca_list_state {
    uint32_t list;
    int64_t next_update; /* 0: it was never made */
    int64_t due;         /* when its time comes, without any change */
    bool changed;        /* it is not published, or does not tell all; never
                            said of a delta, whose time comes soon */
};
BM_MUST_CHECK bm_status
ca_crl_look(struct ca *ca, const char *id, void *arg,
            void (*look)(void *arg, const struct ca_list_state *state));

/*
 * Take in a CRL that was made elsewhere: the cold root's, a member's. Verified
 * with the CA's certificate; its number must grow. It is the list of all CAs
 * that share it: one that has come since the list was loaded takes the same
 * again.
 */
BM_MUST_CHECK bm_status ca_crl_load(struct ca *ca, const struct ca_actor *actor,
                                    const char *id, struct bm_bytes der,
                                    int64_t now, struct ca_refusal *why);

/* Is the CA of this row and certificate the issuer of the lists of `of`: by
 * the same name and key? A link between roots is no issuer. */
bool ca_crl_is_shared(const struct store_ca *row, const struct bm_cert *cert,
                      const struct bm_cert *of);

/* A delegated responder (RFC 6960 2.6): its certificate, issued by the CA it
 * speaks for, and its key. */
struct ca_ocsp_responder {
    const char *ca;               /* id */
    const struct bm_cert *issuer; /* that CA's certificate */
    const struct bm_cert *cert;   /* its own */
    const struct bm_signer *signer;
};

/*
 * Answer a DER OCSPRequest for the CAs of `responders`; always writes an
 * OCSPResponse, be it an error. CertIDs by SHA-1 and SHA-256, several in one
 * request (those of one CA are answered; of others, "unknown"), the nonce of
 * RFC 9654 repeated. Never-issued: "unknown". `*served` says what was sent,
 * for statistics. Takes its own read transaction.
 *
 * BM_E_CA_RESTORED, BM_E_CA_UNAVAILABLE: the response says tryLater.
 */
struct ca_ocsp_served {
    uint8_t response; /* enum bm_ocsp_response_status */
    uint32_t good;
    uint32_t revoked;
    uint32_t unknown;
    int64_t this_update; /* of every answer in it; 0: it is an error */
    int64_t next_update;
};
BM_MUST_CHECK bm_status
ca_ocsp_answer(struct ca *ca, const struct ca_ocsp_responder *responders,
               size_t n, struct bm_bytes request, int64_t now,
               struct bm_wr *response, struct ca_ocsp_served *served);

#endif
