/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/slot_flash.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/fs.h"

static bool is_outside(uint32_t at, size_t n)
{
    return at > SLOT_FLASH_SIZE || n > SLOT_FLASH_SIZE - at;
}

/* msync(2) wants the beginning of a page. */
static bm_status sync_range(const struct slot_flash *f, uint32_t at, size_t n)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t first = at / page * page;

    return msync(f->map + first, at - first + n, MS_SYNC) == 0
               ? BM_OK
               : fs_status(errno);
}

static bm_status slot_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    const struct slot_flash *f = self;

    if (is_outside(at, n)) {
        return BM_E_FLASH_RANGE;
    }
    memcpy(out, f->map + at, n);
    return BM_OK;
}

static bm_status slot_program(void *self, uint32_t at, struct bm_bytes data)
{
    struct slot_flash *f = self;

    if (is_outside(at, data.n)) {
        return BM_E_FLASH_RANGE;
    }
    memcpy(f->map + at, data.p, data.n);
    return sync_range(f, at, data.n);
}

static bm_status slot_erase(void *self, uint32_t at)
{
    struct slot_flash *f = self;

    if (is_outside(at, SLOT_FLASH_SECTOR)) {
        return BM_E_FLASH_RANGE;
    }
    memset(f->map + at, 0xff, SLOT_FLASH_SECTOR);
    return sync_range(f, at, SLOT_FLASH_SECTOR);
}

/* A file without blocks would be found out by a signal, when it is written to:
 * they are asked for here. */
static bm_status give_size(int fd, const char *path)
{
    struct stat st;
    int error;

    if (fstat(fd, &st) != 0) {
        return fs_status(errno);
    }
    if (!S_ISREG(st.st_mode)) {
        return BM_E_LOG_FORMAT;
    }
    if (st.st_size == (off_t)SLOT_FLASH_SIZE) {
        return BM_OK;
    }
    error = posix_fallocate(fd, 0, (off_t)SLOT_FLASH_SIZE);
    if (error != 0) {
        return fs_status(error);
    }
    if (ftruncate(fd, (off_t)SLOT_FLASH_SIZE) != 0 || fsync(fd) != 0) {
        return fs_status(errno);
    }
    return fs_sync_parent(path);
}

static bm_status map_file(struct slot_flash *f, const char *path)
{
    void *map;

    f->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
                 S_IRUSR | S_IWUSR);
    if (f->fd < 0) {
        return fs_status(errno);
    }
    BM_TRY(give_size(f->fd, path));
    map = mmap(NULL, SLOT_FLASH_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd,
               0);
    if (map == MAP_FAILED) {
        return fs_status(errno);
    }
    f->map = map;
    f->mapped = map;
    return BM_OK;
}

bm_status slot_flash_open(struct slot_flash *f, const char *path)
{
    bm_status rc;

    memset(f, 0, sizeof *f);
    f->flash = (struct bm_flash){ .self = f,
                                  .sector = SLOT_FLASH_SECTOR,
                                  .sectors = SLOT_FLASH_SECTORS,
                                  .unit = 1,
                                  .read = slot_read,
                                  .program = slot_program,
                                  .erase = slot_erase };
    rc = map_file(f, path);
    if (rc != BM_OK) {
        slot_flash_close(f);
    }
    return rc;
}

void slot_flash_close(struct slot_flash *f)
{
    if (f->map != NULL) {
        (void)munmap(f->map, SLOT_FLASH_SIZE);
    }
    if (f->flash.self != NULL && f->fd >= 0) {
        (void)close(f->fd);
    }
    memset(f, 0, sizeof *f);
}
