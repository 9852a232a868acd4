/* SPDX-License-Identifier: Apache-2.0 */
#include "core/general_name.h"
#include "core/oid.h"

void bm_general_name_put(struct bm_wr *w, enum bm_gn_kind kind,
                         struct bm_bytes value)
{
    bm_der_put(w, BM_DER_CONTEXT(kind), value);
}

/* Name is a CHOICE, so [4] is explicit (X.680 31.2.7). */
void bm_general_name_put_directory(struct bm_wr *w, struct bm_bytes name)
{
    bm_der_put(w, BM_DER_CONSTRUCTED(BM_GN_DIRECTORY), name);
}

/*
 * RFC 5280 4.2.1.6
 *
 *   otherName  [0]  SEQUENCE {
 *       type-id  OBJECT IDENTIFIER,
 *       value    [0] EXPLICIT ANY DEFINED BY type-id }
 *
 * Both kinds below hold a SEQUENCE as their value.
 */
struct other_mark {
    size_t name;
    size_t value;
    size_t sequence;
};

static struct other_mark open_other(struct bm_wr *w, struct bm_bytes type)
{
    struct other_mark m;

    m.name = bm_der_open(w, BM_DER_CONSTRUCTED(BM_GN_OTHER));
    bm_der_put_oid(w, type);
    m.value = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    m.sequence = bm_der_open(w, BM_DER_SEQUENCE);
    return m;
}

static void close_other(struct bm_wr *w, const struct other_mark *m)
{
    bm_der_close(w, m->sequence);
    bm_der_close(w, m->value);
    bm_der_close(w, m->name);
}

/*
 * RFC 4108 5
 *
 *   HardwareModuleName ::= SEQUENCE {
 *       hwType       OBJECT IDENTIFIER,
 *       hwSerialNum  OCTET STRING }
 */
void bm_general_name_put_hardware(struct bm_wr *w,
                                  const struct bm_hardware_module_name *hw)
{
    struct other_mark m = open_other(w, BM_LIT(BM_OID_ON_HARDWARE));

    bm_der_put_oid(w, hw->type);
    bm_der_put(w, BM_DER_OCTET_STRING, hw->serial);
    close_other(w, &m);
}

/*
 * RFC 4043 2
 *
 *   PermanentIdentifier ::= SEQUENCE {
 *       identifierValue  UTF8String OPTIONAL,
 *       assigner         OBJECT IDENTIFIER OPTIONAL }
 */
void bm_general_name_put_permanent(struct bm_wr *w,
                                   const struct bm_permanent_identifier *id)
{
    struct other_mark m = open_other(w, BM_LIT(BM_OID_ON_PERMANENT_ID));

    if (id->value.n != 0) {
        bm_der_put(w, BM_DER_UTF8_STRING, id->value);
    }
    if (id->assigner.n != 0) {
        bm_der_put_oid(w, id->assigner);
    }
    close_other(w, &m);
}
