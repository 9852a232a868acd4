/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/tpm2_seal.h"

#include "core/fuzz/must.h"
#include "tests/harness/test_maker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A TPM that is not there: what is well-formed is not opened, and what is not
 * is refused before anybody looks for one. */
static const struct bm_key_provider *nowhere(void)
{
    static struct bm_key_provider *provider;

    if (provider == NULL) {
        const struct bm_key_tpm2_config config = {
            .tools = bm_test_key_tools(), .tcti = "swtpm:path=/nowhere/sock"
        };

        must(bm_key_tpm2_new(&config, &provider) == BM_OK);
    }
    return provider;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t none[BM_KEY_TPM2_SECRET_SIZE];
    uint8_t secret[BM_KEY_TPM2_SECRET_SIZE];
    bm_status rc =
        bm_key_tpm2_unseal(nowhere(), (struct bm_bytes){ data, size }, secret);

    must(rc == BM_E_KEYS_FILE || rc == BM_E_KEYS_GONE);
    must(bm_bytes_equal(BM_ARRAY(secret), BM_ARRAY(none)));
    return 0;
}
