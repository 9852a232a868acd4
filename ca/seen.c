/* SPDX-License-Identifier: Apache-2.0 */

/* What the use of a certificate tells: a renewal arrived, or a clone. */
#include <stdio.h>
#include <string.h>

#include "ca/allocation.h"
#include "ca/internal.h"
#include "ca/signal.h"
#include "ca/transfer.h"

/* Which of our CAs has this name as its subject? */
struct by_name {
    struct bm_bytes issuer;
    char id[STORE_ID_MAX];
    struct ca *ca;
    struct bm_cert cert; /* whose CA is searched for */
    struct bm_bytes der;
    bm_status rc;
    struct store_cert *row;
};

static bm_status match_issuer(void *arg, const void *visited)
{
    struct by_name *b = arg;
    const struct store_ca *ca = visited;
    const struct store *store = b->ca->c.store;
    struct bm_cert issuer;

    BM_TRY(bm_cert_parse(ca->cert, BM_STRICT, NULL, &issuer));
    if (!bm_bytes_equal(issuer.subject, b->cert.issuer)) {
        return BM_OK;
    }
    b->rc = store->cert_find(store->self, &ca_everything, ca->id,
                             b->cert.serial, b->row);
    if (b->rc == BM_E_NOT_FOUND || b->rc == BM_OK) {
        /* Generations of a CA may share a name: look at the others, too. */
        bool found = b->rc == BM_OK && bm_bytes_equal(b->row->der, b->der);

        b->rc = found ? BM_OK : BM_E_NOT_FOUND;
        return found ? BM_E_END : BM_OK;
    }
    return b->rc;
}

bm_status ca_find_der(struct ca *ca, struct bm_bytes der,
                      struct store_cert *row)
{
    struct by_name b = {
        .ca = ca, .der = der, .rc = BM_E_NOT_FOUND, .row = row
    };
    struct store_visit visit = { &b, match_issuer };

    if (bm_cert_parse(der, BM_STRICT, NULL, &b.cert) != BM_OK) {
        return BM_E_NOT_FOUND;
    }
    BM_TRY(ca->c.store->ca_list(ca->c.store->self, &ca_everything, &visit));
    return b.rc;
}

bm_status ca_put_revocation_since(struct ca *ca, const struct ca_actor *actor,
                                  struct store_cert *row,
                                  const struct ca_revocation *revocation,
                                  int64_t now)
{
    uint8_t reason = revocation->reason;
    const struct store *store = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_REVOCATION, actor, now);
    struct store_revocation entry = { .serial = row->serial,
                                      .revoked = now,
                                      .invalid_since =
                                          revocation->invalid_since,
                                      .expires = row->not_after,
                                      .shard = row->shard,
                                      .reason = reason };

    record.organisation = row->organisation;
    record.ca = ca_text(row->ca);
    record.serial = row->serial;
    record.reason = reason;
    record.number = (uint64_t)revocation->invalid_since;
    row->resume = reason == BM_REASON_HOLD ? row->status : 0;
    row->status =
        reason == BM_REASON_HOLD ? STORE_CERT_HELD : STORE_CERT_REVOKED;
    row->reason = reason;
    row->revoked = now;
    ca->revocations++;
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    BM_TRY(store->revocation_put(store->self, row->ca, &entry));
    BM_TRY(store->cert_change(store->self, row));
    return ca_tell_cert(
        ca, reason == BM_REASON_HOLD ? CA_ASKED_HELD : CA_ASKED_REVOKED, row,
        (struct bm_bytes){ NULL, 0 }, now);
}

bm_status ca_put_revocation(struct ca *ca, const struct ca_actor *actor,
                            struct store_cert *row, uint8_t reason, int64_t now)
{
    const struct ca_revocation revocation = { .reason = reason };

    return ca_put_revocation_since(ca, actor, row, &revocation, now);
}

/*
 * The predecessor of a confirmed renewal. Its profile decides: where one may
 * be active, it ends now, at confirmation and never at issuance.
 */
static bm_status end_predecessor(struct ca *ca, const struct ca_actor *actor,
                                 struct store_cert *old, int64_t now)
{
    const struct ca_bound *b = ca_version_of_cert(ca, old);

