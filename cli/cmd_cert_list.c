/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "cli/listing.h"
#include "cli/stored.h"

enum {
    OPTION_DIR = STORED_OPTIONS_END,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    STORED_OPTIONS,
    { "--json", NULL, "one JSON object per certificate and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark cert list", "[--dir DIR] [OPTION]...",
    "List certificates that were issued here: serial number, status, end,\n"
    "profile, and the device or subject.\n",
    options
};

struct given {
    const char *dir;
    struct stored_filter filter;
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    STORED_ROWS(offsetof(struct given, filter)),
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column columns[] = {
    { "serial_number", 32, NULL }, { "status", 9, NULL },
    { "not_after", 20, NULL },     { "profile", 22, NULL },
    { "device", 0, "subject" },    { NULL, 0, NULL },
};

struct list {
    struct listing listing;
    int64_t now;
};

static bm_status print(void *arg, const struct stored_cert *cert)
{
    struct list *list = arg;
    struct tree t = { false };
    json_t *o = stored_tree(&t, cert, list->now);

    return listing_print(&list->listing, &t, o);
}

static int run(struct session *s, const struct given *given)
{
    struct list list = { { given->json, columns }, s->now };
    struct stored_walk walk = {
        .session = s, .filter = &given->filter, .arg = &list, .one = print
    };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = stored_walk(&walk, &why);

    if (rc == BM_OK && walk.more) {
        fprintf(stderr, "%s: there are more: --after %" PRIu64 "\n", s->path,
                walk.last);
    }
    return session_result(s, rc, &why);
}

int cmd_cert_list(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_CERT_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = stored_check(&given.filter, verb.path);
    if (rc != CMD_OK) {
        return rc;
    }
    config.dir = given.dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, &given);
    }
    session_close(&s);
    return rc;
}
