/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/file_flash.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/fs.h"

/* How often a lock is tried, and how often a copy that changes is made. */
#define STEP_MS     20
#define COPY_ROUNDS 200

static const uint8_t blank[FILE_FLASH_SECTOR] = { 0 };

static bool is_outside(uint32_t at, size_t n)
{
    return at > FILE_FLASH_SIZE || n > FILE_FLASH_SIZE - at;
}

/* ---- In the file */

static bm_status read_at(int fd, uint32_t at, uint8_t *out, size_t n)
{
    while (n != 0) {
        ssize_t got = pread(fd, out, n, (off_t)at);

        if (got == 0 || (got < 0 && errno != EINTR)) {
            return BM_E_IO;
        }
        if (got > 0) {
            out += got;
            at += (uint32_t)got;
            n -= (size_t)got;
        }
    }
    return BM_OK;
}

static bm_status write_at(int fd, uint32_t at, struct bm_bytes data)
{
    while (data.n != 0) {
        ssize_t put = pwrite(fd, data.p, data.n, (off_t)at);

        if (put < 0 && errno != EINTR) {
            return fs_status(errno);
        }
        if (put > 0) {
            data.p += put;
            data.n -= (size_t)put;
            at += (uint32_t)put;
        }
    }
    return fdatasync(fd) == 0 ? BM_OK : fs_status(errno);
}

/*
 * What the file holds is the complement of what the flash does: a file that
 * is made, and a hole in it, are then blank.
 */
static void invert(uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)~out[i];
    }
}

static bm_status file_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    const struct file_flash *f = self;

    if (is_outside(at, n)) {
        return BM_E_FLASH_RANGE;
    }
    BM_TRY(read_at(f->fd, at, out, n));
    invert(out, n);
    return BM_OK;
}

static bm_status check_program(uint32_t at, struct bm_bytes data)
{
    if (is_outside(at, data.n)) {
        return BM_E_FLASH_RANGE;
    }
    return at % FILE_FLASH_UNIT == 0 && data.n % FILE_FLASH_UNIT == 0
               ? BM_OK
               : BM_E_FLASH_ALIGN;
}

static bm_status check_erase(uint32_t at)
{
    if (is_outside(at, FILE_FLASH_SECTOR)) {
        return BM_E_FLASH_RANGE;
    }
    return at % FILE_FLASH_SECTOR == 0 ? BM_OK : BM_E_FLASH_ALIGN;
}

static bm_status file_program(void *self, uint32_t at, struct bm_bytes data)
{
    const struct file_flash *f = self;
    uint8_t room[FILE_FLASH_SECTOR];

    BM_TRY(check_program(at, data));
    while (data.n != 0) {
        size_t n = data.n < sizeof room ? data.n : sizeof room;

        memcpy(room, data.p, n);
        invert(room, n);
        BM_TRY(write_at(f->fd, at, (struct bm_bytes){ room, n }));
        at += (uint32_t)n;
        data.p += n;
        data.n -= n;
    }
    return BM_OK;
}

static bm_status file_erase(void *self, uint32_t at)
{
    const struct file_flash *f = self;

    BM_TRY(check_erase(at));
    return write_at(f->fd, at, BM_ARRAY(blank));
}

/* ---- In the copy */

static bm_status copy_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    const struct file_flash *f = self;

    if (is_outside(at, n)) {
        return BM_E_FLASH_RANGE;
    }
    memcpy(out, f->copy + at, n);
    return BM_OK;
}

static bm_status copy_program(void *self, uint32_t at, struct bm_bytes data)
{
    struct file_flash *f = self;

    BM_TRY(check_program(at, data));
    memcpy(f->copy + at, data.p, data.n);
    return BM_OK;
}

static bm_status copy_erase(void *self, uint32_t at)
{
    struct file_flash *f = self;

    BM_TRY(check_erase(at));
    memset(f->copy + at, 0xff, FILE_FLASH_SECTOR);
    return BM_OK;
}

/* ---- Opening */

static void init(struct file_flash *f)
{
    memset(f, 0, sizeof *f);
    f->fd = -1;
    f->flash = (struct bm_flash){ .self = f,
                                  .sector = FILE_FLASH_SECTOR,
                                  .sectors = FILE_FLASH_SECTORS,
                                  .unit = FILE_FLASH_UNIT };
}

