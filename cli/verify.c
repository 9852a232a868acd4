/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verify.h"

#include <stdio.h>
#include <string.h>

#include "core/host.h"

bool verify_refuse(struct verify *v, bm_status status, const char *words)
{
    v->why.status = status;
    v->why.words = words;
    v->why.at = REFUSAL_NOWHERE;
    return false;
}

json_t *verify_step(struct verify *v, const struct bm_cert *cert)
{
    struct show s = { v->t, v->crypto, v->tolerate };
    json_t *o = tree_object(&s.t);

    tree_set(&s.t, o, v->json ? "subject" : "holder",
             tree_put(&s.t, bm_name_put_text, cert->subject));
    if (v->json) {
        tree_set(&s.t, o, "serial_number", tree_hex(&s.t, cert->serial));
    }
    tree_set(&s.t, o, "not_after", tree_time(&s.t, cert->not_after));
    if (v->json) {
        tree_set(&s.t, o, "fingerprint_sha256",
                 show_fingerprint(&s, cert->der));
    }
    v->t = s.t;
    return o;
}

/* A list for machines; for people, a line for each with its part in it. */
static void set_path(struct verify *v, const struct bm_path *path, json_t *to)
{
    json_t *steps = tree_array(&v->t);
    char key[32] = "leaf";

    for (size_t i = 0; i < path->n; i++) {
        json_t *one = verify_step(v, path->step[i].cert);

        if (v->json) {
            tree_append(&v->t, steps, one);
        } else {
            tree_set(&v->t, to, key, one);
            snprintf(key, sizeof key, "issuer %zu", i + 1);
        }
    }
    if (v->json) {
        tree_set(&v->t, to, "path", steps);
    } else {
        json_decref(steps);
    }
    tree_set(&v->t, to, "anchor", verify_step(v, path->anchor));
}

static const struct place *place_of(const struct pile *pile,
                                    const struct bm_cert *cert)
{
    for (size_t i = 0; i < pile->n; i++) {
        if (cert == &pile->cert[i]) {
            return &pile->place[i];
        }
    }
    return NULL;
}

/* "CN=Sub CA (chain.pem, block 2)": which certificate is to blame. */
static void blame(struct verify *v, const struct bm_cert *cert)
{
    const struct place *place = place_of(&v->anchors, cert);
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, (uint8_t *)v->words, sizeof v->words - 1);
    bm_name_put_text(&w, cert->subject);
    n = bm_wr_bytes(&w).n; /* nothing when the name is too long */
    place = place != NULL ? place : place_of(&v->pool, cert);
    if (place != NULL && place->block != 0) {
        snprintf(v->words + n, sizeof v->words - n, " (%.200s, block %u)",
                 place->file, place->block);
    } else if (place != NULL) {
        snprintf(v->words + n, sizeof v->words - n, " (%.200s)", place->file);
    } else {
        v->words[n] = '\0';
    }
    v->why.words = v->words;
}

bool verify_refuse_at(struct verify *v, const struct bm_diag *diag,
                      bm_status rc, struct bm_bytes der)
{
    const struct refusal here = v->why;

    v->why = refusal_of(diag, rc, der);
    v->why.file = here.file;
    v->why.block = here.block;
    v->why.of_der = here.block != 0;
    return false;
}

bool verify_refuse_part(struct verify *v, bm_status rc, struct bm_bytes part,
                        struct bm_bytes der)
{
    const struct bm_diag diag = { rc, BM_OK, part.p };

    return verify_refuse_at(v, &diag, rc, der);
}

static bool refuse_path(struct verify *v, const struct bm_path_fault *fault)
{
    struct bm_diag diag = { fault->status, BM_OK, bm_path_fault_at(fault) };

    if (fault->cert == NULL) {
        return verify_refuse(v, fault->status, NULL);
    }
    (void)verify_refuse_at(v, &diag, fault->status, fault->cert->der);
    v->why.of_der = true;
    blame(v, fault->cert);
    return false;
}

bool verify_path(struct verify *v, const struct bm_cert *leaf,
                 uint16_t key_usage, json_t *to)
{
    const struct bm_revocation revocation = { v, verify_revocation };
    struct bm_path_config config = v->config;
    struct bm_path path;
    bm_status rc;

    config.crypto = v->crypto;
    config.anchors = v->anchors.cert;
    config.anchors_n = v->anchors.n;
    config.pool = v->pool.cert;
    config.pool_n = v->pool.n;
    config.key_usage = key_usage;
    config.revocation = v->crls.n != 0 ? &revocation : NULL;
    rc = bm_path_find(&path, &config, leaf);
    if (rc != BM_OK) {
        path.fault.status = rc;
        return refuse_path(v, &path.fault);
    }
    set_path(v, &path, to);
    return true;
}

bool verify_leaf(struct verify *v, const struct bm_cert *leaf, json_t *to)
{
    struct bm_path_fault fault = { .cert = leaf };

    if (!verify_path(v, leaf, 0, to)) {
        return false;
    }
    if (v->host.n != 0) {
        fault.status = bm_host_match(leaf, v->host_kind, v->host);
        if (fault.status != BM_OK) {
            return refuse_path(v, &fault);
        }
    }
    return true;
}

bool verify_csr(struct verify *v, const struct bm_csr *csr)
{
    bm_status rc = bm_csr_verify(csr, v->crypto);

    if (rc != BM_OK) {
        return verify_refuse_part(v, rc, csr->signature, csr->der);
    }
    tree_set(&v->t, v->result, "subject",
             tree_put(&v->t, bm_name_put_text, csr->subject));
    tree_set(&v->t, v->result, "proof_of_possession",
             tree_str(&v->t, "verified"));
    return true;
}
