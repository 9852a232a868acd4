/* SPDX-License-Identifier: Apache-2.0 */
/* memfd_create(), close_range() */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/room_internal.h"
#include "daemon/supervisor_internal.h"
#include "keys/unlock.h"

/* ---- Memory of metrics */

/* Nobody can change its size; who reads it cannot write it. */
bm_status slot_make_page(struct slot *slot)
{
    char path[64];
    int fd = memfd_create("birthmark-metrics", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0) {
        return BM_E_IO;
    }
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    slot->page = fd;
    slot->page_read = -1;
    if (ftruncate(fd, (off_t)sizeof(struct metrics_page)) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ==
            0) {
        slot->page_read = open(path, O_RDONLY | O_CLOEXEC);
    }
    return slot->page_read < 0 ? BM_E_IO : BM_OK;
}

/* A page knows whose it is. */
static bm_status name_page(const struct slot *slot)
{
    struct metrics_page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE,
                                     MAP_SHARED, slot->page, 0);

    if (page == MAP_FAILED) {
        return BM_E_MEMORY;
    }
    (void)snprintf(page->room, sizeof page->room, "%s",
                   room_types[slot->kind]->name);
    page->instance = slot->instance;
    (void)munmap(page, sizeof *page);
    return BM_OK;
}

/* ---- The new image */

/* Where logs go, where systemd keeps the unlock secret; nothing else of our
 * environment is a room's business. */
static char **clean_environment(void)
{
    static const char *const names[] = {
        "JOURNAL_STREAM",
        "CREDENTIALS_DIRECTORY",
#if defined(__SANITIZE_ADDRESS__)
        "ASAN_OPTIONS",
        "UBSAN_OPTIONS",
#endif
    };
    static char *rows[sizeof names / sizeof names[0] + 1];
    size_t n = 0;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        size_t room = value == NULL ? 0 : strlen(names[i]) + strlen(value) + 2;
        char *row = room == 0 ? NULL : malloc(room);

        if (row != NULL) {
            (void)snprintf(row, room, "%s=%s", names[i], value);
            rows[n++] = row; /* until exec */
        }
    }
    rows[n] = NULL;
    return rows;
}

/* unlock: fd:N is read by each process that starts; so it is no pipe, and
 * begins again for each (supervisor.c sees to it). */
static int unlock_fd(const struct settings *settings)
{
    struct bm_unlock_source source;

    if (bm_unlock_source_parse(settings->unlock, "", &source) != BM_OK ||
        source.kind != BM_UNLOCK_FD) {
        return -1;
    }
    return source.fd;
}

/* Who needs the unlock secret. */
static const bool opens_keys[ROOM_COUNT] = {
    [ROOM_SIGNER] = true,  [ROOM_STATUS] = true, [ROOM_OPERATORS] = true,
    [ROOM_DEVICES] = true, [ROOM_KEEPER] = true, [ROOM_KEYGEN] = true,
};

/* Between fork and exec. Nothing but the four descriptors goes along. */
static void become(const struct slot *slot, int control)
{
    const struct supervisor *s = slot->supervisor;
    char instance[16];
    const char *const argv[] = {
        "birthmarkd", "--room", room_types[slot->kind]->name,
        "--instance", instance, "--config",
        s->config,    NULL
    };
    int unlock = opens_keys[slot->kind] ? unlock_fd(&s->settings) : -1;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigset_t none;

    (void)snprintf(instance, sizeof instance, "%u", slot->instance);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(null, STDOUT_FILENO) < 0) {
        _exit(ROOM_EXIT_SETUP);
    }
    if (close_range(CONTROL_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
        _exit(ROOM_EXIT_SETUP);
    }
    if (unlock > CONTROL_FD &&
        (lseek(unlock, 0, SEEK_SET) != 0 || fcntl(unlock, F_SETFD, 0) != 0)) {
        _exit(ROOM_EXIT_SETUP);
    }
    if (control == CONTROL_FD ? fcntl(control, F_SETFD, 0) != 0
                              : dup2(control, CONTROL_FD) < 0) {
        _exit(ROOM_EXIT_SETUP);
    }
    (void)execve("/proc/self/exe", (char *const *)(uintptr_t)argv,
                 clean_environment());
    _exit(ROOM_EXIT_SETUP);
}

/* ---- A process, from here */

static void on_message(evutil_socket_t socket, short what, void *arg)
{
    struct process *p = arg;
    struct control m;
    int fd;
    bm_status rc = control_receive(socket, &m, &fd);

    (void)what;
    if (rc == BM_E_END) {
        return;
    }
    if (fd >= 0) { /* rooms send none */
        close(fd);
        rc = BM_E_IO;
    }
    if (rc != BM_OK) {
        event_del(p->readable);
        process_kill(p); /* if it has not ended: nobody hears it any more */
        return;
    }
    life_message(p, &m);
}

void process_free(struct process *p)
{
    struct process **at = &p->supervisor->processes;

    while (*at != NULL && *at != p) {
        at = &(*at)->next;
    }
    if (*at == p) {
        *at = p->next;
    }
    if (p->readable != NULL) {
        event_free(p->readable);
    }
    if (p->control >= 0) {
        close(p->control);
    }
    free(p);
}

