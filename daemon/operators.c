/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The operator listener: the room that speaks REST with operators and their
 * programs, over mutual TLS, and passes on what they ask for. It decides
 * nothing: who the client is, and what it may, the issuer finds out for each
 * request, from the certificate whose key TLS has shown it to hold.
 *
 * Whoever captures it can act as the operators who are connected at that
 * time, within their roles, and each act is a leaf of the ledger; it has the
 * key of the TLS server, and no other.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "daemon/gcra.h"
#include "daemon/http.h"
#include "daemon/link.h"
#include "daemon/room.h"
#include "daemon/tls.h"
#include "daemon/wire.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"
#include "protocols/admin/admin.h"
#include "server/files.h"
#include "server/instance.h"
#include "server/key_folder.h"

/* A PEM file of three certificates with RSA-4096 keys, with room. */
#define CHAIN_MAX ((size_t)64 << 10)

/* Time limits in seconds. People think between two requests; a body of
 * ADMIN_BODY_MAX may come over a slow line. */
#define HANDSHAKE_TIME 10
#define REQUEST_TIME   60
#define IDLE_TIME      120

/* Of one address, for who has not shown to be an operator. */
#define ADDRESS_MAX 256
#define ACCEPT_RATE 20
#define BLAME_RATE  2

/* Operators, and their programs, that are remembered for their rate. One of
 * them does in a second what limits.identity grants a device in a third of a
 * minute. */
#define IDENTITIES      4096
#define IDENTITY_FACTOR 20

/* The issuer answers within a second, or not at all: a list of a million
 * certificates to be signed is the longest act there is. */
#define ANSWER_TIME 60

#define PROBLEM_TYPE "application/problem+json"
#define OPENAPI_PATH ADMIN_PREFIX "/openapi.json"

/* A request that the issuer has. */
struct waiting {
    struct http_request *request; /* NULL: a free place */
    uint32_t tag;
    int64_t since;
};

struct operators {
    struct room *room;
    struct http_server *http;
    struct gcra *identities;
    struct link *issuer; /* NULL: there is none at present */
    char *openapi;
    struct waiting *waiting;
    size_t places;
    size_t waiting_n;
    uint32_t next_tag;
    struct event *tick;
};

/* ---- Answers */

static const char *const words_later = "the issuer is busy: come again";
static const char *const words_lost =
    "the issuer was interrupted: what was asked for may have been done or not; "
    "ask again, with the same Idempotency-Key if there was one";

struct extra {
    unsigned retry_after; /* seconds; 0: do not say */
    const char *allow;    /* or NULL */
};

/* RFC 9111 5.2.2.5: what operators see is for nobody else to keep. */
static void answer(struct http_request *r, unsigned status, const char *type,
                   struct bm_bytes body, const struct extra *extra)
{
    char seconds[16];
    struct http_header headers[4] = { { "Cache-Control", "no-store" } };
    size_t n = 1;

    if (extra->retry_after != 0) {
        (void)snprintf(seconds, sizeof(seconds), "%u", extra->retry_after);
        headers[n++] = (struct http_header){ "Retry-After", seconds };
    }
    if (extra->allow != NULL) {
        headers[n++] = (struct http_header){ "Allow", extra->allow };
    }
    http_answer(r, &(const struct http_reply){ .status = status,
                                               .type = type,
                                               .headers = headers,
                                               .body = body });
}

/* JSON as text, to be freed, or nothing. json_dumps() would leave out what it
 * has no memory for. */
static struct bm_bytes dump(const json_t *json)
{
    struct bm_bytes none = { 0 };
    size_t n = json == NULL ? 0 : json_dumpb(json, NULL, 0, JSON_COMPACT);
    char *text = n == 0 ? NULL : malloc(n);

    if (text == NULL || json_dumpb(json, text, n, JSON_COMPACT) != n) {
        free(text);
        return none;
    }
    return (struct bm_bytes){ (const uint8_t *)text, n };
}

static void free_text(struct bm_bytes text)
{
    free((void *)(uintptr_t)text.p);
}

static void answer_problem(struct http_request *r,
                           const struct admin_problem *problem,
                           const struct extra *extra)
{
    json_t *json = admin_problem_json(problem);
    struct bm_bytes text = dump(json);

    answer(r, problem->status, PROBLEM_TYPE, text, extra);
    free_text(text);
    json_decref(json);
}

static void refuse(struct http_request *r, unsigned status, unsigned again,
                   const char *words)
{
    struct admin_problem problem;

    admin_problem_say(&problem, status, "%s", words);
    answer_problem(r, &problem, &(const struct extra){ again, NULL });
}

