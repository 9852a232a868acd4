/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/octets.h"
#include "firewall/state.h"
#include "firewall/table_internal.h"

/*
 * Events: a ring of records, each of many frames. What a flood is made of
 * counts in one of them; when all are in use, what is new is lost and counted.
 */

static void describe(struct bm_fw_event *e, const struct bm_fw_packet *p,
                     const struct bm_fw_decision *d, uint32_t now)
{
    e->first = now;
    e->last = now;
    e->count = 1;
    for (unsigned i = 0; i < 4; i++) {
        e->peer[i] = p->peer[i];
    }
    e->rule = d->rule;
    e->type = p->type;
    e->port = p->port;
    e->proto = p->proto;
    e->family = p->family;
    e->direction = p->direction;
    e->reason = d->reason;
    e->verdict = d->verdict;
}

static struct bm_fw_event *event_at(struct bm_fw *fw, unsigned i)
{
    return &fw->events[(fw->event_at + i) % BM_FW_EVENTS];
}

static void add(struct bm_fw *fw, const struct bm_fw_packet *p,
                const struct bm_fw_decision *d, uint32_t now)
{
    if (fw->event_n == BM_FW_EVENTS) {
        fw->event_lost++;
        return;
    }
    describe(event_at(fw, fw->event_n), p, d, now);
    fw->event_n++;
}

static void count(struct bm_fw *fw, const struct bm_fw_packet *p,
                  const struct bm_fw_decision *d, uint32_t now)
{
    for (unsigned i = fw->event_n; i-- > 0;) {
        struct bm_fw_event *e = event_at(fw, i);

        if (e->rule == d->rule && e->reason == d->reason &&
            e->direction == p->direction && e->verdict == d->verdict) {
            e->last = now;
            e->count += e->count != UINT32_MAX;
            return;
        }
    }
    add(fw, p, d, now);
}

void bm_fw_report(struct bm_fw *fw, const struct bm_fw_packet *p,
                  const struct bm_fw_decision *d, uint32_t now)
{
    struct bm_fw_rule_state *s;
    const uint8_t *r;

    if (d->reason != BM_FW_BY_RULE) {
        count(fw, p, d, now);
        return;
    }
    r = fw->table.rules + BM_FW_RULE_SIZE * d->rule;
    s = &fw->rules[d->rule];
    if (r[2] == BM_FW_LOG_COUNT) {
        count(fw, p, d, now);
    } else if (r[2] == BM_FW_LOG_SAMPLE &&
               ++s->judged >= bm_fw_le16(r + BM_FW_RULE_SAMPLE)) {
        /* Frames of flows are no part of it: a peer has these in its hands. */
        s->judged = 0;
        add(fw, p, d, now);
    }
}

bool bm_fw_take_event(struct bm_fw *fw, struct bm_fw_event *event)
{
    if (fw->event_n == 0) {
        return false;
    }
    *event = fw->events[fw->event_at];
    fw->event_at = (uint8_t)((fw->event_at + 1u) % BM_FW_EVENTS);
    fw->event_n--;
    return true;
}
