/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_INTERNAL_H
#define BM_CA_INTERNAL_H

#include "ca/authority.h"
#include "ca/event_kind.h"
#include "ca/import.h"
#include "ca/issue.h"
#include "ca/revoke.h"

/*
 * Between the acts of the authority. How each is written:
 *
 *     BM_TRY(ca_begin(ca, now, why));
 *     rc = what is checked and written;
 *     return ca_end(ca, rc, now, why);
 */

struct ca_slot;          /* issue.c */
struct ca_pull_patterns; /* pull_pattern.c */
struct ca_pattern;

/* Serial numbers whose random octets are drawn at a time. */
#define CA_SERIALS       64
#define CA_SERIAL_RANDOM 10

struct ca {
    struct ca_config c;
    bool read_only;
    bool restored; /* nothing is signed until a checkpoint was shown */
    bool recover;  /* something may be signed that is not on record */
    bool dirty;    /* the transaction has written */
    bool finding;  /* between ca_find_begin() and ca_find_end() */
    int64_t clock; /* of the last commit */
    int64_t noted; /* when a checkpoint was last signed */
    int64_t serial_ms;
    size_t serials; /* how many there are random octets for */
    uint8_t serial_random[CA_SERIALS][CA_SERIAL_RANDOM];
    uint64_t abandoned;
    uint64_t revocations;           /* and holds, and releases */
    struct ca_slot *slots;          /* CA_GROUP_MAX of them, once needed */
    struct ca_batch_run *batch;     /* how far batches are, or NULL */
    struct ca_pull_patterns *pulls; /* those that were used, or NULL */
    uint32_t asked;                 /* events that destinations ask for: bits
                                       of enum ca_asked; or this: */
#define CA_ASKED_UNKNOWN UINT32_MAX
    struct ca_asking *asking; /* who does (asked.c), or NULL */
};

/* Names of settings in the store. */
#define CA_SETTING_CLOCK    "clock"
#define CA_SETTING_RESTORED "restored" /* empty: not any more */
#define CA_SETTING_CRL \
    "crl-floor/" /* and the id of a CA: numbers up to
                                            this one are not used again */

/* Scope of the authority itself. */
extern const struct store_scope ca_everything;

/*
 * A write transaction. ca_begin() recovers first if need be, and refuses a
 * clock that was set back. ca_end() commits if `rc` is BM_OK and something
 * was written, rolls back otherwise, and returns what the act returns.
 */
BM_MUST_CHECK bm_status ca_begin_as(struct ca *ca, enum store_mode mode,
                                    int64_t now, struct ca_refusal *why);
BM_MUST_CHECK static inline bm_status ca_begin(struct ca *ca, int64_t now,
                                               struct ca_refusal *why)
{
    return ca_begin_as(ca, STORE_WRITE, now, why);
}
/* The same for what is without a record and can be had again: it is durable
 * with the next transaction that is not of this kind (STORE_WRITE_SOON). */
BM_MUST_CHECK static inline bm_status ca_begin_soon(struct ca *ca, int64_t now,
                                                    struct ca_refusal *why)
{
    return ca_begin_as(ca, STORE_WRITE_SOON, now, why);
}
BM_MUST_CHECK bm_status ca_end(struct ca *ca, bm_status rc, int64_t now,
                               struct ca_refusal *why);

/*
 * Instead of ca_begin() on a store that is restored from a backup, and on no
 * other (BM_E_ARGUMENT).
 */
BM_MUST_CHECK bm_status ca_begin_restored(struct ca *ca, int64_t now,
                                          struct ca_refusal *why);

/* In a write transaction: put on record as abandoned, and revoke, what the
 * journal has and no row knows; how many certificates. */
BM_MUST_CHECK bm_status ca_put_unrecorded(struct ca *ca, int64_t now,
                                          uint64_t *abandoned);

/* In a write transaction: ca_import() without the rest. */
BM_MUST_CHECK bm_status ca_put_imports(struct ca *ca,
                                       const struct ca_actor *actor,
                                       const struct ca_import *imports,
                                       size_t n, int64_t now,
                                       struct ca_imported *imported,
                                       struct ca_refusal *why);

/* In a write transaction: revoke what a list says that was published since,
 * see ca_resume(); adds to `*listed`. */
BM_MUST_CHECK bm_status ca_put_list(struct ca *ca, const struct ca_actor *actor,
                                    struct bm_bytes der, int64_t now,
                                    struct ca_listed *listed,
                                    struct ca_refusal *why);

/* How the text of the record of a certificate begins that is known from a
 * list alone: the signer's journal need not have it. */
#define CA_ABANDONED_LISTED "listed by CRL "

