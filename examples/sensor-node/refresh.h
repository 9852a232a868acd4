/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_REFRESH_H
#define NODE_REFRESH_H

#include "examples/sensor-node/outbound.h"

/*
 * Questions to the owner's server, over one connection under the current
 * identity: what time it is, and when to renew (docs/device-api.md). That the
 * server answered is also what an image on trial has to show before it is
 * confirmed (update.h).
 */
extern const struct outbound_work refresh_work;

/* Octets of the nonce. */
#define REFRESH_NONCE 16u

/* Read {"nonce":"...","time":...} of GET time; false for anything else, and for
 * another nonce. */
bool refresh_parse_time(struct bm_bytes text,
                        const uint8_t nonce[REFRESH_NONCE], int64_t *time);

#endif
