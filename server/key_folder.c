/* SPDX-License-Identifier: Apache-2.0 */
#include "server/key_folder.h"

#include <stdlib.h>
#include <string.h>

#include "files/files.h"
#include "keys/file.h"
#include "keys/pkcs11.h"
#include "keys/tpm2.h"
#include "server/own.h"

static const struct key_kind kinds[] = {
    { "file", BM_KEY_SANDBOX_MEMORY, "memory" },
    { "pkcs11", BM_KEY_SANDBOX_MODULE, "module" },
    { "tpm2", BM_KEY_SANDBOX_DEVICE, "device" },
};

const struct key_kind *key_kind_of(const char *uri)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t n = strlen(kinds[i].scheme);

        if (strncmp(uri, kinds[i].scheme, n) == 0 && uri[n] == ':') {
            return &kinds[i];
        }
    }
    return NULL;
}

bm_status key_folder_secret(const char *dir, const char *from,
                            const struct instance_port *port,
                            uint8_t secret[BM_UNLOCK_SIZE],
                            struct ca_refusal *why)
{
    char usual[FILES_PATH_MAX];
    char more[BM_SHARES_WHY_MAX] = "";
    struct bm_unlock_source source;
    bm_status rc;

    memset(secret, 0, BM_UNLOCK_SIZE);
    BM_TRY(files_path(usual, dir, "keys/unlock"));
    rc = bm_unlock_source_parse(from, usual, &source);
    if (rc == BM_OK) {
        rc = source.kind == BM_UNLOCK_SHARES
                 ? bm_unlock_from_shares(port->crypto, &source, port->terminal,
                                         secret, more)
                 : bm_unlock_read(port->crypto, &source, secret);
    }
    /* Shares also say which of them is not what it should be. */
    return rc == BM_OK ? BM_OK
                       : ca_refuse(why, rc, "unlock: %s%s%s", from,
                                   more[0] == '\0' ? "" : ": ", more);
}

static bm_status unlock(struct key_folder *folder, const char *dir,
                        const char *from, const struct instance_port *port,
                        struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    uint8_t secret[BM_UNLOCK_SIZE];
    struct bm_kek_config config = {
        .tools = { port->crypto, port->maker },
        .path = path,
        .secret = secret,
    };
    bm_status rc;

    BM_TRY(files_path(path, dir, "keys/kek"));
    BM_TRY(key_folder_secret(dir, from, port, secret, why));
    rc = bm_kek_open(&config, &folder->kek);
    bm_wipe(secret, sizeof secret);
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", path);
}

bm_status key_folder_derive(const char *dir, const struct settings *settings,
                            const struct instance_port *port,
                            struct key_purpose *purpose, struct ca_refusal *why)
{
    struct key_folder folder = { .kek = NULL };
    bm_status rc = unlock(&folder, dir, settings->unlock, port, why);

    if (rc == BM_OK) {
        rc = bm_kek_derive(folder.kek, port->crypto, purpose->name,
                           purpose->key);
        bm_kek_close(folder.kek);
    }
    return ca_refuse_plain(why, rc);
}

static bm_status open_files(struct key_folder *folder, const char *dir,
                            const struct instance_port *port,
                            struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    struct bm_key_file_config config = {
        .tools = { port->crypto, port->maker },
        .dir = path,
        .kek = folder->kek,
    };
    bm_status rc;

    BM_TRY(files_path(path, dir, "keys"));
    rc = bm_key_file_new(&config, &folder->files);
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "%s", path);
    }
    folder->providers[folder->n++] = folder->files;
    return BM_OK;
}

/* A module reads it when it is loaded. No thread is there yet. */
static bm_status put_environment(const struct settings *settings)
{
    const char *const *row = settings->token_environment;
    char name[128];

    for (; row != NULL && *row != NULL; row++) {
        size_t n = strcspn(*row, "=");

        if (n >= sizeof name) {
            return BM_E_CONFIG_VALUE;
        }
        memcpy(name, *row, n);
        name[n] = '\0';
        if (setenv(name, *row + n + 1, 1) != 0) {
            return BM_E_MEMORY;
        }
    }
    return BM_OK;
}

