/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_IMAGE_SIGNING_H
#define BM_CLI_IMAGE_SIGNING_H

#include "boot/image_put.h"
#include "cli/image_keys.h"
#include "cli/image_lms.h"
#include "files/files.h"

/*
 * How an image, or a key set, which is one, comes to be signed and out of the
 * house. The order is the point:
 *
 *     open    the instance, if signatures go on record; the keys
 *     (the caller writes what is signed: bm_image_put_begin(&g.put, ..., &g.w))
 *     sign    with each key, and read and verify what came out, as others will
 *     write   put each signature on record; only then write the file
 *
 * So there is no image that somebody could flash and that is not on record, and
 * no half of one under its name. A record whose image did not come to be is
 * harmless, and said.
 *
 * Functions print what is wrong and return an exit code of cmd.h.
 */
struct image_signing {
    const char *path; /* of the command */
    const struct session_place *place;
    bool ledger;     /* put signatures on record */
    const char *out; /* the new file */
    const char *lms; /* URI of the key that signs beside the one; or NULL */

    /* Between open and close. */
    const struct bm_crypto *crypto;
    struct image_keys keys;
    struct image_lms second; /* of `lms` */
    struct bm_wr w;          /* of `cap` octets */
    struct bm_image_put put;

    /* Private. */
    struct session s;
    bool in_session;
    uint8_t *room;
    json_t *signatures; /* what is said of each */
};

/* For images of up to `cap` octets. Release with image_signing_close() in any
 * case. */
int image_signing_open(struct image_signing *g, const struct args_many *uris,
                       size_t cap);
void image_signing_close(struct image_signing *g); /* again is fine */

/*
 * Sign with all keys, named by their hash or whole (BM_IMAGE_TLV_KEYHASH,
 * _PUBKEY), and check the image. Behind it, the caller may pad.
 */
int image_signing_sign(struct image_signing *g, enum bm_image_tlv_type form);

/* Is one of the keys named in the image already? */
bool image_signing_has_key(const struct image_signing *g,
                           const struct bm_image *image);

/* What goes on record besides digest and keys, and is printed. */
struct image_signed {
    struct bm_image_version version;
    uint32_t counter; /* 0: none */
    bool keyset;
    bool json;
};
int image_signing_write(struct image_signing *g,
                        const struct image_signed *what);

/* Say that it failed with `rc`. */
int image_signing_fail(const struct image_signing *g, bm_status rc,
                       const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
