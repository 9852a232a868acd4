/* SPDX-License-Identifier: Apache-2.0 */
#include "server/outfit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/issue.h"
#include "core/oid.h"
#include "core/pem.h"
#include "server/instance_internal.h"
#include "server/own.h"
#include "server/waiting.h"

#define NAME_MAX_OCTETS 512

/* RFC 5280, appendix A, ub-common-name is 64 characters; " OCSP" may follow. */
#define COMMON_NAME_MAX 59

/* A certificate and the CAs above it, in PEM. */
#define CHAIN_PEM_MAX ((size_t)128 << 10)

#define FIRST_OPERATOR "first"
#define OPERATOR_KEY   "operator/operator.key"
#define OPERATOR_PEM   "operator/operator.pem"

static const struct ca_actor authority = { .name = "authority",
                                           .mode = "init",
                                           .authority = true };

struct outfit {
    struct instance *in;
    int64_t now;
    struct ca_refusal *why;
    uint32_t organisation; /* on whose account: the first */
};

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

static bm_status path_in(const struct outfit *o, const char *name,
                         char path[FILES_PATH_MAX])
{
    return files_path(path, o->in->dir, name);
}

static bool is_there(const struct outfit *o, const char *name)
{
    char path[FILES_PATH_MAX];
    struct stat st;

    return path_in(o, name, path) == BM_OK && stat(path, &st) == 0;
}

/* ---- Names */

/* Of UTF-8. */
static size_t characters(const char *s)
{
    size_t n = 0;

    for (; *s != '\0'; s++) {
        n += (*s & 0xc0) != 0x80;
    }
    return n;
}

bm_status outfit_put_names(struct bm_wr *w, const char *organisation,
                           const char *name)
{
    size_t mark = bm_der_open(w, BM_DER_SEQUENCE);

    bm_name_put_rdn(w, BM_LIT(BM_OID_AT_O), BM_DER_UTF8_STRING,
                    text(organisation));
    bm_name_put_rdn(w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING, text(name));
    bm_der_close(w, mark);
    return w->len > w->cap ? BM_E_LIMIT : BM_OK;
}

bm_status outfit_put_name(struct bm_wr *w, const char *organisation,
                          const char *what)
{
    bool fits = characters(organisation) + 1 + strlen(what) <= COMMON_NAME_MAX;
    char cn[256];
    int n = snprintf(cn, sizeof cn, "%s%s%s", fits ? organisation : "",
                     fits ? " " : "", what);

    return n < 0 || (size_t)n >= sizeof cn
               ? BM_E_LIMIT
               : outfit_put_names(w, organisation, cn);
}

/* ---- The server */

static void put_host(struct bm_wr *w, const char *host)
{
    uint8_t address[16];

    if (inet_pton(AF_INET, host, address) == 1) {
        bm_general_name_put(w, BM_GN_IP, (struct bm_bytes){ address, 4 });
    } else if (inet_pton(AF_INET6, host, address) == 1) {
        bm_general_name_put(w, BM_GN_IP, (struct bm_bytes){ address, 16 });
    } else {
        bm_general_name_put(w, BM_GN_DNS, text(host));
    }
}

static bm_status put_hosts(struct bm_wr *w, const struct outfit_server *server)
{
    struct bm_ext_mark mark = bm_ext_open(w, BM_LIT(BM_OID_CE_SAN), false);
    size_t list = bm_der_open(w, BM_DER_SEQUENCE);

    for (size_t i = 0; i < server->hosts_n; i++) {
        put_host(w, server->hosts[i]);
    }
    bm_der_close(w, list);
    bm_ext_close(w, &mark);
    return w->len > w->cap ? BM_E_LIMIT : BM_OK;
}

bm_status outfit_prepare_server(const struct outfit_server *server,
                                const struct bm_key_provider *files,
                                struct ca_refusal *why)
{
    struct bm_key_spec spec = { .type = BM_KEY_P256 };
    struct waiting_key waiting = { .id = WAITING_SERVER_ID,
                                   .kind = WAITING_SERVER,
                                   .key_uri = SERVER_KEY_URI };
    struct bm_key *key = NULL;
    uint8_t exts[4096];
    uint8_t subject[NAME_MAX_OCTETS];
    uint8_t request[CA_TBS_MAX];
    struct bm_wr e;
    struct bm_wr s;
    struct bm_wr w;
    bm_status rc;

