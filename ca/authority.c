/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/authority.h"

#include <stdlib.h>
#include <string.h>

#include "ca/bundle.h"
#include "ca/crl_internal.h"

/*
 * A checkpoint is signed when the tree has grown and the last one is from an
 * earlier second, and when the authority is closed.
 */

const struct store_scope ca_everything = { 0, 0 };

struct bm_bytes ca_text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

void ca_hex(struct bm_bytes b, char *text, size_t cap)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;

    for (size_t i = 0; i < b.n && n + 2 < cap; i++) {
        text[n++] = digits[b.p[i] >> 4];
        text[n++] = digits[b.p[i] & 15];
    }
    text[n] = '\0';
}

void ca_wr_number(struct bm_wr *w, uint32_t v)
{
    for (unsigned shift = 32; shift != 0; shift -= 8) {
        bm_wr_u8(w, (uint8_t)(v >> (shift - 8)));
    }
}

void ca_wr_octets(struct bm_wr *w, struct bm_bytes b)
{
    ca_wr_number(w, (uint32_t)b.n);
    bm_wr_put(w, b);
}

bool ca_is_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-");

    return n != 0 && n < STORE_ID_MAX && name[n] == '\0' && name[0] != '.' &&
           name[0] != '-';
}

static void put_i64(uint8_t out[8], int64_t value)
{
    uint64_t v = (uint64_t)value;

    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(v >> (56 - 8 * i));
    }
}

static int64_t get_i64(struct bm_bytes b)
{
    uint64_t v = 0;

    for (size_t i = 0; i < b.n; i++) {
        v = v << 8 | b.p[i];
    }
    return (int64_t)v;
}

