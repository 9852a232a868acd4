/* SPDX-License-Identifier: Apache-2.0 */

/* The file: making, opening, migrating, copying, checking it. */
/* memmem() */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "store/test/faults.h"
#include "store/test/story.h"

#define ROWS 6

static void sql(const char *path, const char *text)
{
    sqlite3 *db = NULL;
    char *error = NULL;

    CHECK(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
    CHECK(sqlite3_exec(db, text, NULL, NULL, &error) == SQLITE_OK);
    if (error != NULL) {
        printf("# %s: %s\n", text, error);
        sqlite3_free(error);
    }
    CHECK(sqlite3_close(db) == SQLITE_OK);
}

static void make(const char *path, unsigned rows)
{
    struct store *s;

    files_remove(path);
    CHECK_STATUS(story_open(path, true, &s), BM_OK);
    for (unsigned i = 0; i < rows; i++) {
        CHECK(story_commit(s, i));
    }
    s->close(s->self);
}

static bm_status opens(const char *path, bool read_only)
{
    const struct store_sqlite_config config = { .path = path,
                                                .read_only = read_only,
                                                .index = &STORY_INDEX };
    struct store *s;
    bm_status rc = store_sqlite_open(&config, &s);

    CHECK((s == NULL) == (rc != BM_OK));
    if (s != NULL) {
        s->close(s->self);
    }
    return rc;
}

static void a_new_file_is_ours_alone(void)
{
    char path[FILES_PATH_MAX];
    char other[FILES_PATH_MAX + 8];
    struct stat st;
    struct store *s;

    files_path("new", path);
    (void)umask(0);
    CHECK_STATUS(opens(path, false), BM_E_NOT_FOUND);
    make(path, 1);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
    CHECK_STATUS(story_open(path, true, &s), BM_E_EXISTS);
    CHECK(s == NULL);
    CHECK_STATUS(story_open(path, false, &s), BM_OK);
    CHECK(story_commit(s, 1));
    (void)snprintf(other, sizeof other, "%s-wal", path);
    CHECK(stat(other, &st) == 0 && (st.st_mode & 07777) == 0600);
    s->close(s->self);
    CHECK(stat(other, &st) != 0); /* the log is in the file */
    (void)snprintf(other, sizeof other, "%s.new", path);
    CHECK(stat(other, &st) != 0);
}

static void a_log_without_its_file_is_not_overwritten(void)
{
    char path[FILES_PATH_MAX];
    char log[FILES_PATH_MAX + 8];
    struct store *s;
    int fd;

    files_path("lost", path);
    (void)snprintf(log, sizeof log, "%s-wal", path);
    fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK_STATUS(story_open(path, true, &s), BM_E_EXISTS);
    CHECK(unlink(log) == 0);
}

static void what_is_not_a_store_is_refused(void)
{
    char path[FILES_PATH_MAX];
    static const char junk[5000] = "not a database at all";
    FILE *f;

    files_path("junk", path);
    f = fopen(path, "we");
    CHECK(f != NULL && fwrite(junk, 1, sizeof junk, f) == sizeof junk &&
          fclose(f) == 0);
    CHECK_STATUS(opens(path, false), BM_E_STORE_CORRUPT);
    CHECK(truncate(path, 0) == 0);
    CHECK_STATUS(opens(path, false), BM_E_STORE_CORRUPT);
    sql(path, "CREATE TABLE setting (a); PRAGMA user_version = 1");
    CHECK_STATUS(opens(path, false), BM_E_STORE_CORRUPT);
    CHECK_STATUS(opens(path, true), BM_E_STORE_CORRUPT);
}

static void a_newer_version_is_refused(void)
{
    char path[FILES_PATH_MAX];

    files_path("newer", path);
    make(path, 1);
    sql(path, "PRAGMA user_version = 1000");
    CHECK_STATUS(opens(path, false), BM_E_STORE_VERSION);
    CHECK_STATUS(opens(path, true), BM_E_STORE_VERSION);
}

static void read_only_reads(void)
{
    char path[FILES_PATH_MAX];
    const struct store_sqlite_config config = { .path = path,
                                                .read_only = true,
                                                .index = &STORY_INDEX };
    struct store *s;

    files_path("read", path);
    make(path, ROWS);
    CHECK_STATUS(store_sqlite_open(&config, &s), BM_OK);
    CHECK_STATUS(s->begin(s->self, STORE_WRITE), BM_E_STORE_STATE);
    must_read(s);
    for (unsigned i = 0; i < ROWS; i++) {
        CHECK(story_parts(s, i) == STORY_PARTS);
    }
    s->close(s->self);
}

/* What a URI has a meaning for is a name like others. */
static void a_reader_beside_a_writer_sees_what_that_one_commits(void)
{
    char path[FILES_PATH_MAX];
    const struct store_sqlite_config config = { .path = path,
                                                .read_only = true,
                                                .beside_writer = true,
                                                .index = &STORY_INDEX };
    struct store *writer;
    struct store *s;

    files_path("100%41 of?it#all", path);
    make(path, 1);
    CHECK_STATUS(story_open(path, false, &writer), BM_OK);
    CHECK_STATUS(store_sqlite_open(&config, &s), BM_OK);
    CHECK_STATUS(s->begin(s->self, STORE_WRITE), BM_E_STORE_STATE);
    for (unsigned i = 1; i < ROWS; i++) {
        CHECK(story_commit(writer, i));
        must_read(s);
        CHECK(story_parts(s, i) == STORY_PARTS);
        s->rollback(s->self);
    }
    s->close(s->self);
    writer->close(writer->self);
}

/* Is it in the file, or in its log? */
static bool has(const char *path, const char *what)
{
    static uint8_t data[4 << 20];
    char name[FILES_PATH_MAX + 8];
    bool found = false;

    for (int i = 0; i < 2; i++) {
        FILE *f;
        size_t n;

        (void)snprintf(name, sizeof name, "%s%s", path, i == 0 ? "" : "-wal");
        f = fopen(name, "rb");
        n = f == NULL ? 0 : fread(data, 1, sizeof data, f);
        if (f != NULL) {
            CHECK(feof(f) != 0 && fclose(f) == 0);
        }
        found = found || memmem(data, n, what, strlen(what)) != NULL;
    }
    return found;
}

static void what_was_a_secret_is_in_neither_file_nor_log(void)
{
    static const char secret[] = "what a batch is encrypted under";
    struct store_batch_row row = { .batch = 7,
                                   .number = 1,
                                   .state = STORE_ROW_ISSUED,
                                   .key = BM_LIT("a key that was encrypted") };
    char path[FILES_PATH_MAX];
    struct store *s;

    files_path("erased", path);
    make(path, 1);
    CHECK_STATUS(story_open(path, false, &s), BM_OK);
    CHECK_STATUS(s->begin(s->self, STORE_WRITE), BM_OK);
    CHECK_STATUS(s->batch_secret_put(s->self, 7,
                                     (struct bm_bytes){ (const uint8_t *)secret,
                                                        strlen(secret) }),
                 BM_OK);
    CHECK_STATUS(s->batch_row_put(s->self, &row), BM_OK);
    CHECK_STATUS(s->commit(s->self), BM_OK);
    CHECK(has(path, secret) && has(path, "a key that was encrypted"));
    CHECK_STATUS(s->begin(s->self, STORE_WRITE), BM_OK);
    CHECK_STATUS(s->batch_secret_drop(s->self, 7), BM_OK);
    CHECK_STATUS(s->commit(s->self), BM_OK);
    CHECK(!has(path, secret) && has(path, "a key that was encrypted"));
    CHECK_STATUS(s->begin(s->self, STORE_WRITE), BM_OK);
    CHECK_STATUS(s->batch_forget(s->self, 7), BM_OK);
    CHECK_STATUS(s->commit(s->self), BM_OK);
    CHECK(!has(path, "a key that was encrypted"));
    s->close(s->self);
}

/* Takes back what the steps after version 3, and version 1, do. */
#define BACK_TO_3                                                      \
    "DROP TABLE signal; DROP TABLE shipping; DROP TABLE pull;"         \
    "DROP TABLE transfer; DROP TABLE transferred;"                     \
    "DROP INDEX device_line; ALTER TABLE device DROP COLUMN line;"     \
    "ALTER TABLE device DROP COLUMN came;"                             \
    "DROP INDEX certificate_due;"                                      \
    "DROP TABLE attribute; DROP INDEX device_state;"                   \
    "DROP INDEX certificate_expires;"                                  \
    "DROP TABLE destination; DROP TABLE outbox;"                       \
    "DROP TABLE batch; DROP TABLE batch_row; DROP TABLE batch_event;"  \
    "DROP TABLE batch_secret;"                                         \
    "DROP TABLE allocation; DROP TABLE profile_version;"               \
    "DROP INDEX organisation_ecosystem;"                               \
    "ALTER TABLE organisation DROP COLUMN suspended;"                  \
    "ALTER TABLE organisation DROP COLUMN open;"                       \
    "ALTER TABLE certificate DROP COLUMN version;"                     \
    "DROP INDEX event_claimed; ALTER TABLE event DROP COLUMN claimed;" \
    "DROP INDEX event_asked; DROP INDEX event_plain;"                  \
    "ALTER TABLE event DROP COLUMN asked;"                             \
    "DROP TABLE release; DROP TABLE release_item;"                     \
    "DROP TABLE assignment; DROP TABLE manifest;"                      \
    "DROP TABLE progress; DROP TABLE heard;"                           \
    "DROP TABLE progress_count;"                                       \
    "DROP TABLE attestation;"                                          \
    "DROP TABLE manufacturer; DROP TABLE manufacturer_list;"           \
    "DROP TABLE manufacturer_serial; DROP TABLE idevid;"               \
    "DROP INDEX revocation_shard; DROP INDEX revocation_expires;"      \
    "DROP TABLE revocation_change;"                                    \
    "ALTER TABLE ca DROP COLUMN shards;"                               \
    "ALTER TABLE ca DROP COLUMN ecosystem;"                            \
    "ALTER TABLE ecosystem DROP COLUMN own_list;"                      \
    "ALTER TABLE certificate DROP COLUMN shard;"                       \
    "ALTER TABLE revocation DROP COLUMN shard;"                        \
    "CREATE TABLE old (ca TEXT PRIMARY KEY, number INTEGER "           \
    "NOT NULL, this_update INTEGER NOT NULL, next_update INTEGER "     \
    "NOT NULL, der BLOB NOT NULL) STRICT, WITHOUT ROWID;"              \
    "INSERT INTO old SELECT ca, number, this_update, next_update, "    \
    "der FROM crl WHERE list = 0; DROP TABLE crl;"                     \
    "ALTER TABLE old RENAME TO crl; PRAGMA user_version = 3;"
#define BACK_TO_1                                                 \
    BACK_TO_3                                                     \
    "DROP INDEX device_organisation; DROP INDEX event_device;"    \
    "DROP INDEX certificate_tenant; DROP TABLE request;"          \
    "DROP TABLE reply; ALTER TABLE operator DROP COLUMN renewal;" \
    "ALTER TABLE operator DROP COLUMN scope_ecosystem;"           \
    "ALTER TABLE operator DROP COLUMN scope_organisation;"        \
    "ALTER TABLE operator DROP COLUMN cert_id;"                   \
    "ALTER TABLE token DROP COLUMN creator; PRAGMA user_version = 1"

/* A file as version 1 left it. */
static void make_version_1(const char *path)
{
    make(path, ROWS);
    sql(path, BACK_TO_1 ";"
                        "INSERT INTO operator VALUES ('first', 1, 1, 0, "
                        "zeroblob(32), 5), ('second', 2, 8, 1, "
                        "CAST(x'01' || zeroblob(31) AS BLOB), 6);"
                        "PRAGMA wal_checkpoint(TRUNCATE)");
}

static void forget_backups(const char *path)
{
    char name[FILES_PATH_MAX + 32];

    (void)snprintf(name, sizeof name, "%s.v1.bak", path);
    files_remove(name);
    for (unsigned i = 2; i <= 100; i++) {
        (void)snprintf(name, sizeof name, "%s.v1.bak.%u", path, i);
        files_remove(name);
    }
}

static void check_migrated(const char *path)
{
    bool acknowledged[ROWS];
    char name[FILES_PATH_MAX + 32];
    struct stat st;

    memset(acknowledged, 1, sizeof acknowledged);
    story_check(path, acknowledged, ROWS);
    (void)snprintf(name, sizeof name, "%s.v1.bak", path);
    CHECK(stat(name, &st) == 0 && (st.st_mode & 07777) == 0600);
    CHECK_STATUS(opens(name, true), BM_E_STORE_OLDER); /* it is the old one */
}

/* Administrators saw everything, others their organisation: as before. */
static void check_operators(const char *path)
{
    const struct store_scope all = { 0, 0 };
    const uint8_t none[STORE_HASH_SIZE] = { 0 };
    struct store_operator op;
    struct store *s;

    CHECK_STATUS(story_open(path, false, &s), BM_OK);
    if (s == NULL) {
        return;
    }
    must_read(s);
    CHECK_STATUS(s->operator_get(s->self, &all, "first", &op), BM_OK);
    CHECK(op.organisation == 1 && op.roles == 1 && !op.disabled &&
          op.created == 5 && op.cert_id == 0 && op.scope.ecosystem == 0 &&
          op.scope.organisation == 0 && memcmp(op.next, none, 32) == 0);
    CHECK_STATUS(s->operator_get(s->self, &all, "second", &op), BM_OK);
    CHECK(op.organisation == 2 && op.roles == 8 && op.disabled &&
          op.scope.ecosystem == 0 && op.scope.organisation == 2 &&
          memcmp(op.next, none, 32) == 0);
    s->close(s->self);
}

static void an_older_file_is_migrated_and_kept(void)
{
    char path[FILES_PATH_MAX];
    char name[FILES_PATH_MAX + 32];
    struct stat before;
    struct stat after;

    files_path("old", path);
    make_version_1(path);
    CHECK_STATUS(opens(path, true), BM_E_STORE_OLDER);
    CHECK_STATUS(opens(path, false), BM_OK);
    check_migrated(path);
    check_operators(path);
    /* A second migration does not touch the first copy. */
    (void)snprintf(name, sizeof name, "%s.v1.bak", path);
    CHECK(stat(name, &before) == 0);
    sql(path, BACK_TO_1);
    CHECK_STATUS(opens(path, false), BM_OK);
    CHECK(stat(name, &after) == 0 && after.st_ino == before.st_ino &&
          after.st_size == before.st_size);
    (void)snprintf(name, sizeof name, "%s.v1.bak.2", path);
    CHECK(stat(name, &after) == 0);
    forget_backups(path);
}

/* What a version before shards had of lists and certificates. */
/* What was told to all ecosystems is told to the first one's, whose list the
 * others that are there share; what is of a member, to its own. */
static void check_listed(struct store *s)
{
    const struct {
        const char *id;
        uint32_t ecosystem;
    } rows[] = {
        { "link", 0 }, { "cross-2", 1 }, { "member", 1 }, { "member-2", 2 }
    };
    const struct store_scope second = { 2, 0 };
    struct store_ca ca;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_STATUS(s->ca_get(s->self, &ALL, rows[i].id, &ca), BM_OK);
        CHECK(ca.ecosystem == rows[i].ecosystem);
        CHECK_STATUS(s->ca_get(s->self, &second, rows[i].id, &ca),
                     rows[i].ecosystem == 1 ? BM_E_NOT_FOUND : BM_OK);
    }
}

