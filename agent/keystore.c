/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/keystore.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fs.h"
#include "keys/file.h"
#include "keys/pkcs11.h"
#include "keys/tpm2.h"
#include "keys/unlock.h"

#define SHA256_SIZE 32

/* Records of BM_LOG_APPLICATION, one for each slot: how far its key is, and
 * the SHA-256 of its SubjectPublicKeyInfo once that is known. */
#define CLAIM_KEY(slot) \
    BM_LOG_KEY(BM_LOG_APPLICATION, 0x100u + (uint32_t)(slot))
enum claim_state {
    CLAIM_NONE,
    CLAIM_BEGUN,  /* a key may be there, made by us */
    CLAIM_MADE,   /* this key is there */
    CLAIM_ADOPTED /* this one, which is not ours to destroy */
};

struct claim {
    uint8_t state;
    uint8_t digest[SHA256_SIZE];
};

/* A secret of 256 random bits needs no slow derivation to be safe, and small
 * gateways are slow anyway: 4 MiB. */
static const struct bm_scrypt_cost kek_cost = { 12, 8, 1 };

static const char *const slot_names[] = { "", "idevid", "a", "b" };

/* ---- Claims */

static bm_status claim_get(const struct keystore *ks, enum bm_key_slot slot,
                           struct claim *claim)
{
    uint8_t room[1 + SHA256_SIZE];
    size_t n = 0;
    bm_status rc;

    memset(claim, 0, sizeof *claim);
    rc = bm_log_get(ks->log, CLAIM_KEY(slot), room, sizeof room, &n);
    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK : rc;
    }
    if (n != sizeof room) {
        return BM_E_LOG_FORMAT;
    }
    claim->state = room[0];
    memcpy(claim->digest, room + 1, SHA256_SIZE);
    return BM_OK;
}

static bm_status claim_put(struct keystore *ks, enum bm_key_slot slot,
                           const struct claim *claim)
{
    uint8_t room[1 + SHA256_SIZE];

    room[0] = claim->state;
    memcpy(room + 1, claim->digest, SHA256_SIZE);
    return bm_log_put(ks->log, CLAIM_KEY(slot), BM_ARRAY(room));
}

static bm_status digest_of(const struct keystore *ks, const struct bm_key *key,
                           uint8_t digest[SHA256_SIZE])
{
    return key == NULL ? BM_E_INTERNAL
                       : ks->crypto->hash(ks->crypto->self, BM_HASH_SHA256,
                                          key->signer->key.der, digest);
}

/* Is this the key that was noted? */
static bm_status claim_check(const struct keystore *ks,
                             const struct claim *claim,
                             const struct bm_key *key)
{
    uint8_t digest[BM_HASH_MAX];

    if (claim->state < CLAIM_MADE) {
        return BM_OK;
    }
    BM_TRY(digest_of(ks, key, digest));
    return memcmp(digest, claim->digest, SHA256_SIZE) == 0 ? BM_OK
                                                           : BM_E_KEY_MISMATCH;
}

static bm_status claim_note(struct keystore *ks, enum bm_key_slot slot,
                            enum claim_state state, const struct bm_key *key)
{
    uint8_t digest[BM_HASH_MAX];
    struct claim claim = { .state = (uint8_t)state };

    BM_TRY(digest_of(ks, key, digest));
    memcpy(claim.digest, digest, SHA256_SIZE);
    return claim_put(ks, slot, &claim);
}

/* ---- Slots */

static bool is_slot(enum bm_key_slot slot)
{
    return slot >= BM_KEY_SLOT_IDEVID && slot <= BM_KEY_SLOT_B;
}

static void slot_close(void *self, enum bm_key_slot slot)
{
    struct keystore *ks = self;

    if (is_slot(slot)) {
        bm_key_close(ks->slots[slot].key);
        ks->slots[slot].key = NULL;
    }
}

static bm_status slot_open(void *self, enum bm_key_slot slot,
                           const struct bm_signer **signer)
{
    struct keystore *ks = self;
    struct keystore_slot *s = &ks->slots[slot];
    struct claim claim;
    bm_status rc;

    *signer = NULL;
    if (!is_slot(slot)) {
        return BM_E_NOT_FOUND;
    }
    if (s->key == NULL) {
        BM_TRY(claim_get(ks, slot, &claim));
        BM_TRY(bm_key_open(&ks->keys, s->uri, &s->key));
        rc = claim_check(ks, &claim, s->key);
        if (rc != BM_OK) {
            slot_close(ks, slot);
            return rc;
        }
    }
    *signer = s->key == NULL ? NULL : s->key->signer;
    return *signer == NULL ? BM_E_INTERNAL : BM_OK;
}

