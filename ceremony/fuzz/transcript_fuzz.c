/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/transcript.h"

#include <string.h>

#include "ceremony/internal.h"
#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A hash that everybody can make: no fuzzer finds the true ones. */
static bm_status all_zero(void *self, enum bm_hash hash,
                          struct bm_bytes message, uint8_t *out)
{
    (void)self;
    (void)message;
    memset(out, 0, hash == BM_HASH_SHA256 ? 32 : 0);
    return BM_OK;
}

static const struct bm_crypto blind = { .hash = all_zero };

/* What is read is all of it, in order, and within the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    struct transcript_reader r;
    struct transcript_entry e;
    struct bm_bytes key;
    struct bm_bytes value;
    uint64_t n = 0;

    if (transcript_open(&r, in, &blind) != BM_OK) {
        return 0;
    }
    while (transcript_next(&r, &e) == BM_OK) {
        must(e.number == ++n);
        must_be_inside(in, e.fields);
        must_be_inside(in, e.tbs);
        must_be_inside(in, e.signature);
        while (transcript_field_next(&e.fields, &key, &value)) {
            must(transcript_is_key(key) && transcript_is_value(value));
        }
        must(e.fields.n == 0);
    }
    return 0;
}
