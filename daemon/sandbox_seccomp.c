/* SPDX-License-Identifier: Apache-2.0 */
/* AT_EMPTY_PATH, F_OFD_SETLK */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/sandbox_internal.h"

/* A call, and perhaps what one of its arguments must be. */
struct call {
    int number;
    bool compared;
    struct scmp_arg_cmp argument;
};

#define CALL(name)               \
    {                            \
        .number = SCMP_SYS(name) \
    }
#define CALL_IF(name, which, how, ...)                            \
    {                                                             \
        .number = SCMP_SYS(name), .compared = true, .argument = { \
            .arg = (which),                                       \
            .op = (how),                                          \
            __VA_ARGS__                                           \
        }                                                         \
    }
#define CALL_IS(name, which, value) \
    CALL_IF(name, which, SCMP_CMP_EQ, .datum_a = (value))
#define CALL_MASKED(name, which, mask, value)                   \
    CALL_IF(name, which, SCMP_CMP_MASKED_EQ, .datum_a = (mask), \
            .datum_b = (value))

/* Whoever calls one of these is not ours any more: the process is killed.
 * Everything else that no table below has fails with EPERM. */
static const struct call fatal[] = {
    /* another program */
    CALL(execve),
    CALL(execveat),
    /* another process */
    CALL(ptrace),
    CALL(process_vm_readv),
    CALL(process_vm_writev),
    CALL(process_madvise),
    CALL(pidfd_getfd),
    CALL(kcmp),
    /* out into the network, with `outside` below */
    CALL(bind),
    CALL(listen),
    /* memory that is written and executed: no code arrives later */
    CALL_MASKED(mmap, 2, PROT_EXEC, PROT_EXEC),
    CALL_MASKED(mprotect, 2, PROT_EXEC, PROT_EXEC),
    CALL_MASKED(pkey_mprotect, 2, PROT_EXEC, PROT_EXEC),
    CALL(memfd_create),
    /* another user, another view of the system, its kernel */
    CALL(setuid),
    CALL(setgid),
    CALL(setreuid),
    CALL(setregid),
    CALL(setresuid),
    CALL(setresgid),
    CALL(setgroups),
    CALL(capset),
    CALL(unshare),
    CALL(setns),
    CALL(chroot),
    CALL(pivot_root),
    CALL(mount),
    CALL(umount2),
    CALL(bpf),
    CALL(perf_event_open),
    CALL(userfaultfd),
    CALL(io_uring_setup),
    CALL(io_uring_enter),
    CALL(io_uring_register),
    CALL(add_key),
    CALL(request_key),
    CALL(keyctl),
    CALL(init_module),
    CALL(finit_module),
    CALL(kexec_load),
};

/* Fatal, too, but where there is a module of a token: that may want to talk to
 * a service of this machine, be it the system's log, and gets EPERM where none
 * is named. */
static const struct call outside[] = { CALL(socket), CALL(connect) };
static const struct call outside_local[] = {
    CALL_IF(socket, 0, SCMP_CMP_NE, .datum_a = AF_UNIX),
};
static const struct call connecting[] = {
    CALL_IS(socket, 0, AF_UNIX),
    CALL(connect),
};

/* A room that connects out: over IP and nothing else. It may name who is sent
 * to, as a question to a name server does. */
static const struct call connecting_out[] = {
    CALL_IS(socket, 0, AF_INET),
    CALL_IS(socket, 0, AF_INET6),
    CALL(connect),
    CALL_MASKED(sendto, 3, MSG_FASTOPEN, 0),
    CALL_IS(ioctl, 1, SIOCOUTQ),
};
static const struct call outside_ip[] = {
    CALL_IF(socket, 0, SCMP_CMP_LT, .datum_a = AF_INET),
    CALL_IF(socket, 0, SCMP_CMP_GT, .datum_a = AF_INET6),
};

/* Threads, which are no processes (clone(2)), and memory that is not to be
 * swapped. */
static const struct call module[] = {
    CALL_MASKED(clone, 0, CLONE_THREAD, CLONE_THREAD),
    CALL(set_robust_list),
    CALL(rseq),
    CALL(sched_getaffinity),
    CALL(mlock),
    CALL(mlock2),
    CALL(munlock),
    CALL(uname),
};

/* A write to the socket of a TPM that is gone raises SIGPIPE, which is taken
 * from among the pending (keys/tpm2_link.c). */
static const struct call device[] = {
    CALL(rt_sigpending),
    CALL(rt_sigtimedwait),
};

/* Flags of clone3() lie in memory, where no filter looks: without it the C
 * library takes clone(). */
static const struct call module_absent[] = { CALL(clone3) };

