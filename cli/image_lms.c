/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image_lms.h"

#include <stdlib.h>
#include <string.h>

#include "cli/diag.h"
#include "cli/safe.h"
#include "cli/terminal.h"

_Static_assert(BM_LMS_PUBLIC_SIZE == BM_LMS_KEY_SIZE &&
                   sizeof(struct bm_lms_secret) == BM_LMS_SECRET_SIZE &&
                   BM_LMS_INDEXES == BM_LMS_SIGNATURES,
               "what is stored is what computes");

static const char scheme[] = "lms:";

bool image_lms_is(const char *uri)
{
    return strncmp(uri, scheme, sizeof scheme - 1) == 0;
}

static int fail(const struct image_lms *l, bm_status rc)
{
    struct ca_refusal why = { .status = BM_OK };

    rc = ca_refuse(&why, rc, "%s", l->uri);
    return refusal_print_act(l->path, rc, &why);
}

static struct bm_lms_place place_of(const struct image_lms *l)
{
    return (struct bm_lms_place){ .crypto = l->u.crypto,
                                  .kek = l->kek,
                                  .dir = l->dir,
                                  .name = l->uri + sizeof scheme - 1 };
}

/* The folder of keys, unlocked. */
static int unlock_keys(struct image_lms *l, const char *path, const char *dir,
                       const char *uri)
{
    uint8_t secret[BM_UNLOCK_SIZE];
    int code;

    *l = (struct image_lms){ .path = path, .uri = uri };
    if (!image_lms_is(uri)) {
        return cmd_usage_error(path, "a key for LMS is named like lms:NAME");
    }
    l->u = (struct unlock){ .path = path, .dir = dir };
    code = unlock_open(&l->u);
    if (code == CMD_OK && files_path(l->dir, l->u.dir, "keys") != BM_OK) {
        code = fail(l, BM_E_LIMIT);
    }
    if (code == CMD_OK) {
        code = unlock_read(&l->u, secret);
    }
    terminal_done();
    if (code == CMD_OK) {
        code = unlock_try(&l->u, secret, &l->kek);
    }
    bm_wipe(secret, sizeof secret);
    return code;
}

static bm_status compute(struct image_lms *l, const uint8_t *octets)
{
    struct bm_lms_secret secret;
    bm_status rc;

    memcpy(&secret, octets, sizeof secret);
    rc = bm_lms_signer_new(&secret, &l->signer);
    bm_wipe(&secret, sizeof secret);
    return rc;
}

static bm_status make(struct image_lms *l, uint8_t secret[BM_LMS_SECRET_SIZE])
{
    const struct bm_crypto *crypto = l->u.crypto;
    const struct bm_lms_place place = place_of(l);

    BM_TRY(crypto->random(crypto->self, secret, BM_LMS_SECRET_SIZE));
    BM_TRY(compute(l, secret));
    BM_TRY(bm_lms_signer_key(l->signer, l->key));
    return bm_lms_make(&place, secret, l->key);
}

int image_lms_make(struct image_lms *l, const char *path, const char *dir,
                   const char *uri)
{
    uint8_t secret[BM_LMS_SECRET_SIZE];
    int code = unlock_keys(l, path, dir, uri);
    bm_status rc;

    if (code != CMD_OK) {
        return code;
    }
    rc = make(l, secret);
    bm_wipe(secret, sizeof secret);
    return rc == BM_OK ? CMD_OK : fail(l, rc);
}

static bm_status open_key(struct image_lms *l,
                          uint8_t secret[BM_LMS_SECRET_SIZE])
{
    const struct bm_lms_place place = place_of(l);
    uint8_t public[BM_LMS_KEY_SIZE];
    uint32_t used;

    BM_TRY(bm_lms_open(&place, secret, l->key));
    /* Before it is computed: one that may not sign is not worth seconds. */
    BM_TRY(bm_lms_used(&place, l->key, &used));
    if (used >= BM_LMS_INDEXES) {
        return BM_E_LMS_SPENT;
    }
    BM_TRY(compute(l, secret));
    BM_TRY(bm_lms_signer_key(l->signer, public));
    return memcmp(public, l->key, sizeof public) == 0 ? BM_OK : BM_E_KEYS_FILE;
}

