/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/firewall/stream.h"
#include "device/number.h"

/* ---- One request and its reply, over an open socket */

static bm_status ask(int fd, const struct firewall_head *head,
                     struct bm_bytes body)
{
    uint8_t octets[FIREWALL_HEAD];

    firewall_head_put(head, octets);
    BM_TRY(firewall_send(fd, BM_ARRAY(octets)));
    return firewall_send(fd, body);
}

/* `*status` is what was answered. */
static bm_status hear(int fd, uint8_t *room, size_t cap, size_t *n,
                      bm_status *status)
{
    uint8_t octets[FIREWALL_HEAD];

    BM_TRY(firewall_receive(fd, octets, sizeof octets));
    *status = (bm_status)bm_number_get(octets, 4);
    *n = (size_t)bm_number_get(octets + 4, 4);
    return *n <= cap ? firewall_receive(fd, room, *n) : BM_E_LIMIT;
}

static bm_status talk(int fd, const char *path,
                      const struct firewall_head *head, struct bm_bytes body)
{
    struct sockaddr_un address;

    BM_TRY(firewall_address(path, &address));
    BM_TRY(firewall_patience(fd, CLIENT_SECONDS));
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        return BM_E_AGENT_FIREWALL;
    }
    return ask(fd, head, body);
}

/* Whatever goes wrong on the way is one thing to who asks. */
static bm_status call(const char *path, const struct firewall_head *head,
                      struct bm_bytes body, uint8_t *room, size_t *n)
{
    const size_t cap = *n;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bm_status status = BM_E_AGENT_FIREWALL;
    bm_status rc = BM_E_AGENT_FIREWALL;

    *n = 0;
    if (fd >= 0) {
        rc = talk(fd, path, head, body);
        if (rc == BM_OK) {
            rc = hear(fd, room, cap, n, &status);
        }
        (void)close(fd);
    }
    return rc == BM_OK ? status : BM_E_AGENT_FIREWALL;
}

/* ---- What is asked */

bm_status client_apply(const char *socket, unsigned mode, struct bm_bytes table)
{
    const struct firewall_head head = { FIREWALL_APPLY, (uint8_t)mode,
                                        (uint32_t)table.n };
    size_t n = 0;

    return table.n <= FIREWALL_TABLE_MAX ? call(socket, &head, table, NULL, &n)
                                         : BM_E_LIMIT;
}

bm_status client_counts(const char *socket, bool heard,
                        uint8_t room[FIREWALL_COUNTS_MAX], size_t *n)
{
    const struct firewall_head head = { FIREWALL_COUNT, heard, 0 };

    *n = FIREWALL_COUNTS_MAX;
    return call(socket, &head, (struct bm_bytes){ NULL, 0 }, room, n);
}
