/* SPDX-License-Identifier: Apache-2.0 */
#include "server/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "keys/file.h"
#include "server/instance_internal.h"
#include "store/sqlite.h"

#define SETTINGS_MAX      ((size_t)64 << 10)
#define BAD_KEYS_FILE_MAX ((size_t)80 << 20)

static bm_status read_settings(struct instance *in, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    uint8_t *text = NULL;
    size_t n;
    bm_status rc;

    BM_TRY(files_path(path, in->dir, "birthmark.yaml"));
    rc = files_read(path, SETTINGS_MAX, &text, &n, why);
    if (rc == BM_E_NOT_FOUND) {
        rc = ca_refuse(why, rc, "%s is not an instance: no birthmark.yaml",
                       in->dir);
    }
    if (rc == BM_OK) {
        rc = settings_parse((struct bm_bytes){ text, n }, path, &in->settings,
                            why);
    }
    free(text);
    return rc;
}

/* One writer. The kernel lets go of the lock when the process ends. */
static bm_status take_lock(struct instance *in, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];

    BM_TRY(files_path(path, in->dir, "run/lock"));
    in->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (in->lock < 0) {
        char words[128];

        if (strerror_r(errno, words, sizeof words) != 0) {
            words[0] = '\0';
        }
        return ca_refuse(why, BM_E_IO, "%s: %s", path, words);
    }
    if (flock(in->lock, LOCK_EX | LOCK_NB) != 0) {
        return ca_refuse(why, BM_E_BUSY, "the instance %s (%s is locked)",
                         in->dir, path);
    }
    return BM_OK;
}

static bm_status unlock(struct instance *in, struct ca_refusal *why)
{
    char usual[FILES_PATH_MAX];
    char path[FILES_PATH_MAX];
    uint8_t secret[BM_UNLOCK_SIZE];
    struct bm_unlock_source source;
    struct bm_kek_config config = {
        .tools = { in->port.crypto, in->port.maker },
        .path = path,
        .secret = secret,
    };
    bm_status rc;

    BM_TRY(files_path(usual, in->dir, "keys/unlock"));
    BM_TRY(files_path(path, in->dir, "keys/kek"));
    rc = bm_unlock_source_parse(in->settings.unlock, usual, &source);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "unlock: %s", in->settings.unlock);
    }
    rc = bm_unlock_read(in->port.crypto, &source, secret);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "unlock: %s", in->settings.unlock);
    }
    rc = bm_kek_open(&config, &in->kek);
    bm_wipe(secret, sizeof secret);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", path);
}

static bm_status open_keys(struct instance *in, struct ca_refusal *why)
{
    char dir[FILES_PATH_MAX];
    struct bm_key_file_config config = {
        .tools = { in->port.crypto, in->port.maker },
        .dir = dir,
        .kek = in->kek,
    };
    bm_status rc;

    BM_TRY(files_path(dir, in->dir, "keys"));
    rc = bm_key_file_new(&config, &in->files);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "%s", dir);
    }
    in->providers[0] = in->files;
    in->keys.providers = in->providers;
    rc = bm_key_open(&in->keys, "file:ledger.key", &in->ledger_key);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "file:ledger.key");
}

static bm_status open_store(struct instance *in, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    struct store_sqlite_config config = { .path = path,
                                          .read_only =
                                              in->mode == INSTANCE_READ };
    bm_status rc;

    BM_TRY(files_path(path, in->dir, "birthmark.db"));
    rc = store_sqlite_open(&config, &in->store);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", path);
}

