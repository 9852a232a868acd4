/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The lists of a CA, streamed: the entries come from the store, one at a time,
 * in the three passes of core's writer; nothing is built whole in memory.
 *
 * What a delta counts from, its base, is a complete list that was made before.
 * It moves on when it is as old as half of the life of a list; whoever has an
 * older one then fetches a complete list again.
 */
#include <stdio.h>
#include <string.h>

#include "ca/crl_internal.h"
#include "ca/revoke.h"

struct entries {
    const struct store *store;
    struct store_revocations *walk;
    int64_t now;
};

static bm_status rewind_entries(void *self)
{
    struct entries *e = self;

    return e->store->revocations_rewind(e->walk);
}

static bm_status next_entry(void *self, struct bm_crl_entry *entry)
{
    struct entries *e = self;
    struct store_revocation row;

    BM_TRY(e->store->revocations_next(e->walk, &row));
    *entry = (struct bm_crl_entry){ .serial = row.serial,
                                    .revoked_at = row.revoked,
                                    .invalid_since = row.invalid_since,
                                    .has_invalid_since = row.invalid_since != 0,
                                    .reason = row.reason };
    if (row.gone) {
        /* RFC 5280 5.3.1: removeFromCRL, from a hold or as expired */
        entry->revoked_at = e->now;
        entry->reason = BM_REASON_REMOVE;
    }
    return BM_OK;
}

/* The sink that hashes what passes: the ledger records the list. */
struct hashing {
    const struct bm_crl_sink *sink;
    const struct bm_crypto *crypto;
    struct bm_hash_state hash;
};

static bm_status put_hashing(void *self, struct bm_bytes octets)
{
    struct hashing *h = self;

    BM_TRY(h->crypto->hash_more(h->crypto->self, &h->hash, octets));
    return h->sink->put(h->sink->self, octets);
}

/* A URL as GeneralNames. */
struct url {
    uint8_t room[CA_LIST_URL_MAX + 8];
    struct bm_bytes names; /* empty: there is none */
};

/* A list that is being made. */
struct making {
    const struct ca_list *which;
    int64_t now;
    struct crl_issuer issuer;
    bool has_delta;
    struct store_crl before; /* the complete list that was made last */
    struct store_crl row;    /* of this one, as it will be */
    int64_t from;            /* it has what expires then, or later */
    uint8_t number[8];
    uint8_t base[8];
    struct url own;      /* of a shard: where it is */
    struct url freshest; /* of a complete list: where its delta is */
    uint8_t hash[BM_HASH_MAX];
};

bm_status crl_find_issuer(struct ca *ca, const char *id,
                          struct crl_issuer *issuer, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    bm_status rc = s->ca_get(s->self, &ca_everything, id, &issuer->row);

    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "CA %s", id);
    }
    BM_TRY(rc);
    if (issuer->row.cert.n > sizeof issuer->der) {
        return BM_E_LIMIT;
    }
    /* The store's views end with its next call. */
    memcpy(issuer->der, issuer->row.cert.p, issuer->row.cert.n);
    issuer->row.cert.p = issuer->der;
    issuer->row.ocsp_cert = (struct bm_bytes){ NULL, 0 };
    return bm_cert_parse(issuer->row.cert, BM_STRICT, NULL, &issuer->cert);
}

bm_status crl_find_last(struct ca *ca, const char *id, uint32_t list,
                        struct store_crl *last)
{
    const struct store *s = ca->c.store;
    bm_status rc = s->crl_get(s->self, id, list, last);
    size_t n = strlen(id);

    last->der = (struct bm_bytes){ NULL, 0 };
    if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    if (n >= sizeof last->ca) {
        return BM_E_LIMIT;
    }
    memset(last, 0, sizeof *last);
    memcpy(last->ca, id, n);
    last->list = list;
    last->published = INT64_MIN;
    last->base_from = INT64_MIN;
    return BM_OK;
}

bool crl_has_delta(const struct ca *ca, const struct store_ca *row)
{
    return ca->c.delta_every != 0 && row->kind == STORE_CA_ISSUING;
}

