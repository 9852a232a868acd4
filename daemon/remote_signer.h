/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_REMOTE_SIGNER_H
#define BM_DAEMON_REMOTE_SIGNER_H

#include "ca/signer.h"

/*
 * The signer in its own room, for the issuer: a struct ca_signer that asks
 * over a link and waits, as the issuer has nothing else to do then.
 *
 * When the signer does not answer, the link is given up, and every call is
 * BM_E_IO until there is a new one. Whether it has signed meanwhile is
 * unknown: the authority must be opened again on the new link, and recovers
 * from the journal (instance_start()).
 */
struct remote_signer;

/*
 * It signs a group in milliseconds and a list as fast as it is hashed; but
 * its journal may be on a disk that takes its time.
 */
#define REMOTE_SIGNER_TIMEOUT_MS 30000

BM_MUST_CHECK bm_status remote_signer_new(struct remote_signer **signer);
void remote_signer_free(struct remote_signer *signer); /* NULL is fine */

/*
 * A new link, which it takes over: says HELLO and waits for the answer. From
 * BM_OK on nothing that was asked over an earlier link is still to be done.
 */
BM_MUST_CHECK bm_status remote_signer_link(struct remote_signer *signer,
                                           int fd);

/* Is there a link that has not failed? */
bool remote_signer_is_there(const struct remote_signer *signer);

/* For the authority; lives as long as `signer`, and its close() does
 * nothing. */
const struct ca_signer *remote_signer_get(const struct remote_signer *signer);

#endif
