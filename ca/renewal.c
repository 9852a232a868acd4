/* SPDX-License-Identifier: Apache-2.0 */

/* What each device is told about its renewal. */
#include "ca/renewal.h"

#include <string.h>

#include "ca/allocation.h"
#include "ca/attribute.h"
#include "ca/device.h"
#include "ca/internal.h"
#include "ca/pattern.h"
#include "ca/transfer.h"

/* ---- Windows and slices */

struct span {
    int64_t from;
    int64_t until;
};

/* A moment in the life of a certificate. */
static int64_t moment(const struct ca_moment *m, const struct store_cert *row)
{
    int64_t life = row->not_after - row->not_before;

    /* Lives of centuries stay below 2^63. */
    return m->percent != 0
               ? row->not_before + life / 100 * (int64_t)m->percent +
                     life % 100 * (int64_t)m->percent / 100
               : row->not_after - m->before;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/*
 * RFC 9773 4.2 has such a window, too. One that the profile does not say begins
 * where renewal opens, and has two thirds of what is left: whoever comes late
 * in it still has time to fail and to try again. None begins before renewal
 * opens: who comes then is refused.
 */
static struct span window_of(const struct ca_profile_policy *policy,
                             const struct store_cert *row)
{
    struct span w;

    w.from = row->not_after - policy->renew_before;
    if (policy->has_window) {
        w.from = later(w.from, moment(&policy->renew_from, row));
    }
    w.from = later(w.from, row->not_before);
    w.until = row->not_after - (row->not_after - w.from) / 3;
    if (policy->has_window) {
        w.until = sooner(moment(&policy->renew_until, row), row->not_after);
    }
    w.until = later(w.until, w.from + 1);
    return w;
}

/*
 * Where in a window a certificate is, of 2^32: the end of its serial number,
 * which is random in ours; hashed, as those that were imported may count.
 */
static uint32_t place_of(const struct ca *ca, struct bm_bytes serial)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    uint8_t hash[BM_HASH_MAX] = { 0 };

    if (crypto->hash(crypto->self, BM_HASH_SHA256, serial, hash) != BM_OK) {
        return 0; /* the first slice: early does no harm */
    }
    return (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 |
           (uint32_t)hash[2] << 8 | hash[3];
}

static struct span slice_of(const struct ca *ca, const struct store_cert *row,
                            const struct span *w)
{
    int64_t length = w->until - w->from;
    int64_t width = sooner(later(length / CA_SLICES, CA_SLICE_MIN), length);
    uint64_t room = (uint64_t)(length - width);
    uint32_t place = place_of(ca, row->serial);
    /* In two steps: windows of centuries stay below 2^64. */
    uint64_t at =
        (room >> 16) * (place >> 16) + ((room & 0xffff) * (place >> 16) >> 16);

    return (struct span){ w->from + (int64_t)at,
                          w->from + (int64_t)at + width };
}

void ca_renewal_usual(const struct ca *ca,
                      const struct ca_profile_policy *policy,
                      const struct store_cert *row, struct ca_renewal *r)
{
    struct span window;
    struct span slice;

    *r = (struct ca_renewal){ .from = 0 };
    if (!policy->renewable || row->not_after <= row->not_before) {
        return;
    }
    window = window_of(policy, row);
    slice = slice_of(ca, row, &window);
    *r = (struct ca_renewal){ .from = slice.from,
                              .until = slice.until,
                              .late = window.until };
}

/* ---- What was pulled forward */

struct pulling {
    struct ca *ca;
    const struct store_cert *row;
    /* Whose it is now, and by which profile it renews: the certificate may be
     * of an earlier owner. */
    uint32_t organisation;
    uint64_t of; /* id of its device, which may be 0 */
    const char *profile;
    int64_t now;
    struct ca_renewal *renewal; /* or NULL */
    bool found;
    unsigned looks;             /* at its device */
    struct store_device device; /* id 0: not read yet */
};

static bm_status is_named(struct pulling *p, const struct store_pull *pull,
                          bool *yes)
{
    const struct store *s = p->ca->c.store;
    const struct ca_pattern *pattern;

    BM_TRY(ca_pull_pattern(p->ca, pull, &pattern));
    if (p->device.id == 0) {
        BM_TRY(s->device_get(s->self, &ca_everything, p->of, &p->device));
    }
    p->looks++;
    *yes = ca_pattern_match(pattern, ca_text(p->device.name));
    return BM_OK;
}

/* Is `value` on record of its device? "" is of any. */
static bm_status has_value(struct pulling *p, uint32_t kind, const char *value,
                           bool *yes)
{
    const struct store *s = p->ca->c.store;
    struct store_attribute wanted = { .organisation = p->organisation,
                                      .kind = kind };
    uint64_t found = p->of;
    bm_status rc;

    if (!*yes || value[0] == '\0') {
        return BM_OK;
    }
    p->looks++;
    memcpy(wanted.value, value, strlen(value) + 1);
    rc = s->attribute_next(s->self, &wanted, &found);
    *yes = rc == BM_OK && found == p->of;
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status is_of_batch(struct pulling *p, uint64_t batch, bool *yes)
{
    const struct store *s = p->ca->c.store;

    if (!*yes || batch == 0) {
        return BM_OK;
    }
    p->looks++;
    return s->batch_has_device(s->self, batch, p->of, yes);
}

/* Each is one step into an index; a pattern is read last, which costs most. */
static bm_status is_meant(struct pulling *p, const struct store_pull *pull,
                          bool *yes)
{
    *yes = true;
    BM_TRY(has_value(p, CA_ATTRIBUTE_MODEL, pull->model, yes));
    BM_TRY(has_value(p, CA_ATTRIBUTE_LOT, pull->lot, yes));
    BM_TRY(has_value(p, CA_ATTRIBUTE_FIRMWARE, pull->firmware, yes));
    BM_TRY(is_of_batch(p, pull->batch, yes));
    return *yes && pull->device[0] != '\0' ? is_named(p, pull, yes) : BM_OK;
}

static bool is_or_any(const char *wanted, const char *is)
{
    return wanted[0] == '\0' || strcmp(wanted, is) == 0;
}

/* The one that comes first counts. One whose time is no part of the life of
 * the certificate says nothing. */
static void bring_forward(struct pulling *p, const struct store_pull *pull)
{
    struct ca_renewal *r = p->renewal;
    const struct span w = { later(pull->from, p->row->not_before),
                            sooner(pull->until, p->row->not_after) };
    struct span slice;

    if (r == NULL || r->until == 0 || w.from >= w.until) {
        return;
    }
    slice = slice_of(p->ca, p->row, &w);
    r->late = sooner(r->late, w.until);
    if (slice.from < r->from) {
        r->from = slice.from;
        r->until = slice.until;
        r->pull = pull->id;
    }
}

static bm_status consider(void *arg, const void *visited)
{
    struct pulling *p = arg;
    const struct store_pull *pull = visited;
    bool meant;

    if (p->row->id > pull->last || !is_or_any(pull->ca, p->row->ca) ||
        !is_or_any(pull->profile, p->profile)) {
        return BM_OK;
    }
    BM_TRY(is_meant(p, pull, &meant));
    if (meant) {
        p->found = true;
        bring_forward(p, pull);
    }
    return BM_OK;
}

static bm_status consider_all(struct pulling *p)
{
    const struct store *s = p->ca->c.store;
    const struct store_visit visit = { p, consider };

    return p->of == 0 ? BM_OK
                      : s->pull_open(s->self, p->organisation, p->now, &visit);
}

bm_status ca_renewal_early(struct ca *ca, const struct store_cert *row,
                           int64_t now, bool *yes)
{
    struct pulling p = { .ca = ca,
                         .row = row,
                         .organisation = row->organisation,
                         .of = row->device,
                         .profile = row->profile,
                         .now = now };
    int64_t asked = CA_NOT_ASKED;

    *yes = false;
    if (row->device != 0) {
        BM_TRY(ca_device_asked(ca, row->device, &asked));
    }
    BM_TRY(consider_all(&p));
    *yes = p.found || row->issued <= asked;
    return BM_OK;
}

/* One device was asked: it has an hour. */
static void hurry(const struct store_cert *row, int64_t asked,
                  struct ca_renewal *r)
{
    if (asked < row->issued || asked >= r->from) {
        return; /* about an earlier one, or it is time anyway */
    }
    r->from = asked;
    r->until = sooner(r->until, asked + CA_ASKED_WITHIN);
    r->late = sooner(r->late, asked + CA_ASKED_WITHIN);
    r->pull = 0;
}

/*
 * What an earlier owner gave its device renews from the day on which it came,
 * if its owner has named a profile for that, and never by the one that it has.
 */
static bm_status look_received(struct pulling *p,
                               struct store_transfer *transfer, bool *received)
{
    const struct store_cert *row = p->row;
    struct store_device device;
    struct span w;
    struct span slice;

    *received = false;
    if (row->device == 0) {
        return BM_OK;
    }
    BM_TRY(ca_device_now(p->ca, row->device, &device));
    *received = device.id != row->device;
    if (!*received) {
        return BM_OK;
    }
    BM_TRY(ca_transfer_of(p->ca, &device, transfer));
    p->organisation = device.organisation;
    p->of = device.id;
    p->profile = transfer->profile;
    w.from = later(transfer->decided, row->not_before);
    w.until = sooner(transfer->decided + CA_TRANSFER_RENEW, row->not_after);
    if (transfer->profile[0] == '\0' || w.from >= w.until ||
        ca_is_identity(p->ca, row->profile)) {
        return BM_OK;
    }
    slice = slice_of(p->ca, row, &w);
    *p->renewal = (struct ca_renewal){ .from = slice.from,
                                       .until = slice.until,
                                       .late = w.until };
    return BM_OK;
}

bm_status ca_renewal_of(struct ca *ca, const struct store_cert *row,
                        int64_t now, struct ca_renewal *r)
{
    struct pulling p = { .ca = ca,
                         .row = row,
                         .organisation = row->organisation,
                         .of = row->device,
                         .profile = row->profile,
                         .now = now,
                         .renewal = r };
    const struct ca_bound *b = ca_version_of_cert(ca, row);
    struct store_transfer transfer;
    int64_t asked;
    bool received;

    *r = (struct ca_renewal){ .from = 0 };
    BM_TRY(look_received(&p, &transfer, &received));
    if (!received && b != NULL) { /* a profile that is gone renews nothing */
        ca_renewal_usual(ca, ca_profile_policy(b->profile), row, r);
    }
    if (r->until == 0 || p.of == 0) {
        return BM_OK;
    }
    BM_TRY(consider_all(&p));
    r->looks = p.looks;
    BM_TRY(ca_device_asked(ca, p.of, &asked));
    hurry(row, asked, r);
    return BM_OK;
}

bm_status ca_renewal_find(struct ca *ca, struct bm_bytes der, int64_t now,
                          struct ca_renewal *r)
{
    const struct store *s = ca->c.store;
    struct ca_cert_row kept;
    struct store_cert row;
    bm_status rc;

    *r = (struct ca_renewal){ .from = 0 };
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = ca_find_der(ca, der, &row);
    if (rc == BM_OK) {
        ca_keep_row(&kept, &row);
        rc = ca_renewal_of(ca, &kept.row, now, r);
    }
    s->rollback(s->self);
    return rc;
}