/* In a write transaction: CRL numbers of a CA up to this one have been used;
 * and, `n` more are passed over. */
BM_MUST_CHECK bm_status ca_crl_used(struct ca *ca, const char *id,
                                    uint64_t number);
BM_MUST_CHECK bm_status ca_crl_skip(struct ca *ca, const char *id, uint64_t n);

/* In a write transaction: no delta counts from a list that was made until
 * now, since others may have been published that nobody knows of. */
BM_MUST_CHECK bm_status ca_crl_forget_bases(struct ca *ca, const char *id,
                                            uint32_t shards);

/*
 * Messages for devices that have versions (message.c): trust bundles and
 * delivery manifests, each kind with versions of its own (ca_version_floor()).
 * In a write transaction: versions up to this one have been used; and, `n` more
 * are passed over.
 */
BM_MUST_CHECK bm_status ca_version_used(struct ca *ca,
                                        enum ca_journal_kind kind,
                                        uint64_t version);
BM_MUST_CHECK bm_status ca_version_skip(struct ca *ca,
                                        enum ca_journal_kind kind, uint64_t n);

/* In any transaction: nextUpdate of one that is made now.
 * BM_E_CA_UNAVAILABLE: nobody could sign it. */
BM_MUST_CHECK bm_status ca_message_end(struct ca *ca, int64_t now, int64_t *end,
                                       struct ca_refusal *why);

/*
 * Have one signed, appended to `message`, and put on record in a transaction
 * of its own: `record` does so. ca_begin() has been tried before: nothing may
 * be signed that it would refuse.
 */
struct ca_message {
    enum ca_journal_kind kind;
    struct bm_bytes content;
    void *arg;
    bm_status (*record)(struct ca *ca, void *arg, int64_t now,
                        struct bm_bytes message);
};
BM_MUST_CHECK bm_status ca_message_sign(struct ca *ca,
                                        const struct ca_message *m, int64_t now,
                                        struct bm_wr *message,
                                        struct ca_refusal *why);

/*
 * In a write transaction: put a trust bundle on record, whose version is used
 * by that. And: `n` versions are passed over, and the last bundle of each list
 * is none any more.
 */
#define CA_BUNDLE_LOST "abandoned" /* the text of its record */
struct ca_bundle_entry {
    uint32_t list; /* 0: it was signed for some list, and never handed out */
    uint64_t version;
    const uint8_t *hash; /* of its content */
};

/* Is this what the record of a pull says of it? And: what the record of a batch
 * says in words of its row. */
#define CA_PULL_MADE "pulled" /* how that of one in force begins */
bool ca_pull_is_said(const struct store_pull *row, struct bm_bytes words);
#define CA_BATCH_WORDS (STORE_NAME_MAX + 32)
void ca_batch_words(enum store_batch_state state, const char *reason,
                    char text[CA_BATCH_WORDS]);

/* "ecosystem 2": as records have it. And back; 0: it is not that. */
#define CA_ECOSYSTEM_TEXT 24
const char *ca_ecosystem_text(uint32_t ecosystem, char text[CA_ECOSYSTEM_TEXT]);
uint32_t ca_ecosystem_of_text(struct bm_bytes text);
BM_MUST_CHECK bm_status ca_bundle_record(struct ca *ca,
                                         const struct ca_actor *actor,
                                         const struct ca_bundle_entry *entry,
                                         int64_t now);
BM_MUST_CHECK bm_status ca_bundle_skip(struct ca *ca, uint64_t n);

/* In a write transaction: revoke a token. */
BM_MUST_CHECK bm_status ca_put_token_end(struct ca *ca,
                                         const struct ca_actor *actor,
                                         struct store_token *token,
                                         int64_t now);

/*
 * The same for what was signed within or before the transaction: if it does
 * not come to be, the next ca_begin() recovers. From the signature on until
 * this, ca->recover is set.
 */
BM_MUST_CHECK bm_status ca_end_signed(struct ca *ca, bm_status rc, int64_t now,
                                      struct ca_refusal *why);

/* What every record has: fills kind, time, actor, mode, organisation. */
struct ca_record ca_record_of(enum ca_record_kind kind,
                              const struct ca_actor *actor, int64_t now);

/* Append to the ledger, in a write transaction. `head` and `leaf` (may be
 * NULL): where it is. */
BM_MUST_CHECK bm_status ca_put_record(struct ca *ca,
                                      const struct ca_record *record,
                                      uint32_t *tree, uint64_t *leaf);

/* Refuses with BM_E_LIMIT: the name of that device is too long for a manifest
 * (release.c). */