/* BM_E_EXISTS when there is a key, whoever made it. */
static bm_status check_empty(struct keystore *ks, enum bm_key_slot slot)
{
    struct bm_key *key;
    bm_status rc = bm_key_open(&ks->keys, ks->slots[slot].uri, &key);

    bm_key_close(key);
    return rc == BM_E_NOT_FOUND ? BM_OK : rc == BM_OK ? BM_E_EXISTS : rc;
}

/* Nothing is made: the maker of the device has done that. */
static bm_status adopt(struct keystore *ks, enum bm_key_slot slot)
{
    struct bm_key *key;
    bm_status rc;

    BM_TRY(bm_key_open(&ks->keys, ks->slots[slot].uri, &key));
    rc = claim_note(ks, slot, CLAIM_ADOPTED, key);
    bm_key_close(key);
    return rc;
}

static bm_status slot_generate(void *self, enum bm_key_slot slot)
{
    static const struct bm_key_spec p256 = { BM_KEY_P256, 0 };
    static const struct claim begun = { .state = CLAIM_BEGUN };
    struct keystore *ks = self;
    struct claim claim;
    struct bm_key *key;
    bm_status rc;

    if (!is_slot(slot) || ks->look) {
        return BM_E_ARGUMENT;
    }
    if (slot == BM_KEY_SLOT_IDEVID && ks->adopted) {
        return adopt(ks, slot);
    }
    BM_TRY(claim_get(ks, slot, &claim));
    rc = check_empty(ks, slot);
    if (rc == BM_E_EXISTS) { /* its birth was cut, or it is not ours at all */
        return claim.state == CLAIM_NONE ? BM_E_AGENT_SLOT : BM_E_EXISTS;
    }
    BM_TRY(rc);
    BM_TRY(claim_put(ks, slot, &begun));
    BM_TRY(bm_key_generate(&ks->keys, ks->slots[slot].uri, &p256, &key));
    rc = claim_note(ks, slot, CLAIM_MADE, key);
    bm_key_close(key);
    return rc;
}

