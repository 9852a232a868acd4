/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/instance.h"

enum {
    OPTION_ALL = 1,
    OPTION_ORG,
    OPTION_DEVICE,
    OPTION_PERCENT
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--all", NULL, "for all devices", OPTION_ALL },
    { "--org", "ORG", "for those of an organisation: its name, or its number",
      OPTION_ORG },
    { "--device", "DEVICE", "for this one of your organisation",
      OPTION_DEVICE },
    { "--percent", "N", "for so many of them (100); 0 takes it back",
      OPTION_PERCENT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark release assign",
    "NAME --all | --org ORG | --device DEVICE [OPTION]...",
    "Say for whom a release is. Of each kind the narrowest assignment\n"
    "decides, and of those the last. Devices that are in stay in as the\n"
    "percentage grows.\n",
    options
};

struct given {
    struct session_place place;
    bool all;
    const char *organisation;
    const char *device;
    const char *percent; /* 0 is a value */
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_ALL, ARGS_FLAG, offsetof(struct given, all), false },
    { OPTION_ORG, ARGS_TEXT, offsetof(struct given, organisation), false },
    { OPTION_DEVICE, ARGS_TEXT, offsetof(struct given, device), false },
    { OPTION_PERCENT, ARGS_TEXT, offsetof(struct given, percent), false },
    { 0, ARGS_FLAG, 0, false },
};

/* "0" to "100"; -1: neither. */
static int read_percent(const char *text)
{
    int v = 0;
    size_t n = strlen(text);

    if (n == 0 || n > 3 || strspn(text, "0123456789") != n) {
        return -1;
    }
    for (; *text != '\0'; text++) {
        v = 10 * v + (*text - '0');
    }
    return v <= 100 ? v : -1;
}

static int assign(struct session *s, const struct given *given,
                  const char *name, int percent)
{
    json_t *params = json_object();
    json_t *result;
    int rc;

    session_set_text(params, "release", name);
    if (given->all) {
        session_set_flag(params, "all");
    }
    session_set_text(params, "organisation", given->organisation);
    session_set_text(params, "device", given->device);
    session_set_int(params, "percent", (uint64_t)percent);
    rc = session_call(s, "assignRelease", params, &result);
    json_decref(result);
    return rc == CMD_OK ? session_publish(s) : rc;
}

int cmd_release_assign(int argc, char **argv)
{
    struct given given = { .all = false };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "NAME",
                         .words_min = 1,
                         .words_max = 1 };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_RELEASE_ASSIGN };
    struct session s;
    int percent = 100;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if ((int)given.all + (given.organisation != NULL) +
            (given.device != NULL) !=
        1) {
        return cmd_usage_error(verb.path, "one of --all, --org and --device");
    }
    if (given.percent != NULL) {
        percent = read_percent(given.percent);
    }
    if (percent < 0) {
        return cmd_usage_error(verb.path, "--percent: 0 to 100");
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = assign(&s, &given, args.words[0], percent);
    }
    session_close(&s);
    return rc;
}
