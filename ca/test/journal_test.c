/* SPDX-License-Identifier: Apache-2.0 */
/* mkdtemp(), fork() */
#define _DEFAULT_SOURCE

#include "ca/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ca/journal_internal.h"
#include "store/store.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/* A segment that is soon full. */
#define SMALL 8

static const struct bm_crypto *crypto;
static char dir[64];

static void new_dir(void)
{
    snprintf(dir, sizeof dir, "/tmp/bm-journal-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        printf("Bail out! no directory\n");
        exit(1);
    }
}

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void remove_dir(void)
{
    char name[JOURNAL_NAME_MAX];

    for (uint64_t i = 1; i < 4096; i++) {
        journal_name(i, name);
        if (unlink(path_of(name)) != 0) {
            break;
        }
    }
    (void)unlink(path_of("new.journal"));
    CHECK(rmdir(dir) == 0);
}

static struct ca_journal_entry cert(uint32_t i)
{
    struct ca_journal_entry e = { .kind = CA_JOURNAL_CERT,
                                  .time = 1790000000 + i,
                                  .serial_n = 16 };

    memcpy(e.serial, &i, sizeof i);
    memset(e.hash, (int)i, sizeof e.hash);
    memcpy(e.key, "issuing0", 8);
    return e;
}

static uint64_t highest(const struct ca_journal *j, const char *key)
{
    struct ca_journal_lists lists;

    ca_journal_lists(j, (const uint8_t *)key, &lists);
    return lists.number;
}

static struct ca_journal_entry crl(const char *key, uint64_t number)
{
    struct ca_journal_entry e = { .kind = CA_JOURNAL_CRL, .number = number };

    memcpy(e.key, key, 8);
    return e;
}

static struct ca_journal_entry checkpoint(uint64_t size)
{
    struct ca_journal_entry e = {
        .kind = CA_JOURNAL_CHECKPOINT, .time = -1, .tree = 1, .number = size
    };

    memset(e.hash, (int)size, sizeof e.hash);
    return e;
}

static bool same(const struct ca_journal_entry *a,
                 const struct ca_journal_entry *b)
{
    return a->kind == b->kind && a->time == b->time &&
           a->serial_n == b->serial_n && a->number == b->number &&
           a->list == b->list && a->dated == b->dated &&
           a->this_update == b->this_update && a->base == b->base &&
           a->tree == b->tree &&
           memcmp(a->serial, b->serial, sizeof a->serial) == 0 &&
           memcmp(a->hash, b->hash, sizeof a->hash) == 0 &&
           memcmp(a->key, b->key, sizeof a->key) == 0;
}

/* What a walk is expected to see. */
struct expected {
    const struct ca_journal_entry *entries;
    size_t n;
    size_t seen;
    bool differs;
};

static bm_status see(void *arg, const struct ca_journal_entry *entry)
{
    struct expected *x = arg;

    if (x->entries != NULL) {
        x->differs |= x->seen >= x->n || !same(entry, &x->entries[x->seen]);
    }
    x->seen++;
    return BM_OK;
}

static bm_status walk(bool from_checkpoint, size_t *seen)
{
    struct expected x = { NULL, 0, 0, false };
    bm_status rc = ca_journal_walk(dir, crypto, from_checkpoint, &x, see);

    *seen = x.seen;
    return rc;
}

static struct ca_journal *must_open(uint64_t size)
{
    struct ca_journal *j = NULL;

    CHECK_STATUS(journal_open(dir, crypto, size, &j), BM_OK);
    if (j == NULL) {
        printf("Bail out! no journal\n");
        exit(1);
    }
    return j;
}

