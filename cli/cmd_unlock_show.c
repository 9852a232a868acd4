/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cli/provider.h"
#include "cli/unlock.h"
#include "keys/share_qr.h"
#include "keys/shares_read.h"

static const struct cmd_option options[] = {
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark unlock show", "FILE",
    "Draw a custodian's share as a QR picture, to be scanned from a terminal,\n"
    "and under it its text. Both are the share: nobody else should see them,\n"
    "and the terminal should be cleared afterwards.\n",
    options
};

static const struct args_row rows[] = {
    { 0, ARGS_FLAG, 0, false },
};

static bm_status draw(const struct bm_crypto *crypto,
                      const struct bm_share *share, struct bm_wr *w)
{
    size_t n;

    BM_TRY(bm_share_qr_blocks(crypto, share, w));
    bm_wr_str(w, "\n");
    BM_TRY(bm_share_put(crypto, share, w));
    return bm_wr_finish(w, &n);
}

static int show(const struct unlock *u, const char *file, uint8_t *room)
{
    struct bm_share share;
    struct bm_wr w;
    bm_status rc = bm_share_read(u->crypto, file, &share);

    bm_wr_init(&w, room, BM_SHARE_QR_MAX);
    if (rc == BM_OK) {
        rc = draw(u->crypto, &share, &w);
    }
    bm_wipe(&share, sizeof share);
    if (rc != BM_OK) {
        return unlock_refuse(u, rc, "%s", file);
    }
    (void)fwrite(room, 1, w.len, stdout);
    return CMD_OK;
}

/* Standard output without a buffer of its own, which nobody would wipe. */
static int run(const char *file)
{
    struct unlock u = { .path = verb.path };
    uint8_t *room = malloc(BM_SHARE_QR_MAX);
    int rc = CMD_FAILED;

    u.crypto = provider_new();
    if (u.crypto != NULL && room != NULL) {
        (void)setvbuf(stdout, NULL, _IONBF, 0);
        rc = show(&u, file, room);
    } else if (u.crypto != NULL) {
        rc = unlock_refuse(&u, BM_E_MEMORY, "%s", file);
    }
    provider_free(u.crypto);
    if (room != NULL) {
        bm_wipe(room, BM_SHARE_QR_MAX);
    }
    free(room);
    return rc;
}

int cmd_unlock_show(int argc, char **argv)
{
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .words_name = "FILE",
                         .words_min = 1,
                         .words_max = 1 };
    int rc;

    return args_read(&args, argc, argv, &rc) ? run(args.words[0]) : rc;
}
