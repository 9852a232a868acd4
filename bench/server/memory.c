/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Memory of all processes together: at the start, with thousands of idle
 * connections of mutual TLS, and after many issuances. And the time that a
 * restart takes.
 */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/large/large.h"
#include "bench/server/tables.h"

#define MB 1e6
#define KB 1e3

#define CONNECTIONS 5000
#define ADDRESSES   50
#define DEVICES     250 /* that connect; each several times */

/* Certificates that are stored already, and those that show growth, at scale
 * 1; BENCH_ROWS and BENCH_ISSUED say otherwise. */
#define ROWS   50000
#define ISSUED 3000
/* Devices that ask for them, each on a connection. */
#define ISSUING 32

static struct world_request devices[DEVICES];
static struct bm_bytes posts[ISSUING]; /* under way */

static struct load_identity identity(void *arg, size_t i)
{
    (void)arg;
    return devices[i % DEVICES].identity;
}

static size_t wanted(const char *variable, size_t otherwise)
{
    const char *text = getenv(variable);
    size_t n = text != NULL ? strtoul(text, NULL, 10) : 0;

    return n > 0 ? n : otherwise;
}

static void prepare(struct world *w, unsigned scale)
{
    world_make_devices(w, devices, DEVICES, WORLD_BORN);
    large_issue(w->authority.instance->store, 0,
                wanted("BENCH_ROWS", (size_t)ROWS * scale));
}

/* ---- Growth */

static struct bm_bytes post(void *arg, size_t i, unsigned connection)
{
    (void)arg;
    (void)i;
    free((uint8_t *)(uintptr_t)posts[connection].p);
    posts[connection] = world_make_more(&devices[connection]);
    return posts[connection];
}

static size_t issue(struct load *load, size_t n)
{
    struct load_result result;

    load_run(load, 0, n, 0, &result);
    if (result.ok != n) {
        fprintf(stderr, "bench: growth: %zu refused (%u), %zu broken\n",
                result.refused, result.status, result.broken);
        exit(1);
    }
    return n;
}

/* The first tenth fills caches that have a bound, the rest may add nothing. */
static void growth(const struct world *w, unsigned scale)
{
    SSL_CTX *tls = load_tls(TLS1_3_VERSION);
    const struct load_config config = { .port = w->devices,
                                        .tls = tls,
                                        .connections = ISSUING,
                                        .request = post,
                                        .identity = identity };
    struct load *load = load_new(&config);
    size_t n = wanted("BENCH_ISSUED", (size_t)ISSUED * scale);
    size_t done;
    double before;
    double after;
    unsigned processes;

    load_connect(load);
    done = issue(load, n / 10 + 1);
    before = process_pss(&w->server, &processes);
    done += issue(load, n - done);
    after = process_pss(&w->server, &processes);
    table_value("certificates issued", (double)done);
    table_value("MB after a tenth of them", before / MB);
    table_value("MB after all of them", after / MB);
    load_free(load);
    SSL_CTX_free(tls);
    for (size_t i = 0; i < ISSUING; i++) {
        free((uint8_t *)(uintptr_t)posts[i].p);
    }
}

/* ---- Idle connections */

/* Each has got an answer once, and says nothing since. */
static void idle(const struct world *w)
{
    SSL_CTX *tls = load_tls(TLS1_3_VERSION);
    const struct load_config config = { .port = w->devices,
                                        .tls = tls,
                                        .connections = CONNECTIONS,
                                        .addresses = ADDRESSES,
                                        .request = world_cacerts,
                                        .identity = identity };
    struct load *load = load_new(&config);
    struct load_result result;
    unsigned n;
    double before = process_pss(&w->server, &n);
    unsigned open;
    double after;

    load_connect(load);
    load_run(load, 0, CONNECTIONS, 0, &result);
    open = load_open_now(load);
    after = process_pss(&w->server, &n);
    table_value("idle connections, mutual TLS 1.3", open);
    if (open > 0) {
        table_most("KB for each", (after - before) / open / KB, 35);
    }
    load_free(load);
    SSL_CTX_free(tls);
}

static void run(struct world *w, unsigned scale)
{
    unsigned n;
    double restart = world_restart(w);
    double start = process_pss(&w->server, &n);

    table_head("all processes together", "");
    table_value("processes", n);
    table_value("certificates stored",
                (double)wanted("BENCH_ROWS", (size_t)ROWS * scale));
    table_most("ms from a restart to the first answer", restart * 1e3, 1000);
    if (start < 0) {
        table_skip("sum of PSS", "for root alone");
    } else {
        table_most("MB at the start", start / MB, 80);
        growth(w, scale);
        idle(w);
    }
    world_free_requests(devices, DEVICES);
}

const struct table table_memory = { "memory", prepare, run };
