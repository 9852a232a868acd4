/* SPDX-License-Identifier: Apache-2.0 */

/* Ecosystems, their members, and what those may have (ca/allocation.h). */
#include <stdlib.h>
#include <string.h>

#include "ca/allocation.h"
#include "protocols/admin/internal.h"

static const char *const states[] = { "active", "suspended", NULL };

/* ---- Ecosystems */

const struct admin_field admin_ecosystem_fields[] = {
    ADMIN_GIVES("id", ADMIN_INTEGER, true, "its number"),
    ADMIN_GIVES("name", ADMIN_STRING, true, "its name"),
    ADMIN_GIVES("created", ADMIN_TIME, true, "when it was made"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_ecosystem_page[] = {
    ADMIN_PAGE_OF(admin_ecosystem_fields),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_create_ecosystem_params[] = {
    ADMIN_BODY("name", ADMIN_STRING, true, CA_MEMBER_NAME_MAX, "its name"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_list_ecosystems_params[] = {
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_ecosystem_params[] = {
    ADMIN_PATH("ecosystem", ADMIN_INTEGER, UINT32_MAX, "its number"),
    ADMIN_FIELDS_END,
};

static json_t *ecosystem_tree(struct tree *t, const struct store_ecosystem *row)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "id", tree_int(t, row->id));
    tree_set(t, o, "name", tree_str(t, row->name));
    tree_set(t, o, "created", tree_time(t, row->created));
    return o;
}

/* A list of things with numbers, behind the last one. */
struct members {
    struct admin_context *c;
    struct admin_page page;
    uint64_t after;
};

static bm_status add_ecosystem(void *arg, const void *visited)
{
    const struct store_ecosystem *row = visited;
    struct members *m = arg;

    if (row->id <= m->after) {
        return BM_OK;
    }
    BM_TRY(admin_page_row_id(&m->page, row->id));
    return admin_page_add(&m->page, ecosystem_tree(&m->page.t, row));
}

bm_status admin_list_ecosystems(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct members m = { .c = c };
    const struct store_visit visit = { &m, add_ecosystem };
    bm_status rc;

    admin_page_begin(&m.page, params);
    rc = admin_page_after(&m.page, &m.after, why);
    if (rc == BM_OK) {
        rc = admin_begin(c);
    }
    if (rc == BM_OK) {
        rc = s->ecosystem_list(s->self, &c->actor.scope, &visit);
        admin_end(c);
    }
    return admin_page_end(&m.page, rc, result);
}

struct finding {
    uint32_t id;
    struct store_ecosystem row;
};

static bm_status find_ecosystem(void *arg, const void *visited)
{
    const struct store_ecosystem *row = visited;
    struct finding *f = arg;

    if (row->id != f->id) {
        return BM_OK;
    }
    f->row = *row;
    return BM_E_END;
}

bm_status admin_show_ecosystem(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct finding f = { .id = (uint32_t)admin_number(params, "ecosystem", 0) };
    const struct store_visit visit = { &f, find_ecosystem };
    struct tree t = { false };
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = s->ecosystem_list(s->self, &c->actor.scope, &visit);
        admin_end(c);
    }
    BM_TRY(rc);
    if (f.row.id == 0) {
        return ca_refuse(why, BM_E_NOT_FOUND, "ecosystem %u", (unsigned)f.id);
    }
    return admin_give(&t, ecosystem_tree(&t, &f.row), result);
}

bm_status admin_create_ecosystem(struct admin_context *c, const json_t *params,
                                 json_t *result, struct ca_refusal *why)
{
    struct tree t = { false };
    struct store_ecosystem row;
    bm_status rc;

    BM_TRY(ca_ecosystem_create(c->ca, &c->actor, admin_text(params, "name"),
                               c->now, &row, why));
    rc = admin_give(&t, ecosystem_tree(&t, &row), result);
    if (admin_use_reserve(c, rc, result)) {
        t.failed = false;
        rc = admin_give(&t, ecosystem_tree(&t, &row), result);
    }
    return rc;
}

/* ---- Organisations */

const struct admin_field admin_organisation_fields[] = {
    ADMIN_GIVES("id", ADMIN_INTEGER, true, "its number"),
    ADMIN_GIVES("ecosystem", ADMIN_INTEGER, true, "number of its ecosystem"),
    ADMIN_GIVES("name", ADMIN_STRING, true, "its name"),
    ADMIN_GIVES_ENUM("status", states, true,
                     "suspended: nothing is issued on its account"),
    ADMIN_GIVES("open", ADMIN_BOOLEAN, true,
                "it may use every profile without limit, but where an "
                "allocation says otherwise"),
    ADMIN_GIVES("created", ADMIN_TIME, true, "when it was made"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_organisation_page[] = {
    ADMIN_PAGE_OF(admin_organisation_fields),
    ADMIN_FIELDS_END,
};

#define ORGANISATION_PATH \
    ADMIN_PATH("organisation", ADMIN_INTEGER, UINT32_MAX, "its number")

const struct admin_field admin_create_organisation_params[] = {
    ADMIN_BODY("name", ADMIN_STRING, true, CA_MEMBER_NAME_MAX, "its name"),
    ADMIN_BODY("ecosystem", ADMIN_INTEGER, false, UINT32_MAX,
               "number of the ecosystem; your own if not given"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_list_organisations_params[] = {
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_organisation_params[] = {
    ORGANISATION_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_rename_organisation_params[] = {
    ORGANISATION_PATH,
    ADMIN_BODY("name", ADMIN_STRING, true, CA_MEMBER_NAME_MAX, "its new name"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_suspend_organisation_params[] = {
    ORGANISATION_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_resume_organisation_params[] = {
    ORGANISATION_PATH,
    ADMIN_FIELDS_END,
};

static json_t *organisation_tree(struct tree *t,
                                 const struct store_organisation *row)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "id", tree_int(t, row->id));
    tree_set(t, o, "ecosystem", tree_int(t, row->ecosystem));
    tree_set(t, o, "name", tree_str(t, row->name));
    tree_set(t, o, "status", tree_str(t, ca_organisation_state(row)));
    tree_set(t, o, "open", tree_bool(t, row->open));
    tree_set(t, o, "created", tree_time(t, row->created));
    return o;
}

static bm_status add_organisation(void *arg, const void *visited)
{
    const struct store_organisation *row = visited;
    struct members *m = arg;

    if (row->id <= m->after) {
        return BM_OK;
    }
    BM_TRY(admin_page_row_id(&m->page, row->id));
    return admin_page_add(&m->page, organisation_tree(&m->page.t, row));
}

bm_status admin_list_organisations(struct admin_context *c,
                                   const json_t *params, json_t *result,
                                   struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct members m = { .c = c };
    const struct store_visit visit = { &m, add_organisation };
    bm_status rc;

    admin_page_begin(&m.page, params);
    rc = admin_page_after(&m.page, &m.after, why);
    if (rc == BM_OK) {
        rc = admin_begin(c);
    }
    if (rc == BM_OK) {
        rc = s->organisation_list(s->self, &c->actor.scope, &visit);
        admin_end(c);
    }
    return admin_page_end(&m.page, rc, result);
}

static bm_status give_organisation(struct admin_context *c, uint32_t id,
                                   json_t *result, struct ca_refusal *why)
{
    struct tree t = { false };
    struct store_organisation row;
    bool above;
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = ca_organisation_find(c->store, &c->actor, id, &row, &above, why);
        admin_end(c);
    }
    BM_TRY(rc);
    return admin_give(&t, organisation_tree(&t, &row), result);
}

static uint32_t number_of(const json_t *params)
{
    return (uint32_t)admin_number(params, "organisation", 0);
}

bm_status admin_show_organisation(struct admin_context *c, const json_t *params,
                                  json_t *result, struct ca_refusal *why)
{
    return give_organisation(c, number_of(params), result, why);
}

/* The ecosystem of whoever has one; else the first that there is. */
static bm_status own_ecosystem(struct admin_context *c, uint32_t *id)
{
    const struct store *s = c->store;
    struct finding f = { .id = c->actor.scope.ecosystem };
    struct store_organisation row;
    bm_status rc = BM_OK;

    *id = f.id;
    if (f.id == 0) {
        BM_TRY(admin_begin(c));
        rc = s->organisation_get(s->self, &c->actor.scope,
                                 c->actor.organisation, &row);
        *id = row.ecosystem;
        admin_end(c);
    }
    return rc;
}

bm_status admin_create_organisation(struct admin_context *c,
                                    const json_t *params, json_t *result,
                                    struct ca_refusal *why)
{
    const char *name = admin_text(params, "name");
    struct store_organisation row = { .ecosystem = (uint32_t)admin_number(
                                          params, "ecosystem", 0) };
    bm_status rc = BM_OK;

    memcpy(row.name, name, strlen(name) + 1);
    if (row.ecosystem == 0) {
        rc = own_ecosystem(c, &row.ecosystem);
    }
    BM_TRY(rc);
    BM_TRY(ca_organisation_create(c->ca, &c->actor, &row, c->now, why));
    rc = give_organisation(c, row.id, result, why);
    if (admin_use_reserve(c, rc, result)) {
        rc = give_organisation(c, row.id, result, why);
    }
    return rc;
}

bm_status admin_rename_organisation(struct admin_context *c,
                                    const json_t *params, json_t *result,
                                    struct ca_refusal *why)
{
    BM_TRY(ca_organisation_rename(c->ca, &c->actor, number_of(params),
                                  admin_text(params, "name"), c->now, why));
    return admin_tell(c, params, result, why, admin_show_organisation);
}

static bm_status suspend(struct admin_context *c, const json_t *params,
                         bool suspended, json_t *result, struct ca_refusal *why)
{
    BM_TRY(ca_organisation_suspend(c->ca, &c->actor, number_of(params),
                                   suspended, c->now, why));
    return admin_tell(c, params, result, why, admin_show_organisation);
}

bm_status admin_suspend_organisation(struct admin_context *c,
                                     const json_t *params, json_t *result,
                                     struct ca_refusal *why)
{
    return suspend(c, params, true, result, why);
}

bm_status admin_resume_organisation(struct admin_context *c,
                                    const json_t *params, json_t *result,
                                    struct ca_refusal *why)
{
    return suspend(c, params, false, result, why);
}
