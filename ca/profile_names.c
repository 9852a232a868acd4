/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

#include <arpa/inet.h>
#include <string.h>

/*
 * Names as such: what kind they are, how they read, whether they match a row.
 * The only part that filling and checking have in common.
 */

/* PROFILE_SAN_..., or -1 for what no profile can name. */
int profile_san_kind(const struct bm_general_name *gn)
{
    switch (gn->kind) {
    case BM_GN_DNS:
        return PROFILE_SAN_DNS;
    case BM_GN_URI:
        return PROFILE_SAN_URI;
    case BM_GN_IP:
        return PROFILE_SAN_IP;
    case BM_GN_EMAIL:
        return PROFILE_SAN_EMAIL;
    case BM_GN_DIRECTORY:
        return PROFILE_SAN_DIRECTORY;
    case BM_GN_OTHER:
        return bm_oid_is(gn->type, BM_OID_ON_HARDWARE) ? PROFILE_SAN_HARDWARE
               : bm_oid_is(gn->type, BM_OID_ON_PERMANENT_ID)
                   ? PROFILE_SAN_PERMANENT
                   : -1;
    default:
        return -1;
    }
}

/* As people write a name, in `buf`. */
struct bm_bytes profile_san_text(const struct bm_general_name *gn,
                                 uint8_t buf[PROFILE_VALUE_MAX])
{
    struct bm_hardware_module_name hw;
    struct bm_permanent_identifier id;
    struct bm_wr w;

    switch (profile_san_kind(gn)) {
    case PROFILE_SAN_IP:
        if (inet_ntop(gn->value.n == 4 ? AF_INET : AF_INET6, gn->value.p,
                      (char *)buf, PROFILE_VALUE_MAX) == NULL) {
            return (struct bm_bytes){ NULL, 0 };
        }
        return (struct bm_bytes){ buf, strlen((char *)buf) };
    case PROFILE_SAN_DIRECTORY:
        bm_wr_init(&w, buf, PROFILE_VALUE_MAX);
        bm_name_put_text(&w, gn->value);
        return bm_wr_bytes(&w);
    case PROFILE_SAN_HARDWARE:
        return bm_hardware_module_name_parse(gn->value, NULL, &hw) == BM_OK
                   ? hw.serial
                   : (struct bm_bytes){ NULL, 0 };
    case PROFILE_SAN_PERMANENT:
        return bm_permanent_identifier_parse(gn->value, NULL, &id) == BM_OK
                   ? id.value
                   : (struct bm_bytes){ NULL, 0 };
    default:
        return gn->value;
    }
}

bool profile_oid_is_under(struct bm_bytes oid, struct bm_bytes arc)
{
    return oid.n >= arc.n && memcmp(oid.p, arc.p, arc.n) == 0;
}

struct bm_bytes profile_san_type(const struct bm_general_name *gn)
{
    struct bm_hardware_module_name hw;
    struct bm_permanent_identifier id;

    switch (profile_san_kind(gn)) {
    case PROFILE_SAN_HARDWARE:
        return bm_hardware_module_name_parse(gn->value, NULL, &hw) == BM_OK
                   ? hw.type
                   : (struct bm_bytes){ NULL, 0 };
    case PROFILE_SAN_PERMANENT:
        return bm_permanent_identifier_parse(gn->value, NULL, &id) == BM_OK
                   ? id.assigner
                   : (struct bm_bytes){ NULL, 0 };
    default:
        return (struct bm_bytes){ NULL, 0 };
    }
}

static bool is_within(const struct profile_san *san, struct bm_bytes address)
{
    for (size_t i = 0; i < san->within_n; i++) {
        const struct profile_net *net = &san->within[i];
        bool good = address.n == net->n;

        for (size_t k = 0; k < net->n && good; k++) {
            good = (address.p[k] & net->mask[k]) == net->base[k];
        }
        if (good) {
            return true;
        }
    }
    return san->within_n == 0;
}

/* The row of an attribute of a directoryName, which must match; or -1. */
static int find_attribute(const struct profile_san *san,
                          const struct bm_attr *attr)
{
    const struct profile_rdn *rdn = san->attributes.items;

    for (size_t i = 0; i < san->attributes.n; i++) {
        if (bm_bytes_equal(rdn[i].type, attr->type)) {
            bool good = attr->tag == BM_DER_UTF8_STRING ||
                        attr->tag == BM_DER_PRINTABLE_STRING ||
                        attr->tag == rdn[i].tag;

            return good && ca_pattern_match(rdn[i].pattern, attr->value)
                       ? (int)i
                       : -1;
        }
    }
    return -1;
}

/* Each attribute once and no other, in one RDN or several. */
static bool has_attributes(const struct profile_san *san, struct bm_bytes name)
{
    uint32_t found = 0;
    struct bm_name_walk walk;
    struct bm_attr attr;

    bm_name_walk(&walk, name);
    while (bm_name_next(&walk, &attr)) {
        int i = find_attribute(san, &attr);

        if (i < 0 || (found >> i & 1) != 0) {
            return false;
        }
        found |= 1U << i;
    }
    return found == (1U << san->attributes.n) - 1;
}

bool profile_san_matches(const struct profile_san *san,
                         const struct bm_general_name *gn)
{
    uint8_t buf[PROFILE_VALUE_MAX];
    struct bm_bytes type = profile_san_type(gn);
    struct bm_bytes text;

    switch (san->kind) {
    case PROFILE_SAN_IP:
        return is_within(san, gn->value);
    case PROFILE_SAN_HARDWARE:
    case PROFILE_SAN_PERMANENT:
        return (san->under.n != 0 ? profile_oid_is_under(type, san->under)
                : san->type.n != 0 || san->from != PROFILE_OTHERS
                    ? bm_bytes_equal(type, san->type)
                    : true) &&
               (san->pattern == NULL ||
                ca_pattern_match(san->pattern, profile_san_text(gn, buf)));
    default:
        if (san->attributes.n != 0) {
            return has_attributes(san, gn->value);
        }
        if (san->pattern == NULL) {
            return true; /* of others, whatever it is */
        }
        text = profile_san_text(gn, buf); /* empty where it does not fit */
        return text.n != 0 && ca_pattern_match(san->pattern, text);
    }
}

/* Two values of one type are equal as RFC 5280 7.1 compares them. */
bool profile_same_attribute(const struct bm_attr *a, const struct bm_attr *b)
{
    uint8_t buf[2][PROFILE_VALUE_MAX + 64];
    struct bm_wr w[2];
    const struct bm_attr *attr[2] = { a, b };

    for (size_t i = 0; i < 2; i++) {
        size_t m;

        bm_wr_init(&w[i], buf[i], sizeof buf[i]);
        m = bm_der_open(&w[i], BM_DER_SEQUENCE);
        bm_name_put_rdn(&w[i], attr[i]->type, attr[i]->tag, attr[i]->value);
        bm_der_close(&w[i], m);
        if (w[i].len > w[i].cap) {
            return false;
        }
    }
    return bm_name_equal(bm_wr_bytes(&w[0]), bm_wr_bytes(&w[1]));
}
