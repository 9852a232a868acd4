/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stored.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/admin/things.h"

/* Rows in memory at a time. */
#define PAGE_ROWS 256

int stored_check(const struct stored_filter *filter, const char *path)
{
    enum store_cert_status status;

    if (filter->status == NULL ||
        things_cert_status_of(filter->status, &status)) {
        return CMD_OK;
    }
    return cmd_usage_error(path,
                           "--status is valid, pending, replaced, held, "
                           "revoked, expired or abandoned, not '%.40s'",
                           filter->status);
}

/* One page, copied out of the store. */
struct page {
    const struct stored_walk *walk;
    size_t wanted;
    size_t n;
    struct store_cert cert[PAGE_ROWS];
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
    struct store_cert *kept = &page->cert[page->n];
    uint8_t *octets;

    if (status != NULL &&
        strcmp(status, things_cert_status(row, page->walk->session->now)) !=
            0) {
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

    return store->cert_list(store->self, &s->actor.scope, filter, &visit);
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
            walk->last = page->cert[i].id;
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
            filter->after = page->cert[page->n - 1].id;
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

bm_status stored_walk(struct stored_walk *walk, struct ca_refusal *why)
{
    const struct stored_filter *f = walk->filter;
    struct store_cert_filter filter = { .after = f->after,
                                        .ca = f->ca,
                                        .profile = f->profile,
                                        .expires_before = f->expires_before,
                                        .newest_first = f->newest };
    struct page *page;
    bm_status rc;

    walk->more = false;
    walk->last = 0;
    if (f->status != NULL) {
        (void)things_cert_status_of(f->status, &filter.status);
    }
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
