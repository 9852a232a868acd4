/* SPDX-License-Identifier: Apache-2.0 */

/* What is done with an open instance, beside what ca/ does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/issue.h"
#include "ca/revoke.h"
#include "ca/setup.h"
#include "core/csr.h"
#include "core/name.h"
#include "core/oid.h"
#include "server/instance_internal.h"
#include "server/own.h"

static const struct ca_actor authority = { .name = "authority",
                                           .mode = "direct",
                                           .authority = true };

/* An OCSP responder that is being made. */
struct responder {
    int64_t now;
    struct bm_key *key;
    struct bm_bytes der;
};

bm_status instance_actor(struct instance *in, int64_t now,
                         struct ca_actor *actor, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    uint8_t *der;
    size_t n;
    bm_status rc;

    memset(actor, 0, sizeof *actor);
    BM_TRY(files_path(path, in->dir, "operator/operator.pem"));
    BM_TRY(files_get_pem(path, "CERTIFICATE", &der, &n, why));
    rc = ca_operator_authenticate(in->ca, (struct bm_bytes){ der, n }, "direct",
                                  now, &in->operator_shown, why);
    if (rc != BM_OK && why != NULL && why->words[0] == '\0') {
        rc = ca_refuse(why, rc, "%s", path);
    }
    free(der);
    if (rc == BM_OK) {
        *actor = in->operator_shown.actor;
    }
    return rc;
}

const struct ca_actor instance_break_glass = { .name = "break-glass",
                                               .mode = "direct/break-glass",
                                               .roles = CA_ROLE_ADMIN };

const struct ca_actor instance_founder = { .name = "founder",
                                           .mode = "direct/init",
                                           .roles = CA_ROLE_ADMIN };

static bm_status list_path(const struct instance *in,
                           const struct ca_list *list,
                           char path[FILES_PATH_MAX])
{
    char name[CA_LIST_PATH_MAX];
    int n;

    BM_TRY(ca_list_path(list->ca, list->list, name));
    n = snprintf(path, FILES_PATH_MAX, "%s/%s", in->dir, name);
    return n > 0 && n < FILES_PATH_MAX ? BM_OK : BM_E_LIMIT;
}

static bm_status write_crl(const struct instance *in, const char *id,
                           struct bm_bytes der, struct ca_refusal *why)
{
    const struct ca_list list = { id, STORE_LIST_COMPLETE };
    char path[FILES_PATH_MAX];

    BM_TRY(list_path(in, &list, path));
    return files_replace(path, der, 0644, why);
}

bm_status instance_load_crl(struct instance *in, const struct ca_actor *actor,
                            const char *id, struct bm_bytes der, int64_t now,
                            struct ca_refusal *why)
{
    const struct instance_ca *ca = instance_get_ca(in, id);

    if (ca == NULL) {
        return ca_refuse(why, BM_E_NOT_FOUND, "CA %s", id);
    }
    BM_TRY(ca_crl_load(in->ca, actor, id, der, now, why));
    for (size_t i = 0; i < in->cas_n; i++) {
        const struct instance_ca *c = &in->cas[i];

        if (ca_crl_is_shared(&c->row, &c->cert, &ca->cert)) {
            BM_TRY(write_crl(in, c->row.id, der, why));
        }
    }
    return BM_OK;
}

/* Shards are in a folder of their CA. */
static bm_status make_list_folder(const struct instance *in,
                                  const struct ca_list *list,
                                  struct ca_refusal *why)
{
    struct ca_refusal there = { .status = BM_OK };
    char path[FILES_PATH_MAX];
    bm_status rc;

    if (list->list == STORE_LIST_COMPLETE || list->list == STORE_LIST_DELTA) {
        return BM_OK;
    }
    BM_TRY(list_path(in, list, path));
    *strrchr(path, '/') = '\0';
    rc = files_make_dir(path, 0755, &there);
    return rc == BM_OK || rc == BM_E_EXISTS
               ? BM_OK
               : ca_refuse(why, rc, "%s", there.words);
}

