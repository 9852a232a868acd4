/* SPDX-License-Identifier: Apache-2.0 */

/* Operators: people and programs that administer. */
#include "ca/operator.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/admin/certificates.h"

static const char *const states[] = { "enabled", "disabled", NULL };
static const char *const roles[] = { "administrator", "registrar", "auditor",
                                     "factory",       "read-only", NULL };

const struct admin_field admin_who_fields[] = {
    ADMIN_GIVES("name", ADMIN_STRING, true, "as the ledger has it"),
    ADMIN_GIVES_WORDS("roles", roles, true, "what the operator may do"),
    ADMIN_GIVES("scope", ADMIN_STRING, true,
                "where: instance, organisation N or ecosystem N"),
    ADMIN_GIVES("organisation", ADMIN_INTEGER, true,
                "on whose account the operator acts"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_operator_fields[] = {
    ADMIN_GIVES("id", ADMIN_STRING, true, "unique for ever"),
    ADMIN_GIVES_ENUM("status", states, true, "may the operator act?"),
    ADMIN_GIVES_WORDS("roles", roles, true, "what the operator may do"),
    ADMIN_GIVES("scope", ADMIN_STRING, true,
                "where: instance, organisation N or ecosystem N"),
    ADMIN_GIVES("organisation", ADMIN_INTEGER, true,
                "on whose account the operator acts"),
    ADMIN_GIVES("created", ADMIN_TIME, true, "when it was made"),
    ADMIN_GIVES("fingerprint_sha256", ADMIN_STRING, true, "of the certificate"),
    ADMIN_GIVES("renewal_sha256", ADMIN_STRING, false,
                "of its renewal, which has not been used yet"),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_operator_page[] = {
    ADMIN_PAGE_OF(admin_operator_fields),
    ADMIN_FIELDS_END,
};

#define OPERATOR_PATH \
    ADMIN_PATH("operator", ADMIN_STRING, ADMIN_ID_MAX, "id of the operator")
#define CSR_BODY                                      \
    ADMIN_BODY("csr", ADMIN_PEM, true, ADMIN_CSR_MAX, \
               "a certification request, for the key alone")

const struct admin_field admin_who_am_i_params[] = { ADMIN_FIELDS_END };
const struct admin_field admin_list_operators_params[] = {
    ADMIN_PAGE_PARAMS,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_show_operator_params[] = {
    OPERATOR_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_create_operator_params[] = {
    ADMIN_BODY("id", ADMIN_STRING, true, ADMIN_ID_MAX,
               "a-z, 0-9, '.', '-' and '_'"),
    { .name = "roles",
      .type = ADMIN_STRINGS,
      .place = ADMIN_IN_BODY,
      .required = true,
      .words = roles,
      .about = "what the operator may do" },
    ADMIN_BODY("organisation", ADMIN_INTEGER, false, UINT32_MAX,
               "where the roles hold: in this organisation"),
    ADMIN_BODY("ecosystem", ADMIN_INTEGER, false, UINT32_MAX,
               "or in this ecosystem; with neither, everywhere"),
    CSR_BODY,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_renew_operator_params[] = {
    CSR_BODY,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_disable_operator_params[] = {
    OPERATOR_PATH,
    ADMIN_FIELDS_END,
};
const struct admin_field admin_enable_operator_params[] = {
    OPERATOR_PATH,
    ADMIN_FIELDS_END,
};

static json_t *roles_tree(struct tree *t, unsigned set)
{
    json_t *list = tree_array(t);
    char words[CA_ROLES_TEXT] = "";
    char *save = NULL;
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)words, sizeof words - 1);
    ca_roles_put(&w, set);
    for (char *word = strtok_r(words, ",", &save); word != NULL;
         word = strtok_r(NULL, ",", &save)) {
        tree_append(t, list, tree_str(t, word));
    }
    return list;
}

static json_t *scope_tree(struct tree *t, const struct store_scope *scope)
{
    char words[32];

    ca_scope_words(scope, words);
    return tree_str(t, words);
}

bm_status admin_who_am_i(struct admin_context *c, const json_t *params,
                         json_t *result, struct ca_refusal *why)
{
    struct tree t = { false };

    (void)params;
    (void)why;
    tree_set(&t, result, "name", tree_str(&t, c->actor.name));
    tree_set(&t, result, "roles", roles_tree(&t, c->actor.roles));
    tree_set(&t, result, "scope", scope_tree(&t, &c->actor.scope));
    tree_set(&t, result, "organisation", tree_int(&t, c->actor.organisation));
    return t.failed ? BM_E_MEMORY : BM_OK;
}

static json_t *operator_tree(struct tree *t, const struct store_operator *row)
{
    static const uint8_t none[STORE_HASH_SIZE];
    json_t *o = tree_object(t);

    tree_set(t, o, "id", tree_str(t, row->id));
    tree_set(t, o, "status", tree_str(t, states[row->disabled ? 1 : 0]));
    tree_set(t, o, "roles", roles_tree(t, row->roles));
    tree_set(t, o, "scope", scope_tree(t, &row->scope));
    tree_set(t, o, "organisation", tree_int(t, row->organisation));
    tree_set(t, o, "created", tree_time(t, row->created));
    tree_set(t, o, "fingerprint_sha256", tree_hex(t, BM_ARRAY(row->cert)));
    if (memcmp(row->next, none, sizeof none) != 0) {
        tree_set(t, o, "renewal_sha256", tree_hex(t, BM_ARRAY(row->next)));
    }
    return o;
}

/* ---- Looking */

struct operators {
    struct admin_context *c;
    struct admin_page page;
};

static bm_status add_operator(void *arg, const void *visited)
{
    struct operators *o = arg;
    const struct store_operator *row = visited;
    bool within;

    if (admin_page_skips(&o->page, row->id)) {
        return BM_OK;
    }
    BM_TRY(ca_operator_is_within(o->c->ca, &o->c->actor, row, &within));
    if (!within) {
        return BM_OK; /* nor may its name be where a page ends */
    }
    BM_TRY(admin_page_row(&o->page, row->id));
    return admin_page_add(&o->page, operator_tree(&o->page.t, row));
}

bm_status admin_list_operators(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    const struct store *s = c->store;
    struct operators o = { .c = c };
    struct store_visit visit = { &o, add_operator };
    bm_status rc;

    (void)why;
    admin_page_begin(&o.page, params);
    rc = admin_begin(c);
    if (rc == BM_OK) {
        rc = s->operator_list(s->self, &c->actor.scope, &visit);
        admin_end(c);
    }
    return admin_page_end(&o.page, rc, result);
}

/* In a transaction. */
static bm_status find(struct admin_context *c, const char *id,
                      struct store_operator *row, struct ca_refusal *why)
{
    const struct store *s = c->store;
    bool within = false;
    bm_status rc = s->operator_get(s->self, &c->actor.scope, id, row);

    if (rc == BM_OK) {
        rc = ca_operator_is_within(c->ca, &c->actor, row, &within);
    }
    if (rc == BM_E_NOT_FOUND || (rc == BM_OK && !within)) {
        return ca_refuse(why, BM_E_NOT_FOUND, "operator %s", id);
    }
    return rc;
}

bm_status admin_show_operator(struct admin_context *c, const json_t *params,
                              json_t *result, struct ca_refusal *why)
{
    struct tree t = { false };
    struct store_operator row;
    bm_status rc = admin_begin(c);

    if (rc == BM_OK) {
        rc = find(c, admin_text(params, "operator"), &row, why);
        admin_end(c);
    }
    BM_TRY(rc);
    return admin_give(&t, operator_tree(&t, &row), result);
}

/* ---- Changing */

static unsigned roles_of(const json_t *params)
{
    json_t *list = json_object_get(params, "roles");
    unsigned set = 0;
    json_t *word;
    size_t i;

    json_array_foreach(list, i, word)
    {
        set |= ca_roles_parse(json_string_value(word));
    }
    return set;
}

static bm_status create(struct admin_context *c, const json_t *params,
                        const struct bm_csr *csr,
                        struct ca_issue_result *issued)
{
    const struct ca_operator_order order = {
        .id = admin_text(params, "id"),
        .roles = roles_of(params),
        .scope = { .ecosystem = (uint32_t)admin_number(params, "ecosystem", 0),
                   .organisation =
                       (uint32_t)admin_number(params, "organisation", 0) },
        .csr = csr,
    };

    return ca_operator_create(c->ca, &c->actor, &order, c->now, issued);
}

static bm_status renew(struct admin_context *c, const struct bm_csr *csr,
                       struct ca_issue_result *issued)
{
    if (c->operator_shown == NULL) {
        return ca_refuse(&issued->why, BM_E_CA_FORBIDDEN,
                         "nobody was authenticated by a certificate");
    }
    return ca_operator_renew(c->ca, c->operator_shown, csr, false, c->now,
                             issued);
}

/* By the CSR of the parameters; `create` or renew. */
static bm_status certify(struct admin_context *c, const json_t *params,
                         bool creates, json_t *result, struct ca_refusal *why)
{
    struct ca_issue_result issued = { .status = BM_OK };
    struct bm_csr csr;
    uint8_t *der;
    size_t n;
    bm_status rc = admin_der(params, "csr", &der, &n, why);

    BM_TRY(rc);
    rc = bm_csr_parse((struct bm_bytes){ der, n }, NULL, &csr);
    if (rc != BM_OK) {
        rc = ca_refuse(why, rc, "csr");
    } else {
        rc = creates ? create(c, params, &csr, &issued)
                     : renew(c, &csr, &issued);
        rc = admin_give_issued(c, rc, &issued, result, why);
    }
    free(der);
    return rc;
}

bm_status admin_create_operator(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    return certify(c, params, true, result, why);
}

bm_status admin_renew_operator(struct admin_context *c, const json_t *params,
                               json_t *result, struct ca_refusal *why)
{
    return certify(c, params, false, result, why);
}

static bm_status change(struct admin_context *c, const json_t *params,
                        bool disable, json_t *result, struct ca_refusal *why)
{
    BM_TRY(ca_operator_disable(c->ca, &c->actor, admin_text(params, "operator"),
                               disable, c->now, why));
    return admin_tell(c, params, result, why, admin_show_operator);
}

bm_status admin_disable_operator(struct admin_context *c, const json_t *params,
                                 json_t *result, struct ca_refusal *why)
{
    return change(c, params, true, result, why);
}

bm_status admin_enable_operator(struct admin_context *c, const json_t *params,
                                json_t *result, struct ca_refusal *why)
{
    return change(c, params, false, result, why);
}