    rc = files->generate(files->self, &SERVER_KEY_URI[strlen("file:")], &spec,
                         &key);
    bm_wr_init(&e, exts, sizeof exts);
    bm_wr_init(&s, subject, sizeof subject);
    bm_wr_init(&w, request, sizeof request);
    if (rc == BM_OK) {
        rc = put_hosts(&e, server);
    }
    if (rc == BM_OK) {
        rc = outfit_put_name(&s, server->organisation, "server");
    }
    if (rc == BM_OK) {
        rc = instance_make_csr(key, bm_wr_bytes(&s), bm_wr_bytes(&e), &w,
                               &waiting.csr);
    }
    if (rc == BM_OK) {
        rc = waiting_write(&waiting, server->dir, why);
    }
    bm_key_close(key);
    return rc;
}

static bm_status issue_server(struct outfit *o, const struct bm_csr *csr,
                              struct bm_wr *cert)
{
    struct ca_actor actor = authority;
    struct ca_issue_request r = { .actor = &actor,
                                  .by = CA_BY_AUTHORITY,
                                  .profile = "tls-server",
                                  .csr = csr };
    struct ca_issue_result result;

    actor.organisation = o->organisation;
    BM_TRY(ca_issue(o->in->ca, &r, 1, o->now, &result));
    if (result.status != BM_OK) {
        if (o->why != NULL) {
            *o->why = result.why;
        }
        return result.status;
    }
    bm_wr_put(cert, result.der);
    return cert->len > cert->cap ? BM_E_LIMIT : BM_OK;
}

/* A certificate for a key of ours, if one was issued and is good. */
struct by_key {
    struct outfit *o;
    struct bm_wr *cert;
};

static bm_status take_cert(void *arg, const void *visited)
{
    static const struct store_scope everything = { 0, 0 };
    struct by_key *k = arg;
    const struct store *s = k->o->in->store;
    struct store_cert row;

    BM_TRY(s->cert_get(s->self, &everything, *(const uint64_t *)visited, &row));
    if (row.status != STORE_CERT_VALID || row.der.n == 0 ||
        row.not_after <= k->o->now) {
        return BM_OK;
    }
    bm_wr_put(k->cert, row.der);
    return BM_E_END;
}

static bm_status find_issued(struct outfit *o, const struct bm_csr *csr,
                             struct bm_wr *cert)
{
    const struct bm_crypto *crypto = o->in->port.crypto;
    const struct store *s = o->in->store;
    struct by_key k = { o, cert };
    struct store_visit visit = { &k, take_cert };
    uint8_t hash[BM_HASH_MAX];
    bm_status rc;

    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, csr->key.der, hash));
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = s->claim_list(s->self, STORE_CLAIM_KEY, hash, &visit);
    s->rollback(s->self);
    return cert->len > cert->cap ? BM_E_LIMIT : rc;
}

static bm_status write_server(struct outfit *o,
                              const struct waiting_key *waiting)
{
    const struct instance_ca *ca = instance_find_ca(o->in, "operations");
    size_t cap = CA_CERT_MAX + CHAIN_PEM_MAX;
    uint8_t *room = malloc(cap);
    struct bm_wr cert;
    struct bm_wr chain;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        goto out;
    }
    bm_wr_init(&cert, room, CA_CERT_MAX);
    bm_wr_init(&chain, room + CA_CERT_MAX, CHAIN_PEM_MAX);
    rc = find_issued(o, &waiting->csr, &cert);
    if (rc == BM_OK && cert.len == 0) {
        rc = issue_server(o, &waiting->csr, &cert);
    }
    if (rc == BM_OK) {
        rc = instance_put_chain(o->in, ca->row.id, true, &chain);
    }
    if (rc == BM_OK) {
        rc = own_server_write(o->in->dir, waiting->key_uri, bm_wr_bytes(&cert),
                              bm_wr_bytes(&chain), o->why);
    }

out:
    free(room);
    return rc;
}

