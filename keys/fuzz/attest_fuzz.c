/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "keys/attest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken as a message is the one encoding of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    static uint8_t room[BM_ATTEST_MESSAGE_MAX];
    struct bm_attest_claim claim;
    struct bm_attest_challenge challenge;
    struct bm_attest_answer answer;
    struct bm_attest_verdict verdict;
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    if (bm_attest_parse_claim(in, &claim) == BM_OK) {
        must_be_inside(in, claim.ek_cert);
        must_be_inside(in, claim.key);
        bm_attest_put_claim(&w, &claim);
    } else if (bm_attest_parse_challenge(in, &challenge) == BM_OK) {
        must_be_inside(in, challenge.seed);
        bm_attest_put_challenge(&w, &challenge);
    } else if (bm_attest_parse_answer(in, &answer) == BM_OK) {
        must_be_inside(in, answer.signature);
        bm_attest_put_answer(&w, &answer);
    } else if (bm_attest_parse_verdict(in, &verdict) == BM_OK) {
        bm_attest_put_verdict(&w, &verdict);
    } else {
        must(claim.key.n == 0 && challenge.seed.n == 0);
        return 0;
    }
    must(bm_bytes_equal(bm_wr_bytes(&w), in));
    return 0;
}
