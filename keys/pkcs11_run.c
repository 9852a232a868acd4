/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One operation on a token, and what is done when it fails.
 *
 * A session that died is replaced, and with it all that wait in the pool:
 * what ended one, an idle time or a restart of the token, ended them too.
 * When that does not help, the module is initialised anew. When that does not
 * help either, the token is gone, and is left alone for a while: until then
 * whoever asks learns it at once.
 */
#include "keys/pkcs11_internal.h"

/* Sessions as they are; new ones; a module that was initialised anew. */
#define TRIES 3

/* The longest time a token is left alone, in multiples of the shortest. */
#define PAUSE_GROWTH 16

/*
 * May it go better with a new session? What the token says of the operation
 * itself will be the same again, and is not asked twice; what is not in this
 * list, vendors' own values included, is taken for such an answer.
 */
static bool may_heal(ck_rv_t rv)
{
    switch (rv) {
    case CKR_SLOT_ID_INVALID:
    case CKR_GENERAL_ERROR:
    case CKR_FUNCTION_FAILED:
    case CKR_DEVICE_ERROR:
    case CKR_DEVICE_REMOVED:
    case CKR_KEY_HANDLE_INVALID:
    case CKR_OBJECT_HANDLE_INVALID:
    case CKR_OPERATION_ACTIVE:
    case CKR_OPERATION_NOT_INITIALIZED:
    case CKR_SESSION_CLOSED:
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_TOKEN_NOT_RECOGNIZED:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
        return true;
    default:
        return false;
    }
}

static bm_status try_once(struct p11_token *t, const struct p11_work *work,
                          struct p11_session *s, bool *acted)
{
    bm_status rc = p11_session_take(t, work->writes, s);

    *acted = rc == BM_OK;
    if (rc == BM_OK) {
        rc = work->act(work->arg, s);
        p11_session_give(s, rc == BM_OK);
    }
    if (rc != BM_OK && may_heal(s->rv)) {
        p11_session_drop_all(s);
        rc = BM_E_KEYS_GONE;
    }
    return rc;
}

/* `rc` is the last word on an operation. */
static bm_status conclude(struct p11_token *t, bm_status rc)
{
    struct p11_module *m = t->module;

    (void)pthread_mutex_lock(&m->lock);
    if (rc == BM_E_KEYS_GONE) {
        t->pause = t->pause == 0                           ? t->pause_ms
                   : t->pause < PAUSE_GROWTH * t->pause_ms ? 2 * t->pause
                                                           : t->pause;
        t->quiet_until = p11_now() + t->pause;
    } else if (rc == BM_OK) {
        t->pause = 0;
        m->pause = 0;
        m->quiet_until = 0;
    }
    (void)pthread_mutex_unlock(&m->lock);
    return rc;
}

static bool is_quiet(struct p11_token *t)
{
    bool quiet;

    (void)pthread_mutex_lock(&t->module->lock);
    quiet = t->pause != 0 && p11_now() < t->quiet_until;
    (void)pthread_mutex_unlock(&t->module->lock);
    return quiet;
}

bm_status p11_run(struct p11_token *t, const struct p11_work *work)
{
    struct p11_module *m = t->module;
    bm_status rc = BM_E_KEYS_GONE;
    bool acted = false;

    if (is_quiet(t)) {
        return rc;
    }
    for (int i = 0; i < TRIES && rc == BM_E_KEYS_GONE; i++) {
        struct p11_session s;
        unsigned epoch;

        rc = p11_enter(m, &epoch);
        if (rc == BM_OK) {
            rc = try_once(t, work, &s, &acted);
            p11_leave(m);
        }
        if (rc != BM_E_KEYS_GONE || (acted && work->once) ||
            (i == 1 && !p11_restart(m, epoch, t->pause_ms))) {
            break;
        }
    }
    return conclude(t, rc);
}
