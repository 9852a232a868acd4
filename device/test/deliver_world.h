/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_DELIVER_WORLD_H
#define BM_DEVICE_TEST_DELIVER_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bundle.h"
#include "core/test/path_maker.h"
#include "device/deliver.h"
#include "device/test/flash_sim.h"
#include "tests/harness/test_crypto.h"

/*
 * A device that has things delivered, its application, and a server in memory:
 * whoever does what the job asks for is the cable. No network, no time but
 * `world.now`. Trust, clock and log are real; so are signatures, but that a
 * test that tries hundreds of cuts may say that each one verifies.
 */
#define WORLD_SECTOR 1024
#define LOG_SECTORS  6
#define SLOT_SECTORS 40

/* Octets of what is delivered: more than a step, and not whole units. */
#define FIRMWARE_SIZE 17501
#define POLICY_SIZE   700

/* What a server may say. */
#define NOT_FOUND "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
#define BUSY                                                    \
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5000\r\n" \
    "Content-Length: 0\r\n\r\n"

/* Asked so often, a job that is not over is going in circles. */
#define ASKS_MAX 60000

/* A blob that the server has. */
struct blob {
    const char *path;
    uint8_t octets[SLOT_SECTORS * WORLD_SECTOR];
    size_t n;
    uint8_t hash[BM_MANIFEST_HASH_SIZE];
};

struct heard {
    struct bm_event event;
    uint8_t hash[BM_EVENT_HASH_SIZE];
};

static struct {
    /* The device. */
    struct flash_sim sim;  /* of the log, and the supply of both */
    struct flash_sim slot; /* for firmware, and whatever there is */
    uint8_t memory[FLASH_SIM_SIZE(WORLD_SECTOR, LOG_SECTORS)];
    uint8_t slot_memory[FLASH_SIM_SIZE(WORLD_SECTOR, SLOT_SECTORS)];
    struct bm_log log;
    struct bm_crypto crypto;
    struct bm_clock clock;
    struct bm_trust trust;
    struct bm_trust_work work;
    struct bm_identity identity;
    enum bm_identity_state current;
    struct bm_deliver d;
    struct bm_deliver_config config;
    uint8_t room[BM_DELIVER_ROOM];
    struct bm_job job;
    uint32_t now;
    /* The application. */
    struct bm_deliver_app app;
    bm_status take; /* what it says */
    unsigned takes;
    unsigned taken_kind;
    bool has; /* it has all that is asked for */
    bool nowhere;
    bool any_series; /* none is pinned */
    enum bm_manifest_mode mode;
    unsigned modes;
    /* How the cable behaves. */
    size_t piece;      /* octets at a time, both ways; 0: all */
    bm_status connect; /* what comes of connecting, */
    unsigned connect_times;
    size_t cut_after; /* octets of answers after which the connection ends,
                         once; SIZE_MAX: never */
    bool cut_dirty;   /* ... without a close_notify */
    bool stop_wait;   /* a wait ends the run */
    bool expired;     /* the server's certificate has */
    /* What was seen. */
    unsigned asks, connects, waits;
    uint32_t waited;
    bm_status why;
    bool open;
    uint64_t answered; /* octets of all answers */
} world;

static struct {
    /* What there is. */
    uint8_t manifest[BM_MANIFEST_SIZE_MAX];
    size_t manifest_n; /* 0: nothing assigned */
    uint64_t version;
    struct blob blob[3];
    size_t blobs;
    /* How it behaves. */
    const char *say; /* in place of the answer to what has this in its first
                        line, so often */
    const char *say_to;
    unsigned say_times;
    bool say_no_more;       /* ... and the connection stays */
    struct bm_bytes script; /* answers in turn: two octets, how many, and
                               these; where `scripted` */
    bool scripted;
    bool no_ranges;
    bool closes; /* after each answer */
    /* What was asked. */
    char request[2048];
    size_t request_n;
    uint8_t out[SLOT_SECTORS * WORLD_SECTOR + 1024];
    size_t out_n, out_at;
    bool hangs;
    unsigned manifests, unchanged, blob_asks, ranges, posts;
    struct heard heard[64];
    unsigned heard_n;
    uint64_t highest;
} server;

static struct bm_cert root_cert, bundler_cert;
static struct bm_bytes pinned;

/* In the place of identity.c: there is one identity, and it is shown. */
enum bm_identity_state bm_identity_state(const struct bm_identity *id,
                                         enum bm_identity_place place)
{
    CHECK(id == &world.identity && place == BM_IDENTITY_CURRENT);
    return world.current;
}

