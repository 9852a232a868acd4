/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_PROVIDER_H
#define BM_CLI_PROVIDER_H

#include "keys/maker.h"

/*
 * The one place of this program that knows which cryptography it is linked
 * with.
 */

/* NULL, with words on stderr, when there is none. */
struct bm_crypto *provider_new(void);
void provider_free(struct bm_crypto *crypto);

/* What makes keys and keeps them in files. */
const struct bm_key_maker *provider_key_maker(void);

#endif
