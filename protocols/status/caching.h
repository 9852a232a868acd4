/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_STATUS_CACHING_H
#define BM_PROTOCOLS_STATUS_CACHING_H

#include "core/crypto.h"

/*
 * What HTTP says about how long an answer is good, and whether the client has
 * it already (RFC 9110 8.8 and 13, RFC 9111 5.2, RFC 9919 6 and 7.2).
 */

/* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL */
#define STATUS_DATE_SIZE 30

/* RFC 9110 5.6.7 IMF-fixdate; of a time outside of the years 0 to 9999, "". */
void status_date_put(char out[STATUS_DATE_SIZE], int64_t t);

/* The same form read, with any name of a day. An error for other forms, those
 * that are obsolete included: then a condition is as good as not there. */
BM_MUST_CHECK bm_status status_date_parse(const char *text, int64_t *t);

/* A strong entity tag: SHA-256 in hexadecimal digits, quoted, and a NUL. */
#define STATUS_ETAG_SIZE 67

/* RFC 9919 7.2 RECOMMENDS the SHA-256 hash of the OCSPResponse. */
BM_MUST_CHECK bm_status status_etag_put(char out[STATUS_ETAG_SIZE],
                                        const struct bm_crypto *crypto,
                                        struct bm_bytes body);

/*
 * RFC 9110 13.1.2: does If-None-Match, a list of tags or "*", name `etag`?
 * Weak comparison. NULL does not.
 */
bool status_etag_matches(const char *list, const char *etag);

/*
 * Is the client's copy still good, so that 304 will do? `if_none_match` and
 * `if_modified_since` as they came, or NULL; the second counts only where the
 * first is not there (RFC 9110 13.2.2).
 */
bool status_not_modified(const char *if_none_match,
                         const char *if_modified_since, const char *etag,
                         int64_t modified);

/* The headers of one answer that may be kept. */
#define STATUS_CACHE_CONTROL_SIZE 80
struct status_caching {
    char etag[STATUS_ETAG_SIZE];
    char last_modified[STATUS_DATE_SIZE]; /* thisUpdate */
    char expires[STATUS_DATE_SIZE];       /* nextUpdate */
};

BM_MUST_CHECK bm_status status_caching_put(struct status_caching *caching,
                                           const struct bm_crypto *crypto,
                                           struct bm_bytes response,
                                           int64_t this_update,
                                           int64_t next_update);

/* Cache-Control of it, `age` seconds before another one will be made. */
void status_cache_control_put(char out[STATUS_CACHE_CONTROL_SIZE], int64_t age);

/*
 * Of an answer for one client alone: RFC 9919 7.2 has no "no-store" in what a
 * responder has signed, so it is private and stale at once.
 */
#define STATUS_CACHE_OWN "private, max-age=0, no-transform, must-revalidate"

/* Of an error. */
#define STATUS_CACHE_ERROR "no-store"

#endif
