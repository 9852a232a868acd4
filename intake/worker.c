/* SPDX-License-Identifier: Apache-2.0 */
/* syscall() */
#define _GNU_SOURCE
#include "intake/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * What goes through the pipe: length (4 octets, of what follows), kind (1):
 * rows, the end, or why not: status (4) and words.
 */
enum kind {
    KIND_ROWS = 1,
    KIND_END,
    KIND_REFUSAL
};

#define HEAD 5

/* Memory and time that a file may cost: with margin. */
#define MEMORY_MAX  ((rlim_t)512 << 20)
#define SECONDS_MAX 600

struct intake_worker {
    pid_t pid;
    int pipe;
    uint8_t room[HEAD + INTAKE_CHUNK];
};

/* ---- Inside */

/* Without names nothing can be opened, and what is open is two descriptors. */
static bool confine(void)
{
    static const int calls[] = {
        SCMP_SYS(read),       SCMP_SYS(write),         SCMP_SYS(lseek),
        SCMP_SYS(fstat),      SCMP_SYS(newfstatat),    SCMP_SYS(close),
        SCMP_SYS(mmap),       SCMP_SYS(munmap),        SCMP_SYS(mremap),
        SCMP_SYS(madvise),    SCMP_SYS(brk),           SCMP_SYS(futex),
        SCMP_SYS(exit_group), SCMP_SYS(exit),          SCMP_SYS(rt_sigreturn),
        SCMP_SYS(getrandom),  SCMP_SYS(clock_gettime),
    };
    const struct rlimit none = { 0, 0 };
    const struct rlimit seconds = { SECONDS_MAX, SECONDS_MAX };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool ok = filter != NULL && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
              setrlimit(RLIMIT_CORE, &none) == 0 &&
              setrlimit(RLIMIT_FSIZE, &none) == 0 &&
              setrlimit(RLIMIT_NPROC, &none) == 0 &&
              setrlimit(RLIMIT_CPU, &seconds) == 0;

    for (size_t i = 0; ok && i < sizeof calls / sizeof calls[0]; i++) {
        ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) == 0;
    }
    ok = ok && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}

void intake_limit_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__)
    const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };

    (void)setrlimit(RLIMIT_AS, &memory);
#endif
}

