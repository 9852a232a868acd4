/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ceremony/internal.h"
#include "core/pem.h"

/* What is carried in on a stick: requests, and certificates of other roots. */

void ceremony_drop_input(struct ceremony_input *input)
{
    free(input->text);
    free(input->der);
    memset(input, 0, sizeof *input);
}

static bool is_label(struct bm_bytes label, bool request)
{
    /* RFC 7468 7: the second is what old tools write. */
    return request ? bm_bytes_equal(label, BM_LIT("CERTIFICATE REQUEST")) ||
                         bm_bytes_equal(label, BM_LIT("NEW CERTIFICATE "
                                                      "REQUEST"))
                   : bm_bytes_equal(label, BM_LIT("CERTIFICATE"));
}

/* One block of the right kind and nothing else, or DER. */
static bm_status decode(struct bm_bytes text, bool request, struct bm_wr *der)
{
    struct bm_pem block;
    struct bm_pem other;
    bm_status rc = bm_pem_next(&text, NULL, &block);

    if (rc == BM_E_END) {
        bm_wr_put(der, text);
        return BM_OK;
    }
    if (rc != BM_OK) {
        return rc;
    }
    if (!is_label(block.label, request) ||
        bm_pem_next(&text, NULL, &other) != BM_E_END) {
        return BM_E_ARGUMENT;
    }
    return bm_pem_decode(&block, NULL, der);
}

static bm_status take_der(struct ceremony_input *in, const char *path,
                          bool request, struct ca_refusal *why)
{
    struct bm_wr w;
    bm_status rc;

    in->der = malloc(in->text_n + 1);
    if (in->der == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    bm_wr_init(&w, in->der, in->text_n + 1);
    rc = decode((struct bm_bytes){ in->text, in->text_n }, request, &w);
    if (rc == BM_E_ARGUMENT) {
        return ca_refuse(why, rc, "%s: one %s is expected, and nothing else",
                         path, request ? "request" : "certificate");
    }
    in->der_n = w.len;
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", path);
}

/* PKCS#10 shows possession of the key by its signature. */
static bm_status take_request(const struct ceremony *c,
                              struct ceremony_input *in, const char *path,
                              struct ca_refusal *why)
{
    bm_status rc =
        bm_csr_parse((struct bm_bytes){ in->der, in->der_n }, NULL, &in->csr);

    if (rc == BM_OK) {
        rc = bm_csr_verify(&in->csr, c->config.tools.crypto);
    }
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", path);
}

/* A root shows it by having signed itself. */
static bm_status take_cert(const struct ceremony *c, struct ceremony_input *in,
                           const char *path, struct ca_refusal *why)
{
    const struct bm_crypto *crypto = c->config.tools.crypto;
    struct bm_cert *cert = &in->theirs;
    bm_status rc = bm_cert_parse((struct bm_bytes){ in->der, in->der_n },
                                 BM_STRICT, NULL, cert);

    if (rc != BM_OK) {
        return ca_refuse(why, rc, "%s", path);
    }
    if (!cert->ext.ca || (cert->ext.key_usage & BM_KU_KEY_CERT_SIGN) == 0 ||
        !bm_bytes_equal(cert->issuer, cert->subject)) {
        return ca_refuse(why, BM_E_CEREMONY_STEP,
                         "%s is no certificate of a root", path);
    }
    if (c->config.now < cert->not_before || c->config.now >= cert->not_after) {
        return ca_refuse(why, BM_E_CEREMONY_STEP, "%s is not valid now", path);
    }
    rc = crypto->verify(crypto->self, &cert->key, cert->sig_alg, cert->tbs,
                        cert->signature);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "%s is not signed by itself", path);
    }
    in->has_cert = true;
    in->csr = (struct bm_csr){ .subject = cert->subject, .key = cert->key };
    return BM_OK;
}

/* Octets of a name in a message, which has room for two and a path. */
#define SUBJECT_WORDS 128

static bm_status check_pin(const struct bm_crypto *crypto,
                           const struct script_pin *pin, struct bm_bytes octets)
{
    uint8_t hash[32];

    if (!pin->is) {
        return BM_OK;
    }
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, octets, hash));
    return memcmp(hash, pin->sha256, sizeof hash) == 0 ? BM_OK
                                                       : BM_E_CEREMONY_PIN;
}

/* As much of a name as a message has room for. */
static void put_words(char words[SUBJECT_WORDS], struct bm_bytes name)
{
    struct bm_wr w;

    memset(words, 0, SUBJECT_WORDS);
    bm_wr_init(&w, (uint8_t *)words, SUBJECT_WORDS - 1);
    bm_name_put_text(&w, name);
}

static bm_status refuse_subject(const struct script_step *step,
                                struct bm_bytes ours, struct bm_bytes theirs,
                                const char *path, struct ca_refusal *why)
{
    char said[SUBJECT_WORDS];
    char asked[SUBJECT_WORDS];

    put_words(said, ours);
    put_words(asked, theirs);
    return ca_refuse(why, BM_E_CEREMONY_PIN,
                     "%s asks for another subject, %s: step %s says %s", path,
                     asked, step->name, said);
}

