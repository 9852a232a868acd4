/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A file, in deterministic CBOR inside of a PEM block:
 *
 *     [ 1,               version
 *       1,               algorithm: AES-256-GCM
 *       bytes,           SubjectPublicKeyInfo
 *       bytes .size 12,  nonce
 *       bytes ]          PKCS#8, sealed
 *
 * Authenticated with it: "birthmark/key/v1" || file name || SHA-256 of the
 * SubjectPublicKeyInfo.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cbor.h"
#include "core/pem.h"
#include "keys/file_internal.h"

#define LABEL       "BIRTHMARK SEALED KEY"
#define VERSION     1
#define ITEMS       5
#define AES256_GCM  1
#define NONCE_SIZE  12
#define SHA256_SIZE 32
#define DOMAIN      "birthmark/key/v1"
#define SUFFIX      ".key"

struct file_key {
    struct bm_key key;
    const struct bm_key_maker *maker;
    struct bm_signer *signer;
    char name[BM_KEY_FILE_NAME_MAX + 1];
};

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bm_status bm_key_file_name(const char *name)
{
    size_t n = strnlen(name, BM_KEY_FILE_NAME_MAX + 1);
    size_t end = sizeof SUFFIX - 1;

    if (n > BM_KEY_FILE_NAME_MAX || n <= end || name[0] == '.' ||
        name[0] == '-' || strcmp(name + n - end, SUFFIX) != 0) {
        return BM_E_KEYS_URI;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_name_char(name[i])) {
            return BM_E_KEYS_URI;
        }
    }
    return BM_OK;
}

static bm_status take_sealed(struct bm_cbor *c, struct bm_key_sealed *sealed)
{
    struct bm_bytes spki;
    uint64_t version;
    uint64_t alg;
    size_t items;

    BM_TRY(bm_cbor_take_array(c, &items));
    BM_TRY(bm_cbor_take_uint(c, &version));
    if (version > VERSION) {
        return BM_E_KEYS_VERSION;
    }
    BM_TRY(bm_cbor_take_uint(c, &alg));
    if (version != VERSION || items != ITEMS || alg != AES256_GCM) {
        return BM_E_KEYS_FILE;
    }
    BM_TRY(bm_cbor_take_bytes(c, &spki));
    BM_TRY(bm_spki_parse(spki, NULL, &sealed->key));
    BM_TRY(bm_cbor_take_bytes(c, &sealed->nonce));
    BM_TRY(bm_cbor_take_bytes(c, &sealed->sealed));
    BM_TRY(bm_cbor_end(c));
    return sealed->key.type != BM_KEY_UNKNOWN &&
                   sealed->nonce.n == NONCE_SIZE &&
                   sealed->sealed.n > BM_AEAD_TAG_SIZE &&
                   sealed->sealed.n <= FILE_PKCS8_MAX + BM_AEAD_TAG_SIZE
               ? BM_OK
               : BM_E_KEYS_FILE;
}

bm_status bm_key_file_parse(struct bm_bytes text, uint8_t room[BM_KEY_FILE_MAX],
                            struct bm_key_sealed *sealed)
{
    struct bm_key_sealed found = { .nonce = { NULL, 0 } };
    struct bm_bytes body;
    struct bm_cbor c;
    bm_status rc;

    *sealed = found;
    BM_TRY(armour_open(text, LABEL, room, BM_KEY_FILE_MAX, &body));
    bm_cbor_init(&c, body, NULL);
    rc = take_sealed(&c, &found);
    if (rc == BM_OK) {
        *sealed = found;
        return BM_OK;
    }
    return rc == BM_E_KEYS_VERSION ? rc : BM_E_KEYS_FILE;
}

/* What binds a file to its name and its public half. */
struct bound {
    uint8_t octets[sizeof DOMAIN - 1 + BM_KEY_FILE_NAME_MAX + SHA256_SIZE];
    size_t n;
};

static bm_status bound_make(const struct bm_crypto *crypto, const char *name,
                            struct bm_bytes spki, struct bound *bound)
{
    uint8_t digest[BM_HASH_MAX];
    struct bm_wr w;

    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, spki, digest));
    bm_wr_init(&w, bound->octets, sizeof bound->octets);
    bm_wr_str(&w, DOMAIN);
    bm_wr_str(&w, name);
    bm_wr_put(&w, (struct bm_bytes){ digest, SHA256_SIZE });
    return bm_wr_finish(&w, &bound->n);
}

static bm_status aead_make(const struct file_provider *p, const char *name,
                           const struct bm_key_sealed *sealed,
                           struct bound *bound, struct bm_aead_config *aead)
{
    BM_TRY(bound_make(p->tools.crypto, name, sealed->key.der, bound));
    *aead = (struct bm_aead_config){
        .alg = BM_AEAD_AES256_GCM,
        .key = bm_kek_key(p->kek),
        .nonce = sealed->nonce,
        .aad = { bound->octets, bound->n },
    };
    return BM_OK;
}

struct file_room *file_room_new(void)
{
    return malloc(sizeof(struct file_room));
}

