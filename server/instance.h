/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_INSTANCE_H
#define BM_SERVER_INSTANCE_H

#include "ca/authority.h"
#include "ca/bad_keys.h"
#include "ca/bundle.h"
#include "ca/local_signer.h"
#include "ca/operator.h"
#include "ca/revoke.h"
#include "files/files.h"
#include "server/key_folder.h"
#include "server/settings.h"
#include "server/waiting.h"

/*
 * An instance: a directory that holds an authority, opened.
 *
 *   birthmark.yaml   how it is run           profiles/   what may be issued
 *   birthmark.db     the store               versions/   profiles as they were
 *   keys/            sealed private keys
 *   ca/              certificates, PEM       journal/    the signer's journal
 *   crl/             lists as published      ledger/     tiles and checkpoint
 *   ledger.pub       the ledger's key        operator/   the first operator
 *   run/lock         held by who writes      root/       the cold root: to be
 *                                                        carried away
 *
 * Opened for reading it needs no secret and no lock, and works beside a
 * server. Opened for writing it holds run/lock, has been unlocked, and what
 * an earlier process left unfinished has been put in order. The other modes
 * are the parts of a server, each with no more than its task needs.
 */

/* Generations included; each costs a key in memory. */
#define INSTANCE_CAS_MAX 32

/* Profiles of one instance, earlier versions at which organisations stay
 * included: more than three times what ships. */
#define INSTANCE_PROFILES_MAX 128

enum instance_mode {
    INSTANCE_READ,
    INSTANCE_WRITE,
    /* The store, and no key. The lock is held by whoever started the server;
     * instance_start() brings the signer, and before it there is no `ca`. */
    INSTANCE_ISSUER,
    /* Keys and journal. The store is read, and closed before this returns; so
     * is keys/. Of responders' certificates only those are signed whose keys
     * were announced: instance_expect(). */
    INSTANCE_SIGNER,
    /* The store, for reading, and the OCSP responders' keys. */
    INSTANCE_STATUS,
    INSTANCE_MODES
};

struct instance_ca {
    struct store_ca row; /* its views are into `der` and `ocsp_der` */
    uint32_t list;       /* that alone names it (ca/bundle.h); 0: each */
    struct bm_cert cert;
    struct bm_cert ocsp_cert;
    struct bm_key *key; /* INSTANCE_WRITE, _SIGNER; only where it is ours */
    struct bm_key *ocsp_key; /* INSTANCE_WRITE, _STATUS */
    uint8_t *der;
    uint8_t *ocsp_der;
};

/* Who signs trust bundles (ca/bundle.h). */
struct instance_bundle {
    char key_uri[BM_KEY_URI_MAX]; /* "": nobody does yet */
    char ca[STORE_ID_MAX];        /* id of the issuer */
    struct bm_cert cert;
    struct bm_key *key; /* INSTANCE_WRITE, _SIGNER */
    uint8_t *der;       /* of `cert`, and the CAs above it */
    size_t der_n;
};

struct instance; /* the struct is below: its members are for reading */

/*
 * Open. BM_E_NOT_FOUND: no instance there; BM_E_BUSY: somebody else writes;
 * BM_E_KEYS_...: not unlocked; BM_E_CONFIG_..., BM_E_PROFILE...: with the file
 * and line in `why`. On error `*instance` is NULL.
 */
BM_MUST_CHECK bm_status instance_open(const char *dir, enum instance_mode mode,
                                      const struct instance_port *port,
                                      int64_t now, struct instance **instance,
                                      struct ca_refusal *why);
void instance_close(struct instance *instance); /* NULL is fine */

/*
 * INSTANCE_WRITE: read CAs, profiles and what waits again, which have changed
 * under it, without letting go of the lock or asking for the secret. What was
 * borrowed of them before is gone. On error it can only be closed.
 */
BM_MUST_CHECK bm_status instance_reload(struct instance *instance, int64_t now,
                                        struct ca_refusal *why);

/*
 * INSTANCE_ISSUER: open the authority with this signer, or again with one
 * that was started anew: nothing that the earlier one was asked for is still
 * to be done. Puts on record what was signed and not committed, as
 * instance_open() does for writing. On error there is no `ca`.
 */
BM_MUST_CHECK bm_status instance_start(struct instance *instance,
                                       const struct ca_signer *signer,
                                       int64_t now, struct ca_refusal *why);

/* INSTANCE_SIGNER: a responder's certificate for this key (SHA-256 of its
 * SubjectPublicKeyInfo) will be asked for. The last few are remembered. */
#define INSTANCE_EXPECTED_MAX (2 * INSTANCE_CAS_MAX)
void instance_expect(struct instance *instance, const uint8_t key[32]);

