/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/server/world.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "core/ext.h"
#include "core/general_name.h"
#include "core/oid.h"
#include "files/files.h"
#include "ports/openssl/openssl.h"

/* Connections of one listener: what the table of idle ones opens, and some. */
#define CONNECTIONS 6000

/* Number of our first device: rows of large/ have names with smaller ones. */
#define FIRST UINT64_C(900000000000)

static void must(bm_status rc, const struct ca_refusal *why, const char *what)
{
    if (rc != BM_OK) {
        fprintf(stderr, "bench: %s: %s: %s\n", what, bm_status_text(rc),
                why->words);
        exit(1);
    }
}

static X509 *to_x509(struct bm_bytes der)
{
    const unsigned char *p = der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);

    bench_must(x != NULL, "certificate");
    return x;
}

static X509 *ca_cert(const struct world *w, const char *id)
{
    const struct instance_ca *ca = instance_find_ca(w->authority.instance, id);

    bench_must(ca != NULL, id);
    return to_x509(ca->row.cert);
}

/* A certificate for a TLS server, like that of birthmarkd. */
static void make_tls(struct world *w)
{
    struct ca_issue_request r = { .actor = &w->authority.actor,
                                  .by = CA_BY_OPERATOR,
                                  .profile = "tls-server" };
    struct ca_issue_result result;
    struct bm_csr_config config = { .subject = { NULL, 0 } };
    struct bm_signer *key;
    struct bm_csr csr;
    uint8_t der[600];
    uint8_t exts[100];
    uint8_t subject[2] = { 0x30, 0x00 };
    struct bm_wr out;
    struct bm_wr e;
    struct bm_ext_mark mark;
    size_t names;

    bm_wr_init(&e, exts, sizeof exts);
    mark = bm_ext_open(&e, BM_LIT(BM_OID_CE_SAN), false);
    names = bm_der_open(&e, BM_DER_SEQUENCE);
    bm_general_name_put(&e, BM_GN_DNS, BM_LIT("ca.example"));
    bm_der_close(&e, names);
    bm_ext_close(&e, &mark);
    config.subject = BM_ARRAY(subject);
    config.extensions = bm_wr_bytes(&e);
    bm_wr_init(&out, der, sizeof der);
    bench_must(bm_openssl_signer_generate(BM_KEY_P256, 0, &key) == BM_OK &&
                   bm_csr_build(&config, key, &out) == BM_OK &&
                   bm_csr_parse(bm_wr_bytes(&out), NULL, &csr) == BM_OK,
               "request");
    r.csr = &csr;
    bench_must(ca_issue(w->authority.instance->ca, &r, 1, w->authority.now,
                        &result) == BM_OK,
               "issue");
    must(result.status, &result.why, "issue");
    w->tls.cert = to_x509(result.der);
    w->tls.key = bm_openssl_signer_pkey(key);
    bench_must(EVP_PKEY_up_ref(w->tls.key) == 1, "key");
    bm_openssl_signer_free(key);
    w->tls_ca = ca_cert(w, "operations");
    w->issuing = ca_cert(w, "issuing");
}

/* What is open, for when the program ends early. */
static struct world *unfinished;

/* The end of what birthmarkd has logged. */
static void show_log(const struct world *w)
{
    char path[FILES_PATH_MAX];
    char text[2000] = "";
    size_t n = 0;
    FILE *f;

    if (files_path(path, w->dir, "log") == BM_OK &&
        (f = fopen(path, "r")) != NULL) {
        if (fseek(f, -(long)sizeof text, SEEK_END) != 0) {
            rewind(f);
        }
        n = fread(text, 1, sizeof text, f);
        (void)fclose(f);
    }
    (void)fwrite(text, 1, n, stderr);
}

static void clean(void)
{
    if (unfinished != NULL) {
        show_log(unfinished);
        process_stop(&unfinished->server);
        if (files_remove_tree(unfinished->dir, NULL) != BM_OK) {
            fprintf(stderr, "bench: %s is left\n", unfinished->dir);
        }
    }
}

/* From the root on: others have working directories of their own. */
static void find_dir(struct world *w)
{
    char cwd[FILES_PATH_MAX];

    bench_must(getcwd(cwd, sizeof cwd) != NULL &&
                   files_path(w->dir, w->authority.dir[0] == '/' ? "/" : cwd,
                              w->authority.dir) == BM_OK,
               "directory");
}

void world_open(struct world *w, const char *program)
{
    memset(w, 0, sizeof *w);
    w->program = program;
    bench_authority_open(&w->authority);
    w->authority.device = FIRST;
    find_dir(w);
    unfinished = w;
    (void)atexit(clean);
    make_tls(w);
}

