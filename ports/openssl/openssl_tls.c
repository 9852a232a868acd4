/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/openssl/openssl_tls.h"

#include <limits.h>

#include <openssl/err.h>

#include "ports/openssl/openssl_tls_internal.h"

struct bm_tls_session *openssl_tls_session_of(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

static void session_close(struct bm_tls_session *s)
{
    if (s == NULL) {
        return;
    }
    if (s->done && s->over == BM_OK) {
        (void)SSL_shutdown(s->ssl);
    }
    ERR_clear_error();
    SSL_free(s->ssl);
    openssl_tls_sent_wipe(&s->sent);
    OPENSSL_free(s);
}

static bm_status session_open(void *self, const struct bm_tls_config *config,
                              struct bm_tls_session **session)
{
    struct tls_port *port = self;
    struct bm_tls_session *s = NULL;
    bm_status rc = BM_E_INTERNAL;

    *session = NULL;
    rc = bm_tls_config_check(config);
    if (rc != BM_OK) {
        goto out;
    }
    s = OPENSSL_zalloc(sizeof *s);
    if (s == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    s->port = port;
    s->config = *config;
    s->alert = BM_TLS_ALERT_NONE;
    ERR_clear_error();
    s->ssl = SSL_new(port->ctx);
    if (s->ssl == NULL || SSL_set_app_data(s->ssl, s) != 1) {
        rc = BM_E_MEMORY;
        goto out;
    }
    rc = openssl_tls_setup(s);
    if (rc != BM_OK) {
        goto out;
    }
    *session = s;
    s = NULL;

out:
    ERR_clear_error();
    session_close(s);
    return rc;
}

/*
 * The end of a handshake. A verdict of a remembered session counts if that was
 * taken up, and no other does then. Without a verdict the peer showed no
 * certificate, and that has to be allowed.
 */
static bm_status finish(struct bm_tls_session *s)
{
    bool resumed = SSL_session_reused(s->ssl) != 0;

    s->done = true;
    if (s->recalled != resumed) {
        openssl_tls_judge_anew(s);
        s->over = resumed ? BM_E_INTERNAL : BM_OK;
    }
    if (s->over != BM_OK) {
        return s->over;
    }
    if (s->judged ? s->verdict.status == BM_OK
                  : s->config.server && s->config.peer_optional) {
        return BM_OK;
    }
    s->over = s->judged ? s->verdict.status : BM_E_TLS_NO_CERT;
    return s->over;
}

static bm_status session_handshake(struct bm_tls_session *s)
{
    int ret;

    if (s->over != BM_OK || s->done) {
        return s->over;
    }
    ERR_clear_error();
    ret = SSL_do_handshake(s->ssl);
    return ret == 1 ? finish(s) : openssl_tls_status(s, ret);
}

static bm_status session_write(struct bm_tls_session *s, struct bm_bytes octets,
                               size_t *n)
{
    int ret;

    *n = 0;
    if (octets.n == 0 || !s->done) {
        return BM_E_ARGUMENT;
    }
    if (s->over != BM_OK) {
        return s->over;
    }
    ERR_clear_error();
    ret = SSL_write_ex(s->ssl, octets.p, octets.n, n);
    return ret == 1 ? BM_OK : openssl_tls_status(s, ret);
}

static bm_status session_read(struct bm_tls_session *s, uint8_t *out,
                              size_t cap, size_t *n)
{
    int ret;

    *n = 0;
    if (cap == 0 || !s->done) {
        return BM_E_ARGUMENT;
    }
    if (s->over != BM_OK) {
        return s->over;
    }
    ERR_clear_error();
    ret = SSL_read_ex(s->ssl, out, cap, n);
    return ret == 1 ? BM_OK : openssl_tls_status(s, ret);
}

static const struct bm_trust_verdict *
session_verdict(const struct bm_tls_session *s)
{
    return s->judged ? &s->verdict : NULL;
}

static struct bm_bytes session_peer(const struct bm_tls_session *s)
{
    return s->judged && s->verdict.status == BM_OK
               ? s->sent.certs[0]
               : (struct bm_bytes){ NULL, 0 };
}

static bm_status session_binding(struct bm_tls_session *s,
                                 uint8_t out[BM_TLS_BINDING_MAX], size_t *n)
{
    /* RFC 9266 4.2: this label, no context, 32 octets. */
    static const char label[] = "EXPORTER-Channel-Binding";

    *n = 0;
    if (s->over != BM_OK || !s->done) {
        return BM_E_NOT_FOUND;
    }
    if (SSL_version(s->ssl) == TLS1_3_VERSION) {
        if (SSL_export_keying_material(s->ssl, out, BM_TLS_BINDING_MAX, label,
                                       sizeof label - 1, NULL, 0, 0) != 1) {
            ERR_clear_error();
            return BM_E_CRYPTO;
        }
        *n = BM_TLS_BINDING_MAX;
        return BM_OK;
    }
    /* RFC 5929 3.1: the first Finished message, which is the client's unless
     * the session was resumed. RFC 7627 6.1: it binds nothing without
     * extended master secret. */
    if (SSL_session_reused(s->ssl) || SSL_get_extms_support(s->ssl) != 1) {
        return BM_E_NOT_FOUND;
    }
    *n = s->config.server
             ? SSL_get_peer_finished(s->ssl, out, BM_TLS_BINDING_MAX)
             : SSL_get_finished(s->ssl, out, BM_TLS_BINDING_MAX);
    return BM_OK;
}

static void session_facts(const struct bm_tls_session *s,
                          struct bm_tls_facts *facts)
{
    *facts = (struct bm_tls_facts){
        .version = s->done ? (uint16_t)SSL_version(s->ssl) : 0,
        .alert = s->alert,
        .resumed = s->done && SSL_session_reused(s->ssl) != 0,
        .library = s->library,
    };
}

bm_status bm_openssl_tls_new(const struct bm_tls **tls)
{
    struct tls_port *port = OPENSSL_zalloc(sizeof *port);
    bm_status rc = BM_E_INTERNAL;

    *tls = NULL;
    if (port == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    port->tls = (struct bm_tls){
        .self = port,
        .open = session_open,
        .handshake = session_handshake,
        .write = session_write,
        .read = session_read,
        .verdict = session_verdict,
        .peer = session_peer,
        .binding = session_binding,
        .facts = session_facts,
        .close = session_close,
    };
    port->bio = openssl_tls_bio_method();
    if (port->bio == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    rc = openssl_tls_context_new(port);
    if (rc != BM_OK) {
        goto out;
    }
    SSL_CTX_set_app_data(port->ctx, port);
    *tls = &port->tls;
    port = NULL;

out:
    bm_openssl_tls_free(port == NULL ? NULL : &port->tls);
    return rc;
}

void bm_openssl_tls_free(const struct bm_tls *tls)
{
    struct tls_port *port;

    if (tls == NULL) {
        return;
    }
    port = tls->self;
    openssl_tls_resume_wipe(port);
    SSL_CTX_free(port->ctx);
    BIO_meth_free(port->bio);
    OPENSSL_free(port);
}
