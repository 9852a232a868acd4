/* SPDX-License-Identifier: Apache-2.0 */

/* Calls fail, and disks are full. */
#define _GNU_SOURCE /* mount */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fault/points.h"

static void fail_everywhere(enum inject what, int error, unsigned sample,
                            const struct script_config *script)
{
    struct tally tally = { 0 };
    unsigned long calls;
    unsigned long changes;
    unsigned long stride;
    char name[64];

    measure(&calls, &changes);
    stride = round_stride(calls, sample);
    for (unsigned long n = 1; n <= calls; n += stride) {
        struct round_fault f = { what, n, error };
        struct round_result r;
        int failed = bm_test_failed;

        one_point(&f, script, &tally, &r);
        CHECK(!r.killed);
        /* One fault is one failed act, or two where the first left the
         * instance to be opened again. A short write is no failure. */
        CHECK(r.script.failed <= (what == INJECT_SHORT ? 0 : 2));
        if (bm_test_failed != failed) {
            print_round(&f, &r);
        }
    }
    (void)snprintf(name, sizeof name, "%s, errno %d", kinds[what], error);
    print_tally(name, &tally);
}

static void a_call_that_fails_loses_nothing(void)
{
    fail_everywhere(INJECT_FAIL, EIO, SAMPLE, &short_script);
}

static void a_server_goes_on_after_a_call_that_failed(void)
{
    fail_everywhere(INJECT_FAIL, EIO, SAMPLE, &patient_script);
}

static void a_disk_that_is_full_for_one_call_loses_nothing(void)
{
    fail_everywhere(INJECT_FAIL, ENOSPC, SAMPLE, &patient_script);
}

static void an_interrupted_call_loses_nothing(void)
{
    fail_everywhere(INJECT_FAIL, EINTR, SAMPLE, &patient_script);
}

static void a_short_write_is_finished(void)
{
    fail_everywhere(INJECT_SHORT, 0, SAMPLE, &patient_script);
}

/* A disk that is full from some change on, until acts have failed. */
static void relieve_injected(void *arg)
{
    (void)arg;
    inject_disarm();
}

/* SQLite tries to open a file that it cannot make in other ways, too, and
 * forgets why the first one failed. */
static bool is_open_of_store(const struct round_result *r)
{
    return strncmp(r->where, "open ", 5) == 0 &&
           strstr(r->where, "birthmark.db") != NULL;
}

static void a_full_disk_stops_issuance_and_loses_nothing(void)
{
    struct script_config script = patient_script;
    struct tally tally = { 0 };
    unsigned long calls;
    unsigned long changes;
    unsigned long stride;

    script.failures = 3;
    script.relieve = relieve_injected;
    measure(&calls, &changes);
    stride = round_stride(changes, SAMPLE);
    for (unsigned long n = 1; n <= changes; n += stride) {
        struct round_fault f = { INJECT_FULL, n, ENOSPC };
        struct round_result r;
        int failed = bm_test_failed;

        one_point(&f, &script, &tally, &r);
        CHECK(r.script.failed == 0 || r.script.first == BM_E_FULL ||
              (r.script.first == BM_E_IO && is_open_of_store(&r)));
        CHECK(r.script.failed <= 4);
        if (bm_test_failed != failed) {
            print_round(&f, &r);
        }
    }
    print_tally(kinds[INJECT_FULL], &tally);
}

/*
 * A real file system without room, which gets some; or, for who may not mount
 * one, files that may not grow. The fault's number says how much is free.
 */
struct small_disk {
    bool mounted;
    char at[WORLD_PATH_MAX];
    char ballast[WORLD_PATH_MAX];
};

#define DISK_OPTIONS "size=24m,mode=700"

/* What is free at most: more than the script ever needs. */
#define FREE_MAX 400000

