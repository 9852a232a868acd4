/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_ROOT_TOKENS_H
#define BM_CLI_ROOT_TOKENS_H

#include "ceremony/script.h"
#include "keys/maker.h"

/*
 * The token that a root's key lives in, where the ceremony file names one. A
 * ceremony has no settings: what the token needs stands in that file, to be
 * reviewed, and in the URI.
 */
struct root_tokens {
    struct bm_keys keys; /* no providers: the key is a file */

    /* Private. */
    struct bm_key_provider *pkcs11;
    struct bm_key_provider *tpm2;
    const struct bm_key_provider *providers[2];
    const char *modules[2];
};

/* Loads nothing yet. Release with root_tokens_close() in any case. */
BM_MUST_CHECK bm_status root_tokens_open(struct root_tokens *tokens,
                                         const struct script *script,
                                         const struct bm_key_tools *tools);
void root_tokens_close(struct root_tokens *tokens); /* again is fine */

#endif
