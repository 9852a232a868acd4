/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image_keys.h"

#include <string.h>

#include "boot/image_put.h"
#include "cli/diag.h"
#include "cli/terminal.h"

bool image_key_type_check(enum bm_key_type type)
{
    return type == BM_KEY_P256 || type == BM_KEY_ED25519;
}

void image_hex(const uint8_t octets[32], char text[IMAGE_HEX])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < 32; i++) {
        text[2 * i] = digits[octets[i] >> 4];
        text[2 * i + 1] = digits[octets[i] & 15];
    }
    text[64] = '\0';
}

static bm_status check(const struct image_keys *keys, size_t i,
                       struct ca_refusal *why)
{
    enum bm_key_type type = keys->key[i]->signer->key.type;

    if (!image_key_type_check(type)) {
        return ca_refuse(why, BM_E_KEY_UNSUPPORTED,
                         "images are signed by P-256 or Ed25519");
    }
    for (size_t k = 0; k < i; k++) {
        if (memcmp(keys->keyhash[k], keys->keyhash[i], 32) == 0) {
            return ca_refuse(why, BM_E_ARGUMENT, "the same key twice");
        }
        if (keys->key[k]->signer->key.type != type) {
            return ca_refuse(why, BM_E_ARGUMENT,
                             "P-256 and Ed25519 in one image");
        }
    }
    return BM_OK;
}

static bm_status open_one(struct image_keys *keys, const struct bm_keys *from,
                          const char *uri, struct ca_refusal *why)
{
    const struct bm_crypto *crypto =
        keys->s != NULL ? keys->s->crypto : keys->u.crypto;
    size_t i = keys->n;

    BM_TRY(bm_key_open(from, uri, &keys->key[i]));
    keys->n++;
    BM_TRY(
        bm_image_keyhash(crypto, &keys->key[i]->signer->key, keys->keyhash[i]));
    return check(keys, i, why);
}

static int open_all(struct image_keys *keys, const struct bm_keys *from,
                    const struct args_many *uris)
{
    for (size_t i = 0; i < uris->n; i++) {
        struct ca_refusal why = { .status = BM_OK };
        struct ca_refusal told = { .status = BM_OK };
        bm_status rc = open_one(keys, from, uris->value[i], &why);

        if (rc != BM_OK) {
            bool more = why.status == rc && why.words[0] != '\0';

            rc = ca_refuse(&told, rc, "%s%s%s", uris->value[i],
                           more ? ": " : "", more ? why.words : "");
            return refusal_print_act(keys->path, rc, &told);
        }
    }
    return CMD_OK;
}

int image_keys_open(struct image_keys *keys, const struct args_many *uris)
{
    struct ca_refusal why = { .status = BM_OK };
    struct key_folder folder;
    bm_status rc;
    int code;

    if (uris->n > IMAGE_KEYS_MAX) {
        return cmd_usage_error(keys->path, "more than %d keys", IMAGE_KEYS_MAX);
    }
    if (keys->s != NULL && keys->s->instance != NULL) {
        return open_all(keys, &keys->s->instance->keys.keys, uris);
    }
    keys->u = (struct unlock){ .path = keys->path, .dir = keys->dir };
    code = unlock_open(&keys->u);
    if (code != CMD_OK) {
        return code;
    }
    rc = key_folder_open(&folder, keys->u.dir, &keys->u.settings, &keys->u.port,
                         &why);
    terminal_done();
    if (rc != BM_OK) {
        return refusal_print_act(keys->path, rc, &why);
    }
    code = open_all(keys, &folder.keys, uris);
    key_folder_close(&folder);
    return code;
}

void image_keys_close(struct image_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        bm_key_close(keys->key[i]);
        keys->key[i] = NULL;
    }
    keys->n = 0;
    unlock_close(&keys->u);
}
