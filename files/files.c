/* SPDX-License-Identifier: Apache-2.0 */
#include "files/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/pem.h"
#include "files/internal.h"

static bm_status fail(struct ca_refusal *why, const char *path)
{
    int error = errno;
    char words[128];

    if (strerror_r(error, words, sizeof words) != 0) {
        words[0] = '\0';
    }
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return ca_refuse(why, BM_E_NOT_FOUND, "%s: %s", path, words);
    case EEXIST:
    case ENOTEMPTY:
        return ca_refuse(why, BM_E_EXISTS, "%s", path);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ca_refuse(why, BM_E_FULL, "%s", path);
    case ENOMEM:
        return ca_refuse_plain(why, BM_E_MEMORY);
    default:
        return ca_refuse(why, BM_E_IO, "%s: %s", path, words);
    }
}

bm_status files_path(char path[FILES_PATH_MAX], const char *dir,
                     const char *name)
{
    int n = snprintf(path, FILES_PATH_MAX, "%s/%s", dir, name);

    return n > 0 && n < FILES_PATH_MAX ? BM_OK : BM_E_LIMIT;
}

static bm_status read_all(FILE *f, size_t max, uint8_t **data, size_t *n)
{
    size_t cap = 4096;
    size_t used = 0;
    uint8_t *buf = malloc(cap);

    while (buf != NULL) {
        size_t got = fread(buf + used, 1, cap - used, f);
        uint8_t *more;

        used += got;
        if (used > max || ferror(f)) {
            free(buf);
            return used > max ? BM_E_LIMIT : BM_E_IO;
        }
        if (used < cap) {
            *data = buf;
            *n = used;
            return BM_OK;
        }
        cap *= 2;
        more = realloc(buf, cap);
        if (more == NULL) {
            free(buf);
        }
        buf = more;
    }
    return BM_E_MEMORY;
}

bm_status files_read(const char *path, size_t max, uint8_t **data, size_t *n,
                     struct ca_refusal *why)
{
    FILE *f = fopen(path, "rbe");
    bm_status rc;

    *data = NULL;
    *n = 0;
    if (f == NULL) {
        return fail(why, path);
    }
    rc = read_all(f, max, data, n);
    if (rc == BM_E_IO) {
        rc = fail(why, path);
    } else if (rc != BM_OK) {
        rc = ca_refuse(why, rc, "%s", path);
    }
    (void)fclose(f);
    return rc;
}

static bm_status write_all(int fd, struct bm_bytes data)
{
    while (data.n != 0) {
        ssize_t n = write(fd, data.p, data.n);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return BM_E_IO;
        }
        data.p += n;
        data.n -= (size_t)n;
    }
    return fsync(fd) == 0 ? BM_OK : BM_E_IO;
}

/* The directory that `path` is in. */
static bm_status sync_parent(const char *path, struct ca_refusal *why)
{
    char dir[FILES_PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path);

    if (n >= sizeof dir) {
        return ca_refuse(why, BM_E_LIMIT, "%s", path);
    }
    memcpy(dir, path, n);
    dir[n] = '\0';
    return files_sync_dir(slash == NULL ? "." : n == 0 ? "/" : dir, why);
}

bm_status files_sync_dir(const char *path, struct ca_refusal *why)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bm_status rc = BM_OK;

    if (fd < 0 || fsync(fd) != 0) {
        rc = fail(why, path);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

/* What lies there from an earlier crash has no reader. */
static bm_status write_temporary(const char *path, const char *temporary,
                                 struct bm_bytes data, unsigned mode,
                                 struct ca_refusal *why)
{
    int fd;
    bm_status rc = BM_OK;

    (void)unlink(temporary);
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
              (mode_t)mode);
    if (fd < 0) {
        return fail(why, path);
    }
    if (write_all(fd, data) != BM_OK) {
        rc = fail(why, path);
    }
    if (close(fd) != 0 && rc == BM_OK) {
        rc = fail(why, path);
    }
    if (rc != BM_OK) {
        (void)unlink(temporary);
    }
    return rc;
}

static bm_status temporary_name(char name[FILES_PATH_MAX], const char *path)
{
    int n = snprintf(name, FILES_PATH_MAX, "%s.new", path);

    return n > 0 && n < FILES_PATH_MAX ? BM_OK : BM_E_LIMIT;
}

/* On a stick PATH.new may be somebody's. */
static bm_status own_name(char name[FILES_PATH_MAX], const char *path)
{
    int n = snprintf(name, FILES_PATH_MAX, "%s.%ld.new", path, (long)getpid());

    return n > 0 && n < FILES_PATH_MAX ? BM_OK : BM_E_LIMIT;
}

