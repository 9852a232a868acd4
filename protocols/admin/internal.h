/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_ADMIN_INTERNAL_H
#define BM_PROTOCOLS_ADMIN_INTERNAL_H

#include "protocols/admin/admin.h"
#include "protocols/admin/things.h"
#include "protocols/admin/tree.h"

/*
 * Between the files of administration: table.c has the rows, a file per noun
 * what they take, give and do.
 */

/* Rows of tables of fields. */
#define ADMIN_PATH(n, t, most, words_)                                      \
    {                                                                       \
        .name = (n), .type = (t), .place = ADMIN_IN_PATH, .required = true, \
        .min = 1, .max = (most), .about = (words_),                         \
    }
#define ADMIN_QUERY(n, t, most, words_)                              \
    {                                                                \
        .name = (n), .type = (t), .place = ADMIN_IN_QUERY, .min = 1, \
        .max = (most), .about = (words_),                            \
    }
#define ADMIN_BODY(n, t, must, most, words_)                                  \
    {                                                                         \
        .name = (n), .type = (t), .place = ADMIN_IN_BODY, .required = (must), \
        .min = 1, .max = (most), .about = (words_),                           \
    }
/* Of results. */
#define ADMIN_GIVES(n, t, always, words_)                                  \
    {                                                                      \
        .name = (n), .type = (t), .required = (always), .about = (words_), \
    }
#define ADMIN_GIVES_ENUM(n, list, always, words_)              \
    {                                                          \
        .name = (n), .type = ADMIN_ENUM, .required = (always), \
        .words = (list), .about = (words_),                    \
    }
/* A list of words out of `list`. */
#define ADMIN_GIVES_WORDS(n, list, always, words_)                \
    {                                                             \
        .name = (n), .type = ADMIN_STRINGS, .required = (always), \
        .words = (list), .about = (words_),                       \
    }
#define ADMIN_GIVES_IN(n, t, always, inner, words_)                        \
    {                                                                      \
        .name = (n), .type = (t), .required = (always), .fields = (inner), \
        .about = (words_),                                                 \
    }
#define ADMIN_FIELDS_END \
    {                    \
        .name = NULL     \
    }

/* What every list takes, in front of ADMIN_FIELDS_END. */
#define ADMIN_PAGE_PARAMS                                     \
    ADMIN_QUERY("limit", ADMIN_INTEGER, ADMIN_PAGE_MAX,       \
                "items of a page at most; 100 if not given"), \
        ADMIN_QUERY("after", ADMIN_STRING, ADMIN_KEY_MAX,     \
                    "where the last page ended: the `next` of it")
/* And gives. */
#define ADMIN_PAGE_OF(inner)                                            \
    ADMIN_GIVES_IN("items", ADMIN_ARRAY, true, inner, "what there is"), \
        ADMIN_GIVES("next", ADMIN_STRING, false,                        \
                    "to be given as `after`: there may be more")

/* Of a file that is put in pieces of at most ADMIN_PIECE_MAX octets. */
#define ADMIN_PIECE_MAX ((int64_t)512 << 10)
#define ADMIN_PIECE_PARAMS(most)                                        \
    { .name = "sha256",                                                 \
      .type = ADMIN_STRING,                                             \
      .place = ADMIN_IN_QUERY,                                          \
      .required = true,                                                 \
      .min = 1,                                                         \
      .max = ADMIN_DIGITS,                                              \
      .about = "SHA-256 of all of it, in hexadecimal" },                \
        { .name = "size",                                               \
          .type = ADMIN_INTEGER,                                        \
          .place = ADMIN_IN_QUERY,                                      \
          .required = true,                                             \
          .min = 1,                                                     \
          .max = (most),                                                \
          .about = "octets of all of it" },                             \
        { .name = "at",                                                 \
          .type = ADMIN_INTEGER,                                        \
          .place = ADMIN_IN_QUERY,                                      \
          .max = (most),                                                \
          .about = "where this piece begins; 0 if not given" },         \
    {                                                                   \
        .name = "octets", .type = ADMIN_OCTETS, .place = ADMIN_IN_BODY, \
        .max = ADMIN_PIECE_MAX,                                         \
        .about = "the piece, as it is; nothing: say where to go on",    \
    }

