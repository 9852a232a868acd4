/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show_image.h"

#include <stdio.h>

#include "cli/cmd.h"
#include "cli/diag.h"
#include "cli/text.h"
#include "core/cbor.h"

bm_status image_digest_check(const struct image_file *f,
                             const struct bm_crypto *crypto,
                             struct bm_bytes *digest)
{
    uint8_t hash[BM_HASH_MAX];
    struct bm_image_tlv tlv = { 0, { NULL, 0 } };
    enum bm_hash alg;
    uint32_t at = 0;

    while (bm_image_tlv_next(f->image.tlvs, &at, &tlv) == BM_OK &&
           (tlv.type < BM_IMAGE_TLV_SHA256 || tlv.type > IMAGE_TLV_SHA512)) {
        tlv.type = 0;
    }
    alg = tlv.type == BM_IMAGE_TLV_SHA256 ? BM_HASH_SHA256 : BM_HASH_SHA512;
    if (tlv.type == 0) {
        return BM_E_IMAGE_MISSING;
    }
    if (tlv.type == BM_IMAGE_TLV_SHA256 + 1) {
        return BM_E_IMAGE_ALGORITHM;
    }
    *digest = tlv.value;
    BM_TRY(crypto->hash(crypto->self, alg, image_file_signed(f), hash));
    return bm_bytes_are(tlv.value, hash, bm_hash_len(alg)) ? BM_OK
                                                           : BM_E_IMAGE_DIGEST;
}

static json_t *number_hex(struct tree *t, uint32_t value)
{
    char text[16];

    (void)snprintf(text, sizeof text, "0x%08lx", (unsigned long)value);
    return tree_str(t, text);
}

static json_t *version_tree(struct tree *t,
                            const struct bm_image_version *version)
{
    char text[IMAGE_VERSION_MAX];

    image_version_text(version, text);
    return tree_str(t, text);
}

static json_t *flags_tree(struct tree *t, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } rows[] = {
        { BM_IMAGE_ENCRYPTED_AES128, "encrypted aes128" },
        { BM_IMAGE_ENCRYPTED_AES256, "encrypted aes256" },
        { BM_IMAGE_NON_BOOTABLE, "non-bootable" },
        { BM_IMAGE_RAM_LOAD, "ram-load" },
        { BM_IMAGE_ROM_FIXED, "rom-fixed" },
        { 0x200, "compressed lzma1" },
        { 0x400, "compressed lzma2" },
        { 0x800, "arm-thumb filter" },
    };
    json_t *list = tree_array(t);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((flags & rows[i].flag) != 0) {
            tree_append(t, list, tree_str(t, rows[i].name));
            flags &= ~rows[i].flag;
        }
    }
    if (flags != 0) {
        tree_append(t, list, number_hex(t, flags));
    }
    return list;
}

static void put_header(struct tree *t, json_t *o,
                       const struct bm_image_header *header)
{
    tree_set(t, o, "version", version_tree(t, &header->version));
    tree_set(t, o, "flags", flags_tree(t, header->flags));
    if ((header->flags & (BM_IMAGE_RAM_LOAD | BM_IMAGE_ROM_FIXED)) != 0 ||
        header->load_address != 0) {
        tree_set(t, o, "load_address", number_hex(t, header->load_address));
    }
    tree_set(t, o, "header_size", tree_int(t, header->header_size));
    tree_set(t, o, "payload_size", tree_int(t, header->payload_size));
    tree_set(t, o, "protected_size", tree_int(t, header->protected_size));
}

/* { 1: type, 4: version, 5: key hash, 6: method, 2: digest }, in any order. */
static bool put_record_member(struct tree *t, json_t *o, struct bm_cbor *c)
{
    static const char *const names[] = { NULL,      "type",   "value", NULL,
                                         "version", "signer", "method" };
    struct bm_bytes value;
    uint64_t key;

    if (bm_cbor_take_uint(c, &key) != BM_OK ||
        key >= sizeof names / sizeof names[0] || names[key] == NULL) {
        return false;
    }
    if (bm_cbor_take_text(c, &value) == BM_OK) {
        tree_set(t, o, names[key], tree_text(t, value));
        return true;
    }
    if (bm_cbor_take_bytes(c, &value) == BM_OK) {
        tree_set(t, o, names[key], tree_hex(t, value));
        return true;
    }
    return false;
}

