/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The operator listener: the room that speaks REST with operators and their
 * programs, over mutual TLS, and passes on what they ask for. It decides
 * nothing: who the client is, and what it may, the issuer finds out for each
 * request, from the certificate whose key TLS has shown it to hold.
 *
 * Whoever captures it can act as the operators who are connected at that
 * time, within their roles, and each act is a leaf of the ledger; it has the
 * key of the TLS server, and no other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "daemon/operators_internal.h"
#include "daemon/tls.h"
#include "files/files.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"
#include "protocols/admin/admin.h"
#include "server/instance.h"
#include "server/key_folder.h"

/* A PEM file of three certificates with RSA-4096 keys, with room. */
#define CHAIN_MAX ((size_t)64 << 10)

/* Time limits in seconds. People think between two requests; a body of
 * ADMIN_BODY_MAX may come over a slow line. */
#define HANDSHAKE_TIME 10
#define REQUEST_TIME   60
#define IDLE_TIME      120

/* Of one address, for who has not shown to be an operator. */
#define ADDRESS_MAX 256
#define ACCEPT_RATE 20
#define BLAME_RATE  2

/* Operators, and their programs, that are remembered for their rate. One of
 * them does in a second what limits.identity grants a device in a third of a
 * minute. */
#define IDENTITIES      4096
#define IDENTITY_FACTOR 20

/* The issuer answers within a second, or not at all: a list of a million
 * certificates to be signed is the longest act there is. */
#define ANSWER_TIME 60

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct operators *o = arg;

    (void)fd;
    (void)what;
    operators_give_up(o, room_now() - ANSWER_TIME);
    operators_results_tick(o);
}

static void operators_teardown(struct room *room)
{
    struct operators *o = room->self;

    if (o == NULL) {
        return;
    }
    /* What still waits is cut off, and let go. */
    http_free(o->http);
    operators_give_up(o, INT64_MAX);
    link_free(o->issuer);
    gcra_free(o->identities);
    if (o->tick != NULL) {
        event_free(o->tick);
    }
    free(o->waiting);
    bm_openssl_free(o->crypto);
    free(o->openapi);
    free(o);
    room->self = NULL;
}

/* DER after DER of the CAs that make operators: operations, operations-2... */
static bm_status read_cas(const char *dir, struct bm_wr *cas,
                          struct ca_refusal *why)
{
    for (unsigned i = 1; i <= INSTANCE_CAS_MAX; i++) {
        char name[48];
        char path[FILES_PATH_MAX];
        uint8_t *der = NULL;
        size_t n;
        bm_status rc;

        (void)snprintf(name, sizeof(name),
                       i == 1 ? "ca/operations.pem" : "ca/operations-%u.pem",
                       i);
        BM_TRY(files_path(path, dir, name));
        rc = files_get_pem(path, "CERTIFICATE", &der, &n, why);
        if (rc == BM_OK) {
            bm_wr_put(cas, (struct bm_bytes){ der, n });
        }
        free(der);
        if (rc != BM_OK && (rc != BM_E_NOT_FOUND || i == 1)) {
            return rc;
        }
    }
    return bm_wr_finish(cas, &(size_t){ 0 });
}

static bm_status make_tls(struct operators *o, SSL_CTX **tls,
                          struct ca_refusal *why)
{
    static uint8_t cas[CHAIN_MAX];
    struct instance_port port = { .maker = bm_openssl_key_maker() };
    struct tls_config config = { .require_client = true };
    bm_status rc = BM_E_INTERNAL;
    struct bm_key *key = NULL;
    uint8_t *chain = NULL;
    char path[FILES_PATH_MAX];
    struct bm_wr w;

    bm_wr_init(&w, cas, sizeof(cas));
    rc = bm_openssl_new(&o->crypto);
    port.crypto = o->crypto;
    if (rc == BM_OK) {
        rc = read_cas(o->room->dir, &w, why);
    }
    if (rc == BM_OK) {
        rc = files_path(path, o->room->dir, "ca/server.pem");
    }
    if (rc == BM_OK) {
        rc = files_read(path, CHAIN_MAX, &chain, &config.chain.n, why);
    }
    if (rc == BM_OK) {
        rc =
            server_key_open(o->room->dir, &o->room->settings, &port, &key, why);
    }
    if (rc == BM_OK) {
        config.chain.p = chain;
        config.client_cas = bm_wr_bytes(&w);
        config.key = bm_openssl_signer_pkey(key->signer);
        rc = tls_new(&config, tls, why);
    }
    bm_key_close(key);
    free(chain);
    return rc;
}

