/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/pages.h"

enum {
    OPTION_ABOUT = 1,
    OPTION_HORIZON,
    OPTION_SINCE,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--about", "WHAT", "late, lost, expiring or authorities; all of them",
      OPTION_ABOUT },
    { "--horizon", "DURATION", "what ends within so long from now (30d)",
      OPTION_HORIZON },
    { "--since", "TIME", "of what is lost: what ended then or later",
      OPTION_SINCE },
    { "--json", NULL, "one JSON object per line, with what it is about",
      OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark renewal report",
    "[--dir DIR] [--about WHAT] [--horizon DURATION] [--since TIME] [--json]",
    "Report how renewal goes: devices that are behind their time (late),\n"
    "whose certificate ended and that never came back (lost), certificates\n"
    "and CAs that end before the horizon (expiring, authorities). In each\n"
    "line: which of these, when it ends, when its path does, the CA, and the\n"
    "device.\n",
    options
};

struct given {
    struct session_place place;
    const char *about;
    const char *horizon;
    int64_t since;
    bool json;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_ABOUT, ARGS_TEXT, offsetof(struct given, about), false },
    { OPTION_HORIZON, ARGS_TEXT, offsetof(struct given, horizon), false },
    { OPTION_SINCE, ARGS_TIME, offsetof(struct given, since), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column columns[] = {
    { "about", 11, NULL }, { "not_after", 20, NULL }, { "path_ends", 20, NULL },
    { "ca", 14, NULL },    { "device", 0, NULL },     { NULL, 0, NULL },
};

/* Sections, in the order of how much they hurry. */
static const char *const sections[] = { "late", "lost", "expiring",
                                        "authorities" };

struct printing {
    struct listing listing;
    const char *about;
};

static bm_status print_one(void *arg, json_t *item)
{
    struct printing *p = arg;

    if (json_object_set_new(item, "about", json_string(p->about)) != 0) {
        json_decref(item);
        return BM_E_MEMORY;
    }
    return pages_print_one(&p->listing, item);
}

static int print_section(struct session *s, const struct given *given,
                         int64_t horizon, const char *about)
{
    struct printing printing = { { given->json, columns }, about };
    struct pages pages = { .session = s,
                           .operation = "listRenewals",
                           .params = json_object(),
                           .arg = &printing,
                           .one = print_one };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    session_set_text(pages.params, "about", about);
    if (horizon != 0) {
        session_set_int(pages.params, "horizon", (uint64_t)horizon);
    }
    if (strcmp(about, "lost") == 0) {
        session_set_time(pages.params, "since", given->since);
    }
    rc = pages_walk(&pages, &why);
    return session_result(s, rc, &why);
}

static int report(struct session *s, const struct given *given, int64_t horizon)
{
    int result = CMD_OK;

    for (size_t i = 0;
         i < sizeof sections / sizeof sections[0] && result == CMD_OK; i++) {
        if (given->about == NULL || strcmp(given->about, sections[i]) == 0) {
            result = print_section(s, given, horizon, sections[i]);
        }
    }
    return result;
}

static int check(const struct given *given, int64_t *horizon)
{
    *horizon = 0;
    if (given->horizon != NULL &&
        (!args_parse_when(given->horizon, 0, horizon) || *horizon <= 0)) {
        return cmd_usage_error(verb.path,
                               "--horizon takes a duration, like 90d");
    }
    for (size_t i = 0; given->about != NULL; i++) {
        if (i == sizeof sections / sizeof sections[0]) {
            return cmd_usage_error(verb.path,
                                   "--about takes late, lost, expiring or "
                                   "authorities");
        }
        if (strcmp(given->about, sections[i]) == 0) {
            break;
        }
    }
    return CMD_OK;
}

int cmd_renewal_report(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_CERT_READ };
    struct session s;
    int64_t horizon;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = check(&given, &horizon);
    if (rc != CMD_OK) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = report(&s, &given, horizon);
    }
    session_close(&s);
    return rc;
}
