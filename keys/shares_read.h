/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_SHARES_READ_H
#define BM_KEYS_SHARES_READ_H

#include "keys/shares.h"

/*
 * Shares as their custodians bring them: in files, or typed at a terminal.
 *
 * Functions here say in `why` what a status alone does not, beginning with the
 * file that it is about; "" where there is nothing to add. No secret is in it.
 */

/* What a share file is called; others in a folder are passed over, such as
 * the pictures that were printed. */
#define BM_SHARE_SUFFIX ".share"

/* Files of a folder: two sets, so that it can be told which is the stray. */
#define BM_SHARE_FILES_MAX ((size_t)2 * BM_SHARES_MAX)

/* Read one, whoever may read it: a stick's file system has no modes.
 * BM_E_KEYS_MODE when it belongs to another user; BM_E_NOT_FOUND,
 * BM_E_KEYS_FILE, and those of bm_share_parse(). */
BM_MUST_CHECK bm_status bm_share_read(const struct bm_crypto *crypto,
                                      const char *path, struct bm_share *share);

/*
 * Read these files, or those of a folder, into an empty collection. The set
 * that most of them are of is meant, and a share of another is the stray. On
 * error none is in it: a file that is wrong is never passed over, even where
 * the others are enough.
 *
 *   BM_E_NOT_FOUND          no such folder or file
 *   BM_E_KEYS_SHARES_FEW    no share in the folder
 *   BM_E_KEYS_MODE          a file of the folder that group or others can read
 *   BM_E_KEYS_SHARES_MIXED  and the others of bm_shares_add(), bm_share_read()
 *   BM_E_LIMIT              more than BM_SHARE_FILES_MAX
 */
BM_MUST_CHECK bm_status bm_shares_read_files(const struct bm_crypto *crypto,
                                             const char *const paths[],
                                             size_t count,
                                             struct bm_shares *shares,
                                             char why[BM_SHARES_WHY_MAX]);
BM_MUST_CHECK bm_status bm_shares_read_dir(const struct bm_crypto *crypto,
                                           const char *dir,
                                           struct bm_shares *shares,
                                           char why[BM_SHARES_WHY_MAX]);

/*
 * Who is asked. A line ends at its LF, which is not part of it; it is not
 * shown while it is typed. What is longer than `cap` is read to its end, and
 * BM_E_LIMIT. BM_E_END: nobody is there any more, or has given up.
 */
struct bm_shares_terminal {
    void *self;
    void (*say)(void *self, const char *words); /* one line, without LF */
    bm_status (*line)(void *self, uint8_t *line, size_t cap, size_t *n);
};

/*
 * Ask for shares, one by one, until they give the secret. Says after each how
 * many are missing; one that is mistyped, given twice, or of another set is
 * refused at once, and asked for again. One that turns out to be false is
 * named, left out, and another asked for. Blocks.
 *
 * `shares` may have some already, or be all zero.
 *
 * `secret` is zero on error; the caller wipes it and `shares`, which has those
 * that gave it, for who keeps a record of them (`custodian`, `x`).
 *
 *   BM_E_KEYS_SHARES_FEW  the terminal's end was reached before
 *   others                of the terminal
 */
BM_MUST_CHECK bm_status bm_shares_ask(const struct bm_crypto *crypto,
                                      const struct bm_shares_terminal *terminal,
                                      struct bm_shares *shares,
                                      uint8_t secret[BM_UNLOCK_SIZE]);

/*
 * bm_unlock_read() of BM_UNLOCK_SHARES in full: from its folder, or by asking
 * the terminal. BM_E_KEYS_SHARES when there is none (NULL).
 */
BM_MUST_CHECK bm_status bm_unlock_from_shares(
    const struct bm_crypto *crypto, const struct bm_unlock_source *source,
    const struct bm_shares_terminal *terminal, uint8_t secret[BM_UNLOCK_SIZE],
    char why[BM_SHARES_WHY_MAX]);

#endif
