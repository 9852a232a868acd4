/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bm_status fs_status(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return BM_E_NOT_FOUND;
    case EEXIST:
        return BM_E_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return BM_E_FULL;
    case ENOMEM:
        return BM_E_MEMORY;
    default:
        return BM_E_IO;
    }
}

bm_status fs_sync_dir(int dir)
{
    return fsync(dir) == 0 ? BM_OK : fs_status(errno);
}

/* The folder of a path into `room`. */
static bm_status parent_of(const char *path, char room[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path);

    if (n >= PATH_MAX) {
        return BM_E_LIMIT;
    }
    if (slash == NULL) {
        memcpy(room, ".", 2);
        return BM_OK;
    }
    memcpy(room, path, n == 0 ? 1 : n);
    room[n == 0 ? 1 : n] = '\0';
    return BM_OK;
}

bm_status fs_sync_parent(const char *path)
{
    char parent[PATH_MAX];
    bm_status rc;
    int fd;

    BM_TRY(parent_of(path, parent));
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return fs_status(errno);
    }
    rc = fs_sync_dir(fd);
    (void)close(fd);
    return rc;
}

static bm_status read_fd(int fd, uint8_t *data, size_t cap, size_t *n)
{
    *n = 0;
    while (*n < cap) {
        ssize_t got = read(fd, data + *n, cap - *n);

        if (got == 0) {
            return BM_OK;
        }
        if (got < 0 && errno != EINTR) {
            return fs_status(errno);
        }
        *n += got > 0 ? (size_t)got : 0;
    }
    return BM_E_LIMIT;
}

static bm_status read_open(int fd, size_t max, uint8_t **data, size_t *n)
{
    uint8_t *room = malloc(max + 2);
    bm_status rc;

    if (room == NULL) {
        return BM_E_MEMORY;
    }
    rc = read_fd(fd, room, max + 1, n);
    if (rc != BM_OK) {
        bm_wipe(room, max + 2);
        free(room);
        *n = 0;
        return rc;
    }
    room[*n] = '\0';
    *data = room;
    return BM_OK;
}

bm_status fs_read(const char *path, size_t max, uint8_t **data, size_t *n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bm_status rc;

    *data = NULL;
    *n = 0;
    if (fd < 0) {
        return fs_status(errno);
    }
    rc = read_open(fd, max, data, n);
    (void)close(fd);
    return rc;
}

static bm_status check_secret(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return fs_status(errno);
    }
    if (!S_ISREG(st.st_mode)) {
        return BM_E_KEYS_FILE;
    }
    return (st.st_uid == geteuid() || st.st_uid == 0) &&
                   (st.st_mode & (S_IRWXG | S_IRWXO)) == 0
               ? BM_OK
               : BM_E_KEYS_MODE;
}

bm_status fs_read_secret(const char *path, size_t max, uint8_t **data,
                         size_t *n)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    bm_status rc;

    *data = NULL;
    *n = 0;
    if (fd < 0) {
        return errno == ELOOP ? BM_E_KEYS_FILE : fs_status(errno);
    }
    rc = check_secret(fd);
    if (rc == BM_OK) {
        rc = read_open(fd, max, data, n);
    }
    (void)close(fd);
    return rc;
}

static bm_status write_fd(int fd, struct bm_bytes data)
{
    while (data.n != 0) {
        ssize_t put = write(fd, data.p, data.n);

        if (put < 0 && errno != EINTR) {
            return fs_status(errno);
        }
        if (put > 0) {
            data.p += put;
            data.n -= (size_t)put;
        }
    }
    return BM_OK;
}

/* The owner first: who may read a file by its mode is decided last. */
static bm_status fill(int fd, struct bm_bytes data,
                      const struct fs_owner *owner)
{
    if ((owner->user != (uid_t)-1 || owner->group != (gid_t)-1) &&
        fchown(fd, owner->user, owner->group) != 0) {
        return fs_status(errno);
    }
    BM_TRY(write_fd(fd, data));
    return fchmod(fd, owner->mode) == 0 && fsync(fd) == 0 ? BM_OK
                                                          : fs_status(errno);
}

bm_status fs_write_new(int dir, const char *name, struct bm_bytes data,
                       const struct fs_owner *owner)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    S_IRUSR | S_IWUSR);
    bm_status rc;

    if (fd < 0) {
        return fs_status(errno);
    }
    rc = fill(fd, data, owner);
    if (close(fd) != 0 && rc == BM_OK) {
        rc = fs_status(errno);
    }
    if (rc != BM_OK) {
        (void)unlinkat(dir, name, 0);
    }
    return rc;
}

static bm_status make_one(const char *path, mode_t mode)
{
    const mode_t before = umask(0); /* 077: main.c */
    const int error = mkdir(path, mode) == 0 ? 0 : errno;

    (void)umask(before);
    if (error == 0) {
        return fs_sync_parent(path);
    }
    return error == EEXIST ? BM_OK : fs_status(error);
}

bm_status fs_make_dir(const char *path, mode_t mode)
{
    char room[PATH_MAX];
    size_t n = strlen(path);

    if (n >= sizeof room) {
        return BM_E_LIMIT;
    }
    memcpy(room, path, n + 1);
    for (size_t i = 1; i < n; i++) {
        if (room[i] == '/') {
            room[i] = '\0';
            BM_TRY(make_one(room, 0755));
            room[i] = '/';
        }
    }
    return make_one(room, mode);
}