/*
 * Who acts in direct mode: the operator whose certificate is in operator/,
 * if it is one of ours, good, and has roles. Never more than the store says.
 * The actor views the instance.
 */
BM_MUST_CHECK bm_status instance_actor(struct instance *instance, int64_t now,
                                       struct ca_actor *actor,
                                       struct ca_refusal *why);

/*
 * Who has the directory and its unlock secret can make an operator when every
 * operator's certificate is lost or has expired: ca_operator_create() as this
 * actor, which the ledger tells from all others.
 */
extern const struct ca_actor instance_break_glass;

/*
 * While there is no operations CA there can be no operator, and until the
 * first one has been made, who has the directory may set it up, and do nothing
 * else: this actor, which the ledger tells from all others, too.
 */
extern const struct ca_actor instance_founder;
/* `finished`: also with the files of the first operator, which are carried
 * away later. */
BM_MUST_CHECK bm_status instance_is_founded(const struct instance *instance,
                                            bool finished, bool *founded);

/* The CA with this id, or of this name, active, and of the highest
 * generation: what a profile means. */
const struct instance_ca *instance_find_ca(const struct instance *instance,
                                           const char *id);

/* Is it a CA's, and has it no certificate yet? An interrupted install leaves
 * the file of one that has. */
bool instance_is_waiting(const struct instance *instance,
                         const struct waiting_key *waiting);

/*
 * A CA whose taking over was interrupted, or NULL. What it has revoked may not
 * be on record yet: nobody may sign a list in its name before it is, so that
 * such an instance is not served.
 */
const char *instance_unfinished(const struct instance *instance);

/* The instance's own organisation: the first. BM_E_NOT_FOUND. */
BM_MUST_CHECK bm_status instance_organisation(const struct instance *instance,
                                              uint32_t *id);

/* Why no CA of this name signs now: "CA issuing waits for its certificate:
 * birthmark ca install"; false if there is none and none is to come. */
bool instance_says_why(const struct instance *instance, const char *name,
                       char words[CA_ASIDE_WORDS_MAX]);

/* The CA with exactly this id: of a name, the first generation. */
const struct instance_ca *instance_get_ca(const struct instance *instance,
                                          const char *id);

/* Put the certificates that lead from the CA with this id to its root, which
 * is left out, and with `links` on to other roots, DER after DER. BM_E_LIMIT,
 * BM_E_BUFFER. */
BM_MUST_CHECK bm_status instance_put_chain(const struct instance *instance,
                                           const char *id, bool links,
                                           struct bm_wr *w);

/*
 * How many shards certificates of this CA may name: as many as the settings
 * ever said (docs/status.md). The second is for a start, before anything is
 * issued: it puts the number on record.
 */
uint32_t instance_shards(const struct instance *instance,
                         const struct instance_ca *ca);
BM_MUST_CHECK bm_status instance_note_shards(struct instance *instance,
                                             int64_t now,
                                             struct ca_refusal *why);

/*
 * Make a list of a CA and put it where it is found: crl/ID.crl and so on
 * (ca/lists.h).
 */
BM_MUST_CHECK bm_status instance_make_list(struct instance *instance,
                                           const struct ca_actor *actor,
                                           const struct ca_list *list,
                                           int64_t now, struct ca_refusal *why);
/* The same of the delta; BM_OK, too, where it has nothing to count from. */
BM_MUST_CHECK bm_status instance_make_delta(struct instance *instance,
                                            const struct ca_actor *actor,
                                            const char *id, int64_t now,
                                            struct ca_refusal *why);

/*
 * Make the complete list of a CA, its delta, and those of its shards whose
 * time has come or that do not tell all.
 */
BM_MUST_CHECK bm_status instance_make_crl(struct instance *instance,
                                          const struct ca_actor *actor,
                                          const char *id, int64_t now,
                                          struct ca_refusal *why);

/* Take in the complete list of a CA that was made elsewhere (ca_crl_load()),
 * and put it at crl/ID.crl of each CA that has this key and name. */
BM_MUST_CHECK bm_status instance_load_crl(struct instance *instance,
                                          const struct ca_actor *actor,
                                          const char *id, struct bm_bytes der,
                                          int64_t now, struct ca_refusal *why);

/*
 * Give a CA an OCSP responder: a fresh key and a certificate for it, unless
 * it has one with more than a third of its life left that is not revoked.
 */
BM_MUST_CHECK bm_status instance_renew_ocsp(struct instance *instance,
                                            const char *id, int64_t now,
                                            struct ca_refusal *why);

/* From now on the OCSP responder of a CA has this certificate, which was
 * issued to it, and its key lies there. The key itself is not opened. */
