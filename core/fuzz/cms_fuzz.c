/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms.h"

#include <stdlib.h>

/* Anything accepted must be made of views that lie inside the input. */
static void must_be_inside(struct bm_bytes outer, struct bm_bytes inner)
{
    if (inner.n != 0 && (inner.p < outer.p || inner.n > outer.n ||
                         (size_t)(inner.p - outer.p) > outer.n - inner.n)) {
        abort();
    }
}

/* A parsed set can be walked to its end. */
static void must_walk(struct bm_bytes set)
{
    struct bm_bytes rest = set;
    struct bm_bytes element;

    while (bm_cms_next(&rest, &element)) {
        must_be_inside(set, element);
    }
}

/* What we parse we can write, and get the same certificates back. */
static void must_round_trip(const struct bm_cms *cms, size_t size)
{
    uint8_t *buf = malloc(size);
    struct bm_cms again;
    struct bm_wr w;

    bm_wr_init(&w, buf, size);
    if (buf == NULL || bm_cms_put_certs(&w, cms->certs, cms->crls) != BM_OK ||
        bm_cms_parse_certs(bm_wr_bytes(&w), NULL, &again) != BM_OK ||
        again.certs.n != cms->certs.n || again.crls.n != cms->crls.n) {
        abort();
    }
    free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    struct bm_cms cms;

    if (bm_cms_parse_certs(in, NULL, &cms) == BM_OK) {
        must_be_inside(in, cms.certs);
        must_be_inside(in, cms.crls);
        must_walk(cms.certs);
        must_walk(cms.crls);
        must_round_trip(&cms, size);
    }
    return 0;
}
