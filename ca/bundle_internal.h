/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_BUNDLE_INTERNAL_H
#define BM_CA_BUNDLE_INTERNAL_H

#include "ca/bundle.h"
#include "ca/internal.h"

/*
 * Between the files about bundles: bundle.c makes them, bundle_gather.c
 * gathers what they say, bundle_list.c knows which there are.
 */

/* CAs of one list that are looked at, generations and links included. */
#define BUNDLE_CAS_MAX 64

/* A serial number that is denied, of the issuer at this place. */
struct bundle_denied {
    size_t issuer;
    uint8_t n;
    uint8_t octets[STORE_SERIAL_MAX];
};

struct bundle_issuer {
    uint8_t key[BM_BUNDLE_KEY_SIZE];
    size_t octets;  /* of its row, in CBOR */
    bool servers;   /* of TLS servers */
    bool elsewhere; /* its key is: what it has revoked, its list says */
    bool out;       /* it has too many, or nobody knows them */
};

/* What a bundle is to say, in memory of its own. */
struct bundle_said {
    struct bm_bundle_anchor anchors[BUNDLE_CAS_MAX];
    size_t anchors_n;
    struct bm_bytes cross[BM_BUNDLE_SMALL_CROSS];
    int64_t cross_from[BM_BUNDLE_SMALL_CROSS]; /* their notBefore */
    size_t cross_n;
    struct bundle_issuer issuers[BUNDLE_CAS_MAX];
    size_t issuers_n;
    struct bundle_denied *denied; /* sorted, none twice */
    size_t denied_n;
    size_t denied_cap;
    struct bm_wr certs; /* what anchors and cross are views of */
    /* As bm_bundle_put() wants it. */
    struct bm_bundle_denied rows[BUNDLE_CAS_MAX];
    size_t rows_n;
    struct bm_bytes *serials;
};

/* In a read transaction. On error, too, bundle_said_free(). */
BM_MUST_CHECK bm_status bundle_gather(struct ca *ca, uint32_t list, int64_t now,
                                      struct bundle_said *said);
void bundle_said_free(struct bundle_said *said);

/* In any transaction: is the actor above those whose list it is? */
bool bundle_is_above(const struct store *store, const struct ca_actor *actor,
                     uint32_t list);

#endif
