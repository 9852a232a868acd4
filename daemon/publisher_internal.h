/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_PUBLISHER_INTERNAL_H
#define BM_DAEMON_PUBLISHER_INTERNAL_H

#include "core/cert.h"
#include "core/ocsp.h"
#include "daemon/http.h"
#include "daemon/publisher_desk.h"
#include "daemon/publisher_site.h"
#include "protocols/status/caching.h"

/* The parts of the publisher. Paths are below `dir`, a descriptor of the
 * instance; no link is followed. */

/* ---- publisher_files.c */

/* "mtime-size" in hexadecimal digits, quoted. */
#define FILE_ETAG_SIZE 40

struct publisher_file {
    int fd;
    uint64_t size;
    int64_t modified; /* seconds */
    char etag[FILE_ETAG_SIZE];
};

/* Open a regular file for reading: BM_E_NOT_FOUND for all that is none. */
BM_MUST_CHECK bm_status publisher_open(int dir, const char *path,
                                       struct publisher_file *file);

/* Answer with a file: 200, 304 or 404. */
void publisher_answer_file(int dir, const struct site_path *site,
                           struct http_request *r);

/* Answer with octets that have a tag. */
struct publisher_octets {
    const char *type;
    const char *cache_control;
    const char *etag;
    struct bm_bytes body;
};
void publisher_answer_octets(struct http_request *r,
                             const struct publisher_octets *octets);

/* An answer in words, not to be kept. */
void publisher_answer_words(struct http_request *r, unsigned status,
                            const char *words);

/* ---- publisher_cas.c: the certificates in ca/, read again when they change */

struct cas;
struct cas_cert {
    char id[SITE_ID_MAX];
    uint8_t *der;
    struct bm_cert cert;
    char etag[STATUS_ETAG_SIZE];
};

BM_MUST_CHECK bm_status cas_new(int dir, const struct bm_crypto *crypto,
                                struct metrics_page *metrics, struct cas **cas);
void cas_free(struct cas *cas); /* NULL is fine */
/* Look whether ca/ or a CRL has changed; about once a second. */
void cas_refresh(struct cas *cas);
/* A CA, or NULL. Good until cas_refresh(). */
const struct cas_cert *cas_find(const struct cas *cas, const char *id);
bool cas_knows(const struct cas *cas, const struct bm_ocsp_certid *id);

/* ---- publisher_health.c */

/*
 * Are all processes well? Each has to have said so within HEALTH_SECONDS; the
 * keeper, which runs now and then, has not. Writes a line for each that has
 * not, or "ok", with NUL.
 */
#define HEALTH_SECONDS   10
#define HEALTH_WORDS_MAX 1024
bool publisher_is_well(const struct metrics_page *const *pages, size_t n,
                       int64_t now, char words[HEALTH_WORDS_MAX]);

#endif
