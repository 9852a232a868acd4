/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/pem.h"
#include "keys/internal.h"

bm_status armour_open(struct bm_bytes text, const char *label, uint8_t *room,
                      size_t cap, struct bm_bytes *body)
{
    struct bm_bytes rest = text;
    struct bm_bytes der;
    struct bm_pem block;
    struct bm_wr w;
    uint8_t *again = NULL;
    bm_status rc = BM_E_INTERNAL;

    *body = (struct bm_bytes){ NULL, 0 };
    bm_wr_init(&w, room, cap);
    if (bm_pem_next(&rest, NULL, &block) != BM_OK ||
        bm_pem_decode(&block, NULL, &w) != BM_OK) {
        rc = BM_E_KEYS_FILE;
        goto out;
    }
    der = bm_wr_bytes(&w);
    again = malloc(text.n);
    if (again == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    bm_wr_init(&w, again, text.n);
    bm_pem_put(&w, label, der);
    if (!bm_bytes_equal(bm_wr_bytes(&w), text)) {
        rc = BM_E_KEYS_FILE;
        goto out;
    }
    *body = der;
    rc = BM_OK;

out:
    free(again);
    return rc;
}
