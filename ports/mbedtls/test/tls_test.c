/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Both ends of mutual TLS in one program, on the host and on the board, with
 * memory that is counted: what a session takes is printed. tests/tls/ has what
 * this port and OpenSSL's say to each other.
 */
#include "ports/mbedtls/mbedtls_tls.h"

#include "tests/harness/test_tls.h"

/* For two sessions and a handshake of each: 64-bit hosts need twice of it. */
static uint8_t memory[48 * 1024] __attribute__((aligned(16)));
static struct bm_mbedtls_tls port;
static struct tls_pair pair;

static void open_port(size_t memory_n, size_t sessions)
{
    const struct bm_mbedtls_tls_config config = { memory, memory_n, sessions };

    (void)bm_test_crypto();
    CHECK_STATUS(bm_mbedtls_tls_open(&port, &config), BM_OK);
}

static struct tls_pair *meet(uint16_t version)
{
    tls_pair_configure(&pair, &port.tls, &port.tls, version);
    return &pair;
}

static void check_echo(struct tls_end *from, struct tls_end *to)
{
    uint8_t out[8];
    size_t n = 0;

    CHECK_STATUS(tls_end_write(from, BM_LIT("hello")), BM_OK);
    CHECK_STATUS(tls_end_read(to, out, sizeof out, &n), BM_OK);
    CHECK_BYTES(out, n, "hello", 5);
}

static void print_memory(uint16_t version)
{
    size_t now;
    size_t peak;

    bm_mbedtls_tls_used(&port, &now, &peak);
    printf("# TLS 1.%d: both ends hold %lu octets, %lu at their most\n",
           version - BM_TLS_1_2 + 2, (unsigned long)now, (unsigned long)peak);
}

static void talk(uint16_t version)
{
    struct tls_pair *p;
    size_t now;
    size_t peak;

    open_port(sizeof memory, 2);
    p = meet(version);
    tls_pair_run(p);
    CHECK_STATUS(p->client.status, BM_OK);
    CHECK_STATUS(p->server.status, BM_OK);
    check_echo(&p->client, &p->server);
    check_echo(&p->server, &p->client);
    CHECK(p->server.tls->peer(p->server.session).n == tls_cert(TLS_DEVICE).n);
    print_memory(version);
    tls_pair_close(p);
    bm_mbedtls_tls_used(&port, &now, &peak);
    CHECK(now == 0); /* all of it was given back */
    bm_mbedtls_tls_close(&port);
}

static void two_devices_talk_tls_1_3(void)
{
    talk(BM_TLS_1_3);
}

static void two_devices_talk_tls_1_2(void)
{
    talk(BM_TLS_1_2);
}

static void one_end_alone_takes_half(void)
{
    struct tls_pair *p;
    size_t now;
    size_t peak;

    open_port(sizeof memory, 1);
    p = meet(0);
    tls_end_open(&p->client);
    CHECK_STATUS(
        p->server.tls->open(&port, &p->server.config, &p->server.session),
        BM_E_MEMORY);
    tls_end_step(&p->client);
    bm_mbedtls_tls_used(&port, &now, &peak);
    printf("# a client that has said hello holds %lu octets\n",
           (unsigned long)now);
    tls_pair_close(p);
    bm_mbedtls_tls_close(&port);
}

static void a_stranger_is_refused_in_both_versions(void)
{
    const uint16_t versions[] = { BM_TLS_1_3, BM_TLS_1_2 };

    open_port(sizeof memory, 2);
    for (size_t i = 0; i < 2; i++) {
        struct tls_pair *p = meet(versions[i]);

        tls_end_identity(&p->client, TLS_STRANGER);
        tls_pair_run(p);
        CHECK_STATUS(p->server.status, BM_E_PATH_NO_ISSUER);
        tls_pair_close(p);
    }
    bm_mbedtls_tls_close(&port);
}

/* Whatever amount there is, it is enough or BM_E_MEMORY, and none is lost. */
static void too_little_memory_is_told(void)
{
    bool enough = false;

    for (size_t n = 2048; n <= sizeof memory && !enough; n += n / 4) {
        struct tls_pair *p;
        size_t now;
        size_t peak;

        open_port(n & ~(size_t)15, 2);
        p = meet(BM_TLS_1_3);
        (void)port.tls.open(&port, &p->client.config, &p->client.session);
        (void)port.tls.open(&port, &p->server.config, &p->server.session);
        if (p->client.session != NULL && p->server.session != NULL) {
            tls_pair_shake(p);
            CHECK(p->client.status != BM_E_TLS_AGAIN);
            enough = p->client.status == BM_OK && p->server.status == BM_OK;
            CHECK(enough || p->client.status == BM_E_MEMORY ||
                  p->server.status == BM_E_MEMORY);
        }
        tls_pair_close(p);
        bm_mbedtls_tls_used(&port, &now, &peak);
        CHECK(now == 0);
        bm_mbedtls_tls_close(&port);
    }
    CHECK(enough);
}

static bm_status sign_nothing(void *self, struct bm_bytes digest,
                              struct bm_wr *sig)
{
    (void)self;
    (void)digest;
    (void)sig;
    return BM_E_CRYPTO;
}

static void keys_are_those_of_psa(void)
{
    struct tls_pair *p;
    struct bm_signer foreign;

    open_port(sizeof memory, 1);
    p = meet(0);
    foreign = *p->client.config.signer;
    foreign.sign_hash = sign_nothing;
    p->client.config.signer = &foreign;
    CHECK_STATUS(
        p->client.tls->open(&port, &p->client.config, &p->client.session),
        BM_E_KEY_UNSUPPORTED);
    bm_mbedtls_tls_close(&port);
}

int main(void)
{
    RUN(two_devices_talk_tls_1_3);
    RUN(two_devices_talk_tls_1_2);
    RUN(one_end_alone_takes_half);
    RUN(a_stranger_is_refused_in_both_versions);
    RUN(too_little_memory_is_told);
    RUN(keys_are_those_of_psa);
    tls_print_stack();
    return bm_test_done();
}
