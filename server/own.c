/* SPDX-License-Identifier: Apache-2.0 */
#include "server/own.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/oid.h"
#include "core/pem.h"
#include "server/instance_internal.h"
#include "server/waiting.h"

#define SERVER_PEM "ca/server.pem"
#define KEY_LINE   "key: "

/* Octets of ca/server.pem: a certificate and the CAs above it. */
#define SERVER_PEM_MAX ((size_t)128 << 10)

/* Longest subject of a responder. */
#define NAME_OCTETS_MAX 512

bm_status own_is_due(struct instance *in, const char *ca,
                     const struct bm_cert *cert, int64_t now, bool *due)
{
    static const struct store_scope everything = { 0, 0 };
    struct store *s = in->store;
    struct store_cert row;
    bm_status rc;

    *due = cert->der.n == 0 ||
           now >= cert->not_after - (cert->not_after - cert->not_before) / 3;
    if (*due) {
        return BM_OK;
    }
    /* A responder's certificate has ocsp-nocheck: nobody will ask whether it
     * was revoked, so that its key must not speak any longer. */
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = s->cert_find(s->self, &everything, ca, cert->serial, &row);
    *due = rc != BM_OK || row.status != STORE_CERT_VALID;
    s->rollback(s->self);
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

/* ---- The file */

static bool begins(const uint8_t *p, size_t n, const char *word)
{
    return n >= strlen(word) && memcmp(p, word, strlen(word)) == 0;
}

/* The line in front, if there is one: nothing else may be there. */
static bm_status take_uri(struct own_server *s)
{
    size_t skip = strlen(KEY_LINE);
    const uint8_t *end;
    size_t n;

    if (!begins(s->text, s->n, KEY_LINE)) {
        memcpy(s->key_uri, SERVER_KEY_URI, sizeof SERVER_KEY_URI);
        return BM_OK;
    }
    end = memchr(s->text, '\n', s->n);
    if (end == NULL) {
        return BM_E_CONFIG_VALUE;
    }
    n = (size_t)(end - s->text) - skip;
    if (n == 0 || n >= sizeof s->key_uri ||
        memchr(s->text + skip, 0, n) != NULL) {
        return BM_E_CONFIG_VALUE;
    }
    memcpy(s->key_uri, s->text + skip, n);
    s->key_uri[n] = '\0';
    return BM_OK;
}

/* What an instance is that has no operations CA yet. */
static bm_status say_not_there(const char *dir, struct ca_refusal *why)
{
    struct waiting_key waiting;
    bm_status rc = waiting_read(&waiting, dir, WAITING_SERVER_ID, NULL);

    if (rc == BM_OK) {
        waiting_free(&waiting);
        return ca_refuse(why, BM_E_CA_UNAVAILABLE,
                         "%s/" SERVER_PEM ": CA operations waits for its "
                         "certificate: birthmark ca install",
                         dir);
    }
    return ca_refuse(why, BM_E_NOT_FOUND, "%s/" SERVER_PEM, dir);
}

bm_status own_server_read(struct own_server *s, const char *dir,
                          struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    size_t n;
    bm_status rc;

    memset(s, 0, sizeof *s);
    BM_TRY(files_path(path, dir, SERVER_PEM));
    rc = files_read(path, SERVER_PEM_MAX, &s->text, &s->n, why);
    if (rc == BM_E_NOT_FOUND) {
        return say_not_there(dir, why);
    }
    if (rc == BM_OK) {
        rc = take_uri(s);
    }
    if (rc == BM_OK) {
        rc = files_get_pem(path, "CERTIFICATE", &s->der, &n, why);
    }
    if (rc == BM_OK) {
        rc = bm_cert_parse((struct bm_bytes){ s->der, n }, BM_STRICT, NULL,
                           &s->cert);
    }
    if (rc != BM_OK) {
        own_server_free(s);
        return why != NULL && why->words[0] != '\0'
                   ? rc
                   : ca_refuse(why, rc, "%s", path);
    }
    return BM_OK;
}

void own_server_free(struct own_server *s)
{
    free(s->text);
    free(s->der);
    memset(s, 0, sizeof *s);
}

static bm_status put_chain(struct bm_wr *w, struct bm_bytes chain)
{
    struct bm_der d;
    struct bm_bytes one;

    bm_der_init(&d, chain, NULL);
    while (bm_der_end(&d) != BM_OK) {
        BM_TRY(bm_der_take_element(&d, BM_DER_SEQUENCE, &one));
        bm_pem_put(w, "CERTIFICATE", one);
    }
    return w->len > w->cap ? BM_E_BUFFER : BM_OK;
}

bm_status own_server_write(const char *dir, const char *key_uri,
                           struct bm_bytes cert, struct bm_bytes chain,
                           struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    uint8_t *room = NULL;
    struct bm_wr w;
    bm_status rc;

    BM_TRY(files_path(path, dir, SERVER_PEM));
    room = malloc(SERVER_PEM_MAX);
    if (room == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    bm_wr_init(&w, room, SERVER_PEM_MAX);
    bm_wr_str(&w, KEY_LINE);
    bm_wr_str(&w, key_uri);
    bm_wr_str(&w, "\n");
    bm_pem_put(&w, "CERTIFICATE", cert);
    rc = put_chain(&w, chain);
    if (rc == BM_OK) {
        rc = files_replace(path, bm_wr_bytes(&w), 0644, why);
    }
    free(room);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

/* ---- Keys */

/* Tries; who makes more keys in a second has another trouble. */
#define SECONDS_MAX 60

bm_status own_make_key(const struct bm_keys *keys, const char *stem,
                       int64_t now, char uri[BM_KEY_URI_MAX],
                       struct bm_key **key)
{
    const struct bm_key_spec spec = { .type = BM_KEY_P256 };
    bm_status rc = BM_E_EXISTS;

    for (int64_t at = now; rc == BM_E_EXISTS && at < now + SECONDS_MAX; at++) {
        (void)snprintf(uri, BM_KEY_URI_MAX, "file:%s-%lld.key", stem,
                       (long long)at);
        rc = bm_key_generate(keys, uri, &spec, key);
    }
    return rc;
}

/* ---- Keys that were replaced */

static bool is_named(const struct instance *in, const struct own_server *server,
                     const char *uri)
{
    bool named = strcmp(uri, server->key_uri) == 0 ||
                 strcmp(uri, in->bundle.key_uri) == 0;

    for (size_t i = 0; !named && i < in->cas_n; i++) {
        named = strcmp(uri, in->cas[i].row.ocsp_key_uri) == 0 ||
                strcmp(uri, in->cas[i].row.key_uri) == 0;
    }
    return named;
}

/* Names that `init`, direct mode and the keeper give, and no others. */
static bool is_own_name(const char *name)
{
    size_t n = strlen(name);

    return n > 4 && strcmp(name + n - 4, ".key") == 0 &&
           (strncmp(name, "ocsp-", 5) == 0 ||
            strncmp(name, "bundle-", 7) == 0 ||
            strncmp(name, "server-", 7) == 0 ||
            strcmp(name, "server.key") == 0);
}

void own_drop_old_keys(const struct instance *in,
                       const struct own_server *server, int64_t now)
{
    char path[FILES_PATH_MAX];
    const struct dirent *e;
    struct stat st;
    DIR *d;

    if (files_path(path, in->dir, "keys") != BM_OK) {
        return;
    }
    d = opendir(path);
    while (d != NULL && (e = readdir(d)) != NULL) {
        char uri[sizeof e->d_name + 8];

        (void)snprintf(uri, sizeof uri, "file:%s", e->d_name);
        if (is_own_name(e->d_name) && !is_named(in, server, uri) &&
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            st.st_mtime < now - OWN_KEPT) {
            (void)unlinkat(dirfd(d), e->d_name, 0);
        }
    }
    if (d != NULL) {
        (void)closedir(d);
    }
}

/* ---- Requests */

static bm_status build(const struct bm_csr_config *config,
                       const struct bm_key *key, struct bm_wr *w)
{
    BM_TRY(bm_csr_build(config, key->signer, w));
    return w->len > w->cap ? BM_E_BUFFER : BM_OK;
}

bm_status own_server_csr(const struct own_server *s, const struct bm_key *key,
                         struct bm_wr *csr)
{
    struct bm_csr_config config = { .subject = s->cert.subject };
    struct bm_bytes san = s->cert.ext.value[BM_EXT_SAN];
    size_t cap = san.n + 64;
    uint8_t *room = malloc(cap);
    struct bm_ext_mark mark;
    struct bm_wr w;
    bm_status rc;

    if (room == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, room, cap);
    if (san.n != 0) {
        mark = bm_ext_open(&w, BM_LIT(BM_OID_CE_SAN), false);
        bm_wr_put(&w, san);
        bm_ext_close(&w, &mark);
    }
    config.extensions = bm_wr_bytes(&w);
    rc = w.len > w.cap ? BM_E_BUFFER : build(&config, key, csr);
    free(room);
    return rc;
}

static bm_status build_named(const struct bm_cert *ca, const struct bm_key *key,
                             bm_status (*put)(const struct bm_cert *ca,
                                              struct bm_wr *w),
                             struct bm_wr *csr)
{
    uint8_t name[NAME_OCTETS_MAX];
    struct bm_csr_config config = { 0 };
    struct bm_wr w;

    bm_wr_init(&w, name, sizeof name);
    BM_TRY(put(ca, &w));
    if (w.len > w.cap) {
        return BM_E_BUFFER;
    }
    config.subject = bm_wr_bytes(&w);
    return build(&config, key, csr);
}

bm_status own_responder_csr(const struct bm_cert *ca, const struct bm_key *key,
                            struct bm_wr *csr)
{
    return build_named(ca, key, instance_responder_name, csr);
}

bm_status own_bundle_csr(const struct bm_cert *ca, const struct bm_key *key,
                         struct bm_wr *csr)
{
    return build_named(ca, key, instance_bundle_name, csr);
}
