/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/issuer_internal.h"

/*
 * The trust bundles, one for each list: made again at half of their life, and
 * soon after what they tell has changed, as lists are; then handed to the
 * listeners that serve devices. The publisher has them as files.
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
static bm_status put_last(const struct issuer *is, uint32_t list,
                          struct bm_wr *w)
{
    const struct store *s = is->in->store;
    struct wire_bundle m = { .list = list };
    struct ca_bundle_last last;
    bm_status rc;
    size_t n;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = ca_bundle_last(s, list, &last);
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
                           const struct link_frame *asked, uint32_t list)
{
    uint8_t *room = malloc(CA_BUNDLE_MAX + 64);
    struct bm_wr w;
    bm_status rc;

    if (room == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, room, CA_BUNDLE_MAX + 64);
    rc = put_last(a->is, list, &w);
    if (rc == BM_OK) {
        rc = issuer_answer(a, asked, bm_wr_bytes(&w));
    }
    free(room);
    return rc;
}

/* The first answers what was asked, if anything was. */
static bm_status send_all(struct issuer_asker *a,
                          const struct link_frame *asked)
{
    const struct link_frame unasked = { .verb = WIRE_BUNDLE };
    uint32_t list = CA_BUNDLE_FIRST;
    bm_status rc = send_last(a, asked != NULL ? asked : &unasked, list);

    while (rc == BM_OK) {
        rc = instance_next_list(a->is->in, &list);
        if (rc == BM_OK) {
            rc = send_last(a, &unasked, list);
        }
    }
    return rc == BM_E_END ? BM_OK : rc;
}

bm_status issuer_serve_bundle(void *asker, struct link *link,
                              const struct link_frame *frame)
{
    (void)link;
    return send_all(asker, frame);
}

/* A listener that does not get them now has those before, which are good, and
 * asks on its next link. */
static void tell_listeners(struct issuer *is)
{
    for (struct issuer_asker *a = is->askers; a != NULL; a = a->next) {
        if (a->kind == ROOM_DEVICES && a->link != NULL &&
            send_all(a, NULL) != BM_OK) {
            log_put(LOG_LEVEL_WARNING, "issuer.bundle-untold", NULL);
        }
    }
}

uint32_t issuer_bundle_of(struct issuer *is, uint32_t organisation)
{
    const struct store_scope scope = { .organisation = organisation };
    const struct store *s = is->in->store;
    uint32_t list = 0;

    if (organisation == 0 || s->begin(s->self, STORE_READ) != BM_OK) {
        return 0;
    }
    if (ca_bundle_list_of(s, &scope, &list) != BM_OK) {
        list = 0;
    }
    s->rollback(s->self);
    return list;
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

/* The authority was opened: its last bundles may not have become files. */
void issuer_bundle_restart(struct issuer *is)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc = instance_put_bundles(is->in, &why);

    if (rc != BM_OK) {
        why.status = rc;
        log_refusal(LOG_LEVEL_ERROR, "issuer.bundle", &why);
    }
    is->bundle.look = true;
    is->bundle.not_until = room_now() + BUNDLE_PAUSE;
}

/* BM_E_END: that was the last list. */
static bm_status look_at_next(struct issuer *is, uint32_t *list,
                              struct ca_bundle_state *state)
{
    BM_TRY(instance_next_list(is->in, list));
    return ca_bundle_look(is->in->ca, *list, room_now(), state);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bm_status look_at_all(struct issuer *is)
{
    struct issuer_bundle *b = &is->bundle;
    struct ca_bundle_state state;
    int64_t end = INT64_MAX;
    uint32_t list = 0;
    bm_status rc;

    b->changed = false;
    b->due = INT64_MAX;
    while ((rc = look_at_next(is, &list, &state)) == BM_OK) {
        b->changed = b->changed || state.changed;
        b->due = least(b->due, state.due);
        end = least(end, state.next_update);
    }
    metrics_set(is->room->metrics, METRICS_BUNDLE_END,
                end == INT64_MAX ? 0 : end);
    return rc == BM_E_END ? BM_OK : rc;
}

static void look(struct issuer *is)
{
    struct issuer_bundle *b = &is->bundle;
    uint64_t revocations = ca_revocations(is->in->ca);

    if (!b->look && revocations == b->revocations) {
        return;
    }
    if (look_at_all(is) != BM_OK) {
        b->look = true; /* and again in a second */
        return;
    }
    b->look = false;
    b->revocations = revocations;
}

/* Of each list that wants one, but for so many at a time: others wait for the
 * issuer, too. */
#define BUNDLES_AT_ONCE 16

static bm_status make_wanted(struct issuer *is, int64_t now, unsigned *made,
                             struct ca_refusal *why)
{
    struct ca_bundle_state state;
    uint32_t list = 0;
    bm_status rc = BM_OK;

    while (*made < BUNDLES_AT_ONCE &&
           (rc = look_at_next(is, &list, &state)) == BM_OK) {
        if (state.changed || now >= state.due) {
            BM_TRY(instance_make_bundle(is->in, &authority, list, now, why));
            (*made)++;
        }
    }
    return rc == BM_E_END ? BM_OK : rc;
}

static void make(struct issuer *is, int64_t now)
{
    struct ca_refusal why = { BM_OK, "" };
    unsigned made = 0;
    bm_status rc = make_wanted(is, now, &made, &why);

    if (made != 0) {
        issuer_bundle_made(is, now);
        metrics_add(is->room->metrics, METRICS_BUNDLES, made - 1);
    }
    if (rc == BM_OK && made == BUNDLES_AT_ONCE) {
        is->bundle.not_until = now; /* there may be more */
    } else if (rc != BM_OK) {
        if (rc != BM_E_CA_RESTORED) {
            why.status = rc;
            log_refusal(LOG_LEVEL_ERROR, "issuer.bundle", &why);
        }
        is->bundle.not_until = now + BUNDLE_AGAIN;
    }
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
