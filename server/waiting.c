/* SPDX-License-Identifier: Apache-2.0 */
#include "server/waiting.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/pem.h"

/* A request with a key of ML-DSA-87 in base64, and much room. */
#define FILE_MAX ((size_t)64 << 10)

#define LABEL "CERTIFICATE REQUEST"

static const char *const kinds[] = {
    [WAITING_ISSUING] = "issuing",
    [WAITING_OPERATIONS] = "operations",
    [WAITING_SERVER] = "server",
};

#define KINDS_N (sizeof kinds / sizeof kinds[0])

const char *waiting_kind_name(enum waiting_kind kind)
{
    return (size_t)kind < KINDS_N && kinds[kind] != NULL ? kinds[kind] : "";
}

enum waiting_kind waiting_kind_parse(const char *name)
{
    for (size_t i = 0; i < KINDS_N; i++) {
        if (kinds[i] != NULL && strcmp(kinds[i], name) == 0) {
            return (enum waiting_kind)i;
        }
    }
    return (enum waiting_kind)0;
}

/* ---- The file */

/* Take "NAME: VALUE" and its line end. */
static bm_status take_line(struct bm_bytes *text, const char *name, char *value,
                           size_t cap)
{
    size_t skip = strlen(name);
    const uint8_t *end = text->n == 0 ? NULL : memchr(text->p, '\n', text->n);
    size_t n;

    if (end == NULL || (size_t)(end - text->p) <= skip ||
        memcmp(text->p, name, skip) != 0) {
        return BM_E_CONFIG_VALUE;
    }
    n = (size_t)(end - text->p) - skip;
    if (n >= cap || memchr(text->p + skip, 0, n) != NULL) {
        return BM_E_CONFIG_VALUE;
    }
    memcpy(value, text->p + skip, n);
    value[n] = '\0';
    text->p += skip + n + 1;
    text->n -= skip + n + 1;
    return BM_OK;
}

static bm_status take_request(struct waiting_key *waiting, struct bm_bytes text)
{
    struct bm_pem block;
    struct bm_wr w;

    BM_TRY(bm_pem_next(&text, NULL, &block));
    if (!bm_pem_is(&block, LABEL)) {
        return BM_E_CONFIG_VALUE;
    }
    waiting->der = malloc(block.base64.n + 1);
    if (waiting->der == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, waiting->der, block.base64.n);
    BM_TRY(bm_pem_decode(&block, NULL, &w));
    return bm_csr_parse(bm_wr_bytes(&w), NULL, &waiting->csr);
}

bm_status waiting_parse(struct waiting_key *waiting, struct bm_bytes text)
{
    char kind[16];
    char over[8];
    bm_status rc;

    memset(waiting, 0, sizeof *waiting);
    rc = take_line(&text, "kind: ", kind, sizeof kind);
    if (rc == BM_OK) {
        rc = take_line(&text, "key: ", waiting->key_uri,
                       sizeof waiting->key_uri);
    }
    if (rc == BM_OK) {
        waiting->taken =
            take_line(&text, "taken: ", over, sizeof over) == BM_OK;
        waiting->kind = waiting_kind_parse(kind);
        rc = waiting->kind == 0 ? BM_E_CONFIG_VALUE
                                : take_request(waiting, text);
    }
    if (rc != BM_OK) {
        waiting_free(waiting);
    }
    return rc;
}

static bm_status path_of(const char *dir, const char *id,
                         char path[FILES_PATH_MAX])
{
    char name[STORE_ID_MAX + 16];

    (void)snprintf(name, sizeof name, "ca/%s.csr", id);
    return files_path(path, dir, name);
}

