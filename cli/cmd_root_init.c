/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/root_session.h"
#include "cli/safe.h"

static const struct cmd_option options[] = {
    { "--out", "DIR", "where the root will be; it is made", ROOT_OUT },
    ROOT_PEOPLE_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark root init", "CEREMONY.yaml --out DIR [OPTION]...",
    "Make a root as a ceremony file says: its key, its certificate, and a\n"
    "transcript of that, in a directory of its own. Where custodians keep it,\n"
    "their shares are in DIR/shares, to be handed to them.\n",
    options
};

static const struct args_row rows[] = {
    ROOT_ROW(ROOT_OUT, ARGS_TEXT, out, true),
    ROOT_PEOPLE_ROWS,
    { 0, ARGS_FLAG, 0, false },
};

static void print_next(const struct root_session *s)
{
    const char *dir = s->given->out;

    if (s->script.threshold != 0 && s->script.custodians_n != 0) {
        fputs("next: hand each custodian the share in ", stderr);
        safe_print_str(stderr, dir);
        fputs("/shares, and remove that folder\n", stderr);
    } else {
        fputs("next: keep ", stderr);
        safe_print_str(stderr, dir);
        fputs(" where nobody gets at it\n", stderr);
    }
    if (s->given->rehearsal) {
        fputs("REHEARSAL: throw-away keys; nothing of this is of any value\n",
              stderr);
    }
}

int cmd_root_init(int argc, char **argv)
{
    struct root_given given = { .dir = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "CEREMONY.yaml",
                         .words_min = 1,
                         .words_max = 1 };
    struct ca_refusal why = { .status = BM_OK };
    struct root_session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    given.dir = given.out;
    rc = root_session_init(&s, verb.path, &given, args.words[0]);
    if (rc == CMD_OK) {
        uint8_t head[TRANSCRIPT_HASH_SIZE];
        bm_status status;

        s.config.act = "init";
        status = ceremony_init(&s.config, head, &why);
        if (status == BM_OK) {
            puts(given.out);
            root_session_print_head("the transcript ends with", head);
            print_next(&s);
        } else {
            rc = root_session_refuse(&s, status, &why);
        }
    }
    root_session_close(&s);
    return rc;
}
