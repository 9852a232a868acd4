/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/listing.h"

enum {
    OPTION_DIR = 1,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--json", NULL, "one JSON object per token and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark token list", "[--dir DIR] [--json]",
    "List enrolment tokens: id, status, end, profile and device. The secrets\n"
    "themselves are kept nowhere.\n",
    options
};

struct given {
    const char *dir;
    bool json;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column columns[] = {
    { "id", 16, NULL },      { "status", 7, NULL }, { "expires", 20, NULL },
    { "profile", 22, NULL }, { "device", 0, NULL }, { NULL, 0, NULL },
};

struct list {
    struct listing listing;
    int64_t now;
};

static const char *status_of(const struct store_token *row, int64_t now)
{
    return row->used != 0        ? "used"
           : row->revoked != 0   ? "revoked"
           : row->expires <= now ? "expired"
                                 : "open";
}

static void set_time(struct tree *t, json_t *o, const char *key, int64_t time)
{
    if (time != 0) {
        tree_set(t, o, key, tree_time(t, time));
    }
}

static bm_status print(void *arg, const void *visited)
{
    struct list *list = arg;
    const struct store_token *row = visited;
    struct tree t = { false };
    json_t *o = tree_object(&t);

    tree_set(&t, o, "id", tree_str(&t, row->id));
    tree_set(&t, o, "status", tree_str(&t, status_of(row, list->now)));
    tree_set(&t, o, "profile", tree_str(&t, row->profile));
    tree_set(&t, o, "device", tree_str(&t, row->device));
    set_time(&t, o, "created", row->created);
    set_time(&t, o, "expires", row->expires);
    set_time(&t, o, "used", row->used);
    set_time(&t, o, "revoked", row->revoked);
    return listing_print(&list->listing, &t, o);
}

static int run(struct session *s, bool json)
{
    const struct store *store = s->instance->store;
    struct list list = { { json, columns }, s->now };
    struct store_visit visit = { &list, print };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = session_begin(s);

    if (rc == BM_OK) {
        rc = store->token_list(store->self, &s->actor.scope, &visit);
        session_end(s);
    }
    return session_result(s, rc, &why);
}

int cmd_token_list(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_TOKEN_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    config.dir = given.dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, given.json);
    }
    session_close(&s);
    return rc;
}
