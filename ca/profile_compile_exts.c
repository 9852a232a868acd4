/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_compiling.h"

#include <string.h>

#include "core/oid.h"

/* Purposes and policies, and extensions of any kind as typed values. */

/* Of one extension: no profile that we know of has a larger one. */
#define VALUE_OCTETS 4096

/* Policy qualifier id-qt-cps: 1.3.6.1.5.5.7.2.1 */
#define OID_QT_CPS "\x2b\x06\x01\x05\x05\x07\x02\x01"

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

static bm_status keep(const struct profile_compiler *c,
                      const struct config_node *node, const struct bm_wr *w,
                      struct bm_bytes *to)
{
    if (w->len > w->cap) {
        return config_fail(c->error, node, BM_E_PROFILE, "more than %d octets",
                           VALUE_OCTETS);
    }
    return profile_keep(c, node, bm_wr_bytes(w), to);
}

/* ---- Lists of object identifiers */

static const struct {
    const char *name;
    struct bm_bytes oid;
} purposes[] = {
    { "serverAuth", BM_LIT_INIT(BM_OID_KP_SERVER_AUTH) },
    { "clientAuth", BM_LIT_INIT(BM_OID_KP_CLIENT_AUTH) },
    { "codeSigning", BM_LIT_INIT(BM_OID_KP_CODE_SIGNING) },
    { "emailProtection", BM_LIT_INIT(BM_OID_KP_EMAIL) },
    { "timeStamping", BM_LIT_INIT(BM_OID_KP_TIME_STAMPING) },
    { "OCSPSigning", BM_LIT_INIT(BM_OID_KP_OCSP_SIGNING) },
    { "bundleSigning", BM_LIT_INIT(BM_OID_KP_BUNDLE) },
    { "policySigning", BM_LIT_INIT(BM_OID_KP_POLICY) },
    { "cmcRA", BM_LIT_INIT(BM_OID_KP_CMC_RA) },
    { "anyExtendedKeyUsage", BM_LIT_INIT(BM_OID_ANY_EKU) },
};

static bm_status compile_purpose(const struct profile_compiler *c,
                                 const struct config_node *node,
                                 const char *text, struct bm_bytes *oid)
{
    size_t least = CONFIG_NEAR_MAX + 1;
    const char *near = NULL;

    if (text[0] >= '0' && text[0] <= '9') {
        return profile_compile_oid(c, node, text, oid);
    }
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
        if (strcmp(purposes[i].name, text) == 0) {
            *oid = purposes[i].oid;
            return BM_OK;
        }
        if (config_is_nearer(text, purposes[i].name, &least)) {
            near = purposes[i].name;
        }
    }
    return config_fail(c->error, node, BM_E_PROFILE,
                       "unknown purpose \"%.60s\"%s%s%s", text,
                       near != NULL ? "; did you mean \"" : "",
                       near != NULL ? near : "", near != NULL ? "\"?" : "");
}

bm_status profile_compile_oids(const struct profile_compiler *c,
                               const struct config_node *list, bool by_name,
                               struct bm_bytes **oids, size_t *n)
{
    *oids = config_memory(c->config, (list->n + 1) * sizeof **oids);
    if (*oids == NULL) {
        return config_fail(c->error, list, BM_E_MEMORY, "out of memory");
    }
    for (const struct config_node *p = list->first; p != NULL; p = p->next) {
        struct bm_bytes *oid = &(*oids)[*n];

        BM_TRY(by_name ? compile_purpose(c, p, p->text, oid)
                       : profile_compile_oid(c, p, p->text, oid));
        for (size_t i = 0; i < *n; i++) {
            if (bm_bytes_equal((*oids)[i], *oid)) {
                return config_fail(c->error, p, BM_E_PROFILE,
                                   "\"%.60s\" occurs twice", p->text);
            }
        }
        (*n)++;
    }
    return BM_OK;
}

/* ---- Policies */

