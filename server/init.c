/* SPDX-License-Identifier: Apache-2.0 */
#include "server/init.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/issue.h"
#include "ca/setup.h"
#include "ceremony/root.h"
#include "core/oid.h"
#include "core/pem.h"
#include "keys/file.h"
#include "server/instance_internal.h"
#include "store/sqlite.h"

#define NAME_MAX_OCTETS 512

static const struct ca_actor authority = { .name = "authority",
                                           .mode = "init",
                                           .authority = true };

/* The authorities that `init` makes, and what they sign for. */
static const struct {
    const char *id;
    const char *common_name; /* behind the organisation's */
    enum store_ca_kind kind;
} subordinates[] = {
    { "issuing", "Issuing CA", STORE_CA_ISSUING },
    { "operations", "Operations CA", STORE_CA_OPERATIONS },
};

#define SUBORDINATES_N (sizeof subordinates / sizeof subordinates[0])

struct making {
    const struct init_config *config;
    struct ca_refusal *why;
    char dir[FILES_PATH_MAX]; /* where it is built */
    struct root root;
    struct bm_kek *kek;
    struct bm_key_provider *files;
    struct store *store;
    struct instance *instance;
    struct ca_genesis genesis;
    char origin[300]; /* of the ledger */
    uint8_t cert[SUBORDINATES_N][CA_CERT_MAX];
    size_t cert_n[SUBORDINATES_N];
};

static struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* RFC 5280, appendix A, ub-common-name is 64 characters; " OCSP" may follow. */
#define COMMON_NAME_MAX 59

/* Of UTF-8. */
static size_t characters(const char *s)
{
    size_t n = 0;

    for (; *s != '\0'; s++) {
        n += (*s & 0xc0) != 0x80;
    }
    return n;
}

/* O=organisation, CN=organisation and what it is, or only that where the name
 * of the organisation is long. */
static bm_status put_name(struct bm_wr *w, const char *organisation,
                          const char *what)
{
    bool fits = characters(organisation) + 1 + strlen(what) <= COMMON_NAME_MAX;
    char cn[256];
    size_t mark = bm_der_open(w, BM_DER_SEQUENCE);
    int n = snprintf(cn, sizeof cn, "%s%s%s", fits ? organisation : "",
                     fits ? " " : "", what);

    if (n < 0 || (size_t)n >= sizeof cn) {
        return BM_E_LIMIT;
    }
    bm_name_put_rdn(w, BM_LIT(BM_OID_AT_O), BM_DER_UTF8_STRING,
                    text(organisation));
    bm_name_put_rdn(w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING, text(cn));
    bm_der_close(w, mark);
    return w->len > w->cap ? BM_E_LIMIT : BM_OK;
}

static bm_status path_in(const struct making *m, const char *name,
                         char path[FILES_PATH_MAX])
{
    return files_path(path, m->dir, name);
}

static bm_status make_folders(struct making *m)
{
    static const char *const folders[] = { "profiles", "ca",     "keys",
                                           "crl",      "ledger", "journal",
                                           "operator", "run" };
    char path[FILES_PATH_MAX];

    BM_TRY(files_make_dir(m->dir, 0700, m->why));
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        BM_TRY(path_in(m, folders[i], path));
        BM_TRY(files_make_dir(path, 0700, m->why));
    }
    return BM_OK;
}

static bm_status make_root(struct making *m)
{
    uint8_t name[NAME_MAX_OCTETS];
    char path[FILES_PATH_MAX];
    struct bm_wr w;
    struct root_config config = { .dir = path,
                                  .type = BM_KEY_P256,
                                  .tools = { m->config->port->crypto,
                                             m->config->port->maker },
                                  .now = m->config->now };

    BM_TRY(path_in(m, "root", path));
    bm_wr_init(&w, name, sizeof name);
    BM_TRY(put_name(&w, m->config->organisation, "Root CA"));
    config.subject = bm_wr_bytes(&w);
    BM_TRY(root_create(&m->root, &config, m->why));
    BM_TRY(path_in(m, "ca/root.pem", path));
    return files_put_pem(path, "CERTIFICATE", m->root.cert.der, m->why);
}

/*
 * 4 MiB and some milliseconds. The secret is 256 random bits, which scrypt
 * cannot make better; each process that holds keys pays for it whenever it
 * starts, and a service that is to be back at once cannot wait.
 */
