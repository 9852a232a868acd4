/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/oid.h"
#include "daemon/devices_internal.h"
#include "daemon/tls.h"

/* Octets of a message beside what strangers sent: lengths and the operation. */
#define MESSAGE_EXTRA 64

/* A connection whose certificate the issuer knows to be in use: this, and the
 * number of the trust list that it is of. */
#define STATE_SEEN 1

/* One request on its way. */
struct serving {
    struct devices *devices;
    struct http_request *request;
    struct est_path path;
    const struct devices_label *label;
    struct est_credentials credentials;
    uint8_t *der; /* owned: what `csr` views */
    struct bm_csr csr;
    struct ca_refusal why;
};

static void log_refused(const struct serving *s, unsigned status)
{
    log_put(LOG_LEVEL_INFO, "est.refused",
            (struct log_field[]){
                log_text("address", http_address(s->request)),
                log_text("operation", est_operation_name(s->path.operation)),
                log_number("status", (int64_t)status),
                log_text("why", bm_status_text(s->why.status)),
                log_text("words", s->why.words),
                { 0 },
            });
}

/* Refuse for `why`, which is that of `s->why` where words are there. */
static void refuse(struct serving *s, unsigned status, bm_status why)
{
    s->why.status = ca_refuse_plain(&s->why, why);
    log_refused(s, status);
    devices_say(s->request, status, &s->why);
}

static void refuse_with(struct serving *s, unsigned status, bm_status why,
                        const char *words)
{
    refuse(s, status, ca_refuse(&s->why, why, "%s", words));
}

/* ---- cacerts, csrattrs */

static void say_document(const struct serving *s)
{
    const struct devices_label *label = s->label;

    if (s->path.operation == EST_CACERTS) {
        devices_say_body(s->request, EST_TYPE_CERTS, label, label->cacerts);
    } else if (label->csrattrs.n != 0) {
        devices_say_body(s->request, EST_TYPE_CSRATTRS, label, label->csrattrs);
    } else {
        /* RFC 7030 4.5.2: 204 when there is nothing to say. */
        http_answer(s->request, &(struct http_reply){ .status = 204 });
    }
}

bool devices_is_seen(const struct http_request *r)
{
    return http_state(r) >= STATE_SEEN;
}

uint32_t devices_list_seen(const struct http_request *r)
{
    return devices_is_seen(r) ? (uint32_t)(http_state(r) - STATE_SEEN) : 0;
}

void devices_note_seen(struct devices_waiting *w,
                       const struct wire_enrolled *answer)
{
    if (answer != NULL && answer->http != 429 && answer->http != 503) {
        http_set_state(w->request, STATE_SEEN + (uintptr_t)answer->list);
    }
    if (answer != NULL && answer->http == 200) {
        http_trust(w->request);
    }
}

/*
 * The issuer has been told that the certificate is in use. Whatever it thinks
 * of it: what is asked for here is for everybody (RFC 7030 4.1, 4.5).
 */
static void on_seen(struct devices_waiting *w,
                    const struct wire_enrolled *answer)
{
    struct serving s = { .devices = w->devices, .request = w->request };

    devices_note_seen(w, answer);
    if (est_path_parse(http_path(w->request), &s.path) != BM_OK) {
        refuse_with(&s, 404, BM_E_NOT_FOUND, "");
        return;
    }
    s.label = devices_catalogue_find(&w->devices->catalogue, s.path.label);
    if (s.label == NULL) {
        refuse_with(&s, 404, BM_E_NOT_FOUND, "no such label");
        return;
    }
    say_document(&s);
}

bool devices_tell_seen(struct devices *d, struct http_request *r,
                       void (*done)(struct devices_waiting *w,
                                    const struct wire_enrolled *answer))
{
    uint8_t network[HTTP_NETWORK_MAX];
    struct wire_seen seen = { .cert = http_peer_cert(r),
                              .chain = http_peer_chain(r),
                              .network = { network,
                                           http_network(r, network) } };
    struct devices_waiting *w;
    struct bm_wr message;

    if (seen.cert.n == 0 || devices_is_full(d)) {
        return false;
    }
    w = devices_waiting_new(r, seen.cert.n + seen.chain.n + MESSAGE_EXTRA);
    if (w == NULL) {
        return false;
    }
    bm_wr_init(&message, w->message, w->message_n);
    wire_seen_put(&message, &seen);
    if (bm_wr_finish(&message, &w->message_n) != BM_OK) {
        w->message_n = message.cap;
        devices_waiting_free(w);
        return false;
    }
    w->verb = WIRE_SEEN;
    w->done = done;
    devices_ask(d, w);
    return true;
}

static void serve_document(struct serving *s)
{
    /* Once per connection is enough for what is for everybody. */
    if (devices_is_seen(s->request) ||
        !devices_tell_seen(s->devices, s->request, on_seen)) {
        say_document(s);
    }
}

/* ---- Enrolment */

