/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/signal.h"

#include <stdio.h>
#include <string.h>

#include "ca/internal.h"
#include "ca/transfer.h"

const char *const ca_signal_names[] = {
    "same-key",   "idevid-key",      "fork",           "clone",
    "two-places", "before-shipping", "enrolment-loop", NULL,
};

static bool is_quiet(const struct store_signal *row, int64_t now)
{
    return row->id != 0 && now < row->last + CA_SIGNAL_QUIET;
}

/* id 0: there is none yet. */
static bm_status find(struct ca *ca, const struct ca_signalled *what,
                      struct store_signal *row)
{
    const struct store *s = ca->c.store;
    bm_status rc = s->signal_find(s->self, what->organisation, what->device,
                                  ca_signal_names[what->kind - 1], row);

    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

/* Of each kind and device one: what comes again is a number that grows. */
static bm_status record(struct ca *ca, const struct store_signal *row,
                        int64_t now)
{
    static const struct ca_actor authority = { .name = "authority",
                                               .mode = "service",
                                               .authority = true };
    const struct store *s = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_SIGNAL, &authority, now);
    struct store_device device = { .id = 0 };

    if (row->device != 0) {
        BM_TRY(s->device_get(s->self, &ca_everything, row->device, &device));
        /* No organisation is told the name of another one's. */
        record.subject = ca_text(
            device.organisation == row->organisation ? device.name : "");
    }
    record.organisation = row->organisation;
    record.number = row->id;
    record.text = ca_text(row->kind);
    return ca_put_record(ca, &record, NULL, NULL);
}

bm_status ca_put_signal(struct ca *ca, const struct ca_signalled *what,
                        bool told, int64_t now)
{
    const struct store *s = ca->c.store;
    const char *kind = ca_signal_names[what->kind - 1];
    struct store_signal row;
    bool first;

    BM_TRY(find(ca, what, &row));
    if (is_quiet(&row, now)) {
        return BM_OK;
    }
    first = row.id == 0;
    if (first) {
        row = (struct store_signal){ .organisation = what->organisation,
                                     .device = what->device,
                                     .first = now };
        (void)snprintf(row.kind, sizeof row.kind, "%s", kind);
    }
    row.count++;
    row.last = now;
    (void)snprintf(row.text, sizeof row.text, "%s", what->text);
    ca->dirty = true;
    BM_TRY(s->signal_put(s->self, &row));
    if (first) {
        BM_TRY(record(ca, &row, now));
    }
    return first && !told ? ca_put_event(ca, kind, what->organisation,
                                         what->device, now, what->text)
                          : BM_OK;
}

/* ---- Two places */

static bm_status put_places(struct ca *ca, struct bm_bytes der, int64_t now)
{
    struct ca_signalled what = { .kind = CA_SIGNAL_TWO_PLACES };
    char text[STORE_NAME_MAX];
    char serial[CA_SERIAL_TEXT];
    struct store_cert row;

    BM_TRY(ca_find_der(ca, der, &row));
    ca_hex(row.serial, serial, sizeof serial);
    (void)snprintf(text, sizeof text,
                   "certificate %s is used from two networks in turn", serial);
    what.organisation = row.organisation;
    what.device = row.device;
    BM_TRY(ca_owner_now(ca, &what.organisation, &what.device));
    what.text = text;
    return ca_put_signal(ca, &what, false, now);
}

bm_status ca_signal_places(struct ca *ca, struct bm_bytes der, int64_t now,
                           struct ca_refusal *why)
{
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, put_places(ca, der, now), now, why);
}
