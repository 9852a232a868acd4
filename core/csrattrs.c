/* SPDX-License-Identifier: Apache-2.0 */
#include "core/csrattrs.h"

#include "core/attribute.h"
#include "core/ext.h"
#include "core/name.h"
#include "core/oid.h"

/*
 *   CsrAttrs  ::= SEQUENCE SIZE (0..MAX) OF AttrOrOID
 *   AttrOrOID ::= CHOICE { oid OBJECT IDENTIFIER, attribute Attribute }
 *                                                          (RFC 8951 4)
 *   CertificationRequestInfoTemplate ::= SEQUENCE {
 *       version        INTEGER { v1(0) },
 *       subject        SEQUENCE OF SET OF
 *                          SEQUENCE { type, value OPTIONAL } OPTIONAL,
 *       subjectPKInfo  [0] SEQUENCE {...} OPTIONAL,
 *       attributes     [1] SET OF Attribute }              (RFC 9908 3.4)
 *
 * Where there is a template it says it all (RFC 9908 4). What we do not know,
 * and what we have no value for, is passed over: the server decides.
 */

/* id-ecPublicKey, prime256v1, rsaEncryption */
#define OID_EC   "\x2a\x86\x48\xce\x3d\x02\x01"
#define P256_DER "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define OID_RSA  "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"

/* Types of keys that were mentioned. */
enum {
    KEY_OURS = 1 << 0,
    KEY_OTHER = 1 << 1
};

struct reading {
    const struct bm_spki *key;
    struct bm_csrattrs attrs[2]; /* hints, template */
    uint8_t keys[2];
    bool has_template;
};

/* The one SEQUENCE that the values of an attribute are. */
static bm_status take_list(const struct bm_attribute *a, struct bm_bytes *list)
{
    struct bm_der d;

    bm_der_init(&d, a->values, NULL);
    return bm_der_take(&d, BM_DER_SEQUENCE, list);
}

static bm_status take_attributes(struct bm_der *d, struct bm_csrattrs *attrs)
{
    struct bm_attribute a;

    while (bm_der_left(d) != 0) {
        BM_TRY(bm_attribute_take(d, &a));
        if (bm_oid_is(a.type, BM_OID_P9_EXTENSIONS) ||
            bm_oid_is(a.type, BM_OID_AA_EXT_TEMPLATE)) {
            BM_TRY(take_list(&a, &attrs->extensions));
        }
    }
    return BM_OK;
}

static bm_status take_template(const struct bm_attribute *a, struct reading *r)
{
    struct bm_bytes algorithm;
    struct bm_bytes body;
    struct bm_der inside;
    struct bm_der d;
    uint32_t version;

    BM_TRY(take_list(a, &body));
    bm_der_init(&d, body, NULL);
    r->has_template = true;
    BM_TRY(bm_der_take_u32(&d, &version));
    if (bm_der_at(&d, BM_DER_SEQUENCE)) {
        BM_TRY(bm_der_take(&d, BM_DER_SEQUENCE, &r->attrs[1].subject));
    }
    if (bm_der_at(&d, BM_DER_CONSTRUCTED(0))) {
        BM_TRY(bm_der_enter(&d, BM_DER_CONSTRUCTED(0), &inside));
        BM_TRY(bm_der_take_element(&inside, BM_DER_SEQUENCE, &algorithm));
        r->keys[1] =
            bm_bytes_equal(algorithm, r->key->alg) ? KEY_OURS : KEY_OTHER;
    }
    if (bm_der_left(&d) == 0) {
        return BM_OK;
    }
    BM_TRY(bm_der_enter(&d, BM_DER_CONSTRUCTED(1), &inside));
    return take_attributes(&inside, &r->attrs[1]);
}

/* RFC 7030 4.5.2: an attribute of a key's type, whose values are curves. */
static uint8_t key_of(const struct bm_attribute *a)
{
    struct bm_bytes curve;
    struct bm_der d;

    if (bm_oid_is(a->type, OID_RSA)) {
        return KEY_OTHER;
    }
    if (!bm_oid_is(a->type, OID_EC)) {
        return 0;
    }
    bm_der_init(&d, a->values, NULL);
    while (bm_der_take_element(&d, BM_DER_OID, &curve) == BM_OK) {
        if (bm_oid_is(curve, P256_DER)) {
            return KEY_OURS;
        }
    }
    return KEY_OTHER;
}

static bm_status take_one(struct bm_der *d, struct reading *r)
{
    struct bm_attribute a;
    struct bm_bytes oid;

    if (bm_der_at(d, BM_DER_OID)) {
        BM_TRY(bm_der_take_oid(d, &oid));
        r->attrs[0].binding |= bm_oid_is(oid, BM_OID_P9_CHALLENGE);
        return BM_OK;
    }
    BM_TRY(bm_attribute_take(d, &a));
    if (bm_oid_is(a.type, BM_OID_AA_CSR_TEMPLATE)) {
        return take_template(&a, r);
    }
    r->keys[0] |= key_of(&a);
    return bm_oid_is(a.type, BM_OID_P9_EXTENSIONS)
               ? take_list(&a, &r->attrs[0].extensions)
               : BM_OK;
}

