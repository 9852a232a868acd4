/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/le.h"
#include "cli/cmd.h"
#include "cli/input.h"

static int fail(const char *name, bm_status status, const char *words)
{
    const struct refusal why = {
        .file = name, .status = status, .at = REFUSAL_NOWHERE, .words = words
    };

    refusal_print(&why);
    return CMD_FAILED;
}

int image_file_octets(const char *name, struct bm_bytes *octets,
                      uint8_t **memory)
{
    struct input in;
    int error = input_open(&in, name);
    char words[ERRNO_WORDS_MAX];
    int rc = CMD_FAILED;

    *memory = NULL;
    *octets = (struct bm_bytes){ NULL, 0 };
    if (error != 0) {
        input_error_words(error, words);
        return fail(name, BM_OK, words);
    }
    if (in.more) {
        rc = fail(name, BM_OK, "larger than 16 MiB");
        goto out;
    }
    *memory = malloc(in.n);
    if (*memory == NULL) {
        errno_words(ENOMEM, words);
        rc = fail(name, BM_OK, words);
        goto out;
    }
    memcpy(*memory, in.data, in.n);
    *octets = (struct bm_bytes){ *memory, in.n };
    rc = CMD_OK;
out:
    input_close(&in);
    return rc;
}

/* Encrypted and compressed images have a header like any other. */
static bm_status read_header(struct image_file *f)
{
    struct bm_image_header *header = &f->image.header;
    uint8_t octets[BM_IMAGE_HEADER_SIZE];

    if (f->file.n < sizeof octets) {
        return BM_E_IMAGE_SIZE;
    }
    f->status = bm_image_header_parse(f->file.p, (uint32_t)f->file.n, header);
    if (f->status != BM_E_IMAGE_FLAGS) {
        return f->status;
    }
    memcpy(octets, f->file.p, sizeof octets);
    bm_le32_put(octets + 16, 0);
    BM_TRY(bm_image_header_parse(octets, (uint32_t)f->file.n, header));
    header->flags = bm_le32(f->file.p + 16);
    return BM_OK;
}

/* Can the area be walked over, up to its end? */
static bool is_area(struct bm_bytes area, unsigned magic)
{
    struct bm_image_tlv tlv;
    uint32_t at = 0;
    bm_status rc;

    if (area.n < BM_IMAGE_INFO_SIZE || bm_le16(area.p) != magic ||
        bm_le16(area.p + 2) != area.n) {
        return false;
    }
    do {
        rc = bm_image_tlv_next(area, &at, &tlv);
    } while (rc == BM_OK);
    return rc == BM_E_END;
}

static struct bm_bytes part(struct bm_bytes all, size_t at, size_t n)
{
    return (struct bm_bytes){ all.p + at, n };
}

/* Where the areas are, whatever is in them. */
static void find_areas(struct image_file *f)
{
    struct bm_image *image = &f->image;
    uint32_t at = bm_image_tlvs_at(&image->header);
    uint32_t end = bm_image_digest_end(&image->header);
    struct bm_bytes area = part(f->file, at, image->header.protected_size);
    uint32_t size;

    if (is_area(area, BM_IMAGE_MAGIC_PROTECTED)) {
        image->protected = area;
    }
    if (bm_image_tlvs_size(&image->header, f->file.p + end, &size) != BM_OK ||
        size > f->file.n - at) {
        f->octets = f->file;
        return;
    }
    f->octets = part(f->file, 0, at + size);
    area = part(f->file, end, at + size - end);
    if (is_area(area, BM_IMAGE_MAGIC_TLVS)) {
        image->tlvs = area;
    }
}

static bool has_tlv(struct bm_bytes area, uint16_t type)
{
    struct bm_image_tlv tlv;
    uint32_t at = 0;

    while (bm_image_tlv_next(area, &at, &tlv) == BM_OK) {
        if (tlv.type == type) {
            return true;
        }
    }
    return false;
}

