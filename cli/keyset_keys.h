/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_KEYSET_KEYS_H
#define BM_CLI_KEYSET_KEYS_H

#include "boot/keyset.h"
#include "cli/args.h"

/*
 * The keys of a key set that is to be made: public keys as they are, and those
 * of certificates, which are believed only when
 *
 *  - a path leads from them to an anchor, and no list revokes any of it;
 *  - they are for signing code and nothing else, as profile firmware-signing
 *    has them, and valid now.
 *
 * A bootloader takes P-256 alone, so others are refused.
 */
struct keyset_source {
    struct args_many keys;  /* files, PEM "PUBLIC KEY" */
    struct args_many certs; /* files, PEM or DER, one certificate each */
    struct args_many lms;   /* files, PEM: one for each of these, or none */
    struct args_many anchors;
    struct args_many untrusted;
    struct args_many crls;
    bool no_crl; /* revocation is not looked at */
    int64_t now;
};

/* In the order of the command line, keys first. Prints what is wrong; an exit
 * code of cmd.h. */
int keyset_keys_read(const char *path, const struct bm_crypto *crypto,
                     const struct keyset_source *source, struct bm_ring *ring);

/* A P-256 key as the set has it: BM_E_KEY_UNSUPPORTED, or what the provider
 * says of its point. */
bm_status keyset_key_take(const struct bm_crypto *crypto,
                          const struct bm_spki *spki, struct bm_boot_key *key);

/* What a bootloader has of a root (struct bm_roots): the hash of both halves;
 * `lms` is NULL where there is one. */
bm_status keyset_root_id(const struct bm_crypto *crypto,
                         const struct bm_spki *spki, const uint8_t *lms,
                         uint8_t id[32]);

#endif
