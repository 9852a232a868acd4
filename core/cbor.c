/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cbor.h"

#include "core/der.h"

/* RFC 8949 3: additional information, the low five bits of a head. */
#define INFO_MASK       0x1f
#define INFO_ONE_OCTET  24 /* 24..27: the argument follows in 1, 2, 4, 8 */
#define INFO_RESERVED   28
#define INFO_INDEFINITE 31

/* RFC 8949 3.3 */
#define SIMPLE_FALSE 20
#define SIMPLE_TRUE  21
#define SIMPLE_NULL  22

void bm_cbor_init(struct bm_cbor *c, struct bm_bytes in, struct bm_diag *diag)
{
    c->p = in.p;
    c->end = in.n == 0 ? in.p : in.p + in.n;
    c->diag = diag;
}

bm_status bm_cbor_fail(const struct bm_cbor *c, bm_status why)
{
    if (c->diag != NULL) {
        *c->diag = (struct bm_diag){ why, BM_OK, c->p };
    }
    return why;
}

/*
 * RFC 8949 3, 4.2.1: read the argument that `info` announces, in its shortest
 * form, at `*p`, which moves behind it.
 */
static bm_status read_argument(unsigned info, const uint8_t **p,
                               const uint8_t *end, uint64_t *arg)
{
    size_t octets;
    uint64_t value = 0;

    if (info < INFO_ONE_OCTET) {
        *arg = info;
        return BM_OK;
    }
    if (info >= INFO_RESERVED) {
        return info == INFO_INDEFINITE ? BM_E_CBOR_INDEFINITE : BM_E_CBOR_HEAD;
    }
    octets = (size_t)1 << (info - INFO_ONE_OCTET);
    if ((size_t)(end - *p) < octets) {
        return BM_E_CBOR_TRUNCATED;
    }
    for (size_t i = 0; i < octets; i++) {
        value = value << 8 | *(*p)++;
    }
    /* It would have fit in half of the octets, or in the head. */
    if (octets == 1 ? value < INFO_ONE_OCTET : value >> (4 * octets) == 0) {
        return BM_E_CBOR_SHORTEST;
    }
    *arg = value;
    return BM_OK;
}

/*
 * Read a head. What follows it must at least be possible: a string lies
 * inside the input, an item of an array takes an octet or more.
 */
static bm_status read_head(const struct bm_cbor *c, const uint8_t **p,
                           enum bm_cbor_type *type, uint64_t *arg)
{
    unsigned info = *c->p & INFO_MASK;
    size_t left;

    *type = (enum bm_cbor_type)(*c->p >> 5);
    *p = c->p + 1;
    if (*type == BM_CBOR_SIMPLE && info != INFO_INDEFINITE &&
        (info < SIMPLE_FALSE || info > SIMPLE_NULL)) {
        return BM_E_CBOR_SIMPLE; /* floats, undefined, unassigned */
    }
    BM_TRY(read_argument(info, p, c->end, arg));
    left = (size_t)(c->end - *p);
    switch (*type) {
    case BM_CBOR_BYTES:
    case BM_CBOR_TEXT:
    case BM_CBOR_ARRAY:
        return *arg <= left ? BM_OK : BM_E_CBOR_TRUNCATED;
    case BM_CBOR_MAP:
        return *arg <= left / 2 ? BM_OK : BM_E_CBOR_TRUNCATED;
    default:
        return BM_OK;
    }
}

/* Take a head of whatever type. */
static bm_status take_any_head(struct bm_cbor *c, enum bm_cbor_type *type,
                               uint64_t *arg)
{
    const uint8_t *p;
    bm_status rc = BM_E_CBOR_TRUNCATED;

    *type = BM_CBOR_UINT;
    *arg = 0;
    if (c->p != c->end) {
        rc = read_head(c, &p, type, arg);
    }
    if (rc != BM_OK) {
        return bm_cbor_fail(c, rc);
    }
    c->p = p;
    return BM_OK;
}

