/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/issuer_internal.h"

/*
 * The trust bundle: made again at half of its life, and soon after what it
 * tells has changed, as lists are; then handed to the listeners that serve
 * devices. The publisher has it as a file.
 */

/* Seconds between two of them: a version costs a line in the ledger for ever,
 * and a device some kilobytes. */
#define BUNDLE_PAUSE 10

/* Seconds after a failure. */
#define BUNDLE_AGAIN 60

static const struct ca_actor authority = { .name = "authority",
                                           .mode = "service",
                                           .authority = true };

/* ---- Handing out */

/* Append what the store has; nothing is a message, too. */
static bm_status put_last(const struct issuer *is, struct bm_wr *w)
{
    const struct store *s = is->in->store;
    struct wire_bundle m = { .version = 0 };
    struct ca_bundle_last last;
    bm_status rc;
    size_t n;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = ca_bundle_last(s, &last);
    if (rc == BM_OK) {
        m.version = last.version;
        m.message = last.message;
    }
    if (rc == BM_OK || rc == BM_E_NOT_FOUND) {
        wire_bundle_put(w, &m);
        rc = bm_wr_finish(w, &n);
    }
    s->rollback(s->self);
    return rc;
}

static bm_status send_last(struct issuer_asker *a,
                           const struct link_frame *asked)
{
    uint8_t *room = malloc(CA_BUNDLE_MAX + 64);
    struct bm_wr w;
    bm_status rc;

    if (room == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, room, CA_BUNDLE_MAX + 64);
    rc = put_last(a->is, &w);
    if (rc == BM_OK) {
        rc = issuer_answer(a, asked, bm_wr_bytes(&w));
    }
    free(room);
    return rc;
}

bm_status issuer_serve_bundle(void *asker, struct link *link,
                              const struct link_frame *frame)
{
    (void)link;
    return send_last(asker, frame);
}

/* A listener that does not get it now has the one before, which is good, and
 * asks on its next link. */
static void tell_listeners(struct issuer *is)
{
    const struct link_frame unasked = { .verb = WIRE_BUNDLE };

    for (struct issuer_asker *a = is->askers; a != NULL; a = a->next) {
        if (a->kind == ROOM_DEVICES && a->link != NULL &&
            send_last(a, &unasked) != BM_OK) {
            log_put(LOG_LEVEL_WARNING, "issuer.bundle-untold", NULL);
        }
    }
}

/* ---- Making */

void issuer_bundle_changed(struct issuer *is)
{
    is->bundle.look = true;
}

void issuer_bundle_made(struct issuer *is, int64_t now)
{
    is->bundle.look = true;
    is->bundle.not_until = now + BUNDLE_PAUSE;
    metrics_add(is->room->metrics, METRICS_BUNDLES, 1);
    tell_listeners(is);
}

/* The authority was opened: its last bundle may not have become a file. */
void issuer_bundle_restart(struct issuer *is)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc = instance_put_bundle(is->in, &why);

    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        why.status = rc;
        log_refusal(LOG_LEVEL_ERROR, "issuer.bundle", &why);
    }
    is->bundle.look = true;
    is->bundle.not_until = room_now() + BUNDLE_PAUSE;
}

static void look(struct issuer *is)
{
    struct issuer_bundle *b = &is->bundle;
    uint64_t revocations = ca_revocations(is->in->ca);
    struct ca_bundle_state state;

    if (!b->look && revocations == b->revocations) {
        return;
    }
    if (ca_bundle_look(is->in->ca, room_now(), &state) != BM_OK) {
        b->look = true; /* and again in a second */
        return;
    }
    b->look = false;
    b->revocations = revocations;
    b->changed = state.changed;
    b->due = state.due;
    metrics_set(is->room->metrics, METRICS_BUNDLE_END, state.next_update);
}

static void make(struct issuer *is, int64_t now)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc = instance_make_bundle(is->in, &authority, now, &why);

    if (rc == BM_OK) {
        issuer_bundle_made(is, now);
        return;
    }
    if (rc != BM_E_CA_RESTORED) {
        log_refusal(LOG_LEVEL_ERROR, "issuer.bundle", &why);
    }
    is->bundle.not_until = now + BUNDLE_AGAIN;
}

/* Nothing signs them before the keeper has been there for the first time. */
void issuer_bundle_tick(struct issuer *is, int64_t now)
{
    const struct issuer_bundle *b = &is->bundle;

    if (is->in->bundle.cert.der.n == 0 || now < b->not_until) {
        return;
    }
    look(is);
    if ((b->changed || now >= b->due) && remote_signer_is_there(is->signer)) {
        make(is, now);
    }
}
