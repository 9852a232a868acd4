/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/root_shares.h"

#include <string.h>

#include "cli/diag.h"
#include "cli/terminal.h"

/* Say what is wrong with a share, or with all of them. */
static int complain(const struct root_session *s, bm_status rc,
                    const char *words)
{
    struct ca_refusal why = { .status = BM_OK };

    rc = ca_refuse(&why, rc, "%s", words);
    return refusal_print_act(s->path, rc, &why);
}

/* Those in files, then those that people at the terminal have. */
static bm_status combine(struct root_session *s, char why[BM_SHARES_WHY_MAX])
{
    const struct args_many *given = &s->given->shares;
    bm_status rc = BM_OK;

    if (given->n != 0) {
        rc = bm_shares_read_files(s->crypto, given->value, given->n, &s->shares,
                                  why);
    }
    if (rc != BM_OK) {
        return rc;
    }
    if (bm_shares_missing(&s->shares) == 0) {
        rc = bm_shares_combine(s->crypto, &s->shares, s->secret);
    } else {
        rc = bm_shares_ask(s->crypto, terminal_get(), &s->shares, s->secret);
        terminal_done();
        /* Nobody to be asked: then those in files were too few. */
        rc = rc == BM_E_KEYS_SHARES ? BM_E_KEYS_SHARES_FEW : rc;
    }
    bm_shares_why(&s->shares, NULL, rc, why);
    return rc;
}

int root_shares_combine(struct root_session *s)
{
    char why[BM_SHARES_WHY_MAX] = "";
    bm_status rc = combine(s, why);

    if (rc != BM_OK) {
        return complain(s, rc, why);
    }
    for (size_t i = 0; i < s->shares.count; i++) {
        memcpy(s->names[i], s->shares.share[i].custodian, sizeof s->names[i]);
        s->custodians[i] = s->names[i];
    }
    return CMD_OK;
}
