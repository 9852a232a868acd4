/* SPDX-License-Identifier: Apache-2.0 */
#include "server/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

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

static bm_status open_keys(struct instance *in, struct ca_refusal *why)
{
    return key_folder_open(&in->keys, in->dir, &in->settings, &in->port, why);
}

static bm_status close_keys(struct instance *in, struct ca_refusal *why)
{
    (void)why;
    key_folder_close(&in->keys);
    return BM_OK;
}

static bool writes(const struct instance *in)
{
    return in->mode == INSTANCE_WRITE || in->mode == INSTANCE_ISSUER;
}

/* What can be done about a store that this program does not read as it is. */
static const char *advice(bm_status rc)
{
    switch (rc) {
    case BM_E_STORE_VERSION:
        return ": upgrade this program";
    case BM_E_STORE_OLDER:
        return ": it is brought up to date when the service starts, or by "
               "birthmark ledger checkpoint";
    default:
        return "";
    }
}

static bm_status open_store(struct instance *in, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    struct store_sqlite_config config = { .path = path,
                                          .read_only = !writes(in),
                                          .beside_writer =
                                              in->mode == INSTANCE_STATUS };
    bm_status rc;

    BM_TRY(files_path(path, in->dir, "birthmark.db"));
    rc = store_sqlite_open(&config, &in->store);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s%s", path, advice(rc));
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

/* The ledger's public key; the caller frees `*der`. */
static bm_status read_ledger_pub(struct instance *in, uint8_t **der,
                                 struct bm_spki *key, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    size_t n;
    bm_status rc;

    *der = NULL;
    BM_TRY(files_path(path, in->dir, "ledger.pub"));
    BM_TRY(files_get_pem(path, "PUBLIC KEY", der, &n, why));
    rc = bm_spki_parse((struct bm_bytes){ *der, n }, NULL, key);
    if (rc != BM_OK) {
        free(*der);
        *der = NULL;
        return ca_refuse(why, rc, "%s", path);
    }
    return BM_OK;
}

static bm_status open_ledger_key(struct instance *in, struct ca_refusal *why)
{
    struct bm_spki pub;
    uint8_t *der;
    bm_status rc;

    BM_TRY(read_ledger_pub(in, &der, &pub, why));
    rc = key_folder_get(&in->keys, "file:ledger.key", pub.der, &in->ledger_key,
                        why);
    free(der);
    return rc;
}

static bm_status open_ledger(struct instance *in, struct ca_refusal *why)
{
    struct ca_ledger_config config = { .store = in->store,
                                       .crypto = in->port.crypto,
                                       .origin = in->settings.origin };
    uint8_t *der;
    bm_status rc;

    BM_TRY(read_ledger_pub(in, &der, &config.key, why));
    rc = ca_ledger_open(&config, &in->ledger);
    free(der);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "the ledger");
}

/* Nothing that reads it is needed any more. */
static bm_status close_store(struct instance *in, struct ca_refusal *why)
{
    (void)why;
    in->store->close(in->store->self);
    in->store = NULL;
    return BM_OK;
}

void instance_expect(struct instance *in, const uint8_t key[32])
{
    memcpy(in->expected[in->expected_n++ % INSTANCE_EXPECTED_MAX], key, 32);
}

static bool expects(void *arg, const uint8_t key[32])
{
    const struct instance *in = arg;

    for (size_t i = 0; i < in->expected_n && i < INSTANCE_EXPECTED_MAX; i++) {
        if (memcmp(in->expected[i], key, 32) == 0) {
            return true;
        }
    }
    return false;
}

static bm_status open_signer(struct instance *in, struct ca_refusal *why)
{
    struct ca_signer_config config = { .crypto = in->port.crypto,
                                       .cas = in->signer_cas,
                                       .profiles = in->signer_profiles,
                                       .profiles_n = in->profiles_n,
                                       .may_sign_ocsp =
                                           in->mode == INSTANCE_WRITE,
                                       .arg = in,
                                       .expects_ocsp = expects,
                                       .list_lifetime =
                                           in->settings.crl_lifetime,
                                       .public_url = in->settings.public_url,
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
                .id = c->row.id,
                .key = c->key->signer,
                .cert = &c->cert,
                .holder = c->key,
                .shards = instance_shards(in, c),
            };
        }
    }
    for (size_t i = 0; i < in->profiles_n; i++) {
        in->signer_profiles[i] = in->profiles[i].profile;
    }
    instance_fill_bundle(in, &config.bundle);
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

static bm_status open_authority(struct instance *in,
                                const struct ca_signer *signer, int64_t now,
                                struct ca_refusal *why)
{
    struct ca_config config = { .store = in->store,
                                .crypto = in->port.crypto,
                                .signer = signer,
                                .ledger = in->ledger,
                                .journal = in->journal_dir,
                                .profiles = in->profiles,
                                .profiles_n = in->profiles_n,
                                .aside = in->aside,
                                .aside_n = in->aside_n,
                                .bad_keys = in->bad_keys,
                                .crl_lifetime = in->settings.crl_lifetime,
                                .delta_every = in->settings.crl_delta_every,
                                .public_url = in->settings.public_url,
                                .ocsp_lifetime = in->settings.ocsp_lifetime,
                                .bundle_series = in->settings.bundle_series,
                                .bundle_lifetime = in->settings.bundle_lifetime,
                                .bundle_deny = (size_t)in->settings.bundle_deny,
                                .batch_keep = in->settings.batch_keep,
                                .batch_wait = in->settings.batch_approval };

