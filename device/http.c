/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/time.h"
#include "device/http.h"

/*
 * One octet at a time through a small machine. Lines are collected
 * before they are read, bodies are handed on as they lie in the input; nothing
 * depends on where the input was cut.
 */
enum state {
    STATUS_LINE, /* 0: what begin() leaves */
    FIELD_LINE,
    BODY_LENGTH, /* `left` octets */
    BODY_CLOSE,  /* all that comes */
    CHUNK_SIZE,  /* hexadecimal digits, `line_n` of them so far */
    CHUNK_REST,  /* extensions, which mean nothing to us */
    CHUNK_SIZE_LF,
    CHUNK_DATA, /* `left` octets */
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    TRAILER, /* `line_n` is not 0: this line is not the empty one */
    COMPLETE,
    FAILED /* `left` is the status */
};

/* What has been seen of headers whose repetition has a meaning. */
enum {
    SEEN_LENGTH = 1 << 0,
    SEEN_CHUNKED = 1 << 1,
    SEEN_OLD = 1 << 2 /* HTTP/1.0 */
};

/* The headers that matter, in the order of `names`. */
enum field {
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    LOCATION,
    CONNECTION,
    /* What is not read as a whole is as good as absent from here on. */
    CONTENT_TYPE,
    RETRY_AFTER,
    DATE,
    RENEWAL,
    ETAG,
    CONTENT_RANGE,
    OTHER
};
static const char names[] = "content-length\0transfer-encoding\0location\0"
                            "connection\0content-type\0retry-after\0date\0"
                            "birthmark-renewal\0etag\0content-range\0";

/* Octets of a Location that leave room for the lines after it. */
#define LOCATION_MAX 140

/* Digits of a chunk's size, leading zeros included: 4 GB are enough, and
 * zeros without end are not. */
#define CHUNK_DIGITS_MAX 8

/* A response begins, perhaps after an interim one: what came before counts
 * for the length of the head alone. */
static void begin(struct bm_http *h)
{
    size_t from = offsetof(struct bm_http, state);

    memset((uint8_t *)h + from, 0, sizeof *h - from);
    h->retry_after = BM_HTTP_NO_RETRY;
}

void bm_http_init(struct bm_http *h)
{
    h->field = NULL;
    h->self = NULL;
    h->head_n = 0;
    begin(h);
}

/* ---- Words */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool is_word(struct bm_bytes text, const char *word)
{
    size_t n = strlen(word);

    if (text.n != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (lower(text.p[i]) != (uint8_t)word[i]) {
            return false;
        }
    }
    return true;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* RFC 9110 5.6.3: OWS around a value does not belong to it. */
static struct bm_bytes trim(struct bm_bytes text)
{
    while (text.n != 0 && is_space(text.p[0])) {
        text.p++;
        text.n--;
    }
    while (text.n != 0 && is_space(text.p[text.n - 1])) {
        text.n--;
    }
    return text;
}

bool bm_http_number(struct bm_bytes text, uint32_t *value)
{
    uint32_t v = 0;

    if (text.n == 0 || text.n > 9) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return false;
        }
        v = v * 10 + (uint32_t)(text.p[i] - '0');
    }
    *value = v;
    return true;
}

/* RFC 9110 5.6.7, or 0. */
static int64_t moment(struct bm_bytes text)
{
    int64_t t = 0;

    return bm_time_from_http(text, &t) == BM_OK ? t : 0;
}

/* ---- Headers */

static bm_status read_length(struct bm_http *h, struct bm_bytes value)
{
    uint32_t n;

    /* RFC 9110 8.6 MUST: what is no number, a list included, is no length. */
    if (!bm_http_number(value, &n) ||
        ((h->seen & SEEN_LENGTH) != 0 && h->left != n)) {
        return BM_E_HTTP_AMBIGUOUS;
    }
    h->left = n;
    h->seen |= SEEN_LENGTH;
    return BM_OK;
}

static bm_status read_coding(struct bm_http *h, struct bm_bytes value)
{
    if ((h->seen & SEEN_CHUNKED) != 0 || !is_word(value, "chunked")) {
        return BM_E_HTTP_CODING;
    }
    h->seen |= SEEN_CHUNKED;
    return BM_OK;
}