static const struct bm_scrypt_cost unlock_cost = { 12, 8, 1 };

static bm_status make_key_folder(struct making *m)
{
    char unlock[FILES_PATH_MAX];
    char kek[FILES_PATH_MAX];
    char dir[FILES_PATH_MAX];
    uint8_t secret[BM_UNLOCK_SIZE];
    const struct instance_port *port = m->config->port;
    struct bm_kek_config kek_config = { .tools = { port->crypto, port->maker },
                                        .path = kek,
                                        .secret = secret,
                                        .cost = &unlock_cost };
    struct bm_key_file_config config = { .tools = { port->crypto, port->maker },
                                         .dir = dir };
    bm_status rc;

    BM_TRY(path_in(m, "keys/unlock", unlock));
    BM_TRY(path_in(m, "keys/kek", kek));
    BM_TRY(path_in(m, "keys", dir));
    BM_TRY(bm_unlock_create(port->crypto, unlock, secret));
    rc = bm_kek_create(&kek_config, &m->kek);
    bm_wipe(secret, sizeof secret);
    BM_TRY(rc);
    config.kek = m->kek;
    return bm_key_file_new(&config, &m->files);
}

/* A subordinate CA: its key here, its certificate from the root. */
static bm_status make_ca(struct making *m, size_t i)
{
    struct bm_key_spec spec = { .type = BM_KEY_P256 };
    struct bm_key *key = NULL;
    char name[64];
    char path[FILES_PATH_MAX];
    uint8_t request[CA_TBS_MAX];
    uint8_t subject[NAME_MAX_OCTETS];
    struct bm_csr csr;
    struct bm_wr w;
    struct bm_wr s;
    bm_status rc;

    (void)snprintf(name, sizeof name, "%s.key", subordinates[i].id);
    rc = m->files->generate(m->files->self, name, &spec, &key);
    if (rc != BM_OK) {
        goto out;
    }
    bm_wr_init(&s, subject, sizeof subject);
    rc = put_name(&s, m->config->organisation, subordinates[i].common_name);
    if (rc != BM_OK) {
        goto out;
    }
    bm_wr_init(&w, request, sizeof request);
    rc = instance_make_csr(key, bm_wr_bytes(&s), (struct bm_bytes){ NULL, 0 },
                           &w, &csr);
    if (rc != BM_OK) {
        goto out;
    }
    bm_wr_init(&w, m->cert[i], sizeof m->cert[i]);
    rc = root_sign_ca(&m->root, &csr, bm_wr_bytes(&s), m->config->now, &w,
                      m->why);
    if (rc != BM_OK) {
        goto out;
    }
    m->cert_n[i] = w.len;
    (void)snprintf(name, sizeof name, "ca/%s.pem", subordinates[i].id);
    rc = path_in(m, name, path);
    if (rc == BM_OK) {
        rc = files_put_pem(path, "CERTIFICATE", bm_wr_bytes(&w), m->why);
    }

out:
    bm_key_close(key);
    return rc;
}

static bm_status make_ledger_key(struct making *m)
{
    struct bm_key_spec spec = { .type = BM_KEY_ED25519 };
    struct bm_key *key = NULL;
    char path[FILES_PATH_MAX];
    bm_status rc;

    BM_TRY(path_in(m, "ledger.pub", path));
    rc = m->files->generate(m->files->self, "ledger.key", &spec, &key);
    if (rc == BM_OK) {
        rc = files_put_pem(path, "PUBLIC KEY", key->signer->key.der, m->why);
    }
    bm_key_close(key);
    return rc;
}

static bm_status write_text(struct making *m, const char *name,
                            struct bm_bytes content)
{
    char path[FILES_PATH_MAX];

    BM_TRY(path_in(m, name, path));
    return files_create(path, content, 0644, m->why);
}

static bool is_ipv6(const char *host)
{
    return strchr(host, ':') != NULL;
}

static bm_status write_settings(struct making *m)
{
    const char *host = m->config->hosts[0];
    char url[300];
    uint8_t room[4096];
    struct bm_wr w;

    (void)snprintf(url, sizeof url,
                   is_ipv6(host) ? "http://[%s]:8080" : "http://%s:8080", host);
    (void)snprintf(m->origin, sizeof m->origin, "%s/ledger", host);
    bm_wr_init(&w, room, sizeof room);
    settings_put(&w, url, m->origin);
    return write_text(m, "birthmark.yaml", bm_wr_bytes(&w));
}

