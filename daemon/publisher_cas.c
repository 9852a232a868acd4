/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The CAs, by their certificates in ca/: what is published of them, whose
 * OCSP requests are ours, and when all of it ends.
 */
#define _DEFAULT_SOURCE

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crl.h"
#include "core/pem.h"
#include "daemon/publisher_internal.h"

/* INSTANCE_CAS_MAX of server/instance.h, and what else lies in ca/ */
#define CERTS_MAX 64

/* Of one PEM file: a certificate, and its chain. */
#define FILE_MAX ((size_t)128 << 10)

/* What is seen of a directory or file when it has changed. */
struct stamp {
    time_t sec;
    long nsec;
    ino_t inode;
};

struct cas {
    int dir;
    const struct bm_crypto *crypto;
    struct metrics_page *metrics;
    struct stamp stamp; /* of ca/ */
    struct cas_cert cert[CERTS_MAX];
    struct stamp crl[CERTS_MAX];
    size_t n;
};

static struct stamp stamp_of(int dir, const char *path)
{
    struct stat st;

    if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return (struct stamp){ 0, 0, 0 };
    }
    return (struct stamp){ st.st_mtim.tv_sec, st.st_mtim.tv_nsec, st.st_ino };
}

static bool is_same(const struct stamp *a, const struct stamp *b)
{
    return a->sec == b->sec && a->nsec == b->nsec && a->inode == b->inode;
}

static void forget(struct cas *cas)
{
    for (size_t i = 0; i < cas->n; i++) {
        metrics_set_to(cas->metrics, METRICS_EXPIRY, cas->cert[i].id, 0);
        free(cas->cert[i].der);
    }
    memset(cas->cert, 0, sizeof cas->cert);
    memset(cas->crl, 0, sizeof cas->crl);
    cas->n = 0;
}

static bm_status read_all(const struct publisher_file *file, uint8_t **data)
{
    size_t at = 0;

    if (file->size == 0 || file->size > FILE_MAX) {
        return BM_E_LIMIT;
    }
    *data = malloc(file->size);
    if (*data == NULL) {
        return BM_E_MEMORY;
    }
    while (at < file->size) {
        ssize_t n = read(file->fd, *data + at, file->size - at);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            free(*data);
            *data = NULL;
            return BM_E_IO;
        }
        at += (size_t)n;
    }
    return BM_OK;
}

/* The first certificate of a PEM text, decoded over its own base64. */
static bm_status parse(uint8_t *text, size_t n, struct bm_cert *cert)
{
    struct bm_bytes rest = { text, n };
    struct bm_pem block;
    struct bm_wr w;

    do {
        BM_TRY(bm_pem_next(&rest, NULL, &block));
    } while (!bm_pem_is(&block, "CERTIFICATE"));
    bm_wr_init(&w, text + (block.base64.p - text), block.base64.n);
    BM_TRY(bm_pem_decode(&block, NULL, &w));
    return bm_cert_parse(bm_wr_bytes(&w), BM_STRICT, NULL, cert);
}

/* ID.pem; anything that is no certificate is passed over, with a word. */
static void add(struct cas *cas, const char *name)
{
    struct cas_cert *c = &cas->cert[cas->n];
    size_t n = strlen(name);
    char path[SITE_FILE_MAX];
    struct publisher_file file = { .fd = -1 };
    bm_status rc = BM_E_LIMIT;

    if (n <= 4 || n - 4 >= sizeof c->id || strcmp(name + n - 4, ".pem") != 0 ||
        name[0] == '.') {
        return;
    }
    (void)snprintf(path, sizeof path, "ca/%s", name);
    memset(c, 0, sizeof *c);
    memcpy(c->id, name, n - 4);
    if (cas->n < CERTS_MAX - 1) {
        rc = publisher_open(cas->dir, path, &file);
    }
    if (rc == BM_OK) {
        rc = read_all(&file, &c->der);
        (void)close(file.fd);
    }
    if (rc == BM_OK) {
        rc = parse(c->der, file.size, &c->cert);
    }
    if (rc == BM_OK) {
        rc = status_etag_put(c->etag, cas->crypto, c->cert.der);
    }
    if (rc != BM_OK) {
        log_put(LOG_LEVEL_ERROR, "publisher.certificate",
                (struct log_field[]){ log_text("file", path),
                                      log_text("why", bm_status_text(rc)),
                                      { 0 } });
        free(c->der);
        c->der = NULL;
        return;
    }
    metrics_set_to(cas->metrics, METRICS_EXPIRY, c->id, c->cert.not_after);
    cas->n++;
}

