/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_WOLFBOOT_H
#define BM_CLI_WOLFBOOT_H

#include "core/crypto.h"

/*
 * Images of wolfBoot, as far as it takes to make ours of them: which octets are
 * the program, which version it has, and that it is whole. Signatures are not
 * looked at; another one is to be made.
 *
 *     "WOLF" | u32 size of the payload | TLVs: u16 type | u16 length | value
 *     | 0xff up to the size of the header, 256 octets at least | payload
 *
 * Little-endian; single octets of 0xff may stand between TLVs, which begin at
 * even offsets, and a type of 0 ends them. The digest is over the header up to
 * its own TLV, and the payload.
 */
#define WOLFBOOT_MAGIC      "WOLF"
#define WOLFBOOT_HEADER_MIN 256u
#define WOLFBOOT_HEADER_MAX 32768u

struct wolfboot {
    uint32_t version;
    bool has_timestamp;
    uint64_t timestamp; /* seconds of Unix */
    size_t header_size;
    struct bm_bytes payload; /* the rest of the file */
};

bool wolfboot_is(struct bm_bytes file);

/*
 * Read it: BM_E_IMAGE_MAGIC, _SIZE, _TLV, _TLV_TWICE or _DIGEST;
 * BM_E_IMAGE_MISSING without version or digest, BM_E_IMAGE_TLV_TYPE for the
 * difference of two programs, BM_E_IMAGE_ALGORITHM for another digest than
 * SHA-256. On error `*w` is zero.
 */
BM_MUST_CHECK bm_status wolfboot_parse(struct bm_bytes file,
                                       const struct bm_crypto *crypto,
                                       struct wolfboot *w);

#endif
