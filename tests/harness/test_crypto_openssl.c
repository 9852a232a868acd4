/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/openssl/openssl.h"
#include "tests/harness/test_keys.h"

static const uint8_t test_p384[48] = {
    0x76, 0x43, 0x5c, 0x84, 0x92, 0x2f, 0xd8, 0x9b, 0xdc, 0x5b, 0xb3, 0x8d,
    0xd6, 0xdc, 0x4d, 0xaa, 0xab, 0x1e, 0xc4, 0xeb, 0x64, 0xa9, 0xc2, 0x51,
    0x3c, 0x46, 0xfe, 0x0a, 0xef, 0xe4, 0xa2, 0xf8, 0xb6, 0xe1, 0x7d, 0xe3,
    0x42, 0x8e, 0x3b, 0xdf, 0x58, 0x8e, 0x5b, 0xfe, 0xa8, 0x00, 0xc5, 0x89,
};

static const uint8_t test_ed25519[32] = {
    0xa8, 0x5c, 0x0b, 0xb7, 0x9f, 0xa8, 0xfd, 0xb0, 0x46, 0x98, 0x33,
    0xde, 0x5d, 0x7e, 0x7c, 0xd0, 0xf8, 0x5c, 0x4e, 0xdf, 0x8b, 0x16,
    0xf7, 0xec, 0x15, 0x2c, 0xac, 0x60, 0xf6, 0xe1, 0xaf, 0xf7,
};

