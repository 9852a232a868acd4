/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Revocations that a restored store has forgotten, from a list that was
 * published after the backup; or those of a CA that was not ours. A list says
 * when and why, not by whom, so each is a new revocation of today, with the
 * old date as its invalidityDate.
 */
#include <stdio.h>
#include <string.h>

#include "ca/internal.h"
#include "ca/lists.h"

struct listing {
    struct ca *ca;
    const struct ca_actor *actor;
    int64_t now;
    struct ca_refusal *why;
    struct bm_crl crl;
    uint64_t number;
    char ca_id[STORE_ID_MAX];
    bool has_key;
    uint8_t hash[STORE_HASH_SIZE];
    struct ca_listed *listed;
};

static bm_status match_issuer(void *arg, const void *visited)
{
    struct listing *l = arg;
    const struct store_ca *ca = visited;
    struct bm_cert issuer;

    BM_TRY(bm_cert_parse(ca->cert, BM_STRICT, NULL, &issuer));
    if (!bm_name_equal(l->crl.head.issuer, issuer.subject) ||
        bm_crl_verify(&l->crl, &issuer.key, l->ca->c.crypto) != BM_OK) {
        return BM_OK;
    }
    memcpy(l->ca_id, ca->id, sizeof l->ca_id);
    l->has_key = ca->key_uri[0] != '\0';
    return BM_E_END;
}

static bm_status find_issuer(struct listing *l)
{
    const struct store *s = l->ca->c.store;
    struct store_visit visit = { l, match_issuer };

    BM_TRY(s->ca_list(s->self, &ca_everything, &visit));
    if (l->ca_id[0] == '\0') {
        return ca_refuse(l->why, BM_E_SIGNATURE,
                         "no CA of this instance signed the list");
    }
    if (!l->has_key) {
        return ca_refuse(l->why, BM_E_CA_UNAVAILABLE,
                         "the key of %s is not here: load its list", l->ca_id);
    }
    return BM_OK;
}

static bm_status check_list(struct listing *l)
{
    const struct bm_crypto *crypto = l->ca->c.crypto;
    struct bm_bytes number = l->crl.ext.number;
    uint8_t hash[BM_HASH_MAX];

    if (l->crl.ext.base.n != 0 || l->crl.ext.has_idp) {
        return ca_refuse(l->why, BM_E_CRL_SCOPE, "it is not a complete list");
    }
    if (l->crl.ext.unknown_critical.n != 0) {
        return ca_refuse_plain(l->why, BM_E_CRL_CRITICAL);
    }
    if (number.n == 0 || number.n > 8 || (number.p[0] & 0x80) != 0) {
        return ca_refuse_plain(l->why, BM_E_CRL_NUMBER);
    }
    for (size_t i = 0; i < number.n; i++) {
        l->number = l->number << 8 | number.p[i];
    }
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, l->crl.der, hash));
    memcpy(l->hash, hash, sizeof l->hash);
    return BM_OK;
}

/* The journal does not have it and nobody brought it: all that is known is
 * that it is revoked, and so it stays. It may name any shard. */
static bm_status put_unknown(struct listing *l, struct bm_bytes serial,
                             struct store_cert *row)
{
    const struct store *s = l->ca->c.store;
    struct ca_record record =
        ca_record_of(CA_RECORD_ABANDONED, l->actor, l->now);
    struct store_revocation entry = { .serial = serial,
                                      .revoked = l->now,
                                      .expires = BM_TIME_NEVER,
                                      .shard = STORE_SHARD_ANY,
                                      .reason = BM_REASON_CESSATION };
    char text[64];

    *row = (struct store_cert){ .serial = serial,
                                .status = STORE_CERT_ABANDONED,
                                .reason = BM_REASON_CESSATION,
                                .issued = l->now,
                                .revoked = l->now,
                                .not_before = l->now,
                                .not_after = BM_TIME_NEVER };
    memcpy(row->ca, l->ca_id, sizeof row->ca);
    (void)snprintf(text, sizeof text, CA_ABANDONED_LISTED "%llu",
                   (unsigned long long)l->number);
    record.ca = ca_text(row->ca);
    record.serial = serial;
    record.hash = BM_ARRAY(l->hash);
    record.text = ca_text(text);
    BM_TRY(ca_put_record(l->ca, &record, &row->tree, &row->leaf));
    BM_TRY(s->next_cert(s->self, &row->id));
    BM_TRY(s->cert_put(s->self, row));
    l->listed->unknown++;
    return s->revocation_put(s->self, l->ca_id, &entry);
}

