/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_TLS_PORTS_H
#define BM_TESTS_TLS_PORTS_H

#include "ports/mbedtls/mbedtls_tls.h"
#include "ports/openssl/openssl_tls.h"
#include "tests/harness/test_tls.h"

/*
 * Both ports, and every way for two of them to meet. Keys are PSA's for both:
 * to OpenSSL they are keys that sign, like any other.
 */
enum {
    OPENSSL,
    MBEDTLS,
    PORTS
};

static struct bm_mbedtls_tls ports_mbedtls;
static const struct bm_tls *ports[PORTS];

static inline void ports_open(void)
{
    /* On the heap, so that sanitizers see what is done to it. */
    static const struct bm_mbedtls_tls_config config = { .sessions = 2 };

    (void)bm_test_crypto();
    tls_must(bm_openssl_tls_new(&ports[OPENSSL]), "OpenSSL");
    tls_must(bm_mbedtls_tls_open(&ports_mbedtls, &config), "Mbed TLS");
    ports[MBEDTLS] = &ports_mbedtls.tls;
}

static inline void ports_close(void)
{
    bm_openssl_tls_free(ports[OPENSSL]);
    bm_mbedtls_tls_close(&ports_mbedtls);
}

struct meeting {
    unsigned client;
    unsigned server;
    uint16_t version;
};
static const struct meeting meetings[] = {
    { OPENSSL, OPENSSL, BM_TLS_1_3 }, { OPENSSL, MBEDTLS, BM_TLS_1_3 },
    { MBEDTLS, OPENSSL, BM_TLS_1_3 }, { MBEDTLS, MBEDTLS, BM_TLS_1_3 },
    { OPENSSL, OPENSSL, BM_TLS_1_2 }, { OPENSSL, MBEDTLS, BM_TLS_1_2 },
    { MBEDTLS, OPENSSL, BM_TLS_1_2 }, { MBEDTLS, MBEDTLS, BM_TLS_1_2 },
};
#define MEETINGS (sizeof meetings / sizeof meetings[0])

/* The pair of a meeting; each is a handshake of its own. */
static struct tls_pair pair;
static inline struct tls_pair *meet(const struct meeting *m)
{
    tls_pair_configure(&pair, ports[m->client], ports[m->server], m->version);
    pair.client.config.fresh = true;
    pair.server.config.fresh = true;
    return &pair;
}

/* Which meeting a failed check was about. */
static inline void told(const struct meeting *m, int failed_before)
{
    static const char *const names[PORTS] = { "openssl", "mbedtls" };

    if (bm_test_failed != failed_before) {
        printf("#   client %s, server %s, version %04x\n", names[m->client],
               names[m->server], m->version);
    }
}

/* What a library said, where a check failed. */
static inline void tell(const struct tls_end *e, const char *which)
{
    struct bm_tls_facts facts;

    if (e->session != NULL) {
        e->tls->facts(e->session, &facts);
        printf("#   %s: status %04x, library %d, alert %d\n", which,
               (unsigned)e->status, (int)facts.library, facts.alert);
    }
}

static inline void at_each_meeting(void (*test)(const struct meeting *m))
{
    for (size_t i = 0; i < MEETINGS; i++) {
        int failed = bm_test_failed;

        test(&meetings[i]);
        told(&meetings[i], failed);
    }
}

static inline uint8_t alert_of(const struct tls_end *e)
{
    struct bm_tls_facts facts;

    e->tls->facts(e->session, &facts);
    return facts.alert;
}

/* What a client learns of a refusal: in TLS 1.3 after its handshake. */
static inline bm_status outcome(struct tls_end *e)
{
    uint8_t octet;
    size_t n;

    return e->status == BM_OK ? tls_end_read(e, &octet, 1, &n) : e->status;
}

#endif
