/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>

#include <openssl/err.h>

#include "ports/openssl/openssl_tls_internal.h"

/*
 * AES-128-GCM first, which has all the help of processors and SHA-256. One
 * kind of key and one hash for signatures: what a microcontroller has.
 */
static const char suites_13[] = "TLS_AES_128_GCM_SHA256:"
                                "TLS_CHACHA20_POLY1305_SHA256:"
                                "TLS_AES_256_GCM_SHA384";
static const char suites_12[] = "ECDHE-ECDSA-AES128-GCM-SHA256:"
                                "ECDHE-ECDSA-CHACHA20-POLY1305:"
                                "ECDHE-ECDSA-AES256-GCM-SHA384";
/* Not constant, as OpenSSL's macros cast that away. */
static char groups[] = "P-256:X25519";
static char algorithms[] = "ECDSA+SHA256";

static bool set_algorithms(SSL_CTX *ctx)
{
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(ctx, suites_13) == 1 &&
           SSL_CTX_set_cipher_list(ctx, suites_12) == 1 &&
           SSL_CTX_set1_groups_list(ctx, groups) == 1 &&
           SSL_CTX_set1_sigalgs_list(ctx, algorithms) == 1 &&
           SSL_CTX_set1_client_sigalgs_list(ctx, algorithms) == 1;
}

/* Each write moves what it can; SSL_write() may be repeated with the same
 * octets elsewhere; our own chain is what we were given, and no more. */
#define MODE                                                               \
    (SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | \
     SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS)

/*
 * RFC 8879, which OpenSSL 3.2 and later offer by themselves where they were
 * built with a compressor: the peer's certificates would then come in another
 * message than the one that is read here, unpacked before anybody judges.
 */
#ifndef SSL_OP_NO_RX_CERTIFICATE_COMPRESSION
#define SSL_OP_NO_RX_CERTIFICATE_COMPRESSION 0
#endif
#ifndef SSL_OP_NO_TX_CERTIFICATE_COMPRESSION
#define SSL_OP_NO_TX_CERTIFICATE_COMPRESSION 0
#endif

/* SSL_OP_NO_TICKET: a server keeps sessions itself, so that a ticket is a
 * number and the chain behind it is here to be judged again. */
#define OPTIONS                                                           \
    (SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | \
     SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_CIPHER_SERVER_PREFERENCE |         \
     SSL_OP_NO_RX_CERTIFICATE_COMPRESSION |                               \
     SSL_OP_NO_TX_CERTIFICATE_COMPRESSION)

bm_status openssl_tls_context_new(struct tls_port *port)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());

    if (ctx == NULL) {
        ERR_clear_error();
        return BM_E_MEMORY;
    }
    port->ctx = ctx;
    if (!set_algorithms(ctx) || SSL_CTX_set_num_tickets(ctx, 1) != 1) {
        ERR_clear_error();
        return BM_E_CRYPTO;
    }
    SSL_CTX_set_security_level(ctx, 2); /* 112 bits */
    SSL_CTX_set_options(ctx, OPTIONS);
    SSL_CTX_set_mode(ctx, MODE);
    SSL_CTX_set_max_cert_list(ctx, BM_OPENSSL_TLS_CERTS_OCTETS);
    openssl_tls_judge_watch(ctx);
    openssl_tls_resume_watch(ctx);
    return BM_OK;
}

/* The octet stream below, as OpenSSL wants it. */
static int stream_write(BIO *bio, const char *in, size_t n, size_t *done)
{
    struct bm_tls_session *s = BIO_get_data(bio);
    const struct bm_transport *t = s->config.transport;
    bm_status rc;

    BIO_clear_retry_flags(bio);
    *done = 0;
    rc = t->send(t->self, (struct bm_bytes){ (const uint8_t *)in, n }, done);
    if (rc == BM_OK) {
        return 1;
    }
    *done = 0;
    if (rc == BM_E_TLS_AGAIN) {
        BIO_set_retry_write(bio);
    } else if (rc == BM_E_TLS_CLOSED) {
        s->ended = true;
    } else {
        s->transport = rc;
    }
    return 0;
}

