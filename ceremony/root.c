/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/file.h"

void root_close(struct root *root)
{
    bm_key_close(root->key);
    bm_key_file_free(root->files);
    bm_kek_close(root->kek);
    free(root->der);
    root->key = NULL;
    root->files = NULL;
    root->kek = NULL;
    root->der = NULL;
}

static bm_status begin(struct root *root, const char *dir,
                       const struct bm_key_tools *tools, struct ca_refusal *why)
{
    memset(root, 0, sizeof *root);
    root->tools = *tools;
    if (strlen(dir) >= sizeof root->dir) {
        return ca_refuse(why, BM_E_LIMIT, "%s", dir);
    }
    memcpy(root->dir, dir, strlen(dir) + 1);
    return BM_OK;
}

/* ---- Key */

static bool is_file(const char *uri)
{
    return strncmp(uri, "file:", 5) == 0;
}

static bm_status open_keys(struct root *root, struct ca_refusal *why)
{
    struct bm_key_file_config config = {
        .tools = root->tools,
        .dir = root->dir,
        .kek = root->kek,
    };
    bm_status rc = bm_key_file_new(&config, &root->files);

    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", root->dir);
}

/* The secret: the caller's, or that of the file, which is made or read. */
static bm_status take_secret(const struct root *root, const uint8_t *given,
                             bool make, uint8_t secret[BM_UNLOCK_SIZE],
                             struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    struct bm_unlock_source source = { .kind = BM_UNLOCK_FILE, .path = path };
    bm_status rc;

    if (given != NULL) {
        memcpy(secret, given, BM_UNLOCK_SIZE);
        return BM_OK;
    }
    BM_TRY(files_path(path, root->dir, "unlock"));
    rc = make ? bm_unlock_create(root->tools.crypto, path, secret)
              : bm_unlock_read(root->tools.crypto, &source, secret);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", path);
}

/* Of throw-away keys. */
static const struct bm_scrypt_cost rehearsal_cost = { BM_KEK_LOG_N_MIN, 8, 1 };

static bm_status open_kek(struct root *root, const struct root_access *access,
                          bool make, struct ca_refusal *why)
{
    char kek[FILES_PATH_MAX];
    uint8_t secret[BM_UNLOCK_SIZE];
    struct bm_kek_config config = { .tools = root->tools,
                                    .path = kek,
                                    .secret = secret,
                                    .cost = access->rehearsal ? &rehearsal_cost
                                                              : NULL };
    bm_status rc;

    BM_TRY(files_path(kek, root->dir, "kek"));
    BM_TRY(take_secret(root, access->secret, make, secret, why));
    rc = make ? bm_kek_create(&config, &root->kek)
              : bm_kek_open(&config, &root->kek);
    bm_wipe(secret, sizeof secret);
    return rc == BM_OK ? open_keys(root, why) : ca_refuse(why, rc, "%s", kek);
}

static bm_status make_key(struct root *root, const struct root_access *access,
                          const struct bm_key_spec *spec,
                          struct ca_refusal *why)
{
    bm_status rc;

    if (is_file(access->uri)) {
        BM_TRY(open_kek(root, access, true, why));
        rc = root->files->generate(root->files->self, access->uri + 5, spec,
                                   &root->key);
    } else {
        rc = access->tokens == NULL
                 ? BM_E_KEYS_URI
                 : bm_key_generate(access->tokens, access->uri, spec,
                                   &root->key);
    }
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", access->uri);
}

bm_status root_make_key(struct root *root, const struct root_access *access,
                        const struct bm_key_spec *spec, struct ca_refusal *why)
{
    bm_status rc = begin(root, access->dir, &access->tools, why);

    if (rc == BM_OK) {
        rc = make_key(root, access, spec, why);
    }
    if (rc != BM_OK) {
        root_close(root);
    }
    return rc;
}

static bm_status open_key(struct root *root, const struct root_access *access,
                          struct ca_refusal *why)
{
    bm_status rc;

