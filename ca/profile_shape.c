/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_compiling.h"

#include <string.h>

/*
 * Shapes: what the value of an extension that a request chooses must look
 * like. Compiled from the same notation as fixed values, with patterns in the
 * places of strings, and matched element by element; nothing of a value that
 * matches has not been looked at.
 */

/* One element. */
struct profile_shape {
    uint8_t tag;
    bool any;                         /* whatever its contents */
    bool many;                        /* `first`, at least once */
    struct bm_bytes value;            /* contents, where they are fixed */
    const struct ca_pattern *pattern; /* of a string */
    struct profile_shape *first;      /* inside */
    struct profile_shape *next;       /* behind */
};

/* ---- Compiling */

static bm_status compile(const struct profile_compiler *c,
                         const struct config_node *node,
                         struct profile_shape **shape);

static bm_status compile_string(const struct profile_compiler *c,
                                const struct config_node *node,
                                struct profile_shape *s)
{
    struct config_key key = { .name = node->key, .type = CONFIG_STRING };
    const char *text;

    BM_TRY(config_read_value(c->config, node, &key, &text, c->error));
    return profile_compile_pattern(c, node, text, &s->pattern);
}

/* A number of any size. */
static bm_status compile_integer(const struct profile_compiler *c,
                                 const struct config_node *node,
                                 struct profile_shape *s)
{
    s->any = true;
    return node->text != NULL && strcmp(node->text, "any") == 0
               ? BM_OK
               : config_fail(c->error, node, BM_E_PROFILE,
                             "of a request, %s is any", node->key);
}

static bm_status compile_oid(const struct profile_compiler *c,
                             const struct config_node *node,
                             struct profile_shape *s)
{
    struct config_key key = { .name = node->key, .type = CONFIG_STRING };
    const char *text;

    BM_TRY(config_read_value(c->config, node, &key, &text, c->error));
    if (strcmp(text, "any") == 0) {
        s->any = true;
        return BM_OK;
    }
    return profile_compile_oid(c, node, text, &s->value);
}

static bm_status compile_list(const struct profile_compiler *c,
                              const struct config_node *node,
                              struct profile_shape *s)
{
    struct profile_shape **at = &s->first;

    if (node->kind != CONFIG_SEQUENCE) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "%s is a list of values", node->key);
    }
    for (const struct config_node *n = node->first; n != NULL; n = n->next) {
        BM_TRY(compile(c, n, at));
        at = &(*at)->next;
    }
    return BM_OK;
}

static bm_status compile_many(const struct profile_compiler *c,
                              const struct config_node *node,
                              struct profile_shape *s)
{
    s->many = true;
    return compile(c, node, &s->first);
}

static const struct shape_type {
    const char *name;
    uint8_t tag;
    bm_status (*compile)(const struct profile_compiler *c,
                         const struct config_node *node,
                         struct profile_shape *s);
} types[] = {
    { "utf8", BM_DER_UTF8_STRING, compile_string },
    { "printable", BM_DER_PRINTABLE_STRING, compile_string },
    { "ia5", BM_DER_IA5_STRING, compile_string },
    { "integer", BM_DER_INTEGER, compile_integer },
    { "oid", BM_DER_OID, compile_oid },
    { "sequence", BM_DER_SEQUENCE, compile_list },
    { "sequence_of", BM_DER_SEQUENCE, compile_many },
    { "set", BM_DER_SET, compile_list },
};

static bm_status compile(const struct profile_compiler *c,
                         const struct config_node *node,
                         struct profile_shape **shape)
{
    struct profile_shape *s = config_memory(c->config, sizeof *s);

    if (s == NULL) {
        return config_fail(c->error, node, BM_E_MEMORY, "out of memory");
    }
    *shape = s;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (node->kind == CONFIG_MAPPING && node->n == 1 &&
            strcmp(node->first->key, types[i].name) == 0) {
            s->tag = types[i].tag;
            return types[i].compile(c, node->first, s);
        }
    }
    return config_fail(c->error, node, BM_E_PROFILE,
                       "a value of a request is one of { utf8: }, "
                       "{ printable: }, { ia5: }, { integer: }, { oid: }, "
                       "{ sequence: }, { sequence_of: }, { set: }");
}

bm_status profile_compile_shape(const struct profile_compiler *c,
                                const struct config_node *node,
                                const struct profile_shape **shape)
{
    struct profile_shape *s = NULL;

    BM_TRY(compile(c, node, &s));
    *shape = s;
    return BM_OK;
}

/* ---- Matching */

/* NOLINTBEGIN(misc-no-recursion): as deep as the notation lets a shape be */

static bool take(const struct profile_shape *s, struct bm_der *d);

static bool take_inside(const struct profile_shape *s, struct bm_bytes inside)
{
    const struct profile_shape *at = s->first;
    struct bm_der d;

    bm_der_init(&d, inside, NULL);
    if (s->many && inside.n == 0) {
        return false;
    }
    while (s->many ? bm_der_left(&d) != 0 : at != NULL) {
        if (!take(at, &d)) {
            return false;
        }
        at = s->many ? at : at->next;
    }
    return bm_der_left(&d) == 0;
}

static bool take(const struct profile_shape *s, struct bm_der *d)
{
    struct bm_bytes value;

    switch (s->tag) {
    case BM_DER_INTEGER:
        return bm_der_take_integer(d, s->tag, &value) == BM_OK;
    case BM_DER_OID:
        return bm_der_take_oid(d, &value) == BM_OK &&
               (s->any || bm_bytes_equal(value, s->value));
    case BM_DER_SEQUENCE:
    case BM_DER_SET:
        return bm_der_take(d, s->tag, &value) == BM_OK && take_inside(s, value);
    default:
        return bm_der_take(d, s->tag, &value) == BM_OK &&
               bm_der_check_string(d, s->tag, value) == BM_OK &&
               ca_pattern_match(s->pattern, value);
    }
}

/* NOLINTEND(misc-no-recursion) */

bool profile_shape_matches(const struct profile_shape *shape,
                           struct bm_bytes value)
{
    struct bm_der d;

    bm_der_init(&d, value, NULL);
    return take(shape, &d) && bm_der_left(&d) == 0;
}
