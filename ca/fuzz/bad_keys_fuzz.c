/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/bad_keys.h"

#include <string.h>

#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read has at most a key per line, and the first key is found. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes text = { data, size };
    struct bm_spki key = { .type = BM_KEY_ED25519 };
    struct ca_refusal why = { BM_OK, "" };
    struct ca_bad_keys *keys;
    bm_status rc = ca_bad_keys_parse(text, "list", &keys, &why);
    size_t lines = 1;
    uint8_t hash[32] = { 0 };

    if (rc != BM_OK) {
        must(keys == NULL && why.status == rc && why.words[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < size; i++) {
        lines += data[i] == '\n';
    }
    must(ca_bad_keys_count(keys) <= lines);
    /* An Ed25519 key is bad by the list alone. */
    rc = ca_check_bad_key(keys, &key, hash, NULL);
    must(rc == BM_OK ||
         (rc == BM_E_CA_KEY_BAD && ca_bad_keys_count(keys) != 0));
    ca_bad_keys_free(keys);
    return 0;
}
