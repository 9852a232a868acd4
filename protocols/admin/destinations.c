/* SPDX-License-Identifier: Apache-2.0 */

/* Destinations: where events go, and what did not get there. */
#include "ca/destination.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "protocols/admin/internal.h"

static const char *const kinds[] = { "webhook", "syslog", NULL };
static const char *const states[] = { "disabled", "waiting", "delivering",
                                      "failing", NULL };

/* Failures, one after another, that make it "failing". */
#define FAILING 3

/* Characters of one certificate. */
#define CERT_TEXT_MAX 32768

/* What a secret looks like to those who verify webhooks. */
#define SECRET_PREFIX "whsec_"
#define SECRET_TEXT   (sizeof SECRET_PREFIX + 4 * (STORE_SECRET_MAX + 2) / 3)

#define DESTINATION_FIELDS                                                  \
    ADMIN_GIVES("name", ADMIN_STRING, true, "unique in its organisation"),  \
        ADMIN_GIVES_ENUM("kind", kinds, true, "what it is sent"),           \
        ADMIN_GIVES("url", ADMIN_STRING, true, "where"),                    \
        ADMIN_GIVES("kinds", ADMIN_STRING, false,                           \
                    "of events it wants, with commas; noticed and claimed " \
                    "if absent"),                                           \
        ADMIN_GIVES("all", ADMIN_BOOLEAN, true,                             \
                    "events of every organisation that its maker sees"),    \
        ADMIN_GIVES("client_certificate", ADMIN_BOOLEAN, true,              \
                    "whether the courier shows its certificate"),           \
        ADMIN_GIVES("tries", ADMIN_INTEGER, true,                           \
                    "of an event, before it is given up"),                  \
        ADMIN_GIVES("give_up_after", ADMIN_SECONDS, true,                   \
                    "seconds, however often an event was tried"),           \
        ADMIN_GIVES_ENUM("state", states, true,                             \
                         "waiting: nothing was sent yet; failing: several " \
                         "tries, one after another, failed"),               \
        ADMIN_GIVES("delivered", ADMIN_INTEGER, true, "events so far"),     \
        ADMIN_GIVES("succeeded", ADMIN_TIME, false, "when last"),           \
        ADMIN_GIVES("failed", ADMIN_TIME, false, "when a try failed last"), \
        ADMIN_GIVES("failures", ADMIN_INTEGER, true,                        \
                    "tries that failed since one succeeded"),               \
        ADMIN_GIVES("lost", ADMIN_INTEGER, true,                            \
                    "events that newer ones pushed out, or that were too "  \
                    "old, and had no room among what was given up"),        \
        ADMIN_GIVES("why", ADMIN_STRING, false, "what failed last"),        \
        ADMIN_GIVES("created", ADMIN_TIME, true, "when it was made"),       \
        ADMIN_GIVES("by", ADMIN_STRING, true, "who made it")

static const struct admin_field row_fields[] = {
    DESTINATION_FIELDS,
    ADMIN_FIELDS_END,
};

#define FULL_FIELDS                                                        \
    DESTINATION_FIELDS,                                                    \
        ADMIN_GIVES("behind", ADMIN_INTEGER, true,                         \
                    "events of the instance that it has not come to yet; " \
                    "not all of them need be wanted"),                     \
        ADMIN_GIVES("put_aside", ADMIN_INTEGER, true,                      \
                    "events that failed, or wait for one that did"),       \
        ADMIN_GIVES("dead", ADMIN_INTEGER, true, "events that were given up")

