/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_FILES_H
#define BM_STORE_TEST_FILES_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A directory of its own for the files of a test program. */

#define FILES_PATH_MAX 256

static char files_dir[64];

static inline void files_start(void)
{
    /* In memory where there is such a place: what is tested is the order of
     * writes, not the disk. */
    (void)snprintf(files_dir, sizeof files_dir, "%s/bm-store-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(files_dir) == NULL) {
        printf("Bail out! no directory\n");
        exit(1);
    }
}

static inline void files_path(const char *name, char path[FILES_PATH_MAX])
{
    (void)snprintf(path, FILES_PATH_MAX, "%s/%s", files_dir, name);
}

/* The file and whatever SQLite has put beside it. */
static inline void files_remove(const char *path)
{
    static const char *const ends[] = { "", "-wal", "-shm", "-journal",
                                        ".new" };
    char name[FILES_PATH_MAX + 48];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

static inline void files_end(void)
{
    char name[FILES_PATH_MAX + 300];
    struct dirent *e;
    DIR *d = opendir(files_dir);

    while (d != NULL && (e = readdir(d)) != NULL) {
        (void)snprintf(name, sizeof name, "%s/%s", files_dir, e->d_name);
        (void)unlink(name);
    }
    if (d != NULL) {
        (void)closedir(d);
    }
    (void)rmdir(files_dir);
}

#endif
