/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/wait.h>

#include "keys/shares_write.h"
#include "keys/test/folder.h"
#include "tests/keys/faults.h"

/* More calls than any operation makes; a test that gets here never ends. */
#define CALLS_MAX 1000

static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };

/* What an operation starts from: a folder, keys unlocked, k.key or not. */
struct world {
    struct folder f;
    struct bm_kek *kek;
    struct bm_key_provider *p;
    uint8_t before[BM_KEY_FILE_MAX]; /* of the file that is read or replaced */
    struct bm_bytes file;
};

static void world_make(struct world *w)
{
    folder_make(&w->f);
    w->kek = folder_kek(&w->f);
    w->p = folder_provider(&w->f, w->kek);
}

static void world_remove(struct world *w)
{
    bm_key_file_free(w->p);
    bm_kek_close(w->kek);
    folder_remove(&w->f);
}

/* Something that touches the disk, and what must be true behind it. */
struct operation {
    void (*prepare)(struct world *w);
    bm_status (*run)(struct world *w);

    /* `rc` is what run() said, or BM_E_BUSY when it did not come to say it. */
    void (*check)(struct world *w, bm_status rc, enum fault fault);
};

/* The lowest free descriptor: it rises when one was not closed. */
static int next_fd(void)
{
    int fd = open("/dev/null", O_RDONLY);

    (void)close(fd);
    return fd;
}

