/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/pem.h"
#include "daemon/devices_internal.h"
#include "daemon/tls.h"
#include "files/files.h"
#include "keys/key.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"
#include "server/blobs.h"
#include "server/key_folder.h"

/*
 * Limits of one connection. A request has to come within the time that a
 * slow modem takes for a few kilobytes; kept connections are cheap, and the
 * oldest gives way when all slots are taken.
 */
#define HEADERS_OCTETS    16384
#define HANDSHAKE_SECONDS 15
#define REQUEST_SECONDS   20
#define IDLE_SECONDS      300

/*
 * Per address and second: new connections of clients that have not yet shown
 * to be somebody, and refused credentials. A factory behind one address stays
 * below; guessing a token of 128 bits is hopeless anyway, so this bounds the
 * work that strangers make.
 */
#define ACCEPT_RATE 200
#define BLAME_RATE  5

/* Octets of ca/server.pem: a certificate and the CAs above it. */
#define CHAIN_MAX 65536

/* What the room has beside the listener itself. */
struct house {
    struct devices *devices;
    struct bm_crypto *crypto;
    struct bm_key *key;
    uint8_t *pem;
    uint8_t *chain; /* the same in DER */
    SSL_CTX *tls;
};

/* ---- The listener */

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    devices_tick(arg, room_now());
}

static bm_status new_http(struct devices *d, SSL_CTX *tls)
{
    const struct settings *s = &d->room->settings;
    struct http_config config = {
        .room = d->room,
        .tls = tls,
        .connections_max = (unsigned)s->limit_connections,
        .per_address_max = 0, /* a factory behind one address */
        .headers_max = HEADERS_OCTETS,
        .body_max = EST_BODY_MAX,
        .handshake = HANDSHAKE_SECONDS,
        .request = REQUEST_SECONDS,
        .idle = IDLE_SECONDS,
        .accept_rate = ACCEPT_RATE,
        .blame_rate = BLAME_RATE,
        .arg = d,
        .request_fn = devices_serve,
    };

    return http_new(&config, &d->http);
}

bm_status devices_new(struct room *room, SSL_CTX *tls, struct devices **devices)
{
    static const struct timeval second = { 1, 0 };
    struct devices *d = calloc(1, sizeof *d);
    bm_status rc = BM_E_MEMORY;

    *devices = NULL;
    if (d == NULL) {
        goto out;
    }
    d->room = room;
    d->held = -1;
    d->blobs = -1;
    TAILQ_INIT(&d->queue);
    d->slots_n = (size_t)room->settings.limit_queue;
    d->slots = calloc(d->slots_n, sizeof(struct devices_waiting *));
    d->tick = event_new(room->base, -1, EV_PERSIST, on_tick, d);
    if (d->slots == NULL || d->tick == NULL ||
        event_add(d->tick, &second) != 0) {
        goto out;
    }
    rc = bm_openssl_new(&d->crypto);
    if (rc == BM_OK) {
        rc = new_http(d, tls);
    }
    if (rc == BM_OK) {
        *devices = d;
        d = NULL;
    }
out:
    devices_free(d);
    return rc;
}

/* Of the socket that is held; others have it, too. */
static void let_go(struct devices *d)
{
    if (d->held >= 0) {
        (void)close(d->held);
        d->held = -1;
    }
}

void devices_free(struct devices *d)
{
    struct devices_waiting *next;
    struct devices_waiting *w;

    if (d == NULL) {
        return;
    }
    link_free(d->issuer);
    for (w = TAILQ_FIRST(&d->queue); w != NULL; w = next) {
        next = TAILQ_NEXT(w, entry);
        w->done(w, NULL);
        devices_waiting_free(w);
    }
    http_free(d->http);
    let_go(d);
    if (d->blobs >= 0) {
        (void)close(d->blobs);
    }
    if (d->tick != NULL) {
        event_free(d->tick);
    }
    devices_catalogue_wipe(&d->catalogue);
    devices_bundles_wipe(&d->bundles);
    bm_openssl_free(d->crypto);
    free(d->slots);
    free(d);
}

bm_status devices_listen(struct devices *d, int fd)
{
    BM_TRY(devices_listen_held(d)); /* of several sockets only the last */
    if (d->catalogue.n != 0) {
        return http_listen(d->http, fd);
    }
    d->held = fd;
    d->held_until = room_now() + DEVICES_HOLD;
    return BM_OK;
}

