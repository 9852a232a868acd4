/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ext_parts.h"

#include "core/oid.h"

/*
 * Each part has a function that takes it apart. Checking calls it on foreign
 * bytes, walking calls it again on bytes that are known to be good, or on none
 * where an extension is absent: that leaves the result as it was initialized.
 */

static struct bm_bytes rest_of(const struct bm_der *d)
{
    return (struct bm_bytes){ d->p, bm_der_left(d) };
}

/* Take the next SEQUENCE of a checked list. */
static bool next_sequence(struct bm_bytes *list, struct bm_der *in)
{
    struct bm_der d;

    bm_der_init(&d, *list, NULL);
    if (bm_der_enter(&d, BM_DER_SEQUENCE, in) != BM_OK) {
        return false;
    }
    *list = rest_of(&d);
    return true;
}

/* What the element of `tag` holds that is the value; empty if absent. */
static struct bm_bytes contents(const struct bm_exts *e, enum bm_ext_id id,
                                uint8_t tag)
{
    struct bm_bytes body = { NULL, 0 };
    struct bm_der d;
    bm_status rc;

    bm_der_init(&d, e->value[id], NULL);
    rc = bm_der_take(&d, tag, &body);
    (void)rc; /* a failure leaves `body` as it is */
    return body;
}

struct bm_bytes bm_exts_list(const struct bm_exts *e, enum bm_ext_id id)
{
    return contents(e, id, BM_DER_SEQUENCE);
}

/* Take an OCTET STRING or a SEQUENCE OF under `tag` if it is there. */
static bm_status take_optional(struct bm_der *d, uint8_t tag,
                               struct bm_bytes *body)
{
    return bm_der_at(d, tag) ? bm_der_take(d, tag, body) : BM_OK;
}

static bm_status take_optional_names(struct bm_der *d, uint8_t tag,
                                     struct bm_bytes *names)
{
    return bm_der_at(d, tag) ? bm_general_names_take(d, tag, names) : BM_OK;
}

/*
 * RFC 5280 4.2.1.1
 *
 *   AuthorityKeyIdentifier ::= SEQUENCE {
 *       keyIdentifier              [0] KeyIdentifier OPTIONAL,
 *       authorityCertIssuer        [1] GeneralNames OPTIONAL,
 *       authorityCertSerialNumber  [2] CertificateSerialNumber OPTIONAL }
 *   -- authorityCertIssuer and authorityCertSerialNumber MUST both
 *   -- be present or both be absent
 */
static bm_status take_aki(struct bm_der *d, struct bm_aki *aki)
{
    struct bm_der in;

    *aki = (struct bm_aki){ 0 };
    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &in));
    BM_TRY(take_optional(&in, BM_DER_CONTEXT(0), &aki->key_id));
    BM_TRY(take_optional_names(&in, BM_DER_CONSTRUCTED(1), &aki->issuer));
    if (aki->issuer.n != 0) {
        BM_TRY(bm_der_take_integer(&in, BM_DER_CONTEXT(2), &aki->serial));
    }
    return bm_der_end(&in);
}

bm_status bm_ext_check_aki(struct bm_der *d)
{
    struct bm_aki aki;

    return take_aki(d, &aki);
}

void bm_exts_aki(const struct bm_exts *e, struct bm_aki *aki)
{
    struct bm_der d;

    bm_der_init(&d, e->value[BM_EXT_AKI], NULL);
    (void)take_aki(&d, aki);
}

/* RFC 5280 4.2.1.2: an OCTET STRING; an empty one would identify nothing. */
bm_status bm_ext_check_ski(struct bm_der *d)
{
    const uint8_t *start = d->p;
    struct bm_bytes id;

    BM_TRY(bm_der_take(d, BM_DER_OCTET_STRING, &id));
    return id.n != 0 ? BM_OK : bm_der_fail_at(d, start, BM_E_EXT_SKI);
}

struct bm_bytes bm_exts_ski(const struct bm_exts *e)
{
    return contents(e, BM_EXT_SKI, BM_DER_OCTET_STRING);
}

/*
 * RFC 5280 4.2.1.4
 *
 *   PolicyInformation ::= SEQUENCE {
 *       policyIdentifier  CertPolicyId,
 *       policyQualifiers  SEQUENCE SIZE (1..MAX) OF
 *                             PolicyQualifierInfo OPTIONAL }
 */
static bm_status take_policy(struct bm_der *in, struct bm_policy *policy)
{
    policy->qualifiers = (struct bm_bytes){ NULL, 0 };
    BM_TRY(bm_der_take_oid(in, &policy->id));
    return take_optional(in, BM_DER_SEQUENCE, &policy->qualifiers);
}

