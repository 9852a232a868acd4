/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/jws.h"

#include <string.h>

#include "core/base64.h"
#include "core/der.h"

/* Octets of an integer of ES256. */
#define INTEGER 32

/* RFC 7518 3.4: the integer, big-endian, in 32 octets; in DER it may have a
 * zero before it, or fewer. */
static bm_status take_integer(struct bm_der *d, uint8_t out[INTEGER])
{
    struct bm_bytes value;

    BM_TRY(bm_der_take_integer(d, BM_DER_INTEGER, &value));
    if (value.n == INTEGER + 1 && value.p[0] == 0) {
        value.p++;
        value.n--;
    }
    if (value.n > INTEGER) {
        return BM_E_CRYPTO;
    }
    memset(out, 0, INTEGER - value.n);
    memcpy(out + INTEGER - value.n, value.p, value.n);
    return BM_OK;
}

/* Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER } */
static bm_status take_signature(struct bm_bytes der, uint8_t out[2 * INTEGER])
{
    struct bm_der d;

    BM_TRY(bm_der_open_whole(der, BM_DER_SEQUENCE, NULL, &d));
    BM_TRY(take_integer(&d, out));
    BM_TRY(take_integer(&d, out + INTEGER));
    return bm_der_end(&d);
}

/* RFC 7515 4.1.6: certificates in base64, not base64url. */
static bm_status put_certs(struct bm_bytes certs, struct bm_wr *w)
{
    struct bm_bytes cert;
    struct bm_der d;
    bool first = true;

    bm_der_init(&d, certs, NULL);
    while (bm_der_left(&d) != 0) {
        BM_TRY(bm_der_take_element(&d, BM_DER_SEQUENCE, &cert));
        bm_wr_str(w, first ? "\"" : ",\"");
        bm_base64_put(w, cert, 0);
        bm_wr_str(w, "\"");
        first = false;
    }
    return BM_OK;
}

static bm_status put_header(const struct ca_jws *jws, struct bm_wr *w)
{
    uint8_t room[CA_JWS_MAX];
    struct bm_wr header;
    size_t n;

    bm_wr_init(&header, room, sizeof room);
    bm_wr_str(&header, "{\"alg\":\"ES256\",\"typ\":\"");
    bm_wr_str(&header, jws->type);
    bm_wr_str(&header, "\",\"x5c\":[");
    BM_TRY(put_certs(jws->certs, &header));
    bm_wr_str(&header, "]}");
    BM_TRY(bm_wr_finish(&header, &n));
    bm_base64url_put(w, bm_wr_bytes(&header));
    return BM_OK;
}

bm_status ca_jws_put(const struct ca_jws *jws, struct bm_wr *w)
{
    uint8_t signature[BM_SIGNATURE_MAX];
    uint8_t raw[2 * INTEGER];
    size_t start = w->len;
    struct bm_wr der;
    size_t n;

    if (jws->key->alg != BM_SIG_ECDSA_SHA256) {
        return BM_E_KEY_UNSUPPORTED;
    }
    if (jws->payload.n > CA_JWS_MAX) {
        return BM_E_LIMIT;
    }
    BM_TRY(put_header(jws, w));
    bm_wr_str(w, ".");
    bm_base64url_put(w, jws->payload);
    BM_TRY(bm_wr_finish(w, &n));
    bm_wr_init(&der, signature, sizeof signature);
    BM_TRY(jws->key->sign(jws->key->self,
                          (struct bm_bytes){ w->buf + start, w->len - start },
                          &der));
    BM_TRY(bm_wr_finish(&der, &n));
    BM_TRY(take_signature(bm_wr_bytes(&der), raw));
    bm_wr_str(w, ".");
    bm_base64url_put(w, BM_ARRAY(raw));
    return bm_wr_finish(w, &n);
}
