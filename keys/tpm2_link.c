/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One connection for each TCTI that the process uses, because many a TPM
 * takes no second one: a list, and who is in it is counted.
 */
#define _GNU_SOURCE /* pthread_sigmask, sigtimedwait */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keys/tpm2_internal.h"

/* A TPM that is away is not asked more often. */
#define CONNECT_EVERY_MS 1000

/* Between two attempts while it is busy. */
#define BUSY_WAIT_MS 20

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct tpm2_link *registry;

static uint64_t now_ms(void)
{
    struct timespec now = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void wait_ms(long ms)
{
    struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

    while (nanosleep(&left, &left) != 0) {
    }
}

static struct tpm2_link *find(const char *conf)
{
    struct tpm2_link *link = registry;

    while (link != NULL && strcmp(link->conf, conf) != 0) {
        link = link->next;
    }
    return link;
}

static bm_status add(const char *conf, struct tpm2_link **link)
{
    struct tpm2_link *made;

    if (strlen(conf) >= sizeof made->conf) {
        return BM_E_KEYS_URI;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return BM_E_MEMORY;
    }
    if (pthread_mutex_init(&made->turn, NULL) != 0) {
        free(made);
        return BM_E_MEMORY;
    }
    memcpy(made->conf, conf, strlen(conf) + 1);
    made->session = ESYS_TR_NONE;
    made->next = registry;
    registry = made;
    *link = made;
    return BM_OK;
}

bm_status tpm2_link_get(const char *conf, struct tpm2_link **link)
{
    bm_status rc = BM_OK;

    (void)pthread_mutex_lock(&registry_lock);
    *link = find(conf);
    if (*link == NULL) {
        rc = add(conf, link);
    }
    if (*link != NULL) {
        (*link)->users++;
    }
    (void)pthread_mutex_unlock(&registry_lock);
    return rc;
}

/*
 * A write to a TPM in software that is gone raises SIGPIPE, which the caller
 * need not know of: it is held back, and taken from among the pending.
 */
struct quiet {
    sigset_t before;
    bool was_pending;
};

static void pipe_only(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGPIPE);
}

static void quiet_begin(struct quiet *q)
{
    sigset_t pipe;
    sigset_t pending;

    pipe_only(&pipe);
    (void)sigemptyset(&pending);
    (void)sigpending(&pending);
    q->was_pending = sigismember(&pending, SIGPIPE) == 1;
    (void)pthread_sigmask(SIG_BLOCK, &pipe, &q->before);
}

static void quiet_end(const struct quiet *q)
{
    static const struct timespec at_once = { 0, 0 };
    sigset_t pipe;

    pipe_only(&pipe);
    if (!q->was_pending) {
        (void)sigtimedwait(&pipe, NULL, &at_once);
    }
    (void)pthread_sigmask(SIG_SETMASK, &q->before, NULL);
}

/* The TPM forgets nothing by that: what is ours has been flushed, or is
 * remembered in link->left. */
static void disconnect(struct tpm2_link *link)
{
    if (link->esys != NULL) {
        tpm2_flush(link, &link->session);
        Esys_Finalize(&link->esys);
    }
    tpm2_tcti_close(link->tcti);
    link->tcti = NULL;
    link->session = ESYS_TR_NONE;
    link->is_lost = false;
}

static void drop(struct tpm2_link *link)
{
    struct tpm2_link **at = &registry;

    while (*at != link) {
        at = &(*at)->next;
    }
    *at = link->next;
    (void)pthread_mutex_destroy(&link->turn);
    free(link);
}

bm_status tpm2_link_status(struct tpm2_link *link, TSS2_RC rc)
{
    return tpm2_status(rc, &link->is_lost);
}

/* TPM 2.0 Part 2, 6.13: four characters, padded with zeros or spaces. */
static void set_maker(struct tpm2_link *link, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        char c = (char)(value >> (24 - 8 * i) & 0x7f);

        link->maker[i] = '\0';
        if (c <= ' ' || c == 0x7f) {
            break;
        }
        link->maker[i] = c;
    }
    link->maker[4] = '\0';
}

