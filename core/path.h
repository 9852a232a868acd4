/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_PATH_H
#define BM_CORE_PATH_H

#include "core/cert.h"
#include "core/crypto.h"
#include "core/policy.h"

/*
 * Path validation (RFC 5280 6.1): is there a chain of certificates from the
 * leaf to a trust anchor in which every rule holds?
 *
 * The caller parses: the leaf, a pool of certificates that may serve as
 * intermediates (what the peer sent, cross-certificates at hand, in any
 * order), and the anchors. bm_path_find() walks from the leaf upwards and
 * tries every issuer of the right name, likely ones first, so loops, bridges
 * and renewed CAs are no special case. What is cheap is checked when a
 * certificate is picked; policies, signatures and revocation when an anchor
 * has been reached.
 *
 * Checked: names, signatures, validity, cA, pathLenConstraint, keyUsage,
 * extKeyUsage (of intermediates too, as practice has it), name constraints,
 * policies, unknown critical extensions, key strength, revocation through a
 * callback. Not checked: whether the leaf names the right peer (host.h).
 *
 * Work and memory are bounded, whatever the pool holds.
 */

/*
 * Certificates below the anchor. A device has 2 or 3; two federal PKIs over
 * a bridge have 7.
 */
#define BM_PATH_DEPTH_MAX 10

/* Pool and anchors each: each step compares names with all of them. */
#define BM_PATH_CERTS_MAX 256

/*
 * Signatures verified in one call: three full paths. A P-256 signature costs
 * a small device a tenth of a second, and the peer chooses what is sent.
 */
#define BM_PATH_SIGNATURES_MAX 30

/* Issuers tried in one call, without their signatures: a hundred paths. */
#define BM_PATH_STEPS_MAX 1000

/* Comparisons of a name with a constraint: 250 names, 250 constraints. */
#define BM_PATH_NAMES_MAX 62500

enum bm_path_validity {
    /* Every certificate at config.time. */
    BM_PATH_NOW,
    /*
     * The issuers at the leaf's notBefore: what was issued while its CA was
     * valid stays valid (devices that outlive their CA). The leaf itself at
     * config.time still; Matter, which ignores the end of a DAC as well,
     * sets config.time to the leaf's notBefore.
     */
    BM_PATH_AT_ISSUANCE,
    /*
     * config.time is a moment that has certainly passed, and nothing more is
     * known: devices without a clock. It proves that something has expired,
     * never that something is not valid yet. So a path is refused as expired
     * when there is no moment at or after config.time at which all of it is
     * valid.
     */
    BM_PATH_AT_LEAST,
    /* Dates do not count: the way to repair, where nothing else is left. */
    BM_PATH_ANY_TIME
};

/* Flags. Zero is the strictest that RFC 5280 6.1 and an anchor ask for. */
enum {
    /*
     * An anchor given as a certificate is held to all that it says:
     * validity, cA, keyUsage, pathLenConstraint, name constraints,
     * extKeyUsage, policyConstraints. These two take that back:
     */
    BM_PATH_ANCHOR_ANY_TIME = 1 << 0, /* not its validity */
    BM_PATH_ANCHOR_BARE = 1 << 1,     /* nothing but name and key (6.1.1 (d)) */

    /* anyExtendedKeyUsage stands for the purpose. */
    BM_PATH_ANY_EKU = 1 << 2,
    /* A leaf without extKeyUsage is refused when there is a purpose. */
    BM_PATH_NEED_EKU = 1 << 3,
    /*
     * Also refuse what a conforming CA does not issue though section 6 would
     * pass it (section 4.2): no authorityKeyIdentifier, a CA without
     * subjectKeyIdentifier; basicConstraints of a CA, nameConstraints,
     * policyConstraints or inhibitAnyPolicy not critical.
     */
    BM_PATH_PROFILE = 1 << 4
};

/*
 * Revocation. Called for each certificate of a path whose signatures have
 * been verified, from the anchor down. BM_OK: not revoked.
 * BM_E_PATH_REVOKED: no path goes through `cert`. Anything else, such as
 * BM_E_PATH_STATUS_UNKNOWN: another path may do.
 */
