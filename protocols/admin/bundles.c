/* SPDX-License-Identifier: Apache-2.0 */

/* Trust bundles for devices: docs/trust-bundle.md says what is in one. */
#include "ca/bundle.h"
#include "protocols/admin/internal.h"

const struct admin_field admin_bundle_fields[] = {
    ADMIN_GIVES("ecosystem", ADMIN_INTEGER, true, "whose trust list it is"),
    ADMIN_GIVES("version", ADMIN_INTEGER, true, "rises with each"),
    ADMIN_GIVES("issued", ADMIN_TIME, true, "when it was made"),
    ADMIN_GIVES("next_update", ADMIN_TIME, true, "when it is too old"),
    ADMIN_GIVES("pem", ADMIN_PEM, true, "the message: CMS"),
    ADMIN_FIELDS_END,
};

#define WHOSE "id of the ecosystem; else the caller's, or the first"

const struct admin_field admin_show_bundle_params[] = {
    ADMIN_QUERY("ecosystem", ADMIN_INTEGER, UINT32_MAX, WHOSE),
    ADMIN_FIELDS_END,
};
const struct admin_field admin_make_bundle_params[] = {
    ADMIN_BODY("ecosystem", ADMIN_INTEGER, false, UINT32_MAX, WHOSE),
    ADMIN_FIELDS_END,
};

/* In a transaction: the list that is meant, if the caller sees it. */
static bm_status find_list(const struct admin_context *c, const json_t *params,
                           uint32_t *list, struct ca_refusal *why)
{
    uint32_t asked = (uint32_t)admin_number(params, "ecosystem", 0);
    struct store_scope scope = c->actor.scope;
    bm_status rc = BM_E_NOT_FOUND;

    if (scope.ecosystem == 0 || asked == 0 || asked == scope.ecosystem) {
        scope.ecosystem = asked != 0 ? asked : scope.ecosystem;
        rc = ca_bundle_list_of(c->store, &scope, list);
    }
    return rc == BM_E_NOT_FOUND
               ? ca_refuse(why, rc, "ecosystem %u", (unsigned)asked)
               : rc;
}

static bm_status put(struct admin_context *c, uint32_t list, json_t *result,
                     struct ca_refusal *why)
{
    struct tree t = { false };
    struct ca_bundle_last last;
    bm_status rc = ca_bundle_last(c->store, list, &last);

    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "a trust bundle") : rc;
    }
    tree_set(&t, result, "ecosystem", tree_int(&t, list));
    tree_set(&t, result, "version", tree_int(&t, (int64_t)last.version));
    tree_set(&t, result, "issued", tree_time(&t, last.issued));
    tree_set(&t, result, "next_update", tree_time(&t, last.next_update));
    tree_set(&t, result, "pem", admin_pem(&t, "CMS", last.message));
    return t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_show_bundle(struct admin_context *c, const json_t *params,
                            json_t *result, struct ca_refusal *why)
{
    uint32_t list = 0;
    bm_status rc;

    BM_TRY(admin_begin(c));
    rc = find_list(c, params, &list, why);
    if (rc == BM_OK) {
        rc = put(c, list, result, why);
    }
    admin_end(c);
    return rc;
}

bm_status admin_make_bundle(struct admin_context *c, const json_t *params,
                            json_t *result, struct ca_refusal *why)
{
    uint32_t list = 0;
    bm_status rc;

    BM_TRY(admin_begin(c));
    rc = find_list(c, params, &list, why);
    admin_end(c);
    BM_TRY(rc);
    BM_TRY(admin_check_shared(c, 0, why));
    BM_TRY(c->host.make_bundle(c->host.self, &c->actor, list, c->now, why));
    return admin_show_bundle(c, params, result, why);
}
