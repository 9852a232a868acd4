/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Where the next octets belong, and how many there are to come; 0: all came. */
static size_t room(struct request *r, uint8_t **to)
{
    if (r->got < FIREWALL_HEAD) {
        *to = r->octets + r->got;
        return FIREWALL_HEAD - r->got;
    }
    *to = r->body + (r->got - FIREWALL_HEAD);
    return r->head.n - (r->got - FIREWALL_HEAD);
}

/* Is the head, which is there now, one? */
static bool begin_body(struct request *r)
{
    if (!firewall_head_get(r->octets, &r->head)) {
        return false;
    }
    r->body = malloc(r->head.n + (size_t)1);
    return r->body != NULL;
}

enum request_state request_read(struct request *request, int fd)
{
    uint8_t *to;
    size_t n = room(request, &to);

    while (n != 0) {
        const ssize_t got = recv(fd, to, n, MSG_DONTWAIT);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return REQUEST_MORE;
        }
        if (got <= 0) {
            return REQUEST_BAD;
        }
        request->got += (size_t)got;
        if (request->got == FIREWALL_HEAD && !begin_body(request)) {
            return REQUEST_BAD;
        }
        n = room(request, &to);
    }
    return REQUEST_WHOLE;
}

void request_wipe(struct request *request)
{
    free(request->body);
    memset(request, 0, sizeof *request);
}
