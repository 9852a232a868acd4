/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/sslerr.h>

#include "ports/openssl/openssl_tls_internal.h"

/* Reasons of ERR_LIB_SSL; any other is BM_E_TLS_HANDSHAKE. */
static const struct {
    int reason;
    bm_status status;
} reasons[] = {
    { SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, BM_E_TLS_NO_CERT },
    { SSL_R_NO_CERTIFICATES_RETURNED, BM_E_TLS_NO_CERT },
    { SSL_R_BAD_SIGNATURE, BM_E_TLS_PROOF },
    { SSL_R_NO_SHARED_CIPHER, BM_E_TLS_SUITE },
    { SSL_R_NO_SHARED_GROUPS, BM_E_TLS_SUITE },
    { SSL_R_NO_SUITABLE_KEY_SHARE, BM_E_TLS_SUITE },
    { SSL_R_NO_SUITABLE_GROUPS, BM_E_TLS_SUITE },
    { SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, BM_E_TLS_SUITE },
    { SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, BM_E_TLS_SUITE },
    { SSL_R_WRONG_SIGNATURE_TYPE, BM_E_TLS_SUITE },
    { SSL_R_WRONG_CIPHER_RETURNED, BM_E_TLS_SUITE },
    { SSL_R_WRONG_CURVE, BM_E_TLS_SUITE },
    { SSL_R_UNSUPPORTED_PROTOCOL, BM_E_TLS_SUITE },
    { SSL_R_VERSION_TOO_LOW, BM_E_TLS_SUITE },
    { SSL_R_WRONG_SSL_VERSION, BM_E_TLS_SUITE },
    { SSL_R_UNEXPECTED_EOF_WHILE_READING, BM_E_TLS_TRUNCATED },
};

static bm_status of_reason(unsigned long error)
{
    if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE) {
        return BM_E_MEMORY;
    }
    if (ERR_GET_LIB(error) != ERR_LIB_SSL) {
        return BM_E_TLS_HANDSHAKE;
    }
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (ERR_GET_REASON(error) == reasons[i].reason) {
            return reasons[i].status;
        }
    }
    return BM_E_TLS_HANDSHAKE;
}

/* In the order of who knows best. */
static bm_status why(struct bm_tls_session *s, unsigned long error)
{
    if (s->transport != BM_OK) {
        return s->transport;
    }
    if (s->signer != BM_OK) {
        return s->signer;
    }
    /* OpenSSL may have refused what it could not read before it asked. */
    openssl_tls_judge_sent(s);
    if (s->judged && s->verdict.status != BM_OK) {
        return s->verdict.status;
    }
    if (s->alert != BM_TLS_ALERT_NONE) {
        return BM_E_TLS_ALERT;
    }
    if (s->ended) {
        return BM_E_TLS_TRUNCATED;
    }
    return of_reason(error);
}

bm_status openssl_tls_status(struct bm_tls_session *s, int ret)
{
    unsigned long error;
    int what = SSL_get_error(s->ssl, ret);

    switch (what) {
    case SSL_ERROR_NONE:
        return BM_OK;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return s->over != BM_OK ? s->over : BM_E_TLS_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return BM_E_TLS_CLOSED;
    default:
        error = ERR_peek_error();
        ERR_clear_error();
        s->library = (int32_t)(error & 0x7fffffff);
        if (s->over == BM_OK) {
            s->over = why(s, error);
        }
        return s->over;
    }
}
