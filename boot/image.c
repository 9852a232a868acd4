/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/image.h"

#include <string.h>

#include "boot/le.h"

/* How a TLV may occur. */
enum {
    PROTECTED = 1, /* in that area, and else in the other one */
    MANY = 2,
    KEY = 4,
    SIGNATURE = 8 /* of the key before it */
};

static const struct rule {
    uint16_t type;
    uint16_t min; /* octets */
    uint16_t max;
    uint16_t how;
} rules[] = {
    /* DER, which some tools pad with zeros. */
    { BM_IMAGE_TLV_ECDSA, 8, 72, SIGNATURE },
    { BM_IMAGE_TLV_ED25519, 64, 64, SIGNATURE },
    { BM_IMAGE_TLV_LMS, BM_IMAGE_LMS_SIZE, BM_IMAGE_LMS_SIZE, SIGNATURE },
    { BM_IMAGE_TLV_SHA256, 32, 32, 0 },
    { BM_IMAGE_TLV_KEYHASH, 32, 32, MANY | KEY },
    /* SubjectPublicKeyInfo of Ed25519 (44) or P-256 (91), or a key set's. */
    { BM_IMAGE_TLV_PUBKEY, 44, 256, MANY | KEY },
    { BM_IMAGE_TLV_COUNTER, 4, 4, PROTECTED },
    { BM_IMAGE_TLV_DEPENDENCY, 12, 12, PROTECTED | MANY },
    { BM_IMAGE_TLV_BOOT_RECORD, 1, BM_IMAGE_BOOT_RECORD_MAX, PROTECTED },
    { BM_IMAGE_TLV_SBOM, BM_IMAGE_DIGEST_SIZE, BM_IMAGE_SBOM_MAX, PROTECTED },
};
#define RULES      (sizeof(rules) / sizeof(rules[0]))
#define SIGNATURES 3u /* the first ones */

/* What was met so far. */
struct met {
    uint32_t types; /* bit i: rules[i], since the last key if a signature */
    bool key;
    bool unsigned_key; /* the last one has no signature yet */
};

static bm_status header_check(const struct bm_image_header *h, uint32_t room)
{
    uint32_t rest =
        (uint32_t)h->header_size + h->protected_size + BM_IMAGE_INFO_SIZE;

    if (h->header_size < BM_IMAGE_HEADER_SIZE) {
        return BM_E_IMAGE_HEADER;
    }
    if ((h->flags & ~(uint32_t)(BM_IMAGE_NON_BOOTABLE | BM_IMAGE_RAM_LOAD |
                                BM_IMAGE_ROM_FIXED)) != 0) {
        return BM_E_IMAGE_FLAGS;
    }
    return rest <= room && h->payload_size <= room - rest ? BM_OK
                                                          : BM_E_IMAGE_SIZE;
}

/* Right into the caller's memory: what an attacker wrote is not to lie where a
 * stack pointer that is off would take a return address from. */
bm_status bm_image_header_parse(const uint8_t octets[BM_IMAGE_HEADER_SIZE],
                                uint32_t room, struct bm_image_header *header)
{
    bm_status rc = BM_E_IMAGE_MAGIC;

    header->load_address = bm_le32(octets + 4);
    header->header_size = bm_le16(octets + 8);
    header->protected_size = bm_le16(octets + 10);
    header->payload_size = bm_le32(octets + 12);
    header->flags = bm_le32(octets + 16);
    bm_image_version_get(octets + 20, &header->version);
    if (bm_le32(octets) == BM_IMAGE_MAGIC) {
        rc = bm_le32(octets + 28) == 0 ? header_check(header, room)
                                       : BM_E_IMAGE_HEADER;
    }
    if (rc != BM_OK) {
        memset(header, 0, sizeof(*header));
    }
    return rc;
}

uint32_t bm_image_tlvs_at(const struct bm_image_header *header)
{
    return header->header_size + header->payload_size;
}

