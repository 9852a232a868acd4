/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The certificates of a batch as one ZIP, put together here while the client
 * takes it (protocols/admin/batch_result.h). What goes into it the issuer is
 * asked for page by page, as if the client had asked itself: with its
 * certificate each time, so that nothing is told that it could not have asked
 * for. Of a page the archive's octets are kept until they have been taken;
 * then the next is asked for.
 *
 * It is made here because here is the client, who may take an hour: the issuer
 * gives each page its turn and keeps nothing, and when either side is gone,
 * nothing is left to be put away.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/operators_internal.h"
#include "protocols/admin/admin.h"
#include "protocols/admin/batch_result.h"
#include "protocols/admin/zip.h"
#include "store/store.h"

/* Certificates that are asked for at a time: some milliseconds of the issuer,
 * and of compression here, in which nobody else is served. */
#define PAGE 100

/* Octets of an archive that a page becomes at most: far more than any does. */
#define OUT_MAX ((size_t)32 << 20)

/* Archives that one operator may fetch at a time; a line that is slow does not
 * keep others from theirs. */
#define RESULTS_OF_ONE 2

/* Archives of one organisation's batches at a time, whoever fetches them: its
 * operators, if they are slow, keep none of the others from theirs. */
#define RESULTS_OF_ORGANISATION (OPERATORS_RESULTS_MAX / 4)

/* Entries of all archives that are being made: one of a batch as large as
 * batches are, with keys, or many of smaller ones. */
#define ENTRIES_MAX (UINT64_C(2) * STORE_BATCH_ROWS_MAX)

/* How long the issuer may have to answer, though it is asked again. */
#define PATIENCE 60

struct result {
    struct operators *o;
    struct http_request *request;
    uint64_t batch;
    uint64_t organisation; /* whose batch it is */
    uint64_t entries;
    struct admin_result *made;
    char after[ADMIN_KEY_MAX + 1]; /* of this pass; "": from the beginning */
    bool closing;  /* all is in it: is it still to be handed out? */
    bool last;     /* what goes out ends the archive */
    uint32_t tag;  /* the issuer has the question; or 0 */
    int64_t since; /* the first time it was asked */
    int64_t again; /* when to ask once more; 0: not */
    uint8_t *out;  /* octets of this page */
    size_t out_n;
    size_t out_cap;
};

/* ---- Its life */

static void result_free(struct result *r)
{
    struct operators *o = r->o;

    for (size_t i = 0; i < OPERATORS_RESULTS_MAX; i++) {
        if (o->results[i] == r) {
            o->results[i] = NULL;
        }
    }
    admin_result_free(r->made);
    free(r->out);
    free(r);
}

/* It is whole; or the client sees that it is not. */
static void end(struct result *r, bool whole, const char *words)
{
    struct http_request *request = r->request;

    if (!whole) {
        log_put(LOG_LEVEL_WARNING, "result.cut",
                (struct log_field[]){ log_number("batch", (int64_t)r->batch),
                                      log_text("words", words),
                                      { 0 } });
    }
    result_free(r);
    http_stream_end(request, whole);
}

/* ---- The issuer */

static json_t *page_of(const struct result *r)
{
    const char *after = r->after[0] == '\0' ? NULL : r->after;

    return r->closing
               ? json_pack("{s:I}", "batch", (json_int_t)r->batch)
               : json_pack("{s:I,s:i,s:s*}", "batch", (json_int_t)r->batch,
                           "limit", PAGE, "after", after);
}

static void ask(struct result *r)
{
    struct operators *o = r->o;
    json_t *params = page_of(r);
    char *text = params == NULL ? NULL : json_dumps(params, JSON_COMPACT);
    const struct wire_admin m = {
        .operation = (uint16_t)admin_find(r->closing ? "getBatchResult"
                                                     : "listBatchCertificates"),
        .cert = http_peer_cert(r->request),
        .chain = http_peer_chain(r->request),
        .params = { (const uint8_t *)text, text == NULL ? 0 : strlen(text) },
    };

    r->tag = ++o->next_tag;
    r->again = 0;
    if (text == NULL || operators_ask(o, &m, r->tag) != BM_OK) {
        r->tag = 0;
        r->again = room_now() + 1;
    }
    free(text);
    json_decref(params);
}

