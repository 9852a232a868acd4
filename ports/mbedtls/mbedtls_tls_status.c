/* SPDX-License-Identifier: Apache-2.0 */
#include <mbedtls/error.h>
#include <mbedtls/pk.h>

#include "ports/mbedtls/mbedtls_tls_internal.h"

/* Any other is BM_E_TLS_HANDSHAKE. */
static const struct {
    int16_t code;
    uint16_t status;
} codes[] = {
    { MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE, BM_E_TLS_NO_CERT },
    { MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, BM_E_TLS_SUITE },
    { MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, BM_E_TLS_SUITE },
    { MBEDTLS_ERR_ERROR_GENERIC_ERROR, BM_E_TLS_HANDSHAKE },
    { MBEDTLS_ERR_SSL_ALLOC_FAILED, BM_E_MEMORY },
    { MBEDTLS_ERR_X509_ALLOC_FAILED, BM_E_MEMORY },
    { MBEDTLS_ERR_PK_ALLOC_FAILED, BM_E_MEMORY },
};

/* The step in which the peer shows that it holds its key: in TLS 1.2 a server
 * does so with its key exchange. */
static bool in_proof(const struct bm_tls_session *s, int ret)
{
    int state = s->ssl.MBEDTLS_PRIVATE(state);

    if (ret == MBEDTLS_ERR_ECP_VERIFY_FAILED) {
        return true;
    }
    return ret == MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE &&
           (state == MBEDTLS_SSL_CERTIFICATE_VERIFY ||
            state == MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY ||
            (state == MBEDTLS_SSL_SERVER_KEY_EXCHANGE && !s->config.server));
}

static bm_status of_code(const struct bm_tls_session *s, int ret)
{
    if (in_proof(s, ret)) {
        return BM_E_TLS_PROOF;
    }
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].code == ret) {
            return (bm_status)codes[i].status;
        }
    }
    return BM_E_TLS_HANDSHAKE;
}

/*
 * A client that refuses us speaks before it has keys to do so, in the clear
 * (RFC 8446 6: alerts are sent as the sender's state has it); a server that
 * waits for what is encrypted takes that for damage, and leaves it where it is.
 */
static bool is_plain_alert(const struct bm_tls_session *s, int ret)
{
    /* ContentType, legacy_record_version, length, level; the description. */
    const unsigned char *record = s->ssl.MBEDTLS_PRIVATE(in_hdr);

    return ret == MBEDTLS_ERR_SSL_INVALID_MAC && !s->done &&
           record[0] == MBEDTLS_SSL_MSG_ALERT && record[3] == 0 &&
           record[4] == 2 && record[5] == MBEDTLS_SSL_ALERT_LEVEL_FATAL;
}

/* In TLS 1.2 the library leaves these two unsaid. */
static void tell_peer(struct bm_tls_session *s)
{
    unsigned char alert = s->over == BM_E_TLS_NO_CERT
                              ? MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE
                              : MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR;

    if ((s->over == BM_E_TLS_NO_CERT || s->over == BM_E_TLS_PROOF) &&
        s->config.server &&
        mbedtls_ssl_get_version_number(&s->ssl) == MBEDTLS_SSL_VERSION_TLS1_2) {
        (void)mbedtls_ssl_send_alert_message(
            &s->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, alert);
    }
}

/* In the order of who knows best. */
static bm_status why(struct bm_tls_session *s, int ret)
{
    if (s->transport != BM_OK) {
        return s->transport;
    }
    if (s->judged && s->verdict.status != BM_OK) {
        return s->verdict.status;
    }
    if (ret == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        if (s->ssl.MBEDTLS_PRIVATE(in_msgtype) != MBEDTLS_SSL_MSG_ALERT) {
            return BM_E_TLS_NO_CERT; /* RFC 8446 4.4.2.4: of a server */
        }
        s->alert = s->ssl.MBEDTLS_PRIVATE(in_msg)[1];
        return BM_E_TLS_ALERT;
    }
    if (is_plain_alert(s, ret)) {
        s->alert = s->ssl.MBEDTLS_PRIVATE(in_hdr)[6];
        return BM_E_TLS_ALERT;
    }
    if (s->ended) {
        return BM_E_TLS_TRUNCATED;
    }
    return of_code(s, ret);
}

bm_status mbedtls_tls_status(struct bm_tls_session *s, int ret)
{
    switch (ret) {
    case MBEDTLS_ERR_SSL_WANT_READ:
    case MBEDTLS_ERR_SSL_WANT_WRITE:
    case MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET:
        return BM_E_TLS_AGAIN;
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
        s->over = s->done ? BM_E_TLS_CLOSED : BM_E_TLS_TRUNCATED;
        return s->over;
    default:
        if (s->library == 0) {
            s->library = ret;
        }
        s->over = why(s, ret);
        tell_peer(s);
        return s->over;
    }
}
