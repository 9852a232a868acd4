/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_PEER_SAY_H
#define NODE_PEER_SAY_H

#include "device/tls.h"
#include "examples/sensor-node/node.h"

/* What both sides of peer.h share. */

/* Who is at the other end: `node: peer WAY=NAME answer=...`. */
void peer_say(const struct bm_tls *tls, const struct bm_tls_session *session,
              const char *way, const char *answer);

/* `node: refused peer side=... status=...`: by us, or by the other one. */
void peer_say_refused(const char *side, bm_status status);

/* peer_ask.c: take the word of a test. */
void peer_ask_open(struct node *n);

#endif
