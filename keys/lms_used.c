/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* statx */

/*
 * NAME.lms-used: lines of LINE octets, so that where a line is says which index
 * it takes, also where a cut left half of one.
 *
 *     birthmark-lms-used 1 KEY INODE BORN MACHINE   the first, then blanks
 *     INDEX TIME DIGEST                             for each that is used
 *
 * KEY is the start of the public key's root, MACHINE that of a hash of
 * /etc/machine-id. INODE and BORN, nanoseconds, are the file's own name: ext4
 * gives the inode of a file that was removed to the next one, but no program
 * can say when a file was born.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "keys/internal.h"
#include "keys/lms_internal.h"

#define LINE     96u
#define NAMED    8u /* octets of key and machine that are written */
#define MODE     0600
#define FILE_MAX ((BM_LMS_INDEXES + 2) * LINE)

/* Octets of /etc/machine-id: 32 digits, and what may be behind them. */
#define MACHINE_MAX 64

static void put_hex(char *out, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * n] = '\0';
}

/* A machine without an identity is a machine of its own kind: all zeros. */
static bm_status machine(const struct bm_crypto *crypto,
                         char hex[2 * NAMED + 1])
{
    uint8_t id[MACHINE_MAX];
    uint8_t digest[BM_HASH_MAX] = { 0 };
    int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);
    ssize_t n = 0;

    if (fd >= 0) {
        n = read(fd, id, sizeof id);
        (void)close(fd);
    }
    if (n > 0) {
        BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256,
                            (struct bm_bytes){ id, (size_t)n }, digest));
    }
    put_hex(hex, digest, NAMED);
    return BM_OK;
}

/* The line that names the file: it is right in this file alone. */
static bm_status name_line(const struct bm_lms_place *place, int fd,
                           const uint8_t *public, char line[LINE + 1])
{
    char key[2 * NAMED + 1];
    char where[2 * NAMED + 1];
    unsigned long long born = 0; /* of a file system that does not know */
    struct statx st;
    int n;

    if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st) != 0) {
        return disk_status(errno);
    }
    if ((st.stx_mask & STATX_BTIME) != 0) {
        born = (unsigned long long)st.stx_btime.tv_sec * 1000000000u +
               st.stx_btime.tv_nsec;
    }
    BM_TRY(machine(place->crypto, where));
    put_hex(key, public + BM_LMS_PUBLIC_SIZE - 32, NAMED);
    n = snprintf(line, LINE + 1, "birthmark-lms-used 1 %s %llx %llx %s", key,
                 (unsigned long long)st.stx_ino, born, where);
    if (n < 0 || (size_t)n >= LINE) {
        return BM_E_INTERNAL;
    }
    memset(line + n, ' ', LINE - 1 - (size_t)n);
    line[LINE - 1] = '\n';
    line[LINE] = '\0';
    return BM_OK;
}

static bm_status write_at(int fd, const char *p, size_t n, off_t at)
{
    while (n > 0) {
        ssize_t done = pwrite(fd, p, n, at);

        if (done < 0 && errno != EINTR) {
            return disk_status(errno);
        }
        if (done > 0) {
            p += done;
            n -= (size_t)done;
            at += done;
        }
    }
    return fsync(fd) == 0 ? BM_OK : disk_status(errno);
}

bm_status lms_used_make(const struct bm_lms_place *place, int dir,
                        const uint8_t public[BM_LMS_PUBLIC_SIZE])
{
    char name[BM_KEY_FILE_NAME_MAX + 1];
    char line[LINE + 1];
    bm_status rc;
    int fd;

    BM_TRY(lms_name(place->name, ".lms-used", name));
    fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                MODE);
    if (fd < 0) {
        return disk_status(errno);
    }
    rc = name_line(place, fd, public, line);
    if (rc == BM_OK) {
        rc = write_at(fd, line, LINE, 0);
    }
    (void)close(fd);
    if (rc == BM_OK && fsync(dir) != 0) {
        rc = disk_status(errno);
    }
    if (rc != BM_OK) {
        lms_used_remove(place, dir);
    }
    return rc;
}

