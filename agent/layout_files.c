/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/fs.h"
#include "agent/layout_internal.h"
#include "core/pem.h"

/* c_rehash(1): "%08x.%d", and OpenSSL alone knows how it hashes a name. */
static bm_status hash_of(struct bm_bytes der, unsigned long *hash)
{
    const unsigned char *p = der.p;
    X509 *cert = d2i_X509(NULL, &p, (long)der.n);
    int ok = 0;

    if (cert == NULL) {
        return BM_E_CERT;
    }
    *hash = X509_NAME_hash_ex(X509_get_subject_name(cert), NULL, NULL, &ok);
    X509_free(cert);
    return ok == 1 ? BM_OK : BM_E_CRYPTO;
}

/* Two roots of one name are told apart by the number behind it. */
static unsigned count_named(const struct layout_set *set, const char *stem)
{
    unsigned n = 0;

    for (size_t i = 0; i < set->n; i++) {
        n += strncmp(set->files[i].name, stem, strlen(stem)) == 0;
    }
    return n;
}

bm_status layout_hash(struct layout_set *set, const struct bm_bytes *certs,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned long hash;
        char stem[24];
        char name[40];
        struct bm_wr w;

        BM_TRY(hash_of(certs[i], &hash));
        (void)snprintf(stem, sizeof stem, "%08lx.", hash);
        (void)snprintf(name, sizeof name, "%s%u", stem, count_named(set, stem));
        bm_wr_init(&w, set->room, sizeof set->room);
        bm_pem_put(&w, "CERTIFICATE", certs[i]);
        BM_TRY(layout_add(set, name, false, &w));
    }
    return BM_OK;
}

static bm_status empty_folder(DIR *list)
{
    const struct dirent *entry;

    while ((entry = readdir(list)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0 &&
            unlinkat(dirfd(list), entry->d_name, 0) != 0) {
            return fs_status(errno);
        }
    }
    return BM_OK;
}

bm_status layout_remove(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *list;
    bm_status rc;

    if (fd < 0) {
        return errno == ENOENT ? BM_OK : fs_status(errno);
    }
    list = fdopendir(fd);
    if (list == NULL) {
        (void)close(fd);
        return BM_E_MEMORY;
    }
    rc = empty_folder(list);
    (void)closedir(list);
    if (rc == BM_OK && unlinkat(dir, name, AT_REMOVEDIR) != 0) {
        rc = fs_status(errno);
    }
    return rc;
}

/* Zero: not such a name. */
static unsigned number_of(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    char *end;
    unsigned long v;

    if (strncmp(name, prefix, n) != 0 || name[n] < '1' || name[n] > '9') {
        return 0;
    }
    v = strtoul(name + n, &end, 10);
    return *end == '\0' && v < 4000000000ul ? (unsigned)v : 0;
}

static DIR *open_list(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);

    if (list == NULL && fd >= 0) {
        (void)close(fd);
    }
    return list;
}

size_t layout_count(int dir)
{
    DIR *list = open_list(dir);
    const struct dirent *entry;
    size_t n = 0;

    if (list == NULL) {
        return SIZE_MAX;
    }
    while ((entry = readdir(list)) != NULL) {
        n +=
            strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    (void)closedir(list);
    return n;
}

bm_status layout_newest(int dir, const char *prefix, unsigned *newest)
{
    DIR *list = open_list(dir);
    const struct dirent *entry;

    *newest = 0;
    if (list == NULL) {
        return BM_E_IO;
    }
    while ((entry = readdir(list)) != NULL) {
        unsigned n = number_of(entry->d_name, prefix);

        *newest = n > *newest ? n : *newest;
    }
    (void)closedir(list);
    return BM_OK;
}

void layout_forget(int dir, const char *prefix, unsigned keep)
{
    DIR *list = open_list(dir);
    const struct dirent *entry;

    while (list != NULL && (entry = readdir(list)) != NULL) {
        unsigned n = number_of(entry->d_name, prefix);

        if (n != 0 && n < keep) {
            (void)!layout_remove(dir, entry->d_name);
        }
    }
    if (list != NULL) {
        (void)closedir(list);
    }
}