static bm_status put_policy(const struct profile_compiler *c,
                            const struct config_node *node,
                            struct profile_cert_policy *policy, struct bm_wr *w)
{
    size_t m = bm_der_open(w, BM_DER_SEQUENCE);
    struct bm_der d;

    BM_TRY(profile_compile_oid(c, config_get(node, "oid"), policy->oid_text,
                               &policy->oid));
    bm_der_put_oid(w, policy->oid);
    if (policy->cps != NULL) {
        struct bm_bytes cps = view(policy->cps);
        size_t list = bm_der_open(w, BM_DER_SEQUENCE);
        size_t one = bm_der_open(w, BM_DER_SEQUENCE);

        bm_der_init(&d, cps, NULL);
        if (bm_der_check_string(&d, BM_DER_IA5_STRING, cps) != BM_OK) {
            return config_fail(c->error, config_get(node, "cps"), BM_E_PROFILE,
                               "cps has characters outside of ASCII");
        }
        bm_der_put_oid(w, BM_LIT(OID_QT_CPS));
        bm_der_put(w, BM_DER_IA5_STRING, cps);
        bm_der_close(w, one);
        bm_der_close(w, list);
    }
    bm_der_close(w, m);
    return BM_OK;
}

/*
 * certificatePolicies ::= SEQUENCE SIZE (1..MAX) OF PolicyInformation
 */
bm_status profile_compile_policies(const struct profile_compiler *c,
                                   const struct config_node *node)
{
    struct profile_cert_policy *policy = c->rules->policies.items;
    uint8_t buf[VALUE_OCTETS];
    struct bm_wr w;
    size_t m;

    if (node == NULL) {
        return BM_OK;
    }
    bm_wr_init(&w, buf, sizeof buf);
    m = bm_der_open(&w, BM_DER_SEQUENCE);
    for (size_t i = 0; i < c->rules->policies.n; i++) {
        BM_TRY(put_policy(c, profile_item(node, i), &policy[i], &w));
        for (size_t k = 0; k < i; k++) {
            if (bm_bytes_equal(policy[k].oid, policy[i].oid)) {
                return config_fail(c->error, profile_item(node, i),
                                   BM_E_PROFILE, "policy occurs twice");
            }
        }
    }
    bm_der_close(&w, m);
    return keep(c, node, &w, &c->rules->policies_value);
}

/* ---- Typed values */

static bm_status put_value(const struct profile_compiler *c,
                           const struct config_node *node, struct bm_wr *w);

static bm_status put_string(const struct profile_compiler *c,
                            const struct config_node *node, uint8_t tag,
                            struct bm_wr *w)
{
    struct config_key key = { .name = node->key, .type = CONFIG_STRING };
    const char *text;
    struct bm_der d;

    BM_TRY(config_read_value(c->config, node, &key, &text, c->error));
    bm_der_init(&d, view(text), NULL);
    if (bm_der_check_string(&d, tag, view(text)) != BM_OK) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "has characters that %s cannot have", node->key);
    }
    bm_der_put(w, tag, view(text));
    return BM_OK;
}

static bm_status put_integer(const struct profile_compiler *c,
                             const struct config_node *node, uint8_t tag,
                             struct bm_wr *w)
{
    struct config_key key = { .name = node->key, .type = CONFIG_INTEGER };
    uint8_t octets[8];
    int64_t value;
    size_t n = sizeof octets;

    BM_TRY(config_read_value(c->config, node, &key, &value, c->error));
    for (size_t i = 0; i < sizeof octets; i++) {
        octets[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
    }
    /* X.690 8.3.2: the first nine bits are not all the same. */
    while (n > 1 && ((octets[8 - n] == 0x00 && octets[9 - n] < 0x80) ||
                     (octets[8 - n] == 0xff && octets[9 - n] >= 0x80))) {
        n--;
    }
    bm_der_put(w, tag, (struct bm_bytes){ octets + 8 - n, n });
    return BM_OK;
}

static bm_status put_boolean(const struct profile_compiler *c,
                             const struct config_node *node, uint8_t tag,
                             struct bm_wr *w)
{
    struct config_key key = { .name = node->key, .type = CONFIG_BOOL };
    bool value;