void lms_used_remove(const struct bm_lms_place *place, int dir)
{
    char name[BM_KEY_FILE_NAME_MAX + 1];

    if (lms_name(place->name, ".lms-used", name) == BM_OK) {
        (void)unlinkat(dir, name, 0);
    }
}

/* Is it the file that was made with this key, and how much of it is used? Half
 * a line counts. */
static bm_status look(const struct bm_lms_place *place, int fd,
                      const uint8_t *public, uint32_t *used)
{
    char want[LINE + 1];
    char line[LINE];
    struct stat st;

    BM_TRY(name_line(place, fd, public, want));
    if (fstat(fd, &st) != 0) {
        return disk_status(errno);
    }
    if (!S_ISREG(st.st_mode) || st.st_size > (off_t)FILE_MAX ||
        pread(fd, line, LINE, 0) != (ssize_t)LINE ||
        memcmp(line, want, LINE) != 0) {
        return BM_E_LMS_RETIRED;
    }
    *used = (uint32_t)(((size_t)st.st_size - 1) / LINE);
    return BM_OK;
}

/* The file, locked; a key without one has lost its memory. */
static bm_status open_used(const struct bm_lms_place *place, int *fd)
{
    char name[BM_KEY_FILE_NAME_MAX + 1];
    int dir = -1;
    int error;

    BM_TRY(lms_name(place->name, ".lms-used", name));
    BM_TRY(disk_open_dir(place->dir, &dir));
    *fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    error = errno;
    (void)close(dir);
    if (*fd < 0) {
        return error == ENOENT ? BM_E_LMS_RETIRED : disk_status(error);
    }
    while (flock(*fd, LOCK_EX) != 0) {
        if (errno != EINTR) {
            (void)close(*fd);
            return BM_E_LMS_STATE;
        }
    }
    return BM_OK;
}

/* Half a line stays half a line: what is appended begins at the next. */
static bm_status append(int fd, uint32_t index, const uint8_t digest[32])
{
    char line[LINE + 1];
    char hex[65];
    struct tm tm;
    time_t now = time(NULL);
    int n;

    if (gmtime_r(&now, &tm) == NULL) {
        return BM_E_INTERNAL;
    }
    put_hex(hex, digest, 32);
    n = snprintf(line, sizeof line, "%4u %04d-%02d-%02dT%02d:%02d:%02dZ %s",
                 index, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                 tm.tm_hour, tm.tm_min, tm.tm_sec, hex);
    if (n < 0 || (size_t)n >= LINE) {
        return BM_E_INTERNAL;
    }
    memset(line + n, ' ', LINE - 1 - (size_t)n);
    line[LINE - 1] = '\n';
    return write_at(fd, line, LINE, (off_t)(index + 1) * (off_t)LINE);
}

bm_status bm_lms_take(const struct bm_lms_place *place,
                      const uint8_t public[BM_LMS_PUBLIC_SIZE],
                      const uint8_t digest[32], uint32_t *index)
{
    uint32_t used = 0;
    bm_status rc;
    int fd;

    BM_TRY(open_used(place, &fd));
    rc = look(place, fd, public, &used);
    if (rc == BM_OK && used >= BM_LMS_INDEXES) {
        rc = BM_E_LMS_SPENT;
    }
    if (rc == BM_OK && append(fd, used, digest) != BM_OK) {
        rc = BM_E_LMS_STATE;
    }
    if (close(fd) != 0 && rc == BM_OK) {
        rc = BM_E_LMS_STATE;
    }
    if (rc == BM_OK) {
        *index = used;
    }
    return rc;
}

bm_status bm_lms_used(const struct bm_lms_place *place,
                      const uint8_t public[BM_LMS_PUBLIC_SIZE], uint32_t *used)
{
    bm_status rc;
    int fd;

    BM_TRY(open_used(place, &fd));
    rc = look(place, fd, public, used);
    (void)close(fd);
    return rc;
}
