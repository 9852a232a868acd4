/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pem.h"

#include "core/base64.h"

#include <string.h>

#define BEGIN  "-----BEGIN "
#define END    "-----END "
#define DASHES "-----"

static bm_status fail(struct bm_diag *diag, const uint8_t *at, bm_status why)
{
    if (diag != NULL) {
        *diag = (struct bm_diag){ why, BM_OK, at };
    }
    return why;
}

static bool starts_with(struct bm_bytes s, struct bm_bytes prefix)
{
    return s.n >= prefix.n && memcmp(s.p, prefix.p, prefix.n) == 0;
}

static void skip(struct bm_bytes *s, size_t n)
{
    s->p += n;
    s->n -= n;
}

/* Take a line off `*text`; its end (CR, LF or CR LF) belongs to none. */
static struct bm_bytes take_line(struct bm_bytes *text)
{
    struct bm_bytes line = { text->p, 0 };

    while (line.n < text->n && line.p[line.n] != '\r' &&
           line.p[line.n] != '\n') {
        line.n++;
    }
    skip(text, line.n);
    if (text->n >= 2 && text->p[0] == '\r' && text->p[1] == '\n') {
        skip(text, 2);
    } else if (text->n != 0) {
        skip(text, 1);
    }
    return line;
}

/*
 * RFC 7468 3: text up to the line that starts with `boundary` is skipped;
 * `*line` becomes that line. False if there is none.
 */
static bool find_line(struct bm_bytes *text, struct bm_bytes boundary,
                      struct bm_bytes *line)
{
    while (text->n != 0) {
        *line = take_line(text);
        if (starts_with(*line, boundary)) {
            return true;
        }
    }
    return false;
}

/*
 * RFC 7468 3
 *
 *   label      = [ labelchar *( ["-" / SP] labelchar ) ]
 *   labelchar  = %x21-2C / %x2E-7E   ; any printable but hyphen-minus
 */
static bool is_label(struct bm_bytes s)
{
    bool separated = true; /* at the start, and after a "-" or SP */

    for (size_t i = 0; i < s.n; i++) {
        bool separator = s.p[i] == '-' || s.p[i] == ' ';

        if (s.p[i] < 0x20 || s.p[i] > 0x7e || (separator && separated)) {
            return false;
        }
        separated = separator;
    }
    return s.n == 0 || !separated;
}

/* The label of a line BEGIN or END; false if it is not well-formed. */
static bool line_label(struct bm_bytes line, size_t prefix,
                       struct bm_bytes *label)
{
    skip(&line, prefix);
    while (line.n != 0 &&
           (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t')) {
        line.n--;
    }
    if (line.n < sizeof DASHES - 1 ||
        memcmp(line.p + line.n - (sizeof DASHES - 1), DASHES,
               sizeof DASHES - 1) != 0) {
        return false;
    }
    line.n -= sizeof DASHES - 1;
    *label = line;
    return is_label(line);
}

/* Read a block whose BEGIN is `line`; `*rest` is what follows that line. */
static bm_status read_block(struct bm_bytes *rest, struct bm_bytes line,
                            struct bm_diag *diag, struct bm_pem *block)
{
    const uint8_t *begin = line.p;
    struct bm_bytes label;

    if (!line_label(line, sizeof BEGIN - 1, &block->label)) {
        return fail(diag, begin, BM_E_PEM_LABEL);
    }
    block->base64.p = rest->p;
    if (!find_line(rest, BM_LIT("-"), &line)) {
        return fail(diag, begin, BM_E_PEM_END);
    }
    if (!starts_with(line, BM_LIT(END))) {
        return fail(diag, line.p, BM_E_PEM_END);
    }
    block->base64.n = (size_t)(line.p - block->base64.p);
    if (!line_label(line, sizeof END - 1, &label) ||
        !bm_bytes_equal(label, block->label)) {
        return fail(diag, line.p, BM_E_PEM_LABEL);
    }
    return BM_OK;
}

bm_status bm_pem_next(struct bm_bytes *text, struct bm_diag *diag,
                      struct bm_pem *block)
{
    struct bm_bytes rest = *text;
    struct bm_pem found = { 0 };
    struct bm_bytes line;

    *block = found;
    if (!find_line(&rest, BM_LIT(BEGIN), &line)) {
        return BM_E_END;
    }
    found.before = (struct bm_bytes){ text->p, (size_t)(line.p - text->p) };
    BM_TRY(read_block(&rest, line, diag, &found));
    *block = found;
    *text = rest;
    return BM_OK;
}

bm_status bm_pem_decode(const struct bm_pem *block, struct bm_diag *diag,
                        struct bm_wr *w)
{
    return bm_base64_decode(block->base64, BM_BASE64_SPACES, diag, w);
}

static void put_boundary(struct bm_wr *w, const char *boundary,
                         const char *label)
{
    bm_wr_str(w, boundary);
    bm_wr_str(w, label);
    bm_wr_str(w, DASHES "\n");
}

void bm_pem_put(struct bm_wr *w, const char *label, struct bm_bytes der)
{
    put_boundary(w, BEGIN, label);
    bm_base64_put(w, der, BM_PEM_LINE);
    put_boundary(w, END, label);
}
