/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A certificate for the library. What it needs of one is its octets and, of
 * the peer's own, the key; so core/ reads it, and the library's own reader,
 * with its own idea of which extensions may be critical, is not linked at all.
 *
 * Nothing is refused here. What core/ cannot read has no key, which no
 * handshake survives, and the judge says what is wrong with it.
 */
#include <string.h>

#include <mbedtls/platform.h>

#include "core/cert.h"
#include "ports/mbedtls/mbedtls_tls_internal.h"

/*
 * Four functions are linked in front of the library's own, by -Wl,--wrap=NAME:
 * who calls NAME gets __wrap_NAME, and __real_NAME is the library's.
 */
int __wrap_mbedtls_x509_crt_parse_der(mbedtls_x509_crt *list,
                                      const unsigned char *der, size_t n);
int __wrap_mbedtls_ssl_tls13_check_received_extension(mbedtls_ssl_context *ssl,
                                                      int message,
                                                      unsigned extension,
                                                      uint32_t allowed);
int __real_mbedtls_ssl_tls13_check_received_extension(mbedtls_ssl_context *ssl,
                                                      int message,
                                                      unsigned extension,
                                                      uint32_t allowed);

int __wrap_mbedtls_ssl_tls13_compute_application_transform(
    mbedtls_ssl_context *ssl);
int __real_mbedtls_ssl_tls13_compute_application_transform(
    mbedtls_ssl_context *ssl);
int __wrap_mbedtls_ssl_tls13_write_client_hello_exts(mbedtls_ssl_context *ssl,
                                                     unsigned char *to,
                                                     unsigned char *end,
                                                     size_t *n);
int __real_mbedtls_ssl_tls13_write_client_hello_exts(mbedtls_ssl_context *ssl,
                                                     unsigned char *to,
                                                     unsigned char *end,
                                                     size_t *n);
/* Internal to the library. */
void mbedtls_ssl_set_outbound_transform(mbedtls_ssl_context *ssl,
                                        mbedtls_ssl_transform *transform);

/* The next free place of a list, in *place; NULL: there is none left. */
static int find_place(mbedtls_x509_crt *list, mbedtls_x509_crt **place)
{
    mbedtls_x509_crt *at = list;
    size_t n = 1;

    *place = NULL;
    if (list->version == 0) {
        *place = list;
        return 0;
    }
    for (; at->next != NULL; at = at->next) {
        n++;
    }
    if (n == BM_TLS_CERTS_MAX) {
        return 0;
    }
    at->next = mbedtls_calloc(1, sizeof *at->next);
    if (at->next == NULL) {
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    }
    mbedtls_x509_crt_init(at->next);
    *place = at->next;
    return 0;
}

static int set_octets(mbedtls_x509_crt *cert, const uint8_t *der, size_t n,
                      bool keep)
{
    uint8_t *copy;

    /* The library only reads it. */
    cert->raw.p = (uint8_t *)(uintptr_t)der;
    cert->raw.len = n;
    if (keep) {
        copy = mbedtls_calloc(1, n);
        if (copy == NULL) {
            return MBEDTLS_ERR_X509_ALLOC_FAILED;
        }
        memcpy(copy, der, n);
        cert->raw.p = copy;
        cert->MBEDTLS_PRIVATE(own_buffer) = 1;
    }
    cert->version = 3; /* of interest is that it is not 0: taken */
    /* All names are left empty, but for an issuer that is not the same as
     * nothing: so the library finds nobody's, and verifies no signature. */
    cert->issuer.oid.tag = MBEDTLS_ASN1_OID;
    return 0;
}

/* The key of the peer's own certificate: with it the library checks that the
 * peer has the private half. */
static int set_key(mbedtls_x509_crt *cert)
{
    struct bm_bytes der = { cert->raw.p, cert->raw.len };
    struct bm_cert read;
    uint8_t *p;

    if (bm_cert_parse(der, BM_STRICT, NULL, &read) != BM_OK ||
        read.key.type != BM_KEY_P256) {
        return 0;
    }
    p = cert->raw.p + (read.key.der.p - der.p);
    cert->pk_raw.p = p;
    cert->pk_raw.len = read.key.der.n;
    return mbedtls_pk_parse_subpubkey(&p, p + read.key.der.n, &cert->pk) ==
                   MBEDTLS_ERR_PK_ALLOC_FAILED
               ? MBEDTLS_ERR_X509_ALLOC_FAILED
               : 0;
}

