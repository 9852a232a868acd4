/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files/files.h"
#include "server/archive.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"
#include "tests/keys/faults.h"

/* More calls than any operation makes. */
#define CALLS_MAX 1000

static const struct archive_kind kinds[] = { { "a/", 1 << 20, 0 },
                                             { "b", 1 << 20, 0400 },
                                             { NULL, 0, 0 } };

struct world {
    char base[FILES_PATH_MAX];
    char source[FILES_PATH_MAX];
    char tar[FILES_PATH_MAX];
    char out[FILES_PATH_MAX];
};

static void must(int ok, const char *what)
{
    if (!ok) {
        printf("Bail out! %s\n", what);
        exit(1);
    }
}

static void world_make(struct world *w)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(w->base, sizeof w->base, "%s/birthmark-XXXXXX",
                   tmp == NULL ? "/tmp" : tmp);
    must(mkdtemp(w->base) != NULL, "no temporary folder");
    must(files_path(w->source, w->base, "source") == BM_OK &&
             files_path(w->tar, w->base, "x.tar") == BM_OK &&
             files_path(w->out, w->base, "out") == BM_OK,
         "path");
    must(files_create(w->source, BM_LIT("what lies on the disk"), 0600, NULL) ==
             BM_OK,
         "source");
}

static void world_remove(struct world *w)
{
    must(files_remove_tree(w->base, NULL) == BM_OK, "folder stays");
}

static bool exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

static bm_status run_pack(struct world *w)
{
    const struct archive_file files[] = {
        { "a/b/c", w->source, { NULL, 0 } },
        { "b", NULL, BM_LIT("what lies in memory") },
    };
    const struct archive_pack_config config = {
        .crypto = bm_test_crypto(),
        .path = w->tar,
        .files = files,
        .n = 2,
        .tool = "t",
        .squeeze = ARCHIVE_GZIP,
    };

    return archive_pack(&config, NULL);
}

static bm_status unpack(struct world *w, const char *dir)
{
    const struct archive_unpack_config config = {
        .crypto = bm_test_crypto(),
        .path = w->tar,
        .kinds = kinds,
        .total_max = 1 << 20,
        .dir = dir,
    };

    return archive_unpack(&config, NULL, NULL);
}

static bm_status run_unpack(struct world *w)
{
    return unpack(w, w->out);
}

/* Not there, or whole; and the next attempt succeeds. */
static void check_pack(struct world *w, bm_status rc, enum fault fault)
{
    bool there = exists(w->tar);

    CHECK(!there || unpack(w, NULL) == BM_OK);
    CHECK(rc != BM_OK || there);
    CHECK(rc == BM_OK || fault != FAULT_ONE || !there);
    CHECK_STATUS(run_pack(w), there ? BM_E_EXISTS : BM_OK);
}

static void check_unpack(struct world *w, bm_status rc, enum fault fault)
{
    char file[FILES_PATH_MAX];
    uint8_t *data = NULL;
    size_t n = 0;

    CHECK(rc == BM_OK || fault != FAULT_ONE || !exists(w->out));
    if (rc != BM_OK) {
        must(files_remove_tree(w->out, NULL) == BM_OK, "out stays");
        CHECK_STATUS(run_unpack(w), BM_OK);
    }
    must(files_path(file, w->out, "a/b/c") == BM_OK, "path");
    CHECK_STATUS(files_read(file, 100, &data, &n, NULL), BM_OK);
    CHECK_BYTES(data, n, "what lies on the disk", 21);
    free(data);
}

static void prepare_nothing(struct world *w)
{
    (void)w;
}

static void prepare_archive(struct world *w)
{
    must(run_pack(w) == BM_OK, "no archive");
}

struct operation {
    void (*prepare)(struct world *w);
    bm_status (*run)(struct world *w);
    void (*check)(struct world *w, bm_status rc, enum fault fault);
};

static int next_fd(void)
{
    int fd = open("/dev/null", O_RDONLY);

    (void)close(fd);
    return fd;
}

static bm_status run_once(const struct operation *op, struct world *w,
                          enum fault fault, unsigned long at, int *came)
{
    int status = 0;
    int fd = next_fd();
    bm_status rc = BM_E_BUSY;
    pid_t child;

    if (fault != FAULT_DIE) {
        fault_begin(fault, at);
        rc = op->run(w);
        *came = fault_end();
        CHECK(next_fd() == fd);
        return rc;
    }
    child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        fault_begin(fault, at);
        (void)op->run(w);
        _exit(0);
    }
    must(waitpid(child, &status, 0) == child, "waitpid");
    *came = WIFEXITED(status) && WEXITSTATUS(status) == FAULT_EXIT;
    CHECK(*came || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return rc;
}

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
        if (came || fault != FAULT_DIE) {
            op->check(&w, rc, fault);
        }
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

static void an_archive_is_whole_or_not_there(void)
{
    static const struct operation op = { prepare_nothing, run_pack,
                                         check_pack };

    CHECK(enumerate(&op, FAULT_ONE) >= 15);
    CHECK(enumerate(&op, FAULT_ON) >= 1);
    CHECK(enumerate(&op, FAULT_DIE) >= 15);
}

static void what_is_unpacked_is_whole_or_not_there(void)
{
    static const struct operation op = { prepare_archive, run_unpack,
                                         check_unpack };

    CHECK(enumerate(&op, FAULT_ONE) >= 25);
    CHECK(enumerate(&op, FAULT_ON) >= 1);
    CHECK(enumerate(&op, FAULT_DIE) >= 25);
}

static void short_reads_and_writes_are_continued(void)
{
    struct world w;

    world_make(&w);
    fault_begin(FAULT_SHORT, 0);
    CHECK_STATUS(run_pack(&w), BM_OK);
    CHECK_STATUS(run_unpack(&w), BM_OK);
    (void)fault_end();
    check_unpack(&w, BM_OK, FAULT_SHORT);
    world_remove(&w);
}

/* Data before name; each file and each folder that got an entry. */
static void all_of_it_is_on_the_disk(void)
{
    struct world w;
    const char *trace = fault_trace();

    world_make(&w);
    fault_begin(FAULT_ONE, 0);
    CHECK_STATUS(run_pack(&w), BM_OK);
    CHECK(strcmp(trace, "wsls") == 0);
    fault_begin(FAULT_ONE, 0);
    CHECK_STATUS(run_unpack(&w), BM_OK);
    /* Folders out, a and b; file c; folder b; file b; out and above it. */
    CHECK(strcmp(trace, "mmsmswsswssss") == 0);
    (void)fault_end();
    world_remove(&w);
}

int main(void)
{
    RUN(an_archive_is_whole_or_not_there);
    RUN(what_is_unpacked_is_whole_or_not_there);
    RUN(short_reads_and_writes_are_continued);
    RUN(all_of_it_is_on_the_disk);
    return bm_test_done();
}