static bm_status take_head(struct bm_cbor *c, enum bm_cbor_type type,
                           uint64_t *arg)
{
    enum bm_cbor_type got = BM_CBOR_UINT;
    uint64_t value = 0;

    if (c->p != c->end && !bm_cbor_at(c, type)) {
        return bm_cbor_fail(c, BM_E_CBOR_TYPE);
    }
    BM_TRY(take_any_head(c, &got, &value));
    *arg = value;
    return BM_OK;
}

bm_status bm_cbor_take_uint(struct bm_cbor *c, uint64_t *value)
{
    return take_head(c, BM_CBOR_UINT, value);
}

bm_status bm_cbor_take_int(struct bm_cbor *c, int64_t *value)
{
    bool negative = bm_cbor_at(c, BM_CBOR_NEGATIVE);
    struct bm_cbor rest = *c;
    uint64_t arg = 0;

    BM_TRY(take_head(&rest, negative ? BM_CBOR_NEGATIVE : BM_CBOR_UINT, &arg));
    if (arg > INT64_MAX) {
        return bm_cbor_fail(c, BM_E_LIMIT);
    }
    *value = negative ? -1 - (int64_t)arg : (int64_t)arg;
    *c = rest;
    return BM_OK;
}

/* Move behind the `n` octets of a string whose head has been taken. */
static struct bm_bytes take_string(struct bm_cbor *c, uint64_t n)
{
    struct bm_bytes s = { c->p, (size_t)n };

    c->p += s.n;
    return s;
}

static bool is_utf8(struct bm_bytes s)
{
    struct bm_der d;

    bm_der_init(&d, s, NULL);
    return bm_der_check_string(&d, BM_DER_UTF8_STRING, s) == BM_OK;
}

bm_status bm_cbor_take_bytes(struct bm_cbor *c, struct bm_bytes *value)
{
    uint64_t n = 0;

    BM_TRY(take_head(c, BM_CBOR_BYTES, &n));
    *value = take_string(c, n);
    return BM_OK;
}

bm_status bm_cbor_take_text(struct bm_cbor *c, struct bm_bytes *value)
{
    struct bm_cbor rest = *c;
    struct bm_bytes text;
    uint64_t n = 0;

    BM_TRY(take_head(&rest, BM_CBOR_TEXT, &n));
    text = take_string(&rest, n);
    if (!is_utf8(text)) {
        return bm_cbor_fail(c, BM_E_CBOR_UTF8);
    }
    *value = text;
    *c = rest;
    return BM_OK;
}

bm_status bm_cbor_take_array(struct bm_cbor *c, size_t *n)
{
    uint64_t arg = 0;

    BM_TRY(take_head(c, BM_CBOR_ARRAY, &arg));
    *n = (size_t)arg;
    return BM_OK;
}

bm_status bm_cbor_take_map(struct bm_cbor *c, size_t *n)
{
    uint64_t arg = 0;

    BM_TRY(take_head(c, BM_CBOR_MAP, &arg));
    *n = (size_t)arg;
    return BM_OK;
}

bm_status bm_cbor_take_tag(struct bm_cbor *c, uint64_t *tag)
{
    return take_head(c, BM_CBOR_TAG, tag);
}

bm_status bm_cbor_take_bool(struct bm_cbor *c, bool *value)
{
    struct bm_cbor rest = *c;
    uint64_t arg = 0;

    BM_TRY(take_head(&rest, BM_CBOR_SIMPLE, &arg));
    if (arg == SIMPLE_NULL) {
        return bm_cbor_fail(c, BM_E_CBOR_TYPE);
    }
    *value = arg == SIMPLE_TRUE;
    *c = rest;
    return BM_OK;
}

bm_status bm_cbor_take_null(struct bm_cbor *c)
{
    struct bm_cbor rest = *c;
    uint64_t arg = 0;

    BM_TRY(take_head(&rest, BM_CBOR_SIMPLE, &arg));
    if (arg != SIMPLE_NULL) {
        return bm_cbor_fail(c, BM_E_CBOR_TYPE);
    }
    *c = rest;
    return BM_OK;
}

