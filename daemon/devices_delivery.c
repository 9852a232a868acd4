/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/event.h"
#include "daemon/devices_internal.h"
#include "daemon/http_range.h"
#include "protocols/status/caching.h"

/*
 * What a device is to have (docs/delivery.md). The issuer says whether this
 * one may; the octets of a blob are read from its file here, as they are sent.
 */

#define DIGITS 64 /* of a SHA-256, in lower case */

static const struct ca_refusal nothing_there = { BM_E_NOT_FOUND, "" };

/* ---- The manifest */

static void say_manifest(struct http_request *r, struct bm_bytes body)
{
    uint64_t version = 0;
    char etag[24];
    /* RFC 9111 5.2.2.4: it is kept, and asked for before it is gone by. */
    struct http_header headers[] = { { "Cache-Control", "private, no-cache" },
                                     { "ETag", etag },
                                     { NULL, NULL } };
    struct http_reply reply = { .status = 200,
                                .type = "application/cms",
                                .headers = headers,
                                .body = { body.p + 8, body.n - 8 } };

    for (size_t i = 0; i < 8; i++) {
        version = version << 8 | body.p[i];
    }
    (void)snprintf(etag, sizeof etag, "\"%" PRIu64 "\"", version);
    if (status_etag_matches(http_header(r, "If-None-Match"), etag)) {
        reply.status = 304;
        reply.type = NULL;
        reply.body = (struct bm_bytes){ NULL, 0 };
    }
    http_answer(r, &reply);
}

static void on_manifest(struct devices_waiting *w,
                        const struct wire_enrolled *answer)
{
    if (answer == NULL || answer->http != 200 || answer->body.n < 8) {
        devices_say_refused(w, answer);
        return;
    }
    http_trust(w->request);
    say_manifest(w->request, answer->body);
}

void devices_serve_manifest(struct devices *d, struct http_request *r)
{
    devices_ask_about(d, r, WIRE_DEVICE_MANIFEST, (struct bm_bytes){ NULL, 0 },
                      on_manifest);
}

/* ---- Blobs */

static const char *blob_name(const struct http_request *r)
{
    return http_path(r) + sizeof DEVICES_API - 1 + sizeof DEVICES_BLOB - 1;
}

static int open_blob(const struct devices *d, const char *name, uint64_t *size)
{
    struct stat st;
    int fd = d->blobs < 0
                 ? -1
                 : openat(d->blobs, name,
                          O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        (void)close(fd);
        fd = -1;
    }
    *size = fd < 0 ? 0 : (uint64_t)st.st_size;
    return fd;
}

static void say_part(struct http_request *r, int fd, uint64_t size,
                     const char *etag)
{
    char range[72] = "";
    struct http_header headers[] = { { "Cache-Control", "private, immutable" },
                                     { "Accept-Ranges", "bytes" },
                                     { "ETag", etag },
                                     { NULL, NULL },
                                     { NULL, NULL } };
    struct http_reply reply = { .status = 200,
                                .type = "application/octet-stream",
                                .headers = headers };
    const char *asked = http_range_if(http_header(r, "If-Range"), etag)
                            ? http_header(r, "Range")
                            : NULL;
    struct http_part part;

    /* RFC 9110 14.2: of no other method a range is defined. */
    if (http_method(r) != HTTP_GET) {
        asked = NULL;
    }
    switch (http_range_parse(asked, size, &part)) {
    case HTTP_RANGE_PART:
        reply.status = 206;
        (void)snprintf(range, sizeof range,
                       "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, part.at,
                       part.at + part.n - 1, size);
        break;
    case HTTP_RANGE_NONE: /* RFC 9110 15.5.17 */
        reply.status = 416;
        (void)snprintf(range, sizeof range, "bytes */%" PRIu64, size);
        break;
    default:
        break;
    }
    if (range[0] != '\0') {
        headers[3] = (struct http_header){ "Content-Range", range };
    }
    http_answer_file(r, &reply, fd, part);
}

static void on_blob(struct devices_waiting *w,
                    const struct wire_enrolled *answer)
{
    struct http_request *r = w->request;
    char etag[DIGITS + 3];
    uint64_t size;
    int fd;

    if (answer == NULL || answer->http != 200) {
        devices_say_refused(w, answer);
        return;
    }
    http_trust(r);
    (void)snprintf(etag, sizeof etag, "\"%.64s\"", blob_name(r));
    if (status_etag_matches(http_header(r, "If-None-Match"), etag)) {
        const struct http_header headers[] = { { "ETag", etag },
                                               { NULL, NULL } };

        http_answer(r,
                    &(struct http_reply){ .status = 304, .headers = headers });
        return;
    }
    fd = open_blob(w->devices, blob_name(r), &size);
    if (fd < 0) {
        log_put(
            LOG_LEVEL_ERROR, "devices.blob-missing",
            (struct log_field[]){ log_text("sha256", blob_name(r)), { 0 } });
        devices_say(r, 404, &nothing_there);
        return;
    }
    say_part(r, fd, size, etag);
}

static bool parse_name(const char *name, uint8_t hash[STORE_HASH_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    if (strlen(name) != DIGITS) {
        return false;
    }
    for (size_t i = 0; i < STORE_HASH_SIZE; i++) {
        const char *high = strchr(digits, name[2 * i]);
        const char *low = strchr(digits, name[2 * i + 1]);

        if (high == NULL || low == NULL) {
            return false;
        }
        hash[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return true;
}

void devices_serve_blob(struct devices *d, struct http_request *r)
{
    uint8_t hash[STORE_HASH_SIZE];

    if (!parse_name(blob_name(r), hash)) {
        devices_say(r, 404, &nothing_there);
        return;
    }
    devices_ask_about(d, r, WIRE_DEVICE_BLOB, BM_ARRAY(hash), on_blob);
}

/* ---- Events */

static void on_events(struct devices_waiting *w,
                      const struct wire_enrolled *answer)
{
    if (answer == NULL || answer->http != 200) {
        devices_say_refused(w, answer);
        return;
    }
    http_trust(w->request);
    http_answer(w->request, &(struct http_reply){ .status = 204 });
}

/* What is malformed ends here; the issuer reads what is left again. */
void devices_serve_events(struct devices *d, struct http_request *r)
{
    struct bm_bytes events;
    bm_status rc;

    if (!devices_is_cbor(http_header(r, "Content-Type"))) {
        devices_say(r, 415,
                    &(struct ca_refusal){ BM_E_EVENT,
                                          "Content-Type is application/cbor" });
        return;
    }
    rc = bm_events_parse(http_body(r), NULL, &events);
    if (rc != BM_OK) {
        devices_say(r, 400, &(struct ca_refusal){ rc, "" });
        return;
    }
    devices_ask_about(d, r, WIRE_DEVICE_EVENTS, http_body(r), on_events);
}
