/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_compiling.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/oid.h"

/* Small parts of a profile: identifiers, patterns, templates, networks. */

bm_status profile_keep(const struct profile_compiler *c,
                       const struct config_node *node, struct bm_bytes from,
                       struct bm_bytes *to)
{
    uint8_t *p = config_memory(c->config, from.n + 1);

    if (p == NULL) {
        return config_fail(c->error, node, BM_E_MEMORY, "out of memory");
    }
    if (from.n != 0) {
        memcpy(p, from.p, from.n);
    }
    *to = (struct bm_bytes){ p, from.n };
    return BM_OK;
}

const struct config_node *profile_item(const struct config_node *list, size_t i)
{
    const struct config_node *node = list->first;

    while (i-- != 0) {
        node = node->next;
    }
    return node;
}

/* An OID has fewer octets than its dotted form has characters. */
#define OID_OCTETS_MAX 128

static bm_status keep_oid(const struct profile_compiler *c,
                          const struct config_node *node, const char *text,
                          bm_status (*read)(struct bm_bytes text,
                                            struct bm_wr *w),
                          struct bm_bytes *oid)
{
    struct bm_bytes in = { (const uint8_t *)text, strlen(text) };
    uint8_t buf[OID_OCTETS_MAX];
    struct bm_wr w;
    size_t n;
    bm_status rc;

    bm_wr_init(&w, buf, sizeof buf);
    rc = read(in, &w);
    if (rc == BM_OK) {
        rc = bm_wr_finish(&w, &n);
    }
    if (rc != BM_OK) {
        return rc;
    }
    return profile_keep(c, node, bm_wr_bytes(&w), oid);
}

bm_status profile_compile_oid(const struct profile_compiler *c,
                              const struct config_node *node, const char *text,
                              struct bm_bytes *oid)
{
    bm_status rc = keep_oid(c, node, text, bm_oid_from_dotted, oid);

    if (rc == BM_OK || rc == BM_E_MEMORY) {
        return rc;
    }
    return config_fail(c->error, node, BM_E_PROFILE,
                       "\"%.60s\" is no object identifier", text);
}

bm_status profile_compile_attribute(const struct profile_compiler *c,
                                    const struct config_node *node,
                                    const char *text, struct bm_bytes *type)
{
    bm_status rc = keep_oid(c, node, text, bm_oid_from_attribute, type);

    if (rc == BM_OK || rc == BM_E_MEMORY) {
        return rc;
    }
    return config_fail(c->error, node, BM_E_PROFILE,
                       "unknown attribute \"%.60s\"", text);
}

bm_status profile_compile_pattern(const struct profile_compiler *c,
                                  const struct config_node *node,
                                  const char *text,
                                  const struct ca_pattern **pattern)
{
    struct ca_pattern *p = config_memory(c->config, sizeof *p);
    const char *words;
    size_t at;

    if (p == NULL) {
        return config_fail(c->error, node, BM_E_MEMORY, "out of memory");
    }
    if (ca_pattern_compile(text, p, &at, &words) != BM_OK) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "pattern, at character %zu: %s", at + 1, words);
    }
    *pattern = p;
    return BM_OK;
}

bm_status profile_compile_template(const struct profile_compiler *c,
                                   const struct config_node *node,
                                   const char *text, struct profile_template *t)
{
    static const char hole[] = "{device}";
    const char *at = strstr(text, hole);

    if (at == NULL || strstr(at + 1, hole) != NULL) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "a template has {device} in it, once");
    }
    t->before = (struct bm_bytes){ (const uint8_t *)text, (size_t)(at - text) };
    at += sizeof hole - 1;
    t->after = (struct bm_bytes){ (const uint8_t *)at, strlen(at) };
    if (memchr(t->before.p, '{', t->before.n) != NULL ||
        strchr(at, '{') != NULL) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "{device} is all that a template can have");
    }
    return BM_OK;
}

bm_status profile_compile_net(const struct profile_compiler *c,
                              const struct config_node *node, const char *text,
                              struct profile_net *net)
{
    const char *slash = strchr(text, '/');
    char base[INET6_ADDRSTRLEN];
    size_t n = slash != NULL ? (size_t)(slash - text) : sizeof base;
    unsigned bits = 0;

    *net = (struct profile_net){ .n = 0 };
    if (n >= sizeof base ||
        strspn(slash + 1, "0123456789") != strlen(slash + 1) ||
        strlen(slash + 1) - 1 > 2) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "\"%.60s\" is no network like 10.0.0.0/8", text);
    }
    memcpy(base, text, n);
    base[n] = '\0';
    for (const char *p = slash + 1; *p != '\0'; p++) {
        bits = 10 * bits + (unsigned)(*p - '0');
    }
    net->n = inet_pton(AF_INET, base, net->base) == 1    ? 4
             : inet_pton(AF_INET6, base, net->base) == 1 ? 16
                                                         : 0;
    for (unsigned i = 0; i < bits && i < 8U * net->n; i++) {
        net->mask[i / 8] |= (uint8_t)(0x80U >> i % 8);
    }
    for (size_t i = 0; i < net->n; i++) {
        if ((net->base[i] & ~net->mask[i]) != 0) {
            bits = 1000; /* host bits are set: not what was meant */
        }
    }
    if (net->n == 0 || bits > 8U * net->n) {
        return config_fail(c->error, node, BM_E_PROFILE,
                           "\"%.60s\" is no network like 10.0.0.0/8", text);
    }
    return BM_OK;
}
