/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* What a first piece asks for: most files fit. */
#define PIECE 4096

/* Read to the end, or one octet more than `max`. */
static bm_status read_all(int fd, size_t max, char **text, size_t *n)
{
    size_t cap = 0;
    ssize_t got;

    do {
        if (*n == cap) {
            char *more = realloc(*text, (cap = 2 * cap + PIECE) + 1);

            if (more == NULL) {
                return BM_E_MEMORY;
            }
            *text = more;
        }
        got = read(fd, *text + *n, cap - *n);
        if (got < 0 && errno != EINTR) {
            return BM_E_IO;
        }
        *n += got > 0 ? (size_t)got : 0;
        if (*n > max) {
            return BM_E_CONFIG_DEPTH;
        }
    } while (got != 0);
    (*text)[*n] = '\0';
    return BM_OK;
}

bm_status config_load(const char *path, size_t max, char **text, size_t *n)
{
    bm_status rc;
    int error;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    *text = NULL;
    *n = 0;
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? BM_E_NOT_FOUND : BM_E_IO;
    }
    rc = read_all(fd, max, text, n);
    error = errno;
    close(fd);
    errno = error;
    if (rc != BM_OK) {
        free(*text);
        *text = NULL;
        *n = 0;
    }
    return rc;
}