static inline const struct bm_signer *world_key(uint8_t number)
{
    return bm_test_signer_nth(BM_KEY_P256, number);
}

/* Signatures that verify, each of them: for tests of something else, which
 * would take minutes. */
static inline bm_status world_verify(void *self, const struct bm_spki *key,
                                     enum bm_sig_alg alg,
                                     struct bm_bytes message,
                                     struct bm_bytes signature)
{
    (void)self;
    (void)key;
    (void)alg;
    (void)message;
    (void)signature;
    return BM_OK;
}

static inline void world_believe(void)
{
    world.crypto.verify = world_verify;
    world.crypto.verify_hash = world_verify;
}

static inline void world_doubt(void)
{
    world.crypto.verify = bm_test_crypto()->verify;
    world.crypto.verify_hash = bm_test_crypto()->verify_hash;
}

/* ---- The server */

static inline void server_blob(const char *path, size_t n, uint32_t seed)
{
    struct blob *b = &server.blob[server.blobs++];

    b->path = path;
    b->n = n;
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1103515245u + 12345u;
        b->octets[i] = (uint8_t)(seed >> 16);
    }
    CHECK_STATUS(bm_test_crypto()->hash(bm_test_crypto()->self, BM_HASH_SHA256,
                                        (struct bm_bytes){ b->octets, n },
                                        b->hash),
                 BM_OK);
}

static inline struct bm_manifest_item item_of(const struct blob *b,
                                              unsigned kind)
{
    return (struct bm_manifest_item){
        .kind = kind,
        .path = { (const uint8_t *)b->path, strlen(b->path) },
        .sha256 = BM_ARRAY(b->hash),
        .size = (uint32_t)b->n,
    };
}

static inline struct bm_manifest_config
manifest_of(uint64_t version, const struct bm_manifest_item *items, size_t n)
{
    return (struct bm_manifest_config){ .series = BM_LIT("acme"),
                                        .version = version,
                                        .issued = MAKER_NOW,
                                        .next_update = MAKER_NOW + 86400,
                                        .device = BM_LIT("node-1"),
                                        .items = items,
                                        .items_n = n };
}

static inline void server_publish(const struct bm_manifest_config *config)
{
    const struct bm_signed_by by = { bm_test_crypto(), world_key(2),
                                     &bundler_cert, bundler_cert.der };
    static uint8_t content[2048];
    struct bm_wr w;
    struct bm_wr message;

    bm_wr_init(&w, content, sizeof content);
    CHECK_STATUS(bm_manifest_put(config, &w), BM_OK);
    bm_wr_init(&message, server.manifest, sizeof server.manifest);
    CHECK_STATUS(bm_manifest_sign(&by, bm_wr_bytes(&w), &message), BM_OK);
    server.manifest_n = message.len;
    server.version = config->version;
}

/* The policy and the firmware, as most tests have them. */
static inline void server_assign(uint64_t version)
{
    const struct bm_manifest_item items[] = {
        item_of(&server.blob[1], BM_MANIFEST_POLICY),
        item_of(&server.blob[0], BM_MANIFEST_FIRMWARE)
    };
    struct bm_manifest_config config = manifest_of(version, items, 2);

    server_publish(&config);
}

/* In place of the answer, so often, to what begins so. */
static inline void say(const char *to, const char *answer, unsigned times)
{
    server.say_to = to;
    server.say = answer;
    server.say_times = times;
}

static inline void server_put(const void *p, size_t n)
{
    CHECK(server.out_n + n <= sizeof server.out);
    memcpy(server.out + server.out_n, p, n);
    server.out_n += n;
}

static inline void server_answer(const char *head, const uint8_t *body,
                                 size_t n)
{
    char text[400];
    int len = snprintf(
        text, sizeof text, "HTTP/1.1 %s%sContent-Length: %lu\r\n\r\n", head,
        server.closes ? "Connection: close\r\n" : "", (unsigned long)n);

    server_put(text, (size_t)len);
    if (n != 0) {
        server_put(body, n);
    }
    server.hangs = server.closes;
}

/* The value of a header of the request, up to its line end; or NULL. */
static inline const char *header(const char *name)
{
    const char *at = strstr(server.request, name);

    return at == NULL ? NULL : at + strlen(name);
}

static inline void serve_manifest(void)
{
    const char *unless = header("If-None-Match: \"");
    char head[120];

    server.manifests++;
    if (server.manifest_n == 0) {
        server_answer("404 Not Found\r\n", NULL, 0);
    } else if (unless != NULL && strtoull(unless, NULL, 10) == server.version) {
        server.unchanged++;
        server_put("HTTP/1.1 304 Not Modified\r\n\r\n", 29);
    } else {
        (void)snprintf(head, sizeof head,
                       "200 OK\r\nContent-Type: application/cms\r\n"
                       "ETag: \"%lu\"\r\n",
                       (unsigned long)server.version);
        server_answer(head, server.manifest, server.manifest_n);
    }
}

