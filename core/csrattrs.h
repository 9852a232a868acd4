/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_CSRATTRS_H
#define BM_CORE_CSRATTRS_H

#include "core/alg.h"

/*
 * CsrAttrs: what a server of EST, CMP or their kin wants to see in a request
 * (RFC 7030 4.5.2, RFC 8951 4, RFC 9908), as the one who makes the request
 * reads it. ca/profile_csrattrs.c writes them.
 *
 * A template of the whole request makes hints beside it void (RFC 9908 4).
 * What is not known is passed over: in the end the server decides.
 */

/* Views into what was parsed. */
struct bm_csrattrs {
    struct bm_bytes extensions; /* Extension elements; some without a value */
    struct bm_bytes subject;    /* RDN templates, one after another */
    bool binding;               /* challengePassword: RFC 7030 3.5 */
    bool other_key;             /* types of keys are named, and that of ours is
                                   not among them */
};

/*
 * Parse the DER. `key` is the one that the request will be made for, of P-256.
 * Errors are those of der.h; `*attrs` is all zero then.
 */
BM_MUST_CHECK bm_status bm_csrattrs_parse(struct bm_bytes der,
                                          const struct bm_spki *key,
                                          struct bm_csrattrs *attrs);

/*
 * Append those of the extensions that have a value and are none of `ours`,
 * which are Extension elements one after another.
 */
void bm_csrattrs_put_extensions(const struct bm_csrattrs *attrs,
                                struct bm_bytes ours, struct bm_wr *w);

/*
 * Append the Name that the template makes of the name `ours`: what it fixes,
 * what it asks for and we have; and what we have beyond that, which is the
 * server's to take or to refuse.
 */
void bm_csrattrs_put_subject(const struct bm_csrattrs *attrs,
                             struct bm_bytes ours, struct bm_wr *w);

#endif
