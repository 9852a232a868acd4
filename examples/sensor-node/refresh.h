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

#endif
