/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_HARNESS_TEST_TLS_H
#define BM_TESTS_HARNESS_TEST_TLS_H

#include <stdlib.h>

#include "core/tbs.h"
#include "device/tls.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"
#ifndef __linux__
#include "ports/board.h"
#endif

/*
 * Two ends of TLS in one program, on the host and on a microcontroller: a
 * stream in memory that can be slow, cut and damaged, and the certificates of
 * a small world: a root, a server "server.example.test", a device "device-1".
 */

/* On the board, how deep the stack has been; nothing elsewhere. */
static inline void tls_print_stack(void)
{
#ifndef __linux__
    printf("# the stack was at most %lu octets deep\n",
           (unsigned long)bm_board_stack_used());
#endif
}

/* One direction. Holds a whole flight with a chain of certificates. */
struct tls_pipe {
    uint8_t octets[8192];
    size_t from;
    size_t to;
    size_t total;     /* octets that went in */
    size_t piece;     /* at most so many at a time; 0: all */
    size_t cut;       /* the stream ends behind so many; 0: never */
    size_t damage_at; /* octet number, from 1: this one */
    uint8_t damage;   /* is xored with this */
    bool closed;
    bool turn; /* every other time, a slow stream has nothing */
};

struct tls_end {
    struct tls_pipe *in;
    struct tls_pipe *out;
    struct bm_transport transport;
    const struct bm_tls *tls;
    struct bm_tls_config config;
    struct bm_tls_session *session;
    bm_status status; /* of its handshake */
};

static inline bm_status tls_send(void *self, struct bm_bytes octets, size_t *n)
{
    struct tls_pipe *p = ((struct tls_end *)self)->out;
    size_t room = sizeof p->octets - p->to;

    if (p->closed) {
        return BM_E_TLS_CLOSED;
    }
    p->turn = !p->turn;
    if (room == 0 || (p->piece != 0 && p->turn)) {
        return BM_E_TLS_AGAIN;
    }
    *n = octets.n < room ? octets.n : room;
    if (p->piece != 0 && *n > p->piece) {
        *n = p->piece;
    }
    memcpy(p->octets + p->to, octets.p, *n);
    if (p->damage_at > p->total && p->damage_at <= p->total + *n) {
        p->octets[p->to + p->damage_at - p->total - 1] ^= p->damage;
    }
    p->to += *n;
    p->total += *n;
    if (p->cut != 0 && p->total >= p->cut) {
        p->to -= p->total - p->cut;
        p->closed = true;
    }
    return BM_OK;
}

static inline bm_status tls_receive(void *self, uint8_t *out, size_t cap,
                                    size_t *n)
{
    struct tls_pipe *p = ((struct tls_end *)self)->in;
    size_t have = p->to - p->from;

    if (have == 0) {
        return p->closed ? BM_E_TLS_CLOSED : BM_E_TLS_AGAIN;
    }
    *n = have < cap ? have : cap;
    if (p->piece != 0 && *n > p->piece) {
        *n = p->piece;
    }
    memcpy(out, p->octets + p->from, *n);
    p->from += *n;
    if (p->from == p->to) {
        p->from = 0;
        p->to = 0;
    }
    return BM_OK;
}

struct tls_pair {
    struct tls_pipe up;   /* client to server */
    struct tls_pipe down; /* server to client */
    struct tls_end client;
    struct tls_end server;
};

static inline void tls_end_init(struct tls_end *e, struct tls_pipe *in,
                                struct tls_pipe *out)
{
    e->in = in;
    e->out = out;
    e->transport = (struct bm_transport){ e, tls_send, tls_receive };
    e->config.transport = &e->transport;
    e->status = BM_E_TLS_AGAIN;
}

/* Streams and nothing else; configurations are the caller's to fill in. */
static inline void tls_pair_init(struct tls_pair *p)
{
    *p = (struct tls_pair){ .server.config.server = true };
    tls_end_init(&p->client, &p->down, &p->up);
    tls_end_init(&p->server, &p->up, &p->down);
}

static inline void tls_end_open(struct tls_end *e)
{
    CHECK_STATUS(e->tls->open(e->tls->self, &e->config, &e->session), BM_OK);
    if (e->session == NULL) {
        e->status = BM_E_INTERNAL;
    }
}

/* An end whose handshake failed closes its stream, as a socket would be. */
static inline void tls_end_step(struct tls_end *e)
{
    if (e->session == NULL || e->status != BM_E_TLS_AGAIN) {
        return;
    }
    e->status = e->tls->handshake(e->session);
    if (e->status != BM_OK && e->status != BM_E_TLS_AGAIN) {
        e->out->closed = true;
    }
}

