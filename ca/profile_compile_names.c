/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_compiling.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/oid.h"

/* Subject, subjectAltName and name constraints: what has names in it. */

/* What a value from the request may be where the profile does not say. */
#define USUAL_PATTERN "[ -~]{1,64}"

/* Of a host name: a wildcard (RFC 9525 6.3) is allowed where a profile says
 * so, and not where it says nothing. */
#define USUAL_HOST "([A-Za-z0-9-]{1,63}\\.)*[A-Za-z0-9-]{1,63}"

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

/* `from: fixed` need not be written where `fixed` is. */
static bm_status check_source(const struct profile_compiler *c,
                              const struct config_node *node, unsigned from,
                              const char *fixed, const char *template_text)
{
    if (from == PROFILE_FIXED && fixed == NULL) {
        return config_fail(c->error, node, BM_E_PROFILE, "needs from or fixed");
    }
    if (from != PROFILE_FIXED && fixed != NULL) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "has both from and fixed");
    }
    if (from == PROFILE_DEVICE && !c->rules->has_device) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "from: device, but the profile has no device");
    }
    if (from != PROFILE_DEVICE && template_text != NULL) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "template goes with from: device");
    }
    return BM_OK;
}

/* A pattern goes with what comes from the request, and has a default. */
static bm_status compile_pattern(const struct profile_compiler *c,
                                 const struct config_node *node, unsigned from,
                                 const char *usual, const char **text,
                                 const struct ca_pattern **pattern)
{
    const struct config_node *at = config_get(node, "pattern");

    if (from == PROFILE_OTHERS && *text == NULL) {
        return BM_OK; /* whatever it is */
    }
    if (from != PROFILE_REQUEST && from != PROFILE_OTHERS) {
        return *text == NULL ? BM_OK
                             : config_fail(c->error, at, BM_E_PROFILE,
                                           "pattern goes with from: request");
    }
    *text = *text != NULL ? *text : usual;
    return profile_compile_pattern(c, at != NULL ? at : node, *text, pattern);
}

static bm_status check_others(const struct profile_compiler *c,
                              const struct config_node *node, unsigned from,
                              unsigned others)
{
    return others == PROFILE_OTHERS_SAME ||
                   (from != PROFILE_OTHERS && from != PROFILE_DROPPED)
               ? BM_OK
               : config_fail(c->error, node, BM_E_PROFILE,
                             "others goes with what is issued");
}

/* ---- Subject */

/* The value of a fixed attribute must be good for its type. */
static bm_status compile_fixed(const struct profile_compiler *c,
                               const struct config_node *node,
                               struct profile_rdn *rdn)
{
    struct bm_attr attr = { rdn->type, view(rdn->fixed), rdn->tag, true };
    struct bm_der d;

    bm_der_init(&d, attr.value, NULL);
    if (bm_name_check_attr(&d, &attr) != BM_OK) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "%s cannot be \"%.60s\"", rdn->attribute,
                           rdn->fixed);
    }
    rdn->value = attr.value;
    return BM_OK;
}

static bm_status compile_rdn(const struct profile_compiler *c,
                             const struct config_node *node,
                             struct profile_rdn *rdn)
{
    rdn->line = node->line;
    BM_TRY(profile_compile_attribute(c, config_get(node, "attribute"),
                                     rdn->attribute, &rdn->type));
    rdn->tag = bm_name_string_type(rdn->type);
    BM_TRY(check_source(c, node, rdn->from, rdn->fixed, rdn->template_text));
    BM_TRY(compile_pattern(c, node, rdn->from, USUAL_PATTERN,
                           &rdn->pattern_text, &rdn->pattern));
    if (rdn->optional && rdn->from != PROFILE_REQUEST &&
        rdn->from != PROFILE_ISSUER) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "optional is what comes from request or issuer");
    }
    BM_TRY(check_others(c, node, rdn->from, rdn->others));
    if (rdn->as_issuer && rdn->from != PROFILE_REQUEST) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "as_issuer goes with from: request");
    }
    if (rdn->from == PROFILE_DEVICE) {
        rdn->template_text =
            rdn->template_text != NULL ? rdn->template_text : "{device}";
        return profile_compile_template(c, node, rdn->template_text,
                                        &rdn->template);
    }
    return rdn->from == PROFILE_FIXED ? compile_fixed(c, node, rdn) : BM_OK;
}

