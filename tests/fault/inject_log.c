/* SPDX-License-Identifier: Apache-2.0 */

/* What happened to the disk, in order: for power.c. */
#define _GNU_SOURCE /* syscall() */

#include "tests/fault/inject_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct inject_log *kept;

void inject_keep_log(struct inject_log *log)
{
    kept = log;
}

uint64_t inject_inode_of(const char *path)
{
    struct stat st;

    return syscall(SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) ==
                   0
               ? (uint64_t)st.st_ino
               : 0;
}

static uint64_t inode_of_fd(int fd)
{
    struct stat st;

    return syscall(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) == 0
               ? (uint64_t)st.st_ino
               : 0;
}

/* Where the next entry goes; NULL when there is no log or no room. */
static uint8_t *log_room(struct inject_entry *e)
{
    uint64_t n = (sizeof *e + e->n + 7) & ~(uint64_t)7;
    uint8_t *at;

    if (kept == NULL) {
        return NULL;
    }
    if (kept->cap - kept->n < n + sizeof *e) {
        kept->overflow++;
        return NULL;
    }
    at = kept->data + kept->n;
    e->change = inject_changes();
    memcpy(at, e, sizeof *e);
    kept->n += n;
    return at + sizeof *e;
}

void inject_log_write(int fd, const void *data, size_t n, uint64_t at)
{
    struct inject_entry e = { .op = INJECT_OP_WRITE,
                              .n = (uint32_t)n,
                              .at = at };
    uint8_t *room;

    if (kept == NULL || inject_path(fd)[0] == '\0') {
        return;
    }
    e.inode = inode_of_fd(fd);
    room = log_room(&e);
    if (room != NULL) {
        memcpy(room, data, n);
    }
}

void inject_log_plain(enum inject_op op, int fd, uint64_t at)
{
    struct inject_entry e = { .op = op, .at = at };

    if (kept != NULL && inject_path(fd)[0] != '\0') {
        e.inode = inode_of_fd(fd);
        (void)log_room(&e);
    }
}

static uint64_t parent_inode(const char *path)
{
    char room[INJECT_PATH];
    const char *slash = strrchr(path, '/');

    (void)snprintf(room, sizeof room, "%.*s",
                   slash == path ? 1 : (int)(slash - path), path);
    return inject_inode_of(room);
}

static const char *last_part(const char *path)
{
    return strrchr(path, '/') + 1;
}

void inject_log_name(const char *path, bool is_dir)
{
    struct inject_entry e = { .op = INJECT_OP_NAME, .is_dir = is_dir };
    uint8_t *room;

    if (kept == NULL || path[0] == '\0') {
        return;
    }
    e.n = (uint32_t)strlen(last_part(path)) + 1;
    e.inode = parent_inode(path);
    e.other = inject_inode_of(path);
    room = log_room(&e);
    if (room != NULL) {
        memcpy(room, last_part(path), e.n);
    }
}

void inject_log_unname(const char *path)
{
    struct inject_entry e = { .op = INJECT_OP_UNNAME };
    uint8_t *room;

    if (kept == NULL || path[0] == '\0') {
        return;
    }
    e.n = (uint32_t)strlen(last_part(path)) + 1;
    e.inode = parent_inode(path);
    room = log_room(&e);
    if (room != NULL) {
        memcpy(room, last_part(path), e.n);
    }
}

void inject_log_move(const char *from, const char *to)
{
    struct inject_entry e = { .op = INJECT_OP_MOVE };
    size_t a;
    size_t b;
    uint8_t *room;

    if (kept == NULL || from[0] == '\0' || to[0] == '\0') {
        return;
    }
    a = strlen(last_part(from)) + 1;
    b = strlen(last_part(to)) + 1;
    e.n = (uint32_t)(a + b);
    e.inode = parent_inode(from);
    e.other = parent_inode(to);
    room = log_room(&e);
    if (room != NULL) {
        memcpy(room, last_part(from), a);
        memcpy(room + a, last_part(to), b);
    }
}

void inject_log_growth(int fd, uint64_t *from)
{
    uint8_t buf[4096];
    ssize_t n;

    if (kept == NULL || inject_path(fd)[0] == '\0') {
        return;
    }
    while ((n = syscall(SYS_pread64, fd, buf, sizeof buf, *from)) > 0) {
        inject_log_write(fd, buf, (size_t)n, *from);
        *from += (uint64_t)n;
    }
}
