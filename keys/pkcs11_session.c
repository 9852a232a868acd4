/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tokens and sessions. A session serves one thread at a time, so there are as
 * many as threads sign at once, up to what the token allows; they wait in a
 * pool, which keeps the login alive (PKCS#11 2.40 5.6: it ends with the last
 * session).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/pkcs11_internal.h"

/* How long a thread waits for a session of another one. */
#define SESSION_WAIT 10000

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
            t->refs++;
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
    t->refs = 1;
    t->module = m;
    t->next = m->tokens;
    m->tokens = t;
    p11_module_ref(m);
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
        (*token)->pause_ms =
            config->pause_ms != 0 ? config->pause_ms : BM_PKCS11_PAUSE_MS;
    }
    (void)pthread_mutex_unlock(&m->lock);
    return rc;
}

/* Nobody is left who signs with it. */
static void token_free(struct p11_token *t)
{
    struct p11_module *m = t->module;

    if (m->up && t->epoch == m->epoch) {
        for (unsigned i = 0; i < t->idle_n; i++) {
            (void)m->f->C_CloseSession(t->idle[i]);
        }
    }
    (void)pthread_mutex_destroy(&t->opening);
    p11_kit_uri_free(t->uri);
    free(t->pin_file);
    free(t);
}

void p11_token_put(struct p11_token *t)
{
    struct p11_module *m;
    bool last;

    if (t == NULL) {
        return;
    }
    m = t->module;
    (void)pthread_mutex_lock(&m->lock);
    last = --t->refs == 0;
    if (last) {
        struct p11_token **at = &m->tokens;

        while (*at != t) {
            at = &(*at)->next;
        }
        *at = t->next;
        token_free(t);
    }
    (void)pthread_mutex_unlock(&m->lock);
    if (last) {
        p11_module_put(m);
    }
}

/* With the lock held: what was known before the module was initialised anew
 * is not so any more. */
static void refresh(struct p11_token *t)
{
    if (t->epoch != t->module->epoch) {
        t->epoch = t->module->epoch;
        t->generation++;
        t->found = false;
        t->open = 0;
        t->idle_n = 0;
    }
}

/* ---- What return values mean */

