/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/devices_internal.h"
#include "protocols/status/caching.h"

/*
 * The trust bundle (docs/trust-bundle.md) of the ecosystem that the device is
 * of. It is signed and no secret: whoever shows a certificate gets it, whatever
 * the issuer thinks of it. A device that has the version already learns so from
 * a 304 and no octet more.
 */

static struct devices_bundle *find(const struct devices_bundles *all,
                                   uint32_t list)
{
    for (size_t i = 0; i < all->n; i++) {
        if (all->of[i].list == list) {
            return &all->of[i];
        }
    }
    return NULL;
}

static struct devices_bundle *add(struct devices_bundles *all, uint32_t list)
{
    struct devices_bundle *more =
        realloc(all->of, (all->n + 1) * sizeof *all->of);

    if (more == NULL) {
        return NULL;
    }
    all->of = more;
    more[all->n] = (struct devices_bundle){ .list = list };
    return &more[all->n++];
}

bm_status devices_bundle_set(struct devices_bundles *all, struct bm_bytes in)
{
    struct devices_bundle *b;
    struct wire_bundle m;
    uint8_t *octets;

    BM_TRY(wire_bundle_get(in, &m));
    octets = malloc(m.message.n + 1);
    b = find(all, m.list);
    if (b == NULL && octets != NULL) {
        b = add(all, m.list);
    }
    if (b == NULL || octets == NULL) {
        free(octets);
        return BM_E_MEMORY;
    }
    if (m.message.n != 0) {
        memcpy(octets, m.message.p, m.message.n);
    }
    free(b->octets);
    *b = (struct devices_bundle){ m.list, m.version, octets, m.message.n };
    return BM_OK;
}

void devices_bundles_wipe(struct devices_bundles *all)
{
    for (size_t i = 0; i < all->n; i++) {
        free(all->of[i].octets);
    }
    free(all->of);
    *all = (struct devices_bundles){ NULL, 0 };
}

static void say(struct http_request *r, const struct devices_bundle *b)
{
    char etag[24];
    /* RFC 9111 5.2.2.4: a device keeps it, and asks before it goes on. */
    struct http_header headers[] = { { "Cache-Control", "private, no-cache" },
                                     { "ETag", etag },
                                     { NULL, NULL } };
    struct http_reply reply = { .status = 200,
                                .type = "application/cms",
                                .headers = headers,
                                .body = { b->octets, b->n } };

    (void)snprintf(etag, sizeof etag, "\"%" PRIu64 "\"", b->version);
    if (status_etag_matches(http_header(r, "If-None-Match"), etag)) {
        reply.status = 304;
        reply.type = NULL;
        reply.body = (struct bm_bytes){ NULL, 0 };
    }
    http_answer(r, &reply);
}

/*
 * `list` 0: the issuer does not say whose the device is. Where there is one
 * list, it is the device's. Else it gets none: a bundle of another ecosystem it
 * would refuse, or take for its own, for ever.
 */
static void say_bundle(const struct devices *d, struct http_request *r,
                       uint32_t list)
{
    const struct devices_bundles *all = &d->bundles;
    const struct devices_bundle *b =
        list == 0 && all->n == 1 ? &all->of[0] : find(all, list);

    if (b == NULL || b->version == 0) {
        devices_say(r, 404,
                    &(struct ca_refusal){ BM_E_NOT_FOUND,
                                          "there is no trust bundle yet" });
    } else {
        say(r, b);
    }
}

/* The issuer is away, or busy: with several lists, the device comes again. */
static void say_unseen(const struct devices *d, struct http_request *r)
{
    if (d->bundles.n > 1) {
        devices_say_busy(r);
    } else {
        say_bundle(d, r, 0);
    }
}

static void on_seen(struct devices_waiting *w,
                    const struct wire_enrolled *answer)
{
    devices_note_seen(w, answer);
    if (answer == NULL ||
        (answer->list == 0 && (answer->http == 429 || answer->http == 503))) {
        say_unseen(w->devices, w->request);
    } else {
        say_bundle(w->devices, w->request, answer->list);
    }
}

void devices_serve_bundle(struct devices *d, struct http_request *r)
{
    if (devices_is_seen(r)) {
        say_bundle(d, r, devices_list_seen(r));
    } else if (!devices_tell_seen(d, r, on_seen)) {
        say_unseen(d, r);
    }
}
