/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_KEYSET_FILE_H
#define BM_CLI_KEYSET_FILE_H

#include "boot/keyset.h"
#include "protocols/admin/tree.h"

/*
 * A key set in a file (boot/keyset.h, docs/key-set.md): read for people, and
 * verified by the very code that a bootloader has.
 */
struct keyset_file {
    const char *name;
    struct bm_bytes octets;
    struct bm_image image; /* views of `octets` */
    struct bm_ring ring;
    uint8_t signer[BM_HASH_MAX]; /* the id of who signed, of 32 octets */
    uint8_t *memory;
};

/*
 * Read it; of what it says nothing is verified but its digest. CMD_FAILED, with
 * words on stderr, if it is no key set. On CMD_OK release it with
 * keyset_file_free().
 */
int keyset_file_read(struct keyset_file *k, const char *name,
                     const struct bm_crypto *crypto);
void keyset_file_free(struct keyset_file *k); /* again is fine */

/* The same of octets that are the caller's: `k->octets` is there. */
bm_status keyset_file_parse(struct keyset_file *k,
                            const struct bm_crypto *crypto);

/* Does a device with these roots take it, whose epoch is not above `epoch`? */
bm_status keyset_file_verify(const struct keyset_file *k,
                             const struct bm_crypto *crypto,
                             const struct bm_roots *roots,
                             enum bm_keyset_road road, uint32_t epoch);

/* As a tree: epoch, who signed, which keys. */
json_t *keyset_file_tree(struct tree *t, const struct keyset_file *k);

#endif