static inline void tag_of(const struct blob *b, char out[66 + 1])
{
    out[0] = '"';
    for (size_t i = 0; i < sizeof b->hash; i++) {
        (void)snprintf(out + 1 + 2 * i, 3, "%02x", b->hash[i]);
    }
    memcpy(out + 65, "\"", 2);
}

static inline void serve_blob(const struct blob *b)
{
    const char *range = header("Range: bytes=");
    const char *same = header("If-Range: ");
    size_t from = range == NULL ? 0 : strtoul(range, NULL, 10);
    char tag[67];
    char head[200];

    server.blob_asks++;
    tag_of(b, tag);
    if (range != NULL && from >= b->n) {
        server_answer("416 Range Not Satisfiable\r\n", NULL, 0);
    } else if (from != 0 && !server.no_ranges && same != NULL &&
               strncmp(same, tag, 66) == 0) {
        server.ranges++;
        (void)snprintf(head, sizeof head,
                       "206 Partial Content\r\nETag: %s\r\n"
                       "Content-Range: bytes %lu-%lu/%lu\r\n",
                       tag, (unsigned long)from, (unsigned long)b->n - 1,
                       (unsigned long)b->n);
        server_answer(head, b->octets + from, b->n - from);
    } else {
        (void)snprintf(head, sizeof head, "200 OK\r\nETag: %s\r\n", tag);
        server_answer(head, b->octets, b->n);
    }
}

static inline void serve_events(struct bm_bytes body)
{
    struct bm_bytes list;
    struct bm_event e;

    server.posts++;
    CHECK_STATUS(bm_events_parse(body, NULL, &list), BM_OK);
    while (bm_event_next(&list, &e)) {
        struct heard *h = &server.heard[server.heard_n];

        if (e.number <= server.highest) {
            continue;
        }
        CHECK(server.heard_n < 64);
        server.highest = e.number;
        server.heard_n++;
        h->event = e;
        memset(h->hash, 0, sizeof h->hash);
        if (e.sha256.n != 0) {
            memcpy(h->hash, e.sha256.p, sizeof h->hash);
        }
    }
    server_put("HTTP/1.1 204 No Content\r\n\r\n", 27);
    server.hangs = server.closes;
}

/* The next answer of the script; the connection ends behind the last. */
static inline void serve_script(void)
{
    struct bm_bytes *in = &server.script;
    size_t n = in->n < 2 ? 0 : (size_t)in->p[0] << 8 | in->p[1];

    server.hangs = true;
    if (in->n < 2) {
        return;
    }
    in->p += 2;
    in->n -= 2;
    n = n < in->n ? n : in->n;
    server_put(in->p, n);
    in->p += n;
    in->n -= n;
    server.hangs = n == 0;
}

static inline void serve(struct bm_bytes body)
{
    const char *path = strchr(server.request, ' ') + 1;

    if (server.say_times != 0 &&
        strncmp(path, server.say_to, strlen(server.say_to)) == 0) {
        server.say_times--;
        server_put(server.say, strlen(server.say));
        server.hangs = !server.say_no_more;
        return;
    }
    if (strncmp(path, "/device/v1/manifest ", 20) == 0 &&
        (!server.scripted || server.manifest_n != 0)) {
        serve_manifest();
        return;
    }
    if (server.scripted) {
        serve_script();
        return;
    }
    if (strncmp(server.request, "POST /device/v1/events ", 23) == 0) {
        serve_events(body);
        return;
    }
    for (size_t i = 0; i < server.blobs; i++) {
        size_t n = strlen(server.blob[i].path);

        if (strncmp(path, server.blob[i].path, n) == 0 && path[n] == ' ') {
            serve_blob(&server.blob[i]);
            return;
        }
    }
    server_answer("404 Not Found\r\n", NULL, 0);
}

static inline void server_take(struct bm_bytes octets)
{
    const char *end;
    const char *length;
    size_t body_n;
    size_t head_n;

    CHECK(server.request_n + octets.n < sizeof server.request);
    memcpy(server.request + server.request_n, octets.p, octets.n);
    server.request_n += octets.n;
    server.request[server.request_n] = '\0';
    end = strstr(server.request, "\r\n\r\n");
    if (end == NULL) {
        return;
    }
    CHECK(header("\r\nHost: ca.example:8443\r\n") != NULL);
    head_n = (size_t)(end - server.request) + 4;
    length = header("Content-Length: ");
    body_n = length == NULL ? 0 : strtoul(length, NULL, 10);
    if (server.request_n == head_n + body_n) {
        serve((struct bm_bytes){ (uint8_t *)server.request + head_n, body_n });
        server.request_n = 0;
    }
}

