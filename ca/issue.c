/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Issuance: decide, sign, write, in this order and in one transaction.
 *
 * Deciding reads the store and fills slots; what may be written there (a fork
 * that was detected, a renewal that was confirmed) stays true when the
 * request is refused. Then all granted requests are signed together, and only
 * then their rows and records are written. Two requests that touch the same
 * device, key or token are never in the same transaction: the second must see
 * what the first has done.
 */
#include "ca/issue.h"

#include <stdlib.h>
#include <string.h>

#include "ca/bad_keys.h"
#include "ca/quota.h"

/* Bits that tell apart most of what is touched. */
#define TOUCHED_BITS 8192

/* The slots of one transaction, and what they touch. */
struct group {
    struct ca *ca;
    struct ca_slot *slots; /* of this transaction */
    int64_t now;
    size_t n;
    struct ca_quota quota;
    size_t touched_n;
    uint64_t touched[CA_GROUP_MAX * CA_TOUCH_MAX];
    uint8_t may_touch[TOUCHED_BITS / 8]; /* a bit for each of these */
};

void ca_slots_free(struct ca_slot *slots)
{
    free(slots);
}

static uint64_t first_octets(const uint8_t *hash)
{
    uint64_t v;

    memcpy(&v, hash, sizeof v);
    return v;
}

/* Remember that this transaction touches `what`; false: it does already. */
static bool touch(struct group *g, size_t before, uint64_t what)
{
    uint8_t *octet = &g->may_touch[what % TOUCHED_BITS / 8];
    uint8_t bit = (uint8_t)(1U << what % 8);

    for (size_t i = 0; (*octet & bit) != 0 && i < before; i++) {
        if (g->touched[i] == what) {
            return false;
        }
    }
    g->touched[g->touched_n++] = what;
    *octet |= bit;
    return true;
}

/* May the slot, decided as it is, be in the same transaction as the others? */
static bool fits(struct group *g, const struct ca_slot *s)
{
    size_t before = g->touched_n;
    bool ok = touch(g, before, first_octets(s->key));

    if (ok && s->attests) {
        ok = touch(g, before, first_octets(s->attestation.ek));
    }
    for (size_t i = 0; ok && i < s->identifiers_n; i++) {
        ok = touch(g, before, first_octets(s->identifier[i]));
    }
    if (!ok) {
        g->touched_n = before;
    }
    return ok;
}

/* The certificate shown, and those that its use may change: what it renews
 * and what renews it. Ids are no hashes, and no hash is as small as an id. */
static bool fits_presented(struct group *g, size_t before,
                           const struct ca_slot *s)
{
    const uint64_t ids[] = { s->presented.row.id, s->presented.row.renews,
                             s->presented.row.renewed_by };
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof ids / sizeof ids[0]; i++) {
        ok = ids[i] == 0 || touch(g, before, ids[i]);
    }
    return ok;
}

/*
 * Device, token and the certificate shown are touched before they are used:
 * a second request about them must not even be decided before the first has
 * been written, as it would see, and change, rows that the first has read.
 */
static bm_status fits_requester(struct group *g, const struct ca_slot *s)
{
    const struct bm_crypto *crypto = g->ca->c.crypto;
    size_t before = g->touched_n;
    uint8_t hash[BM_HASH_MAX];
    bool ok = true;

    if (s->name[0] != '\0') {
        BM_TRY(
            crypto->hash(crypto->self, BM_HASH_SHA256, ca_text(s->name), hash));
        ok = touch(g, before, first_octets(hash));
    }
    if (ok && s->has_token) {
        ok = touch(g, before, first_octets(s->token.hash));
    }
    if (ok && s->has_idevid) {
        ok = touch(g, before, first_octets(s->idevid.key));
    }
    if (ok && s->has_presented) {
        ok = fits_presented(g, before, s);
    }
    return ok ? BM_OK : BM_E_BUSY;
}

/* The profile may want approval now, and not have when it was looked at. */
static bm_status check_consent(struct ca *ca, struct ca_slot *s, int64_t now,
                               struct ca_refusal *why)
{
    const struct ca_issue_request *r = s->request;