static bm_status write_profiles(struct making *m)
{
    char name[128];

    for (const struct ca_profile_shipped *p = ca_profiles_shipped;
         p->name != NULL; p++) {
        if (p->shipping != CA_PROFILE_WRITTEN) {
            continue;
        }
        (void)snprintf(name, sizeof name, "profiles/%s.yaml", p->name);
        BM_TRY(write_text(m, name, text(p->text)));
    }
    return write_text(m, "bad-keys.txt", text(ca_bad_keys_shipped));
}

static bm_status put_cas(struct making *m)
{
    struct store *s = m->store;
    struct store_ca row = { .id = "root",
                            .kind = STORE_CA_ROOT,
                            .status = STORE_CA_ACTIVE,
                            .cert = m->root.cert.der,
                            .created = m->config->now };

    BM_TRY(s->ca_put(s->self, &row));
    for (size_t i = 0; i < SUBORDINATES_N; i++) {
        row = (struct store_ca){ .kind = subordinates[i].kind,
                                 .status = STORE_CA_ACTIVE,
                                 .parent = "root",
                                 .created = m->config->now };
        (void)snprintf(row.id, sizeof row.id, "%s", subordinates[i].id);
        (void)snprintf(row.key_uri, sizeof row.key_uri, "file:%s.key",
                       subordinates[i].id);
        row.cert = (struct bm_bytes){ m->cert[i], m->cert_n[i] };
        BM_TRY(s->ca_put(s->self, &row));
    }
    return BM_OK;
}

/* The rows that an instance needs to be opened; what they say is put on
 * record once it is (record_cas()). */
static bm_status make_store(struct making *m)
{
    char path[FILES_PATH_MAX];
    struct store_sqlite_config config = { .path = path, .create = true };
    struct store *s;
    bm_status rc;

    BM_TRY(path_in(m, "birthmark.db", path));
    BM_TRY(store_sqlite_open(&config, &m->store));
    s = m->store;
    rc = s->begin(s->self, STORE_WRITE);
    if (rc == BM_OK) {
        rc = put_cas(m);
    }
    if (rc == BM_OK) {
        rc = s->setting_put(s->self, INSTANCE_ORIGIN, text(m->origin));
    }
    if (rc == BM_OK) {
        rc = s->commit(s->self);
    }
    s->close(s->self);
    m->store = NULL;
    return rc;
}

static bm_status begin_history(struct making *m)
{
    struct instance *in = m->instance;
    int64_t now = m->config->now;

    m->genesis.ecosystem = m->config->organisation;
    m->genesis.organisation = m->config->organisation;
    BM_TRY(ca_begin_history(in->ca, &authority, &m->genesis, now, m->why));
    for (size_t i = 0; i < in->cas_n; i++) {
        BM_TRY(ca_install(in->ca, &authority, &in->cas[i].row, now, m->why));
    }
    return ca_note_profiles(in->ca, now, m->why);
}

static bm_status make_responders(struct making *m)
{
    for (size_t i = 0; i < SUBORDINATES_N; i++) {
        BM_TRY(instance_renew_ocsp(m->instance, subordinates[i].id,
                                   m->config->now, m->why));
    }
    return BM_OK;
}

/* Issue by the operations CA to a key that was just made. */
static bm_status issue_own(struct making *m, const char *profile,
                           const struct bm_signer *signer,
                           struct bm_bytes subject, struct bm_bytes exts,
                           struct ca_issue_result *result)
{
    struct ca_actor actor = authority;
    uint8_t request[CA_TBS_MAX];
    struct bm_key key = { .signer = signer };
    struct bm_csr csr;
    struct ca_issue_request r = {
        .actor = &actor, .by = CA_BY_AUTHORITY, .profile = profile, .csr = &csr
    };
    struct bm_wr w;

    actor.organisation = m->genesis.organisation_id;
    bm_wr_init(&w, request, sizeof request);
    BM_TRY(instance_make_csr(&key, subject, exts, &w, &csr));
    BM_TRY(ca_issue(m->instance->ca, &r, 1, m->config->now, result));
    if (result->status != BM_OK && m->why != NULL) {
        *m->why = result->why;
    }
    return result->status;
}

