/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Files: connecting to one, making one, copying one. A file that is made
 * grows under the name PATH.new and gets its own name by link(2), which never
 * replaces anything, when all of it is on the disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite_internal.h"

/* Pages per step of a copy: a few milliseconds, then progress is told. */
#define COPY_PAGES 1024

/* How many copies of one version may lie beside a store. */
#define BACKUP_MAX 100

static bm_status errno_status(void)
{
    switch (errno) {
    case ENOENT:
        return BM_E_NOT_FOUND;
    case EEXIST:
        return BM_E_EXISTS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return BM_E_FULL;
    case ENOMEM:
        return BM_E_MEMORY;
    default:
        return BM_E_IO;
    }
}

static char *join(const char *path, const char *end)
{
    size_t n = strlen(path);
    size_t m = strlen(end);
    char *name = malloc(n + m + 1);

    if (name != NULL) {
        (void)snprintf(name, n + m + 1, "%s%s", path, end);
    }
    return name;
}

static bm_status sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    bm_status rc = BM_OK;

    if (fd < 0) {
        return errno_status();
    }
    if (fsync(fd) != 0) {
        rc = errno_status();
    }
    if (close(fd) != 0 && rc == BM_OK) {
        rc = errno_status();
    }
    return rc;
}

/* A new name is durable when its directory is. */
static bm_status sync_parent(const char *path)
{
    char *copy = join(path, "");
    bm_status rc;

    if (copy == NULL) {
        return BM_E_MEMORY;
    }
    rc = sync_path(dirname(copy), O_RDONLY | O_DIRECTORY);
    free(copy);
    return rc;
}

static bm_status publish(const char *temporary, const char *path)
{
    BM_TRY(sync_path(temporary, O_RDONLY));
    if (link(temporary, path) != 0) {
        return errno_status();
    }
    return sync_parent(path);
}

/* What SQLite may have left beside a file, besides the file. */
static bm_status remove_all(const char *path)
{
    static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
    bm_status rc = BM_OK;

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char *name = join(path, ends[i]);

        if (name == NULL) {
            return BM_E_MEMORY;
        }
        if (unlink(name) != 0 && errno != ENOENT && rc == BM_OK) {
            rc = errno_status();
        }
        free(name);
    }
    return rc;
}

/* An empty file of mode 0600 that nobody else may read; what a crash left
 * under that name is of no use to anybody, and a log of it would be taken for
 * one of the new file. */
static bm_status make_temporary(const char *path)
{
    int fd;

    BM_TRY(remove_all(path));
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno_status();
    }
    return close(fd) == 0 ? BM_OK : errno_status();
}

bm_status sqlite_connect(const char *path, int flags, sqlite3 **db)
{
    bm_status rc;
    int code =
        sqlite3_open_v2(path, db,
                        flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                            SQLITE_OPEN_EXRESCODE,
                        NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_busy_timeout(*db, STORE_WAIT_MS);
    }
    rc = sqlite_db_status(*db, code);
    /* A file that cannot be opened for writing SQLite opens for reading. */
    if (rc == BM_OK && (flags & SQLITE_OPEN_READWRITE) != 0 &&
        sqlite3_db_readonly(*db, "main") == 1) {
        rc = BM_E_IO;
    }
    if (rc != BM_OK) {
        sqlite3_close(*db);
        *db = NULL;
    }
    return rc;
}

