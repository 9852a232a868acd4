/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_HTTP_RANGE_H
#define BM_DAEMON_HTTP_RANGE_H

#include "daemon/http.h"

/*
 * Which part of a representation is asked for: the Range header (RFC 9110 14),
 * of which one range is served. Several, and what is no such header, is
 * answered with the whole, as RFC 9110 14.2 allows.
 */
enum http_range {
    HTTP_RANGE_WHOLE, /* 200 */
    HTTP_RANGE_PART,  /* 206 */
    HTTP_RANGE_NONE   /* 416: beyond the end */
};

/* `value` NULL: there is no such header. `*part` is what to send, and within
 * `size`; empty for HTTP_RANGE_NONE. */
enum http_range http_range_parse(const char *value, uint64_t size,
                                 struct http_part *part);

/*
 * RFC 9110 13.1.5: is a range to be heeded, by If-Range? NULL: yes. Strong
 * comparison; a date is never that of `etag`.
 */
bool http_range_if(const char *if_range, const char *etag);

#endif
