/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/tpm2.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/internal.h"
#include "keys/tpm2_internal.h"

/* One for a line feed, one to tell a longer file. */
#define AUTH_FILE_MAX (BM_KEY_TPM2_AUTH_MAX + 1)

static bm_status read_secret(const char *path, uint8_t *buf, size_t *n)
{
    struct disk_file file = { -1, NULL, DISK_PRIVATE };
    bm_status rc;

    rc = disk_open_dir_of(path, &file.dir, &file.name);
    if (rc == BM_OK) {
        rc = disk_read_file(&file, buf, AUTH_FILE_MAX, n);
        (void)close(file.dir);
    }
    return rc == BM_E_NOT_FOUND || rc == BM_E_LIMIT ? BM_E_KEYS_SOURCE : rc;
}

bm_status tpm2_auth_read(const char *path, TPM2B_AUTH *auth)
{
    uint8_t buf[AUTH_FILE_MAX];
    size_t n = 0;
    bm_status rc;

    auth->size = 0;
    if (path[0] == '\0') {
        return BM_OK;
    }
    rc = read_secret(path, buf, &n);
    if (rc == BM_OK && n != 0 && buf[n - 1] == '\n') {
        n--;
    }
    if (rc == BM_OK && (n == 0 || n > BM_KEY_TPM2_AUTH_MAX)) {
        rc = BM_E_KEYS_SOURCE;
    }
    if (rc == BM_OK) {
        memcpy(auth->buffer, buf, n);
        auth->size = (UINT16)n;
    }
    bm_wipe(buf, sizeof buf);
    return rc;
}

/* The public half, as it is in the TPM or as somebody knows it. */
static bm_status take_spki(struct tpm2_key *k, struct bm_bytes spki)
{
    if (spki.n > sizeof k->spki) {
        return BM_E_KEY_UNSUPPORTED;
    }
    memcpy(k->spki, spki.p, spki.n);
    if (bm_spki_parse((struct bm_bytes){ k->spki, spki.n }, NULL,
                      &k->signer.key) != BM_OK ||
        bm_spki_weak(&k->signer.key) != BM_OK ||
        k->crypto->check_key(k->crypto->self, &k->signer.key) != BM_OK) {
        return BM_E_KEYS_TOKEN;
    }
    return BM_OK;
}

static bm_status take_public(struct tpm2_key *k, const TPMT_PUBLIC *area)
{
    const TPMA_OBJECT fixed = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                              TPMA_OBJECT_SENSITIVEDATAORIGIN;
    uint8_t room[TPM2_SPKI_MAX];
    struct bm_wr w;
    size_t n;

    BM_TRY(tpm2_key_use(area, &k->use));
    bm_wr_init(&w, room, sizeof room);
    BM_TRY(tpm2_put_spki(&w, area));
    BM_TRY(bm_wr_finish(&w, &n));
    if (k->signer.key.der.n == 0) {
        BM_TRY(take_spki(k, bm_wr_bytes(&w)));
    } else if (!bm_bytes_equal(k->signer.key.der, bm_wr_bytes(&w))) {
        return BM_E_KEY_MISMATCH;
    }
    k->signer.alg = k->use.alg;
    k->is_fixed = (area->objectAttributes & fixed) == fixed;
    return BM_OK;
}

/*
 * TPM 2.0 Part 1, 16: a name is a hash of all that is public. The first one
 * that is seen is that of the key.
 */
static bm_status check(struct tpm2_link *link, struct tpm2_key *k)
{
    TPM2B_PUBLIC *public = NULL;
    TPM2B_NAME *name = NULL;
    bm_status rc;

    rc = tpm2_link_status(link, Esys_ReadPublic(link->esys, k->tr, ESYS_TR_NONE,
                                                ESYS_TR_NONE, ESYS_TR_NONE,
                                                &public, &name, NULL));
    if (rc != BM_OK) {
        return rc;
    }
    if (k->name.size == 0) {
        rc = take_public(k, &public->publicArea);
        k->name.size = rc == BM_OK ? name->size : 0;
        memcpy(k->name.name, name->name, k->name.size);
    } else if (name->size != k->name.size ||
               memcmp(name->name, k->name.name, name->size) != 0) {
        rc = BM_E_KEY_MISMATCH;
    }
    Esys_Free(public);
    Esys_Free(name);
    return rc;
}