static json_t *record_tree(struct tree *t, struct bm_bytes record)
{
    json_t *o = tree_object(t);
    struct bm_cbor c;
    size_t n = 0;
    bool ok;

    bm_cbor_init(&c, record, NULL);
    ok = bm_cbor_take_map(&c, &n) == BM_OK;
    while (ok && n-- != 0) {
        ok = put_record_member(t, o, &c);
    }
    if (ok && bm_cbor_left(&c) == 0) {
        return o;
    }
    json_decref(o);
    return tree_hex(t, record);
}

static json_t *dependencies_tree(struct tree *t, const struct bm_image *image)
{
    json_t *list = tree_array(t);
    struct bm_image_dependency on;
    uint32_t at = 0;

    while (bm_image_dependency_next(image, &at, &on) == BM_OK) {
        json_t *o = tree_object(t);

        tree_set(t, o, "image", tree_int(t, on.image));
        tree_set(t, o, "version", version_tree(t, &on.version));
        tree_append(t, list, o);
    }
    return list;
}

static json_t *sbom_tree(struct tree *t, struct bm_bytes value)
{
    json_t *o = tree_object(t);
    size_t n = BM_IMAGE_DIGEST_SIZE;

    tree_set(t, o, "sha256", tree_hex(t, (struct bm_bytes){ value.p, n }));
    if (value.n > n) {
        tree_set(t, o, "uri",
                 tree_text(t, (struct bm_bytes){ value.p + n, value.n - n }));
    }
    return o;
}

/* What an image of good form has in its protected area. */
static void put_protected(struct tree *t, json_t *o,
                          const struct bm_image *image)
{
    struct bm_image_tlv tlv;
    json_t *list;
    uint32_t at = 0;

    if (image->has_counter) {
        tree_set(t, o, "security_counter", tree_int(t, image->counter));
    }
    list = dependencies_tree(t, image);
    if (json_array_size(list) != 0) {
        tree_set(t, o, "dependencies", list);
    } else {
        json_decref(list);
    }
    if (image->boot_record.n != 0) {
        tree_set(t, o, "boot_record", record_tree(t, image->boot_record));
    }
    while (bm_image_tlv_next(image->protected, &at, &tlv) == BM_OK) {
        if (tlv.type == BM_IMAGE_TLV_SBOM) {
            tree_set(t, o, "sbom", sbom_tree(t, tlv.value));
        }
    }
}

static bool is_signature(uint16_t type)
{
    return (type >= 0x20 && type <= BM_IMAGE_TLV_ED25519) ||
           type == BM_IMAGE_TLV_LMS;
}

/* A key and the signatures after it. */
static json_t *signers_tree(struct tree *t, struct bm_bytes area)
{
    json_t *list = tree_array(t);
    json_t *signatures = NULL;
    struct bm_image_tlv tlv;
    uint32_t at = 0;

    while (bm_image_tlv_next(area, &at, &tlv) == BM_OK) {
        if (tlv.type == BM_IMAGE_TLV_KEYHASH ||
            tlv.type == BM_IMAGE_TLV_PUBKEY) {
            json_t *o = tree_object(t);

            signatures = tree_array(t);
            tree_set(t, o,
                     tlv.type == BM_IMAGE_TLV_KEYHASH ? "keyhash"
                                                      : "public_key",
                     tree_hex(t, tlv.value));
            tree_set(t, o, "algorithms", signatures);
            tree_append(t, list, o);
        } else if (signatures != NULL && is_signature(tlv.type)) {
            tree_append(t, signatures, tree_str(t, image_tlv_name(tlv.type)));
        }
    }
    return list;
}

