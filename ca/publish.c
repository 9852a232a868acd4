/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger as files: C2SP tlog-tiles.
 *
 *     checkpoint                 the signed note
 *     tile/0/x001/067            hashes of leaves; tile/1/... above them
 *     tile/0/x001/068.p/12       the last one, while it is not full
 *     tile/entries/x001/067      entries, which hide records and salts
 *     2/...                      the same of a second tree
 *
 * Tiles are durable before the checkpoint that needs them is there, so a
 * published checkpoint says what need not be written again. They are made so
 * many at a time: the first that is waited for takes most others along, and
 * who is waiting for the next certificate waits for this.
 */
/* O_DIRECTORY, O_NOFOLLOW, sync_file_range() */
#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/ledger_internal.h"

/* "tile/entries/", six elements of 2^56 tiles, ".p/255", ".tmp" */
#define PATH_MAX_TILE 64

/* A big-endian uint16 and a hash. */
#define ENTRY_SIZE (2 + CA_TREE_HASH)

/* Files that are written before the first of them is waited for. */
#define WRITTEN_MAX 64

/* Under its temporary name, and not durable yet. */
struct written {
    int fd;
    char path[PATH_MAX_TILE];
};

/* One tree on its way into its directory. */
struct publisher {
    const struct ca_ledger *ledger;
    struct ledger_tiles *tiles;
    int dir;
    uint64_t old;               /* size that is published */
    uint64_t new;               /* size that will be */
    char parent[PATH_MAX_TILE]; /* where files were renamed last */
    size_t written_n;
    struct written written[WRITTEN_MAX];
    uint8_t hashes[TILE_WIDTH][CA_TREE_HASH];
    size_t bundle_n;
    uint8_t bundle[TILE_WIDTH * ENTRY_SIZE];
};

static bm_status io_status(void)
{
    return errno == ENOSPC || errno == EDQUOT ? BM_E_FULL : BM_E_IO;
}

static bm_status sync_dir(int dir, const char *path)
{
    bm_status rc = BM_OK;
    int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return io_status();
    }
    if (fsync(fd) != 0) {
        rc = io_status();
    }
    (void)close(fd);
    return rc;
}

/* The part of a path before its last slash; "." where there is none. */
static void parent_of(const char *path, char parent[PATH_MAX_TILE])
{
    const char *slash = strrchr(path, '/');

    (void)snprintf(parent, PATH_MAX_TILE, "%.*s",
                   slash == NULL ? 1 : (int)(slash - path),
                   slash == NULL ? "." : path);
}

/* Make the directories of a path that are not there. */
static bm_status make_parents(int dir, const char *path)
{
    char parent[PATH_MAX_TILE];

    for (const char *slash = strchr(path, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        char above[PATH_MAX_TILE];

        (void)snprintf(parent, sizeof parent, "%.*s", (int)(slash - path),
                       path);
        if (mkdirat(dir, parent, 0755) == 0) {
            parent_of(parent, above);
            BM_TRY(sync_dir(dir, above));
        } else if (errno != EEXIST) {
            return io_status();
        }
    }
    return BM_OK;
}

static bm_status write_all(int fd, struct bm_bytes data)
{
    while (data.n > 0) {
        ssize_t n = write(fd, data.p, data.n);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return io_status();
        }
        data.p += n;
        data.n -= (size_t)n;
    }
    return BM_OK;
}

/* Names of renamed files are durable when their directory is. */
static bm_status flush_parent(struct publisher *p)
{
    bm_status rc = p->parent[0] == '\0' ? BM_OK : sync_dir(p->dir, p->parent);

    p->parent[0] = '\0';
    return rc;
}

static bm_status note_parent(struct publisher *p, const char *path)
{
    char parent[PATH_MAX_TILE];

    parent_of(path, parent);
    if (strcmp(parent, p->parent) != 0) {
        BM_TRY(flush_parent(p));
        memcpy(p->parent, parent, sizeof parent);
    }
    return BM_OK;
}

static void temporary(const char *path, char temp[PATH_MAX_TILE + 4])
{
    (void)snprintf(temp, PATH_MAX_TILE + 4, "%s.tmp", path);
}

/* It appears under its name, durable, with all that is in it. */
static bm_status finish_file(struct publisher *p, const struct written *file)
{
    char temp[PATH_MAX_TILE + 4];
    bm_status rc = fsync(file->fd) == 0 ? BM_OK : io_status();

    temporary(file->path, temp);
    if (close(file->fd) != 0 && rc == BM_OK) {
        rc = io_status();
    }
    if (rc == BM_OK && renameat(p->dir, temp, p->dir, file->path) != 0) {
        rc = io_status();
    }
    if (rc != BM_OK) {
        (void)unlinkat(p->dir, temp, 0);
        return rc;
    }
    return note_parent(p, file->path);
}

