/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verify.h"

#include <stdlib.h>
#include <string.h>

/* One message, and memory for it. */
struct cms_run {
    struct verify *v;
    struct bm_bytes der;
    const struct bm_cms *cms;
    struct bm_cms_verify_config config;
    struct input content;
    uint8_t *certs; /* those of --untrusted, one after another */
};

/*
 * The certificates of --untrusted as bm_cms_verify() wants them, and those
 * of the message into the pool: intermediates travel with the signature.
 */
static bm_status gather(struct cms_run *run, struct verify *v)
{
    const struct place inside = { v->why.file, v->why.block };
    struct bm_bytes set = run->cms->certs;
    struct bm_bytes element;
    struct bm_cert cert;
    size_t n = 0;

    for (size_t i = 0; i < v->pool.n; i++) {
        n += v->pool.cert[i].der.n;
    }
    run->certs = malloc(n + 1);
    if (run->certs == NULL) {
        return BM_E_LIMIT;
    }
    n = 0;
    for (size_t i = 0; i < v->pool.n; i++) {
        const struct bm_bytes der = v->pool.cert[i].der;

        memcpy(run->certs + n, der.p, der.n);
        n += der.n;
    }
    run->config.certs = (struct bm_bytes){ run->certs, n };
    while (bm_cms_next(&set, &element)) {
        /* One that is malformed helps nobody; the path says what lacks. */
        if (bm_cert_parse(element, v->tolerate, NULL, &cert) == BM_OK) {
            bm_status rc = pile_add(&v->pool, &cert, &inside);

            if (rc != BM_OK) {
                return rc;
            }
        }
    }
    return BM_OK;
}

static bool read_content(struct cms_run *run)
{
    struct verify *v = run->v;
    static const uint8_t nothing[1] = { 0 };
    int error;

    if (v->content == NULL) {
        return true;
    }
    error = input_open(&run->content, v->content);
    if (error == INPUT_EMPTY) {
        run->config.content = (struct bm_bytes){ nothing, 0 };
        return true;
    }
    v->why.file = v->content;
    v->why.block = 0;
    if (error != 0) {
        input_error_words(error, v->words);
        return verify_refuse(v, BM_OK, v->words);
    }
    if (run->content.more) {
        return verify_refuse(v, BM_OK, "larger than 16 MiB");
    }
    run->config.content =
        (struct bm_bytes){ run->content.data, run->content.n };
    return true;
}

/* RFC 5280 4.2.1.3: the key of a signer is for signing content. */
static bool may_sign(const struct bm_cert *cert)
{
    return !bm_exts_has(&cert->ext, BM_EXT_KEY_USAGE) ||
           (cert->ext.key_usage &
            (BM_KU_DIGITAL_SIGNATURE | BM_KU_CONTENT_COMMITMENT)) != 0;
}

/* What a refusal by bm_cms_verify() is about. */
static struct bm_bytes blamed(const struct cms_run *run,
                              const struct bm_cms_signer *signer, bm_status rc)
{
    switch (rc) {
    case BM_E_CMS_DETACHED:
        return run->cms->content_type;
    case BM_E_CMS_DIGEST:
        return signer->digest;
    case BM_E_CMS_SIGNER:
        return signer->issuer.n != 0 ? signer->issuer : signer->key_id;
    default:
        return signer->signature;
    }
}

static bool verify_signer(struct cms_run *run,
                          const struct bm_cms_signer *signer, json_t *to)
{
    struct verify *v = run->v;
    struct bm_cert cert;
    bm_status rc;

    run->config.scratch_n = signer->signed_attrs.n;
    run->config.scratch = malloc(run->config.scratch_n + 1);
    if (run->config.scratch == NULL) {
        return verify_refuse(v, BM_E_LIMIT, NULL);
    }
    rc = bm_cms_verify(run->cms, signer, &run->config, &cert);
    free(run->config.scratch);
    run->config.scratch = NULL;
    if (rc != BM_OK) {
        return verify_refuse_part(v, rc, blamed(run, signer, rc), run->der);
    }
    if (!may_sign(&cert)) {
        return verify_refuse(v, BM_E_PATH_KEY_USAGE, NULL);
    }
    if (signer->signing_time != BM_CMS_NO_TIME) {
        tree_set(&v->t, to, "signing_time",
                 tree_time(&v->t, signer->signing_time));
    }
    return verify_leaf(v, &cert, to);
}

static bool verify_signers(struct cms_run *run)
{
    struct verify *v = run->v;
    json_t *all = tree_array(&v->t);
    struct bm_bytes list = run->cms->signers;
    struct bm_cms_signer signer;
    bool any = false;
    bool ok = true;

    while (ok && bm_cms_signer_next(&list, &signer)) {
        json_t *one = tree_object(&v->t);

        any = true;
        ok = verify_signer(run, &signer, one);
        tree_append(&v->t, all, one);
    }
    tree_set(&v->t, v->result, "signer_infos", all);
    if (!any) {
        return verify_refuse(v, BM_OK, "nobody has signed this message");
    }
    return ok;
}

bool verify_cms(struct verify *v, struct bm_bytes der, const struct bm_cms *cms)
{
    struct cms_run run = { .v = v, .der = der, .cms = cms };
    const struct refusal here = v->why;
    bool ok = false;
    bm_status rc;

    run.content.fd = -1;
    run.config.crypto = v->crypto;
    rc = gather(&run, v);
    if (rc != BM_OK) {
        (void)verify_refuse(v, rc, NULL);
        goto out;
    }
    if (!read_content(&run)) {
        goto out;
    }
    v->why = here;
    ok = verify_signers(&run);
out:
    input_close(&run.content);
    free(run.certs);
    return ok;
}
