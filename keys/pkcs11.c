/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/pkcs11.h"

#include <stdlib.h>
#include <string.h>

#include "keys/pkcs11_internal.h"

/* As in files: beyond is slower than anybody wants to wait for. */
#define RSA_BITS_MAX 4096

struct p11_provider {
    struct bm_key_provider provider;
    struct bm_key_pkcs11_config config; /* its strings are below */
    const char *modules[BM_PKCS11_MODULES_MAX + 1];
    struct p11_module *held[BM_PKCS11_MODULES_MAX]; /* those that are loaded */
    char *text[BM_PKCS11_MODULES_MAX + 1]; /* paths, and that of the PIN */
};

/* ---- A key */

static void key_close(void *self)
{
    struct p11_key *k = self;

    if (k != NULL) {
        p11_token_put(k->token);
        free(k->spki);
        free(k);
    }
}

static void put_name(struct bm_wr *w, const struct p11_name *name)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < name->n; i++) {
        uint8_t c = name->octets[i];

        if (c > ' ' && c < 0x7f && c != '%') {
            bm_wr_u8(w, c);
        } else {
            bm_wr_u8(w, '%');
            bm_wr_u8(w, (uint8_t)hex[c >> 4]);
            bm_wr_u8(w, (uint8_t)hex[c & 15]);
        }
    }
}

/* "token factory, key issuing, ECDSA P-256, never outside of it" */
static void key_describe(void *self, struct bm_wr *words)
{
    const struct p11_key *k = self;
    const struct bm_spki *key = &k->signer.key;
    const char *label = k->token->label;
    struct p11_name token = { .n = strlen(label) };
    unsigned bits = bm_spki_bits(key);

    memcpy(token.octets, label, token.n);
    bm_wr_str(words, "token ");
    if (token.n != 0) {
        put_name(words, &token);
    } else { /* it was never seen */
        bm_wr_str(words, k->token->name);
    }
    bm_wr_str(words, ", key ");
    put_name(words, k->label.n != 0 ? &k->label : &k->id);
    bm_wr_str(words, ", ");
    bm_wr_str(words, bm_key_type_name(key->type));
    if (key->type == BM_KEY_RSA) {
        bm_wr_u8(words, ' ');
        for (unsigned unit = 1000; unit != 0; unit /= 10) {
            bm_wr_u8(words, (uint8_t)('0' + bits / unit % 10));
        }
    }
    if (k->seen) {
        bm_wr_str(words, k->captive ? ", never outside of it"
                                    : ", may have been outside of it");
    }
}

static bm_status key_ready(void *self)
{
    struct p11_key *k = self;
    const struct p11_work work = { .arg = k, .act = p11_key_probe };

    return p11_run(k->token, &work);
}

static void take_name(struct p11_name *name, const struct ck_attribute *a)
{
    if (a != NULL) {
        memcpy(name->octets, a->value, a->value_len);
        name->n = a->value_len;
    }
}

/* A key of a URI in one module, not yet found there. */
static bm_status key_new(const struct p11_provider *p, struct p11_module *m,
                         const struct p11_uri *u, struct p11_key **key)
{
    struct p11_key *k = calloc(1, sizeof *k);
    bm_status rc;

    *key = NULL;
    if (k == NULL) {
        return BM_E_MEMORY;
    }
    k->crypto = p->config.tools.crypto;
    take_name(&k->label, u->label);
    take_name(&k->id, u->id);
    rc = p11_token_get(m, u, &p->config, &k->token);
    if (rc != BM_OK) {
        free(k);
        return rc;
    }
    k->key = (struct bm_key){ .self = k,
                              .signer = &k->signer,
                              .describe = key_describe,
                              .close = key_close,
                              .ready = key_ready };
    *key = k;
    return BM_OK;
}

/* ---- Which module */

/* The `i`th; it is loaded when it is used for the first time. */
static bm_status hold(struct p11_provider *p, size_t i, struct p11_module **m)
{
    bm_status rc = BM_OK;

    if (p->held[i] == NULL) {
        rc = p11_module_get(p->modules[i], &p->held[i]);
    }
    *m = p->held[i];
    return rc;
}

static bm_status work_in(struct p11_provider *p, size_t module,
                         const struct p11_uri *u, struct p11_make *make)
{
    struct p11_work work = { .writes = make->spec != NULL || make->destroy,
                             .once = make->spec != NULL };
    struct p11_module *m;
    bm_status rc;

    make->key = NULL;
    BM_TRY(hold(p, module, &m));
    BM_TRY(key_new(p, m, u, &make->key));
    work.arg = make;
    work.act = make->destroy        ? p11_key_destroy
               : make->spec != NULL ? p11_key_make
                                    : p11_key_find;
    rc = p11_run(make->key->token, &work);
    if (rc != BM_OK) {
        key_close(make->key);
        make->key = NULL;
    }
    return rc;
}

/* The one that the URI names, or the one in which its token is. */
static bm_status work_somewhere(struct p11_provider *p, const struct p11_uri *u,
                                struct p11_make *make)
{
    bm_status rc = BM_E_KEYS_MODULE;

    for (size_t i = 0; p->modules[i] != NULL; i++) {
        if (u->module != NULL && strcmp(u->module, p->modules[i]) != 0) {
            continue;
        }
        rc = work_in(p, i, u, make);
        /* One that went while it made a key may have made it. */
        if (rc != BM_E_KEYS_GONE || make->acted) {
            return rc;
        }
    }
    return rc;
}

static bm_status open_or_make(struct p11_provider *p, const char *rest,
                              const struct bm_key_spec *spec,
                              struct bm_key **key)
{
    struct p11_make make = { .spec = spec };
    struct p11_uri u;
    bm_status rc;

