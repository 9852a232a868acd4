/* SPDX-License-Identifier: Apache-2.0 */

/* qr_tool svg|blocks <share >picture */
#include <stdio.h>
#include <string.h>

#include "keys/share_qr.h"
#include "ports/openssl/openssl.h"

static int fail(const char *what, bm_status rc)
{
    (void)fprintf(stderr, "qr_tool: %s: %s\n", what, bm_status_text(rc));
    return 1;
}

int main(int argc, char **argv)
{
    static uint8_t picture[BM_SHARE_QR_MAX];
    uint8_t text[BM_SHARE_READ_MAX];
    size_t n = fread(text, 1, sizeof text, stdin);
    struct bm_crypto *crypto = NULL;
    struct bm_share share;
    struct bm_wr w;
    bm_status rc = bm_openssl_new(&crypto);

    bm_wr_init(&w, picture, sizeof picture);
    if (rc == BM_OK) {
        rc = bm_share_parse(crypto, (struct bm_bytes){ text, n }, &share);
    }
    if (rc == BM_OK) {
        rc = argc == 2 && strcmp(argv[1], "svg") == 0
                 ? bm_share_qr_svg(crypto, &share, &w)
                 : bm_share_qr_blocks(crypto, &share, &w);
    }
    bm_openssl_free(crypto);
    if (rc == BM_OK) {
        rc = bm_wr_finish(&w, &n);
    }
    if (rc != BM_OK) {
        return fail("no picture", rc);
    }
    return fwrite(picture, 1, n, stdout) == n ? 0 : 1;
}
