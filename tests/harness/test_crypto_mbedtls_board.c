/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/board.h"
#include "tests/harness/test_entropy.h"

bm_status bm_test_entropy(void *self, uint8_t *out, size_t n)
{
    (void)self;
    return bm_board_random(out, n) == 0 ? BM_OK : BM_E_RANDOM;
}
