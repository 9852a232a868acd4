/* SPDX-License-Identifier: Apache-2.0 */
#include "device/pump.h"

#include "device/test/enrol_device.h"

/*
 * The pump over a TLS and a connector that are only looked at: every second
 * call says "not now", octets move a few at a time, and the server is that of
 * the enrolment's own tests.
 */
static struct {
    /* How it behaves. */
    bm_status open; /* of the connector, */
    bm_status tls_open;
    bm_status handshake;
    bm_status write;
    bm_status read;
    unsigned times; /* so often */
    size_t piece;
    bool busy; /* every second call is too early */
    bool expired;
    bool floods; /* an answer of one body without end */
    uint8_t alert;
    /* What was seen. */
    unsigned calls;
    unsigned connectors; /* open ones */
    unsigned sessions;
    unsigned opened;
    unsigned shown[4]; /* certificates, for each session */
    bool signer[4];
    bool secret[4];
} wire;

static struct bm_pump pump;
static uint8_t chain[2048];

/* BM_OK, not now, or `*fault` while it lasts. */
static bm_status turn(bm_status fault)
{
    wire.calls++;
    if (wire.busy && wire.calls % 2 == 1) {
        return BM_E_TLS_AGAIN;
    }
    if (fault != BM_OK && wire.times != 0) {
        wire.times--;
        return fault;
    }
    return BM_OK;
}

static const struct bm_transport transport;

static bm_status wire_open(void *self, const char *host, uint16_t port,
                           const struct bm_transport **to)
{
    (void)self;
    CHECK(strcmp(host, "ca.example") == 0 && port == 8443);
    BM_TRY(turn(wire.open));
    wire.connectors++;
    server_connect();
    *to = &transport;
    return BM_OK;
}

static void wire_close(void *self)
{
    (void)self;
    wire.connectors = 0;
}

static bm_status tls_open(void *self, const struct bm_tls_config *config,
                          struct bm_tls_session **session)
{
    unsigned i = wire.opened % 4;

    (void)self;
    CHECK(wire.connectors == 1 && wire.sessions == 0);
    CHECK(!config->server && config->transport == &transport);
    CHECK(config->trust == &the_trust);
    CHECK(config->expect.use == BM_TRUST_ENROL);
    CHECK(strcmp(config->expect.host, "ca.example") == 0);
    BM_TRY(turn(wire.tls_open));
    wire.shown[i] = (unsigned)config->chain_n;
    wire.signer[i] = config->signer != NULL;
    wire.secret[i] = config->expect.secret;
    wire.opened++;
    wire.sessions++;
    *session = (struct bm_tls_session *)&wire;
    return BM_OK;
}

static bm_status tls_handshake(struct bm_tls_session *session)
{
    CHECK(session == (struct bm_tls_session *)&wire);
    return turn(wire.handshake);
}

static bm_status tls_write(struct bm_tls_session *session,
                           struct bm_bytes octets, size_t *n)
{
    CHECK(session == (struct bm_tls_session *)&wire && octets.n != 0);
    BM_TRY(turn(wire.write));
    *n = octets.n < wire.piece ? octets.n : wire.piece;
    server_take((struct bm_bytes){ octets.p, *n });
    return BM_OK;
}

static bm_status tls_read(struct bm_tls_session *session, uint8_t *out,
                          size_t cap, size_t *n)
{
    CHECK(session == (struct bm_tls_session *)&wire);
    BM_TRY(turn(wire.read));
    if (wire.floods) {
        static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";

        *n = sizeof head - 1; /* the first of them is the head */
        memcpy(out, head, *n);
        return BM_OK;
    }
    if (server.out_n == 0) {
        return server.hangs ? BM_E_TLS_CLOSED : BM_E_TLS_AGAIN;
    }
    *n = server.out_n < wire.piece ? server.out_n : wire.piece;
    *n = *n < cap ? *n : cap;
    memcpy(out, server.out, *n);
    server.out_n -= *n;
    memmove(server.out, server.out + *n, server.out_n);
    return BM_OK;
}

static const struct bm_trust_verdict *
tls_verdict(const struct bm_tls_session *session)
{
    static struct bm_trust_verdict verdict;

    (void)session;
    verdict.expired = wire.expired;
    return &verdict;
}

static bm_status tls_binding(struct bm_tls_session *session,
                             uint8_t out[BM_TLS_BINDING_MAX], size_t *n)
{
    (void)session;
    memset(out, 7, BM_TLS_BINDING_MAX);
    *n = BM_TLS_BINDING_MAX;
    return BM_OK;
}

