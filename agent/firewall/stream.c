/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "agent/fs.h"

static bm_status failure(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK ? BM_E_AGENT_TIMEOUT
                                                   : fs_status(errno);
}

bm_status firewall_send(int fd, struct bm_bytes octets)
{
    while (octets.n != 0) {
        ssize_t n = send(fd, octets.p, octets.n, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR) {
            return failure();
        }
        octets.p += n > 0 ? n : 0;
        octets.n -= n > 0 ? (size_t)n : 0;
    }
    return BM_OK;
}

bm_status firewall_receive(int fd, uint8_t *to, size_t n)
{
    while (n != 0) {
        ssize_t got = recv(fd, to, n, 0);

        if (got == 0) {
            return BM_E_END;
        }
        if (got < 0 && errno != EINTR) {
            return failure();
        }
        to += got > 0 ? got : 0;
        n -= got > 0 ? (size_t)got : 0;
    }
    return BM_OK;
}

bm_status firewall_patience(int fd, unsigned seconds)
{
    const struct timeval t = { .tv_sec = (time_t)seconds };

    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) == 0 &&
                   setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t) == 0
               ? BM_OK
               : fs_status(errno);
}

bm_status firewall_address(const char *path, struct sockaddr_un *address)
{
    size_t n = strlen(path);

    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (n >= sizeof address->sun_path) {
        return BM_E_LIMIT;
    }
    memcpy(address->sun_path, path, n);
    return BM_OK;
}