BM_MUST_CHECK bm_status ca_refuse_name(struct ca_refusal *why,
                                       const char *name);

/* ca_authorise(), and no for whoever sees one organisation alone, not his own:
 * of what organisations name, he has none. */
BM_MUST_CHECK bm_status ca_authorise_own(const struct ca_actor *actor,
                                         enum ca_act act,
                                         struct ca_refusal *why);

/* A name that an organisation gives: a-z, 0-9, '.' and '-', which the first
 * two do not begin. */
bool ca_is_name(const char *name);

/* What hashes are made of: a number in four octets; how many, and octets. */
void ca_wr_number(struct bm_wr *w, uint32_t v);
void ca_wr_octets(struct bm_wr *w, struct bm_bytes b);

/* Views of strings. */
struct bm_bytes ca_text(const char *s);

/* A row with its own memory for the serial number; `der` is left out. */
struct ca_cert_row {
    struct store_cert row;
    uint8_t serial[STORE_SERIAL_MAX];
};
void ca_keep_row(struct ca_cert_row *kept, const struct store_cert *row);

/*
 * Find the certificate `der` among ours: same octets, whatever its status.
 * BM_E_NOT_FOUND. `*row` has views into the store.
 */
BM_MUST_CHECK bm_status ca_find_der(struct ca *ca, struct bm_bytes der,
                                    struct store_cert *row);

/* In a write transaction: put a certificate among the revoked ones. Changes
 * `row` and writes it, its CRL entry and its record. */
BM_MUST_CHECK bm_status ca_put_revocation(struct ca *ca,
                                          const struct ca_actor *actor,
                                          struct store_cert *row,
                                          uint8_t reason, int64_t now);

/* The same with an invalidityDate: `revocation` without CA and serial. */
BM_MUST_CHECK bm_status ca_put_revocation_since(
    struct ca *ca, const struct ca_actor *actor, struct store_cert *row,
    const struct ca_revocation *revocation, int64_t now);

/*
 * In a write transaction: an authenticated use of the certificate `row`. See
 * ca_seen() for what it returns; changes `row`. Where several may be active a
 * replaced one is still good, but not for renewing it.
 */
struct ca_usage {
    int64_t now;
    bool renewing;
};
BM_MUST_CHECK bm_status ca_use(struct ca *ca, const struct ca_actor *actor,
                               const struct ca_usage *usage,
                               struct store_cert *row, struct ca_refusal *why);

/*
 * In any transaction: may the certificate `row` be used? As ca_use(), of which
 * nothing is written: a pending one is not confirmed, a fork not recorded.
 */
BM_MUST_CHECK bm_status ca_usable(struct ca *ca, const struct store_cert *row,
                                  int64_t now, struct ca_refusal *why);

/* In any transaction: when a device was asked to renew early, or CA_NOT_ASKED
 * (device.h). */
BM_MUST_CHECK bm_status ca_device_asked(struct ca *ca, uint64_t device,
                                        int64_t *when);

/* BM_E_CA_STATUS: nothing is signed with this certificate, which is revoked, on
 * hold, or out of its time (firmware.c). */
BM_MUST_CHECK bm_status ca_check_signer(const struct store_cert *row,
                                        int64_t now, struct ca_refusal *why);

/* In any transaction, in the actor's scope. BM_E_NOT_FOUND. */
BM_MUST_CHECK bm_status ca_find_device(struct ca *ca,
                                       const struct ca_actor *actor,
                                       uint32_t organisation, const char *name,
                                       struct store_device *device,
                                       struct ca_refusal *why);

/* In a write transaction: put a device that is in another state now. */
BM_MUST_CHECK bm_status ca_put_device_state(struct ca *ca,
                                            const struct ca_actor *actor,
                                            struct store_device *device,
                                            int64_t now);

/* In a write transaction: suspend the device and hold its certificates. */
BM_MUST_CHECK bm_status ca_suspend(struct ca *ca, const struct ca_actor *actor,
                                   struct store_device *device, int64_t now);

/*
 * In a write transaction: revoke all certificates of a device that are good or
 * on hold, those that organisations before gave it among them; `not_identity`:
 * but for what profiles of identities gave.
 */
struct ca_ending {
    uint8_t reason;
    bool not_identity;
};
BM_MUST_CHECK bm_status ca_end_certs(struct ca *ca,
                                     const struct ca_actor *actor,
                                     const struct store_device *device,
                                     const struct ca_ending *ending,
                                     int64_t now);

/* Does this profile give identities of birth? */
bool ca_is_identity(const struct ca *ca, const char *profile);

