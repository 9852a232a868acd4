/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/device.h"

#include <stdio.h>
#include <string.h>

#include "ca/internal.h"
#include "ca/inventory.h"
#include "ca/setting.h"
#include "ca/transfer.h"

const char *ca_device_state_name(enum store_device_state state)
{
    static const char *const names[] = {
        [STORE_DEVICE_EXPECTED] = "expected",
        [STORE_DEVICE_BORN] = "born",
        [STORE_DEVICE_ACTIVE] = "active",
        [STORE_DEVICE_SUSPENDED] = "suspended",
        [STORE_DEVICE_REVOKED] = "revoked",
        [STORE_DEVICE_RETIRED] = "retired",
        [STORE_DEVICE_TRANSFERRED] = "transferred",
    };

    if ((size_t)state >= sizeof names / sizeof names[0] ||
        names[state] == NULL) {
        return "unknown";
    }
    return names[state];
}

/*
 * The certificates of a device, one after another: none may change while the
 * store walks over them.
 */
struct next {
    bool held; /* look for those that this suspension holds, or the good */
    int64_t since;
    struct ca_cert_row found;
};

static bool is_wanted(const struct next *n, const struct store_cert *row)
{
    if (n->held) {
        return row->status == STORE_CERT_HELD && row->revoked == n->since;
    }
    return row->status == STORE_CERT_VALID ||
           row->status == STORE_CERT_PENDING ||
           row->status == STORE_CERT_REPLACED;
}

static bm_status find_next(void *arg, const void *visited)
{
    struct next *n = arg;

    if (!is_wanted(n, visited)) {
        return BM_OK;
    }
    ca_keep_row(&n->found, visited);
    return BM_E_END;
}

bool ca_is_identity(const struct ca *ca, const char *profile)
{
    const struct ca_bound *b = ca_profile_find(ca, profile, NULL);

    const struct ca_aside *aside = ca_profile_aside(ca, profile);

    return b != NULL ? ca_profile_policy(b->profile)->identity
                     : aside != NULL && aside->identity;
}

/* Design, section 5: certificateHold on the LDevIDs; the IDevID stays. */
static bm_status hold_those(struct ca *ca, const struct ca_actor *actor,
                            uint64_t device, int64_t now, bool release)
{
    const struct store *store = ca->c.store;
    struct store_cert_filter filter = { .device = device };
    struct next n = { .held = release, .since = now };
    struct store_visit visit = { &n, find_next };

    for (;;) {
        n.found.row.id = 0;
        BM_TRY(store->cert_list(store->self, &ca_everything, &filter, &visit));
        if (n.found.row.id == 0) {
            return BM_OK;
        }
        filter.after = n.found.row.id;
        if (release) {
            BM_TRY(ca_put_release(ca, actor, &n.found.row, now));
        } else if (!ca_is_identity(ca, n.found.row.profile)) {
            BM_TRY(ca_put_revocation(ca, actor, &n.found.row, BM_REASON_HOLD,
                                     now));
        }
    }
}

/* Those that others gave it before, too. */
static bm_status hold_all(struct ca *ca, const struct ca_actor *actor,
                          const struct store_device *device, bool release)
{
    struct ca_line line;

    BM_TRY(ca_line_of(ca, device, &line));
    for (size_t i = 0; i < line.n; i++) {
        BM_TRY(hold_those(ca, actor, line.id[i], device->changed, release));
    }
    return BM_OK;
}

bm_status ca_put_device_state(struct ca *ca, const struct ca_actor *actor,
                              struct store_device *device, int64_t now)
{
    const struct store *store = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_DEVICE, actor, now);

    record.organisation = device->organisation;
    record.subject = ca_text(device->name);
    record.text = ca_text(ca_device_state_name(device->state));
    device->changed = now;
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return store->device_put(store->self, device);
}

/*
 * The time of a suspension tells its holds from others when it is lifted: so
 * it is not that of a hold that is there already.
 */
static bm_status own_time(struct ca *ca, const struct store_device *device,
                          int64_t *now)
{
    const struct store *store = ca->c.store;
    struct next n = { .held = true, .since = *now };
    struct store_visit visit = { &n, find_next };
    struct ca_line line;

    BM_TRY(ca_line_of(ca, device, &line));
    for (size_t i = 0; i < line.n && n.found.row.id == 0; i++) {
        const struct store_cert_filter filter = { .device = line.id[i] };

        BM_TRY(store->cert_list(store->self, &ca_everything, &filter, &visit));
    }
    *now += n.found.row.id != 0;
    return BM_OK;
}