    (void)tag;
    BM_TRY(config_read_value(c->config, node, &key, &value, c->error));
    bm_der_put_bool(w, value);
    return BM_OK;
}

static bm_status put_oid(const struct profile_compiler *c,
                         const struct config_node *node, uint8_t tag,
                         struct bm_wr *w)
{
    struct config_key key = { .name = node->key, .type = CONFIG_STRING };
    struct bm_bytes oid;
    const char *text;

    (void)tag;
    BM_TRY(config_read_value(c->config, node, &key, &text, c->error));
    BM_TRY(profile_compile_oid(c, node, text, &oid));
    bm_der_put_oid(w, oid);
    return BM_OK;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bm_status put_octets(const struct profile_compiler *c,
                            const struct config_node *node, uint8_t tag,
                            struct bm_wr *w)
{
    const char *text = node->text;
    bool good = text != NULL && node->n % 2 == 0 && node->n / 2 < VALUE_OCTETS;

    for (size_t i = 0; good && i < node->n; i++) {
        good = hex_digit(text[i]) >= 0;
    }
    if (!good) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "octets are pairs of hexadecimal digits");
    }
    bm_der_put_header(w, tag, node->n / 2);
    for (size_t i = 0; i < node->n; i += 2) {
        bm_wr_u8(w,
                 (uint8_t)(16 * hex_digit(text[i]) + hex_digit(text[i + 1])));
    }
    return BM_OK;
}

/* As deep as the reader lets a text be. */
static bm_status put_sequence(const struct profile_compiler *c,
                              const struct config_node *node, uint8_t tag,
                              struct bm_wr *w)
{
    size_t m = bm_der_open(w, tag);

    if (node->kind != CONFIG_SEQUENCE) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "%s is a list of values", node->key);
    }
    for (const struct config_node *n = node->first; n != NULL; n = n->next) {
        BM_TRY(put_value(c, n, w));
    }
    if (tag == BM_DER_SET && w->len <= w->cap) {
        return bm_der_close_set(w, m);
    }
    bm_der_close(w, m);
    return BM_OK;
}

static const struct value_type {
    const char *name;
    uint8_t tag;
    bm_status (*put)(const struct profile_compiler *c,
                     const struct config_node *node, uint8_t tag,
                     struct bm_wr *w);
} value_types[] = {
    { "utf8", BM_DER_UTF8_STRING, put_string },
    { "printable", BM_DER_PRINTABLE_STRING, put_string },
    { "ia5", BM_DER_IA5_STRING, put_string },
    { "integer", BM_DER_INTEGER, put_integer },
    { "enumerated", BM_DER_ENUMERATED, put_integer },
    { "boolean", BM_DER_BOOLEAN, put_boolean },
    { "oid", BM_DER_OID, put_oid },
    { "octets", BM_DER_OCTET_STRING, put_octets },
    { "sequence", BM_DER_SEQUENCE, put_sequence },
    { "set", BM_DER_SET, put_sequence },
};

/* `null`, or a mapping of one key, which is the type. */
static bm_status put_value(const struct profile_compiler *c,
                           const struct config_node *node, struct bm_wr *w)
{
    if (node->kind == CONFIG_SCALAR && node->plain &&
        strcmp(node->text, "null") == 0) {
        bm_der_put_null(w);
        return BM_OK;
    }
    if (node->kind != CONFIG_MAPPING || node->n != 1) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "a value is null, or one of { utf8: }, "
                           "{ printable: }, { ia5: }, { integer: }, "
                           "{ enumerated: }, { boolean: }, { oid: }, "
                           "{ octets: }, { sequence: }, { set: }");
    }
    for (size_t i = 0; i < sizeof value_types / sizeof value_types[0]; i++) {
        if (strcmp(node->first->key, value_types[i].name) == 0) {
            return value_types[i].put(c, node->first, value_types[i].tag, w);
        }
    }
    return config_fail(c->error, node, BM_E_PROFILE,
                       "values of type \"%.60s\" are not supported",
                       node->first->key);
}

