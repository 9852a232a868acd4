/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Renewal (design, section 7): which earlier certificate a new one follows,
 * when a request is the same one again, and whose key it is.
 */
#include <stdio.h>
#include <string.h>

#include "ca/device.h"
#include "ca/renewal.h"
#include "ca/signal.h"
#include "ca/slot.h"

static bool same_key(const struct ca_slot *s, const struct store_cert *row)
{
    return memcmp(row->key, s->key, sizeof s->key) == 0;
}

/* Its time has come, or it was asked for before that; what an earlier owner
 * gave may be replaced at any time. */
static bm_status is_open(struct ca *ca, const struct ca_slot *s,
                         const struct store_cert *row, int64_t now, bool *open)
{
    bool received = s->received && row->id == s->presented.row.id;

    *open = received || now >= row->not_after - s->policy->renew_before;
    return *open ? BM_OK : ca_renewal_early(ca, row, now, open);
}

/* `old` gets a successor; a pending one that it has already gives way. */
static void follow(struct ca_slot *s, const struct store_cert *old)
{
    ca_keep_row(&s->old, old);
    s->renews = true;
}

static void supersede(struct ca_slot *s, const struct store_cert *pending)
{
    ca_keep_row(&s->pending, pending);
    s->supersedes = true;
}

/* What a device has of this profile: the newest of each state, and of those
 * that count the newest with the key of the request. */
struct has {
    const struct ca_slot *s;
    int64_t now;
    bool valid;
    bool pending;
    bool same;
    bool held;
    struct ca_cert_row valid_row;
    struct ca_cert_row pending_row;
    struct ca_cert_row same_row;
};

static bm_status see(void *arg, const void *visited)
{
    struct has *h = arg;
    const struct store_cert *row = visited;

    /* One that may still renew itself has to be followed: else it would get a
     * second successor that way. */
    if (row->not_after < h->now - (row->status == STORE_CERT_PENDING
                                       ? 0
                                       : h->s->policy->renew_grace)) {
        return BM_OK;
    }
    if (row->status == STORE_CERT_VALID && !h->valid) {
        h->valid = true;
        ca_keep_row(&h->valid_row, row);
    } else if (row->status == STORE_CERT_PENDING && !h->pending) {
        h->pending = true;
        ca_keep_row(&h->pending_row, row);
    }
    if ((row->status == STORE_CERT_VALID ||
         row->status == STORE_CERT_PENDING) &&
        !h->same && same_key(h->s, row)) {
        h->same = true;
        ca_keep_row(&h->same_row, row);
    }
    h->held = h->held || row->status == STORE_CERT_HELD;
    return BM_OK;
}

static bm_status look_at_device(struct ca *ca, const struct ca_slot *s,
                                struct has *h)
{
    const struct store *store = ca->c.store;
    const struct store_cert_filter filter = { .device = s->device.id,
                                              .profile = s->policy->name,
                                              .newest_first = true };
    const struct store_visit visit = { h, see };

    return store->cert_list(store->self, &ca_everything, &filter, &visit);
}

/* What waits to be used gives way, if that was not done too often. */
static bm_status supersede_waiting(struct ca_slot *s,
                                   const struct store_cert *pending,
                                   struct ca_refusal *why)
{
    if (s->presented.row.superseded >= CA_SUPERSEDED_MAX) {
        return ca_refuse(why, BM_E_CA_PENDING, "%d were superseded already",
                         CA_SUPERSEDED_MAX);
    }
    supersede(s, pending);
    return BM_OK;
}

/* Of several certificates that an earlier owner gave one is renewed: who has a
 * copy of another has lost the race. */
static bm_status check_others(struct ca *ca, struct ca_slot *s, int64_t now,
                              struct ca_refusal *why)
{
    struct has h = { .s = s, .now = now };

    if (!s->received || !s->policy->one_active) {
        return BM_OK;
    }
    BM_TRY(look_at_device(ca, s, &h));
    if (h.held) {
        return ca_refuse(why, BM_E_CA_STATUS, "a certificate of %s is on hold",
                         s->name);
    }
    if (h.valid && h.valid_row.row.issued >= s->transfer.decided) {
        return ca_refuse(why, BM_E_CA_TRANSFERRED,
                         "it has a certificate of its owner");
    }
    return h.pending && !s->supersedes
               ? supersede_waiting(s, &h.pending_row.row, why)
               : BM_OK;
}

