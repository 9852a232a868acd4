/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_AN505_SECURE_H
#define BM_PORTS_MPS2_AN505_SECURE_H

#include <stdint.h>

/*
 * All that the secure world does for the other one: calls that pass through
 * veneers (veneers.c). Keys are made there, stay there, and have names: the
 * identifiers from AN505_FIRST_KEY on.
 *
 * What each returns is a bm_status. BM_E_ARGUMENT: a pointer is not to memory
 * of the caller's that it may read (or write), or an identifier or a length is
 * out of range; nothing was done. BM_E_ELEMENT_BUSY: called from an interrupt
 * while another call was under way. What a call is given is copied before it
 * is looked at, and what it returns is written last, so the caller may change
 * its memory meanwhile and harm nobody but itself.
 */
#define AN505_FIRST_KEY 0x100u /* IDevID, slots A and B, secret of the vault */
#define AN505_KEYS      4u
#define AN505_SECRET    (AN505_FIRST_KEY + 3u)

#define AN505_RANDOM_MAX 256u /* octets asked for at once */

/* `kind` is an enum bm_element_kind. */
int32_t an505_kind(uint32_t id, uint32_t *kind);
int32_t an505_generate(uint32_t id, uint32_t kind);
int32_t an505_public_key(uint32_t id, uint8_t point[65]);
int32_t an505_sign(uint32_t id, const uint8_t digest[32],
                   uint8_t signature[64]);
/* HMAC-SHA-256, of BM_ELEMENT_MESSAGE_MAX octets at most. */
int32_t an505_mac(uint32_t id, const uint8_t *message, uint32_t n,
                  uint8_t mac[32]);
int32_t an505_destroy(uint32_t id);
int32_t an505_random(uint8_t *out, uint32_t n);

#endif
