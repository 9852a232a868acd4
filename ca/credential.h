/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_CREDENTIAL_H
#define BM_CA_CREDENTIAL_H

#include "core/crypto.h"

/*
 * Credentials for a TPM (TPM 2.0 Part 1, 24; what TPM2_MakeCredential does): a
 * secret that only the TPM of an endorsement key can read, and that it gives
 * away only while the object of a certain name is in it. So whoever knows the
 * secret has both in one TPM.
 *
 * The endorsement key is known by its certificate, which says nothing of its
 * TPMT_PUBLIC: it is taken for one of the templates of the TCG EK Credential
 * Profile (B.3, B.4) that go with the key.
 */

/* P-384, RSA of 4096 bits. */
#define CA_CREDENTIAL_POINT_MAX 97
#define CA_CREDENTIAL_SEED_MAX  512

/*
 * What a port adds to core/crypto.h for this. Constant, for any number of
 * threads. On error the outputs are of no use.
 */
struct ca_credential_crypto {
    /* RFC 8017 7.1.1: RSAES-OAEP-ENCRYPT, with `hash` in MGF1, too. Appends as
     * many octets as the modulus has. */
    bm_status (*oaep)(const struct bm_spki *key, enum bm_hash hash,
                      struct bm_bytes label, struct bm_bytes message,
                      struct bm_wr *out);

    /*
     * SEC 1 3.3.1: a new key on the curve of `key`, which is forgotten again.
     * `point` gets its public half, not compressed; `shared` the x-coordinate
     * of the shared point: 65 and 32 octets on P-256, 97 and 48 on P-384.
     */
    bm_status (*ecdh)(const struct bm_spki *key,
                      uint8_t point[CA_CREDENTIAL_POINT_MAX],
                      uint8_t shared[48]);

    /* AES with a key of 16 or 32 octets, full-block CFB, an IV of zeros; `out`
     * has as many octets as `plain`. */
    bm_status (*cfb)(struct bm_bytes key, struct bm_bytes plain, uint8_t *out);
};

struct ca_credential_config {
    const struct bm_crypto *crypto;
    const struct ca_credential_crypto *port;
    const struct bm_spki *ek; /* P-256, P-384, RSA of 2048, 3072, 4096 bits */
    struct bm_bytes name;     /* of the object */
    struct bm_bytes secret;   /* at most as long as the hash: 32 octets fit */
};

/*
 * Append TPMS_ID_OBJECT to `credential` and TPMU_ENCRYPTED_SECRET to `seed`:
 * what TPM2_ActivateCredential takes. BM_E_KEY_UNSUPPORTED: no template has
 * such a key.
 */
BM_MUST_CHECK bm_status
ca_credential_make(const struct ca_credential_config *config,
                   struct bm_wr *credential, struct bm_wr *seed);

#endif
