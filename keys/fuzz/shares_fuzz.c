/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/fuzz/must.h"
#include "keys/shares.h"
#include "tests/harness/test_crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What reads as a share is one that can be dealt, and is written as text that
 * reads as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bm_share none;
    const struct bm_crypto *crypto = bm_test_crypto();
    struct bm_share share;
    struct bm_share again;
    struct bm_shares shares = { .count = 0 };
    uint8_t text[BM_SHARE_TEXT_MAX];
    struct bm_wr w;
    size_t n;

    if (bm_share_parse(crypto, (struct bm_bytes){ data, size }, &share) !=
        BM_OK) {
        must(memcmp(&share, &none, sizeof none) == 0);
        return 0;
    }
    must(bm_share_name_check(share.owner) == BM_OK);
    must(bm_share_name_check(share.custodian) == BM_OK);
    must(bm_shares_add(&shares, &share) == BM_OK);
    bm_wr_init(&w, text, sizeof text);
    must(bm_share_put(crypto, &share, &w) == BM_OK);
    must(bm_wr_finish(&w, &n) == BM_OK);
    must(bm_share_parse(crypto, bm_wr_bytes(&w), &again) == BM_OK);
    must(memcmp(&share, &again, sizeof again) == 0);
    return 0;
}
