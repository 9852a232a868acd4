/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_FEED_H
#define BM_CLI_FEED_H

#include "cli/input.h"
#include "core/base64.h"

/*
 * A DER object in pieces: what is in memory, then the rest of its file if it
 * was too large; out of base64 where the file is PEM. For CRLs.
 */

/* Octets read at a time; of base64 three quarters remain. */
#define FEED_CHUNK 65536

struct feed {
    struct input *in;
    struct bm_bytes head; /* DER that is there already */
    struct bm_bytes text; /* base64 that is there already */
    bool more;            /* the file goes on */
    bool pem;
    bool ended; /* the END line was met */
    struct bm_base64 base64;
    struct refusal why;
    char words[ERRNO_WORDS_MAX];
    uint8_t tail[256]; /* the END line */
    size_t tail_n;
    uint8_t file[FEED_CHUNK];
    uint8_t der[BM_BASE64_DECODED_MAX(FEED_CHUNK)];
};

/* NULL when there is no memory. The caller frees it. */
struct feed *feed_new(struct input *in, const struct object *object);

/*
 * The next piece, never empty. False at the end, and when the file cannot be
 * read or is malformed: then `why.words` or `why.status` is set.
 */
bool feed_next(struct feed *f, struct bm_bytes *chunk);

#endif
