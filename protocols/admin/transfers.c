/* SPDX-License-Identifier: Apache-2.0 */

/* Devices that change hands. */
#include "ca/transfer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ca/device.h"
#include "protocols/admin/devices.h"

/* Kinds of signals that are told of one device. */
#define SIGNALS_MAX 16

static const char *const states[] = { "offered",   "accepted", "refused",
                                      "withdrawn", "lapsed",   NULL };
static const char *const fates[] = { "revoke", "keep", NULL };

const struct admin_field admin_transfer_fields[] = {
    ADMIN_GIVES("id", ADMIN_INTEGER, true, "its number"),
    ADMIN_GIVES_ENUM("state", states, true, "what became of it"),
    ADMIN_GIVES("giver", ADMIN_INTEGER, true, "organisation that offers"),
    ADMIN_GIVES("giver_name", ADMIN_STRING, true, "its name"),
    ADMIN_GIVES("receiver", ADMIN_INTEGER, true,
                "organisation that is to have them"),
    ADMIN_GIVES("receiver_name", ADMIN_STRING, true, "its name"),
    ADMIN_GIVES("devices", ADMIN_INTEGER, true, "how many"),
    ADMIN_GIVES_ENUM("certificates", fates, true,
                     "what becomes of the giver's for operation"),
    ADMIN_GIVES("labels", ADMIN_BOOLEAN, true, "labels go, too"),
    ADMIN_GIVES("words", ADMIN_STRING, false, "of the giver"),
    ADMIN_GIVES("reason", ADMIN_STRING, false,
                "why it was refused or withdrawn"),
    ADMIN_GIVES("created", ADMIN_TIME, true, "when it was offered"),
    ADMIN_GIVES("expires", ADMIN_TIME, true, "when it lapses"),
    ADMIN_GIVES("decided", ADMIN_TIME, false, "when it ended"),
    ADMIN_GIVES("creator", ADMIN_STRING, false,
                "who offered; for the giver alone"),
    ADMIN_GIVES("decider", ADMIN_STRING, false,
                "who ended it; for his own side alone"),
    ADMIN_GIVES("profile", ADMIN_STRING, false,
                "by which the devices renew; for the receiver alone"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_transfer_page[] = {
    ADMIN_PAGE_OF(admin_transfer_fields),
    ADMIN_FIELDS_END,
};

static const struct admin_field item_fields[] = {
    ADMIN_GIVES("device", ADMIN_STRING, true, "its name"),
    ADMIN_GIVES("state", ADMIN_STRING, false,
                "where it is in its life; as long as it is on offer"),
    ADMIN_GIVES("signals", ADMIN_STRINGS, false,
                "signs of misuse that its giver has; likewise"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_transferred_page[] = {
    ADMIN_PAGE_OF(item_fields),
    ADMIN_FIELDS_END,
};

#define TRANSFER_PATH \
    ADMIN_PATH("transfer", ADMIN_INTEGER, INT64_MAX, "number of the transfer")
#define REASON                                                           \
    ADMIN_BODY("reason", ADMIN_STRING, false, CA_TRANSFER_WORDS_MAX - 1, \
               "why, for people: both sides see it")

const struct admin_field admin_offer_transfer_params[] = {
    ADMIN_BODY("receiver", ADMIN_INTEGER, true, UINT32_MAX,
               "organisation of the same ecosystem"),
    ADMIN_BODY("devices", ADMIN_STRINGS, true, ADMIN_NAME_MAX,
               "names of devices, up to 1000"),
    { .name = "certificates",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_BODY,
      .words = fates,
      .about = "what becomes of yours for operation when they are accepted; "
               "revoke if not given. Identities of birth stay" },
    ADMIN_BODY("labels", ADMIN_BOOLEAN, false, 0,
               "your labels go with them; they do not if not given"),
    ADMIN_BODY("open_for", ADMIN_SECONDS, false, CA_TRANSFER_LIFE_MAX,
               "seconds until it lapses; 14 days if not given"),
    ADMIN_BODY("words", ADMIN_STRING, false, CA_TRANSFER_WORDS_MAX - 1,
               "for people on the other side"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_list_transfers_params[] = {
    { .name = "state",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_QUERY,
      .words = states,
      .about = "those in this state alone" },
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_transfer_params[] = {
    TRANSFER_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_list_transferred_params[] = {
    TRANSFER_PATH,
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_accept_transfer_params[] = {
    TRANSFER_PATH,
    ADMIN_BODY("profile", ADMIN_STRING, false, ADMIN_ID_MAX,
               "by which they renew from then on, by what they have; if not "
               "given, they enrol anew"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_refuse_transfer_params[] = {
    TRANSFER_PATH,
    REASON,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_withdraw_transfer_params[] = {
    TRANSFER_PATH,
    REASON,
    ADMIN_FIELDS_END,
};

/* ---- Showing */

/* Does the actor see what is on the side of that organisation? */
static bool is_of(const struct admin_context *c, uint32_t organisation)
{
    return c->actor.scope.organisation == 0 ||
           c->actor.scope.organisation == organisation;
}

/* Names of operators and profiles stay on their own side. */
static void set_private(const struct admin_context *c, struct tree *t,
                        const struct store_transfer *row, json_t *o)
{
    uint32_t side = ca_transfer_decider(row);

    if (is_of(c, row->organisation)) {
        tree_set_text(t, o, "creator", row->creator);
    }
    if (is_of(c, side != 0 ? side : row->organisation)) {
        tree_set_text(t, o, "decider", row->decider);
    }
    if (is_of(c, row->receiver)) {
        tree_set_text(t, o, "profile", row->profile);
    }
}

/* In a transaction. */
static bm_status set_names(struct admin_context *c, struct tree *t,
                           const struct store_transfer *row, json_t *o)
{
    const struct store *s = c->store;
    const struct store_scope all = { 0, 0 };
    struct store_organisation org;

    BM_TRY(s->organisation_get(s->self, &all, row->organisation, &org));
    tree_set(t, o, "giver_name", tree_str(t, org.name));
    BM_TRY(s->organisation_get(s->self, &all, row->receiver, &org));
    tree_set(t, o, "receiver_name", tree_str(t, org.name));
    return BM_OK;
}

static json_t *transfer_tree(struct admin_context *c, struct tree *t,
                             const struct store_transfer *row)
{
    bool keeps = (row->options & CA_TRANSFER_KEEP) != 0;
    json_t *o = tree_object(t);

    tree_set(t, o, "id", tree_int(t, (int64_t)row->id));
    tree_set(
        t, o, "state",
        tree_str(t, ca_transfer_state_name(ca_transfer_state(row, c->now))));
    tree_set(t, o, "giver", tree_int(t, row->organisation));
    tree_set(t, o, "receiver", tree_int(t, row->receiver));
    tree_set(t, o, "devices", tree_int(t, row->devices));
    tree_set(t, o, "certificates", tree_str(t, fates[keeps]));
    tree_set(t, o, "labels",
             tree_bool(t, (row->options & CA_TRANSFER_LABELS) != 0));
    tree_set_text(t, o, "words", row->words);
    tree_set_text(t, o, "reason", row->reason);
    tree_set(t, o, "created", tree_time(t, row->created));
    tree_set(t, o, "expires", tree_time(t, row->expires));
    if (row->decided != 0) {
        tree_set(t, o, "decided", tree_time(t, row->decided));
    }
    set_private(c, t, row, o);
    return o;
}

/* In a transaction. */
static bm_status find(struct admin_context *c, uint64_t id,
                      struct store_transfer *row, struct ca_refusal *why)
{
    const struct store *s = c->store;
    bm_status rc = s->transfer_get(s->self, &c->actor.scope, id, row);

    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "transfer %" PRIu64, id)
                                : rc;
}

static bm_status show(struct admin_context *c, uint64_t id, json_t *result,
                      struct ca_refusal *why)
{
    struct tree t = { false };
    struct store_transfer row;
    json_t *o = NULL;
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = find(c, id, &row, why);
        if (rc == BM_OK) {
            o = transfer_tree(c, &t, &row);
            rc = set_names(c, &t, &row, o);
        }
        admin_end(c);
    }
    if (rc != BM_OK) {
        json_decref(o);
        return rc;
    }
    return admin_give(&t, o, result);
}

bm_status admin_show_transfer(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    return show(c, (uint64_t)admin_number(params, "transfer", 0), result, why);
}

/* ---- Lists */

struct listing {
    struct admin_context *c;
    struct admin_page page;
    const char *state; /* or NULL */
    size_t n;
    struct store_transfer row; /* no call while the store walks */
};

static bm_status take_transfer(void *arg, const void *visited)
{
    struct listing *l = arg;

    l->row = *(const struct store_transfer *)visited;
    l->n = 1;
    return BM_E_END;
}

static bm_status add_transfer(struct listing *l)
{
    struct tree *t = &l->page.t;
    const char *state =
        ca_transfer_state_name(ca_transfer_state(&l->row, l->c->now));
    json_t *o;
    bm_status rc;

    BM_TRY(admin_page_row_id(&l->page, l->row.id));
    admin_page_spend(&l->page, ADMIN_SEEK_ROWS); /* each is looked for */
    if (l->state != NULL && strcmp(l->state, state) != 0) {
        return BM_OK;
    }
    o = transfer_tree(l->c, t, &l->row);
    rc = set_names(l->c, t, &l->row, o);
    if (rc != BM_OK) {
        json_decref(o);
        return rc;
    }
    return admin_page_add(&l->page, o);
}

static bm_status list(struct listing *l, uint64_t after)
{
    const struct store *s = l->c->store;
    const struct store_visit visit = { l, take_transfer };

    do {
        l->n = 0;
        BM_TRY(s->transfer_list(s->self, &l->c->actor.scope, after, &visit));
        if (l->n != 0) {
            bm_status rc = add_transfer(l);

            if (rc != BM_OK) {
                return rc == BM_E_END ? BM_OK : rc; /* the page is full */
            }
            after = l->row.id;
        }
    } while (l->n != 0);
    return BM_OK;
}

bm_status admin_list_transfers(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    struct listing l = { .c = c, .state = admin_text(params, "state") };
    uint64_t after;
    bm_status rc;

    admin_page_begin(&l.page, params);
    rc = admin_page_after(&l.page, &after, why);
    if (rc == BM_OK) {
        rc = admin_begin(c);
    }
    if (rc == BM_OK) {
        rc = list(&l, after);
        admin_end(c);
    }
    return admin_page_end(&l.page, rc, result);
}

/* ---- Their devices */

struct items {
    struct admin_context *c;
    struct admin_page page;
    bool open;
    size_t n;
    struct store_transferred row; /* no call while the store walks */
    size_t signals_n;
    char signals[SIGNALS_MAX][STORE_SIGNAL_MAX];
};

static bm_status take_item(void *arg, const void *visited)
{
    struct items *i = arg;

    i->row = *(const struct store_transferred *)visited;
    i->n = 1;
    return BM_E_END;
}

static bm_status take_signal(void *arg, const void *visited)
{
    struct items *i = arg;
    const struct store_signal *row = visited;

    if (i->signals_n == SIGNALS_MAX) {
        return BM_E_END;
    }
    memcpy(i->signals[i->signals_n++], row->kind, STORE_SIGNAL_MAX);
    return BM_OK;
}

/* What an operator should know who is to take it. */
static bm_status set_signals(struct items *i, json_t *o)
{
    const struct store *s = i->c->store;
    const struct store_scope all = { 0, 0 };
    const struct store_signal_filter filter = { .device = i->row.device };
    const struct store_visit visit = { i, take_signal };
    struct tree *t = &i->page.t;
    json_t *signals;

    i->signals_n = 0;
    BM_TRY(s->signal_list(s->self, &all, &filter, &visit));
    if (i->signals_n == 0) {
        return BM_OK;
    }
    signals = tree_array(t);
    for (size_t n = 0; n < i->signals_n; n++) {
        tree_append(t, signals, tree_str(t, i->signals[n]));
    }
    tree_set(t, o, "signals", signals);
    return BM_OK;
}

static bm_status add_item(struct items *i)
{
    const struct store *s = i->c->store;
    const struct store_scope all = { 0, 0 };
    struct tree *t = &i->page.t;
    struct store_device device;
    bm_status rc = BM_OK;
    json_t *o;

    BM_TRY(admin_page_row_id(&i->page, i->row.place));
    BM_TRY(s->device_get(s->self, &all, i->row.device, &device));
    o = tree_object(t);
    tree_set(t, o, "device", tree_str(t, device.name));
    if (i->open) {
        tree_set(t, o, "state",
                 tree_str(t, ca_device_state_name(device.state)));
        rc = set_signals(i, o);
    }
    if (rc != BM_OK) {
        json_decref(o);
        return rc;
    }
    return admin_page_add(&i->page, o);
}

static bm_status list_items(struct items *i, uint64_t id, uint64_t after,
                            struct ca_refusal *why)
{
    const struct store *s = i->c->store;
    const struct store_visit visit = { i, take_item };
    struct store_transfer row;

    BM_TRY(find(i->c, id, &row, why));
    i->open = ca_transfer_state(&row, i->c->now) == STORE_TRANSFER_OFFERED;
    do {
        i->n = 0;
        BM_TRY(s->transferred_list(s->self, id, (uint32_t)after, &visit));
        if (i->n != 0) {
            bm_status rc = add_item(i);

            if (rc != BM_OK) {
                return rc == BM_E_END ? BM_OK : rc;
            }
            after = i->row.place;
        }
    } while (i->n != 0);
    return BM_OK;
}

bm_status admin_list_transferred(struct admin_context *c, const json_t *params,
                                 json_t *result, struct ca_refusal *why)
{
    struct items i = { .c = c };
    uint64_t id = (uint64_t)admin_number(params, "transfer", 0);
    uint64_t after;
    bm_status rc;

    admin_page_begin(&i.page, params);
    rc = admin_page_after(&i.page, &after, why);
    if (rc == BM_OK && after > UINT32_MAX) {
        rc = ca_refuse(why, BM_E_ARGUMENT,
                       "after is not the next of such a page");
    }
    if (rc == BM_OK) {
        rc = admin_begin(c);
    }
    if (rc == BM_OK) {
        rc = list_items(&i, id, after, why);
        admin_end(c);
    }
    return admin_page_end(&i.page, rc, result);
}

/* ---- Acting */

bm_status admin_offer_transfer(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    const json_t *devices = json_object_get(params, "devices");
    const char *fate = admin_text(params, "certificates");
    struct ca_transfer_offer offer = {
        .organisation = c->actor.organisation,
        .receiver = (uint32_t)admin_number(params, "receiver", 0),
        .n = json_array_size(devices),
        .expires = c->now + admin_number(params, "open_for", CA_TRANSFER_LIFE),
        .words = admin_text(params, "words"),
    };
    struct store_transfer row;
    const char **names;
    const json_t *name;
    size_t i;
    bm_status rc;

    if (offer.n == 0 || offer.n > CA_TRANSFER_MAX) {
        return ca_refuse(why, BM_E_ARGUMENT, "1 to %d devices are offered",
                         CA_TRANSFER_MAX);
    }
    if (fate != NULL && strcmp(fate, "keep") == 0) {
        offer.options |= CA_TRANSFER_KEEP;
    }
    if (admin_flag(params, "labels")) {
        offer.options |= CA_TRANSFER_LABELS;
    }
    names = calloc(offer.n, sizeof *names);
    if (names == NULL) {
        return BM_E_MEMORY;
    }
    json_array_foreach(devices, i, name)
    {
        names[i] = json_string_value(name);
    }
    offer.devices = names;
    rc = ca_transfer_offer(c->ca, &c->actor, &offer, c->now, &row, why);
    free(names);
    BM_TRY(rc);
    rc = show(c, row.id, result, why);
    return admin_use_reserve(c, rc, result) ? show(c, row.id, result, why) : rc;
}

bm_status admin_accept_transfer(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    BM_TRY(ca_transfer_accept(c->ca, &c->actor,
                              (uint64_t)admin_number(params, "transfer", 0),
                              admin_text(params, "profile"), c->now, why));
    /* Certificates may have been revoked with it. */
    devices_tell_lists(c);
    return admin_tell(c, params, result, why, admin_show_transfer);
}

static bm_status end(struct admin_context *c, const json_t *params,
                     bool withdraw, json_t *result, struct ca_refusal *why)
{
    const struct ca_transfer_end e = {
        .id = (uint64_t)admin_number(params, "transfer", 0),
        .withdraw = withdraw,
        .reason = admin_text(params, "reason"),
    };

    BM_TRY(ca_transfer_end(c->ca, &c->actor, &e, c->now, why));
    return admin_tell(c, params, result, why, admin_show_transfer);
}

bm_status admin_refuse_transfer(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    return end(c, params, false, result, why);
}

bm_status admin_withdraw_transfer(struct admin_context *c, const json_t *params,
                                  json_t *result, struct ca_refusal *why)
{
    return end(c, params, true, result, why);
}