/* A certificate with its issuer behind it: what a TLS server presents. */
static bm_status put_chain(struct making *m, const char *name,
                           struct bm_bytes der)
{
    const struct instance_ca *ca = instance_find_ca(m->instance, "operations");
    size_t cap = 2 * (der.n + ca->cert.der.n) + 512;
    uint8_t *room = malloc(cap);
    struct bm_wr w;
    bm_status rc;

    if (room == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, room, cap);
    bm_pem_put(&w, "CERTIFICATE", der);
    bm_pem_put(&w, "CERTIFICATE", ca->cert.der);
    rc = write_text(m, name, bm_wr_bytes(&w));
    free(room);
    return rc;
}

static bm_status put_host(struct bm_wr *w, const char *host)
{
    uint8_t address[16];

    if (inet_pton(AF_INET, host, address) == 1) {
        bm_general_name_put(w, BM_GN_IP, (struct bm_bytes){ address, 4 });
    } else if (inet_pton(AF_INET6, host, address) == 1) {
        bm_general_name_put(w, BM_GN_IP, (struct bm_bytes){ address, 16 });
    } else {
        bm_general_name_put(w, BM_GN_DNS, text(host));
    }
    return w->len > w->cap ? BM_E_LIMIT : BM_OK;
}

static bm_status make_server(struct making *m)
{
    struct bm_key_spec spec = { .type = BM_KEY_P256 };
    struct bm_key *key = NULL;
    uint8_t exts[4096];
    uint8_t subject[NAME_MAX_OCTETS];
    struct ca_issue_result result;
    struct bm_ext_mark mark;
    struct bm_wr e;
    struct bm_wr s;
    size_t list;
    bm_status rc =
        m->files->generate(m->files->self, "server.key", &spec, &key);

    bm_wr_init(&e, exts, sizeof exts);
    mark = bm_ext_open(&e, BM_LIT(BM_OID_CE_SAN), false);
    list = bm_der_open(&e, BM_DER_SEQUENCE);
    for (size_t i = 0; rc == BM_OK && i < m->config->hosts_n; i++) {
        rc = put_host(&e, m->config->hosts[i]);
    }
    bm_der_close(&e, list);
    bm_ext_close(&e, &mark);
    bm_wr_init(&s, subject, sizeof subject);
    if (rc == BM_OK) {
        rc = put_name(&s, m->config->organisation, "server");
    }
    if (rc == BM_OK) {
        rc = issue_own(m, "tls-server", key->signer, bm_wr_bytes(&s),
                       bm_wr_bytes(&e), &result);
    }
    if (rc == BM_OK) {
        rc = put_chain(m, "ca/server.pem", result.der);
    }
    bm_key_close(key);
    return rc;
}

static bm_status put_operator_key(struct making *m,
                                  const struct bm_signer *signer)
{
    const struct bm_key_maker *maker = m->config->port->maker;
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
        rc = p.len > p.cap ? BM_E_BUFFER
                           : path_in(m, "operator/operator.key", path);
    }
    if (rc == BM_OK) {
        rc = files_create(path, bm_wr_bytes(&p), 0400, m->why);
    }
    bm_wipe(der, sizeof der);
    bm_wipe(pem, sizeof pem);
    return rc;
}

static bm_status record_operator(struct making *m,
                                 const struct ca_issue_result *issued)
{
    const struct bm_crypto *crypto = m->config->port->crypto;
    struct store_operator row = { .id = "first",
                                  .organisation = m->genesis.organisation_id,
                                  .roles = CA_ROLE_ADMIN,
                                  .cert_id = issued->id,
                                  .created = m->config->now };
    uint8_t hash[BM_HASH_MAX];

    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, issued->der, hash));
    memcpy(row.cert, hash, sizeof row.cert);
    return ca_add_operator(m->instance->ca, &authority, &row, m->config->now,
                           m->why);
}

/* The key is a file of its own: it is carried to another machine, and used
 * by browsers and curl. */
