/* SPDX-License-Identifier: Apache-2.0 */

/* Events that newer ones push out before a destination was given them: each
 * is counted where it was wanted. */
#include <stdlib.h>
#include <string.h>

#include "ca/destination.h"
#include "ca/internal.h"

struct loser {
    uint32_t organisation;
    struct store_scope scope;
    char name[STORE_ID_MAX];
};

/* Those that have not come to it. */
struct losers {
    const struct store_event *event;
    size_t n;
    struct loser one[CA_DESTINATIONS_MAX];
};

static bm_status take_loser(void *arg, const void *visited)
{
    const struct store_destination *row = visited;
    struct losers *l = arg;
    struct loser *one = &l->one[l->n];

    if (row->cursor >= l->event->id || !ca_destination_wants(row, l->event)) {
        return BM_OK;
    }
    if (l->n == CA_DESTINATIONS_MAX) {
        return BM_E_STORE_CORRUPT;
    }
    one->organisation = row->organisation;
    one->scope = row->scope;
    memcpy(one->name, row->name, sizeof one->name);
    l->n++;
    return BM_OK;
}

/* Whose events it gets; and what has a row of its own is counted with that
 * (outbox_commit.c). */
static bm_status is_lost(const struct store *s, const struct loser *one,
                         const struct store_destination *row,
                         const struct store_event *event, bool *yes)
{
    struct store_organisation organisation;
    struct store_delivery delivery;
    bm_status rc = s->organisation_get(s->self, &one->scope,
                                       event->organisation, &organisation);

    *yes = false;
    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    rc = s->delivery_get(s->self, row->id, event->id, &delivery);
    *yes = rc == BM_E_NOT_FOUND;
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status count_loss(const struct store *s, const struct loser *one,
                            const struct store_event *event)
{
    struct store_destination row;
    bool yes = false;
    bm_status rc =
        s->destination_find(s->self, one->organisation, one->name, &row);

    if (rc == BM_OK) {
        rc = is_lost(s, one, &row, event, &yes);
    }
    if (rc == BM_OK && yes) {
        row.lost++;
        rc = s->destination_put(s->self, &row);
    }
    bm_wipe(&row, sizeof row);
    return rc;
}

/* Hardly ever is there one: a destination was down, or disabled, for long. */
static bm_status lose(void *arg, const void *visited)
{
    struct ca *ca = arg;
    const struct store *s = ca->c.store;
    struct losers *l = calloc(1, sizeof *l);
    const struct store_visit visit = { l, take_loser };
    bm_status rc = BM_E_MEMORY;

    if (l == NULL) {
        return rc;
    }
    l->event = visited;
    rc = s->destination_list(s->self, &ca_everything, 0, &visit);
    for (size_t i = 0; rc == BM_OK && i < l->n; i++) {
        rc = count_loss(s, &l->one[i], l->event);
    }
    free(l);
    return rc;
}

bm_status ca_events_forget(struct ca *ca, uint32_t organisation,
                           uint64_t device)
{
    const struct store *s = ca->c.store;
    const struct store_visit lost = { ca, lose };

    return device == 0 ? s->event_forget_plain(s->self, organisation, &lost)
                       : s->event_forget(s->self, device, &lost);
}
