/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/powerloss/memo.h"

#include <string.h>

#include "tests/harness/test_crypto.h"

/* More than there are images and key sets, times the keys they meet. */
#define ANSWERS 128u

struct answer {
    enum bm_sig_alg alg;
    uint8_t point[65];
    uint8_t digest[32];
    uint8_t signature[80];
    size_t signature_n;
    bm_status rc;
};

static struct answer answers[ANSWERS];
static unsigned answered;

static bool is_for(const struct answer *answer, const struct answer *question)
{
    return answer->alg == question->alg &&
           answer->signature_n == question->signature_n &&
           memcmp(answer->point, question->point, sizeof answer->point) == 0 &&
           memcmp(answer->digest, question->digest, 32) == 0 &&
           memcmp(answer->signature, question->signature,
                  question->signature_n) == 0;
}

static bm_status verify_hash(void *self, const struct bm_spki *key,
                             enum bm_sig_alg alg, struct bm_bytes digest,
                             struct bm_bytes signature)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    struct answer question = { .alg = alg, .signature_n = signature.n };

    if (key->key.n != 65 || digest.n != 32 ||
        signature.n > sizeof question.signature) {
        return crypto->verify_hash(self, key, alg, digest, signature);
    }
    memcpy(question.point, key->key.p, 65);
    memcpy(question.digest, digest.p, 32);
    memcpy(question.signature, signature.p, signature.n);
    for (unsigned i = 0; i < answered && i < ANSWERS; i++) {
        if (is_for(&answers[i], &question)) {
            return answers[i].rc;
        }
    }
    question.rc = crypto->verify_hash(self, key, alg, digest, signature);
    answers[answered++ % ANSWERS] = question;
    return question.rc;
}

const struct bm_crypto *memo_crypto(void)
{
    static struct bm_crypto memo;

    memo = *bm_test_crypto();
    memo.verify_hash = verify_hash;
    return &memo;
}
