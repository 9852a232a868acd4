/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_AUTHORITY_MAKER_H
#define BM_TESTS_AUTHORITY_MAKER_H

#include "ca/manufacturer.h"
#include "core/test/path_maker.h"
#include "tests/authority/world.h"

/*
 * A manufacturer with a root and a CA of its own, whose devices come to the
 * authority of a world.
 */

#define KEYS 64

static inline const struct bm_signer *key_of(uint8_t number)
{
    static const struct bm_signer *keys[KEYS];

    must(number < KEYS, "number of a key");
    if (keys[number] == NULL) {
        keys[number] = world_key();
    }
    return keys[number];
}

#define CA_USAGE (BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN)

/* A manufacturer with a root (key 1), a CA below it (key 2), and devices. */
static const struct spec root_spec = { .subject = "Acme-Root",
                                       .issuer = "Acme-Root",
                                       .key = 1,
                                       .signer = 1,
                                       .ca = true,
                                       .key_usage = CA_USAGE };
static const struct spec ca_spec = { .subject = "Acme-CA",
                                     .issuer = "Acme-Root",
                                     .key = 2,
                                     .signer = 1,
                                     .ca = true,
                                     .key_usage = CA_USAGE };
static const struct spec device_spec = { .subject = "#SN-1",
                                         .issuer = "Acme-CA",
                                         .key = 10,
                                         .signer = 2,
                                         .not_after = BM_TIME_NEVER };

struct maker {
    struct bm_cert root;
    struct bm_cert ca;
    struct bm_cert device;
};

static inline void make_maker(struct maker *m)
{
    maker_signer = key_of;
    (void)world_base();
    make(&m->root, &root_spec);
    make(&m->ca, &ca_spec);
    make(&m->device, &device_spec);
}

static inline struct ca_manufacturer_order order_of(const struct maker *m,
                                                    const char *name)
{
    return (struct ca_manufacturer_order){ .name = name,
                                           .rule = STORE_RULE_NONE,
                                           .anchors = m->root.der };
}

static inline bm_status add(struct world *w, const struct ca_actor *actor,
                            const struct ca_manufacturer_order *order)
{
    return ca_manufacturer_add(w->ca, actor, order, w->now, NULL);
}

/* Ask with an IDevID, and what is sent with it. */
struct ask {
    const struct bm_cert *idevid;
    struct bm_bytes chain;
    const char *name; /* that the request says; or NULL */
    const struct bm_signer *key;
    const char *profile;
};

static inline bm_status ask(struct world *w, const struct ask *a,
                            struct issued *out)
{
    struct request q;
    struct ca_issue_request r = { .actor = &est,
                                  .by = CA_BY_IDEVID,
                                  .profile =
                                      a->profile != NULL ? a->profile : LDEVID,
                                  .csr = &q.csr,
                                  .presented = a->idevid->der,
                                  .chain = a->chain };

    request_make(&q, a->key != NULL ? a->key : world_key(), a->name, NULL);
    return world_issue(w, &r, out);
}

static inline bm_status come(struct world *w, const struct bm_cert *idevid,
                             const struct maker *m, struct issued *out)
{
    const struct ask a = { .idevid = idevid, .chain = m->ca.der };

    return ask(w, &a, out);
}
static inline void begin_with(struct world *w, struct maker *m,
                              enum store_revocation_rule rule)
{
    struct ca_manufacturer_order order;

    world_open(w);
    make_maker(m);
    order = order_of(m, "acme");
    order.cas = m->ca.der;
    order.rule = rule;
    must(add(w, &admin, &order) == BM_OK, "acme");
}

static inline void make_other(struct maker *m)
{
    static const struct spec root = { .subject = "Other-Root",
                                      .issuer = "Other-Root",
                                      .key = 21,
                                      .signer = 21,
                                      .ca = true,
                                      .key_usage = CA_USAGE };
    static const struct spec device = {
        .subject = "#SN-1", .issuer = "Other-Root", .key = 23, .signer = 21
    };

    make(&m->root, &root);
    make(&m->ca, &root);
    make(&m->device, &device);
}

#endif
