/* SPDX-License-Identifier: Apache-2.0 */

/*
 * NAME.lms, in deterministic CBOR inside of a PEM block:
 *
 *     [ 1,               version
 *       bytes .size 56,  public key
 *       bytes .size 12,  nonce
 *       bytes .size 64 ] identifier and seed, sealed with AES-256-GCM
 *
 * Authenticated with it: "birthmark/lms/v1" || name || public key.
 */
#include "keys/lms.h"

#include <string.h>
#include <unistd.h>

#include "core/cbor.h"
#include "core/pem.h"
#include "keys/file.h"
#include "keys/internal.h"
#include "keys/lms_internal.h"

#define LABEL       "BIRTHMARK SEALED LMS KEY"
#define DOMAIN      "birthmark/lms/v1"
#define VERSION     1
#define ITEMS       4
#define NONCE_SIZE  12
#define SEALED_SIZE (BM_LMS_SECRET_SIZE + BM_AEAD_TAG_SIZE)

/* The name that a key file of the folder has: one rule for both kinds. */
bm_status lms_name(const char *name, const char *suffix,
                   char file[BM_KEY_FILE_NAME_MAX + 1])
{
    char as_key[BM_KEY_FILE_NAME_MAX + 1];
    size_t n = strnlen(name, sizeof as_key);

    if (n + sizeof ".lms-used" > sizeof as_key) {
        return BM_E_KEYS_URI;
    }
    memcpy(as_key, name, n);
    memcpy(as_key + n, ".key", sizeof ".key");
    BM_TRY(bm_key_file_name(as_key));
    memcpy(file, name, n);
    memcpy(file + n, suffix, strlen(suffix) + 1);
    return BM_OK;
}

/* ---- The sealed file */

static bm_status take_file(struct bm_cbor *c, struct bm_lms_file *file)
{
    uint64_t version;
    size_t items;

    BM_TRY(bm_cbor_take_array(c, &items));
    BM_TRY(bm_cbor_take_uint(c, &version));
    if (version > VERSION) {
        return BM_E_KEYS_VERSION;
    }
    BM_TRY(bm_cbor_take_bytes(c, &file->public));
    BM_TRY(bm_cbor_take_bytes(c, &file->nonce));
    BM_TRY(bm_cbor_take_bytes(c, &file->sealed));
    BM_TRY(bm_cbor_end(c));
    return version == VERSION && items == ITEMS &&
                   file->public.n == BM_LMS_PUBLIC_SIZE &&
                   file->nonce.n == NONCE_SIZE && file->sealed.n == SEALED_SIZE
               ? BM_OK
               : BM_E_KEYS_FILE;
}

bm_status bm_lms_file_parse(struct bm_bytes text, uint8_t room[BM_LMS_FILE_MAX],
                            struct bm_lms_file *file)
{
    struct bm_lms_file found = { .nonce = { NULL, 0 } };
    struct bm_bytes body;
    struct bm_cbor c;
    bm_status rc;

    *file = found;
    BM_TRY(armour_open(text, LABEL, room, BM_LMS_FILE_MAX, &body));
    bm_cbor_init(&c, body, NULL);
    rc = take_file(&c, &found);
    if (rc == BM_OK) {
        *file = found;
        return BM_OK;
    }
    return rc == BM_E_KEYS_VERSION ? rc : BM_E_KEYS_FILE;
}

static struct bm_bytes bound_to(const struct bm_lms_place *place,
                                const uint8_t *public, struct bm_wr *w)
{
    bm_wr_put(w, BM_LIT(DOMAIN));
    bm_wr_str(w, place->name);
    bm_wr_put(w, (struct bm_bytes){ public, BM_LMS_PUBLIC_SIZE });
    return bm_wr_bytes(w);
}

/* Room for the domain, a name and a public key. */
#define BOUND_MAX (sizeof DOMAIN + BM_KEY_FILE_NAME_MAX + BM_LMS_PUBLIC_SIZE)