/* Memory, time, and descriptors that are open. */
static const struct call always[] = {
    CALL(read),
    CALL(readv),
    CALL(pread64),
    CALL(preadv),
    CALL(write),
    CALL(writev),
    CALL(lseek),
    CALL(close),
    CALL(fstat),
    /* of a descriptor: fstat() of newer C libraries */
    CALL_MASKED(newfstatat, 3, AT_EMPTY_PATH, AT_EMPTY_PATH),
    CALL_MASKED(statx, 2, AT_EMPTY_PATH, AT_EMPTY_PATH),
    CALL_IS(fcntl, 1, F_GETFD),
    CALL_IS(fcntl, 1, F_SETFD),
    CALL_IS(fcntl, 1, F_GETFL),
    CALL_IS(fcntl, 1, F_SETFL),
    CALL_IS(fcntl, 1, F_GETLK),
    CALL_IS(fcntl, 1, F_SETLK),
    CALL_IS(fcntl, 1, F_SETLKW),
    CALL_IS(fcntl, 1, F_DUPFD_CLOEXEC),
    CALL_IS(ioctl, 1, FIONREAD),
    CALL_IS(ioctl, 1, FIONBIO),

    /* links, connections, the supervisor; never to somebody by address, since
     * TCP Fast Open connects like that */
    CALL_IS(sendto, 4, 0),
    CALL(recvfrom),
    CALL_IS(recvmsg, 0, CONTROL_FD),
    CALL(shutdown),
    CALL(getsockname),
    CALL(getpeername),
    CALL(getsockopt),
    CALL_IS(setsockopt, 1, SOL_SOCKET),
    CALL_IS(setsockopt, 1, IPPROTO_TCP),

    CALL(epoll_wait),
    CALL(epoll_pwait),
    CALL(epoll_pwait2),
    CALL(epoll_ctl),
    CALL(poll),
    CALL(ppoll),

    CALL_MASKED(mmap, 2, PROT_EXEC, 0),
    CALL_MASKED(mprotect, 2, PROT_EXEC, 0),
    CALL(munmap),
    CALL(mremap),
    CALL(madvise),
    CALL(brk),

    CALL(clock_gettime),
    CALL(clock_getres),
    CALL(clock_nanosleep),
    CALL(nanosleep),
    CALL(gettimeofday),
    CALL(time),
    CALL(getrandom),

    CALL(futex),
    CALL(sched_yield),
    CALL(getpid),
    CALL(gettid),
    CALL(getppid),
    CALL(getuid),
    CALL(geteuid),
    CALL(getgid),
    CALL(getegid),
    CALL(getrusage),
    CALL(sysinfo),
    CALL(rt_sigaction),
    CALL(rt_sigprocmask),
    CALL(rt_sigreturn),
    CALL(sigaltstack),
    CALL(restart_syscall),
    CALL(exit),
    CALL(exit_group),
};

static const struct call accepting[] = {
    CALL(accept4),
    CALL(accept),
    CALL(sendfile),
};

/* By path: which ones is Landlock's to say. */
static const struct call reading_paths[] = {
    CALL(openat),     CALL(open),     CALL(newfstatat), CALL(stat),
    CALL(lstat),      CALL(statx),    CALL(access),     CALL(faccessat),
    CALL(faccessat2), CALL(readlink), CALL(readlinkat), CALL(getdents64),
    CALL(getcwd),     CALL(flock),
};

static const struct call writing[] = {
    CALL(pwrite64),        CALL(pwritev),  CALL(ftruncate),
    CALL(fallocate),       CALL(fsync),    CALL(fdatasync),
    CALL(rename),          CALL(renameat), CALL(renameat2),
    CALL(unlink),          CALL(unlinkat), CALL(mkdir),
    CALL(mkdirat),         CALL(rmdir),    CALL(link),
    CALL(linkat),          CALL(fchmod),   CALL(flock),
    CALL(sync_file_range),
};

static int add(scmp_filter_ctx filter, uint32_t action,
               const struct call *calls, size_t n)
{
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = seccomp_rule_add_array(filter, action, calls[i].number,
                                    calls[i].compared ? 1 : 0,
                                    &calls[i].argument);
    }
    return rc;
}

#define ADD(action, table) \
    add(filter, (action), (table), sizeof(table) / sizeof(table)[0])

static bool has_paths(const struct sandbox_plan *plan)
{
    return plan->needs->read_dirs[0] != NULL ||
           plan->needs->write_dirs[0] != NULL || plan->module ||
           plan->tpm != NULL;
}

static int add_module(scmp_filter_ctx filter, const struct sandbox_plan *plan)
{
    int rc = 0;

    if (plan->module) {
        rc = ADD(SCMP_ACT_ALLOW, module);
        if (rc == 0) {
            rc = ADD(SCMP_ACT_ERRNO(ENOSYS), module_absent);
        }
    }
    if (rc == 0 && plan->device) {
        rc = ADD(SCMP_ACT_ALLOW, device);
    }
    if (rc == 0 && plan->connects) {
        rc = ADD(SCMP_ACT_ALLOW, connecting);
    }
    if (rc == 0 && plan->needs->connect) {
        rc = ADD(SCMP_ACT_ALLOW, connecting_out);
        return rc != 0 ? rc : ADD(SCMP_ACT_KILL_PROCESS, outside_ip);
    }
    if (rc == 0) {
        rc = plan->module || plan->connects
                 ? ADD(SCMP_ACT_KILL_PROCESS, outside_local)
                 : ADD(SCMP_ACT_KILL_PROCESS, outside);
    }
    return rc;
}