bm_status files_draft_open(struct files_draft *draft, const char *path,
                           struct bm_bytes data, unsigned mode,
                           struct ca_refusal *why)
{
    struct stat there;

    draft->open = false;
    if (strlen(path) >= sizeof draft->path ||
        own_name(draft->temporary, path) != BM_OK) {
        return ca_refuse(why, BM_E_LIMIT, "%s", path);
    }
    memcpy(draft->path, path, strlen(path) + 1);
    if (lstat(path, &there) == 0) {
        return ca_refuse(why, BM_E_EXISTS, "%s", path);
    }
    BM_TRY(write_temporary(path, draft->temporary, data, mode, why));
    draft->open = true;
    return BM_OK;
}

bm_status files_draft_publish(struct files_draft *draft, struct ca_refusal *why)
{
    bm_status rc = BM_OK;

    if (files_publish(draft->temporary, draft->path) != 0) {
        rc = fail(why, draft->path);
    }
    files_draft_drop(draft);
    return rc == BM_OK ? sync_parent(draft->path, why) : rc;
}

void files_draft_drop(struct files_draft *draft)
{
    if (draft->open) {
        (void)unlink(draft->temporary);
    }
    draft->open = false;
}

bm_status files_create(const char *path, struct bm_bytes data, unsigned mode,
                       struct ca_refusal *why)
{
    struct files_draft draft;

    BM_TRY(files_draft_open(&draft, path, data, mode, why));
    return files_draft_publish(&draft, why);
}

bm_status files_replace(const char *path, struct bm_bytes data, unsigned mode,
                        struct ca_refusal *why)
{
    char temporary[FILES_PATH_MAX];

    BM_TRY(temporary_name(temporary, path));
    BM_TRY(write_temporary(path, temporary, data, mode, why));
    if (rename(temporary, path) != 0) {
        bm_status rc = fail(why, path);

        (void)unlink(temporary);
        return rc;
    }
    return sync_parent(path, why);
}

bm_status files_put_pem(const char *path, const char *label,
                        struct bm_bytes der, struct ca_refusal *why)
{
    struct bm_wr w;
    uint8_t *text;
    size_t n;
    bm_status rc;

    bm_wr_init(&w, NULL, 0);
    bm_pem_put(&w, label, der);
    n = w.len;
    text = malloc(n);
    if (text == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    bm_wr_init(&w, text, n);
    bm_pem_put(&w, label, der);
    rc = files_replace(path, bm_wr_bytes(&w), 0644, why);
    free(text);
    return rc;
}

static bm_status find_pem(struct bm_bytes text, const char *label,
                          struct bm_pem *block)
{
    struct bm_bytes want = { (const uint8_t *)label, strlen(label) };

    do {
        BM_TRY(bm_pem_next(&text, NULL, block));
    } while (!bm_bytes_equal(block->label, want));
    return BM_OK;
}

/* Files of one certificate or key. */
#define PEM_FILE_MAX 65536

bm_status files_get_pem(const char *path, const char *label, uint8_t **der,
                        size_t *n, struct ca_refusal *why)
{
    struct bm_pem block;
    struct bm_wr w;
    uint8_t *text = NULL;
    size_t text_n;
    bm_status rc;

    *der = NULL;
    *n = 0;
    BM_TRY(files_read(path, PEM_FILE_MAX, &text, &text_n, why));
    rc = find_pem((struct bm_bytes){ text, text_n }, label, &block);
    if (rc != BM_OK) {
        rc = ca_refuse(why, rc, "%s: no %s", path, label);
        goto out;
    }
    *der = malloc(block.base64.n);
    if (*der == NULL) {
        rc = ca_refuse_plain(why, BM_E_MEMORY);
        goto out;
    }
    bm_wr_init(&w, *der, block.base64.n);
    rc = bm_pem_decode(&block, NULL, &w);
    if (rc == BM_OK) {
        rc = bm_wr_finish(&w, n);
    }
    if (rc != BM_OK) {
        rc = ca_refuse(why, rc, "%s", path);
        free(*der);
        *der = NULL;
    }

out:
    free(text);
    return rc;
}

bm_status files_make_dir(const char *path, unsigned mode,
                         struct ca_refusal *why)
{
    return mkdir(path, (mode_t)mode) == 0 ? BM_OK : fail(why, path);
}

/* Instances are not deeper. */
#define TREE_DEPTH_MAX 8

struct level {
    DIR *dir;
    char name[NAME_MAX + 1]; /* in the level above */
};

/* Open what stands in `above` under this name; false if it is no directory. */
static bool descend(const struct level *above, struct level *below,
                    const char *name)
{
    int fd = openat(dirfd(above->dir), name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0) {
        return false;
    }
    (void)snprintf(below->name, sizeof below->name, "%s", name);
    below->dir = fdopendir(fd);
    if (below->dir == NULL) {
        (void)close(fd);
    }
    return below->dir != NULL;
}

/* Remove the next entry, or go down to it, or up after the last. */
static bool remove_next(struct level levels[TREE_DEPTH_MAX], int *depth)
{
    struct level *l = &levels[*depth];
    const struct dirent *e = readdir(l->dir);

    if (e == NULL) {
        (void)closedir(l->dir);
        --*depth;
        return *depth < 0 ||
               unlinkat(dirfd(levels[*depth].dir), l->name, AT_REMOVEDIR) == 0;
    }
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
        unlinkat(dirfd(l->dir), e->d_name, 0) == 0) {
        return true;
    }
    if (*depth + 1 == TREE_DEPTH_MAX || !descend(l, l + 1, e->d_name)) {
        return false;
    }
    ++*depth;
    return true;
}

