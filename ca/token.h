/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_TOKEN_H
#define BM_CA_TOKEN_H

#include "ca/authority.h"

/*
 * One-time enrolment tokens: a secret bound to one device and one profile,
 * good once and for a limited time. Only its SHA-256 is kept.
 */

/* 160 random bits as base32 in lower case: typed by people, read aloud. */
#define CA_TOKEN_CHARS 32

/*
 * A token is spent by binding it to one public key. The same token with the
 * same key gives the same certificate again for so long: a reply can get lost.
 * With any other key it is refused, and that is recorded, once.
 */
#define CA_TOKEN_REPEAT (INT64_C(24) * 3600)

struct ca_token_order {
    const char *profile;
    const char *device; /* name, as the profile wants it; the device is made,
                           `expected`, if new */
    int64_t expires;
};

/*
 * Make one. BM_E_PROFILE_DEVICE when the profile gives no device such a name.
 * `secret` gets CA_TOKEN_CHARS characters and a NUL, and is for the
 * caller to show once and to wipe; `id` names it from now on.
 */
BM_MUST_CHECK bm_status ca_token_create(struct ca *ca,
                                        const struct ca_actor *actor,
                                        const struct ca_token_order *order,
                                        int64_t now,
                                        char secret[CA_TOKEN_CHARS + 1],
                                        char id[STORE_ID_MAX],
                                        struct ca_refusal *why);

/* BM_E_CA_TOKEN when it is used up or revoked already. */
BM_MUST_CHECK bm_status ca_token_revoke(struct ca *ca,
                                        const struct ca_actor *actor,
                                        const char *id, int64_t now,
                                        struct ca_refusal *why);

/* SHA-256 of the secret's characters, white space off, letters lowered. */
BM_MUST_CHECK bm_status ca_token_hash(const struct bm_crypto *crypto,
                                      struct bm_bytes secret,
                                      uint8_t hash[STORE_HASH_SIZE]);

#endif
