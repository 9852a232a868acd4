/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/devices_internal.h"
#include "protocols/status/caching.h"

/*
 * The trust bundle (docs/trust-bundle.md). It is signed and no secret: whoever
 * shows a certificate gets it, whatever the issuer thinks of it. A device that
 * has the version already learns so from a 304 and no octet more.
 */

bm_status devices_bundle_set(struct devices_bundle *b, struct bm_bytes in)
{
    struct wire_bundle m;
    uint8_t *octets;

    BM_TRY(wire_bundle_get(in, &m));
    octets = malloc(m.message.n + 1);
    if (octets == NULL) {
        return BM_E_MEMORY;
    }
    if (m.message.n != 0) {
        memcpy(octets, m.message.p, m.message.n);
    }
    free(b->octets);
    *b = (struct devices_bundle){ m.version, octets, m.message.n };
    return BM_OK;
}

void devices_bundle_wipe(struct devices_bundle *b)
{
    free(b->octets);
    *b = (struct devices_bundle){ 0, NULL, 0 };
}

static void say_bundle(const struct devices *d, struct http_request *r)
{
    const struct devices_bundle *b = &d->bundle;
    char etag[24];
    /* RFC 9111 5.2.2.4: a device keeps it, and asks before it goes on. */
    struct http_header headers[] = { { "Cache-Control", "private, no-cache" },
                                     { "ETag", etag },
                                     { NULL, NULL } };
    struct http_reply reply = { .status = 200,
                                .type = "application/cms",
                                .headers = headers,
                                .body = { b->octets, b->n } };

    if (b->version == 0) {
        devices_say(r, 404,
                    &(struct ca_refusal){ BM_E_NOT_FOUND,
                                          "there is no trust bundle yet" });
        return;
    }
    (void)snprintf(etag, sizeof etag, "\"%" PRIu64 "\"", b->version);
    if (status_etag_matches(http_header(r, "If-None-Match"), etag)) {
        reply.status = 304;
        reply.type = NULL;
        reply.body = (struct bm_bytes){ NULL, 0 };
    }
    http_answer(r, &reply);
}

static void on_seen(struct devices_waiting *w,
                    const struct wire_enrolled *answer)
{
    devices_note_seen(w, answer);
    say_bundle(w->devices, w->request);
}

void devices_serve_bundle(struct devices *d, struct http_request *r)
{
    if (devices_is_seen(r) || !devices_tell_seen(d, r, on_seen)) {
        say_bundle(d, r);
    }
}
