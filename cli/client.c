/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Octets of an answer: a page of ADMIN_PAGE_MAX things of a few kilobytes. */
#define ANSWER_MAX ((size_t)16 << 20)

/* Seconds: for a connection, and for an answer (a revocation list of a million
 * takes some). */
#define CONNECT_TIMEOUT 15L
#define ANSWER_TIMEOUT  300L

/* Seconds that a server may ask to be waited for. */
#define WAIT_MAX 60

/* How often a request is sent at most. */
#define TRIES 3

struct client {
    CURL *curl;
    char base[512]; /* "https://ca.example:8444" */
    const struct bm_crypto *crypto;
    char error[CURL_ERROR_SIZE];
    bool alone;
};

/* One request and what came back. */
struct exchange {
    struct client *client;
    const struct admin_operation *op;
    char *url;
    char *json;           /* or NULL */
    struct bm_bytes body; /* that, or octets of the caller's; or nothing */
    const char *type;     /* of the body */
    struct curl_slist *headers;
    char *answer;
    size_t answer_n;
    size_t answer_cap;
    bool too_long;
    long status;
};

static bm_status set(CURL *curl, CURLoption option, const char *value)
{
    return curl_easy_setopt(curl, option, value) == CURLE_OK ? BM_OK
                                                             : BM_E_MEMORY;
}

static bm_status set_long(CURL *curl, CURLoption option, long value)
{
    return curl_easy_setopt(curl, option, value) == CURLE_OK ? BM_OK
                                                             : BM_E_INTERNAL;
}

/* Nothing comes from the environment: neither proxies nor other anchors. */
static bm_status set_up(struct client *c, const struct client_config *config)
{
    CURL *curl = c->curl;

    BM_TRY(set(curl, CURLOPT_PROXY, ""));
    BM_TRY(set(curl, CURLOPT_PROTOCOLS_STR, "https"));
    BM_TRY(set(curl, CURLOPT_SSLCERT, config->cert));
    BM_TRY(set(curl, CURLOPT_SSLKEY, config->key));
    BM_TRY(set(curl, CURLOPT_CAINFO, config->trust));
    if (curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) != CURLE_OK) {
        return BM_E_INTERNAL;
    }
    BM_TRY(set_long(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2));
    BM_TRY(set_long(curl, CURLOPT_SSL_VERIFYPEER, 1L));
    BM_TRY(set_long(curl, CURLOPT_SSL_VERIFYHOST, 2L));
    BM_TRY(set_long(curl, CURLOPT_NOSIGNAL, 1L));
    BM_TRY(set_long(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT));
    BM_TRY(set_long(curl, CURLOPT_TIMEOUT, ANSWER_TIMEOUT));
    return curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, c->error) == CURLE_OK
               ? BM_OK
               : BM_E_INTERNAL;
}

/* "https://HOST[:PORT]", with or without a slash at the end. */
static bm_status set_base(struct client *c, const char *url,
                          struct ca_refusal *why)
{
    static const char scheme[] = "https://";
    const char *host = url + sizeof scheme - 1;
    size_t n;

    if (strncmp(url, scheme, sizeof scheme - 1) != 0 || *host == '\0') {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "%s is not https://HOST or https://HOST:PORT", url);
    }
    n = strcspn(host, "/?#@");
    if ((host[n] != '\0' && strcmp(host + n, "/") != 0) ||
        sizeof scheme - 1 + n >= sizeof c->base) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "%s is not https://HOST or https://HOST:PORT", url);
    }
    memcpy(c->base, url, sizeof scheme - 1 + n);
    return BM_OK;
}

bm_status client_open(const struct client_config *config,
                      struct client **client, struct ca_refusal *why)
{
    struct client *c;
    bm_status rc;

    *client = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    c = calloc(1, sizeof *c);
    if (c == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    c->crypto = config->crypto;
    c->curl = curl_easy_init();
    rc = c->curl != NULL ? set_base(c, config->url, why) : BM_E_MEMORY;
    if (rc == BM_OK) {
        rc = set_up(c, config);
    }
    if (rc != BM_OK) {
        client_close(c);
        return ca_refuse_plain(why, rc);
    }
    *client = c;
    return BM_OK;
}

void client_close(struct client *c)
{
    if (c != NULL) {
        curl_easy_cleanup(c->curl);
        free(c);
    }
}

bool client_alone(const struct client *c)
{
    return c->alone;
}

/* ---- Making a request */

/* A text that grows; NULL once there was no memory. */
static void add(char **text, const char *more)
{
    size_t n = *text != NULL ? strlen(*text) : 0;
    char *longer = *text != NULL ? realloc(*text, n + strlen(more) + 1) : NULL;

    if (longer == NULL) {
        free(*text);
        *text = NULL;
        return;
    }
    memcpy(longer + n, more, strlen(more) + 1);
    *text = longer;
}

/* A value as a path or a query has it. */
static void add_value(CURL *curl, char **text, const json_t *value)
{
    char number[32];
    char *escaped;

    if (json_is_boolean(value)) {
        add(text, json_is_true(value) ? "true" : "false");
        return;
    }
    if (json_is_integer(value)) {
        (void)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT,
                       json_integer_value(value));
        add(text, number);
        return;
    }
    escaped = curl_easy_escape(curl, json_string_value(value),
                               (int)json_string_length(value));
    if (escaped == NULL) {
        free(*text);
        *text = NULL;
        return;
    }
    add(text, escaped);
    curl_free(escaped);
}