/* ---- Who waits */

static struct waiting *find_place(struct operators *o, uint32_t tag)
{
    for (size_t i = 0; i < o->places; i++) {
        if (o->waiting[i].request != NULL && o->waiting[i].tag == tag) {
            return &o->waiting[i];
        }
    }
    return NULL;
}

static struct waiting *take_place(struct operators *o, struct http_request *r)
{
    for (size_t i = 0; i < o->places; i++) {
        if (o->waiting[i].request == NULL) {
            o->waiting[i] = (struct waiting){ r, ++o->next_tag, room_now() };
            o->waiting_n++;
            metrics_set(o->room->metrics, METRICS_QUEUE, (int64_t)o->waiting_n);
            return &o->waiting[i];
        }
    }
    return NULL;
}

static struct http_request *leave_place(struct operators *o, struct waiting *p)
{
    struct http_request *r = p->request;

    p->request = NULL;
    o->waiting_n--;
    metrics_set(o->room->metrics, METRICS_QUEUE, (int64_t)o->waiting_n);
    return r;
}

/* Give up on those that have waited since before `when`. */
static void give_up(struct operators *o, int64_t when)
{
    for (size_t i = 0; i < o->places; i++) {
        struct waiting *p = &o->waiting[i];

        if (p->request != NULL && p->since <= when) {
            refuse(leave_place(o, p), 503, 1, words_lost);
        }
    }
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct operators *o = arg;

    (void)fd;
    (void)what;
    give_up(o, room_now() - ANSWER_TIME);
}

/* ---- The issuer */

/* What the issuer says about the client, whoever it turned out to be. */
static void judge(struct http_request *r, unsigned status)
{
    if (status == 401) {
        (void)http_blame(r);
    } else if (status != 403 && status < 500) {
        http_trust(r);
    }
}

static bm_status on_administered(void *self, struct link *link,
                                 const struct link_frame *frame)
{
    struct operators *o = self;
    struct waiting *place = find_place(o, frame->tag);
    struct wire_administered m;
    struct http_request *r;

    (void)link;
    if (place == NULL) {
        return BM_OK; /* was given up on */
    }
    if (frame->status != 0) {
        struct ca_refusal why = { frame->status, "" };
        struct admin_problem problem;

        admin_problem_of(why.status, &why, &problem);
        answer_problem(leave_place(o, place), &problem, &(struct extra){ 0 });
        return BM_OK;
    }
    BM_TRY(wire_administered_get(frame->body, &m));
    r = leave_place(o, place);
    judge(r, m.http);
    answer(r, m.http, m.http < 300 ? "application/json" : PROBLEM_TYPE, m.body,
           &(const struct extra){ m.retry_after, NULL });
    return BM_OK;
}

static const struct link_verb verbs[] = {
    { WIRE_ADMIN, LINK_FRAME_MAX, on_administered },
    { 0, 0, NULL },
};

static void on_closed(void *self, struct link *link)
{
    struct operators *o = self;

    if (link == o->issuer) {
        o->issuer = NULL;
        give_up(o, INT64_MAX);
    }
}

/* Send it off: BM_E_BUSY without an issuer. */
static bm_status send_admin(struct operators *o, const struct wire_admin *m,
                            uint32_t tag)
{
    struct link_frame frame = { .verb = WIRE_ADMIN, .tag = tag };
    bm_status rc = BM_E_INTERNAL;
    uint8_t *body = NULL;
    struct bm_wr w;

    if (o->issuer == NULL) {
        return BM_E_BUSY;
    }
    bm_wr_init(&w, NULL, 0);
    wire_admin_put(&w, m);
    body = malloc(w.len);
    if (body == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, body, w.len);
    wire_admin_put(&w, m);
    frame.body = bm_wr_bytes(&w);
    rc = link_put(o->issuer, &frame);
    free(body);
    return rc;
}

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text,
                              text == NULL ? 0 : strlen(text) };
}

static void pass_on(struct operators *o, struct http_request *r,
                    unsigned operation, const json_t *params)
{
    struct bm_bytes text = dump(params);
    struct wire_admin m = {
        .operation = (uint16_t)operation,
        .cert = http_peer_cert(r),
        .chain = http_peer_chain(r),
        .key = view(http_header(r, "Idempotency-Key")),
        .params = text,
    };
    struct waiting *place;

    if (text.p == NULL) {
        refuse(r, 503, 1, "out of memory");
        return;
    }
    if (m.key.n > ADMIN_KEY_MAX) {
        refuse(r, 400, 0, "Idempotency-Key is too long");
        free_text(text);
        return;
    }
    place = take_place(o, r);
    if (place == NULL) {
        refuse(r, 503, 1, words_later);
    } else if (send_admin(o, &m, place->tag) != BM_OK) {
        refuse(leave_place(o, place), 503, 1, words_later);
    }
    free_text(text);
}

