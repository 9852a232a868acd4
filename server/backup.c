/* SPDX-License-Identifier: Apache-2.0 */
#include "server/backup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/blobs.h"
#include "server/instance_internal.h"

/* A segment of the journal and the group that was the last in it. */
#define SEGMENT_MAX (((size_t)CA_JOURNAL_SEGMENT + 2048) * CA_JOURNAL_ENTRY)

#define COPY_BLOCK 65536

/* A file and what it is called; the strings are ours. */
struct item {
    char *name;
    char *path; /* or NULL: `data` */
    uint8_t *data;
    size_t n;
};

struct making {
    struct instance *instance;
    const struct backup_config *config;
    struct ca_refusal *why;
    char parts[FILES_PATH_MAX];
    struct item *items;
    size_t n;
    size_t cap;
};

/* A new item, empty; NULL when there is no memory. */
static struct item *add_item(struct making *m)
{
    struct item *item;

    if (m->n == m->cap) {
        size_t cap = m->cap == 0 ? 64 : 2 * m->cap;
        struct item *more = realloc(m->items, cap * sizeof *more);

        if (more == NULL) {
            return NULL;
        }
        m->items = more;
        m->cap = cap;
    }
    item = &m->items[m->n++];
    *item = (struct item){ .name = NULL };
    return item;
}

/* What is at `path`. */
static bm_status add(struct making *m, const char *name, const char *path)
{
    struct item *item = NULL;

    if (m->n >= ARCHIVE_FILES_MAX) {
        return ca_refuse(m->why, BM_E_LIMIT, "too many files");
    }
    item = add_item(m);
    if (item == NULL) {
        return ca_refuse_plain(m->why, BM_E_MEMORY);
    }
    item->name = strdup(name);
    item->path = strdup(path);
    return item->name != NULL && item->path != NULL
               ? BM_OK
               : ca_refuse_plain(m->why, BM_E_MEMORY);
}

/* A file that lies in the instance as it does in the archive. */
static bm_status add_as_it_is(struct making *m, const char *name)
{
    char path[FILES_PATH_MAX];

    BM_TRY(files_path(path, m->instance->dir, name));
    return add(m, name, path);
}

/* The files of a folder whose names end so. */
static bm_status
add_folder(struct making *m, const char *folder, const char *end,
           bm_status (*one)(struct making *m, const char *name))
{
    size_t end_n = strlen(end);
    char dir[FILES_PATH_MAX];
    const struct dirent *entry;
    bm_status rc = BM_OK;
    DIR *d;

    BM_TRY(files_path(dir, m->instance->dir, folder));
    d = opendir(dir);
    if (d == NULL) {
        return ca_refuse(m->why, errno == ENOENT ? BM_E_NOT_FOUND : BM_E_IO,
                         "%s", dir);
    }
    while (rc == BM_OK && (errno = 0, entry = readdir(d)) != NULL) {
        size_t n = strlen(entry->d_name);
        char name[FILES_PATH_MAX];

        if (entry->d_name[0] == '.' || n <= end_n ||
            strcmp(entry->d_name + n - end_n, end) != 0) {
            continue;
        }
        rc = files_path(name, folder, entry->d_name);
        if (rc == BM_OK) {
            rc = one(m, name);
        }
    }
    if (rc == BM_OK && errno != 0) {
        rc = ca_refuse(m->why, BM_E_IO, "%s", dir);
    }
    (void)closedir(d);
    return rc;
}

static bm_status copy_stream(FILE *from, const struct bm_crl_sink *to)
{
    uint8_t *block = malloc(COPY_BLOCK);
    bm_status rc = block == NULL ? BM_E_MEMORY : BM_OK;

    while (rc == BM_OK) {
        size_t n = fread(block, 1, COPY_BLOCK, from);

        if (n == 0) {
            rc = ferror(from) ? BM_E_IO : BM_OK;
            break;
        }
        rc = to->put(to->self, (struct bm_bytes){ block, n });
    }
    free(block);
    return rc;
}