uint32_t bm_image_digest_end(const struct bm_image_header *header)
{
    return bm_image_tlvs_at(header) + header->protected_size;
}

/* u16 magic | u16 length of the area, these four octets included */
static bm_status info_parse(const uint8_t *info, uint32_t magic, uint32_t *size)
{
    *size = bm_le16(info + 2);
    return bm_le16(info) == magic && *size >= BM_IMAGE_INFO_SIZE
               ? BM_OK
               : BM_E_IMAGE_TLV;
}

bm_status bm_image_tlvs_size(const struct bm_image_header *header,
                             const uint8_t info[BM_IMAGE_INFO_SIZE],
                             uint32_t *size)
{
    BM_TRY(info_parse(info, BM_IMAGE_MAGIC_TLVS, size));
    *size += header->protected_size;
    return BM_OK;
}

/* TLV: u16 type | u16 length | value */
bm_status bm_image_tlv_next(struct bm_bytes area, uint32_t *at,
                            struct bm_image_tlv *tlv)
{
    uint32_t from = *at == 0 ? BM_IMAGE_INFO_SIZE : *at;
    const uint8_t *p;

    if (from >= area.n) {
        return BM_E_END;
    }
    p = area.p + from;
    if (area.n - from < 4 || area.n - from - 4 < bm_le16(p + 2)) {
        return BM_E_IMAGE_TLV;
    }
    tlv->type = bm_le16(p);
    tlv->value = (struct bm_bytes){ p + 4, bm_le16(p + 2) };
    *at = from + 4 + (uint32_t)tlv->value.n;
    return BM_OK;
}

/* Of no rule: some vendor's, where it is signed, or why not. */
static bm_status unknown(uint16_t type, unsigned area)
{
    if (area == PROTECTED && (type & 0xff) >= 0xa0) {
        return BM_OK;
    }
    /* 0x11 to 0x34 are hashes, signatures and encryption keys. */
    return type > BM_IMAGE_TLV_SHA256 && type < BM_IMAGE_TLV_DEPENDENCY
               ? BM_E_IMAGE_ALGORITHM
               : BM_E_IMAGE_TLV_TYPE;
}

/* A signature needs a key, and a key a signature. */
static bm_status pair(struct met *met, unsigned how)
{
    if ((how & KEY) != 0) {
        if (met->unsigned_key) {
            return BM_E_IMAGE_MISSING;
        }
        met->key = met->unsigned_key = true;
        met->types &= ~((1u << SIGNATURES) - 1);
    }
    if ((how & SIGNATURE) != 0) {
        met->unsigned_key = false;
        return met->key ? BM_OK : BM_E_IMAGE_MISSING;
    }
    return BM_OK;
}

static bm_status check(const struct bm_image_tlv *tlv, unsigned area,
                       struct met *met)
{
    unsigned i = 0;

    while (i < RULES && rules[i].type != tlv->type) {
        i++;
    }
    if (i == RULES) {
        return unknown(tlv->type, area);
    }
    if ((rules[i].how & PROTECTED) != area) {
        return BM_E_IMAGE_TLV_TYPE;
    }
    if (tlv->value.n < rules[i].min || tlv->value.n > rules[i].max) {
        return BM_E_IMAGE_TLV;
    }
    if ((met->types & 1u << i) != 0 && (rules[i].how & MANY) == 0) {
        return BM_E_IMAGE_TLV_TWICE;
    }
    BM_TRY(pair(met, rules[i].how));
    met->types |= 1u << i;
    return BM_OK;
}

static void keep(struct bm_image *image, const struct bm_image_tlv *tlv)
{
    switch (tlv->type) {
    case BM_IMAGE_TLV_SHA256:
        image->digest = tlv->value;
        break;
    case BM_IMAGE_TLV_BOOT_RECORD:
        image->boot_record = tlv->value;
        break;
    case BM_IMAGE_TLV_COUNTER:
        image->has_counter = true;
        image->counter = bm_le32(tlv->value.p);
        break;
    default:
        break;
    }
}