/*
 *   PolicyQualifierInfo ::= SEQUENCE {
 *       policyQualifierId  PolicyQualifierId,
 *       qualifier          ANY DEFINED BY policyQualifierId }
 *
 * Qualifiers are words for people; nothing here depends on what they say.
 */
bm_status bm_ext_check_policy(struct bm_der *d)
{
    const uint8_t *at;
    struct bm_policy policy;
    struct bm_bytes body;
    struct bm_der list;
    struct bm_der in;
    uint8_t tag;

    BM_TRY(bm_der_take_oid(d, &policy.id));
    if (bm_der_left(d) == 0) {
        return BM_OK;
    }
    at = d->p;
    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &list));
    if (bm_der_left(&list) == 0) {
        return bm_der_fail_at(d, at, BM_E_DER_EMPTY);
    }
    while (bm_der_left(&list) != 0) {
        BM_TRY(bm_der_enter(&list, BM_DER_SEQUENCE, &in));
        BM_TRY(bm_der_take_oid(&in, &policy.id));
        BM_TRY(bm_der_take_any(&in, &tag, &body));
        BM_TRY(bm_der_end(&in));
    }
    return BM_OK;
}

bool bm_policy_next(struct bm_bytes *list, struct bm_policy *policy)
{
    struct bm_der in;

    return next_sequence(list, &in) && take_policy(&in, policy) == BM_OK;
}

/*
 * RFC 5280 4.2.1.5
 *
 *   PolicyMappings ::= SEQUENCE SIZE (1..MAX) OF SEQUENCE {
 *       issuerDomainPolicy   CertPolicyId,
 *       subjectDomainPolicy  CertPolicyId }
 */
static bm_status take_mapping(struct bm_der *in, struct bm_policy_mapping *m)
{
    BM_TRY(bm_der_take_oid(in, &m->issuer_domain));
    return bm_der_take_oid(in, &m->subject_domain);
}

bm_status bm_ext_check_mapping(struct bm_der *d)
{
    struct bm_policy_mapping mapping;

    return take_mapping(d, &mapping);
}

bool bm_policy_mapping_next(struct bm_bytes *list,
                            struct bm_policy_mapping *mapping)
{
    struct bm_der in;

    return next_sequence(list, &in) && take_mapping(&in, mapping) == BM_OK;
}

bm_status bm_ext_check_name(struct bm_der *d)
{
    struct bm_general_name name;

    return bm_general_name_take(d, BM_GN_IN_NAME, &name);
}

/*
 * RFC 5280 4.2.1.8, appendix A.1
 *
 *   Attribute ::= SEQUENCE {
 *       type    AttributeType,
 *       values  SET OF AttributeValue } -- at least one value
 */
bm_status bm_ext_check_attribute(struct bm_der *d)
{
    struct bm_bytes type;
    struct bm_der set;

    BM_TRY(bm_der_take_oid(d, &type));
    BM_TRY(bm_der_enter(d, BM_DER_SET, &set));
    return bm_der_check_set(&set);
}

/*
 * RFC 5280 4.2.1.10
 *
 *   NameConstraints ::= SEQUENCE {
 *       permittedSubtrees  [0] GeneralSubtrees OPTIONAL,
 *       excludedSubtrees   [1] GeneralSubtrees OPTIONAL }
 */
static bm_status take_constraints(struct bm_der *d,
                                  struct bm_name_constraints *nc)
{
    struct bm_der in;

    *nc = (struct bm_name_constraints){ 0 };
    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &in));
    BM_TRY(take_optional(&in, BM_DER_CONSTRUCTED(0), &nc->permitted));
    BM_TRY(take_optional(&in, BM_DER_CONSTRUCTED(1), &nc->excluded));
    return bm_der_end(&in);
}

/*
 *   GeneralSubtrees ::= SEQUENCE SIZE (1..MAX) OF GeneralSubtree
 *
 *   GeneralSubtree ::= SEQUENCE {
 *       base     GeneralName,
 *       minimum  [0] BaseDistance DEFAULT 0,
 *       maximum  [1] BaseDistance OPTIONAL }
 *
 * RFC 5280 4.2.1.10 MUST: minimum is zero, maximum absent; so nothing follows.
 */
static bm_status check_subtrees(const struct bm_der *d, struct bm_bytes list)
{
    struct bm_general_name base;
    struct bm_der subtrees;
    struct bm_der in;

    bm_der_init(&subtrees, list, d->diag);
    while (bm_der_left(&subtrees) != 0) {
        BM_TRY(bm_der_enter(&subtrees, BM_DER_SEQUENCE, &in));
        BM_TRY(bm_general_name_take(&in, BM_GN_IN_CONSTRAINT, &base));
        BM_TRY(bm_der_end(&in));
    }
    return BM_OK;
}

