/* SPDX-License-Identifier: Apache-2.0 */

/* The calls, as the program and its shared libraries find them. */
/* syscall(), mmap64() and their kin */
#define _GNU_SOURCE

/* Its inline read() would stand beside the one that is defined here. */
#undef _FORTIFY_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/fault/inject_internal.h"

/* Of streams: octets that are in the log. */
static uint64_t grown[INJECT_FDS];

static int open_watched(int dir, const char *name, int flags, mode_t to)
{
    char room[INJECT_PATH];
    const char *path = inject_full_path(dir, name, room);
    bool creates =
        (flags & O_CREAT) != 0 && path[0] != '\0' && inject_inode_of(path) == 0;
    bool cuts = (flags & O_TRUNC) != 0;
    struct inject_verdict v = creates || (cuts && path[0] != '\0')
                                  ? inject_change("open", path)
                                  : inject_look("open", path);
    int fd;

    if (v.fail) {
        return -1;
    }
    fd = (int)syscall(SYS_openat, dir, name, flags, to);
    if (fd >= 0) {
        inject_remember(fd, path);
        if (creates) {
            inject_log_name(path, false);
        } else if (cuts) {
            inject_log_plain(INJECT_OP_CUT, fd, 0);
        }
    }
    inject_done(v);
    return fd;
}

/* The third argument of open(), where there is one. */
#define MODE_OF(flags, to)               \
    do {                                 \
        if (((flags)&O_CREAT) != 0) {    \
            va_list args;                \
            va_start(args, flags);       \
            (to) = va_arg(args, mode_t); \
            va_end(args);                \
        }                                \
    } while (0)

int open(const char *path, int flags, ...)
{
    mode_t to = 0;

    MODE_OF(flags, to);
    return open_watched(AT_FDCWD, path, flags, to);
}

int open64(const char *path, int flags, ...)
{
    mode_t to = 0;

    MODE_OF(flags, to);
    return open_watched(AT_FDCWD, path, flags, to);
}

int openat(int dir, const char *path, int flags, ...)
{
    mode_t to = 0;

    MODE_OF(flags, to);
    return open_watched(dir, path, flags, to);
}

/* What hardened code calls instead; flags without O_CREAT. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
ssize_t __read_chk(int fd, void *buf, size_t n, size_t room);
ssize_t __pread_chk(int fd, void *buf, size_t n, off_t at, size_t room);

int __open_2(const char *path, int flags)
{
    return open_watched(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
    return open_watched(AT_FDCWD, path, flags, 0);
}

int __openat_2(int dir, const char *path, int flags)
{
    return open_watched(dir, path, flags, 0);
}

/* On Linux the descriptor is gone, whatever close() returns. */
int close(int fd)
{
    struct inject_verdict v = inject_look("close", inject_path(fd));
    int rc = (int)syscall(SYS_close, fd);

    inject_forget(fd);
    if (v.fail) {
        errno = inject_error();
        return -1;
    }
    return rc;
}

ssize_t read(int fd, void *buf, size_t n)
{
    return inject_look("read", inject_path(fd)).fail
               ? -1
               : syscall(SYS_read, fd, buf, n);
}

static ssize_t read_at(int fd, void *buf, size_t n, off_t at)
{
    return inject_look("pread", inject_path(fd)).fail
               ? -1
               : syscall(SYS_pread64, fd, buf, n, at);
}

ssize_t pread(int fd, void *buf, size_t n, off_t at)
{
    return read_at(fd, buf, n, at);
}

ssize_t pread64(int fd, void *buf, size_t n, off64_t at)
{
    return read_at(fd, buf, n, at);
}

ssize_t __read_chk(int fd, void *buf, size_t n, size_t room)
{
    return n > room ? (abort(), -1) : read(fd, buf, n);
}

ssize_t __pread_chk(int fd, void *buf, size_t n, off_t at, size_t room)
{
    return n > room ? (abort(), -1) : read_at(fd, buf, n, at);
}

static size_t part_of(struct inject_verdict v, size_t n)
{
    return v.half && n > 1 ? n / 2 : n;
}