static void tls_facts(const struct bm_tls_session *session,
                      struct bm_tls_facts *facts)
{
    CHECK(session == (const struct bm_tls_session *)&wire);
    *facts = (struct bm_tls_facts){ .alert = wire.alert };
}

static void tls_close(struct bm_tls_session *session)
{
    if (session != NULL) {
        CHECK(wire.sessions == 1);
        wire.sessions = 0;
    }
}

static const struct bm_tls tls = { .open = tls_open,
                                   .handshake = tls_handshake,
                                   .write = tls_write,
                                   .read = tls_read,
                                   .verdict = tls_verdict,
                                   .binding = tls_binding,
                                   .facts = tls_facts,
                                   .close = tls_close };
static const struct bm_connector connector = { NULL, wire_open, wire_close };
static struct bm_job job;
static struct bm_pump_config pump_config = { &job, &tls, &connector, chain,
                                             sizeof chain };

static void wire_init(void)
{
    memset(&wire, 0, sizeof wire);
    wire.piece = 100;
    wire.busy = true;
    pump_config.chain_n = sizeof chain;
}

static bm_status pump_on(void)
{
    unsigned calls = 0;
    uint32_t seconds;
    bm_status rc;

    do {
        rc = bm_pump_run(&pump, device.now, &seconds);
        CHECK(rc != BM_E_TLS_AGAIN || seconds != 0);
        if (pump.waiting) {
            CHECK(wire.connectors == 0 && wire.sessions == 0);
            CHECK(pump.why != BM_OK);
            device.waits++;
            device.why = pump.why;
            device.now += seconds;
        } else {
            device.now += calls % 8 == 0;
        }
    } while (rc == BM_E_TLS_AGAIN && calls++ < 20000);
    return rc;
}

static bm_status run(enum bm_enrol_job which)
{
    bm_status rc;

    device.waits = 0;
    wire.opened = 0;
    CHECK_STATUS(bm_enrol_start(&device.e, &device.config, which, device.now),
                 BM_OK);
    bm_enrol_as_job(&device.e, &job);
    bm_pump_init(&pump, &pump_config);
    rc = pump_on();
    CHECK(wire.connectors == 0 && wire.sessions == 0 && !pump.connected);
    CHECK(fake_store.open == 0);
    bm_pump_close(&pump);
    return rc;
}

static void it_carries_a_device_through_its_life(void)
{
    device_init();
    wire_init();
    with_token();
    CHECK_STATUS(run(BM_ENROL_BIRTH), BM_OK);
    CHECK(wire.opened == 1 && !wire.signer[0] && wire.secret[0]);
    without_token();
    CHECK_STATUS(run(BM_ENROL_FIRST), BM_OK);
    CHECK(wire.opened == 2 && wire.signer[0] && !wire.secret[0]);
    CHECK(wire.shown[0] == 2 && wire.shown[1] == 2);
    CHECK_STATUS(run(BM_ENROL_RENEW), BM_OK);
    CHECK(device.waits == 0 && device.place == BM_IDENTITY_IDEVID);
}

static void each_failure_is_waited_out_and_leaves_nothing_open(void)
{
    bm_status *const places[] = { &wire.open, &wire.tls_open, &wire.handshake,
                                  &wire.write, &wire.read };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        born();
        wire_init();
        *places[i] = BM_E_TLS_HANDSHAKE;
        wire.times = 3;
        CHECK_STATUS(run(BM_ENROL_FIRST), BM_OK);
        CHECK(device.waits == 3);
        CHECK_STATUS(device.why, BM_E_TLS_HANDSHAKE);
    }
}

static void the_judges_refusal_is_what_is_told(void)
{
    born();
    wire_init();
    wire.handshake = BM_E_PATH_HOST;
    wire.times = 1;
    CHECK_STATUS(run(BM_ENROL_FIRST), BM_OK);
    CHECK_STATUS(device.why, BM_E_PATH_HOST);
}

static void a_server_that_says_nothing_is_left(void)
{
    born();
    wire_init();
    server.script[0] = (struct script){ "simpleenroll", 1, NULL, DEED_DRIP, 0 };
    CHECK_STATUS(run(BM_ENROL_FIRST), BM_OK);
    CHECK_STATUS(device.e.learned, BM_OK);
    CHECK(device.waits == 1);
}

