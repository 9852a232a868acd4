/* SPDX-License-Identifier: Apache-2.0 */

/* Trust bundles of an instance: who signs them, and where they are put. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/issue.h"
#include "server/instance_internal.h"
#include "server/own.h"

/* A certificate and the CAs above it, in DER. */
#define CHAIN_MAX ((size_t)4 * CA_CERT_MAX)

static const struct ca_actor authority = { .name = "authority",
                                           .mode = "direct",
                                           .authority = true };

/* ---- Who signs */

static bool copy_text(char *to, size_t cap, struct bm_bytes from)
{
    if (from.n >= cap || memchr(from.p, 0, from.n) != NULL) {
        return false;
    }
    memcpy(to, from.p, from.n);
    to[from.n] = '\0';
    return true;
}

/* `signer` may be views into the store. */
static bm_status keep(struct instance *in,
                      const struct ca_bundle_signer *signer)
{
    struct instance_bundle b = { .key = NULL };
    struct bm_wr w;
    bm_status rc = BM_E_STORE_CORRUPT;

    b.der = malloc(CHAIN_MAX);
    if (b.der == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, b.der, CHAIN_MAX);
    bm_wr_put(&w, signer->cert);
    if (copy_text(b.key_uri, sizeof b.key_uri, signer->key_uri) &&
        copy_text(b.ca, sizeof b.ca, signer->ca) && w.len <= w.cap) {
        rc = bm_cert_parse(bm_wr_bytes(&w), BM_STRICT, NULL, &b.cert);
    }
    if (rc == BM_OK) {
        rc = instance_put_chain(in, b.ca, true, &w);
    }
    if (rc != BM_OK) {
        free(b.der);
        return rc;
    }
    b.der_n = w.len;
    b.key = in->bundle.key;
    free(in->bundle.der);
    in->bundle = b;
    return BM_OK;
}

bm_status instance_read_bundle(struct instance *in, struct ca_refusal *why)
{
    struct store *s = in->store;
    struct ca_bundle_signer signer;
    bm_status rc = s->begin(s->self, STORE_READ);

    if (rc == BM_OK) {
        rc = ca_bundle_signer_get(s, &signer);
        if (rc == BM_OK) {
            rc = keep(in, &signer);
        }
        s->rollback(s->self);
    }
    return rc == BM_OK || rc == BM_E_NOT_FOUND
               ? BM_OK
               : ca_refuse(why, rc, "the signer of trust bundles");
}

bm_status instance_open_bundle_key(struct instance *in, struct ca_refusal *why)
{
    return key_folder_get(&in->keys, in->bundle.key_uri,
                          in->bundle.cert.key.der, &in->bundle.key, why);
}

void instance_close_bundle(struct instance *in)
{
    bm_key_close(in->bundle.key);
    free(in->bundle.der);
    memset(&in->bundle, 0, sizeof in->bundle);
}

void instance_fill_bundle(struct instance *in, struct ca_signer_bundle *bundle)
{
    *bundle = (struct ca_signer_bundle){
        .key = in->bundle.key == NULL ? NULL : in->bundle.key->signer,
        .holder = in->bundle.key,
        .cert = &in->bundle.cert,
        .chain = { in->bundle.der, in->bundle.der_n },
        .series = in->settings.bundle_series,
        .lifetime = in->settings.bundle_lifetime,
        .anchors = in->anchors,
        .members = in->members,
        .withdrawn = in->withdrawn,
        .cross = in->cross,
    };
    for (size_t i = 0; i < in->cas_n; i++) {
        const struct instance_ca *c = &in->cas[i];
        const struct ca_signer_listed listed = { c->cert.der, c->list };
        bool active = c->row.status == STORE_CA_ACTIVE;

        if (c->row.kind == STORE_CA_LINK && active) {
            in->cross[bundle->cross_n++] = listed;
        } else if (c->row.kind == STORE_CA_ROOT && active) {
            in->anchors[bundle->anchors_n++] = c->cert.der;
        } else if (c->row.kind == STORE_CA_MEMBER && active) {
            in->members[bundle->members_n++] = listed;
        } else if (c->row.kind == STORE_CA_ROOT ||
                   c->row.kind == STORE_CA_MEMBER) {
            in->withdrawn[bundle->withdrawn_n++] = listed;
        }
    }
}

bm_status instance_set_bundle_signer(struct instance *in, const char *uri,
                                     struct bm_bytes der, int64_t now,
                                     struct ca_refusal *why)
{
    const struct instance_ca *ca = instance_find_ca(in, "operations");
    struct ca_bundle_signer signer = {
        .key_uri = { (const uint8_t *)uri, strlen(uri) }, .cert = der
    };

    if (ca == NULL) {
        return ca_refuse(why, BM_E_CA_UNAVAILABLE, "CA operations");
    }
    signer.ca =
        (struct bm_bytes){ (const uint8_t *)ca->row.id, strlen(ca->row.id) };
    BM_TRY(ca_bundle_signer_put(in->ca, &signer, now, why));
    return keep(in, &signer);
}

/* ---- In direct mode */

static bm_status issue_signer(struct instance *in, const struct instance_ca *ca,
                              const struct bm_key *key, int64_t now,
                              struct ca_issue_result *result)
{
    uint8_t request[CA_TBS_MAX];
    struct bm_csr csr;
    struct ca_issue_request q = { .actor = &authority,
                                  .by = CA_BY_AUTHORITY,
                                  .profile = INSTANCE_BUNDLE_PROFILE,
                                  .csr = &csr };
    struct bm_wr w;

