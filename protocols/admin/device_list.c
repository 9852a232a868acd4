/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Devices, listed and searched for. A search goes through the organisations of
 * its scope, one after another. Each thing that is asked for can say which is
 * the first device from a number on that has it: so all of them are asked in
 * turn, from where the last one came to, until they agree. What expires is
 * walked by its end, a batch by its rows, and the rest asked of each device.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/device.h"
#include "protocols/admin/devices.h"

const char *const device_states[] = { "expected",    "born",    "active",
                                      "suspended",   "revoked", "retired",
                                      "transferred", NULL };

static const struct admin_field row_fields[] = {
    DEVICE_FIELDS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_device_page[] = {
    ADMIN_PAGE_OF(row_fields),
    ADMIN_FIELDS_END,
};

#define BY(name) \
    ADMIN_QUERY(name, ADMIN_STRING, STORE_VALUE_MAX - 1, "with exactly this")

const struct admin_field admin_list_devices_params[] = {
    { .name = "state",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_QUERY,
      .words = device_states,
      .about = "those in this state alone" },
    BY("serial"),
    BY("hardware_id"),
    BY("mac"),
    BY("imei"),
    BY("uuid"),
    BY("secure_element"),
    BY("tpm"),
    BY("model"),
    BY("lot"),
    BY("hardware_version"),
    BY("firmware"),
    BY("key_method"),
    BY("key_transfer"),
    BY("key_site"),
    ADMIN_QUERY("label", ADMIN_STRING, STORE_ID_MAX + STORE_VALUE_MAX,
                "NAME=VALUE: with exactly this label"),
    ADMIN_QUERY("batch", ADMIN_INTEGER, INT64_C(999999999999),
                "with a certificate of this batch"),
    { .name = "expires_from",
      .type = ADMIN_TIME,
      .place = ADMIN_IN_QUERY,
      .about = "with a certificate that is good and ends then or later" },
    { .name = "expires_before",
      .type = ADMIN_TIME,
      .place = ADMIN_IN_QUERY,
      .about = "with a certificate that is good and ends before; these come by "
               "when that is" },
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};

/* ---- Attributes as JSON */

/* '-' is not for names in JSON. */
static void member_name(const char *name, char member[STORE_ID_MAX])
{
    (void)snprintf(member, STORE_ID_MAX, "%s", name);
    for (char *p = strchr(member, '-'); p != NULL; p = strchr(p, '-')) {
        *p = '_';
    }
}

struct putting {
    struct tree *t;
    json_t *o;
};

static void append(struct putting *p, const char *member, const char *text)
{
    json_t *list = json_object_get(p->o, member);

    if (list == NULL) {
        tree_set(p->t, p->o, member, tree_array(p->t));
        list = json_object_get(p->o, member);
    }
    tree_append(p->t, list, tree_str(p->t, text));
}

static bm_status put_attribute(void *arg, const void *visited)
{
    const struct store_attribute *row = visited;
    const struct ca_attribute_kind *kind = ca_attribute_of(row->kind);
    char label[STORE_ID_MAX + STORE_VALUE_MAX + 1];
    char member[STORE_ID_MAX];
    struct putting *p = arg;

    if (kind == NULL) {
        return BM_E_STORE_CORRUPT;
    }
    member_name(kind->name, member);
    if (kind->kind == CA_ATTRIBUTE_LABEL) {
        (void)snprintf(label, sizeof label, "%s=%s", row->name, row->value);
        append(p, "labels", label);
    } else if (kind->most > 1) {
        append(p, member, row->value);
    } else {
        tree_set(p->t, p->o, member, tree_str(p->t, row->value));
    }
    return BM_OK;
}

bm_status devices_put_attributes(struct admin_context *c, struct tree *t,
                                 uint64_t device, json_t *o)
{
    struct putting p = { t, o };
    const struct store_visit visit = { &p, put_attribute };

    return c->store->attribute_list(c->store->self, device, &visit);
}

/* ---- What is asked for */

#define TERMS_MAX 16

struct search {
    struct admin_context *c;
    struct store_attribute terms[TERMS_MAX];
    size_t terms_n;
    bool one;                      /* one of the terms is one device's */
    enum store_device_state state; /* 0: any */
    bool expires;
    int64_t from;
    int64_t until;
    uint64_t batch;
    /* Where the last page ended: an organisation, and what its walk is at. */
    uint64_t after[3];
    uint32_t organisation; /* that is walked */
    struct store_expiring last;
    struct admin_page page;
};

static bm_status add_term(struct search *s, const char *name, const char *value,
                          struct ca_refusal *why)
{
    struct store_attribute *row = &s->terms[s->terms_n];

    BM_TRY(ca_attribute_make(
        (struct bm_bytes){ (const uint8_t *)name, strlen(name) },
        (struct bm_bytes){ (const uint8_t *)value, strlen(value) }, row, why));
    s->one = s->one || row->kind < STORE_ATTRIBUTE_SHARED;
    s->terms_n++;
    return BM_OK;
}

static bm_status add_label(struct search *s, const char *label,
                           struct ca_refusal *why)
{
    char text[STORE_ID_MAX + STORE_VALUE_MAX + 8];

    (void)snprintf(text, sizeof text, "label.%s", label);
    return ca_attribute_parse(
        (struct bm_bytes){ (const uint8_t *)text, strlen(text) },
        &s->terms[s->terms_n++], why);
}

/* A value that cannot be one is a mistake in the question. */
static bm_status read_terms(struct search *s, const json_t *params,
                            struct ca_refusal *why)
{
    const char *text;

    for (const struct ca_attribute_kind *k = ca_attribute_kinds;
         k->name != NULL; k++) {
        char member[STORE_ID_MAX];

        member_name(k->name, member);
        text =
            k->kind == CA_ATTRIBUTE_LABEL ? NULL : admin_text(params, member);
        if (text != NULL) {
            BM_TRY(add_term(s, k->name, text, why));
        }
    }
    text = admin_text(params, "label");
    return text == NULL ? BM_OK : add_label(s, text, why);
}

static void read_rest(struct search *s, const json_t *params)
{
    const char *state = admin_text(params, "state");

    for (unsigned i = STORE_DEVICE_EXPECTED;
         state != NULL && i <= STORE_DEVICE_TRANSFERRED; i++) {
        if (strcmp(state, ca_device_state_name((enum store_device_state)i)) ==
            0) {
            s->state = (enum store_device_state)i;
        }
    }
    s->batch = (uint64_t)admin_number(params, "batch", 0);
    s->from = admin_time(params, "expires_from");
    s->until = STORE_NO_END;
    if (admin_text(params, "expires_before") != NULL) {
        s->until = admin_time(params, "expires_before");
    }
    s->expires =
        s->until != STORE_NO_END || admin_text(params, "expires_from") != NULL;
}

/* Numbers with dots between, as the cursors below are. */
static bm_status read_after(struct search *s, struct ca_refusal *why)
{
    const char *text = s->page.after;
    size_t n = 0;

    while (text != NULL && n < 3) {
        char *end;

        errno = 0;
        s->after[n++] = strtoull(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || errno != 0 ||
            s->after[n - 1] > INT64_MAX) {
            break;
        }
        if (*end == '\0') {
            return BM_OK;
        }
        text = *end == '.' ? end + 1 : "";
    }
    return s->page.after == NULL
               ? BM_OK
               : ca_refuse(why, BM_E_ARGUMENT,
                           "after is not the next of such a page");
}

/* ---- Looking at devices */

static bm_status add_row(struct search *s, const struct store_device *row)
{
    json_t *o = things_device(&s->page.t, row);
    bm_status rc = devices_put_attributes(s->c, &s->page.t, row->id, o);

    if (rc != BM_OK) {
        json_decref(o);
        return rc;
    }
    return admin_page_add(&s->page, o);
}

static bm_status add_id(struct search *s, uint64_t id)
{
    const struct store *store = s->c->store;
    struct store_device row;

    BM_TRY(store->device_get(store->self, &s->c->actor.scope, id, &row));
    return add_row(s, &row);
}

static size_t terms_of(const struct search *s)
{
    return s->terms_n + (s->state != 0);
}

/* The first that has what is asked for, from `*id` on. */
static bm_status term_next(struct search *s, size_t i, uint64_t *id)
{
    const struct store *store = s->c->store;

    if (i == s->terms_n) {
        return store->device_next(store->self, s->organisation, s->state, id);
    }
    s->terms[i].organisation = s->organisation;
    return store->attribute_next(store->self, &s->terms[i], id);
}

static bm_status has_terms(struct search *s, uint64_t id, bool *yes)
{
    *yes = true;
    for (size_t i = 0; i < terms_of(s) && *yes; i++) {
        uint64_t found = id;
        bm_status rc = term_next(s, i, &found);

        if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
            return rc;
        }
        *yes = rc == BM_OK && found == id;
    }
    return BM_OK;
}

