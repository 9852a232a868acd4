/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image_words.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* One or more digits, of which decimal ones do not begin with 0. */
static bool take_number(const char **text, int base, uint32_t most,
                        uint32_t *value)
{
    const char *s = *text;
    uint64_t v = 0;

    if (digit_of(*s) >= base ||
        (base == 10 && s[0] == '0' && digit_of(s[1]) < base)) {
        return false;
    }
    for (; digit_of(*s) < base; s++) {
        v = v * (unsigned)base + (unsigned)digit_of(*s);
        if (v > most) {
            return false;
        }
    }
    *text = s;
    *value = (uint32_t)v;
    return true;
}

static bool take_char(const char **text, char c)
{
    if (**text != c) {
        return false;
    }
    ++*text;
    return true;
}

static bool take_version(const char **text, struct bm_image_version *version)
{
    uint32_t part[4] = { 0 };

    if (!take_number(text, 10, UINT8_MAX, &part[0])) {
        return false;
    }
    if (take_char(text, '.')) {
        if (!take_number(text, 10, UINT8_MAX, &part[1])) {
            return false;
        }
        if (take_char(text, '.')) {
            if (!take_number(text, 10, UINT16_MAX, &part[2]) ||
                (take_char(text, '+') &&
                 !take_number(text, 10, UINT32_MAX, &part[3]))) {
                return false;
            }
        }
    }
    *version = (struct bm_image_version){ .major = (uint8_t)part[0],
                                          .minor = (uint8_t)part[1],
                                          .revision = (uint16_t)part[2],
                                          .build = part[3] };
    return true;
}

bool image_words_version(const char *text, struct bm_image_version *version)
{
    struct bm_image_version v;

    if (!take_version(&text, &v) || *text != '\0') {
        return false;
    }
    *version = v;
    return true;
}

bool image_words_number(const char *text, uint32_t most, uint32_t *value)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    uint32_t v;

    text += hex ? 2 : 0;
    if (!take_number(&text, hex ? 16 : 10, most, &v) || *text != '\0') {
        return false;
    }
    *value = v;
    return true;
}

static void skip_space(const char **text)
{
    while (**text == ' ') {
        ++*text;
    }
}

/* "(" image "," version ")" */
static bool take_dependency(const char **text, struct bm_image_dependency *to)
{
    struct bm_image_dependency d;
    uint32_t image;

    if (!take_char(text, '(')) {
        return false;
    }
    skip_space(text);
    if (!take_number(text, 10, UINT8_MAX, &image)) {
        return false;
    }
    skip_space(text);
    if (!take_char(text, ',')) {
        return false;
    }
    skip_space(text);
    if (!take_version(text, &d.version)) {
        return false;
    }
    skip_space(text);
    d.image = (uint8_t)image;
    *to = d;
    return take_char(text, ')');
}

bool image_words_dependencies(
    const char *text, struct bm_image_dependency list[IMAGE_DEPENDENCIES_MAX],
    size_t *n)
{
    size_t found = 0;

    do {
        if (found == IMAGE_DEPENDENCIES_MAX ||
            !take_dependency(&text, &list[found])) {
            return false;
        }
        for (size_t i = 0; i < found; i++) {
            if (list[i].image == list[found].image) {
                return false;
            }
        }
        found++;
        skip_space(&text);
    } while (*text != '\0');
    *n = found;
    return true;
}
