/* SPDX-License-Identifier: Apache-2.0 */

/* Who is asking? */
#include <string.h>

#include "protocols/admin/internal.h"

const struct admin_field admin_who_am_i_params[] = { ADMIN_FIELDS_END };
const struct admin_field admin_who_fields[] = {
    ADMIN_GIVES("name", ADMIN_STRING, true, "as the ledger has it"),
    { .name = "roles",
      .type = ADMIN_STRINGS,
      .required = true,
      .about = "what the operator may do" },
    ADMIN_GIVES("organisation", ADMIN_INTEGER, true,
                "on whose account the operator acts"),
    ADMIN_FIELDS_END,
};

static json_t *roles_tree(struct tree *t, unsigned roles)
{
    json_t *list = tree_array(t);
    uint8_t names[128];
    struct bm_wr w;
    struct bm_bytes left;

    bm_wr_init(&w, names, sizeof names);
    ca_roles_put(&w, roles);
    left = bm_wr_bytes(&w);
    while (left.n != 0) {
        const uint8_t *comma = memchr(left.p, ',', left.n);
        size_t n = comma != NULL ? (size_t)(comma - left.p) : left.n;

        tree_append(t, list, tree_text(t, (struct bm_bytes){ left.p, n }));
        n += comma != NULL ? 1 : 0;
        left.p += n;
        left.n -= n;
    }
    return list;
}

bm_status admin_who_am_i(struct admin_context *c, const json_t *params,
                         json_t *result, struct ca_refusal *why)
{
    struct tree t = { false };

    (void)params;
    (void)why;
    tree_set(&t, result, "name", tree_str(&t, c->actor.name));
    tree_set(&t, result, "roles", roles_tree(&t, c->actor.roles));
    tree_set(&t, result, "organisation", tree_int(&t, c->actor.organisation));
    return t.failed ? BM_E_MEMORY : BM_OK;
}