/* Neither the extension nor a list in it may be empty. */
bm_status bm_ext_check_constraints(struct bm_der *d)
{
    const uint8_t *start = d->p;
    struct bm_name_constraints nc;

    BM_TRY(take_constraints(d, &nc));
    if ((nc.permitted.p == NULL && nc.excluded.p == NULL) ||
        (nc.permitted.p != NULL && nc.permitted.n == 0) ||
        (nc.excluded.p != NULL && nc.excluded.n == 0)) {
        return bm_der_fail_at(d, start, BM_E_DER_EMPTY);
    }
    BM_TRY(check_subtrees(d, nc.permitted));
    return check_subtrees(d, nc.excluded);
}

void bm_exts_name_constraints(const struct bm_exts *e,
                              struct bm_name_constraints *nc)
{
    struct bm_der d;

    bm_der_init(&d, e->value[BM_EXT_NAME_CONSTRAINTS], NULL);
    (void)take_constraints(&d, nc);
}

bool bm_subtree_next(struct bm_bytes *list, struct bm_general_name *base)
{
    struct bm_bytes inside;
    struct bm_der in;

    if (!next_sequence(list, &in)) {
        return false;
    }
    inside = rest_of(&in);
    return bm_general_name_next(&inside, base);
}

bm_status bm_ext_take_skip(struct bm_der *d, uint8_t tag, int32_t *skip)
{
    const uint8_t *start = d->p;
    struct bm_bytes v;

    BM_TRY(bm_der_take_integer(d, tag, &v));
    if (v.p[0] >= 0x80) {
        return bm_der_fail_at(d, start, BM_E_DER_INTEGER);
    }
    *skip = v.n > 2 ? BM_SKIP_MAX : v.n == 1 ? v.p[0] : v.p[0] << 8 | v.p[1];
    return BM_OK;
}

bm_status bm_ext_check_skip(struct bm_der *d)
{
    int32_t skip;

    return bm_ext_take_skip(d, BM_DER_INTEGER, &skip);
}

int32_t bm_exts_inhibit_any(const struct bm_exts *e)
{
    int32_t skip = -1;
    struct bm_der d;

    bm_der_init(&d, e->value[BM_EXT_INHIBIT_ANY], NULL);
    return bm_ext_take_skip(&d, BM_DER_INTEGER, &skip) == BM_OK ? skip : -1;
}

/*
 * RFC 5280 4.2.1.11
 *
 *   PolicyConstraints ::= SEQUENCE {
 *       requireExplicitPolicy  [0] SkipCerts OPTIONAL,
 *       inhibitPolicyMapping   [1] SkipCerts OPTIONAL }
 */
static bm_status take_policy_constraints(struct bm_der *d,
                                         struct bm_policy_constraints *pc)
{
    struct bm_der in;

    *pc = (struct bm_policy_constraints){ -1, -1 };
    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &in));
    if (bm_der_at(&in, BM_DER_CONTEXT(0))) {
        BM_TRY(bm_ext_take_skip(&in, BM_DER_CONTEXT(0), &pc->require_explicit));
        if (bm_der_left(&in) == 0) {
            return BM_OK;
        }
    }
    /* RFC 5280 4.2.1.11 MUST NOT: be empty, so one of the two is there */
    BM_TRY(bm_ext_take_skip(&in, BM_DER_CONTEXT(1), &pc->inhibit_mapping));
    return bm_der_end(&in);
}

bm_status bm_ext_check_policy_constraints(struct bm_der *d)
{
    struct bm_policy_constraints pc;

    return take_policy_constraints(d, &pc);
}

void bm_exts_policy_constraints(const struct bm_exts *e,
                                struct bm_policy_constraints *pc)
{
    struct bm_der d;

    bm_der_init(&d, e->value[BM_EXT_POLICY_CONSTRAINTS], NULL);
    (void)take_policy_constraints(&d, pc);
}

/* RFC 5280 4.2.1.12: KeyPurposeId ::= OBJECT IDENTIFIER */
bm_status bm_ext_check_purpose(struct bm_der *d)
{
    struct bm_bytes oid;

    return bm_der_take_oid(d, &oid);
}

bool bm_eku_next(struct bm_bytes *list, struct bm_bytes *oid)
{
    struct bm_der d;

    bm_der_init(&d, *list, NULL);
    if (bm_der_take_oid(&d, oid) != BM_OK) {
        return false;
    }
    *list = rest_of(&d);
    return true;
}

bool bm_exts_allow_eku(const struct bm_exts *e, struct bm_bytes purpose,
                       bool any)
{
    struct bm_bytes list = bm_exts_list(e, BM_EXT_EKU);
    struct bm_bytes oid;

    while (bm_eku_next(&list, &oid)) {
        if (bm_bytes_equal(oid, purpose) ||
            (any && bm_oid_is(oid, BM_OID_ANY_EKU))) {
            return true;
        }
    }
    return false;
}

