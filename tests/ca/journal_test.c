/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger against what lies outside of the database: the signer's journal,
 * checkpoints that somebody kept, and time.
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ports/openssl/openssl_keys.h"
#include "tests/ca/audit.h"

/* What the signer signed, and what the journal of it became. */
static struct ca_journal_entry a_signature(void)
{
    const struct instance_ca *ca;
    struct ca_journal_entry e = { .kind = CA_JOURNAL_CERT,
                                  .time = world.now,
                                  .serial_n = 16 };
    const struct bm_crypto *crypto = bm_test_crypto();
    uint8_t hash[32];

    world_open(&world, INSTANCE_READ);
    ca = instance_find_ca(world.instance, "issuing");
    memset(e.serial, 0x55, 16);
    memset(e.hash, 0x66, sizeof e.hash);
    CHECK_STATUS(
        crypto->hash(crypto->self, BM_HASH_SHA256, ca->cert.key.der, hash),
        BM_OK);
    memcpy(e.key, hash, sizeof e.key);
    world_close(&world);
    return e;
}

static void append(const struct ca_journal_entry *e)
{
    struct ca_journal *j = NULL;

    CHECK_STATUS(
        ca_journal_open(world_path(&world, "journal"), bm_test_crypto(), &j),
        BM_OK);
    if (j != NULL) {
        CHECK_STATUS(ca_journal_append(j, e, 1), BM_OK);
    }
    ca_journal_close(j);
}

#define JOURNAL "journal/00000001.journal"

static uint8_t kept[1 << 20];
static size_t kept_n;

static void keep_journal(void)
{
    int fd = open(world_path(&world, JOURNAL), O_RDONLY);
    ssize_t n = read(fd, kept, sizeof kept);

    CHECK(n > 0 && (size_t)n < sizeof kept);
    kept_n = n < 0 ? 0 : (size_t)n;
    close(fd);
}

static void write_journal(size_t n)
{
    int fd = open(world_path(&world, JOURNAL), O_WRONLY | O_TRUNC);

    CHECK(write(fd, kept, n) == (ssize_t)n);
    close(fd);
}

static void a_signature_that_is_not_on_record_is_found(void)
{
    struct ca_journal_entry e = a_signature();
    struct ca_ledger_summary summary;
    struct findings f;

    keep_journal();
    append(&e);
    CHECK_STATUS(verify(&f, nothing, &summary), BM_E_LEDGER_UNRECORDED);
    CHECK(f.n == 1 && strstr(f.words[0], "5555555555555555") != NULL);
    write_journal(kept_n);
    /* A second certificate under the serial number of a recorded one. */
    memcpy(e.serial, world.serial[1], 16);
    append(&e);
    CHECK_STATUS(verify(&f, nothing, &summary), BM_E_LEDGER_UNRECORDED);
    CHECK(f.n == 1);
    write_journal(kept_n);
    /* By a key of none of the CAs. */
    memset(e.key, 0, sizeof e.key);
    append(&e);
    CHECK_STATUS(verify(&f, nothing, &summary), BM_E_LEDGER_UNRECORDED);
    CHECK(f.n == 1);
    write_journal(kept_n);
    CHECK_STATUS(verify(&f, nothing, &summary), BM_OK);
}

static void a_record_without_a_signature_is_found(void)
{
    struct ca_ledger_summary summary;
    struct findings f;
    char nowhere[512];

    keep_journal();
    /* Without its last entries: checkpoints, lists, certificates. */
    write_journal(kept_n - 128 * 20);
    CHECK_STATUS(verify(&f, nothing, &summary), BM_E_LEDGER_JOURNAL);
    kept[kept_n / 2] ^= 1;
    write_journal(kept_n);
    CHECK_STATUS(verify(&f, nothing, &summary), BM_E_LEDGER_JOURNAL);
    CHECK(f.n == 1);
    kept[kept_n / 2] ^= 1;
    write_journal(kept_n);
    snprintf(nowhere, sizeof nowhere, "%s", world_path(&world, "nowhere"));
    CHECK_STATUS(verify_with(&f, nowhere, nothing, &summary),
                 BM_E_LEDGER_JOURNAL);
    CHECK(f.n == 1);
    /* Who has no journal leaves it out. */
    CHECK_STATUS(verify_with(&f, NULL, nothing, &summary), BM_OK);
    CHECK(f.n == 0 && summary.journal == 0);
    CHECK_STATUS(verify(&f, nothing, &summary), BM_OK);
}

