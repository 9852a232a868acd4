/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "examples/sensor-node/moment.h"

/* To another nonce the same octets are no answer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bm_bytes text = { data, size };
    uint8_t nonce[MOMENT_NONCE] = { 0, 1, 2,  3,  4,  5,  6,  7,
                                    8, 9, 10, 11, 12, 13, 14, 15 };
    int64_t time = 0;

    if (moment_parse(text, nonce, &time)) {
        must(time >= 0);
        nonce[0] ^= 1;
        must(!moment_parse(text, nonce, &time));
    }
    return 0;
}