/* Both handshakes, until they are over or both wait for what never comes. */
static inline void tls_pair_shake(struct tls_pair *p)
{
    for (size_t idle = 0; idle < 8; idle++) {
        size_t before = p->up.total + p->down.total + p->up.from + p->down.from;

        tls_end_step(&p->client);
        tls_end_step(&p->server);
        if (p->client.status != BM_E_TLS_AGAIN &&
            p->server.status != BM_E_TLS_AGAIN) {
            return;
        }
        if (p->up.total + p->down.total + p->up.from + p->down.from != before) {
            idle = 0;
        }
    }
}

static inline void tls_pair_run(struct tls_pair *p)
{
    tls_end_open(&p->client);
    tls_end_open(&p->server);
    tls_pair_shake(p);
}

static inline void tls_end_close(struct tls_end *e)
{
    if (e->session != NULL) {
        e->tls->close(e->session);
        e->session = NULL;
    }
}

static inline void tls_pair_close(struct tls_pair *p)
{
    tls_end_close(&p->client);
    tls_end_close(&p->server);
}

/* Read once something is there; BM_E_TLS_AGAIN when it is not. */
static inline bm_status tls_end_read(struct tls_end *e, uint8_t *out,
                                     size_t cap, size_t *n)
{
    bm_status rc = BM_E_TLS_AGAIN;

    for (size_t i = 0; i < 8192 && rc == BM_E_TLS_AGAIN; i++) {
        rc = e->tls->read(e->session, out, cap, n);
        if (rc == BM_E_TLS_AGAIN && e->in->from == e->in->to) {
            break;
        }
    }
    return rc;
}

/* All of `octets`, through a stream however slow. */
static inline bm_status tls_end_write(struct tls_end *e, struct bm_bytes octets)
{
    bm_status rc = BM_OK;

    for (size_t i = 0; i < 8192 && octets.n != 0; i++) {
        size_t n;

        rc = e->tls->write(e->session, octets, &n);
        if (rc != BM_OK && rc != BM_E_TLS_AGAIN) {
            return rc;
        }
        octets.p += n;
        octets.n -= n;
    }
    return octets.n == 0 ? BM_OK : rc;
}

/* Certificates, made once, with the test keys of these numbers. */
enum {
    TLS_ROOT,
    TLS_SERVER,
    TLS_DEVICE,
    TLS_OTHER_ROOT,
    TLS_STRANGER, /* a device of the other root, by the same key */
    TLS_CERTS
};
static const uint8_t tls_world_keys[TLS_CERTS] = { 0, 1, 2, 3, 2 };

struct tls_cert {
    uint8_t der[640];
    size_t n;
};

static inline void tls_must(bm_status rc, const char *what)
{
    if (rc != BM_OK) {
        printf("Bail out! %s: 0x%04x\n", what, (unsigned)rc);
        exit(1);
    }
}

/* A Name of one commonName. */
static inline struct bm_bytes tls_name(const char *cn, uint8_t *buf, size_t cap)
{
    struct bm_wr w;
    size_t name;
    size_t set;
    size_t pair;

    bm_wr_init(&w, buf, cap);
    name = bm_der_open(&w, BM_DER_SEQUENCE);
    set = bm_der_open(&w, BM_DER_SET);
    pair = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_der_put_oid(&w, BM_LIT("\x55\x04\x03"));
    bm_der_put(&w, BM_DER_UTF8_STRING,
               (struct bm_bytes){ (const uint8_t *)cn, strlen(cn) });
    bm_der_close(&w, pair);
    bm_der_close(&w, set);
    bm_der_close(&w, name);
    return bm_wr_bytes(&w);
}

#define TLS_HOST "server.example.test"
#define TLS_NAME "device-1"

/* basicConstraints and keyUsage of a CA; keyUsage, extKeyUsage and, of the
 * server, subjectAltName of the others. */
static const struct bm_tbs_ext tls_ca_exts[] = {
    { .kind = BM_TBS_FIXED,
      .fixed = BM_LIT_INIT("\x30\x0f\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05"
                           "\x30\x03\x01\x01\xff") },
    { .kind = BM_TBS_FIXED,
      .fixed = BM_LIT_INIT("\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04"
                           "\x03\x02\x01\x06") },
};
static const struct bm_tbs_ext tls_leaf_exts[] = {
    { .kind = BM_TBS_FIXED,
      .fixed = BM_LIT_INIT("\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04"
                           "\x03\x02\x07\x80") },
    { .kind = BM_TBS_FIXED,
      .fixed = BM_LIT_INIT("\x30\x1d\x06\x03\x55\x1d\x25\x04\x16\x30\x14"
                           "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"
                           "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02") },
};