/* ---- Requests */

static const char *method_of(const struct http_request *r)
{
    switch (http_method(r)) {
    case HTTP_GET:
    case HTTP_HEAD: /* RFC 9110 9.3.2: GET without the body */
        return "GET";
    case HTTP_POST:
        return "POST";
    case HTTP_PUT:
        return "PUT";
    case HTTP_PATCH:
        return "PATCH";
    case HTTP_DELETE:
        return "DELETE";
    }
    return "";
}

static void route(struct operators *o, struct http_request *r)
{
    const struct admin_http http = {
        .method = method_of(r),
        .path = http_path(r),
        .query = http_query(r),
        .content_type = http_header(r, "Content-Type"),
        .body = http_body(r),
    };
    struct admin_problem problem;
    char allow[64] = "";
    unsigned operation;
    json_t *params = NULL;
    bm_status rc = admin_route(&http, &operation, &params, allow, &problem);

    if (rc == BM_OK) {
        pass_on(o, r, operation, params);
    } else {
        answer_problem(
            r, &problem,
            &(const struct extra){ 0, allow[0] == '\0' ? NULL : allow });
    }
    json_decref(params);
}

static void serve(void *self, struct http_request *r)
{
    struct operators *o = self;
    struct timespec now = { 0, 0 };
    unsigned wait;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    wait = gcra_take(o->identities, http_peer_cert(r),
                     (uint64_t)now.tv_sec * 1000000U +
                         (uint64_t)now.tv_nsec / 1000U);
    if (wait != 0) {
        refuse(r, 429, wait, "too many requests of this operator");
    } else if (strcmp(http_path(r), OPENAPI_PATH) == 0 &&
               (http_method(r) & (HTTP_GET | HTTP_HEAD)) != 0) {
        answer(r, 200, "application/json", view(o->openapi),
               &(struct extra){ 0 });
    } else {
        route(o, r);
    }
}

/* ---- The room */

static void operators_teardown(struct room *room)
{
    struct operators *o = room->self;

    if (o == NULL) {
        return;
    }
    /* What still waits is cut off, and let go. */
    http_free(o->http);
    give_up(o, INT64_MAX);
    link_free(o->issuer);
    gcra_free(o->identities);
    if (o->tick != NULL) {
        event_free(o->tick);
    }
    free(o->waiting);
    free(o->openapi);
    free(o);
    room->self = NULL;
}

/* DER after DER of the CAs that make operators: operations, operations-2... */
static bm_status read_cas(const char *dir, struct bm_wr *cas,
                          struct ca_refusal *why)
{
    for (unsigned i = 1; i <= INSTANCE_CAS_MAX; i++) {
        char name[48];
        char path[FILES_PATH_MAX];
        uint8_t *der = NULL;
        size_t n;
        bm_status rc;

        (void)snprintf(name, sizeof(name),
                       i == 1 ? "ca/operations.pem" : "ca/operations-%u.pem",
                       i);
        BM_TRY(files_path(path, dir, name));
        rc = files_get_pem(path, "CERTIFICATE", &der, &n, why);
        if (rc == BM_OK) {
            bm_wr_put(cas, (struct bm_bytes){ der, n });
        }
        free(der);
        if (rc != BM_OK && (rc != BM_E_NOT_FOUND || i == 1)) {
            return rc;
        }
    }
    return bm_wr_finish(cas, &(size_t){ 0 });
}

static bm_status make_tls(struct operators *o, SSL_CTX **tls,
                          struct ca_refusal *why)
{
    static uint8_t cas[CHAIN_MAX];
    struct instance_port port = { .maker = bm_openssl_key_maker() };
    struct tls_config config = { .require_client = true };
    bm_status rc = BM_E_INTERNAL;
    struct bm_crypto *crypto = NULL;
    struct bm_key *key = NULL;
    uint8_t *chain = NULL;
    char path[FILES_PATH_MAX];
    struct bm_wr w;

