/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From an HTTP request to an operation and its parameters. Strict: what the
 * table does not name is refused, and so is what is said twice.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "protocols/admin/internal.h"

struct routing {
    const struct admin_http *http;
    const struct admin_operation *op;
    json_t *params;
    struct admin_problem *problem;
};

/* All of these return a status for BM_TRY: BM_E_ARGUMENT, with a problem. */
#define REFUSE(r, status, ...)                             \
    (admin_problem_say((r)->problem, status, __VA_ARGS__), \
     (bm_status)BM_E_ARGUMENT)

/* ---- Paths */

/* Up to the next '/' or the end. */
static struct bm_bytes segment(const char **path)
{
    struct bm_bytes s = { (const uint8_t *)*path, strcspn(*path, "/") };

    *path += s.n;
    if (**path == '/') {
        (*path)++;
    }
    return s;
}

/* "{serial}" is whatever stands there. */
static bool is_hole(struct bm_bytes s)
{
    return s.n > 2 && s.p[0] == '{';
}

/* As they are written: a path of ours has no reason for escapes but in what
 * fills the holes. */
static bool path_fits(const char *row, const char *path)
{
    row++;
    path++;
    while (*row != '\0' && *path != '\0') {
        struct bm_bytes want = segment(&row);
        struct bm_bytes is = segment(&path);

        if (is_hole(want) ? is.n == 0 : !bm_bytes_equal(want, is)) {
            return false;
        }
        if ((row[-1] == '/') != (path[-1] == '/')) {
            return false;
        }
    }
    return *row == '\0' && *path == '\0';
}

static void add_method(char allow[64], const char *method)
{
    size_t n = strlen(allow);

    (void)snprintf(allow + n, 64 - n, "%s%s", n != 0 ? ", " : "", method);
}

static bm_status find_operation(struct routing *r, char allow[64])
{
    const char *path = r->http->path;
    const size_t prefix = sizeof ADMIN_PREFIX - 1;

    if (strncmp(path, ADMIN_PREFIX, prefix) != 0 || path[prefix] != '/') {
        return REFUSE(r, 404, "the API begins at " ADMIN_PREFIX "/");
    }
    for (size_t i = 0; i < admin_operations_n; i++) {
        const struct admin_operation *op = &admin_operations[i];

        if (path_fits(op->path, path + prefix)) {
            add_method(allow, op->method);
            if (strcmp(op->method, r->http->method) == 0) {
                r->op = op;
            }
        }
    }
    if (allow[0] == '\0') {
        return REFUSE(r, 404,
                      "nothing is there; " ADMIN_PREFIX
                      "/openapi.json tells what is where");
    }
    if (r->op == NULL) {
        return REFUSE(r, 405, "this takes %s", allow);
    }
    allow[0] = '\0';
    return BM_OK;
}

/* ---- Values that come as text */

static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* RFC 3986 2.1; in a query '+' is a blank. False: no such text. */
static bool decode(struct bm_bytes in, bool query, char *out, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = in.p[i];

        if (c == '%') {
            int high = i + 1 < in.n ? hex_digit(in.p[i + 1]) : -1;
            int low = i + 2 < in.n ? hex_digit(in.p[i + 2]) : -1;

            if (high < 0 || low < 0) {
                return false;
            }
            c = (uint8_t)(high << 4 | low);
            i += 2;
        } else if (c == '+' && query) {
            c = ' ';
        }
        if (c == 0) {
            return false;
        }
        out[(*n)++] = (char)c;
    }
    out[*n] = '\0';
    return true;
}

static bool is_utf8(const char *text, size_t n)
{
    struct bm_bytes left = { (const uint8_t *)text, n };
    uint32_t c;

    while (left.n != 0) {
        if (!tree_next_char(&left, &c)) {
            return false;
        }
    }
    return true;
}

/* 18 digits fit. */
static bool parse_integer(const char *text, json_int_t *value)
{
    size_t n = strlen(text);

    if (n == 0 || n > 18 || strspn(text, "0123456789") != n) {
        return false;
    }
    *value = strtoll(text, NULL, 10);
    return true;
}