static void a_connection_that_never_stands_is_left(void)
{
    uint32_t before;

    born();
    wire_init();
    wire.open = BM_E_TLS_AGAIN;
    wire.times = 100000;
    before = device.now;
    CHECK_STATUS(
        bm_enrol_start(&device.e, &device.config, BM_ENROL_FIRST, device.now),
        BM_OK);
    bm_enrol_as_job(&device.e, &job);
    bm_pump_init(&pump, &pump_config);
    while (!pump.waiting && device.now - before < 1000) {
        uint32_t seconds;

        CHECK_STATUS(bm_pump_run(&pump, device.now, &seconds), BM_E_TLS_AGAIN);
        device.now++;
    }
    CHECK(device.now - before <= BM_ENROL_EXCHANGE_MAX + 2);
    bm_pump_close(&pump);
}

static void a_chain_that_does_not_fit_is_said(void)
{
    born();
    wire_init();
    pump_config.chain_n = 300;
    CHECK_STATUS(
        bm_enrol_start(&device.e, &device.config, BM_ENROL_FIRST, device.now),
        BM_OK);
    bm_enrol_as_job(&device.e, &job);
    bm_pump_init(&pump, &pump_config);
    while (!pump.waiting) {
        uint32_t seconds;

        CHECK_STATUS(bm_pump_run(&pump, device.now, &seconds), BM_E_TLS_AGAIN);
    }
    CHECK_STATUS(pump.why, BM_E_BUFFER);
    bm_pump_close(&pump);
    pump_config.chain_n = sizeof chain;
}

static void no_time_is_learned_where_the_server_has_expired(void)
{
    born();
    wire_init();
    trusted.told = 0;
    wire.expired = true;
    CHECK_STATUS(run(BM_ENROL_FIRST), BM_OK);
    CHECK(trusted.told == 0);
}

/* Octets without end, as fast as they are read. */
static void a_server_that_never_stops_talking_is_left(void)
{
    unsigned calls = 0;
    uint32_t seconds;

    born();
    wire_init();
    wire.busy = false;
    wire.floods = true;
    CHECK_STATUS(
        bm_enrol_start(&device.e, &device.config, BM_ENROL_FIRST, device.now),
        BM_OK);
    bm_enrol_as_job(&device.e, &job);
    bm_pump_init(&pump, &pump_config);
    while (!pump.waiting && calls++ < 1000) {
        CHECK_STATUS(bm_pump_run(&pump, device.now, &seconds), BM_E_TLS_AGAIN);
        device.now++;
    }
    CHECK_STATUS(pump.why, BM_E_ENROL_TIMEOUT);
    bm_pump_close(&pump);
}

/* Only what is said of our certificate refuses it. */
static void an_alert_about_something_else_is_a_failure_like_any(void)
{
    static const struct {
        uint8_t alert;
        bm_status why;
    } rows[] = {
        { 40, BM_E_TLS_HANDSHAKE },   { 41, BM_E_TLS_HANDSHAKE },
        { 42, BM_E_TLS_ALERT },       { 46, BM_E_TLS_ALERT },
        { 47, BM_E_TLS_HANDSHAKE },   { 48, BM_E_TLS_ALERT },
        { 49, BM_E_TLS_ALERT },       { 50, BM_E_TLS_HANDSHAKE },
        { 70, BM_E_TLS_HANDSHAKE },   { 116, BM_E_TLS_ALERT },
        { 0xff, BM_E_TLS_HANDSHAKE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        born();
        wire_init();
        wire.handshake = BM_E_TLS_ALERT;
        wire.alert = rows[i].alert;
        wire.times = 1;
        CHECK_STATUS(run(BM_ENROL_FIRST), BM_OK);
        CHECK_STATUS(device.why, rows[i].why);
    }
}

static void a_stop_is_final(void)
{
    uint32_t seconds;

    born();
    wire_init();
    server.script[0] =
        (struct script){ "simpleenroll", 1,
                         "HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n",
                         DEED_SAY, 0 };
    CHECK_STATUS(run(BM_ENROL_FIRST), BM_E_ENROL_CONFLICT);
    CHECK_STATUS(bm_pump_run(&pump, device.now, &seconds), BM_E_ENROL_CONFLICT);
    CHECK(wire.connectors == 0);
}

int main(void)
{
    RUN(it_carries_a_device_through_its_life);
    RUN(each_failure_is_waited_out_and_leaves_nothing_open);
    RUN(the_judges_refusal_is_what_is_told);
    RUN(a_server_that_says_nothing_is_left);
    RUN(a_connection_that_never_stands_is_left);
    RUN(a_chain_that_does_not_fit_is_said);
    RUN(no_time_is_learned_where_the_server_has_expired);
    RUN(a_server_that_never_stops_talking_is_left);
    RUN(an_alert_about_something_else_is_a_failure_like_any);
    RUN(a_stop_is_final);
    return bm_test_done();
}