/* Empty the open directory `fd`, and close it; true if it is empty now. */
static bool empty_dir(int fd)
{
    struct level levels[TREE_DEPTH_MAX] = { { .dir = fdopendir(fd) } };
    int depth = 0;
    bool ok = levels[0].dir != NULL;

    if (!ok) {
        (void)close(fd);
        return false;
    }
    while (ok && depth >= 0) {
        ok = remove_next(levels, &depth);
    }
    for (; depth >= 0; depth--) {
        (void)closedir(levels[depth].dir);
    }
    return ok;
}

bm_status files_remove_tree(const char *path, struct ca_refusal *why)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0) {
        return errno == ENOENT ? BM_OK : fail(why, path);
    }
    return empty_dir(fd) && rmdir(path) == 0 ? BM_OK : fail(why, path);
}

bm_status files_is_free(const char *path, struct ca_refusal *why)
{
    DIR *d = opendir(path);
    const struct dirent *e;
    bool empty = true;

    if (d == NULL) {
        return errno == ENOENT    ? BM_OK
               : errno == ENOTDIR ? ca_refuse(why, BM_E_EXISTS, "%s", path)
                                  : fail(why, path);
    }
    while (empty && (e = readdir(d)) != NULL) {
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    }
    (void)closedir(d);
    return empty ? BM_OK : ca_refuse(why, BM_E_EXISTS, "%s", path);
}

bm_status files_move_dir(const char *from, const char *to,
                         struct ca_refusal *why)
{
    /* On an empty directory rename() would succeed, which is fine, too. */
    if (rename(from, to) != 0) {
        return fail(why, to);
    }
    return sync_parent(to, why);
}

static bm_status put_stream(void *self, struct bm_bytes octets)
{
    struct files_stream *s = self;

    return fwrite(octets.p, 1, octets.n, s->file) == octets.n ? BM_OK
           : errno == ENOSPC                                  ? BM_E_FULL
                                                              : BM_E_IO;
}

bm_status files_stream_open(struct files_stream *stream, const char *path,
                            struct ca_refusal *why)
{
    size_t n = strlen(path);

    memset(stream, 0, sizeof *stream);
    if (n >= sizeof stream->path) {
        return ca_refuse(why, BM_E_LIMIT, "%s", path);
    }
    memcpy(stream->path, path, n + 1);
    BM_TRY(temporary_name(stream->temporary, path));
    (void)unlink(stream->temporary);
    stream->file = fopen(stream->temporary, "wbxe");
    if (stream->file == NULL) {
        return fail(why, path);
    }
    stream->sink = (struct bm_crl_sink){ stream, put_stream };
    return BM_OK;
}

bm_status files_stream_publish(struct files_stream *stream,
                               struct ca_refusal *why)
{
    FILE *f = stream->file;
    bm_status rc = BM_OK;

    stream->file = NULL;
    if (fflush(f) != 0 || fsync(fileno(f)) != 0) {
        rc = fail(why, stream->path);
    }
    if (fclose(f) != 0 && rc == BM_OK) {
        rc = fail(why, stream->path);
    }
    if (rc == BM_OK && rename(stream->temporary, stream->path) != 0) {
        rc = fail(why, stream->path);
    }
    if (rc != BM_OK) {
        (void)unlink(stream->temporary);
        return rc;
    }
    return sync_parent(stream->path, why);
}

void files_stream_drop(struct files_stream *stream)
{
    if (stream->file != NULL) {
        (void)fclose(stream->file);
        (void)unlink(stream->temporary);
        stream->file = NULL;
    }
}