void file_room_free(struct file_room *room)
{
    if (room != NULL) {
        bm_wipe(room->pkcs8, sizeof room->pkcs8);
        free(room);
    }
}

/* Make the text of a file that holds `signer`. */
static bm_status seal(const struct file_provider *p, const char *name,
                      const struct bm_signer *signer, struct file_room *room,
                      struct bm_bytes *text)
{
    const struct bm_crypto *crypto = p->tools.crypto;
    const struct bm_key_maker *maker = p->tools.maker;
    uint8_t nonce[NONCE_SIZE];
    struct bm_key_sealed sealed = { .key = signer->key,
                                    .nonce = BM_ARRAY(nonce) };
    struct bm_aead_config aead;
    struct bound bound;
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, room->pkcs8, FILE_PKCS8_MAX);
    BM_TRY(maker->to_pkcs8(maker->self, signer, &w));
    BM_TRY(bm_wr_finish(&w, &n));
    BM_TRY(crypto->random(crypto->self, nonce, sizeof nonce));
    BM_TRY(aead_make(p, name, &sealed, &bound, &aead));
    BM_TRY(crypto->seal(crypto->self, &aead,
                        (struct bm_bytes){ room->pkcs8, n }, room->pkcs8));
    bm_wr_init(&w, room->body, sizeof room->body);
    bm_cbor_put_array(&w, ITEMS);
    bm_cbor_put_uint(&w, VERSION);
    bm_cbor_put_uint(&w, AES256_GCM);
    bm_cbor_put_bytes(&w, sealed.key.der);
    bm_cbor_put_bytes(&w, sealed.nonce);
    bm_cbor_put_bytes(&w,
                      (struct bm_bytes){ room->pkcs8, n + BM_AEAD_TAG_SIZE });
    BM_TRY(bm_wr_finish(&w, &n));
    bm_wr_init(&w, room->text, sizeof room->text);
    bm_pem_put(&w, LABEL, (struct bm_bytes){ room->body, n });
    BM_TRY(bm_wr_finish(&w, &n));
    *text = bm_wr_bytes(&w);
    return BM_OK;
}

bm_status file_save(const struct file_provider *p, const char *name,
                    const struct bm_signer *signer)
{
    struct file_room *room = file_room_new();
    struct bm_bytes text;
    bm_status rc;

    if (room == NULL) {
        return BM_E_MEMORY;
    }
    rc = seal(p, name, signer, room, &text);
    if (rc == BM_OK) {
        rc = disk_publish(p->dir, name, text, DISK_NEW);
    }
    file_room_free(room);
    return rc;
}

bm_status file_read(const struct file_provider *p, const char *name,
                    struct file_room *room, struct bm_key_sealed *sealed)
{
    const struct disk_file file = { p->dir, name, DISK_PRIVATE };
    size_t n = 0;
    bm_status rc;

    rc = disk_read_file(&file, room->text, sizeof room->text, &n);
    if (rc != BM_OK) {
        return rc == BM_E_LIMIT ? BM_E_KEYS_FILE : rc;
    }
    return bm_key_file_parse((struct bm_bytes){ room->text, n }, room->body,
                             sealed);
}

/* Open `sealed` into room->pkcs8. */
bm_status file_unseal(const struct file_provider *p, const char *name,
                      const struct bm_key_sealed *sealed,
                      struct file_room *room, struct bm_bytes *pkcs8)
{
    const struct bm_crypto *crypto = p->tools.crypto;
    struct bm_aead_config aead;
    struct bound bound;
    bm_status rc;

    BM_TRY(aead_make(p, name, sealed, &bound, &aead));
    rc = crypto->open(crypto->self, &aead, sealed->sealed, room->pkcs8);
    *pkcs8 =
        (struct bm_bytes){ room->pkcs8, sealed->sealed.n - BM_AEAD_TAG_SIZE };
    return rc == BM_E_AEAD ? BM_E_KEYS_FILE : rc;
}

static bm_status load(const struct file_provider *p, const char *name,
                      struct bm_signer **signer)
{
    const struct bm_key_maker *maker = p->tools.maker;
    struct file_room *room = file_room_new();
    struct bm_signer *made = NULL;
    struct bm_key_sealed sealed;
    struct bm_bytes pkcs8;
    bm_status rc = BM_E_INTERNAL;