/* Whom we talk to; also the question whether somebody is there. */
static bm_status read_properties(struct tpm2_link *link)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TPMI_YES_NO more = 0;
    bm_status rc;

    rc = tpm2_link_status(
        link, Esys_GetCapability(
                  link->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                  TPM2_CAP_TPM_PROPERTIES, TPM2_PT_MANUFACTURER,
                  TPM2_PT_FIRMWARE_VERSION_2 - TPM2_PT_MANUFACTURER + 1, &more,
                  &data));
    if (rc != BM_OK) {
        return rc;
    }
    if (data->capability != TPM2_CAP_TPM_PROPERTIES) {
        rc = BM_E_KEYS_TOKEN;
    }
    for (UINT32 i = 0; rc == BM_OK && i < data->data.tpmProperties.count; i++) {
        const TPMS_TAGGED_PROPERTY *p =
            &data->data.tpmProperties.tpmProperty[i];

        if (p->property == TPM2_PT_MANUFACTURER) {
            set_maker(link, p->value);
        } else if (p->property == TPM2_PT_FIRMWARE_VERSION_1) {
            link->firmware[0] = p->value;
        } else if (p->property == TPM2_PT_FIRMWARE_VERSION_2) {
            link->firmware[1] = p->value;
        }
    }
    Esys_Free(data);
    return rc;
}

static bm_status try_connect(struct tpm2_link *link)
{
    BM_TRY(tpm2_tcti_open(link->conf, &link->tcti));
    BM_TRY(
        tpm2_link_status(link, Esys_Initialize(&link->esys, link->tcti, NULL)));
    link->generation++;
    BM_TRY(read_properties(link));
    return tpm2_flush_left(link);
}

static bm_status connect(struct tpm2_link *link)
{
    bm_status rc;

    if (link->is_lost) {
        disconnect(link);
    }
    if (link->esys != NULL) {
        return BM_OK;
    }
    if (link->failed != BM_OK &&
        now_ms() - link->failed_at < CONNECT_EVERY_MS) {
        return link->failed;
    }
    rc = try_connect(link);
    link->failed = rc == BM_E_KEYS_BUSY ? BM_OK : rc; /* who waits, asks */
    if (rc != BM_OK) {
        link->failed_at = now_ms();
        disconnect(link);
    }
    return rc;
}

/*
 * The last one goes. If something is left in the TPM that nobody could give
 * back, the link stays, for whoever needs one next.
 */
static void leave(struct tpm2_link *link)
{
    struct quiet q;

    quiet_begin(&q);
    disconnect(link);
    if (link->left.n != 0 || link->unsure) {
        (void)!connect(link);
        disconnect(link);
    }
    quiet_end(&q);
    if (link->left.n == 0 && !link->unsure) {
        drop(link);
    }
}

void tpm2_link_put(struct tpm2_link *link)
{
    if (link == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&registry_lock);
    link->users--;
    if (link->users == 0) {
        leave(link);
    }
    (void)pthread_mutex_unlock(&registry_lock);
}

static bm_status once(struct tpm2_link *link, const struct tpm2_work *work)
{
    BM_TRY(connect(link));
    return work->run(link, work->arg);
}

static bm_status until_done(struct tpm2_link *link,
                            const struct tpm2_work *work)
{
    uint64_t begin = now_ms();
    bool again = work->again;
    bm_status rc;

    for (;;) {
        bool was_connected = link->esys != NULL && !link->is_lost;

        rc = once(link, work);
        if (rc == BM_E_KEYS_BUSY && !link->is_tired &&
            now_ms() - begin < BM_KEY_TPM2_PATIENCE) {
            wait_ms(BUSY_WAIT_MS);
            continue;
        }
        /* One that stays busy is asked, and not waited for again: there are
         * others who wait for us. */
        link->is_tired = rc == BM_E_KEYS_BUSY;
        /* It may have been reset, and be there again already. */
        if (link->is_lost && again && was_connected) {
            again = false;
            continue;
        }
        return rc;
    }
}

bm_status tpm2_link_do(struct tpm2_link *link, const struct tpm2_work *work)
{
    struct quiet q;
    bm_status rc;

    (void)pthread_mutex_lock(&link->turn);
    quiet_begin(&q);
    rc = until_done(link, work);
    if (link->is_lost) {
        disconnect(link);
    }
    quiet_end(&q);
    (void)pthread_mutex_unlock(&link->turn);
    return rc;
}

void tpm2_link_forget(struct tpm2_link *link, unsigned generation, ESYS_TR tr)
{
    (void)pthread_mutex_lock(&link->turn);
    if (link->esys != NULL && generation == link->generation) {
        (void)Esys_TR_Close(link->esys, &tr);
    }
    (void)pthread_mutex_unlock(&link->turn);
}
