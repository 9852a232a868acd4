/* SPDX-License-Identifier: Apache-2.0 */

/* What organisations may have: profiles, quota, versions (ca/allocation.h). */
#include <stdlib.h>
#include <string.h>

#include "ca/allocation.h"
#include "protocols/admin/internal.h"

const struct admin_field admin_allocation_fields[] = {
    ADMIN_GIVES("organisation", ADMIN_INTEGER, true, "whose it is"),
    ADMIN_GIVES("profile", ADMIN_STRING, true, "of which profile"),
    ADMIN_GIVES("enabled", ADMIN_BOOLEAN, true, "may it be used?"),
    ADMIN_GIVES("quota", ADMIN_INTEGER, false,
                "certificates in all; not there: without limit"),
    ADMIN_GIVES("left", ADMIN_INTEGER, false, "certificates that are left"),
    ADMIN_GIVES("issued", ADMIN_INTEGER, true, "certificates that counted"),
    ADMIN_GIVES("version", ADMIN_INTEGER, true,
                "version of the profile that it is issued by"),
    ADMIN_GIVES("current", ADMIN_INTEGER, true,
                "the current version of the profile"),
    ADMIN_GIVES("stays", ADMIN_BOOLEAN, true,
                "at its version; else it follows the profile"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_allocation_page[] = {
    ADMIN_PAGE_OF(admin_allocation_fields),
    ADMIN_FIELDS_END,
};

#define PATHS                                                            \
    ADMIN_PATH("organisation", ADMIN_INTEGER, UINT32_MAX, "its number"), \
        ADMIN_PATH("profile", ADMIN_STRING, ADMIN_ID_MAX, "its name")

const struct admin_field admin_list_allocations_params[] = {
    ADMIN_PATH("organisation", ADMIN_INTEGER, UINT32_MAX, "its number"),
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_allocation_params[] = {
    PATHS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_enable_profile_params[] = {
    PATHS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_disable_profile_params[] = {
    PATHS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_stay_at_version_params[] = {
    PATHS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_follow_profile_params[] = {
    PATHS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_give_quota_params[] = {
    PATHS,
    { .name = "amount",
      .type = ADMIN_INTEGER,
      .place = ADMIN_IN_BODY,
      .min = -CA_QUOTA_MAX,
      .max = CA_QUOTA_MAX,
      .about = "so many certificates more, or less; no more than are left" },
    ADMIN_BODY("unlimited", ADMIN_BOOLEAN, false, 0,
               "instead: without limit from now on"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_move_quota_params[] = {
    PATHS,
    ADMIN_BODY("to", ADMIN_INTEGER, true, UINT32_MAX,
               "number of the organisation that gets it"),
    ADMIN_BODY("amount", ADMIN_INTEGER, true, CA_QUOTA_MAX,
               "so many certificates"),
    ADMIN_FIELDS_END,
};

static json_t *allocation_tree(const struct admin_context *c, struct tree *t,
                               const struct store_allocation *row)
{
    const struct ca_bound *b = ca_profile_find(c->ca, row->profile, NULL);
    uint32_t current = b != NULL ? b->version : 0;
    json_t *o = tree_object(t);

    tree_set(t, o, "organisation", tree_int(t, row->organisation));
    tree_set(t, o, "profile", tree_str(t, row->profile));
    tree_set(t, o, "enabled", tree_bool(t, row->enabled));
    if (row->limited) {
        tree_set(t, o, "quota", tree_int(t, (int64_t)row->quota));
        tree_set(t, o, "left",
                 tree_int(t, (int64_t)(row->quota - row->issued)));
    }
    tree_set(t, o, "issued", tree_int(t, (int64_t)row->issued));
    tree_set(t, o, "version",
             tree_int(t, row->version != 0 ? row->version : current));
    tree_set(t, o, "current", tree_int(t, current));
    tree_set(t, o, "stays", tree_bool(t, row->version != 0));
    return o;
}

bool admin_is_profile_shown(const struct ca_bound *bound)
{
    return !bound->old && (ca_profile_policy(bound->profile)->by &
                           ~(unsigned)CA_BY_AUTHORITY) != 0;
}

bm_status admin_may_see_profile(const struct admin_context *c,
                                const char *profile, bool *yes)
{
    const struct store *s = c->store;
    struct store_organisation o;
    struct store_allocation row;

    *yes = c->actor.scope.organisation == 0;
    if (*yes) {
        return BM_OK;
    }
    BM_TRY(s->organisation_get(s->self, &c->actor.scope,
                               c->actor.scope.organisation, &o));
    BM_TRY(ca_allocation_get(s, &o, profile, &row));
    *yes = row.enabled;
    return BM_OK;
}

/* ---- Looking */

/* In a transaction: profiles that it has, or had, something of. */
static bm_status list(struct admin_context *c,
                      const struct store_organisation *o,
                      struct admin_page *page)
{
    bm_status rc = BM_OK;

    for (size_t i = 0; rc == BM_OK && i < c->profiles_n; i++) {
        const struct ca_bound *b = &c->profiles[i];
        const char *name = ca_profile_policy(b->profile)->name;
        struct store_allocation row;

        if (!admin_is_profile_shown(b) || admin_page_skips(page, name)) {
            continue;
        }
        BM_TRY(ca_allocation_get(c->store, o, name, &row));
        if (row.enabled || row.quota != 0 || row.issued != 0) {
            rc = admin_page_row(page, name);
            if (rc == BM_OK) {
                rc = admin_page_add(page, allocation_tree(c, &page->t, &row));
            }
        }
    }
    return rc == BM_E_END ? BM_OK : rc;
}

bm_status admin_list_allocations(struct admin_context *c, const json_t *params,
                                 json_t *result, struct ca_refusal *why)
{
    uint32_t id = (uint32_t)admin_number(params, "organisation", 0);
    struct store_organisation o;
    struct admin_page page;
    bool above;
    bm_status rc;

    admin_page_begin(&page, params);
    rc = admin_begin(c);
    if (rc == BM_OK) {
        rc = ca_organisation_find(c->store, &c->actor, id, &o, &above, why);
        if (rc == BM_OK) {
            rc = list(c, &o, &page);
        }
        admin_end(c);
    }
    return admin_page_end(&page, rc, result);
}

static bm_status find(struct admin_context *c, const json_t *params,
                      struct store_allocation *row, struct ca_refusal *why)
{
    uint32_t id = (uint32_t)admin_number(params, "organisation", 0);
    const char *profile = admin_text(params, "profile");
    struct store_organisation o;
    bool above;

    BM_TRY(ca_organisation_find(c->store, &c->actor, id, &o, &above, why));
    if (above &&
        c->store->allocation_get(c->store->self, id, profile, row) == BM_OK) {
        return BM_OK; /* also of a profile that is gone */
    }
    BM_TRY(ca_allocation_get(c->store, &o, profile, row));
    return (row->enabled || above) &&
                   ca_profile_find(c->ca, profile, NULL) != NULL
               ? BM_OK
               : ca_refuse(why, BM_E_NOT_FOUND, "profile %s", profile);
}

bm_status admin_show_allocation(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    struct tree t = { false };
    struct store_allocation row;
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = find(c, params, &row, why);
        admin_end(c);
    }
    BM_TRY(rc);
    return admin_give(&t, allocation_tree(c, &t, &row), result);
}

/* ---- Changing */

static struct ca_allocating what_of(const json_t *params)
{
    return (struct ca_allocating){ .organisation = (uint32_t)admin_number(
                                       params, "organisation", 0),
                                   .profile = admin_text(params, "profile") };
}

static bm_status enable(struct admin_context *c, const json_t *params,
                        bool enabled, json_t *result, struct ca_refusal *why)
{
    const struct ca_allocating what = what_of(params);

    BM_TRY(ca_allocation_enable(c->ca, &c->actor, &what, enabled, c->now, why));
    return admin_tell(c, params, result, why, admin_show_allocation);
}

bm_status admin_enable_profile(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    return enable(c, params, true, result, why);
}

bm_status admin_disable_profile(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    return enable(c, params, false, result, why);
}

static bm_status stay(struct admin_context *c, const json_t *params, bool stays,
                      json_t *result, struct ca_refusal *why)
{
    const struct ca_allocating what = what_of(params);

    BM_TRY(ca_allocation_stay(c->ca, &c->actor, &what, stays, c->now, why));
    return admin_tell(c, params, result, why, admin_show_allocation);
}

bm_status admin_stay_at_version(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    return stay(c, params, true, result, why);
}

bm_status admin_follow_profile(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    return stay(c, params, false, result, why);
}

bm_status admin_give_quota(struct admin_context *c, const json_t *params,
                           json_t *result, struct ca_refusal *why)
{
    const struct ca_allocating what = what_of(params);
    bool unlimited = admin_flag(params, "unlimited");
    int64_t amount = admin_number(params, "amount", 0);

    if (unlimited == (amount != 0)) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "one of an amount, which is not 0, and unlimited");
    }
    BM_TRY(ca_allocation_give(c->ca, &c->actor, &what,
                              unlimited ? CA_UNLIMITED : amount, c->now, why));
    return admin_tell(c, params, result, why, admin_show_allocation);
}

bm_status admin_move_quota(struct admin_context *c, const json_t *params,
                           json_t *result, struct ca_refusal *why)
{
    const struct ca_allocating what = what_of(params);

    BM_TRY(ca_allocation_move(c->ca, &c->actor, &what,
                              (uint32_t)admin_number(params, "to", 0),
                              admin_number(params, "amount", 0), c->now, why));
    return admin_tell(c, params, result, why, admin_show_allocation);
}
