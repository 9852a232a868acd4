/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/batch_marks.h"

#include <string.h>

#include "tests/harness/bm_test.h"

#define MANY 20000

static const uint8_t *hash_of(uint32_t n)
{
    static uint8_t hash[STORE_HASH_SIZE];

    /* As of SHA-256: what is near is far apart. */
    memset(hash, 0, sizeof hash);
    for (size_t i = 0; i < 8; i++) {
        n = n * 2654435761U + 12345;
        memcpy(hash + 4 * i, &n, sizeof n);
    }
    return hash;
}

static void a_row_is_found_by_what_it_claimed_first(void)
{
    struct batch_marks m = { NULL };
    uint32_t before;

    CHECK(batch_marks_find(&m, hash_of(1)) == 0);
    CHECK_STATUS(batch_marks_put(&m, hash_of(1), 7, &before), BM_OK);
    CHECK(before == 0 && batch_marks_find(&m, hash_of(1)) == 7);
    CHECK_STATUS(batch_marks_put(&m, hash_of(1), 8, &before), BM_OK);
    CHECK(before == 7 && batch_marks_find(&m, hash_of(1)) == 7);
    CHECK(batch_marks_find(&m, hash_of(2)) == 0);
    batch_marks_wipe(&m);
    batch_marks_wipe(&m);
    CHECK(batch_marks_find(&m, hash_of(1)) == 0);
}

static void growing_loses_nothing(void)
{
    struct batch_marks m = { NULL };
    unsigned lost = 0;
    uint32_t before;

    for (uint32_t i = 1; i <= MANY; i++) {
        CHECK_STATUS(batch_marks_put(&m, hash_of(i), i, &before), BM_OK);
        lost += before != 0;
    }
    for (uint32_t i = 1; i <= MANY; i++) {
        lost += batch_marks_find(&m, hash_of(i)) != i;
    }
    CHECK(lost == 0 && m.n == MANY);
    CHECK(batch_marks_find(&m, hash_of(MANY + 1)) == 0);
    batch_marks_wipe(&m);
}

int main(void)
{
    RUN(a_row_is_found_by_what_it_claimed_first);
    RUN(growing_loses_nothing);
    return bm_test_done();
}
