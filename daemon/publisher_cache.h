/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_PUBLISHER_CACHE_H
#define BM_DAEMON_PUBLISHER_CACHE_H

#include "protocols/status/caching.h"

/*
 * OCSP answers that are kept, under the CertID that they are about, and under
 * the octets of the last GET path and the last POST body that got them: whoever
 * asks with the same octets is answered before anything is parsed.
 *
 * Names are hashed with a secret of the process (SipHash, 128 bits), so nobody
 * can make two that are taken for one. The memory is bounded; what has not been
 * asked for longest gives way.
 */
struct cache;

enum cache_name {
    CACHE_CERTID,
    CACHE_GET,
    CACHE_POST,
    CACHE_NAMES
};

struct cache_key {
    uint8_t hash[16];
    enum cache_name name;
};

/* One answer; for reading. Good until the next cache_put(). */
struct cached {
    struct bm_bytes response; /* DER */
    int64_t this_update;
    int64_t next_update;
    int64_t keep_until; /* then another one is made */
    struct status_caching caching;
};

/* `octets`: of all answers with what it takes to keep them. */
BM_MUST_CHECK bm_status cache_new(size_t octets, const uint8_t secret[16],
                                  struct cache **cache);
void cache_free(struct cache *cache); /* NULL is fine */

struct cache_key cache_key_of(const struct cache *cache, enum cache_name name,
                              struct bm_bytes text);

/* NULL: not there. Whether it may still be used is for the caller to see. */
const struct cached *cache_find(struct cache *cache,
                                const struct cache_key *key);

/*
 * Keep an answer under `key`, a CACHE_CERTID, in place of an earlier one,
 * whose other names it inherits. BM_E_LIMIT: larger than all that there is
 * room for; BM_E_MEMORY.
 */
BM_MUST_CHECK bm_status cache_put(struct cache *cache,
                                  const struct cache_key *key,
                                  const struct cached *answer);

/* Another name of the answer under `key`, in place of its last one of that
 * kind. Nothing happens when there is no such answer. */
void cache_alias(struct cache *cache, const struct cache_key *key,
                 const struct cache_key *alias);

size_t cache_count(const struct cache *cache);
size_t cache_octets(const struct cache *cache);

#endif
