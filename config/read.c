/* SPDX-License-Identifier: Apache-2.0 */
#include "config/internal.h"

#include <inttypes.h>
#include <string.h>

/* What reading a value may need. */
struct reader {
    struct config *config;
    struct config_error *error;
};

static bm_status no_memory(const struct reader *r,
                           const struct config_node *node)
{
    return config_fail(r->error, node, BM_E_MEMORY, "out of memory");
}

static const char *kind_words(enum config_kind kind)
{
    switch (kind) {
    case CONFIG_SCALAR:
        return "a single value";
    case CONFIG_SEQUENCE:
        return "a sequence";
    default:
        return "a mapping";
    }
}

static bm_status must_be(const struct reader *r, const struct config_node *node,
                         enum config_kind kind)
{
    if (node->kind != kind) {
        return config_fail(r->error, node, BM_E_CONFIG_VALUE, "%s must be %s",
                           config_name(node), kind_words(kind));
    }
    return BM_OK;
}

static bm_status check_bounds(const struct reader *r,
                              const struct config_node *node,
                              const struct config_key *key, int64_t value)
{
    bool counts = key->type == CONFIG_STRINGS || key->type == CONFIG_LIST;

    if ((key->min == 0 && key->max == 0) ||
        (value >= key->min && value <= key->max)) {
        return BM_OK;
    }
    return config_fail(r->error, node, BM_E_CONFIG_VALUE,
                       "%s must %s %" PRId64 " to %" PRId64 "%s",
                       config_name(node), counts ? "have" : "be", key->min,
                       key->max,
                       counts                         ? " items"
                       : key->type == CONFIG_DURATION ? " seconds"
                                                      : "");
}

static bm_status take_string(const struct reader *r,
                             const struct config_node *node, const char **into)
{
    BM_TRY(must_be(r, node, CONFIG_SCALAR));
    if (node->n == 0) {
        return config_fail(r->error, node, BM_E_CONFIG_VALUE, "%s is empty",
                           config_name(node));
    }
    *into = node->text;
    return BM_OK;
}

static bm_status take_strings(const struct reader *r,
                              const struct config_node *node,
                              const struct config_key *key,
                              const char *const **into)
{
    const char **list;
    size_t n = 0;

    BM_TRY(must_be(r, node, CONFIG_SEQUENCE));
    BM_TRY(check_bounds(r, node, key, (int64_t)node->n));
    list = config_memory(r->config, (node->n + 1) * sizeof *list);
    if (list == NULL) {
        return no_memory(r, node);
    }
    for (const struct config_node *c = node->first; c != NULL; c = c->next) {
        BM_TRY(take_string(r, c, &list[n]));
        n++;
    }
    *into = list;
    return BM_OK;
}

static bm_status unknown_choice(const struct reader *r,
                                const struct config_node *node,
                                const struct config_key *key)
{
    size_t least = CONFIG_NEAR_MAX + 1;
    const char *near = NULL;

    for (const struct config_choice *c = key->choices; c->name != NULL; c++) {
        near = config_is_nearer(node->text, c->name, &least) ? c->name : near;
    }
    if (near != NULL) {
        return config_fail(r->error, node, BM_E_CONFIG_VALUE,
                           "unknown %s \"%.60s\"; did you mean \"%s\"?",
                           key->name, node->text, near);
    }
    return config_fail(r->error, node, BM_E_CONFIG_VALUE,
                       "unknown %s \"%.60s\"", key->name, node->text);
}

static bm_status take_choice(const struct reader *r,
                             const struct config_node *node,
                             const struct config_key *key, unsigned *value)
{
    BM_TRY(must_be(r, node, CONFIG_SCALAR));
    for (const struct config_choice *c = key->choices; c->name != NULL; c++) {
        if (strcmp(node->text, c->name) == 0) {
            *value = c->value;
            return BM_OK;
        }
    }
    return unknown_choice(r, node, key);
}

static bm_status take_set(const struct reader *r,
                          const struct config_node *node,
                          const struct config_key *key, unsigned *value)
{
    unsigned one = 0;

    *value = 0;
    BM_TRY(must_be(r, node, CONFIG_SEQUENCE));
    for (const struct config_node *c = node->first; c != NULL; c = c->next) {
        BM_TRY(take_choice(r, c, key, &one));
        if ((*value & one) != 0) {
            return config_fail(r->error, c, BM_E_CONFIG_TWICE,
                               "\"%s\" occurs twice", c->text);
        }
        *value |= one;
    }
    return BM_OK;
}

/* ---- Mappings */