/* There is a request until there is a certificate. */
static bm_status make_server(struct outfit *o)
{
    struct waiting_key waiting;
    bm_status rc =
        waiting_read(&waiting, o->in->dir, WAITING_SERVER_ID, o->why);

    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    BM_TRY(rc);
    if (!is_there(o, "ca/server.pem")) {
        rc = write_server(o, &waiting);
    }
    waiting_free(&waiting);
    BM_TRY(rc);
    return waiting_drop(o->in->dir, WAITING_SERVER_ID, o->why);
}

/* ---- The first operator */

static bm_status put_operator_key(struct outfit *o,
                                  const struct bm_signer *signer)
{
    const struct bm_key_maker *maker = o->in->port.maker;
    uint8_t der[2048];
    uint8_t pem[4096];
    char path[FILES_PATH_MAX];
    struct bm_wr d;
    struct bm_wr p;
    bm_status rc;

    bm_wr_init(&d, der, sizeof der);
    bm_wr_init(&p, pem, sizeof pem);
    rc = maker->to_pkcs8(maker->self, signer, &d);
    if (rc == BM_OK) {
        bm_pem_put(&p, "PRIVATE KEY", bm_wr_bytes(&d));
        rc = p.len > p.cap ? BM_E_BUFFER : path_in(o, OPERATOR_KEY, path);
    }
    if (rc == BM_OK) {
        rc = files_create(path, bm_wr_bytes(&p), 0400, o->why);
    }
    bm_wipe(der, sizeof der);
    bm_wipe(pem, sizeof pem);
    return rc;
}

/* The key that was made before, by whom was interrupted then. */
static bm_status read_operator_key(struct outfit *o, struct bm_signer **signer)
{
    const struct bm_key_maker *maker = o->in->port.maker;
    char path[FILES_PATH_MAX];
    uint8_t *der = NULL;
    size_t n;
    bm_status rc;

    BM_TRY(path_in(o, OPERATOR_KEY, path));
    BM_TRY(files_get_pem(path, "PRIVATE KEY", &der, &n, o->why));
    rc = maker->from_pkcs8(maker->self, (struct bm_bytes){ der, n }, signer);
    bm_wipe(der, n);
    free(der);
    return rc == BM_OK ? BM_OK : ca_refuse(o->why, rc, "%s", path);
}

/* The key is a file of its own: it is carried to another machine, and used
 * by browsers and curl. */
static bm_status take_operator_key(struct outfit *o, struct bm_signer **signer)
{
    const struct bm_key_maker *maker = o->in->port.maker;
    struct bm_key_spec spec = { .type = BM_KEY_P256 };
    bm_status rc;

    if (is_there(o, OPERATOR_KEY)) {
        return read_operator_key(o, signer);
    }
    BM_TRY(maker->generate(maker->self, &spec, signer));
    rc = put_operator_key(o, *signer);
    if (rc != BM_OK) {
        maker->release(maker->self, *signer);
        *signer = NULL;
    }
    return rc;
}

static bm_status create_operator(struct outfit *o,
                                 const struct bm_signer *signer,
                                 struct ca_issue_result *result)
{
    struct ca_actor actor = authority;
    uint8_t subject[NAME_MAX_OCTETS];
    uint8_t request[CA_TBS_MAX];
    struct bm_key key = { .signer = signer };
    struct bm_csr csr;
    struct ca_operator_order order = { .id = FIRST_OPERATOR,
                                       .roles = CA_ROLE_ADMIN,
                                       .csr = &csr };
    struct bm_wr w;
    struct bm_wr s;
    bm_status rc;

    actor.organisation = o->organisation;
    bm_wr_init(&s, subject, sizeof subject);
    bm_wr_init(&w, request, sizeof request);
    BM_TRY(outfit_put_name(&s, "operator", FIRST_OPERATOR));
    BM_TRY(instance_make_csr(&key, bm_wr_bytes(&s),
                             (struct bm_bytes){ NULL, 0 }, &w, &csr));
    rc = ca_operator_create(o->in->ca, &actor, &order, o->now, result);
    if (rc != BM_OK && o->why != NULL) {
        *o->why = result->why;
    }
    return rc;
}