int mbedtls_tls_read_cert(mbedtls_x509_crt *list, const uint8_t *der, size_t n,
                          bool keep)
{
    mbedtls_x509_crt *cert;
    int ret = find_place(list, &cert);

    if (ret != 0 || cert == NULL) {
        return ret;
    }
    ret = set_octets(cert, der, n, keep);
    if (ret == 0 && cert == list) {
        ret = set_key(cert);
    }
    return ret;
}

/*
 * A peer's certificate, as the library takes it. The octets lie in its input
 * buffer until the chain was judged; only the peer's own certificate, the first
 * of the list, is kept beyond, and copied.
 */
int __wrap_mbedtls_x509_crt_parse_der(mbedtls_x509_crt *list,
                                      const unsigned char *der, size_t n)
{
    return mbedtls_tls_read_cert(list, der, n, list->version == 0);
}

/*
 * Is this answer to an extension of ours? A client that offers both versions
 * asks for short records (RFC 6066 4), and a server that takes TLS 1.3 answers
 * as RFC 8446 4.2 has it, in EncryptedExtensions. The library asks, but expects
 * the answer in TLS 1.2 only.
 */
#define MAX_FRAGMENT_LENGTH 1
int __wrap_mbedtls_ssl_tls13_check_received_extension(mbedtls_ssl_context *ssl,
                                                      int message,
                                                      unsigned extension,
                                                      uint32_t allowed)
{
    if (message == MBEDTLS_SSL_HS_ENCRYPTED_EXTENSIONS &&
        extension == MAX_FRAGMENT_LENGTH) {
        return 0;
    }
    return __real_mbedtls_ssl_tls13_check_received_extension(
        ssl, message, extension, allowed);
}

/*
 * Extensions of a ClientHello for TLS 1.3. The library asks for short records
 * among those for TLS 1.2; who offers 1.3 alone asks here.
 *
 *   RFC 6066 4: enum { 2^9(1), 2^10(2), 2^11(3), 2^12(4) } MaxFragmentLength;
 */
int __wrap_mbedtls_ssl_tls13_write_client_hello_exts(mbedtls_ssl_context *ssl,
                                                     unsigned char *to,
                                                     unsigned char *end,
                                                     size_t *n)
{
    const mbedtls_ssl_config *conf = mbedtls_ssl_context_get_config(ssl);
    const uint8_t extension[] = { 0, MAX_FRAGMENT_LENGTH, 0, 1,
                                  conf->MBEDTLS_PRIVATE(mfl_code) };
    int ret = __real_mbedtls_ssl_tls13_write_client_hello_exts(ssl, to, end, n);

    if (ret != 0 ||
        conf->MBEDTLS_PRIVATE(min_tls_version) == MBEDTLS_SSL_VERSION_TLS1_2) {
        return ret;
    }
    if ((size_t)(end - to) < *n + sizeof extension) {
        return MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
    }
    memcpy(to + *n, extension, sizeof extension);
    *n += sizeof extension;
    return 0;
}

/*
 * A server has sent its Finished. RFC 8446 4.4.4: what follows is under the
 * keys of the application; the library keeps to those of the handshake until
 * the client is done, so that a client which is refused could not read why.
 */
int __wrap_mbedtls_ssl_tls13_compute_application_transform(
    mbedtls_ssl_context *ssl)
{
    int ret = __real_mbedtls_ssl_tls13_compute_application_transform(ssl);

    if (ret == 0 &&
        mbedtls_ssl_conf_get_endpoint(mbedtls_ssl_context_get_config(ssl)) ==
            MBEDTLS_SSL_IS_SERVER) {
        mbedtls_ssl_set_outbound_transform(
            ssl, ssl->MBEDTLS_PRIVATE(transform_application));
    }
    return ret;
}
