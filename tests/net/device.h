/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_NET_DEVICE_H
#define BM_TESTS_NET_DEVICE_H

#include "ports/lwip/connect.h"
#include "ports/lwip/listen.h"
#include "ports/lwip/tls_layer.h"
#include "ports/mbedtls/mbedtls.h"
#include "ports/mbedtls/mbedtls_noise.h"
#include "ports/mbedtls/mbedtls_tls.h"
#include "ports/mps2/ethernet.h"

/*
 * A device that does nothing but talk: board, Ethernet, lwIP, TLS and the judge
 * of certificates, put together as firmware would. What it is to do stands on
 * QEMU's command line (device.c); what became of it is printed.
 *
 *   device.c   the parts, and the main loop
 *   echo.c     octets out and back, as client and as server
 *   mqtt.c     lwIP's MQTT client
 *   raw.c      the cryptography of a handshake, alone
 *   policy.c   its firewall, and somebody inside who is not to be trusted; or
 *              no_policy.c, since the others' size is told
 */
struct device {
    struct bm_ethernet ethernet;
    struct bm_net net;
    struct bm_net_config net_config;
    struct bm_mbedtls_noise noise;
    struct bm_mbedtls_port port;
    struct bm_crypto crypto;
    struct bm_clock clock;
    struct bm_trust trust;
    struct bm_trust_work work;
    struct bm_mbedtls_signer signer;
    struct bm_mbedtls_tls tls;
    struct bm_bytes anchor;
    struct bm_bytes chain[1];
    uint16_t version; /* BM_TLS_1_2, BM_TLS_1_3, or 0: either */
};

/* Words of the command line: text, or ""; a number, or `otherwise`. */
const char *device_word(const char *key);
uint32_t device_number(const char *key, uint32_t otherwise);

/* A file of the test's folder, in memory of this program's. */
bm_status device_load(const char *name, uint8_t *buf, size_t cap, size_t *n);

/* The policy of the command line, and a guard for the network's configuration:
 * of programs that have policy.c; others refuse one. */
bm_status policy_open(struct device *d);
/* What is due of it in a turn of the main loop, and at the end. */
void policy_turn(struct device *d);
void policy_tell(struct device *d);

/* Our half of a session; who the peer has to be is filled in by the caller. */
void device_identity(const struct device *d, struct bm_tls_config *tls);

/* What a role does in each turn of the main loop. BM_E_TLS_AGAIN: it goes on;
 * `*idle` is then false if it should be called again at once. BM_OK: done. */
struct role {
    bm_status (*open)(struct device *d);
    bm_status (*turn)(struct device *d, bool *idle);
};

extern const struct role echo_client;
extern const struct role echo_server;
extern const struct role mqtt_client;
extern const struct role raw_crypto;

/* Ticks in which the program did something, waiting excluded. */
uint64_t device_busy(void);

/* Octet number `i` of what is sent. */
uint8_t device_pattern(uint32_t i);

#endif
