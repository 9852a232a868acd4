/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_FUZZ_MUST_H
#define BM_CORE_FUZZ_MUST_H

/* What fuzz targets assert: a property that does not hold is a crash. */
#include <stdlib.h>

#include "core/bytes.h"

static inline void must(bool property)
{
    if (!property) {
        abort();
    }
}

/* A view that was handed out lies inside the input it was made of. */
static inline void must_be_inside(struct bm_bytes outer, struct bm_bytes inner)
{
    must(inner.n == 0 || (inner.p >= outer.p && inner.n <= outer.n &&
                          (size_t)(inner.p - outer.p) <= outer.n - inner.n));
}

/* Room for `n` octets of output, of exactly that size; free() it. */
static inline uint8_t *must_have_room(size_t n)
{
    uint8_t *room = malloc(n == 0 ? 1 : n);

    must(room != NULL);
    return room;
}

#endif