static void copy_base(const struct store_crl *from, struct store_crl *to)
{
    to->base = from->base;
    to->base_update = from->base_update;
    to->base_from = from->base_from;
    to->base_change = from->base_change;
}

/* One that is to be made is its own base. */
static bm_status begin_list(struct ca *ca, struct making *m)
{
    const struct store *s = ca->c.store;
    uint64_t number;

    BM_TRY(crl_last_number(ca, m->issuer.row.id, &number));
    m->row.number = number + 1;
    m->from = m->row.published;
    m->row.base = m->row.number;
    m->row.base_update = m->now;
    m->row.base_from = m->from;
    return s->change_last(s->self, &m->row.base_change);
}

static bool is_base(const struct ca *ca, const struct store_crl *row,
                    int64_t now)
{
    return row->base != 0 && now - row->base_update < ca->c.crl_lifetime / 2;
}

/* The one of the last delta, unless that is too old; then the last list but
 * one, which serves more clients than the last. */
static bm_status choose_base(struct ca *ca, struct making *m, bool together)
{
    struct store_crl earlier;

    if (is_base(ca, &m->row, m->now)) {
        return BM_OK;
    }
    BM_TRY(crl_find_last(ca, m->which->ca, STORE_LIST_BEFORE, &earlier));
    if (is_base(ca, &earlier, m->now) || (together && earlier.base != 0)) {
        copy_base(&earlier, &m->row);
    } else if (!together && m->before.base != 0) {
        copy_base(&m->before, &m->row);
    }
    return BM_OK;
}

/*
 * RFC 5280 5.2.3: "If a delta CRL and a complete CRL that cover the same scope
 * are issued at the same time, they MUST have the same CRL number and provide
 * the same revocation information."
 */
static bm_status begin_delta(struct ca *ca, struct making *m,
                             struct ca_refusal *why)
{
    const struct store_crl *whole = &m->before;
    bool together = whole->base != 0 && whole->base == whole->number &&
                    whole->base_update == m->now;
    uint64_t number;

    if (together && m->row.number == whole->number) {
        return ca_refuse(why, BM_E_CRL_BASE,
                         "the delta of %s of this second has been made",
                         m->issuer.row.id);
    }
    BM_TRY(choose_base(ca, m, together));
    if (m->row.base == 0) {
        return ca_refuse(why, BM_E_CRL_BASE,
                         "%s has no list yet that a delta could count from",
                         m->issuer.row.id);
    }
    BM_TRY(crl_last_number(ca, m->issuer.row.id, &number));
    m->row.number = together ? whole->number : number + 1;
    m->from = together ? whole->base_from : whole->published;
    return BM_OK;
}

static bm_status put_url(const struct ca *ca, const char *id, uint32_t list,
                         struct url *url)
{
    char text[CA_LIST_URL_MAX];
    struct bm_wr w;
    size_t n;

    BM_TRY(ca_list_url(ca->c.public_url, id, list, text));
    bm_wr_init(&w, url->room, sizeof url->room);
    bm_general_name_put(&w, BM_GN_URI, ca_text(text));
    BM_TRY(bm_wr_finish(&w, &n));
    url->names = bm_wr_bytes(&w);
    return BM_OK;
}

static bm_status begin_urls(const struct ca *ca, struct making *m)
{
    const char *id = m->issuer.row.id;

    if (m->which->list == STORE_LIST_DELTA) {
        return BM_OK;
    }
    if (m->which->list != STORE_LIST_COMPLETE) {
        return put_url(ca, id, m->which->list, &m->own);
    }
    return m->has_delta ? put_url(ca, id, STORE_LIST_DELTA, &m->freshest)
                        : BM_OK;
}

static bm_status check_which(const struct making *m, struct ca_refusal *why)
{
    const struct store_ca *row = &m->issuer.row;
    uint32_t list = m->which->list;

    if (row->key_uri[0] == '\0') {
        return ca_refuse(why, BM_E_CA_UNAVAILABLE,
                         "the key of %s is not here: load its list", row->id);
    }
    if (list == STORE_LIST_DELTA && !m->has_delta) {
        return ca_refuse(why, BM_E_NOT_FOUND, "%s has no delta", row->id);
    }
    if (list != STORE_LIST_DELTA && list > row->shards) {
        return ca_refuse(why, BM_E_NOT_FOUND, "%s has no shard %u", row->id,
                         (unsigned)list);
    }
    return BM_OK;
}