/* Longest names and ids that can be asked for. */
#define ADMIN_ID_MAX   (STORE_ID_MAX - 1)
#define ADMIN_NAME_MAX (STORE_NAME_MAX - 1)

/* Characters of a certification request. */
#define ADMIN_CSR_MAX 65536

/* ---- Parameters, which have been checked */

/* NULL, false, `otherwise`, 0 where it is not given. */
const char *admin_text(const json_t *params, const char *name);
bool admin_flag(const json_t *params, const char *name);
int64_t admin_number(const json_t *params, const char *name, int64_t otherwise);
int64_t admin_time(const json_t *params, const char *name);
struct bm_bytes admin_bytes(const json_t *params, const char *name);

/* A serial number as INTEGER contents. */
struct admin_serial {
    uint8_t octets[STORE_SERIAL_MAX];
    size_t n;
};
struct bm_bytes admin_serial(const json_t *params, struct admin_serial *room);

/* The strings of an array, with commas between; "" where it is not given. */
BM_MUST_CHECK bm_status admin_words(const json_t *params, const char *name,
                                    char words[STORE_NAME_MAX],
                                    struct ca_refusal *why);

/* Whatever `name` holds as PEM or base64, as DER; the caller frees. */
BM_MUST_CHECK bm_status admin_der(const json_t *params, const char *name,
                                  uint8_t **der, size_t *n,
                                  struct ca_refusal *why);

/* The strings of an array, each a certificate, as DER after DER: at most
 * STORE_CHAIN_MAX octets. The caller frees `*room`, on failure, too. */
BM_MUST_CHECK bm_status admin_certs(const json_t *params, const char *name,
                                    uint8_t **room, struct bm_bytes *der,
                                    struct ca_refusal *why);

/* The same of one string, appended. */
BM_MUST_CHECK bm_status admin_decode(struct bm_bytes text, struct bm_wr *w);

/* ---- Transactions of operations that read */
BM_MUST_CHECK bm_status admin_begin(struct admin_context *c);
void admin_end(struct admin_context *c);

/* ---- A page being made */

/* Rows that a request may have looked at, whatever it filters by: some ten
 * milliseconds, in which nobody else is served. */
#define ADMIN_ROWS_MAX 10000

/* To find a row in an index takes as long as to look at so many. */
#define ADMIN_SEEK_ROWS 8

/* Octets of rows from which on a page is full: it is to go through a link. */
#define ADMIN_PAGE_OCTETS ((size_t)2 << 20)

struct admin_page {
    struct tree t;
    json_t *items;
    int64_t limit;
    int64_t n;
    uint64_t rows;            /* looked at */
    size_t octets;            /* of the items */
    const char *after;        /* or NULL */
    bool found;               /* `after` has passed by */
    char last[ADMIN_KEY_MAX]; /* cursor of the last row that was looked at */
    bool more;
};
void admin_page_begin(struct admin_page *page, const json_t *params);

/* `after` as a number, where cursors are numbers; 0 if not given.
 * BM_E_ARGUMENT when it is none. */
BM_MUST_CHECK bm_status admin_page_after(const struct admin_page *page,
                                         uint64_t *id, struct ca_refusal *why);
/*
 * About to look at the row with this cursor. BM_E_END, for a visitor to
 * return, when the page is full.
 */
BM_MUST_CHECK bm_status admin_page_row(struct admin_page *page,
                                       const char *cursor);
BM_MUST_CHECK bm_status admin_page_row_id(struct admin_page *page, uint64_t id);
/* What is looked at takes as long as so many rows more. */
void admin_page_spend(struct admin_page *page, uint64_t rows);
/* About to look for what comes behind this cursor. BM_E_END as above. */
BM_MUST_CHECK bm_status admin_page_seek(struct admin_page *page,
                                        const char *cursor);
