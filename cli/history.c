/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/history.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli/diag.h"
#include "cli/openssl_index.h"
#include "cli/safe.h"
#include "files/files.h"

/* A million lines of an index. */
#define INDEX_MAX ((size_t)256 << 20)

static bool refuse(const struct history *h, const char *path, const char *words)
{
    fprintf(stderr, "%s: ", h->path);
    safe_print_str(stderr, path);
    fprintf(stderr, ": %s\n", words);
    return false;
}

static bool is_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

/* The certificate that a line is about, and what else it says. */
static bool take_entry(struct history *h, const char *folder,
                       const struct openssl_index_entry *e)
{
    char path[FILES_PATH_MAX];
    char digits[OPENSSL_INDEX_SERIAL_MAX + 1];
    uint8_t serial[OPENSSL_INDEX_SERIAL_MAX / 2 + 2] = { 0 };
    size_t n = strlen(e->serial);
    size_t from = n % 2;

    if (h->file != NULL) {
        if (snprintf(path, sizeof path, "%s/newcerts/%s.pem", folder,
                     e->serial) >= (int)sizeof path ||
            !is_there(path)) {
            h->missing++;
            (void)refuse(h, path, "the index has it, and it is not there");
            return true;
        }
        if (!h->file(h->arg, path)) {
            return false;
        }
    }
    if (h->revoked == NULL || !e->revoked) {
        return true;
    }
    /* INTEGER contents: an even number of digits, and positive. */
    (void)snprintf(digits, sizeof digits, "%s%s", from != 0 ? "0" : "",
                   e->serial);
    n = strlen(digits) / 2;
    for (size_t i = 0; i < n; i++) {
        char octet[3] = { digits[2 * i], digits[2 * i + 1], '\0' };

        serial[i + 1] = (uint8_t)strtoul(octet, NULL, 16);
    }
    from = serial[1] < 0x80 ? 1 : 0;
    return h->revoked(h->arg, (struct bm_bytes){ serial + from, n + 1 - from },
                      e->revoked_at, e->reason);
}

static bool walk_index(struct history *h, const char *path,
                       struct bm_bytes text)
{
    const char *slash = strrchr(path, '/');
    struct openssl_index_entry entry;
    char folder[FILES_PATH_MAX];
    bm_status rc;

    (void)snprintf(folder, sizeof folder, "%.*s",
                   slash != NULL ? (int)(slash - path) : 1,
                   slash != NULL ? path : ".");
    while ((rc = openssl_index_next(&text, &entry)) == BM_OK) {
        if (!take_entry(h, folder, &entry)) {
            return false;
        }
    }
    return rc == BM_E_END || refuse(h, path, "a line is no line of openssl ca");
}

/* ---- Files and folders */

static bool walk_file(struct history *h, const char *path, bool is_index)
{
    struct openssl_index_entry entry;
    struct ca_refusal why = { .status = BM_OK };
    struct bm_bytes text;
    uint8_t *data = NULL;
    size_t n;
    bool ok;

    if (files_read(path, INDEX_MAX, &data, &n, &why) != BM_OK) {
        return refuse(h, path, "it cannot be read");
    }
    text = (struct bm_bytes){ data, n };
    if (is_index || openssl_index_next(&text, &entry) == BM_OK) {
        ok = walk_index(h, path, (struct bm_bytes){ data, n });
    } else {
        ok = h->file == NULL || h->file(h->arg, path);
    }
    free(data);
    return ok;
}

static int is_cert(const struct dirent *e)
{
    static const char *const ends[] = { ".pem", ".crt", ".cer", ".der" };
    const char *dot = strrchr(e->d_name, '.');

    for (size_t i = 0; dot != NULL && i < sizeof ends / sizeof ends[0]; i++) {
        if (strcasecmp(dot, ends[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static bool walk_folder(struct history *h, const char *folder)
{
    char path[FILES_PATH_MAX];
    struct dirent **names = NULL;
    bool ok = true;
    int n;

    if (h->file == NULL) {
        return true;
    }
    n = scandir(folder, &names, is_cert, alphasort);
    if (n < 0) {
        return refuse(h, folder, "it cannot be read");
    }
    for (int i = 0; i < n; i++) {
        ok = ok && files_path(path, folder, names[i]->d_name) == BM_OK &&
             h->file(h->arg, path);
        free(names[i]);
    }
    free(names);
    return ok;
}

bool history_walk(struct history *h, const char *path)
{
    char index[FILES_PATH_MAX];
    struct stat st;

    if (stat(path, &st) != 0) {
        refusal_print_errno(path, errno);
        return false;
    }
    if (!S_ISDIR(st.st_mode)) {
        return walk_file(h, path, false);
    }
    return files_path(index, path, "index.txt") == BM_OK && is_there(index)
               ? walk_file(h, index, true)
               : walk_folder(h, path);
}
