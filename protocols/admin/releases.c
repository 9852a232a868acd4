/* SPDX-License-Identifier: Apache-2.0 */

/* Releases for devices (ca/release.h): made, assigned, how far they came. */
#include "ca/release.h"

#include <string.h>

#include "protocols/admin/internal.h"

static const char *const modes[] = { "normal", "lockdown", "repair", NULL };
static const char *const kinds[] = { "firmware", "keyset", "policy", NULL };

#define ITEM_FIELDS                                           \
    ADMIN_GIVES_ENUM("kind", kinds, true, "what it is"),      \
        ADMIN_GIVES("image", ADMIN_INTEGER, false,            \
                    "of firmware: the number of the image"),  \
        ADMIN_GIVES("sha256", ADMIN_STRING, true,             \
                    "SHA-256 of its octets, in hexadecimal"), \
        ADMIN_GIVES("size", ADMIN_INTEGER, true, "octets"),   \
        ADMIN_GIVES("version", ADMIN_STRING, false, "as the file has it")

#define ASSIGNMENT_FIELDS                                                     \
    ADMIN_GIVES("organisation", ADMIN_STRING, false,                          \
                "whose devices; none: all"),                                  \
        ADMIN_GIVES("organisation_id", ADMIN_INTEGER, false, "its number"),   \
        ADMIN_GIVES("device", ADMIN_STRING, false, "the only one it is for"), \
        ADMIN_GIVES("percent", ADMIN_INTEGER, true, "how many of them"),      \
        ADMIN_GIVES("assigned", ADMIN_TIME, true, "when it was said last"),   \
        ADMIN_GIVES("by", ADMIN_STRING, true, "who said so")

#define MORE_FIELD                            \
    ADMIN_GIVES("more", ADMIN_BOOLEAN, false, \
                "true: there are more assignments than are told")

#define RELEASE_FIELDS                                                       \
    ADMIN_GIVES("name", ADMIN_STRING, true, "unique in its organisation"),   \
        ADMIN_GIVES_ENUM("mode", modes, false, "that devices are to be in"), \
        ADMIN_GIVES("created", ADMIN_TIME, true, "when it was made"),        \
        ADMIN_GIVES("creator", ADMIN_STRING, true, "who made it"),           \
        ADMIN_GIVES("id", ADMIN_INTEGER, true, "its number")

