/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_AN505_KEYS_H
#define BM_PORTS_MPS2_AN505_KEYS_H

#include "ports/mbedtls/element/element.h"

/*
 * The keys of the secure world: persistent keys of its own PSA, in a log of
 * device/log.h in its own flash, so that a power cut leaves a key whole or not
 * there. Pointers are to its own memory: veneers.c has seen to that.
 *
 * `id` is one of AN505_FIRST_KEY's; others are BM_E_ARGUMENT.
 */

/* Find the keys, and finish a destruction that a power cut left undone. */
BM_MUST_CHECK bm_status keys_open(void);

BM_MUST_CHECK bm_status keys_kind(uint32_t id, enum bm_element_kind *kind);
BM_MUST_CHECK bm_status keys_generate(uint32_t id, enum bm_element_kind kind);
BM_MUST_CHECK bm_status keys_public(uint32_t id,
                                    uint8_t out[BM_ELEMENT_POINT_SIZE]);
BM_MUST_CHECK bm_status keys_sign(uint32_t id, const uint8_t digest[32],
                                  uint8_t out[BM_ELEMENT_SIGNATURE_SIZE]);
BM_MUST_CHECK bm_status keys_mac(uint32_t id, struct bm_bytes message,
                                 uint8_t out[BM_ELEMENT_MAC_SIZE]);
/* No octet of the key is in the flash any more. One that is not there is
 * BM_OK. */
BM_MUST_CHECK bm_status keys_destroy(uint32_t id);
BM_MUST_CHECK bm_status keys_random(uint8_t *out, size_t n);

#endif