bm_status profile_compile_subject(const struct profile_compiler *c,
                                  const struct config_node *node)
{
    struct profile_rdn *rdn = c->rules->subject.items;
    size_t n = c->rules->subject.n;

    for (size_t i = 0; i < n; i++) {
        BM_TRY(compile_rdn(c, profile_item(node, i), &rdn[i]));
        for (size_t k = 0; k < i; k++) {
            bool same = bm_bytes_equal(rdn[k].type, rdn[i].type);

            if (same && (rdn[k].from == PROFILE_DROPPED ||
                         rdn[i].from == PROFILE_DROPPED)) {
                return config_fail(c->error, profile_item(node, i),
                                   BM_E_PROFILE,
                                   "%s is dropped in one row and used in "
                                   "another",
                                   rdn[i].attribute);
            }
            rdn[k].more = rdn[k].more || same;
        }
    }
    return BM_OK;
}

/* ---- subjectAltName */

static bool is_text_kind(unsigned kind)
{
    return kind == PROFILE_SAN_DNS || kind == PROFILE_SAN_URI ||
           kind == PROFILE_SAN_EMAIL;
}

static bool has_type(unsigned kind)
{
    return kind == PROFILE_SAN_HARDWARE || kind == PROFILE_SAN_PERMANENT;
}

/* Which keys go with which kind. */
static bm_status check_san_keys(const struct profile_compiler *c,
                                const struct config_node *node,
                                const struct profile_san *san)
{
    const char *words = NULL;

    bool request = san->from == PROFILE_REQUEST || san->from == PROFILE_OTHERS;

    if (!has_type(san->kind) &&
        (san->type_text != NULL || san->under_text != NULL)) {
        words = "type and type_under go with hardwareModuleName and "
                "permanentIdentifier";
    } else if (san->type_text != NULL && san->under_text != NULL) {
        words = "has both type and type_under";
    } else if (san->under_text != NULL && san->from == PROFILE_FIXED) {
        words = "type_under goes with from: request or from: device";
    } else if (san->kind == PROFILE_SAN_HARDWARE && san->type_text == NULL &&
               san->under_text == NULL && san->from != PROFILE_OTHERS) {
        words = "hardwareModuleName needs type or type_under";
    } else if (san->within_text != NULL &&
               (san->kind != PROFILE_SAN_IP || !request)) {
        words = "within goes with kind: ip, from: request";
    } else if (san->attributes.n != 0 &&
               (san->kind != PROFILE_SAN_DIRECTORY || !request ||
                san->pattern_text != NULL)) {
        words = "attributes go with kind: directoryName, from: request, "
                "without a pattern";
    } else if (san->kind == PROFILE_SAN_IP && san->pattern_text != NULL) {
        words = "addresses have within, not pattern";
    } else if (san->from == PROFILE_DEVICE && !is_text_kind(san->kind) &&
               !has_type(san->kind)) {
        words = "this kind cannot be made of a device's name";
    } else if (!request &&
               (san->max != 0 || (san->optional && san->under_text == NULL))) {
        words = "optional and max go with from: request";
    }
    return words == NULL
               ? BM_OK
               : config_fail(c->error, node, BM_E_PROFILE, "%s", words);
}

/* The GeneralName of a plain kind must be well-formed. */
static bool is_good(enum bm_gn_kind kind, struct bm_bytes value)
{
    uint8_t buf[PROFILE_VALUE_MAX + 8];
    struct bm_general_name gn;
    struct bm_der d;
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, buf, sizeof buf);
    bm_general_name_put(&w, kind, value);
    if (bm_wr_finish(&w, &n) != BM_OK) {
        return false;
    }
    bm_der_init(&d, bm_wr_bytes(&w), NULL);
    return bm_general_name_take(&d, BM_GN_IN_NAME, &gn) == BM_OK;
}

static enum bm_gn_kind gn_kind(unsigned kind)
{
    switch (kind) {
    case PROFILE_SAN_DNS:
        return BM_GN_DNS;
    case PROFILE_SAN_URI:
        return BM_GN_URI;
    case PROFILE_SAN_EMAIL:
        return BM_GN_EMAIL;
    case PROFILE_SAN_IP:
        return BM_GN_IP;
    case PROFILE_SAN_DIRECTORY:
        return BM_GN_DIRECTORY;
    default:
        return BM_GN_OTHER;
    }
}

static bm_status compile_san_fixed(const struct profile_compiler *c,
                                   const struct config_node *node,
                                   struct profile_san *san)
{
    uint8_t buf[PROFILE_NAME_OCTETS];
    struct bm_bytes value = view(san->fixed);
    bool good = true;
    struct bm_wr w;
    size_t bad;

