/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/general_name.h"
#include "core/oid.h"

/* Octets of an address, and of an address with its mask in a constraint. */
#define IPV4 4
#define IPV6 16

static const char *string_type(uint8_t tag)
{
    switch (tag) {
    case BM_DER_UTF8_STRING:
        return "UTF8String";
    case BM_DER_PRINTABLE_STRING:
        return "PrintableString";
    case BM_DER_IA5_STRING:
        return "IA5String";
    case BM_DER_TELETEX_STRING:
        return "TeletexString";
    case BM_DER_BMP_STRING:
        return "BMPString";
    case BM_DER_UNIVERSAL_STRING:
        return "UniversalString";
    case BM_DER_NUMERIC_STRING:
        return "NumericString";
    case BM_DER_VISIBLE_STRING:
        return "VisibleString";
    default:
        return NULL;
    }
}

/* RFC 3629 3: one character in UTF-8. */
static void put_utf8(struct bm_wr *w, uint32_t c)
{
    if (c < 0x80) {
        bm_wr_u8(w, (uint8_t)c);
        return;
    }
    if (c < 0x800) {
        bm_wr_u8(w, (uint8_t)(0xc0 | c >> 6));
    } else if (c < 0x10000) {
        bm_wr_u8(w, (uint8_t)(0xe0 | c >> 12));
        bm_wr_u8(w, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
    } else {
        bm_wr_u8(w, (uint8_t)(0xf0 | c >> 18));
        bm_wr_u8(w, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        bm_wr_u8(w, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
    }
    bm_wr_u8(w, (uint8_t)(0x80 | (c & 0x3f)));
}

static void put_units(struct bm_wr *w, struct bm_bytes s, size_t size)
{
    for (size_t i = 0; i + size <= s.n; i += size) {
        uint32_t c = 0;

        for (size_t k = 0; k < size; k++) {
            c = c << 8 | s.p[i + k];
        }
        put_utf8(w, c);
    }
}

/* TeletexString is read as what software writes into it: ISO 8859-1. */
static void put_latin1(struct bm_wr *w, struct bm_bytes s)
{
    put_units(w, s, 1);
}

static void put_bmp(struct bm_wr *w, struct bm_bytes s)
{
    put_units(w, s, 2);
}

static void put_universal(struct bm_wr *w, struct bm_bytes s)
{
    put_units(w, s, 4);
}

json_t *show_string(struct tree *t, uint8_t tag, struct bm_bytes s)
{
    switch (tag) {
    case BM_DER_TELETEX_STRING:
        return tree_put(t, put_latin1, s);
    case BM_DER_BMP_STRING:
        return tree_put(t, put_bmp, s);
    case BM_DER_UNIVERSAL_STRING:
        return tree_put(t, put_universal, s);
    default:
        return string_type(tag) != NULL ? tree_text(t, s) : tree_hex(t, s);
    }
}

static json_t *attribute(struct tree *t, const struct bm_attr *a)
{
    json_t *o = tree_object(t);
    const char *type = string_type(a->tag);

    tree_set(t, o, "attribute_type", tree_oid_name(t, a->type));
    tree_set(t, o, "oid", tree_oid(t, a->type));
    tree_set(t, o, "string_type",
             type != NULL ? tree_str(t, type) : tree_int(t, a->tag));
    tree_set(t, o, "value", show_string(t, a->tag, a->value));
    return o;
}

static json_t *rdns(struct tree *t, struct bm_bytes name)
{
    json_t *all = tree_array(t);
    json_t *rdn = NULL; /* owned by `all` */
    struct bm_name_walk walk;
    struct bm_attr a;

    bm_name_walk(&walk, name);
    while (bm_name_next(&walk, &a)) {
        if (a.starts_rdn) {
            rdn = tree_array(t);
            tree_append(t, all, rdn);
        }
        tree_append(t, rdn, attribute(t, &a));
    }
    return all;
}

void show_set_name(struct tree *t, json_t *object, const char *key,
                   struct bm_bytes name)
{
    char parts[64];

    snprintf(parts, sizeof parts, "%s_rdns", key);
    tree_set(t, object, key, tree_put(t, bm_name_put_text, name));
    tree_set(t, object, parts, rdns(t, name));
}

/* Leading one bits of a mask; -1 if ones follow zeros. */
static int mask_bits(const uint8_t *mask, size_t n)
{
    int bits = 0;

    while ((size_t)bits < 8 * n &&
           (mask[bits / 8] >> (7 - bits % 8) & 1) != 0) {
        bits++;
    }
    for (size_t i = (size_t)bits; i < 8 * n; i++) {
        if ((mask[i / 8] >> (7 - i % 8) & 1) != 0) {
            return -1;
        }
    }
    return bits;
}

/* 192.0.2.1, 2001:db8::1; in a constraint 192.0.2.0/24 or address/mask. */
static json_t *ip_address(struct tree *t, struct bm_bytes ip)
{
    char address[INET6_ADDRSTRLEN];
    char mask[INET6_ADDRSTRLEN] = "";
    char text[2 * INET6_ADDRSTRLEN];
    bool range = ip.n == 2 * IPV4 || ip.n == 2 * IPV6;
    size_t n = range ? ip.n / 2 : ip.n;
    int family = n == IPV4 ? AF_INET : AF_INET6;
    int bits = range ? mask_bits(ip.p + n, n) : -1;

    if ((n != IPV4 && n != IPV6) ||
        inet_ntop(family, ip.p, address, sizeof address) == NULL ||
        (range && inet_ntop(family, ip.p + n, mask, sizeof mask) == NULL)) {
        return tree_hex(t, ip);
    }
    if (bits >= 0) {
        snprintf(mask, sizeof mask, "%d", bits);
    }
    snprintf(text, sizeof text, "%s%s%s", address, range ? "/" : "", mask);
    return tree_str(t, text);
}

static bool is_visible(struct bm_bytes s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x20 || s.p[i] > 0x7e) {
            return false;
        }
    }
    return s.n != 0;
}

static json_t *hardware_module(struct tree *t,
                               const struct bm_hardware_module_name *hw)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "hw_type", tree_oid(t, hw->type));
    tree_set(t, o, "hw_serial_num", tree_hex(t, hw->serial));
    if (is_visible(hw->serial)) {
        tree_set(t, o, "hw_serial_num_text", tree_text(t, hw->serial));
    }
    return o;
}

