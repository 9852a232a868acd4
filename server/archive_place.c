/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The folder that an archive is unpacked to. It is new and nobody else's, and
 * every step down is by open folders that follow no links.
 *
 * Names come in order, so most files lie in the folder of the one before,
 * which stays open; a folder is synced when it is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/files.h"
#include "server/archive_internal.h"

static int open_dir(int parent, const char *name)
{
    return openat(parent, name,
                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bm_status archive_place_make(struct archive_place *place, const char *path,
                             struct ca_refusal *why)
{
    *place = (struct archive_place){ .root = -1, .dir = -1 };
    if (path == NULL) {
        return BM_OK;
    }
    if (mkdir(path, 0700) != 0) {
        return archive_refuse_errno(why, errno, path);
    }
    place->root = open_dir(AT_FDCWD, path);
    if (place->root < 0) {
        int error = errno;

        (void)rmdir(path);
        return archive_refuse_errno(why, error, path);
    }
    return BM_OK;
}

/* Leave the folder of the last file; an errno or 0. */
static int leave(struct archive_place *place)
{
    int error = place->dir >= 0 && fsync(place->dir) != 0 ? errno : 0;

    if (place->dir >= 0) {
        (void)close(place->dir);
        place->dir = -1;
    }
    return error;
}

/* Make a folder unless it is there, and go in; an errno or 0. */
static int step_down(int *dir, const char *name)
{
    int error = 0;
    int next;

    if (mkdirat(*dir, name, 0700) != 0 && errno != EEXIST) {
        return errno;
    }
    next = open_dir(*dir, name);
    if (next < 0 || fsync(*dir) != 0) {
        error = errno;
    }
    (void)close(*dir);
    *dir = next;
    return error;
}

/* Go to the folder `at`, which is below the root; an errno or 0. */
static int go(struct archive_place *place, const char *at)
{
    char part[ARCHIVE_NAME_MAX + 1];
    int error = leave(place);

    if (error != 0) {
        return error;
    }
    place->dir = open_dir(place->root, ".");
    if (place->dir < 0) {
        return errno;
    }
    while (error == 0 && *at != '\0') {
        size_t n = strcspn(at, "/");

        memcpy(part, at, n);
        part[n] = '\0';
        error = step_down(&place->dir, part);
        at += at[n] == '/' ? n + 1 : n;
    }
    return error;
}

bm_status archive_place_open(struct archive_place *place, const char *name,
                             int *fd, struct ca_refusal *why)
{
    const char *slash = strrchr(name, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - name);
    char at[ARCHIVE_NAME_MAX + 1];

    *fd = -1;
    if (place->root < 0) {
        return BM_OK;
    }
    memcpy(at, name, n); /* a name of an archive is that short */
    at[n] = '\0';
    if (place->dir < 0 || strcmp(at, place->at) != 0) {
        int error = go(place, at);

        memcpy(place->at, at, n + 1);
        if (error != 0) {
            return archive_refuse_errno(why, error, name);
        }
    }
    *fd = openat(place->dir, slash == NULL ? name : slash + 1,
                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return *fd < 0 ? archive_refuse_errno(why, errno, name) : BM_OK;
}

bm_status archive_place_finish(struct archive_place *place, const char *path,
                               struct ca_refusal *why)
{
    char parent[FILES_PATH_MAX];
    int error;

    if (place->root < 0) {
        return BM_OK;
    }
    error = leave(place);
    if (error == 0 && fsync(place->root) != 0) {
        error = errno;
    }
    if (error != 0) {
        return archive_refuse_errno(why, error, path);
    }
    /* ".." of what is open is right however `path` was written. */
    BM_TRY(files_path(parent, path, ".."));
    return files_sync_dir(parent, why);
}

void archive_place_close(struct archive_place *place)
{
    if (place->dir >= 0) {
        (void)close(place->dir);
    }
    if (place->root >= 0) {
        (void)close(place->root);
    }
    *place = (struct archive_place){ .root = -1, .dir = -1 };
}
