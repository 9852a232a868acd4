/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_STORE_H
#define BM_STORE_STORE_H

#include "store/batch_rows.h"
#include "store/release_rows.h"
#include "store/renewal_rows.h"
#include "store/transfer_rows.h"

/*
 * What the authority remembers: one interface, of which sqlite.h is the first
 * implementation. It knows rows (rows.h) and their order, nothing of X.509:
 * what may be written when is ca/'s to say.
 *
 * Scope. Every row carries its organisation, or belongs to a row that does, and
 * every query takes a scope, or the row that others belong to: rows outside of
 * it do not exist for the caller (BM_E_NOT_FOUND), so that the existence of a
 * neighbour's device cannot be probed. Uniqueness, on the other hand, is for
 * all: claims have no scope.
 *
 * Transactions. Reads and writes happen between begin() and commit() or
 * rollback(); a read transaction is a snapshot, whatever is committed
 * meanwhile. There is one writer at a time: begin(STORE_WRITE) waits for it
 * (BM_E_BUSY after STORE_WAIT_MS). BM_OK of commit() means durable; after any
 * other result of it nothing is known but that the transaction is over. For
 * what can be had again there is STORE_WRITE_SOON: it is durable with the next
 * commit of STORE_WRITE; when power fails before, it is as if it had never been
 * begun, and neither had those of its kind after it. After
 * any failed write the transaction can only be rolled back: every call says
 * why. A call outside of the transaction that it needs is BM_E_STORE_STATE.
 *
 * Views in rows handed out live until the next call on the same store, those
 * handed to a visitor until it returns. A handle serves one thread.
 *
 * Every function returns BM_E_STORE, BM_E_IO, BM_E_FULL, BM_E_MEMORY or
 * BM_E_STORE_CORRUPT when the medium fails, besides what it names.
 */

#define STORE_WAIT_MS 10000

/*
 * A walk that is pulled, for CRLs: ordered by serial number's octets. Other
 * calls may happen meanwhile. It ends with its transaction: BM_E_STORE_STATE
 * from then on, until it is closed.
 */
struct store_revocations;

struct store {
    void *self;

    bm_status (*begin)(void *self, enum store_mode mode);
    bm_status (*commit)(void *self);
    void (*rollback)(void *self); /* fine when nothing was begun */

    /* Small things by name: state that has no table. NOT_FOUND. */
    bm_status (*setting_get)(void *self, const char *name,
                             struct bm_bytes *value);
    bm_status (*setting_put)(void *self, const char *name,
                             struct bm_bytes value);

    /* A new one (id 0), or its name. */
    bm_status (*ecosystem_put)(void *self, struct store_ecosystem *row);
    /* Those of the scope: of an organisation, the one that it is in. */
    bm_status (*ecosystem_list)(void *self, const struct store_scope *scope,
                                const struct store_visit *visit);
    /* A new one (id 0), or its name, and whether it is suspended. */
    bm_status (*organisation_put)(void *self, struct store_organisation *row);
    bm_status (*organisation_get)(void *self, const struct store_scope *scope,
                                  uint32_t id, struct store_organisation *row);
    bm_status (*organisation_list)(void *self, const struct store_scope *scope,
                                   const struct store_visit *visit);

    /* Put, or change. CONFLICT: it is limited, and more is gone than that. */
    bm_status (*allocation_put)(void *self, const struct store_allocation *row);
    bm_status (*allocation_get)(void *self, uint32_t organisation,
                                const char *profile,
                                struct store_allocation *row);
    /* By profile; organisation 0: of all of them. */
    bm_status (*allocation_list)(void *self, uint32_t organisation,
                                 const struct store_visit *visit);

    /* CONFLICT: there is one of this number. */
    bm_status (*version_put)(void *self, const struct store_version *row);
    /* version 0: the last one. */
    bm_status (*version_get)(void *self, const char *profile, uint32_t version,
                             struct store_version *row);
    /* Without their texts. */
    bm_status (*version_list)(void *self, const char *profile,
                              const struct store_visit *visit);

