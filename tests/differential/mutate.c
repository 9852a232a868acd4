/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "tests/differential/diff.h"

/* Far above what make.c writes; larger objects keep their inner shape. */
#define NODES_MAX  1024
#define OUTPUT_MAX 16384

/* An element of the original. Octets of others lie between p and end. */
struct node {
    const uint8_t *p;
    const uint8_t *body;
    const uint8_t *end;
    size_t parent;  /* index; the root is its own */
    size_t next;    /* following sibling, or 0 */
    bool in_octets; /* parent is primitive and wraps this one element */
    uint8_t skip;   /* octets of the parent before this: unused bits */
};

struct tree {
    struct node nodes[NODES_MAX];
    size_t n;
};

enum change {
    CHANGE_LONG_LENGTH,
    CHANGE_LONGER_LENGTH,
    CHANGE_INDEFINITE,
    CHANGE_DROP,
    CHANGE_DUPLICATE,
    CHANGE_SWAP,
    CHANGE_EMPTY,
    CHANGE_APPEND_00,
    CHANGE_APPEND_NULL,
    CHANGE_PREPEND_00,
    CHANGE_PREPEND_FF,
    CHANGE_CUT,
    CHANGE_TAG /* and all following: tag number change - CHANGE_TAG */
};

static const uint8_t tags[] = {
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x12, 0x13,
    0x14, 0x16, 0x17, 0x18, 0x1a, 0x1c, 0x1e, 0x24, 0x30, 0x31,
    0x80, 0x81, 0x82, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4,
};
#define CHANGES (CHANGE_TAG + sizeof tags)

/* One element of the original, which is DER with low tags: trusted. */
static bool read_header(const uint8_t *p, const uint8_t *limit, struct node *n)
{
    size_t len;
    size_t octets = 0;

    if (limit - p < 2 || (p[0] & 0x1f) == 0x1f) {
        return false;
    }
    len = p[1];
    if (len >= 0x80) {
        octets = len & 0x7f;
        if (octets == 0 || octets > 2 || (size_t)(limit - p) < 2 + octets) {
            return false;
        }
        len = octets == 1 ? p[2] : (size_t)p[2] << 8 | p[3];
    }
    if (len > (size_t)(limit - p) - 2 - octets) {
        return false;
    }
    n->p = p;
    n->body = p + 2 + octets;
    n->end = n->body + len;
    return true;
}

static void read_children(struct tree *t, size_t parent)
{
    const struct node *up = &t->nodes[parent];
    const uint8_t *p = up->body;
    size_t before = 0;

    while (p < up->end && t->n < NODES_MAX) {
        struct node *n = &t->nodes[t->n];

        memset(n, 0, sizeof *n);
        if (!read_header(p, up->end, n)) {
            return;
        }
        n->parent = parent;
        if (before != 0) {
            t->nodes[before].next = t->n;
        }
        before = t->n++;
        p = n->end;
    }
}

/* OCTET STRING and BIT STRING that hold exactly one element are opened. */
static void read_wrapped(struct tree *t, size_t parent)
{
    const struct node *up = &t->nodes[parent];
    uint8_t skip = up->p[0] == 0x03 ? 1 : 0;
    struct node *n = &t->nodes[t->n];

    if (t->n == NODES_MAX || up->end - up->body < 2 + skip ||
        (up->p[0] != 0x03 && up->p[0] != 0x04)) {
        return;
    }
    memset(n, 0, sizeof *n);
    if (!read_header(up->body + skip, up->end, n) || n->end != up->end) {
        return;
    }
    n->parent = parent;
    n->in_octets = true;
    n->skip = skip;
    t->n++;
}

static bool read_tree(struct tree *t, struct bm_bytes der)
{
    memset(&t->nodes[0], 0, sizeof t->nodes[0]);
    if (!read_header(der.p, der.p + der.n, &t->nodes[0])) {
        return false;
    }
    t->n = 1;
    for (size_t i = 0; i < t->n; i++) {
        if ((t->nodes[i].p[0] & 0x20) != 0) {
            read_children(t, i);
        } else {
            read_wrapped(t, i);
        }
    }
    return true;
}

