/* SPDX-License-Identifier: Apache-2.0 */
#include <birthmark/core/path.h>
#include <birthmark/keys/file.h>
#include <birthmark/ports/openssl/openssl.h>
#include <birthmark/ports/openssl/openssl_keys.h>

#include <stdio.h>

/* A program that has nothing but the installed headers and libraries. */
int main(void)
{
    struct bm_crypto *crypto;
    struct bm_cert cert;
    uint8_t digest[BM_HASH_MAX];
    int rc = 1;

    if (bm_openssl_new(&crypto) != BM_OK) {
        return 1;
    }
    if (bm_openssl_key_maker()->generate != NULL &&
        bm_key_file_name("a.key") == BM_OK &&
        bm_cert_parse(BM_LIT("\x30\x00"), BM_STRICT, NULL, &cert) != BM_OK &&
        crypto->hash(crypto->self, BM_HASH_SHA256, BM_LIT("abc"), digest) ==
            BM_OK) {
        printf("%02x%02x\n", digest[0], digest[1]);
        rc = 0;
    }
    bm_openssl_free(crypto);
    return rc;
}
