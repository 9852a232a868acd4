/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_STORY_H
#define BM_STORE_TEST_STORY_H

#include <errno.h>
#include <sys/wait.h>

#include "store/sqlite.h"
#include "store/test/contract.h"
#include "store/test/files.h"

/*
 * Numbered transactions, for tests in which something goes wrong: each puts a
 * device, two certificates, claims, a leaf and a setting, all made from its
 * number, so that it can be said later whether all of it is there or nothing.
 * The index is so small that runs are made and merged all the time.
 */

static const struct index_params STORY_INDEX = { 1 << 16, 16, 2, 4, 2 };

static inline bm_status story_open(const char *path, bool create,
                                   struct store **s)
{
    const struct store_sqlite_config config = { .path = path,
                                                .create = create,
                                                .index = &STORY_INDEX };

    return store_sqlite_open(&config, s);
}

static inline void story_hash(unsigned n, unsigned k,
                              uint8_t hash[STORE_HASH_SIZE])
{
    uint64_t x = (n * UINT64_C(8) + k + 1) * UINT64_C(0x9e3779b97f4a7c15);

    memset(hash, 0, STORE_HASH_SIZE);
    for (size_t i = 0; i < 16; i++) {
        x ^= x >> 29;
        x *= UINT64_C(0xbf58476d1ce4e5b9);
        hash[i] = (uint8_t)(x >> 56);
    }
}

static inline bm_status story_cert(struct store *s, unsigned n, unsigned k,
                                   uint64_t device)
{
    struct made_cert m;
    uint8_t hash[STORE_HASH_SIZE];

    make_cert(&m, (uint64_t)n * 2 + k);
    m.row.device = device;
    story_hash(n, k, hash);
    BM_TRY(s->next_cert(s->self, &m.row.id));
    BM_TRY(s->cert_put(s->self, &m.row));
    BM_TRY(s->claim_put(s->self, STORE_CLAIM_KEY, hash, m.row.id));
    return s->claim_put(s->self, STORE_CLAIM_IDENTIFIER, hash, m.row.id);
}

static inline void story_name(unsigned n, char name[32])
{
    (void)snprintf(name, 32, "SN-%u", n);
}

static inline bm_status story_put(struct store *s, unsigned n)
{
    struct store_device d = { .organisation = 1, .state = STORE_DEVICE_BORN };
    struct store_leaf leaf = {
        .tree = 1, .index = n, .organisation = 1, .record = BM_LIT("record")
    };
    char name[32];

    story_name(n, name);
    NAME(d.name, name);
    BM_TRY(s->device_put(s->self, &d));
    BM_TRY(story_cert(s, n, 0, d.id));
    BM_TRY(story_cert(s, n, 1, d.id));
    BM_TRY(s->leaf_put(s->self, &leaf));
    return s->setting_put(s->self, name, text_of(name));
}

/* One transaction; false: not acknowledged. */
static inline bool story_commit(struct store *s, unsigned n)
{
    if (s->begin(s->self, STORE_WRITE) != BM_OK) {
        return false;
    }
    if (story_put(s, n) != BM_OK) {
        s->rollback(s->self);
        return false;
    }
    return s->commit(s->self) == BM_OK;
}

/* How many of the parts of transaction `n` are there. */
#define STORY_PARTS 9
static inline unsigned story_parts(struct store *s, unsigned n)
{
    struct store_cert_filter filter = { 0 };
    struct store_device d;
    struct store_leaf leaf;
    struct bm_bytes v;
    char name[32];
    unsigned parts = 0;

    story_name(n, name);
    parts += s->setting_get(s->self, name, &v) == BM_OK;
    parts += s->leaf_get(s->self, 1, n, &leaf) == BM_OK;
    if (s->device_find(s->self, 1, name, &d) == BM_OK) {
        struct seen seen = { .n = 0 };
        const struct store_visit visit = { &seen, see_cert };

        filter.device = d.id;
        parts += 1;
        CHECK_STATUS(s->cert_list(s->self, &ALL, &filter, &visit), BM_OK);
        parts += (unsigned)seen.n;
    }
    for (unsigned k = 0; k < 2; k++) {
        struct seen seen = { .n = 0 };
        const struct store_visit visit = { &seen, see_ref };
        uint8_t hash[STORE_HASH_SIZE];

        story_hash(n, k, hash);
        CHECK_STATUS(s->claim_list(s->self, STORE_CLAIM_KEY, hash, &visit),
                     BM_OK);
        CHECK_STATUS(
            s->claim_list(s->self, STORE_CLAIM_IDENTIFIER, hash, &visit),
            BM_OK);
        parts += (unsigned)seen.n;
    }
    return parts;
}

/* All of it where it was acknowledged; all or nothing elsewhere; and the
 * medium is sound. */
static inline void story_check(const char *path, const bool *acknowledged,
                               unsigned n)
{
    struct store *s;
    uint8_t words[1000];
    struct bm_wr w;

    CHECK_STATUS(story_open(path, false, &s), BM_OK);
    if (s == NULL) {
        return;
    }
    must_read(s);
    for (unsigned i = 0; i < n; i++) {
        unsigned parts = story_parts(s, i);

        if (acknowledged[i] ? parts != STORY_PARTS
                            : parts != STORY_PARTS && parts != 0) {
            printf("# transaction %u, acknowledged: %d, has %u parts\n", i,
                   acknowledged[i], parts);
            CHECK(!"all or nothing");
        }
    }
    bm_wr_init(&w, words, sizeof words);
    CHECK_STATUS(s->check(s->self, &w), BM_OK);
    if (w.len != 0 && w.len < sizeof words) {
        printf("# %.*s\n", (int)w.len, (const char *)words);
    }
    s->rollback(s->self);
    CHECK(story_commit(s, 1000)); /* it goes on */
    s->close(s->self);
}

#endif
