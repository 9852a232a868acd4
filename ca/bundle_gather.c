/* SPDX-License-Identifier: Apache-2.0 */

/* What a trust bundle is to say: from the rows of CAs, and from what they
 * have revoked. */
#include <stdlib.h>
#include <string.h>

#include "ca/bundle_internal.h"
#include "core/crl.h"

/* Octets of roots and links, as a message may have them. */
#define CERTS_MAX CA_BUNDLE_MAX

/* A row of the deny list: [ bstr of 32, [ ... ] ]. */
#define ROW_OCTETS (1 + 2 + BM_BUNDLE_KEY_SIZE + 3)

/* The array of rows. */
#define LIST_OCTETS 3

/* A CA of which it is to be said what it has revoked. */
struct gathering {
    struct ca *ca;
    uint32_t list;
    int64_t now;
    struct bundle_said *said;
    /* Serial numbers are asked for when the walk over CAs is over. */
    struct {
        char id[STORE_ID_MAX];
        enum store_ca_kind kind;
        bool ours;
        size_t issuer;
    } cas[BUNDLE_CAS_MAX];
    size_t cas_n;
};

/* ---- Certificates */

static bm_status keep_cert(struct bundle_said *said, struct bm_bytes der,
                           struct bm_bytes *kept)
{
    size_t at = said->certs.len;

    bm_wr_put(&said->certs, der);
    if (said->certs.len > said->certs.cap) {
        return BM_E_LIMIT;
    }
    *kept = (struct bm_bytes){ said->certs.buf + at, der.n };
    return BM_OK;
}

/* They are only help, and of the latest rollovers most of it: the newest are
 * kept, as many as the smallest device has room for. */
static bm_status take_link(struct bundle_said *said, const struct store_ca *row,
                           int64_t from)
{
    size_t at = 0;

    if (said->cross_n < BM_BUNDLE_SMALL_CROSS) {
        at = said->cross_n++;
    } else {
        for (size_t i = 1; i < said->cross_n; i++) {
            at = said->cross_from[i] < said->cross_from[at] ? i : at;
        }
        if (from <= said->cross_from[at]) {
            return BM_OK;
        }
    }
    said->cross_from[at] = from;
    return keep_cert(said, row->cert, &said->cross[at]);
}

/* A retired one is told for the record, until it expires. */
static bm_status take_anchor(struct bundle_said *said,
                             const struct store_ca *row)
{
    struct bm_bundle_anchor *anchor = &said->anchors[said->anchors_n];

    if (row->status != STORE_CA_ACTIVE) {
        anchor->status = BM_BUNDLE_WITHDRAWN; /* else the default */
    }
    /* Whoever trusts a root of ours for anything got it from whom it enrols
     * with; a member's CA is for its devices and services. */
    anchor->uses = row->kind == STORE_CA_ROOT ? BM_BUNDLE_ENROL | BM_BUNDLE_USES
                                              : BM_BUNDLE_USES;
    BM_TRY(keep_cert(said, row->cert, &anchor->cert));
    said->anchors_n++;
    return BM_OK;
}

static bm_status take_cert(struct bundle_said *said, const struct store_ca *row,
                           int64_t from)
{
    switch (row->kind) {
    case STORE_CA_LINK:
        return row->status == STORE_CA_ACTIVE ? take_link(said, row, from)
                                              : BM_OK;
    case STORE_CA_ROOT:
    case STORE_CA_MEMBER:
        return take_anchor(said, row);
    default:
        return BM_OK;
    }
}

/* ---- CAs */

/* CAs of one key are one issuer. */
static size_t issuer_of(struct bundle_said *said,
                        const uint8_t key[BM_BUNDLE_KEY_SIZE])
{
    size_t i = 0;

    while (i < said->issuers_n &&
           memcmp(said->issuers[i].key, key, BM_BUNDLE_KEY_SIZE) != 0) {
        i++;
    }
    if (i == said->issuers_n) {
        memcpy(said->issuers[i].key, key, BM_BUNDLE_KEY_SIZE);
        said->issuers[i].octets = ROW_OCTETS;
        said->issuers_n++;
    }
    return i;
}

static bm_status take_issuer(struct gathering *g, const struct store_ca *row,
                             const struct bm_cert *cert)
{
    uint8_t key[BM_BUNDLE_KEY_SIZE];
    struct bundle_issuer *issuer;

    BM_TRY(bm_bundle_key(g->ca->c.crypto, &cert->key, key));
    memcpy(g->cas[g->cas_n].id, row->id, sizeof row->id);
    g->cas[g->cas_n].kind = row->kind;
    g->cas[g->cas_n].ours = row->key_uri[0] != '\0';
    g->cas[g->cas_n].issuer = issuer_of(g->said, key);
    issuer = &g->said->issuers[g->cas[g->cas_n].issuer];
    issuer->servers = issuer->servers || row->kind == STORE_CA_OPERATIONS;
    issuer->elsewhere = issuer->elsewhere || !g->cas[g->cas_n].ours;
    g->cas_n++;
    return BM_OK;
}

