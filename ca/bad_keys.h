/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_BAD_KEYS_H
#define BM_CA_BAD_KEYS_H

#include "ca/refusal.h"
#include "core/crypto.h"

/*
 * Public keys whose private half is no secret: on a list, or by a published
 * rule.
 *
 * The list is a text file: one SHA-256 of a SubjectPublicKeyInfo per line as
 * 64 hexadecimal digits, then, after a blank, what key it is; '#' begins a
 * comment. The rules need no list:
 *
 *   RSA  small prime factors; the ROCA fingerprint (CVE-2017-15361)
 *   EC   private key 1 or group order minus 1: the point is the generator's
 *   Ed25519  points of small order, which anybody can sign for
 */

struct ca_bad_keys;

/* Read a list; `file` is for messages. `why` names file and line. */
BM_MUST_CHECK bm_status ca_bad_keys_parse(struct bm_bytes text,
                                          const char *file,
                                          struct ca_bad_keys **keys,
                                          struct ca_refusal *why);
void ca_bad_keys_free(struct ca_bad_keys *keys); /* NULL is fine */
size_t ca_bad_keys_count(const struct ca_bad_keys *keys);

/* BM_E_CA_KEY_BAD, with the reason. `hash` is that of key->der; `keys` may
 * be NULL: the rules alone. */
BM_MUST_CHECK bm_status ca_check_bad_key(const struct ca_bad_keys *keys,
                                         const struct bm_spki *key,
                                         const uint8_t hash[32],
                                         struct ca_refusal *why);

/* The list that comes with the program: keys out of specifications and
 * vendors' examples. */
extern const char ca_bad_keys_shipped[];

#endif
