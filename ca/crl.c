/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Complete CRLs, streamed: the entries come from the store, one at a time, in
 * the three passes of core's writer; nothing is built whole in memory.
 */
#include <stdio.h>
#include <string.h>

#include "ca/internal.h"
#include "ca/revoke.h"

struct entries {
    const struct store *store;
    struct store_revocations *walk;
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

/* What a list needs of its CA. */
struct list {
    struct store_ca ca;
    struct bm_cert cert; /* views into `der` */
    uint8_t der[CA_CERT_MAX];
    struct store_crl last;
    uint8_t number[8];
    uint8_t hash[BM_HASH_MAX];
};

static bm_status find_ca(struct ca *ca, const char *id, struct list *l,
                         struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    bm_status rc = s->ca_get(s->self, &ca_everything, id, &l->ca);

    if (rc == BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "CA %s", id);
    }
    BM_TRY(rc);
    if (l->ca.cert.n > sizeof l->der) {
        return BM_E_LIMIT;
    }
    /* The store's views end with its next call. */
    memcpy(l->der, l->ca.cert.p, l->ca.cert.n);
    l->ca.cert.p = l->der;
    l->ca.ocsp_cert = (struct bm_bytes){ NULL, 0 };
    return bm_cert_parse(l->ca.cert, BM_STRICT, NULL, &l->cert);
}

static bm_status find_last(struct ca *ca, const char *id, struct list *l)
{
    const struct store *s = ca->c.store;
    bm_status rc = s->crl_get(s->self, id, STORE_LIST_COMPLETE, &l->last);

    l->last.der = (struct bm_bytes){ NULL, 0 };
    if (rc == BM_E_NOT_FOUND) {
        memset(&l->last, 0, sizeof l->last);
        l->last.this_update = INT64_MIN;
        memcpy(l->last.ca, l->ca.id, sizeof l->last.ca);
        return BM_OK;
    }
    return rc;
}

static bm_status floor_name(const char *id, char name[STORE_ID_MAX + 16])
{
    int n = snprintf(name, STORE_ID_MAX + 16, CA_SETTING_CRL "%s", id);

    return n > 0 && n < STORE_ID_MAX + 16 ? BM_OK : BM_E_LIMIT;
}

/* Numbers up to this one have been used, or may have been. */
static bm_status read_floor(struct ca *ca, const char *id, uint64_t *number)
{
    const struct store *s = ca->c.store;
    char name[STORE_ID_MAX + 16];
    struct bm_bytes value;
    bm_status rc;

    *number = 0;
    BM_TRY(floor_name(id, name));
    rc = s->setting_get(s->self, name, &value);
    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    BM_TRY(rc);
    if (value.n != 8) {
        return BM_E_STORE_CORRUPT;
    }
    for (size_t i = 0; i < 8; i++) {
        *number = *number << 8 | value.p[i];
    }
    return BM_OK;
}

/* The number of the last list, or a later one that must not be used. */
static bm_status last_number(struct ca *ca, const char *id, uint64_t *number)
{
    const struct store *s = ca->c.store;
    struct store_crl last;
    bm_status rc;

    BM_TRY(read_floor(ca, id, number));
    rc = s->crl_get(s->self, id, STORE_LIST_COMPLETE, &last);
    if (rc == BM_OK && last.number > *number) {
        *number = last.number;
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static void put_number(uint64_t number, uint8_t out[8])
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(number >> (56 - 8 * i));
    }
}

bm_status ca_crl_used(struct ca *ca, const char *id, uint64_t number)
{
    const struct store *s = ca->c.store;
    char name[STORE_ID_MAX + 16];
    uint8_t value[8];
    uint64_t last;

    BM_TRY(floor_name(id, name));
    BM_TRY(last_number(ca, id, &last));
    if (number <= last) {
        return BM_OK;
    }
    put_number(number, value);
    return s->setting_put(s->self, name, BM_ARRAY(value));
}