    *signer = NULL;
    if (room == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    rc = file_read(p, name, room, &sealed);
    if (rc != BM_OK) {
        goto out;
    }
    rc = file_unseal(p, name, &sealed, room, &pkcs8);
    if (rc != BM_OK) {
        goto out;
    }
    rc = maker->from_pkcs8(maker->self, pkcs8, &made);
    if (rc != BM_OK) {
        goto out;
    }
    if (!bm_bytes_equal(made->key.der, sealed.key.der)) {
        rc = BM_E_KEYS_FILE;
        goto out;
    }
    *signer = made;
    made = NULL;

out:
    maker->release(maker->self, made);
    file_room_free(room);
    return rc;
}

static void key_close(void *self)
{
    struct file_key *k = self;

    k->maker->release(k->maker->self, k->signer);
    free(k);
}

/* "file issuing.key, RSA 3072, encrypted" */
static void key_describe(void *self, struct bm_wr *words)
{
    const struct file_key *k = self;
    const struct bm_spki *key = &k->signer->key;
    unsigned bits = bm_spki_bits(key);

    bm_wr_str(words, "file ");
    bm_wr_str(words, k->name);
    bm_wr_str(words, ", ");
    bm_wr_str(words, bm_key_type_name(key->type));
    if (key->type == BM_KEY_RSA) {
        bm_wr_u8(words, ' ');
        for (unsigned unit = 1000; unit != 0; unit /= 10) {
            bm_wr_u8(words, (uint8_t)('0' + bits / unit % 10));
        }
    }
    bm_wr_str(words, ", encrypted");
}

/* A key around `*signer`, which it takes over on BM_OK. */
static bm_status key_new(const struct file_provider *p, const char *name,
                         struct bm_signer **signer, struct bm_key **key)
{
    struct file_key *k = calloc(1, sizeof *k);

    if (k == NULL) {
        return BM_E_MEMORY;
    }
    k->maker = p->tools.maker;
    k->signer = *signer;
    memcpy(k->name, name, strlen(name) + 1);
    k->key = (struct bm_key){ .self = k,
                              .signer = k->signer,
                              .describe = key_describe,
                              .close = key_close };
    *key = &k->key;
    *signer = NULL;
    return BM_OK;
}

bm_status file_check_use(const struct file_provider *p, const char *name)
{
    BM_TRY(bm_key_file_name(name));
    return p->kek == NULL ? BM_E_KEYS_LOCKED : BM_OK;
}

static bm_status file_open(void *self, const char *name, struct bm_key **key)
{
    const struct file_provider *p = self;
    struct bm_signer *signer = NULL;
    bm_status rc = BM_E_INTERNAL;

    *key = NULL;
    BM_TRY(file_check_use(p, name));
    rc = load(p, name, &signer);
    if (rc == BM_OK) {
        rc = key_new(p, name, &signer, key);
    }
    p->tools.maker->release(p->tools.maker->self, signer);
    return rc;
}

static bm_status check_spec(const struct bm_key_spec *spec)
{
    return spec->type == BM_KEY_RSA &&
                   (spec->rsa_bits < BM_RSA_BITS_MIN ||
                    spec->rsa_bits > BM_KEY_FILE_RSA_BITS_MAX)
               ? BM_E_ARGUMENT
               : BM_OK;
}

/* Before the slow part; the last word has disk_publish(). */
bm_status file_check_free(const struct file_provider *p, const char *name)
{
    return faccessat(p->dir, name, F_OK, 0) == 0 ? BM_E_EXISTS : BM_OK;
}

static bm_status file_generate(void *self, const char *name,
                               const struct bm_key_spec *spec,
                               struct bm_key **key)
{
    const struct file_provider *p = self;
    const struct bm_key_maker *maker = p->tools.maker;
    struct bm_signer *signer = NULL;
    struct bm_key *made = NULL;
    bm_status rc = BM_E_INTERNAL;

    *key = NULL;
    BM_TRY(file_check_use(p, name));
    BM_TRY(check_spec(spec));
    BM_TRY(file_check_free(p, name));
    rc = maker->generate(maker->self, spec, &signer);
    if (rc != BM_OK) {
        goto out;
    }
    /* All that can fail comes first: an error leaves no file. */
    rc = key_new(p, name, &signer, &made);
    if (rc != BM_OK) {
        goto out;
    }
    rc = file_save(p, name, made->signer);
    if (rc != BM_OK) {
        goto out;
    }
    *key = made;
    made = NULL;

out:
    bm_key_close(made);
    maker->release(maker->self, signer);
    return rc;
}

/* Needs no unlocked provider: a key that cannot be opened can be destroyed. */
static bm_status file_destroy(void *self, const char *name)
{
    const struct file_provider *p = self;

    BM_TRY(bm_key_file_name(name));
    return disk_destroy(p->dir, name);
}

bm_status bm_key_file_new(const struct bm_key_file_config *config,
                          struct bm_key_provider **provider)
{
    struct file_provider *p = calloc(1, sizeof *p);
    bm_status rc;

    *provider = NULL;
    if (p == NULL) {
        return BM_E_MEMORY;
    }
    rc = disk_open_dir(config->dir, &p->dir);
    if (rc != BM_OK) {
        free(p);
        return rc;
    }
    p->tools = config->tools;
    p->kek = config->kek;
    p->provider = (struct bm_key_provider){ .scheme = "file",
                                            .sandbox = BM_KEY_SANDBOX_MEMORY,
                                            .self = p,
                                            .open = file_open,
                                            .generate = file_generate,
                                            .destroy = file_destroy };
    *provider = &p->provider;
    return BM_OK;
}

void bm_key_file_free(struct bm_key_provider *provider)
{
    struct file_provider *p;

    if (provider != NULL) {
        p = provider->self;
        (void)close(p->dir);
        free(p);
    }
}
