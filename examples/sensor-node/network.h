/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_NETWORK_H
#define NODE_NETWORK_H

#include "examples/sensor-node/settings.h"
#include "ports/lwip/connect.h"
#include "ports/mbedtls/mbedtls_tls.h"

/*
 * lwIP and TLS, opened once. One connection leads out, at most one peer is let
 * in; both take their TLS from one piece of memory.
 */

/* A session each way with records of 4 KB in and 2 KB out, its handshake
 * included: what tests/mcu measured, and some. */
#define NETWORK_TLS_SIZE 20992

struct network {
    struct bm_net net;
    struct bm_net_config config;
    struct bm_net_connector out;
    struct bm_mbedtls_tls tls;
    /* Addresses as lwIP wants them: text. */
    char address[16];
    char mask[16];
    char gateway[16];
    char names[16];
    bool told; /* that it is there */
    _Alignas(8) uint8_t memory[NETWORK_TLS_SIZE];
};

/* BM_E_NIC where the board has no network. `guard`: what each frame passes. */
BM_MUST_CHECK bm_status network_open(struct network *net,
                                     const struct settings *settings,
                                     const struct bm_crypto *crypto,
                                     struct bm_net_guard *guard);

/* Let lwIP work; tell once when there is an address. */
void network_poll(struct network *net);

#endif
