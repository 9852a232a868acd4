/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the records say of certificates: each is held against its row, and
 * folded into the status that the row must have in the end.
 */
#include <string.h>

#include "ca/internal.h"
#include "ca/lists.h"
#include "ca/verify_internal.h"
#include "core/cert.h"
#include "core/crl.h"

static const struct store_scope everything = { 0, 0 };

/* A record about a certificate, and where it is. */
struct act {
    struct verify *v;
    uint64_t index;
    const struct ca_record *record;
    char serial[VERIFY_SERIAL_TEXT];
};

static bm_status act_found(const struct act *a, bm_status status,
                           const char *what)
{
    return verify_found(a->v, status, "certificate %s: %s (tree %u, leaf %llu)",
                        a->serial, what, (unsigned)a->v->tree,
                        (unsigned long long)a->index);
}

/* A row by issuer and serial; its views hold until the next call. */
static bm_status find_row(const struct act *a, struct store_cert *row)
{
    const struct store *s = a->v->store;
    char ca[STORE_ID_MAX];

    if (a->record->ca.n >= sizeof ca) {
        return BM_E_NOT_FOUND;
    }
    memcpy(ca, a->record->ca.p, a->record->ca.n);
    ca[a->record->ca.n] = '\0';
    return s->cert_find(s->self, &everything, ca, a->record->serial, row);
}

static bool text_is(struct bm_bytes text, const char *s)
{
    return bm_bytes_are(text, s, strlen(s));
}

static bm_status hash_of(const struct verify *v, struct bm_bytes in,
                         uint8_t hash[CA_TREE_HASH])
{
    return v->crypto->hash(v->crypto->self, BM_HASH_SHA256, in, hash);
}

/* An imported certificate may name a list that is none of ours. */
static bool shard_fits(const struct act *a, const struct store_cert *row,
                       const struct bm_cert *cert)
{
    return row->shard == ca_list_of_cert(cert, row->ca) ||
           (a->record->kind == CA_RECORD_IMPORT && row->shard == 0);
}

/* The columns that say what the certificate itself says. */
static bool row_is_of(const struct act *a, const struct store_cert *row)
{
    const struct verify *v = a->v;
    uint8_t hash[CA_TREE_HASH];
    struct bm_cert cert;

    return bm_cert_parse(row->der, BM_STRICT, NULL, &cert) == BM_OK &&
           shard_fits(a, row, &cert) &&
           bm_bytes_equal(cert.serial, row->serial) &&
           cert.not_before == row->not_before &&
           cert.not_after == row->not_after &&
           hash_of(v, cert.key.der, hash) == BM_OK &&
           memcmp(hash, row->key, sizeof hash) == 0;
}

/* The columns that the record fixes. An imported certificate was issued by
 * somebody who is not there to be asked. */
static bool row_fits(const struct act *a, const struct store_cert *row)
{
    const struct ca_record *r = a->record;

    if (r->organisation != row->organisation ||
        (r->profile.n != 0 && !text_is(r->profile, row->profile)) ||
        (r->renews.n != 0) != (row->renews != 0)) {
        return false;
    }
    return r->kind == CA_RECORD_IMPORT ||
           (r->time == row->issued && r->number == row->version &&
            (r->subject.n != 0) == (row->device != 0));
}

static bm_status check_content(const struct act *a,
                               const struct store_cert *row, bool *fits)
{
    uint8_t hash[CA_TREE_HASH];

    *fits = false;
    BM_TRY(hash_of(a->v, row->der, hash));
    if (!bm_bytes_equal(a->record->hash, BM_ARRAY(hash))) {
        return act_found(a, BM_E_LEDGER_CHANGED,
                         "it is not the one that was recorded");
    }
    if (!row_is_of(a, row) || !row_fits(a, row)) {
        return act_found(a, BM_E_LEDGER_CHANGED,
                         "its row is not what was recorded");
    }
    *fits = true;
    return BM_OK;
}

/* Rows that it refers to: the device, and what it renews. */
static bm_status check_references(const struct act *a, uint64_t device,
                                  uint64_t renews)
{
    const struct store *s = a->v->store;
    struct store_device d;
    struct store_cert old;
    bm_status rc;

    if (device != 0 && a->record->subject.n != 0) {
        rc = s->device_get(s->self, &everything, device, &d);
        if (rc == BM_E_NOT_FOUND || rc == BM_E_STORE_CORRUPT ||
            (rc == BM_OK && !text_is(a->record->subject, d.name))) {
            BM_TRY(act_found(a, BM_E_LEDGER_CHANGED,
                             "its device is not the one that was recorded"));
        } else {
            BM_TRY(rc);
        }
    }
    if (renews == 0) {
        return BM_OK;
    }
    rc = s->cert_get(s->self, &everything, renews, &old);
    if (rc == BM_E_NOT_FOUND || rc == BM_E_STORE_CORRUPT ||
        (rc == BM_OK && !bm_bytes_equal(a->record->renews, old.serial))) {
        return act_found(a, BM_E_LEDGER_CHANGED,
                         "it renews another one than was recorded");
    }
    return rc;
}

