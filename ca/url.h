/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_URL_H
#define BM_CA_URL_H

#include "core/bytes.h"

/*
 * The URLs that events go to (RFC 3986), and no others: absolute, with a host
 * that is a name, an address of IPv4, or one of IPv6 in brackets.
 *
 *     https://HOST[:PORT]/PATH[?QUERY]    a webhook
 *     syslog+tls://HOST[:PORT]            syslog over TLS (RFC 5425)
 *
 * What could hide where it leads, or who asks, is refused: user names,
 * fragments, blanks, backslashes, octets that are not ASCII.
 */
enum ca_url_scheme {
    CA_URL_HTTPS = 1,
    CA_URL_SYSLOG
};

#define CA_URL_HOST_MAX 256 /* with NUL */

#define CA_URL_PORT_HTTPS  443
#define CA_URL_PORT_SYSLOG 6514 /* RFC 5425 4.1 */

struct ca_url {
    enum ca_url_scheme scheme;
    char host[CA_URL_HOST_MAX]; /* without brackets */
    uint16_t port;
};

/* BM_E_CA_URL: it is none of these. */
BM_MUST_CHECK bm_status ca_url_parse(struct bm_bytes in, struct ca_url *url);

#endif