/* What the list says of a certificate that is good here, or on hold. */
static bm_status revoke(struct listing *l, const struct store_cert *row,
                        const struct bm_crl_entry *e)
{
    struct ca_revocation revocation = { .reason = e->reason,
                                        .invalid_since = e->has_invalid_since
                                                             ? e->invalid_since
                                                             : e->revoked_at };
    struct ca_cert_row kept;

    /* A date that could not be put on record is left out. */
    if (revocation.invalid_since < 0 || revocation.invalid_since > l->now) {
        revocation.invalid_since = 0;
    }
    ca_keep_row(&kept, row);
    l->listed->revoked++;
    return ca_put_revocation_since(l->ca, l->actor, &kept.row, &revocation,
                                   l->now);
}

static bm_status take_entry(struct listing *l, const struct bm_crl_entry *e)
{
    const struct store *s = l->ca->c.store;
    struct store_cert row;
    bm_status rc;

    if (e->unknown_critical.n != 0 || e->serial.n > STORE_SERIAL_MAX) {
        return ca_refuse_plain(l->why, BM_E_CRL_CRITICAL);
    }
    rc = s->cert_find(s->self, &ca_everything, l->ca_id, e->serial, &row);
    if (rc == BM_E_NOT_FOUND) {
        return put_unknown(l, e->serial, &row);
    }
    BM_TRY(rc);
    switch (row.status) {
    case STORE_CERT_REVOKED:
    case STORE_CERT_ABANDONED:
        return BM_OK;
    case STORE_CERT_HELD:
        return e->reason == BM_REASON_HOLD ? BM_OK : revoke(l, &row, e);
    default:
        return revoke(l, &row, e);
    }
}

/* An older list may have holds that were lifted since; all else on it stays. */
static bm_status is_newer(struct listing *l, bool *yes)
{
    const struct store *s = l->ca->c.store;
    struct store_crl last;
    bm_status rc = s->crl_get(s->self, l->ca_id, STORE_LIST_COMPLETE, &last);

    *yes = rc == BM_E_NOT_FOUND || (rc == BM_OK && last.number < l->number);
    if (rc == BM_OK && *yes && last.number != 0 &&
        l->number - last.number > CA_LIST_STEP_MAX) {
        return ca_refuse(l->why, BM_E_CRL_NUMBER,
                         "too far above %llu, which the last list of %s has",
                         (unsigned long long)last.number, l->ca_id);
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

bm_status ca_put_list(struct ca *ca, const struct ca_actor *actor,
                      struct bm_bytes der, int64_t now,
                      struct ca_listed *listed, struct ca_refusal *why)
{
    struct listing l = {
        .ca = ca, .actor = actor, .now = now, .why = why, .listed = listed
    };
    struct bm_crl_entry entry;
    struct bm_bytes entries;
    bm_status rc = bm_crl_parse(der, NULL, &l.crl);
    bool newer;

    if (rc != BM_OK) {
        return ca_refuse(why, rc, "not a revocation list");
    }
    BM_TRY(find_issuer(&l));
    BM_TRY(check_list(&l));
    BM_TRY(is_newer(&l, &newer));
    entries = l.crl.entries;
    while (bm_crl_entry_next(&entries, &entry)) {
        if (newer || entry.reason != BM_REASON_HOLD) {
            BM_TRY(take_entry(&l, &entry));
        }
    }
    return newer ? ca_crl_used(ca, l.ca_id, l.number) : BM_OK;
}

bm_status ca_import_list(struct ca *ca, const struct ca_actor *actor,
                         struct bm_bytes der, int64_t now,
                         struct ca_listed *listed, struct ca_refusal *why)
{
    bm_status rc;

    *listed = (struct ca_listed){ .revoked = 0 };
    BM_TRY(ca_authorise(actor, CA_ACT_CERT_IMPORT, why));
    BM_TRY(ca_begin(ca, now, why));
    rc = ca_put_list(ca, actor, der, now, listed, why);
    rc = ca_end(ca, rc, now, why);
    if (rc != BM_OK) {
        *listed = (struct ca_listed){ .revoked = 0 };
    }
    return rc;
}
