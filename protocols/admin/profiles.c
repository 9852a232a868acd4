/* SPDX-License-Identifier: Apache-2.0 */

/* Profiles of the instance. They are changed as files, by whoever can write
 * them; the API shows them, and says what a text would mean. */
#include <stdlib.h>
#include <string.h>

#include "protocols/admin/internal.h"

/* No profile comes near; the reader takes more. */
#define TEXT_MAX ((int64_t)64 << 10)

static const char *const requesters[] = { "operator", "token",     "idevid",
                                          "current",  "authority", NULL };

#define PROFILE_FIELDS                                                     \
    ADMIN_GIVES("profile", ADMIN_STRING, true, "its name"),                \
        ADMIN_GIVES("about", ADMIN_STRING, true, "in a line, for people"), \
        ADMIN_GIVES("file", ADMIN_STRING, true, "in profiles/"),           \
        ADMIN_GIVES("ca", ADMIN_STRING, true, "who issues"),               \
        {                                                                  \
            .name = "by",                                                  \
            .type = ADMIN_STRINGS,                                         \
            .required = true,                                              \
            .words = requesters,                                           \
            .about = "who may ask",                                        \
        },                                                                 \
        ADMIN_GIVES("device", ADMIN_BOOLEAN, true,                         \
                    "of devices of the inventory"),                        \
        ADMIN_GIVES("renewable", ADMIN_BOOLEAN, true, "by its certificates")

