/* SPDX-License-Identifier: Apache-2.0 */
#include <mbedtls/platform.h>

#include "ports/mbedtls/mbedtls_tls_internal.h"

/*
 * What the library says against a certificate, and what the judge's yes
 * overrides. Every flag that is not here refuses, whatever the judge says.
 */
static const uint32_t overridden[] = {
    /* The library has no anchors: it says so of every chain. */
    MBEDTLS_X509_BADCERT_NOT_TRUSTED,
    /* It has the host name to send it to the server (RFC 6066 3). Whether the
     * certificate is of that host, or of that device, the judge compares. */
    MBEDTLS_X509_BADCERT_CN_MISMATCH,
    /* By which algorithms certificates are signed: the reader in our place
     * (mbedtls_tls_read.c) does not tell, so the library takes it for none.
     * The judge has verified the signatures. */
    MBEDTLS_X509_BADCERT_BAD_MD,
    MBEDTLS_X509_BADCERT_BAD_PK,
};

/*
 * In particular these are not, and mean what they say:
 * BADCERT_BAD_KEY: not a key that this build can check a handshake with.
 * BADCERT_KEY_USAGE, _EXT_KEY_USAGE: come with the library's own reader only.
 * BADCERT_EXPIRED, _FUTURE: never set without MBEDTLS_HAVE_TIME_DATE.
 * BADCERT_MISSING, _SKIP_VERIFY, _OTHER, _REVOKED, _NS_CERT_TYPE: nobody's.
 */
static uint32_t override(uint32_t flags)
{
    for (size_t i = 0; i < sizeof overridden / sizeof overridden[0]; i++) {
        flags &= ~overridden[i];
    }
    return flags;
}

/* The library's name of a refusal decides which alert it sends. */
static uint32_t flag_for(bm_status refusal)
{
    switch (bm_tls_alert_for(refusal)) {
    case MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED:
        return MBEDTLS_X509_BADCERT_EXPIRED;
    case MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED:
        return MBEDTLS_X509_BADCERT_REVOKED;
    case MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA:
        return MBEDTLS_X509_BADCERT_NOT_TRUSTED;
    case MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT:
        return MBEDTLS_X509_BADCERT_KEY_USAGE;
    default:
        return MBEDTLS_X509_BADCERT_CN_MISMATCH; /* bad_certificate */
    }
}

static void ask(struct bm_tls_session *s, const mbedtls_x509_crt *list)
{
    struct bm_bytes certs[BM_TLS_CERTS_MAX];
    size_t n = 0;

    for (; list != NULL && n < BM_TLS_CERTS_MAX; list = list->next) {
        certs[n] = (struct bm_bytes){ list->raw.p, list->raw.len };
        n++;
    }
    s->judged = true;
    s->verdict = (struct bm_trust_verdict){ .status = BM_E_INTERNAL };
    s->verdict.status = bm_trust_judge(s->config.trust, certs, n,
                                       &s->config.expect, &s->verdict);
}

/*
 * Called for each certificate of the chain that the library made, from above
 * down to the peer's own, which is the head of the list of all that was sent.
 */
int mbedtls_tls_judge(void *arg, mbedtls_x509_crt *cert, int depth,
                      uint32_t *flags)
{
    struct bm_tls_session *s = arg;

    if (depth != 0) {
        s->above |= *flags;
        *flags = 0;
        return 0;
    }
    ask(s, cert);
    /* What was sent above it has served. */
    mbedtls_x509_crt_free(cert->next);
    mbedtls_free(cert->next);
    cert->next = NULL;

    if (s->verdict.status == BM_OK) {
        *flags = override(*flags | s->above);
        if (*flags != 0) {
            s->library = (int32_t)*flags;
        }
    } else {
        *flags = flag_for(s->verdict.status);
    }
    /* With MBEDTLS_SSL_VERIFY_OPTIONAL, which is for clients that show no
     * certificate, flags are not enough to refuse one that was shown. */
    return *flags != 0 && s->config.peer_optional ? MBEDTLS_ERR_X509_FATAL_ERROR
                                                  : 0;
}
