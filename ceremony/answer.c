/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/internal.h"
#include "core/pem.h"

/* What is carried out: one file per step, PEM. */

/* Nobody vouches for the entries of a session that was interrupted. */
static bm_status check_signed(const struct ceremony *c,
                              const struct ceremony_answer *answer,
                              struct bm_bytes der)
{
    const struct bm_crypto *crypto = c->config.tools.crypto;
    const struct bm_spki *key = &c->root.cert.key;
    struct bm_cert cert;
    struct bm_crl crl;
    struct bm_csr csr;

    if (strcmp(answer->label, "crl") == 0) {
        BM_TRY(bm_crl_parse(der, NULL, &crl));
        return bm_crl_verify(&crl, key, crypto);
    }
    if (strcmp(answer->label, "request") == 0) {
        BM_TRY(bm_csr_parse(der, NULL, &csr));
        return bm_bytes_equal(csr.key.der, key->der)
                   ? bm_csr_verify(&csr, crypto)
                   : BM_E_KEY_MISMATCH;
    }
    BM_TRY(bm_cert_parse(der, BM_STRICT, NULL, &cert));
    return crypto->verify(crypto->self, key, cert.sig_alg, cert.tbs,
                          cert.signature);
}

/* The octets that were signed, out of the transcript; the caller frees. */
static bm_status find_signed(const struct ceremony *c,
                             const struct ceremony_answer *answer,
                             uint8_t **der, size_t *n)
{
    struct transcript_entry entry;
    struct bm_wr w;

    *der = malloc(CEREMONY_TBS_MAX);
    if (*der == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, *der, CEREMONY_TBS_MAX);
    *n = 0;
    if (!ceremony_find(c, "signed", answer->step, &entry) ||
        !transcript_base64(&entry, answer->label, &w)) {
        return BM_E_CEREMONY_TRANSCRIPT;
    }
    *n = w.len;
    return check_signed(c, answer, bm_wr_bytes(&w));
}

static void put_answer(struct bm_wr *w, const struct ceremony *c,
                       const struct ceremony_answer *answer,
                       struct bm_bytes der)
{
    bm_pem_put(w, answer->pem, der);
    if (answer->chain) {
        bm_pem_put(w, "CERTIFICATE", c->root.cert.der);
    }
}

/* A new file; or one that is this already, of a session that was cut short. */
static bm_status write_file(const char *path, struct bm_bytes text,
                            struct ca_refusal *why)
{
    uint8_t *there = NULL;
    size_t n = 0;
    bool same;
    bm_status rc = files_create(path, text, 0644, why);

    if (rc != BM_E_EXISTS) {
        return rc;
    }
    same = files_read(path, text.n, &there, &n, NULL) == BM_OK &&
           bm_bytes_equal((struct bm_bytes){ there, n }, text);
    free(there);
    return same ? BM_OK
                : ca_refuse(why, BM_E_EXISTS, "%s is something else", path);
}

static bm_status record(struct ceremony *c, const char *step, const char *path,
                        struct bm_bytes text, bool again,
                        struct ca_refusal *why)
{
    struct transcript *t = &c->transcript;
    const char *slash = strrchr(path, '/');

    transcript_begin(t, "handed-out", c->config.now);
    transcript_put_str(t, "step", step);
    if (again) {
        transcript_put_str(t, "again", "yes");
    }
    transcript_put_str(t, "output", slash != NULL ? slash + 1 : path);
    transcript_put_hash(t, "output-sha256", text);
    return transcript_commit(t, why);
}

static bm_status hand_out(struct ceremony *c,
                          const struct ceremony_answer *answer,
                          struct ceremony_outcome *outcome, struct bm_bytes der,
                          struct ca_refusal *why)
{
    struct bm_wr w;
    uint8_t *text;
    size_t n;
    bm_status rc;

    bm_wr_init(&w, NULL, 0);
    put_answer(&w, c, answer, der);
    n = w.len;
    text = malloc(n);
    if (text == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    bm_wr_init(&w, text, n);
    put_answer(&w, c, answer, der);
    rc = write_file(outcome->path, bm_wr_bytes(&w), why);
    if (rc == BM_OK) {
        rc = record(c, answer->step, outcome->path, bm_wr_bytes(&w),
                    outcome->kind == CEREMONY_REPEATED, why);
    }
    free(text);
    return rc;
}

bm_status ceremony_hand_out(struct ceremony *c,
                            const struct ceremony_answer *answer,
                            const char *dir, struct ceremony_outcome *outcome,
                            struct ca_refusal *why)
{
    const char *end = strcmp(answer->pem, "CERTIFICATE REQUEST") == 0 ? "csr"
                      : strcmp(answer->pem, "X509 CRL") == 0          ? "crl"
                                                                      : "pem";
    uint8_t *der = NULL;
    size_t n = 0;
    int len =
        snprintf(outcome->path, sizeof outcome->path, "%s/%s%s.%s", dir,
                 c->config.rehearsal ? "REHEARSAL-" : "", answer->step, end);
    bm_status rc;

    if (len < 0 || (size_t)len >= sizeof outcome->path) {
        return ca_refuse(why, BM_E_LIMIT, "%s", dir);
    }
    rc = find_signed(c, answer, &der, &n);
    if (rc == BM_OK) {
        rc = hand_out(c, answer, outcome, (struct bm_bytes){ der, n }, why);
    }
    free(der);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