static bool put_all(int fd, const uint8_t *p, size_t n)
{
    while (n != 0) {
        ssize_t done = write(fd, p, n);

        if (done <= 0) {
            return false;
        }
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static bool put_frame(int fd, uint8_t *frame, size_t n, enum kind kind)
{
    size_t length = n + 1;

    for (int i = 0; i < 4; i++) {
        frame[i] = (uint8_t)(length >> (24 - 8 * i));
    }
    frame[4] = (uint8_t)kind;
    return put_all(fd, frame, HEAD + n);
}

static void put_refusal(int fd, uint8_t *frame, const struct ca_refusal *why)
{
    size_t n = strlen(why->words);

    for (int i = 0; i < 4; i++) {
        frame[HEAD + i] = (uint8_t)((unsigned)why->status >> (24 - 8 * i));
    }
    memcpy(frame + HEAD + 4, why->words, n);
    (void)put_frame(fd, frame, 4 + n, KIND_REFUSAL);
}

static void serve(int file, enum intake_kind kind, int out, uint8_t *frame)
{
    struct ca_refusal why = { .status = BM_OK };
    struct intake *intake = NULL;
    bm_status rc = intake_open(file, kind, &intake, &why);
    struct bm_wr w;

    while (rc == BM_OK) {
        bm_wr_init(&w, frame + HEAD, INTAKE_CHUNK);
        rc = intake_next(intake, &w, &why);
        if (rc == BM_OK && !put_frame(out, frame, w.len, KIND_ROWS)) {
            return; /* nobody listens any more */
        }
    }
    if (rc == BM_E_END) {
        (void)put_frame(out, frame, 0, KIND_END);
    } else {
        why.status = ca_refuse_plain(&why, rc);
        put_refusal(out, frame, &why);
    }
}

/* All descriptors but the two. */
static void close_others(int a, int b)
{
    long max = sysconf(_SC_OPEN_MAX);

    for (int fd = 0; fd < (max > 0 && max < 4096 ? max : 4096); fd++) {
        if (fd != a && fd != b && fd != STDERR_FILENO) {
            (void)close(fd);
        }
    }
}

static void work(int file, enum intake_kind kind, int out, uint8_t *frame)
{
    close_others(file, out);
    json_object_seed(0); /* while the source of it can be opened */
    intake_limit_memory();
    if (confine()) {
        serve(file, kind, out, frame);
    }
    /* Not _exit(), before which a sanitizer makes calls that are refused. */
    (void)syscall(SYS_exit_group, 0);
    _exit(0);
}

/* ---- Outside */

bm_status intake_worker_start(int fd, enum intake_kind kind,
                              struct intake_worker **out,
                              struct ca_refusal *why)
{
    struct intake_worker *worker = calloc(1, sizeof *worker);
    int ends[2] = { -1, -1 };
    bm_status rc = BM_E_MEMORY;

    *out = NULL;
    if (worker == NULL) {
        goto out;
    }
    rc = BM_E_IO;
    if (pipe(ends) != 0 || fcntl(ends[0], F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(ends[1], F_SETFD, FD_CLOEXEC) != 0) {
        goto out;
    }
    worker->pid = fork();
    if (worker->pid == 0) {
        work(fd, kind, ends[1], worker->room);
    }
    if (worker->pid < 0) {
        goto out;
    }
    worker->pipe = ends[0];
    ends[0] = -1;
    *out = worker;
    worker = NULL;
    rc = BM_OK;
out:
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0) {
            (void)close(ends[i]);
        }
    }
    (void)close(fd);
    free(worker);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
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

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

/* What it says is a stranger's: a status that is none of ours to believe. */
static bm_status take_refusal(const struct intake_worker *worker, size_t n,
                              struct ca_refusal *why)
{
    const uint8_t *p = worker->room + HEAD;
    struct bm_bytes words = { p + 4, n < 4 ? 0 : n - 4 };
    bool io = n >= 4 && get_u32(p) == BM_E_IO;

    if (n < 4 || words.n >= CA_REFUSAL_WORDS_MAX || !intake_is_text(words)) {
        return ca_refuse_plain(why, BM_E_CA_ORDER);
    }
    return ca_refuse(why, io ? BM_E_IO : BM_E_CA_ORDER, "%.*s", (int)words.n,
                     (const char *)words.p);
}

bm_status intake_worker_next(struct intake_worker *worker,
                             struct bm_bytes *rows, struct ca_refusal *why)
{
    uint8_t *room = worker->room;
    uint32_t n;

    *rows = (struct bm_bytes){ NULL, 0 };
    if (!get_all(worker->pipe, room, HEAD)) {
        return ca_refuse(why, BM_E_CA_ORDER,
                         "the process that reads the file has ended");
    }
    n = get_u32(room);
    if (n == 0 || n - 1 > INTAKE_CHUNK ||
        !get_all(worker->pipe, room + HEAD, n - 1)) {
        return ca_refuse(why, BM_E_CA_ORDER,
                         "the process that reads the file has failed");
    }
    switch (room[4]) {
    case KIND_ROWS:
        *rows = (struct bm_bytes){ room + HEAD, n - 1 };
        return BM_OK;
    case KIND_END:
        return BM_E_END;
    default:
        return take_refusal(worker, n - 1, why);
    }
}

void intake_worker_end(struct intake_worker *worker)
{
    if (worker == NULL) {
        return;
    }
    (void)close(worker->pipe);
    (void)kill(worker->pid, SIGKILL);
    while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    free(worker);
}
