/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/internal.h"

#include <stddef.h>
#include <string.h>

/*
 * Built-in services: rules in the language itself, which an author opens by a
 * name. They are there in modes normal and repair, since a device that is to
 * be repaired needs an address, names, the time, and its certificates.
 */

/* What an author may say otherwise. */
enum {
    MAY_PEER = 1,
    MAY_PORT = 2,
    MAY_RATE = 4
};

static const struct service {
    const char *name;
    unsigned may;
    const char *rules;
} services[] = {
    { "arp", MAY_PEER | MAY_RATE,
      "- { name: arp, direction: [in, out], protocol: arp, verdict: allow,\n"
      "    modes: [normal, repair] }\n" },
    /* RFC 4861, RFC 4862; listener reports are RFC 3810's, for switches.
     * Redirects are left out: nobody is to send a device elsewhere. */
    { "nd", MAY_RATE,
      "- { name: nd-in, direction: in, protocol: icmpv6, verdict: allow,\n"
      "    modes: [normal, repair],\n"
      "    kind: [neighbour-solicitation, neighbour-advertisement,\n"
      "           router-advertisement, listener-query] }\n"
      "- { name: nd-out, direction: out, protocol: icmpv6, verdict: allow,\n"
      "    modes: [normal, repair],\n"
      "    kind: [neighbour-solicitation, neighbour-advertisement,\n"
      "           router-solicitation, listener-report, listener-done,\n"
      "           listener-report-2] }\n" },
    /* RFC 2131, RFC 8415: without flows, since who is asked at a broadcast
     * address answers from another. */
    { "dhcp", 0,
      "- { name: dhcp4-in, direction: in, protocol: udp, family: ipv4,\n"
      "    port: 68, source_port: 67, flows: false, verdict: allow,\n"
      "    modes: [normal, repair] }\n"
      "- { name: dhcp4-out, direction: out, protocol: udp, family: ipv4,\n"
      "    port: 67, source_port: 68, flows: false, verdict: allow,\n"
      "    modes: [normal, repair] }\n"
      "- { name: dhcp6-in, direction: in, protocol: udp, family: ipv6,\n"
      "    port: 546, source_port: 547, flows: false, verdict: allow,\n"
      "    modes: [normal, repair] }\n"
      "- { name: dhcp6-out, direction: out, protocol: udp, family: ipv6,\n"
      "    port: 547, source_port: 546, flows: false, verdict: allow,\n"
      "    modes: [normal, repair] }\n" },
    { "dns", MAY_PEER,
      "- { name: dns, direction: out, protocol: [udp, tcp], port: 53,\n"
      "    verdict: allow, modes: [normal, repair] }\n" },
    { "ntp", MAY_PEER,
      "- { name: ntp, direction: out, protocol: udp, port: 123,\n"
      "    verdict: allow, modes: [normal, repair] }\n" },
    /* The port of birthmarkd for devices. */
    { "est", MAY_PEER | MAY_PORT,
      "- { name: est, direction: out, protocol: tcp, port: 8443,\n"
      "    verdict: allow, modes: [normal, repair] }\n" },
};

#define SERVICES (sizeof services / sizeof services[0])

/* One service as it is asked for: a name, or a mapping with more. */
struct use {
    const char *name;
    const struct config_node *at;
    const struct config_node *peer;
    const struct config_node *port;
    const struct config_node *rate;
    unsigned modes;
};

static const struct config_choice mode_choices[] = {
    { "normal", 1u << POLICY_NORMAL },
    { "lockdown", 1u << POLICY_LOCKDOWN },
    { "repair", 1u << POLICY_REPAIR },
    { NULL, 0 },
};

#define KEY(kind, key, member) \
    .name = (key), .type = (kind), .offset = offsetof(struct use, member)

static const struct config_key keys[] = {
    { KEY(CONFIG_STRING, "name", name), .required = true },
    { KEY(CONFIG_NODE, "peer", peer) },
    { KEY(CONFIG_NODE, "port", port) },
    { KEY(CONFIG_NODE, "rate", rate) },
    { KEY(CONFIG_SET, "modes", modes), .choices = mode_choices },
    { .name = NULL },
};

static const struct service *find(const char *name)
{
    for (size_t i = 0; i < SERVICES; i++) {
        if (strcmp(services[i].name, name) == 0) {
            return &services[i];
        }
    }
    return NULL;
}

static bm_status may_not(struct policy_reader *r,
                         const struct config_node *node, const char *service)
{
    return config_fail(r->error, node, BM_E_CONFIG_KEY,
                       "%s is not a matter of the service %s", node->key,
                       service);
}

static bm_status read_use(struct policy_reader *r,
                          const struct config_node *item, struct use *use,
                          const struct service **service)
{
    *use = (struct use){ .name = item->text, .at = item };
    if (item->kind != CONFIG_SCALAR) {
        BM_TRY(config_read(r->policy->config, item, keys, use, r->error));
    }
    *service = find(use->name);
    if (*service == NULL) {
        return config_fail(r->error, item, BM_E_CONFIG_VALUE,
                           "unknown service \"%.60s\": arp, nd, dhcp, dns, "
                           "ntp, est",
                           use->name);
    }
    if (use->peer != NULL && ((*service)->may & MAY_PEER) == 0) {
        return may_not(r, use->peer, use->name);
    }
    if (use->port != NULL && ((*service)->may & MAY_PORT) == 0) {
        return may_not(r, use->port, use->name);
    }
    if (use->rate != NULL && ((*service)->may & MAY_RATE) == 0) {
        return may_not(r, use->rate, use->name);
    }
    return BM_OK;
}

/* The words of the service, with those of its user in their places. */
static bm_status add_rule(struct policy_reader *r, const struct use *use,
                          const struct service *service,
                          const struct config_node *node)
{
    struct policy_words words;

    BM_TRY(policy_words_read(r, node, &words));
    words.at = use->at;
    words.builtin = service->name;
    words.peer = use->peer != NULL ? use->peer : words.peer;
    words.port = use->port != NULL ? use->port : words.port;
    words.rate = use->rate != NULL ? use->rate : words.rate;
    words.modes = use->modes != 0 ? use->modes : words.modes;
    return policy_rule_add(r, &words);
}

static bm_status add_service(struct policy_reader *r, const struct use *use,
                             const struct service *service)
{
    struct bm_bytes text = { (const uint8_t *)service->rules,
                             strlen(service->rules) };
    struct config *config = NULL;
    bm_status rc = config_parse(text, &config, r->error);

    if (rc == BM_OK) {
        const struct config_node *i = config_root(config)->first;

        for (; rc == BM_OK && i != NULL; i = i->next) {
            rc = add_rule(r, use, service, i);
        }
    }
    config_free(config);
    return rc;
}

bm_status policy_builtin_read(struct policy_reader *r,
                              const struct config_node *node)
{
    for (const struct config_node *i = node->first; i != NULL; i = i->next) {
        const struct service *service;
        struct use use;

        BM_TRY(read_use(r, i, &use, &service));
        BM_TRY(add_service(r, &use, service));
    }
    return BM_OK;
}
