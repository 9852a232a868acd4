/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_SHOW_H
#define NODE_SHOW_H

#include "device/tls.h"
#include "examples/sensor-node/node.h"

/*
 * What a TLS session of our own making shows: the current identity. (The pump
 * does this by itself.) Fill in key, chain and trust of `*tls`; `*show`, and
 * node.chain as it is then, have to live until the handshake is over. BM_E_END:
 * there is no current identity.
 */
BM_MUST_CHECK bm_status show_identity(struct node *n, struct show *show,
                                      struct bm_tls_config *tls);

#endif