/* A revocation list is replaced whenever a new one is made: a copy is not. */
static bm_status add_copy(struct making *m, const char *name)
{
    struct files_stream to;
    char from[FILES_PATH_MAX];
    char path[FILES_PATH_MAX];
    bm_status rc;
    FILE *f;

    BM_TRY(files_path(from, m->instance->dir, name));
    BM_TRY(files_path(path, m->parts, strrchr(name, '/') + 1));
    BM_TRY(files_stream_open(&to, path, m->why));
    f = fopen(from, "rbe");
    rc = f == NULL ? ca_refuse(m->why, BM_E_IO, "%s", from)
                   : copy_stream(f, &to.sink);
    if (f != NULL) {
        (void)fclose(f);
    }
    if (rc == BM_OK) {
        rc = files_stream_publish(&to, m->why);
    }
    files_stream_drop(&to);
    return rc == BM_OK ? add(m, name, path) : ca_refuse(m->why, rc, "%s", from);
}

/* The last segment grows: what is whole in it now. */
static bm_status add_last_segment(struct making *m, uint64_t number,
                                  const char *name)
{
    const struct instance *in = m->instance;
    char path[FILES_PATH_MAX];
    struct item *item;
    uint64_t size = 0;
    bm_status rc =
        ca_journal_file_size(in->journal_dir, in->port.crypto, number, &size);

    if (rc != BM_OK) {
        return ca_refuse(m->why, rc, "%s", in->journal_dir);
    }
    BM_TRY(files_path(path, in->dir, name));
    item = add_item(m);
    if (item == NULL) {
        return ca_refuse_plain(m->why, BM_E_MEMORY);
    }
    item->name = strdup(name);
    if (item->name == NULL) {
        return ca_refuse_plain(m->why, BM_E_MEMORY);
    }
    BM_TRY(files_read(path, SEGMENT_MAX, &item->data, &item->n, m->why));
    if (item->n < size) {
        return ca_refuse(m->why, BM_E_LEDGER_JOURNAL, "%s", path);
    }
    item->n = (size_t)size;
    return BM_OK;
}

static bm_status add_journal(struct making *m)
{
    char file[CA_JOURNAL_NAME_MAX];
    char name[FILES_PATH_MAX];
    uint64_t first;
    uint64_t last;
    bm_status rc = ca_journal_files(m->instance->journal_dir, &first, &last);

    if (rc != BM_OK) {
        return ca_refuse(m->why, rc, "%s", m->instance->journal_dir);
    }
    for (uint64_t i = first; i != 0 && i <= last; i++) {
        ca_journal_file_name(i, file);
        BM_TRY(files_path(name, "journal", file));
        BM_TRY(i == last ? add_last_segment(m, i, name)
                         : add_as_it_is(m, name));
    }
    return BM_OK;
}

static bm_status copy_store(struct making *m)
{
    const struct store *s = m->instance->store;
    const struct backup_config *c = m->config;
    char path[FILES_PATH_MAX];
    bm_status rc;

    BM_TRY(files_path(path, m->parts, "birthmark.db"));
    rc = s->backup(s->self, path, c->progress, c->arg);
    return rc == BM_OK ? add(m, "birthmark.db", path)
                       : ca_refuse(m->why, rc, "%s", path);
}

/* A list of bad keys that lies elsewhere is somebody else's to keep. */
static bm_status add_bad_keys(struct making *m)
{
    const char *name = m->instance->settings.bad_keys;

    return name != NULL && strcmp(name, "bad-keys.txt") == 0
               ? add_as_it_is(m, name)
               : BM_OK;
}

/* Those that are whole, which never change. */
static bm_status add_blob(struct making *m, const char *name)
{
    return strlen(name) == sizeof BLOBS_DIR + 2 * STORE_HASH_SIZE
               ? add_as_it_is(m, name)
               : BM_OK;
}

