/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/publisher_desk.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/status/request.h"

/* Octets of an OCSPResponse that is an error. */
#define ERROR_MAX 8

struct waiter {
    struct waiter *next;
    void *ticket;
    struct cache_key alias; /* how it asked */
    struct budget_payer payer;
};

/* A request that the status signer has. */
struct ask {
    struct waiter *waiters; /* NULL: free */
    uint16_t turn;          /* tells it from earlier ones in the same place */
    bool is_shared;
    struct cache_key key; /* of its CertID */
    struct bm_ocsp_certid id;
    uint8_t *id_der;
    int64_t until;
};

struct desk {
    struct desk_config c;
    struct cache *cache;
    struct budget *budget;
    uint64_t now_us; /* when it was last said */
    size_t waiting;
    struct ask asks[DESK_ASKS_MAX];
};

bm_status desk_new(const struct desk_config *config, struct desk **desk)
{
    struct desk *d = calloc(1, sizeof *d);
    uint8_t secret[16];
    bm_status rc = BM_E_INTERNAL;

    *desk = NULL;
    if (d == NULL) {
        return BM_E_MEMORY;
    }
    d->c = *config;
    rc = config->crypto->random(config->crypto->self, secret, sizeof secret);
    if (rc == BM_OK) {
        rc = cache_new(config->octets, secret, &d->cache);
    }
    if (rc == BM_OK) {
        rc = budget_new(&config->budget, config->crypto, &d->budget);
    }
    if (rc != BM_OK) {
        goto out;
    }
    *desk = d;
    d = NULL;
out:
    desk_free(d);
    return rc;
}

/* ---- Answers */

static void answer_error(struct desk *d, void *ticket,
                         enum bm_ocsp_response_status status)
{
    uint8_t der[ERROR_MAX];
    struct desk_reply reply = { .kind = DESK_ERROR };
    struct bm_wr w;

    bm_wr_init(&w, der, sizeof der);
    bm_ocsp_error_put(&w, status);
    reply.response = bm_wr_bytes(&w);
    if (status == BM_OCSP_TRY_LATER) {
        metrics_add(d->c.metrics, METRICS_OCSP_LATER, 1);
    }
    d->c.answer(d->c.arg, ticket, &reply);
}

static void answer_kept(struct desk *d, void *ticket, const struct cached *kept,
                        int64_t now)
{
    struct desk_reply reply = { .kind = DESK_KEPT,
                                .response = kept->response,
                                .caching = &kept->caching,
                                .age = kept->keep_until - now };

    d->c.answer(d->c.arg, ticket, &reply);
}

/* What is kept, even if it is time for another, while it is valid. */
static void answer_at_worst(struct desk *d, const struct cache_key *key,
                            void *ticket, int64_t now)
{
    const struct cached *kept = cache_find(d->cache, key);

    if (kept != NULL && now < kept->next_update) {
        metrics_add(d->c.metrics, METRICS_OCSP_CACHED, 1);
        answer_kept(d, ticket, kept, now);
    } else {
        answer_error(d, ticket, BM_OCSP_TRY_LATER);
    }
}

/* ---- Asking */

static struct waiter *new_waiter(struct desk *d,
                                 const struct desk_client *client,
                                 const struct cache_key *alias)
{
    struct waiter *w = calloc(1, sizeof *w);

    if (w != NULL) {
        w->ticket = client->ticket;
        w->alias = *alias;
        budget_payer_init(&w->payer, client->address);
        d->waiting++;
    }
    return w;
}

static void free_waiter(struct desk *d, struct waiter *w)
{
    d->waiting--;
    free(w);
}

static void free_ask(struct ask *ask)
{
    free(ask->id_der);
    *ask = (struct ask){ .turn = (uint16_t)(ask->turn + 1) };
}