    bm_status (*ca_put)(void *self, const struct store_ca *row); /* or change */
    bm_status (*ca_get)(void *self, const struct store_scope *scope,
                        const char *id, struct store_ca *row);
    bm_status (*ca_list)(void *self, const struct store_scope *scope,
                         const struct store_visit *visit);

    bm_status (*crl_put)(void *self, const struct store_crl *row);
    bm_status (*crl_get)(void *self, const char *ca, uint32_t list,
                         struct store_crl *row);
    /* The highest number of all lists of a CA; 0: none. */
    bm_status (*crl_number)(void *self, const char *ca, uint64_t *number);

    /* A new device (id 0; BM_E_STORE_CONFLICT when the name is taken), or a
     * changed one: state, resume, changed, line, came. */
    bm_status (*device_put)(void *self, struct store_device *row);
    bm_status (*device_get)(void *self, const struct store_scope *scope,
                            uint64_t id, struct store_device *row);
    bm_status (*device_find)(void *self, uint32_t organisation,
                             const char *name, struct store_device *row);
    /* Ordered by id, those above `after`. */
    bm_status (*device_list)(void *self, const struct store_scope *scope,
                             uint64_t after, const struct store_visit *visit);

    /* The first device of an organisation in this state with an id from `*id`
     * on. NOT_FOUND. */
    bm_status (*device_next)(void *self, uint32_t organisation,
                             enum store_device_state state, uint64_t *id);

    /* Those of a line, which is not 0, in the order of their ids. */
    bm_status (*device_line)(void *self, uint64_t line,
                             const struct store_visit *visit);

    /* A new transfer (id 0), or a changed one: state, decided, decider,
     * profile, reason. */
    bm_status (*transfer_put)(void *self, struct store_transfer *row);
    /* To its giver and its receiver. */
    bm_status (*transfer_get)(void *self, const struct store_scope *scope,
                              uint64_t id, struct store_transfer *row);
    /* Ordered by id, those above `after`. */
    bm_status (*transfer_list)(void *self, const struct store_scope *scope,
                               uint64_t after, const struct store_visit *visit);
    /* How many an organisation offers at `now`. */
    bm_status (*transfer_count)(void *self, uint32_t organisation, int64_t now,
                                uint32_t *n);
    /* One that is open and has ended by `now`. NOT_FOUND. */
    bm_status (*transfer_lapsed)(void *self, int64_t now,
                                 struct store_transfer *row);
    /* Put a device at its place, or change as what it was received. */
    bm_status (*transferred_put)(void *self,
                                 const struct store_transferred *row);
    /* Those of a transfer with places above `after`, in order. */
    bm_status (*transferred_list)(void *self, uint64_t transfer, uint32_t after,
                                  const struct store_visit *visit);
    /* The transfer by which the device is on offer at `now`. NOT_FOUND. */
    bm_status (*transfer_of_device)(void *self, uint64_t device, int64_t now,
                                    uint64_t *transfer);

    /* Put one; again does no harm. CONFLICT: of a kind that is one device's,
     * another device of the organisation has this value. */
    bm_status (*attribute_put)(void *self, const struct store_attribute *row);
    /* Drop those of its device, kind and name with its value; "": with any. */
    bm_status (*attribute_drop)(void *self, const struct store_attribute *row);
    /* Those of a device, by kind, name and value. */
    bm_status (*attribute_list)(void *self, uint64_t device,
                                const struct store_visit *visit);
    /* The first device of the organisation that has kind, name and value of
     * `row`, with an id from `*device` on. NOT_FOUND. */
    bm_status (*attribute_next)(void *self, const struct store_attribute *row,
                                uint64_t *device);