    *key = NULL;
    BM_TRY(p11_uri_parse(rest, &u));
    rc = spec != NULL && u.label == NULL ? BM_E_KEYS_URI
                                         : work_somewhere(p, &u, &make);
    p11_uri_wipe(&u);
    if (rc == BM_OK) {
        *key = &make.key->key;
    }
    return rc;
}

static bm_status provider_open(void *self, const char *rest,
                               struct bm_key **key)
{
    return open_or_make(self, rest, NULL, key);
}

static bm_status provider_generate(void *self, const char *rest,
                                   const struct bm_key_spec *spec,
                                   struct bm_key **key)
{
    *key = NULL;
    switch (spec->type) {
    case BM_KEY_RSA:
        if (spec->rsa_bits < BM_RSA_BITS_MIN || spec->rsa_bits > RSA_BITS_MAX) {
            return BM_E_ARGUMENT;
        }
        return open_or_make(self, rest, spec, key);
    case BM_KEY_P256:
    case BM_KEY_P384:
    case BM_KEY_ED25519:
        return open_or_make(self, rest, spec, key);
    default:
        return BM_E_KEY_UNSUPPORTED;
    }
}

/* Where there are several modules, and the URI names none, nobody can tell in
 * which one it will be. */
static bm_status which_module(const struct p11_provider *p,
                              const struct p11_uri *u, size_t *module)
{
    *module = 0;
    if (u->module == NULL) {
        return p->modules[0] == NULL   ? BM_E_KEYS_MODULE
               : p->modules[1] != NULL ? BM_E_KEYS_GONE
                                       : BM_OK;
    }
    while (p->modules[*module] != NULL &&
           strcmp(p->modules[*module], u->module) != 0) {
        ++*module;
    }
    return p->modules[*module] != NULL ? BM_OK : BM_E_KEYS_MODULE;
}

static bm_status expect_in(struct p11_provider *p, const struct p11_uri *u,
                           struct bm_bytes spki, struct p11_key **key)
{
    struct p11_module *m;
    size_t module;
    bm_status rc;

    BM_TRY(which_module(p, u, &module));
    BM_TRY(hold(p, module, &m));
    BM_TRY(key_new(p, m, u, key));
    rc = p11_key_know(*key, spki);
    if (rc != BM_OK) {
        key_close(*key);
        *key = NULL;
    }
    return rc;
}

static bm_status provider_expect(void *self, const char *rest,
                                 struct bm_bytes spki, struct bm_key **key)
{
    struct p11_key *made = NULL;
    struct p11_uri u;
    bm_status rc;

    *key = NULL;
    BM_TRY(p11_uri_parse(rest, &u));
    rc = expect_in(self, &u, spki, &made);
    p11_uri_wipe(&u);
    if (rc == BM_OK) {
        *key = &made->key;
    }
    return rc;
}

/* Both halves go by the same name, so the name has to be said. */
static bm_status provider_destroy(void *self, const char *rest)
{
    struct p11_make make = { .destroy = true };
    struct p11_uri u;
    bm_status rc;

    BM_TRY(p11_uri_parse(rest, &u));
    rc = u.label == NULL ? BM_E_KEYS_URI : work_somewhere(self, &u, &make);
    p11_uri_wipe(&u);
    if (rc == BM_OK) {
        key_close(make.key);
    }
    return rc;
}

/* ---- The provider */

static bm_status copy(const char *from, char **to)
{
    *to = strdup(from);
    return *to == NULL ? BM_E_MEMORY : BM_OK;
}

static bm_status copy_config(struct p11_provider *p,
                             const struct bm_key_pkcs11_config *config)
{
    size_t n = 0;

    p->config = *config;
    for (; config->modules != NULL && config->modules[n] != NULL; n++) {
        if (n == BM_PKCS11_MODULES_MAX) {
            return BM_E_LIMIT;
        }
        BM_TRY(copy(config->modules[n], &p->text[n]));
        p->modules[n] = p->text[n];
    }
    p->config.modules = p->modules;
    if (config->pin_file != NULL) {
        BM_TRY(copy(config->pin_file, &p->text[BM_PKCS11_MODULES_MAX]));
        p->config.pin_file = p->text[BM_PKCS11_MODULES_MAX];
    }
    return BM_OK;
}

bm_status bm_key_pkcs11_new(const struct bm_key_pkcs11_config *config,
                            struct bm_key_provider **provider)
{
    struct p11_provider *p = calloc(1, sizeof *p);
    bm_status rc;

    *provider = NULL;
    if (p == NULL) {
        return BM_E_MEMORY;
    }
    p->provider = (struct bm_key_provider){ .scheme = "pkcs11",
                                            .sandbox = BM_KEY_SANDBOX_MODULE,
                                            .self = p,
                                            .open = provider_open,
                                            .generate = provider_generate,
                                            .expect = provider_expect,
                                            .destroy = provider_destroy };
    rc = copy_config(p, config);
    if (rc != BM_OK) {
        bm_key_pkcs11_free(&p->provider);
        return rc;
    }
    *provider = &p->provider;
    return BM_OK;
}

void bm_key_pkcs11_free(struct bm_key_provider *provider)
{
    struct p11_provider *p;

    if (provider != NULL) {
        p = provider->self;
        for (size_t i = 0; i < BM_PKCS11_MODULES_MAX; i++) {
            p11_module_put(p->held[i]);
        }
        for (size_t i = 0; i <= BM_PKCS11_MODULES_MAX; i++) {
            free(p->text[i]);
        }
        free(p);
    }
}
