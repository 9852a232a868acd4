/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/time.h"
#include "daemon/devices_internal.h"

/*
 * What a device asks about itself, over mutual TLS. Each request is an
 * authenticated use of the certificate that it shows, which confirms it
 * (design, "A renewal").
 *
 *   GET /device/v1/status    {"status":"good"}, or why not
 *   GET /device/v1/renewal   {"start":"...","end":"..."}: the window in which
 *                            to renew, as in RFC 9773 4.2
 */

#define JSON_TYPE "application/json"

static void say_json(struct http_request *r, struct bm_bytes json)
{
    http_answer(r, &(struct http_reply){
                       .status = 200, .type = JSON_TYPE, .body = json });
}

static void on_status(struct devices_waiting *w,
                      const struct wire_enrolled *answer)
{
    if (answer == NULL || answer->http != 200) {
        devices_say_refused(w, answer);
        return;
    }
    http_trust(w->request);
    say_json(w->request, BM_LIT("{\"status\":\"good\"}\n"));
}

static void on_renewal(struct devices_waiting *w,
                       const struct wire_enrolled *answer)
{
    uint8_t json[96];
    struct bm_wr o;

    if (answer == NULL || answer->http != 200) {
        devices_say_refused(w, answer);
        return;
    }
    http_trust(w->request);
    if (answer->renew_from == 0) {
        devices_say(w->request, 404,
                    &(struct ca_refusal){ BM_E_NOT_FOUND,
                                          "this certificate is not renewed" });
        return;
    }
    bm_wr_init(&o, json, sizeof json);
    bm_wr_str(&o, "{\"start\":\"");
    bm_time_put_text(&o, answer->renew_from);
    bm_wr_str(&o, "\",\"end\":\"");
    bm_time_put_text(&o, answer->renew_until);
    bm_wr_str(&o, "\"}\n");
    say_json(w->request, bm_wr_bytes(&o));
}

static const struct {
    const char *path;
    void (*done)(struct devices_waiting *w, const struct wire_enrolled *answer);
} rows[] = {
    { DEVICES_API "status", on_status },
    { DEVICES_API "renewal", on_renewal },
};

static void serve_row(struct devices *d, struct http_request *r, size_t row)
{
    struct http_header allow[] = { { "Allow", "GET, HEAD" }, { NULL, NULL } };

    if ((http_method(r) & (HTTP_GET | HTTP_HEAD)) == 0) {
        http_answer(r, &(struct http_reply){ .status = 405, .headers = allow });
    } else if (http_peer_cert(r).n == 0) {
        devices_say(r, 403,
                    &(struct ca_refusal){ BM_E_EST_CREDENTIALS,
                                          "a client certificate is needed" });
    } else if (!devices_tell_seen(d, r, rows[row].done)) {
        devices_say_later(
            r, 503, DEVICES_RETRY,
            &(struct ca_refusal){ BM_E_EST_LATER, "too many requests wait" });
    }
}

void devices_serve_api(struct devices *d, struct http_request *r)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(http_path(r), rows[i].path) == 0) {
            serve_row(d, r, i);
            return;
        }
    }
    devices_say(r, 404, &(struct ca_refusal){ BM_E_NOT_FOUND, "" });
}
