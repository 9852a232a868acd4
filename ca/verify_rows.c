/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows say, against what the records made of them. */
#include <string.h>

#include "ca/verify_internal.h"
#include "core/crl.h"

static const struct store_scope everything = { 0, 0 };

/* Rows read at a time: no call is made while the store walks. */
#define PAGE 256

/* When rows cannot be read, how many ids are tried to get past them. */
#define SKIP_MAX 65536

struct row {
    uint64_t id;
    uint32_t tree;
    uint64_t leaf;
    enum store_cert_status status;
    uint8_t reason;
    int64_t revoked;
    uint64_t renews;
    uint64_t renewed_by;
    char serial[VERIFY_SERIAL_TEXT];
};

struct page {
    size_t n;
    struct row row[PAGE];
};

static bm_status take_row(void *arg, const void *visited)
{
    const struct store_cert *c = visited;
    struct page *p = arg;
    struct row *r;

    if (p->n == PAGE) {
        return BM_E_END;
    }
    r = &p->row[p->n++];
    r->id = c->id;
    r->tree = c->tree;
    r->leaf = c->leaf;
    r->status = c->status;
    r->reason = c->reason;
    r->revoked = c->revoked;
    r->renews = c->renews;
    r->renewed_by = c->renewed_by;
    verify_serial(c->serial, r->serial);
    return BM_OK;
}

static bm_status row_found(struct verify *v, const struct row *r,
                           bm_status status, const char *what)
{
    return verify_found(v, status, "certificate %s: %s", r->serial, what);
}

static bool is_good(enum store_cert_status status)
{
    return status == STORE_CERT_VALID || status == STORE_CERT_PENDING ||
           status == STORE_CERT_REPLACED;
}

/* Renewals point to each other. */
static bm_status check_renewals(struct verify *v, const struct row *r)
{
    const struct store *s = v->store;
    struct store_cert other;
    bm_status rc = BM_OK;

    if (r->renewed_by != 0) {
        rc = s->cert_get(s->self, &everything, r->renewed_by, &other);
        if (rc == BM_OK && other.renews != r->id) {
            rc = BM_E_NOT_FOUND;
        }
    }
    if (rc == BM_OK && r->renews != 0) {
        rc = s->cert_get(s->self, &everything, r->renews, &other);
        if (rc == BM_OK && other.renewed_by < r->id) {
            rc = BM_E_NOT_FOUND; /* it, or a later one that took its place */
        }
    }
    if (rc == BM_E_NOT_FOUND || rc == BM_E_STORE_CORRUPT) {
        return row_found(v, r, BM_E_LEDGER_CHANGED,
                         "its renewals do not fit together");
    }
    return rc;
}

static bm_status check_status(struct verify *v, const struct row *r,
                              uint32_t mark)
{
    unsigned want = mark & MARK_STATUS;

    if (want == MARK_RELEASED ? !is_good(r->status)
                              : (unsigned)r->status != want) {
        return row_found(v, r, BM_E_LEDGER_CHANGED,
                         "its status is not the recorded one");
    }
    if (is_good(r->status)) {
        if (r->reason != 0 || r->revoked != 0) {
            return row_found(v, r, BM_E_LEDGER_CHANGED,
                             "it is good, and has a revocation");
        }
        if ((mark & MARK_LISTED) != 0) {
            return row_found(v, r, BM_E_LEDGER_CHANGED,
                             "it is good, and its CA would list it");
        }
        return BM_OK;
    }
    return (mark & MARK_LISTED) != 0
               ? BM_OK
               : row_found(v, r, BM_E_LEDGER_CHANGED,
                           "its CA would not list it as recorded");
}

static bm_status check_row(struct verify *v, const struct row *r)
{
    uint32_t *mark;

    v->summary->certs++;
    BM_TRY(verify_mark(v, r->tree, r->leaf, &mark));
    if (mark == NULL ||
        (*mark & (MARK_RECORDED | MARK_SEEN)) != MARK_RECORDED) {
        return row_found(v, r, BM_E_LEDGER_UNRECORDED,
                         "it has no record of its own");
    }
    *mark |= MARK_SEEN;
    BM_TRY(check_renewals(v, r));
    return check_status(v, r, *mark);
}

static uint64_t scaled(const struct verify *v)
{
    uint64_t n = v->recorded == 0 ? 1 : v->recorded;
    uint64_t done = v->summary->certs < n ? v->summary->certs : n;

    return v->leaves + v->leaves * done / n; /* both below 2^32 */
}

/* The next page; rows that cannot be read are found and stepped over. */
static bm_status read_page(struct verify *v, struct page *p, uint64_t *after)
{
    const struct store_visit visit = { p, take_row };
    struct store_cert_filter filter = { .after = *after };
    bm_status rc;

    p->n = 0;
    rc = v->store->cert_list(v->store->self, &everything, &filter, &visit);
    for (unsigned i = 0; rc == BM_E_STORE_CORRUPT && p->n == 0 && i < SKIP_MAX;
         i++) {
        if (i == 0) {
            BM_TRY(verify_found(v, BM_E_LEDGER_CHANGED,
                                "a certificate's row behind id %llu cannot be "
                                "read",
                                (unsigned long long)*after));
        }
        filter.after++;
        rc = v->store->cert_list(v->store->self, &everything, &filter, &visit);
    }
    *after = p->n != 0 ? p->row[p->n - 1].id : filter.after;
    return rc == BM_E_STORE_CORRUPT && p->n != 0 ? BM_OK : rc;
}

bm_status verify_certs(struct verify *v)
{
    struct page page;
    uint64_t after = 0;

    page.n = 0;
    do {
        BM_TRY(read_page(v, &page, &after));
        for (size_t i = 0; i < page.n; i++) {
            BM_TRY(check_row(v, &page.row[i]));
        }
        verify_progress(v, scaled(v));
    } while (page.n != 0);
    return BM_OK;
}

