/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pages.h"

#include <stdio.h>

/* How many to ask for: one when the limit has been reached, to see whether
 * there is another. */
static uint64_t page_size(const struct pages *p, uint64_t done)
{
    uint64_t left = p->limit - done;

    return p->limit == 0 || left > ADMIN_PAGE_MAX ? ADMIN_PAGE_MAX
           : left == 0                            ? 1
                                                  : left;
}

static bm_status hand_out(struct pages *p, const json_t *page, uint64_t *done)
{
    json_t *items = json_object_get(page, "items");
    json_t *item;
    size_t i;

    json_array_foreach(items, i, item)
    {
        if (p->limit != 0 && *done == p->limit) {
            p->more = true;
            return BM_OK;
        }
        BM_TRY(p->one(p->arg, json_incref(item)));
        (*done)++;
    }
    return BM_OK;
}

static bm_status get_page(const struct pages *p, const char *after,
                          uint64_t done, json_t **page, struct ca_refusal *why)
{
    json_t *params = json_copy(p->params);

    session_set_text(params, "after", after);
    session_set_int(params, "limit", page_size(p, done));
    return session_ask(p->session, p->operation, params, page, why);
}

bm_status pages_walk(struct pages *p, struct ca_refusal *why)
{
    char after[ADMIN_KEY_MAX + 1] = "";
    bool end = p->params == NULL;
    bm_status rc = end ? BM_E_MEMORY : BM_OK;
    uint64_t done = 0;

    p->more = false;
    if (p->after != NULL) {
        (void)snprintf(after, sizeof after, "%s", p->after);
    }
    while (rc == BM_OK && !end && !p->more) {
        const char *next;
        json_t *page = NULL;

        rc = get_page(p, after[0] != '\0' ? after : NULL, done, &page, why);
        if (rc == BM_OK) {
            rc = hand_out(p, page, &done);
        }
        next = json_string_value(json_object_get(page, "next"));
        end = next == NULL;
        (void)snprintf(after, sizeof after, "%s", end ? "" : next);
        json_decref(page);
    }
    json_decref(p->params);
    p->params = NULL;
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

bm_status pages_print_one(void *listing, json_t *item)
{
    const struct tree t = { false };

    return listing_print(listing, &t, item);
}

int pages_print(struct session *s, const char *operation, json_t *params,
                const struct listing *listing)
{
    struct listing copy = *listing;
    struct pages pages = { .session = s,
                           .operation = operation,
                           .params = params,
                           .arg = &copy,
                           .one = pages_print_one };
    struct ca_refusal why = { .status = BM_OK };

    return session_result(s, pages_walk(&pages, &why), &why);
}
