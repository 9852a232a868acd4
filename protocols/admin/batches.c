/* SPDX-License-Identifier: Apache-2.0 */

/* Batches (ca/batch.h): many certificates that are ordered at once. */
#include "ca/batch.h"

#include <string.h>

#include "core/csr.h"
#include "core/name.h"
#include "protocols/admin/batch_result.h"
#include "protocols/admin/batches.h"

/* Entries of a history, and certificates of a page, that are told at once. */
#define HISTORY_MAX 100
#define CERTS_MAX   500

static const char *const states[] = {
    "created",       "awaiting approval", "issuing", "ready",
    "partly issued", "downloaded",        "expired", "rejected",
    "revoking",      "revoked",           "aborted", NULL
};
static const char *const row_states[] = { "waiting", "issued",  "skipped",
                                          "wrong",   "refused", NULL };

#define BATCH_FIELDS                                                           \
    ADMIN_GIVES("id", ADMIN_INTEGER, true, "its number"),                      \
        ADMIN_GIVES("name", ADMIN_STRING, true, "as who ordered it calls it"), \
        ADMIN_GIVES_ENUM("state", states, true, "how far it came"),            \
        ADMIN_GIVES("reason", ADMIN_STRING, false, "why it is so"),            \
        ADMIN_GIVES("profile", ADMIN_STRING, true, "of its certificates"),     \
        ADMIN_GIVES("creator", ADMIN_STRING, true, "who ordered it"),          \
        ADMIN_GIVES("created", ADMIN_TIME, true, "when that was"),             \
        ADMIN_GIVES("changed", ADMIN_TIME, true, "when its state changed"),    \
        ADMIN_GIVES("expires", ADMIN_TIME, false,                              \
                    "until when it can be fetched"),                           \
        ADMIN_GIVES("rows", ADMIN_INTEGER, true, "that were read so far"),     \
        ADMIN_GIVES("wrong", ADMIN_INTEGER, true,                              \
                    "rows that could not get a certificate"),                  \
        ADMIN_GIVES("skipped", ADMIN_INTEGER, true,                            \
                    "rows that are duplicates and left out"),                  \
        ADMIN_GIVES("issued", ADMIN_INTEGER, true,                             \
                    "rows that have their certificate"),                       \
        ADMIN_GIVES("refused", ADMIN_INTEGER, true,                            \
                    "rows that were refused when it was their turn"),          \
        ADMIN_GIVES("revoked", ADMIN_INTEGER, true,                            \
                    "certificates that were revoked with it"),                 \
        ADMIN_GIVES("sha256", ADMIN_STRING, true, "of the file it came as"),   \
        ADMIN_GIVES("keys", ADMIN_STRING, false,                               \
                    "keys of this type are made here"),                        \
        ADMIN_GIVES("recipient", ADMIN_STRING, false,                          \
                    "SHA-256 of the certificate that they are encrypted to"),  \
        ADMIN_GIVES("under_secret", ADMIN_BOOLEAN, false,                      \
                    "they are encrypted under a secret, which was shown when " \
                    "it was ordered")