bm_status instance_make_list(struct instance *in, const struct ca_actor *actor,
                             const struct ca_list *list, int64_t now,
                             struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    struct files_stream stream;
    bm_status rc;

    BM_TRY(list_path(in, list, path));
    BM_TRY(make_list_folder(in, list, why));
    BM_TRY(files_stream_open(&stream, path, why));
    rc = ca_crl_make(in->ca, actor, list, now, &stream.sink, why);
    if (rc == BM_OK) {
        rc = files_stream_publish(&stream, why);
    }
    files_stream_drop(&stream);
    return rc == BM_OK ? ca_crl_published(in->ca, list, now, why) : rc;
}

/* A delta beside a complete list that was made at this very time, unless it
 * has nothing to count from yet. */
bm_status instance_make_delta(struct instance *in, const struct ca_actor *actor,
                              const char *id, int64_t now,
                              struct ca_refusal *why)
{
    const struct ca_list list = { id, STORE_LIST_DELTA };
    struct ca_refusal none = { .status = BM_OK };
    bm_status rc = instance_make_list(in, actor, &list, now, &none);

    if (rc == BM_OK || rc == BM_E_CRL_BASE) {
        return BM_OK;
    }
    return ca_refuse(why, rc, "%s", none.words);
}

/* The lists of a CA that are to be made again. */
struct wanted {
    int64_t now;
    bool delta;
    size_t n;
    uint32_t shard[STORE_SHARDS_MAX];
};

static void look_at(void *arg, const struct ca_list_state *state)
{
    struct wanted *w = arg;

    if (state->list == STORE_LIST_DELTA) {
        w->delta = true;
    } else if (state->list != STORE_LIST_COMPLETE &&
               (state->changed || state->due <= w->now) &&
               w->n < STORE_SHARDS_MAX) {
        w->shard[w->n++] = state->list;
    }
}

bm_status instance_make_crl(struct instance *in, const struct ca_actor *actor,
                            const char *id, int64_t now, struct ca_refusal *why)
{
    struct ca_list list = { id, STORE_LIST_COMPLETE };
    struct wanted wanted = { .now = now };

    BM_TRY(instance_make_list(in, actor, &list, now, why));
    BM_TRY(ca_crl_look(in->ca, id, &wanted, look_at));
    if (wanted.delta) {
        BM_TRY(instance_make_delta(in, actor, id, now, why));
    }
    for (size_t i = 0; i < wanted.n; i++) {
        list.list = wanted.shard[i];
        BM_TRY(instance_make_list(in, actor, &list, now, why));
    }
    return BM_OK;
}

static bm_status keep_first(void *arg, const void *visited)
{
    const struct store_organisation *row = visited;
    uint32_t *id = arg;

    *id = *id == 0 || row->id < *id ? row->id : *id;
    return BM_OK;
}

bm_status instance_organisation(const struct instance *in, uint32_t *id)
{
    static const struct store_scope everything = { 0, 0 };
    const struct store *s = in->store;
    struct store_visit visit = { id, keep_first };
    bm_status rc = s->begin(s->self, STORE_READ);

    *id = 0;
    if (rc == BM_OK) {
        rc = s->organisation_list(s->self, &everything, &visit);
        s->rollback(s->self);
    }
    return rc == BM_OK && *id == 0 ? BM_E_NOT_FOUND : rc;
}

static bm_status count_operator(void *arg, const void *row)
{
    (void)row;
    ++*(size_t *)arg;
    return BM_OK;
}

static bool is_there(const struct instance *in, const char *name)
{
    char path[FILES_PATH_MAX];
    struct stat st;

    return files_path(path, in->dir, name) == BM_OK && stat(path, &st) == 0;
}

bm_status instance_wants_operator(const struct instance *in, bool finished,
                                  bool *yes)
{
    static const struct store_scope everything = { 0, 0 };
    const struct store *s = in->store;
    size_t n = 0;
    struct store_visit visit = { &n, count_operator };
    bm_status rc = s->begin(s->self, STORE_READ);

    *yes = false;
    if (rc == BM_OK) {
        rc = s->operator_list(s->self, &everything, &visit);
        s->rollback(s->self);
    }
    *yes = n == 0 || (finished && is_there(in, "operator/operator.key") &&
                      !is_there(in, "operator/operator.pem"));
    return rc;
}

/* ---- Retiring */