ssize_t write(int fd, const void *buf, size_t n)
{
    struct inject_verdict v = inject_change("write", inject_path(fd));
    off_t at;
    ssize_t rc;

    if (v.fail) {
        return -1;
    }
    rc = syscall(SYS_write, fd, buf, part_of(v, n));
    if (rc > 0 && inject_path(fd)[0] != '\0') {
        at = (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
        inject_log_write(fd, buf, (size_t)rc, (uint64_t)(at - rc));
    }
    inject_done(v);
    return rc;
}

static ssize_t write_at(int fd, const void *buf, size_t n, off_t at)
{
    struct inject_verdict v = inject_change("pwrite", inject_path(fd));
    ssize_t rc;

    if (v.fail) {
        return -1;
    }
    rc = syscall(SYS_pwrite64, fd, buf, part_of(v, n), at);
    if (rc > 0) {
        inject_log_write(fd, buf, (size_t)rc, (uint64_t)at);
    }
    inject_done(v);
    return rc;
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t at)
{
    return write_at(fd, buf, n, at);
}

ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t at)
{
    return write_at(fd, buf, n, at);
}

/* Nobody writes files of an instance so: if somebody begins to, this says it
 * here and not by a fault that is never seen. */
ssize_t writev(int fd, const struct iovec *v, int n)
{
    if (inject_path(fd)[0] != '\0') {
        abort();
    }
    return syscall(SYS_writev, fd, v, n);
}

static int sync_watched(int fd, long call, const char *name)
{
    struct inject_verdict v = inject_change(name, inject_path(fd));
    int rc;

    if (v.fail) {
        return -1;
    }
    rc = (int)syscall(call, fd);
    if (rc == 0) {
        inject_log_plain(INJECT_OP_SYNC, fd, 0);
    }
    inject_done(v);
    return rc;
}

int fsync(int fd)
{
    return sync_watched(fd, SYS_fsync, "fsync");
}

int fdatasync(int fd)
{
    return sync_watched(fd, SYS_fdatasync, "fdatasync");
}

static int cut(int fd, off_t n)
{
    struct inject_verdict v = inject_change("ftruncate", inject_path(fd));
    int rc;

    if (v.fail) {
        return -1;
    }
    rc = (int)syscall(SYS_ftruncate, fd, n);
    if (rc == 0) {
        inject_log_plain(INJECT_OP_CUT, fd, (uint64_t)n);
    }
    inject_done(v);
    return rc;
}

int ftruncate(int fd, off_t n)
{
    return cut(fd, n);
}

