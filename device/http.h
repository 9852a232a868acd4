/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_HTTP_H
#define BM_DEVICE_HTTP_H

#include "core/bytes.h"
#include "core/status.h"
#include "device/renewal.h"

/*
 * The reader of HTTP/1.1 responses (RFC 9112), as far as an EST client needs
 * one: it takes octets as they arrive, in pieces of any size, and hands out
 * the body as views into them. How the octets are cut changes nothing.
 *
 *     bm_http_init(&h);
 *     while (!h.done) {
 *         in = ... what arrived ...
 *         while (in.n != 0 && !h.done) {
 *             BM_TRY(bm_http_read(&h, &in, &body));
 *             if (body.n != 0) { ... a piece of the body ... }
 *         }
 *         ... or, at the end of the connection: BM_TRY(bm_http_end(&h));
 *     }
 *
 * Strict where two readings of one response could exist: two lengths, a length
 * beside chunks, a coding other than chunked, white space before a colon,
 * folded lines. Interim responses (1xx) are passed over.
 *
 * No time is ever learned here: a Date serves to subtract it from a
 * Retry-After, and for nothing else.
 */

/* Octets of a header line that are looked at; a longer one is passed over,
 * unless it is one of those below that cannot be read in part. */
#define BM_HTTP_LINE_MAX 200
/* Octets of a head, interim responses and trailers included: proxies add
 * headers, but not 16 KB of them. */
#define BM_HTTP_HEAD_MAX 16384
/* Octets of a media type that are kept. */
#define BM_HTTP_TYPE_MAX 31
/* No Retry-After, or none that can be understood. */
#define BM_HTTP_NO_RETRY UINT32_MAX

/* Headers that are not read here, but handed on. */
enum bm_http_field {
    BM_HTTP_ETAG,
    BM_HTTP_CONTENT_RANGE
};

/* The small ones first: instructions that reach these are shorter. */
struct bm_http {
    /*
     * For who wants to see more headers; set after bm_http_init(), or NULL.
     * The value as it stands, good for this call; `status` is that of the
     * response, perhaps an interim one.
     */
    void (*field)(void *self, enum bm_http_field field, struct bm_bytes value);
    void *self;

    /* Private. */
    uint16_t head_n; /* from here on a response begins anew: */
    uint8_t state;
    uint8_t seen; /* headers that may come once */
    uint16_t line_n;
    uint16_t kept; /* octets of `line` that Location occupies */
    uint32_t left; /* of the body, or of the chunk */

    /* What the head said; to be read once `head` is true. */
    bool head;
    bool done;            /* the response is complete */
    bool close;           /* the connection does not carry another exchange */
    uint16_t status;      /* 200 to 999 */
    uint32_t retry_after; /* seconds, or BM_HTTP_NO_RETRY */
    struct bm_bytes location;         /* Location as it stands, or empty; good
                                        until the next bm_http_init() */
    char type[BM_HTTP_TYPE_MAX + 1];  /* media type, lower case, without
                                        parameters; cut if it is longer */
    struct bm_renewal_window renewal; /* Birthmark-Renewal, or zeros */

    /* Private. */
    int64_t date;
    int64_t retry_date;
    uint8_t line[BM_HTTP_LINE_MAX];
};

void bm_http_init(struct bm_http *h);

/*
 * Read on: moves `*in` and hands out the next piece of the body, which may be
 * empty, as a view into what was read. Stops behind the head, so that `head` is
 * seen before anything wrong behind it, and behind the response; octets that
 * are left then belong to nobody and mean that the server is confused.
 *
 *   BM_E_HTTP_SYNTAX     the head is malformed, or not HTTP/1.x
 *   BM_E_HTTP_AMBIGUOUS  it says two things about the length of the body
 *   BM_E_HTTP_CODING     a transfer coding other than chunked
 *   BM_E_HTTP_CHUNK      malformed chunk
 *   BM_E_HTTP_LIMIT      the head is too long, or a line that is needed
 *
 * After an error every further call gives the same one.
 */
BM_MUST_CHECK bm_status bm_http_read(struct bm_http *h, struct bm_bytes *in,
                                     struct bm_bytes *body);

/*
 * The connection has ended in an orderly way (close_notify). BM_OK if the
 * response is complete by that: `done` is then true. BM_E_HTTP_LENGTH if
 * something is missing.
 */
BM_MUST_CHECK bm_status bm_http_end(struct bm_http *h);

/* For who reads a header or writes a request. */

/* 1*DIGIT, all of it, below 1,000,000,000. */
bool bm_http_number(struct bm_bytes text, uint32_t *value);
/* Append a number in decimal. */
void bm_http_put_number(struct bm_wr *w, uint64_t n);

/* RFC 9110 7.2: uri-host, in brackets where it is an address of IPv6, and the
 * port where it is not that of https. */
void bm_http_put_authority(struct bm_wr *w, const char *host, uint16_t port);

#endif