BM_MUST_CHECK bm_status instance_set_responder(struct instance *instance,
                                               const char *id,
                                               const char *key_uri,
                                               struct bm_bytes der, int64_t now,
                                               struct ca_refusal *why);

/*
 * The same of what signs trust bundles: a fresh key and a certificate of the
 * operations CA. BM_OK, too, where there is no such CA yet.
 */
BM_MUST_CHECK bm_status instance_renew_bundle_signer(struct instance *instance,
                                                     int64_t now,
                                                     struct ca_refusal *why);
BM_MUST_CHECK bm_status instance_set_bundle_signer(struct instance *instance,
                                                   const char *key_uri,
                                                   struct bm_bytes der,
                                                   int64_t now,
                                                   struct ca_refusal *why);

/*
 * Make a trust bundle of a list (ca/bundle.h) and put it where it is found.
 * And: put the last one of each list there as it is on record, so that file
 * and store say the same; make one for each list whose last one does not tell
 * all any more, or that has none; and make one for each.
 */
BM_MUST_CHECK bm_status instance_make_bundle(struct instance *instance,
                                             const struct ca_actor *actor,
                                             uint32_t list, int64_t now,
                                             struct ca_refusal *why);
BM_MUST_CHECK bm_status instance_put_bundles(struct instance *instance,
                                             struct ca_refusal *why);
BM_MUST_CHECK bm_status instance_renew_bundles(struct instance *instance,
                                               const struct ca_actor *actor,
                                               int64_t now,
                                               struct ca_refusal *why);
BM_MUST_CHECK bm_status instance_make_bundles(struct instance *instance,
                                              const struct ca_actor *actor,
                                              int64_t now,
                                              struct ca_refusal *why);

/* Where it is found, below the instance: "crl/trust.bundle" of the first list,
 * "crl/trust-2.bundle" of another. */
#define INSTANCE_BUNDLE_FILE_MAX 32
void instance_bundle_file(uint32_t list, char name[INSTANCE_BUNDLE_FILE_MAX]);

/* The list with the least number above `*list`, in a read transaction;
 * BM_E_END. */
BM_MUST_CHECK bm_status instance_next_list(struct instance *instance,
                                           uint32_t *list);

/*
 * From now on a CA signs lists and OCSP answers alone; a root, and what others
 * say of it and it of others, is not handed out any more. BM_E_NOT_FOUND;
 * BM_E_CA_UNAVAILABLE: it is retired; BM_E_CA_LAST: no other one does what it
 * does for operators, or leads to a root. Reload afterwards.
 */
BM_MUST_CHECK bm_status instance_retire_ca(struct instance *instance,
                                           const struct ca_actor *actor,
                                           const char *id, int64_t now,
                                           struct ca_refusal *why);

/* Sign a checkpoint if there is something new, and publish ledger/. */
BM_MUST_CHECK bm_status instance_publish(struct instance *instance, int64_t now,
                                         struct ca_refusal *why);

struct instance {
    char dir[FILES_PATH_MAX];
    enum instance_mode mode;
    struct instance_port port;
    struct settings settings;
    struct store *store;
    struct ca *ca;
    struct ca_ledger *ledger;
    struct instance_ca cas[INSTANCE_CAS_MAX];
    size_t cas_n;
    struct instance_bundle bundle;
    struct ca_bound profiles[INSTANCE_PROFILES_MAX];
    size_t profiles_n;
    /* Profiles that are in order, and cannot be issued by as things stand. */
    struct ca_aside aside[INSTANCE_PROFILES_MAX];
    size_t aside_n;
    struct waiting_list waiting; /* not with INSTANCE_STATUS */
    struct ca_signer *signer;    /* INSTANCE_WRITE, INSTANCE_SIGNER */

    /* The rest is private. */
    char journal_dir[FILES_PATH_MAX];
    int lock;
    struct key_folder keys; /* INSTANCE_WRITE */
    struct bm_key *ledger_key;
    struct ca_journal *journal;
    struct ca_bad_keys *bad_keys;
    struct ca_signer_ca signer_cas[INSTANCE_CAS_MAX];
    const struct ca_profile *signer_profiles[INSTANCE_PROFILES_MAX];
    struct ca_operator operator_shown;         /* by instance_actor() */
    struct bm_bytes anchors[INSTANCE_CAS_MAX]; /* of bundles: for the signer */
    struct ca_signer_listed members[INSTANCE_CAS_MAX];
    struct ca_signer_listed withdrawn[INSTANCE_CAS_MAX];
    struct ca_signer_listed cross[INSTANCE_CAS_MAX];
    uint8_t expected[INSTANCE_EXPECTED_MAX][32];
    size_t expected_n; /* since the start */
};

#endif