    return ca_open(&config, !writes(in), now, &in->ca, why);
}

bm_status instance_start(struct instance *in, const struct ca_signer *signer,
                         int64_t now, struct ca_refusal *why)
{
    ca_close(in->ca);
    in->ca = NULL;
    return open_authority(in, signer, now, why);
}

static bm_status read_waiting(struct instance *in, struct ca_refusal *why)
{
    const char *id;

    BM_TRY(waiting_list_read(&in->waiting, in->dir, why));
    id = instance_unfinished(in);
    return id == NULL || in->mode != INSTANCE_ISSUER
               ? BM_OK
               : ca_refuse(why, BM_E_CA_UNAVAILABLE,
                           "CA %s was not installed to the end: the same "
                           "birthmark ca install or import again",
                           id);
}

/* Who opens what, in the order in which the parts need each other. */
#define READ_   (1U << INSTANCE_READ)
#define WRITE_  (1U << INSTANCE_WRITE)
#define ISSUER_ (1U << INSTANCE_ISSUER)
#define SIGNER_ (1U << INSTANCE_SIGNER)
#define STATUS_ (1U << INSTANCE_STATUS)
#define ALL_    ((1U << INSTANCE_MODES) - 1)

static const struct {
    unsigned modes;
    bm_status (*step)(struct instance *in, struct ca_refusal *why);
} steps[] = {
    { ALL_, read_settings },
    { READ_ | WRITE_ | ISSUER_, read_bad_keys },
    { WRITE_, take_lock },
    { WRITE_ | SIGNER_ | STATUS_, open_keys },
    { ALL_, open_store },
    { ALL_, instance_read_cas },
    { READ_ | WRITE_ | ISSUER_ | SIGNER_, instance_read_bundle },
    { READ_ | WRITE_ | ISSUER_ | SIGNER_, read_waiting },
    { WRITE_ | SIGNER_, instance_open_ca_keys },
    { WRITE_ | STATUS_, instance_open_ocsp_keys },
    { WRITE_ | SIGNER_, instance_open_bundle_key },
    { WRITE_ | SIGNER_, open_ledger_key },
    { SIGNER_ | STATUS_, close_keys },
    { READ_ | WRITE_ | ISSUER_ | SIGNER_, instance_read_profiles },
    { READ_ | WRITE_ | ISSUER_ | SIGNER_, check_origin },
    { READ_ | WRITE_ | ISSUER_, open_ledger },
    { SIGNER_, close_store },
    { WRITE_ | SIGNER_, open_signer },
};

static bm_status open_parts(struct instance *in, int64_t now,
                            struct ca_refusal *why)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if ((steps[i].modes & 1U << in->mode) != 0) {
            BM_TRY(steps[i].step(in, why));
        }
    }
    if (in->mode == INSTANCE_ISSUER || in->mode == INSTANCE_SIGNER) {
        return BM_OK;
    }
    return open_authority(in, in->signer, now, why);
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
        rc = check_origin(in, why);
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
    memset(in->cas, 0, sizeof in->cas);
    in->cas_n = 0;
}

/* What depends on the CAs; again is fine. */
static void close_authority(struct instance *in)
{
    ca_close(in->ca);
    in->ca = NULL;
    if (in->signer != NULL) {
        in->signer->close(in->signer->self);
        in->signer = NULL;
    }
    ca_journal_close(in->journal);
    in->journal = NULL;
    for (size_t i = 0; i < in->profiles_n; i++) {
        ca_profile_free(in->profiles[i].profile);
    }
    in->profiles_n = 0;
    in->aside_n = 0;
    waiting_list_free(&in->waiting);
    instance_close_bundle(in);
    close_cas(in);
}

bm_status instance_reload(struct instance *in, int64_t now,
                          struct ca_refusal *why)
{
    close_authority(in);
    BM_TRY(instance_read_cas(in, why));
    BM_TRY(read_waiting(in, why));
    BM_TRY(instance_open_ca_keys(in, why));
    BM_TRY(instance_open_ocsp_keys(in, why));
    BM_TRY(instance_read_bundle(in, why));
    BM_TRY(instance_open_bundle_key(in, why));
    BM_TRY(instance_read_profiles(in, why));
    BM_TRY(open_signer(in, why));
    return open_authority(in, in->signer, now, why);
}

void instance_close(struct instance *in)
{
    if (in == NULL) {
        return;
    }
    close_authority(in);
    ca_ledger_close(in->ledger);
    if (in->store != NULL) {
        in->store->close(in->store->self);
    }
    bm_key_close(in->ledger_key);
    key_folder_close(&in->keys);
    ca_bad_keys_free(in->bad_keys);
    settings_wipe(&in->settings);
    if (in->lock >= 0) {
        (void)close(in->lock);
    }
    free(in);
}
