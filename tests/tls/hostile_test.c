/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Streams that end, lie, or never were TLS: whatever happens to the octets of a
 * handshake, it ends with a named status on both sides, and when both sides say
 * that it is good, they agree on what they talked about.
 */
#include "tests/tls/ports.h"

/* How a handshake may end where the stream is not to be trusted. */
static bool is_named(bm_status rc)
{
    return rc == BM_OK || (rc >> 8 == BM_E_TLS_AGAIN >> 8) ||
           rc >> 8 == BM_E_PATH_NO_ISSUER >> 8 || /* a certificate was hit: */
           rc >> 8 == BM_E_DER_TAG >> 8 || rc >> 8 == BM_E_CERT >> 8 ||
           rc >> 8 == BM_E_EXT >> 8 || rc >> 8 == BM_E_NAME >> 8 ||
           rc >> 8 == BM_E_TIME_FORM >> 8 || rc >> 8 == BM_E_ALG >> 8;
}

/* How many octets a handshake without disturbance takes, each way. */
static void measure(const struct meeting *m, size_t *up, size_t *down)
{
    struct tls_pair *p = meet(m);

    tls_pair_run(p);
    CHECK_STATUS(p->client.status, BM_OK);
    CHECK_STATUS(p->server.status, BM_OK);
    *up = p->up.total;
    *down = p->down.total;
    tls_pair_close(p);
}

/* Every so many octets: a prime, so that all fields are met over time. */
#define STRIDE 97

/* By so many octets a handshake may be shorter than the one that was measured:
 * the signatures in it are encoded as DER, each one to three octets or so less
 * at times. */
#define SHORTER 8

static void cut(const struct meeting *m)
{
    size_t total[2];

    measure(m, &total[0], &total[1]);
    for (size_t side = 0; side < 2; side++) {
        for (size_t at = 1; at + SHORTER < total[side]; at += STRIDE) {
            struct tls_pair *p = meet(m);

            (side == 0 ? &p->up : &p->down)->cut = at;
            tls_pair_run(p);
            CHECK(is_named(p->client.status) && is_named(p->server.status));
            /* Who waits for what was cut off is told so; TLS 1.3 has told the
             * client that it is done before. */
            CHECK(p->server.status != BM_OK || p->client.status != BM_OK ||
                  side == 1);
            if (side == 0) {
                CHECK_STATUS(p->server.status, BM_E_TLS_TRUNCATED);
            }
            tls_pair_close(p);
        }
    }
}

static void a_stream_that_ends_early_is_a_named_failure(void)
{
    at_each_meeting(cut);
}

static void check_agreement(const struct meeting *m, struct tls_pair *p)
{
    uint8_t mine[BM_TLS_BINDING_MAX];
    uint8_t yours[BM_TLS_BINDING_MAX];
    size_t n[2];

    if (m->version == BM_TLS_1_3) {
        CHECK_STATUS(p->client.tls->binding(p->client.session, mine, &n[0]),
                     BM_OK);
        CHECK_STATUS(p->server.tls->binding(p->server.session, yours, &n[1]),
                     BM_OK);
        CHECK_BYTES(mine, n[0], yours, n[1]);
    }
    CHECK(p->client.tls->peer(p->client.session).n != 0);
    CHECK(p->server.tls->peer(p->server.session).n != 0);
}

static void damage(const struct meeting *m)
{
    size_t total[2];

    measure(m, &total[0], &total[1]);
    for (size_t side = 0; side < 2; side++) {
        for (size_t at = 1; at <= total[side]; at += STRIDE) {
            struct tls_pair *p = meet(m);
            struct tls_pipe *pipe = side == 0 ? &p->up : &p->down;

            pipe->damage_at = at;
            pipe->damage = (uint8_t)(1 << at % 8);
            tls_pair_run(p);
            CHECK(is_named(p->client.status) && is_named(p->server.status));
            if (p->client.status == BM_OK && p->server.status == BM_OK) {
                check_agreement(m, p); /* a field that nobody reads was hit */
            }
            tls_pair_close(p);
        }
    }
}

static void no_damage_goes_unnoticed(void)
{
    at_each_meeting(damage);
}

/* What else is said on such a port. */
static const struct bm_bytes chatter[] = {
    BM_LIT_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    BM_LIT_INIT("HTTP/1.1 400 Bad Request\r\n\r\n"),
    BM_LIT_INIT("SSH-2.0-OpenSSH_9.2\r\n"),
    BM_LIT_INIT("\x16\x03\x01\xff\xff\x01"),
    BM_LIT_INIT("\x16\x03\x03\x00\x00"),
    BM_LIT_INIT("\x15\x03\x03\x00\x01\x02"),
    BM_LIT_INIT("\x14\x03\x03\x00\x01\x01"),
    BM_LIT_INIT("\x17\x03\x03\x00\x04\x00\x00\x00\x00"),
    BM_LIT_INIT("\x80\x2e\x01\x00\x02"),
    BM_LIT_INIT("\0\0\0\0\0\0\0\0\0\0\0\0"),
    BM_LIT_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
};

static void hear_chatter(struct tls_end *e, struct bm_bytes octets)
{
    memcpy(e->in->octets, octets.p, octets.n);
    e->in->to = octets.n;
    e->in->closed = true;
    tls_end_open(e);
    for (int i = 0; i < 20; i++) {
        tls_end_step(e);
    }
    CHECK(e->status != BM_OK && e->status != BM_E_TLS_AGAIN);
    CHECK(e->status >> 8 == BM_E_TLS_AGAIN >> 8);
    CHECK(e->tls->verdict(e->session) == NULL);
    CHECK(e->tls->peer(e->session).n == 0);
    tls_end_close(e);
}

static void what_is_not_tls_is_refused(void)
{
    for (size_t i = 0; i < sizeof chatter / sizeof chatter[0]; i++) {
        for (unsigned port = 0; port < PORTS; port++) {
            const struct meeting m = { port, port, 0 };

            hear_chatter(&meet(&m)->client, chatter[i]);
            hear_chatter(&meet(&m)->server, chatter[i]);
        }
    }
}

/* A client that drips for ever is the caller's to give up: it never blocks,
 * and holds one session. */
static void a_silent_peer_blocks_nobody(void)
{
    for (unsigned port = 0; port < PORTS; port++) {
        const struct meeting m = { port, port, 0 };
        struct tls_pair *p = meet(&m);

        tls_end_open(&p->server);
        for (int i = 0; i < 100; i++) {
            CHECK_STATUS(p->server.tls->handshake(p->server.session),
                         BM_E_TLS_AGAIN);
        }
        tls_pair_close(p);
    }
}

int main(void)
{
    ports_open();
    RUN(a_stream_that_ends_early_is_a_named_failure);
    RUN(no_damage_goes_unnoticed);
    RUN(what_is_not_tls_is_refused);
    RUN(a_silent_peer_blocks_nobody);
    ports_close();
    return bm_test_done();
}
