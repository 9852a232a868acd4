/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Devices that are accepted, all of them in one transaction. Nothing of the
 * giver's rows moves but the state; the receiver's begin anew. What is recorded
 * on the giver's account says nothing of who acts for the receiver.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/allocation.h"
#include "ca/device.h"
#include "ca/internal.h"
#include "ca/inventory.h"
#include "ca/signal.h"
#include "ca/transfer.h"

/* What is on record of one device: none has more (attribute.h). */
#define SET_MAX (2 * CA_ATTRIBUTES_MAX)

struct accepting {
    struct ca *ca;
    const struct ca_actor *actor;
    struct store_transfer *row;
    struct store_organisation giver;
    struct store_organisation receiver;
    int64_t now;
    struct ca_refusal *why;

    size_t n;
    struct store_transferred item[CA_TRANSFER_MAX];
    size_t set_n;
    struct store_attribute set[SET_MAX]; /* of the device that is moved */
};

/* ---- May it be? */

static bm_status check_person(const struct accepting *a)
{
    return strcmp(a->actor->name, a->row->creator) == 0
               ? ca_refuse(a->why, BM_E_CA_FORBIDDEN,
                           "%s has offered them: another operator accepts",
                           a->actor->name)
               : BM_OK;
}

/* What is left now: it is taken when certificates are issued, not before. */
static bm_status check_quota(const struct accepting *a, const char *profile)
{
    struct store_allocation row;

    BM_TRY(ca_allocation_get(a->ca->c.store, &a->receiver, profile, &row));
    return !row.limited || row.quota - row.issued >= a->row->devices
               ? BM_OK
               : ca_refuse(a->why, BM_E_CA_QUOTA,
                           "%" PRIu64 " of %s, for %" PRIu32 " devices",
                           row.quota - row.issued, profile, a->row->devices);
}

static bm_status check_profile(const struct accepting *a, const char *profile)
{
    const struct ca_bound *b = ca_profile_find(a->ca, profile, NULL);

    if (b == NULL) {
        return ca_profile_missing(a->ca, profile, a->why);
    }
    if ((ca_profile_policy(b->profile)->by & CA_BY_CURRENT) == 0 ||
        !ca_profile_policy(b->profile)->device) {
        return ca_refuse(a->why, BM_E_ARGUMENT,
                         "by %s no device renews what it has", profile);
    }
    BM_TRY(ca_allocation_check(a->ca, a->receiver.id, profile, a->why));
    return check_quota(a, profile);
}

/* ---- One device */

static bm_status take_attribute(void *arg, const void *visited)
{
    struct accepting *a = arg;
    const struct store_attribute *row = visited;

    if (row->kind == CA_ATTRIBUTE_LABEL &&
        (a->row->options & CA_TRANSFER_LABELS) == 0) {
        return BM_OK;
    }
    if (a->set_n == SET_MAX) {
        return BM_E_STORE_CORRUPT;
    }
    a->set[a->set_n++] = *row;
    return BM_OK;
}

static bm_status read_attributes(struct accepting *a, uint64_t device)
{
    const struct store *s = a->ca->c.store;
    const struct store_visit visit = { a, take_attribute };

    a->set_n = 0;
    return s->attribute_list(s->self, device, &visit);
}

/* The row that the receiver will have: a new one, or that of when it had the
 * device before. */
static bm_status find_place(const struct accepting *a,
                            const struct store_device *old,
                            struct store_device *new)
{
    const struct store *s = a->ca->c.store;
    bm_status rc = s->device_find(s->self, a->receiver.id, old->name, new);
    struct ca_line line;

    if (rc == BM_OK) {
        return new->state == STORE_DEVICE_TRANSFERRED && old->line != 0 &&
                       new->line == old->line
                   ? BM_OK
                   : ca_refuse(a->why, BM_E_CA_TRANSFER_TAKEN, "device %s",
                               old->name);
    }
    if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    BM_TRY(ca_line_of(a->ca, old, &line));
    if (line.n == CA_LINE_MAX) {
        return ca_refuse(a->why, BM_E_CA_TRANSFER_DEVICE,
                         "%d organisations have had %s", CA_LINE_MAX,
                         old->name);
    }
    *new = (struct store_device){ .organisation = a->receiver.id,
                                  .created = a->now };
    memcpy(new->name, old->name, sizeof new->name);
    return BM_OK;
}

/* An identifier that is one device's: does the receiver have it? */
static bm_status check_free(const struct accepting *a,
                            const struct store_device *new)
{
    const struct store *s = a->ca->c.store;
    char name[CA_ATTRIBUTE_NAME_MAX];

    for (size_t i = 0; i < a->set_n; i++) {
        struct store_attribute row = a->set[i];
        uint64_t holder = 0;
        bm_status rc;

        if (row.kind >= STORE_ATTRIBUTE_SHARED) {
            continue;
        }
        row.organisation = a->receiver.id;
        rc = s->attribute_next(s->self, &row, &holder);
        if (rc == BM_OK && holder != new->id) {
            ca_attribute_name(&row, name);
            return ca_refuse(a->why, BM_E_CA_TRANSFER_TAKEN, "%s %s", name,
                             row.value);
        }
        if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
            return rc;
        }
    }
    return BM_OK;
}

/* What went away has left its maker, whatever was said of it. */
static bm_status put_shipped(const struct accepting *a,
                             const struct store_device *old)
{
    const struct store *s = a->ca->c.store;
    struct store_shipping row;
    bm_status rc = s->shipping_get(s->self, old->id, &row);

    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    if (row.shipped != 0 && row.shipped <= a->now) {
        return BM_OK;
    }
    return ca_put_shipping(a->ca, &ca_transfer_authority, old, a->now, a->now);
}