static bm_status copy(struct bm_bytes from, uint8_t **to, struct bm_bytes *view)
{
    *to = NULL;
    *view = (struct bm_bytes){ NULL, 0 };
    if (from.n == 0) {
        return BM_OK;
    }
    *to = malloc(from.n);
    if (*to == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(*to, from.p, from.n);
    *view = (struct bm_bytes){ *to, from.n };
    return BM_OK;
}

static bm_status keep_ca(void *arg, const void *visited)
{
    struct instance *in = arg;
    const struct store_ca *row = visited;
    struct instance_ca *c;

    if (in->cas_n == INSTANCE_CAS_MAX) {
        return BM_E_LIMIT;
    }
    c = &in->cas[in->cas_n++];
    c->row = *row;
    BM_TRY(copy(row->cert, &c->der, &c->row.cert));
    BM_TRY(copy(row->ocsp_cert, &c->ocsp_der, &c->row.ocsp_cert));
    BM_TRY(bm_cert_parse(c->row.cert, BM_STRICT, NULL, &c->cert));
    if (c->row.ocsp_cert.n != 0) {
        BM_TRY(bm_cert_parse(c->row.ocsp_cert, BM_STRICT, NULL, &c->ocsp_cert));
    }
    return BM_OK;
}

static bm_status open_key(struct instance *in, const char *uri,
                          const struct bm_cert *cert, struct bm_key **key,
                          struct ca_refusal *why)
{
    bm_status rc;

    if (uri[0] == '\0') {
        return BM_OK;
    }
    rc = bm_key_open(&in->keys, uri, key);
    if (rc == BM_OK &&
        !bm_bytes_equal((*key)->signer->key.der, cert->key.der)) {
        rc = BM_E_KEY_MISMATCH;
    }
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", uri);
}

static bm_status read_cas(struct instance *in, struct ca_refusal *why)
{
    struct store *s = in->store;
    struct store_visit visit = { in, keep_ca };
    bm_status rc = s->begin(s->self, STORE_READ);

    if (rc == BM_OK) {
        rc = s->ca_list(s->self, &(struct store_scope){ 0, 0 }, &visit);
        s->rollback(s->self);
    }
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "certificates of the CAs");
    }
    for (size_t i = 0; in->mode == INSTANCE_WRITE && i < in->cas_n; i++) {
        struct instance_ca *c = &in->cas[i];

        BM_TRY(open_key(in, c->row.key_uri, &c->cert, &c->key, why));
        BM_TRY(open_key(in, c->row.ocsp_key_uri, &c->ocsp_cert, &c->ocsp_key,
                        why));
    }
    return BM_OK;
}

/* "issuing-3" is generation 3 of "issuing", which itself is the first. */
static unsigned long generation(const char *id, const char *name)
{
    size_t n = strlen(name);
    char *end;
    unsigned long g;

    if (strncmp(id, name, n) != 0) {
        return 0;
    }
    if (id[n] == '\0') {
        return 1;
    }
    if (id[n] != '-') {
        return 0;
    }
    g = strtoul(id + n + 1, &end, 10);
    return *end == '\0' && end != id + n + 1 ? g : 0;
}

const struct instance_ca *instance_find_ca(const struct instance *in,
                                           const char *id)
{
    const struct instance_ca *best = NULL;
    unsigned long best_generation = 0;

    for (size_t i = 0; i < in->cas_n; i++) {
        const struct instance_ca *c = &in->cas[i];
        unsigned long g;

        if (strcmp(c->row.id, id) == 0 && strchr(id, '-') != NULL) {
            return c;
        }
        g = generation(c->row.id, id);
        if (g > best_generation && c->row.status == STORE_CA_ACTIVE) {
            best = c;
            best_generation = g;
        }
    }
    return best;
}

bm_status instance_bind(struct instance *in, struct ca_profile *profile,
                        const char *ca, struct ca_refusal *why)
{
    const struct ca_profile_policy *policy = ca_profile_policy(profile);
    const struct instance_ca *c =
        instance_find_ca(in, ca != NULL ? ca : policy->ca);
    struct ca_profile_issuer issuer = { .public_url = in->settings.public_url,
                                        .crypto = in->port.crypto };

    if (in->profiles_n == INSTANCE_PROFILES_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "over %d profiles",
                         INSTANCE_PROFILES_MAX);
    }
    if (c == NULL) {
        return ca_refuse(why, BM_E_PROFILE_ISSUER, "%s: there is no CA %s",
                         policy->name, policy->ca);
    }
    issuer.id = c->row.id;
    issuer.cert = &c->cert;
    issuer.sig_alg =
        c->key != NULL ? c->key->signer->alg : bm_sig_alg_for(c->cert.key.type);
    BM_TRY(ca_profile_bind(profile, &issuer, why));
    in->profiles[in->profiles_n++] =
        (struct ca_bound){ .profile = profile, .ca = c->row.id };
    return BM_OK;
}

