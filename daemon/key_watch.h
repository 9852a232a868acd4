/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_KEY_WATCH_H
#define BM_DAEMON_KEY_WATCH_H

#include "daemon/room.h"
#include "keys/key.h"

/*
 * The keys of a room that may be away, since they are in tokens. A room whose
 * token is away starts all the same, refuses what it cannot sign, and says so:
 * in the log when a key goes and when it is back, in METRICS_KEYS_AWAY, and by
 * that in /healthz. Signing heals by itself (keys/pkcs11.h).
 *
 * Keys are asked in the one thread of the room. A token that takes a call and
 * never answers stops the room, and nothing here ends that: neither PKCS#11
 * nor all TCTIs can give up a call.
 *
 * What the sandbox was told to leave open is files and folders, not names:
 * where a name stands for another one by now, or for the first time, no token
 * is found inside of it. Then the room ends, and is started again.
 */
struct key_watch;

/* Seconds between two looks: each costs a question to the token. */
#define KEY_WATCH_SECONDS 5

/* INSTANCE_CAS_MAX, one key each. */
#define KEY_WATCH_MAX 32

/* For setup(). On BM_OK the caller owns `*watch`. */
BM_MUST_CHECK bm_status key_watch_new(struct room *room,
                                      struct key_watch **watch);
void key_watch_free(struct key_watch *watch); /* NULL is fine */

/*
 * Watch a key, and let the sandbox have what keys of its kind need
 * (room->key_classes). `ca` and `key` outlive the watch. BM_E_KEYS_URI.
 */
BM_MUST_CHECK bm_status key_watch_add(struct key_watch *watch, const char *ca,
                                      const char *uri,
                                      const struct bm_key *key);

/* All have been added: look for the first time, and from now on. */
BM_MUST_CHECK bm_status key_watch_begin(struct key_watch *watch);

/* Is this why a key does not sign, for whom its watch tells? */
bool key_watch_is_away(bm_status rc);

#endif