static uint8_t wire_operation(enum est_operation operation)
{
    switch (operation) {
    case EST_SIMPLEREENROLL:
        return WIRE_REENROLL;
    case EST_SERVERKEYGEN:
        return WIRE_SERVERKEYGEN;
    default:
        return WIRE_ENROLL;
    }
}

/*
 * The request and what it proves. RFC 7030 4.4.1 MUST: serverkeygen looks
 * neither at the key nor at the signature.
 */
static bm_status read_csr(struct serving *s)
{
    struct bm_bytes body = http_body(s->request);
    struct bm_wr w;
    bm_status rc;

    s->der = malloc(body.n + 1);
    if (s->der == NULL) {
        return ca_refuse_plain(&s->why, BM_E_MEMORY);
    }
    bm_wr_init(&w, s->der, body.n + 1);
    BM_TRY(est_body_decode(body, &w, &s->why));
    rc = bm_csr_parse(bm_wr_bytes(&w), NULL, &s->csr);
    if (rc == BM_OK && s->path.operation != EST_SERVERKEYGEN) {
        rc = bm_csr_verify(&s->csr, s->devices->crypto);
    }
    return rc == BM_OK ? BM_OK : ca_refuse_plain(&s->why, rc);
}

/* What the connection is known by costs a derivation of keys: not where
 * nobody asks. */
static size_t binding_of(const struct serving *s, bool required,
                         uint8_t octets[TLS_BINDING_MAX])
{
    SSL *tls = http_tls(s->request);
    struct bm_attribute a;
    size_t n = 0;

    if (tls == NULL ||
        (!required && !bm_attribute_find(s->csr.attributes,
                                         BM_LIT(BM_OID_P9_CHALLENGE), &a)) ||
        tls_binding(tls, octets, &n) != BM_OK) {
        return 0;
    }
    return n;
}

static bm_status check_binding(struct serving *s)
{
    bool required = (s->label->flags & WIRE_LABEL_BINDING) != 0;
    uint8_t octets[TLS_BINDING_MAX];
    size_t n = binding_of(s, required, octets);

    return est_binding_check(&s->csr, (struct bm_bytes){ octets, n }, required,
                             &s->why);
}

/* Encode the message for the issuer around this request in DER. */
static bm_status put_message(struct serving *s, struct devices_waiting *w,
                             struct bm_bytes csr)
{
    uint8_t network[HTTP_NETWORK_MAX];
    struct wire_enrol enrol = {
        .op = wire_operation(s->path.operation),
        .label = { (const uint8_t *)s->path.label, strlen(s->path.label) },
        .cert = http_peer_cert(s->request),
        .chain = http_peer_chain(s->request),
        .user = { s->credentials.user, s->credentials.user_n },
        .token = { s->credentials.token, s->credentials.token_n },
        .csr = csr,
        .network = { network, http_network(s->request, network) },
    };
    struct bm_wr message;
    size_t n;

    bm_wr_init(&message, w->message, w->message_n);
    wire_enrol_put(&message, &enrol);
    BM_TRY(bm_wr_finish(&message, &n));
    w->message_n = n;
    return BM_OK;
}

/* Octets of the message, but for the request in it. */
static size_t message_room(const struct serving *s)
{
    return MESSAGE_EXTRA + EST_LABEL_MAX + EST_USER_MAX + EST_TOKEN_MAX +
           http_peer_cert(s->request).n + http_peer_chain(s->request).n;
}

static bm_status make_keygen(struct serving *s, struct devices_waiting *w)
{
    uint8_t *room = NULL;
    struct bm_cert cert;
    struct bm_wr csr;
    bm_status rc;

    rc = est_keygen_parse(&s->csr, &w->keygen, &s->why);
    if (rc == BM_OK && w->keygen.enveloped) {
        rc = bm_cert_parse(http_peer_cert(s->request), BM_STRICT, NULL, &cert);
        rc = rc == BM_OK
                 ? est_recipient_check(&w->keygen, &cert, s->devices->crypto,
                                       &s->why)
                 : ca_refuse(&s->why, BM_E_EST_KEYGEN,
                             "the private key can be encrypted to a client "
                             "that presents its certificate, and to no other");
    }
    if (rc != BM_OK) {
        return rc;
    }
    room = malloc(EST_CSR_MAX);
    if (room == NULL) {
        return ca_refuse_plain(&s->why, BM_E_MEMORY);
    }
    bm_wr_init(&csr, room, EST_CSR_MAX);
    rc = devices_keygen_make(w, &s->csr, &csr, &s->why);
    if (rc == BM_OK) {
        rc = put_message(s, w, bm_wr_bytes(&csr));
    }
    free(room);
    return rc;
}

