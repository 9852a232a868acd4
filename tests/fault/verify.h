/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FAULT_VERIFY_H
#define BM_TESTS_FAULT_VERIFY_H

#include "tests/fault/world.h"

/*
 * Is everything that was answered for still there, and nothing handed out
 * that is not on record? Opens the instance, which recovers it, and then
 *
 *   - finds each reported certificate in the store, octet for octet, and its
 *     record in the ledger, and its status, also as OCSP tells it;
 *   - finds tokens, the revocation list and the checkpoint that were shown;
 *   - accounts for each entry of the signer's journal and each row;
 *   - verifies the ledger against all that and the shown checkpoint;
 *   - has each batch whose file was read to its end go on to its own, with a
 *     certificate for each row, once;
 *   - issues, revokes, publishes; and opens again, with nothing to recover.
 *
 * Prints each finding as a comment of TAP; returns their number.
 */
struct verify_config {
    const char *dir;
    const char *report;
    uint64_t changes; /* what the report says after these is not counted */
    uint64_t number;  /* of the device that is enrolled in the end */
};

struct verify_result {
    unsigned findings;
    uint64_t abandoned; /* signatures that recovery put on record */
    size_t certs;       /* reported and found */
    int64_t clock;      /* where the next script may begin */
};

void verify(const struct verify_config *config, struct verify_result *result);

#endif