/* ---- The application */

static inline bool app_have(void *self, const struct bm_manifest_item *item)
{
    (void)self;
    (void)item;
    return world.has;
}

static inline const struct bm_flash *
app_place(void *self, const struct bm_manifest_item *item)
{
    (void)self;
    (void)item;
    return world.nowhere ? NULL : &world.slot.flash;
}

/* What is handed over is in flash, to the octet. */
static inline bm_status app_take(void *self,
                                 const struct bm_manifest_item *item,
                                 const struct bm_flash *flash)
{
    bool found = false;

    (void)self;
    CHECK(flash == &world.slot.flash);
    for (size_t i = 0; i < server.blobs; i++) {
        const struct blob *b = &server.blob[i];

        if (bm_bytes_are(item->sha256, b->hash, sizeof b->hash)) {
            CHECK(item->size == b->n);
            CHECK(memcmp(world.slot.octets, b->octets, b->n) == 0);
            found = true;
        }
    }
    CHECK(found);
    world.takes++;
    world.taken_kind = item->kind;
    return item->kind == BM_MANIFEST_FIRMWARE && world.take == BM_OK
               ? BM_DELIVER_AT_START
               : world.take;
}

static inline void app_mode(void *self, enum bm_manifest_mode mode)
{
    (void)self;
    world.modes++;
    world.mode = mode;
}

/* ---- The device */

/* The flash is as it is: on, or soon off again. */
static inline bm_status world_power_on_kept(void)
{
    const struct bm_clock_config clock = { .build = MAKER_NOW };
    const struct bm_trust_config trust = {
        .crypto = &world.crypto,
        .log = &world.log,
        .clock = &world.clock,
        .anchors = &pinned,
        .anchors_n = 1,
        .work = &world.work,
        .series = world.any_series ? NULL : "acme",
    };

    memset(&world.d, 0xa5, sizeof world.d);
    memset(world.room, 0xa5, sizeof world.room);
    world.open = false;
    BM_TRY(bm_log_open(&world.log, &world.sim.flash));
    BM_TRY(bm_clock_open(&world.clock, &world.log, &clock));
    BM_TRY(bm_trust_open(&world.trust, &trust));
    return bm_deliver_open(&world.d, &world.config);
}

static inline bm_status world_power_on(void)
{
    flash_sim_on(&world.sim);
    return world_power_on_kept();
}

/* The flash for what is delivered, in other sectors. */
static inline void world_slot(uint32_t sector)
{
    const struct flash_sim_shape slot = { sector,
                                          SLOT_SECTORS * WORLD_SECTOR / sector,
                                          16 };

    flash_sim_init(&world.slot, world.slot_memory, &slot, 2);
    world.slot.supply = &world.sim;
}

/* The log is as it left the factory. */
static inline void world_lose_log(void)
{
    const struct flash_sim_shape log = { WORLD_SECTOR, LOG_SECTORS, 8 };

    flash_sim_init(&world.sim, world.memory, &log, 1);
}

static inline void world_init(void)
{
    memset(&world, 0, sizeof world);
    memset(&server, 0, sizeof server);
    world_lose_log();
    world_slot(WORLD_SECTOR);
    world.crypto = *bm_test_crypto();
#if BM_TEST_ON_BOARD
    world_believe();
#endif
    world.current = BM_IDENTITY_CERT;
    world.now = 1000;
    world.cut_after = SIZE_MAX;
    world.app = (struct bm_deliver_app){ NULL, app_have, app_place, app_take,
                                         app_mode };
    world.config = (struct bm_deliver_config){
        .crypto = &world.crypto,
        .log = &world.log,
        .identity = &world.identity,
        .trust = &world.trust,
        .clock = &world.clock,
        .host = "ca.example",
        .port = 8443,
        .device = "node-1",
        .app = &world.app,
        .room = world.room,
        .room_n = sizeof world.room,
    };
    if (pinned.n == 0) {
        maker_reset();
        maker_signer = world_key;
        make(&root_cert,
             &(struct spec){ .subject = "Root", .issuer = "Root", .ca = true });
        make(&bundler_cert, &(struct spec){ .subject = "Bundles",
                                            .issuer = "Root",
                                            .key = 2,
                                            .eku = "b" });
        pinned = root_cert.der;
    }
    server_blob("/device/v1/blob/firmware", FIRMWARE_SIZE, 1);
    server_blob("/device/v1/blob/policy", POLICY_SIZE, 2);
    CHECK_STATUS(world_power_on(), BM_OK);
}

