/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_CA_AUDIT_H
#define BM_TESTS_CA_AUDIT_H

/* Verifying the ledger of a world, and what was found. */
#include <time.h>

#include "tests/ca/world.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

static struct world world;

/* Findings, as they come. */
struct findings {
    size_t n;
    bm_status status[64];
    char words[64][CA_REFUSAL_WORDS_MAX];
    uint64_t done;
    uint64_t total;
    unsigned waited;
};

static bool patient; /* a server is at work */

static inline void find(void *arg, const struct ca_refusal *why)
{
    struct findings *f = arg;

    if (f->n < 64) {
        f->status[f->n] = why->status;
        memcpy(f->words[f->n], why->words, sizeof why->words);
    }
    f->n++;
}

static inline void progress(void *arg, uint64_t done, uint64_t total)
{
    struct findings *f = arg;

    CHECK(done >= f->done && done <= total);
    f->done = done;
    f->total = total;
}

static inline bool again(void *arg)
{
    const struct timespec moment = { 0, 20000000 };
    struct findings *f = arg;

    nanosleep(&moment, NULL);
    return f->waited++ < 500;
}

/* With the store and the ledger alone: an instance would not open with some
 * of what is done to it below. `journal` may be NULL. */
static inline bm_status verify_with(struct findings *f, const char *journal,
                                    struct bm_bytes against,
                                    struct ca_ledger_summary *summary)
{
    const struct ca_ledger_audit audit = { .journal = journal,
                                           .against = against,
                                           .arg = f,
                                           .finding = find,
                                           .progress = progress,
                                           .again = patient ? again : NULL };
    struct store *store = world_store(&world);
    struct ca_ledger *ledger = world_ledger(&world, store);
    bm_status rc;

    memset(f, 0, sizeof *f);
    rc = ca_ledger_verify(ledger, &audit, summary);
    ca_ledger_close(ledger);
    store->close(store->self);
    return rc;
}

static inline bm_status verify(struct findings *f, struct bm_bytes against,
                               struct ca_ledger_summary *summary)
{
    char journal[512];

    snprintf(journal, sizeof journal, "%s", world_path(&world, "journal"));
    return verify_with(f, journal, against, summary);
}

static const struct bm_bytes nothing = { NULL, 0 };

static inline void print(const struct findings *f)
{
    for (size_t i = 0; i < f->n && i < 8; i++) {
        printf("#   %s: %s\n", bm_status_text(f->status[i]), f->words[i]);
    }
}

#define ONE(id) " WHERE id = " id
/* A row that is made of another one, whatever its columns are. */
#define COPY(table)   "CREATE TEMP TABLE copy AS SELECT * FROM " table
#define INSERT(table) "INSERT INTO " table " SELECT * FROM copy"

/* One thing that somebody with the database could do. */
struct tamper {
    const char *what;
    const char *sql;
    bm_status status; /* of the first finding */
};

static inline void check_tampers(const struct tamper *tampers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ca_ledger_summary summary;
        struct findings f;
        bm_status rc;

        world_restore(&world);
        CHECK(world_sql(&world, tampers[i].sql));
        rc = verify(&f, nothing, &summary);
        if (rc != tampers[i].status) {
            printf("# %s: %zu findings\n", tampers[i].what, f.n);
            print(&f);
        }
        CHECK_STATUS(rc, tampers[i].status);
        CHECK(f.n != 0 && f.n == summary.findings);
        CHECK(f.status[0] == rc);
    }
    world_restore(&world);
}

#endif
