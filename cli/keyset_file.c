/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keyset_file.h"

#include <stdlib.h>
#include <string.h>

#include "cli/diag.h"
#include "cli/image_file.h"
#include "cli/image_keys.h"
#include "ports/mbedtls/lms/lms.h"

/* ---- Reading */

static struct bm_bytes payload_of(const struct keyset_file *k)
{
    const struct bm_image_header *h = &k->image.header;

    return (struct bm_bytes){ k->octets.p + h->header_size, h->payload_size };
}

static bm_status check_digest(const struct keyset_file *k,
                              const struct bm_crypto *crypto)
{
    struct bm_bytes all = { k->octets.p,
                            bm_image_digest_end(&k->image.header) };
    uint8_t hash[BM_HASH_MAX];

    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, all, hash));
    return bm_bytes_are(k->image.digest, hash, BM_IMAGE_DIGEST_SIZE)
               ? BM_OK
               : BM_E_IMAGE_DIGEST;
}

/* Its id is the hash of what its PUBKEY holds. */
static bm_status find_signer(struct keyset_file *k,
                             const struct bm_crypto *crypto)
{
    struct bm_image_tlv tlv;
    uint32_t at = 0;

    do {
        BM_TRY(bm_image_tlv_next(k->image.tlvs, &at, &tlv) == BM_OK
                   ? BM_OK
                   : BM_E_IMAGE_MISSING);
    } while (tlv.type != BM_IMAGE_TLV_PUBKEY);
    return crypto->hash(crypto->self, BM_HASH_SHA256, tlv.value, k->signer);
}

bm_status keyset_file_parse(struct keyset_file *k,
                            const struct bm_crypto *crypto)
{
    BM_TRY(bm_image_parse_file(k->octets, &k->image));
    if (k->image.header.flags != BM_IMAGE_NON_BOOTABLE ||
        !k->image.has_counter || k->octets.n > BM_KEYSET_MAX) {
        return BM_E_KEYSET;
    }
    BM_TRY(check_digest(k, crypto));
    BM_TRY(find_signer(k, crypto));
    return bm_keyset_parse(crypto, payload_of(k), &k->ring);
}

int keyset_file_read(struct keyset_file *k, const char *name,
                     const struct bm_crypto *crypto)
{
    struct refusal why = { .file = name, .at = REFUSAL_NOWHERE };
    int code;

    *k = (struct keyset_file){ .name = name };
    code = image_file_octets(name, &k->octets, &k->memory);
    if (code != CMD_OK) {
        return code;
    }
    why.status = keyset_file_parse(k, crypto);
    if (why.status == BM_OK) {
        return CMD_OK;
    }
    refusal_print(&why);
    keyset_file_free(k);
    return CMD_FAILED;
}

void keyset_file_free(struct keyset_file *k)
{
    free(k->memory);
    k->memory = NULL;
}

/* ---- As a device has it: flash with the set at its start */

#define SECTOR  1024u
#define SECTORS 3u
_Static_assert(SECTOR *SECTORS >= BM_KEYSET_MAX, "a set fits");

static bm_status read_flash(void *self, uint32_t at, uint8_t *out, size_t n)
{
    const struct bm_bytes *octets = self;

    if (at > SECTORS * SECTOR || n > SECTORS * SECTOR - at) {
        return BM_E_FLASH_READ;
    }
    memset(out, 0xff, n);
    if (at < octets->n) {
        size_t there = octets->n - at;

        memcpy(out, octets->p + at, there < n ? there : n);
    }
    return BM_OK;
}

bm_status keyset_file_verify(const struct keyset_file *k,
                             const struct bm_crypto *crypto,
                             const struct bm_roots *roots,
                             enum bm_keyset_road road, uint32_t epoch)
{
    struct bm_bytes octets = k->octets;
    const struct bm_flash flash = { .self = &octets,
                                    .sector = SECTOR,
                                    .sectors = SECTORS,
                                    .unit = 1,
                                    .read = read_flash };
    struct bm_verify_work work;
    struct bm_verify v = { .crypto = crypto,
                           .lms = bm_lms_verify,
                           .flash = &flash,
                           .least = { epoch, epoch },
                           .work = &work };
    struct bm_ring ring;
    struct bm_keyset set;

    if (octets.n > BM_KEYSET_MAX) {
        return BM_E_KEYSET;
    }
    return bm_keyset_verify(&v, roots, road, &ring, &set);
}

/* ---- For people and JSON */

static json_t *key_tree(struct tree *t, const struct bm_boot_key *key)
{
    json_t *o = tree_object(t);
    char id[IMAGE_HEX];

    image_hex(key->id, id);
    tree_set(t, o, "keyhash", tree_str(t, id));
    return o;
}

json_t *keyset_file_tree(struct tree *t, const struct keyset_file *k)
{
    char version[IMAGE_VERSION_MAX];
    char signer[IMAGE_HEX];
    json_t *o = tree_object(t);
    json_t *required = tree_array(t);
    json_t *keys = tree_array(t);

    image_version_text(&k->image.header.version, version);
    image_hex(k->signer, signer);
    tree_append(t, required, tree_str(t, "p256"));
    if ((k->ring.required & BM_BOOT_LMS) != 0) {
        tree_append(t, required, tree_str(t, "lms"));
    }
    for (unsigned i = 0; i < k->ring.n; i++) {
        tree_append(t, keys, key_tree(t, &k->ring.keys[i]));
    }
    tree_set(t, o, "epoch", tree_int(t, k->image.counter));
    tree_set(t, o, "version", tree_str(t, version));
    tree_set(t, o, "digest", tree_hex(t, k->image.digest));
    tree_set(t, o, "signer", tree_str(t, signer));
    tree_set(t, o, "required", required);
    tree_set(t, o, "keys", keys);
    return o;
}
