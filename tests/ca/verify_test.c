/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is changed behind the back of the authority is found: each row below
 * is one thing that somebody with the database could do.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/issue.h"
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
};

static void find(void *arg, const struct ca_refusal *why)
{
    struct findings *f = arg;

    if (f->n < 64) {
        f->status[f->n] = why->status;
        memcpy(f->words[f->n], why->words, sizeof why->words);
    }
    f->n++;
}

static void progress(void *arg, uint64_t done, uint64_t total)
{
    struct findings *f = arg;

    CHECK(done >= f->done && done <= total);
    f->done = done;
    f->total = total;
}

/* With the store and the ledger alone: an instance would not open with some
 * of what is done to it below. `journal` may be NULL. */
static bm_status verify_with(struct findings *f, const char *journal,
                             struct bm_bytes against,
                             struct ca_ledger_summary *summary)
{
    const struct ca_ledger_audit audit = { .journal = journal,
                                           .against = against,
                                           .arg = f,
                                           .finding = find,
                                           .progress = progress };
    struct store *store = world_store(&world);
    struct ca_ledger *ledger = world_ledger(&world, store);
    bm_status rc;

    memset(f, 0, sizeof *f);
    rc = ca_ledger_verify(ledger, &audit, summary);
    ca_ledger_close(ledger);
    store->close(store->self);
    return rc;
}

static bm_status verify(struct findings *f, struct bm_bytes against,
                        struct ca_ledger_summary *summary)
{
    char journal[512];

    snprintf(journal, sizeof journal, "%s", world_path(&world, "journal"));
    return verify_with(f, journal, against, summary);
}

static const struct bm_bytes nothing = { NULL, 0 };

static void print(const struct findings *f)
{
    for (size_t i = 0; i < f->n && i < 8; i++) {
        printf("#   %s: %s\n", bm_status_text(f->status[i]), f->words[i]);
    }
}

static void an_honest_history_has_no_findings(void)
{
    struct ca_ledger_summary summary;
    struct findings f;

    CHECK_STATUS(verify(&f, nothing, &summary), BM_OK);
    print(&f);
    CHECK(f.n == 0 && summary.findings == 0);
    CHECK(summary.trees == 1 && summary.leaves == summary.head.size);
    CHECK(summary.certs >= WORLD_CERTS && summary.revocations >= 3);
    CHECK(summary.journal > WORLD_CERTS);
    CHECK(f.total != 0 && f.done == f.total);
}

#define ONE(id) " WHERE id = " id
#define SOME                                                   \
    " WHERE id = (SELECT id FROM certificate WHERE profile = " \
    "'ieee-802.1ar-ldevid' AND status = 1 ORDER BY id LIMIT 1)"
#define REVOKED " WHERE reason = 1"
#define LEAF    "((1 << 44) + 50)"
#define LAST    "(SELECT max(id) FROM ledger)"