static void check_lists(const char *path)
{
    const struct store_revocations_of all = { .ca = "issuing" };
    struct store_revocations *walk = NULL;
    struct store_revocation row;
    struct store_cert cert;
    struct store_crl crl;
    struct store_ca ca;
    struct store *s;

    CHECK_STATUS(story_open(path, false, &s), BM_OK);
    if (s == NULL) {
        return;
    }
    must_read(s);
    CHECK_STATUS(s->ca_get(s->self, &ALL, "issuing", &ca), BM_OK);
    CHECK(ca.shards == 0 && ca.ecosystem == 0);
    check_listed(s);
    CHECK_STATUS(s->cert_get(s->self, &ALL, 1, &cert), BM_OK);
    CHECK(cert.shard == 0);
    CHECK_STATUS(s->crl_get(s->self, "issuing", STORE_LIST_COMPLETE, &crl),
                 BM_OK);
    CHECK(crl.number == 5 && crl.this_update == 6 && crl.next_update == 7 &&
          crl.published == 6 && crl.base == 0 &&
          bm_bytes_equal(crl.der, BM_LIT("list")));
    CHECK_STATUS(s->revocations_open(s->self, &all, &walk), BM_OK);
    CHECK_STATUS(s->revocations_next(walk, &row), BM_OK);
    CHECK(bm_bytes_equal(row.serial, BM_LIT("\x01")) && row.revoked == 10 &&
          row.expires == 12 && row.reason == 4 && row.shard == 0 && !row.gone);
    CHECK_STATUS(s->revocations_next(walk, &row), BM_E_END);
    s->revocations_close(walk);
    s->close(s->self);
}

