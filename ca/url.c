/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/url.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/host.h"

/* RFC 3986 2: what may stand in a path or query; '%' begins two digits. */
static bool is_path(uint8_t c)
{
    static const char marks[] = "-._~!$&'()*+,;=:@/?";

    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || (c != 0 && strchr(marks, c) != NULL);
}

static bool is_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') ||
           (c >= 'a' && c <= 'f');
}

static bool check_path(struct bm_bytes path)
{
    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] == '%') {
            if (path.n - i < 3 || !is_digit(path.p[i + 1]) ||
                !is_digit(path.p[i + 2])) {
                return false;
            }
            i += 2;
        } else if (!is_path(path.p[i])) {
            return false;
        }
    }
    return true;
}

static bool take_prefix(struct bm_bytes *in, const char *prefix)
{
    size_t n = strlen(prefix);

    if (in->n < n || memcmp(in->p, prefix, n) != 0) {
        return false;
    }
    in->p += n;
    in->n -= n;
    return true;
}

/* Octets up to one of `ends`, or all. */
static struct bm_bytes take_until(struct bm_bytes *in, const char *ends)
{
    struct bm_bytes taken = { in->p, 0 };

    while (taken.n < in->n &&
           (in->p[taken.n] == 0 || strchr(ends, in->p[taken.n]) == NULL)) {
        taken.n++;
    }
    in->p += taken.n;
    in->n -= taken.n;
    return taken;
}

static bool set_host(struct ca_url *url, struct bm_bytes host)
{
    if (host.n == 0 || host.n >= sizeof url->host ||
        memchr(host.p, 0, host.n) != NULL) {
        return false;
    }
    memcpy(url->host, host.p, host.n);
    url->host[host.n] = '\0';
    return true;
}

static bool take_host(struct bm_bytes *in, struct ca_url *url)
{
    struct bm_bytes host;
    uint8_t address[16];

    if (!take_prefix(in, "[")) {
        host = take_until(in, ":/?");
        return bm_host_is_plain(host) && set_host(url, host);
    }
    host = take_until(in, "]");
    return take_prefix(in, "]") && set_host(url, host) &&
           inet_pton(AF_INET6, url->host, address) == 1;
}

/* RFC 3986 3.2.3; without a zero in front, and from 1 on. */
static bool take_port(struct bm_bytes *in, struct ca_url *url)
{
    struct bm_bytes digits;
    unsigned port = 0;

    if (!take_prefix(in, ":")) {
        return true;
    }
    digits = take_until(in, "/?");
    for (size_t i = 0; i < digits.n; i++) {
        if (i == 5 || digits.p[i] < '0' || digits.p[i] > '9') {
            return false;
        }
        port = 10 * port + (digits.p[i] - '0');
    }
    url->port = (uint16_t)port;
    return digits.n != 0 && digits.p[0] != '0' && port <= UINT16_MAX;
}

static bool take_url(struct bm_bytes in, struct ca_url *url)
{
    if (take_prefix(&in, "https://")) {
        url->scheme = CA_URL_HTTPS;
        url->port = CA_URL_PORT_HTTPS;
    } else if (take_prefix(&in, "syslog+tls://")) {
        url->scheme = CA_URL_SYSLOG;
        url->port = CA_URL_PORT_SYSLOG;
    } else {
        return false;
    }
    if (!take_host(&in, url) || !take_port(&in, url)) {
        return false;
    }
    /* A webhook has a path, were it "/". */
    return url->scheme == CA_URL_SYSLOG
               ? in.n == 0
               : in.n != 0 && in.p[0] == '/' && check_path(in);
}

bm_status ca_url_parse(struct bm_bytes in, struct ca_url *url)
{
    memset(url, 0, sizeof *url);
    if (!take_url(in, url)) {
        memset(url, 0, sizeof *url);
        return BM_E_CA_URL;
    }
    return BM_OK;
}
