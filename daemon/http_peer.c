/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/http_internal.h"
#include "store/siphash.h"

/*
 * Addresses: how much each has open, and whether it has earned its turn.
 *
 * A connection is taken out of its address's allowance when it is accepted,
 * and put back when its client turns out to be somebody (http_trust()): so a
 * factory behind one address is held back by its failures only.
 */

/* RFC 4291 2.5.5.2 and 2.5.1: an IPv4 address in IPv6 is one address; of
 * another, whoever has one has the whole network of 64 bits. */
static size_t key_of(const struct sockaddr_storage *from, uint8_t key[8])
{
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;

        memcpy(key, &v4->sin_addr, 4);
        return 4;
    }
    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;

        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
            memcpy(key, v6->sin6_addr.s6_addr + 12, 4);
            return 4;
        }
        memcpy(key, v6->sin6_addr.s6_addr, 8);
        return 8;
    }
    return 0;
}

size_t http_network(const struct http_request *r,
                    uint8_t network[HTTP_NETWORK_MAX])
{
    const char *text = http_address(r);
    uint8_t address[16];

    if (inet_pton(AF_INET, text, address) == 1) {
        memcpy(network, address, 3);
        return 3;
    }
    if (inet_pton(AF_INET6, text, address) == 1) {
        memcpy(network, address, HTTP_NETWORK_MAX);
        return HTTP_NETWORK_MAX;
    }
    return 0;
}

void http_address_text(const struct sockaddr_storage *from,
                       char out[INET6_ADDRSTRLEN])
{
    const void *address = NULL;
    int family = from->ss_family;

    if (family == AF_INET) {
        address = &((const struct sockaddr_in *)from)->sin_addr;
    } else if (family == AF_INET6) {
        const struct in6_addr *v6 =
            &((const struct sockaddr_in6 *)from)->sin6_addr;

        address = v6;
        if (IN6_IS_ADDR_V4MAPPED(v6)) {
            family = AF_INET;
            address = v6->s6_addr + 12;
        }
    }
    if (address == NULL ||
        inet_ntop(family, address, out, INET6_ADDRSTRLEN) == NULL) {
        out[0] = '\0';
    }
}

static struct http_peer *find_or_make(struct http_server *s,
                                      struct bm_bytes key)
{
    uint8_t hash[16];
    size_t bucket;
    struct http_peer *peer;

    siphash_128(s->secret, key, hash);
    bucket = (size_t)(hash[0] | hash[1] << 8) % HTTP_PEER_BUCKETS;
    LIST_FOREACH(peer, &s->peers[bucket], entry)
    {
        /* cppcheck-suppress uninitvar; the macro sets it */
        if (bm_bytes_equal(http_peer_key(peer), key)) {
            return peer;
        }
    }
    peer = calloc(1, sizeof(*peer));
    if (peer != NULL) {
        memcpy(peer->key, key.p, key.n);
        peer->key_n = key.n;
        LIST_INSERT_HEAD(&s->peers[bucket], peer, entry);
    }
    return peer;
}

struct http_peer *http_peer_take(struct http_server *s,
                                 const struct sockaddr_storage *from)
{
    uint8_t octets[8];
    struct bm_bytes key = { octets, key_of(from, octets) };
    uint64_t now = http_now();
    struct http_peer *peer = NULL;

    if (gcra_look(s->blames, key, now) == 0 &&
        gcra_take(s->accepts, key, now) == 0) {
        peer = find_or_make(s, key);
    }
    if (peer == NULL) {
        return NULL;
    }
    if (s->config.per_address_max != 0 &&
        peer->connections >= s->config.per_address_max) {
        return NULL;
    }
    peer->connections++;
    return peer;
}

void http_peer_drop(struct http_peer *peer)
{
    if (--peer->connections == 0) {
        LIST_REMOVE(peer, entry);
        free(peer);
    }
}

struct bm_bytes http_peer_key(const struct http_peer *peer)
{
    return (struct bm_bytes){ peer->key, peer->key_n };
}
