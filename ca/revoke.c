/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/revoke.h"

#include <string.h>

#include "ca/internal.h"
#include "ca/transfer.h"

struct find {
    struct ca *ca;
    const struct ca_actor *actor;
    const char *ca_id; /* NULL: any */
    struct bm_bytes serial;
    struct ca_cert_row *kept;
    bool found;
};

static bm_status find_in(void *arg, const void *visited)
{
    struct find *f = arg;
    const struct store_ca *ca = visited;
    const struct store *s = f->ca->c.store;
    struct store_cert row;
    bm_status rc;

    if (f->ca_id != NULL && strcmp(f->ca_id, ca->id) != 0) {
        return BM_OK;
    }
    rc = s->cert_find(s->self, &f->actor->scope, ca->id, f->serial, &row);
    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    BM_TRY(rc);
    ca_keep_row(f->kept, &row);
    f->found = true;
    return BM_E_END;
}

/* CAs are everybody's to name; their certificates are in the actor's scope. */
static bm_status find_cert(struct find *f, struct ca_refusal *why)
{
    const struct store *s = f->ca->c.store;
    struct store_visit visit = { f, find_in };
    char serial[CA_SERIAL_TEXT];

    BM_TRY(s->ca_list(s->self, &ca_everything, &visit));
    if (!f->found) {
        ca_hex(f->serial, serial, sizeof serial);
        return ca_refuse(why, BM_E_NOT_FOUND, "certificate %s", serial);
    }
    return BM_OK;
}

bm_status ca_check_reason(uint8_t reason, struct ca_refusal *why)
{
    if (!bm_crl_reason_valid(reason)) {
        return ca_refuse(why, BM_E_CA_REASON, "%u", reason);
    }
    switch (reason) {
    case BM_REASON_REMOVE:
        return ca_refuse(why, BM_E_CA_REASON,
                         "removeFromCRL is in delta CRLs only");
    case BM_REASON_CA_COMPROMISE:
    case BM_REASON_AA_COMPROMISE:
        return ca_refuse(why, BM_E_CA_REASON, "%s is not about this kind",
                         bm_crl_reason_name(reason));
    default:
        return BM_OK;
    }
}

static bm_status check_status(const struct store_cert *row, uint8_t reason,
                              struct ca_refusal *why)
{
    switch (row->status) {
    case STORE_CERT_VALID:
    case STORE_CERT_PENDING:
    case STORE_CERT_REPLACED:
        return BM_OK;
    case STORE_CERT_HELD:
        return reason == BM_REASON_HOLD
                   ? ca_refuse(why, BM_E_CA_STATUS, "it is on hold already")
                   : BM_OK;
    default:
        return ca_refuse(why, BM_E_CA_STATUS, "it is revoked already: %s",
                         bm_crl_reason_name(row->reason));
    }
}

/* Who had the key may have asked for the renewal that nobody has used yet. */
static bm_status revoke_pending(struct ca *ca, const struct ca_actor *actor,
                                const struct store_cert *old, int64_t now)
{
    const struct store *s = ca->c.store;
    struct ca_cert_row next;
    struct store_cert row;

    if (old->renewed_by == 0) {
        return BM_OK;
    }
    BM_TRY(s->cert_get(s->self, &ca_everything, old->renewed_by, &row));
    if (row.status != STORE_CERT_PENDING) {
        return BM_OK;
    }
    ca_keep_row(&next, &row);
    return ca_put_revocation(ca, actor, &next.row, BM_REASON_KEY_COMPROMISE,
                             now);
}

bm_status ca_put_end(struct ca *ca, const struct ca_actor *actor,
                     struct store_cert *row, uint8_t reason, int64_t now)
{
    BM_TRY(ca_put_revocation(ca, actor, row, reason, now));
    return reason == BM_REASON_KEY_COMPROMISE
               ? revoke_pending(ca, actor, row, now)
               : BM_OK;
}

static bm_status revoke(struct ca *ca, const struct ca_actor *actor,
                        const struct ca_revocation *r, int64_t now,
                        struct ca_refusal *why)
{
    struct ca_cert_row kept;
    struct find find = {
        .ca = ca, .actor = actor, .ca_id = r->ca, .serial = r->serial
    };

    find.kept = &kept;
    BM_TRY(find_cert(&find, why));
    BM_TRY(check_status(&kept.row, r->reason, why));
    BM_TRY(ca_check_operator_cert(ca, actor, kept.row.id, why));
    BM_TRY(ca_keep_administrator(ca, kept.row.id, NULL, now, why));
    if (r->invalid_since > now || r->invalid_since < 0) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "invalidityDate is in the future, or before 1970");
    }
    BM_TRY(ca_put_revocation_since(ca, actor, &kept.row, r, now));
    return r->reason == BM_REASON_KEY_COMPROMISE
               ? revoke_pending(ca, actor, &kept.row, now)
               : BM_OK;
}

bm_status ca_revoke(struct ca *ca, const struct ca_actor *actor,
                    const struct ca_revocation *revocation, int64_t now,
                    struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_CERT_REVOKE, why));
    BM_TRY(ca_check_reason(revocation->reason, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, revoke(ca, actor, revocation, now, why), now, why);
}

bm_status ca_put_release(struct ca *ca, const struct ca_actor *actor,
                         struct store_cert *row, int64_t now)
{
    const struct store *s = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_RELEASE, actor, now);

    record.organisation = row->organisation;
    record.ca = ca_text(row->ca);
    record.serial = row->serial;
    if (row->resume == 0) {
        return BM_E_STORE_CORRUPT;
    }
    row->status = row->resume;
    row->resume = 0;
    row->reason = 0;
    row->revoked = 0;
    ca->revocations++;
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    BM_TRY(s->revocation_remove(s->self, row->ca, row->serial));
    BM_TRY(s->cert_change(s->self, row));
    return ca_tell_cert(ca, CA_ASKED_RELEASED, row,
                        (struct bm_bytes){ NULL, 0 }, now);
}

/* A suspended device is resumed as a whole: ca_device_resume(). */
static bm_status check_device(struct ca *ca, const struct store_cert *row,
                              struct ca_refusal *why)
{
    struct store_device device;

    if (row->device == 0) {
        return BM_OK;
    }
    BM_TRY(ca_device_now(ca, row->device, &device));
    return device.state == STORE_DEVICE_SUSPENDED
               ? ca_refuse(why, BM_E_CA_DEVICE, "%s is suspended", device.name)
               : BM_OK;
}

static bm_status release(struct ca *ca, const struct ca_actor *actor,
                         struct find *find, int64_t now, struct ca_refusal *why)
{
    struct store_cert *row = &find->kept->row;

    BM_TRY(find_cert(find, why));
    if (row->status != STORE_CERT_HELD) {
        return ca_refuse(why, BM_E_CA_STATUS, "it is not on hold");
    }
    BM_TRY(ca_check_operator_cert(ca, actor, row->id, why));
    BM_TRY(check_device(ca, row, why));
    return ca_put_release(ca, actor, row, now);
}

bm_status ca_release(struct ca *ca, const struct ca_actor *actor,
                     const char *id, struct bm_bytes serial, int64_t now,
                     struct ca_refusal *why)
{
    struct ca_cert_row kept;
    struct find find = {
        .ca = ca, .actor = actor, .ca_id = id, .serial = serial
    };

    find.kept = &kept;
    BM_TRY(ca_authorise(actor, CA_ACT_CERT_REVOKE, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, release(ca, actor, &find, now, why), now, why);
}
