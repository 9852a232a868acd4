/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writing. The manifest comes first, so each file is read twice: to be
 * hashed, and to be copied, when it has to have the same hash again.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/files.h"
#include "server/archive_internal.h"

bm_status archive_refuse_errno(struct ca_refusal *why, int error,
                               const char *path)
{
    char words[128];

    if (strerror_r(error, words, sizeof words) != 0) {
        words[0] = '\0';
    }
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return ca_refuse(why, BM_E_NOT_FOUND, "%s: %s", path, words);
    case EEXIST:
        return ca_refuse(why, BM_E_EXISTS, "%s", path);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ca_refuse(why, BM_E_FULL, "%s", path);
    case ENOMEM:
        return ca_refuse(why, BM_E_MEMORY, "%s", path);
    default:
        return ca_refuse(why, BM_E_IO, "%s: %s", path, words);
    }
}

static bool is_part_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || strchr("._+=@-", c) != NULL;
}

bm_status archive_name(const char *name)
{
    size_t n = strnlen(name, ARCHIVE_NAME_MAX + 1);
    unsigned depth = 1;
    bool first = true; /* of its part */

    if (n == 0 || n > ARCHIVE_NAME_MAX || strcmp(name, ARCHIVE_MANIFEST) == 0) {
        return BM_E_ARCHIVE;
    }
    for (size_t i = 0; i < n; i++) {
        if (name[i] == '/') {
            if (first || ++depth > ARCHIVE_DEPTH_MAX) {
                return BM_E_ARCHIVE;
            }
            first = true;
        } else if (!is_part_char(name[i]) ||
                   (first && (name[i] == '.' || name[i] == '-'))) {
            return BM_E_ARCHIVE;
        } else {
            first = false;
        }
    }
    return first ? BM_E_ARCHIVE : BM_OK;
}

int archive_write_all(int fd, struct bm_bytes data)
{
    while (data.n != 0) {
        ssize_t n = write(fd, data.p, data.n);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        if (n > 0) {
            data.p += n;
            data.n -= (size_t)n;
        }
    }
    return 0;
}

/* A file, and what it was when it was read first. */
struct member {
    const struct archive_file *file;
    struct archive_line line;
};

/* What a pack works with. */
struct packing {
    const struct archive_pack_config *config;
    struct ca_refusal *why;
    struct member *members; /* by name */
    char temporary[FILES_PATH_MAX];
    int fd;
    int error; /* errno of writing `fd` */
    bool drop; /* it failed: the rest need not be written */
    struct archive *tar;
    struct bm_hash_state hash;
    uint8_t block[ARCHIVE_BLOCK];
};

static bm_status refuse_tar(struct packing *p)
{
    const char *words = archive_error_string(p->tar);

    if (p->error != 0) {
        return archive_refuse_errno(p->why, p->error, p->config->path);
    }
    return ca_refuse(p->why, BM_E_INTERNAL, "%s: %s", p->config->path,
                     words == NULL ? "libarchive failed" : words);
}

static la_ssize_t write_output(struct archive *tar, void *self,
                               const void *block, size_t n)
{
    struct packing *p = self;

    if (p->drop) {
        return (la_ssize_t)n;
    }
    p->error = archive_write_all(p->fd, (struct bm_bytes){ block, n });
    if (p->error != 0) {
        archive_set_error(tar, p->error, "writing failed");
        return -1;
    }
    return (la_ssize_t)n;
}

static int by_name(const void *a, const void *b)
{
    const struct member *x = a;
    const struct member *y = b;

    return strcmp(x->file->name, y->file->name);
}

static bm_status sort_files(struct packing *p)
{
    const struct archive_pack_config *c = p->config;

    if (c->n > ARCHIVE_FILES_MAX || strlen(c->tool) >= ARCHIVE_TOOL_MAX) {
        return ca_refuse(p->why, BM_E_LIMIT, "too many files for an archive");
    }
    p->members = calloc(c->n + 1, sizeof *p->members);
    if (p->members == NULL) {
        return ca_refuse_plain(p->why, BM_E_MEMORY);
    }
    for (size_t i = 0; i < c->n; i++) {
        if (archive_name(c->files[i].name) != BM_OK) {
            return ca_refuse(p->why, BM_E_ARGUMENT,
                             "%s: no name for an archive", c->files[i].name);
        }
        p->members[i].file = &c->files[i];
    }
    qsort(p->members, c->n, sizeof *p->members, by_name);
    for (size_t i = 1; i < c->n; i++) {
        if (by_name(&p->members[i - 1], &p->members[i]) == 0) {
            return ca_refuse(p->why, BM_E_ARGUMENT, "%s: twice",
                             p->members[i].file->name);
        }
    }
    return BM_OK;
}

