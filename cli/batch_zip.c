/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/batch_zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/diag.h"

static int fail(const struct batch_zip *zip, int error)
{
    char words[ERRNO_WORDS_MAX];

    errno_words(error != 0 ? error : EIO, words);
    fprintf(stderr, "%s: %s: %s\n", zip->path, zip->name, words);
    return error == EEXIST ? CMD_REFUSED : CMD_FAILED;
}

int batch_zip_open(struct batch_zip *zip, const char *path, const char *name)
{
    struct stat st;

    *zip = (struct batch_zip){ .path = path, .name = name, .fd = -1 };
    if ((size_t)snprintf(zip->part, sizeof zip->part, "%s.part", name) >=
        sizeof zip->part) {
        return fail(zip, ENAMETOOLONG);
    }
    if (lstat(name, &st) == 0) {
        return fail(zip, EEXIST);
    }
    zip->fd = open(zip->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (zip->fd < 0) {
        return fail(zip, errno);
    }
    zip->archive = archive_write_new();
    if (zip->archive == NULL ||
        archive_write_set_format_zip(zip->archive) != ARCHIVE_OK ||
        archive_write_open_fd(zip->archive, zip->fd) != ARCHIVE_OK) {
        return fail(zip, ENOMEM);
    }
    return CMD_OK;
}

static int begin_entry(struct batch_zip *zip, const char *name, int64_t size)
{
    struct archive_entry *entry = archive_entry_new();
    int rc = CMD_FAILED;

    if (entry == NULL) {
        return fail(zip, ENOMEM);
    }
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    rc = archive_write_header(zip->archive, entry) == ARCHIVE_OK
             ? CMD_OK
             : fail(zip, archive_errno(zip->archive));
    archive_entry_free(entry);
    return rc;
}

static int put(struct batch_zip *zip, struct bm_bytes octets)
{
    return archive_write_data(zip->archive, octets.p, octets.n) ==
                   (la_ssize_t)octets.n
               ? CMD_OK
               : fail(zip, archive_errno(zip->archive));
}

int batch_zip_put(struct batch_zip *zip, const char *entry,
                  struct bm_bytes octets)
{
    int rc = begin_entry(zip, entry, (int64_t)octets.n);

    return rc == CMD_OK ? put(zip, octets) : rc;
}

int batch_zip_put_file(struct batch_zip *zip, const char *entry, FILE *file)
{
    uint8_t room[65536];
    size_t n = 1;
    int rc = CMD_FAILED;
    struct stat st;

    if (fflush(file) != 0 || fstat(fileno(file), &st) != 0 ||
        fseek(file, 0, SEEK_SET) != 0) {
        return fail(zip, errno);
    }
    rc = begin_entry(zip, entry, (int64_t)st.st_size);
    while (rc == CMD_OK && n != 0) {
        n = fread(room, 1, sizeof room, file);
        if (n != 0) {
            rc = put(zip, (struct bm_bytes){ room, n });
        }
    }
    return rc == CMD_OK && ferror(file) ? fail(zip, EIO) : rc;
}

int batch_zip_finish(struct batch_zip *zip)
{
    if (archive_write_close(zip->archive) != ARCHIVE_OK) {
        return fail(zip, archive_errno(zip->archive));
    }
    if (fsync(zip->fd) != 0 || link(zip->part, zip->name) != 0) {
        return fail(zip, errno);
    }
    return CMD_OK; /* .part goes with batch_zip_drop() */
}

void batch_zip_drop(struct batch_zip *zip)
{
    (void)archive_write_free(zip->archive);
    zip->archive = NULL;
    if (zip->fd >= 0) {
        (void)close(zip->fd);
        (void)unlink(zip->part);
    }
    zip->fd = -1;
}
