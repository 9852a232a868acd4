/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_BYTES_H
#define BM_CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/*
 * Bytes in and bytes out: the two shapes in which all data moves.
 *
 * In: a view. It owns nothing and lives as long as the memory it points to.
 * Out: a writer over the caller's buffer, whose overflow is remembered.
 */

/* A view of `n` bytes; `p` may be NULL when `n` is 0. */
struct bm_bytes {
    const uint8_t *p;
    size_t n;
};

/* A view of a string literal or array without its final NUL. */
#define BM_LIT(s) ((struct bm_bytes){ (const uint8_t *)(s), sizeof(s) - 1 })

/* The same as an initializer: tables of static storage cannot use BM_LIT. */
#define BM_LIT_INIT(s)                      \
    {                                       \
        (const uint8_t *)(s), sizeof(s) - 1 \
    }

/* A view of a whole array. */
#define BM_ARRAY(a) ((struct bm_bytes){ (a), sizeof(a) })

/* Same length and same bytes. Not constant time: for public data only. */
bool bm_bytes_equal(struct bm_bytes a, struct bm_bytes b);

/* The same for `n` bytes at `p`: literals, which need not be made a view. */
bool bm_bytes_are(struct bm_bytes b, const void *p, size_t n);

/* Constant time in the contents; false at once if the lengths differ. */
bool bm_bytes_equal_secret(struct bm_bytes a, struct bm_bytes b);

/* Set `n` bytes to zero in a way that the compiler does not remove. */
void bm_wipe(void *p, size_t n);

/*
 * Writer. Calls cannot fail; an overflow is remembered and reported once, by
 * bm_wr_finish(). `len` keeps counting past `cap`, so running the same code
 * with cap == 0 (buf may then be NULL) measures the output.
 */
struct bm_wr {
    uint8_t *buf;
    size_t cap;
    size_t len;
};

void bm_wr_init(struct bm_wr *w, uint8_t *buf, size_t cap);
void bm_wr_put(struct bm_wr *w, struct bm_bytes b);
void bm_wr_u8(struct bm_wr *w, uint8_t b);

/* Append a NUL-terminated string, without the NUL. */
void bm_wr_str(struct bm_wr *w, const char *s);

/* `*len` is the output length, or the length needed on BM_E_BUFFER. */
BM_MUST_CHECK bm_status bm_wr_finish(const struct bm_wr *w, size_t *len);

/*
 * What has been written, as a view. Only after bm_wr_finish() said BM_OK;
 * empty if the writer has overflowed.
 */
struct bm_bytes bm_wr_bytes(const struct bm_wr *w);

#endif
