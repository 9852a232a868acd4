/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/profile.h"
#include "core/crl.h"
#include "keys/file.h"

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

static bm_status make_key(struct root *root, enum bm_key_type type,
                          struct ca_refusal *why)
{
    char unlock[FILES_PATH_MAX];
    char kek[FILES_PATH_MAX];
    uint8_t secret[BM_UNLOCK_SIZE];
    struct bm_kek_config config = {
        .tools = root->tools,
        .path = kek,
        .secret = secret,
    };
    struct bm_key_spec spec = { .type = type, .rsa_bits = 4096 };
    bm_status rc;

    BM_TRY(files_path(unlock, root->dir, "unlock"));
    BM_TRY(files_path(kek, root->dir, "kek"));
    rc = bm_unlock_create(root->tools.crypto, unlock, secret);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "%s", unlock);
    }
    rc = bm_kek_create(&config, &root->kek);
    bm_wipe(secret, sizeof secret);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "%s", kek);
    }
    BM_TRY(open_keys(root, why));
    rc =
        root->files->generate(root->files->self, "root.key", &spec, &root->key);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s/root.key", root->dir);
}

/* 16 octets, as the authority's (design, section 5). */
static bm_status make_serial(struct root *root, int64_t now, uint8_t serial[16])
{
    uint64_t ms = (uint64_t)now * 1000;

    for (size_t i = 0; i < 6; i++) {
        serial[i] = (uint8_t)(ms >> (40 - 8 * i));
    }
    return root->tools.crypto->random(root->tools.crypto->self, serial + 6, 10);
}

/* By the profile of that name; `issuer` NULL: for itself. */
static bm_status sign(struct root *root, const char *name,
                      struct ca_profile_request *request,
                      const struct bm_cert *issuer, struct bm_wr *cert,
                      struct ca_refusal *why)
{
    struct ca_profile_issuer by = { .id = "root",
                                    .cert = issuer,
                                    .sig_alg = root->key->signer->alg,
                                    .public_url = "",
                                    .crypto = root->tools.crypto };
    struct ca_profile *profile = NULL;
    uint8_t *room = malloc(CA_TBS_MAX + BM_SIGNATURE_MAX);
    uint8_t serial[16];
    struct bm_cert parsed;
    struct bm_wr tbs;
    struct bm_wr sig;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        goto out;
    }
    rc = ca_profile_parse(shipped(name), name, &profile, why);
    if (rc != BM_OK) {
        goto out;
    }
    rc = ca_profile_bind(profile, &by, why);
    if (rc != BM_OK) {
        goto out;
    }
    rc = make_serial(root, request->now, serial);
    if (rc != BM_OK) {
        goto out;
    }
    request->serial = BM_ARRAY(serial);
    bm_wr_init(&tbs, room, CA_TBS_MAX);
    bm_wr_init(&sig, room + CA_TBS_MAX, BM_SIGNATURE_MAX);
    rc = ca_profile_fill(profile, request, &tbs, why);
    if (rc != BM_OK) {
        goto out;
    }
    rc = ca_profile_check(profile, bm_wr_bytes(&tbs), &parsed, why);
    if (rc != BM_OK) {
        goto out;
    }
    rc = root->key->signer->sign(root->key->signer->self, bm_wr_bytes(&tbs),
                                 &sig);
    if (rc != BM_OK) {
        goto out;
    }
    bm_cert_assemble(cert, bm_wr_bytes(&tbs), root->key->signer->alg,
                     bm_wr_bytes(&sig));

out:
    request->serial = (struct bm_bytes){ NULL, 0 };
    ca_profile_free(profile);
    free(room);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

