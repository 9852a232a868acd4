/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Keys taken away from a token. The private half goes first, since it is what
 * matters; a public half that was left behind goes when it is tried again.
 */
#include "keys/pkcs11_internal.h"

/* A token that says "done" is asked again. */
static bm_status destroy_half(struct p11_key *k, struct p11_session *s,
                              bm_status (*find)(struct p11_key *k,
                                                struct p11_session *s,
                                                ck_object_handle_t *found))
{
    struct ck_function_list *f = s->token->module->f;
    ck_object_handle_t object;
    bm_status rc = find(k, s, &object);

    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    BM_TRY(p11_call(s, f->C_DestroyObject(s->handle, object)));
    rc = find(k, s, &object);
    return rc == BM_E_NOT_FOUND ? BM_OK : rc == BM_OK ? BM_E_KEYS_TOKEN : rc;
}

bm_status p11_key_destroy(void *arg, struct p11_session *s)
{
    const struct p11_make *make = arg;
    ck_object_handle_t object;

    /* Two of them: nothing is done at all. */
    if (p11_find_public(make->key, s, &object) == BM_E_KEYS_AMBIGUOUS) {
        return BM_E_KEYS_AMBIGUOUS;
    }
    BM_TRY(destroy_half(make->key, s, p11_find_private));
    return destroy_half(make->key, s, p11_find_public);
}
