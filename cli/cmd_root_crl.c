/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/root_session.h"

static const struct cmd_option options[] = {
    ROOT_DIR_OPTIONS,
    { "--out", "DIR", "where the list goes", ROOT_OUT },
    ROOT_PEOPLE_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark root crl", "CEREMONY.yaml --dir DIR --out DIR [OPTION]...",
    "Sign the next revocation list: who is revoked, and how long it is good,\n"
    "the ceremony file says. Nobody who was revoked before may be missing.\n"
    "The list's path is printed.\n",
    options
};

static const struct args_row rows[] = {
    ROOT_DIR_ROWS,
    ROOT_ROW(ROOT_OUT, ARGS_TEXT, out, true),
    ROOT_PEOPLE_ROWS,
    { 0, ARGS_FLAG, 0, false },
};

static int sign(struct root_session *s)
{
    struct ceremony_outcome outcome = { .step = "crl" };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc =
        ceremony_sign_crl(s->ceremony, s->given->out, &outcome, &why);

    if (rc != BM_OK) {
        return root_session_refuse(s, rc, &why);
    }
    root_session_print(s, &outcome, 1);
    return CMD_OK;
}

int cmd_root_crl(int argc, char **argv)
{
    struct root_given given = { .dir = NULL };
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
    rc = root_session_init(&s, verb.path, &given, args.words[0]);
    if (rc == CMD_OK) {
        rc = root_session_open(&s, "crl");
    }
    if (rc == CMD_OK) {
        rc = root_session_finish(&s, sign(&s));
    }
    root_session_close(&s);
    return rc;
}
