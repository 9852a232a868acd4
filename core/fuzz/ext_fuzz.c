/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ext.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/cert_views.h"

static void must(bool property)
{
    if (!property) {
        abort();
    }
}

/* Strictness only takes away; what is left can be walked and is inside. */
static void must_be_whole(struct bm_bytes in, unsigned tolerate)
{
    static const struct bm_exts zero;
    struct bm_exts e;
    struct bm_der d;

    bm_der_init(&d, in, NULL);
    if (bm_exts_take(&d, tolerate, &e) == BM_OK) {
        must(views_in_exts(in, &e));
        must(e.key_usage == 0 || bm_exts_has(&e, BM_EXT_KEY_USAGE));
    } else {
        must(memcmp(&e, &zero, sizeof zero) == 0);
        must(d.p == in.p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };

    must_be_whole(in, BM_STRICT);
    must_be_whole(in, BM_TOLERATE_EXPLICIT_FALSE);
    return 0;
}