    if (is_file(access->uri)) {
        BM_TRY(open_kek(root, access, false, why));
        rc = root->files->open(root->files->self, access->uri + 5, &root->key);
    } else {
        rc = access->tokens == NULL
                 ? BM_E_KEYS_URI
                 : bm_key_open(access->tokens, access->uri, &root->key);
    }
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", access->uri);
}

/* ---- Certificate */

static bm_status read_cert(struct root *root, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    size_t n;
    bm_status rc;

    BM_TRY(files_path(path, root->dir, "root.pem"));
    BM_TRY(files_get_pem(path, "CERTIFICATE", &root->der, &n, why));
    rc = bm_cert_parse((struct bm_bytes){ root->der, n }, BM_STRICT, NULL,
                       &root->cert);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", path);
}

bm_status root_read_cert(struct root *root, const char *dir,
                         struct ca_refusal *why)
{
    const struct bm_key_tools none = { NULL, NULL };
    bm_status rc = begin(root, dir, &none, why);

    if (rc == BM_OK) {
        rc = read_cert(root, why);
    }
    if (rc != BM_OK) {
        root_close(root);
    }
    return rc;
}

bm_status root_open(struct root *root, const struct root_access *access,
                    struct ca_refusal *why)
{
    bm_status rc = begin(root, access->dir, &access->tools, why);

    if (rc == BM_OK) {
        rc = read_cert(root, why);
    }
    if (rc == BM_OK) {
        rc = open_key(root, access, why);
    }
    if (rc == BM_OK &&
        !bm_bytes_equal(root->key->signer->key.der, root->cert.key.der)) {
        rc = ca_refuse(why, BM_E_KEY_MISMATCH, "%s/root.pem is not of %s",
                       root->dir, access->uri);
    }
    /* What it says limits what is signed, and children are told to trust it. */
    if (rc == BM_OK) {
        rc = access->tools.crypto->verify(access->tools.crypto->self,
                                          &root->cert.key, root->cert.sig_alg,
                                          root->cert.tbs, root->cert.signature);
        rc = rc == BM_OK ? BM_OK
                         : ca_refuse(why, rc,
                                     "%s/root.pem is not signed by "
                                     "itself",
                                     root->dir);
    }
    if (rc != BM_OK) {
        root_close(root);
    }
    return rc;
}