    if (r->approved) {
        return BM_OK;
    }
    if (!r->looked) {
        return ca_check_approval(ca, s, now, why);
    }
    return s->policy->approval
               ? ca_refuse(why, BM_E_CA_APPROVAL,
                           "version %u of profile %s wants it",
                           (unsigned)s->version, s->policy->name)
               : BM_OK;
}

/*
 * Everything that decides about one request. BM_E_END: answered with an
 * earlier certificate; BM_E_BUSY: not in this transaction.
 */
static bm_status decide(struct group *g, struct ca_slot *s)
{
    struct ca_refusal *why = &s->result->why;
    struct ca *ca = g->ca;

    BM_TRY(ca_find_profile(ca, s, why));
    BM_TRY(ca_find_account(ca, &g->quota, s, g->now, why));
    BM_TRY(fits_requester(g, s));
    BM_TRY(ca_check_proof(ca, s, why));
    BM_TRY(ca_admit_requester(ca, s, g->now, why));
    BM_TRY(ca_check_device(ca, s, g->now, why));
    BM_TRY(ca_check_idevid(ca, s, g->now, why));
    BM_TRY(ca_check_first(ca, s, g->now, why));
    BM_TRY(ca_check_key(ca, s, g->now, why));
    BM_TRY(ca_check_attestation(ca, s, why));
    BM_TRY(ca_quota_check(s, g->now, why));
    BM_TRY(ca_make_tbs(ca, s, g->now, why));
    if (!fits(g, s)) {
        return BM_E_BUSY;
    }
    return check_consent(ca, s, g->now, why);
}

/* These are not the request's fault: the whole group stops. */
bool ca_is_failure(bm_status rc)
{
    switch (rc) {
    case BM_E_STORE:
    case BM_E_STORE_CORRUPT:
    case BM_E_IO:
    case BM_E_FULL:
    case BM_E_MEMORY:
    case BM_E_RANDOM:
    case BM_E_INTERNAL:
        return true;
    default:
        return false;
    }
}

/* Take requests as long as they fit into one transaction: how many. */
static bm_status decide_all(struct group *g,
                            const struct ca_issue_request *requests, size_t n,
                            struct ca_issue_result *results)
{
    for (g->n = 0; g->n < n; g->n++) {
        struct ca_slot *s = &g->slots[g->n];
        bm_status rc;

        ca_slot_reset(s, &requests[g->n], &results[g->n]);
        rc = decide(g, s);
        if (rc == BM_E_BUSY && g->n != 0) {
            return BM_OK; /* the next transaction begins with it */
        }
        if (ca_is_failure(rc)) {
            return rc;
        }
        s->granted = rc == BM_OK;
        if (s->granted) {
            ca_quota_take(s);
        }
        s->result->status = rc == BM_OK || rc == BM_E_END
                                ? BM_OK
                                : ca_refuse_plain(&s->result->why, rc);
    }
    return BM_OK;
}

static bm_status sign_all(struct group *g, struct ca_refusal *why)
{
    struct ca_signing items[CA_GROUP_MAX];
    size_t n = 0;

    for (size_t i = 0; i < g->n; i++) {
        struct ca_slot *s = &g->slots[i];

        if (s->granted) {
            items[n++] = (struct ca_signing){
                .profile = s->profile,
                .version = s->version,
                .ca = s->ca,
                .tbs = bm_wr_bytes(&s->tbs),
                .serial = ca_serial_contents(s),
                .cert = &s->cert,
            };
        }
    }
    if (n == 0) {
        return BM_OK;
    }
    /* From here on the journal may know more than the store. */
    g->ca->recover = true;
    return g->ca->c.signer->certs(g->ca->c.signer->self, items, n, g->now, why);
}

