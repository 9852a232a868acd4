/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_TEST_CERTS_H
#define BM_DAEMON_TEST_CERTS_H

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "core/bytes.h"

/* Keys and self-signed certificates for tests of TLS, by OpenSSL. */

static inline EVP_PKEY *certs_key(void)
{
    return EVP_EC_gen("P-256");
}

static inline X509 *certs_make(EVP_PKEY *key, const char *name)
{
    X509 *cert = X509_new();
    X509_NAME *subject = X509_get_subject_name(cert);

    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, subject);
    X509_set_pubkey(cert, key);
    X509_sign(cert, key, EVP_sha256());
    return cert;
}

/* PEM of a certificate, to be freed. */
static inline struct bm_bytes certs_pem(X509 *cert)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *data;
    size_t n;
    uint8_t *copy;

    PEM_write_bio_X509(out, cert);
    n = (size_t)BIO_get_mem_data(out, &data);
    copy = malloc(n);
    memcpy(copy, data, n);
    BIO_free(out);
    return (struct bm_bytes){ copy, n };
}

static inline void certs_free(struct bm_bytes b)
{
    free((void *)(uintptr_t)b.p);
}

/* A client: with this certificate, if any, and no opinion of the server's. */
static inline SSL_CTX *certs_client(EVP_PKEY *key, X509 *cert)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    if (cert != NULL) {
        SSL_CTX_use_certificate(ctx, cert);
        SSL_CTX_use_PrivateKey(ctx, key);
    }
    return ctx;
}

#endif