    bm_wr_init(&w, buf, sizeof buf);
    if (san->kind == PROFILE_SAN_IP) {
        bool four = inet_pton(AF_INET, san->fixed, buf) == 1;

        good = four || inet_pton(AF_INET6, san->fixed, buf) == 1;
        value = (struct bm_bytes){ buf, four ? 4 : 16 };
    } else if (san->kind == PROFILE_SAN_DIRECTORY) {
        good = bm_name_from_text(value, &w, &bad) == BM_OK &&
               bm_wr_finish(&w, &bad) == BM_OK;
        value = bm_wr_bytes(&w);
    } else if (is_text_kind(san->kind)) {
        good = is_good(gn_kind(san->kind), value);
    }
    if (!good) {
        return config_fail(c->error, config_get(node, "fixed"), BM_E_PROFILE,
                           "\"%.60s\" is no such name", san->fixed);
    }
    return profile_keep(c, node, value, &san->value);
}

static bm_status compile_within(const struct profile_compiler *c,
                                const struct config_node *node,
                                struct profile_san *san)
{
    const struct config_node *list = config_get(node, "within");

    if (list == NULL) {
        return BM_OK;
    }
    san->within = config_memory(c->config, list->n * sizeof *san->within);
    if (san->within == NULL) {
        return config_fail(c->error, list, BM_E_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < list->n; i++) {
        BM_TRY(profile_compile_net(c, profile_item(list, i),
                                   san->within_text[i], &san->within[i]));
    }
    san->within_n = list->n;
    return BM_OK;
}

/* Of a directoryName: each is there once, and nothing else. */
static bm_status compile_san_attributes(const struct profile_compiler *c,
                                        const struct config_node *list,
                                        struct profile_san *san)
{
    struct profile_rdn *rdn = san->attributes.items;

    for (size_t i = 0; i < san->attributes.n; i++) {
        const struct config_node *node = profile_item(list, i);

        BM_TRY(profile_compile_attribute(c, config_get(node, "attribute"),
                                         rdn[i].attribute, &rdn[i].type));
        rdn[i].tag = bm_name_string_type(rdn[i].type);
        BM_TRY(compile_pattern(c, node, PROFILE_REQUEST, USUAL_PATTERN,
                               &rdn[i].pattern_text, &rdn[i].pattern));
        for (size_t k = 0; k < i; k++) {
            if (bm_bytes_equal(rdn[k].type, rdn[i].type)) {
                return config_fail(c->error, node, BM_E_PROFILE,
                                   "%s occurs twice", rdn[i].attribute);
            }
        }
    }
    return BM_OK;
}

static bm_status compile_san_row(const struct profile_compiler *c,
                                 const struct config_node *node,
                                 struct profile_san *san)
{
    san->line = node->line;
    BM_TRY(check_source(c, node, san->from, san->fixed, san->template_text));
    BM_TRY(check_san_keys(c, node, san));
    BM_TRY(check_others(c, node, san->from, san->others));
    if (san->kind != PROFILE_SAN_IP && san->attributes.n == 0) {
        BM_TRY(compile_pattern(c, node, san->from,
                               san->kind == PROFILE_SAN_DNS ? USUAL_HOST
                                                            : USUAL_PATTERN,
                               &san->pattern_text, &san->pattern));
    }
    if (san->type_text != NULL) {
        BM_TRY(profile_compile_oid(c, config_get(node, "type"), san->type_text,
                                   &san->type));
    }
    if (san->under_text != NULL) {
        BM_TRY(profile_compile_oid(c, config_get(node, "type_under"),
                                   san->under_text, &san->under));
    }
    BM_TRY(compile_within(c, node, san));
    BM_TRY(compile_san_attributes(c, config_get(node, "attributes"), san));
    san->max = san->max != 0 ? san->max : 1;
    if (san->from == PROFILE_DEVICE) {
        san->template_text =
            san->template_text != NULL ? san->template_text : "{device}";
        return profile_compile_template(c, node, san->template_text,
                                        &san->template);
    }
    return san->from == PROFILE_FIXED ? compile_san_fixed(c, node, san) : BM_OK;
}

/* RFC 5280 4.1.2.6: where the subject is empty, subjectAltName is critical. */
static bm_status check_empty_subject(const struct profile_compiler *c,
                                     const struct config_node *node)
{
    const struct profile_rdn *rdn = c->rules->subject.items;
    bool may_be_empty = true;

    for (size_t i = 0; i < c->rules->subject.n; i++) {
        if (!rdn[i].optional && rdn[i].from != PROFILE_DROPPED &&
            rdn[i].from != PROFILE_OTHERS) {
            may_be_empty = false;
        }
    }
    if (!may_be_empty ||
        (c->rules->has_san && c->rules->san.critical != PROFILE_NOT_CRITICAL)) {
        return BM_OK;
    }
    return config_fail(c->error, node, BM_E_PROFILE,
                       "the subject may be empty: subject_alt_name must then "
                       "be critical");
}

bm_status profile_compile_san(const struct profile_compiler *c,
                              const struct config_node *node)
{
    const struct config_node *list;
    struct profile_san *san = c->rules->san.names.items;

    BM_TRY(check_empty_subject(
        c,
        node != NULL ? node : config_get(config_root(c->config), "subject")));
    if (node == NULL) {
        return BM_OK;
    }
    list = config_get(node, "names");
    for (size_t i = 0; i < c->rules->san.names.n; i++) {
        BM_TRY(compile_san_row(c, profile_item(list, i), &san[i]));
    }
    return BM_OK;
}

/* ---- Name constraints */

static bm_status put_subtree(const struct profile_compiler *c,
                             const struct config_node *node,
                             const struct profile_subtree *subtree,
                             struct bm_wr *w)
{
    const struct config_node *at = config_get(node, "value");
    uint8_t buf[PROFILE_NAME_OCTETS];
    struct bm_bytes value = view(subtree->value);
    size_t base = bm_der_open(w, BM_DER_SEQUENCE);
    size_t from = w->len;
    struct profile_net net;
    struct bm_general_name gn;
    struct bm_wr name;
    struct bm_der d;
    size_t bad;

