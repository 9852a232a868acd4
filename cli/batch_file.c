/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/batch_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/diag.h"

/* Octets of a file in a folder, which is a request; as many as are read. */
#define REQUEST_MAX 65536

static int fail(const struct batch_file *file, const char *name, int error)
{
    char words[ERRNO_WORDS_MAX];

    errno_words(error, words);
    fprintf(stderr, "%s: %s: %s\n", file->path, name, words);
    return CMD_FAILED;
}

/* A file without a name, gone when it is closed. */
static int open_nameless(void)
{
    FILE *f = tmpfile();
    int fd = f == NULL ? -1 : dup(fileno(f));

    if (f != NULL) {
        (void)fclose(f);
    }
    return fd;
}

/* ---- Standard input */

static int copy_input(struct batch_file *file)
{
    uint8_t room[65536];
    ssize_t n = 1;

    file->fd = open_nameless();
    while (file->fd >= 0 && n > 0) {
        n = read(STDIN_FILENO, room, sizeof room);
        if (n > 0 && write(file->fd, room, (size_t)n) != n) {
            n = -1;
        }
    }
    return file->fd < 0 || n < 0 ? fail(file, file->name, errno) : CMD_OK;
}

/* ---- A folder */

static int is_shown(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int put_file(const struct batch_file *file, struct archive *a, int dir,
                    const char *name)
{
    struct archive_entry *entry = archive_entry_new();
    uint8_t room[REQUEST_MAX + 1];
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 || fstat(fd, &st) != 0 ? -1 : 0;
    int rc = CMD_FAILED;

    if (n == 0 && !S_ISREG(st.st_mode)) {
        fprintf(stderr, "%s: %s/%s is no file\n", file->path, file->name, name);
        goto out;
    }
    n = n < 0 ? n : read(fd, room, sizeof room);
    if (n < 0 || n > REQUEST_MAX || entry == NULL) {
        rc = fail(file, name, n > REQUEST_MAX ? EFBIG : errno);
        goto out;
    }
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, n);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    if (archive_write_header(a, entry) == ARCHIVE_OK &&
        archive_write_data(a, room, (size_t)n) == n) {
        rc = CMD_OK;
    } else {
        rc = fail(file, name, archive_errno(a));
    }
out:
    if (fd >= 0) {
        (void)close(fd);
    }
    archive_entry_free(entry);
    return rc;
}

static int put_files(const struct batch_file *file, struct archive *a)
{
    struct dirent **names = NULL;
    int dir = open(file->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int n = dir < 0 ? -1 : scandir(file->name, &names, is_shown, alphasort);
    int rc = n < 0 ? fail(file, file->name, errno) : CMD_OK;

    for (int i = 0; i < n; i++) {
        if (rc == CMD_OK) {
            rc = put_file(file, a, dir, names[i]->d_name);
        }
        free(names[i]);
    }
    free(names);
    if (dir >= 0) {
        (void)close(dir);
    }
    return rc;
}

static int pack(struct batch_file *file)
{
    struct archive *a = archive_write_new();
    int rc = CMD_FAILED;

    file->fd = open_nameless();
    if (a == NULL || file->fd < 0 ||
        archive_write_set_format_pax_restricted(a) != ARCHIVE_OK ||
        archive_write_open_fd(a, file->fd) != ARCHIVE_OK) {
        rc = fail(file, file->name, ENOMEM);
    } else {
        rc = put_files(file, a);
    }
    if (rc == CMD_OK && archive_write_close(a) != ARCHIVE_OK) {
        rc = fail(file, file->name, archive_errno(a));
    }
    (void)archive_write_free(a);
    return rc;
}

/* ---- All */

int batch_file_open(struct batch_file *file, const char *path, const char *name)
{
    struct stat st;
    int rc = CMD_OK;

    *file = (struct batch_file){ .path = path, .name = name, .fd = -1 };
    if (strcmp(name, "-") == 0) {
        rc = copy_input(file);
    } else if (stat(name, &st) == 0 && S_ISDIR(st.st_mode)) {
        rc = pack(file);
    } else {
        file->fd = open(name, O_RDONLY | O_CLOEXEC);
        rc = file->fd < 0 ? fail(file, name, errno) : CMD_OK;
    }
    if (rc == CMD_OK && (fstat(file->fd, &st) != 0 || !S_ISREG(st.st_mode) ||
                         lseek(file->fd, 0, SEEK_SET) != 0)) {
        rc = fail(file, name, EINVAL);
    }
    if (rc == CMD_OK && st.st_size == 0) {
        fprintf(stderr, "%s: %s is empty\n", path, name);
        rc = CMD_FAILED;
    }
    file->size = rc == CMD_OK ? (uint64_t)st.st_size : 0;
    if (rc != CMD_OK) {
        batch_file_close(file);
    }
    return rc;
}

void batch_file_close(struct batch_file *file)
{
    if (file->fd >= 0) {
        (void)close(file->fd);
    }
    file->fd = -1;
}

int batch_file_read(const struct batch_file *file, uint64_t at, uint8_t *room,
                    size_t *n)
{
    ssize_t got = pread(file->fd, room, *n, (off_t)at);

    *n = got > 0 ? (size_t)got : 0;
    return got < 0 ? fail(file, file->name, errno) : CMD_OK;
}

int batch_file_hash(const struct batch_file *file,
                    const struct bm_crypto *crypto, uint8_t hash[BM_HASH_MAX])
{
    struct bm_hash_state state = { .hash = BM_HASH_NONE };
    uint8_t room[65536];
    bm_status rc = crypto->hash_begin(crypto->self, &state, BM_HASH_SHA256);
    uint64_t at = 0;

    while (rc == BM_OK && at < file->size) {
        size_t n = sizeof room;

        if (batch_file_read(file, at, room, &n) != CMD_OK || n == 0) {
            rc = BM_E_IO;
        } else {
            rc = crypto->hash_more(crypto->self, &state,
                                   (struct bm_bytes){ room, n });
        }
        at += n;
    }
    if (rc == BM_OK) {
        rc = crypto->hash_end(crypto->self, &state, hash);
    } else {
        (void)crypto->hash_end(crypto->self, &state, NULL);
    }
    return rc == BM_OK ? CMD_OK : fail(file, file->name, EIO);
}
