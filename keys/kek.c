/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The file, in deterministic CBOR inside of a PEM block:
 *
 *     [ 1,                 version
 *       uint, uint, uint,  scrypt: log2 of N, r, p
 *       bytes .size 32,    scrypt: salt
 *       bytes .size 12,    nonce
 *       bytes .size 48,    AES-256-GCM of the key
 *       bytes .size 16 ]   check
 *
 * The check is the start of a SHA-256 over what stands before it: no secret
 * is needed to see that a file is damaged, so one that is whole and does not
 * open means that the secret is another.
 */
#define _DEFAULT_SOURCE
#include "keys/kek.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cbor.h"
#include "core/pem.h"
#include "keys/internal.h"

#define LABEL       "BIRTHMARK KEY ENCRYPTION KEY"
#define VERSION     1
#define ITEMS       8
#define SALT_SIZE   32
#define NONCE_SIZE  12
#define SEALED_SIZE (BM_KEK_SIZE + BM_AEAD_TAG_SIZE)
#define CHECK_SIZE  16
#define DOMAIN      "birthmark/kek/v1"

struct bm_kek {
    uint8_t key[BM_KEK_SIZE];
};

/* A page of its own: locking and leaving out of dumps go by pages. */
static struct bm_kek *kek_new(void)
{
    void *p = mmap(NULL, sizeof(struct bm_kek), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) {
        return NULL;
    }
    /* Either may be forbidden; the key then is as safe as other memory. */
    (void)mlock(p, sizeof(struct bm_kek));
    (void)madvise(p, sizeof(struct bm_kek), MADV_DONTDUMP);
    return p;
}

void bm_kek_close(struct bm_kek *kek)
{
    if (kek != NULL) {
        bm_wipe(kek, sizeof *kek);
        (void)munmap(kek, sizeof *kek);
    }
}

struct bm_bytes bm_kek_key(const struct bm_kek *kek)
{
    return (struct bm_bytes){ kek->key, sizeof kek->key };
}

bm_status bm_kek_derive(const struct bm_kek *kek,
                        const struct bm_crypto *crypto, struct bm_bytes purpose,
                        uint8_t key[BM_KEK_SIZE])
{
    const struct bm_hkdf_config config = { .hash = BM_HASH_SHA256,
                                           .secret = BM_ARRAY(kek->key),
                                           .info = purpose };

    return crypto->hkdf(crypto->self, &config, key, BM_KEK_SIZE);
}

static bm_status check_cost(const struct bm_scrypt_cost *cost)
{
    uint64_t n;

    if (cost->log_n < BM_KEK_LOG_N_MIN || cost->log_n > BM_KEK_LOG_N_MAX ||
        cost->r == 0 || cost->r > BM_KEK_R_MAX || cost->p == 0 ||
        cost->p > BM_KEK_P_MAX) {
        return BM_E_LIMIT;
    }
    n = (uint64_t)1 << cost->log_n;
    return 128 * n * cost->r > BM_KEK_MEMORY_MAX ||
                   n * cost->r * cost->p > BM_KEK_WORK_MAX
               ? BM_E_LIMIT
               : BM_OK;
}

/* What is beyond any bound stays so: check_cost() comes after the check. */
static bm_status take_number(struct bm_cbor *c, unsigned *number)
{
    uint64_t value;

    BM_TRY(bm_cbor_take_uint(c, &value));
    *number = value > UINT16_MAX ? UINT16_MAX : (unsigned)value;
    return BM_OK;
}

static bm_status take_octets(struct bm_cbor *c, size_t n, struct bm_bytes *out)
{
    BM_TRY(bm_cbor_take_bytes(c, out));
    return out->n == n ? BM_OK : BM_E_KEYS_FILE;
}

static bm_status make_check(const struct bm_crypto *crypto,
                            struct bm_bytes body, uint8_t digest[BM_HASH_MAX])
{
    return crypto->hash(crypto->self, BM_HASH_SHA256, body, digest);
}

static bm_status take_file(struct bm_cbor *c, struct bm_kek_file *file)
{
    const uint8_t *start = c->p;
    uint64_t version;
    size_t items;

    BM_TRY(bm_cbor_take_array(c, &items));
    BM_TRY(bm_cbor_take_uint(c, &version));
    if (version != VERSION) {
        return version > VERSION ? BM_E_KEYS_VERSION : BM_E_KEYS_FILE;
    }
    if (items != ITEMS) {
        return BM_E_KEYS_FILE;
    }
    BM_TRY(take_number(c, &file->cost.log_n));
    BM_TRY(take_number(c, &file->cost.r));
    BM_TRY(take_number(c, &file->cost.p));
    BM_TRY(take_octets(c, SALT_SIZE, &file->salt));
    file->bound = (struct bm_bytes){ start, (size_t)(c->p - start) };
    BM_TRY(take_octets(c, NONCE_SIZE, &file->nonce));
    return take_octets(c, SEALED_SIZE, &file->sealed);
}