/* Is it the instance's, or of an ecosystem with this list? */
static bm_status is_listed(const struct gathering *g,
                           const struct store_ca *row, bool *listed)
{
    const struct store_scope scope = { .ecosystem = row->ecosystem };
    uint32_t list = g->list;

    if (row->ecosystem != 0) {
        BM_TRY(ca_bundle_list_of(g->ca->c.store, &scope, &list));
    }
    *listed = list == g->list;
    return BM_OK;
}

static bm_status take_ca(void *arg, const void *visited)
{
    struct gathering *g = arg;
    const struct store_ca *row = visited;
    struct bm_cert cert;
    bool listed;

    BM_TRY(is_listed(g, row, &listed));
    if (!listed) {
        return BM_OK;
    }
    if (g->cas_n == BUNDLE_CAS_MAX) {
        return BM_E_LIMIT;
    }
    BM_TRY(bm_cert_parse(row->cert, BM_STRICT, NULL, &cert));
    if (cert.not_after < g->now) {
        /* A device that needs repair passes a server whose CA has expired as
         * well, so what that CA revoked still has to be said. */
        return row->kind == STORE_CA_OPERATIONS ? take_issuer(g, row, &cert)
                                                : BM_OK;
    }
    BM_TRY(take_cert(g->said, row, cert.not_before));
    /* A link is signed by a root, which is there for itself. */
    return row->kind == STORE_CA_LINK ? BM_OK : take_issuer(g, row, &cert);
}

/* ---- Serial numbers */

static bm_status grow(struct bundle_said *said)
{
    size_t cap = said->denied_cap == 0 ? 256 : 2 * said->denied_cap;
    void *more = realloc(said->denied, cap * sizeof *said->denied);

    if (more == NULL) {
        return BM_E_MEMORY;
    }
    said->denied = more;
    said->denied_cap = cap;
    return BM_OK;
}

/* BM_E_END: this issuer has more than any bundle takes. */
static bm_status deny(struct gathering *g, size_t issuer,
                      struct bm_bytes serial)
{
    struct bundle_said *said = g->said;
    struct bundle_issuer *i = &said->issuers[issuer];
    struct bundle_denied *d;

    i->octets += 1 + serial.n;
    if (serial.n == 0 || serial.n > BM_BUNDLE_SERIAL_MAX ||
        i->octets + LIST_OCTETS > g->ca->c.bundle_deny) {
        i->out = true;
        return BM_E_END;
    }
    if (said->denied_n == said->denied_cap) {
        BM_TRY(grow(said));
    }
    d = &said->denied[said->denied_n++];
    d->issuer = issuer;
    d->n = (uint8_t)serial.n;
    memcpy(d->octets, serial.p, serial.n);
    return BM_OK;
}

static bm_status walk_rows(struct gathering *g, size_t at)
{
    const struct store *s = g->ca->c.store;
    /* Those of TLS servers stay: a device that needs repair passes an expired
     * EST server (docs/trust-bundle.md), and knows which CA is theirs no
     * better than we do. */
    const struct store_revocations_of of = {
        .ca = g->cas[at].id,
        .list = STORE_LIST_COMPLETE,
        .expires_from =
            g->cas[at].kind == STORE_CA_OPERATIONS ? INT64_MIN : g->now,
    };
    struct store_revocations *walk = NULL;
    struct store_revocation row;
    bm_status rc;

    rc = s->revocations_open(s->self, &of, &walk);
    while (rc == BM_OK) {
        rc = s->revocations_next(walk, &row);
        if (rc == BM_OK) {
            rc = deny(g, g->cas[at].issuer, row.serial);
        }
    }
    s->revocations_close(walk);
    return rc == BM_E_END ? BM_OK : rc;
}

/* Of CAs of one key, the one that has the newest list; cas_n: none has any. */
static bm_status find_newest(const struct gathering *g, size_t issuer,
                             size_t *at)
{
    const struct store *s = g->ca->c.store;
    uint64_t number = 0;
    struct store_crl row;

    *at = g->cas_n;
    for (size_t i = 0; i < g->cas_n; i++) {
        bm_status rc = BM_E_NOT_FOUND;

        if (g->cas[i].issuer == issuer && !g->cas[i].ours) {
            rc = s->crl_get(s->self, g->cas[i].id, STORE_LIST_COMPLETE, &row);
        }
        if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
            return rc;
        }
        if (rc == BM_OK && row.der.n != 0 &&
            (*at == g->cas_n || row.number > number)) {
            *at = i;
            number = row.number;
        }
    }
    return BM_OK;
}

/* What a key has revoked that is elsewhere: the cold root's, a member's. Its
 * list was verified when it was loaded; one that is too old knows nothing. */
