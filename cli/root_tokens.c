/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/root_tokens.h"

#include <string.h>

#include "keys/pkcs11.h"
#include "keys/tpm2.h"

bm_status root_tokens_open(struct root_tokens *tokens,
                           const struct script *script,
                           const struct bm_key_tools *tools)
{
    const struct bm_key_pkcs11_config pkcs11 = { .tools = *tools,
                                                 .modules = tokens->modules };
    const struct bm_key_tpm2_config tpm2 = { .tools = *tools };

    memset(tokens, 0, sizeof *tokens);
    tokens->keys.providers = tokens->providers;
    if (strncmp(script->place, "pkcs11:", 7) == 0) {
        tokens->modules[0] = script->module;
        BM_TRY(bm_key_pkcs11_new(&pkcs11, &tokens->pkcs11));
        tokens->providers[0] = tokens->pkcs11;
    } else if (strncmp(script->place, "tpm2:", 5) == 0) {
        BM_TRY(bm_key_tpm2_new(&tpm2, &tokens->tpm2));
        tokens->providers[0] = tokens->tpm2;
    }
    return BM_OK;
}

void root_tokens_close(struct root_tokens *tokens)
{
    bm_key_pkcs11_free(tokens->pkcs11);
    bm_key_tpm2_free(tokens->tpm2);
    memset(tokens, 0, sizeof *tokens);
}
