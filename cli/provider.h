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

/* An LMS signature (RFC 8554; docs/firmware-image.md): BM_OK, BM_E_SIGNATURE,
 * or BM_E_IMAGE_ALGORITHM where this program was built without. */
BM_MUST_CHECK bm_status provider_lms_verify(const uint8_t key[56],
                                            struct bm_bytes message,
                                            struct bm_bytes signature);

#endif