static void set_status(uint32_t *mark, unsigned status)
{
    *mark = (*mark & ~(uint32_t)MARK_STATUS) | status;
}

/* Keep what the last revocation was. */
static bm_status set_revoked(struct verify *v, uint32_t *mark, unsigned status,
                             const struct ca_record *r, uint8_t reason)
{
    uint32_t digest = 0;

    BM_TRY(verify_digest(v, reason, r->time, (int64_t)r->number, &digest));
    set_status(mark, status);
    *mark = (*mark & 0xff) | digest;
    return BM_OK;
}

/* Must the signer's journal have it? Not what was signed after the backup
 * from which it was restored, too. */
static bool is_of_journal(const struct ca_record *r)
{
    static const char listed[] = CA_ABANDONED_LISTED;
    size_t n = sizeof listed - 1;

    return r->kind == CA_RECORD_ISSUANCE ||
           (r->kind == CA_RECORD_ABANDONED &&
            (r->text.n < n || memcmp(r->text.p, listed, n) != 0));
}

/* A certificate comes to be. */
static bm_status come_to_be(const struct act *a)
{
    struct store_cert row;
    uint32_t *mark;
    uint64_t device;
    uint64_t renews;
    bool fits = true;
    bm_status rc = find_row(a, &row);

    if (rc == BM_E_NOT_FOUND) {
        return act_found(a, BM_E_LEDGER_MISSING, "it is not in the store");
    }
    if (rc != BM_OK) {
        return verify_damage(a->v, rc, "certificate", a->serial);
    }
    if (row.tree != a->v->tree || row.leaf != a->index) {
        return act_found(a, BM_E_LEDGER_CHANGED,
                         "its row names another record");
    }
    device = row.device;
    renews = row.renews;
    BM_TRY(verify_mark(a->v, row.tree, row.leaf, &mark));
    if (mark == NULL) {
        return BM_E_INTERNAL; /* it is a leaf of this tree */
    }
    if (a->record->kind == CA_RECORD_ABANDONED) {
        fits = row.der.n == 0;
        if (!fits) {
            BM_TRY(act_found(a, BM_E_LEDGER_CHANGED,
                             "abandoned, but it is there"));
        }
    } else {
        BM_TRY(check_content(a, &row, &fits));
        BM_TRY(check_references(a, device, renews));
    }
    *mark |= MARK_RECORDED;
    *mark |= is_of_journal(a->record) ? MARK_OURS : 0;
    a->v->recorded++;
    if (a->record->kind == CA_RECORD_ABANDONED) {
        return set_revoked(a->v, mark, STORE_CERT_ABANDONED, a->record,
                           BM_REASON_CESSATION);
    }
    set_status(mark, a->record->renews.n != 0 ? STORE_CERT_PENDING
                                              : STORE_CERT_VALID);
    return verify_note_member(a->v, a->record);
}

/* The mark of the certificate that a later act is about; NULL, with a
 * finding, when it is not on record before. */
static bm_status find_mark(const struct act *a, const struct store_cert *row,
                           uint32_t **mark)
{
    BM_TRY(verify_mark(a->v, row->tree, row->leaf, mark));
    if (*mark == NULL || (**mark & MARK_RECORDED) == 0) {
        *mark = NULL;
        return act_found(a, BM_E_LEDGER_UNRECORDED,
                         "something happened to it before it was issued");
    }
    return BM_OK;
}

/*
 * A confirmed renewal is valid, and what it replaces is so, unless its
 * profile lets only one be active: then a revocation follows.
 */
static bm_status confirm(const struct act *a, uint32_t *mark, uint64_t renews)
{
    const struct store *s = a->v->store;
    struct store_cert old;
    uint32_t *old_mark;
    bm_status rc;

    set_status(mark, STORE_CERT_VALID);
    rc = s->cert_get(s->self, &everything, renews, &old);
    if (rc == BM_E_NOT_FOUND || rc == BM_E_STORE_CORRUPT ||
        (rc == BM_OK && !bm_bytes_equal(old.serial, a->record->renews))) {
        return act_found(a, BM_E_LEDGER_CHANGED,
                         "it renews another one than was recorded");
    }
    BM_TRY(rc);
    BM_TRY(find_mark(a, &old, &old_mark));
    if (old_mark != NULL && (*old_mark & MARK_STATUS) == STORE_CERT_VALID) {
        set_status(old_mark, STORE_CERT_REPLACED);
    }
    return BM_OK;
}

/*
 * What the authority does to a certificate of this status. A revocation is for
 * ever: a record that takes it back is not one of ours, although anybody who
 * can write to the store can append it.
 */