void desk_free(struct desk *d)
{
    if (d == NULL) {
        return;
    }
    for (size_t i = 0; i < DESK_ASKS_MAX; i++) {
        struct waiter *w = d->asks[i].waiters;

        while (w != NULL) {
            struct waiter *next = w->next;

            free_waiter(d, w);
            w = next;
        }
        free_ask(&d->asks[i]);
    }
    cache_free(d->cache);
    budget_free(d->budget);
    free(d);
}

/* One that waits for the same, or a free place; NULL when all are taken. */
static struct ask *find_ask(struct desk *d, const struct cache_key *key)
{
    struct ask *none = NULL;

    for (size_t i = 0; i < DESK_ASKS_MAX; i++) {
        struct ask *ask = &d->asks[i];

        if (ask->waiters == NULL) {
            none = none == NULL ? ask : none;
        } else if (key != NULL && ask->is_shared &&
                   memcmp(ask->key.hash, key->hash, sizeof key->hash) == 0) {
            return ask;
        }
    }
    return none;
}

static bm_status send_it(struct desk *d, struct ask *ask,
                         struct bm_bytes request)
{
    uint32_t place = (uint32_t)(ask - d->asks);

    return d->c.ask(d->c.arg, (uint32_t)ask->turn << 16 | place, request);
}

