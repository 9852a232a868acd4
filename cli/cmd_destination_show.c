/* SPDX-License-Identifier: Apache-2.0 */
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

static const struct cmd_verb verb = {
    "birthmark destination show", "[--dir DIR] [--json] NAME",
    "Show a destination: what was set of it, how it is, how far it came, how\n"
    "many events were put aside or given up, and what failed last.\n",
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

static int tell(struct session *s, const struct given *given, const char *name)
{
    static const struct tree t;
    struct ca_refusal why = { .status = BM_OK };
    const struct listing listing = { .json = true };
    json_t *params = json_object();
    json_t *found;
    bm_status rc;
    int code;

    session_set_text(params, "destination", name);
    code = session_call(s, "showDestination", params, &found);
    if (code != CMD_OK) {
        return code;
    }
    if (given->json) {
        rc = listing_print(&listing, &t, found);
    } else {
        rc = text_print(stdout, found, 0);
        json_decref(found);
    }
    return session_result(s, rc, &why);
}

int cmd_destination_show(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "NAME",
                         .words_min = 1,
                         .words_max = 1 };
    const struct session_config config = { .path = verb.path,
                                           .place = &given.place,
                                           .mode = INSTANCE_READ,
                                           .act = CA_ACT_DESTINATION_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = tell(&s, &given, args.words[0]);
    }
    session_close(&s);
    return rc;
}
