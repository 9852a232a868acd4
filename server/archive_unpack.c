/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reading. An archive is one pass: the manifest, then each member that it
 * names, in its order, checked against its line before the next one is looked
 * at. libarchive parses tar and nothing else, and writes nothing.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/files.h"
#include "server/archive_internal.h"

struct unpacking {
    const struct archive_unpack_config *config;
    struct ca_refusal *why;
    struct archive *tar;
    struct archive_manifest manifest;
    struct archive_place place;
    bool made; /* the folder is ours to remove */
    struct bm_hash_state hash;
    int fd;
    int error;                    /* errno of reading `fd` */
    uint8_t input[ARCHIVE_BLOCK]; /* of the archive */
    uint8_t block[ARCHIVE_BLOCK]; /* of a file in it */
};

static bm_status damaged(struct unpacking *u, const char *name,
                         const char *what)
{
    return ca_refuse(u->why, BM_E_ARCHIVE, "%s: %s", name, what);
}

/* libarchive's own words say nothing that the caller can use but these. */
static bm_status refuse_tar(struct unpacking *u, const char *name)
{
    if (u->error != 0) {
        return archive_refuse_errno(u->why, u->error, u->config->path);
    }
    return archive_errno(u->tar) == ENOMEM
               ? ca_refuse_plain(u->why, BM_E_MEMORY)
               : damaged(u, name, "is missing or cannot be read");
}

static la_ssize_t read_input(struct archive *tar, void *self,
                             const void **block)
{
    struct unpacking *u = self;
    ssize_t n;

    do {
        n = read(u->fd, u->input, sizeof u->input);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        u->error = errno;
        archive_set_error(tar, errno, "reading failed");
        return ARCHIVE_FATAL;
    }
    *block = u->input;
    return n;
}

static bm_status open_tar(struct unpacking *u)
{
    const struct archive_unpack_config *c = u->config;
    int rc;

    u->tar = archive_read_new();
    if (u->tar == NULL) {
        return ca_refuse_plain(u->why, BM_E_MEMORY);
    }
    if (archive_read_support_format_tar(u->tar) != ARCHIVE_OK ||
        archive_read_support_filter_gzip(u->tar) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(u->tar) != ARCHIVE_OK) {
        return ca_refuse(u->why, BM_E_INTERNAL, "libarchive lacks a format");
    }
    if (c->path == NULL) {
        rc = archive_read_open_memory(u->tar, c->data.p, c->data.n);
    } else {
        u->fd = open(c->path, O_RDONLY | O_CLOEXEC);
        if (u->fd < 0) {
            return archive_refuse_errno(u->why, errno, c->path);
        }
        rc = archive_read_open(u->tar, u, NULL, read_input, NULL);
    }
    return rc == ARCHIVE_OK ? BM_OK : refuse_tar(u, "archive");
}

/* The next member is the plain file `name`; `*size` is what it announces. */
static bm_status next_member(struct unpacking *u, const char *name,
                             uint64_t *size)
{
    struct archive_entry *entry;
    const char *found;

    if (archive_read_next_header(u->tar, &entry) != ARCHIVE_OK) {
        return refuse_tar(u, name);
    }
    found = archive_entry_pathname(entry);
    if (found == NULL || strcmp(found, name) != 0) {
        return damaged(u, name, "another member is in its place");
    }
    if (archive_entry_filetype(entry) != AE_IFREG ||
        archive_entry_hardlink(entry) != NULL ||
        archive_entry_symlink(entry) != NULL ||
        archive_entry_sparse_count(entry) != 0) {
        return damaged(u, name, "not a plain file");
    }
    if (!archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0) {
        return damaged(u, name, "has no size");
    }
    *size = (uint64_t)archive_entry_size(entry);
    return BM_OK;
}

/* Read `n` octets of the member, or fewer only at its end. */
static bm_status read_member(struct unpacking *u, const char *name,
                             uint8_t *buf, size_t *n)
{
    size_t len = 0;

    while (len < *n) {
        la_ssize_t got = archive_read_data(u->tar, buf + len, *n - len);

        if (got < 0) {
            return refuse_tar(u, name);
        }
        if (got == 0) {
            break;
        }
        len += (size_t)got;
    }
    *n = len;
    return BM_OK;
}

