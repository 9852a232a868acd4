/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "daemon/devices_internal.h"
#include "keys/attest.h"

/*
 * Where a key was made (docs/attestation.md). The messages are for the issuer
 * and go to it as they came; what is looked at here is who sends them. That is
 * whoever may ask for a certificate by EST, with a certificate or a token:
 * attestation comes before enrolment.
 */

#define ATTEST_TYPE "application/cbor"

/* Octets of a message for the issuer beside what strangers sent. */
#define MESSAGE_EXTRA 64

static void on_answer(struct devices_waiting *w,
                      const struct wire_enrolled *answer)
{
    if (answer == NULL || answer->http != 200) {
        devices_say_refused(w, answer);
        return;
    }
    http_trust(w->request);
    devices_say_octets(w->request, NULL, ATTEST_TYPE, answer->body);
}

static bm_status put_message(struct devices_waiting *w, uint8_t op,
                             const struct est_credentials *credentials)
{
    const struct wire_attest m = {
        .op = op,
        .cert = http_peer_cert(w->request),
        .chain = http_peer_chain(w->request),
        .user = { credentials->user, credentials->user_n },
        .token = { credentials->token, credentials->token_n },
        .body = http_body(w->request),
    };
    struct bm_wr o;
    size_t n;

    bm_wr_init(&o, w->message, w->message_n);
    wire_attest_put(&o, &m);
    BM_TRY(bm_wr_finish(&o, &n));
    w->message_n = n;
    return BM_OK;
}

static void ask(struct devices *d, struct http_request *r, uint8_t op,
                const struct est_credentials *credentials)
{
    struct devices_waiting *w = NULL;

    if (!devices_is_full(d)) {
        w = devices_waiting_new(r, http_peer_cert(r).n + http_peer_chain(r).n +
                                       EST_USER_MAX + EST_TOKEN_MAX +
                                       http_body(r).n + MESSAGE_EXTRA);
    }
    if (w == NULL || put_message(w, op, credentials) != BM_OK) {
        devices_waiting_free(w);
        devices_say_busy(r);
        return;
    }
    w->verb = WIRE_ATTEST;
    w->done = on_answer;
    devices_ask(d, w);
}

bool devices_is_cbor(const char *type)
{
    size_t n = sizeof ATTEST_TYPE - 1;

    return type != NULL && strncasecmp(type, ATTEST_TYPE, n) == 0 &&
           (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

static void serve(struct devices *d, struct http_request *r, uint8_t op)
{
    struct est_credentials credentials;
    struct ca_refusal why = { BM_OK, "" };

    if (!devices_is_cbor(http_header(r, "Content-Type"))) {
        devices_say(r, 415,
                    &(struct ca_refusal){ BM_E_ATTEST,
                                          "Content-Type is " ATTEST_TYPE });
        return;
    }
    if (est_credentials_parse(http_header(r, "Authorization"), &credentials,
                              &why) != BM_OK) {
        devices_say_unknown(r, true, &why);
        return;
    }
    if (credentials.token_n == 0 && http_peer_cert(r).n == 0) {
        devices_say_unknown(
            r, false,
            &(struct ca_refusal){ BM_E_EST_CREDENTIALS,
                                  "neither a certificate nor a token came" });
    } else {
        ask(d, r, op, &credentials);
    }
    est_credentials_wipe(&credentials);
}

void devices_serve_challenge(struct devices *d, struct http_request *r)
{
    serve(d, r, WIRE_ATTEST_CHALLENGE);
}

void devices_serve_activate(struct devices *d, struct http_request *r)
{
    serve(d, r, WIRE_ATTEST_ACTIVATE);
}
