/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_GCRA_H
#define BM_DAEMON_GCRA_H

#include "core/bytes.h"

/*
 * Rate limits by the generic cell rate algorithm: each key may act `rate`
 * times per second in the long run and `burst` times at once. The memory is
 * fixed, 16 octets per key: where it is full, the key that is nearest to
 * being unlimited is forgotten. Keys are hashed with a secret of the process,
 * so nobody can aim at a row.
 *
 * A limit that is always passed needs no table: pass NULL, and nothing is
 * counted.
 */
struct gcra;

struct gcra_config {
    size_t keys;  /* remembered at a time, about */
    double rate;  /* per second; more than 0 */
    double burst; /* at least 1 */
    uint8_t secret[16];
};

/* BM_E_ARGUMENT when the configuration makes no sense; BM_E_MEMORY. */
BM_MUST_CHECK bm_status gcra_new(const struct gcra_config *config,
                                 struct gcra **gcra);
void gcra_free(struct gcra *gcra); /* NULL is fine */

/*
 * Act at the time `now_us` (microseconds, of any clock that only rises). 0:
 * go ahead; otherwise the seconds to wait, rounded up, and nothing counted.
 */
unsigned gcra_take(struct gcra *gcra, struct bm_bytes key, uint64_t now_us);

/* The same without counting. */
unsigned gcra_look(const struct gcra *gcra, struct bm_bytes key,
                   uint64_t now_us);

/* Take back one gcra_take(): what was counted turned out to be welcome. */
void gcra_give(struct gcra *gcra, struct bm_bytes key, uint64_t now_us);

#endif