    if (subtree->kind == PROFILE_SAN_IP) {
        BM_TRY(profile_compile_net(c, at, subtree->value, &net));
        memcpy(buf, net.base, net.n);
        memcpy(buf + net.n, net.mask, net.n);
        value = (struct bm_bytes){ buf, 2U * net.n };
    }
    bm_wr_init(&name, buf, sizeof buf);
    if (subtree->kind == PROFILE_SAN_DIRECTORY) {
        if (bm_name_from_text(value, &name, &bad) != BM_OK ||
            bm_wr_finish(&name, &bad) != BM_OK) {
            return config_fail(c->error, at, BM_E_PROFILE,
                               "\"%.60s\" is no such name", subtree->value);
        }
        bm_general_name_put_directory(w, bm_wr_bytes(&name));
    } else {
        bm_general_name_put(w, gn_kind(subtree->kind), value);
    }
    if (w->len > w->cap) {
        return config_fail(c->error, node, BM_E_PROFILE, "too much");
    }
    bm_der_init(&d, (struct bm_bytes){ w->buf + from, w->len - from }, NULL);
    if (bm_general_name_take(&d, BM_GN_IN_CONSTRAINT, &gn) != BM_OK) {
        return config_fail(c->error, at, BM_E_PROFILE,
                           "\"%.60s\" is no such name", subtree->value);
    }
    bm_der_close(w, base);
    return BM_OK;
}

static bm_status put_subtrees(const struct profile_compiler *c,
                              const struct config_node *list,
                              const struct config_list *subtrees, uint8_t tag,
                              struct bm_wr *w)
{
    const struct profile_subtree *subtree = subtrees->items;
    size_t m;

    if (list == NULL) {
        return BM_OK;
    }
    m = bm_der_open(w, tag);
    for (size_t i = 0; i < subtrees->n; i++) {
        BM_TRY(put_subtree(c, profile_item(list, i), &subtree[i], w));
    }
    bm_der_close(w, m);
    return BM_OK;
}

/*
 * NameConstraints ::= SEQUENCE {
 *     permittedSubtrees [0] GeneralSubtrees OPTIONAL,
 *     excludedSubtrees  [1] GeneralSubtrees OPTIONAL }
 */
bm_status profile_compile_nc(const struct profile_compiler *c,
                             const struct config_node *node)
{
    struct profile_nc *nc = &c->rules->nc;
    uint8_t buf[PROFILE_SAN_OCTETS];
    struct bm_wr w;
    size_t m;

    if (node == NULL) {
        return BM_OK;
    }
    if (!c->rules->basic.ca || node->n == 0) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "name_constraints are for a CA, and have permitted "
                           "or excluded");
    }
    bm_wr_init(&w, buf, sizeof buf);
    m = bm_der_open(&w, BM_DER_SEQUENCE);
    BM_TRY(put_subtrees(c, config_get(node, "permitted"), &nc->permitted,
                        BM_DER_CONSTRUCTED(0), &w));
    BM_TRY(put_subtrees(c, config_get(node, "excluded"), &nc->excluded,
                        BM_DER_CONSTRUCTED(1), &w));
    bm_der_close(&w, m);
    if (w.len > w.cap) {
        return config_fail(c->error, node, BM_E_PROFILE, "too much");
    }
    return profile_keep(c, node, bm_wr_bytes(&w), &nc->value);
}