static bm_status area_parse(struct bm_bytes octets, unsigned area,
                            struct met *met, struct bm_image *image)
{
    struct bm_image_tlv tlv;
    uint32_t at = 0;
    uint32_t size;
    bm_status rc;

    BM_TRY(info_parse(octets.p,
                      area == PROTECTED ? BM_IMAGE_MAGIC_PROTECTED
                                        : BM_IMAGE_MAGIC_TLVS,
                      &size));
    if (size != octets.n) {
        return size < octets.n ? BM_E_IMAGE_TRAILING : BM_E_IMAGE_TLV;
    }
    while ((rc = bm_image_tlv_next(octets, &at, &tlv)) == BM_OK) {
        BM_TRY(check(&tlv, area, met));
        keep(image, &tlv);
    }
    return rc == BM_E_END ? BM_OK : rc;
}

static bm_status areas_parse(struct bm_bytes tlvs, struct bm_image *image)
{
    size_t first = image->header.protected_size;
    struct met met = { 0 };

    if ((first != 0 && first < BM_IMAGE_INFO_SIZE) ||
        tlvs.n < first + BM_IMAGE_INFO_SIZE) {
        return BM_E_IMAGE_TLV;
    }
    if (first != 0) {
        image->protected = (struct bm_bytes){ tlvs.p, first };
        BM_TRY(area_parse(image->protected, PROTECTED, &met, image));
    }
    image->tlvs = (struct bm_bytes){ tlvs.p + first, tlvs.n - first };
    BM_TRY(area_parse(image->tlvs, 0, &met, image));
    return image->digest.n != 0 && !met.unsigned_key ? BM_OK
                                                     : BM_E_IMAGE_MISSING;
}

static void clear(struct bm_image *image)
{
    memset((uint8_t *)image + sizeof(image->header), 0,
           sizeof(*image) - sizeof(image->header));
}

bm_status bm_image_parse(struct bm_bytes tlvs, struct bm_image *image)
{
    bm_status rc;

    clear(image);
    rc = areas_parse(tlvs, image);
    if (rc != BM_OK) {
        clear(image);
    }
    return rc;
}

bm_status bm_image_parse_file(struct bm_bytes file, struct bm_image *image)
{
    struct bm_image read = { .has_counter = false };
    uint32_t at;

    if (file.n < BM_IMAGE_HEADER_SIZE || file.n > UINT32_MAX) {
        return BM_E_IMAGE_SIZE;
    }
    BM_TRY(bm_image_header_parse(file.p, (uint32_t)file.n, &read.header));
    at = bm_image_tlvs_at(&read.header);
    BM_TRY(
        bm_image_parse((struct bm_bytes){ file.p + at, file.n - at }, &read));
    *image = read;
    return BM_OK;
}

void bm_image_version_get(const uint8_t octets[8],
                          struct bm_image_version *version)
{
    version->major = octets[0];
    version->minor = octets[1];
    version->revision = bm_le16(octets + 2);
    version->build = bm_le32(octets + 4);
}

/* u8 image | 3 octets, ignored | version */
bm_status bm_image_dependency_next(const struct bm_image *image, uint32_t *at,
                                   struct bm_image_dependency *dependency)
{
    struct bm_image_tlv tlv;

    do {
        BM_TRY(bm_image_tlv_next(image->protected, at, &tlv));
    } while (tlv.type != BM_IMAGE_TLV_DEPENDENCY);
    dependency->image = tlv.value.p[0];
    bm_image_version_get(tlv.value.p + 4, &dependency->version);
    return BM_OK;
}

int bm_image_version_compare(const struct bm_image_version *a,
                             const struct bm_image_version *b)
{
    uint32_t x =
        (uint32_t)a->major << 24 | (uint32_t)a->minor << 16 | a->revision;
    uint32_t y =
        (uint32_t)b->major << 24 | (uint32_t)b->minor << 16 | b->revision;

    if (x == y) {
        x = a->build;
        y = b->build;
    }
    return (x > y) - (x < y);
}
