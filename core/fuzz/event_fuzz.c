/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event.h"

#include <string.h>

#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parses is written as it was read, remarks apart: never longer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    uint8_t room[BM_EVENT_SIZE_MAX];
    struct bm_bytes events;
    struct bm_event event;
    uint64_t last = 0;
    size_t n = 0;

    if (bm_events_parse(in, NULL, &events) != BM_OK) {
        must(events.n == 0);
        return 0;
    }
    while (bm_event_next(&events, &event)) {
        struct bm_wr w;

        must_be_inside(in, event.text);
        must_be_inside(in, event.sha256);
        must(event.number > last);
        last = event.number;
        bm_wr_init(&w, room, sizeof room);
        must(bm_event_put(&event, &w) == BM_OK);
        n++;
    }
    must(events.n == 0 && n >= 1 && n <= BM_EVENTS_MAX);
    return 0;
}
