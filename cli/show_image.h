/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_SHOW_IMAGE_H
#define BM_CLI_SHOW_IMAGE_H

#include "cli/image_file.h"
#include "core/crypto.h"
#include "protocols/admin/tree.h"

/*
 * A firmware image (docs/firmware-image.md) as a tree: header, TLVs, whether
 * the digest is right, who signed it by which algorithms, and what is behind
 * it. Signatures are not verified.
 */
json_t *show_image(struct tree *t, const struct image_file *f,
                   const struct bm_crypto *crypto);

/* The tree on stdout: a JSON object, or text. Takes it over; an exit code of
 * cmd.h, with words. */
int show_image_print(const char *path, const struct tree *t, json_t *image,
                     bool json);

/*
 * Is the digest that the image claims the one of what it is over? BM_OK,
 * BM_E_IMAGE_DIGEST, BM_E_IMAGE_MISSING, BM_E_IMAGE_ALGORITHM for another than
 * SHA-256 and SHA-512. `digest` is what was claimed.
 */
bm_status image_digest_check(const struct image_file *f,
                             const struct bm_crypto *crypto,
                             struct bm_bytes *digest);

#endif
