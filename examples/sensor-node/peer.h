/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_PEER_H
#define NODE_PEER_H

#include "examples/sensor-node/outbound.h"

/*
 * Device to device: each shows the other its operational identity, and nobody
 * else is between them. A node listens at settings.peer_port for one peer at a
 * time; who asks `READ` and a line feed gets a reading, as a line, and the
 * connection ends. Any device with a good certificate of this owner may ask.
 *
 * For tests the words peer=ADDRESS:PORT name=NAME have this node ask another
 * one, once; NAME is who has to answer.
 */

/* Listen, if the settings say so; take the word. */
BM_MUST_CHECK bm_status peer_open(struct node *n);

/* Serve whoever came; false: there was nothing to do. */
bool peer_poll(struct node *n);

/* Is there a peer in its handshake? */
bool peer_shakes(const struct node *n);

/* Ask the other one. */
extern const struct outbound_work peer_work;

#endif
