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
    ADMIN_GIVES("text", ADMIN_TEXT, true, "the YAML as it was read"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_profile_page[] = {
    ADMIN_PAGE_OF(admin_profile_fields),
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

/* One of those in profiles/; what the authority keeps for itself is not
 * shown. */
static bool is_shown(const struct ca_bound *bound)
{
    return (ca_profile_policy(bound->profile)->by &
            ~(unsigned)CA_BY_AUTHORITY) != 0;
}

/* The file is named after the profile. */
static json_t *profile_tree(struct tree *t, const struct ca_bound *bound)
{
    const char *name = ca_profile_policy(bound->profile)->name;
    char file[STORE_ID_MAX + sizeof ".yaml"];

    (void)snprintf(file, sizeof file, "%s.yaml", name);
    return things_profile(t, bound->profile, file);
}

bm_status admin_list_profiles(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    struct admin_page page;
    bm_status rc = BM_OK;

    (void)why;
    admin_page_begin(&page, params);
    for (size_t i = 0; rc == BM_OK && i < c->profiles_n; i++) {
        const struct ca_bound *b = &c->profiles[i];
        const char *name = ca_profile_policy(b->profile)->name;

        if (!is_shown(b) || admin_page_skips(&page, name)) {
            continue;
        }
        rc = admin_page_row(&page, name);
        if (rc == BM_OK) {
            rc = admin_page_add(&page, profile_tree(&page.t, b));
        }
    }
    return admin_page_end(&page, rc == BM_E_END ? BM_OK : rc, result);
}

bm_status admin_show_profile(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    const char *name = admin_text(params, "profile");

    for (size_t i = 0; i < c->profiles_n; i++) {
        const struct ca_bound *b = &c->profiles[i];

        if (is_shown(b) &&
            strcmp(ca_profile_policy(b->profile)->name, name) == 0) {
            struct tree t = { false };

            tree_set(&t, result, "text",
                     tree_text(&t, ca_profile_text(b->profile)));
            return admin_give(&t, profile_tree(&t, b), result);
        }
    }
    return ca_refuse(why, BM_E_NOT_FOUND, "profile %s", name);
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
