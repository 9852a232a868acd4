/* SPDX-License-Identifier: Apache-2.0 */
#include "device/tls_port.h"

#include "core/cert.h"

/* A vector of TLS (RFC 8446 3.4): a length of `width` octets, then that. */
static bm_status take_vector(struct bm_bytes *in, size_t width,
                             struct bm_bytes *out)
{
    size_t n = 0;

    if (in->n < width) {
        return BM_E_TLS_HANDSHAKE;
    }
    for (size_t i = 0; i < width; i++) {
        n = n << 8 | in->p[i];
    }
    if (in->n - width < n) {
        return BM_E_TLS_HANDSHAKE;
    }
    *out = (struct bm_bytes){ in->p + width, n };
    *in = (struct bm_bytes){ in->p + width + n, in->n - width - n };
    return BM_OK;
}

static bm_status take_all(struct bm_bytes in, bool tls13,
                          struct bm_bytes certs[BM_TLS_CERTS_MAX], size_t *n)
{
    struct bm_bytes list;
    struct bm_bytes unused;

    if (tls13) {
        BM_TRY(take_vector(&in, 1, &unused));
    }
    BM_TRY(take_vector(&in, 3, &list));
    if (in.n != 0) {
        return BM_E_TLS_HANDSHAKE;
    }
    while (list.n != 0) {
        struct bm_bytes cert;

        BM_TRY(take_vector(&list, 3, &cert));
        if (tls13) {
            BM_TRY(take_vector(&list, 2, &unused));
        }
        if (cert.n == 0) {
            return BM_E_TLS_HANDSHAKE;
        }
        if (*n < BM_TLS_CERTS_MAX) {
            certs[*n] = cert;
            *n += 1;
        }
    }
    return BM_OK;
}

bm_status bm_tls_certs_take(struct bm_bytes body, bool tls13,
                            struct bm_bytes certs[BM_TLS_CERTS_MAX], size_t *n)
{
    bm_status rc;

    *n = 0;
    rc = take_all(body, tls13, certs, n);
    if (rc != BM_OK) {
        *n = 0;
    }
    return rc;
}

/* The rest is bad_certificate. */
static const struct {
    uint16_t refusal;
    uint8_t alert;
} alerts[] = {
    { BM_E_PATH_EXPIRED, 45 },    { BM_E_PATH_NOT_YET, 45 },
    { BM_E_PATH_REVOKED, 44 },    { BM_E_TRUST_DENIED, 44 },
    { BM_E_PATH_NO_ISSUER, 48 },  { BM_E_PATH_SIGNATURE, 48 },
    { BM_E_PATH_KEY_USAGE, 43 },  { BM_E_PATH_EKU, 43 },
    { BM_E_PATH_CRITICAL, 43 },   { BM_E_KEY_UNSUPPORTED, 43 },
    { BM_E_ALG_UNSUPPORTED, 43 }, { BM_E_CRYPTO_UNSUPPORTED, 43 },
};

uint8_t bm_tls_alert_for(bm_status refusal)
{
    for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++) {
        if (alerts[i].refusal == (uint16_t)refusal) {
            return alerts[i].alert;
        }
    }
    return 42;
}

/* Whoever issued it to us may have had habits; peers are the judge's. */
#define OWN                                                                    \
    (BM_TOLERATE_EXPLICIT_FALSE | BM_TOLERATE_SERIAL | BM_TOLERATE_TIME_TYPE | \
     BM_TOLERATE_CERT_SIGN)

bm_status bm_tls_config_check(const struct bm_tls_config *config)
{
    struct bm_cert cert;

    if (config->trust == NULL || config->transport == NULL ||
        config->chain_n > BM_TLS_CHAIN_MAX ||
        (config->version != 0 && config->version != BM_TLS_1_2 &&
         config->version != BM_TLS_1_3)) {
        return BM_E_ARGUMENT;
    }
    if (config->signer == NULL) {
        return config->server || config->chain_n != 0 ? BM_E_ARGUMENT : BM_OK;
    }
    if (config->chain_n == 0) {
        return BM_E_ARGUMENT;
    }
    if (config->signer->key.type != BM_KEY_P256 ||
        config->signer->sign_hash == NULL) {
        return BM_E_KEY_UNSUPPORTED;
    }
    BM_TRY(bm_cert_parse(config->chain[0], OWN, NULL, &cert));
    return bm_bytes_equal(cert.key.der, config->signer->key.der)
               ? BM_OK
               : BM_E_KEY_MISMATCH;
}

/*
 * RFC 6066 3: literal addresses are not permitted. Only IPv6 has a colon, and
 * no top-level domain is all digits (RFC 1123 2.1).
 */
static bool is_address(const char *host)
{
    bool digits = false;

    for (; *host != '\0'; host++) {
        if (*host == ':') {
            return true;
        }
        if (*host == '.') {
            digits = true; /* of the label that begins here */
        } else if (*host < '0' || *host > '9') {
            digits = false;
        }
    }
    return digits;
}

const char *bm_tls_server_name(const struct bm_tls_config *config)
{
    const char *host = config->expect.host;
    bool named = config->expect.use == BM_TRUST_ENROL ||
                 config->expect.use == BM_TRUST_CLOUD;

    if (config->server || !named || host == NULL || host[0] == '\0' ||
        is_address(host)) {
        return NULL;
    }
    return host;
}
