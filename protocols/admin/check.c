/* SPDX-License-Identifier: Apache-2.0 */

/* Do JSON values have the types that a table says? */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base64.h"
#include "core/pem.h"
#include "core/time.h"
#include "protocols/admin/internal.h"

static bool say(char words[ADMIN_WORDS_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool say(char words[ADMIN_WORDS_MAX], const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words, ADMIN_WORDS_MAX, format, args);
    va_end(args);
    return false;
}

/* No control characters; lines only where they are meant. jansson has seen to
 * it that it is UTF-8. */
static bool is_plain(struct bm_bytes text, bool lines)
{
    uint32_t c;

    while (text.n != 0) {
        if (!tree_next_char(&text, &c)) {
            return false;
        }
        if (c == 0x7f || (c < 0x20 && !(lines && (c == '\n' || c == '\t')))) {
            return false;
        }
    }
    return true;
}

static bool check_text(const struct admin_field *f, struct bm_bytes text,
                       char words[ADMIN_WORDS_MAX])
{
    if (f->min > 0 && text.n == 0) {
        return say(words, "%s is empty", f->name);
    }
    if (f->max != 0 && text.n > (uint64_t)f->max) {
        return say(words, "%s is longer than %" PRId64 " octets", f->name,
                   f->max);
    }
    return is_plain(text, f->type == ADMIN_TEXT) ||
           say(words, "%s has control characters", f->name);
}

static bool check_word(const struct admin_field *f, const char *text,
                       char words[ADMIN_WORDS_MAX])
{
    size_t n;

    for (const char *const *w = f->words; *w != NULL; w++) {
        if (strcmp(*w, text) == 0) {
            return true;
        }
    }
    (void)say(words, "%s is none of", f->name);
    for (const char *const *w = f->words; *w != NULL; w++) {
        n = strlen(words);
        (void)snprintf(words + n, ADMIN_WORDS_MAX - n, " %s", *w);
    }
    return false;
}

static bool check_time(const struct admin_field *f, struct bm_bytes text,
                       char words[ADMIN_WORDS_MAX])
{
    int64_t time;

    return bm_time_from_text(text, &time) == BM_OK ||
           say(words, "%s is no time like 2031-02-03T04:05:06Z", f->name);
}

static bool check_serial(const struct admin_field *f, const char *text,
                         char words[ADMIN_WORDS_MAX])
{
    uint8_t serial[STORE_SERIAL_MAX];
    size_t n;

    return things_parse_serial(text, serial, &n) ||
           say(words, "%s is no serial number", f->name);
}

/* One block and nothing behind it, or base64: decoded without keeping it. */
static bool check_pem(const struct admin_field *f, struct bm_bytes text,
                      char words[ADMIN_WORDS_MAX])
{
    struct bm_bytes left = text;
    struct bm_pem block;
    struct bm_wr none;
    bm_status rc = bm_pem_next(&left, NULL, &block);

    bm_wr_init(&none, NULL, 0);
    if (f->max != 0 && text.n > (uint64_t)f->max) {
        return say(words, "%s is longer than %" PRId64 " octets", f->name,
                   f->max);
    }
    if (rc == BM_E_END) {
        rc = bm_base64_decode(text, BM_BASE64_SPACES, NULL, &none);
    } else if (rc == BM_OK) {
        struct bm_pem other;

        rc = bm_pem_decode(&block, NULL, &none);
        if (rc == BM_OK && bm_pem_next(&left, NULL, &other) != BM_E_END) {
            return say(words, "%s has more than one PEM block", f->name);
        }
    }
    return (rc == BM_OK && none.len != 0) ||
           say(words, "%s is neither a PEM block nor base64", f->name);
}

static bool check_string(const struct admin_field *f, const json_t *value,
                         char words[ADMIN_WORDS_MAX])
{
    const char *p = json_string_value(value);
    struct bm_bytes text = { (const uint8_t *)p, json_string_length(value) };

    if (p == NULL) {
        return say(words, "%s is not a string", f->name);
    }
    if (strlen(p) != text.n) {
        return say(words, "%s has control characters", f->name);
    }
    switch (f->type) {
    case ADMIN_ENUM:
        return check_word(f, p, words);
    case ADMIN_TIME:
        return check_time(f, text, words);
    case ADMIN_SERIAL:
        return check_serial(f, p, words);
    case ADMIN_PEM:
        return check_pem(f, text, words);
    default:
        return check_text(f, text, words);
    }
}

static bool check_integer(const struct admin_field *f, const json_t *value,
                          char words[ADMIN_WORDS_MAX])
{
    int64_t v = json_integer_value(value);

    if (!json_is_integer(value)) {
        return say(words, "%s is not an integer", f->name);
    }
    return (f->min == 0 && f->max == 0) || (v >= f->min && v <= f->max) ||
           say(words, "%s is outside of %" PRId64 " to %" PRId64, f->name,
               f->min, f->max);
}

void admin_seconds(int64_t seconds, char text[ADMIN_SECONDS_MAX])
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
    size_t i = 0;

    while (seconds == 0 ? units[i].seconds != 1
                        : seconds % units[i].seconds != 0) {
        i++;
    }
    (void)snprintf(text, ADMIN_SECONDS_MAX, "%" PRId64 "%c",
                   seconds / units[i].seconds, units[i].unit);
}