/* Walks that begin at the beginning: is this row at `after` or before? */
bool admin_page_skips(struct admin_page *page, const char *cursor);
/* Add an item, which is taken over. */
BM_MUST_CHECK bm_status admin_page_add(struct admin_page *page, json_t *item);
/* Put the page into `result`, if `rc` is BM_OK. Frees it in any case. */
BM_MUST_CHECK bm_status admin_page_end(struct admin_page *page, bm_status rc,
                                       json_t *result);

/* ---- Results */

/* Octets that are put by before an act, for its answer: what is done must be
 * told, were it by the last memory there is. */
#define ADMIN_RESERVE ((size_t)256 << 10)

/*
 * The answer about something that is done: `give` makes it, of the kind of
 * admin_operation.run. When memory is short, it may use what was put by.
 */
BM_MUST_CHECK bm_status
admin_tell(struct admin_context *c, const json_t *params, json_t *result,
           struct ca_refusal *why,
           bm_status (*give)(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why));
/* Let go of what was put by; false: there is nothing to be gained by another
 * try. */
bool admin_use_reserve(struct admin_context *c, bm_status rc, json_t *result);

/* Move the members of `object` into `result`. */
BM_MUST_CHECK bm_status admin_give(const struct tree *t, json_t *object,
                                   json_t *result);
/* A SHA-256 in hexadecimal digits. */
#define ADMIN_DIGITS (2 * STORE_HASH_SIZE)
BM_MUST_CHECK bm_status admin_hash(const json_t *params, const char *name,
                                   uint8_t hash[STORE_HASH_SIZE],
                                   struct ca_refusal *why);

/* A PEM block as a string. */
json_t *admin_pem(struct tree *t, const char *label, struct bm_bytes der);

/* Set "firewall" of `o` to what a device says of its own, if it has said
 * anything. */
void admin_put_firewall(struct tree *t, const struct store_heard *heard,
                        json_t *o);

/* BM_E_CA_FORBIDDEN: a thing of this organisation (0: of all members) is not
 * for an operator of one to act on. */
BM_MUST_CHECK bm_status admin_check_shared(const struct admin_context *c,
                                           uint32_t organisation,
                                           struct ca_refusal *why);

/* One that operators know, in its current version: not what the authority
 * keeps for itself. */
bool admin_is_profile_shown(const struct ca_bound *bound);
/* In a transaction: an operator of an organisation sees the profiles that it
 * may use. */
BM_MUST_CHECK bm_status admin_may_see_profile(const struct admin_context *c,
                                              const char *profile, bool *yes);

/* In a transaction: append the certificates that lead from the CA with this id
 * to its root, but that. */
BM_MUST_CHECK bm_status admin_add_chain(struct admin_context *c, struct tree *t,
                                        const char *id, json_t *chain);

/* The proof of a leaf, as proveCertificate and proveFirmware give it. */
BM_MUST_CHECK bm_status admin_give_proof(struct admin_context *c, uint32_t tree,
                                         uint64_t leaf, json_t *result,
                                         struct ca_refusal *why);

/* ---- What the rows of table.c are made of */

#define ADMIN_OPERATION(name)                                             \
    extern const struct admin_field admin_##name##_params[];              \
    bm_status admin_##name(struct admin_context *c, const json_t *params, \
                           json_t *result, struct ca_refusal *why)