static bool is_erased(struct bm_bytes octets)
{
    for (size_t i = 0; i < octets.n; i++) {
        if (octets.p[i] != 0xff) {
            return false;
        }
    }
    return true;
}

/* A slot is 0xff from the image to its end, but for a trailer. */
static bm_status read_rest(struct image_file *f)
{
    struct bm_bytes rest = part(f->file, f->octets.n, f->file.n - f->octets.n);
    bm_status rc = bm_image_trailer_parse(rest, &f->trailer);

    f->padded = rest.n != 0;
    f->has_trailer = rc == BM_OK;
    if (rc == BM_OK) {
        rest.n -= BM_IMAGE_TRAILER_END;
    }
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    return is_erased(rest) ? BM_OK : BM_E_IMAGE_TRAILING;
}

bm_status image_file_parse(struct image_file *f)
{
    struct bm_image image;
    bm_status rc;

    BM_TRY(read_header(f));
    find_areas(f);
    f->pure = has_tlv(f->image.tlvs, IMAGE_TLV_SIG_PURE);
    rc = read_rest(f);
    if (f->status == BM_OK) {
        f->status = bm_image_parse_file(f->octets, &image);
        if (f->status == BM_OK) {
            f->image = image;
        }
    }
    if (f->status == BM_OK) {
        f->status = rc;
    }
    return BM_OK;
}

int image_file_read(struct image_file *f, const char *name)
{
    bm_status rc;
    int code;

    *f = (struct image_file){ .name = name };
    code = image_file_octets(name, &f->file, &f->memory);
    if (code != CMD_OK) {
        return code;
    }
    rc = image_file_parse(f);
    if (rc != BM_OK) {
        image_file_free(f);
        return fail(name, rc, NULL);
    }
    return CMD_OK;
}

void image_file_free(struct image_file *f)
{
    free(f->memory);
    *f = (struct image_file){ .name = f->name };
}

struct bm_bytes image_file_signed(const struct image_file *f)
{
    return part(f->file, 0, bm_image_digest_end(&f->image.header));
}

const char *image_tlv_name(uint16_t type)
{
    static const struct {
        uint16_t type;
        const char *name;
    } rows[] = {
        { BM_IMAGE_TLV_KEYHASH, "keyhash" },
        { BM_IMAGE_TLV_PUBKEY, "public key" },
        { BM_IMAGE_TLV_SHA256, "sha256" },
        { 0x11, "sha384" },
        { IMAGE_TLV_SHA512, "sha512" },
        { 0x20, "rsa2048-pss" },
        { 0x21, "ecdsa-p224" },
        { BM_IMAGE_TLV_ECDSA, "ecdsa" },
        { 0x23, "rsa3072-pss" },
        { BM_IMAGE_TLV_ED25519, "ed25519" },
        { IMAGE_TLV_SIG_PURE, "pure signature" },
        { 0x30, "encryption rsa2048" },
        { 0x31, "encryption key wrap" },
        { 0x32, "encryption p256" },
        { 0x33, "encryption x25519" },
        { 0x34, "encryption x25519-sha512" },
        { BM_IMAGE_TLV_DEPENDENCY, "dependency" },
        { BM_IMAGE_TLV_COUNTER, "security counter" },
        { BM_IMAGE_TLV_BOOT_RECORD, "boot record" },
        { 0x70, "decompressed size" },
        { 0x71, "decompressed digest" },
        { 0x72, "decompressed signature" },
        { 0x73, "compressed size" },
        { 0x74, "vendor uuid" },
        { 0x75, "class uuid" },
        { BM_IMAGE_TLV_LMS, "lms" },
        { BM_IMAGE_TLV_SBOM, "sbom" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].type == type) {
            return rows[i].name;
        }
    }
    return NULL;
}

void image_version_text(const struct bm_image_version *version,
                        char text[IMAGE_VERSION_MAX])
{
    (void)snprintf(text, IMAGE_VERSION_MAX, "%u.%u.%u+%lu", version->major,
                   version->minor, version->revision,
                   (unsigned long)version->build);
}