/*
 * RFC 5280 4.2.1.13
 *
 *   DistributionPointName ::= CHOICE {
 *       fullName                 [0] GeneralNames,
 *       nameRelativeToCRLIssuer  [1] RelativeDistinguishedName }
 */
bm_status bm_dist_point_name_take(struct bm_der *d, struct bm_bytes *full_name,
                                  struct bm_bytes *relative)
{
    if (bm_der_at(d, BM_DER_CONSTRUCTED(0))) {
        return bm_general_names_take(d, BM_DER_CONSTRUCTED(0), full_name);
    }
    return bm_name_take_rdn(d, BM_DER_CONSTRUCTED(1), relative);
}

/*
 *   DistributionPoint ::= SEQUENCE {
 *       distributionPoint  [0] DistributionPointName OPTIONAL,
 *       reasons            [1] ReasonFlags OPTIONAL,
 *       cRLIssuer          [2] GeneralNames OPTIONAL }
 */
static bm_status take_dist_point(struct bm_der *d, struct bm_dist_point *dp)
{
    const uint8_t *start = d->p;
    struct bm_der name;

    *dp = (struct bm_dist_point){ 0 };
    if (bm_der_at(d, BM_DER_CONSTRUCTED(0))) {
        BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(0), &name));
        BM_TRY(
            bm_dist_point_name_take(&name, &dp->full_name, &dp->relative_name));
        BM_TRY(bm_der_end(&name));
    }
    dp->has_reasons = bm_der_at(d, BM_DER_CONTEXT(1));
    if (dp->has_reasons) {
        BM_TRY(bm_der_take_flags(d, BM_DER_CONTEXT(1), &dp->reasons));
    }
    BM_TRY(take_optional_names(d, BM_DER_CONSTRUCTED(2), &dp->crl_issuer));
    if (dp->full_name.n == 0 && dp->relative_name.n == 0 &&
        dp->crl_issuer.n == 0) { /* RFC 5280 4.2.1.13 MUST: either name */
        return bm_der_fail_at(d, start, BM_E_EXT_CDP);
    }
    return BM_OK;
}

bm_status bm_ext_check_dist_point(struct bm_der *d)
{
    struct bm_dist_point dp;

    return take_dist_point(d, &dp);
}

/* Of one that was checked: names are not looked into once more. */
static bm_status split_dist_point(struct bm_der *d, struct bm_dist_point *dp)
{
    struct bm_der name;

    *dp = (struct bm_dist_point){ 0 };
    if (bm_der_at(d, BM_DER_CONSTRUCTED(0))) {
        BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(0), &name));
        BM_TRY(take_optional(&name, BM_DER_CONSTRUCTED(0), &dp->full_name));
        BM_TRY(take_optional(&name, BM_DER_CONSTRUCTED(1), &dp->relative_name));
    }
    dp->has_reasons = bm_der_at(d, BM_DER_CONTEXT(1));
    if (dp->has_reasons) {
        BM_TRY(bm_der_take_flags(d, BM_DER_CONTEXT(1), &dp->reasons));
    }
    return take_optional(d, BM_DER_CONSTRUCTED(2), &dp->crl_issuer);
}

bool bm_dist_point_next(struct bm_bytes *list, struct bm_dist_point *dp)
{
    struct bm_der in;

    return next_sequence(list, &in) && split_dist_point(&in, dp) == BM_OK;
}

/*
 * RFC 5280 4.2.2.1
 *
 *   AccessDescription ::= SEQUENCE {
 *       accessMethod    OBJECT IDENTIFIER,
 *       accessLocation  GeneralName }
 */
bm_status bm_ext_check_access(struct bm_der *d)
{
    struct bm_access access;

    BM_TRY(bm_der_take_oid(d, &access.method));
    return bm_general_name_take(d, BM_GN_IN_NAME, &access.location);
}

/* The name was checked, and is not looked into once more. */
bool bm_access_next(struct bm_bytes *list, struct bm_access *access)
{
    struct bm_bytes location;
    struct bm_der in;

    if (!next_sequence(list, &in) ||
        bm_der_take(&in, BM_DER_OID, &access->method) != BM_OK) {
        return false;
    }
    location = rest_of(&in);
    return bm_general_name_next(&location, &access->location);
}

/* RFC 7633 4.1: Features ::= SEQUENCE OF INTEGER */
bm_status bm_ext_check_feature(struct bm_der *d)
{
    struct bm_bytes number;

    return bm_der_take_integer(d, BM_DER_INTEGER, &number);
}
