/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/fuzz/must.h"
#include "keys/tpm2.h"

/* Written from what was read; the order of the parts is ours. */
static void write_uri(const struct bm_key_tpm2_uri *uri, char *out, size_t cap)
{
    const char *tcti = uri->tcti;
    const char *file = uri->auth_file;
    int n = snprintf(out, cap, "0x%08x%s%s%s%s", (unsigned)uri->handle,
                     *tcti == '\0' ? "" : "?tcti=", tcti,
                     *file == '\0'   ? ""
                     : *tcti == '\0' ? "?auth-source=file:"
                                     : "&auth-source=file:",
                     file);

    must(n > 0 && (size_t)n < cap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What reads as a URI is written as one that reads as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = (char *)must_have_room(size + 1);
    char again[64 + BM_KEY_TPM2_TCTI_MAX + BM_KEY_TPM2_PATH_MAX];
    struct bm_key_tpm2_tcti where;
    struct bm_key_tpm2_uri one;
    struct bm_key_tpm2_uri two;

    if (size != 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    if (bm_key_tpm2_parse(text, &one) == BM_OK) {
        must(one.handle >> 24 == 0x81);
        write_uri(&one, again, sizeof again);
        must(bm_key_tpm2_parse(again, &two) == BM_OK);
        must(memcmp(&one, &two, sizeof one) == 0);
        if (bm_key_tpm2_tcti(one.tcti, &where) == BM_OK) {
            must(where.path == NULL || strstr(one.tcti, where.path) != NULL);
        }
    }
    free(text);
    return 0;
}
