/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "daemon/http_internal.h"

/* What TLS waits for; or that it is over. */
static enum http_io tls_wants(struct http_conn *c, int result)
{
    switch (SSL_get_error(c->tls, result)) {
    case SSL_ERROR_WANT_READ:
        return HTTP_IO_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        (void)event_add(&c->writable, NULL);
        return HTTP_IO_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return HTTP_IO_EOF;
    default:
        return HTTP_IO_ERROR;
    }
}

enum http_io http_io_handshake(struct http_conn *c)
{
    int rc;

    ERR_clear_error();
    rc = SSL_accept(c->tls);
    return rc == 1 ? HTTP_IO_DONE : tls_wants(c, rc);
}

enum http_io http_io_read(struct http_conn *c, uint8_t *p, size_t cap,
                          size_t *n)
{
    ssize_t got;

    *n = 0;
    if (c->tls != NULL) {
        int rc;

        ERR_clear_error();
        rc = SSL_read_ex(c->tls, p, cap, n);
        return rc == 1 ? HTTP_IO_DONE : tls_wants(c, rc);
    }
    do {
        got = recv(c->fd, p, cap, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? HTTP_IO_AGAIN
                                                       : HTTP_IO_ERROR;
    }
    *n = (size_t)got;
    return got == 0 ? HTTP_IO_EOF : HTTP_IO_DONE;
}

enum http_io http_io_write(struct http_conn *c, const uint8_t *p, size_t n,
                           size_t *done)
{
    ssize_t put;

    *done = 0;
    if (c->tls != NULL) {
        int rc;

        ERR_clear_error();
        rc = SSL_write_ex(c->tls, p, n, done);
        if (rc != 1 && SSL_get_error(c->tls, rc) == SSL_ERROR_WANT_READ) {
            return HTTP_IO_ERROR; /* of a renegotiation: there is none */
        }
        return rc == 1 ? HTTP_IO_DONE : tls_wants(c, rc);
    }
    do {
        put = send(c->fd, p, n, MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    if (put < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
            return HTTP_IO_ERROR;
        }
        (void)event_add(&c->writable, NULL);
        return HTTP_IO_AGAIN;
    }
    *done = (size_t)put;
    return HTTP_IO_DONE;
}

void http_io_shutdown(struct http_conn *c)
{
    if (c->tls != NULL && SSL_is_init_finished(c->tls)) {
        ERR_clear_error();
        (void)SSL_shutdown(c->tls); /* close_notify; theirs is not awaited */
        ERR_clear_error();
    }
    (void)shutdown(c->fd, SHUT_WR);
}

bool http_io_pending(const struct http_conn *c)
{
    return c->tls != NULL && SSL_has_pending(c->tls);
}