static const struct admin_field row_fields[] = {
    BATCH_FIELDS,
    ADMIN_FIELDS_END,
};
static const struct admin_field history_fields[] = {
    ADMIN_GIVES("at", ADMIN_TIME, true, "when it came so far"),
    ADMIN_GIVES_ENUM("state", states, true, "how far"),
    ADMIN_GIVES("by", ADMIN_STRING, true, "by whom"),
    ADMIN_GIVES("reason", ADMIN_STRING, false, "why"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_batch_fields[] = {
    BATCH_FIELDS,
    ADMIN_GIVES_IN("history", ADMIN_ARRAY, true, history_fields,
                   "its states, in their order"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_batch_new_fields[] = {
    BATCH_FIELDS,
    ADMIN_GIVES_IN("history", ADMIN_ARRAY, true, history_fields,
                   "its states, in their order"),
    ADMIN_GIVES("secret", ADMIN_STRING, false,
                "that its keys are encrypted under: it is told this once"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_batch_page[] = {
    ADMIN_PAGE_OF(row_fields),
    ADMIN_FIELDS_END,
};
static const struct admin_field batch_row_fields[] = {
    ADMIN_GIVES("row", ADMIN_INTEGER, true, "its number, from 1"),
    ADMIN_GIVES_ENUM("state", row_states, true, "what became of it"),
    ADMIN_GIVES("device", ADMIN_STRING, false, "name of the device"),
    ADMIN_GIVES("file", ADMIN_STRING, false, "its name in the archive"),
    ADMIN_GIVES("subject", ADMIN_STRING, false,
                "that is asked for (RFC 4514): the table's, or the request's"),
    ADMIN_GIVES("key", ADMIN_STRING, false,
                "SHA-256 of the public key of the request"),
    ADMIN_GIVES("column", ADMIN_STRING, false, "where it is wrong"),
    ADMIN_GIVES("reason", ADMIN_STRING, false, "why there is no certificate"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_batch_row_page[] = {
    ADMIN_PAGE_OF(batch_row_fields),
    ADMIN_FIELDS_END,
};
static const struct admin_field batch_cert_fields[] = {
    ADMIN_GIVES("row", ADMIN_INTEGER, true, "its number, from 1"),
    ADMIN_GIVES("device", ADMIN_STRING, false, "name of the device"),
    ADMIN_GIVES("file", ADMIN_STRING, false, "its name in the archive"),
    ADMIN_GIVES("serial", ADMIN_SERIAL, true, "of the certificate"),
    ADMIN_GIVES("ca", ADMIN_STRING, true, "id of its issuer"),
    ADMIN_GIVES("pem", ADMIN_PEM, true, "the certificate"),
    ADMIN_GIVES("key", ADMIN_PEM, false,
                "its private key, in a CMS EnvelopedData for the recipient, or "
                "as PKCS #8 under the secret of the batch"),
    ADMIN_GIVES("line", ADMIN_TEXT, true,
                "what the list of the batch says of it"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_batch_cert_page[] = {
    ADMIN_PAGE_OF(batch_cert_fields),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_batch_list_fields[] = {
    ADMIN_GIVES("organisation", ADMIN_INTEGER, true, "whose batch it is"),
    ADMIN_GIVES("head", ADMIN_TEXT, true, "the first line of the list"),
    ADMIN_GIVES("issued", ADMIN_INTEGER, true, "certificates that it has"),
    ADMIN_GIVES("keys", ADMIN_BOOLEAN, true,
                "each comes with a key that was made for it"),
    ADMIN_GIVES("signature", ADMIN_PEM, false,
                "CMS, detached, over all lines of the list"),
    ADMIN_GIVES("jws", ADMIN_TEXT, false,
                "JWS (RFC 7515) by the same: its payload has the SHA-256 of "
                "all lines"),
    { .name = "chain",
      .type = ADMIN_STRINGS,
      .required = true,
      .about = "the CAs from the issuer of its certificates up, but the root" },
    ADMIN_FIELDS_END,
};
const struct admin_field admin_list_batches_params[] = {
    { .name = "state",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_QUERY,
      .words = states,
      .about = "those in this state alone" },
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_batch_params[] = {
    BATCH_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_list_batch_rows_params[] = {
    BATCH_PATH,
    { .name = "state",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_QUERY,
      .words = row_states,
      .about = "those in this state alone" },
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_list_batch_certs_params[] = {
    BATCH_PATH,
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_batch_list_params[] = {
    BATCH_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_get_batch_result_params[] = {
    BATCH_PATH,
    { .name = "form",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_QUERY,
      .words = admin_result_forms,
      .about = "pem, if not given: a file for each certificate; or table: one "
               "for all" },
    { .name = "chain",
      .type = ADMIN_BOOLEAN,
      .place = ADMIN_IN_QUERY,
      .about = "with each certificate those of the CAs above it" },
    ADMIN_FIELDS_END,
};
/* ---- Telling */

static void set_keys(struct tree *t, json_t *o, const struct bm_crypto *crypto,
                     const struct store_batch *row)
{
    enum bm_key_type type = ca_batch_keys(row);
    uint8_t hash[BM_HASH_MAX];

    if (type == BM_KEY_UNKNOWN) {
        return;
    }
    tree_set(t, o, "keys", tree_str(t, ca_batch_key_name(type)));
    if ((row->options & CA_BATCH_SECRET) != 0) {
        tree_set(t, o, "under_secret", tree_bool(t, true));
    } else if (crypto->hash(crypto->self, BM_HASH_SHA256, row->recipient,
                            hash) == BM_OK) {
        tree_set(t, o, "recipient",
                 tree_hex(t, (struct bm_bytes){ hash, STORE_HASH_SIZE }));
    }
}

static json_t *batch_tree(struct tree *t, const struct bm_crypto *crypto,
                          const struct store_batch *row)
{
    const struct {
        const char *name;
        uint32_t n;
    } counts[] = {
        { "rows", row->rows },       { "wrong", row->wrong },
        { "skipped", row->skipped }, { "issued", row->issued },
        { "refused", row->refused }, { "revoked", row->revoked },
    };
    json_t *o = tree_object(t);

    tree_set(t, o, "id", tree_int(t, (int64_t)row->id));
    tree_set(t, o, "name", tree_str(t, row->name));
    tree_set(t, o, "state", tree_str(t, ca_batch_state_name(row->state)));
    tree_set_text(t, o, "reason", row->reason);
    tree_set(t, o, "profile", tree_str(t, row->profile));
    tree_set(t, o, "creator", tree_str(t, row->creator));
    tree_set(t, o, "created", tree_time(t, row->created));
    tree_set(t, o, "changed", tree_time(t, row->changed));
    if (row->expires != 0) {
        tree_set(t, o, "expires", tree_time(t, row->expires));
    }
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        tree_set(t, o, counts[i].name, tree_int(t, counts[i].n));
    }
    tree_set(t, o, "sha256", tree_hex(t, BM_ARRAY(row->upload)));
    set_keys(t, o, crypto, row);
    return o;
}

struct history {
    struct tree t;
    json_t *items;
};

static bm_status add_event(void *arg, const void *visited)
{
    const struct store_batch_event *row = visited;
    struct history *h = arg;
    json_t *o = tree_object(&h->t);

    tree_set(&h->t, o, "at", tree_time(&h->t, row->at));
    tree_set(&h->t, o, "state",
             tree_str(&h->t, ca_batch_state_name(row->state)));
    tree_set(&h->t, o, "by", tree_str(&h->t, row->actor));
    tree_set_text(&h->t, o, "reason", row->text);
    tree_append(&h->t, h->items, o);
    return h->t.failed                               ? BM_E_MEMORY
           : json_array_size(h->items) < HISTORY_MAX ? BM_OK
                                                     : BM_E_END;
}

/* In a transaction. */
static bm_status find(struct admin_context *c, const json_t *params,
                      struct store_batch *row, struct ca_refusal *why)
{
    uint64_t id = (uint64_t)admin_number(params, "batch", 0);
    bm_status rc =
        c->store->batch_get(c->store->self, &c->actor.scope, id, row);

    return rc == BM_E_NOT_FOUND
               ? ca_refuse(why, rc, "batch %llu", (unsigned long long)id)
               : rc;
}

static bm_status give(struct admin_context *c, const json_t *params,
                      json_t *result, struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct history history = { .t = { false } };
    struct store_visit visit = { &history, add_event };
    struct tree t = { false };
    struct store_batch row;

    BM_TRY(find(c, params, &row, why));
    history.items = tree_array(&t);
    tree_set(&t, result, "history", history.items);
    BM_TRY(s->batch_event_list(s->self, row.id, &visit));
    return admin_give(&t, batch_tree(&t, c->crypto, &row), result);
}

bm_status admin_show_batch(struct admin_context *c, const json_t *params,
                           json_t *result, struct ca_refusal *why)
{
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = give(c, params, result, why);
        admin_end(c);
    }
    return rc;
}

/* ---- Lists */

/* Number of a word among those of `words`, from 1; 0: none. */
static uint32_t number_of(const char *const *words, const char *word)
{
    for (uint32_t i = 0; word != NULL && words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            return i + 1;
        }
    }
    return 0;
}

struct batch_page {
    struct admin_page page;
    const struct bm_crypto *crypto;
};

static bm_status add_batch(void *arg, const void *visited)
{
    const struct store_batch *row = visited;
    struct batch_page *b = arg;

    BM_TRY(admin_page_row_id(&b->page, row->id));
    return admin_page_add(&b->page, batch_tree(&b->page.t, b->crypto, row));
}

bm_status admin_list_batches(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    enum store_batch_state state =
        (enum store_batch_state)number_of(states, admin_text(params, "state"));
    const struct store *s = c->store;
    struct batch_page b = { .crypto = c->crypto };
    struct store_visit visit = { &b, add_batch };
    uint64_t after = 0;
    bm_status rc;

    admin_page_begin(&b.page, params);
    rc = admin_page_after(&b.page, &after, why);
    if (rc == BM_OK) {
        rc = admin_begin(c);
    }
    if (rc == BM_OK) {
        rc = s->batch_list(s->self, &c->actor.scope, after, state, &visit);
        admin_end(c);
    }
    return admin_page_end(&b.page, rc, result);
}

struct rows {
    struct admin_context *c;
    struct admin_page page;
    enum store_batch_row_state state; /* those alone; 0: all */
    bool keys;         /* the batch has ended, and they are handed out */
    const char *label; /* of one in PEM */
};

static json_t *row_tree(struct tree *t, const struct store_batch_row *row)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "row", tree_int(t, row->number));
    tree_set_text(t, o, "device", row->device);
    tree_set_text(t, o, "file", row->name);
    return o;
}

/* What it asks for, as long as nothing has come of it. */
static bm_status set_asked(struct rows *r, json_t *o,
                           const struct store_batch_row *row)
{
    const struct bm_crypto *crypto = r->c->crypto;
    struct bm_bytes subject = row->subject;
    struct tree *t = &r->page.t;
    uint8_t key[BM_HASH_MAX];
    struct bm_csr csr;

    if (row->csr.n == 0 || bm_csr_parse(row->csr, NULL, &csr) != BM_OK) {
        return BM_OK;
    }
    if (subject.n == 0) {
        subject = csr.subject;
    }
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, csr.key.der, key));
    tree_set(t, o, "subject", tree_put(t, bm_name_put_text, subject));
    tree_set(t, o, "key",
             tree_hex(t, (struct bm_bytes){ key, STORE_HASH_SIZE }));
    return BM_OK;
}

/* Rows are looked at here rather than by the store, so that a state that none
 * is in does not keep the issuer from its work: the page counts. */
static bool is_other(const struct rows *r, const struct store_batch_row *row)
{
    return r->state != 0 && row->state != r->state;
}

static bm_status add_row(void *arg, const void *visited)
{
    const struct store_batch_row *row = visited;
    struct rows *r = arg;
    struct tree *t = &r->page.t;
    json_t *o;

    BM_TRY(admin_page_row_id(&r->page, row->number));
    if (is_other(r, row)) {
        return BM_OK;
    }
    o = row_tree(t, row);
    tree_set(t, o, "state", tree_str(t, ca_batch_row_name(row->state)));
    BM_TRY(set_asked(r, o, row));
    tree_set_text(t, o, "column", row->column);
    tree_set_text(t, o, "reason", row->words);
    return admin_page_add(&r->page, o);
}

static bm_status add_cert(void *arg, const void *visited)
{
    const struct store_batch_row *row = visited;
    struct rows *r = arg;
    const struct store *s = r->c->store;
    struct tree *t = &r->page.t;
    uint8_t room[CA_BATCH_LINE_MAX];
    struct store_cert cert;
    struct bm_wr w;
    size_t n;
    json_t *o;

    BM_TRY(admin_page_row_id(&r->page, row->number));
    if (is_other(r, row)) {
        return BM_OK;
    }
    bm_wr_init(&w, room, sizeof room);
    BM_TRY(ca_batch_put_line(s, r->c->crypto, row, &w));
    BM_TRY(bm_wr_finish(&w, &n));
    BM_TRY(s->cert_get(s->self, &r->c->actor.scope, row->cert, &cert));
    o = row_tree(t, row);
    tree_set(t, o, "serial", tree_hex(t, cert.serial));
    tree_set(t, o, "ca", tree_str(t, cert.ca));
    tree_set(t, o, "pem", admin_pem(t, "CERTIFICATE", cert.der));
    if (row->key.n != 0 && r->keys) {
        tree_set(t, o, "key", admin_pem(t, r->label, row->key));
    }
    tree_set(t, o, "line", tree_text(t, bm_wr_bytes(&w)));
    return admin_page_add(&r->page, o);
}

static bm_status list_rows(struct rows *r, const json_t *params,
                           bm_status (*add)(void *arg, const void *row),
                           json_t *result, struct ca_refusal *why)
{
    const struct store *s = r->c->store;
    struct store_visit visit = { r, add };
    struct store_batch batch;
    uint64_t after = 0;
    bm_status rc = admin_page_after(&r->page, &after, why);

    if (rc == BM_OK && after > STORE_BATCH_ROWS_MAX) {
        rc = ca_refuse(why, BM_E_ARGUMENT,
                       "after is not the next of such a page");
    }
    if (rc == BM_OK) {
        rc = admin_begin(r->c);
    }
    if (rc == BM_OK) {
        rc = find(r->c, params, &batch, why);
        if (rc == BM_OK) {
            r->label = (batch.options & CA_BATCH_SECRET) != 0
                           ? "ENCRYPTED PRIVATE KEY"
                           : "CMS";
            r->keys = batch.state == STORE_BATCH_READY ||
                      batch.state == STORE_BATCH_PARTLY;
            rc = s->batch_row_list(s->self, batch.id, (uint32_t)after,
                                   (enum store_batch_row_state)0, &visit);
        }
        admin_end(r->c);
    }
    return admin_page_end(&r->page, rc, result);
}

bm_status admin_list_batch_rows(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    struct rows r = { .c = c,
                      .state = (enum store_batch_row_state)number_of(
                          row_states, admin_text(params, "state")) };

    admin_page_begin(&r.page, params);
    return list_rows(&r, params, add_row, result, why);
}

bm_status admin_list_batch_certs(struct admin_context *c, const json_t *params,
                                 json_t *result, struct ca_refusal *why)
{
    struct rows r = { .c = c, .state = STORE_ROW_ISSUED };

    admin_page_begin(&r.page, params);
    if (r.page.limit > CERTS_MAX) {
        r.page.limit = CERTS_MAX;
    }
    return list_rows(&r, params, add_cert, result, why);
}

/* ---- The list, and who issued */

static const char *issuer_of(const struct admin_context *c, const char *profile)
{
    for (size_t i = 0; i < c->profiles_n; i++) {
        const struct ca_bound *b = &c->profiles[i];

        if (strcmp(ca_profile_policy(b->profile)->name, profile) == 0) {
            return b->ca;
        }
    }
    return "";
}

static bm_status give_list(struct admin_context *c, const json_t *params,
                           json_t *result, struct ca_refusal *why)
{
    uint8_t room[CA_BATCH_LINE_MAX];
    struct tree t = { false };
    struct store_batch row;
    struct bm_wr w;
    size_t n;
    json_t *chain = tree_array(&t);

    tree_set(&t, result, "chain", chain);
    BM_TRY(find(c, params, &row, why));
    if (row.state != STORE_BATCH_READY && row.state != STORE_BATCH_PARTLY &&
        row.state != STORE_BATCH_DOWNLOADED) {
        return ca_refuse(why, BM_E_CA_BATCH, "batch %llu is %s",
                         (unsigned long long)row.id,
                         ca_batch_state_name(row.state));
    }
    bm_wr_init(&w, room, sizeof room);
    if (row.state == STORE_BATCH_DOWNLOADED &&
        ca_batch_keys(&row) != BM_KEY_UNKNOWN) {
        return ca_refuse(why, BM_E_BATCH_KEYS,
                         "batch %llu has arrived, and its keys are gone",
                         (unsigned long long)row.id);
    }
    ca_batch_put_head(&row, &w);
    BM_TRY(bm_wr_finish(&w, &n));
    tree_set(&t, result, "organisation", tree_int(&t, row.organisation));
    tree_set(&t, result, "head", tree_text(&t, bm_wr_bytes(&w)));
    tree_set(&t, result, "issued", tree_int(&t, row.issued));
    tree_set(&t, result, "keys",
             tree_bool(&t, ca_batch_keys(&row) != BM_KEY_UNKNOWN));
    if (row.signature.n != 0) {
        tree_set(&t, result, "signature", admin_pem(&t, "CMS", row.signature));
    }
    if (row.jws.n != 0) {
        tree_set(&t, result, "jws", tree_text(&t, row.jws));
    }
    BM_TRY(admin_add_chain(c, &t, issuer_of(c, row.profile), chain));
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_show_batch_list(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = give_list(c, params, result, why);
        admin_end(c);
    }
    return rc;
}

/* What an archive begins with; the certificates come page by page, to who
 * makes it (batch_result.h). */
bm_status admin_get_batch_result(struct admin_context *c, const json_t *params,
                                 json_t *result, struct ca_refusal *why)
{
    return admin_show_batch_list(c, params, result, why);
}