static void ask_issuer(struct serving *s)
{
    bool keygen = s->path.operation == EST_SERVERKEYGEN;
    size_t csr = keygen ? EST_CSR_MAX : s->csr.der.n;
    struct devices_waiting *w =
        devices_waiting_new(s->request, message_room(s) + csr);
    bm_status rc = BM_E_MEMORY;

    if (w != NULL) {
        rc = keygen ? make_keygen(s, w) : put_message(s, w, s->csr.der);
    }
    if (rc != BM_OK) {
        devices_waiting_free(w);
        refuse(s, rc == BM_E_MEMORY ? 500 : 400, rc);
        return;
    }
    w->verb = WIRE_ENROL;
    w->flags = s->label->flags;
    w->done = devices_say_enrolled;
    devices_ask(s->devices, w);
}

static void serve_csr(struct serving *s)
{
    bm_status rc = read_csr(s);

    if (rc == BM_OK) {
        rc = check_binding(s);
    }
    if (rc == BM_OK) {
        ask_issuer(s);
    } else {
        refuse(s, rc == BM_E_MEMORY ? 500 : 400, rc);
    }
    free(s->der);
}

static void serve_enrolment(struct serving *s)
{
    struct ca_refusal busy = { BM_E_EST_LATER, "too many requests wait" };

    if (s->path.operation == EST_SERVERKEYGEN &&
        (s->label->flags & WIRE_LABEL_KEYGEN) == 0) {
        refuse_with(s, 404, BM_E_PROFILE_REQUESTER,
                    "serverkeygen is not allowed for this label");
        return;
    }
    /* RFC 7030 4.2.1: the content type is application/pkcs10. */
    if (!est_is_pkcs10(http_header(s->request, "Content-Type"))) {
        refuse_with(s, 415, BM_E_EST_BODY,
                    "Content-Type is application/pkcs10");
        return;
    }
    if (devices_is_full(s->devices)) {
        devices_say_later(s->request, 503, DEVICES_RETRY, &busy);
        return;
    }
    if (est_credentials_parse(http_header(s->request, "Authorization"),
                              &s->credentials, &s->why) != BM_OK) {
        log_refused(s, 401);
        devices_say_unknown(s->request, true, &s->why);
        return;
    }
    if (s->credentials.token_n == 0 && http_peer_cert(s->request).n == 0) {
        /* Not blamed: some clients wait for this answer before they show
         * what they have. */
        s->why =
            (struct ca_refusal){ BM_E_EST_CREDENTIALS,
                                 "neither a certificate nor a token came" };
        devices_say_unknown(s->request, false, &s->why);
        return;
    }
    serve_csr(s);
    est_credentials_wipe(&s->credentials);
}

/* ---- All of it */

/* Another method than the one that this path has. */
static void refuse_method(struct serving *s, const char *allow)
{
    struct http_header headers[] = { { "Allow", allow }, { NULL, NULL } };

    log_refused(s, 405);
    http_answer(s->request,
                &(struct http_reply){ .status = 405, .headers = headers });
}

static void serve_est(struct serving *s)
{
    bool posts = est_operation_posts(s->path.operation);
    unsigned method = http_method(s->request);
    struct ca_refusal starting = { BM_E_EST_LATER, "the service is starting" };

    if (s->path.operation == EST_FULLCMC) {
        /* RFC 7030 4.3: fullcmc is optional, and not there. */
        refuse_with(s, 501, BM_E_NOT_FOUND, "fullcmc is not served");
        return;
    }
    if ((method & (posts ? HTTP_POST : HTTP_GET | HTTP_HEAD)) == 0) {
        refuse_method(s, posts ? "POST" : "GET, HEAD");
        return;
    }
    if (s->devices->catalogue.n == 0) {
        devices_say_later(s->request, 503, DEVICES_RETRY, &starting);
        return;
    }
    s->label = devices_catalogue_find(&s->devices->catalogue, s->path.label);
    if (s->label == NULL) {
        refuse_with(s, 404, BM_E_NOT_FOUND,
                    s->path.label[0] == '\0'
                        ? "there is no default profile: name a label"
                        : "no such label");
        return;
    }
    if (posts) {
        serve_enrolment(s);
    } else {
        serve_document(s);
    }
}

static void say_health(const struct devices *d, struct http_request *r)
{
    bool good = d->issuer != NULL && d->catalogue.n != 0 && !d->stopping;

    http_answer(r, &(struct http_reply){ .status = good ? 200 : 503,
                                         .type = EST_TYPE_WORDS,
                                         .body = good ? BM_LIT("ok\n")
                                                      : BM_LIT("no\n") });
}

void devices_serve(void *devices, struct http_request *request)
{
    struct serving s = { .devices = devices, .request = request };
    const char *path = http_path(request);

    if (est_path_parse(path, &s.path) == BM_OK) {
        serve_est(&s);
    } else if (strncmp(path, DEVICES_API, sizeof DEVICES_API - 1) == 0) {
        devices_serve_api(devices, request);
    } else if (strcmp(path, "/healthz") == 0) {
        say_health(devices, request);
    } else {
        devices_say(request, 404, &(struct ca_refusal){ BM_E_NOT_FOUND, "" });
    }
}
