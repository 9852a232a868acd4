/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/provider.h"

#include <stdio.h>

#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"

struct bm_crypto *provider_new(void)
{
    struct bm_crypto *crypto;
    bm_status rc = bm_openssl_new(&crypto);

    if (rc != BM_OK) {
        fprintf(stderr, "birthmark: cryptography: %s\n", bm_status_text(rc));
        return NULL;
    }
    return crypto;
}

void provider_free(struct bm_crypto *crypto)
{
    bm_openssl_free(crypto);
}

const struct bm_key_maker *provider_key_maker(void)
{
    return bm_openssl_key_maker();
}
