/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "keygen/keygen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What another process hands out as pairs, and what it is asked: all views lie
 * within, and what was taken moves on. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    struct keygen_order order;
    struct keygen_pair pair;
    bm_status rc = keygen_order_get(in, &order);

    must(rc == BM_OK || order.to.p == NULL);
    must(rc != BM_OK || (order.n <= KEYGEN_COUNT_MAX &&
                         order.to.n == size - KEYGEN_ORDER_HEAD));
    do {
        size_t before = in.n;

        rc = keygen_pair_next(&in, &pair);
        if (rc == BM_OK) {
            must(pair.csr.n + pair.key.n + 8 == before - in.n);
            must(pair.csr.p > data && pair.key.p + pair.key.n == in.p);
        } else {
            must(in.n == before && pair.csr.p == NULL);
        }
    } while (rc == BM_OK);
    return 0;
}
