/* SPDX-License-Identifier: Apache-2.0 */

/* The CAs of an instance: their rows, certificates and keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/setup.h"
#include "server/instance_internal.h"

static bm_status copy(struct bm_bytes from, uint8_t **to, struct bm_bytes *view)
{
    *to = NULL;
    *view = (struct bm_bytes){ NULL, 0 };
    if (from.n == 0) {
        return BM_OK;
    }
    *to = malloc(from.n);
    if (*to == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(*to, from.p, from.n);
    *view = (struct bm_bytes){ *to, from.n };
    return BM_OK;
}

static bm_status keep_ca(void *arg, const void *visited)
{
    struct instance *in = arg;
    const struct store_ca *row = visited;
    struct instance_ca *c;

    if (in->cas_n == INSTANCE_CAS_MAX) {
        return BM_E_LIMIT;
    }
    c = &in->cas[in->cas_n++];
    c->row = *row;
    if (row->ecosystem != 0) {
        BM_TRY(ca_bundle_list_of(
            in->store, &(struct store_scope){ row->ecosystem, 0 }, &c->list));
    }
    BM_TRY(copy(row->cert, &c->der, &c->row.cert));
    BM_TRY(copy(row->ocsp_cert, &c->ocsp_der, &c->row.ocsp_cert));
    BM_TRY(bm_cert_parse(c->row.cert, BM_STRICT, NULL, &c->cert));
    if (c->row.ocsp_cert.n != 0) {
        BM_TRY(bm_cert_parse(c->row.ocsp_cert, BM_STRICT, NULL, &c->ocsp_cert));
    }
    return BM_OK;
}

bm_status instance_read_cas(struct instance *in, struct ca_refusal *why)
{
    struct store *s = in->store;
    struct store_visit visit = { in, keep_ca };
    bm_status rc = s->begin(s->self, STORE_READ);

    if (rc == BM_OK) {
        rc = s->ca_list(s->self, &(struct store_scope){ 0, 0 }, &visit);
        s->rollback(s->self);
    }
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "certificates of the CAs");
    }
    return BM_OK;
}

bm_status instance_open_ca_keys(struct instance *in, struct ca_refusal *why)
{
    for (size_t i = 0; i < in->cas_n; i++) {
        struct instance_ca *c = &in->cas[i];

        BM_TRY(key_folder_get(&in->keys, c->row.key_uri, c->cert.key.der,
                              &c->key, why));
    }
    return BM_OK;
}

bm_status instance_open_ocsp_keys(struct instance *in, struct ca_refusal *why)
{
    for (size_t i = 0; i < in->cas_n; i++) {
        struct instance_ca *c = &in->cas[i];

        BM_TRY(key_folder_get(&in->keys, c->row.ocsp_key_uri,
                              c->ocsp_cert.key.der, &c->ocsp_key, why));
    }
    return BM_OK;
}

unsigned long instance_generation(const char *id, const char *name)
{
    size_t n = strlen(name);
    char *end;
    unsigned long g;

    if (strncmp(id, name, n) != 0) {
        return 0;
    }
    if (id[n] == '\0') {
        return 1;
    }
    if (id[n] != '-') {
        return 0;
    }
    g = strtoul(id + n + 1, &end, 10);
    return *end == '\0' && end != id + n + 1 ? g : 0;
}

const struct instance_ca *instance_find_ca(const struct instance *in,
                                           const char *id)
{
    const struct instance_ca *best = NULL;
    unsigned long best_generation = 0;

    for (size_t i = 0; i < in->cas_n; i++) {
        const struct instance_ca *c = &in->cas[i];
        unsigned long g;

        if (strcmp(c->row.id, id) == 0 && strchr(id, '-') != NULL) {
            return c;
        }
        g = instance_generation(c->row.id, id);
        if (g > best_generation && c->row.status == STORE_CA_ACTIVE) {
            best = c;
            best_generation = g;
        }
    }
    return best;
}

/* Devices are many; servers and operators are not. */
static bool is_sharded(const struct instance_ca *c)
{
    return c->row.kind == STORE_CA_ISSUING;
}

