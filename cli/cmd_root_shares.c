/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/root_session.h"
#include "cli/safe.h"

enum {
    OPTION_CHECK = 20
};

static const struct cmd_option options[] = {
    ROOT_DIR_OPTIONS,
    { "--check", NULL, "only see whether the shares open the root",
      OPTION_CHECK },
    { "--out", "DIR", "where the new shares go", ROOT_OUT },
    ROOT_PEOPLE_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark root shares",
    "CEREMONY.yaml --dir DIR --check | --out DIR [OPTION]...",
    "See whether shares open a root; or give the custodians that a ceremony\n"
    "file names new ones: those that they had open it no more, but older\n"
    "copies of its directory.\n",
    options
};

struct given {
    struct root_given root; /* first: its rows begin at 0 */
    bool check;
};

static const struct args_row rows[] = {
    ROOT_DIR_ROWS,
    { OPTION_CHECK, ARGS_FLAG, offsetof(struct given, check), false },
    ROOT_ROW(ROOT_OUT, ARGS_TEXT, out, false),
    ROOT_PEOPLE_ROWS,
    { 0, ARGS_FLAG, 0, false },
};

static int deal(struct root_session *s)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = ceremony_new_shares(s->ceremony, s->given->out, &why);

    if (rc != BM_OK) {
        return root_session_refuse(s, rc, &why);
    }
    puts(s->given->out);
    fputs("next: hand each custodian the share in ", stderr);
    safe_print_str(stderr, s->given->out);
    fputs(", remove the files, and burn the old ones\n", stderr);
    return CMD_OK;
}

static int say_good(const struct root_session *s)
{
    for (size_t i = 0; s->custodians[i] != NULL; i++) {
        safe_print_str(stderr, s->custodians[i]);
        fputc('\n', stderr);
    }
    fprintf(stderr, "%s: they open it\n", s->path);
    return CMD_OK;
}

int cmd_root_shares(int argc, char **argv)
{
    struct given given = { .check = false };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "CEREMONY.yaml",
                         .words_min = 1,
                         .words_max = 1 };
    struct root_session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (given.check == (given.root.out != NULL)) {
        return cmd_usage_error(verb.path, "either --check or --out");
    }
    rc = root_session_init(&s, verb.path, &given.root, args.words[0]);
    if (rc == CMD_OK && given.check && given.root.shares.n == 0 &&
        !ceremony_needs_shares(given.root.dir)) {
        fprintf(stderr, "%s: no share opens this root, and none was tried\n",
                verb.path);
        rc = CMD_FAILED;
    }
    if (rc == CMD_OK) {
        rc = root_session_open(&s, given.check ? "check-shares" : "shares");
    }
    if (rc == CMD_OK) {
        rc = root_session_finish(&s, given.check ? say_good(&s) : deal(&s));
    }
    root_session_close(&s);
    return rc;
}