static void put(struct bm_wr *w, const uint8_t *p, const uint8_t *end)
{
    bm_wr_put(w, (struct bm_bytes){ p, (size_t)(end - p) });
}

/* A header whose length field takes `extra` octets more than it has to. */
static void put_header(struct bm_wr *w, uint8_t tag, size_t len, unsigned extra)
{
    unsigned octets = len < 0x80 ? 0 : len < 0x100 ? 1 : 2;

    bm_wr_u8(w, tag);
    if (octets == 0 && extra == 0) {
        bm_wr_u8(w, (uint8_t)len);
        return;
    }
    if (octets == 0) {
        octets = 1;
        extra--;
    }
    bm_wr_u8(w, (uint8_t)(0x80 | (octets + extra)));
    while (extra-- > 0) {
        bm_wr_u8(w, 0);
    }
    if (octets == 2) {
        bm_wr_u8(w, (uint8_t)(len >> 8));
    }
    bm_wr_u8(w, (uint8_t)len);
}

static void put_swapped(struct bm_wr *w, const struct tree *t,
                        const struct node *n)
{
    const struct node *other = &t->nodes[n->next];

    put(w, other->p, other->end);
    put(w, n->p, n->end);
}

/* The changed form of one element. */
static void put_changed(struct bm_wr *w, const struct tree *t, size_t i,
                        unsigned change)
{
    const struct node *n = &t->nodes[i];
    size_t len = (size_t)(n->end - n->body);
    static const uint8_t octets[] = { 0x05, 0x00, 0xff };

    switch (change) {
    case CHANGE_LONG_LENGTH:
    case CHANGE_LONGER_LENGTH:
        put_header(w, n->p[0], len, change == CHANGE_LONG_LENGTH ? 1 : 2);
        put(w, n->body, n->end);
        break;
    case CHANGE_INDEFINITE:
        bm_wr_u8(w, n->p[0]);
        bm_wr_u8(w, 0x80);
        put(w, n->body, n->end);
        put(w, octets + 1, octets + 2);
        put(w, octets + 1, octets + 2);
        break;
    case CHANGE_DROP:
        break;
    case CHANGE_DUPLICATE:
        put(w, n->p, n->end);
        put(w, n->p, n->end);
        break;
    case CHANGE_SWAP:
        put_swapped(w, t, n);
        break;
    case CHANGE_EMPTY:
        put_header(w, n->p[0], 0, 0);
        break;
    case CHANGE_APPEND_00:
        put_header(w, n->p[0], len + 1, 0);
        put(w, n->body, n->end);
        put(w, octets + 1, octets + 2);
        break;
    case CHANGE_APPEND_NULL:
        put_header(w, n->p[0], len + 2, 0);
        put(w, n->body, n->end);
        put(w, octets, octets + 2);
        break;
    case CHANGE_PREPEND_00:
    case CHANGE_PREPEND_FF:
        put_header(w, n->p[0], len + 1, 0);
        bm_wr_u8(w, change == CHANGE_PREPEND_00 ? 0x00 : 0xff);
        put(w, n->body, n->end);
        break;
    case CHANGE_CUT:
        put_header(w, n->p[0], len - 1, 0);
        put(w, n->body, n->end - 1);
        break;
    default:
        put_header(w, tags[change - CHANGE_TAG], len, 0);
        put(w, n->body, n->end);
        break;
    }
}

static bool applies(const struct tree *t, size_t i, unsigned change)
{
    const struct node *n = &t->nodes[i];

    switch (change) {
    case CHANGE_SWAP:
        return n->next != 0;
    case CHANGE_CUT:
    case CHANGE_EMPTY:
        return n->end > n->body;
    default:
        return change < CHANGE_TAG || tags[change - CHANGE_TAG] != n->p[0];
    }
}

/*
 * Write the whole with element `target` changed: from the inside out, each
 * enclosing element gets a new header around what it has become.
 */