uint32_t instance_shards(const struct instance *in, const struct instance_ca *c)
{
    uint32_t now = in->settings.crl_shards;

    return is_sharded(c) && c->row.status == STORE_CA_ACTIVE &&
                   now > c->row.shards
               ? now
               : c->row.shards;
}

bm_status instance_note_shards(struct instance *in, int64_t now,
                               struct ca_refusal *why)
{
    static const struct ca_actor authority = { .name = "authority",
                                               .mode = "start",
                                               .authority = true };

    for (size_t i = 0; i < in->cas_n; i++) {
        struct instance_ca *c = &in->cas[i];
        struct store_ca row = c->row;

        row.shards = instance_shards(in, c);
        if (row.shards != c->row.shards) {
            BM_TRY(ca_install(in->ca, &authority, &row, now, why));
            c->row.shards = row.shards;
        }
    }
    return BM_OK;
}

const struct instance_ca *instance_get_ca(const struct instance *in,
                                          const char *id)
{
    for (size_t i = 0; i < in->cas_n; i++) {
        if (strcmp(in->cas[i].row.id, id) == 0) {
            return &in->cas[i];
        }
    }
    return NULL;
}

/* Who knows only an earlier root gets from this one to that (NewWithOld). */
static void put_links(const struct instance *in, const struct instance_ca *root,
                      struct bm_wr *w)
{
    for (size_t i = 0; root != NULL && i < in->cas_n; i++) {
        const struct instance_ca *c = &in->cas[i];

        if (c->row.kind == STORE_CA_LINK && c->row.status == STORE_CA_ACTIVE &&
            bm_bytes_equal(c->cert.key.der, root->cert.key.der)) {
            bm_wr_put(w, c->cert.der);
        }
    }
}

bm_status instance_put_chain(const struct instance *in, const char *id,
                             bool links, struct bm_wr *w)
{
    size_t n;

    /* Parents are rows of the store: a ring of them must not hold us up. */
    for (size_t i = 0; i < in->cas_n; i++) {
        const struct instance_ca *c = instance_get_ca(in, id);

        if (c == NULL || c->row.kind == STORE_CA_ROOT) {
            put_links(in, links ? c : NULL, w);
            break;
        }
        bm_wr_put(w, c->cert.der);
        id = c->row.parent;
    }
    return bm_wr_finish(w, &n);
}

bool instance_is_waiting(const struct instance *in, const struct waiting_key *w)
{
    return w->kind != WAITING_SERVER && instance_get_ca(in, w->id) == NULL;
}

const char *instance_unfinished(const struct instance *in)
{
    for (size_t i = 0; i < in->waiting.n; i++) {
        const struct waiting_key *w = &in->waiting.item[i];

        if (w->kind != WAITING_SERVER && instance_get_ca(in, w->id) != NULL) {
            return w->id;
        }
    }
    return NULL;
}

bool instance_says_why(const struct instance *in, const char *name,
                       char words[CA_ASIDE_WORDS_MAX])
{
    const char *end = NULL;
    const char *id = NULL;

    for (size_t i = 0; i < in->cas_n; i++) {
        if (instance_generation(in->cas[i].row.id, name) != 0) {
            id = in->cas[i].row.id;
            end = "is retired";
        }
    }
    for (size_t i = 0; i < in->waiting.n; i++) {
        const struct waiting_key *w = &in->waiting.item[i];

        if (instance_is_waiting(in, w) &&
            instance_generation(w->id, name) != 0) {
            id = w->id;
            end = "waits for its certificate: birthmark ca install";
        }
    }
    if (id != NULL) {
        (void)snprintf(words, CA_ASIDE_WORDS_MAX, "CA %s %s", id, end);
    }
    return id != NULL;
}