static bool check_seconds(const struct admin_field *f, const json_t *value,
                          char words[ADMIN_WORDS_MAX])
{
    char least[ADMIN_SECONDS_MAX];
    char most[ADMIN_SECONDS_MAX];
    int64_t v = json_integer_value(value);

    if (!json_is_integer(value)) {
        return say(words, "%s is not an integer", f->name);
    }
    admin_seconds(f->min, least);
    admin_seconds(f->max, most);
    return (f->min == 0 && f->max == 0) || (v >= f->min && v <= f->max) ||
           say(words, "%s is outside of %s to %s", f->name, least, most);
}

static bool check_strings(const struct admin_field *f, const json_t *value,
                          char words[ADMIN_WORDS_MAX])
{
    struct admin_field one = *f;
    const json_t *item;
    size_t i;

    one.type = f->words != NULL ? ADMIN_ENUM : ADMIN_TEXT;
    if (!json_is_array(value)) {
        return say(words, "%s is not an array", f->name);
    }
    if (f->min > 0 && json_array_size(value) < (size_t)f->min) {
        return say(words, "%s is empty", f->name);
    }
    json_array_foreach(value, i, item)
    {
        if (!check_string(&one, item, words)) {
            return false;
        }
    }
    return true;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the tables are, not the values */
static bool check_array(const struct admin_field *f, const json_t *value,
                        char words[ADMIN_WORDS_MAX])
{
    const json_t *item;
    size_t i;

    if (!json_is_array(value)) {
        return say(words, "%s is not an array", f->name);
    }
    json_array_foreach(value, i, item)
    {
        if (!admin_check(f->fields, item, words)) {
            return false;
        }
    }
    return true;
}

static bool check_value(const struct admin_field *f, const json_t *value,
                        char words[ADMIN_WORDS_MAX])
{
    switch (f->type) {
    case ADMIN_INTEGER:
        return check_integer(f, value, words);
    case ADMIN_SECONDS:
        return check_seconds(f, value, words);
    case ADMIN_BOOLEAN:
        return json_is_boolean(value) ||
               say(words, "%s is neither true nor false", f->name);
    case ADMIN_STRINGS:
        return check_strings(f, value, words);
    case ADMIN_OCTETS:
        return say(words, "%s is the body, not in JSON", f->name);
    case ADMIN_OBJECT:
        return admin_check(f->fields, value, words);
    case ADMIN_ARRAY:
        return check_array(f, value, words);
    default:
        return check_string(f, value, words);
    }
}

static const struct admin_field *find(const struct admin_field *fields,
                                      const char *name)
{
    for (const struct admin_field *f = fields; f->name != NULL; f++) {
        if (strcmp(f->name, name) == 0) {
            return f;
        }
    }
    return NULL;
}

bool admin_check(const struct admin_field *fields, const json_t *object,
                 char words[ADMIN_WORDS_MAX])
{
    /* jansson's iterators take no const; nothing is changed. */
    json_t *o = (json_t *)(uintptr_t)object;
    const char *key;
    json_t *value;

    words[0] = '\0';
    if (!json_is_object(object)) {
        return say(words, "not an object");
    }
    json_object_foreach(o, key, value)
    {
        const struct admin_field *f = find(fields, key);

        if (f == NULL) {
            return say(words, "%.64s is unknown", key);
        }
        if (!check_value(f, value, words)) {
            return false;
        }
    }
    for (const struct admin_field *f = fields; f->name != NULL; f++) {
        if (f->required && json_object_get(object, f->name) == NULL) {
            return say(words, "%s is missing", f->name);
        }
    }
    return true;
}
/* NOLINTEND(misc-no-recursion) */
