/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Events of what the ledger has: certificates that are issued and revoked,
 * batches, requests that wait. There are as many as acts, so one is written
 * only where a destination asks for its kind, in the transaction of the act;
 * it is dropped when the destinations were given it. The text is words of the
 * form name=value.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/batch.h"
#include "ca/destination.h"
#include "ca/internal.h"
#include "core/time.h"

/* Who asks for what. */
struct ca_asking {
    size_t n;
    struct {
        struct store_scope scope;
        uint32_t asks; /* bits of enum ca_asked */
    } of[CA_DESTINATIONS_MAX];
};

/* ---- Who asks */

static bm_status add_asking(void *arg, const void *visited)
{
    const struct store_destination *row = visited;
    struct ca *ca = arg;
    struct ca_asking *asking = ca->asking;

    if (row->asks == 0) {
        return BM_OK;
    }
    if (asking->n == CA_DESTINATIONS_MAX) {
        return BM_E_LIMIT;
    }
    asking->of[asking->n].scope = row->scope;
    asking->of[asking->n].asks = row->asks;
    asking->n++;
    ca->asked |= row->asks;
    return BM_OK;
}

void ca_asked_changed(struct ca *ca)
{
    ca->asked = CA_ASKED_UNKNOWN;
}

static bm_status read_asking(struct ca *ca)
{
    const struct store *s = ca->c.store;
    const struct store_visit visit = { ca, add_asking };
    bm_status rc;

    if (ca->asking == NULL) {
        ca->asking = malloc(sizeof *ca->asking);
    }
    if (ca->asking == NULL) {
        return BM_E_MEMORY;
    }
    ca->asking->n = 0;
    ca->asked = 0;
    rc = s->destination_list(s->self, &ca_everything, 0, &visit);
    if (rc != BM_OK) {
        ca_asked_changed(ca);
    }
    return rc;
}

/* Does it get events of this organisation? */
static bm_status is_within(const struct ca *ca, const struct store_scope *scope,
                           uint32_t organisation, bool *yes)
{
    const struct store *s = ca->c.store;
    struct store_organisation row;
    bm_status rc;

    if (scope->organisation != 0 || scope->ecosystem == 0) {
        *yes = scope->organisation == 0 || scope->organisation == organisation;
        return BM_OK;
    }
    rc = s->organisation_get(s->self, scope, organisation, &row);
    *yes = rc == BM_OK;
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status is_asked(struct ca *ca, enum ca_asked kind,
                          uint32_t organisation, bool *yes)
{
    *yes = false;
    if (ca->asked == CA_ASKED_UNKNOWN) {
        BM_TRY(read_asking(ca));
    }
    for (size_t i = 0; i < ca->asking->n && !*yes; i++) {
        if ((ca->asking->of[i].asks & UINT32_C(1) << kind) != 0) {
            BM_TRY(is_within(ca, &ca->asking->of[i].scope, organisation, yes));
        }
    }
    return BM_OK;
}

/* ---- What is told */

static void add(struct store_event *event, const char *name, const char *value)
{
    size_t n = strlen(event->text);
    size_t more = strlen(name) + strlen(value) + 2;

    if (value[0] != '\0' && n + more < sizeof event->text) {
        (void)snprintf(event->text + n, sizeof event->text - n, "%s%s=%s",
                       n != 0 ? " " : "", name, value);
    }
}

static void add_number(struct store_event *event, const char *name, uint64_t v)
{
    char digits[24];

    (void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    add(event, name, digits);
}

static void add_serial(struct store_event *event, const char *name,
                       struct bm_bytes serial)
{
    char hex[CA_SERIAL_TEXT];

    ca_hex(serial, hex, sizeof hex);
    add(event, name, hex);
}

static void add_time(struct store_event *event, const char *name, int64_t t)
{
    char text[32];
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)text, sizeof text);
    bm_time_put_text(&w, t);
    bm_wr_u8(&w, 0);
    add(event, name, w.len <= w.cap ? text : "");
}

static bm_status put(struct ca *ca, enum ca_asked kind,
                     struct store_event *event, int64_t now)
{
    const struct store *s = ca->c.store;

    (void)snprintf(event->kind, sizeof event->kind, "%s",
                   ca_event_kinds[kind].name);
    event->at = now;
    event->asked = 1 + (uint32_t)kind;
    ca->dirty = true;
    return s->event_put(s->self, event);
}

bm_status ca_tell_cert_asked(struct ca *ca, enum ca_asked kind,
                             const struct store_cert *row,
                             struct bm_bytes renews, int64_t now)
{
    struct store_event event = { .organisation = row->organisation,
                                 .device = row->device };
    bool asked;

    BM_TRY(is_asked(ca, kind, row->organisation, &asked));
    if (!asked) {
        return BM_OK;
    }
    /* The longest of all that can be do not fit: the profile stays out. */
    add_serial(&event, "serial", row->serial);
    add(&event, "ca", row->ca);
    if (renews.n != 0) {
        add_serial(&event, "renews", renews);
    }
    if (kind == CA_ASKED_REVOKED) {
        add(&event, "reason", bm_crl_reason_name(row->reason));
    }
    add_time(&event, "until", row->not_after);
    add(&event, "profile", row->profile);
    return put(ca, kind, &event, now);
}

bm_status ca_tell_batch(struct ca *ca, const struct store_batch *batch,
                        int64_t now)
{
    struct store_event event = { .organisation = batch->organisation };
    char state[STORE_ID_MAX];
    bool asked;

    BM_TRY(is_asked(ca, CA_ASKED_BATCH, batch->organisation, &asked));
    if (!asked) {
        return BM_OK;
    }
    (void)snprintf(state, sizeof state, "%s",
                   ca_batch_state_name(batch->state));
    for (char *p = state; *p != '\0'; p++) {
        *p = (char)(*p == ' ' ? '-' : *p); /* one word */
    }
    add_number(&event, "batch", batch->id);
    add(&event, "state", state);
    add_number(&event, "rows", batch->rows);
    add_number(&event, "issued", batch->issued);
    add_number(&event, "refused", batch->refused);
    add(&event, "profile", batch->profile);
    return put(ca, CA_ASKED_BATCH, &event, now);
}

bm_status ca_tell_request(struct ca *ca, const struct store_request *row,
                          uint64_t device, int64_t now)
{
    struct store_event event = { .organisation = row->organisation,
                                 .device = device };
    bool asked;

    BM_TRY(is_asked(ca, CA_ASKED_REQUEST, row->organisation, &asked));
    if (!asked) {
        return BM_OK;
    }
    add_number(&event, "request", row->id);
    add(&event, "profile", row->profile);
    return put(ca, CA_ASKED_REQUEST, &event, now);
}
