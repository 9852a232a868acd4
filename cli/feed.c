/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/pem.h"

struct feed *feed_new(struct input *in, const struct object *object)
{
    struct feed *f = malloc(sizeof *f);

    if (f == NULL) {
        return NULL;
    }
    f->in = in;
    f->head = object->der;
    f->text = object->base64;
    f->more = object->more;
    f->pem = object->more && object->block != 0;
    f->ended = false;
    f->tail_n = 0;
    f->why = (struct refusal){ .at = REFUSAL_NOWHERE };
    bm_base64_init(&f->base64, BM_BASE64_SPACES);
    return f;
}

/* Read on in the file: false at its end. */
static bool read_file(struct feed *f, struct bm_bytes *chunk)
{
    ptrdiff_t got = 0;

    if (f->more) {
        got = input_read(f->in, f->file, sizeof f->file);
    }
    if (got < 0) {
        errno_words(errno, f->words);
        f->why.words = f->words;
    }
    if (got <= 0) {
        f->more = false;
        return false;
    }
    *chunk = (struct bm_bytes){ f->file, (size_t)got };
    return true;
}

/* What comes after the base64 must be the END line and nothing else. */
static bool take_tail(struct feed *f, struct bm_bytes text)
{
    static const char end[] = "-----END ";

    do {
        if (text.n > sizeof f->tail - f->tail_n) {
            f->why.words = "more text after a CRL that is larger than 16 MiB";
            return false;
        }
        memcpy(f->tail + f->tail_n, text.p, text.n);
        f->tail_n += text.n;
    } while (read_file(f, &text));
    if (f->tail_n < sizeof end - 1 ||
        memcmp(f->tail, end, sizeof end - 1) != 0) {
        f->why.status = BM_E_PEM_END;
    }
    return f->why.status == BM_OK && f->why.words == NULL;
}

/* Decode a piece of text; at the hyphen the base64 has come to its end. */
static bool decode(struct feed *f, struct bm_bytes text, struct bm_bytes *chunk)
{
    const uint8_t *hyphen = memchr(text.p, '-', text.n);
    struct bm_bytes digits = text;
    struct bm_wr w;

    bm_wr_init(&w, f->der, sizeof f->der);
    if (hyphen != NULL) {
        digits.n = (size_t)(hyphen - text.p);
    }
    f->why.status = bm_base64_update(&f->base64, digits, NULL, &w);
    if (f->why.status == BM_OK && hyphen != NULL) {
        f->ended = true;
        f->why.status = bm_base64_finish(&f->base64, &w);
        text.n -= digits.n;
        text.p = hyphen;
        if (f->why.status == BM_OK && !take_tail(f, text)) {
            return false;
        }
    }
    *chunk = bm_wr_bytes(&w);
    return f->why.status == BM_OK;
}

static bool next_text(struct feed *f, struct bm_bytes *text)
{
    size_t n = f->text.n < FEED_CHUNK ? f->text.n : FEED_CHUNK;

    if (n == 0) {
        return read_file(f, text);
    }
    *text = (struct bm_bytes){ f->text.p, n };
    f->text.p += n;
    f->text.n -= n;
    return true;
}

static bool next_base64(struct feed *f, struct bm_bytes *chunk)
{
    struct bm_bytes text;

    chunk->n = 0;
    while (!f->ended && chunk->n == 0) {
        if (!next_text(f, &text)) {
            if (f->why.words == NULL) {
                f->why.status = BM_E_PEM_END;
            }
            return false;
        }
        if (!decode(f, text, chunk)) {
            return false;
        }
    }
    return chunk->n != 0;
}

bool feed_next(struct feed *f, struct bm_bytes *chunk)
{
    if (f->pem) {
        return next_base64(f, chunk);
    }
    if (f->head.n != 0) {
        *chunk = f->head;
        f->head.n = 0;
        return true;
    }
    return read_file(f, chunk);
}