static void lists_of_version_3_are_kept(void)
{
    char path[FILES_PATH_MAX];
    char name[FILES_PATH_MAX + 32];

    files_path("old", path);
    make(path, ROWS);
    sql(path, BACK_TO_3
        "INSERT OR REPLACE INTO ecosystem VALUES (2, 'Two', 1);"
        "INSERT INTO organisation VALUES (77, 2, 'South', 1);"
        "INSERT INTO ca VALUES ('issuing', 1, 2, 1, 'root', x'30', 'file:a',"
        " x'', '', 3), ('link', 0, 5, 1, 'root', x'30', '', x'', '', 3),"
        " ('cross-2', 0, 5, 1, 'root', x'30', '', x'', '', 3),"
        " ('member', 0, 6, 1, '', x'30', '', x'', '', 3),"
        " ('member-2', 77, 6, 1, '', x'30', '', x'', '', 3);"
        "INSERT INTO crl VALUES ('issuing', 5, 6, 7, CAST('list' AS BLOB));"
        "INSERT INTO revocation VALUES ('issuing', x'01', 10, 0, 12, 4)");
    CHECK_STATUS(opens(path, true), BM_E_STORE_OLDER);
    CHECK_STATUS(opens(path, false), BM_OK);
    (void)snprintf(name, sizeof name, "%s.v3.bak", path);
    CHECK_STATUS(opens(name, true), BM_E_STORE_OLDER);
    check_lists(path);
    files_remove(name);
}

