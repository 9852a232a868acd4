/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_SHARES_WRITE_H
#define BM_KEYS_SHARES_WRITE_H

#include "keys/shares_read.h"

/*
 * Shares as files to be handed out: "NAME.share", the text, and "NAME.svg", a
 * page to be printed with the same as a picture (share_qr.h). Both hold a
 * secret. Library bm_keys_qr.
 */

/* Its number and custodian, "2-alice-archer": letters and digits, and for
 * what is none of these a '-'. */
#define BM_SHARE_FILE_MAX (BM_SHARE_NAME_MAX + 8)
void bm_share_file(const struct bm_share *share, char name[BM_SHARE_FILE_MAX]);

/*
 * Write all shares of a set, `shares[0..n)`, into a folder that is there: new
 * files of mode 0400, durable before this returns. Then they are read again,
 * held against what was to be written, and combined, into `secret`, which the
 * caller holds against its own and wipes.
 *
 * On error no file that was made is left, unless removing it failed, too;
 * `secret` is zero. BM_E_EXISTS: there is such a file. `why` names the file.
 */
BM_MUST_CHECK bm_status bm_shares_write(const struct bm_crypto *crypto,
                                        const struct bm_share shares[],
                                        const char *dir,
                                        uint8_t secret[BM_UNLOCK_SIZE],
                                        char why[BM_SHARES_WHY_MAX]);

/* Remove those files again: of a set that is not to be handed out. */
void bm_shares_unwrite(const struct bm_share shares[], const char *dir);

#endif