static bm_status run_to_death(const struct operation *op, struct world *w,
                              unsigned long at, int *came)
{
    int status = 0;
    pid_t child = fork();

    folder_must(child >= 0, "fork");
    if (child == 0) {
        fault_begin(FAULT_DIE, at);
        (void)op->run(w);
        _exit(0);
    }
    folder_must(waitpid(child, &status, 0) == child, "waitpid");
    *came = WIFEXITED(status) && WEXITSTATUS(status) == FAULT_EXIT;
    CHECK(*came || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return BM_E_BUSY;
}

static bm_status run_once(const struct operation *op, struct world *w,
                          enum fault fault, unsigned long at, int *came)
{
    bm_status rc;
    int fd;

    if (fault == FAULT_DIE) {
        return run_to_death(op, w, at, came);
    }
    fd = next_fd();
    fault_begin(fault, at);
    rc = op->run(w);
    *came = fault_end();
    CHECK(next_fd() == fd);
    return rc;
}

/* Returns how many calls there were to fail. */
static unsigned long enumerate(const struct operation *op, enum fault fault)
{
    for (unsigned long at = 1; at < CALLS_MAX; at++) {
        int failed = bm_test_failed;
        struct world w;
        int came = 0;
        bm_status rc;

        world_make(&w);
        op->prepare(&w);
        rc = run_once(op, &w, fault, at, &came);
        op->check(&w, rc, fault);
        world_remove(&w);
        if (bm_test_failed != failed) {
            printf("# fault %d in call %lu, status 0x%04x\n", (int)fault, at,
                   (unsigned)rc);
        }
        if (!came) {
            CHECK(rc == BM_OK || fault == FAULT_DIE);
            return at - 1;
        }
    }
    CHECK(!"an operation that ends");
    return 0;
}

static void enumerate_all(const struct operation *op, unsigned long least)
{
    CHECK(enumerate(op, FAULT_ONE) >= least);
    CHECK(enumerate(op, FAULT_ON) >= 1);
    CHECK(enumerate(op, FAULT_DIE) >= least);
}

static void prepare_nothing(struct world *w)
{
    (void)w;
}

static bm_status try_open(struct world *w)
{
    struct bm_key *key = NULL;
    bm_status rc = w->p->open(w->p->self, "k.key", &key);

    CHECK((rc == BM_OK) == (key != NULL));
    bm_key_close(key);
    return rc;
}

static bm_status run_generate(struct world *w)
{
    struct bm_key *key = NULL;
    bm_status rc = w->p->generate(w->p->self, "k.key", &p256, &key);

    CHECK((rc == BM_OK) == (key != NULL));
    bm_key_close(key);
    return rc;
}

/* Not there, or whole; and the next attempt finds a clean folder. */
static void check_new_key(struct world *w, bm_status rc, enum fault fault)
{
    bm_status state = try_open(w);

    CHECK(state == BM_OK || state == BM_E_NOT_FOUND);
    if (rc == BM_OK) {
        CHECK_STATUS(state, BM_OK);
    } else if (fault == FAULT_ONE) {
        CHECK_STATUS(state, BM_E_NOT_FOUND);
        CHECK(folder_count(&w->f) == 1);
    }
    CHECK_STATUS(run_generate(w), state == BM_OK ? BM_E_EXISTS : BM_OK);
    CHECK_STATUS(try_open(w), BM_OK);
    if (state != BM_OK) {
        CHECK(folder_count(&w->f) == 2);
    }
}

static void a_new_key_is_whole_or_not_there(void)
{
    static const struct operation op = { prepare_nothing, run_generate,
                                         check_new_key };

    enumerate_all(&op, 14);
}

/* One that was made elsewhere; the file that is read is not k.key. */
static void prepare_import(struct world *w)
{
    const struct bm_key_maker *maker = bm_test_key_tools().maker;
    struct bm_signer *signer = NULL;
    struct bm_wr out;

    folder_must(maker->generate(maker->self, &p256, &signer) == BM_OK, "key");
    bm_wr_init(&out, w->before, sizeof w->before);
    folder_must(maker->to_pkcs8(maker->self, signer, &out) == BM_OK, "key");
    w->file = bm_wr_bytes(&out);
    maker->release(maker->self, signer);
}

static bm_status run_import(struct world *w)
{
    return bm_key_file_import(w->p, "k.key", w->file);
}

static void an_import_is_whole_or_not_there(void)
{
    static const struct operation op = { prepare_import, run_import,
                                         check_new_key };

    enumerate_all(&op, 14);
}

/* Reading changes nothing, whatever fails. */
static void prepare_key(struct world *w)
{
    folder_must(run_generate(w) == BM_OK, "no key");
    w->file = folder_get(&w->f, "k.key", w->before, sizeof w->before);
}

static void check_same_key(struct world *w, bm_status rc, enum fault fault)
{
    uint8_t text[BM_KEY_FILE_MAX];
    struct bm_bytes now = folder_get(&w->f, "k.key", text, sizeof text);

    (void)rc;
    (void)fault;
    CHECK_BYTES(now.p, now.n, w->file.p, w->file.n);
    CHECK(folder_count(&w->f) == 2);
    CHECK_STATUS(try_open(w), BM_OK);
}

static void opening_a_key_fails_cleanly(void)
{
    static const struct operation op = { prepare_key, try_open,
                                         check_same_key };

    enumerate_all(&op, 6);
}

static bm_status run_export(struct world *w)
{
    uint8_t buf[2048];
    struct bm_wr pem;
    bm_status rc;

    bm_wr_init(&pem, buf, sizeof buf);
    rc = bm_key_file_export(w->p, "k.key", &pem);
    CHECK((rc == BM_OK) == (pem.len != 0));
    return rc;
}

static bm_status run_public(struct world *w)
{
    uint8_t buf[2048];
    struct bm_wr spki;
    bm_status rc;

    bm_wr_init(&spki, buf, sizeof buf);
    rc = bm_key_file_public(w->p, "k.key", &spki);
    CHECK((rc == BM_OK) == (spki.len != 0));
    return rc;
}

static void showing_a_key_fails_cleanly(void)
{
    static const struct operation private = { prepare_key, run_export,
                                              check_same_key };
    static const struct operation public = { prepare_key, run_public,
                                             check_same_key };

    enumerate_all(&private, 5);
    enumerate_all(&public, 5);
}

static bm_status run_new_provider(struct world *w)
{
    const struct bm_key_file_config config = { bm_test_key_tools(), w->f.path,
                                               w->kek };
    struct bm_key_provider *p = NULL;
    bm_status rc = bm_key_file_new(&config, &p);

    CHECK((rc == BM_OK) == (p != NULL));
    bm_key_file_free(p);
    return rc;
}

static void a_provider_fails_cleanly(void)
{
    static const struct operation op = { prepare_key, run_new_provider,
                                         check_same_key };

    enumerate_all(&op, 2);
}

static bm_status run_unlock(struct world *w)
{
    static const uint8_t zero[BM_UNLOCK_SIZE];
    uint8_t secret[BM_UNLOCK_SIZE] = { 1 };
    bm_status rc = bm_unlock_create(bm_test_key_tools().crypto,
                                    folder_file(&w->f, "unlock"), secret);

    CHECK((rc == BM_OK) == (memcmp(secret, zero, sizeof zero) != 0));
    return rc;
}

/* It has no second name, so a crash may leave part of it, which is refused. */
static void check_unlock(struct world *w, bm_status rc, enum fault fault)
{
    const struct bm_unlock_source source = { BM_UNLOCK_FILE,
                                             folder_file(&w->f, "unlock"), -1 };
    uint8_t secret[BM_UNLOCK_SIZE];
    bm_status state =
        bm_unlock_read(bm_test_key_tools().crypto, &source, secret);

    CHECK(state == BM_OK || state == BM_E_KEYS_LOCKED ||
          state == BM_E_KEYS_TYPO);
    if (rc == BM_OK) {
        CHECK_STATUS(state, BM_OK);
    } else if (fault == FAULT_ONE) {
        CHECK_STATUS(state, BM_E_KEYS_LOCKED);
        CHECK(folder_count(&w->f) == 1);
        CHECK_STATUS(run_unlock(w), BM_OK);
    }
    CHECK(folder_count(&w->f) <= 2);
}

static void a_new_secret_is_whole_or_refused(void)
{
    static const struct operation op = { prepare_nothing, run_unlock,
                                         check_unlock };

    enumerate_all(&op, 7);
}

static bm_status kek_state(struct world *w, const uint8_t *secret)
{
    const struct bm_kek_config config = kek_config(&w->f, secret);
    struct bm_kek *kek = NULL;
    bm_status rc = bm_kek_open(&config, &kek);

    CHECK((rc == BM_OK) == (kek != NULL));
    if (kek != NULL && w->kek != NULL) {
        CHECK(bm_bytes_equal(bm_kek_key(kek), bm_kek_key(w->kek)));
    }
    bm_kek_close(kek);
    return rc;
}

static void prepare_no_kek(struct world *w)
{
    bm_kek_close(w->kek);
    w->kek = NULL;
    folder_empty(&w->f);
}

static bm_status run_kek(struct world *w)
{
    const struct bm_kek_config config = kek_config(&w->f, other_secret);
    struct bm_kek *kek = NULL;
    bm_status rc = bm_kek_create(&config, &kek);

    CHECK((rc == BM_OK) == (kek != NULL));
    bm_kek_close(kek);
    return rc;
}

static void check_new_kek(struct world *w, bm_status rc, enum fault fault)
{
    bm_status state = kek_state(w, other_secret);

    CHECK(state == BM_OK || state == BM_E_NOT_FOUND);
    if (rc == BM_OK) {
        CHECK_STATUS(state, BM_OK);
    } else if (fault == FAULT_ONE) {
        CHECK_STATUS(state, BM_E_NOT_FOUND);
        CHECK(folder_count(&w->f) == 0);
    }
    if (state != BM_OK) {
        CHECK_STATUS(run_kek(w), BM_OK);
        CHECK(folder_count(&w->f) == 1);
    }
}

static void a_new_key_encryption_key_is_whole_or_not_there(void)
{
    static const struct operation op = { prepare_no_kek, run_kek,
                                         check_new_kek };

    enumerate_all(&op, 15);
}

static bm_status run_kek_open(struct world *w)
{
    return kek_state(w, test_secret);
}

static void check_kek(struct world *w, bm_status rc, enum fault fault)
{
    (void)rc;
    (void)fault;
    CHECK_STATUS(kek_state(w, test_secret), BM_OK);
    CHECK(folder_count(&w->f) == 1);
}

static void opening_a_key_encryption_key_fails_cleanly(void)
{
    static const struct operation op = { prepare_nothing, run_kek_open,
                                         check_kek };

    enumerate_all(&op, 7);
}

static bm_status run_rewrap(struct world *w)
{
    const struct bm_kek_config config = kek_config(&w->f, other_secret);

    return bm_kek_rewrap(w->kek, &config);
}

/* The old secret opens it or the new one does, and never neither. */
static void check_rewrap(struct world *w, bm_status rc, enum fault fault)
{
    bm_status old_state = kek_state(w, test_secret);
    bm_status new_state = kek_state(w, other_secret);

    (void)fault;
    CHECK((old_state == BM_OK) != (new_state == BM_OK));
    CHECK(old_state == BM_OK || old_state == BM_E_KEYS_SECRET);
    CHECK(new_state == BM_OK || new_state == BM_E_KEYS_SECRET);
    CHECK(rc != BM_OK || new_state == BM_OK);
    CHECK_STATUS(run_rewrap(w), BM_OK);
    CHECK_STATUS(kek_state(w, other_secret), BM_OK);
    CHECK(folder_count(&w->f) == 1);
}

static void changing_the_secret_loses_no_key(void)
{
    static const struct operation op = { prepare_nothing, run_rewrap,
                                         check_rewrap };

    enumerate_all(&op, 13);
}

static void a_full_disk_is_called_by_its_name(void)
{
    bool seen = false;

    for (unsigned long at = 1; at < 40; at++) {
        struct world w;

        world_make(&w);
        fault_begin(FAULT_ONE, at);
        seen = run_generate(&w) == BM_E_FULL || seen;
        (void)fault_end();
        world_remove(&w);
    }
    CHECK(seen);
}

static void data_is_on_the_disk_before_it_has_a_name(void)
{
    struct world w;

    world_make(&w);
    fault_begin(FAULT_ONE, 0);
    CHECK_STATUS(run_generate(&w), BM_OK);
    CHECK(strcmp(fault_trace(), "wsls") == 0);
    fault_begin(FAULT_ONE, 0);
    CHECK_STATUS(run_rewrap(&w), BM_OK);
    CHECK(strcmp(fault_trace(), "wsrs") == 0);
    fault_begin(FAULT_ONE, 0);
    CHECK_STATUS(run_unlock(&w), BM_OK);
    CHECK(strcmp(fault_trace(), "wss") == 0);
    (void)fault_end();
    world_remove(&w);
}

static void short_reads_and_writes_are_continued(void)
{
    struct world w;

    world_make(&w);
    fault_begin(FAULT_SHORT, 0);
    CHECK_STATUS(run_generate(&w), BM_OK);
    CHECK_STATUS(try_open(&w), BM_OK);
    CHECK_STATUS(run_rewrap(&w), BM_OK);
    CHECK_STATUS(kek_state(&w, other_secret), BM_OK);
    (void)fault_end();
    CHECK_STATUS(try_open(&w), BM_OK);
    world_remove(&w);
}

#define MAKERS 16

/* In a child: waits until `start` is closed, then makes the key. */
static void make_when_all_are_there(struct world *w, const int start[2])
{
    bm_status rc;
    char none;

    (void)close(start[1]);
    (void)!read(start[0], &none, 1);
    rc = run_generate(w);
    _exit(rc == BM_OK ? 1 : rc == BM_E_EXISTS ? 0 : 2);
}

/*
 * Processes that make the same key at once: one makes it, and it is whole.
 * They share the provider's descriptor, as the children of a server would.
 */
static void of_many_at_once_one_makes_the_key(void)
{
    struct world w;
    int start[2];
    int made = 0;

    world_make(&w);
    folder_must(pipe(start) == 0, "pipe");
    for (int i = 0; i < MAKERS; i++) {
        pid_t child = fork();

        folder_must(child >= 0, "fork");
        if (child == 0) {
            make_when_all_are_there(&w, start);
        }
    }
    (void)close(start[0]);
    (void)close(start[1]);
    for (int i = 0; i < MAKERS; i++) {
        int status = 0;

        folder_must(wait(&status) > 0, "wait");
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) < 2);
        made += WEXITSTATUS(status);
    }
    CHECK(made == 1);
    CHECK_STATUS(try_open(&w), BM_OK);
    CHECK(folder_count(&w.f) == 2);
    world_remove(&w);
}