static bm_status read_manifest(struct unpacking *u)
{
    uint8_t *text = NULL;
    uint64_t size = 0;
    size_t n;
    bm_status rc = BM_E_INTERNAL;

    BM_TRY(next_member(u, ARCHIVE_MANIFEST, &size));
    if (size > ARCHIVE_MANIFEST_MAX) {
        return ca_refuse(u->why, BM_E_LIMIT, "manifest of the archive");
    }
    n = (size_t)size;
    text = malloc(n + 1);
    if (text == NULL) {
        rc = ca_refuse_plain(u->why, BM_E_MEMORY);
        goto out;
    }
    rc = read_member(u, ARCHIVE_MANIFEST, text, &n);
    if (rc != BM_OK) {
        goto out;
    }
    rc = n == size ? archive_get_manifest((struct bm_bytes){ text, n },
                                          &u->manifest, u->why)
                   : damaged(u, ARCHIVE_MANIFEST, "is cut short");

out:
    free(text);
    return rc;
}

static const struct archive_kind *find_kind(const struct archive_kind *kinds,
                                            const char *name)
{
    for (; kinds->name != NULL; kinds++) {
        size_t n = strlen(kinds->name);
        bool folder = n != 0 && kinds->name[n - 1] == '/';

        if (folder ? strncmp(name, kinds->name, n) == 0
                   : strcmp(name, kinds->name) == 0) {
            return kinds;
        }
    }
    return NULL;
}

/*
 * The names so far of which each is how the next one begins, the last one
 * included: in sorted names, all that the next one can begin with.
 */
struct beginnings {
    const char *names[ARCHIVE_NAME_MAX];
    size_t n;
};

/* In order, none twice, and no file where another has a folder. */
static bool name_fits(struct beginnings *b, const char *name)
{
    if (archive_name(name) != BM_OK ||
        (b->n != 0 && strcmp(b->names[b->n - 1], name) >= 0)) {
        return false;
    }
    while (b->n != 0 &&
           strncmp(b->names[b->n - 1], name, strlen(b->names[b->n - 1])) != 0) {
        b->n--;
    }
    for (size_t i = 0; i < b->n; i++) {
        if (name[strlen(b->names[i])] == '/') {
            return false;
        }
    }
    b->names[b->n++] = name; /* each is longer than the one before */
    return true;
}

/* Names, kinds and sizes, before any work is done. */
static bm_status check_lines(struct unpacking *u)
{
    struct archive_info *info = &u->manifest.info;
    struct beginnings beginnings = { .n = 0 };
    struct archive_line line;

    for (size_t i = 0; i < info->files; i++) {
        const struct archive_kind *kind;

        BM_TRY(archive_get_line(&u->manifest, i, &line, u->why));
        if (!name_fits(&beginnings, line.name)) {
            return damaged(u, line.name, "not a name, or not in order");
        }
        kind = find_kind(u->config->kinds, line.name);
        if (kind == NULL) {
            return damaged(u, line.name, "does not belong into an archive");
        }
        if (line.size > kind->max ||
            line.size > u->config->total_max - info->octets) {
            return ca_refuse(u->why, BM_E_LIMIT, "%s: %llu octets", line.name,
                             (unsigned long long)line.size);
        }
        info->octets += line.size;
    }
    return BM_OK;
}

/* Move the member, to `fd` unless that is -1, and hash it. */
static bm_status move_member(struct unpacking *u,
                             const struct archive_line *line, int fd)
{
    const struct bm_crypto *crypto = u->config->crypto;
    uint64_t left = line->size;
    size_t n = 1;

    while (left != 0) {
        n = left < sizeof u->block ? (size_t)left : sizeof u->block;
        left -= n;
        BM_TRY(read_member(u, line->name, u->block, &n));
        if (n == 0) {
            return damaged(u, line->name, "is cut short");
        }
        BM_TRY(crypto->hash_more(crypto->self, &u->hash,
                                 (struct bm_bytes){ u->block, n }));
        if (fd >= 0) {
            int error = archive_write_all(fd, (struct bm_bytes){ u->block, n });

            if (error != 0) {
                return archive_refuse_errno(u->why, error, line->name);
            }
        }
    }
    n = 1;
    BM_TRY(read_member(u, line->name, u->block, &n));
    return n == 0 ? BM_OK : damaged(u, line->name, "is longer than it says");
}