static bm_status checked(const char *path)
{
    struct store *s;
    uint8_t words[2000];
    struct bm_wr w;
    bm_status rc;

    rc = story_open(path, false, &s);
    if (rc != BM_OK) {
        return rc;
    }
    bm_wr_init(&w, words, sizeof words);
    rc = s->check(s->self, &w);
    CHECK((rc == BM_OK) == (w.len == 0));
    s->close(s->self);
    return rc;
}

/* Of version 21: another column stands within the key. */
static void attributes_of_version_21_are_kept(void)
{
    char path[FILES_PATH_MAX];
    char name[FILES_PATH_MAX + 32];
    struct store_attribute a = { .organisation = 1,
                                 .kind = STORE_ATTRIBUTE_SHARED,
                                 .value = "M1" };
    struct store *s;
    uint64_t device = 0;

    files_path("old", path);
    make(path, ROWS);
    sql(path, "DROP TABLE attribute; CREATE TABLE attribute ("
              "device INTEGER NOT NULL, organisation INTEGER NOT NULL,"
              "kind INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"
              "PRIMARY KEY (device, kind, name, value)) STRICT, WITHOUT ROWID;"
              "CREATE INDEX attribute_shared ON attribute"
              "(organisation, kind, name, value, device) WHERE kind >= 32;"
              "INSERT INTO attribute VALUES (2, 1, 32, '', 'M1');"
              "PRAGMA user_version = 21");
    CHECK_STATUS(story_open(path, false, &s), BM_OK);
    must_read(s);
    CHECK_STATUS(s->attribute_next(s->self, &a, &device), BM_OK);
    CHECK(device == 2);
    s->close(s->self);
    CHECK_STATUS(checked(path), BM_OK);
    (void)snprintf(name, sizeof name, "%s.v21.bak", path);
    files_remove(name);
}

