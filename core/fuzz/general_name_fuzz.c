/* SPDX-License-Identifier: Apache-2.0 */
#include "core/general_name.h"

#include <stdlib.h>

#include "core/test/cert_views.h"

static void must(bool property)
{
    if (!property) {
        abort();
    }
}

/* A plain name has one encoding, so writing it gives what was read. */
static void must_round_trip(struct bm_bytes element,
                            const struct bm_general_name *gn)
{
    uint8_t *buf = malloc(element.n);
    struct bm_wr w;

    bm_wr_init(&w, buf, element.n);
    if (gn->kind == BM_GN_DIRECTORY) {
        bm_general_name_put_directory(&w, gn->value);
    } else {
        bm_general_name_put(&w, gn->kind, gn->value);
    }
    must(buf != NULL && bm_bytes_equal(bm_wr_bytes(&w), element));
    free(buf);
}

static void must_take(struct bm_bytes in, enum bm_gn_use use)
{
    struct bm_general_name gn;
    struct bm_der d;

    bm_der_init(&d, in, NULL);
    if (bm_general_name_take(&d, use, &gn) != BM_OK) {
        must(d.p == in.p);
        return;
    }
    must(view_general_name(in, &gn));
    if (gn.kind != BM_GN_OTHER && gn.kind != BM_GN_X400 &&
        gn.kind != BM_GN_EDI) {
        must_round_trip((struct bm_bytes){ in.p, (size_t)(d.p - in.p) }, &gn);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is one GeneralName, or GeneralNames. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    struct bm_bytes names;
    struct bm_der d;

    must_take(in, BM_GN_IN_NAME);
    must_take(in, BM_GN_IN_CONSTRAINT);
    bm_der_init(&d, in, NULL);
    if (bm_general_names_take(&d, BM_DER_SEQUENCE, &names) == BM_OK) {
        must(names.n != 0 && views_in_names(in, names));
    }
    return 0;
}