/* RFC 7030 4.2.2 and the rest: the requester shows what it renews. */
static bm_status renew_current(struct ca *ca, struct ca_slot *s, int64_t now,
                               struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    const struct store_cert *old = &s->presented.row;
    struct store_cert next;
    bool open;

    if (old->renewed_by != 0) {
        BM_TRY(store->cert_get(store->self, &ca_everything, old->renewed_by,
                               &next));
        if (next.status == STORE_CERT_HELD) {
            return ca_refuse(why, BM_E_CA_STATUS, "its renewal is on hold");
        }
        if (next.status == STORE_CERT_PENDING) {
            if (same_key(s, &next)) {
                return ca_repeat(ca, s, next.id, now, why);
            }
            BM_TRY(supersede_waiting(s, &next, why));
        }
    }
    BM_TRY(is_open(ca, s, old, now, &open));
    if (!open && !s->supersedes) {
        return ca_refuse(why, BM_E_CA_WINDOW,
                         "it opens %lld seconds before the end",
                         (long long)s->policy->renew_before);
    }
    if (same_key(s, old) && !s->policy->same_key_renewal) {
        return ca_refuse(why, BM_E_CA_KEY_REUSED, "%s wants a new key",
                         s->policy->name);
    }
    BM_TRY(check_others(ca, s, now, why));
    follow(s, old);
    return BM_OK;
}

/* The authority renews what is not a device's: an operator's. */
static bm_status renew_own(struct ca *ca, struct ca_slot *s, int64_t now,
                           struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    struct ca_cert_row old;
    struct store_cert row;

    BM_TRY(
        store->cert_get(store->self, &ca_everything, s->request->renews, &row));
    ca_keep_row(&old, &row);
    if (old.row.renewed_by != 0) {
        BM_TRY(store->cert_get(store->self, &ca_everything, old.row.renewed_by,
                               &row));
        if (row.status == STORE_CERT_PENDING && same_key(s, &row)) {
            return ca_repeat(ca, s, row.id, now, why);
        }
        if (row.status == STORE_CERT_PENDING) {
            supersede(s, &row);
        }
    }
    follow(s, &old.row);
    return BM_OK;
}

/* Does a request by this requester, for a key that has a certificate already,
 * mean that the reply was lost? */
static bool may_repeat(const struct ca_slot *s)
{
    return s->request->by == CA_BY_TOKEN || s->request->by == CA_BY_IDEVID;
}

/*
 * A lost reply: the certificate that this key has is given again, whatever was
 * issued since, as long as it counts; to know a retry for what it is is our
 * task (RFC 7030 4.2.3). If it ended when a later one came, there is nothing to
 * give: the key has been used (ca_check_key()).
 */
static bm_status repeat_lost(struct ca *ca, struct ca_slot *s,
                             const struct has *h, struct ca_refusal *why)
{
    const struct store_cert *row = &h->same_row.row;
    bool open = false;

    if (!h->same) {
        return BM_OK;
    }
    if (row->status == STORE_CERT_VALID && s->policy->same_key_renewal) {
        BM_TRY(is_open(ca, s, row, h->now, &open));
    }
    return open ? BM_OK : ca_repeat(ca, s, row->id, h->now, why);
}

/*
 * Not by the current certificate: by the IDevID after a factory reset, by a
 * new token, by an operator. That supersedes what is pending, and is no fork.
 */
static bm_status renew_device(struct ca *ca, struct ca_slot *s, int64_t now,
                              struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    struct has h = { .s = s, .now = now };
    char serial[CA_SERIAL_TEXT];

    BM_TRY(look_at_device(ca, s, &h));
    if (h.held) {
        return ca_refuse(why, BM_E_CA_STATUS, "a certificate of %s is on hold",
                         s->name);
    }
    if (may_repeat(s)) {
        BM_TRY(repeat_lost(ca, s, &h, why));
    }
    BM_TRY(ca_repeat_operator(ca, s, now, why));
    if (!s->policy->one_active) {
        return BM_OK;
    }
    if (h.valid && !s->policy->renewable) {
        ca_hex(h.valid_row.row.serial, serial, sizeof serial);
        return ca_refuse(why, BM_E_CA_IDENTIFIER, "%s has certificate %s of %s",
                         s->name, serial, s->policy->name);
    }
    if (h.pending) {
        supersede(s, &h.pending_row.row);
    }
    if (h.valid) {
        follow(s, &h.valid_row.row);
    } else if (h.pending && h.pending_row.row.renews != 0) {
        struct store_cert old;

        BM_TRY(store->cert_get(store->self, &ca_everything,
                               h.pending_row.row.renews, &old));
        follow(s, &old);
    }
    return BM_OK;
}

/* How many certificates of the profile the device got since. */
struct recent {
    int64_t since;
    unsigned n;
};