static const struct admin_field item_fields[] = {
    ITEM_FIELDS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_assignment_fields[] = {
    ASSIGNMENT_FIELDS,
    ADMIN_FIELDS_END,
};
static const struct admin_field row_fields[] = {
    RELEASE_FIELDS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_release_fields[] = {
    RELEASE_FIELDS,
    ADMIN_GIVES_IN("items", ADMIN_ARRAY, true, item_fields, "what is in it"),
    ADMIN_GIVES_IN("assignments", ADMIN_ARRAY, true, admin_assignment_fields,
                   "for whom it is"),
    MORE_FIELD,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_release_page[] = {
    ADMIN_PAGE_OF(row_fields),
    ADMIN_FIELDS_END,
};

static const struct admin_field progress_fields[] = {
    ITEM_FIELDS,
    ADMIN_GIVES("offered", ADMIN_INTEGER, true, "devices that were told of it"),
    ADMIN_GIVES("fetched", ADMIN_INTEGER, true,
                "devices that say that they have it whole"),
    ADMIN_GIVES("tried", ADMIN_INTEGER, true,
                "devices that say that it runs on trial"),
    ADMIN_GIVES("taken", ADMIN_INTEGER, true,
                "devices that say that it is in force"),
    ADMIN_GIVES("reverted", ADMIN_INTEGER, true,
                "devices that say that it was tried and is not in force"),
    ADMIN_GIVES("refused", ADMIN_INTEGER, true,
                "devices that say that they will not take it"),
    ADMIN_GIVES("withheld", ADMIN_STRING, false,
                "of a policy: why no device is told of it any more"),
    ADMIN_FIELDS_END,
};
static const struct admin_field status_fields[] = {
    ASSIGNMENT_FIELDS,
    ADMIN_GIVES_IN("items", ADMIN_ARRAY, true, progress_fields,
                   "how far each came"),
    ADMIN_GIVES_IN("firewall", ADMIN_OBJECT, false, admin_firewall_fields,
                   "what the only device it is for says of its own"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_release_status_fields[] = {
    ADMIN_GIVES("name", ADMIN_STRING, true, "of the release"),
    ADMIN_GIVES_IN("assignments", ADMIN_ARRAY, true, status_fields,
                   "for whom it is"),
    MORE_FIELD,
    ADMIN_FIELDS_END,
};

#define RELEASE_PATH \
    ADMIN_PATH("release", ADMIN_STRING, ADMIN_ID_MAX, "name of the release")

const struct admin_field admin_list_releases_params[] = {
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_release_params[] = {
    RELEASE_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_release_status_params[] = {
    RELEASE_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_create_release_params[] = {
    ADMIN_BODY("release", ADMIN_STRING, true, ADMIN_ID_MAX, "its name"),
    ADMIN_BODY("firmware", ADMIN_STRING, false, ADMIN_DIGITS,
               "SHA-256 of the blob that is image 0"),
    ADMIN_BODY("firmware_1", ADMIN_STRING, false, ADMIN_DIGITS,
               "SHA-256 of the blob that is image 1"),
    ADMIN_BODY("keyset", ADMIN_STRING, false, ADMIN_DIGITS,
               "SHA-256 of the blob that is the key set"),
    ADMIN_BODY("policy", ADMIN_STRING, false, ADMIN_DIGITS,
               "SHA-256 of the blob that is the policy"),
    { .name = "mode",
      .type = ADMIN_ENUM,
      .place = ADMIN_IN_BODY,
      .words = modes,
      .about = "that devices are to be in; nothing: it says nothing of it" },
    ADMIN_FIELDS_END,
};
const struct admin_field admin_assign_release_params[] = {
    RELEASE_PATH,
    ADMIN_BODY("all", ADMIN_BOOLEAN, false, 0,
               "all devices; of all, organisation and device one is given"),
    ADMIN_BODY("organisation", ADMIN_STRING, false, ADMIN_NAME_MAX,
               "the devices of this one: its name, or its number"),
    ADMIN_BODY("device", ADMIN_STRING, false, ADMIN_NAME_MAX,
               "this device of your organisation alone"),
    { .name = "percent",
      .type = ADMIN_INTEGER,
      .place = ADMIN_IN_BODY,
      .max = 100,
      .about = "so many of them; 100 if not given, 0 takes it back" },
    ADMIN_FIELDS_END,
};

/* ---- Telling */

static json_t *release(struct tree *t, const struct store_release *row)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "name", tree_str(t, row->name));
    if (row->mode != 0) {
        tree_set(t, o, "mode", tree_str(t, modes[row->mode - 1]));
    }
    tree_set(t, o, "created", tree_time(t, row->created));
    tree_set(t, o, "creator", tree_str(t, row->creator));
    tree_set(t, o, "id", tree_int(t, (int64_t)row->id));
    return o;
}

static json_t *item(struct tree *t, const struct store_item *row)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "kind", tree_str(t, ca_item_kind_name(row->kind)));
    if (row->kind == STORE_ITEM_FIRMWARE) {
        tree_set(t, o, "image", tree_int(t, row->image));
    }
    tree_set(t, o, "sha256", tree_hex(t, BM_ARRAY(row->hash)));
    tree_set(t, o, "size", tree_int(t, (int64_t)row->size));
    if (row->version[0] != '\0') {
        tree_set(t, o, "version", tree_str(t, row->version));
    }
    return o;
}

/* A release as it is told: its rows, and what is made of them. */
struct telling {
    struct admin_context *c;
    struct tree t;
    struct store_release row;
    struct store_item items[CA_RELEASE_ITEMS_MAX];
    size_t items_n;
    bool progress;
    uint64_t rows;                          /* looked at */
    bool more;                              /* than may be looked at */
    struct store_organisation organisation; /* that was named last */
    json_t *assignments;
};

static bm_status keep_item(void *arg, const void *visited)
{
    struct telling *told = arg;

    if (told->items_n == CA_RELEASE_ITEMS_MAX) {
        return BM_E_STORE_CORRUPT;
    }
    told->items[told->items_n++] = *(const struct store_item *)visited;
    return BM_OK;
}

struct wanted {
    struct telling *told;
    uint32_t id;
};

static bm_status take_organisation(void *arg, const void *visited)
{
    const struct store_organisation *row = visited;
    struct wanted *wanted = arg;

    wanted->told->rows++;
    if (row->id != wanted->id) {
        return BM_OK;
    }
    wanted->told->organisation = *row;
    return BM_E_END;
}

static bm_status put_organisation(struct telling *told, uint32_t id, json_t *o)
{
    const struct admin_context *c = told->c;
    struct wanted wanted = { told, id };
    const struct store_visit visit = { &wanted, take_organisation };

    if (told->organisation.id != id) {
        BM_TRY(c->store->organisation_list(c->store->self, &c->actor.scope,
                                           &visit));
    }
    if (told->organisation.id == id) {
        tree_set(&told->t, o, "organisation",
                 tree_str(&told->t, told->organisation.name));
    }
    tree_set(&told->t, o, "organisation_id", tree_int(&told->t, id));
    return BM_OK;
}

static bm_status put_target(struct telling *told,
                            const struct store_assignment *row, json_t *o)
{
    const struct admin_context *c = told->c;
    struct store_device device;

    if (row->organisation != 0) {
        BM_TRY(put_organisation(told, row->organisation, o));
    }
    if (row->device != 0) {
        told->rows++;
        BM_TRY(c->store->device_get(c->store->self, &c->actor.scope,
                                    row->device, &device));
        tree_set(&told->t, o, "device", tree_str(&told->t, device.name));
    }
    return BM_OK;
}

/* What devices are not told of any more, and why. */
static bm_status put_withheld(struct telling *told,
                              const struct store_item *row, json_t *o)
{
    const struct admin_context *c = told->c;
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc;

    if (row->kind != STORE_ITEM_POLICY) {
        return BM_OK;
    }
    rc = ca_policy_still(c->store, row, c->now, &why);
    if (why.status == BM_OK) {
        return rc;
    }
    tree_set(&told->t, o, "withheld", tree_str(&told->t, why.words));
    return BM_OK;
}

static bm_status put_progress(struct telling *told, uint64_t assignment,
                              json_t *o)
{
    static const char *const steps[STORE_STEPS] = { "offered",  "fetched",
                                                    "tried",    "taken",
                                                    "reverted", "refused" };
    const struct store *s = told->c->store;
    json_t *items = tree_array(&told->t);
    uint64_t counts[STORE_STEPS];

    tree_set(&told->t, o, "items", items);
    for (size_t i = 0; i < told->items_n; i++) {
        json_t *of = item(&told->t, &told->items[i]);

        tree_append(&told->t, items, of);
        told->rows++;
        BM_TRY(put_withheld(told, &told->items[i], of));
        BM_TRY(
            s->progress_count(s->self, assignment, told->items[i].id, counts));
        for (size_t k = 0; k < STORE_STEPS; k++) {
            tree_set(&told->t, of, steps[k],
                     tree_int(&told->t, (int64_t)counts[k]));
        }
    }
    return BM_OK;
}

static bm_status put_heard(struct telling *told, uint64_t device, json_t *o)
{
    const struct store *s = told->c->store;
    struct store_heard heard;
    bm_status rc = s->heard_get(s->self, device, &heard);

    told->rows++;
    if (rc == BM_OK) {
        admin_put_firewall(&told->t, &heard, o);
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status put_assignment(struct telling *told,
                                const struct store_assignment *row, json_t *o)
{
    struct tree *t = &told->t;

    BM_TRY(t->failed ? BM_E_MEMORY : BM_OK);
    BM_TRY(put_target(told, row, o));
    tree_set(t, o, "percent", tree_int(t, row->percent));
    tree_set(t, o, "assigned", tree_time(t, row->created));
    tree_set(t, o, "by", tree_str(t, row->actor));
    return BM_OK;
}

static bm_status add_assignment(void *arg, const void *visited)
{
    const struct store_assignment *row = visited;
    struct telling *told = arg;
    json_t *o;

    if (told->rows >= ADMIN_ROWS_MAX) {
        told->more = true;
        return BM_E_END;
    }
    told->rows++;
    o = tree_object(&told->t);
    tree_append(&told->t, told->assignments, o);
    BM_TRY(put_assignment(told, row, o));
    if (!told->progress) {
        return BM_OK;
    }
    BM_TRY(row->device != 0 ? put_heard(told, row->device, o) : BM_OK);
    return put_progress(told, row->id, o);
}

static void put_assignments(struct telling *told, json_t *o)
{
    tree_set(&told->t, o, "assignments", told->assignments);
    if (told->more) {
        tree_set(&told->t, o, "more", tree_bool(&told->t, true));
    }
}

/* In a transaction. */
static bm_status tell(struct telling *told, const char *name,
                      struct ca_refusal *why)
{
    const struct admin_context *c = told->c;
    const struct store *s = c->store;
    const struct store_visit items = { told, keep_item };
    const struct store_visit assignments = { told, add_assignment };

    BM_TRY(ca_release_find(s, &c->actor, name, &told->row, why));
    BM_TRY(s->item_list(s->self, told->row.id, &items));
    return s->assignment_list(s->self, &c->actor.scope, told->row.id,
                              &assignments);
}

static bm_status read_release(struct telling *told, struct admin_context *c,
                              const json_t *params, struct ca_refusal *why)
{
    bm_status rc;

    told->c = c;
    told->assignments = tree_array(&told->t);
    rc = told->t.failed ? BM_E_MEMORY : admin_begin(c);
    if (rc == BM_OK) {
        rc = tell(told, admin_text(params, "release"), why);
        admin_end(c);
    }
    if (rc != BM_OK) {
        json_decref(told->assignments);
    }
    return rc;
}

bm_status admin_show_release(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    struct telling told = { .progress = false };
    json_t *items;
    json_t *o;

    BM_TRY(read_release(&told, c, params, why));
    o = release(&told.t, &told.row);
    items = tree_array(&told.t);
    for (size_t i = 0; i < told.items_n; i++) {
        tree_append(&told.t, items, item(&told.t, &told.items[i]));
    }
    tree_set(&told.t, o, "items", items);
    put_assignments(&told, o);
    return admin_give(&told.t, o, result);
}

bm_status admin_release_status(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    struct telling told = { .progress = true };
    json_t *o;

    BM_TRY(read_release(&told, c, params, why));
    o = tree_object(&told.t);
    tree_set(&told.t, o, "name", tree_str(&told.t, told.row.name));
    put_assignments(&told, o);
    return admin_give(&told.t, o, result);
}

static bm_status add_release(void *arg, const void *visited)
{
    const struct store_release *row = visited;
    struct admin_page *page = arg;

    BM_TRY(admin_page_row_id(page, row->id));
    return admin_page_add(page, release(&page->t, row));
}

bm_status admin_list_releases(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct admin_page page;
    const struct store_visit visit = { &page, add_release };
    struct store_scope own;
    bool any = ca_release_scope(&c->actor, &own);
    uint64_t after = 0;
    bm_status rc;

    admin_page_begin(&page, params);
    rc = admin_page_after(&page, &after, why);
    if (rc == BM_OK) {
        rc = admin_begin(c);
    }
    if (rc == BM_OK) {
        rc = any ? s->release_list(s->self, &own, after, &visit) : BM_OK;
        admin_end(c);
    }
    return admin_page_end(&page, rc, result);
}

/* ---- Acts */

/* In the order in which devices take them: who may sign first. */
static const struct {
    const char *param;
    enum store_item_kind kind;
    uint32_t image;
} rows[CA_RELEASE_ITEMS_MAX] = {
    { "keyset", STORE_ITEM_KEYSET, 0 },
    { "policy", STORE_ITEM_POLICY, 0 },
    { "firmware", STORE_ITEM_FIRMWARE, 0 },
    { "firmware_1", STORE_ITEM_FIRMWARE, 1 },
};

static uint32_t mode_of(const json_t *params)
{
    const char *word = admin_text(params, "mode");

    for (uint32_t i = 0; word != NULL && modes[i] != NULL; i++) {
        if (strcmp(modes[i], word) == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* What a release is to name, looked at. */
struct looking {
    struct store_item items[CA_RELEASE_ITEMS_MAX];
    size_t n;
    struct ca_policy policy;
};

static bm_status look_at(struct admin_context *c, const json_t *params,
                         struct looking *l, struct ca_refusal *why)
{
    for (size_t i = 0; i < CA_RELEASE_ITEMS_MAX; i++) {
        struct store_item *new = &l->items[l->n];
        struct ca_policy policy;

        if (admin_text(params, rows[i].param) == NULL) {
            continue;
        }
        new->kind = rows[i].kind;
        new->image = rows[i].image;
        BM_TRY(admin_hash(params, rows[i].param, new->hash, why));
        BM_TRY(c->host.look_at_blob(c->host.self, c->actor.organisation, new,
                                    &policy, why));
        if (new->kind == STORE_ITEM_POLICY) {
            l->policy = policy;
        }
        l->n++;
    }
    return BM_OK;
}

bm_status admin_create_release(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    struct looking l = { .n = 0 };
    bm_status rc = look_at(c, params, &l, why);

    if (rc == BM_OK) {
        const struct ca_release_order order = {
            .name = admin_text(params, "release"),
            .mode = mode_of(params),
            .items = l.items,
            .items_n = l.n,
            .policy = l.policy.n != 0 ? &l.policy : NULL
        };

        rc = ca_release_create(c->ca, &c->actor, &order, c->now, why);
    }
    ca_policy_wipe(&l.policy);
    return rc == BM_OK ? admin_tell(c, params, result, why, admin_show_release)
                       : rc;
}

static bm_status tell_assignment(struct admin_context *c,
                                 const struct store_assignment *row,
                                 json_t *result)
{
    struct telling told = { .c = c };
    json_t *o = tree_object(&told.t);
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = put_assignment(&told, row, o);
        admin_end(c);
    }
    if (rc != BM_OK) {
        json_decref(o);
        return rc;
    }
    return admin_give(&told.t, o, result);
}

bm_status admin_assign_release(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    const struct ca_release_target target = {
        .release = admin_text(params, "release"),
        .all = admin_flag(params, "all"),
        .organisation = admin_text(params, "organisation"),
        .device = admin_text(params, "device"),
        .percent = (uint32_t)admin_number(params, "percent", 100),
    };
    struct store_assignment row;
    bm_status rc;

    BM_TRY(ca_release_assign(c->ca, &c->actor, &target, c->now, &row, why));
    rc = tell_assignment(c, &row, result);
    return admin_use_reserve(c, rc, result) ? tell_assignment(c, &row, result)
                                            : rc;
}
