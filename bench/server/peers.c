/* SPDX-License-Identifier: Apache-2.0 */

/*
 * cfssl on the same job: a request for a certificate in, a certificate out,
 * over mutual TLS, recorded in SQLite. Debian's is version 1.2 of 2016 with a
 * newer Go below it; so it says what one may meet, not what Go can do.
 */
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/server/limit.h"
#include "bench/server/tables.h"
#include "files/files.h"

#define CFSSL "/usr/bin/cfssl"
#define KEPT  40 /* certificates per round */
#define FRESH 40
#define POSTS 64 /* requests, sent again and again: cfssl does not mind */

struct cfssl {
    char dir[FILES_PATH_MAX];
    struct process process;
    unsigned port;
    struct load_identity ca;
    struct load_identity client;
    char *posts[POSTS];
};

/* ---- A small PKI, as PEM files */

static void add_ext(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    bench_must(ext != NULL && X509_add_ext(cert, ext, -1) == 1, value);
    X509_EXTENSION_free(ext);
}

/* Signed by `ca`, or by itself where that is NULL. */
static struct load_identity make_cert(const char *name,
                                      const struct load_identity *ca)
{
    struct load_identity me = { X509_new(), EVP_EC_gen("P-256") };
    X509_NAME *subject = X509_NAME_new();

    bench_must(
        me.cert != NULL && me.key != NULL && subject != NULL &&
            X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                       (const unsigned char *)name, -1, -1,
                                       0) == 1 &&
            X509_set_version(me.cert, X509_VERSION_3) == 1 &&
            ASN1_INTEGER_set(X509_get_serialNumber(me.cert), 7) == 1 &&
            X509_gmtime_adj(X509_getm_notBefore(me.cert), -60) != NULL &&
            X509_gmtime_adj(X509_getm_notAfter(me.cert), 86400) != NULL &&
            X509_set_subject_name(me.cert, subject) == 1 &&
            X509_set_issuer_name(me.cert, ca != NULL
                                              ? X509_get_subject_name(ca->cert)
                                              : subject) == 1 &&
            X509_set_pubkey(me.cert, me.key) == 1,
        "certificate");
    add_ext(me.cert, NID_basic_constraints,
            ca == NULL ? "critical,CA:TRUE" : "CA:FALSE");
    if (ca != NULL) {
        add_ext(me.cert, NID_subject_alt_name, "DNS:localhost");
    }
    bench_must(X509_sign(me.cert, ca != NULL ? ca->key : me.key, EVP_sha256()) >
                   0,
               "certificate");
    X509_NAME_free(subject);
    return me;
}

static void free_identity(struct load_identity *me)
{
    X509_free(me->cert);
    EVP_PKEY_free(me->key);
}

static FILE *create(const struct cfssl *c, const char *name)
{
    char path[FILES_PATH_MAX];
    FILE *f;

    bench_must(files_path(path, c->dir, name) == BM_OK, name);
    f = fopen(path, "wx");
    bench_must(f != NULL, name);
    return f;
}

static void put_identity(const struct cfssl *c, const char *name,
                         const struct load_identity *me)
{
    char file[64];
    FILE *f;

    (void)snprintf(file, sizeof file, "%s.pem", name);
    f = create(c, file);
    bench_must(PEM_write_X509(f, me->cert) == 1 && fclose(f) == 0, file);
    (void)snprintf(file, sizeof file, "%s.key", name);
    f = create(c, file);
    bench_must(PEM_write_PrivateKey(f, me->key, NULL, NULL, 0, NULL, NULL) ==
                       1 &&
                   fclose(f) == 0,
               file);
}

/* ---- Requests */

