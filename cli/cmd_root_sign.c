/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/root_session.h"

static const struct cmd_option options[] = {
    ROOT_DIR_OPTIONS,
    { "--in", "DIR", "where the requests are", ROOT_IN },
    { "--out", "DIR", "where the answers go", ROOT_OUT },
    { "--step", "NAME", "only this one; again for more", ROOT_STEP },
    { "--again", NULL, "hand out again what was handed out before",
      ROOT_AGAIN },
    ROOT_PEOPLE_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark root sign",
    "CEREMONY.yaml --dir DIR --in DIR --out DIR [OPTION]...",
    "Sign what a ceremony file names: subordinate CAs, cross-certificates,\n"
    "the old root with the new one and the other way round. All requests are\n"
    "looked at before anything is signed. The paths of answers are printed.\n",
    options
};

static const struct args_row rows[] = {
    ROOT_DIR_ROWS,
    ROOT_ROW(ROOT_IN, ARGS_TEXT, in, true),
    ROOT_ROW(ROOT_OUT, ARGS_TEXT, out, true),
    ROOT_ROW(ROOT_STEP, ARGS_MANY, steps, false),
    ROOT_ROW(ROOT_AGAIN, ARGS_FLAG, again, false),
    ROOT_PEOPLE_ROWS,
    { 0, ARGS_FLAG, 0, false },
};

static int sign(struct root_session *s)
{
    static struct ceremony_outcome outcomes[SCRIPT_STEPS_MAX];
    const char *steps[ARGS_MANY_MAX + 1] = { NULL };
    struct ceremony_work work = { .in = s->given->in,
                                  .out = s->given->out,
                                  .again = s->given->again,
                                  .outcomes = outcomes };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    for (size_t i = 0; i < s->given->steps.n; i++) {
        steps[i] = s->given->steps.value[i];
    }
    work.steps = s->given->steps.n != 0 ? steps : NULL;
    rc = ceremony_sign(s->ceremony, &work, &why);
    root_session_print(s, outcomes, work.outcomes_n);
    return rc == BM_OK ? CMD_OK : root_session_refuse(s, rc, &why);
}

int cmd_root_sign(int argc, char **argv)
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
        rc = root_session_open(&s, "sign");
    }
    if (rc == CMD_OK) {
        rc = root_session_finish(&s, sign(&s));
    }
    root_session_close(&s);
    return rc;
}
