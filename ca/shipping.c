/* SPDX-License-Identifier: Apache-2.0 */

/* Which devices have left their maker, and what is seen of others. */
#include <stdio.h>
#include <string.h>

#include "ca/device.h"
#include "ca/internal.h"
#include "ca/signal.h"

/* BM_E_END: the device of this certificate is still with its maker. */
static bm_status is_kept(struct ca *ca, uint64_t device, int64_t now)
{
    const struct store *s = ca->c.store;
    struct store_shipping row;
    bm_status rc;

    if (device == 0) {
        return BM_OK;
    }
    rc = s->shipping_get(s->self, device, &row);
    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    return row.shipped == 0 || row.shipped > now ? BM_E_END : BM_OK;
}

bm_status ca_look_shipping(struct ca *ca, const struct store_cert *row,
                           int64_t now)
{
    const struct store *s = ca->c.store;
    const char *kind = ca_signal_names[CA_SIGNAL_BEFORE_SHIPPING - 1];
    struct store_signal signal;
    bm_status rc = is_kept(ca, row->device, now);

    if (rc != BM_E_END) {
        return rc;
    }
    rc = s->signal_find(s->self, row->organisation, row->device, kind, &signal);
    return rc == BM_OK && now < signal.last + CA_SIGNAL_QUIET ? BM_OK
           : rc == BM_OK || rc == BM_E_NOT_FOUND              ? BM_E_END
                                                              : rc;
}

bm_status ca_put_unshipped(struct ca *ca, const struct store_cert *row,
                           int64_t now)
{
    struct ca_signalled what = { .kind = CA_SIGNAL_BEFORE_SHIPPING,
                                 .organisation = row->organisation,
                                 .device = row->device };
    char text[STORE_NAME_MAX];
    char serial[CA_SERIAL_TEXT];
    bm_status rc = is_kept(ca, row->device, now);

    if (rc != BM_E_END) {
        return rc;
    }
    ca_hex(row->serial, serial, sizeof serial);
    (void)snprintf(text, sizeof text,
                   "certificate %s was used, and its device is not shipped",
                   serial);
    what.text = text;
    return ca_put_signal(ca, &what, false, now);
}

/* ---- Saying so */

const char *ca_shipping_words(int64_t shipped)
{
    return shipped == 0 ? "in stock" : "shipped";
}

bm_status ca_put_shipping(struct ca *ca, const struct ca_actor *actor,
                          const struct store_device *device, int64_t shipped,
                          int64_t now)
{
    const struct store *s = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_SHIPPING, actor, now);
    const struct store_shipping row = { .device = device->id,
                                        .organisation = device->organisation,
                                        .shipped = shipped,
                                        .at = now };

    record.organisation = device->organisation;
    record.subject = ca_text(device->name);
    record.text = ca_text(ca_shipping_words(shipped));
    record.number = (uint64_t)shipped;
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return s->shipping_put(s->self, &row);
}

static bm_status put_shipping(struct ca *ca, const struct ca_actor *actor,
                              const struct ca_shipping_act *a, int64_t now,
                              struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_device device;
    bm_status rc = BM_E_NOT_FOUND;

    if (actor->scope.organisation == 0 ||
        actor->scope.organisation == a->organisation) {
        rc = s->device_find(s->self, a->organisation, a->name, &device);
    }
    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "device %s", a->name);
    }
    BM_TRY(rc);
    if (device.state == STORE_DEVICE_TRANSFERRED) {
        return ca_refuse(why, BM_E_CA_DEVICE, "%s is %s", device.name,
                         ca_device_state_name(device.state));
    }
    return ca_put_shipping(ca, actor, &device, a->shipped, now);
}

bm_status ca_device_ship(struct ca *ca, const struct ca_actor *actor,
                         const struct ca_shipping_act *a, int64_t now,
                         struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_DEVICE_SHIP, why));
    if (a->shipped < 0) {
        return ca_refuse(why, BM_E_ARGUMENT, "that was before 1970");
    }
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, put_shipping(ca, actor, a, now, why), now, why);
}