ADMIN_OPERATION(who_am_i);
ADMIN_OPERATION(list_operators);
ADMIN_OPERATION(show_operator);
ADMIN_OPERATION(create_operator);
ADMIN_OPERATION(renew_operator);
ADMIN_OPERATION(disable_operator);
ADMIN_OPERATION(enable_operator);
ADMIN_OPERATION(create_ecosystem);
ADMIN_OPERATION(list_ecosystems);
ADMIN_OPERATION(show_ecosystem);
ADMIN_OPERATION(create_organisation);
ADMIN_OPERATION(list_organisations);
ADMIN_OPERATION(show_organisation);
ADMIN_OPERATION(rename_organisation);
ADMIN_OPERATION(suspend_organisation);
ADMIN_OPERATION(resume_organisation);
ADMIN_OPERATION(list_allocations);
ADMIN_OPERATION(show_allocation);
ADMIN_OPERATION(enable_profile);
ADMIN_OPERATION(disable_profile);
ADMIN_OPERATION(give_quota);
ADMIN_OPERATION(move_quota);
ADMIN_OPERATION(stay_at_version);
ADMIN_OPERATION(follow_profile);
ADMIN_OPERATION(list_requests);
ADMIN_OPERATION(show_request);
ADMIN_OPERATION(approve_request);
ADMIN_OPERATION(reject_request);
ADMIN_OPERATION(list_cas);
ADMIN_OPERATION(show_ca);
ADMIN_OPERATION(make_crl);
ADMIN_OPERATION(load_crl);
ADMIN_OPERATION(show_bundle);
ADMIN_OPERATION(make_bundle);
ADMIN_OPERATION(list_profiles);
ADMIN_OPERATION(show_profile);
ADMIN_OPERATION(list_versions);
ADMIN_OPERATION(check_profile);
ADMIN_OPERATION(create_token);
ADMIN_OPERATION(list_tokens);
ADMIN_OPERATION(show_token);
ADMIN_OPERATION(revoke_token);
ADMIN_OPERATION(list_devices);
ADMIN_OPERATION(show_device);
ADMIN_OPERATION(list_device_events);
ADMIN_OPERATION(suspend_device);
ADMIN_OPERATION(resume_device);
ADMIN_OPERATION(renew_device);
ADMIN_OPERATION(create_device);
ADMIN_OPERATION(create_devices);
ADMIN_OPERATION(describe_device);
ADMIN_OPERATION(revoke_device);
ADMIN_OPERATION(retire_device);
ADMIN_OPERATION(list_events);
ADMIN_OPERATION(list_manufacturers);
ADMIN_OPERATION(show_manufacturer);
ADMIN_OPERATION(add_manufacturer);
ADMIN_OPERATION(remove_manufacturer);
ADMIN_OPERATION(expect_devices);
ADMIN_OPERATION(load_manufacturer_crl);
ADMIN_OPERATION(list_destinations);
ADMIN_OPERATION(show_destination);
ADMIN_OPERATION(create_destination);
ADMIN_OPERATION(disable_destination);
ADMIN_OPERATION(enable_destination);
ADMIN_OPERATION(remove_destination);
ADMIN_OPERATION(test_destination);
ADMIN_OPERATION(list_dead_events);
ADMIN_OPERATION(retry_dead_events);
ADMIN_OPERATION(drop_dead_events);
ADMIN_OPERATION(issue_certificate);
ADMIN_OPERATION(list_certificates);
ADMIN_OPERATION(show_certificate);
ADMIN_OPERATION(revoke_certificate);
ADMIN_OPERATION(release_certificate);
ADMIN_OPERATION(prove_certificate);
ADMIN_OPERATION(record_firmware);
ADMIN_OPERATION(prove_firmware);
ADMIN_OPERATION(put_blob);
ADMIN_OPERATION(list_releases);
ADMIN_OPERATION(show_release);
ADMIN_OPERATION(create_release);
ADMIN_OPERATION(assign_release);
ADMIN_OPERATION(release_status);
ADMIN_OPERATION(stock_device);
ADMIN_OPERATION(ship_device);
ADMIN_OPERATION(pull_renewals);
ADMIN_OPERATION(list_pulls);
ADMIN_OPERATION(show_pull);
ADMIN_OPERATION(cancel_pull);
ADMIN_OPERATION(list_renewals);
ADMIN_OPERATION(list_signals);
ADMIN_OPERATION(list_transfers);
ADMIN_OPERATION(show_transfer);
ADMIN_OPERATION(list_transferred);
ADMIN_OPERATION(offer_transfer);
ADMIN_OPERATION(accept_transfer);
ADMIN_OPERATION(refuse_transfer);
ADMIN_OPERATION(withdraw_transfer);
ADMIN_OPERATION(list_batches);
ADMIN_OPERATION(show_batch);
ADMIN_OPERATION(create_batch);
ADMIN_OPERATION(approve_batch);
ADMIN_OPERATION(reject_batch);
ADMIN_OPERATION(abort_batch);
ADMIN_OPERATION(resume_batch);
ADMIN_OPERATION(confirm_batch);
ADMIN_OPERATION(revoke_batch);
ADMIN_OPERATION(list_batch_rows);
ADMIN_OPERATION(list_batch_certs);
ADMIN_OPERATION(show_batch_list);
ADMIN_OPERATION(get_batch_result);
ADMIN_OPERATION(put_upload);
ADMIN_OPERATION(sign_checkpoint);
ADMIN_OPERATION(show_checkpoint);