static bm_status take_check(const struct bm_crypto *crypto, struct bm_cbor *c,
                            struct bm_bytes body)
{
    uint8_t digest[BM_HASH_MAX];
    struct bm_bytes check;

    BM_TRY(take_octets(c, CHECK_SIZE, &check));
    BM_TRY(bm_cbor_end(c));
    BM_TRY(make_check(crypto, body, digest));
    return bm_bytes_are(check, digest, CHECK_SIZE) ? BM_OK : BM_E_KEYS_FILE;
}

/* What came from the file's syntax is one thing to the caller. */
static bm_status as_damage(bm_status rc)
{
    switch (rc) {
    case BM_OK:
    case BM_E_LIMIT:
    case BM_E_MEMORY:
    case BM_E_CRYPTO:
    case BM_E_KEYS_VERSION:
        return rc;
    default:
        return BM_E_KEYS_FILE;
    }
}

bm_status bm_kek_parse(const struct bm_crypto *crypto, struct bm_bytes text,
                       uint8_t room[BM_KEK_FILE_MAX], struct bm_kek_file *file)
{
    struct bm_kek_file found = { .salt = { NULL, 0 } };
    struct bm_bytes body;
    struct bm_cbor c;
    bm_status rc;

    *file = found;
    BM_TRY(armour_open(text, LABEL, room, BM_KEK_FILE_MAX, &body));
    bm_cbor_init(&c, body, NULL);
    rc = take_file(&c, &found);
    if (rc == BM_OK) {
        rc = take_check(crypto, &c,
                        (struct bm_bytes){ body.p, (size_t)(c.p - body.p) });
    }
    /* Behind the check a number is meant as it is, and no damage. */
    if (rc == BM_OK) {
        rc = check_cost(&found.cost);
    }
    if (rc == BM_OK) {
        *file = found;
    }
    return as_damage(rc);
}

/* The AEAD under what scrypt makes of the secret. */
struct wrap {
    uint8_t key[32];
    uint8_t bound[sizeof DOMAIN - 1 + 64]; /* the domain and file->bound */
    struct bm_aead_config aead;
};

static bm_status wrap_init(struct wrap *wrap,
                           const struct bm_kek_config *config,
                           const struct bm_kek_file *file)
{
    const struct bm_key_maker *maker = config->tools.maker;
    const struct bm_scrypt_config scrypt = {
        .secret = { config->secret, BM_UNLOCK_SIZE },
        .salt = file->salt,
        .cost = file->cost,
    };
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, wrap->bound, sizeof wrap->bound);
    bm_wr_str(&w, DOMAIN);
    bm_wr_put(&w, file->bound);
    BM_TRY(bm_wr_finish(&w, &n));
    wrap->aead = (struct bm_aead_config){
        .alg = BM_AEAD_AES256_GCM,
        .key = BM_ARRAY(wrap->key),
        .nonce = file->nonce,
        .aad = { wrap->bound, n },
    };
    return maker->scrypt(maker->self, &scrypt, wrap->key, sizeof wrap->key);
}

/* Append the file up to its nonce, and say what it is made of. */
static void put_head(struct bm_wr *w, const struct bm_scrypt_cost *cost,
                     struct bm_bytes salt)
{
    bm_cbor_put_array(w, ITEMS);
    bm_cbor_put_uint(w, VERSION);
    bm_cbor_put_uint(w, cost->log_n);
    bm_cbor_put_uint(w, cost->r);
    bm_cbor_put_uint(w, cost->p);
    bm_cbor_put_bytes(w, salt);
}