int ftruncate64(int fd, off64_t n)
{
    return cut(fd, n);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    char a[INJECT_PATH];
    char b[INJECT_PATH];
    const char *from_path = inject_full_path(from_dir, from, a);
    const char *to_path = inject_full_path(to_dir, to, b);
    struct inject_verdict v = inject_change("rename", to_path);
    int rc;

    if (v.fail) {
        return -1;
    }
    rc = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
    if (rc == 0) {
        inject_log_move(from_path, to_path);
    }
    inject_done(v);
    return rc;
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to,
           int flags)
{
    char b[INJECT_PATH];
    const char *to_path = inject_full_path(to_dir, to, b);
    struct inject_verdict v = inject_change("link", to_path);
    int rc;

    if (v.fail) {
        return -1;
    }
    rc = (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
    if (rc == 0) {
        inject_log_name(to_path, false);
    }
    inject_done(v);
    return rc;
}

int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlinkat(int dir, const char *name, int flags)
{
    char room[INJECT_PATH];
    const char *path = inject_full_path(dir, name, room);
    struct inject_verdict v = path[0] == '\0' || inject_inode_of(path) == 0
                                  ? inject_look("unlink", path)
                                  : inject_change("unlink", path);
    int rc;

    if (v.fail) {
        return -1;
    }
    rc = (int)syscall(SYS_unlinkat, dir, name, flags);
    if (rc == 0) {
        inject_log_unname(path);
    }
    inject_done(v);
    return rc;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int mkdirat(int dir, const char *name, mode_t to)
{
    char room[INJECT_PATH];
    const char *path = inject_full_path(dir, name, room);
    struct inject_verdict v = path[0] == '\0' || inject_inode_of(path) != 0
                                  ? inject_look("mkdir", path)
                                  : inject_change("mkdir", path);
    int rc;

    if (v.fail) {
        return -1;
    }
    rc = (int)syscall(SYS_mkdirat, dir, name, to);
    if (rc == 0) {
        inject_log_name(path, true);
    }
    inject_done(v);
    return rc;
}

int mkdir(const char *path, mode_t to)
{
    return mkdirat(AT_FDCWD, path, to);
}

/* What changes nothing, but may fail. */

static void *map(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
    if (inject_look("mmap", inject_path(fd)).fail) {
        return MAP_FAILED;
    }
    /* syscall() returns a number: an address, or -1 as MAP_FAILED is. */
    return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, off);
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
    return map(at, n, prot, flags, fd, off);
}

void *mmap64(void *at, size_t n, int prot, int flags, int fd, off64_t off)
{
    return map(at, n, prot, flags, fd, off);
}

/* Giving a lock back cannot fail, and SQLite counts on that. */
static bool unlocks(int cmd, const void *arg)
{
    const struct flock *lock = arg;

    return cmd == F_SETLK && lock->l_type == F_UNLCK;
}

static int control(int fd, int cmd, void *arg)
{
    if (unlocks(cmd, arg)) {
        return (int)syscall(SYS_fcntl, fd, cmd, arg);
    }
    return inject_look("fcntl", inject_path(fd)).fail
               ? -1
               : (int)syscall(SYS_fcntl, fd, cmd, arg);
}

/* Every argument of fcntl() fits into a pointer. */
int fcntl(int fd, int cmd, ...)
{
    va_list args;
    void *arg;

    va_start(args, cmd);
    arg = va_arg(args, void *);
    va_end(args);
    return control(fd, cmd, arg);
}

int fcntl64(int fd, int cmd, ...)
{
    va_list args;
    void *arg;

    va_start(args, cmd);
    arg = va_arg(args, void *);
    va_end(args);
    return control(fd, cmd, arg);
}

int flock(int fd, int how);
int flock(int fd, int how)
{
    return inject_look("flock", inject_path(fd)).fail
               ? -1
               : (int)syscall(SYS_flock, fd, how);
}

int fstat(int fd, struct stat *st)
{
    return inject_look("fstat", inject_path(fd)).fail
               ? -1
               : (int)syscall(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH);
}

int fstat64(int fd, struct stat64 *st)
{
    return inject_look("fstat", inject_path(fd)).fail
               ? -1
               : (int)syscall(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH);
}

/* Streams: as the linker names them. */
FILE *__real_fopen(const char *path, const char *how);
int __real_fflush(FILE *f);
int __real_fclose(FILE *f);
FILE *__wrap_fopen(const char *path, const char *how);
int __wrap_fflush(FILE *f);
int __wrap_fclose(FILE *f);

FILE *__wrap_fopen(const char *path, const char *how)
{
    char room[INJECT_PATH];
    const char *full = inject_full_path(AT_FDCWD, path, room);
    bool writes = how[0] == 'w';
    bool is_new = writes && full[0] != '\0' && inject_inode_of(full) == 0;
    struct inject_verdict v =
        writes ? inject_change("fopen", full) : inject_look("fopen", full);
    FILE *f;

    if (v.fail) {
        return NULL;
    }
    f = __real_fopen(path, how);
    if (f != NULL) {
        inject_remember(fileno(f), full);
        grown[fileno(f)] = 0;
        if (is_new) {
            inject_log_name(full, false);
        }
    }
    inject_done(v);
    return f;
}

int __wrap_fflush(FILE *f)
{
    struct inject_verdict v =
        f == NULL ? inject_look("fflush", "")
                  : inject_change("fflush", inject_path(fileno(f)));
    int rc;

    if (v.fail) {
        return EOF;
    }
    rc = __real_fflush(f);
    if (f != NULL) {
        inject_log_growth(fileno(f), &grown[fileno(f)]);
    }
    inject_done(v);
    return rc;
}

int __wrap_fclose(FILE *f)
{
    int fd = fileno(f);
    struct inject_verdict v = inject_look("fclose", inject_path(fd));
    int rc = __real_fclose(f);

    inject_forget(fd);
    if (v.fail) {
        errno = inject_error();
        return EOF;
    }
    return rc;
}