/* Results. */
extern const struct admin_field admin_who_fields[];
extern const struct admin_field admin_operator_fields[];
extern const struct admin_field admin_operator_page[];
extern const struct admin_field admin_ecosystem_fields[];
extern const struct admin_field admin_ecosystem_page[];
extern const struct admin_field admin_organisation_fields[];
extern const struct admin_field admin_organisation_page[];
extern const struct admin_field admin_allocation_fields[];
extern const struct admin_field admin_allocation_page[];
extern const struct admin_field admin_request_fields[];
extern const struct admin_field admin_request_full_fields[];
extern const struct admin_field admin_request_page[];
extern const struct admin_field admin_ca_fields[];
extern const struct admin_field admin_ca_full_fields[];
extern const struct admin_field admin_ca_page[];
extern const struct admin_field admin_crl_fields[];
extern const struct admin_field admin_bundle_fields[];
extern const struct admin_field admin_profile_fields[];
extern const struct admin_field admin_profile_full_fields[];
extern const struct admin_field admin_profile_page[];
extern const struct admin_field admin_version_page[];
extern const struct admin_field admin_profile_words_fields[];
extern const struct admin_field admin_token_fields[];
extern const struct admin_field admin_token_new_fields[];
extern const struct admin_field admin_token_page[];
extern const struct admin_field admin_device_fields[];
extern const struct admin_field admin_firewall_fields[];
extern const struct admin_field admin_device_page[];
extern const struct admin_field admin_expected_fields[];
extern const struct admin_field admin_event_fields[];
extern const struct admin_field admin_event_page[];
extern const struct admin_field admin_manufacturer_fields[];
extern const struct admin_field admin_manufacturer_page[];
extern const struct admin_field admin_destination_fields[];
extern const struct admin_field admin_destination_new_fields[];
extern const struct admin_field admin_destination_gone_fields[];
extern const struct admin_field admin_destination_page[];
extern const struct admin_field admin_dead_page[];
extern const struct admin_field admin_cert_fields[];
extern const struct admin_field admin_cert_full_fields[];
extern const struct admin_field admin_cert_new_fields[];
extern const struct admin_field admin_cert_page[];
extern const struct admin_field admin_proof_fields[];
extern const struct admin_field admin_checkpoint_fields[];
extern const struct admin_field admin_firmware_fields[];
extern const struct admin_field admin_blob_fields[];
extern const struct admin_field admin_release_fields[];
extern const struct admin_field admin_assignment_fields[];
extern const struct admin_field admin_release_page[];
extern const struct admin_field admin_release_status_fields[];
extern const struct admin_field admin_upload_fields[];
extern const struct admin_field admin_batch_fields[];
extern const struct admin_field admin_batch_new_fields[];
extern const struct admin_field admin_batch_page[];
extern const struct admin_field admin_batch_row_page[];
extern const struct admin_field admin_batch_cert_page[];
extern const struct admin_field admin_batch_list_fields[];
extern const struct admin_field admin_shipping_fields[];
extern const struct admin_field admin_pull_fields[];
extern const struct admin_field admin_pull_page[];
extern const struct admin_field admin_due_fields[];
extern const struct admin_field admin_due_page[];
extern const struct admin_field admin_signal_fields[];
extern const struct admin_field admin_signal_page[];
extern const struct admin_field admin_transfer_fields[];
extern const struct admin_field admin_transfer_page[];
extern const struct admin_field admin_transferred_page[];

#endif
