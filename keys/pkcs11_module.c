/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Modules of this process. PKCS#11 2.40 5.4: C_Initialize and C_Finalize are
 * the process's, not a caller's; so one struct per module is shared by all
 * providers, and found in a list.
 *
 * PKCS#11 2.40 2.6.1 and 5.4: a child of fork() initialises for itself, and
 * no handle of its parent is good. Locks are held across the fork, so that
 * the child finds everything in order.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/pkcs11_internal.h"

/* Threads that are inside of a module that is to be finalised get this long
 * to come out; one that hangs there for longer keeps it as it is. */
#define RESTART_WAIT 5000

/* A module that fails again and again is initialised this many times less
 * often, at last. */
#define PAUSE_GROWTH 16

static pthread_mutex_t modules_lock = PTHREAD_MUTEX_INITIALIZER;
static struct p11_module *modules;
static bool forks_seen; /* pthread_atfork() was called */

int64_t p11_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool p11_wait(struct p11_module *m, int64_t until)
{
    const struct timespec t = { (time_t)(until / 1000),
                                (long)(until % 1000) * 1000000 };

    return pthread_cond_timedwait(&m->changed, &m->lock, &t) != ETIMEDOUT;
}

static int init_locks(struct p11_module *m)
{
    pthread_condattr_t clock;
    int rc = pthread_condattr_init(&clock);

    if (rc == 0) {
        (void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
        rc = pthread_mutex_init(&m->lock, NULL);
        if (rc == 0) {
            rc = pthread_cond_init(&m->changed, &clock);
        }
        (void)pthread_condattr_destroy(&clock);
    }
    return rc;
}

/* ---- fork() */

static void before_fork(void)
{
    (void)pthread_mutex_lock(&modules_lock);
    for (struct p11_module *m = modules; m != NULL; m = m->next) {
        (void)pthread_mutex_lock(&m->lock);
    }
}

static void after_fork(void)
{
    for (struct p11_module *m = modules; m != NULL; m = m->next) {
        (void)pthread_mutex_unlock(&m->lock);
    }
    (void)pthread_mutex_unlock(&modules_lock);
}

/* Threads of the parent are not here, and what they were doing is not done. */
static void in_child(void)
{
    for (struct p11_module *m = modules; m != NULL; m = m->next) {
        m->up = false;
        m->epoch++;
        m->calls = 0;
        m->restarting = false;
        m->quiet_until = 0;
        (void)init_locks(m);
        for (struct p11_token *t = m->tokens; t != NULL; t = t->next) {
            (void)pthread_mutex_init(&t->opening, NULL);
        }
    }
    (void)pthread_mutex_init(&modules_lock, NULL);
}

/* ---- The list */

static bm_status load(const char *path, struct p11_module **module)
{
    struct p11_module *m = calloc(1, sizeof *m);

    *module = NULL;
    if (m == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(m->path, path, strlen(path) + 1);
    p11_kit_be_quiet(); /* what it has to say would go to stderr */
    m->f = p11_kit_module_load(path, P11_KIT_MODULE_UNMANAGED);
    if (m->f == NULL || init_locks(m) != 0) {
        if (m->f != NULL) {
            p11_kit_module_release(m->f);
        }
        free(m);
        return BM_E_KEYS_MODULE;
    }
    *module = m;
    return BM_OK;
}

static bm_status find_or_load(const char *path, struct p11_module **m)
{
    for (*m = modules; *m != NULL; *m = (*m)->next) {
        if (strcmp((*m)->path, path) == 0) {
            (*m)->refs++;
            return BM_OK;
        }
    }
    if (!forks_seen && pthread_atfork(before_fork, after_fork, in_child) != 0) {
        return BM_E_MEMORY;
    }
    forks_seen = true;
    BM_TRY(load(path, m));
    (*m)->refs = 1;
    (*m)->next = modules;
    modules = *m;
    return BM_OK;
}

bm_status p11_module_get(const char *path, struct p11_module **m)
{
    bm_status rc;

    *m = NULL;
    if (path[0] != '/' || strlen(path) >= sizeof(*m)->path) {
        return BM_E_KEYS_MODULE;
    }
    (void)pthread_mutex_lock(&modules_lock);
    rc = find_or_load(path, m);
    (void)pthread_mutex_unlock(&modules_lock);
    return rc;
}

void p11_module_ref(struct p11_module *m)
{
    (void)pthread_mutex_lock(&modules_lock);
    m->refs++;
    (void)pthread_mutex_unlock(&modules_lock);
}

static void unlink_module(struct p11_module *m)
{
    struct p11_module **at = &modules;

    while (*at != m) {
        at = &(*at)->next;
    }
    *at = m->next;
}

void p11_module_put(struct p11_module *m)
{
    if (m == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&modules_lock);
    if (--m->refs == 0) {
        unlink_module(m);
        if (m->up) {
            (void)m->f->C_Finalize(NULL);
        }
        p11_tokens_free(m);
        p11_kit_module_release(m->f);
        (void)pthread_cond_destroy(&m->changed);
        (void)pthread_mutex_destroy(&m->lock);
        free(m);
    }
    (void)pthread_mutex_unlock(&modules_lock);
}

/* ---- Initialised or not */

/*
 * A module that has not noticed a fork() is in the state of the parent; and
 * nobody else in this process uses it. So what is initialised is not ours.
 */
static bool initialise(struct p11_module *m)
{
    struct ck_c_initialize_args args = { .flags = CKF_OS_LOCKING_OK };
    ck_rv_t rv = m->f->C_Initialize(&args);

    if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        (void)m->f->C_Finalize(NULL);
        rv = m->f->C_Initialize(&args);
    }
    m->up = rv == CKR_OK;
    m->epoch++;
    return m->up;
}

bm_status p11_enter(struct p11_module *m, unsigned *epoch)
{
    int64_t until = p11_now() + 2 * RESTART_WAIT;
    bm_status rc = BM_OK;

    (void)pthread_mutex_lock(&m->lock);
    while (m->restarting && p11_wait(m, until)) {
    }
    if (m->restarting ||
        (!m->up && (p11_now() < m->quiet_until || !initialise(m)))) {
        rc = BM_E_KEYS_GONE;
    } else {
        m->calls++;
    }
    *epoch = m->epoch;
    (void)pthread_mutex_unlock(&m->lock);
    return rc;
}

void p11_leave(struct p11_module *m)
{
    (void)pthread_mutex_lock(&m->lock);
    m->calls--;
    (void)pthread_cond_broadcast(&m->changed);
    (void)pthread_mutex_unlock(&m->lock);
}

/* With the lock held. */
static bool restart(struct p11_module *m, int64_t pause)
{
    int64_t until = p11_now() + RESTART_WAIT;
    bool done = false;

    m->restarting = true;
    while (m->calls != 0 && p11_wait(m, until)) {
    }
    if (m->calls == 0) {
        if (m->up) {
            (void)m->f->C_Finalize(NULL);
        }
        done = initialise(m);
    }
    m->pause = m->pause == 0                     ? pause
               : m->pause < PAUSE_GROWTH * pause ? 2 * m->pause
                                                 : m->pause;
    m->quiet_until = p11_now() + m->pause;
    m->restarting = false;
    (void)pthread_cond_broadcast(&m->changed);
    return done;
}

bool p11_restart(struct p11_module *m, unsigned epoch, int64_t pause)
{
    bool done;

    (void)pthread_mutex_lock(&m->lock);
    /* Whoever else is at it is waited for by p11_enter(). */
    done = m->restarting || (m->epoch != epoch && m->up) ||
           (p11_now() >= m->quiet_until && restart(m, pause));
    (void)pthread_mutex_unlock(&m->lock);
    return done;
}
