/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/large/large.h"
#include "files/files.h"
#include "store/sqlite.h"

/* What a certificate takes on the disk with all that belongs to it, rounded
 * up, and the log beside. */
#define OCTETS_PER_ROW 1600
#define SPARE          (UINT64_C(256) << 20)

static const struct large_part parts[] = {
    { "opening", large_opening }, { "looking up", large_lookups },
    { "putting", large_rate },    { "a revocation list", large_crl },
    { "indexes", large_indexes }, { "issuing", large_whole },
};

/* For what bm_bench and this program share. */
void bench_must(int ok, const char *what)
{
    large_must(ok, what);
}

void large_must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench: does not work: %s\n", what);
        exit(1);
    }
}

static double seconds(clockid_t clock)
{
    struct timespec t;

    large_must(clock_gettime(clock, &t) == 0, "clock");
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double large_cpu(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double large_wall(void)
{
    return seconds(CLOCK_MONOTONIC);
}

double large_resident(void)
{
    unsigned long all = 0;
    unsigned long resident = 0;
    char line[128];
    char *end;
    FILE *f = fopen("/proc/self/statm", "re");

    large_must(f != NULL && fgets(line, sizeof line, f) != NULL, "statm");
    (void)fclose(f);
    all = strtoul(line, &end, 10);
    resident = strtoul(end, NULL, 10);
    large_must(all >= resident, "statm");
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

double large_peak(void)
{
    struct rusage usage;

    large_must(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
    return (double)usage.ru_maxrss * 1024;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

double large_median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
    return values[n / 2];
}

struct store *large_open(const char *path, bool create)
{
    const struct store_sqlite_config config = { .path = path,
                                                .create = create };
    struct store *s = NULL;

    large_must(store_sqlite_open(&config, &s) == BM_OK, "open");
    return s;
}

static void check_room(const char *dir, uint64_t rows)
{
    struct statvfs fs;
    uint64_t need = rows * OCTETS_PER_ROW + SPARE;
    uint64_t room;

    large_must(statvfs(dir, &fs) == 0, "statvfs");
    room = (uint64_t)fs.f_bavail * fs.f_frsize;
    printf("%llu certificates in %s: needs %.1f GB of disk, %.1f GB are "
           "free\n",
           (unsigned long long)rows, dir, (double)need / 1e9,
           (double)room / 1e9);
    large_must(room > need, "there is not enough room on the disk");
}

static void fill(const char *path, uint64_t rows)
{
    struct store *s = large_open(path, false);
    double cpu = large_cpu();
    double wall = large_wall();
    double last = 0;
    const uint64_t step = (uint64_t)LARGE_GROUP * 1000;
    struct stat st;

    for (uint64_t done = 0; done < rows; done += step) {
        uint64_t n = rows - done < step ? rows - done : step;
        double before = large_cpu();

        large_issue(s, done, n);
        last = (large_cpu() - before) / (double)n * 1e6;
        if (isatty(STDERR_FILENO)) {
            fprintf(stderr, "\r%5.1f %%  %.1f us",
                    100.0 * (double)done / (double)rows, last);
        }
    }
    s->close(s->self);
    cpu = large_cpu() - cpu;
    wall = large_wall() - wall;
    large_must(stat(path, &st) == 0, "stat");
    printf("filled in %.0f s: %.1f us of CPU time per certificate; %.1f GB, "
           "%.0f octets per certificate\n",
           wall, cpu / (double)rows * 1e6, (double)st.st_size / 1e9,
           (double)st.st_size / (double)rows);
    (void)fflush(stdout);
}

static void run_part(const struct large_part *part, const char *path,
                     uint64_t rows)
{
    int status;
    pid_t child;

    (void)fflush(stdout);
    child = fork();
    large_must(child >= 0, "fork");
    if (child == 0) {
        part->run(path, rows);
        exit(0);
    }
    large_must(waitpid(child, &status, 0) == child && WIFEXITED(status) &&
                   WEXITSTATUS(status) == 0,
               part->name);
}

static void remove_instance(const char *dir)
{
    large_must(files_remove_tree(dir, NULL) == BM_OK, "remove");
}

int main(int argc, char **argv)
{
    char dir[400];
    char path[420];
    char *end;
    uint64_t rows;
    bool keep = argc >= 4 && strcmp(argv[3], "keep") == 0;
    const char *only = argc == 5 ? argv[4] : NULL;
    struct stat st;

    if (argc < 3) {
        fprintf(stderr, "usage: bm_bench_large ROWS DIR [keep [PART]]\n");
        return 2;
    }
    errno = 0;
    rows = strtoull(argv[1], &end, 10);
    large_must(errno == 0 && *end == '\0' && rows >= 10000,
               "at least 10000 rows");
    (void)snprintf(dir, sizeof dir, "%s/instance", argv[2]);
    (void)snprintf(path, sizeof path, "%s/birthmark.db", dir);
    if (!keep || stat(path, &st) != 0) {
        remove_instance(dir);
        check_room(argv[2], rows);
        large_make_instance(dir);
        fill(path, rows);
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (only == NULL || strcmp(only, parts[i].name) == 0) {
            run_part(&parts[i], path, rows);
        }
    }
    if (!keep) {
        remove_instance(dir);
    }
    return 0;
}
