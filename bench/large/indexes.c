/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the indexes that serve searches and renewals cost who issues: the same
 * rows into a new store with them and into one without, in turns.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/large/large.h"

#define ROUNDS 11
#define TIMES  (LARGE_GROUP * 160)

static const char drop[] = "DROP INDEX certificate_due;"
                           "DROP INDEX certificate_due_tenant;"
                           "DROP INDEX certificate_expires;"
                           "DROP INDEX device_state;";

static void drop_indexes(const char *path)
{
    sqlite3 *db = NULL;

    large_must(sqlite3_open(path, &db) == SQLITE_OK &&
                   sqlite3_exec(db, drop, NULL, NULL, NULL) == SQLITE_OK &&
                   sqlite3_close(db) == SQLITE_OK,
               "dropping indexes");
}

static double put_us(const char *path, bool indexes)
{
    struct store *s;
    double cpu;

    (void)unlink(path);
    s = large_open(path, true);
    s->close(s->self);
    if (!indexes) {
        drop_indexes(path);
    }
    s = large_open(path, false);
    cpu = large_cpu();
    large_issue(s, 0, TIMES);
    cpu = large_cpu() - cpu;
    s->close(s->self);
    (void)unlink(path);
    return cpu / TIMES * 1e6;
}

void large_indexes(const char *path, uint64_t rows)
{
    double with[ROUNDS];
    double without[ROUNDS];
    char other[512];

    (void)rows;
    (void)snprintf(other, sizeof other, "%s.indexes", path);
    for (size_t r = 0; r < ROUNDS; r++) {
        with[r] = put_us(other, true);
        without[r] = put_us(other, false);
    }
    printf("\nput a certificate into a new store in groups of %d, us of CPU "
           "time\n",
           LARGE_GROUP);
    printf("  %-44s %10.2f\n", "with all indexes", large_median(with, ROUNDS));
    printf("  %-44s %10.2f\n", "without those of searches and renewals",
           large_median(without, ROUNDS));
}
