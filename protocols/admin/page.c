/* SPDX-License-Identifier: Apache-2.0 */

/* A page of a list. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/admin/internal.h"

void admin_page_begin(struct admin_page *page, const json_t *params)
{
    memset(page, 0, sizeof *page);
    page->items = tree_array(&page->t);
    page->limit = admin_number(params, "limit", ADMIN_PAGE);
    page->after = admin_text(params, "after");
    page->found = page->after == NULL;
}

bm_status admin_page_after(const struct admin_page *page, uint64_t *id,
                           struct ca_refusal *why)
{
    const char *text = page->after;
    unsigned long long v;
    char *end;

    *id = 0;
    if (text == NULL) {
        return BM_OK;
    }
    errno = 0;
    v = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
        v > INT64_MAX) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "after is not the next of such a page");
    }
    *id = v;
    return BM_OK;
}

bm_status admin_page_row(struct admin_page *page, const char *cursor)
{
    if (page->n == page->limit || page->rows >= ADMIN_ROWS_MAX ||
        page->octets >= ADMIN_PAGE_OCTETS) {
        page->more = true;
        return BM_E_END;
    }
    page->rows++;
    (void)snprintf(page->last, sizeof page->last, "%s", cursor);
    return BM_OK;
}

void admin_page_spend(struct admin_page *page, uint64_t rows)
{
    page->rows += rows;
}

bm_status admin_page_seek(struct admin_page *page, const char *cursor)
{
    if (page->rows >= ADMIN_ROWS_MAX) {
        page->more = true;
        return BM_E_END;
    }
    page->rows += ADMIN_SEEK_ROWS;
    (void)snprintf(page->last, sizeof page->last, "%s", cursor);
    return BM_OK;
}

bm_status admin_page_row_id(struct admin_page *page, uint64_t id)
{
    char cursor[24];

    (void)snprintf(cursor, sizeof cursor, "%" PRIu64, id);
    return admin_page_row(page, cursor);
}

bool admin_page_skips(struct admin_page *page, const char *cursor)
{
    if (page->found) {
        return false;
    }
    page->found = strcmp(cursor, page->after) == 0;
    return true;
}

bm_status admin_page_add(struct admin_page *page, json_t *item)
{
    page->octets += item == NULL ? 0 : json_dumpb(item, NULL, 0, JSON_COMPACT);
    tree_append(&page->t, page->items, item);
    page->n++;
    return page->t.failed ? BM_E_MEMORY : BM_OK;
}

bm_status admin_page_end(struct admin_page *page, bm_status rc, json_t *result)
{
    struct tree *t = &page->t;

    if (rc != BM_OK) {
        json_decref(page->items);
        return rc;
    }
    tree_set(t, result, "items", page->items);
    if (page->more) {
        tree_set(t, result, "next", tree_str(t, page->last));
    }
    return t->failed ? BM_E_MEMORY : BM_OK;
}
