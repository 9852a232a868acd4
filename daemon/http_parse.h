/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_HTTP_PARSE_H
#define BM_DAEMON_HTTP_PARSE_H

#include "daemon/http.h"

/*
 * Requests of HTTP/1.1 and 1.0 as bytes (RFC 9112), without I/O.
 *
 * One reading of each octet: what two parties could understand differently
 * (a bare LF, a space before a colon, a folded line, two lengths) is refused.
 * Functions that return `unsigned` return 0, or the status of an answer that
 * ends the connection: 400, 413, 417, 431, 501 or 505.
 */

#define HTTP_FIELDS_MAX 64 /* header fields of a request; browsers send 20 */

struct http_field {
    const char *name;
    const char *value;
};

struct http_head {
    enum http_method method;
    bool minor;   /* HTTP/1.1, else 1.0 */
    bool keep;    /* the client would like to keep the connection */
    bool chunked; /* how the body comes; else `length` octets */
    bool expect;  /* Expect: 100-continue */
    uint64_t length;
    const char *path;
    const char *query; /* without the question mark */
    size_t n;
    struct http_field field[HTTP_FIELDS_MAX];
};

/*
 * Octets of the head up to and with its empty line; 0 while it is not whole.
 * `*from` is how far it has been searched: 0 at first, then what came back.
 */
size_t http_head_end(struct bm_bytes in, size_t *from);

/* Read a whole head. `text` is cut into strings, which `head` views. */
unsigned http_head_parse(char *text, size_t n, struct http_head *head);

/* The value of a field, or NULL; of the first where it occurs twice. */
const char *http_head_field(const struct http_head *head, const char *name);

/* Chunked transfer coding (RFC 9112 7.1). Zero is the start. */
struct http_chunks {
    uint64_t left;   /* octets of the chunk that are to come */
    size_t trailers; /* octets of them */
    enum {
        HTTP_CHUNK_SIZE,
        HTTP_CHUNK_DATA,
        HTTP_CHUNK_END, /* the line end behind the data */
        HTTP_CHUNK_TRAILERS,
        HTTP_CHUNKS_DONE
    } state;
};
/*
 * Take from `*in` what can be taken; `*data` becomes the next octets of the
 * body, if there are any. Call again until neither moves. Extensions of
 * chunks and trailers are read over.
 */
unsigned http_chunks_take(struct http_chunks *chunks, struct bm_bytes *in,
                          struct bm_bytes *data);

/* "Not Found"; "" for a status that nobody here sends. */
const char *http_reason(unsigned status);

#endif
