/* SPDX-License-Identifier: Apache-2.0 */

/* The states of a device, what may be done in each, and how it ends. */
#include "ca/device.h"

#include "ca/internal.h"
#include "ca/inventory.h"

#define IN(state) (1u << STORE_DEVICE_##state)

/* Before its end, whether it is suspended or not. */
#define LIVE (IN(EXPECTED) | IN(BORN) | IN(ACTIVE))

/* In which states each is done. What is not here is done in none. */
static const unsigned allowed[CA_DEVICE_ACTS] = {
    [CA_DEVICE_SUSPEND] = LIVE,
    [CA_DEVICE_RESUME] = IN(SUSPENDED),
    [CA_DEVICE_RENEW] = LIVE | IN(SUSPENDED),
    [CA_DEVICE_DESCRIBE] = LIVE | IN(SUSPENDED) | IN(REVOKED),
    [CA_DEVICE_REVOKE] = LIVE | IN(SUSPENDED),
    [CA_DEVICE_RETIRE] = LIVE | IN(SUSPENDED) | IN(REVOKED),
};

bm_status ca_check_device_act(const struct store_device *device,
                              enum ca_device_verb verb, struct ca_refusal *why)
{
    if ((unsigned)verb < CA_DEVICE_ACTS &&
        (allowed[verb] & 1u << device->state) != 0) {
        return BM_OK;
    }
    return ca_refuse(why, BM_E_CA_DEVICE, "%s is %s", device->name,
                     ca_device_state_name(device->state));
}

/* Those that are good or on hold, one after another: none may change while the
 * store walks over them. */
static bm_status find_open(void *arg, const void *visited)
{
    struct ca_cert_row *found = arg;
    const struct store_cert *row = visited;

    if (row->status == STORE_CERT_REVOKED ||
        row->status == STORE_CERT_ABANDONED) {
        return BM_OK;
    }
    ca_keep_row(found, row);
    return BM_E_END;
}

static bm_status end_certs(struct ca *ca, const struct ca_actor *actor,
                           uint64_t device, uint8_t reason, int64_t now)
{
    const struct store *s = ca->c.store;
    struct store_cert_filter filter = { .device = device };
    struct ca_cert_row found;
    const struct store_visit visit = { &found, find_open };

    for (;;) {
        found.row.id = 0;
        BM_TRY(s->cert_list(s->self, &ca_everything, &filter, &visit));
        if (found.row.id == 0) {
            return BM_OK;
        }
        filter.after = found.row.id;
        BM_TRY(ca_put_revocation(ca, actor, &found.row, reason, now));
    }
}

static bm_status end(struct ca *ca, const struct ca_actor *actor,
                     const struct ca_device_end *e, int64_t now,
                     struct ca_refusal *why)
{
    struct ca_happened what = { "", e->retire ? ""
                                              : bm_crl_reason_name(e->reason) };
    struct store_device device;

    BM_TRY(ca_find_device(ca, actor, e->organisation, e->name, &device, why));
    BM_TRY(ca_check_device_act(
        &device, e->retire ? CA_DEVICE_RETIRE : CA_DEVICE_REVOKE, why));
    BM_TRY(end_certs(ca, actor, device.id,
                     e->retire ? BM_REASON_CESSATION : e->reason, now));
    device.state = e->retire ? STORE_DEVICE_RETIRED : STORE_DEVICE_REVOKED;
    BM_TRY(ca_put_device_state(ca, actor, &device, now));
    what.kind = ca_device_state_name(device.state);
    return ca_put_history(ca, actor, &device, &what, now);
}

bm_status ca_device_end(struct ca *ca, const struct ca_actor *actor,
                        const struct ca_device_end *e, int64_t now,
                        struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_DEVICE_END, why));
    if (!e->retire) {
        BM_TRY(ca_check_reason(e->reason, why));
        if (e->reason == BM_REASON_HOLD) {
            return ca_refuse(why, BM_E_CA_REASON,
                             "what is to be lifted again is a suspension");
        }
    }
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, end(ca, actor, e, now, why), now, why);
}
