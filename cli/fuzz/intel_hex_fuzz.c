/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/intel_hex.h"
#include "core/fuzz/must.h"

/* What was read, written again, is read as the same. */
static void must_come_back(const struct intel_hex *hex)
{
    size_t n = hex->octets.n * 4 + 4096;
    uint8_t *text = must_have_room(n);
    struct intel_hex again;
    struct bm_wr w;

    bm_wr_init(&w, text, n);
    must(intel_hex_put(&w, hex->address, hex->octets) == BM_OK);
    must(intel_hex_parse(bm_wr_bytes(&w), false, &again));
    must(again.address == hex->address);
    must(bm_bytes_equal(again.octets, hex->octets));
    intel_hex_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes text = { data, size };
    struct intel_hex hex;

    if (!intel_hex_parse(text, true, &hex)) {
        must(hex.why != NULL && hex.memory == NULL);
        return 0;
    }
    must(hex.octets.n != 0 && hex.octets.n <= INTEL_HEX_SPAN_MAX);
    /* Large ones are slow, and no other. */
    if (hex.octets.n <= 70000) {
        must_come_back(&hex);
    }
    intel_hex_free(&hex);
    return 0;
}