bm_status p11_call(struct p11_session *s, ck_rv_t rv)
{
    if (rv != CKR_OK) {
        s->rv = rv;
    }
    switch (rv) {
    case CKR_OK:
        return BM_OK;
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
    case CKR_PIN_EXPIRED:
    case CKR_PIN_LOCKED:
    case CKR_USER_PIN_NOT_INITIALIZED:
        return BM_E_KEYS_PIN;
    case CKR_SESSION_COUNT:
        return BM_E_BUSY;
    case CKR_HOST_MEMORY:
        return BM_E_MEMORY;
    case CKR_DEVICE_MEMORY:
        return BM_E_FULL;
    case CKR_MECHANISM_INVALID:
    case CKR_MECHANISM_PARAM_INVALID:
    case CKR_CURVE_NOT_SUPPORTED:
    case CKR_DOMAIN_PARAMS_INVALID:
    case CKR_KEY_SIZE_RANGE:
        return BM_E_CRYPTO_UNSUPPORTED;
    default:
        return BM_E_KEYS_TOKEN;
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

/* Which slot has it? Exactly one, with `opening` held. */
static bm_status find_slot(struct p11_session *s)
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

/* ---- Login */

/* The file, as it is now: that which was refused is not offered again. */
static bool is_refused(const struct p11_token *t, const struct stat *st)
{
    return t->refused.set && t->refused.inode == st->st_ino &&
           t->refused.changed.tv_sec == st->st_mtim.tv_sec &&
           t->refused.changed.tv_nsec == st->st_mtim.tv_nsec;
}

static bm_status read_pin(const struct p11_token *t,
                          uint8_t pin[BM_PKCS11_PIN_MAX + 2], size_t *n)
{
    const struct disk_file file = { AT_FDCWD, t->pin_file, DISK_PRIVATE };
    bm_status rc = disk_read_file(&file, pin, BM_PKCS11_PIN_MAX + 2, n);

    if (rc != BM_OK) {
        return rc == BM_E_KEYS_MODE ? rc : BM_E_KEYS_PIN;
    }
    *n -= *n != 0 && pin[*n - 1] == '\n' ? 1 : 0;
    *n -= *n != 0 && pin[*n - 1] == '\r' ? 1 : 0;
    return *n != 0 && *n <= BM_PKCS11_PIN_MAX ? BM_OK : BM_E_KEYS_PIN;
}

/* The last try is not ours to use up. */
static bm_status check_tries(struct p11_session *s)
{
    struct ck_token_info info;

    BM_TRY(p11_call(
        s, s->token->module->f->C_GetTokenInfo(s->token->slot, &info)));
    return (info.flags & (CKF_USER_PIN_LOCKED | CKF_USER_PIN_FINAL_TRY)) == 0
               ? BM_OK
               : BM_E_KEYS_PIN;
}

static bm_status login_by_file(struct p11_session *s, ck_user_type_t who)
{
    struct p11_token *t = s->token;
    uint8_t pin[BM_PKCS11_PIN_MAX + 2];
    struct stat st;
    ck_rv_t rv;
    size_t n;
    bm_status rc;

    if (stat(t->pin_file, &st) != 0 || is_refused(t, &st)) {
        return BM_E_KEYS_PIN;
    }
    rc = read_pin(t, pin, &n);
    if (rc == BM_OK) {
        rv = t->module->f->C_Login(s->handle, who, pin, n);
        rc = rv == CKR_USER_ALREADY_LOGGED_IN ? BM_OK : p11_call(s, rv);
        if (rc == BM_E_KEYS_PIN) {
            t->refused = (struct p11_refused){ true, st.st_ino, st.st_mtim };
        }
    }
    bm_wipe(pin, sizeof pin);
    return rc;
}

bm_status p11_login(struct p11_session *s, ck_user_type_t who)
{
    struct p11_token *t = s->token;

    BM_TRY(check_tries(s));
    return t->pin_file == NULL ? BM_E_KEYS_PIN : login_by_file(s, who);
}

static bool is_logged_in(struct p11_session *s, bm_status *rc)
{
    struct ck_session_info info = { 0 };

    *rc = p11_call(s, s->token->module->f->C_GetSessionInfo(s->handle, &info));
    return *rc == BM_OK && (info.state == CKS_RO_USER_FUNCTIONS ||
                            info.state == CKS_RW_USER_FUNCTIONS);
}

/* ---- Sessions */

/* Room for one more, or one that waits. With the lock held. */
static bm_status reserve(struct p11_session *s, bool *waited)
{
    struct p11_token *t = s->token;
    int64_t until = p11_now() + SESSION_WAIT;

    for (;;) {
        refresh(t);
        s->epoch = t->epoch;
        s->generation = t->generation;
        if (t->idle_n != 0 && !s->writes) {
            s->handle = t->idle[--t->idle_n];
            *waited = true;
            return BM_OK;
        }
        if (t->open < t->limit || !t->found) {
            t->open++;
            return BM_OK;
        }
        if (t->idle_n != 0) { /* one that reads gives way */
            (void)t->module->f->C_CloseSession(t->idle[--t->idle_n]);
            return BM_OK;
        }
        if (!p11_wait(t->module, until)) {
            return BM_E_BUSY;
        }
    }
}

static bm_status open_session(struct p11_session *s)
{
    struct p11_token *t = s->token;
    ck_flags_t flags = CKF_SERIAL_SESSION | (s->writes ? CKF_RW_SESSION : 0);
    bm_status rc;

    BM_TRY(find_slot(s));
    BM_TRY(p11_call(s, t->module->f->C_OpenSession(t->slot, flags, NULL, NULL,
                                                   &s->handle)));
    if (t->login && !is_logged_in(s, &rc)) {
        rc = rc == BM_OK ? p11_login(s, CKU_USER) : rc;
        if (rc != BM_OK) {
            (void)t->module->f->C_CloseSession(s->handle);
            return rc;
        }
    }
    return BM_OK;
}

/* A place in the pool is free again. */
static void unreserve(struct p11_session *s)
{
    struct p11_module *m = s->token->module;

    (void)pthread_mutex_lock(&m->lock);
    if (s->token->epoch == s->epoch && s->token->open != 0) {
        s->token->open--;
    }
    (void)pthread_cond_broadcast(&m->changed);
    (void)pthread_mutex_unlock(&m->lock);
}

bm_status p11_session_take(struct p11_token *t, bool writes,
                           struct p11_session *s)
{
    bool waited = false;
    bm_status rc;

    *s = (struct p11_session){ .token = t, .writes = writes };
    (void)pthread_mutex_lock(&t->module->lock);
    rc = reserve(s, &waited);
    (void)pthread_mutex_unlock(&t->module->lock);
    if (rc != BM_OK || waited) {
        return rc;
    }
    (void)pthread_mutex_lock(&t->opening);
    rc = open_session(s);
    (void)pthread_mutex_unlock(&t->opening);
    if (rc != BM_OK) {
        unreserve(s);
    }
    return rc;
}

void p11_session_give(struct p11_session *s, bool good)
{
    struct p11_token *t = s->token;
    struct p11_module *m = t->module;
    bool keep;

    (void)pthread_mutex_lock(&m->lock);
    keep = good && !s->writes && t->epoch == s->epoch &&
           t->generation == s->generation && t->idle_n < BM_PKCS11_SESSIONS_MAX;
    if (keep) {
        t->idle[t->idle_n++] = s->handle;
    }
    (void)pthread_cond_broadcast(&m->changed);
    (void)pthread_mutex_unlock(&m->lock);
    if (!keep) {
        (void)m->f->C_CloseSession(s->handle);
        unreserve(s);
    }
}

void p11_session_drop_all(struct p11_session *s)
{
    struct p11_token *t = s->token;
    struct p11_module *m = t->module;

    (void)pthread_mutex_lock(&m->lock);
    if (t->epoch == s->epoch && t->generation == s->generation) {
        t->generation++;
        t->found = false;
        for (; t->idle_n != 0; t->open--) {
            (void)m->f->C_CloseSession(t->idle[--t->idle_n]);
        }
    }
    (void)pthread_cond_broadcast(&m->changed);
    (void)pthread_mutex_unlock(&m->lock);
}
