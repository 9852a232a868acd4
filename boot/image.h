/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_IMAGE_H
#define BM_BOOT_IMAGE_H

#include "core/bytes.h"
#include "core/status.h"

/*
 * Firmware images in MCUboot's format, as imgtool and the tools of many vendors
 * write them (MCUboot, docs/design.md, "Image format"; docs/firmware-image.md
 * says what of it is taken here):
 *
 *     header | padding up to header_size | payload | protected TLVs | TLVs
 *
 * All numbers are little-endian. The digest (SHA-256) is over everything before
 * the unprotected TLVs; what signs an image signs that digest.
 *
 * This module reads memory: the header, and the two TLV areas as they follow
 * each other. Where they come from (a file, a copy of flash) is the caller's
 * matter, and so is whether the digest and a signature are right (verify.h).
 * What is not in a table is refused: TLVs of unknown types, of wrong length, in
 * the wrong area or twice, headers that are short or overlap. One thing passes
 * that is not understood: a TLV of some vendor's range in the protected area,
 * for it is signed.
 *
 * A signature belongs to the KEYHASH or PUBKEY before it. There may be several
 * such keys, each with one signature of an algorithm and at least one of any.
 */

#define BM_IMAGE_MAGIC           0x96f3b83du
#define BM_IMAGE_MAGIC_PROTECTED 0x6908u /* of the info header of an area */
#define BM_IMAGE_MAGIC_TLVS      0x6907u
#define BM_IMAGE_HEADER_SIZE     32u
#define BM_IMAGE_INFO_SIZE       4u /* u16 magic | u16 length, this included */
#define BM_IMAGE_DIGEST_SIZE     32u
#define BM_IMAGE_LMS_SIZE        1452u /* LMS_SHA256_M32_H10, LMOTS W8 */

/* imgtool's limit, too; the handover has room for it. */
#define BM_IMAGE_BOOT_RECORD_MAX 100u
/* A digest and a location of up to 192 octets. */
#define BM_IMAGE_SBOM_MAX 224u

/* Room for both TLV areas of an image that a device boots, with an LMS
 * signature (1,452 octets) beside that of P-256. A bootloader whose roots and
 * sets never ask for LMS is compiled with 768 of it. */
#ifndef BM_IMAGE_TLVS_MAX
#define BM_IMAGE_TLVS_MAX 2304u
#endif

enum bm_image_flag {
    BM_IMAGE_ENCRYPTED_AES128 = 0x4,
    BM_IMAGE_ENCRYPTED_AES256 = 0x8,
    BM_IMAGE_NON_BOOTABLE = 0x10,
    BM_IMAGE_RAM_LOAD = 0x20,   /* load_address: where the image is then */
    BM_IMAGE_ROM_FIXED = 0x100, /* load_address: the slot it is made for */
};

enum bm_image_tlv_type {
    BM_IMAGE_TLV_KEYHASH = 0x01,
    BM_IMAGE_TLV_PUBKEY = 0x02,
    BM_IMAGE_TLV_SHA256 = 0x10,
    BM_IMAGE_TLV_ECDSA = 0x22,
    BM_IMAGE_TLV_ED25519 = 0x24,
    BM_IMAGE_TLV_DEPENDENCY = 0x40,
    BM_IMAGE_TLV_COUNTER = 0x50,
    BM_IMAGE_TLV_BOOT_RECORD = 0x60,
    /* Of vendors, in our range: */
    BM_IMAGE_TLV_LMS = 0x00a1, /* RFC 8554 signature over the digest */
    /* Protected: SHA-256 of the bill of materials, then where it is (a URI,
     * which may be empty). */
    BM_IMAGE_TLV_SBOM = 0x01a1
};

struct bm_image_version {
    uint8_t major;
    uint8_t minor;
    uint16_t revision;
    uint32_t build;
};

struct bm_image_header {
    uint32_t load_address;
    uint16_t header_size; /* where the payload begins, from 32 */
    uint16_t protected_size;
    uint32_t payload_size;
    uint32_t flags; /* enum bm_image_flag */
    struct bm_image_version version;
};

struct bm_image_tlv {
    uint16_t type;
    struct bm_bytes value;
};

/* What is in the TLVs, each a view of the memory that was parsed; empty where
 * it is absent. */
struct bm_image {
    struct bm_image_header header;
    struct bm_bytes protected; /* the area with its info header, or empty */
    struct bm_bytes tlvs;      /* the unprotected area, likewise */
    struct bm_bytes digest;    /* as the image claims it: 32 octets */
    struct bm_bytes boot_record;
    bool has_counter;
    uint32_t counter; /* the security counter */
};

/*
 * Read a header. `room` is what the image has at most (a slot, a file):
 * header, payload, protected TLVs and the info header of the others fit in,
 * checked without overflow. BM_E_IMAGE_...; on error `*header` is zero.
 */
BM_MUST_CHECK bm_status
bm_image_header_parse(const uint8_t octets[BM_IMAGE_HEADER_SIZE], uint32_t room,
                      struct bm_image_header *header);

/* Where the TLV areas begin: the end of the payload. */
uint32_t bm_image_tlvs_at(const struct bm_image_header *header);

/* What the digest is over ends here, with the protected area; the info header
 * of the other one follows. */
uint32_t bm_image_digest_end(const struct bm_image_header *header);

/* The length of both areas together, from that info header: the octets at
 * bm_image_digest_end(). Whether they fit is the caller's to check. */
BM_MUST_CHECK bm_status
bm_image_tlvs_size(const struct bm_image_header *header,
                   const uint8_t info[BM_IMAGE_INFO_SIZE], uint32_t *size);

/*
 * Read both areas, which are all of `tlvs`. `image->header` is there already.
 * BM_E_IMAGE_ALGORITHM where something is of an algorithm that no device takes
 * (RSA, SHA-384, encryption, ...). On error there is nothing in `*image` but
 * the header.
 */
BM_MUST_CHECK bm_status bm_image_parse(struct bm_bytes tlvs,
                                       struct bm_image *image);

/* The next TLV of an area (image->protected or image->tlvs); `*at` is 0 first.
 * BM_E_END after the last. */
BM_MUST_CHECK bm_status bm_image_tlv_next(struct bm_bytes area, uint32_t *at,
                                          struct bm_image_tlv *tlv);

/* A whole file, with nothing behind the image: for tools. On error `*image` is
 * as before. */
BM_MUST_CHECK bm_status bm_image_parse_file(struct bm_bytes file,
                                            struct bm_image *image);

/* A dependency: image number `image` has at least version `version`. `*at` is
 * 0 first; BM_E_END after the last. */
struct bm_image_dependency {
    uint8_t image;
    struct bm_image_version version;
};
BM_MUST_CHECK bm_status
bm_image_dependency_next(const struct bm_image *image, uint32_t *at,
                         struct bm_image_dependency *dependency);

/* u8 major | u8 minor | u16 revision | u32 build, as a header has them. */
void bm_image_version_get(const uint8_t octets[8],
                          struct bm_image_version *version);

/* Less than, equal to or greater than 0; the build number counts last. */
int bm_image_version_compare(const struct bm_image_version *a,
                             const struct bm_image_version *b);

#endif
