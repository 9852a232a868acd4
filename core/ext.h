/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_EXT_H
#define BM_CORE_EXT_H

#include "core/general_name.h"

/*
 * Certificate extensions (RFC 5280 4.2): one table says which we know, how
 * each is read and what a malformed one is called. Every known extension is
 * checked to its last octet when the certificate is parsed, so the walks
 * below cannot fail on a parsed certificate.
 */

enum bm_ext_id {
    BM_EXT_AKI,
    BM_EXT_SKI,
    BM_EXT_KEY_USAGE,
    BM_EXT_POLICIES,
    BM_EXT_MAPPINGS,
    BM_EXT_SAN,
    BM_EXT_IAN,
    BM_EXT_SDA,
    BM_EXT_BASIC_CONSTRAINTS,
    BM_EXT_NAME_CONSTRAINTS,
    BM_EXT_POLICY_CONSTRAINTS,
    BM_EXT_EKU,
    BM_EXT_CRL_DP,
    BM_EXT_INHIBIT_ANY,
    BM_EXT_FRESHEST,
    BM_EXT_AIA,
    BM_EXT_SIA,
    BM_EXT_OCSP_NOCHECK,
    BM_EXT_TLS_FEATURE,
    BM_EXT_COUNT
};

/* keyUsage, as bm_der_take_flags() numbers the bits. */
enum {
    BM_KU_DIGITAL_SIGNATURE = 1 << 0,
    BM_KU_CONTENT_COMMITMENT = 1 << 1, /* nonRepudiation */
    BM_KU_KEY_ENCIPHERMENT = 1 << 2,
    BM_KU_DATA_ENCIPHERMENT = 1 << 3,
    BM_KU_KEY_AGREEMENT = 1 << 4,
    BM_KU_KEY_CERT_SIGN = 1 << 5,
    BM_KU_CRL_SIGN = 1 << 6,
    BM_KU_ENCIPHER_ONLY = 1 << 7,
    BM_KU_DECIPHER_ONLY = 1 << 8
};

/* How strict: flags of bm_cert_parse() and its kin. */
enum {
    BM_STRICT = 0,
    /*
     * Accept an explicit DEFAULT FALSE (critical, cA). Not DER, but TPM
     * vendors burnt it into endorsement key certificates.
     */
    BM_TOLERATE_EXPLICIT_FALSE = 1 << 0,
    /*
     * Accept a serial number of zero or below (RFC 5280 4.1.2.2 asks users
     * to handle such certificates gracefully): well-known roots have zero.
     */
    BM_TOLERATE_SERIAL = 1 << 1,
    /*
     * Accept GeneralizedTime before 2050 (RFC 5280 4.1.2.5 forbids CAs to
     * write it, users MUST be able to read both): a few roots have it.
     */
    BM_TOLERATE_TIME_TYPE = 1 << 3,
    /*
     * Accept keyCertSign without cA: self-signed OPC UA application
     * certificates of older stacks.
     */
    BM_TOLERATE_CERT_SIGN = 1 << 2
};

/*
 * Unknown extensions with what stands before them, policies, and policy
 * mappings. More than any profile has that we know; bounds the search for
 * duplicates, and the work that policies make on each path that is tried.
 */
#define BM_EXT_MAX 32

/* No pathLenConstraint. */
#define BM_PATH_LEN_NONE (-1)

/* The largest pathLenConstraint that is kept apart from "unlimited". */
#define BM_PATH_LEN_MAX 127

/* What the extensions of a certificate or request say. Views. */
struct bm_exts {
    struct bm_bytes all;                 /* contents of Extensions */
    struct bm_bytes value[BM_EXT_COUNT]; /* extnValue contents, or empty */
    uint32_t present;                    /* 1 << BM_EXT_... */
    uint32_t critical;                   /* likewise */
    struct bm_bytes unknown_critical;    /* OID of the first one, or empty */
    uint16_t key_usage;                  /* BM_KU_..., 0 if absent */
    bool ca;                             /* basicConstraints cA */
    int8_t path_len;                     /* or BM_PATH_LEN_NONE */
};

static inline bool bm_exts_has(const struct bm_exts *e, enum bm_ext_id id)
{
    return (e->present >> id & 1) != 0;
}

static inline bool bm_exts_is_critical(const struct bm_exts *e,
                                       enum bm_ext_id id)
{
    return (e->critical >> id & 1) != 0;
}

/*
 * Take Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension. Duplicates are
 * refused, known ones read, unknown ones kept in `all`. Rules between
 * extensions (pathLen without cA) are those of a certificate: see cert.h.
 * On error `*e` is all zero.
 */
BM_MUST_CHECK bm_status bm_exts_take(struct bm_der *d, unsigned tolerate,
                                     struct bm_exts *e);

/* One extension as it stands, known or not. */
struct bm_ext {
    struct bm_bytes oid;
    struct bm_bytes value; /* contents of extnValue */
    bool critical;
};

