/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/request.h"

#include <stdio.h>
#include <string.h>

#include "ca/slot.h"

static bool has_lapsed(const struct store_request *row, int64_t now)
{
    int64_t since =
        row->state == STORE_REQUEST_APPROVED ? row->decided : row->created;

    return (row->state == STORE_REQUEST_PENDING ||
            row->state == STORE_REQUEST_APPROVED) &&
           now - since > CA_REQUEST_LIFETIME;
}

const char *ca_request_state(const struct store_request *row, int64_t now)
{
    if (has_lapsed(row, now)) {
        return "lapsed";
    }
    switch (row->state) {
    case STORE_REQUEST_PENDING:
        return "pending";
    case STORE_REQUEST_APPROVED:
        return "approved";
    case STORE_REQUEST_REJECTED:
        return "rejected";
    case STORE_REQUEST_ISSUED:
        return "issued";
    default:
        return "unknown";
    }
}

const char *ca_request_means(const struct store_request *row)
{
    switch (row->by) {
    case CA_BY_OPERATOR:
        return "operator";
    case CA_BY_TOKEN:
        return "token";
    case CA_BY_IDEVID:
        return "idevid";
    default:
        return "unknown";
    }
}

static bm_status put_record(struct ca *ca, const struct ca_actor *actor,
                            const struct store_request *row, const char *what,
                            int64_t now)
{
    struct ca_record record = ca_record_of(CA_RECORD_REQUEST, actor, now);

    record.organisation = row->organisation;
    record.profile = ca_text(row->profile);
    record.subject = ca_text(row->device);
    record.hash = BM_ARRAY(row->key);
    record.number = row->id;
    record.text = ca_text(what);
    return ca_put_record(ca, &record, NULL, NULL);
}

/* ---- Waiting */

static bm_status check_bounds(struct ca *ca, const struct store_request *row,
                              int64_t now, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    int64_t since = now - CA_REQUEST_LIFETIME;
    uint32_t n;

    if (row->device[0] != '\0') {
        BM_TRY(s->request_count(s->self, row->organisation, row->device, since,
                                CA_REQUESTS_OF_DEVICE, &n));
        if (n >= CA_REQUESTS_OF_DEVICE) {
            return ca_refuse(why, BM_E_CA_WAITING, "of device %s", row->device);
        }
    }
    BM_TRY(s->request_count(s->self, row->organisation, NULL, since,
                            CA_REQUESTS_OF_ORGANISATION, &n));
    return n >= CA_REQUESTS_OF_ORGANISATION
               ? ca_refuse(why, BM_E_CA_WAITING, "of the organisation")
               : BM_OK;
}

/* Who asks, and which operator is behind it. */
static void name_asker(const struct ca_slot *s, struct store_request *row)
{
    const char *actor = s->request->actor->name;
    char serial[CA_SERIAL_TEXT];

    if (s->has_token) {
        (void)snprintf(row->asked, sizeof row->asked, "token:%s", s->token.id);
        memcpy(row->first, s->token.creator, sizeof row->first);
    } else if (s->has_presented) {
        ca_hex(s->presented.row.serial, serial, sizeof serial);
        (void)snprintf(row->asked, sizeof row->asked, "certificate:%s", serial);
    } else {
        (void)snprintf(row->asked, sizeof row->asked, "%s", actor);
        (void)snprintf(row->first, sizeof row->first, "%s", actor);
    }
}

/* From now on the token is good for this key alone. */
static bm_status bind_token(struct ca *ca, struct ca_slot *s, int64_t now,
                            struct ca_refusal *why)
{
    const struct store *store = ca->c.store;

    if (!s->has_token) {
        return BM_OK;
    }
    if (s->token.expires <= now) {
        return ca_refuse(why, BM_E_CA_TOKEN, "%s has expired", s->token.id);
    }
    s->token.used = now;
    memcpy(s->token.key, s->key, sizeof s->token.key);
    return store->token_change(store->self, &s->token);
}

static bm_status put_waiting(struct ca *ca, struct ca_slot *s,
                             struct store_request *row, int64_t now,
                             struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    struct bm_bytes csr = s->request->csr->der;
    char words[STORE_ACTOR_MAX + 16];

    if (csr.n > CA_REQUEST_CSR_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "a request of %zu octets", csr.n);
    }
    BM_TRY(check_bounds(ca, row, now, why));
    BM_TRY(bind_token(ca, s, now, why));
    name_asker(s, row);
    row->id = 0;
    row->state = STORE_REQUEST_PENDING;
    row->by = s->request->by;
    row->created = now;
    row->csr = csr;
    ca->dirty = true;
    BM_TRY(store->request_put(store->self, row));
    (void)snprintf(words, sizeof words, "pending: %s", row->asked);
    BM_TRY(put_record(ca, s->request->actor, row, words, now));
    return ca_tell_request(ca, row, s->has_device ? s->device.id : 0, now);
}

