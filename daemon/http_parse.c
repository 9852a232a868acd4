/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_parse.h"

#include <string.h>
#include <strings.h>

/* RFC 9110 5.6.2: tchar */
static bool is_tchar(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* RFC 9110 5.5: field-vchar, SP, HTAB; obs-text may come, and is opaque. */
static bool is_value(char c)
{
    unsigned char u = (unsigned char)c;

    return u == '\t' || (u >= ' ' && u != 0x7f);
}

size_t http_head_end(struct bm_bytes in, size_t *from)
{
    const uint8_t *p = in.p;
    size_t i = *from;

    while (i < in.n) {
        const uint8_t *lf = memchr(p + i, '\n', in.n - i);

        if (lf == NULL) {
            i = in.n;
            break;
        }
        i = (size_t)(lf - p);
        if (i + 1 < in.n && p[i + 1] == '\n') {
            return i + 2; /* refused when it is parsed */
        }
        if (i + 2 < in.n && p[i + 1] == '\r' && p[i + 2] == '\n') {
            return i + 3;
        }
        if (i + 2 >= in.n) {
            break; /* look at this line end again */
        }
        i++;
    }
    *from = i;
    return 0;
}

/* The next line, without its CRLF, as a string; NULL: no CRLF ends it. */
static char *take_line(char **text, size_t *n)
{
    char *line = *text;
    char *lf = memchr(line, '\n', *n);
    size_t len;

    if (lf == NULL || lf == line || lf[-1] != '\r') {
        return NULL;
    }
    len = (size_t)(lf - line) + 1;
    lf[-1] = '\0';
    /* A line is text: with a NUL or a CR in it nobody knows where it ends. */
    if (strlen(line) != len - 2 || strchr(line, '\r') != NULL) {
        return NULL;
    }
    *text += len;
    *n -= len;
    return line;
}

/* RFC 9110 9: the methods that some room may know. */
static unsigned read_method(const char *word, enum http_method *method)
{
    static const struct {
        const char *word;
        enum http_method method;
    } methods[] = {
        { "GET", HTTP_GET }, { "HEAD", HTTP_HEAD },   { "POST", HTTP_POST },
        { "PUT", HTTP_PUT }, { "PATCH", HTTP_PATCH }, { "DELETE", HTTP_DELETE },
    };

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(word, methods[i].word) == 0) {
            *method = methods[i].method;
            return 0;
        }
    }
    if (*word == '\0') {
        return 400;
    }
    while (is_tchar(*word)) {
        word++;
    }
    return *word == '\0' ? 501 : 400;
}

/*
 * RFC 9112 3.2: origin-form, or absolute-form, whose scheme and authority
 * say nothing that we do not know.
 */
static unsigned read_target(char *target, struct http_head *head)
{
    char *query;

    for (const char *p = target; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;

        if (c <= ' ' || c >= 0x7f || c == '#') {
            return 400;
        }
    }
    if (strncasecmp(target, "http://", 7) == 0 ||
        strncasecmp(target, "https://", 8) == 0) {
        target = strchr(target, ':') + 3;
        target += strcspn(target, "/?");
        if (*target != '/') { /* RFC 9112 3.2.1: an empty path is "/" */
            query = *target == '?' ? target + 1 : target;
            head->path = "/";
            head->query = query;
            return 0;
        }
    }
    if (*target != '/') {
        return 400;
    }
    head->path = target;
    query = strchr(target, '?');
    if (query == NULL) {
        head->query = "";
    } else {
        *query = '\0';
        head->query = query + 1;
    }
    return 0;
}

/* RFC 9112 3: method SP request-target SP HTTP-version */
static unsigned read_request_line(char *line, struct http_head *head)
{
    char *target = strchr(line, ' ');
    char *version = target == NULL ? NULL : strchr(target + 1, ' ');
    unsigned status;

    if (version == NULL) {
        return 400;
    }
    *target++ = '\0';
    *version++ = '\0';
    if (strncmp(version, "HTTP/", 5) != 0 || version[5] < '0' ||
        version[5] > '9' || version[6] != '.' || version[7] < '0' ||
        version[7] > '9' || version[8] != '\0') {
        return 400;
    }
    if (version[5] != '1') {
        return 505;
    }
    head->minor = version[7] != '0';
    status = read_method(line, &head->method);
    return status != 0 ? status : read_target(target, head);
}

