/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/share_qr.h"

#include <qrencode.h>
#include <stdio.h>
#include <string.h>

/* ISO/IEC 18004 9.1: a quiet zone of four modules. */
#define QUIET 4

/* A page of A5, in tenths of a millimetre. */
#define PAGE_WIDTH  1480U
#define PAGE_HEIGHT 2100U
#define PICTURE     900U
#define PICTURE_TOP 345U
#define TEXT_TOP    1360U
#define TEXT_WIDTH  1320U
#define TEXT_SIZE   40U
#define TITLE_SIZE  80U

struct picture {
    QRcode *code;
    size_t width; /* in modules, without the quiet zone */
};

/* Level M: a fold or a stain on paper, and still a picture that is scanned
 * by a telephone. */
static bm_status picture_make(struct bm_bytes text, struct picture *picture)
{
    picture->code = QRcode_encodeData((int)text.n, text.p, 0, QR_ECLEVEL_M);
    if (picture->code == NULL) {
        return BM_E_MEMORY;
    }
    picture->width = (size_t)picture->code->width;
    return BM_OK;
}

/* What libqrencode kept elsewhere meanwhile it has released, unwiped. */
static void picture_free(struct picture *picture)
{
    if (picture->code != NULL) {
        bm_wipe(picture->code->data, picture->width * picture->width);
        QRcode_free(picture->code);
    }
}

/* Outside of the picture all is light. */
static bool is_dark(const struct picture *picture, size_t x, size_t y)
{
    return x < picture->width && y < picture->width &&
           (picture->code->data[y * picture->width + x] & 1) != 0;
}

static bm_status put_text(const struct bm_crypto *crypto,
                          const struct bm_share *share,
                          uint8_t text[BM_SHARE_TEXT_MAX], size_t *n)
{
    struct bm_wr w;

    bm_wr_init(&w, text, BM_SHARE_TEXT_MAX);
    BM_TRY(bm_share_put(crypto, share, &w));
    return bm_wr_finish(&w, n);
}

/* A row of dark modules is a rectangle of the path. */
static void put_run(struct bm_wr *svg, size_t x, size_t y, size_t n)
{
    char run[128];

    (void)snprintf(run, sizeof run, "M%zu %zuh%zuv1h-%zuz", x, y, n, n);
    bm_wr_str(svg, run);
}

static void put_path(struct bm_wr *svg, const struct picture *picture)
{
    bm_wr_str(svg, "<path d=\"");
    for (size_t y = 0; y < picture->width; y++) {
        size_t start = 0;

        for (size_t x = 0; x <= picture->width; x++) {
            if (!is_dark(picture, x, y)) {
                if (x > start) {
                    put_run(svg, start, y, x - start);
                }
                start = x + 1;
            }
        }
    }
    bm_wr_str(svg, "\"/>\n");
}

static void put_escaped(struct bm_wr *svg, struct bm_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        switch (text.p[i]) {
        case '&':
            bm_wr_str(svg, "&amp;");
            break;
        case '<':
            bm_wr_str(svg, "&lt;");
            break;
        case '>':
            bm_wr_str(svg, "&gt;");
            break;
        default:
            bm_wr_u8(svg, text.p[i]);
        }
    }
}

/* The size at which so many characters of six tenths of it fit the page. */
static unsigned fit(size_t n, unsigned size)
{
    size_t most = n == 0 ? size : TEXT_WIDTH * 10 / (6 * n);

    return most < size ? (unsigned)most : size;
}

static void put_line(struct bm_wr *svg, unsigned y, unsigned size,
                     struct bm_bytes text)
{
    char head[128];

    (void)snprintf(head, sizeof head,
                   "<text x=\"80\" y=\"%u\" font-size=\"%u\" "
                   "xml:space=\"preserve\">",
                   y, size);
    bm_wr_str(svg, head);
    put_escaped(svg, text);
    bm_wr_str(svg, "</text>\n");
}

static struct bm_bytes take_line(struct bm_bytes *text)
{
    struct bm_bytes line = { text->p, 0 };

    while (line.n < text->n && text->p[line.n] != '\n') {
        line.n++;
    }
    text->p += line.n + 1;
    text->n -= line.n + 1;
    return line;
}