static bm_status find(struct tpm2_link *link, struct tpm2_key *k)
{
    bm_status rc;

    rc = tpm2_link_status(
        link, Esys_TR_FromTPMPublic(link->esys, k->handle, ESYS_TR_NONE,
                                    ESYS_TR_NONE, ESYS_TR_NONE, &k->tr));
    if (rc != BM_OK) {
        k->tr = ESYS_TR_NONE;
    }
    /* It was there once. */
    return rc == BM_E_NOT_FOUND && k->signer.key.der.n != 0 ? BM_E_KEYS_GONE
                                                            : rc;
}

/* The key over the present connection. */
bm_status tpm2_key_attach(struct tpm2_link *link, struct tpm2_key *k)
{
    bm_status rc;

    if (k->generation == link->generation) {
        return BM_OK;
    }
    BM_TRY(find(link, k));
    rc = check(link, k);
    if (rc != BM_OK) {
        (void)Esys_TR_Close(link->esys, &k->tr);
        return rc;
    }
    k->generation = link->generation;
    return BM_OK;
}

static void detach(struct tpm2_link *link, struct tpm2_key *k)
{
    if (k->generation == link->generation) {
        (void)Esys_TR_Close(link->esys, &k->tr);
    }
    k->generation = 0;
}

static bm_status run_attach(struct tpm2_link *link, void *arg)
{
    return tpm2_key_attach(link, arg);
}

bm_status tpm2_key_load(struct tpm2_key *k)
{
    const struct tpm2_work work = { run_attach, k, true };

    return tpm2_link_do(k->link, &work);
}

struct signing {
    struct tpm2_key *key;
    struct bm_bytes digest;
    uint8_t sig[BM_SIGNATURE_MAX];
    size_t n;
};

static bm_status take_signature(struct signing *s, const TPMT_SIGNATURE *sig)
{
    struct bm_wr w;

    bm_wr_init(&w, s->sig, sizeof s->sig);
    BM_TRY(tpm2_put_signature(&w, &s->key->signer.key, sig));
    return bm_wr_finish(&w, &s->n);
}

/* Part 3, 20.2: a digest from elsewhere has a ticket without contents. */
static const TPMT_TK_HASHCHECK no_ticket = { .tag = TPM2_ST_HASHCHECK,
                                             .hierarchy = TPM2_RH_NULL };

/* What a TPM signed wrongly under stress would give its key away. */
static bm_status verify(const struct signing *s)
{
    const struct tpm2_key *k = s->key;

    return k->crypto->verify_hash(k->crypto->self, &k->signer.key, k->use.alg,
                                  s->digest, (struct bm_bytes){ s->sig, s->n });
}

/* A wrong signature: of another key, if the TPM was exchanged behind us. */
static bm_status doubt(struct tpm2_link *link, struct tpm2_key *k)
{
    detach(link, k);
    BM_TRY(tpm2_key_attach(link, k));
    return BM_E_KEYS_TOKEN;
}

static bm_status ask(struct tpm2_link *link, struct signing *s)
{
    struct tpm2_key *k = s->key;
    TPM2B_DIGEST digest = { .size = (UINT16)s->digest.n };
    TPMT_SIGNATURE *sig = NULL;
    ESYS_TR session = ESYS_TR_PASSWORD;
    bm_status rc;

    memcpy(digest.buffer, s->digest.p, s->digest.n);
    if (k->auth.size != 0) {
        BM_TRY(tpm2_session_get(link, &session));
    }
    /* Each time: keys of one handle share what ESYS knows of it. */
    BM_TRY(
        tpm2_link_status(link, Esys_TR_SetAuth(link->esys, k->tr, &k->auth)));
    rc = tpm2_link_status(link, Esys_Sign(link->esys, k->tr, session,
                                          ESYS_TR_NONE, ESYS_TR_NONE, &digest,
                                          &k->use.scheme, &no_ticket, &sig));
    if (rc == BM_OK) {
        rc = take_signature(s, sig);
    }
    Esys_Free(sig);
    k->is_refused = rc == BM_E_KEYS_PIN;
    k->is_proven = k->is_proven || rc == BM_OK;
    return rc == BM_E_NOT_FOUND ? BM_E_KEYS_GONE : rc;
}

static bm_status run_sign(struct tpm2_link *link, void *arg)
{
    struct signing *s = arg;
    bm_status rc;

    BM_TRY(tpm2_key_attach(link, s->key));
    BM_TRY(ask(link, s));
    rc = verify(s);
    return rc == BM_E_SIGNATURE ? doubt(link, s->key) : rc;
}

