/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/crl.h"
#include "core/crl_internal.h"
#include "core/oid.h"

/*
 * RFC 5280 6.3.3, for one list and one certificate. The list's own word on
 * what it is about comes after its entries, so the search first collects and
 * then, at the extensions, finds out whether that was of any worth.
 */

/* Room for one RDN as a Name; a longer one matches nothing. */
#define RDN_ROOM 160

void bm_crl_query_cert(struct bm_crl_query *query, const struct bm_cert *cert)
{
    *query = (struct bm_crl_query){ .issuer = cert->issuer,
                                    .serial = cert->serial,
                                    .ca = cert->ext.ca };
    if (bm_exts_has(&cert->ext, BM_EXT_CRL_DP)) {
        query->dps = bm_exts_list(&cert->ext, BM_EXT_CRL_DP);
    }
}

void bm_crl_find_init(struct bm_crl_find *find,
                      const struct bm_crl_query *query)
{
    *find = (struct bm_crl_find){ .query = query, .rc = BM_E_CRL_STATE };
}

/* Does the directoryName `name` occur among the GeneralNames? */
static bool names_have(struct bm_bytes names, struct bm_bytes name)
{
    struct bm_general_name gn;

    while (bm_general_name_next(&names, &gn)) {
        if (gn.kind == BM_GN_DIRECTORY && bm_name_equal(gn.value, name)) {
            return true;
        }
    }
    return false;
}

static bool general_name_equal(const struct bm_general_name *a,
                               const struct bm_general_name *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    if (a->kind == BM_GN_DIRECTORY) {
        return bm_name_equal(a->value, b->value);
    }
    return bm_bytes_equal(a->type, b->type) &&
           bm_bytes_equal(a->value, b->value);
}

/* Have two GeneralNames a name in common? */
static bool names_meet(struct bm_bytes a, struct bm_bytes b)
{
    struct bm_general_name one;
    struct bm_general_name other;

    while (bm_general_name_next(&a, &one)) {
        struct bm_bytes rest = b;

        while (bm_general_name_next(&rest, &other)) {
            if (general_name_equal(&one, &other)) {
                return true;
            }
        }
    }
    return false;
}

/* A Name of the one RDN `rdn` (contents of its SET); empty if too long. */
static struct bm_bytes rdn_name(struct bm_bytes rdn, uint8_t room[RDN_ROOM])
{
    struct bm_wr w;
    size_t seq;

    bm_wr_init(&w, room, RDN_ROOM);
    seq = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_der_put(&w, BM_DER_SET, rdn);
    bm_der_close(&w, seq);
    return bm_wr_bytes(&w);
}

static bool rdn_equal(struct bm_bytes a, struct bm_bytes b)
{
    uint8_t room_a[RDN_ROOM];
    uint8_t room_b[RDN_ROOM];
    struct bm_bytes name_a = rdn_name(a, room_a);
    struct bm_bytes name_b = rdn_name(b, room_b);

    return name_a.n != 0 && name_b.n != 0 && bm_name_equal(name_a, name_b);
}

/* How many RDNs has a checked name? `*last` is the contents of the last. */
static unsigned rdn_count(struct bm_bytes name, struct bm_bytes *last)
{
    struct bm_der d;
    struct bm_der rdns;
    unsigned n = 0;

    *last = (struct bm_bytes){ NULL, 0 };
    bm_der_init(&d, name, NULL);
    if (bm_der_enter(&d, BM_DER_SEQUENCE, &rdns) != BM_OK) {
        return 0;
    }
    while (bm_der_take(&rdns, BM_DER_SET, last) == BM_OK) {
        n++;
    }
    return n;
}

/* Is one of the directoryNames `base` followed by the RDN `relative`? */
static bool names_have_relative(struct bm_bytes names, struct bm_bytes base,
                                struct bm_bytes relative)
{
    struct bm_general_name gn;
    struct bm_bytes last;
    unsigned base_n = rdn_count(base, &last);

    while (bm_general_name_next(&names, &gn)) {
        if (gn.kind == BM_GN_DIRECTORY &&
            rdn_count(gn.value, &last) == base_n + 1 &&
            bm_name_is_within(gn.value, base) && rdn_equal(last, relative)) {
            return true;
        }
    }
    return false;
}

/*
 * (b)(2)(i): a list that names its distribution point serves certificates
 * that name it too. A relative name starts from the CRL issuer, on both
 * sides.
 */
static bool point_name_fits(const struct bm_crl_find *find,
                            const struct bm_dist_point *dp,
                            const struct bm_crl_idp *idp)
{
    struct bm_bytes issuer = find->answer.crl_issuer;
    struct bm_bytes names = dp->full_name;

    if (idp->full_name.n == 0 && idp->relative_name.n == 0) {
        return true;
    }
    if (dp->relative_name.n != 0) {
        return idp->relative_name.n != 0
                   ? rdn_equal(idp->relative_name, dp->relative_name)
                   : names_have_relative(idp->full_name, issuer,
                                         dp->relative_name);
    }
    if (names.n == 0) {
        names = dp->crl_issuer;
    }
    return idp->relative_name.n != 0
               ? names_have_relative(names, issuer, idp->relative_name)
               : names_meet(idp->full_name, names);
}

