/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/difference.h"
#include "cli/instance.h"

/* What an organisation that stays at a version would take over. */

enum {
    OPTION_ORG = 1,
    OPTION_FROM,
    OPTION_TO
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--org", "N", "from the version that this organisation has", OPTION_ORG },
    { "--from", "V", "or from this version", OPTION_FROM },
    { "--to", "V", "to this one (the current one)", OPTION_TO },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark profile diff", "[--dir DIR] --org N | --from V [--to V] NAME",
    "Print what differs between two versions of a profile: for an\n"
    "organisation that stays at one, what it would take over. Nothing is\n"
    "printed where nothing differs.\n",
    options
};

struct given {
    struct session_place place;
    uint64_t org;
    uint64_t from;
    uint64_t to;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_ORG, ARGS_NUMBER, offsetof(struct given, org), false },
    { OPTION_FROM, ARGS_NUMBER, offsetof(struct given, from), false },
    { OPTION_TO, ARGS_NUMBER, offsetof(struct given, to), false },
    { 0, ARGS_FLAG, 0, false },
};

/* The version that an organisation has. */
static int find_version(struct session *s, const char *name, uint64_t org,
                        uint64_t *version)
{
    json_t *params = json_object();
    json_t *allocation;
    int rc;

    session_set_int(params, "organisation", org);
    session_set_text(params, "profile", name);
    rc = session_call(s, "showOrganisationProfile", params, &allocation);
    if (rc == CMD_OK) {
        *version = (uint64_t)json_integer_value(
            json_object_get(allocation, "version"));
    }
    json_decref(allocation);
    return rc;
}

/* The text of a version; 0: of the current one. */
static int get_text(struct session *s, const char *name, uint64_t version,
                    json_t **profile)
{
    json_t *params = json_object();

    session_set_text(params, "profile", name);
    if (version != 0) {
        session_set_int(params, "version", version);
    }
    return session_call(s, "showProfile", params, profile);
}

static struct bm_bytes text_of(const json_t *profile)
{
    const json_t *text = json_object_get(profile, "text");

    return (struct bm_bytes){ (const uint8_t *)json_string_value(text),
                              json_string_length(text) };
}

static int compare(struct session *s, const struct given *given,
                   const char *name)
{
    struct ca_refusal why = { .status = BM_OK };
    json_t *before = NULL;
    json_t *after = NULL;
    uint64_t from = given->from;
    int rc = CMD_OK;

    if (given->org != 0) {
        rc = find_version(s, name, given->org, &from);
    }
    if (rc == CMD_OK) {
        rc = get_text(s, name, from, &before);
    }
    if (rc == CMD_OK) {
        rc = get_text(s, name, given->to, &after);
    }
    if (rc == CMD_OK) {
        rc = session_result(
            s, difference_print(stdout, text_of(before), text_of(after)), &why);
    }
    json_decref(before);
    json_decref(after);
    return rc;
}

int cmd_profile_diff(int argc, char **argv)
{
    struct given given = { .org = 0 };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "NAME",
                         .words_min = 1,
                         .words_max = 1 };
    const struct session_config config = { .path = verb.path,
                                           .place = &given.place,
                                           .mode = INSTANCE_READ,
                                           .act = CA_ACT_PROFILE_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if ((given.org != 0) == (given.from != 0)) {
        return cmd_usage_error(verb.path, "one of --org and --from");
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = compare(&s, &given, args.words[0]);
    }
    session_close(&s);
    return rc;
}