static void put_tlvs(struct tree *t, json_t *list, const char *name,
                     struct bm_bytes area)
{
    struct bm_image_tlv tlv;
    uint32_t at = 0;
    char type[8];

    while (bm_image_tlv_next(area, &at, &tlv) == BM_OK) {
        const char *known = image_tlv_name(tlv.type);
        json_t *o = tree_object(t);

        (void)snprintf(type, sizeof type, "0x%04x", tlv.type);
        tree_set(t, o, "type", tree_str(t, type));
        if (known != NULL) {
            tree_set(t, o, "name", tree_str(t, known));
        }
        tree_set(t, o, "area", tree_str(t, name));
        tree_set(t, o, "length", tree_int(t, (int64_t)tlv.value.n));
        tree_set(t, o, "value", tree_hex(t, tlv.value));
        tree_append(t, list, o);
    }
}

static json_t *trailer_tree(struct tree *t,
                            const struct bm_image_trailer *trailer)
{
    static const char *const swaps[] = { "none", "none", "test", "permanent",
                                         "revert" };
    json_t *o = tree_object(t);

    tree_set(t, o, "align", tree_int(t, trailer->align));
    tree_set(t, o, "confirmed", tree_bool(t, trailer->confirmed));
    tree_set(t, o, "copied", tree_bool(t, trailer->copied));
    tree_set(t, o, "swap", tree_str(t, swaps[trailer->swap]));
    return o;
}

json_t *show_image(struct tree *t, const struct image_file *f,
                   const struct bm_crypto *crypto)
{
    const struct refusal why = { .file = f->name,
                                 .status = f->status,
                                 .at = REFUSAL_NOWHERE };
    json_t *o = tree_object(t);
    json_t *tlvs = tree_array(t);
    struct bm_bytes digest = { NULL, 0 };
    bm_status rc = image_digest_check(f, crypto, &digest);

    put_header(t, o, &f->image.header);
    if (f->status == BM_OK) {
        put_protected(t, o, &f->image);
    }
    if (digest.n != 0) {
        tree_set(t, o, "digest", tree_hex(t, digest));
        tree_set(t, o, "digest_right", tree_bool(t, rc == BM_OK));
    }
    tree_set(t, o, "signers", signers_tree(t, f->image.tlvs));
    put_tlvs(t, tlvs, "protected", f->image.protected);
    put_tlvs(t, tlvs, "unprotected", f->image.tlvs);
    tree_set(t, o, "tlvs", tlvs);
    tree_set(t, o, "image_size", tree_int(t, (int64_t)f->octets.n));
    if (f->padded) {
        tree_set(t, o, "slot_size", tree_int(t, (int64_t)f->file.n));
    }
    if (f->has_trailer) {
        tree_set(t, o, "trailer", trailer_tree(t, &f->trailer));
    }
    if (f->status != BM_OK) {
        tree_set(t, o, "error", refusal_tree(t, &why));
    }
    return o;
}

/* Values of TLVs, and what has gone wrong, are for machines: the words about
 * that are on stderr. */
static void shorten(json_t *image)
{
    json_t *tlv;
    size_t i;

    (void)json_object_del(image, "error");
    json_array_foreach(json_object_get(image, "tlvs"), i, tlv)
    {
        (void)json_object_del(tlv, "value");
    }
}

int show_image_print(const char *path, const struct tree *t, json_t *image,
                     bool json)
{
    bool failed = t->failed;

    if (!failed && json) {
        failed = json_dumpf(image, stdout, JSON_COMPACT) != 0;
        putchar('\n');
    } else if (!failed) {
        shorten(image);
        failed = text_print(stdout, image, 0) != BM_OK;
    }
    json_decref(image);
    if (failed) {
        fprintf(stderr, "%s: out of memory\n", path);
        return CMD_FAILED;
    }
    return CMD_OK;
}