static void what_was_appended_is_walked_over(void)
{
    struct ca_journal_entry entries[6];
    struct expected x = { entries, 6, 0, false };
    struct ca_journal_entry last;
    struct ca_journal *j;

    new_dir();
    entries[0] = cert(1);
    entries[1] = crl("issuing0", 5);
    entries[2] = checkpoint(7);
    entries[3] = crl("operatio", 2);
    entries[4] = cert(2);
    entries[5] = cert(3);
    j = must_open(CA_JOURNAL_SEGMENT);
    CHECK(!ca_journal_checkpoint(j, &last));
    CHECK(highest(j, "issuing0") == 0);
    CHECK_STATUS(ca_journal_append(j, entries, 2), BM_OK);
    CHECK_STATUS(ca_journal_append(j, entries + 2, 0), BM_OK);
    CHECK_STATUS(ca_journal_append(j, entries + 2, 4), BM_OK);
    for (int again = 0; again < 2; again++) {
        CHECK(ca_journal_checkpoint(j, &last) && same(&last, &entries[2]));
        CHECK(highest(j, "issuing0") == 5);
        CHECK(highest(j, "operatio") == 2);
        CHECK(highest(j, "somebody") == 0);
        ca_journal_close(j);
        j = must_open(CA_JOURNAL_SEGMENT);
    }
    ca_journal_close(j);
    CHECK_STATUS(ca_journal_walk(dir, crypto, false, &x, see), BM_OK);
    CHECK(x.seen == 6 && !x.differs);
    x = (struct expected){ entries + 3, 3, 0, false };
    CHECK_STATUS(ca_journal_walk(dir, crypto, true, &x, see), BM_OK);
    CHECK(x.seen == 3 && !x.differs);
    remove_dir();
}

static void one_writer_at_a_time(void)
{
    struct ca_journal *a;
    struct ca_journal *b = NULL;
    size_t seen;

    new_dir();
    a = must_open(SMALL);
    CHECK_STATUS(journal_open(dir, crypto, SMALL, &b), BM_E_BUSY);
    CHECK(b == NULL);
    CHECK_STATUS(walk(false, &seen), BM_OK); /* readers need no lock */
    ca_journal_close(a);
    a = must_open(SMALL);
    ca_journal_close(a);
    remove_dir();
    CHECK_STATUS(journal_open(dir, crypto, SMALL, &b), BM_E_NOT_FOUND);
    CHECK_STATUS(walk(false, &seen), BM_E_NOT_FOUND);
}

static void what_is_no_entry_is_not_appended(void)
{
    struct ca_journal_entry e = cert(1);
    struct ca_journal *j;
    size_t seen;

    new_dir();
    j = must_open(SMALL);
    e.kind = JOURNAL_CARRIED_CRL;
    CHECK_STATUS(ca_journal_append(j, &e, 1), BM_E_ARGUMENT);
    e = cert(1);
    e.serial_n = 21;
    CHECK_STATUS(ca_journal_append(j, &e, 1), BM_E_ARGUMENT);
    e.serial_n = 20;
    CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
    CHECK_STATUS(walk(false, &seen), BM_OK);
    CHECK(seen == 1);
    ca_journal_close(j);
    remove_dir();
}

/* The signer that forgot them would sign a version twice. */
static void the_last_versions_are_carried_forward(void)
{
    struct ca_journal_entry e = { .kind = CA_JOURNAL_BUNDLE,
                                  .time = 1,
                                  .number = 7 };
    struct ca_journal_entry c;
    struct ca_journal *j;
    size_t seen;

    new_dir();
    j = must_open(SMALL);
    CHECK(ca_journal_version(j, CA_JOURNAL_BUNDLE) == 0);
    CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
    e.number = 5; /* what was lost and recovered may come late */
    CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
    e.kind = CA_JOURNAL_MANIFEST;
    e.number = 3; /* manifests have versions of their own */
    CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
    CHECK(ca_journal_version(j, CA_JOURNAL_BUNDLE) == 7);
    CHECK(ca_journal_version(j, CA_JOURNAL_MANIFEST) == 3);
    for (uint32_t i = 0; i < 3 * SMALL; i++) {
        c = cert(i);
        CHECK_STATUS(ca_journal_append(j, &c, 1), BM_OK);
    }
    ca_journal_close(j);
    j = must_open(SMALL);
    CHECK(ca_journal_version(j, CA_JOURNAL_BUNDLE) == 7);
    CHECK(ca_journal_version(j, CA_JOURNAL_MANIFEST) == 3);
    CHECK_STATUS(walk(false, &seen), BM_OK);
    CHECK(seen == 3 * SMALL + 3);
    ca_journal_close(j);
    remove_dir();
}