/* (b)(1) and (b)(2)(i), (d): the reasons that the list covers by this DP. */
static unsigned point_reasons(const struct bm_crl_find *find,
                              const struct bm_dist_point *dp,
                              const struct bm_crl_idp *idp)
{
    struct bm_bytes issuer = find->answer.crl_issuer;
    bool fits = dp->crl_issuer.n != 0
                    ? idp->indirect && names_have(dp->crl_issuer, issuer)
                    : bm_name_equal(issuer, find->query->issuer);

    if (!fits || !point_name_fits(find, dp, idp)) {
        return 0;
    }
    return dp->has_reasons ? dp->reasons : BM_CRL_REASONS_ALL;
}

/*
 * 6.3.3, last paragraph: beside its own a certificate has the distribution
 * point named like its issuer.
 */
static unsigned implied_reasons(const struct bm_crl_find *find,
                                const struct bm_crl_idp *idp)
{
    struct bm_bytes issuer = find->query->issuer;
    bool named = idp->full_name.n != 0 || idp->relative_name.n != 0;

    if (!bm_name_equal(find->answer.crl_issuer, issuer) ||
        (named && !names_have(idp->full_name, issuer))) {
        return 0;
    }
    return BM_CRL_REASONS_ALL;
}

/* For which reasons is the list about the certificate? 0: it is not. */
static uint16_t covered_reasons(const struct bm_crl_find *find,
                                const struct bm_crl_idp *idp)
{
    struct bm_bytes dps = find->query->dps;
    struct bm_dist_point dp;
    unsigned reasons;

    /* (b)(2)(ii) to (iv) */
    if ((idp->only_user_certs && find->query->ca) ||
        (idp->only_ca_certs && !find->query->ca) || idp->only_attribute_certs) {
        return 0;
    }
    reasons = implied_reasons(find, idp);
    while (bm_dist_point_next(&dps, &dp)) {
        reasons |= point_reasons(find, &dp, idp);
    }
    if (idp->has_reasons) {
        reasons &= idp->reasons;
    }
    return (uint16_t)(reasons & BM_CRL_REASONS_ALL);
}

/* The query's name for the CRL issuer, which stays when the list is gone. */
static struct bm_bytes known_issuer(const struct bm_crl_query *query,
                                    struct bm_bytes issuer)
{
    struct bm_bytes dps = query->dps;
    struct bm_dist_point dp;
    struct bm_general_name gn;

    if (bm_name_equal(issuer, query->issuer)) {
        return query->issuer;
    }
    while (bm_dist_point_next(&dps, &dp)) {
        while (bm_general_name_next(&dp.crl_issuer, &gn)) {
            if (gn.kind == BM_GN_DIRECTORY && bm_name_equal(issuer, gn.value)) {
                return gn.value;
            }
        }
    }
    return (struct bm_bytes){ NULL, 0 };
}

static void see_head(struct bm_crl_find *find, const struct bm_crl_head *head)
{
    find->answer.crl_issuer = known_issuer(find->query, head->issuer);
    find->ours = bm_name_equal(head->issuer, find->query->issuer);
}

static void see_entry(struct bm_crl_find *find,
                      const struct bm_crl_entry *entry)
{
    struct bm_crl_answer *answer = &find->answer;

    if (entry->unknown_critical.n != 0) {
        find->rc = BM_E_CRL_CRITICAL;
    }
    if (entry->cert_issuer.n != 0) {
        find->ours = names_have(entry->cert_issuer, find->query->issuer);
    }
    /* Listed twice: what revokes wins */
    if (!find->ours || answer->state == BM_CRL_REVOKED ||
        !bm_bytes_equal(entry->serial, find->query->serial)) {
        return;
    }
    answer->state =
        entry->reason == BM_REASON_REMOVE ? BM_CRL_REMOVED : BM_CRL_REVOKED;
    answer->reason = entry->reason;
    answer->revoked_at = entry->revoked_at;
    answer->invalid_since = entry->invalid_since;
    answer->has_invalid_since = entry->has_invalid_since;
}

/* Right-aligned, so that memcmp() compares the numbers. */
static void keep_number(uint8_t out[BM_CRL_NUMBER_MAX], struct bm_bytes number)
{
    if (number.n != 0) {
        memcpy(out + BM_CRL_NUMBER_MAX - number.n, number.p, number.n);
    }
}

/*
 * FNV-1a of the extension; 0 without one. Both lists are signed by one issuer,
 * and who could make two of his scopes collide could sign what he likes.
 */
static uint64_t scope_of(const struct bm_crl_exts *exts)
{
    struct bm_bytes all = exts->common.all;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    struct bm_ext ext;

    while (bm_ext_next(&all, &ext)) {
        if (!bm_oid_is(ext.oid, BM_OID_CE_IDP)) {
            continue;
        }
        for (size_t i = 0; i < ext.value.n; i++) {
            hash = (hash ^ ext.value.p[i]) * UINT64_C(0x100000001b3);
        }
        return hash;
    }
    return 0;
}

