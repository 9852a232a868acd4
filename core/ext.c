/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ext.h"

#include "core/ext_parts.h"
#include "core/oid.h"

#include <string.h>

/* BOOLEAN DEFAULT FALSE: in DER (X.690 11.5) it is there only when TRUE. */
static bm_status take_default_false(struct bm_der *d, unsigned tolerate,
                                    bool *value)
{
    const uint8_t *start = d->p;

    *value = false;
    if (!bm_der_at(d, BM_DER_BOOLEAN)) {
        return BM_OK;
    }
    BM_TRY(bm_der_take_bool(d, BM_DER_BOOLEAN, value));
    if (!*value && (tolerate & BM_TOLERATE_EXPLICIT_FALSE) == 0) {
        return bm_der_fail_at(d, start, BM_E_DER_DEFAULT);
    }
    return BM_OK;
}

/*
 * RFC 5280 4.1
 *
 *   Extension ::= SEQUENCE {
 *       extnID     OBJECT IDENTIFIER,
 *       critical   BOOLEAN DEFAULT FALSE,
 *       extnValue  OCTET STRING }
 */
static bm_status take_ext(struct bm_der *d, unsigned tolerate,
                          struct bm_ext *ext)
{
    struct bm_der in;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &in));
    BM_TRY(bm_der_take_oid(&in, &ext->oid));
    BM_TRY(take_default_false(&in, tolerate, &ext->critical));
    BM_TRY(bm_der_take(&in, BM_DER_OCTET_STRING, &ext->value));
    return bm_der_end(&in);
}

bm_status bm_ext_take(struct bm_der *d, unsigned tolerate, struct bm_ext *ext)
{
    struct bm_der rest = *d;
    struct bm_ext got;

    BM_TRY(bm_der_within(d, BM_E_EXT, take_ext(&rest, tolerate, &got)));
    *ext = got;
    *d = rest;
    return BM_OK;
}

bool bm_ext_next(struct bm_bytes *all, struct bm_ext *ext)
{
    struct bm_der d;

    bm_der_init(&d, *all, NULL);
    if (take_ext(&d, BM_TOLERATE_EXPLICIT_FALSE, ext) != BM_OK) {
        return false;
    }
    *all = (struct bm_bytes){ d.p, bm_der_left(&d) };
    return true;
}

/*
 * RFC 5280 4.2.1.9
 *
 *   BasicConstraints ::= SEQUENCE {
 *       cA                 BOOLEAN DEFAULT FALSE,
 *       pathLenConstraint  INTEGER (0..MAX) OPTIONAL }
 */
static bm_status take_basic(struct bm_der *d, unsigned tolerate,
                            struct bm_exts *e)
{
    struct bm_der in;
    int32_t len = BM_PATH_LEN_NONE;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &in));
    BM_TRY(take_default_false(&in, tolerate, &e->ca));
    if (bm_der_left(&in) != 0) {
        BM_TRY(bm_ext_take_skip(&in, BM_DER_INTEGER, &len));
    }
    e->path_len = (int8_t)(len > BM_PATH_LEN_MAX ? BM_PATH_LEN_MAX : len);
    return bm_der_end(&in);
}

/* RFC 5280 4.2.1.3: a bit string in which at least one bit is set. */
static bm_status take_key_usage(struct bm_der *d, struct bm_exts *e)
{
    const uint8_t *start = d->p;

    BM_TRY(bm_der_take_flags(d, BM_DER_BIT_STRING, &e->key_usage));
    return e->key_usage != 0 ? BM_OK : bm_der_fail_at(d, start, BM_E_EXT_KU);
}

/* The shape of a value, and what RFC 5280 demands of its criticality. */
enum {
    LIST = 1 << 0,         /* SEQUENCE SIZE (1..MAX) OF what check() reads */
    OF_SEQUENCE = 1 << 1,  /* check() reads inside the SEQUENCE of each */
    UNIQUE = 1 << 2,       /* its OID MUST NOT appear more than once */
    NOT_CRITICAL = 1 << 3, /* conforming CAs MUST mark it as non-critical */
    FEW = 1 << 4,          /* at most BM_EXT_MAX, as each costs path.h work */
    PE = 1 << 5,           /* its OID is under id-pe, not id-ce */
    OCSP = 1 << 6,         /* its OID is under id-pkix-ocsp */
    LIST_OF_SEQUENCE = LIST | OF_SEQUENCE
};