/* PEM as a string of JSON. */
static char *make_csr(unsigned i)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_REQ *csr = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char name[32];
    char *pem;
    char *json;
    size_t n;
    size_t k = 0;

    (void)snprintf(name, sizeof name, "SN-%012u", i);
    bench_must(key != NULL && csr != NULL && bio != NULL &&
                   X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(csr),
                                              "serialNumber", MBSTRING_ASC,
                                              (const unsigned char *)name, -1,
                                              -1, 0) == 1 &&
                   X509_REQ_set_pubkey(csr, key) == 1 &&
                   X509_REQ_sign(csr, key, EVP_sha256()) > 0 &&
                   PEM_write_bio_X509_REQ(bio, csr) == 1,
               "request");
    n = (size_t)BIO_get_mem_data(bio, &pem);
    json = malloc(2 * n + 1);
    bench_must(json != NULL, "memory");
    for (size_t at = 0; at < n; at++) {
        if (pem[at] == '\n') {
            json[k++] = '\\';
            json[k++] = 'n';
        } else {
            json[k++] = pem[at];
        }
    }
    json[k] = '\0';
    BIO_free(bio);
    X509_REQ_free(csr);
    EVP_PKEY_free(key);
    return json;
}

static char *make_post(unsigned i)
{
    static const char before[] = "{\"certificate_request\":\"";
    static const char after[] = "\"}";
    char *csr = make_csr(i);
    size_t n = strlen(csr) + strlen(before) + strlen(after);
    char *post = malloc(n + 300);

    bench_must(post != NULL, "memory");
    (void)snprintf(post, n + 300,
                   "POST /api/v1/cfssl/sign HTTP/1.1\r\n"
                   "Host: localhost\r\n"
                   "Content-Type: application/json\r\n"
                   "Content-Length: %zu\r\n\r\n"
                   "%s%s%s",
                   n, before, csr, after);
    free(csr);
    return post;
}

static struct bm_bytes post(void *arg, size_t i, unsigned connection)
{
    (void)connection;
    const struct cfssl *c = arg;
    const char *text = c->posts[i % POSTS];

    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

static struct load_identity identity(void *arg, size_t i)
{
    const struct cfssl *c = arg;

