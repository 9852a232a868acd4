/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/status/request.h"

#include <string.h>
#include <strings.h>

#include "core/base64.h"
#include "core/der.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 3986 2.1: pct-encoded = "%" HEXDIG HEXDIG */
static bm_status unescape(const char *in, struct bm_wr *w)
{
    while (*in != '\0') {
        int high = hex_value(in[0] == '%' ? in[1] : '\0');
        int low = high < 0 ? -1 : hex_value(in[2]);

        if (w->len == w->cap) {
            return BM_E_LIMIT;
        }
        if (*in != '%') {
            bm_wr_u8(w, (uint8_t)*in);
            in++;
        } else if (low >= 0) {
            bm_wr_u8(w, (uint8_t)(high << 4 | low));
            in += 3;
        } else {
            return BM_E_BASE64;
        }
    }
    return BM_OK;
}

bm_status status_get_decode(const char *path, uint8_t out[STATUS_REQUEST_MAX],
                            struct bm_bytes *der)
{
    uint8_t text[STATUS_REQUEST_MAX / 3 * 4 + 8];
    struct bm_wr t;
    struct bm_wr w;

    *der = (struct bm_bytes){ NULL, 0 };
    while (*path == '/') {
        path++;
    }
    bm_wr_init(&t, text, sizeof text - 4);
    BM_TRY(unescape(path, &t));
    t.cap = sizeof text; /* room for the padding that is missing */
    while (t.len % 4 != 0) {
        bm_wr_u8(&t, '=');
    }
    bm_wr_init(&w, out, STATUS_REQUEST_MAX);
    BM_TRY(bm_base64_decode(bm_wr_bytes(&t), BM_BASE64_STRICT, NULL, &w));
    if (w.len > w.cap) {
        return BM_E_LIMIT;
    }
    *der = bm_wr_bytes(&w);
    return BM_OK;
}

/* RFC 9110 8.3.1: media-type = type "/" subtype parameters; whatever the
 * case, and OWS before the semicolon. */
bool status_is_request_type(const char *type)
{
    static const char name[] = "application/ocsp-request";
    size_t n = sizeof name - 1;

    if (type == NULL || strncasecmp(type, name, n) != 0) {
        return false;
    }
    n += strspn(type + n, " \t");
    return type[n] == '\0' || type[n] == ';';
}

bm_status status_request_parse(struct bm_bytes der,
                               struct status_request *request)
{
    struct bm_ocsp_request parsed;
    struct bm_ocsp_certid id;
    struct bm_bytes rest;

    memset(request, 0, sizeof *request);
    BM_TRY(bm_ocsp_request_parse(der, NULL, &parsed));
    if (parsed.unknown_critical.n != 0) {
        return BM_E_OCSP_CRITICAL;
    }
    /*
     * RFC 9919 3.1.2: a signature MAY be ignored; a requestorName without
     * one MUST be handled as if it were not there.
     */
    request->list = parsed.list;
    rest = parsed.list;
    (void)bm_ocsp_request_next(&rest, &request->id);
    for (request->n = 1; bm_ocsp_request_next(&rest, &id);) {
        request->n++;
    }
    request->kind = request->n > 1        ? STATUS_SEVERAL
                    : parsed.nonce.n != 0 ? STATUS_OWN
                                          : STATUS_SHARED;
    return BM_OK;
}

/* RFC 6960 4.1.1: OCSPRequest, TBSRequest, requestList, Request, reqCert */
void status_request_put(struct bm_wr *w, const struct bm_ocsp_certid *id)
{
    size_t mark[4];

    for (size_t i = 0; i < 4; i++) {
        mark[i] = bm_der_open(w, BM_DER_SEQUENCE);
    }
    bm_wr_put(w, id->der);
    for (size_t i = 4; i-- > 0;) {
        bm_der_close(w, mark[i]);
    }
}

struct status_answer status_answer_of(struct bm_bytes der,
                                      const struct bm_ocsp_certid *id)
{
    struct status_answer answer = { .status = BM_OCSP_NO_ANSWER };
    struct bm_ocsp_response response;
    struct bm_ocsp_single single;
    struct bm_ocsp_single more;

    if (bm_ocsp_response_parse(der, NULL, &response) != BM_OK ||
        response.status != BM_OCSP_SUCCESSFUL || response.nonce.n != 0 ||
        !bm_ocsp_single_next(&response.list, &single) ||
        bm_ocsp_single_next(&response.list, &more)) {
        return answer;
    }
    if (!bm_bytes_equal(single.id.der, id->der) || !single.has_next_update) {
        return answer;
    }
    answer.this_update = single.this_update;
    answer.next_update = single.next_update;
    answer.status = single.status;
    return answer;
}
