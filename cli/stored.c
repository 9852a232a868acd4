/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stored.h"

#include <stdlib.h>
#include <string.h>

#include "core/name.h"

/* Rows in memory at a time. */
#define PAGE_ROWS 256

static const struct {
    const char *name;
    enum store_cert_status status; /* 0: any of those that are good */
} statuses[] = {
    { "valid", STORE_CERT_VALID },         { "pending", STORE_CERT_PENDING },
    { "replaced", STORE_CERT_REPLACED },   { "held", STORE_CERT_HELD },
    { "revoked", STORE_CERT_REVOKED },     { "expired", 0 },
    { "abandoned", STORE_CERT_ABANDONED },
};

#define STATUSES_N (sizeof statuses / sizeof statuses[0])

int stored_check(const struct stored_filter *filter, const char *path)
{
    for (size_t i = 0; i < STATUSES_N; i++) {
        if (filter->status == NULL ||
            strcmp(filter->status, statuses[i].name) == 0) {
            return CMD_OK;
        }
    }
    return cmd_usage_error(path,
                           "--status is valid, pending, replaced, held, "
                           "revoked, expired or abandoned, not '%.40s'",
                           filter->status);
}

const char *stored_status(const struct store_cert *row, int64_t now)
{
    bool good = row->status == STORE_CERT_VALID ||
                row->status == STORE_CERT_PENDING ||
                row->status == STORE_CERT_REPLACED;

    if (good && row->not_after < now) {
        return "expired";
    }
    for (size_t i = 0; i < STATUSES_N; i++) {
        if (statuses[i].status == row->status) {
            return statuses[i].name;
        }
    }
    return "unknown";
}

bm_status stored_device_name(const struct session *s, uint64_t device,
                             char name[STORE_NAME_MAX])
{
    const struct store *store = s->instance->store;
    struct store_device row;

    name[0] = '\0';
    if (device == 0) {
        return BM_OK;
    }
    BM_TRY(store->device_get(store->self, &s->actor.scope, device, &row));
    memcpy(name, row.name, sizeof row.name);
    return BM_OK;
}

/* One page, copied out of the store. */
struct page {
    const struct stored_walk *walk;
    size_t wanted;
    size_t n;
    struct stored_cert cert[PAGE_ROWS];
    uint8_t *octets[PAGE_ROWS]; /* of serial and certificate */
};

static void page_empty(struct page *page)
{
    for (size_t i = 0; i < page->n; i++) {
        free(page->octets[i]);
    }
    page->n = 0;
}

static bm_status keep_row(void *arg, const void *visited)
{
    struct page *page = arg;
    const struct store_cert *row = visited;
    const char *status = page->walk->filter->status;
    struct store_cert *kept = &page->cert[page->n].row;
    uint8_t *octets;

    if (status != NULL &&
        strcmp(status, stored_status(row, page->walk->session->now)) != 0) {
        return BM_OK;
    }
    octets = malloc(row->serial.n + row->der.n + 1);
    if (octets == NULL) {
        return BM_E_MEMORY;
    }
    page->octets[page->n++] = octets;
    *kept = *row;
    memcpy(octets, row->serial.p, row->serial.n);
    kept->serial.p = octets;
    if (row->der.n != 0) {
        memcpy(octets + row->serial.n, row->der.p, row->der.n);
    }
    kept->der.p = octets + row->serial.n;
    return page->n == page->wanted ? BM_E_END : BM_OK;
}

static bm_status read_page(struct page *page,
                           const struct store_cert_filter *filter)
{
    const struct session *s = page->walk->session;
    const struct store *store = s->instance->store;
    struct store_visit visit = { page, keep_row };

    BM_TRY(store->cert_list(store->self, &s->actor.scope, filter, &visit));
    for (size_t i = 0; i < page->n; i++) {
        struct stored_cert *c = &page->cert[i];

        BM_TRY(stored_device_name(s, c->row.device, c->device));
    }
    return BM_OK;
}

static bm_status fill_page(struct page *page,
                           const struct store_cert_filter *filter)
{
    struct session *s = page->walk->session;
    bm_status rc;

    BM_TRY(session_begin(s));
    rc = read_page(page, filter);
    session_end(s);
    return rc;
}

/* One more than the limit tells whether there are more. */
static size_t page_size(const struct stored_walk *walk, uint64_t done)
{
    uint64_t left = walk->filter->limit - done;

    return walk->filter->limit == 0 || left >= PAGE_ROWS ? PAGE_ROWS
                                                         : (size_t)left + 1;
}