/* Groups of 1, 2, 3... entries, over several segments. */
#define GROUPS 12
static size_t fill(struct ca_journal *j)
{
    struct ca_journal_entry group[GROUPS];
    uint32_t i = 0;

    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t k = 0; k <= g; k++) {
            group[k] = k != g ? cert(i) : checkpoint(i);
            if (k == 1) {
                group[k] = crl("issuing0", i);
            }
            i++;
        }
        CHECK_STATUS(ca_journal_append(j, group, g + 1), BM_OK);
    }
    return i;
}

static bool lists_are(const struct ca_journal *j,
                      const struct ca_journal_lists *want)
{
    struct ca_journal_lists lists;

    ca_journal_lists(j, (const uint8_t *)"issuing0", &lists);
    return journal_lists_equal(&lists, want);
}

/*
 * Of lists: the highest number of all, the last complete ones, and the last
 * delta. What an earlier version wrote has a number and no more.
 */
static void lists_of_all_kinds_are_remembered(void)
{
    static const struct ca_journal_lists first = { .number = 9 };
    static const struct ca_journal_lists want = { .number = 17,
                                                  .whole = { 16, 14, 12, 11 },
                                                  .whole_update = 1016,
                                                  .delta = 15,
                                                  .base = 11 };
    static const struct {
        uint32_t list;
        uint64_t number;
        uint64_t base;
    } lists[] = {
        { STORE_LIST_COMPLETE, 10, 0 }, { STORE_LIST_COMPLETE, 11, 0 },
        { STORE_LIST_COMPLETE, 12, 0 }, { STORE_LIST_DELTA, 13, 10 },
        { STORE_LIST_COMPLETE, 14, 0 }, { STORE_LIST_DELTA, 15, 11 },
        { STORE_LIST_COMPLETE, 16, 0 }, { 3, 17, 0 },
    };
    struct ca_journal_entry e = crl("issuing0", 9);
    struct ca_journal *j;
    size_t seen;

    new_dir();
    j = must_open(SMALL);
    CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
    CHECK(lists_are(j, &first));
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        e = crl("issuing0", lists[i].number);
        e.list = lists[i].list;
        e.base = lists[i].base;
        e.dated = true;
        e.this_update = 1000 + (int64_t)e.number;
        CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
    }
    e = cert(1);
    for (int i = 0; i < 4 * SMALL; i++) {
        CHECK(lists_are(j, &want));
        CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
        ca_journal_close(j);
        j = must_open(SMALL);
    }
    CHECK(lists_are(j, &want));
    ca_journal_close(j);
    CHECK_STATUS(walk(false, &seen), BM_OK);
    remove_dir();
}

static void a_new_segment_carries_forward_what_must_be_remembered(void)
{
    struct ca_journal_entry last;
    struct ca_journal_entry e = cert(1000);
    struct ca_journal *j;
    uint64_t from;
    uint64_t to;
    size_t seen;
    size_t all;

    new_dir();
    j = must_open(SMALL);
    all = fill(j);
    CHECK_STATUS(journal_segments(dir, &from, &to), BM_OK);
    CHECK(from == 1 && to >= 5);
    for (int i = 0; i < 3 * SMALL; i++) { /* segments without a checkpoint */
        CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
        all++;
    }
    for (int again = 0; again < 2; again++) {
        CHECK(ca_journal_checkpoint(j, &last) && last.number == 77);
        CHECK(highest(j, "issuing0") == 67);
        ca_journal_close(j);
        j = must_open(SMALL);
    }
    ca_journal_close(j);
    CHECK_STATUS(walk(false, &seen), BM_OK);
    CHECK(seen == all);
    CHECK_STATUS(walk(true, &seen), BM_OK);
    CHECK(seen == 3 * SMALL);
    remove_dir();
}

static size_t read_file(const char *name, uint8_t *buf, size_t cap)
{
    int fd = open(path_of(name), O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, buf, cap);

    CHECK(n >= 0);
    if (fd >= 0) {
        close(fd);
    }
    return n < 0 ? 0 : (size_t)n;
}

static void write_file(const char *name, const uint8_t *buf, size_t n)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CHECK(fd >= 0 && write(fd, buf, n) == (ssize_t)n);
    if (fd >= 0) {
        close(fd);
    }
}