/* Hash what moves, and put it into the archive when it moves there. */
static bm_status move_octets(struct packing *p, struct bm_bytes data,
                             bool into_tar)
{
    const struct bm_crypto *crypto = p->config->crypto;

    BM_TRY(crypto->hash_more(crypto->self, &p->hash, data));
    return !into_tar || archive_write_data(p->tar, data.p, data.n) ==
                            (la_ssize_t)data.n
               ? BM_OK
               : refuse_tar(p);
}

static bm_status open_file(struct packing *p, const char *path, int *fd)
{
    struct stat st;

    *fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, &st) != 0) {
        return archive_refuse_errno(p->why, errno, path);
    }
    return S_ISREG(st.st_mode)
               ? BM_OK
               : ca_refuse(p->why, BM_E_ARGUMENT, "%s: not a file", path);
}

/* A file that grows without end is left at one octet more than `max`. */
static bm_status move_path(struct packing *p, const char *path, uint64_t max,
                           bool into_tar, uint64_t *size)
{
    int fd = -1;
    bm_status rc = open_file(p, path, &fd);

    while (rc == BM_OK && *size <= max) {
        ssize_t n = read(fd, p->block, sizeof p->block);

        if (n == 0) {
            break;
        }
        if (n > 0 && (uint64_t)n > max - *size) {
            *size = max + 1; /* nothing of it: the member has no room */
        } else if (n > 0) {
            *size += (uint64_t)n;
            rc = move_octets(p, (struct bm_bytes){ p->block, (size_t)n },
                             into_tar);
        } else if (errno != EINTR) {
            rc = archive_refuse_errno(p->why, errno, path);
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

/* Hash a file or copy it, and say in `line` what it was. */
static bm_status move_file(struct packing *p, const struct archive_file *file,
                           uint64_t max, bool into_tar,
                           struct archive_line *line)
{
    const struct bm_crypto *crypto = p->config->crypto;
    uint8_t digest[BM_HASH_MAX];
    bm_status rc;

    *line = (struct archive_line){ .name = file->name };
    rc = crypto->hash_begin(crypto->self, &p->hash, BM_HASH_SHA256);
    if (rc == BM_OK && file->path != NULL) {
        rc = move_path(p, file->path, max, into_tar, &line->size);
    } else if (rc == BM_OK) {
        line->size = file->data.n;
        rc = move_octets(p, file->data, into_tar);
    }
    if (rc == BM_OK) {
        rc = crypto->hash_end(crypto->self, &p->hash, digest);
        memcpy(line->sha256, digest, sizeof line->sha256);
    }
    (void)crypto->hash_end(crypto->self, &p->hash, NULL);
    return rc;
}

static bm_status begin_member(struct packing *p, const char *name,
                              uint64_t size)
{
    struct archive_entry *entry = archive_entry_new();
    bm_status rc = BM_E_INTERNAL;

    if (entry == NULL) {
        rc = ca_refuse_plain(p->why, BM_E_MEMORY);
        goto out;
    }
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_mtime(entry, p->config->created, 0);
    rc = archive_write_header(p->tar, entry) == ARCHIVE_OK ? BM_OK
                                                           : refuse_tar(p);

out:
    archive_entry_free(entry);
    return rc;
}

static bm_status hash_files(struct packing *p, json_t *files)
{
    for (size_t i = 0; i < p->config->n; i++) {
        struct member *m = &p->members[i];

        BM_TRY(move_file(p, m->file, INT64_MAX - 1, false, &m->line));
        if (archive_put_line(files, &m->line) != BM_OK) {
            return ca_refuse_plain(p->why, BM_E_MEMORY);
        }
    }
    return BM_OK;
}

static bm_status put_manifest(struct packing *p)
{
    json_t *files = json_array();
    char *text = NULL;
    bm_status rc = BM_E_INTERNAL;

    if (files == NULL) {
        rc = ca_refuse_plain(p->why, BM_E_MEMORY);
        goto out;
    }
    rc = hash_files(p, files);
    if (rc != BM_OK) {
        goto out;
    }
    rc = archive_put_manifest(p->config, files, &text);
    if (rc != BM_OK) {
        rc = ca_refuse_plain(p->why, rc);
        goto out;
    }
    if (strlen(text) > ARCHIVE_MANIFEST_MAX) {
        rc = ca_refuse(p->why, BM_E_LIMIT, "manifest of the archive");
        goto out;
    }
    rc = begin_member(p, ARCHIVE_MANIFEST, strlen(text));
    if (rc == BM_OK && archive_write_data(p->tar, text, strlen(text)) !=
                           (la_ssize_t)strlen(text)) {
        rc = refuse_tar(p);
    }

out:
    free(text);
    json_decref(files);
    return rc;
}

static bm_status put_files(struct packing *p)
{
    for (size_t i = 0; i < p->config->n; i++) {
        const struct archive_line *line = &p->members[i].line;
        struct archive_line now;

        BM_TRY(begin_member(p, line->name, line->size));
        BM_TRY(move_file(p, p->members[i].file, line->size, true, &now));
        if (now.size != line->size ||
            memcmp(now.sha256, line->sha256, sizeof now.sha256) != 0) {
            return ca_refuse(p->why, BM_E_BUSY, "%s: changed while it was read",
                             line->name);
        }
    }
    return BM_OK;
}

static int add_filter(struct archive *tar, enum archive_squeeze squeeze)
{
    switch (squeeze) {
    case ARCHIVE_GZIP:
        return archive_write_add_filter_gzip(tar);
    case ARCHIVE_ZSTD:
        return archive_write_add_filter_zstd(tar);
    default:
        return archive_write_add_filter_none(tar);
    }
}

static bm_status put_all(struct packing *p)
{
    bm_status rc = BM_E_INTERNAL;

    p->tar = archive_write_new();
    if (p->tar == NULL) {
        return ca_refuse_plain(p->why, BM_E_MEMORY);
    }
    if (archive_write_set_format_pax_restricted(p->tar) != ARCHIVE_OK ||
        add_filter(p->tar, p->config->squeeze) != ARCHIVE_OK ||
        /* A compressed stream that is padded is none to other programs. */
        archive_write_set_bytes_in_last_block(p->tar, 1) != ARCHIVE_OK ||
        archive_write_open(p->tar, p, NULL, write_output, NULL) != ARCHIVE_OK) {
        rc = refuse_tar(p);
        goto out;
    }
    rc = put_manifest(p);
    if (rc != BM_OK) {
        goto out;
    }
    rc = put_files(p);
    if (rc == BM_OK && archive_write_close(p->tar) != ARCHIVE_OK) {
        rc = refuse_tar(p);
    }

out:
    /* After an error only closing releases all that was allocated. */
    p->drop = true;
    (void)archive_write_close(p->tar);
    (void)archive_write_free(p->tar);
    return rc;
}

/* In the archive's own folder, so that link() gives it its name. */
static bm_status open_temporary(struct packing *p)
{
    int n = snprintf(p->temporary, sizeof p->temporary, "%s.%ld.new",
                     p->config->path, (long)getpid());

    if (n < 0 || (size_t)n >= sizeof p->temporary) {
        return ca_refuse(p->why, BM_E_LIMIT, "%s", p->config->path);
    }
    if (access(p->config->path, F_OK) == 0) {
        return ca_refuse(p->why, BM_E_EXISTS, "%s", p->config->path);
    }
    p->fd = open(p->temporary,
                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return p->fd < 0 ? archive_refuse_errno(p->why, errno, p->temporary)
                     : BM_OK;
}

static bm_status sync_parent(const char *path, struct ca_refusal *why)
{
    char dir[FILES_PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL || slash == path ? 1 : (size_t)(slash - path);

    memcpy(dir, slash == NULL ? "." : path, n);
    dir[n] = '\0';
    return files_sync_dir(dir, why);
}

/* link(), unlike rename(), refuses a name that is taken. */
static bm_status publish(struct packing *p)
{
    const char *path = p->config->path;
    bm_status rc;

    if (fsync(p->fd) != 0 || link(p->temporary, path) != 0) {
        return archive_refuse_errno(p->why, errno, path);
    }
    rc = sync_parent(path, p->why);
    if (rc != BM_OK) {
        (void)unlink(path);
    }
    return rc;
}

bm_status archive_pack(const struct archive_pack_config *config,
                       struct ca_refusal *why)
{
    struct packing *p = calloc(1, sizeof *p);
    bm_status rc = BM_E_INTERNAL;

    if (p == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    p->config = config;
    p->why = why;
    p->fd = -1;
    rc = sort_files(p);
    if (rc != BM_OK) {
        goto out;
    }
    rc = open_temporary(p);
    if (rc != BM_OK) {
        goto out;
    }
    rc = put_all(p);
    if (rc == BM_OK) {
        rc = publish(p);
    }

out:
    if (p->fd >= 0) {
        (void)close(p->fd);
        (void)unlink(p->temporary);
    }
    free(p->members);
    free(p);
    return rc;
}