struct bm_revocation {
    void *self;
    bm_status (*check)(void *self, const struct bm_cert *cert,
                       const struct bm_cert *issuer);
};

struct bm_path_config {
    const struct bm_crypto *crypto;
    const struct bm_cert *anchors; /* see bm_anchor_init() for bare keys */
    size_t anchors_n;
    const struct bm_cert *pool; /* may hold the leaf and anchors, too */
    size_t pool_n;
    int64_t time; /* now */
    enum bm_path_validity validity;
    unsigned flags; /* BM_PATH_... */
    /*
     * Certificates below the anchor, leaf included; self-issued
     * intermediates do not count, as in pathLenConstraint. 0: no limit but
     * BM_PATH_DEPTH_MAX.
     */
    unsigned depth;
    struct bm_bytes purpose; /* OID contents of an extKeyUsage; empty: any */
    uint16_t key_usage;      /* BM_KU_... the leaf must have, if it says any */
    struct bm_policy_demand policy;
    const struct bm_revocation *revocation; /* NULL: not checked */
};

/* One certificate of the path; private but for `cert`. */
struct bm_path_step {
    const struct bm_cert *cert;
    struct bm_bytes issuer_key_id; /* of its authorityKeyIdentifier */
    uint16_t next;                 /* candidate issuer to try next */
    uint8_t length;                /* intermediates that count, to here */
    bool self_issued;
    bool verified; /* its signature, with the key of the next step */
};

/* Why the attempt that came furthest failed. Views into the caller's data. */
struct bm_path_fault {
    bm_status status;
    const struct bm_cert *cert; /* the leaf, &pool[i] or &anchors[i] */
    const uint8_t *at;          /* the name that is constrained, or NULL */
    uint16_t rank;              /* private: how far it came */
};

/*
 * The place in the certificate that the fault is about, or NULL where there
 * is none. For programs that print (path_text.c).
 */
const uint8_t *bm_path_fault_at(const struct bm_path_fault *fault);

/* The caller's memory for one validation, 430 bytes on a Cortex-M3. */
struct bm_path {
    /*
     * After BM_OK: step[0].cert is the leaf, step[n - 1].cert was issued by
     * the anchor. Pointers into the caller's arrays.
     */
    size_t n;
    const struct bm_cert *anchor;
    struct bm_path_fault fault; /* after failure; n is 0 then */

    /* Private: what is being tried, and what is left of the budgets. */
    const struct bm_path_config *config;
    const struct bm_cert *suspect;
    const uint8_t *at;
    size_t keep; /* steps that stay if this fails */
    uint32_t names;
    uint16_t steps;
    uint16_t signatures;
    uint16_t rank;

    struct bm_path_step step[BM_PATH_DEPTH_MAX];
    struct bm_policies policies; /* see bm_policies_has() */
};

/*
 * Find a valid path from `leaf`. On success the path is in `*path`; on
 * failure path->n is 0 and path->fault tells which certificate stopped the
 * attempt that came furthest. The verdict does not depend on the order of
 * pool and anchors, as long as no limit is reached (BM_E_PATH_WORK).
 *
 * Returns path->fault.status: BM_E_PATH_..., BM_E_KEY_UNSUPPORTED,
 * BM_E_ALG_UNSUPPORTED, BM_E_KEY_MISMATCH, BM_E_LIMIT (pool or anchors too
 * many), what the provider or the revocation callback returned.
 */
BM_MUST_CHECK bm_status bm_path_find(struct bm_path *path,
                                     const struct bm_path_config *config,
                                     const struct bm_cert *leaf);

/*
 * An anchor that is only a name and a key, as a struct bm_cert without DER.
 * The caller may narrow it: ext.path_len, not_after, or name constraints as
 * the extension in ext.value[BM_EXT_NAME_CONSTRAINTS] and ext.present.
 */
void bm_anchor_init(struct bm_cert *anchor, struct bm_bytes subject,
                    const struct bm_spki *key);

#endif