static void not_listed(struct bm_crl_answer *answer)
{
    answer->state =
        answer->reasons == BM_CRL_REASONS_ALL ? BM_CRL_GOOD : BM_CRL_PARTLY;
}

static void see_extensions(struct bm_crl_find *find,
                           const struct bm_crl_exts *exts)
{
    struct bm_crl_answer *answer = &find->answer;

    keep_number(answer->number, exts->number);
    keep_number(answer->base, exts->base);
    answer->is_delta = exts->base.n != 0;
    answer->scope = scope_of(exts);
    if (answer->crl_issuer.n != 0) {
        answer->reasons = covered_reasons(find, &exts->idp);
    }
    if (exts->unknown_critical.n != 0) {
        find->rc = BM_E_CRL_CRITICAL;
    } else if (find->rc == BM_E_CRL_STATE) {
        find->rc = answer->reasons == 0 ? BM_E_CRL_SCOPE : BM_OK;
    }
    if (answer->state != BM_CRL_UNDETERMINED) {
        return;
    }
    if (answer->is_delta) {
        answer->state = BM_CRL_UNCHANGED;
    } else {
        not_listed(answer);
    }
}

void bm_crl_find_see(struct bm_crl_find *find, const struct bm_crl_reader *r,
                     enum bm_crl_event event)
{
    if (event == BM_CRL_HEAD) {
        see_head(find, &r->head);
    } else if (event == BM_CRL_ENTRY) {
        see_entry(find, &r->entry);
    } else if (event == BM_CRL_EXTENSIONS) {
        see_extensions(find, &r->ext);
    }
}

/* What remains to be asked of a list whose signature is right. */
static bm_status conclude(const struct bm_crl_find *find,
                          const struct bm_crl_head *head, int64_t now,
                          struct bm_crl_answer *answer)
{
    BM_TRY(find->rc);
    if (now < head->this_update || !head->has_next_update ||
        now > head->next_update) {
        return BM_E_CRL_TIME;
    }
    *answer = find->answer;
    return BM_OK;
}

bm_status bm_crl_find_result(const struct bm_crl_find *find,
                             const struct bm_crl_reader *r,
                             const struct bm_spki *key, int64_t now,
                             struct bm_crl_answer *answer)
{
    *answer = (struct bm_crl_answer){ 0 };
    BM_TRY(bm_crl_reader_verify(r, key));
    return conclude(find, &r->head, now, answer);
}

bm_status bm_crl_find(const struct bm_crl *crl,
                      const struct bm_crl_trust *trust,
                      const struct bm_crl_query *query,
                      struct bm_crl_answer *answer)
{
    struct bm_bytes entries = crl->entries;
    struct bm_crl_entry entry;
    struct bm_crl_find find;

    *answer = (struct bm_crl_answer){ 0 };
    BM_TRY(bm_crl_verify(crl, trust->key, trust->crypto));
    bm_crl_find_init(&find, query);
    see_head(&find, &crl->head);
    while (bm_crl_entry_next(&entries, &entry)) {
        see_entry(&find, &entry);
    }
    see_extensions(&find, &crl->ext);
    return conclude(&find, &crl->head, trust->now, answer);
}

bm_status bm_crl_answer_update(struct bm_crl_answer *answer,
                               const struct bm_crl_answer *delta)
{
    struct bm_crl_answer updated = *answer;

    /* RFC 5280 5.2.4 (a) to (d); 6.3.3 (c)(2): the same scope is an equal
     * issuingDistributionPoint */
    if (answer->is_delta || !delta->is_delta || answer->scope != delta->scope ||
        answer->state == BM_CRL_UNDETERMINED ||
        answer->reasons != delta->reasons ||
        !bm_name_equal(answer->crl_issuer, delta->crl_issuer) ||
        memcmp(delta->base, answer->number, BM_CRL_NUMBER_MAX) > 0 ||
        memcmp(delta->number, answer->number, BM_CRL_NUMBER_MAX) <= 0) {
        return BM_E_CRL_BASE;
    }
    if (delta->state == BM_CRL_REVOKED) {
        updated = *delta;
        updated.is_delta = false;
        memset(updated.base, 0, sizeof updated.base);
    } else if (delta->state == BM_CRL_REMOVED) {
        updated = (struct bm_crl_answer){ .crl_issuer = answer->crl_issuer,
                                          .reasons = answer->reasons,
                                          .scope = answer->scope };
        not_listed(&updated);
    }
    memcpy(updated.number, delta->number, sizeof updated.number);
    *answer = updated;
    return BM_OK;
}

void bm_crl_answer_join(struct bm_crl_answer *answer,
                        const struct bm_crl_answer *other)
{
    unsigned reasons = (unsigned)answer->reasons | other->reasons;

    if (other->is_delta || other->state == BM_CRL_UNDETERMINED ||
        answer->state == BM_CRL_REVOKED) {
        return;
    }
    if (answer->is_delta || other->state == BM_CRL_REVOKED ||
        answer->state == BM_CRL_UNDETERMINED) {
        *answer = *other;
        return;
    }
    answer->reasons = (uint16_t)reasons;
    not_listed(answer);
}