static const struct {
    const char *what;
    const char *sql;
    bm_status status; /* of the first finding */
} tampers[] = {
    /* The ledger. */
    { "a record is changed",
      "UPDATE ledger SET record = zeroblob(40)" ONE(LEAF),
      BM_E_LEDGER_CHANGED },
    { "the last record is changed",
      "UPDATE ledger SET salt = zeroblob(32)" ONE(LAST), BM_E_LEDGER_ROOT },
    { "a salt is changed", "UPDATE ledger SET salt = zeroblob(32)" ONE(LEAF),
      BM_E_LEDGER_CHANGED },
    { "a salt is cut off", "UPDATE ledger SET salt = x'00'" ONE(LEAF),
      BM_E_LEDGER_CHANGED },
    { "a record is deleted", "DELETE FROM ledger" ONE(LEAF),
      BM_E_LEDGER_MISSING },
    { "the last record is deleted", "DELETE FROM ledger" ONE(LAST),
      BM_E_LEDGER_MISSING },
    { "a record is added",
      "INSERT INTO ledger (id, organisation, salt, record) SELECT id + 1, "
      "organisation, salt, record FROM ledger" ONE(LAST),
      BM_E_LEDGER_UNRECORDED },
    { "two records change places",
      "UPDATE ledger SET id = 1" ONE(
          LEAF) ";"
                "UPDATE ledger SET id = " LEAF " WHERE id = " LEAF " + 1;"
                "UPDATE ledger SET id = " LEAF " + 1 WHERE id = 1",
      BM_E_LEDGER_CHANGED },
    { "the organisation of a record is changed",
      "UPDATE ledger SET organisation = 9" ONE(LEAF), BM_E_LEDGER_CHANGED },
    { "a tile is changed",
      "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0",
      BM_E_LEDGER_CHANGED },
    { "a tile is cut off", "UPDATE tile SET hashes = x'00' WHERE level = 0",
      BM_E_LEDGER_CHANGED },
    { "a tile is deleted", "DELETE FROM tile WHERE level = 0",
      BM_E_LEDGER_MISSING },
    { "a tile is added",
      "INSERT INTO tile VALUES (1, 0, (SELECT max(number) + 1 FROM tile), "
      "zeroblob(8192))",
      BM_E_LEDGER_UNRECORDED },
    { "the head is changed", "UPDATE head SET edge = zeroblob(length(edge))",
      BM_E_LEDGER_ROOT },
    { "the head is smaller", "UPDATE head SET size = size - 1",
      BM_E_LEDGER_ROLLBACK },
    { "the head is larger", "UPDATE head SET size = size + 1",
      BM_E_LEDGER_MISSING },
    { "the head is as large as can be",
      "UPDATE head SET size = 9223372036854775807", BM_E_LEDGER_ROOT },
    { "the checkpoint is changed",
      "UPDATE head SET checkpoint = zeroblob(length(checkpoint))",
      BM_E_LEDGER_CHECKPOINT },
    { "the checkpoint is deleted", "UPDATE head SET checkpoint = x''",
      BM_E_LEDGER_MISSING },
    { "the ledger is deleted",
      "DELETE FROM ledger; DELETE FROM tile; DELETE FROM head",
      BM_E_LEDGER_UNRECORDED },
    { "a second tree is added",
      "INSERT INTO head SELECT 2, 0, x'', x'' FROM head", BM_E_LEDGER_MISSING },
    /* Certificates: each column. */
    { "a certificate is changed",
      "UPDATE certificate SET der = (SELECT der FROM certificate ORDER BY id "
      "DESC LIMIT 1)" SOME,
      BM_E_LEDGER_CHANGED },
    { "a certificate is emptied", "UPDATE certificate SET der = x''" SOME,
      BM_E_LEDGER_CHANGED },
    { "a certificate is deleted", "DELETE FROM certificate" SOME,
      BM_E_LEDGER_MISSING },
    { "a certificate is added",
      "INSERT INTO certificate SELECT id + 1000000, x'7f01', organisation, "
      "ca, profile, device, previous, status, reason, not_before, not_after, "
      "issued, revoked, renews, renewed_by, superseded, key, tree, leaf, der "
      "FROM certificate" SOME,
      BM_E_LEDGER_UNRECORDED },
    { "a serial number is changed",
      "UPDATE certificate SET serial = x'7f01'" SOME, BM_E_LEDGER_MISSING },
    { "an organisation is changed",
      "UPDATE certificate SET organisation = 9" SOME, BM_E_LEDGER_CHANGED },
    { "a CA is changed", "UPDATE certificate SET ca = 'operations'" SOME,
      BM_E_LEDGER_MISSING },
    { "a profile is changed",
      "UPDATE certificate SET profile = 'operator'" SOME, BM_E_LEDGER_CHANGED },
    { "a device is changed", "UPDATE certificate SET device = device + 1" SOME,
      BM_E_LEDGER_CHANGED },
    { "a device is taken away", "UPDATE certificate SET device = 0" SOME,
      BM_E_LEDGER_CHANGED },
    { "a status is changed", "UPDATE certificate SET status = 2" SOME,
      BM_E_LEDGER_CHANGED },
    { "a status is none", "UPDATE certificate SET status = 77" SOME,
      BM_E_LEDGER_CHANGED },
    { "a reason is changed", "UPDATE certificate SET reason = 4" SOME,
      BM_E_LEDGER_CHANGED },
    { "the beginning is changed",
      "UPDATE certificate SET not_before = not_before - 1" SOME,
      BM_E_LEDGER_CHANGED },
    { "the end is changed",
      "UPDATE certificate SET not_after = not_after + 1" SOME,
      BM_E_LEDGER_CHANGED },
    { "the time of issuance is changed",
      "UPDATE certificate SET issued = issued + 1" SOME, BM_E_LEDGER_CHANGED },
    { "a time of revocation is made up",
      "UPDATE certificate SET revoked = 1" SOME, BM_E_LEDGER_CHANGED },
    { "a renewal is made up", "UPDATE certificate SET renews = 1" SOME,
      BM_E_LEDGER_CHANGED },
    { "a renewal is turned around",
      "UPDATE certificate SET renews = renews + 1 WHERE renews != 0",
      BM_E_LEDGER_CHANGED },
    { "a successor is made up", "UPDATE certificate SET renewed_by = 1" SOME,
      BM_E_LEDGER_CHANGED },
    { "a successor is forgotten",
      "UPDATE certificate SET renewed_by = 0 WHERE renewed_by != 0",
      BM_E_LEDGER_CHANGED },
    { "a key is changed", "UPDATE certificate SET key = zeroblob(32)" SOME,
      BM_E_LEDGER_CHANGED },
    { "a tree is changed", "UPDATE certificate SET tree = 2" SOME,
      BM_E_LEDGER_CHANGED },
    { "a leaf is changed", "UPDATE certificate SET leaf = leaf + 1" SOME,
      BM_E_LEDGER_CHANGED },
    /* Revocations. */
    { "a revoked one is made good",
      "UPDATE certificate SET status = 1, reason = 0, revoked = 0" REVOKED
      "; DELETE FROM revocation" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "a revoked one is made good in its row alone",
      "UPDATE certificate SET status = 1, reason = 0, revoked = 0" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "an entry is deleted", "DELETE FROM revocation" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "an entry is added",
      "INSERT INTO revocation SELECT ca, serial, issued, 0, not_after, 1 "
      "FROM certificate" SOME,
      BM_E_LEDGER_CHANGED },
    { "an entry of nothing is added",
      "INSERT INTO revocation VALUES ('issuing', x'05', 1, 0, 1, 1)",
      BM_E_LEDGER_UNRECORDED },
    { "a reason is softened", "UPDATE revocation SET reason = 4" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "a reason is softened in both",
      "UPDATE certificate SET reason = 4" REVOKED
      "; UPDATE revocation SET reason = 4" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "a revocation is put off in both",
      "UPDATE certificate SET revoked = revoked + 1" REVOKED
      "; UPDATE revocation SET revoked = revoked + 1" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "an entry ends too early", "UPDATE revocation SET expires = 1" REVOKED,
      BM_E_LEDGER_CHANGED },
    { "a held one is let go",
      "UPDATE certificate SET status = 1, reason = 0, revoked = 0 WHERE "
      "reason = 6; DELETE FROM revocation WHERE reason = 6",
      BM_E_LEDGER_CHANGED },
    { "a released one is held",
      "UPDATE certificate SET status = 4, reason = 6, revoked = 1" SOME,
      BM_E_LEDGER_CHANGED },
    { "a pending one is confirmed",
      "UPDATE certificate SET status = 1 WHERE status = 2",
      BM_E_LEDGER_CHANGED },
    /* What has few rows. */
    { "the certificate of a CA is changed",
      "UPDATE ca SET cert = (SELECT cert FROM ca WHERE id = 'root') WHERE id "
      "= 'operations'",
      BM_E_LEDGER_CHANGED },
    { "a CA is retired", "UPDATE ca SET status = 2 WHERE id = 'issuing'",
      BM_E_LEDGER_CHANGED },
    { "a CA is added",
      "INSERT INTO ca SELECT 'mine', organisation, kind, status, parent, "
      "cert, key_uri, ocsp_cert, ocsp_key_uri, created FROM ca WHERE id = "
      "'issuing'",
      BM_E_LEDGER_UNRECORDED },
    { "a CA is deleted", "DELETE FROM ca WHERE id = 'operations'",
      BM_E_LEDGER_MISSING },
    { "an operator gets more roles", "UPDATE operator SET roles = roles * 2",
      BM_E_LEDGER_CHANGED },
    { "an operator's certificate is changed",
      "UPDATE operator SET cert = zeroblob(32)", BM_E_LEDGER_CHANGED },
    { "an operator is added",
      "INSERT INTO operator SELECT 'mine', organisation, roles, disabled, "
      "zeroblob(32), created FROM operator",
      BM_E_LEDGER_UNRECORDED },
    { "a profile is another",
      "UPDATE setting SET value = zeroblob(32) WHERE name LIKE 'profile/%'",
      BM_E_LEDGER_CHANGED },
    { "the number of a list is changed",
      "UPDATE crl SET number = number + 1 WHERE ca = 'issuing'",
      BM_E_LEDGER_CHANGED },
};

