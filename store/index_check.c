/* SPDX-License-Identifier: Apache-2.0 */

/* Reading all of the index, and saying what is wrong with it. */
#include <stdio.h>

#include "store/index_internal.h"

struct checker {
    struct index *ix;
    struct bm_wr *words;
    const struct index_run *run;
    struct index_entry before;
    bool first;
    bool bad;
};

static void find(struct checker *c, const struct index_segment *segment,
                 const char *what)
{
    char line[128];

    (void)snprintf(line, sizeof line, "claims: run %llu, segment %llu: %s\n",
                   (unsigned long long)c->run->id,
                   (unsigned long long)segment->id, what);
    bm_wr_str(c->words, line);
    c->bad = true;
}

static void check_entry(struct checker *c, const struct index_segment *segment,
                        const struct index_entry *entry)
{
    if (!c->first && index_entry_compare(&c->before, entry) >= 0) {
        find(c, segment, "entries are not in order");
    }
    if (!index_filter_test(&segment->filter, entry)) {
        find(c, segment, "an entry is not in the filter");
    }
    c->before = *entry;
    c->first = false;
}

static bm_status check_segment(struct checker *c,
                               const struct index_segment *segment)
{
    struct index_entry entry;
    uint64_t entries = 0;

    for (uint32_t page = 0; page < segment->pages && !c->bad; page++) {
        uint32_t n;
        bm_status rc = index_page(c->ix, segment, page, c->ix->page, &n);

        if (rc == BM_E_STORE_CORRUPT) {
            find(c, segment, "a page is missing, or another one");
            break;
        }
        BM_TRY(rc);
        for (uint32_t i = 0; i < n && !c->bad; i++) {
            index_entry_read(c->ix->page + (size_t)i * INDEX_ENTRY, &entry);
            check_entry(c, segment, &entry);
        }
        entries += n;
    }
    if (!c->bad && entries != segment->entries) {
        find(c, segment, "the number of entries is another");
    }
    if (!c->bad && index_entry_compare(&c->before, &segment->last) != 0) {
        find(c, segment, "the last entry is another");
    }
    return BM_OK;
}

bm_status index_check(struct index *ix, struct bm_wr *words)
{
    struct checker c = { .ix = ix, .words = words };
    bool bad = false;

    if (!ix->loaded) {
        bm_status rc = index_load(ix);

        if (rc == BM_E_STORE_CORRUPT) {
            bm_wr_str(words, "claims: the index does not load\n");
        }
        BM_TRY(rc);
    }
    for (size_t i = 0; i < ix->run_n; i++) {
        c.run = ix->run[i];
        c.first = true;
        c.bad = false;
        for (size_t k = 0; k < c.run->n && !c.bad; k++) {
            BM_TRY(check_segment(&c, c.run->slot[k].segment));
        }
        bad = bad || c.bad;
    }
    return bad ? BM_E_STORE_CORRUPT : BM_OK;
}
