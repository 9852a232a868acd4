/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/internal.h"

#include <string.h>

/*
 * A key stands for one value or for a sequence of them. The node of the single
 * one is its own list.
 */

const struct config_node *policy_items(const struct config_node *node)
{
    switch (node->kind) {
    case CONFIG_SCALAR:
        return node;
    case CONFIG_SEQUENCE:
        return node->first;
    default:
        return NULL;
    }
}

const struct config_node *policy_items_next(const struct config_node *node,
                                            const struct config_node *item)
{
    return item == node ? NULL : item->next;
}

static size_t count(const struct config_node *node)
{
    return node->kind == CONFIG_SEQUENCE ? node->n : 1;
}

struct policy_range *policy_ranges(struct policy_reader *r,
                                   const struct config_node *node, size_t n)
{
    struct policy_range *ranges = NULL;
    bm_status rc = BM_E_LIMIT;

    if (n <= POLICY_RANGES_MAX - r->ranges) {
        r->ranges += n;
        ranges = config_memory(r->policy->config, n * sizeof *ranges);
        rc = BM_E_MEMORY;
    }
    if (ranges == NULL) {
        rc = config_fail(r->error, node, rc,
                         "the conditions of the policy are too many");
        (void)rc;
    }
    return ranges;
}

static bm_status no_value(struct policy_reader *r,
                          const struct config_node *node)
{
    return config_fail(r->error, node, BM_E_CONFIG_VALUE,
                       "%s must be a value or a sequence of values",
                       node->key != NULL ? node->key : "item");
}

static bm_status scalar(struct policy_reader *r, const struct config_node *item)
{
    return item->kind == CONFIG_SCALAR ? BM_OK : no_value(r, item);
}

/* ---- Groups */

enum {
    IS_IPV4 = 1,
    IS_IPV6 = 2,
    IS_MAC = 4
};

static unsigned take(const char *text, struct policy_range *range)
{
    if (policy_range_ipv4(text, range)) {
        return IS_IPV4;
    }
    if (policy_range_ipv6(text, range)) {
        return IS_IPV6;
    }
    return policy_range_mac(text, range) ? IS_MAC : 0;
}

static bool is_name(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return n != 0 && n <= POLICY_NAME_MAX && text[n] == '\0' &&
           strcmp(text, "any") != 0 && strcmp(text, "subnet") != 0 &&
           strcmp(text, "outside") != 0;
}

static bm_status check_group(struct policy_reader *r,
                             const struct config_node *group)
{
    unsigned all = 0;

    if (!is_name(group->key)) {
        return config_fail(r->error, group, BM_E_CONFIG_VALUE,
                           "a group is named by at most %d of a-z, 0-9, '-'",
                           POLICY_NAME_MAX);
    }
    if (group->kind != CONFIG_SEQUENCE || group->n == 0) {
        return config_fail(r->error, group, BM_E_CONFIG_VALUE,
                           "group %s must be a sequence, and not empty",
                           group->key);
    }
    for (const struct config_node *item = group->first; item != NULL;
         item = item->next) {
        struct policy_range range;
        unsigned is;

        BM_TRY(scalar(r, item));
        is = take(item->text, &range);
        if (is == 0) {
            return config_fail(r->error, item, BM_E_CONFIG_VALUE,
                               "\"%.60s\" is no address of IPv4, IPv6 or "
                               "Ethernet, range or prefix",
                               item->text);
        }
        all |= is;
        if ((all & IS_MAC) != 0 && all != IS_MAC) {
            return config_fail(r->error, item, BM_E_CONFIG_VALUE,
                               "group %s mixes addresses of Ethernet and IP",
                               group->key);
        }
    }
    return BM_OK;
}

bm_status policy_groups_check(struct policy_reader *r)
{
    if (r->groups == NULL) {
        return BM_OK;
    }
    if (r->groups->kind != CONFIG_MAPPING) {
        return config_fail(r->error, r->groups, BM_E_CONFIG_VALUE,
                           "groups must be a mapping");
    }
    for (const struct config_node *g = r->groups->first; g != NULL;
         g = g->next) {
        BM_TRY(check_group(r, g));
    }
    return BM_OK;
}

/* ---- Addresses: items of a rule, where some are names of groups */

/* Sets that are being gathered, one of each kind. */
struct gather {
    struct policy_range *ranges[3];
    size_t n[3];
};

static size_t index_of(unsigned is)
{
    return is == IS_IPV4 ? 0 : is == IS_IPV6 ? 1 : 2;
}

static void put(struct gather *g, const char *text)
{
    struct policy_range range;
    size_t i = index_of(take(text, &range));

    /* There is room for what was weighed. */
    if (g->ranges[i] != NULL) {
        g->ranges[i][g->n[i]++] = range;
    }
}

static const struct config_node *group_of(const struct policy_reader *r,
                                          const struct config_node *item)
{
    return r->groups != NULL ? config_get(r->groups, item->text) : NULL;
}

