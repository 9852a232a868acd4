/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The same request again, for a reply can get lost: it gets the certificate
 * that was issued for it, and there is no second one, no leaf, no claim.
 */
#include <string.h>

#include "ca/slot.h"
#include "ca/token.h"

/* A token that gives again what there is already is used up by that. */
static bm_status use_token(struct ca *ca, struct ca_slot *s, uint64_t id,
                           int64_t now)
{
    const struct store *store = ca->c.store;
    struct ca_record record =
        ca_record_of(CA_RECORD_TOKEN, s->request->actor, now);

    if (!s->has_token || s->token.cert != 0) {
        return BM_OK;
    }
    s->token.used = now;
    s->token.cert = id;
    memcpy(s->token.key, s->key, sizeof s->token.key);
    record.organisation = s->token.organisation;
    record.subject = ca_text(s->token.id);
    record.profile = ca_text(s->token.profile);
    record.text = ca_text("used");
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return store->token_change(store->self, &s->token);
}

static bool is_good(const struct store_cert *row, int64_t now)
{
    return (row->status == STORE_CERT_VALID ||
            row->status == STORE_CERT_PENDING ||
            row->status == STORE_CERT_REPLACED) &&
           now <= row->not_after;
}

bm_status ca_repeat(struct ca *ca, struct ca_slot *s, uint64_t id, int64_t now,
                    struct ca_refusal *why)
{
    const struct store *store = ca->c.store;
    struct ca_issue_result *r = s->result;
    struct store_cert row;

    BM_TRY(use_token(ca, s, id, now));
    BM_TRY(store->cert_get(store->self, &ca_everything, id, &row));
    if (!is_good(&row, now)) {
        return ca_refuse(why, BM_E_CA_STATUS,
                         "it is the request for one that has ended");
    }
    if (row.serial.n > sizeof r->serial || row.der.n > s->cert.cap) {
        return BM_E_STORE_CORRUPT;
    }
    bm_wr_put(&s->cert, row.der);
    r->repeated = true;
    r->id = row.id;
    r->cert_status = row.status;
    r->serial_n = row.serial.n;
    memcpy(r->serial, row.serial.p, row.serial.n);
    memcpy(r->ca, row.ca, sizeof r->ca);
    r->der = bm_wr_bytes(&s->cert);
    return BM_E_END;
}

/* ---- Tokens */

/* Somebody has the secret and another key: once per token on record, for he
 * can come again and again. */
static bm_status put_misuse(struct ca *ca, const struct ca_slot *s, int64_t now)
{
    struct ca_record record =
        ca_record_of(CA_RECORD_TOKEN, s->request->actor, now);
    bm_status rc =
        ca_put_once(ca, "token-misuse", BM_ARRAY(s->token.hash), s->token.cert);

    if (rc != BM_OK) {
        return rc == BM_E_EXISTS ? BM_OK : rc;
    }
    record.organisation = s->token.organisation;
    record.subject = ca_text(s->token.id);
    record.profile = ca_text(s->token.profile);
    record.hash = BM_ARRAY(s->key);
    record.text = ca_text("misused");
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return ca_put_event(ca, "token-misuse", s->token.organisation,
                        s->has_device ? s->device.id : 0, now, s->token.id);
}

bm_status ca_repeat_token(struct ca *ca, struct ca_slot *s, int64_t now,
                          struct ca_refusal *why)
{
    if (!s->has_token || s->token.used == 0) {
        return BM_OK;
    }
    if (memcmp(s->token.key, s->key, sizeof s->key) != 0) {
        BM_TRY(put_misuse(ca, s, now));
        return ca_refuse(why, BM_E_CA_TOKEN, "%s was used for another key",
                         s->token.id);
    }
    if (s->token.cert == 0) {
        return BM_OK; /* bound to a request that waits: request.c */
    }
    if (now - s->token.used > CA_TOKEN_REPEAT) {
        return ca_refuse(why, BM_E_CA_TOKEN, "%s was used long ago",
                         s->token.id);
    }
    return ca_repeat(ca, s, s->token.cert, now, why);
}

/* ---- Operators */

struct newest {
    const struct store *store;
    struct store_cert row;
    bool found;
};

static bm_status take_newest(void *arg, const void *visited)
{
    struct newest *n = arg;
    const uint64_t *ref = visited;

    BM_TRY(n->store->cert_get(n->store->self, &ca_everything, *ref, &n->row));
    n->found = true;
    return BM_E_END;
}

/* Would the request, at the time when the certificate was issued, have been
 * answered with just these octets? */
static bm_status is_same_request(struct ca_slot *s,
                                 const struct store_cert *row, bool *same)
{
    uint8_t serial[16] = { 0 };
    struct ca_profile_request r = { .csr = s->request->csr,
                                    .device = ca_text(s->name),
                                    .subject = s->request->subject,
                                    .not_after = s->request->not_after,
                                    .now = row->issued,
                                    .serial = BM_ARRAY(serial) };
    struct bm_cert cert;

    *same = false;
    if (row->serial.n > sizeof serial) {
        return BM_OK;
    }
    memcpy(serial + sizeof serial - row->serial.n, row->serial.p,
           row->serial.n);
    BM_TRY(bm_cert_parse(row->der, BM_STRICT, NULL, &cert));
    *same = ca_profile_fill(s->profile, &r, &s->tbs, NULL) == BM_OK &&
            s->tbs.len <= s->tbs.cap &&
            bm_bytes_equal(bm_wr_bytes(&s->tbs), cert.tbs);
    bm_wr_init(&s->tbs, s->tbs_room, sizeof s->tbs_room);
    return BM_OK;
}

bm_status ca_repeat_operator(struct ca *ca, struct ca_slot *s, int64_t now,
                             struct ca_refusal *why)
{
    struct newest n = { .store = ca->c.store };
    struct store_visit visit = { &n, take_newest };
    bool same;

    if (s->request->by != CA_BY_OPERATOR) {
        return BM_OK;
    }
    BM_TRY(n.store->claim_list(n.store->self, STORE_CLAIM_KEY, s->key, &visit));
    if (!n.found || now - n.row.issued > CA_REPEAT ||
        n.row.organisation != s->organisation ||
        n.row.device != (s->has_device ? s->device.id : 0) ||
        strcmp(n.row.profile, s->policy->name) != 0 ||
        strcmp(n.row.ca, s->ca) != 0 || !is_good(&n.row, now)) {
        return BM_OK;
    }
    BM_TRY(is_same_request(s, &n.row, &same));
    return same ? ca_repeat(ca, s, n.row.id, now, why) : BM_OK;
}
