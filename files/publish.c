/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* renameat2 */
#include "files/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/*
 * Neither links nor a rename that spares what is there (some FUSE and network
 * file systems): an empty file of our own takes the name, and is replaced. A
 * crash between the two leaves it, and a reader may see it empty.
 */
static int claim_and_rename(const char *temporary, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                  (mode_t)0600);
    int error;

    if (fd < 0) {
        return -1;
    }
    (void)close(fd);
    if (rename(temporary, path) == 0) {
        return 0;
    }
    error = errno;
    (void)unlink(path);
    errno = error;
    return -1;
}

/* FAT and exFAT, which sticks have, know no links: link() says EPERM. */
static int publish_without_links(const char *temporary, const char *path)
{
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    return errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP
               ? claim_and_rename(temporary, path)
               : -1;
}

int files_publish(const char *temporary, const char *path)
{
    /* link(), unlike rename(), fails when the name is taken. */
    if (link(temporary, path) == 0) {
        return 0;
    }
    return errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS
               ? publish_without_links(temporary, path)
               : -1;
}