bm_status ca_suspend(struct ca *ca, const struct ca_actor *actor,
                     struct store_device *device, int64_t now)
{
    if (device->state >= STORE_DEVICE_SUSPENDED) {
        return BM_OK; /* or it is past that */
    }
    BM_TRY(own_time(ca, device, &now));
    device->resume = device->state;
    device->state = STORE_DEVICE_SUSPENDED;
    BM_TRY(ca_put_device_state(ca, actor, device, now));
    return hold_all(ca, actor, device, false);
}

/* Released before the device changes: its time tells which holds are its. */
static bm_status resume(struct ca *ca, const struct ca_actor *actor,
                        struct store_device *device, int64_t now)
{
    BM_TRY(hold_all(ca, actor, device, true));
    device->state = device->resume;
    return ca_put_device_state(ca, actor, device, now);
}

/* ---- Renewing early */

/* In the store's settings: this, and the id of a device. */
#define SETTING_RENEW "renew/"
#define RENEW_NAME    (sizeof SETTING_RENEW + 20)

static void renew_name(uint64_t device, char name[RENEW_NAME])
{
    (void)snprintf(name, RENEW_NAME, SETTING_RENEW "%llu",
                   (unsigned long long)device);
}

bm_status ca_device_asked(struct ca *ca, uint64_t device, int64_t *when)
{
    char name[RENEW_NAME];
    uint64_t asked;
    bm_status rc;

    renew_name(device, name);
    rc = ca_setting_get(ca->c.store, name, &asked);
    *when = rc == BM_OK ? (int64_t)asked : CA_NOT_ASKED;
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status put_asked(struct ca *ca, const struct ca_actor *actor,
                           const struct store_device *device, int64_t now)
{
    struct ca_record record = ca_record_of(CA_RECORD_DEVICE, actor, now);
    char name[RENEW_NAME];

    record.organisation = device->organisation;
    record.subject = ca_text(device->name);
    record.text = ca_text("renewal asked for");
    renew_name(device->id, name);
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return ca_setting_put(ca->c.store, name, (uint64_t)now);
}

/* ---- By name */

bm_status ca_find_device(struct ca *ca, const struct ca_actor *actor,
                         uint32_t organisation, const char *name,
                         struct store_device *device, struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    bm_status rc = BM_E_NOT_FOUND;

    memset(device, 0, sizeof *device); /* nobody, when refused */
    if (actor->scope.organisation == 0 ||
        actor->scope.organisation == organisation) {
        rc = store->device_find(store->self, organisation, name, device);
    }
    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "device %s", name) : rc;
}

static bm_status find_and_act(struct ca *ca, const struct ca_actor *actor,
                              const struct ca_device_act *a, int64_t now,
                              struct ca_refusal *why)
{
    const struct ca_happened what = { a->suspend ? "suspended" : "resumed",
                                      "" };
    struct store_device device;

    BM_TRY(ca_find_device(ca, actor, a->organisation, a->name, &device, why));
    BM_TRY(ca_check_device_act(
        &device, a->suspend ? CA_DEVICE_SUSPEND : CA_DEVICE_RESUME, why));
    BM_TRY(a->suspend ? ca_suspend(ca, actor, &device, now)
                      : resume(ca, actor, &device, now));
    return ca_put_history(ca, actor, &device, &what, now);
}

bm_status ca_device_change(struct ca *ca, const struct ca_actor *actor,
                           const struct ca_device_act *a, int64_t now,
                           struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_DEVICE_SUSPEND, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, find_and_act(ca, actor, a, now, why), now, why);
}

static bm_status find_and_ask(struct ca *ca, const struct ca_actor *actor,
                              const struct ca_device_act *a, int64_t now,
                              struct ca_refusal *why)
{
    struct store_device device;

    BM_TRY(ca_find_device(ca, actor, a->organisation, a->name, &device, why));
    BM_TRY(ca_check_device_act(&device, CA_DEVICE_RENEW, why));
    return put_asked(ca, actor, &device, now);
}

bm_status ca_device_renew(struct ca *ca, const struct ca_actor *actor,
                          const struct ca_device_act *a, int64_t now,
                          struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_DEVICE_RENEW, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, find_and_ask(ca, actor, a, now, why), now, why);
}
