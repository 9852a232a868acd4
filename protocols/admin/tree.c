/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/admin/tree.h"

#include <stdlib.h>
#include <string.h>

#include "core/oid.h"
#include "core/time.h"

/* U+FFFD: where characters were that nobody can read. */
#define REPLACEMENT "\xef\xbf\xbd"

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

bool tree_next_char(struct bm_bytes *text, uint32_t *c)
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

static json_t *checked(struct tree *t, json_t *value)
{
    if (value == NULL) {
        t->failed = true;
    }
    return value;
}

json_t *tree_object(struct tree *t)
{
    return checked(t, json_object());
}

json_t *tree_array(struct tree *t)
{
    return checked(t, json_array());
}

/* Copy `text`, putting U+FFFD in place of what is not UTF-8. */
static void put_utf8(struct bm_wr *w, struct bm_bytes text)
{
    while (text.n != 0) {
        const uint8_t *at = text.p;
        uint32_t c;

        if (tree_next_char(&text, &c)) {
            bm_wr_put(w, (struct bm_bytes){ at, (size_t)(text.p - at) });
        } else {
            bm_wr_str(w, REPLACEMENT);
        }
    }
}

static void put_hex(struct bm_wr *w, struct bm_bytes octets)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < octets.n; i++) {
        bm_wr_u8(w, (uint8_t)digits[octets.p[i] >> 4]);
        bm_wr_u8(w, (uint8_t)digits[octets.p[i] & 15]);
    }
}

json_t *tree_put(struct tree *t, void (*put)(struct bm_wr *, struct bm_bytes),
                 struct bm_bytes what)
{
    json_t *value = NULL;
    char *text;
    struct bm_wr w;
    size_t n;

    /* Once to measure, once to write. */
    bm_wr_init(&w, NULL, 0);
    put(&w, what);
    n = w.len;
    text = malloc(n + 1);
    if (text != NULL) {
        bm_wr_init(&w, (uint8_t *)text, n);
        put(&w, what);
        value = json_stringn(text, n);
    }
    free(text);
    return checked(t, value);
}

json_t *tree_text(struct tree *t, struct bm_bytes text)
{
    return tree_put(t, put_utf8, text);
}

json_t *tree_str(struct tree *t, const char *text)
{
    struct bm_bytes b = { (const uint8_t *)text, strlen(text) };

    return tree_text(t, b);
}

json_t *tree_hex(struct tree *t, struct bm_bytes octets)
{
    return tree_put(t, put_hex, octets);
}

json_t *tree_int(struct tree *t, int64_t value)
{
    return checked(t, json_integer(value));
}

json_t *tree_bool(struct tree *t, bool value)
{
    return checked(t, json_boolean(value));
}

json_t *tree_time(struct tree *t, int64_t time)
{
    uint8_t text[32];
    struct bm_wr w;

    bm_wr_init(&w, text, sizeof text);
    bm_time_put_text(&w, time);
    return tree_text(t, bm_wr_bytes(&w));
}

json_t *tree_oid(struct tree *t, struct bm_bytes oid)
{
    json_t *dotted = tree_put(t, bm_oid_put_dotted, oid);

    /* An arc that is too wide to be written: the octets then. */
    if (dotted != NULL && json_string_length(dotted) == 0) {
        json_decref(dotted);
        return tree_hex(t, oid);
    }
    return dotted;
}

json_t *tree_oid_name(struct tree *t, struct bm_bytes oid)
{
    const char *name = bm_oid_name(oid);

    return name != NULL ? tree_str(t, name) : tree_oid(t, oid);
}

void tree_set(struct tree *t, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0) {
        t->failed = true;
    }
}

void tree_set_text(struct tree *t, json_t *object, const char *key,
                   const char *text)
{
    if (text[0] != '\0') {
        tree_set(t, object, key, tree_str(t, text));
    }
}

void tree_append(struct tree *t, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0) {
        t->failed = true;
    }
}