/* ---- The cable */

static inline void cable_connect(const struct bm_job_ask *ask)
{
    CHECK(!world.open);
    CHECK(ask->show && ask->place == BM_IDENTITY_CURRENT && !ask->secret);
    world.connects++;
    server.request_n = 0;
    server.out_n = 0;
    server.out_at = 0;
    server.hangs = false;
    if (world.connect_times != 0) {
        world.connect_times--;
        world.job.calls->failed(world.job.self, world.connect);
        return;
    }
    world.open = true;
    world.job.calls->connected(world.job.self, (struct bm_bytes){ NULL, 0 },
                               world.expired);
}

static inline void cable_send(const struct bm_job_ask *ask)
{
    struct bm_bytes part = ask->octets;

    CHECK(world.open && part.n != 0);
    if (world.piece != 0 && part.n > world.piece) {
        part.n = world.piece;
    }
    server_take(part);
    world.job.calls->sent(world.job.self, part.n);
}

static inline void cable_drop(bm_status why)
{
    world.open = false;
    world.job.calls->failed(world.job.self, why);
}

static inline void cable_receive(void)
{
    static uint8_t piece[256];
    size_t n = server.out_n - server.out_at;

    CHECK(world.open);
    if (world.cut_after == 0) {
        world.cut_after = SIZE_MAX;
        cable_drop(world.cut_dirty ? BM_E_TLS_TRUNCATED : BM_E_TLS_CLOSED);
        return;
    }
    if (n == 0 && server.hangs) {
        cable_drop(BM_E_TLS_CLOSED);
        return;
    }
    if (n == 0) {
        world.now += 60; /* nothing comes */
        return;
    }
    n = n < sizeof piece ? n : sizeof piece;
    n = world.piece != 0 && n > world.piece ? world.piece : n;
    n = n < world.cut_after ? n : world.cut_after;
    memcpy(piece, server.out + server.out_at, n);
    server.out_at += n;
    if (server.out_at == server.out_n) {
        server.out_at = 0;
        server.out_n = 0;
    }
    world.cut_after -= world.cut_after == SIZE_MAX ? 0 : n;
    world.answered += n;
    world.job.calls->received(world.job.self, (struct bm_bytes){ piece, n });
    memset(piece, 0xee, n); /* nobody keeps a view of it */
}

/* Do what is asked for until the round is over: BM_OK, or why it waits. */
static inline bm_status world_go_on(void)
{
    struct bm_job_ask ask;

    for (unsigned asks = 0; asks < ASKS_MAX; asks++) {
        if (world.sim.off) {
            world.open = false;
            return BM_E_FLASH_POWER;
        }
        world.job.calls->next(world.job.self, world.now, &ask);
        switch (ask.want) {
        case BM_JOB_CONNECT:
            cable_connect(&ask);
            break;
        case BM_JOB_SEND:
            cable_send(&ask);
            break;
        case BM_JOB_RECEIVE:
            cable_receive();
            break;
        case BM_JOB_CLOSE:
            CHECK(world.open);
            world.open = false;
            break;
        case BM_JOB_WAIT:
            CHECK(!world.open && ask.seconds != 0 && ask.status != BM_OK);
            world.waits++;
            world.waited = ask.seconds;
            world.why = ask.status;
            if (world.stop_wait) {
                return ask.status;
            }
            world.now += ask.seconds;
            break;
        default:
            CHECK(!world.open);
            return world.sim.off ? BM_E_FLASH_POWER : ask.status;
        }
    }
    CHECK(!"a round comes to an end");
    return BM_E_INTERNAL;
}

static inline bm_status world_round(void)
{
    world.waits = 0;
    world.now += BM_DELIVER_EVERY;
    BM_TRY(bm_deliver_start(&world.d, world.now));
    bm_deliver_as_job(&world.d, &world.job);
    return world_go_on();
}

/* How often was this heard of a blob (NULL: of any)? */
static inline unsigned heard(enum bm_event_kind kind, const struct blob *b)
{
    unsigned n = 0;

    for (unsigned i = 0; i < server.heard_n; i++) {
        n += server.heard[i].event.kind == kind &&
             (b == NULL ||
              memcmp(server.heard[i].hash, b->hash, sizeof b->hash) == 0);
    }
    return n;
}

#endif
