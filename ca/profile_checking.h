/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_PROFILE_CHECKING_H
#define BM_CA_PROFILE_CHECKING_H

#include "ca/profile_internal.h"

/*
 * Between the files of ca/profile_check*.c: one certificate held against the
 * rules of a profile. Ours, before it is signed, must be what the profile
 * makes, to the octet; one of others (lint) may be what the profile accepts.
 */

/* What is known of the issuer of a certificate under examination. */
struct profile_authority {
    bool is; /* anything at all */
    struct bm_bytes name;
    struct bm_bytes key_id;
    const struct bm_exts *constraints;
    int64_t not_before;
    int64_t not_after;
    const struct bm_cert *cert; /* of lint alone */
};

/* One certificate under examination. */
struct profile_checking {
    const struct ca_profile *profile;
    const struct bm_cert *cert;
    struct ca_refusal *why;
    bool foreign; /* lint: what `accepts` says holds, and there is no URL or
                     serial number of ours to be found */
    const struct bm_crypto *crypto; /* NULL: nothing is hashed or verified */
    struct profile_authority issuer;
    const char **unknown; /* lint: what cannot be told without the issuer */
};

/* The rule holds as far as can be seen; `words` say what cannot. */
static inline bm_status profile_unknown(const struct profile_checking *k,
                                        const char *words)
{
    if (k->unknown != NULL) {
        *k->unknown = words;
    }
    return BM_OK;
}

/* May a certificate of others differ there? */
static inline bool profile_accepts_rule(const struct profile_checking *k,
                                        const struct profile_ext_set *set,
                                        enum profile_rule rule)
{
    return k->foreign && (set->rules >> rule & 1) != 0;
}
bool profile_accepts_oid(const struct profile_checking *k,
                         const struct profile_ext_set *set,
                         struct bm_bytes oid);

/* A rule about one extension. */
struct profile_frame {
    enum profile_rule rule;
    enum bm_ext_id id;
    bool wanted;
    bool critical;
};

/*
 * Presence and criticality. `*look`: it is there, and its value is to be
 * looked at.
 */
BM_MUST_CHECK bm_status profile_check_frame(const struct profile_checking *k,
                                            const struct profile_frame *f,
                                            bool *look);

/* "NAME WORDS (FILE:LINE)" */
BM_MUST_CHECK bm_status profile_refuse_ext(const struct profile_checking *k,
                                           enum profile_rule rule,
                                           const char *name, const char *words);

BM_MUST_CHECK bm_status profile_check_subject(const struct profile_checking *k);
BM_MUST_CHECK bm_status profile_check_san(const struct profile_checking *k);
BM_MUST_CHECK bm_status profile_check_device(const struct profile_checking *k);
BM_MUST_CHECK bm_status profile_check_basic(const struct profile_checking *k);
BM_MUST_CHECK bm_status
profile_check_key_usage(const struct profile_checking *k);
BM_MUST_CHECK bm_status profile_check_eku(const struct profile_checking *k);
BM_MUST_CHECK bm_status profile_check_ski(const struct profile_checking *k);
BM_MUST_CHECK bm_status profile_check_aki(const struct profile_checking *k);
BM_MUST_CHECK bm_status profile_check_nc(const struct profile_checking *k);
BM_MUST_CHECK bm_status
profile_check_policies(const struct profile_checking *k);
BM_MUST_CHECK bm_status profile_check_crl(const struct profile_checking *k);
BM_MUST_CHECK bm_status profile_check_ocsp(const struct profile_checking *k);
BM_MUST_CHECK bm_status
profile_check_ca_issuers(const struct profile_checking *k);
BM_MUST_CHECK bm_status profile_check_nocheck(const struct profile_checking *k);
BM_MUST_CHECK bm_status
profile_check_extensions(const struct profile_checking *k);
BM_MUST_CHECK bm_status profile_check_others(const struct profile_checking *k);

#endif