static bm_status write_device(struct ca *ca, struct ca_slot *s, int64_t now)
{
    const struct store *store = ca->c.store;
    struct ca_record record =
        ca_record_of(CA_RECORD_DEVICE, s->request->actor, now);
    enum store_device_state state =
        s->policy->identity ? STORE_DEVICE_BORN : STORE_DEVICE_ACTIVE;

    if (!s->has_device) {
        return BM_OK;
    }
    if (!s->new_device && s->device.state >= state) {
        return BM_OK; /* an active device stays active */
    }
    s->device.state = state;
    s->device.changed = now;
    BM_TRY(store->device_put(store->self, &s->device));
    record.organisation = s->device.organisation;
    record.subject = ca_text(s->device.name);
    record.text = ca_text(state == STORE_DEVICE_BORN ? "born" : "active");
    return ca_put_record(ca, &record, NULL, NULL);
}

static bm_status write_claims(struct ca *ca, const struct ca_slot *s)
{
    const struct store *store = ca->c.store;

    BM_TRY(store->claim_put(store->self, STORE_CLAIM_KEY, s->key, s->row.id));
    for (size_t i = 0; i < s->identifiers_n; i++) {
        BM_TRY(store->claim_put(store->self, STORE_CLAIM_IDENTIFIER,
                                s->identifier[i], s->row.id));
    }
    return BM_OK;
}

/* What becomes of the certificates before this one. */
static bm_status write_predecessors(struct ca *ca, struct ca_slot *s,
                                    int64_t now)
{
    const struct store *store = ca->c.store;

    if (s->supersedes) {
        BM_TRY(ca_put_revocation(ca, s->request->actor, &s->pending.row,
                                 BM_REASON_SUPERSEDED, now));
        s->old.row.superseded++;
    }
    if (s->renews) {
        s->old.row.renewed_by = s->row.id;
        BM_TRY(store->cert_change(store->self, &s->old.row));
    }
    return BM_OK;
}

static bm_status write_token(struct ca *ca, struct ca_slot *s, int64_t now)
{
    if (!s->has_token) {
        return BM_OK;
    }
    s->token.used = now;
    s->token.cert = s->row.id;
    memcpy(s->token.key, s->key, sizeof s->token.key);
    return ca->c.store->token_change(ca->c.store->self, &s->token);
}

static bm_status write_cert(struct ca *ca, struct ca_slot *s, int64_t now)
{
    const struct store *store = ca->c.store;
    struct store_cert *row = &s->row;
    struct ca_record record =
        ca_record_of(CA_RECORD_ISSUANCE, s->request->actor, now);
    uint8_t *hash = s->result->hash;

    row->serial = ca_serial_contents(s);
    row->organisation = s->organisation;
    memcpy(row->ca, s->ca, strlen(s->ca) + 1);
    memcpy(row->profile, s->policy->name, strlen(s->policy->name) + 1);
    row->device = s->has_device ? s->device.id : 0;
    row->status = s->renews ? STORE_CERT_PENDING : STORE_CERT_VALID;
    row->issued = now;
    row->renews = s->renews ? s->old.row.id : 0;
    row->version = s->version;
    memcpy(row->key, s->key, sizeof row->key);
    row->der = bm_wr_bytes(&s->cert);
    BM_TRY(
        ca->c.crypto->hash(ca->c.crypto->self, BM_HASH_SHA256, row->der, hash));
    record.organisation = row->organisation;
    record.ca = ca_text(row->ca);
    record.serial = row->serial;
    record.hash = (struct bm_bytes){ hash, STORE_HASH_SIZE };
    record.profile = ca_text(row->profile);
    record.number = row->version;
    record.text = ca_text(s->counts ? "counted" : "");
    record.subject = ca_text(s->has_device ? s->device.name : "");
    record.renews =
        s->renews ? s->old.row.serial : (struct bm_bytes){ NULL, 0 };
    BM_TRY(ca_put_record(ca, &record, &row->tree, &row->leaf));
    BM_TRY(store->cert_put(store->self, row));
    return ca_tell_cert(ca, s->renews ? CA_ASKED_RENEWED : CA_ASKED_ISSUED, row,
                        record.renews, now);
}