/* In a read transaction: all that is known before the first entry. */
static bm_status begin_making(struct ca *ca, struct making *m,
                              struct ca_refusal *why)
{
    const char *id = m->which->ca;

    BM_TRY(crl_find_issuer(ca, id, &m->issuer, why));
    m->has_delta = crl_has_delta(ca, &m->issuer.row);
    BM_TRY(check_which(m, why));
    BM_TRY(crl_find_last(ca, id, STORE_LIST_COMPLETE, &m->before));
    BM_TRY(crl_find_last(ca, id, m->which->list, &m->row));
    if (m->which->list == STORE_LIST_DELTA) {
        BM_TRY(begin_delta(ca, m, why));
    } else {
        BM_TRY(begin_list(ca, m));
    }
    m->row.this_update = m->now;
    /* It tells those that are published from those that are not. */
    if (m->row.published == m->now) {
        m->row.published--;
    }
    m->row.next_update = m->now + ca->c.crl_lifetime;
    /* The next one is made in half of the time. */
    if (m->which->list == STORE_LIST_DELTA &&
        2 * ca->c.delta_every < ca->c.crl_lifetime) {
        m->row.next_update = m->now + 2 * ca->c.delta_every;
    }
    crl_put_number(m->row.number, m->number);
    crl_put_number(m->row.base, m->base);
    return begin_urls(ca, m);
}

/* In a read transaction, whose snapshot keeps the passes alike. */
static bm_status sign_list(struct ca *ca, struct making *m,
                           const struct bm_crl_sink *sink)
{
    const struct store *s = ca->c.store;
    bool delta = m->which->list == STORE_LIST_DELTA;
    struct entries entries = { s, NULL, m->now };
    struct bm_crl_source source = { &entries, rewind_entries, next_entry };
    /* Certificates of CAs are none of this CA's (RFC 5280 5.2.5). */
    const struct bm_crl_idp idp = { .full_name = m->own.names,
                                    .only_user_certs = true };
    struct bm_crl_config config = { .issuer = m->issuer.cert.subject,
                                    .this_update = m->row.this_update,
                                    .next_update = m->row.next_update,
                                    .number = BM_ARRAY(m->number),
                                    .aki = bm_exts_ski(&m->issuer.cert.ext),
                                    .freshest = m->freshest.names,
                                    .crypto = ca->c.crypto };
    const struct store_revocations_of of = { .ca = m->which->ca,
                                             .list = m->which->list,
                                             .expires_from = m->from,
                                             .base_from = m->row.base_from,
                                             .base_change =
                                                 m->row.base_change };
    const struct ca_list_number number = { *m->which, m->row.number };
    struct bm_crl_writer writer;
    bm_status rc;

    config.sig_alg = bm_sig_alg_for(m->issuer.cert.key.type);
    config.idp = m->own.names.n != 0 ? &idp : NULL;
    if (delta) {
        config.base = BM_ARRAY(m->base);
    }
    memset(&writer, 0, sizeof writer);
    rc = s->revocations_open(s->self, &of, &entries.walk);
    if (rc != BM_OK) {
        goto out;
    }
    rc = bm_crl_writer_open(&writer, &config, &source);
    if (rc != BM_OK) {
        goto out;
    }
    ca->recover = true;
    rc = ca->c.signer->crl(ca->c.signer->self, &number, &writer, m->now, sink);

out:
    bm_crl_writer_close(&writer);
    s->revocations_close(entries.walk);
    return rc;
}

