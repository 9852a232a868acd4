/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/publisher_cache.h"

#include <stdlib.h>
#include <string.h>

#include "store/siphash.h"

/* Three names for each of the answers that 16 MB hold, and some air. */
#define BUCKETS 32768

struct entry;

/* A name of an entry, in a chain of its bucket. */
struct node {
    struct node *next;
    struct entry *entry;
    struct cache_key key;
    bool is_linked;
};

struct entry {
    struct cached answer;
    struct entry *newer;
    struct entry *older;
    struct node node[CACHE_NAMES];
    uint8_t der[];
};

struct cache {
    uint8_t secret[16];
    size_t cap;
    size_t octets;
    size_t count;
    struct entry *newest;
    struct entry *oldest;
    struct node *bucket[BUCKETS];
};

bm_status cache_new(size_t octets, const uint8_t secret[16],
                    struct cache **cache)
{
    struct cache *c = calloc(1, sizeof *c);

    *cache = c;
    if (c == NULL) {
        return BM_E_MEMORY;
    }
    c->cap = octets;
    memcpy(c->secret, secret, sizeof c->secret);
    return BM_OK;
}

struct cache_key cache_key_of(const struct cache *c, enum cache_name name,
                              struct bm_bytes text)
{
    struct cache_key key = { .name = name };
    uint8_t secret[16];

    memcpy(secret, c->secret, sizeof secret);
    secret[0] = (uint8_t)(secret[0] ^ name);
    siphash_128(secret, text, key.hash);
    return key;
}

static struct node **bucket_of(struct cache *c, const struct cache_key *key)
{
    return &c->bucket[(key->hash[0] | (size_t)key->hash[1] << 8) % BUCKETS];
}

static struct node *find_node(struct cache *c, const struct cache_key *key)
{
    struct node *node = *bucket_of(c, key);

    while (node != NULL &&
           (node->key.name != key->name ||
            memcmp(node->key.hash, key->hash, sizeof key->hash) != 0)) {
        node = node->next;
    }
    return node;
}

static void link_node(struct cache *c, struct entry *e,
                      const struct cache_key *key)
{
    struct node *node = &e->node[key->name];
    struct node **bucket = bucket_of(c, key);

    *node = (struct node){
        .next = *bucket, .entry = e, .key = *key, .is_linked = true
    };
    *bucket = node;
}

static void unlink_node(struct cache *c, struct node *node)
{
    struct node **at = bucket_of(c, &node->key);

    if (!node->is_linked) {
        return;
    }
    while (*at != node) {
        at = &(*at)->next;
    }
    *at = node->next;
    node->is_linked = false;
}

static void put_newest(struct cache *c, struct entry *e)
{
    e->newer = NULL;
    e->older = c->newest;
    if (c->newest != NULL) {
        c->newest->newer = e;
    } else {
        c->oldest = e;
    }
    c->newest = e;
}

static void take_out(struct cache *c, struct entry *e)
{
    *(e->newer != NULL ? &e->newer->older : &c->newest) = e->older;
    *(e->older != NULL ? &e->older->newer : &c->oldest) = e->newer;
}

static size_t size_of(const struct bm_bytes response)
{
    return sizeof(struct entry) + response.n;
}

static void drop(struct cache *c, struct entry *e)
{
    for (size_t i = 0; i < CACHE_NAMES; i++) {
        unlink_node(c, &e->node[i]);
    }
    take_out(c, e);
    c->octets -= size_of(e->answer.response);
    c->count--;
    free(e);
}

void cache_free(struct cache *c)
{
    while (c != NULL && c->oldest != NULL) {
        drop(c, c->oldest);
    }
    free(c);
}

const struct cached *cache_find(struct cache *c, const struct cache_key *key)
{
    struct node *node = find_node(c, key);

    if (node == NULL) {
        return NULL;
    }
    if (node->entry != c->newest) {
        take_out(c, node->entry);
        put_newest(c, node->entry);
    }
    return &node->entry->answer;
}

static struct entry *new_entry(const struct cached *answer)
{
    struct entry *e = malloc(size_of(answer->response));

    if (e != NULL) {
        memset(e, 0, sizeof *e);
        e->answer = *answer;
        memcpy(e->der, answer->response.p, answer->response.n);
        e->answer.response.p = e->der;
    }
    return e;
}

/* All that an earlier answer was known by, its CertID too. */
static void inherit(struct cache *c, struct entry *e, struct entry *from)
{
    for (size_t i = 0; i < CACHE_NAMES; i++) {
        if (from->node[i].is_linked) {
            struct cache_key key = from->node[i].key;

            unlink_node(c, &from->node[i]);
            link_node(c, e, &key);
        }
    }
    drop(c, from);
}

bm_status cache_put(struct cache *c, const struct cache_key *key,
                    const struct cached *answer)
{
    struct node *old = find_node(c, key);
    struct entry *e;

    if (key->name != CACHE_CERTID || answer->response.n == 0) {
        return BM_E_ARGUMENT;
    }
    if (answer->response.n > c->cap || size_of(answer->response) > c->cap) {
        return BM_E_LIMIT;
    }
    e = new_entry(answer);
    if (e == NULL) {
        return BM_E_MEMORY;
    }
    if (old != NULL) {
        inherit(c, e, old->entry);
    } else {
        link_node(c, e, key);
    }
    put_newest(c, e);
    c->octets += size_of(e->answer.response);
    c->count++;
    while (c->octets > c->cap) {
        drop(c, c->oldest);
    }
    return BM_OK;
}

void cache_alias(struct cache *c, const struct cache_key *key,
                 const struct cache_key *alias)
{
    struct node *node = find_node(c, key);
    struct node *taken = find_node(c, alias);

    if (node == NULL || alias->name == CACHE_CERTID) {
        return;
    }
    if (taken != NULL) {
        unlink_node(c, taken);
    }
    unlink_node(c, &node->entry->node[alias->name]);
    link_node(c, node->entry, alias);
}

size_t cache_count(const struct cache *c)
{
    return c->count;
}

size_t cache_octets(const struct cache *c)
{
    return c->octets;
}
