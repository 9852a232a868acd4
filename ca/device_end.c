/* SPDX-License-Identifier: Apache-2.0 */

/* The states of a device, what may be done in each, and how it ends. */
#include "ca/device.h"

#include "ca/internal.h"
#include "ca/inventory.h"
#include "ca/transfer.h"

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
struct finding {
    const struct ca *ca;
    bool not_identity;
    struct ca_cert_row found;
};

static bm_status find_open(void *arg, const void *visited)
{
    struct finding *f = arg;
    const struct store_cert *row = visited;

    if (row->status == STORE_CERT_REVOKED ||
        row->status == STORE_CERT_ABANDONED ||
        (f->not_identity && ca_is_identity(f->ca, row->profile))) {
        return BM_OK;
    }
    ca_keep_row(&f->found, row);
    return BM_E_END;
}

static bm_status end_those(struct ca *ca, const struct ca_actor *actor,
                           uint64_t device, const struct ca_ending *ending,
                           int64_t now)
{
    const struct store *s = ca->c.store;
    struct store_cert_filter filter = { .device = device };
    struct finding f = { .ca = ca, .not_identity = ending->not_identity };
    const struct store_visit visit = { &f, find_open };

    for (;;) {
        f.found.row.id = 0;
        BM_TRY(s->cert_list(s->self, &ca_everything, &filter, &visit));
        if (f.found.row.id == 0) {
            return BM_OK;
        }
        filter.after = f.found.row.id;
        BM_TRY(ca_put_revocation(ca, actor, &f.found.row, ending->reason, now));
    }
}

bm_status ca_end_certs(struct ca *ca, const struct ca_actor *actor,
                       const struct store_device *device,
                       const struct ca_ending *ending, int64_t now)
{
    struct ca_line line;

    BM_TRY(ca_line_of(ca, device, &line));
    for (size_t i = 0; i < line.n; i++) {
        BM_TRY(end_those(ca, actor, line.id[i], ending, now));
    }
    return BM_OK;
}

static bm_status end(struct ca *ca, const struct ca_actor *actor,
                     const struct ca_device_end *e, int64_t now,
                     struct ca_refusal *why)
{
    struct ca_happened what = { "", e->retire ? ""
                                              : bm_crl_reason_name(e->reason) };
    const struct ca_ending ending = { .reason = e->retire ? BM_REASON_CESSATION
                                                          : e->reason };
    struct store_device device;

    BM_TRY(ca_find_device(ca, actor, e->organisation, e->name, &device, why));
    BM_TRY(ca_check_device_act(
        &device, e->retire ? CA_DEVICE_RETIRE : CA_DEVICE_REVOKE, why));
    BM_TRY(ca_end_certs(ca, actor, &device, &ending, now));
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
