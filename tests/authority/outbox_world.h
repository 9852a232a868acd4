/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_AUTHORITY_OUTBOX_WORLD_H
#define BM_TESTS_AUTHORITY_OUTBOX_WORLD_H

#include "ca/outbox.h"
#include "tests/authority/world.h"

/* An outbox over the store of a world, and a courier who answers. */

static inline struct outbox *open_outbox(struct world *w)
{
    struct outbox *outbox;

    must(outbox_new(&(struct outbox_config){ .store = w->faulty.real,
                                             .crypto = world_crypto(),
                                             .retry_first = 60,
                                             .retry_last = 60 },
                    &outbox) == BM_OK &&
             outbox_read(outbox) == BM_OK,
         "an outbox");
    return outbox;
}

/* Of the first destination: whether it has taken an event. */
static inline void answer(struct world *w, struct outbox *outbox,
                          uint64_t event, bool taken)
{
    const struct outbox_result r = {
        .destination = 1, .event = event, .taken = taken, .words = "no"
    };

    CHECK(outbox_result(outbox, &r, w->now));
    CHECK_STATUS(outbox_commit(outbox, w->now), BM_OK);
}

#endif