/* What is open while an item is walked. The outermost level is no item. */
struct level {
    size_t left;          /* items to come, keys and values counted */
    const uint8_t *start; /* of the item that is being read */
    struct bm_bytes last; /* key of a map */
    bool is_map;
};

/* An item of `level` ends at the reader. Keys come when `left` is even. */
static bm_status end_item(const struct bm_cbor *c, struct level *level)
{
    struct bm_bytes item = { level->start, (size_t)(c->p - level->start) };

    if (level->is_map && level->left % 2 == 0) {
        if (level->last.p != NULL && bm_der_set_order(level->last, item) >= 0) {
            struct bm_cbor at = { item.p, c->end, c->diag };

            return bm_cbor_fail(&at, BM_E_CBOR_ORDER);
        }
        level->last = item;
    }
    level->left--;
    return BM_OK;
}

/* Take a head and the octets of a string; `*inside` items follow it. */
static bm_status begin_item(struct bm_cbor *c, struct level *inside)
{
    enum bm_cbor_type type = BM_CBOR_UINT;
    struct bm_cbor head = *c;
    struct bm_bytes s;
    uint64_t arg = 0;

    *inside = (struct level){ 0 };
    BM_TRY(take_any_head(c, &type, &arg));
    switch (type) {
    case BM_CBOR_BYTES:
        (void)take_string(c, arg);
        return BM_OK;
    case BM_CBOR_TEXT:
        s = take_string(c, arg);
        return is_utf8(s) ? BM_OK : bm_cbor_fail(&head, BM_E_CBOR_UTF8);
    case BM_CBOR_ARRAY:
        inside->left = (size_t)arg;
        return BM_OK;
    case BM_CBOR_MAP:
        inside->left = 2 * (size_t)arg;
        inside->is_map = true;
        return BM_OK;
    case BM_CBOR_TAG:
        inside->left = 1;
        return BM_OK;
    default:
        return BM_OK;
    }
}

static bm_status walk_item(struct bm_cbor *c)
{
    struct level levels[1 + BM_CBOR_DEPTH_MAX] = { { .left = 1 } };
    size_t depth = 0;

    while (levels[0].left != 0) {
        struct level inside;

        if (levels[depth].left == 0) {
            depth--;
            BM_TRY(end_item(c, &levels[depth]));
            continue;
        }
        levels[depth].start = c->p;
        BM_TRY(begin_item(c, &inside));
        if (inside.left == 0) {
            BM_TRY(end_item(c, &levels[depth]));
            continue;
        }
        if (depth == BM_CBOR_DEPTH_MAX) {
            c->p = levels[depth].start;
            return bm_cbor_fail(c, BM_E_CBOR_DEPTH);
        }
        depth++;
        levels[depth] = inside;
    }
    return BM_OK;
}

bm_status bm_cbor_take_item(struct bm_cbor *c, struct bm_bytes *item)
{
    struct bm_cbor rest = *c;

    BM_TRY(walk_item(&rest));
    *item = (struct bm_bytes){ c->p, (size_t)(rest.p - c->p) };
    *c = rest;
    return BM_OK;
}

bm_status bm_cbor_take_key(struct bm_cbor *c, struct bm_bytes *last)
{
    struct bm_cbor rest = *c;
    struct bm_bytes key;

    BM_TRY(bm_cbor_take_item(&rest, &key));
    if (last->p != NULL && bm_der_set_order(*last, key) >= 0) {
        return bm_cbor_fail(c, BM_E_CBOR_ORDER);
    }
    *last = key;
    *c = rest;
    return BM_OK;
}

bm_status bm_cbor_end(const struct bm_cbor *c)
{
    return c->p == c->end ? BM_OK : bm_cbor_fail(c, BM_E_CBOR_TRAILING);
}
