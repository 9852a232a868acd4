/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Enrolment over EST: what a certificate costs on kept connections, with a
 * token each, and on a connection of its own with mutual TLS 1.3; and how
 * long answers take at half of what the machine can do.
 */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/server/limit.h"
#include "bench/server/tables.h"

#define KEPT_CONNECTIONS  64
#define FRESH_CONNECTIONS 64
#define KEPT              160 /* certificates per round */
#define FRESH             80
#define LATENCY           1200 /* requests that are timed */

static struct world_request *kept;
static struct world_request *fresh;
static struct world_request *renewed;
static size_t kept_n;
static size_t fresh_n;
static size_t kept_next;

static struct bm_bytes post(void *arg, size_t i, unsigned connection)
{
    (void)connection;
    const struct world_request *requests = arg;

    return requests[i].post;
}

static struct load_identity identity(void *arg, size_t i)
{
    const struct world_request *requests = arg;

    return requests[i].identity;
}

static struct world_request *requests(size_t n)
{
    struct world_request *r = calloc(n, sizeof *r);

    bench_must(r != NULL, "memory");
    return r;
}

static void prepare(struct world *w, unsigned scale)
{
    /* a round more for warming up */
    size_t rounds = (size_t)KEPT * scale * (TABLE_ROUNDS + 1);

    kept_n = rounds + (size_t)LATENCY * scale;
    fresh_n = (size_t)FRESH * scale * (TABLE_ROUNDS + 1);
    kept = requests(kept_n);
    fresh = requests(fresh_n);
    world_make_tokens(w, kept, kept_n);
    renewed = requests(fresh_n);
    world_make_devices(w, fresh, fresh_n, WORLD_BORN);
    world_make_devices(w, renewed, fresh_n, WORLD_ACTIVE);
}

static void must_all(const struct load_result *r, size_t n, const char *what)
{
    if (r->ok != n) {
        fprintf(stderr,
                "bench: %s: of %zu requests %zu were refused (%u), %zu got no "
                "answer\n",
                what, n, r->refused, r->status, r->broken);
        exit(1);
    }
}

struct enrol {
    struct world *w;
    struct load *kept;
    struct load *fresh;
    struct load *renewed;
    SSL_CTX *tls;
    struct limit_handshake limit;
    double rate; /* certificates per second, of the last burst */
};

static void open_loads(struct enrol *e)
{
    struct load_config config = { .port = e->w->devices,
                                  .connections = KEPT_CONNECTIONS,
                                  .arg = kept,
                                  .request = post };

    e->tls = load_tls(TLS1_3_VERSION);
    config.tls = e->tls;
    e->kept = load_new(&config);
    config.connections = FRESH_CONNECTIONS;
    config.fresh = true;
    config.arg = fresh;
    config.identity = identity;
    e->fresh = load_new(&config);
    config.arg = renewed;
    e->renewed = load_new(&config);
    limit_handshake_open(&e->limit, e->w, fresh);
}

static void close_loads(struct enrol *e)
{
    limit_handshake_close(&e->limit);
    load_free(e->kept);
    load_free(e->fresh);
    load_free(e->renewed);
    SSL_CTX_free(e->tls);
}

/* Server CPU time of one certificate. */
static double burst(struct enrol *e, struct load *load, size_t first, size_t n,
                    const char *what)
{
    struct load_result result;
    double before = process_cpu(&e->w->server);

    load_run(load, first, n, 0, &result);
    must_all(&result, n, what);
    e->rate = (double)n / result.seconds;
    return (process_cpu(&e->w->server) - before) / (double)n;
}

static double next_kept(struct enrol *e, unsigned scale)
{
    size_t n = (size_t)KEPT * scale;

    kept_next += n;
    return burst(e, e->kept, kept_next - n, n, "kept");
}

/* ---- Who of them takes it */

static const char *const rooms[] = { "devices", "issuer", "signer" };
#define ROOMS (sizeof rooms / sizeof rooms[0])