/* Extensions that a profile has keys for. */
static const struct bm_bytes with_keys[] = {
    BM_LIT_INIT(BM_OID_CE_SKI),         BM_LIT_INIT(BM_OID_CE_KEY_USAGE),
    BM_LIT_INIT(BM_OID_CE_SAN),         BM_LIT_INIT(BM_OID_CE_BASIC),
    BM_LIT_INIT(BM_OID_CE_NAME_CONSTR), BM_LIT_INIT(BM_OID_CE_CRL_DP),
    BM_LIT_INIT(BM_OID_CE_POLICIES),    BM_LIT_INIT(BM_OID_CE_AKI),
    BM_LIT_INIT(BM_OID_CE_EKU),         BM_LIT_INIT(BM_OID_PE_AIA),
    BM_LIT_INIT(BM_OID_OCSP_NOCHECK),
};

/* One that we know must be what its RFC says. */
static bool is_well_formed(const struct profile_ext *ext)
{
    uint8_t buf[VALUE_OCTETS + 256];
    struct bm_ext_mark m;
    struct bm_exts exts;
    struct bm_der d;
    struct bm_wr w;
    size_t list;

    bm_wr_init(&w, buf, sizeof buf);
    list = bm_der_open(&w, BM_DER_SEQUENCE);
    m = bm_ext_open(&w, ext->oid, ext->critical);
    bm_wr_put(&w, ext->value);
    bm_ext_close(&w, &m);
    bm_der_close(&w, list);
    if (w.len > w.cap) {
        return false;
    }
    bm_der_init(&d, bm_wr_bytes(&w), NULL);
    return bm_exts_take(&d, BM_STRICT, &exts) == BM_OK;
}

static bm_status compile_ext(const struct profile_compiler *c,
                             const struct config_node *node,
                             struct profile_ext *ext)
{
    const struct config_node *at = config_get(node, "oid");
    uint8_t buf[VALUE_OCTETS];
    struct bm_wr w;

    BM_TRY(profile_compile_oid(c, at, ext->oid_text, &ext->oid));
    for (size_t i = 0; i < sizeof with_keys / sizeof with_keys[0]; i++) {
        if (bm_bytes_equal(ext->oid, with_keys[i])) {
            return config_fail(c->error, at, BM_E_PROFILE,
                               "%s has a key of its own",
                               bm_oid_name(ext->oid));
        }
    }
    if (ext->optional && ext->from != PROFILE_REQUEST) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "optional is what comes from a request");
    }
    if (ext->from != PROFILE_FIXED) {
        return profile_compile_shape(c, ext->value_node, &ext->shape);
    }
    bm_wr_init(&w, buf, sizeof buf);
    BM_TRY(put_value(c, ext->value_node, &w));
    BM_TRY(keep(c, node, &w, &ext->value));
    return is_well_formed(ext)
               ? BM_OK
               : config_fail(c->error, ext->value_node, BM_E_PROFILE,
                             "not as this extension is defined");
}

bm_status profile_compile_extensions(const struct profile_compiler *c,
                                     const struct config_node *node)
{
    struct profile_ext *ext = c->rules->extensions.items;
    size_t open = 0;

    for (size_t i = 0; node != NULL && i < c->rules->extensions.n; i++) {
        BM_TRY(compile_ext(c, profile_item(node, i), &ext[i]));
        for (size_t k = 0; k < i; k++) {
            if (bm_bytes_equal(ext[k].oid, ext[i].oid)) {
                return config_fail(c->error, profile_item(node, i),
                                   BM_E_PROFILE, "extension occurs twice");
            }
        }
        open += ext[i].from == PROFILE_REQUEST ? 1 : 0;
        if (open > PROFILE_OPEN_EXTS) {
            return config_fail(c->error, profile_item(node, i), BM_E_PROFILE,
                               "more than %d extensions from the request",
                               PROFILE_OPEN_EXTS);
        }
    }
    return BM_OK;
}