static bm_status key_sign_hash(void *self, struct bm_bytes digest,
                               struct bm_wr *sig)
{
    struct tpm2_key *k = self;
    struct signing s = { .key = k, .digest = digest };
    const struct tpm2_work work = { run_sign, &s, true };

    if (digest.n != bm_hash_len(bm_sig_alg_hash(k->use.alg))) {
        return BM_E_ARGUMENT;
    }
    /* A wrong value is not tried twice: the TPM counts. */
    if (k->is_refused) {
        return BM_E_KEYS_PIN;
    }
    BM_TRY(tpm2_link_do(k->link, &work));
    bm_wr_put(sig, (struct bm_bytes){ s.sig, s.n });
    return BM_OK;
}

static bm_status key_sign(void *self, struct bm_bytes message,
                          struct bm_wr *sig)
{
    struct tpm2_key *k = self;
    enum bm_hash hash = bm_sig_alg_hash(k->use.alg);
    uint8_t digest[BM_HASH_MAX];

    BM_TRY(k->crypto->hash(k->crypto->self, hash, message, digest));
    return key_sign_hash(k, (struct bm_bytes){ digest, bm_hash_len(hash) },
                         sig);
}

bm_status tpm2_key_try(struct tpm2_key *k)
{
    uint8_t room[BM_SIGNATURE_MAX];
    struct bm_wr sig;

    bm_wr_init(&sig, room, sizeof room);
    return key_sign(k, BM_LIT("birthmark/tpm2/try"), &sig);
}

/* "TPM 0x81010001, ECDSA P-256, bound to it; IBM, firmware 20191023.163636" */
static void key_describe(void *self, struct bm_wr *words)
{
    const struct tpm2_key *k = self;
    const struct bm_spki *key = &k->signer.key;
    char text[32];

    (void)snprintf(text, sizeof text, "TPM 0x%08x, ", (unsigned)k->handle);
    bm_wr_str(words, text);
    bm_wr_str(words, bm_key_type_name(key->type));
    if (key->type == BM_KEY_RSA) {
        (void)snprintf(text, sizeof text, " %u", bm_spki_bits(key));
        bm_wr_str(words, text);
    }
    if (k->name.size == 0) {
        return; /* it was never seen */
    }
    bm_wr_str(words, k->is_fixed ? ", made in it" : ", made elsewhere");
    bm_wr_str(words, "; ");
    bm_wr_str(words, k->link->maker);
    (void)snprintf(text, sizeof text, ", firmware %x.%x",
                   (unsigned)k->link->firmware[0],
                   (unsigned)k->link->firmware[1]);
    bm_wr_str(words, text);
}

void tpm2_key_free(struct tpm2_key *k)
{
    if (k != NULL) {
        if (k->generation != 0) {
            tpm2_link_forget(k->link, k->generation, k->tr);
        }
        tpm2_link_put(k->link);
        bm_wipe(k, sizeof *k);
        free(k);
    }
}

static void key_close(void *self)
{
    tpm2_key_free(self);
}

/* Asked every few seconds: it signs once, and is looked at from then on. */
static bm_status run_look(struct tpm2_link *link, void *arg)
{
    detach(link, arg);
    return tpm2_key_attach(link, arg);
}

static bm_status key_ready(void *self)
{
    struct tpm2_key *k = self;
    const struct tpm2_work work = { run_look, k, true };

    if (!k->is_proven || k->is_refused) {
        return tpm2_key_try(k);
    }
    return tpm2_link_do(k->link, &work);
}

static bm_status key_init(struct tpm2_key *k, const struct tpm2_provider *p,
                          const struct bm_key_tpm2_uri *uri)
{
    const char *tcti = uri->tcti[0] == '\0' ? p->tcti : uri->tcti;
    struct bm_key_tpm2_tcti where;

    k->crypto = p->tools.crypto;
    k->handle = uri->handle;
    k->tr = ESYS_TR_NONE;
    k->signer.self = k;
    k->signer.sign = key_sign;
    k->signer.sign_hash = key_sign_hash;
    k->key = (struct bm_key){ .self = k,
                              .signer = &k->signer,
                              .describe = key_describe,
                              .close = key_close,
                              .ready = key_ready };
    if (p->only && strcmp(tcti, p->tcti) != 0) {
        return BM_E_KEYS_URI;
    }
    BM_TRY(bm_key_tpm2_tcti(tcti, &where));
    /* Now: a process that enters a sandbox could not, when it connects. */
    BM_TRY(tpm2_tcti_load(tcti));
    BM_TRY(tpm2_auth_read(uri->auth_file, &k->auth));
    return tpm2_link_get(tcti, &k->link);
}