/* Organisation, profile, device and key: what is recognised. */
static void identify(const struct ca_slot *s, struct store_request *row)
{
    memset(row, 0, sizeof *row);
    row->organisation = s->organisation;
    memcpy(row->profile, s->policy->name, strlen(s->policy->name) + 1);
    memcpy(row->device, s->name, sizeof row->device);
    memcpy(row->key, s->key, sizeof row->key);
}

/* Who approved has seen one subject and one set of extensions. The challenge
 * and the signature are others with each connection. */
static bool is_other(const struct store_request *row, const struct bm_csr *csr)
{
    struct bm_csr seen;

    return bm_csr_parse(row->csr, NULL, &seen) != BM_OK ||
           !bm_bytes_equal(seen.subject, csr->subject) ||
           !bm_bytes_equal(seen.ext.all, csr->ext.all);
}

/* What an operator wishes beside the request is not in what is approved. */
static bool has_unseen_subject(const struct ca_issue_request *r)
{
    return r->by == CA_BY_OPERATOR && r->subject.n != 0 &&
           !bm_bytes_equal(r->subject, r->csr->subject);
}

bm_status ca_check_approval(struct ca *ca, struct ca_slot *s, int64_t now,
                            struct ca_refusal *why)
{
    const unsigned asks = CA_BY_OPERATOR | CA_BY_TOKEN | CA_BY_IDEVID;
    const struct store *store = ca->c.store;
    struct store_request *row = &s->waited;
    bool other;
    bm_status rc;

    if (!s->policy->approval || (s->request->by & asks) == 0) {
        return BM_OK;
    }
    if (has_unseen_subject(s->request)) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "who approves sees the request alone: the subject "
                         "must be in it");
    }
    identify(s, row);
    rc = store->request_find(store->self, row);
    /* A rejected one stays so for its key, whatever else it says. */
    other = rc == BM_OK && row->state != STORE_REQUEST_REJECTED &&
            is_other(row, s->request->csr);
    row->csr = (struct bm_bytes){ NULL, 0 };
    if (rc == BM_E_NOT_FOUND ||
        (rc == BM_OK && (row->state == STORE_REQUEST_ISSUED ||
                         has_lapsed(row, now) || other))) {
        identify(s, row);
        rc = put_waiting(ca, s, row, now, why);
    }
    BM_TRY(rc);
    if (row->state == STORE_REQUEST_REJECTED) {
        return ca_refuse(why, BM_E_CA_REJECTED, "request %llu",
                         (unsigned long long)row->id);
    }
    if (row->state != STORE_REQUEST_APPROVED) {
        return ca_refuse(why, BM_E_CA_APPROVAL, "request %llu",
                         (unsigned long long)row->id);
    }
    s->has_waited = true;
    return BM_OK;
}

bm_status ca_put_approved(struct ca *ca, struct ca_slot *s, int64_t now)
{
    const struct store *store = ca->c.store;

    if (!s->has_waited) {
        return BM_OK;
    }
    s->waited.state = STORE_REQUEST_ISSUED;
    s->waited.cert = s->row.id;
    BM_TRY(put_record(ca, s->request->actor, &s->waited, "issued", now));
    return store->request_put(store->self, &s->waited);
}

/* ---- Deciding */

static bool asked_himself(const struct ca_actor *actor,
                          const struct store_request *row)
{
    return strcmp(actor->name, row->first) == 0 ||
           strcmp(actor->name, row->asked) == 0;
}

static bm_status check(const struct ca_actor *actor,
                       const struct store_request *row, bool approve,
                       int64_t now, struct ca_refusal *why)
{
    bool open = row->state == STORE_REQUEST_PENDING ||
                (!approve && row->state == STORE_REQUEST_APPROVED);

    if (!open || has_lapsed(row, now)) {
        return ca_refuse(why, BM_E_CA_REQUEST, "request %llu is %s",
                         (unsigned long long)row->id,
                         ca_request_state(row, now));
    }
    if (approve && asked_himself(actor, row)) {
        return ca_refuse(why, BM_E_CA_FORBIDDEN,
                         "%s is behind request %llu: another operator decides",
                         actor->name, (unsigned long long)row->id);
    }
    return BM_OK;
}

static bm_status decide(struct ca *ca, const struct ca_actor *actor,
                        uint64_t id, bool approve, int64_t now,
                        struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_request row;
    bm_status rc = s->request_get(s->self, &actor->scope, id, &row);

    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "request %llu", (unsigned long long)id);
    }
    BM_TRY(rc);
    BM_TRY(check(actor, &row, approve, now, why));
    row.state = approve ? STORE_REQUEST_APPROVED : STORE_REQUEST_REJECTED;
    row.decided = now;
    (void)snprintf(row.decider, sizeof row.decider, "%s", actor->name);
    BM_TRY(put_record(ca, actor, &row, approve ? "approved" : "rejected", now));
    return s->request_put(s->self, &row);
}

bm_status ca_request_decide(struct ca *ca, const struct ca_actor *actor,
                            uint64_t id, bool approve, int64_t now,
                            struct ca_refusal *why)
{
    BM_TRY(ca_authorise(actor, CA_ACT_REQUEST_DECIDE, why));
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, decide(ca, actor, id, approve, now, why), now, why);
}