    bm_wr_init(&w, request, sizeof request);
    BM_TRY(own_bundle_csr(&ca->cert, key, &w));
    BM_TRY(bm_csr_parse(bm_wr_bytes(&w), NULL, &csr));
    BM_TRY(ca_issue(in->ca, &q, 1, now, result));
    return result->status;
}

static bm_status renew(struct instance *in, const struct instance_ca *ca,
                       int64_t now, struct ca_refusal *why)
{
    char uri[BM_KEY_URI_MAX];
    struct ca_issue_result result = { .status = BM_OK };
    struct ca_signer_bundle bundle;
    struct bm_key *key = NULL;
    bm_status rc = own_make_key(&in->keys.keys, "bundle", now, uri, &key);

    if (rc == BM_OK) {
        rc = issue_signer(in, ca, key, now, &result);
    }
    if (rc != BM_OK) {
        bm_key_close(key);
        return ca_refuse(why, rc, "%s: %s", uri, result.why.words);
    }
    rc = instance_set_bundle_signer(in, uri, result.der, now, why);
    if (rc != BM_OK) {
        bm_key_close(key);
        return rc;
    }
    bm_key_close(in->bundle.key);
    in->bundle.key = key;
    instance_fill_bundle(in, &bundle);
    ca_signer_set_bundle(in->signer, &bundle);
    return BM_OK;
}

/* Can one be issued: is there such a CA, its key, and nothing against it? */
static bool can_issue(const struct instance *in, const struct instance_ca *ca)
{
    return ca != NULL && ca->key != NULL &&
           ca_profile_find(in->ca, INSTANCE_BUNDLE_PROFILE, NULL) != NULL;
}

bm_status instance_renew_bundle_signer(struct instance *in, int64_t now,
                                       struct ca_refusal *why)
{
    const struct instance_ca *ca = instance_find_ca(in, "operations");
    bool due;
    bm_status rc;

    if (!can_issue(in, ca)) {
        return BM_OK;
    }
    rc = own_is_due(in, in->bundle.ca, &in->bundle.cert, now, &due);
    if (rc != BM_OK || !due) {
        return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
    }
    rc = renew(in, ca, now, why);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

/* ---- Bundles */

void instance_bundle_file(uint32_t list, char name[INSTANCE_BUNDLE_FILE_MAX])
{
    char number[16] = "";

    if (list != CA_BUNDLE_FIRST) {
        (void)snprintf(number, sizeof number, "-%u", (unsigned)list);
    }
    (void)snprintf(name, INSTANCE_BUNDLE_FILE_MAX, "crl/trust%s.bundle",
                   number);
}

static bm_status write_file(const struct instance *in, uint32_t list,
                            struct bm_bytes message, struct ca_refusal *why)
{
    char name[INSTANCE_BUNDLE_FILE_MAX];
    char path[FILES_PATH_MAX];

    instance_bundle_file(list, name);
    BM_TRY(files_path(path, in->dir, name));
    return files_replace(path, message, 0644, why);
}

bm_status instance_make_bundle(struct instance *in,
                               const struct ca_actor *actor, uint32_t list,
                               int64_t now, struct ca_refusal *why)
{
    uint8_t *room = malloc(CA_BUNDLE_MAX);
    struct bm_wr w;
    bm_status rc;

    if (room == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    bm_wr_init(&w, room, CA_BUNDLE_MAX);
    rc = ca_bundle_make(in->ca, actor, list, now, &w, why);
    if (rc == BM_OK) {
        rc = write_file(in, list, bm_wr_bytes(&w), why);
    }
    free(room);
    return rc;
}

bm_status instance_next_list(struct instance *in, uint32_t *list)
{
    struct store *s = in->store;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = ca_bundle_list_next(s, list);
    s->rollback(s->self);
    return rc;
}

static bm_status put_bundle(struct instance *in, uint32_t list,
                            struct ca_refusal *why)
{
    struct store *s = in->store;
    struct ca_bundle_last last;
    bm_status rc = s->begin(s->self, STORE_READ);

    if (rc == BM_OK) {
        rc = ca_bundle_last(s, list, &last);
        if (rc == BM_OK) {
            rc = write_file(in, list, last.message, why);
        }
        s->rollback(s->self);
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

bm_status instance_put_bundles(struct instance *in, struct ca_refusal *why)
{
    uint32_t list = 0;
    bm_status rc;

    while ((rc = instance_next_list(in, &list)) == BM_OK) {
        BM_TRY(put_bundle(in, list, why));
    }
    return rc == BM_E_END ? BM_OK : rc;
}

static bool is_there(const struct instance *in, uint32_t list)
{
    char name[INSTANCE_BUNDLE_FILE_MAX];
    char path[FILES_PATH_MAX];

    instance_bundle_file(list, name);
    return files_path(path, in->dir, name) == BM_OK && access(path, F_OK) == 0;
}

bm_status instance_renew_bundles(struct instance *in,
                                 const struct ca_actor *actor, int64_t now,
                                 struct ca_refusal *why)
{
    struct ca_bundle_state state;
    uint32_t list = 0;
    bm_status rc;

    while ((rc = instance_next_list(in, &list)) == BM_OK) {
        BM_TRY(ca_bundle_look(in->ca, list, now, &state));
        if (state.changed || !is_there(in, list)) {
            BM_TRY(instance_make_bundle(in, actor, list, now, why));
        }
    }
    return rc == BM_E_END ? BM_OK : rc;
}

bm_status instance_make_bundles(struct instance *in,
                                const struct ca_actor *actor, int64_t now,
                                struct ca_refusal *why)
{
    uint32_t list = 0;
    bm_status rc;

    while ((rc = instance_next_list(in, &list)) == BM_OK) {
        BM_TRY(instance_make_bundle(in, actor, list, now, why));
    }
    return rc == BM_E_END ? BM_OK : rc;
}