static const struct config_key *find_key(const struct config_key *keys,
                                         const char *name)
{
    for (; keys->name != NULL; keys++) {
        if (strcmp(keys->name, name) == 0) {
            return keys;
        }
    }
    return NULL;
}

static bm_status unknown_key(const struct reader *r,
                             const struct config_node *node,
                             const struct config_key *keys)
{
    struct config_node at = *node;
    size_t least = CONFIG_NEAR_MAX + 1;
    const char *near = NULL;

    at.line = node->key_line;
    at.column = node->key_column;
    for (; keys->name != NULL; keys++) {
        near =
            config_is_nearer(node->key, keys->name, &least) ? keys->name : near;
    }
    if (near != NULL) {
        return config_fail(r->error, &at, BM_E_CONFIG_KEY,
                           "unknown key \"%.60s\"; did you mean \"%s\"?",
                           node->key, near);
    }
    return config_fail(r->error, &at, BM_E_CONFIG_KEY, "unknown key \"%.60s\"",
                       node->key);
}

static bm_status missing(const struct reader *r, const struct config_node *node,
                         const struct config_key *keys)
{
    for (; keys->name != NULL; keys++) {
        if (keys->required && config_get(node, keys->name) == NULL) {
            return config_fail(r->error, node, BM_E_CONFIG_MISSING,
                               "\"%s\" is missing", keys->name);
        }
    }
    return BM_OK;
}

/* NOLINTBEGIN(misc-no-recursion): tables are nested as they are written */

/* A table inside of a table inside of...: as deep as the tables are. */
static bm_status take_mapping(const struct reader *r,
                              const struct config_node *node,
                              const struct config_key *keys, void *into)
{
    BM_TRY(must_be(r, node, CONFIG_MAPPING));
    for (const struct config_node *c = node->first; c != NULL; c = c->next) {
        const struct config_key *key = find_key(keys, c->key);

        if (key == NULL) {
            return unknown_key(r, c, keys);
        }
        BM_TRY(config_read_value(r->config, c, key,
                                 (uint8_t *)into + key->offset, r->error));
    }
    return missing(r, node, keys);
}

static bm_status take_list(const struct reader *r,
                           const struct config_node *node,
                           const struct config_key *key,
                           struct config_list *list)
{
    uint8_t *item;

    BM_TRY(must_be(r, node, CONFIG_SEQUENCE));
    BM_TRY(check_bounds(r, node, key, (int64_t)node->n));
    item = config_memory(r->config, node->n * key->size);
    if (item == NULL && node->n != 0) {
        return no_memory(r, node);
    }
    *list = (struct config_list){ item, node->n };
    for (const struct config_node *c = node->first; c != NULL; c = c->next) {
        BM_TRY(take_mapping(r, c, key->keys, item));
        item += key->size;
    }
    return BM_OK;
}

static bm_status take_number(const struct reader *r,
                             const struct config_node *node,
                             const struct config_key *key, int64_t *value)
{
    switch (key->type) {
    case CONFIG_DURATION:
        BM_TRY(config_take_duration(node, value, r->error));
        break;
    case CONFIG_TIME:
        return config_take_time(node, value, r->error);
    default:
        BM_TRY(config_take_integer(node, value, r->error));
        break;
    }
    return check_bounds(r, node, key, *value);
}

bm_status config_read_value(struct config *config,
                            const struct config_node *node,
                            const struct config_key *key, void *into,
                            struct config_error *error)
{
    const struct reader r = { config, error };

    switch (key->type) {
    case CONFIG_NODE:
        *(const struct config_node **)into = node;
        return BM_OK;
    case CONFIG_STRING:
        return take_string(&r, node, into);
    case CONFIG_STRINGS:
        return take_strings(&r, node, key, into);
    case CONFIG_BOOL:
        return config_take_bool(node, into, error);
    case CONFIG_INTEGER:
    case CONFIG_DURATION:
    case CONFIG_TIME:
        return take_number(&r, node, key, into);
    case CONFIG_CHOICE:
        return take_choice(&r, node, key, into);
    case CONFIG_SET:
        return take_set(&r, node, key, into);
    case CONFIG_SECTION:
        return take_mapping(&r, node, key->keys, into);
    case CONFIG_LIST:
        return take_list(&r, node, key, into);
    }
    return BM_E_INTERNAL;
}

/* NOLINTEND(misc-no-recursion) */

bm_status config_read(struct config *config, const struct config_node *node,
                      const struct config_key *keys, void *into,
                      struct config_error *error)
{
    const struct reader r = { config, error };

    return take_mapping(&r, node, keys, into);
}