/* Is it an address of the wanted kinds, or such a group? How many, or 0. */
static size_t weigh(const struct policy_reader *r,
                    const struct config_node *item, unsigned wanted)
{
    const struct config_node *group = group_of(r, item);
    struct policy_range range;
    unsigned is;

    if (group == NULL) {
        is = take(item->text, &range);
        return (is & wanted) != 0 ? 1 : 0;
    }
    is = take(group->first->text, &range);
    return (is & wanted) != 0 ? group->n : 0;
}

static bm_status unknown(struct policy_reader *r,
                         const struct config_node *item, unsigned wanted)
{
    const char *what = wanted == IS_MAC ? "no address of Ethernet"
                                        : "no address, range or prefix";

    return config_fail(r->error, item, BM_E_CONFIG_VALUE,
                       "\"%.60s\" is %s, and no group of such", item->text,
                       what);
}

static void gather_item(const struct policy_reader *r,
                        const struct config_node *item, struct gather *g)
{
    const struct config_node *group = group_of(r, item);

    if (group == NULL) {
        put(g, item->text);
        return;
    }
    for (const struct config_node *c = group->first; c != NULL; c = c->next) {
        put(g, c->text);
    }
}

static void take_set(const struct gather *g, size_t i, struct policy_set *set)
{
    set->ranges = g->ranges[i];
    set->n = policy_ranges_join(g->ranges[i], g->n[i]);
}

/* Words that are no address: true if it was one. */
static bool take_word(struct policy_peers *peers, const char *text)
{
    if (strcmp(text, "subnet") == 0) {
        peers->subnet = true;
        return true;
    }
    if (strcmp(text, "outside") == 0) {
        peers->outside = true;
        return true;
    }
    return false;
}

static bm_status gather_peers(struct policy_reader *r,
                              const struct config_node *node,
                              struct policy_peers *peers)
{
    struct gather g = { .n = { 0 } };
    size_t n = 0;

    for (const struct config_node *i = policy_items(node); i != NULL;
         i = policy_items_next(node, i)) {
        size_t more = 0;

        BM_TRY(scalar(r, i));
        if (!take_word(peers, i->text)) {
            more = weigh(r, i, IS_IPV4 | IS_IPV6);
            if (more == 0) {
                return unknown(r, i, IS_IPV4 | IS_IPV6);
            }
        }
        n += more;
    }
    for (size_t i = 0; i < 2 && n != 0; i++) {
        g.ranges[i] = policy_ranges(r, node, n);
        if (g.ranges[i] == NULL) {
            return r->error->status;
        }
    }
    for (const struct config_node *i = policy_items(node); i != NULL;
         i = policy_items_next(node, i)) {
        if (strcmp(i->text, "subnet") != 0 && strcmp(i->text, "outside") != 0) {
            gather_item(r, i, &g);
        }
    }
    take_set(&g, 0, &peers->ipv4);
    take_set(&g, 1, &peers->ipv6);
    return BM_OK;
}

bm_status policy_peers_read(struct policy_reader *r,
                            const struct config_node *node,
                            struct policy_peers *peers)
{
    *peers = (struct policy_peers){ .any = node == NULL };
    if (node == NULL) {
        return BM_OK;
    }
    if (policy_items(node) == NULL) {
        return no_value(r, node);
    }
    if (node->kind == CONFIG_SCALAR && strcmp(node->text, "any") == 0) {
        peers->any = true;
        return BM_OK;
    }
    return gather_peers(r, node, peers);
}

bm_status policy_macs_read(struct policy_reader *r,
                           const struct config_node *node,
                           struct policy_set *set)
{
    struct gather g = { .n = { 0 } };
    size_t n = 0;

    if (policy_items(node) == NULL) {
        return no_value(r, node);
    }
    for (const struct config_node *i = policy_items(node); i != NULL;
         i = policy_items_next(node, i)) {
        size_t more;

        BM_TRY(scalar(r, i));
        more = weigh(r, i, IS_MAC);
        if (more == 0) {
            return unknown(r, i, IS_MAC);
        }
        n += more;
    }
    g.ranges[2] = policy_ranges(r, node, n);
    if (g.ranges[2] == NULL) {
        return r->error->status;
    }
    for (const struct config_node *i = policy_items(node); i != NULL;
         i = policy_items_next(node, i)) {
        gather_item(r, i, &g);
    }
    take_set(&g, 2, set);
    return BM_OK;
}

/* ---- Numbers */

bm_status policy_numbers_read(struct policy_reader *r,
                              const struct config_node *node, uint64_t max,
                              struct policy_set *set)
{
    size_t n = 0;

    if (policy_items(node) == NULL) {
        return no_value(r, node);
    }
    set->ranges = policy_ranges(r, node, count(node));
    if (set->ranges == NULL) {
        return r->error->status;
    }
    for (const struct config_node *i = policy_items(node); i != NULL;
         i = policy_items_next(node, i)) {
        BM_TRY(scalar(r, i));
        if (!policy_range_number(i->text, max, &set->ranges[n++])) {
            return config_fail(r->error, i, BM_E_CONFIG_VALUE,
                               "\"%.60s\" is no number up to %llu, and no "
                               "range of such: 7-9",
                               i->text, (unsigned long long)max);
        }
    }
    set->n = policy_ranges_join(set->ranges, n);
    return BM_OK;
}
