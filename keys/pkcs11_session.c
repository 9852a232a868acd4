/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sessions and logins. A session serves one thread at a time, so there are as
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
        return BM_E_KEYS_BUSY;
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
static bm_status reserve(struct p11_session *s, int64_t until, bool *waited)
{
    struct p11_token *t = s->token;

    for (;;) {
        p11_token_refresh(t);
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
            return BM_E_KEYS_BUSY;
        }
    }
}

static bm_status open_session(struct p11_session *s)
{
    struct p11_token *t = s->token;
    ck_flags_t flags = CKF_SERIAL_SESSION | (s->writes ? CKF_RW_SESSION : 0);
    bm_status rc;

    BM_TRY(p11_token_find(s));
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

/* The token gives no more than there are: wait for one of them, unless none
 * of them is ours. */
static bool may_wait(struct p11_session *s)
{
    struct p11_token *t = s->token;
    bool ours;

    (void)pthread_mutex_lock(&t->module->lock);
    ours = t->epoch == s->epoch && t->open != 0;
    if (ours && t->open < t->limit) {
        t->limit = t->open;
    }
    (void)pthread_mutex_unlock(&t->module->lock);
    return ours;
}

static bm_status take_one(struct p11_session *s, int64_t until)
{
    struct p11_token *t = s->token;
    bool waited = false;
    bm_status rc;

    s->rv = CKR_OK;
    (void)pthread_mutex_lock(&t->module->lock);
    rc = reserve(s, until, &waited);
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

bm_status p11_session_take(struct p11_token *t, bool writes,
                           struct p11_session *s)
{
    int64_t until = p11_now() + SESSION_WAIT;
    bm_status rc;

    *s = (struct p11_session){ .token = t, .writes = writes };
    do {
        rc = take_one(s, until);
    } while (rc == BM_E_KEYS_BUSY && s->rv == CKR_SESSION_COUNT &&
             p11_now() < until && may_wait(s));
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
    ck_session_handle_t dead[BM_PKCS11_SESSIONS_MAX];
    unsigned n = 0;

    (void)pthread_mutex_lock(&m->lock);
    if (t->epoch == s->epoch && t->generation == s->generation) {
        t->generation++;
        t->found = false;
        while (t->idle_n != 0) {
            dead[n++] = t->idle[--t->idle_n];
        }
    }
    (void)pthread_mutex_unlock(&m->lock);
    /* The module stays as it is: s is between p11_enter() and p11_leave(). A
     * token that does not answer holds up nobody who wants the lock. */
    for (unsigned i = 0; i < n; i++) {
        (void)m->f->C_CloseSession(dead[i]);
    }
    (void)pthread_mutex_lock(&m->lock);
    t->open -= n <= t->open ? n : t->open;
    (void)pthread_cond_broadcast(&m->changed);
    (void)pthread_mutex_unlock(&m->lock);
}
