/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "examples/sensor-node/settings.h"

/* What was read is kept without the factory, and read the same again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bm_bytes map = { data, size };
    struct settings_server server;
    struct bm_bytes factory;
    struct settings s;
    struct settings again;
    struct bm_wr w;
    uint8_t *room = must_have_room(size);

    if (settings_parse(map, &s, &factory, NULL) == BM_OK) {
        (void)!settings_parse_factory(factory, &server);
        bm_wr_init(&w, room, size);
        must(settings_put(map, &w) == BM_OK);
        must(settings_parse(bm_wr_bytes(&w), &again, &factory, NULL) == BM_OK);
        must(factory.n == 0);
        must(bm_bytes_are((struct bm_bytes){ (const uint8_t *)&s, sizeof s },
                          &again, sizeof again));
    }
    free(room);
    return 0;
}
