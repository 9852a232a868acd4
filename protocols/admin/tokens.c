/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/token.h"

#include <string.h>

#include "protocols/admin/internal.h"

/* Devices are switched on within days of getting their token. */
#define LIFETIME (INT64_C(7) * 86400)

static const char *const states[] = { "open", "used", "revoked", "expired",
                                      NULL };

#define TOKEN_FIELDS                                                   \
    ADMIN_GIVES("id", ADMIN_STRING, true, "names it; no secret"),      \
        ADMIN_GIVES_ENUM("status", states, true, "open: may be used"), \
        ADMIN_GIVES("profile", ADMIN_STRING, true,                     \
                    "of the certificate it is good for"),              \
        ADMIN_GIVES("device", ADMIN_STRING, true,                      \
                    "name of the device that may use it"),             \
        ADMIN_GIVES("created", ADMIN_TIME, true, "when it was made"),  \
        ADMIN_GIVES("expires", ADMIN_TIME, true, "when it ends"),      \
        ADMIN_GIVES("used", ADMIN_TIME, false, "when it was used"),    \
        ADMIN_GIVES("revoked", ADMIN_TIME, false, "when it was revoked")

const struct admin_field admin_token_fields[] = {
    TOKEN_FIELDS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_token_new_fields[] = {
    ADMIN_GIVES("secret", ADMIN_STRING, true, "shown once, kept nowhere"),
    TOKEN_FIELDS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_token_page[] = {
    ADMIN_PAGE_OF(admin_token_fields),
    ADMIN_FIELDS_END,
};

const struct admin_field admin_list_tokens_params[] = {
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_create_token_params[] = {
    ADMIN_BODY("profile", ADMIN_STRING, true, ADMIN_ID_MAX,
               "of the certificate it is good for"),
    ADMIN_BODY("device", ADMIN_STRING, true, ADMIN_NAME_MAX,
               "name of the device that may use it"),
    ADMIN_BODY("expires", ADMIN_TIME, false, 0, "in seven days if not given"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_token_params[] = {
    ADMIN_PATH("token", ADMIN_STRING, ADMIN_ID_MAX, "id of the token"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_revoke_token_params[] = {
    ADMIN_PATH("token", ADMIN_STRING, ADMIN_ID_MAX, "id of the token"),
    ADMIN_FIELDS_END,
};

static bm_status give_token(struct admin_context *c, const char *id,
                            json_t *result, struct ca_refusal *why)
{
    struct tree t = { false };
    struct store_token row;
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = c->store->token_get(c->store->self, &c->actor.scope, id, &row);
        admin_end(c);
    }
    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "token %s", id);
    }
    BM_TRY(rc);
    return admin_give(&t, things_token(&t, &row, c->now), result);
}

static bm_status give_new(struct admin_context *c, const char *secret,
                          const char *id, json_t *result,
                          struct ca_refusal *why)
{
    struct tree t = { false };

    tree_set(&t, result, "secret", tree_str(&t, secret));
    BM_TRY(t.failed ? BM_E_MEMORY : BM_OK);
    return give_token(c, id, result, why);
}

bm_status admin_create_token(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    int64_t expires = admin_time(params, "expires");
    const struct ca_token_order order = {
        .profile = admin_text(params, "profile"),
        .device = admin_text(params, "device"),
        .expires = expires != 0 ? expires : c->now + LIFETIME,
    };
    char secret[CA_TOKEN_CHARS + 1];
    char id[STORE_ID_MAX];
    bm_status rc;

    BM_TRY(ca_token_create(c->ca, &c->actor, &order, c->now, secret, id, why));
    rc = give_new(c, secret, id, result, why);
    if (admin_use_reserve(c, rc, result)) {
        rc = give_new(c, secret, id, result, why);
    }
    bm_wipe(secret, sizeof secret);
    return rc;
}

struct tokens {
    int64_t now;
    struct admin_page page;
};

static bm_status add_token(void *arg, const void *visited)
{
    struct tokens *tokens = arg;
    const struct store_token *row = visited;
    struct admin_page *page = &tokens->page;

    BM_TRY(admin_page_row(page, row->id));
    return admin_page_add(page, things_token(&page->t, row, tokens->now));
}

/* A walk behind what is not there would begin again, and never end. */
static bm_status check_after(struct admin_context *c, const char *after,
                             struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct store_token row;
    bm_status rc = BM_OK;

    if (after != NULL) {
        rc = s->token_get(s->self, &c->actor.scope, after, &row);
    }
    return rc == BM_E_NOT_FOUND
               ? ca_refuse(why, BM_E_ARGUMENT,
                           "after is not the next of such a page")
               : rc;
}

bm_status admin_list_tokens(struct admin_context *c, const json_t *params,
                            json_t *result, struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct tokens tokens = { .now = c->now };
    struct store_visit visit = { &tokens, add_token };
    bm_status rc;

    admin_page_begin(&tokens.page, params);
    rc = admin_begin(c);
    if (rc == BM_OK) {
        rc = check_after(c, tokens.page.after, why);
        if (rc == BM_OK) {
            rc = s->token_list(s->self, &c->actor.scope, tokens.page.after,
                               &visit);
        }
        admin_end(c);
    }
    return admin_page_end(&tokens.page, rc, result);
}

bm_status admin_show_token(struct admin_context *c, const json_t *params,
                           json_t *result, struct ca_refusal *why)
{
    return give_token(c, admin_text(params, "token"), result, why);
}

bm_status admin_revoke_token(struct admin_context *c, const json_t *params,
                             json_t *result, struct ca_refusal *why)
{
    const char *id = admin_text(params, "token");

    BM_TRY(ca_token_revoke(c->ca, &c->actor, id, c->now, why));
    return admin_tell(c, params, result, why, admin_show_token);
}