static bm_status make_http(struct operators *o, struct ca_refusal *why)
{
    const struct settings *settings = &o->room->settings;
    struct http_config config = {
        .room = o->room,
        .connections_max = (unsigned)settings->limit_connections,
        .per_address_max = ADDRESS_MAX,
        .headers_max = 16384,
        .body_max = ADMIN_BODY_MAX,
        .handshake = HANDSHAKE_TIME,
        .request = REQUEST_TIME,
        .idle = IDLE_TIME,
        .accept_rate = ACCEPT_RATE,
        .blame_rate = BLAME_RATE,
        .arg = o,
        .request_fn = operators_serve,
    };
    bm_status rc = make_tls(o, &config.tls, why);

    if (rc == BM_OK) {
        rc = http_new(&config, &o->http);
        SSL_CTX_free(config.tls);
    }
    return rc;
}

static bm_status make_limits(struct operators *o)
{
    const struct settings *settings = &o->room->settings;
    double rate = (double)settings->limit_identity * IDENTITY_FACTOR / 60;
    struct gcra_config config = {
        .keys = IDENTITIES,
        .rate = rate,
        .burst = rate * 10 < 1 ? 1 : rate * 10,
    };

    if (RAND_bytes(config.secret, sizeof(config.secret)) != 1) {
        return BM_E_RANDOM;
    }
    o->places = (size_t)settings->limit_queue;
    o->waiting = calloc(o->places, sizeof(o->waiting[0]));
    return o->waiting == NULL ? BM_E_MEMORY : gcra_new(&config, &o->identities);
}

static bm_status make_openapi(struct operators *o)
{
    json_t *json = admin_openapi(NULL, BM_VERSION);

    o->openapi = json == NULL ? NULL : json_dumps(json, JSON_INDENT(2));
    json_decref(json);
    return o->openapi == NULL ? BM_E_MEMORY : BM_OK;
}

static bm_status operators_setup(struct room *room, struct ca_refusal *why)
{
    struct operators *o = calloc(1, sizeof(*o));

    if (o == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    room->self = o;
    o->room = room;
    BM_TRY(make_limits(o));
    BM_TRY(make_openapi(o));
    BM_TRY(make_http(o, why));
    o->tick = event_new(room->base, -1, EV_PERSIST, on_tick, o);
    return o->tick == NULL ||
                   event_add(o->tick, &(const struct timeval){ 1, 0 }) != 0
               ? BM_E_MEMORY
               : BM_OK;
}

static bm_status operators_link(struct room *room, enum room_kind to,
                                unsigned instance, int fd)
{
    struct operators *o = room->self;
    struct link_config config = { .base = room->base,
                                  .verbs = operators_verbs,
                                  .room = o,
                                  .closed = operators_lost };

    (void)to;
    (void)instance;
    link_free(o->issuer);
    o->issuer = NULL;
    operators_give_up(o, INT64_MAX);
    operators_results_lost(o);
    return link_new(&config, fd, &o->issuer);
}

static bm_status operators_listen(struct room *room, enum room_port port,
                                  int fd)
{
    struct operators *o = room->self;

    (void)port;
    return http_listen(o->http, fd);
}

static void stopped(void *arg)
{
    room_done(arg);
}

static void operators_stop(struct room *room)
{
    struct operators *o = room->self;

    http_stop(o->http, stopped, room);
}

static const unsigned ports[] = { ROOM_PORT_OPERATORS, ROOM_PORT_COUNT };

/* The key of the server cannot be read from inside of the sandbox: a new
 * process takes over when it has changed. */
const struct room_type room_operators = {
    .name = "operators",
    .needs = { .accept = true },
    .ports = ports,
    .setup = operators_setup,
    .link = operators_link,
    .listen = operators_listen,
    .stop = operators_stop,
    .teardown = operators_teardown,
};
