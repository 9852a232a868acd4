/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crypto.h"

#include <string.h>

#define SHA256_SIZE 32

bm_status bm_ski_make(const struct bm_crypto *crypto, enum bm_ski_method method,
                      const struct bm_spki *key, uint8_t ski[BM_SKI_SIZE])
{
    enum bm_hash hash = method == BM_SKI_SHA1 ? BM_HASH_SHA1 : BM_HASH_SHA256;
    uint8_t digest[SHA256_SIZE] = { 0 };
    bm_status rc = crypto->hash(crypto->self, hash, key->key, digest);

    if (rc != BM_OK) {
        memset(ski, 0, BM_SKI_SIZE);
        return rc;
    }
    memcpy(ski, digest, BM_SKI_SIZE);
    return BM_OK;
}