    /* The id that the next cert_put() of this transaction must have. Calling
     * again gives the next one. */
    bm_status (*next_cert)(void *self, uint64_t *id);
    /* Insert. Ids come from next_cert(), in any order. CONFLICT: serial. */
    bm_status (*cert_put)(void *self, const struct store_cert *row);
    /* Change status, resume, reason, revoked, renewed_by, superseded. Nothing
     * else of a certificate ever changes. */
    bm_status (*cert_change)(void *self, const struct store_cert *row);
    bm_status (*cert_get)(void *self, const struct store_scope *scope,
                          uint64_t id, struct store_cert *row);
    /* By serial; serials are unique per CA, and ours everywhere. CA "" or
     * NULL: of any, the newest of them. */
    bm_status (*cert_find)(void *self, const struct store_scope *scope,
                           const char *ca, struct bm_bytes serial,
                           struct store_cert *row);
    /* In order of id. With filter.device, walks that device's alone; in the
     * scope of an organisation other than the first, its own alone. */
    bm_status (*cert_list)(void *self, const struct store_scope *scope,
                           const struct store_cert_filter *filter,
                           const struct store_visit *visit);

    /* In order of their ends, then of ids (struct store_due). */
    bm_status (*cert_due)(void *self, uint32_t organisation,
                          const struct store_due *due,
                          const struct store_visit *visit);

    /* A new one (id 0), or its time of being cancelled. */
    bm_status (*pull_put)(void *self, struct store_pull *row);
    bm_status (*pull_get)(void *self, const struct store_scope *scope,
                          uint64_t id, struct store_pull *row);
    /* Ordered by id, those above `after`. */
    bm_status (*pull_list)(void *self, const struct store_scope *scope,
                           uint64_t after, const struct store_visit *visit);
    /* Those in force at `now` for certificates of an organisation. */
    bm_status (*pull_open)(void *self, uint32_t organisation, int64_t now,
                           const struct store_visit *visit);

    /* A new one (id 0; CONFLICT: there is one of this kind, device and
     * organisation), or a changed one: count, last, text. */
    bm_status (*signal_put)(void *self, struct store_signal *row);
    bm_status (*signal_find)(void *self, uint32_t organisation, uint64_t device,
                             const char *kind, struct store_signal *row);
    /* Newest first, by their first time. */
    bm_status (*signal_list)(void *self, const struct store_scope *scope,
                             const struct store_signal_filter *filter,
                             const struct store_visit *visit);

    bm_status (*shipping_put)(void *self, const struct store_shipping *row);
    bm_status (*shipping_get)(void *self, uint64_t device,
                              struct store_shipping *row);
    /* Ordered by device. */
    bm_status (*shipping_list)(void *self, const struct store_visit *visit);
    /* struct store_expiring: by when they end, then by device. */
    bm_status (*cert_expiring)(void *self, const struct store_expiring_of *of,
                               const struct store_visit *visit);

    /* Put a claim; the same hash may be claimed again by another ref. */
    bm_status (*claim_put)(void *self, enum store_claim kind,
                           const uint8_t hash[STORE_HASH_SIZE], uint64_t ref);
    /* All that hold it, newest first: visitor gets a const uint64_t *.
     * Sees what this transaction has put. */
    bm_status (*claim_list)(void *self, enum store_claim kind,
                            const uint8_t hash[STORE_HASH_SIZE],
                            const struct store_visit *visit);

    /* CRL entries. put: or change; remove: a hold was lifted. Each is a
     * change, and changes have ids that rise. */
    bm_status (*revocation_put)(void *self, const char *ca,
                                const struct store_revocation *row);
    bm_status (*revocation_remove)(void *self, const char *ca,
                                   struct bm_bytes serial);
    /* `of` is copied, its string included. */
    bm_status (*revocations_open)(void *self,
                                  const struct store_revocations_of *of,
                                  struct store_revocations **walk);
    bm_status (*revocations_rewind)(struct store_revocations *walk);
    /* BM_E_END after the last. */
    bm_status (*revocations_next)(struct store_revocations *walk,
                                  struct store_revocation *row);
    void (*revocations_close)(struct store_revocations *walk); /* NULL: fine */
    /* The id of the last change of any CA; 0: none. */
    bm_status (*change_last)(void *self, uint64_t *id);
    /* struct store_change, of each shard with changes that some list, or
     * the base of a delta, does not have. */
    bm_status (*change_list)(void *self, const char *ca,
                             const struct store_visit *visit);
    /* Forget those that all lists of the CA have by now. */
    bm_status (*change_forget)(void *self, const char *ca);

