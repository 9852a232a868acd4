/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_AUTHORITY_H
#define BM_CA_AUTHORITY_H

#include "ca/ledger.h"
#include "ca/profile.h"
#include "ca/signer.h"
#include "store/store.h"

/*
 * The authority: what it is made of, who acts on it, and the promise that all
 * acts share.
 *
 * An act (issue.h, revoke.h, token.h, ...) is one durable transaction: rows
 * and ledger records together, or nothing. What an act returned BM_OK for is
 * on the medium; a certificate is handed out after that, never before. When a
 * commit fails, what was signed for it is put on record as abandoned, and
 * revoked, before anything else is written.
 *
 * Everything here serves one thread. The parts are the caller's and outlive
 * the authority.
 */

struct ca;

/* Certificates in one group, that is, in one transaction: fsync costs the
 * same for one as for all. */
#define CA_GROUP_MAX 256

/* A clock that is further behind the last commit has been set back. */
#define CA_CLOCK_SLACK 300

struct ca_bad_keys;

/* A profile, bound to the CA with this id: "issuing-2" where the profile says
 * "issuing". */
struct ca_bound {
    struct ca_profile *profile;
    const char *ca;
    uint32_t shards;  /* of its list, that are given out; 0: none */
    uint32_t version; /* allocation.h; 0: it has no number yet */
    bool old;         /* an earlier version, at which somebody stays */
};

/*
 * A profile that nothing can be issued by at present: its CA waits for its
 * certificate, say. It is told to whoever asks for it.
 */
#define CA_ASIDE_WORDS_MAX 192
struct ca_aside {
    char profile[STORE_ID_MAX];
    bool identity; /* as in its policy */
    char words[CA_ASIDE_WORDS_MAX];
};

struct ca_config {
    struct store *store;
    const struct bm_crypto *crypto;
    const struct ca_signer *signer;
    struct ca_ledger *ledger;
    const char *journal; /* directory of the signer's journal */
    const struct ca_bound *profiles;
    size_t profiles_n;
    const struct ca_aside *aside;
    size_t aside_n;
    const struct ca_bad_keys *bad_keys; /* or NULL: only the rules */
    int64_t crl_lifetime;      /* seconds from thisUpdate to nextUpdate */
    int64_t ocsp_lifetime;     /* likewise, of an OCSP answer */
    int64_t delta_every;       /* from one delta to the next; 0: none */
    const char *public_url;    /* "http://ca.example:8080": of shards, deltas */
    const char *bundle_series; /* trust bundles: their name, */
    int64_t bundle_lifetime;   /* seconds until nextUpdate, */
    size_t bundle_deny;        /* octets of the deny list, at most */
    int64_t batch_keep;        /* seconds for which a batch can be fetched; 0:
                           CA_BATCH_KEEP */
    int64_t batch_wait;        /* ... and waits for approval; CA_BATCH_WAIT */
};

/*
 * Open: checks that the store may be signed for (BM_E_CA_RESTORED is not an
 * error here, but of every act that signs), and puts on record what an
 * earlier process signed but did not commit. `read_only` does neither.
 */
BM_MUST_CHECK bm_status ca_open(const struct ca_config *config, bool read_only,
                                int64_t now, struct ca **ca,
                                struct ca_refusal *why);
void ca_close(struct ca *ca); /* NULL is fine */

/*
 * Sign a checkpoint of what is durable now. Acts do so themselves, once per
 * second at most, and ca_close() for the rest.
 */
BM_MUST_CHECK bm_status ca_checkpoint(struct ca *ca, int64_t now,
                                      struct ca_refusal *why);

/* Signatures that were put on record as abandoned since ca_open(). */
uint64_t ca_abandoned(const struct ca *ca);

/* How often a certificate was revoked, held or released since ca_open():
 * lists that are older than a change of it do not tell all. */
uint64_t ca_revocations(const struct ca *ca);

/*
 * Roles of operators, a set. What each may do is the table in authz.c; where,
 * is a matter of the actor's scope. Bits 1 and 2 are not used again: they had
 * another meaning once.
 */
enum {
    CA_ROLE_ADMIN = 1 << 0,     /* administrator: everything */
    CA_ROLE_AUDITOR = 1 << 3,   /* sees all, the ledger too; changes nothing */
    CA_ROLE_REGISTRAR = 1 << 4, /* certificates, revocation, tokens, devices,
                                   requests */
    CA_ROLE_FACTORY = 1 << 5,   /* makes certificates and tokens */
    CA_ROLE_READ_ONLY = 1 << 6, /* sees certificates, devices, profiles, CAs */
    CA_ROLE_ALL = CA_ROLE_ADMIN | CA_ROLE_AUDITOR | CA_ROLE_REGISTRAR |
                  CA_ROLE_FACTORY | CA_ROLE_READ_ONLY
};

/* Writes "administrator,auditor", at most CA_ROLES_TEXT with a NUL; reads it:
 * 0 if a word is unknown or none. */