bm_status waiting_read(struct waiting_key *waiting, const char *dir,
                       const char *id, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    uint8_t *text = NULL;
    size_t n;
    bm_status rc;

    memset(waiting, 0, sizeof *waiting);
    if (strlen(id) >= sizeof waiting->id) {
        return ca_refuse(why, BM_E_NOT_FOUND, "CA %s", id);
    }
    BM_TRY(path_of(dir, id, path));
    BM_TRY(files_read(path, FILE_MAX, &text, &n, why));
    rc = waiting_parse(waiting, (struct bm_bytes){ text, n });
    free(text);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "%s", path);
    }
    memcpy(waiting->id, id, strlen(id) + 1);
    return BM_OK;
}

void waiting_free(struct waiting_key *waiting)
{
    free(waiting->der);
    memset(waiting, 0, sizeof *waiting);
}

bm_status waiting_write(const struct waiting_key *waiting, const char *dir,
                        struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    uint8_t *room = malloc(FILE_MAX);
    struct bm_wr w;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        goto out;
    }
    bm_wr_init(&w, room, FILE_MAX);
    bm_wr_str(&w, "kind: ");
    bm_wr_str(&w, waiting_kind_name(waiting->kind));
    bm_wr_str(&w, "\nkey: ");
    bm_wr_str(&w, waiting->key_uri);
    bm_wr_str(&w, waiting->taken ? "\ntaken: over\n" : "\n");
    bm_pem_put(&w, LABEL, waiting->csr.der);
    rc = w.len > w.cap ? BM_E_LIMIT : path_of(dir, waiting->id, path);
    if (rc == BM_OK) {
        rc = files_create(path, bm_wr_bytes(&w), 0644, why);
    }

out:
    free(room);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

bm_status waiting_drop(const char *dir, const char *id, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];

    BM_TRY(path_of(dir, id, path));
    if (unlink(path) != 0 && errno != ENOENT) {
        return ca_refuse(why, BM_E_IO, "%s", path);
    }
    BM_TRY(files_path(path, dir, "ca"));
    return files_sync_dir(path, why);
}

/* ---- All of them */

static int is_request(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);

    return entry->d_name[0] != '.' && n > 4 && n - 4 < STORE_ID_MAX &&
           strcmp(entry->d_name + n - 4, ".csr") == 0;
}

static bm_status add(struct waiting_list *list, const char *dir,
                     const char *name, struct ca_refusal *why)
{
    char id[STORE_ID_MAX] = "";

    if (list->n == WAITING_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "over %d requests in %s/ca",
                         WAITING_MAX, dir);
    }
    (void)snprintf(id, sizeof id, "%.*s", (int)(strlen(name) - strlen(".csr")),
                   name);
    BM_TRY(waiting_read(&list->item[list->n], dir, id, why));
    list->n++;
    return BM_OK;
}

bm_status waiting_list_read(struct waiting_list *list, const char *dir,
                            struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    struct dirent **names = NULL;
    bm_status rc = BM_OK;
    int n;

    list->n = 0;
    BM_TRY(files_path(path, dir, "ca"));
    n = scandir(path, &names, is_request, alphasort);
    if (n < 0) {
        return ca_refuse(why, errno == ENOMEM ? BM_E_MEMORY : BM_E_NOT_FOUND,
                         "%s", path);
    }
    for (int i = 0; i < n; i++) {
        if (rc == BM_OK) {
            rc = add(list, dir, names[i]->d_name, why);
        }
        free(names[i]);
    }
    free(names);
    if (rc != BM_OK) {
        waiting_list_free(list);
    }
    return rc;
}

void waiting_list_free(struct waiting_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        waiting_free(&list->item[i]);
    }
    list->n = 0;
}

const struct waiting_key *waiting_find(const struct waiting_list *list,
                                       const char *id)
{
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->item[i].id, id) == 0) {
            return &list->item[i];
        }
    }
    return NULL;
}

const struct waiting_key *waiting_find_key(const struct waiting_list *list,
                                           struct bm_bytes spki)
{
    for (size_t i = 0; i < list->n; i++) {
        if (bm_bytes_equal(list->item[i].csr.key.der, spki)) {
            return &list->item[i];
        }
    }
    return NULL;
}
