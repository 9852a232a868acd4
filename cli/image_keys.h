/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_IMAGE_KEYS_H
#define BM_CLI_IMAGE_KEYS_H

#include "cli/instance.h"
#include "cli/unlock.h"

/*
 * Keys that sign images: P-256 or Ed25519, wherever an instance has them. They
 * need no operator and no store, as `birthmark key` does not; where a signature
 * goes on record, the instance is open anyway, and its keys with it.
 *
 * Functions print what is wrong and return an exit code of cmd.h.
 */

/* As many as a key set has. */
#define IMAGE_KEYS_MAX 4

struct image_keys {
    const char *path;  /* "birthmark image sign", for messages */
    const char *dir;   /* the instance */
    const char *verb;  /* what they are for: "images", "key sets" */
    struct session *s; /* one that is open for writing; or NULL */

    /* Filled in. */
    struct bm_key *key[IMAGE_KEYS_MAX];
    uint8_t keyhash[IMAGE_KEYS_MAX][BM_HASH_MAX]; /* of 32 octets */
    size_t n;

    /* Private. */
    struct unlock u;
};

/*
 * Open keys, in this order. A key that is named twice under whatever URIs is
 * refused, as are two algorithms: no bootloader takes an image that has both.
 * Release with image_keys_close(), in any case.
 */
int image_keys_open(struct image_keys *keys, const struct args_many *uris);
void image_keys_close(struct image_keys *keys); /* again is fine */

/* May a key of this type sign images? */
bool image_key_type_check(enum bm_key_type type);

/* 64 digits and a NUL. */
#define IMAGE_HEX 65
void image_hex(const uint8_t octets[32], char text[IMAGE_HEX]);

#endif
