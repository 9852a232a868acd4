/* SPDX-License-Identifier: Apache-2.0 */

/* Trust bundles for devices: docs/trust-bundle.md says what is in one. */
#include "ca/bundle.h"
#include "protocols/admin/internal.h"

const struct admin_field admin_bundle_fields[] = {
    ADMIN_GIVES("version", ADMIN_INTEGER, true, "rises with each"),
    ADMIN_GIVES("issued", ADMIN_TIME, true, "when it was made"),
    ADMIN_GIVES("next_update", ADMIN_TIME, true, "when it is too old"),
    ADMIN_GIVES("pem", ADMIN_PEM, true, "the message: CMS"),
    ADMIN_FIELDS_END,
};

const struct admin_field admin_show_bundle_params[] = {
    ADMIN_FIELDS_END,
};
const struct admin_field admin_make_bundle_params[] = {
    ADMIN_FIELDS_END,
};

static bm_status give(struct admin_context *c, json_t *result,
                      struct ca_refusal *why)
{
    struct tree t = { false };
    struct ca_bundle_last last;
    bm_status rc = admin_begin(c);

    BM_TRY(rc);
    rc = ca_bundle_last(c->store, &last);
    if (rc == BM_OK) {
        tree_set(&t, result, "version", tree_int(&t, (int64_t)last.version));
        tree_set(&t, result, "issued", tree_time(&t, last.issued));
        tree_set(&t, result, "next_update", tree_time(&t, last.next_update));
        tree_set(&t, result, "pem", admin_pem(&t, "CMS", last.message));
    }
    admin_end(c);
    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "a trust bundle");
    }
    return rc == BM_OK && t.failed ? BM_E_MEMORY : rc;
}

bm_status admin_show_bundle(struct admin_context *c, const json_t *params,
                            json_t *result, struct ca_refusal *why)
{
    (void)params;
    return give(c, result, why);
}

bm_status admin_make_bundle(struct admin_context *c, const json_t *params,
                            json_t *result, struct ca_refusal *why)
{
    (void)params;
    BM_TRY(admin_check_shared(c, 0, why));
    BM_TRY(c->host.make_bundle(c->host.self, &c->actor, c->now, why));
    return give(c, result, why);
}
