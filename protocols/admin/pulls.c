/* SPDX-License-Identifier: Apache-2.0 */

/* Renewals that are pulled forward, and how renewal goes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/renewal_report.h"
#include "core/cert.h"
#include "protocols/admin/internal.h"

/* Spread over a week, if nothing is said. */
#define OVER (INT64_C(7) * 86400)

/* What ends within a month, if nothing is said. */
#define HORIZON     (INT64_C(30) * 86400)
#define HORIZON_MAX (INT64_C(100) * 366 * 86400)

/* ---- Fields */

static const char *const states[] = { "in force", "cancelled", "ended", NULL };

const struct admin_field admin_pull_fields[] = {
    ADMIN_GIVES("id", ADMIN_INTEGER, true, "its number"),
    ADMIN_GIVES_ENUM("status", states, true, "whether it counts"),
    ADMIN_GIVES("organisation", ADMIN_INTEGER, false,
                "whose certificates; not given: those of all"),
    ADMIN_GIVES("ca", ADMIN_STRING, false, "of this CA"),
    ADMIN_GIVES("profile", ADMIN_STRING, false, "of this profile"),
    ADMIN_GIVES("devices", ADMIN_STRING, false,
                "of devices whose names match this pattern"),
    ADMIN_GIVES("model", ADMIN_STRING, false, "of devices of this model"),
    ADMIN_GIVES("lot", ADMIN_STRING, false, "of this lot"),
    ADMIN_GIVES("firmware", ADMIN_STRING, false,
                "that say that they run this version"),
    ADMIN_GIVES("batch", ADMIN_INTEGER, false,
                "that have a certificate of this batch"),
    ADMIN_GIVES("from", ADMIN_TIME, true, "from when on they are spread"),
    ADMIN_GIVES("until", ADMIN_TIME, true, "until when"),
    ADMIN_GIVES("created", ADMIN_TIME, true,
                "certificates that were issued until then are meant"),
    ADMIN_GIVES("ends", ADMIN_TIME, true, "from then on it counts no more"),
    ADMIN_GIVES("cancelled", ADMIN_TIME, false, "when it was cancelled"),
    ADMIN_GIVES("creator", ADMIN_STRING, true, "who pulled"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_pull_page[] = {
    ADMIN_PAGE_OF(admin_pull_fields),
    ADMIN_FIELDS_END,
};

static const char *const reports[] = { "late", "lost", "expiring",
                                       "authorities", NULL };

const struct admin_field admin_due_fields[] = {
    ADMIN_GIVES("device", ADMIN_STRING, false, "name of the device"),
    ADMIN_GIVES("serial_number", ADMIN_SERIAL, false, "of its certificate"),
    ADMIN_GIVES("profile", ADMIN_STRING, false, "of its certificate"),
    ADMIN_GIVES("ca", ADMIN_STRING, true,
                "that issued it, or that the row is about"),
    ADMIN_GIVES("not_after", ADMIN_TIME, true, "when it ends"),
    ADMIN_GIVES("renew_from", ADMIN_TIME, false,
                "the device is told to renew from then"),
    ADMIN_GIVES("renew_until", ADMIN_TIME, false, "until then"),
    ADMIN_GIVES("pull", ADMIN_INTEGER, false, "that brought that forward"),
    ADMIN_GIVES("path_ends", ADMIN_TIME, true,
                "when the first certificate of its path ends"),
    ADMIN_GIVES("ends_with", ADMIN_STRING, false,
                "the CA that ends first, where one does before the "
                "certificate"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_due_page[] = {
    ADMIN_PAGE_OF(admin_due_fields),
    ADMIN_FIELDS_END,
};

#define PULL_PATH \
    ADMIN_PATH("pull", ADMIN_INTEGER, INT64_MAX, "number of the pull")

const struct admin_field admin_pull_renewals_params[] = {
    ADMIN_BODY("ca", ADMIN_STRING, false, ADMIN_ID_MAX,
               "certificates of this CA: one generation, by its id"),
    ADMIN_BODY("profile", ADMIN_STRING, false, ADMIN_ID_MAX, "of this profile"),
    ADMIN_BODY("devices", ADMIN_STRING, false, ADMIN_NAME_MAX,
               "of devices whose whole names match this pattern"),
    ADMIN_BODY("model", ADMIN_STRING, false, STORE_VALUE_MAX - 1,
               "of devices of this model"),
    ADMIN_BODY("lot", ADMIN_STRING, false, STORE_VALUE_MAX - 1, "of this lot"),
    ADMIN_BODY("firmware", ADMIN_STRING, false, STORE_VALUE_MAX - 1,
               "that say that they run this version"),
    ADMIN_BODY("batch", ADMIN_INTEGER, false, INT64_C(999999999999),
               "that have a certificate of this batch"),
    ADMIN_BODY("organisation", ADMIN_INTEGER, false, UINT32_MAX,
               "of this organisation; if not given, of all that you see"),
    ADMIN_BODY("over", ADMIN_SECONDS, false, CA_PULL_OVER_MAX,
               "seconds over which they are spread; a week if not given"),
    ADMIN_BODY("from", ADMIN_TIME, false, 0, "from then on; now if not given"),
    ADMIN_BODY("ends", ADMIN_TIME, false, 0,
               "it counts no more from then on; a year after its time if not "
               "given"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_list_pulls_params[] = {
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_pull_params[] = {
    PULL_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_cancel_pull_params[] = {
    PULL_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_list_renewals_params[] = {
    { .name = "about",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_QUERY,
      .required = true,
      .words = reports,
      .about = "late: behind its window; lost: ended, and nothing came after; "
               "expiring: certificates, and authorities: CAs, that end before "
               "the horizon" },
    ADMIN_QUERY("horizon", ADMIN_SECONDS, HORIZON_MAX,
                "seconds from now; 30 days if not given"),
    { .name = "since",
      .type = ADMIN_TIME,
      .place = ADMIN_IN_QUERY,
      .about = "of what is lost: what ended then or later" },
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};

/* ---- Pulling */

static const char *state_of(const struct store_pull *row, int64_t now)
{
    return states[row->cancelled != 0 ? 1 : row->ends <= now ? 2 : 0];
}

static json_t *pull_tree(struct tree *t, const struct store_pull *row,
                         int64_t now)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "id", tree_int(t, (int64_t)row->id));
    tree_set(t, o, "status", tree_str(t, state_of(row, now)));
    if (row->organisation != 0) {
        tree_set(t, o, "organisation", tree_int(t, row->organisation));
    }
    tree_set_text(t, o, "ca", row->ca);
    tree_set_text(t, o, "profile", row->profile);
    tree_set_text(t, o, "devices", row->device);
    tree_set_text(t, o, "model", row->model);
    tree_set_text(t, o, "lot", row->lot);
    tree_set_text(t, o, "firmware", row->firmware);
    if (row->batch != 0) {
        tree_set(t, o, "batch", tree_int(t, (int64_t)row->batch));
    }
    tree_set(t, o, "from", tree_time(t, row->from));
    tree_set(t, o, "until", tree_time(t, row->until));
    tree_set(t, o, "created", tree_time(t, row->created));
    tree_set(t, o, "ends", tree_time(t, row->ends));
    if (row->cancelled != 0) {
        tree_set(t, o, "cancelled", tree_time(t, row->cancelled));
    }
    tree_set(t, o, "creator", tree_str(t, row->creator));
    return o;
}

bm_status admin_pull_renewals(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    struct ca_pull_order order = {
        .organisation = (uint32_t)admin_number(params, "organisation", 0),
        .ca = admin_text(params, "ca"),
        .profile = admin_text(params, "profile"),
        .device = admin_text(params, "devices"),
        .model = admin_text(params, "model"),
        .lot = admin_text(params, "lot"),
        .firmware = admin_text(params, "firmware"),
        .batch = (uint64_t)admin_number(params, "batch", 0),
        .from = admin_time(params, "from"),
        .over = admin_number(params, "over", OVER),
        .ends = admin_time(params, "ends"),
    };
    struct tree t = { false };
    struct store_pull row;

    if (!ca_pull_names(&order)) {
        return ca_refuse(why, BM_E_ARGUMENT, "say which: " CA_PULL_WORDS);
    }
    if (order.organisation == 0) {
        order.organisation = c->actor.scope.organisation;
    }
    BM_TRY(ca_pull(c->ca, &c->actor, &order, c->now, &row, why));
    return admin_give(&t, pull_tree(&t, &row, c->now), result);
}

bm_status admin_show_pull(struct admin_context *c, const json_t *params,
                          json_t *result, struct ca_refusal *why)
{
    uint64_t id = (uint64_t)admin_number(params, "pull", 0);
    struct tree t = { false };
    struct store_pull row;
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = c->store->pull_get(c->store->self, &c->actor.scope, id, &row);
        admin_end(c);
    }
    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "pull %" PRIu64, id);
    }
    BM_TRY(rc);
    return admin_give(&t, pull_tree(&t, &row, c->now), result);
}

bm_status admin_cancel_pull(struct admin_context *c, const json_t *params,
                            json_t *result, struct ca_refusal *why)
{
    uint64_t id = (uint64_t)admin_number(params, "pull", 0);

    BM_TRY(ca_pull_cancel(c->ca, &c->actor, id, c->now, why));
    return admin_tell(c, params, result, why, admin_show_pull);
}

struct pulls {
    struct admin_page page;
    int64_t now;
};

static bm_status add_pull(void *arg, const void *visited)
{
    struct pulls *p = arg;
    const struct store_pull *row = visited;

    BM_TRY(admin_page_row_id(&p->page, row->id));
    return admin_page_add(&p->page, pull_tree(&p->page.t, row, p->now));
}

bm_status admin_list_pulls(struct admin_context *c, const json_t *params,
                           json_t *result, struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct pulls p = { .now = c->now };
    struct store_visit visit = { &p, add_pull };
    uint64_t after;
    bm_status rc;

    admin_page_begin(&p.page, params);
    rc = admin_page_after(&p.page, &after, why);
    if (rc == BM_OK) {
        rc = admin_begin(c);
    }
    if (rc == BM_OK) {
        rc = s->pull_list(s->self, &c->actor.scope, after, &visit);
        admin_end(c);
    }
    return admin_page_end(&p.page, rc, result);
}

/* ---- Reports */

static json_t *due_tree(struct tree *t, const struct ca_report_row *r)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "device", tree_str(t, r->device));
    tree_set(t, o, "serial_number", tree_hex(t, r->cert->serial));
    tree_set(t, o, "profile", tree_str(t, r->cert->profile));
    tree_set(t, o, "ca", tree_str(t, r->cert->ca));
    tree_set(t, o, "not_after", tree_time(t, r->cert->not_after));
    if (r->renewal.until != 0) {
        tree_set(t, o, "renew_from", tree_time(t, r->renewal.from));
        tree_set(t, o, "renew_until", tree_time(t, r->renewal.until));
    }
    if (r->renewal.pull != 0) {
        tree_set(t, o, "pull", tree_int(t, (int64_t)r->renewal.pull));
    }
    tree_set(t, o, "path_ends", tree_time(t, r->path_ends));
    tree_set_text(t, o, "ends_with", r->ends_with);
    return o;
}

/* Cursors: whose the last one was, its end, and its id. */
static bm_status add_due(void *arg, const void *visited)
{
    struct admin_page *page = arg;
    const struct ca_report_row *r = visited;
    char cursor[64];

    (void)snprintf(cursor, sizeof cursor, "%" PRIu32 "-%" PRId64 "-%" PRIu64,
                   r->cert->organisation, r->cert->not_after, r->cert->id);
    BM_TRY(admin_page_row(page, cursor));
    page->rows += r->renewal.looks; /* each costs about as much as a row */
    return r->hit ? admin_page_add(page, due_tree(&page->t, r)) : BM_OK;
}

static bm_status read_cursor(const char *text, struct ca_report_order *order,
                             struct ca_refusal *why)
{
    uint64_t numbers[3] = { 0, 0, 0 };
    char *end = NULL;

    if (text == NULL) {
        return BM_OK;
    }
    for (size_t i = 0; i < 3 && *text >= '0' && *text <= '9'; i++) {
        numbers[i] = strtoull(text, &end, 10);
        text = *end == '-' ? end + 1 : end;
    }
    order->organisation = (uint32_t)numbers[0];
    order->from = (int64_t)numbers[1];
    order->after = numbers[2];
    return *text == '\0' && order->after != 0 && numbers[0] <= UINT32_MAX &&
                   numbers[1] <= INT64_MAX && numbers[2] <= INT64_MAX
               ? BM_OK
               : ca_refuse(why, BM_E_ARGUMENT,
                           "after is not the next of such a page");
}

/* A CA of ours, or one above it, that ends before `until`. */
struct authorities {
    struct admin_context *c;
    struct admin_page page;
    int64_t until;
};

static bm_status add_authority(void *arg, const void *visited)
{
    struct authorities *a = arg;
    struct tree *t = &a->page.t;
    const struct store_ca *row = visited;
    char id[STORE_ID_MAX];
    struct ca_path_end end;
    struct bm_cert cert;
    json_t *o;

    if (row->kind == STORE_CA_LINK || admin_page_skips(&a->page, row->id)) {
        return BM_OK;
    }
    BM_TRY(bm_cert_parse(row->cert, BM_STRICT, NULL, &cert));
    memcpy(id, row->id, sizeof id);
    BM_TRY(ca_path_end(a->c->ca, id, &end));
    if (end.ends >= a->until) {
        return BM_OK;
    }
    BM_TRY(admin_page_row(&a->page, id));
    o = tree_object(t);
    tree_set(t, o, "ca", tree_str(t, id));
    tree_set(t, o, "not_after", tree_time(t, cert.not_after));
    tree_set(t, o, "path_ends", tree_time(t, end.ends));
    if (end.ends < cert.not_after) {
        tree_set(t, o, "ends_with", tree_str(t, end.ca));
    }
    return admin_page_add(&a->page, o);
}

static bm_status report_authorities(struct admin_context *c,
                                    const json_t *params, int64_t until,
                                    json_t *result)
{
    const struct store *s = c->store;
    struct authorities a = { .c = c, .until = until };
    const struct store_visit visit = { &a, add_authority };
    bm_status rc;

    admin_page_begin(&a.page, params);
    rc = admin_begin(c);
    if (rc == BM_OK) {
        rc = s->ca_list(s->self, &c->actor.scope, &visit);
        admin_end(c);
    }
    return admin_page_end(&a.page, rc, result);
}

static enum ca_report report_of(const char *word)
{
    return strcmp(word, "late") == 0   ? CA_REPORT_LATE
           : strcmp(word, "lost") == 0 ? CA_REPORT_LOST
                                       : CA_REPORT_EXPIRING;
}

bm_status admin_list_renewals(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    const char *about = admin_text(params, "about");
    struct ca_report_order order = {
        .report = report_of(about),
        .scope = c->actor.scope,
        .now = c->now,
        .horizon = admin_number(params, "horizon", HORIZON),
        .since = admin_time(params, "since"),
    };
    struct admin_page page;
    const struct store_visit visit = { &page, add_due };
    bm_status rc;

    if (strcmp(about, "authorities") == 0) {
        return report_authorities(c, params, c->now + order.horizon, result);
    }
    admin_page_begin(&page, params);
    rc = read_cursor(page.after, &order, why);
    if (rc == BM_OK) {
        rc = admin_begin(c);
    }
    if (rc == BM_OK) {
        rc = ca_report_walk(c->ca, &order, &visit);
        admin_end(c);
    }
    return admin_page_end(&page, rc, result);
}