/* Is it the last revocation on record? */
static bm_status is_recorded(struct verify *v, const struct store_revocation *e,
                             uint32_t mark, bool *yes)
{
    uint32_t digest = 0;

    BM_TRY(verify_digest(v, e->reason, e->revoked, e->invalid_since, &digest));
    *yes = digest == (mark & ~(uint32_t)0xff);
    return BM_OK;
}

static bool is_revoked(uint32_t mark)
{
    unsigned status = mark & MARK_STATUS;

    return status == STORE_CERT_HELD || status == STORE_CERT_REVOKED ||
           status == STORE_CERT_ABANDONED;
}

/* An entry of a CRL: the row has the same, and so has the record. */
static bm_status check_revocation(struct verify *v, const char *ca,
                                  const struct store_revocation *entry)
{
    const struct store_revocation e = *entry;
    uint8_t serial[STORE_SERIAL_MAX];
    char text[VERIFY_SERIAL_TEXT];
    struct store_cert row;
    uint32_t *mark;
    bool anywhere;
    bool recorded;
    bm_status rc;

    v->summary->revocations++;
    memcpy(serial, e.serial.p, e.serial.n);
    verify_serial(e.serial, text);
    rc = v->store->cert_find(v->store->self, &everything, ca,
                             (struct bm_bytes){ serial, e.serial.n }, &row);
    if (rc == BM_E_NOT_FOUND) {
        return verify_found(v, BM_E_LEDGER_UNRECORDED,
                            "%s would list certificate %s, which is not in "
                            "the store",
                            ca, text);
    }
    if (rc != BM_OK) {
        return verify_damage(v, rc, "certificate", text);
    }
    BM_TRY(verify_mark(v, row.tree, row.leaf, &mark));
    if (mark == NULL) {
        return BM_OK; /* the row is found to have no record */
    }
    *mark |= MARK_LISTED;
    if (!is_revoked(*mark)) {
        return BM_OK; /* found with the row, too */
    }
    BM_TRY(is_recorded(v, &e, *mark, &recorded));
    /* One that is known by a list alone is in every shard. */
    anywhere = e.shard == STORE_SHARD_ANY &&
               row.status == STORE_CERT_ABANDONED && row.shard == 0;
    if (!recorded || e.reason != row.reason || e.revoked != row.revoked ||
        e.expires != row.not_after || (e.shard != row.shard && !anywhere)) {
        return verify_found(v, BM_E_LEDGER_CHANGED,
                            "certificate %s: its CRL entry is not what was "
                            "recorded",
                            text);
    }
    return BM_OK;
}

static bm_status check_list(struct verify *v, const char *ca)
{
    const struct store *s = v->store;
    const struct store_revocations_of all = { .ca = ca,
                                              .expires_from = INT64_MIN };
    struct store_revocations *walk = NULL;
    struct store_revocation entry;
    bm_status rc;

    rc = s->revocations_open(s->self, &all, &walk);
    while (rc == BM_OK) {
        rc = s->revocations_next(walk, &entry);
        if (rc == BM_OK) {
            rc = check_revocation(v, ca, &entry);
        } else if (rc == BM_E_STORE_CORRUPT) {
            /* The rest cannot be reached: its certificates tell. */
            rc = verify_damage(v, rc, "CRL entry of", ca);
            break;
        }
    }
    s->revocations_close(walk);
    return rc == BM_E_END ? BM_OK : rc;
}

bm_status verify_revocations(struct verify *v)
{
    for (size_t i = 0; i < v->cas_n; i++) {
        BM_TRY(check_list(v, v->cas[i].id));
    }
    return BM_OK;
}

/* What a mark lacks, and what that means. */
struct lack {
    uint32_t mask;
    uint32_t is;
    bm_status status;
    const char *what;
};

static bm_status lack_found(struct verify *v, const struct verify_tree *tree,
                            uint64_t index, const struct lack *lack)
{
    const struct store *s = v->store;
    char serial[VERIFY_SERIAL_TEXT] = "";
    struct store_leaf leaf;
    struct ca_record record;

    BM_TRY(s->leaf_get(s->self, tree->tree, index, &leaf));
    if (ca_record_parse(leaf.record, NULL, &record) == BM_OK) {
        verify_serial(record.serial, serial);
    }
    return verify_found(v, lack->status,
                        "certificate %s is recorded, but not %s (tree %u, "
                        "leaf %llu)",
                        serial, lack->what, (unsigned)tree->tree,
                        (unsigned long long)index);
}

static bm_status check_marks(struct verify *v, const struct lack *lack)
{
    for (uint32_t t = 0; t < v->newest; t++) {
        const struct verify_tree *tree = &v->trees[t];

        for (uint64_t i = 0; i < tree->size; i++) {
            uint64_t at = tree->base + i;
            const uint32_t *page = v->marks[at / MARK_PAGE];

            if (page != NULL &&
                (page[at % MARK_PAGE] & lack->mask) == lack->is) {
                BM_TRY(lack_found(v, tree, i, lack));
            }
        }
    }
    return BM_OK;
}

bm_status verify_seen(struct verify *v)
{
    const struct lack unseen = { MARK_RECORDED | MARK_SEEN, MARK_RECORDED,
                                 BM_E_LEDGER_CHANGED,
                                 "where the store lists certificates" };

    return check_marks(v, &unseen);
}

bm_status verify_signed(struct verify *v)
{
    const struct lack not_signed = { MARK_OURS | MARK_SIGNED, MARK_OURS,
                                     BM_E_LEDGER_JOURNAL,
                                     "in the signer's journal" };

    return check_marks(v, &not_signed);
}