void world_close(struct world *w)
{
    unfinished = NULL;
    process_stop(&w->server);
    X509_free(w->tls.cert);
    EVP_PKEY_free(w->tls.key);
    X509_free(w->tls_ca);
    X509_free(w->issuing);
    bench_authority_close(&w->authority);
}

/* ---- birthmarkd */

/*
 * A profile under which a device may have any number of certificates: so many
 * can be issued to few devices that stay connected.
 */
static const char profile[] =
    "profile: bench\n"
    "about: identities of a device, many at a time\n"
    "ca: issuing\n"
    "by: [idevid]\n"
    "idevid_of: [ieee-802.1ar-idevid]\n"
    "device:\n"
    "  from: [serialNumber]\n"
    "  identity: owner\n"
    "validity: { for: 90d, nested: true, backdate: 5m }\n"
    "keys: [p256]\n"
    "subject:\n"
    "  - { attribute: serialNumber, from: device }\n"
    "basic_constraints: { ca: false }\n"
    "key_usage: [digitalSignature]\n"
    "extended_key_usage: { purposes: [clientAuth] }\n"
    "subject_key_id: none\n"
    "authority_key_id: true\n"
    "crl: true\n"
    "ocsp: true\n";

static void put_profile(const struct world *w)
{
    char path[FILES_PATH_MAX];

    bench_must(files_path(path, w->dir, "profiles/bench.yaml") == BM_OK &&
                   files_create(path, BM_LIT(profile), 0600, NULL) == BM_OK,
               "profile");
}

static void configure(struct world *w)
{
    char path[FILES_PATH_MAX];
    FILE *f;

    w->devices = process_free_port();
    w->operators = process_free_port();
    w->publisher = process_free_port();
    w->metrics = process_free_port();
    bench_must(files_path(path, w->dir, "birthmark.yaml") == BM_OK, "path");
    f = fopen(path, "w");
    bench_must(f != NULL, path);
    (void)fprintf(f,
                  "version: 1\n"
                  "public_url: http://127.0.0.1:%u\n"
                  "ledger:\n"
                  "  origin: %s\n"
                  "listen:\n"
                  "  devices: 127.0.0.1:%u\n"
                  "  operators: 127.0.0.1:%u\n"
                  "  public: 127.0.0.1:%u\n"
                  "  metrics: 127.0.0.1:%u\n"
                  "%s"
                  "limits:\n"
                  "  connections: %d\n"
                  "  identity: 1000000\n"
                  "  organisation: 1000000\n",
                  w->publisher, w->authority.instance->settings.origin,
                  w->devices, w->operators, w->publisher, w->metrics,
                  geteuid() == 0 ? "user: root\n" : "", CONNECTIONS);
    bench_must(fclose(f) == 0, path);
}

static void start(struct world *w)
{
    char config[FILES_PATH_MAX];
    char log[FILES_PATH_MAX];
    const char *argv[] = { w->program, "--config", config, NULL };

    bench_must(files_path(config, w->dir, "birthmark.yaml") == BM_OK &&
                   files_path(log, w->dir, "log") == BM_OK,
               "path");
    process_start(&w->server, argv, log);
}

struct bm_bytes world_cacerts(void *arg, size_t i, unsigned connection)
{
    (void)connection;
    (void)arg;
    (void)i;
    return BM_LIT("GET /.well-known/est/cacerts HTTP/1.1\r\n"
                  "Host: ca.example\r\n\r\n");
}

/* Until the listener has asked the issuer and answers. */
static void wait_answer(struct world *w)
{
    struct load_result result;
    SSL_CTX *tls = load_tls(TLS1_3_VERSION);
    const struct load_config config = { .port = w->devices,
                                        .tls = tls,
                                        .connections = 1,
                                        .fresh = true,
                                        .request = world_cacerts };
    double end = process_wall() + 60;

    process_wait_port(&w->server, w->devices);
    do {
        struct load *load = load_new(&config);

        load_run(load, 0, 1, 0, &result);
        load_free(load);
        bench_must(process_wall() < end, "an answer of birthmarkd");
    } while (result.ok != 1);
    SSL_CTX_free(tls);
}

void world_serve(struct world *w)
{
    configure(w);
    put_profile(w);
    instance_close(w->authority.instance);
    w->authority.instance = NULL;
    start(w);
    wait_answer(w);
    process_wait_port(&w->server, w->publisher);
}

double world_restart(struct world *w)
{
    double begin;

    process_stop(&w->server);
    begin = process_wall();
    start(w);
    wait_answer(w);
    return process_wall() - begin;
}
