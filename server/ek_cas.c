/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ek_cas.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "core/pem.h"
#include "files/files.h"

_Static_assert(EK_CAS_MAX <= BM_PATH_CERTS_MAX, "what a path is looked for in");

/* A bundle of all makers has some hundreds of KB. */
#define FILE_MAX ((size_t)1 << 20)

/* Their older CAs are no better than their certificates. */
#define TOLERATE \
    (BM_TOLERATE_EXPLICIT_FALSE | BM_TOLERATE_SERIAL | BM_TOLERATE_TIME_TYPE)

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name);
    size_t m = strlen(end);

    return n > m && strcmp(name + n - m, end) == 0;
}

static bool is_pem(const char *name)
{
    return ends_with(name, ".pem") || ends_with(name, ".crt");
}

static bool is_der(const char *name)
{
    return ends_with(name, ".der") || ends_with(name, ".cer");
}

static bm_status add(struct ek_cas *cas, struct bm_bytes der)
{
    if (cas->n == EK_CAS_MAX) {
        return BM_E_LIMIT;
    }
    BM_TRY(bm_cert_parse(der, TOLERATE, NULL, &cas->certs[cas->n]));
    if (!cas->certs[cas->n].ext.ca) {
        return BM_E_PATH_CA;
    }
    cas->n++;
    return BM_OK;
}

/* The blocks are decoded in place: what is decoded is shorter. */
static bm_status add_pem(struct ek_cas *cas, uint8_t *text, size_t n)
{
    struct bm_bytes rest = { text, n };
    struct bm_pem block;
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, text, n);
    for (;;) {
        size_t before = w.len;

        rc = bm_pem_next(&rest, NULL, &block);
        if (rc != BM_OK) {
            return rc == BM_E_END && before != 0 ? BM_OK : rc;
        }
        if (!bm_pem_is(&block, "CERTIFICATE")) {
            return BM_E_PEM_LABEL;
        }
        BM_TRY(bm_pem_decode(&block, NULL, &w));
        BM_TRY(add(cas, (struct bm_bytes){ text + before, w.len - before }));
    }
}

static bm_status add_file(struct ek_cas *cas, const char *folder,
                          const char *name, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    uint8_t *data = NULL;
    size_t n = 0;
    bm_status rc;

    if (cas->files_n == EK_CAS_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "more than %d files in %s",
                         EK_CAS_MAX, folder);
    }
    BM_TRY(files_path(path, folder, name));
    BM_TRY(files_read(path, FILE_MAX, &data, &n, why));
    cas->files[cas->files_n++] = (struct bm_bytes){ data, n };
    rc = is_pem(name) ? add_pem(cas, data, n)
                      : add(cas, (struct bm_bytes){ data, n });
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", path);
}

static bm_status add_folder(struct ek_cas *cas, const char *folder,
                            struct ca_refusal *why)
{
    DIR *list = opendir(folder);
    const struct dirent *entry;
    bm_status rc = BM_OK;

    if (list == NULL) {
        return ca_refuse(why, BM_E_NOT_FOUND, "attestation.ek_cas: %s", folder);
    }
    while (rc == BM_OK && (entry = readdir(list)) != NULL) {
        if (is_pem(entry->d_name) || is_der(entry->d_name)) {
            rc = add_file(cas, folder, entry->d_name, why);
        }
    }
    (void)closedir(list);
    return rc;
}

bm_status ek_cas_read(const char *folder, struct ek_cas *cas,
                      struct ca_refusal *why)
{
    bm_status rc;

    memset(cas, 0, sizeof *cas);
    if (folder == NULL) {
        return BM_OK;
    }
    cas->certs = calloc(EK_CAS_MAX, sizeof *cas->certs);
    cas->files = calloc(EK_CAS_MAX, sizeof *cas->files);
    rc = cas->certs == NULL || cas->files == NULL
             ? ca_refuse_plain(why, BM_E_MEMORY)
             : add_folder(cas, folder, why);
    if (rc != BM_OK) {
        ek_cas_free(cas);
    }
    return rc;
}

void ek_cas_free(struct ek_cas *cas)
{
    for (size_t i = 0; cas->files != NULL && i < cas->files_n; i++) {
        free((void *)(uintptr_t)cas->files[i].p);
    }
    free(cas->files);
    free(cas->certs);
    memset(cas, 0, sizeof *cas);
}