int image_lms_open(struct image_lms *l, const char *path, const char *dir,
                   const char *uri)
{
    uint8_t secret[BM_LMS_SECRET_SIZE];
    int code = unlock_keys(l, path, dir, uri);
    bm_status rc;

    if (code != CMD_OK) {
        return code;
    }
    rc = open_key(l, secret);
    bm_wipe(secret, sizeof secret);
    return rc == BM_OK ? CMD_OK : fail(l, rc);
}

void image_lms_close(struct image_lms *l)
{
    bm_lms_signer_free(l->signer);
    bm_kek_close(l->kek);
    l->signer = NULL;
    l->kek = NULL;
    unlock_close(&l->u);
}

int image_lms_sign(struct image_lms *l, const uint8_t digest[32],
                   uint8_t signature[BM_LMS_SIGNATURE_SIZE])
{
    const struct bm_lms_place place = place_of(l);
    const struct bm_bytes message = { digest, 32 };
    uint32_t index = 0;
    bm_status rc = bm_lms_take(&place, l->key, digest, &index);

    if (rc == BM_OK) {
        rc = bm_lms_sign(l->signer, l->u.crypto, index, message, signature);
    }
    if (rc == BM_OK) {
        rc = bm_lms_verify(
            l->key, message,
            (struct bm_bytes){ signature, BM_LMS_SIGNATURE_SIZE });
    }
    if (rc != BM_OK) {
        return fail(l, rc);
    }
    if (index + 1 >= BM_LMS_WARN) {
        safe_print_str(stderr, l->uri);
        fprintf(stderr,
                ": %u of %u signatures are used: make another key, and a key "
                "set with it\n",
                index + 1, BM_LMS_INDEXES);
    }
    return CMD_OK;
}

/* ---- The public key */

/* SEQUENCE { SEQUENCE { 1.2.840.113549.1.9.16.3.17 }, BIT STRING { 1 | ... */
static const uint8_t head[IMAGE_LMS_SPKI_SIZE - BM_LMS_KEY_SIZE] = {
    0x30, 0x4e, 0x30, 0x0d, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
    0x01, 0x09, 0x10, 0x03, 0x11, 0x03, 0x3d, 0x00, 0x00, 0x00, 0x00, 0x01,
};

/* LMS_SHA256_M32_H10 with LMOTS_SHA256_N32_W8 */
static const uint8_t types[] = { 0, 0, 0, 6, 0, 0, 0, 4 };

void image_lms_spki_put(struct bm_wr *w, const uint8_t key[BM_LMS_KEY_SIZE])
{
    bm_wr_put(w, BM_ARRAY(head));
    bm_wr_put(w, (struct bm_bytes){ key, BM_LMS_KEY_SIZE });
}

bm_status image_lms_spki_parse(struct bm_bytes der,
                               uint8_t key[BM_LMS_KEY_SIZE])
{
    if (der.n != IMAGE_LMS_SPKI_SIZE || memcmp(der.p, head, sizeof head) != 0 ||
        memcmp(der.p + sizeof head, types, sizeof types) != 0) {
        return BM_E_KEY_UNSUPPORTED;
    }
    memcpy(key, der.p + sizeof head, BM_LMS_KEY_SIZE);
    return BM_OK;
}

int image_lms_read(const char *path, const char *file,
                   uint8_t key[BM_LMS_KEY_SIZE])
{
    struct ca_refusal why = { .status = BM_OK };
    uint8_t *der = NULL;
    size_t n = 0;
    bm_status rc = files_get_pem(file, "PUBLIC KEY", &der, &n, &why);

    if (rc == BM_OK) {
        rc = image_lms_spki_parse((struct bm_bytes){ der, n }, key);
        if (rc != BM_OK) {
            rc = ca_refuse(&why, rc, "%s: no public key for LMS", file);
        }
    }
    free(der);
    return rc == BM_OK ? CMD_OK : refusal_print_act(path, rc, &why);
}