    if (old->status != STORE_CERT_VALID) {
        return BM_OK; /* revoked meanwhile, or on hold */
    }
    /* A profile that is gone cannot allow two. */
    if (b == NULL || ca_profile_policy(b->profile)->one_active) {
        return ca_put_revocation(ca, actor, old, BM_REASON_SUPERSEDED, now);
    }
    old->status = STORE_CERT_REPLACED;
    return ca->c.store->cert_change(ca->c.store->self, old);
}

static bm_status confirm(struct ca *ca, const struct ca_actor *actor,
                         struct store_cert *row, int64_t now)
{
    const struct store *store = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_CONFIRMATION, actor, now);
    struct ca_cert_row old;
    struct store_cert found;

    BM_TRY(store->cert_get(store->self, &ca_everything, row->renews, &found));
    ca_keep_row(&old, &found);
    row->status = STORE_CERT_VALID;
    record.organisation = row->organisation;
    record.ca = ca_text(row->ca);
    record.serial = row->serial;
    record.renews = old.row.serial;
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    BM_TRY(store->cert_change(store->self, row));
    return end_predecessor(ca, actor, &old.row, now);
}

/* Has the successor of `row` been seen in use? */
static bm_status is_succeeded(struct ca *ca, const struct store_cert *row,
                              bool renewing, bool *yes)
{
    const struct store *store = ca->c.store;
    struct store_cert next;

    *yes = renewing && row->status == STORE_CERT_REPLACED;
    if (row->renewed_by == 0 || row->status != STORE_CERT_REVOKED ||
        row->reason != BM_REASON_SUPERSEDED) {
        return BM_OK;
    }
    BM_TRY(
        store->cert_get(store->self, &ca_everything, row->renewed_by, &next));
    *yes = next.status != STORE_CERT_PENDING;
    return BM_OK;
}

static bm_status put_fork_signal(struct ca *ca, const struct store_cert *row,
                                 int64_t now)
{
    struct ca_signalled what = { .kind = CA_SIGNAL_FORK,
                                 .organisation = row->organisation,
                                 .device = row->device };
    char text[STORE_NAME_MAX];
    char serial[CA_SERIAL_TEXT];

    BM_TRY(ca_owner_now(ca, &what.organisation, &what.device));
    ca_hex(row->serial, serial, sizeof serial);
    (void)snprintf(text, sizeof text,
                   "certificate %s was used, which another has taken the place "
                   "of",
                   serial);
    what.text = text;
    return ca_put_signal(ca, &what, true, now);
}

/*
 * The holder of a certificate whose successor is in use has an old key: it
 * was copied. Recorded, once: a thief must not be able to make the ledger
 * grow. The device is suspended only where its profile says so, since a thief
 * with an old key must not switch off the honest device.
 */
static bm_status put_fork(struct ca *ca, const struct ca_actor *actor,
                          const struct store_cert *row, int64_t now)
{
    const struct ca_bound *b = ca_version_of_cert(ca, row);
    struct ca_record record = ca_record_of(CA_RECORD_FORK, actor, now);
    uint32_t organisation = row->organisation;
    uint64_t owned = row->device;
    struct store_device device;
    char serial[CA_SERIAL_TEXT];
    bm_status rc;

    BM_TRY(put_fork_signal(ca, row, now));
    rc = ca_put_once(ca, "fork", row->serial, row->id);
    if (rc != BM_OK) {
        return rc == BM_E_EXISTS ? BM_OK : rc;
    }
    record.organisation = row->organisation;
    record.ca = ca_text(row->ca);
    record.serial = row->serial;
    ca_hex(row->serial, serial, sizeof serial);
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    BM_TRY(ca_owner_now(ca, &organisation, &owned));
    BM_TRY(ca_put_event(ca, "fork", organisation, owned, now, serial));
    if (row->device == 0 || b == NULL ||
        ca_profile_policy(b->profile)->fork != CA_FORK_SUSPEND) {
        return BM_OK;
    }
    BM_TRY(ca_device_now(ca, row->device, &device));
    return ca_suspend(ca, actor, &device, now);
}

static bm_status check_device(struct ca *ca, const struct store_cert *row,
                              struct ca_refusal *why)
{
    struct store_device device;

    if (row->device == 0) {
        return BM_OK;
    }
    BM_TRY(ca_device_now(ca, row->device, &device));
    if (device.state >= STORE_DEVICE_SUSPENDED) {
        return ca_refuse(why, BM_E_CA_DEVICE, "%s", device.name);
    }
    return BM_OK;
}

