/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "protocols/admin/internal.h"

int admin_find(const char *id)
{
    for (size_t i = 0; i < admin_operations_n; i++) {
        if (strcmp(admin_operations[i].id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

const struct admin_field *admin_octets(const struct admin_operation *op)
{
    for (const struct admin_field *f = op->params; f->name != NULL; f++) {
        if (f->type == ADMIN_OCTETS) {
            return f;
        }
    }
    return NULL;
}

bm_status admin_run(struct admin_context *c, unsigned operation,
                    const json_t *params, json_t **result,
                    struct ca_refusal *why)
{
    const struct admin_operation *op;
    char words[ADMIN_WORDS_MAX];
    json_t *made;
    bm_status rc;

    *result = NULL;
    if (operation >= admin_operations_n) {
        return ca_refuse(why, BM_E_ARGUMENT, "no such operation");
    }
    op = &admin_operations[operation];
    BM_TRY(ca_authorise(&c->actor, op->act, why));
    if (!admin_check(op->params, params, words)) {
        return ca_refuse(why, BM_E_ARGUMENT, "%s", words);
    }
    made = json_object();
    c->reserve = malloc(ADMIN_RESERVE);
    rc = made != NULL && c->reserve != NULL ? op->run(c, params, made, why)
                                            : BM_E_MEMORY;
    free(c->reserve);
    c->reserve = NULL;
    if (rc != BM_OK) {
        json_decref(made);
        return ca_refuse_plain(why, rc);
    }
    *result = made;
    return BM_OK;
}