static const char test_rsa2048[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDfQZ0UnRwgt0W/\n"
    "Ct2MyV1bRzm944zcJxxx+coxFnYD13JtOU0xE4cnjM4Jx1/+5EKpDHjV/brttt3u\n"
    "rR5ObNRgWwUxddq5Kzg/QsMQ0zlBlyXeSgfRJLu4BfA4zZyC9lgi8ZvYFtqzeTHn\n"
    "/HfQC4R1JUm0RgeMactDJ4SnMHJnM4dBr09vJ57Y6KdXRtVoruan7XK8B23xdeGj\n"
    "AsOPC6M+2c8UBBKqTOqllj58d0sNIRGYt33XRN1P/GU7qrhmL4KwL8LFDbKo4KG9\n"
    "HUgM5oxUoqdHtStzgzX4cMF4tO8sSrDPyFai5griJZjR99LUuyMgfCzAWfB1iJnW\n"
    "nr9P10mpAgMBAAECggEAJGHU718LDmnPe+qRYDgQdqeMyV0jv1zATfKe+JDoeofJ\n"
    "pfMImU7NX6yahw1un2MjWdkmd/j5VXPPhu2/Wphxo6IxnnXORw68A9MlZsCFPCMd\n"
    "kLQPwg1yafLNyvP25YCvrEIjW3ud+FFvyJZkEAtQcqa49B/VaxRyg2cVPwmuGxME\n"
    "oo0TQw+HNmqcDbr5nM6RaYACWtM3eBtAA7sB4eS/CFc7/LthKGK3MwQIDKGVNwOf\n"
    "e19yC/3gykSeibeIhHvfUeG5jjpWz0AonF+fnOEtCmovFmi1nE98AJEHxQniOV0K\n"
    "+Xr83gtuKj3qPvMqiBfDZXy9+BBb4DS5F7UowGphgQKBgQD5apw0z3zGIs9NvywN\n"
    "AEI+aDVI7lIUqTHAiLBtFgkcZYuN4UHy+hJq52V0gWA8VdaLNerq70TD/WpX2dBi\n"
    "zPFiz1VZXb074fCgjaZyXKCR2xvy6FvgV6R9SB29/Lri54pn9XL+JHLnF6B57FDa\n"
    "zmwVdQXuZAzKZJ2aq7/8/70zxQKBgQDlJjsK5Wa3lggIR5as/c0nxJNAvzFc2Jix\n"
    "VLxwPiwd1YMTp/BjezW3BjcLKdcoNK6o7UaYYol591rOVT4wG+sASq4IX74HtbQt\n"
    "wcWNeo/Clh33qoYRpvdCXxbK9hajTD9RU2IKnVDn029YHeZn7z4YSFGI1xFqs+Zd\n"
    "BhgVmFIIlQKBgChOeUXzjgd7EqNO1LCZLRtmvc22bd9W5Gpn7JMEb55+LopUL9Mz\n"
    "ZIyQLo4gZkv51z0SDo++8Q73QhtGYO3Gju/X78QMaQtnXPqlSZPLsks/7IlZ0Zc0\n"
    "sqloYR4V3KHUp0JboSS/AS6lW9K4ROzHVSI2kinPU13V2r5nKRSaw5m9AoGAMhAO\n"
    "Ki1AKa+/hX+ObbDtV1jdCvI6aJxxj5yBpswOe14gSvUP0cwjSh8ze17iwMfxuLpO\n"
    "CBDPFDR0REvfUEdpKiEmsHGqZKjP+ocxD93M9qgxV+CLdePSdU+s/R6Sh46q7quW\n"
    "6dbAzEUnOEsgAWkFWezC03CZP4SaOYyRSnaCxZkCgYEAsM4GlK4AytLBpd+UtSLn\n"
    "YXxelPG2m/BtzHPelIlPjV4p2FJ69ehHF1rXEKV9lOs09+E5LOG3B/XFEbZGJdbG\n"
    "5Rmr3VAaklx5JQZ87JXHZTJQjWNAbxtr4WZbvdX/080BBHPJFSGUGpnHhFq9mZBD\n"
    "eNqSQBnPXQsuhkmrC9dLym4=\n"
    "-----END PRIVATE KEY-----\n";

static void must(int ok, const char *what)
{
    if (!ok) {
        printf("Bail out! %s\n", what);
        exit(1);
    }
}

const struct bm_crypto *bm_test_crypto(void)
{
    static struct bm_crypto *crypto;

    if (crypto == NULL) {
        must(bm_openssl_new(&crypto) == BM_OK, "OpenSSL does not start");
    }
    return crypto;
}

/*
 * RFC 5915 3: ECPrivateKey without its public key, which OpenSSL computes.
 *
 *   ECPrivateKey ::= SEQUENCE {
 *       version     INTEGER { ecPrivkeyVer1(1) },
 *       privateKey  OCTET STRING,
 *       parameters  [0] ECParameters OPTIONAL, ... }
 */
static EVP_PKEY *ec_key(struct bm_bytes scalar, struct bm_bytes curve)
{
    uint8_t der[128];
    const uint8_t *p = der;
    struct bm_wr w;
    size_t sequence;
    size_t parameters;
    size_t n;

    bm_wr_init(&w, der, sizeof der);
    sequence = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_der_put_u32(&w, 1);
    bm_der_put(&w, BM_DER_OCTET_STRING, scalar);
    parameters = bm_der_open(&w, BM_DER_CONSTRUCTED(0));
    bm_der_put_oid(&w, curve);
    bm_der_close(&w, parameters);
    bm_der_close(&w, sequence);
    if (bm_wr_finish(&w, &n) != BM_OK) {
        return NULL;
    }
    return d2i_PrivateKey(EVP_PKEY_EC, NULL, &p, (long)n);
}

static EVP_PKEY *open_key(enum bm_key_type type, size_t i)
{
    switch (type) {
    case BM_KEY_P256:
        return ec_key(BM_ARRAY(test_p256[i]),
                      BM_LIT("\x2a\x86\x48\xce\x3d\x03\x01\x07"));
    case BM_KEY_P384:
        return ec_key(BM_ARRAY(test_p384), BM_LIT("\x2b\x81\x04\x00\x22"));
    case BM_KEY_ED25519:
        return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
                                            test_ed25519, sizeof test_ed25519);
    default:
        return NULL;
    }
}

static bm_status open_signer(enum bm_key_type type, size_t i,
                             struct bm_signer **signer)
{
    EVP_PKEY *pkey;
    bm_status rc;

    if (type == BM_KEY_RSA) {
        return bm_openssl_signer_from_pem(BM_LIT(test_rsa2048), signer);
    }
    pkey = open_key(type, i);
    must(pkey != NULL, "a test key does not load");
    rc = bm_openssl_signer_from_pkey(pkey, signer);
    EVP_PKEY_free(pkey);
    return rc;
}

const struct bm_signer *bm_test_signer_nth(enum bm_key_type type, size_t i)
{
    static struct bm_signer *signers[BM_KEY_RSA + 1][BM_TEST_P256_KEYS];

    if (type == BM_KEY_UNKNOWN || type > BM_KEY_RSA ||
        i >= (type == BM_KEY_P256 ? BM_TEST_P256_KEYS : 1)) {
        return NULL;
    }
    if (signers[type][i] == NULL) {
        must(open_signer(type, i, &signers[type][i]) == BM_OK,
             "a test key does not load");
    }
    return signers[type][i];
}

const struct bm_signer *bm_test_signer(enum bm_key_type type)
{
    return bm_test_signer_nth(type, 0);
}
