/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_ISSUE_H
#define BM_CA_ISSUE_H

#include "ca/attest.h"
#include "ca/authority.h"

/*
 * Issuing and renewing certificates.
 *
 * Renewal lives here, not in a protocol (design, "A renewal"): a certificate
 * asked for with a current one, or for a device that has one where only one
 * may be active, is born *pending* and is *confirmed* by the first
 * authenticated use (ca_seen()); until then the old one stays good. The old
 * one used again after that is a *fork*: a clone gives itself away.
 */

/* A pending renewal may be replaced by one with another key so often: a
 * device that loses its key each time needs help, a thief needs none. */
#define CA_SUPERSEDED_MAX 3

/* An operator's request that comes again within this time, and of which
 * nothing has changed, gets the same certificate: a reply can get lost. */
#define CA_REPEAT (INT64_C(24) * 3600)

struct ca_issue_request {
    const struct ca_actor *actor;
    unsigned by; /* one of CA_BY_... */
    const char *profile;
    const char *ca; /* id, of CA_BY_AUTHORITY alone: where one profile is bound
                       to several CAs; else NULL */
    const struct bm_csr *csr;
    bool proven; /* the CSR's signature has been verified by whom we trust */

    /* CA_BY_IDEVID, CA_BY_CURRENT: the certificate whose key the requester
     * has shown to hold (TLS), DER; and of a manufacturer's IDevID, what came
     * with it: DER after DER. */
    struct bm_bytes presented;
    struct bm_bytes chain;
    struct bm_bytes token; /* CA_BY_TOKEN: the secret's characters */

    /* What was shown of the key (attest.h); NULL: nothing, or it is on record
     * already. */
    const struct ca_attested *attested;

    /* CA_BY_OPERATOR, all optional: */
    struct bm_bytes device;  /* name; where empty, the CSR says it */
    struct bm_bytes subject; /* Name with header */
    int64_t not_after;       /* earlier than the profile's */

    /* CA_BY_OPERATOR, for batches: what would renew a certificate, or be given
     * one again, is a duplicate; this very CSR has passed ca_look(), which has
     * verified it; a second operator has agreed. Where the profile wants that,
     * what was looked at and has no such consent is refused: it does not wait
     * by itself. */
    bool first;
    bool looked;
    bool approved;

    /* CA_BY_AUTHORITY, optional, for acts of ca/ itself: the id of the
     * certificate that this one renews. */
    uint64_t renews;
    const struct ca_issue_also *also; /* or NULL: what is written with it */
};

/* In the transaction of the certificate `row`, when that is written; not when
 * an earlier one is given again. `end`, or NULL: after the last one of the
 * transaction, for requests that follow one another and have the same. */
struct ca_issue_also {
    void *arg;
    bm_status (*write)(void *arg, struct ca *ca,
                       const struct ca_issue_request *request,
                       const struct store_cert *row, int64_t now);
    bm_status (*end)(void *arg, struct ca *ca);
};

struct ca_issue_result {
    bm_status status;
    struct ca_refusal why;
    bool repeated; /* the same certificate as before: a reply was lost */
    uint64_t id;
    enum store_cert_status cert_status; /* VALID or PENDING */
    uint8_t serial[STORE_SERIAL_MAX];
    size_t serial_n;
    char ca[STORE_ID_MAX];
    struct bm_bytes der;           /* until the next act of this authority */
    uint8_t hash[STORE_HASH_SIZE]; /* SHA-256 of one that is new */
};

/*
 * Serve a group of at most CA_GROUP_MAX requests. Each is granted or refused
 * by itself: result.status. What is granted is durable.
 *
 * Normally one transaction. Requests that touch the same device, key or token
 * are decided one after another, in the order given, in transactions of their
 * own. BM_OK when all could be decided; otherwise a medium or the signer
 * failed, and every result of the transactions that did not come to be says
 * why: no certificate of those exists but as abandoned.
 */
BM_MUST_CHECK bm_status ca_issue(struct ca *ca,
                                 const struct ca_issue_request *requests,
                                 size_t n, int64_t now,
                                 struct ca_issue_result *results);

/*
 * Whose a certificate or a token is, for whoever counts or routes requests
 * before they are decided. What is said here never changes.
 */
struct ca_holder {
    uint32_t organisation;
    char profile[STORE_ID_MAX];
    char device[STORE_NAME_MAX]; /* of a token; else empty */
    char id[STORE_ID_MAX];       /* of the token; serial number in hex */
    int64_t until; /* of a token: good for asking, at the latest; else 0 */
};
/* BM_E_NOT_FOUND: not a certificate of ours; BM_E_CA_TOKEN: no such token.
 * Both take a read transaction of their own, unless they are between
 * ca_find_begin() and ca_find_end(): then one serves many. */
BM_MUST_CHECK bm_status ca_find_cert_holder(struct ca *ca, struct bm_bytes der,
                                            struct ca_holder *holder);
BM_MUST_CHECK bm_status ca_find_token_holder(struct ca *ca,
                                             struct bm_bytes token,
                                             struct ca_holder *holder);

/*
 * What is on record of a certificate of ours, at this moment, and of the
 * device that it is for (id 0: of none). Its DER is left out. BM_E_NOT_FOUND.
 */
struct ca_standing {
    struct store_cert cert; /* its views are into `serial` */
    uint8_t serial[STORE_SERIAL_MAX];
    struct store_device device;
};
BM_MUST_CHECK bm_status ca_find_standing(struct ca *ca, struct bm_bytes der,
                                         struct ca_standing *standing);

BM_MUST_CHECK bm_status ca_find_begin(struct ca *ca);
void ca_find_end(struct ca *ca);

/*
 * A certificate of ours was used in an authenticated connection. BM_OK when
 * it may be used: a pending one is confirmed by this, which ends its
 * predecessor where the profile allows one active certificate.
 * BM_E_NOT_FOUND: not ours; BM_E_CA_STATUS: revoked, on hold or expired;
 * BM_E_CA_FORK: its successor is confirmed, which is now on record;
 * BM_E_CA_DEVICE: the device is suspended.
 */
BM_MUST_CHECK bm_status ca_seen(struct ca *ca, const struct ca_actor *actor,
                                struct bm_bytes der, int64_t now,
                                struct ca_refusal *why);

/*
 * Would it be good, were its device not suspended? Then whoever shows it may be
 * told so (delivery.h), and nothing more. BM_OK; else as ca_seen() says, and
 * BM_E_CA_DEVICE for a device that is not suspended. Writes nothing.
 */
BM_MUST_CHECK bm_status ca_seen_suspended(struct ca *ca, struct bm_bytes der,
                                          int64_t now, struct ca_refusal *why);

/* May whoever shows it ask for a certificate, its successor among them?
 * Writes nothing: a pending one stays so. Answers as ca_seen() does. */
BM_MUST_CHECK bm_status ca_may_ask(struct ca *ca, struct bm_bytes der,
                                   int64_t now, struct ca_refusal *why);

#endif
