/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_SLOT_H
#define BM_CA_SLOT_H

#include "ca/internal.h"
#include "ca/manufacturer.h"
#include "ca/transfer.h"

/*
 * One request on its way to a certificate: what was decided before anything
 * is signed, so that the writing afterwards decides nothing. Between issue.c,
 * requester.c, idevid.c, binding.c, renew.c, attested.c and quota.c.
 */

/* Identifiers that one certificate can claim: docs/profiles.md tells. */
#define CA_IDENTIFIERS_MAX 8

/* What two requests of one transaction must not both touch: device, token,
 * the certificate shown with those before and behind it or its key, key, its
 * TPM, identifiers. */
#define CA_TOUCH_MAX (8 + CA_IDENTIFIERS_MAX)

struct ca_quota; /* quota.h */
struct ca_taking;

struct ca_slot {
    const struct ca_issue_request *request;
    struct ca_issue_result *result;
    const struct ca_profile *profile;
    const struct ca_profile_policy *policy;
    uint32_t version; /* of the profile */
    const char *ca;   /* id of the issuing CA */
    uint32_t shards;  /* of its list, to choose from */

    bool granted;
    uint32_t organisation;        /* on whose account, */
    struct ca_taking *taking;     /* and what it may have; or NULL */
    bool counts;                  /* against its quota */
    uint8_t key[STORE_HASH_SIZE]; /* SHA-256 of the SubjectPublicKeyInfo */

    bool has_token;
    struct store_token token;
    bool has_presented;
    struct ca_cert_row presented;
    struct bm_cert current; /* parsed from request->presented */
    bool has_idevid;        /* it is a manufacturer's, and none of ours */
    struct ca_idevid idevid;

    bool has_device;
    bool new_device;
    struct store_device device;
    struct ca_line line; /* the rows of `device`, unless it is new */
    bool received;       /* presented is of an organisation that had it before;
                            and this is how it was received */
    struct store_transfer transfer;
    char name[STORE_NAME_MAX]; /* of the device, as decided */

    bool renews; /* `old` gets a successor */
    struct ca_cert_row old;
    bool has_waited; /* for approval, which it got */
    struct store_request waited;

    bool attests; /* `attestation` is to be written; else it was, or is zero */
    struct store_attestation attestation;

    bool supersedes; /* `pending` is replaced before it was confirmed */
    struct ca_cert_row pending;

    struct store_cert row; /* the new one */
    bool is_draft; /* it is looked at alone: its serial number is not random */
    uint8_t serial[STORE_SERIAL_MAX];
    size_t identifiers_n;
    uint8_t identifier[CA_IDENTIFIERS_MAX][STORE_HASH_SIZE];

    struct bm_wr tbs;
    struct bm_wr cert;
    uint8_t tbs_room[CA_TBS_MAX];
    uint8_t cert_room[CA_CERT_MAX];
};

/* Not the fault of a request: the whole transaction stops. */
bool ca_is_failure(bm_status rc);

/* A slot for a request; of its room only what is written counts. */
void ca_slot_reset(struct ca_slot *s, const struct ca_issue_request *request,
                   struct ca_issue_result *result);

/* The octets of its serial number as INTEGER contents. */
struct bm_bytes ca_serial_contents(const struct ca_slot *s);

/* Steps of the decision, in this order. Each refuses into `why`. */

/* What it is about. */
BM_MUST_CHECK bm_status ca_find_profile(struct ca *ca, struct ca_slot *s,
                                        struct ca_refusal *why);

/* Who asks, and may they: fills token, presented, name and organisation.
 * Writes nothing, so that a request which must wait can be looked at again. */
BM_MUST_CHECK bm_status ca_find_requester(struct ca *ca, struct ca_slot *s,
                                          int64_t now, struct ca_refusal *why);

/* The same, and what its organisation may have: fills `taking`. One that stays
 * at an earlier version of the profile is asked for by that: it decides who may
 * ask (BM_E_PROFILE_REQUESTER) and what of the request counts, so all of it is
 * looked at again. */
BM_MUST_CHECK bm_status ca_find_account(struct ca *ca, struct ca_quota *quota,
                                        struct ca_slot *s, int64_t now,
                                        struct ca_refusal *why);