/* A signer that has forgotten what it signed would sign it differently. */
static void nothing_is_signed_behind_a_journal_that_was_cut(void)
{
    const struct instance_port port = { .crypto = bm_test_crypto(),
                                        .maker = bm_openssl_key_maker() };
    const size_t left[] = { 0, 128, kept_n / 256 * 128, kept_n - 128 };
    struct ca_refusal why;
    struct instance *in;

    keep_journal();
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        write_journal(left[i]);
        if (left[i] == 0) {
            CHECK(unlink(world_path(&world, JOURNAL)) == 0);
        }
        CHECK_STATUS(instance_open(world.dir, INSTANCE_WRITE, &port, world.now,
                                   &in, &why),
                     BM_E_LEDGER_JOURNAL);
        instance_close(in);
        /* A new one was begun in the place of one that was not there. */
        close(open(world_path(&world, JOURNAL), O_WRONLY | O_CREAT, 0600));
    }
    write_journal(kept_n);
    world_open(&world, INSTANCE_WRITE);
    world_close(&world);
    keep_journal();
}

/* The note of the ledger as it is, or a proof of its last leaf. */
static struct bm_bytes show(uint8_t room[4096], bool proof)
{
    struct store *store = world_store(&world);
    struct ca_ledger *ledger = world_ledger(&world, store);
    struct ca_tree_head head;
    struct bm_wr w;

    bm_wr_init(&w, room, 4096);
    CHECK_STATUS(ca_ledger_head(ledger, &head), BM_OK);
    CHECK_STATUS(proof ? ca_ledger_prove(ledger, head.tree, head.size - 1, &w)
                       : ca_ledger_note(ledger, &w),
                 BM_OK);
    ca_ledger_close(ledger);
    store->close(store->self);
    return bm_wr_bytes(&w);
}

static void grow(unsigned first)
{
    world_open(&world, INSTANCE_WRITE);
    world.now++;
    world_issue(&world, first, 1);
    world_close(&world);
}

static void a_store_that_was_rolled_back_is_found(void)
{
    struct ca_ledger_summary summary;
    struct findings f;
    uint8_t room[4096];
    uint8_t other[4096];
    struct bm_bytes note;
    struct bm_bytes proof;

    keep_journal();
    grow(0);
    CHECK_STATUS(verify(&f, nothing, &summary), BM_OK);
    print(&f);
    note = show(room, false);
    proof = show(other, true);
    CHECK_STATUS(verify(&f, note, &summary), BM_OK);
    CHECK_STATUS(verify(&f, proof, &summary), BM_OK);
    world_restore(&world);
    /* The journal knows; without it, whoever kept a checkpoint does. */
    CHECK_STATUS(verify(&f, nothing, &summary), BM_E_LEDGER_UNRECORDED);
    CHECK(f.n == 2 && f.status[1] == BM_E_LEDGER_ROLLBACK);
    CHECK_STATUS(verify_with(&f, NULL, nothing, &summary), BM_OK);
    CHECK_STATUS(verify_with(&f, NULL, note, &summary), BM_E_LEDGER_ROLLBACK);
    CHECK(f.n == 1);
    CHECK_STATUS(verify_with(&f, NULL, proof, &summary), BM_E_LEDGER_ROLLBACK);
    CHECK_STATUS(verify_with(&f, NULL, BM_LIT("no note"), &summary),
                 BM_E_LEDGER_CHECKPOINT);
    write_journal(kept_n);
}

static void two_trees_from_one_key_are_found(void)
{
    struct ca_ledger_summary summary;
    struct findings f;
    uint8_t room[4096];
    uint8_t later[4096];
    struct bm_bytes note;

    keep_journal();
    grow(0);
    note = show(room, false);
    grow(1);
    CHECK(show(later, false).n != 0);
    world_restore(&world);
    write_journal(kept_n);
    grow(2);
    CHECK_STATUS(verify(&f, nothing, &summary), BM_OK);
    CHECK_STATUS(verify(&f, note, &summary), BM_E_LEDGER_FORK);
    CHECK(f.n == 1);
    grow(3);
    CHECK_STATUS(verify(&f, note, &summary), BM_E_LEDGER_FORK);
    world_restore(&world);
    write_journal(kept_n);
}