static bm_status make_operator(struct making *m)
{
    const struct bm_key_maker *maker = m->config->port->maker;
    struct bm_key_spec spec = { .type = BM_KEY_P256 };
    struct bm_signer *signer = NULL;
    uint8_t subject[NAME_MAX_OCTETS];
    struct ca_issue_result result;
    struct bm_wr w;
    bm_status rc = maker->generate(maker->self, &spec, &signer);

    bm_wr_init(&w, subject, sizeof subject);
    if (rc == BM_OK) {
        rc = put_name(&w, m->config->organisation, "first operator");
    }
    if (rc == BM_OK) {
        rc = put_operator_key(m, signer);
    }
    if (rc == BM_OK) {
        rc = issue_own(m, "operator", signer, bm_wr_bytes(&w),
                       (struct bm_bytes){ NULL, 0 }, &result);
    }
    if (rc == BM_OK) {
        rc = put_chain(m, "operator/operator.pem", result.der);
    }
    if (rc == BM_OK) {
        rc = record_operator(m, &result);
    }
    maker->release(maker->self, signer);
    return rc;
}

static bm_status make_lists(struct making *m)
{
    int64_t now = m->config->now;
    uint8_t room[2048];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    BM_TRY(root_sign_crl(&m->root, now, &w, m->why));
    BM_TRY(ca_crl_load(m->instance->ca, &authority, "root", bm_wr_bytes(&w),
                       now, m->why));
    BM_TRY(instance_write_crl(m->instance, "root", bm_wr_bytes(&w), m->why));
    for (size_t i = 0; i < SUBORDINATES_N; i++) {
        BM_TRY(instance_make_crl(m->instance, &authority, subordinates[i].id,
                                 now, m->why));
    }
    return instance_publish(m->instance, now, m->why);
}

static bm_status make_all(struct making *m)
{
    BM_TRY(make_folders(m));
    BM_TRY(make_root(m));
    BM_TRY(make_key_folder(m));
    for (size_t i = 0; i < SUBORDINATES_N; i++) {
        BM_TRY(make_ca(m, i));
    }
    BM_TRY(make_ledger_key(m));
    BM_TRY(write_settings(m));
    BM_TRY(write_profiles(m));
    BM_TRY(make_store(m));
    BM_TRY(instance_open(m->dir, INSTANCE_WRITE, m->config->port,
                         m->config->now, &m->instance, m->why));
    BM_TRY(begin_history(m));
    BM_TRY(make_responders(m));
    BM_TRY(make_server(m));
    BM_TRY(make_operator(m));
    return make_lists(m);
}

static void close_all(struct making *m)
{
    instance_close(m->instance);
    root_close(&m->root);
    bm_key_file_free(m->files);
    bm_kek_close(m->kek);
}

/*
 * Built in DIR.unfinished-init: a name that nobody gives to what he wants to
 * keep, since it is removed if it is there.
 */
static bm_status begin(struct making *m)
{
    size_t n = strlen(m->config->dir);
    int len;

    /* "DIR/" is DIR: else it would be built within itself. */
    while (n > 1 && m->config->dir[n - 1] == '/') {
        n--;
    }
    if (n == 0 || n >= sizeof m->dir || m->config->hosts_n == 0) {
        return ca_refuse(m->why, BM_E_ARGUMENT, "%s", m->config->dir);
    }
    len = snprintf(m->dir, sizeof m->dir, "%.*s.unfinished-init", (int)n,
                   m->config->dir);
    if (len < 0 || (size_t)len >= sizeof m->dir) {
        return ca_refuse(m->why, BM_E_LIMIT, "%s", m->config->dir);
    }
    BM_TRY(files_is_free(m->config->dir, m->why));
    /* What an interrupted `init` left there was never an instance. */
    return files_remove_tree(m->dir, m->why);
}

bm_status init_instance(const struct init_config *config,
                        struct ca_refusal *why)
{
    struct making *m = calloc(1, sizeof *m);
    bm_status rc = BM_E_MEMORY;

    if (m == NULL) {
        return ca_refuse_plain(why, rc);
    }
    m->config = config;
    m->why = why;
    rc = begin(m);
    if (rc == BM_OK) {
        rc = make_all(m);
        close_all(m);
        if (rc == BM_OK) {
            rc = files_move_dir(m->dir, config->dir, why);
        }
        if (rc != BM_OK && files_remove_tree(m->dir, NULL) != BM_OK) {
            /* It is no instance, and the next attempt removes it. */
            rc = ca_refuse_plain(why, rc);
        }
    }
    free(m);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
