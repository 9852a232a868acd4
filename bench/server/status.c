/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A cached OCSP answer over plain HTTP, beside nginx that serves a static file
 * of the same size: both on kept connections, both counted with all their
 * processes.
 */
#include <openssl/ocsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/server/tables.h"
#include "core/base64.h"
#include "files/files.h"

#define NGINX       "/usr/sbin/nginx"
#define CONNECTIONS 16
#define CERTS       64   /* whose status is asked for, in turn */
#define REQUESTS    4000 /* per round */
#define GET_MAX     512

static struct world_request devices[CERTS];
static char gets[CERTS][GET_MAX];
static size_t answer_n;

static struct bm_bytes get(void *arg, size_t i, unsigned connection)
{
    (void)connection;
    const char *text = arg != NULL ? arg : gets[i % CERTS];

    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

static void note(void *arg, size_t i, unsigned status, struct bm_bytes body)
{
    (void)arg;
    (void)i;
    (void)status;
    answer_n = body.n;
}

/* RFC 6960 A.1: GET {url}/{url-encoding of base64 encoding of the request} */
static void make_get(X509 *cert, X509 *issuer, char text[GET_MAX])
{
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    uint8_t coded[GET_MAX];
    unsigned char *der = NULL;
    struct bm_wr base64;
    struct bm_wr w;
    int n = 0;

    bench_must(request != NULL &&
                   OCSP_request_add0_id(
                       request, OCSP_cert_to_id(EVP_sha1(), cert, issuer)) !=
                       NULL &&
                   (n = i2d_OCSP_REQUEST(request, &der)) > 0,
               "OCSP request");
    bm_wr_init(&base64, coded, sizeof coded);
    bm_base64_put(&base64, (struct bm_bytes){ der, (size_t)n }, 0);
    bm_wr_init(&w, (uint8_t *)text, GET_MAX - 1);
    bm_wr_str(&w, "GET /ocsp/");
    for (size_t i = 0; i < base64.len; i++) {
        const char *escape = coded[i] == '+'   ? "%2B"
                             : coded[i] == '/' ? "%2F"
                             : coded[i] == '=' ? "%3D"
                                               : NULL;

        if (escape != NULL) {
            bm_wr_str(&w, escape);
        } else {
            bm_wr_u8(&w, coded[i]);
        }
    }
    bm_wr_str(&w, " HTTP/1.1\r\nHost: ca.example\r\n\r\n");
    bench_must(w.len < GET_MAX, "OCSP request");
    text[w.len] = '\0';
    OPENSSL_free(der);
    OCSP_REQUEST_free(request);
}

static void prepare(struct world *w, unsigned scale)
{
    (void)scale;
    world_make_devices(w, devices, CERTS, WORLD_BORN);
    for (size_t i = 0; i < CERTS; i++) {
        make_get(devices[i].cert, w->issuing, gets[i]);
    }
    world_free_requests(devices, CERTS);
}

/* ---- nginx */

struct nginx {
    char dir[FILES_PATH_MAX];
    struct process process;
    unsigned port;
};

static void put_file(const char *dir, const char *name, const void *p, size_t n)
{
    char path[FILES_PATH_MAX];

    bench_must(files_path(path, dir, name) == BM_OK &&
                   files_create(path, (struct bm_bytes){ p, n }, 0644, NULL) ==
                       BM_OK,
               name);
}

static void start_nginx(struct nginx *n, const struct world *w)
{
    static const uint8_t zeros[65536];
    char text[2000];
    char log[FILES_PATH_MAX];
    const char *argv[] = { NGINX,        "-p", n->dir, "-c",
                           "nginx.conf", "-e", log,    NULL };

    bench_must(files_path(n->dir, w->dir, "nginx") == BM_OK &&
                   files_path(log, w->dir, "nginx.log") == BM_OK &&
                   files_make_dir(n->dir, 0755, NULL) == BM_OK &&
                   answer_n <= sizeof zeros,
               "directory");
    n->port = process_free_port();
    (void)snprintf(text, sizeof text,
                   "daemon off;\n"
                   "worker_processes 1;\n"
                   "pid nginx.pid;\n"
                   "%s"
                   "events { worker_connections 256; }\n"
                   "http {\n"
                   "  access_log off;\n"
                   "  sendfile on;\n"
                   "  tcp_nopush on;\n"
                   "  open_file_cache max=16;\n"
                   "  keepalive_requests 1000000000;\n"
                   "  default_type application/ocsp-response;\n"
                   "  client_body_temp_path t1; proxy_temp_path t2;\n"
                   "  fastcgi_temp_path t3; uwsgi_temp_path t4;\n"
                   "  scgi_temp_path t5;\n"
                   "  server { listen 127.0.0.1:%u; root .; }\n"
                   "}\n",
                   geteuid() == 0 ? "user root;\n" : "", n->port);
    put_file(n->dir, "nginx.conf", text, strlen(text));
    put_file(n->dir, "answer", zeros, answer_n);
    process_start(&n->process, argv, log);
    process_wait_port(&n->process, n->port);
}

/* ---- Rounds */

static double burst(const struct process *p, struct load *load, size_t n)
{
    struct load_result result;
    double before = process_cpu(p);

    load_run(load, 0, n, 0, &result);
    if (result.ok != n) {
        fprintf(stderr, "bench: status: %zu refused (%u), %zu broken\n",
                result.refused, result.status, result.broken);
        exit(1);
    }
    return (process_cpu(p) - before) / (double)n / 1e3;
}

static struct load *open_load(unsigned port, const char *fixed)
{
    const struct load_config config = { .port = port,
                                        .connections = CONNECTIONS,
                                        .arg = (char *)(uintptr_t)fixed,
                                        .request = get,
                                        .answer = note };
    struct load *load = load_new(&config);

    load_connect(load);
    return load;
}

static void rounds(struct world *w, struct load *ours, unsigned scale)
{
    static const char fixed[] = "GET /answer HTTP/1.1\r\nHost: x\r\n\r\n";
    size_t n = (size_t)REQUESTS * scale;
    struct nginx nginx;
    struct load *theirs;
    double a[TABLE_ROUNDS];
    double b[TABLE_ROUNDS];
    double times[TABLE_ROUNDS];

    start_nginx(&nginx, w);
    theirs = open_load(nginx.port, fixed);
    (void)burst(&nginx.process, theirs, CERTS);
    for (size_t r = 0; r < TABLE_ROUNDS; r++) {
        b[r] = burst(&nginx.process, theirs, n);
        a[r] = burst(&w->server, ours, n);
        times[r] = a[r] / b[r];
    }
    table_value("limit: nginx, a static file of that size", table_median(b));
    table_times("OCSP by GET, from the cache", table_median(a),
                table_median(times), 1.5);
    load_free(theirs);
    process_stop(&nginx.process);
}

static void run(struct world *w, unsigned scale)
{
    struct load *ours = open_load(w->publisher, NULL);
    double first = burst(&w->server, ours, CERTS);

    table_head("status over HTTP, kept connections", "us");
    table_value("OCSP by GET, signed for it", first);
    if (access(NGINX, X_OK) == 0) {
        rounds(w, ours, scale);
    } else {
        table_value("OCSP by GET, from the cache",
                    burst(&w->server, ours, REQUESTS));
        table_skip("nginx", "not installed");
    }
    load_free(ours);
}

const struct table table_status = { "status", prepare, run };