static bm_status read_location(struct bm_http *h, struct bm_bytes value)
{
    if (h->kept != 0) {
        return BM_E_HTTP_SYNTAX;
    }
    if (value.n > LOCATION_MAX) {
        return BM_E_HTTP_LIMIT;
    }
    memmove(h->line, value.p, value.n);
    h->kept = (uint16_t)value.n;
    return BM_OK;
}

/* RFC 9112 9.6: "close" among the options. In another word it does no harm:
 * the next exchange has a connection of its own then. */
static void read_connection(struct bm_http *h, struct bm_bytes value)
{
    for (; value.n >= 5; value.p++, value.n--) {
        h->close |= is_word((struct bm_bytes){ value.p, 5 }, "close");
    }
}

static void read_type(struct bm_http *h, struct bm_bytes value)
{
    size_t n = 0;

    while (n < value.n && n < BM_HTTP_TYPE_MAX && value.p[n] != ';' &&
           !is_space(value.p[n])) {
        h->type[n] = (char)lower(value.p[n]);
        n++;
    }
    h->type[n] = '\0';
}

static bm_status read_field(struct bm_http *h, enum field field,
                            struct bm_bytes value)
{
    switch (field) {
    case CONTENT_LENGTH:
        return read_length(h, value);
    case TRANSFER_ENCODING:
        return read_coding(h, value);
    case LOCATION:
        return read_location(h, value);
    case CONNECTION:
        read_connection(h, value);
        break;
    case CONTENT_TYPE:
        read_type(h, value);
        break;
    case RETRY_AFTER:
        if (!bm_http_number(value, &h->retry_after)) {
            h->retry_date = moment(value);
        }
        break;
    case DATE:
        h->date = moment(value);
        break;
    case RENEWAL:
        (void)bm_renewal_parse(value, &h->renewal);
        break;
    case OTHER:
        break;
    default:
        if (h->field != NULL) {
            h->field(h->self, (enum bm_http_field)(field - ETAG), value);
        }
        break;
    }
    return BM_OK;
}

static enum field field_of(struct bm_bytes name)
{
    const char *known = names;
    unsigned i = 0;

    while (*known != '\0' && !is_word(name, known)) {
        known += strlen(known) + 1;
        i++;
    }
    return (enum field)i;
}

/*
 * RFC 9112 5: field-line = field-name ":" OWS field-value OWS. A name begins
 * the line and ends at the colon: white space at either place is how one
 * response is made to look like two (5.1, 5.2).
 */
static bm_status take_field(struct bm_http *h, struct bm_bytes line, bool cut)
{
    size_t n = 0;
    enum field field;

    while (n < line.n && line.p[n] != ':') {
        if (line.p[n] <= ' ' || line.p[n] > '~') {
            return BM_E_HTTP_SYNTAX;
        }
        n++;
    }
    if (n == 0 || (n == line.n && !cut)) {
        return BM_E_HTTP_SYNTAX;
    }
    field = field_of((struct bm_bytes){ line.p, n });
    if (cut) {
        return field < CONTENT_TYPE ? BM_E_HTTP_LIMIT : BM_OK;
    }
    return read_field(
        h, field, trim((struct bm_bytes){ line.p + n + 1, line.n - n - 1 }));
}

/* RFC 9112 4: status-line = HTTP-version SP status-code SP [ reason-phrase ],
 * of which some leave the last space away. */
static bm_status take_status(struct bm_http *h, struct bm_bytes line)
{
    uint32_t status;

    if (line.n < 12 || memcmp(line.p, "HTTP/1.", 7) != 0 || line.p[7] < '0' ||
        line.p[7] > '9' || line.p[8] != ' ' ||
        (line.n > 12 && line.p[12] != ' ') ||
        !bm_http_number((struct bm_bytes){ line.p + 9, 3 }, &status) ||
        status < 100) {
        return BM_E_HTTP_SYNTAX;
    }
    if (status == 101) { /* nobody asked for another protocol */
        return BM_E_HTTP_SYNTAX;
    }
    h->seen = line.p[7] == '0' ? SEEN_OLD : 0;
    h->close = (h->seen & SEEN_OLD) != 0;
    h->status = (uint16_t)status;
    h->state = FIELD_LINE;
    return BM_OK;
}

