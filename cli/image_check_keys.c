/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "boot/image_put.h"
#include "cli/cmd.h"
#include "cli/diag.h"
#include "cli/image_check.h"
#include "core/cert.h"
#include "core/pem.h"

static int fail(const char *name, bm_status status, const char *words)
{
    const struct refusal why = {
        .file = name, .status = status, .at = REFUSAL_NOWHERE, .words = words
    };

    refusal_print(&why);
    return CMD_FAILED;
}

/* Keep a copy of a SubjectPublicKeyInfo, and its KEYHASH. */
static bm_status add(struct image_check_keys *keys, const char *name,
                     struct bm_bytes der, const struct bm_crypto *crypto)
{
    struct image_check_key *key = &keys->key[keys->n];

    if (keys->n == IMAGE_CHECK_KEYS) {
        return BM_E_LIMIT;
    }
    *key = (struct image_check_key){ .name = name, .memory = malloc(der.n) };
    if (key->memory == NULL) {
        return BM_E_MEMORY;
    }
    keys->n++;
    memcpy(key->memory, der.p, der.n);
    BM_TRY(bm_spki_parse((struct bm_bytes){ key->memory, der.n }, NULL,
                         &key->spki));
    return bm_image_keyhash(crypto, &key->spki, key->id);
}

static bm_status add_private(struct image_check_keys *keys, const char *name,
                             struct bm_bytes der,
                             const struct bm_key_tools *tools)
{
    const struct bm_key_maker *maker = tools->maker;
    struct bm_signer *signer = NULL;
    bm_status rc = maker->from_pkcs8(maker->self, der, &signer);

    if (rc == BM_OK) {
        rc = add(keys, name, signer->key.der, tools->crypto);
    }
    maker->release(maker->self, signer);
    return rc;
}

/* What it is, its contents say. */
static bm_status add_der(struct image_check_keys *keys, const char *name,
                         struct bm_bytes der, const struct bm_key_tools *tools)
{
    struct bm_cert cert;
    struct bm_spki spki;

    if (bm_spki_parse(der, NULL, &spki) == BM_OK) {
        return add(keys, name, der, tools->crypto);
    }
    if (bm_cert_parse(der, BM_STRICT, NULL, &cert) == BM_OK) {
        return add(keys, name, cert.key.der, tools->crypto);
    }
    return add_private(keys, name, der, tools);
}

static bm_status add_octets(struct image_check_keys *keys, const char *name,
                            struct bm_bytes octets,
                            const struct bm_key_tools *tools)
{
    uint8_t *room = malloc(octets.n);
    struct bm_bytes left = octets;
    struct bm_pem block;
    struct bm_wr w;
    bm_status rc;

    if (room == NULL) {
        return BM_E_MEMORY;
    }
    bm_wr_init(&w, room, octets.n);
    rc = bm_pem_next(&left, NULL, &block);
    if (rc == BM_E_END) {
        rc = add_der(keys, name, octets, tools);
    } else if (rc == BM_OK) {
        rc = bm_pem_decode(&block, NULL, &w);
        if (rc == BM_OK) {
            rc = add_der(keys, name, bm_wr_bytes(&w), tools);
        }
    }
    bm_wipe(room, octets.n);
    free(room);
    return rc;
}

int image_check_add_file(struct image_check_keys *keys, const char *name,
                         const struct bm_key_tools *tools)
{
    struct bm_bytes octets;
    uint8_t *memory;
    bm_status rc;
    int code = image_file_octets(name, &octets, &memory);

    if (code != CMD_OK) {
        return code;
    }
    rc = add_octets(keys, name, octets, tools);
    bm_wipe(memory, octets.n);
    free(memory);
    if (rc == BM_E_MEMORY || rc == BM_E_LIMIT) {
        return fail(name, rc, NULL);
    }
    return rc == BM_OK ? CMD_OK
                       : fail(name, BM_OK,
                              "no public key, certificate or PKCS#8 that is "
                              "not encrypted");
}

static bm_status add_point(struct image_check_keys *keys, const char *name,
                           const struct bm_ring *ring, unsigned i,
                           const struct bm_crypto *crypto)
{
    uint8_t der[128];
    struct bm_wr w;

    bm_wr_init(&w, der, sizeof der);
    bm_spki_put(&w, BM_KEY_P256, BM_ARRAY(ring->keys[i].point));
    BM_TRY(add(keys, name, bm_wr_bytes(&w), crypto));
    keys->key[keys->n - 1].required = ring->required;
    memcpy(keys->key[keys->n - 1].lms, ring->keys[i].lms,
           sizeof ring->keys[i].lms);
    return BM_OK;
}

int image_check_add_set(struct image_check_keys *keys,
                        const struct image_file *set,
                        const struct bm_crypto *crypto)
{
    const struct bm_image_header *header = &set->image.header;
    struct bm_bytes payload = { set->file.p + header->header_size,
                                header->payload_size };
    struct bm_ring ring;
    bm_status rc = set->status;

    if (rc == BM_OK && (header->flags & BM_IMAGE_NON_BOOTABLE) == 0) {
        rc = BM_E_KEYSET;
    }
    if (rc == BM_OK) {
        rc = bm_keyset_parse(crypto, payload, &ring);
    }
    for (unsigned i = 0; rc == BM_OK && i < ring.n; i++) {
        rc = add_point(keys, set->name, &ring, i, crypto);
    }
    return rc == BM_OK ? CMD_OK : fail(set->name, rc, NULL);
}

void image_check_keys_free(struct image_check_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        free(keys->key[i].memory);
    }
    keys->n = 0;
}