/* ---- Shares */

static struct bm_share dealt[2];

static struct bm_shares_files shares_in(struct world *w)
{
    return (struct bm_shares_files){ bm_test_key_tools().crypto, dealt,
                                     w->f.path, NULL };
}

static void prepare_shares(struct world *w)
{
    static const char *const names[] = { "A", "B" };
    static const struct bm_shares_config config = { "Root", names, 2, 2 };

    (void)w;
    folder_must(bm_shares_split(bm_test_key_tools().crypto, &config,
                                test_secret, dealt) == BM_OK,
                "split");
}

static bm_status run_write_shares(struct world *w)
{
    static const uint8_t zero[BM_UNLOCK_SIZE];
    const struct bm_shares_files files = shares_in(w);
    uint8_t secret[BM_UNLOCK_SIZE];
    char why[BM_SHARES_WHY_MAX];
    bm_status rc = bm_shares_write(&files, secret, why);

    CHECK(memcmp(secret, rc == BM_OK ? test_secret : zero, sizeof secret) == 0);
    return rc;
}

/* All or none, beside the kek; what a crash leaves is removed by name. */
static void check_shares(struct world *w, bm_status rc, enum fault fault)
{
    const struct bm_shares_files files = shares_in(w);

    if (rc == BM_OK) {
        CHECK(folder_count(&w->f) == 5);
        CHECK_STATUS(run_write_shares(w), BM_E_EXISTS);
        CHECK(folder_count(&w->f) == 5);
    } else if (fault == FAULT_ONE) {
        CHECK(folder_count(&w->f) == 1);
    }
    bm_shares_unwrite(&files);
    CHECK(folder_count(&w->f) == 1);
    CHECK_STATUS(run_write_shares(w), BM_OK);
}