/* BM_OK also when nothing is there; else it has to be the one we made. */
static bm_status check_ours(struct keystore *ks, enum bm_key_slot slot,
                            const struct claim *claim)
{
    struct bm_key *key;
    bm_status rc;

    if (claim->state != CLAIM_MADE) {
        return BM_OK;
    }
    rc = bm_key_open(&ks->keys, ks->slots[slot].uri, &key);
    if (rc == BM_OK) {
        rc = claim_check(ks, claim, key);
        bm_key_close(key);
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status slot_destroy(void *self, enum bm_key_slot slot)
{
    struct keystore *ks = self;
    struct claim claim;

    if (!is_slot(slot) || ks->look) {
        return BM_OK;
    }
    slot_close(ks, slot);
    BM_TRY(claim_get(ks, slot, &claim));
    if (claim.state == CLAIM_NONE) {
        return BM_OK;
    }
    if (claim.state != CLAIM_ADOPTED) {
        BM_TRY(check_ours(ks, slot, &claim));
        BM_TRY(bm_key_destroy(&ks->keys, ks->slots[slot].uri));
    }
    return bm_log_delete(ks->log, CLAIM_KEY(slot));
}

/* ---- URIs */

#define SLOT "{slot}"

static bm_status name_slot(char uri[BM_KEY_URI_MAX], const char *template,
                           enum bm_key_slot slot)
{
    const char *at = strstr(template, SLOT);
    int n;

    if (at == NULL) {
        return BM_E_KEYS_URI;
    }
    n = snprintf(uri, BM_KEY_URI_MAX, "%.*s%s%s", (int)(at - template),
                 template, slot_names[slot], at + sizeof SLOT - 1);
    return n > 0 && n < BM_KEY_URI_MAX ? BM_OK : BM_E_KEYS_URI;
}

/* "tpm2:0x81020100?..." and the handles behind it. */
static bm_status name_handle(char uri[BM_KEY_URI_MAX], const char *template,
                             enum bm_key_slot slot)
{
    static const size_t digits = sizeof "tpm2:0x81020100" - 1;
    struct bm_key_tpm2_uri parsed;
    int n;

    BM_TRY(bm_key_tpm2_parse(template + sizeof "tpm2:" - 1, &parsed));
    n = snprintf(uri, BM_KEY_URI_MAX, "tpm2:0x%08x%s",
                 (unsigned)parsed.handle + (unsigned)slot - 1,
                 template + digits);
    return n > 0 && n < BM_KEY_URI_MAX ? BM_OK : BM_E_KEYS_URI;
}

static bm_status name_all(struct keystore *ks, const struct settings *s)
{
    for (unsigned i = BM_KEY_SLOT_IDEVID; i <= BM_KEY_SLOT_B; i++) {
        char *uri = ks->slots[i].uri;
        enum bm_key_slot slot = (enum bm_key_slot)i;

        BM_TRY(s->keys.place == SETTINGS_TPM2
                   ? name_handle(uri, s->keys.uri, slot)
                   : name_slot(uri, s->keys.uri, slot));
    }
    if (s->idevid.key != NULL) {
        int n = snprintf(ks->slots[BM_KEY_SLOT_IDEVID].uri, BM_KEY_URI_MAX,
                         "%s", s->idevid.key);

        ks->adopted = true;
        return n > 0 && n < BM_KEY_URI_MAX ? BM_OK : BM_E_KEYS_URI;
    }
    return BM_OK;
}

/* ---- Files */

/* The secret: of the place that is named, made the first time if that is the
 * folder of the state. */
static bm_status read_secret(const struct keystore_config *config,
                             const char *usual, uint8_t secret[BM_UNLOCK_SIZE])
{
    const struct bm_crypto *crypto = config->tools.crypto;
    struct bm_unlock_source source;
    bm_status rc;

    BM_TRY(
        bm_unlock_source_parse(config->settings->keys.unlock, usual, &source));
    rc = bm_unlock_read(crypto, &source, secret);
    if (rc == BM_E_KEYS_LOCKED && source.kind == BM_UNLOCK_FILE &&
        strcmp(source.path, usual) == 0 && !config->look) {
        rc = bm_unlock_create(crypto, usual, secret);
    }
    return rc;
}

static bm_status open_kek(struct keystore *ks,
                          const struct keystore_config *config,
                          const char *usual, const char *path)
{
    uint8_t secret[BM_UNLOCK_SIZE];
    const struct bm_kek_config kek = { .tools = config->tools,
                                       .path = path,
                                       .secret = secret,
                                       .cost = &kek_cost };
    bm_status rc = read_secret(config, usual, secret);

    if (rc == BM_OK) {
        rc = bm_kek_open(&kek, &ks->kek);
        if (rc == BM_E_NOT_FOUND && !config->look) {
            rc = bm_kek_create(&kek, &ks->kek);
        }
    }
    bm_wipe(secret, sizeof secret);
    return rc;
}

static bm_status path_in(char path[PATH_MAX], const char *state,
                         const char *name)
{
    int n = snprintf(path, PATH_MAX, "%s/%s", state, name);

    return n > 0 && n < PATH_MAX ? BM_OK : BM_E_LIMIT;
}

static bm_status open_files(struct keystore *ks,
                            const struct keystore_config *config)
{
    const char *state = config->settings->state;
    char dir[PATH_MAX];
    char usual[PATH_MAX];
    char path[PATH_MAX];
    struct bm_key_file_config file = { .tools = config->tools, .dir = dir };

    BM_TRY(path_in(dir, state, "keys"));
    BM_TRY(path_in(usual, state, "keys/unlock"));
    BM_TRY(path_in(path, state, "keys/kek"));
    if (!config->look) {
        BM_TRY(fs_make_dir(dir, 0700));
    }
    if (!config->look || config->sign) {
        BM_TRY(open_kek(ks, config, usual, path));
    }
    file.kek = ks->kek;
    return bm_key_file_new(&file, &ks->file);
}

/* ---- The store */

static bool has_scheme(const struct settings *s, const char *scheme)
{
    size_t n = strlen(scheme);

    return strncmp(s->keys.uri, scheme, n) == 0 ||
           (s->idevid.key != NULL && strncmp(s->idevid.key, scheme, n) == 0);
}

static bm_status open_providers(struct keystore *ks,
                                const struct keystore_config *config)
{
    const struct settings *s = config->settings;
    const struct bm_key_pkcs11_config pkcs11 = { .tools = config->tools,
                                                 .modules = s->keys.modules,
                                                 .pin_file = s->keys.pin_file };
    const struct bm_key_tpm2_config tpm2 = {
        .tools = config->tools,
        .tcti = s->keys.tcti,
        .owner_auth_file = s->keys.owner_auth_file,
    };
    size_t n = 0;

    if (has_scheme(s, "file:")) {
        BM_TRY(open_files(ks, config));
        ks->providers[n++] = ks->file;
    }
    if (has_scheme(s, "pkcs11:")) {
        BM_TRY(bm_key_pkcs11_new(&pkcs11, &ks->pkcs11));
        ks->providers[n++] = ks->pkcs11;
    }
    if (has_scheme(s, "tpm2:") || s->vault.index != 0 ||
        s->vault.secret == SETTINGS_SECRET_TPM) {
        BM_TRY(bm_key_tpm2_new(&tpm2, &ks->tpm2));
        ks->providers[n++] = ks->tpm2;
    }
    ks->keys.providers = ks->providers;
    return name_all(ks, s);
}

bm_status keystore_open(struct keystore *ks,
                        const struct keystore_config *config)
{
    static const enum bm_key_place places[] = {
        [SETTINGS_FILE_KEYS] = BM_KEY_PLACE_FILE,
        [SETTINGS_PKCS11] = BM_KEY_PLACE_TOKEN,
        [SETTINGS_TPM2] = BM_KEY_PLACE_TPM,
    };
    bm_status rc;

    memset(ks, 0, sizeof *ks);
    ks->log = config->log;
    ks->crypto = config->tools.crypto;
    ks->look = config->look;
    ks->store = (struct bm_keystore){
        .self = ks,
        .place = places[config->settings->keys.place],
        .generate = slot_generate,
        .open = slot_open,
        .close = slot_close,
        .destroy = slot_destroy,
    };
    rc = open_providers(ks, config);
    if (rc != BM_OK) {
        keystore_close(ks);
    }
    return rc;
}

void keystore_close(struct keystore *ks)
{
    if (ks == NULL) {
        return;
    }
    for (unsigned i = BM_KEY_SLOT_IDEVID; i <= BM_KEY_SLOT_B; i++) {
        bm_key_close(ks->slots[i].key);
    }
    bm_key_file_free(ks->file);
    bm_key_pkcs11_free(ks->pkcs11);
    bm_key_tpm2_free(ks->tpm2);
    bm_kek_close(ks->kek);
    memset(ks, 0, sizeof *ks);
}

enum bm_key_slot keystore_slot_of(const struct keystore *ks,
                                  const struct bm_signer *signer)
{
    for (unsigned i = BM_KEY_SLOT_IDEVID; i <= BM_KEY_SLOT_B; i++) {
        if (ks->slots[i].key != NULL && ks->slots[i].key->signer == signer) {
            return (enum bm_key_slot)i;
        }
    }
    return BM_KEY_SLOT_NONE;
}

enum bm_key_slot keystore_slot_by_key(const struct keystore *ks,
                                      struct bm_bytes spki)
{
    uint8_t digest[BM_HASH_MAX];
    struct claim claim;

    if (ks->crypto->hash(ks->crypto->self, BM_HASH_SHA256, spki, digest) !=
        BM_OK) {
        return BM_KEY_SLOT_NONE;
    }
    for (unsigned i = BM_KEY_SLOT_IDEVID; i <= BM_KEY_SLOT_B; i++) {
        if (claim_get(ks, (enum bm_key_slot)i, &claim) == BM_OK &&
            claim.state >= CLAIM_MADE &&
            memcmp(claim.digest, digest, SHA256_SIZE) == 0) {
            return (enum bm_key_slot)i;
        }
    }
    return BM_KEY_SLOT_NONE;
}

bm_status keystore_describe(struct keystore *ks, enum bm_key_slot slot,
                            struct bm_wr *words)
{
    const struct bm_signer *signer;

    BM_TRY(slot_open(ks, slot, &signer));
    ks->slots[slot].key->describe(ks->slots[slot].key->self, words);
    return BM_OK;
}

bm_status keystore_export(struct keystore *ks, enum bm_key_slot slot,
                          struct bm_wr *pem)
{
    if (!is_slot(slot) || ks->file == NULL ||
        strncmp(ks->slots[slot].uri, "file:", 5) != 0) {
        return BM_E_KEYS_TOKEN;
    }
    return bm_key_file_export(ks->file, ks->slots[slot].uri + 5, pem);
}