bm_status tpm2_key_new(const struct tpm2_provider *p, const char *rest,
                       struct tpm2_key **key)
{
    struct bm_key_tpm2_uri uri;
    struct tpm2_key *k;
    bm_status rc;

    *key = NULL;
    BM_TRY(bm_key_tpm2_parse(rest, &uri));
    k = calloc(1, sizeof *k);
    if (k == NULL) {
        return BM_E_MEMORY;
    }
    rc = key_init(k, p, &uri);
    if (rc != BM_OK) {
        tpm2_key_free(k);
        return rc;
    }
    *key = k;
    return BM_OK;
}

/*
 * Whether an authorisation value is the right one is seen when it is used: at
 * once, and not when something waits to be signed.
 */
static bm_status tpm2_open(void *self, const char *rest, struct bm_key **key)
{
    struct tpm2_provider *p = self;
    struct tpm2_key *k = NULL;
    bm_status rc;

    *key = NULL;
    p->refused = 0;
    BM_TRY(tpm2_key_new(p, rest, &k));
    rc = tpm2_key_load(k);
    if (rc == BM_OK && k->auth.size != 0) {
        rc = tpm2_key_try(k);
    }
    p->refused = k->is_refused ? k->handle : 0;
    if (rc != BM_OK) {
        tpm2_key_free(k);
        return rc;
    }
    *key = &k->key;
    return BM_OK;
}

/* What it is used with is what a key of its kind is made for. */
static bm_status tpm2_expect(void *self, const char *rest, struct bm_bytes spki,
                             struct bm_key **key)
{
    const struct tpm2_provider *p = self;
    struct tpm2_key *k = NULL;
    bm_status rc;

    *key = NULL;
    BM_TRY(tpm2_key_new(p, rest, &k));
    /* Who expects a key has just opened it in vain: the TPM counts. */
    k->is_refused = p->refused == k->handle;
    rc = take_spki(k, spki);
    k->use.alg = bm_sig_alg_for(k->signer.key.type);
    k->signer.alg = k->use.alg;
    if (rc != BM_OK) {
        tpm2_key_free(k);
        return rc;
    }
    *key = &k->key;
    return BM_OK;
}

/* "" stays, NULL becomes it. BM_E_KEYS_URI when it is too long. */
static bm_status copy(char *out, size_t cap, const char *text)
{
    size_t n = text == NULL ? 0 : strlen(text);

    if (n >= cap) {
        return BM_E_KEYS_URI;
    }
    memcpy(out, text == NULL ? "" : text, n + 1);
    return BM_OK;
}

static bm_status configure(struct tpm2_provider *p,
                           const struct bm_key_tpm2_config *config)
{
    bool is_usual = config->tcti == NULL || config->tcti[0] == '\0';
    struct bm_key_tpm2_tcti where;

    p->tools = config->tools;
    p->only = config->only;
    BM_TRY(copy(p->tcti, sizeof p->tcti,
                is_usual ? BM_KEY_TPM2_TCTI_USUAL : config->tcti));
    BM_TRY(copy(p->owner_auth_file, sizeof p->owner_auth_file,
                config->owner_auth_file));
    return bm_key_tpm2_tcti(p->tcti, &where);
}

bm_status bm_key_tpm2_new(const struct bm_key_tpm2_config *config,
                          struct bm_key_provider **provider)
{
    struct tpm2_provider *p = calloc(1, sizeof *p);
    bm_status rc;

    *provider = NULL;
    if (p == NULL) {
        return BM_E_MEMORY;
    }
    rc = configure(p, config);
    if (rc != BM_OK) {
        free(p);
        return rc;
    }
    (void)setenv("TSS2_LOG", "all+NONE", 0);
    p->provider = (struct bm_key_provider){ .scheme = "tpm2",
                                            .sandbox = BM_KEY_SANDBOX_DEVICE,
                                            .self = p,
                                            .open = tpm2_open,
                                            .generate = tpm2_generate,
                                            .expect = tpm2_expect,
                                            .destroy = tpm2_destroy };
    *provider = &p->provider;
    return BM_OK;
}

void bm_key_tpm2_free(struct bm_key_provider *provider)
{
    if (provider != NULL) {
        free(provider->self);
    }
}
