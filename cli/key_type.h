/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_KEY_TYPE_H
#define BM_CLI_KEY_TYPE_H

#include <stdbool.h>

#include "keys/key.h"

/* Words of the command line for keys that are to be made, as profiles have
 * them. */
#define KEY_TYPES "p256, p384, ed25519, rsa2048, rsa3072, rsa4096"

/* False if it is none of them. */
bool key_type_parse(const char *word, struct bm_key_spec *spec);

#endif