const struct admin_field admin_destination_fields[] = {
    FULL_FIELDS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_destination_new_fields[] = {
    ADMIN_GIVES("secret", ADMIN_STRING, false,
                "that its webhooks are signed with; shown once"),
    FULL_FIELDS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_destination_gone_fields[] = {
    ADMIN_GIVES("removed", ADMIN_STRING, true, "its name"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_destination_page[] = {
    ADMIN_PAGE_OF(row_fields),
    ADMIN_FIELDS_END,
};
static const struct admin_field dead_fields[] = {
    ADMIN_GIVES("id", ADMIN_INTEGER, true, "of the event"),
    ADMIN_GIVES("event", ADMIN_STRING, false, "its kind"),
    ADMIN_GIVES("at", ADMIN_TIME, false, "when it happened"),
    ADMIN_GIVES("device", ADMIN_STRING, false, "to which device"),
    ADMIN_GIVES("text", ADMIN_STRING, false, "what it says"),
    ADMIN_GIVES("tries", ADMIN_INTEGER, true, "that failed"),
    ADMIN_GIVES("failed", ADMIN_TIME, true, "when it was given up"),
    ADMIN_GIVES("why", ADMIN_STRING, true, "what failed"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_dead_page[] = {
    ADMIN_PAGE_OF(dead_fields),
    ADMIN_FIELDS_END,
};

#define DESTINATION_PATH                                  \
    ADMIN_PATH("destination", ADMIN_STRING, ADMIN_ID_MAX, \
               "name of the destination")
#define DEAD_EVENT                                       \
    ADMIN_BODY("event", ADMIN_INTEGER, false, INT64_MAX, \
               "id of one of them; all if not given")

const struct admin_field admin_list_destinations_params[] = {
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_destination_params[] = {
    DESTINATION_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_disable_destination_params[] = {
    DESTINATION_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_enable_destination_params[] = {
    DESTINATION_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_remove_destination_params[] = {
    DESTINATION_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_test_destination_params[] = {
    DESTINATION_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_list_dead_events_params[] = {
    DESTINATION_PATH,
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_retry_dead_events_params[] = {
    DESTINATION_PATH,
    DEAD_EVENT,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_drop_dead_events_params[] = {
    DESTINATION_PATH,
    DEAD_EVENT,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_create_destination_params[] = {
    ADMIN_BODY("name", ADMIN_STRING, true, ADMIN_ID_MAX,
               "what it is called from now on"),
    ADMIN_BODY("url", ADMIN_STRING, true, STORE_URL_MAX - 1,
               "https://HOST[:PORT]/PATH: webhooks; syslog+tls://HOST[:PORT]"),
    ADMIN_BODY("kinds", ADMIN_STRINGS, false, ADMIN_ID_MAX,
               "of events it wants: names, or claimed, noticed, certificate, "
               "batch, request for many; claimed and noticed if not given"),
    ADMIN_BODY("all", ADMIN_BOOLEAN, false, 0,
               "events of every organisation that you see"),
    ADMIN_BODY("tries", ADMIN_INTEGER, false, CA_TRIES_MAX,
               "of an event, before it is given up; 20 if not given"),
    ADMIN_BODY("give_up_after", ADMIN_SECONDS, false, CA_AGE_MAX,
               "seconds after which an event is given up, however often it "
               "was tried; a week if not given"),
    ADMIN_BODY("anchors", ADMIN_STRINGS, false, CERT_TEXT_MAX,
               "certificates that its server's must lead to, PEM or base64; "
               "those of the system if not given"),
    ADMIN_BODY("client_certificate", ADMIN_BOOLEAN, false, 0,
               "show the certificate of the courier"),
    ADMIN_FIELDS_END,
};

/* ---- Showing */

static const char *state_of(const struct store_destination *d)
{
    return d->disabled              ? "disabled"
           : d->failures >= FAILING ? "failing"
           : d->succeeded == 0      ? "waiting"
                                    : "delivering";
}

static json_t *destination(struct tree *t, const struct store_destination *d)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "name", tree_str(t, d->name));
    tree_set(t, o, "kind",
             tree_str(t, kinds[d->kind == STORE_DESTINATION_SYSLOG]));
    tree_set(t, o, "url", tree_str(t, d->url));
    if (d->kinds[0] != '\0') {
        tree_set(t, o, "kinds", tree_str(t, d->kinds));
    }
    tree_set(t, o, "all", tree_bool(t, d->scope.organisation == 0));
    tree_set(t, o, "client_certificate", tree_bool(t, d->identity));
    tree_set(t, o, "tries", tree_int(t, d->tries));
    tree_set(t, o, "give_up_after", tree_int(t, d->age));
    tree_set(t, o, "state", tree_str(t, state_of(d)));
    tree_set(t, o, "delivered", tree_int(t, (int64_t)d->delivered));
    if (d->succeeded != 0) {
        tree_set(t, o, "succeeded", tree_time(t, d->succeeded));
    }
    if (d->failed != 0) {
        tree_set(t, o, "failed", tree_time(t, d->failed));
    }
    tree_set(t, o, "failures", tree_int(t, d->failures));
    tree_set(t, o, "lost", tree_int(t, (int64_t)d->lost));
    if (d->failures != 0) {
        tree_set(t, o, "why", tree_str(t, d->words));
    }
    tree_set(t, o, "created", tree_time(t, d->created));
    tree_set(t, o, "by", tree_str(t, d->creator));
    return o;
}

/* In a transaction. */
static bm_status put_counts(const struct admin_context *c, struct tree *t,
                            const struct store_destination *d, json_t *o)
{
    const struct store *s = c->store;
    uint32_t aside = 0;
    uint32_t dead = 0;
    uint64_t last = 0;

    BM_TRY(s->event_last(s->self, &last));
    BM_TRY(s->delivery_count(s->self, d->id, false, &aside));
    BM_TRY(s->delivery_count(s->self, d->id, true, &dead));
    tree_set(t, o, "behind",
             tree_int(t, (int64_t)(last > d->cursor ? last - d->cursor : 0)));
    tree_set(t, o, "put_aside", tree_int(t, aside));
    tree_set(t, o, "dead", tree_int(t, dead));
    return BM_OK;
}

static bm_status show(struct admin_context *c, const char *name, json_t *result,
                      struct ca_refusal *why)
{
    struct store_destination row;
    struct tree t = { false };
    json_t *o = NULL;
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = ca_destination_find(c->store, &c->actor, name, &row, why);
        if (rc == BM_OK) {
            o = destination(&t, &row);
            rc = put_counts(c, &t, &row, o);
        }
        bm_wipe(row.secret, sizeof row.secret);
        admin_end(c);
    }
    if (rc != BM_OK) {
        json_decref(o);
        return rc;
    }
    return admin_give(&t, o, result);
}

bm_status admin_show_destination(struct admin_context *c, const json_t *params,
                                 json_t *result, struct ca_refusal *why)
{
    return show(c, admin_text(params, "destination"), result, why);
}

struct walk {
    const struct admin_context *c;
    struct admin_page page;
};

static bm_status add_row(void *arg, const void *visited)
{
    const struct store_destination *row = visited;
    struct walk *w = arg;

    bool seen;

    BM_TRY(ca_destination_is_seen(w->c->store, &w->c->actor, row, &seen));
    if (!seen) {
        return BM_OK;
    }
    BM_TRY(admin_page_row_id(&w->page, row->id));
    return admin_page_add(&w->page, destination(&w->page.t, row));
}

bm_status admin_list_destinations(struct admin_context *c, const json_t *params,
                                  json_t *result, struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct walk w = { .c = c };
    const struct store_scope everything = { 0, 0 };
    const struct store_visit visit = { &w, add_row };
    uint64_t after = 0;
    bm_status rc;

    admin_page_begin(&w.page, params);
    rc = admin_page_after(&w.page, &after, why);
    if (rc == BM_OK) {
        rc = admin_begin(c);
    }
    if (rc == BM_OK) {
        rc = s->destination_list(s->self, &everything, after, &visit);
        admin_end(c);
    }
    return admin_page_end(&w.page, rc, result);
}

/* ---- Making one */

static bm_status give_new(struct admin_context *c, const char *name,
                          const uint8_t secret[STORE_SECRET_MAX],
                          json_t *result, struct ca_refusal *why)
{
    char text[SECRET_TEXT];
    struct tree t = { false };
    struct bm_wr w;

    BM_TRY(show(c, name, result, why));
    if (strcmp(json_string_value(json_object_get(result, "kind")), "webhook") !=
        0) {
        return BM_OK;
    }
    bm_wr_init(&w, (uint8_t *)text, sizeof text - 1);
    bm_wr_str(&w, SECRET_PREFIX);
    bm_base64_put(&w, (struct bm_bytes){ secret, STORE_SECRET_MAX }, 0);
    text[w.len] = '\0';
    tree_set(&t, result, "secret", tree_str(&t, text));
    bm_wipe(text, sizeof text);
    return t.failed ? BM_E_MEMORY : BM_OK;
}

static bm_status create(struct admin_context *c,
                        const struct ca_destination_order *order,
                        json_t *result, struct ca_refusal *why)
{
    uint8_t secret[STORE_SECRET_MAX];
    bm_status rc;

    BM_TRY(ca_destination_create(c->ca, &c->actor, order, c->now, secret, why));
    c->host.destinations_changed(c->host.self);
    rc = give_new(c, order->name, secret, result, why);
    if (admin_use_reserve(c, rc, result)) {
        rc = give_new(c, order->name, secret, result, why);
    }
    bm_wipe(secret, sizeof secret);
    return rc;
}

bm_status admin_create_destination(struct admin_context *c,
                                   const json_t *params, json_t *result,
                                   struct ca_refusal *why)
{
    char names[STORE_NAME_MAX];
    struct ca_destination_order order = {
        .name = admin_text(params, "name"),
        .url = admin_text(params, "url"),
        .tries = (uint32_t)admin_number(params, "tries", 0),
        .age = (uint32_t)admin_number(params, "give_up_after", 0),
        .all = admin_flag(params, "all"),
        .identity = admin_flag(params, "client_certificate"),
    };
    uint8_t *anchors = NULL;
    bm_status rc = admin_words(params, "kinds", names, why);

    order.kinds = names[0] != '\0' ? names : NULL;
    if (rc == BM_OK) {
        rc = admin_certs(params, "anchors", &anchors, &order.anchors, why);
    }
    if (rc == BM_OK) {
        rc = create(c, &order, result, why);
    }
    free(anchors);
    return rc;
}

/* ---- Other acts */

/* Of the kind of ca_destination_disable(). */
typedef bm_status (*act_fn)(struct ca *ca, const struct ca_actor *actor,
                            const char *name, int64_t now,
                            struct ca_refusal *why);

static bm_status act(struct admin_context *c, const json_t *params, act_fn run,
                     struct ca_refusal *why)
{
    BM_TRY(
        run(c->ca, &c->actor, admin_text(params, "destination"), c->now, why));
    c->host.destinations_changed(c->host.self);
    return BM_OK;
}

bm_status admin_disable_destination(struct admin_context *c,
                                    const json_t *params, json_t *result,
                                    struct ca_refusal *why)
{
    BM_TRY(act(c, params, ca_destination_disable, why));
    return admin_tell(c, params, result, why, admin_show_destination);
}

bm_status admin_enable_destination(struct admin_context *c,
                                   const json_t *params, json_t *result,
                                   struct ca_refusal *why)
{
    BM_TRY(act(c, params, ca_destination_enable, why));
    return admin_tell(c, params, result, why, admin_show_destination);
}

bm_status admin_test_destination(struct admin_context *c, const json_t *params,
                                 json_t *result, struct ca_refusal *why)
{
    BM_TRY(act(c, params, ca_destination_test, why));
    return admin_tell(c, params, result, why, admin_show_destination);
}

static bm_status give_removed(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    struct tree t = { false };

    (void)c;
    (void)why;
    tree_set(&t, result, "removed",
             tree_str(&t, admin_text(params, "destination")));
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_remove_destination(struct admin_context *c,
                                   const json_t *params, json_t *result,
                                   struct ca_refusal *why)
{
    BM_TRY(act(c, params, ca_destination_remove, why));
    return admin_tell(c, params, result, why, give_removed);
}

/* ---- What was given up */

static bm_status put_event(struct tree *t, const struct admin_context *c,
                           uint64_t id, json_t *o)
{
    const struct store *s = c->store;
    struct store_device device;
    struct store_event event;
    bm_status rc = s->event_get(s->self, id, &event);

    if (rc == BM_E_NOT_FOUND) {
        return BM_OK; /* a claim that is gone */
    }
    BM_TRY(rc);
    tree_set(t, o, "event", tree_str(t, event.kind));
    tree_set(t, o, "at", tree_time(t, event.at));
    tree_set(t, o, "text", tree_str(t, event.text));
    if (event.device == 0) {
        return BM_OK;
    }
    rc = s->device_get(s->self, &c->actor.scope, event.device, &device);
    if (rc == BM_OK) {
        tree_set(t, o, "device", tree_str(t, device.name));
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status add_dead(void *arg, const void *visited)
{
    const struct store_delivery *row = visited;
    struct walk *w = arg;
    struct tree *t = &w->page.t;
    json_t *o;
    bm_status rc;

    BM_TRY(admin_page_row_id(&w->page, row->event));
    o = tree_object(t);
    tree_set(t, o, "id", tree_int(t, (int64_t)row->event));
    rc = put_event(t, w->c, row->event, o);
    tree_set(t, o, "tries", tree_int(t, row->tries));
    tree_set(t, o, "failed", tree_time(t, row->changed));
    tree_set(t, o, "why", tree_str(t, row->words));
    if (rc != BM_OK) {
        json_decref(o);
        return rc;
    }
    return admin_page_add(&w->page, o);
}

static bm_status walk_dead(struct walk *w, const char *name, uint64_t after,
                           struct ca_refusal *why)
{
    const struct store_visit visit = { w, add_dead };
    const struct store *s = w->c->store;
    struct store_destination row;

    BM_TRY(ca_destination_find(s, &w->c->actor, name, &row, why));
    bm_wipe(row.secret, sizeof row.secret);
    return s->delivery_list(s->self, row.id, true, after, &visit);
}

bm_status admin_list_dead_events(struct admin_context *c, const json_t *params,
                                 json_t *result, struct ca_refusal *why)
{
    struct walk w = { .c = c };
    uint64_t after = 0;
    bm_status rc;

    admin_page_begin(&w.page, params);
    rc = admin_page_after(&w.page, &after, why);
    if (rc == BM_OK) {
        rc = admin_begin(c);
    }
    if (rc == BM_OK) {
        rc = walk_dead(&w, admin_text(params, "destination"), after, why);
        admin_end(c);
    }
    return admin_page_end(&w.page, rc, result);
}

static struct ca_dead dead_of(const json_t *params)
{
    return (struct ca_dead){ admin_text(params, "destination"),
                             (uint64_t)admin_number(params, "event", 0) };
}

bm_status admin_retry_dead_events(struct admin_context *c, const json_t *params,
                                  json_t *result, struct ca_refusal *why)
{
    const struct ca_dead dead = dead_of(params);

    BM_TRY(ca_dead_retry(c->ca, &c->actor, &dead, c->now, why));
    c->host.destinations_changed(c->host.self);
    return admin_tell(c, params, result, why, admin_show_destination);
}

bm_status admin_drop_dead_events(struct admin_context *c, const json_t *params,
                                 json_t *result, struct ca_refusal *why)
{
    const struct ca_dead dead = dead_of(params);

    BM_TRY(ca_dead_drop(c->ca, &c->actor, &dead, c->now, why));
    return admin_tell(c, params, result, why, admin_show_destination);
}
