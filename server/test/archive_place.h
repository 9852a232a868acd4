/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_TEST_ARCHIVE_PLACE_H
#define BM_SERVER_TEST_ARCHIVE_PLACE_H

/* Archives of tests, in a folder that goes with the test. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/files.h"
#include "server/archive.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

static const struct archive_kind kinds[] = {
    { "birthmark.yaml", 100, 0644 },
    { "keys/", 1000, 0400 },
    { "a", 1000, 0 },
    { "a.txt", 1000, 0 },
    { "b/", 1000, 0 },
    { "a/", 1000, 0 },
    { "big/", 1 << 20, 0 },
    { NULL, 0, 0 },
};

static inline void must(int ok, const char *what)
{
    if (!ok) {
        printf("Bail out! %s\n", what);
        exit(1);
    }
}

/* A folder of the test's own, and paths in it. */
static char base[FILES_PATH_MAX];

/* More than any test has in use at a time. */
#define ROOM 64
static inline const char *in_base(const char *name)
{
    static char paths[ROOM][FILES_PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % ROOM];

    must(files_path(path, base, name) == BM_OK, "path");
    return path;
}

static inline void base_make(void)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(base, sizeof base, "%s/birthmark-XXXXXX",
                   tmp == NULL ? "/tmp" : tmp);
    must(mkdtemp(base) != NULL, "no temporary folder");
}

static inline void base_remove(void)
{
    /* The deepest archive is as deep as files_remove_tree() goes. */
    must(files_remove_tree(in_base("out"), NULL) == BM_OK, "archive stays");
    must(files_remove_tree(base, NULL) == BM_OK, "temporary folder stays");
}

static inline bool exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

static inline void put(const char *name, const char *text)
{
    must(files_create(in_base(name),
                      (struct bm_bytes){ (const uint8_t *)text, strlen(text) },
                      0600, NULL) == BM_OK,
         "cannot write");
}

static inline struct archive_unpack_config unpack_config(struct bm_bytes data,
                                                         const char *dir)
{
    return (struct archive_unpack_config){ .crypto = bm_test_crypto(),
                                           .data = data,
                                           .kinds = kinds,
                                           .total_max = 1 << 21,
                                           .dir = dir };
}

#endif