#define FILE_CAP 65536
static uint8_t file[FILE_CAP];
static uint8_t other[FILE_CAP];

/* A journal of one segment with a head of one entry, and five entries. */
static size_t five_entries(void)
{
    struct ca_journal_entry e[5];
    struct ca_journal *j;

    new_dir();
    j = must_open(SMALL);
    e[0] = cert(1);
    e[1] = crl("issuing0", 1);
    e[2] = checkpoint(4);
    e[3] = cert(2);
    e[4] = cert(3);
    CHECK_STATUS(ca_journal_append(j, e, 5), BM_OK);
    ca_journal_close(j);
    return read_file("00000001.journal", file, sizeof file);
}

static void every_prefix_opens_to_the_whole_entries_before_it(void)
{
    struct ca_journal_entry e = cert(9);
    size_t n = five_entries();
    size_t seen;

    CHECK(n == 6 * CA_JOURNAL_ENTRY);
    for (size_t k = 0; k <= n; k++) {
        struct ca_journal *j = NULL;
        bm_status want = k < CA_JOURNAL_ENTRY ? BM_E_LEDGER_JOURNAL : BM_OK;

        write_file("00000001.journal", file, k);
        /* A head is never torn: it appears by a rename. */
        CHECK_STATUS(walk(false, &seen), want);
        CHECK(want != BM_OK || seen == k / CA_JOURNAL_ENTRY - 1);
        CHECK_STATUS(journal_open(dir, crypto, SMALL, &j), want);
        if (j != NULL) {
            CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
            CHECK_STATUS(walk(false, &seen), BM_OK);
            CHECK(seen == k / CA_JOURNAL_ENTRY);
        }
        ca_journal_close(j);
    }
    remove_dir();
}

static void octets_that_were_never_written_are_cut_off(void)
{
    size_t n = five_entries();
    struct ca_journal *j;
    size_t seen;

    memset(file + n, 0, 3 * CA_JOURNAL_ENTRY);
    write_file("00000001.journal", file, n + 3 * CA_JOURNAL_ENTRY - 5);
    CHECK_STATUS(walk(false, &seen), BM_OK);
    CHECK(seen == 5);
    j = must_open(SMALL);
    ca_journal_close(j);
    CHECK(read_file("00000001.journal", other, sizeof other) == n);
    /* But not where something follows them. */
    memcpy(other, file, n);
    memset(other + 3 * CA_JOURNAL_ENTRY, 0, CA_JOURNAL_ENTRY);
    write_file("00000001.journal", other, n);
    CHECK_STATUS(walk(false, &seen), BM_E_LEDGER_JOURNAL);
    j = NULL;
    CHECK_STATUS(journal_open(dir, crypto, SMALL, &j), BM_E_LEDGER_JOURNAL);
    CHECK(j == NULL);
    remove_dir();
}