/* As JSON of the type that the table says; NULL without memory. */
static bm_status typed(struct routing *r, const struct admin_field *f,
                       const char *text, size_t n, json_t **value)
{
    json_int_t number;

    if (!is_utf8(text, n)) {
        return REFUSE(r, 400, "%s is not UTF-8", f->name);
    }
    switch (f->type) {
    case ADMIN_INTEGER:
    case ADMIN_SECONDS:
        if (!parse_integer(text, &number)) {
            return REFUSE(r, 400, "%s is not a number", f->name);
        }
        *value = json_integer(number);
        break;
    case ADMIN_BOOLEAN:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
            return REFUSE(r, 400, "%s is neither true nor false", f->name);
        }
        *value = json_boolean(text[0] == 't');
        break;
    default:
        *value = json_stringn(text, n);
        break;
    }
    return BM_OK;
}

/* Put what a path or query has, under the name of its field. */
static bm_status take_text(struct routing *r, const struct admin_field *f,
                           struct bm_bytes raw)
{
    char *text = malloc(raw.n + 1);
    json_t *value = NULL;
    bm_status rc = BM_E_MEMORY;
    size_t n;

    if (text == NULL) {
        goto out;
    }
    if (!decode(raw, f->place == ADMIN_IN_QUERY, text, &n)) {
        rc = REFUSE(r, 400, "%s is not well escaped", f->name);
        goto out;
    }
    rc = typed(r, f, text, n, &value);
    if (rc == BM_OK && json_object_set_new(r->params, f->name, value) != 0) {
        rc = BM_E_MEMORY;
    }

out:
    free(text);
    return rc;
}

static const struct admin_field *find_field(const struct admin_operation *op,
                                            enum admin_place place,
                                            struct bm_bytes name)
{
    for (const struct admin_field *f = op->params; f->name != NULL; f++) {
        if (f->place == place && bm_bytes_are(name, f->name, strlen(f->name))) {
            return f;
        }
    }
    return NULL;
}

static bm_status take_path(struct routing *r)
{
    const char *row = r->op->path + 1;
    const char *path = r->http->path + sizeof ADMIN_PREFIX;

    while (*row != '\0') {
        struct bm_bytes name = segment(&row);
        struct bm_bytes value = segment(&path);

        if (is_hole(name)) {
            const struct bm_bytes inner = { name.p + 1, name.n - 2 };
            const struct admin_field *f =
                find_field(r->op, ADMIN_IN_PATH, inner);

            if (f == NULL) {
                return BM_E_INTERNAL; /* a test of the table sees to it */
            }
            BM_TRY(take_text(r, f, value));
        }
    }
    return BM_OK;
}

/* ---- The query */

static bm_status take_pair(struct routing *r, struct bm_bytes pair)
{
    const uint8_t *equals = memchr(pair.p, '=', pair.n);
    struct bm_bytes name = { pair.p, equals != NULL ? (size_t)(equals - pair.p)
                                                    : pair.n };
    const struct admin_field *f = find_field(r->op, ADMIN_IN_QUERY, name);

    if (f == NULL) {
        return REFUSE(r, 400, "query: %.*s is unknown",
                      (int)(name.n < 64 ? name.n : 64), (const char *)name.p);
    }
    if (equals == NULL) {
        return REFUSE(r, 400, "query: %s has no value", f->name);
    }
    if (json_object_get(r->params, f->name) != NULL) {
        return REFUSE(r, 400, "query: %s is there twice", f->name);
    }
    return take_text(r, f,
                     (struct bm_bytes){ equals + 1, pair.n - name.n - 1 });
}

static bm_status take_query(struct routing *r)
{
    const char *left = r->http->query != NULL ? r->http->query : "";

    while (*left != '\0') {
        size_t n = strcspn(left, "&");

        BM_TRY(take_pair(r, (struct bm_bytes){ (const uint8_t *)left, n }));
        left += n;
        left += *left == '&' ? 1 : 0;
    }
    return BM_OK;
}