/* What stands in the store about the authority itself. */
static bm_status read_settings(struct ca *ca)
{
    const struct store *s = ca->c.store;
    struct bm_bytes value;
    bm_status rc;

    rc = s->setting_get(s->self, CA_SETTING_CLOCK, &value);
    if (rc == BM_OK) {
        ca->clock = value.n == 8 ? get_i64(value) : INT64_MAX;
    } else if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    rc = s->setting_get(s->self, CA_SETTING_RESTORED, &value);
    ca->restored = rc == BM_OK && value.n != 0;
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

/*
 * Recovery: every entry of the signer's journal since its last checkpoint
 * that no row of the store knows was signed for a transaction that never came
 * to be. A certificate is put on record as abandoned, and revoked, because
 * somebody may hold it after all: whoever could read the signer's answers. Of
 * a list the number is used up.
 */
struct recovery {
    struct ca *ca;
    int64_t now;
    uint64_t abandoned;
};

static const struct ca_actor authority = { .name = "authority",
                                           .mode = "recovery",
                                           .authority = true };

/* The CA whose key signed: the journal knows its first octets only. */
struct by_key {
    struct ca *ca;
    const uint8_t *key;
    char id[STORE_ID_MAX];
};

static bm_status match_key(void *arg, const void *row)
{
    struct by_key *k = arg;
    const struct store_ca *r = row;
    struct bm_cert cert;
    uint8_t hash[BM_HASH_MAX];

    BM_TRY(bm_cert_parse(r->cert, BM_STRICT, NULL, &cert));
    BM_TRY(k->ca->c.crypto->hash(k->ca->c.crypto->self, BM_HASH_SHA256,
                                 cert.key.der, hash));
    if (memcmp(hash, k->key, 8) != 0) {
        return BM_OK;
    }
    memcpy(k->id, r->id, sizeof k->id);
    return BM_E_END;
}

static bm_status put_abandoned(struct recovery *r,
                               const struct ca_journal_entry *entry,
                               const char *ca_id)
{
    struct ca *ca = r->ca;
    const struct store *s = ca->c.store;
    struct ca_record record =
        ca_record_of(CA_RECORD_ABANDONED, &authority, r->now);
    struct store_cert row = { .status = STORE_CERT_ABANDONED,
                              .reason = BM_REASON_CESSATION,
                              .issued = entry->time,
                              .revoked = r->now,
                              .not_before = entry->time,
                              .not_after = BM_TIME_NEVER };
    struct store_revocation revocation = { .revoked = r->now,
                                           .expires = BM_TIME_NEVER,
                                           .reason = BM_REASON_CESSATION };

    row.serial = (struct bm_bytes){ entry->serial, entry->serial_n };
    memcpy(row.ca, ca_id, sizeof row.ca);
    row.shard = entry->list;
    revocation.serial = row.serial;
    revocation.shard = row.shard;
    record.ca = ca_text(ca_id);
    record.serial = row.serial;
    record.hash = BM_ARRAY(entry->hash);
    BM_TRY(ca_put_record(ca, &record, &row.tree, &row.leaf));
    BM_TRY(s->next_cert(s->self, &row.id));
    BM_TRY(s->cert_put(s->self, &row));
    BM_TRY(s->revocation_put(s->self, ca_id, &revocation));
    r->abandoned++;
    return BM_OK;
}

/* The times stay those of the last list that was published: an entry that
 * the lost one had for the last time must be on the next. */
static bm_status put_lost_list(struct recovery *r,
                               const struct ca_journal_entry *entry,
                               const char *ca_id)
{
    const struct store *s = r->ca->c.store;
    struct ca_record record = ca_record_of(CA_RECORD_CRL, &authority, r->now);
    char name[CA_LIST_NAME_MAX];
    struct store_crl last;

    BM_TRY(crl_find_last(r->ca, ca_id, entry->list, &last));
    if (last.number >= entry->number) {
        return BM_OK;
    }
    last.number = entry->number;
    ca_list_name(entry->list, name);
    record.ca = ca_text(ca_id);
    record.subject = ca_text(name);
    record.number = entry->number;
    record.hash = BM_ARRAY(entry->hash);
    record.text = ca_text("abandoned");
    BM_TRY(ca_put_record(r->ca, &record, NULL, NULL));
    return s->crl_put(s->self, &last);
}

static bm_status put_lost_bundle(struct recovery *r,
                                 const struct ca_journal_entry *entry)
{
    const struct ca_bundle_entry bundle = { .version = entry->number,
                                            .hash = entry->hash };
    uint64_t floor;

    BM_TRY(ca_version_floor(r->ca->c.store, CA_JOURNAL_BUNDLE, &floor));
    return entry->number <= floor
               ? BM_OK
               : ca_bundle_record(r->ca, &authority, &bundle, r->now);
}

static bm_status recover_entry(void *arg, const struct ca_journal_entry *entry)
{
    struct recovery *r = arg;
    const struct store *s = r->ca->c.store;
    struct by_key k = { .ca = r->ca, .key = entry->key };
    struct store_visit visit = { &k, match_key };
    struct store_cert row;
    bm_status rc;

    if (entry->kind == CA_JOURNAL_CHECKPOINT) {
        return BM_OK;
    }
    if (entry->kind == CA_JOURNAL_BUNDLE) {
        return put_lost_bundle(r, entry);
    }
    if (entry->kind == CA_JOURNAL_MANIFEST) {
        /* Nobody got it; its version is used up. */
        return ca_version_used(r->ca, entry->kind, entry->number);
    }
    BM_TRY(s->ca_list(s->self, &ca_everything, &visit));
    if (k.id[0] == '\0') {
        return BM_E_LEDGER_JOURNAL; /* signed by a key of no CA of ours */
    }
    if (entry->kind == CA_JOURNAL_CRL) {
        return put_lost_list(r, entry, k.id);
    }
    rc =
        s->cert_find(s->self, &ca_everything, k.id,
                     (struct bm_bytes){ entry->serial, entry->serial_n }, &row);
    return rc == BM_E_NOT_FOUND ? put_abandoned(r, entry, k.id) : rc;
}

static bm_status commit(struct ca *ca, int64_t now)
{
    const struct store *s = ca->c.store;
    uint8_t clock[8];

    put_i64(clock, now > ca->clock ? now : ca->clock);
    BM_TRY(s->setting_put(s->self, CA_SETTING_CLOCK, BM_ARRAY(clock)));
    BM_TRY(ca_ledger_save(ca->c.ledger));
    BM_TRY(s->commit(s->self));
    ca->clock = now > ca->clock ? now : ca->clock;
    return BM_OK;
}

/* What the ledger holds in memory follows the store. */
static void reload(struct ca *ca)
{
    if (ca_ledger_reload(ca->c.ledger) != BM_OK) {
        ca->recover = true; /* and so is tried again */
    }
}

static void undo(struct ca *ca)
{
    const struct store *s = ca->c.store;

    s->rollback(s->self);
    reload(ca);
    ca->dirty = false;
}

/* A failure here is not one of the act, which is durable: the next commit
 * tries again, and a checkpoint only lags. */
static void note(struct ca *ca, int64_t now)
{
    if (ca->recover || now == ca->noted) {
        return;
    }
    if (ca_ledger_checkpoint(ca->c.ledger, ca->c.signer, now) == BM_OK) {
        ca->noted = now;
    } else {
        reload(ca);
    }
}

static bm_status recover(struct ca *ca, int64_t now)
{
    const struct store *s = ca->c.store;
    struct recovery r = { .ca = ca, .now = now };
    bm_status rc;

    BM_TRY(ca_ledger_reload(ca->c.ledger));
    BM_TRY(s->begin(s->self, STORE_WRITE));
    ca->dirty = false;
    rc = ca_journal_walk(ca->c.journal, ca->c.crypto, true, &r, recover_entry);
    if (rc == BM_OK && ca->dirty) {
        rc = commit(ca, now);
    } else {
        s->rollback(s->self);
    }
    if (rc != BM_OK) {
        undo(ca);
        return rc;
    }
    ca->abandoned += r.abandoned;
    ca->dirty = false;
    ca->recover = false;
    return BM_OK;
}

/* Like recovery, over all of the journal: where work goes on from a backup,
 * checkpoints were signed after it. */
bm_status ca_put_unrecorded(struct ca *ca, int64_t now, uint64_t *abandoned)
{
    struct recovery r = { .ca = ca, .now = now };

    *abandoned = 0;
    BM_TRY(
        ca_journal_walk(ca->c.journal, ca->c.crypto, false, &r, recover_entry));
    *abandoned = r.abandoned;
    return BM_OK;
}

static bm_status begin(struct ca *ca, enum store_mode mode, int64_t now,
                       struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    bm_status rc;

    if (now < ca->clock - CA_CLOCK_SLACK) {
        return ca_refuse(why, BM_E_CA_CLOCK, "by %lld seconds",
                         (long long)(ca->clock - now));
    }
    if (ca->recover) {
        rc = recover(ca, now);
        if (rc != BM_OK) {
            return ca_refuse(why, rc, "recovery after a failed commit");
        }
    }
    rc = s->begin(s->self, mode);
    ca->dirty = false;
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

bm_status ca_begin_as(struct ca *ca, enum store_mode mode, int64_t now,
                      struct ca_refusal *why)
{
    if (ca->read_only) {
        return ca_refuse(why, BM_E_ARGUMENT, "opened for reading");
    }
    if (ca->restored) {
        return ca_refuse_plain(why, BM_E_CA_RESTORED);
    }
    return begin(ca, mode, now, why);
}

bm_status ca_begin_restored(struct ca *ca, int64_t now, struct ca_refusal *why)
{
    if (ca->read_only || !ca->restored) {
        return ca_refuse(why, BM_E_ARGUMENT, "%s",
                         ca->read_only ? "opened for reading"
                                       : "it is not restored from a backup, "
                                         "or works again already");
    }
    return begin(ca, STORE_WRITE, now, why);
}

bm_status ca_end(struct ca *ca, bm_status rc, int64_t now,
                 struct ca_refusal *why)
{
    bool write = ca->dirty;

    if (rc == BM_OK && write) {
        rc = commit(ca, now);
    }
    if (rc != BM_OK || !write) {
        undo(ca);
        return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
    }
    ca->dirty = false;
    note(ca, now);
    return BM_OK;
}

bm_status ca_end_signed(struct ca *ca, bm_status rc, int64_t now,
                        struct ca_refusal *why)
{
    bool signed_something = ca->recover;

    ca->recover = signed_something && rc != BM_OK;
    rc = ca_end(ca, rc, now, why);
    ca->recover = ca->recover || (signed_something && rc != BM_OK);
    return rc;
}

struct ca_record ca_record_of(enum ca_record_kind kind,
                              const struct ca_actor *actor, int64_t now)
{
    return (struct ca_record){ .kind = kind,
                               .time = now,
                               .organisation = actor->organisation,
                               .actor = ca_text(actor->name),
                               .mode = ca_text(actor->mode) };
}

bm_status ca_put_record(struct ca *ca, const struct ca_record *record,
                        uint32_t *tree, uint64_t *leaf)
{
    uint64_t index;

    ca->dirty = true;
    BM_TRY(ca_ledger_append(ca->c.ledger, record, &index));
    if (tree != NULL) {
        *tree = ca_ledger_tree(ca->c.ledger);
        *leaf = index;
    }
    return BM_OK;
}

void ca_keep_row(struct ca_cert_row *kept, const struct store_cert *row)
{
    kept->row = *row;
    memcpy(kept->serial, row->serial.p, row->serial.n);
    kept->row.serial.p = kept->serial;
    kept->row.der = (struct bm_bytes){ NULL, 0 };
}

const struct ca_bound *ca_profile_find(const struct ca *ca, const char *name,
                                       const char *issuer)
{
    for (size_t i = 0; i < ca->c.profiles_n; i++) {
        const struct ca_bound *b = &ca->c.profiles[i];

        if (!b->old && strcmp(ca_profile_policy(b->profile)->name, name) == 0 &&
            (issuer == NULL || strcmp(b->ca, issuer) == 0)) {
            return b;
        }
    }
    return NULL;
}

const struct ca_aside *ca_profile_aside(const struct ca *ca, const char *name)
{
    for (size_t i = 0; i < ca->c.aside_n; i++) {
        if (strcmp(ca->c.aside[i].profile, name) == 0) {
            return &ca->c.aside[i];
        }
    }
    return NULL;
}

bm_status ca_profile_missing(const struct ca *ca, const char *name,
                             struct ca_refusal *why)
{
    const struct ca_aside *aside = ca_profile_aside(ca, name);

    return aside == NULL ? ca_refuse(why, BM_E_NOT_FOUND, "profile %s", name)
                         : ca_refuse(why, BM_E_CA_UNAVAILABLE, "profile %s: %s",
                                     name, aside->words);
}

bm_status ca_put_event(struct ca *ca, const char *kind, uint32_t organisation,
                       uint64_t device, int64_t now, const char *text)
{
    const struct store *s = ca->c.store;
    struct store_event event = { .organisation = organisation,
                                 .at = now,
                                 .device = device };

    if (ca_event_kind_find(ca_text(kind)) == NULL) {
        return BM_E_ARGUMENT;
    }
    memcpy(event.kind, kind, strlen(kind));
    memcpy(event.text, text, strnlen(text, sizeof event.text - 1));
    ca->dirty = true;
    BM_TRY(s->event_put(s->self, &event));
    return ca_events_forget(ca, organisation, device);
}

static bm_status is_there(void *arg, const void *visited)
{
    (void)arg;
    (void)visited;
    return BM_E_EXISTS;
}

bm_status ca_put_once(struct ca *ca, const char *what, struct bm_bytes whom,
                      uint64_t ref)
{
    const struct store *s = ca->c.store;
    const struct bm_crypto *crypto = ca->c.crypto;
    struct store_visit visit = { NULL, is_there };
    uint8_t room[128];
    uint8_t hash[BM_HASH_MAX];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, room, sizeof room);
    bm_wr_str(&w, what);
    bm_wr_u8(&w, 0);
    bm_wr_put(&w, whom);
    BM_TRY(bm_wr_finish(&w, &n));
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&w), hash));
    BM_TRY(s->claim_list(s->self, STORE_CLAIM_ONCE, hash, &visit));
    ca->dirty = true;
    return s->claim_put(s->self, STORE_CLAIM_ONCE, hash, ref);
}