/* Possession and strength of the key; fills `key`. */
BM_MUST_CHECK bm_status ca_check_proof(struct ca *ca, struct ca_slot *s,
                                       struct ca_refusal *why);

/* What the certificate shown tells by its use: see ca_use(). */
BM_MUST_CHECK bm_status ca_admit_requester(struct ca *ca, struct ca_slot *s,
                                           int64_t now, struct ca_refusal *why);

/* Which device, and may it have a certificate. */
BM_MUST_CHECK bm_status ca_check_device(struct ca *ca, struct ca_slot *s,
                                        int64_t now, struct ca_refusal *why);

/* Is it the device that the IDevID of a manufacturer stands for? Signs of a
 * clone are written down. */
BM_MUST_CHECK bm_status ca_check_idevid(struct ca *ca, const struct ca_slot *s,
                                        int64_t now, struct ca_refusal *why);
/* The device is bound to it, with its row. */
BM_MUST_CHECK bm_status ca_put_idevid(struct ca *ca, const struct ca_slot *s,
                                      int64_t now);

/*
 * Is it a renewal, or the same request again? BM_E_END when `s->result` has
 * been filled with the certificate that was issued before.
 */
BM_MUST_CHECK bm_status ca_check_renewal(struct ca *ca, struct ca_slot *s,
                                         int64_t now, struct ca_refusal *why);

/* The same, where request->first says that neither is wanted. */
BM_MUST_CHECK bm_status ca_check_first(struct ca *ca, struct ca_slot *s,
                                       int64_t now, struct ca_refusal *why);

/*
 * The same request again (repeat.c): BM_E_END when `s->result` has been filled
 * with the certificate `id`; likewise where token or operator ask again.
 */
BM_MUST_CHECK bm_status ca_repeat(struct ca *ca, struct ca_slot *s, uint64_t id,
                                  int64_t now, struct ca_refusal *why);
BM_MUST_CHECK bm_status ca_repeat_token(struct ca *ca, struct ca_slot *s,
                                        int64_t now, struct ca_refusal *why);
BM_MUST_CHECK bm_status ca_repeat_operator(struct ca *ca, struct ca_slot *s,
                                           int64_t now, struct ca_refusal *why);

/* Whose is the public key? */
BM_MUST_CHECK bm_status ca_check_key(struct ca *ca, struct ca_slot *s,
                                     int64_t now, struct ca_refusal *why);

/* Was it made where the profile wants it? Fills `attestation`. */
BM_MUST_CHECK bm_status ca_check_attestation(struct ca *ca, struct ca_slot *s,
                                             struct ca_refusal *why);
/* It is issued for the first time. */
BM_MUST_CHECK bm_status ca_put_attestation(struct ca *ca, struct ca_slot *s,
                                           int64_t now);

/* Make the certificate but for its signature, look at what was made, and at who
 * has its identifiers. */
BM_MUST_CHECK bm_status ca_make_tbs(struct ca *ca, struct ca_slot *s,
                                    int64_t now, struct ca_refusal *why);

/*
 * In a write transaction: all of the above for one that is not issued now, of
 * an operator's. It writes what a refusal may write. `quota`, empty at the
 * beginning of the transaction, has what was read of accounts in it.
 */
BM_MUST_CHECK bm_status ca_look(struct ca *ca, struct ca_quota *quota,
                                struct ca_slot *s, int64_t now,
                                struct ca_refusal *why);

/* Last of all: must it wait for an operator, or was it approved? Fills
 * `waited`. BM_E_CA_APPROVAL, BM_E_CA_REJECTED: request.h. */
BM_MUST_CHECK bm_status ca_check_approval(struct ca *ca, struct ca_slot *s,
                                          int64_t now, struct ca_refusal *why);
/* It is issued now. */
BM_MUST_CHECK bm_status ca_put_approved(struct ca *ca, struct ca_slot *s,
                                        int64_t now);

/*
 * May the new certificate have what `row` holds, key or identifier? The same
 * device's; without a device, that of the certificate that is renewed, and of
 * its earlier renewals. As each holder was asked the same, it is enough that
 * the newest of them says yes.
 */
bool ca_is_kin(const struct ca_slot *s, const struct store_cert *row);

#endif
