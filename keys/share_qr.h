/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_SHARE_QR_H
#define BM_KEYS_SHARE_QR_H

#include "keys/shares.h"

/*
 * A share as a QR picture (ISO/IEC 18004), whose content is the share's text
 * octet by octet. Library bm_keys_qr, which needs libqrencode; nothing else in
 * keys/ does.
 */

/* Room for either picture: 69 modules square at most, for the longest text. */
#define BM_SHARE_QR_MAX ((size_t)64 * 1024)

/*
 * Append an SVG page to be printed: the custodian's name, the picture, and
 * under it the text. The caller wipes what was written.
 */
BM_MUST_CHECK bm_status bm_share_qr_svg(const struct bm_crypto *crypto,
                                        const struct bm_share *share,
                                        struct bm_wr *svg);

/*
 * Append the picture in lines of UTF-8 block characters, two rows of modules
 * to a line, its quiet zone around it; to be scanned from a terminal. Dark is
 * drawn as black on white by escape sequences, whatever the terminal's
 * colours are.
 */
BM_MUST_CHECK bm_status bm_share_qr_blocks(const struct bm_crypto *crypto,
                                           const struct bm_share *share,
                                           struct bm_wr *text);

#endif
