/* SPDX-License-Identifier: Apache-2.0 */

/* release show, release status: two questions about one release. */
#include "cli/instance.h"
#include "cli/listing.h"
#include "cli/text.h"

enum {
    OPTION_JSON = 1
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--json", NULL, "as a JSON object", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb show_verb = {
    "birthmark release show", "[--dir DIR] [--json] NAME",
    "Show a release: what is in it, and for whom it is.\n", options
};

static const struct cmd_verb status_verb = {
    "birthmark release status", "[--dir DIR] [--json] NAME",
    "Show how many devices came how far with a release, for each assignment\n"
    "and each thing in it. Beside `offered`, this is what devices say.\n",
    options
};

struct given {
    struct session_place place;
    bool json;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static int tell(struct session *s, const struct given *given,
                const char *operation, const char *name)
{
    static const struct tree t;
    struct ca_refusal why = { .status = BM_OK };
    const struct listing listing = { .json = true };
    json_t *params = json_object();
    json_t *release;
    bm_status rc;
    int code;

    session_set_text(params, "release", name);
    code = session_call(s, operation, params, &release);
    if (code != CMD_OK) {
        return code;
    }
    if (given->json) {
        rc = listing_print(&listing, &t, release);
    } else {
        rc = text_print(stdout, release, 0);
        json_decref(release);
    }
    return session_result(s, rc, &why);
}

static int run(const struct cmd_verb *verb, const char *operation, int argc,
               char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "NAME",
                         .words_min = 1,
                         .words_max = 1 };
    struct session_config config = { .path = verb->path,
                                     .place = &given.place,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_RELEASE_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = tell(&s, &given, operation, args.words[0]);
    }
    session_close(&s);
    return rc;
}

int cmd_release_show(int argc, char **argv)
{
    return run(&show_verb, "showRelease", argc, argv);
}

int cmd_release_status(int argc, char **argv)
{
    return run(&status_verb, "showReleaseStatus", argc, argv);
}
