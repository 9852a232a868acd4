/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_POLICY_H
#define BM_CA_POLICY_H

#include "ca/authority.h"

/*
 * Policies of devices' firewalls, as releases take them: who signed one is
 * judged before any device is told of it.
 *
 * Not here: what a policy says (firewall/table.h). Version and floor are told
 * by whoever has read them in the same message (server/blobs.h).
 */

struct ca_policy {
    uint32_t version;
    uint32_t floor;   /* no device goes back below it */
    uint8_t *message; /* on the heap: octet by octet what devices get */
    size_t n;
};

/* Releases the message; zero is fine. */
void ca_policy_wipe(struct ca_policy *policy);

/* "3", "floor 2": as its record and the item of its release have them. */
#define CA_POLICY_FLOOR_MAX 17 /* with NUL */
void ca_policy_put_floor(uint32_t floor, char text[CA_POLICY_FLOOR_MAX]);

/* "3 floor 2", from the two of a record. */
void ca_policy_put_words(uint64_t version, struct bm_bytes floor,
                         char words[STORE_ITEM_VERSION_MAX]);

/* Whose signature it has: a certificate of ours. */
struct ca_policy_signer {
    char ca[STORE_ID_MAX];
    uint8_t serial[STORE_SERIAL_MAX];
    size_t serial_n;
    uint8_t key[STORE_HASH_SIZE]; /* SHA-256 of SubjectPublicKeyInfo */
};

/*
 * In a transaction: may its signer sign policies? As a device judges it, with
 * nothing but what the message carries, up to an active root; and then by what
 * devices may not know so far. On error `*signer` is zero.
 *
 * BM_E_CMS_..., BM_E_SIGNATURE...: it is no message that devices open;
 * BM_E_PATH_EKU, BM_E_PATH_KEY_USAGE: the certificate is for something else;
 * BM_E_PATH_...: of its chain; BM_E_PATH_STATUS_UNKNOWN: a CA that we know did
 * not issue it through us; BM_E_CA_STATUS: it is revoked, or on hold.
 */
BM_MUST_CHECK bm_status ca_policy_judge(struct ca *ca,
                                        const struct ca_policy *policy,
                                        int64_t now,
                                        struct ca_policy_signer *signer,
                                        struct ca_refusal *why);

/*
 * In a transaction: may devices still be told of a policy that a release has
 * taken? Not if its signer's certificate is not good any more, or a CA above it
 * is on a list of the one that issued it: BM_E_CA_STATUS, BM_E_PATH_REVOKED;
 * BM_E_PATH_STATUS_UNKNOWN: who signed it was not kept; BM_E_STORE_CORRUPT:
 * what is stored of who did cannot be read, or is gone. `*why` is filled in
 * these cases, and in no other: then the store could not say, and may the next
 * time.
 */
BM_MUST_CHECK bm_status ca_policy_still(const struct store *store,
                                        const struct store_item *item,
                                        int64_t now, struct ca_refusal *why);

#endif