static bm_status put_histories(const struct accepting *a,
                               const struct store_device *old,
                               const struct store_device *new)
{
    char text[STORE_NAME_MAX];
    struct ca_happened what = { "given", text };

    (void)snprintf(text, sizeof text, "to %.*s by transfer %" PRIu64,
                   CA_MEMBER_NAME_MAX, a->receiver.name, a->row->id);
    BM_TRY(ca_put_history(a->ca, a->actor, old, &what, a->now));
    (void)snprintf(text, sizeof text, "from %.*s by transfer %" PRIu64,
                   CA_MEMBER_NAME_MAX, a->giver.name, a->row->id);
    what.kind = "received";
    return ca_put_history(a->ca, a->actor, new, &what, a->now);
}

/* Before it is the receiver's: the certificates that end are those that it
 * has with others. */
static bm_status end_certs(const struct accepting *a,
                           const struct store_device *old)
{
    const struct ca_ending ending = { .reason = BM_REASON_AFFILIATION,
                                      .not_identity = true };

    return (a->row->options & CA_TRANSFER_KEEP) != 0
               ? BM_OK
               : ca_end_certs(a->ca, &ca_transfer_authority, old, &ending,
                              a->now);
}

static bm_status move(struct accepting *a, struct store_transferred *item)
{
    const struct store *s = a->ca->c.store;
    struct ca_device_entry entry;
    struct store_device old;
    struct store_device new;

    BM_TRY(s->device_get(s->self, &ca_everything, item->device, &old));
    BM_TRY(ca_transfer_check(&old, a->why));
    BM_TRY(find_place(a, &old, &new));
    BM_TRY(read_attributes(a, old.id));
    BM_TRY(check_free(a, &new));
    BM_TRY(end_certs(a, &old));

    /* It is active when it has a certificate of its owner. */
    new.state = old.state == STORE_DEVICE_EXPECTED ? STORE_DEVICE_EXPECTED
                                                   : STORE_DEVICE_BORN;
    new.resume = new.state;
    new.line = old.line != 0 ? old.line : old.id;
    new.came = a->row->id;
    BM_TRY(ca_put_device_state(a->ca, a->actor, &new, a->now));
    entry = (struct ca_device_entry){ .organisation = new.organisation,
                                      .name = new.name,
                                      .set = a->set,
                                      .set_n = a->set_n };
    /* In the place of what it had with the receiver once, labels apart. */
    BM_TRY(ca_put_attributes(a->ca, new.id, &entry, a->why));
    old.line = new.line;
    old.resume = old.state;
    old.state = STORE_DEVICE_TRANSFERRED;
    BM_TRY(ca_put_device_state(a->ca, &ca_transfer_authority, &old, a->now));
    BM_TRY(put_shipped(a, &old));
    BM_TRY(put_histories(a, &old, &new));
    item->received = new.id;
    return s->transferred_put(s->self, item);
}

/* ---- All of them */

static bm_status take_item(void *arg, const void *visited)
{
    struct accepting *a = arg;

    if (a->n == CA_TRANSFER_MAX) {
        return BM_E_STORE_CORRUPT;
    }
    a->item[a->n++] = *(const struct store_transferred *)visited;
    return BM_OK;
}

static bm_status move_all(struct accepting *a)
{
    const struct store *s = a->ca->c.store;
    const struct store_visit visit = { a, take_item };

    BM_TRY(s->transferred_list(s->self, a->row->id, 0, &visit));
    if (a->n != a->row->devices) {
        return BM_E_STORE_CORRUPT;
    }
    for (size_t i = 0; i < a->n; i++) {
        BM_TRY(move(a, &a->item[i]));
    }
    return BM_OK;
}

static bm_status accept(struct accepting *a, uint64_t id, const char *profile)
{
    struct store_transfer *row = a->row;

    BM_TRY(ca_transfer_open(a->ca, a->actor, id, a->now, row, a->why));
    BM_TRY(ca_transfer_side(a->actor, row->receiver, "accept", a->why));
    BM_TRY(check_person(a));
    BM_TRY(ca_transfer_sides(a->ca, row, &a->giver, &a->receiver, a->why));
    if (profile != NULL) {
        BM_TRY(check_profile(a, profile));
        (void)snprintf(row->profile, sizeof row->profile, "%s", profile);
    }
    a->ca->dirty = true;
    BM_TRY(move_all(a));
    row->state = STORE_TRANSFER_ACCEPTED;
    return ca_transfer_put(a->ca, a->actor, row, a->now);
}

bm_status ca_transfer_accept(struct ca *ca, const struct ca_actor *actor,
                             uint64_t id, const char *profile, int64_t now,
                             struct ca_refusal *why)
{
    struct accepting *a;
    struct store_transfer row;
    bm_status rc;

    BM_TRY(ca_authorise(actor, CA_ACT_TRANSFER_ANSWER, why));
    a = calloc(1, sizeof *a);
    if (a == NULL) {
        return BM_E_MEMORY;
    }
    a->ca = ca;
    a->actor = actor;
    a->row = &row;
    a->now = now;
    a->why = why;
    rc = ca_begin(ca, now, why);
    if (rc == BM_OK) {
        rc = ca_end(ca, accept(a, id, profile), now, why);
    }
    free(a);
    return rc;
}
