/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the ledger on a disk that fails, in each call in turn: the
 * signer's journal, and what is published.
 */
/* mkdtemp(), nftw() */
#define _XOPEN_SOURCE 700

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/journal_internal.h"
#include "ca/test/ledger_world.h"
#include "tests/keys/faults.h"

/* A segment that is full after two groups. */
#define SMALL  4
#define GROUP  2
#define GROUPS 7

static char dir[64];

static void new_dir(void)
{
    snprintf(dir, sizeof dir, "/tmp/bm-fault-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        printf("Bail out! no directory\n");
        exit(1);
    }
}

static int remove_one(const char *path, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void remove_dir(void)
{
    CHECK(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
}

/* Open the journal and append groups; `*acknowledged` entries are durable. */
static bm_status write_journal(unsigned *acknowledged)
{
    struct ca_journal_entry group[GROUP];
    struct ca_journal *j = NULL;
    bm_status rc;

    memset(group, 0, sizeof group);
    *acknowledged = 0;
    rc = journal_open(dir, crypto, SMALL, &j);
    for (unsigned i = 0; i < GROUPS && rc == BM_OK; i++) {
        for (unsigned k = 0; k < GROUP; k++) {
            group[k].kind = k == 0 ? CA_JOURNAL_CERT : CA_JOURNAL_CRL;
            group[k].serial_n = k == 0 ? 16 : 0;
            group[k].number = i;
        }
        rc = ca_journal_append(j, group, GROUP);
        *acknowledged += rc == BM_OK ? GROUP : 0;
    }
    /* What failed was taken back, and can be tried again. */
    if (rc != BM_OK && j != NULL &&
        ca_journal_append(j, group, GROUP) == BM_OK) {
        *acknowledged += GROUP;
    }
    ca_journal_close(j);
    return rc;
}

static bm_status count_entry(void *arg, const struct ca_journal_entry *entry)
{
    (void)entry;
    (*(unsigned *)arg)++;
    return BM_OK;
}

/* What was answered for is there, and the journal goes on. */
static void must_have(unsigned acknowledged)
{
    struct ca_journal_entry e = { .kind = CA_JOURNAL_CERT, .serial_n = 1 };
    struct ca_journal *j = NULL;
    unsigned seen = 0;

    CHECK_STATUS(journal_open(dir, crypto, SMALL, &j), BM_OK);
    if (j != NULL) {
        CHECK_STATUS(ca_journal_append(j, &e, 1), BM_OK);
    }
    ca_journal_close(j);
    CHECK_STATUS(ca_journal_walk(dir, crypto, false, &seen, count_entry),
                 BM_OK);
    CHECK(seen >= acknowledged + 1 && seen <= GROUP * GROUPS + 1);
}

/* Run `act` in a process that dies in call `at`; false: it came to its end. */
static bool dies(bm_status (*act)(unsigned *n), unsigned long at, int to)
{
    unsigned n = 0;
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        fault_begin(FAULT_DIE, at);
        (void)act(&n);
        (void)fault_end();
        (void)!write(to, &n, sizeof n);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status) == FAULT_EXIT;
}

static void the_journal_survives_each_call_that_fails(void)
{
    static const enum fault modes[] = { FAULT_ONE, FAULT_ON };

    for (size_t m = 0; m < 2; m++) {
        int came = 1;

        for (unsigned long at = 1; came; at++) {
            unsigned acknowledged;
            bm_status rc;

            new_dir();
            fault_begin(modes[m], at);
            rc = write_journal(&acknowledged);
            came = fault_end();
            /* Closing may fail, and a lock that is there already. */
            CHECK(came || rc == BM_OK);
            CHECK(rc != BM_OK || acknowledged == GROUP * GROUPS);
            must_have(acknowledged);
            remove_dir();
        }
    }
}

static void the_journal_survives_a_death_in_each_call(void)
{
    bool died = true;
    int fd[2];

    CHECK(pipe(fd) == 0);
    for (unsigned long at = 1; died; at++) {
        new_dir();
        died = dies(write_journal, at, fd[1]);
        must_have(0);
        remove_dir();
        CHECK(at < 10000);
    }
    close(fd[0]);
    close(fd[1]);
}

static void interrupted_calls_do_no_harm_to_the_journal(void)
{
    unsigned acknowledged;

    new_dir();
    fault_begin(FAULT_SHORT, 0);
    CHECK_STATUS(write_journal(&acknowledged), BM_OK);
    (void)fault_end();
    CHECK(acknowledged == GROUP * GROUPS);
    must_have(acknowledged);
    remove_dir();
}

/* An entry is synced before its group is answered for; a segment before it
 * has its name, and the name before anything is written to it. */
static void the_journal_is_synced_in_the_right_order(void)
{
    unsigned acknowledged;

    new_dir();
    fault_begin(FAULT_ONE, 0);
    CHECK_STATUS(write_journal(&acknowledged), BM_OK);
    CHECK(strcmp(fault_trace(), "wsrs"
                                "ws"
                                "ws"
                                "wsrs"
                                "ws"
                                "ws"
                                "wsrs"
                                "ws"
                                "ws"
                                "wsrs"
                                "ws") == 0);
    (void)fault_end();
    remove_dir();
}

static struct ca_ledger *ledger;

static bm_status publish(unsigned *n)
{
    bm_status rc = ca_ledger_publish(ledger, dir);

    *n = rc == BM_OK;
    return rc;
}

static size_t read_file(const char *name, uint8_t *buf, size_t cap)
{
    char path[160];
    ssize_t n = -1;
    int fd;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    fd = open(path, O_RDONLY);
    if (fd >= 0) {
        n = read(fd, buf, cap);
        close(fd);
    }
    return n < 0 ? 0 : (size_t)n;
}

/* Whatever checkpoint is there, the tiles that make its root are, too. */
static uint64_t must_be_whole(void)
{
    static uint8_t buf[16384];
    struct ca_tree_edge edge;
    struct ca_tree_head head;
    uint8_t root[CA_TREE_HASH];
    size_t n = read_file("checkpoint", buf, sizeof buf);

    if (n == 0) {
        return 0;
    }
    CHECK_STATUS(ca_checkpoint_open((struct bm_bytes){ buf, n }, crypto,
                                    &bm_test_signer(BM_KEY_ED25519)->key,
                                    FAKE_ORIGIN, &head, NULL),
                 BM_OK);
    ca_tree_edge_init(&edge);
    while (edge.size < head.size) {
        uint64_t width = head.size - edge.size;
        char name[64];

        width = width < 256 ? width : 256;
        snprintf(name, sizeof name,
                 width == 256 ? "tile/0/%03u" : "tile/0/%03u.p/%u",
                 (unsigned)(edge.size / 256), (unsigned)width);
        n = read_file(name, buf, sizeof buf);
        CHECK(n == 32 * width);
        for (uint64_t i = 0; i < width; i++) {
            CHECK_STATUS(ca_tree_append(crypto, &edge, buf + 32 * i, NULL),
                         BM_OK);
        }
    }
    CHECK_STATUS(ca_tree_root(crypto, &edge, root), BM_OK);
    CHECK_BYTES(root, sizeof root, head.root, sizeof head.root);
    return head.size;
}

static void sign(size_t n)
{
    CHECK_STATUS(grow(ledger, n), BM_OK);
    CHECK_STATUS(ca_ledger_checkpoint(ledger, &signer.signer, 1), BM_OK);
}

/* Published at 40; then 300 are to be. */
static void half_way(void)
{
    new_dir();
    ledger = start();
    sign(40);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    sign(260);
}

static void end(void)
{
    CHECK(must_be_whole() != 0);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    CHECK(must_be_whole() == 300);
    stop(ledger);
    remove_dir();
}

static void publishing_survives_each_call_that_fails(void)
{
    static const enum fault modes[] = { FAULT_ONE, FAULT_ON };

    for (size_t m = 0; m < 2; m++) {
        int came = 1;

        for (unsigned long at = 1; came; at++) {
            bm_status rc;

            half_way();
            fault_begin(modes[m], at);
            rc = ca_ledger_publish(ledger, dir);
            came = fault_end();
            CHECK(came || rc == BM_OK);
            CHECK(rc != BM_OK || must_be_whole() == 300);
            end();
        }
    }
}

static void publishing_survives_a_death_in_each_call(void)
{
    bool died = true;
    int fd[2];

    CHECK(pipe(fd) == 0);
    for (unsigned long at = 1; died; at++) {
        half_way();
        died = dies(publish, at, fd[1]);
        end();
        CHECK(at < 10000);
    }
    close(fd[0]);
    close(fd[1]);
}

static void interrupted_calls_do_no_harm_to_publishing(void)
{
    half_way();
    fault_begin(FAULT_SHORT, 0);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    (void)fault_end();
    end();
}

/* Tiles and their names are synced before the checkpoint is renamed. */
static void tiles_are_durable_before_the_checkpoint(void)
{
    const char *trace;
    size_t written = 0;
    size_t named = 0;
    size_t n;

    half_way();
    fault_begin(FAULT_ONE, 0);
    CHECK_STATUS(ca_ledger_publish(ledger, dir), BM_OK);
    trace = fault_trace();
    n = strlen(trace);
    CHECK(n > 12 && strcmp(trace + n - 5, "swsrs") == 0);
    /* Several are written, then each is synced and has its name. */
    for (size_t i = 1; i < n; i++) {
        written += trace[i - 1] == 'w';
        named += trace[i] == 'r' && trace[i - 1] == 's';
        CHECK(trace[i] != 'r' || trace[i - 1] == 's');
        CHECK(named <= written);
    }
    CHECK(named == written);
    (void)fault_end();
    end();
}

int main(void)
{
    crypto = bm_test_crypto();
    RUN(the_journal_survives_each_call_that_fails);
    RUN(the_journal_survives_a_death_in_each_call);
    RUN(interrupted_calls_do_no_harm_to_the_journal);
    RUN(the_journal_is_synced_in_the_right_order);
    RUN(publishing_survives_each_call_that_fails);
    RUN(publishing_survives_a_death_in_each_call);
    RUN(interrupted_calls_do_no_harm_to_publishing);
    RUN(tiles_are_durable_before_the_checkpoint);
    return bm_test_done();
}
