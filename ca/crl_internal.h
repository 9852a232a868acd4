/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_CRL_INTERNAL_H
#define BM_CA_CRL_INTERNAL_H

#include "ca/internal.h"
#include "ca/lists.h"

/*
 * What the files about lists share: crl.c makes them, crl_load.c takes in
 * those of others, crl_look.c says which are due, crl_number.c has their
 * numbers.
 */

/* In a transaction: the number of the last list of a CA, or a later one that
 * must not be used. */
BM_MUST_CHECK bm_status crl_last_number(struct ca *ca, const char *id,
                                        uint64_t *number);
void crl_put_number(uint64_t number, uint8_t out[8]);

/* A CA whose list is made or taken in. */
struct crl_issuer {
    struct store_ca row; /* its views are into `der` */
    struct bm_cert cert; /* likewise */
    uint8_t der[CA_CERT_MAX];
};
/* In a transaction: BM_E_NOT_FOUND. */
BM_MUST_CHECK bm_status crl_find_issuer(struct ca *ca, const char *id,
                                        struct crl_issuer *issuer,
                                        struct ca_refusal *why);

/* In a transaction: the row of a list; where it was never made, one that
 * says so, and has what expires at any time. */
BM_MUST_CHECK bm_status crl_find_last(struct ca *ca, const char *id,
                                      uint32_t list, struct store_crl *last);

/* In a write transaction: put the row, and a record with its hash. */
BM_MUST_CHECK bm_status crl_record(struct ca *ca, const struct ca_actor *actor,
                                   const struct store_crl *row,
                                   const uint8_t hash[STORE_HASH_SIZE],
                                   int64_t now);

/* Devices are many: the lists of a CA that serves them may have a delta. */
bool crl_has_delta(const struct ca *ca, const struct store_ca *row);

#endif