/* The first of its certificates that ends in the time that is asked for. */
struct ending {
    const struct search *s;
    int64_t first; /* STORE_NO_END: none does */
};

static bm_status look_at_end(void *arg, const void *visited)
{
    const struct store_cert *row = visited;
    struct ending *e = arg;

    if (row->status <= STORE_CERT_REPLACED && row->not_after >= e->s->from &&
        row->not_after < e->s->until && row->not_after < e->first) {
        e->first = row->not_after;
    }
    return BM_OK;
}

static bm_status first_end(const struct search *s, uint64_t id, int64_t *first)
{
    const struct store *store = s->c->store;
    const struct store_cert_filter filter = { .device = id };
    struct ending e = { s, STORE_NO_END };
    const struct store_visit visit = { &e, look_at_end };

    BM_TRY(store->cert_list(store->self, &s->c->actor.scope, &filter, &visit));
    *first = e.first;
    return BM_OK;
}

/* ---- By what many have */

static void put_cursor(const struct search *s, uint64_t id,
                       char cursor[ADMIN_KEY_MAX])
{
    (void)snprintf(cursor, ADMIN_KEY_MAX, "%" PRIu32 ".%" PRIu64,
                   s->organisation, id);
}

static bm_status agreed_on(struct search *s, uint64_t id)
{
    char cursor[ADMIN_KEY_MAX];
    int64_t first = 0;

    put_cursor(s, id, cursor);
    BM_TRY(admin_page_row(&s->page, cursor));
    if (s->expires) {
        admin_page_spend(&s->page, 2 * ADMIN_SEEK_ROWS);
        BM_TRY(first_end(s, id, &first));
    }
    return first == STORE_NO_END ? BM_OK : add_id(s, id);
}