/* Certificate number `i` for another key than its own. */
static inline void tls_make_for(struct tls_cert *cert, unsigned i,
                                struct bm_bytes spki)
{
    /* SubjectAltName ::= SEQUENCE OF GeneralName: dNSName [2] */
    static const char san[] = "\x30\x1e\x06\x03\x55\x1d\x11\x04\x17\x30\x15"
                              "\x82\x13" TLS_HOST;
    struct bm_tbs_ext leaf[3] = { tls_leaf_exts[0],
                                  tls_leaf_exts[1],
                                  { .kind = BM_TBS_FIXED,
                                    .fixed = BM_LIT(san) } };
    static const char *const names[TLS_CERTS] = { "Root", TLS_HOST, TLS_NAME,
                                                  "Other root", TLS_NAME };
    bool ca = i == TLS_ROOT || i == TLS_OTHER_ROOT;
    bool other = i == TLS_OTHER_ROOT || i == TLS_STRANGER;
    const char *issuer = names[other ? TLS_OTHER_ROOT : TLS_ROOT];
    uint8_t name[2][64];
    uint8_t mem[400];
    uint8_t serial = (uint8_t)(i + 1);
    struct bm_tbs_template t;
    struct bm_wr w;
    const struct bm_tbs_config config = {
        .sig_alg = BM_SIG_ECDSA_SHA256,
        .issuer = tls_name(issuer, name[0], sizeof name[0]),
        .subject = tls_name(names[i], name[1], sizeof name[1]),
        .exts = ca ? tls_ca_exts : leaf,
        .exts_n = i == TLS_SERVER ? 3 : 2,
    };
    const struct bm_tbs_values values = {
        .serial = { &serial, 1 },
        .not_before = 1577836800, /* 2020 */
        .not_after = 4102444800,  /* 2100 */
        .spki = spki,
    };

    tls_must(bm_tbs_compile(&config, mem, sizeof mem, &t), "template");
    bm_wr_init(&w, cert->der, sizeof cert->der);
    tls_must(bm_cert_build(&t, &values,
                           bm_test_signer_nth(BM_KEY_P256, other ? 3 : 0), &w),
             "certificate");
    tls_must(bm_wr_finish(&w, &cert->n), "certificate");
}

static inline struct bm_bytes tls_cert(unsigned i)
{
    static struct tls_cert certs[TLS_CERTS];

    if (certs[i].n == 0) {
        tls_make_for(
            &certs[i], i,
            bm_test_signer_nth(BM_KEY_P256, tls_world_keys[i])->key.der);
    }
    return (struct bm_bytes){ certs[i].der, certs[i].n };
}

/* Trust in the root, without a log or bundles. */
static inline const struct bm_trust *tls_trust(void)
{
    static const struct bm_clock_config now = { .build = 1800000000 };
    static struct bm_bytes anchor;
    static struct bm_trust trust;
    static struct bm_trust_work work;
    static struct bm_clock clock;
    struct bm_trust_config config = { .crypto = bm_test_crypto(),
                                      .clock = &clock,
                                      .anchors = &anchor,
                                      .anchors_n = 1,
                                      .work = &work };

    if (anchor.n == 0) {
        anchor = tls_cert(TLS_ROOT);
        tls_must(bm_clock_open(&clock, NULL, &now), "clock");
        tls_must(bm_trust_open(&trust, &config), "trust");
    }
    return &trust;
}

static inline void tls_end_identity(struct tls_end *e, unsigned cert)
{
    static struct bm_bytes chain[TLS_CERTS];

    chain[cert] = tls_cert(cert);
    e->config.chain = &chain[cert];
    e->config.chain_n = 1;
    e->config.signer = bm_test_signer_nth(BM_KEY_P256, tls_world_keys[cert]);
}

/* The device calls the server; both trust the root. */
static inline void tls_pair_configure(struct tls_pair *p,
                                      const struct bm_tls *client,
                                      const struct bm_tls *server,
                                      uint16_t version)
{
    tls_pair_init(p);
    p->client.tls = client;
    p->server.tls = server;
    p->client.config.trust = tls_trust();
    p->server.config.trust = tls_trust();
    p->client.config.expect.use = BM_TRUST_CLOUD;
    p->client.config.expect.host = TLS_HOST;
    p->server.config.expect.use = BM_TRUST_SERVE;
    p->client.config.version = version;
    p->server.config.version = version;
    tls_end_identity(&p->client, TLS_DEVICE);
    tls_end_identity(&p->server, TLS_SERVER);
}

#endif
