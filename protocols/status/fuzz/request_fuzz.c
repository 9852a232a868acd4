/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/status/request.h"

#include <string.h>

#include "core/base64.h"
#include "core/fuzz/must.h"

/* What is asked with a plain request is the CertID that it was made of. */
static void check_plain(const struct bm_ocsp_certid *id)
{
    uint8_t *again = must_have_room(id->der.n + 32);
    struct status_request request;
    struct bm_wr w;
    size_t n = 0;

    bm_wr_init(&w, again, id->der.n + 32);
    status_request_put(&w, id);
    must(bm_wr_finish(&w, &n) == BM_OK);
    must(status_request_parse(bm_wr_bytes(&w), &request) == BM_OK);
    must(request.kind == STATUS_SHARED && request.n == 1);
    must(bm_bytes_equal(request.id.der, id->der));
    free(again);
}

static void check_request(struct bm_bytes der)
{
    static const struct status_request zero;
    struct status_request request;

    if (status_request_parse(der, &request) != BM_OK) {
        must(memcmp(&request, &zero, sizeof zero) == 0);
        return;
    }
    must_be_inside(der, request.id.der);
    must_be_inside(der, request.list);
    must(request.n >= 1 && request.n <= BM_OCSP_CERTIDS_MAX);
    must((request.kind == STATUS_SEVERAL) == (request.n > 1));
    check_plain(&request.id);
}

/* A path is the base64 of what it decodes to, but for escapes and padding. */
static void check_path(const char *path)
{
    static uint8_t out[STATUS_REQUEST_MAX];
    static uint8_t again[STATUS_REQUEST_MAX];
    char *text;
    struct bm_bytes der;
    struct bm_bytes same;
    struct bm_wr w;
    size_t n;

    if (status_get_decode(path, out, &der) != BM_OK) {
        must(der.n == 0);
        return;
    }
    must(der.n <= STATUS_REQUEST_MAX);
    check_request(der);
    n = der.n / 3 * 4 + 5;
    text = (char *)must_have_room(n);
    bm_wr_init(&w, (uint8_t *)text, n - 1);
    bm_base64_put(&w, der, 0);
    must(bm_wr_finish(&w, &n) == BM_OK);
    text[n] = '\0';
    must(der.n == 0 || text[0] == '/' ||
         (status_get_decode(text, again, &same) == BM_OK &&
          bm_bytes_equal(der, same)));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same octets as a path, a Content-Type, a request and a response. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    char *text = (char *)must_have_room(size + 1);
    struct bm_ocsp_certid id = { .der = in };

    memcpy(text, data, size);
    text[size] = '\0';
    check_path(text);
    must(!status_is_request_type(text) || size >= 24);
    check_request(in);
    must(status_answer_of(in, &id).status == BM_OCSP_NO_ANSWER);
    free(text);
    return 0;
}