static void copy_file(const char *from, const char *to)
{
    static char octets[1 << 20];
    FILE *in = fopen(from, "re");
    FILE *out = fopen(to, "we");
    size_t n = 0;

    CHECK(in != NULL && out != NULL);
    if (in != NULL) {
        n = fread(octets, 1, sizeof octets, in);
        CHECK(n < sizeof octets);
        (void)fclose(in);
    }
    if (out != NULL) {
        CHECK(fwrite(octets, 1, n, out) == n);
        CHECK(fclose(out) == 0);
    }
}

/* Die in the middle of operation `at` of a migration; false: it was done. */
static bool killed_at(const char *path, unsigned long at)
{
    int status = 0;
    pid_t pid;

    (void)fflush(stdout);
    pid = fork();
    if (pid == 0) {
        faults_start();
        faults_set(FAULT_KILLED, at);
        _exit(opens(path, false) == BM_OK ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void a_migration_may_die_at_any_write(void)
{
    char start[FILES_PATH_MAX];
    char path[FILES_PATH_MAX];
    unsigned long at = 0;
    bool killed = true;

    files_path("start", start);
    files_path("old", path);
    make_version_1(start);
    while (killed && bm_test_failed == 0) {
        files_remove(path);
        forget_backups(path);
        copy_file(start, path);
        killed = killed_at(path, ++at);
        CHECK_STATUS(opens(path, false), BM_OK);
        check_migrated(path);
        if (bm_test_failed != 0) {
            printf("# operation %lu\n", at);
        }
    }
    CHECK(at > 30);
    forget_backups(path);
}

static void a_copy_is_whole_while_others_write(void)
{
    char path[FILES_PATH_MAX];
    char copy[FILES_PATH_MAX];
    bool all[ROWS];
    struct store *s;
    struct store *other;
    struct stat st;

    files_path("whole", path);
    files_path("copy", copy);
    memset(all, 1, sizeof all);
    make(path, ROWS);
    CHECK_STATUS(story_open(path, false, &s), BM_OK);
    CHECK_STATUS(story_open(path, false, &other), BM_OK);
    must_begin(other);
    CHECK_STATUS(story_put(other, ROWS), BM_OK);
    CHECK_STATUS(s->backup(s->self, copy, NULL, NULL), BM_OK);
    must_commit(other);
    CHECK(stat(copy, &st) == 0 && (st.st_mode & 07777) == 0600);
    CHECK_STATUS(s->backup(s->self, copy, NULL, NULL), BM_E_EXISTS);
    CHECK_STATUS(s->backup(s->self, "/nowhere/copy", NULL, NULL),
                 BM_E_NOT_FOUND);
    must_read(s);
    CHECK_STATUS(s->backup(s->self, "/nowhere/copy", NULL, NULL),
                 BM_E_STORE_STATE);
    s->close(s->self);
    other->close(other->self);
    story_check(copy, all, ROWS);
    CHECK_STATUS(story_open(copy, false, &s), BM_OK);
    must_read(s);
    CHECK(story_parts(s, ROWS) == 0); /* it was not committed then */
    s->close(s->self);
}

struct busy {
    struct store *s;
    unsigned n;
    uint64_t done;
    uint64_t total;
};

/* Between any two steps of the copy somebody commits. */
static void write_meanwhile(void *arg, uint64_t done, uint64_t total)
{
    struct busy *busy = arg;

    CHECK(done >= busy->done && done <= total && total > 0);
    busy->done = done;
    busy->total = total;
    CHECK(story_commit(busy->s, busy->n));
    busy->n++;
}

static void a_copy_ends_although_others_commit(void)
{
    char path[FILES_PATH_MAX];
    char copy[FILES_PATH_MAX];
    bool all[ROWS];
    struct busy busy = { .n = 100 };
    struct store *s;

    files_path("whole", path);
    files_path("copy-2", copy);
    memset(all, 1, sizeof all);
    make(path, ROWS);
    CHECK_STATUS(story_open(path, false, &busy.s), BM_OK);
    must_begin(busy.s); /* large enough for several steps */
    for (unsigned i = 0; i < 20; i++) {
        static uint8_t octets[1000000];
        char name[32];

        (void)snprintf(name, sizeof name, "large-%u", i);
        CHECK_STATUS(busy.s->setting_put(busy.s->self, name, BM_ARRAY(octets)),
                     BM_OK);
    }
    must_commit(busy.s);
    CHECK_STATUS(story_open(path, false, &s), BM_OK);
    CHECK_STATUS(s->backup(s->self, copy, write_meanwhile, &busy), BM_OK);
    CHECK(busy.n > 102 && busy.done == busy.total);
    s->close(s->self);
    busy.s->close(busy.s->self);
    story_check(copy, all, ROWS);
    CHECK_STATUS(story_open(copy, false, &s), BM_OK);
    must_read(s);
    CHECK(story_parts(s, 100) == 0);
    s->close(s->self);
}

static void a_check_finds_what_is_wrong(void)
{
    static const char *const wrong[] = {
        "DELETE FROM claim_page WHERE id = (SELECT min(id) FROM claim_page)",
        "UPDATE claim_page SET entries = zeroblob(length(entries)) WHERE id = "
        "(SELECT max(id) FROM claim_page)",
        "UPDATE claim_page SET entries = x'' WHERE id = "
        "(SELECT max(id) FROM claim_page)",
        "DELETE FROM claim_segment WHERE id = "
        "(SELECT min(id) FROM claim_segment)",
        "UPDATE claim_segment SET entries = entries - 1",
        "UPDATE claim_segment SET data = zeroblob(length(data))",
        "UPDATE claim_segment SET data = x'01'",
        "UPDATE claim_segment SET last = zeroblob(24)",
        "UPDATE claim_segment SET pages = 4000000000",
        "UPDATE claim_run SET level = 1000",
        "UPDATE claim_recent SET entries = x'00'",
        "DELETE FROM claim_recent",
        "UPDATE device SET name = 'other' WHERE id = 1",
        "UPDATE device SET organisation = 7 WHERE id = 2",
    };
    char path[FILES_PATH_MAX];

    files_path("wrong", path);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        make(path, ROWS);
        CHECK_STATUS(checked(path), BM_OK);
        sql(path, wrong[i]);
        CHECK_STATUS(checked(path), BM_E_STORE_CORRUPT);
        if (bm_test_failed != 0) {
            printf("# after: %s\n", wrong[i]);
            break;
        }
    }
}

/* Rows that somebody has made larger than our arrays. */
static void rows_beyond_their_bounds_are_refused(void)
{
    static const char *const wrong[] = {
        "UPDATE certificate SET serial = zeroblob(21)",
        "UPDATE certificate SET serial = x''",
        "UPDATE certificate SET ca = printf('%64d', 1)",
        "UPDATE certificate SET profile = printf('%70000d', 1)",
        "UPDATE certificate SET profile = 'a' || char(0) || 'b'",
        "UPDATE certificate SET key = zeroblob(31)",
        "UPDATE certificate SET key = zeroblob(33)",
        "UPDATE certificate SET status = 7",
        "UPDATE certificate SET status = -1",
        "UPDATE certificate SET reason = 256",
        "UPDATE certificate SET organisation = 4294967296",
        "UPDATE certificate SET device = -1",
        "UPDATE certificate SET superseded = -1",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
        "replace(sql, ' STRICT', '') WHERE name = 'certificate'; "
        "PRAGMA schema_version = 77; PRAGMA writable_schema = RESET; "
        "UPDATE certificate SET key = 'text', serial = x'01'",
    };
    char path[FILES_PATH_MAX];

    files_path("bounds", path);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct store *s;
        struct store_cert cert;

        make(path, 0);
        CHECK_STATUS(story_open(path, false, &s), BM_OK);
        must_begin(s);
        CHECK_STATUS(story_cert(s, 1, 0, 0), BM_OK);
        must_commit(s);
        s->close(s->self);
        sql(path, wrong[i]);
        CHECK_STATUS(story_open(path, false, &s), BM_OK);
        must_read(s);
        CHECK_STATUS(s->cert_get(s->self, &ALL, 1, &cert), BM_E_STORE_CORRUPT);
        s->close(s->self);
        if (bm_test_failed != 0) {
            printf("# after: %s\n", wrong[i]);
            break;
        }
    }
}

/* Any octet of the file changed: an answer or a refusal, never a crash. */
/* Whoever can write to the file may leave code in it. */
static void what_the_file_would_do_by_itself_is_not_done(void)
{
    char path[FILES_PATH_MAX];
    struct bm_bytes value;
    struct store *s;

    files_path("code", path);
    make(path, ROWS);
    sql(path, "CREATE TRIGGER mine AFTER INSERT ON setting BEGIN "
              "UPDATE setting SET value = x'00' WHERE name = 'trap'; END");
    CHECK_STATUS(story_open(path, false, &s), BM_OK);
    CHECK_STATUS(s->begin(s->self, STORE_WRITE), BM_OK);
    CHECK_STATUS(s->setting_put(s->self, "trap", BM_LIT("sprung?")), BM_OK);
    CHECK_STATUS(s->setting_get(s->self, "trap", &value), BM_OK);
    CHECK(bm_bytes_are(value, "sprung?", 7));
    CHECK_STATUS(s->commit(s->self), BM_OK);
    s->close(s->self);

    sql(path, "DROP TRIGGER mine; ALTER TABLE setting RENAME TO hidden;"
              "CREATE VIEW setting AS SELECT * FROM hidden");
    if (story_open(path, false, &s) == BM_OK) {
        CHECK(s->begin(s->self, STORE_READ) != BM_OK);
        s->close(s->self);
    }
}

static void a_damaged_file_does_no_harm(void)
{
    char start[FILES_PATH_MAX];
    char path[FILES_PATH_MAX];
    struct stat st;
    unsigned refused = 0;

    files_path("start", start);
    files_path("damaged", path);
    make(start, ROWS);
    CHECK(stat(start, &st) == 0);
    for (off_t at = 0; at < st.st_size; at += at < 8192 ? 7 : 397) {
        struct store *s;
        uint8_t octet = 0;
        int fd;

        files_remove(path);
        copy_file(start, path);
        fd = open(path, O_RDWR | O_CLOEXEC);
        CHECK(fd >= 0 && pread(fd, &octet, 1, at) == 1);
        octet ^= (uint8_t)(1U << (at % 8));
        CHECK(pwrite(fd, &octet, 1, at) == 1 && close(fd) == 0);
        if (story_open(path, false, &s) != BM_OK) {
            refused++;
            continue;
        }
        if (s->begin(s->self, STORE_WRITE) == BM_OK) {
            uint8_t words[100];
            struct bm_wr w;

            bm_wr_init(&w, words, sizeof words);
            refused += s->check(s->self, &w) != BM_OK;
            (void)story_put(s, 50);
            (void)s->commit(s->self);
        }
        s->close(s->self);
    }
    CHECK(refused > 10);
}

int main(void)
{
    files_start();
    RUN(a_new_file_is_ours_alone);
    RUN(a_log_without_its_file_is_not_overwritten);
    RUN(what_is_not_a_store_is_refused);
    RUN(a_newer_version_is_refused);
    RUN(read_only_reads);
    RUN(a_reader_beside_a_writer_sees_what_that_one_commits);
    RUN(what_was_a_secret_is_in_neither_file_nor_log);
    RUN(an_older_file_is_migrated_and_kept);
    RUN(lists_of_version_3_are_kept);
    RUN(attributes_of_version_21_are_kept);
    RUN(a_migration_may_die_at_any_write);
    RUN(a_copy_is_whole_while_others_write);
    RUN(a_copy_ends_although_others_commit);
    RUN(a_check_finds_what_is_wrong);
    RUN(rows_beyond_their_bounds_are_refused);
    RUN(what_the_file_would_do_by_itself_is_not_done);
    RUN(a_damaged_file_does_no_harm);
    files_end();
    return bm_test_done();
}
