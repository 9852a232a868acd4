/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "server/settings.h"

/* ":8443"; 0 is any port that is free. */
static bool take_port(const char *text, in_port_t *port)
{
    size_t n = strlen(text);
    unsigned long v;

    if (text[0] != ':' || n < 2 || n > 6 ||
        strspn(text + 1, "0123456789") != n - 1 || (text[1] == '0' && n != 2)) {
        return false;
    }
    v = strtoul(text + 1, NULL, 10);
    *port = htons((uint16_t)v);
    return v <= UINT16_MAX;
}

bm_status settings_address(const char *text, struct sockaddr_storage *address,
                           socklen_t *n)
{
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    bool is_v6 = text[0] == '[';
    size_t host = strcspn(text, is_v6 ? "]" : ":");
    char room[INET6_ADDRSTRLEN];

    memset(address, 0, sizeof *address);
    *n = 0;
    if (is_v6) {
        text++;
        host -= host != 0;
    }
    if (host >= sizeof room) {
        return BM_E_CONFIG_VALUE;
    }
    memcpy(room, text, host);
    room[host] = '\0';
    text += host;
    if (is_v6) {
        if (text[0] != ']' || !take_port(text + 1, &v6.sin6_port) ||
            inet_pton(AF_INET6, room, &v6.sin6_addr) != 1) {
            return BM_E_CONFIG_VALUE;
        }
        memcpy(address, &v6, sizeof v6);
        *n = sizeof v6;
        return BM_OK;
    }
    if (!take_port(text, &v4.sin_port) ||
        inet_pton(AF_INET, room, &v4.sin_addr) != 1) {
        return BM_E_CONFIG_VALUE;
    }
    memcpy(address, &v4, sizeof v4);
    *n = sizeof v4;
    return BM_OK;
}
