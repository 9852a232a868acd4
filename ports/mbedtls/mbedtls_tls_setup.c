/* SPDX-License-Identifier: Apache-2.0 */
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl_ciphersuites.h>

#include "ports/mbedtls/internal.h"
#include "ports/mbedtls/mbedtls_tls_internal.h"

static const int suites[] = { MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
                              MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                              0 };
#ifdef MBEDTLS_SSL_PROTO_TLS1_2
#define OLDEST BM_TLS_1_2
#else
#define OLDEST BM_TLS_1_3
#endif
static const uint16_t groups[] = { MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
                                   MBEDTLS_SSL_IANA_TLS_GROUP_NONE };
static const uint16_t algorithms[] = {
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_NONE
};

/* What keys of peers may be; the rest of certificates is the judge's. */
static const mbedtls_x509_crt_profile profile = {
    .allowed_mds = MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256),
    .allowed_pks = MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECKEY) |
                   MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECDSA),
    .allowed_curves = MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1),
};

static int stream_send(void *self, const unsigned char *octets, size_t n)
{
    struct bm_tls_session *s = self;
    const struct bm_transport *t = s->config.transport;
    size_t done = 0;
    bm_status rc = t->send(t->self, (struct bm_bytes){ octets, n }, &done);

    if (rc == BM_OK) {
        return (int)done;
    }
    if (rc == BM_E_TLS_AGAIN) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    if (rc == BM_E_TLS_CLOSED) {
        s->ended = true;
        return MBEDTLS_ERR_SSL_CONN_EOF;
    }
    s->transport = rc;
    return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int stream_receive(void *self, unsigned char *out, size_t cap)
{
    struct bm_tls_session *s = self;
    const struct bm_transport *t = s->config.transport;
    size_t done = 0;
    bm_status rc = t->receive(t->self, out, cap, &done);

    if (rc == BM_OK) {
        return (int)done;
    }
    if (rc == BM_E_TLS_AGAIN) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    if (rc == BM_E_TLS_CLOSED) {
        s->ended = true;
        return 0;
    }
    s->transport = rc;
    return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

/* Ours goes out in one message (RFC 8446 4.4.2): four octets of header, four
 * before the list, five around each. */
static bm_status check_room(const struct bm_tls_config *c)
{
    size_t n = 8;

    for (size_t i = 0; i < c->chain_n; i++) {
        n += c->chain[i].n + 5;
    }
    return n > MBEDTLS_SSL_OUT_CONTENT_LEN ? BM_E_LIMIT : BM_OK;
}

static bm_status set_identity(struct bm_tls_session *s)
{
    const struct bm_tls_config *c = &s->config;
    psa_key_id_t id;

    if (c->signer == NULL) {
        return BM_OK;
    }
    if (!mbedtls_signer_key(c->signer, &id)) {
        return BM_E_KEY_UNSUPPORTED;
    }
    BM_TRY(check_room(c));
    for (size_t i = 0; i < c->chain_n; i++) {
        if (mbedtls_tls_read_cert(&s->own, c->chain[i].p, c->chain[i].n,
                                  false) != 0) {
            return BM_E_MEMORY;
        }
    }
    if (mbedtls_pk_setup_opaque(&s->key, id) != 0) {
        return BM_E_KEY_UNSUPPORTED;
    }
    return mbedtls_ssl_conf_own_cert(&s->conf, &s->own, &s->key) == 0
               ? BM_OK
               : BM_E_MEMORY;
}

/* RFC 6066 4: the longest record, both ways, that fits both buffers. */
#if MBEDTLS_SSL_IN_CONTENT_LEN < MBEDTLS_SSL_OUT_CONTENT_LEN
#define RECORD MBEDTLS_SSL_IN_CONTENT_LEN
#else
#define RECORD MBEDTLS_SSL_OUT_CONTENT_LEN
#endif
static unsigned char record_code(void)
{
    return RECORD >= 4096   ? MBEDTLS_SSL_MAX_FRAG_LEN_4096
           : RECORD >= 2048 ? MBEDTLS_SSL_MAX_FRAG_LEN_2048
           : RECORD >= 1024 ? MBEDTLS_SSL_MAX_FRAG_LEN_1024
                            : MBEDTLS_SSL_MAX_FRAG_LEN_512;
}

static int auth_mode(const struct bm_tls_config *c)
{
    return c->server && c->peer_optional ? MBEDTLS_SSL_VERIFY_OPTIONAL
                                         : MBEDTLS_SSL_VERIFY_REQUIRED;
}

static void set_conf(struct bm_tls_session *s)
{
    mbedtls_ssl_config *conf = &s->conf;
    uint16_t version = s->config.version;

    mbedtls_ssl_conf_endpoint(conf, s->config.server ? MBEDTLS_SSL_IS_SERVER
                                                     : MBEDTLS_SSL_IS_CLIENT);
    mbedtls_ssl_conf_transport(conf, MBEDTLS_SSL_TRANSPORT_STREAM);
    mbedtls_ssl_conf_min_tls_version(
        conf, (mbedtls_ssl_protocol_version)(version != 0 ? version : OLDEST));
    mbedtls_ssl_conf_max_tls_version(
        conf,
        (mbedtls_ssl_protocol_version)(version != 0 ? version : BM_TLS_1_3));
    mbedtls_ssl_conf_tls13_key_exchange_modes(
        conf, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL);
    mbedtls_ssl_conf_ciphersuites(conf, suites);
    mbedtls_ssl_conf_groups(conf, groups);
    mbedtls_ssl_conf_sig_algs(conf, algorithms);
    mbedtls_ssl_conf_cert_profile(conf, &profile);
    mbedtls_ssl_conf_rng(conf, mbedtls_psa_get_random,
                         MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_ssl_conf_authmode(conf, auth_mode(&s->config));
#ifdef MBEDTLS_SSL_EXTENDED_MASTER_SECRET
    mbedtls_ssl_conf_extended_master_secret(conf,
                                            MBEDTLS_SSL_EXTENDED_MS_ENABLED);
#endif
    mbedtls_ssl_conf_verify(conf, mbedtls_tls_judge, s);
    /* Without any CA the library refuses to verify at all
     * (MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED); this one has no name and no key, so
     * it is nobody's issuer, and it is not named to clients. */
    mbedtls_ssl_conf_ca_chain(conf, &s->none, NULL);
    mbedtls_ssl_conf_cert_req_ca_list(conf,
                                      MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
}

#ifdef MBEDTLS_SSL_PROTO_TLS1_2
_Static_assert(MBEDTLS_PREMASTER_SIZE >= 32 && MBEDTLS_PREMASTER_SIZE <= 128,
               "a premaster secret is one coordinate of P-256");
#endif
_Static_assert((int)MBEDTLS_SSL_VERSION_TLS1_2 == BM_TLS_1_2 &&
                   (int)MBEDTLS_SSL_VERSION_TLS1_3 == BM_TLS_1_3,
               "versions are those of the wire");

bm_status mbedtls_tls_setup(struct bm_tls_session *s)
{
    mbedtls_ssl_init(&s->ssl);
    mbedtls_ssl_config_init(&s->conf);
    mbedtls_pk_init(&s->key);
    mbedtls_x509_crt_init(&s->own);
    mbedtls_x509_crt_init(&s->none);
    set_conf(s);
    if (mbedtls_ssl_conf_max_frag_len(&s->conf, record_code()) != 0) {
        return BM_E_INTERNAL;
    }
    BM_TRY(set_identity(s));
    if (mbedtls_ssl_setup(&s->ssl, &s->conf) != 0 ||
        mbedtls_ssl_set_hostname(&s->ssl, bm_tls_server_name(&s->config)) !=
            0) {
        return BM_E_MEMORY;
    }
    mbedtls_ssl_set_bio(&s->ssl, s, stream_send, stream_receive, NULL);
    return BM_OK;
}

void mbedtls_tls_release(struct bm_tls_session *s)
{
    mbedtls_ssl_free(&s->ssl);
    mbedtls_ssl_config_free(&s->conf);
    mbedtls_pk_free(&s->key);
    mbedtls_x509_crt_free(&s->own);
    mbedtls_x509_crt_free(&s->none);
}
