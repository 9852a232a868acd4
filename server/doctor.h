/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_DOCTOR_H
#define BM_SERVER_DOCTOR_H

#include "server/instance.h"

/*
 * What should not stay as it is: secrets on the same disk as what they open,
 * names that nobody can reach, things that are about to expire.
 */
enum doctor_level {
    DOCTOR_OK,
    DOCTOR_WARN, /* somebody should look this week */
    DOCTOR_FAIL  /* something does not work, or soon will not */
};

struct doctor_report {
    void *arg;
    /* `check` names the check; `words` say what was found. */
    void (*finding)(void *arg, enum doctor_level level, const char *check,
                    const char *words);
};

/* Run all checks on an instance opened for reading; the worst level. */
enum doctor_level doctor_run(struct instance *instance, int64_t now,
                             const struct doctor_report *report);

#endif