static void complete(struct bm_http *h)
{
    h->state = COMPLETE;
    h->done = true;
}

static void end_retry(struct bm_http *h)
{
    int64_t after = h->retry_date - h->date;

    if (h->retry_date != 0 && h->date != 0) {
        h->retry_after = after < 0           ? 0
                         : after > INT32_MAX ? INT32_MAX
                                             : (uint32_t)after;
    }
}

/* RFC 9112 6.3: how long the body is. */
static bm_status end_head(struct bm_http *h)
{
    bool chunked = (h->seen & SEEN_CHUNKED) != 0;

    if (h->status < 200) { /* RFC 9110 15.2: an interim response */
        begin(h);
        return BM_OK;
    }
    h->head = true;
    h->location = (struct bm_bytes){ h->line, h->kept };
    end_retry(h);
    if (h->status == 204 || h->status == 304) {
        /* A body of such an answer is the next answer to somebody else. */
        h->close |= chunked || h->left != 0;
        complete(h);
    } else if (chunked) {
        /* 6.1: a length beside it, or a server of HTTP/1.0 that cannot know
         * chunks: the framing is faulty, whoever made it so. */
        if ((h->seen & (SEEN_LENGTH | SEEN_OLD)) != 0) {
            return BM_E_HTTP_AMBIGUOUS;
        }
        h->state = CHUNK_SIZE;
    } else if ((h->seen & SEEN_LENGTH) == 0) {
        h->close = true;
        h->state = BODY_CLOSE;
    } else if (h->left == 0) {
        complete(h);
    } else {
        h->state = BODY_LENGTH;
    }
    return BM_OK;
}

/* ---- Lines */