/* Does another CA do what this one does, for those who cannot do without? */
static bool is_last(const struct instance *in, const struct instance_ca *c)
{
    bool needed =
        c->row.kind == STORE_CA_OPERATIONS || c->row.kind == STORE_CA_ROOT;

    for (size_t i = 0; needed && i < in->cas_n; i++) {
        const struct store_ca *row = &in->cas[i].row;

        needed = &in->cas[i] == c || row->kind != c->row.kind ||
                 row->status != STORE_CA_ACTIVE;
    }
    return needed;
}

/* A root is not handed out any more, nor what is said of it, or by it. */
static bool goes_with(const struct instance_ca *root,
                      const struct instance_ca *c)
{
    return root->row.kind == STORE_CA_ROOT && c->row.kind == STORE_CA_LINK &&
           c->row.status == STORE_CA_ACTIVE &&
           (strcmp(c->row.parent, root->row.id) == 0 ||
            bm_bytes_equal(c->cert.key.der, root->cert.key.der));
}

bm_status instance_retire_ca(struct instance *in, const struct ca_actor *actor,
                             const char *id, int64_t now,
                             struct ca_refusal *why)
{
    const struct instance_ca *c = instance_get_ca(in, id);
    struct store_ca rows[INSTANCE_CAS_MAX];
    size_t n = 0;

    if (c == NULL) {
        return ca_refuse(why, BM_E_NOT_FOUND, "CA %s", id);
    }
    if (c->row.status != STORE_CA_ACTIVE) {
        return ca_refuse(why, BM_E_CA_UNAVAILABLE, "CA %s is retired", id);
    }
    if (is_last(in, c)) {
        return ca_refuse(why, BM_E_CA_LAST, "%s is the only one of its kind",
                         id);
    }
    for (size_t i = 0; i < in->cas_n; i++) {
        if (&in->cas[i] == c || goes_with(c, &in->cas[i])) {
            rows[n] = in->cas[i].row;
            rows[n++].status = STORE_CA_RETIRED;
        }
    }
    return ca_install_all(in->ca, actor, rows, n, now, why);
}

bm_status instance_publish(struct instance *in, int64_t now,
                           struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    bm_status rc;

    BM_TRY(files_path(path, in->dir, "ledger"));
    /* What is published can be made again, from nothing if need be. */
    rc = files_make_dir(path, 0700, why);
    if (rc != BM_OK && rc != BM_E_EXISTS) {
        return rc;
    }
    BM_TRY(ca_checkpoint(in->ca, now, why));
    rc = ca_ledger_publish(in->ledger, path);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", path);
}

/* A request of the authority to itself, by the key that it is about. */
bm_status instance_make_csr(const struct bm_key *key, struct bm_bytes subject,
                            struct bm_bytes extensions, struct bm_wr *w,
                            struct bm_csr *csr)
{
    struct bm_csr_config config = { .subject = subject,
                                    .extensions = extensions };

    BM_TRY(bm_csr_build(&config, key->signer, w));
    return bm_csr_parse(bm_wr_bytes(w), NULL, csr);
}

/* "CN=Example Issuing CA OCSP": of the CA's name, the common name goes on. */
static bm_status put_name_of(const struct bm_cert *ca, const char *what,
                             struct bm_wr *w)
{
    struct bm_attr cn;
    uint8_t text[256];
    struct bm_wr t;
    size_t mark;

    if (!bm_name_find(ca->subject, BM_LIT(BM_OID_AT_CN), &cn)) {
        return BM_E_NOT_FOUND;
    }
    bm_wr_init(&t, text, sizeof text);
    bm_wr_put(&t, cn.value);
    bm_wr_str(&t, what);
    if (t.len > t.cap) {
        return BM_E_LIMIT;
    }
    mark = bm_der_open(w, BM_DER_SEQUENCE);
    bm_name_put_rdn(w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING,
                    bm_wr_bytes(&t));
    bm_der_close(w, mark);
    return BM_OK;
}

bm_status instance_responder_name(const struct bm_cert *ca, struct bm_wr *w)
{
    return put_name_of(ca, " OCSP", w);
}

bm_status instance_bundle_name(const struct bm_cert *ca, struct bm_wr *w)
{
    return put_name_of(ca, " TB", w); /* no longer than the other */
}

