/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_SHARES_WRITE_H
#define BM_KEYS_SHARES_WRITE_H

#include "keys/shares_read.h"

/*
 * Shares as files to be handed out: "NAME.share", the text, and "NAME.svg", a
 * page to be printed with the same as a picture (share_qr.h). Both hold a
 * secret. Library bm_keys_qr.
 */

/* What is to be written, and where. */
struct bm_shares_files {
    const struct bm_crypto *crypto;
    const struct bm_share *shares; /* [0..n): all of a set */
    const char *dir;               /* it is there */
    const char *prefix;            /* of every NAME, or NULL */
};

/* NAME: the prefix, its number and custodian, "2-alice-archer": letters and
 * digits, and for what is none of these a '-'. Cut off at the end. */
#define BM_SHARE_FILE_MAX 128
void bm_shares_file(const struct bm_shares_files *files, size_t i,
                    char name[BM_SHARE_FILE_MAX]);

/*
 * Write new files of mode 0400, durable before this returns. Then they are
 * read again, held against what was to be written, and combined, into
 * `secret`, which the caller holds against its own and wipes.
 *
 * On error no file that was made is left, unless removing it failed, too;
 * `secret` is zero. BM_E_EXISTS: there is such a file. `why` names the file.
 */
BM_MUST_CHECK bm_status bm_shares_write(const struct bm_shares_files *files,
                                        uint8_t secret[BM_UNLOCK_SIZE],
                                        char why[BM_SHARES_WHY_MAX]);

/* Remove those files again: of a set that is not to be handed out. */
void bm_shares_unwrite(const struct bm_shares_files *files);

#endif
