/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_LIST_SIGNING_H
#define BM_CA_LIST_SIGNING_H

#include "ca/local_signer.h"

/*
 * A revocation list on its way to a signature, for the signer: a TBSCertList
 * (RFC 5280 5.1) that comes in pieces, from this process or another. It is
 * read as it comes and compared with what the CA may say; it is hashed here,
 * so that nobody's digest is ever signed, and kept whole only where the key
 * takes no hash.
 */

/* A key that takes no hash needs the list whole, which is so much at most. */
#define CA_LIST_WHOLE_MAX ((size_t)4 << 20)

/* Which list it is to be. */
struct ca_list_expected {
    const struct ca_signer_ca *ca;
    const char *public_url; /* that shards and deltas are found under */
    uint32_t list;
    uint64_t number;
    uint64_t size; /* of the TBSCertList */
};

struct ca_list_signing {
    const struct bm_crypto *crypto;
    const struct ca_signer_ca *ca; /* NULL: none is open */
    const char *public_url;
    uint32_t list;
    uint64_t number;
    uint64_t base; /* of a delta, once read; else 0 */
    uint64_t size;
    uint64_t got;
    struct bm_crl_reader reader;
    struct bm_hash_state hash; /* for the journal */
    struct bm_hash_state own;  /* for a key with another hash than SHA-256 */
    struct bm_wr whole;        /* for a key without */
    bool complete;             /* every check has passed */
};

/* Begin. BM_E_CRL_MEMORY when it would have to be kept and is too long. */
BM_MUST_CHECK bm_status ca_list_open(struct ca_list_signing *list,
                                     const struct bm_crypto *crypto,
                                     const struct ca_list_expected *expected);

/* The next octets. BM_E_CA_SIGNER for what the CA does not say. */
BM_MUST_CHECK bm_status ca_list_put(struct ca_list_signing *list,
                                    struct bm_bytes octets);

/* All was put: its SHA-256. */
BM_MUST_CHECK bm_status ca_list_finish(struct ca_list_signing *list,
                                       uint8_t hash[BM_HASH_MAX]);

/* After ca_list_finish(): append the signature, of a list with this hash. */
BM_MUST_CHECK bm_status ca_list_sign(struct ca_list_signing *list,
                                     const uint8_t hash[BM_HASH_MAX],
                                     struct bm_wr *signature);

void ca_list_close(struct ca_list_signing *list); /* again is fine */

#endif