    /* A new one, or a changed one: all but organisation, created. */
    bm_status (*operator_put)(void *self, const struct store_operator *row);
    /* By its certificate, or the renewal of it. */
    bm_status (*operator_find)(void *self, const uint8_t cert[STORE_HASH_SIZE],
                               struct store_operator *row);
    bm_status (*operator_get)(void *self, const struct store_scope *scope,
                              const char *id, struct store_operator *row);
    bm_status (*operator_list)(void *self, const struct store_scope *scope,
                               const struct store_visit *visit);

    bm_status (*token_put)(void *self, const struct store_token *row);
    bm_status (*token_change)(void *self, const struct store_token *row);
    bm_status (*token_find)(void *self, const uint8_t hash[STORE_HASH_SIZE],
                            struct store_token *row);
    bm_status (*token_get)(void *self, const struct store_scope *scope,
                           const char *id, struct store_token *row);
    /* In the order in which they were made, those behind the one with the id
     * `after`; NULL, or an id that there is not: all. */
    bm_status (*token_list)(void *self, const struct store_scope *scope,
                            const char *after, const struct store_visit *visit);

    /* CONFLICT: there is one of this key. */
    bm_status (*attestation_put)(void *self,
                                 const struct store_attestation *row);
    bm_status (*attestation_get)(void *self, const uint8_t key[STORE_HASH_SIZE],
                                 struct store_attestation *row);
    /* The latest of a device, whatever its TPM; of a TPM, whatever device of
     * the organisation. */
    bm_status (*attestation_of_device)(void *self, uint64_t device,
                                       struct store_attestation *row);
    bm_status (*attestation_of_ek)(void *self, uint32_t organisation,
                                   const uint8_t ek[STORE_HASH_SIZE],
                                   struct store_attestation *row);

    /* A new manufacturer (id 0; CONFLICT when the name is taken), or a changed
     * one: all but organisation, name. */
    bm_status (*manufacturer_put)(void *self, struct store_manufacturer *row);
    bm_status (*manufacturer_find)(void *self, uint32_t organisation,
                                   const char *name,
                                   struct store_manufacturer *row);
    /* Ordered by id, those above `after`. */
    bm_status (*manufacturer_list)(void *self, const struct store_scope *scope,
                                   uint64_t after,
                                   const struct store_visit *visit);
    /* Put, or put in the place of the last one of the same CA. */
    bm_status (*list_put)(void *self, const struct store_list *row);
    bm_status (*list_get)(void *self, uint64_t manufacturer,
                          const uint8_t ca[STORE_HASH_SIZE],
                          struct store_list *row);
    bm_status (*list_list)(void *self, uint64_t manufacturer,
                           const struct store_visit *visit);
    /* A device with this serial number is expected; again does no harm. */
    bm_status (*serial_put)(void *self, uint64_t manufacturer,
                            const char *serial);
    bm_status (*serial_find)(void *self, uint64_t manufacturer,
                             const char *serial); /* NOT_FOUND */
    bm_status (*serial_count)(void *self, uint64_t manufacturer, uint64_t *n);
    bm_status (*serial_forget)(void *self, uint64_t manufacturer);
    /* Put, or change key, cert, at of the one with its serial. CONFLICT: the
     * key is another's. */
    bm_status (*idevid_put)(void *self, const struct store_idevid *row);
    bm_status (*idevid_find)(void *self, uint64_t manufacturer,
                             const char *serial, struct store_idevid *row);
    bm_status (*idevid_of_key)(void *self, const uint8_t key[STORE_HASH_SIZE],
                               struct store_idevid *row);
    bm_status (*idevid_of_device)(void *self, uint64_t device,
                                  struct store_idevid *row);
    bm_status (*idevid_count)(void *self, uint64_t manufacturer, uint64_t *n);

