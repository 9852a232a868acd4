/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Numbers that nobody outside may guess: ports, transaction numbers, the first
 * sequence number of a connection. They are HMACs under a secret of this
 * start: so a source of randomness that dies later costs no connection, and
 * what is seen of them tells nothing of keys.
 */
#include <string.h>

#include "ports/lwip/hooks.h"
#include "ports/lwip/internal.h"

#define DIGEST_SIZE 32

bm_status lwip_random_open(struct bm_net *net)
{
    const struct bm_crypto *crypto = net->config->crypto;

    return crypto->random(crypto->self, net->secret, sizeof net->secret);
}

/* Before bm_net_open(), or if the provider fails: all ones. Nothing of
 * ours connects before it, and a provider that cannot hash has no TLS. */
static uint32_t keyed(struct bm_bytes message)
{
    const struct bm_net *net = lwip_net();
    uint8_t digest[DIGEST_SIZE];
    uint32_t out = UINT32_MAX;

    if (net != NULL) {
        const struct bm_crypto *crypto = net->config->crypto;

        if (crypto->hmac(crypto->self, BM_HASH_SHA256, BM_ARRAY(net->secret),
                         message, digest) == BM_OK) {
            memcpy(&out, digest, sizeof out);
        }
        bm_wipe(digest, sizeof digest);
    }
    return out;
}

uint32_t bm_lwip_random(void)
{
    struct bm_net *net = lwip_net();
    uint8_t message[1 + sizeof net->drawn] = { 'r' };

    if (net != NULL) {
        net->drawn++;
        memcpy(message + 1, &net->drawn, sizeof net->drawn);
    }
    return keyed(BM_ARRAY(message));
}

/* RFC 6528 3: ISN = M + F(localip, localport, remoteip, remoteport, secret),
 * where M is a clock of four microseconds: 250 ticks in a millisecond. */
uint32_t bm_lwip_isn(const ip_addr_t *local, uint16_t local_port,
                     const ip_addr_t *remote, uint16_t remote_port)
{
    uint8_t message[1 + 2 * sizeof *local + 2 * sizeof local_port] = { 'i' };
    uint8_t *to = message + 1;

    memcpy(to, local, sizeof *local);
    to += sizeof *local;
    memcpy(to, remote, sizeof *remote);
    to += sizeof *remote;
    memcpy(to, &local_port, sizeof local_port);
    to += sizeof local_port;
    memcpy(to, &remote_port, sizeof remote_port);
    return sys_now() * 250 + keyed(BM_ARRAY(message));
}
