/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_FIRMWARE_H
#define BM_CA_FIRMWARE_H

#include "ca/authority.h"

/*
 * Signatures of firmware, on record. The authority does not make them and does
 * not see images: whoever signs one tells the digest that was signed, and with
 * what key, before the image leaves his hands. So every image that a device
 * accepts and that is not in the ledger was signed behind somebody's back.
 *
 * Where the key has a certificate of this authority, that is looked at, too,
 * and named in the record: one that is revoked, on hold or at its end, or that
 * is not for signing code, is refused. A key without one is on record as it
 * is: not every maker's firmware keys are certified here.
 */

/* "255.255.65535+4294967295", with its NUL. */
#define CA_FIRMWARE_VERSION_MAX 32

struct ca_firmware {
    uint8_t digest[STORE_HASH_SIZE]; /* of the image: what is signed */
    uint8_t key[STORE_HASH_SIZE];    /* SHA-256 of SubjectPublicKeyInfo */
    const char *version;             /* "1.2.3+4" */
    uint64_t counter;                /* security counter; 0: none */
    bool keyset; /* no firmware, but a set of keys: the counter is its epoch */
};

/* Where it is on record, and the signer's certificate. */
struct ca_firmware_place {
    uint32_t tree;
    uint64_t leaf;
    char ca[STORE_ID_MAX]; /* "": the key has no certificate */
    uint8_t serial[STORE_SERIAL_MAX];
    size_t serial_n;
};

/*
 * Put a signature on record. Again makes another record: there is another
 * signature. BM_E_ARGUMENT: no such version; BM_E_PATH_EKU: the key has
 * certificates, and none is for code; BM_E_CA_STATUS: the newest that is may
 * not be used; BM_E_CA_FORBIDDEN: it is out of the actor's scope. On error
 * `*place` is zero.
 */
BM_MUST_CHECK bm_status ca_firmware_record(struct ca *ca,
                                           const struct ca_actor *actor,
                                           const struct ca_firmware *firmware,
                                           int64_t now,
                                           struct ca_firmware_place *place,
                                           struct ca_refusal *why);

/*
 * Where the last signature of a digest is on record, among those that
 * organisations of the scope have put there. In a transaction.
 * BM_E_NOT_FOUND.
 */
struct ca_firmware_sought {
    const uint8_t *digest; /* of STORE_HASH_SIZE, both */
    const uint8_t *key;    /* NULL: whosever */
    struct store_scope scope;
};
BM_MUST_CHECK bm_status ca_firmware_find(
    const struct store *store, const struct bm_crypto *crypto,
    const struct ca_firmware_sought *sought, uint32_t *tree, uint64_t *leaf);

/* Is it a version as images have it, without leading zeros? */
bool ca_firmware_version_check(const char *version);

/* May a key with this certificate sign firmware: is it no CA's, and for
 * signing code and nothing else? */
BM_MUST_CHECK bm_status ca_firmware_cert_check(const struct bm_cert *cert);

#endif
