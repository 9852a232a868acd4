/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base64.h"
#include "core/fuzz/must.h"

/* Without its white space a text that was taken is what we would write. */
static bool same_but_for_spaces(struct bm_bytes text, struct bm_bytes want)
{
    size_t at = 0;

    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            continue;
        }
        if (at == want.n || want.p[at++] != c) {
            return false;
        }
    }
    return at == want.n;
}

static void check_decoding(struct bm_bytes text, unsigned form)
{
    uint8_t *plain = must_have_room(BM_BASE64_DECODED_MAX(text.n));
    uint8_t *again = must_have_room(text.n);
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_wr w;
    struct bm_wr back;

    bm_wr_init(&w, plain, BM_BASE64_DECODED_MAX(text.n));
    bm_wr_init(&back, again, text.n);
    if (bm_base64_decode(text, form, &diag, &w) != BM_OK) {
        must(w.len == 0);
        must(bm_diag_offset(&diag, text.p, text.n) <= text.n);
    } else if ((form & BM_BASE64_URL) != 0) {
        bm_base64url_put(&back, bm_wr_bytes(&w));
        must(same_but_for_spaces(text, bm_wr_bytes(&back)));
    } else {
        bm_base64_put(&back, bm_wr_bytes(&w), 0);
        must(same_but_for_spaces(text, bm_wr_bytes(&back)));
        must((form & BM_BASE64_SPACES) != 0 ||
             bm_bytes_equal(text, bm_wr_bytes(&back)));
    }
    free(plain);
    free(again);
}

/* In two pieces, cut anywhere, it is the same as whole. */
static void check_pieces(struct bm_bytes text, size_t cut, unsigned form)
{
    uint8_t *whole = must_have_room(BM_BASE64_DECODED_MAX(text.n));
    uint8_t *pieces = must_have_room(BM_BASE64_DECODED_MAX(text.n));
    struct bm_base64 d;
    struct bm_wr w;
    struct bm_wr p;
    bm_status rc;

    bm_wr_init(&w, whole, BM_BASE64_DECODED_MAX(text.n));
    bm_wr_init(&p, pieces, BM_BASE64_DECODED_MAX(text.n));
    bm_base64_init(&d, form);
    rc = bm_base64_update(&d, (struct bm_bytes){ text.p, cut }, NULL, &p);
    if (rc == BM_OK) {
        rc = bm_base64_update(
            &d, (struct bm_bytes){ text.p + cut, text.n - cut }, NULL, &p);
    }
    if (rc == BM_OK) {
        rc = bm_base64_finish(&d, &p);
    }
    must(bm_base64_decode(text, form, NULL, &w) == rc);
    must(rc != BM_OK || bm_bytes_equal(bm_wr_bytes(&w), bm_wr_bytes(&p)));
    free(whole);
    free(pieces);
}

/* Whatever is encoded comes back, in place. */
static void check_encoding(struct bm_bytes in, size_t line)
{
    size_t cap = 4 * in.n + 8;
    uint8_t *text = must_have_room(cap);
    struct bm_wr w;
    struct bm_wr back;

    bm_wr_init(&w, text, cap);
    bm_wr_init(&back, text, cap);
    bm_base64_put(&w, in, line);
    must(bm_base64_decode(bm_wr_bytes(&w), BM_BASE64_SPACES, NULL, &back) ==
         BM_OK);
    must(bm_bytes_equal(bm_wr_bytes(&back), in));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet is the form, and where to cut or break; the rest a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes text = { data, size };
    unsigned choice = size == 0 ? 0 : *data;

    if (size != 0) {
        text.p++;
        text.n--;
    }
    check_decoding(text, choice & 3);
    check_pieces(text, text.n == 0 ? 0 : (choice >> 2) % text.n, choice & 3);
    check_encoding(text, choice >> 2);
    return 0;
}