static bm_status walk_terms(struct search *s, uint64_t after)
{
    size_t n = terms_of(s);
    size_t agreed = 0;
    uint64_t id = after + 1;

    for (size_t i = 0;; i = (i + 1) % n) {
        uint64_t found = id;
        char cursor[ADMIN_KEY_MAX];
        bm_status rc;

        put_cursor(s, id - 1, cursor);
        BM_TRY(admin_page_seek(&s->page, cursor));
        rc = term_next(s, i, &found);
        if (rc == BM_E_NOT_FOUND) {
            return BM_OK;
        }
        BM_TRY(rc);
        agreed = found == id ? agreed + 1 : 1;
        id = found;
        if (agreed == n) {
            BM_TRY(agreed_on(s, id));
            id++;
            agreed = 0;
        }
    }
}

/* ---- By when it ends */

static bm_status add_expiring(void *arg, const void *visited)
{
    const struct store_expiring *row = visited;
    struct search *s = arg;
    char cursor[ADMIN_KEY_MAX];
    int64_t first;
    bool yes;

    (void)snprintf(cursor, sizeof cursor, "%" PRIu32 ".%" PRId64 ".%" PRIu64,
                   s->organisation, row->not_after, row->device);
    if (row->device == s->last.device && row->not_after == s->last.not_after) {
        return BM_OK; /* two that end at once */
    }
    BM_TRY(admin_page_row(&s->page, cursor));
    admin_page_spend(&s->page, ADMIN_SEEK_ROWS * (1 + terms_of(s)));
    s->last = *row;
    BM_TRY(has_terms(s, row->device, &yes));
    if (!yes) {
        return BM_OK;
    }
    admin_page_spend(&s->page, ADMIN_SEEK_ROWS);
    BM_TRY(first_end(s, row->device, &first));
    /* else it has come by an earlier one */
    return first == row->not_after ? add_id(s, row->device) : BM_OK;
}

