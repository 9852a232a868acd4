/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ports/mbedtls/internal.h"

/* One half: positive, and no longer than the order of the curve. */
static bm_status take_half(struct bm_der *d, uint8_t raw[RAW_HALF_SIZE])
{
    struct bm_bytes v;

    BM_TRY(bm_der_take_integer(d, BM_DER_INTEGER, &v));
    if ((v.p[0] & 0x80) != 0) {
        return BM_E_SIGNATURE;
    }
    if (v.p[0] == 0) { /* makes room for the sign; or all there is */
        v.p++;
        v.n--;
    }
    if (v.n > RAW_HALF_SIZE) {
        return BM_E_SIGNATURE;
    }
    memset(raw, 0, RAW_HALF_SIZE);
    memcpy(raw + RAW_HALF_SIZE - v.n, v.p, v.n);
    return BM_OK;
}

/*
 * RFC 3279 2.2.3
 *
 *   Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }
 *
 * Zero and what is not below the order is for PSA to refuse.
 */
bm_status mbedtls_sig_take(struct bm_bytes der, uint8_t raw[RAW_SIGNATURE_SIZE])
{
    struct bm_der outer;
    struct bm_der d;

    bm_der_init(&outer, der, NULL);
    BM_TRY(bm_der_enter(&outer, BM_DER_SEQUENCE, &d));
    BM_TRY(bm_der_end(&outer));
    BM_TRY(take_half(&d, raw));
    BM_TRY(take_half(&d, raw + RAW_HALF_SIZE));
    return bm_der_end(&d);
}

void mbedtls_sig_put(struct bm_wr *w, const uint8_t raw[RAW_SIGNATURE_SIZE])
{
    size_t m = bm_der_open(w, BM_DER_SEQUENCE);

    bm_der_put_unsigned(w, (struct bm_bytes){ raw, RAW_HALF_SIZE });
    bm_der_put_unsigned(
        w, (struct bm_bytes){ raw + RAW_HALF_SIZE, RAW_HALF_SIZE });
    bm_der_close(w, m);
}
