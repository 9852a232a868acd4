/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Files that hold secrets. Writing follows one pattern: the data is on the
 * disk under a name that nobody looks for, then it gets its name in one step,
 * then the folder is on the disk, too.
 *
 * Writers take turns by a lock on the folder. Under the lock all such names
 * belong to the dead, and are removed. The lock is flock(2) on a description
 * opened for it: one that is shared after a fork would not exclude anybody.
 * Where a folder cannot be locked (NFS), nothing is removed, and names that
 * carry the process id keep writers apart.
 */
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/internal.h"

/* Names tried before giving up; each is left by a dead process of our id. */
#define TEMPORARY_TRIES 100

bm_status disk_status(int error)
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
    case ELOOP: /* O_NOFOLLOW met a symbolic link */
        return BM_E_KEYS_FILE;
    default:
        return BM_E_IO;
    }
}

bm_status disk_open_dir(const char *path, int *dir)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return disk_status(errno);
    }
    *dir = fd;
    return BM_OK;
}

bm_status disk_open_dir_of(const char *path, int *dir, const char **name)
{
    const char *slash = strrchr(path, '/');
    char folder[DISK_PATH_MAX];
    size_t n;

    if (slash == NULL) {
        *name = path;
        return disk_open_dir(".", dir);
    }
    n = slash == path ? 1 : (size_t)(slash - path);
    if (n >= sizeof folder) {
        return BM_E_LIMIT;
    }
    memcpy(folder, path, n);
    folder[n] = '\0';
    *name = slash + 1;
    return disk_open_dir(folder, dir);
}

bm_status disk_read(int fd, uint8_t *buf, size_t cap, size_t *n)
{
    size_t len = 0;
    uint8_t beyond;

    for (;;) {
        bool full = len == cap;
        ssize_t got =
            read(fd, full ? &beyond : buf + len, full ? 1 : cap - len);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return disk_status(errno);
        }
        if (got == 0) {
            *n = len;
            return BM_OK;
        }
        if (full) {
            return BM_E_LIMIT;
        }
        len += (size_t)got;
    }
}

/* Whose folder a file lies in. */
static bool folder_owner(const struct disk_file *file, uid_t *owner)
{
    const char *slash = strrchr(file->name, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - file->name) + 1;
    char folder[PATH_MAX] = "."; /* with its slash: links are followed */
    struct stat st;

    if (n >= sizeof folder) {
        return false;
    }
    if (n != 0) {
        memcpy(folder, file->name, n);
        folder[n] = '\0';
    }
    if (fstatat(file->dir, folder, &st, 0) != 0) {
        return false;
    }
    *owner = st.st_uid;
    return true;
}

/*
 * Ours, or root's. Root also reads what belongs to whom its folder belongs: a
 * server that gives up root opens the keys of the user that it becomes.
 */
static bool is_owner_good(const struct disk_file *file, uid_t owner)
{
    uid_t folder;

    if (owner == geteuid() || owner == 0) {
        return true;
    }
    return geteuid() == 0 && folder_owner(file, &folder) && owner == folder;
}

static bm_status check_file(int fd, const struct disk_file *file)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return disk_status(errno);
    }
    if (!S_ISREG(st.st_mode)) {
        return BM_E_KEYS_FILE;
    }
    if ((st.st_mode & file->forbidden) != 0 ||
        !is_owner_good(file, st.st_uid)) {
        return BM_E_KEYS_MODE;
    }
    return BM_OK;
}

bm_status disk_read_file(const struct disk_file *file, uint8_t *buf, size_t cap,
                         size_t *n)
{
    /* O_NONBLOCK: a FIFO in its place is refused, not waited for. */
    int fd = openat(file->dir, file->name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bm_status rc;

    if (fd < 0) {
        return disk_status(errno);
    }
    rc = check_file(fd, file);
    if (rc == BM_OK) {
        rc = disk_read(fd, buf, cap, n);
    }
    (void)close(fd);
    return rc;
}

static bm_status write_all(int fd, struct bm_bytes data)
{
    while (data.n != 0) {
        ssize_t put = write(fd, data.p, data.n);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return disk_status(errno);
        }
        data.p += put;
        data.n -= (size_t)put;
    }
    return BM_OK;
}

/* All of `data`, its mode and its end are on the disk; closes `fd`. */
static bm_status fill(int fd, struct bm_bytes data)
{
    bm_status rc = write_all(fd, data);

    if (rc == BM_OK && (fchmod(fd, S_IRUSR) != 0 || fsync(fd) != 0)) {
        rc = disk_status(errno);
    }
    if (close(fd) != 0 && rc == BM_OK) {
        rc = disk_status(errno);
    }
    return rc;
}

static bm_status sync_dir(int dir)
{
    return fsync(dir) == 0 ? BM_OK : disk_status(errno);
}

static int make(int dir, const char *name)
{
    return openat(dir, name,
                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  S_IRUSR | S_IWUSR);
}

bm_status disk_create(int dir, const char *name, struct bm_bytes data)
{
    int fd = make(dir, name);
    bm_status rc;

    if (fd < 0) {
        return disk_status(errno);
    }
    rc = fill(fd, data);
    if (rc == BM_OK) {
        rc = sync_dir(dir);
    }
    if (rc != BM_OK) {
        (void)unlinkat(dir, name, 0);
    }
    return rc;
}

