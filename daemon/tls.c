/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/tls.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "core/der.h"

/*
 * AES-128-GCM first: SHA-384, which the 256-bit suites bring, has no help of
 * the processor and shows in every handshake. CCM is what constrained devices
 * have (RFC 7925); its eight-octet tag is not offered.
 */
static const char suites_13[] = "TLS_AES_128_GCM_SHA256:"
                                "TLS_CHACHA20_POLY1305_SHA256:"
                                "TLS_AES_256_GCM_SHA384:"
                                "TLS_AES_128_CCM_SHA256";
static const char suites_12[] = "ECDHE-ECDSA-AES128-GCM-SHA256:"
                                "ECDHE-ECDSA-CHACHA20-POLY1305:"
                                "ECDHE-ECDSA-AES256-GCM-SHA384:"
                                "ECDHE-ECDSA-AES128-CCM:"
                                "ECDHE-RSA-AES128-GCM-SHA256:"
                                "ECDHE-RSA-CHACHA20-POLY1305:"
                                "ECDHE-RSA-AES256-GCM-SHA384";
/* Not constant, as OpenSSL's macros cast that away.
 * X25519 is the fastest; TLS 1.2 with a P-256 certificate needs P-256. */
static char groups[] = "X25519:P-256:P-384";
static char algorithms[] = "ECDSA+SHA256:ed25519:ECDSA+SHA384:"
                           "ECDSA+SHA512:"
                           "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:"
                           "rsa_pss_rsae_sha512:rsa_pss_pss_sha256:"
                           "rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
                           "RSA+SHA256:RSA+SHA384:RSA+SHA512";

/*
 * What a client may send of certificates: four with RSA-4096 keys, and then
 * some. It is held while the handshake lasts, by anybody who connects.
 */
#define CLIENT_CERTS_OCTETS 32768
#define CLIENT_CERTS_MAX    8

static bm_status refuse(struct ca_refusal *why, bm_status rc, const char *what)
{
    char words[128];

    ERR_error_string_n(ERR_peek_last_error(), words, sizeof(words));
    ERR_clear_error();
    return ca_refuse(why, rc, "%s: %s", what, words);
}

/*
 * A handshake shows that the client holds the key of what it sent; whether
 * that is worth anything is decided elsewhere, request by request.
 */
static int take_as_it_comes(X509_STORE_CTX *ctx, void *arg)
{
    const STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(ctx);

    (void)arg;
    if (sent != NULL && sk_X509_num(sent) > CLIENT_CERTS_MAX) {
        X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_CHAIN_TOO_LONG);
        return 0;
    }
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
}

