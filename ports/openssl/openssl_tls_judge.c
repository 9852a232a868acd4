/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The peer's certificates. They are taken from the Certificate message as it
 * came, and not from OpenSSL's reading of them, so that the judge sees the
 * octets which the peer sent, even where OpenSSL cannot read them.
 */
#include <string.h>

#include <openssl/err.h>

#include "ports/openssl/openssl_tls_internal.h"

void openssl_tls_sent_wipe(struct tls_sent *sent)
{
    OPENSSL_free(sent->octets);
    *sent = (struct tls_sent){ 0 };
}

bm_status openssl_tls_sent_copy(const struct tls_sent *from,
                                struct tls_sent *to)
{
    size_t total = 0;
    uint8_t *p;

    openssl_tls_sent_wipe(to);
    for (size_t i = 0; i < from->n; i++) {
        total += from->certs[i].n;
    }
    if (total == 0) {
        return BM_OK;
    }
    p = OPENSSL_malloc(total);
    if (p == NULL) {
        return BM_E_MEMORY;
    }
    to->octets = p;
    for (size_t i = 0; i < from->n; i++) {
        memcpy(p, from->certs[i].p, from->certs[i].n);
        to->certs[i] = (struct bm_bytes){ p, from->certs[i].n };
        p += from->certs[i].n;
    }
    to->n = from->n;
    return BM_OK;
}

void openssl_tls_judge_anew(struct bm_tls_session *s)
{
    openssl_tls_sent_wipe(&s->sent);
    s->verdict = (struct bm_trust_verdict){ .status = BM_E_INTERNAL };
    s->judged = false;
    s->recalled = false;
}

void openssl_tls_judge_sent(struct bm_tls_session *s)
{
    if (s->judged || s->sent.n == 0) {
        return;
    }
    s->judged = true;
    s->verdict = (struct bm_trust_verdict){ .status = BM_E_INTERNAL };
    s->verdict.status =
        bm_trust_judge(s->config.trust, s->sent.certs, s->sent.n,
                       &s->config.expect, &s->verdict);
}

/*
 * Called with every message whole, its header of four octets included, before
 * OpenSSL reads it. There is one Certificate message in a handshake, and none
 * after: no renegotiation, no post-handshake authentication.
 */
static void see_message(int write_p, int version, int content_type,
                        const void *buf, size_t len, SSL *ssl, void *arg)
{
    struct bm_tls_session *s = openssl_tls_session_of(ssl);
    const uint8_t *p = buf;
    struct tls_sent seen = { 0 };

    (void)version;
    (void)arg;
    if (write_p != 0 || content_type != SSL3_RT_HANDSHAKE || len < 4 ||
        p[0] != SSL3_MT_CERTIFICATE || s == NULL) {
        return;
    }
    /* Whatever is known is of a session that was not taken up. */
    openssl_tls_judge_anew(s);
    /* One that is malformed is OpenSSL's to refuse. */
    if (bm_tls_certs_take((struct bm_bytes){ p + 4, len - 4 },
                          SSL_version(ssl) == TLS1_3_VERSION, seen.certs,
                          &seen.n) == BM_OK) {
        s->over = openssl_tls_sent_copy(&seen, &s->sent);
    }
}

/* OpenSSL's name of a refusal decides which alert it sends. */
static int error_for(bm_status refusal)
{
    switch (bm_tls_alert_for(refusal)) {
    case SSL_AD_CERTIFICATE_EXPIRED:
        return X509_V_ERR_CERT_HAS_EXPIRED;
    case SSL_AD_CERTIFICATE_REVOKED:
        return X509_V_ERR_CERT_REVOKED;
    case SSL_AD_UNKNOWN_CA:
        return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
        return X509_V_ERR_INVALID_PURPOSE;
    default:
        return X509_V_ERR_CERT_REJECTED;
    }
}

/* In the place of all that OpenSSL would do to verify a chain. */
static int judge(X509_STORE_CTX *ctx, void *arg)
{
    SSL *ssl =
        X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct bm_tls_session *s = ssl == NULL ? NULL : openssl_tls_session_of(ssl);

    (void)arg;
    X509_STORE_CTX_set_error(ctx, X509_V_ERR_UNSPECIFIED);
    if (s == NULL) {
        return 0;
    }
    if (s->recalled) { /* asked about a chain: the session was not taken up */
        openssl_tls_judge_anew(s);
    }
    openssl_tls_judge_sent(s);
    if (!s->judged || s->verdict.status != BM_OK) {
        X509_STORE_CTX_set_error(ctx, error_for(s->verdict.status));
        return 0;
    }
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
}

/* RFC 8446 6: a fatal alert is the peer's last word. */
static void see_alert(const SSL *ssl, int where, int ret)
{
    struct bm_tls_session *s = openssl_tls_session_of(ssl);

    if (s != NULL && where == SSL_CB_READ_ALERT &&
        (ret >> 8 & 0xff) == SSL3_AL_FATAL) {
        s->alert = (uint8_t)(ret & 0xff);
    }
}

void openssl_tls_judge_watch(SSL_CTX *ctx)
{
    SSL_CTX_set_msg_callback(ctx, see_message);
    SSL_CTX_set_cert_verify_callback(ctx, judge, NULL);
    SSL_CTX_set_info_callback(ctx, see_alert);
}