static bm_status take_all(struct bm_bytes der, struct reading *r)
{
    struct bm_der d;

    BM_TRY(bm_der_open_whole(der, BM_DER_SEQUENCE, NULL, &d));
    while (bm_der_left(&d) != 0) {
        BM_TRY(take_one(&d, r));
    }
    return BM_OK;
}

bm_status bm_csrattrs_parse(struct bm_bytes der, const struct bm_spki *key,
                            struct bm_csrattrs *attrs)
{
    struct reading r = { .key = key };

    *attrs = (struct bm_csrattrs){ .binding = false };
    BM_TRY(take_all(der, &r));
    *attrs = r.attrs[r.has_template];
    attrs->binding |= r.attrs[0].binding;
    attrs->other_key = r.keys[r.has_template] == KEY_OTHER;
    return BM_OK;
}

/* ---- What goes into the request */

/* Take { OID, ... }; `*rest` is a reader behind the OID. */
static bool next_typed(struct bm_der *list, struct bm_bytes *element,
                       struct bm_bytes *type, struct bm_der *rest)
{
    return bm_der_take_element(list, BM_DER_SEQUENCE, element) == BM_OK &&
           bm_der_open_whole(*element, BM_DER_SEQUENCE, NULL, rest) == BM_OK &&
           bm_der_take_oid(rest, type) == BM_OK;
}

static bool has_extension(struct bm_bytes list, struct bm_bytes type)
{
    struct bm_ext ext;

    while (bm_ext_next(&list, &ext)) {
        if (bm_bytes_equal(ext.oid, type)) {
            return true;
        }
    }
    return false;
}

/* RFC 9908 3.4: without extnValue it is the client's to say. */
static bool has_value(struct bm_der *rest)
{
    struct bm_bytes value;
    bool critical;

    return (!bm_der_at(rest, BM_DER_BOOLEAN) ||
            bm_der_take_bool(rest, BM_DER_BOOLEAN, &critical) == BM_OK) &&
           bm_der_take(rest, BM_DER_OCTET_STRING, &value) == BM_OK &&
           value.n != 0;
}

void bm_csrattrs_put_extensions(const struct bm_csrattrs *attrs,
                                struct bm_bytes ours, struct bm_wr *w)
{
    struct bm_bytes element;
    struct bm_bytes type;
    struct bm_der rest;
    struct bm_der list;

    bm_der_init(&list, attrs->extensions, NULL);
    while (next_typed(&list, &element, &type, &rest)) {
        if (!has_extension(ours, type) && has_value(&rest)) {
            bm_wr_put(w, element);
        }
    }
}

/* The attributes of a subject's template, one after another. */
static bool next_attribute(struct bm_der *rdns, struct bm_der *rdn,
                           struct bm_bytes *element, struct bm_bytes *type,
                           struct bm_der *rest)
{
    while (bm_der_left(rdn) == 0) {
        if (bm_der_enter(rdns, BM_DER_SET, rdn) != BM_OK) {
            return false;
        }
    }
    return next_typed(rdn, element, type, rest);
}

/* Write what the template has or asks for; or only see whether it has `of`. */
static bool walk_subject(struct bm_bytes template, struct bm_bytes ours,
                         const struct bm_bytes *of, struct bm_wr *w)
{
    struct bm_bytes element;
    struct bm_bytes type;
    struct bm_der rdn = { NULL, NULL, NULL };
    struct bm_der rdns;
    struct bm_der rest;
    struct bm_attr attr;

    bm_der_init(&rdns, template, NULL);
    while (next_attribute(&rdns, &rdn, &element, &type, &rest)) {
        if (of != NULL) {
            if (bm_bytes_equal(*of, type)) {
                return true;
            }
        } else if (bm_der_left(&rest) != 0) {
            bm_der_put(w, BM_DER_SET, element);
        } else if (bm_name_find(ours, type, &attr)) {
            bm_name_put_rdn(w, type, attr.tag, attr.value);
        }
    }
    return false;
}

void bm_csrattrs_put_subject(const struct bm_csrattrs *attrs,
                             struct bm_bytes ours, struct bm_wr *w)
{
    size_t name = bm_der_open(w, BM_DER_SEQUENCE);
    struct bm_name_walk walk;
    struct bm_attr attr;

    (void)walk_subject(attrs->subject, ours, NULL, w);
    bm_name_walk(&walk, ours);
    while (bm_name_next(&walk, &attr)) {
        if (!walk_subject(attrs->subject, ours, &attr.type, w)) {
            bm_name_put_rdn(w, attr.type, attr.tag, attr.value);
        }
    }
    bm_der_close(w, name);
}
