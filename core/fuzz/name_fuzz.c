/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "core/name.h"

/* A name that was taken can be built again from its attributes. */
static void must_rebuild(struct bm_bytes name)
{
    uint8_t *buf = must_have_room(name.n);
    struct bm_name_walk walk;
    struct bm_attr attr;
    struct bm_wr w;
    size_t whole;
    bool single = true; /* only RDNs of one attribute */

    bm_wr_init(&w, buf, name.n);
    whole = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_name_walk(&walk, name);
    while (bm_name_next(&walk, &attr)) {
        struct bm_attr found;

        must_be_inside(name, attr.type);
        must_be_inside(name, attr.value);
        must(bm_name_find(name, attr.type, &found));
        bm_name_put_rdn(&w, attr.type, attr.tag, attr.value);
        single = single && attr.starts_rdn;
    }
    bm_der_close(&w, whole);
    must(!single || bm_bytes_equal(bm_wr_bytes(&w), name));
    must(!single || bm_name_is_empty(name) == (w.len == 2));
    free(buf);
}

/* Read `text` and print what came of it into `w`. */
static bm_status reprint(struct bm_bytes text, struct bm_wr *w)
{
    size_t cap = 16 * text.n + 64;
    uint8_t *der = must_have_room(cap);
    struct bm_wr n;
    size_t bad;
    bm_status rc;

    bm_wr_init(&n, der, cap);
    rc = bm_name_from_text(text, &n, &bad);
    if (rc == BM_OK) {
        must(n.len <= cap);
        bm_name_put_text(w, bm_wr_bytes(&n));
    }
    free(der);
    return rc;
}

static bool has(struct bm_bytes text, uint8_t c)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == c) {
            return true;
        }
    }
    return false;
}

/*
 * Printed text is clean and can be read. What comes of that has the string
 * types we write, which may sort an RDN otherwise, but then all is settled.
 */
static void must_print(struct bm_bytes name)
{
    size_t cap = 8 * name.n + 64;
    uint8_t *buf[3];
    struct bm_wr text[3];

    for (size_t i = 0; i < 3; i++) {
        buf[i] = must_have_room(cap);
        bm_wr_init(&text[i], buf[i], cap);
    }
    bm_name_put_text(&text[0], name);
    must(text[0].len <= cap);
    for (size_t i = 0; i < text[0].len; i++) {
        must(buf[0][i] >= 0x20 && buf[0][i] != 0x7f);
    }
    if (reprint(bm_wr_bytes(&text[0]), &text[1]) == BM_OK) {
        must(text[0].len == text[1].len);
        must(reprint(bm_wr_bytes(&text[1]), &text[2]) == BM_OK);
        must(bm_bytes_equal(bm_wr_bytes(&text[1]), bm_wr_bytes(&text[2])));
    } else {
        /* Only a type whose arcs are too wide has no readable form. */
        must(has(bm_wr_bytes(&text[0]), '?'));
    }
    for (size_t i = 0; i < 3; i++) {
        free(buf[i]);
    }
}

static void check_der(struct bm_bytes in)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_bytes name = { NULL, 0 };
    struct bm_bytes other;
    struct bm_der d;

    bm_der_init(&d, in, &diag);
    if (bm_name_take(&d, &name) != BM_OK) {
        must(d.p == in.p && name.p == NULL);
        must(bm_diag_offset(&diag, in.p, in.n) <= in.n);
        return;
    }
    must_be_inside(in, name);
    must(bm_name_equal(name, name) && bm_name_is_within(name, name));
    must_rebuild(name);
    must_print(name);
    if (bm_name_take(&d, &other) == BM_OK) {
        bool equal = bm_name_equal(name, other);

        must(equal == bm_name_equal(other, name));
        must(equal == (bm_name_is_within(name, other) &&
                       bm_name_is_within(other, name)));
    }
}

/* A string that is read becomes a name that is taken. */
static void check_text(struct bm_bytes text)
{
    size_t cap = 16 * text.n + 64;
    uint8_t *der = must_have_room(cap);
    struct bm_bytes name;
    struct bm_der d;
    struct bm_wr w;
    struct bm_wr measure;
    size_t bad;

    bm_wr_init(&w, der, cap);
    bm_wr_init(&measure, NULL, 0);
    if (bm_name_from_text(text, &w, &bad) == BM_OK) {
        must(w.len <= cap);
        must(bm_name_from_text(text, &measure, &bad) == BM_OK);
        must(measure.len == w.len);
        bm_der_init(&d, bm_wr_bytes(&w), NULL);
        must(bm_name_take(&d, &name) == BM_OK && bm_der_left(&d) == 0);
        must_print(name);
    } else {
        must(w.len == 0 && bad <= text.n);
    }
    free(der);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };

    check_der(in);
    check_text(in);
    return 0;
}