static bm_status count_recent(void *arg, const void *visited)
{
    struct recent *r = arg;
    const struct store_cert *row = visited;

    if (row->issued < r->since || ++r->n >= CA_LOOP_CERTS) {
        return BM_E_END;
    }
    return BM_OK;
}

/*
 * A device that gets one certificate after another is ill, or two devices have
 * one name. Of a short life it needs more in a day: then that is the time.
 */
static bm_status note_loop(struct ca *ca, const struct ca_slot *s, int64_t now)
{
    const struct store *store = ca->c.store;
    const struct store_cert *old = s->renews ? &s->old.row : &s->presented.row;
    int64_t life = old->not_after - old->not_before;
    struct recent r = {
        .since = now - (life > 0 && life < CA_LOOP_TIME ? life : CA_LOOP_TIME)
    };
    const struct store_cert_filter filter = { .device = s->device.id,
                                              .profile = s->policy->name,
                                              .newest_first = true };
    const struct store_visit visit = { &r, count_recent };
    struct ca_signalled what = { .kind = CA_SIGNAL_ENROLMENT_LOOP,
                                 .organisation = s->organisation,
                                 .device = s->device.id };
    char text[STORE_NAME_MAX];

    if (!s->has_device || s->new_device) {
        return BM_OK;
    }
    BM_TRY(store->cert_list(store->self, &ca_everything, &filter, &visit));
    if (r.n < CA_LOOP_CERTS) {
        return BM_OK;
    }
    (void)snprintf(text, sizeof text,
                   "it asked for another certificate of %s, and got %d not "
                   "long ago",
                   s->policy->name, CA_LOOP_CERTS);
    what.text = text;
    return ca_put_signal(ca, &what, false, now);
}

static bm_status decide(struct ca *ca, struct ca_slot *s, int64_t now,
                        struct ca_refusal *why)
{
    BM_TRY(ca_repeat_token(ca, s, now, why));
    if (s->request->by == CA_BY_CURRENT) {
        return renew_current(ca, s, now, why);
    }
    if (s->request->by == CA_BY_AUTHORITY && s->request->renews != 0) {
        return renew_own(ca, s, now, why);
    }
    if (s->has_device) {
        return s->new_device ? BM_OK : renew_device(ca, s, now, why);
    }
    return ca_repeat_operator(ca, s, now, why);
}

bm_status ca_check_renewal(struct ca *ca, struct ca_slot *s, int64_t now,
                           struct ca_refusal *why)
{
    BM_TRY(decide(ca, s, now, why));
    return note_loop(ca, s, now);
}

/* Whichever organisation had it when. */
static bool is_row_of(const struct ca_slot *s, uint64_t device)
{
    if (device == s->device.id) {
        return true;
    }
    for (size_t i = 0; !s->new_device && i < s->line.n; i++) {
        if (s->line.id[i] == device) {
            return true;
        }
    }
    return false;
}

bool ca_is_kin(const struct ca_slot *s, const struct store_cert *row)
{
    if (s->has_device) {
        return row->device != 0 && is_row_of(s, row->device);
    }
    return row->device == 0 && s->renews &&
           (row->id == s->old.row.id || row->renews == s->old.row.id);
}

/* Whose key? */
struct owner {
    struct ca *ca;
    struct ca_slot *s;
    struct ca_refusal *why;
    uint32_t organisation;       /* of a misuse: the owner's, */
    uint64_t device;             /* and its device, */
    char serial[CA_SERIAL_TEXT]; /* and certificate, */
    char words[STORE_NAME_MAX];  /* for him */
};

static bool shares_key(const struct ca_slot *s, const char *profile)
{
    const char *const *p = s->policy->key_sharing;

    for (; p != NULL && *p != NULL; p++) {
        if (strcmp(*p, profile) == 0) {
            return true;
        }
    }
    return false;
}

/* A key that somebody else may have is nobody's any more, whatever a profile
 * says about using keys again. */
static bm_status check_uncompromised(struct owner *o,
                                     const struct store_cert *row)
{
    return row->status == STORE_CERT_REVOKED &&
                   row->reason == BM_REASON_KEY_COMPROMISE
               ? ca_refuse(o->why, BM_E_CA_KEY_BAD,
                           "certificate %s was revoked for keyCompromise",
                           o->serial)
               : BM_OK;
}

/* "A key belongs to one device for ever" (design, section 7). Other holders
 * learn of it by an event, not by the refusal. */