/* On record first; `kept` is handed over. */
static bm_status set_responder(struct instance *in, struct instance_ca *c,
                               struct store_ca *row, uint8_t *kept, int64_t now,
                               struct ca_refusal *why)
{
    struct bm_cert cert;

    BM_TRY(bm_cert_parse(row->ocsp_cert, BM_STRICT, NULL, &cert));
    BM_TRY(ca_install(in->ca, &authority, row, now, why));
    free(c->ocsp_der);
    c->ocsp_der = kept;
    c->ocsp_cert = cert;
    c->row = *row;
    return BM_OK;
}

bm_status instance_set_responder(struct instance *in, const char *id,
                                 const char *uri, struct bm_bytes der,
                                 int64_t now, struct ca_refusal *why)
{
    const struct instance_ca *found = instance_get_ca(in, id);
    struct store_ca row;
    uint8_t *kept;
    bm_status rc;

    if (found == NULL || strlen(uri) >= sizeof row.ocsp_key_uri) {
        return ca_refuse(why, BM_E_CA_UNAVAILABLE, "CA %s", id);
    }
    kept = malloc(der.n);
    if (kept == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    memcpy(kept, der.p, der.n);
    row = found->row;
    row.ocsp_cert = (struct bm_bytes){ kept, der.n };
    memset(row.ocsp_key_uri, 0, sizeof row.ocsp_key_uri);
    memcpy(row.ocsp_key_uri, uri, strlen(uri));
    rc = set_responder(in, &in->cas[found - in->cas], &row, kept, now, why);
    if (rc != BM_OK) {
        free(kept);
    }
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

/* The new responder takes the place of the old one. */
static bm_status adopt(struct instance *in, struct instance_ca *c,
                       const char *uri, struct responder *r,
                       struct ca_refusal *why)
{
    BM_TRY(instance_set_responder(in, c->row.id, uri, r->der, r->now, why));
    bm_key_close(c->ocsp_key);
    c->ocsp_key = r->key;
    r->key = NULL;
    return BM_OK;
}

static bm_status issue_responder(struct instance *in, struct instance_ca *c,
                                 const char *uri, struct responder *r,
                                 struct ca_refusal *why)
{
    uint8_t name[512];
    uint8_t request[CA_TBS_MAX];
    struct bm_csr csr;
    struct ca_issue_request q = { .actor = &authority,
                                  .by = CA_BY_AUTHORITY,
                                  .profile = INSTANCE_OCSP_PROFILE,
                                  .ca = c->row.id,
                                  .csr = &csr };
    struct ca_issue_result result;
    struct bm_wr w;
    struct bm_wr n;

    bm_wr_init(&n, name, sizeof name);
    BM_TRY(instance_responder_name(&c->cert, &n));
    bm_wr_init(&w, request, sizeof request);
    BM_TRY(instance_make_csr(r->key, bm_wr_bytes(&n),
                             (struct bm_bytes){ NULL, 0 }, &w, &csr));
    BM_TRY(ca_issue(in->ca, &q, 1, r->now, &result));
    if (result.status != BM_OK) {
        return ca_refuse(why, result.status, "%s", result.why.words);
    }
    r->der = result.der;
    return adopt(in, c, uri, r, why);
}

bm_status instance_renew_ocsp(struct instance *in, const char *id, int64_t now,
                              struct ca_refusal *why)
{
    const struct instance_ca *found = instance_get_ca(in, id);
    struct responder r = { .now = now };
    struct instance_ca *c;
    char stem[STORE_ID_MAX + sizeof "ocsp-"];
    char uri[BM_KEY_URI_MAX];
    bool due;
    bm_status rc;

    if (found == NULL || found->key == NULL) {
        return ca_refuse(why, BM_E_CA_UNAVAILABLE, "CA %s", id);
    }
    c = &in->cas[found - in->cas];
    rc = own_is_due(in, c->row.id, &c->ocsp_cert, now, &due);
    if (rc != BM_OK || !due) {
        return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
    }
    (void)snprintf(stem, sizeof stem, "ocsp-%s", c->row.id);
    rc = own_make_key(&in->keys.keys, stem, now, uri, &r.key);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "%s", uri);
    }
    rc = issue_responder(in, c, uri, &r, why);
    bm_key_close(r.key);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