    /* A new request (id 0), or a changed one: state, decider, decided, cert. */
    bm_status (*request_put)(void *self, struct store_request *row);
    bm_status (*request_get)(void *self, const struct store_scope *scope,
                             uint64_t id, struct store_request *row);
    /* The newest with organisation, profile, device and key of `row`, which
     * is filled. */
    bm_status (*request_find)(void *self, struct store_request *row);
    /* Pending and approved ones that were made after `since`, up to `max`;
     * device NULL: of all. */
    bm_status (*request_count)(void *self, uint32_t organisation,
                               const char *device, int64_t since, uint32_t max,
                               uint32_t *n);
    /* Ordered by id. */
    bm_status (*request_list)(void *self, const struct store_scope *scope,
                              const struct store_request_filter *filter,
                              const struct store_visit *visit);

    /* Put, or change status and body. CONFLICT when `request` differs. */
    bm_status (*reply_put)(void *self, const struct store_reply *row);
    bm_status (*reply_find)(void *self, const char *operator_id,
                            const uint8_t key[STORE_HASH_SIZE],
                            struct store_reply *row);
    bm_status (*reply_count)(void *self, const char *operator_id, uint32_t max,
                             uint32_t *n);
    /* Drop those made before. */
    bm_status (*reply_purge)(void *self, int64_t before);

    bm_status (*event_put)(void *self, struct store_event *row);
    /* Newest first, those with ids below `before` (0: all), but for those that
     * are written for destinations alone; device 0: of all. */
    bm_status (*event_list)(void *self, const struct store_scope *scope,
                            uint64_t device, uint64_t before,
                            const struct store_visit *visit);

    /* Drop what the device has claimed before its last STORE_CLAIMED_MAX, and
     * what else is told of it before the last STORE_NOTICED_MAX; but for what
     * a destination still is to be given, of which
     * STORE_CLAIMED_UNDELIVERED_MAX of each are kept. `lost` is told of each
     * that is gone, and that a destination has not come to which gets those of
     * its organisation; it may call the store. */
    bm_status (*event_forget)(void *self, uint64_t device,
                              const struct store_visit *lost);
    /* Likewise what the organisation has of no device, before its last
     * STORE_PLAIN_MAX. */
    bm_status (*event_forget_plain)(void *self, uint32_t organisation,
                                    const struct store_visit *lost);
    /* Of the events above `after` up to `last` that are written for
     * destinations alone, drop those that none is to be given any more. */
    bm_status (*event_given)(void *self, uint64_t after, uint64_t last);
    bm_status (*event_get)(void *self, uint64_t id, struct store_event *row);
    /* Oldest first: those with ids above `after`, up to `last`. */
    bm_status (*event_after)(void *self, const struct store_scope *scope,
                             uint64_t after, uint64_t last,
                             const struct store_visit *visit);
    /* The highest id; 0: there is none. */
    bm_status (*event_last)(void *self, uint64_t *id);

    /* A new destination (id 0; CONFLICT when the name is taken), or how far one
     * came: what stands behind its `anchors` in the struct. */
    bm_status (*destination_put)(void *self, struct store_destination *row);
    bm_status (*destination_find)(void *self, uint32_t organisation,
                                  const char *name,
                                  struct store_destination *row);
    /* Ordered by id, those above `after`. */
    bm_status (*destination_list)(void *self, const struct store_scope *scope,
                                  uint64_t after,
                                  const struct store_visit *visit);
    /* With its deliveries. */
    bm_status (*destination_drop)(void *self, uint64_t id);