static bm_status write_also(struct ca *ca, const struct ca_slot *s, int64_t now)
{
    const struct ca_issue_also *also = s->request->also;

    return also == NULL ? BM_OK
                        : also->write(also->arg, ca, s->request, &s->row, now);
}

static bm_status end_also(const struct group *g)
{
    const struct ca_issue_also *last = NULL;

    for (size_t i = 0; i < g->n; i++) {
        const struct ca_issue_also *also = g->slots[i].request->also;

        if (also != last && also != NULL && also->end != NULL) {
            BM_TRY(also->end(also->arg, g->ca));
        }
        last = also;
    }
    return BM_OK;
}

static void report(struct ca_slot *s)
{
    struct ca_issue_result *r = s->result;

    r->id = s->row.id;
    r->cert_status = s->row.status;
    r->serial_n = s->row.serial.n;
    memcpy(r->serial, s->row.serial.p, s->row.serial.n);
    memcpy(r->ca, s->row.ca, sizeof r->ca);
    r->der = bm_wr_bytes(&s->cert);
}

static bm_status write_all(struct group *g)
{
    struct ca *ca = g->ca;

    for (size_t i = 0; i < g->n; i++) {
        struct ca_slot *s = &g->slots[i];

        if (!s->granted) {
            continue;
        }
        if (s->cert.len > s->cert.cap) {
            return BM_E_BUFFER;
        }
        BM_TRY(ca->c.store->next_cert(ca->c.store->self, &s->row.id));
        BM_TRY(write_device(ca, s, g->now));
        BM_TRY(ca_put_idevid(ca, s, g->now));
        BM_TRY(write_predecessors(ca, s, g->now));
        BM_TRY(write_cert(ca, s, g->now));
        BM_TRY(write_claims(ca, s));
        BM_TRY(write_token(ca, s, g->now));
        BM_TRY(ca_put_attestation(ca, s, g->now));
        BM_TRY(ca_put_approved(ca, s, g->now));
        BM_TRY(write_also(ca, s, g->now));
        report(s);
    }
    BM_TRY(end_also(g));
    return ca_quota_write(ca, &g->quota);
}

/* One transaction over the first requests; `*done`: how many it served. */
static bm_status issue_some(struct group *g,
                            const struct ca_issue_request *requests, size_t n,
                            struct ca_issue_result *results,
                            struct ca_refusal *why)
{
    struct ca *ca = g->ca;
    bm_status rc;

    g->touched_n = 0;
    memset(g->may_touch, 0, sizeof g->may_touch);
    g->quota.n = 0;
    BM_TRY(ca_begin(ca, g->now, why));
    rc = decide_all(g, requests, n, results);
    if (rc == BM_OK) {
        rc = sign_all(g, why);
    }
    if (rc == BM_OK) {
        rc = write_all(g);
    }
    return ca_end_signed(ca, rc, g->now, why);
}

bm_status ca_issue(struct ca *ca, const struct ca_issue_request *requests,
                   size_t n, int64_t now, struct ca_issue_result *results)
{
    struct ca_refusal why = { BM_OK, "" };
    struct group *g = NULL;
    bm_status rc = BM_E_ARGUMENT;
    size_t done = 0;

    if (n > CA_GROUP_MAX) {
        return rc;
    }
    rc = BM_E_MEMORY;
    if (ca->slots == NULL) {
        ca->slots = malloc(CA_GROUP_MAX * sizeof *ca->slots);
    }
    g = malloc(sizeof *g);
    if (ca->slots == NULL || g == NULL) {
        why.status = rc;
        goto out;
    }
    g->ca = ca;
    g->now = now;
    rc = BM_OK;
    while (rc == BM_OK && done < n) {
        g->slots = ca->slots + done;
        rc = issue_some(g, requests + done, n - done, results + done, &why);
        done += rc == BM_OK ? g->n : 0;
    }

out:
    for (size_t i = done; rc != BM_OK && i < n; i++) {
        memset(&results[i], 0, sizeof results[i]);
        results[i].status = rc;
        results[i].why = why;
    }
    free(g);
    return rc;
}