/* Nothing of what was written under a temporary name stays. */
static void drop_files(struct publisher *p, size_t first)
{
    char temp[PATH_MAX_TILE + 4];

    for (size_t i = first; i < p->written_n; i++) {
        temporary(p->written[i].path, temp);
        (void)close(p->written[i].fd);
        (void)unlinkat(p->dir, temp, 0);
    }
    p->written_n = 0;
}

static bm_status finish_files(struct publisher *p)
{
    for (size_t i = 0; i < p->written_n; i++) {
        bm_status rc = finish_file(p, &p->written[i]);

        if (rc != BM_OK) {
            drop_files(p, i + 1);
            return rc;
        }
    }
    p->written_n = 0;
    return flush_parent(p);
}

/* Write a file whole, and have the disk begin; finish_files() waits for it. */
static bm_status write_file(struct publisher *p, const char *path,
                            struct bm_bytes data)
{
    struct written *file;
    char temp[PATH_MAX_TILE + 4];
    bm_status rc;

    if (p->written_n == WRITTEN_MAX) {
        BM_TRY(finish_files(p));
    }
    BM_TRY(make_parents(p->dir, path));
    temporary(path, temp);
    file = &p->written[p->written_n];
    file->fd =
        openat(p->dir, temp,
               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file->fd < 0) {
        return io_status();
    }
    (void)snprintf(file->path, sizeof file->path, "%s", path);
    p->written_n++;
    rc = write_all(file->fd, data);
    if (rc == BM_OK) {
        (void)sync_file_range(file->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    }
    return rc;
}

/* C2SP tlog-tiles: zero-padded 3-digit path elements, all but the last
 * beginning with an x. `width` 0: a full tile. */
static void tile_path(const char *level, uint64_t index, unsigned width,
                      char path[PATH_MAX_TILE])
{
    uint64_t scale = 1;
    size_t n;

    n = (size_t)snprintf(path, PATH_MAX_TILE, "tile/%s", level);
    while (index / scale >= 1000) {
        scale *= 1000;
    }
    for (; scale != 0; scale /= 1000) {
        n += (size_t)snprintf(path + n, PATH_MAX_TILE - n, "/%s%03u",
                              scale == 1 ? "" : "x",
                              (unsigned)(index / scale % 1000));
    }
    if (width != 0) {
        (void)snprintf(path + n, PATH_MAX_TILE - n, ".p/%u", width);
    }
}

/* The partial tiles of an index that has become full. */
static void remove_partial(const struct publisher *p, const char *level,
                           uint64_t index)
{
    char path[PATH_MAX_TILE];
    const struct dirent *entry;
    DIR *d = NULL;
    int fd;

    tile_path(level, index, 1, path);
    *strrchr(path, '/') = '\0';
    fd = openat(p->dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        d = fdopendir(fd);
    }
    if (d == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return; /* what is too much does no harm */
    }
    while ((entry = readdir(d)) != NULL) {
        if (entry->d_name[0] != '.') {
            (void)unlinkat(fd, entry->d_name, 0);
        }
    }
    (void)closedir(d);
    (void)unlinkat(p->dir, path, AT_REMOVEDIR);
}

static bm_status write_tile(struct publisher *p, const char *level,
                            uint64_t index, size_t width, struct bm_bytes data)
{
    char path[PATH_MAX_TILE];

    tile_path(level, index, width == TILE_WIDTH ? 0 : (unsigned)width, path);
    return write_file(p, path, data);
}

/*
 * "MAY delete any partial tile once the corresponding full tile is available":
 * those of a tile that was partial in the checkpoint before.
 */
static void remove_partials(const struct publisher *p)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        uint64_t was = (p->old >> (TILE_HEIGHT * level)) / TILE_WIDTH;
        uint64_t is = (p->new >> (TILE_HEIGHT * level)) / TILE_WIDTH;
        char name[8];

        if (was == is) {
            continue;
        }
        (void)snprintf(name, sizeof name, "%u", level);
        remove_partial(p, name, was);
        if (level == 0) {
            remove_partial(p, "entries", was);
        }
    }
}