static json_t *permanent_identifier(struct tree *t,
                                    const struct bm_permanent_identifier *id)
{
    json_t *o = tree_object(t);

    if (id->value.n != 0) {
        tree_set(t, o, "identifier_value", tree_text(t, id->value));
    }
    if (id->assigner.n != 0) {
        tree_set(t, o, "assigner", tree_oid_name(t, id->assigner));
    }
    return o;
}

/* An otherName that we do not know: its type, and a string or its DER. */
static json_t *foreign_name(struct tree *t, const struct bm_general_name *gn)
{
    json_t *o = tree_object(t);
    struct bm_der d;
    struct bm_bytes body;
    uint8_t tag;

    tree_set(t, o, "type_id", tree_oid_name(t, gn->type));
    bm_der_init(&d, gn->value, NULL);
    if (bm_der_take_any(&d, &tag, &body) == BM_OK && string_type(tag) != NULL) {
        tree_set(t, o, "value_text", show_string(t, tag, body));
    } else {
        tree_set(t, o, "value", tree_hex(t, gn->value));
    }
    return o;
}

static void set_other_name(struct tree *t, json_t *o,
                           const struct bm_general_name *gn)
{
    struct bm_hardware_module_name hw;
    struct bm_permanent_identifier id;

    if (bm_oid_is(gn->type, BM_OID_ON_HARDWARE) &&
        bm_hardware_module_name_parse(gn->value, NULL, &hw) == BM_OK) {
        tree_set(t, o, "hardware_module_name", hardware_module(t, &hw));
    } else if (bm_oid_is(gn->type, BM_OID_ON_PERMANENT_ID) &&
               bm_permanent_identifier_parse(gn->value, NULL, &id) == BM_OK) {
        tree_set(t, o, "permanent_identifier", permanent_identifier(t, &id));
    } else {
        tree_set(t, o, "other_name", foreign_name(t, gn));
    }
}

json_t *show_general_name(struct tree *t, const struct bm_general_name *gn)
{
    json_t *o = tree_object(t);

    switch (gn->kind) {
    case BM_GN_OTHER:
        set_other_name(t, o, gn);
        break;
    case BM_GN_EMAIL:
        tree_set(t, o, "rfc822_name", tree_text(t, gn->value));
        break;
    case BM_GN_DNS:
        tree_set(t, o, "dns_name", tree_text(t, gn->value));
        break;
    case BM_GN_X400:
        tree_set(t, o, "x400_address", tree_hex(t, gn->value));
        break;
    case BM_GN_DIRECTORY:
        tree_set(t, o, "directory_name",
                 tree_put(t, bm_name_put_text, gn->value));
        break;
    case BM_GN_EDI:
        tree_set(t, o, "edi_party_name", tree_hex(t, gn->value));
        break;
    case BM_GN_URI:
        tree_set(t, o, "uniform_resource_identifier", tree_text(t, gn->value));
        break;
    case BM_GN_IP:
        tree_set(t, o, "ip_address", ip_address(t, gn->value));
        break;
    case BM_GN_RID:
        tree_set(t, o, "registered_id", tree_oid(t, gn->value));
        break;
    }
    return o;
}

json_t *show_general_names(struct tree *t, struct bm_bytes names)
{
    json_t *all = tree_array(t);
    struct bm_general_name gn;

    while (bm_general_name_next(&names, &gn)) {
        tree_append(t, all, show_general_name(t, &gn));
    }
    return all;
}

/* An RDN stands alone where the rest of the name is the CRL issuer's. */
static void put_relative_name(struct bm_wr *w, struct bm_bytes rdn)
{
    struct bm_wr name;
    size_t room = rdn.n + 16; /* two headers */
    uint8_t *buf = malloc(room);
    size_t sequence;

    bm_wr_init(&name, buf, buf != NULL ? room : 0);
    sequence = bm_der_open(&name, BM_DER_SEQUENCE);
    bm_der_put(&name, BM_DER_SET, rdn);
    bm_der_close(&name, sequence);
    bm_name_put_text(w, bm_wr_bytes(&name));
    free(buf);
}

json_t *show_dist_point_name(struct tree *t, struct bm_bytes full_name,
                             struct bm_bytes relative)
{
    json_t *o = tree_object(t);

    if (full_name.n != 0) {
        tree_set(t, o, "full_name", show_general_names(t, full_name));
    }
    if (relative.n != 0) {
        tree_set(t, o, "name_relative_to_crl_issuer",
                 tree_put(t, put_relative_name, relative));
    }
    return o;
}
