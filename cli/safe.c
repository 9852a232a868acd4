/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/safe.h"

#include <inttypes.h>
#include <string.h>

#include "protocols/admin/tree.h"

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

void safe_print(FILE *to, struct bm_bytes text)
{
    while (text.n != 0) {
        const uint8_t *at = text.p;
        uint32_t c;
        bool utf8 = tree_next_char(&text, &c);

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
        if (!tree_next_char(&text, &c)) {
            width += sizeof "\\x{ff}" - 1;
        } else if (safe_is_plain(c)) {
            width++;
        } else {
            width += (size_t)snprintf(NULL, 0, "\\u{%" PRIx32 "}", c);
        }
    }
    return width;
}
