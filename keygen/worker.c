/* SPDX-License-Identifier: Apache-2.0 */
#include "keygen/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keygen/memory.h"

/*
 * Through the pipes: length (4 octets, of what follows), and an order; then
 * length, status (4), and pairs where that is BM_OK.
 */
#define HEAD 8

struct keygen_worker {
    pid_t pid;
    int ask;
    int answer;
    uint8_t room[HEAD + KEYGEN_ANSWER_MAX];
};

/* ---- Both sides */

static bool put_all(int fd, const uint8_t *p, size_t n)
{
    while (n != 0) {
        ssize_t done = write(fd, p, n);

        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static bool get_all(int fd, uint8_t *p, size_t n)
{
    while (n != 0) {
        ssize_t done = read(fd, p, n);

        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static void put_u32(uint8_t *p, size_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (uint8_t)(v >> (24 - 8 * i));
    }
}

static size_t get_u32(const uint8_t *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* ---- Inside */

static bool confine(void)
{
    static const int calls[] = {
        SCMP_SYS(read),    SCMP_SYS(write),      SCMP_SYS(close),
        SCMP_SYS(mmap),    SCMP_SYS(munmap),     SCMP_SYS(mremap),
        SCMP_SYS(madvise), SCMP_SYS(brk),        SCMP_SYS(futex),
        SCMP_SYS(exit),    SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn),
        SCMP_SYS(getpid),  SCMP_SYS(getrandom),  SCMP_SYS(clock_gettime),
    };
    const struct rlimit none = { 0, 0 };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool ok = filter != NULL && setrlimit(RLIMIT_FSIZE, &none) == 0 &&
              setrlimit(RLIMIT_NPROC, &none) == 0;

    for (size_t i = 0; ok && i < sizeof calls / sizeof calls[0]; i++) {
        ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) == 0;
    }
    ok = ok && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}

static void serve(int in, int out, uint8_t *room)
{
    static uint8_t order[KEYGEN_ORDER_MAX];
    uint8_t length[4];

    while (get_all(in, length, sizeof length)) {
        size_t n = get_u32(length);
        struct bm_wr w;
        bm_status rc;

        if (n > sizeof order || !get_all(in, order, n)) {
            return;
        }
        bm_wr_init(&w, room + HEAD, KEYGEN_ANSWER_MAX);
        rc = keygen_serve((struct bm_bytes){ order, n }, NULL, &w);
        bm_wipe(order, sizeof order);
        n = rc == BM_OK ? w.len : 0;
        put_u32(room, 4 + n);
        put_u32(room + 4, (size_t)rc);
        if (!put_all(out, room, HEAD + n)) {
            return;
        }
    }
}

static void close_others(int a, int b)
{
    long max = sysconf(_SC_OPEN_MAX);

    for (int fd = 0; fd < (max > 0 && max < 4096 ? max : 4096); fd++) {
        if (fd != a && fd != b && fd != STDERR_FILENO) {
            (void)close(fd);
        }
    }
}

static void work(int in, int out, uint8_t *room)
{
    close_others(in, out);
    if (keygen_memory_guard() == BM_OK && keygen_prepare() == BM_OK) {
        (void)keygen_memory_lock(); /* or not: it lives for one batch */
        if (confine()) {
            serve(in, out, room);
        }
    }
    _exit(0);
}

/* ---- Outside */

static void close_pair(const int ends[2])
{
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0) {
            (void)close(ends[i]);
        }
    }
}

static bool make_pair(int ends[2])
{
    return pipe(ends) == 0 && fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 &&
           fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0;
}

bm_status keygen_worker_start(struct keygen_worker **out)
{
    struct keygen_worker *worker = calloc(1, sizeof *worker);
    int ask[2] = { -1, -1 };
    int answer[2] = { -1, -1 };
    bm_status rc = BM_E_MEMORY;

    *out = NULL;
    if (worker == NULL) {
        goto out;
    }
    rc = BM_E_IO;
    if (!make_pair(ask) || !make_pair(answer)) {
        goto out;
    }
    worker->pid = fork();
    if (worker->pid == 0) {
        work(ask[0], answer[1], worker->room);
    }
    if (worker->pid < 0) {
        goto out;
    }
    worker->ask = ask[1];
    worker->answer = answer[0];
    ask[1] = -1;
    answer[0] = -1;
    *out = worker;
    worker = NULL;
    rc = BM_OK;
out:
    close_pair(ask);
    close_pair(answer);
    free(worker);
    return rc;
}

bm_status keygen_worker_ask(struct keygen_worker *worker,
                            const struct keygen_order *order,
                            struct bm_bytes *pairs)
{
    uint8_t *room = worker->room;
    struct bm_wr w;
    bm_status rc;
    bool sent;
    size_t n;

    *pairs = (struct bm_bytes){ NULL, 0 };
    bm_wr_init(&w, room + 4, KEYGEN_ORDER_MAX);
    keygen_order_put(&w, order);
    BM_TRY(bm_wr_finish(&w, &n));
    put_u32(room, n);
    sent = put_all(worker->ask, room, 4 + n);
    bm_wipe(room, 4 + n); /* it may be a secret */
    if (!sent || !get_all(worker->answer, room, HEAD)) {
        return BM_E_IO;
    }
    n = get_u32(room);
    if (n < 4 || n - 4 > KEYGEN_ANSWER_MAX ||
        !get_all(worker->answer, room + HEAD, n - 4)) {
        return BM_E_IO;
    }
    rc = (bm_status)get_u32(room + 4);
    if (rc != BM_OK) { /* a word of the other process, which has two */
        return rc == BM_E_BATCH_RECIPIENT || rc == BM_E_BATCH_SECRET ? rc
                                                                     : BM_E_IO;
    }
    *pairs = (struct bm_bytes){ room + HEAD, n - 4 };
    return BM_OK;
}

void keygen_worker_end(struct keygen_worker *worker)
{
    if (worker == NULL) {
        return;
    }
    (void)kill(worker->pid, SIGKILL);
    (void)close(worker->ask);
    (void)close(worker->answer);
    while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    free(worker);
}
