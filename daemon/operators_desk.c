/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What comes from operators is checked against the table of operations and
 * handed to the issuer; what comes back is theirs. Nothing is decided here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/operators_internal.h"
#include "daemon/wire.h"
#include "protocols/admin/admin.h"

#define PROBLEM_TYPE "application/problem+json"
#define OPENAPI_PATH ADMIN_PREFIX "/openapi.json"

/* ---- Answers */

static const char *const words_later = "the issuer is busy: come again";
static const char *const words_lost =
    "the issuer was interrupted: what was asked for may have been done or not; "
    "ask again, with the same Idempotency-Key if there was one";

/* Seconds after which there may be a place for another file. */
#define FILE_RETRY 10

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
            o->waiting[i] = (struct waiting){ .request = r,
                                              .tag = ++o->next_tag,
                                              .since = room_now() };
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
    json_decref(p->params);
    p->params = NULL;
    o->waiting_n--;
    metrics_set(o->room->metrics, METRICS_QUEUE, (int64_t)o->waiting_n);
    return r;
}

void operators_give_up(struct operators *o, int64_t when)
{
    for (size_t i = 0; i < o->places; i++) {
        struct waiting *p = &o->waiting[i];

        if (p->request != NULL && p->since <= when) {
            refuse(leave_place(o, p), 503, 1, words_lost);
        }
    }
}

/* ---- The issuer */

/* What the issuer says of the client counts for or against its address. */
static void judge(struct http_request *r, const struct wire_administered *m)
{
    if (m->stranger != 0) {
        (void)http_blame(r);
    } else if (m->http < 500) {
        http_trust(r); /* an operator, were it one without that role */
    }
}

static void give_file(struct operators *o, struct waiting *place,
                      const struct wire_administered *m)
{
    json_t *params = json_incref(place->params);
    struct http_request *r = leave_place(o, place);
    unsigned status = operators_result_begin(o, r, params, m->body);

    if (status != 200) {
        refuse(r, status, FILE_RETRY,
               status == 429 ? "this operator fetches two of them already"
                             : "too many of them are fetched");
    }
    json_decref(params);
}

static bm_status on_administered(void *self, struct link *link,
                                 const struct link_frame *frame)
{
    struct operators *o = self;
    struct waiting *place = find_place(o, frame->tag);
    struct wire_administered m = { .http = 500 };
    struct http_request *r;

    (void)link;
    if (place == NULL) {
        if (frame->status == 0) {
            BM_TRY(wire_administered_get(frame->body, &m));
        }
        /* Or it was given up on. */
        (void)operators_result_answer(o, frame->tag, &m);
        return BM_OK;
    }
    if (frame->status != 0) {
        struct ca_refusal why = { frame->status, "" };
        struct admin_problem problem;

        admin_problem_of(why.status, &why, &problem);
        answer_problem(leave_place(o, place), &problem, &(struct extra){ 0 });
        return BM_OK;
    }
    BM_TRY(wire_administered_get(frame->body, &m));
    judge(place->request, &m);
    if (place->params != NULL && m.http == 200) {
        give_file(o, place, &m);
        return BM_OK;
    }
    r = leave_place(o, place);
    answer(r, m.http, m.http < 300 ? "application/json" : PROBLEM_TYPE, m.body,
           &(const struct extra){ m.retry_after, NULL });
    return BM_OK;
}

const struct link_verb operators_verbs[] = {
    { WIRE_ADMIN, LINK_FRAME_MAX, on_administered },
    { 0, 0, NULL },
};

void operators_lost(void *self, struct link *link)
{
    struct operators *o = self;

    if (link == o->issuer) {
        o->issuer = NULL;
        operators_give_up(o, INT64_MAX);
        operators_results_lost(o);
        room_unlinked(o->room, ROOM_ISSUER);
    }
}

bm_status operators_ask(struct operators *o, const struct wire_admin *m,
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
                    unsigned operation, json_t *params)
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

    if (admin_octets(&admin_operations[operation]) != NULL) {
        m.octets = http_body(r);
    }

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
    } else if (operators_ask(o, &m, place->tag) != BM_OK) {
        refuse(leave_place(o, place), 503, 1, words_later);
    } else if (admin_operations[operation].media != NULL) {
        place->params = json_incref(params);
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

void operators_serve(void *self, struct http_request *r)
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
