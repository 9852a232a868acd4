/* SPDX-License-Identifier: Apache-2.0 */
#include "server/init.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/setup.h"
#include "ceremony/root.h"
#include "keys/file.h"
#include "server/blobs.h"
#include "server/instance_internal.h"
#include "server/new_ca.h"
#include "server/outfit.h"
#include "store/sqlite.h"

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
    return blobs_make_dir(m->dir, m->why);
}

static bm_status make_root(struct making *m)
{
    uint8_t name[NEW_CA_NAME_MAX];
    char path[FILES_PATH_MAX];
    struct bm_wr w;
    struct root_config config = { .dir = path,
                                  .type = BM_KEY_P256,
                                  .tools = { m->config->port->crypto,
                                             m->config->port->maker },
                                  .now = m->config->now };

    BM_TRY(path_in(m, "root", path));
    bm_wr_init(&w, name, sizeof name);
    BM_TRY(outfit_put_name(&w, m->config->organisation, "Root CA"));
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
    uint8_t subject[NEW_CA_NAME_MAX];
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
    rc = outfit_put_name(&s, m->config->organisation,
                         subordinates[i].common_name);
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
    size_t n = m->config->subordinate ? 0 : SUBORDINATES_N;
    struct store_ca row = { .id = "root",
                            .kind = STORE_CA_ROOT,
                            .status = STORE_CA_ACTIVE,
                            .cert = m->root.cert.der,
                            .created = m->config->now };

    if (!m->config->subordinate) {
        BM_TRY(s->ca_put(s->self, &row));
    }
    for (size_t i = 0; i < n; i++) {
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

/* Of the CAs themselves, outfit.h makes them. */
static bm_status make_root_list(struct making *m)
{
    int64_t now = m->config->now;
    uint8_t room[2048];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    BM_TRY(root_sign_crl(&m->root, now, &w, m->why));
    return instance_load_crl(m->instance, &authority, "root", bm_wr_bytes(&w),
                             now, m->why);
}

/* Its key here, and its request; its certificate is to come. */
static bm_status request_ca(struct making *m, size_t i)
{
    const struct bm_key_provider *providers[] = { m->files, NULL };
    const struct bm_keys keys = { providers };
    uint8_t subject[NEW_CA_NAME_MAX];
    struct new_ca ca = { .dir = m->dir,
                         .id = subordinates[i].id,
                         .kind = (enum waiting_kind)subordinates[i].kind,
                         .spec = { .type = BM_KEY_P256 },
                         .keys = &keys };
    struct bm_wr w;

    bm_wr_init(&w, subject, sizeof subject);
    BM_TRY(outfit_put_name(&w, m->config->organisation,
                           subordinates[i].common_name));
    ca.subject = bm_wr_bytes(&w);
    return new_ca_make(&ca, m->why);
}

static bm_status request_cas(struct making *m)
{
    for (size_t i = 0; i < SUBORDINATES_N; i++) {
        BM_TRY(request_ca(m, i));
    }
    return BM_OK;
}

static bm_status make_cas(struct making *m)
{
    if (m->config->subordinate) {
        return request_cas(m);
    }
    BM_TRY(make_root(m));
    for (size_t i = 0; i < SUBORDINATES_N; i++) {
        BM_TRY(make_ca(m, i));
    }
    return BM_OK;
}

static bm_status prepare_server(struct making *m)
{
    const struct outfit_server server = { .dir = m->dir,
                                          .organisation =
                                              m->config->organisation,
                                          .hosts = m->config->hosts,
                                          .hosts_n = m->config->hosts_n };

    return outfit_prepare_server(&server, m->files, m->why);
}

static bm_status make_all(struct making *m)
{
    BM_TRY(make_folders(m));
    BM_TRY(make_key_folder(m));
    BM_TRY(make_cas(m));
    BM_TRY(prepare_server(m));
    BM_TRY(make_ledger_key(m));
    BM_TRY(write_settings(m));
    BM_TRY(write_profiles(m));
    BM_TRY(make_store(m));
    BM_TRY(instance_open(m->dir, INSTANCE_WRITE, m->config->port,
                         m->config->now, &m->instance, m->why));
    BM_TRY(begin_history(m));
    if (!m->config->subordinate) {
        BM_TRY(make_root_list(m));
    }
    return outfit_make(m->instance, m->config->now, m->why);
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