/* In a write transaction: lift the hold of `row`, which has one. */
BM_MUST_CHECK bm_status ca_put_release(struct ca *ca,
                                       const struct ca_actor *actor,
                                       struct store_cert *row, int64_t now);

/*
 * In a write transaction: claim that `what` happened to `whom`, for good.
 * BM_E_EXISTS when it has: strangers who can make something happen again and
 * again are written down once. `ref` is for whoever looks at the claims.
 */
BM_MUST_CHECK bm_status ca_put_once(struct ca *ca, const char *what,
                                    struct bm_bytes whom, uint64_t ref);

/* In a write transaction. `kind` is of event_kind.h: BM_E_ARGUMENT. */
BM_MUST_CHECK bm_status ca_put_event(struct ca *ca, const char *kind,
                                     uint32_t organisation, uint64_t device,
                                     int64_t now, const char *text);
/* Drop the oldest of a device, or of no device of an organisation, beyond what
 * is kept; what a destination wanted and was not given is counted there. */
BM_MUST_CHECK bm_status ca_events_forget(struct ca *ca, uint32_t organisation,
                                         uint64_t device);

/*
 * In a write transaction: something was done that the ledger has. Where nobody
 * asks for events of it, nothing is written, and this is one comparison.
 * `renews`: serial number of the one that is renewed, or empty.
 */
BM_MUST_CHECK bm_status ca_tell_cert_asked(struct ca *ca, enum ca_asked kind,
                                           const struct store_cert *row,
                                           struct bm_bytes renews, int64_t now);
static inline bm_status ca_tell_cert(struct ca *ca, enum ca_asked kind,
                                     const struct store_cert *row,
                                     struct bm_bytes renews, int64_t now)
{
    return ca->asked == 0 ? BM_OK
                          : ca_tell_cert_asked(ca, kind, row, renews, now);
}
BM_MUST_CHECK bm_status ca_tell_batch(struct ca *ca,
                                      const struct store_batch *batch,
                                      int64_t now);
/* `device` may be 0: it is not known yet. */
BM_MUST_CHECK bm_status ca_tell_request(struct ca *ca,
                                        const struct store_request *row,
                                        uint64_t device, int64_t now);
/* A destination was made or removed, perhaps: who asks is read again. */
void ca_asked_changed(struct ca *ca);

/* In a write transaction: put an operator's row, with its record. */
BM_MUST_CHECK bm_status ca_put_operator(struct ca *ca,
                                        const struct ca_actor *actor,
                                        const struct store_operator *row,
                                        int64_t now);

/* In any transaction: would no administrator be left if the certificate `id`,
 * or the operator of that name, were no more? Then BM_E_CA_LAST. */
BM_MUST_CHECK bm_status ca_keep_administrator(struct ca *ca, uint64_t id,
                                              const char *name, int64_t now,
                                              struct ca_refusal *why);

/* In any transaction: is the certificate `id` that of an operator whom the
 * actor could not disable? Then BM_E_CA_FORBIDDEN. */
BM_MUST_CHECK bm_status ca_check_operator_cert(struct ca *ca,
                                               const struct ca_actor *actor,
                                               uint64_t id,
                                               struct ca_refusal *why);

/* The issued certificates of slots; for ca_close(). */
void ca_slots_free(struct ca_slot *slots);
void ca_batch_run_free(struct ca *ca);
void ca_pull_patterns_free(struct ca_pull_patterns *all);

/* Its pattern of names of devices, which it has; good until the next call. */
BM_MUST_CHECK bm_status ca_pull_pattern(struct ca *ca,
                                        const struct store_pull *pull,
                                        const struct ca_pattern **out);

/* In a write transaction: revoke `row`, which is not yet, as ca_revoke() does,
 * a pending renewal included. */
BM_MUST_CHECK bm_status ca_put_end(struct ca *ca, const struct ca_actor *actor,
                                   struct store_cert *row, uint8_t reason,
                                   int64_t now);

/* Is that a reason to revoke a certificate for? */
BM_MUST_CHECK bm_status ca_check_reason(uint8_t reason, struct ca_refusal *why);

/* ca_find_idevid() (manufacturer.h), in any transaction. */
struct ca_shown;
struct ca_idevid;
BM_MUST_CHECK bm_status ca_judge_idevid(struct ca *ca,
                                        const struct ca_shown *shown,
                                        int64_t now, struct ca_idevid *idevid,
                                        struct ca_refusal *why);

/* Hexadecimal digits, for words: at most `cap` with NUL. */
void ca_hex(struct bm_bytes b, char *text, size_t cap);
#define CA_SERIAL_TEXT (2 * STORE_SERIAL_MAX + 1)

#endif
