/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/root_session.h"

static const struct cmd_option options[] = {
    ROOT_DIR_OPTIONS,
    { "--out", "DIR", "where the requests go", ROOT_OUT },
    { "--again", NULL, "write again what was written before", ROOT_AGAIN },
    ROOT_PEOPLE_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark root request", "CEREMONY.yaml --dir DIR --out DIR [OPTION]...",
    "Write the requests (PKCS#10) for the root's own key that a ceremony file\n"
    "names, for other roots to sign. Their paths are printed.\n",
    options
};

static const struct args_row rows[] = {
    ROOT_DIR_ROWS,
    ROOT_ROW(ROOT_OUT, ARGS_TEXT, out, true),
    ROOT_ROW(ROOT_AGAIN, ARGS_FLAG, again, false),
    ROOT_PEOPLE_ROWS,
    { 0, ARGS_FLAG, 0, false },
};

static int write_requests(struct root_session *s)
{
    static struct ceremony_outcome outcomes[SCRIPT_STEPS_MAX];
    const char *steps[SCRIPT_STEPS_MAX + 1] = { NULL };
    struct ceremony_work work = { .steps = steps,
                                  .out = s->given->out,
                                  .again = s->given->again,
                                  .outcomes = outcomes };
    struct ca_refusal why = { .status = BM_OK };
    size_t n = 0;
    bm_status rc;

    for (size_t i = 0; i < s->script.steps_n; i++) {
        if (s->script.steps[i].kind == SCRIPT_REQUEST) {
            steps[n++] = s->script.steps[i].name;
        }
    }
    if (n == 0) {
        rc = ca_refuse(&why, BM_E_CEREMONY_STEP,
                       "%s has no step of kind "
                       "request",
                       s->script.file);
        return root_session_refuse(s, rc, &why);
    }
    rc = ceremony_sign(s->ceremony, &work, &why);
    root_session_print(s, outcomes, work.outcomes_n);
    return rc == BM_OK ? CMD_OK : root_session_refuse(s, rc, &why);
}

int cmd_root_request(int argc, char **argv)
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
        rc = root_session_open(&s, "request");
    }
    if (rc == CMD_OK) {
        rc = root_session_finish(&s, write_requests(&s));
    }
    root_session_close(&s);
    return rc;
}
