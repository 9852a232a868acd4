/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pages.h"

enum {
    OPTION_STATE = 1,
    OPTION_JSON
};

static const struct cmd_option list_options[] = {
    SESSION_OPTIONS,
    { "--state", "STATE", "created, issuing, ready, ..., as show says",
      OPTION_STATE },
    { "--json", NULL, "one JSON object per batch and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb list_verb = {
    "birthmark batch list", "[--dir DIR] [--state STATE] [--json]",
    "List batches: number, state, rows, certificates, profile, who ordered\n"
    "it, and what it is called.\n",
    list_options
};

struct given {
    struct session_place place;
    const char *state;
    bool json;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_STATE, ARGS_TEXT, offsetof(struct given, state), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column columns[] = {
    { "id", 6, NULL },     { "state", 18, NULL },   { "rows", 8, NULL },
    { "issued", 8, NULL }, { "profile", 22, NULL }, { "creator", 20, NULL },
    { "name", 0, NULL },   { NULL, 0, NULL },
};

int cmd_batch_list(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &list_verb, .rows = rows, .into = &given };
    struct session_config config = { .path = list_verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_BATCH_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        const struct listing listing = { given.json, columns };
        json_t *params = json_object();

        session_set_text(params, "state", given.state);
        rc = pages_print(&s, "listBatches", params, &listing);
    }
    session_close(&s);
    return rc;
}