    bm_wr_init(&w, cas, sizeof(cas));
    rc = bm_openssl_new(&crypto);
    port.crypto = crypto;
    if (rc == BM_OK) {
        rc = read_cas(o->room->dir, &w, why);
    }
    if (rc == BM_OK) {
        rc = files_path(path, o->room->dir, "ca/server.pem");
    }
    if (rc == BM_OK) {
        rc = files_read(path, CHAIN_MAX, &chain, &config.chain.n, why);
    }
    if (rc == BM_OK) {
        rc =
            server_key_open(o->room->dir, &o->room->settings, &port, &key, why);
    }
    if (rc == BM_OK) {
        config.chain.p = chain;
        config.client_cas = bm_wr_bytes(&w);
        config.key = bm_openssl_signer_pkey(key->signer);
        rc = tls_new(&config, tls, why);
    }
    bm_key_close(key);
    bm_openssl_free(crypto);
    free(chain);
    return rc;
}

static bm_status make_http(struct operators *o, struct ca_refusal *why)
{
    const struct settings *settings = &o->room->settings;
    struct http_config config = {
        .room = o->room,
        .connections_max = (unsigned)settings->limit_connections,
        .per_address_max = ADDRESS_MAX,
        .headers_max = 16384,
        .body_max = ADMIN_BODY_MAX,
        .handshake = HANDSHAKE_TIME,
        .request = REQUEST_TIME,
        .idle = IDLE_TIME,
        .accept_rate = ACCEPT_RATE,
        .blame_rate = BLAME_RATE,
        .arg = o,
        .request_fn = serve,
    };
    bm_status rc = make_tls(o, &config.tls, why);

    if (rc == BM_OK) {
        rc = http_new(&config, &o->http);
        SSL_CTX_free(config.tls);
    }
    return rc;
}

static bm_status make_limits(struct operators *o)
{
    const struct settings *settings = &o->room->settings;
    double rate = (double)settings->limit_identity * IDENTITY_FACTOR / 60;
    struct gcra_config config = {
        .keys = IDENTITIES,
        .rate = rate,
        .burst = rate * 10 < 1 ? 1 : rate * 10,
    };

    if (RAND_bytes(config.secret, sizeof(config.secret)) != 1) {
        return BM_E_RANDOM;
    }
    o->places = (size_t)settings->limit_queue;
    o->waiting = calloc(o->places, sizeof(o->waiting[0]));
    return o->waiting == NULL ? BM_E_MEMORY : gcra_new(&config, &o->identities);
}

static bm_status make_openapi(struct operators *o)
{
    json_t *json = admin_openapi(NULL, BM_VERSION);

    o->openapi = json == NULL ? NULL : json_dumps(json, JSON_INDENT(2));
    json_decref(json);
    return o->openapi == NULL ? BM_E_MEMORY : BM_OK;
}

static bm_status operators_setup(struct room *room, struct ca_refusal *why)
{
    struct operators *o = calloc(1, sizeof(*o));

    if (o == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    room->self = o;
    o->room = room;
    BM_TRY(make_limits(o));
    BM_TRY(make_openapi(o));
    BM_TRY(make_http(o, why));
    o->tick = event_new(room->base, -1, EV_PERSIST, on_tick, o);
    return o->tick == NULL ||
                   event_add(o->tick, &(const struct timeval){ 1, 0 }) != 0
               ? BM_E_MEMORY
               : BM_OK;
}

static bm_status operators_link(struct room *room, enum room_kind to,
                                unsigned instance, int fd)
{
    struct operators *o = room->self;
    struct link_config config = {
        .base = room->base, .verbs = verbs, .room = o, .closed = on_closed
    };

    (void)to;
    (void)instance;
    link_free(o->issuer);
    o->issuer = NULL;
    give_up(o, INT64_MAX);
    return link_new(&config, fd, &o->issuer);
}

static bm_status operators_listen(struct room *room, enum room_port port,
                                  int fd)
{
    struct operators *o = room->self;

    (void)port;
    return http_listen(o->http, fd);
}

static void stopped(void *arg)
{
    room_done(arg);
}

static void operators_stop(struct room *room)
{
    struct operators *o = room->self;

    http_stop(o->http, stopped, room);
}

static const unsigned ports[] = { ROOM_PORT_OPERATORS, ROOM_PORT_COUNT };

/* The key of the server cannot be read from inside of the sandbox: a new
 * process takes over when it has changed. */
const struct room_type room_operators = {
    .name = "operators",
    .needs = { .accept = true },
    .ports = ports,
    .setup = operators_setup,
    .link = operators_link,
    .listen = operators_listen,
    .stop = operators_stop,
    .teardown = operators_teardown,
};
