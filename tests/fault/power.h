/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FAULT_POWER_H
#define BM_TESTS_FAULT_POWER_H

#include "tests/fault/inject.h"

/*
 * What a power cut leaves. A killed process leaves all that it has written,
 * for the kernel lives on; when the power goes, only that is sure which was
 * synced: of a file its contents as of its last fsync(), of a directory its
 * entries as of the last fsync() of the directory. This is what POSIX
 * promises and no more; file systems in use keep more.
 *
 * Feed the log of a run (inject.h) up to some change, then build the
 * directory as it may stand there after the cut.
 */
struct power;

/* The directory as it is before the run, all of it durable. The program stops
 * where memory or files fail. */
struct power *power_new(const char *dir, const struct inject_log *log);
void power_free(struct power *power);

/* Go on until and with change number `change`; false at the end of the log. */
bool power_feed(struct power *power, uint64_t change);

/*
 * Make the directory `dir`. Lot 0: nothing that was not synced is there;
 * another: some of it, by lot, in any order, and of some writes a part.
 */
void power_build(const struct power *power, const char *dir, uint64_t lot);

#endif