static bm_status hand_out(struct stored_walk *walk, const struct page *page,
                          uint64_t *done)
{
    for (size_t i = 0; i < page->n && !walk->more; i++) {
        if (walk->filter->limit != 0 && *done == walk->filter->limit) {
            walk->more = true;
        } else {
            BM_TRY(walk->one(walk->arg, &page->cert[i]));
            walk->last = page->cert[i].row.id;
            (*done)++;
        }
    }
    return BM_OK;
}

static bm_status walk_pages(struct stored_walk *walk, struct page *page,
                            struct store_cert_filter *filter)
{
    uint64_t done = 0;
    bool end = false;

    while (!end && !walk->more) {
        page_empty(page);
        page->wanted = page_size(walk, done);
        BM_TRY(fill_page(page, filter));
        end = page->n < page->wanted;
        if (page->n != 0) {
            filter->after = page->cert[page->n - 1].row.id;
        }
        BM_TRY(hand_out(walk, page, &done));
    }
    return BM_OK;
}

static bm_status find_device(struct session *s, const char *name,
                             struct store_cert_filter *filter,
                             struct ca_refusal *why)
{
    const struct store *store = s->instance->store;
    struct store_device row;
    bm_status rc;

    BM_TRY(session_begin(s));
    rc = store->device_find(store->self, s->actor.organisation, name, &row);
    session_end(s);
    filter->device = row.id;
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "device %s", name);
}

static enum store_cert_status status_of(const char *name)
{
    for (size_t i = 0; name != NULL && i < STATUSES_N; i++) {
        if (strcmp(name, statuses[i].name) == 0) {
            return statuses[i].status;
        }
    }
    return 0;
}

bm_status stored_walk(struct stored_walk *walk, struct ca_refusal *why)
{
    const struct stored_filter *f = walk->filter;
    struct store_cert_filter filter = { .after = f->after,
                                        .ca = f->ca,
                                        .profile = f->profile,
                                        .status = status_of(f->status),
                                        .expires_before = f->expires_before,
                                        .newest_first = f->newest };
    struct page *page;
    bm_status rc;

    walk->more = false;
    walk->last = 0;
    if (f->ca != NULL && session_find_ca(walk->session, f->ca) == NULL) {
        return ca_refuse(why, BM_E_NOT_FOUND, "CA %s", f->ca);
    }
    if (f->device != NULL) {
        BM_TRY(find_device(walk->session, f->device, &filter, why));
    }
    page = calloc(1, sizeof *page);
    if (page == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    page->walk = walk;
    rc = walk_pages(walk, page, &filter);
    page_empty(page);
    free(page);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

static json_t *ledger_tree(struct tree *t, const struct store_cert *row)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "tree", tree_int(t, row->tree));
    tree_set(t, o, "leaf", tree_int(t, (int64_t)row->leaf));
    return o;
}

static void set_revocation(struct tree *t, json_t *o,
                           const struct store_cert *row)
{
    if (row->revoked != 0) {
        tree_set(t, o, "revocation_date", tree_time(t, row->revoked));
        tree_set(t, o, "reason_code",
                 tree_str(t, bm_crl_reason_name(row->reason)));
    }
}

json_t *stored_tree(struct tree *t, const struct stored_cert *cert, int64_t now)
{
    const struct store_cert *row = &cert->row;
    json_t *o = tree_object(t);
    struct bm_cert parsed;

    tree_set(t, o, "serial_number", tree_hex(t, row->serial));
    tree_set(t, o, "status", tree_str(t, stored_status(row, now)));
    set_revocation(t, o, row);
    if (cert->device[0] != '\0') {
        tree_set(t, o, "device", tree_str(t, cert->device));
    }
    tree_set(t, o, "profile", tree_str(t, row->profile));
    tree_set(t, o, "ca", tree_str(t, row->ca));
    if (bm_cert_parse(row->der, BM_STRICT, NULL, &parsed) == BM_OK) {
        tree_set(t, o, "subject",
                 tree_put(t, bm_name_put_text, parsed.subject));
    }
    tree_set(t, o, "issued", tree_time(t, row->issued));
    tree_set(t, o, "not_before", tree_time(t, row->not_before));
    tree_set(t, o, "not_after", tree_time(t, row->not_after));
    tree_set(t, o, "ledger", ledger_tree(t, row));
    tree_set(t, o, "id", tree_int(t, (int64_t)row->id));
    return o;
}
