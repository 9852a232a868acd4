/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_TEST_CERT_H
#define BM_DEVICE_TEST_TEST_CERT_H

#include "core/crypto.h"
#include "core/der.h"

/*
 * A certificate as far as identity.h looks at one: it is of a key. Nobody
 * signed it. `pad` octets of signature make it as long as a test wants.
 */
static size_t test_cert(const struct bm_spki *key, uint32_t serial, size_t pad,
                        uint8_t *out, size_t cap)
{
    static const uint8_t signature[256] = { 0x30 };
    struct bm_wr w;
    size_t cert, tbs, part, n = 0;

    bm_wr_init(&w, out, cap);
    cert = bm_der_open(&w, BM_DER_SEQUENCE);
    tbs = bm_der_open(&w, BM_DER_SEQUENCE);
    part = bm_der_open(&w, BM_DER_CONSTRUCTED(0));
    bm_der_put_u32(&w, 2);
    bm_der_close(&w, part);
    bm_der_put_u32(&w, serial);
    bm_sig_alg_put(&w, BM_SIG_ECDSA_SHA256);
    bm_der_put(&w, BM_DER_SEQUENCE, (struct bm_bytes){ NULL, 0 });
    part = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_der_put(&w, BM_DER_UTC_TIME, BM_LIT("260101000000Z"));
    bm_der_put(&w, BM_DER_UTC_TIME, BM_LIT("270101000000Z"));
    bm_der_close(&w, part);
    bm_der_put(&w, BM_DER_SEQUENCE, (struct bm_bytes){ NULL, 0 });
    bm_wr_put(&w, key->der);
    bm_der_close(&w, tbs);
    bm_sig_alg_put(&w, BM_SIG_ECDSA_SHA256);
    bm_der_put_octet_bits(
        &w, (struct bm_bytes){
                signature, pad < sizeof signature ? pad : sizeof signature });
    bm_der_close(&w, cert);
    return bm_wr_finish(&w, &n) == BM_OK ? n : 0;
}

#endif