static int stream_read(BIO *bio, char *out, size_t cap, size_t *done)
{
    struct bm_tls_session *s = BIO_get_data(bio);
    const struct bm_transport *t = s->config.transport;
    bm_status rc;

    BIO_clear_retry_flags(bio);
    *done = 0;
    rc = t->receive(t->self, (uint8_t *)out, cap, done);
    if (rc == BM_OK) {
        return 1;
    }
    *done = 0;
    if (rc == BM_E_TLS_AGAIN) {
        BIO_set_retry_read(bio);
    } else if (rc == BM_E_TLS_CLOSED) {
        s->ended = true;
    } else {
        s->transport = rc;
    }
    return 0;
}

static long stream_control(BIO *bio, int what, long number, void *pointer)
{
    const struct bm_tls_session *s = BIO_get_data(bio);

    (void)number;
    (void)pointer;
    switch (what) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return s->ended ? 1 : 0;
    default:
        return 0;
    }
}

BIO_METHOD *openssl_tls_bio_method(void)
{
    int index = BIO_get_new_index();
    BIO_METHOD *m =
        index < 0 ? NULL : BIO_meth_new(index | BIO_TYPE_SOURCE_SINK, "bm");

    if (m != NULL && (BIO_meth_set_write_ex(m, stream_write) != 1 ||
                      BIO_meth_set_read_ex(m, stream_read) != 1 ||
                      BIO_meth_set_ctrl(m, stream_control) != 1)) {
        BIO_meth_free(m);
        m = NULL;
    }
    return m;
}

static bm_status set_stream(struct bm_tls_session *s)
{
    BIO *bio = BIO_new(s->port->bio);

    if (bio == NULL) {
        return BM_E_MEMORY;
    }
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    SSL_set_bio(s->ssl, bio, bio);
    return BM_OK;
}

static X509 *read_cert(struct bm_bytes der)
{
    const unsigned char *p = der.p;
    X509 *cert = der.n > LONG_MAX ? NULL : d2i_X509(NULL, &p, (long)der.n);

    if (cert != NULL && p != der.p + der.n) {
        X509_free(cert);
        cert = NULL;
    }
    return cert;
}

static bm_status set_chain(struct bm_tls_session *s)
{
    for (size_t i = 0; i < s->config.chain_n; i++) {
        X509 *cert = read_cert(s->config.chain[i]);
        bool good =
            cert != NULL && (i == 0 ? SSL_use_certificate(s->ssl, cert) == 1
                                    : SSL_add1_chain_cert(s->ssl, cert) == 1);

        X509_free(cert);
        if (!good) {
            return BM_E_CERT;
        }
    }
    return BM_OK;
}

static bm_status set_identity(struct bm_tls_session *s)
{
    EVP_PKEY *key = NULL;
    bm_status rc;

    if (s->config.signer == NULL) {
        return BM_OK;
    }
    BM_TRY(set_chain(s));
    BM_TRY(openssl_tls_key_new(s->config.signer, &s->signer, &key));
    rc = SSL_use_PrivateKey(s->ssl, key) == 1 ? BM_OK : BM_E_KEY_MISMATCH;
    EVP_PKEY_free(key);
    return rc;
}

bm_status openssl_tls_setup(struct bm_tls_session *s)
{
    const char *name = bm_tls_server_name(&s->config);
    uint16_t version = s->config.version;

    if (version != 0 && (SSL_set_min_proto_version(s->ssl, version) != 1 ||
                         SSL_set_max_proto_version(s->ssl, version) != 1)) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(set_stream(s));
    BM_TRY(set_identity(s));
    BM_TRY(openssl_tls_resume_key(s));
    SSL_set_verify(
        s->ssl,
        SSL_VERIFY_PEER |
            (s->config.peer_optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT),
        NULL);
    if (s->config.server) {
        if (!s->resumable && SSL_set_num_tickets(s->ssl, 0) != 1) {
            return BM_E_CRYPTO;
        }
        SSL_set_accept_state(s->ssl);
        return BM_OK;
    }
    /* SSL_set_tlsext_host_name() without its cast; the name is copied. */
    if (name != NULL &&
        SSL_ctrl(s->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                 TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)name) != 1) {
        return BM_E_ARGUMENT;
    }
    SSL_set_connect_state(s->ssl);
    openssl_tls_resume_offer(s);
    return BM_OK;
}