#define CA_ROLES_TEXT 64
void ca_roles_put(struct bm_wr *w, unsigned set);
unsigned ca_roles_parse(const char *words);

/* Who acts. Strings are the caller's. */
struct ca_actor {
    const char *name; /* as the ledger has it: "operator:first" */
    const char *mode; /* "direct", "api", "est" */
    struct store_scope scope;
    uint32_t organisation; /* on whose account */
    unsigned roles;        /* of operators */
    bool authority;        /* the authority acts by itself: no table */
};

/* What operators do. The table behind ca_authorise() has a row for each. */
enum ca_act {
    CA_ACT_CERT_ISSUE,
    CA_ACT_CERT_READ,
    CA_ACT_CERT_REVOKE,
    CA_ACT_CERT_IMPORT,
    CA_ACT_CA_READ,
    CA_ACT_CA_CRL, /* sign or load a revocation list */
    CA_ACT_DEVICE_READ,
    CA_ACT_DEVICE_SUSPEND, /* and resume */
    CA_ACT_PROFILE_READ,
    CA_ACT_TOKEN_CREATE,
    CA_ACT_TOKEN_READ,
    CA_ACT_TOKEN_REVOKE,
    CA_ACT_LEDGER_READ,
    CA_ACT_LEDGER_CHECKPOINT,
    CA_ACT_BACKUP,
    CA_ACT_RESTORE,
    CA_ACT_REQUEST_READ,
    CA_ACT_REQUEST_DECIDE,
    CA_ACT_OPERATOR_CREATE,
    CA_ACT_OPERATOR_READ,
    CA_ACT_OPERATOR_RENEW,   /* oneself */
    CA_ACT_OPERATOR_DISABLE, /* and enable */
    CA_ACT_EVENT_READ,
    CA_ACT_STATUS_READ,     /* of the service: who am I, how is it */
    CA_ACT_DEVICE_RENEW,    /* ask it to renew early */
    CA_ACT_CA_INSTALL,      /* make, install, import, replace and retire them */
    CA_ACT_FIRMWARE_RECORD, /* that firmware was signed */
    CA_ACT_RELEASE_CREATE,  /* and put the blobs that it names */
    CA_ACT_RELEASE_ASSIGN,
    CA_ACT_RELEASE_READ,
    CA_ACT_MANUFACTURER_CHANGE, /* make one known, remove one */
    CA_ACT_MANUFACTURER_EXPECT, /* say which devices of it come; its lists */
    CA_ACT_MANUFACTURER_READ,
    CA_ACT_ECOSYSTEM_CREATE,
    CA_ACT_ORGANISATION_CREATE,
    CA_ACT_ORGANISATION_RENAME,
    CA_ACT_ORGANISATION_SUSPEND, /* and resume */
    CA_ACT_ORGANISATION_READ,    /* and what it may have; ecosystems */
    CA_ACT_ALLOCATE,             /* profiles and quota */
    CA_ACT_VERSION_CHOOSE,       /* of a profile, for an organisation */
    CA_ACT_BATCH_CREATE,         /* and stop, go on with, fetch */
    CA_ACT_BATCH_READ,
    CA_ACT_BATCH_DECIDE, /* approve and reject */
    CA_ACT_BATCH_REVOKE,
    CA_ACT_RENEWAL_PULL,    /* forward, and let go */
    CA_ACT_DEVICE_SHIP,     /* say that devices are in stock, or shipped */
    CA_ACT_DEVICE_EXPECT,   /* one, or those of a file */
    CA_ACT_DEVICE_DESCRIBE, /* set what is on record of it */
    CA_ACT_DEVICE_END,      /* revoke, retire */
    CA_ACT_TRANSFER_OFFER,  /* devices, and withdraw that */
    CA_ACT_TRANSFER_ANSWER, /* accept and refuse what is offered */
    CA_ACT_TRANSFER_READ,
    CA_ACT_DESTINATION_CHANGE, /* make, remove, enable and disable one */
    CA_ACT_DESTINATION_RETRY,  /* try it; what was given up */
    CA_ACT_DESTINATION_READ,
    CA_ACT_COUNT
};

/* BM_E_CA_FORBIDDEN, naming the act and the roles that may. */
BM_MUST_CHECK bm_status ca_authorise(const struct ca_actor *actor,
                                     enum ca_act act, struct ca_refusal *why);

/*
 * The profile of that name, in its current version, bound to the CA with the
 * id `issuer` (NULL: any); NULL when there is none.
 */
const struct ca_bound *ca_profile_find(const struct ca *ca, const char *name,
                                       const char *issuer);

/* The one of that name that was put aside, or NULL. */
const struct ca_aside *ca_profile_aside(const struct ca *ca, const char *name);

/* Say why there is no such profile: BM_E_CA_UNAVAILABLE for one that was put
 * aside, else BM_E_NOT_FOUND. */
BM_MUST_CHECK bm_status ca_profile_missing(const struct ca *ca,
                                           const char *name,
                                           struct ca_refusal *why);

#endif
