/* SPDX-License-Identifier: Apache-2.0 */

/* Names looked up by a thread: getaddrinfo(3) blocks for as long as the
 * resolver is patient, which may be minutes without a network. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/net.h"
#include "agent/settings.h"

/* Belongs to both, and goes with the last of them: the thread cannot be
 * stopped, and who asked may have lost its patience. */
struct net_lookup {
    pthread_mutex_t lock;
    unsigned users;
    bool done;
    int pipe[2];
    int error;
    struct addrinfo *list;
    char host[SETTINGS_HOST_MAX];
    char port[8];
};

static void lookup_put(struct net_lookup *l)
{
    bool last;

    (void)pthread_mutex_lock(&l->lock);
    last = --l->users == 0;
    (void)pthread_mutex_unlock(&l->lock);
    if (!last) {
        return;
    }
    if (l->list != NULL) {
        freeaddrinfo(l->list);
    }
    (void)pthread_mutex_destroy(&l->lock);
    (void)close(l->pipe[0]);
    (void)close(l->pipe[1]);
    free(l);
}

static void *look(void *arg)
{
    static const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                           .ai_socktype = SOCK_STREAM,
                                           .ai_flags = AI_NUMERICSERV };
    struct net_lookup *l = arg;
    struct addrinfo *list = NULL;
    int error = getaddrinfo(l->host, l->port, &hints, &list);

    (void)pthread_mutex_lock(&l->lock);
    l->error = error;
    l->list = error == 0 ? list : NULL;
    l->done = true;
    (void)pthread_mutex_unlock(&l->lock);
    (void)!write(l->pipe[1], "", 1);
    lookup_put(l);
    return NULL;
}

/* Signals are for who waits, not for this one. */
static bool start(struct net_lookup *l)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    bool started;

    if (pthread_attr_init(&attr) != 0) {
        return false;
    }
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    l->users = 2;
    started = pthread_create(&thread, &attr, look, l) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attr);
    if (!started) {
        l->users = 1;
    }
    return started;
}

struct net_lookup *net_lookup_begin(const char *host, uint16_t port)
{
    struct net_lookup *l = calloc(1, sizeof *l);
    int n;

    if (l == NULL) {
        return NULL;
    }
    n = snprintf(l->host, sizeof l->host, "%s", host);
    (void)snprintf(l->port, sizeof l->port, "%u", (unsigned)port);
    if (n < 0 || (size_t)n >= sizeof l->host || pipe(l->pipe) != 0) {
        free(l);
        return NULL;
    }
    (void)fcntl(l->pipe[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(l->pipe[1], F_SETFD, FD_CLOEXEC);
    if (pthread_mutex_init(&l->lock, NULL) != 0) {
        (void)close(l->pipe[0]);
        (void)close(l->pipe[1]);
        free(l);
        return NULL;
    }
    l->users = 1;
    if (!start(l)) {
        lookup_put(l);
        return NULL;
    }
    return l;
}

bm_status net_lookup_take(struct net_lookup *l, struct addrinfo **list)
{
    bm_status rc = BM_E_TLS_AGAIN;

    *list = NULL;
    (void)pthread_mutex_lock(&l->lock);
    if (l->done) {
        *list = l->list;
        l->list = NULL;
        rc = *list == NULL ? BM_E_AGENT_RESOLVE : BM_OK;
    }
    (void)pthread_mutex_unlock(&l->lock);
    return rc;
}

int net_lookup_fd(const struct net_lookup *l)
{
    return l->pipe[0];
}

void net_lookup_free(struct net_lookup *l)
{
    if (l != NULL) {
        lookup_put(l);
    }
}