static bool is_leftover(const char *name)
{
    size_t n = strlen(name);
    size_t end = sizeof DISK_LEFTOVER - 1;

    return name[0] == '.' && n > end &&
           strcmp(name + n - end, DISK_LEFTOVER) == 0;
}

/*
 * `*lock` is closed to release it; it is -1 where folders cannot be locked.
 * Blocks as long as others write.
 */
static bm_status lock_dir(int dir, int *lock)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = 0;

    *lock = -1;
    if (fd < 0) {
        return disk_status(errno);
    }
    do {
        error = flock(fd, LOCK_EX) == 0 ? 0 : errno;
    } while (error == EINTR);
    if (error == 0) {
        *lock = fd;
        return BM_OK;
    }
    (void)close(fd);
    return error == EBADF || error == EINVAL || error == EOPNOTSUPP ||
                   error == ENOSYS
               ? BM_OK
               : disk_status(error);
}

/* Only under the lock. What cannot be removed does no harm where it is. */
static void remove_leftovers(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    if (list == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return;
    }
    while ((entry = readdir(list)) != NULL) {
        if (is_leftover(entry->d_name)) {
            (void)unlinkat(dir, entry->d_name, 0);
        }
    }
    (void)closedir(list);
}

/* Write the data under a name of its own, which is put into `temporary`. */
static bm_status write_aside(int dir, const char *name, struct bm_bytes data,
                             char temporary[NAME_MAX + 1])
{
    int fd = -1;
    bm_status rc;

    for (unsigned i = 0; fd < 0 && i < TEMPORARY_TRIES; i++) {
        int n = snprintf(temporary, NAME_MAX + 1, ".%s.%ld-%u" DISK_LEFTOVER,
                         name, (long)getpid(), i);

        if (n < 0 || n > NAME_MAX) {
            return BM_E_LIMIT;
        }
        fd = make(dir, temporary);
        if (fd < 0 && errno != EEXIST) {
            return disk_status(errno);
        }
    }
    if (fd < 0) {
        return BM_E_IO;
    }
    rc = fill(fd, data);
    if (rc != BM_OK) {
        (void)unlinkat(dir, temporary, 0);
    }
    return rc;
}

/* link() refuses where rename() would overwrite. */
static bm_status name_new(int dir, const char *temporary, const char *name)
{
    bm_status rc;

    if (linkat(dir, temporary, dir, name, 0) != 0) {
        rc = disk_status(errno);
        (void)unlinkat(dir, temporary, 0);
        return rc;
    }
    (void)unlinkat(dir, temporary, 0);
    rc = sync_dir(dir);
    if (rc != BM_OK) {
        (void)unlinkat(dir, name, 0);
    }
    return rc;
}

static bm_status name_instead(int dir, const char *temporary, const char *name)
{
    if (renameat(dir, temporary, dir, name) != 0) {
        bm_status rc = disk_status(errno);

        (void)unlinkat(dir, temporary, 0);
        return rc;
    }
    return sync_dir(dir);
}

bm_status disk_publish(int dir, const char *name, struct bm_bytes data,
                       enum disk_how how)
{
    char temporary[NAME_MAX + 1];
    int lock;
    bm_status rc;

    BM_TRY(lock_dir(dir, &lock));
    if (lock >= 0) {
        remove_leftovers(dir);
    }
    rc = write_aside(dir, name, data, temporary);
    if (rc == BM_OK) {
        rc = how == DISK_NEW ? name_new(dir, temporary, name)
                             : name_instead(dir, temporary, name);
    }
    if (lock >= 0) {
        (void)close(lock);
    }
    return rc;
}

/*
 * Where the old blocks are written to again, nothing is left in them. A file
 * system that writes elsewhere, and a flash disk, keep a copy for a while,
 * which is one that is sealed.
 */
static bm_status overwrite(int dir, const char *name, off_t size)
{
    static const uint8_t zeros[512];
    int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    bm_status rc = BM_OK;

    if (fd < 0) {
        return disk_status(errno);
    }
    while (rc == BM_OK && size > 0) {
        size_t n = size < (off_t)sizeof zeros ? (size_t)size : sizeof zeros;

        rc = write_all(fd, (struct bm_bytes){ zeros, n });
        size -= (off_t)n;
    }
    if (rc == BM_OK && fsync(fd) != 0) {
        rc = disk_status(errno);
    }
    (void)close(fd);
    return rc;
}

/* Writable for us, which its mode of 0400 is not. */
static bm_status make_writable(int dir, const char *name, off_t *size)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    bm_status rc = BM_OK;

    if (fd < 0) {
        return disk_status(errno);
    }
    if (fstat(fd, &st) != 0 || fchmod(fd, S_IRUSR | S_IWUSR) != 0) {
        rc = disk_status(errno);
    } else if (!S_ISREG(st.st_mode)) {
        rc = BM_E_KEYS_FILE;
    } else {
        *size = st.st_size;
    }
    (void)close(fd);
    return rc;
}

bm_status disk_destroy(int dir, const char *name)
{
    off_t size = 0;
    bm_status rc = make_writable(dir, name, &size);

    if (rc == BM_E_NOT_FOUND) { /* perhaps it went, and that is not durable */
        return sync_dir(dir);
    }
    BM_TRY(rc);
    BM_TRY(overwrite(dir, name, size));
    if (unlinkat(dir, name, 0) != 0) {
        return disk_status(errno);
    }
    return sync_dir(dir);
}