    (void)i;
    return c->client;
}

/* ---- The server */

static const char schema[] =
    "CREATE TABLE certificates ("
    " serial_number blob NOT NULL, authority_key_identifier blob NOT NULL,"
    " ca_label blob, status blob NOT NULL, reason int, expiry timestamp,"
    " revoked_at timestamp, pem blob NOT NULL,"
    " PRIMARY KEY(serial_number, authority_key_identifier));"
    "CREATE TABLE ocsp_responses ("
    " serial_number blob NOT NULL, authority_key_identifier blob NOT NULL,"
    " body blob NOT NULL, expiry timestamp,"
    " PRIMARY KEY(serial_number, authority_key_identifier));";

static void put_text(const struct cfssl *c, const char *name, const char *text)
{
    FILE *f = create(c, name);

    bench_must(fputs(text, f) >= 0 && fclose(f) == 0, name);
}

static void put_database(const struct cfssl *c)
{
    char path[FILES_PATH_MAX];
    char text[FILES_PATH_MAX + 100];
    sqlite3 *db = NULL;

    bench_must(files_path(path, c->dir, "certs.db") == BM_OK &&
                   sqlite3_open(path, &db) == SQLITE_OK &&
                   sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK,
               "database");
    (void)sqlite3_close(db);
    (void)snprintf(text, sizeof text,
                   "{\"driver\":\"sqlite3\",\"data_source\":\"%s\"}", path);
    put_text(c, "db.json", text);
}

static void start_cfssl(struct cfssl *c)
{
    char log[FILES_PATH_MAX];
    char port[16];
    char f[6][FILES_PATH_MAX];
    static const char *const names[6] = { "ca.pem",      "ca.key",
                                          "server.pem",  "server.key",
                                          "config.json", "db.json" };
    const char *argv[] = { CFSSL,
                           "serve",
                           "-address",
                           "127.0.0.1",
                           "-port",
                           port,
                           "-ca",
                           f[0],
                           "-ca-key",
                           f[1],
                           "-tls-cert",
                           f[2],
                           "-tls-key",
                           f[3],
                           "-config",
                           f[4],
                           "-db-config",
                           f[5],
                           "-mutual-tls-ca",
                           f[0],
                           "-loglevel",
                           "4",
                           NULL };

    for (size_t i = 0; i < 6; i++) {
        bench_must(files_path(f[i], c->dir, names[i]) == BM_OK, names[i]);
    }
    bench_must(files_path(log, c->dir, "log") == BM_OK, "log");
    c->port = process_free_port();
    (void)snprintf(port, sizeof port, "%u", c->port);
    process_start(&c->process, argv, log);
    process_wait_port(&c->process, c->port);
}

static void open_cfssl(struct cfssl *c, const struct world *w)
{
    struct load_identity server;

    bench_must(files_path(c->dir, w->dir, "cfssl") == BM_OK &&
                   files_make_dir(c->dir, 0700, NULL) == BM_OK,
               "directory");
    c->ca = make_cert("CA", NULL);
    server = make_cert("localhost", &c->ca);
    c->client = make_cert("client", &c->ca);
    put_identity(c, "ca", &c->ca);
    put_identity(c, "server", &server);
    free_identity(&server);
    put_text(c, "config.json",
             "{\"signing\":{\"default\":{\"expiry\":\"2160h\","
             "\"usages\":[\"digital signature\",\"client auth\"]}}}");
    put_database(c);
    for (unsigned i = 0; i < POSTS; i++) {
        c->posts[i] = make_post(i);
    }
    start_cfssl(c);
}

static void close_cfssl(struct cfssl *c)
{
    process_stop(&c->process);
    free_identity(&c->ca);
    free_identity(&c->client);
    for (unsigned i = 0; i < POSTS; i++) {
        free(c->posts[i]);
    }
}

/* ---- Rounds */

static double burst(struct cfssl *c, struct load *load, size_t n)
{
    struct load_result result;
    double before = process_cpu(&c->process);

    load_run(load, 0, n, 0, &result);
    bench_must(result.ok == n, "cfssl, an answer");
    return (process_cpu(&c->process) - before) / (double)n / 1e3;
}

static void rounds(struct load *kept, struct load *fresh, struct cfssl *c,
                   unsigned scale)
{
    double raw[TABLE_ROUNDS];
    double a[TABLE_ROUNDS];
    double b[TABLE_ROUNDS];
    double times_a[TABLE_ROUNDS];
    double times_b[TABLE_ROUNDS];

    for (size_t r = 0; r < TABLE_ROUNDS; r++) {
        raw[r] = limit_raw() / 1e3;
        a[r] = burst(c, kept, (size_t)KEPT * scale);
        b[r] = burst(c, fresh, (size_t)FRESH * scale);
        times_a[r] = a[r] / raw[r];
        times_b[r] = b[r] / raw[r];
    }
    table_value("raw verify + sign", table_median(raw));
    table_times("kept connections", table_median(a), table_median(times_a), 0);
    table_times("fresh mutual TLS 1.3", table_median(b), table_median(times_b),
                0);
}

static void prepare(struct world *w, unsigned scale)
{
    (void)w;
    (void)scale;
}

static void run(struct world *w, unsigned scale)
{
    struct cfssl c = { .port = 0 };
    struct load_config config = {
        .connections = 16, .arg = &c, .request = post, .identity = identity
    };
    struct load *kept;
    struct load *fresh;

    table_head("for comparison: cfssl 1.2, SQLite, same job", "us");
    if (access(CFSSL, X_OK) != 0) {
        table_skip("cfssl", "not installed (golang-cfssl)");
        return;
    }
    open_cfssl(&c, w);
    config.port = c.port;
    config.tls = load_tls(TLS1_3_VERSION);
    kept = load_new(&config);
    config.fresh = true;
    config.connections = 8;
    fresh = load_new(&config);
    load_connect(kept);
    (void)burst(&c, kept, POSTS);
    rounds(kept, fresh, &c, scale);
    load_free(kept);
    load_free(fresh);
    SSL_CTX_free(config.tls);
    close_cfssl(&c);
}

const struct table table_peers = { "peers", prepare, run };