static bm_status check_member(struct unpacking *u,
                              const struct archive_line *line, int fd)
{
    const struct bm_crypto *crypto = u->config->crypto;
    uint8_t digest[BM_HASH_MAX];
    bm_status rc = crypto->hash_begin(crypto->self, &u->hash, BM_HASH_SHA256);

    if (rc == BM_OK) {
        rc = move_member(u, line, fd);
    }
    if (rc == BM_OK) {
        rc = crypto->hash_end(crypto->self, &u->hash, digest);
    }
    (void)crypto->hash_end(crypto->self, &u->hash, NULL);
    if (rc == BM_OK && memcmp(digest, line->sha256, sizeof line->sha256) != 0) {
        rc = damaged(u, line->name, "differs from the manifest");
    }
    return rc;
}

static bm_status unpack_file(struct unpacking *u,
                             const struct archive_line *line)
{
    const struct archive_kind *kind = find_kind(u->config->kinds, line->name);
    uint64_t size = 0;
    int fd = -1;
    bm_status rc;

    BM_TRY(next_member(u, line->name, &size));
    if (size != line->size) {
        return damaged(u, line->name, "size differs from the manifest");
    }
    BM_TRY(archive_place_open(&u->place, line->name, &fd, u->why));
    rc = check_member(u, line, fd);
    if (fd >= 0) {
        mode_t mode = (mode_t)(kind->mode == 0 ? 0600 : kind->mode);

        if (rc == BM_OK && (fchmod(fd, mode) != 0 || fsync(fd) != 0)) {
            rc = archive_refuse_errno(u->why, errno, line->name);
        }
        if (close(fd) != 0 && rc == BM_OK) {
            rc = archive_refuse_errno(u->why, errno, line->name);
        }
    }
    return rc;
}

static bm_status unpack_files(struct unpacking *u)
{
    struct archive_entry *entry;
    struct archive_line line;
    int rc;

    for (size_t i = 0; i < u->manifest.info.files; i++) {
        BM_TRY(archive_get_line(&u->manifest, i, &line, u->why));
        BM_TRY(unpack_file(u, &line));
    }
    rc = archive_read_next_header(u->tar, &entry);
    if (rc == ARCHIVE_OK) {
        return damaged(u, "archive", "has more than its manifest names");
    }
    return rc == ARCHIVE_EOF ? BM_OK : refuse_tar(u, "archive");
}

static bm_status unpack(struct unpacking *u)
{
    const struct archive_unpack_config *c = u->config;

    BM_TRY(open_tar(u));
    BM_TRY(read_manifest(u));
    BM_TRY(check_lines(u));
    BM_TRY(archive_place_make(&u->place, c->dir, u->why));
    u->made = c->dir != NULL;
    BM_TRY(unpack_files(u));
    return archive_place_finish(&u->place, c->dir, u->why);
}

bm_status archive_unpack(const struct archive_unpack_config *config,
                         struct archive_info *info, struct ca_refusal *why)
{
    struct unpacking *u = calloc(1, sizeof *u);
    bm_status rc;

    if (info != NULL) {
        memset(info, 0, sizeof *info);
    }
    if (u == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    u->config = config;
    u->why = why;
    u->fd = -1;
    u->place = (struct archive_place){ .root = -1, .dir = -1 };
    rc = unpack(u);
    archive_place_close(&u->place);
    if (rc == BM_OK && info != NULL) {
        *info = u->manifest.info;
    }
    archive_free_manifest(&u->manifest);
    (void)archive_read_free(u->tar);
    if (u->fd >= 0) {
        (void)close(u->fd);
    }
    if (rc != BM_OK && u->made) {
        /* The cause says more than that something may be left. */
        bm_status left = files_remove_tree(config->dir, NULL);

        (void)left;
    }
    free(u);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