/* The tiles of a level that the published tree does not have. */
static bm_status write_level(struct publisher *p, unsigned level)
{
    uint64_t from = p->old >> (TILE_HEIGHT * level);
    uint64_t to = p->new >> (TILE_HEIGHT * level);
    char name[8];

    (void)snprintf(name, sizeof name, "%u", level);
    for (uint64_t at = from - from % TILE_WIDTH; from < to && at < to;
         at += TILE_WIDTH) {
        size_t n = to - at < TILE_WIDTH ? (size_t)(to - at) : TILE_WIDTH;

        BM_TRY(
            ledger_tiles_get(p->tiles, level, at / TILE_WIDTH, n, p->hashes));
        BM_TRY(write_tile(p, name, at / TILE_WIDTH, n,
                          (struct bm_bytes){ p->hashes[0], n * CA_TREE_HASH }));
    }
    return BM_OK;
}

/* Entries come leaf by leaf; `next` is the one that is expected. */
struct entries {
    struct publisher *p;
    uint64_t next;
};

static bm_status write_bundle(struct publisher *p, uint64_t end)
{
    size_t n = p->bundle_n;

    p->bundle_n = 0;
    return write_tile(p, "entries", (end - 1) / TILE_WIDTH, n,
                      (struct bm_bytes){ p->bundle, n * ENTRY_SIZE });
}

static bm_status add_entry(struct entries *e, const uint8_t entry[CA_TREE_HASH])
{
    struct publisher *p = e->p;
    uint8_t *at = p->bundle + p->bundle_n * ENTRY_SIZE;

    at[0] = 0;
    at[1] = CA_TREE_HASH;
    memcpy(at + 2, entry, CA_TREE_HASH);
    p->bundle_n++;
    e->next++;
    return p->bundle_n == TILE_WIDTH ? write_bundle(p, e->next) : BM_OK;
}

/* What was appended a moment ago need not be read and hashed again. */
static bool is_at_hand(const struct entries *e)
{
    return ledger_has_entries(e->p->ledger, e->p->tiles->tree, e->next,
                              e->p->new);
}

static bm_status add_leaf(void *arg, const void *row)
{
    const struct store_leaf *leaf = row;
    struct entries *e = arg;
    uint8_t entry[CA_TREE_HASH];

    if (e->next == e->p->new || is_at_hand(e)) {
        return BM_E_END;
    }
    if (leaf->index != e->next) {
        return BM_E_LEDGER_MISSING;
    }
    BM_TRY(
        ca_tree_entry(e->p->ledger->crypto, leaf->salt, leaf->record, entry));
    return add_entry(e, entry);
}

static bm_status add_entries(struct entries *e)
{
    const struct store_visit visit = { e, add_leaf };
    const struct ca_ledger *ledger = e->p->ledger;
    const struct store *s = ledger->store;

    if (!is_at_hand(e)) {
        BM_TRY(s->leaf_list(s->self, e->p->tiles->tree, e->next, &visit));
    }
    while (is_at_hand(e) && e->next < e->p->new) {
        BM_TRY(add_entry(e, ledger->entry[e->next % LEDGER_ENTRIES]));
    }
    return BM_OK;
}

static bm_status write_entries(struct publisher *p)
{
    struct entries e = { p, p->old - p->old % TILE_WIDTH };

    p->bundle_n = 0;
    BM_TRY(add_entries(&e));
    if (e.next != p->new) {
        return BM_E_LEDGER_MISSING;
    }
    return p->bundle_n == 0 ? BM_OK : write_bundle(p, e.next);
}

/* What the directory has: its checkpoint if it is one of ours, else an empty
 * tree, so that all is written. */
