/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/event.h"
#include "daemon/devices_internal.h"
#include "keys/attest.h"

/*
 * What a device asks over mutual TLS (docs/device-api.md): a path, a method,
 * and who answers. Each request is a use of the certificate that it shows,
 * which confirms a renewal (design, "A renewal").
 *
 * Everything is about this device or for it, at this moment: nobody keeps an
 * answer (RFC 9111 5.2.2.5).
 */

/* Octets of a message for the issuer beside what strangers sent. */
#define MESSAGE_EXTRA 64

/* Headers of one answer at most, and the zero row. */
#define HEADERS_MAX 4

static const struct {
    const char *path; /* behind DEVICES_API; with a slash at its end: it, and
                         what is behind it */
    unsigned methods;
    bool token; /* will do instead of a certificate */
    size_t body_max;
    void (*serve)(struct devices *d, struct http_request *r);
} rows[] = {
    { "status", HTTP_GET | HTTP_HEAD, false, 0, devices_serve_status },
    { "renewal", HTTP_GET | HTTP_HEAD, false, 0, devices_serve_renewal },
    { "time", HTTP_GET, false, 0, devices_serve_time },
    { "bundle", HTTP_GET | HTTP_HEAD, false, 0, devices_serve_bundle },
    { "manifest", HTTP_GET | HTTP_HEAD, false, 0, devices_serve_manifest },
    { DEVICES_BLOB, HTTP_GET | HTTP_HEAD, false, 0, devices_serve_blob },
    { "events", HTTP_POST, false, BM_EVENTS_SIZE_MAX, devices_serve_events },
    { "attest/challenge", HTTP_POST, true, BM_ATTEST_MESSAGE_MAX,
      devices_serve_challenge },
    { "attest/activate", HTTP_POST, true, BM_ATTEST_MESSAGE_MAX,
      devices_serve_activate },
};

/* ---- What is asked */

/* The value of `name` in "a=1&b=2"; false: it is not there. */
static bool find_value(const char *query, const char *name,
                       struct bm_bytes *value)
{
    size_t n = strlen(name);

    while (*query != '\0') {
        size_t all = strcspn(query, "&");

        if (all > n && strncmp(query, name, n) == 0 && query[n] == '=') {
            *value = (struct bm_bytes){ (const uint8_t *)query + n + 1,
                                        all - n - 1 };
            return true;
        }
        query += all + (query[all] == '&');
    }
    return false;
}

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool devices_query_hex(const struct http_request *r, const char *name,
                       struct bm_wr *octets)
{
    struct bm_bytes value;

    if (!find_value(http_query(r), name, &value) || value.n % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < value.n; i += 2) {
        int high = nibble(value.p[i]);
        int low = nibble(value.p[i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        bm_wr_u8(octets, (uint8_t)(high << 4 | low));
    }
    return octets->len <= octets->cap;
}

static bm_status put_message(struct devices_waiting *w, uint16_t what,
                             struct bm_bytes body)
{
    uint8_t network[HTTP_NETWORK_MAX];
    struct wire_device m = { .what = what,
                             .cert = http_peer_cert(w->request),
                             .chain = http_peer_chain(w->request),
                             .body = body,
                             .network = { network,
                                          http_network(w->request, network) } };
    struct bm_wr o;
    size_t n;

    bm_wr_init(&o, w->message, w->message_n);
    wire_device_put(&o, &m);
    BM_TRY(bm_wr_finish(&o, &n));
    w->message_n = n;
    return BM_OK;
}

void devices_say_busy(struct http_request *r)
{
    devices_say_later(
        r, 503, DEVICES_RETRY,
        &(struct ca_refusal){ BM_E_EST_LATER, "too many requests wait" });
}

void devices_ask_about(struct devices *d, struct http_request *r, uint16_t what,
                       struct bm_bytes body,
                       void (*done)(struct devices_waiting *w,
                                    const struct wire_enrolled *answer))
{
    struct devices_waiting *w = devices_waiting_new(
        r, http_peer_cert(r).n + http_peer_chain(r).n + body.n + MESSAGE_EXTRA);

    if (w == NULL || put_message(w, what, body) != BM_OK) {
        devices_waiting_free(w);
        devices_say_busy(r);
        return;
    }
    w->verb = WIRE_DEVICE;
    w->done = done;
    devices_ask(d, w);
}

/* ---- What is answered */

void devices_say_octets(struct http_request *r,
                        const struct wire_enrolled *answer, const char *type,
                        struct bm_bytes body)
{
    struct http_header headers[HEADERS_MAX + 1] = { { "Cache-Control",
                                                      "no-store" } };
    char renewal[80];
    struct bm_wr w;

    if (answer != NULL && answer->renew_from != 0) {
        bm_wr_init(&w, (uint8_t *)renewal, sizeof renewal - 1);
        est_put_renewal(&w, answer->renew_from, answer->renew_until);
        renewal[bm_wr_bytes(&w).n] = '\0';
        headers[1] = (struct http_header){ EST_RENEWAL_HEADER, renewal };
    }
    http_answer(
        r, &(struct http_reply){
               .status = 200, .type = type, .headers = headers, .body = body });
}

void devices_say_told(struct devices_waiting *w,
                      const struct wire_enrolled *answer)
{
    if (answer == NULL || answer->http != 200) {
        devices_say_refused(w, answer);
        return;
    }
    http_trust(w->request);
    devices_say_octets(w->request, answer, DEVICES_JSON, answer->body);
}

/* ---- The table */

static void refuse_method(struct http_request *r, unsigned methods)
{
    struct http_header allow[] = { { "Allow",
                                     (methods & HTTP_POST) != 0   ? "POST"
                                     : (methods & HTTP_HEAD) != 0 ? "GET, HEAD"
                                                                  : "GET" },
                                   { NULL, NULL } };

    http_answer(r, &(struct http_reply){ .status = 405, .headers = allow });
}

static void serve_row(struct devices *d, struct http_request *r, size_t row)
{
    if ((http_method(r) & rows[row].methods) == 0) {
        refuse_method(r, rows[row].methods);
    } else if (http_peer_cert(r).n == 0 && !rows[row].token) {
        devices_say(r, 403,
                    &(struct ca_refusal){ BM_E_EST_CREDENTIALS,
                                          "a client certificate is needed" });
    } else if (http_body(r).n > rows[row].body_max) {
        devices_say(r, 413,
                    &(struct ca_refusal){ BM_E_LIMIT, "the body is too long" });
    } else {
        rows[row].serve(d, r);
    }
}

void devices_serve_api(struct devices *d, struct http_request *r)
{
    const char *path = http_path(r) + strlen(DEVICES_API);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].path);

        if (rows[i].path[n - 1] == '/' ? strncmp(path, rows[i].path, n) == 0
                                       : strcmp(path, rows[i].path) == 0) {
            serve_row(d, r, i);
            return;
        }
    }
    devices_say(r, 404, &(struct ca_refusal){ BM_E_NOT_FOUND, "" });
}