const struct admin_field admin_profile_fields[] = {
    PROFILE_FIELDS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_profile_full_fields[] = {
    PROFILE_FIELDS,
    ADMIN_GIVES("version", ADMIN_INTEGER, true, "of the text"),
    ADMIN_GIVES("text", ADMIN_TEXT, true, "the YAML as it was read"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_profile_page[] = {
    ADMIN_PAGE_OF(admin_profile_fields),
    ADMIN_FIELDS_END,
};
static const struct admin_field version_fields[] = {
    ADMIN_GIVES("version", ADMIN_INTEGER, true, "its number"),
    ADMIN_GIVES("created", ADMIN_TIME, true, "when it came into use"),
    ADMIN_GIVES("sha256", ADMIN_STRING, true, "of its text"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_version_page[] = {
    ADMIN_PAGE_OF(version_fields),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_profile_words_fields[] = {
    ADMIN_GIVES("profile", ADMIN_STRING, true, "the name it gives itself"),
    ADMIN_GIVES("words", ADMIN_TEXT, true, "what it says"),
    ADMIN_FIELDS_END,
};

const struct admin_field admin_list_profiles_params[] = {
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_profile_params[] = {
    ADMIN_PATH("profile", ADMIN_STRING, ADMIN_ID_MAX, "its name"),
    ADMIN_QUERY("version", ADMIN_INTEGER, UINT32_MAX,
                "the text of this version; the current one if not given"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_list_versions_params[] = {
    ADMIN_PATH("profile", ADMIN_STRING, ADMIN_ID_MAX, "its name"),
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_check_profile_params[] = {
    ADMIN_BODY("text", ADMIN_TEXT, true, TEXT_MAX, "the YAML"),
    ADMIN_BODY("file", ADMIN_STRING, false, ADMIN_NAME_MAX,
               "what messages call it"),
    ADMIN_FIELDS_END,
};

static json_t *by_tree(struct tree *t, unsigned by)
{
    json_t *list = tree_array(t);

    for (size_t i = 0; requesters[i] != NULL; i++) {
        if ((by >> i & 1) != 0) {
            tree_append(t, list, tree_str(t, requesters[i]));
        }
    }
    return list;
}

json_t *things_profile(struct tree *t, const struct ca_profile *profile,
                       const char *file)
{
    const struct ca_profile_policy *p = ca_profile_policy(profile);
    json_t *o = tree_object(t);

    tree_set(t, o, "profile", tree_str(t, p->name));
    tree_set(t, o, "about", tree_str(t, p->about));
    tree_set(t, o, "file", tree_str(t, file));
    tree_set(t, o, "ca", tree_str(t, p->ca));
    tree_set(t, o, "by", by_tree(t, p->by));
    tree_set(t, o, "device", tree_bool(t, p->device));
    tree_set(t, o, "renewable", tree_bool(t, p->renewable));
    return o;
}

/* The file is named after the profile. */
static json_t *profile_tree(struct tree *t, const struct ca_bound *bound)
{
    const char *name = ca_profile_policy(bound->profile)->name;
    char file[STORE_ID_MAX + sizeof ".yaml"];

    (void)snprintf(file, sizeof file, "%s.yaml", name);
    return things_profile(t, bound->profile, file);
}

/* In a transaction. */
static bm_status list(struct admin_context *c, struct admin_page *page)
{
    bm_status rc = BM_OK;

    for (size_t i = 0; rc == BM_OK && i < c->profiles_n; i++) {
        const struct ca_bound *b = &c->profiles[i];
        const char *name = ca_profile_policy(b->profile)->name;
        bool yes;

        if (!admin_is_profile_shown(b) || admin_page_skips(page, name)) {
            continue;
        }
        BM_TRY(admin_may_see_profile(c, name, &yes));
        if (yes) {
            rc = admin_page_row(page, name);
        }
        if (yes && rc == BM_OK) {
            rc = admin_page_add(page, profile_tree(&page->t, b));
        }
    }
    return rc == BM_E_END ? BM_OK : rc;
}

bm_status admin_list_profiles(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    struct admin_page page;
    bm_status rc;

    (void)why;
    admin_page_begin(&page, params);
    rc = admin_begin(c);
    if (rc == BM_OK) {
        rc = list(c, &page);
        admin_end(c);
    }
    return admin_page_end(&page, rc, result);
}

/* In a transaction: one that the operator sees. */
static bm_status find(struct admin_context *c, const char *name,
                      const struct ca_bound **bound, struct ca_refusal *why)
{
    bool yes = false;

    *bound = ca_profile_find(c->ca, name, NULL);
    if (*bound != NULL && admin_is_profile_shown(*bound)) {
        BM_TRY(admin_may_see_profile(c, name, &yes));
    }
    return yes ? BM_OK : ca_refuse(why, BM_E_NOT_FOUND, "profile %s", name);
}

/* In a transaction: the text of an earlier version. */
static bm_status set_text(struct admin_context *c, struct tree *t,
                          const struct ca_bound *b, uint32_t version,
                          json_t *result, struct ca_refusal *why)
{
    const char *name = ca_profile_policy(b->profile)->name;
    const struct store *s = c->store;
    struct store_version v;
    bm_status rc;

    if (version == 0 || version == b->version) {
        tree_set(t, result, "text", tree_text(t, ca_profile_text(b->profile)));
        tree_set(t, result, "version", tree_int(t, b->version));
        return BM_OK;
    }
    rc = s->version_get(s->self, name, version, &v);
    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "version %u of profile %s", (unsigned)version,
                         name);
    }
    BM_TRY(rc);
    tree_set(t, result, "text", tree_text(t, v.text));
    tree_set(t, result, "version", tree_int(t, version));
    return BM_OK;
}

static bm_status show(struct admin_context *c, const json_t *params,
                      json_t *result, struct ca_refusal *why)
{
    uint32_t version = (uint32_t)admin_number(params, "version", 0);
    const struct ca_bound *b;
    struct tree t = { false };

    BM_TRY(find(c, admin_text(params, "profile"), &b, why));
    BM_TRY(admin_give(&t, profile_tree(&t, b), result));
    BM_TRY(set_text(c, &t, b, version, result, why));
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_show_profile(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = show(c, params, result, why);
        admin_end(c);
    }
    return rc;
}

/* ---- Versions */

static bm_status add_version(void *arg, const void *visited)
{
    const struct store_version *row = visited;
    struct admin_page *page = arg;
    char cursor[16];
    json_t *o;

    (void)snprintf(cursor, sizeof cursor, "%u", (unsigned)row->version);
    if (admin_page_skips(page, cursor)) {
        return BM_OK;
    }
    BM_TRY(admin_page_row(page, cursor));
    o = tree_object(&page->t);
    tree_set(&page->t, o, "version", tree_int(&page->t, row->version));
    tree_set(&page->t, o, "created", tree_time(&page->t, row->created));
    tree_set(&page->t, o, "sha256", tree_hex(&page->t, BM_ARRAY(row->hash)));
    return admin_page_add(page, o);
}

bm_status admin_list_versions(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    const char *name = admin_text(params, "profile");
    const struct store *s = c->store;
    const struct ca_bound *b;
    struct admin_page page;
    const struct store_visit visit = { &page, add_version };
    bm_status rc;

    admin_page_begin(&page, params);
    rc = admin_begin(c);
    if (rc == BM_OK) {
        rc = find(c, name, &b, why);
        if (rc == BM_OK) {
            rc = s->version_list(s->self, name, &visit);
        }
        admin_end(c);
    }
    return admin_page_end(&page, rc, result);
}

static bm_status explain(const struct ca_profile *profile, json_t *result)
{
    struct tree t = { false };
    uint8_t *words;
    struct bm_wr w;

    bm_wr_init(&w, NULL, 0);
    ca_profile_explain(profile, &w);
    words = malloc(w.len + 1);
    if (words == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, words, w.len);
    ca_profile_explain(profile, &w);
    tree_set(&t, result, "profile",
             tree_str(&t, ca_profile_policy(profile)->name));
    tree_set(&t, result, "words", tree_text(&t, bm_wr_bytes(&w)));
    free(words);
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_check_profile(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    const char *file = admin_text(params, "file");
    struct ca_profile *profile;
    bm_status rc;

    (void)c;
    BM_TRY(ca_profile_parse(admin_bytes(params, "text"),
                            file != NULL ? file : "text", &profile, why));
    rc = explain(profile, result);
    ca_profile_free(profile);
    return rc;
}