/* The path of the row, its holes filled. */
static void add_path(struct exchange *e, const json_t *params)
{
    const char *p = e->op->path;
    char piece[128];

    while (*p != '\0' && e->url != NULL) {
        size_t n = strcspn(p, "{");

        (void)snprintf(piece, sizeof piece, "%.*s", (int)n, p);
        add(&e->url, piece);
        p += n;
        if (*p == '{') {
            n = strcspn(p, "}");
            (void)snprintf(piece, sizeof piece, "%.*s", (int)n - 1, p + 1);
            add_value(e->client->curl, &e->url, json_object_get(params, piece));
            p += n + 1;
        }
    }
}

static void add_query(struct exchange *e, const json_t *params)
{
    const char *mark = "?";

    for (const struct admin_field *f = e->op->params; f->name != NULL; f++) {
        const json_t *value = json_object_get(params, f->name);

        if (f->place == ADMIN_IN_QUERY && value != NULL) {
            add(&e->url, mark);
            add(&e->url, f->name);
            add(&e->url, "=");
            add_value(e->client->curl, &e->url, value);
            mark = "&";
        }
    }
}

/* An act without members has no body. */
static bm_status make_json(struct exchange *e, const json_t *params)
{
    json_t *body = json_object();
    bm_status rc = body != NULL ? BM_OK : BM_E_MEMORY;

    for (const struct admin_field *f = e->op->params;
         rc == BM_OK && f->name != NULL; f++) {
        json_t *value = json_object_get(params, f->name);

        if (f->place == ADMIN_IN_BODY && value != NULL &&
            json_object_set(body, f->name, value) != 0) {
            rc = BM_E_MEMORY;
        }
    }
    if (rc == BM_OK && json_object_size(body) != 0) {
        e->json = json_dumps(body, JSON_COMPACT);
        rc = e->json != NULL ? BM_OK : BM_E_MEMORY;
        e->type = "Content-Type: application/json";
        e->body = (struct bm_bytes){ (const uint8_t *)e->json,
                                     rc == BM_OK ? strlen(e->json) : 0 };
    }
    json_decref(body);
    return rc;
}

static bm_status make_body(struct exchange *e,
                           const struct client_request *request)
{
    e->type = "Content-Type:";
    if (admin_octets(e->op) == NULL) {
        return make_json(e, request->params);
    }
    if (request->octets.n != 0) {
        e->type = "Content-Type: application/octet-stream";
        e->body = request->octets;
    }
    return BM_OK;
}

static bm_status add_header(struct exchange *e, const char *line)
{
    struct curl_slist *longer = curl_slist_append(e->headers, line);

    if (longer == NULL) {
        return BM_E_MEMORY;
    }
    e->headers = longer;
    return BM_OK;
}

static bm_status add_headers(struct exchange *e)
{
    const struct bm_crypto *crypto = e->client->crypto;
    char line[64] = "Idempotency-Key: ";
    size_t n = strlen(line);
    uint8_t random[16];

    if (strcmp(e->op->method, "POST") != 0) {
        return BM_OK;
    }
    BM_TRY(crypto->random(crypto->self, random, sizeof random));
    for (size_t i = 0; i < sizeof random; i++) {
        (void)snprintf(line + n + 2 * i, 3, "%02x", random[i]);
    }
    BM_TRY(add_header(e, line));
    BM_TRY(add_header(e, "Expect:")); /* no round trip for a kilobyte */
    return add_header(e, e->type);
}

/* Room for `n` more, twice as much as there was. */
static bool make_room(struct exchange *e, size_t n)
{
    size_t cap = e->answer_cap != 0 ? e->answer_cap : 16384;
    char *longer;

    if (n <= e->answer_cap - e->answer_n) {
        return true;
    }
    while (cap - e->answer_n < n) {
        cap *= 2;
    }
    longer = realloc(e->answer, cap);
    if (longer == NULL) {
        return false;
    }
    e->answer = longer;
    e->answer_cap = cap;
    return true;
}

static size_t receive(char *data, size_t size, size_t n, void *arg)
{
    struct exchange *e = arg;

    n *= size;
    if (n > ANSWER_MAX - e->answer_n) {
        e->too_long = true;
        return 0;
    }
    if (!make_room(e, n)) {
        return 0;
    }
    memcpy(e->answer + e->answer_n, data, n);
    e->answer_n += n;
    return n;
}