/* The plain request about the CertID, which is kept for the answer. */
static bm_status send_shared(struct desk *d, struct ask *ask,
                             const struct bm_ocsp_certid *id)
{
    uint8_t request[STATUS_REQUEST_MAX];
    struct bm_wr w;
    size_t n;

    ask->is_shared = true;
    ask->id_der = malloc(id->der.n);
    if (ask->id_der == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(ask->id_der, id->der.p, id->der.n);
    ask->id.der = (struct bm_bytes){ ask->id_der, id->der.n };
    bm_wr_init(&w, request, sizeof request);
    status_request_put(&w, id);
    BM_TRY(bm_wr_finish(&w, &n));
    return send_it(d, ask, bm_wr_bytes(&w));
}

/* ---- Clients */

/* One client on its way to an answer. */
struct visit {
    const struct desk_client *client;
    struct status_request request;
    struct bm_bytes der;
    struct cache_key alias;
    struct cache_key key;
};

/* Wait for what the status signer says; or the best that can be done. */
static void wait_shared(struct desk *d, const struct visit *v, struct waiter *w)
{
    struct ask *ask = find_ask(d, &v->key);
    bool is_new = ask != NULL && ask->waiters == NULL;

    if (ask == NULL ||
        (is_new && !budget_may_ask(d->budget, &w->payer, v->client->now_us))) {
        free_waiter(d, w);
        answer_at_worst(d, &v->key, v->client->ticket, v->client->now);
        return;
    }
    if (is_new) {
        ask->key = v->key;
        ask->until = v->client->now + DESK_PATIENCE;
        if (send_shared(d, ask, &v->request.id) != BM_OK) {
            free_ask(ask);
            free_waiter(d, w);
            answer_at_worst(d, &v->key, v->client->ticket, v->client->now);
            return;
        }
    }
    w->next = ask->waiters;
    ask->waiters = w;
}

static void take_shared(struct desk *d, const struct visit *v)
{
    const struct desk_client *client = v->client;
    const struct cached *kept = cache_find(d->cache, &v->key);
    struct waiter *w;

    if (kept != NULL && client->now < kept->keep_until) {
        metrics_add(d->c.metrics, METRICS_OCSP_CACHED, 1);
        if (v->request.kind == STATUS_SHARED) {
            cache_alias(d->cache, &v->key, &v->alias);
        }
        answer_kept(d, client->ticket, kept, client->now);
        return;
    }
    w = new_waiter(d, client, &v->alias);
    if (w == NULL) {
        answer_at_worst(d, &v->key, client->ticket, client->now);
        return;
    }
    if (v->request.kind != STATUS_SHARED) {
        w->alias = v->key; /* the next one may get an answer of its own */
    }
    wait_shared(d, v, w);
}

/* False when it is over a budget, or there is no room for it. */
static bool take_own(struct desk *d, const struct visit *v)
{
    struct waiter *w = new_waiter(d, v->client, &v->alias);
    struct ask *ask = find_ask(d, NULL);

    if (w == NULL) {
        return false;
    }
    if (ask == NULL ||
        !budget_draw(d->budget, &w->payer, v->request.n, v->client->now_us) ||
        send_it(d, ask, v->der) != BM_OK) {
        free_waiter(d, w);
        return false;
    }
    ask->until = v->client->now + DESK_PATIENCE;
    ask->is_shared = false;
    ask->waiters = w;
    return true;
}

static bool is_ours(struct desk *d, const struct status_request *request)
{
    struct bm_bytes list = request->list;
    struct bm_ocsp_certid id;

    while (bm_ocsp_request_next(&list, &id)) {
        if (d->c.knows(d->c.arg, &id)) {
            return true;
        }
    }
    return false;
}

static void take_parsed(struct desk *d, struct visit *v)
{
    void *ticket = v->client->ticket;

    if (!is_ours(d, &v->request)) {
        /* RFC 9919 3.2.3: "the server is not capable of responding
         * authoritatively" */
        answer_error(d, ticket, BM_OCSP_UNAUTHORIZED);
        return;
    }
    v->key = cache_key_of(d->cache, CACHE_CERTID, v->request.id.der);
    if (v->request.kind != STATUS_SHARED && take_own(d, v)) {
        return;
    }
    if (v->request.kind == STATUS_SEVERAL) {
        answer_error(d, ticket, BM_OCSP_TRY_LATER);
    } else {
        take_shared(d, v);
    }
}

/* Paths are text, and end where it ends. */
static bm_status decode_path(struct bm_bytes text, uint8_t *out,
                             struct bm_bytes *der)
{
    char path[STATUS_GET_MAX + 1];

    if (text.n >= sizeof path) {
        return BM_E_LIMIT;
    }
    memcpy(path, text.p, text.n);
    path[text.n] = '\0';
    return status_get_decode(path, out, der);
}

void desk_take(struct desk *d, const struct desk_client *client)
{
    uint8_t decoded[STATUS_REQUEST_MAX];
    struct visit v = { .client = client, .der = client->text };
    const struct cached *kept;
    bm_status rc = BM_OK;

    d->now_us = client->now_us;
    v.alias = cache_key_of(d->cache, client->how, client->text);
    kept = cache_find(d->cache, &v.alias);
    if (kept != NULL && client->now < kept->keep_until) {
        metrics_add(d->c.metrics, METRICS_OCSP_CACHED, 1);
        answer_kept(d, client->ticket, kept, client->now);
        return;
    }
    if (client->how == CACHE_GET) {
        rc = decode_path(client->text, decoded, &v.der);
    }
    if (rc == BM_OK) {
        rc = status_request_parse(v.der, &v.request);
    }
    if (rc != BM_OK) {
        answer_error(d, client->ticket, BM_OCSP_MALFORMED_REQUEST);
        return;
    }
    take_parsed(d, &v);
}

/* ---- The status signer */

/* Keep the answer to a shared request; false when it is none to be kept. */
static bool keep(struct desk *d, const struct ask *ask,
                 struct bm_bytes response, int64_t now)
{
    struct status_answer a = status_answer_of(response, &ask->id);
    struct cached answer = { .response = response,
                             .this_update = a.this_update,
                             .next_update = a.next_update };
    int64_t half = (a.next_update - now) / 2;

    if ((a.status != BM_OCSP_GOOD && a.status != BM_OCSP_REVOKED) ||
        a.this_update > now || a.next_update <= now ||
        status_caching_put(&answer.caching, d->c.crypto, response,
                           a.this_update, a.next_update) != BM_OK) {
        return false;
    }
    answer.keep_until = now + (half < DESK_KEEP ? half : DESK_KEEP);
    return cache_put(d->cache, &ask->key, &answer) == BM_OK;
}

/* To a waiter for what others wait for, too. */
static void hand_out(struct desk *d, const struct ask *ask,
                     const struct waiter *w, struct bm_bytes response,
                     int64_t now)
{
    const struct cached *kept;

    cache_alias(d->cache, &ask->key, &w->alias);
    kept = cache_find(d->cache, &ask->key);
    if (kept != NULL && bm_bytes_equal(kept->response, response)) {
        answer_kept(d, w->ticket, kept, now);
    } else {
        struct desk_reply own = { .kind = DESK_OWN, .response = response };

        d->c.answer(d->c.arg, w->ticket, &own);
    }
}

static bool is_error(struct bm_bytes response)
{
    struct bm_ocsp_response parsed;

    return bm_ocsp_response_parse(response, NULL, &parsed) != BM_OK ||
           parsed.status != BM_OCSP_SUCCESSFUL;
}

static void hand_out_own(struct desk *d, const struct waiter *w,
                         struct bm_bytes response)
{
    struct desk_reply reply = { .kind =
                                    is_error(response) ? DESK_ERROR : DESK_OWN,
                                .response = response };

    d->c.answer(d->c.arg, w->ticket, &reply);
}

static struct ask *ask_of(struct desk *d, uint32_t tag)
{
    uint32_t place = tag & 0xffff;

    if (place >= DESK_ASKS_MAX || d->asks[place].waiters == NULL ||
        d->asks[place].turn != tag >> 16) {
        return NULL;
    }
    return &d->asks[place];
}

void desk_answered(struct desk *d, uint32_t tag, struct bm_bytes response,
                   int64_t now, uint64_t now_us)
{
    struct ask *ask = ask_of(d, tag);
    struct ask done;
    struct waiter *next;
    bool is_kept;

    if (ask == NULL) {
        return;
    }
    /* Whoever is answered may come again at once. */
    done = *ask;
    ask->id_der = NULL;
    ask->waiters = NULL;
    free_ask(ask);
    is_kept = done.is_shared && keep(d, &done, response, now);
    for (struct waiter *w = done.waiters; w != NULL; w = next) {
        next = w->next;
        if (done.is_shared) {
            budget_settle(d->budget, &w->payer, is_kept, now_us);
        }
        if (is_kept) {
            hand_out(d, &done, w, response, now);
        } else {
            hand_out_own(d, w, response);
        }
        free_waiter(d, w);
    }
    free(done.id_der);
}

static void give_up(struct desk *d, struct ask *ask, int64_t now)
{
    struct ask done = *ask;
    struct waiter *next;

    ask->id_der = NULL;
    ask->waiters = NULL;
    free_ask(ask);
    for (struct waiter *w = done.waiters; w != NULL; w = next) {
        next = w->next;
        if (done.is_shared) {
            budget_settle(d->budget, &w->payer, true, d->now_us);
            answer_at_worst(d, &done.key, w->ticket, now);
        } else {
            answer_error(d, w->ticket, BM_OCSP_TRY_LATER);
        }
        free_waiter(d, w);
    }
    free(done.id_der);
}

void desk_refused(struct desk *d, uint32_t tag, int64_t now)
{
    struct ask *ask = ask_of(d, tag);

    if (ask != NULL) {
        give_up(d, ask, now);
    }
}

void desk_lost(struct desk *d, int64_t now)
{
    for (size_t i = 0; i < DESK_ASKS_MAX; i++) {
        if (d->asks[i].waiters != NULL) {
            give_up(d, &d->asks[i], now);
        }
    }
}

void desk_tick(struct desk *d, int64_t now)
{
    for (size_t i = 0; i < DESK_ASKS_MAX; i++) {
        if (d->asks[i].waiters != NULL && now >= d->asks[i].until) {
            give_up(d, &d->asks[i], now);
        }
    }
}

size_t desk_waiting(const struct desk *d)
{
    return d->waiting;
}