/* Ours alone, and nothing but a file: it has what is private in it. */
static bm_status check_file(int fd, off_t *size)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return fs_status(errno);
    }
    if (!S_ISREG(st.st_mode)) {
        return BM_E_LOG_FORMAT;
    }
    if (st.st_uid != geteuid()) {
        return BM_E_AGENT_USER;
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return BM_E_KEYS_MODE;
    }
    *size = st.st_size;
    return BM_OK;
}

static bm_status take_lock(int fd, unsigned wait_ms)
{
    for (unsigned waited = 0; flock(fd, LOCK_EX | LOCK_NB) != 0;
         waited += STEP_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return fs_status(errno);
        }
        if (waited >= wait_ms) {
            return BM_E_BUSY;
        }
        (void)poll(NULL, 0, STEP_MS);
    }
    return BM_OK;
}

/* A file that is new, or whose making was cut, has no length yet. */
static bm_status give_size(int fd, const char *path, off_t size)
{
    if (size != 0) {
        return size == (off_t)FILE_FLASH_SIZE ? BM_OK : BM_E_LOG_FORMAT;
    }
    if (ftruncate(fd, (off_t)FILE_FLASH_SIZE) != 0 || fsync(fd) != 0) {
        return fs_status(errno);
    }
    return fs_sync_parent(path);
}

static bm_status open_locked(struct file_flash *f, const char *path,
                             unsigned wait_ms)
{
    off_t size = 0;

    f->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
                 S_IRUSR | S_IWUSR);
    if (f->fd < 0) {
        return errno == ELOOP ? BM_E_LOG_FORMAT : fs_status(errno);
    }
    BM_TRY(check_file(f->fd, &size));
    BM_TRY(take_lock(f->fd, wait_ms));
    BM_TRY(check_file(f->fd, &size));
    return give_size(f->fd, path, size);
}

bm_status file_flash_open(struct file_flash *f, const char *path,
                          unsigned wait_ms)
{
    bm_status rc;

    init(f);
    f->flash.read = file_read;
    f->flash.program = file_program;
    f->flash.erase = file_erase;
    rc = open_locked(f, path, wait_ms);
    if (rc != BM_OK) {
        file_flash_close(f);
    }
    return rc;
}

/* Until two copies in a row are the same. */
static bm_status copy_twice(struct file_flash *f, int fd, uint8_t *again)
{
    BM_TRY(read_at(fd, 0, f->copy, FILE_FLASH_SIZE));
    for (unsigned i = 0; i < COPY_ROUNDS; i++) {
        BM_TRY(read_at(fd, 0, again, FILE_FLASH_SIZE));
        if (memcmp(again, f->copy, FILE_FLASH_SIZE) == 0) {
            invert(f->copy, FILE_FLASH_SIZE);
            return BM_OK;
        }
        memcpy(f->copy, again, FILE_FLASH_SIZE);
        (void)poll(NULL, 0, STEP_MS);
    }
    return BM_E_BUSY;
}

static bm_status copy_file(struct file_flash *f, int fd)
{
    uint8_t *again = malloc(FILE_FLASH_SIZE);
    off_t size = 0;
    bm_status rc = BM_E_MEMORY;

    f->copy = malloc(FILE_FLASH_SIZE);
    if (f->copy == NULL || again == NULL) {
        goto out;
    }
    rc = check_file(fd, &size);
    if (rc != BM_OK) {
        goto out;
    }
    if (size != (off_t)FILE_FLASH_SIZE) {
        rc = size == 0 ? BM_E_NOT_FOUND : BM_E_LOG_FORMAT;
        goto out;
    }
    rc = copy_twice(f, fd, again);

out:
    if (again != NULL) {
        bm_wipe(again, FILE_FLASH_SIZE);
    }
    free(again);
    return rc;
}

bm_status file_flash_look(struct file_flash *f, const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    bm_status rc;

    init(f);
    if (fd < 0) {
        return errno == ELOOP ? BM_E_LOG_FORMAT : fs_status(errno);
    }
    f->flash.read = copy_read;
    f->flash.program = copy_program;
    f->flash.erase = copy_erase;
    rc = copy_file(f, fd);
    (void)close(fd);
    if (rc != BM_OK) {
        file_flash_close(f);
    }
    return rc;
}

void file_flash_close(struct file_flash *f)
{
    if (f->flash.self != NULL && f->fd >= 0) {
        (void)close(f->fd);
    }
    if (f->copy != NULL) {
        bm_wipe(f->copy, FILE_FLASH_SIZE);
        free(f->copy);
    }
    memset(f, 0, sizeof *f);
    f->fd = -1;
}
