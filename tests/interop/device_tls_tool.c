/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Both ports of device/tls.h over sockets, for device_tls_test.py:
 *
 *     device_tls_tool world                    writes the files of the world
 *     device_tls_tool client PORT VERSION TCP  one line out, one line in
 *     device_tls_tool server PORT VERSION      prints where it listens, takes
 *                                              one client: one line in and out
 *
 * PORT is openssl or mbedtls, VERSION 1.2, 1.3 or any, TCP a port of this
 * machine. What came of it is a line on stdout: "ok TLS1.3 WORDS", or "failed
 * STATUS ALERT".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/test_keys.h"
#include "tests/tls/ports.h"

/* Milliseconds without a word until the other side is given up. */
#define PATIENCE 20000

static bm_status socket_send(void *self, struct bm_bytes octets, size_t *n)
{
    ssize_t rc = send(*(int *)self, octets.p, octets.n, MSG_DONTWAIT);

    if (rc > 0) {
        *n = (size_t)rc;
        return BM_OK;
    }
    return errno == EAGAIN || errno == EINTR ? BM_E_TLS_AGAIN : BM_E_TLS_CLOSED;
}

static bm_status socket_receive(void *self, uint8_t *out, size_t cap, size_t *n)
{
    ssize_t rc = recv(*(int *)self, out, cap, MSG_DONTWAIT);

    if (rc > 0) {
        *n = (size_t)rc;
        return BM_OK;
    }
    return rc < 0 && (errno == EAGAIN || errno == EINTR) ? BM_E_TLS_AGAIN
                                                         : BM_E_TLS_CLOSED;
}

/* Wait for the other side; false: it took too long. */
static bool wait_for(int fd, bm_status rc)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return rc == BM_E_TLS_AGAIN && poll(&p, 1, PATIENCE) > 0;
}

static bm_status shake(struct tls_end *e, int fd)
{
    bm_status rc;

    do {
        rc = e->tls->handshake(e->session);
    } while (wait_for(fd, rc));
    return rc;
}

static bm_status read_line(struct tls_end *e, int fd, char *line, size_t cap)
{
    size_t have = 0;
    size_t n;
    bm_status rc;

    do {
        rc = e->tls->read(e->session, (uint8_t *)line + have, cap - 1 - have,
                          &n);
        have += n;
    } while (
        (rc == BM_OK && memchr(line, '\n', have) == NULL && have < cap - 1) ||
        wait_for(fd, rc));
    line[have] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    return rc;
}

static bm_status talk(struct tls_end *e, int fd, char *line, size_t cap)
{
    static const struct bm_bytes words = BM_LIT_INIT("hello from a device\n");
    bm_status rc = shake(e, fd);

    if (rc == BM_OK && !e->config.server) {
        rc = tls_end_write(e, words);
    }
    if (rc == BM_OK) {
        rc = read_line(e, fd, line, cap);
    }
    if (rc == BM_OK && e->config.server) {
        rc = tls_end_write(e, words);
    }
    return rc;
}

/* What is closed with octets unread ends with a reset, which may overtake our
 * last words. */
static void hang_up(int fd)
{
    char rest[512];
    struct pollfd p = { .fd = fd, .events = POLLIN };

    (void)shutdown(fd, SHUT_WR);
    while (poll(&p, 1, PATIENCE) > 0 && recv(fd, rest, sizeof rest, 0) > 0) {
    }
    (void)close(fd);
}

static int run(struct tls_end *e, int fd)
{
    char line[200] = "";
    struct bm_tls_facts facts;
    bm_status rc;

    e->transport = (struct bm_transport){ &fd, socket_send, socket_receive };
    tls_must(e->tls->open(e->tls->self, &e->config, &e->session), "open");
    rc = talk(e, fd, line, sizeof line);
    e->tls->facts(e->session, &facts);
    if (rc == BM_OK) {
        printf("ok TLS1.%d %s\n", facts.version - BM_TLS_1_2 + 2, line);
    } else {
        printf("failed 0x%04x %s\n", (unsigned)rc,
               bm_tls_alert_text(facts.alert));
    }
    tls_end_close(e);
    hang_up(fd);
    return rc == BM_OK ? 0 : 1;
}

static int call(uint16_t port)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons(port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        tls_must(BM_E_IO, "connect");
    }
    return fd;
}

static int answer(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct pollfd p = { .fd = fd, .events = POLLIN };

    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, n) != 0 ||
        listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0) {
        tls_must(BM_E_IO, "listen");
    }
    printf("%u\n", ntohs(at.sin_port));
    (void)fflush(stdout);
    if (poll(&p, 1, PATIENCE) <= 0) {
        tls_must(BM_E_IO, "nobody calls");
    }
    return accept(fd, NULL, NULL);
}

static void put_file(const char *name, struct bm_bytes octets)
{
    FILE *f = fopen(name, "wb");

    if (f == NULL || fwrite(octets.p, 1, octets.n, f) != octets.n ||
        fclose(f) != 0) {
        tls_must(BM_E_IO, name);
    }
}

/* RFC 5915 3: ECPrivateKey { version 1, privateKey, [0] parameters,
 * [1] publicKey }. */
static void put_key(const char *name, unsigned key)
{
    uint8_t der[160];
    struct bm_wr w;
    size_t sequence;
    size_t tagged;

    bm_wr_init(&w, der, sizeof der);
    sequence = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_der_put_u32(&w, 1);
    bm_der_put(&w, BM_DER_OCTET_STRING, BM_ARRAY(test_p256[key]));
    tagged = bm_der_open(&w, BM_DER_CONSTRUCTED(0));
    bm_der_put_oid(&w, BM_LIT("\x2a\x86\x48\xce\x3d\x03\x01\x07"));
    bm_der_close(&w, tagged);
    tagged = bm_der_open(&w, BM_DER_CONSTRUCTED(1));
    bm_der_put_octet_bits(&w, bm_test_signer_nth(BM_KEY_P256, key)->key.key);
    bm_der_close(&w, tagged);
    bm_der_close(&w, sequence);
    put_file(name, bm_wr_bytes(&w));
}

static int put_world(void)
{
    put_file("root.der", tls_cert(TLS_ROOT));
    put_file("server.der", tls_cert(TLS_SERVER));
    put_file("device.der", tls_cert(TLS_DEVICE));
    put_file("other.der", tls_cert(TLS_OTHER_ROOT));
    put_file("stranger.der", tls_cert(TLS_STRANGER));
    put_key("server.key.der", tls_world_keys[TLS_SERVER]);
    put_key("device.key.der", tls_world_keys[TLS_DEVICE]);
    return 0;
}

int main(int argc, char **argv)
{
    uint16_t version;
    unsigned which;
    int code;

    (void)signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "world") == 0) {
        return put_world();
    }
    if (argc < 4) {
        return 2;
    }
    which = strcmp(argv[2], "mbedtls") == 0 ? MBEDTLS : OPENSSL;
    version = strcmp(argv[3], "any") == 0   ? 0
              : strcmp(argv[3], "1.2") == 0 ? BM_TLS_1_2
                                            : BM_TLS_1_3;
    ports_open();
    tls_pair_configure(&pair, ports[which], ports[which], version);
    code = argc == 5 && strcmp(argv[1], "client") == 0
               ? run(&pair.client, call((uint16_t)strtoul(argv[4], NULL, 10)))
               : run(&pair.server, answer());
    ports_close();
    return code;
}
