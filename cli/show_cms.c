/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show.h"

#include <stdlib.h>

#include "core/crl.h"
#include "core/oid.h"

/* The walk over one message. */
struct cms_run {
    struct show *show;
    const struct bm_cms *cms;
    struct bm_diag *diag;
    bm_status rc;
};

static void note(struct cms_run *run, const struct bm_diag *diag, bm_status rc)
{
    if (run->rc == BM_OK) {
        run->rc = rc;
        *run->diag = *diag;
    }
}

static json_t *certificates(struct cms_run *run)
{
    struct tree *t = &run->show->t;
    json_t *all = tree_array(t);
    struct bm_bytes set = run->cms->certs;
    struct bm_bytes der;

    while (bm_cms_next(&set, &der)) {
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_cert cert;
        bm_status rc = bm_cert_parse(der, run->show->tolerate, &diag, &cert);

        if (rc == BM_OK) {
            tree_append(t, all, show_cert(run->show, &cert));
        } else {
            note(run, &diag, rc);
        }
    }
    return all;
}

static json_t *crl(struct tree *t, const struct bm_crl *list)
{
    json_t *o = tree_object(t);
    struct bm_bytes entries = list->entries;
    struct bm_crl_entry entry;
    int64_t n = 0;

    while (bm_crl_entry_next(&entries, &entry)) {
        n++;
    }
    show_set_name(t, o, "issuer", list->head.issuer);
    tree_set(t, o, "this_update", tree_time(t, list->head.this_update));
    if (list->head.has_next_update) {
        tree_set(t, o, "next_update", tree_time(t, list->head.next_update));
    }
    tree_set(t, o, "number_of_entries", tree_int(t, n));
    return o;
}

static json_t *crls(struct cms_run *run)
{
    struct tree *t = &run->show->t;
    json_t *all = tree_array(t);
    struct bm_bytes set = run->cms->crls;
    struct bm_bytes der;

    while (bm_cms_next(&set, &der)) {
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_crl list;
        bm_status rc = bm_crl_parse(der, &diag, &list);

        if (rc == BM_OK) {
            tree_append(t, all, crl(t, &list));
        } else {
            note(run, &diag, rc);
        }
    }
    return all;
}

static bool has_member(struct bm_bytes type)
{
    return bm_oid_is(type, BM_OID_P9_CONTENT_TYPE) ||
           bm_oid_is(type, BM_OID_P9_DIGEST) ||
           bm_oid_is(type, BM_OID_P9_SIGNING_TIME);
}

static void set_attributes(struct tree *t, json_t *o, const char *key,
                           struct bm_bytes list)
{
    json_t *all = show_attributes(t, list, has_member);

    if (json_array_size(all) != 0) {
        tree_set(t, o, key, all);
    } else {
        json_decref(all);
    }
}

/* Is the signature that of a certificate in the message? Says no trust. */
static const char *check(const struct cms_run *run,
                         const struct bm_cms_signer *signer)
{
    struct bm_cms_verify_config config = { .crypto = run->show->crypto };
    struct bm_cert cert;
    const char *words;

    if (!run->cms->has_content) {
        return "not checked: detached";
    }
    config.scratch_n = signer->signed_attrs.n;
    config.scratch = malloc(config.scratch_n + 1);
    if (config.scratch == NULL) {
        run->show->t.failed = true;
        return "";
    }
    switch (bm_cms_verify(run->cms, signer, &config, &cert)) {
    case BM_OK:
        words = "verified";
        break;
    case BM_E_CMS_SIGNER:
        words = "not checked: no certificate of the signer";
        break;
    case BM_E_CMS_SIGNATURE:
    case BM_E_CMS_DIGEST:
        words = "failed";
        break;
    default:
        words = "not checked: algorithm not supported";
        break;
    }
    free(config.scratch);
    return words;
}

static void set_signer_id(struct tree *t, json_t *o,
                          const struct bm_cms_signer *signer)
{
    if (signer->key_id.n != 0) {
        tree_set(t, o, "subject_key_identifier", tree_hex(t, signer->key_id));
    } else {
        show_set_name(t, o, "issuer", signer->issuer);
        tree_set(t, o, "serial_number", tree_hex(t, signer->serial));
    }
}

static json_t *signer_tree(struct cms_run *run,
                           const struct bm_cms_signer *signer)
{
    struct tree *t = &run->show->t;
    json_t *o = tree_object(t);

    tree_set(t, o, "version", tree_int(t, signer->version));
    set_signer_id(t, o, signer);
    tree_set(t, o, "digest_algorithm", tree_str(t, bm_hash_name(signer->hash)));
    if (signer->signing_time != BM_CMS_NO_TIME) {
        tree_set(t, o, "signing_time", tree_time(t, signer->signing_time));
    }
    if (signer->digest.n != 0) {
        tree_set(t, o, "message_digest", tree_hex(t, signer->digest));
    }
    set_attributes(t, o, "signed_attrs", signer->attributes);
    set_attributes(t, o, "unsigned_attrs", signer->unsigned_attrs);
    tree_set(t, o, "signature_algorithm",
             show_alg(t, signer->sig_alg, signer->sig_alg_id));
    tree_set(t, o, "signature", tree_hex(t, signer->signature));
    tree_set(t, o, "signature_check", tree_str(t, check(run, signer)));
    return o;
}

static json_t *signers(struct cms_run *run)
{
    json_t *all = tree_array(&run->show->t);
    struct bm_bytes list = run->cms->signers;
    struct bm_cms_signer signer;

    while (bm_cms_signer_next(&list, &signer)) {
        tree_append(&run->show->t, all, signer_tree(run, &signer));
    }
    return all;
}

static json_t *content(struct tree *t, const struct bm_cms *cms)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "e_content_type", tree_oid_name(t, cms->content_type));
    if (cms->has_content) {
        tree_set(t, o, "octets", tree_int(t, (int64_t)cms->content.n));
        tree_set(t, o, "e_content", tree_hex(t, cms->content));
    }
    return o;
}

json_t *show_cms(struct show *s, const struct bm_cms *cms, struct bm_diag *diag,
                 bm_status *rc)
{
    struct cms_run run = { s, cms, diag, BM_OK };
    struct tree *t = &s->t;
    json_t *o = tree_object(t);

    tree_set(t, o, "type", tree_str(t, "signed_data"));
    tree_set(t, o, "version", tree_int(t, cms->version));
    tree_set(t, o, "encap_content_info", content(t, cms));
    if (cms->certs.n != 0) {
        tree_set(t, o, "certificates", certificates(&run));
    }
    if (cms->crls.n != 0) {
        tree_set(t, o, "crls", crls(&run));
    }
    tree_set(t, o, "signer_infos", signers(&run));
    *rc = run.rc;
    return o;
}