static bm_status check_owner(void *arg, const void *visited)
{
    struct owner *o = arg;
    struct ca_slot *s = o->s;
    const struct store *store = o->ca->c.store;
    const uint64_t *ref = visited;
    struct store_cert row;

    BM_TRY(store->cert_get(store->self, &ca_everything, *ref, &row));
    ca_hex(row.serial, o->serial, sizeof o->serial);
    if (!ca_is_kin(s, &row)) {
        o->organisation = row.organisation;
        o->device = row.device;
        BM_TRY(ca_owner_now(o->ca, &o->organisation, &o->device));
        return row.organisation == s->organisation
                   ? ca_refuse(o->why, BM_E_CA_KEY_OWNED, "see certificate %s",
                               o->serial)
                   : ca_refuse_plain(o->why, BM_E_CA_KEY_OWNED);
    }
    if (strcmp(row.profile, s->policy->name) == 0) {
        if (!s->policy->same_key_renewal) {
            return ca_refuse(o->why, BM_E_CA_KEY_REUSED,
                             "certificate %s has it", o->serial);
        }
        BM_TRY(check_uncompromised(o, &row));
        return s->has_device ? BM_OK : BM_E_END;
    }
    return shares_key(s, row.profile) ? check_uncompromised(o, &row)
                                      : ca_refuse(o->why, BM_E_CA_KEY_REUSED,
                                                  "certificate %s of %s has it",
                                                  o->serial, row.profile);
}

/* Both sides should know: the key may have been stolen. Neither learns who the
 * other one is. */
static bm_status put_signals(const struct owner *o, enum ca_signal kind,
                             int64_t now)
{
    const struct ca_slot *s = o->s;
    const struct ca_signalled theirs = { .kind = kind,
                                         .organisation = o->organisation,
                                         .device = o->device,
                                         .text = o->words };
    const struct ca_signalled ours = {
        .kind = kind,
        .organisation = s->organisation,
        .device = s->has_device ? s->device.id : 0,
        .text = "it asked for a certificate with another's key"
    };

    BM_TRY(ca_put_signal(o->ca, &theirs, true, now));
    return ca_put_signal(o->ca, &ours, true, now);
}

static bm_status put_misuse(struct owner *o, enum ca_signal kind, int64_t now)
{
    const struct ca_slot *s = o->s;
    uint8_t whom[STORE_HASH_SIZE + 4];
    struct bm_wr w;
    bm_status rc;

    BM_TRY(put_signals(o, kind, now));
    bm_wr_init(&w, whom, sizeof whom);
    bm_wr_put(&w, BM_ARRAY(s->key));
    for (unsigned shift = 0; shift < 32; shift += 8) {
        bm_wr_u8(&w, (uint8_t)(s->organisation >> shift));
    }
    rc = ca_put_once(o->ca, "key-misuse", bm_wr_bytes(&w), 0);
    if (rc != BM_OK) {
        return rc == BM_E_EXISTS ? BM_OK : rc;
    }
    BM_TRY(ca_put_event(o->ca, "key-misuse", o->organisation, o->device, now,
                        o->words));
    return ca_put_event(o->ca, "key-misuse", s->organisation,
                        s->has_device ? s->device.id : 0, now,
                        "it asked for a certificate with another's key");
}

/* The key of a certificate of ours. */
static bm_status check_certs(struct owner *o, int64_t now)
{
    const struct store *store = o->ca->c.store;
    struct store_visit visit = { o, check_owner };
    bm_status rc =
        store->claim_list(store->self, STORE_CLAIM_KEY, o->s->key, &visit);

    if (rc == BM_E_CA_KEY_OWNED) {
        (void)snprintf(o->words, sizeof o->words,
                       "somebody asked for a certificate with the key of "
                       "certificate %s",
                       o->serial);
        BM_TRY(put_misuse(o, CA_SIGNAL_SAME_KEY, now));
    }
    return rc;
}

/* The key of an IDevID of a manufacturer is its device's, and good for nothing
 * else. */
static bm_status check_idevids(struct owner *o, int64_t now)
{
    const struct store *store = o->ca->c.store;
    struct store_idevid row;
    bm_status rc = store->idevid_of_key(store->self, o->s->key, &row);

    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    o->organisation = row.organisation;
    o->device = row.device;
    BM_TRY(ca_owner_now(o->ca, &o->organisation, &o->device));
    (void)snprintf(o->words, sizeof o->words,
                   "somebody asked for a certificate with the key of its "
                   "IDevID");
    BM_TRY(put_misuse(o, CA_SIGNAL_IDEVID_KEY, now));
    return ca_refuse_plain(o->why, BM_E_CA_KEY_OWNED);
}

bm_status ca_check_key(struct ca *ca, struct ca_slot *s, int64_t now,
                       struct ca_refusal *why)
{
    struct owner owner = { .ca = ca, .s = s, .why = why };

    BM_TRY(check_certs(&owner, now));
    return check_idevids(&owner, now);
}
