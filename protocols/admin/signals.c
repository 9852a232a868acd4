/* SPDX-License-Identifier: Apache-2.0 */

/* Signs of misuse, and which devices have left their maker. */
#include "ca/signal.h"

#include <inttypes.h>

#include "protocols/admin/internal.h"

const struct admin_field admin_signal_fields[] = {
    ADMIN_GIVES("signal", ADMIN_STRING, true,
                "its kind: same-key, idevid-key, fork, clone, two-places, "
                "before-shipping, enrolment-loop"),
    ADMIN_GIVES("device", ADMIN_STRING, false, "name of the device, if known"),
    ADMIN_GIVES("count", ADMIN_INTEGER, true, "in how many minutes it came"),
    ADMIN_GIVES("first", ADMIN_TIME, true, "when it came first"),
    ADMIN_GIVES("last", ADMIN_TIME, true, "and last"),
    ADMIN_GIVES("text", ADMIN_STRING, true, "what happened then"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_signal_page[] = {
    ADMIN_PAGE_OF(admin_signal_fields),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_shipping_fields[] = {
    ADMIN_GIVES("device", ADMIN_STRING, true, "name of the device"),
    ADMIN_GIVES("shipped", ADMIN_TIME, false,
                "when it was, or will be; not given: it is in stock"),
    ADMIN_GIVES("at", ADMIN_TIME, true, "when that was said"),
    ADMIN_FIELDS_END,
};

const struct admin_field admin_list_signals_params[] = {
    { .name = "kind",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_QUERY,
      .words = ca_signal_names,
      .about = "of this kind alone" },
    ADMIN_QUERY("device", ADMIN_STRING, ADMIN_NAME_MAX,
                "of this device of your organisation alone"),
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};

#define DEVICE_PATH \
    ADMIN_PATH("device", ADMIN_STRING, ADMIN_NAME_MAX, "name of the device")

const struct admin_field admin_stock_device_params[] = {
    DEVICE_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_ship_device_params[] = {
    DEVICE_PATH,
    ADMIN_BODY("at", ADMIN_TIME, false, 0, "when; now if not given"),
    ADMIN_FIELDS_END,
};

struct listing {
    struct admin_context *c;
    struct admin_page page;
};

static bm_status add_signal(void *arg, const void *visited)
{
    struct listing *l = arg;
    const struct store *s = l->c->store;
    const struct store_signal *row = visited;
    struct tree *t = &l->page.t;
    struct store_device device;
    json_t *o;

    BM_TRY(admin_page_row_id(&l->page, row->id));
    if (row->device != 0) {
        BM_TRY(
            s->device_get(s->self, &l->c->actor.scope, row->device, &device));
    }
    o = tree_object(t);
    tree_set(t, o, "signal", tree_str(t, row->kind));
    if (row->device != 0) {
        tree_set(t, o, "device", tree_str(t, device.name));
    }
    tree_set(t, o, "count", tree_int(t, (int64_t)row->count));
    tree_set(t, o, "first", tree_time(t, row->first));
    tree_set(t, o, "last", tree_time(t, row->last));
    tree_set(t, o, "text", tree_str(t, row->text));
    return admin_page_add(&l->page, o);
}

/* In a transaction. */
static bm_status find_device(struct admin_context *c, const json_t *params,
                             uint64_t *id, struct ca_refusal *why)
{
    const char *name = admin_text(params, "device");
    struct store_device row;
    bm_status rc = BM_OK;

    if (name != NULL) {
        rc = c->store->device_find(c->store->self, c->actor.organisation, name,
                                   &row);
        *id = row.id;
    }
    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "device %s", name) : rc;
}

static bm_status walk(struct listing *l, const json_t *params,
                      struct ca_refusal *why)
{
    const struct store *s = l->c->store;
    const struct store_visit visit = { l, add_signal };
    struct store_signal_filter filter = { .kind = admin_text(params, "kind") };

    BM_TRY(admin_page_after(&l->page, &filter.before, why));
    BM_TRY(find_device(l->c, params, &filter.device, why));
    return s->signal_list(s->self, &l->c->actor.scope, &filter, &visit);
}

bm_status admin_list_signals(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    struct listing l = { .c = c };
    bm_status rc;

    admin_page_begin(&l.page, params);
    rc = admin_begin(c);
    if (rc == BM_OK) {
        rc = walk(&l, params, why);
        admin_end(c);
    }
    return admin_page_end(&l.page, rc, result);
}

/* ---- Shipping */

static bm_status ship(struct admin_context *c, const json_t *params,
                      int64_t shipped, json_t *result, struct ca_refusal *why)
{
    const struct ca_shipping_act act = { .organisation = c->actor.organisation,
                                         .name = admin_text(params, "device"),
                                         .shipped = shipped };
    struct tree t = { false };

    BM_TRY(ca_device_ship(c->ca, &c->actor, &act, c->now, why));
    tree_set(&t, result, "device", tree_str(&t, act.name));
    if (shipped != 0) {
        tree_set(&t, result, "shipped", tree_time(&t, shipped));
    }
    tree_set(&t, result, "at", tree_time(&t, c->now));
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_stock_device(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    return ship(c, params, 0, result, why);
}

bm_status admin_ship_device(struct admin_context *c, const json_t *params,
                            json_t *result, struct ca_refusal *why)
{
    int64_t at = admin_time(params, "at");

    return ship(c, params, at != 0 ? at : c->now, result, why);
}