bm_status ca_crl_skip(struct ca *ca, const char *id, uint64_t n)
{
    uint64_t last;

    BM_TRY(last_number(ca, id, &last));
    /* Numbers stay positive as INTEGERs of 64 bits. */
    return last <= INT64_MAX - n ? ca_crl_used(ca, id, last + n)
                                 : BM_E_CRL_NUMBER;
}

static bm_status next_number(struct ca *ca, struct list *l)
{
    BM_TRY(last_number(ca, l->ca.id, &l->last.number));
    l->last.number++;
    put_number(l->last.number, l->number);
    return BM_OK;
}

/* In a read transaction, whose snapshot keeps the passes alike. */
static bm_status sign_list(struct ca *ca, struct list *l, int64_t now,
                           const struct bm_crl_sink *sink)
{
    const struct store *s = ca->c.store;
    struct entries entries = { s, NULL };
    struct bm_crl_source source = { &entries, rewind_entries, next_entry };
    struct bm_crl_config config = { .issuer = l->cert.subject,
                                    .this_update = now,
                                    .next_update = now + ca->c.crl_lifetime,
                                    .number = BM_ARRAY(l->number),
                                    .aki = bm_exts_ski(&l->cert.ext),
                                    .crypto = ca->c.crypto };
    const struct store_revocations_of of = { .ca = l->ca.id,
                                             .expires_from =
                                                 l->last.this_update };
    struct bm_crl_writer writer;
    bm_status rc;

    config.sig_alg = bm_sig_alg_for(l->cert.key.type);
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
    rc = ca->c.signer->crl(ca->c.signer->self, l->ca.id, &writer,
                           l->last.number, now, sink);

out:
    bm_crl_writer_close(&writer);
    s->revocations_close(entries.walk);
    return rc;
}

static bm_status make_list(struct ca *ca, const char *id, struct list *l,
                           int64_t now, const struct bm_crl_sink *sink,
                           struct ca_refusal *why)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    struct hashing hashing = { .sink = sink, .crypto = crypto };
    struct bm_crl_sink through = { &hashing, put_hashing };
    bm_status rc;

    BM_TRY(find_ca(ca, id, l, why));
    if (l->ca.key_uri[0] == '\0') {
        return ca_refuse(why, BM_E_CA_UNAVAILABLE,
                         "the key of %s is not here: load its list", id);
    }
    BM_TRY(find_last(ca, id, l));
    BM_TRY(next_number(ca, l));
    BM_TRY(crypto->hash_begin(crypto->self, &hashing.hash, BM_HASH_SHA256));
    rc = sign_list(ca, l, now, &through);
    if (rc != BM_OK) {
        (void)crypto->hash_end(crypto->self, &hashing.hash, NULL);
        return rc;
    }
    return crypto->hash_end(crypto->self, &hashing.hash, l->hash);
}

static bm_status record_list(struct ca *ca, const struct ca_actor *actor,
                             const struct list *l, int64_t now)
{
    const struct store *s = ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_CRL, actor, now);

    record.ca = ca_text(l->last.ca);
    record.number = l->last.number;
    record.hash = (struct bm_bytes){ l->hash, 32 };
    BM_TRY(ca_put_record(ca, &record, NULL, NULL));
    return s->crl_put(s->self, &l->last);
}

bm_status ca_crl_make(struct ca *ca, const struct ca_actor *actor,
                      const char *id, int64_t now,
                      const struct bm_crl_sink *sink, struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct list l;
    bm_status rc;

    memset(&l, 0, sizeof l);
    BM_TRY(ca_authorise(actor, CA_ACT_CA_CRL, why));
    /* Nothing may be signed that ca_begin() would refuse. */
    BM_TRY(ca_begin(ca, now, why));
    s->rollback(s->self);
    rc = s->begin(s->self, STORE_READ);
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    rc = make_list(ca, id, &l, now, sink, why);
    s->rollback(s->self);
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    l.last.this_update = now;
    l.last.next_update = now + ca->c.crl_lifetime;
    /* It is signed: not to be taken for lost by this very transaction. */
    ca->recover = false;
    rc = ca_begin(ca, now, why);
    ca->recover = true;
    if (rc != BM_OK) {
        return rc;
    }
    return ca_end_signed(ca, record_list(ca, actor, &l, now), now, why);
}