/* All of the file but its armour. */
static bm_status put_body(const struct bm_kek *kek,
                          const struct bm_kek_config *config, struct bm_wr *w)
{
    static const struct bm_scrypt_cost usual = { BM_KEK_LOG_N, BM_KEK_R,
                                                 BM_KEK_P };
    const struct bm_crypto *crypto = config->tools.crypto;
    uint8_t random[SALT_SIZE + NONCE_SIZE];
    uint8_t sealed[SEALED_SIZE];
    uint8_t digest[BM_HASH_MAX];
    struct bm_kek_file file = {
        .cost = config->cost == NULL ? usual : *config->cost,
        .salt = { random, SALT_SIZE },
        .nonce = { random + SALT_SIZE, NONCE_SIZE },
    };
    struct wrap wrap;
    bm_status rc = check_cost(&file.cost);

    if (rc != BM_OK) {
        goto out;
    }
    rc = crypto->random(crypto->self, random, sizeof random);
    if (rc != BM_OK) {
        goto out;
    }
    put_head(w, &file.cost, file.salt);
    file.bound = bm_wr_bytes(w);
    rc = wrap_init(&wrap, config, &file);
    if (rc != BM_OK) {
        goto out;
    }
    rc = crypto->seal(crypto->self, &wrap.aead, bm_kek_key(kek), sealed);
    if (rc != BM_OK) {
        goto out;
    }
    bm_cbor_put_bytes(w, file.nonce);
    bm_cbor_put_bytes(w, BM_ARRAY(sealed));
    rc = make_check(crypto, bm_wr_bytes(w), digest);
    bm_cbor_put_bytes(w, (struct bm_bytes){ digest, CHECK_SIZE });

out:
    bm_wipe(&wrap, sizeof wrap);
    return rc;
}

static bm_status write_file(const struct bm_kek *kek,
                            const struct bm_kek_config *config,
                            enum disk_how how)
{
    uint8_t body[BM_KEK_FILE_MAX];
    uint8_t text[BM_KEK_FILE_MAX];
    struct bm_wr b;
    struct bm_wr w;
    const char *name;
    size_t n;
    int dir;
    bm_status rc;

    bm_wr_init(&b, body, sizeof body);
    bm_wr_init(&w, text, sizeof text);
    BM_TRY(put_body(kek, config, &b));
    BM_TRY(bm_wr_finish(&b, &n));
    bm_pem_put(&w, LABEL, bm_wr_bytes(&b));
    BM_TRY(bm_wr_finish(&w, &n));
    BM_TRY(disk_open_dir_of(config->path, &dir, &name));
    rc = disk_publish(dir, name, bm_wr_bytes(&w), how);
    (void)close(dir);
    return rc;
}

bm_status bm_kek_create(const struct bm_kek_config *config, struct bm_kek **kek)
{
    const struct bm_crypto *crypto = config->tools.crypto;
    struct bm_kek *made = kek_new();
    bm_status rc = BM_E_INTERNAL;

    *kek = NULL;
    if (made == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    rc = crypto->random(crypto->self, made->key, sizeof made->key);
    if (rc != BM_OK) {
        goto out;
    }
    rc = write_file(made, config, DISK_NEW);
    if (rc != BM_OK) {
        goto out;
    }
    *kek = made;
    made = NULL;

out:
    bm_kek_close(made);
    return rc;
}

bm_status bm_kek_rewrap(const struct bm_kek *kek,
                        const struct bm_kek_config *config)
{
    return write_file(kek, config, DISK_REPLACE);
}

static bm_status read_file(const char *path, uint8_t text[BM_KEK_FILE_MAX],
                           size_t *n)
{
    struct disk_file file = { .forbidden = DISK_PRIVATE };
    bm_status rc;

    BM_TRY(disk_open_dir_of(path, &file.dir, &file.name));
    rc = disk_read_file(&file, text, BM_KEK_FILE_MAX, n);
    (void)close(file.dir);
    return rc == BM_E_LIMIT ? BM_E_KEYS_FILE : rc;
}

static bm_status unwrap(const struct bm_kek_config *config,
                        const struct bm_kek_file *file, struct bm_kek *kek)
{
    const struct bm_crypto *crypto = config->tools.crypto;
    struct wrap wrap;
    bm_status rc = wrap_init(&wrap, config, file);

    if (rc == BM_OK) {
        rc = crypto->open(crypto->self, &wrap.aead, file->sealed, kek->key);
    }
    bm_wipe(&wrap, sizeof wrap);
    return rc == BM_E_AEAD ? BM_E_KEYS_SECRET : rc;
}

bm_status bm_kek_open(const struct bm_kek_config *config, struct bm_kek **kek)
{
    uint8_t text[BM_KEK_FILE_MAX];
    uint8_t room[BM_KEK_FILE_MAX];
    struct bm_kek *made = NULL;
    struct bm_kek_file file;
    size_t n = 0;
    bm_status rc = BM_E_INTERNAL;

    *kek = NULL;
    rc = read_file(config->path, text, &n);
    if (rc != BM_OK) {
        goto out;
    }
    rc = bm_kek_parse(config->tools.crypto, (struct bm_bytes){ text, n }, room,
                      &file);
    if (rc != BM_OK) {
        goto out;
    }
    made = kek_new();
    if (made == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    rc = unwrap(config, &file, made);
    if (rc != BM_OK) {
        goto out;
    }
    *kek = made;
    made = NULL;

out:
    bm_kek_close(made);
    return rc;
}
