/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/fuzz/must.h"
#include "keys/unlock.h"
#include "tests/harness/test_crypto.h"

static void try_source(const uint8_t *data, size_t size)
{
    char *text = (char *)must_have_room(size + 1);
    struct bm_unlock_source source;

    if (size != 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    if (bm_unlock_source_parse(text, "usual", &source) == BM_OK) {
        must(source.kind == BM_UNLOCK_SHARES ||
             (source.kind == BM_UNLOCK_FILE) == (source.path != NULL));
        must((source.kind == BM_UNLOCK_FD) == (source.fd >= 0));
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What reads as a secret is written as text that reads as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t zero[BM_UNLOCK_SIZE];
    const struct bm_crypto *crypto = bm_test_crypto();
    uint8_t secret[BM_UNLOCK_SIZE];
    uint8_t again[BM_UNLOCK_SIZE];
    uint8_t text[BM_UNLOCK_TEXT_MAX];
    struct bm_wr w;
    size_t n;

    try_source(data, size);
    if (bm_unlock_parse(crypto, (struct bm_bytes){ data, size }, secret) !=
        BM_OK) {
        must(memcmp(secret, zero, sizeof zero) == 0);
        return 0;
    }
    bm_wr_init(&w, text, sizeof text);
    must(bm_unlock_put(crypto, secret, &w) == BM_OK);
    must(bm_wr_finish(&w, &n) == BM_OK && n <= size + 64);
    must(bm_unlock_parse(crypto, bm_wr_bytes(&w), again) == BM_OK);
    must(memcmp(secret, again, sizeof again) == 0);
    return 0;
}
