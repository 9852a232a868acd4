/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a backup, and what becomes of where it is unpacked to. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ports/openssl/openssl_keys.h"
#include "tests/restore/drill.h"

static struct drill d;

static struct instance_port port(void)
{
    return (struct instance_port){ .crypto = bm_test_crypto(),
                                   .maker = bm_openssl_key_maker() };
}

static bm_status make(struct world *w, const char *path, bool keys)
{
    const struct backup_config config = {
        .path = path, .tool = "test", .keys = keys, .now = w->now
    };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = backup_make(w->instance, &w->actor, &config, &why);

    if (rc != BM_OK) {
        printf("# %s: %s\n", bm_status_text(rc), why.words);
    }
    return rc;
}

static bm_status restore(const char *path, const char *dir,
                         struct backup_restored *restored)
{
    const struct instance_port p = port();
    const struct backup_restore_config config = { path, dir, &p };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = backup_restore(&config, restored, &why);

    if (rc != BM_OK) {
        printf("# %s: %s\n", bm_status_text(rc), why.words);
    }
    return rc;
}

static bool has(const char *dir, const char *name)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%.200s/%s", dir, name);
    return file_exists(path);
}

/* The mode of a file, without its kind. */
static unsigned mode_of(const char *dir, const char *name)
{
    char path[512];
    struct stat st;

    (void)snprintf(path, sizeof path, "%.200s/%s", dir, name);
    return lstat(path, &st) == 0 ? (unsigned)st.st_mode & 07777 : 0;
}

static const char *const always[] = {
    "birthmark.yaml",
    "birthmark.db",
    "bad-keys.txt",
    "ledger.pub",
    "operator/operator.pem",
    "profiles/ieee-802.1ar-ldevid.yaml",
    "ca/root.pem",
    "ca/issuing.pem",
    "ca/operations.pem",
    "ca/server.pem",
    "crl/root.crl",
    "crl/issuing.crl",
    "journal/00000001.journal",
    "run",
    "ledger",
    "keys",
};
static const char *const sealed[] = { "keys/kek", "keys/issuing.key",
                                      "keys/operations.key", "keys/ledger.key",
                                      "keys/server.key" };
static const char *const never[] = { "keys/unlock", "operator/operator.key",
                                     "root", "run/lock", "ledger/checkpoint" };
#define N(table) (sizeof(table) / sizeof(table)[0])

static void check_content(const char *dir, bool keys)
{
    for (size_t i = 0; i < N(always); i++) {
        CHECK(has(dir, always[i]));
    }
    for (size_t i = 0; i < N(sealed); i++) {
        CHECK(has(dir, sealed[i]) == keys);
    }
    for (size_t i = 0; i < N(never); i++) {
        CHECK(!has(dir, never[i]));
    }
    CHECK(mode_of(dir, "") == 0700 && mode_of(dir, "birthmark.db") == 0600);
    CHECK(mode_of(dir, "keys") == 0700 && mode_of(dir, "journal") == 0700);
    CHECK(!keys || mode_of(dir, "keys/issuing.key") == 0600);
}

static void secrets_are_in_it_only_sealed_and_when_asked_for(void)
{
    struct backup_restored r;
    char dir[512];

    world_open(&d.lost, INSTANCE_READ);
    for (int keys = 0; keys < 2; keys++) {
        char name[512];

        (void)snprintf(name, sizeof name, "%s",
                       drill_path(&d, keys != 0 ? "with" : "without"));
        CHECK_STATUS(make(&d.lost, name, keys != 0), BM_OK);
        CHECK(!file_exists(
            drill_path(&d, keys != 0 ? "with.parts" : "without.parts")));
        (void)snprintf(dir, sizeof dir, "%.400s.d", name);
        CHECK_STATUS(restore(name, dir, &r), BM_OK);
        CHECK(r.archive.contains_keys == (keys != 0));
        CHECK(r.archive.created == d.lost.now && r.ledger.head.tree == 1);
        check_content(dir, keys != 0);
    }
    world_close(&d.lost);
}

/* What others wrote there is not touched, and what an interrupted backup or
 * restore left is cleared away. */
static void nothing_is_overwritten(void)
{
    struct backup_restored r;

    world_open(&d.lost, INSTANCE_READ);
    must(files_create(drill_path(&d, "taken"), BM_LIT("mine"), 0600, NULL) ==
             BM_OK,
         "file", NULL);
    CHECK_STATUS(make(&d.lost, drill_path(&d, "taken"), true), BM_E_EXISTS);
    CHECK(!file_exists(drill_path(&d, "taken.parts")));
    CHECK_STATUS(make(&d.lost, drill_path(&d, "no/where"), true),
                 BM_E_NOT_FOUND);
    must(files_make_dir(drill_path(&d, "again.parts"), 0700, NULL) == BM_OK &&
             files_create(drill_path(&d, "again.parts/birthmark.db"),
                          BM_LIT("half"), 0600, NULL) == BM_OK,
         "left", NULL);
    CHECK_STATUS(make(&d.lost, drill_path(&d, "again"), true), BM_OK);
    CHECK(!file_exists(drill_path(&d, "again.parts")));
    world_close(&d.lost);

    CHECK_STATUS(restore(d.archive, drill_path(&d, "taken"), &r), BM_E_EXISTS);
    CHECK_STATUS(restore(d.archive, d.lost.dir, &r), BM_E_EXISTS);
    must(files_make_dir(drill_path(&d, "empty"), 0700, NULL) == BM_OK &&
             files_make_dir(drill_path(&d, "empty.new"), 0700, NULL) == BM_OK &&
             files_create(drill_path(&d, "empty.new/birthmark.db"),
                          BM_LIT("half"), 0600, NULL) == BM_OK,
         "left", NULL);
    CHECK_STATUS(restore(d.archive, drill_path(&d, "empty//"), &r), BM_OK);
    CHECK(has(drill_path(&d, "empty"), "birthmark.db"));
    CHECK(!file_exists(drill_path(&d, "empty.new")));
}