/* By enum bm_ext_id. BASIC_CONSTRAINTS and KEY_USAGE are read here. */
static const struct row {
    bm_status (*check)(struct bm_der *d);
    bm_status within;
    uint8_t last; /* octet of the OID; what is before it is in the flags */
    uint8_t flags;
} rows[] = {
    { bm_ext_check_aki, BM_E_EXT_AKI, 35, NOT_CRITICAL },
    { bm_ext_check_ski, BM_E_EXT_SKI, 14, NOT_CRITICAL },
    { NULL, BM_E_EXT_KU, 15, 0 },
    { bm_ext_check_policy, BM_E_EXT_POLICIES, 32, LIST_OF_SEQUENCE | UNIQUE },
    { bm_ext_check_mapping, BM_E_EXT_MAPPINGS, 33, LIST_OF_SEQUENCE | FEW },
    { bm_ext_check_name, BM_E_EXT_SAN, 17, LIST },
    { bm_ext_check_name, BM_E_EXT_IAN, 18, LIST },
    { bm_ext_check_attribute, BM_E_EXT_SDA, 9,
      LIST_OF_SEQUENCE | NOT_CRITICAL },
    { NULL, BM_E_EXT_BC, 19, 0 },
    { bm_ext_check_constraints, BM_E_EXT_NC, 30, 0 },
    { bm_ext_check_policy_constraints, BM_E_EXT_PC, 36, 0 },
    { bm_ext_check_purpose, BM_E_EXT_EKU, 37, LIST },
    { bm_ext_check_dist_point, BM_E_EXT_CDP, 31, LIST_OF_SEQUENCE },
    { bm_ext_check_skip, BM_E_EXT_IAP, 54, 0 },
    { bm_ext_check_dist_point, BM_E_EXT_FRESHEST, 46,
      LIST_OF_SEQUENCE | NOT_CRITICAL },
    { bm_ext_check_access, BM_E_EXT_AIA, 1,
      PE | LIST_OF_SEQUENCE | NOT_CRITICAL },
    { bm_ext_check_access, BM_E_EXT_SIA, 11,
      PE | LIST_OF_SEQUENCE | NOT_CRITICAL },
    { bm_der_take_null, BM_E_EXT_NOCHECK, 5, OCSP },
    { bm_ext_check_feature, BM_E_EXT_TLSFEATURE, 24, PE | LIST },
};

_Static_assert(sizeof rows / sizeof rows[0] == BM_EXT_COUNT, "a row for each");
_Static_assert(BM_EXT_COUNT <= 32, "present and critical are 32 bits");

/* The row's number, or BM_EXT_COUNT for an extension that we do not know. */
static unsigned find(struct bm_bytes oid)
{
    struct bm_bytes arc = { oid.p, oid.n - 1 };
    uint8_t last = oid.p[arc.n];
    unsigned under;
    unsigned id = 0;

    if (bm_bytes_are(arc, BM_OID_CE_SKI, 2)) {
        under = 0;
    } else if (bm_bytes_are(arc, BM_OID_PE_AIA, 7)) {
        under = PE;
    } else if (bm_bytes_are(arc, BM_OID_OCSP_NOCHECK, 8)) {
        under = OCSP;
    } else {
        return BM_EXT_COUNT;
    }
    while (id < BM_EXT_COUNT &&
           (rows[id].last != last || (rows[id].flags & (PE | OCSP)) != under)) {
        id++;
    }
    return id;
}

/*
 * Extensions and policies both are a SEQUENCE that begins with an OID. Refuse
 * one with `oid`, which stands in the list `all`, if one before it has the
 * same, or if there are BM_EXT_MAX before it.
 */
static bm_status check_first(const struct bm_der *all, struct bm_bytes oid,
                             bm_status twice)
{
    struct bm_der d = *all;
    struct bm_bytes other;
    struct bm_der item;

    for (unsigned n = 0; n < BM_EXT_MAX; n++) {
        BM_TRY(bm_der_enter(&d, BM_DER_SEQUENCE, &item));
        BM_TRY(bm_der_take_oid(&item, &other));
        if (other.p == oid.p) {
            return BM_OK; /* found itself */
        }
        if (bm_bytes_equal(other, oid)) {
            return bm_der_fail_at(&d, oid.p, twice);
        }
    }
    return bm_der_fail_at(&d, oid.p, BM_E_LIMIT);
}

