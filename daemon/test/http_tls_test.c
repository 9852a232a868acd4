/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>

#include "daemon/test/http_world.h"
#include "daemon/tls.h"

/* What HTTP makes of TLS: who the client is, and how connections fail. */

static EVP_PKEY *key;
static X509 *cert;
static SSL_CTX *tls;
static SSL_CTX *plain_client;
static SSL_CTX *known_client; /* has a certificate */

static SSL_CTX *make_tls(void)
{
    struct tls_config config = { .chain = certs_pem(cert), .key = key };
    SSL_CTX *ctx = NULL;

    CHECK_STATUS(tls_new(&config, &ctx, NULL), BM_OK);
    certs_free(config.chain);
    return ctx;
}

static void begin_tls(struct http_config *config)
{
    config->tls = tls;
    begin(config);
}

/* Until the handshake is over, one way or the other. */
static bool shake(SSL *ssl, int fd)
{
    for (int i = 0; i < WAIT_MS; i++) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int rc = SSL_connect(ssl);

        if (rc == 1 || SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ) {
            ERR_clear_error();
            return rc == 1;
        }
        turn();
        (void)poll(&p, 1, 1);
    }
    return false;
}

static SSL *dial_tls(SSL_CTX *ctx)
{
    SSL *ssl = SSL_new(ctx);
    int fd = dial();

    CHECK(SSL_set_fd(ssl, fd) == 1);
    CHECK(shake(ssl, fd));
    return ssl;
}

static void hang_up(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);

    SSL_free(ssl);
    (void)close(fd);
    turn();
}

/* 1: octets came; 0: close_notify; -1: cut off. */
static int hear(SSL *ssl, char *out, size_t cap, size_t *n)
{
    for (int i = 0; i < WAIT_MS; i++) {
        struct pollfd p = { .fd = SSL_get_fd(ssl), .events = POLLIN };
        int rc = SSL_read_ex(ssl, out, cap, n);
        int error = SSL_get_error(ssl, rc);

        ERR_clear_error();
        if (rc == 1) {
            return 1;
        }
        if (error != SSL_ERROR_WANT_READ) {
            return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
        }
        turn();
        (void)poll(&p, 1, 1);
    }
    return -1;
}

static void ask(SSL *ssl, const char *request, const char *want)
{
    char out[2048] = "";
    size_t n = 0;

    CHECK(SSL_write(ssl, request, (int)strlen(request)) ==
          (int)strlen(request));
    CHECK(hear(ssl, out, sizeof(out) - 1, &n) == 1);
    out[n] = '\0';
    CHECK(strncmp(out, want, strlen(want)) == 0);
}

#define GET     "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_END "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static int64_t failed_for(const char *reason)
{
    for (size_t i = 0; i < METRICS_LABELS_MAX; i++) {
        const struct metrics_labelled *l = &w.metrics.labelled[i];

        if (l->family == METRICS_HANDSHAKE_FAILED + 1 &&
            strcmp(l->label, reason) == 0) {
            return l->value;
        }
    }
    return 0;
}

static void wait_for_connections(long n)
{
    for (int i = 0; i < WAIT_MS && value(METRICS_CONNECTIONS) != n; i++) {
        turn();
        (void)poll(NULL, 0, 1);
    }
    CHECK(value(METRICS_CONNECTIONS) == n);
}

/* ---- Tests */

static void a_client_is_what_it_holds_the_key_of(void)
{
    struct http_config config = defaults();
    unsigned char *der = NULL;
    int n = i2d_X509(cert, &der);
    SSL *ssl;

    begin_tls(&config);
    ssl = dial_tls(known_client);
    for (uintptr_t i = 1; i <= 3; i++) {
        ask(ssl, GET, "HTTP/1.1 200 OK\r\n");
        CHECK(w.first == (i == 1));
        CHECK(w.state == i);
        CHECK_BYTES(w.cert.p, w.cert.n, der, (size_t)n);
        CHECK_BYTES(w.chain.p, w.chain.n, der, (size_t)n);
    }
    hang_up(ssl);
    ssl = dial_tls(plain_client);
    ask(ssl, GET, "HTTP/1.1 200 OK\r\n");
    CHECK(w.state == 1 && w.cert.n == 0 && w.chain.n == 0);
    hang_up(ssl);
    CHECK(value(METRICS_HANDSHAKES) == 2);
    OPENSSL_free(der);
    end();
}

