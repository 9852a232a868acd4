/* SPDX-License-Identifier: Apache-2.0 */

/* Tokens: what URIs call them, and in which slot of their module they are. */
#include <stdlib.h>
#include <string.h>

#include "keys/pkcs11_internal.h"

/* Slots that are looked at: HSMs with partitions have dozens. */
#define SLOTS_MAX 256

/* ---- Tokens of a module */

static struct p11_token *find_token(struct p11_module *m, const char *name,
                                    const char *pin_file)
{
    struct p11_token *t;

    for (t = m->tokens; t != NULL; t = t->next) {
        if (strcmp(t->name, name) == 0 &&
            strcmp(t->pin_file == NULL ? "" : t->pin_file,
                   pin_file == NULL ? "" : pin_file) == 0) {
            return t;
        }
    }
    return NULL;
}

static bm_status token_new(struct p11_module *m, const char *name,
                           const char *pin_file, struct p11_token **token)
{
    struct p11_token *t = calloc(1, sizeof *t);
    bm_status rc = BM_E_MEMORY;

    *token = NULL;
    if (t == NULL) {
        return rc;
    }
    t->uri = p11_kit_uri_new();
    t->pin_file = pin_file == NULL ? NULL : strdup(pin_file);
    if (t->uri == NULL || (pin_file != NULL && t->pin_file == NULL) ||
        pthread_mutex_init(&t->opening, NULL) != 0) {
        goto out;
    }
    if (p11_kit_uri_parse(name, P11_KIT_URI_FOR_ANY, t->uri) !=
        P11_KIT_URI_OK) {
        (void)pthread_mutex_destroy(&t->opening);
        goto out;
    }
    memcpy(t->name, name, strlen(name) + 1);
    t->module = m;
    t->next = m->tokens;
    m->tokens = t;
    *token = t;
    return BM_OK;

out:
    p11_kit_uri_free(t->uri);
    free(t->pin_file);
    free(t);
    return rc;
}

bm_status p11_token_get(struct p11_module *m, const struct p11_uri *u,
                        const struct bm_key_pkcs11_config *config,
                        struct p11_token **token)
{
    const char *pin_file = u->pin_file != NULL ? u->pin_file : config->pin_file;
    bm_status rc = BM_OK;

    (void)pthread_mutex_lock(&m->lock);
    *token = find_token(m, u->token, pin_file);
    if (*token == NULL) {
        rc = token_new(m, u->token, pin_file, token);
    }
    if (rc == BM_OK) {
        (*token)->refs++;
        (*token)->pause_ms =
            config->pause_ms != 0 ? config->pause_ms : BM_PKCS11_PAUSE_MS;
    }
    (void)pthread_mutex_unlock(&m->lock);
    if (rc == BM_OK) {
        p11_module_ref(m);
    }
    return rc;
}

/* Nobody is left who signs with it: the login ends with the last session. */
static void close_idle(struct p11_token *t)
{
    struct p11_module *m = t->module;

    if (m->up && t->epoch == m->epoch) {
        for (; t->idle_n != 0; t->open--) {
            (void)m->f->C_CloseSession(t->idle[--t->idle_n]);
        }
    }
}

void p11_token_put(struct p11_token *t)
{
    struct p11_module *m;

    if (t == NULL) {
        return;
    }
    m = t->module;
    (void)pthread_mutex_lock(&m->lock);
    if (--t->refs == 0) {
        close_idle(t);
    }
    (void)pthread_mutex_unlock(&m->lock);
    p11_module_put(m);
}

void p11_tokens_free(struct p11_module *m)
{
    while (m->tokens != NULL) {
        struct p11_token *t = m->tokens;

        m->tokens = t->next;
        (void)pthread_mutex_destroy(&t->opening);
        p11_kit_uri_free(t->uri);
        free(t->pin_file);
        free(t);
    }
}

void p11_token_refresh(struct p11_token *t)
{
    if (t->epoch != t->module->epoch) {
        t->epoch = t->module->epoch;
        t->generation++;
        t->found = false;
        t->open = 0;
        t->idle_n = 0;
    }
}

/* ---- Where the token is */

static bool is_match(struct p11_token *t, ck_slot_id_t slot,
                     struct ck_token_info *token)
{
    struct ck_function_list *f = t->module->f;
    ck_slot_id_t wanted = p11_kit_uri_get_slot_id(t->uri);
    struct ck_slot_info info;
    struct ck_info module;

    if (wanted != (ck_slot_id_t)-1 && wanted != slot) {
        return false;
    }
    return f->C_GetTokenInfo(slot, token) == CKR_OK &&
           (token->flags & CKF_TOKEN_INITIALIZED) != 0 &&
           p11_kit_uri_match_token_info(t->uri, token) != 0 &&
           f->C_GetSlotInfo(slot, &info) == CKR_OK &&
           p11_kit_uri_match_slot_info(t->uri, &info) != 0 &&
           f->C_GetInfo(&module) == CKR_OK &&
           p11_kit_uri_match_module_info(t->uri, &module) != 0;
}

/* PKCS#11 2.40 3.2: blanks at the end, no NUL. */
static void copy_label(char to[33], const unsigned char from[32])
{
    size_t n = 32;

    while (n != 0 && from[n - 1] == ' ') {
        n--;
    }
    memcpy(to, from, n);
    to[n] = '\0';
}

/* CK_EFFECTIVELY_INFINITE is 0, CK_UNAVAILABLE_INFORMATION the largest. */
static unsigned session_limit(const struct ck_token_info *info)
{
    return info->max_session_count == 0 ||
                   info->max_session_count > BM_PKCS11_SESSIONS_MAX
               ? BM_PKCS11_SESSIONS_MAX
               : (unsigned)info->max_session_count;
}

static void keep_slot(struct p11_token *t, ck_slot_id_t slot,
                      const struct ck_token_info *info)
{
    struct p11_module *m = t->module;

    (void)pthread_mutex_lock(&m->lock);
    t->found = true;
    t->slot = slot;
    t->login = (info->flags & CKF_LOGIN_REQUIRED) != 0;
    t->limit = session_limit(info);
    copy_label(t->label, info->label);
    (void)pthread_mutex_unlock(&m->lock);
}

bm_status p11_token_find(struct p11_session *s)
{
    struct p11_token *t = s->token;
    ck_slot_id_t slots[SLOTS_MAX];
    unsigned long n = SLOTS_MAX;
    struct ck_token_info info;
    struct ck_token_info one;
    ck_slot_id_t slot = 0;
    unsigned found = 0;

    if (t->found) {
        return BM_OK;
    }
    BM_TRY(p11_call(s, t->module->f->C_GetSlotList(1, slots, &n)));
    for (unsigned long i = 0; i < n && i < SLOTS_MAX; i++) {
        if (is_match(t, slots[i], &info)) {
            slot = slots[i];
            one = info;
            found++;
        }
    }
    if (found == 0) {
        return p11_call(s, CKR_TOKEN_NOT_PRESENT);
    }
    if (found > 1) {
        return BM_E_KEYS_AMBIGUOUS;
    }
    keep_slot(t, slot, &one);
    return BM_OK;
}