/* sqlite.org/uri.html: but for '/', what is no letter or digit is escaped. */
static void put_uri_path(char *to, const char *path)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; *path != '\0'; path++) {
        unsigned char c = (unsigned char)*path;

        if (c == '/' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
            (c >= 'a' && c <= 'z')) {
            *to++ = *path;
        } else {
            *to++ = '%';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
    *to = '\0';
}

/* Otherwise SQLite opens the index of the log for writing, for its readers
 * note there what they read. */
bm_status sqlite_connect_beside(const char *path, sqlite3 **db)
{
    static const char scheme[] = "file:";
    static const char how[] = "?readonly_shm=1";
    char *uri = malloc(sizeof scheme + 3 * strlen(path) + sizeof how);
    bm_status rc;

    *db = NULL;
    if (uri == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(uri, scheme, sizeof scheme);
    put_uri_path(uri + sizeof scheme - 1, path);
    memcpy(uri + strlen(uri), how, sizeof how);
    rc = sqlite_connect(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, db);
    free(uri);
    return rc;
}

/* What a new file is: the rest of the settings is per connection. Pages of 8
 * KiB hold seven certificates and have half of the log's overhead. */
static bm_status fill_new(const char *path)
{
    sqlite3 *db = NULL;
    bm_status rc;
    int code;

    BM_TRY(sqlite_connect(path, SQLITE_OPEN_READWRITE, &db));
    rc = sqlite_db_status(
        db, sqlite3_exec(db,
                         "PRAGMA page_size = 8192; PRAGMA synchronous = FULL;"
                         "PRAGMA journal_mode = WAL",
                         NULL, NULL, NULL));
    if (rc == BM_OK) {
        rc = sqlite_schema_create(db);
    }
    if (rc == BM_OK) { /* close() does the same, but says nothing */
        rc = sqlite_status(sqlite3_wal_checkpoint_v2(
            db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
    }
    code = sqlite3_close(db);
    return rc != BM_OK ? rc : sqlite_status(code);
}

/* Is the name free? A log that has lost its file is not free either: it would
 * be taken for one of the new file, and may be all that is left of the old. */
static bm_status check_free(const char *path)
{
    char *log = join(path, "-wal");
    bm_status rc;

    if (log == NULL) {
        return BM_E_MEMORY;
    }
    rc =
        access(path, F_OK) == 0 || access(log, F_OK) == 0 ? BM_E_EXISTS : BM_OK;
    free(log);
    return rc;
}

bm_status sqlite_file_create(const char *path)
{
    char *temporary = join(path, ".new");
    bm_status rc = BM_E_INTERNAL;

    if (temporary == NULL) {
        return BM_E_MEMORY;
    }
    rc = check_free(path);
    if (rc != BM_OK) {
        goto out;
    }
    rc = make_temporary(temporary);
    if (rc == BM_OK) {
        rc = fill_new(temporary);
        if (rc == BM_OK) {
            rc = publish(temporary, path);
        }
        (void)remove_all(temporary);
    }

out:
    free(temporary);
    return rc;
}

static bm_status copy_pages(sqlite3 *from, sqlite3 *to,
                            void (*progress)(void *arg, uint64_t done,
                                             uint64_t total),
                            void *arg)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int code;

    if (backup == NULL) {
        return sqlite_status(sqlite3_extended_errcode(to));
    }
    do {
        code = sqlite3_backup_step(backup, COPY_PAGES);
        if (progress != NULL && (code == SQLITE_OK || code == SQLITE_DONE)) {
            int total = sqlite3_backup_pagecount(backup);

            progress(arg, (uint64_t)(total - sqlite3_backup_remaining(backup)),
                     (uint64_t)total);
        }
    } while (code == SQLITE_OK);
    (void)sqlite3_backup_finish(backup); /* repeats what the step said */
    return code == SQLITE_DONE ? BM_OK : sqlite_status(code);
}

bm_status sqlite_file_copy(sqlite3 *from, const char *path,
                           void (*progress)(void *arg, uint64_t done,
                                            uint64_t total),
                           void *arg)
{
    char *temporary = join(path, ".new");
    sqlite3 *to = NULL;
    bm_status rc = BM_E_INTERNAL;
    bool made = false;

    if (temporary == NULL) {
        return BM_E_MEMORY;
    }
    rc = check_free(path);
    if (rc != BM_OK) {
        goto out;
    }
    rc = make_temporary(temporary);
    if (rc != BM_OK) {
        goto out;
    }
    made = true;
    rc = sqlite_connect(temporary, SQLITE_OPEN_READWRITE, &to);
    if (rc != BM_OK) {
        goto out;
    }
    /* Nobody needs half of a copy: no journal, and one fsync at the end. */
    rc = sqlite_status(
        sqlite3_exec(to, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF",
                     NULL, NULL, NULL));
    if (rc == BM_OK) {
        rc = copy_pages(from, to, progress, arg);
    }
    if (sqlite3_close(to) != SQLITE_OK && rc == BM_OK) {
        rc = BM_E_STORE;
    }
    if (rc == BM_OK) {
        rc = publish(temporary, path);
    }

out:
    if (made) {
        (void)remove_all(temporary);
    }
    free(temporary);
    return rc;
}

/* A copy of what is committed, read by a connection of its own. */
static bm_status copy_committed(const char *path, const char *copy)
{
    sqlite3 *from = NULL;
    bm_status rc;

    BM_TRY(sqlite_connect(path, SQLITE_OPEN_READONLY, &from));
    rc = sqlite_file_copy(from, copy, NULL, NULL);
    sqlite3_close(from);
    return rc;
}

bm_status sqlite_file_backup(const char *path, int version)
{
    bm_status rc = BM_E_EXISTS;
    char end[32];

    for (int i = 1; rc == BM_E_EXISTS && i <= BACKUP_MAX; i++) {
        char *copy;

        if (i == 1) {
            (void)snprintf(end, sizeof end, ".v%d.bak", version);
        } else {
            (void)snprintf(end, sizeof end, ".v%d.bak.%d", version, i);
        }
        copy = join(path, end);
        if (copy == NULL) {
            return BM_E_MEMORY;
        }
        rc = copy_committed(path, copy);
        free(copy);
    }
    return rc;
}
