/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/twice.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ca/attribute.h"
#include "store/siphash.h"

struct mark {
    uint8_t hash[16];
    uint32_t row;
    uint32_t kind; /* 0: the name */
};

struct twice {
    uint8_t key[16];
    struct mark *marks;
    size_t n;
    size_t cap;
};

struct twice *twice_new(void)
{
    struct twice *t = calloc(1, sizeof *t);

    if (t != NULL && getrandom(t->key, sizeof t->key, 0) != sizeof t->key) {
        free(t);
        return NULL;
    }
    return t;
}

void twice_free(struct twice *t)
{
    if (t != NULL) {
        free(t->marks);
        free(t);
    }
}

static bool add(struct twice *t, uint32_t row, uint32_t kind,
                struct bm_bytes value)
{
    uint8_t text[4 + STORE_NAME_MAX];

    if (t->n == t->cap) {
        size_t cap = t->cap == 0 ? 4096 : 2 * t->cap;
        struct mark *more = realloc(t->marks, cap * sizeof *more);

        if (more == NULL) {
            return false;
        }
        t->marks = more;
        t->cap = cap;
    }
    if (value.n > sizeof text - 4) {
        return true; /* it is wrong, and told to be */
    }
    memcpy(text, &kind, 4);
    if (value.n != 0) {
        memcpy(text + 4, value.p, value.n);
    }
    siphash_128(t->key, (struct bm_bytes){ text, 4 + value.n },
                t->marks[t->n].hash);
    t->marks[t->n].row = row;
    t->marks[t->n].kind = kind;
    t->n++;
    return true;
}

static bool add_line(struct twice *t, uint32_t row, struct bm_bytes line)
{
    struct store_attribute a;

    if (ca_attribute_parse(line, &a, NULL) != BM_OK ||
        a.kind >= STORE_ATTRIBUTE_SHARED || a.value[0] == '\0') {
        return true;
    }
    return add(t, row, a.kind,
               (struct bm_bytes){ (const uint8_t *)a.value, strlen(a.value) });
}

bool twice_add(struct twice *t, uint32_t row, struct bm_bytes text)
{
    bool first = true;

    while (text.n != 0) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end == NULL ? text.n : (size_t)(end - text.p);
        const struct bm_bytes line = { text.p, n };

        if (!(first ? add(t, row, 0, line) : add_line(t, row, line))) {
            return false;
        }
        first = false;
        n += end != NULL;
        text = (struct bm_bytes){ text.p + n, text.n - n };
    }
    return true;
}

static int by_hash(const void *a, const void *b)
{
    const struct mark *x = a;
    const struct mark *y = b;
    int order = memcmp(x->hash, y->hash, sizeof x->hash);

    return order != 0 ? order : (x->row > y->row) - (x->row < y->row);
}

void twice_tell(struct twice *t, void *arg,
                bool (*one)(void *arg, uint32_t row, uint32_t before,
                            const char *what))
{
    if (t->n != 0) {
        qsort(t->marks, t->n, sizeof *t->marks, by_hash);
    }
    for (size_t i = 1; i < t->n; i++) {
        const struct mark *m = &t->marks[i];
        const struct ca_attribute_kind *kind = ca_attribute_of(m->kind);

        if (memcmp(m->hash, m[-1].hash, sizeof m->hash) == 0 &&
            !one(arg, m->row, m[-1].row,
                 kind == NULL ? "device" : kind->name)) {
            return;
        }
    }
}
