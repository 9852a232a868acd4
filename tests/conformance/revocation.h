/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_CONFORMANCE_REVOCATION_H
#define BM_TESTS_CONFORMANCE_REVOCATION_H

#include "tests/conformance/store.h"

/*
 * The revocation callback over the CRLs of a store, as RFC 5280 6.3.3 wants
 * it: complete and delta CRLs, several for different reasons, indirect ones.
 * A CRL counts if the certificate of its signer has a valid path to an
 * anchor and is not revoked. Who revokes the signer of a signer is not asked
 * any more: that may be the CRL in question.
 */
struct revocation_level {
    const struct store *store;
    struct bm_path_config config; /* for the signers of CRLs */
    struct bm_revocation signers; /* what config.revocation points to */
    struct bm_path path;
};

struct revocation {
    struct revocation_level of_path;
    struct revocation_level of_signers;
};

/*
 * `like` says crypto, anchors, pool and time. What is returned points to
 * `*r` and `*store`.
 */
struct bm_revocation revocation_init(struct revocation *r,
                                     const struct store *store,
                                     const struct bm_path_config *like);

#endif