/* The request's subject is absent or what the file says; nobody gets a
 * certificate for another name than he thinks. */
static bm_status check_subject(const struct script_step *step,
                               const struct ceremony_input *in,
                               const char *path, struct ca_refusal *why)
{
    uint8_t room[4096];
    struct bm_wr w;

    if (step->ca.subject == NULL || bm_name_is_empty(in->csr.subject)) {
        return BM_OK;
    }
    bm_wr_init(&w, room, sizeof room);
    script_put_subject(&w, &step->ca, false);
    return w.len <= w.cap && bm_name_equal(bm_wr_bytes(&w), in->csr.subject)
               ? BM_OK
               : refuse_subject(step, bm_wr_bytes(&w), in->csr.subject, path,
                                why);
}

static bm_status check_key(const struct ceremony *c,
                           const struct script_step *step,
                           struct ceremony_input *in, const char *path,
                           struct ca_refusal *why)
{
    const struct bm_crypto *crypto = c->config.tools.crypto;
    const struct bm_spki *key = &in->csr.key;
    bm_status rc = bm_spki_weak(key);

    if (rc == BM_OK) {
        rc = crypto->check_key(crypto->self, key);
    }
    if (rc == BM_OK) {
        rc = crypto->hash(crypto->self, BM_HASH_SHA256, key->der,
                          in->key_sha256);
    }
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "%s", path);
    }
    BM_TRY(ca_check_bad_key(c->bad_keys, key, in->key_sha256, why));
    rc = check_pin(crypto, &step->pin, (struct bm_bytes){ in->der, in->der_n });
    if (rc == BM_OK) {
        rc = check_pin(crypto, &step->key, key->der);
    }
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", path);
}

bm_status ceremony_take_input(struct ceremony *c,
                              const struct script_step *step, const char *dir,
                              struct ceremony_input *input,
                              struct ca_refusal *why)
{
    bool request = step->kind == SCRIPT_SUBORDINATE;
    char path[FILES_PATH_MAX];
    struct stat st;

    memset(input, 0, sizeof *input);
    if (step->file == NULL) {
        return BM_OK;
    }
    if (dir == NULL) {
        return ca_refuse(why, BM_E_NOT_FOUND, "%s", step->file);
    }
    BM_TRY(files_path(path, dir, step->file));
    /* A FIFO would be waited for. */
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return ca_refuse(why, BM_E_IO, "%s is no file", path);
    }
    BM_TRY(
        files_read(path, CEREMONY_FILE_MAX, &input->text, &input->text_n, why));
    BM_TRY(take_der(input, path, request, why));
    BM_TRY(request ? take_request(c, input, path, why)
                   : take_cert(c, input, path, why));
    BM_TRY(check_subject(step, input, path, why));
    return check_key(c, step, input, path, why);
}

/* ---- What should not lie there */

static bool is_named(const struct script *script, const char *file)
{
    for (size_t i = 0; i < script->steps_n; i++) {
        const struct script_step *step = &script->steps[i];
        size_t n = strlen(step->name);

        if (step->file != NULL && strcmp(step->file, file) == 0) {
            return true;
        }
        /* Our own, where answers go to the stick that requests come on. */
        if (step->kind == SCRIPT_REQUEST && strncmp(file, step->name, n) == 0 &&
            strcmp(file + n, ".csr") == 0) {
            return true;
        }
    }
    return false;
}

static bool is_request(const char *dir, const char *file)
{
    char path[FILES_PATH_MAX];
    struct ceremony_input in = { .text = NULL };
    struct stat st;
    bool found = files_path(path, dir, file) == BM_OK && stat(path, &st) == 0 &&
                 S_ISREG(st.st_mode) &&
                 files_read(path, CEREMONY_FILE_MAX, &in.text, &in.text_n,
                            NULL) == BM_OK &&
                 take_der(&in, path, true, NULL) == BM_OK &&
                 bm_csr_parse((struct bm_bytes){ in.der, in.der_n }, NULL,
                              &in.csr) == BM_OK;

    ceremony_drop_input(&in);
    return found;
}

bm_status ceremony_check_folder(const struct script *script, const char *dir,
                                struct ca_refusal *why)
{
    DIR *d = dir != NULL ? opendir(dir) : NULL;
    const struct dirent *e;
    bm_status rc = BM_OK;

    if (d == NULL) {
        return dir == NULL
                   ? BM_OK
                   : ca_refuse(why, errno == ENOENT ? BM_E_NOT_FOUND : BM_E_IO,
                               "%s", dir);
    }
    while (rc == BM_OK && (e = readdir(d)) != NULL) {
        if (!is_named(script, e->d_name) && is_request(dir, e->d_name)) {
            rc = ca_refuse(why, BM_E_CEREMONY_STEP, "%s/%s is a request", dir,
                           e->d_name);
        }
    }
    (void)closedir(d);
    return rc;
}