bm_status devices_listen_held(struct devices *d)
{
    int fd = d->held;

    d->held = -1;
    return fd < 0 ? BM_OK : http_listen(d->http, fd);
}

/* ---- The room */

static bm_status read_chain(struct house *h, const char *dir, size_t *n,
                            struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];

    BM_TRY(files_path(path, dir, "ca/server.pem"));
    return files_read(path, CHAIN_MAX, &h->pem, n, why);
}

/* The certificates of `pem` in DER, one after another. */
static bm_status decode_chain(struct house *h, struct bm_bytes pem,
                              struct bm_bytes *chain)
{
    struct bm_pem block;
    struct bm_wr w;
    bm_status rc;

    h->chain = malloc(pem.n + 1);
    if (h->chain == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, h->chain, pem.n + 1);
    while ((rc = bm_pem_next(&pem, NULL, &block)) == BM_OK) {
        BM_TRY(bm_pem_decode(&block, NULL, &w));
    }
    *chain = bm_wr_bytes(&w);
    return rc == BM_E_END ? BM_OK : rc;
}

static bm_status open_tls(struct house *h, struct room *room,
                          struct bm_bytes *chain, struct ca_refusal *why)
{
    struct instance_port port = { .maker = bm_openssl_key_maker() };
    struct tls_config config = { 0 };
    size_t n;

    BM_TRY(bm_openssl_new(&h->crypto));
    port.crypto = h->crypto;
    BM_TRY(read_chain(h, room->dir, &n, why));
    BM_TRY(server_key_open(room->dir, &room->settings, &port, &h->key, why));
    config.chain = (struct bm_bytes){ h->pem, n };
    config.key = bm_openssl_signer_pkey(h->key->signer);
    BM_TRY(decode_chain(h, config.chain, chain));
    return tls_new(&config, &h->tls, why);
}

static void teardown(struct room *room)
{
    struct house *h = room->self;

    if (h == NULL) {
        return;
    }
    devices_free(h->devices);
    SSL_CTX_free(h->tls);
    bm_key_close(h->key);
    bm_openssl_free(h->crypto);
    free(h->chain);
    free(h->pem);
    free(h);
    room->self = NULL;
}

/* The issuer, which is started first, makes it where it is not there. */
static bm_status open_blobs(const char *dir, int *fd)
{
    char path[FILES_PATH_MAX];

    BM_TRY(files_path(path, dir, BLOBS_DIR));
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 || errno == ENOENT ? BM_OK : BM_E_IO;
}

static bm_status setup(struct room *room, struct ca_refusal *why)
{
    struct house *h = calloc(1, sizeof *h);
    struct bm_bytes chain;

    if (h == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    room->self = h; /* teardown() is called whatever happens here */
    BM_TRY(open_tls(h, room, &chain, why));
    BM_TRY(devices_new(room, h->tls, &h->devices));
    BM_TRY(open_blobs(room->dir, &h->devices->blobs));
    h->devices->signer = h->key->signer;
    h->devices->chain = chain;
    return BM_OK;
}

static struct devices *self(struct room *room)
{
    return ((struct house *)room->self)->devices;
}

static bm_status link_room(struct room *room, enum room_kind to,
                           unsigned instance, int fd)
{
    (void)to; /* the only one that a listener has: the issuer */
    (void)instance;
    return devices_link(self(room), fd);
}

static bm_status listen_room(struct room *room, enum room_port port, int fd)
{
    (void)port;
    return devices_listen(self(room), fd);
}

static void stopped(void *arg)
{
    room_done(arg);
}

/* What waits for the issuer is answered first. */
static void stop(struct room *room)
{
    struct devices *d = self(room);

    d->stopping = true;
    let_go(d);
    http_stop(d->http, stopped, room);
}

static const unsigned ports[] = { ROOM_PORT_DEVICES, ROOM_PORT_COUNT };

/* reload: a new process takes its place, for a new certificate needs a key
 * that this one can no longer reach. */
const struct room_type room_devices = {
    .name = "devices",
    .needs = { .accept = true, .read_dirs = { BLOBS_DIR } },
    .ports = ports,
    .setup = setup,
    .link = link_room,
    .listen = listen_room,
    .stop = stop,
    .teardown = teardown,
};