/*
 * Take one Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE,
 * extnValue }. Also what CRLs and OCSP messages are made of.
 */
BM_MUST_CHECK bm_status bm_ext_take(struct bm_der *d, unsigned tolerate,
                                    struct bm_ext *ext);

/*
 * Take Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension without looking
 * into any: at most BM_EXT_MAX, none twice. `*all` is the contents, for
 * bm_ext_next(). For CRL entries and OCSP messages.
 */
BM_MUST_CHECK bm_status bm_ext_list_take(struct bm_der *d,
                                         struct bm_bytes *all);

/* Walk checked Extensions (`all`, or contents of any): false at the end. */
bool bm_ext_next(struct bm_bytes *all, struct bm_ext *ext);

/*
 * Walks over the parts of a checked extension. Start with a copy of
 * e->value[BM_EXT_...]'s list as bm_exts_list() gives it; each call moves
 * `*list` forward and returns false at the end.
 */

/* Contents of the SEQUENCE in `id`: EKU, SAN, POLICIES, CRL_DP, AIA, ... */
struct bm_bytes bm_exts_list(const struct bm_exts *e, enum bm_ext_id id);

bool bm_eku_next(struct bm_bytes *list, struct bm_bytes *oid);

/* Is `purpose` listed, or anyExtendedKeyUsage when `any` is true? */
bool bm_exts_allow_eku(const struct bm_exts *e, struct bm_bytes purpose,
                       bool any);

struct bm_policy {
    struct bm_bytes id;
    struct bm_bytes qualifiers; /* contents of the SEQUENCE, or empty */
};
bool bm_policy_next(struct bm_bytes *list, struct bm_policy *policy);

struct bm_policy_mapping {
    struct bm_bytes issuer_domain;
    struct bm_bytes subject_domain;
};
bool bm_policy_mapping_next(struct bm_bytes *list,
                            struct bm_policy_mapping *mapping);

/* Skip counts, or -1 where absent. */
struct bm_policy_constraints {
    int32_t require_explicit;
    int32_t inhibit_mapping;
};
void bm_exts_policy_constraints(const struct bm_exts *e,
                                struct bm_policy_constraints *pc);
int32_t bm_exts_inhibit_any(const struct bm_exts *e);

/* Contents of permittedSubtrees and excludedSubtrees, empty if absent. */
struct bm_name_constraints {
    struct bm_bytes permitted;
    struct bm_bytes excluded;
};
void bm_exts_name_constraints(const struct bm_exts *e,
                              struct bm_name_constraints *nc);
bool bm_subtree_next(struct bm_bytes *list, struct bm_general_name *base);

/* Key identifiers; empty views where absent. */
struct bm_aki {
    struct bm_bytes key_id;
    struct bm_bytes issuer; /* GeneralNames contents */
    struct bm_bytes serial; /* INTEGER contents */
};
void bm_exts_aki(const struct bm_exts *e, struct bm_aki *aki);
struct bm_bytes bm_exts_ski(const struct bm_exts *e);

struct bm_access {
    struct bm_bytes method; /* OID contents */
    struct bm_general_name location;
};
bool bm_access_next(struct bm_bytes *list, struct bm_access *access);

struct bm_dist_point {
    struct bm_bytes full_name;     /* GeneralNames contents, or empty */
    struct bm_bytes relative_name; /* RDN contents, or empty */
    struct bm_bytes crl_issuer;    /* GeneralNames contents, or empty */
    uint16_t reasons;              /* ReasonFlags, 0 if absent */
    bool has_reasons;
};
bool bm_dist_point_next(struct bm_bytes *list, struct bm_dist_point *dp);

/*
 * Take a DistributionPointName ([0] in a distribution point and in an
 * issuingDistributionPoint) whose explicit tag has been entered.
 */
BM_MUST_CHECK bm_status bm_dist_point_name_take(struct bm_der *d,
                                                struct bm_bytes *full_name,
                                                struct bm_bytes *relative);

/*
 * Writing. Open one extension, write its value, close it:
 *     m = bm_ext_open(w, BM_LIT(BM_OID_CE_EKU), false);
 *     ... DER of the value ...
 *     bm_ext_close(w, &m);
 */
struct bm_ext_mark {
    size_t extension;
    size_t value;
};
struct bm_ext_mark bm_ext_open(struct bm_wr *w, struct bm_bytes oid,
                               bool critical);
void bm_ext_close(struct bm_wr *w, const struct bm_ext_mark *mark);

/*
 * The extensions that nearly every certificate has, whole. basicConstraints
 * and keyUsage are critical. `path_len` may be BM_PATH_LEN_NONE, and is left
 * out unless `ca`.
 */
void bm_ext_put_basic(struct bm_wr *w, bool ca, int path_len);
void bm_ext_put_key_usage(struct bm_wr *w, uint16_t flags);
void bm_ext_put_ski(struct bm_wr *w, struct bm_bytes key_id);
void bm_ext_put_aki(struct bm_wr *w, struct bm_bytes key_id);

#endif
