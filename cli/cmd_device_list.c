/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/device.h"
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/listing.h"

enum {
    OPTION_DIR = 1,
    OPTION_DEVICE,
    OPTION_JSON
};

static const struct cmd_option list_options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--json", NULL, "one JSON object per device and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_option events_options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { "--device", "NAME", "of this device alone", OPTION_DEVICE },
    { "--json", NULL, "one JSON object per event and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb list_verb = {
    "birthmark device list", "[--dir DIR] [--json]",
    "List devices in the order in which they became known: state, when that\n"
    "changed, and name.\n",
    list_options
};

static const struct cmd_verb events_verb = {
    "birthmark device events", "[--dir DIR] [--device NAME] [--json]",
    "List events, the newest first: clones that gave themselves away, the\n"
    "misuse of keys. Each is written down once.\n",
    events_options
};

struct given {
    const char *dir;
    const char *device;
    bool json;
};

static const struct args_row list_rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct args_row events_rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { OPTION_DEVICE, ARGS_TEXT, offsetof(struct given, device), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column list_columns[] = {
    { "state", 9, NULL },
    { "changed", 20, NULL },
    { "name", 0, NULL },
    { NULL, 0, NULL },
};

static const struct listing_column events_columns[] = {
    { "at", 20, NULL },
    { "event", 12, NULL },
    { "text", 0, NULL },
    { NULL, 0, NULL },
};

static bm_status print_device(void *arg, const void *visited)
{
    const struct listing *listing = arg;
    const struct store_device *row = visited;
    struct tree t = { false };
    json_t *o = tree_object(&t);

    tree_set(&t, o, "name", tree_str(&t, row->name));
    tree_set(&t, o, "state", tree_str(&t, ca_device_state_name(row->state)));
    tree_set(&t, o, "created", tree_time(&t, row->created));
    tree_set(&t, o, "changed", tree_time(&t, row->changed));
    tree_set(&t, o, "id", tree_int(&t, (int64_t)row->id));
    return listing_print(listing, &t, o);
}

static bm_status print_event(void *arg, const void *visited)
{
    const struct listing *listing = arg;
    const struct store_event *row = visited;
    struct tree t = { false };
    json_t *o = tree_object(&t);

    tree_set(&t, o, "event", tree_str(&t, row->kind));
    tree_set(&t, o, "at", tree_time(&t, row->at));
    tree_set(&t, o, "text", tree_str(&t, row->text));
    if (row->device != 0) {
        tree_set(&t, o, "device_id", tree_int(&t, (int64_t)row->device));
    }
    return listing_print(listing, &t, o);
}

static int list_devices(struct session *s, const struct given *given)
{
    const struct store *store = s->instance->store;
    struct listing listing = { given->json, list_columns };
    struct store_visit visit = { &listing, print_device };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = session_begin(s);

    if (rc == BM_OK) {
        rc = store->device_list(store->self, &s->actor.scope, 0, &visit);
        session_end(s);
    }
    return session_result(s, rc, &why);
}

static bm_status find_events(struct session *s, const struct given *given,
                             const struct store_visit *visit)
{
    const struct store *store = s->instance->store;
    struct store_device device = { .id = 0 };

    if (given->device != NULL) {
        BM_TRY(store->device_find(store->self, s->actor.organisation,
                                  given->device, &device));
    }
    return store->event_list(store->self, &s->actor.scope, device.id, visit);
}

static int list_events(struct session *s, const struct given *given)
{
    struct listing listing = { given->json, events_columns };
    struct store_visit visit = { &listing, print_event };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = session_begin(s);

    if (rc == BM_OK) {
        rc = find_events(s, given, &visit);
        session_end(s);
    }
    return session_result(s, rc, &why);
}

static int read_and_run(struct args *args, int argc, char **argv,
                        int (*list)(struct session *s,
                                    const struct given *given))
{
    struct given *given = args->into;
    struct session_config config = { .path = args->verb->path,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_DEVICE_READ };
    struct session s;
    int rc;

    if (!args_read(args, argc, argv, &rc)) {
        return rc;
    }
    config.dir = given->dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = list(&s, given);
    }
    session_close(&s);
    return rc;
}

int cmd_device_list(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &list_verb,
                         .rows = list_rows,
                         .into = &given };

    return read_and_run(&args, argc, argv, list_devices);
}

int cmd_device_events(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &events_verb,
                         .rows = events_rows,
                         .into = &given };

    return read_and_run(&args, argc, argv, list_events);
}