static bm_status read_published(const struct publisher *p,
                                struct ca_tree_head *head)
{
    uint8_t note[LEDGER_NOTE_MAX];
    size_t n = 0;
    ssize_t r = 1;
    int fd = openat(p->dir, "checkpoint", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    memset(head, 0, sizeof *head);
    if (fd < 0) {
        return errno == ENOENT ? BM_OK : io_status();
    }
    while ((r > 0 || (r < 0 && errno == EINTR)) && n < sizeof note) {
        r = read(fd, note + n, sizeof note - n);
        n += r > 0 ? (size_t)r : 0;
    }
    (void)close(fd);
    if (r < 0) {
        return BM_E_IO;
    }
    if (ca_checkpoint_open((struct bm_bytes){ note, n }, p->ledger->crypto,
                           &p->ledger->key, p->ledger->origin, head,
                           NULL) != BM_OK ||
        head->tree != p->tiles->tree) {
        memset(head, 0, sizeof *head);
    }
    return BM_OK;
}

/* Nothing that was published is ever contradicted. */
static bm_status compare(const struct publisher *p,
                         const struct ca_tree_head *published,
                         const struct ca_tree_head *head)
{
    const struct ca_tree_source source = { p->tiles, ledger_tiles_node };
    struct ca_tree_proof proof;
    bm_status rc;

    if (published->size > head->size) {
        return BM_E_LEDGER_ROLLBACK;
    }
    if (published->size == 0) {
        return BM_OK;
    }
    BM_TRY(ca_tree_consistency(p->ledger->crypto, &source, published->size,
                               head->size, &proof));
    rc = ca_tree_check_consistency(p->ledger->crypto, published, head, &proof);
    return rc == BM_E_LEDGER_PROOF ? BM_E_LEDGER_FORK : rc;
}

static bm_status write_tree(struct publisher *p, struct bm_bytes note,
                            const struct ca_tree_head *head)
{
    struct ca_tree_head published;

    BM_TRY(read_published(p, &published));
    BM_TRY(compare(p, &published, head));
    if (published.size == head->size) {
        return BM_OK;
    }
    p->old = published.size;
    p->new = head->size;
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        BM_TRY(write_level(p, level));
    }
    BM_TRY(write_entries(p));
    BM_TRY(finish_files(p));
    BM_TRY(write_file(p, "checkpoint", note));
    BM_TRY(finish_files(p));
    remove_partials(p);
    return BM_OK;
}

/* The directory of a tree, which is made where it is missing. */
static bm_status open_dir(const char *dir, uint32_t tree, int *fd)
{
    char name[16];
    int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *fd = -1;
    if (top < 0) {
        return errno == ENOENT ? BM_E_NOT_FOUND : BM_E_IO;
    }
    if (tree == 1) {
        *fd = top;
        return BM_OK;
    }
    (void)snprintf(name, sizeof name, "%lu", (unsigned long)tree);
    if (mkdirat(top, name, 0755) == 0 || errno == EEXIST) {
        *fd = openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (*fd >= 0 && fsync(top) != 0) {
        (void)close(*fd);
        *fd = -1;
    }
    (void)close(top);
    return *fd < 0 ? BM_E_IO : BM_OK;
}

/* A tree, if it has a checkpoint. */
static bm_status publish_tree(struct ca_ledger *ledger, uint32_t tree,
                              const char *dir, struct publisher *p)
{
    bm_status rc = BM_E_INTERNAL;
    uint8_t room[LEDGER_NOTE_MAX];
    struct ca_tree_head head;
    struct ledger_tiles *tiles = NULL;
    struct bm_wr note;

    memset(p, 0, sizeof *p);
    p->ledger = ledger;
    p->dir = -1;
    bm_wr_init(&note, room, sizeof room);
    rc = ledger_checkpoint_get(ledger, tree, &note, &head);
    if (rc == BM_E_NOT_FOUND) {
        rc = BM_OK; /* no such tree, or nothing signed of it yet */
        goto out;
    }
    if (rc != BM_OK) {
        goto out;
    }
    rc = ledger_tiles_of(ledger, tree, &tiles);
    if (rc != BM_OK) {
        goto out;
    }
    p->tiles = tiles;
    rc = open_dir(dir, tree, &p->dir);
    if (rc != BM_OK) {
        goto out;
    }
    rc = write_tree(p, bm_wr_bytes(&note), &head);
    /* An earlier tree may have been published further than was restored. */
    if (rc == BM_E_LEDGER_ROLLBACK && tree < ledger->tiles->tree) {
        rc = BM_OK;
    }

out:
    drop_files(p, 0); /* where something has failed */
    if (p->dir >= 0) {
        (void)close(p->dir);
    }
    ledger_tiles_done(ledger, tiles);
    return rc;
}

bm_status ca_ledger_publish(struct ca_ledger *ledger, const char *dir)
{
    const struct store *s = ledger->store;
    struct publisher *p;
    bm_status rc;

    BM_TRY(ledger->broken);
    p = malloc(sizeof *p);
    if (p == NULL) {
        return BM_E_MEMORY;
    }
    rc = s->begin(s->self, STORE_READ);
    if (rc == BM_OK) {
        for (uint32_t tree = 1; rc == BM_OK && tree <= ledger->tiles->tree;
             tree++) {
            rc = publish_tree(ledger, tree, dir, p);
        }
        s->rollback(s->self);
    }
    free(p);
    return rc;
}