/* RFC 7301 3.2: a protocol of the client's list, or the alert. */
static int choose_protocol(SSL *tls, const unsigned char **out,
                           unsigned char *out_n, const unsigned char *in,
                           unsigned in_n, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;

    (void)tls;
    (void)arg;
    if (SSL_select_next_proto(&chosen, out_n, ours, sizeof(ours) - 1, in,
                              in_n) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool set_algorithms(SSL_CTX *tls)
{
    return SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(tls, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(tls, suites_13) == 1 &&
           SSL_CTX_set_cipher_list(tls, suites_12) == 1 &&
           SSL_CTX_set1_groups_list(tls, groups) == 1 &&
           SSL_CTX_set1_sigalgs_list(tls, algorithms) == 1 &&
           SSL_CTX_set1_client_sigalgs_list(tls, algorithms) == 1;
}

static void set_behaviour(SSL_CTX *tls, bool require_client)
{
    SSL_CTX_set_security_level(tls, 2); /* 112 bits */
    SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                 SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_CLEANSE_PLAINTEXT);
    /* No path of ours is built per connection; what a connection has no use
     * for between two records is given back. */
    SSL_CTX_set_mode(tls, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS |
                              SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(tls, 0);
    SSL_CTX_set_read_ahead(tls, 1); /* one read per record, not two */
    SSL_CTX_set_max_cert_list(tls, CLIENT_CERTS_OCTETS);
    SSL_CTX_set_verify(
        tls,
        SSL_VERIFY_PEER |
            (require_client ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
        NULL);
    SSL_CTX_set_cert_verify_callback(tls, take_as_it_comes, NULL);
    SSL_CTX_set_alpn_select_cb(tls, choose_protocol, NULL);
}

/* The first certificate of the PEM is the server's; the others follow it. */
static bm_status set_chain(SSL_CTX *tls, struct bm_bytes pem, EVP_PKEY *key,
                           struct ca_refusal *why)
{
    bm_status rc = BM_E_INTERNAL;
    X509 *cert = NULL;
    BIO *in = NULL;

    if (pem.n > INT_MAX) {
        return BM_E_LIMIT;
    }
    in = BIO_new_mem_buf(pem.p, (int)pem.n);
    if (in == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    cert = PEM_read_bio_X509(in, NULL, NULL, NULL);
    if (cert == NULL || SSL_CTX_use_certificate(tls, cert) != 1) {
        rc = refuse(why, BM_E_CERT, "server certificate");
        goto out;
    }
    if (SSL_CTX_use_PrivateKey(tls, key) != 1 ||
        SSL_CTX_check_private_key(tls) != 1) {
        rc = refuse(why, BM_E_KEY_MISMATCH, "key of the server certificate");
        goto out;
    }
    for (;;) {
        X509_free(cert);
        cert = PEM_read_bio_X509(in, NULL, NULL, NULL);
        if (cert == NULL) {
            break;
        }
        if (SSL_CTX_add1_chain_cert(tls, cert) != 1) {
            rc = refuse(why, BM_E_CERT, "chain of the server certificate");
            goto out;
        }
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        rc = refuse(why, BM_E_CERT, "chain of the server certificate");
        goto out;
    }
    ERR_clear_error();
    rc = BM_OK;

out:
    X509_free(cert);
    BIO_free(in);
    return rc;
}

/* RFC 8446 4.2.4: the names of the CAs whose certificates are welcome. */
static bm_status name_client_cas(SSL_CTX *tls, struct bm_bytes cas,
                                 struct ca_refusal *why)
{
    struct bm_der d;

    bm_der_init(&d, cas, NULL);
    while (bm_der_left(&d) != 0) {
        struct bm_bytes element;
        const unsigned char *p;
        X509 *cert;
        bool added;

        BM_TRY(bm_der_take_element(&d, BM_DER_SEQUENCE, &element));
        p = element.p;
        cert =
            element.n > LONG_MAX ? NULL : d2i_X509(NULL, &p, (long)element.n);
        added = cert != NULL && SSL_CTX_add_client_CA(tls, cert) == 1;
        X509_free(cert);
        if (!added) {
            return refuse(why, BM_E_CERT, "CA of clients");
        }
    }
    return BM_OK;
}

bm_status tls_new(const struct tls_config *config, SSL_CTX **tls,
                  struct ca_refusal *why)
{
    bm_status rc = BM_E_INTERNAL;
    SSL_CTX *ctx;

    *tls = NULL;
    ERR_clear_error();
    ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL) {
        return refuse(why, BM_E_MEMORY, "TLS");
    }
    if (!set_algorithms(ctx)) {
        rc = refuse(why, BM_E_CRYPTO, "TLS");
        goto out;
    }
    set_behaviour(ctx, config->require_client);
    rc = set_chain(ctx, config->chain, config->key, why);
    if (rc == BM_OK) {
        rc = name_client_cas(ctx, config->client_cas, why);
    }
    if (rc == BM_OK) {
        *tls = ctx;
        ctx = NULL;
    }

out:
    SSL_CTX_free(ctx);
    return rc;
}

bm_status tls_binding(SSL *tls, uint8_t out[TLS_BINDING_MAX], size_t *n)
{
    /* RFC 9266 4.2: this label, no context, 32 octets. */
    static const char label[] = "EXPORTER-Channel-Binding";

    *n = 0;
    if (SSL_version(tls) == TLS1_3_VERSION) {
        if (SSL_export_keying_material(tls, out, 32, label, sizeof(label) - 1,
                                       NULL, 0, 0) != 1) {
            return BM_E_CRYPTO;
        }
        *n = 32;
        return BM_OK;
    }
    /* RFC 5929 3.1: the first Finished message, the client's unless a session
     * was resumed. RFC 7627 6.1: without extended master secret it binds
     * nothing. */
    if (SSL_version(tls) != TLS1_2_VERSION || SSL_get_extms_support(tls) != 1 ||
        SSL_session_reused(tls)) {
        return BM_E_NOT_FOUND;
    }
    *n = SSL_get_peer_finished(tls, out, TLS_BINDING_MAX);
    return *n == 0 || *n > TLS_BINDING_MAX ? BM_E_NOT_FOUND : BM_OK;
}

/* Alerts of the client are its reasons plus 1000 (openssl/sslerr.h). */
static const struct {
    int reason;
    const char *label;
} failures[] = {
    { SSL_R_NO_SHARED_CIPHER, "no_shared_cipher" },
    { SSL_R_NO_SHARED_GROUPS, "no_shared_group" },
    { SSL_R_NO_SUITABLE_KEY_SHARE, "no_shared_group" },
    { SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, "no_shared_signature" },
    { SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "no_shared_signature" },
    { SSL_R_WRONG_SIGNATURE_TYPE, "no_shared_signature" },
    { SSL_R_UNSUPPORTED_PROTOCOL, "version" },
    { SSL_R_VERSION_TOO_LOW, "version" },
    { SSL_R_UNKNOWN_PROTOCOL, "version" },
    { SSL_R_WRONG_SSL_VERSION, "version" },
    { SSL_R_INAPPROPRIATE_FALLBACK, "version" },
    { SSL_R_HTTP_REQUEST, "plain_http" },
    { SSL_R_HTTPS_PROXY_REQUEST, "plain_http" },
    { SSL_R_WRONG_VERSION_NUMBER, "not_tls" },
    { SSL_R_UNEXPECTED_MESSAGE, "malformed" },
    { SSL_R_LENGTH_MISMATCH, "malformed" },
    { SSL_R_BAD_EXTENSION, "malformed" },
    { SSL_R_BAD_RECORD_TYPE, "malformed" },
    { SSL_R_PACKET_LENGTH_TOO_LONG, "malformed" },
    { SSL_R_ENCRYPTED_LENGTH_TOO_LONG, "malformed" },
    { SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "malformed" },
    { SSL_R_DIGEST_CHECK_FAILED, "malformed" },
    { SSL_R_NO_APPLICATION_PROTOCOL, "no_shared_protocol" },
    { SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "no_certificate" },
    { SSL_R_CERTIFICATE_VERIFY_FAILED, "certificate" },
    { SSL_R_EXCESSIVE_MESSAGE_SIZE, "too_large" },
    { SSL_R_BAD_SIGNATURE, "bad_signature" },
    { SSL_R_UNEXPECTED_EOF_WHILE_READING, "closed" },
    { SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "alert_handshake_failure" },
    { SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "alert_bad_certificate" },
    { SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, "alert_bad_certificate" },
    { SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "alert_certificate_revoked" },
    { SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "alert_certificate_expired" },
    { SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "alert_certificate_unknown" },
    { SSL_R_TLSV1_ALERT_UNKNOWN_CA, "alert_unknown_ca" },
    { SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "version" },
    { SSL_R_TLSV1_ALERT_USER_CANCELLED, "closed" },
};

const char *tls_failure(unsigned long error)
{
    if (error == 0 || ERR_SYSTEM_ERROR(error)) {
        return "closed";
    }
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
            ERR_GET_REASON(error) == failures[i].reason) {
            return failures[i].label;
        }
    }
    return ERR_GET_LIB(error) == ERR_LIB_SSL &&
                   ERR_GET_REASON(error) >= SSL_AD_REASON_OFFSET
               ? "alert_other"
               : "other";
}