/* ---- The body */

/* application/json, of which RFC 8259 11 knows no parameters; a charset that
 * says what is so anyway is common, and taken. */
static bool is_json(const char *type)
{
    static const char json[] = "application/json";
    static const char utf8[] = "charset=utf-8";

    if (type == NULL || strncasecmp(type, json, sizeof json - 1) != 0) {
        return false;
    }
    type += sizeof json - 1;
    type += strspn(type, " \t");
    if (*type == ';') {
        type++;
        type += strspn(type, " \t");
        if (strncasecmp(type, utf8, sizeof utf8 - 1) != 0) {
            return false;
        }
        type += sizeof utf8 - 1;
    }
    return *type == '\0';
}

static bm_status take_members(struct routing *r, json_t *body)
{
    const char *key;
    json_t *value;

    json_object_foreach(body, key, value)
    {
        struct bm_bytes name = { (const uint8_t *)key, strlen(key) };

        if (find_field(r->op, ADMIN_IN_BODY, name) == NULL) {
            return REFUSE(r, 400, "body: %.64s is unknown", key);
        }
        if (json_object_set(r->params, key, value) != 0) {
            return BM_E_MEMORY;
        }
    }
    return BM_OK;
}

/* They stay where they are: only whether they may be there is said here. */
static bm_status check_octets(struct routing *r, const struct admin_field *f)
{
    const char *type = r->http->content_type;

    if (type == NULL || strcasecmp(type, "application/octet-stream") != 0) {
        return REFUSE(r, 415, "this body is application/octet-stream");
    }
    return r->http->body.n <= (uint64_t)f->max
               ? BM_OK
               : REFUSE(r, 413, "%s: at most %" PRId64, f->name, f->max);
}

static bm_status take_body(struct routing *r)
{
    const struct admin_field *octets = admin_octets(r->op);
    const struct bm_bytes body = r->http->body;
    json_error_t error;
    json_t *object;
    bm_status rc;

    if (body.n == 0) {
        return BM_OK;
    }
    if (body.n > ADMIN_BODY_MAX) {
        return REFUSE(r, 413, "a body has at most %zu octets", ADMIN_BODY_MAX);
    }
    if (octets != NULL) {
        return check_octets(r, octets);
    }
    if (!is_json(r->http->content_type)) {
        return REFUSE(r, 415, "a body is application/json");
    }
    object = json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES,
                        &error);
    if (object == NULL) {
        return json_error_code(&error) == json_error_out_of_memory
                   ? BM_E_MEMORY
                   : REFUSE(r, 400, "body, line %d, column %d: %s", error.line,
                            error.column, error.text);
    }
    rc = json_is_object(object) ? take_members(r, object)
                                : REFUSE(r, 400, "body: not an object");
    json_decref(object);
    return rc;
}

static bm_status route(struct routing *r, char allow[64])
{
    char words[ADMIN_WORDS_MAX];

    BM_TRY(find_operation(r, allow));
    BM_TRY(take_path(r));
    BM_TRY(take_query(r));
    BM_TRY(take_body(r));
    return admin_check(r->op->params, r->params, words)
               ? BM_OK
               : REFUSE(r, 400, "%s", words);
}

bm_status admin_route(const struct admin_http *http, unsigned *operation,
                      json_t **params, char allow[64],
                      struct admin_problem *problem)
{
    struct routing r = { .http = http,
                         .params = json_object(),
                         .problem = problem };
    bm_status rc = BM_E_MEMORY;

    *params = NULL;
    allow[0] = '\0';
    memset(problem, 0, sizeof *problem);
    if (r.params == NULL) {
        goto out;
    }
    rc = route(&r, allow);
    if (rc != BM_OK) {
        goto out;
    }
    *operation = (unsigned)(r.op - admin_operations);
    *params = r.params;
    r.params = NULL;

out:
    json_decref(r.params);
    if (rc != BM_OK && problem->status == 0) {
        admin_problem_of(rc, NULL, problem);
    }
    return rc;
}
