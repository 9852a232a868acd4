/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_IMAGE_CHECK_H
#define BM_CLI_IMAGE_CHECK_H

#include "boot/keyset.h"
#include "cli/image_file.h"
#include "keys/maker.h"
#include "protocols/admin/tree.h"

/*
 * Are images signed by who may sign them: as a device decides it, but with
 * words for each thing that is wrong, and with what no device takes (Ed25519,
 * SIG_PURE). A device's own code for it is boot/verify.h.
 */

/* Keys on a command line, and those of a key set. */
#define IMAGE_CHECK_KEYS 20

struct image_check_key {
    const char *name; /* the file that it is from */
    struct bm_spki spki;
    uint8_t id[BM_IMAGE_DIGEST_SIZE]; /* its KEYHASH */
    uint8_t lms[56];
    uint32_t required; /* enum bm_boot_algorithm; 0: the one of the key */
    uint8_t *memory;
};

struct image_check_keys {
    struct image_check_key key[IMAGE_CHECK_KEYS];
    size_t n;
};

/*
 * Add the key of a file: PEM or DER of a public key, a certificate, or PKCS#8
 * that is not encrypted, of which only the public half is used. CMD_FAILED
 * with words where there is none.
 */
int image_check_add_file(struct image_check_keys *keys, const char *name,
                         const struct bm_key_tools *tools);

/* Add all keys of a key set, whose signature is not looked at. */
int image_check_add_set(struct image_check_keys *keys,
                        const struct image_file *set,
                        const struct bm_crypto *crypto);

void image_check_keys_free(struct image_check_keys *keys);

/*
 * BM_OK: its form, its digest, and the signatures of one of the keys, all that
 * are required of it, are good. Otherwise why not, and each thing that is wrong
 * is said on stderr. `signers` (or NULL) becomes a list of what was found of
 * each signature.
 */
bm_status image_check(const struct image_file *f,
                      const struct image_check_keys *keys,
                      const struct bm_crypto *crypto, struct tree *t,
                      json_t *signers);

/* Is it of what bootloaders take: for a slot, and by P-256 under a key set? Not
 * Ed25519, SIG_PURE, a key that is named by PUBKEY, a key set. */
bool image_check_for_devices(const struct image_file *f);

#endif