static void what_was_signed_and_not_handed_out_is_on_record(void)
{
    struct ca_journal_entry e = a_signature();
    struct ca_ledger_summary summary;
    struct findings f;

    keep_journal();
    append(&e);
    world_open(&world, INSTANCE_WRITE); /* recovers */
    CHECK(ca_abandoned(world.instance->ca) == 1);
    world_close(&world);
    CHECK_STATUS(verify(&f, nothing, &summary), BM_OK);
    print(&f);
    CHECK(world_sql(&world, "DELETE FROM revocation WHERE serial = "
                            "x'55555555555555555555555555555555'"));
    CHECK_STATUS(verify(&f, nothing, &summary), BM_E_LEDGER_CHANGED);
    world_restore(&world);
    write_journal(kept_n);
}

/* As `restore` does when the shown checkpoint is ahead of the store. */
static void succeed(const struct ca_tree_head *old)
{
    const struct store *s;

    world_open(&world, INSTANCE_WRITE);
    s = world.instance->store;
    CHECK_STATUS(s->begin(s->self, STORE_WRITE), BM_OK);
    CHECK_STATUS(ca_ledger_succeed(world.instance->ledger, old, world.now),
                 BM_OK);
    CHECK_STATUS(ca_ledger_save(world.instance->ledger), BM_OK);
    CHECK_STATUS(s->commit(s->self), BM_OK);
    world_issue(&world, 0, 2);
    world_close(&world);
}

static void a_later_tree_is_verified_with_the_earlier_one(void)
{
    struct ca_ledger_summary summary;
    struct ca_tree_head old;
    struct findings f;
    uint8_t room[4096];
    struct bm_bytes note;

    keep_journal();
    CHECK_STATUS(verify(&f, nothing, &summary), BM_OK);
    old = summary.head;
    note = show(room, false);
    succeed(&old);
    CHECK_STATUS(verify(&f, note, &summary), BM_OK);
    print(&f);
    CHECK(summary.trees == 2 && summary.head.tree == 2);
    CHECK(summary.leaves == old.size + summary.head.size);
    CHECK(world_sql(&world, "UPDATE ledger SET salt = zeroblob(32) WHERE id = "
                            "(1 << 44) + 300"));
    CHECK_STATUS(verify(&f, note, &summary), BM_E_LEDGER_CHANGED);
    world_restore(&world);
    write_journal(kept_n);
    /* A succession from another tree than the one that is there. */
    old.root[0] ^= 1;
    succeed(&old);
    CHECK_STATUS(verify(&f, nothing, &summary), BM_E_LEDGER_FORK);
    world_restore(&world);
    write_journal(kept_n);
    CHECK(world_sql(&world, "INSERT INTO head SELECT 3, size, edge, x'' FROM "
                            "head"));
    CHECK_STATUS(verify(&f, nothing, &summary), BM_E_LEDGER_MISSING);
    world_restore(&world);
}

/* A child that issues as fast as it can, until it is told to stop. */
static void issue_for_ever(int stop)
{
    char byte;

    world_open(&world, INSTANCE_WRITE);
    while (read(stop, &byte, 1) < 0) {
        world.now++;
        world_issue(&world, 20 + (unsigned)world.now % 200, 3);
    }
    world_close(&world);
    _exit(0);
}

static void a_server_at_work_makes_no_findings(void)
{
    struct ca_ledger_summary summary = { 0 };
    struct findings f;
    uint64_t leaves = 0;
    unsigned grown = 0;
    int status = -1;
    int fd[2];
    pid_t pid;

    keep_journal();
    CHECK(pipe(fd) == 0 && fcntl(fd[0], F_SETFL, O_NONBLOCK) == 0);
    pid = fork();
    if (pid == 0) {
        close(fd[1]);
        issue_for_ever(fd[0]);
    }
    close(fd[0]);
    patient = true;
    /* Until it was seen at work, however slow the machine is. */
    for (int i = 0; i < 40 || (grown <= 5 && i < 4000); i++) {
        CHECK_STATUS(verify(&f, nothing, &summary), BM_OK);
        print(&f);
        grown += summary.leaves > leaves;
        leaves = summary.leaves;
    }
    close(fd[1]);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(grown > 5);
    patient = false;
    world_restore(&world);
    write_journal(kept_n);
}

int main(void)
{
    world_begin(&world);
    RUN(a_signature_that_is_not_on_record_is_found);
    RUN(a_record_without_a_signature_is_found);
    RUN(nothing_is_signed_behind_a_journal_that_was_cut);
    RUN(a_store_that_was_rolled_back_is_found);
    RUN(two_trees_from_one_key_are_found);
    RUN(what_was_signed_and_not_handed_out_is_on_record);
    RUN(a_later_tree_is_verified_with_the_earlier_one);
    RUN(a_server_at_work_makes_no_findings);
    world_free(&world);
    return bm_test_done();
}
