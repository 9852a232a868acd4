/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_IMAGE_FILE_H
#define BM_CLI_IMAGE_FILE_H

#include "boot/image_trailer.h"

/*
 * A file with a firmware image in it: as a tool made it, or a slot as it was
 * read out, with what is behind the image up to the end of the slot.
 *
 * What no device takes can still be looked at: `status` says why not, and the
 * image is read as far as its form allows.
 */
struct image_file {
    const char *name;
    struct bm_bytes file;   /* all of it */
    struct bm_bytes octets; /* the image: header to the end of its TLVs */
    /* Header and areas, which can be walked over; what else a device would
     * find in it only where `status` is BM_OK. Areas are empty where they
     * cannot be told. */
    struct bm_image image;
    bm_status status;
    bool pure;   /* SIG_PURE: the whole image is signed, not its digest */
    bool padded; /* something is behind the image */
    bool has_trailer;
    struct bm_image_trailer trailer;
    uint8_t *memory;
};

/*
 * Read it. CMD_FAILED with words on stderr where it cannot be read or is no
 * image at all. On CMD_OK release it with image_file_free().
 */
int image_file_read(struct image_file *f, const char *name);
void image_file_free(struct image_file *f); /* again is fine */

/* All octets of a file, of 16 MiB at most; `*memory` is the caller's. */
int image_file_octets(const char *name, struct bm_bytes *octets,
                      uint8_t **memory);

/* The same without a file: `f->file` is there. BM_E_IMAGE_... where it is no
 * image at all. */
bm_status image_file_parse(struct image_file *f);

/* Of MCUboot, for other bootloaders than ours. */
enum {
    IMAGE_TLV_SHA512 = 0x12,
    IMAGE_TLV_SIG_PURE = 0x25
};

/* What the digest is over. */
struct bm_bytes image_file_signed(const struct image_file *f);

/* "SHA-256", ... for each type of TLV that MCUboot knows, and ours; NULL. */
const char *image_tlv_name(uint16_t type);

/* "1.2.3+4" into at least IMAGE_VERSION_MAX octets. */
#define IMAGE_VERSION_MAX 32
void image_version_text(const struct bm_image_version *version,
                        char text[IMAGE_VERSION_MAX]);

#endif
