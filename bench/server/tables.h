/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BENCH_SERVER_TABLES_H
#define BM_BENCH_SERVER_TABLES_H

#include "bench/server/world.h"

/*
 * What is measured, a table each. First every table makes its requests, then
 * birthmarkd starts, then they run in this order.
 */
struct table {
    const char *name;
    void (*prepare)(struct world *w, unsigned scale);
    void (*run)(struct world *w, unsigned scale);
};
extern const struct table table_enrol, table_status, table_batch, table_memory,
    table_peers;

#define TABLE_ROUNDS 7 /* odd, so that there is a median */

/* Of a series of one round each; sorts them. */
double table_median(double values[TABLE_ROUNDS]);

/* A row that says how many times the limit something costs, at most `most`;
 * without one where that is 0. */
void table_head(const char *title, const char *unit);
void table_times(const char *name, double value, double times, double most);
/* A row with a ceiling in the unit of the table. */
void table_most(const char *name, double value, double most);
void table_value(const char *name, double value);
/* A row that cannot be had here. */
void table_skip(const char *name, const char *why);

#endif
