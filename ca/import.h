/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_IMPORT_H
#define BM_CA_IMPORT_H

#include "ca/authority.h"

/*
 * Certificates that a CA of ours signed and of which the store knows nothing:
 * they were issued after the backup from which it was restored, or before the
 * CA was ours. Once they are on record they can be seen, renewed and revoked
 * like any other.
 *
 * What the certificate says itself is all that is known of it, so its row says
 * that it was issued at its notBefore, and that it renews none.
 */

struct ca_import {
    struct bm_bytes der;
    const char *profile; /* NULL: the one that it fits, if it is only one */
    /*
     * The name that it is kept under where it does not fit: of an authority
     * that had other rules, or none. Certificates of CAs are kept then, too.
     * NULL: what does not fit is refused.
     */
    const char *otherwise;
};

struct ca_imported {
    uint64_t certs;
    uint64_t known;     /* the same octets were on record before */
    uint64_t otherwise; /* of `certs`, those that fit no profile */
};

/*
 * Put all on record, or none. For each: it verifies with the key of a CA of
 * ours, is no CA's, and matches a profile of that CA; that it has expired does
 * not matter. BM_E_SIGNATURE: no CA of ours signed it; BM_E_PROFILE: it fits
 * no profile, or several; BM_E_CA_STATUS: it is on record as abandoned;
 * BM_E_STORE_CONFLICT: another certificate has its serial number. The words
 * of `why` begin with the serial number.
 */
BM_MUST_CHECK bm_status ca_import(struct ca *ca, const struct ca_actor *actor,
                                  const struct ca_import *imports, size_t n,
                                  int64_t now, struct ca_imported *imported,
                                  struct ca_refusal *why);

/* What lists that were published after the backup said (restore.h). */
struct ca_listed {
    uint64_t revoked;
    uint64_t unknown; /* of certificates of which nothing else is known */
};

/*
 * Take over what the last complete list of an authority says that is ours now:
 * what it revokes is revoked, the serial numbers of which nothing else is known
 * too, and the numbers of our lists go on above its own. BM_E_CRL_...: not a
 * complete list of a CA whose key is here.
 */
BM_MUST_CHECK bm_status ca_import_list(struct ca *ca,
                                       const struct ca_actor *actor,
                                       struct bm_bytes der, int64_t now,
                                       struct ca_listed *listed,
                                       struct ca_refusal *why);

#endif