uint64_t ca_abandoned(const struct ca *ca)
{
    return ca->abandoned;
}

uint64_t ca_revocations(const struct ca *ca)
{
    return ca->revocations;
}

bm_status ca_open(const struct ca_config *config, bool read_only, int64_t now,
                  struct ca **ca, struct ca_refusal *why)
{
    struct ca *c = calloc(1, sizeof *c);
    bm_status rc = BM_E_MEMORY;

    *ca = NULL;
    if (c == NULL) {
        goto out;
    }
    c->c = *config;
    c->read_only = read_only;
    c->asked = CA_ASKED_UNKNOWN;
    rc = config->store->begin(config->store->self, STORE_READ);
    if (rc != BM_OK) {
        goto out;
    }
    rc = read_settings(c);
    config->store->rollback(config->store->self);
    if (rc != BM_OK) {
        goto out;
    }
    if (!read_only && !c->restored) {
        rc = ca_ledger_check_signer(config->ledger, config->signer);
        if (rc == BM_OK) {
            rc = recover(c, now);
        }
        if (rc != BM_OK) {
            goto out;
        }
        note(c, now);
    }
    *ca = c;
    c = NULL;

out:
    free(c);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

bm_status ca_checkpoint(struct ca *ca, int64_t now, struct ca_refusal *why)
{
    bm_status rc;

    BM_TRY(ca_begin(ca, now, why));
    ca->c.store->rollback(ca->c.store->self);
    rc = ca_ledger_checkpoint(ca->c.ledger, ca->c.signer, now);
    if (rc != BM_OK) {
        reload(ca);
        return ca_refuse_plain(why, rc);
    }
    ca->noted = now;
    return BM_OK;
}

void ca_close(struct ca *ca)
{
    if (ca == NULL) {
        return;
    }
    if (!ca->read_only && !ca->restored && !ca->recover) {
        bm_status rc =
            ca_ledger_checkpoint(ca->c.ledger, ca->c.signer, ca->clock);

        (void)rc; /* the next start signs it */
    }
    ca_slots_free(ca->slots);
    ca_batch_run_free(ca);
    ca_pull_patterns_free(ca->pulls);
    free(ca->asking);
    bm_wipe(ca->serial_random, sizeof ca->serial_random);
    free(ca);
}
