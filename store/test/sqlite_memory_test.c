/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Memory that runs out: each allocation of a story fails in turn, ours (the
 * linker puts these wrappers in front) and SQLite's.
 */
#include <sqlite3.h>
#include <stdlib.h>

#include "store/test/story.h"

#define STEPS 8

static unsigned long allocations;
static unsigned long fail_at; /* 0: none */
static bool failed;

static bool fails(void)
{
    allocations++;
    if (fail_at != 0 && allocations == fail_at) {
        failed = true;
        return true;
    }
    return false;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

static sqlite3_mem_methods real;

static void *memory_get(int n)
{
    return fails() ? NULL : real.xMalloc(n);
}

static void *memory_change(void *p, int n)
{
    return fails() ? NULL : real.xRealloc(p, n);
}

/* Before SQLite is used for the first time. */
static void wrap_sqlite(void)
{
    sqlite3_mem_methods ours;

    CHECK(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) == SQLITE_OK);
    ours = real;
    ours.xMalloc = memory_get;
    ours.xRealloc = memory_change;
    CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK);
    CHECK(sqlite3_initialize() == SQLITE_OK);
}

static void play(const char *path, bool acknowledged[STEPS])
{
    struct store *s;
    bm_status rc = story_open(path, true, &s);

    memset(acknowledged, 0, STEPS * sizeof *acknowledged);
    if (rc != BM_OK) {
        CHECK_STATUS(rc, BM_E_MEMORY);
        CHECK(s == NULL);
        return;
    }
    for (unsigned i = 0; i < STEPS; i++) {
        acknowledged[i] = story_commit(s, i);
    }
    s->close(s->self);
}

static void memory_that_runs_out_loses_nothing(void)
{
    char path[FILES_PATH_MAX];
    bool acknowledged[STEPS];
    unsigned long at = 0;

    files_path("memory", path);
    do {
        at += at < 400 ? 1 : 1 + at / 100; /* many are alike */
        files_remove(path);
        allocations = 0;
        failed = false;
        fail_at = at;
        play(path, acknowledged);
        fail_at = 0;
        if (access(path, F_OK) == 0) {
            story_check(path, acknowledged, STEPS);
        }
        if (bm_test_failed != 0) {
            printf("# allocation %lu\n", at);
        }
    } while (failed && bm_test_failed == 0);
    CHECK(at > 500);
}

static bm_status call(struct store *s, unsigned which)
{
    struct seen seen = { .n = 0 };
    const struct store_visit refs = { &seen, see_ref };
    const struct store_visit certs = { &seen, see_cert };
    const struct store_cert_filter filter = { .device = 1 };
    const struct store_revocations_of of = { .ca = "issuing" };
    struct store_revocations *walk = NULL;
    struct store_device d;
    struct store_cert cert;
    struct bm_bytes v;
    uint8_t hash[STORE_HASH_SIZE];
    bm_status rc;

    switch (which) {
    case 0:
        return s->setting_get(s->self, "SN-1", &v);
    case 1:
        return s->device_find(s->self, 1, "SN-1", &d);
    case 2:
        story_hash(1, 0, hash);
        rc = s->claim_list(s->self, STORE_CLAIM_KEY, hash, &refs);
        return rc == BM_OK && seen.n == 0 ? BM_E_NOT_FOUND : rc;
    case 3:
        return s->cert_list(s->self, &ALL, &filter, &certs);
    case 4:
        return s->cert_get(s->self, &ALL, 1, &cert);
    default:
        rc = s->revocations_open(s->self, &of, &walk);
        s->revocations_close(walk);
        return rc;
    }
}

#define CALLS 6

/* A refusal for want of memory, never a wrong answer; and later the answer. */
static void a_read_without_memory_is_refused(void)
{
    char path[FILES_PATH_MAX];
    bool acknowledged[STEPS];
    struct store *s;

    files_path("memory", path);
    files_remove(path);
    play(path, acknowledged);
    for (unsigned which = 0; which < CALLS; which++) {
        unsigned long at = 0;

        do {
            bm_status rc;

            CHECK_STATUS(story_open(path, false, &s), BM_OK);
            must_read(s);
            allocations = 0;
            failed = false;
            fail_at = ++at;
            rc = call(s, which);
            fail_at = 0;
            /* SQLite can do without some */
            CHECK(rc == BM_OK || (failed && rc == BM_E_MEMORY));
            s->rollback(s->self);
            must_read(s);
            CHECK_STATUS(call(s, which), BM_OK);
            s->close(s->self);
        } while (failed && bm_test_failed == 0);
        CHECK(at > 1);
    }
}

int main(void)
{
    wrap_sqlite();
    files_start();
    RUN(memory_that_runs_out_loses_nothing);
    RUN(a_read_without_memory_is_refused);
    files_end();
    return bm_test_done();
}
