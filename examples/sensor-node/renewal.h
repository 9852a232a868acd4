/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_RENEWAL_H
#define NODE_RENEWAL_H

#include "core/cert.h"
#include "examples/sensor-node/node.h"

/* When the current identity is to be renewed: device/renewal.h, with what the
 * server said last, which is kept in the log beside the certificate that it is
 * about. */

/* Keep what the server said of the current certificate; zeros: it said
 * nothing, and what it said before stays. */
BM_MUST_CHECK bm_status renewal_note(struct node *n,
                                     const struct bm_renewal_window *window);

/* Work out node.renew_at: at the start, and when either has changed. */
void renewal_look(struct node *n);

/* Is it time? */
bool renewal_due(const struct node *n);

/* The certificate of a place, parsed, in node.work. */
BM_MUST_CHECK bm_status renewal_cert(struct node *n,
                                     enum bm_identity_place place,
                                     struct bm_cert *cert);

#endif
