/* SPDX-License-Identifier: Apache-2.0 */

/* Media that fail: at every write, in several ways. */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "store/test/faults.h"
#include "store/test/story.h"

#define STEPS 12

static void copy_file(const char *from, const char *to)
{
    static char octets[1 << 16];
    size_t n;
    FILE *in = fopen(from, "re");
    FILE *out = fopen(to, "we");

    CHECK(in != NULL && out != NULL);
    while (in != NULL && out != NULL &&
           (n = fread(octets, 1, sizeof octets, in)) > 0) {
        CHECK(fwrite(octets, 1, n, out) == n);
    }
    if (in != NULL) {
        (void)fclose(in);
    }
    if (out != NULL) {
        CHECK(fclose(out) == 0);
    }
}

/* A store with some transactions in it, to start from. */
static void make_start(const char *path)
{
    struct store *s;

    files_remove(path);
    CHECK_STATUS(story_open(path, true, &s), BM_OK);
    for (unsigned i = 0; i < 4; i++) {
        CHECK(story_commit(s, i));
    }
    s->close(s->self);
}

/* Transactions 4 to STEPS, while the medium fails. */
static void play(const char *path, bool acknowledged[STEPS])
{
    struct store *s;

    for (unsigned i = 0; i < STEPS; i++) {
        acknowledged[i] = i < 4;
    }
    if (story_open(path, false, &s) != BM_OK) {
        CHECK(s == NULL);
        return;
    }
    for (unsigned i = 4; i < STEPS; i++) {
        if (i == 7) { /* one that is taken back on purpose */
            if (s->begin(s->self, STORE_WRITE) == BM_OK) {
                (void)story_put(s, i);
                s->rollback(s->self);
            }
            continue;
        }
        acknowledged[i] = story_commit(s, i);
    }
    s->close(s->self);
}

static unsigned long fail_everywhere(enum fault_kind kind)
{
    char start[FILES_PATH_MAX];
    char path[FILES_PATH_MAX];
    bool acknowledged[STEPS];
    unsigned long at = 0;
    bool hit = true;

    files_path("start", start);
    files_path("fault", path);
    make_start(start);
    while (hit && bm_test_failed == 0) {
        files_remove(path);
        copy_file(start, path);
        faults_start();
        faults_set(kind, ++at);
        play(path, acknowledged);
        hit = fault.hit;
        faults_end();
        story_check(path, acknowledged, STEPS);
        if (bm_test_failed != 0) {
            printf("# kind %d, operation %lu\n", (int)kind, at);
        }
    }
    CHECK(at > 50); /* there was something to fail */
    return at;
}

static void an_operation_that_fails_once_loses_nothing(void)
{
    (void)fail_everywhere(FAULT_ONCE);
}

static void a_medium_that_dies_loses_nothing(void)
{
    (void)fail_everywhere(FAULT_DEAD);
}

static void a_torn_write_loses_nothing(void)
{
    (void)fail_everywhere(FAULT_TORN);
}

static void a_disk_that_is_full_loses_nothing(void)
{
    (void)fail_everywhere(FAULT_FULL);
}

static void a_full_disk_has_its_own_status(void)
{
    char path[FILES_PATH_MAX];
    struct store *s;

    files_path("fault", path);
    make_start(path);
    faults_start();
    CHECK_STATUS(story_open(path, false, &s), BM_OK);
    CHECK(story_commit(s, 5));
    faults_set(FAULT_FULL, 1);
    must_begin(s);
    CHECK_STATUS(story_put(s, 6), BM_OK);
    CHECK_STATUS(s->commit(s->self), BM_E_FULL);
    faults_set(FAULT_ONCE, 1);
    must_begin(s);
    CHECK_STATUS(story_put(s, 6), BM_OK);
    CHECK_STATUS(s->commit(s->self), BM_E_IO);
    faults_set(FAULT_ONCE, 0);
    CHECK(story_commit(s, 6));
    s->close(s->self);
    faults_end();
}

/* The same by the system itself: no file may grow beyond a size. */
static void a_limit_on_files_is_a_full_disk(void)
{
    bool acknowledged[200] = { false };
    char path[FILES_PATH_MAX];
    struct store *s;
    struct rlimit before;
    struct rlimit limit;
    unsigned refused = 0;

    files_path("limit", path);
    files_remove(path);
    CHECK_STATUS(story_open(path, true, &s), BM_OK);
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    limit = before;
    limit.rlim_cur = 600000;
    (void)signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    for (unsigned i = 0; i < 200; i++) {
        acknowledged[i] = story_commit(s, i);
        refused += !acknowledged[i];
    }
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(refused > 0 && refused < 200);
    s->close(s->self);
    story_check(path, acknowledged, 200);
}

static void a_new_store_is_there_whole_or_not_at_all(void)
{
    char path[FILES_PATH_MAX];
    bool none[1] = { false };
    bool hit = true;

    files_path("new", path);
    for (unsigned long at = 1; hit && bm_test_failed == 0; at++) {
        struct store *s;
        bm_status rc;

        files_remove(path);
        faults_start();
        faults_set(FAULT_DEAD, at);
        rc = story_open(path, true, &s);
        hit = fault.hit;
        if (rc == BM_OK) {
            s->close(s->self);
        }
        faults_end();
        if (access(path, F_OK) == 0) {
            story_check(path, none, 1);
        } else {
            CHECK(rc != BM_OK);
            CHECK_STATUS(story_open(path, true, &s), BM_OK);
            if (s != NULL) {
                s->close(s->self);
            }
        }
    }
}

int main(void)
{
    files_start();
    RUN(a_full_disk_has_its_own_status);
    RUN(a_limit_on_files_is_a_full_disk);
    RUN(a_new_store_is_there_whole_or_not_at_all);
    RUN(an_operation_that_fails_once_loses_nothing);
    RUN(a_medium_that_dies_loses_nothing);
    RUN(a_torn_write_loses_nothing);
    RUN(a_disk_that_is_full_loses_nothing);
    files_end();
    return bm_test_done();
}
