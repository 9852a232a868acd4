/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_ISSUED_H
#define BM_CLI_ISSUED_H

#include "cli/instance.h"
#include "cli/output.h"
#include "cli/single.h"

/*
 * What the verbs share that have a certificate issued: the request in, the
 * certificate out.
 */

/* Read the one certification request of a file. Returns an exit code. */
int issued_read_csr(struct single *file, const char *name);

/*
 * Write the certificate of an operation's result, and the CAs above it if
 * `chain`; a file gets it, and standard output then the serial number. It is
 * issued, whatever happens from here on. Returns an exit code.
 */
int issued_hand_over(struct output *output, const json_t *cert, bool chain);

#endif