static bm_status make_cert(struct root *root, struct bm_bytes subject,
                           int64_t now, struct ca_refusal *why)
{
    uint8_t request[CA_TBS_MAX];
    uint8_t cert[CA_CERT_MAX];
    char path[FILES_PATH_MAX];
    struct bm_csr_config wish = { .subject = subject };
    struct bm_csr csr;
    struct ca_profile_request r = { .csr = &csr,
                                    .subject = subject,
                                    .now = now };
    struct bm_wr w;
    struct bm_wr c;

    bm_wr_init(&w, request, sizeof request);
    BM_TRY(bm_csr_build(&wish, root->key->signer, &w));
    BM_TRY(bm_csr_parse(bm_wr_bytes(&w), NULL, &csr));
    bm_wr_init(&c, cert, sizeof cert);
    BM_TRY(sign(root, "root", &r, NULL, &c, why));
    root->der = malloc(c.len);
    if (root->der == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    memcpy(root->der, cert, c.len);
    BM_TRY(bm_cert_parse((struct bm_bytes){ root->der, c.len }, BM_STRICT, NULL,
                         &root->cert));
    BM_TRY(files_path(path, root->dir, "root.pem"));
    return files_put_pem(path, "CERTIFICATE", root->cert.der, why);
}

bm_status root_create(struct root *root, const struct root_config *config,
                      struct ca_refusal *why)
{
    bm_status rc = BM_E_LIMIT;

    memset(root, 0, sizeof *root);
    root->tools = config->tools;
    if (strlen(config->dir) < sizeof root->dir) {
        memcpy(root->dir, config->dir, strlen(config->dir) + 1);
        rc = files_make_dir(root->dir, 0700, why);
    }
    if (rc == BM_OK) {
        rc = make_key(root, config->type, why);
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
    return sign(root, "sub-ca", &r, &root->cert, cert, why);
}

/* Digits and a line end: anything else would begin the numbers anew. */
static bm_status take_number(const char *text, unsigned long long *v)
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

/* The number of the last list, in a file of its own; none before the first. */
static bm_status next_number(struct root *root, uint8_t number[8],
                             struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    char text[32];
    uint8_t *old = NULL;
    size_t n;
    unsigned long long v = 0;
    bm_status rc;

    BM_TRY(files_path(path, root->dir, "number"));
    rc = files_read(path, sizeof text - 1, &old, &n, NULL);
    if (rc == BM_OK) {
        memcpy(text, old, n);
        text[n] = '\0';
        rc = take_number(text, &v);
        free(old);
    }
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return ca_refuse(why, rc, "%s", path);
    }
    v++;
    for (size_t i = 0; i < 8; i++) {
        number[i] = (uint8_t)(v >> (56 - 8 * i));
    }
    (void)snprintf(text, sizeof text, "%llu\n", v);
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

static bm_status put_crl(void *self, struct bm_bytes octets)
{
    bm_wr_put(self, octets);
    return BM_OK;
}

bm_status root_sign_crl(struct root *root, int64_t now, struct bm_wr *crl,
                        struct ca_refusal *why)
{
    uint8_t number[8];
    uint8_t memory[2048];
    uint8_t signature[BM_SIGNATURE_MAX];
    struct bm_crl_source source = { NULL, no_rewind, no_entry };
    struct bm_crl_sink sink = { crl, put_crl };
    struct bm_crl_config config = { .issuer = root->cert.subject,
                                    .this_update = now,
                                    .next_update = now + ROOT_CRL_LIFETIME,
                                    .number = BM_ARRAY(number),
                                    .aki = bm_exts_ski(&root->cert.ext),
                                    .crypto = root->tools.crypto,
                                    .sig_alg = root->key->signer->alg };
    struct bm_crl_writer writer;
    struct bm_wr m;
    struct bm_wr s;
    bm_status rc;

    BM_TRY(next_number(root, number, why));
    rc = bm_crl_writer_open(&writer, &config, &source);
    if (rc == BM_OK) {
        bm_wr_init(&m, memory, sizeof memory);
        bm_wr_init(&s, signature, sizeof signature);
        rc = bm_crl_writer_sign(&writer, root->key->signer, &m, &s);
    }
    if (rc == BM_OK) {
        rc = bm_crl_writer_put(&writer, bm_wr_bytes(&s), &sink);
    }
    bm_crl_writer_close(&writer);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