/* RFC 9112 5: field-name ":" OWS field-value OWS */
static unsigned read_field(char *line, struct http_head *head)
{
    char *colon = line;
    char *value;
    size_t len;

    while (is_tchar(*colon)) {
        colon++;
    }
    /* RFC 9112 5.1 MUST: whitespace before the colon is refused; 5.2: so is a
     * folded line, which begins with it. */
    if (colon == line || *colon != ':') {
        return 400;
    }
    *colon = '\0';
    value = colon + 1 + strspn(colon + 1, " \t");
    len = strlen(value);
    while (len != 0 && (value[len - 1] == ' ' || value[len - 1] == '\t')) {
        value[--len] = '\0';
    }
    for (const char *p = value; *p != '\0'; p++) {
        if (!is_value(*p)) {
            return 400;
        }
    }
    if (head->n == HTTP_FIELDS_MAX) {
        return 431;
    }
    head->field[head->n++] = (struct http_field){ line, value };
    return 0;
}

/* Fields that mean nothing, or two things, when they occur twice. */
static const char *const singular[] = {
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Authorization",
    "Expect",
    "Idempotency-Key",
    "If-Modified-Since",
};

static unsigned check_singular(const struct http_head *head)
{
    for (size_t i = 0; i < sizeof(singular) / sizeof(singular[0]); i++) {
        size_t n = 0;

        for (size_t j = 0; j < head->n; j++) {
            n += strcasecmp(head->field[j].name, singular[i]) == 0;
        }
        if (n > 1) {
            return 400;
        }
    }
    return 0;
}

/* RFC 9110 8.6: 1*DIGIT */
static bool read_length(const char *text, uint64_t *length)
{
    *length = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || *length > UINT64_MAX / 10 - 9) {
            return false;
        }
        *length = *length * 10 + (uint64_t)(*text - '0');
    }
    return true;
}

/* RFC 9112 6.3, in its order, and with nothing in doubt. */
static unsigned read_framing(struct http_head *head)
{
    const char *length = http_head_field(head, "Content-Length");
    const char *coding = http_head_field(head, "Transfer-Encoding");
    const char *expect = http_head_field(head, "Expect");

    if (coding != NULL) {
        if (length != NULL || !head->minor) {
            return 400; /* how requests are smuggled past a proxy */
        }
        if (strcasecmp(coding, "chunked") != 0) {
            return 501;
        }
        head->chunked = true;
    } else if (length != NULL && !read_length(length, &head->length)) {
        return 400;
    }
    if (expect != NULL && head->minor) {
        if (strcasecmp(expect, "100-continue") != 0) {
            return 417;
        }
        head->expect = true;
    }
    return 0;
}

/* RFC 9110 7.6.1: does the list of options have this one? */
static bool list_has(const char *list, const char *word)
{
    size_t n = strlen(word);

    while (*list != '\0') {
        size_t len;

        list += strspn(list, " \t,");
        len = strcspn(list, " \t,");
        if (len == n && strncasecmp(list, word, n) == 0) {
            return true;
        }
        list += len;
    }
    return false;
}

/* RFC 9112 9.3. HTTP/1.0 is not kept: few ask, and some do not mean it. */
static bool is_kept(const struct http_head *head)
{
    for (size_t i = 0; i < head->n; i++) {
        if (strcasecmp(head->field[i].name, "Connection") == 0 &&
            list_has(head->field[i].value, "close")) {
            return false;
        }
    }
    return head->minor;
}

unsigned http_head_parse(char *text, size_t n, struct http_head *head)
{
    char *line = take_line(&text, &n);
    unsigned status;

    head->n = 0;
    head->length = 0;
    head->chunked = false;
    head->expect = false;
    head->keep = false;
    status = line == NULL ? 400 : read_request_line(line, head);
    while (status == 0) {
        line = take_line(&text, &n);
        if (line == NULL) {
            return 400;
        }
        if (*line == '\0') {
            break;
        }
        status = read_field(line, head);
    }
    if (status == 0 && n != 0) {
        status = 400;
    }
    if (status == 0) {
        status = check_singular(head);
    }
    /* RFC 9112 3.2 MUST: 400 to a request of HTTP/1.1 without Host. */
    if (status == 0 && head->minor && http_head_field(head, "Host") == NULL) {
        status = 400;
    }
    if (status == 0) {
        status = read_framing(head);
    }
    head->keep = status == 0 && is_kept(head);
    return status;
}

const char *http_head_field(const struct http_head *head, const char *name)
{
    for (size_t i = 0; i < head->n; i++) {
        if (strcasecmp(head->field[i].name, name) == 0) {
            return head->field[i].value;
        }
    }
    return NULL;
}

/* ---- Chunks */