static bool may_happen(const struct ca_record *record, unsigned status)
{
    switch (record->kind) {
    case CA_RECORD_REVOCATION:
        return status != STORE_CERT_REVOKED && status != STORE_CERT_ABANDONED;
    case CA_RECORD_RELEASE:
        return status == STORE_CERT_HELD;
    case CA_RECORD_FIRMWARE:
    case CA_RECORD_POLICY:
        return status != STORE_CERT_REVOKED && status != STORE_CERT_HELD &&
               status != STORE_CERT_ABANDONED;
    default: /* a confirmation; released ones may be pending again */
        return status == STORE_CERT_PENDING || status == MARK_RELEASED;
    }
}

/* Something happens to a certificate that is on record. */
static bm_status change(const struct act *a)
{
    struct store_cert row;
    uint32_t *mark;
    bm_status rc = find_row(a, &row);

    if (rc == BM_E_NOT_FOUND) {
        return act_found(a, BM_E_LEDGER_MISSING, "it is not in the store");
    }
    if (rc != BM_OK) {
        return verify_damage(a->v, rc, "certificate", a->serial);
    }
    BM_TRY(find_mark(a, &row, &mark));
    if (mark == NULL) {
        return BM_OK;
    }
    if (!may_happen(a->record, *mark & MARK_STATUS)) {
        return act_found(a, BM_E_LEDGER_RECORD,
                         "what is recorded cannot happen to it any more");
    }
    switch (a->record->kind) {
    case CA_RECORD_REVOCATION:
        return set_revoked(a->v, mark,
                           a->record->reason == BM_REASON_HOLD
                               ? STORE_CERT_HELD
                               : STORE_CERT_REVOKED,
                           a->record, a->record->reason);
    case CA_RECORD_RELEASE:
        set_status(mark, MARK_RELEASED);
        return BM_OK;
    default:
        return confirm(a, mark, row.renews);
    }
}

/* Firmware, or a policy, was signed by a key that has a certificate: it had it
 * then, and the certificate was good. */
static bm_status check_signed(const struct act *a)
{
    struct store_cert row;
    uint32_t *mark;
    bm_status rc;

    if (a->record->serial.n == 0) {
        return BM_OK;
    }
    rc = find_row(a, &row);
    if (rc == BM_E_NOT_FOUND) {
        return act_found(a, BM_E_LEDGER_MISSING, "it is not in the store");
    }
    if (rc != BM_OK) {
        return verify_damage(a->v, rc, "certificate", a->serial);
    }
    if (!bm_bytes_equal(a->record->key, BM_ARRAY(row.key))) {
        return act_found(a, BM_E_LEDGER_CHANGED,
                         "something was signed by another key than its own");
    }
    if (a->record->time < row.not_before || a->record->time > row.not_after) {
        return act_found(a, BM_E_LEDGER_RECORD,
                         "something was signed out of its time");
    }
    BM_TRY(find_mark(a, &row, &mark));
    if (mark == NULL || may_happen(a->record, *mark & MARK_STATUS)) {
        return BM_OK;
    }
    return act_found(a, BM_E_LEDGER_RECORD,
                     "something was signed when it was not good");
}

bm_status verify_act(struct verify *v, uint64_t index,
                     const struct ca_record *record)
{
    struct act a = { .v = v, .index = index, .record = record };

    verify_serial(record->serial, a.serial);
    if ((index == 0 && v->tree > 1) != (record->kind == CA_RECORD_SUCCESSION)) {
        BM_TRY(verify_found(v, BM_E_LEDGER_RECORD,
                            "a later tree, and no other, begins with a "
                            "succession (tree %u, leaf %llu)",
                            (unsigned)v->tree, (unsigned long long)index));
    }
    if (record->kind != CA_RECORD_DELIVERY) {
        BM_TRY(verify_no_release(v));
    }
    switch (record->kind) {
    case CA_RECORD_ISSUANCE:
    case CA_RECORD_IMPORT:
    case CA_RECORD_ABANDONED:
        return come_to_be(&a);
    case CA_RECORD_REVOCATION:
    case CA_RECORD_RELEASE:
    case CA_RECORD_CONFIRMATION:
        return change(&a);
    case CA_RECORD_FIRMWARE:
        return check_signed(&a);
    case CA_RECORD_POLICY:
        BM_TRY(verify_note_policy(v, record));
        return check_signed(&a);
    case CA_RECORD_SUCCESSION:
        return BM_OK;
    case CA_RECORD_CA:
    case CA_RECORD_OPERATOR:
    case CA_RECORD_PROFILE:
    case CA_RECORD_CRL:
    case CA_RECORD_BUNDLE:
    case CA_RECORD_MANUFACTURER:
    case CA_RECORD_DESTINATION:
        return verify_note_latest(v, record);
    case CA_RECORD_ORGANISATION:
    case CA_RECORD_ALLOCATION:
        return verify_note_member(v, record);
    case CA_RECORD_DELIVERY:
        return verify_note_release(v, record);
    case CA_RECORD_TRANSFER:
        return verify_note_transfer(v, record);
    case CA_RECORD_BATCH:
    case CA_RECORD_PULL:
    case CA_RECORD_SHIPPING:
    case CA_RECORD_SIGNAL:
        return verify_note_order(v, record);
    default:
        return BM_OK;
    }
}