/* Its page has been taken. */
static void on_more(void *arg)
{
    struct result *r = arg;

    if (r->last) {
        end(r, true, NULL);
        return;
    }
    r->since = room_now();
    ask(r);
}

static void on_gone(void *arg)
{
    result_free(arg);
}

/* ---- What comes of a page */

static bm_status keep(void *arg, struct bm_bytes octets)
{
    struct result *r = arg;
    size_t n = r->out_n + octets.n;
    uint8_t *longer;

    if (n > OUT_MAX) {
        return BM_E_LIMIT;
    }
    if (n > r->out_cap) {
        size_t cap = n < 2 * r->out_cap ? 2 * r->out_cap : n;

        longer = realloc(r->out, cap);
        if (longer == NULL) {
            return BM_E_MEMORY;
        }
        r->out = longer;
        r->out_cap = cap;
    }
    memcpy(r->out + r->out_n, octets.p, octets.n);
    r->out_n = n;
    return BM_OK;
}

/* The last page of a pass: on to the next, or to the end, before which the
 * issuer is asked once more: the batch may have been revoked meanwhile. */
static bm_status end_pass(struct result *r)
{
    bool more;

    r->after[0] = '\0';
    BM_TRY(admin_result_pass(r->made, &more));
    r->closing = !more;
    return BM_OK;
}

static bm_status close_archive(struct result *r)
{
    r->last = true;
    return admin_result_end(r->made);
}

static bm_status take_page(struct result *r, struct bm_bytes body)
{
    json_t *page = json_loadb((const char *)body.p, body.n, 0, NULL);
    const json_t *items = json_object_get(page, "items");
    const char *next = json_string_value(json_object_get(page, "next"));
    bm_status rc = page == NULL ? BM_E_MEMORY : BM_OK;

    for (size_t i = 0; rc == BM_OK && i < json_array_size(items); i++) {
        rc = admin_result_put(r->made, json_array_get(items, i));
    }
    if (rc == BM_OK && next == NULL) {
        rc = end_pass(r);
    } else if (rc == BM_OK) {
        (void)snprintf(r->after, sizeof r->after, "%s", next);
    }
    json_decref(page);
    return rc;
}

/* What there is goes out: more is asked for when it has been taken. */
static void send_page(struct result *r)
{
    struct bm_bytes octets = { r->out, r->out_n };

    r->out_n = 0;
    if (octets.n == 0) {
        on_more(r);
    } else {
        http_stream_put(r->request, octets); /* `r` may be gone */
    }
}

static struct result *find(struct operators *o, uint32_t tag)
{
    for (size_t i = 0; i < OPERATORS_RESULTS_MAX; i++) {
        if (o->results[i] != NULL && tag != 0 && o->results[i]->tag == tag) {
            return o->results[i];
        }
    }
    return NULL;
}

bool operators_result_answer(struct operators *o, uint32_t tag,
                             const struct wire_administered *m)
{
    struct result *r = find(o, tag);
    bm_status rc;

    if (r == NULL) {
        return false;
    }
    r->tag = 0;
    if (m->http == 429 || m->http == 503) {
        r->again = room_now() + (m->retry_after != 0 ? m->retry_after : 1);
        return true;
    }
    if (m->http != 200) {
        end(r, false, "what is in it is not told any more");
        return true;
    }
    rc = r->closing ? close_archive(r) : take_page(r, m->body);
    if (rc != BM_OK) {
        end(r, false, bm_status_text(rc));
    } else {
        send_page(r);
    }
    return true;
}

void operators_results_tick(struct operators *o)
{
    int64_t now = room_now();

    for (size_t i = 0; i < OPERATORS_RESULTS_MAX; i++) {
        struct result *r = o->results[i];

        if (r == NULL || (r->tag == 0 && r->again == 0)) {
            continue; /* it is the client's turn */
        }
        if (r->since < now - PATIENCE) {
            end(r, false, "the issuer does not answer");
        } else if (r->tag == 0 && r->again <= now) {
            ask(r);
        }
    }
}