/* A ledger under another name would be another ledger, with the same key. */
static bm_status check_origin(struct instance *in, struct ca_refusal *why)
{
    struct store *s = in->store;
    const char *origin = in->settings.origin;
    struct bm_bytes begun;
    bm_status rc = s->begin(s->self, STORE_READ);

    if (rc == BM_OK) {
        rc = s->setting_get(s->self, INSTANCE_ORIGIN, &begun);
        if (rc == BM_OK && !bm_bytes_are(begun, origin, strlen(origin))) {
            rc = ca_refuse(why, BM_E_CONFIG_VALUE,
                           "ledger.origin in %s/birthmark.yaml is not that of "
                           "its ledger, which is %.*s",
                           in->dir, (int)begun.n, (const char *)begun.p);
        }
        s->rollback(s->self);
    }
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

static bm_status open_ledger(struct instance *in, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    uint8_t *der = NULL;
    size_t n;
    struct ca_ledger_config config = { .store = in->store,
                                       .crypto = in->port.crypto,
                                       .origin = in->settings.origin };
    bm_status rc;

    BM_TRY(check_origin(in, why));
    BM_TRY(files_path(path, in->dir, "ledger.pub"));
    BM_TRY(files_get_pem(path, "PUBLIC KEY", &der, &n, why));
    rc = bm_spki_parse((struct bm_bytes){ der, n }, NULL, &config.key);
    if (rc == BM_OK && in->ledger_key != NULL &&
        !bm_bytes_equal(config.key.der, in->ledger_key->signer->key.der)) {
        rc = BM_E_KEY_MISMATCH;
    }
    if (rc == BM_OK) {
        rc = ca_ledger_open(&config, &in->ledger);
    }
    free(der);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", path);
}

static bm_status open_signer(struct instance *in, struct ca_refusal *why)
{
    struct ca_signer_config config = { .crypto = in->port.crypto,
                                       .cas = in->signer_cas,
                                       .profiles = in->signer_profiles,
                                       .profiles_n = in->profiles_n,
                                       .may_sign_ocsp = true,
                                       .origin = in->settings.origin };
    bm_status rc =
        ca_journal_open(in->journal_dir, in->port.crypto, &in->journal);

    if (rc != BM_OK) {
        return ca_refuse(why, rc, "%s", in->journal_dir);
    }
    for (size_t i = 0; i < in->cas_n; i++) {
        const struct instance_ca *c = &in->cas[i];

        if (c->key != NULL) {
            in->signer_cas[config.cas_n++] = (struct ca_signer_ca){
                .id = c->row.id, .key = c->key->signer, .cert = &c->cert
            };
        }
    }
    for (size_t i = 0; i < in->profiles_n; i++) {
        in->signer_profiles[i] = in->profiles[i].profile;
    }
    config.journal = in->journal;
    config.ledger = in->ledger_key->signer;
    rc = ca_signer_new(&config, &in->signer);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

static bm_status read_bad_keys(struct instance *in, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    uint8_t *text;
    size_t n;
    bm_status rc;

    if (in->settings.bad_keys == NULL) {
        return BM_OK;
    }
    if (in->settings.bad_keys[0] == '/') {
        BM_TRY(files_path(path, "", in->settings.bad_keys + 1));
    } else {
        BM_TRY(files_path(path, in->dir, in->settings.bad_keys));
    }
    BM_TRY(files_read(path, BAD_KEYS_FILE_MAX, &text, &n, why));
    rc = ca_bad_keys_parse((struct bm_bytes){ text, n }, path, &in->bad_keys,
                           why);
    free(text);
    return rc;
}

static bm_status open_authority(struct instance *in, int64_t now,
                                struct ca_refusal *why)
{
    struct ca_config config = { .store = in->store,
                                .crypto = in->port.crypto,
                                .signer = in->signer,
                                .ledger = in->ledger,
                                .journal = in->journal_dir,
                                .profiles = in->profiles,
                                .profiles_n = in->profiles_n,
                                .bad_keys = in->bad_keys,
                                .crl_lifetime = in->settings.crl_lifetime,
                                .ocsp_lifetime = in->settings.ocsp_lifetime };

    return ca_open(&config, in->mode == INSTANCE_READ, now, &in->ca, why);
}

/* In the order in which the parts need each other. */
static bm_status open_parts(struct instance *in, int64_t now,
                            struct ca_refusal *why)
{
    BM_TRY(read_settings(in, why));
    BM_TRY(read_bad_keys(in, why));
    if (in->mode == INSTANCE_WRITE) {
        BM_TRY(take_lock(in, why));
        BM_TRY(unlock(in, why));
        BM_TRY(open_keys(in, why));
    }
    BM_TRY(open_store(in, why));
    BM_TRY(read_cas(in, why));
    BM_TRY(instance_read_profiles(in, why));
    BM_TRY(open_ledger(in, why));
    if (in->mode == INSTANCE_WRITE) {
        BM_TRY(open_signer(in, why));
    }
    return open_authority(in, now, why);
}

static bm_status make(const char *dir, enum instance_mode mode,
                      const struct instance_port *port,
                      struct instance **instance)
{
    struct instance *in = calloc(1, sizeof *in);
    bm_status rc = BM_E_LIMIT;

    *instance = NULL;
    if (in == NULL) {
        return BM_E_MEMORY;
    }
    in->lock = -1;
    in->mode = mode;
    in->port = *port;
    if (strlen(dir) < sizeof in->dir) {
        memcpy(in->dir, dir, strlen(dir) + 1);
        rc = files_path(in->journal_dir, dir, "journal");
    }
    if (rc != BM_OK) {
        instance_close(in);
        return rc;
    }
    *instance = in;
    return BM_OK;
}

bm_status instance_open(const char *dir, enum instance_mode mode,
                        const struct instance_port *port, int64_t now,
                        struct instance **instance, struct ca_refusal *why)
{
    struct instance *in;
    bm_status rc = make(dir, mode, port, &in);

    *instance = NULL;
    if (rc == BM_OK) {
        rc = open_parts(in, now, why);
    }
    if (rc != BM_OK) {
        instance_close(in);
        return ca_refuse_plain(why, rc);
    }
    *instance = in;
    return BM_OK;
}

bm_status instance_open_books(const char *dir, const struct instance_port *port,
                              struct instance **instance,
                              struct ca_refusal *why)
{
    struct instance *in;
    bm_status rc = make(dir, INSTANCE_READ, port, &in);

    *instance = NULL;
    if (rc == BM_OK) {
        rc = read_settings(in, why);
    }
    if (rc == BM_OK) {
        rc = open_store(in, why);
    }
    if (rc == BM_OK) {
        rc = open_ledger(in, why);
    }
    if (rc != BM_OK) {
        instance_close(in);
        return ca_refuse_plain(why, rc);
    }
    *instance = in;
    return BM_OK;
}

static void close_cas(struct instance *in)
{
    for (size_t i = 0; i < in->cas_n; i++) {
        bm_key_close(in->cas[i].key);
        bm_key_close(in->cas[i].ocsp_key);
        free(in->cas[i].der);
        free(in->cas[i].ocsp_der);
    }
}

void instance_close(struct instance *in)
{
    if (in == NULL) {
        return;
    }
    ca_close(in->ca);
    if (in->signer != NULL) {
        in->signer->close(in->signer->self);
    }
    ca_journal_close(in->journal);
    ca_ledger_close(in->ledger);
    for (size_t i = 0; i < in->profiles_n; i++) {
        ca_profile_free(in->profiles[i].profile);
    }
    close_cas(in);
    if (in->store != NULL) {
        in->store->close(in->store->self);
    }
    bm_key_close(in->ledger_key);
    bm_key_file_free(in->files);
    bm_kek_close(in->kek);
    ca_bad_keys_free(in->bad_keys);
    settings_wipe(&in->settings);
    if (in->lock >= 0) {
        (void)close(in->lock);
    }
    free(in);
}