/* After its end a certificate may still ask for its successor, for a while,
 * and is good for nothing else. */
static bool has_ended(const struct ca *ca, const struct store_cert *row,
                      bool renewing, int64_t now)
{
    const struct ca_bound *b = ca_version_of_cert(ca, row);

    if (renewing && b != NULL) {
        now -= ca_profile_policy(b->profile)->renew_grace;
    }
    return now > row->not_after;
}

/* What is on hold gets no successor confirmed either. */
static bm_status check_predecessor(struct ca *ca, const struct store_cert *row,
                                   struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    struct store_cert old;

    BM_TRY(store->cert_get(store->self, &ca_everything, row->renews, &old));
    if (old.status == STORE_CERT_HELD) {
        return ca_refuse(why, BM_E_CA_STATUS, "what it renews is on hold");
    }
    return BM_OK;
}

/* What needs no writing; BM_E_END: it does. */
static bm_status look(struct ca *ca, const struct store_cert *row,
                      bool renewing, int64_t now, struct ca_refusal *why)
{
    bool succeeded;

    BM_TRY(is_succeeded(ca, row, renewing, &succeeded));
    if (succeeded || row->status == STORE_CERT_PENDING) {
        return BM_E_END;
    }
    if (row->status != STORE_CERT_VALID && row->status != STORE_CERT_REPLACED) {
        return ca_refuse(why, BM_E_CA_STATUS, "it is %s",
                         row->status == STORE_CERT_HELD ? "on hold"
                                                        : "revoked");
    }
    if (now < row->not_before || has_ended(ca, row, renewing, now)) {
        return ca_refuse(why, BM_E_CA_STATUS, "it has expired");
    }
    return check_device(ca, row, why);
}

bm_status ca_usable(struct ca *ca, const struct store_cert *row, int64_t now,
                    struct ca_refusal *why)
{
    bm_status rc = look(ca, row, false, now, why);

    if (rc != BM_E_END) {
        return rc;
    }
    if (row->status != STORE_CERT_PENDING) {
        return ca_refuse_plain(why, BM_E_CA_FORK);
    }
    if (now < row->not_before || now > row->not_after) {
        return ca_refuse(why, BM_E_CA_STATUS, "it has expired");
    }
    BM_TRY(check_device(ca, row, why));
    return check_predecessor(ca, row, why);
}

/*
 * A renewal that another one of the same predecessor took the place of before
 * it was seen in use. Nobody should have it: whoever asked for the other one
 * did not. It is refused as any that is revoked, and a signal.
 */
static bm_status is_second(struct ca *ca, const struct store_cert *row,
                           bool *yes)
{
    const struct store *store = ca->c.store;
    struct store_cert old;

    *yes = false;
    if (row->status != STORE_CERT_REVOKED ||
        row->reason != BM_REASON_SUPERSEDED || row->renews == 0 ||
        row->renewed_by != 0) {
        return BM_OK;
    }
    BM_TRY(store->cert_get(store->self, &ca_everything, row->renews, &old));
    *yes = old.renewed_by != 0 && old.renewed_by != row->id;
    return BM_OK;
}

/* What is written down of a certificate that is good, or refused with `rc`. */
static bm_status put_seen(struct ca *ca, const struct store_cert *row,
                          bm_status rc, int64_t now)
{
    bool second;

    if (rc == BM_OK) {
        return ca_put_unshipped(ca, row, now);
    }
    if (rc == BM_E_CA_STATUS) {
        BM_TRY(is_second(ca, row, &second));
        if (second) {
            BM_TRY(put_fork_signal(ca, row, now));
        }
    }
    return rc;
}

/* The same, without writing; BM_E_END: there is something to write. */
static bm_status look_seen(struct ca *ca, const struct store_cert *row,
                           bm_status rc, int64_t now)
{
    bool second = false;

    if (rc == BM_OK) {
        return ca_look_shipping(ca, row, now);
    }
    if (rc == BM_E_CA_STATUS) {
        BM_TRY(is_second(ca, row, &second));
    }
    return second ? BM_E_END : rc;
}

