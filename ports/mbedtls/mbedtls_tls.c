/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/mbedtls_tls.h"

#include <stdlib.h>

#include <mbedtls/memory_buffer_alloc.h>
#include <mbedtls/platform.h>

#include "ports/mbedtls/mbedtls_tls_internal.h"

static void session_close(struct bm_tls_session *s)
{
    if (s == NULL) {
        return;
    }
    if (s->done && s->over == BM_OK) {
        (void)mbedtls_ssl_close_notify(&s->ssl);
    }
    mbedtls_tls_release(s);
    s->port->open--;
    mbedtls_free(s);
}

static bm_status session_open(void *self, const struct bm_tls_config *config,
                              struct bm_tls_session **session)
{
    struct bm_mbedtls_tls *port = self;
    struct bm_tls_session *s;
    bm_status rc;

    *session = NULL;
    BM_TRY(bm_tls_config_check(config));
    if (port->open == port->config.sessions) {
        return BM_E_MEMORY;
    }
    s = mbedtls_calloc(1, sizeof *s);
    if (s == NULL) {
        return BM_E_MEMORY;
    }
    port->open++;
    s->port = port;
    s->config = *config;
    s->alert = BM_TLS_ALERT_NONE;
    rc = mbedtls_tls_setup(s);
    if (rc != BM_OK) {
        session_close(s);
        return rc;
    }
    *session = s;
    return BM_OK;
}

/* Without a verdict the peer showed no certificate, and that has to be
 * allowed. */
static bm_status finish(struct bm_tls_session *s)
{
    s->done = true;
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
    ret = mbedtls_ssl_handshake(&s->ssl);
    return ret == 0 ? finish(s) : mbedtls_tls_status(s, ret);
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
    ret = mbedtls_ssl_write(&s->ssl, octets.p, octets.n);
    if (ret <= 0) {
        return mbedtls_tls_status(s, ret);
    }
    *n = (size_t)ret;
    return BM_OK;
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
    ret = mbedtls_ssl_read(&s->ssl, out, cap);
    if (ret <= 0) {
        return mbedtls_tls_status(s, ret);
    }
    *n = (size_t)ret;
    return BM_OK;
}

static const struct bm_trust_verdict *
session_verdict(const struct bm_tls_session *s)
{
    return s->judged ? &s->verdict : NULL;
}

static struct bm_bytes session_peer(const struct bm_tls_session *s)
{
    const mbedtls_x509_crt *cert = mbedtls_ssl_get_peer_cert(&s->ssl);

    if (cert == NULL || !s->judged || s->verdict.status != BM_OK) {
        return (struct bm_bytes){ NULL, 0 };
    }
    return (struct bm_bytes){ cert->raw.p, cert->raw.len };
}

static bm_status session_binding(struct bm_tls_session *s,
                                 uint8_t out[BM_TLS_BINDING_MAX], size_t *n)
{
    /* RFC 9266 4.2: this label, no context, 32 octets. */
    static const char label[] = "EXPORTER-Channel-Binding";

    *n = 0;
    /* tls-unique would need the Finished messages, which the library keeps
     * only for renegotiation. */
    if (!s->done || s->over != BM_OK ||
        mbedtls_ssl_get_version_number(&s->ssl) != MBEDTLS_SSL_VERSION_TLS1_3) {
        return BM_E_NOT_FOUND;
    }
    if (mbedtls_ssl_export_keying_material(&s->ssl, out, BM_TLS_BINDING_MAX,
                                           label, sizeof label - 1, NULL, 0,
                                           0) != 0) {
        return BM_E_CRYPTO;
    }
    *n = BM_TLS_BINDING_MAX;
    return BM_OK;
}

static void session_facts(const struct bm_tls_session *s,
                          struct bm_tls_facts *facts)
{
    *facts = (struct bm_tls_facts){
        .version =
            s->done ? (uint16_t)mbedtls_ssl_get_version_number(&s->ssl) : 0,
        .alert = s->alert,
        .library = s->library,
    };
}

bm_status bm_mbedtls_tls_open(struct bm_mbedtls_tls *t,
                              const struct bm_mbedtls_tls_config *config)
{
    *t = (struct bm_mbedtls_tls){ .config = *config };
    if (config->memory != NULL) {
        mbedtls_memory_buffer_alloc_init(config->memory, config->memory_n);
    } else {
#ifdef BM_MBEDTLS_ALL
        (void)mbedtls_platform_set_calloc_free(calloc, free);
#else
        return BM_E_ARGUMENT;
#endif
    }
    t->tls = (struct bm_tls){
        .self = t,
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
    return BM_OK;
}

void bm_mbedtls_tls_close(struct bm_mbedtls_tls *t)
{
    if (t->config.memory != NULL) {
        mbedtls_memory_buffer_alloc_free();
        bm_wipe(t->config.memory, t->config.memory_n);
    }
    (void)mbedtls_platform_set_calloc_free(bm_mbedtls_calloc, bm_mbedtls_free);
    *t = (struct bm_mbedtls_tls){ 0 };
}

void bm_mbedtls_tls_used(const struct bm_mbedtls_tls *t, size_t *now,
                         size_t *peak)
{
    size_t blocks;

    *now = 0;
    *peak = 0;
    if (t->config.memory != NULL) {
        mbedtls_memory_buffer_alloc_cur_get(now, &blocks);
        mbedtls_memory_buffer_alloc_max_get(peak, &blocks);
    }
}