/* The number as 64 bits; lists with longer ones are none of ours. */
static bm_status take_number(struct bm_bytes number, uint64_t *value)
{
    *value = 0;
    if (number.n == 0 || number.n > 8 || (number.p[0] & 0x80) != 0) {
        return BM_E_CRL_NUMBER;
    }
    for (size_t i = 0; i < number.n; i++) {
        *value = *value << 8 | number.p[i];
    }
    return BM_OK;
}

/* RFC 5280 5.2, 5.3: a list with a critical extension that is not known
 * "MUST NOT" be used to determine the status of certificates. */
static bool is_understood(const struct bm_crl *crl)
{
    struct bm_bytes entries = crl->entries;
    struct bm_crl_entry entry;
    bool ok = crl->ext.unknown_critical.n == 0;

    while (ok && bm_crl_entry_next(&entries, &entry)) {
        ok = entry.unknown_critical.n == 0;
    }
    return ok;
}

static bm_status check_list(struct ca *ca, const struct list *l,
                            const struct bm_crl *crl, int64_t now,
                            struct ca_refusal *why)
{
    if (!bm_name_equal(crl->head.issuer, l->cert.subject)) {
        return ca_refuse(why, BM_E_CRL_ISSUER, "it is not the list of %s",
                         l->ca.id);
    }
    BM_TRY(bm_crl_verify(crl, &l->cert.key, ca->c.crypto));
    if (l->cert.ext.key_usage != 0 &&
        (l->cert.ext.key_usage & BM_KU_CRL_SIGN) == 0) {
        return BM_E_PATH_KEY_USAGE;
    }
    if (crl->ext.base.n != 0 || crl->ext.has_idp) {
        return ca_refuse(why, BM_E_CRL_SCOPE, "it is not a complete list");
    }
    if (!is_understood(crl)) {
        return BM_E_CRL_CRITICAL;
    }
    if (!crl->head.has_next_update || crl->head.next_update <= now ||
        crl->head.this_update > now + CA_CLOCK_SLACK) {
        return BM_E_CRL_TIME;
    }
    return BM_OK;
}

static bm_status load_list(struct ca *ca, const struct ca_actor *actor,
                           const char *id, const struct bm_crl *crl,
                           int64_t now, struct ca_refusal *why)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    struct list l;
    uint64_t number;

    memset(&l, 0, sizeof l);
    BM_TRY(find_ca(ca, id, &l, why));
    BM_TRY(check_list(ca, &l, crl, now, why));
    BM_TRY(take_number(crl->ext.number, &number));
    BM_TRY(find_last(ca, id, &l));
    if (number <= l.last.number) {
        return ca_refuse(why, BM_E_CRL_NUMBER, "%llu is not above %llu",
                         (unsigned long long)number,
                         (unsigned long long)l.last.number);
    }
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, crl->der, l.hash));
    l.last.number = number;
    l.last.this_update = crl->head.this_update;
    l.last.next_update = crl->head.next_update;
    l.last.der = crl->der;
    return record_list(ca, actor, &l, now);
}

bm_status ca_crl_load(struct ca *ca, const struct ca_actor *actor,
                      const char *id, struct bm_bytes der, int64_t now,
                      struct ca_refusal *why)
{
    struct bm_crl crl;
    bm_status rc;

    BM_TRY(ca_authorise(actor, CA_ACT_CA_CRL, why));
    rc = bm_crl_parse(der, NULL, &crl);
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, load_list(ca, actor, id, &crl, now, why), now, why);
}