static void the_last_answer_is_followed_by_a_close_notify(void)
{
    struct http_config config = defaults();
    char out[64];
    size_t n;
    SSL *ssl;

    begin_tls(&config);
    ssl = dial_tls(plain_client);
    ask(ssl, GET_END, "HTTP/1.1 200 OK\r\n");
    CHECK(hear(ssl, out, sizeof(out), &n) == 0);
    hang_up(ssl);
    wait_for_connections(0);
    end();
}

static void idle_connections_end_with_a_close_notify(void)
{
    struct http_config config = defaults();
    char out[64];
    size_t n;
    SSL *ssl;

    config.idle = 1;
    begin_tls(&config);
    ssl = dial_tls(plain_client);
    ask(ssl, GET, "HTTP/1.1 200 OK\r\n");
    CHECK(hear(ssl, out, sizeof(out), &n) == 0);
    hang_up(ssl);
    end();
}

/* What OpenSSL has read already raises no event. */
static void requests_may_come_in_one_flight(void)
{
    struct http_config config = defaults();
    char out[2048];
    size_t n;
    SSL *ssl;

    begin_tls(&config);
    ssl = dial_tls(plain_client); /* Finished may still be unread */
    CHECK(SSL_write(ssl, GET, sizeof(GET) - 1) > 0);
    CHECK(SSL_write(ssl, "GET /later HTTP/1.1\r\nHo", 23) > 0);
    CHECK(SSL_write(ssl, "st: a\r\n\r\n" GET, 9 + sizeof(GET) - 1) > 0);
    CHECK(SSL_write(ssl, GET, sizeof(GET) - 1) > 0);
    wait_for_held();
    CHECK(w.calls == 2);
    say(w.held, "late");
    for (unsigned i = 0; i < 4; i++) {
        CHECK(hear(ssl, out, sizeof(out), &n) == 1);
    }
    CHECK(w.calls == 4);
    hang_up(ssl);
    end();
}

static void records_may_come_octet_by_octet(void)
{
    struct http_config config = defaults();
    char record[512];
    char out[2048];
    size_t n = 0;
    SSL *ssl;
    BIO *mem = BIO_new(BIO_s_mem());
    int fd;
    int len;

    begin_tls(&config);
    ssl = dial_tls(plain_client);
    ask(ssl, GET, "HTTP/1.1 200 OK\r\n");
    fd = SSL_get_fd(ssl);
    BIO_up_ref(mem);
    SSL_set0_wbio(ssl, mem);
    CHECK(SSL_write(ssl, GET, sizeof(GET) - 1) > 0);
    len = BIO_read(mem, record, sizeof(record));
    for (int i = 0; i < len; i++) {
        CHECK(w.calls == 1);
        put(fd, record + i, 1);
    }
    CHECK(hear(ssl, out, sizeof(out), &n) == 1);
    CHECK(w.calls == 2);
    SSL_free(ssl);
    BIO_free(mem);
    (void)close(fd);
    end();
}

static void new_keys_all_the_time_are_no_progress(void)
{
    struct http_config config = defaults();
    SSL *ssl;

    begin_tls(&config);
    ssl = dial_tls(plain_client);
    for (int i = 0; i < 200; i++) {
        CHECK(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1);
        CHECK(SSL_do_handshake(ssl) == 1);
        turn();
    }
    ask(ssl, GET, "HTTP/1.1 200 OK\r\n");
    hang_up(ssl);
    end();
}

