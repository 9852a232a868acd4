/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "daemon/courier_internal.h"

/*
 * Names are asked for here, without threads or modules of the C library, which
 * a sandbox has no room for: /etc/hosts and the servers of /etc/resolv.conf,
 * as they were when the room was started.
 */

bm_status courier_resolve_init(struct courier *c)
{
    c->dns = evdns_base_new(c->room->base, 0);
    if (c->dns == NULL || evutil_secure_rng_init() != 0) {
        return BM_E_MEMORY;
    }
    /* Without servers, addresses and /etc/hosts are left. */
    (void)evdns_base_resolv_conf_parse(c->dns, DNS_OPTIONS_ALL,
                                       "/etc/resolv.conf");
    return BM_OK;
}

void courier_resolve_wipe(struct courier *c)
{
    if (c->dns != NULL) {
        evdns_base_free(c->dns, 0);
        c->dns = NULL;
    }
}

void courier_resolve(struct courier_place *place,
                     struct evdns_getaddrinfo_request **asking,
                     evdns_getaddrinfo_cb answer, void *arg)
{
    const struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
                                           .ai_socktype = SOCK_STREAM,
                                           .ai_protocol = IPPROTO_TCP,
                                           .ai_flags = EVUTIL_AI_NUMERICSERV };
    struct evdns_getaddrinfo_request *request;
    char port[8];

    (void)snprintf(port, sizeof port, "%u", place->url.port);
    *asking = NULL;
    request = evdns_getaddrinfo(place->courier->dns, place->url.host, port,
                                &hints, answer, arg);
    if (request != NULL) { /* else it has been answered, and may be gone */
        *asking = request;
    }
}

void courier_addresses_take(const struct courier *c,
                            const struct evutil_addrinfo *answer,
                            struct courier_addresses *addresses)
{
    enum settings_reach reach =
        (enum settings_reach)c->room->settings.courier_reach;

    memset(addresses, 0, sizeof *addresses);
    for (; answer != NULL; answer = answer->ai_next) {
        size_t i = addresses->n;

        if (!courier_may_reach(reach, answer->ai_addr)) {
            addresses->refused = true;
        } else if (i < COURIER_ADDRESSES_MAX &&
                   answer->ai_addrlen <= sizeof addresses->address[i]) {
            memcpy(&addresses->address[i], answer->ai_addr, answer->ai_addrlen);
            addresses->len[i] = (socklen_t)answer->ai_addrlen;
            addresses->n++;
        }
    }
}

const char *courier_no_address(int code, const struct courier_addresses *found)
{
    if (code != 0) {
        return evutil_gai_strerror(code);
    }
    return found->refused ? "its address may not be reached: see courier.reach"
                          : "its name has no address";
}
