/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "cli/ask.h"
#include "cli/each.h"

enum {
    OPTION_CA = 1,
    OPTION_PROFILE,
    OPTION_DEVICES,
    OPTION_MODEL,
    OPTION_LOT,
    OPTION_FIRMWARE,
    OPTION_BATCH,
    OPTION_ORG,
    OPTION_OVER,
    OPTION_FROM,
    OPTION_ENDS
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--ca", "ID", "certificates of this CA", OPTION_CA },
    { "--profile", "NAME", "of this profile", OPTION_PROFILE },
    { "--devices", "PATTERN", "of devices whose whole names match it",
      OPTION_DEVICES },
    { "--model", "TEXT", "of devices of this model", OPTION_MODEL },
    { "--lot", "TEXT", "of this lot", OPTION_LOT },
    { "--firmware", "TEXT", "that say that they run it", OPTION_FIRMWARE },
    { "--batch", "ID", "that have a certificate of this batch", OPTION_BATCH },
    { "--org", "N", "of this organisation", OPTION_ORG },
    { "--over", "DURATION", "spread over so long (7d)", OPTION_OVER },
    { "--from", "TIME", "or a duration from now; now", OPTION_FROM },
    { "--ends", "TIME", "it counts no more then; a year after its time",
      OPTION_ENDS },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb pull_verb = {
    "birthmark renewal pull",
    "[--dir DIR] [--ca ID] [--profile NAME] [--devices PATTERN] [--org N]\n"
    "    [--model TEXT] [--lot TEXT] [--firmware TEXT] [--batch ID]\n"
    "    [--over DURATION] [--from TIME] [--ends TIME]",
    "Let devices renew before their time: those whose certificates are there\n"
    "now, and match all that is named, which must be something. Each is told\n"
    "its part of the time. The number of the pull is printed.\n",
    options
};

static const struct cmd_verb cancel_verb = {
    "birthmark renewal cancel", "[--dir DIR] N...",
    "Let go what was pulled forward: whoever has not renewed yet does so when\n"
    "it would have.\n",
    ask_acting
};

static const struct cmd_verb list_verb = {
    "birthmark renewal list", "[--dir DIR] [--json]",
    "List what was pulled forward: number, whether it is in force, from when\n"
    "until when, CA, profile, model, lot, devices.\n",
    ask_looking
};

struct given {
    struct session_place place;
    const char *ca;
    const char *profile;
    const char *devices;
    const char *model;
    const char *lot;
    const char *firmware;
    uint64_t batch;
    uint64_t organisation;
    const char *over;
    int64_t from;
    int64_t ends;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_CA, ARGS_TEXT, offsetof(struct given, ca), false },
    { OPTION_PROFILE, ARGS_TEXT, offsetof(struct given, profile), false },
    { OPTION_DEVICES, ARGS_TEXT, offsetof(struct given, devices), false },
    { OPTION_MODEL, ARGS_TEXT, offsetof(struct given, model), false },
    { OPTION_LOT, ARGS_TEXT, offsetof(struct given, lot), false },
    { OPTION_FIRMWARE, ARGS_TEXT, offsetof(struct given, firmware), false },
    { OPTION_BATCH, ARGS_NUMBER, offsetof(struct given, batch), false },
    { OPTION_ORG, ARGS_NUMBER, offsetof(struct given, organisation), false },
    { OPTION_OVER, ARGS_TEXT, offsetof(struct given, over), false },
    { OPTION_FROM, ARGS_WHEN, offsetof(struct given, from), false },
    { OPTION_ENDS, ARGS_WHEN, offsetof(struct given, ends), false },
    { 0, ARGS_FLAG, 0, false },
};

static bool fill(const struct given *given, json_t *params)
{
    int64_t over;

    session_set_text(params, "ca", given->ca);
    session_set_text(params, "profile", given->profile);
    session_set_text(params, "devices", given->devices);
    session_set_text(params, "model", given->model);
    session_set_text(params, "lot", given->lot);
    session_set_text(params, "firmware", given->firmware);
    if (given->batch != 0) {
        session_set_int(params, "batch", given->batch);
    }
    if (given->organisation != 0) {
        session_set_int(params, "organisation", given->organisation);
    }
    session_set_time(params, "from", given->from);
    session_set_time(params, "ends", given->ends);
    if (given->over == NULL) {
        return true;
    }
    /* A time that is so far from 1970 is a duration. */
    if (!args_parse_when(given->over, 0, &over) || over <= 0) {
        (void)cmd_usage_error(pull_verb.path,
                              "--over takes a duration, like 7d");
        return false;
    }
    session_set_int(params, "over", (uint64_t)over);
    return true;
}

static int run(struct session *s, const struct given *given)
{
    json_t *params = json_object();
    json_t *pull;
    int rc;

    if (!fill(given, params)) {
        json_decref(params);
        return CMD_USAGE;
    }
    rc = session_call(s, "pullRenewals", params, &pull);
    if (rc != CMD_OK) {
        return rc;
    }
    printf("%" PRId64 "\n",
           (int64_t)json_integer_value(json_object_get(pull, "id")));
    json_decref(pull);
    return session_publish(s);
}

int cmd_renewal_pull(int argc, char **argv)
{
    struct given given = { .ca = NULL };
    struct args args = { .verb = &pull_verb, .rows = rows, .into = &given };
    struct session_config config = { .path = pull_verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_RENEWAL_PULL };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, &given);
    }
    session_close(&s);
    return rc;
}

int cmd_renewal_cancel(int argc, char **argv)
{
    static const struct each each = { .verb = &cancel_verb,
                                      .words_name = "N",
                                      .operation = "cancelPull",
                                      .param = "pull",
                                      .number = true,
                                      .act = CA_ACT_RENEWAL_PULL };

    return each_run(&each, argc, argv);
}

int cmd_renewal_list(int argc, char **argv)
{
    static const struct listing_column columns[] = {
        { "id", 5, NULL },     { "status", 9, NULL }, { "from", 20, NULL },
        { "until", 20, NULL }, { "ca", 12, NULL },    { "profile", 16, NULL },
        { "model", 12, NULL }, { "lot", 12, NULL },   { "devices", 0, NULL },
        { NULL, 0, NULL },
    };
    static const struct ask ask = { .verb = &list_verb,
                                    .operation = "listPulls",
                                    .act = CA_ACT_CERT_READ,
                                    .answer = ASK_LIST,
                                    .columns = columns };

    return ask_run(&ask, argc, argv);
}
