/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/keys/faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum fault mode;
static unsigned long fail_at;
static unsigned long count;
static char trace[256];
static size_t traced;

static void note(char letter)
{
    if (mode != FAULT_NONE && traced < sizeof trace - 1) {
        trace[traced++] = letter;
        trace[traced] = '\0';
    }
}

const char *fault_trace(void)
{
    return trace;
}

void fault_begin(enum fault fault, unsigned long at)
{
    count = 0;
    traced = 0;
    trace[0] = '\0';
    fail_at = at;
    mode = fault;
}

int fault_end(void)
{
    mode = FAULT_NONE;
    return fail_at != 0 && count >= fail_at;
}

/* Does this call fail? */
static int fails(int error)
{
    if (mode == FAULT_NONE || mode == FAULT_SHORT || fail_at == 0) {
        return 0;
    }
    count++;
    if (count < fail_at || (count > fail_at && mode == FAULT_ONE)) {
        return 0;
    }
    if (mode == FAULT_DIE) {
        _exit(FAULT_EXIT);
    }
    errno = error;
    return 1;
}

/* Every second call is interrupted, the others move one octet. */
static size_t shorten(size_t n)
{
    if (mode != FAULT_SHORT || n == 0) {
        return n;
    }
    count++;
    errno = EINTR;
    return count % 2;
}

/* As the linker names them. */
int __real_open(const char *path, int flags, ...);
int __real_openat(int dir, const char *path, int flags, ...);
ssize_t __real_read(int fd, void *buf, size_t n);
ssize_t __real_write(int fd, const void *buf, size_t n);
ssize_t __real_pwrite(int fd, const void *buf, size_t n, off_t at);
int __real_fdatasync(int fd);
int __real_ftruncate(int fd, off_t n);
int __real_close(int fd);
int __real_fsync(int fd);
int __real_fstat(int fd, struct stat *st);
int __real_fchmod(int fd, mode_t to);
int __real_flock(int fd, int how);
int __real_linkat(int from, const char *a, int to, const char *b, int flags);
int __real_renameat(int from, const char *a, int to, const char *b);
int __real_unlinkat(int dir, const char *path, int flags);
int __real_mkdirat(int dir, const char *path, mode_t to);
int __real_mkdir(const char *path, mode_t to);
int __real_link(const char *a, const char *b);
DIR *__real_fdopendir(int fd);
void *__real_mmap(void *at, size_t n, int prot, int flags, int fd, off_t off);
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
ssize_t __wrap_read(int fd, void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n);
ssize_t __wrap_pwrite(int fd, const void *buf, size_t n, off_t at);
int __wrap_fdatasync(int fd);
int __wrap_ftruncate(int fd, off_t n);
int __wrap_close(int fd);
int __wrap_fsync(int fd);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_fchmod(int fd, mode_t to);
int __wrap_flock(int fd, int how);
int __wrap_linkat(int from, const char *a, int to, const char *b, int flags);
int __wrap_renameat(int from, const char *a, int to, const char *b);
int __wrap_unlinkat(int dir, const char *path, int flags);
int __wrap_mkdirat(int dir, const char *path, mode_t to);
int __wrap_mkdir(const char *path, mode_t to);
int __wrap_link(const char *a, const char *b);
DIR *__wrap_fdopendir(int fd);
void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t off);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    mode_t create = 0;

    if ((flags & O_CREAT) != 0) {
        va_start(args, flags);
        create = va_arg(args, mode_t);
        va_end(args);
    }
    return fails(EMFILE) ? -1 : __real_open(path, flags, create);
}

int __wrap_openat(int dir, const char *path, int flags, ...)
{
    va_list args;
    mode_t create = 0;

    if ((flags & O_CREAT) != 0) {
        va_start(args, flags);
        create = va_arg(args, mode_t);
        va_end(args);
    }
    return fails(EMFILE) ? -1 : __real_openat(dir, path, flags, create);
}

ssize_t __wrap_read(int fd, void *buf, size_t n)
{
    size_t some = shorten(n);

    return fails(EIO) || (n != 0 && some == 0) ? -1
                                               : __real_read(fd, buf, some);
}

/* A write that fails has written half of it before. */
ssize_t __wrap_write(int fd, const void *buf, size_t n)
{
    size_t some = shorten(n);

    if (n != 0 && some == 0) {
        return -1;
    }
    if (mode != FAULT_NONE && mode != FAULT_SHORT && count + 1 == fail_at) {
        (void)!__real_write(fd, buf, n / 2);
    }
    note('w');
    return fails(ENOSPC) ? -1 : __real_write(fd, buf, some);
}

ssize_t __wrap_pwrite(int fd, const void *buf, size_t n, off_t at)
{
    size_t some = shorten(n);

    if (n != 0 && some == 0) {
        return -1;
    }
    if (mode != FAULT_NONE && mode != FAULT_SHORT && count + 1 == fail_at) {
        (void)!__real_pwrite(fd, buf, n / 2, at);
    }
    note('w');
    return fails(ENOSPC) ? -1 : __real_pwrite(fd, buf, some, at);
}

int __wrap_fdatasync(int fd)
{
    note('s');
    return fails(EIO) ? -1 : __real_fdatasync(fd);
}

int __wrap_ftruncate(int fd, off_t n)
{
    return fails(EIO) ? -1 : __real_ftruncate(fd, n);
}

/* As on Linux, the descriptor is gone in any case. */
int __wrap_close(int fd)
{
    int failed = fails(EIO);
    int rc = __real_close(fd);

    if (failed) {
        errno = EIO;
    }
    return failed ? -1 : rc;
}

int __wrap_fsync(int fd)
{
    note('s');
    return fails(EIO) ? -1 : __real_fsync(fd);
}

int __wrap_fstat(int fd, struct stat *st)
{
    return fails(EIO) ? -1 : __real_fstat(fd, st);
}

int __wrap_fchmod(int fd, mode_t to)
{
    return fails(EPERM) ? -1 : __real_fchmod(fd, to);
}

int __wrap_flock(int fd, int how)
{
    return fails(ENOLCK) ? -1 : __real_flock(fd, how);
}

int __wrap_linkat(int from, const char *a, int to, const char *b, int flags)
{
    note('l');
    return fails(EIO) ? -1 : __real_linkat(from, a, to, b, flags);
}

int __wrap_renameat(int from, const char *a, int to, const char *b)
{
    note('r');
    return fails(EIO) ? -1 : __real_renameat(from, a, to, b);
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
    return fails(EIO) ? -1 : __real_unlinkat(dir, path, flags);
}

int __wrap_mkdirat(int dir, const char *path, mode_t to)
{
    note('m');
    return fails(ENOSPC) ? -1 : __real_mkdirat(dir, path, to);
}

int __wrap_mkdir(const char *path, mode_t to)
{
    note('m');
    return fails(ENOSPC) ? -1 : __real_mkdir(path, to);
}

int __wrap_link(const char *a, const char *b)
{
    note('l');
    return fails(EIO) ? -1 : __real_link(a, b);
}

DIR *__wrap_fdopendir(int fd)
{
    return fails(ENOMEM) ? NULL : __real_fdopendir(fd);
}

void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
    return fails(ENOMEM) ? MAP_FAILED
                         : __real_mmap(at, n, prot, flags, fd, off);
}

void *__wrap_malloc(size_t n)
{
    return fails(ENOMEM) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails(ENOMEM) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails(ENOMEM) ? NULL : __real_realloc(p, n);
}
