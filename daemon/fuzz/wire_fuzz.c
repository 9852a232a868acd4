/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire.h"

#include <stdalign.h>
#include <string.h>

#include "core/fuzz/must.h"
#include "daemon/fuzz/wire_again.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet says which message. What is read has one encoding, and a
 * refusal leaves nothing behind. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t nothing[WIRE_KIND_ROOM];
    alignas(max_align_t) uint8_t m[WIRE_KIND_ROOM];
    const struct wire_kind *kind;
    struct bm_bytes in;
    struct bm_wr w;

    if (size == 0) {
        return 0;
    }
    kind = &wire_kinds[data[0] % WIRE_KINDS];
    in = (struct bm_bytes){ data + 1, size - 1 };
    must(kind->size <= sizeof m);
    memset(m, 0xff, sizeof m);
    bm_wr_init(&w, must_have_room(in.n), in.n);
    if (kind->again(in, m, &w) != BM_OK) {
        must(memcmp(m, nothing, kind->size) == 0);
        free(w.buf);
        return 0;
    }
    must(bm_bytes_equal(bm_wr_bytes(&w), in));
    free(w.buf);
    return 0;
}