static void shares_are_all_written_or_none(void)
{
    static const struct operation op = { prepare_shares, run_write_shares,
                                         check_shares };

    enumerate_all(&op, 25);
}

static void prepare_shares_there(struct world *w)
{
    prepare_shares(w);
    folder_must(run_write_shares(w) == BM_OK, "shares");
}

static bm_status run_read_shares(struct world *w)
{
    static const uint8_t zero[BM_UNLOCK_SIZE];
    const struct bm_unlock_source source = { BM_UNLOCK_SHARES, w->f.path, -1 };
    uint8_t secret[BM_UNLOCK_SIZE];
    bm_status rc = bm_unlock_read(bm_test_key_tools().crypto, &source, secret);

    CHECK(memcmp(secret, rc == BM_OK ? test_secret : zero, sizeof secret) == 0);
    return rc;
}

static void check_read_shares(struct world *w, bm_status rc, enum fault fault)
{
    (void)rc;
    (void)fault;
    CHECK_STATUS(run_read_shares(w), BM_OK);
}

static void shares_are_read_or_the_failure_is_said(void)
{
    static const struct operation op = { prepare_shares_there, run_read_shares,
                                         check_read_shares };

    enumerate_all(&op, 12);
}

int main(void)
{
    RUN(a_new_key_is_whole_or_not_there);
    RUN(an_import_is_whole_or_not_there);
    RUN(opening_a_key_fails_cleanly);
    RUN(showing_a_key_fails_cleanly);
    RUN(a_provider_fails_cleanly);
    RUN(a_new_secret_is_whole_or_refused);
    RUN(a_new_key_encryption_key_is_whole_or_not_there);
    RUN(opening_a_key_encryption_key_fails_cleanly);
    RUN(changing_the_secret_loses_no_key);
    RUN(a_full_disk_is_called_by_its_name);
    RUN(data_is_on_the_disk_before_it_has_a_name);
    RUN(short_reads_and_writes_are_continued);
    RUN(of_many_at_once_one_makes_the_key);
    RUN(shares_are_all_written_or_none);
    RUN(shares_are_read_or_the_failure_is_said);
    return bm_test_done();
}