static bm_status take_line(struct bm_http *h)
{
    size_t room = BM_HTTP_LINE_MAX - (size_t)h->kept;
    bool cut = h->line_n > room;
    struct bm_bytes line = { h->line + h->kept, cut ? room : h->line_n };

    h->line_n = 0;
    if (line.n != 0 && line.p[line.n - 1] == '\r' && !cut) {
        line.n--;
    }
    /* RFC 9112 2.2 MUST NOT: a CR that ends no line; and controls, which no
     * value has (RFC 9110 5.5). */
    for (size_t i = 0; i < line.n; i++) {
        if ((line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f) {
            return BM_E_HTTP_SYNTAX;
        }
    }
    if (h->state == STATUS_LINE) {
        return take_status(h, line);
    }
    return line.n == 0 ? end_head(h) : take_field(h, line, cut);
}

static bm_status take_head(struct bm_http *h, uint8_t c)
{
    size_t at = (size_t)h->kept + h->line_n;

    if (c == '\n') {
        return take_line(h);
    }
    if (at < BM_HTTP_LINE_MAX) {
        h->line[at] = c;
    }
    if (at <= BM_HTTP_LINE_MAX) {
        h->line_n++;
    }
    return BM_OK;
}

/* ---- Chunks: RFC 9112 7.1
 *
 *   chunk   = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
 *   trailer = *( field-line CRLF ) CRLF
 */

static int hex(uint8_t c)
{
    c = lower(c);
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bm_status take_size(struct bm_http *h, uint8_t c)
{
    int digit = hex(c);

    if (digit >= 0) {
        h->left = h->left << 4 | (uint32_t)digit;
        h->line_n++;
        return h->line_n > CHUNK_DIGITS_MAX ? BM_E_HTTP_CHUNK : BM_OK;
    }
    if (h->line_n == 0 || (c != ';' && c != '\r' && !is_space(c))) {
        return BM_E_HTTP_CHUNK;
    }
    h->line_n = 0;
    h->state = c == '\r' ? CHUNK_SIZE_LF : CHUNK_REST;
    return BM_OK;
}

/* What is to follow here is `want`, and then `next` begins. */
static bm_status expect(struct bm_http *h, uint8_t c, uint8_t want,
                        enum state next)
{
    h->state = (uint8_t)next;
    return c == want ? BM_OK : BM_E_HTTP_CHUNK;
}

static bm_status take_trailer(struct bm_http *h, uint8_t c)
{
    if (c != '\n') {
        h->line_n |= c != '\r';
    } else if (h->line_n == 0) {
        complete(h);
    } else {
        h->line_n = 0;
    }
    return BM_OK;
}

static bm_status take_chunk(struct bm_http *h, uint8_t c)
{
    switch (h->state) {
    case CHUNK_SIZE:
        return take_size(h, c);
    case CHUNK_REST:
        if (c == '\n') {
            return BM_E_HTTP_CHUNK;
        }
        h->state = c == '\r' ? CHUNK_SIZE_LF : CHUNK_REST;
        return BM_OK;
    case CHUNK_SIZE_LF:
        return expect(h, c, '\n', h->left != 0 ? CHUNK_DATA : TRAILER);
    case CHUNK_DATA_CR:
        return expect(h, c, '\r', CHUNK_DATA_LF);
    case CHUNK_DATA_LF:
        return expect(h, c, '\n', CHUNK_SIZE);
    default:
        return take_trailer(h, c);
    }
}

/* ---- All of it */

static bool is_data(const struct bm_http *h)
{
    return h->state == BODY_LENGTH || h->state == BODY_CLOSE ||
           h->state == CHUNK_DATA;
}

static bm_status take_octet(struct bm_http *h, uint8_t c)
{
    /* Sizes of chunks are as many as the server likes, the rest is not. */
    if (h->state != CHUNK_SIZE && ++h->head_n > BM_HTTP_HEAD_MAX) {
        return BM_E_HTTP_LIMIT;
    }
    return h->state <= FIELD_LINE ? take_head(h, c) : take_chunk(h, c);
}

static struct bm_bytes take_data(struct bm_http *h, struct bm_bytes *in)
{
    struct bm_bytes body = *in;

    if (h->state != BODY_CLOSE) {
        if (body.n > h->left) {
            body.n = h->left;
        }
        h->left -= (uint32_t)body.n;
        if (h->left == 0 && h->state == BODY_LENGTH) {
            complete(h);
        } else if (h->left == 0) {
            h->state = CHUNK_DATA_CR;
            h->head_n = 0;
        }
    }
    in->p += body.n;
    in->n -= body.n;
    return body;
}

bm_status bm_http_read(struct bm_http *h, struct bm_bytes *in,
                       struct bm_bytes *body)
{
    bool head = h->head;

    *body = (struct bm_bytes){ NULL, 0 };
    while (in->n != 0 && h->head == head && h->state < COMPLETE &&
           !is_data(h)) {
        bm_status rc = take_octet(h, *in->p);

        if (rc != BM_OK) {
            h->left = (uint32_t)rc;
            h->state = FAILED;
            break;
        }
        in->p++;
        in->n--;
    }
    if (h->state == FAILED) {
        return (bm_status)h->left;
    }
    if (is_data(h)) {
        *body = take_data(h, in);
    }
    return BM_OK;
}

bm_status bm_http_end(struct bm_http *h)
{
    if (h->state == FAILED) {
        return (bm_status)h->left;
    }
    if (h->state == BODY_CLOSE) {
        complete(h);
    }
    return h->done ? BM_OK : BM_E_HTTP_LENGTH;
}

/* ---- Writing */

void bm_http_put_number(struct bm_wr *w, uint64_t n)
{
    uint8_t digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (uint8_t)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    bm_wr_put(w, (struct bm_bytes){ digits + at, sizeof digits - at });
}

void bm_http_put_authority(struct bm_wr *w, const char *host, uint16_t port)
{
    bool brackets = strchr(host, ':') != NULL;

    bm_wr_str(w, brackets ? "[" : "");
    bm_wr_str(w, host);
    bm_wr_str(w, brackets ? "]" : "");
    if (port != 443) {
        bm_wr_u8(w, ':');
        bm_http_put_number(w, port);
    }
}
