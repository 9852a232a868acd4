/* SPDX-License-Identifier: Apache-2.0 */

/* Files that are published, as they are on disk. They arrive by rename, so
 * whoever has one open has it whole. */
/* O_PATH */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/publisher_internal.h"

/* Each element for itself, so that no link is followed anywhere. */
static int open_below(int dir, const char *path)
{
    int at = dir;
    int fd;

    for (;;) {
        const char *slash = strchr(path, '/');
        char name[SITE_FILE_MAX];
        size_t n = slash == NULL ? strlen(path) : (size_t)(slash - path);
        int flags =
            slash == NULL ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY;

        if (n == 0 || n >= sizeof name) {
            fd = -1;
        } else {
            memcpy(name, path, n);
            name[n] = '\0';
            fd = openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC);
        }
        if (at != dir) {
            (void)close(at);
        }
        if (fd < 0 || slash == NULL) {
            return fd;
        }
        at = fd;
        path = slash + 1;
    }
}

bm_status publisher_open(int dir, const char *path, struct publisher_file *file)
{
    struct stat st;
    int fd = open_below(dir, path);

    memset(file, 0, sizeof *file);
    file->fd = -1;
    if (fd < 0) {
        return errno == ENFILE || errno == EMFILE ? BM_E_FULL : BM_E_NOT_FOUND;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd);
        return BM_E_NOT_FOUND;
    }
    file->fd = fd;
    file->size = (uint64_t)st.st_size;
    file->modified = st.st_mtim.tv_sec;
    (void)snprintf(file->etag, sizeof file->etag,
                   "\"%" PRIx64 "%08lx-%" PRIx64 "\"",
                   (uint64_t)st.st_mtim.tv_sec,
                   (unsigned long)st.st_mtim.tv_nsec, file->size);
    return BM_OK;
}

void publisher_answer_words(struct http_request *r, unsigned status,
                            const char *words)
{
    static const struct http_header headers[] = {
        { "Cache-Control", "no-store" }, { NULL, NULL }
    };
    struct http_reply reply = { .status = status,
                                .type = "text/plain; charset=utf-8",
                                .headers = headers,
                                .body = { (const uint8_t *)words,
                                          strlen(words) } };

    http_answer(r, &reply);
}

/*
 * C2SP tlog-tiles: "Tiles ... immutable"; a checkpoint is always the newest.
 * A CRL is good until its nextUpdate, but its successor is there sooner.
 */
static const struct {
    const char *type;
    const char *cache_control;
} kinds[] = {
    [SITE_CRL] = { "application/pkix-crl", "public, max-age=300" },
    [SITE_BUNDLE] = { "application/cms", "public, max-age=300" },
    [SITE_CHECKPOINT] = { "text/plain; charset=utf-8", "no-cache" },
    [SITE_TILE] = { "application/octet-stream",
                    "public, max-age=31536000, immutable" },
};

void publisher_answer_file(int dir, const struct site_path *site,
                           struct http_request *r)
{
    struct publisher_file file;
    char date[STATUS_DATE_SIZE];
    struct http_header headers[] = { { "Cache-Control",
                                       kinds[site->kind].cache_control },
                                     { "ETag", file.etag },
                                     { "Last-Modified", date },
                                     { NULL, NULL } };
    struct http_reply reply = { .status = 200,
                                .type = kinds[site->kind].type,
                                .headers = headers };
    bm_status rc = publisher_open(dir, site->file, &file);

    if (rc != BM_OK) {
        publisher_answer_words(r, rc == BM_E_NOT_FOUND ? 404 : 503,
                               rc == BM_E_NOT_FOUND ? "There is no such file.\n"
                                                    : "Try again later.\n");
        return;
    }
    status_date_put(date, file.modified);
    if (status_not_modified(http_header(r, "If-None-Match"),
                            http_header(r, "If-Modified-Since"), file.etag,
                            file.modified)) {
        (void)close(file.fd);
        reply.status = 304;
        reply.type = NULL;
        http_answer(r, &reply);
        return;
    }
    http_answer_file(r, &reply, file.fd, (struct http_part){ 0, file.size });
}

void publisher_answer_octets(struct http_request *r,
                             const struct publisher_octets *octets)
{
    struct http_header headers[] = { { "Cache-Control", octets->cache_control },
                                     { "ETag", octets->etag },
                                     { NULL, NULL } };
    struct http_reply reply = { .status = 200,
                                .type = octets->type,
                                .headers = headers,
                                .body = octets->body };

    if (status_etag_matches(http_header(r, "If-None-Match"), octets->etag)) {
        reply.status = 304;
        reply.type = NULL;
        reply.body.n = 0;
    }
    http_answer(r, &reply);
}