static bm_status write_operator(struct outfit *o, struct bm_bytes der)
{
    const struct instance_ca *ca = instance_find_ca(o->in, "operations");
    char path[FILES_PATH_MAX];
    uint8_t *room = malloc(2 * CHAIN_PEM_MAX);
    struct bm_bytes rest;
    struct bm_bytes one;
    struct bm_der d;
    struct bm_wr chain;
    struct bm_wr w;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        goto out;
    }
    bm_wr_init(&chain, room, CHAIN_PEM_MAX);
    bm_wr_init(&w, room + CHAIN_PEM_MAX, CHAIN_PEM_MAX);
    rc = instance_put_chain(o->in, ca->row.id, true, &chain);
    bm_pem_put(&w, "CERTIFICATE", der);
    rest = bm_wr_bytes(&chain);
    bm_der_init(&d, rest, NULL);
    while (rc == BM_OK && bm_der_end(&d) != BM_OK) {
        rc = bm_der_take_element(&d, BM_DER_SEQUENCE, &one);
        bm_pem_put(&w, "CERTIFICATE", one);
    }
    if (rc == BM_OK) {
        rc = w.len > w.cap ? BM_E_LIMIT : path_in(o, OPERATOR_PEM, path);
    }
    if (rc == BM_OK) {
        rc = files_replace(path, bm_wr_bytes(&w), 0644, o->why);
    }

out:
    free(room);
    return rc;
}

static bm_status make_operator(struct outfit *o)
{
    const struct bm_key_maker *maker = o->in->port.maker;
    struct bm_signer *signer = NULL;
    struct ca_issue_result result;
    bool wanted;
    bm_status rc = instance_wants_operator(o->in, true, &wanted);

    if (rc != BM_OK || !wanted) {
        return rc;
    }
    BM_TRY(take_operator_key(o, &signer));
    rc = create_operator(o, signer, &result);
    if (rc == BM_OK) {
        rc = write_operator(o, result.der);
    }
    maker->release(maker->self, signer);
    /* Another key that somebody has put there. */
    return rc == BM_E_EXISTS ? BM_OK : rc;
}

/* ---- Lists */

static bm_status make_list(struct outfit *o, const char *id)
{
    const struct store *s = o->in->store;
    char name[STORE_ID_MAX + 16];
    struct store_crl row;
    bm_status rc;

    (void)snprintf(name, sizeof name, "crl/%s.crl", id);
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = s->crl_get(s->self, id, STORE_LIST_COMPLETE, &row);
    s->rollback(s->self);
    if (rc == BM_OK && is_there(o, name)) {
        return BM_OK;
    }
    return rc != BM_OK && rc != BM_E_NOT_FOUND
               ? rc
               : instance_make_crl(o->in, &authority, id, o->now, o->why);
}

static bm_status make_bundles(struct outfit *o)
{
    return o->in->bundle.key == NULL
               ? BM_OK
               : instance_renew_bundles(o->in, &authority, o->now, o->why);
}

/* ---- All of it */

static bm_status make_all(struct outfit *o)
{
    struct instance *in = o->in;
    const struct instance_ca *operations = instance_find_ca(in, "operations");

    BM_TRY(instance_organisation(in, &o->organisation));
    for (size_t i = 0; i < in->cas_n; i++) {
        if (in->cas[i].key != NULL) {
            BM_TRY(instance_renew_ocsp(in, in->cas[i].row.id, o->now, o->why));
        }
    }
    BM_TRY(instance_renew_bundle_signer(in, o->now, o->why));
    if (operations != NULL && operations->key != NULL) {
        BM_TRY(make_server(o));
        BM_TRY(make_operator(o));
    }
    for (size_t i = 0; i < in->cas_n; i++) {
        if (in->cas[i].key != NULL) {
            BM_TRY(make_list(o, in->cas[i].row.id));
        }
    }
    BM_TRY(make_bundles(o));
    return instance_publish(in, o->now, o->why);
}

bm_status outfit_make(struct instance *instance, int64_t now,
                      struct ca_refusal *why)
{
    struct outfit o = { .in = instance, .now = now, .why = why };
    bm_status rc = make_all(&o);

    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