/* An instance of an earlier version has no such folder. */
static bm_status add_newer(struct making *m, const char *folder,
                           const char *end,
                           bm_status (*one)(struct making *m, const char *name))
{
    char path[FILES_PATH_MAX];

    BM_TRY(files_path(path, m->instance->dir, folder));
    return access(path, F_OK) == 0 ? add_folder(m, folder, end, one) : BM_OK;
}

static bm_status gather(struct making *m)
{
    BM_TRY(copy_store(m));
    BM_TRY(add_journal(m));
    BM_TRY(add_as_it_is(m, "birthmark.yaml"));
    BM_TRY(add_as_it_is(m, "ledger.pub"));
    BM_TRY(add_as_it_is(m, "operator/operator.pem"));
    BM_TRY(add_bad_keys(m));
    BM_TRY(add_folder(m, "profiles", ".yaml", add_as_it_is));
    BM_TRY(add_folder(m, "ca", ".pem", add_as_it_is));
    BM_TRY(add_folder(m, "ca", ".csr", add_as_it_is));
    BM_TRY(add_folder(m, "crl", ".crl", add_copy));
    BM_TRY(add_newer(m, BLOBS_DIR, "", add_blob));
    BM_TRY(add_newer(m, INSTANCE_VERSIONS, ".yaml", add_as_it_is));
    if (m->config->keys) {
        BM_TRY(add_as_it_is(m, "keys/kek"));
        BM_TRY(add_folder(m, "keys", ".key", add_as_it_is));
    }
    return BM_OK;
}

static bm_status pack(struct making *m)
{
    struct archive_pack_config config = { .crypto = m->instance->port.crypto,
                                          .path = m->config->path,
                                          .n = m->n,
                                          .created = m->config->now,
                                          .tool = m->config->tool,
                                          .contains_keys = m->config->keys,
                                          .squeeze = ARCHIVE_ZSTD };
    struct archive_file *files = calloc(m->n, sizeof *files);
    bm_status rc;

    if (files == NULL) {
        return ca_refuse_plain(m->why, BM_E_MEMORY);
    }
    for (size_t i = 0; i < m->n; i++) {
        const struct item *item = &m->items[i];

        files[i] = (struct archive_file){ item->name,
                                          item->path,
                                          { item->data, item->n } };
    }
    config.files = files;
    rc = archive_pack(&config, m->why);
    free(files);
    return rc;
}

/* What an interrupted backup left there is of no use. */
static bm_status begin(struct making *m)
{
    int n = snprintf(m->parts, sizeof m->parts, "%s.parts", m->config->path);

    if (n < 0 || (size_t)n >= sizeof m->parts) {
        return ca_refuse(m->why, BM_E_LIMIT, "%s", m->config->path);
    }
    if (access(m->config->path, F_OK) == 0) {
        return ca_refuse(m->why, BM_E_EXISTS, "%s", m->config->path);
    }
    BM_TRY(files_remove_tree(m->parts, m->why));
    return files_make_dir(m->parts, 0700, m->why);
}

static void release(struct making *m)
{
    for (size_t i = 0; i < m->n; i++) {
        free(m->items[i].name);
        free(m->items[i].path);
        free(m->items[i].data);
    }
    free(m->items);
    free(m);
}

bm_status backup_make(struct instance *instance, const struct ca_actor *actor,
                      const struct backup_config *config,
                      struct ca_refusal *why)
{
    struct making *m;
    bm_status rc;

    BM_TRY(ca_authorise(actor, CA_ACT_BACKUP, why));
    m = calloc(1, sizeof *m);
    if (m == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    m->instance = instance;
    m->config = config;
    m->why = why;
    rc = begin(m);
    if (rc == BM_OK) {
        rc = gather(m);
        if (rc == BM_OK) {
            rc = pack(m);
        }
        if (files_remove_tree(m->parts, rc == BM_OK ? why : NULL) != BM_OK &&
            rc == BM_OK) {
            rc = BM_E_IO;
            (void)unlink(config->path);
        }
    }
    release(m);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