static bm_status walk_list(struct gathering *g, size_t issuer)
{
    const struct store *s = g->ca->c.store;
    struct bm_crl_entry entry;
    struct store_crl row;
    struct bm_crl crl;
    size_t at;
    bm_status rc;

    BM_TRY(find_newest(g, issuer, &at));
    if (at == g->cas_n) {
        g->said->issuers[issuer].out = true;
        return BM_OK;
    }
    rc = s->crl_get(s->self, g->cas[at].id, STORE_LIST_COMPLETE, &row);
    BM_TRY(rc);
    if (row.next_update <= g->now) {
        g->said->issuers[issuer].out = true;
        return BM_OK;
    }
    BM_TRY(bm_crl_parse(row.der, NULL, &crl));
    while (rc == BM_OK && bm_crl_entry_next(&crl.entries, &entry)) {
        rc = deny(g, issuer, entry.serial);
    }
    return rc == BM_E_END ? BM_OK : rc;
}

static bm_status walk_revoked(struct gathering *g)
{
    for (size_t i = 0; i < g->cas_n; i++) {
        if (g->cas[i].ours) {
            BM_TRY(walk_rows(g, i));
        }
    }
    for (size_t i = 0; i < g->said->issuers_n; i++) {
        if (g->said->issuers[i].elsewhere) {
            BM_TRY(walk_list(g, i));
        }
    }
    return BM_OK;
}

/* ---- In order */

static struct bm_bytes serial_of(const struct bundle_denied *d)
{
    return (struct bm_bytes){ d->octets, d->n };
}

static int compare_denied(const void *a, const void *b)
{
    const struct bundle_denied *x = a;
    const struct bundle_denied *y = b;

    if (x->issuer != y->issuer) {
        return x->issuer < y->issuer ? -1 : 1;
    }
    return bm_bundle_order(serial_of(x), serial_of(y));
}

static int compare_rows(const void *a, const void *b)
{
    const struct bm_bundle_denied *x = a;
    const struct bm_bundle_denied *y = b;

    return bm_bundle_order(x->key, y->key);
}

/*
 * Of two issuers, does the first go first? That of servers is the last: a
 * device that needs repair passes an EST server of which nothing is known.
 */
static bool goes_first(const struct bundle_issuer *a,
                       const struct bundle_issuer *b)
{
    return a->servers != b->servers ? b->servers : a->octets > b->octets;
}

/* The one with the most goes first, until the others fit. */
static void leave_out(const struct ca *ca, struct bundle_said *said)
{
    for (;;) {
        size_t all = LIST_OCTETS;
        size_t most = said->issuers_n;

        for (size_t i = 0; i < said->issuers_n; i++) {
            const struct bundle_issuer *is = &said->issuers[i];

            if (!is->out) {
                all += is->octets;
                most = most == said->issuers_n ||
                               goes_first(is, &said->issuers[most])
                           ? i
                           : most;
            }
        }
        if (all <= ca->c.bundle_deny || most == said->issuers_n) {
            return;
        }
        said->issuers[most].out = true;
    }
}

static bm_status put_rows(struct bundle_said *said)
{
    size_t at = 0;
    size_t n = 0;

    said->serials = calloc(said->denied_n + 1, sizeof *said->serials);
    if (said->serials == NULL) {
        return BM_E_MEMORY;
    }
    for (size_t i = 0; i < said->issuers_n; i++) {
        struct bm_bundle_denied *row = &said->rows[said->rows_n];
        size_t from = n;

        for (; at < said->denied_n && said->denied[at].issuer == i; at++) {
            struct bm_bytes serial = serial_of(&said->denied[at]);

            if (n == from || !bm_bytes_equal(said->serials[n - 1], serial)) {
                said->serials[n++] = serial;
            }
        }
        if (!said->issuers[i].out) {
            row->key = BM_ARRAY(said->issuers[i].key);
            row->serials = said->serials + from;
            row->serials_n = n - from;
            said->rows_n++;
        }
    }
    qsort(said->rows, said->rows_n, sizeof said->rows[0], compare_rows);
    return BM_OK;
}

bm_status bundle_gather(struct ca *ca, uint32_t list, int64_t now,
                        struct bundle_said *said)
{
    const struct store *s = ca->c.store;
    struct gathering g = { .ca = ca, .list = list, .now = now, .said = said };
    struct store_visit visit = { &g, take_ca };

    memset(said, 0, sizeof *said);
    said->certs.buf = malloc(CERTS_MAX);
    if (said->certs.buf == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&said->certs, said->certs.buf, CERTS_MAX);
    BM_TRY(s->ca_list(s->self, &ca_everything, &visit));
    BM_TRY(walk_revoked(&g));
    if (said->denied_n != 0) {
        qsort(said->denied, said->denied_n, sizeof *said->denied,
              compare_denied);
    }
    leave_out(ca, said);
    return put_rows(said);
}

void bundle_said_free(struct bundle_said *said)
{
    free(said->certs.buf);
    free(said->denied);
    free(said->serials);
}