/* All lines in the size of the longest. */
static void put_lines(struct bm_wr *svg, struct bm_bytes text)
{
    struct bm_bytes rest = text;
    unsigned size = TEXT_SIZE;
    unsigned y = TEXT_TOP;

    while (rest.n != 0) {
        size = fit(take_line(&rest).n, size);
    }
    while (text.n != 0) {
        put_line(svg, y, size, take_line(&text));
        y += TEXT_SIZE * 3 / 2;
    }
}

static void put_titles(struct bm_wr *svg, const struct bm_share *share)
{
    char number[64];
    int n =
        snprintf(number, sizeof number, "share %u of %u, any %u open",
                 (unsigned)share->x, (unsigned)share->n, (unsigned)share->k);
    struct bm_bytes custodian = { (const uint8_t *)share->custodian,
                                  strlen(share->custodian) };
    struct bm_bytes owner = { (const uint8_t *)share->owner,
                              strlen(share->owner) };

    put_line(svg, 150, fit(custodian.n, TITLE_SIZE), custodian);
    put_line(svg, 220, fit(owner.n, TEXT_SIZE), owner);
    put_line(svg, 280, TEXT_SIZE,
             (struct bm_bytes){ (const uint8_t *)number, (size_t)n });
}

static void put_page(struct bm_wr *svg, const struct picture *picture)
{
    char head[512];
    unsigned scale = PICTURE * 1000 / (unsigned)picture->width;

    (void)snprintf(head, sizeof head,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
                   "width=\"148mm\" height=\"210mm\" viewBox=\"0 0 %u %u\" "
                   "font-family=\"monospace\">\n"
                   "<rect width=\"%u\" height=\"%u\" fill=\"white\"/>\n"
                   "<g transform=\"translate(%u %u) scale(%u.%03u)\" "
                   "shape-rendering=\"crispEdges\">\n",
                   PAGE_WIDTH, PAGE_HEIGHT, PAGE_WIDTH, PAGE_HEIGHT,
                   (PAGE_WIDTH - PICTURE) / 2, PICTURE_TOP, scale / 1000,
                   scale % 1000);
    bm_wr_str(svg, head);
    put_path(svg, picture);
    bm_wr_str(svg, "</g>\n");
}

bm_status bm_share_qr_svg(const struct bm_crypto *crypto,
                          const struct bm_share *share, struct bm_wr *svg)
{
    struct picture picture = { .code = NULL };
    uint8_t text[BM_SHARE_TEXT_MAX];
    size_t n;
    bm_status rc = put_text(crypto, share, text, &n);

    if (rc == BM_OK) {
        rc = picture_make((struct bm_bytes){ text, n }, &picture);
    }
    if (rc == BM_OK) {
        put_page(svg, &picture);
        put_titles(svg, share);
        put_lines(svg, (struct bm_bytes){ text, n });
        bm_wr_str(svg, "</svg>\n");
    }
    picture_free(&picture);
    bm_wipe(text, sizeof text);
    return rc;
}

/* White blocks on black: what is light is drawn. */
static void put_pair(struct bm_wr *text, bool is_upper_dark, bool is_lower_dark)
{
    static const char *const blocks[2][2] = {
        { "\xe2\x96\x88", "\xe2\x96\x80" }, /* full, upper half */
        { "\xe2\x96\x84", " " },            /* lower half */
    };

    bm_wr_str(text, blocks[is_upper_dark][is_lower_dark]);
}

static void put_blocks(struct bm_wr *text, const struct picture *picture)
{
    size_t side = picture->width + (size_t)2 * QUIET;

    for (size_t y = 0; y < side; y += 2) {
        bm_wr_str(text, "\033[37;40;1m");
        for (size_t x = 0; x < side; x++) {
            /* What is left of the picture wraps around, and is outside. */
            put_pair(text, is_dark(picture, x - QUIET, y - QUIET),
                     is_dark(picture, x - QUIET, y + 1 - QUIET));
        }
        bm_wr_str(text, "\033[0m\n");
    }
}

bm_status bm_share_qr_blocks(const struct bm_crypto *crypto,
                             const struct bm_share *share, struct bm_wr *text)
{
    struct picture picture = { .code = NULL };
    uint8_t plain[BM_SHARE_TEXT_MAX];
    size_t n;
    bm_status rc = put_text(crypto, share, plain, &n);

    if (rc == BM_OK) {
        rc = picture_make((struct bm_bytes){ plain, n }, &picture);
    }
    if (rc == BM_OK) {
        put_blocks(text, &picture);
    }
    picture_free(&picture);
    bm_wipe(plain, sizeof plain);
    return rc;
}