/* A line of a chunk's size, with extensions that nobody has use for. */
#define CHUNK_LINE_MAX 256
/* All trailers together, which nobody has use for either. */
#define TRAILERS_MAX 4096

/* The next line with its CRLF; none yet: `line->n` is 0. */
static unsigned take_chunk_line(struct bm_bytes *in, struct bm_bytes *line)
{
    const uint8_t *lf = in->n == 0 ? NULL : memchr(in->p, '\n', in->n);

    *line = (struct bm_bytes){ 0 };
    if (lf == NULL) {
        return in->n > CHUNK_LINE_MAX ? 400 : 0;
    }
    line->p = in->p;
    line->n = (size_t)(lf - in->p) + 1;
    if (line->n > CHUNK_LINE_MAX || line->n < 2 || lf[-1] != '\r') {
        return 400;
    }
    for (size_t i = 0; i < line->n - 2; i++) {
        if (!is_value((char)line->p[i])) {
            return 400;
        }
    }
    in->p += line->n;
    in->n -= line->n;
    return 0;
}

/* chunk-size [ chunk-ext ] CRLF */
static unsigned read_chunk_size(struct bm_bytes line, uint64_t *size)
{
    size_t i;

    *size = 0;
    for (i = 0; i < line.n; i++) {
        uint8_t c = line.p[i];
        unsigned digit;

        if (c >= '0' && c <= '9') {
            digit = (unsigned)c - '0';
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit = ((unsigned)c | 0x20) - 'a' + 10;
        } else {
            break;
        }
        if (*size > UINT64_MAX >> 8) {
            return 413;
        }
        *size = *size << 4 | digit;
    }
    if (i == 0) {
        return 400;
    }
    /* RFC 9112 7.1.1: chunk-ext = *( BWS ";" ...) */
    return strchr(" \t;\r", line.p[i]) != NULL ? 0 : 400;
}

static unsigned take_trailer(struct http_chunks *c, struct bm_bytes *in)
{
    struct bm_bytes line;
    unsigned status = take_chunk_line(in, &line);

    if (status == 0 && line.n == 2) {
        c->state = HTTP_CHUNKS_DONE;
    }
    c->trailers += line.n;
    return status == 0 && c->trailers > TRAILERS_MAX ? 431 : status;
}

static unsigned take_size(struct http_chunks *c, struct bm_bytes *in)
{
    struct bm_bytes line;
    unsigned status = take_chunk_line(in, &line);

    if (status != 0 || line.n == 0) {
        return status;
    }
    status = read_chunk_size(line, &c->left);
    if (status == 0) {
        c->state = c->left == 0 ? HTTP_CHUNK_TRAILERS : HTTP_CHUNK_DATA;
    }
    return status;
}

static unsigned take_end(struct http_chunks *c, struct bm_bytes *in)
{
    struct bm_bytes line;
    unsigned status = take_chunk_line(in, &line);

    if (status == 0 && line.n != 0) {
        c->state = HTTP_CHUNK_SIZE;
        status = line.n == 2 ? 0 : 400;
    }
    return status;
}

unsigned http_chunks_take(struct http_chunks *chunks, struct bm_bytes *in,
                          struct bm_bytes *data)
{
    *data = (struct bm_bytes){ 0 };
    switch (chunks->state) {
    case HTTP_CHUNK_SIZE:
        return take_size(chunks, in);
    case HTTP_CHUNK_END:
        return take_end(chunks, in);
    case HTTP_CHUNK_TRAILERS:
        return take_trailer(chunks, in);
    case HTTP_CHUNK_DATA:
        data->p = in->p;
        data->n = in->n < chunks->left ? in->n : (size_t)chunks->left;
        in->p += data->n;
        in->n -= data->n;
        chunks->left -= data->n;
        if (chunks->left == 0) {
            chunks->state = HTTP_CHUNK_END;
        }
        return 0;
    case HTTP_CHUNKS_DONE:
        break;
    }
    return 0;
}

const char *http_reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 202, "Accepted" },
        { 204, "No Content" },
        { 206, "Partial Content" },
        { 301, "Moved Permanently" },
        { 304, "Not Modified" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 406, "Not Acceptable" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 410, "Gone" },
        { 411, "Length Required" },
        { 412, "Precondition Failed" },
        { 413, "Content Too Large" },
        { 414, "URI Too Long" },
        { 415, "Unsupported Media Type" },
        { 416, "Range Not Satisfiable" },
        { 417, "Expectation Failed" },
        { 422, "Unprocessable Content" },
        { 428, "Precondition Required" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 502, "Bad Gateway" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
        { 505, "HTTP Version Not Supported" },
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "";
}
