/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key_type.h"

#include <string.h>

bool key_type_parse(const char *word, struct bm_key_spec *spec)
{
    static const struct {
        const char *word;
        struct bm_key_spec spec;
    } types[] = {
        { "p256", { BM_KEY_P256, 0 } },
        { "p384", { BM_KEY_P384, 0 } },
        { "ed25519", { BM_KEY_ED25519, 0 } },
        { "rsa2048", { BM_KEY_RSA, 2048 } },
        { "rsa3072", { BM_KEY_RSA, 3072 } },
        { "rsa4096", { BM_KEY_RSA, 4096 } },
    };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].word, word) == 0) {
            *spec = types[i].spec;
            return true;
        }
    }
    return false;
}
