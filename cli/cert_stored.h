/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_CERT_STORED_H
#define BM_CLI_CERT_STORED_H

#include "cli/instance.h"

/*
 * `birthmark cert show --dir`, or `--url`: certificates of an instance by
 * their serial numbers: what the store knows of each, and what is in it.
 */
struct cert_stored {
    const char *path; /* of the command, for messages */
    const struct session_place *place;
    char *const *serials;
    int n;
    bool json;
};

/* An exit code; CMD_FAILED when one of them is not there. */
int cert_stored_show(const struct cert_stored *ask);

#endif
