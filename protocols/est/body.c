/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "core/base64.h"
#include "core/pem.h"
#include "protocols/est/est.h"

#define PKCS10 "application/pkcs10"

bool est_is_pkcs10(const char *content_type)
{
    const size_t n = sizeof PKCS10 - 1;

    if (content_type == NULL) {
        return true;
    }
    /* RFC 9110 8.3.1: type "/" subtype *( OWS ";" OWS parameter ) */
    if (strncasecmp(content_type, PKCS10, n) != 0) {
        return false;
    }
    content_type += n;
    content_type += strspn(content_type, " \t");
    return content_type[0] == '\0' || content_type[0] == ';';
}

/* SEQUENCE, and a length of more than 127: no base64 has such an octet. */
static bool is_der(struct bm_bytes body)
{
    return body.n > 2 && body.p[0] == BM_DER_SEQUENCE && body.p[1] >= 0x80;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_pem(struct bm_bytes body)
{
    static const char begin[] = "-----BEGIN";
    size_t i = 0;

    while (i < body.n && is_space(body.p[i])) {
        i++;
    }
    return body.n - i >= sizeof begin - 1 &&
           memcmp(body.p + i, begin, sizeof begin - 1) == 0;
}

static bm_status decode_pem(struct bm_bytes body, struct bm_wr *der)
{
    struct bm_pem block;

    BM_TRY(bm_pem_next(&body, NULL, &block));
    if (!bm_pem_is(&block, "CERTIFICATE REQUEST") &&
        !bm_pem_is(&block, "NEW CERTIFICATE REQUEST")) {
        return BM_E_PEM_LABEL;
    }
    return bm_pem_decode(&block, NULL, der);
}

static bm_status decode(struct bm_bytes body, struct bm_wr *der)
{
    if (is_der(body)) {
        if (body.n > der->cap - der->len) {
            return BM_E_BUFFER;
        }
        memmove(der->buf + der->len, body.p, body.n);
        der->len += body.n;
        return BM_OK;
    }
    if (is_pem(body)) {
        return decode_pem(body, der);
    }
    /*
     * RFC 8951 3.1: base64 of RFC 4648 section 4, white space or none, and
     * Content-Transfer-Encoding is not looked at.
     */
    return bm_base64_decode(body, BM_BASE64_SPACES, NULL, der);
}

bm_status est_body_decode(struct bm_bytes body, struct bm_wr *der,
                          struct ca_refusal *why)
{
    size_t start = der->len;
    bm_status rc;

    if (body.n > EST_BODY_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "a body of more than %d octets",
                         EST_BODY_MAX);
    }
    rc = decode(body, der);
    if (rc == BM_OK && der->len > der->cap) {
        rc = BM_E_BUFFER;
    }
    if (rc == BM_OK && der->len - start > EST_CSR_MAX) {
        der->len = start;
        return ca_refuse(why, BM_E_LIMIT, "a request of more than %d octets",
                         EST_CSR_MAX);
    }
    if (rc == BM_OK && der->len == start) {
        return ca_refuse(why, BM_E_EST_BODY, "the body is empty");
    }
    if (rc != BM_OK) {
        der->len = start;
        return ca_refuse(why, BM_E_EST_BODY, "%s", bm_status_text(rc));
    }
    return BM_OK;
}