static bm_status walk_expiring(struct search *s, const uint64_t after[2])
{
    const struct store *store = s->c->store;
    struct store_expiring_of of = { .organisation = s->organisation,
                                    .from = s->from,
                                    .until = s->until };
    const struct store_visit visit = { s, add_expiring };

    if (after[0] != 0 || after[1] != 0) {
        of.from = (int64_t)after[0];
        of.device = after[1];
    }
    BM_TRY(store->cert_expiring(store->self, &of, &visit));
    return s->page.more ? BM_E_END : BM_OK;
}

/* ---- By batch */

static bm_status add_batch_row(void *arg, const void *visited)
{
    const struct store_batch_row *row = visited;
    struct search *s = arg;
    const struct store *store = s->c->store;
    uint64_t device;
    struct store_cert cert;
    int64_t first = 0;
    bool yes;

    BM_TRY(admin_page_row_id(&s->page, row->number));
    if (row->state != STORE_ROW_ISSUED) {
        return BM_OK; /* here, and not by the store: the page counts them */
    }
    admin_page_spend(&s->page, ADMIN_SEEK_ROWS * (2 + terms_of(s)));
    BM_TRY(store->cert_get(store->self, &s->c->actor.scope, row->cert, &cert));
    device = cert.device;
    s->organisation = cert.organisation;
    if (device == 0) {
        return BM_OK;
    }
    if (s->expires) {
        BM_TRY(first_end(s, device, &first));
    }
    BM_TRY(has_terms(s, device, &yes));
    return yes && first != STORE_NO_END ? add_id(s, device) : BM_OK;
}

static bm_status walk_batch(struct search *s, struct ca_refusal *why)
{
    const struct store *store = s->c->store;
    const struct store_visit visit = { s, add_batch_row };
    struct store_batch batch;
    bm_status rc =
        store->batch_get(store->self, &s->c->actor.scope, s->batch, &batch);

    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "batch %" PRIu64, s->batch);
    }
    BM_TRY(rc);
    return store->batch_row_list(store->self, s->batch, (uint32_t)s->after[0],
                                 (enum store_batch_row_state)0, &visit);
}

/* ---- All of it */

static bm_status add_listed(void *arg, const void *visited)
{
    const struct store_device *row = visited;
    struct search *s = arg;

    BM_TRY(admin_page_row_id(&s->page, row->id));
    return add_row(s, row);
}

static bm_status search_in(void *arg, const void *visited)
{
    const struct store_organisation *row = visited;
    static const uint64_t from_the_start[2] = { 0, 0 };
    struct search *s = arg;
    const uint64_t *after = from_the_start;

    if (row->id < s->after[0]) {
        return BM_OK;
    }
    if (row->id == s->after[0]) {
        after = s->after + 1;
    }
    s->organisation = row->id;
    return s->expires && !s->one ? walk_expiring(s, after)
                                 : walk_terms(s, after[0]);
}

static bm_status walk(struct search *s, struct ca_refusal *why)
{
    const struct store *store = s->c->store;
    const struct store_scope *scope = &s->c->actor.scope;
    const struct store_visit each = { s, add_listed };
    const struct store_visit in = { s, search_in };

    if (s->batch != 0) {
        return walk_batch(s, why);
    }
    if (terms_of(s) == 0 && !s->expires) {
        return store->device_list(store->self, scope, s->after[0], &each);
    }
    return store->organisation_list(store->self, scope, &in);
}

bm_status admin_list_devices(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    struct search s = { .c = c };
    bm_status rc;

    admin_page_begin(&s.page, params);
    read_rest(&s, params);
    rc = read_after(&s, why);
    if (rc == BM_OK) {
        rc = read_terms(&s, params, why);
    }
    if (rc == BM_OK) {
        rc = admin_begin(c);
    }
    if (rc == BM_OK) {
        rc = walk(&s, why);
        admin_end(c);
    }
    return admin_page_end(&s.page, rc, result);
}