bm_status ca_use(struct ca *ca, const struct ca_actor *actor,
                 const struct ca_usage *usage, struct store_cert *row,
                 struct ca_refusal *why)
{
    int64_t now = usage->now;
    bm_status rc = look(ca, row, usage->renewing, now, why);
    char serial[CA_SERIAL_TEXT];

    if (rc != BM_E_END) {
        return put_seen(ca, row, rc, now);
    }
    if (row->status == STORE_CERT_PENDING) {
        if (now < row->not_before || now > row->not_after) {
            return ca_refuse(why, BM_E_CA_STATUS, "it has expired");
        }
        BM_TRY(check_device(ca, row, why));
        BM_TRY(check_predecessor(ca, row, why));
        BM_TRY(ca_put_unshipped(ca, row, now));
        return confirm(ca, actor, row, now);
    }
    ca_hex(row->serial, serial, sizeof serial);
    BM_TRY(put_fork(ca, actor, row, now));
    return ca_refuse(why, BM_E_CA_FORK, "certificate %s", serial);
}

bm_status ca_may_ask(struct ca *ca, struct bm_bytes der, int64_t now,
                     struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    struct ca_cert_row kept;
    struct store_cert row;
    bm_status rc;

    BM_TRY(store->begin(store->self, STORE_READ));
    rc = ca_find_der(ca, der, &row);
    if (rc == BM_OK) {
        ca_keep_row(&kept, &row);
        rc = look(ca, &kept.row, true, now, why);
        if (rc == BM_E_END) {
            rc = ca_usable(ca, &kept.row, now, why);
        }
    }
    store->rollback(store->self);
    return rc;
}

bm_status ca_seen(struct ca *ca, const struct ca_actor *actor,
                  struct bm_bytes der, int64_t now, struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    struct ca_usage usage = { .now = now };
    struct ca_cert_row kept;
    struct store_cert row;
    bm_status refused;
    bm_status rc;

    /* Nearly always there is nothing to write. */
    BM_TRY(store->begin(store->self, STORE_READ));
    rc = ca_find_der(ca, der, &row);
    if (rc == BM_OK) {
        ca_keep_row(&kept, &row);
        rc = look(ca, &kept.row, false, now, why);
        if (rc == BM_OK || rc == BM_E_CA_STATUS) {
            rc = look_seen(ca, &kept.row, rc, now);
        }
    }
    store->rollback(store->self);
    if (rc != BM_E_END) {
        return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
    }
    BM_TRY(ca_begin(ca, now, why));
    rc = ca_find_der(ca, der, &row);
    if (rc == BM_OK) {
        ca_keep_row(&kept, &row);
        rc = ca_use(ca, actor, &usage, &kept.row, why);
    }
    /* A fork is refused, and still written down. */
    refused = rc == BM_E_CA_FORK || rc == BM_E_CA_STATUS ? rc : BM_OK;
    rc = ca_end(ca, refused != BM_OK ? BM_OK : rc, now, why);
    return rc == BM_OK ? refused : rc;
}

/* A hold of its own, on a device that is not suspended, is no suspension; and
 * what was revoked, or has ended, stays so while it lasts. */
static bm_status look_suspended(struct ca *ca, const struct store_cert *row,
                                int64_t now, struct ca_refusal *why)
{
    struct store_device device;

    if (row->status != STORE_CERT_HELD) {
        return ca_refuse(why, BM_E_CA_STATUS, "it is not on hold");
    }
    if (now < row->not_before || now > row->not_after) {
        return ca_refuse(why, BM_E_CA_STATUS, "it has expired");
    }
    BM_TRY(ca_device_now(ca, row->device, &device));
    return device.state == STORE_DEVICE_SUSPENDED
               ? BM_OK
               : ca_refuse(why, BM_E_CA_DEVICE, "%s", device.name);
}

bm_status ca_seen_suspended(struct ca *ca, struct bm_bytes der, int64_t now,
                            struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    struct ca_cert_row kept;
    struct store_cert row;
    bm_status rc;

    BM_TRY(store->begin(store->self, STORE_READ));
    rc = ca_find_der(ca, der, &row);
    if (rc == BM_OK) {
        ca_keep_row(&kept, &row);
        rc = kept.row.device == 0
                 ? ca_refuse(why, BM_E_CA_DEVICE, "it is no device's")
                 : look_suspended(ca, &kept.row, now, why);
    }
    store->rollback(store->self);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