/* What a stranger sends first, and the reason that is counted. */
static const struct {
    const char *text;
    const char *reason;
} strangers[] = {
    { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "plain_http" },
    { "CONNECT a:443 HTTP/1.1\r\n\r\n", "plain_http" },
    { "SSH-2.0-OpenSSH_9.2\r\n", "not_tls" },
    { "\x16\x03\x01\x02\x01\x01\xff\xff\xff", NULL },
    { "\x15\x03\x01\x01\x02\x02\x28", NULL },
};

static void handshakes_fail_for_a_reason(void)
{
    struct http_config config = defaults();
    char out[2048];
    int64_t before;

    begin_tls(&config);
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        const char *reason = strangers[i].reason;
        int fd = dial();

        put(fd, strangers[i].text, strlen(strangers[i].text));
        (void)shutdown(fd, SHUT_WR);
        (void)drain(fd, out, sizeof(out));
        wait_for_connections(0);
        CHECK(reason == NULL || failed_for(reason) > 0);
    }
    /* Who says nothing has failed at nothing. */
    before = failed_for("closed");
    for (int i = 0; i < 5; i++) {
        (void)close(dial());
    }
    wait_for_connections(0);
    CHECK(failed_for("closed") == before);
    CHECK(value(METRICS_HANDSHAKES) == 0 && w.calls == 0);
    end();
}

static void a_slow_handshake_is_cut_off(void)
{
    struct http_config config = defaults();
    int fds[2];

    config.handshake = 1;
    begin_tls(&config);
    for (int i = 0; i < 2; i++) {
        fds[i] = dial();
    }
    put(fds[1], "\x16\x03\x01", 3);
    wait_for_connections(0);
    CHECK(failed_for("timeout") == 2);
    CHECK(value(METRICS_TIMEOUTS) == 2);
    (void)close(fds[0]);
    (void)close(fds[1]);
    end();
}

static void who_fails_at_tls_is_turned_away(void)
{
    struct http_config config = defaults();
    char out[2048];

    config.blame_rate = 1;
    begin_tls(&config);
    for (int i = 0; i < 60; i++) {
        int fd = dial_from("127.0.0.2");

        PUT(fd, "SSH-2.0-OpenSSH_9.2\r\n");
        (void)drain(fd, out, sizeof(out));
    }
    CHECK(value(METRICS_TURNED_AWAY) > 0);
    hang_up(dial_tls(plain_client)); /* of another address */
    end();
}

static void new_connections_get_the_new_certificate(void)
{
    struct http_config config = defaults();
    SSL_CTX *next = make_tls();
    SSL *old;
    SSL *young;

    begin_tls(&config);
    old = dial_tls(plain_client);
    http_set_tls(w.server, next);
    SSL_CTX_free(next);
    young = dial_tls(plain_client);
    ask(old, GET, "HTTP/1.1 200 OK\r\n");
    ask(young, GET, "HTTP/1.1 200 OK\r\n");
    hang_up(old);
    hang_up(young);
    end();
}

int main(void)
{
    key = certs_key();
    cert = certs_make(key, "somebody");
    tls = make_tls();
    plain_client = certs_client(NULL, NULL);
    known_client = certs_client(key, cert);
    SSL_CTX_add1_chain_cert(known_client, cert);
    RUN(a_client_is_what_it_holds_the_key_of);
    RUN(the_last_answer_is_followed_by_a_close_notify);
    RUN(idle_connections_end_with_a_close_notify);
    RUN(requests_may_come_in_one_flight);
    RUN(records_may_come_octet_by_octet);
    RUN(new_keys_all_the_time_are_no_progress);
    RUN(handshakes_fail_for_a_reason);
    RUN(a_slow_handshake_is_cut_off);
    RUN(who_fails_at_tls_is_turned_away);
    RUN(new_connections_get_the_new_certificate);
    SSL_CTX_free(tls);
    SSL_CTX_free(plain_client);
    SSL_CTX_free(known_client);
    X509_free(cert);
    EVP_PKEY_free(key);
    return bm_test_done();
}