static void whatever_is_changed_in_the_database_is_found(void)
{
    for (size_t i = 0; i < sizeof tampers / sizeof tampers[0]; i++) {
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
    for (int i = 0; i < 40; i++) {
        CHECK_STATUS(verify(&f, nothing, &summary), BM_OK);
        print(&f);
        grown += summary.leaves > leaves;
        leaves = summary.leaves;
    }
    close(fd[1]);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(grown > 5); /* it was at work */
    world_restore(&world);
    write_journal(kept_n);
}

int main(void)
{
    world_new(&world);
    world_open(&world, INSTANCE_WRITE);
    world_issue(&world, 0, 200);
    world_issue(&world, 200, WORLD_CERTS - 200);
    world_live(&world);
    world_close(&world);
    world_keep(&world);
    RUN(an_honest_history_has_no_findings);
    RUN(whatever_is_changed_in_the_database_is_found);
    RUN(a_signature_that_is_not_on_record_is_found);
    RUN(a_record_without_a_signature_is_found);
    RUN(a_store_that_was_rolled_back_is_found);
    RUN(two_trees_from_one_key_are_found);
    RUN(what_was_signed_and_not_handed_out_is_on_record);
    RUN(a_later_tree_is_verified_with_the_earlier_one);
    RUN(a_server_at_work_makes_no_findings);
    world_free(&world);
    return bm_test_done();
}