static void fill(const struct small_disk *disk, size_t keep_free)
{
    static const uint8_t zeros[65536];
    int fd = open(disk->ballast, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    off_t size = 0;
    ssize_t n;

    world_must(fd >= 0, "filling a disk");
    while ((n = write(fd, zeros, sizeof zeros)) > 0) {
        size += n;
    }
    size = size < (off_t)keep_free ? 0 : size - (off_t)keep_free;
    world_must(ftruncate(fd, size) == 0, "filling a disk");
    (void)close(fd);
}

static void limit_files(rlim_t octets)
{
    struct rlimit limit = { octets, RLIM_INFINITY };

    (void)signal(SIGXFSZ, SIG_IGN);
    world_must(setrlimit(RLIMIT_FSIZE, &limit) == 0, "limiting files");
}

static void relieve_disk(void *arg)
{
    const struct small_disk *disk = arg;

    if (disk->mounted) {
        world_must(unlink(disk->ballast) == 0, "making room");
    } else {
        limit_files(RLIM_INFINITY);
    }
}

static rlim_t size_of_store(void)
{
    char path[WORLD_PATH_MAX];
    struct stat st;

    (void)snprintf(path, sizeof path, "%.400s/birthmark.db", base);
    world_must(stat(path, &st) == 0, "the size of the store");
    return (rlim_t)st.st_size;
}

static void on_a_small_disk(struct small_disk *disk, size_t keep_free,
                            struct tally *tally)
{
    struct script_config script = { .seed = 5,
                                    .patient = true,
                                    .failures = 3,
                                    .relieve = relieve_disk,
                                    .arg = disk,
                                    .acts = 60 };
    struct round_fault f = { INJECT_NOTHING, keep_free, 0 };
    struct round round;
    struct round_result r = { 0 };

    round_begin(&round, NULL, base_clock);
    (void)snprintf(round.dir, sizeof round.dir, "%.400s/ca", disk->at);
    world_copy(base, round.dir);
    if (disk->mounted) {
        fill(disk, keep_free);
    } else {
        limit_files(size_of_store() + keep_free);
    }
    round_play(&round, &f, &script, &r);
    if (!disk->mounted) {
        limit_files(RLIM_INFINITY);
    }
    check_round(&round, &f, &r);
    CHECK(r.script.failed >= 3 && r.script.failed <= 5);
    /* SQLite has no word of its own for a file that may not grow. */
    CHECK(r.script.first == BM_E_FULL ||
          (!disk->mounted && r.script.first == BM_E_IO));
    count(tally, &r);
    round_end(&round);
}

static void a_small_disk_fills_and_is_relieved(void)
{
    struct small_disk disk = { .mounted = false };
    struct tally tally = { 0 };
    size_t step = 4096 * round_stride(4 * SAMPLE, SAMPLE);

    world_path(disk.at, "disk");
    (void)snprintf(disk.ballast, sizeof disk.ballast, "%.400s/ballast",
                   disk.at);
    world_must(mkdir(disk.at, 0700) == 0, "a directory");
    disk.mounted = mount("tmpfs", disk.at, "tmpfs", 0, DISK_OPTIONS) == 0;
    for (size_t room = 0; room <= FREE_MAX; room += step * (1 + room / 32768)) {
        on_a_small_disk(&disk, room, &tally);
    }
    print_tally(disk.mounted ? "small disk" : "limited files", &tally);
    CHECK(!disk.mounted || umount(disk.at) == 0);
    (void)rmdir(disk.at);
}

int main(int argc, char **argv)
{
    static const struct points_test tests[] = {
        POINTS_TEST(a_call_that_fails_loses_nothing),
        POINTS_TEST(a_server_goes_on_after_a_call_that_failed),
        POINTS_TEST(a_disk_that_is_full_for_one_call_loses_nothing),
        POINTS_TEST(an_interrupted_call_loses_nothing),
        POINTS_TEST(a_short_write_is_finished),
        POINTS_TEST(a_full_disk_stops_issuance_and_loses_nothing),
        POINTS_TEST(a_small_disk_fills_and_is_relieved),
    };

    return points_main(tests, sizeof tests / sizeof tests[0], argc, argv);
}