static bm_status make_list(struct ca *ca, struct making *m,
                           const struct bm_crl_sink *sink,
                           struct ca_refusal *why)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    struct hashing hashing = { .sink = sink, .crypto = crypto };
    struct bm_crl_sink through = { &hashing, put_hashing };
    bm_status rc;

    BM_TRY(begin_making(ca, m, why));
    BM_TRY(crypto->hash_begin(crypto->self, &hashing.hash, BM_HASH_SHA256));
    rc = sign_list(ca, m, &through);
    if (rc != BM_OK) {
        (void)crypto->hash_end(crypto->self, &hashing.hash, NULL);
        return rc;
    }
    return crypto->hash_end(crypto->self, &hashing.hash, m->hash);
}

bm_status crl_record(struct ca *ca, const struct ca_actor *actor,
                     const struct store_crl *row,
                     const uint8_t hash[STORE_HASH_SIZE], int64_t now)
{
    const struct store *s = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_CRL, actor, now);
    char name[CA_LIST_NAME_MAX];

    ca_list_name(row->list, name);
    record.ca = ca_text(row->ca);
    record.subject = ca_text(name);
    record.number = row->number;
    record.hash = (struct bm_bytes){ hash, STORE_HASH_SIZE };
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return s->crl_put(s->self, row);
}

/* Without deltas nothing is kept for one. */
static bm_status forget_base(struct ca *ca, const struct making *m,
                             uint32_t list)
{
    struct store_crl row;

    BM_TRY(crl_find_last(ca, m->which->ca, list, &row));
    if (row.base == 0) {
        return BM_OK;
    }
    row.base = 0;
    row.base_change = m->row.base_change;
    return ca->c.store->crl_put(ca->c.store->self, &row);
}

/* A complete list was made: deltas may have to count from the one before. */
static bm_status keep_before(struct ca *ca, const struct making *m)
{
    struct store_crl row;

    if (!m->has_delta) {
        BM_TRY(forget_base(ca, m, STORE_LIST_BEFORE));
        return forget_base(ca, m, STORE_LIST_DELTA);
    }
    if (m->before.base == 0) {
        return BM_OK;
    }
    BM_TRY(crl_find_last(ca, m->which->ca, STORE_LIST_BEFORE, &row));
    copy_base(&m->before, &row);
    return ca->c.store->crl_put(ca->c.store->self, &row);
}

static bm_status record_list(struct ca *ca, const struct ca_actor *actor,
                             const struct making *m)
{
    const struct store *s = ca->c.store;

    BM_TRY(crl_record(ca, actor, &m->row, m->hash, m->now));
    if (m->which->list == STORE_LIST_COMPLETE) {
        BM_TRY(keep_before(ca, m));
    }
    return s->change_forget(s->self, m->which->ca);
}

bm_status ca_crl_make(struct ca *ca, const struct ca_actor *actor,
                      const struct ca_list *list, int64_t now,
                      const struct bm_crl_sink *sink, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct making m;
    bm_status rc;

    memset(&m, 0, sizeof m);
    m.which = list;
    m.now = now;
    BM_TRY(ca_authorise(actor, CA_ACT_CA_CRL, why));
    /* Nothing may be signed that ca_begin() would refuse. */
    BM_TRY(ca_begin(ca, now, why));
    s->rollback(s->self);
    rc = s->begin(s->self, STORE_READ);
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    rc = make_list(ca, &m, sink, why);
    s->rollback(s->self);
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    /* It is signed: not to be taken for lost by this very transaction. */
    ca->recover = false;
    rc = ca_begin(ca, now, why);
    ca->recover = true;
    if (rc != BM_OK) {
        return rc;
    }
    return ca_end_signed(ca, record_list(ca, actor, &m), now, why);
}

static bm_status note_published(struct ca *ca, const struct ca_list *list)
{
    const struct store *s = ca->c.store;
    struct store_crl row;

    BM_TRY(s->crl_get(s->self, list->ca, list->list, &row));
    row.der = (struct bm_bytes){ NULL, 0 };
    row.published = row.this_update;
    ca->dirty = true;
    return s->crl_put(s->self, &row);
}

bm_status ca_crl_published(struct ca *ca, const struct ca_list *list,
                           int64_t now, struct ca_refusal *why)
{
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, note_published(ca, list), now, why);
}