    /* Put, or change. */
    bm_status (*delivery_put)(void *self, const struct store_delivery *row);
    bm_status (*delivery_get)(void *self, uint64_t destination, uint64_t event,
                              struct store_delivery *row);
    /* If there is one. */
    bm_status (*delivery_drop)(void *self, uint64_t destination,
                               uint64_t event);
    /* Ordered by event, those above `after`: given up, or not. */
    bm_status (*delivery_list)(void *self, uint64_t destination, bool dead,
                               uint64_t after, const struct store_visit *visit);
    /* Those that are due by `now`, and wait for no earlier one of their device,
     * by event. */
    bm_status (*delivery_due)(void *self, uint64_t destination, int64_t now,
                              const struct store_visit *visit);
    bm_status (*delivery_count)(void *self, uint64_t destination, bool dead,
                                uint32_t *n);
    /* Does one of the device wait that is not given up? */
    bm_status (*delivery_waits)(void *self, uint64_t destination,
                                uint64_t device, bool *yes);

    /* A new one. CONFLICT: the organisation has one of this name. */
    bm_status (*release_put)(void *self, struct store_release *row);
    bm_status (*release_find)(void *self, uint32_t organisation,
                              const char *name, struct store_release *row);
    /* Ordered by id, those above `after`. */
    bm_status (*release_list)(void *self, const struct store_scope *scope,
                              uint64_t after, const struct store_visit *visit);
    /* CONFLICT: the release has one of this kind and image. */
    bm_status (*item_put)(void *self, struct store_item *row);
    bm_status (*item_list)(void *self, uint64_t release,
                           const struct store_visit *visit);
    /* A new one, or the same target again: percent, number, created, actor. */
    bm_status (*assignment_put)(void *self, struct store_assignment *row);
    /* Those of a release, in the order in which they were put; of targets
     * outside of the scope none. */
    bm_status (*assignment_list)(void *self, const struct store_scope *scope,
                                 uint64_t release,
                                 const struct store_visit *visit);
    /* struct store_assigned: those that cover a device, percentages apart;
     * narrow ones first, then the latest. */
    bm_status (*assignment_of_device)(void *self, uint32_t organisation,
                                      uint64_t device,
                                      const struct store_visit *visit);
    /* Is there an item with this hash that devices of the organisation were
     * assigned? NOT_FOUND. */
    bm_status (*item_assigned)(void *self, uint32_t organisation,
                               const uint8_t hash[STORE_HASH_SIZE]);

    bm_status (*manifest_put)(void *self, const struct store_manifest *row);
    bm_status (*manifest_get)(void *self, uint64_t device,
                              struct store_manifest *row);
    /* None is given out any more: version 0, without a message. */
    bm_status (*manifest_forget)(void *self);

    /* Steps are added to those that are there. */
    bm_status (*progress_put)(void *self, const struct store_progress *row);
    /* Of the item with this hash that the device was offered last. */
    bm_status (*progress_find)(void *self, uint64_t device,
                               const uint8_t hash[STORE_HASH_SIZE],
                               struct store_progress *row);
    /* How many devices came to each step. */
    bm_status (*progress_count)(void *self, uint64_t assignment, uint64_t item,
                                uint64_t counts[STORE_STEPS]);

    bm_status (*heard_put)(void *self, const struct store_heard *row);
    bm_status (*heard_get)(void *self, uint64_t device,
                           struct store_heard *row);

    /* A new batch (id 0), or a changed one: all but organisation, name,
     * profile, creator, upload, created, recipient, signature. */
    bm_status (*batch_put)(void *self, struct store_batch *row);
    bm_status (*batch_get)(void *self, const struct store_scope *scope,
                           uint64_t id, struct store_batch *row);
    /* Ordered by id, those above `after`; state 0: of any. */
    bm_status (*batch_list)(void *self, const struct store_scope *scope,
                            uint64_t after, enum store_batch_state state,
                            const struct store_visit *visit);
    /* Those that somebody must go on with: first all that are REVOKING, then
     * those that are ISSUING or CREATED; each ordered by id. */
    bm_status (*batch_open)(void *self, const struct store_visit *visit);
    /* One whose time is over at `now`: `expires` is not 0, and lies before. */
    bm_status (*batch_lapsed)(void *self, int64_t now, struct store_batch *row);