static size_t rewrite(const struct tree *t, size_t target, unsigned change,
                      uint8_t *out, size_t cap)
{
    static uint8_t inner[OUTPUT_MAX];
    size_t i = target;
    struct bm_wr w;

    bm_wr_init(&w, out, cap);
    put_changed(&w, t, i, change);
    while (i != 0 && w.len <= cap && w.len <= sizeof inner) {
        const struct node *n = &t->nodes[i];
        const struct node *up = &t->nodes[n->parent];
        const uint8_t *after = i == target && change == CHANGE_SWAP
                                   ? t->nodes[n->next].end
                                   : n->end;
        size_t inner_n = w.len;
        size_t len =
            (size_t)(n->p - up->body) + inner_n + (size_t)(up->end - after);

        memcpy(inner, out, inner_n);
        bm_wr_init(&w, out, cap);
        put_header(&w, up->p[0], len, 0);
        put(&w, up->body, n->p);
        bm_wr_put(&w, (struct bm_bytes){ inner, inner_n });
        put(&w, after, up->end);
        i = n->parent;
    }
    return w.len <= cap ? w.len : 0;
}

/* A copy of the exact size lets ASan see a read past the end. */
static void call(const struct diff_kind *kind, const uint8_t *p, size_t n,
                 mutate_fn *fn)
{
    uint8_t *exact = malloc(n == 0 ? 1 : n);

    if (exact == NULL) {
        abort();
    }
    memcpy(exact, p, n);
    fn(kind, (struct bm_bytes){ exact, n });
    free(exact);
}

static void try_change(const struct diff_kind *kind, const struct tree *t,
                       size_t i, unsigned change, mutate_fn *fn)
{
    static uint8_t out[OUTPUT_MAX];
    size_t n;

    if (!applies(t, i, change)) {
        return;
    }
    n = rewrite(t, i, change, out, sizeof out);
    if (n != 0) {
        call(kind, out, n, fn);
    }
}

void mutate_shape(const struct diff_kind *kind, struct bm_bytes der,
                  mutate_fn *fn)
{
    static struct tree t;

    if (!read_tree(&t, der)) {
        return;
    }
    for (size_t i = 0; i < t.n; i++) {
        for (unsigned change = 0; change < CHANGES; change++) {
            try_change(kind, &t, i, change, fn);
        }
    }
}

/* Values that meet edges: extremes, neighbours, and each single bit. */
static uint8_t variant(uint8_t was, unsigned k)
{
    static const uint8_t values[] = { 0x00, 0xff, 0x80, 0x7f, 0x30 };

    if (k < 8) {
        return (uint8_t)(was ^ 1u << k);
    }
    if (k < 8 + sizeof values) {
        return values[k - 8];
    }
    return (uint8_t)(k == 8 + sizeof values ? was + 1 : was - 1);
}
#define VARIANTS 15

void mutate_bytes(const struct diff_kind *kind, struct bm_bytes der,
                  mutate_fn *fn)
{
    static uint8_t buf[OUTPUT_MAX];

    if (der.n >= sizeof buf) {
        return;
    }
    memcpy(buf, der.p, der.n);
    for (size_t i = 0; i < der.n; i++) {
        for (unsigned k = 0; k < VARIANTS; k++) {
            uint8_t v = variant(der.p[i], k);

            if (v != der.p[i]) {
                buf[i] = v;
                call(kind, buf, der.n, fn);
            }
        }
        buf[i] = der.p[i];
        call(kind, buf, i, fn);
    }
    buf[der.n] = 0;
    call(kind, buf, der.n + 1, fn);
}

void mutate_some(const struct diff_kind *kind, struct bm_bytes der, unsigned n,
                 mutate_fn *fn)
{
    static struct tree t;
    static uint8_t buf[OUTPUT_MAX];

    if (der.n > sizeof buf || !read_tree(&t, der)) {
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        size_t at = random_below((uint32_t)der.n);

        try_change(kind, &t, random_below((uint32_t)t.n), random_below(CHANGES),
                   fn);
        memcpy(buf, der.p, der.n);
        buf[at] = variant(buf[at], random_below(VARIANTS));
        call(kind, buf, der.n, fn);
    }
}