bm_status instance_is_founded(const struct instance *in, bool finished,
                              bool *founded)
{
    bool wanted = true;

    *founded = false;
    for (size_t i = 0; i < in->cas_n && !*founded; i++) {
        *founded = in->cas[i].row.kind == STORE_CA_OPERATIONS;
    }
    if (*founded) {
        BM_TRY(instance_wants_operator(in, finished, &wanted));
        *founded = !wanted;
    }
    return BM_OK;
}

/* It is ours to keep no longer. */
static bm_status put_aside(struct instance *in, struct ca_profile *profile,
                           const char *words)
{
    const struct ca_profile_policy *policy = ca_profile_policy(profile);
    struct ca_aside *aside = &in->aside[in->aside_n++];

    (void)snprintf(aside->profile, sizeof aside->profile, "%s", policy->name);
    (void)snprintf(aside->words, sizeof aside->words, "%s", words);
    aside->identity = policy->identity;
    ca_profile_free(profile);
    return BM_OK;
}

/* Up to the root; what does not fit is refused when it is installed. */
static size_t list_above(const struct instance *in, const struct instance_ca *c,
                         const struct bm_cert *above[CA_PROFILE_ABOVE_MAX])
{
    size_t n = 0;

    while (n < CA_PROFILE_ABOVE_MAX && c->row.parent[0] != '\0') {
        c = instance_get_ca(in, c->row.parent);
        if (c == NULL) {
            break;
        }
        above[n++] = &c->cert;
    }
    return n;
}

bm_status instance_bind(struct instance *in, const struct instance_binding *b,
                        struct ca_refusal *why)
{
    const struct ca_profile_policy *policy = ca_profile_policy(b->profile);
    const char *ca = b->ca;
    bool aside = ca == NULL && !b->old;
    const struct instance_ca *c =
        ca != NULL ? instance_get_ca(in, ca) : instance_find_ca(in, policy->ca);
    struct ca_profile_issuer issuer = { .public_url = in->settings.public_url,
                                        .crypto = in->port.crypto };
    const struct bm_cert *above[CA_PROFILE_ABOVE_MAX];
    struct ca_refusal inner = { .status = BM_OK };
    char words[CA_ASIDE_WORDS_MAX];
    bm_status rc;

    if (in->profiles_n == INSTANCE_PROFILES_MAX ||
        in->aside_n == INSTANCE_PROFILES_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "over %d profiles",
                         INSTANCE_PROFILES_MAX);
    }
    if (c == NULL && aside && instance_says_why(in, policy->ca, words)) {
        return put_aside(in, b->profile, words);
    }
    if (c == NULL) {
        return ca_refuse(why,
                         b->old ? BM_E_CA_UNAVAILABLE : BM_E_PROFILE_ISSUER,
                         "%s: there is no CA %s", policy->name, policy->ca);
    }
    issuer.above = above;
    issuer.above_n = list_above(in, c, above);
    issuer.id = c->row.id;
    issuer.cert = &c->cert;
    issuer.sig_alg =
        c->key != NULL ? c->key->signer->alg : bm_sig_alg_for(c->cert.key.type);
    issuer.shards = instance_shards(in, c);
    rc = ca_profile_bind(b->profile, &issuer, &inner);
    if (rc == BM_E_PROFILE_ISSUER && aside) {
        /* It is in order, and this CA may not sign it: others go on. */
        return put_aside(in, b->profile, inner.words);
    }
    if (rc != BM_OK) {
        return ca_refuse(why, b->old ? BM_E_CA_UNAVAILABLE : rc, "%s",
                         inner.words);
    }
    in->profiles[in->profiles_n++] =
        (struct ca_bound){ .profile = b->profile,
                           .version = b->version,
                           .old = b->old,
                           .ca = c->row.id,
                           .shards =
                               is_sharded(c) ? in->settings.crl_shards : 0 };
    return BM_OK;
}