    /* Put a row at the end of its batch. CONFLICT: there is one of its
     * number. */
    bm_status (*batch_row_put)(void *self, const struct store_batch_row *row);
    /* Change state, cert, words; its CSR goes. */
    bm_status (*batch_row_change)(void *self,
                                  const struct store_batch_row *row);
    /* Those with numbers above `after`, in order; state 0: of any. */
    bm_status (*batch_row_list)(void *self, uint64_t batch, uint32_t after,
                                enum store_batch_row_state state,
                                const struct store_visit *visit);
    /* These are the signatures over its list: CMS, and JWS. */
    bm_status (*batch_sign)(void *self, uint64_t batch, struct bm_bytes message,
                            struct bm_bytes jws);
    /* Has a device a certificate of a batch, past ones among them? */
    bm_status (*batch_has_device)(void *self, uint64_t batch, uint64_t device,
                                  bool *yes);
    /* Rows of a batch that follow one another have been issued: it counts them,
     * and their CSRs go. NOT_FOUND: not all of them wait for that. */
    bm_status (*batch_issued)(void *self,
                              const struct store_batch_issued *rows);
    /* Drop rows, of a state or (0) all; and what is kept of them to be handed
     * out or issued. */
    bm_status (*batch_clear)(void *self, uint64_t batch,
                             enum store_batch_row_state state);
    bm_status (*batch_forget)(void *self, uint64_t batch);

    /* What its keys are made under, sealed: put with a new batch, got (views;
     * NOT_FOUND), and dropped, if there is one: overwritten in the file. */
    bm_status (*batch_secret_put)(void *self, uint64_t batch,
                                  struct bm_bytes sealed);
    bm_status (*batch_secret_get)(void *self, uint64_t batch,
                                  struct bm_bytes *sealed);
    bm_status (*batch_secret_drop)(void *self, uint64_t batch);

    bm_status (*batch_event_put)(void *self,
                                 const struct store_batch_event *row);
    /* In the order in which they happened. */
    bm_status (*batch_event_list)(void *self, uint64_t batch,
                                  const struct store_visit *visit);

    bm_status (*leaf_put)(void *self, const struct store_leaf *row);
    bm_status (*leaf_get)(void *self, uint32_t tree, uint64_t index,
                          struct store_leaf *row);
    /* Indices from `from` on, in order. */
    bm_status (*leaf_list)(void *self, uint32_t tree, uint64_t from,
                           const struct store_visit *visit);
    /* Full tiles only; level 0 holds hashes of leaves. */
    bm_status (*tile_put)(void *self, uint32_t tree, uint32_t level,
                          uint64_t index, struct bm_bytes hashes);
    bm_status (*tile_get)(void *self, uint32_t tree, uint32_t level,
                          uint64_t index, struct bm_bytes *hashes);
    bm_status (*head_put)(void *self, const struct store_head *row);
    /* tree 0: of the newest tree. */
    bm_status (*head_get)(void *self, uint32_t tree, struct store_head *row);

    /*
     * A consistent copy into the new file `path`, while others write. Not in
     * a transaction. `progress` may be NULL; done and total count pages.
     */
    bm_status (*backup)(void *self, const char *path,
                        void (*progress)(void *arg, uint64_t done,
                                         uint64_t total),
                        void *arg);

    /* Check the medium itself; `words` gets what is wrong. */
    bm_status (*check)(void *self, struct bm_wr *words);

    void (*close)(void *self); /* rolls back; releases the struct, too */
};

#endif
