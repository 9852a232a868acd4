/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ca/signal.h"
#include "daemon/issuer_internal.h"

/*
 * One certificate in two places (docs/signals.md). A device that moves goes
 * from one network to another and stays: that is no sign of anything. Two that
 * have the same key come in turn: from here, from there, from here, from
 * there. So it counts when a certificate has come back to the network before
 * the last one twice, each time within an hour.
 *
 * Networks, not addresses: whoever has several in one has them by chance. What
 * comes by IPv4 and by IPv6 is held apart, since a device with both takes
 * either. It is in memory, of the certificates that are remembered anyway: a
 * restart forgets at most an hour.
 */
#define PLACES_TIME    3600
#define PLACES_RETURNS 2

static bool is_place(const struct issuer_place *p, struct bm_bytes network)
{
    return p->n == network.n && memcmp(p->octets, network.p, network.n) == 0;
}

static void keep(struct issuer_place *p, struct bm_bytes network)
{
    p->n = (uint8_t)network.n;
    memcpy(p->octets, network.p, network.n);
}

/* Has it come in turn from two, often enough? */
static bool note(struct issuer_places *p, struct bm_bytes network, int64_t now)
{
    bool back;

    if (is_place(&p->last, network)) {
        return false;
    }
    back = is_place(&p->before, network) && now - p->changed <= PLACES_TIME;
    p->returns = back ? p->returns + 1 : 0;
    p->before = p->last;
    keep(&p->last, network);
    p->changed = now;
    if (p->returns < PLACES_RETURNS) {
        return false;
    }
    p->returns = 0;
    return true;
}

void issuer_note_place(struct issuer *is, const struct issuer_known *known,
                       struct bm_bytes der, struct bm_bytes network)
{
    /* It is one of the table's, which others may only look at. */
    struct issuer_known *k = &is->known[known - is->known];
    struct ca_refusal why = { BM_OK, "" };
    int64_t now = room_now();
    bm_status rc;

    if (network.n == 0 || network.n > ISSUER_NETWORK_MAX ||
        !note(&k->places[network.n > ISSUER_NETWORK_V4], network, now)) {
        return;
    }
    rc = ca_signal_places(is->in->ca, der, now, &why);
    if (rc != BM_OK) {
        why.status = rc;
        log_refusal(LOG_LEVEL_WARNING, "signal.lost", &why);
    }
}