void operators_results_lost(struct operators *o)
{
    for (size_t i = 0; i < OPERATORS_RESULTS_MAX; i++) {
        struct result *r = o->results[i];

        if (r != NULL && r->tag != 0) {
            r->tag = 0;
            r->again = room_now() + 1;
        }
    }
}

/* ---- Beginning one */

static enum admin_result_form form_of(const json_t *params)
{
    const char *form = json_string_value(json_object_get(params, "form"));

    for (int i = 0; form != NULL && i < ADMIN_RESULT_FORMS; i++) {
        if (strcmp(form, admin_result_forms[i]) == 0) {
            return (enum admin_result_form)i;
        }
    }
    return ADMIN_RESULT_PEM;
}

/* A place for one that has no more than the request and what it is of; NULL if
 * there is none, and what is said instead. */
static struct result **find_place(struct operators *o, const struct result *r,
                                  unsigned *status)
{
    struct bm_bytes cert = http_peer_cert(r->request);
    struct result **place = NULL;
    uint64_t entries = r->entries;
    unsigned his = 0;
    unsigned of_organisation = 0;

    for (size_t i = 0; i < OPERATORS_RESULTS_MAX; i++) {
        const struct result *other = o->results[i];

        if (other == NULL) {
            place = &o->results[i];
            continue;
        }
        his += bm_bytes_equal(http_peer_cert(other->request), cert) ? 1 : 0;
        of_organisation += other->organisation == r->organisation ? 1 : 0;
        entries += other->entries;
    }
    if (his >= RESULTS_OF_ONE || of_organisation >= RESULTS_OF_ORGANISATION) {
        *status = 429;
        return NULL;
    }
    *status = 503;
    return entries <= ENTRIES_MAX ? place : NULL;
}

static bm_status make(struct result *r, const json_t *params, json_t *list)
{
    const struct admin_result_config config = {
        .crypto = r->o->crypto,
        .form = form_of(params),
        .chain = json_is_true(json_object_get(params, "chain")),
        .arg = r,
        .write = keep,
    };
    bool more;

    BM_TRY(admin_result_new(&config, list, &r->made));
    return admin_result_pass(r->made, &more);
}

/* RFC 6266: what to call it. */
static void begin(struct result *r)
{
    const struct http_source source = { r, on_more, on_gone };
    char name[64];
    const struct http_header headers[] = { { "Cache-Control", "no-store" },
                                           { "Content-Disposition", name },
                                           { NULL, NULL } };
    const struct http_reply reply = { .status = 200,
                                      .type = "application/zip",
                                      .headers = headers };

    (void)snprintf(name, sizeof name,
                   "attachment; filename=\"batch-%" PRIu64 ".zip\"", r->batch);
    if (!http_answer_stream(r->request, &reply, &source)) {
        result_free(r); /* nobody takes it */
    }
}

static unsigned try_begin(struct operators *o, struct http_request *request,
                          const json_t *params, json_t *list)
{
    const struct result wanted = {
        .o = o,
        .request = request,
        .batch = (uint64_t)json_integer_value(json_object_get(params, "batch")),
        .organisation =
            (uint64_t)json_integer_value(json_object_get(list, "organisation")),
        .entries = admin_result_entries(form_of(params), list),
    };
    unsigned status;
    struct result **place = find_place(o, &wanted, &status);
    struct result *r;

    if (place == NULL) {
        return status;
    }
    r = calloc(1, sizeof *r);
    if (r == NULL) {
        return 503;
    }
    *r = wanted;
    *place = r;
    if (make(r, params, list) != BM_OK) {
        result_free(r);
        return 503;
    }
    begin(r);
    return 200;
}

unsigned operators_result_begin(struct operators *o,
                                struct http_request *request,
                                const json_t *params, struct bm_bytes body)
{
    json_t *list = json_loadb((const char *)body.p, body.n, 0, NULL);
    unsigned status = list == NULL ? 503 : try_begin(o, request, params, list);

    json_decref(list);
    return status;
}