static void every_flipped_bit_is_found(void)
{
    size_t n = five_entries();
    size_t seen;

    for (size_t bit = 0; bit < 8 * n; bit++) {
        struct ca_journal *j = NULL;

        file[bit / 8] ^= (uint8_t)(1 << bit % 8);
        write_file("00000001.journal", file, n);
        CHECK_STATUS(walk(false, &seen), BM_E_LEDGER_JOURNAL);
        if (bit % 8 == 3) {
            CHECK_STATUS(journal_open(dir, crypto, SMALL, &j),
                         BM_E_LEDGER_JOURNAL);
            CHECK(j == NULL);
        }
        file[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    remove_dir();
}

static void a_changed_or_missing_segment_is_found(void)
{
    struct ca_journal *j;
    size_t seen;
    size_t n;

    new_dir();
    j = must_open(SMALL);
    (void)fill(j);
    ca_journal_close(j);
    /* Whole entries cut off the end of a segment that is not the last. */
    n = read_file("00000002.journal", file, sizeof file);
    write_file("00000002.journal", file, n - CA_JOURNAL_ENTRY);
    CHECK_STATUS(walk(false, &seen), BM_E_LEDGER_JOURNAL);
    CHECK(unlink(path_of("00000002.journal")) == 0);
    CHECK_STATUS(walk(false, &seen), BM_E_LEDGER_JOURNAL);
    write_file("00000002.journal", file, n);
    CHECK_STATUS(walk(false, &seen), BM_OK);
    /* Two segments that changed places. */
    n = read_file("00000003.journal", other, sizeof other);
    write_file("00000002.journal", other, n);
    CHECK_STATUS(walk(false, &seen), BM_E_LEDGER_JOURNAL);
    write_file("00000002.journal", file, n);
    CHECK(unlink(path_of("00000001.journal")) == 0);
    CHECK_STATUS(walk(false, &seen), BM_E_LEDGER_JOURNAL);
    for (uint64_t i = 2; i < 100; i++) {
        char name[JOURNAL_NAME_MAX];

        journal_name(i, name);
        (void)unlink(path_of(name));
    }
    remove_dir();
}

/* A forger who knows the format makes a chain of his own: the heads of later
 * segments do not fit. */
static void a_segment_that_forgets_is_found(void)
{
    uint8_t chain[CA_TREE_HASH];
    struct ca_journal_entry e = { .number = 2 };
    struct ca_journal *j;
    size_t seen;
    size_t n;

    new_dir();
    j = must_open(SMALL);
    for (uint64_t i = 1; i <= SMALL; i++) {
        e = crl("issuing0", i);
        CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
    }
    ca_journal_close(j);
    n = read_file("00000001.journal", file, sizeof file);
    memcpy(chain, file + n - sizeof chain, sizeof chain);
    /* A second segment with a true chain that carries nothing forward. */
    e = (struct ca_journal_entry){ .kind = JOURNAL_HEAD, .number = 2 };
    memcpy(e.hash, chain, sizeof e.hash);
    CHECK_STATUS(journal_put(crypto, &e, chain, other), BM_OK);
    write_file("00000002.journal", other, CA_JOURNAL_ENTRY);
    CHECK_STATUS(walk(false, &seen), BM_E_LEDGER_JOURNAL);
    remove_dir();
}

/* In a process of its own, whose files may not grow beyond `limit`, until
 * there is room again. Exits with the number of the check that failed. */
static void append_on_a_full_disk(uint64_t segment, rlim_t octets)
{
    struct ca_journal_entry e[4] = { cert(1), cert(2), cert(3), cert(4) };
    struct rlimit limit = { octets, RLIM_INFINITY };
    struct ca_journal *j;

    signal(SIGXFSZ, SIG_IGN);
    if (journal_open(dir, crypto, segment, &j) != BM_OK) {
        _exit(1);
    }
    setrlimit(RLIMIT_FSIZE, &limit);
    for (int i = 0; i < 3; i++) {
        if (ca_journal_append(j, e, 4) != BM_E_FULL) {
            _exit(2);
        }
    }
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    if (ca_journal_append(j, e, 2) != BM_OK ||
        ca_journal_append(j, e + 2, 2) != BM_OK) {
        _exit(3);
    }
    ca_journal_close(j);
    _exit(0);
}

static void the_journal_goes_on_when_a_full_disk_has_room_again(void)
{
    /* In the middle of an entry; and where a new segment would begin. */
    static const struct {
        uint64_t segment;
        rlim_t octets;
    } cases[] = { { SMALL, 4 * CA_JOURNAL_ENTRY + 64 }, { 1, 64 } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ca_journal_entry e = cert(9);
        struct ca_journal *j;
        size_t seen;
        pid_t pid;
        int status = 0;

        new_dir();
        j = must_open(cases[i].segment);
        CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
        ca_journal_close(j);
        fflush(stdout);
        pid = fork();
        if (pid == 0) {
            append_on_a_full_disk(cases[i].segment, cases[i].octets);
        }
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        /* Nothing of the groups that failed stayed. */
        CHECK_STATUS(walk(false, &seen), BM_OK);
        CHECK(seen == 5);
        j = must_open(cases[i].segment);
        CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
        ca_journal_close(j);
        CHECK_STATUS(walk(false, &seen), BM_OK);
        CHECK(seen == 6);
        remove_dir();
    }
}

/* A child that appends and says so, until it is killed. */
static void append_and_tell(int to)
{
    struct ca_journal *j = NULL;
    struct ca_journal_entry group[3];
    uint32_t i = 0;

    if (journal_open(dir, crypto, SMALL, &j) != BM_OK) {
        _exit(1);
    }
    for (;;) {
        for (size_t k = 0; k < 3; k++) {
            group[k] = cert(i++);
        }
        if (ca_journal_append(j, group, 3) != BM_OK ||
            write(to, "aaa", 3) != 3) {
            _exit(1);
        }
    }
}

static void what_was_answered_for_survives_a_kill(void)
{
    for (long round = 0; round < 20; round++) {
        const struct timespec some_time = { 0, 1000000 + round * 1700000 };
        char buf[4096];
        size_t acknowledged = 0;
        size_t seen = 0;
        ssize_t n;
        int fd[2];
        pid_t pid;

        new_dir();
        CHECK(pipe(fd) == 0);
        pid = fork();
        if (pid == 0) {
            append_and_tell(fd[1]);
        }
        close(fd[1]);
        nanosleep(&some_time, NULL);
        CHECK(kill(pid, SIGKILL) == 0);
        CHECK(waitpid(pid, NULL, 0) == pid);
        while ((n = read(fd[0], buf, sizeof buf)) > 0) {
            acknowledged += (size_t)n;
        }
        close(fd[0]);
        ca_journal_close(must_open(SMALL));
        CHECK_STATUS(walk(false, &seen), BM_OK);
        CHECK(seen >= acknowledged && seen % 3 == 0);
        remove_dir();
    }
}

/* A segment on its way that a crash left behind does not count. */
static void an_unfinished_segment_is_made_again(void)
{
    struct ca_journal_entry e = cert(1);
    struct ca_journal *j;
    size_t seen;

    new_dir();
    write_file("new.journal", (const uint8_t *)"torn", 4);
    j = must_open(1);
    for (int i = 0; i < 4; i++) {
        CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
    }
    ca_journal_close(j);
    CHECK(access(path_of("new.journal"), F_OK) != 0);
    CHECK(access(path_of("00000004.journal"), F_OK) == 0);
    CHECK_STATUS(walk(false, &seen), BM_OK);
    CHECK(seen == 4);
    remove_dir();
}

/* Heads longer than the buffer that they are written through. */
static void many_keys_are_remembered_and_no_more_than_that(void)
{
    struct ca_journal_entry e;
    struct ca_journal *j;
    char key[9];
    size_t seen;

    new_dir();
    j = must_open(100);
    for (unsigned i = 0; i < JOURNAL_KEYS_MAX; i++) {
        snprintf(key, sizeof key, "%08u", i);
        e = crl(key, i + 1);
        CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
    }
    e = checkpoint(1);
    for (int i = 0; i < 100; i++) {
        CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
    }
    ca_journal_close(j);
    j = must_open(100);
    CHECK(highest(j, "00000255") == 256);
    e = crl("too many", 1);
    CHECK_STATUS(ca_journal_append(j, &e, 1), BM_E_LIMIT);
    ca_journal_close(j);
    CHECK_STATUS(walk(false, &seen), BM_OK);
    CHECK(seen == JOURNAL_KEYS_MAX + 100);
    remove_dir();
}

int main(void)
{
    crypto = bm_test_crypto();
    RUN(what_was_appended_is_walked_over);
    RUN(one_writer_at_a_time);
    RUN(what_is_no_entry_is_not_appended);
    RUN(the_last_versions_are_carried_forward);
    RUN(lists_of_all_kinds_are_remembered);
    RUN(a_new_segment_carries_forward_what_must_be_remembered);
    RUN(every_prefix_opens_to_the_whole_entries_before_it);
    RUN(octets_that_were_never_written_are_cut_off);
    RUN(every_flipped_bit_is_found);
    RUN(a_changed_or_missing_segment_is_found);
    RUN(a_segment_that_forgets_is_found);
    RUN(the_journal_goes_on_when_a_full_disk_has_room_again);
    RUN(what_was_answered_for_survives_a_kill);
    RUN(an_unfinished_segment_is_made_again);
    RUN(many_keys_are_remembered_and_no_more_than_that);
    return bm_test_done();
}