static bm_status load(struct cas *cas)
{
    int fd =
        openat(cas->dir, "ca", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (d == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return BM_E_NOT_FOUND;
    }
    forget(cas);
    while ((entry = readdir(d)) != NULL) {
        add(cas, entry->d_name);
    }
    (void)closedir(d);
    return BM_OK;
}

bm_status cas_new(int dir, const struct bm_crypto *crypto,
                  struct metrics_page *metrics, struct cas **cas)
{
    struct cas *c = calloc(1, sizeof *c);
    bm_status rc;

    *cas = NULL;
    if (c == NULL) {
        return BM_E_MEMORY;
    }
    c->dir = dir;
    c->crypto = crypto;
    c->metrics = metrics;
    c->stamp = stamp_of(dir, "ca");
    rc = load(c);
    if (rc != BM_OK) {
        free(c);
        return rc;
    }
    cas_refresh(c);
    *cas = c;
    return BM_OK;
}

void cas_free(struct cas *cas)
{
    if (cas != NULL) {
        forget(cas);
        free(cas);
    }
}

/* nextUpdate stands in the first octets of a CRL, however long it is. */
static bm_status next_update(int dir, const char *path, int64_t *t)
{
    static struct bm_crl_reader reader;
    struct publisher_file file;
    uint8_t head[BM_CRL_ITEM_MAX];
    enum bm_crl_event event = BM_CRL_MORE;
    ssize_t n;
    bm_status rc;

    BM_TRY(publisher_open(dir, path, &file));
    n = read(file.fd, head, sizeof head);
    (void)close(file.fd);
    bm_crl_reader_open(&reader, NULL);
    bm_crl_reader_feed(&reader,
                       (struct bm_bytes){ head, n < 0 ? 0 : (size_t)n });
    rc = bm_crl_reader_next(&reader, &event);
    *t = rc == BM_OK && event == BM_CRL_HEAD ? reader.head.next_update : 0;
    bm_crl_reader_close(&reader);
    return rc;
}

static void look_at_crl(struct cas *cas, size_t i)
{
    char path[SITE_FILE_MAX];
    struct stamp stamp;
    int64_t t = 0;

    (void)snprintf(path, sizeof path, "crl/%s.crl", cas->cert[i].id);
    stamp = stamp_of(cas->dir, path);
    if (is_same(&stamp, &cas->crl[i])) {
        return;
    }
    cas->crl[i] = stamp;
    if (next_update(cas->dir, path, &t) != BM_OK) {
        t = 0;
    }
    metrics_set_to(cas->metrics, METRICS_NEXT_UPDATE, cas->cert[i].id, t);
}

void cas_refresh(struct cas *cas)
{
    struct stamp stamp = stamp_of(cas->dir, "ca");

    if (!is_same(&stamp, &cas->stamp) && load(cas) == BM_OK) {
        cas->stamp = stamp;
    }
    for (size_t i = 0; i < cas->n; i++) {
        if (cas->cert[i].cert.ext.ca) {
            look_at_crl(cas, i);
        }
    }
}

const struct cas_cert *cas_find(const struct cas *cas, const char *id)
{
    for (size_t i = 0; i < cas->n; i++) {
        if (cas->cert[i].cert.ext.ca && strcmp(cas->cert[i].id, id) == 0) {
            return &cas->cert[i];
        }
    }
    return NULL;
}

bool cas_knows(const struct cas *cas, const struct bm_ocsp_certid *id)
{
    for (size_t i = 0; i < cas->n; i++) {
        const struct bm_cert *cert = &cas->cert[i].cert;
        struct bm_ocsp_target target = { .issuer = cert->subject,
                                         .issuer_key = &cert->key,
                                         .serial = id->serial };

        if (cert->ext.ca &&
            bm_ocsp_certid_match(id, cas->crypto, &target) == BM_OK) {
            return true;
        }
    }
    return false;
}