static bm_status open_pkcs11(struct key_folder *folder, const char *dir,
                             const struct settings *settings,
                             const struct instance_port *port,
                             struct ca_refusal *why)
{
    char pin[FILES_PATH_MAX];
    struct bm_key_pkcs11_config config = {
        .tools = { port->crypto, port->maker },
        .modules = settings->token_modules,
        .pin_file = settings->token_pin,
    };
    bm_status rc = put_environment(settings);

    if (rc == BM_OK && config.pin_file != NULL && config.pin_file[0] != '/') {
        rc = files_path(pin, dir, config.pin_file);
        config.pin_file = pin;
    }
    if (rc == BM_OK) {
        rc = bm_key_pkcs11_new(&config, &folder->pkcs11);
    }
    if (rc != BM_OK) {
        return ca_refuse(why, rc, "tokens of %s", dir);
    }
    folder->providers[folder->n++] = folder->pkcs11;
    return BM_OK;
}

static bm_status open_tpm2(struct key_folder *folder,
                           const struct settings *settings,
                           const struct instance_port *port,
                           struct ca_refusal *why)
{
    const struct bm_key_tpm2_config config = {
        .tools = { port->crypto, port->maker },
        .tcti = settings->token_tpm,
        .only = true,
        .owner_auth_file = settings->token_tpm_owner,
    };
    bm_status rc = bm_key_tpm2_new(&config, &folder->tpm2);

    if (rc != BM_OK) {
        return ca_refuse(why, rc, "tokens.tpm: %s", settings->token_tpm);
    }
    folder->providers[folder->n++] = folder->tpm2;
    return BM_OK;
}

bm_status key_folder_open(struct key_folder *folder, const char *dir,
                          const struct settings *settings,
                          const struct instance_port *port,
                          struct ca_refusal *why)
{
    bm_status rc;

    memset(folder, 0, sizeof *folder);
    rc = unlock(folder, dir, settings->unlock, port, why);
    if (rc == BM_OK) {
        rc = open_files(folder, dir, port, why);
    }
    if (rc == BM_OK) {
        rc = open_pkcs11(folder, dir, settings, port, why);
    }
    if (rc == BM_OK) {
        rc = open_tpm2(folder, settings, port, why);
    }
    if (rc != BM_OK) {
        key_folder_close(folder);
        return rc;
    }
    folder->keys.providers = folder->providers;
    return BM_OK;
}

void key_folder_close(struct key_folder *folder)
{
    bm_key_tpm2_free(folder->tpm2);
    bm_key_pkcs11_free(folder->pkcs11);
    bm_key_file_free(folder->files);
    bm_kek_close(folder->kek);
    memset(folder, 0, sizeof *folder);
}

bm_status key_folder_import(const struct key_folder *folder, const char *name,
                            struct bm_bytes pkcs8, struct ca_refusal *why)
{
    bm_status rc = bm_key_file_import(folder->files, name, pkcs8);

    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", name);
}

bm_status key_folder_get(const struct key_folder *folder, const char *uri,
                         struct bm_bytes spki, struct bm_key **key,
                         struct ca_refusal *why)
{
    bm_status rc;

    *key = NULL;
    if (uri[0] == '\0') {
        return BM_OK;
    }
    rc = bm_key_open(&folder->keys, uri, key);
    if (rc == BM_E_KEYS_GONE || rc == BM_E_KEYS_PIN ||
        rc == BM_E_KEYS_LOCKOUT || rc == BM_E_KEYS_BUSY) {
        rc = bm_key_expect(&folder->keys, uri, spki, key);
    }
    if (rc == BM_OK && !bm_bytes_equal((*key)->signer->key.der, spki)) {
        bm_key_close(*key);
        *key = NULL;
        rc = BM_E_KEY_MISMATCH;
    }
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", uri);
}

bm_status server_key_open(const char *dir, const struct settings *settings,
                          const struct instance_port *port, struct bm_key **key,
                          struct ca_refusal *why)
{
    struct own_server server;
    struct key_folder folder;
    bm_status rc;

    *key = NULL;
    BM_TRY(own_server_read(&server, dir, why));
    rc = key_folder_open(&folder, dir, settings, port, why);
    if (rc == BM_OK) {
        rc = key_folder_get(&folder, server.key_uri, server.cert.key.der, key,
                            why);
        key_folder_close(&folder);
    }
    own_server_free(&server);
    return rc;
}
