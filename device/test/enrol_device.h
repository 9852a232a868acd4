/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_ENROL_DEVICE_H
#define BM_DEVICE_TEST_ENROL_DEVICE_H

#include "device/enrol.h"
#include "device/test/est_server.h"
#include "device/test/flash_sim.h"
#ifndef BM_DEVICE_TEST_TRUST_REAL_H
#include "device/test/trust_stand_in.h"
#endif

/*
 * A device with flash, log and identity, and a cable to the server: whoever
 * does what bm_enrol_next() asks for. No network, no time but `device.now`.
 */
#define FLASH_SECTOR  4096
#define FLASH_SECTORS 4

/* Asked so often, a job that is not over is going in circles. */
#define ASKS_MAX 60000

static struct {
    struct flash_sim sim;
    uint8_t memory[FLASH_SIM_SIZE(FLASH_SECTOR, FLASH_SECTORS)];
    struct bm_log log;
    struct bm_identity id;
    struct bm_enrol_config config;
    struct bm_enrol e;
    uint8_t room[BM_ENROL_ROOM];
    uint32_t now;
    /* How the cable behaves. */
    size_t piece;           /* octets at a time, both ways; 0: all */
    bm_status connect;      /* what comes of connecting, */
    unsigned connect_times; /* so often */
    unsigned alerts;        /* within TLS, for the pending identity: so many */
    bool no_binding;
    bool expired; /* the server's certificate */
    bool cut;     /* an end of the connection is no orderly one */
    unsigned wait_max;
    unsigned restart_at; /* the ask before which the power goes; 0: never */
    /* What was seen. */
    unsigned asks;
    unsigned connects;
    unsigned waits;
    uint32_t waited; /* the last one */
    bm_status why;   /* of the last wait */
    bool open;
    bool showed;                  /* the last connection: an identity, */
    enum bm_identity_place place; /* this one, */
    bool secret;                  /* and that a token goes with it */
} device;

static inline void device_restart(void)
{
    CHECK(fake_store.open == 0);
    memset(&device.e, 0xa5, sizeof device.e);
    memset(device.room, 0xa5, sizeof device.room);
    device.open = false;
    CHECK_STATUS(bm_log_open(&device.log, &device.sim.flash), BM_OK);
    CHECK_STATUS(
        bm_identity_open(&device.id, &device.log, &fake_store.keystore), BM_OK);
}

/* A blank device, a server, and trust in it. */
static inline void device_init(void)
{
    const struct flash_sim_shape shape = { FLASH_SECTOR, FLASH_SECTORS, 8 };

    memset(&device, 0, sizeof device);
    flash_sim_init(&device.sim, device.memory, &shape, 1);
    fake_store_init();
    server_init();
    device.wait_max = 50;
    device.now = 1000;
    device.config = (struct bm_enrol_config){
        .crypto = fake_crypto_get(),
        .identity = &device.id,
        .trust = &the_trust,
        .clock = &the_clock,
        .host = "ca.example",
        .port = 8443,
        .label = "ldevid",
        .room = device.room,
        .room_n = sizeof device.room,
    };
    device_restart();
    trust_begin(fake_crypto_get(), &device.log,
                (struct bm_bytes){ server.root, server.root_n });
}

/* ---- The cable */

static inline void cable_connect(const struct bm_job_ask *ask)
{
    static const uint8_t binding[32] = { 1, 2, 3 };

    CHECK(!device.open);
    device.connects++;
    device.showed = ask->show;
    device.place = ask->place;
    device.secret = ask->secret;
    if (device.connect != BM_OK && device.connect_times != 0) {
        device.connect_times--;
        bm_enrol_failed(&device.e, device.connect);
        return;
    }
    device.open = true;
    server_connect();
    bm_enrol_connected(&device.e,
                       (struct bm_bytes){ binding, device.no_binding ? 0 : 32 },
                       device.expired);
}

static inline void cable_send(const struct bm_job_ask *ask)
{
    struct bm_bytes part = ask->octets;

    CHECK(device.open && part.n != 0);
    if (device.piece != 0 && part.n > device.piece) {
        part.n = device.piece;
    }
    server_take(part);
    bm_enrol_sent(&device.e, part.n);
}

static inline void cable_receive(void)
{
    static uint8_t piece[SERVER_ROOM];
    size_t n = server.out_n;

    CHECK(device.open);
    if (device.alerts != 0 && device.showed &&
        device.place == BM_IDENTITY_PENDING) {
        device.alerts--;
        device.open = false;
        bm_enrol_failed(&device.e, BM_E_TLS_ALERT);
        return;
    }
    if (n == 0 && server.hangs) {
        device.open = false;
        bm_enrol_failed(&device.e,
                        device.cut ? BM_E_TLS_TRUNCATED : BM_E_TLS_CLOSED);
        return;
    }
    if (n == 0) {
        device.now += 60; /* nothing comes */
        return;
    }
    if (device.piece != 0 && n > device.piece) {
        n = device.piece;
    }
    memcpy(piece, server.out, n);
    server.out_n -= n;
    memmove(server.out, server.out + n, server.out_n);
    bm_enrol_received(&device.e, (struct bm_bytes){ piece, n });
    memset(piece, 0xee, n); /* nobody keeps a view of it */
}

/* Do what is asked for until the job is over: BM_OK, or why it stopped.
 * BM_E_END: the power went (device.restart_at). */
static inline bm_status device_go_on(void)
{
    struct bm_job_ask ask;

    while (device.asks++ < ASKS_MAX) {
        if (device.asks == device.restart_at) {
            return BM_E_END;
        }
        bm_enrol_next(&device.e, device.now, &ask);
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
            device.open = false;
            break;
        case BM_JOB_WAIT:
            CHECK(!device.open && ask.seconds != 0 && ask.status != BM_OK);
            device.why = ask.status;
            device.waited = ask.seconds;
            if (++device.waits > device.wait_max) {
                return ask.status;
            }
            device.now += ask.seconds;
            break;
        case BM_JOB_DONE:
            CHECK(!device.open);
            return BM_OK;
        default:
            CHECK(!device.open);
            return ask.status;
        }
    }
    CHECK(!"a job comes to an end");
    return BM_E_INTERNAL;
}

static inline bm_status device_run(enum bm_enrol_job job)
{
    bm_status rc;

    device.asks = 0;
    device.waits = 0;
    device.connects = 0;
    rc = bm_enrol_start(&device.e, &device.config, job, device.now);
    rc = rc == BM_OK ? device_go_on() : rc;
    CHECK(rc == BM_E_END || fake_store.open == 0);
    return rc;
}

/* ---- Its life up to some point */

static const uint8_t token[] = "s3cret-s3cret";

static inline void with_token(void)
{
    device.config.device = "SN-1";
    device.config.token = (struct bm_bytes){ token, sizeof token - 1 };
}

static inline void without_token(void)
{
    device.config.device = NULL;
    device.config.token = (struct bm_bytes){ NULL, 0 };
}

/* It has an IDevID. */
static inline void born(void)
{
    device_init();
    with_token();
    CHECK_STATUS(device_run(BM_ENROL_BIRTH), BM_OK);
    without_token();
}

/* And an operational identity. */
static inline void enrolled(void)
{
    born();
    CHECK_STATUS(device_run(BM_ENROL_FIRST), BM_OK);
    server.requests = 0;
    server.issued = 0;
}

static inline enum bm_identity_state state_of(enum bm_identity_place place)
{
    return bm_identity_state(&device.id, place);
}

#endif
