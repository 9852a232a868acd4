/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/part_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/diag.h"

static int fail(const struct part_file *file, int error)
{
    char words[ERRNO_WORDS_MAX];

    errno_words(error, words);
    fprintf(stderr, "%s: %s: %s\n", file->path, file->name, words);
    return error == EEXIST ? CMD_REFUSED : CMD_FAILED;
}

int part_file_open(struct part_file *file, const char *path, const char *name)
{
    struct stat st;

    *file = (struct part_file){ .path = path, .name = name, .fd = -1 };
    if ((size_t)snprintf(file->part, sizeof file->part, "%s.part", name) >=
        sizeof file->part) {
        return fail(file, ENAMETOOLONG);
    }
    if (lstat(name, &st) == 0) {
        return fail(file, EEXIST);
    }
    file->fd = open(file->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return file->fd >= 0 ? CMD_OK : fail(file, errno);
}

int part_file_put(struct part_file *file, struct bm_bytes octets)
{
    while (octets.n != 0) {
        ssize_t n = write(file->fd, octets.p, octets.n);

        if (n < 0 && errno != EINTR) {
            return fail(file, errno);
        }
        if (n > 0) {
            octets.p += n;
            octets.n -= (size_t)n;
        }
    }
    return CMD_OK;
}

int part_file_finish(struct part_file *file)
{
    if (fsync(file->fd) != 0 || link(file->part, file->name) != 0) {
        return fail(file, errno);
    }
    return CMD_OK; /* .part goes with part_file_drop() */
}

void part_file_drop(struct part_file *file)
{
    if (file->fd >= 0) {
        (void)close(file->fd);
        (void)unlink(file->part);
    }
    file->fd = -1;
}