bm_status root_put_cert(struct root *root, struct bm_bytes der,
                        struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    uint8_t *copy = malloc(der.n);

    if (copy == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    memcpy(copy, der.p, der.n);
    free(root->der);
    root->der = copy;
    BM_TRY(bm_cert_parse((struct bm_bytes){ copy, der.n }, BM_STRICT, NULL,
                         &root->cert));
    BM_TRY(files_path(path, root->dir, "root.pem"));
    return files_put_pem(path, "CERTIFICATE", root->cert.der, why);
}

/* ---- Signing */

/* 16 octets, as the authority's (ca/authority.h). */
bm_status root_make_serial(const struct root *root, int64_t now,
                           uint8_t serial[ROOT_SERIAL_SIZE])
{
    uint64_t ms = (uint64_t)now * 1000;

    for (size_t i = 0; i < 6; i++) {
        serial[i] = (uint8_t)(ms >> (40 - 8 * i));
    }
    return root->tools.crypto->random(root->tools.crypto->self, serial + 6, 10);
}

bm_status root_plan(struct root *root, const struct root_plan *plan,
                    struct bm_wr *tbs, struct bm_cert *cert,
                    struct ca_refusal *why)
{
    bool self_signed = ca_profile_policy(plan->profile)->self_signed;
    struct ca_profile_issuer by = { .id = plan->id,
                                    .cert = self_signed ? NULL : &root->cert,
                                    .sig_alg = root->key->signer->alg,
                                    .public_url = plan->public_url,
                                    .crypto = root->tools.crypto };

    BM_TRY(ca_profile_bind(plan->profile, &by, why));
    BM_TRY(ca_profile_fill(plan->profile, plan->request, tbs, why));
    return ca_profile_check(plan->profile, bm_wr_bytes(tbs), cert, why);
}

bm_status root_sign(struct root *root, struct bm_bytes tbs, struct bm_wr *whole,
                    struct ca_refusal *why)
{
    const struct bm_crypto *crypto = root->tools.crypto;
    const struct bm_signer *signer = root->key->signer;
    uint8_t room[BM_SIGNATURE_MAX];
    struct bm_wr sig;
    bm_status rc;

    bm_wr_init(&sig, room, sizeof room);
    rc = signer->sign(signer->self, tbs, &sig);
    if (rc == BM_OK && sig.len > sig.cap) {
        rc = BM_E_BUFFER;
    }
    if (rc == BM_OK) {
        rc = crypto->verify(crypto->self, &signer->key, signer->alg, tbs,
                            bm_wr_bytes(&sig));
    }
    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    bm_cert_assemble(whole, tbs, signer->alg, bm_wr_bytes(&sig));
    return whole->len > whole->cap ? ca_refuse_plain(why, BM_E_BUFFER) : BM_OK;
}

struct bm_crl_config root_crl_config(const struct root *root, int64_t now,
                                     int64_t lifetime, struct bm_bytes number)
{
    return (struct bm_crl_config){ .issuer = root->cert.subject,
                                   .this_update = now,
                                   .next_update = now + lifetime,
                                   .number = number,
                                   .aki = bm_exts_ski(&root->cert.ext),
                                   .crypto = root->tools.crypto,
                                   .sig_alg = root->key->signer->alg };
}

static bm_status put_crl(void *self, struct bm_bytes octets)
{
    bm_wr_put(self, octets);
    return BM_OK;
}

bm_status root_plan_crl(const struct bm_crl_config *config,
                        const struct bm_crl_source *source, struct bm_wr *tbs,
                        struct ca_refusal *why)
{
    struct bm_crl_sink sink = { tbs, put_crl };
    struct bm_crl_writer writer;
    bm_status rc = bm_crl_writer_open(&writer, config, source);

    if (rc == BM_OK) {
        rc = bm_crl_writer_tbs(&writer, &sink);
    }
    bm_crl_writer_close(&writer);
    if (rc == BM_OK && tbs->len > tbs->cap) {
        rc = BM_E_LIMIT;
    }
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

/* ---- As `birthmark init` does it, all at once */

static struct bm_bytes shipped(const char *name)
{
    for (const struct ca_profile_shipped *p = ca_profiles_shipped;
         p->name != NULL; p++) {
        if (strcmp(p->name, name) == 0) {
            return (struct bm_bytes){ (const uint8_t *)p->text,
                                      strlen(p->text) };
        }
    }
    return (struct bm_bytes){ NULL, 0 };
}

/* By the shipped profile of that name. */
static bm_status sign(struct root *root, const char *name,
                      struct ca_profile_request *request, struct bm_wr *cert,
                      struct ca_refusal *why)
{
    struct root_plan plan = { .id = "root",
                              .public_url = "",
                              .request = request };
    uint8_t *room = malloc(CA_TBS_MAX);
    uint8_t serial[ROOT_SERIAL_SIZE];
    struct bm_cert parsed;
    struct bm_wr tbs;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        goto out;
    }
    rc = ca_profile_parse(shipped(name), name, &plan.profile, why);
    if (rc != BM_OK) {
        goto out;
    }
    rc = root_make_serial(root, request->now, serial);
    if (rc != BM_OK) {
        goto out;
    }
    request->serial = BM_ARRAY(serial);
    bm_wr_init(&tbs, room, CA_TBS_MAX);
    rc = root_plan(root, &plan, &tbs, &parsed, why);
    if (rc == BM_OK) {
        rc = root_sign(root, bm_wr_bytes(&tbs), cert, why);
    }

out:
    request->serial = (struct bm_bytes){ NULL, 0 };
    ca_profile_free(plan.profile);
    free(room);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

static bm_status make_cert(struct root *root, struct bm_bytes subject,
                           int64_t now, struct ca_refusal *why)
{
    uint8_t cert[CA_CERT_MAX];
    const struct bm_csr csr = { .subject = subject,
                                .key = root->key->signer->key };
    struct ca_profile_request r = { .csr = &csr,
                                    .subject = subject,
                                    .now = now };
    struct bm_wr c;

    bm_wr_init(&c, cert, sizeof cert);
    BM_TRY(sign(root, "root", &r, &c, why));
    return root_put_cert(root, bm_wr_bytes(&c), why);
}

bm_status root_create(struct root *root, const struct root_config *config,
                      struct ca_refusal *why)
{
    const struct root_access access = { .dir = config->dir,
                                        .tools = config->tools,
                                        .uri = ROOT_KEY_URI };
    const struct bm_key_spec spec = { .type = config->type, .rsa_bits = 4096 };
    bm_status rc;

    memset(root, 0, sizeof *root);
    rc = files_make_dir(config->dir, 0700, why);
    if (rc == BM_OK) {
        rc = root_make_key(root, &access, &spec, why);
    }
    if (rc == BM_OK) {
        rc = make_cert(root, config->subject, config->now, why);
    }
    if (rc != BM_OK) {
        root_close(root);
        return ca_refuse_plain(why, rc);
    }
    return BM_OK;
}

bm_status root_sign_ca(struct root *root, const struct bm_csr *csr,
                       struct bm_bytes subject, int64_t now, struct bm_wr *cert,
                       struct ca_refusal *why)
{
    struct ca_profile_request r = { .csr = csr,
                                    .subject = subject,
                                    .now = now };
    bm_status rc = bm_csr_verify(csr, root->tools.crypto);

    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    return sign(root, "sub-ca", &r, cert, why);
}

/* Digits and a line end: anything else would begin the numbers anew. */
static bm_status take_number(const char *text, uint64_t *v)
{
    char *end = NULL;

    if (text[0] < '0' || text[0] > '9') {
        return BM_E_CONFIG_VALUE;
    }
    errno = 0;
    *v = strtoull(text, &end, 10);
    return errno == 0 && strcmp(end, "\n") == 0 && *v < INT64_MAX
               ? BM_OK
               : BM_E_CONFIG_VALUE;
}

bm_status root_read_number(const struct root *root, uint64_t *number,
                           struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    char text[32];
    uint8_t *old = NULL;
    size_t n;
    bm_status rc;

    *number = 0;
    BM_TRY(files_path(path, root->dir, "number"));
    rc = files_read(path, sizeof text - 1, &old, &n, NULL);
    if (rc == BM_OK) {
        memcpy(text, old, n);
        text[n] = '\0';
        rc = take_number(text, number);
        free(old);
    }
    return rc == BM_OK || rc == BM_E_NOT_FOUND ? BM_OK
                                               : ca_refuse(why, rc, "%s", path);
}

/* The number of the last list, in a file of its own; none before the first. */
static bm_status next_number(struct root *root, uint8_t number[8],
                             struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    char text[32];
    uint64_t v;

    BM_TRY(root_read_number(root, &v, why));
    v++;
    for (size_t i = 0; i < 8; i++) {
        number[i] = (uint8_t)(v >> (56 - 8 * i));
    }
    BM_TRY(files_path(path, root->dir, "number"));
    (void)snprintf(text, sizeof text, "%llu\n", (unsigned long long)v);
    return files_replace(
        path, (struct bm_bytes){ (const uint8_t *)text, strlen(text) }, 0600,
        why);
}

static bm_status no_rewind(void *self)
{
    (void)self;
    return BM_OK;
}

static bm_status no_entry(void *self, struct bm_crl_entry *entry)
{
    (void)self;
    (void)entry;
    return BM_E_END;
}

bm_status root_sign_crl(struct root *root, int64_t now, struct bm_wr *crl,
                        struct ca_refusal *why)
{
    uint8_t number[8];
    uint8_t room[2048];
    struct bm_crl_source source = { NULL, no_rewind, no_entry };
    struct bm_crl_config config;
    struct bm_wr tbs;

    BM_TRY(next_number(root, number, why));
    config = root_crl_config(root, now, ROOT_CRL_LIFETIME, BM_ARRAY(number));
    bm_wr_init(&tbs, room, sizeof room);
    BM_TRY(root_plan_crl(&config, &source, &tbs, why));
    return root_sign(root, bm_wr_bytes(&tbs), crl, why);
}
