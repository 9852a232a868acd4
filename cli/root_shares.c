/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/root_shares.h"

#include <string.h>
#include <unistd.h>

#include "cli/diag.h"
#include "cli/terminal.h"

static int refuse(const struct root_session *s, bm_status rc, const char *words)
{
    struct ca_refusal why = { .status = rc };

    rc = ca_refuse(&why, rc, "%s", words);
    return refusal_print_act(s->path, rc, &why);
}

static bm_status ask(struct root_session *s, char words[BM_SHARES_WHY_MAX])
{
    bm_status rc =
        bm_shares_ask(s->crypto, terminal_get(), &s->shares, s->secret);

    terminal_done();
    if (rc != BM_OK) {
        bm_shares_why(&s->shares, NULL, rc, words);
    }
    return rc;
}

int root_shares_combine(struct root_session *s)
{
    const struct args_many *given = &s->given->shares;
    char words[BM_SHARES_WHY_MAX] = "";
    bm_status rc = BM_E_KEYS_SHARES_FEW;

    if (given->n != 0) {
        rc = bm_shares_read_files(s->crypto, given->value, given->n, &s->shares,
                                  words);
        if (rc != BM_OK) {
            return refuse(s, rc, words);
        }
        rc = bm_shares_combine(s->crypto, &s->shares, s->secret);
        bm_shares_why(&s->shares, NULL, rc, words);
    }
    if (rc == BM_E_KEYS_SHARES_FEW && isatty(STDIN_FILENO) != 0) {
        rc = ask(s, words);
    }
    if (rc != BM_OK) {
        return refuse(s, rc, words[0] != '\0' ? words : "none was given");
    }
    for (size_t i = 0; i < s->shares.count; i++) {
        s->custodians[i] = s->shares.share[i].custodian;
    }
    return CMD_OK;
}
