/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/courier_internal.h"
#include "files/files.h"

/* All of it is read before the sandbox is entered. */

static const char *const system_files[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian and its like */
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora and its like */
    "/etc/ssl/cert.pem",                  /* Alpine */
};

static void read_system(struct courier *c)
{
    for (size_t i = 0; i < sizeof system_files / sizeof system_files[0]; i++) {
        if (X509_STORE_load_file(c->system, system_files[i]) == 1) {
            return;
        }
    }
    ERR_clear_error();
    log_put(LOG_LEVEL_NOTICE, "courier.no-anchors",
            (struct log_field[]){
                log_text("words", "the system trusts nobody: destinations must "
                                  "say whom they trust"),
                { 0 } });
}

static bm_status read_chain(struct courier *c, BIO *in)
{
    X509 *more;

    c->cert = PEM_read_bio_X509(in, NULL, NULL, NULL);
    c->chain = sk_X509_new_null();
    if (c->cert == NULL || c->chain == NULL) {
        return BM_E_CONFIG_VALUE;
    }
    while ((more = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
        if (sk_X509_push(c->chain, more) == 0) {
            X509_free(more);
            return BM_E_MEMORY;
        }
    }
    ERR_clear_error(); /* the end of the file is one */
    return BM_OK;
}

/* A key with a passphrase is none: nobody is there to be asked. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return 0;
}

/* The group may be that of the courier, who need not own what it reads. */
static bm_status check_mode(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return BM_E_IO;
    }
    return (st.st_mode & (S_IWGRP | S_IRWXO)) == 0 ? BM_OK : BM_E_KEYS_MODE;
}

static bm_status open_secret(const char *path, BIO **in)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *file;
    bm_status rc;

    *in = NULL;
    if (fd < 0) {
        return BM_E_IO;
    }
    rc = check_mode(fd);
    file = rc == BM_OK ? fdopen(fd, "r") : NULL;
    if (file == NULL) {
        (void)close(fd);
        return rc == BM_OK ? BM_E_MEMORY : rc;
    }
    *in = BIO_new_fp(file, BIO_CLOSE);
    if (*in == NULL) {
        (void)fclose(file);
        return BM_E_MEMORY;
    }
    return BM_OK;
}

static bm_status read_key(struct courier *c, BIO *in)
{
    if (BIO_reset(in) != 0) {
        return BM_E_IO;
    }
    c->key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);
    return c->key != NULL && X509_check_private_key(c->cert, c->key) == 1
               ? BM_OK
               : BM_E_CONFIG_VALUE;
}

static bm_status read_identity(struct courier *c, const char *path)
{
    BIO *in;
    bm_status rc = open_secret(path, &in);

    if (rc == BM_OK) {
        rc = read_chain(c, in);
    }
    if (rc == BM_OK) {
        rc = read_key(c, in);
    }
    BIO_free(in);
    ERR_clear_error();
    return rc;
}

bm_status courier_tls_init(struct courier *c, struct ca_refusal *why)
{
    const char *name = c->room->settings.courier_identity;
    char path[FILES_PATH_MAX];
    SSL_CTX *first;
    bm_status rc;

    c->system = X509_STORE_new();
    /* Whatever the library reads or loads, it does with its first context. */
    first = SSL_CTX_new(TLS_client_method());
    SSL_CTX_free(first);
    if (c->system == NULL || first == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    read_system(c);
    if (name == NULL) {
        return BM_OK;
    }
    BM_TRY(name[0] == '/' ? files_path(path, "", name + 1)
                          : files_path(path, c->room->dir, name));
    rc = read_identity(c, path);
    if (rc == BM_E_KEYS_MODE) {
        return ca_refuse(why, rc,
                         "courier.identity: %s: take its mode from others "
                         "(0600, or 0640 with the courier's group)",
                         path);
    }
    return rc == BM_OK
               ? BM_OK
               : ca_refuse(why, BM_E_CONFIG_VALUE,
                           "courier.identity: %s is not a certificate with its "
                           "key, PEM, without a passphrase",
                           path);
}

void courier_tls_wipe(struct courier *c)
{
    X509_STORE_free(c->system);
    X509_free(c->cert);
    sk_X509_pop_free(c->chain, X509_free);
    EVP_PKEY_free(c->key);
}

static bm_status add_anchors(X509_STORE *store, struct bm_bytes der)
{
    const uint8_t *p = der.p;

    while (p < der.p + der.n) {
        X509 *cert = d2i_X509(NULL, &p, der.p + der.n - p);
        int added = cert == NULL ? 0 : X509_STORE_add_cert(store, cert);

        X509_free(cert);
        if (added != 1) {
            ERR_clear_error();
            return BM_E_CERT;
        }
    }
    return BM_OK;
}

bm_status courier_tls_anchors(struct courier *c, struct bm_bytes der,
                              X509_STORE **anchors)
{
    bm_status rc;

    if (der.n == 0) {
        *anchors = X509_STORE_up_ref(c->system) == 1 ? c->system : NULL;
        return *anchors == NULL ? BM_E_MEMORY : BM_OK;
    }
    *anchors = X509_STORE_new();
    rc = *anchors == NULL ? BM_E_MEMORY : add_anchors(*anchors, der);
    /* An anchor may be a CA in the middle: whoever named it meant it. */
    if (rc == BM_OK &&
        X509_STORE_set_flags(*anchors, X509_V_FLAG_PARTIAL_CHAIN) != 1) {
        rc = BM_E_MEMORY;
    }
    if (rc != BM_OK) {
        X509_STORE_free(*anchors);
        *anchors = NULL;
    }
    return rc;
}

bm_status courier_tls_setup(const struct courier_place *place, SSL_CTX *ctx)
{
    const struct courier *c = place->courier;

    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
        return BM_E_INTERNAL;
    }
    SSL_CTX_set1_cert_store(ctx, place->anchors);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (!place->identity || c->cert == NULL) {
        return BM_OK;
    }
    return SSL_CTX_use_certificate(ctx, c->cert) == 1 &&
                   SSL_CTX_set1_chain(ctx, c->chain) == 1 &&
                   SSL_CTX_use_PrivateKey(ctx, c->key) == 1
               ? BM_OK
               : BM_E_INTERNAL;
}
