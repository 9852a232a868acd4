/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sessions that are remembered, with the certificates that the peer showed
 * when they began. A handshake that takes one up shows none, so they are
 * judged again before: what was put on a deny list since, has expired since or
 * lost its anchor is refused, as it would be in a full handshake, which then
 * follows and says so.
 *
 * A session is good for connections of the same kind only: see
 * openssl_tls_resume_key().
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "ports/openssl/openssl_tls_internal.h"

static void forget(struct tls_remembered *r)
{
    SSL_SESSION_free(r->session);
    openssl_tls_sent_wipe(&r->sent);
    *r = (struct tls_remembered){ 0 };
}

void openssl_tls_resume_wipe(struct tls_port *port)
{
    for (size_t i = 0; i < BM_OPENSSL_TLS_REMEMBERED; i++) {
        forget(&port->remembered[i]);
    }
}

static bool add(EVP_MD_CTX *ctx, const void *p, size_t n)
{
    uint64_t length = n;

    return EVP_DigestUpdate(ctx, &length, sizeof length) == 1 &&
           EVP_DigestUpdate(ctx, p, n) == 1;
}

/*
 * What a session is bound to: which side we are, our own certificate, what
 * the peer is for, who it has to be, and by whose trust it was let in.
 */
bm_status openssl_tls_resume_key(struct bm_tls_session *s)
{
    const struct bm_tls_config *c = &s->config;
    const char *host = c->expect.host == NULL ? "" : c->expect.host;
    struct bm_bytes own =
        c->chain_n == 0 ? (struct bm_bytes){ NULL, 0 } : c->chain[0];
    const uint16_t kind[4] = { c->server, c->peer_optional,
                               (uint16_t)c->expect.use, c->version };
    const uintptr_t trust = (uintptr_t)c->trust;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bm_status rc = BM_E_CRYPTO;

    if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
        add(ctx, kind, sizeof kind) && add(ctx, &trust, sizeof trust) &&
        add(ctx, host, strlen(host)) && add(ctx, own.p, own.n) &&
        EVP_DigestFinal_ex(ctx, s->key, NULL) == 1 &&
        SSL_set_session_id_context(s->ssl, s->key, sizeof s->key) == 1) {
        rc = BM_OK;
    }
    EVP_MD_CTX_free(ctx);
    s->resumable = !c->fresh && c->expect.use != BM_TRUST_ENROL;
    return rc;
}

static struct tls_remembered *room(struct tls_port *port)
{
    struct tls_remembered *oldest = &port->remembered[0];

    for (size_t i = 0; i < BM_OPENSSL_TLS_REMEMBERED; i++) {
        struct tls_remembered *r = &port->remembered[i];

        if (r->session == NULL) {
            return r;
        }
        if (r->used < oldest->used) {
            oldest = r;
        }
    }
    return oldest;
}

/* OpenSSL has a session that could be taken up later; 1: we keep it. */
static int remember(SSL *ssl, SSL_SESSION *session)
{
    struct bm_tls_session *s = openssl_tls_session_of(ssl);
    struct tls_remembered *r;

    if (s == NULL || !s->resumable || s->over != BM_OK ||
        (s->sent.n != 0 && (!s->judged || s->verdict.status != BM_OK))) {
        return 0;
    }
    r = room(s->port);
    forget(r);
    if (openssl_tls_sent_copy(&s->sent, &r->sent) != BM_OK) {
        return 0;
    }
    memcpy(r->key, s->key, sizeof r->key);
    r->server = s->config.server;
    r->session = session;
    s->port->uses++;
    r->used = s->port->uses;
    return 1;
}

/*
 * Would the peer of that session pass today? Then what it showed is this
 * session's; if not, it is forgotten.
 */
static bool still_good(struct bm_tls_session *s, struct tls_remembered *r)
{
    openssl_tls_judge_anew(s);
    if (!SSL_SESSION_is_resumable(r->session) ||
        openssl_tls_sent_copy(&r->sent, &s->sent) != BM_OK) {
        forget(r);
        return false;
    }
    s->recalled = true;
    openssl_tls_judge_sent(s);
    if (s->sent.n != 0 && s->verdict.status != BM_OK) {
        openssl_tls_judge_anew(s);
        forget(r);
        return false;
    }
    return true;
}

/* A server is asked for a session by its number. */
static SSL_SESSION *recall(SSL *ssl, const unsigned char *id, int n, int *copy)
{
    struct bm_tls_session *s = openssl_tls_session_of(ssl);

    *copy = 1; /* OpenSSL takes a reference of its own */
    if (s == NULL || !s->resumable || n < 0) {
        return NULL;
    }
    for (size_t i = 0; i < BM_OPENSSL_TLS_REMEMBERED; i++) {
        struct tls_remembered *r = &s->port->remembered[i];
        const unsigned char *mine;
        unsigned mine_n;

        if (r->session == NULL || !r->server ||
            memcmp(r->key, s->key, sizeof r->key) != 0) {
            continue;
        }
        mine = SSL_SESSION_get_id(r->session, &mine_n);
        if (mine_n == (unsigned)n && memcmp(mine, id, mine_n) == 0) {
            return still_good(s, r) ? r->session : NULL;
        }
    }
    return NULL;
}

/* OpenSSL will not have it any more: it failed, or was used up (TLS 1.3). */
static void drop(SSL_CTX *ctx, SSL_SESSION *session)
{
    struct tls_port *port = SSL_CTX_get_app_data(ctx);

    for (size_t i = 0; port != NULL && i < BM_OPENSSL_TLS_REMEMBERED; i++) {
        if (port->remembered[i].session == session) {
            forget(&port->remembered[i]);
        }
    }
}

void openssl_tls_resume_offer(struct bm_tls_session *s)
{
    struct tls_remembered *newest = NULL;

    for (size_t i = 0; i < BM_OPENSSL_TLS_REMEMBERED && s->resumable; i++) {
        struct tls_remembered *r = &s->port->remembered[i];

        if (r->session != NULL && !r->server &&
            memcmp(r->key, s->key, sizeof r->key) == 0 &&
            (newest == NULL || r->used > newest->used)) {
            newest = r;
        }
    }
    if (newest == NULL || !still_good(s, newest)) {
        return;
    }
    (void)SSL_set_session(s->ssl, newest->session);
    /* RFC 8446 C.4: a ticket is used once, so that nobody can tell that two
     * connections are of one client. In TLS 1.2 nothing else follows. */
    if (SSL_SESSION_get_protocol_version(newest->session) == TLS1_3_VERSION) {
        forget(newest);
    }
}

void openssl_tls_resume_watch(SSL_CTX *ctx)
{
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_BOTH |
                                            SSL_SESS_CACHE_NO_INTERNAL |
                                            SSL_SESS_CACHE_NO_AUTO_CLEAR);
    SSL_CTX_set_timeout(ctx, BM_OPENSSL_TLS_LIFETIME);
    SSL_CTX_sess_set_new_cb(ctx, remember);
    SSL_CTX_sess_set_get_cb(ctx, recall);
    SSL_CTX_sess_set_remove_cb(ctx, drop);
}