static void add_rooms(const struct enrol *e, double sign, double to[ROOMS])
{
    for (size_t i = 0; i < ROOMS; i++) {
        to[i] += sign * process_cpu_of(&e->w->server, rooms[i]);
    }
}

static void put_rooms(const double ns[ROOMS], double n)
{
    for (size_t i = 0; i < ROOMS; i++) {
        char name[64];

        (void)snprintf(name, sizeof name, "  of it %s, the mean", rooms[i]);
        table_value(name, ns[i] / n / 1e3);
    }
}

/* The result: certificates per second on kept connections. */
static double measure(struct enrol *e, unsigned scale)
{
    double rate[TABLE_ROUNDS];
    double shares[ROOMS] = { 0 };
    double raw[TABLE_ROUNDS];
    double a[TABLE_ROUNDS];
    double h[TABLE_ROUNDS];
    double b[TABLE_ROUNDS];
    double times_a[TABLE_ROUNDS];
    double times_b[TABLE_ROUNDS];
    double c[TABLE_ROUNDS];
    double times_c[TABLE_ROUNDS];
    size_t n = (size_t)FRESH * scale;

    for (size_t r = 0; r < TABLE_ROUNDS; r++) {
        raw[r] = limit_raw() / 1e3;
        add_rooms(e, -1, shares);
        a[r] = next_kept(e, scale) / 1e3;
        add_rooms(e, 1, shares);
        rate[r] = e->rate;
        h[r] = limit_handshake(&e->limit, (r + 1) * n, n) / 1e3;
        b[r] = burst(e, e->fresh, (r + 1) * n, n, "fresh") / 1e3;
        c[r] = burst(e, e->renewed, (r + 1) * n, n, "renewed") / 1e3;
        times_a[r] = a[r] / raw[r];
        times_c[r] = c[r] / (raw[r] + h[r]);
        times_b[r] = b[r] / (raw[r] + h[r]);
    }
    table_head("enrolment over EST, durable and ledgered", "us");
    table_value("limit: raw verify + sign", table_median(raw));
    table_times("kept connections, a token each", table_median(a),
                table_median(times_a), 1.7);
    put_rooms(shares, (double)KEPT * scale * TABLE_ROUNDS);
    table_value("limit: tuned TLS 1.3 handshake, client certificate",
                table_median(h));
    table_times("fresh mutual TLS 1.3, of both limits", table_median(b),
                table_median(times_b), 1.25);
    table_times("a renewal, likewise", table_median(c), table_median(times_c),
                0);
    return table_median(rate);
}

/* At half of what it can: the time from when a request is due. */
static void latency(struct enrol *e, double most, unsigned scale)
{
    double rate = most / 2;
    size_t n = (size_t)LATENCY * scale;
    struct load_result result;

    load_run(e->kept, kept_next, n, rate, &result);
    must_all(&result, n, "latency");
    table_head("time to answer at half load, client on the same cores", "ms");
    table_value("certificates per second, at full load", most);
    table_value("median", result.median * 1e3);
    table_most("99 of 100", result.p99 * 1e3, 20);
    table_value("worst", result.worst * 1e3);
}

static void run(struct world *w, unsigned scale)
{
    struct enrol e = { .w = w };
    double most;

    open_loads(&e);
    load_connect(e.kept);
    (void)next_kept(&e, scale);
    (void)burst(&e, e.fresh, 0, (size_t)FRESH * scale, "fresh");
    (void)burst(&e, e.renewed, 0, (size_t)FRESH * scale, "renewed");
    most = measure(&e, scale);
    latency(&e, most, scale);
    close_loads(&e);
    world_free_requests(kept, kept_n);
    world_free_requests(fresh, fresh_n);
    world_free_requests(renewed, fresh_n);
    free(kept);
    free(fresh);
    free(renewed);
}

const struct table table_enrol = { "enrol", prepare, run };