void process_kill(struct process *p)
{
    (void)kill(p->pid, SIGKILL); /* its exit will be reported */
}

static void hand(struct process *p, const struct control *m, int fd)
{
    if (control_send(p->control, m, fd) != BM_OK) {
        process_kill(p);
    }
}

void process_send(struct process *p, enum control_type type)
{
    hand(p, &(struct control){ .type = type }, -1);
}

void process_stop(struct process *p)
{
    if (p->state == PROCESS_STARTING) {
        process_kill(p);
    } else if (p->state == PROCESS_READY) {
        process_send(p, CONTROL_STOP);
    }
    p->state = PROCESS_STOPPING;
    p->deadline = supervisor_now() + STOP_MAX_MS;
}

/* The publisher tells about all; others know their own page only. */
static void hand_pages(struct process *p)
{
    const struct supervisor *s = p->supervisor;

    hand(p, &(struct control){ .type = CONTROL_METRICS }, p->slot->page);
    for (size_t i = 0; p->slot->kind == ROOM_PUBLISHER && i < s->slots_n; i++) {
        hand(p, &(struct control){ .type = CONTROL_PAGE },
             s->slots[i].page_read);
    }
    process_send(p, CONTROL_START);
}

static bm_status watch(struct process *p)
{
    struct supervisor *s = p->supervisor;

    if (fcntl(p->control, F_SETFL, O_NONBLOCK) != 0) {
        return BM_E_IO;
    }
    p->readable =
        event_new(s->base, p->control, EV_READ | EV_PERSIST, on_message, p);
    return p->readable != NULL && event_add(p->readable, NULL) == 0
               ? BM_OK
               : BM_E_MEMORY;
}

bm_status process_start(struct slot *slot)
{
    struct process *p = calloc(1, sizeof *p);
    int ends[2] = { -1, -1 };
    bm_status rc = BM_E_MEMORY;

    if (p == NULL) {
        return rc;
    }
    *p = (struct process){ .supervisor = slot->supervisor,
                           .slot = slot,
                           .state = PROCESS_STARTING,
                           .number = slot->supervisor->started++,
                           .control = -1,
                           .deadline = supervisor_now() + START_MAX_MS };
    rc = name_page(slot);
    if (rc == BM_OK &&
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        rc = BM_E_IO;
    }
    p->control = ends[0];
    if (rc == BM_OK) {
        rc = watch(p);
    }
    if (rc == BM_OK) {
        p->pid = fork();
        rc = p->pid < 0 ? BM_E_IO : BM_OK;
    }
    if (rc == BM_OK && p->pid == 0) {
        become(slot, ends[1]);
    }
    if (ends[1] >= 0) {
        close(ends[1]);
    }
    if (rc != BM_OK) {
        process_free(p);
        return rc;
    }
    p->next = slot->supervisor->processes;
    slot->supervisor->processes = p;
    slot->starting = p;
    hand_pages(p);
    return BM_OK;
}

bool process_may_ask(const struct process *p, unsigned kind)
{
    for (const struct room_edge *e = room_edges; e->from != ROOM_COUNT; e++) {
        if (e->from == p->slot->kind && e->to == kind) {
            return true;
        }
    }
    return false;
}

static bool is_edge(enum room_kind a, enum room_kind b)
{
    for (const struct room_edge *e = room_edges; e->from != ROOM_COUNT; e++) {
        if ((e->from == a && e->to == b) || (e->from == b && e->to == a)) {
            return true;
        }
    }
    return false;
}

static void join(struct process *a, struct process *b)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                   ends) != 0) {
        process_kill(a); /* and try again */
        return;
    }
    hand(a,
         &(struct control){ .type = CONTROL_LINK,
                            .kind = b->slot->kind,
                            .instance = b->number },
         ends[0]);
    hand(b,
         &(struct control){ .type = CONTROL_LINK,
                            .kind = a->slot->kind,
                            .instance = a->number },
         ends[1]);
    close(ends[0]);
    close(ends[1]);
    a->unlinked &= ~(1U << b->slot->kind);
    b->unlinked &= ~(1U << a->slot->kind);
}

void process_join(struct process *p, unsigned kinds)
{
    struct supervisor *s = p->supervisor;

    for (size_t i = 0; i < s->slots_n; i++) {
        struct process *other = s->slots[i].current;

        if (other != NULL && other->state == PROCESS_READY &&
            (kinds & 1U << s->slots[i].kind) != 0 &&
            is_edge(p->slot->kind, s->slots[i].kind)) {
            join(p, other);
        }
    }
}

void process_listen(struct process *p)
{
    const unsigned *ports = room_types[p->slot->kind]->ports;

    for (; ports != NULL && *ports != ROOM_PORT_COUNT; ports++) {
        int fd = p->supervisor->ports.fd[*ports];

        if (fd >= 0) {
            hand(p, &(struct control){ .type = CONTROL_LISTEN, .kind = *ports },
                 fd);
        }
    }
}
