/* SPDX-License-Identifier: Apache-2.0 */
#include <sqlite3.h>
#include <time.h>

#include "ca/lists.h"
#include "core/crl.h"
#include "store/sqlite.h"
#include "store/test/files.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/*
 * A million entries in sixty-four shards: the list of each is made from the
 * store, and none of them reads the entries of another.
 */

#ifndef SCALE_ENTRIES
#define SCALE_ENTRIES 1000000
#endif
#define SHARDS       64
#define JANUARY_2031 INT64_C(1924992000)

/* What the process may grow by while lists are made: the page cache of the
 * store (sqlite.c), and little more. */
#define GROWTH_MAX_KB (16384 + 2048)

#define TEXT_(n) #n
#define TEXT(n)  TEXT_(n)

/* Serial numbers that rise, as ours do, and shards that do not. */
static const char fill[] =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
    "WHERE i < " TEXT(
        SCALE_ENTRIES) ") "
                       "INSERT INTO revocation (ca, serial, revoked, "
                       "invalid_since, expires, reason, shard) SELECT "
                       "'issuing', CAST(printf('%016d', i) AS BLOB), "
                       "1924000000, 0, 1999999999, i % 2 * 4, "
                       "1 + (i * 40503 >> 7) % 64 FROM n";

static void fill_store(const char *path)
{
    sqlite3 *db = NULL;

    CHECK(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
    CHECK(sqlite3_exec(db, fill, NULL, NULL, NULL) == SQLITE_OK);
    CHECK(sqlite3_close(db) == SQLITE_OK);
}

struct entries {
    struct store *store;
    struct store_revocations *walk;
};

static bm_status rewind_entries(void *self)
{
    struct entries *e = self;

    return e->store->revocations_rewind(e->walk);
}

static bm_status next_entry(void *self, struct bm_crl_entry *entry)
{
    struct entries *e = self;
    struct store_revocation row;

    BM_TRY(e->store->revocations_next(e->walk, &row));
    *entry = (struct bm_crl_entry){ .serial = row.serial,
                                    .revoked_at = row.revoked,
                                    .reason = row.reason };
    return BM_OK;
}

static bm_status count(void *self, struct bm_bytes octets)
{
    uint64_t *n = self;

    *n += octets.n;
    return BM_OK;
}

static struct bm_crl_writer writer;

/* Entries of the list; `*octets` grows by its length. */
static uint64_t make_shard(struct store *s, uint32_t shard, uint64_t *octets)
{
    const struct store_revocations_of of = { .ca = "issuing", .list = shard };
    struct entries entries = { .store = s };
    const struct bm_crl_source source = { &entries, rewind_entries,
                                          next_entry };
    const struct bm_crl_sink sink = { octets, count };
    const struct bm_signer *signer = bm_test_signer(BM_KEY_P256);
    struct bm_wr none = { NULL, 0, 0 };
    char url[CA_LIST_URL_MAX];
    uint8_t names[CA_LIST_URL_MAX + 8];
    uint8_t room[200];
    struct bm_wr w;
    struct bm_wr sig;
    struct bm_crl_idp idp = { .only_user_certs = true };
    struct bm_crl_config config = {
        .issuer = BM_LIT("\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02"
                         "CA"),
        .this_update = JANUARY_2031,
        .next_update = JANUARY_2031 + 86400,
        .number = BM_LIT("\1"),
        .aki = BM_LIT("k"),
        .crypto = bm_test_crypto(),
        .idp = &idp,
        .sig_alg = signer->alg,
    };
    uint64_t n;

    CHECK_STATUS(ca_list_url("http://ca.example", "issuing", shard, url),
                 BM_OK);
    bm_wr_init(&w, names, sizeof names);
    bm_general_name_put(&w, BM_GN_URI,
                        (struct bm_bytes){ (const uint8_t *)url, strlen(url) });
    idp.full_name = bm_wr_bytes(&w);
    bm_wr_init(&sig, room, sizeof room);
    CHECK_STATUS(s->revocations_open(s->self, &of, &entries.walk), BM_OK);
    CHECK_STATUS(bm_crl_writer_open(&writer, &config, &source), BM_OK);
    CHECK_STATUS(bm_crl_writer_sign(&writer, signer, &none, &sig), BM_OK);
    CHECK_STATUS(bm_crl_writer_put(&writer, bm_wr_bytes(&sig), &sink), BM_OK);
    n = bm_crl_writer_count(&writer);
    bm_crl_writer_close(&writer);
    s->revocations_close(entries.walk);
    return n;
}

/* Memory of our own: pages of the file that the store has mapped are not. */
static long own_kb(void)
{
    FILE *f = fopen("/proc/self/status", "re");
    char line[128];
    long kb = -1;

    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "RssAnon:", 8) == 0) {
            kb = strtol(line + 8, NULL, 10);
        }
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return kb;
}

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct store *open_store(const char *path, bool create)
{
    const struct store_sqlite_config config = { .path = path,
                                                .create = create };
    struct store *s = NULL;

    CHECK_STATUS(store_sqlite_open(&config, &s), BM_OK);
    return s;
}

static void a_million_entries_fit_into_shards(void)
{
    char path[FILES_PATH_MAX];
    struct store *s;
    uint64_t octets = 0;
    uint64_t all = 0;
    uint64_t most = 0;
    double start;
    double longest = 0;
    long before;
    long peak = 0;

    files_path("shards", path);
    s = open_store(path, true);
    s->close(s->self);
    fill_store(path);
    s = open_store(path, false);
    CHECK_STATUS(s->begin(s->self, STORE_READ), BM_OK);
    before = own_kb();
    start = seconds();
    for (uint32_t i = 1; i <= SHARDS; i++) {
        double from = seconds();
        uint64_t n = make_shard(s, i, &octets);

        longest = seconds() - from > longest ? seconds() - from : longest;
        most = n > most ? n : most;
        all += n;
        peak = own_kb() > peak ? own_kb() : peak;
    }
    printf("# %d entries, %d lists, %.1f MB, %.2f s, the longest %.0f ms; peak "
           "grew by %ld KB\n",
           SCALE_ENTRIES, SHARDS, (double)octets / 1e6, seconds() - start,
           longest * 1e3, peak - before);
    CHECK(all == SCALE_ENTRIES);
    CHECK(most < 2 * SCALE_ENTRIES / SHARDS);
    CHECK(before > 0 && peak - before <= GROWTH_MAX_KB);
    s->close(s->self);
}

int main(void)
{
    files_start();
    RUN(a_million_entries_fit_into_shards);
    files_end();
    return bm_test_done();
}
