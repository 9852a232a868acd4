/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <stdlib.h>

/*
 * Any text is refused with a place, or becomes a tree that keeps its word:
 * within its limits, keys once and in mappings only, lengths right.
 */
static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

static size_t walk(const struct config_node *node, bool in_mapping, int depth)
{
    size_t children = 0;
    size_t all = 1;

    must(depth <= CONFIG_DEPTH_MAX + 1);
    must(node->line >= 1 && node->column >= 1);
    must((node->key != NULL) == in_mapping);
    must((node->text != NULL) == (node->kind == CONFIG_SCALAR));
    if (node->kind == CONFIG_SCALAR) {
        must(node->text[node->n] == '\0' && node->first == NULL);
        return 1;
    }
    for (const struct config_node *c = node->first; c != NULL; c = c->next) {
        all += walk(c, node->kind == CONFIG_MAPPING, depth + 1);
        must(!in_mapping || node->kind != CONFIG_MAPPING ||
             config_get(node, c->key) == c);
        children++;
    }
    must(children == node->n);
    return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config;
    struct config_error error;
    bm_status rc =
        config_parse((struct bm_bytes){ data, size }, &config, &error);

    must(error.status == rc);
    if (rc == BM_OK) {
        must(walk(config_root(config), false, 1) <= CONFIG_NODES_MAX);
    } else {
        must(config == NULL && error.line >= 1 && error.column >= 1 &&
             error.words[0] != '\0');
    }
    config_free(config);
    return 0;
}