static bm_status prepare(struct exchange *e,
                         const struct client_request *request)
{
    CURL *curl = e->client->curl;

    e->url = strdup(e->client->base);
    add(&e->url, ADMIN_PREFIX);
    add_path(e, request->params);
    add_query(e, request->params);
    if (e->url == NULL) {
        return BM_E_MEMORY;
    }
    BM_TRY(make_body(e, request));
    BM_TRY(add_headers(e));
    BM_TRY(set(curl, CURLOPT_URL, e->url));
    if (curl_easy_setopt(curl, CURLOPT_HTTPHEADER, e->headers) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, e) != CURLE_OK) {
        return BM_E_INTERNAL;
    }
    if (strcmp(e->op->method, "POST") != 0) {
        return set_long(curl, CURLOPT_HTTPGET, 1L);
    }
    BM_TRY(set_long(curl, CURLOPT_POST, 1L));
    BM_TRY(set_long(curl, CURLOPT_POSTFIELDSIZE, (long)e->body.n));
    return set(curl, CURLOPT_POSTFIELDS,
               e->body.n != 0 ? (const char *)e->body.p : "");
}

/* ---- Sending it */

static bool is_alone(CURLcode code)
{
    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
}

/* The answer was lost on the way, or a server went away under a kept
 * connection: the key of the request makes it safe to ask again. */
static bool is_lost(CURLcode code)
{
    return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
           code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE;
}

/* How long the server wants to be waited for; -1: it does not. */
static long wait_of(const struct exchange *e)
{
    curl_off_t wait = 0;

    if ((e->status != 503 && e->status != 429) ||
        curl_easy_getinfo(e->client->curl, CURLINFO_RETRY_AFTER, &wait) !=
            CURLE_OK ||
        wait <= 0 || wait > WAIT_MAX) {
        return -1;
    }
    return (long)wait;
}

static void wait_for(long seconds)
{
    struct timespec left = { .tv_sec = seconds };

    while (nanosleep(&left, &left) != 0) {
    }
}

static bm_status send_it(struct exchange *e, struct ca_refusal *why)
{
    struct client *c = e->client;
    CURLcode code = CURLE_OK;

    for (int i = 0; i < TRIES; i++) {
        e->answer_n = 0;
        c->error[0] = '\0';
        code = curl_easy_perform(c->curl);
        c->alone = is_alone(code);
        if (code == CURLE_OK) {
            (void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE,
                                    &e->status);
            if (wait_of(e) < 0 || i + 1 == TRIES) {
                return BM_OK;
            }
            wait_for(wait_of(e));
        } else if (!is_lost(code)) {
            break;
        }
    }
    if (e->too_long) {
        return ca_refuse(why, BM_E_LIMIT, "the answer of %s", c->base);
    }
    return ca_refuse(why, BM_E_IO, "%s: %s", c->base,
                     c->error[0] != '\0' ? c->error : curl_easy_strerror(code));
}

/* ---- Reading the answer */

/* The refusal as the server has it inside. */
static bm_status read_problem(const struct exchange *e, const json_t *answer,
                              struct ca_refusal *why)
{
    const char *code = json_string_value(json_object_get(answer, "code"));
    const char *words = json_string_value(json_object_get(answer, "words"));
    const char *detail = json_string_value(json_object_get(answer, "detail"));
    unsigned long number = code != NULL ? strtoul(code, NULL, 16) : 0;

    if (number != 0 && number <= 0xffff) {
        return ca_refuse(why, (bm_status)number, "%s",
                         words != NULL ? words : "");
    }
    return ca_refuse(why, BM_E_IO, "%s: status %ld%s%s", e->client->base,
                     e->status, detail != NULL ? ": " : "",
                     detail != NULL ? detail : "");
}

static bm_status read_answer(const struct exchange *e, json_t **result,
                             struct ca_refusal *why)
{
    json_t *answer = json_loadb(e->answer != NULL ? e->answer : "", e->answer_n,
                                JSON_REJECT_DUPLICATES, NULL);
    char words[ADMIN_WORDS_MAX];
    bm_status rc;

    if (e->status != (e->op->creates ? 201 : 200)) {
        rc = read_problem(e, answer, why);
    } else if (!admin_check(e->op->result, answer, words)) {
        rc = ca_refuse(why, BM_E_IO, "the answer of %s: %s", e->client->base,
                       words);
    } else {
        *result = answer;
        answer = NULL;
        rc = BM_OK;
    }
    json_decref(answer);
    return rc;
}

bm_status client_ask(struct client *c, const struct client_request *request,
                     json_t **result, struct ca_refusal *why)
{
    struct exchange e = { .client = c,
                          .op = &admin_operations[request->operation] };
    char words[ADMIN_WORDS_MAX];
    bm_status rc;

    *result = NULL;
    if (!admin_check(e.op->params, request->params, words)) {
        return ca_refuse(why, BM_E_ARGUMENT, "%s", words);
    }
    rc = prepare(&e, request);
    if (rc == BM_OK) {
        rc = send_it(&e, why);
    }
    if (rc == BM_OK) {
        rc = read_answer(&e, result, why);
    }
    (void)curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, NULL);
    (void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, NULL);
    curl_slist_free_all(e.headers);
    free(e.url);
    free(e.json);
    free(e.answer);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