static int add_tables(scmp_filter_ctx filter, const struct sandbox_plan *plan)
{
    int rc = ADD(SCMP_ACT_KILL_PROCESS, fatal);

    if (rc == 0) {
        rc = ADD(SCMP_ACT_ALLOW, always);
    }
    if (rc == 0 && plan->needs->accept) {
        rc = ADD(SCMP_ACT_ALLOW, accepting);
    }
    if (rc == 0 && has_paths(plan)) {
        rc = ADD(SCMP_ACT_ALLOW, reading_paths);
    }
    if (rc == 0 && plan->writes) {
        rc = ADD(SCMP_ACT_ALLOW, writing);
    }
    if (rc == 0) {
        rc = add_module(filter, plan);
    }
    if (rc == 0) { /* abort(): this process and no other */
        rc = add(filter, SCMP_ACT_ALLOW,
                 &(struct call)CALL_IS(tgkill, 0, (scmp_datum_t)getpid()), 1);
    }
    return rc;
}

/* ---- Files that are open for writing */

/* A room has a dozen descriptors when it enters. */
#define DESCRIPTORS_MAX 1024

/* The kernel looks at the lower half of a descriptor's register. */
#define DESCRIPTOR(which, fd) \
    SCMP_CMP64((which), SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)(fd))

static bool is_writable_file(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    struct stat st;

    return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY &&
           fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* No write, no copy of the descriptor, no memory that is the file. */
static int keep_file(scmp_filter_ctx filter, int fd)
{
    static const int calls[] = { SCMP_SYS(write),     SCMP_SYS(writev),
                                 SCMP_SYS(pwrite64),  SCMP_SYS(pwritev),
                                 SCMP_SYS(ftruncate), SCMP_SYS(fallocate) };
    int rc = 0;

    for (size_t i = 0; i < sizeof calls / sizeof calls[0] && rc == 0; i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 1,
                              DESCRIPTOR(0, fd));
    }
    if (rc == 0) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(fcntl), 2,
                              DESCRIPTOR(0, fd),
                              SCMP_A1_64(SCMP_CMP_EQ, F_DUPFD_CLOEXEC, 0));
    }
    if (rc == 0) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap), 1,
                              DESCRIPTOR(4, fd));
    }
    return rc;
}

/* Below one of the folders that a module writes to? */
static bool is_modules(int fd, const struct sandbox_plan *plan)
{
    char link[64];
    char path[4096];
    ssize_t n;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    path[n < 0 ? 0 : n] = '\0';
    for (size_t i = 0; plan->write != NULL && plan->write[i] != NULL; i++) {
        size_t len = strlen(plan->write[i]);

        while (len > 1 && plan->write[i][len - 1] == '/') {
            len--;
        }
        if (strncmp(path, plan->write[i], len) == 0 &&
            (path[len] == '/' || path[len] == '\0')) {
            return true;
        }
    }
    return false;
}

/*
 * A room that writes no files may still have one that is open for writing:
 * SQLite opens its log so for readers, too. What the list of calls cannot tell
 * apart, since sockets need them as well, a filter before it does. Logs go to
 * the standard error.
 */
static int keep_files(const struct sandbox_plan *plan)
{
    scmp_filter_ctx filter = NULL;
    int rc = 0;

    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS_MAX && rc == 0; fd++) {
        if (!is_writable_file(fd) || is_modules(fd, plan)) {
            continue;
        }
        if (filter == NULL) {
            filter = seccomp_init(SCMP_ACT_ALLOW);
        }
        rc = filter == NULL ? -ENOMEM : keep_file(filter, fd);
    }
    if (filter != NULL && rc == 0) {
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    }
    if (filter != NULL && rc == 0) {
        rc = seccomp_load(filter);
    }
    if (filter != NULL) {
        seccomp_release(filter);
    }
    return rc;
}

bm_status seccomp_enter(const struct sandbox_plan *plan, struct ca_refusal *why)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int rc = filter == NULL ? -ENOMEM : 0;

    if (rc == 0 && !plan->needs->write_files) {
        rc = keep_files(plan);
    }
    if (rc == 0) {
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    }
    if (rc == 0) { /* a binary tree: a call costs some comparisons */
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    }
    if (rc == 0) {
        rc = add_tables(filter, plan);
    }
    if (rc == 0) {
        rc = seccomp_load(filter);
    }
    if (filter != NULL) {
        seccomp_release(filter);
    }
    return rc == 0 ? BM_OK
                   : ca_refuse(why, BM_E_SANDBOX, "seccomp: error %d", -rc);
}
