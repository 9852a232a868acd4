/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_IMAGE_PUT_H
#define BM_BOOT_IMAGE_PUT_H

#include "boot/image.h"
#include "core/crypto.h"

/*
 * Writing images (image.h), for tools and tests; no bootloader links it. Key
 * sets are images, and are written by it, too.
 *
 * The same input gives the same octets, and those of imgtool, but for what a
 * signature makes random. In its order: header, 0xff up to header_size,
 * payload, protected TLVs (counter, boot record, dependencies, then others),
 * SHA-256, and for each signer a KEYHASH or PUBKEY with its signatures.
 *
 * In steps, since who signs may be elsewhere:
 *
 *     bm_wr_init(&w, buffer, sizeof(buffer));
 *     BM_TRY(bm_image_put_begin(&put, crypto, &config, &w));
 *     ... what is to be signed is put.digest ...
 *     BM_TRY(bm_image_put_tlv(&put, BM_IMAGE_TLV_KEYHASH, keyhash));
 *     BM_TRY(bm_image_put_tlv(&put, BM_IMAGE_TLV_ECDSA, signature));
 *     BM_TRY(bm_image_put_tlv(&put, BM_IMAGE_TLV_LMS, other_signature));
 *     BM_TRY(bm_image_put_end(&put));
 *
 * Another signature is added to an image that is there by bm_image_put_again().
 * bm_image_put_signer() is a key and its signature in one step.
 *
 * The writer may have something before the image. An image has to fit into its
 * buffer: BM_E_BUFFER from whichever step finds that it does not.
 */

struct bm_image_config {
    /* payload_size and protected_size are made; header_size 0 is 32. */
    struct bm_image_header header;
    struct bm_bytes payload;
    uint8_t padding; /* between header and payload; imgtool: 0xff, or 0 where
                        the payload's file had room for the header */
    bool has_counter;
    uint32_t counter;
    struct bm_bytes boot_record; /* bm_image_boot_record_put(); or empty */
    const struct bm_image_dependency *dependencies;
    size_t n_dependencies;
    struct bm_bytes sbom;             /* SHA-256, URI; or empty */
    const struct bm_image_tlv *other; /* protected, of vendors */
    size_t n_other;
};

struct bm_image_put {
    struct bm_wr *w;
    size_t at;                            /* of the image in the writer */
    size_t end;                           /* of what is signed */
    uint8_t digest[BM_IMAGE_DIGEST_SIZE]; /* what is signed */
};

/*
 * Write all that is signed, and the digest. BM_E_IMAGE_... for what no image
 * may have (a header of less than 32 octets, flags, TLVs in excess).
 */
BM_MUST_CHECK bm_status bm_image_put_begin(struct bm_image_put *put,
                                           const struct bm_crypto *crypto,
                                           const struct bm_image_config *config,
                                           struct bm_wr *w);

/* Go on with an image that is there, and is copied: more signatures. The digest
 * is computed, and must be the one of `file` (BM_E_IMAGE_DIGEST). */
BM_MUST_CHECK bm_status bm_image_put_again(struct bm_image_put *put,
                                           const struct bm_crypto *crypto,
                                           struct bm_bytes file,
                                           struct bm_wr *w);

/* Append an unprotected TLV: a key (KEYHASH, PUBKEY), or a signature of it. */
BM_MUST_CHECK bm_status bm_image_put_tlv(struct bm_image_put *put,
                                         uint16_t type, struct bm_bytes value);

/* Is the image one that bm_image_parse_file() takes? Call it last. */
BM_MUST_CHECK bm_status bm_image_put_end(const struct bm_image_put *put);

/*
 * A key and its signature, P-256 or Ed25519: `form` is BM_IMAGE_TLV_KEYHASH or
 * _PUBKEY. BM_E_IMAGE_ALGORITHM for any other signer.
 */
BM_MUST_CHECK bm_status bm_image_put_signer(struct bm_image_put *put,
                                            const struct bm_crypto *crypto,
                                            const struct bm_signer *signer,
                                            enum bm_image_tlv_type form);

/* The signature alone, of the key that was put. */
BM_MUST_CHECK bm_status bm_image_put_signature(struct bm_image_put *put,
                                               const struct bm_signer *signer);

/* KEYHASH of a key: SHA-256 of its SubjectPublicKeyInfo. */
BM_MUST_CHECK bm_status bm_image_keyhash(const struct bm_crypto *crypto,
                                         const struct bm_spki *key,
                                         uint8_t keyhash[BM_IMAGE_DIGEST_SIZE]);

/*
 * A boot record as imgtool makes it: `type` has up to 12 characters ("SPE"),
 * `keyhash` is of the key that signs, or zeros. The measurement in it is zeros:
 * the bootloader fills in the digest.
 */
#define BM_IMAGE_RECORD_TYPE_MAX 12
BM_MUST_CHECK bm_status
bm_image_boot_record_put(struct bm_wr *w, struct bm_bytes type,
                         const struct bm_image_version *version,
                         const uint8_t keyhash[BM_IMAGE_DIGEST_SIZE]);

/* imgtool's `-s auto`: what grows with each version but for builds. */
uint32_t bm_image_counter_of(const struct bm_image_version *version);

#endif
