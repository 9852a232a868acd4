/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/safe.h"

#include <inttypes.h>
#include <string.h>

/*
 * Ranges that are not printed as they are: controls, and characters that are
 * invisible or change the direction of what follows (Unicode categories Cc,
 * Cf, Zl, Zp, Co and the tags).
 */
static const struct {
    uint32_t first;
    uint32_t last;
} unsafe[] = { { 0x0000, 0x001f },   { 0x007f, 0x009f },   { 0x00ad, 0x00ad },
               { 0x0600, 0x0605 },   { 0x061c, 0x061c },   { 0x06dd, 0x06dd },
               { 0x070f, 0x070f },   { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },
               { 0x180b, 0x180f },   { 0x200b, 0x200f },   { 0x2028, 0x202e },
               { 0x2060, 0x206f },   { 0x3164, 0x3164 },   { 0xd800, 0xf8ff },
               { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },
               { 0xfff0, 0xfffb },   { 0xfffe, 0xffff },   { 0x110bd, 0x110bd },
               { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
               { 0xf0000, 0x10ffff } };

bool safe_is_plain(uint32_t c)
{
    for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++) {
        if (c >= unsafe[i].first && c <= unsafe[i].last) {
            return false;
        }
    }
    return true;
}

/* Octets of the sequence that `lead` begins, or 0. */
static size_t sequence_length(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* RFC 3629 4: the character in the `n` octets at `p`, if it is one. */
static bool decode(const uint8_t *p, size_t n, uint32_t *c)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    uint32_t v = n == 1 ? p[0] : p[0] & (0x7fu >> n);

    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return false;
        }
        v = v << 6 | (p[i] & 0x3fu);
    }
    *c = v;
    return v >= least[n] && v <= 0x10ffff && !(v >= 0xd800 && v <= 0xdfff);
}

bool safe_next(struct bm_bytes *text, uint32_t *c)
{
    size_t n = sequence_length(text->p[0]);
    bool ok = n != 0 && n <= text->n && decode(text->p, n, c);

    if (!ok) {
        n = 1;
        *c = text->p[0];
    }
    text->p += n;
    text->n -= n;
    return ok;
}

void safe_print(FILE *to, struct bm_bytes text)
{
    while (text.n != 0) {
        const uint8_t *at = text.p;
        uint32_t c;
        bool utf8 = safe_next(&text, &c);

        if (!utf8) {
            fprintf(to, "\\x{%02" PRIx32 "}", c);
        } else if (!safe_is_plain(c)) {
            fprintf(to, "\\u{%" PRIx32 "}", c);
        } else {
            fwrite(at, 1, (size_t)(text.p - at), to);
        }
    }
}

void safe_print_str(FILE *to, const char *text)
{
    safe_print(to, (struct bm_bytes){ (const uint8_t *)text, strlen(text) });
}

size_t safe_width(struct bm_bytes text)
{
    size_t width = 0;
    uint32_t c;

    while (text.n != 0) {
        if (!safe_next(&text, &c)) {
            width += sizeof "\\x{ff}" - 1;
        } else if (safe_is_plain(c)) {
            width++;
        } else {
            width += (size_t)snprintf(NULL, 0, "\\u{%" PRIx32 "}", c);
        }
    }
    return width;
}