/* An archive that is in order, and of something else. */
static void what_is_no_instance_is_not_unpacked(void)
{
    static const struct archive_file some[] = {
        { "birthmark.yaml", NULL, BM_LIT_INIT("version: 1\n") },
        { "birthmark.db", NULL, BM_LIT_INIT("not a database") },
        { "ledger.pub", NULL, BM_LIT_INIT("no key") },
        { "operator/operator.pem", NULL, BM_LIT_INIT("nobody") },
        { "keys/unlock", NULL, BM_LIT_INIT("secret") },
    };
    struct archive_pack_config config = { .crypto = bm_test_crypto(),
                                          .files = some,
                                          .tool = "test" };
    struct backup_restored r;
    char path[512];

    for (size_t n = 0; n <= N(some); n++) {
        (void)snprintf(path, sizeof path, "%s/other-%zu", d.top, n);
        config.path = path;
        config.n = n;
        must(archive_pack(&config, NULL) == BM_OK, "pack", NULL);
        CHECK(restore(path, drill_path(&d, "other"), &r) != BM_OK);
        CHECK(!file_exists(drill_path(&d, "other")));
        CHECK(!file_exists(drill_path(&d, "other.new")));
    }
}

static void only_an_administrator_makes_one(void)
{
    world_open(&d.lost, INSTANCE_READ);
    d.lost.actor.roles = CA_ROLE_ALL & ~(unsigned)CA_ROLE_ADMIN;
    CHECK_STATUS(make(&d.lost, drill_path(&d, "forbidden"), false),
                 BM_E_CA_FORBIDDEN);
    CHECK(!file_exists(drill_path(&d, "forbidden")));
    world_close(&d.lost);
}

/* The other process: issues, lists and publishes until it is killed. */
static void issue_for_ever(void)
{
    struct world *w = &d.lost;

    world_open(w, INSTANCE_WRITE);
    for (unsigned i = 30;; i += 5) {
        struct ca_refusal why = { .status = BM_OK };

        w->now++;
        if (i + 5 <= WORLD_CERTS) {
            world_issue(w, i, 5);
        }
        must(instance_make_crl(w->instance, &w->actor, "issuing", w->now,
                               &why) == BM_OK &&
                 instance_publish(w->instance, w->now, &why) == BM_OK,
             "publish", &why);
    }
}

/* How many leaves the ledger had that was published. */
static uint64_t published(struct note *note)
{
    struct ca_tree_head head;

    read_note(world_path(&d.lost, "ledger/checkpoint"), note);
    must(ca_checkpoint_open(note_bytes(note), bm_test_crypto(), &d.lost.key,
                            d.lost.origin, &head, NULL) == BM_OK,
         "checkpoint", NULL);
    return head.size;
}

static void await_growth(struct note *note)
{
    const struct timespec moment = { 0, 10000000 };
    uint64_t size = published(note);

    while (published(note) == size) {
        (void)nanosleep(&moment, NULL);
    }
}

/* Each of the backups is whole, and goes on from what was published last. */
static void it_is_consistent_while_another_process_issues(void)
{
    struct ca_resumed resumed;
    struct note note;
    bm_status first;
    pid_t child = fork();

    if (child == 0) {
        issue_for_ever();
        _exit(0);
    }
    must(child > 0, "fork", NULL);
    await_growth(&note);
    for (unsigned i = 0; i < 4; i++) {
        char name[32];
        char dir[32];

        (void)snprintf(name, sizeof name, "busy-%u", i);
        (void)snprintf(dir, sizeof dir, "busy-%u.d", i);
        world_open(&d.lost, INSTANCE_READ);
        CHECK_STATUS(make(&d.lost, drill_path(&d, name), true), BM_OK);
        world_close(&d.lost);
    }
    /* Once more than what the last backup may have had before it was out. */
    await_growth(&note);
    await_growth(&note);
    must(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child, "child",
         NULL);
    (void)published(&note);
    for (unsigned i = 0; i < 4; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "busy-%u", i);
        (void)snprintf(d.archive, sizeof d.archive, "%s", drill_path(&d, name));
        (void)snprintf(name, sizeof name, "busy-%u.d", i);
        drill_restore(&d, name);
        d.back.now += 100000; /* later than the child's clock */
        CHECK_STATUS(drill_resume_against(&d, &note, &resumed), BM_OK);
        CHECK(resumed.tree == 2);
        CHECK(drill_verify(&d, &note, &first) == 0);
    }
}

int main(void)
{
    drill_begin(&d);
    RUN(secrets_are_in_it_only_sealed_and_when_asked_for);
    RUN(nothing_is_overwritten);
    RUN(what_is_no_instance_is_not_unpacked);
    RUN(only_an_administrator_makes_one);
    RUN(it_is_consistent_while_another_process_issues);
    drill_end(&d);
    return bm_test_done();
}