static bm_status check_item(struct bm_der *list, const struct row *row,
                            const struct bm_der *all)
{
    struct bm_bytes oid;
    struct bm_der item;
    struct bm_der in;

    if ((row->flags & OF_SEQUENCE) == 0) {
        return row->check(list);
    }
    BM_TRY(bm_der_enter(list, BM_DER_SEQUENCE, &item));
    in = item;
    BM_TRY(row->check(&in));
    BM_TRY(bm_der_end(&in));
    if ((row->flags & UNIQUE) == 0) {
        return BM_OK;
    }
    BM_TRY(bm_der_take_oid(&item, &oid));
    return check_first(all, oid, BM_E_EXT_POLICY_TWICE);
}

/* SEQUENCE SIZE (1..MAX) OF */
static bm_status enter_list(struct bm_der *d, struct bm_der *list)
{
    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, list));
    return bm_der_left(list) != 0 ? BM_OK : bm_der_fail(list, BM_E_DER_EMPTY);
}

static bm_status check_list(struct bm_der *d, const struct row *row)
{
    struct bm_der all;
    struct bm_der list;

    BM_TRY(enter_list(d, &all));
    list = all;
    for (unsigned n = 0; bm_der_left(&list) != 0; n++) {
        if (n == BM_EXT_MAX && (row->flags & FEW) != 0) {
            return bm_der_fail(&list, BM_E_LIMIT);
        }
        BM_TRY(check_item(&list, row, &all));
    }
    return BM_OK;
}

/* Read the value of the known extension `id`. */
static bm_status take_value(struct bm_der *d, unsigned tolerate, unsigned id,
                            struct bm_exts *e)
{
    const struct row *row = &rows[id];

    if ((row->flags & NOT_CRITICAL) != 0 &&
        bm_exts_is_critical(e, (enum bm_ext_id)id)) {
        return bm_der_fail(d, BM_E_EXT_CRITICAL);
    }
    if (id == BM_EXT_BASIC_CONSTRAINTS) {
        BM_TRY(take_basic(d, tolerate, e));
    } else if (id == BM_EXT_KEY_USAGE) {
        BM_TRY(take_key_usage(d, e));
    } else if ((row->flags & LIST) != 0) {
        BM_TRY(check_list(d, row));
    } else {
        BM_TRY(row->check(d));
    }
    return bm_der_end(d);
}

static bm_status take_one(struct bm_der *list, unsigned tolerate,
                          const struct bm_der *all, struct bm_exts *e)
{
    struct bm_der value;
    struct bm_ext ext;
    unsigned id;

    BM_TRY(take_ext(list, tolerate, &ext));
    id = find(ext.oid);
    if (id != BM_EXT_COUNT && bm_exts_has(e, (enum bm_ext_id)id)) {
        return bm_der_fail_at(list, ext.oid.p, BM_E_EXT_DUPLICATE);
    }
    if (id == BM_EXT_COUNT) {
        BM_TRY(check_first(all, ext.oid, BM_E_EXT_DUPLICATE));
        if (ext.critical && e->unknown_critical.n == 0) {
            e->unknown_critical = ext.oid;
        }
        return BM_OK;
    }
    e->value[id] = ext.value;
    e->present |= UINT32_C(1) << id;
    e->critical |= (uint32_t)ext.critical << id;
    bm_der_init(&value, ext.value, list->diag);
    return bm_der_within(list, rows[id].within,
                         take_value(&value, tolerate, id, e));
}

static bm_status take_all(struct bm_der *d, unsigned tolerate,
                          struct bm_exts *e)
{
    struct bm_der all;
    struct bm_der list;

    BM_TRY(enter_list(d, &all));
    e->all = (struct bm_bytes){ all.p, bm_der_left(&all) };
    list = all;
    while (bm_der_left(&list) != 0) {
        BM_TRY(take_one(&list, tolerate, &all, e));
    }
    return BM_OK;
}

bm_status bm_exts_take(struct bm_der *d, unsigned tolerate, struct bm_exts *e)
{
    const uint8_t *start = d->p;
    bm_status rc;

    memset(e, 0, sizeof *e);
    e->path_len = BM_PATH_LEN_NONE;
    rc = bm_der_within(d, BM_E_EXT, take_all(d, tolerate, e));
    if (rc != BM_OK) {
        d->p = start;
        memset(e, 0, sizeof *e);
    }
    return rc;
}