static bm_status seal(const struct bm_lms_place *place, const uint8_t *secret,
                      const uint8_t *public, struct bm_wr *text)
{
    const struct bm_crypto *crypto = place->crypto;
    uint8_t bound[BOUND_MAX];
    uint8_t nonce[NONCE_SIZE];
    uint8_t sealed[SEALED_SIZE];
    uint8_t body[BM_LMS_FILE_MAX];
    struct bm_wr w;
    struct bm_aead_config aead = { .alg = BM_AEAD_AES256_GCM,
                                   .key = bm_kek_key(place->kek),
                                   .nonce = BM_ARRAY(nonce) };

    bm_wr_init(&w, bound, sizeof bound);
    aead.aad = bound_to(place, public, &w);
    BM_TRY(crypto->random(crypto->self, nonce, sizeof nonce));
    BM_TRY(crypto->seal(crypto->self, &aead,
                        (struct bm_bytes){ secret, BM_LMS_SECRET_SIZE },
                        sealed));
    bm_wr_init(&w, body, sizeof body);
    bm_cbor_put_array(&w, ITEMS);
    bm_cbor_put_uint(&w, VERSION);
    bm_cbor_put_bytes(&w, (struct bm_bytes){ public, BM_LMS_PUBLIC_SIZE });
    bm_cbor_put_bytes(&w, BM_ARRAY(nonce));
    bm_cbor_put_bytes(&w, BM_ARRAY(sealed));
    bm_pem_put(text, LABEL, bm_wr_bytes(&w));
    return BM_OK;
}

static bm_status unseal(const struct bm_lms_place *place,
                        const struct bm_lms_file *file, uint8_t *secret)
{
    const struct bm_crypto *crypto = place->crypto;
    uint8_t bound[BOUND_MAX];
    struct bm_wr w;
    struct bm_aead_config aead = { .alg = BM_AEAD_AES256_GCM,
                                   .key = bm_kek_key(place->kek),
                                   .nonce = file->nonce };

    bm_wr_init(&w, bound, sizeof bound);
    aead.aad = bound_to(place, file->public.p, &w);
    return crypto->open(crypto->self, &aead, file->sealed, secret) == BM_OK
               ? BM_OK
               : BM_E_KEYS_FILE;
}

bm_status bm_lms_make(const struct bm_lms_place *place,
                      const uint8_t secret[BM_LMS_SECRET_SIZE],
                      const uint8_t public[BM_LMS_PUBLIC_SIZE])
{
    char name[BM_KEY_FILE_NAME_MAX + 1];
    uint8_t text[BM_LMS_FILE_MAX];
    struct bm_wr w;
    int dir = -1;
    bm_status rc;

    BM_TRY(lms_name(place->name, ".lms", name));
    bm_wr_init(&w, text, sizeof text);
    BM_TRY(seal(place, secret, public, &w));
    BM_TRY(disk_open_dir(place->dir, &dir));
    /* A key without memory is retired; memory without a key is harmless. */
    rc = lms_used_make(place, dir, public);
    if (rc == BM_OK) {
        rc = disk_publish(dir, name, bm_wr_bytes(&w), DISK_NEW);
        if (rc != BM_OK) {
            lms_used_remove(place, dir);
        }
    }
    (void)close(dir);
    return rc;
}

bm_status bm_lms_open(const struct bm_lms_place *place,
                      uint8_t secret[BM_LMS_SECRET_SIZE],
                      uint8_t public[BM_LMS_PUBLIC_SIZE])
{
    char name[BM_KEY_FILE_NAME_MAX + 1];
    uint8_t text[BM_LMS_FILE_MAX];
    uint8_t room[BM_LMS_FILE_MAX];
    struct disk_file on_disk = { .name = name, .forbidden = DISK_PRIVATE };
    struct bm_lms_file file;
    size_t n = 0;
    bm_status rc;

    memset(secret, 0, BM_LMS_SECRET_SIZE);
    BM_TRY(lms_name(place->name, ".lms", name));
    BM_TRY(disk_open_dir(place->dir, &on_disk.dir));
    rc = disk_read_file(&on_disk, text, sizeof text, &n);
    (void)close(on_disk.dir);
    BM_TRY(rc);
    BM_TRY(bm_lms_file_parse((struct bm_bytes){ text, n }, room, &file));
    BM_TRY(unseal(place, &file, secret));
    memcpy(public, file.public.p, BM_LMS_PUBLIC_SIZE);
    return BM_OK;
}
